// Webhooks as their owners see them: made, read, changed, deleted; what is sent is in webhook-deliveries.test.ts.
import { sql } from 'kysely'
import t from 'tap'
import { seal, unseal } from '../src/webhooks/secret.ts'
import { webhooksMax } from '../src/webhooks/store.ts'
import { type Answer, testApp, token, webhooks } from './support/app.ts'
import { problemOf } from './support/problem.ts'
import { createRole, publishRole } from './support/roles.ts'

const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/
const url = 'https://jobs.example.org/hooks/roles'
const settings = {
  url,
  description: 'The board of jobs.example.org',
  event_types: ['role.published', 'role.withdrawn'],
  organisations: ['home-office'],
  roles: ['devops'],
  enabled: true,
}
const defaults = { description: null, event_types: [], organisations: [], roles: [], enabled: true }

const eventsOf = (db: Awaited<ReturnType<typeof testApp>>['db']) =>
  db
    .selectFrom('events')
    .select([
      'type',
      'position',
      'organisation',
      'subject',
      'revision',
      'owner',
      'before_digest',
      'after_digest',
      'data',
    ])
    .where('type', 'like', 'webhook%')
    .orderBy('id')
    .execute()

/** The app, with a role that was not published yet. */
async function appWithRoles(t: Parameters<typeof testApp>[0], ...slugs: string[]) {
  const made = await testApp(t)
  for (const slug of slugs) await createRole(made.call, slug)
  return made
}

