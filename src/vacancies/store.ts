/** Vacancies: found, locked, changed; `list.ts` lists them. */
import { type Kysely, type RawBuilder, sql, type Transaction } from 'kysely'
import type { InUse } from '../catalogues/uses.ts'
import type { NewEvent } from '../database/events.ts'
import type { Database } from '../database/types.ts'
import type { PublishedRole } from '../document/schema.ts'
import { type Vacancy, type VacancyDocument, type VacancyStatus, vacancyStatuses } from '../document/vacancy.ts'
import { sentence } from '../document/wording.ts'
import { type Caller, foreign, mayUse, organisationOf } from '../plugins/auth.ts'
import { notFound, Problem } from '../plugins/problems.ts'
import { type Match, revisionsOf, revisionTag } from '../plugins/write.ts'
import type { Advert } from './advert.ts'
import { catchUp, type Now, revisionAt, statusAt } from './clock.ts'
import { addressOf, eventOf, type VacancyRow } from './item.ts'

const ofCaller = (caller: Caller): RawBuilder<boolean> => {
  const organisation = organisationOf(caller)
  return organisation === null ? sql`true` : sql`vacancies.organisation = ${organisation}`
}

/**
 * Whether the status is one of some. Said by what it is not: of what a `case` is equal to, the planner believes that it is of
 * few, and reads and sorts them all.
 */
export const hasStatus = (now: Now, ...statuses: VacancyStatus[]): RawBuilder<boolean> =>
  sql`${statusAt(now)} not in (${sql.join(vacancyStatuses.filter(each => !statuses.includes(each)).map(each => sql.lit(each)))})`

/** Whether the caller may read drafts, and of whom; what was public once, everybody may know of. */
export const readable = (caller: Caller | null, now: Now): RawBuilder<boolean> =>
  caller !== null && mayUse(caller, 'vacancies:read_drafts')
    ? sql`(${hasStatus(now, 'open', 'closed')} or ${ofCaller(caller)})`
    : hasStatus(now, 'open', 'closed')

/** The states that a row of this status may be written with: an index then finds it. */
export const statesOf: Record<VacancyStatus, VacancyRow['state'][]> = {
  draft: ['draft', 'scheduled'],
  open: ['scheduled', 'open'],
  closed: ['scheduled', 'open', 'closed'],
  withdrawn: ['withdrawn'],
}

/** A vacancy as it is at a time, with the version that it is made from. */
export interface Found {
  row: VacancyRow
  status: VacancyStatus
  revision: number
  role: PublishedRole
  isRoleWithdrawn: boolean
  homepageUrl: string | null
}

/** Vacancies as they are at a time, each with its version and organisation. */
const selectWhole = (db: Kysely<Database>, now: Now) =>
  db
    .selectFrom('vacancies')
    .innerJoin('role_versions as v', join =>
      join.onRef('v.role', '=', 'vacancies.role').onRef('v.version', '=', 'vacancies.version'),
    )
    .innerJoin('organisations as o', 'o.slug', 'vacancies.organisation')
    .selectAll('vacancies')
    .innerJoin('roles as r', 'r.slug', 'vacancies.role')
    .select(['v.body', 'o.homepage_url', sql<boolean>`r.withdrawn_at is not null`.as('is_role_withdrawn')])
    .select([statusAt(now).as('status'), revisionAt(now).as('current')])

type WholeRow = Awaited<ReturnType<ReturnType<typeof selectWhole>['executeTakeFirstOrThrow']>>

function toFound(whole: WholeRow): Found {
  const { body, homepage_url, is_role_withdrawn, status, current, ...row } = whole
  const role = JSON.parse(body) as PublishedRole
  const [isRoleWithdrawn, homepageUrl] = [is_role_withdrawn, homepage_url]
  return { row, status, revision: current, role, isRoleWithdrawn, homepageUrl }
}

/**
 * The vacancy at a time; undefined where there is none that the caller may read. Whoever asks for another's draft waits
 * as long as for nothing. Withdrawn ones are found by everybody.
 */
export async function findVacancy(
  db: Kysely<Database>,
  caller: Caller | null,
  id: string,
  now: Now,
): Promise<Found | undefined> {
  const found = await selectWhole(db, now)
    .where('vacancies.id', '=', id)
    .where(sql<boolean>`(${readable(caller, now)} or state = 'withdrawn')`)
    .executeTakeFirst()
  return found && toFound(found)
}

/**
 * Why a caller has no vacancy of this id to change: 404, or, of what another organisation has or had in public, 403 or
 * 410 as everybody would find it.
 */
