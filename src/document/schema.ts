/** The one document type: a draft is one RoleDocument, a version the bytes of one PublishedRole. */
import { type Static, type TSchema, Type } from 'typebox'
import {
  behaviours,
  type Code,
  contractTypes,
  families,
  gradeScheme,
  importances,
  professions,
  roleTypes,
  salaryPeriods,
  sectionKinds,
  sfiaVersions,
  skillLevels,
  workingPatterns,
} from './code-lists.ts'
import { component, list, newOf, nullable, object, oneOf, ref, replacementOf } from './shape.ts'

/** More than this is refused with 422 naming the limit. */
export const limits = {
  sections: 60,
  blocks: 100,
  items: 200,
  skills: 200,
  mappings: 50,
  text: 10_000,
  bytes: 1024 * 1024,
} as const

/** A code out of a closed list. */
export const code = <const C extends Code>(codes: readonly C[], description?: string) =>
  oneOf(codes.map(entry => entry.code) as C['code'][], description ? { description } : {})

/** What a slug looks like, and how an error tells it. */
export const slugForm = {
  pattern: '^[a-z0-9]+(-[a-z0-9]+)*$',
  description: 'Lower-case letters and digits, in groups joined by single hyphens.',
}
export const Slug = Type.String({ pattern: slugForm.pattern, maxLength: 80, description: slugForm.description })
/** A small CommonMark inline subset: emphasis, strong, code, links with https, http or mailto. */
export const Text = Type.String({
  minLength: 1,
  maxLength: limits.text,
  pattern: '\\S',
  description: 'Text with CommonMark emphasis, strong, code, and links to https, http or mailto addresses.',
})
export const Line = Type.String({ minLength: 1, maxLength: 300, pattern: '\\S' })
export const SectionId = Type.String({
  pattern: '^[a-z][a-z_]*(-[1-9][0-9]{0,7})?$',
  maxLength: 40,
  description: 'Made by the register, such as role_summary or other-2. Leave it out for a new section.',
})
export const ItemId = Type.String({
  pattern: '^i[1-9][0-9]{0,7}$',
  description: 'Made by the register, such as i1, within a section. Leave it out for a new item.',
})
export const SkillId = Type.String({
  pattern: '^s[1-9][0-9]{0,7}$',
  description: 'Made by the register, such as s1. Leave it out for a new skill.',
})

/** Of no year 0, and of an offset that there is: what the database can compare. */
export const Instant = Type.String({
  format: 'date-time',
  pattern: '^(?!0000).*(?:[Zz]|[+-](?:0[0-9]|1[0-5]):?[0-9]{2})$',
  description: 'An instant with its offset, such as 2027-05-30T23:55:00+01:00; served in UTC.',
})

export const SfiaVersion = oneOf(sfiaVersions)
export type SfiaVersion = Static<typeof SfiaVersion>
export const SfiaCode = Type.String({ pattern: '^[A-Z]{4}$', description: 'A SFIA skill code: four capital letters.' })
export const SfiaLevel = Type.Integer({ minimum: 1, maximum: 7, description: 'SFIA level of responsibility, 1 to 7.' })
const SkillLevel = code(skillLevels)
export const Importance = nullable(code(importances, 'null where the document does not say.'))
export const SectionKind = code(sectionKinds)
export type SectionKind = Static<typeof SectionKind>

export const SubItem = component('SubItem', object({ id: ItemId, text: Text }))
export type SubItem = Static<typeof SubItem>

export const ListItem = component(
  'ListItem',
  object({
    id: ItemId,
    text: Text,
    optional: Type.Boolean({
      default: false,
      description: 'Pages and adverts leave it out unless a vacancy chose it.',
    }),
    items: list(ref(SubItem), limits.items),
  }),
)
export type ListItem = Static<typeof ListItem>

const TextBlock = component('TextBlock', object({ type: oneOf(['paragraph', 'subheading', 'note']), text: Text }))
const ListBlock = component(
  'ListBlock',
  object({
    type: Type.Literal('list'),
    ordered: Type.Boolean({ default: false }),
    items: Type.Array(ref(ListItem), { minItems: 1, maxItems: limits.items }),
  }),
)
const SkillsBlock = component(
  'SkillsBlock',
  object(
    { type: Type.Literal('skills'), importance: Importance },
    { description: 'Marks where the role’s skills of this importance are printed.' },
  ),
)
const MarkerBlock = component(
  'MarkerBlock',
  object(
    { type: oneOf(['sfia_mappings', 'advert_details']) },
    { description: 'Marks where the role’s SFIA mappings or advert details are printed.' },
  ),
)

