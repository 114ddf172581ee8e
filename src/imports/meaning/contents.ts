/** Tables of contents: those that Word made, whose lines are those of headings, each with a page, and typed ones. */
import { plainOfInlines } from '../../document/text.ts'
import type { Notices } from '../notices.ts'
import type { SourceBlock } from '../source/tree.ts'
import { normaliseHeading } from '../words/headings.ts'
import type { Step } from './steps.ts'

const lineMax = 300

const isHead = (text: string) => text.length <= lineMax && /^(?:table of )?contents$/.test(normaliseHeading(text))

/** The texts of paragraphs and headings, in tables and lists too. */
const textsOf = (blocks: readonly SourceBlock[]): string[] =>
  blocks.flatMap(block => {
    if (block.type === 'list') return block.items.flatMap(item => textsOf(item.blocks))
    if (block.type === 'table') return block.rows.flatMap(row => row.cells.flatMap(cell => textsOf(cell.blocks)))
    const text = block.type === 'paragraph' && block.contents ? '' : plainOfInlines(block.content)
    return text === '' || text.length > lineMax ? [] : [normaliseHeading(text)]
  })

/** The blocks without one that Word made, where every line of it stands in the document too; else all of it is text. */
export function withoutWordContents(blocks: readonly SourceBlock[], notices: Notices): readonly SourceBlock[] {
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

/** The lines of a table of contents that somebody typed look like headings and are none: they stay as text. */
export function withoutContents(steps: readonly Step[]): Step[] {
  let within = false
  return steps.map(step => {
    if (step.type === 'mark' && isHead(step.text)) {
      within = true
      return step
    }
    const text = 'content' in step ? plainOfInlines(step.content) : ''
    within &&=
      (step.type === 'paragraph' || (step.type === 'mark' && step.by === 'plain')) &&
      text.length <= 80 &&
      !/[.,:]$/.test(text)
    return within && step.type === 'mark' ? { type: 'paragraph', content: step.content, line: step.line } : step
  })
}
