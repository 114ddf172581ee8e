/**
 * A section of the register's that a person edited: each of its blocks is what the form says of the one in its place, and
 * what the form has not is what it looks like.
 */
import {
  type FormBlock,
  type FormSection,
  type FormSkill,
  isPrinted,
  lookOf,
  lookOfPrinted,
  withoutTypedMark,
} from '../../document/form.ts'
import { type Block, limits } from '../../document/schema.ts'
import { type Inline, plainOfInlines, plainText } from '../../document/text.ts'
import type { Notices } from '../notices.ts'
import { headingNodes } from '../source/tree.ts'
import { importanceBefore, importanceOf } from '../words/headings.ts'
import { type DraftBlock, type DraftList, listBlock, type Provenance, textOf } from './content.ts'
import type { Importance, ReadLine } from './fit.ts'
import type { BodyBlock } from './steps.ts'

/** Whose first list may be skills, or behaviours. */
const ofSkills = new Set<FormSection['kind']>(['skills_experience', 'person_specification', 'capabilities'])

const isListLike = ({ type }: FormBlock) => type === 'list' || type === 'skills'

/** Whether the form says enough of a section to read it by: not of mappings and details, and of no first list of skills. */
export const mayRefit = ({ kind, blocks, added }: FormSection, body: readonly BodyBlock[]) =>
  added !== true &&
  body.length <= limits.blocks &&
  kind !== 'skills_framework' &&
  kind !== 'appendix' &&
  blocks.every(({ type }) => type !== 'sfia_mappings' && type !== 'advert_details') &&
  (!ofSkills.has(kind) || blocks.some(isListLike) || body.every(({ type }) => type !== 'list' && type !== 'rows'))

/** A line or list that the form has: `label`, the line that it says over a list of skills. */
interface Entry {
  form: FormBlock
  label?: string
}

/** The pairs of two rows, in their order, whose weights are the most together; those with none are no pairs. */
function align<A extends object, B>(
  rows: readonly A[],
  others: readonly B[],
  weigh: (one: A, other: B) => number,
): Map<A, B> {
  const weights = rows.map(row => others.map(other => weigh(row, other)))
  const best = Array.from({ length: rows.length + 1 }, () => new Array<number>(others.length + 1).fill(0))
  const at = (row: number, other: number) => best[row]?.[other] ?? 0
  const paired = (row: number, other: number) => {
    const weight = weights[row]?.[other] ?? 0
    return weight > 0 ? weight + at(row + 1, other + 1) : 0
  }
  for (let row = rows.length - 1; row >= 0; row -= 1)
    for (let other = others.length - 1; other >= 0; other -= 1)
      (best[row] as number[])[other] = Math.max(paired(row, other), at(row + 1, other), at(row, other + 1))
  const pairs = new Map<A, B>()
  for (let row = 0, other = 0; row < rows.length && other < others.length; ) {
    if (paired(row, other) === at(row, other) && at(row, other) > 0) pairs.set(rows[row++] as A, others[other++] as B)
    else if (at(row + 1, other) === at(row, other)) row += 1
    else other += 1
  }
  return pairs
}

/** What a block is that prints nothing. */
function hiddenBlock({ type, text = '', importance = null, ordered = false, items = [] }: FormBlock): Block {
  if (type === 'skills') return { type, importance }
  if (type !== 'list') return { type, text } as Block
  const own = items.map(({ text = '', optional = false, items: subs = [] }) => {
    return { id: '', text, optional, items: subs.map(sub => ({ id: '', text: sub.text ?? '' })) }
  })
  return { type, ordered, items: own }
}

const textsIn = ({ text, items = [] }: FormBlock): string[] =>
  [text, ...items.flatMap(item => [item.text, ...(item.items ?? []).map(sub => sub.text)])].flatMap(own => own ?? [])

interface Place {
  heading: string
  form: FormSection
  /** All skills of the form, and the importances whose skills stand in other sections. */
  skills: readonly FormSkill[]
  printed: ReadonlySet<Importance>
}

