/**
 * The text of a shared section, brought into the published roles that print it: of each the latest version with that
 * text alone replaced. Drafts are left alone, and what stands in them is not published.
 */
import { setImmediate } from 'node:timers/promises'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { sql, type Transaction } from 'kysely'
import { Type } from 'typebox'
import { addressOf, lockEntry, type Row, type Shelf } from '../catalogues/store.ts'
import type { Database } from '../database/types.ts'
import { isoNow } from '../database/values.ts'
import { didYouMean } from '../document/nearest.ts'
import { type Block, type PublishedRole, Slug } from '../document/schema.ts'
import { complete, ref } from '../document/shape.ts'
import { type Caller, callerOf } from '../plugins/auth.ts'
import { type ErrorDetail, invalid, Problem } from '../plugins/problems.ts'
import type { Written } from '../plugins/write.ts'
import type { PublishedCache } from './cache.ts'
import { nearestRoles } from './near.ts'
import { NewSharedSectionPublication, rolesMax, SharedSectionPublication } from './schema.ts'
import { itemOf, type Published, saveSearchRows } from './search-rows.ts'
import { digestOf } from './store.ts'
import {
  announce,
  asksForFourEyes,
  fourEyes,
  type PublicationNote,
  publishedBytesMax,
  publishedEvent,
} from './versions.ts'

const shelf: Shelf = {
  table: 'shared_sections',
  noun: 'shared section',
  members: ['kind', 'heading', 'blocks'],
  owned: true,
}

type SectionRow = Row & { organisation: string; blocks: Block[] }

/** What all the versions together may hold while they are made, in bytes. */
const bytesMax = 32 * 1024 * 1024

interface Printing {
  slug: string
  revision: number
  /** The revision of the shared section that the latest version prints. */
  printed: number
  /** The latest version; null where it need not be read. */
  body: string | null
  /** Of all those that must be read. */
  bytes: number
}

/** Of so many misspelt slugs what was meant is looked for; of a whole list of wrong ones nobody mends them singly. */
const misspeltMax = 20

/** What was meant by slugs that name no role which prints a section, where it is a role that does. */
async function nearPrinting(
  trx: Transaction<Database>,
  { slug, organisation }: SectionRow,
  missing: readonly string[],
): Promise<Map<string, string>> {
  const near = await nearestRoles(trx, missing.slice(0, misspeltMax))
  const { rows } = await sql<{ role: string }>`
    select u.role from role_shared_sections u join roles r on r.slug = u.role
    where u.role = any (${[...near.values()]}::text[]) and u.state = 'published' and u.shared_section = ${slug}
      and r.organisation = ${organisation} and r.withdrawn_at is null`.execute(trx)
  const printing = new Set(rows.map(({ role }) => role))
  return new Map([...near].filter(([, found]) => printing.has(found)))
}

/**
 * Locks the published roles that print a section, in the order of their slugs, and gives them as they are then. Of `all`
 * only those that print an older revision. Throws 422 for what is named and is none, and for more than can be done at once.
 */
