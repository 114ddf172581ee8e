/** Tables of Word exports: most hold the layout of a page, some hold labels and values, and some are no valid tables. */
import { type Inline, plainOfInlines } from '../document/text.ts'
import { importanceOf, looksLikeHeading } from './headings.ts'
import { isKnownLabel, labelled, labelledMember } from './labels.ts'
import type { Notices } from './notices.ts'
import {
  cutInlines,
  hardLines,
  isBold,
  type Line,
  plainOf,
  type SourceBlock,
  type SourceCell,
  type SourceParagraph,
  type SourceRow,
  sourceLines,
} from './tree.ts'

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

/** The plain text of a cell, blocks parted by spaces. */
export const cellText = (cell: SourceCell): string =>
  cell.blocks
    .map(block => {
      if (block.type === 'paragraph' || block.type === 'heading') return plainOfInlines(block.content)
      if (block.type === 'list')
        return block.items.map(item => cellText({ header: false, blocks: item.blocks })).join(' ')
      return block.rows.flatMap(row => row.cells.map(cellText)).join(' ')
    })
    .join(' ')
    .trim()

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

type Importance = 'essential' | 'desirable'

/** `Essential`, `Desirable`, and the letters that tables have for them. */
const markedImportance = (text: string): Importance | undefined =>
  /^e\.?$/i.test(text) ? 'essential' : /^d\.?$/i.test(text) ? 'desirable' : importanceOf(text)

const isCriteriaHead = (row: SourceRow) => columnsOf([row]).filter(Boolean).length > 1

const columnsOf = ([head]: readonly SourceRow[]) => (head?.cells ?? []).map(cell => importanceOf(cellText(cell)))

/** A row that names the rows below it: one short line, in the only cell or as a heading of the row. */
const groupOf = (row: SourceRow): SourceParagraph | undefined => {
  const only = onlyParagraph(row)
  if (!only || !looksLikeHeading(plainOf(only.paragraph))) return undefined
  const stands = row.cells.length === 1 || only.header || isBold(only.paragraph.content)
  return stands ? only.paragraph : undefined
}

/**
 * A table of criteria at each of its heads (`Essential`, `Desirable`), with the captions above each head, as the table
 * of each; what stands before the first is `before`. One table where there is no further head and no caption.
 */
export function criteriaTables(rows: readonly SourceRow[]): { before: SourceRow[]; tables: CriteriaTable[] } {
  const heads = rows.flatMap((row, at) => (isCriteriaHead(row) ? [at] : []))
  const [first = 0] = heads
  const captionsAbove = (at: number, end: number) => {
    const above = rows.slice(end, at)
    return above.slice(above.findLastIndex(row => groupOf(row) === undefined) + 1)
  }
  // Without a head the captions are the first rows.
  const start =
    heads.length > 0
      ? first
      : Math.max(
          0,
          rows.findIndex(row => groupOf(row) === undefined),
        )
  const starts = heads.length > 0 ? heads : [start]
  const captions = starts.map((at, index) => captionsAbove(at, index === 0 ? 0 : (starts[index - 1] ?? 0) + 1))
  const tables = starts.map((at, index) => ({
    captions: (captions[index] ?? []).flatMap(row => groupOf(row) ?? []),
    rows: rows.slice(at, (starts[index + 1] ?? rows.length) - (captions[index + 1]?.length ?? 0)),
  }))
  return { before: rows.slice(0, start - (captions[0]?.length ?? 0)), tables }
}
interface CriteriaTable {
  captions: SourceParagraph[]
  rows: SourceRow[]
}

/** The column whose cells say `E` or `D` of the criteria beside them; -1 where there is none. */
function markColumn([, ...all]: readonly SourceRow[]): number {
  // The last row names none below it.
  const rows = all.filter((row, at) => at === all.length - 1 || groupOf(row) === undefined)
  const width = Math.max(0, ...rows.map(row => row.cells.length))
  for (let at = 1; at < width && rows.length > 1; at += 1) {
    if (rows.every(({ cells: { [at]: cell } }) => cell && markedImportance(cellText(cell)) !== undefined)) return at
  }
  return -1
}

