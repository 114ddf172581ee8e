/** Lists that a source has as lines with a bullet or a letter before them, and lists that hold two kinds of items. */
import { type Inline, plainOfInlines } from '../../document/text.ts'
import type { Notices } from '../notices.ts'
import {
  isBold,
  type Line,
  plainOf,
  type SourceBlock,
  type SourceItem,
  type SourceParagraph,
  sourceLines,
} from '../source/tree.ts'
import { importanceOf, isUpper, knownKind } from '../words/headings.ts'
import { isCriterion, isNumbered, type Mark, type Marked, markedLines, ranks } from './list-marks.ts'
import { headAt, isKnownPair, markedCriteria, partedList, warnOfHead, widthOf } from './soft-headings.ts'

const roman = ['i', 'ii', 'iii', 'iv', 'v', 'vi', 'vii', 'viii', 'ix', 'x', 'xi', 'xii']
/** The rows that a mark may stand in, and its place there: `i.` is a letter and a Roman number. */
const places = (printed: string): { row: 'number' | 'letter' | 'roman'; place: number }[] => {
  const sign = printed.replace(/[().\s]/g, '').toLowerCase()
  if (/^\d+$/.test(sign)) return [{ row: 'number', place: Number(sign) }]
  const numeral = roman.indexOf(sign) + 1
  return [
    ...(sign.length === 1 ? [{ row: 'letter' as const, place: sign.charCodeAt(0) - 96 }] : []),
    ...(numeral > 0 ? [{ row: 'roman' as const, place: numeral }] : []),
  ]
}

/**
 * How deep each line of a row of letters and numbers stands: one that goes on with a row is in it, one that begins another
 * stands under the line before. undefined where they do not follow one another.
 */
function depthsOf(run: readonly Marked[]): number[] | undefined {
  const open: ReturnType<typeof places>[] = []
  const depths: number[] = []
  for (const { printed } of run) {
    const own = places(printed)
    const goesOn = (rows: ReturnType<typeof places>) =>
      own.filter(({ row, place }) => rows.some(known => known.row === row && known.place + 1 === place))
    const depth = open.findLastIndex(rows => goesOn(rows).length > 0)
    const first = own.filter(({ row, place }) => place === 1 && !open.flat().some(known => known.row === row))
    if (depth >= 0) {
      const rows = goesOn(open[depth] ?? [])
      open.splice(depth, open.length, rows)
    } else if (first.length > 0) open.push(first)
    else return undefined
    depths.push(open.length - 1)
  }
  return depths
}

/** `Desirable`, under which stands a list, be it of one. */
const isImportance = (line: Marked | undefined) => importanceOf(plainOfInlines(line?.whole ?? [])) !== undefined

/** Whether `1.2`, `1.1.1` or `2` stands where the next number does behind `1.1`. */
function isNext(before: readonly number[], parts: readonly number[]): boolean {
  const expected = parts.length > before.length ? [...before, 1] : before.slice(0, parts.length)
  if (parts.length <= before.length) expected[parts.length - 1] = (expected[parts.length - 1] ?? 0) + 1
  return parts.join('.') === expected.join('.')
}
const numbersOf = (line: Marked | undefined) => (line?.printed ?? '').replace(/\.$/, '').split('.').map(Number)

/**
 * How deep lines numbered `1.1`, `1.1.1`, `1.2` stand; undefined where they do not follow one another, or begin neither at 1
 * nor where the list `after` which they stand ends.
 */
function decimalDepths(run: readonly Marked[], after: Marked | undefined): number[] | undefined {
  let before: number[] = []
  let base = 0
  const depths: number[] = []
  for (const line of run) {
    const parts = numbersOf(line)
    base ||= parts.length
    const goesOn = before.length > 0 ? isNext(before, parts) : parts.at(-1) === 1 || isNext(numbersOf(after), parts)
    if (!goesOn || parts.length < base) return undefined
    before = parts
    depths.push(parts.length - base)
  }
  return depths
}

/**
 * How deep each line stands where they are a numbered list: where letters and numbers follow one another, or `7.2.1` alone
 * where a line above heads it (`isHeaded`).
 */
