/** The reader of Word files: mammoth makes HTML of the parts, which becomes the neutral tree as other HTML does. */
import mammoth from 'mammoth'
import rehypeParse from 'rehype-parse'
import { unified } from 'unified'
import { type Form, formNamespace, parseForm } from '../../document/form.ts'
import type { Notices } from '../notices.ts'
import { knownKind, looksLikeHeading } from '../words/headings.ts'
import { signClass, signFont, signFonts } from './dingbats.ts'
import type { WordPackage } from './package.ts'
import { readHast } from './read-hast.ts'
import type { SourceTree } from './tree.ts'
import { listEnd, withListsParted } from './word-lists.ts'
import { noNumbering, withListStyles } from './word-styles.ts'
import { withoutReferences } from './word-words.ts'

/** A paragraph or another node of mammoth's document. */
interface WordNode {
  type: string
  styleId?: string | null
  styleName?: string | null
  /** Of a paragraph in a list. */
  numbering?: { isOrdered: boolean } | null
  /** Of a run. */
  font?: string | null
  isBold?: boolean
  /** Of a text. */
  value?: string
  children?: WordNode[]
  /** Of the document: the notes that references in the text name. */
  notes?: { resolve(reference: WordNode): object | null }
}

/** A reference to a note that is not there would end mammoth; `readWordWords` names it. */
const withoutDangling = (node: WordNode, notes = node.notes): WordNode =>
  node.children && notes
    ? {
        ...node,
        children: node.children
          .filter(child => child.type !== 'noteReference' || notes.resolve(child))
          .map(child => withoutDangling(child, notes)),
      }
    : node

/** Runs in a font of signs have a style of ours, so that the HTML says which: mammoth leaves fonts out. */
function withSigns(node: WordNode): WordNode {
  const font = node.type === 'run' ? signFont(node.font ?? '') : undefined
  if (font !== undefined) return { ...node, styleId: null, styleName: signStyle(font) }
  return node.children ? { ...node, children: node.children.map(withSigns) } : node
}
const signStyle = (font: string) => `Signs of ${font}`

/** Headings of a house's own styles (`HO Heading 2`, `Section title`) become Word's own, which mammoth knows. */
function withOwnHeadings(node: WordNode): WordNode {
  const children = node.children?.map(withOwnHeadings)
  const next = children ? { ...node, children } : node
  const name = node.styleName ?? ''
  if (
    node.type !== 'paragraph' ||
    /^(?:heading \d|title$|toc\b)/i.test(name) ||
    !/\b(?:sub)?(?:heading|title)s?\b/i.test(name)
  )
    return next
  const level = /[1-6]/.exec(name)?.[0] ?? (/sub/i.test(name) ? '3' : '2')
  return { ...next, styleId: `Heading${level}`, styleName: `heading ${level}` }
}

const textOfNode = (node: WordNode): string => node.value ?? (node.children ?? []).map(textOfNode).join('')
const isBoldNode = (node: WordNode): boolean =>
  node.type === 'run' ? node.isBold === true || textOfNode(node).trim() === '' : (node.children ?? []).every(isBoldNode)

/** `2. Duties` by itself is a numbered heading and no list of one item: in bold, or the name of a section. */
function withoutNumbersOfHeadings(node: WordNode): WordNode {
  const { children } = node
  if (!children || node.type === 'paragraph') return node
  const isBeside = ({ styleId }: WordNode, other: WordNode | undefined) =>
    other?.numbering?.isOrdered === true && other.styleId === styleId
  const isHeading = (child: WordNode, at: number) =>
    child.numbering?.isOrdered === true &&
    !isBeside(child, children[at - 1]) &&
    !isBeside(child, children[at + 1]) &&
    looksLikeHeading(textOfNode(child)) &&
    (isBoldNode(child) || knownKind(textOfNode(child)) !== undefined)
  return {
    ...node,
    children: children.map((child, at) =>
      isHeading(child, at) ? { ...child, numbering: null } : withoutNumbersOfHeadings(child),
    ),
  }
}

/**
 * What a control shows that nobody has filled in (`Choose an item.`) in brackets, as templates have what is to be filled in:
 * mammoth does not tell it from text.
 */
