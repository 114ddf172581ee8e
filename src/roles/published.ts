/** What the world reads: published roles, their versions and lists. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Kysely } from 'kysely'
import { Type } from 'typebox'
import type { Database } from '../database/types.ts'
import { families, professions } from '../document/code-lists.ts'
import { PublishedRole, SfiaCode, SfiaLevel, Slug } from '../document/schema.ts'
import { object, oneOf, ref } from '../document/shape.ts'
import { sendProblem } from '../plugins/errors.ts'
import { notFound, Problem } from '../plugins/problems.ts'
import {
  cacheControl,
  cursorKey,
  cursorNumber,
  digestTag,
  httpDate,
  isFresh,
  page,
  pageQuery,
  Since,
  sendEntity,
} from '../plugins/read.ts'
import { isVersion, type PublishedCache } from './cache.ts'
import { RoleList, RoleParams, VersionList } from './schema.ts'
import { listRoles, listVersions, type Version, type Withdrawal } from './versions.ts'

interface Options {
  db: Kysely<Database>
  cache: PublishedCache
  baseUrl: string
}

const codesOf = <C extends { code: string }>(list: readonly C[]) => oneOf(list.map(({ code }) => code))
const open = { scope: 'public' } as const

interface EntityHeaders extends Record<string, string> {
  etag: string
  'last-modified': string
}

/**
 * The headers of a version at its own address, or of the latest at that of the role, with links of RFC 5829. A version
 * names the one before it, and never the one after: its answer is kept for a year, and what comes after is not known.
 * The version history names all.
 */
export function headersOf(slug: string, version: Version, address: 'role' | 'version'): EntityHeaders {
  const path = `/v1/roles/${slug}`
  const own = `${path}/versions/${version.version}`
  const latest = address === 'role' ? own : path
  const links = [`<${path}/versions>; rel="version-history"`, `<${latest}>; rel="latest-version"`]
  if (version.version > 1) links.push(`<${path}/versions/${version.version - 1}>; rel="predecessor-version"`)
  const common = {
    etag: `"${version.digest}"`,
    'last-modified': httpDate(version.publishedAt),
    'repr-digest': `sha-256=:${Buffer.from(version.digest, 'base64url').toString('base64')}:`,
    link: links.join(', '),
  }
  return address === 'role'
    ? { ...common, 'cache-control': cacheControl.public, 'content-location': own }
    : { ...common, 'cache-control': cacheControl.immutable }
}

export const jsonType = 'application/json; charset=utf-8'

function sendVersion(request: FastifyRequest, reply: FastifyReply, version: Version, head: EntityHeaders): never {
  reply.headers(head)
  if (isFresh(request.headers, head.etag, head['last-modified'])) return reply.code(304).send() as never
  return reply.type(jsonType).send(version.body) as never
}

/** 410 with a tombstone that names the reason and any successor. */
function sendWithdrawal(
  request: FastifyRequest,
  reply: FastifyReply,
  slug: string,
  { withdrawn_at, reason, successor }: Withdrawal,
) {
  const detail = `The role was withdrawn: ${reason}${successor === null ? '' : ` Its successor is "${successor}".`}`
  const links = [`</v1/roles/${slug}/versions>; rel="version-history"`]
  if (successor !== null) links.push(`</v1/roles/${successor}>; rel="successor-version"`)
  return sendProblem(
    request,
    reply,
    new Problem('withdrawn', detail, {
      headers: { link: links.join(', '), 'cache-control': cacheControl.public },
      members: { withdrawn_at, reason, successor },
    }),
  )
}

export const publishedRoles: FastifyPluginAsyncTypebox<Options> = async (app, { db, cache, baseUrl }) => {
  app.get(
    '/roles',
    {
      schema: {
        operationId: 'listRoles',
        summary: 'List and search published roles',
        description: 'By slug. All filters must hold; `q` searches titles, skills and texts in English.',
        tags: ['Published roles'],
        querystring: object({
          q: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
          organisation: Type.Optional(Slug),
          profession: Type.Optional(codesOf(professions)),
          family: Type.Optional(codesOf(families)),
          grade: Type.Optional(Type.String({ minLength: 1, maxLength: 30 })),
          skill: Type.Optional(Slug),
          sfia_code: Type.Optional(SfiaCode),
          sfia_level: Type.Optional(SfiaLevel),
          published_since: Type.Optional(Since),
          ...pageQuery,
        }),
        response: { 200: ref(RoleList) },
      },
      config: open,
    },
    async (request, reply) => {
      const found = await listRoles(db, request.query, request.query.limit + 1, cursorKey(request))
      const { entries, next_cursor } = page(request, reply, found.roles, ({ role }) => role)
      const roles = entries.map(({ role, item }) => ({ ...item, url: `${baseUrl}/v1/roles/${role}` }))
      const body = JSON.stringify({ roles, next_cursor, feed_cursor: String(found.position) })
      return sendEntity(request, reply, { body, etag: digestTag(body), cache: 'public' })
    },
  )

  app.get(
    '/roles/:role',
    {
      schema: {
        operationId: 'getRole',
        summary: 'Get the latest published version of a role',
        description: '410 with the reason and any successor once it is withdrawn.',
        tags: ['Published roles'],
        params: RoleParams,
        response: { 200: ref(PublishedRole) },
      },
      config: { ...open, cheap: true },
    },
    (request, reply) => {
      const { role } = request.params
      // With the database gone, many wait for it; what is known is served all the same.
      if (!cache.holds(role)) app.enter(request)
      return cache.get(role).then(({ found, stale }) => {
        if (!found) throw notFound('published role', role)
        if (!isVersion(found)) return sendWithdrawal(request, reply, role, found)
        // RFC 9211: tells a monitor that this answer may be old. RFC 9111 lets a cache serve it so.
        if (stale) reply.header('cache-status', 'role-register; hit; detail=stale')
        return sendVersion(request, reply, found, headersOf(role, found, 'role'))
      })
    },
  )

  app.get(
    '/roles/:role/versions',
    {
      schema: {
        operationId: 'listVersions',
        summary: 'List the versions of a role, the newest first',
        tags: ['Published roles'],
        params: RoleParams,
        querystring: object(pageQuery),
        response: { 200: ref(VersionList) },
      },
      config: open,
    },
    async (request, reply) => {
      const { role } = request.params
      const before = cursorNumber(request)
      const rows = await listVersions(db, role, request.query.limit + 1, before)
      if (rows.length === 0 && before === undefined) throw notFound('published role', role)
      const { entries, next_cursor } = page(request, reply, rows, ({ version }) => String(version))
      const versions = entries.map(({ digest, ...entry }) => ({
        ...entry,
        etag: `"${digest}"`,
        url: `${baseUrl}/v1/roles/${role}/versions/${entry.version}`,
      }))
      const body = JSON.stringify({ versions, next_cursor })
      return sendEntity(request, reply, { body, etag: digestTag(body), cache: 'public' })
    },
  )

  app.get(
    '/roles/:role/versions/:version',
    {
      schema: {
        operationId: 'getVersion',
        summary: 'Get one version of a role, which never changes',
        description: 'Stays readable after the role is withdrawn.',
        tags: ['Published roles'],
        params: Type.Object({ role: Slug, version: Type.Integer({ minimum: 1, maximum: 2_000_000_000 }) }),
        response: { 200: ref(PublishedRole) },
      },
      config: open,
    },
    async (request, reply) => {
      const { role, version } = request.params
      const found = await cache.version(role, version)
      if (!found) throw notFound('published version', `${role}/${version}`)
      return sendVersion(request, reply, found, headersOf(role, found, 'version'))
    },
  )
}
