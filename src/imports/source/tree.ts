/**
 * The neutral tree that every source is read into: what recognising works on. It holds no document types, and a reader
 * for another format (Word) needs to give nothing but this.
 */
import type { Form } from '../../document/form.ts'
import { type Inline, plainOfInlines } from '../../document/text.ts'

export interface SourceParagraph {
  type: 'paragraph'
  /** A line feed in a text is a soft break of the source, `hardBreak` one that the author made. */
  content: Inline[]
  line: number
  /** Its line feeds are lines of plain text, as in Markdown; elsewhere they are no more than spaces. */
  feeds?: boolean
  /** It follows a line break in what the source has as one paragraph. */
  continues?: boolean
  /** It is marked as the register marks notes: quoted, or of the class or style of that name. */
  note?: boolean
  /** All of it is underlined. */
  underlined?: boolean
  /** It is the caption of the table behind it. */
  caption?: boolean
  /** It has Word's style for lines of a table of contents. */
  contents?: boolean
  /**
   * Word saved it as an item of a list, which HTML has as paragraphs: how deep, from 1, of what kind, and
   * of which list, where it says so.
   */
  item?: { level?: number; ordered?: boolean; list?: string }
}
export interface SourceHeading {
  type: 'heading'
  depth: number
  content: Inline[]
  line: number
  /** It has Word's style for the title of a document. */
  title?: boolean
}
export interface SourceItem {
  blocks: SourceBlock[]
  line: number
}
export interface SourceList {
  type: 'list'
  ordered: boolean
  items: SourceItem[]
  line: number
}
export interface SourceCell {
  header: boolean
  /** How many columns and rows it takes, where that is more than one. */
  spans?: { columns: number; rows: number }
  blocks: SourceBlock[]
}
export interface SourceRow {
  cells: SourceCell[]
  line: number
}
interface SourceTable {
  type: 'table'
  rows: SourceRow[]
  line: number
}
export type SourceBlock = SourceParagraph | SourceHeading | SourceList | SourceTable

/** A label and value that a file holds beside its text. */
export interface Field {
  label: string
  value: string
  line: number
}

export interface SourceTree {
  /** What a document that the register wrote does not show. */
  form?: Form
  /** Of YAML front matter. */
  fields?: Field[]
  /** The slug that front matter names. */
  slug?: { text: string; line: number } | null
  blocks: SourceBlock[]
  /** The title that the file has beside its text: of YAML front matter, or of an HTML head. */
  title: { text: string; line: number } | null
  /** The lines of the heads and feet of its pages. */
  heads?: string[]
}

/** U+2028, which Unicode has for it, and which counts as white space. */
export const hardBreak = '\u2028'

const cut = (nodes: readonly Inline[], pattern: RegExp): Inline[][] => {
  const parts: Inline[][] = [[]]
  for (const node of nodes) {
    if (node.type === 'text') {
      node.value.split(pattern).forEach((value, index) => {
        if (index > 0) parts.push([])
        if (value !== '') parts.at(-1)?.push({ type: 'text', value })
      })
    } else if ('children' in node) {
      cut(node.children, pattern).forEach((children, index) => {
        if (index > 0) parts.push([])
        if (children.length > 0) parts.at(-1)?.push({ ...node, children })
      })
    } else parts.at(-1)?.push(node)
  }
  return parts
}

/** Inline nodes cut where a pattern matches in their text; marks and links are kept on both sides. */
export const cutInlines = cut

const lineFeeds = (nodes: readonly Inline[]): number =>
  nodes.reduce((count, node) => {
    const own = 'children' in node ? lineFeeds(node.children) : node.value.split('\n').length - 1
    return count + own
  }, 0)

export interface Line {
  content: Inline[]
  line: number
  /** The author left an empty line before it, in what the source has as one paragraph. */
  apart?: boolean
}

/** The nodes without the line feed that Markdown has behind a hard break. */
function withoutLeadingFeed(nodes: readonly Inline[]): { content: Inline[]; feeds: number } {
  const [first, ...others] = nodes
  if (first?.type !== 'text' || !first.value.startsWith('\n')) return { content: [...nodes], feeds: 0 }
  const rest = first.value.slice(1)
  return { content: rest === '' ? others : [{ type: 'text', value: rest }, ...others], feeds: 1 }
}

/** The lines that the author made, without empty ones. */
export function hardLines({ content, line }: Line): Line[] {
  let at = line
  let apart = false
  return cut(content, /\u2028/).flatMap((part, index) => {
    const found = withoutLeadingFeed(part)
    const start = at + found.feeds
    at = start + lineFeeds(found.content)
    const isEmpty = plainOfInlines(part) === ''
    const own = { content: found.content, line: start, ...(apart ? { apart } : {}) }
    apart = isEmpty && index > 0
    return isEmpty ? [] : [own]
  })
}

/** The lines as they stand in the source; soft breaks part them too. Empty ones are left out. */
export const sourceLines = (block: Line): Line[] =>
  hardLines(block).flatMap(hard =>
    cut(hard.content, /\n/)
      .map((content, index) => ({ ...(index > 0 ? {} : hard), content, line: hard.line + index }))
      .filter(({ content }) => plainOfInlines(content) !== ''),
  )

/** The paragraphs and headings in blocks, in their order; those of lists and tables too. */
export const textsIn = (blocks: readonly SourceBlock[]): Line[] =>
  blocks.flatMap(block => {
    if (block.type === 'list') return block.items.flatMap(item => textsIn(item.blocks))
    if (block.type === 'table') return block.rows.flatMap(row => row.cells.flatMap(cell => textsIn(cell.blocks)))
    return [{ content: block.content, line: block.line }]
  })

/** As textsIn, each line that the author broke by itself. */
export const linesIn = (blocks: readonly SourceBlock[]): Line[] => textsIn(blocks).flatMap(hardLines)

/** What blocks say, as one plain text. */
export const plainOfBlocks = (blocks: readonly SourceBlock[]): string =>
  textsIn(blocks)
    .map(({ content }) => plainOfInlines(content))
    .join(' ')
    .trim()

/** Whether a link is in it. */
export const hasLink = (nodes: readonly Inline[]): boolean =>
  nodes.some(node => node.type === 'link' || ('children' in node && hasLink(node.children)))

/** Whether all of it is bold. */
export const isBold = (nodes: readonly Inline[]): boolean =>
  plainOfInlines(nodes) !== '' &&
  nodes.every(
    node =>
      node.type === 'strong' ||
      (node.type === 'text' && node.value.trim() === '') ||
      ((node.type === 'emphasis' || node.type === 'link') && isBold(node.children)),
  )

/** The nodes of a heading, which is bold by itself: marks around all of it say nothing. */
export const headingNodes = (nodes: readonly Inline[]): readonly Inline[] => {
  const plain = (node: Inline): Inline[] => {
    if (node.type === 'strong') return node.children
    return node.type === 'emphasis' || node.type === 'link'
      ? [{ ...node, children: node.children.flatMap(plain) }]
      : [node]
  }
  return isBold(nodes) ? nodes.flatMap(plain) : nodes
}

/** The plain text of a heading or paragraph. */
export const plainOf = (block: SourceParagraph | SourceHeading) => plainOfInlines(block.content)
