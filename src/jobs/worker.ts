/**
 * What the register does by itself, in the service or in a process of its own: hands the feed out to webhooks, sends
 * what is due, opens and closes vacancies, and tidies up. Any number of processes may do so at once.
 */
import { EventEmitter, once, setMaxListeners } from 'node:events'
import { Logger, type Runner, run } from 'graphile-worker'
import type { Kysely } from 'kysely'
import pg from 'pg'
import { transact } from '../database/connect.ts'
import { feedChannel } from '../database/events.ts'
import { listen } from '../database/listen.ts'
import type { Database } from '../database/types.ts'
import { openAndCloseDue } from '../vacancies/clock.ts'
import { type Resolve, resolveHost } from '../webhooks/address.ts'
import { type DeliverOptions, deliver } from '../webhooks/deliver.ts'
import {
  deleteOldDeliveries,
  deliverTask,
  handOut,
  scheduleForgotten,
  unlockForgotten,
} from '../webhooks/deliveries.ts'
import { sendLimits } from '../webhooks/send.ts'
import { repeat } from './repeat.ts'

export interface WorkerOptions {
  /** A pool that requests do not wait for. */
  db: Kysely<Database>
  /** For the queue and for LISTEN: a session on the primary, past any pooler. */
  directUrl: string
  /** Without a slash at the end; links in messages begin with it. */
  baseUrl: string
  webhooks: Pick<DeliverOptions, 'key' | 'allowLoopback' | 'ca'> & {
    /** The DNS of tests. */
    resolve?: Resolve
    limits?: Partial<typeof sendLimits>
  }
  log: Log
}

interface Log {
  debug(about: object, message: string): void
  warn(about: object, message: string): void
}

export interface Worker {
  /** Takes no more work, lets what is being sent end for some seconds, and gives back what does not. */
  close(): Promise<void>
}

/** How many webhooks are sent to at once, and so how many may hang before others wait. */
const slots = 25

/** Waits in milliseconds. A vacancy opens and closes within ten seconds, also where one look fails. A notification cuts that for the feed short; a job whose time has come is found by polling. */
const pauses = { feed: 5000, clock: 3000, jobs: 2000, tidying: 15_000, restart: 1000, stop: 5000 }

/** The queue speaks of its own matters in detail; only what went wrong is for everybody. */
const queueLogger = (log: Log) =>
  new Logger(() => (level, message) => {
    if (String(level) === 'error') log.warn({}, `queue: ${message}`)
    else log.debug({}, `queue: ${message}`)
  })

/** Starts at once and in the background: a database that is not there is waited for. */
export function startWorker({ db, directUrl, baseUrl, webhooks, log }: WorkerOptions): Worker {
  const { resolve = resolveHost, limits, ...rest } = webhooks
  const options = { ...rest, baseUrl, resolve, limits: { ...sendLimits, ...limits } }
  const failed = (error: unknown) => log.warn({ err: error }, 'the worker failed, and tries again')

  const feed = repeat(
    pauses.feed,
    async isStopping => {
      while (!isStopping() && (await transact(db, handOut)) > 0);
    },
    failed,
  )
  const listener = listen(
    { url: directUrl, onError: error => log.warn({ err: error }, 'the worker is not listening') },
    { onNotification: { [feedChannel]: () => feed.wake() }, onUp: () => feed.wake() },
  )

  const tidying = repeat(
    pauses.tidying,
    async () => {
      await unlockForgotten(db)
      await transact(db, scheduleForgotten)
      await deleteOldDeliveries(db)
    },
    failed,
  )

  const clock = repeat(pauses.clock, () => openAndCloseDue(db), failed)

  const pool = new pg.Pool({
    connectionString: directUrl,
    application_name: 'role-register worker',
    max: 5,
    keepAlive: true,
    connectionTimeoutMillis: 5000,
    query_timeout: 10_000,
  })
  pool.on('error', () => {})
  pool.on('connect', client => void client.on('error', () => {}))
  let runner: Runner | undefined
  const jobs = repeat(
    pauses.restart,
    async isStopping => {
      const events = new EventEmitter()
      // A slot that could not give its job back is lost to the queue, which makes no new ones.
      const broken = once(events, 'worker:fatalError')
      const started = await run({
        pgPool: pool,
        concurrency: slots,
        pollInterval: pauses.jobs,
        noHandleSignals: true,
        gracefulShutdownAbortTimeout: pauses.stop,
        logger: queueLogger(log),
        events,
        parsedCronItems: [],
        taskList: {
          // Always there in a worker; the type is of the queue's experimental parts.
          [deliverTask]: (payload, { abortSignal: signal = new AbortController().signal }) => {
            // Every message that is being sent listens to it.
            setMaxListeners(0, signal)
            return deliver(db, (payload as { webhook: string }).webhook, { ...options, signal })
          },
        },
      })
      runner = started
      if (isStopping()) await started.stop()
      await Promise.race([started.promise, broken]).finally(async () => {
        runner = undefined
        await started.stop().catch(() => {})
      })
    },
    failed,
  )

  return {
    async close() {
      await listener.close()
      const ends = [feed.stop(), tidying.stop(), clock.stop(), jobs.stop()]
      await runner?.stop().catch(() => {})
      await Promise.all(ends)
      await pool.end()
    },
  }
}
