/** One reader per media type, each giving the neutral tree. */
import type { Element, ElementContent, Root, RootContent } from 'hast'
import type { FootnoteDefinition, FootnoteReference } from 'mdast'
import rehypeParse from 'rehype-parse'
import rehypeRaw from 'rehype-raw'
import remarkGfm from 'remark-gfm'
import remarkParse from 'remark-parse'
import remarkRehype from 'remark-rehype'
import { unified } from 'unified'
import { type Form, parseForm } from '../../document/form.ts'
import { limits } from '../../document/schema.ts'
import { type Notices, refuseLongList } from '../notices.ts'
import { withoutDialect } from './dialects.ts'
import { takeFrontMatter } from './front-matter.ts'
import { withoutFurniture } from './furniture.ts'
import { readHast } from './read-hast.ts'
import type { MediaType, Scan } from './scan.ts'
import type { SourceTree } from './tree.ts'

const text = (value: string): ElementContent => ({ type: 'text', value })

/** As Word's notes have it; a word in brackets would be a placeholder. */
const markOf = ({ label, identifier }: FootnoteReference | FootnoteDefinition) =>
  /^\d+$/.test(identifier) ? `[${identifier}]` : `[^${label ?? identifier}]`

const markdown = unified()
  .use(remarkParse)
  .use(remarkGfm)
  .use(remarkRehype, {
    allowDangerousHtml: true,
    handlers: {
      // Footnotes stay where they stand: the usual rendering adds headings and links of its own.
      footnoteReference: (_state, node: FootnoteReference) => text(markOf(node)),
      footnoteDefinition: (state, node: FootnoteDefinition): Element => {
        const mark = text(`${markOf(node)} `)
        const [first, ...others] = state.all(node)
        const children =
          first?.type === 'element' && first.tagName === 'p'
            ? [{ ...first, children: [mark, ...first.children] }, ...others]
            : [mark, ...(first ? [first] : []), ...others]
        return { type: 'element', tagName: 'div', properties: {}, children }
      },
    },
  })
  .use(rehypeRaw)

const html = unified().use(rehypeParse)

/** `##Heading` is no heading in CommonMark; writers mean one. */
function repairHeadings(source: string, notices: Notices) {
  if (!/^ {0,3}#{1,6}[^\s#]/m.test(source)) return source
  let fenced = false
  return source
    .split('\n')
    .map((line, index) => {
      if (/^\s*(```|~~~)/.test(line)) fenced = !fenced
      const match = fenced ? null : /^( {0,3})(#{2,6}|#(?=[\p{Lu}*[]))(?=[\p{L}*[])/u.exec(line)
      if (!match) return line
      const detail = 'A heading has a space after its number signs; the line was read as a heading'
      notices.add('repair', 'heading_repaired', index + 1, line, detail)
      return `${match[0]} ${line.slice(match[0].length)}`
    })
    .join('\n')
}

const typedItem = /^\s*(?:[●•▪◦○∙‣⁃■□➢►✓✔*+–—-]|\(?(?:[a-z]|[ivx]{1,4}|\d{1,2})[.)]|\d{1,2}(?:\.\d{1,2})+\.?)\s+\S/i

/** Lists that authors set in below a line: four spaces make code of them, and no role has code that is all items. */
function withoutIndents(source: string): string {
  if (!/\n[ \t\r]*\n(?: {4}| {0,3}\t)/.test(source)) return source
  const lines = source.split('\n')
  for (const { type, position } of markdown.parse(source).children) {
    if (type !== 'code' || !position) continue
    const [from, to] = [position.start.line - 1, position.end.line]
    const own = lines.slice(from, to)
    if (!own.every(line => line.trim() === '' || typedItem.test(line))) continue
    for (const [at, line] of own.entries()) lines[from + at] = line.replace(/^(?: {4}| {0,3}\t)/, '')
  }
  return lines.join('\n')
}

/**
 * Bullets that follow one another at one depth are one list. Counted before parsing, so that a list far beyond the limit is
 * told so and costs nothing.
 */
function refuseLongLists(source: string, notices: Notices) {
  let count = 0
  let marker = ''
  let start = 0
  const check = () => {
    if (count > limits.items) refuseLongList(count, start, notices)
  }
  source.split('\n').forEach((line, index) => {
    const found = /^ {0,3}[-+*](?=\s+\S)/.exec(line)?.[0] ?? ''
    if (found !== '' && found === marker) count += 1
    else {
      check()
      marker = found
      count = found === '' ? 0 : 1
      start = index + 1
    }
  })
  check()
}

/** The parser copies all it has read at each underlined heading: far more of them than a draft holds are told before. */
function refuseManyHeadings(source: string, notices: Notices) {
  const count = source.match(/\S\r?\n {0,3}(?:-+|=+)[ \t]*$/gm)?.length ?? 0
  const limit = limits.sections * (limits.blocks + 1)
  if (count <= limit) return
  const detail = `There are ${count} headings; ${limits.sections} sections of ${limits.blocks} blocks are the limit`
  notices.refuse('limit_exceeded', detail)
}

const elementNamed = (node: Root | Element, name: string): Element | undefined => {
  for (const child of node.children) {
    if (child.type !== 'element') continue
    const found =
      child.tagName === name ? child : ['html', 'head'].includes(child.tagName) ? elementNamed(child, name) : undefined
    if (found) return found
  }
  return undefined
}

/** The neutral tree of a source, which `isOwn` says that the register wrote. Throws RangeError where elements are nested deeper than the stack. */
export function readSource(
  { patched, references }: Scan,
  mediaType: MediaType,
  isOwn: boolean,
  notices: Notices,
): SourceTree {
  if (mediaType === 'text/markdown') {
    refuseLongLists(patched, notices)
    refuseManyHeadings(patched, notices)
    if (notices.problems.length > 0) return { blocks: [], title: null }
    const { body, title, slug, fields } = takeFrontMatter(patched, notices)
    const plain = isOwn ? body : withoutDialect(body, notices)
    const repaired = repairHeadings(plain, notices)
    const lists = isOwn ? repaired : withoutIndents(repaired)
    if (lists !== repaired) refuseLongLists(lists, notices)
    if (notices.problems.length > 0) return { blocks: [], title: null }
    const tree = markdown.runSync(markdown.parse(lists))
    return { blocks: readHast(tree as Root, references, notices, { feeds: true, isOwn }), title, slug, fields }
  }
  const tree = html.parse(patched)
  const element = elementNamed(tree, 'title')
  const [child] = element?.children ?? []
  const title =
    child?.type === 'text' && child.value.trim() !== ''
      ? { text: child.value.trim(), line: element?.position?.start.line ?? 1 }
      : null
  const form = formOfHtml(tree)
  return {
    blocks: readHast(withoutFurniture(tree, notices), references, notices, { isOwn: form !== undefined }),
    title,
    ...(form ? { form } : {}),
  }
}

/** The form that an element of a page carries. */
function formOfHtml(node: Root | RootContent): Form | undefined {
  if (node.type !== 'element' && node.type !== 'root') return undefined
  const carried = node.type === 'element' ? node.properties.dataRoleRegister : undefined
  if (typeof carried === 'string') return parseForm(carried)
  for (const child of node.children) {
    const found = formOfHtml(child)
    if (found) return found
  }
  return undefined
}
