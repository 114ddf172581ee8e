/** Tables of Word exports: most hold the layout of a page, some hold labels and values, and some are no valid tables. */
import { type Inline, plainOfInlines } from '../../document/text.ts'
import type { Notices } from '../notices.ts'
import {
  cutInlines,
  hardLines,
  isBold,
  type Line,
  plainOfBlocks,
  type SourceBlock,
  type SourceCell,
  type SourceParagraph,
  type SourceRow,
  sourceLines,
} from '../source/tree.ts'
import { normaliseHeading } from '../words/headings.ts'
import { isKnownLabel, labelled, labelledMember } from '../words/labels.ts'

const startsWithBar = ({ content }: Line) => plainOfInlines(content).startsWith('|')

function cellsOf(row: readonly Inline[], line: number): SourceCell[] {
  const cells = cutInlines(row, /\|/)
  // The bars at both ends open and close the row.
  const inner = cells.slice(1, plainOfInlines(cells.at(-1) ?? []) === '' ? -1 : undefined)
  return inner.map(content => ({
    header: false,
    blocks: plainOfInlines(content) === '' ? [] : [{ type: 'paragraph', content, line }],
  }))
}

/**
 * The rows of a paragraph that is a Markdown table but not a valid one (its delimiter row has another number of cells
 * than its header), or undefined where the paragraph is not made of rows.
 */
function rowsOf(paragraph: SourceParagraph): SourceRow[] | undefined {
  const lines = sourceLines(paragraph)
  if (lines.length < 2 || !lines.every(startsWithBar)) return undefined
  return lines.flatMap(({ content, line }) => {
    const isDelimiter = /^[|:\s-]*-[|:\s-]*$/.test(plainOfInlines(content))
    return isDelimiter ? [] : [{ cells: cellsOf(content, line), line }]
  })
}

/** Paragraphs that are tables become tables. */
export const repairTables = (blocks: readonly SourceBlock[], notices: Notices): SourceBlock[] =>
  blocks.map(block => {
    const rows = block.type === 'paragraph' ? rowsOf(block) : undefined
    if (!rows) return block
    const detail = 'The table is not valid Markdown (its rows differ in their number of cells); it was read row by row'
    notices.add('repair', 'table_repaired', block.line, plainOfInlines((block as SourceParagraph).content), detail)
    return { type: 'table', rows, line: block.line }
  })

/** The cells of a row that hold something. */
export const filledCells = (row: SourceRow) => row.cells.filter(cell => cell.blocks.length > 0)

/** The plain text of a cell, blocks parted by spaces; '' where a row has none there. */
export const cellText = (cell: SourceCell | undefined): string => plainOfBlocks(cell?.blocks ?? [])

/** What stands in a column where what is beside it is so (`Essential`, `Level 4`), and where it is not. */
export const isTick = (text: string) => /^(?:[xyü✓✔√✅🗸☑☒🗹🗷⌧⮽●⚫•\uf0b7■*]\ufe0f?|yes|\[[x✓✔]\])$/iu.test(text)
export const isNoTick = (text: string) => isCross(text) || /^(?:|[n☐□◻⬜🞎🞏–—-]\ufe0f?|no|n\/a|\[ ?\])$/iu.test(text)
/** A cross says no beside ticks, and yes where there are none. */
export const isCross = (text: string) => /^[✗✘❌✖🗶🗴×]\ufe0f?$/u.test(text)

/** How a criterion is assessed, as a pattern: `A`, `A/I`. */
export const assessments = '[aitps](?:[,/& ]{1,3}[aitps]){0,4}'
const how = `[([]?\\s?(${assessments})\\s?[)\\]]?`
const assessed = new RegExp(`^${how}$|^(\\S{1,3})\\s*${how}$`, 'i')
/** A tick and how what it stands beside is assessed: `✓ (A/I)`; the latter alone is a tick too. */
export function tickOf(text: string): { tick: string; how: string } {
  const [found, alone, tick = '✓', behind] = (text.length <= 30 && assessed.exec(text)) || []
  const isMark = found !== undefined && (isTick(tick) || isCross(tick)) && !/^y/i.test(tick)
  return isMark ? { tick, how: behind ?? alone ?? '' } : { tick: text, how: '' }
}

/** The columns that have nothing but ticks below their heads. */
export function tickColumns([head, ...body]: readonly SourceRow[]): number[] {
  const isMark = (text: string) => (isTick(text) || isNoTick(text)) && !/^[yn]/i.test(text)
  if (!head || body.length < 2) return []
  return head.cells.flatMap((cell, at) => {
    const texts = body.map(row => cellText(row.cells[at]))
    return at > 0 && cellText(cell) !== '' && !isMark(cellText(cell)) && texts.every(isMark) && texts.some(isTick)
      ? [at]
      : []
  })
}

const isLabelCell = (cell: SourceCell | undefined) => cell !== undefined && isKnownLabel(cellText(cell))

const cellOf = (lines: readonly Line[]): SourceCell => ({
  header: false,
  blocks: lines.map(({ content, line }) => ({ type: 'paragraph', content, line })),
})

