/** The one table of changes (see migrations/0001): audit log, source of the change feed, outbox. */
import { type Insertable, type Kysely, sql, type Transaction } from 'kysely'
import { queryNamed } from './connect.ts'
import type { Database } from './types.ts'

/** NOTIFY on this channel carries the last number of the feed that a transaction took. */
export const feedChannel = 'feed'

/** A change, as a write hands it over. Who did it and in which request is filled in by the write path. */
export interface NewEvent {
  type: string
  /** Where the answer tells it too; else the time of the insert. */
  occurredAt?: string
  organisation?: string | null
  role?: string
  /** The path of what was changed, where it is not a role: `/v1/skills/python`. */
  subject?: string
  revision?: number
  version?: number
  beforeDigest?: string
  afterDigest?: string
  data?: Record<string, unknown>
  /** A public event takes the next number of the feed. */
  public?: boolean
}

export interface Actor {
  id: string | null
  owner: string | null
  requestId: string | null
}

/**
 * Inserts events, the public ones with the next numbers of the feed. The feed's counter stays locked until commit, so
 * this is the last statement of a transaction, and one statement: all who publish wait for each other here.
 */
export async function insertEvents(
  trx: Transaction<Database>,
  actor: Actor,
  events: readonly NewEvent[],
): Promise<void> {
  if (events.length === 0) return
  const numbered = events.filter(event => event.public).length
  let taken = 0
  const positionOf = (event: NewEvent) => {
    if (!event.public) return null
    taken += 1
    return sql<number>`(select position from counter) - ${numbered - taken}::int`
  }
  const rows = events.map(
    (event): Insertable<Database['events']> => ({
      position: positionOf(event) as number | null,
      type: event.type,
      ...(event.occurredAt === undefined ? {} : { occurred_at: event.occurredAt }),
      actor: actor.id,
      owner: actor.owner,
      organisation: event.organisation ?? null,
      role: event.role ?? null,
      subject: event.subject ?? null,
      revision: event.revision ?? null,
      version: event.version ?? null,
      before_digest: event.beforeDigest ?? null,
      after_digest: event.afterDigest ?? null,
      request_id: actor.requestId,
      data: JSON.stringify(event.data ?? {}),
    }),
  )
  if (numbered === 0) await trx.insertInto('events').values(rows).execute()
  else
    await trx
      .with('counter', cte =>
        cte
          .updateTable('feed_counter')
          .set({ position: sql`position + ${numbered}::int` })
          .returning(['position', sql`pg_notify(${feedChannel}, position::text)`.as('told')]),
      )
      .insertInto('events')
      .values(rows)
      .execute()
}

/** Where the feed ends for those who look now. With `cursorOf`, what callers go on from. */
export interface FeedEnd {
  /** The number of the newest public event; 0 where there is none. */
  position: number
  /** When that was; null where there is none. Two registers that were one may agree in the number and not in this. */
  occurred_at: string | null
}

/** The time of an event as cursors hold it: its digits. */
export const markOf = (occurredAt: string | null) => occurredAt?.replaceAll(/\D/g, '') ?? null

/**
 * A place in the feed as callers hold it: the number of an event, and when that was. A register that was restored from a
 * backup gives the numbers after it out again, and never at the same microsecond.
 */
export const cursorOf = ({ position, occurred_at }: FeedEnd) =>
  [position, markOf(occurred_at)].filter(part => part !== null).join('-')

/** As `cursorOf` writes it; a number alone is a cursor too. */
export const cursorPattern = '^(0|[1-9][0-9]{0,14})(?:-([0-9]{20}))?$'

/** The number of a cursor, and when its event was, null where it does not say; undefined for what is no cursor. */
export function parseCursor(cursor: string): { position: number; mark: string | null } | undefined {
  const [, position, mark = null] = new RegExp(cursorPattern).exec(cursor) ?? []
  return position === undefined ? undefined : { position: Number(position), mark }
}

const endedAt = '(select occurred_at from events where position = feed_counter.position)'

/** In a statement that reads `feed_counter`: when the newest public event was. */
export const feedEndedAt = sql<string | null>`${sql.raw(endedAt)}`

/** The end of the feed, as the snapshot of `db` has it. */
export async function findFeedEnd(db: Kysely<Database>): Promise<FeedEnd> {
  const [end] = await queryNamed<FeedEnd>(
    db,
    'find_feed_end',
    `select position, ${endedAt} as occurred_at from feed_counter`,
  )
  if (!end) throw new Error('feed_counter has no row')
  return end
}
