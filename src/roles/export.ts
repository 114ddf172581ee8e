/** All published roles in one answer. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Kysely } from 'kysely'
import { Type } from 'typebox'
import type { Database } from '../database/types.ts'
import { PublishedRole } from '../document/schema.ts'
import { component, object, ref } from '../document/shape.ts'
import { ndjsonType } from '../plugins/exports.ts'

/** How many roles are read at once: of 13 kB each 325 kB, of the largest, 4 MiB each, 100 MB. */
const rowsAtOnce = 25

/**
 * The latest version of each role that is published now, by slug, as lines. What stands behind `"role":` are the bytes
 * that the ETag is the digest of.
 */
async function* linesOfRoles(snapshot: Kysely<Database>): AsyncGenerator<string> {
  const rows = snapshot
    .selectFrom('roles')
    .innerJoin('role_versions as v', join =>
      join.onRef('v.role', '=', 'roles.slug').onRef('v.version', '=', 'roles.version'),
    )
    .select(['v.body', 'v.digest'])
    .where('roles.withdrawn_at', 'is', null)
    .orderBy('roles.slug')
    .stream(rowsAtOnce)
  for await (const { body, digest } of rows) yield `{"type":"role","etag":"\\"${digest}\\"","role":${body}}`
}

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

/** The last line of every export. */
export const ExportEnd = component(
  'ExportEnd',
  object({
    type: Type.Literal('end'),
    count: Type.Integer({ minimum: 0, description: 'How many lines came before this one.' }),
    digest: Type.String({
      description: 'SHA-256 of all bytes before this line, the line feeds among them, in hexadecimal.',
    }),
    feed_cursor: Type.String({ description: 'What `after` of the change feed takes to go on from here.' }),
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
    (request, reply) => app.sendExport(request, reply, { lines: linesOfRoles, dependsOnFeedAlone: true }),
  )
}
