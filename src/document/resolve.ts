/** A draft as the world reads it: shared sections filled in, names beside codes, no notes. */
import type { PrintedRole } from './print.ts'
import type { Block, PublishedRole, RoleDocument, Section } from './schema.ts'

/** What a document refers to, as it is at the moment of publication. */
export interface References {
  sharedSections: ReadonlyMap<string, { blocks: Block[]; revision: number }>
  skillNames: ReadonlyMap<string, string>
  sfiaSkills: ReadonlyMap<string, { name: string; category: string; subcategory: string }>
}

/** The blocks of a section as a draft would print them now: none of a shared section that is not there. */
export const blocksIn =
  ({ sharedSections }: Pick<References, 'sharedSections'>) =>
  ({ shared_section, blocks }: Section): Block[] =>
    shared_section === null ? blocks : (sharedSections.get(shared_section)?.blocks ?? [])

interface Publication {
  slug: string
  organisation: { slug: string; name: string }
  version: number
  published_at: string
  change_note: string
}

/**
 * A draft with its references filled in, notes and all. The document must be checked: a reference that is not there
 * throws.
 */
export function fillIn(document: RoleDocument, references: References): PrintedRole {
  const found = <T>(value: T | undefined, name: string): T => {
    if (value === undefined) throw new Error(`unresolved reference: ${name}`)
    return value
  }
  return {
    title: document.title,
    alternative_titles: document.alternative_titles,
    profession: document.profession,
    family: document.family,
    grades: document.grades,
    behaviours: document.behaviours,
    sections: document.sections.map(({ id, kind, heading, shared_section, blocks }) => ({
      id,
      kind,
      heading,
      shared_section,
      blocks:
        shared_section === null ? blocks : found(references.sharedSections.get(shared_section), shared_section).blocks,
    })),
    skills: document.skills.map(({ id, statement, skill, level, importance }) => ({
      id,
      statement,
      skill,
      level,
      importance,
      skill_name: skill === null ? null : found(references.skillNames.get(skill), skill),
    })),
    sfia_version: document.sfia_version,
    sfia_mappings: document.sfia_mappings.map(({ code, level }) => {
      const { name, category, subcategory } = found(references.sfiaSkills.get(code), code)
      return { code, level, name, category, subcategory }
    }),
    advert_details: document.advert_details,
  }
}

/** The published role, its members in the order of the canonical bytes; see `fillIn`. */
export function resolve(document: RoleDocument, publication: Publication, references: References): PublishedRole {
  const { sections, ...members } = fillIn(document, references)
  return {
    format: 1,
    slug: publication.slug,
    organisation: publication.organisation,
    version: publication.version,
    published_at: publication.published_at,
    change_note: publication.change_note,
    title: members.title,
    alternative_titles: members.alternative_titles,
    profession: members.profession,
    family: members.family,
    grades: members.grades,
    behaviours: members.behaviours,
    sections: sections.map(section => ({ ...section, blocks: section.blocks.filter(({ type }) => type !== 'note') })),
    skills: members.skills,
    sfia_version: members.sfia_version,
    sfia_mappings: members.sfia_mappings,
    advert_details: members.advert_details,
  }
}