export async function refusalOf(db: Kysely<Database>, caller: Caller, id: string, now: Now): Promise<Problem> {
  const found = await findVacancy(db, null, id, now)
  if (!found) return notFound('vacancy', id)
  return found.status === 'withdrawn' ? withdrawn(found.row) : foreign(caller)
}

/** How many vacancies wait for the clock's change to be written. */
export async function countDue(db: Kysely<Database>, now: Now): Promise<number> {
  const { count } = await db
    .selectFrom('vacancies')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('next_change_at', '<=', now)
    .executeTakeFirstOrThrow()
  return count
}

/** How many vacancies are read at once, with the whole version of each. */
const rowsAtOnce = 25

/** All vacancies that are open at a time, by id, read as they are asked for. */
export async function* streamOpen(db: Kysely<Database>, now: Now): AsyncGenerator<Found> {
  const rows = selectWhole(db, now)
    .where('state', 'in', statesOf.open)
    .where(hasStatus(now, 'open'))
    .orderBy('vacancies.id')
    .stream(rowsAtOnce)
  for await (const row of rows) yield toFound(row)
}

/** What GET answers with: as it is printed, once it is. */
export const presented = ({ document, printed }: VacancyRow, status: VacancyStatus): Vacancy => {
  const { role, version, ...members } = printed ?? document
  return { role, version, status, ...members }
}

/** The texts of shared sections in the document's own sections, without notes. Those that are not there throw. */
export async function print(
  db: Kysely<Database>,
  document: VacancyDocument,
  options: { lock?: boolean } = {},
): Promise<VacancyDocument> {
  const slugs = sharedSectionsOf(document)
  if (slugs.length === 0) return document
  let query = db.selectFrom('shared_sections').select(['slug', 'blocks']).where('slug', 'in', slugs).orderBy('slug')
  if (options.lock) query = query.forShare()
  const blocks = new Map((await query.execute()).map(row => [row.slug, row.blocks]))
  return {
    ...document,
    sections: document.sections.map(section =>
      section.shared_section === null
        ? section
        : {
            ...section,
            blocks: (blocks.get(section.shared_section) ?? []).filter(({ type }) => type !== 'note'),
          },
    ),
  }
}

/** The vacancy as its public forms need it; of a draft with the texts that its shared sections have now. */
export async function advertOf(db: Kysely<Database>, { row, ...found }: Found): Promise<Advert> {
  const { role, isRoleWithdrawn, homepageUrl } = found
  return { id: row.id, vacancy: row.printed ?? (await print(db, row.document)), role, isRoleWithdrawn, homepageUrl }
}

/**
 * Locks a vacancy of the caller's organisation for a change, after writing what the clock has changed of it. Gives it
 * with the events of that. Throws 403 where it is another's and public, 404, 410 where it is withdrawn, 412 where the
 * revision is another.
 */
export async function lockVacancy(
  trx: Transaction<Database>,
  caller: Caller,
  id: string,
  match: Match,
  now: Now,
): Promise<{ row: VacancyRow; events: NewEvent[] }> {
  const row = await trx
    .selectFrom('vacancies')
    .selectAll()
    .where('id', '=', id)
    .where(sql<boolean>`${ofCaller(caller)}`)
    .forNoKeyUpdate()
    .executeTakeFirst()
  if (!row) throw await refusalOf(trx, caller, id, now)
  if (row.state === 'withdrawn') throw withdrawn(row)
  const events = await catchUp(trx, now, id)
  const current =
    events.length === 0
      ? row
      : await trx.selectFrom('vacancies').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
  const revisions = revisionsOf(match)
  if (revisions === null || revisions.includes(current.revision)) return { row: current, events }
  const etag = revisionTag(current.revision)
  throw new Problem('precondition_failed', `The vacancy is now at ${etag}.`, { members: { current_etag: etag } })
}

/** 410 that tells when and why. */
export const withdrawn = ({ withdrawn_at, withdrawal_reason }: VacancyRow) =>
  new Problem('withdrawn', `The vacancy was withdrawn: ${sentence(withdrawal_reason ?? '')}`, {
    members: { withdrawn_at, reason: withdrawal_reason },
  })

export const sharedSectionsOf = ({ sections }: VacancyDocument) => [
  ...new Set(sections.flatMap(({ shared_section }) => shared_section ?? [])),
]

