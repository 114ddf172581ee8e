/** Documents in: read in a worker, saved as a draft, answered with a report of everything that was seen. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Kysely } from 'kysely'
import { Type } from 'typebox'
import type { Database } from '../database/types.ts'
import { SfiaVersion, Slug } from '../document/schema.ts'
import { object, ref } from '../document/shape.ts'
import { callerOf, organisationFor } from '../plugins/auth.ts'
import { validate } from '../plugins/body.ts'
import { type ErrorDetail, Problem } from '../plugins/problems.ts'
import { digestTag, sendEntity } from '../plugins/read.ts'
import { parseMatch, revisionTag, type Written } from '../plugins/write.ts'
import type { Comparer } from '../roles/comparer.ts'
import { findRole } from '../roles/store.ts'
import { ImportBusyError, type ImportPool } from './pool.ts'
import { withoutDraft } from './report.ts'
import { Import, type ImportReport } from './schema.ts'
import { documentTypes, wordType } from './source/scan.ts'
import {
  documentBytesMax,
  findContext,
  findImport,
  findOriginal,
  foresee,
  readAnew,
  saveImport,
  type Target,
  withoutIds,
} from './store.ts'

interface Options {
  db: Kysely<Database>
  pool: ImportPool
  comparer: Comparer
}

/** A Word file is none that JSON could show. */
const examples = {
  'text/markdown': `# Data engineer

**Grade:** SEO

## About the role

You will look after the data pipelines that others rely on.

## What you'll do

- Build pipelines that others can maintain.
- Help colleagues to find the data they need.
`,
  'text/html': `<h1>Data engineer</h1>
<p><strong>Grade:</strong> SEO</p>
<h2>About the role</h2>
<p>You will look after the data pipelines that others rely on.</p>
<h2>What you'll do</h2>
<ul><li>Build pipelines that others can maintain.</li></ul>
`,
}

function twoTargets(): Problem {
  const detail = 'slug= names a new role and role= one that exists: send one of them.'
  return new Problem('invalid_query', detail, { errors: [{ pointer: '?slug', code: 'not_with_role', detail }] })
}

/** 422 with what is wrong and the report on what was read all the same. */
const unreadable = (
  errors: readonly ErrorDetail[],
  members: { report: ImportReport; text: readonly string[] | null },
) =>
  new Problem(
    'unreadable_document',
    errors
      .map(({ detail }) => detail)
      .join(' ')
      .slice(0, 1000),
    {
      errors: errors.slice(0, 50).map(({ pointer, code, detail }) => ({ pointer, code, detail })),
      members,
    },
  )

