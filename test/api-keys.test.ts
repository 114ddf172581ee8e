import { sql } from 'kysely'
import t from 'tap'
import { authenticator } from '../src/api-keys/authenticator.ts'
import { createKey, readKeyArguments } from '../src/api-keys/command.ts'
import { formatKey, generateKey, hashSecret } from '../src/api-keys/key.ts'
import { authenticateKey, keyTag, updateLastUsed } from '../src/api-keys/store.ts'
import { ArgumentsError } from '../src/arguments.ts'
import { connect } from '../src/database/connect.ts'
import { DatabaseUnavailable } from '../src/database/connection.ts'
import { scopeNames, scopes } from '../src/plugins/auth.ts'
import { baseUrl } from './support/app.ts'
import { testDatabase } from './support/database.ts'
import { type Answer, keyedApp, type MadeKey, pepper } from './support/keys.ts'

const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/
const dayMs = 86_400_000
const inDays = (days: number) => new Date(Date.now() + days * dayMs).toISOString()
const daysUntil = (time: unknown) => (Date.parse(String(time)) - Date.now()) / dayMs

const newKey = {
  name: 'Nightly export',
  owner: 'data-platform@homeoffice.example',
  owner_kind: 'system',
  scopes: ['roles:write', 'roles:read_drafts'],
}

/** A key as GET tells it. */
const told = ({ row }: MadeKey, change: object = {}) => ({
  id: row.id,
  name: 'A key for a test',
  organisation: 'home-office',
  owner: 'alice',
  owner_kind: 'person',
  scopes: row.scopes,
  created_at: row.created_at,
  created_by: null,
  expires_at: row.expires_at,
  revoked_at: null,
  last_used_at: null,
  rotated_to: null,
  ...change,
})

const problem = (answer: Answer, code: string, detail: string, more: object = {}) => ({
  type: `/problems/${code}`,
  title: (answer.body as { title: string }).title,
  status: answer.status,
  detail,
  instance: (answer.body as { instance: string }).instance,
  code,
  request_id: answer.headers['request-id'],
  errors: [],
  ...more,
})