type BlockOf<T extends TSchema> = Static<T>
export type Block =
  | BlockOf<typeof TextBlock>
  | BlockOf<typeof ListBlock>
  | BlockOf<typeof SkillsBlock>
  | BlockOf<typeof MarkerBlock>

/** Discriminated by `type`. A note is authoring guidance and stands in drafts only. */
export const Block = component(
  'Block',
  Type.Unsafe<Block>({
    type: 'object',
    required: ['type'],
    discriminator: { propertyName: 'type' },
    oneOf: [ref(TextBlock), ref(ListBlock), ref(SkillsBlock), ref(MarkerBlock)],
  }),
)

export const Section = component(
  'Section',
  object({
    id: SectionId,
    kind: SectionKind,
    heading: Line,
    shared_section: nullable(Slug),
    blocks: list(ref(Block), limits.blocks),
  }),
)
export type Section = Static<typeof Section>

export const RoleSkill = component(
  'RoleSkill',
  object({
    id: SkillId,
    statement: Text,
    skill: nullable(Slug),
    level: nullable(SkillLevel),
    importance: Importance,
  }),
)
export type RoleSkill = Static<typeof RoleSkill>

export const SfiaMapping = component(
  'SfiaMapping',
  object({ code: SfiaCode, level: SfiaLevel }, { examples: [{ code: 'DESN', level: 4 }] }),
)
export type SfiaMapping = Static<typeof SfiaMapping>

export const Grade = component(
  'Grade',
  object({
    scheme: Type.String({
      ...Slug,
      default: gradeScheme,
      description: '`civil-service`, or a department’s own scheme.',
    }),
    code: Type.String({ minLength: 1, maxLength: 30, pattern: '\\S' }),
    label: Type.String({ maxLength: 100, default: '', description: 'Filled from the code where it is left out.' }),
  }),
)
export type Grade = Static<typeof Grade>

const Money = Type.Number({ minimum: 0, maximum: 100_000_000 })
export const Salary = component(
  'Salary',
  object({
    min: nullable(Money),
    max: nullable(Money),
    currency: Type.String({ pattern: '^[A-Z]{3}$', default: 'GBP', description: 'A code of ISO 4217, such as GBP.' }),
    period: nullable(code(salaryPeriods)),
    text: nullable(Type.String({ minLength: 1, maxLength: 1000, pattern: '\\S' })),
  }),
)
export type Salary = Static<typeof Salary>

export const Location = component(
  'Location',
  object({
    text: Line,
    town: nullable(Line),
    region: nullable(Line),
    postcode: nullable(Type.String({ minLength: 1, maxLength: 20, pattern: '\\S' })),
    country: nullable(Type.String({ pattern: '^[A-Z]{2}$', description: 'A code of ISO 3166-1 alpha-2, such as GB.' })),
  }),
)
export type Location = Static<typeof Location>

export const AdvertDetails = component(
  'AdvertDetails',
  object({
    reference_number: nullable(Line),
    salary: nullable(ref(Salary)),
    role_types: list(code(roleTypes), 20),
    locations: list(ref(Location), 100),
    business_area: nullable(Line),
    contract_types: list(code(contractTypes), 20),
    working_patterns: list(code(workingPatterns), 20),
    hours: nullable(Line),
    reports_to: nullable(Line),
    additional: list(object({ label: Line, value: Type.String({ maxLength: 2000 }) }), 50),
  }),
)
export type AdvertDetails = Static<typeof AdvertDetails>

/** An AdvertDetails of which nothing is known yet. */
export const emptyAdvertDetails = (): AdvertDetails => ({
  reference_number: null,
  salary: null,
  role_types: [],
  locations: [],
  business_area: null,
  contract_types: [],
  working_patterns: [],
  hours: null,
  reports_to: null,
  additional: [],
})

const Title = Type.String({ minLength: 1, maxLength: 200, pattern: '\\S' })

/** Members of every document, in the order of its canonical bytes; `sections`, `skills` and mappings vary. */
const head = {
  title: nullable(Title),
  alternative_titles: list(Line, 20),
  profession: nullable(code(professions)),
  family: nullable(code(families)),
  grades: list(ref(Grade), 20),
  behaviours: list(code(behaviours), behaviours.length),
}

export const RoleDocument = component(
  'RoleDocument',
  object({
    ...head,
    sections: list(ref(Section), limits.sections),
    skills: list(ref(RoleSkill), limits.skills),
    sfia_version: nullable(SfiaVersion),
    sfia_mappings: list(ref(SfiaMapping), limits.mappings),
    advert_details: Type.Unsafe<AdvertDetails>({ $ref: 'AdvertDetails#', default: emptyAdvertDetails() }),
  }),
)
export type RoleDocument = Static<typeof RoleDocument>

