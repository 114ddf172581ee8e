/** Conditional reads (RFC 9110 §13), content negotiation, and lists with opaque cursors. */
import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { Type } from 'typebox'
import { Instant } from '../document/schema.ts'
import { preferredType } from './accept.ts'
import { pathOf } from './path.ts'
import { Problem } from './problems.ts'

/** Who may keep an answer, and for how long. */
export const cacheControl = {
  /** Bytes that never change. */
  immutable: 'public, max-age=31536000, immutable',
  /** What the public reads and a publication changes. */
  public: 'public, max-age=60, stale-if-error=86400',
  /** What changes with a release of the service and at no other time. */
  release: 'public, max-age=3600, stale-if-error=86400',
  /** What may be kept, but not used again without asking. */
  revalidated: 'public, no-cache',
  /** Anything behind a key. */
  private: 'private, no-store',
} as const

/** The members of a list of entity tags: a tag may hold commas (RFC 9110 §8.8.3). What is none comes as it is. */
export const splitTags = (header: string): string[] =>
  (header.match(/(?:[^",]|"[^"]*(?:"|$))+/g) ?? []).map(tag => tag.trim()).filter(tag => tag !== '')

/** Whether If-None-Match holds the tag: lists, weak forms and `*` are understood (RFC 9110 §13.1.2). */
function noneMatch(header: string, etag: string): boolean {
  if (header === etag) return true
  const tags = splitTags(header)
  return tags.some(tag => tag === etag || (tag.startsWith('W/') && tag.slice(2) === etag)) || header.trim() === '*'
}

interface Entity {
  body: string | Buffer
  etag: string
  lastModified?: string | undefined
  /** Or for how many seconds anyone may keep it, where it is known when it changes. */
  cache: keyof typeof cacheControl | { seconds: number }
  type?: string
}

/** RFC 9110 §5.6.7 form of a time. */
export const httpDate = (time: string) => new Date(time).toUTCString()

/**
 * Whether the caller has the representation already (RFC 9110 §13.2.2): If-Modified-Since counts only without
 * If-None-Match, and a time that is none never. `lastModified` in the form of `httpDate`.
 */
export function isFresh(headers: IncomingHttpHeaders, etag: string, lastModified?: string): boolean {
  const { 'if-none-match': tags, 'if-modified-since': since } = headers
  if (tags !== undefined) return noneMatch(tags, etag)
  return since !== undefined && lastModified !== undefined && Date.parse(lastModified) <= Date.parse(since)
}

const json = 'application/json'
/** JSON as it is sent. */
export const jsonType = `${json}; charset=utf-8`

/** The media types that an address answers with: what is a kind of JSON can be had as JSON too (RFC 6839 §3.1). */
export const typesOf = (produced: readonly string[]): string[] =>
  produced.flatMap(type => (type.endsWith('+json') ? [type, json] : [type]))

/** The type of an answer to this request: that of its content, or JSON where that is a kind of it and Accept likes it better. */
function typeFor(request: FastifyRequest, reply: FastifyReply, type: string): string {
  const [kind = ''] = type.split(';', 1)
  if (!kind.endsWith('+json')) return type
  reply.header('vary', 'Accept')
  return preferredType(request, [kind, json]) === json ? jsonType : type
}

/**
 * Sends a representation, or 304 where the caller has it. Gives the reply, typed `never` because it is no value of the route's response type.
 */
export function sendEntity(request: FastifyRequest, reply: FastifyReply, entity: Entity): never {
  const { body, etag, lastModified, cache, type = jsonType } = entity
  const caching = typeof cache === 'string' ? cacheControl[cache] : `public, max-age=${cache.seconds}`
  reply.header('etag', etag).header('cache-control', caching)
  const sent = typeFor(request, reply, type)
  const modified = lastModified === undefined ? undefined : httpDate(lastModified)
  if (modified !== undefined) reply.header('last-modified', modified)
  return (isFresh(request.headers, etag, modified) ? reply.code(304).send() : reply.type(sent).send(body)) as never
}

/** Quoted base64url SHA-256: the ETag of bytes that have no revision. */
export const digestTag = (body: string | Buffer) => `"${createHash('sha256').update(body).digest('base64url')}"`

/** A time in a query. */
export const Since = Type.String({
  ...Instant,
  description: 'A time with its zone, such as 2026-01-31T12:00:00Z.',
})

/** The query members that every list takes. */
export const pageQuery = {
  limit: Type.Integer({ minimum: 1, maximum: 100, default: 20, description: 'How many entries a page holds.' }),
  cursor: Type.Optional(
    Type.String({ minLength: 1, maxLength: 2000, description: '`next_cursor` of the page before.' }),
  ),
}

interface PageQuery {
  limit: number
  cursor?: string
}

/** Of what says which rows are in a list, and in which order. What is counted beside them may be left out of later pages. */
const filterDigest = (request: FastifyRequest) => {
  const { limit: _, cursor: __, facets: ___, ...filter } = request.query as Record<string, unknown>
  return createHash('sha256')
    .update(JSON.stringify([pathOf(request.url), Object.entries(filter).sort()]))
    .digest('base64url')
    .slice(0, 12)
}

/** 400 for a cursor that this list never gave. */
export const badCursor = () =>
  new Problem('bad_cursor', 'This cursor does not belong to this list with these filters. Start without one.')

/**
 * The sort key after which the page begins; undefined for the first page. A cursor is bound to its list and filters:
 * any other is 400 `bad_cursor`.
 */
export function cursorKey(request: FastifyRequest): string | undefined {
  const { cursor } = request.query as PageQuery
  if (cursor === undefined) return undefined
  let parts: unknown
  try {
    parts = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(cursor, 'base64url')))
  } catch {
    throw badCursor()
  }
  if (!Array.isArray(parts) || parts.length !== 2 || parts[0] !== filterDigest(request)) throw badCursor()
  // biome-ignore lint/suspicious/noControlCharactersInRegex: no key holds them, and the database takes no NUL.
  if (typeof parts[1] !== 'string' || parts[1].length > 700 || /[\u0000-\u001f]|\p{Surrogate}/u.test(parts[1]))
    throw badCursor()
  return parts[1]
}

