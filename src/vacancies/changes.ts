/** What a write makes of a vacancy: created, changed, opened, withdrawn. Each works under the lock of the vacancy. */
import { sql, type Transaction } from 'kysely'
import { unknownSharedSections } from '../catalogues/store.ts'
import type { NewEvent } from '../database/events.ts'
import type { Database } from '../database/types.ts'
import type { Advice } from '../document/advice.ts'
import { checkSize, type Finding } from '../document/check.ts'
import { didYouMean } from '../document/nearest.ts'
import type { PublishedRole } from '../document/schema.ts'
import { checkVacancy, normalised, type Vacancy, type VacancyDocument } from '../document/vacancy.ts'
import { shorten } from '../document/wording.ts'
import { type Caller, isOf, lacking, mayUse } from '../plugins/auth.ts'
import { invalid, Problem } from '../plugins/problems.ts'
import type { Match } from '../plugins/write.ts'
import { nearestRole } from '../roles/near.ts'
import { digestOf } from '../roles/store.ts'
import { placeOf } from '../roles/versions.ts'
import type { Advert } from './advert.ts'
import type { Now } from './clock.ts'
import { columnsOf, eventOf, statusOf, type VacancyRow } from './item.ts'
import { adviceOn, findBlockers, findHindrances, isPast, tooEarly } from './ready.ts'
import { lockVacancy, presented, print, saveReferences, sharedSectionsOf, withdrawAll } from './store.ts'

type Trx = Transaction<Database>

/** A vacancy as a write leaves it, with the events of that and of what the clock did before. */
export interface Changed {
  row: VacancyRow
  events: NewEvent[]
}

interface Origin {
  role: PublishedRole
  organisation: string
  /** Where the role was withdrawn since; the successor is null where it has none. */
  withdrawn: { successor: string | null } | null
}

/** The version of a role of the caller's organisation: the latest where none is named. Throws 422 where there is none. */
export async function findVersionOf(
  trx: Trx,
  caller: Caller,
  role: string,
  version: number | undefined,
): Promise<Origin> {
  const found = await trx
    .selectFrom('roles')
    .leftJoin('role_versions as v', join =>
      join
        .onRef('v.role', '=', 'roles.slug')
        .on('v.version', '=', version === undefined ? sql.ref('roles.version') : sql.lit(version)),
    )
    .select(['roles.organisation', 'roles.version as latest', 'v.body', 'roles.withdrawn_at', 'roles.successor'])
    .where('roles.slug', '=', role)
    .executeTakeFirst()
  if (!found || found.latest === null || !isOf(caller, found.organisation)) {
    const detail = `"${role}" is no published role of your organisation.${didYouMean(await nearestRole(trx, role))}`
    throw invalid([{ pointer: '/role', code: 'unknown_role', detail }])
  }
  if (found.body === null)
    throw invalid([
      {
        pointer: '/version',
        code: 'unknown_version',
        detail: `The role has no version ${version}; its latest is ${found.latest}.`,
      },
    ])
  const withdrawn = found.withdrawn_at === null ? null : { successor: found.successor }
  return { role: JSON.parse(found.body) as PublishedRole, organisation: found.organisation, withdrawn }
}

async function checkSharedSections(trx: Trx, organisation: string, document: VacancyDocument): Promise<Finding[]> {
  const slugs = sharedSectionsOf(document)
  if (slugs.length === 0) return []
  const rows = await trx
    .selectFrom('shared_sections')
    .select(['slug', 'kind'])
    .where('slug', 'in', slugs)
    .where('organisation', '=', organisation)
    .execute()
  const kinds = new Map(rows.map(row => [row.slug, row.kind]))
  const unknown = document.sections.flatMap(({ shared_section: slug }, index) =>
    slug === null || kinds.has(slug) ? [] : [{ pointer: `/sections/${index}/shared_section`, slug }],
  )
  const others = document.sections.flatMap(({ kind, shared_section }, index): Finding[] => {
    const own = shared_section === null ? undefined : kinds.get(shared_section)
    // Where an advert prints a section goes by its kind.
    return own === undefined || own === kind
      ? []
      : [
          {
            pointer: `/sections/${index}/kind`,
            code: 'other_kind',
            detail: `The shared section "${shared_section}" is of the kind ${own}, not ${kind}.`,
          },
        ]
  })
  return [...(await unknownSharedSections(trx, organisation, unknown)), ...others]
}

