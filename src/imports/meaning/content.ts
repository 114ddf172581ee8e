/** The blocks of a source section as blocks of the document: paragraphs, notes and lists, split items joined. */
import { withoutMark } from '../../document/form.ts'
import { type Block, type ListItem, limits } from '../../document/schema.ts'
import { type Inline, plainOfInlines, writeText } from '../../document/text.ts'
import { type Notices, refuseLongList } from '../notices.ts'
import { headingNodes, type SourceBlock, type SourceItem, type SourceList, textsIn } from '../source/tree.ts'
import { criteriaIn, hasImportanceColumns } from './criteria.ts'
import { type LevelledSkill, levelledSkills } from './skill-levels.ts'
import type { BodyBlock, Rows } from './steps.ts'
import { cellText, hasHead, isCross, isTick, tickColumns } from './tables.ts'

interface DraftSubItem {
  content: Inline[]
  line: number
}
interface DraftItem extends DraftSubItem {
  items: DraftSubItem[]
  /** It was put together from parts that the source has outside the list. */
  joined: boolean
  /** Of a skill, where a table says it. */
  level?: LevelledSkill['level']
}
export interface DraftList {
  type: 'list'
  ordered: boolean
  optional: boolean
  items: DraftItem[]
  line: number
}
interface DraftText {
  type: 'paragraph' | 'subheading' | 'note'
  content: Inline[]
  line: number
}
export type DraftBlock = DraftList | DraftText

const guidance =
  /\b(?:delete|remove|amend|edit|include) (?:as|if|where) (?:required|appropriate|necessary|applicable|needed)\b|^optional (?:points?|bullets?|items?|text|paragraphs?|content)\b|^(?:guidance|notes?) (?:for|to) (?:the )?(?:author|recruiter|recruiting manager|hiring manager|line manager|vacancy holder)s?\b/i

/** Whether a line tells the author of an advert what to do, and is no text of the role. */
const isGuidance = (text: string) => text.length <= 200 && guidance.test(text)

const space: Inline = { type: 'text', value: ' ' }
const join = (parts: readonly Inline[][]): Inline[] =>
  parts.length === 1 && parts[0] ? parts[0] : parts.flatMap((part, index) => (index > 0 ? [space, ...part] : part))

function subItemsOf(block: SourceBlock, depth: number, notices: Notices): DraftSubItem[] {
  if (block.type === 'paragraph' || block.type === 'heading') {
    return plainOfInlines(block.content) === '' ? [] : [{ content: block.content, line: block.line }]
  }
  if (block.type === 'table') {
    return block.rows.flatMap(row =>
      row.cells.flatMap(cell => cell.blocks.flatMap(inner => subItemsOf(inner, depth, notices))),
    )
  }
  if (depth === 3) {
    const detail = 'Lists have two levels; what is nested deeper became items of the second'
    notices.add('repair', 'list_flattened', block.line, itemText(block.items[0]), detail)
  }
  return block.items.flatMap(item => {
    const [first, ...others] = draftParts(item)
    return [
      ...(first ? [{ content: first, line: item.line }] : []),
      ...others.map(content => ({ content, line: item.line })),
      ...item.blocks.filter(isNested).flatMap(inner => subItemsOf(inner, depth + 1, notices)),
    ]
  })
}

const isNested = (block: SourceBlock) => block.type === 'list' || block.type === 'table'
const itemText = (item: SourceItem | undefined) => plainOfInlines(item ? join(draftParts(item)) : [])

/** The paragraphs of an item before its nested lists are its text. */
const draftParts = (item: SourceItem) =>
  item.blocks
    .flatMap(block => (block.type === 'paragraph' || block.type === 'heading' ? [block.content] : []))
    .filter(content => plainOfInlines(content) !== '')

function itemOf(item: SourceItem, notices: Notices): DraftItem[] {
  const nestedAt = item.blocks.findIndex(isNested)
  const before = nestedAt < 0 ? item.blocks : item.blocks.slice(0, nestedAt)
  const after = nestedAt < 0 ? [] : item.blocks.slice(nestedAt)
  const parts = draftParts({ ...item, blocks: before })
  const items = after.flatMap(block => subItemsOf(block, 2, notices))
  if (parts.length === 0) {
    // A list item that holds nothing but a list: its items move up.
    if (items.length > 0) {
      const detail = 'An item that holds only a list has no text; the items in it moved up'
      notices.add('repair', 'list_flattened', item.line, plainOfInlines(items[0]?.content ?? []), detail)
    }
    return items.map(inner => ({ ...inner, items: [], joined: false }))
  }
  if (parts.length > 1) {
    const detail = 'An item is one paragraph; the paragraphs of this one were joined'
    notices.add('repair', 'paragraphs_joined', item.line, plainOfInlines(join(parts)), detail)
  }
  if (after.some(block => !isNested(block))) {
    const detail = 'A paragraph behind a nested list became an item of it'
    notices.add('repair', 'paragraph_became_item', item.line, itemText(item), detail)
  }
  return [{ content: join(parts), line: item.line, items, joined: false }]
}

