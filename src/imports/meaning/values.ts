/** Printed values of advert details as codes, amounts and places. */
import {
  behaviours,
  type Code,
  contractTypes,
  gradeScheme,
  grades,
  professions,
  roleTypes,
  workingPatterns,
} from '../../document/code-lists.ts'
import type { Grade, Location, Salary } from '../../document/schema.ts'
import { normaliseHeading } from '../words/headings.ts'
import { welshBehaviours } from './behaviours.ts'

/** What a value says in codes, and the parts of it that are in no list, as they are printed. */
interface Coded<T> {
  known: { value: T; text: string }[]
  unknown: string[]
}

const tableOf = <T>(entries: readonly (readonly [string, T])[]) =>
  new Map(entries.map(([name, value]) => [normaliseHeading(name), value]))

const codesOf = <C extends Code>(codes: readonly C[], synonyms: [string, C['code']][] = []) =>
  tableOf<C['code']>([
    ...codes.flatMap(
      ({ code, label }) =>
        [
          [code, code],
          [label, code],
        ] as const,
    ),
    ...synonyms,
  ])

const gradeTable = tableOf<Grade>(
  grades.flatMap(({ code, label, aliases }) => {
    const grade = { scheme: gradeScheme, code, label }
    const digit = /^G([67])$/.exec(code)?.[1]
    const names = [code, label, ...aliases, `${label} (${code})`, `${code} (${label})`, ...(digit ? [digit] : [])]
    return names.map(name => [name, grade] as const)
  }),
)

const tables = {
  contract_types: codesOf(contractTypes, [
    ['fixed term appointment', 'fixed_term'],
    ['fixed-term contract', 'fixed_term'],
    ['FTA', 'fixed_term'],
    ['FTC', 'fixed_term'],
    ['permanent contract', 'permanent'],
    ['permanent appointment', 'permanent'],
    // Universities say so of what others call permanent.
    ['open-ended', 'permanent'],
    ['open-ended contract', 'permanent'],
    ['temporary contract', 'temporary'],
    ['inward secondment', 'secondment'],
    ['parhaol', 'permanent'],
    ['cyfnod penodol', 'fixed_term'],
  ]),
  working_patterns: codesOf(workingPatterns, [
    ['full time hours', 'full_time'],
    ['job sharing', 'job_share'],
    ['job-sharing', 'job_share'],
    ['flexible', 'flexible_working'],
    ['compressed', 'compressed_hours'],
    ['annualised', 'annualised_hours'],
    ['shifts', 'shift_working'],
    ['home working', 'homeworking'],
    ['working from home', 'homeworking'],
    ['hybrid', 'hybrid_working'],
    ['llawn amser', 'full_time'],
    ['rhan amser', 'part_time'],
  ]),
  behaviours: codesOf(behaviours, welshBehaviours),
  profession: codesOf(professions, [
    ['DDaT', 'digital_and_data'],
    ['Digital, Data and Technology', 'digital_and_data'],
    ['Digital Data and Technology', 'digital_and_data'],
    ['Digital', 'digital_and_data'],
    ['Government Digital and Data', 'digital_and_data'],
    ['HR', 'human_resources'],
    ['Project Delivery', 'project_delivery'],
  ]),
  role_types: codesOf(roleTypes, [
    ['DDaT', 'digital'],
    ['IT', 'information_technology'],
  ]),
}

const span = '\\d{1,3}[ -](?:day|week|month|year)s?'
/** What stands between a value and what is said of it. */
const beside = new RegExp(
  `\\s*[()]\\s*|\\s+[–—-]\\s+|:\\s+|\\s+(?=(?:for|until|up to)\\s|${span}\\b)|(?<=\\b${span})\\s+`,
  'i',
)

function coded<T>(table: Map<string, T>, value: string): Coded<T> {
  const result: Coded<T> = { known: [], unknown: [] }
  const find = (text: string) => {
    // `SEO (or HEO)`
    const name = normaliseHeading(text).replace(/^(?:and|or) /, '')
    // The number before a heading has no part in it; the 7 of `7, SEO` is a value.
    const [number = name] = /^\d+/.exec(text.trim()) ?? []
    return number !== name && table.has(number) ? undefined : table.get(name)
  }
  const isValue = (text: string) => find(text) !== undefined
  const read = (text: string) => {
    const found = find(text)
    if (found !== undefined) result.known.push({ value: found, text })
    return found !== undefined
  }
  // `Administration and corporate support` is one value, `Full-time and part-time` are two.
  const parts = value.split(/[;\n\u2028]/).flatMap(text =>
    // `Digital, Data and Technology` is one name, commas and all.
    isValue(text) ? [text] : text.split(/,(?!\d{3}\b)/),
  )
  for (const part of parts.map(text => text.trim()).filter(Boolean)) {
    if (read(part)) continue
    // `G7 (or higher)`, `Fixed term: 23 months`: what stands in brackets, behind a sign or as a time is told apart.
    const pieces = part.split(beside).filter(Boolean)
    if (pieces.length > 1 && pieces.some(isValue)) {
      const unknown = pieces.filter(text => !read(text))
      if (unknown.length > 0) result.unknown.push(...unknown)
      continue
    }
    const smaller = part.split(/\s*\/\s*|\s+(?:and|or|to)\s+/i).filter(Boolean)
    if (smaller.length > 1 && smaller.every(isValue)) {
      smaller.forEach(read)
      // The words between the values are understood with them.
      result.known.slice(-smaller.length).forEach((entry, index) => {
        entry.text = index === 0 ? part : ''
      })
    } else result.unknown.push(part)
  }
  return result
}

