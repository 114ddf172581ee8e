/**
 * The second reader of Word files. It goes through the XML of the parts without the reader that makes the draft, and says
 * which words stand in which paragraph; what it sees and the draft lacks is a loss. It names what is no text of the
 * document: page headers, comments, deletions, embedded files, addresses outside.
 */
import { foldSpace, isAllowedAddress } from '../../document/text.ts'
import { counted } from '../../document/wording.ts'
import type { Notices } from '../notices.ts'
import type { WordPackage } from './package.ts'
import { type Words, wordsOf } from './scan.ts'

interface Piece {
  name: string
  tag: string
  closing: boolean
  text: string
}

/** Characters for the references of XML. */
export const withoutReferences = (text: string) =>
  text.replace(/&(?:lt|gt|amp|quot|apos|#(?:x[0-9a-fA-F]{1,6}|[0-9]{1,7}));/g, found => {
    const named = { '&lt;': '<', '&gt;': '>', '&amp;': '&', '&quot;': '"', '&apos;': "'" }[found]
    if (named) return named
    const point = found[2] === 'x' ? Number.parseInt(found.slice(3, -1), 16) : Number(found.slice(2, -1))
    return point <= 0x10ffff ? String.fromCodePoint(point) : ''
  })

/** Tags and the text between them, in order. */
export function* piecesOf(xml: string): Generator<Piece> {
  for (const [piece, closing, name] of xml.matchAll(/<(\/?)([A-Za-z0-9_.:-]+)[^>]*>|<[^>]*>|[^<]+/g)) {
    if (name !== undefined) yield { name, tag: piece, closing: closing === '/', text: '' }
    else if (!piece.startsWith('<')) yield { name: '', tag: '', closing: false, text: withoutReferences(piece) }
  }
}

/** An attribute of a tag. */
export const attributeOf = (tag: string, name: string) => {
  const found = new RegExp(`\\s${name}="([^"]*)"|\\s${name}='([^']*)'`).exec(tag)
  return found ? withoutReferences(found[1] ?? found[2] ?? '') : undefined
}

interface Relationship {
  id: string
  type: string
  target: string
  external: boolean
}

function relationshipsOf(xml: string): Relationship[] {
  return [...piecesOf(xml)].flatMap(({ name, tag, closing }) => {
    if (!/(?:^|:)Relationship$/.test(name) || closing) return []
    const type = attributeOf(tag, 'Type')?.split('/').pop() ?? ''
    const external = attributeOf(tag, 'TargetMode')?.toLowerCase() === 'external'
    return [{ id: attributeOf(tag, 'Id') ?? '', type, target: attributeOf(tag, 'Target') ?? '', external }]
  })
}

/** Text of a part that is not read as part of the document: of its `w:t`, `a:t` and so on, parted by paragraphs. */
const textOfPart = (xml: string) => {
  let inText = false
  let text = ''
  for (const piece of piecesOf(xml)) {
    if (/:t$/.test(piece.name)) inText = !piece.closing && !piece.tag.endsWith('/>')
    else if (/:p$/.test(piece.name)) text += ' '
    else if (inText) text += piece.text
  }
  return foldSpace(text).trim()
}

/** Elements whose text is left out: a choice has its fallback, what was moved stands where it was moved to. */
const skipped = new Set(['mc:Fallback', 'w:moveFrom', 'w:pPr', 'w:sdtPr', 'w:tblPr', 'w:sectPr'])

class Reader implements Words {
  readonly words: string[] = []
  readonly lines: number[] = []
  readonly #notices: Notices
  #paragraph = 1
  #inserted = 0

  constructor(notices: Notices) {
    this.#notices = notices
  }

  #take(text: string) {
    for (const word of wordsOf(text)) {
      this.words.push(word)
      this.lines.push(this.#paragraph)
    }
  }

