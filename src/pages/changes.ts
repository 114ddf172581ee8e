/**
 * Changes as people read them: a sentence for each, and beneath it the words that went and came. A change tells its place
 * by a pointer; what stands there is found by making the changes, one after the other, in the earlier document.
 */
import {
  behaviours,
  type Code,
  contractTypes,
  families,
  importances,
  labelOf,
  professions,
  roleTypes,
  salaryPeriods,
  sectionKinds,
  skillLevels,
  workingPatterns,
} from '../document/code-lists.ts'
import { type Change, WordMarker } from '../document/diff.ts'
import { gradeName, salaryName } from '../document/print.ts'
import type { Block, Grade, ListItem, Location, PublishedRole, RoleDocument, Salary } from '../document/schema.ts'
import { type Link, linksOfInlines, parseText, plainOfInlines } from '../document/text.ts'

type Mark = 'same' | 'added' | 'removed'

interface Part {
  mark: Mark
  text: string
  /** Whether the text has the marks of inline CommonMark, which are shown as what they mean. */
  inline?: boolean
}

interface Line {
  parts: Part[]
  /** Whether it is a point of a list. */
  point?: boolean
}

export interface ReadableChange {
  title: string
  lines: Line[]
}

type Skill = RoleDocument['skills'][number] & Partial<PublishedRole['skills'][number]>
type Mapping = RoleDocument['sfia_mappings'][number] & Partial<PublishedRole['sfia_mappings'][number]>
type Section = RoleDocument['sections'][number]

const tokensOf = (pointer: string) =>
  pointer
    .split('/')
    .slice(1)
    .map(token => token.replaceAll('~1', '/').replaceAll('~0', '~'))

const follow = (root: unknown, tokens: readonly string[]): unknown =>
  tokens.reduce<unknown>((value, token) => (value as Record<string, unknown> | null | undefined)?.[token], root)

function remove(root: object, tokens: readonly string[]): unknown {
  const parent = follow(root, tokens.slice(0, -1))
  const last = tokens.at(-1) ?? ''
  if (Array.isArray(parent)) return parent.splice(Number(last), 1)[0]
  const object = parent as Record<string, unknown>
  const value = object[last]
  delete object[last]
  return value
}

function put(root: object, tokens: readonly string[], value: unknown, instead: boolean) {
  const parent = follow(root, tokens.slice(0, -1))
  const last = tokens.at(-1) ?? ''
  if (Array.isArray(parent)) parent.splice(Number(last), instead ? 1 : 0, value)
  else (parent as Record<string, unknown>)[last] = value
}

const markOf = { add: 'added', remove: 'removed', move: 'same', replace: 'same' } as const
const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)
const withArticle = (noun: string) => `${/^[aeio]/i.test(noun) ? 'an' : 'a'} ${noun}`

/** What happened to a thing as a whole, behind `was`. */
function verbOf({ op, path, from }: Change): string {
  if (op !== 'move') return { add: 'added', remove: 'removed', replace: 'changed' }[op]
  return Number(tokensOf(path).at(-1)) < Number(tokensOf(from ?? '').at(-1)) ? 'moved up' : 'moved down'
}

/**
 * What went and what came in its place, with room between them: before a mark, not in it, so that words that are only read
 * aloud keep apart too.
 */
const apart = (parts: readonly Part[]) =>
  parts.flatMap((part, at): Part[] => {
    const text = part.mark === 'same' ? part.text : part.text.trimStart()
    const isApart = text !== part.text || (part.mark === 'added' && parts[at - 1]?.mark === 'removed')
    return [...(isApart ? [{ mark: 'same', text: ' ' } as const] : []), ...(text === '' ? [] : [{ ...part, text }])]
  })
const line = (...parts: Part[]): Line => ({ parts: apart(parts.filter(({ text }) => text !== '')) })
const textLine = (mark: Mark, text: string): Line => line({ mark, text, inline: true })

/** A value and what came for it, whole. */
const replaced = (before: string, after: string) =>
  line({ mark: 'removed', text: before }, { mark: 'added', text: after })

const itemLines = (mark: Mark, { text, optional, items }: ListItem): Line[] => [
  {
    ...line({ mark, text, inline: true }, ...(optional ? [{ mark, text: ' (optional)' }] : [])),
    point: true,
  },
  ...items.map(inner => ({ ...textLine(mark, inner.text), point: true })),
]

