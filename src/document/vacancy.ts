/** The document of a vacancy: one opening, made from a published version of a role; and what must hold beyond its shape. */
import { type Static, Type } from 'typebox'
import { checkBlocks, checkLocations, checkSalary, type Finding, findMarkers, repeats } from './check.ts'
import {
  behaviours,
  contractTypes,
  educationLevels,
  roleTypes,
  sectionKinds,
  securityClearances,
  workingPatterns,
} from './code-lists.ts'
import { assignItemIds } from './ids.ts'
import { timeZone } from './london.ts'
import {
  Block,
  code,
  Instant,
  ItemId,
  Line,
  Location,
  limits,
  type PublishedRole,
  Salary,
  SectionId,
  SkillId,
  Slug,
} from './schema.ts'
import { component, list, newOf, nullable, object, oneOf, patchOf, ref, replacementOf } from './shape.ts'
import { isAllowedAddress } from './text.ts'
import { shorten } from './wording.ts'

/** What a vacancy may say beyond its role; the other kinds are the role's own. */
const ownKinds = ['selection', 'benefits', 'terms', 'security', 'nationality', 'diversity', 'further_information']

export const vacancyStatuses = ['draft', 'open', 'closed', 'withdrawn'] as const

export const VacancyStatus = oneOf(vacancyStatuses, {
  description: 'By the clock. A draft that waits for its opening is a draft.',
})
export type VacancyStatus = Static<typeof VacancyStatus>

const VacancySection = component(
  'VacancySection',
  object({
    kind: code(sectionKinds.filter(kind => ownKinds.includes(kind.code))),
    heading: Line,
    shared_section: nullable(Slug),
    blocks: Type.Array(ref(Block), {
      ...list(ref(Block), limits.blocks),
      description:
        'Paragraphs, subheadings, notes and lists. Of a shared section: [] in a draft, later its text as it was printed.',
    }),
  }),
)
export type VacancySection = Static<typeof VacancySection>

const ChosenItem = component(
  'ChosenItem',
  object({
    section: Type.String({
      ...SectionId,
      description: 'A section of the version, by its id, such as responsibilities.',
    }),
    item: Type.String({ ...ItemId, description: 'An optional item of that section, by its id, such as i1.' }),
  }),
)

const AssessedSkill = Type.String({ ...SkillId, description: 'A skill of the version, by its id, such as s1.' })

const Contact = component(
  'Contact',
  object({
    name: nullable(Line),
    email: nullable(Type.String({ pattern: '^[^\\s@]+@[^\\s@]+$', maxLength: 254, description: 'An email address.' })),
    telephone: nullable(Type.String({ pattern: '^[0-9+() -]{3,40}$', description: 'Digits, spaces, +, ( ) and -.' })),
  }),
)

const codes = <const C extends { code: string; label: string }>(entries: readonly C[]) =>
  Type.Array(code(entries), { ...list(code(entries), entries.length), uniqueItems: true })

const members = {
  reference_number: nullable({
    ...Line,
    description: 'Issued by Civil Service Jobs, whose key writes it with the scope vacancies:reference.',
  }),
  chosen_items: Type.Array(ref(ChosenItem), {
    ...list(ref(ChosenItem), limits.items),
    description: 'The optional items of the role that this advert prints.',
  }),
  number_of_posts: Type.Integer({ minimum: 1, maximum: 10_000, default: 1 }),
  salary: nullable(ref(Salary)),
  role_types: codes(roleTypes),
  locations: list(ref(Location), 100),
  remote: Type.Boolean({ default: false, description: 'Whether all of the work may be done from home.' }),
  business_area: nullable(Line),
  contract_types: codes(contractTypes),
  contract_length: nullable({ ...Line, description: 'How long a contract that ends lasts: `24 months`.' }),
  working_patterns: codes(workingPatterns),
  hours: nullable(Line),
  reports_to: nullable(Line),
  opens_at: nullable(Instant),
  closes_at: nullable(Instant),
  time_zone: Type.Literal(timeZone, { default: timeZone, description: 'Of printed dates and times.' }),
  behaviours: codes(behaviours),
  technical_skills: Type.Array(AssessedSkill, {
    ...list(AssessedSkill, limits.skills),
    uniqueItems: true,
    description: 'The skills of the role, by id, that are assessed.',
  }),
  education: nullable(code(educationLevels)),
  experience_months: nullable(Type.Integer({ minimum: 0, maximum: 600 })),
  security_clearance: nullable(code(securityClearances)),
  contact: nullable(ref(Contact)),
  apply_url: nullable(
    Type.String({ pattern: '^https://\\S+$', maxLength: 2000, description: 'The https address where one applies.' }),
  ),
  sections: list(ref(VacancySection), limits.sections),
}

