/**
 * The entries of a catalogue: found, listed, locked, changed. The members of an entry are columns of its table by the
 * same names, so one set of statements serves every catalogue.
 */
import { type Kysely, type RawBuilder, sql, type Transaction } from 'kysely'
import type { Database } from '../database/types.ts'
import type { Finding } from '../document/check.ts'
import { didYouMean, nearest } from '../document/nearest.ts'
import { type Caller, organisationOf } from '../plugins/auth.ts'
import { invalid, notFound, Problem } from '../plugins/problems.ts'
import { type Match, revisionsOf, revisionTag } from '../plugins/write.ts'

/** Where the entries of a catalogue are kept, and who may see them. */
export interface Shelf {
  table: 'organisations' | 'skills' | 'shared_sections'
  /** One of them, in words. */
  noun: string
  /** The columns that are members of an entry, in the order of its schema. */
  members: readonly string[]
  /** Whether an entry belongs to one organisation, whose callers alone may see it. */
  owned: boolean
}

export type Entry = Record<string, unknown>
export type Row = Entry & { slug: string; organisation?: string; revision: number; updated_at: string }

/** The members of a row alone, in the schema's order: its JSON is canonical. */
export const entryOf = ({ members }: Shelf, row: Row): Entry =>
  Object.fromEntries(members.map(member => [member, row[member]]))

/** Its path, which is also the subject of its events. */
export const addressOf = ({ table }: Shelf, slug: string) => `/v1/${table.replace('_', '-')}/${slug}`

/** `shared_section_created`: how an event names a change of an entry. */
export const eventType = ({ noun }: Shelf, change: 'created' | 'updated' | 'deleted') =>
  `${noun.replace(' ', '_')}_${change}`

/** True of the rows that the caller may see. */
function visible({ owned }: Shelf, caller: Caller | null): RawBuilder<boolean> {
  const organisation = caller && organisationOf(caller)
  return owned && organisation !== null ? sql`organisation = ${organisation}` : sql`true`
}

/** json columns take text; everything else is what it is. */
const valuesOf = (entry: Entry) =>
  Object.entries(entry).map(([column, value]): [RawBuilder<unknown>, unknown] => [
    sql.ref(column),
    value !== null && typeof value === 'object' ? JSON.stringify(value) : value,
  ])

/** The entry; throws 404 where there is none that the caller may see. */
export async function findEntry(db: Kysely<Database>, shelf: Shelf, caller: Caller | null, slug: string): Promise<Row> {
  const { rows } = await sql<Row>`
    select * from ${sql.table(shelf.table)} where slug = ${slug} and ${visible(shelf, caller)}`.execute(db)
  if (!rows[0]) throw notFound(shelf.noun, slug)
  return rows[0]
}

interface Page {
  columns: readonly string[]
  /** Conditions beyond what the caller may see. */
  filters: readonly RawBuilder<boolean>[]
  limit: number
  after: string | undefined
}

/** Entries that the caller may see, by slug, `limit` of them after a slug; [] where none fits. */
export async function listEntries(
  db: Kysely<Database>,
  shelf: Shelf,
  caller: Caller | null,
  { columns, filters, limit, after }: Page,
): Promise<Row[]> {
  const conditions = [visible(shelf, caller), ...filters, ...(after === undefined ? [] : [sql`slug > ${after}`])]
  const { rows } = await sql<Row>`
    select ${sql.join(columns.map(column => sql.ref(column)))} from ${sql.table(shelf.table)}
    where ${sql.join(conditions, sql` and `)} order by slug limit ${limit}`.execute(db)
  return rows
}

const locks = { change: sql`for no key update`, deletion: sql`for update`, use: sql`for share` }

/**
 * Locks an entry for a change. The revision stands in the statement that takes the lock, so of many writers with one
 * ETag one gets it. The lock of a deletion also keeps off whoever begins to refer to the entry: he waits, and finds it
 * gone. The lock of a use lets others use it too, and nobody change it. Throws 404, or 412 where the revision is another.
 */
export async function lockEntry(
  trx: Transaction<Database>,
  shelf: Shelf,
  caller: Caller,
  slug: string,
  match: Match,
  purpose: 'change' | 'deletion' | 'use',
): Promise<Row> {
  const revisions = revisionsOf(match)
  const { rows } = await sql<Row>`
    select * from ${sql.table(shelf.table)}
    where slug = ${slug} and ${visible(shelf, caller)}
      and ${revisions === null ? sql`true` : sql`revision = any (${revisions}::integer[])`}
    ${locks[purpose]}`.execute(trx)
  if (rows[0]) return rows[0]
  const etag = revisionTag((await findEntry(trx, shelf, caller, slug)).revision)
  throw new Problem('precondition_failed', `The ${shelf.noun} is now at ${etag}.`, { members: { current_etag: etag } })
}

/**
 * Adds an entry, and gives its revision: 1, or the one after that of a deleted entry which had the slug, so that no ETag
 * of that one fits. `organisation` where it belongs to one. Throws 409 `already_exists` where the slug is taken, with a
 * link only where the caller may read what has it.
 */
