/** The one write path: every handler that changes something is `write(request, reply, work)`. */
import { createHash } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { type Kysely, sql, type Transaction } from 'kysely'
import { transact } from '../database/connect.ts'
import { insertEvents, type NewEvent } from '../database/events.ts'
import type { Database } from '../database/types.ts'
import { mediaTypeOf } from './body.ts'
import { Problem } from './problems.ts'
import { cacheControl, jsonType, splitTags } from './read.ts'

/** A parsed If-Match: null where it was not sent, `*`, or the entity tags without their quotes. */
export type Match = null | '*' | readonly string[]

/** What a write answers, and what it records. Without an event nothing changed. */
export interface Written {
  status: 200 | 201 | 202 | 204
  /** A value, or text that is JSON already. */
  body?: unknown
  etag?: string
  location?: string
  event?: NewEvent | readonly NewEvent[]
  /** What a replay says instead, where the body holds a secret that is shown once. */
  replayBody?: unknown
  /** Runs once the change is certain: drops what other parts of the process hold in memory. */
  committed?: () => void
}

export type Work = (trx: Transaction<Database>, match: Match) => Promise<Written>
/** Resolves to the reply, once it is sent: `never`, because it is no value of the route's response type. */
export type Write = (request: FastifyRequest, reply: FastifyReply, work: Work) => Promise<never>

declare module 'fastify' {
  interface FastifyInstance {
    write: Write
  }
  interface FastifyContextConfig {
    /** Set on every route that writes: whether If-Match must, may or need not be sent. */
    write?: { match: 'required' | 'optional' | 'none' }
  }
}

