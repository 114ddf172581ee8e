/** Roles as documents: Markdown, an HTML page, an HTML fragment, a Word file. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Kysely } from 'kysely'
import { Type } from 'typebox'
import type { Database } from '../database/types.ts'
import { foldPlain } from '../document/print.ts'
import { fillIn } from '../document/resolve.ts'
import type { PublishedRole } from '../document/schema.ts'
import { object, oneOf } from '../document/shape.ts'
import { preferredType } from '../plugins/accept.ts'
import { callerOf } from '../plugins/auth.ts'
import { Problem } from '../plugins/problems.ts'
import { type cacheControl, digestTag, sendEntity } from '../plugins/read.ts'
import type { PublishedCache } from '../roles/cache.ts'
import { findReferences } from '../roles/references.ts'
import { RoleParams, VersionParams } from '../roles/schema.ts'
import { servedLatest, servedVersion } from '../roles/served.ts'
import { findRole } from '../roles/store.ts'
import type { Version } from '../roles/versions.ts'
import { createThreadPool, runForCaller, type ThreadPool, threadCharacters, workerFile } from '../threads.ts'
import { pagePolicy } from './page.ts'
import { print } from './print.ts'
import { type Source, titleOf } from './rendering.ts'
import type { RenderTask } from './worker.ts'

interface Options {
  db: Kysely<Database>
  cache: PublishedCache
  baseUrl: string
}

const wordType = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'
/** What Accept chooses from, the first where it does not care; a fragment is asked for by its name. */
const formats = { html: 'text/html', md: 'text/markdown', docx: wordType, fragment: 'text/html' } as const
type Format = keyof typeof formats
const produces = [...new Set(Object.values(formats))]

const query = object({
  format: Type.Optional(
    oneOf(['md', 'html', 'fragment', 'docx'], {
      description: 'Wins over Accept. `fragment` is a `section` of HTML for each section, for a page of your own.',
    }),
  ),
})

/** The format that is asked for: by name, else by Accept. */
function formatOf(request: FastifyRequest, named: Format | undefined): Format {
  if (named) return named
  const type = preferredType(request, produces)
  const found = (Object.keys(formats) as Format[]).find(format => formats[format] === type)
  if (found) return found
  throw new Problem('not_acceptable', `This address answers with ${produces.join(' or ')}; Accept excludes that.`)
}