/** A cell that holds labels and their values (a bold label above its value, or both in a line) as rows of two cells. */
function rowsInCell({ blocks }: SourceCell): SourceRow[] | undefined {
  const rows: { label: Line; value: Line[] }[] = []
  for (const block of blocks) {
    if (block.type !== 'paragraph') return undefined
    for (const { content, line } of hardLines(block)) {
      const { label, value } =
        labelled(content) ?? (isBold(content) ? { label: plainOfInlines(content), value: [] } : {})
      if (label !== undefined && value && isKnownLabel(label))
        rows.push({
          label: { content: [{ type: 'text', value: label }], line },
          value: plainOfInlines(value) === '' ? [] : [{ content: value, line }],
        })
      else if (rows.length === 0) return undefined
      else rows.at(-1)?.value.push({ content, line })
    }
  }
  if (rows.length === 0 || rows.some(({ value }) => value.length === 0)) return undefined
  return rows.map(({ label, value }) => ({ cells: [cellOf([label]), cellOf(value)], line: label.line }))
}

/** A row of which each cell holds a label and its value as rows of two; else the row alone. */
function rowsInRow(row: SourceRow): SourceRow[] {
  const rows = row.cells.length > 1 ? filledCells(row).map(rowsInCell) : []
  return rows.length > 0 && rows.every(found => found !== undefined) ? rows.flat() : [row]
}

/** Whether a row has the place of labels and values side by side (label, value, label, value), and none of its values is a label. */
const isWidePair = ({ cells }: SourceRow) =>
  cells.length < 3 || (cells.length % 2 === 0 && cells.every((cell, at) => at % 2 === 0 || !isLabelCell(cell)))
const isWide = (row: SourceRow) => row.cells.length > 2 && filledCells(row).length > 0

/**
 * Rows of labels and values that stand side by side, in one cell, or below a row of labels, as rows of one label and its value. Where
 * that is not certain, the rows as they are.
 */
export function asPairs(table: readonly SourceRow[]): readonly SourceRow[] {
  const rows = table.flatMap(rowsInRow)
  const [head, values, ...more] = rows.filter(row => filledCells(row).length > 0)
  const texts = head?.cells.map(cellText) ?? []
  const members = new Set(texts.map(text => labelledMember(text) ?? text))
  if (
    head &&
    values &&
    more.length === 0 &&
    head.cells.length > 1 &&
    head.cells.length === values.cells.length &&
    members.size === head.cells.length &&
    texts.every(isKnownLabel) &&
    texts.some(labelledMember) &&
    !values.cells.some(isLabelCell)
  )
    return head.cells.map((label, at) => ({ cells: [label, values.cells[at] as SourceCell], line: head.line }))
  const wide = rows.filter(isWide)
  const known = wide.filter(({ cells }) => cells.every((cell, at) => at % 2 === 1 || isLabelCell(cell)))
  if (known.length === 0 || !rows.every(isWidePair)) return rows
  return rows.flatMap(row =>
    row.cells.length < 3
      ? [row]
      : row.cells.flatMap((_, at) => (at % 2 === 0 ? [{ cells: row.cells.slice(at, at + 2), line: row.line }] : [])),
  )
}

/** The paragraph that is all that a row has in its only filled cell. */
export function onlyParagraph(row: SourceRow): { paragraph: SourceParagraph; header: boolean } | undefined {
  const [cell, ...others] = filledCells(row)
  const [block, ...more] = cell?.blocks ?? []
  if (!cell || !block || others.length > 0 || more.length > 0) return undefined
  if (block.type === 'paragraph') return { paragraph: block, header: cell.header }
  return block.type === 'heading' ? { paragraph: { ...block, type: 'paragraph' }, header: true } : undefined
}

/** Longer values of a table are the text of sections. */
const shortMax = 120
export const isShort = ({ blocks }: SourceCell) =>
  blocks.length <= 1 &&
  blocks.every(({ type }) => type === 'paragraph') &&
  cellText({ header: false, blocks }).length <= shortMax

/** Words that stand above columns. */
const headWords =
  /^(?:skill|competency|competence|behaviour|capability|strength|element|area|activity|measure|task|duty|responsibility|objective|level|grade|code|criteri(?:on|a)|method|category|field|detail|item|value|description|no|number|ref|reference|importance|weight(?:ing)?|outcome|output|frequency|evidence|stage|date)s?$|^(?:% of time|of time|time|percentage(?: of time)?|what we assess|assessed (?:at|by)|sfia (?:skill|code|level)|(?:skill|required|target) level|key (?:activity|task|measure)s?|lead|(?:when|how|where) (?:tested|assessed))$/
const isHeadWord = (cell: SourceCell) => headWords.test(normaliseHeading(cellText(cell)))
export const standsOut = ({ header, blocks }: SourceCell) =>
  header || (blocks.length > 0 && blocks.every(block => block.type === 'paragraph' && isBold(block.content)))
const headMax = 40

/**
 * Whether the first row of a table says what stands in its columns: each cell by its words, or the row is marked as heads
 * are, the others are not, and a word of it is one of heads.
 */
export function hasHead([head, ...others]: readonly SourceRow[]): boolean {
  if (!head || head.cells.length < 2 || others.length === 0 || others.some(row => filledCells(row).length < 2))
    return false
  if (head.cells.every(isHeadWord)) return true
  return (
    filledCells(head).length === head.cells.length &&
    head.cells.every(cell => standsOut(cell) && cellText(cell).length <= headMax) &&
    head.cells.filter(isHeadWord).length * 2 >= head.cells.length &&
    !others.some(row => row.cells.every(standsOut))
  )
}
