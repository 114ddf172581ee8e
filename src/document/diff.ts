/** What is different between two documents, by meaning: which section, item, skill or member, not which characters. */
import { type Static, Type } from 'typebox'
import { itemsOf, matchSections, matchSkills, matchTexts } from './match.ts'
import type { Block, ListItem, RoleDocument, RoleSkill, Section, SubItem } from './schema.ts'
import { component, nullable, object, oneOf } from './shape.ts'

export const Change = component(
  'Change',
  object({
    change: oneOf(['added', 'changed', 'removed']),
    pointer: Type.String({
      description: 'JSON pointer into the later document; for something that was removed, into the earlier one.',
    }),
    what: Type.String({ description: 'In words: `item of “About the role”`.' }),
    from: nullable(Type.String()),
    to: nullable(Type.String()),
  }),
)
export type Change = Static<typeof Change>

/** A value as people read it; null where there is none. */
function shown(value: unknown): string | null {
  if (value === null || value === undefined || value === '') return null
  if (typeof value === 'string') return value
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

class Changes {
  readonly list: Change[] = []
  add(pointer: string, what: string, from: string | null, to: string | null) {
    if (from === to) return
    this.list.push({ change: from === null ? 'added' : to === null ? 'removed' : 'changed', pointer, what, from, to })
  }
}

/** Pairs by id where both have one, then by `rest`. */
function pairUp<T extends { id: string }>(
  from: readonly T[],
  to: readonly T[],
  rest: (to: readonly T[], from: readonly T[]) => Map<T, T>,
): Map<T, T> {
  const byId = new Map(from.filter(entry => entry.id !== '').map(entry => [entry.id, entry]))
  const pairs = new Map<T, T>()
  for (const entry of to) {
    const found = byId.get(entry.id)
    if (found) pairs.set(entry, found)
  }
  const taken = new Set(pairs.values())
  // What has an id of its own in both is two things, however alike.
  const open = to.filter(entry => !pairs.has(entry))
  const free = from.filter(entry => !taken.has(entry))
  for (const [one, other] of rest(open, free)) if (one.id === '' || other.id === '') pairs.set(one, other)
  return pairs
}

/** Whether those that are in both stand in another order. */
function reordered<T>(from: readonly T[], to: readonly T[], pairs: Map<T, T>) {
  const places = to.flatMap(entry => (pairs.has(entry) ? [from.indexOf(pairs.get(entry) as T)] : []))
  return places.some((place, at) => at > 0 && place < (places[at - 1] as number))
}

const listed = (values: readonly string[]) => values.join('; ')

function diffSet<T>(
  from: readonly T[],
  to: readonly T[],
  pointer: string,
  what: string,
  name: (value: T) => string,
  changes: Changes,
) {
  const key = (value: T) => JSON.stringify(value)
  const before = new Set(from.map(key))
  const after = new Set(to.map(key))
  to.forEach((value, at) => {
    if (!before.has(key(value))) changes.add(`${pointer}/${at}`, what, null, name(value))
  })
  from.forEach((value, at) => {
    if (!after.has(key(value))) changes.add(`${pointer}/${at}`, what, name(value), null)
  })
  const common = (values: readonly T[], other: Set<string>) => values.filter(value => other.has(key(value)))
  const [one, two] = [common(from, after), common(to, before)]
  if (one.map(key).join() !== two.map(key).join()) {
    changes.add(pointer, `order of ${what}`, listed(one.map(name)), listed(two.map(name)))
  }
}

type Item = ListItem | SubItem

const itemPointers = (section: Section, base: string) => {
  const pointers = new Map<Item, string>()
  section.blocks.forEach((block, at) => {
    if (block.type !== 'list') return
    block.items.forEach((item, index) => {
      pointers.set(item, `${base}/blocks/${at}/items/${index}`)
      item.items.forEach((sub, inner) => {
        pointers.set(sub, `${base}/blocks/${at}/items/${index}/items/${inner}`)
      })
    })
  })
  return pointers
}

type TextBlock = Extract<Block, { text: string }>
const textsOf = (section: Section) => section.blocks.filter((block): block is TextBlock => 'text' in block)

const wholeText = (section: Section) =>
  section.blocks
    .flatMap(block => {
      if (block.type === 'list') return block.items.flatMap(item => [item.text, ...item.items.map(sub => sub.text)])
      return 'text' in block ? [block.text] : []
    })
    .join('\n')

/** The blocks of a section without their words: what remains when texts were compared. */
const layout = (section: Section) =>
  section.blocks
    .map(block => {
      if (block.type === 'list')
        return `${block.ordered ? 'ordered ' : ''}list of ${block.items.map(item => 1 + item.items.length).join('+')}`
      return block.type === 'skills' ? `skills (${block.importance ?? 'any'})` : block.type
    })
    .join(', ')

function diffSection(from: Section, to: Section, pointers: { from: string; to: string }, changes: Changes) {
  const name = `“${to.heading}”`
  changes.add(`${pointers.to}/heading`, 'heading', from.heading, to.heading)
  changes.add(`${pointers.to}/kind`, `kind of ${name}`, from.kind, to.kind)
  changes.add(`${pointers.to}/shared_section`, `shared section of ${name}`, from.shared_section, to.shared_section)

  const [before, after] = [itemsOf(from), itemsOf(to)]
  const items = pairUp<Item>(before, after, matchTexts)
  const places = { from: itemPointers(from, pointers.from), to: itemPointers(to, pointers.to) }
  for (const item of after) {
    const old = items.get(item)
    const pointer = places.to.get(item) ?? pointers.to
    changes.add(pointer, `item of ${name}`, old?.text ?? null, item.text)
    const [was, is] = [old && 'optional' in old && old.optional, 'optional' in item && item.optional]
    if (old) changes.add(`${pointer}/optional`, `optional, of an item of ${name}`, String(was), String(is))
  }
  const left = new Set(items.values())
  for (const item of before) {
    if (!left.has(item)) changes.add(places.from.get(item) ?? pointers.from, `item of ${name}`, item.text, null)
  }

  const [oldTexts, newTexts] = [textsOf(from), textsOf(to)]
  const texts = matchTexts(newTexts, oldTexts)
  for (const block of newTexts) {
    const old = texts.get(block)
    const pointer = `${pointers.to}/blocks/${to.blocks.indexOf(block)}`
    changes.add(pointer, `${block.type} of ${name}`, old?.text ?? null, block.text)
    if (old && old.type !== block.type) changes.add(`${pointer}/type`, `a text of ${name}`, old.type, block.type)
  }
  const keptTexts = new Set(texts.values())
  for (const block of oldTexts) {
    const pointer = `${pointers.from}/blocks/${from.blocks.indexOf(block)}`
    if (!keptTexts.has(block)) changes.add(pointer, `${block.type} of ${name}`, block.text, null)
  }
  const moved = reordered(before, after, items) || reordered(oldTexts, newTexts, texts)
  if (moved) changes.add(`${pointers.to}/blocks`, `order of ${name}`, wholeText(from), wholeText(to))
  else if (before.length === after.length && oldTexts.length === newTexts.length) {
    changes.add(`${pointers.to}/blocks`, `layout of ${name}`, layout(from), layout(to))
  }
}

function diffSections(from: RoleDocument, to: RoleDocument, changes: Changes) {
  const pairs = pairUp(from.sections, to.sections, matchSections)
  to.sections.forEach((section, at) => {
    const old = pairs.get(section)
    const pointer = `/sections/${at}`
    if (old) diffSection(old, section, { from: `/sections/${from.sections.indexOf(old)}`, to: pointer }, changes)
    else changes.add(pointer, `section “${section.heading}”`, null, wholeText(section))
  })
  const left = new Set(pairs.values())
  from.sections.forEach((section, at) => {
    if (!left.has(section)) changes.add(`/sections/${at}`, `section “${section.heading}”`, wholeText(section), null)
  })
  if (reordered(from.sections, to.sections, pairs)) {
    const headings = (document: RoleDocument) => listed(document.sections.map(section => section.heading))
    changes.add('/sections', 'order of sections', headings(from), headings(to))
  }
}

function diffSkills(from: readonly RoleSkill[], to: readonly RoleSkill[], changes: Changes) {
  const pairs = pairUp(from, to, matchSkills)
  to.forEach((skill, at) => {
    const old = pairs.get(skill)
    const pointer = `/skills/${at}`
    changes.add(pointer, 'skill', old?.statement ?? null, skill.statement)
    if (!old) return
    const name = `of the skill “${skill.statement}”`
    for (const member of ['skill', 'level', 'importance'] as const) {
      changes.add(`${pointer}/${member}`, `${member} ${name}`, old[member], skill[member])
    }
  })
  const left = new Set(pairs.values())
  from.forEach((skill, at) => {
    if (!left.has(skill)) changes.add(`/skills/${at}`, 'skill', skill.statement, null)
  })
  if (reordered(from, to, pairs)) {
    const statements = (skills: readonly RoleSkill[]) => listed(skills.map(skill => skill.statement))
    changes.add('/skills', 'order of skills', statements(from), statements(to))
  }
}

function diffMappings(from: RoleDocument, to: RoleDocument, changes: Changes) {
  changes.add('/sfia_version', 'SFIA version', from.sfia_version, to.sfia_version)
  const levels = (document: RoleDocument) => new Map(document.sfia_mappings.map(({ code, level }) => [code, level]))
  const [before, after] = [levels(from), levels(to)]
  const written = (code: string, level: number | undefined) => (level === undefined ? null : `${code} ${level}`)
  to.sfia_mappings.forEach(({ code, level }, at) => {
    changes.add(`/sfia_mappings/${at}`, 'SFIA mapping', written(code, before.get(code)), written(code, level))
  })
  from.sfia_mappings.forEach(({ code, level }, at) => {
    if (!after.has(code)) changes.add(`/sfia_mappings/${at}`, 'SFIA mapping', written(code, level), null)
  })
  const common = (keys: Map<string, number>, other: Map<string, number>) =>
    listed([...keys.keys()].filter(code => other.has(code)))
  changes.add('/sfia_mappings', 'order of SFIA mappings', common(before, after), common(after, before))
}

const words = (member: string) => member.replaceAll('_', ' ')

function diffDetails(from: RoleDocument, to: RoleDocument, changes: Changes) {
  const [before, after] = [from.advert_details, to.advert_details]
  for (const member of Object.keys(after) as (keyof typeof after)[]) {
    const pointer = `/advert_details/${member}`
    const [old, next] = [before[member], after[member]]
    if (!Array.isArray(old) || !Array.isArray(next)) {
      changes.add(pointer, words(member), shown(old), shown(next))
      continue
    }
    diffSet<unknown>(old, next, pointer, words(member), value => shown(value) ?? '', changes)
  }
}

/**
 * The changes from one document to another, in the order of the document. Ids pair what has them, texts what has not;
 * ids themselves are never a change. Empty exactly where the documents say the same.
 */
export function diffDocuments(from: RoleDocument, to: RoleDocument): Change[] {
  const changes = new Changes()
  for (const member of ['title', 'profession', 'family'] as const) {
    changes.add(`/${member}`, member, from[member], to[member])
  }
  diffSet(from.alternative_titles, to.alternative_titles, '/alternative_titles', 'alternative titles', String, changes)
  diffSet(from.grades, to.grades, '/grades', 'grades', grade => grade.label || grade.code, changes)
  diffSet(from.behaviours, to.behaviours, '/behaviours', 'behaviours', words, changes)
  diffSections(from, to, changes)
  diffSkills(from.skills, to.skills, changes)
  diffMappings(from, to, changes)
  diffDetails(from, to, changes)
  return changes.list
}
