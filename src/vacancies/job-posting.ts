/**
 * A vacancy as schema.org JobPosting, with what Google's job search requires and recommends
 * (https://developers.google.com/search/docs/appearance/structured-data/job-posting).
 */

import { type Static, Type } from 'typebox'
import type { Advice } from '../document/advice.ts'
import type { Finding } from '../document/check.ts'
import { labelOf, securityClearances } from '../document/code-lists.ts'
import type { Location, Salary } from '../document/schema.ts'
import { component, object, ref } from '../document/shape.ts'
import {
  categoriesOf,
  occupationId,
  organisationId,
  skillsOf,
  textsOf,
  versionOccupationId,
} from '../schema-org/occupation.ts'
import { CategoryCode, DefinedTerm } from '../schema-org/schema.ts'
import { type Advert, choiceOf, htmlOf, sectionsOf } from './advert.ts'
import { addressOf } from './item.ts'

const Address = Type.String({ format: 'uri' })
const { Optional, Literal } = Type

const Place = component(
  'Place',
  object({
    '@type': Literal('Place'),
    address: object({
      '@type': Literal('PostalAddress'),
      addressLocality: Type.String(),
      addressRegion: Optional(Type.String()),
      postalCode: Optional(Type.String()),
      addressCountry: Optional(Type.String({ description: 'ISO 3166-1 alpha-2' })),
    }),
  }),
)
type Place = Static<typeof Place>

/** What is not known is left out, never null. */
export const JobPosting = component(
  'JobPosting',
  object({
    '@context': Literal('https://schema.org'),
    '@type': Literal('JobPosting'),
    '@id': Address,
    title: Type.String(),
    description: Type.String({ description: 'Limited HTML: p, h3, h4, ul, ol, li, strong, em, code, a.' }),
    datePosted: Optional(Type.String({ format: 'date-time' })),
    validThrough: Optional(Type.String({ format: 'date-time' })),
    hiringOrganization: object({
      '@type': Literal('Organization'),
      '@id': Address,
      name: Type.String(),
      sameAs: Optional(Address),
    }),
    employmentUnit: Optional(object({ '@type': Literal('Organization'), name: Type.String() })),
    identifier: object({ '@type': Literal('PropertyValue'), name: Type.String(), value: Type.String() }),
    jobLocation: Optional(Type.Array(ref(Place), { minItems: 1 })),
    jobLocationType: Optional(Literal('TELECOMMUTE')),
    applicantLocationRequirements: Optional(
      Type.Array(object({ '@type': Literal('Country'), name: Type.String() }), { minItems: 1 }),
    ),
    employmentType: Optional(Type.Array(Type.String(), { minItems: 1 })),
    baseSalary: Optional(
      object({
        '@type': Literal('MonetaryAmount'),
        currency: Type.String(),
        value: object({
          '@type': Literal('QuantitativeValue'),
          value: Optional(Type.Number()),
          minValue: Optional(Type.Number()),
          maxValue: Optional(Type.Number()),
          unitText: Type.String(),
        }),
      }),
    ),
    workHours: Optional(Type.String()),
    totalJobOpenings: Type.Integer(),
    url: Address,
    directApply: Type.Boolean(),
    educationRequirements: Optional(
      Type.Unsafe<string | { '@type': 'EducationalOccupationalCredential'; credentialCategory: string }>({
        anyOf: [
          { type: 'string' },
          object({ '@type': Literal('EducationalOccupationalCredential'), credentialCategory: Type.String() }),
        ],
      }),
    ),
    experienceRequirements: Optional(
      object({ '@type': Literal('OccupationalExperienceRequirements'), monthsOfExperience: Type.Integer() }),
    ),
    securityClearanceRequirement: Optional(Type.String()),
    jobBenefits: Optional(Type.String()),
    eligibilityToWorkRequirement: Optional(Type.String()),
    skills: Optional(
      Type.Unsafe<(string | DefinedTerm)[]>({
        type: 'array',
        minItems: 1,
        items: { anyOf: [ref(DefinedTerm), { type: 'string' }] },
      }),
    ),
    occupationalCategory: Optional(Type.Array(ref(CategoryCode), { minItems: 1 })),
    relevantOccupation: object({ '@type': Literal('Occupation'), '@id': Address, name: Type.String() }),
    applicationContact: Optional(
      object({
        '@type': Literal('ContactPoint'),
        name: Optional(Type.String()),
        email: Optional(Type.String()),
        telephone: Optional(Type.String()),
      }),
    ),
  }),
)
export type JobPosting = Static<typeof JobPosting>

