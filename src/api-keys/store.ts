/** API keys: looked up on every request that carries one, and made, rotated, revoked by those who may. */
import { type Kysely, type Selectable, sql, type Transaction } from 'kysely'
import { requireOrganisations } from '../catalogues/store.ts'
import { queryNamed } from '../database/connect.ts'
import type { Database } from '../database/types.ts'
import { type Authenticate, type Caller, organisationOf, type Scope, scopeNames } from '../plugins/auth.ts'
import { invalid, notFound, Problem } from '../plugins/problems.ts'
import { digestTag } from '../plugins/read.ts'
import type { Match } from '../plugins/write.ts'
import { generateKey, hashSecret, parseKey, sameHash } from './key.ts'
import type { ApiKey } from './schema.ts'

const columns = [
  'id',
  'name',
  'organisation',
  'owner',
  'owner_kind',
  'scopes',
  'created_at',
  'created_by',
  'expires_at',
  'revoked_at',
  'last_used_at',
  'rotated_to',
] as const

/** A key without its hash: nothing that is read for people holds that. */
export type KeyRow = Omit<Selectable<Database['api_keys']>, 'hash'>

const dayMs = 86_400_000
const defaultDays = 365
/** Two years, one of them a leap year. */
export const daysMax = 731

const known = (names: readonly string[]): Scope[] => scopeNames.filter(name => names.includes(name))

/** The caller that a key stands for. Whether it is valid now is told by the database's clock, the same for all. */
const findCredential = (db: Kysely<Database>, id: string) =>
  queryNamed<{
    hash: string
    owner: string
    organisation: string
    scopes: string[]
    expires_at: string | null
    valid: boolean
  }>(
    db,
    'find_credential',
    `select hash, owner, organisation, scopes, expires_at,
       revoked_at is null and (expires_at is null or expires_at > now()) as valid
     from api_keys where id = $1`,
    [id],
  )

/**
 * Tells callers by API keys. A text that is no key, or has a wrong checksum, gives null without a look-up; so does a
 * key that is unknown, expired or revoked, after one. `onUse` is told the id of each key that was accepted.
 *
 * @throws DatabaseUnavailable where it cannot be found out.
 */
export const authenticateKey =
  (db: Kysely<Database>, pepper: string, onUse?: (id: string) => void): Authenticate =>
  async token => {
    const key = parseKey(token)
    if (!key) return null
    const hash = hashSecret(key.secret, pepper)
    const [row] = await findCredential(db, key.id)
    if (!row || !sameHash(row.hash, hash) || !row.valid) return null
    onUse?.(key.id)
    return {
      id: `key:${key.id}`,
      owner: row.owner,
      organisation: row.organisation,
      scopes: new Set(known(row.scopes)),
      ...(row.expires_at === null ? {} : { expiresAt: row.expires_at }),
    }
  }

/** Sets when keys were last used, all in one statement; never back to an earlier time. */
export async function updateLastUsed(db: Kysely<Database>, uses: ReadonlyMap<string, string>): Promise<void> {
  await sql`
    update api_keys set last_used_at = used.at
    from unnest(${[...uses.keys()]}::text[], ${[...uses.values()]}::timestamptz[]) as used (id, at)
    where api_keys.id = used.id and (last_used_at is null or last_used_at < used.at)`.execute(db)
}

/** A row as it is told. */
export const presentKey = (row: KeyRow): ApiKey => ({ ...row, scopes: known(row.scopes) })

/**
 * A digest of the key as it is told, but for `last_used_at`: that changes with every use, and a key that is in use
 * could then never be revoked with If-Match.
 */
export const keyTag = (row: KeyRow) => digestTag(JSON.stringify({ ...presentKey(row), last_used_at: undefined }))