async function lockPrinting(
  trx: Transaction<Database>,
  section: SectionRow,
  roles: 'all' | readonly string[],
): Promise<Printing[]> {
  const { slug, organisation, revision } = section
  const wanted =
    roles === 'all'
      ? sql`r.version is not null and exists (
          select from role_shared_sections u
          where u.role = r.slug and u.state = 'published' and u.shared_section = ${slug} and u.revision < ${revision})`
      : sql`r.slug = any (${roles}::text[])`
  const locked = await sql<{ slug: string }>`
    select r.slug from roles r where r.organisation = ${organisation} and r.withdrawn_at is null and ${wanted}
    order by r.slug limit ${rolesMax + 1} for no key update`.execute(trx)
  const slugs = locked.rows.map(row => row.slug)
  if (slugs.length > rolesMax)
    throw invalid([
      {
        pointer: '/roles',
        code: 'too_many',
        detail: `More than ${rolesMax} roles print an older revision. Name up to ${rolesMax} of them at a time.`,
      },
    ])
  // A statement of its own: it sees what those committed for whom the locks had to wait.
  const { rows } = await sql<Printing>`
    select slug, revision, printed, bytes, case when printed < ${revision} and bytes <= ${bytesMax} then body end as body
    from (
      select r.slug, r.revision, u.revision as printed, v.body,
        coalesce(sum(octet_length(v.body)) filter (where u.revision < ${revision}) over (), 0) as bytes
      from roles r
        join role_versions v on v.role = r.slug and v.version = r.version
        join role_shared_sections u on u.role = r.slug and u.state = 'published' and u.shared_section = ${slug}
      where r.slug = any (${slugs}::text[]) and r.withdrawn_at is null) latest
    order by slug`.execute(trx)
  if (roles !== 'all') {
    const found = new Set(rows.map(row => row.slug))
    const missing = roles.flatMap((role, index) => (found.has(role) ? [] : [{ role, index }]))
    if (missing.length > 0) {
      const near = await nearPrinting(
        trx,
        section,
        missing.map(({ role }) => role),
      )
      throw invalid(
        missing.map(({ role, index }): ErrorDetail => {
          const detail = `"${role}" is no published role of ${organisation} that prints the section "${slug}".`
          return { pointer: `/roles/${index}`, code: 'unknown_role', detail: detail + didYouMean(near.get(role)) }
        }),
      )
    }
  }
  if ((rows[0]?.bytes ?? 0) > bytesMax)
    throw invalid([
      {
        pointer: '/roles',
        code: 'too_large',
        detail: `These roles have more than ${bytesMax / 1024 / 1024} MiB together. Name fewer of them at a time.`,
      },
    ])
  return rows
}

/** Throws 409 where the caller changed the section since the versions that are to be followed printed it. */
async function requireOtherEyes(
  trx: Transaction<Database>,
  caller: Caller,
  { slug, organisation }: SectionRow,
  outdated: readonly { printed: number }[],
): Promise<void> {
  if (!(await asksForFourEyes(trx, organisation))) return
  const own = await trx
    .selectFrom('events')
    .select('id')
    .where('type', 'in', ['shared_section_created', 'shared_section_updated'])
    .where('subject', '=', addressOf(shelf, slug))
    .where('owner', '=', caller.owner)
    .where('revision', '>', Math.min(...outdated.map(({ printed }) => printed)))
    .limit(1)
    .executeTakeFirst()
  if (own) throw fourEyes(organisation, `the section "${slug}"`)
}

type Next = Published & { body: string; revision: number; printed: number }

/** The next version of each role whose text changes: the latest with the section's text in it, and nothing else changed. */
async function nextVersions(
  { slug, blocks }: SectionRow,
  outdated: readonly Printing[],
  change: { published_at: string; change_note: string },
): Promise<Next[]> {
  const text = blocks.filter(({ type }) => type !== 'note')
  if (text.length === 0) {
    const detail = `The section "${slug}" is empty: fill it first, or take it out of the roles.`
    throw new Problem('not_ready', detail, { errors: [{ pointer: '/blocks', code: 'empty_section', detail }] })
  }
  const made: Next[] = []
  for (const { slug: name, revision, printed, body } of outdated) {
    // Each takes a moment; others are answered between them.
    await setImmediate()
    const latest = JSON.parse(body ?? '') as PublishedRole
    const sections = latest.sections.map(section =>
      section.shared_section === slug ? { ...section, blocks: text } : section,
    )
    // The heading of the section, its kind and its notes are printed nowhere.
    if (JSON.stringify(sections) === JSON.stringify(latest.sections)) continue
    const role: PublishedRole = { ...latest, version: latest.version + 1, ...change, sections }
    const next = JSON.stringify(role)
    if (Buffer.byteLength(next) > publishedBytesMax) {
      const detail = `With this text the role "${name}" would have more than 4 MiB as JSON.`
      throw new Problem('not_ready', detail, { errors: [{ pointer: '/blocks', code: 'too_large', detail }] })
    }
    made.push({ role, digest: digestOf(next), body: next, revision, printed })
  }
  return made
}

/** Writes down that the latest versions of some roles print the section as it is now. */
const savePrinted = (trx: Transaction<Database>, { slug, revision }: SectionRow, roles: readonly string[]) =>
  trx
    .updateTable('role_shared_sections')
    .set({ revision })
    .where('role', '=', sql<string>`any (${roles}::text[])`)
    .where('state', '=', 'published')
    .where('shared_section', '=', slug)
    .execute()

