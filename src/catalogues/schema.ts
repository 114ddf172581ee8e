import { type Static, type TSchema, Type } from 'typebox'
import { Block, limits, SectionKind, Slug, Text } from '../document/schema.ts'
import {
  component,
  list,
  newOf,
  nullable,
  object,
  oneOf,
  pageOf,
  patchOf,
  ref,
  replacementOf,
} from '../document/shape.ts'

export const EntryParams = Type.Object({ slug: Slug })

const Name = Type.String({ minLength: 1, maxLength: 200, pattern: '\\S' })
const nextCursor = nullable(Type.String({ description: 'Of the next page; null on the last.' }))

/** What a list tells of every entry beside its own members. */
const listed = {
  revision: Type.Integer({ minimum: 1 }),
  etag: Type.String(),
  updated_at: Type.String({ format: 'date-time' }),
  url: Type.String({ format: 'uri' }),
}

export const Organisation = component(
  'Organisation',
  object({
    name: Name,
    homepage_url: nullable(
      Type.String({ pattern: '^https?://\\S+$', maxLength: 2000, description: 'An http or https address.' }),
    ),
    four_eyes: Type.Boolean({ default: false, description: 'Who changed a role may then not publish it.' }),
  }),
)
export type Organisation = Static<typeof Organisation>

const exampleOrganisation: Organisation = {
  name: 'Home Office',
  homepage_url: 'https://www.gov.uk/government/organisations/home-office',
  four_eyes: false,
}

export const NewOrganisation = newOf(Organisation, exampleOrganisation)
export const ReplacementOrganisation = replacementOf(Organisation, exampleOrganisation)
export const OrganisationPatch = patchOf('OrganisationPatch', { four_eyes: true })
export const OrganisationList = pageOf(
  'OrganisationList',
  'organisations',
  component('OrganisationSummary', object({ slug: Slug, ...Organisation.properties, ...listed })),
)

export const LevelDescriptions = component(
  'LevelDescriptions',
  object({
    awareness: nullable(Text),
    working: nullable(Text),
    practitioner: nullable(Text),
    expert: nullable(Text),
  }),
)
export type LevelDescriptions = Static<typeof LevelDescriptions>

const noDescriptions: LevelDescriptions = { awareness: null, working: null, practitioner: null, expert: null }

export const Skill = component(
  'Skill',
  object({
    name: Name,
    description: nullable(Text),
    level_descriptions: Type.Unsafe<LevelDescriptions>({ $ref: 'LevelDescriptions#', default: noDescriptions }),
  }),
)
export type Skill = Static<typeof Skill>

const exampleSkill: Skill = {
  name: 'Programming and build',
  description: 'Uses agreed standards and tools to design, code, test and document programs.',
  level_descriptions: {
    awareness: 'You can explain why adopting standards matters.',
    working: 'You can write code that others can read and test.',
    practitioner: 'You can set the standards that a team codes to.',
    expert: null,
  },
}

export const NewSkill = newOf(Skill, exampleSkill)
export const ReplacementSkill = replacementOf(Skill, exampleSkill)
export const SkillPatch = patchOf('SkillPatch', { level_descriptions: { expert: 'You can advise on any of it.' } })
export const SkillList = pageOf(
  'SkillList',
  'skills',
  component('SkillSummary', object({ slug: Slug, name: Name, ...listed })),
)

export const SharedSection = component(
  'SharedSection',
  object({
    kind: SectionKind,
    heading: Type.String({ minLength: 1, maxLength: 300, pattern: '\\S' }),
    blocks: Type.Array(ref(Block), {
      ...list(ref(Block), limits.blocks),
      description: 'Paragraphs, subheadings, notes and lists; what marks a place in a role belongs to the role.',
    }),
  }),
)
export type SharedSection = Static<typeof SharedSection>

const exampleSection: SharedSection = {
  kind: 'organisation_overview',
  heading: 'About the organisation',
  blocks: [
    { type: 'paragraph', text: 'We keep citizens safe and the country secure.' },
    { type: 'list', ordered: false, items: [{ id: 'i1', text: 'Border Force', optional: false, items: [] }] },
  ],
}

export const NewSharedSection = newOf(SharedSection, exampleSection)
export const ReplacementSharedSection = replacementOf(SharedSection, exampleSection)
export const SharedSectionPatch = patchOf('SharedSectionPatch', { heading: 'About the Home Office' })
export const SharedSectionList = pageOf(
  'SharedSectionList',
  'shared_sections',
  component(
    'SharedSectionSummary',
    object({
      slug: Slug,
      organisation: Slug,
      kind: SectionKind,
      heading: SharedSection.properties.heading,
      ...listed,
    }),
  ),
)

/** Where a role uses the entry. `url` is of the draft, or of the version that does. */
const use = {
  role: Slug,
  state: oneOf(['draft', 'published', 'withdrawn'], { description: 'Withdrawn: the last version of a role that is.' }),
}
const url = Type.String({ format: 'uri', description: 'Of the draft, or of the version.' })

const usesOf = (name: string, entry: TSchema) =>
  component(
    name,
    object({
      roles: Type.Array(ref(entry)),
      others: Type.Boolean({ description: 'Whether drafts of roles that you may not read use it too.' }),
      next_cursor: nextCursor,
    }),
  )

export const SkillRoles = usesOf('SkillRoles', component('SkillUse', object({ ...use, url })))
export const SharedSectionRoles = usesOf(
  'SharedSectionRoles',
  component(
    'SharedSectionUse',
    object({
      ...use,
      revision: Type.Integer({ minimum: 1, description: 'The one that the version printed; a draft has the newest.' }),
      current: Type.Boolean({ description: 'Whether that is the newest revision.' }),
      url,
    }),
  ),
)