t.test('POST /v1/webhooks', async t => {
  const { call, db } = await appWithRoles(t, 'devops')

  t.test('→ 201, the secret once, stored encrypted', async t => {
    const answer = await call('POST /v1/webhooks', { body: settings })
    const body = answer.body as Record<string, string>
    t.strictSame(
      [answer.status, answer.body],
      [
        201,
        {
          id: body.id,
          organisation: 'home-office',
          ...settings,
          disabled_at: null,
          disabled_reason: null,
          failing_since: null,
          old_secret_until: null,
          created_at: body.created_at,
          created_by: 'alice',
          updated_at: body.created_at,
          secret: body.secret,
          secret_shown: true,
        },
      ],
    )
    t.match(body.created_at, instant)
    t.match(body.secret, /^whsec_[A-Za-z0-9+/]{43}=$/, '32 bytes in base64')
    t.strictSame([answer.etag, answer.headers.location], ['"r1"', `/v1/webhooks/${body.id}`])
    const { secret, secret_shown: _, ...rest } = body
    const read = await call(`GET /v1/webhooks/${body.id}`)
    t.strictSame([read.status, read.body, read.etag], [200, rest, '"r1"'])
    t.equal(read.headers['cache-control'], 'private, no-store')
    const again = await call(`GET /v1/webhooks/${body.id}`, { headers: { 'if-none-match': '"r1"' } })
    t.equal(again.status, 304)
    t.strictSame((await call('GET /v1/webhooks')).body, {
      webhooks: [{ ...rest, etag: '"r1"' }],
      next_cursor: null,
    })
    const everything = await sql<{ text: string }>`
      select concat((select json_agg(w) from webhooks w), (select json_agg(e) from events e)) as text`.execute(db)
    t.notMatch(everything.rows[0]?.text, secret?.slice(6, -1) ?? '', 'nothing in the database shows it')
    const { secret: sealed } = await db.selectFrom('webhooks').select('secret').executeTakeFirstOrThrow()
    t.equal(unseal(webhooks.key, body.id ?? '', sealed), secret)
    t.strictSame(await eventsOf(db), [
      {
        type: 'webhook_created',
        position: null,
        organisation: 'home-office',
        subject: `/v1/webhooks/${body.id}`,
        revision: 1,
        owner: 'alice',
        before_digest: null,
        after_digest: (await eventsOf(db))[0]?.after_digest,
        data: { url },
      },
    ])
  })

  t.test('a replay and a dry run → no secret', async t => {
    const headers = { 'idempotency-key': 'make-it-once' }
    const first = await call('POST /v1/webhooks', { body: { url }, headers })
    const again = await call('POST /v1/webhooks', { body: { url }, headers })
    t.match(first.body, defaults)
    t.strictSame(again.body, { ...(first.body as object), secret: null, secret_shown: false })
    const count = async () => (await db.selectFrom('webhooks').select('id').execute()).length
    const before = await count()
    const dry = await call('POST /v1/webhooks?dry_run=true', { body: { url } })
    t.match(dry.body, { secret: null, secret_shown: false })
    t.equal(dry.status, 201)
    t.equal(await count(), before)
  })

  t.test('→ 422 for what is wrong', async t => {
    for (const [body, pointer] of [
      [{}, '/url'],
      [{ url: '' }, '/url'],
      [{ url: `https://jobs.example.org/${'x'.repeat(2000)}` }, '/url'],
      [{ url, event_types: ['role_published'] }, '/event_types/0'],
      [{ url, event_types: ['role.published', 'role.published'] }, '/event_types'],
      [{ url, organisations: ['Home Office'] }, '/organisations/0'],
      [{ url, organisations: ['home-office', 'no-office'] }, '/organisations/1'],
      [{ url, roles: ['devops', 'nope'] }, '/roles/1'],
      [{ url, enabled: 'yes' }, '/enabled'],
      [{ url, secret: 'whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz' }, '/secret'],
    ] as const) {
      const answer = await call('POST /v1/webhooks', { body })
      t.equal(answer.status, 422, answer.text)
      t.equal((answer.body as { errors: { pointer: string }[] }).errors[0]?.pointer, pointer)
    }
  })

  t.test('createWebhook, listWebhooks → 422 for an organisation that there is not, with the near one', async t => {
    const detail = 'There is no organisation "home-ofice". Did you mean "home-office"?'
    const wrong = (pointer: string, code: string) => ({
      status: 422,
      code: 'invalid',
      detail,
      errors: [{ pointer, code, detail }],
    })
    const key = 'home-office/root/admin'
    const elsewhere = await call('POST /v1/webhooks?organisation=home-ofice', { body: { url }, key })
    t.strictSame(problemOf(elsewhere), wrong('?organisation', 'unknown_organisation'))
    const about = await call('POST /v1/webhooks', { body: { url, organisations: ['home-office', 'home-ofice'] } })
    t.strictSame(problemOf(about), wrong('/organisations/1', 'unknown_organisation'))
    const list = await call('GET /v1/webhooks?organisation=home-ofice', { key })
    t.strictSame(problemOf(list), wrong('?organisation', 'not_in_list'))
  })

  t.test(
    '→ 422 for a role that there is not, or that is another organisation’s draft; 201 for what it published',
    async t => {
      const theirs = token('other-office')
      const post = () => call('POST /v1/webhooks', { body: { url, roles: ['devops'] }, key: theirs })
      const detail = '"devops" is no role of other-office, and no other of this name was ever published.'
      t.strictSame(problemOf(await post()), {
        status: 422,
        code: 'invalid',
        errors: [{ pointer: '/roles/0', code: 'unknown_role', detail }],
        detail,
      })
      await publishRole(call, 'devops', '*')
      t.equal((await post()).status, 201)
    },
  )

  t.test('→ 409 beyond the most that an organisation may have', async t => {
    await sql`
      insert into webhooks (organisation, url, event_types, organisations, roles, secret, created_position)
      select 'home-office', ${url}, '{}', '{}', '{}', '', 0 from generate_series(1, ${webhooksMax})`.execute(db)
    const answer = await call('POST /v1/webhooks', { body: { url } })
    t.strictSame(problemOf(answer), {
      status: 409,
      code: 'conflict',
      detail: `"home-office" has ${webhooksMax} webhooks, which is the most there may be.`,
      errors: [],
    })
    t.equal((await call('POST /v1/webhooks', { body: { url }, key: token('other-office') })).status, 201)
  })
})

