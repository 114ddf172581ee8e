/** Versions of a role: made by publication, never changed, read as the bytes that they are. */
import { type Kysely, sql, type Transaction } from 'kysely'
import { queryNamed } from '../database/connect.ts'
import type { NewEvent } from '../database/events.ts'
import type { Database } from '../database/types.ts'
import { isoNow } from '../database/values.ts'
import { findBlockers } from '../document/check.ts'
import { didYouMean } from '../document/nearest.ts'
import { blocksIn, type References, resolve } from '../document/resolve.ts'
import type { PublishedRole, RoleDocument } from '../document/schema.ts'
import { shorten } from '../document/wording.ts'
import type { Caller } from '../plugins/auth.ts'
import { invalid, Problem } from '../plugins/problems.ts'
import { nearestRole } from './near.ts'
import { findReferences, lockSharedSections, saveReferences } from './references.ts'
import { itemOf, type Published, saveSearchRows } from './search-rows.ts'
import { type Draft, digestOf, type EditOptions, nextRevision, type RoleRow, saveDraft } from './store.ts'

/** NOTIFY on this channel carries `{role} {version}`, or `{role} 0` where it was withdrawn. */
export const publishedChannel = 'role_published'

/** A published version as it is served. */
export interface Version {
  version: number
  /** As the database gave it; bytes where they are kept in memory. */
  body: string | Buffer
  /** base64url SHA-256 of the body: the ETag without its quotes. */
  digest: string
  publishedAt: string
}

/** Why a role's latest version is not served any more. */
export interface Withdrawal {
  withdrawn_at: string
  reason: string
  successor: string | null
}

interface LatestRow {
  version: number
  body: string
  digest: string
  published_at: string
  withdrawn_at: string | null
  withdrawal_reason: string | null
  successor: string | null
}

const toVersion = ({ version, body, digest, published_at }: LatestRow): Version => ({
  version,
  body,
  digest,
  publishedAt: published_at,
})

/** The latest version, or its withdrawal; undefined where the role was never published. One statement, by primary keys. */
export async function findLatest(db: Kysely<Database>, slug: string): Promise<Version | Withdrawal | undefined> {
  const [row] = await queryNamed<LatestRow>(
    db,
    'find_latest',
    `select v.version, v.body, v.digest, v.published_at, r.withdrawn_at, r.withdrawal_reason, r.successor
     from roles r join role_versions v on v.role = r.slug and v.version = r.version where r.slug = $1`,
    [slug],
  )
  if (!row) return undefined
  return row.withdrawn_at === null
    ? toVersion(row)
    : { withdrawn_at: row.withdrawn_at, reason: row.withdrawal_reason ?? '', successor: row.successor }
}

/** One version, whether or not the role was withdrawn since; undefined where there is none. */
export async function findVersion(db: Kysely<Database>, slug: string, version: number): Promise<Version | undefined> {
  const [row] = await queryNamed<LatestRow>(
    db,
    'find_version',
    'select version, body, digest, published_at from role_versions where role = $1 and version = $2',
    [slug, version],
  )
  return row && toVersion(row)
}

/** Versions of a role, the newest first, `limit` of those before a number; [] where it was never published. */
export function listVersions(db: Kysely<Database>, slug: string, limit: number, before?: number) {
  let query = db
    .selectFrom('role_versions')
    .select(['version', 'published_at', 'change_note', 'change_kind', 'digest'])
    .where('role', '=', slug)
  if (before !== undefined) query = query.where('version', '<', sql<number>`${before}::bigint`)
  return query.orderBy('version', 'desc').limit(limit).execute()
}

/**
 * Puts the draft of a locked role back to what a version was made from; undefined where there is no such version. Ids
 * that were given since are not given again. Throws 422 where the version refers to what is no longer there.
 */
export async function goBack(
  trx: Transaction<Database>,
  caller: Caller,
  row: RoleRow,
  version: number,
  options: EditOptions,
): Promise<Draft | undefined> {
  const found = await trx
    .selectFrom('role_versions as v')
    .innerJoin('role_versions as latest', 'latest.role', 'v.role')
    .select(['v.document', sql<boolean>`v.document::text = latest.document::text`.as('is_latest')])
    .where('v.role', '=', row.slug)
    .where('v.version', '=', version)
    .where('latest.version', '=', row.version)
    .executeTakeFirst()
  if (!found) return undefined
  const draft = await saveDraft(trx, caller, row, found.document, options)
  if (found.is_latest)
    await trx.updateTable('roles').set({ published_revision: draft.revision }).where('slug', '=', row.slug).execute()
  return draft
}

