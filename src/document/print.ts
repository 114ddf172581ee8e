/** What documents and pages print of a role's members: rows of labels and values, lines of SFIA mappings. */
import { contractTypes, roleTypes, workingPatterns } from './code-lists.ts'
import type { AdvertDetails, Grade, PublishedRole, RoleDocument, Salary, SfiaMapping } from './schema.ts'

/** A role as documents print it: shared sections filled in, names beside codes. A draft's has its notes. */
export type PrintedRole = Pick<PublishedRole, keyof RoleDocument>

export interface Row {
  label: string
  value: string
}

const labelsOf = (codes: readonly { code: string; label: string }[], chosen: readonly string[]) =>
  chosen.map(code => codes.find(entry => entry.code === code)?.label ?? code).join(', ')

/** `Senior Executive Officer (SEO)`; the label alone where it says the code. */
export const gradeName = ({ code, label }: Grade) =>
  label === '' || label === code ? code : /\d/.test(label) ? label : `${label} (${code})`

const symbols: Record<string, string> = { GBP: '£', EUR: '€', USD: '$' }

function amount(value: number, currency: string) {
  const digits = Number.isInteger(value) ? 0 : 2
  const number = value.toLocaleString('en-GB', { minimumFractionDigits: digits, maximumFractionDigits: digits })
  return symbols[currency] === undefined ? `${currency} ${number}` : `${symbols[currency]}${number}`
}

/** The salary as its document has it, or in words of ours. */
export function salaryName({ min, max, currency, period, text }: Salary): string {
  if (text !== null) return text
  const amounts = [min, max].map(value => (value === null ? null : amount(value, currency)))
  const [from, to] = amounts
  const range = from && to ? (from === to ? from : `${from} to ${to}`) : from ? `From ${from}` : to ? `Up to ${to}` : ''
  return range === '' || period === null ? range : `${range} ${period === 'hour' ? 'an' : 'a'} ${period}`
}

/** The rows of an appendix, in the order of the Home Office’s form; `value` is '' for what is not known. */
export function detailRows(details: AdvertDetails, grades: readonly Grade[]): Row[] {
  return [
    { label: 'Reference number', value: details.reference_number ?? '' },
    { label: 'Grade', value: grades.map(gradeName).join(', ') },
    { label: 'Salary', value: details.salary === null ? '' : salaryName(details.salary) },
    { label: 'Type of role', value: labelsOf(roleTypes, details.role_types) },
    { label: 'Location', value: details.locations.map(({ text }) => text).join('; ') },
    { label: 'Business area', value: details.business_area ?? '' },
    { label: 'Contract type', value: labelsOf(contractTypes, details.contract_types) },
    { label: 'Working pattern', value: labelsOf(workingPatterns, details.working_patterns) },
    { label: 'Hours', value: details.hours ?? '' },
    { label: 'Reports to', value: details.reports_to ?? '' },
    ...details.additional,
  ]
}

type NamedMapping = SfiaMapping & { name: string; category: string; subcategory: string }

/** `Systems design (DESN) – Level 3` */
export const sfiaLine = ({ code, level, name }: NamedMapping) =>
  `${name === '' ? '' : `${name} `}(${code}) – Level ${level}`

export interface SfiaGroup {
  category: string
  subcategories: { name: string; mappings: NamedMapping[] }[]
}

/** Mappings in their order, those side by side of one category and subcategory under its name. */
export function sfiaGroups(mappings: readonly NamedMapping[]): SfiaGroup[] {
  const groups: SfiaGroup[] = []
  for (const mapping of mappings) {
    let group = groups.at(-1)
    if (group?.category !== mapping.category) {
      group = { category: mapping.category, subcategories: [] }
      groups.push(group)
    }
    const last = group.subcategories.at(-1)
    if (last?.name === mapping.subcategory) last.mappings.push(mapping)
    else group.subcategories.push({ name: mapping.subcategory, mappings: [mapping] })
  }
  return groups
}
