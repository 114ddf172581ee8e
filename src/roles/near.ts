/** Which role was meant by a slug that is none's. */
import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { Database } from '../database/types.ts'
import { nearest } from '../document/nearest.ts'
import { type Caller, organisationOf } from '../plugins/auth.ts'

/** Longer ones have too many variants to be looked for. */
const variedMax = 50
const neighboursMax = 20

/**
 * The statement that finds slugs which may be meant by one: those with one letter more, less or other, or two swapped, and
 * its neighbours in the alphabet, which begin alike. Each is looked up in an index of slugs, so that it costs the same
 * however many there are: trigrams of titles would find more, and take ten times as long in large registers.
 */
function nearStatement(slugs: RawBuilder<{ slug: string }>, slug: string) {
  const neighbours = (side: RawBuilder<unknown>, order: RawBuilder<unknown>) => sql`
    (select slug from ${slugs} known where slug ${side} ${slug} order by slug ${order} limit ${sql.lit(neighboursMax)})`
  return sql<{ slug: string }>`
    with typed as (
      select typed, length(typed) as length from (values (${slug})) sent (typed) where length(typed) <= ${sql.lit(variedMax)}),
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

/** Of the published roles; and the slug itself, if there is a version of it: then no other was meant. */
export const nearRolesStatement = (slug: string) => sql<{ slug: string }>`
  ${nearStatement(sql`(select role as slug from role_search)`, slug)}
  union all (select role from role_versions where role = ${slug} limit 1)`

/** Of the drafts that the caller may see. */
export function nearDraftsStatement(caller: Caller, slug: string) {
  const organisation = organisationOf(caller)
  return nearStatement(
    organisation === null ? sql`roles` : sql`(select slug from roles where organisation = ${organisation})`,
    slug,
  )
}

function nearestOf(slug: string, rows: readonly { slug: string }[]) {
  const found = nearest(
    slug,
    rows.map(row => row.slug),
  )
  return found === slug ? undefined : found
}

/** Of the published roles that are not withdrawn, the slug that was meant by another; undefined where none is near. */
export const nearestRole = async (db: Kysely<Database>, slug: string) =>
  nearestOf(slug, (await nearRolesStatement(slug).execute(db)).rows)

/** Of the drafts that the caller may see, the slug that was meant by another; undefined where none is near. */
export const nearestDraft = async (db: Kysely<Database>, caller: Caller, slug: string) =>
  nearestOf(slug, (await nearDraftsStatement(caller, slug).execute(db)).rows)