const entityTag = /^(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"$/

/** If-Match (RFC 9110 §13.1.1). Weak tags never match. Throws 400 where the header cannot be read. */
export function parseMatch(header: string | undefined): Match {
  if (header === undefined) return null
  if (header.trim() === '*') return '*'
  const tags: string[] = []
  const parts = splitTags(header)
  for (const part of parts.length === 0 ? [''] : parts) {
    const found = entityTag.exec(part)
    if (!found) {
      const bare = part.replaceAll('"', '').replace(/^W\//, '').slice(0, 60)
      const right = /^[\x21-\x7e]+$/.test(bare) && bare !== '*' ? `"${bare}"` : '"r1"'
      throw new Problem('malformed_header', `If-Match is not an entity tag. Write it with double quotes: ${right}`)
    }
    if (!found[1]) tags.push(found[2] as string)
  }
  return tags
}

/** The draft's or entry's revisions that a match allows; null where any will do. */
export const revisionsOf = (match: Match): number[] | null =>
  match === null || match === '*'
    ? null
    : match.flatMap(tag => (/^r[1-9][0-9]{0,8}$/.test(tag) ? [Number(tag.slice(1))] : []))

/** The ETag of a draft or an entry of a catalogue. */
export const revisionTag = (revision: number) => `"r${revision}"`

/** Carries the reply of a dry run out of the transaction that it rolls back. */
class DryRun extends Error {
  readonly written: Written
  constructor(written: Written) {
    super('dry run')
    this.written = written
  }
}

interface Reply {
  status: number
  headers: Record<string, string>
  body: string | null
}

const toText = (body: unknown) => (body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body))

const replyOf = ({ status, body, etag, location }: Written): Reply => ({
  status,
  headers: { ...(etag === undefined ? {} : { etag }), ...(location === undefined ? {} : { location }) },
  body: toText(body),
})

const fingerprintOf = (request: FastifyRequest) =>
  createHash('sha256')
    .update(`${request.method}\n${request.url}\n${request.headers['if-match'] ?? ''}\n${mediaTypeOf(request)}\n`)
    .update(request.rawBody ?? '')
    .digest('base64url')

/** The stored reply of an earlier copy of this request. Throws where it is under way or the key was used differently. */
async function findReplay(
  trx: Transaction<Database>,
  caller: string,
  key: string,
  fingerprint: string,
): Promise<Reply | undefined> {
  // A copy must not wait for the first to end, or fifty copies hold fifty connections.
  const lock = await sql<{ got: boolean }>`
    select pg_try_advisory_xact_lock(hashtextextended(${`${caller}\n${key}`}, 0)) as got`.execute(trx)
  if (!lock.rows[0]?.got)
    throw new Problem('idempotency_in_flight', 'A request with this Idempotency-Key is under way.', {
      headers: { 'retry-after': '1' },
    })
  const stored = await trx
    .selectFrom('idempotency_keys')
    .select(['fingerprint', 'status', 'headers', 'body'])
    .where('caller', '=', caller)
    .where('key', '=', key)
    .where('created_at', '>', sql<string>`now() - interval '24 hours'`)
    .executeTakeFirst()
  if (stored && stored.fingerprint !== fingerprint)
    throw new Problem(
      'idempotency_key_reused',
      'This Idempotency-Key was used for another request within 24 hours. Make a new key.',
    )
  return stored
}

function storeReply(trx: Transaction<Database>, caller: string, key: string, fingerprint: string, reply: Reply) {
  const values = { fingerprint, status: reply.status, headers: JSON.stringify(reply.headers), body: reply.body }
  return trx
    .insertInto('idempotency_keys')
    .values({ caller, key, ...values })
    .onConflict(conflict =>
      conflict.columns(['caller', 'key']).doUpdateSet({ ...values, created_at: sql<string>`now()` }),
    )
    .execute()
}

function idempotencyKeyOf(request: FastifyRequest): string | undefined {
  const key = request.headers['idempotency-key']
  if (key === undefined) return undefined
  // The draft standard writes it as a structured-field string; most clients send it bare. Both are one key.
  const bare = String(key).replace(/^"(.*)"$/, '$1')
  if (!/^[\x21-\x7e]{1,255}$/.test(bare))
    throw new Problem('malformed_header', 'Idempotency-Key must be 1 to 255 visible ASCII characters, such as a UUID.')
  return bare
}

/** A proxy that compresses may have made the tag weak: its caller sees the right number, and must be told why it fails. */
function explained(error: unknown, match: string | undefined): unknown {
  const isOfWeak = error instanceof Problem && error.code === 'precondition_failed' && match?.includes('W/"')
  return isOfWeak
    ? new Problem(error.code, `${error.message} A weak tag never matches: leave W/ out.`, error.options)
    : error
}

async function requireMatch(request: FastifyRequest): Promise<void> {
  if (request.headers['if-match'] === undefined)
    throw new Problem('precondition_required', 'Send the ETag of what you read in If-Match, such as If-Match: "r1".')
}

/** Gives the app its `write`. Where a route needs If-Match, a request without it is 428. */
export const write = fp(
  async (app: FastifyInstance, { db }: { db: Kysely<Database> }) => {
    const write: Write = async (request, reply, work) => {
      const match = parseMatch(request.headers['if-match'])
      const { caller } = request
      const actor = { id: caller?.id ?? null, owner: caller?.owner ?? null, requestId: request.id }
      const dryRun = (request.query as { dry_run?: boolean }).dry_run === true
      const key = dryRun ? undefined : idempotencyKeyOf(request)
      const fingerprint = key === undefined ? '' : fingerprintOf(request)
      let committed: (() => void) | undefined
      const done = await transact(db, async trx => {
        const callerId = actor.id ?? ''
        if (key !== undefined) {
          const replay = await findReplay(trx, callerId, key, fingerprint)
          if (replay) return { ...replay, headers: { ...replay.headers, 'idempotent-replayed': 'true' } }
        }
        const written = await work(trx, match)
        committed = written.committed
        if (dryRun) {
          await sql`set constraints all immediate`.execute(trx)
          throw new DryRun(written)
        }
        const result = replyOf(written)
        if (key !== undefined) {
          const kept = written.replayBody === undefined ? result : { ...result, body: toText(written.replayBody) }
          await storeReply(trx, callerId, key, fingerprint, kept)
        }
        if (written.event) await insertEvents(trx, actor, [written.event].flat())
        return result
      }).catch((error: unknown) => {
        if (!(error instanceof DryRun)) throw explained(error, request.headers['if-match'])
        committed = undefined
        return replyOf(error.written)
      })
      committed?.()
      reply.code(done.status).headers(done.headers).header('cache-control', cacheControl.private)
      const sent = done.body === null ? reply.send() : reply.type(jsonType).send(done.body)
      return sent as never
    }
    app.decorate('write', write)
    // Before the body is looked at: who mends its mistakes first would be told of this at the end.
    app.addHook('onRoute', route => {
      if (route.config?.write?.match !== 'required') return
      route.preValidation = [requireMatch, ...[route.preValidation ?? []].flat()]
    })
  },
  { name: 'write' },
)
