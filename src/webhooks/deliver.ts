/** Sends what is due for one webhook, writes down how it went, and decides when the next attempt is. */
import { type Kysely, sql, type Transaction } from 'kysely'
import { transact } from '../database/connect.ts'
import { insertEvents } from '../database/events.ts'
import type { Database } from '../database/types.ts'
import { isNewPing, schedule } from './deliveries.ts'
import { pathOf } from './event.ts'
import { findMessages } from './message.ts'
import { signatureHeaders, unseal } from './secret.ts'
import { type Answer, isSuccess, NoAnswer, type SendOptions, send } from './send.ts'

/**
 * Pauses between the attempts at one delivery in seconds, as the Standard Webhooks specification proposes, and daily
 * until the fifth day is over: a receiver that was away for so long is disabled.
 */
export const pauses = [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400, 86_400, 86_400] as const

/** How long every attempt must have failed for a webhook to be disabled. */
const failingMaxMs = 5 * 86_400_000

/** So that those who failed at once do not come again at once; never earlier than the pause itself. */
const jitter = (seconds: number) => Math.ceil(seconds * (1 + Math.random() / 5) * 1000)

/** How many deliveries are sent to one webhook at once; one while it fails, to see whether it is there again. */
const atOnce = 8

/** From so many rounds without success in a row on it was no single message that the receiver did not like. */
const outageRounds = 3

/** A webhook rests after a round without success, in seconds; the last of them from then on. */
const rests = [5, 20, 80, 300] as const

const retryAfterMaxMs = 86_400_000

/** What a Retry-After asks for in milliseconds from `now` on, at most a day; undefined where it says nothing that is to come. */
export function retryAfterMs(header: string | undefined, now: number): number | undefined {
  const text = header?.trim() ?? ''
  const ms = /^\d{1,9}$/.test(text)
    ? Number(text) * 1000
    : /^[A-Z][a-z]{2}/.test(text)
      ? Date.parse(text) - now
      : Number.NaN
  return ms > 0 ? Math.min(ms, retryAfterMaxMs) : undefined
}

interface Target {
  id: string
  url: string
  organisation: string
  secrets: string[]
}

interface Due {
  id: string
  tries: number
  isNewPing: boolean
  message: string
}

interface Outcome {
  isNewPing: boolean
  startedAt: Date
  durationMs: number
  answer: Answer | undefined
  error: string | null
}

/** Why an answer is no success; null where it is one. */
function complaintOf({ status }: Answer): string | null {
  if (isSuccess(status)) return null
  if (status >= 300 && status < 400) return `The receiver redirects (${status}); redirects are not followed.`
  if (status === 410) return 'The receiver is gone (410).'
  return `The receiver answered ${status}.`
}

export interface DeliverOptions extends SendOptions {
  /** What the secrets are encrypted with. */
  key: string
  /** Without a slash at the end: links in messages begin with it. */
  baseUrl: string
}

/** What is to be sent now, of one that rests a new ping alone; undefined where nothing is, or the webhook is disabled or gone. */
async function findRound(
  db: Kysely<Database>,
  webhook: string,
  { key, baseUrl }: DeliverOptions,
): Promise<{ target: Target; due: Due[] } | undefined> {
  const row = await db
    .selectFrom('webhooks')
    .select(['id', 'url', 'organisation', 'secret', 'failed_rounds'])
    .select(sql<string | null>`case when old_secret_until > now() then old_secret end`.as('old_secret'))
    .where('id', '=', webhook)
    .where('disabled_at', 'is', null)
    .select(sql<boolean>`coalesce(greatest(rest_until, asked_until) > now(), false)`.as('rests'))
    .executeTakeFirst()
  if (!row) return undefined
  const deliveries = await db
    .selectFrom('webhook_deliveries as d')
    .select(['webhook', 'id', 'position', 'tries', 'created_at', isNewPing.as('isNewPing')])
    .where('webhook', '=', webhook)
    .where('status', '=', 'pending')
    .where('next_attempt_at', '<=', sql<string>`now()`)
    .where(sql<boolean>`(${isNewPing} or not ${row.rests}::boolean)`)
    .orderBy(isNewPing, 'desc')
    .orderBy('next_attempt_at')
    .orderBy('serial')
    .limit(row.failed_rounds > 0 ? 1 : atOnce)
    .execute()
  if (deliveries.length === 0) return undefined
  const messages = await findMessages(db, baseUrl, deliveries)
  const secrets = [row.secret, row.old_secret].flatMap(sealed => (sealed === null ? [] : [unseal(key, row.id, sealed)]))
  return {
    target: { id: row.id, url: row.url, organisation: row.organisation, secrets },
    due: deliveries.flatMap(({ id, tries, isNewPing }) => {
      const message = messages.get(id)
      return message === undefined ? [] : [{ id, tries, isNewPing, message }]
    }),
  }
}

async function attempt(
  { url, secrets }: Target,
  { id, message, isNewPing }: Due,
  options: DeliverOptions,
): Promise<Outcome> {
  const startedAt = new Date()
  const began = performance.now()
  const outcome = (answer: Answer | undefined, error: string | null): Outcome => ({
    isNewPing,
    startedAt,
    durationMs: Math.round(performance.now() - began),
    answer,
    error,
  })
  const headers = {
    'content-type': 'application/json; charset=utf-8',
    'user-agent': 'role-register',
    ...signatureHeaders(secrets, id, startedAt, message),
  }
  try {
    const answer = await send(new URL(url), headers, message, options)
    return outcome(answer, complaintOf(answer))
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error
    return outcome(undefined, error.message)
  }
}

