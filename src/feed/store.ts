/** Public events: what has a position in the feed, in the order of the commits and without gaps. */
import { type Kysely, type Selectable, sql } from 'kysely'
import { feedEndedAt } from '../database/events.ts'
import type { Database } from '../database/types.ts'

const members = ['position', 'type', 'occurred_at', 'organisation', 'role', 'subject', 'version', 'data'] as const

export type PublicEvent = Pick<Selectable<Database['events']>, (typeof members)[number]> & { position: number }

/** All that are given must hold. */
export interface FeedFilter {
  type?: string
  organisation?: string
  /** A slug; the events of a vacancy belong to its role too. */
  role?: string
}

export interface FeedPage {
  events: PublicEvent[]
  /** How far the feed was read: nothing that fits lies between the last event and here. */
  reached: number
  /** When the event was that it was read up to; null where there is none. */
  reachedAt: string | null
  /** The same of the event that it was read after. */
  afterAt: string | null
  /** Where the feed ended when it was read. */
  end: number
}

/** So much of the feed is looked through for what fits a filter, so that one that fits nothing costs no more. */
const filterWindow = 10_000

/** When the public event was that has a position; null where there is none. */
export const occurredAt = (position: number) =>
  sql<string | null>`(select occurred_at from events where position = ${position}::bigint)`

/**
 * At most `limit` public events after a position, the oldest first; [] where there are none. One statement: events and
 * end are of one snapshot. `reached` is what to read on from, and at least `after` while that is not beyond the end.
 */
export async function readEvents(
  db: Kysely<Database>,
  after: number,
  limit: number,
  filter: FeedFilter = {},
): Promise<FeedPage> {
  let query = db.selectFrom('events').select(members).where('position', '>', after)
  const isFiltered = Object.values(filter).some(value => value !== undefined)
  if (isFiltered) query = query.where('position', '<=', after + filterWindow)
  for (const name of ['type', 'organisation', 'role'] as const) {
    const value = filter[name]
    if (value !== undefined) query = query.where(name, '=', value)
  }
  const rows = await db
    .selectFrom('feed_counter')
    .leftJoinLateral(query.orderBy('position').limit(limit).as('event'), join => join.onTrue())
    .select(['feed_counter.position as end', feedEndedAt.as('end_at')])
    .select([occurredAt(after).as('after_at'), occurredAt(after + filterWindow).as('window_at')])
    .select(members.map(name => `event.${name}` as const))
    .orderBy('event.position')
    .execute()
  const { end = 0, end_at = null, after_at = null, window_at = null } = rows[0] ?? {}
  const events = rows.flatMap(({ end: _, end_at: __, after_at: ___, window_at: ____, ...event }) =>
    event.position === null ? [] : [event as PublicEvent],
  )
  const page = { events, end, afterAt: after_at }
  const last = events.length === limit ? events.at(-1) : undefined
  if (last) return { ...page, reached: last.position, reachedAt: last.occurred_at }
  return isFiltered && end > after + filterWindow
    ? { ...page, reached: after + filterWindow, reachedAt: window_at }
    : { ...page, reached: end, reachedAt: end_at }
}

/** The public events that have these positions, in no order; those that there are not are left out. */
export const findEvents = async (db: Kysely<Database>, positions: readonly number[]): Promise<PublicEvent[]> =>
  positions.length === 0
    ? []
    : ((await db.selectFrom('events').select(members).where('position', 'in', positions).execute()) as PublicEvent[])

/** At most `limit` public events before a position, or of all, the newest first. */
export async function readNewest(db: Kysely<Database>, limit: number, before?: number): Promise<PublicEvent[]> {
  let query = db.selectFrom('events').select(members).where('position', 'is not', null)
  if (before !== undefined) query = query.where('position', '<', sql<number>`${before}::bigint`)
  return (await query.orderBy('position', 'desc').limit(limit).execute()) as PublicEvent[]
}