const numberedDepths = (lines: readonly Marked[], isHeaded: boolean, after: Marked | undefined) => {
  const isDecimal = lines[0]?.mark === 'decimal'
  if (lines.length < (isHeaded && isDecimal ? 1 : 2)) return undefined
  return isDecimal ? decimalDepths(lines, after) : depthsOf(lines)
}

/**
 * How deep the lines of numbered lists stand that have such a mark. A line that goes on with an item, and what is listed
 * below a number, stand between two of one list.
 */
function numberedIn(runs: readonly (readonly Marked[])[], mark: 'decimal' | 'ordinal'): Map<Marked, number> {
  const found = new Map<Marked, number>()
  let row: (readonly Marked[])[] = []
  /** A line above says how much what is in the row matters. */
  let isHeaded = false
  /** The last line of the list before. */
  let after: Marked | undefined
  const take = (lines: readonly Marked[]) => {
    const depths = numberedDepths(lines, isHeaded, after)
    for (const [at, line] of depths ? lines.entries() : []) found.set(line, depths?.[at] ?? 0)
    if (depths) after = lines.at(-1)
    return depths !== undefined
  }
  const close = () => {
    if (!take(row.flat())) for (const run of row) take(run)
    row = []
  }
  for (const [at, run] of runs.entries()) {
    const [first] = run
    if (first?.mark === mark) {
      const last = row.at(-1)?.at(-1)
      if (mark === 'decimal' && last && !isNext(numbersOf(last), numbersOf(first))) close()
      if (row.length === 0) isHeaded = isImportance(runs[at - 1]?.at(-1))
      row.push(run)
    } else if (first?.mark === undefined ? parts(run) : mark === 'ordinal') close()
  }
  close()
  return found
}

/**
 * How deep each run of signs stands among those it follows: bullets always make a list, dashes from two on, other signs
 * where there are two, under a list, or in Word's style for items. undefined for runs that are none.
 */
function signDepths(runs: readonly (readonly Marked[])[]): (number | undefined)[] {
  let counts = new Map<Mark, number>()
  /** How often each sign stands between two paragraphs without one. */
  const countsOf = runs.map(run => {
    const [{ mark } = { mark: undefined }] = run
    if (parts(run)) counts = new Map()
    else if (mark) counts.set(mark, (counts.get(mark) ?? 0) + run.length)
    return counts
  })
  let open: number[] = []
  return runs.map((run, at) => {
    const [{ mark } = { mark: undefined }] = run
    if (parts(run)) open = []
    const rank = mark && ranks[mark]
    if (mark === undefined || rank === undefined) return undefined
    const above = open.filter(other => other < rank)
    const isHeaded = mark === 'dash' && isImportance(runs[at - 1]?.at(-1))
    const isTwice = (mark === 'dash' ? run.length : (countsOf[at]?.get(mark) ?? 0)) > 1
    const isItem = mark === 'bullet' || run.some(({ item }) => item)
    const stands = isItem || isTwice || isHeaded || (mark !== 'dash' && rank > 0 && above.length > 0)
    open = stands ? [...above, rank] : []
    return stands ? above.length : undefined
  })
}

/** The lines that are numbered as criteria below a line that says so of them, and count from one. `above` stands before all lines. */
function numberedCriteria(lines: readonly Marked[], above: string, notices: Notices): ReadonlySet<Marked> {
  const found = new Set<Marked>()
  let importance = importanceOf(above)
  let own: Marked[] = []
  for (const line of lines) {
    const said = line.mark ? undefined : importanceOf(plainOfInlines(line.whole))
    if (said) [importance, own] = [said, []]
    else if (isCriterion(line.mark) && line.mark === importance) {
      own.push(line)
      if (Number(/\d+/.exec(line.printed)?.[0]) === own.length) found.add(line)
      else {
        importance = undefined
        const detail = `“${line.printed}” does not follow the number above it, so this line and those below it were kept as text`
        notices.add('advice', 'criterion_mark_not_read', line.line, plainOfInlines(line.whole), detail)
      }
    }
  }
  return found
}

/** Whether a run ends the list before it: a line that goes on within a paragraph does not. */
const parts = (run: readonly Marked[]) =>
  run.some(({ mark, begins }) => (mark === undefined ? begins : isNumbered(mark)))

