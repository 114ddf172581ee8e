/** Finding published roles: the one row of each that lists and searches read, their filters, orders and counts. */
import { type Kysely, type RawBuilder, type Selectable, sql, type Transaction } from 'kysely'
import { type FeedEnd, feedEndedAt } from '../database/events.ts'
import { allOf, filteredPage, hidden, isLarge, type Ordered, orderedPage } from '../database/page.ts'
import type { Database } from '../database/types.ts'
import { gradeProblem } from '../document/check.ts'
import { grades as civilServiceGrades } from '../document/code-lists.ts'
import { didYouMean, nearest } from '../document/nearest.ts'
import type { PublishedRole, SfiaVersion } from '../document/schema.ts'
import { plainText } from '../document/text.ts'
import { type ErrorDetail, invalid } from '../plugins/problems.ts'
import { explainUnknownCode } from '../sfia/store.ts'

type SearchRow = Selectable<Database['role_search']>

/** What a search looks through, the most telling first. */
function wordsOf(role: PublishedRole) {
  const texts = role.sections.flatMap(({ blocks }) =>
    blocks.flatMap(block =>
      block.type === 'list'
        ? block.items.flatMap(({ text, items }) => [text, ...items.map(item => item.text)])
        : 'text' in block
          ? [block.text]
          : [],
    ),
  )
  // Two words with a slash between them would be taken for the name of a file.
  const apart = (words: readonly string[], charactersMax: number) =>
    words.join(' ').replaceAll('/', ' ').slice(0, charactersMax)
  const skills = [
    ...role.sfia_mappings.map(({ code, name }) => `${code} ${name}`),
    ...role.skills.flatMap(({ statement, skill_name }) => [plainText(statement), skill_name ?? '']),
  ]
  // A tsvector holds 1 MiB, and a character may need six bytes of it: a real role has not a tenth of this.
  return {
    title: apart([role.title ?? '', ...role.alternative_titles], 10_000),
    skills: apart(skills, 40_000),
    text: apart(texts.map(plainText), 100_000),
  }
}

/** By what roles are found and counted. */
export const facetNames = ['organisation', 'profession', 'family', 'grade', 'skill', 'sfia', 'sfia_version'] as const
export type FacetName = (typeof facetNames)[number]

/** A value as `role_search.tags` holds it. */
const tag = (name: FacetName, value: string) => `${name} ${value}`

/** What a role is found and counted by, as its row holds it. */
export function tagsOf(role: PublishedRole): string[] {
  const values: Record<FacetName, (string | null)[]> = {
    organisation: [role.organisation.slug],
    profession: [role.profession],
    family: [role.family],
    grade: role.grades.map(({ code }) => code),
    skill: role.skills.map(({ skill }) => skill),
    sfia: role.sfia_mappings.flatMap(({ code, level }) => [code, `${code}:${level}`]),
    sfia_version: [role.sfia_version],
  }
  const tags = facetNames.flatMap(name => values[name].flatMap(value => (value === null ? [] : tag(name, value))))
  return [...new Set(tags)]
}

/** A role as it is published now, with the digest of its bytes. */
export interface Published {
  role: PublishedRole
  digest: string
}

/** A published role in a list, without its address, which is made when it is served. */
export const itemOf = ({ role, digest }: Published) => {
  const { slug, title, organisation, profession, family, grades, version, published_at } = role
  return { slug, title, organisation, profession, family, grades, version, published_at, etag: `"${digest}"` }
}

/** Rewrites the one row of each role that lists and searches read. */
export async function saveSearchRows(trx: Transaction<Database>, published: readonly Published[]): Promise<void> {
  const rows = published.map(entry => {
    const { role } = entry
    const words = wordsOf(role)
    return {
      role: role.slug,
      title: role.title ?? '',
      tags: tagsOf(role),
      published_at: role.published_at,
      item: JSON.stringify(itemOf(entry)),
      words: sql<string>`setweight(to_tsvector('english', ${words.title}), 'A')
        || setweight(to_tsvector('english', ${words.skills}), 'B') || setweight(to_tsvector('english', ${words.text}), 'C')`,
    }
  })
  await trx
    .insertInto('role_search')
    .values(rows)
    .onConflict(conflict =>
      conflict.column('role').doUpdateSet(({ ref }) => ({
        title: ref('excluded.title'),
        tags: ref('excluded.tags'),
        published_at: ref('excluded.published_at'),
        item: ref('excluded.item'),
        words: ref('excluded.words'),
      })),
    )
    .execute()
}

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

const queryOf = (q: string) => sql`websearch_to_tsquery('english', ${q})`

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
  if (order !== 'place') return filteredPage(own, conditions, limit, { isApart })
  const inTitle = sql`title_words @@ ${queryOf(filter.q ?? '')}`
  const titles = { ...inSql(filter, 'slug', after), columns: columnsWith(sql`'0'`) }
  const elsewhere = (more: RawBuilder<unknown>[], from?: typeof after) =>
    filteredPage<FoundRole>(
      { ...inSql(filter, 'slug', from), columns: columnsWith(sql`'1'`) },
      [...more, sql`not ${inTitle}`, ...conditions],
      limit,
      { isApart },
    )
  if (after?.key === '1') return elsewhere([], after)
  // Elsewhere is looked only where the titles do not fill the page.
  return sql<FoundRole>`
    with in_title as materialized (
      ${orderedPage(titles, [inTitle, ...conditionsOf(filter, 'known')], limit)})
    select * from in_title union all (${elsewhere([sql`(select count(*) from in_title) < ${limit}`])})
    order by key, role limit ${limit}`
}

