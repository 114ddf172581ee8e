/** Tables of criteria: which column holds them, and where they say that they are essential or desirable. */
import type { SectionKind } from '../../document/schema.ts'
import { type Inline, plainOfInlines } from '../../document/text.ts'
import type { Notices } from '../notices.ts'
import {
  isBold,
  type Line,
  plainOf,
  type SourceCell,
  type SourceParagraph,
  type SourceRow,
  textsIn,
} from '../source/tree.ts'
import { importanceOf, kindOf, looksLikeHeading, normaliseHeading } from '../words/headings.ts'
import { linesOfCriteria } from './criteria-lines.ts'
import { cellText, filledCells, isCross, isNoTick, isTick, onlyParagraph, tickOf } from './tables.ts'

type Importance = 'essential' | 'desirable'

/** `Essential`, `Desirable`, and the letters that tables have for them. */
const markedImportance = (text: string): Importance | undefined =>
  /^e\.?$/i.test(text)
    ? 'essential'
    : /^d\.?$/i.test(text)
      ? 'desirable'
      : importanceOf(text.replace(/ \([ed]\)$/i, ''))

/** What heads say of columns that hold no criteria, and of the one that does. */
const heads = {
  criterion:
    /^(?:(?:selection |assessment )?criteri(?:on|a)|requirements?|descriptions?|skills?|what we need|details?)$/,
  reference: /^(?:ref|reference|no|nos|number|id|item|item no|ref no|)$/,
  group: /^(?:area|attribute|category|factor|group|heading|theme|type|element|dimension|section)s?$/,
  assessed: /assess|method|evidence|evaluat|tested|measured|stage|weight|score|how|where|^a(?: [itp]){1,3}$/,
}
const isReference = (text: string) => /^[a-z]{0,2}\.?\d{1,3}(?:\.\d{1,3}){0,3}[.)]?$/i.test(text)

/** A cell at its column; one that reaches down from the row above is a copy. */
interface Placed {
  cell: SourceCell
  text: string
  isCopy: boolean
}
const nothing: SourceCell = { header: false, blocks: [] }

/** Rows with their cells at the columns where they stand, those that span several counted. */
function gridOf(rows: readonly SourceRow[]): Placed[][] {
  const open: { placed: Placed; rows: number }[] = []
  return rows.map(({ cells }) => {
    const row: Placed[] = []
    const reachDown = () => {
      for (let above = open[row.length]; above && above.rows > 0; above = open[row.length]) {
        above.rows -= 1
        row.push({ ...above.placed, isCopy: true })
      }
    }
    for (const cell of cells) {
      reachDown()
      const { columns = 1, rows: down = 1 } = cell.spans ?? {}
      for (let at = 0; at < columns; at += 1) {
        const placed =
          at === 0 ? { cell, text: cellText(cell), isCopy: false } : { cell: nothing, text: '', isCopy: false }
        open[row.length] = { placed, rows: down - 1 }
        row.push(placed)
      }
    }
    reachDown()
    return row
  })
}

/** Two columns by their importance, or one beside others of which each says how a criterion is numbered or assessed. */
function isCriteriaHead(row: SourceRow): boolean {
  const columns = columnsOf([row])
  const beside = row.cells.map(cell => normaliseHeading(cellText(cell))).filter((_, at) => !columns[at])
  const isKnown = (text: string) => [heads.reference, heads.assessed].some(pattern => pattern.test(text))
  const named = columns.filter(Boolean).length
  return named > 1 || (named === 1 && beside.length > 0 && beside.every(isKnown))
}

/** A letter alone heads a column only where the other letter heads one too, beside one that may hold criteria. */
function columnsOf(rows: readonly SourceRow[]): (Importance | undefined)[] {
  const texts = (gridOf(rows.slice(0, 1))[0] ?? []).map(({ text }) => text)
  const marked = texts.map(markedImportance)
  const mayHold = (text: string) => {
    const head = normaliseHeading(text)
    return (
      Object.values(heads).some(pattern => pattern.test(head)) ||
      ofPeople.test(head) ||
      kindsOfCriteria.has(kindOf(head))
    )
  }
  const areMarks = new Set(marked.filter(Boolean)).size > 1 && texts.some((text, at) => !marked[at] && mayHold(text))
  return areMarks ? marked : texts.map(importanceOf)
}
const ofPeople =
  /\b(?:abilit|aptitude|attribute|disposition|education|knowledge|level|personal|qualit|subject|training)/