const lists: Partial<Record<Block['type'], string>> = {
  sfia_mappings: 'the table of SFIA skills',
  advert_details: 'the table of details',
}
const blockName = (block: Block) => {
  if (block.type !== 'skills') return lists[block.type] ?? `a ${block.type}`
  return block.importance === null ? 'the table of skills' : `the table of ${block.importance} skills`
}

function blockLines(mark: Mark, block: Block): Line[] {
  if (block.type === 'list') return block.items.flatMap(item => itemLines(mark, item))
  return 'text' in block ? [textLine(mark, block.text)] : []
}

const labelIn = (codes: readonly Code[]) => (value: unknown) => (value === null ? '' : labelOf(codes, String(value)))

const skillLine = (mark: Mark, { statement, level }: Skill) =>
  line(
    { mark, text: statement, inline: true },
    ...(level === null ? [] : [{ mark, text: ` (level: ${labelOf(skillLevels, level)})` }]),
  )

const mappingName = ({ code, name }: Mapping) => (name === undefined ? code : `${name} (${code})`)

const range = (member: 'min' | 'max') => (value: unknown) =>
  salaryName({ min: null, max: null, currency: 'GBP', period: null, text: null, [member]: value as number | null })

/** A member that is no part of a section or of a table: what it is called, and how its value is told. */
interface Member {
  name: string
  tell?: (value: unknown) => string
}

/** By their pointers without places in lists. Those of lists are called what one entry is. */
const members: Readonly<Record<string, Member>> = {
  'organisation/slug': { name: 'short name of the organisation' },
  'organisation/name': { name: 'name of the organisation' },
  title: { name: 'title' },
  alternative_titles: { name: 'alternative title' },
  profession: { name: 'profession', tell: labelIn(professions) },
  family: { name: 'family', tell: labelIn(families) },
  grades: { name: 'grade', tell: value => gradeName(value as Grade) },
  'grades/label': { name: 'name of a grade' },
  behaviours: { name: 'behaviour', tell: labelIn(behaviours) },
  sfia_version: { name: 'version of SFIA' },
  'advert_details/reference_number': { name: 'reference number' },
  'advert_details/salary': { name: 'salary', tell: value => (value === null ? '' : salaryName(value as Salary)) },
  'advert_details/salary/min': { name: 'lowest salary', tell: range('min') },
  'advert_details/salary/max': { name: 'highest salary', tell: range('max') },
  'advert_details/salary/currency': { name: 'currency of the salary' },
  'advert_details/salary/period': { name: 'period of the salary', tell: labelIn(salaryPeriods) },
  'advert_details/salary/text': { name: 'salary as it is printed' },
  'advert_details/role_types': { name: 'type of role', tell: labelIn(roleTypes) },
  'advert_details/locations': { name: 'location', tell: value => (value as Location).text },
  'advert_details/locations/town': { name: 'town of a location' },
  'advert_details/locations/region': { name: 'region of a location' },
  'advert_details/locations/postcode': { name: 'postcode of a location' },
  'advert_details/locations/country': { name: 'country of a location' },
  'advert_details/business_area': { name: 'business area' },
  'advert_details/contract_types': { name: 'contract type', tell: labelIn(contractTypes) },
  'advert_details/working_patterns': { name: 'working pattern', tell: labelIn(workingPatterns) },
  'advert_details/hours': { name: 'number of hours' },
  'advert_details/reports_to': { name: 'person whom the role reports to' },
  'advert_details/additional': {
    name: 'detail',
    tell: value => Object.values(value as { label: string; value: string }).join(': '),
  },
}

/** The changes of one document to another, with a bound on the work of finding words. */
class Reader {
  readonly #root: object
  readonly #marker = new WordMarker()

  constructor(from: object) {
    this.#root = structuredClone(from)
  }