export const imports: FastifyPluginAsyncTypebox<Options> = async (app, { db, pool, comparer }) => {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    [...documentTypes],
    { parseAs: 'buffer', bodyLimit: documentBytesMax },
    (request, bytes, done) => {
      request.rawBody = bytes as Buffer
      done(null, bytes)
    },
  )

  app.post(
    '/imports',
    {
      bodyLimit: documentBytesMax,
      schema: {
        operationId: 'createImport',
        summary: 'Import a role definition as a draft',
        description:
          'Makes a role, or with `role=` and If-Match replaces the draft of one. The report names every repair and every loss.',
        tags: ['Imports'],
        querystring: object({
          organisation: Type.Optional(
            Type.String({ ...Slug, description: 'The organisation of your key where it is left out.' }),
          ),
          slug: Type.Optional(
            Type.String({
              ...Slug,
              description: 'Of the new role; from the front matter or the title where it is left out.',
            }),
          ),
          role: Type.Optional(
            Type.String({
              ...Slug,
              description: 'The role whose draft the document replaces, whatever slug its front matter names.',
            }),
          ),
          sfia_version: Type.Optional(SfiaVersion),
          text: Type.Optional(Type.Boolean({ description: 'Whether to answer with the document by lines too.' })),
        }),
        body: Type.Unsafe<Buffer>({ description: 'The document: Markdown or HTML in UTF-8, or a Word file (.docx).' }),
        response: { 201: ref(Import) },
      },
      config: { scope: 'import:write', write: { match: 'optional' }, consumes: documentTypes, examples },
    },
    async (request, reply) => {
      const caller = callerOf(request)
      const { slug, role, sfia_version: sfiaVersion } = request.query
      if (!Buffer.isBuffer(request.body))
        throw new Problem('unsupported_media_type', `Send the document as ${documentTypes.join(' or ')}.`)
      if (role !== undefined && slug !== undefined) throw twoTargets()
      const match = parseMatch(request.headers['if-match'])
      if (role !== undefined && match === null)
        throw new Problem('precondition_required', 'Send the draft’s ETag in If-Match, such as If-Match: "r1".')
      const type = request.headers['content-type']?.toLowerCase() ?? ''
      const mediaType = documentTypes.find(name => type.startsWith(name)) ?? 'text/markdown'
      const original = { mediaType, bytes: request.body }
      return readAnew(async () => {
        const previous = role === undefined ? undefined : await findRole(db, caller, role)
        const organisation = previous?.organisation ?? organisationFor(caller, request.query.organisation)
        const context = await findContext(db, organisation, {
          ...(sfiaVersion ? { sfiaVersion } : {}),
          ...(previous ? { previous: previous.document } : {}),
          slug: role ?? slug,
        })
        // Before the transaction: a connection must not wait for a parser.
        const result = await pool.run(original.bytes, mediaType, context).catch(error => {
          if (!(error instanceof ImportBusyError)) throw error
          throw new Problem('unavailable', `${error.message}.`, { headers: { 'retry-after': '5' } })
        })
        const { document, report, problems } = result
        const text = request.query.text === true ? result.text : null
        if (!document) throw unreadable(problems, { report, text })
        const read = { ...result, document }
        const target: Target =
          role === undefined || !previous
            ? { slug: slug ?? result.slug ?? undefined }
            : { role, revision: previous.revision, match, foreseen: await foresee(db, comparer, read, previous) }
        return app.write(request, reply, async (trx): Promise<Written> => {
          const saved = await withReport({ report, text }, () => {
            validate(request, 'NewRoleDocument', withoutIds(read.document))
            return saveImport(trx, caller, organisation, target, read, original)
          })
          const dryRun = (request.query as { dry_run?: boolean }).dry_run === true
          return {
            status: 201,
            etag: revisionTag(saved.draft.revision),
            ...(dryRun ? {} : { location: `/v1/imports/${saved.id}` }),
            body: {
              id: dryRun ? null : saved.id,
              organisation,
              role: saved.draft.slug,
              created_at: saved.created_at,
              report: saved.report,
              text,
            },
            event: saved.events,
          }
        })
      })
    },
  )

  app.get(
    '/imports/:id',
    {
      schema: {
        operationId: 'getImport',
        summary: 'Get an import with its report',
        tags: ['Imports'],
        params: Type.Object({ id: Type.String({ format: 'uuid' }) }),
        response: { 200: ref(Import) },
      },
      config: { scope: 'roles:read_drafts' },
    },
    async (request, reply) => {
      const { id, organisation, role, created_at, report } = await findImport(db, callerOf(request), request.params.id)
      const body = JSON.stringify({ id, organisation, role, created_at, report, text: null })
      return sendEntity(request, reply, { body, etag: digestTag(body), lastModified: created_at, cache: 'private' })
    },
  )

  app.get(
    '/imports/:id/original',
    {
      schema: {
        operationId: 'getImportOriginal',
        summary: 'Download the document of an import',
        description: 'As it came. Of the imports of a role the newest ten are kept.',
        tags: ['Imports'],
        params: Type.Object({ id: Type.String({ format: 'uuid' }) }),
        response: { 200: Type.Unsafe<Buffer>({ description: 'The document.' }) },
      },
      config: { scope: 'roles:read_drafts', produces: documentTypes, headers: ['Content-Disposition'] },
    },
    async (request, reply) => {
      const { role, media_type, digest, bytes, created_at } = await findOriginal(
        db,
        callerOf(request),
        request.params.id,
      )
      reply.headers({
        // It may hold what its author wished: no browser shows it as a page of ours.
        'content-disposition': `attachment; filename="${role}.${extensions[media_type] ?? 'txt'}"`,
        'content-security-policy': "sandbox; default-src 'none'",
      })
      const entity = {
        body: bytes,
        etag: `"${digest}"`,
        lastModified: created_at,
        cache: 'private',
        type: media_type,
      } as const
      return sendEntity(request, reply, entity)
    },
  )
}

const extensions: Record<string, string> = { 'text/markdown': 'md', 'text/html': 'html', [wordType]: 'docx' }

/** What keeps a document that was read from becoming a draft is answered with the report on it. */
async function withReport<T>(
  members: { report: ImportReport; text: readonly string[] | null },
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof Problem && error.code === 'invalid')) throw error
    const { errors = [] } = error.options
    const read = { ...members, report: withoutDraft(members.report) }
    // What is wrong with the query is no fault of the document.
    if (errors.some(({ pointer }) => pointer.startsWith('?')))
      throw new Problem('invalid', error.message, { errors, members: read })
    throw unreadable(errors, read)
  }
}
