import { CompiledQuery, type DatabaseConnection, type QueryResult } from 'kysely'
import pg from 'pg'
import { to as copyTo } from 'pg-copy-streams'
import { valuesOf } from './copy.ts'

/**
 * The database cannot be reached, the connection broke, or no connection came free in time: 503, try again later.
 * `cause` is what the driver said. After a `commit` it means that the outcome is unknown.
 */
export class DatabaseUnavailable extends Error {
  override name = 'DatabaseUnavailable'
}

/** A query that is prepared under a name, and one whose one column of text COPY gives. */
export type NamedQuery = CompiledQuery & { readonly name: string }
export type CopyQuery = CompiledQuery & { readonly isCopy: true }

/** The SQLSTATE of what the server refused; undefined of any other failure. */
export function sqlState(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.code : undefined
}

/** Connection failures, an end by the operator or the server, and sessions that the server ended for being idle or slow. */
const ended = /^(08|57P|25P0[34])/

/** After these the connection is not to be used again: the server ended it, or we do not know what it is doing. */
function isBroken(error: unknown): boolean {
  const state = sqlState(error)
  return state === undefined || ended.test(state) || state === '0A000'
}

/** What to throw for a failure: DatabaseUnavailable where another try may go well. */
export function unavailable(error: unknown): unknown {
  const state = sqlState(error)
  // A value that could not be sent or read is a mistake of ours, and no reason to try again.
  if (error instanceof TypeError || error instanceof RangeError) return error
  if (state !== undefined && !ended.test(state) && state !== '53300') return error
  return new DatabaseUnavailable('The database is not available', { cause: error })
}
/** Why we ended a connection that was well: a transaction reached its limit, or much was on its way that nobody wants. */
export class EndedByUs extends Error {}

/** A connection that keeps count of what went wrong on it, and how long its transaction may last. */
export class HealingConnection implements DatabaseConnection {
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