t.test('POST /v1/api-keys', async t => {
  const { db, call, makeKey } = await keyedApp(t)
  const manager = await makeKey(['keys:manage', 'roles:read_drafts', 'roles:write'])
  const admin = await makeKey(['admin'], { organisation: 'other-office', owner: 'root' })
  const countKeys = async () => (await db.selectFrom('api_keys').select('id').execute()).length
  const lastEvents = () => db.selectFrom('events').selectAll().orderBy('id').execute()

  t.test('→ 201, the secret once; it opens what it is for', async t => {
    const answer = await call('POST /v1/api-keys', { key: manager.text, body: newKey })
    t.equal(answer.status, 201)
    const body = answer.body as Record<string, string>
    t.strictSame(body, {
      id: body.id,
      ...newKey,
      organisation: 'home-office',
      scopes: ['roles:read_drafts', 'roles:write'],
      created_at: body.created_at,
      created_by: 'alice',
      expires_at: body.expires_at,
      revoked_at: null,
      last_used_at: null,
      rotated_to: null,
      secret: body.secret,
      secret_shown: true,
    })
    t.match(body.created_at, instant)
    t.match(body.secret, new RegExp(`^grr_live_${body.id}_[0-9A-Za-z]{49}$`))
    t.equal(Math.round(daysUntil(body.expires_at)), 365)
    t.equal(answer.headers.location, `/v1/api-keys/${body.id}`)
    t.equal(answer.headers['cache-control'], 'private, no-store')

    const read = await call(`GET /v1/api-keys/${body.id}`, { key: manager.text })
    const { secret, secret_shown: _, ...rest } = body
    t.strictSame(read.body, rest)
    t.equal(read.headers.etag, answer.headers.etag)

    const me = await call('GET /v1/me', { key: secret ?? '' })
    t.equal(me.status, 200)
    t.strictSame(me.body, {
      id: `key:${body.id}`,
      owner: newKey.owner,
      organisation: 'home-office',
      scopes: ['roles:read_drafts', 'roles:write'],
      expires_at: body.expires_at,
    })
    t.equal(me.headers['cache-control'], 'private, no-store')

    const event = (await lastEvents()).at(-1)
    t.strictSame(event, {
      id: event?.id,
      position: null,
      type: 'key_created',
      occurred_at: event?.occurred_at,
      actor: `key:${manager.row.id}`,
      owner: 'alice',
      organisation: 'home-office',
      role: null,
      subject: `/v1/api-keys/${body.id}`,
      revision: null,
      version: null,
      before_digest: null,
      after_digest: String(answer.headers.etag).slice(1, -1),
      request_id: answer.headers['request-id'],
      data: {
        name: newKey.name,
        owner: newKey.owner,
        owner_kind: 'system',
        scopes: ['roles:read_drafts', 'roles:write'],
        expires_at: body.expires_at,
      },
    })
    const everything = await sql<{ text: string }>`
      select concat((select json_agg(k) from api_keys k), (select json_agg(e) from events e)) as text`.execute(db)
    t.notMatch(everything.rows[0]?.text, secret?.slice(-49, -6) ?? '', 'the secret is stored nowhere')
  })

  t.test('→ 201 again for the same Idempotency-Key, without the secret', async t => {
    const headers = { 'idempotency-key': 'create-a-key-once' }
    const first = await call('POST /v1/api-keys', { key: manager.text, body: newKey, headers })
    const before = await countKeys()
    const again = await call('POST /v1/api-keys', { key: manager.text, body: newKey, headers })
    t.equal(again.status, 201)
    t.equal(again.headers['idempotent-replayed'], 'true')
    t.equal(again.headers.location, first.headers.location)
    t.strictSame(again.body, { ...(first.body as object), secret: null, secret_shown: false })
    t.equal(await countKeys(), before)
  })

  t.test('?dry_run=true → 201 without a secret; nothing is stored', async t => {
    const [keys, events] = [await countKeys(), (await lastEvents()).length]
    const answer = await call('POST /v1/api-keys?dry_run=true', { key: manager.text, body: newKey })
    t.equal(answer.status, 201)
    t.match(answer.body, { ...newKey, scopes: ['roles:read_drafts', 'roles:write'], secret: null, secret_shown: false })
    t.strictSame([await countKeys(), (await lastEvents()).length], [keys, events])
  })

  t.test('with expires_at → 201 until then', async t => {
    const expires_at = inDays(700)
    const answer = await call('POST /v1/api-keys', { key: manager.text, body: { ...newKey, expires_at } })
    t.equal((answer.body as { expires_at: string }).expires_at, expires_at.replace('Z', '000Z'))
    const byDefault = await call('POST /v1/api-keys', { key: manager.text, body: { ...newKey, expires_at: null } })
    t.equal(Math.round(daysUntil((byDefault.body as { expires_at: string }).expires_at)), 365)
  })

  t.test('with a scope that the caller lacks → 403 naming it', async t => {
    for (const [scopes, lacking] of [
      [['roles:write', 'roles:publish', 'audit:read'], 'roles:publish, audit:read'],
      [['admin'], 'admin'],
    ]) {
      const answer = await call('POST /v1/api-keys', { key: manager.text, body: { ...newKey, scopes } })
      t.equal(answer.status, 403)
      t.strictSame(
        answer.body,
        problem(answer, 'insufficient_scope', `Your key cannot grant what it does not have: ${lacking}.`),
      )
    }
  })

  t.test('for another organisation → 403, and 201 for an admin', async t => {
    const body = { ...newKey, organisation: 'other-office' }
    const answer = await call('POST /v1/api-keys', { key: manager.text, body })
    t.equal(answer.status, 403)
    t.strictSame(
      answer.body,
      problem(
        answer,
        'insufficient_scope',
        'This key belongs to "home-office"; the scope admin is needed for another.',
      ),
    )
    const made = await call('POST /v1/api-keys', {
      key: admin.text,
      body: { ...newKey, organisation: 'home-office', scopes: ['admin'] },
    })
    t.equal(made.status, 201)
    t.match(made.body, { organisation: 'home-office', scopes: ['admin'], created_by: 'root' })
    const missing = await call('POST /v1/api-keys', { key: admin.text, body: { ...newKey, organisation: 'nowhere' } })
    t.equal(missing.status, 422)
    const detail = 'There is no organisation "nowhere".'
    t.strictSame(
      missing.body,
      problem(missing, 'invalid', detail, {
        errors: [{ pointer: '/organisation', code: 'unknown_organisation', detail }],
      }),
    )
  })

  t.test('with what is not valid → 422 saying what would be', async t => {
    const cases: [object, { pointer: string; code: string; detail: string }][] = [
      [
        { expires_at: inDays(-1) },
        { pointer: '/expires_at', code: 'wrong_time', detail: 'This must be a time to come.' },
      ],
      [
        { expires_at: inDays(732) },
        { pointer: '/expires_at', code: 'wrong_time', detail: 'This must be at most 731 days from now.' },
      ],
      [
        { expires_at: 'tomorrow' },
        {
          pointer: '/expires_at',
          code: 'wrong_form',
          detail: '"tomorrow" is not a time with its zone, such as 2026-01-31T12:00:00Z.',
        },
      ],
      [{ name: ' ' }, { pointer: '/name', code: 'blank', detail: 'This must not be blank.' }],
      [{ scopes: [] }, { pointer: '/scopes', code: 'too_few', detail: 'This list must have at least 1 item.' }],
      [
        { scopes: ['roles:write', 'roles:write'] },
        { pointer: '/scopes', code: 'duplicate', detail: 'No entry of this list may stand twice.' },
      ],
      [
        { owner_kind: 'robot' },
        { pointer: '/owner_kind', code: 'not_in_list', detail: '"robot" is not one of: person, system.' },
      ],
      [
        { hash: 'x' },
        {
          pointer: '/hash',
          code: 'unknown_member',
          detail: 'There is no "hash" here. Known: name, organisation, owner, owner_kind, scopes, expires_at.',
        },
      ],
    ]
    const before = await countKeys()
    for (const [change, error] of cases) {
      const answer = await call('POST /v1/api-keys', { key: manager.text, body: { ...newKey, ...change } })
      t.equal(answer.status, 422, error.detail)
      t.strictSame(answer.body, problem(answer, 'invalid', error.detail, { errors: [error] }))
    }
    const unknown = await call('POST /v1/api-keys', { key: manager.text, body: { ...newKey, scopes: ['roles:wirte'] } })
    t.match(unknown.body, { errors: [{ pointer: '/scopes/0', detail: /Did you mean "roles:write"\?$/ }] })
    t.equal(await countKeys(), before)
  })
})

