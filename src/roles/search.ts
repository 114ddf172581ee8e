/** Finding published roles by the one row of each: filters, orders and counts. */
import { type Kysely, type RawBuilder, type Selectable, sql } from 'kysely'
import { type FeedEnd, feedEndedAt } from '../database/events.ts'
import { type Apart, allOf, filteredPage, hidden, isLarge, type Ordered, orderedPage } from '../database/page.ts'
import type { Database } from '../database/types.ts'
import { nearest } from '../document/nearest.ts'
import type { SfiaVersion } from '../document/schema.ts'
import { type FacetName, facetNames, tag } from './search-rows.ts'

type SearchRow = Selectable<Database['role_search']>

/** What a list may be narrowed to; all that is given must hold. */
export interface RoleFilter {
  /** English words, `"a phrase"`, `or`, `-without`. */
  q?: string
  organisation?: string
  profession?: string
  family?: string
  grade?: string
  /** Slug of the skill catalogue. */
  skill?: string
  /** `PROG`, `PROG:3` or `PROG:3-5`. */
  sfia?: string
  sfia_version?: SfiaVersion
  /** ISO 8601. */
  updated_since?: string
}

/** The code and levels of a filter by SFIA skill; all levels where it names none, [] where one of them is none, or they fall. */
export function parseSfia(text: string): { code: string; levels: number[]; falls: boolean } {
  const [code = '', range = '1-7'] = text.split(':')
  const [from = 1, to = from] = range.split('-').map(Number)
  const count = from < 1 || to > 7 ? 0 : Math.max(0, to - from + 1)
  return { code, levels: Array.from({ length: count }, (_, step) => from + step), falls: to < from }
}

/**
 * Words that a hyphen or a slash joins as a phrase, however the role joins them: PostgreSQL looks for `data-engineer` as
 * one word too, and for `UX/UI` as the name of a file.
 */
const phrased = (q: string) =>
  q
    .split('"')
    .map((part, index) =>
      part.replaceAll(/[^\s-]\S*/g, joined => {
        const words = joined.replaceAll(/\/|(?<=[\p{L}\p{M}\p{N}])-(?=\p{L})/gu, ' ')
        return words === joined || index % 2 === 1 ? words : `"${words}"`
      }),
    )
    .join('"')

const queryOf = (q: string) => sql`websearch_to_tsquery('english', ${phrased(q)})`

/** What a role must have each of, and of what it must have one. */
function tagsIn({ sfia, ...filter }: RoleFilter): { all: string[]; any: string[] | null } {
  const all = facetNames.flatMap(name => {
    const value = name === 'sfia' ? undefined : filter[name]
    return value === undefined ? [] : tag(name, value)
  })
  if (sfia === undefined) return { all, any: null }
  const { code, levels } = parseSfia(sfia)
  if (!sfia.includes(':')) return { all: [...all, tag('sfia', code)], any: null }
  return { all, any: levels.map(level => tag('sfia', `${code}:${level}`)) }
}

/** A filter as SQL, with its values hidden from the planner or not. */
function conditionsOf(filter: RoleFilter, values: 'known' | 'hidden'): RawBuilder<unknown>[] {
  const { q, updated_since } = filter
  const { all, any } = tagsIn(filter)
  const shown = values === 'known' ? (value: RawBuilder<unknown>) => value : hidden
  return [
    ...(updated_since === undefined ? [] : [sql`published_at >= ${updated_since}`]),
    ...(all.length === 0 ? [] : [sql`tags @> ${shown(sql`${all}::text[]`)}`]),
    ...(any === null ? [] : [sql`tags && ${shown(sql`${any}::text[]`)}`]),
    ...(q === undefined ? [] : [sql`words @@ ${shown(queryOf(q))}`]),
  ]
}

/** By what a list is sorted, before the slug; `-` from the highest. */
export const sorts = ['slug', 'title', '-published_at', 'relevance'] as const
export type Sort = (typeof sorts)[number]

/**
 * How `relevance` is sorted: `rank` weighs all that matches, which costs a look at each; where more than `rankedMax`
 * match, `place` has what matches in the title before what matches elsewhere.
 */
type Order = Exclude<Sort, 'relevance'> | 'rank' | 'place'
export const rankedMax = 300

