/** What the world reads: published roles, their versions and lists. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Kysely } from 'kysely'
import { Type } from 'typebox'
import type { Database } from '../database/types.ts'
import { families, professions } from '../document/code-lists.ts'
import { PublishedRole, SfiaCode, SfiaLevel, Slug } from '../document/schema.ts'
import { object, oneOf, ref } from '../document/shape.ts'
import { notFound } from '../plugins/problems.ts'
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
import type { PublishedCache } from './cache.ts'
import { RoleList, RoleParams, VersionList, VersionParams } from './schema.ts'
import { servedLatest, servedVersion } from './served.ts'
import { listRoles, listVersions, type Version } from './versions.ts'

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

/** The headers of a version at its own address, or of the latest at that of the role. */
export function headersOf(slug: string, version: Version, address: 'role' | 'version'): EntityHeaders {
  const path = `/v1/roles/${slug}`
  const own = `${path}/versions/${version.version}`
  const common = {
    etag: `"${version.digest}"`,
    'last-modified': httpDate(version.publishedAt),
    'repr-digest': `sha-256=:${Buffer.from(version.digest, 'base64url').toString('base64')}:`,
  }
  return address === 'role'
    ? {
        ...common,
        'cache-control': cacheControl.public,
        'content-location': own,
        link: `<${path}/versions>; rel="version-history", <${own}>; rel="latest-version"`,
      }
    : {
        ...common,
        'cache-control': cacheControl.immutable,
        link: `<${path}>; rel="latest-version", <${path}/versions>; rel="version-history"`,
      }
}

export const jsonType = 'application/json; charset=utf-8'

function sendVersion(request: FastifyRequest, reply: FastifyReply, version: Version, head: EntityHeaders): never {
  reply.headers(head)
  if (isFresh(request.headers, head.etag, head['last-modified'])) return reply.code(304).send() as never
  return reply.type(jsonType).send(version.body) as never
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
      config: { ...open, cheap: true, problems: [410] },
    },
    (request, reply) => {
      const { role } = request.params
      // With the database gone, many wait for it; what is known is served all the same.
      if (!cache.holds(role)) app.enter(request)
      return servedLatest(cache, reply, role).then(found =>
        sendVersion(request, reply, found, headersOf(role, found, 'role')),
      )
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
        params: VersionParams,
        response: { 200: ref(PublishedRole) },
      },
      config: open,
    },
    async (request, reply) => {
      const { role, version } = request.params
      const found = await servedVersion(cache, role, version)
      return sendVersion(request, reply, found, headersOf(role, found, 'version'))
    },
  )
}
