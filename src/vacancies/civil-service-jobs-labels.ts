/**
 * What an advert on Civil Service Jobs says. There is no public specification: this table says for each label where its
 * value comes from and what it may be, and which of that is our assumption. A change of what it says raises the version
 * of the profile.
 */
import {
  behaviours,
  contractTypes,
  gradeScheme,
  grades,
  roleTypes,
  securityClearances,
  workingPatterns,
} from '../document/code-lists.ts'
import { londonTime } from '../document/london.ts'
import { salaryName } from '../document/print.ts'
import type { Location, SectionKind } from '../document/schema.ts'
import { plainText } from '../document/text.ts'
import { escapeHtml } from '../renderings/html.ts'
import { type Advert, type AdvertSection, htmlOf, sectionsOf } from './advert.ts'

export const profile = { name: 'civil-service-jobs', version: 2 } as const

export type Value = string | number | string[] | null

/** Parts of a row that nobody outside has confirmed. */
type Part = 'source' | 'allowed_values' | 'required' | 'max_length'

export interface Label {
  label: string
  /** Pointers into the vacancy, or with `role:` into its version. The first is what to mend where the value is missing. */
  source: string[]
  format: 'text' | 'list' | 'number' | 'html'
  /** Of a text, or of each entry of a list; null where any will do. */
  allowed_values: string[] | null
  required: boolean
  /** In characters, of each entry where it is a list; null where there is no such thing. */
  max_length: number | null
  /** What the wording of the label is known from. */
  basis: string
  assumed: Part[]
  value(advert: Advert): Value
}

const adverts = 'printed on adverts at https://www.civilservicejobs.service.gov.uk'
const everything: Part[] = ['source', 'allowed_values', 'required', 'max_length']
const labels = (codes: readonly { label: string }[]) => codes.map(({ label }) => label)
const named = (codes: readonly { code: string; label: string }[], chosen: readonly string[]) =>
  chosen.flatMap(code => codes.find(entry => entry.code === code)?.label ?? [])

/** "Contractor" is no contract of an employee, which is all that Civil Service Jobs advertises. */
export const theirContractTypes = contractTypes.filter(({ code }) => code !== 'contractor')
const otherGrade = 'Other'
/** Contracts that end, so that an advert must say when. */
export const ending = ['fixed_term', 'temporary', 'loan', 'secondment', 'apprenticeship']

/** `Croydon, London`; the printed text where the town is not known. */
const placeName = ({ text, town, region }: Location) => [town ?? text, region].filter(Boolean).join(', ')

/** Which sections a label of limited HTML prints. */
export const sectionKinds = {
  'Job summary': ['organisation_overview', 'profession_overview', 'role_summary'],
  'Job description': ['responsibilities', 'working_with'],
  'Person specification': ['person_specification', 'skills_experience', 'capabilities', 'skills_framework'],
  Benefits: ['benefits'],
  'Selection process details': ['selection'],
  Security: ['security'],
  'Nationality requirements': ['nationality'],
} as const satisfies Record<string, readonly SectionKind[]>

const ofLabel = (label: keyof typeof sectionKinds) => {
  const kinds: readonly SectionKind[] = sectionKinds[label]
  return (sections: readonly AdvertSection[]) => htmlOf(sections.filter(({ kind }) => kinds.includes(kind)))
}

const htmlRow = (label: keyof typeof sectionKinds, required: boolean, source: string[]): Label => ({
  label,
  source,
  format: 'html',
  allowed_values: null,
  required,
  max_length: 50_000,
  basis: adverts,
  assumed: everything,
  value: advert => ofLabel(label)(sectionsOf(advert)) || null,
})

