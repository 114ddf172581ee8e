/** Webhooks of an organisation: who is told of public events, what was sent, and sending it again. */
import { randomUUID } from 'node:crypto'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import type { Kysely, Transaction } from 'kysely'
import { Type } from 'typebox'
import { requireOrganisations } from '../catalogues/store.ts'
import type { NewEvent } from '../database/events.ts'
import type { Database } from '../database/types.ts'
import { Slug } from '../document/schema.ts'
import { complete, object, ref } from '../document/shape.ts'
import { callerOf, organisationFor, organisationOf } from '../plugins/auth.ts'
import { patched } from '../plugins/body.ts'
import { invalid, notFound, Problem } from '../plugins/problems.ts'
import { cursorKey, cursorNumber, digestTag, page, pageQuery, sendEntity } from '../plugins/read.ts'
import { revisionTag, type Written } from '../plugins/write.ts'
import { requireKnownValues } from '../roles/known-values.ts'
import { type Reach, wrongAddress } from './address.ts'
import { findDelivery, insertPing, listDeliveries, replay } from './deliveries.ts'
import { pathOf, webhookEvent } from './event.ts'
import {
  Delivery,
  DeliveryList,
  DeliveryParams,
  DeliveryStatus,
  NewReplay,
  NewSecret,
  NewWebhook,
  Replay,
  Webhook,
  WebhookList,
  WebhookParams,
  WebhookPatch,
  WebhookSettings,
  WebhookWithSecret,
} from './schema.ts'
import { makeSecret, seal } from './secret.ts'
import {
  deleteWebhook,
  findWebhook,
  insertWebhook,
  listWebhooks,
  lockWebhook,
  presentWebhook,
  replaceSecret,
  requireRoles,
  settingsOf,
  updateWebhook,
  type WebhookRow,
} from './store.ts'

export interface WebhookOptions extends Reach {
  /** What secrets are encrypted with. */
  key: string
}

interface Options extends WebhookOptions {
  db: Kysely<Database>
}

const manage = { scope: 'webhooks:manage' } as const
const tags = ['Webhooks']

/** The answer that shows a secret, once; a dry run stored none. */
function shown(request: FastifyRequest, row: WebhookRow, secret: string, event: NewEvent): Written {
  const isDryRun = (request.query as { dry_run?: boolean }).dry_run === true
  const unshown = { ...presentWebhook(row), secret: null, secret_shown: false }
  return {
    status: 200,
    body: isDryRun ? unshown : { ...unshown, secret, secret_shown: true },
    replayBody: unshown,
    etag: revisionTag(row.revision),
    event,
  }
}

/** Throws 409 where nothing is sent now. */
function requireEnabled(row: WebhookRow): void {
  if (row.disabled_at !== null)
    throw new Problem('conflict', 'The webhook is disabled. Set enabled to true first, by PATCH.')
}

