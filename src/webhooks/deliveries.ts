/** What is sent to webhooks: handed out from the feed, planned in the queue, sent again, and its log. */
import { type Kysely, sql, type Transaction } from 'kysely'
import { markOf, parseCursor } from '../database/events.ts'
import type { Database } from '../database/types.ts'
import type { FindingCode } from '../document/finding-codes.ts'
import { occurredAt } from '../feed/store.ts'
import { invalid } from '../plugins/problems.ts'
import type { Attempt, Delivery, DeliverySummary, NewReplay, Replay } from './schema.ts'

/** The task of the queue: to work off what is due for one webhook. */
export const deliverTask = 'deliver_webhook'

/** Whether a delivery (`d`) is a ping that somebody waits for: it is not held back where the webhook (`w`) rests. */
export const isNewPing = sql<boolean>`(d.type = 'ping' and d.tries = 0)`

/** When a pending delivery (`d`) of a webhook (`w`) is tried at the earliest. */
const dueAt = sql<string>`greatest(d.next_attempt_at, case when not ${isNewPing} then greatest(w.rest_until, w.asked_until) end)`

/**
 * Sees to it that each of these webhooks has one job, at the time of its next attempt, and none where nothing is
 * pending. A queue for each keeps two workers from one webhook, and one webhook from more than one worker. Locks the
 * webhooks, so that of two that plan at once the later sees what the earlier left.
 */
export async function schedule(trx: Transaction<Database>, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return
  await trx.selectFrom('webhooks').select('id').where('id', 'in', ids).orderBy('id').forNoKeyUpdate().execute()
  await sql`
    select graphile_worker.add_job(
      identifier => ${deliverTask}, payload => json_build_object('webhook', due.id),
      queue_name => 'webhook:' || due.id, job_key => 'webhook:' || due.id, run_at => due.at)
    from (
      select w.id, min(${dueAt}) as at from webhooks w join webhook_deliveries d on d.webhook = w.id
      where w.id = any (${[...ids]}::uuid[]) and w.disabled_at is null and d.status = 'pending'
      group by w.id
    ) due`.execute(trx)
}

/** The type of an event (`e`) as it is sent. */
const changeType = sql<string>`replace(e.type, '_', '.')`

/** Whether a webhook (`w`) asked for an event (`e`). */
const wants = sql<boolean>`
  (w.event_types = '{}' or ${changeType} = any (w.event_types))
  and (w.organisations = '{}' or e.organisation = any (w.organisations))
  and (w.roles = '{}' or e.role = any (w.roles))`

const eventsMax = 500

/**
 * Hands the next events of the feed to the webhooks that asked for them, with the jobs that send them, and moves the
 * cursor, all or none of it. Gives the number of events; 0 where there are none, or another process is at it.
 */
export async function handOut(trx: Transaction<Database>): Promise<number> {
  const cursor = await trx.selectFrom('webhook_cursor').select('position').forUpdate().skipLocked().executeTakeFirst()
  if (!cursor) return 0
  const events = await trx
    .selectFrom('events')
    .select('position')
    .where('position', '>', cursor.position)
    .orderBy('position')
    .limit(eventsMax)
    .execute()
  const last = events.at(-1)?.position
  if (last === undefined || last === null) return 0
  // Before their deliveries: a replay, which makes the same rows, locks in this order too.
  await trx
    .selectFrom('webhooks')
    .select('id')
    .where('disabled_at', 'is', null)
    .orderBy('id')
    .forNoKeyUpdate()
    .execute()
  const { rows } = await sql<{ webhook: string }>`
    with made as (
      insert into webhook_deliveries (webhook, id, position, type)
      select w.id, 'evt_' || e.position, e.position, ${changeType}
      from events e join webhooks w on w.disabled_at is null and e.position > w.created_position and ${wants}
      where e.position > ${cursor.position} and e.position <= ${last}
      order by e.position
      on conflict do nothing
      returning webhook
    )
    select distinct webhook from made`.execute(trx)
  await schedule(
    trx,
    rows.map(({ webhook }) => webhook),
  )
  await trx.updateTable('webhook_cursor').set({ position: last }).execute()
  return events.length
}