/** Where a page ends: after the role with this key in this order. Untouched, a role keeps its key. */
export interface Place {
  order: Order
  key: string
  role: string
  /** How `q` was read on the first page, where that is not as written. */
  correctedQ: string | null
}

const forms: Record<Order, RegExp> = {
  slug: /^$/,
  title: /^/,
  '-published_at': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/,
  rank: /^-?\d\.?\d*(e-\d+)?$/,
  place: /^[01]$/,
}
const ordersOf = (sort: Sort): Order[] => (sort === 'relevance' ? ['rank', 'place'] : [sort])

/** A place as the text that a cursor holds. */
export const writePlace = ({ order, key, role, correctedQ }: Place) =>
  JSON.stringify([order, role, key, ...(correctedQ === null ? [] : [correctedQ])])

/** The place that `writePlace` wrote for a list so sorted; undefined where the text is none. */
export function readPlace(text: string, sort: Sort): Place | undefined {
  let parts: unknown
  try {
    parts = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!Array.isArray(parts) || !parts.every(part => typeof part === 'string')) return undefined
  const [name, role, key, correctedQ = null] = parts as string[]
  const order = ordersOf(sort).find(each => each === name)
  if (order === undefined || role === undefined || key === undefined || parts.length > 4) return undefined
  return forms[order].test(key) ? { order, role, key, correctedQ } : undefined
}

type FoundRole = Pick<SearchRow, 'role' | 'item'> & {
  /** What it is sorted by before its slug. */
  key: string | number
}

const roleSearch = sql`role_search`
const columnsWith = (key: RawBuilder<unknown>) => sql`role, item, ${key} as key`

/** An order in SQL, with its key beside the role, from the place on where the page begins. */
function inSql(filter: RoleFilter, order: Order, after: Pick<Place, 'key' | 'role'> | undefined): Ordered {
  const { key, role } = after ?? {}
  const from = (condition: RawBuilder<unknown>) => (after ? [condition] : [])
  const table = roleSearch
  switch (order) {
    case 'title':
      return {
        table,
        columns: columnsWith(sql`title_key`),
        by: sql`title_key, role`,
        beyond: from(sql`(title_key, role) > (${key}, ${role})`),
      }
    case '-published_at':
      return {
        table,
        columns: columnsWith(sql`published_at`),
        by: sql`published_at desc, role desc`,
        beyond: from(sql`(published_at, role) < (${key}::timestamptz, ${role})`),
      }
    case 'rank': {
      const rank = sql`-ts_rank(words, ${queryOf(filter.q ?? '')})`
      const beyond = from(sql`(${rank}, role) > (${key}::real, ${role})`)
      return { table, columns: columnsWith(rank), by: sql`${rank}, role`, beyond }
    }
    default:
      return { table, columns: columnsWith(sql`''::text`), by: sql`role`, beyond: from(sql`role > ${role}`) }
  }
}

/** The first column of an order, and the value of it that a page begins with or after. */
function firstOf(order: Order, after: Pick<Place, 'key' | 'role'> | undefined): NonNullable<Apart['first']> {
  if (order === 'title') return { column: sql`title_key`, from: sql`${after?.key ?? ''}::text` }
  if (order === '-published_at')
    return { column: sql`published_at`, from: sql`${after?.key ?? 'infinity'}::timestamptz`, isDescending: true }
  return { column: sql`role`, from: sql`${after?.role ?? ''}::text` }
}

/** One page of `role_search`, in order or not. */
function pageOf(
  filter: RoleFilter,
  order: Order,
  limit: number,
  after?: Pick<Place, 'key' | 'role'>,
): RawBuilder<FoundRole> {
  const own = inSql(filter, order, after)
  const conditions = conditionsOf(filter, 'hidden')
  if (conditions.length === 0 || order === 'rank') return orderedPage(own, conditions, limit)
  // Without it a short page tempts the planner to go through all roles in their order after all.
  const { updated_since: _, ...values } = filter
  const isApart = Object.keys(values).length > 0
  const known = conditionsOf(filter, 'known')
  if (order !== 'place')
    return filteredPage(own, conditions, limit, {
      apart: isApart ? { known, first: firstOf(order, after) } : undefined,
    })
  const inTitle = sql`title_words @@ ${queryOf(filter.q ?? '')}`
  const titles = { ...inSql(filter, 'slug', after), columns: columnsWith(sql`'0'`) }
  // Few pages need it, and all are planned with it: it is kept short.
  const elsewhere = (more: RawBuilder<unknown>[], from?: typeof after) =>
    filteredPage<FoundRole>(
      { ...inSql(filter, 'slug', from), columns: columnsWith(sql`'1'`) },
      [...more, sql`not ${inTitle}`, ...conditions],
      limit,
      { apart: { known } },
    )
  if (after?.key === '1') return elsewhere([], after)
  // Elsewhere is looked only where the titles do not fill the page.
  return sql<FoundRole>`
    with in_title as materialized (
      ${orderedPage(titles, [inTitle, ...known], limit)})
    select * from in_title union all (${elsewhere([sql`(select count(*) from in_title) < ${limit}`])})
    order by key, role limit ${limit}`
}