const listOf = (block: SourceList, optional: boolean, notices: Notices): DraftList => ({
  type: 'list',
  ordered: block.ordered,
  optional,
  items: block.items.flatMap(item => itemOf(item, notices)),
  line: block.line,
})

/** A table with columns has no block of its own: a row becomes an item, its further cells items under it. */
function listOfRows(block: Rows, notices: Notices): DraftList {
  const text = block.rows.map(row => row.cells.map(cellText).join(' ')).join(' ')
  notices.add(
    'repair',
    'table_flattened',
    block.line,
    text,
    'A table became a list: an item for each row, its further cells under it',
  )
  const [head, ...below] = block.rows
  const ticks = new Set(tickColumns(block.rows))
  const isHeaded = ticks.size > 0 || hasHead(block.rows)
  if (head && isHeaded) {
    const heads = head.cells.map(cellText).join(', ')
    const detail = `The heads of the table (${heads}) are no items of the list that it became; they were left out`
    notices.add('repair', 'table_head_removed', head.line, heads, detail)
    notices.understand(head.line, heads, '', 'head of a table')
  }
  const body = isHeaded ? below : block.rows
  const areCrosses = !body.some(row => row.cells.some((cell, at) => ticks.has(at) && isTick(cellText(cell))))
  const isSet = areCrosses ? isCross : isTick
  // Rows that are numbered are items of a numbered list.
  const numberOf = (row: Rows['rows'][number]) => cellText(row.cells[0])
  const isNumbered =
    body.length > 1 && body.every((row, at) => row.cells.length > 1 && numberOf(row).replace(/\.$/, '') === `${at + 1}`)
  const items = body.flatMap(row => {
    if (isNumbered) notices.understand(row.line, numberOf(row), '', 'mark of a list')
    const cells = row.cells.slice(isNumbered ? 1 : 0).map((cell, index) => {
      const at = isNumbered ? index + 1 : index
      if (!ticks.has(at)) return cell.blocks.flatMap(inner => subItemsOf(inner, 2, notices))
      // What is ticked is what the head of the column says.
      const text = cellText(cell)
      notices.understand(row.line, text, '', 'tick')
      return isSet(text)
        ? [{ content: textsIn(head?.cells[at]?.blocks ?? []).flatMap(line => line.content), line: row.line }]
        : []
    })
    const [first, ...others] = cells.flat()
    return first ? [{ ...first, items: others, joined: false }] : []
  })
  return { type: 'list', ordered: isNumbered, optional: false, items, line: block.line }
}

/** A person specification as a table becomes a list for each importance, under its name. */
function listsOfCriteria(block: Rows, notices: Notices): DraftBlock[] {
  const found = criteriaIn(block.rows, notices)
  const lists = (['essential', 'desirable'] as const).flatMap((importance): DraftBlock[] => {
    const criteria = found[importance]
    const [first] = criteria
    if (!first) return []
    const heading = importance === 'essential' ? 'Essential' : 'Desirable'
    const items = criteria.map(({ content, line }) => ({ content, line, items: [], joined: false }))
    return [
      { type: 'subheading', content: [{ type: 'text', value: heading }], line: first.line },
      { type: 'list', ordered: false, optional: false, items, line: first.line },
    ]
  })
  return [...lists, ...found.rest.map(line => ({ type: 'paragraph' as const, ...line }))]
}

