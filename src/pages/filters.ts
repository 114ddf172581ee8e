/** The filters of the list: what can be chosen, and how many roles each choice would give. */
import { families, grades, labelOf, professions } from '../document/code-lists.ts'
import { nearest } from '../document/nearest.ts'
import { shorten } from '../document/wording.ts'
import type { FacetCounts } from '../roles/search.ts'

/** A select, as govuk-frontend takes it. */
export interface Filter {
  name: string
  label: string
  items: { value: string; text: string; selected: boolean }[]
}

export type Query = Record<string, string>

const filters = [
  { name: 'organisation', label: 'Organisation', any: 'All organisations', codes: [] },
  { name: 'profession', label: 'Profession', any: 'All professions', codes: professions },
  { name: 'family', label: 'Family', any: 'All families', codes: families },
  { name: 'grade', label: 'Grade', any: 'All grades', codes: grades },
] as const

/** Asked of the list so that `filtersOf` can count. */
export const facets = filters.map(({ name }) => name).join()

const sorts = [
  { value: 'relevance', text: 'Best match' },
  { value: 'title', text: 'Title' },
  { value: '-published_at', text: 'Newest first' },
]

/** By relevance only where words are searched for; what is no order is passed on, to be refused as other values are. */
export const sortOf = ({ sort, q }: Query): string => {
  if (q === undefined) return sort === undefined || sort === 'relevance' ? 'title' : sort
  return sort ?? 'relevance'
}

/** `names`: those of its organisations by slug. A value that was chosen is offered also where nothing has it. */
export function filtersOf(query: Query, counted: FacetCounts | null, names: ReadonlyMap<string, string>): Filter[] {
  const offered = filters.map(({ name, label, any, codes }) => {
    const counts = counted?.counts[name] ?? []
    const chosen = query[name]
    const values =
      chosen === undefined || counts.some(({ value }) => value === chosen)
        ? counts
        : [{ value: chosen, count: 0 }, ...counts]
    const items = values.map(({ value, count }) => {
      const text = name === 'organisation' ? (names.get(value) ?? value) : labelOf(codes, value)
      const least = counted?.complete === false ? ' or more' : ''
      return { value, text: `${text} (${count}${least})`, selected: value === chosen }
    })
    return { name, label, items: [{ value: '', text: any, selected: chosen === undefined }, ...items] }
  })
  const sort = sortOf(query)
  const orders = sorts
    .filter(({ value }) => value !== 'relevance' || query.q !== undefined)
    .map(entry => ({ ...entry, selected: entry.value === sort }))
  return [...offered, { name: 'sort', label: 'Sort by', items: orders }]
}

/** A value of the search that the list refuses, and what the API says of it. */
export interface Refused {
  name: string
  code: string
  detail: string
}

/** What is wrong with a search, in the error summary and, where its field is shown, at that. */
export interface SearchError {
  name: string
  text: string
  /** Of the field; of the search without it, where none is shown. */
  href: string
}

/** What is said of a value that the list refuses: a select says which was meant, of codes with no list here the API. */
function sayRefused({ name, code, detail }: Refused, value: string, names: ReadonlyMap<string, string>): string {
  const own = filters.find(filter => filter.name === name)
  if (own !== undefined) {
    const organisations = [...names].map(([code, label]) => ({ code, label }))
    const codes: readonly { code: string; label: string }[] = name === 'organisation' ? organisations : own.codes
    const entries = codes.flatMap(({ code, label }) => [code, label])
    const meant = nearest(value, entries)
    const label = codes.find(entry => entry.code === meant || entry.label === meant)?.label
    const hint = label === undefined ? '' : ` Did you mean ${label}?`
    return `There is no ${own.label.toLowerCase()} “${shorten(value, 60)}”.${hint} Choose one from the list.`
  }
  switch (name) {
    case 'q':
      return 'The words to search for must be 200 characters or fewer.'
    case 'sfia':
      return code === 'not_in_list'
        ? `${detail} Enter the code of a skill, alone or with levels that it has.`
        : `“${shorten(value, 60)}” is no SFIA skill. Enter the code of a skill, alone or with levels, such as PROG, PROG:3 or PROG:3-5.`
    case 'skill':
      return `${code === 'not_in_list' ? detail : `There is no skill “${shorten(value, 60)}”.`} Search without it.`
    case 'sort':
      return 'The roles cannot be sorted so. Choose an order from the list.'
    case 'cursor':
      return 'This page of the search is no longer there. Go to its first page.'
    default:
      return `Nothing is known of the version of SFIA “${shorten(value, 60)}”. Search without it.`
  }
}

/** Those that the search has a field for. */
const fields = new Set(['q', 'sfia', 'sort', ...filters.map(({ name }) => name)])

/** `names`: organisations by slug, with those that may be meant; `without`: the address of the search without a value. */
export const searchErrors = (
  query: Query,
  refused: readonly Refused[],
  names: ReadonlyMap<string, string>,
  without: (name: string) => string,
): SearchError[] =>
  refused.map(each => ({
    name: each.name,
    text: sayRefused(each, query[each.name] ?? '', names),
    href: fields.has(each.name) ? `#${each.name}` : without(each.name),
  }))