/** The statement that reads a page of roles, and the number of the newest public event in the same snapshot. */
export const listStatement = (filter: RoleFilter, order: Order, limit: number, after?: Place) => {
  const direction = order === '-published_at' ? sql`desc` : sql`asc`
  // The counter has one row: its place is beside the roles, or beside nothing.
  return sql<{ position: number; ended_at: string | null } & (FoundRole | { role: null; item: null; key: null })>`
    select position, ${feedEndedAt} as ended_at, found.role, found.item, found.key
    from (select * from feed_counter limit 1) feed_counter left join lateral (${pageOf(filter, order, limit, after)}) found on true
    order by found.key ${direction}, found.role ${direction}`
}

/**
 * How many roles match, up to one more than `rankedMax`, in SQL. To ask only whether there is one tempts the planner to
 * read all for it while much waits to be merged into the index.
 */
export const countOf = (filter: RoleFilter, more: RawBuilder<unknown>[] = []) => sql`
  (select count(*) from (
    select from role_search where ${allOf([...more, ...conditionsOf(filter, 'hidden')])} limit ${rankedMax + 1}) matching)`

/**
 * So many roles are looked at for titles that match, as they lie on the disk, after so many that tell whether these are
 * likely to be enough.
 */
const titlesMax = 3000
const titlesFirst = 100

/**
 * The statement that tells whether more than `rankedMax` roles match. What is in many titles is counted by looking at
 * these, where a match there is one for sure: not where a word is excluded, which the text may hold.
 */
export const countStatement = (filter: RoleFilter) => {
  const { q = '', ...others } = filter
  const query = queryOf(q)
  const titles = (first: RawBuilder<unknown>, count: number, enough: number) => sql`
    select count(*) as count from (
      select from (select * from role_search tablesample system (10) repeatable (0) where ${first} limit ${count}) sampled
      where ${allOf([...conditionsOf(others, 'known'), sql`title_words @@ ${query}`])} limit ${enough}) matching`
  const likely = Math.ceil((titlesFirst * rankedMax) / titlesMax)
  const inTitles = sql`(select count from titles)`
  return sql<{ count: number }>`
    with sample as materialized (${titles(sql`${isLarge(roleSearch)} and strpos(${query}::text, '!') = 0`, titlesFirst, titlesFirst)}),
      titles as materialized (${titles(sql`(select count from sample) > ${likely}`, titlesMax, rankedMax + 1)})
    select greatest(${inTitles}, ${countOf(filter, [sql`${inTitles} <= ${rankedMax}`])}) as count`
}

async function orderOf(db: Kysely<Database>, filter: RoleFilter, sort: Sort): Promise<Order> {
  if (sort !== 'relevance') return sort
  const { rows } = await countStatement(filter).execute(db)
  return (rows[0]?.count ?? 0) > rankedMax ? 'place' : 'rank'
}

interface RolePage {
  /** As the same snapshot has it: what comes after is not in the list. */
  feedEnd: FeedEnd
  roles: FoundRole[]
  order: Order
  correctedQ: string | null
}

/**
 * Published roles in the order of `sort`, `limit` of them after a place; [] where none fits. Where nothing at all matches
 * `q` as it is written, it is read with its misspelt words corrected.
 */