const kindsOfCriteria = new Set<SectionKind>(['skills_experience', 'person_specification', 'capabilities'])

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

/** The column whose cells say `E` or `D` of most of the criteria beside them, and nothing of the others; -1 where there is none. */
function markColumn([first, ...all]: readonly SourceRow[]): number {
  // The last row names none below it.
  const rows = all.filter((row, at) => at === all.length - 1 || groupOf(row) === undefined)
  const [head, ...grid] = gridOf([...(first ? [first] : []), ...rows])
  const width = Math.max(0, ...grid.map(row => row.length))
  const isMark = (placed: Placed | undefined) => placed !== undefined && markedImportance(placed.text) !== undefined
  for (let at = 0; at < width && grid.length > 0; at += 1) {
    // Two rows are enough where both have a mark: the first is no head then.
    const isUnmarked = (placed: Placed | undefined) =>
      placed !== undefined && (placed.text === '' || isNoTick(placed.text))
    if (!grid.every(({ [at]: placed }) => isUnmarked(placed) || isMark(placed))) continue
    const marked = grid.filter(({ [at]: placed }) => isMark(placed)).length
    const areMost = marked === grid.length || (marked > 1 && marked * 2 > grid.length)
    if ((grid.length > 1 || isMark(head?.[at])) && areMost) return at
  }
  return -1
}

/** Whether a table says of criteria that they are essential or desirable, by columns or by a mark in each row. */
export const hasImportanceColumns = (rows: readonly SourceRow[]): boolean =>
  rows.length > 1 && (rows.slice(0, 1).some(isCriteriaHead) || markColumn(rows) >= 0)

/** What stands for a tick where columns say how much a criterion matters: `1`, a weight, or how it is assessed. */
function markOfCell(text: string): { tick: string; how: string } {
  if (text === '1') return { tick: '✓', how: '' }
  if (text === '0') return { tick: '', how: '' }
  return /^(?:[2-9]|10|high|medium|low)$/i.test(text) ? { tick: '✓', how: text } : tickOf(text)
}
/** Columns whose numbers say more than that something is so. */
const ofNumbers = /weight|scor|point|stage|priorit|rank|level|order|number|max/i

interface Criterion {
  content: Inline[]
  line: number
}

/** The column of the criteria where others say how much each matters: by its head, or as the one that says most. */
function criterionColumn(head: readonly Placed[], body: readonly (readonly Placed[])[], marks: readonly number[]) {
  const width = Math.max(0, ...body.map(row => row.length))
  const columns = [...Array(width).keys()].filter(at => !marks.includes(at))
  const headOf = (at: number) => normaliseHeading(head[at]?.text ?? '')
  const named = columns.find(at => heads.criterion.test(headOf(at)))
  // A head above a column for groups and the one of the criteria stands above both.
  if (named !== undefined) return named + (head[named]?.cell.spans?.columns ?? 1) - 1
  const textsIn = (at: number) => body.flatMap(({ [at]: placed }) => (placed && !placed.isCopy ? placed.text : []))
  const isOther = (at: number) =>
    textsIn(at).every(text => text === '' || isReference(text)) ||
    (headOf(at) !== '' && [heads.reference, heads.group, heads.assessed].some(pattern => pattern.test(headOf(at))))
  const candidates = columns.filter(at => !isOther(at))
  const said = (at: number) => new Set(textsIn(at).filter(Boolean)).size
  return candidates.toSorted((one, other) => said(other) - said(one))[0] ?? columns[0] ?? 0
}