  /** Makes the change, and tells of it. */
  read(change: Change): ReadableChange {
    const { op, path, from, value } = change
    const tokens = tokensOf(path)
    // What is removed is told by what stands around it before.
    const told = op === 'remove' ? this.#tell(change, tokens) : undefined
    const moved = op === 'remove' || op === 'move' ? remove(this.#root, tokensOf(from ?? path)) : value
    if (op !== 'remove') put(this.#root, tokens, moved, op === 'replace')
    return told ?? this.#tell(change, tokens)
  }

  #tell(change: Change, tokens: readonly string[]): ReadableChange {
    if (tokens[0] === 'sections') return this.#section(change, tokens)
    if (tokens[0] === 'skills') return this.#skill(change, tokens)
    if (tokens[0] === 'sfia_mappings') return this.#mapping(change, tokens)
    return this.#member(change, tokens)
  }

  #section(change: Change, tokens: readonly string[]): ReadableChange {
    const { before, value, op } = change
    const section = follow(this.#root, tokens.slice(0, 2)) as Section
    const own = `the section “${section.heading}”`
    if (tokens.length === 2) {
      const lines = op === 'move' ? [] : section.blocks.flatMap(block => blockLines(markOf[op], block))
      return { title: capital(`${own} was ${verbOf(change)}.`), lines }
    }
    switch (tokens[2]) {
      case 'heading':
        return { title: 'The heading of a section was changed.', lines: [this.#words(String(before), String(value))] }
      case 'kind': {
        const label = labelIn(sectionKinds)
        return { title: capital(`the kind of ${own} was changed.`), lines: [replaced(label(before), label(value))] }
      }
      case 'shared_section': {
        const lines = [replaced(String(before ?? ''), String(value ?? ''))]
        if (value === null) return { title: capital(`${own} is no longer a shared section.`), lines }
        return { title: capital(`${own} is ${before === null ? 'a' : 'another'} shared section now.`), lines }
      }
      default:
        return this.#block(change, tokens, `in “${section.heading}”`)
    }
  }

  #block(change: Change, tokens: readonly string[], place: string): ReadableChange {
    const { before, value, op } = change
    const block = follow(this.#root, tokens.slice(0, 4)) as Block
    const own = `${blockName(block)} ${place}`
    const lines = blockLines('same', block)
    if (tokens.length === 4)
      return { title: capital(`${own} was ${verbOf(change)}.`), lines: blockLines(markOf[op], block) }
    switch (tokens[4]) {
      case 'items':
        return this.#item(change, tokens, place)
      case 'text':
        return this.#reworded(own, String(before), String(value))
      case 'ordered':
        return { title: capital(`${own} is ${value === true ? 'numbered now' : 'no longer numbered'}.`), lines }
      case 'type':
        return { title: capital(`a ${String(before)} ${place} was made a ${String(value)}.`), lines }
      default: {
        const label = labelIn(importances)
        return {
          title: `Other skills are listed ${place} now.`,
          lines: [replaced(label(before) || 'All', label(value) || 'All')],
        }
      }
    }
  }

  #item(change: Change, tokens: readonly string[], place: string): ReadableChange {
    const { before, value, op } = change
    const item = follow(this.#root, tokens.slice(0, 6)) as ListItem
    const point = item.optional ? 'an optional point' : 'a point'
    const own = `${point} ${place}`
    const source = op === 'move' ? tokensOf(change.from ?? '').slice(0, 4) : []
    if (tokens.length === 6 && source.length > 0 && source.join() !== tokens.slice(0, 4).join()) {
      const headingAt = (pointer: readonly string[]) => (follow(this.#root, pointer.slice(0, 2)) as Section).heading
      const title =
        source[1] === tokens[1]
          ? `${own} was moved to another list.`
          : `${point} was moved from “${headingAt(source)}” to “${headingAt(tokens)}”.`
      return { title: capital(title), lines: itemLines('same', item) }
    }
    if (tokens.length === 6)
      return { title: capital(`${own} was ${verbOf(change)}.`), lines: itemLines(markOf[op], item) }
    if (tokens[6] === 'text') return this.#reworded(own, String(before), String(value))
    if (tokens[6] === 'optional')
      return {
        title: capital(`a point ${place} is ${value === true ? 'optional now' : 'no longer optional'}.`),
        lines: itemLines('same', { ...item, optional: false, items: [] }),
      }
    const inner = follow(this.#root, tokens.slice(0, 8)) as { text: string }
    const ownInner = `a point under another ${place}`
    if (tokens.length > 8) return this.#reworded(ownInner, String(before), String(value))
    return {
      title: capital(`${ownInner} was ${verbOf(change)}.`),
      lines: [textLine('same', item.text), { ...textLine(markOf[op], inner.text), point: true }],
    }
  }

  #skill(change: Change, tokens: readonly string[]): ReadableChange {
    const { before, value, op } = change
    const skill = follow(this.#root, tokens.slice(0, 2)) as Skill
    const own = skill.importance === null ? 'a skill' : withArticle(`${skill.importance} skill`)
    if (tokens.length === 2)
      return { title: capital(`${own} was ${verbOf(change)}.`), lines: [skillLine(markOf[op], skill)] }
    if (tokens[2] === 'statement') return this.#reworded(own, String(before), String(value))
    const same = textLine('same', skill.statement)
    const label = { level: labelIn(skillLevels), importance: labelIn(importances) }[tokens[2] ?? '']
    if (label)
      return {
        title: `The ${tokens[2]} of ${own} was changed.`,
        lines: [same, replaced(label(before) || 'Not said', label(value) || 'Not said')],
      }
    return {
      title: `The entry in the catalogue that ${own} names was changed.`,
      lines: [same, replaced(String(before ?? 'None'), String(value ?? 'None'))],
    }
  }

  #mapping(change: Change, tokens: readonly string[]): ReadableChange {
    const { before, value, op } = change
    const mapping = follow(this.#root, tokens.slice(0, 2)) as Mapping
    const own = mappingName(mapping)
    if (tokens.length === 2) {
      const lines = op === 'move' ? [] : [line({ mark: markOf[op], text: `Level ${mapping.level}` })]
      return { title: `The SFIA skill ${own} was ${verbOf(change)}.`, lines }
    }
    const isLevel = tokens[2] === 'level'
    const told = (known: unknown) => `${isLevel ? 'Level ' : ''}${String(known)}`
    return {
      title: `The ${tokens[2]} of the SFIA skill ${own} was changed.`,
      lines: [replaced(told(before), told(value))],
    }
  }

  #member(change: Change, tokens: readonly string[]): ReadableChange {
    const { op, what } = change
    const isEntry = /^\d+$/.test(tokens.at(-1) ?? '')
    const named = tokens.filter(token => !/^\d+$/.test(token)).join('/')
    if (named === 'advert_details/additional/value') {
      const { label } = follow(this.#root, tokens.slice(0, -1)) as { label: string }
      const lines = [this.#words(String(change.before), String(change.value))]
      return { title: `The detail “${label}” was changed.`, lines }
    }
    const { name, tell }: Member = members[named] ?? { name: what, tell: JSON.stringify }
    const value = op === 'move' ? follow(this.#root, tokens) : change.value
    const [before = '', after = ''] = [change.before, value].map(known =>
      known === null ? '' : (tell ?? String)(known),
    )
    if (isEntry) {
      const mark = markOf[op]
      const text = op === 'remove' ? before : after
      return { title: capital(`${withArticle(name)} was ${verbOf(change)}.`), lines: [line({ mark, text })] }
    }
    const verb = !before && after ? 'added' : before && !after ? 'removed' : 'changed'
    return { title: `The ${name} was ${verb}.`, lines: [tell ? replaced(before, after) : this.#words(before, after)] }
  }

  /** The words that went and came in a text without marks. */
  #words(before: string, after: string): Line {
    return before === '' || after === '' ? replaced(before, after) : line(...this.#marker.mark(before, after))
  }

  #reworded(own: string, before: string, after: string): ReadableChange {
    const [earlier, later] = [parseText(before).nodes, parseText(after).nodes]
    const [was, is] = [plainOfInlines(earlier), plainOfInlines(later)]
    const links = linkLines(linksOfInlines(earlier), linksOfInlines(later))
    if (was !== is) return { title: capital(`${own} was reworded.`), lines: [this.#words(was, is), ...links] }
    if (links.length > 0) return { title: `A link in ${own} was changed.`, lines: [textLine('same', after), ...links] }
    return {
      title: `The emphasis or spacing in ${own} was changed.`,
      lines: [textLine('removed', before), textLine('added', after)],
    }
  }
}

/** Links that went, came, or lead to another address: what is seen of a text does not say. */
function linkLines(before: readonly Link[], after: readonly Link[]): Line[] {
  const addresses = (links: readonly Link[]) => new Set(links.map(({ url }) => url))
  const [old, current] = [addresses(before), addresses(after)]
  const gone = new Map(before.filter(({ url }) => !current.has(url)).map(({ text, url }) => [text, url]))
  const come = new Map(after.filter(({ url }) => !old.has(url)).map(({ text, url }) => [text, url]))
  return [...new Set([...gone.keys(), ...come.keys()])].map(text =>
    line(
      { mark: 'same', text: `Link “${text}”: ` },
      { mark: 'removed', text: gone.get(text) ?? '' },
      { mark: 'added', text: come.get(text) ?? '' },
    ),
  )
}

/** `changes` of the document `from` as sentences, with the texts that went and came; the first `most` of them. */
export function readableChanges(from: object, changes: readonly Change[], most: number): ReadableChange[] {
  const reader = new Reader(from)
  return changes.slice(0, most).map(change => reader.read(change))
}