t.test('GET /v1/api-keys', async t => {
  const { db, call, makeKey } = await keyedApp(t)
  const keys = [await makeKey(['keys:manage']), await makeKey(['roles:write']), await makeKey(['audit:read'])]
  const other = await makeKey(['keys:manage', 'roles:write'], { organisation: 'other-office' })
  const admin = await makeKey(['admin'], { organisation: 'other-office' })
  const manager = keys[0] as MadeKey
  const listed = (key: MadeKey, change?: object) => ({
    ...told(key, change),
    etag: keyTag(key.row),
    url: `${baseUrl}/v1/api-keys/${key.row.id}`,
  })
  const byId = (a: MadeKey, b: MadeKey) => (a.row.id < b.row.id ? -1 : 1)

  t.test('→ 200, the keys of the own organisation by pages, never a hash or a secret', async t => {
    const sorted = keys.toSorted(byId).map(key => listed(key))
    const first = await call('GET /v1/api-keys?limit=2', { key: manager.text })
    t.equal(first.status, 200)
    const { next_cursor } = first.body as { next_cursor: string }
    t.strictSame(first.body, { api_keys: sorted.slice(0, 2), next_cursor })
    t.equal(first.headers.link, `</v1/api-keys?limit=2&cursor=${next_cursor}>; rel="next"`)
    t.equal(first.headers['cache-control'], 'private, no-store')
    const second = await call(`GET /v1/api-keys?limit=2&cursor=${next_cursor}`, { key: manager.text })
    t.strictSame(second.body, { api_keys: sorted.slice(2), next_cursor: null })
    const hashes = await db.selectFrom('api_keys').select('hash').execute()
    for (const { hash } of hashes) t.notOk(`${first.text}${second.text}`.includes(hash))
  })

  t.test('→ 304 where nothing changed', async t => {
    const first = await call('GET /v1/api-keys', { key: manager.text })
    const again = await call('GET /v1/api-keys', {
      key: manager.text,
      headers: { 'if-none-match': String(first.headers.etag) },
    })
    t.strictSame([again.status, again.text], [304, ''])
  })

  t.test('?organisation= → 200 for an admin, 403 for others', async t => {
    const all = await call('GET /v1/api-keys', { key: admin.text })
    t.strictSame(all.body, {
      api_keys: [...keys, other, admin]
        .toSorted(byId)
        .map(key => listed(key, { organisation: key === other || key === admin ? 'other-office' : 'home-office' })),
      next_cursor: null,
    })
    const one = await call('GET /v1/api-keys?organisation=home-office', { key: admin.text })
    t.strictSame(one.body, { api_keys: keys.toSorted(byId).map(key => listed(key)), next_cursor: null })
    const refused = await call('GET /v1/api-keys?organisation=other-office', { key: manager.text })
    t.equal(refused.status, 403)
    t.strictSame(
      refused.body,
      problem(
        refused,
        'insufficient_scope',
        'This key belongs to "home-office"; the scope admin is needed for another.',
      ),
    )
  })
})