/** Keys that the caller may see, by id, `limit` of them after an id; [] where there is none. */
export function listKeys(
  db: Kysely<Database>,
  organisation: string | null,
  limit: number,
  after: string | undefined,
): Promise<KeyRow[]> {
  let query = db.selectFrom('api_keys').select(columns)
  if (organisation !== null) query = query.where('organisation', '=', organisation)
  if (after !== undefined) query = query.where('id', '>', after)
  return query.orderBy('id').limit(limit).execute()
}

const keysOf = (db: Kysely<Database>, caller: Caller, id: string) => {
  const organisation = organisationOf(caller)
  const query = db.selectFrom('api_keys').select(columns).where('id', '=', id)
  return organisation === null ? query : query.where('organisation', '=', organisation)
}

/** The key; undefined where there is none that the caller may see. */
export const findKey = (db: Kysely<Database>, caller: Caller, id: string): Promise<KeyRow | undefined> =>
  keysOf(db, caller, id).executeTakeFirst()

/** Locks a key for a change. Throws 404, or 412 where it is not as the caller knows it. */
export async function lockKey(trx: Transaction<Database>, caller: Caller, id: string, match: Match): Promise<KeyRow> {
  const row = await keysOf(trx, caller, id).forNoKeyUpdate().executeTakeFirst()
  if (!row) throw notFound('API key', id)
  const etag = keyTag(row)
  if (match === null || match === '*' || match.includes(etag.slice(1, -1))) return row
  throw new Problem('precondition_failed', `The key changed; its ETag is now ${etag}.`, {
    members: { current_etag: etag },
  })
}

/** When a new key ends, as it was asked for or in a year. Throws 422 for the past and for more than two years. */
export function expiryOf(asked: string | null | undefined, now = Date.now()): string {
  const time = asked ? Date.parse(asked) : now + defaultDays * dayMs
  const wrong = !(time > now)
    ? 'a time to come'
    : time > now + daysMax * dayMs
      ? `at most ${daysMax} days from now`
      : undefined
  if (wrong !== undefined)
    throw invalid([{ pointer: '/expires_at', code: 'wrong_time', detail: `This must be ${wrong}.` }])
  return new Date(time).toISOString()
}

interface KeyValues {
  name: string
  organisation: string
  owner: string
  owner_kind: 'person' | 'system'
  scopes: readonly Scope[]
  expires_at: string
}

/** Makes a key. `text` is the key itself, which nothing can give again. Throws 422 for an unknown organisation. */
export async function insertKey(
  trx: Transaction<Database>,
  pepper: string,
  createdBy: string | null,
  values: KeyValues,
): Promise<{ row: KeyRow; text: string }> {
  const { organisation } = values
  await requireOrganisations(trx, [{ pointer: '/organisation', slug: organisation }])
  const { id, secret, text } = generateKey()
  const row = await trx
    .insertInto('api_keys')
    .values({
      ...values,
      id,
      hash: hashSecret(secret, pepper),
      scopes: known(values.scopes),
      created_by: createdBy,
    })
    .returning(columns)
    .executeTakeFirstOrThrow()
  return { row, text }
}

/** Revokes a key that is locked: it stops working at once, and is still told of. */
export const revokeKey = (trx: Transaction<Database>, id: string): Promise<KeyRow> =>
  trx
    .updateTable('api_keys')
    .set({ revoked_at: sql<string>`now()` })
    .where('id', '=', id)
    .returning(columns)
    .executeTakeFirstOrThrow()

/** Names the successor of a key that is locked, and ends the key after the overlap, or when it would have ended. */
export const supersedeKey = (
  trx: Transaction<Database>,
  id: string,
  successor: string,
  overlapSeconds: number,
): Promise<KeyRow> =>
  trx
    .updateTable('api_keys')
    .set({
      rotated_to: successor,
      expires_at: sql<string>`least(expires_at, now() + make_interval(secs => ${overlapSeconds}))`,
    })
    .where('id', '=', id)
    .returning(columns)
    .executeTakeFirstOrThrow()
