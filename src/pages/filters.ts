/** The filters of the list: what can be chosen, and how many roles each choice would give. */
import { families, grades, labelOf, professions } from '../document/code-lists.ts'
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

/** `names`: the organisations by slug. A value that was chosen is offered also where nothing has it. */
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
