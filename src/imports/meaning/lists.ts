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
import { importanceOf, knownKind } from '../words/headings.ts'
import { headAt, partedList, warnOfHead, widthOf } from './soft-headings.ts'
import { tickOf } from './tables.ts'
import { tickedIn } from './values.ts'

const bullet = /^\s*[●•▪◦○∙‣⁃■□➢►✓✔\uf0b7]\ufe0f?\s*(?=\S)(?!\ufe0f)/
const dash = /^\s*[-–—*]\s+(?=\S)/
/** Word's own bullets of three levels as plain characters, which stand for other things too: two of them make a list. */
const dot = /^\s*·\s+(?=\S)/
const circle = /^\s*o\s+(?=\S)/
const square = /^\s*§\s+(?=\S)/
const decimal = /^\s*\d{1,2}(?:\.\d{1,2})+\.?\s+(?=\S)/
const ordinal = /^\s*\(?([a-z]|[ivx]{1,4}|\d{1,2})[.)]\s+(?=\S)/i
/** The number of a criterion, `E1.` or `D2:`, which is one below `Essential` or `Desirable` alone: `E1` is a grade too. */
const essential = /^\s*E\d{1,2}[.):]\s+(?=\S)/
const desirable = /^\s*D\d{1,2}[.):]\s+(?=\S)/

const patterns = { bullet, dash, dot, circle, square, decimal, ordinal, essential, desirable }
type Mark = keyof typeof patterns
/** How deep signs stand to one another. */
const ranks: Partial<Record<Mark, number>> = { bullet: 0, dash: 0, dot: 0, circle: 1, square: 2 }
const isCriterion = (mark: Mark | undefined) => mark === 'essential' || mark === 'desirable'
const isNumbered = (mark: Mark | undefined) => mark === 'decimal' || mark === 'ordinal' || isCriterion(mark)

interface Marked extends Line {
  mark: Mark | undefined
  /** What stands before the text: `a.` */
  printed: string
  /** With what stands before it. */
  whole: Inline[]
  /** It is the first line of a paragraph. */
  begins: boolean
  /** As Word saved it. */
  item?: SourceParagraph['item']
}

/** The plain characters that a line begins with, as long as they stand in one node. */
const firstText = (nodes: readonly Inline[]): string => {
  const first = nodes.find(node => plainOfInlines([node]) !== '')
  if (!first || first.type === 'link' || first.type === 'code') return ''
  return first.type === 'text' ? first.value : firstText(first.children)
}

function withoutStart(nodes: readonly Inline[], pattern: RegExp): Inline[] {
  const at = nodes.findIndex(node => plainOfInlines([node]) !== '')
  return nodes.map((node, index) => {
    if (index !== at || node.type === 'link' || node.type === 'code') return node
    return node.type === 'text'
      ? { ...node, value: node.value.replace(pattern, '') }
      : { ...node, children: withoutStart(node.children, pattern) }
  })
}

const plainLine = ({ content, line }: Line, index: number): Marked => ({
  content,
  line,
  mark: undefined,
  printed: '',
  whole: content,
  begins: index === 0,
})

function markOf({ content, line }: Line, index: number): Marked {
  const text = firstText(content)
  const mark = (Object.keys(patterns) as Mark[]).find(candidate => patterns[candidate].test(text))
  const plain = plainLine({ content, line }, index)
  if (!mark) return plain
  const rest = withoutStart(content, patterns[mark])
  if (plainOfInlines(rest) === '') return plain
  if (isNumbered(mark) && (isBold(content) || knownKind(plainOfInlines(rest)))) return plain
  // `✓ Full time 🞎 Part time` is a row of boxes.
  const boxes = mark === 'bullet' ? tickedIn(plainOfInlines(content)) : undefined
  if (boxes && boxes.rest.length > boxes.ticked.length) return plain
  // So is `✓ (A/I)`, in a table of criteria, a tick.
  if (/^\s*[✓✔]/.test(text) && tickOf(plainOfInlines(content)).how !== '') return plain
  return { ...plain, content: rest, mark, printed: (patterns[mark].exec(text)?.[0] ?? '').trim() }
}

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

