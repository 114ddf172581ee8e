import { type Kysely, sql } from 'kysely'
import type { Database } from '../../src/database/types.ts'
import { unchecked } from './unchecked.ts'

/**
 * Puts the tables back to what `testApp` begins with, for tests that share an app because making one takes longer than
 * they do. A role that was read by the public may stay in the app's memory: such tests take slugs of their own.
 */
export const reset = (db: Kysely<Database>) =>
  unchecked(db, async trx => {
    await sql`truncate organisations, skills, events, idempotency_keys cascade`.execute(trx)
    await sql`insert into organisations (slug, name)
      values ('home-office', 'Home Office'), ('other-office', 'Other Office')`.execute(trx)
  })