/** The members that differ. */
const differences = (before: Record<string, unknown>, after: Record<string, unknown>): string[] =>
  Object.keys(after).filter(name => JSON.stringify(before[name]) !== JSON.stringify(after[name]))

/** Whether the caller's scopes allow the difference. Throws 403, naming the scope that is needed. */
function requireScopes(caller: Caller, before: Record<string, unknown>, after: Record<string, unknown>): string[] {
  const changed = differences(before, after)
  if (changed.includes('reference_number') && !mayUse(caller, 'vacancies:reference'))
    throw lacking('vacancies:reference')
  if (changed.some(name => name !== 'reference_number') && !mayUse(caller, 'vacancies:write'))
    throw lacking('vacancies:write')
  return changed
}

/** What is sent as the document that is stored, in its canonical form. Throws 422 for a status that is not the current one. */
function documentOf(sent: Vacancy, status: Vacancy['status'], printed: VacancyDocument | null): VacancyDocument {
  const { status: named, ...members } = sent
  if (named !== status)
    throw invalid([
      {
        pointer: '/status',
        code: 'read_only',
        detail: `The status is "${status}"; openings, withdrawals and the clock change it.`,
      },
    ])
  const document = normalised(members)
  // GET shows what was printed of a shared section; sent back unchanged, it is the shared section.
  const shown = new Map(printed?.sections.map(({ shared_section, blocks }) => [shared_section, JSON.stringify(blocks)]))
  return {
    ...document,
    sections: document.sections.map(section =>
      section.shared_section !== null && shown.get(section.shared_section) === JSON.stringify(section.blocks)
        ? { ...section, blocks: [] }
        : section,
    ),
  }
}

/** Throws 422 with all that is wrong in a document of this organisation. */
async function requireValid(trx: Trx, organisation: string, document: VacancyDocument, role: PublishedRole) {
  const findings = [
    ...checkSize(JSON.stringify(document), 'vacancy'),
    ...checkVacancy(document, role),
    ...(await checkSharedSections(trx, organisation, document)),
  ]
  if (findings.length > 0) throw invalid(findings)
}

/** An advert for the checks, which look neither at the role as it is now nor at its organisation. */
const checked = (id: string, vacancy: VacancyDocument, role: PublishedRole): Advert => ({
  id,
  vacancy,
  role,
  isRoleWithdrawn: false,
  homepageUrl: null,
})

/** The texts as the advert prints them from now on. Throws 409 `not_ready` with all that it lacks. */
async function requireReady(
  trx: Trx,
  id: string,
  document: VacancyDocument,
  role: PublishedRole,
  more: Finding[] = [],
): Promise<{ printed: VacancyDocument; advice: Advice[] }> {
  const printed = await print(trx, document, { lock: true })
  const advert = checked(id, printed, role)
  const errors = [...more, ...findBlockers(advert)]
  if (errors.length > 0) throw notReady(errors)
  return { printed, advice: adviceOn(advert) }
}

const notReady = (errors: Finding[]) =>
  new Problem('not_ready', `The vacancy is not ready: ${shorten(errors.map(({ detail }) => detail).join(' '), 500)}`, {
    errors,
  })

/** Writes what a locked vacancy says, and what is printed of it, from now on. */
const saveVacancy = (
  trx: Trx,
  caller: Caller,
  id: string,
  {
    document,
    printed,
    role,
    ...state
  }: {
    document: VacancyDocument
    printed: VacancyDocument | null
    role: PublishedRole
    state?: VacancyRow['state']
  },
): Promise<VacancyRow> =>
  trx
    .updateTable('vacancies')
    .set({
      ...columnsOf(document, role),
      printed: printed && JSON.stringify(printed),
      ...state,
      revision: sql<number>`revision + 1`,
      updated_at: sql<string>`now()`,
      updated_by: caller.owner,
    })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow()

/** Creates a draft. Throws 422. */
export async function createVacancy(
  trx: Trx,
  caller: Caller,
  sent: Vacancy,
  { role, organisation, withdrawn }: Origin,
): Promise<Changed> {
  if (withdrawn) {
    const successor = withdrawn.successor === null ? '' : ` Its successor is "${withdrawn.successor}".`
    const detail = `The role "${role.slug}" is withdrawn.${successor}`
    throw invalid([{ pointer: '/role', code: 'role_withdrawn', detail }])
  }
  const document = documentOf(sent, 'draft', null)
  if (document.reference_number !== null) requireScopes(caller, { ...document, reference_number: null }, document)
  await requireValid(trx, organisation, document, role)
  const row = await trx
    .insertInto('vacancies')
    .values({ organisation, role: role.slug, state: 'draft', ...columnsOf(document, role), updated_by: caller.owner })
    .returningAll()
    .executeTakeFirstOrThrow()
  await saveReferences(trx, row.id, document)
  const afterDigest = digestOf(JSON.stringify(document))
  return { row, events: [eventOf(row, 'vacancy_created', { afterDigest, data: { changed: ['/'] } })] }
}