const replayMax = 10_000

/**
 * The position after which events are asked for, 0 where all are. Throws 422 for what is not yet, which would be answered
 * as if there were nothing to send, and for a cursor of an event that the register has forgotten.
 */
async function positionOf(trx: Transaction<Database>, { after, since }: NewReplay): Promise<number> {
  const { position, mark } = parseCursor(String(after ?? 0)) ?? { position: 0, mark: null }
  const { end, at, isLater } = await trx
    .selectFrom('feed_counter')
    .select(['position as end', occurredAt(position).as('at')])
    .select(sql<boolean>`coalesce(${since ?? null}::timestamptz > now(), false)`.as('isLater'))
    .executeTakeFirstOrThrow()
  const refuse = (pointer: string, code: FindingCode, detail: string) => invalid([{ pointer, code, detail }])
  if (position > end) throw refuse('/after', 'too_large', `The feed ends at ${end}; ${position} is beyond it.`)
  if (mark !== null && mark !== markOf(at))
    throw refuse('/after', 'cursor_gone', `Event ${position} is another one than it was when this cursor was given.`)
  if (isLater) throw refuse('/since', 'wrong_time', `${since} is yet to come.`)
  return position
}

/**
 * Sends again what a locked webhook asks for: one delivery, or those of the events after a position or since a time that
 * it wants. What is pending is sent at once. Throws 422 for a delivery, a place in the feed or a time that there is not.
 */
export async function replay(trx: Transaction<Database>, webhook: string, asked: NewReplay): Promise<Replay> {
  const { delivery, since } = asked
  const again = { status: 'pending', tries: 0, next_attempt_at: sql<string>`now()` } as const
  let result: Replay
  if (delivery) {
    const row = await trx
      .updateTable('webhook_deliveries')
      .set(again)
      .where('webhook', '=', webhook)
      .where('id', '=', delivery)
      .returning('position')
      .executeTakeFirst()
    if (!row)
      throw invalid([
        {
          pointer: '/delivery',
          code: 'unknown_delivery',
          detail: `This webhook has no delivery "${delivery}". Of an event that was not sent, ask by its position.`,
        },
      ])
    result = { deliveries: 1, last_position: row.position, more: false }
  } else {
    const position = await positionOf(trx, asked)
    const { rows } = await sql<{ count: number; last: number | null; more: boolean }>`
      with wanted as (
        select w.id, e.position, ${changeType} as type from events e join webhooks w on w.id = ${webhook} and ${wants}
        where e.position > ${position}::bigint and e.occurred_at >= ${since ?? '-infinity'}
        order by e.position limit ${replayMax + 1}
      ), made as (
        insert into webhook_deliveries (webhook, id, position, type)
        select id, 'evt_' || position, position, type from wanted order by position limit ${replayMax}
        on conflict (webhook, id) do update set status = 'pending', tries = 0, next_attempt_at = now()
        returning position
      )
      select count(*) as count, max(position) as last, (select count(*) > ${replayMax} from wanted) as more
      from made`.execute(trx)
    const { count = 0, last = null, more = false } = rows[0] ?? {}
    result = { deliveries: count, last_position: last, more }
  }
  await schedule(trx, [webhook])
  return result
}

/** Makes a delivery that is about no event, and sends it. */
export async function insertPing(trx: Transaction<Database>, webhook: string, id: string): Promise<Delivery> {
  await trx.insertInto('webhook_deliveries').values({ webhook, id, type: 'ping' }).execute()
  await schedule(trx, [webhook])
  const made = await findDelivery(trx, webhook, id)
  if (!made) throw new Error(`the ping ${id} is gone`)
  return made
}

const deliveryColumns = [
  'd.id',
  'd.type as event_type',
  'd.position',
  'd.status',
  'd.attempts',
  'd.created_at',
] as const
/** What rests is not tried before it has rested, and what is disabled not at all. */
const nextAttempt = sql<string | null>`case when d.status = 'pending' and w.disabled_at is null then ${dueAt} end`.as(
  'next_attempt_at',
)
const attemptColumns = ['number', 'started_at', 'duration_ms', 'status', 'error', 'response'] as const

