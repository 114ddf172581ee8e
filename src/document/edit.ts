/**
 * Pure edits of a document, one for each part that has an address. Each gives the edited document, or undefined where
 * the part that it names is not there.
 */
import type { RoleDocument, RoleSkill, Section, SfiaMapping } from './schema.ts'

type Edited = RoleDocument | undefined

/** The list with one entry replaced, or removed where `entry` is null; undefined where none has the key. */
function withEntry<T>(entries: readonly T[], has: (entry: T) => boolean, entry: T | null): T[] | undefined {
  const index = entries.findIndex(has)
  return index === -1 ? undefined : entries.toSpliced(index, 1, ...(entry === null ? [] : [entry]))
}

/** Puts a section at the end, or before another. */
export function addSection(document: RoleDocument, section: Section, before?: string): Edited {
  const index = before === undefined ? document.sections.length : document.sections.findIndex(({ id }) => id === before)
  return index === -1 ? undefined : { ...document, sections: document.sections.toSpliced(index, 0, section) }
}

/** Puts a section in another's place; it keeps the id. With null it is removed. */
export function replaceSection(document: RoleDocument, id: string, section: Section | null): Edited {
  const sections = withEntry(document.sections, entry => entry.id === id, section && { ...section, id })
  return sections && { ...document, sections }
}

/** The same sections in the order of the ids; undefined unless each is named exactly once. */
export function orderSections(document: RoleDocument, ids: readonly string[]): Edited {
  const sections = ids.flatMap(id => document.sections.filter(section => section.id === id))
  const whole =
    ids.length === document.sections.length && new Set(ids).size === ids.length && sections.length === ids.length
  return whole ? { ...document, sections } : undefined
}

/** Puts a skill at the end. */
export function addSkill(document: RoleDocument, skill: RoleSkill): RoleDocument {
  return { ...document, skills: [...document.skills, skill] }
}

/** Puts a skill in another’s place; it keeps the id. With null it is removed. */
export function replaceSkill(document: RoleDocument, id: string, skill: RoleSkill | null): Edited {
  const skills = withEntry(document.skills, entry => entry.id === id, skill && { ...skill, id })
  return skills && { ...document, skills }
}

/** Puts a mapping at the end; whether its code stands there already is not looked at. */
export function addMapping(document: RoleDocument, mapping: SfiaMapping): RoleDocument {
  return { ...document, sfia_mappings: [...document.sfia_mappings, mapping] }
}

/** Puts a mapping in the place of that of a code; it keeps the code. With null it is removed. */
export function replaceMapping(document: RoleDocument, code: string, mapping: SfiaMapping | null): Edited {
  const mappings = withEntry(document.sfia_mappings, entry => entry.code === code, mapping && { ...mapping, code })
  return mappings && { ...document, sfia_mappings: mappings }
}

/** The parts of a document under the address that names them: `/sections/responsibilities`, `/skills/s1`, `/title`. */
function partsOf(document: RoleDocument): Map<string, string> {
  const { sections, skills, sfia_mappings, ...members } = document
  const parts = new Map<string, string>()
  for (const [name, value] of Object.entries(members)) parts.set(`/${name}`, JSON.stringify(value))
  for (const section of sections) parts.set(`/sections/${section.id}`, JSON.stringify(section))
  for (const skill of skills) parts.set(`/skills/${skill.id}`, JSON.stringify(skill))
  for (const { code, level } of sfia_mappings) parts.set(`/sfia_mappings/${code}`, String(level))
  parts.set('/section-order', sections.map(({ id }) => id).join())
  return parts
}

const idsOf = (entries: readonly { id: string }[]) => entries.map(({ id }) => id)
const codesOf = (mappings: readonly SfiaMapping[]) => mappings.map(({ code }) => code)

/** Whether what both lists hold stands in another order. */
function isReordered(before: readonly string[], after: readonly string[]): boolean {
  const kept = before.filter(key => after.includes(key))
  return after.filter(key => before.includes(key)).join() !== kept.join()
}

/** Which parts differ between two documents, by their address; for events and for the answer to a stale ETag. */
export function changedParts(before: RoleDocument, after: RoleDocument): string[] {
  const [old, current] = [partsOf(before), partsOf(after)]
  const names = new Set([...old.keys(), ...current.keys()])
  const moved = [
    ...(isReordered(idsOf(before.skills), idsOf(after.skills)) ? ['/skills'] : []),
    ...(isReordered(codesOf(before.sfia_mappings), codesOf(after.sfia_mappings)) ? ['/sfia_mappings'] : []),
  ]
  return [...[...names].filter(name => old.get(name) !== current.get(name)), ...moved]
}