const PublishedSection = component(
  'PublishedSection',
  object({ ...Section.properties, blocks: Type.Array(ref(Block), { description: 'Without notes.' }) }),
)
const PublishedSkill = component('PublishedSkill', object({ ...RoleSkill.properties, skill_name: nullable(Line) }))
export const PublishedSfiaMapping = component(
  'PublishedSfiaMapping',
  object({ ...SfiaMapping.properties, name: Type.String(), category: Type.String(), subcategory: Type.String() }),
)

/**
 * What the world reads. Its bytes never change once published: a new member raises `format`, and the contract then
 * holds the union of the formats. It holds no address of this service and no person's name.
 */
export const PublishedRole = component(
  'PublishedRole',
  object({
    format: Type.Literal(1),
    slug: Slug,
    organisation: object({ slug: Slug, name: Line }),
    version: Type.Integer({ minimum: 1 }),
    published_at: Type.String({ format: 'date-time' }),
    change_note: Type.String(),
    ...head,
    // Nothing is published without one; a draft that is resolved to be compared may lack it.
    title: Type.Unsafe<string | null>(Title),
    sections: Type.Array(ref(PublishedSection)),
    skills: Type.Array(ref(PublishedSkill)),
    sfia_version: nullable(SfiaVersion),
    sfia_mappings: Type.Array(ref(PublishedSfiaMapping)),
    advert_details: ref(AdvertDetails),
  }),
)
export type PublishedRole = Static<typeof PublishedRole>

const exampleSections = [
  {
    id: 'role_summary',
    kind: 'role_summary' as const,
    heading: 'About the role',
    shared_section: null,
    blocks: [{ type: 'paragraph' as const, text: 'You will look after the *data pipelines* that others rely on.' }],
  },
  {
    id: 'responsibilities',
    kind: 'responsibilities' as const,
    heading: 'What you’ll do day-to-day',
    shared_section: null,
    blocks: [
      {
        type: 'list' as const,
        ordered: false,
        items: [{ id: 'i1', text: 'Build pipelines that others can maintain', optional: false, items: [] }],
      },
    ],
  },
  {
    id: 'skills_experience',
    kind: 'skills_experience' as const,
    heading: 'Skills and experience',
    shared_section: null,
    blocks: [{ type: 'skills' as const, importance: 'essential' as const }],
  },
  {
    id: 'skills_framework',
    kind: 'skills_framework' as const,
    heading: 'Skills Framework for the Information Age',
    shared_section: null,
    blocks: [{ type: 'sfia_mappings' as const }],
  },
]

/** A complete, valid document: the example of the contract. */
export const exampleDocument: RoleDocument = {
  title: 'Data engineer',
  alternative_titles: ['Data pipeline engineer'],
  profession: 'digital_and_data',
  family: 'data',
  grades: [{ scheme: gradeScheme, code: 'SEO', label: 'Senior Executive Officer' }],
  behaviours: ['working_together', 'delivering_at_pace'],
  sections: exampleSections,
  skills: [
    {
      id: 's1',
      statement: 'Can write and test code in Python',
      skill: null,
      level: 'working',
      importance: 'essential',
    },
  ],
  sfia_version: '9',
  sfia_mappings: [{ code: 'PROG', level: 3 }],
  advert_details: {
    reference_number: null,
    salary: { min: 42_500, max: 47_250.5, currency: 'GBP', period: 'year', text: '£42,500 to £47,250.50' },
    role_types: ['digital'],
    locations: [{ text: 'Sheffield', town: 'Sheffield', region: 'Yorkshire', postcode: 'S1 2HE', country: 'GB' }],
    business_area: 'Digital Services',
    contract_types: ['permanent'],
    working_patterns: ['full_time', 'job_share'],
    hours: '37 hours a week',
    reports_to: 'Lead data engineer',
    additional: [{ label: 'Closing date', value: '31 March' }],
  },
}

export const ReplacementRoleDocument = replacementOf(RoleDocument, exampleDocument)
export const NewRoleDocument = newOf(RoleDocument, exampleDocument)
const exampleSection = {
  kind: 'working_with' as const,
  heading: 'Who you will work with',
  shared_section: null,
  blocks: [{ type: 'paragraph' as const, text: 'You will work with **analysts** and engineers of other teams.' }],
}
export const ReplacementSection = replacementOf(Section, exampleSection)
export const NewSection = newOf(Section, exampleSection)
const exampleSkill = {
  statement: 'Can explain a data model to people who are new to it',
  skill: null,
  level: 'working' as const,
  importance: 'essential' as const,
}
export const ReplacementRoleSkill = replacementOf(RoleSkill, exampleSkill)
export const NewRoleSkill = newOf(RoleSkill, exampleSkill)