/** The General Schedule of the United States: `GS-13`, `GS-2210-14/15`. */
const generalSchedule = /^gs[- ]?(?:\d{4}-)?(\d{1,2})(?:\/(\d{1,2}))?$/i

/** What has bands of its own: those of the NHS (Agenda for Change) are no Civil Service grades, be their numbers the same. */
const banded = /\b(?:bands?|afc|nhs)\b|\bagenda for change\b|\b\d[a-d]\b/i
/** What says of details that their grades are bands. */
export const saysBand = (text: string) => /\bbands?\b|\bafc\b|\bagenda for change\b/i.test(text)
const bandTable = new Map([...gradeTable].filter(([name]) => !/^\d+$/.test(name)))

/** Points of the scales of councils, whose Grade 7 is none of the Civil Service. */
const ofScales = /\bscp\b|\bspinal (?:column )?points?\b|\bnjc\b|\bgreen book\b/i

/** Grades by code, name or both: `SEO`, `Grade 7`, `HEO/SEO`; those of the General Schedule in a scheme of their own. */
export function gradesIn(value: string, label = '', isBanded = false): Coded<Grade> {
  const text = value.trim()
  if (ofScales.test(`${label} ${text}`)) return { known: [], unknown: [text] }
  const levels = generalSchedule.exec(/^gs\b/i.test(label) && /^\d{1,2}$/.test(text) ? `GS-${text}` : text)?.slice(1)
  if (!levels) return coded(isBanded || banded.test(`${label} ${value}`) ? bandTable : gradeTable, value)
  const known = levels
    .filter(level => level !== undefined)
    .map((level, at) => ({
      value: { scheme: 'general-schedule', code: `GS-${level}`, label: `General Schedule ${level}` },
      text: at === 0 ? text : '',
    }))
  return { known, unknown: [] }
}

/** `Higher Executive Officer (SEO)`: a name of one grade with the code of another behind it; undefined where none is. */
export const disagreeing = (value: string): string | undefined =>
  [...value.matchAll(/([\p{L}\d][\p{L}\d ]{0,60}?) ?\(([\p{L}\d ]{1,60})\)/gu)].find(([, name = '', code = '']) => {
    const codes = [name, code].flatMap(text => gradesIn(text).known.map(({ value }) => value.code))
    return codes.length === 2 && codes[0] !== codes[1]
  })?.[0]

/** Where a salary is paid. */
const region =
  /^(?:national|rest of|inner|outer|london|england|scotland|wales|northern ireland|regional|elsewhere|uk)\b/i
