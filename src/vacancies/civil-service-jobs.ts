/** A vacancy in the terms of Civil Service Jobs: as an advert, the table behind it, and what an advert lacks. */
import { type Static, Type } from 'typebox'
import type { Finding } from '../document/check.ts'
import { gradeScheme } from '../document/code-lists.ts'
import { timeZone } from '../document/london.ts'
import { Instant, type SectionKind } from '../document/schema.ts'
import { component, nullable, object, oneOf, ref } from '../document/shape.ts'
import { type Advert, sectionsOf } from './advert.ts'
import {
  ending,
  homeless,
  homelessParts,
  type Label,
  profile,
  rows,
  sectionKinds,
  theirContractTypes,
  type Value,
} from './civil-service-jobs-labels.ts'

const CivilServiceJobsValue = Type.Unsafe<Value>({
  anyOf: [{ type: 'string' }, { type: 'number' }, { type: 'array', items: { type: 'string' } }, { type: 'null' }],
})

const Profile = object({ name: Type.Literal(profile.name), version: Type.Integer({ minimum: 1 }) })

export const CivilServiceJobsAdvert = component(
  'CivilServiceJobsAdvert',
  object({
    profile: Profile,
    vacancy: Type.String({ format: 'uri' }),
    version: Type.Integer({ minimum: 1, description: 'Of the role that it is made from.' }),
    closes_at: nullable(Instant),
    time_zone: Type.Literal(timeZone, { description: 'Of printed dates and times.' }),
    fields: Type.Array(object({ label: Type.String(), value: CivilServiceJobsValue }), {
      description: 'Every label of the profile, in its order; null or [] where there is nothing to say.',
    }),
    not_mapped: Type.Array(object({ source: Type.String(), value: Type.Unsafe<unknown>({}), reason: Type.String() }), {
      description: 'What has no place in such an advert, and why.',
    }),
  }),
)
export type CivilServiceJobsAdvert = Static<typeof CivilServiceJobsAdvert>

const ProfileLabel = component(
  'CivilServiceJobsLabel',
  object({
    label: Type.String(),
    source: Type.Array(Type.String({ description: 'A pointer into the vacancy, or with `role:` into its version.' })),
    format: oneOf(['text', 'list', 'number', 'html']),
    allowed_values: Type.Unsafe<string[] | null>({ type: ['array', 'null'], items: { type: 'string' } }),
    required: Type.Boolean(),
    max_length: nullable(Type.Integer({ description: 'In characters, of each entry where it is a list.' })),
    basis: Type.String({ description: 'What the wording of the label is known from.' }),
    assumed: Type.Array(Type.String(), { description: 'The members of this row that nobody has confirmed.' }),
  }),
)

export const CivilServiceJobsProfile = component(
  'CivilServiceJobsProfile',
  object({
    ...Profile.properties,
    labels: Type.Array(ref(ProfileLabel)),
    not_mapped: Type.Array(object({ source: Type.String(), reason: Type.String() })),
  }),
)

const notMappedTable = [...homeless, ...homelessParts].map(({ source, reason }) => ({ source, reason }))

/** The table as it is served. */
export const profileTable = { ...profile, labels: rows.map(({ value: _, ...row }) => row), not_mapped: notMappedTable }

const isEmpty = (value: unknown) =>
  value === null || value === false || value === '' || (Array.isArray(value) && value.length === 0)

const memberOf = ({ vacancy, role }: Advert, source: string): unknown => {
  const [, prefix, name = ''] = /^(role:)?\/(.+)$/.exec(source) ?? []
  return ((prefix === undefined ? vacancy : role) as unknown as Record<string, unknown>)[name]
}

function notMapped(advert: Advert): CivilServiceJobsAdvert['not_mapped'] {
  const { vacancy, role } = advert
  const taken = Object.values(sectionKinds).flat() as SectionKind[]
  return [
    ...homeless.flatMap(({ source, reason, where }) => {
      const value = memberOf(advert, source)
      return isEmpty(value) || where?.(advert) === false ? [] : [{ source, value, reason }]
    }),
    ...homelessParts.flatMap(({ reason, of }) => of(advert).map(part => ({ ...part, reason }))),
    ...vacancy.contract_types.flatMap((value, index) =>
      theirContractTypes.some(({ code }) => code === value)
        ? []
        : [{ source: `/contract_types/${index}`, value, reason: 'It is no contract type of theirs.' }],
    ),
    ...role.grades.flatMap((value, index) =>
      value.scheme === gradeScheme
        ? []
        : [{ source: `role:/grades/${index}`, value, reason: `It is a grade of the scheme ${value.scheme}.` }],
    ),
    ...sectionsOf(advert).flatMap(({ kind, source, html }) =>
      taken.includes(kind) ? [] : [{ source, value: html, reason: `No label takes a section of the kind ${kind}.` }],
    ),
  ]
}

/** A vacancy as Civil Service Jobs would print it. Nothing is cut. */
export const civilServiceJobsOf = (advert: Advert, address: string): CivilServiceJobsAdvert => ({
  profile,
  vacancy: address,
  version: advert.vacancy.version,
  closes_at: advert.vacancy.closes_at,
  time_zone: timeZone,
  fields: rows.map(({ label, value }) => ({ label, value: value(advert) })),
  not_mapped: notMapped(advert),
})

function problemsOf(row: Label, advert: Advert): Finding[] {
  const { label, source, required, max_length, allowed_values } = row
  const [first = ''] = source
  // What the version says is mended by another version.
  const pointer = first.startsWith('role:') ? '/version' : first
  const value = row.value(advert)
  const place = first.startsWith('role:') ? `version ${advert.vacancy.version} of the role` : first
  if (isEmpty(value)) {
    if (!required) return []
    // Something is there, and none of it has a word of theirs.
    return allowed_values === null || isEmpty(memberOf(advert, first))
      ? [{ pointer, code: 'required', detail: `Civil Service Jobs needs "${label}", which comes from ${place}.` }]
      : [
          {
            pointer,
            code: 'not_in_list',
            detail: `Nothing in ${place} is a "${label}" of Civil Service Jobs: ${allowed_values.join(', ')}.`,
          },
        ]
  }
  const entries = Array.isArray(value) ? value : [String(value)]
  const long = max_length === null ? [] : entries.filter(entry => entry.length > max_length)
  const odd = allowed_values === null ? [] : entries.filter(entry => !allowed_values.includes(entry))
  return [
    ...long.map(
      ({ length }): Finding => ({
        pointer,
        code: 'too_long',
        detail: `"${label}" of Civil Service Jobs may have ${max_length} characters; from ${place} it would have ${length}.`,
      }),
    ),
    ...odd.map(
      (entry): Finding => ({
        pointer,
        code: 'not_in_list',
        detail: `"${entry}" is no "${label}" of Civil Service Jobs: ${allowed_values?.join(', ')}.`,
      }),
    ),
  ]
}

/** What an advert on Civil Service Jobs lacks, or has too much of; [] where it is complete. */
export function missingOfCivilServiceJobs(advert: Advert): Finding[] {
  const { contract_types, contract_length } = advert.vacancy
  const ends = contract_types.some(code => ending.includes(code))
  return [
    ...rows.flatMap(row => problemsOf(row, advert)),
    ...(ends && contract_length === null
      ? [
          {
            pointer: '/contract_length',
            code: 'required' as const,
            detail: 'Civil Service Jobs needs "Length of employment" of a contract that ends.',
          },
        ]
      : []),
  ]
}