const origin = {
  role: Type.String({ ...Slug, description: 'The role that is advertised; it stays the same.' }),
  version: Type.Integer({
    minimum: 1,
    maximum: 2_000_000_000,
    description: 'The published version that it is made from, whatever is published later; the latest where left out.',
  }),
}

/** What is stored. */
const VacancyDocument = object({ ...origin, ...members })
export type VacancyDocument = Static<typeof VacancyDocument>

/** What GET answers with and PUT takes. `status` is read only: sent, it must be what it is. */
export const Vacancy = component(
  'Vacancy',
  object({
    ...origin,
    status: Type.Unsafe<VacancyStatus>({ ...VacancyStatus, default: 'draft' }),
    ...members,
  }),
)
export type Vacancy = Static<typeof Vacancy>

/** A complete, valid vacancy of the role that is the example of the contract. */
export const exampleVacancy: Vacancy = {
  role: 'data-engineer',
  version: 1,
  status: 'draft',
  reference_number: null,
  chosen_items: [],
  number_of_posts: 2,
  salary: { min: 42_500, max: 47_250.5, currency: 'GBP', period: 'year', text: '£42,500 to £47,250.50' },
  role_types: ['digital'],
  locations: [
    { text: 'Croydon', town: 'Croydon', region: 'London', postcode: 'CR0 2EU', country: 'GB' },
    { text: 'Sheffield', town: 'Sheffield', region: 'Yorkshire and the Humber', postcode: 'S1 2HE', country: 'GB' },
  ],
  remote: false,
  business_area: 'Digital Services',
  contract_types: ['permanent', 'fixed_term'],
  contract_length: '24 months',
  working_patterns: ['full_time', 'job_share'],
  hours: '37 hours a week',
  reports_to: 'Lead data engineer',
  opens_at: '2027-05-03T08:00:00Z',
  closes_at: '2027-05-30T22:55:00Z',
  time_zone: timeZone,
  behaviours: ['working_together'],
  technical_skills: ['s1'],
  education: 'bachelor_degree',
  experience_months: 24,
  security_clearance: 'sc',
  contact: { name: 'Recruitment team', email: 'recruitment@example.org', telephone: '020 7946 0000' },
  apply_url: 'https://jobs.example.org/apply/data-engineer',
  sections: [
    {
      kind: 'selection',
      heading: 'Selection process',
      shared_section: null,
      blocks: [{ type: 'paragraph', text: 'We sift on your *statement* and then hold an interview.' }],
    },
    {
      kind: 'benefits',
      heading: 'Benefits',
      shared_section: null,
      blocks: [
        {
          type: 'list',
          ordered: false,
          items: [{ id: 'i1', text: '25 days of leave', optional: false, items: [] }],
        },
      ],
    },
  ],
}

export const NewVacancy = newOf(Vacancy, exampleVacancy, ['version'])
export const ReplacementVacancy = replacementOf(Vacancy, exampleVacancy)
export const VacancyPatch = patchOf('VacancyPatch', { closes_at: '2027-06-06T23:55:00+01:00', number_of_posts: 3 })

/** An instant in UTC as it is stored and served; undefined where there is none such, as 31 April. */
function toUtc(instant: string): string | undefined {
  const time = Date.parse(instant)
  if (Number.isNaN(time)) return undefined
  const utc = new Date(time).toISOString().replace('.000Z', 'Z')
  return /^(?!0000)\d{4}-/.test(utc) ? utc : undefined
}

/** What a new vacancy says where nothing else is sent: what its version knows already. */
export function defaultsOf({ advert_details, behaviours }: PublishedRole): Partial<Vacancy> {
  const { salary, locations, business_area, hours, reports_to, ...details } = advert_details
  const once = <T>(entries: readonly T[]) => [...new Set(entries)]
  return {
    salary,
    locations,
    business_area,
    hours,
    reports_to,
    role_types: once(details.role_types),
    contract_types: once(details.contract_types),
    working_patterns: once(details.working_patterns),
    behaviours: once(behaviours),
  }
}