/** 409 where the organisation asks for four eyes and the caller's own are two of them. */
export const fourEyes = (organisation: string, changed: string) =>
  new Problem('four_eyes', `${organisation} asks for four eyes: you changed ${changed} since its last version.`)

/** Whether who publishes in an organisation must be no owner of what is published. */
export async function asksForFourEyes(trx: Transaction<Database>, organisation: string): Promise<boolean> {
  const found = await trx
    .selectFrom('organisations')
    .select('four_eyes')
    .where('slug', '=', organisation)
    .executeTakeFirstOrThrow()
  return found.four_eyes
}

/**
 * Four-eyes (design §10): the publisher owns no change to this role, or to a shared section it uses, since its last
 * version. A version that was made for a shared section brought no other change with it.
 */
async function requireOtherEyes(
  trx: Transaction<Database>,
  caller: Caller,
  row: RoleRow,
  references: References,
): Promise<void> {
  if (!(await asksForFourEyes(trx, row.organisation))) return
  const subjects = [...references.sharedSections.keys()].map(slug => `/v1/shared-sections/${slug}`)
  const own = await trx
    .selectFrom('events')
    .select('type')
    .where('owner', '=', caller.owner)
    .where(
      'id',
      '>',
      sql<number>`coalesce((
        select max(id) from events
        where role = ${row.slug} and type = 'role_published' and data -> 'cause' is null), 0)`,
    )
    .where(expression =>
      expression.or([
        expression.and([
          expression('role', '=', row.slug),
          // With a subject it is about something of the role that is no part of its draft, such as a vacancy.
          expression('subject', 'is', null),
          expression('type', '<>', 'role_published'),
          expression('after_digest', 'is not', null),
        ]),
        expression.and([
          expression('subject', '=', sql<string>`any (${subjects})`),
          expression(
            'revision',
            '>',
            sql<number>`coalesce((
              select u.revision from role_shared_sections u
              where u.role = ${row.slug} and u.state = 'published'
                and '/v1/shared-sections/' || u.shared_section = events.subject), 0)`,
          ),
        ]),
      ]),
    )
    .limit(1)
    .executeTakeFirst()
  if (own) throw fourEyes(row.organisation, 'this role or a section that it uses')
}

export interface PublicationNote {
  change_note: string
  change_kind: 'editorial' | 'substantive'
}

export interface Publication {
  version: number
  revision: number
  published_at: string
  digest: string
  document: RoleDocument
  event: NewEvent
}

/** Of a version, in bytes. */
export const publishedBytesMax = 4 * 1024 * 1024

/** Publishes the draft of a locked role as its next version. Throws 409 `not_ready` with all that is missing. */
export async function publish(
  trx: Transaction<Database>,
  caller: Caller,
  row: RoleRow,
  note: PublicationNote,
): Promise<Publication> {
  const { slug, document } = row
  await lockSharedSections(trx, document)
  const references = await findReferences(trx, document)
  await requireOtherEyes(trx, caller, row, references)
  const errors = findBlockers(document, blocksIn(references))
  if (errors.length > 0)
    throw new Problem(
      'not_ready',
      `The draft is not ready: ${shorten(errors.map(({ detail }) => detail).join(' '), 500)}`,
      { errors },
    )
  const { item: before, ...organisation } = await trx
    .selectFrom('organisations')
    .leftJoin('role_search', join => join.on('role_search.role', '=', slug))
    .select(['organisations.slug', 'organisations.name', 'role_search.item'])
    .where('organisations.slug', '=', row.organisation)
    .executeTakeFirstOrThrow()
  const version = (row.version ?? 0) + 1
  const published_at = isoNow()
  const role = resolve(
    document,
    { slug, organisation, version, published_at, change_note: note.change_note },
    references,
  )
  const body = JSON.stringify(role)
  if (Buffer.byteLength(body) > publishedBytesMax) {
    const detail = 'With its shared sections the role would have more than 4 MiB as JSON.'
    throw new Problem('not_ready', detail, { errors: [{ pointer: '/sections', code: 'too_large', detail }] })
  }
  return saveVersion(trx, caller, row, { role, body, ...note }, references, before)
}

