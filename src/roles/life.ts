/** The life of a role after its draft: submissions, returns, publications, withdrawals, and the history of each. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { type Kysely, sql, type Transaction } from 'kysely'
import type { TSchema } from 'typebox'
import type { NewEvent } from '../database/events.ts'
import type { Database } from '../database/types.ts'
import { isoNow } from '../database/values.ts'
import { complete, object, ref } from '../document/shape.ts'
import { type Caller, callerOf, type Scope } from '../plugins/auth.ts'
import { Problem } from '../plugins/problems.ts'
import { cacheControl, cursorNumber, page, pageQuery } from '../plugins/read.ts'
import { revisionTag, type Written } from '../plugins/write.ts'
import { settleVacancies } from '../vacancies/store.ts'
import type { PublishedCache } from './cache.ts'
import {
  NewPublication,
  NewReturn,
  NewSubmission,
  NewWithdrawal,
  Publication,
  PublicationList,
  Return,
  ReturnList,
  RoleParams,
  Submission,
  SubmissionList,
  Withdrawal,
  WithdrawalList,
} from './schema.ts'
import { beginOf, findRole, lockRole, nextRevision, type RoleRow } from './store.ts'
import { publish, withdraw } from './versions.ts'

interface Taken {
  event: NewEvent
  /** What else came of it. */
  others?: NewEvent[]
  location?: string
}

/** One kind of step: what it takes, what it does to a locked role, and what its history says. */
interface Step<Input> {
  path: string
  name: string
  summary: string
  scope: Scope
  eventType: string
  create: TSchema
  entry: TSchema
  list: TSchema
  /** Members of the entry beyond revision, time and owner, out of the event. */
  members(event: {
    version: number | null
    after_digest: string | null
    data: Record<string, unknown>
  }): Record<string, unknown>
  take(
    trx: Transaction<Database>,
    caller: Caller,
    row: RoleRow,
    input: Input,
    now: string,
    baseUrl: string,
  ): Promise<Taken>
}

const submit: Step<{ comment: string | null }> = {
  path: 'submissions',
  name: 'Submission',
  summary: 'Ask for review of the draft',
  scope: 'roles:write',
  eventType: 'role_submitted',
  create: NewSubmission,
  entry: Submission,
  list: SubmissionList,
  members: ({ data }) => ({ comment: data.comment }),
  async take(trx, caller, row, { comment }) {
    const next = nextRevision(caller, row)
    const { revision } = next
    await trx
      .updateTable('roles')
      .set({
        ...next,
        submitted_revision: revision,
        submitted_by: caller.owner,
        submitted_at: sql<string>`now()`,
      })
      .where('slug', '=', row.slug)
      .execute()
    return {
      event: { type: 'role_submitted', organisation: row.organisation, role: row.slug, revision, data: { comment } },
    }
  },
}

const sendBack: Step<{ comment: string }> = {
  path: 'returns',
  name: 'Return',
  summary: 'Send a submitted draft back with a comment',
  scope: 'roles:publish',
  eventType: 'role_returned',
  create: NewReturn,
  entry: Return,
  list: ReturnList,
  members: ({ data }) => ({ comment: data.comment }),
  async take(trx, caller, row, { comment }) {
    if (row.submitted_revision !== row.revision)
      throw new Problem('not_in_review', 'The draft is not in review: it was not submitted, or was changed since.')
    const next = nextRevision(caller, row)
    const { revision } = next
    await trx
      .updateTable('roles')
      .set({ ...next, submitted_revision: null })
      .where('slug', '=', row.slug)
      .execute()
    return {
      event: { type: 'role_returned', organisation: row.organisation, role: row.slug, revision, data: { comment } },
    }
  },
}

const publication: Step<{ change_note: string; change_kind: 'editorial' | 'substantive' }> = {
  path: 'publications',
  name: 'Publication',
  summary: 'Publish the draft as the next version',
  scope: 'roles:publish',
  eventType: 'role_published',
  create: NewPublication,
  entry: Publication,
  list: PublicationList,
  members: ({ version, after_digest, data }) => ({
    version,
    change_note: data.change_note,
    change_kind: data.change_kind,
    etag: `"${after_digest}"`,
  }),
  async take(trx, caller, row, note) {
    const { event, version } = await publish(trx, caller, row, note)
    return { event, location: `/v1/roles/${row.slug}/versions/${version}` }
  },
}