const otherPay = /allowance|bonus|budget|fee|hourly|overtime|payment|pension|supplement|weighting/i
/** Whether a label and its value below a salary are of it: where it is paid, `London: £45,000`, or what else it may be, `Band 2: £30,000`. */
export const isOfSalary = (label: string, value: string) =>
  region.test(label) || (!otherPay.test(label) && /^£[\d,.]+k?(?:$| ?(?:to|per|a|p\.?a|-|–|\())/i.test(value))

/** Whether grades are numbers alone: universities and schools have such too, where the label does not name the Civil Service. */
export const areBareGrades = ({ known }: Coded<Grade>, label: string) =>
  known.length > 0 &&
  known.every(({ text }) => /^[\d\W]*(?:(?:and|or|to)[\d\W]+)?$/i.test(text)) &&
  !/civil service/i.test(label)

/** Whether there are Grades 6 and 7 among grades, which universities have too. */
export const areNumbered = ({ known }: Coded<Grade>, label: string) =>
  known.some(({ value }) => /^G[67]$/.test(value.code)) && !/civil service/i.test(label)

/** Codes of a list that an advert's member takes. */
export const codesIn = <K extends keyof typeof tables>(member: K, value: string) =>
  coded(tables[member] as Map<string, string>, value) as Coded<
    (typeof tables)[K] extends Map<string, infer V> ? V : never
  >

const periods: [RegExp, NonNullable<Salary['period']>][] = [
  [/\b(?:per annum|a year|per year|p\.?a\.?\b|annual|yearly)/i, 'year'],
  [/\b(?:per month|a month|monthly)\b/i, 'month'],
  [/\b(?:per week|a week|weekly)\b/i, 'week'],
  [/\b(?:per day|a day|daily)\b/i, 'day'],
  [/\b(?:per hour|an hour|hourly)\b/i, 'hour'],
]
const currencies: Record<string, string> = { '£': 'GBP', '€': 'EUR', $: 'USD' }

/** An amount; the second of a range may lack its sign: `£35,000 – 38,000`. */
const amount =
  /(?:([£€$])\s?|(?<=\dk?\s?(?:[-–—]|to)\s?))(\d{1,3}(?:,\d{3})+(?:\.\d{1,2})?|\d+(?:\.\d{1,2})?)\s?(k\b)?/gi
/** What is paid beside a salary: `plus £2,000 market supplement`, `+ £1,000 to £2,000 allowance`. */
const supplement =
  /(?:\bplus|\+)\s{0,5}(?:an? |up to |around |circa )?[£€$]\s?[\d,.]{1,12}k?(?:\s?(?:to|-|–|—)\s?[£€$]?\s?[\d,.]{1,12}k?)?(?=[^£€$.;]{0,60}\b(?:allowance|bonus|overtime|payment|pension|premium|supplement|weighting)s?\b)/gi
/** What stands between two amounts that are no range but of two places or things. */
const parting = /[:\n;\p{Lu}]/u

/** The text of a salary, with its amounts where it has one or two of one currency and no more can be meant. */
export function salaryIn(text: string): Salary {
  // Of the same length, so that what stands between the others is found in the text.
  const own = text.replace(supplement, found => ' '.repeat(found.length))
  const all = [...own.matchAll(amount)]
  const found = all[0]?.[1] ? all : []
  const amounts = found.map(match => ({
    currency: currencies[match[1] ?? found[0]?.[1] ?? ''] ?? 'GBP',
    value: Number((match[2] ?? '').replaceAll(',', '')) * (match[3] ? 1000 : 1),
  }))
  const [end, start] = [(found[0]?.index ?? 0) + (found[0]?.[0].length ?? 0), found[1]?.index]
  const isParted = parting.test(text.slice(end, start).replace(/\bmax(?:imum)?\b:?/i, ''))
  const [first, second] = amounts
  // As front matter may have it: `min: 50000, max: 60000`.
  const [, low, high] = /^min: ?([\d.]+), ?max: ?([\d.]+)\b/i.exec(text)?.map(Number) ?? []
  const isMap = low !== undefined && high !== undefined && low <= high
  const one = amounts.length === 1 ? first : undefined
  const isRange =
    amounts.length === 2 &&
    first &&
    second &&
    first.currency === second.currency &&
    first.value <= second.value &&
    !isParted
  return {
    min: isMap ? low : isRange ? first.value : one && !/\bup to\b/i.test(own) ? one.value : null,
    max: isMap ? high : isRange ? second.value : one && !/\b(?:from|minimum|at least)\b/i.test(own) ? one.value : null,
    currency: first?.currency ?? 'GBP',
    period: periods.find(([pattern]) => pattern.test(text))?.[1] ?? null,
    text,
  }
}

/** A grade and what is paid beside it, at the end: `Grade H (SCP 26–29), £37,280 – £40,777`; '' where nothing is, or something else. */
export function paidIn(text: string): { grade: string; paid: string } {
  const at = text.length <= paidMax ? text.indexOf('£') : -1
  const [before, sign] =
    /^(.*[^\s,;:(–—-])\s{0,5}([,;:(–—-]|(?<=\))\s)\s{0,5}$/s.exec(text.slice(0, Math.max(at, 0)))?.slice(1) ?? []
  if (before === undefined) return { grade: text, paid: '' }
  const own = text.slice(at).trim()
  const paid = sign === '(' ? own.replace(/\)$/, '') : own
  const { min, max } = salaryIn(paid)
  const isPay = (min ?? 0) >= payMin && max !== null && !otherPay.test(paid)
  return isPay ? { grade: before, paid } : { grade: text, paid: '' }
}
const paidMax = 200
/** What a year is paid with at least: less beside a grade is an allowance or the like. */
const payMin = 10_000

/** One place; only its postcode is told apart, since the rest would be guesses. */
export const locationIn = (text: string): Location => ({
  text,
  town: null,
  region: null,
  postcode: /\b[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}\b/.exec(text)?.[0] ?? null,
  country: null,
})

const box = /(\[[ xX✓✔]?\]|[☐□◻⬜🞎🞏☑☒🗹🗷⌧✓✔])/u
const isTicked = (mark: string) => /[xX✓✔☑☒🗹🗷⌧]/u.test(mark)

/**
 * Of boxes to tick, each with its text behind it or each with its text before it, the texts of those that are ticked and the
 * rest of the value; undefined where there are none, or it is not certain which text is whose.
 */
export function tickedIn(value: string): { ticked: string[]; rest: string[] } | undefined {
  const parts = value.split(box).map(part => part.replace(/[\s,;/|]+$/, '').trim())
  // Marks stand at the odd places.
  const [first = '', ...others] = parts
  if (others.length === 0 || (first === '') === (others.at(-1) === '')) return undefined
  const [marks, texts] = first === '' ? [1, 2] : [1, 0]
  const ticked: string[] = []
  const rest: string[] = []
  for (let at = 0; at + marks < parts.length; at += 2) {
    const [mark = '', text = ''] = [parts[at + marks], parts[at + texts]]
    if (text === '') return undefined
    if (isTicked(mark)) ticked.push(text)
    else rest.push(text)
    rest.push(mark)
  }
  return { ticked, rest }
}
