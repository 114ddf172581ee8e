import { type Static, Type } from 'typebox'
import { Slug } from '../document/schema.ts'
import { component, nullable, object, oneOf, ref } from '../document/shape.ts'
import { scopeNames } from '../plugins/auth.ts'

const Time = Type.String({ format: 'date-time', maxLength: 40 })
const Line = (description: string) => Type.String({ minLength: 1, maxLength: 200, pattern: '\\S', description })
const KeyId = Type.String({
  pattern: '^[0-9A-Za-z]{8}$',
  description: 'The eight characters that stand in the key itself.',
})
const Scope = oneOf(scopeNames)
const OwnerKind = oneOf(['person', 'system'], { description: 'Whether the owner is a person or a system.' })

export const ApiKeyParams = Type.Object({ id: KeyId })

const members = {
  id: KeyId,
  name: Line('What the key is for.'),
  organisation: Slug,
  owner: Line('The person or system that the key belongs to; four-eyes compares owners.'),
  owner_kind: OwnerKind,
  scopes: Type.Array(Scope),
  created_at: Time,
  created_by: nullable(Type.String({ description: 'The owner of the credential that made it; null is the command.' })),
  expires_at: nullable(Time),
  revoked_at: nullable(Time),
  last_used_at: nullable(Type.String({ ...Time, description: 'A few seconds late. The ETag does not cover it.' })),
  rotated_to: nullable(Type.String({ ...KeyId, description: 'The key that took its place.' })),
}

/** What is told of a key. There is no way to get its secret or the hash of it. */
export const ApiKey = component('ApiKey', object(members))
export type ApiKey = Static<typeof ApiKey>

/** A key just made. A replay of the request has `secret` null and `secret_shown` false, and so has a dry run. */
export const ApiKeyWithSecret = component(
  'ApiKeyWithSecret',
  object({
    ...members,
    secret: nullable(Type.String({ description: 'The key itself, to be sent as a bearer token. It is shown once.' })),
    secret_shown: Type.Boolean({ description: 'False where the secret was shown before, or nothing was stored.' }),
  }),
)

const ApiKeySummary = component(
  'ApiKeySummary',
  object({ ...members, etag: Type.String(), url: Type.String({ format: 'uri' }) }),
)

export const ApiKeyList = component(
  'ApiKeyList',
  object({
    api_keys: Type.Array(ref(ApiKeySummary)),
    next_cursor: nullable(Type.String({ description: 'Of the next page; null on the last.' })),
  }),
)

const expiry = nullable(
  Type.String({ ...Time, description: 'In 365 days where it is left out or null; at most 731 days from now.' }),
)

export const NewApiKey = component(
  'NewApiKey',
  Type.Object(
    {
      name: members.name,
      organisation: Type.Optional(
        nullable(Type.String({ ...Slug, description: 'The organisation of your key where it is left out or null.' })),
      ),
      owner: members.owner,
      owner_kind: OwnerKind,
      scopes: Type.Array(Scope, {
        minItems: 1,
        maxItems: scopeNames.length,
        uniqueItems: true,
        description: 'None that your own key lacks.',
      }),
      expires_at: Type.Optional(expiry),
    },
    {
      additionalProperties: false,
      examples: [
        {
          name: 'Nightly export',
          owner: 'data-platform@homeoffice.example',
          owner_kind: 'system',
          scopes: ['roles:read_drafts'],
        },
      ],
    },
  ),
)
export type NewApiKey = Static<typeof NewApiKey>

export const NewRotation = component(
  'NewRotation',
  Type.Object(
    {
      overlap_seconds: Type.Optional(
        Type.Integer({
          minimum: 0,
          maximum: 30 * 86_400,
          default: 86_400,
          description: 'How long the old key still works, unless it expires before; a day where it is left out.',
        }),
      ),
      expires_at: Type.Optional(expiry),
    },
    { additionalProperties: false, examples: [{ overlap_seconds: 3600 }] },
  ),
)
export type NewRotation = Static<typeof NewRotation>

export const Me = component(
  'Me',
  object({
    id: Type.String({ description: 'The credential: `key:` with the id of the key, or `token:` with the subject.' }),
    owner: Type.String(),
    organisation: Slug,
    scopes: Type.Array(Scope),
    expires_at: nullable(Time),
  }),
)
