import type { NewEvent } from '../database/events.ts'
import { type KeyRow, keyTag } from './store.ts'

export const pathOf = (id: string) => `/v1/api-keys/${id}`

/** The digest of a key as it is told, which is its ETag without the quotes. */
const digestOf = (row: KeyRow) => keyTag(row).slice(1, -1)

const about = ({ name, owner, owner_kind, scopes, expires_at }: KeyRow) => ({
  name,
  owner,
  owner_kind,
  scopes,
  expires_at,
})

/** What is recorded of changes to keys; never the secret or its hash. */
export const createdEvent = (row: KeyRow): NewEvent => ({
  type: 'key_created',
  organisation: row.organisation,
  subject: pathOf(row.id),
  afterDigest: digestOf(row),
  data: about(row),
})

export const revokedEvent = (before: KeyRow, row: KeyRow): NewEvent => ({
  ...createdEvent(row),
  type: 'key_revoked',
  beforeDigest: digestOf(before),
})

/** Its subject is the old key; the data is about the new one. */
export const rotatedEvent = (before: KeyRow, old: KeyRow, row: KeyRow): NewEvent => ({
  type: 'key_rotated',
  organisation: row.organisation,
  subject: pathOf(old.id),
  beforeDigest: digestOf(before),
  afterDigest: digestOf(old),
  data: { ...about(row), rotated_to: row.id, overlap_until: old.expires_at },
})
