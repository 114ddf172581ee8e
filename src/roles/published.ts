/** What the world reads: published roles, their versions and lists. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Kysely } from 'kysely'
import { Type } from 'typebox'
import { cursorOf } from '../database/events.ts'
import type { Database } from '../database/types.ts'
import { families, professions } from '../document/code-lists.ts'
import { didYouMean, nearest } from '../document/nearest.ts'
import { PublishedRole, SfiaVersion, Slug } from '../document/schema.ts'
import { object, oneOf, ref } from '../document/shape.ts'
import { invalid, notFound } from '../plugins/problems.ts'
import {
  badCursor,
  cacheControl,
  cursorKey,
  cursorNumber,
  digestTag,
  httpDate,
  isFresh,
  jsonType,
  linkNext,
  page,
  pageQuery,
  Since,
  sendEntity,
} from '../plugins/read.ts'
import type { PublishedCache } from './cache.ts'
import type { KeptPages } from './kept-pages.ts'
import { requireKnownValues } from './known-values.ts'
import { nearestRole } from './near.ts'
import { RoleList, RoleParams, VersionList, VersionParams } from './schema.ts'
import { countedMax, countFacets, listRoles, rankedMax, readPlace, sorts, writePlace } from './search.ts'
import { type FacetName, facetNames } from './search-rows.ts'
import { servedLatest, servedVersion } from './served.ts'
import { listVersions, type Version } from './versions.ts'

interface Options {
  db: Kysely<Database>
  cache: PublishedCache
  keptPages: KeptPages
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

function sendVersion(request: FastifyRequest, reply: FastifyReply, version: Version, head: EntityHeaders): never {
  reply.headers(head)
  if (isFresh(request.headers, head.etag, head['last-modified'])) return reply.code(304).send() as never
  return reply.type(jsonType).send(version.body) as never
}

/** The facets that a query names, each once. Throws 422 for one that there is not. */
function facetsOf(given: readonly string[]): FacetName[] {
  const names = given.flatMap(text => text.split(','))
  const unknown = names.filter(name => !facetNames.some(known => known === name))
  if (unknown.length > 0)
    throw invalid(
      unknown.slice(0, 7).map(name => {
        const near = nearest(name, facetNames)
        const detail = `"${name}" is not one of: ${facetNames.join(', ')}.${didYouMean(near)}`
        return { pointer: '?facets', code: 'not_in_list', detail }
      }),
    )
  return facetNames.filter(name => names.includes(name))
}

export const publishedRoles: FastifyPluginAsyncTypebox<Options> = async (app, { db, cache, keptPages, baseUrl }) => {
  app.get(
    '/roles',
    {
      schema: {
        operationId: 'listRoles',
        summary: 'List and search published roles',
        description: `All filters must hold. \`q\` searches titles, skills and texts by English words; \`"a phrase"\`, \`or\` and \`-without\` are understood, and where nothing matches as written, misspelt words are read as those of titles. A value that is in no list of its kind is 422 where nothing was found: an organisation, skill or SFIA code that is known, and that no role has, gives an empty list.`,
        tags: ['Published roles'],
        querystring: object({
          q: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
          organisation: Type.Optional(Slug),
          profession: Type.Optional(codesOf(professions)),
          family: Type.Optional(codesOf(families)),
          grade: Type.Optional(
            Type.String({
              minLength: 1,
              maxLength: 30,
              description: 'A code, of the Civil Service or a scheme in use.',
            }),
          ),
          skill: Type.Optional(Slug),
          sfia: Type.Optional(
            Type.String({
              // Wider than codes and levels are: what is none of them is 422, which says what was meant.
              pattern: '^[A-Za-z]{1,20}(:[0-9]{1,2}(-[0-9]{1,2})?)?$',
              description: 'A SFIA code, alone or with one level or several: PROG, PROG:3 or PROG:3-5.',
            }),
          ),
          sfia_version: Type.Optional(SfiaVersion),
          updated_since: Type.Optional({
            ...Since,
            description:
              'A time with its zone, such as 2026-01-31T12:00:00Z. Roles whose latest version was published then or later; a withdrawal takes a role out of the list.',
          }),
          sort: Type.Optional(
            oneOf(sorts, {
              description: `By slug where it is left out. relevance, which needs q: titles count most, then skills, then texts; where more than ${rankedMax} roles match, those that match in their title come first, each group by slug.`,
            }),
          ),
          facets: Type.Optional(
            Type.Array(Type.String({ maxLength: 100 }), {
              maxItems: 7,
              description: `What to count the matching roles by, repeated or with commas: ${facetNames.join(', ')}. No more than ${countedMax} roles are counted; facets.complete says whether these are all.`,
            }),
          ),
          ...pageQuery,
        }),
        response: { 200: ref(RoleList) },
      },
      config: open,
    },
    async (request, reply) => {
      const { facets, sort = 'slug', cursor: _, limit, ...filter } = request.query
      if (sort === 'relevance' && filter.q === undefined)
        throw invalid([{ pointer: '?sort', code: 'missing_member', detail: 'To sort by relevance needs q.' }])
      const names = facets && facetsOf(facets)
      const key = cursorKey(request)
      const after = key === undefined ? undefined : readPlace(key, sort)
      if (key !== undefined && after === undefined) throw badCursor()
      const { body, etag, nextCursor } = await keptPages.get(request.url, async () => {
        const { feedEnd, roles: found, order, correctedQ } = await listRoles(db, filter, sort, limit + 1, after)
        if (found.length === 0) await requireKnownValues(db, filter)
        const { entries, next_cursor } = page(request, reply, found, ({ role, key }) =>
          writePlace({ order, role, key: String(key), correctedQ }),
        )
        const asRead = correctedQ === null ? filter : { ...filter, q: correctedQ }
        const feedCursor = cursorOf(feedEnd)
        const body = JSON.stringify({
          roles: entries.map(({ role, item }) => ({ ...item, url: `${baseUrl}/v1/roles/${role}` })),
          corrected_q: correctedQ,
          facets: names ? await countFacets(db, asRead, names) : null,
          next_cursor,
          feed_cursor: feedCursor,
        })
        // Whether an empty one is 422 the catalogues say, which change without the feed.
        return {
          feedCursor,
          body: Buffer.from(body),
          etag: digestTag(body),
          nextCursor: next_cursor,
          isKept: found.length > 0,
        }
      })
      if (nextCursor !== null) linkNext(request, reply, 'cursor', nextCursor)
      return sendEntity(request, reply, { body, etag, cache: 'public' })
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
      config: { ...open, cheap: true, headers: ['Content-Location', 'Link', 'Repr-Digest'], problems: [410] },
    },
    (request, reply) => {
      const { role } = request.params
      // With the database gone, many wait for it; what is known is served all the same.
      if (!cache.holds(role)) app.enter(request)
      return servedLatest(db, cache, reply, role).then(found =>
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
      if (rows.length === 0 && before === undefined) throw notFound('published role', role, await nearestRole(db, role))
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
      config: { ...open, headers: ['Link', 'Repr-Digest'] },
    },
    async (request, reply) => {
      const { role, version } = request.params
      const found = await servedVersion(db, cache, role, version)
      return sendVersion(request, reply, found, headersOf(role, found, 'version'))
    },
  )
}