interface Layout {
  head: SourceRow | undefined
  body: readonly SourceRow[]
  grid: readonly (readonly Placed[])[]
  /** The columns whose cells are criteria, with what they are; that of a row is said by its marks. */
  criteria: Map<number, Importance | undefined>
  markOf: (row: readonly Placed[]) => Importance | undefined
  /** Whether a row is marked as both. */
  isBoth: (row: readonly Placed[]) => boolean
  /** The columns that say how much a criterion matters. */
  marks: number[]
}

function layoutOf(rows: readonly SourceRow[]): Layout {
  const [first = [], ...below] = gridOf(rows)
  const columns = columnsOf(rows)
  const named = columns.flatMap((importance, at) => (importance ? [at] : []))
  const inRows = below.filter((_, at) => !groupOf(rows[at + 1] as SourceRow))
  if (rows[0] && isCriteriaHead(rows[0])) {
    const layout = { head: rows[0], body: rows.slice(1), grid: below, marks: named }
    // `E` under `Essential` is a tick.
    const repeated = (placed: Placed, at: number) => ({
      ...placed,
      text: markedImportance(placed.text) === columns[at] ? '✓' : markOfCell(placed.text).tick,
    })
    const cells = inRows.flatMap(row => named.flatMap(at => (row[at] ? repeated(row[at], at) : [])))
    const isSet = cells.some(({ text }) => isTick(text)) ? isTick : isCross
    const areTicks = cells.every(({ text }) => isTick(text) || isNoTick(text)) && cells.some(({ text }) => isSet(text))
    if (!areTicks)
      return {
        ...layout,
        criteria: new Map(named.map(at => [at, columns[at]])),
        marks: [],
        markOf: () => undefined,
        isBoth: () => false,
      }
    const ticked = (row: readonly Placed[]) => named.filter(at => row[at] && isSet(repeated(row[at], at).text))
    const criteria = new Map([[criterionColumn(first, inRows, named), undefined]])
    // Weights in both columns say nothing.
    const isBoth = (row: readonly Placed[]) =>
      new Set(ticked(row).map(at => columns[at])).size > 1 &&
      ticked(row).every(at => markOfCell(row[at]?.text ?? '').how === '')
    const markOf = (row: readonly Placed[]) =>
      isBoth(row) ? 'essential' : ticked(row).length === 1 ? columns[ticked(row)[0] ?? -1] : undefined
    return { ...layout, criteria, markOf, isBoth }
  }
  const marks = markColumn(rows)
  // A table whose first row has a mark as the others have it has no head.
  const markOf = (row: readonly Placed[]) => markedImportance(row[marks]?.text ?? '')
  const isHeadless = markOf(first) !== undefined && below.some(row => row[marks]?.text !== '')
  const grid = isHeadless ? [first, ...below] : below
  const criterion = criterionColumn(isHeadless ? [] : first, isHeadless ? [first, ...inRows] : inRows, [marks])
  return {
    head: isHeadless ? undefined : rows[0],
    body: isHeadless ? rows : rows.slice(1),
    grid,
    marks: [marks],
    criteria: new Map([[criterion, undefined]]),
    markOf,
    isBoth: () => false,
  }
}

export interface Criteria extends Record<Importance, Criterion[]> {
  /** What stands in rows that hold no criterion. */
  rest: Line[]
}

/**
 * The criteria of such a table by importance. What stands before a criterion is what it is on, and is put before it; its
 * number and further columns (how each is assessed) go behind it.
 */
