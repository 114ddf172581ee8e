/**
 * What only waits for the clock. Between the instant and the job that writes the change, reads and writes go by the
 * clock: status, revision and time of change are then what the job will make them.
 */
import { type Kysely, type Selectable, sql, type Transaction } from 'kysely'
import { transact } from '../database/connect.ts'
import { insertEvents, type NewEvent } from '../database/events.ts'
import type { Database } from '../database/types.ts'
import type { VacancyStatus } from '../document/vacancy.ts'
import { eventOf } from './item.ts'

/** The time that statuses are told by, RFC 3339. */
export type Now = string

/** The status at a time: the one definition, for lists and single vacancies alike. */
export const statusAt = (now: Now) => sql<VacancyStatus>`case
  when state in ('scheduled', 'open') and closes_at <= ${now} then 'closed'
  when state = 'scheduled' then case when opens_at <= ${now} then 'open' else 'draft' end
  else state end`

/** The revision at a time: each change that the clock made counts, written or not. */
export const revisionAt = (now: Now) => sql<number>`vacancies.revision
  + (state = 'scheduled' and opens_at <= ${now})::integer
  + (state in ('scheduled', 'open') and closes_at <= ${now})::integer`

/** When it last changed, seen from a time. */
export const updatedAt = (now: Now) => sql<string>`case
  when state in ('scheduled', 'open') and closes_at <= ${now} then closes_at
  when state = 'scheduled' and opens_at <= ${now} then opens_at
  else vacancies.updated_at end`

/** Most vacancies that one transaction of the job changes. */
const batchMax = 200

/**
 * Writes the next change of every vacancy whose instant has come, at most one change of each, and gives the events. `only`
 * names the one vacancy that a write is about to change: it is waited for. The others are left to whoever holds them.
 */
async function writeDue(trx: Transaction<Database>, now: Now, only?: string): Promise<NewEvent[]> {
  const { rows } = await sql<Selectable<Database['vacancies']>>`
    with due as (
      select id from vacancies where next_change_at <= ${now} ${only === undefined ? sql`` : sql`and id = ${only}`}
      order by next_change_at, id limit ${batchMax} for update ${only === undefined ? sql`skip locked` : sql``}
    )
    update vacancies v set state = case state when 'scheduled' then 'open' else 'closed' end,
      revision = revision + 1, updated_at = next_change_at, updated_by = null
    from due where v.id = due.id returning v.*`.execute(trx)
  const closed = rows.filter(({ state }) => state === 'closed').map(({ id }) => id)
  if (closed.length > 0) await trx.deleteFrom('vacancy_shared_sections').where('vacancy', 'in', closed).execute()
  const inOrder = rows.sort((a, b) => (a.updated_at < b.updated_at ? -1 : 1))
  return inOrder.map(row => eventOf(row, row.state === 'open' ? 'vacancy_opened' : 'vacancy_closed'))
}

/** Writes what the clock has changed of one vacancy, which stays locked. Gives the events. */
export async function catchUp(trx: Transaction<Database>, now: Now, id: string): Promise<NewEvent[]> {
  const events: NewEvent[] = []
  for (let found = await writeDue(trx, now, id); found.length > 0; found = await writeDue(trx, now, id))
    events.push(...found)
  return events
}

const register = { id: null, owner: null, requestId: null }

/**
 * Opens and closes every vacancy whose instant has come: each change once, with its event and new ETag, however many
 * processes do so at a time. Gives how many changes this call wrote.
 */
export async function openAndCloseDue(db: Kysely<Database>, now: Now = new Date().toISOString()): Promise<number> {
  for (let total = 0; ; ) {
    const written = await transact(db, async trx => {
      const events = await writeDue(trx, now)
      await insertEvents(trx, register, events)
      return events.length
    })
    total += written
    // One that was due twice, to open and to close, is due again.
    if (written === 0) return total
  }
}
