/** Versions of a role: made by publication, never changed, read as the bytes that they are. */
import { type Kysely, type Selectable, sql, type Transaction } from 'kysely'
import { queryNamed } from '../database/connect.ts'
import type { NewEvent } from '../database/events.ts'
import type { Database } from '../database/types.ts'
import { isoNow } from '../database/values.ts'
import { findBlockers } from '../document/check.ts'
import { type References, resolve } from '../document/resolve.ts'
import type { PublishedRole, RoleDocument, Section } from '../document/schema.ts'
import { shorten } from '../document/shorten.ts'
import { plainText } from '../document/text.ts'
import type { Caller } from '../plugins/auth.ts'
import { invalid, Problem } from '../plugins/problems.ts'
import { findReferences, lockSharedSections, saveReferences } from './references.ts'
import { type Draft, digestOf, nextRevision, type RoleRow, saveDraft } from './store.ts'

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

/** Puts the draft back to what the latest version was made from. The role must have one. */
export async function goBack(trx: Transaction<Database>, caller: Caller, row: RoleRow): Promise<Draft> {
  const { document } = await trx
    .selectFrom('role_versions')
    .select('document')
    .where('role', '=', row.slug)
    .where('version', '=', row.version)
    .executeTakeFirstOrThrow()
  const draft = await saveDraft(trx, caller, row, document, { type: 'draft_deleted' })
  await trx.updateTable('roles').set({ published_revision: draft.revision }).where('slug', '=', row.slug).execute()
  return draft
}

/** Four-eyes (design §10): the publisher owns no change to this role, or to a shared section it uses, since its last version. */
async function requireOtherEyes(
  trx: Transaction<Database>,
  caller: Caller,
  row: RoleRow,
  references: References,
): Promise<void> {
  const organisation = await trx
    .selectFrom('organisations')
    .select('four_eyes')
    .where('slug', '=', row.organisation)
    .executeTakeFirstOrThrow()
  if (!organisation.four_eyes) return
  const subjects = [...references.sharedSections.keys()].map(slug => `/v1/shared-sections/${slug}`)
  const own = await trx
    .selectFrom('events')
    .select('type')
    .where('owner', '=', caller.owner)
    .where(
      'id',
      '>',
      sql<number>`coalesce((select max(id) from events where role = ${row.slug} and type = 'role_published'), 0)`,
    )
    .where(expression =>
      expression.or([
        expression.and([expression('role', '=', row.slug), expression('after_digest', 'is not', null)]),
        expression('subject', '=', sql<string>`any (${subjects})`),
      ]),
    )
    .limit(1)
    .executeTakeFirst()
  if (own)
    throw new Problem(
      'four_eyes',
      `${row.organisation} asks for four eyes: you changed this role or a section that it uses since its last version.`,
    )
}

/** What a search looks through, the most telling first. */
function wordsOf(role: PublishedRole) {
  const texts = role.sections.flatMap(({ blocks }) =>
    blocks.flatMap(block =>
      block.type === 'list' ? block.items.map(({ text }) => text) : 'text' in block ? [block.text] : [],
    ),
  )
  return {
    title: [role.title ?? '', ...role.alternative_titles].join(' '),
    // A tsvector holds 1 MiB, and a character may need six bytes of it: a real role has not a tenth of this.
    skills: [
      ...role.sfia_mappings.map(({ code, name }) => `${code} ${name}`),
      ...role.skills.map(({ statement }) => statement),
    ]
      .join(' ')
      .slice(0, 40_000),
    text: texts.map(plainText).join(' ').slice(0, 100_000),
  }
}

/** Rewrites the one row that lists and searches read. */
async function saveSearchRow(trx: Transaction<Database>, role: PublishedRole, digest: string): Promise<void> {
  const { slug, title, organisation, profession, family, grades, version, published_at } = role
  const item = JSON.stringify({
    slug,
    title,
    organisation,
    profession,
    family,
    grades,
    version,
    published_at,
    etag: `"${digest}"`,
  })
  const words = wordsOf(role)
  const row = {
    organisation: organisation.slug,
    profession,
    family,
    grades: grades.map(({ code }) => code),
    published_at,
    item,
    words: sql<string>`setweight(to_tsvector('english', ${words.title}), 'A')
      || setweight(to_tsvector('english', ${words.skills}), 'B') || setweight(to_tsvector('english', ${words.text}), 'C')`,
  }
  await trx
    .insertInto('role_search')
    .values({ role: slug, ...row })
    .onConflict(conflict => conflict.column('role').doUpdateSet(row))
    .execute()
}