t.test('GET /v1/api-keys/{id}', async t => {
  const { call, makeKey } = await keyedApp(t)
  const manager = await makeKey(['keys:manage'])
  const other = await makeKey(['roles:write'], { organisation: 'other-office' })
  const admin = await makeKey(['admin'])

  t.test('→ 200 with an ETag, 304 with it', async t => {
    const answer = await call(`GET /v1/api-keys/${manager.row.id}`, { key: manager.text })
    t.equal(answer.status, 200)
    t.strictSame(answer.body, told(manager))
    t.equal(answer.headers.etag, keyTag(manager.row))
    const again = await call(`GET /v1/api-keys/${manager.row.id}`, {
      key: manager.text,
      headers: { 'if-none-match': keyTag(manager.row) },
    })
    t.strictSame([again.status, again.text], [304, ''])
  })

  t.test('of another organisation → 404 as for one that is not there; 200 for an admin', async t => {
    for (const id of [other.row.id, 'aaaaaaaa']) {
      const answer = await call(`GET /v1/api-keys/${id}`, { key: manager.text })
      t.equal(answer.status, 404)
      t.strictSame(answer.body, problem(answer, 'not_found', `There is no API key "${id}" that you may read.`))
    }
    const seen = await call(`GET /v1/api-keys/${other.row.id}`, { key: admin.text })
    t.strictSame(seen.body, told(other, { organisation: 'other-office' }))
    const malformed = await call('GET /v1/api-keys/x', { key: manager.text })
    t.equal(malformed.status, 404)
    const detail =
      'Nothing that you may read stands at this address. "x" does not fit: The eight characters that stand in the key itself.'
    t.strictSame(malformed.body, problem(malformed, 'not_found', detail))
  })
})

