/** The signs, letters and numbers that stand before the lines of typed lists. */
import { type Inline, plainOfInlines } from '../../document/text.ts'
import { isBold, type Line, type SourceParagraph, sourceLines } from '../source/tree.ts'
import { importanceOf, knownKind } from '../words/headings.ts'
import { tickOf } from './tables.ts'
import { tickedIn } from './values.ts'

const bullet = /^\s*[●•▪◦○∙‣⁃■□➢►✓✔\uf0b7]\ufe0f?\s*(?=\S)(?!\ufe0f)/
const dash = /^\s*[-–—*]\s+(?=\S)/
/** Word's own bullets of three levels as plain characters, which stand for other things too: two of them make a list. */
const dot = /^\s*·\s+(?=\S)/
const circle = /^\s*o\s+(?=\S)/
const square = /^\s*§\s+(?=\S)/
/** `8.0` is the number of a heading. */
const decimal = /^\s*\d{1,2}(?:\.(?!0\b)\d{1,2})+\.?\s+(?=\S)/
const ordinal = /^\s*\(?([a-z]|[ivx]{1,4}|\d{1,2})[.)]\s+(?=\S)/i
/** The number of a criterion, `E1.` or `D2:`, which is one below `Essential` or `Desirable` alone: `E1` is a grade too. */
const essential = /^\s*E\d{1,2}[.):]\s+(?=\S)/
const desirable = /^\s*D\d{1,2}[.):]\s+(?=\S)/

const patterns = { bullet, dash, dot, circle, square, decimal, ordinal, essential, desirable }
export type Mark = keyof typeof patterns
/** How deep signs stand to one another. */
export const ranks: Partial<Record<Mark, number>> = { bullet: 0, dash: 0, dot: 0, circle: 1, square: 2 }
export const isCriterion = (mark: Mark | undefined) => mark === 'essential' || mark === 'desirable'
export const isNumbered = (mark: Mark | undefined) => mark === 'decimal' || mark === 'ordinal' || isCriterion(mark)

export interface Marked extends Line {
  mark: Mark | undefined
  /** What stands before the text: `a.` */
  printed: string
  /** With what stands before it. */
  whole: Inline[]
  /** It is the first line of a paragraph. */
  begins: boolean
  /** As Word saved it. */
  item?: SourceParagraph['item']
}

/** The plain characters that a line begins with, as long as they stand in one node. */
const firstText = (nodes: readonly Inline[]): string => {
  const first = nodes.find(node => plainOfInlines([node]) !== '')
  if (!first || first.type === 'link' || first.type === 'code') return ''
  return first.type === 'text' ? first.value : firstText(first.children)
}

function withoutStart(nodes: readonly Inline[], length: number): Inline[] {
  const at = nodes.findIndex(node => plainOfInlines([node]) !== '')
  return nodes.map((node, index) => {
    if (index !== at || node.type === 'link' || node.type === 'code') return node
    return node.type === 'text'
      ? { ...node, value: node.value.slice(length) }
      : { ...node, children: withoutStart(node.children, length) }
  })
}

const plainLine = ({ content, line, apart }: Line, index: number): Marked => ({
  content,
  line,
  ...(apart ? { apart } : {}),
  mark: undefined,
  printed: '',
  whole: content,
  begins: index === 0,
})

function markOf(whole: Line, index: number): Marked {
  const { content } = whole
  const start = firstText(content)
  // What follows the sign may be bold, or a link.
  const text = start.trim() === plainOfInlines(content) ? start : `${start}…`
  const mark = (Object.keys(patterns) as Mark[]).find(candidate => patterns[candidate].test(text))
  const plain = plainLine(whole, index)
  if (!mark) return plain
  const found = patterns[mark].exec(text)?.[0] ?? ''
  const rest = withoutStart(content, found.length)
  if (plainOfInlines(rest) === '') return plain
  const said = plainOfInlines(rest)
  if (isNumbered(mark) && (isBold(content) || isBold(rest) || knownKind(said) || importanceOf(said))) return plain
  // `✓ Full time 🞎 Part time` is a row of boxes.
  const boxes = mark === 'bullet' ? tickedIn(plainOfInlines(content)) : undefined
  if (boxes && boxes.rest.length > boxes.ticked.length) return plain
  // So is `✓ (A/I)`, in a table of criteria, a tick.
  if (/^\s*[✓✔]/.test(text) && tickOf(plainOfInlines(content)).how !== '') return plain
  return { ...plain, content: rest, mark, printed: found.trim() }
}

/** The lines of a paragraph, each with its mark; an item that Word numbered is one line. */
export function markedLines(paragraph: SourceParagraph): Marked[] {
  const { item, content, line } = paragraph
  if (item?.level === undefined)
    return sourceLines(paragraph).map((part, index) => ({ ...markOf(part, index), ...(item ? { item } : {}) }))
  // Its mark was taken from it where it said which that was.
  return [{ ...(item.ordered === undefined ? markOf({ content, line }, 0) : plainLine({ content, line }, 0)), item }]
}