export async function insertEntry(
  trx: Transaction<Database>,
  shelf: Shelf,
  caller: Caller,
  slug: string,
  organisation: string | undefined,
  entry: Entry,
): Promise<number> {
  const { table, noun } = shelf
  const taken = await sql<{ readable: boolean }>`
    select ${visible(shelf, caller)} as readable from ${sql.table(table)} where slug = ${slug}`.execute(trx)
  const url = addressOf(shelf, slug)
  if (taken.rows[0])
    throw new Problem(
      'already_exists',
      `The slug "${slug}" is taken. Choose another with ?slug=${taken.rows[0].readable ? `, or change the ${noun} that has it` : ''}.`,
      taken.rows[0].readable ? { headers: { link: `<${url}>; rel="related"` }, members: { existing: url } } : {},
    )
  const deleted = await sql<{ revision: number }>`
    select revision from events where type = ${eventType(shelf, 'deleted')} and subject = ${url}
    order by id desc limit 1`.execute(trx)
  const revision = (deleted.rows[0]?.revision ?? 0) + 1
  const values = valuesOf({ slug, revision, ...(organisation === undefined ? {} : { organisation }), ...entry })
  await sql`
    insert into ${sql.table(table)} (${sql.join(values.map(([column]) => column))})
    values (${sql.join(values.map(([, value]) => value))})`.execute(trx)
  return revision
}

/** Rewrites an entry that is locked, and raises its revision. */
export async function updateEntry(
  trx: Transaction<Database>,
  { table }: Shelf,
  slug: string,
  entry: Entry,
): Promise<void> {
  const assignments = valuesOf(entry).map(([column, value]) => sql`${column} = ${value}`)
  await sql`
    update ${sql.table(table)} set ${sql.join(assignments)}, revision = revision + 1, updated_at = now()
    where slug = ${slug}`.execute(trx)
}

/** Removes an entry that is locked and that nothing uses. */
export async function deleteEntry(trx: Transaction<Database>, { table }: Shelf, slug: string): Promise<void> {
  await sql`delete from ${sql.table(table)} where slug = ${slug}`.execute(trx)
}

/**
 * Of a catalogue, the slugs that were meant by others; undefined for one that none is near to. Of shared sections,
 * those of an organisation.
 */
export async function nearestSlugs(
  db: Kysely<Database>,
  table: 'organisations' | 'skills' | 'shared_sections',
  slugs: readonly string[],
  organisation?: string,
) {
  const own = organisation === undefined ? sql`` : sql`where organisation = ${organisation}`
  const { rows } = await sql<{ asked: string; slug: string }>`
    select asked, near.slug from unnest(${slugs}::text[]) asked
    cross join lateral (select slug from ${sql.table(table)} ${own} order by slug <-> asked limit 20) near`.execute(db)
  return slugs.map(slug =>
    nearest(
      slug,
      rows.filter(({ asked }) => asked === slug).map(row => row.slug),
    ),
  )
}

/** As nearestSlugs, for one. */
export const nearestSlug = async (db: Kysely<Database>, table: 'organisations' | 'skills', slug: string) =>
  (await nearestSlugs(db, table, [slug]))[0]

/** The findings for shared sections that an organisation has not; a pointer says where each was named. */
export async function unknownSharedSections(
  db: Kysely<Database>,
  organisation: string,
  named: readonly { pointer: string; slug: string }[],
): Promise<Finding[]> {
  if (named.length === 0) return []
  const slugs = named.map(({ slug }) => slug)
  const near = await nearestSlugs(db, 'shared_sections', slugs, organisation)
  return named.map(({ pointer, slug }, at) => ({
    pointer,
    code: 'unknown_shared_section',
    detail: `${organisation} has no shared section "${slug}".${didYouMean(near[at])}`,
  }))
}

const noOrganisation = (slug: string, near: string | undefined) =>
  `There is no organisation "${slug}".${didYouMean(near)}`

/** That there is no such organisation, and which was meant. */
export const explainUnknownOrganisation = async (db: Kysely<Database>, slug: string): Promise<string> =>
  noOrganisation(slug, await nearestSlug(db, 'organisations', slug))

/** The names of organisations by slug: of those asked for, and of twenty that may be meant by a slug or name that is none. */
export async function organisationNames(
  db: Kysely<Database>,
  slugs: readonly string[],
  unknown?: string,
): Promise<Map<string, string>> {
  const { rows } = await sql<{ slug: string; name: string }>`
    select slug, name from organisations where slug = any (${slugs}::text[])
    union all
    (select slug, name from organisations where ${unknown ?? null}::text is not null
      order by least(slug <-> ${unknown ?? null}, name <-> ${unknown ?? null}) limit 20)`.execute(db)
  return new Map(rows.map(({ slug, name }) => [slug, name]))
}

/** 422 for organisations that there are not; a pointer says where each was named. */
export async function unknownOrganisations(db: Kysely<Database>, named: readonly { pointer: string; slug: string }[]) {
  const slugs = named.map(({ slug }) => slug)
  const near = await nearestSlugs(db, 'organisations', slugs)
  return invalid(
    named.map(({ pointer, slug }, at) => ({
      pointer,
      code: 'unknown_organisation',
      detail: noOrganisation(slug, near[at]),
    })),
  )
}

/** Throws 422 where not all of these organisations are there. */
export async function requireOrganisations(
  trx: Transaction<Database>,
  named: readonly { pointer: string; slug: string }[],
): Promise<void> {
  const slugs = named.map(({ slug }) => slug)
  if (slugs.length === 0) return
  const there = await trx.selectFrom('organisations').select('slug').where('slug', 'in', slugs).execute()
  const unknown = named.filter(({ slug }) => !there.some(known => known.slug === slug))
  if (unknown.length > 0) throw await unknownOrganisations(trx, unknown)
}