t.test('PATCH and DELETE /v1/webhooks/{id}', async t => {
  const { call, db } = await appWithRoles(t, 'devops', 'data-engineer')
  const made = await call('POST /v1/webhooks', { body: settings })
  const { id } = made.body as { id: string }
  const path = `/v1/webhooks/${id}`
  const patch = (body: object, match = '*') => call(`PATCH ${path}`, { match, body })

  t.equal((await call(`PATCH ${path}`, { body: {} })).status, 428)
  const stale = await patch({ enabled: false }, '"r7"')
  t.strictSame(problemOf(stale), {
    status: 412,
    code: 'precondition_failed',
    detail: 'The webhook changed; its ETag is now "r1".',
    errors: [],
    current_etag: '"r1"',
  })
  const same = await patch({ url, roles: ['devops'] }, '"r1"')
  t.strictSame([same.status, same.etag], [200, '"r1"'], 'nothing changed')

  const changed = await patch({ description: null, roles: ['devops', 'data-engineer'], enabled: false }, '"r1"')
  const body = changed.body as Record<string, unknown>
  t.strictSame(
    [changed.status, changed.etag, body],
    [
      200,
      '"r2"',
      {
        ...body,
        ...settings,
        description: null,
        roles: ['devops', 'data-engineer'],
        enabled: false,
        disabled_reason: 'by_request',
      },
    ],
  )
  t.match(body.disabled_at, instant)
  const renamed = await patch({ description: 'Off for now' })
  t.match(renamed.body, { enabled: false, disabled_at: body.disabled_at }, 'it is disabled since the same time')
  const on = await patch({ enabled: true })
  t.match(on.body, { enabled: true, disabled_at: null, disabled_reason: null })
  for (const wrong of [{ url: null }, { url: 'http://10.0.0.1/' }, { id: 'x' }, { event_types: ['x'] }])
    t.equal((await patch(wrong)).status, 422, JSON.stringify(wrong))
  t.equal((await call(`GET ${path}`)).etag, '"r4"')

  const rotated = await call(`POST ${path}/rotations`, { body: {}, match: '"r4"' })
  const { secret, old_secret_until } = rotated.body as { secret: string; old_secret_until: string }
  t.match(secret, /^whsec_/)
  t.not(secret, (made.body as { secret: string }).secret)
  t.equal(Math.round((Date.parse(old_secret_until) - Date.now()) / 3_600_000), 24)
  const rows = await db.selectFrom('webhooks').select(['secret', 'old_secret']).execute()
  t.strictSame(
    rows.map(row => [unseal(webhooks.key, id, row.secret), unseal(webhooks.key, id, row.old_secret ?? '')]),
    [[secret, (made.body as { secret: string }).secret]],
  )
  const at_once = await call(`POST ${path}/rotations`, { body: { overlap_seconds: 0 } })
  t.match(at_once.body, { old_secret_until: null })
  t.equal((await call(`POST ${path}/rotations`, { body: { overlap_seconds: -1 } })).status, 422)

  const gone = await call(`DELETE ${path}`, { match: '"r6"' })
  t.strictSame([gone.status, gone.text], [204, ''])
  t.equal((await call(`GET ${path}`)).status, 404)

  const events = await eventsOf(db)
  t.strictSame(
    events.map(({ type, revision, data, subject, owner, position }) => [
      type,
      revision,
      data,
      subject,
      owner,
      position,
    ]),
    [
      ['webhook_created', 1, { url }],
      ['webhook_updated', 2, { changed: ['/description', '/roles', '/enabled'] }],
      ['webhook_updated', 3, { changed: ['/description'] }],
      ['webhook_updated', 4, { changed: ['/enabled'] }],
      ['webhook_secret_rotated', 5, { overlap_until: old_secret_until }],
      ['webhook_secret_rotated', 6, { overlap_until: null }],
      ['webhook_deleted', 6, {}],
    ].map(event => [...event, path, 'alice', null]),
  )
  for (const [index, event] of events.entries())
    t.equal(event.before_digest, events[index - 1]?.after_digest ?? null, `${event.type} goes on from what was`)
})

