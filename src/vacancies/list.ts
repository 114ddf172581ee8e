/** Lists of vacancies: narrowed, in order, a page at a time. */
import { type Kysely, type RawBuilder, sql } from 'kysely'
import { type FeedEnd, feedEndedAt } from '../database/events.ts'
import { filteredPage, hidden, type Ordered, orderedPage } from '../database/page.ts'
import type { Database } from '../database/types.ts'
import type { VacancyStatus } from '../document/vacancy.ts'
import { type Caller, organisationOf } from '../plugins/auth.ts'
import { type Now, revisionAt, statusAt, updatedAt } from './clock.ts'
import { itemOf } from './item.ts'
import { hasStatus, readable, statesOf } from './store.ts'

export interface VacancyFilter {
  status?: VacancyStatus
  organisation?: string
  role?: string
  profession?: string
  family?: string
  grade?: string
  region?: string
  outdated?: boolean
  updated_since?: string
}

const isOutdated = sql`exists (select from roles r where r.slug = vacancies.role and r.version > vacancies.version)`

/** The same by way of the roles that were published again, of which nobody knows how many vacancies are left behind. */
const outdated = sql`id = any (array(
  select v.id from roles r, lateral (
    select id from vacancies where role = r.slug and version < r.version offset 0) v where r.version > 1))`

/** What `vacancies_values_idx` finds, as its columns are written, by the names of filters. */
const indexed = {
  organisation: sql`array[organisation]`,
  role: sql`array[role]`,
  profession: sql`array[profession]`,
  family: sql`array[family]`,
  grade: sql`grades`,
  region: sql`regions`,
} satisfies { [name in keyof VacancyFilter]: RawBuilder<unknown> }

const valuesIn = (filter: VacancyFilter) =>
  (Object.keys(indexed) as (keyof typeof indexed)[]).flatMap(name => {
    const value = filter[name]
    return value === undefined ? [] : [sql`${indexed[name]} @> ${hidden(sql`array[${value}]::text[]`)}`]
  })

function conditionsOf(filter: VacancyFilter, now: Now): RawBuilder<unknown>[] {
  const { updated_since } = filter
  return [
    ...valuesIn(filter),
    ...(filter.outdated === undefined ? [] : [filter.outdated ? isOutdated : sql`not ${isOutdated}`]),
    // The first, which an index answers, has all that the second has.
    ...(updated_since === undefined
      ? []
      : [
          sql`(updated_at >= ${updated_since} or next_change_at <= ${now})`,
          sql`${updatedAt(now)} >= ${updated_since}`,
        ]),
  ]
}

type FoundVacancy = Parameters<typeof itemOf>[0] & Parameters<typeof itemOf>[1]

/** The statement that reads a page of vacancies, and the number of the newest public event in the same snapshot. */
export function listStatement(
  caller: Caller | null,
  filter: VacancyFilter,
  now: Now,
  limit: number,
  after?: string,
): RawBuilder<{ position: number; ended_at: string | null } & (FoundVacancy | { id: null })> {
  const { status } = filter
  const written = status === undefined || status === 'closed' ? [] : statesOf[status]
  const ordered: Ordered = {
    table: sql`vacancies`,
    columns: sql`id, item, ${statusAt(now)} as status, state = 'scheduled' as scheduled, ${revisionAt(now)} as revision,
      ${updatedAt(now)} as updated_at`,
    by: sql`id`,
    beyond: [
      ...(after === undefined ? [] : [sql`id > ${after}`]),
      // Few are open, or were never: an index of their own has each of these lists in its order.
      ...(written.length === 0 ? [] : [sql`state in (${sql.join(written.map(state => sql.lit(state)))})`]),
    ],
  }
  // Only one's own are seen of these.
  const own = status === 'draft' || status === 'withdrawn' ? caller && organisationOf(caller) : null
  const narrowed = own === null || filter.organisation !== undefined ? filter : { ...filter, organisation: own }
  const seen = [readable(caller, now), ...(status === undefined ? [] : [hasStatus(now, status)])]
  const conditions = conditionsOf(narrowed, now)
  const isByRoles = filter.outdated === true && written.length === 0 && valuesIn(filter).length === 0
  const page =
    conditions.length === 0
      ? orderedPage(ordered, seen, limit)
      : filteredPage(ordered, [...conditions, ...seen], limit, { found: isByRoles ? [outdated] : [] })
  return sql`
    select position, ${feedEndedAt} as ended_at, found.* from feed_counter left join lateral (${page}) found on true order by found.id`
}

/**
 * Vacancies that the caller may read, by id, `limit` of them after one; [] where none fits. With them the end of the feed
 * as the same snapshot has it.
 */
export async function listVacancies(
  db: Kysely<Database>,
  caller: Caller | null,
  filter: VacancyFilter,
  now: Now,
  limit: number,
  after?: string,
) {
  const { rows } = await listStatement(caller, filter, now, limit, after).execute(db)
  const vacancies = rows.flatMap(row => (row.id === null ? [] : [itemOf(row, row)]))
  const { position = 0, ended_at = null } = rows[0] ?? {}
  const feedEnd: FeedEnd = { position, occurred_at: ended_at }
  return { feedEnd, vacancies }
}
