/** Whether the process lives, whether it can serve, and whom to tell of a hole in it. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { type Kysely, sql } from 'kysely'
import { Type } from 'typebox'
import { migrationNames } from '../database/migrate.ts'
import type { Database } from '../database/types.ts'
import { component, object, ref } from '../document/shape.ts'
import { Problem } from './problems.ts'
import { jsonType } from './read.ts'

const Health = component('Health', object({ status: Type.Literal('ok') }))
const ok = JSON.stringify({ status: 'ok' })

/** So long one look at the database serves all who ask: a probe is no way to hammer it. */
const readyForMs = 1000
const answerMs = 1500

const notReady = (detail: string) => new Problem('unavailable', detail, { headers: { 'retry-after': '2' } })

interface HealthOptions {
  db: Kysely<Database>
  baseUrl: string
  /** A `mailto:`, `tel:` or https address. */
  securityContact: string
}

/** What keeps the service from serving; undefined where nothing does. Never throws. */
async function findHindrance(db: Kysely<Database>): Promise<Problem | undefined> {
  const limit = new AbortController()
  const tooLate = new Promise<never>((_resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('no answer in time')), answerMs)
    limit.signal.addEventListener('abort', () => clearTimeout(timer))
  })
  const look = async () => {
    const names = await migrationNames()
    const { rows } = await sql<{ applied: number }>`
      select count(*)::int as applied from migrations where name = any(${names})`.execute(db)
    return rows[0]?.applied === names.length ? undefined : notReady('The database lacks a migration of this release.')
  }
  try {
    return await Promise.race([look(), tooLate])
  } catch {
    return notReady('The database does not answer.')
  } finally {
    limit.abort()
  }
}

export const health: FastifyPluginAsyncTypebox<HealthOptions> = async (app, { db, baseUrl, securityContact }) => {
  const probe = { scope: 'public', probe: true } as const
  const response = { 200: ref(Health) }

  app.get(
    '/health/live',
    {
      schema: {
        operationId: 'getLiveness',
        summary: 'Whether the process answers',
        description: 'Asks nothing else, the database least of all: to start it again would not help that.',
        tags: ['Service'],
        response,
      },
      config: probe,
    },
    (_request, reply) =>
      reply
        .header('cache-control', 'no-store')
        .type(jsonType)
        .send(ok as never) as never,
  )

  let lookedAt = Number.NEGATIVE_INFINITY
  let found: Promise<Problem | undefined> | undefined
  app.get(
    '/health/ready',
    {
      schema: {
        operationId: 'getReadiness',
        summary: 'Whether the database answers and has the tables of this release',
        description: '503 with the reason where not. Looked up at most once a second.',
        tags: ['Service'],
        response,
      },
      config: probe,
    },
    async (_request, reply) => {
      if (performance.now() - lookedAt > readyForMs) {
        // Counted from the start: who asks while it runs waits for the same answer.
        lookedAt = performance.now() + answerMs
        found = findHindrance(db).finally(() => {
          lookedAt = performance.now()
        })
      }
      const hindrance = await found
      if (hindrance) throw hindrance
      return reply
        .header('cache-control', 'no-store')
        .type(jsonType)
        .send(ok as never) as never
    },
  )

  app.get(
    '/.well-known/security.txt',
    {
      schema: {
        operationId: 'getSecurityContact',
        summary: 'Whom to tell of a vulnerability (RFC 9116)',
        tags: ['Service'],
        response: { 200: Type.String() },
      },
      config: { scope: 'public', produces: ['text/plain'] },
    },
    (_request, reply) => {
      // RFC 9116 §2.5.5 wants less than a year. A service that still runs stands by what it says for that long. The same
      // all day, as caches keep it.
      const expires = new Date(Date.now() + 180 * 86_400_000).toISOString().replace(/T.*/, 'T00:00:00Z')
      const text = [
        `Contact: ${securityContact}`,
        `Expires: ${expires}`,
        'Preferred-Languages: en',
        `Canonical: ${baseUrl}/.well-known/security.txt`,
        '',
      ].join('\n')
      return reply
        .header('cache-control', 'public, max-age=86400')
        .type('text/plain; charset=utf-8')
        .send(text) as never
    },
  )
}
