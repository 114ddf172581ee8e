import { setTimeout as sleep } from 'node:timers/promises'
import {
  CompiledQuery,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type RawBuilder,
  type Transaction,
} from 'kysely'
import { type CopyQuery, DatabaseUnavailable, type NamedQuery, sqlState } from './connection.ts'
import { type ConnectOptions, HealingDriver, type PoolStatus, poolMaxDefault } from './driver.ts'
import type { Database } from './types.ts'

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

/** The state of the pool behind what `connect` gave; of another database, and of one not used yet, all but `max` is 0. */
export const poolStatus = (db: Kysely<Database>): PoolStatus =>
  drivers.get(db)?.status ?? { max: poolMaxDefault, total: 0, idle: 0, waiting: 0 }

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
