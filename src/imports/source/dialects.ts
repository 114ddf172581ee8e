/** What Pandoc and GitHub have beside CommonMark, line by line, so that its marks are no text. Lines stay where they are. */
import type { Notices } from '../notices.ts'

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

/** Simple tables of Pandoc as those of GitHub, line for line. `code` are the lines that are code. */
function withTables(lines: readonly string[], code: ReadonlySet<number>): string[] {
  const made: string[] = []
  while (made.length < lines.length) {
    const at = made.length
    const table = tableAt(lines, at, code)
    made.push(...(table ?? [lines[at] ?? '']))
  }
  return made
}

/** The table whose heads stand in a line, below an empty one, as so many lines; undefined where there is none. */
function tableAt(lines: readonly string[], at: number, code: ReadonlySet<number>): string[] | undefined {
  const [above = '', heads = '', dashes = ''] = [lines[at - 1], lines[at], lines[at + 1]]
  if (dashes.length > lineMax || !rule.test(dashes) || heads.trim() === '' || above.trim() !== '') return undefined
  let end = at + 2
  while (end < lines.length && lines[end]?.trim() !== '') end += 1
  const closes = end > at + 2 && rule.test(lines[end - 1] ?? '')
  const columns = columnsOf(dashes)
  const [head, ...rows] = [heads, ...lines.slice(at + 2, closes ? end - 1 : end)].map(line => rowOf(line, columns))
  if (head === undefined || rows.length === 0 || !rows.every(row => row !== undefined) || code.has(at)) return undefined
  return [head, `|${' --- |'.repeat(columns.length)}`, ...rows, ...(closes ? [''] : [])]
}

/** The source as CommonMark and GitHub's tables have it; what was mark and no text is understood. */
export function withoutDialect(source: string, notices: Notices): string {
  if (!/^ {0,3}:::|^ {0,3}>[ \t]*\[!|\[[xX]\]|\{[#.\w]|^ {0,3}--/m.test(source)) return source
  let fenced = ''
  const code = new Set<number>()
  const read = (line: string, at: number): string => {
    const ticks = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1]
    if (ticks && (fenced === '' || ticks.startsWith(fenced))) fenced = fenced === '' ? ticks : ''
    if (fenced !== '' || ticks) code.add(at)
    if (code.has(at) || line.length > lineMax) return line
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
  return withTables(lines.map(read), code).join('\n')
}