/** The labels of an advert, in its order. */
export const rows: readonly Label[] = [
  {
    label: 'Job title',
    source: ['role:/title'],
    format: 'text',
    allowed_values: null,
    required: true,
    max_length: 200,
    basis: adverts,
    assumed: ['required', 'max_length'],
    value: ({ role }) => role.title,
  },
  {
    label: 'Reference number',
    source: ['/reference_number'],
    format: 'text',
    allowed_values: null,
    // They issue it.
    required: false,
    max_length: 50,
    basis: adverts,
    assumed: ['max_length'],
    value: ({ vacancy }) => vacancy.reference_number,
  },
  {
    label: 'Salary',
    source: ['/salary'],
    format: 'text',
    allowed_values: null,
    required: true,
    max_length: 500,
    basis: adverts,
    assumed: ['required', 'max_length'],
    value: ({ vacancy }) => (vacancy.salary && salaryName(vacancy.salary)) || null,
  },
  {
    label: 'Job grade',
    source: ['role:/grades'],
    format: 'list',
    allowed_values: [...labels(grades), otherGrade],
    required: true,
    max_length: null,
    basis: adverts,
    assumed: ['allowed_values', 'required'],
    value: ({ role }) => [
      ...new Set(role.grades.map(({ scheme, label }) => (scheme === gradeScheme ? label : otherGrade))),
    ],
  },
  {
    label: 'Contract type',
    source: ['/contract_types'],
    format: 'list',
    allowed_values: labels(theirContractTypes),
    required: true,
    max_length: null,
    basis: adverts,
    assumed: ['allowed_values', 'required'],
    value: ({ vacancy }) => named(theirContractTypes, vacancy.contract_types),
  },
  {
    label: 'Length of employment',
    source: ['/contract_length'],
    format: 'text',
    allowed_values: null,
    // But of a contract that ends: see `missingOfCivilServiceJobs`.
    required: false,
    max_length: 300,
    basis: adverts,
    assumed: ['required', 'max_length'],
    value: ({ vacancy }) => vacancy.contract_length,
  },
  {
    label: 'Business area',
    source: ['/business_area'],
    format: 'text',
    allowed_values: null,
    required: true,
    max_length: 300,
    basis: adverts,
    assumed: ['required', 'max_length'],
    value: ({ vacancy }) => vacancy.business_area,
  },
  {
    label: 'Type of role',
    source: ['/role_types'],
    format: 'list',
    allowed_values: labels(roleTypes),
    required: true,
    max_length: null,
    basis: adverts,
    assumed: ['allowed_values', 'required'],
    value: ({ vacancy }) => named(roleTypes, vacancy.role_types),
  },
  {
    label: 'Working pattern',
    source: ['/working_patterns'],
    format: 'list',
    allowed_values: labels(workingPatterns),
    required: true,
    max_length: null,
    basis: adverts,
    assumed: ['allowed_values', 'required'],
    value: ({ vacancy }) => named(workingPatterns, vacancy.working_patterns),
  },
  {
    label: 'Number of jobs available',
    source: ['/number_of_posts'],
    format: 'number',
    allowed_values: null,
    required: true,
    max_length: null,
    basis: adverts,
    assumed: ['required'],
    value: ({ vacancy }) => vacancy.number_of_posts,
  },
  {
    label: 'Location',
    source: ['/locations'],
    format: 'text',
    allowed_values: null,
    required: true,
    max_length: 4000,
    basis: `${adverts}, as "Croydon, London : Sheffield, Yorkshire and the Humber"`,
    assumed: ['required', 'max_length'],
    value: ({ vacancy }) => vacancy.locations.map(placeName).join(' : ') || null,
  },
  {
    label: 'Closing date',
    source: ['/closes_at'],
    format: 'text',
    allowed_values: null,
    required: true,
    max_length: null,
    basis: `${adverts}, as "Apply before 11:55 pm on Friday 17th January 2025"`,
    assumed: ['required'],
    value: ({ vacancy }) => (vacancy.closes_at === null ? null : `Apply before ${londonTime(vacancy.closes_at)}`),
  },
  htmlRow('Job summary', true, ['role:/sections']),
  htmlRow('Job description', true, ['role:/sections']),
  htmlRow('Person specification', true, ['role:/sections', 'role:/skills', 'role:/sfia_mappings']),
  {
    label: 'Behaviours',
    source: ['/behaviours'],
    format: 'list',
    allowed_values: labels(behaviours),
    required: false,
    max_length: null,
    basis: `${adverts}; the nine of Success Profiles`,
    assumed: ['required'],
    value: ({ vacancy }) => named(behaviours, vacancy.behaviours),
  },
  {
    label: 'Technical skills',
    source: ['/technical_skills', 'role:/skills'],
    format: 'list',
    allowed_values: null,
    required: false,
    max_length: 1000,
    basis: adverts,
    assumed: ['required', 'max_length'],
    value: ({ vacancy, role }) =>
      vacancy.technical_skills.flatMap(id => {
        const skill = role.skills.find(entry => entry.id === id)
        return skill ? [plainText(skill.statement)] : []
      }),
  },
  htmlRow('Benefits', false, ['/sections', 'role:/sections']),
  htmlRow('Selection process details', false, ['/sections', 'role:/sections']),
  {
    ...htmlRow('Security', false, ['/security_clearance', '/sections', 'role:/sections']),
    value: advert => {
      const [clearance] = named(securityClearances, [advert.vacancy.security_clearance ?? ''])
      const level = clearance === undefined ? '' : `<p>Level of security clearance: ${escapeHtml(clearance)}</p>`
      return [level, ofLabel('Security')(sectionsOf(advert))].filter(Boolean).join('\n') || null
    },
  },
  htmlRow('Nationality requirements', false, ['/sections', 'role:/sections']),
  {
    label: 'Contact point for applicants',
    source: ['/contact'],
    format: 'html',
    allowed_values: null,
    required: true,
    max_length: 2000,
    basis: adverts,
    assumed: ['required', 'max_length'],
    value: ({ vacancy: { contact } }) => {
      const lines = Object.entries({ Name: contact?.name, Email: contact?.email, Telephone: contact?.telephone })
      return lines.flatMap(([name, line]) => (line ? [`<p>${name}: ${escapeHtml(line)}</p>`] : [])).join('\n') || null
    },
  },
]

