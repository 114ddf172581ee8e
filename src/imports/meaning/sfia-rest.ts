/** What a section on SFIA holds beside the lines that mappings stand for. */
import { plainOfInlines } from '../../document/text.ts'
import type { SourceBlock, SourceRow } from '../source/tree.ts'
import { readSfiaLines } from './sfia-lines.ts'
import type { BodyBlock } from './steps.ts'

/** A block of an SFIA section without the lines that mappings stand for; a line with a code that stays is a list item. */
export function withoutTaken(block: BodyBlock, taken: ReadonlySet<object>): BodyBlock | undefined {
  if (block.type === 'list') {
    const items = block.items.flatMap(item => {
      const blocks = item.blocks.flatMap(inner => sourceWithoutTaken(inner, taken))
      // Without the name of their category, items stand in its place.
      const isBare = blocks.length < item.blocks.length && blocks.every(inner => inner.type === 'list')
      return isBare ? blocks.flatMap(inner => inner.items) : [{ ...item, blocks }]
    })
    const same =
      items.length === block.items.length &&
      items.every((item, at) => item.blocks.every((inner, n) => inner === block.items[at]?.blocks[n]))
    return same ? block : items.length > 0 ? { ...block, items } : undefined
  }
  if (block.type === 'rows') {
    const rows = block.rows.filter(row => !taken.has(row)).flatMap(row => rowWithoutTaken(row, taken))
    const same = rows.length === block.rows.length && rows.every((row, at) => row === block.rows[at])
    return same ? block : rows.length > 0 ? { ...block, rows } : undefined
  }
  if (taken.has(block.content)) return undefined
  if (block.type === 'note') return block
  if (readSfiaLines(plainOfInlines(block.content)).length === 0) return block
  const paragraph = { type: 'paragraph' as const, content: block.content, line: block.line }
  return { type: 'list', ordered: false, items: [{ blocks: [paragraph], line: block.line }], line: block.line }
}

function rowWithoutTaken(row: SourceRow, taken: ReadonlySet<object>): SourceRow[] {
  const cells = row.cells.map(cell => ({
    ...cell,
    blocks: cell.blocks.flatMap(inner => sourceWithoutTaken(inner, taken)),
  }))
  const same = cells.every(
    ({ blocks }, at) =>
      blocks.length === row.cells[at]?.blocks.length && blocks.every((inner, n) => inner === row.cells[at]?.blocks[n]),
  )
  if (same) return [row]
  return cells.some(({ blocks }) => blocks.length > 0) ? [{ ...row, cells }] : []
}

const sourceWithoutTaken = (block: SourceBlock, taken: ReadonlySet<object>): SourceBlock[] => {
  if (block.type === 'paragraph' || block.type === 'heading') return taken.has(block.content) ? [] : [block]
  if (block.type === 'table') return [block]
  const left = withoutTaken(block, taken)
  return left ? [left as SourceBlock] : []
}
