import { sql } from 'kysely'
import t from 'tap'
import { exampleDocument } from '../src/document/schema.ts'
import { testApp, token } from './support/app.ts'
import { problemOf } from './support/problem.ts'
import { until } from './support/until.ts'

interface Page {
  audit_events: Record<string, unknown>[]
  next_cursor: string | null
}

t.test('listAuditEvents → 200 with every change of the organisation, the newest first', async t => {
  const { call } = await testApp(t)
  const created = await call('POST /v1/roles', { body: exampleDocument, headers: { 'request-id': 'request-1' } })
  await call('PATCH /v1/roles/data-engineer/draft', { match: created.etag, body: { title: 'Data pipeline engineer' } })
  await call('POST /v1/roles', { body: exampleDocument, key: token('other-office') })

  const { status, body, headers } = await call('GET /v1/audit-events')
  t.equal(status, 200)
  t.equal(headers['cache-control'], 'private, no-store')
  const { audit_events: events } = body as Page
  t.equal(events.length, 2)
  const [patched, first] = events as [Record<string, unknown>, Record<string, unknown>]
  t.same(
    { ...first, id: 0, occurred_at: '', after_digest: '' },
    {
      id: 0,
      position: null,
      type: 'role_created',
      occurred_at: '',
      actor: 'key:home-office-alice',
      owner: 'alice',
      organisation: 'home-office',
      role: 'data-engineer',
      subject: null,
      revision: 1,
      version: null,
      before_digest: null,
      after_digest: '',
      request_id: 'request-1',
      data: { changed: ['/'] },
    },
  )
  t.equal(patched.before_digest, first.after_digest)
  t.same(patched.data, { changed: ['/title'] })

  for (const [filter, count] of [
    ['type=role_created', 1],
    ['request_id=request-1', 1],
    ['owner=alice', 2],
    ['owner=bob', 0],
    ['actor=key:home-office-alice', 2],
    ['role=data-engineer', 2],
    ['organisation=home-office', 2],
    [`since=${encodeURIComponent(String(patched.occurred_at))}`, 1],
    [`until=${encodeURIComponent(String(patched.occurred_at))}`, 1],
  ] as const) {
    const page = (await call(`GET /v1/audit-events?${filter}`)).body as Page
    t.equal(page.audit_events.length, count, filter)
  }

  t.equal(
    (await call('GET /v1/audit-events?organisation=other-office', { key: token('home-office', ['audit:read'], 'bob') }))
      .status,
    403,
  )

  const page = (await call('GET /v1/audit-events?limit=1&owner=alice')).body as Page
  t.same(page.audit_events, [patched])
  const next = (await call(`GET /v1/audit-events?limit=1&owner=alice&cursor=${page.next_cursor}`)).body as Page
  t.same(next, { audit_events: [first], next_cursor: null })
})

t.test('listAuditEvents → 200: an admin reads all organisations', async t => {
  const { call } = await testApp(t)
  await call('POST /v1/roles?slug=one', { body: exampleDocument })
  await call('POST /v1/roles?slug=two', { body: exampleDocument, key: token('other-office') })
  const { audit_events: events } = (await call('GET /v1/audit-events', { key: token('home-office', ['admin']) }))
    .body as Page
  t.same(
    events.map(({ role }) => role),
    ['two', 'one'],
  )
})

t.test('listAuditEvents?organisation= → 422 where there is none, with the near one for an admin alone', async t => {
  const { call } = await testApp(t)
  const read = (organisation: string, scope: 'admin' | 'audit:read') =>
    call(`GET /v1/audit-events?organisation=${organisation}`, { key: token('home-office', [scope]) })
  t.match(problemOf(await read('hone-office', 'admin')), {
    status: 422,
    errors: [
      {
        pointer: '?organisation',
        code: 'not_in_list',
        detail: 'There is no organisation "hone-office". Did you mean "home-office"?',
      },
    ],
  })
  t.same((await read('other-office', 'admin')).body, { audit_events: [], next_cursor: null })
  const refused = async (organisation: string) =>
    JSON.stringify(problemOf(await read(organisation, 'audit:read'))).replaceAll(organisation, '')
  t.equal(await refused('other-office'), await refused('othr-office'), 'nobody else learns which there are')
})

t.test('a refusal for want of a scope → 403, and written down for the organisation of the caller', async t => {
  const { call } = await testApp(t)
  const refused = await call('POST /v1/roles', {
    body: exampleDocument,
    key: token('home-office', ['roles:read_drafts']),
  })
  t.equal(refused.status, 403)
  const event = await until(async () => ((await call('GET /v1/audit-events')).body as Page).audit_events[0])
  t.same(
    { ...event, id: 0, occurred_at: '' },
    {
      id: 0,
      position: null,
      type: 'refused',
      occurred_at: '',
      actor: 'key:home-office-alice',
      owner: 'alice',
      organisation: 'home-office',
      role: null,
      subject: '/v1/roles',
      revision: null,
      version: null,
      before_digest: null,
      after_digest: null,
      request_id: refused.headers['request-id'],
      data: { method: 'POST', status: 403, code: 'insufficient_scope' },
    },
  )
  t.equal((await call('POST /v1/roles', { body: exampleDocument, key: null })).status, 401)
  t.equal(((await call('GET /v1/audit-events')).body as Page).audit_events.length, 1, 'nobody known, nothing written')
})

t.test('events → the database refuses update, delete and truncate', async t => {
  const { call, db } = await testApp(t)
  await call('POST /v1/roles', { body: exampleDocument })
  await t.rejects(db.updateTable('events').set({ type: 'nothing' }).execute(), /never changed/)
  await t.rejects(db.deleteFrom('events').execute(), /never changed/)
  await t.rejects(sql`truncate events cascade`.execute(db), /never changed/)
  await t.rejects(sql`truncate role_versions cascade`.execute(db), /never changed/)
})
