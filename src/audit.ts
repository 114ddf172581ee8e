/** The audit log: every change and every refusal to a known caller, as `events` holds them. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { Kysely } from 'kysely'
import { Type } from 'typebox'
import { transact } from './database/connect.ts'
import { insertEvents } from './database/events.ts'
import type { Database } from './database/types.ts'
import { Slug } from './document/schema.ts'
import { component, nullable, object, pageOf, ref } from './document/shape.ts'
import { callerOf, organisationFor, organisationOf } from './plugins/auth.ts'
import { pathOf } from './plugins/path.ts'
import { cacheControl, cursorNumber, page, pageQuery, Since } from './plugins/read.ts'
import { requireKnownValues } from './roles/known-values.ts'

const Word = Type.String({ minLength: 1, maxLength: 200 })
const Time = Type.String({ format: 'date-time' })

const AuditEvent = component(
  'AuditEvent',
  object({
    id: Type.Integer(),
    position: nullable(Type.Integer({ description: 'In the change feed; null where the event is not public.' })),
    type: Type.String({ description: 'What happened: `role_published`, or `refused`.' }),
    occurred_at: Time,
    actor: nullable(
      Type.String({ description: 'The credential: `key:{id}` or `token:{subject}`; null is the register.' }),
    ),
    owner: nullable(Type.String({ description: 'The person or system that the credential belongs to.' })),
    organisation: nullable(Type.String()),
    role: nullable(Type.String()),
    subject: nullable(Type.String({ description: 'The path of what it is about, where it is not a role.' })),
    revision: nullable(Type.Integer()),
    version: nullable(Type.Integer()),
    before_digest: nullable(Type.String()),
    after_digest: nullable(Type.String()),
    request_id: nullable(Type.String()),
    data: Type.Unsafe<Record<string, unknown>>({
      type: 'object',
      description: 'What else there is to say of this type.',
    }),
  }),
)
const AuditEventList = pageOf('AuditEventList', 'audit_events', AuditEvent)

const members = [
  'id',
  'position',
  'type',
  'occurred_at',
  'actor',
  'owner',
  'organisation',
  'role',
  'subject',
  'revision',
  'version',
  'before_digest',
  'after_digest',
  'request_id',
  'data',
] as const

/** Writes down what a known caller was refused, in a short transaction of its own: the request's own was rolled back. */
export const refusals = fp(
  async (app: FastifyInstance, { db }: { db: Kysely<Database> }) => {
    const writing = new Set<Promise<void>>()
    app.addHook('onResponse', (request, reply, done) => {
      done()
      const { caller, refusal } = request
      if (!caller || refusal === null) return
      const actor = { id: caller.id, owner: caller.owner, requestId: request.id }
      const data = { method: request.method, status: reply.statusCode, code: refusal }
      const subject = pathOf(request.url).slice(0, 300)
      const note = transact(db, trx =>
        insertEvents(trx, actor, [{ type: 'refused', organisation: caller.organisation, subject, data }]),
      )
        .catch(error => request.log.warn({ err: error }, 'a refusal could not be written down'))
        .finally(() => writing.delete(note))
      writing.add(note)
    })
    app.addHook('onClose', async () => {
      await Promise.all(writing)
    })
  },
  { name: 'refusals' },
)

export const auditEvents: FastifyPluginAsyncTypebox<{ db: Kysely<Database> }> = async (app, { db }) => {
  app.get(
    '/audit-events',
    {
      schema: {
        operationId: 'listAuditEvents',
        summary: 'List what was done and refused in your organisation, the newest first',
        tags: ['Audit'],
        querystring: object({
          type: Type.Optional(Word),
          role: Type.Optional(Slug),
          subject: Type.Optional(Type.String({ minLength: 1, maxLength: 300 })),
          actor: Type.Optional(Word),
          owner: Type.Optional(Word),
          organisation: Type.Optional(Slug),
          request_id: Type.Optional(Word),
          since: Type.Optional(Since),
          until: Type.Optional(Since),
          ...pageQuery,
        }),
        response: { 200: ref(AuditEventList) },
      },
      config: { scope: 'audit:read' },
    },
    async (request, reply) => {
      const { limit, since, until, cursor: _, ...filter } = request.query
      const before = cursorNumber(request)
      const caller = callerOf(request)
      if (filter.organisation !== undefined) organisationFor(caller, filter.organisation)
      const own = organisationOf(caller)
      let query = db.selectFrom('events').select(members)
      if (own !== null) query = query.where('organisation', '=', own)
      for (const name of ['type', 'role', 'subject', 'actor', 'owner', 'organisation', 'request_id'] as const) {
        const value = filter[name]
        if (value !== undefined) query = query.where(name, '=', value)
      }
      if (since !== undefined) query = query.where('occurred_at', '>=', since)
      if (until !== undefined) query = query.where('occurred_at', '<', until)
      if (before !== undefined) query = query.where('id', '<', before)
      const rows = await query
        .orderBy('id', 'desc')
        .limit(limit + 1)
        .execute()
      if (rows.length === 0) await requireKnownValues(db, { organisation: filter.organisation })
      const { entries, next_cursor } = page(request, reply, rows, ({ id }) => String(id))
      reply.header('cache-control', cacheControl.private)
      return { audit_events: entries, next_cursor }
    },
  )
}