/** How deep lines numbered `1.1`, `1.1.1`, `1.2` stand; undefined where they do not begin at 1 and follow one another. */
function decimalDepths(run: readonly Marked[]): number[] | undefined {
  let before: number[] = []
  let base = 0
  const depths: number[] = []
  for (const { printed } of run) {
    const parts = printed.replace(/\.$/, '').split('.').map(Number)
    base ||= parts.length
    const expected = parts.length > before.length ? [...before, 1] : before.slice(0, parts.length)
    if (parts.length <= before.length) expected[parts.length - 1] = (expected[parts.length - 1] ?? 0) + 1
    const goesOn = before.length === 0 ? parts.at(-1) === 1 : parts.join('.') === expected.join('.')
    if (!goesOn || parts.length < base) return undefined
    before = parts
    depths.push(parts.length - base)
  }
  return depths
}

/** How deep each line of a run stands where it is a numbered list: where letters and numbers follow one another. */
const numberedDepths = (run: readonly Marked[]) =>
  run.length < 2 ? undefined : run[0]?.mark === 'decimal' ? decimalDepths(run) : depthsOf(run)

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
    // Under `Desirable` stands a list, be it of one.
    const isHeaded = mark === 'dash' && importanceOf(plainOfInlines(runs[at - 1]?.at(-1)?.whole ?? [])) !== undefined
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
  /** Levels of Word's own lists that are open. */
  let open: number[] = []
  return new Map(
    runs.flatMap((run, index) => {
      const depths = isNumbered(run[0]?.mark) ? numberedDepths(run) : undefined
      return run.flatMap((line, at) => {
        const level = line.item?.level
        open = level === undefined ? (line.begins ? [] : open) : [...open.filter(other => other < level), level]
        if (level !== undefined) return [[line, open.length - 1] as const]
        if (isCriterion(line.mark)) return criteria.has(line) ? [[line, 0] as const] : []
        const depth = depths?.[at] ?? signs[index] ?? (line.item && line.mark ? 0 : undefined)
        return depth === undefined ? [] : [[line, depth] as const]
      })
    }),
  )
}

/** The lines of a paragraph, each with its mark; an item that Word numbered is one line. */
function markedLines(paragraph: SourceParagraph): Marked[] {
  const { item, content, line } = paragraph
  if (item?.level === undefined)
    return sourceLines(paragraph).map((part, index) => ({ ...markOf(part, index), ...(item ? { item } : {}) }))
  // Its mark was taken from it where it said which that was.
  return [{ ...(item.ordered === undefined ? markOf({ content, line }, 0) : plainLine({ content, line }, 0)), item }]
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

/** The text of `1. Purpose` where it is all that a numbered list has, and the name of a section. */
const nameIn = (block: SourceBlock): SourceParagraph | undefined => {
  const [first] =
    block.type === 'list' && block.ordered && block.items.length === 1 ? (block.items[0]?.blocks ?? []) : []
  return first?.type === 'paragraph' && knownKind(plainOf(first)) ? first : undefined
}

/** Plain text numbers its headings, and each is a list to Markdown; one alone may be an item. */
function withoutNames(blocks: readonly SourceBlock[]): SourceBlock[] {
  const names = new Set(blocks.flatMap(block => nameIn(block) ?? []).map(plainOf))
  return blocks.flatMap(block => {
    const name = names.size > 1 ? nameIn(block) : undefined
    return name && block.type === 'list' ? block.items.flatMap(item => item.blocks) : [block]
  })
}

/** The blocks with the lists that their author meant; `inItem`, those of an item, whose lists are parted already. */
export function repairLists(source: readonly SourceBlock[], notices: Notices, inItem = false): SourceBlock[] {
  const blocks = inItem
    ? source
    : withoutNames(source).flatMap(block => (block.type === 'list' ? partedList(block, notices) : block))
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