t.test('DELETE /v1/api-keys/{id}', async t => {
  const { db, call, makeKey, close } = await keyedApp(t)
  const manager = await makeKey(['keys:manage'])
  const eventsOf = (id: string) =>
    db
      .selectFrom('events')
      .select(['type', 'data', 'before_digest'])
      .where('subject', '=', `/v1/api-keys/${id}`)
      .execute()

  t.test('→ 200, and the key is refused from then on; again → 200 with no further event', async t => {
    const key = await makeKey(['admin'])
    const path = `/v1/api-keys/${key.row.id}`
    t.equal((await call('GET /v1/me', { key: key.text })).status, 200)
    const answer = await call(`DELETE ${path}`, { key: manager.text, match: keyTag(key.row) })
    t.equal(answer.status, 200)
    const { revoked_at } = answer.body as { revoked_at: string }
    t.match(revoked_at, instant)
    t.strictSame(answer.body, told(key, { revoked_at }))
    t.equal((await call('GET /v1/me', { key: key.text })).status, 401)
    const read = await call(`GET ${path}`, { key: manager.text })
    t.strictSame([read.body, read.headers.etag], [answer.body, answer.headers.etag])

    const again = await call(`DELETE ${path}`, { key: manager.text, match: String(answer.headers.etag) })
    t.strictSame([again.status, again.body], [200, answer.body])
    t.strictSame(await eventsOf(key.row.id), [
      {
        type: 'key_revoked',
        before_digest: keyTag(key.row).slice(1, -1),
        data: {
          name: 'A key for a test',
          owner: 'alice',
          owner_kind: 'person',
          scopes: ['admin'],
          expires_at: key.row.expires_at,
        },
      },
    ])
  })

  t.test('of a key that was used since it was read → 200: use does not change the ETag', async t => {
    const key = await makeKey(['roles:write'])
    await call('GET /v1/me', { key: key.text })
    await close()
    const read = await call(`GET /v1/api-keys/${key.row.id}`, { key: manager.text })
    const { last_used_at } = read.body as { last_used_at: string }
    t.match(last_used_at, instant)
    t.strictSame(read.body, told(key, { last_used_at }))
    t.equal(
      (await call(`DELETE /v1/api-keys/${key.row.id}`, { key: manager.text, match: keyTag(key.row) })).status,
      200,
    )
  })

  t.test('without If-Match → 428, with another → 412, of another organisation → 404', async t => {
    const key = await makeKey(['roles:write'])
    const other = await makeKey(['roles:write'], { organisation: 'other-office' })
    const path = `/v1/api-keys/${key.row.id}`
    const none = await call(`DELETE ${path}`, { key: manager.text })
    t.equal(none.status, 428)
    t.strictSame(
      none.body,
      problem(none, 'precondition_required', 'Send the ETag of what you read in If-Match, such as If-Match: "r1".'),
    )
    const stale = await call(`DELETE ${path}`, { key: manager.text, match: '"r1"' })
    t.equal(stale.status, 412)
    t.strictSame(
      stale.body,
      problem(stale, 'precondition_failed', `The key changed; its ETag is now ${keyTag(key.row)}.`, {
        current_etag: keyTag(key.row),
      }),
    )
    const { id } = other.row
    const foreign = await call(`DELETE /v1/api-keys/${id}`, { key: manager.text, match: keyTag(other.row) })
    t.equal(foreign.status, 404)
    t.strictSame(foreign.body, problem(foreign, 'not_found', `There is no API key "${id}" that you may read.`))
    for (const { text } of [key, other]) t.equal((await call('GET /v1/me', { key: text })).status, 200)
  })
})

