import { type Static, Type } from 'typebox'
import { cursorPattern } from '../database/events.ts'
import { Slug } from '../document/schema.ts'
import { component, newOf, nullable, object, oneOf, pageOf, patchOf, ref } from '../document/shape.ts'
import { changeTypes } from '../feed/schema.ts'
import { Since } from '../plugins/read.ts'
import { urlMax } from './address.ts'

const Time = Type.String({ format: 'date-time', maxLength: 40 })
const Id = Type.String({ format: 'uuid' })
const Filter = <T extends Parameters<typeof Type.Array>[0]>(items: T, maxItems: number, description: string) =>
  Type.Array(items, { maxItems, uniqueItems: true, default: [], description })

export const WebhookParams = Type.Object({ id: Id })

export const DeliveryId = Type.String({
  pattern: '^(evt_[0-9]{1,15}|ping_[0-9a-f-]{36})$',
  description: 'The `webhook-id` header: the same in every attempt, and after a replay.',
})
export const DeliveryParams = Type.Object({ id: Id, delivery: DeliveryId })

const settings = {
  url: Type.String({
    minLength: 1,
    maxLength: urlMax,
    description: 'Where events are sent: https, port 443 or 8443, a host of the public internet.',
  }),
  description: nullable(Type.String({ minLength: 1, maxLength: 200, pattern: '\\S' })),
  event_types: Filter(oneOf(changeTypes), changeTypes.length, 'Only events of these types; empty is all.'),
  organisations: Filter(Slug, 100, 'Only events of these organisations; empty is all.'),
  roles: Filter(Slug, 100, 'Only events of these roles and their vacancies; empty is all.'),
  enabled: Type.Boolean({ default: true, description: 'Nothing is sent while it is false.' }),
}

const example = { url: 'https://jobs.example.org/hooks/roles', event_types: ['role.published' as const] }

/** What a caller says of a webhook. */
export const WebhookSettings = component('WebhookSettings', object(settings))
export type WebhookSettings = Static<typeof WebhookSettings>
export const NewWebhook = newOf(WebhookSettings, example)
export const WebhookPatch = patchOf('WebhookPatch', { enabled: true })

const members = {
  id: Id,
  organisation: Slug,
  ...settings,
  disabled_at: nullable(Time),
  disabled_reason: nullable(
    oneOf(['by_request', 'failing', 'gone'], {
      description: '`failing`: every attempt failed for five days. `gone`: the receiver answered 410.',
    }),
  ),
  failing_since: nullable(
    Type.String({ ...Time, description: 'The first failure since the last success. The ETag changes with it.' }),
  ),
  old_secret_until: nullable(Type.String({ ...Time, description: 'Until then both secrets sign, or signed.' })),
  created_at: Time,
  created_by: nullable(Type.String({ description: 'The owner of the credential that made it.' })),
  updated_at: Time,
}

export const Webhook = component('Webhook', object(members))
export type Webhook = Static<typeof Webhook>

/** A webhook with a secret just made. A replay of the request has `secret` null and `secret_shown` false, a dry run too. */
export const WebhookWithSecret = component(
  'WebhookWithSecret',
  object({
    ...members,
    secret: nullable(
      Type.String({ description: 'What the signatures are made with: `whsec_` and base64. It is shown once.' }),
    ),
    secret_shown: Type.Boolean({ description: 'False where the secret was shown before, or nothing was stored.' }),
  }),
)

export const WebhookList = pageOf(
  'WebhookList',
  'webhooks',
  component('WebhookSummary', object({ ...members, etag: Type.String() })),
)

export const NewSecret = component(
  'NewWebhookSecret',
  object(
    {
      overlap_seconds: Type.Optional(
        Type.Integer({
          minimum: 0,
          maximum: 30 * 86_400,
          default: 86_400,
          description: 'How long the secret before it signs too; a day where it is left out. Of older ones none does.',
        }),
      ),
    },
    { examples: [{ overlap_seconds: 3600 }] },
  ),
)

const Attempt = component(
  'WebhookAttempt',
  object({
    number: Type.Integer(),
    started_at: Time,
    duration_ms: Type.Integer(),
    status: nullable(Type.Integer({ description: 'What the receiver answered; null where nothing came.' })),
    error: nullable(Type.String({ description: 'Why it failed, in a sentence; null where it did not.' })),
    response: nullable(Type.String({ description: 'The first 500 characters of the body of a failure.' })),
  }),
)
export type Attempt = Static<typeof Attempt>

const delivery = {
  id: DeliveryId,
  event_type: Type.String({ description: 'The type as the message has it: of a change, or `ping`.' }),
  position: nullable(Type.Integer({ description: 'Of the event in the change feed; null is a ping.' })),
  status: oneOf(['pending', 'delivered', 'failed']),
  attempts: Type.Integer({ description: 'How many were made.' }),
  created_at: Time,
  next_attempt_at: nullable(
    Type.String({
      ...Time,
      description: 'Not before then; null when finished, and while the webhook is disabled.',
    }),
  ),
}

const DeliverySummary = component(
  'WebhookDeliverySummary',
  object({ ...delivery, last_attempt: nullable(ref(Attempt)) }),
)
export type DeliverySummary = Static<typeof DeliverySummary>
export const DeliveryStatus = delivery.status
export const DeliveryList = pageOf('WebhookDeliveryList', 'deliveries', DeliverySummary)

export const Delivery = component(
  'WebhookDelivery',
  object({
    ...delivery,
    attempt_log: Type.Array(ref(Attempt), { description: 'The newest first, at most 100.' }),
  }),
)
export type Delivery = Static<typeof Delivery>

export const NewReplay = component(
  'NewWebhookReplay',
  object(
    {
      delivery: Type.Optional(nullable(DeliveryId)),
      after: Type.Optional(
        Type.Unsafe<number | string | null>({
          type: ['integer', 'null', 'string'],
          minimum: 0,
          maximum: 999_999_999_999_999,
          maxLength: 100,
          pattern: cursorPattern,
          default: null,
          description: 'A position of the feed, or a cursor of it: `next_cursor`, or `feed_cursor` of an export.',
        }),
      ),
      since: Type.Optional(nullable(Type.String({ ...Since, description: 'When the first of the events happened.' }))),
    },
    {
      description: 'One of the three: one delivery, or the events after a place in the feed, or since a time.',
      examples: [{ after: 0 }],
    },
  ),
)
export type NewReplay = Static<typeof NewReplay>

export const Replay = component(
  'WebhookReplay',
  object({
    deliveries: Type.Integer({ description: 'How many will be sent, at most 10,000 at once.' }),
    last_position: nullable(Type.Integer({ description: 'Of the last of them; null where there is none.' })),
    more: Type.Boolean({ description: 'Whether more events follow: ask again with `after` set to `last_position`.' }),
  }),
)
export type Replay = Static<typeof Replay>