/** With instants in UTC and an id for each item. An instant that is none stays: `checkVacancy` finds it. */
export function normalised(document: VacancyDocument): VacancyDocument {
  const utc = (instant: string | null) => (instant === null ? null : (toUtc(instant) ?? instant))
  return {
    ...document,
    opens_at: utc(document.opens_at),
    closes_at: utc(document.closes_at),
    sections: document.sections.map(section => ({ ...section, blocks: assignItemIds(section.blocks) })),
  }
}

function checkInstants({ opens_at, closes_at }: VacancyDocument): Finding[] {
  const found = Object.entries({ opens_at, closes_at }).flatMap(([name, instant]): Finding[] =>
    instant === null || toUtc(instant) !== undefined
      ? []
      : [{ pointer: `/${name}`, code: 'wrong_form', detail: `"${instant}" is no instant: there is no such time.` }],
  )
  if (found.length === 0 && opens_at !== null && closes_at !== null && Date.parse(closes_at) <= Date.parse(opens_at))
    found.push({
      pointer: '/closes_at',
      code: 'too_early',
      detail: `closes_at must be later than opens_at, ${opens_at}.`,
    })
  return found
}

/** What the vacancy names of its role must be there in this version. */
function checkChoices({ version, chosen_items, technical_skills }: VacancyDocument, role: PublishedRole): Finding[] {
  const items = new Map(
    role.sections.flatMap(({ id, blocks }) =>
      blocks.flatMap(block =>
        block.type === 'list' ? block.items.map(item => [`${id} ${item.id}`, item.optional] as const) : [],
      ),
    ),
  )
  const offered = [...items].flatMap(([key, optional]) => (optional ? [key.replace(/(.*) (.*)/, '$2 of "$1"')] : []))
  const choice = `Its optional items are: ${shorten(offered.join(', ') || 'none', 500)}.`
  const choices = chosen_items.flatMap(({ section, item }, index): Finding[] => {
    const optional = items.get(`${section} ${item}`)
    const pointer = `/chosen_items/${index}`
    if (optional === undefined) {
      const detail = `Version ${version} has no item ${item} in a section "${section}". ${choice}`
      return [{ pointer, code: 'unknown_item', detail }]
    }
    return optional
      ? []
      : [{ pointer, code: 'not_optional', detail: `The item ${item} of "${section}" is printed without being chosen.` }]
  })
  const twice = repeats(chosen_items, ({ section, item }) => `${section} ${item}`).map(
    ({ index, key }): Finding => ({
      pointer: `/chosen_items/${index}`,
      code: 'duplicate',
      detail: `The item ${key.split(' ')[1]} of "${key.split(' ')[0]}" is chosen already.`,
    }),
  )
  const known = new Set(role.skills.map(({ id }) => id))
  const skills = technical_skills.flatMap((id, index): Finding[] =>
    known.has(id)
      ? []
      : [
          {
            pointer: `/technical_skills/${index}`,
            code: 'unknown_skill',
            detail: `Version ${version} has no skill ${id}. It has ${[...known].join(', ') || 'none'}.`,
          },
        ],
  )
  return [...choices, ...twice, ...skills]
}

function checkApplyUrl(address: string | null): Finding[] {
  if (address === null) return []
  const wrong = (detail: string): Finding[] => [{ pointer: '/apply_url', code: 'wrong_form', detail }]
  if (!isAllowedAddress(address))
    return wrong('This is not an address. Write it like https://www.civilservicejobs.service.gov.uk/.')
  const { username, password } = new URL(address)
  return username || password ? wrong('This must hold no user name or password: everybody reads it.') : []
}

/** All that makes a vacancy invalid though it has the right shape; [] where nothing does. */
export function checkVacancy(document: VacancyDocument, role: PublishedRole): Finding[] {
  const { salary, locations, apply_url, sections } = document
  return [
    ...checkInstants(document),
    ...checkChoices(document, role),
    ...checkSalary(salary, '/salary'),
    ...checkLocations(locations, '/locations'),
    ...checkApplyUrl(apply_url),
    ...sections.flatMap(({ shared_section, blocks }, index): Finding[] => {
      const pointer = `/sections/${index}/blocks`
      if (shared_section === null)
        return [...findMarkers(blocks, pointer, 'A vacancy'), ...checkBlocks(blocks, pointer)]
      return blocks.length === 0
        ? []
        : [
            {
              pointer,
              code: 'blocks_of_shared_section',
              detail: 'A section that uses a shared section has no blocks of its own: send [].',
            },
          ]
    }),
  ]
}
