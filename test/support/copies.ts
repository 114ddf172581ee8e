import { type Kysely, sql } from 'kysely'
import type { Database } from '../../src/database/types.ts'
import { unchecked } from './unchecked.ts'

/**
 * Copies a published role so many times, as `{slug}-1`, `{slug}-2`, …, each with a body and a digest of its own. By SQL,
 * without events: to publish 100,000 roles one after the other takes an hour. It takes a superuser.
 */
export const copyRole = (db: Kysely<Database>, slug: string, copies: number) =>
  unchecked(db, async trx => {
    await sql`
      with copy as (select ${slug}::text || '-' || n as slug from generate_series(1, ${copies}::int) n),
      role as (
        insert into roles (slug, organisation, document, revision, version, published_at, published_revision)
        select copy.slug, organisation, document, revision, version, published_at, published_revision
        from copy, roles where roles.slug = ${slug}
      ),
      bytes as (
        select copy.slug, v.version, v.published_at, v.change_note, v.change_kind, v.document,
          replace(v.body, '"slug":"' || ${slug} || '"', '"slug":"' || copy.slug || '"') as body
        from copy, role_versions v join roles r on r.slug = v.role and r.version = v.version where v.role = ${slug}
      )
      insert into role_versions (role, version, published_at, change_note, change_kind, body, digest, document)
      select slug, version, published_at, change_note, change_kind, body,
        rtrim(translate(encode(sha256(convert_to(body, 'UTF8')), 'base64'), '+/', '-_'), '='), document from bytes`.execute(
      trx,
    )
    await sql`analyze roles, role_versions`.execute(trx)
  })
