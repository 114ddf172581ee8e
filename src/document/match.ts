/**
 * Keeps ids when a document comes again: what is the same, or nearly, keeps the id that it had. What has no counterpart
 * keeps ''; the register gives it the next number.
 */
import type { RoleDocument, RoleSkill, Section, SubItem } from './schema.ts'
import { comparable, similarity } from './similarity.ts'
import { plainText } from './text.ts'
import { itemsOf } from './walk.ts'

/** Below this two texts are two things. */
const alike = 0.6
/** How many words may still be compared; what is beyond is compared for equality only. */
export interface WordBudget {
  words: number
}

interface Keyed {
  text: string
}

/**
 * Pairs each text of `next` with at most one of `previous`: the same text first, then the likeliest, in order. Uses up
 * the budget; by itself it compares for some tenths of a second at most.
 */
export function matchTexts<A extends Keyed, B extends Keyed>(
  next: readonly A[],
  previous: readonly B[],
  budget: WordBudget = { words: 4_000_000 },
): Map<A, B> {
  const matches = new Map<A, B>()
  const exact = new Map<string, B[]>()
  const key = (text: string) => plainText(text)
  for (const entry of previous) {
    const known = exact.get(key(entry.text))
    if (known) known.push(entry)
    else exact.set(key(entry.text), [entry])
  }
  for (const entry of next) {
    const found = exact.get(key(entry.text))?.shift()
    if (found) matches.set(entry, found)
  }
  const taken = new Set(matches.values())
  const open = next.filter(entry => !matches.has(entry))
  const free = previous
    .filter(entry => !taken.has(entry))
    .map(entry => ({ entry, words: comparable(plainText(entry.text)) }))
  const wanted = open.map(entry => ({ entry, words: comparable(plainText(entry.text)) }))
  const count = (entries: readonly { words: string[] }[]) =>
    entries.reduce((sum, { words }) => sum + words.length + 1, 0)
  const cost = count(wanted) * free.length + count(free) * wanted.length
  if (cost > budget.words) return matches
  budget.words -= cost
  const candidates = wanted.flatMap(({ entry, words }) =>
    free.map(other => ({ entry, other: other.entry, score: similarity(words, other.words) })),
  )
  for (const { entry, other, score } of candidates.sort((a, b) => b.score - a.score)) {
    if (score < alike || matches.has(entry) || taken.has(other)) continue
    matches.set(entry, other)
    taken.add(other)
  }
  return matches
}

const heading = (section: Section) => comparable(section.heading).join(' ')

/** Pairs sections: by kind and heading, then by heading, then by kind, each in order. */
export function matchSections(next: readonly Section[], previous: readonly Section[]): Map<Section, Section> {
  const matches = new Map<Section, Section>()
  const taken = new Set<Section>()
  const tests: ((one: Section, other: Section) => boolean)[] = [
    (one, other) => one.kind === other.kind && heading(one) === heading(other),
    (one, other) => heading(one) === heading(other),
    (one, other) => one.kind === other.kind && one.kind !== 'other',
    (one, other) => similarity(comparable(one.heading), comparable(other.heading)) >= alike,
  ]
  for (const test of tests) {
    for (const section of next) {
      if (matches.has(section)) continue
      const found = previous.find(other => !taken.has(other) && test(section, other))
      if (!found) continue
      matches.set(section, found)
      taken.add(found)
    }
  }
  return matches
}

/** Pairs role skills by their statements. */
export function matchSkills(next: readonly RoleSkill[], previous: readonly RoleSkill[]): Map<RoleSkill, RoleSkill> {
  const wrap = (skill: RoleSkill) => ({ text: skill.statement, skill })
  const matches = matchTexts(next.map(wrap), previous.map(wrap))
  return new Map([...matches].map(([one, other]) => [one.skill, other.skill]))
}

/** The next document with the ids of the previous one where something is the same; ids that it has are left alone. */
export function keepIds(next: RoleDocument, previous: RoleDocument): RoleDocument {
  const sections = matchSections(next.sections, previous.sections)
  const skills = matchSkills(next.skills, previous.skills)
  const idOf = (own: string, other: { id: string } | undefined) => (own === '' ? (other?.id ?? '') : own)
  return {
    ...next,
    sections: next.sections.map(section => {
      const before = sections.get(section)
      const items = before ? matchTexts(itemsOf(section.blocks), itemsOf(before.blocks)) : new Map<SubItem, SubItem>()
      const withId = <T extends SubItem>(item: T): T => ({ ...item, id: idOf(item.id, items.get(item)) })
      return {
        ...section,
        id: idOf(section.id, before),
        blocks: section.blocks.map(block =>
          block.type === 'list'
            ? { ...block, items: block.items.map(item => ({ ...withId(item), items: item.items.map(withId) })) }
            : block,
        ),
      }
    }),
    skills: next.skills.map(skill => ({ ...skill, id: idOf(skill.id, skills.get(skill)) })),
  }
}