/** How deep each line stands that is one of a list. */
function depthsIn(runs: readonly Marked[][], criteria: ReadonlySet<Marked>): Map<Marked, number> {
  const signs = signDepths(runs)
  const decimals = numberedIn(runs, 'decimal')
  const ordinals = numberedIn(runs, 'ordinal')
  /** Levels of Word's own lists that are open. */
  let open: number[] = []
  /** The last number of two parts that no other paragraph follows. */
  let number: Marked | undefined
  return new Map(
    runs.flatMap((run, index) => {
      const [first] = run
      if (first?.mark === 'decimal') number = run.at(-1)
      else if (first?.mark === undefined && parts(run)) number = undefined
      // `a)` stands under `2.3`, and bullets do where they are lines of its paragraph.
      const under = number && number !== run.at(-1) && (first?.mark === 'ordinal' || first?.begins === false)
      const above = under && number ? (decimals.get(number) ?? -1) + 1 : 0
      return run.flatMap(line => {
        const level = line.item?.level
        open = level === undefined ? (line.begins ? [] : open) : [...open.filter(other => other < level), level]
        if (level !== undefined) return [[line, open.length - 1] as const]
        if (isCriterion(line.mark)) return criteria.has(line) ? [[line, 0] as const] : []
        const own = decimals.get(line) ?? ordinals.get(line) ?? signs[index] ?? (line.item && line.mark ? 0 : undefined)
        return own === undefined ? [] : [[line, line.mark === 'decimal' ? own : own + above] as const]
      })
    }),
  )
}

/** The items so deep under the last one; a list is begun there where it has none. */
function itemsAt(items: SourceItem[], depth: number, ordered: boolean, line: number): SourceItem[] {
  const last = items.at(-1)
  if (depth === 0 || !last) return items
  let nested = last.blocks.at(-1)
  if (nested?.type !== 'list') {
    nested = { type: 'list', ordered, items: [], line }
    last.blocks.push(nested)
  }
  return itemsAt(nested.items, depth - 1, ordered, line)
}

/** Whether a line is no part of the item before it: it begins a paragraph, follows an empty line, or is bold where that is not. */
const opens = (line: Marked, before: Marked | undefined) =>
  line.begins || line.apart === true || (isBold(line.whole) && !isBold(before?.content ?? []))

/** The lines of paragraphs as paragraphs and lists; undefined where there is no list in them. */
function listsIn(paragraphs: readonly Extract<SourceBlock, { type: 'paragraph' }>[], notices: Notices, above: string) {
  const lines = paragraphs.map(markedLines)
  const flat = lines.flat()
  if (!flat.some(line => line.mark || line.item)) return undefined
  const runs: Marked[][] = []
  for (const line of flat) {
    const last = runs.at(-1)
    if (last && line.mark === last[0]?.mark) last.push(line)
    else runs.push([line])
  }
  const lists = depthsIn(runs, numberedCriteria(flat, above, notices))
  if (lists.size === 0) return undefined
  const blocks: SourceBlock[] = []
  let items: SourceItem[] | undefined
  let last: SourceParagraph | undefined
  /** Which list the items are of, where the source names them. */
  let named: string | undefined
  paragraphs.forEach((paragraph, index) => {
    const own = lines[index] ?? []
    if (!own.some(line => lists.has(line))) {
      items = undefined
      blocks.push(paragraph)
      return
    }
    let plain: Line[] = []
    const flush = () => {
      const [first] = plain
      if (first) {
        const content = plain.flatMap((line, at) =>
          at > 0 ? [{ type: 'text' as const, value: '\n' }, ...line.content] : line.content,
        )
        blocks.push({ type: 'paragraph', content, line: first.line, ...(paragraph.feeds ? { feeds: true } : {}) })
      }
      plain = []
    }
    const whole = own.map(line => ({ content: line.whole, line: line.line }))
    const width = widthOf(whole)
    for (const [at, line] of own.entries()) {
      const head = paragraph.feeds && !lists.has(line) && items ? headAt(whole, at, width) : undefined
      if (head === 'perhaps') warnOfHead(line, notices)
      if (lists.has(line)) {
        flush()
        const ordered = line.item?.ordered ?? isNumbered(line.mark)
        const depth = lists.get(line) ?? 0
        const open = blocks.at(-1)
        const isOther = line.item?.list !== named
        if (!items || open?.type !== 'list' || (depth === 0 && (open.ordered !== ordered || isOther))) {
          items = []
          named = line.item?.list
          blocks.push({ type: 'list', ordered, items, line: line.line })
          const detail = 'Lines with a bullet, a dash, a letter or a number before each were read as a list'
          if (line.item?.level === undefined)
            notices.add('repair', 'list_recognised', line.line, plainOfInlines(line.content), detail)
        }
        if (isNumbered(line.mark) || line.mark === 'circle')
          notices.understand(line.line, line.printed, '', 'mark of a list')
        last = { type: 'paragraph', content: line.content, line: line.line }
        itemsAt(items, depth, ordered, line.line).push({ blocks: [last], line: line.line })
      } else if (
        head !== 'head' &&
        !opens(line, own[at - 1]) &&
        plain.length === 0 &&
        items !== undefined &&
        last !== undefined &&
        own.some(other => other !== line && lists.has(other))
      ) {
        last.content = [...last.content, { type: 'text', value: '\n' }, ...line.whole]
      } else {
        items = undefined
        plain.push({ content: line.whole, line: line.line })
      }
    }
    flush()
  })
  return blocks
}