const blocksOf =
  (references: References) =>
  ({ shared_section, blocks }: Section) =>
    shared_section === null ? blocks : (references.sharedSections.get(shared_section)?.blocks ?? [])

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

const publishedBytesMax = 4 * 1024 * 1024

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
  const errors = findBlockers(document, blocksOf(references))
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
  const revision = row.revision + 1
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
  await saveSearchRow(trx, role, digest)
  await announce(trx, slug, version)
  const { title, profession, family, grades } = role
  const item = { slug, title, organisation, profession, family, grades, version, published_at, etag: `"${digest}"` }
  const event = {
    type: 'role_published',
    public: true,
    organisation: row.organisation,
    role: slug,
    revision,
    version,
    afterDigest: digest,
    data: { ...note, role: item, before: placeOf(before), after: placeOf(item) },
  }
  return { version, revision, published_at, digest, document, event }
}

/** Where a role stands, which pay and careers hang on: the feed tells it before and after each change. */
const placeOf = (item: Record<string, unknown> | null) =>
  item && { profession: item.profession ?? null, grades: item.grades ?? [] }

const announce = (trx: Transaction<Database>, slug: string, version: number) =>
  sql`select pg_notify(${publishedChannel}, ${`${slug} ${version}`})`.execute(trx)

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
    if (!found || successor === slug)
      throw invalid([
        { pointer: '/successor', code: 'unknown_role', detail: `"${successor}" is not another published role.` },
      ])
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
  await announce(trx, slug, 0)
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

export interface RoleFilter {
  q?: string
  organisation?: string
  profession?: string
  family?: string
  grade?: string
  skill?: string
  sfia_code?: string
  sfia_level?: number
  published_since?: string
}

/**
 * Published roles by slug, `limit` of them after one; [] where none fits. With them the number of the newest public event
 * as the same snapshot has it: what comes after that number is not in the list.
 */
export async function listRoles(
  db: Kysely<Database>,
  filter: RoleFilter,
  limit: number,
  after?: string,
): Promise<{ position: number; roles: Pick<Selectable<Database['role_search']>, 'role' | 'item'>[] }> {
  let query = db.selectFrom('role_search').select(['role', 'item'])
  if (after !== undefined) query = query.where('role', '>', after)
  if (filter.organisation !== undefined) query = query.where('organisation', '=', filter.organisation)
  if (filter.profession !== undefined) query = query.where('profession', '=', filter.profession)
  if (filter.family !== undefined) query = query.where('family', '=', filter.family)
  if (filter.grade !== undefined) query = query.where(sql<boolean>`grades @> array[${filter.grade}]`)
  if (filter.published_since !== undefined) query = query.where('published_at', '>=', filter.published_since)
  if (filter.q !== undefined) query = query.where(sql<boolean>`words @@ websearch_to_tsquery('english', ${filter.q})`)
  if (filter.skill !== undefined)
    query = query.where(sql<boolean>`exists (
      select from role_skills s where s.role = role_search.role and s.state = 'published' and s.skill = ${filter.skill})`)
  if (filter.sfia_code !== undefined || filter.sfia_level !== undefined)
    query = query.where(sql<boolean>`exists (
      select from role_sfia_levels l where l.role = role_search.role and l.state = 'published'
        and (${filter.sfia_code ?? null}::text is null or l.code = ${filter.sfia_code ?? null})
        and (${filter.sfia_level ?? null}::smallint is null or l.level = ${filter.sfia_level ?? null}))`)
  // The counter has one row: its place is beside the roles, or beside nothing.
  const rows = await db
    .selectFrom('feed_counter')
    .leftJoinLateral(query.orderBy('role').limit(limit).as('found'), join => join.onTrue())
    .select(['position', 'found.role', 'found.item'])
    .orderBy('found.role')
    .execute()
  const roles = rows.flatMap(({ role, item }) => (role === null || item === null ? [] : [{ role, item }]))
  return { position: rows[0]?.position ?? 0, roles }
}
