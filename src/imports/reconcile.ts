/** Brings a document that was read together with what the register has: boilerplate it knows, and the draft before. */

import { matchSections, matchSkills } from '../document/match.ts'
import type { AdvertDetails, Block, RoleDocument, Section, SectionKind } from '../document/schema.ts'
import { comparable, similarity } from '../document/similarity.ts'
import { plainText } from '../document/text.ts'
import { placesOf } from './meaning/merge-details.ts'
import type { Notices } from './notices.ts'

/** A shared section of the organisation, as it stands. */
export interface SharedText {
  slug: string
  kind: SectionKind
  heading: string
  blocks: Block[]
}

const sharedKinds = new Set<SectionKind>(['organisation_overview', 'profession_overview'])
/** From here on a text is a variant of one that is known, and not another text. */
const variant = 0.7

const folded = (text: string) => plainText(text)
const textsOf = (blocks: readonly Block[]): string[] =>
  blocks.flatMap(block => {
    if (block.type === 'list') return block.items.flatMap(item => [item.text, ...item.items.map(sub => sub.text)])
    return 'text' in block ? [block.text] : []
  })
/** What two sections with the same text have in common: everything but ids and white space. */
const signature = (blocks: readonly Block[]) =>
  JSON.stringify(
    blocks.map(block => {
      if (block.type === 'list') {
        return [
          block.ordered,
          block.items.map(item => [folded(item.text), item.optional, item.items.map(sub => folded(sub.text))]),
        ]
      }
      return 'text' in block ? [block.type, folded(block.text)] : block
    }),
  )
const wordsIn = (blocks: readonly Block[]) => textsOf(blocks).flatMap(text => comparable(plainText(text)))