/** Makes the versions the latest of their roles. The draft each was made from is that of the version before. */
async function saveVersions(
  trx: Transaction<Database>,
  versions: readonly (Published & { body: string })[],
  { published_at, change_note, change_kind }: PublicationNote & { published_at: string },
): Promise<void> {
  const slugs = versions.map(({ role }) => role.slug)
  await sql`
    insert into role_versions (role, version, published_at, change_note, change_kind, body, digest, document)
    select v.role, v.version + 1, ${published_at}, ${change_note}, ${change_kind}, made.body, made.digest, v.document
    from unnest(
        ${slugs}::text[], ${versions.map(({ body }) => body)}::text[], ${versions.map(({ digest }) => digest)}::text[]
      ) made (role, body, digest)
      join roles r on r.slug = made.role
      join role_versions v on v.role = r.slug and v.version = r.version`.execute(trx)
  // The draft is as near to the new version as it was to the one before: published_revision stays.
  await trx
    .updateTable('roles')
    .set({ version: sql<number>`version + 1`, published_at })
    .where('slug', '=', sql<string>`any (${slugs}::text[])`)
    .execute()
  await saveSearchRows(trx, versions)
  await announce(
    trx,
    versions.map(({ role: { slug, version } }) => ({ slug, version })),
  )
}

interface Options {
  cache: PublishedCache
  baseUrl: string
}

export const sharedSectionPublications: FastifyPluginAsyncTypebox<Options> = async (app, { cache, baseUrl }) => {
  app.post(
    '/shared-sections/:slug/publications',
    {
      schema: {
        operationId: 'publishSharedSection',
        summary: 'Publish the roles that print a shared section with its text as it is now',
        description: `Of each role the latest version with that text alone replaced; drafts stay as they are. All or none, ${rolesMax} at most. \`?dry_run=true\` lists them. 200 where every role prints the newest text already. If-Match takes the ETag of the shared section.`,
        tags: ['Shared sections'],
        params: Type.Object({ slug: Slug }),
        body: ref(NewSharedSectionPublication),
        response: { 200: ref(SharedSectionPublication), 201: ref(SharedSectionPublication) },
      },
      config: { scope: 'roles:publish', write: { match: 'optional' } },
    },
    (request, reply) =>
      app.write(request, reply, async (trx, match): Promise<Written> => {
        const caller = callerOf(request)
        const { roles, ...note } = complete(NewSharedSectionPublication, request.body) as NewSharedSectionPublication
        const published_at = isoNow()
        const change = { published_at, change_note: note.change_note }
        // The section first, as whoever publishes a draft needs it after the role, and shares it.
        const section = (await lockEntry(trx, shelf, caller, request.params.slug, match, 'use')) as SectionRow
        const printing = await lockPrinting(trx, section, roles)
        const outdated = printing.filter(({ body }) => body !== null)
        const { slug, revision } = section
        const body = {
          shared_section: slug,
          revision,
          occurred_at: published_at,
          by: caller.owner,
          ...note,
          publications: [] as { role: string; version: number; etag: string; url: string }[],
          current: printing.map(entry => entry.slug),
        }
        if (outdated.length === 0) return { status: 200, body }
        const made = await nextVersions(section, outdated, change)
        await savePrinted(
          trx,
          section,
          outdated.map(entry => entry.slug),
        )
        const changed = new Set(made.map(({ role }) => role.slug))
        body.current = printing.map(entry => entry.slug).filter(role => !changed.has(role))
        if (made.length === 0) return { status: 200, body }
        await requireOtherEyes(trx, caller, section, made)
        await saveVersions(trx, made, { ...note, published_at })
        body.publications = made.map(({ role: { slug: role, version }, digest }) => ({
          role,
          version,
          etag: `"${digest}"`,
          url: `${baseUrl}/v1/roles/${role}/versions/${version}`,
        }))
        const cause = { shared_section: slug, revision }
        return {
          status: 201,
          body,
          event: made.map(entry => ({
            // Profession and grades stay as they were.
            ...publishedEvent(entry, itemOf(entry), entry.revision, note, cause),
            occurredAt: published_at,
          })),
          committed: () => {
            for (const { role } of made) cache.drop(role.slug, role.version)
          },
        }
      }),
  )
}
