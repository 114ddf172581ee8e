/** A register with a worker at work, and what tests ask of its webhooks. */
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { Database } from '../../src/database/types.ts'
import { startWorker, type WorkerOptions } from '../../src/jobs/worker.ts'
import type { Attempt, DeliverySummary } from '../../src/webhooks/schema.ts'
import { baseUrl, testApp, webhooks } from './app.ts'
import type { Teardown } from './database.ts'
import { testLogger } from './logs.ts'
import { until } from './until.ts'

type Call = Awaited<ReturnType<typeof testApp>>['call']

/** Long enough for a busy machine, short enough to wait for in a test. */
export const limits = { connectMs: 2000, answerMs: 1500, bodyMs: 500 }

/** The app, and a function that starts a worker on its database. */
export async function workingApp(t: Teardown) {
  const made = await testApp(t)
  const start = (overrides: Partial<WorkerOptions['webhooks']> = {}) => {
    const worker = startWorker({
      db: made.db,
      directUrl: made.url,
      baseUrl,
      webhooks: { ...webhooks, limits, ...overrides },
      log: testLogger(),
    })
    let closing: Promise<void> | undefined
    const close = () => (closing ??= worker.close())
    t.after(close)
    return { close }
  }
  return { ...made, start }
}

export interface Made {
  id: string
  secret: string
  etag: string
  path: string
}

/** Creates a webhook; throws where that fails. */
export async function createWebhook(call: Call, url: string, settings: object = {}): Promise<Made> {
  const answer = await call('POST /v1/webhooks', { body: { url, ...settings } })
  if (answer.status !== 201) throw new Error(`${answer.status}: ${answer.text}`)
  const { id, secret } = answer.body as { id: string; secret: string }
  return { id, secret, etag: answer.etag, path: `/v1/webhooks/${id}` }
}

/** The log of a webhook, the newest first. */
export const deliveriesOf = async (call: Call, { path }: Made) => {
  const { body } = await call(`GET ${path}/deliveries?limit=100`)
  return (body as { deliveries: DeliverySummary[] }).deliveries
}

/** Waits until nothing of a webhook is pending. */
export const settled = (call: Call, made: Made, limitMs?: number) =>
  until(async () => {
    const deliveries = await deliveriesOf(call, made)
    return deliveries.length > 0 && deliveries.every(({ status }) => status !== 'pending') && deliveries
  }, limitMs)

/** The newest delivery, and its last attempt, once so many were made. */
export const attempted = (call: Call, made: Made, attempts: number) =>
  until(async () => {
    const [delivery] = await deliveriesOf(call, made)
    return delivery?.attempts === attempts && (delivery as DeliverySummary & { last_attempt: Attempt })
  })

/** An attempt is written down before its round ends, which then lets the webhook rest or ends its rest. */
export const roundEnded = (db: Kysely<Database>, { id }: Made) =>
  until(async () => {
    const { rows } = await sql`
      select from graphile_worker.jobs where key = ${`webhook:${id}`} and locked_at is not null`.execute(db)
    return rows.length === 0
  })

/** Lets time pass for a webhook: its rests and pauses are over now. Locks in the order in which the worker does. */
export async function passTime(db: Kysely<Database>, made: Made): Promise<void> {
  await roundEnded(db, made)
  const { id } = made
  await db.transaction().execute(async trx => {
    await sql`update webhooks set rest_until = null, asked_until = null where id = ${id}`.execute(trx)
    await sql`
      update webhook_deliveries set next_attempt_at = now() where webhook = ${id} and status = 'pending'`.execute(trx)
    await sql`
      select graphile_worker.reschedule_jobs(array(
        select id from graphile_worker.jobs where key = ${`webhook:${id}`} and locked_at is null), now())`.execute(trx)
  })
}