const slugOf = (text: string) =>
  text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/['’]/g, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 60)
    .replace(/-+$/, '')

function freeSlug(wanted: string, taken: ReadonlySet<string>) {
  let slug = wanted
  for (let number = 2; taken.has(slug); number += 1) slug = `${wanted}-${number}`
  return slug
}

export interface Shared {
  sections: Section[]
  created: SharedText[]
  /** Sections that use a shared section which was there before, with its slug. */
  reused: { section: Section; slug: string }[]
}

/**
 * About-texts as shared sections: the same text uses the section that the organisation has, a text of its own makes one,
 * and nearly the same text stays with the role and is a warning. What a draft holds as its own stays its own. `said` is
 * what a document of the register says of its sections: it counts while the text is the shared one.
 */
export function shareSections(
  sections: readonly Section[],
  known: readonly SharedText[],
  organisation: string,
  previous: RoleDocument | undefined,
  said: ReadonlyMap<Section, string | null>,
  notices: Notices,
): Shared {
  const before = previous ? matchSections(sections, previous.sections) : new Map<Section, Section>()
  const taken = new Set(known.map(text => text.slug))
  const created: SharedText[] = []
  const reused: Shared['reused'] = []
  const use = (section: Section, slug: string): Section => ({ ...section, shared_section: slug, blocks: [] })

  const share = (section: Section): Section => {
    const named = said.get(section)
    if (named === null) return section
    const text = known.find(({ slug }) => slug === named)
    if (text && signature(text.blocks) === signature(section.blocks)) {
      const shared = use(section, text.slug)
      reused.push({ section: shared, slug: text.slug })
      return shared
    }
    const isPlain = section.blocks.length > 0 && section.blocks.every(block => block.type === 'list' || 'text' in block)
    if (!sharedKinds.has(section.kind) || !isPlain) return section
    const own = before.get(section)
    if (own && own.shared_section === null && signature(own.blocks) === signature(section.blocks)) return section
    const candidates = known.filter(text => text.kind === section.kind)
    const same = candidates.filter(text => signature(text.blocks) === signature(section.blocks))
    const found = same.find(text => text.slug === own?.shared_section) ?? same[0]
    if (found) {
      const shared = use(section, found.slug)
      reused.push({ section: shared, slug: found.slug })
      return shared
    }
    const words = wordsIn(section.blocks)
    const near = candidates
      .map(text => ({ text, score: similarity(words, wordsIn(text.blocks)) }))
      .sort((a, b) => b.score - a.score)[0]
    if (near && near.score >= variant) {
      const detail = `The text is nearly that of the shared section ${near.text.slug}; the role keeps this one as its own. Use the shared section if the difference is not meant`
      notices.add('advice', 'shared_section_variant', null, section.heading, detail, section)
      return section
    }
    if (own && own.shared_section === null) return section
    const slug = freeSlug(
      `${organisation}-${slugOf(section.heading) || section.kind.replaceAll('_', '-')}`.slice(0, 75),
      taken,
    )
    taken.add(slug)
    created.push({ slug, kind: section.kind, heading: section.heading, blocks: section.blocks })
    return use(section, slug)
  }
  return { sections: sections.map(share), created, reused }
}

const kept = <T>(next: T[], before: T[]) => (next.length > 0 ? next : before)

function keepDetails(next: AdvertDetails, before: AdvertDetails): AdvertDetails {
  const labels = new Set(next.additional.map(row => comparable(row.label).join(' ')))
  const salary = next.salary === null || next.salary.text === before.salary?.text ? before.salary : next.salary
  return {
    reference_number: next.reference_number ?? before.reference_number,
    salary,
    role_types: kept(next.role_types, before.role_types),
    locations: kept(placesOf(next.locations, before.locations), before.locations),
    business_area: next.business_area ?? before.business_area,
    contract_types: kept(next.contract_types, before.contract_types),
    working_patterns: kept(next.working_patterns, before.working_patterns),
    hours: next.hours ?? before.hours,
    reports_to: next.reports_to ?? before.reports_to,
    additional: [...next.additional, ...before.additional.filter(row => !labels.has(comparable(row.label).join(' ')))],
  }
}

/** A list that says no importance leaves that of the draft; the draft's blocks then mark where its skills are printed. */
function keepImportance(next: RoleDocument, previous: RoleDocument): RoleDocument {
  const matches = matchSkills(next.skills, previous.skills)
  const skills = next.skills.map(skill => {
    const before = matches.get(skill)
    if (!before) return skill
    const importance = skill.importance ?? before.importance
    return { ...skill, skill: before.skill, level: before.level, importance }
  })
  const sections = matchSections(next.sections, previous.sections)
  const used = new Set(skills.map(skill => skill.importance))
  const printed = new Set(
    next.sections.flatMap(section =>
      section.blocks.flatMap(block => (block.type === 'skills' ? [block.importance] : [])),
    ),
  )
  const missing = [...used].filter(importance => !printed.has(importance))
  const unsaid = next.sections.find(section =>
    section.blocks.some(block => block.type === 'skills' && block.importance === null),
  )
  if (missing.length === 0 || !unsaid) return { ...next, skills }
  const before = sections.get(unsaid)?.blocks.filter(block => block.type === 'skills') ?? []
  const order = [...before.map(block => block.importance), ...missing, null]
  const wanted = [...new Set(order)].filter(importance =>
    importance === null ? used.has(null) : missing.includes(importance),
  )
  const blocks = unsaid.blocks.flatMap((block): Block[] =>
    block.type === 'skills' && block.importance === null
      ? wanted.map(importance => ({ type: 'skills', importance }))
      : [block],
  )
  return {
    ...next,
    skills,
    sections: next.sections.map(section => (section === unsaid ? { ...section, blocks } : section)),
  }
}

/**
 * The next document with the draft's value of everything that a document cannot say, or does not say. `followed`: the
 * register wrote it, so that a behaviour that it lacks was taken out, and advert details and grades too, where it prints them.
 */
export function keepUnsaid(
  next: RoleDocument,
  previous: RoleDocument,
  followed: { details: boolean } | undefined,
): RoleDocument {
  const saysDetails = followed?.details === true
  const matches = matchSections(next.sections, previous.sections)
  const document = keepImportance(next, previous)
  return {
    ...document,
    title: next.title ?? previous.title,
    alternative_titles: previous.alternative_titles,
    profession: previous.profession ?? next.profession,
    family: previous.family ?? next.family,
    grades: saysDetails ? next.grades : kept(next.grades, previous.grades),
    behaviours: followed ? next.behaviours : kept(next.behaviours, previous.behaviours),
    sections: document.sections.map((section, at) => {
      const before = matches.get(next.sections[at] as Section)
      const sameHeading = before && comparable(before.heading).join(' ') === comparable(section.heading).join(' ')
      return sameHeading ? { ...section, kind: before.kind } : section
    }),
    sfia_version: next.sfia_version ?? previous.sfia_version,
    advert_details: saysDetails ? next.advert_details : keepDetails(next.advert_details, previous.advert_details),
  }
}
