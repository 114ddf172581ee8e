import { setTimeout as sleep } from 'node:timers/promises'
import {
  CompiledQuery,
  type DatabaseConnection,
  type Driver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
  type RawBuilder,
  type Transaction,
  type TransactionSettings,
} from 'kysely'
import pg from 'pg'
import { to as copyTo } from 'pg-copy-streams'
import { valuesOf } from './copy.ts'
import type { Database } from './types.ts'
import { types } from './values.ts'

/** How the pool behaves; the time limits are in milliseconds. */
export interface ConnectOptions {
  url: string
  /** What the server calls its sessions; `role-register` unless given. */
  name?: string
  /** Most connections at once; 10 unless given. */
  max?: number
  statementTimeoutMs?: number
  lockTimeoutMs?: number
  /** Longest time that a snapshot may be read, and may wait for its reader between two statements: 15 min and 30 s. */
  snapshotTimeoutMs?: number
  snapshotIdleTimeoutMs?: number
  /**
   * False behind PgBouncer in transaction mode: statements are then never prepared by name, and the time limits, which
   * it refuses at start-up, are set at the beginning of each transaction. A statement outside a transaction then has
   * our own limit alone.
   */
  namedStatements?: boolean
  /** Told of connections that were lost while nobody used them. */
  onError?: (error: Error) => void
}

/**
 * The database cannot be reached, the connection broke, or no connection came free in time: 503, try again later.
 * `cause` is what the driver said. After a `commit` it means that the outcome is unknown.
 */
export class DatabaseUnavailable extends Error {
  override name = 'DatabaseUnavailable'
}

/**
 * A pool of connections that heals: a broken or silent connection fails the work that it carries and is thrown away,
 * and nothing that happens to it ends the process. Connects at the first query; `destroy()` closes it.
 *
 * Values come as `values.ts` says: int8 as number, times as ISO 8601 text in UTC with microseconds, json parsed.
 *
 * @throws DatabaseUnavailable from every query whose connection failed, pg.DatabaseError from what the server refused.
 */
export function connect(options: ConnectOptions): Kysely<Database> {
  const driver = new HealingDriver(options)
  const db = new Kysely<Database>({
    dialect: {
      createDriver: () => driver,
      createQueryCompiler: () => new PostgresQueryCompiler(),
      createAdapter: () => new PostgresAdapter(),
      createIntrospector: db => new PostgresIntrospector(db),
    },
  })
  drivers.set(db, driver)
  return db
}

const drivers = new WeakMap<Kysely<Database>, HealingDriver>()

/** How many connections there may be, are, and are not in use, and how many queries wait for one. */
interface PoolStatus {
  max: number
  total: number
  idle: number
  waiting: number
}

/** The state of the pool behind what `connect` gave; of another database, and of one not used yet, all but `max` is 0. */
export const poolStatus = (db: Kysely<Database>): PoolStatus =>
  drivers.get(db)?.status ?? { max: poolMaxDefault, total: 0, idle: 0, waiting: 0 }

const poolMaxDefault = 10

type NamedQuery = CompiledQuery & { readonly name: string }

/**
 * Runs a hot query as a prepared statement that each connection plans once, or plainly where named statements are off.
 * A name belongs to one text. Gives the rows.
 */
export async function queryNamed<Row>(
  db: Kysely<Database>,
  name: string,
  text: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  const query = CompiledQuery.raw(text, [...values])
  const named: NamedQuery = { ...query, name }
  try {
    return (await db.executeQuery<Row>(named)).rows
  } catch (error) {
    // A migration changed the columns under a plan that this connection had kept.
    if (sqlState(error) !== '0A000' || db.isTransaction) throw error
    return (await db.executeQuery<Row>(query)).rows
  }
}

type CopyQuery = CompiledQuery & { readonly isCopy: true }

/**
 * The values of a query that has one column of text and no parameters, one after the other, as bytes that are cut
 * anywhere: by COPY, as fast as they are taken, on a snapshot. Whoever stops early loses the snapshot, and nothing else.
 * It may last as long as the snapshot; the limit of a statement holds for each wait for more.
 *
 * @throws DatabaseUnavailable if the connection fails, or a limit was reached.
 */