/** A member where there is something to say. */
function some<K extends string, T>(name: K, value: T | null | undefined): { [key in K]?: T } {
  const isEmpty = value === null || value === undefined || value === '' || (Array.isArray(value) && value.length === 0)
  return (isEmpty ? {} : { [name]: value }) as { [key in K]?: T }
}

const placeOf = ({ text, town, region, postcode, country }: Location): Place => ({
  '@type': 'Place',
  address: {
    '@type': 'PostalAddress',
    addressLocality: town ?? text,
    ...some('addressRegion', region),
    ...some('postalCode', postcode),
    ...some('addressCountry', country),
  },
})

const countryNames = new Intl.DisplayNames('en-GB', { type: 'region' })

/** From where one may work at home: the countries of the locations, else the one of the Civil Service. */
function applicantCountries(locations: readonly Location[]) {
  const codes = [...new Set(locations.flatMap(({ country }) => country ?? []))]
  return (codes.length === 0 ? ['GB'] : codes).map(code => ({
    '@type': 'Country' as const,
    name: countryNames.of(code) ?? code,
  }))
}

/** Google's words for what contract types and working patterns mean. */
const employmentTypes: Record<string, string> = {
  full_time: 'FULL_TIME',
  part_time: 'PART_TIME',
  job_share: 'PART_TIME',
  term_time: 'PART_TIME',
  fixed_term: 'TEMPORARY',
  temporary: 'TEMPORARY',
  loan: 'TEMPORARY',
  secondment: 'TEMPORARY',
  contractor: 'CONTRACTOR',
  apprenticeship: 'OTHER',
}

const employmentTypesOf = ({ contract_types, working_patterns }: Advert['vacancy']) => [
  ...new Set([...working_patterns, ...contract_types].flatMap(code => employmentTypes[code] ?? [])),
]

/** A salary as numbers; undefined where it has none, or nobody knows for how long it is paid. */
function baseSalary(salary: Salary | null): JobPosting['baseSalary'] {
  if (!salary?.period || (salary.min === null && salary.max === null)) return undefined
  const { min, max, currency, period } = salary
  return {
    '@type': 'MonetaryAmount',
    currency,
    value: {
      '@type': 'QuantitativeValue',
      ...(min === max ? some('value', min) : { ...some('minValue', min), ...some('maxValue', max) }),
      unitText: period.toUpperCase(),
    },
  }
}

function educationOf({ education }: Advert['vacancy']): JobPosting['educationRequirements'] {
  if (education === null) return undefined
  if (education === 'none') return 'no requirements'
  return { '@type': 'EducationalOccupationalCredential', credentialCategory: education.replace('_', ' ') }
}

/** What the advert prints in sections of a kind, as plain text. */
function plainOf({ role, vacancy }: Advert, kind: string): string {
  const isChosen = choiceOf(vacancy)
  const all = { keepLeads: true, keepSubheadings: true }
  const ofRole = role.sections
    .filter(section => section.kind === kind)
    .flatMap(section =>
      textsOf(section, { ...all, isShown: ({ id, optional }) => !optional || isChosen(section.id, id) }),
    )
  const own = vacancy.sections
    .filter(section => section.kind === kind)
    .flatMap(section => textsOf(section, { ...all, isShown: () => true }))
  return [...ofRole, ...own].join('\n')
}

