/** Tables of Word exports: most hold the layout of a page, some hold labels and values, and some are no valid tables. */
import { type Inline, plainOfInlines } from '../document/text.ts'
import type { Notices } from './notices.ts'
import {
  cutInlines,
  type Line,
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

/** The paragraph that is all that a row has in its only filled cell. */
export function onlyParagraph(row: SourceRow): { paragraph: SourceParagraph; header: boolean } | undefined {
  const [cell, ...others] = filledCells(row)
  const [block, ...more] = cell?.blocks ?? []
  if (!cell || !block || others.length > 0 || more.length > 0) return undefined
  if (block.type === 'paragraph') return { paragraph: block, header: cell.header }
  return block.type === 'heading' ? { paragraph: { ...block, type: 'paragraph' }, header: true } : undefined
}
