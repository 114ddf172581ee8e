/** A table of contents that Word made: its lines are those of headings, each with a page. */
import { plainOfInlines } from '../document/text.ts'
import { normaliseHeading } from './headings.ts'
import type { Notices } from './notices.ts'
import type { SourceBlock } from './tree.ts'

const lineMax = 300

/** The texts of paragraphs and headings, in tables and lists too. */
const textsOf = (blocks: readonly SourceBlock[]): string[] =>
  blocks.flatMap(block => {
    if (block.type === 'list') return block.items.flatMap(item => textsOf(item.blocks))
    if (block.type === 'table') return block.rows.flatMap(row => row.cells.flatMap(cell => textsOf(cell.blocks)))
    const text = block.type === 'paragraph' && block.contents ? '' : plainOfInlines(block.content)
    return text === '' || text.length > lineMax ? [] : [normaliseHeading(text)]
  })

/** The blocks without such a table, where every line of it stands in the document too; else all of it is text. */
export function withoutToc(blocks: readonly SourceBlock[], notices: Notices): readonly SourceBlock[] {
  const isLine = (block: SourceBlock | undefined) => block?.type === 'paragraph' && block.contents === true
  if (!blocks.some(isLine)) return blocks
  const texts = new Set(textsOf(blocks))
  const kept: SourceBlock[] = []
  for (let at = 0; at < blocks.length; at += 1) {
    let end = at
    while (isLine(blocks[end])) end += 1
    const lines = blocks.slice(at, end).flatMap(block => (block.type === 'paragraph' ? [block] : []))
    const isKnown = lines.every(({ content }) => {
      const text = plainOfInlines(content)
      // The page stands behind the words.
      const words = normaliseHeading(text).replace(/ \d{1,4}$/, '')
      return text.length <= lineMax && (texts.has(words) || isHead(text))
    })
    const [first] = lines
    if (!first) kept.push(blocks[at] as SourceBlock)
    else if (!isKnown) kept.push(...lines)
    else {
      const above = kept.at(-1)
      const head = (above?.type === 'heading' || above?.type === 'paragraph') && isHead(plainOfInlines(above.content))
      if (head) kept.pop()
      const removed = [...(head ? [above] : []), ...lines].map(({ content, line }) => ({
        text: plainOfInlines(content),
        line,
      }))
      const detail = 'A table of contents lists what the sections are; it was left out'
      notices.add('repair', 'contents_removed', first.line, removed.map(({ text }) => text).join(' '), detail)
      for (const { text, line } of removed) notices.understand(line, text, '', 'table of contents')
    }
    at = Math.max(at, end - 1)
  }
  return kept
}

const isHead = (text: string) => text.length <= lineMax && /^(?:table of )?contents$/.test(normaliseHeading(text))
