/** Drafts: found, listed, locked, changed. Every change to a draft goes through `insertDraft` or `editDraft`. */
import { createHash } from 'node:crypto'
import { type Kysely, type Selectable, sql, type Transaction } from 'kysely'
import { requireOrganisations } from '../catalogues/store.ts'
import type { NewEvent } from '../database/events.ts'
import { containing } from '../database/page.ts'
import type { Database } from '../database/types.ts'
import { checkDocument, checkSize, labelled } from '../document/check.ts'
import { changedParts } from '../document/edit.ts'
import { assignIds, findFarIds, type IdSerials } from '../document/ids.ts'
import type { RoleDocument } from '../document/schema.ts'
import { slugFrom } from '../document/slug.ts'
import { type Caller, organisationOf } from '../plugins/auth.ts'
import { invalid, notFound, Problem } from '../plugins/problems.ts'
import { type Match, revisionsOf, revisionTag } from '../plugins/write.ts'
import { nearestDraft } from './near.ts'
import { checkReferences, sameReferences, saveReferences } from './references.ts'

export type RoleRow = Selectable<Database['roles']>

/** base64url SHA-256, as ETags of versions and events have it. */
export const digestOf = (text: string | Buffer) => createHash('sha256').update(text).digest('base64url')

/** A draft as a write leaves it, and the event that says so; none where nothing changed. */
export interface Draft {
  slug: string
  document: RoleDocument
  revision: number
  event?: NewEvent
}

const ofCaller = (caller: Caller) => {
  const organisation = organisationOf(caller)
  return organisation === null ? sql<boolean>`true` : sql<boolean>`organisation = ${organisation}`
}

/** The role with its draft; throws 404 where there is none that the caller may see. */
export async function findRole(db: Kysely<Database>, caller: Caller, slug: string): Promise<RoleRow> {
  const row = await db
    .selectFrom('roles')
    .selectAll()
    .where('slug', '=', slug)
    .where(ofCaller(caller))
    .executeTakeFirst()
  if (!row) throw notFound('role', slug, await nearestDraft(db, caller, slug))
  return row
}

/** The draft's bytes as they are sent; throws 404. */
export async function findDraftText(db: Kysely<Database>, caller: Caller, slug: string) {
  const row = await db
    .selectFrom('roles')
    .select([sql<string>`document::text`.as('body'), 'revision', 'updated_at'])
    .where('slug', '=', slug)
    .where(ofCaller(caller))
    .executeTakeFirst()
  if (!row) throw notFound('role', slug, await nearestDraft(db, caller, slug))
  return row
}

/**
 * The event after which the history of a role begins. A slug that was never published may have belonged to another
 * role, even of another organisation, which is removed: nothing of that one is told.
 */
export const beginOf = (slug: string) =>
  sql<number>`coalesce((select max(id) from events where role = ${slug} and type = 'role_deleted'), 0)`

/** 412 with the current ETag, and which parts changed since the newest revision that the caller named. */
async function staleProblem(trx: Transaction<Database>, row: RoleRow, revisions: number[]): Promise<Problem> {
  const since = Math.max(0, ...revisions.filter(revision => revision < row.revision))
  const rows =
    since === 0
      ? []
      : await trx
          .selectFrom('events')
          .select('data')
          .where('role', '=', row.slug)
          .where('subject', 'is', null)
          .where('revision', '>', since)
          .where('id', '>', beginOf(row.slug))
          .orderBy('id', 'desc')
          .limit(100)
          .execute()
  const changed = [...new Set(rows.flatMap(({ data }) => (data.changed ?? []) as string[]))].sort()
  const more = changed.length > 10 ? ` and ${changed.length - 10} more` : ''
  const parts = changed.length === 0 ? '' : ` Changed since: ${changed.slice(0, 10).join(', ')}${more}.`
  return new Problem('precondition_failed', `The draft is now at ${revisionTag(row.revision)}.${parts}`, {
    members: { current_etag: revisionTag(row.revision), changed },
  })
}

/**
 * Locks a role for a change. The revision stands in the statement that takes the lock, so of many writers with one ETag
 * one gets it. Throws 404, or 412 where the revision is another.
 */