t.test('POST /v1/api-keys/{id}/rotations', async t => {
  const { db, call, makeKey } = await keyedApp(t)
  const manager = await makeKey(['keys:manage', 'roles:write'])

  t.test('→ 201 with a new key; the old one works for a day more', async t => {
    const key = await makeKey(['roles:write'], { days: 30, owner: 'bob' })
    const answer = await call(`POST /v1/api-keys/${key.row.id}/rotations`, { key: manager.text, body: {} })
    t.equal(answer.status, 201)
    const body = answer.body as { id: string; created_at: string; expires_at: string; secret: string }
    t.strictSame(body, {
      ...told(key, { owner: 'bob', created_by: 'alice' }),
      id: body.id,
      created_at: body.created_at,
      expires_at: body.expires_at,
      secret: body.secret,
      secret_shown: true,
    })
    t.not(body.id, key.row.id)
    t.equal(Math.round(daysUntil(body.expires_at)), 365)
    t.equal(answer.headers.location, `/v1/api-keys/${body.id}`)
    for (const text of [key.text, body.secret]) t.equal((await call('GET /v1/me', { key: text })).status, 200)
    const old = await call(`GET /v1/api-keys/${key.row.id}`, { key: manager.text })
    const { expires_at } = old.body as { expires_at: string }
    t.strictSame(old.body, told(key, { owner: 'bob', rotated_to: body.id, expires_at }))
    t.ok(Math.abs(daysUntil(expires_at) - 1) < 0.01)
    const [event] = await db
      .selectFrom('events')
      .select(['type', 'subject', 'organisation', 'after_digest', 'data'])
      .orderBy('id', 'desc')
      .limit(1)
      .execute()
    t.strictSame(event, {
      type: 'key_rotated',
      subject: `/v1/api-keys/${key.row.id}`,
      organisation: 'home-office',
      after_digest: String(old.headers.etag).slice(1, -1),
      data: {
        name: 'A key for a test',
        owner: 'bob',
        owner_kind: 'person',
        scopes: ['roles:write'],
        expires_at: body.expires_at,
        rotated_to: body.id,
        overlap_until: expires_at,
      },
    })
  })

  t.test('with overlap_seconds 0 → 201, and the old key is refused at once', async t => {
    const key = await makeKey(['roles:write'])
    const body = { overlap_seconds: 0, expires_at: inDays(10) }
    const answer = await call(`POST /v1/api-keys/${key.row.id}/rotations`, { key: manager.text, body })
    const made = answer.body as { secret: string; expires_at: string }
    t.equal(made.expires_at, body.expires_at.replace('Z', '000Z'))
    t.equal((await call('GET /v1/me', { key: key.text })).status, 401)
    t.equal((await call('GET /v1/me', { key: made.secret })).status, 200)
  })

  t.test('with an overlap beyond its end → the old key ends as it would have', async t => {
    const key = await makeKey(['roles:write'], { days: 2 })
    const body = { overlap_seconds: 30 * 86_400 }
    await call(`POST /v1/api-keys/${key.row.id}/rotations`, { key: manager.text, body })
    const old = await call(`GET /v1/api-keys/${key.row.id}`, { key: manager.text })
    t.match(old.body, { expires_at: key.row.expires_at })
  })

  t.test('of a key that does not live on → 409', async t => {
    const [rotated, revoked, expired] = [
      await makeKey(['roles:write']),
      await makeKey(['roles:write']),
      await makeKey(['roles:write'], { days: -1 }),
    ]
    const first = await call(`POST /v1/api-keys/${rotated.row.id}/rotations`, { key: manager.text, body: {} })
    const { id } = first.body as { id: string }
    await call(`DELETE /v1/api-keys/${revoked.row.id}`, { key: manager.text, match: '*' })
    for (const [key, detail] of [
      [rotated, `This key was rotated to "${id}". Rotate that one.`],
      [revoked, 'This key is revoked. Create a new one.'],
      [expired, 'This key has expired. Create a new one.'],
    ] as const) {
      const answer = await call(`POST /v1/api-keys/${key.row.id}/rotations`, { key: manager.text, body: {} })
      t.equal(answer.status, 409)
      t.strictSame(answer.body, problem(answer, 'conflict', detail))
    }
  })

  t.test('of a key that has more scopes than the caller → 403: its secret would be theirs', async t => {
    const admin = await makeKey(['admin'])
    const answer = await call(`POST /v1/api-keys/${admin.row.id}/rotations`, { key: manager.text, body: {} })
    t.equal(answer.status, 403)
    t.strictSame(
      answer.body,
      problem(answer, 'insufficient_scope', 'Your key cannot grant what it does not have: admin.'),
    )
  })

  t.test('of another organisation → 404; with another ETag → 412', async t => {
    const other = await makeKey(['roles:write'], { organisation: 'other-office' })
    const key = await makeKey(['roles:write'])
    const foreign = await call(`POST /v1/api-keys/${other.row.id}/rotations`, { key: manager.text, body: {} })
    t.equal(foreign.status, 404)
    const stale = await call(`POST /v1/api-keys/${key.row.id}/rotations`, { key: manager.text, body: {}, match: '"x"' })
    t.equal(stale.status, 412)
  })
})