/** The first line of an item of plain text, and whether more is below it. */
function headOf({ blocks: [first, ...others] }: SourceItem): { content: Inline[]; isAlone: boolean } | undefined {
  const [line, ...more] = first?.type === 'paragraph' && first.feeds ? sourceLines(first) : []
  return line && { content: line.content, isAlone: others.length + more.length === 0 }
}

/** In capitals any line is one. */
const isName = (text: string) => knownKind(text) !== undefined || importanceOf(text) !== undefined || isUpper(text)

/**
 * The names of sections among the items of a numbered list (`1. Purpose`) where it has nothing else but labels and values;
 * above the last, which others follow with nothing below them, is a table of contents.
 */
function namesIn(block: SourceBlock): string[] {
  if (block.type !== 'list' || !block.ordered) return []
  const heads = block.items.map(headOf)
  const names = heads.flatMap(head =>
    head && isName(plainOfInlines(head.content)) ? plainOfInlines(head.content) : [],
  )
  const stands = heads.every((head, at) => {
    if (!head) return false
    if (isName(plainOfInlines(head.content))) return at === heads.length - 1 || !head.isAlone
    return head.isAlone && isKnownPair(head)
  })
  return stands ? names : []
}

/** Plain text numbers its headings, and each is an item to Markdown; one alone may be an item. */
function withoutNames(blocks: readonly SourceBlock[]): SourceBlock[] {
  const names = new Set(blocks.flatMap(namesIn))
  return blocks.flatMap(block =>
    names.size > 1 && block.type === 'list' && namesIn(block).length > 0
      ? block.items.flatMap(item => item.blocks)
      : [block],
  )
}

/** The blocks with the lists that their author meant; `inItem`, those of an item, whose lists are parted already. */
export function repairLists(source: readonly SourceBlock[], notices: Notices, inItem = false): SourceBlock[] {
  const blocks = inItem
    ? source
    : withoutNames(source).flatMap(block =>
        block.type === 'list' ? partedList(block, notices) : block.type === 'paragraph' ? markedCriteria(block) : block,
      )
  const repaired: SourceBlock[] = []
  let run: Extract<SourceBlock, { type: 'paragraph' }>[] = []
  const flush = () => {
    const above = repaired.at(-1)
    repaired.push(...(listsIn(run, notices, above?.type === 'heading' ? plainOf(above) : '') ?? run))
    run = []
  }
  for (const block of blocks) {
    if (block.type === 'paragraph') {
      run.push(block)
      continue
    }
    flush()
    if (block.type === 'list') {
      const items = block.items.map(item => ({ ...item, blocks: repairLists(item.blocks, notices, true) }))
      repaired.push({ ...block, items })
    } else if (block.type === 'table') {
      const rows = block.rows.map(row => ({
        ...row,
        cells: row.cells.map(cell => ({ ...cell, blocks: repairLists(cell.blocks, notices) })),
      }))
      repaired.push({ ...block, rows })
    } else repaired.push(block)
  }
  flush()
  return repaired
}
