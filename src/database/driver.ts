import { CompiledQuery, type Driver, type TransactionSettings } from 'kysely'
import pg from 'pg'
import { DatabaseUnavailable, EndedByUs, HealingConnection, sqlState, unavailable } from './connection.ts'
import { types } from './values.ts'

/** How the pool behaves; the time limits are in milliseconds. */
export interface ConnectOptions {
  url: string
  /** What the server calls its sessions; `role-register` unless given. */
  name?: string
  /** Most connections at once; 10 unless given. */
  max?: number
  /** Longest wait for a connection, be it for a new one or for one that is in use; 1.5 s. */
  connectTimeoutMs?: number
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

/** How many connections there may be, are, and are not in use, and how many queries wait for one. */
export interface PoolStatus {
  max: number
  total: number
  idle: number
  waiting: number
}

/** A process has so many connections unless told otherwise. */
export const poolMaxDefault = 10

/**
 * Kysely's own driver gives every connection back to the pool as good, also one with a query in it that will never end.
 * This one keeps count of what went wrong on each.
 */
export class HealingDriver implements Driver {
  readonly #options: ConnectOptions
  readonly #connections = new WeakMap<pg.PoolClient, HealingConnection>()
  #pool: pg.Pool | undefined
  /** Raised when the network failed: connections from before then are likely to be as dead, and are not tried. */
  #generation = 0

  constructor(options: ConnectOptions) {
    this.#options = options
  }

  async init(): Promise<void> {
    const { url, max = poolMaxDefault, connectTimeoutMs = 1500, onError } = this.#options
    const { answerMs, limits } = this.#limits()
    const pool = new pg.Pool({
      connectionString: url,
      application_name: this.#options.name ?? 'role-register',
      types,
      max,
      keepAlive: true,
      connectionTimeoutMillis: connectTimeoutMs,
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