/** RFC 6266: a name of plain letters for old clients, and the title for the others. */
function disposition(kind: 'attachment' | 'inline', name: string, title: string, ending: string) {
  const safe = foldPlain(title.replace(/[\\/:*?"<>|\p{Cc}\p{Cf}\ufffd]/gu, ' ').replace(/^[\s.]+|[\s.]+$/g, ''))
  const encoded = encodeURIComponent(`${safe || name}.${ending}`).replace(
    /['()*]/g,
    character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return `${kind}; filename="${name}.${ending}"; filename*=UTF-8''${encoded}`
}

interface Target {
  source: Source
  format: Format
  /** The address of the document, without a query, and of the page that search engines are to know. */
  path: string
  canonical?: string
  cache: keyof typeof cacheControl
  /** The name of the file, without an ending, and when it was written. */
  name: string
  time: string
}

type RenderPool = ThreadPool<RenderTask, string | Uint8Array>

/** 503 where too many wait for a thread, or the document takes too long. */
async function bodyOf({ source, format, canonical, time }: Target, pool: RenderPool): Promise<string | Buffer> {
  const json = JSON.stringify(source)
  const printing = { format, canonical, time }
  if (format !== 'docx' && json.length < threadCharacters) return print(source, printing) as string
  const detail = 'The document could not be written in time. Try again in a few seconds, or ask for another format.'
  const body = await runForCaller(pool, { source: json, ...printing }, detail)
  return typeof body === 'string' ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength)
}

export const documents: FastifyPluginAsyncTypebox<Options> = async (app, { db, cache, baseUrl }) => {
  const pool: RenderPool = createThreadPool(workerFile('./worker', import.meta.url), { queueMax: 16 })
  app.addHook('onClose', () => pool.close())
  const answers = {
    produces,
    namesFormat: true,
    headers: ['Content-Disposition', 'Content-Location', 'Link'],
  } as const
  const response = { 200: Type.String({ description: 'The document.' }) }

  const sendDocument = async (request: FastifyRequest, reply: FastifyReply, target: Target): Promise<never> => {
    const { source, format, path, canonical, cache, name } = target
    const body = await bodyOf(target, pool)
    const others = (Object.keys(formats) as Format[]).filter(other => other !== format)
    const links = others.map(other => `<${path}?format=${other}>; rel="alternate"; type="${formats[other]}"`)
    if (canonical !== undefined) links.unshift(`<${canonical}>; rel="canonical"`)
    reply.header('link', links.join(', '))
    if ((request.query as { format?: Format }).format === undefined) {
      reply.header('vary', 'Accept').header('content-location', `${path}?format=${format}`)
    }
    const title = foldPlain(titleOf(source))
    if (format === 'docx') reply.header('content-disposition', disposition('attachment', name, title, 'docx'))
    if (format === 'md') reply.header('content-disposition', disposition('inline', name, title, 'md'))
    if (format === 'html') reply.header('content-security-policy', pagePolicy)
    const type = format === 'docx' ? wordType : `${formats[format]}; charset=utf-8`
    return sendEntity(request, reply, { body, etag: digestTag(body), cache, type })
  }

  /** As of an Occupation, no version is immutable: its document differs with the base URL and our code. */
  const sendVersion = (
    request: FastifyRequest,
    reply: FastifyReply,
    version: Version,
    address: { path: string; name: string; format: Format | undefined },
  ) => {
    const role = JSON.parse(version.body.toString()) as PublishedRole
    return sendDocument(request, reply, {
      source: {
        role,
        organisation: role.organisation.name,
        version: { number: role.version, publishedAt: role.published_at },
      },
      format: formatOf(request, address.format),
      path: address.path,
      canonical: `${baseUrl}/roles/${role.slug}`,
      cache: 'public',
      name: address.name,
      time: role.published_at,
    })
  }

  app.get(
    '/roles/:role/document',
    {
      schema: {
        operationId: 'getRoleDocument',
        summary: 'Get the latest version of a role as a document',
        description:
          'Markdown, an HTML page, an HTML fragment or a Word file, by `format` or Accept. HTML leaves out optional items. 410 once the role is withdrawn.',
        tags: ['Published roles'],
        params: RoleParams,
        querystring: query,
        response,
      },
      config: { scope: 'public', ...answers, problems: [410] },
    },
    async (request, reply) => {
      const { role } = request.params
      const latest = await servedLatest(db, cache, reply, role)
      const path = `/v1/roles/${role}/document`
      return sendVersion(request, reply, latest, { path, name: role, format: request.query.format })
    },
  )

  app.get(
    '/roles/:role/versions/:version/document',
    {
      schema: {
        operationId: 'getVersionDocument',
        summary: 'Get one version of a role as a document',
        description: 'As of the latest. Stays readable after the role is withdrawn.',
        tags: ['Published roles'],
        params: VersionParams,
        querystring: query,
        response,
      },
      config: { scope: 'public', ...answers },
    },
    async (request, reply) => {
      const { role, version } = request.params
      const found = await servedVersion(db, cache, role, version)
      const path = `/v1/roles/${role}/versions/${version}/document`
      return sendVersion(request, reply, found, { path, name: `${role}-${version}`, format: request.query.format })
    },
  )

  app.get(
    '/roles/:role/draft/document',
    {
      schema: {
        operationId: 'getDraftDocument',
        summary: 'Get the draft of a role as a document',
        description:
          'With its notes, optional items and what is yet to be filled in. Imported again with `role=` it changes nothing.',
        tags: ['Drafts'],
        params: RoleParams,
        querystring: query,
        response,
      },
      config: { scope: 'roles:read_drafts', ...answers },
    },
    async (request, reply) => {
      const { role } = request.params
      const row = await findRole(db, callerOf(request), role)
      const [references, { name }] = await Promise.all([
        findReferences(db, row.document),
        db.selectFrom('organisations').select('name').where('slug', '=', row.organisation).executeTakeFirstOrThrow(),
      ])
      return sendDocument(request, reply, {
        source: { role: fillIn(row.document, references), organisation: name },
        format: formatOf(request, request.query.format),
        path: `/v1/roles/${role}/draft/document`,
        cache: 'private',
        name: `${role}-draft`,
        time: row.updated_at,
      })
    },
  )
}