/** As `cursorKey`, for lists whose sort key is a number. */
export function cursorNumber(request: FastifyRequest): number | undefined {
  const key = cursorKey(request)
  if (key === undefined) return undefined
  if (!/^[1-9][0-9]{0,14}$/.test(key)) throw badCursor()
  return Number(key)
}

/**
 * One page out of `limit + 1` rows: sets `Link: rel="next"` and gives the entries with `next_cursor`.
 * `keyOf` gives the sort key of a row, the same that `cursorKey` hands back.
 */
export function page<Row>(request: FastifyRequest, reply: FastifyReply, rows: Row[], keyOf: (row: Row) => string) {
  const { limit } = request.query as PageQuery
  const entries = rows.slice(0, limit)
  const last = entries.at(-1)
  if (rows.length <= limit || last === undefined) return { entries, next_cursor: null }
  const cursor = Buffer.from(JSON.stringify([filterDigest(request), keyOf(last)])).toString('base64url')
  linkNext(request, reply, 'cursor', cursor)
  return { entries, next_cursor: cursor }
}

/** Sets `Link: rel="next"` to the same request with one member of its query changed. */
export function linkNext(request: FastifyRequest, reply: FastifyReply, name: string, value: string): void {
  const [path = '', ...query] = request.url.split('?')
  const next = new URLSearchParams(query.join('?'))
  next.set(name, value)
  reply.header('link', `<${path}?${next}>; rel="next"`)
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Media types that the route answers with; JSON where it says nothing. */
    produces?: readonly string[]
    /** Media types for which the route leads to another address. */
    redirects?: readonly string[]
    /** `format` in the query names the type of the answer, whatever Accept says (RFC 9110 §12.5.1). */
    namesFormat?: true
  }
}

const jsonAlone = [json] as const

/** 400 that names the query parameters that hold a NUL, which no text can hold. */
function nulProblem(query: Record<string, unknown>): Problem {
  const detail = 'No query parameter may hold a NUL character.'
  const errors = Object.entries(query)
    .filter(parameter => parameter.flat().some(text => String(text).includes('\0')))
    .map(([name]) => ({ pointer: `?${name}`, code: 'unstorable_character' as const, detail }))
  return new Problem('invalid_query', detail, { errors })
}

/** Refuses what could be answered in no form: 400 without a host or with a NUL, 406 where Accept excludes every type. */
export const read = fp(
  async (app: FastifyInstance) => {
    app.addHook('onRequest', (request, _reply, done) => {
      const { httpVersion } = request.raw
      // RFC 9112 §3.2. Requests of HTTP/0.9 have no headers, and no proxy agrees with another on where they end.
      if (httpVersion === '0.9' || (httpVersion === '1.1' && request.headers.host === undefined))
        return done(new Problem('bad_request', 'This must be HTTP/1.1 with a Host header, or HTTP/1.0.'))
      if (request.url.includes('%00', request.url.indexOf('?') + 1 || request.url.length))
        return done(nulProblem(request.query as Record<string, unknown>))
      const { accept } = request.headers
      // The common cases first: this runs before every cached read.
      if (accept === undefined || accept === '*/*') return done()
      const { produces = jsonAlone, redirects = [], namesFormat } = request.routeOptions.config
      if (namesFormat && (request.query as { format?: unknown }).format !== undefined) return done()
      if (accept === json && produces === jsonAlone) return done()
      const produced = typesOf(produces)
      const types = [...produced, ...redirects, 'application/problem+json']
      if (request.is404 || preferredType(request, types) !== undefined) return done()
      done(new Problem('not_acceptable', `This address answers with ${produced.join(' or ')}; Accept excludes that.`))
    })
  },
  { name: 'read' },
)
