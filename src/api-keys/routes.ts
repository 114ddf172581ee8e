/** API keys of the caller's organisation, and who the caller is. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import type { Kysely } from 'kysely'
import { Type } from 'typebox'
import type { NewEvent } from '../database/events.ts'
import type { Database } from '../database/types.ts'
import { Slug } from '../document/schema.ts'
import { object, ref } from '../document/shape.ts'
import {
  type Caller,
  callerOf,
  mayUse,
  organisationFor,
  organisationOf,
  requireOf,
  type Scope,
  scopeNames,
} from '../plugins/auth.ts'
import { Problem } from '../plugins/problems.ts'
import { cursorKey, digestTag, page, pageQuery, sendEntity } from '../plugins/read.ts'
import type { Written } from '../plugins/write.ts'
import { requireKnownValues } from '../roles/known-values.ts'
import { createdEvent, pathOf, revokedEvent, rotatedEvent } from './event.ts'
import { ApiKey, ApiKeyList, ApiKeyParams, ApiKeyWithSecret, Me, NewApiKey, NewRotation } from './schema.ts'
import {
  expiryOf,
  findKey,
  insertKey,
  type KeyRow,
  keyTag,
  listKeys,
  lockKey,
  presentKey,
  revokeKey,
  supersedeKey,
} from './store.ts'

interface Options {
  db: Kysely<Database>
  baseUrl: string
  /** Mixed into the hash of every new key. */
  pepper: string
}

const manage = { scope: 'keys:manage' } as const
const tags = ['API keys']

/** Nobody hands on what they do not have, be it in a new key or in one that takes another's place. */
function requireGrantable(caller: Caller, scopes: readonly string[]): void {
  const lacking = scopes.filter(scope => !mayUse(caller, scope as Scope))
  if (lacking.length > 0)
    throw new Problem('insufficient_scope', `Your key cannot grant what it does not have: ${lacking.join(', ')}.`)
}

/** A dry run stored nothing, so its secret would open nothing. */
const isDryRun = (request: FastifyRequest) => (request.query as { dry_run?: boolean }).dry_run === true

/** The answer that shows a secret, once. */
function shown(request: FastifyRequest, row: KeyRow, text: string, event: NewEvent): Written {
  const unshown = { ...presentKey(row), secret: null, secret_shown: false }
  return {
    status: 201,
    body: isDryRun(request) ? unshown : { ...unshown, secret: text, secret_shown: true },
    replayBody: unshown,
    etag: keyTag(row),
    location: pathOf(row.id),
    event,
  }
}