/** Reads the drafts of one section. */
export class Refitter {
  readonly blocks: Block[] = []
  /** As the fitter has them. */
  readonly statements = new Map<Importance, ReadLine[]>()
  readonly #place: Place
  readonly #notices: Notices
  readonly #provenance: Provenance
  readonly #entries: readonly Entry[]
  /** The skills that a list of an importance prints, each with its text where the form has it. */
  readonly #skills = new Map<Importance, (string | undefined)[]>()
  /** The form's spelling of texts that reading gives otherwise, by what is seen of them. */
  readonly #spellings: ReadonlyMap<string, string>
  /** The last text above, be it the heading. */
  #above: string
  /** The list of skills above, with no more than paragraphs behind it, and the skills that it had. */
  #open: { lines: ReadLine[]; before: readonly (string | undefined)[] } | undefined

  constructor(place: Place, notices: Notices, provenance: Provenance) {
    this.#place = place
    this.#notices = notices
    this.#provenance = provenance
    this.#above = place.heading
    const { blocks } = place.form
    this.#entries = blocks.flatMap((form): Entry[] =>
      form.label === undefined ? [{ form }] : [{ form, label: form.label }, { form }],
    )
    for (const { statement, importance = null } of place.skills) {
      if (!isPrinted(statement)) continue
      const own = this.#skills.get(importance) ?? []
      this.#skills.set(importance, [...own, statement && plainText(statement)])
    }
    const printed = blocks.flatMap(textsIn).filter(isPrinted)
    this.#spellings = new Map(printed.map(text => [lookOfPrinted(text), text]))
  }

  read(source: readonly DraftBlock[]) {
    const pairs = align(source, this.#entries, this.#weights(source))
    const drafts = this.#withListsJoined(source, pairs)
    let next = 0
    /** What prints nothing is not gone. */
    const keepHidden = (end: number) => {
      for (const { form, label } of this.#entries.slice(next, end))
        if (label === undefined && this.#isHidden(form)) this.blocks.push(hiddenBlock(form))
      next = end + 1
    }
    for (const draft of drafts) {
      const entry = pairs.get(draft)
      if (entry) keepHidden(this.#entries.indexOf(entry))
      if (draft.type !== 'list') this.#text(draft, entry)
      else if (!this.#takeSkills(draft, entry?.form)) this.#list(draft)
    }
    keepHidden(this.#entries.length)
  }

  /** A list that the form has not, beside one that it has, is more of that: nobody sees where one ends. */
  #withListsJoined(drafts: readonly DraftBlock[], pairs: Map<DraftBlock, Entry>): DraftBlock[] {
    const joined: DraftBlock[] = []
    for (const draft of drafts) {
      const last = joined.at(-1)
      const isMore =
        draft.type === 'list' &&
        last?.type === 'list' &&
        draft.ordered === last.ordered &&
        pairs.has(draft) !== pairs.has(last)
      if (!isMore) {
        joined.push(draft)
        continue
      }
      const text = plainOfInlines(draft.items[0]?.content ?? [])
      const detail =
        'Two lists stood side by side where there was one; they became one. Put a line between them if they are two'
      this.#notices.add('repair', 'lists_joined', draft.line, text, detail)
      const whole = { ...last, items: [...last.items, ...draft.items] }
      const entry = pairs.get(last) ?? pairs.get(draft)
      if (entry) pairs.set(whole, entry)
      joined[joined.length - 1] = whole
    }
    return joined
  }

  #skillsOf = ({ importance = null }: FormBlock) => this.#skills.get(importance) ?? []

  #isHidden(form: FormBlock): boolean {
    if (form.type === 'skills') return this.#skillsOf(form).length === 0
    const items = (form.items ?? []).flatMap(item => [item, ...(item.items ?? [])])
    return form.type === 'list' ? !items.some(({ text }) => isPrinted(text)) : !isPrinted(form.text)
  }

  /** How alike a block is to what the form has: 0 where it is no such block. */
  #weights(drafts: readonly DraftBlock[]) {
    const textsOf = ({ items }: DraftList) => new Set(items.map(({ content }) => plainOfInlines(content)))
    const texts = new Map(drafts.map(draft => [draft, draft.type === 'list' ? textsOf(draft) : new Set<string>()]))
    return (draft: DraftBlock, { form, label }: Entry): number => {
      if (draft.type === 'list') {
        if (label !== undefined || !isListLike(form)) return 0
        if (form.type === 'list') return form.items?.length === draft.items.length ? 3 : 2
        const skills = this.#skillsOf(form)
        if (skills.some(text => text !== undefined && texts.get(draft)?.has(text))) return 4
        return skills.length === draft.items.length ? 3 : 2
      }
      const isSubheading = draft.type === 'subheading'
      if (label !== undefined) return plainOfInlines(draft.content) === label ? 4 : isSubheading ? 2 : 0
      if (isListLike(form) || (form.type === 'subheading') !== isSubheading || this.#isHidden(form)) return 0
      return form.type === draft.type ? 3 : 2
    }
  }

  #write = (content: readonly Inline[], line: number, own = content) =>
    this.#spellings.get(lookOf(content)) ?? textOf(own, line, this.#notices)

  #text(draft: Exclude<DraftBlock, DraftList>, entry: Entry | undefined) {
    const text = plainOfInlines(draft.content)
    if (draft.type !== 'note') this.#above = text
    if (draft.type === 'subheading') this.#open = undefined
    if (entry?.label === text) {
      this.#notices.understand(draft.line, text, '/skills', 'importance of skills')
      return
    }
    const own = draft.type === 'subheading' ? headingNodes(draft.content) : draft.content
    const block: Block = { type: draft.type, text: this.#write(draft.content, draft.line, own) }
    this.#provenance.lines.set(block, draft.line)
    this.blocks.push(block)
  }

  #list(draft: DraftList) {
    this.#open = undefined
    const unmark = (content: readonly Inline[]) =>
      this.#spellings.has(lookOf(content)) ? undefined : withoutTypedMark(content)
    const block = listBlock(draft, this.#notices, this.#provenance, this.#write, unmark)
    this.#provenance.lines.set(block, draft.line)
    this.blocks.push(block)
  }

  /** Whether a list is of skills: as the form says, or by words above it where the section has skills. */
  #takeSkills(list: DraftList, own: FormBlock | undefined): boolean {
    const text = plainOfInlines(list.items[0]?.content ?? [])
    if (own === undefined && this.#open && this.#isRest(list)) {
      const detail = 'A list of skills is one; what stood behind a paragraph in it was put with the others, above it'
      this.#notices.add('repair', 'skills_joined', list.line, text, detail)
      this.#open.lines.push(...this.#statementsOf(list))
      return true
    }
    const said = importanceOf(this.#above) ?? importanceBefore(this.#above)
    const hasSkills = this.#place.form.blocks.some(({ type }) => type === 'skills')
    const isNew = own === undefined && hasSkills
    if (own?.type !== 'skills' && !isNew) return false
    const importance = said ?? own?.importance ?? null
    const isUnsaid = isNew && said === undefined
    if (isUnsaid || this.statements.has(importance) || this.#place.printed.has(importance)) {
      const detail =
        'The role’s skills come from the other lists of skills; this one stayed a list of its section. Put an item there to have it found as a skill'
      this.#notices.add('advice', 'skills_kept_as_list', list.line, text, detail)
      return false
    }
    const lines = this.#statementsOf(list)
    this.statements.set(importance, lines)
    this.blocks.push({ type: 'skills', importance })
    this.#open = { lines, before: own ? this.#skillsOf(own) : [] }
    return true
  }

  /** Whether a list is what a paragraph has cut off the list of skills above. */
  #isRest({ items }: DraftList): boolean {
    const { lines, before } = this.#open ?? { lines: [], before: [] }
    const texts = new Set(items.map(({ content }) => plainOfInlines(content)))
    return lines.length < before.length && before.some(text => text === undefined || texts.has(text))
  }

  /** The lines of a list of skills: a skill has nothing under it. */
  #statementsOf = (list: DraftList): ReadLine[] =>
    list.items.flatMap(({ items: [first, ...others], ...item }) => {
      const line = { type: 'item' as const, depth: 1, ordered: list.ordered }
      if (!first) return [{ ...line, content: item.content, line: item.line }]
      const detail = 'A skill has nothing under it; what stood under this one became skills of their own'
      this.#notices.add('repair', 'list_flattened', first.line, plainOfInlines(first.content), detail)
      return [item, first, ...others].map(({ content, line: at }) => ({ ...line, content, line: at }))
    })
}