export const webhooks: FastifyPluginAsyncTypebox<Options> = async (app, { db, key, allowLoopback }) => {
  /** Throws 422 with all that the schema cannot tell. */
  const requireValid = async (trx: Transaction<Database>, organisation: string, settings: WebhookSettings) => {
    const { url, organisations, roles } = settings
    const wrong = wrongAddress(url, { allowLoopback })
    if (wrong) throw invalid([{ pointer: '/url', code: 'wrong_address', detail: wrong }])
    const named = organisations.map((slug, index) => ({ pointer: `/organisations/${index}`, slug }))
    await requireOrganisations(trx, named)
    await requireRoles(trx, organisation, roles)
  }

  app.get(
    '/webhooks',
    {
      schema: {
        operationId: 'listWebhooks',
        summary: 'List the webhooks of your organisation',
        tags,
        querystring: object({
          organisation: Type.Optional(Type.String({ ...Slug, description: 'Only webhooks of this organisation.' })),
          ...pageQuery,
        }),
        response: { 200: ref(WebhookList) },
      },
      config: manage,
    },
    async (request, reply) => {
      const caller = callerOf(request)
      const { organisation: named, limit } = request.query
      const organisation = named === undefined ? organisationOf(caller) : organisationFor(caller, named)
      const rows = await listWebhooks(db, organisation, limit + 1, cursorKey(request))
      if (rows.length === 0) await requireKnownValues(db, { organisation: named })
      const { entries, next_cursor } = page(request, reply, rows, ({ id }) => id)
      const listed = entries.map(row => ({ ...presentWebhook(row), etag: revisionTag(row.revision) }))
      const body = JSON.stringify({ webhooks: listed, next_cursor })
      return sendEntity(request, reply, { body, etag: digestTag(body), cache: 'private' })
    },
  )

  app.post(
    '/webhooks',
    {
      schema: {
        operationId: 'createWebhook',
        summary: 'Create a webhook',
        description:
          'Events published from now on are sent to it, signed by the Standard Webhooks specification. The secret is shown in this answer and never again.',
        tags,
        querystring: object({
          organisation: Type.Optional(
            Type.String({ ...Slug, description: 'The organisation of your key where it is left out.' }),
          ),
        }),
        body: ref(NewWebhook),
        response: { 201: ref(WebhookWithSecret) },
      },
      config: { ...manage, write: { match: 'none' } },
    },
    (request, reply) =>
      app.write(request, reply, async trx => {
        const caller = callerOf(request)
        const organisation = organisationFor(caller, request.query.organisation)
        const settings = complete(WebhookSettings, request.body)
        await requireOrganisations(trx, [{ pointer: '?organisation', slug: organisation }])
        await requireValid(trx, organisation, settings)
        const [id, secret] = [randomUUID(), makeSecret()]
        const values = { id, organisation, secret: seal(key, id, secret), created_by: caller.owner }
        const row = await insertWebhook(trx, values, settings)
        const event = webhookEvent('webhook_created', undefined, row, { url: row.url })
        return { ...shown(request, row, secret, event), status: 201, location: pathOf(id) }
      }),
  )

  app.get(
    '/webhooks/:id',
    {
      schema: {
        operationId: 'getWebhook',
        summary: 'Get a webhook',
        description: 'Never its secret.',
        tags,
        params: WebhookParams,
        response: { 200: ref(Webhook) },
      },
      config: manage,
    },
    async (request, reply) => {
      const row = await findWebhook(db, callerOf(request), request.params.id)
      const body = JSON.stringify(presentWebhook(row))
      return sendEntity(request, reply, { body, etag: revisionTag(row.revision), cache: 'private' })
    },
  )

  app.patch(
    '/webhooks/:id',
    {
      schema: {
        operationId: 'patchWebhook',
        summary: 'Change a webhook',
        description:
          'A JSON merge patch (RFC 7396) of what creating it takes. Enabling it sends the deliveries that were kept while it was disabled; what was published meanwhile comes by a replay.',
        tags,
        params: WebhookParams,
        body: ref(WebhookPatch),
        response: { 200: ref(Webhook) },
      },
      config: { ...manage, write: { match: 'required' } },
    },
    (request, reply) =>
      app.write(request, reply, async (trx, match) => {
        const before = await lockWebhook(trx, callerOf(request), request.params.id, match)
        const old = settingsOf(before)
        const settings = complete(WebhookSettings, patched(request, 'NewWebhookSettings', old))
        const changed = Object.keys(settings).filter(name => {
          const member = name as keyof WebhookSettings
          return JSON.stringify(settings[member]) !== JSON.stringify(old[member])
        })
        if (changed.length === 0)
          return { status: 200, body: presentWebhook(before), etag: revisionTag(before.revision) }
        await requireValid(trx, before.organisation, settings)
        const row = await updateWebhook(trx, before, settings)
        const event = webhookEvent('webhook_updated', before, row, { changed: changed.map(name => `/${name}`) })
        return { status: 200, body: presentWebhook(row), etag: revisionTag(row.revision), event }
      }),
  )

  app.delete(
    '/webhooks/:id',
    {
      schema: {
        operationId: 'deleteWebhook',
        summary: 'Delete a webhook',
        description: 'With the log of its deliveries. What is being sent at this moment may still arrive.',
        tags,
        params: WebhookParams,
        response: { 204: Type.Null() },
      },
      config: { ...manage, write: { match: 'required' } },
    },
    (request, reply) =>
      app.write(request, reply, async (trx, match) => {
        const before = await lockWebhook(trx, callerOf(request), request.params.id, match)
        await deleteWebhook(trx, before.id)
        return { status: 204, event: webhookEvent('webhook_deleted', before, undefined) }
      }),
  )

  app.post(
    '/webhooks/:id/rotations',
    {
      schema: {
        operationId: 'rotateWebhookSecret',
        summary: 'Replace the secret of a webhook',
        description:
          'The new secret is shown in this answer and never again. For `overlap_seconds` every message has two signatures, one by each secret.',
        tags,
        params: WebhookParams,
        body: ref(NewSecret),
        response: { 200: ref(WebhookWithSecret) },
      },
      config: { ...manage, write: { match: 'optional' } },
    },
    (request, reply) =>
      app.write(request, reply, async (trx, match) => {
        const before = await lockWebhook(trx, callerOf(request), request.params.id, match)
        const { overlap_seconds = 86_400 } = request.body
        const secret = makeSecret()
        const row = await replaceSecret(trx, before, seal(key, before.id, secret), overlap_seconds)
        const event = webhookEvent('webhook_secret_rotated', before, row, { overlap_until: row.old_secret_until })
        return shown(request, row, secret, event)
      }),
  )

  app.post(
    '/webhooks/:id/pings',
    {
      schema: {
        operationId: 'pingWebhook',
        summary: 'Send a message of the type ping',
        description: 'It is sent, signed, tried again and logged as an event is. The answer is the delivery.',
        tags,
        params: WebhookParams,
        response: { 202: ref(Delivery) },
      },
      config: { ...manage, write: { match: 'none' } },
    },
    (request, reply) =>
      app.write(request, reply, async trx => {
        const row = await lockWebhook(trx, callerOf(request), request.params.id, null)
        requireEnabled(row)
        const id = `ping_${randomUUID()}`
        const body = await insertPing(trx, row.id, id)
        const event = webhookEvent('webhook_pinged', undefined, row, { delivery: id })
        return { status: 202, body, location: `${pathOf(row.id)}/deliveries/${id}`, event }
      }),
  )

  app.post(
    '/webhooks/:id/replays',
    {
      schema: {
        operationId: 'replayWebhook',
        summary: 'Send again what was sent, or missed',
        description:
          'One delivery, or all events after a position of the feed or since a time that the webhook is about, whether or not they were sent before. Each keeps its `webhook-id`.',
        tags,
        params: WebhookParams,
        body: ref(NewReplay),
        response: { 202: ref(Replay) },
      },
      config: { ...manage, write: { match: 'none' } },
    },
    (request, reply) =>
      app.write(request, reply, async trx => {
        const asked = request.body
        const members = (['delivery', 'after', 'since'] as const).filter(name => (asked[name] ?? null) !== null)
        if (members.length !== 1)
          throw invalid([
            { pointer: '', code: 'one_of', detail: 'Send one of delivery, after and since, and only one.' },
          ])
        const row = await lockWebhook(trx, callerOf(request), request.params.id, null)
        requireEnabled(row)
        const body = await replay(trx, row.id, asked)
        const event = webhookEvent('webhook_replayed', undefined, row, { ...asked, ...body })
        return { status: 202, body, ...(body.deliveries > 0 ? { event } : {}) }
      }),
  )

  app.get(
    '/webhooks/:id/deliveries',
    {
      schema: {
        operationId: 'listWebhookDeliveries',
        summary: 'List what was sent to a webhook, the newest first',
        description: 'What is finished is kept for 30 days, what is pending for as long as the webhook is there.',
        tags,
        params: WebhookParams,
        querystring: object({ status: Type.Optional(DeliveryStatus), ...pageQuery }),
        response: { 200: ref(DeliveryList) },
      },
      config: manage,
    },
    async (request, reply) => {
      const { id } = await findWebhook(db, callerOf(request), request.params.id)
      const { limit, status } = request.query
      const before = cursorNumber(request)
      const rows = await listDeliveries(db, id, {
        limit: limit + 1,
        ...(status === undefined ? {} : { status }),
        ...(before === undefined ? {} : { before }),
      })
      const { entries, next_cursor } = page(request, reply, rows, ({ serial }) => String(serial))
      const body = JSON.stringify({ deliveries: entries.map(({ serial: _, ...entry }) => entry), next_cursor })
      return sendEntity(request, reply, { body, etag: digestTag(body), cache: 'private' })
    },
  )

  app.get(
    '/webhooks/:id/deliveries/:delivery',
    {
      schema: {
        operationId: 'getWebhookDelivery',
        summary: 'Get a delivery with its attempts',
        tags,
        params: DeliveryParams,
        response: { 200: ref(Delivery) },
      },
      config: manage,
    },
    async (request, reply) => {
      const { id } = await findWebhook(db, callerOf(request), request.params.id)
      const found = await findDelivery(db, id, request.params.delivery)
      if (!found) throw notFound('delivery', request.params.delivery)
      const body = JSON.stringify(found)
      return sendEntity(request, reply, { body, etag: digestTag(body), cache: 'private' })
    },
  )
}