function withBrackets(xml: string): string {
  if (!xml.includes('<w:showingPlcHdr')) return xml
  /** Of each control around: whether it is not filled in. */
  const controls: boolean[] = []
  let isText = false
  // A tag ends before the next begins, so that a part of nothing but `<` is looked at once.
  return xml.replace(/<[^<>]*>|[^<]+/g, piece => {
    if (!piece.startsWith('<'))
      return isText && controls.includes(true) && /^[^[\]]*\p{L}{3}[^[\]]*$/u.test(piece) && piece.length <= 200
        ? piece.replace(/\S.*\S/s, '[$&]')
        : piece
    if (/^<w:sdt[\s>]/.test(piece)) controls.push(false)
    else if (piece === '</w:sdt>') controls.pop()
    else if (/^<w:showingPlcHdr[\s/>]/.test(piece) && !/w:val="(?:0|false|off)"/.test(piece) && controls.length > 0)
      controls[controls.length - 1] = true
    isText = /^<w:t[\s>]/.test(piece) && !piece.endsWith('/>')
    return piece
  })
}

/** What stands between the parts of a formula in a line of text, by the part that it stands before. */
const formulaSigns: Record<string, string> = { sup: '^', sub: '_', den: '/' }
const unread = /<(\/?)(?:w:(fldSimple|dir|bdo|ruby|rt|rubyBase)|m:(?!\w*Pr\b)(\w+))\b([^<>]*)>/g
const run = (content: string) => `<w:r>${content}</w:r>`
const fieldPart = (type: string) => run(`<w:fldChar w:fldCharType="${type}"/>`)

/**
 * Elements that mammoth leaves out with the text in them, as others that it reads: a simple field as what it is short for,
 * text of a direction, a text with its reading (ruby) and a formula as what they hold.
 */
function withReadable(xml: string): string {
  return xml.replace(unread, (_, close: string, name = '', formula = '', rest: string) => {
    const isEmpty = rest.endsWith('/')
    if (name === 'fldSimple') {
      if (isEmpty) return ''
      const instruction = /\sw:instr="([^"<>]*)"/.exec(rest)?.[1] ?? ''
      return close
        ? fieldPart('end')
        : `${fieldPart('begin')}${run(`<w:instrText>${instruction}</w:instrText>`)}${fieldPart('separate')}`
    }
    if (formula === 'r' || formula === 't') return `<${close}w:${formula}${rest}>`
    const sign = close ? (name === 'rt' ? ' ' : '') : isEmpty ? '' : (formulaSigns[formula] ?? '')
    const text = sign && `<w:t xml:space="preserve">${sign}</w:t>`
    return close ? `${text}</w:smartTag>` : `<w:smartTag${isEmpty ? '/' : ''}>${text}`
  })
}

const numberingPart = 'word/numbering.xml'

/** What mammoth reads of a package: parts by name, from memory. `isOwn`: the register wrote it, each list with its number. */
const filesOf = ({ parts }: WordPackage, isOwn: boolean) => ({
  exists: (name: string) => parts.has(name) || name === numberingPart,
  read: async (name: string, encoding?: string) => {
    const xml = parts.get(name) ?? ''
    const text =
      name === numberingPart
        ? withListStyles(xml || noNumbering, parts.get('word/styles.xml') ?? '')
        : withReadable(withBrackets(isOwn ? withListsParted(xml) : xml))
    return encoding === undefined ? new TextEncoder().encode(text) : text
  },
})

const block = /^<\/?(?:p|h[1-6]|ul|ol|li|table|thead|tbody|tr|td|th|dl|dt|dd)\b/

/** HTML with a line for each paragraph that has text, so that a line of it is the number of a paragraph. */
function byParagraphs(html: string): string {
  const out: string[] = []
  let open = false
  for (const [piece] of html.replaceAll('\n', ' ').matchAll(/<[^>]*>|[^<]+/g)) {
    if (!piece.startsWith('<')) open ||= piece.trim() !== ''
    else if (open && block.test(piece)) {
      out.push('\n')
      open = false
    }
    out.push(piece)
  }
  return out.join('')
}

