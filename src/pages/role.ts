/** What the page of one role shows, in the words that people read. */
import {
  behaviours,
  contractTypes,
  families,
  professions,
  roleTypes,
  skillLevels,
  workingPatterns,
} from '../document/code-lists.ts'
import type { AdvertDetails, PublishedRole } from '../document/schema.ts'

/** A row of a summary list, as govuk-frontend takes it. */
export interface Row {
  key: { text: string }
  value: { text: string }
}

type Codes = readonly { code: string; label: string }[]

export const labelOf = (codes: Codes, code: string) => codes.find(entry => entry.code === code)?.label ?? code
const labels = (codes: Codes, values: readonly string[]) => values.map(value => labelOf(codes, value)).join(', ')

/** Rows of what is known; what is empty has none. */
const rowsOf = (facts: [label: string, value: string | null][]): Row[] =>
  facts.flatMap(([text, value]) => (value ? [{ key: { text }, value: { text: value } }] : []))

const amount = (value: number, currency: string) =>
  new Intl.NumberFormat('en-GB', { style: 'currency', currency, trailingZeroDisplay: 'stripIfInteger' }).format(value)

/** As printed, else from its numbers; null where neither is known. */
function salaryLine(salary: AdvertDetails['salary']): string | null {
  if (salary === null) return null
  const { text, min, max, currency, period } = salary
  if (text !== null) return text
  const amounts = [...new Set([min, max])].filter(value => value !== null).map(value => amount(value, currency))
  return amounts.length === 0 ? null : amounts.join(' to ') + (period === null ? '' : ` a ${period}`)
}

/** The facts at the head of the page. */
export const factsOf = (role: PublishedRole, published: string): Row[] =>
  rowsOf([
    ['Organisation', role.organisation.name],
    ['Also called', role.alternative_titles.join(', ')],
    ['Profession', role.profession && labelOf(professions, role.profession)],
    ['Family', role.family && labelOf(families, role.family)],
    ['Grade', role.grades.map(({ code, label }) => label || code).join(', ')],
    ['Behaviours', labels(behaviours, role.behaviours)],
    ['Version', `${role.version}, published ${published}`],
  ])

export const advertRowsOf = (details: AdvertDetails): Row[] =>
  rowsOf([
    ['Reference number', details.reference_number],
    ['Salary', salaryLine(details.salary)],
    ['Type of role', labels(roleTypes, details.role_types)],
    ['Location', details.locations.map(({ text }) => text).join('; ')],
    ['Business area', details.business_area],
    ['Contract', labels(contractTypes, details.contract_types)],
    ['Working pattern', labels(workingPatterns, details.working_patterns)],
    ['Hours', details.hours],
    ['Reports to', details.reports_to],
    ...details.additional.map(({ label, value }): [string, string] => [label, value]),
  ])

export const sfiaRowsOf = ({ sfia_mappings }: PublishedRole) =>
  sfia_mappings.map(({ code, name, level, category, subcategory }) =>
    [code, name, String(level), category, subcategory].map(text => ({ text })),
  )

/** The skills that a block of this importance prints. */
export const skillsOf = ({ skills }: PublishedRole, importance: string | null) =>
  skills
    .filter(skill => skill.importance === importance)
    .map(({ statement, level }) => ({ statement, level: level === null ? '' : labelOf(skillLevels, level) }))