/** What of a vacancy and its version no label takes, and why; whether it says anything is found out for each vacancy. */
export const homeless: readonly { source: string; reason: string; where?(advert: Advert): boolean }[] = [
  {
    source: '/remote',
    reason: 'No label takes it, and no working pattern is Homeworking, which would say so.',
    where: ({ vacancy }) => !vacancy.working_patterns.includes('homeworking'),
  },
  { source: '/hours', reason: 'No label takes the hours.' },
  { source: '/reports_to', reason: 'No label says to whom the job reports.' },
  { source: '/opens_at', reason: 'An advert is posted when it opens; no label names the instant.' },
  { source: '/education', reason: 'No label takes a level of education.' },
  { source: '/experience_months', reason: 'No label takes a length of experience.' },
  { source: '/apply_url', reason: 'People apply on Civil Service Jobs itself.' },
  { source: 'role:/alternative_titles', reason: 'An advert has one title.' },
  { source: 'role:/profession', reason: 'No label takes the profession.' },
  { source: 'role:/family', reason: 'No label takes the role family.' },
]

/** Whether a section of the version prints its details. */
const printsDetails = ({ role }: Advert) =>
  role.sections.some(({ blocks }) => blocks.some(({ type }) => type === 'advert_details'))

/** The same of parts of members that a label takes: what it does not print of them. */
export const homelessParts: readonly {
  source: string
  reason: string
  of(advert: Advert): { source: string; value: unknown }[]
}[] = [
  ...(
    [
      ['text', 'The label prints the town and the region of a location that names its town.'],
      ['postcode', 'The label prints no postcode.'],
      ['country', 'The label prints no country; places in the United Kingdom need none.'],
    ] as const
  ).map(([member, reason]) => ({
    source: `/locations/*/${member}`,
    reason,
    of: ({ vacancy }: Advert) =>
      vacancy.locations.flatMap((location, index) => {
        const value = location[member]
        const isTold = value === null || placeName(location).includes(value) || (member === 'country' && value === 'GB')
        return isTold ? [] : [{ source: `/locations/${index}/${member}`, value }]
      }),
  })),
  {
    source: 'role:/advert_details/additional',
    reason: 'No label takes it, and no section of the version prints its details.',
    of: advert =>
      printsDetails(advert)
        ? []
        : advert.role.advert_details.additional.map((value, index) => ({
            source: `role:/advert_details/additional/${index}`,
            value,
          })),
  },
]

/** Members that say what the vacancy is made of, not what an advert prints. */
export const structural: readonly string[] = [
  '/role',
  '/version',
  '/time_zone',
  '/chosen_items',
  'role:/format',
  'role:/slug',
  'role:/organisation',
  'role:/version',
  'role:/published_at',
  'role:/change_note',
  'role:/sfia_version',
  // The vacancy's own stand in their place.
  'role:/behaviours',
  'role:/advert_details',
]