export function criteriaIn(rows: readonly SourceRow[], notices: Notices): Criteria {
  const found: Criteria = { essential: [], desirable: [], rest: [] }
  const { head, body, grid, criteria, marks, markOf, isBoth } = layoutOf(rows)
  const first = Math.min(...criteria.keys())
  const headTexts = (gridOf(head ? [head] : [])[0] ?? []).map(({ text }) => text)
  const isNumbered = (at: number) => at < first || ofNumbers.test(headTexts[at] ?? '')
  const isSet = (text: string, at: number) => isTick(text) || (text === '1' && !isNumbered(at))
  const isUnset = (text: string, at: number) => isNoTick(text) || (text === '0' && !isNumbered(at))
  /** Whether a column says by ticks what its head says. */
  const isTicked = headTexts.map((text, at) => {
    const own = grid.flatMap(row => row[at]?.text ?? [])
    return text !== '' && own.some(text => isSet(text, at)) && own.every(mark => isSet(mark, at) || isUnset(mark, at))
  })
  for (const cell of head?.cells ?? []) {
    if (head && cellText(cell) !== '') notices.understand(head.line, cellText(cell), '/skills', 'head of a table')
  }
  /** What rows above say that the criteria are on: a row of its own, a first cell of its own. */
  let group = ''
  let groupLines: Line[] = []
  let area = ''
  const last = body.findLastIndex(row => !groupOf(row) && filledCells(row).length > 0)
  for (const [index, row] of body.entries()) {
    const named = index < last ? groupOf(row) : undefined
    if (named) {
      const above = body[index - 1]
      group = [above && groupOf(above) ? group : '', plainOf(named)].filter(Boolean).join(': ')
      groupLines = [...(above && groupOf(above) ? groupLines : []), named]
      area = ''
      continue
    }
    const placed = grid[index] ?? []
    const isBehind = ({ text }: Placed, at: number) => at > first || isTicked[at] || isReference(text)
    const own = placed
      .filter((cell, at) => !marks.includes(at) && !criteria.has(at) && cell.text !== '' && !isBehind(cell, at))
      .map(({ text }) => text)
      .join(': ')
    const isArea = own !== '' && filledCells(row).length === 1 && row.cells.length > 1
    if (own !== '') area = isArea ? own : ''
    const mark = markOf(placed)
    // What stands across all columns is in none of them.
    const isAcross = row.cells.length === 1 && (row.cells[0]?.spans?.columns ?? 1) > 1
    const taken = (isAcross ? [] : placed).flatMap(({ cell, isCopy }, at) => {
      const importance = criteria.get(at) ?? mark
      if (!criteria.has(at) || isCopy || importance === undefined) return []
      return textsIn(cell.blocks)
        .flatMap(line => linesOfCriteria(line, notices))
        .map(line => ({ ...line, importance }))
    })
    if (taken.length === 0) {
      if (isArea && index < last) continue
      const above = isAcross ? groupLines : []
      if (isAcross) [group, groupLines] = ['', []]
      const lines = [...above, ...row.cells.flatMap(cell => textsIn(cell.blocks))]
      found.rest.push(...lines)
      const [line] = lines
      if (line) {
        const detail = 'It is not certain how much this row of criteria matters; it was kept as text behind them'
        notices.add(
          'repair',
          'criterion_not_read',
          line.line,
          lines.map(l => plainOfInlines(l.content)).join(' '),
          detail,
        )
      }
      continue
    }
    const before = [group, own === '' ? area : own].filter(Boolean).join(': ')
    const behind = placed
      .map((cell, at) => {
        if (marks.includes(at)) return markOfCell(cell.text).how
        if (isTicked[at] && !criteria.has(at)) {
          notices.understand(row.line, cell.text, '/skills', 'tick')
          return isSet(cell.text, at) ? headTexts[at] : ''
        }
        return !criteria.has(at) && isBehind(cell, at) ? cell.text : ''
      })
      .filter(Boolean)
      .join(', ')
    for (const at of marks)
      notices.understand(row.line, placed[at]?.text ?? '', '/skills', mark ?? 'mark of a criterion')
    if (isBoth(placed)) {
      const detail = 'This criterion is marked as essential and as desirable; it was read as essential'
      notices.add(
        'repair',
        'criterion_unsure',
        row.line,
        taken.map(({ content }) => plainOfInlines(content)).join(' '),
        detail,
      )
    }
    for (const { content, line, importance } of taken) {
      const parts: Inline[] = [
        ...(before === '' ? [] : [{ type: 'text' as const, value: `${before}: ` }]),
        ...content,
        ...(behind === '' ? [] : [{ type: 'text' as const, value: ` (${behind})` }]),
      ]
      found[importance].push({ content: parts, line })
    }
  }
  return found
}