export async function listRoles(
  db: Kysely<Database>,
  filter: RoleFilter,
  sort: Sort,
  limit: number,
  after?: Place,
): Promise<RolePage> {
  const correctedQ = after?.correctedQ ?? null
  const asRead = correctedQ === null ? filter : { ...filter, q: correctedQ }
  const order = after?.order ?? (await orderOf(db, asRead, sort))
  const { rows } = await listStatement(asRead, order, limit, after).execute(db)
  const roles = rows.flatMap(row => (row.role === null ? [] : [row]))
  const { position = 0, ended_at = null } = rows[0] ?? {}
  const found = { feedEnd: { position, occurred_at: ended_at }, roles, order, correctedQ }
  if (roles.length > 0 || after !== undefined || filter.q === undefined) return found
  const q = await correct(db, filter.q)
  if (q === null) return found
  const again = await listRoles(db, { ...filter, q }, sort, limit)
  return again.roles.length === 0 ? found : { ...again, correctedQ: q }
}

/** The statement that finds the titles which hold something most like `q`, nearest first. */
export const titlesStatement = (q: string) =>
  sql<{ title: string }>`select title from role_search order by title <->> ${q} limit 20`

const wordsIn = (text: string) => text.match(/[\p{L}\p{M}\p{N}]+/gu) ?? []

/** The statement that tells whether a role matches `q`: the index gives all that do, so some are looked at before it is asked. */
const matchingStatement = (q: string) => {
  const seen = sql`(select count(*) from seen)`
  return sql<{ matches: boolean }>`
    with seen as materialized (
      select from (select words from role_search order by role limit 100) looked where words @@ ${hidden(queryOf(q))} limit 1)
    select ${seen} + ${countOf({ q }, [sql`${seen} = 0`])} > 0 as matches`
}

/** `q` with each word that the titles most like it lack replaced by the near word that they have; null where that changes nothing, or a role matches `q` and other filters kept it out. */
async function correct(db: Kysely<Database>, q: string): Promise<string | null> {
  const { rows: matching } = await matchingStatement(q).execute(db)
  if (matching[0]?.matches) return null
  const { rows } = await titlesStatement(q).execute(db)
  const known = [...new Set(rows.flatMap(({ title }) => wordsIn(title.toLowerCase())))].filter(word => word.length > 3)
  const corrected = q.replaceAll(/[\p{L}\p{M}\p{N}]{3,}/gu, word =>
    known.includes(word.toLowerCase()) ? word : (nearest(word, known) ?? word),
  )
  return corrected === q ? null : corrected.slice(0, 200)
}

/** No more roles than this are counted, and no more values of each facet given. */
export const countedMax = 10_000
const valuesMax = 100

export interface FacetCounts {
  /** How many roles match. */
  total: number
  /** False where more match than are counted. */
  complete: boolean
  /** The most frequent first; null where it was not asked for. */
  counts: Record<FacetName, { value: string; count: number }[] | null>
}

/** The statement that counts the roles that match, and those of them that have each tag of some kinds. */
export function facetStatement(filter: RoleFilter, names: readonly FacetName[]) {
  const { updated_since: _, ...values } = filter
  // Without an order the index of values gives what it finds first; without values the order gives the index.
  const order = Object.keys(values).length === 0 ? sql`order by role` : sql``
  return sql<{ tag: string | null; count: number }>`
    with matching as materialized (
      select tags from role_search where ${allOf(conditionsOf(filter, 'hidden'))} ${order} limit ${countedMax + 1})
    select null as tag, count(*) as count from matching
    union all
    select tag, count(*) from matching, unnest(tags) tag
    where split_part(tag, ' ', 1) = any(${names}::text[]) group by tag`
}

/** How many roles match, and how many of them have each value; all that match count, whatever page is read. */
export async function countFacets(
  db: Kysely<Database>,
  filter: RoleFilter,
  names: readonly FacetName[],
): Promise<FacetCounts> {
  const { rows } = await facetStatement(filter, names).execute(db)
  const total = rows.find(row => row.tag === null)?.count ?? 0
  const countsOf = (name: FacetName) =>
    rows
      .flatMap(row =>
        row.tag?.startsWith(`${name} `) ? [{ value: row.tag.slice(name.length + 1), count: row.count }] : [],
      )
      .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1))
      .slice(0, valuesMax)
  return {
    total: Math.min(total, countedMax),
    complete: total <= countedMax,
    counts: Object.fromEntries(
      facetNames.map(name => [name, names.includes(name) ? countsOf(name) : null]),
    ) as FacetCounts['counts'],
  }
}