/** The statement that reads a page of roles, and the number of the newest public event in the same snapshot. */
export const listStatement = (filter: RoleFilter, order: Order, limit: number, after?: Place) => {
  const direction = order === '-published_at' ? sql`desc` : sql`asc`
  // The counter has one row: its place is beside the roles, or beside nothing.
  return sql<{ position: number; ended_at: string | null } & (FoundRole | { role: null; item: null; key: null })>`
    select position, ${feedEndedAt} as ended_at, found.role, found.item, found.key
    from feed_counter left join lateral (${pageOf(filter, order, limit, after)}) found on true
    order by found.key ${direction}, found.role ${direction}`
}

/**
 * How many roles match, up to one more than `rankedMax`, in SQL. To ask only whether there is one tempts the planner to
 * read all for it while much waits to be merged into the index.
 */
const countOf = (filter: RoleFilter, more: RawBuilder<unknown>[] = []) => sql`
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

/** `q` with each word that the titles most like it lack replaced by the near word that they have; null where that changes nothing, or a role matches `q` and other filters kept it out. */
async function correct(db: Kysely<Database>, q: string): Promise<string | null> {
  const { rows: matching } = await sql<{ count: number }>`select ${countOf({ q })} as count`.execute(db)
  if ((matching[0]?.count ?? 0) > 0) return null
  const { rows } = await titlesStatement(q).execute(db)
  const known = [...new Set(rows.flatMap(({ title }) => wordsIn(title.toLowerCase())))].filter(word => word.length > 3)
  const corrected = q.replaceAll(/[\p{L}\p{M}\p{N}]{4,}/gu, word =>
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

/** Of a catalogue, the slug that was meant; undefined where none is near. */
async function nearestSlug(db: Kysely<Database>, table: 'organisations' | 'skills', slug: string) {
  const rows = await db.selectFrom(table).select('slug').orderBy(sql`slug <-> ${slug}`).limit(20).execute()
  return nearest(
    slug,
    rows.map(row => row.slug),
  )
}

/** Of the published roles, the slug that was meant; undefined where none is near. Titles are nearly what slugs are made of. */
export async function nearestRole(db: Kysely<Database>, slug: string) {
  const { rows } = await sql<{ role: string }>`
    select role from role_search order by title <-> ${slug.replaceAll('-', ' ')} limit 20`.execute(db)
  return nearest(
    slug,
    rows.map(({ role }) => role),
  )
}

/** Other lists know roles by their slug. */
type Known = RoleFilter & { role?: string }
type Sent = { [name in keyof Known]: Known[name] | undefined }

/**
 * What of a filter is in no list of its kind, for a caller who was found nothing; [] where all is known. An organisation,
 * skill or SFIA code that no published role has is known all the same; a grade of a department's own scheme is known
 * by the roles and vacancies in public that have it.
 */
async function findUnknownValues(db: Kysely<Database>, filter: Sent): Promise<ErrorDetail[]> {
  const { organisation, role, skill, grade, sfia, sfia_version } = filter
  const { code, levels, falls } = parseSfia(sfia ?? '')
  const { rows } = await sql<Record<'organisation' | 'role' | 'skill' | 'grade', boolean> & { levels: number[] }>`
    select exists (select from organisations where slug = ${organisation ?? null}) as organisation,
      exists (select from role_versions where role = ${role ?? null}) as role,
      exists (select from skills where slug = ${skill ?? null}) as skill,
      ${countOf({ grade: grade ?? '' })} > 0 or exists (
        select from vacancies where grades @> array[${grade ?? ''}] and state in ('open', 'closed')) as grade,
      array(select distinct level from sfia_levels
        where code = ${code} and (${sfia_version ?? null}::text is null or version = ${sfia_version ?? null})
        order by level) as levels`.execute(db)
  const known = rows[0]
  const errors: ErrorDetail[] = []
  const refuse = (name: keyof Sent, detail: string) => errors.push({ pointer: `?${name}`, code: 'not_in_list', detail })
  if (organisation !== undefined && !known?.organisation)
    refuse(
      'organisation',
      `There is no organisation "${organisation}".${didYouMean(await nearestSlug(db, 'organisations', organisation))}`,
    )
  if (role !== undefined && !known?.role)
    refuse('role', `No role "${role}" was ever published.${didYouMean(await nearestRole(db, role))}`)
  if (skill !== undefined && !known?.skill)
    refuse('skill', `The skill catalogue has no "${skill}".${didYouMean(await nearestSlug(db, 'skills', skill))}`)
  if (grade !== undefined && !known?.grade && !civilServiceGrades.some(each => each.code === grade))
    refuse('grade', gradeProblem(grade))
  if (sfia !== undefined) {
    const defined = known?.levels ?? []
    const version = sfia_version === undefined ? '' : ` in SFIA ${sfia_version}`
    if (defined.length === 0) refuse('sfia', await explainUnknownCode(db, sfia_version ?? '9', code))
    else if (falls) refuse('sfia', `Of the levels of "${sfia}" the lower comes first, as in ${code}:3-5.`)
    else if (!levels.some(level => defined.includes(level)))
      refuse('sfia', `${code} has level${defined.length === 1 ? '' : 's'} ${defined.join(', ')}${version}.`)
  }
  return errors
}

/** Throws 422 for what of a filter is in no list of its kind: nobody shall wait for what a slip of the pen never finds. */
export async function requireKnownValues(db: Kysely<Database>, filter: Sent): Promise<void> {
  const unknown = await findUnknownValues(db, filter)
  if (unknown.length > 0) throw invalid(unknown)
}