export async function lockRole(
  trx: Transaction<Database>,
  caller: Caller,
  slug: string,
  match: Match,
): Promise<RoleRow> {
  const revisions = revisionsOf(match)
  let query = trx.selectFrom('roles').selectAll().where('slug', '=', slug).where(ofCaller(caller))
  if (revisions) query = query.where('revision', '=', sql<number>`any (${revisions})`)
  const row = await query.forNoKeyUpdate().executeTakeFirst()
  if (row) return row
  throw await staleProblem(trx, await findRole(trx, caller, slug), revisions ?? [])
}

/** What a step in the life of a role sets beside its own: it changes no draft, so it ends no review and publishes none. */
export function nextRevision(caller: Caller, { revision, published_revision, submitted_revision }: RoleRow) {
  const next = revision + 1
  return {
    revision: next,
    published_revision: published_revision === revision ? next : published_revision,
    submitted_revision: submitted_revision === revision ? next : submitted_revision,
    updated_at: sql<string>`now()`,
    updated_by: caller.owner,
  }
}

/** A draft as it would be kept, with every id and label filled in, and the serials to keep with it. */
export const filledIn = (document: RoleDocument, known: IdSerials) =>
  assignIds({ ...document, grades: document.grades.map(labelled) }, known)

/** Fills in ids and labels and checks everything that the schema cannot. Throws 422 with all of it. */
async function prepare(trx: Transaction<Database>, organisation: string, document: RoleDocument, known: IdSerials) {
  const assigned = filledIn(document, known)
  const findings = [...findFarIds(document, known), ...checkDocument(assigned.document)]
  // Of too many nobody needs to know which are unknown.
  if (!findings.some(({ code }) => code === 'too_many'))
    findings.push(...(await checkReferences(trx, organisation, assigned.document)))
  if (findings.length > 0) throw invalid(findings)
  return assigned
}

/** The bytes of a draft, which are canonical. Throws 422 where they are more than a PUT could bring. */
function textOf(document: RoleDocument): string {
  const text = JSON.stringify(document)
  const findings = checkSize(text, 'draft')
  if (findings.length > 0) throw invalid(findings)
  return text
}

/** The slug sent, or the title's; throws 422 where neither gives one, such as a title in Japanese. */
export function slugFor(sent: string | undefined, title: string | null): string {
  const slug = sent ?? slugFrom(title ?? '')
  if (slug === '')
    throw invalid([
      {
        pointer: '?slug',
        code: 'missing_member',
        detail: `${title === null ? 'Without a title' : 'With a title that has no letter of a to z and no digit'} the role needs ?slug=, such as ?slug=data-engineer.`,
      },
    ])
  return slug
}

interface NewDraft {
  slug: string
  organisation: string
  document: RoleDocument
  /** `role_created`, or `role_imported`. */
  type: string
  data?: Record<string, unknown>
  /** Whether a register gave its ids, however high they are. */
  idsKnown?: boolean
}

/** Throws 409 where the slug is taken, with a link only where the caller may read the role that has it. */
async function requireFreeSlug(
  trx: Transaction<Database>,
  caller: Caller,
  slug: string,
  advice: string,
): Promise<void> {
  const taken = await trx
    .selectFrom('roles')
    .select(['organisation', 'version', ofCaller(caller).as('own')])
    .where('slug', '=', slug)
    .executeTakeFirst()
  if (!taken) return
  const url = taken.own ? `/v1/roles/${slug}/draft` : taken.version === null ? undefined : `/v1/roles/${slug}`
  throw new Problem(
    'slug_taken',
    `The slug "${slug}" is taken. ${taken.own ? advice : 'Choose another with ?slug=.'}`,
    {
      ...(url === undefined ? {} : { headers: { link: `<${url}>; rel="related"` }, members: { existing: url } }),
    },
  )
}

/** Of a removed role that had the slug; else 0. An ETag of that role must not fit the new one. */
async function lastRevision(trx: Transaction<Database>, slug: string): Promise<number> {
  const removed = await trx
    .selectFrom('events')
    .select('revision')
    .where('role', '=', slug)
    .where('type', '=', 'role_deleted')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst()
  return removed?.revision ?? 0
}

