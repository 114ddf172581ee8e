/** Which role was meant by a slug that is none's. */
import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { Database } from '../database/types.ts'
import { nearest } from '../document/nearest.ts'
import { type Caller, organisationOf } from '../plugins/auth.ts'

const neighboursMax = 20

/**
 * What may be meant by the column `sent.slug`: slugs with one letter more, less or other, or two swapped, and its neighbours
 * in the alphabet, which begin alike. Each is looked up in an index of slugs, so that it costs the same however many there
 * are: trigrams of titles would find more, and take ten times as long in large registers.
 */
function nearSlugs(slugs: RawBuilder<unknown>) {
  const neighbours = (side: RawBuilder<unknown>, order: RawBuilder<unknown>) => sql`
    (select slug from ${slugs} known where slug ${side} sent.slug order by slug ${order} limit ${sql.lit(neighboursMax)})`
  return sql`
    with typed as (select sent.slug as typed, length(sent.slug) as length),
    variants as (
      select left(typed, at) || letter || substr(typed, at + 1 + skipped) as variant
      from typed, generate_series(0, length) at, generate_series(0, 1) skipped,
        regexp_split_to_table('abcdefghijklmnopqrstuvwxyz0123456789-', '') letter
      union all
      select left(typed, at) || substr(typed, at + 2) from typed, generate_series(0, length - 1) at
      union all
      select left(typed, at) || reverse(substr(typed, at + 1, 2)) || substr(typed, at + 3)
      from typed, generate_series(0, length - 2) at)
    select slug from ${slugs} known where slug = any (array(select variant from variants))
    union all ${neighbours(sql`>=`, sql`asc`)}
    union all ${neighbours(sql`<`, sql`desc`)}`
}

/** The statement that finds what may be meant by each of some slugs. */
const nearStatement = (found: RawBuilder<unknown>, sent: readonly string[]) => sql<{ sent: string; slug: string }>`
  select sent.slug as sent, near.slug from unnest(${sent}::text[]) sent (slug) cross join lateral (${found}) near`

/** Of the published roles; and the slug itself, if there is a version of it: then no other was meant. */
export const nearRolesStatement = (sent: readonly string[]) =>
  nearStatement(
    sql`${nearSlugs(sql`(select role as slug from role_search)`)}
      union all (select role from role_versions where role = sent.slug limit 1)`,
    sent,
  )

/** Of the drafts that the caller may see. */
export function nearDraftsStatement(caller: Caller, sent: readonly string[]) {
  const organisation = organisationOf(caller)
  const drafts = organisation === null ? sql`roles` : sql`(select slug from roles where organisation = ${organisation})`
  return nearStatement(nearSlugs(drafts), sent)
}

/** What was meant by each slug that is near one of those found for it. */
function meantIn(rows: readonly { sent: string; slug: string }[]): Map<string, string> {
  const found = new Map<string, string[]>()
  for (const { sent, slug } of rows) found.set(sent, [...(found.get(sent) ?? []), slug])
  return new Map(
    [...found].flatMap(([sent, slugs]) => {
      const near = nearest(sent, slugs)
      return near === undefined || near === sent ? [] : [[sent, near] as const]
    }),
  )
}

/** Of the published roles that are not withdrawn, the slugs that were meant by others; those that are near none are left out. */
export const nearestRoles = async (db: Kysely<Database>, slugs: readonly string[]) =>
  meantIn((await nearRolesStatement(slugs).execute(db)).rows)

/** The same for one slug; undefined where none is near. */
export const nearestRole = async (db: Kysely<Database>, slug: string) => (await nearestRoles(db, [slug])).get(slug)

/** Of the drafts that the caller may see, the slug that was meant by another; undefined where none is near. */
export const nearestDraft = async (db: Kysely<Database>, caller: Caller, slug: string) =>
  meantIn((await nearDraftsStatement(caller, [slug]).execute(db)).rows).get(slug)
