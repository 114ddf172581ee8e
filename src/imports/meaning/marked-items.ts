/** Lists whose items say by themselves how much they matter: `Knows SQL (E)`, `[D] Knows Go`, `Excel – desirable`. */
import { charactersOf, type Inline, plainOfInlines } from '../../document/text.ts'
import type { Notices } from '../notices.ts'
import { plainOfBlocks, type SourceItem, sourceLines } from '../source/tree.ts'
import { importanceOf } from '../words/headings.ts'
import type { BodyBlock } from './steps.ts'
import { assessments } from './tables.ts'

type Importance = 'essential' | 'desirable'
type List = Extract<BodyBlock, { type: 'list' }>

const word = 'essential|desirable|hanfodol|dymunol'
const sign = `(?<sign>e|d|ess|des|${word})`
/** How it is assessed: `A/I`. */
const how = `(?<how>${assessments})`
const apart = `(?: ?[([{] ?${how} ?[)\\]}])?`
/** At the end in brackets, or behind a dash, a word behind a colon too; `(E, A/I)`, `(E) (A/I)` and `– E (A)` say how it is assessed. */
const ends = [
  `\\s?[([{] ?${sign}(?: ?[,;:/–—-] ?${how})? ?[)\\]}]`,
  `\\s?[([{] ?${sign} ?[)\\]}] ?[([{] ?${how} ?[)\\]}]`,
  `\\s[-–—] ?${sign}${apart}`,
  `: ?(?<sign>${word})${apart}`,
].map(pattern => new RegExp(`${pattern}[.;,]?\\s*$`, 'i'))
/** At the beginning in brackets, or before a dash or colon. */
const starts = [`[([{] ?${sign}(?: ?[,;:/–—-] ?${how})? ?[)\\]}]\\s*[-–—:]?`, `${sign}\\s?(?:[-–—:]|\\s[-–—])`].map(
  pattern => new RegExp(`^\\s*${pattern}\\s+(?=\\S)`, 'i'),
)
const firstOf = (patterns: readonly RegExp[], text: string) =>
  patterns.reduce<RegExpExecArray | null>((found, pattern) => found ?? pattern.exec(text), null)

interface Criterion {
  item: SourceItem
  content: Inline[]
  importance: Importance
  /** As it is printed. */
  mark: string
  /** A letter alone may stand for other things, one without brackets for more. */
  by: 'word' | 'letter' | 'bare letter'
}

/** The nodes without so many plain characters at one end. */
function without(nodes: readonly Inline[], count: number, end: 'first' | 'last'): Inline[] {
  const order = end === 'first' ? [...nodes] : [...nodes].reverse()
  let left = count
  const cut = order.flatMap((node): Inline[] => {
    if (left === 0) return [node]
    if ('children' in node) {
      const { length } = charactersOf([node])
      const children = without(node.children, left, end)
      left = Math.max(0, left - length)
      return charactersOf(children) === '' ? [] : [{ ...node, children }]
    }
    const taken = Math.min(left, node.value.length)
    left -= taken
    const value = end === 'first' ? node.value.slice(taken) : node.value.slice(0, node.value.length - taken)
    return value === '' ? [] : [{ ...node, value }]
  })
  return end === 'first' ? cut : cut.reverse()
}

/** No item with a mark is as long. */
const textMax = 2000