  /** Reads a part with paragraphs. `notes` are the ids of notes, as `footnote 1`. */
  read(xml: string, addresses: ReadonlyMap<string, string>, notes: ReadonlySet<string>) {
    let text = ''
    let deleted = ''
    let hidden = ''
    let field = ''
    let formulaFrom = 0
    let skip = ''
    let depth = 0
    let isHidden = false
    let isCode = false
    let link: string | undefined
    let linkFrom = 0
    let target: 'text' | 'deleted' | 'field' | undefined
    for (const { name, tag, closing, text: content } of piecesOf(xml)) {
      const empty = tag.endsWith('/>')
      if (skip !== '') {
        if (name === skip && !empty) depth += closing ? -1 : 1
        if (depth === 0) skip = ''
        continue
      }
      if (name === '') {
        if (target === 'text') text += content
        if (target === 'text' && isHidden) hidden += content
        if (target === 'deleted') deleted += content
        if (target === 'field') field += content
        continue
      }
      if (!closing && !empty && skipped.has(name)) {
        skip = name
        depth = 1
      } else if (name === 'w:t' || name === 'm:t') target = closing || empty ? undefined : 'text'
      else if (name === 'w:delText') target = closing || empty ? undefined : 'deleted'
      else if (name === 'w:instrText') target = closing || empty ? undefined : 'field'
      else if (name === 'w:r') {
        isHidden = false
        if (closing && isCode) text += ' '
        isCode = false
      } else if (name === 'w:rStyle' && attributeOf(tag, 'w:val') === 'Code') {
        // As of links: a draft has code parted from its neighbours.
        text += ' '
        isCode = true
      } else if (name === 'w:vanish' && !/w:val="(?:0|false|off)"/.test(tag)) isHidden = true
      else if (/^w:(?:tab|br|cr)$/.test(name) || /^m:(?:sup|sub|den)$/.test(name) || (name === 'w:rt' && closing))
        text += ' '
      else if (name === 'w:footnoteReference' || name === 'w:endnoteReference') {
        text += ' '
        const detail = 'The text refers to a note that the file does not hold; its mark was left out'
        if (!closing && !notes.has(`${name.slice(2, -9)} ${attributeOf(tag, 'w:id')}`))
          this.#notices.add('repair', 'note_missing', this.#paragraph, text, detail)
      } else if (name === 'm:oMath') {
        if (closing)
          this.#notices.add(
            'repair',
            'formatting_removed',
            this.#paragraph,
            text.slice(formulaFrom),
            'A formula is plain text now; check that it says the same',
          )
        formulaFrom = text.length
      } else if (name === 'w:fldSimple' && !closing) {
        const address = /\bHYPERLINK\s+"([^"]+)"/.exec(attributeOf(tag, 'w:instr') ?? '')?.[1]
        if (address !== undefined && isAllowedAddress(address)) this.#take(address)
      } else if (name === 'w:noBreakHyphen') text += '\u2011'
      else if (name === 'w:ins' && !closing) this.#inserted += 1
      else if (name === 'w:hyperlink') {
        // A link around nothing is seen by nobody.
        if (closing && link !== undefined && text.slice(linkFrom).trim() !== '') this.#take(link)
        // A draft has the words of a link parted from its neighbours.
        text += ' '
        link = closing || empty ? undefined : addresses.get(attributeOf(tag, 'r:id') ?? '')
        linkFrom = text.length
      } else if (name === 'w:fldChar' && /fldCharType="separate"|fldCharType="end"/.test(tag)) {
        const address = /\bHYPERLINK\s+"([^"]+)"/.exec(field)?.[1]
        if (address !== undefined && isAllowedAddress(address)) this.#take(address)
        field = ''
      } else if (name === 'w:p' && (closing || empty)) {
        this.#take(text)
        if (deleted.trim() !== '')
          this.#notices.add(
            'loss',
            'deletion_removed',
            this.#paragraph,
            deleted,
            'Deleted while changes were tracked; the deletion was taken as accepted',
          )
        if (hidden.trim() !== '')
          this.#notices.add(
            'repair',
            'hidden_text_shown',
            this.#paragraph,
            hidden,
            'The text is hidden in Word; it stands in the draft now',
          )
        if (/\S/.test(text)) this.#paragraph += 1
        text = deleted = hidden = ''
      }
    }
    if (this.#inserted > 0) {
      const detail = `Text was inserted in ${counted(this.#inserted, 'place')} while changes were tracked; it was taken as accepted`
      this.#notices.add('repair', 'insertions_accepted', null, '', detail)
      this.#inserted = 0
    }
  }
}

/** Names what the package has beside the text, so that nothing is left out in silence. */
function nameOtherParts({ parts, others }: WordPackage, notices: Notices) {
  const lost = (code: string, text: string, detail: string) => {
    if (/\p{L}/u.test(text)) notices.add('loss', code, null, text, detail)
  }
  for (const [name, xml] of parts) {
    if (/^word\/(?:header|footer)\d*\.xml$/.test(name))
      lost('page_header_removed', textOfPart(xml), 'Headers and footers of pages are no part of the text')
    else if (name === 'word/comments.xml') {
      for (const [, comment] of xml.matchAll(/<w:comment\s[^>]*>([\s\S]*?)<\/w:comment>/g))
        lost('comment_removed', textOfPart(comment ?? ''), 'A comment is not part of the text and was left out')
    } else if (/^word\/(?:diagrams\/data|charts\/chart)\d*\.xml$/.test(name))
      lost('drawing_text_removed', textOfPart(xml), 'Text within charts and diagrams is not kept; write it as text')
    else if (name.endsWith('.rels')) {
      for (const { type, target, external } of relationshipsOf(xml)) {
        const detail = 'The document refers to something outside itself; it was not fetched'
        if (external && type !== 'hyperlink') notices.add('loss', 'external_reference', null, target, detail)
        if (!external && type === 'aFChunk')
          notices.add(
            'loss',
            'embedded_file_removed',
            null,
            target,
            'Another file is set into the text; it was not read',
          )
      }
    }
  }
  for (const name of others.filter(other => /^word\/(?:embeddings|activeX)\//.test(other)))
    notices.add('loss', 'embedded_file_removed', null, name, 'A file within the document was not read')
}

/** The words of a Word file, each with the number of its paragraph; paragraphs without text do not count. */
export function readWordWords(file: WordPackage, notices: Notices): Words {
  const addressesOf = (name: string) =>
    new Map(
      relationshipsOf(file.parts.get(`word/_rels/${name}.rels`) ?? '')
        .filter(({ external, type, target }) => external && type === 'hyperlink' && isAllowedAddress(target))
        .map(({ id, target }) => [id, target]),
    )
  const reader = new Reader(notices)
  const notes = new Set(
    ['footnote', 'endnote'].flatMap(kind =>
      [...piecesOf(file.parts.get(`word/${kind}s.xml`) ?? '')].flatMap(({ name, tag, closing }) =>
        name === `w:${kind}` && !closing ? [`${kind} ${attributeOf(tag, 'w:id')}`] : [],
      ),
    ),
  )
  for (const name of ['document.xml', 'footnotes.xml', 'endnotes.xml']) {
    const xml = file.parts.get(`word/${name}`)
    if (xml !== undefined) reader.read(xml, addressesOf(name), notes)
  }
  nameOtherParts(file, notices)
  return { words: reader.words, lines: reader.lines }
}