/** Deliveries of a webhook, the newest first, `limit` of them before a serial number; [] where there is none. */
export async function listDeliveries(
  db: Kysely<Database>,
  webhook: string,
  { status, limit, before }: { status?: 'pending' | 'delivered' | 'failed'; limit: number; before?: number },
): Promise<(DeliverySummary & { serial: number })[]> {
  let query = db
    .selectFrom('webhook_deliveries as d')
    .innerJoin('webhooks as w', 'w.id', 'd.webhook')
    .leftJoin('webhook_attempts as a', join =>
      join.onRef('a.webhook', '=', 'd.webhook').onRef('a.delivery', '=', 'd.id').onRef('a.number', '=', 'd.attempts'),
    )
    .select([...deliveryColumns, nextAttempt, 'd.serial'])
    .select(['a.number', 'a.started_at', 'a.duration_ms', 'a.status as answer', 'a.error', 'a.response'])
    .where('d.webhook', '=', webhook)
  if (status !== undefined) query = query.where('d.status', '=', status)
  if (before !== undefined) query = query.where('d.serial', '<', before)
  const rows = await query.orderBy('d.serial', 'desc').limit(limit).execute()
  return rows.map(({ number, started_at, duration_ms, answer, error, response, ...delivery }) => ({
    ...delivery,
    last_attempt:
      number === null || started_at === null || duration_ms === null
        ? null
        : { number, started_at, duration_ms, status: answer, error, response },
  }))
}

/** One delivery with its attempts; undefined where the webhook has none of this id. */
export async function findDelivery(db: Kysely<Database>, webhook: string, id: string): Promise<Delivery | undefined> {
  const delivery = await db
    .selectFrom('webhook_deliveries as d')
    .innerJoin('webhooks as w', 'w.id', 'd.webhook')
    .select([...deliveryColumns, nextAttempt])
    .where('d.webhook', '=', webhook)
    .where('d.id', '=', id)
    .executeTakeFirst()
  if (!delivery) return undefined
  const attempt_log: Attempt[] = await db
    .selectFrom('webhook_attempts')
    .select(attemptColumns)
    .where('webhook', '=', webhook)
    .where('delivery', '=', id)
    .orderBy('number', 'desc')
    .limit(100)
    .execute()
  return { ...delivery, attempt_log }
}

/** Longer than any round takes: whoever has held a job for so long is dead. The queue itself would wait four hours. */
const jobMaxSeconds = 60

/** Gives the jobs of dead workers to others. */
export const unlockForgotten = (db: Kysely<Database>) =>
  sql`
    select graphile_worker.force_unlock_workers(array(
      select distinct locked_by from graphile_worker.jobs
      where task_identifier = ${deliverTask} and locked_at < now() - make_interval(secs => ${jobMaxSeconds})))`.execute(
    db,
  )

/** Plans what is long due and has no job that is due too: the queue may have lost one, or be slow to try one again. */
export async function scheduleForgotten(trx: Transaction<Database>): Promise<void> {
  const { rows } = await sql<{ id: string }>`
    select w.id from webhooks w
    where w.disabled_at is null and coalesce(greatest(w.rest_until, w.asked_until) < now() - interval '1 minute', true)
      and exists (select from webhook_deliveries d
        where d.webhook = w.id and d.status = 'pending' and d.next_attempt_at < now() - interval '1 minute')
      and not exists (select from graphile_worker.jobs j
        where j.key = 'webhook:' || w.id and (j.locked_at is not null or (j.run_at <= now() and j.attempts < j.max_attempts)))
    limit 100`.execute(trx)
  await schedule(
    trx,
    rows.map(({ id }) => id),
  )
}

/** Forgets what was finished more than 30 days ago, some of it at a time. */
export const deleteOldDeliveries = (db: Kysely<Database>) =>
  sql`
    delete from webhook_deliveries where (webhook, id) in (
      select webhook, id from webhook_deliveries where status <> 'pending' and created_at < now() - interval '30 days'
      order by created_at limit 1000)`.execute(db)
