/** The change feed: in pages and by long poll, and as Atom. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply } from 'fastify'
import type { Kysely } from 'kysely'
import { Type } from 'typebox'
import { cursorOf, markOf, parseCursor } from '../database/events.ts'
import type { Database } from '../database/types.ts'
import { Slug } from '../document/schema.ts'
import { object, oneOf, ref } from '../document/shape.ts'
import { Problem } from '../plugins/problems.ts'
import { addressKey } from '../plugins/rate-limit.ts'
import { digestTag, linkNext, sendEntity } from '../plugins/read.ts'
import { requireKnownValues } from '../roles/known-values.ts'
import { atomFeed, atomType } from './atom.ts'
import { ChangeList, changeTypes, eventTypeOf, toChange } from './schema.ts'
import type { FeedSignal } from './signal.ts'
import { type FeedFilter, type FeedPage, readEvents, readNewest } from './store.ts'

interface Options {
  db: Kysely<Database>
  signal: FeedSignal
  baseUrl: string
}

/** Of a page of the Atom feed. */
const entriesMax = 50

const badCursor = () =>
  new Problem('bad_cursor', 'This is no cursor of the change feed. Send `after=latest`, or a cursor as it was given.')

/** The place that `after` names, its position null for the end. Nothing sent is the beginning. */
function readCursor(after = '0'): { position: number | null; mark: string | null } {
  const cursor = after === 'latest' ? { position: null, mark: null } : parseCursor(after)
  if (!cursor) throw badCursor()
  return cursor
}

/** Aborted when the client is gone, or has its answer. */
function untilGone(reply: FastifyReply): AbortSignal {
  const gone = new AbortController()
  reply.raw.once('close', () => gone.abort())
  return gone.signal
}

export const feed: FastifyPluginAsyncTypebox<Options> = async (app, { db, signal, baseUrl }) => {
  /** One read for all who were woken at the same place: a thousand of them need no thousand connections. */
  const reads = new Map<string, Promise<FeedPage>>()
  const readOnce = (after: number, limit: number, filter: FeedFilter) => {
    const key = JSON.stringify([after, limit, filter.type, filter.organisation, filter.role])
    const running = reads.get(key)
    if (running) return running
    const read = readEvents(db, after, limit, filter).finally(() => reads.delete(key))
    reads.set(key, read)
    return read
  }

  app.get(
    '/changes',
    {
      schema: {
        operationId: 'listChanges',
        summary: 'Read what changed in public, in the order it did',
        description:
          'Changes of roles and vacancies as CloudEvents, each once and without gaps. Send `next_cursor` in `after` the next time, with the same filters; without `after` the feed begins at its beginning, `latest` gives a first cursor at its end. `Link: rel="next"` says that there is more now. With `wait` an answer that would be empty waits for the next change.',
        tags: ['Changes'],
        querystring: object({
          after: Type.Optional(
            Type.String({ minLength: 1, maxLength: 100, description: '`next_cursor`, `feed_cursor`, or `latest`.' }),
          ),
          wait: Type.Integer({ minimum: 0, maximum: 30, default: 0, description: 'Seconds to wait for a change.' }),
          limit: Type.Integer({ minimum: 1, maximum: 1000, default: 100, description: 'Most changes in an answer.' }),
          type: Type.Optional(oneOf(changeTypes)),
          organisation: Type.Optional(Slug),
          role: Type.Optional(Slug),
        }),
        response: { 200: ref(ChangeList) },
      },
      config: { scope: 'public', headers: ['Link'], problems: [410] },
    },
    async (request, reply) => {
      const { after: sent, wait, limit, type, ...rest } = request.query
      const filter = { ...rest, ...(type === undefined ? {} : { type: eventTypeOf(type) }) }
      const deadline = performance.now() + wait * 1000
      const { position, mark } = readCursor(sent)
      let page = await readEvents(db, position ?? Number.MAX_SAFE_INTEGER, limit, filter)
      if (position !== null && position > page.end)
        throw new Problem('cursor_gone', `The feed ends at ${page.end}: the register was restored since this cursor.`)
      if (mark !== null && mark !== markOf(page.afterAt))
        throw new Problem(
          'cursor_gone',
          `Event ${position} is another one than it was: the register was restored since this cursor.`,
        )
      const { organisation, role } = filter
      if (page.events.length === 0 && (organisation ?? role) !== undefined)
        await requireKnownValues(db, { organisation, role })
      // From here on it holds no connection of the pool, and is no work that keeps others out.
      if (wait > 0 && page.events.length === 0) app.leave(request)
      const gone = wait > 0 ? untilGone(reply) : undefined
      const who = request.caller?.id ?? addressKey(request.ip)
      while (page.events.length === 0 && page.reached === page.end && performance.now() < deadline) {
        if (signal.isFull)
          throw new Problem('unavailable', 'As many wait for changes as can. Ask again without `wait`, or later.', {
            headers: { 'retry-after': '10' },
          })
        if (signal.isFullFor(who))
          throw new Problem('too_many_requests', 'As many of your requests wait for changes as may. One is enough.', {
            headers: { 'retry-after': '10' },
          })
        if (!(await signal.wait(page.end, deadline - performance.now(), { who, signal: gone }))) break
        const next = await readOnce(page.end, limit, filter)
        // Announced and not there: the register was restored under us, and the next request will say so.
        if (next.end <= page.end || next.afterAt !== page.reachedAt) break
        page = next
      }
      const { events, reached, reachedAt, end } = page
      const cursor = cursorOf({ position: reached, occurred_at: reachedAt })
      const body = JSON.stringify({
        changes: events.map(event => toChange(event, baseUrl)),
        next_cursor: cursor,
      })
      if (reached < end) linkNext(request, reply, 'after', cursor)
      // What is behind stays as it is; the end does not.
      const isPast = sent !== 'latest' && reached < end
      return sendEntity(request, reply, { body, etag: digestTag(body), cache: isPast ? 'public' : 'revalidated' })
    },
  )

  app.get(
    '/feed.atom',
    {
      schema: {
        operationId: 'getAtomFeed',
        summary: 'Read what changed in public as Atom, the newest first',
        description: 'RFC 4287, in pages (RFC 5005). To miss nothing, read `/v1/changes`.',
        tags: ['Changes'],
        querystring: object({
          before: Type.Optional(
            Type.Integer({ minimum: 1, maximum: 999_999_999_999_999, description: 'As the link `next` has it.' }),
          ),
        }),
        response: { 200: Type.String() },
      },
      config: { scope: 'public', produces: ['application/atom+xml'] },
    },
    async (request, reply) => {
      const found = await readNewest(db, entriesMax + 1, request.query.before)
      const events = found.slice(0, entriesMax)
      const last = events.at(-1)
      const older = found.length > entriesMax && last ? `/v1/feed.atom?before=${last.position}` : undefined
      const { before } = request.query
      const path = before === undefined ? '/v1/feed.atom' : `/v1/feed.atom?before=${before}`
      const body = atomFeed({ events, path, older }, baseUrl)
      // No Last-Modified: two changes in one second have the same, and who asks by it would never hear of the second.
      return sendEntity(request, reply, { body, etag: digestTag(body), cache: 'public', type: atomType })
    },
  )
}