const isOpen = (text: string) => text !== '' && !/[.!?:;]["'”’)]?$/.test(text)
const continuesSentence = (text: string) => /^\p{Ll}/u.test(text)
const isCode = (content: readonly Inline[]) => content.length === 1 && content[0]?.type === 'code'

function listOfSkills(block: Rows, skills: readonly LevelledSkill[], notices: Notices): DraftList {
  const [head] = block.rows
  if (head) notices.understand(head.line, head.cells.map(cellText).join(' '), '/skills', 'head of a table')
  const items = skills.map(skill => ({ ...skill, items: [], joined: false }))
  return { type: 'list', ordered: false, optional: false, items, line: block.line }
}

/**
 * Blocks with split items joined, guidance as notes, and the lists under an "Optional points" line marked. `ofSkills`: of a
 * section on skills. `isOwn`: of a document that the register wrote, which cuts nothing in two and marks its notes, and whose
 * form says what is bold in a subheading.
 */
export function draftBlocks(
  body: readonly BodyBlock[],
  notices: Notices,
  { ofSkills = false, isOwn = false } = {},
): DraftBlock[] {
  const blocks: DraftBlock[] = []
  const fromTables = new Set<DraftBlock>()
  let optional = false
  for (const block of body) {
    const last = blocks.at(-1)
    if (block.type === 'rows' && hasImportanceColumns(block.rows)) {
      blocks.push(...listsOfCriteria(block, notices))
    } else if (block.type === 'rows') {
      const skills = ofSkills ? levelledSkills(block.rows) : undefined
      const list = skills ? listOfSkills(block, skills, notices) : listOfRows(block, notices)
      if (list.items.length === 0) continue
      fromTables.add(list)
      blocks.push(list)
    } else if (block.type === 'list') {
      const list = listOf(block, optional, notices)
      if (list.items.length === 0) continue
      // The list goes on behind an item that was cut in two.
      if (last?.type === 'list' && last.items.at(-1)?.joined && last.ordered === list.ordered)
        last.items.push(...list.items)
      else blocks.push(list)
    } else {
      const text = plainOfInlines(block.content)
      const item = last?.type === 'list' ? last.items.at(-1) : undefined
      const open = item?.items.at(-1) ?? item
      if (
        !isOwn &&
        block.type === 'paragraph' &&
        item &&
        open &&
        // What follows a table, or is a block of code, was never a part of it.
        !fromTables.has(last as DraftBlock) &&
        !isCode(block.content) &&
        continuesSentence(text) &&
        isOpen(plainOfInlines(open.content))
      ) {
        open.content = [...open.content, space, ...block.content]
        item.joined = true
        continue
      }
      optional = false
      if (!isOwn && block.type !== 'note' && isGuidance(text)) {
        optional = /^optional\b/i.test(text)
        blocks.push({ type: 'note', content: block.content, line: block.line })
      } else {
        const content = block.type === 'subheading' && !isOwn ? headingNodes(block.content) : block.content
        blocks.push({ type: block.type, content: [...content], line: block.line })
      }
    }
  }
  for (const item of blocks.flatMap(block => (block.type === 'list' ? block.items : []))) {
    if (!item.joined) continue
    const detail =
      'The item is cut in two in the source: text behind the list goes on in lower case. It was joined to one item'
    notices.add('repair', 'list_item_joined', item.line, plainOfInlines(item.content), detail, item)
  }
  return blocks
}

/** An inline text, with a warning where marks could not be kept and a problem where it is too long. */
export function textOf(content: readonly Inline[], line: number, notices: Notices): string {
  const { text, exact } = writeText(content)
  if (!exact) {
    const detail =
      'Bold or italic that begins or ends within a word cannot be written down; the text is kept without it'
    notices.add('repair', 'formatting_removed', line, plainOfInlines(content), detail)
  }
  if (text.length > limits.text) {
    const found = text.length.toLocaleString('en-GB')
    const detail = `A text has ${found} characters; ${limits.text.toLocaleString('en-GB')} is the limit. Part it into paragraphs`
    notices.refuse('limit_exceeded', detail, line)
  }
  return text
}

/** Where the parts of a document stand in the source, and which part a piece of the source became. */
export interface Provenance {
  lines: Map<object, number>
  parts: Map<object, object>
}

/** A list as a block. `write` gives the text of an item, `unmark` its nodes without the mark of an optional one. */
export function listBlock(
  list: DraftList,
  notices: Notices,
  { lines, parts }: Provenance,
  write = (content: readonly Inline[], line: number) => textOf(content, line, notices),
  unmark = withoutMark,
): Block {
  if (list.items.length > limits.items) {
    refuseLongList(list.items.length, list.line, notices)
    return { type: 'list', ordered: list.ordered, items: [] }
  }
  // Where items say it one by one, a line above them says it of none.
  const isMarked = list.items.some(item => unmark(item.content) !== undefined)
  const items = list.items.map((item): ListItem => {
    if (item.items.length > limits.items) refuseLongList(item.items.length, item.line, notices)
    const inner = item.items.map(sub => {
      const written = { id: '', text: write(sub.content, sub.line) }
      lines.set(written, sub.line)
      return written
    })
    const unmarked = unmark(item.content)
    const level: Inline[] = item.level ? [{ type: 'text', value: ` (${item.level.printed})` }] : []
    const text = write([...(unmarked ?? item.content), ...level], item.line)
    const written = { id: '', text, optional: isMarked ? unmarked !== undefined : list.optional, items: inner }
    if (unmarked) notices.understand(item.line, 'optional', written, 'mark of an optional item')
    lines.set(written, item.line)
    parts.set(item, written)
    parts.set(item.content, written)
    return written
  })
  return { type: 'list', ordered: list.ordered, items }
}
