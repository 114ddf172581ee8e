/** What Pandoc and GitHub have beside CommonMark, line by line, so that its marks are no text. Lines stay where they are. */
import type { Notices } from './notices.ts'

/** `{#id .class key=value}` at the end of a heading. */
const attributes = /\s\{\s?([#.][\w:.#="' -]{1,200})\}\s*#*$/
/** `::: {.note}`, `::: note`, `:::`: where a part of the page begins or ends. */
const fence = /^ {0,3}:{3,}[ \t]*(\{[^{}]{0,200}\}|[\w-]{0,60})[ \t]*:*$/
const alert = /^ {0,3}>[ \t]*\[!(NOTE|TIP|IMPORTANT|WARNING|CAUTION)\][ \t]*$/
const ticked = /^\s*(?:>\s*)?(?:[-*+]|\d{1,9}[.)])\s\[([xX])\]\s/
const rule = /^ {0,3}-{2,}(?: +-{2,})+ *$/

/** No mark stands in a line as long. */
const lineMax = 1000

/** Where the columns of a simple table of Pandoc begin and end, by the dashes under its heads. */
const columnsOf = (dashes: string) =>
  [...dashes.matchAll(/-+/g)].map(({ index, 0: { length } }) => ({ from: index, to: index + length }))

/** A line of such a table as one of GitHub's; undefined where a text stands across two columns. */
function rowOf(line: string, columns: ReturnType<typeof columnsOf>): string | undefined {
  if (line.includes('\t')) return undefined
  const cells = columns.map(({ from }, at) => {
    const next = columns[at + 1]?.from
    return {
      text: line.slice(at === 0 ? 0 : from, next),
      isOpen: next !== undefined && /\S/.test(line[next - 1] ?? ''),
    }
  })
  if (cells.some(({ isOpen }) => isOpen)) return undefined
  return `| ${cells.map(({ text }) => text.trim().replaceAll('|', '\\|')).join(' | ')} |`
}

/** Simple tables of Pandoc as those of GitHub. */
function withTables(lines: readonly string[]): string[] {
  const made = [...lines]
  for (let at = 1; at < made.length; at += 1) {
    const dashes = made[at] ?? ''
    const before = made[at - 1] ?? ''
    // Its heads stand below an empty line.
    if (dashes.length > lineMax || !rule.test(dashes) || before.trim() === '' || (made[at - 2] ?? '').trim() !== '')
      continue
    const columns = columnsOf(dashes)
    let end = at + 1
    while (end < made.length && made[end]?.trim() !== '') end += 1
    const closes = end > at + 1 && rule.test(made[end - 1] ?? '')
    const rows = [before, ...made.slice(at + 1, closes ? end - 1 : end)].map(line => rowOf(line, columns))
    const [head, ...others] = rows
    if (head === undefined || others.length === 0 || others.includes(undefined)) continue
    made.splice(at - 1, end - at + 1, head, `|${' --- |'.repeat(columns.length)}`, ...(others as string[]))
    if (closes) made.splice(end - 1, 0, '')
  }
  return made
}

/** The source as CommonMark and GitHub's tables have it; what was mark and no text is understood. */
export function withoutDialect(source: string, notices: Notices): string {
  if (!/^ {0,3}:::|^ {0,3}>[ \t]*\[!|\[[xX]\]|\{[#.\w]|^ {0,3}--/m.test(source)) return source
  let code = ''
  const read = (line: string, at: number): string => {
    const ticks = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1]
    if (ticks && (code === '' || ticks.startsWith(code))) code = code === '' ? ticks : ''
    if (code !== '' || ticks || line.length > lineMax) return line
    const understood = (text: string, meaning: string) => notices.understand(at + 1, text, '', meaning)
    const part = fence.exec(line)?.[1]
    if (part !== undefined) {
      understood(part, 'mark of a part of the page')
      return ''
    }
    const box = ticked.exec(line)?.[1]
    if (box) understood(box, 'box that is ticked')
    const kind = alert.exec(line)?.[1]
    if (kind) {
      understood(kind, 'mark of a note')
      return '>'
    }
    const found = attributes.exec(line)
    const isHeading = /^ {0,3}#{1,6}\s/.test(line) || /^ {0,3}(?:=+|-+)\s*$/.test(lines[at + 1] ?? '')
    const plain = found && isHeading ? line.slice(0, found.index) : line
    if (plain !== line) understood(found?.[1] ?? '', 'mark of a heading')
    return plain
  }
  const lines = source.split('\n')
  return withTables(lines.map(read)).join('\n')
}
