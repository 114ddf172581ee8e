/** Criteria in groups of which each has its essential and desirable ones: `Qualifications`, `Experience`, as NHS trusts have them. */
import { type Inline, plainOfInlines } from '../../document/text.ts'
import type { Notices } from '../notices.ts'
import type { SourceItem } from '../source/tree.ts'
import { importanceOf } from '../words/headings.ts'
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
const saysImportance = (block: BodyBlock | undefined): block is Head =>
  isHead(block) && importanceOf(plainOfInlines(block.content)) !== undefined
/** Whether a heading may go before each criterion: behaviours are read where they stand, and the address of a link would be lost. */
const namesCriteria = (heading: Head) => {
  const text = plainOfInlines(heading.content)
  const isLinked = heading.content.some(({ type }) => type === 'link')
  return !isLinked && !saysImportance(heading) && !isBehaviour(text) && !isOfBehaviours(text)
}
/** Whether each item is one text: one with a list of its own is no criterion. */
const isPlain = (list: BodyBlock | undefined): list is List =>
  list?.type === 'list' && list.items.every(({ blocks }) => blocks.length === 1 && blocks[0]?.type === 'paragraph')

/** The groups that follow each other from a block on, and how many blocks these are. */
function partsFrom(body: readonly BodyBlock[], start: number): { parts: Part[]; count: number } {
  const parts: Part[] = []
  let at = start
  for (;;) {
    const group = body[at]
    if (group?.type !== 'subheading' || !namesCriteria(group)) break
    const before = at
    at += 1
    for (let head = body[at], list = body[at + 1]; saysImportance(head) && isPlain(list); ) {
      parts.push({ group, head, list })
      at += 2
      head = body[at]
      list = body[at + 1]
    }
    // A group without any is none.
    if (at === before + 1) {
      at = before
      break
    }
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

/**
 * The blocks with all essential criteria in one list and all desirable ones in another, where two groups or more have their
 * own: a role has one list of each. What the group is on goes before each of them, as it does where they are a table.
 */
export function withGroupsJoined(body: readonly BodyBlock[], notices: Notices): readonly BodyBlock[] {
  const start = body.findIndex((_, at) => partsFrom(body, at).count > 0)
  const { parts, count } = start < 0 ? { parts: [], count: 0 } : partsFrom(body, start)
  const groups = new Set(parts.map(({ group }) => group))
  const [first] = parts
  if (!first || groups.size < 2) return body
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
