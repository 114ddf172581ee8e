/** Criteria in groups (`Qualifications`, `Experience`) of which each has its essential and desirable ones, or stands below one of these. */
import { type Inline, plainOfInlines } from '../../document/text.ts'
import type { Notices } from '../notices.ts'
import type { SourceItem } from '../source/tree.ts'
import { importanceOf, looksLikeHeading } from '../words/headings.ts'
import { isBehaviour, isOfBehaviours } from './behaviours.ts'
import type { BodyBlock } from './steps.ts'

type Head = Extract<BodyBlock, { type: 'paragraph' | 'subheading' }>
type List = Extract<BodyBlock, { type: 'list' }>

interface Part {
  /** The heading of its group. */
  group: Head
  /** The line that says how much its items matter. */
  head: Head
  list: List
}

const isHead = (block: BodyBlock | undefined): block is Head =>
  block?.type === 'subheading' || block?.type === 'paragraph'
const saysImportance = (block: BodyBlock | undefined): boolean =>
  isHead(block) && importanceOf(plainOfInlines(block.content)) !== undefined
/** Whether a heading may go before each criterion: behaviours are read where they stand, and the address of a link would be lost. */
const namesCriteria = (heading: Head) => {
  const text = plainOfInlines(heading.content)
  const isShort = heading.type === 'subheading' || looksLikeHeading(text)
  const isLinked = heading.content.some(({ type }) => type === 'link')
  return isShort && !isLinked && !saysImportance(heading) && !isBehaviour(text) && !isOfBehaviours(text)
}
/** Whether each item is one text: one with a list of its own is no criterion. */
const isPlain = (list: BodyBlock | undefined): list is List =>
  list?.type === 'list' && list.items.every(({ blocks }) => blocks.length === 1 && blocks[0]?.type === 'paragraph')

/** The groups that follow each other from a block on, and how many blocks these are: each above what says how much matters, or below it. */
function partsFrom(body: readonly BodyBlock[], start: number): { parts: Part[]; count: number } {
  const parts: Part[] = []
  let at = start
  let [outer, inner]: (Head | undefined)[] = []
  for (;;) {
    const [first, second, third] = body.slice(at, at + 3)
    // One heading alone stands below the outer one of those before.
    const isFurther = outer !== undefined && isHead(first) && saysImportance(first) === saysImportance(inner)
    const list = isHead(second) ? third : isFurther ? second : undefined
    if (!isHead(first) || !isPlain(list)) break
    ;[outer, inner] = isHead(second) ? [first, second] : [outer, first]
    const [group, head] = saysImportance(outer) ? [inner, outer] : [outer, inner]
    if (!group || !head || !namesCriteria(group) || !saysImportance(head)) break
    parts.push({ group, head, list })
    at += isHead(second) ? 3 : 2
  }
  return { parts, count: at - start }
}

const under = ({ group }: Part, { blocks, line }: SourceItem): SourceItem => ({
  line,
  blocks: blocks.map(block => {
    if (block.type !== 'paragraph') return block
    const before: Inline = { type: 'text', value: `${plainOfInlines(group.content).replace(/:$/, '')}: ` }
    return { ...block, content: [before, ...block.content] }
  }),
})

/** Whether the last line that says how much criteria matter has none of its own: groups stand below it. */
export function opensGroups(body: readonly BodyBlock[]): boolean {
  const at = body.findLastIndex(saysImportance)
  return at >= 0 && body[at + 1]?.type !== 'list'
}

/**
 * The blocks with all essential criteria in one list and all desirable ones in another, where two groups or more have their
 * own: a role has one list of each. What the group is on goes before each of them, as it does where they are a table.
 */
export function withGroupsJoined(body: readonly BodyBlock[], notices: Notices): readonly BodyBlock[] {
  const start = body.findIndex((_, at) => partsFrom(body, at).count > 0)
  const { parts, count } = start < 0 ? { parts: [], count: 0 } : partsFrom(body, start)
  const [first] = parts
  const groupsOf = (importance: string) =>
    new Set(
      parts.flatMap(({ group, head }) => (importanceOf(plainOfInlines(head.content)) === importance ? group : [])),
    )
  if (!first || !['essential', 'desirable'].some(importance => groupsOf(importance).size > 1)) return body
  const detail =
    'The criteria of several headings were put into one list of each importance, each criterion behind the heading that it stood under'
  notices.add('repair', 'criteria_parted', first.group.line, plainOfInlines(first.group.content), detail)
  const lists = (['essential', 'desirable'] as const).flatMap((importance): BodyBlock[] => {
    const own = parts.filter(({ head }) => importanceOf(plainOfInlines(head.content)) === importance)
    const [part, ...others] = own
    if (!part) return []
    for (const { head } of others)
      notices.understand(head.line, plainOfInlines(head.content), '/skills', 'importance of criteria')
    return [part.head, { ...part.list, items: own.flatMap(each => each.list.items.map(item => under(each, item))) }]
  })
  return [...body.slice(0, start), ...lists, ...body.slice(start + count)]
}
