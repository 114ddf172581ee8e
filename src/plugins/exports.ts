/**
 * Exports: everything of a kind in one answer, one JSON value a line (NDJSON), as one snapshot has it. The last line
 * says how many lines came before it, their digest, and where the change feed goes on from this snapshot; an answer
 * without it was cut.
 */
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { Kysely } from 'kysely'
import { Type } from 'typebox'
import { openSnapshot } from '../database/connect.ts'
import { cursorOf, type FeedEnd, findFeedEnd } from '../database/events.ts'
import type { Database } from '../database/types.ts'
import { component, object } from '../document/shape.ts'
import { Problem } from './problems.ts'
import { cacheControl, digestTag, isFresh } from './read.ts'

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

interface Export {
  /** The lines, each with its line feed, in pieces cut anywhere, read from the snapshot as they are asked for. */
  lines: (snapshot: Kysely<Database>) => AsyncIterable<Buffer>
  /** What the lines depend on beside the position of the feed, which makes the ETag with it; nothing where left out. */
  dependsOn?: (snapshot: Kysely<Database>) => Promise<string>
}

/** Resolves when the answer has begun; 503 where there are too many exports already. */
type SendExport = (request: FastifyRequest, reply: FastifyReply, lines: Export) => Promise<never>

declare module 'fastify' {
  interface FastifyInstance {
    sendExport: SendExport
  }
}

export interface ExportLimits {
  /** How many may be sent at once: each holds a connection of the pool. */
  atOnce: number
  /** How long a reader may take nothing before it is cut off. */
  stallMs: number
}

const defaults: ExportLimits = { atOnce: 2, stallMs: 20_000 }

export const ndjsonType = 'application/x-ndjson'

/** How much is read ahead of who takes it. */
const bytesAhead = 256 * 1024

/** The lines, and the last line. */
async function* withEnd(lines: AsyncIterable<Buffer>, end: FeedEnd): AsyncGenerator<Buffer> {
  const hash = createHash('sha256')
  let count = 0
  for await (const piece of lines) {
    hash.update(piece)
    for (let at = piece.indexOf(0x0a); at >= 0; at = piece.indexOf(0x0a, at + 1)) count += 1
    yield piece
  }
  yield Buffer.from(
    `${JSON.stringify({ type: 'end', count, digest: hash.digest('hex'), feed_cursor: cursorOf(end) })}\n`,
  )
}

export const exports = fp(
  async (app: FastifyInstance, options: { db: Kysely<Database>; limits?: Partial<ExportLimits> | undefined }) => {
    const { db } = options
    const { atOnce, stallMs } = { ...defaults, ...options.limits }
    let running = 0

    const sendExport: SendExport = async (request, reply, { lines, dependsOn }) => {
      if (running >= atOnce)
        throw new Problem('unavailable', `${atOnce} exports are being sent, and no more at once. Try again later.`, {
          headers: { 'retry-after': '30' },
        })
      running += 1
      let snapshot: Awaited<ReturnType<typeof openSnapshot>> | undefined
      const close = async () => {
        running -= 1
        await snapshot?.rollback().execute()
      }
      try {
        snapshot = await openSnapshot(db)
        const end = await findFeedEnd(snapshot)
        reply.header('cache-control', cacheControl.revalidated)
        const depends = (await dependsOn?.(snapshot)) ?? ''
        const etag = digestTag(`${request.url} ${end.position} ${end.occurred_at} ${depends}`)
        reply.header('etag', etag)
        if (isFresh(request.headers, etag)) {
          await close()
          return reply.code(304).send() as never
        }
        reply.type(ndjsonType)
        if (request.method === 'HEAD') {
          await close()
          // Of nothing at all Fastify would say that GET gives nothing; of a stream it says no length.
          return reply.send(Readable.from([])) as never
        }
        const pieces = withEnd(lines(snapshot), end)
        // What goes wrong before the first of them is still answered with a problem.
        const first = await pieces.next()
        const stalled = setTimeout(() => stream.destroy(new Error('the reader of an export took too long')), stallMs)
        const stream = Readable.from(
          (async function* () {
            if (!first.done) yield first.value
            for await (const piece of pieces) {
              stalled.refresh()
              yield piece
            }
          })(),
          { objectMode: false, highWaterMark: bytesAhead },
        )
        stream.once('close', () => {
          clearTimeout(stalled)
          pieces
            .return(undefined)
            .then(close)
            .catch(error => request.log.warn({ err: error }, 'an export did not end cleanly'))
        })
        return reply.send(stream) as never
      } catch (error) {
        await close().catch(() => {})
        throw error
      }
    }
    app.decorate('sendExport', sendExport)
  },
  { name: 'exports' },
)