const ended = (row: VacancyRow) =>
  new Problem('wrong_status', `The vacancy is closed since ${row.closes_at}; only its reference_number can change.`)

const callOff =
  'A PATCH that sets opens_at to null calls the opening off; then POST …/openings opens the vacancy at once.'

function checkFixed(row: VacancyRow, document: VacancyDocument, now: Now): Finding[] {
  const found: Finding[] = []
  if (document.role !== row.role)
    found.push({ pointer: '/role', code: 'read_only', detail: `This is a vacancy of the role "${row.role}".` })
  if (row.state === 'open' && document.opens_at !== row.document.opens_at)
    found.push({
      pointer: '/opens_at',
      code: 'read_only',
      detail: `The vacancy is open since ${row.document.opens_at}.`,
    })
  if (row.state === 'scheduled' && isPast(document.opens_at, now)) found.push(tooEarly('opens_at', now, ` ${callOff}`))
  if ((row.state === 'scheduled' || row.state === 'open') && isPast(document.closes_at, now))
    found.push(tooEarly('closes_at', now, row.state === 'open' ? ' POST …/withdrawals ends a vacancy at once.' : ''))
  return found
}

/**
 * Changes a vacancy: match, edit, check, save, events. Where the edit changes no byte, nothing is written and the
 * revision stays. Once its opening was asked for, each change must leave it ready, or call it off. Throws 403, 404, 409, 410, 412, 422.
 */
export async function editVacancy(
  trx: Trx,
  caller: Caller,
  id: string,
  match: Match,
  now: Now,
  edit: (vacancy: Vacancy) => Vacancy,
): Promise<Changed> {
  const { row, events } = await lockVacancy(trx, caller, id, match, now)
  const status = statusOf(row)
  const sent = documentOf(edit(presented(row, status)), status, row.printed)
  const { role } = await findVersionOf(trx, caller, row.role, sent.version)
  // A patch may have set it back to the latest.
  const document = { ...sent, version: role.version }
  const changed = requireScopes(caller, row.document, document)
  if (changed.length === 0) return { row, events }
  if (row.state === 'closed' && changed.some(name => name !== 'reference_number')) throw ended(row)
  const fixed = checkFixed(row, document, now)
  if (fixed.length > 0) throw invalid(fixed)
  const isCalledOff = row.state === 'scheduled' && document.opens_at === null
  const state = isCalledOff ? 'draft' : row.state
  let printed = isCalledOff ? null : row.printed
  if (row.state === 'closed') printed = printed && { ...printed, reference_number: document.reference_number }
  else {
    await requireValid(trx, row.organisation, document, role)
    if (state !== 'draft') printed = (await requireReady(trx, id, document, role)).printed
    await saveReferences(trx, id, document)
  }
  const saved = await saveVacancy(trx, caller, id, { document, printed, role, state })
  // What is printed anew may have the new text of a shared section, which the document only names.
  const told = row.printed && printed ? [...changed, ...differences(row.printed, printed)] : changed
  return {
    row: saved,
    events: [...events, editedEvent(row, saved, told, isCalledOff ? 'vacancy_unscheduled' : undefined)],
  }
}

/** The event of a change that is written; `changed` are members of the document, each at least once. */
const editedEvent = (
  before: VacancyRow,
  after: VacancyRow,
  changed: readonly string[],
  type = statusOf(after) === 'draft' ? 'vacancy_edited' : 'vacancy_updated',
): NewEvent =>
  eventOf(after, type, {
    beforeDigest: digestOf(JSON.stringify(before.document)),
    afterDigest: digestOf(JSON.stringify(after.document)),
    data: {
      changed: [...new Set(changed)].map(name => `/${name}`),
      // As a publication tells of its role: another version may be of another grade.
      ...(type === 'vacancy_updated' && before.version !== after.version
        ? { before: placeOf({ ...before.item }), after: placeOf({ ...after.item }) }
        : {}),
    },
  })

