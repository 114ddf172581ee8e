import { type Kysely, sql } from 'kysely'
import type { Database } from '../../src/database/types.ts'
import { until } from './until.ts'

/** Waits until `count` sessions of the test's database wait for a lock. */
export const untilWaiting = (db: Kysely<Database>, count: number) =>
  until(async () => {
    const { rows } = await sql<{ waiting: number }>`
      select count(*) as waiting from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`.execute(db)
    return rows[0]?.waiting === count
  })