/** A version that is made: the role as it is printed, and its bytes. */
interface NewVersion extends PublicationNote {
  role: PublishedRole
  body: string
}

/** Records a version of a locked role as its latest, made from the draft as it stands. `before`: of its row in the lists. */
export async function saveVersion(
  trx: Transaction<Database>,
  caller: Caller,
  row: RoleRow,
  { role, body, ...note }: NewVersion,
  references: References,
  before: Record<string, unknown> | null,
): Promise<Publication> {
  const { slug, document } = row
  const { version, published_at } = role
  const revision = row.revision + 1
  const digest = digestOf(body)
  await trx
    .insertInto('role_versions')
    .values({ role: slug, version, published_at, ...note, body, digest, document: JSON.stringify(document) })
    .execute()
  await trx
    .updateTable('roles')
    .set({
      version,
      revision,
      published_revision: revision,
      published_at,
      updated_at: sql<string>`now()`,
      updated_by: caller.owner,
    })
    .set({ submitted_revision: null, withdrawn_at: null, withdrawal_reason: null, successor: null })
    .where('slug', '=', slug)
    .execute()
  await saveReferences(trx, slug, 'published', document, references.sharedSections)
  const published = { role, digest }
  await saveSearchRows(trx, [published])
  await announce(trx, [{ slug, version }])
  return { version, revision, published_at, digest, document, event: publishedEvent(published, before, revision, note) }
}

/** Where a role stands, which pay and careers hang on: the feed tells it before and after each change. */
export const placeOf = (item: Record<string, unknown> | null) =>
  item && { profession: item.profession ?? null, grades: item.grades ?? [] }

/**
 * The event of a publication. `before` is the item of the version that was published until then, null where there was
 * none; `cause` the shared section, in its revision, for which it was made.
 */
export const publishedEvent = (
  published: Published,
  before: Record<string, unknown> | null,
  revision: number,
  note: PublicationNote,
  cause?: { shared_section: string; revision: number },
): NewEvent => {
  const item = itemOf(published)
  return {
    type: 'role_published',
    public: true,
    organisation: item.organisation.slug,
    role: item.slug,
    revision,
    version: item.version,
    afterDigest: published.digest,
    data: { ...note, ...(cause ? { cause } : {}), role: item, before: placeOf(before), after: placeOf(item) },
  }
}

/** Tells all processes, once it is certain, of new versions of roles, or of a withdrawal (0). */
export const announce = (trx: Transaction<Database>, roles: readonly { slug: string; version: number }[]) =>
  sql`select pg_notify(${publishedChannel}, payload)
    from unnest(${roles.map(({ slug, version }) => `${slug} ${version}`)}::text[]) payload`.execute(trx)

/** Takes the latest version of a locked role out of the public lists. Throws 409 `not_published`, 422 for the successor. */
export async function withdraw(
  trx: Transaction<Database>,
  caller: Caller,
  row: RoleRow,
  { reason, successor }: { reason: string; successor: string | null },
): Promise<{ version: number; revision: number; event: NewEvent }> {
  const { slug, version } = row
  if (version === null || row.withdrawn_at !== null)
    throw new Problem(
      'not_published',
      version === null ? 'The role was never published.' : 'The role is withdrawn already.',
    )
  if (successor !== null) {
    const found = await trx.selectFrom('role_search').select('role').where('role', '=', successor).executeTakeFirst()
    if (!found || successor === slug) {
      const near = successor === slug ? undefined : await nearestRole(trx, successor)
      const detail = `"${successor}" is not another published role.${didYouMean(near === slug ? undefined : near)}`
      throw invalid([{ pointer: '/successor', code: 'unknown_role', detail }])
    }
  }
  const next = nextRevision(caller, row)
  const { revision } = next
  await trx
    .updateTable('roles')
    .set({ ...next, withdrawn_at: sql<string>`now()`, withdrawal_reason: reason, successor })
    .where('slug', '=', slug)
    .execute()
  const { item } = await trx
    .deleteFrom('role_search')
    .where('role', '=', slug)
    .returning('item')
    .executeTakeFirstOrThrow()
  await announce(trx, [{ slug, version: 0 }])
  const event = {
    type: 'role_withdrawn',
    public: true,
    organisation: row.organisation,
    role: slug,
    revision,
    version,
    data: { reason, successor, role: item, before: placeOf(item), after: null },
  }
  return { version, revision, event }
}