/** Creates a role with its draft. Throws 409 `slug_taken`, and 422, for an unknown organisation too. */
export async function insertDraft(
  trx: Transaction<Database>,
  caller: Caller,
  draft: NewDraft,
  advice?: string,
): Promise<Draft> {
  const { slug, organisation, type, data, idsKnown = false } = draft
  await requireOrganisations(trx, [{ pointer: '?organisation', slug: organisation }])
  await requireFreeSlug(trx, caller, slug, advice ?? 'Choose another with ?slug=, or change the role that has it.')
  const known = idsKnown ? assignIds(draft.document, {}).serials : {}
  const { document, serials } = await prepare(trx, organisation, draft.document, known)
  const text = textOf(document)
  const revision = (await lastRevision(trx, slug)) + 1
  await trx
    .insertInto('roles')
    .values({
      slug,
      organisation,
      document: text,
      revision,
      id_serials: JSON.stringify(serials),
      updated_by: caller.owner,
    })
    .execute()
  await saveReferences(trx, slug, 'draft', document)
  return {
    slug,
    document,
    revision,
    event: {
      type,
      organisation,
      role: slug,
      revision,
      afterDigest: digestOf(text),
      data: { ...data, changed: ['/'] },
    },
  }
}

/** An edit: the new document, or undefined where the part that it names is not there. */
export type Edit = (
  document: RoleDocument,
  role: RoleRow,
) => RoleDocument | undefined | Promise<RoleDocument | undefined>

export interface EditOptions {
  /** What the edit is, for the event: `section_added`. */
  type: string
  /** What is not there where the edit gives undefined: `['section', 'benefits']`. */
  part?: [noun: string, key: string]
  data?: Record<string, unknown>
}

/**
 * Changes a draft under its lock: match, edit, check, save, event. Where the edit changes no byte, nothing is written
 * and the revision stays. Throws 404, 412, 422.
 */
export async function editDraft(
  trx: Transaction<Database>,
  caller: Caller,
  slug: string,
  match: Match,
  options: EditOptions,
  edit: Edit,
): Promise<Draft> {
  const row = await lockRole(trx, caller, slug, match)
  const edited = await edit(row.document, row)
  if (!edited) throw options.part ? notFound(...options.part) : notFound('role', slug)
  return saveDraft(trx, caller, row, edited, options)
}

/** Saves a document as the draft of a role that is locked. */
export async function saveDraft(
  trx: Transaction<Database>,
  caller: Caller,
  row: RoleRow,
  edited: RoleDocument,
  { type, data }: EditOptions,
): Promise<Draft> {
  const { slug, organisation } = row
  const { document, serials } = await prepare(trx, organisation, edited, row.id_serials)
  const [before, after] = [JSON.stringify(row.document), textOf(document)]
  if (before === after) return { slug, document, revision: row.revision }
  const revision = row.revision + 1
  await trx
    .updateTable('roles')
    .set({
      document: after,
      id_serials: JSON.stringify(serials),
      revision,
      updated_at: sql<string>`now()`,
      updated_by: caller.owner,
    })
    .where('slug', '=', slug)
    .execute()
  if (!sameReferences(row.document, document)) await saveReferences(trx, slug, 'draft', document)
  const changed = changedParts(row.document, document)
  return {
    slug,
    document,
    revision,
    event: {
      type,
      organisation,
      role: slug,
      revision,
      beforeDigest: digestOf(before),
      afterDigest: digestOf(after),
      data: { ...data, changed },
    },
  }
}

/** The status of a role's draft, computed: see DraftStatus. */
const status = sql<'draft' | 'in_review' | 'published' | 'withdrawn'>`case
  when submitted_revision = revision then 'in_review'
  when published_revision = revision then case when withdrawn_at is null then 'published' else 'withdrawn' end
  else 'draft' end`

interface DraftFilter {
  status?: 'draft' | 'in_review' | 'published' | 'withdrawn'
  q?: string
  updated_since?: string
}

/** Drafts that the caller may see, by slug, `limit` of them after a slug; [] where none fits. */
export function listDrafts(db: Kysely<Database>, caller: Caller, filter: DraftFilter, limit: number, after?: string) {
  let query = db
    .selectFrom('roles')
    .select(['slug', 'title', 'organisation', status.as('status'), 'revision', 'updated_at', 'updated_by', 'version'])
    .select(sql<string | null>`case when submitted_revision = revision then submitted_by end`.as('submitted_by'))
    .where(ofCaller(caller))
  if (filter.status) query = query.where(status, '=', filter.status)
  if (filter.q !== undefined) {
    const pattern = containing(filter.q)
    query = query.where(expression =>
      expression.or([expression('title', 'ilike', pattern), expression('slug', 'ilike', pattern)]),
    )
  }
  if (filter.updated_since !== undefined) query = query.where('updated_at', '>=', filter.updated_since)
  if (after !== undefined) query = query.where('slug', '>', after)
  return query.orderBy('slug').limit(limit).execute()
}