export async function* copyText(snapshot: Kysely<Database>, query: RawBuilder<unknown>): AsyncGenerator<Buffer> {
  const copy: CopyQuery = { ...query.compile(snapshot), isCopy: true }
  for await (const { rows } of snapshot.getExecutor().stream<Buffer>(copy, 1)) yield* rows
}

/** Serialization failure and deadlock: the server has rolled everything back and asks for another try. */
const tryAgain = new Set(['40001', '40P01'])
const retriesMax = 3

/**
 * Runs `work` in a transaction at read committed. It is run again, at most three times, after a deadlock or a
 * serialization failure and when its connection turned out dead before the first query; so it must do nothing outside
 * `trx` that may not happen twice. Never run again once a commit may have happened.
 *
 * @throws what `work` throws, after rolling back; DatabaseUnavailable if the connection fails.
 */
export async function transact<T>(db: Kysely<Database>, work: (trx: Transaction<Database>) => Promise<T>): Promise<T> {
  for (let retries = 0; ; retries++) {
    const began = Date.now()
    let started = false
    try {
      return await db
        .transaction()
        .setIsolationLevel('read committed')
        .execute(trx => {
          started = true
          return work(trx)
        })
    } catch (error) {
      // Waiting out the limit for a connection once more would only add to the load that filled the pool.
      const unused = !started && error instanceof DatabaseUnavailable && Date.now() - began < 1000
      if (retries === retriesMax || !(unused || tryAgain.has(sqlState(error) ?? ''))) throw error
      await sleep(20 * 2 ** retries * (0.5 + Math.random()))
    }
  }
}

/**
 * Begins a transaction that only reads, on the database as it is at its first statement. It holds up nobody, so it may
 * last for as long as it takes to send much to a slow reader: `.stream(rows)` of a query on it reads so many rows at a
 * time, `copyText` as much as is taken. All other statements have the usual limit. To be ended by `rollback()`, when its
 * streams have ended.
 *
 * @throws DatabaseUnavailable, from it and from every query on it, also where a limit of `ConnectOptions` was reached.
 */
export const openSnapshot = (db: Kysely<Database>) =>
  db.startTransaction().setIsolationLevel('repeatable read').setAccessMode('read only').execute()

function sqlState(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.code : undefined
}

/** Connection failures, an end by the operator or the server, and sessions that the server ended for being idle or slow. */
const ended = /^(08|57P|25P0[34])/

/** After these the connection is not to be used again: the server ended it, or we do not know what it is doing. */
function isBroken(error: unknown): boolean {
  const state = sqlState(error)
  return state === undefined || ended.test(state) || state === '0A000'
}

function unavailable(error: unknown): unknown {
  const state = sqlState(error)
  // A value that could not be sent or read is a mistake of ours, and no reason to try again.
  if (error instanceof TypeError || error instanceof RangeError) return error
  if (state !== undefined && !ended.test(state) && state !== '53300') return error
  return new DatabaseUnavailable('The database is not available', { cause: error })
}

/**
 * Kysely's own driver gives every connection back to the pool as good, also one with a query in it that will never end.
 * This one keeps count of what went wrong on each.
 */
class HealingDriver implements Driver {
  readonly #options: ConnectOptions
  readonly #connections = new WeakMap<pg.PoolClient, HealingConnection>()
  #pool: pg.Pool | undefined
  /** Raised when the network failed: connections from before then are likely to be as dead, and are not tried. */
  #generation = 0

  constructor(options: ConnectOptions) {
    this.#options = options
  }