function criterionOf(item: SourceItem): Criterion | undefined {
  const [only, ...others] = item.blocks
  if (only?.type !== 'paragraph' || others.length > 0) return undefined
  const text = charactersOf(only.content)
  if (text.length > textMax) return undefined
  const end = firstOf(ends, text.slice(-60))
  const found = end ?? firstOf(starts, text.slice(0, 60))
  const { sign: mark, how } = found?.groups ?? {}
  if (!found || mark === undefined) return undefined
  const content = without(only.content, found[0].length, end ? 'last' : 'first')
  // `Essential: a degree. Desirable: two` says both.
  if (plainOfInlines(content) === '' || /\b(?:essential|desirable) ?[:)\]]/i.test(plainOfInlines(content)))
    return undefined
  return {
    item,
    content: how === undefined ? content : [...content, { type: 'text', value: ` (${how})` }],
    importance: /^(?:e|h)/i.test(mark) ? 'essential' : 'desirable',
    mark,
    by: mark.length > 1 ? 'word' : /[([{]/.test(found[0]) ? 'letter' : 'bare letter',
  }
}

/**
 * The criteria of a list by their marks. A word counts by itself, a letter in brackets where most items have a mark and two
 * do at least, one without where all have.
 */
function criteriaOf(list: List): { found: Criterion[]; rest: SourceItem[] } | undefined {
  const read = list.items.map(criterionOf)
  const all = read.flatMap(criterion => criterion ?? [])
  const isWhole = all.length === list.items.length && all.length > 1
  const sure = all.filter(({ by }) => by !== 'bare letter')
  const areMost = sure.length * 2 > list.items.length && sure.length > 1
  const found = isWhole ? all : areMost ? sure : all.filter(({ by }) => by === 'word')
  if (found.length === 0) return undefined
  const taken = new Set(found.map(({ item }) => item))
  return { found, rest: list.items.filter(item => !taken.has(item)) }
}

/** Whether each item says by a word how much it matters. */
export const areMarked = (list: List) => list.items.every(item => criterionOf(item)?.by === 'word')

/** Says of marks of a list that were not read where they stand, because few items have one; `(d)` numbers an item. */
function warnOfMarks(list: List, notices: Notices) {
  const marked = list.items.flatMap(item => criterionOf(item) ?? []).filter(({ mark }) => !/^[ed]$/.test(mark))
  for (const { item, mark } of marked) {
    const detail = `The mark “${mark}” may say how much the item matters; too few items beside it have one, so it was kept in the text`
    notices.add('advice', 'criterion_mark_not_read', item.line, plainOfBlocks(item.blocks), detail)
  }
}

/** Says which items of a list do not say how much they matter, where others do. */
function warnOfRest(rest: readonly SourceItem[], notices: Notices) {
  const [first] = rest
  if (!first) return
  const count = rest.length === 1 ? 'this one does' : `${rest.length} items, of which this is the first, do`
  const detail = `Other items of the list say that they are essential or desirable and ${count} not; kept before them, without importance`
  notices.add('repair', 'criterion_not_read', first.line, plainOfBlocks(first.blocks), detail)
}

/** A list for each importance, under its name. */
function listsOf(found: readonly (Criterion & { group?: string })[], notices: Notices): BodyBlock[] {
  return (['essential', 'desirable'] as const).flatMap((importance): BodyBlock[] => {
    const own = found.filter(criterion => criterion.importance === importance)
    const [first] = own
    if (!first) return []
    const heading = importance === 'essential' ? 'Essential' : 'Desirable'
    const items = own.map(({ item, content, mark, group }) => {
      notices.understand(item.line, mark, '/skills', 'mark of a criterion')
      const before: Inline[] = group ? [{ type: 'text', value: `${group}: ` }] : []
      return {
        blocks: [{ type: 'paragraph' as const, content: [...before, ...content], line: item.line }],
        line: item.line,
      }
    })
    const line = first.item.line
    return [
      { type: 'subheading', content: [{ type: 'text', value: heading }], line },
      { type: 'list', ordered: false, items, line },
    ]
  })
}

/** Lines of text side by side that each say how much they matter are a list, though none has a bullet. */
function withMarkedLines(body: readonly BodyBlock[], notices: Notices): BodyBlock[] {
  const blocks: BodyBlock[] = []
  let run: BodyBlock[] = []
  let items: SourceItem[] = []
  const flush = () => {
    const [first] = items
    if (first && items.length > 1) {
      const detail = 'Lines that each say how much they matter were read as a list'
      notices.add('repair', 'list_recognised', first.line, plainOfBlocks(first.blocks), detail)
      blocks.push({ type: 'list', ordered: false, items, line: first.line })
    } else blocks.push(...run)
    run = []
    items = []
  }
  for (const block of body) {
    const lines = block.type === 'paragraph' ? sourceLines(block) : []
    const own = lines.map(line => ({ blocks: [{ type: 'paragraph' as const, ...line }], line: line.line }))
    const isMarked = own.length > 0 && own.every(item => criterionOf(item))
    if (!isMarked) {
      flush()
      blocks.push(block)
      continue
    }
    run.push(block)
    items.push(...own)
  }
  flush()
  return blocks
}

/**
 * The blocks of a section on the person or on skills, with its criteria parted by their marks. Lists that follow each other
 * under subheadings are one, as the groups of a table of criteria are: the subheading goes before each.
 */
export function withMarkedItems(source: readonly BodyBlock[], notices: Notices): readonly BodyBlock[] {
  const isParted = source.some(
    block => (block.type === 'subheading' || block.type === 'paragraph') && importanceOf(plainOfInlines(block.content)),
  )
  if (isParted) return source
  const body = withMarkedLines(source, notices)
  const first = body.find(block => block.type === 'list' && criteriaOf(block))
  if (first?.type !== 'list') {
    for (const block of body) if (block.type === 'list') warnOfMarks(block, notices)
    return body
  }
  const detail =
    'Items that say by themselves that they are essential or desirable were put into a list of each, without these marks'
  notices.add(
    'repair',
    'criteria_parted',
    first.line,
    plainOfInlines(criteriaOf(first)?.found[0]?.content ?? []),
    detail,
  )
  const blocks: BodyBlock[] = []
  for (let at = 0; at < body.length; at += 1) {
    const groups: { heading: string; found: Criterion[] }[] = []
    let end = at
    for (; ; end += 2) {
      const [heading, list] = [body[end], body[end + 1]]
      if (heading?.type !== 'subheading' || list?.type !== 'list') break
      const text = plainOfInlines(heading.content)
      const criteria = importanceOf(text) ? undefined : criteriaOf(list)
      if (!criteria || criteria.rest.length > 0) break
      groups.push({ heading: text.replace(/:$/, ''), found: criteria.found })
    }
    if (groups.length > 1) {
      blocks.push(
        ...listsOf(
          groups.flatMap(({ heading, found }) => found.map(criterion => ({ ...criterion, group: heading }))),
          notices,
        ),
      )
      at = end - 1
      continue
    }
    const block = body[at] as BodyBlock
    const criteria = block.type === 'list' ? criteriaOf(block) : undefined
    if (block.type !== 'list' || !criteria) {
      if (block.type === 'list') warnOfMarks(block, notices)
      blocks.push(block)
      continue
    }
    if (criteria.rest.length > 0) blocks.push({ ...block, items: criteria.rest })
    warnOfRest(criteria.rest, notices)
    blocks.push(...listsOf(criteria.found, notices))
  }
  return blocks
}