/** Ends a webhook's work by itself, and tells its auditors why. */
async function disable(
  trx: Transaction<Database>,
  { id, organisation }: Target,
  reason: 'failing' | 'gone',
  failingSince: string,
): Promise<void> {
  const { revision } = await trx
    .updateTable('webhooks')
    .set({ disabled_at: sql<string>`now()`, disabled_reason: reason, updated_at: sql<string>`now()` })
    .set({ revision: sql<number>`revision + 1` })
    .where('id', '=', id)
    .returning('revision')
    .executeTakeFirstOrThrow()
  const event = {
    type: 'webhook_disabled',
    organisation,
    subject: pathOf(id),
    revision,
    data: { reason, failing_since: failingSince },
  }
  await insertEvents(trx, { id: null, owner: null, requestId: null }, [event])
}

/** Writes down one attempt, at once: what is not written down when the process dies is sent again. */
async function record(db: Kysely<Database>, target: Target, { id, tries }: Due, outcome: Outcome): Promise<void> {
  const { answer, error, startedAt, durationMs } = outcome
  const status = answer?.status ?? null
  const pause = pauses[tries]
  const isDone = error === null
  const isGone = status === 410
  const asked = status === 429 || status === 503 ? retryAfterMs(answer?.retryAfter, Date.now()) : undefined
  const pauseMs = pause === undefined ? undefined : Math.max(jitter(pause), asked ?? 0)
  const state = isDone ? 'delivered' : pauseMs === undefined ? 'failed' : 'pending'
  await transact(db, async trx => {
    const webhook = await trx
      .selectFrom('webhooks')
      .select('failing_since')
      .where('id', '=', target.id)
      .forNoKeyUpdate()
      .executeTakeFirst()
    if (!webhook) return
    const at = startedAt.toISOString()
    const made = await trx
      .updateTable('webhook_deliveries')
      .set({
        attempts: sql<number>`attempts + 1`,
        tries: tries + 1,
        status: state,
        next_attempt_at:
          state === 'pending' ? sql<string>`now() + make_interval(secs => ${(pauseMs ?? 0) / 1000})` : null,
      })
      .where('webhook', '=', target.id)
      .where('id', '=', id)
      .returning('attempts')
      .executeTakeFirstOrThrow()
    await trx
      .insertInto('webhook_attempts')
      .values({
        webhook: target.id,
        delivery: id,
        number: made.attempts,
        started_at: at,
        duration_ms: durationMs,
        status,
        error,
        response: answer?.excerpt ?? null,
      })
      .execute()
    const asked_until = asked === undefined ? undefined : sql<string>`now() + make_interval(secs => ${asked / 1000})`
    const { failing_since, disabled_at } = await trx
      .updateTable('webhooks')
      .set({ failing_since: isDone ? null : (webhook.failing_since ?? at), ...(asked_until ? { asked_until } : {}) })
      // The ETag, which is made of it, changes with what GET shows.
      .set({ revision: sql<number>`revision + ${isDone === (webhook.failing_since === null) ? 0 : 1}` })
      .where('id', '=', target.id)
      .returning(['failing_since', 'disabled_at'])
      .executeTakeFirstOrThrow()
    if (failing_since === null || disabled_at !== null) return
    if (isGone) await disable(trx, target, 'gone', failing_since)
    else if (startedAt.getTime() - Date.parse(failing_since) >= failingMaxMs)
      await disable(trx, target, 'failing', failing_since)
  })
}

/**
 * Lets a webhook rest that had no success, ends the rest of one that is there again and brings forward what waits for it,
 * and plans on. A new ping that fails says no more than was known: whoever tries a receiver out holds nothing else up.
 */
async function finish(trx: Transaction<Database>, webhook: string, outcomes: readonly Outcome[]): Promise<void> {
  if (outcomes.length > 0) {
    const row = await trx
      .selectFrom('webhooks')
      .select('failed_rounds')
      .where('id', '=', webhook)
      .forNoKeyUpdate()
      .executeTakeFirst()
    if (!row) return
    const { failed_rounds } = row
    if (outcomes.some(({ error }) => error === null)) {
      await trx.updateTable('webhooks').set({ failed_rounds: 0, rest_until: null }).where('id', '=', webhook).execute()
      if (failed_rounds >= outageRounds)
        await trx
          .updateTable('webhook_deliveries')
          .set({ next_attempt_at: sql<string>`now()` })
          .where('webhook', '=', webhook)
          .where('status', '=', 'pending')
          .execute()
    } else if (outcomes.some(outcome => !outcome.isNewPing)) {
      const rest = jitter(rests[failed_rounds] ?? 300) / 1000
      await trx
        .updateTable('webhooks')
        .set({
          failed_rounds: failed_rounds + 1,
          rest_until: sql<string>`now() + make_interval(secs => ${rest})`,
        })
        .where('id', '=', webhook)
        .execute()
    }
  }
  await schedule(trx, [webhook])
}

/**
 * One round for one webhook: sends the first deliveries that are due, at once, and plans the next round. A receiver that
 * hangs costs one slot of the worker for one attempt, and then rests.
 *
 * @throws the reason of the signal where that ended an attempt, which then was none; what ended was written down.
 */
export async function deliver(db: Kysely<Database>, webhook: string, options: DeliverOptions): Promise<void> {
  const round = await findRound(db, webhook, options)
  const results = await Promise.allSettled(
    (round?.due ?? []).map(async due => {
      const { target } = round as NonNullable<typeof round>
      const outcome = await attempt(target, due, options)
      await record(db, target, due, outcome)
      return outcome
    }),
  )
  const outcomes = results.flatMap(result => (result.status === 'fulfilled' ? [result.value] : []))
  await transact(db, trx => finish(trx, webhook, outcomes))
  const failed = results.find(result => result.status === 'rejected')
  if (failed) throw failed.reason
}