t.test('another organisation → 404, also for what is under it; absent from lists', async t => {
  const { call } = await appWithRoles(t, 'devops', 'data-engineer')
  const { id } = (await call('POST /v1/webhooks', { body: settings })).body as { id: string }
  const ping = (await call(`POST /v1/webhooks/${id}/pings`)).body as { id: string }
  const key = token('other-office')
  const isNone = (answer: Answer, noun: string, name: string) =>
    t.strictSame(problemOf(answer), {
      status: 404,
      code: 'not_found',
      detail: `There is no ${noun} "${name}" that you may read.`,
      errors: [],
    })
  for (const [line, body] of [
    [`GET /v1/webhooks/${id}`],
    [`PATCH /v1/webhooks/${id}`, { enabled: false }],
    [`DELETE /v1/webhooks/${id}`],
    [`POST /v1/webhooks/${id}/rotations`, {}],
    [`POST /v1/webhooks/${id}/pings`],
    [`POST /v1/webhooks/${id}/replays`, { after: 0 }],
    [`GET /v1/webhooks/${id}/deliveries`],
    [`GET /v1/webhooks/${id}/deliveries/${ping.id}`],
  ] as const)
    isNone(await call(line, { key, match: '*', ...(body ? { body } : {}) }), 'webhook', id)
  t.strictSame((await call('GET /v1/webhooks', { key })).body, { webhooks: [], next_cursor: null })
  t.equal((await call('GET /v1/webhooks?organisation=home-office', { key })).status, 403)
  t.equal((await call('POST /v1/webhooks?organisation=home-office', { key, body: { url } })).status, 403)
  const admin = 'other-office/root/admin'
  t.match((await call('GET /v1/webhooks', { key: admin })).body, { webhooks: [{ id }] })
  t.match((await call('GET /v1/webhooks?organisation=other-office', { key: admin })).body, { webhooks: [] })
  isNone(await call(`GET /v1/webhooks/${id}/deliveries/evt_7`), 'delivery', 'evt_7')
  t.equal((await call('GET /v1/webhooks/1')).status, 404)
})

t.test('lists → by pages', async t => {
  const { call } = await testApp(t)
  for (let count = 0; count < 5; count++) await call('POST /v1/webhooks', { body: { url: `${url}/${count}` } })
  const walk = async (path: string, member: string) => {
    const found: { id: string }[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const { body } = await call(`GET ${path}?limit=2${cursor ? `&cursor=${cursor}` : ''}`)
      const list = body as { next_cursor: string | null } & Record<string, { id: string }[]>
      found.push(...(list[member] ?? []))
      cursor = list.next_cursor
    }
    return found.map(({ id }) => id)
  }
  const ids = await walk('/v1/webhooks', 'webhooks')
  t.strictSame(ids, [...new Set(ids)].sort())
  t.equal(ids.length, 5)
  const pings: string[] = []
  for (let count = 0; count < 5; count++)
    pings.unshift(((await call(`POST /v1/webhooks/${ids[0]}/pings`)).body as { id: string }).id)
  t.strictSame(await walk(`/v1/webhooks/${ids[0]}/deliveries`, 'deliveries'), pings, 'the newest first')
  const { body } = await call(`GET /v1/webhooks/${ids[0]}/deliveries?status=failed`)
  t.strictSame(body, { deliveries: [], next_cursor: null })
})

t.test('a secret is opened with its key, for its webhook, and not when it was altered', async t => {
  const [key, id] = ['k'.repeat(32), '4f8f2d0e-5f6b-4d5e-9c55-0d8ab6c0b001']
  const sealed = seal(key, id, 'whsec_x')
  t.equal(unseal(key, id, sealed), 'whsec_x')
  t.not(seal(key, id, 'whsec_x'), sealed, 'no two are alike')
  const wrong = /WEBHOOK_KEY is not the one/
  t.throws(() => unseal(`${key}k`, id, sealed), wrong)
  t.throws(() => unseal(key, id.replace('4f', '5f'), sealed), wrong)
  const bytes = Buffer.from(sealed, 'base64url')
  for (const index of bytes.keys()) {
    const altered = Buffer.from(bytes)
    altered.writeUInt8((altered.at(index) ?? 0) ^ 1, index)
    t.throws(() => unseal(key, id, altered.toString('base64url')), wrong)
  }
})
