/** Lists that a person typed into a document of the register, as paragraphs that begin with a bullet, a dash or a number. */
import { plainOfInlines } from '../../document/text.ts'
import type { Notices } from '../notices.ts'
import type { SourceBlock, SourceItem, SourceList } from '../source/tree.ts'
import { isCriterion, isNumbered, markedLines } from './list-marks.ts'
import { repairLists } from './lists.ts'

/** The blocks with what was typed as a list as one: directly behind a list of the same kind, as further items of it. */
export function withTypedItems(source: readonly SourceBlock[], notices: Notices): SourceBlock[] {
  const blocks: SourceBlock[] = []
  /** The last list that got items: a copy of its own, which thousands of lines may go on. */
  let grown: SourceList | undefined
  for (const block of source) {
    const last = blocks.at(-1)
    if (last?.type !== 'list' || block.type !== 'paragraph' || block.note) {
      blocks.push(block)
      continue
    }
    const lines = markedLines(block)
    if (!lines.every(({ mark }) => mark && !isCriterion(mark) && isNumbered(mark) === last.ordered)) {
      blocks.push(block)
      continue
    }
    const items = lines.map(({ content, line, printed }): SourceItem => {
      const detail = 'The line begins with the mark of a list and stands behind one; it became an item of it'
      notices.add('repair', 'list_recognised', line, plainOfInlines(content), detail)
      if (last.ordered) notices.understand(line, printed, '', 'mark of a list')
      return { blocks: [{ type: 'paragraph', content, line }], line }
    })
    if (last !== grown) {
      grown = { ...last, items: [...last.items] }
      blocks[blocks.length - 1] = grown
    }
    grown.items.push(...items)
  }
  // What is a list already was written as one.
  return repairLists(blocks, notices, true)
}
