/** The one table of changes (see migrations/0001): audit log, source of the change feed, outbox. */
import { type Insertable, sql, type Transaction } from 'kysely'
import type { Database } from './types.ts'

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
 * this is the last statement of a transaction.
 */
export async function insertEvents(
  trx: Transaction<Database>,
  actor: Actor,
  events: readonly NewEvent[],
): Promise<void> {
  const numbered = events.filter(event => event.public).length
  let position = 0
  if (numbered > 0) {
    const counter = await trx
      .updateTable('feed_counter')
      .set({ position: sql`position + ${numbered}` })
      .returning('position')
      .executeTakeFirstOrThrow()
    position = Number(counter.position) - numbered
  }
  const rows = events.map((event): Insertable<Database['events']> => {
    if (event.public) position += 1
    return {
      position: event.public ? position : null,
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
    }
  })
  if (rows.length > 0) await trx.insertInto('events').values(rows).execute()
}