const withdrawal: Step<{ reason: string; successor: string | null; open_vacancies: 'keep' | 'withdraw' | null }> = {
  path: 'withdrawals',
  name: 'Withdrawal',
  summary: 'Withdraw the published role',
  scope: 'roles:publish',
  eventType: 'role_withdrawn',
  create: NewWithdrawal,
  entry: Withdrawal,
  list: WithdrawalList,
  members: ({ version, data }) => ({ version, reason: data.reason, successor: data.successor }),
  async take(trx, caller, row, { reason, successor, open_vacancies }, now, baseUrl) {
    const { event } = await withdraw(trx, caller, row, { reason, successor })
    const others = await settleVacancies(trx, caller, row.slug, open_vacancies, reason, now, baseUrl)
    return { event, others }
  },
}

interface Options {
  db: Kysely<Database>
  cache: PublishedCache
  clock: () => Date
  baseUrl: string
}

const routesOf =
  <Input>(step: Step<Input>): FastifyPluginAsyncTypebox<Options> =>
  async (app, { db, cache, clock, baseUrl }) => {
    const { path, name, summary, scope, entry, list } = step

    app.get(
      '',
      {
        schema: {
          operationId: `list${name}s`,
          summary: `List the ${path} of a role, the newest first`,
          tags: ['Life of a role'],
          params: RoleParams,
          querystring: object(pageQuery),
          response: { 200: ref(list) },
        },
        config: { scope: 'roles:read_drafts' },
      },
      async (request, reply) => {
        const { role } = request.params
        await findRole(db, callerOf(request), role)
        const before = cursorNumber(request)
        let query = db
          .selectFrom('events')
          .select(['id', 'revision', 'version', 'occurred_at', 'owner', 'after_digest', 'data'])
          .where('role', '=', role)
          .where('type', '=', step.eventType)
          .where('id', '>', beginOf(role))
        if (before !== undefined) query = query.where('id', '<', before)
        const rows = await query
          .orderBy('id', 'desc')
          .limit(request.query.limit + 1)
          .execute()
        const { entries, next_cursor } = page(request, reply, rows, ({ id }) => String(id))
        reply.header('cache-control', cacheControl.private)
        const history = entries.map(event => ({
          revision: event.revision,
          occurred_at: event.occurred_at,
          by: event.owner,
          ...step.members(event),
        }))
        return { [path]: history, next_cursor }
      },
    )

    app.post(
      '',
      {
        schema: {
          operationId: `create${name}`,
          summary,
          description: 'Takes the draft’s ETag in If-Match and answers with its new one.',
          tags: ['Life of a role'],
          params: RoleParams,
          body: ref(step.create),
          response: { 201: ref(entry) },
        },
        config: { scope, write: { match: 'required' } },
      },
      (request, reply) =>
        app.write(request, reply, async (trx, match): Promise<Written> => {
          const caller = callerOf(request)
          const { role } = request.params
          const row = await lockRole(trx, caller, role, match)
          const input = complete(step.create, request.body) as Input
          const {
            event,
            others = [],
            location,
          } = await step.take(trx, caller, row, input, clock().toISOString(), baseUrl)
          const { revision = row.revision, version = null, afterDigest = null, data = {} } = event
          const occurredAt = isoNow()
          const isPublic = event.public === true
          return {
            status: 201,
            etag: revisionTag(revision),
            location: location ?? `/v1/roles/${role}/${path}`,
            body: {
              revision,
              occurred_at: occurredAt,
              by: caller.owner,
              ...step.members({ version, after_digest: afterDigest, data }),
            },
            event: [{ ...event, occurredAt }, ...others],
            ...(isPublic ? { committed: () => cache.drop(role, step === publication ? (version ?? 0) : 0) } : {}),
          }
        }),
    )
  }

export const lifeOfRoles: FastifyPluginAsyncTypebox<Options> = async (app, options) => {
  for (const step of [submit, sendBack, publication, withdrawal])
    app.register(routesOf(step as Step<unknown>), { ...options, prefix: `/roles/:role/${step.path}` })
}
