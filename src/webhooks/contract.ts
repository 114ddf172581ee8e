/** What receivers of webhooks get and what they may answer, as the `webhooks` of OpenAPI 3.1 say it. */
import { type TSchema, Type } from 'typebox'
import { component, object, placeOf } from '../document/shape.ts'
import { type ChangeType, changeSchemas } from '../feed/schema.ts'
import { DeliveryId } from './schema.ts'

const Ping = component(
  'WebhookPing',
  object({
    specversion: Type.Literal('1.0'),
    id: Type.String({ description: 'The same as `webhook-id`.' }),
    source: Type.String({ format: 'uri', description: 'The webhooks of this register.' }),
    type: Type.Literal('ping'),
    subject: Type.String({ description: 'The path of the webhook.' }),
    time: Type.String({ format: 'date-time' }),
    datacontenttype: Type.Literal('application/json'),
    data: Type.Object({}, { additionalProperties: false }),
  }),
)

const summaries: Record<ChangeType | 'ping', string> = {
  'role.published': 'A version of a role was published',
  'role.withdrawn': 'A role was withdrawn',
  'vacancy.opened': 'A vacancy opened',
  'vacancy.updated': 'An open vacancy was changed',
  'vacancy.closed': 'A vacancy closed',
  'vacancy.withdrawn': 'A vacancy was withdrawn',
  ping: 'Somebody asked for a test',
}

const header = (name: string, description: string, schema: TSchema) => ({
  in: 'header',
  name,
  required: true,
  description,
  schema,
})

const parameters = [
  header('webhook-id', 'The same in every attempt, and after a replay: drop what you have had.', DeliveryId),
  header(
    'webhook-timestamp',
    'When this attempt was made, in seconds since 1970. Refuse what is older than some minutes.',
    Type.String({ pattern: '^[0-9]{10,12}$' }),
  ),
  header(
    'webhook-signature',
    'By the secret of the webhook, as the Standard Webhooks specification says: of id, timestamp and body. While a secret is replaced there are two, with a space between them.',
    Type.String({ pattern: '^v1,[A-Za-z0-9+/]{43}=( v1,[A-Za-z0-9+/]{43}=)?$' }),
  ),
]

const later = {
  'Retry-After': {
    description: 'In seconds, or as a date: no attempt is made before it, up to a day.',
    schema: { type: 'string' },
  },
}

const responses = {
  '2XX': { description: 'It was taken. The body is not read.' },
  '410': { description: 'The receiver is gone: the webhook is disabled.' },
  '429': { description: 'Too many: it is sent again, not before `Retry-After`.', headers: later },
  '503': { description: 'Not now: it is sent again, not before `Retry-After`.', headers: later },
  default: { description: 'It is sent again, for five days. Redirects are not followed.' },
}

/** `role.published` is `sendRolePublished`. */
const operationId = (type: string) =>
  `send${type
    .split('.')
    .map(word => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join('')}`

/** The messages by their types. */
export const receiverContract = Object.fromEntries(
  Object.entries({ ...changeSchemas, ping: Ping }).map(([type, schema]) => [
    type,
    {
      post: {
        operationId: operationId(type),
        summary: summaries[type as ChangeType | 'ping'],
        description:
          'Sent to the `url` of each webhook that asked for it, by POST. Answer within 15 seconds. It comes at least once, and in no promised order.',
        tags: ['Webhooks'],
        security: [],
        parameters,
        requestBody: {
          required: true,
          // One component may be sent by several types.
          content: { 'application/json': { schema: { $ref: placeOf(schema), properties: { type: { const: type } } } } },
        },
        responses,
      },
    },
  ]),
)