export const apiKeys: FastifyPluginAsyncTypebox<Options> = async (app, { db, baseUrl, pepper }) => {
  app.get(
    '/api-keys',
    {
      schema: {
        operationId: 'listApiKeys',
        summary: 'List the API keys of your organisation',
        description: 'Expired and revoked keys too. With the scope admin: of all organisations, or of one.',
        tags,
        querystring: object({
          organisation: Type.Optional(Type.String({ ...Slug, description: 'Only keys of this organisation.' })),
          ...pageQuery,
        }),
        response: { 200: ref(ApiKeyList) },
      },
      config: manage,
    },
    async (request, reply) => {
      const caller = callerOf(request)
      const { organisation: named, limit } = request.query
      const organisation = named === undefined ? organisationOf(caller) : organisationFor(caller, named)
      const rows = await listKeys(db, organisation, limit + 1, cursorKey(request))
      if (rows.length === 0) await requireKnownValues(db, { organisation: named })
      const { entries, next_cursor } = page(request, reply, rows, ({ id }) => id)
      const keys = entries.map(row => ({ ...presentKey(row), etag: keyTag(row), url: baseUrl + pathOf(row.id) }))
      const body = JSON.stringify({ api_keys: keys, next_cursor })
      return sendEntity(request, reply, { body, etag: digestTag(body), cache: 'private' })
    },
  )

  app.post(
    '/api-keys',
    {
      schema: {
        operationId: 'createApiKey',
        summary: 'Create an API key',
        description:
          'The secret is shown in this answer and never again. A key cannot grant scopes that it lacks, and only the scope admin makes keys for other organisations.',
        tags,
        body: ref(NewApiKey),
        response: { 201: ref(ApiKeyWithSecret) },
      },
      config: { ...manage, write: { match: 'none' } },
    },
    (request, reply) =>
      app.write(request, reply, async trx => {
        const caller = callerOf(request)
        const { name, owner, owner_kind, scopes } = request.body
        const organisation = organisationFor(caller, request.body.organisation ?? undefined)
        requireGrantable(caller, scopes)
        const expires_at = expiryOf(request.body.expires_at)
        const values = { name, organisation, owner, owner_kind, scopes, expires_at }
        const { row, text } = await insertKey(trx, pepper, caller.owner, values)
        return shown(request, row, text, createdEvent(row))
      }),
  )

  app.get(
    '/api-keys/:id',
    {
      schema: {
        operationId: 'getApiKey',
        summary: 'Get an API key',
        description: 'Never its secret. The ETag covers all but `last_used_at`.',
        tags,
        params: ApiKeyParams,
        response: { 200: ref(ApiKey) },
      },
      config: manage,
    },
    async (request, reply) => {
      const caller = callerOf(request)
      const { id } = request.params
      const row = requireOf(caller, await findKey(db, caller, id), 'API key', id)
      return sendEntity(request, reply, { body: JSON.stringify(presentKey(row)), etag: keyTag(row), cache: 'private' })
    },
  )

  app.delete(
    '/api-keys/:id',
    {
      schema: {
        operationId: 'revokeApiKey',
        summary: 'Revoke an API key',
        description:
          'It stops working at once, whatever scopes it has. It stays listed, so that it is known later who had which key.',
        tags,
        params: ApiKeyParams,
        response: { 200: ref(ApiKey) },
      },
      config: { ...manage, write: { match: 'required' } },
    },
    (request, reply) =>
      app.write(request, reply, async (trx, match) => {
        const before = await lockKey(trx, callerOf(request), request.params.id, match)
        if (before.revoked_at !== null) return { status: 200, body: presentKey(before), etag: keyTag(before) }
        const row = await revokeKey(trx, before.id)
        return { status: 200, body: presentKey(row), etag: keyTag(row), event: revokedEvent(before, row) }
      }),
  )

  app.post(
    '/api-keys/:id/rotations',
    {
      schema: {
        operationId: 'rotateApiKey',
        summary: 'Replace an API key by a new one',
        description:
          'The new key has the name, owner, organisation and scopes of the old one, which works for `overlap_seconds` more. The answer is the new key; its secret is never shown again.',
        tags,
        params: ApiKeyParams,
        body: ref(NewRotation),
        response: { 201: ref(ApiKeyWithSecret) },
      },
      config: { ...manage, write: { match: 'optional' } },
    },
    (request, reply) =>
      app.write(request, reply, async (trx, match) => {
        const caller = callerOf(request)
        const { overlap_seconds = 86_400, expires_at } = request.body
        const before = await lockKey(trx, caller, request.params.id, match)
        requireGrantable(caller, before.scopes)
        requireLive(before)
        const { name, organisation, owner, owner_kind } = before
        const scopes = scopeNames.filter(scope => before.scopes.includes(scope))
        const values = { name, organisation, owner, owner_kind, scopes, expires_at: expiryOf(expires_at) }
        const { row, text } = await insertKey(trx, pepper, caller.owner, values)
        const old = await supersedeKey(trx, before.id, row.id, overlap_seconds)
        return shown(request, row, text, rotatedEvent(before, old, row))
      }),
  )

  app.get(
    '/me',
    {
      schema: {
        operationId: 'getMe',
        summary: 'Who you are to the register',
        tags,
        response: { 200: ref(Me) },
      },
      config: { scope: 'any' },
    },
    async (request, reply) => {
      const { id, owner, organisation, scopes, expiresAt = null } = callerOf(request)
      const names = scopeNames.filter(scope => scopes.has(scope))
      const body = JSON.stringify({ id, owner, organisation, scopes: names, expires_at: expiresAt })
      return sendEntity(request, reply, { body, etag: digestTag(body), cache: 'private' })
    },
  )
}

/** Throws 409 for a key that no longer works, or has a successor already. */
function requireLive(row: KeyRow): void {
  if (row.revoked_at !== null) throw new Problem('conflict', 'This key is revoked. Create a new one.')
  if (row.rotated_to !== null)
    throw new Problem('conflict', `This key was rotated to "${row.rotated_to}". Rotate that one.`)
  if (row.expires_at !== null && Date.parse(row.expires_at) <= Date.now())
    throw new Problem('conflict', 'This key has expired. Create a new one.')
}