t.test('any operation', async t => {
  const { app, db, call, makeKey } = await keyedApp(t)
  const manager = await makeKey(['keys:manage'])

  t.test('without a valid credential → the same 401 to the byte', async t => {
    const [expired, revoked, mangled] = [
      await makeKey(['admin'], { days: -1 }),
      await makeKey(['admin']),
      await makeKey(['admin']),
    ]
    await call(`DELETE /v1/api-keys/${revoked.row.id}`, { key: manager.text, match: '*' })
    const { id, secret } = generateKey()
    const credentials = {
      none: undefined,
      'another scheme': 'Basic YWxpY2U6c2VjcmV0',
      'nothing after the scheme': 'Bearer ',
      'no key': 'Bearer rubbish',
      'a token while no issuer is configured': `Bearer ${['{"alg":"none"}', '{"sub":"x"}', 'x'].map(part => Buffer.from(part).toString('base64url')).join('.')}`,
      'a wrong checksum': `Bearer ${mangled.text.slice(0, -1)}${mangled.text.endsWith('0') ? '1' : '0'}`,
      'an unknown id': `Bearer ${formatKey(id, secret)}`,
      'a wrong secret': `Bearer ${formatKey(mangled.row.id, secret)}`,
      'an expired key': `Bearer ${expired.text}`,
      'a revoked key': `Bearer ${revoked.text}`,
    }
    const answers = new Map<string, string>()
    for (const [what, authorization] of Object.entries(credentials)) {
      const response = await app.inject({
        url: '/v1/me',
        headers: { 'request-id': 'the-same-for-all', ...(authorization === undefined ? {} : { authorization }) },
      })
      t.equal(response.statusCode, 401, what)
      const { date: _, ...headers } = response.headers
      answers.set(JSON.stringify([headers, response.payload]), what)
    }
    t.strictSame([...answers.values()], ['a revoked key'], 'one answer')
    const answer = await call('GET /v1/me')
    t.equal(answer.headers['www-authenticate'], 'Bearer realm="role-register"')
    t.equal(answer.headers['cache-control'], 'no-store')
    t.strictSame(
      answer.body,
      problem(answer, 'unauthenticated', 'This needs a valid key: send Authorization: Bearer with an API key.'),
    )
  })

  t.test('with a key that lacks the scope → 403 naming it', async t => {
    const key = await makeKey(['roles:write', 'audit:read'])
    const answer = await call('GET /v1/api-keys', { key: key.text })
    t.equal(answer.status, 403)
    t.strictSame(answer.body, problem(answer, 'insufficient_scope', 'This needs a key with the scope keys:manage.'))
    t.equal(
      answer.headers['www-authenticate'],
      'Bearer realm="role-register", error="insufficient_scope", scope="keys:manage"',
    )
  })

  t.test('a key is made of scopes that a later process does not know → those are ignored', async t => {
    const key = await makeKey(['roles:write'])
    await db
      .updateTable('api_keys')
      .set({ scopes: ['roles:write', 'moon:land'] })
      .where('id', '=', key.row.id)
      .execute()
    t.match((await call('GET /v1/me', { key: key.text })).body, { scopes: ['roles:write'] })
  })
})

t.test('authenticateKey', async t => {
  const unreachable = connect({ url: 'postgres://nobody@127.0.0.1:1/none' })
  t.after(() => unreachable.destroy())
  const authenticate = authenticateKey(unreachable, pepper)

  t.test('with a wrong checksum → null without asking the database', async t => {
    const { text } = generateKey()
    t.equal(await authenticate(`${text.slice(0, -1)}${text.endsWith('0') ? '1' : '0'}`), null)
  })

  t.test('while the database is away → throws, for that is no verdict', async t => {
    await t.rejects(authenticate(generateKey().text), DatabaseUnavailable)
  })
})

t.test('the last use of a key', async t => {
  const { db, makeKey } = await keyedApp(t)
  const [key, second] = [await makeKey(['roles:write']), await makeKey(['roles:write'])]
  const lastUsed = async ({ row }: MadeKey) =>
    (await db.selectFrom('api_keys').select('last_used_at').where('id', '=', row.id).executeTakeFirst())?.last_used_at

  t.test('is written with others in one statement, never back to an earlier time', async t => {
    const uses = (time: string) => new Map([key, second].map(({ row }) => [row.id, time]))
    await updateLastUsed(db, uses('2031-05-06T07:08:09.000Z'))
    await updateLastUsed(db, uses('2030-01-01T00:00:00.000Z'))
    for (const one of [key, second]) t.equal(await lastUsed(one), '2031-05-06T07:08:09.000000Z')
  })

  t.test('that cannot be written is logged, and written the next time', async t => {
    const third = await makeKey(['roles:write'])
    const warnings: string[] = []
    const log = { warn: (_about: object, message: string) => void warnings.push(message) }
    const { authenticate, close } = authenticator({ db, pepper, log, flushIntervalMs: 3_600_000 })
    await sql`alter table api_keys rename column last_used_at to away`.execute(db)
    t.match(await authenticate(third.text), { id: `key:${third.row.id}` }, 'the request is not concerned')
    await close()
    t.strictSame(warnings, ['when keys were last used could not be written'])
    await sql`alter table api_keys rename column away to last_used_at`.execute(db)
    await close()
    t.match(await lastUsed(third), instant)
    t.equal(warnings.length, 1)
  })
})