/** Whether a table says of criteria that they are essential or desirable, by columns or by a mark in each row. */
export const hasImportanceColumns = (rows: readonly SourceRow[]): boolean =>
  rows.length > 1 && (rows.slice(0, 1).some(isCriteriaHead) || markColumn(rows) > 0)

export interface Criterion {
  content: Inline[]
  line: number
}

const linesIn = (blocks: readonly SourceBlock[]): Line[] =>
  blocks.flatMap(block => {
    if (block.type === 'list') return block.items.flatMap(item => linesIn(item.blocks))
    if (block.type === 'table') return block.rows.flatMap(row => row.cells.flatMap(cell => linesIn(cell.blocks)))
    return [{ content: block.content, line: block.line }]
  })

/**
 * The criteria of such a table by importance. A first column is what they are on and stands before each, further columns
 * (how each is assessed) behind it.
 */
export function criteriaIn(rows: readonly SourceRow[], notices: Notices): Record<Importance, Criterion[]> {
  const criteria: Record<Importance, Criterion[]> = { essential: [], desirable: [] }
  const columns = columnsOf(rows)
  const byColumns = columns.filter(Boolean).length > 1
  const marks = byColumns ? -1 : markColumn(rows)
  // A table whose first row has a mark as the others have it has no head.
  const markOf = (row: SourceRow | undefined) => cellText(row?.cells[marks] ?? { header: false, blocks: [] })
  const isHeadless = marks > 0 && rows.slice(1).some(row => markOf(row) === markOf(rows[0]))
  const body = rows.slice(isHeadless ? 0 : 1)
  const head = isHeadless ? undefined : rows[0]
  for (const cell of head?.cells ?? []) {
    if (head && cellText(cell) !== '') notices.understand(head.line, cellText(cell), '/skills', 'head of a table')
  }
  /** What rows above say that the criteria are on: a row of its own, a first cell of its own. */
  let group = ''
  let area = ''
  const last = body.findLastIndex(row => !groupOf(row) && filledCells(row).length > 0)
  for (const [index, row] of body.entries()) {
    const named = index < last ? groupOf(row) : undefined
    if (named) {
      const above = body[index - 1]
      group = [above && groupOf(above) ? group : '', plainOf(named)].filter(Boolean).join(': ')
      area = ''
      continue
    }
    const texts = row.cells.map(cellText)
    const mark = markedImportance(texts[marks] ?? '')
    const isCriterion = (at: number) =>
      byColumns ? columns[at] !== undefined : at === (marks === 1 && texts.length > 2 && texts[0] === '' ? 2 : 0)
    const own = byColumns && columns[0] === undefined ? (texts[0] ?? '') : ''
    if (own !== '') area = filledCells(row).length === 1 ? own : ''
    const before = [group, own === '' ? area : own].filter(Boolean).join(': ')
    const behind = texts
      .filter((text, at) => text !== '' && !isCriterion(at) && at !== marks && !(byColumns && at === 0))
      .join(', ')
    if (mark && marks > 0) notices.understand(row.line, texts[marks] ?? '', '/skills', mark)
    row.cells.forEach((cell, at) => {
      const importance = byColumns ? columns[at] : mark
      if (!isCriterion(at) || importance === undefined) return
      for (const { content, line } of linesIn(cell.blocks)) {
        const parts: Inline[] = [
          ...(before === '' ? [] : [{ type: 'text' as const, value: `${before}: ` }]),
          ...content,
          ...(behind === '' ? [] : [{ type: 'text' as const, value: ` (${behind})` }]),
        ]
        criteria[importance].push({ content: parts, line })
      }
    })
  }
  return criteria
}