/** Notes stand in brackets in the text and as paragraphs behind it; mammoth gives them as a list with links back. */
const withPlainNotes = (html: string) =>
  html
    .replace(/<sup><a href="#[^"]*(?:foot|end)note-[^"]*"[^>]*>(\[\d+\])<\/a><\/sup>/g, '$1')
    .replace(/<ol>(?=<li id="[^"]*(?:foot|end)note-)([\s\S]*?)<\/ol>(?=$|<ol>|<dl>)/g, (_, items: string) => {
      let number = 0
      return items
        .replace(/ <a href="#[^"]*(?:foot|end)note-ref-[^"]*">↑<\/a>/g, '')
        .replace(/<li id="[^"]*note-[^"]*">\s*<p>/g, () => {
          number += 1
          return `<div><p>[${number}] `
        })
        .replaceAll('</li>', '</div>')
    })

const html = unified().use(rehypeParse)

/** The neutral tree of a Word file, and its text by paragraphs, which are what it has for lines. */
export async function readWord(file: WordPackage, notices: Notices): Promise<{ tree: SourceTree; text: string[] }> {
  const nothing = { tree: { blocks: [], title: null }, text: [] }
  if (![...file.parts.keys()].some(name => /^word\/document\d*\.xml$/.test(name))) {
    notices.refuse(
      'not_word',
      'The file is not a Word document: it has no text part. Save the document as .docx in Word',
    )
    return nothing
  }
  // Its type lacks the input that its own readers use, which spares a second look at the archive.
  const form = formOfWord(file)
  const input = { file: filesOf(file, form !== undefined) } as unknown as Parameters<typeof mammoth.convertToHtml>[0]
  // What the register wrote as a list is one.
  const withoutNumbers = form ? (document: WordNode) => document : withoutNumbersOfHeadings
  let made: { value: string }
  try {
    made = await mammoth.convertToHtml(input, {
      externalFileAccess: false,
      includeEmbeddedStyleMap: false,
      styleMap: [
        'b => strong',
        'i => em',
        'strike => s',
        'u => u',
        // As Word's own HTML has it.
        "p[style-name='Title'] => h1.MsoTitle:fresh",
        ...[1, 2, 3, 4, 5, 6, 7, 8, 9].flatMap(level =>
          // By its id where the file leaves the style to Word.
          [`p[style-name='toc ${level}']`, `p.TOC${level}`].map(style => `${style} => p.MsoToc${level}:fresh`),
        ),
        "p[style-name='TOC Heading'] => p.MsoTocHeading:fresh",
        "p[style-name='Quote'] => p:fresh",
        "p[style-name='Note'] => p.note:fresh",
        `p.${listEnd} => hr:fresh`,
        "r[style-name='Code'] => code",
        ...signFonts.map(font => `r[style-name='${signStyle(font)}'] => span.${signClass(font)}`),
      ],
      convertImage: mammoth.images.imgElement(async () => ({ src: '' })),
      transformDocument: (document: WordNode) => withSigns(withoutNumbers(withOwnHeadings(withoutDangling(document)))),
    })
  } catch (error) {
    if (error instanceof RangeError) throw error
    notices.refuse('damaged', 'The Word file is damaged: its parts are not valid XML. Save it anew in Word')
    return nothing
  }
  const text = byParagraphs(withPlainNotes(made.value))
  const tree = {
    blocks: readHast(html.parse(text), [], notices, { isOwn: form !== undefined }),
    title: null,
    heads: headsOf(file),
    ...(form ? { form } : {}),
  }
  return { tree, text: text.split('\n').map(line => withoutReferences(line.replace(/<[^>]*>/g, '')).trim()) }
}

/** The lines of the heads and feet of pages. */
const headsOf = ({ parts }: WordPackage): string[] =>
  [...parts]
    .filter(([name]) => /^word\/(?:header|footer)\d*\.xml$/.test(name))
    .flatMap(([, xml]) => xml.split('</w:p>'))
    .map(paragraph => withoutReferences(paragraph.replace(/<[^>]*>/g, '')).trim())
    .filter(line => line !== '')

/** The form that a part of the file carries. */
function formOfWord({ parts }: WordPackage): Form | undefined {
  for (const [name, xml] of parts) {
    if (!/^customXml\/item\d+\.xml$/.test(name) || !xml.includes(formNamespace)) continue
    const content = /<(?:\w+:)?form\b[^>]*>([^<]*)</.exec(xml)?.[1]
    if (content !== undefined) return parseForm(withoutReferences(content))
  }
  return undefined
}
