import { type Kysely, sql, type Transaction } from 'kysely'
import type { Database } from '../../src/database/types.ts'

/**
 * A transaction without triggers and foreign keys, and as long as it takes: it fills tables by SQL, or takes back what must
 * never change. It takes a superuser.
 */
export const unchecked = <T>(db: Kysely<Database>, work: (trx: Transaction<Database>) => Promise<T>): Promise<T> =>
  db.transaction().execute(async trx => {
    await sql`set local session_replication_role = replica`.execute(trx)
    await sql`set local statement_timeout = 0`.execute(trx)
    return work(trx)
  })
