/** All published roles in one answer. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { type Kysely, sql } from 'kysely'
import { Type } from 'typebox'
import { copyText } from '../database/connect.ts'
import type { Database } from '../database/types.ts'
import { PublishedRole } from '../document/schema.ts'
import { component, object, ref } from '../document/shape.ts'
import { ExportEnd, ndjsonType } from '../plugins/exports.ts'

/**
 * The latest version of each role that is published now, by slug, as lines. What stands behind `"role":` are the bytes
 * that the ETag is the digest of: PostgreSQL makes the lines, so that none of them becomes a string here. It sorts
 * before it makes them.
 */
const linesOfRoles = (snapshot: Kysely<Database>) =>
  copyText(
    snapshot,
    sql`select '{"type":"role","etag":"\\"' || digest || '\\"","role":' || body || e'}\\n'
      from (
        select roles.slug, v.digest, v.body
        from roles join role_versions v on v.role = roles.slug and v.version = roles.version
        where roles.withdrawn_at is null order by roles.slug offset 0) published
      order by slug`,
  )

const ExportedRole = component(
  'ExportedRole',
  object({
    type: Type.Literal('role'),
    etag: Type.String({
      description: 'Quoted base64url SHA-256 of the bytes that follow `"role":`, but for the last brace.',
    }),
    role: ref(PublishedRole),
  }),
)

export const exportOfRoles: FastifyPluginAsyncTypebox = async app => {
  app.get(
    '/exports/roles.ndjson',
    {
      schema: {
        operationId: 'exportRoles',
        summary: 'Export all published roles',
        description:
          'One snapshot, one JSON value a line: the roles by slug, then a line of the type `end`. An answer without that line was cut: ask again.',
        tags: ['Changes'],
        response: { 200: Type.Union([ref(ExportedRole), ref(ExportEnd)]) },
      },
      config: { scope: 'public', produces: [ndjsonType] },
    },
    (request, reply) => app.sendExport(request, reply, { lines: linesOfRoles }),
  )
}