t.test('keys:create', async t => {
  const args = { name: 'First key', organisation: 'home-office', scopes: 'admin, roles:write' }

  t.test('on a fresh server → makes the organisation and a key that works', async t => {
    const { db } = await testDatabase(t)
    const { key, notes } = await createKey(db, pepper, readKeyArguments(args))
    const caller = await authenticateKey(db, pepper)(key)
    const row = await db.selectFrom('api_keys').selectAll().executeTakeFirstOrThrow()
    t.strictSame(caller, {
      id: `key:${row.id}`,
      owner: 'First key',
      organisation: 'home-office',
      scopes: new Set(['roles:write', 'admin']),
      expiresAt: row.expires_at,
    })
    t.equal(row.hash, hashSecret(key.slice(18, -6), pepper))
    t.strictSame([row.owner_kind, row.created_by], ['system', null])
    t.equal(Math.round(daysUntil(row.expires_at)), 365)
    t.strictSame(notes, [
      'Made the organisation "home-office", named Home Office.',
      `Made key ${row.id} of home-office for First key with roles:write, admin, until ${row.expires_at?.slice(0, 10)}.`,
      `It is shown this once, and listed at /v1/api-keys/${row.id}.`,
    ])
    const events = await db
      .selectFrom('events')
      .select(['type', 'subject', 'actor', 'owner', 'organisation'])
      .orderBy('id')
      .execute()
    const nobody = { actor: null, owner: null, organisation: 'home-office' }
    t.strictSame(events, [
      { type: 'organisation_created', subject: '/v1/organisations/home-office', ...nobody },
      { type: 'key_created', subject: `/v1/api-keys/${row.id}`, ...nobody },
    ])

    const more = readKeyArguments({ ...args, owner: 'bob', 'expires-days': '30' })
    t.equal((await createKey(db, pepper, more)).notes.length, 2, 'the organisation is there now')
    await t.rejects(createKey(db, pepper, { ...more, organisation: 'hme-office' }), {
      name: 'ArgumentsError',
      message:
        'There is no organisation "hme-office". Did you mean home-office? To make it, add --create-organisation with its name.',
    })
    const named = { ...more, organisation: 'dft', createOrganisation: 'Department for Transport' }
    await createKey(db, pepper, named)
    const { notes: again } = await createKey(db, pepper, { ...named, createOrganisation: 'Transport' })
    t.equal(again[0], 'The organisation "dft" is there already: it keeps its name.')
    t.strictSame(await db.selectFrom('organisations').select(['slug', 'name']).orderBy('slug').execute(), [
      { slug: 'dft', name: 'Department for Transport' },
      { slug: 'home-office', name: 'Home Office' },
    ])
    t.equal((await db.selectFrom('api_keys').select('id').execute()).length, 4)
  })

  t.test('reads its arguments', async t => {
    t.strictSame(readKeyArguments({ ...args, owner: 'bob', 'expires-days': '30', 'create-organisation': 'HO' }), {
      name: 'First key',
      organisation: 'home-office',
      scopes: ['roles:write', 'admin'],
      owner: 'bob',
      ownerKind: 'person',
      expiresDays: 30,
      createOrganisation: 'HO',
    })
    t.match(readKeyArguments(args), { owner: 'First key', ownerKind: 'system', expiresDays: 365 })
    const list = scopeNames.map(name => `  ${name.padEnd(24)} ${scopes[name]}`).join('\n')
    const wrong: [object, string | RegExp][] = [
      [
        { scopes: 'roles:wirte' },
        `There is no scope "roles:wirte". Did you mean roles:write? The scopes are:\n${list}`,
      ],
      [{ scopes: undefined }, `--scopes is missing. The scopes are:\n${list}`],
      [{ 'expires-days': '732' }, '--expires-days must be a whole number from 1 to 731, not "732".'],
      [{ 'owner-kind': 'robot' }, '--owner-kind must be person or system, not "robot".'],
      [
        { organisation: 'Home Office' },
        /^--organisation must be a slug, such as home-office\.\nUsage: npm run keys:create -- /,
      ],
      [{ organisation: undefined }, /^--organisation is missing\.\nUsage: npm run keys:create -- /],
      [{ name: ' ' }, /^--name must be one line of 1 to 200 characters\.\n/],
    ]
    for (const [change, message] of wrong)
      t.throws(() => readKeyArguments({ ...args, ...change }), { name: 'ArgumentsError', message })
    t.throws(() => readKeyArguments(args, ['rubbish']), { message: /^"rubbish" belongs to no option\.\n/ })
    t.throws(() => readKeyArguments({}), ArgumentsError)
  })
})