/** Rewrites the rows that record which shared sections a vacancy uses. */
export async function saveReferences(trx: Transaction<Database>, vacancy: string, document: VacancyDocument) {
  const slugs = sharedSectionsOf(document)
  await trx
    .deleteFrom('vacancy_shared_sections')
    .where('vacancy', '=', vacancy)
    .where('shared_section', '<>', sql<string>`all (${slugs})`)
    .execute()
  if (slugs.length > 0)
    await trx
      .insertInto('vacancy_shared_sections')
      .values(slugs.map(shared_section => ({ vacancy, shared_section })))
      .onConflict(conflict => conflict.doNothing())
      .execute()
}

/** Withdraws vacancies that are locked; those that nobody has seen yet are drafts again. Gives the events. */
export async function withdrawAll(
  trx: Transaction<Database>,
  caller: Caller,
  ids: readonly string[],
  reason: string,
): Promise<NewEvent[]> {
  if (ids.length === 0) return []
  const rows = await trx
    .updateTable('vacancies')
    .set({
      state: sql`case state when 'scheduled' then 'draft' else 'withdrawn' end`,
      printed: sql`case state when 'scheduled' then null else printed end`,
      withdrawn_at: sql`case state when 'open' then now() end`,
      withdrawal_reason: sql`case state when 'open' then ${reason} end`,
      revision: sql`revision + 1`,
      updated_at: sql`now()`,
      updated_by: caller.owner,
    })
    .where('id', 'in', [...ids])
    .returningAll()
    .execute()
  const gone = rows.filter(({ state }) => state === 'withdrawn').map(({ id }) => id)
  if (gone.length > 0) await trx.deleteFrom('vacancy_shared_sections').where('vacancy', 'in', gone).execute()
  return rows.map(row =>
    eventOf(row, row.state === 'withdrawn' ? 'vacancy_withdrawn' : 'vacancy_unscheduled', { data: { reason } }),
  )
}

/** Most vacancies that one answer names. */
const namedMax = 20

/**
 * What is to become of the vacancies of a role that is being withdrawn, which must be locked: none is opened meanwhile.
 * Gives the events. Throws 409 `open_vacancies`, naming them, where there are any and nobody said what to do.
 */
export async function settleVacancies(
  trx: Transaction<Database>,
  caller: Caller,
  role: string,
  choice: 'keep' | 'withdraw' | null,
  reason: string,
  now: Now,
  baseUrl: string,
): Promise<NewEvent[]> {
  const rows = await trx
    .selectFrom('vacancies')
    .select(['id', 'state', 'item', statusAt(now).as('status')])
    .where('role', '=', role)
    .where('state', 'in', ['scheduled', 'open'])
    .where('closes_at', '>', now)
    .orderBy('id')
    .forNoKeyUpdate()
    .execute()
  if (rows.length === 0 || choice === 'keep') return []
  if (choice === null) {
    const vacancies = rows.slice(0, namedMax).map(({ id, status, item }) => ({
      id,
      status,
      closes_at: item.closes_at,
      url: baseUrl + addressOf(id),
    }))
    throw new Problem(
      'open_vacancies',
      `The role has ${rows.length === 1 ? 'a vacancy that is' : `${rows.length} vacancies that are`} open or about to open: ${vacancies.map(({ id }) => id).join(', ')}${rows.length > namedMax ? ' and more' : ''}. Send "open_vacancies": "keep" or "withdraw".`,
      { members: { vacancies, others: rows.length > namedMax } },
    )
  }
  // One that the clock has opened since is withdrawn as an open one.
  const events: NewEvent[] = []
  for (const { id, state, status } of rows)
    if (state === 'scheduled' && status === 'open') events.push(...(await catchUp(trx, now, id)))
  const withdrawals = await withdrawAll(
    trx,
    caller,
    rows.map(({ id }) => id),
    reason,
  )
  return [...events, ...withdrawals]
}

/** The vacancies that keep a shared section from being deleted. */
export async function findVacancyUses(
  trx: Transaction<Database>,
  sharedSection: string,
  baseUrl: string,
): Promise<InUse | undefined> {
  const rows = await trx
    .selectFrom('vacancy_shared_sections')
    .select('vacancy')
    .where('shared_section', '=', sharedSection)
    .orderBy('vacancy')
    .limit(namedMax + 1)
    .execute()
  if (rows.length === 0) return undefined
  const shown = rows.slice(0, namedMax).map(({ vacancy }) => ({ vacancy, url: baseUrl + addressOf(vacancy) }))
  const others = rows.length > namedMax
  return {
    usedBy: shown,
    others,
    detail: `The shared section "${sharedSection}" is in use by the vacancies ${shown.map(({ vacancy }) => vacancy).join(', ')}${others ? ' and more' : ''}.`,
  }
}