/**
 * Writes the reference number and nothing else. Nothing of the rest is printed anew or checked: what is wrong there keeps
 * no number out, and is not told to a caller who may not read it. Throws 403, 404, 409 `not_ready` where the number itself
 * does not fit an advert, 410, 412.
 */
export async function referVacancy(
  trx: Trx,
  caller: Caller,
  id: string,
  match: Match,
  now: Now,
  reference_number: string | null,
): Promise<Changed> {
  const { row, events } = await lockVacancy(trx, caller, id, match, now)
  const document = { ...row.document, reference_number }
  const changed = requireScopes(caller, row.document, document)
  if (changed.length === 0) return { row, events }
  const { role } = await findVersionOf(trx, caller, row.role, row.version)
  const printed = row.printed && { ...row.printed, reference_number }
  if (printed && row.state !== 'closed') {
    const errors = findBlockers(checked(id, printed, role))
    const own = errors.filter(({ pointer }) => pointer === '/reference_number')
    if (own.length > 0) throw notReady(own)
  }
  const saved = await saveVacancy(trx, caller, id, { document, printed, role })
  return { row: saved, events: [...events, editedEvent(row, saved, changed)] }
}

/** Removes a draft. Throws 404, 409 `wrong_status` once it was public, 412. */
export async function deleteVacancy(trx: Trx, caller: Caller, id: string, match: Match, now: Now): Promise<Changed> {
  const { row, events } = await lockVacancy(trx, caller, id, match, now)
  if (row.state !== 'draft' && row.state !== 'scheduled')
    throw new Problem('wrong_status', `The vacancy is ${row.state}; only a draft can be deleted.`)
  await trx.deleteFrom('vacancies').where('id', '=', id).execute()
  const beforeDigest = digestOf(JSON.stringify(row.document))
  return { row, events: [...events, eventOf(row, 'vacancy_deleted', { beforeDigest })] }
}

/**
 * Asks for the opening of a draft: at its `opens_at`, or now where that is past or null. Throws 404, 409 `not_ready` with
 * each thing that the public forms need, 409 `wrong_status`, 412.
 */
export async function openVacancy(
  trx: Trx,
  caller: Caller,
  id: string,
  match: Match,
  now: Now,
): Promise<Changed & { advice: Advice[] }> {
  // The role first, as its withdrawal does: neither waits for the other then.
  const role = await trx
    .selectFrom('roles')
    .select(['slug', 'withdrawn_at'])
    .where('slug', '=', trx.selectFrom('vacancies').select('role').where('id', '=', id))
    .forShare()
    .executeTakeFirst()
  const { row, events } = await lockVacancy(trx, caller, id, match, now)
  if (row.state !== 'draft') {
    throw new Problem(
      'wrong_status',
      row.state === 'scheduled'
        ? `The vacancy waits for its opening at ${row.document.opens_at}. ${callOff}`
        : `The vacancy is ${row.state}; only a draft can be opened.`,
    )
  }
  const waits = row.document.opens_at !== null && Date.parse(row.document.opens_at) > Date.parse(now)
  const document = waits ? row.document : normalised({ ...row.document, opens_at: now })
  const version = await findVersionOf(trx, caller, row.role, row.version)
  const isRoleWithdrawn = role !== undefined && role.withdrawn_at !== null
  const hindrances = findHindrances({ ...checked(id, document, version.role), isRoleWithdrawn }, now)
  const { printed, advice } = await requireReady(trx, id, document, version.role, hindrances)
  const state = waits ? 'scheduled' : 'open'
  const saved = await saveVacancy(trx, caller, id, { document, printed, role: version.role, state })
  const event = eventOf(saved, waits ? 'vacancy_scheduled' : 'vacancy_opened', {
    afterDigest: digestOf(JSON.stringify(document)),
  })
  return { row: saved, events: [...events, event], advice }
}

/** Takes an open vacancy back. Throws 404, 409 `wrong_status`, 412. */
export async function withdrawVacancy(
  trx: Trx,
  caller: Caller,
  id: string,
  match: Match,
  now: Now,
  reason: string,
): Promise<Changed> {
  const { row, events } = await lockVacancy(trx, caller, id, match, now)
  if (row.state !== 'open')
    throw new Problem('wrong_status', `The vacancy is ${statusOf(row)}; only an open one can be withdrawn.`)
  const withdrawals = await withdrawAll(trx, caller, [id], reason)
  return { row: { ...row, revision: row.revision + 1 }, events: [...events, ...withdrawals] }
}