  async init(): Promise<void> {
    const { url, max = poolMaxDefault, onError } = this.#options
    const { answerMs, limits } = this.#limits()
    const pool = new pg.Pool({
      connectionString: url,
      application_name: this.#options.name ?? 'role-register',
      types,
      max,
      keepAlive: true,
      connectionTimeoutMillis: 1500,
      idleTimeoutMillis: 30_000,
      maxLifetimeSeconds: 1800,
      query_timeout: answerMs,
      ...(this.#named ? limits : {}),
    })
    pool.on('error', error => onError?.(error))
    pool.on('connect', client => {
      client.on('error', () => {})
      this.#connections.set(client, new HealingConnection(client, this.#generation, this.#named, answerMs))
    })
    this.#pool = pool
  }

  get status(): PoolStatus {
    const { totalCount = 0, idleCount = 0, waitingCount = 0 } = this.#pool ?? {}
    return { max: this.#options.max ?? poolMaxDefault, total: totalCount, idle: idleCount, waiting: waitingCount }
  }

  get #named(): boolean {
    return this.#options.namedStatements ?? true
  }

  #limits() {
    const { statementTimeoutMs = 4000, lockTimeoutMs = 2000 } = this.#options
    const { snapshotTimeoutMs = 15 * 60_000, snapshotIdleTimeoutMs = 30_000 } = this.#options
    return {
      // The server's own limit comes first; this one is for a server that cannot be heard any more. While it runs a
      // network that was cut and is there again is of no use, so it is short.
      answerMs: statementTimeoutMs + 500,
      /** For a whole transaction: many statements, each within its limit, could hold its locks for a minute. */
      transactionTimeoutMs: 2 * statementTimeoutMs,
      /** It has no locks; what it holds up is the clearing away of old rows. */
      snapshotTimeoutMs,
      snapshotLimits: { idle_in_transaction_session_timeout: snapshotIdleTimeoutMs },
      limits: {
        statement_timeout: statementTimeoutMs,
        lock_timeout: lockTimeoutMs,
        // Of a client that is gone; what it had locked, the feed's counter for one, holds up all others until then.
        idle_in_transaction_session_timeout: statementTimeoutMs,
      },
    }
  }