export function jobPostingOf(advert: Advert, baseUrl: string): JobPosting {
  const { id, vacancy, role, isRoleWithdrawn, homepageUrl } = advert
  const { contact, locations, remote } = vacancy
  const title = role.title ?? role.slug
  const address = baseUrl + addressOf(id)
  return {
    '@context': 'https://schema.org',
    '@type': 'JobPosting',
    '@id': address,
    title,
    description: htmlOf(sectionsOf(advert)),
    ...some('datePosted', vacancy.opens_at),
    ...some('validThrough', vacancy.closes_at),
    hiringOrganization: {
      '@type': 'Organization',
      '@id': organisationId(baseUrl, role.organisation.slug),
      name: role.organisation.name,
      ...some('sameAs', homepageUrl),
    },
    ...some(
      'employmentUnit',
      vacancy.business_area === null ? null : { '@type': 'Organization' as const, name: vacancy.business_area },
    ),
    identifier: {
      '@type': 'PropertyValue',
      // Whoever issued the number is its scope: Civil Service Jobs, or the register for want of it.
      name: vacancy.reference_number === null ? 'Role Register' : 'Civil Service Jobs',
      value: vacancy.reference_number ?? id,
    },
    ...some('jobLocation', locations.map(placeOf)),
    ...(remote
      ? { jobLocationType: 'TELECOMMUTE' as const, applicantLocationRequirements: applicantCountries(locations) }
      : {}),
    ...some('employmentType', employmentTypesOf(vacancy)),
    ...some('baseSalary', baseSalary(vacancy.salary)),
    ...some('workHours', vacancy.hours),
    totalJobOpenings: vacancy.number_of_posts,
    url: vacancy.apply_url ?? address,
    directApply: vacancy.apply_url !== null,
    ...some('educationRequirements', educationOf(vacancy)),
    ...some(
      'experienceRequirements',
      vacancy.experience_months === null
        ? undefined
        : { '@type': 'OccupationalExperienceRequirements' as const, monthsOfExperience: vacancy.experience_months },
    ),
    ...some(
      'securityClearanceRequirement',
      vacancy.security_clearance && labelOf(securityClearances, vacancy.security_clearance),
    ),
    ...some('jobBenefits', plainOf(advert, 'benefits')),
    ...some('eligibilityToWorkRequirement', plainOf(advert, 'nationality')),
    ...some('skills', skillsOf(baseUrl, role)),
    ...some('occupationalCategory', categoriesOf(baseUrl, role)),
    relevantOccupation: {
      '@type': 'Occupation',
      '@id': isRoleWithdrawn ? versionOccupationId(baseUrl, role) : occupationId(baseUrl, role.slug),
      name: title,
    },
    ...some(
      'applicationContact',
      contact && {
        '@type': 'ContactPoint' as const,
        ...some('name', contact.name),
        ...some('email', contact.email),
        ...some('telephone', contact.telephone),
      },
    ),
  }
}

const required = (pointer: string, what: string): Finding => ({
  pointer,
  code: 'required',
  detail: `A JobPosting needs ${what}.`,
})

/** What Google requires and the vacancy lacks; [] where nothing is missing. Title and organisation are never missing. */
export function missingOfJobPosting(advert: Advert): Finding[] {
  const { vacancy } = advert
  return [
    ...(sectionsOf(advert).length === 0 ? [required('/version', 'a description: this version prints no section')] : []),
    ...(vacancy.closes_at === null ? [required('/closes_at', 'validThrough: the instant when it closes')] : []),
    ...(vacancy.locations.length === 0 && !vacancy.remote
      ? [required('/locations', 'jobLocation, unless all of the work may be done from home')]
      : []),
    ...vacancy.locations.flatMap(({ country }, index) =>
      country === null ? [required(`/locations/${index}/country`, 'the country of each location, such as GB')] : [],
    ),
  ]
}

/** What Google recommends and the vacancy lacks; it stops nothing. */
export function adviceOnJobPosting({ vacancy }: Advert): Advice[] {
  const recommended = (pointer: string, what: string): Advice => ({
    pointer,
    code: 'recommended',
    excerpt: '',
    detail: `A JobPosting is found more often with ${what}.`,
    source: 'Google Search Central, structured data for job postings: recommended properties',
  })
  return [
    ...(baseSalary(vacancy.salary) ? [] : [recommended('/salary', 'baseSalary: an amount and its period')]),
    ...(employmentTypesOf(vacancy).length > 0 ? [] : [recommended('/working_patterns', 'employmentType')]),
    ...(vacancy.apply_url === null ? [recommended('/apply_url', 'the address where one applies')] : []),
    ...(vacancy.education === null ? [recommended('/education', 'educationRequirements')] : []),
    ...(vacancy.experience_months === null ? [recommended('/experience_months', 'experienceRequirements')] : []),
    ...vacancy.locations.flatMap(({ town, region, postcode }, index) =>
      (
        [
          ['town', town],
          ['region', region],
          ['postcode', postcode],
        ] as const
      ).flatMap(([name, value]) =>
        value === null ? [recommended(`/locations/${index}/${name}`, `the ${name} of each location`)] : [],
      ),
    ),
  ]
}