  async acquireConnection(): Promise<HealingConnection> {
    for (;;) {
      const client = await this.#connectClient()
      const connection = this.#connections.get(client)
      if (connection?.generation === this.#generation) return connection
      client.connection.stream.destroy()
      client.release(true)
    }
  }

  async #connectClient(): Promise<pg.PoolClient> {
    if (!this.#pool) throw new DatabaseUnavailable('The connection pool is closed')
    try {
      return await this.#pool.connect()
    } catch (error) {
      throw unavailable(error)
    }
  }

  async beginTransaction(connection: HealingConnection, settings: TransactionSettings): Promise<void> {
    const isolation = settings.isolationLevel ? ` isolation level ${settings.isolationLevel}` : ''
    const access = settings.accessMode ? ` ${settings.accessMode}` : ''
    const { limits, snapshotLimits, transactionTimeoutMs, snapshotTimeoutMs } = this.#limits()
    const isSnapshot = settings.accessMode === 'read only'
    const local = { ...(this.#named ? {} : limits), ...(isSnapshot ? snapshotLimits : {}) }
    const sets = Object.entries(local).map(([name, ms]) => `; set local ${name} = ${ms}`)
    await connection.executeQuery(CompiledQuery.raw(`begin${isolation}${access}${sets.join('')}`))
    connection.endIn(isSnapshot ? snapshotTimeoutMs : transactionTimeoutMs)
  }

  async commitTransaction(connection: HealingConnection): Promise<void> {
    // From here on nobody could tell whether it was done.
    connection.endIn(undefined)
    await connection.executeQuery(CompiledQuery.raw('commit'))
  }

  async rollbackTransaction(connection: HealingConnection): Promise<void> {
    connection.endIn(undefined)
    // The server rolls back what a lost connection left; asking on a dead one would wait for nothing.
    if (!connection.broken) await connection.executeQuery(CompiledQuery.raw('rollback'))
  }

  async releaseConnection(connection: HealingConnection): Promise<void> {
    const { broken } = connection
    // What we ended ourselves says nothing about the other connections.
    if (broken && sqlState(broken) === undefined && !(broken instanceof EndedByUs)) this.#generation++
    connection.client.release(broken)
  }

  async destroy(): Promise<void> {
    const pool = this.#pool
    this.#pool = undefined
    await pool?.end()
  }
}

/** Why we ended a connection that was well: a transaction reached its limit, or much was on its way that nobody wants. */
class EndedByUs extends Error {}

class HealingConnection implements DatabaseConnection {
  readonly client: pg.PoolClient
  readonly generation: number
  readonly #named: boolean
  readonly #answerMs: number
  /** What made the connection unfit for use. */
  broken: Error | undefined
  #streams = 0
  #end: NodeJS.Timeout | undefined
  #limitMs = 0

  constructor(client: pg.PoolClient, generation: number, named: boolean, answerMs: number) {
    this.client = client
    this.generation = generation
    this.#named = named
    this.#answerMs = answerMs
  }

  /** Ends the connection, and the transaction on it, after so long; not at all for undefined. */
  endIn(ms: number | undefined): void {
    clearTimeout(this.#end)
    this.#limitMs = ms ?? 0
    this.#end = ms === undefined ? undefined : setTimeout(() => this.#endNow(new EndedByUs('It took too long')), ms)
  }

  #endNow(why: Error): void {
    this.broken ??= why
    this.client.connection.stream.destroy()
  }

  async executeQuery<Row>(query: CompiledQuery | NamedQuery): Promise<QueryResult<Row>> {
    const name = this.#named && 'name' in query ? { name: query.name } : {}
    try {
      const result = await this.client.query({ text: query.sql, values: [...query.parameters], ...name })
      const { command, rowCount, rows } = result
      const changes = /^(INSERT|UPDATE|DELETE|MERGE)$/.test(command)
      return { rows: (rows ?? []) as Row[], ...(changes ? { numAffectedRows: BigInt(rowCount ?? 0) } : {}) }
    } catch (error) {
      throw this.#failed(error)
    }
  }

  #failed(error: unknown): unknown {
    if (isBroken(error)) this.broken ??= error instanceof Error ? error : new Error(String(error))
    return unavailable(error)
  }

  /**
   * By a cursor of the server, in a transaction only: so each `fetch` is a statement that all limits hold for, also
   * behind a pooler. (A portal of the driver's, as pg-cursor has it, is one statement however long it is read, and its
   * query_timeout ends it.) The next rows are on their way while these are used.
   */
  async *streamQuery<Row>(
    query: CompiledQuery | CopyQuery,
    chunkSize: number,
  ): AsyncIterableIterator<QueryResult<Row>> {
    if ('isCopy' in query) {
      for await (const bytes of this.#copy(query)) yield { rows: [bytes as Row] }
      return
    }
    this.#streams += 1
    const cursor = `stream_${this.#streams}`
    await this.executeQuery(
      CompiledQuery.raw(`declare ${cursor} no scroll cursor for ${query.sql}`, [...query.parameters]),
    )
    const fetch = () => {
      const rows = this.executeQuery<Row>(CompiledQuery.raw(`fetch ${chunkSize} from ${cursor}`))
      // It may fail before anybody waits for it.
      rows.catch(() => {})
      return rows
    }
    let next = fetch()
    try {
      for (;;) {
        const result = await next
        const isLast = result.rows.length < chunkSize
        if (!isLast) next = fetch()
        if (result.rows.length > 0) yield result
        if (isLast) return
      }
    } finally {
      // Whoever stops early must not end the transaction under a statement that runs.
      await next.catch(() => {})
    }
  }

  /** The bytes of a query's one column. What was not read to its end ends the connection: nothing else stops a COPY. */
  async *#copy(query: CopyQuery): AsyncGenerator<Buffer> {
    const limitMs = this.#limitMs
    await this.executeQuery(CompiledQuery.raw(`set local statement_timeout = ${limitMs}`))
    // The driver's own timer is stopped by `callback`, which a stream never calls; it is set to come after ours.
    const timer = { query_timeout: limitMs + 60_000, callback: () => {} }
    const copy = this.client.query(Object.assign(copyTo(`copy (${query.sql}) to stdout (format binary)`), timer))
    // What happens to it after its last piece was taken concerns nobody, and would end the process.
    copy.on('error', () => {})
    let isWhole = false
    try {
      yield* valuesOf(this.#heard(copy))
      isWhole = true
    } catch (error) {
      throw this.#failed(error)
    } finally {
      copy.callback()
      if (!isWhole) this.#endNow(new EndedByUs('It was not wanted any more'))
    }
  }

  /** The same, and the end of the connection where the next piece is waited for as long as for an answer. */
  async *#heard(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    const wait = () => setTimeout(() => this.#endNow(new Error('No answer came')), this.#answerMs)
    let waiting = wait()
    try {
      for await (const piece of pieces) {
        clearTimeout(waiting)
        yield piece
        waiting = wait()
      }
    } finally {
      clearTimeout(waiting)
    }
  }
}
