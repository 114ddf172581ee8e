// What receivers get, and what becomes of a receiver that does not take it. They are real HTTP servers.
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { sql } from 'kysely'
import t, { type Test } from 'tap'
import { pauses, retryAfterMs } from '../../src/webhooks/deliver.ts'
import { baseUrl } from '../support/app.ts'
import { problemOf } from '../support/problem.ts'
import { startReceiver, verify } from '../support/receiver.ts'
import { createPublished, createRole, publishRole } from '../support/roles.ts'
import { until } from '../support/until.ts'
import {
  attempted,
  createWebhook,
  deliveriesOf,
  limits,
  passTime,
  roundEnded,
  settled,
  workingApp,
} from '../support/webhooks.ts'

const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/

/** A webhook that was told of one publication, and did not take it. */
async function failedOnce(t: Test, answer: (response: ServerResponse) => void) {
  const { call, db, start } = await workingApp(t)
  const receiver = await startReceiver(t)
  receiver.behaviour = answer
  const webhook = await createWebhook(call, receiver.url)
  start()
  await createPublished(call, 'first-role')
  const first = await attempted(call, webhook, 1)
  await roundEnded(db, webhook)
  return { call, db, receiver, webhook, first }
}

t.test('a publication → one signed message, logged', async t => {
  const { call, start } = await workingApp(t)
  const receiver = await startReceiver(t)
  await createPublished(call, 'before-it')
  const webhook = await createWebhook(call, receiver.url)
  start()
  await createPublished(call, 'data-engineer')
  const [delivery] = await settled(call, webhook)
  t.equal(receiver.received.length, 1, 'what was published before it came is not sent')
  const [message] = receiver.received
  if (!message || !delivery) throw new Error('nothing came')
  const sent = verify(webhook.secret, message)
  const { body } = await call('GET /v1/changes?after=1')
  t.strictSame([sent], (body as { changes: unknown[] }).changes, 'as the feed gives it')
  t.match(sent, { type: 'role.published', position: 2, data: { role: { slug: 'data-engineer', version: 1 } } })
  t.strictSame(
    { ...message.headers, 'webhook-signature': undefined, 'webhook-timestamp': undefined },
    {
      host: new URL(receiver.url).host,
      'content-type': 'application/json; charset=utf-8',
      'user-agent': 'role-register',
      'webhook-id': delivery.id,
      'webhook-timestamp': undefined,
      'webhook-signature': undefined,
      'content-length': String(Buffer.byteLength(message.body)),
      connection: 'close',
    },
  )
  t.match(message.headers['webhook-signature'], /^v1,[A-Za-z0-9+/]{43}=$/)
  const { started_at, duration_ms } = delivery.last_attempt ?? {}
  t.strictSame(delivery, {
    id: 'evt_2',
    event_type: 'role.published',
    position: 2,
    status: 'delivered',
    attempts: 1,
    created_at: delivery.created_at,
    next_attempt_at: null,
    last_attempt: {
      number: 1,
      started_at,
      duration_ms,
      status: 204,
      error: null,
      response: null,
    },
  })
  t.match(started_at, instant)
  t.throws(() => verify(`whsec_${Buffer.alloc(32).toString('base64')}`, message), /No matching signature/)
  t.throws(() => verify(webhook.secret, { ...message, body: `${message.body} ` }), /No matching signature/)
})

t.test('receivers that misbehave → each failure in words, and nobody else waits', async t => {
  const { call, start } = await workingApp(t)
  const elsewhere = await startReceiver(t)
  const endless = (response: ServerResponse) => {
    const more = () => {
      while (response.write('x'.repeat(65_536)));
      response.once('drain', more)
    }
    more()
  }
  const cases: Record<
    string,
    {
      behaviour: (response: ServerResponse) => void
      status: number | null
      error: string | null
      response?: string
    }
  > = {
    'hangs for ever': { behaviour: () => {}, status: null, error: 'The receiver did not answer within 1.5 s.' },
    resets: {
      behaviour: response => void (response.socket as Socket).resetAndDestroy(),
      status: null,
      error: 'The receiver closed the connection before it answered.',
    },
    'answers 500': {
      behaviour: response => void response.writeHead(500).end('a\u0000b\u001b[31m\u202ec'),
      status: 500,
      error: 'The receiver answered 500.',
      response: 'a b [31m c',
    },
    'sends headers without end': {
      behaviour: response => {
        const socket = response.socket as Socket
        socket.write('HTTP/1.1 200 OK\r\n')
        const timer = setInterval(() => socket.write('x: y\r\n'), 50)
        socket.on('close', () => clearInterval(timer))
      },
      status: null,
      error: 'The receiver did not answer within 1.5 s.',
    },
    'sends too many headers': {
      behaviour: response => {
        const socket = response.socket as Socket
        socket.end(`HTTP/1.1 200 OK\r\n${'x: yyyyyyyyyyyyyy\r\n'.repeat(2000)}\r\n`)
      },
      status: null,
      error: 'The headers of the answer are larger than 16 KiB.',
    },
    'speaks no HTTP': {
      behaviour: response => void (response.socket as Socket).end('220 mail.example ESMTP\r\n'),
      status: null,
      error: 'What the receiver answered is not HTTP.',
    },
    'refuses with a body without end': {
      behaviour: response => {
        response.writeHead(400, { 'content-type': 'text/plain' })
        endless(response)
      },
      status: 400,
      error: 'The receiver answered 400.',
      response: 'x'.repeat(500),
    },
    'refuses with a body that never comes': {
      behaviour: response => response.writeHead(422).flushHeaders(),
      status: 422,
      error: 'The receiver answered 422.',
    },
    redirects: {
      behaviour: response => void response.writeHead(302, { location: elsewhere.url }).end('moved'),
      status: 302,
      error: 'The receiver redirects (302); redirects are not followed.',
      response: 'moved',
    },
    'takes it with a body without end': {
      behaviour: response => {
        response.writeHead(200)
        endless(response)
      },
      status: 200,
      error: null,
    },
  }
  const bad = await Promise.all(
    Object.entries(cases).map(async ([name, expected]) => {
      const receiver = await startReceiver(t)
      receiver.behaviour = expected.behaviour
      return { name, expected, receiver, webhook: await createWebhook(call, receiver.url) }
    }),
  )
  const nobody = await createWebhook(call, 'http://127.0.0.1:9/')
  const good = await startReceiver(t)
  const goodHook = await createWebhook(call, good.url)
  const worker = start()
  await createPublished(call, 'data-engineer')
  const began = Date.now()
  await until(() => good.received.length === 1)
  // All are asked at once; had the good one waited for those that hang, it would have waited this long.
  const hung = bad.find(({ name }) => name === 'hangs for ever')
  t.ok((await deliveriesOf(call, hung?.webhook ?? nobody))[0]?.attempts === 0 || Date.now() - began < limits.answerMs)
  await settled(call, goodHook)
  for (const { name, expected, webhook } of bad) {
    const delivery = await attempted(call, webhook, 1)
    const attempt = delivery.last_attempt
    t.strictSame(
      attempt,
      {
        number: 1,
        started_at: attempt.started_at,
        duration_ms: attempt.duration_ms,
        status: expected.status,
        error: expected.error,
        response: expected.response ?? null,
      },
      name,
    )
    t.equal(delivery.status, expected.error === null ? 'delivered' : 'pending', name)
    t.ok(attempt.duration_ms < limits.answerMs + limits.bodyMs + 1000, `${name}: ${attempt.duration_ms} ms`)
  }
  const refused = await attempted(call, nobody, 1)
  t.match(refused.last_attempt, { status: null, error: 'The receiver refused the connection.' })
  t.equal(elsewhere.connections, 0, 'no redirect was followed')
  await worker.close()
  for (const { receiver } of bad)
    t.equal(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size, 1)
})

t.test('500, then 204 → the same webhook-id again, with a signature of its own time', async t => {
  const { call, db, start } = await workingApp(t)
  const receiver = await startReceiver(t)
  receiver.behaviour = response => void response.writeHead(500).end()
  const webhook = await createWebhook(call, receiver.url)
  start()
  await createPublished(call, 'data-engineer')
  const failed = await attempted(call, webhook, 1)
  t.equal(failed.status, 'pending')
  const failing = await call(`GET ${webhook.path}`)
  const { failing_since } = failing.body as { failing_since: string }
  t.equal(failing.etag, '"r2"', 'the ETag changes with what is shown')
  t.equal(failing_since, failed.last_attempt.started_at)
  receiver.behaviour = response => void response.writeHead(200).end()
  await passTime(db, webhook)
  const [delivered] = await settled(call, webhook)
  t.equal(delivered?.status, 'delivered')
  t.equal(receiver.received.length, 2)
  t.equal(receiver.received[0]?.headers['webhook-id'], receiver.received[1]?.headers['webhook-id'])
  for (const message of receiver.received) verify(webhook.secret, message)
  const { attempt_log, ...rest } = (await call(`GET ${webhook.path}/deliveries/evt_1`)).body as {
    attempt_log: Record<string, unknown>[]
  }
  const { last_attempt, ...summary } = delivered ?? {}
  t.strictSame(rest, summary)
  t.strictSame(attempt_log[0], last_attempt)
  t.strictSame(
    attempt_log.map(({ number, status, error }) => [number, status, error]),
    [
      [2, 200, null],
      [1, 500, 'The receiver answered 500.'],
    ],
  )
  const well = await call(`GET ${webhook.path}`, { headers: { 'if-none-match': failing.etag } })
  t.strictSame([well.etag, well.body], ['"r3"', { ...(failing.body as object), failing_since: null }])
})

t.test('pauses grow to the end of the fifth day, with jitter; then the delivery has failed', async t => {
  t.ok(
    pauses.reduce((sum, pause) => sum + pause, 0) > 5 * 86_400,
    'a lone delivery lasts until the webhook is disabled',
  )
  t.strictSame(
    [...pauses].sort((a, b) => a - b),
    [...pauses],
  )
  const { call, db, start } = await workingApp(t)
  const receiver = await startReceiver(t)
  receiver.behaviour = response => void response.writeHead(500).end()
  const webhook = await createWebhook(call, receiver.url)
  start()
  await createPublished(call, 'data-engineer')
  const seen: number[] = []
  for (const [index, pause] of [...pauses, undefined].entries()) {
    const delivery = await attempted(call, webhook, index + 1)
    const { started_at } = delivery.last_attempt
    if (pause === undefined) {
      t.strictSame([delivery.status, delivery.next_attempt_at], ['failed', null])
      break
    }
    const waits = (Date.parse(String(delivery.next_attempt_at)) - Date.parse(started_at)) / 1000
    t.ok(waits >= pause && waits < pause * 1.2 + 5, `attempt ${index + 2} after ${waits} s, not before ${pause}`)
    seen.push(waits / pause)
    await until(async () => {
      const { rows } = await sql<{ free: boolean }>`
        select count(*) > 0 as free from graphile_worker.jobs where locked_at is null`.execute(db)
      return rows[0]?.free
    })
    await passTime(db, webhook)
  }
  t.ok(new Set(seen).size > 3, 'no two pauses are the same part of theirs')
})

t.test('Retry-After', async t => {
  const now = Date.parse('2027-03-01T12:00:00Z')
  for (const [header, expected] of [
    ['120', 120_000],
    [' 5 ', 5000],
    ['Mon, 01 Mar 2027 12:01:00 GMT', 60_000],
    ['Monday, 01-Mar-27 12:01:00 GMT', 60_000],
    ['Mon, 01 Mar 2027 11:00:00 GMT', undefined],
    ['999999999', 86_400_000],
    ['Mon, 01 Mar 2099 12:00:00 GMT', 86_400_000],
    ['0', undefined],
    ['-5', undefined],
    ['1.5', undefined],
    ['soon', undefined],
    ['2027-03-02', undefined],
    ['', undefined],
    [undefined, undefined],
  ] as const)
    t.equal(retryAfterMs(header, now), expected, `${header}`)

  const { call, db, receiver, first } = await failedOnce(t, response =>
    response.writeHead(503, { 'retry-after': '1000' }).end(),
  )
  const { started_at } = first.last_attempt
  const waits = Date.parse(String(first.next_attempt_at)) - Date.parse(started_at)
  t.ok(waits >= 1_000_000 && waits < 1_010_000, `${waits} ms`)
  await createPublished(call, 'second-role')
  const { rows } = await until(async () => {
    const found = await sql<{ run_at: string; pending: number }>`
      select run_at, (select count(*) from webhook_deliveries where status = 'pending') as pending
      from graphile_worker.jobs where locked_at is null`.execute(db)
    return found.rows[0]?.pending === 2 && found
  })
  t.ok(Date.parse(String(rows[0]?.run_at)) - Date.parse(started_at) >= 1_000_000, 'what is newer waits too')
  t.equal(receiver.received.length, 1)
})

t.test('410 → disabled with an event; what was kept is sent when it is enabled again', async t => {
  const { call, db, start } = await workingApp(t)
  const receiver = await startReceiver(t)
  receiver.behaviour = response => void response.writeHead(410).end()
  const webhook = await createWebhook(call, receiver.url)
  start()
  await createPublished(call, 'first-role')
  const gone = await until(async () => {
    const answer = await call(`GET ${webhook.path}`)
    return (answer.body as { enabled: boolean }).enabled === false && answer
  })
  const { disabled_at, failing_since } = gone.body as { disabled_at: string; failing_since: string }
  t.match(gone.body, { enabled: false, disabled_reason: 'gone' })
  t.match(disabled_at, instant)
  t.equal(gone.etag, '"r3"')
  t.match(
    [
      ((await call(`GET ${webhook.path}/deliveries`)).body as { deliveries: object[] }).deliveries[0],
      (await call(`GET ${webhook.path}/deliveries/evt_1`)).body,
    ],
    [
      { id: 'evt_1', status: 'pending', next_attempt_at: null },
      { id: 'evt_1', status: 'pending', next_attempt_at: null },
    ],
    'while it is disabled there is no next attempt',
  )
  const event = await db.selectFrom('events').selectAll().where('type', '=', 'webhook_disabled').execute()
  t.strictSame(event, [
    {
      id: event[0]?.id,
      position: null,
      type: 'webhook_disabled',
      occurred_at: event[0]?.occurred_at,
      actor: null,
      owner: null,
      organisation: 'home-office',
      role: null,
      subject: webhook.path,
      revision: 3,
      version: null,
      before_digest: null,
      after_digest: null,
      request_id: null,
      data: { reason: 'gone', failing_since },
    },
  ])
  await createPublished(call, 'second-role')
  await until(async () => (await db.selectFrom('webhook_cursor').select('position').executeTakeFirst())?.position === 2)
  t.strictSame((await call(`POST ${webhook.path}/pings`)).status, 409)
  t.strictSame((await call(`POST ${webhook.path}/replays`, { body: { after: 0 } })).status, 409)

  receiver.behaviour = response => void response.writeHead(204).end()
  const enabled = await call(`PATCH ${webhook.path}`, { match: gone.etag, body: { enabled: true } })
  t.match(enabled.body, { enabled: true, disabled_at: null, disabled_reason: null, failing_since: null })
  await settled(call, webhook)
  t.strictSame(
    receiver.received.map(({ headers }) => headers['webhook-id']),
    ['evt_1', 'evt_1'],
    'what was kept; what was published meanwhile is asked for',
  )
  const replay = await call(`POST ${webhook.path}/replays`, { body: { since: disabled_at } })
  t.strictSame([replay.status, replay.body], [202, { deliveries: 1, last_position: 2, more: false }])
  await until(() => receiver.received.length === 3)
  t.equal(receiver.received[2]?.headers['webhook-id'], 'evt_2')
})

t.test('five days of failures → disabled with an event', async t => {
  const { call, db, start } = await workingApp(t)
  const receiver = await startReceiver(t)
  receiver.behaviour = response => void response.writeHead(500).end()
  const webhook = await createWebhook(call, receiver.url)
  const since = (ms: number) =>
    db
      .updateTable('webhooks')
      .set({ failing_since: new Date(Date.now() - ms).toISOString() })
      .execute()
  await since(5 * 86_400_000 - 60_000)
  start()
  await createPublished(call, 'first-role')
  await attempted(call, webhook, 1)
  t.match((await call(`GET ${webhook.path}`)).body, { enabled: true }, 'not a minute before')
  await since(5 * 86_400_000 + 1000)
  await passTime(db, webhook)
  const disabled = await until(async () => {
    const { body } = await call(`GET ${webhook.path}`)
    return (body as { enabled: boolean }).enabled === false && body
  })
  t.match(disabled, { disabled_reason: 'failing' })
  const events = await call(`GET /v1/audit-events?type=webhook_disabled&subject=${webhook.path}`)
  t.match((events.body as { audit_events: unknown[] }).audit_events, [{ data: { reason: 'failing' }, actor: null }])
  t.match(await deliveriesOf(call, webhook), [{ status: 'pending', attempts: 2 }], 'it is kept')
})

t.test('a receiver that was away gets everything at once when it is there again', async t => {
  const { call, db, start } = await workingApp(t)
  const receiver = await startReceiver(t)
  receiver.behaviour = response => void response.writeHead(500).end()
  const webhook = await createWebhook(call, receiver.url)
  start()
  for (const slug of ['one', 'two', 'three']) await createPublished(call, slug)
  const rounds = async () => (await db.selectFrom('webhooks').select('failed_rounds').executeTakeFirst())?.failed_rounds
  for (const round of [1, 2, 3]) {
    await until(async () => ((await rounds()) ?? 0) >= round)
    if (round < 3) await passTime(db, webhook)
  }
  receiver.behaviour = response => void response.writeHead(204).end()
  receiver.received.length = 0
  // The pause of one is over; those of the others are hours away.
  await db.transaction().execute(async trx => {
    await sql`update webhooks set rest_until = null, asked_until = null`.execute(trx)
    await sql`update webhook_deliveries set next_attempt_at = now() + interval '5 hours'`.execute(trx)
  })
  await createPublished(call, 'four')
  await settled(call, webhook)
  t.strictSame(receiver.received.map(({ headers }) => headers['webhook-id']).sort(), [
    'evt_1',
    'evt_2',
    'evt_3',
    'evt_4',
  ])
  t.equal(receiver.received[0]?.headers['webhook-id'], 'evt_4')
})

t.test('a secret that is replaced signs too until its time', async t => {
  const { call, db, start } = await workingApp(t)
  const receiver = await startReceiver(t)
  const webhook = await createWebhook(call, receiver.url)
  start()
  const rotated = await call(`POST ${webhook.path}/rotations`, { body: { overlap_seconds: 3600 } })
  const { secret } = rotated.body as { secret: string }
  await createPublished(call, 'first-role')
  await until(() => receiver.received.length === 1)
  const [first] = receiver.received
  if (!first) throw new Error('nothing came')
  t.equal(String(first.headers['webhook-signature']).split(' ').length, 2)
  verify(webhook.secret, first)
  verify(secret, first)
  await sql`update webhooks set old_secret_until = now()`.execute(db)
  const after = await call(`GET ${webhook.path}`)
  await createPublished(call, 'second-role')
  await until(() => receiver.received.length === 2)
  const [, second] = receiver.received
  if (!second) throw new Error('nothing came')
  verify(secret, second)
  t.throws(() => verify(webhook.secret, second), /No matching signature/)
  t.strictSame((await call(`GET ${webhook.path}`)).body, after.body, 'the end of the overlap changes no body')
})

t.test('filters → only what was asked for', async t => {
  const { call, start } = await workingApp(t)
  const admin = { key: 'other-office/root/admin' }
  const receiver = await startReceiver(t)
  const settings = {
    all: {},
    withdrawals: { event_types: ['role.withdrawn'] },
    others: { organisations: ['other-office'] },
    two: { roles: ['two', 'three'], event_types: ['role.published'] },
    nothing: { organisations: ['other-office'], roles: ['one'] },
  }
  const drafts = new Map<string, string>()
  for (const slug of ['one', 'two', 'three', 'last']) drafts.set(slug, (await createRole(call, slug)).etag)
  const publish = (slug: string) => publishRole(call, slug, drafts.get(slug) ?? '')
  for (const [name, filter] of Object.entries(settings)) await createWebhook(call, `${receiver.url}/${name}`, filter)
  const last = await createWebhook(call, `${receiver.url}/last`, { roles: ['last'] })
  start()
  const one = await publish('one')
  await publish('two')
  const made = await call('POST /v1/roles?slug=theirs&organisation=other-office', {
    ...admin,
    body: (await call('GET /v1/roles/one/draft')).body,
  })
  await publishRole(call, 'theirs', made.etag, 'A note', admin.key)
  await call('POST /v1/roles/one/withdrawals', { match: one.etag, body: { reason: 'No more' } })
  await publish('last')
  await settled(call, last)
  const expected = { all: [1, 2, 3, 4, 5], withdrawals: [4], others: [3], two: [2], nothing: [], last: [5] }
  const all = Object.values(expected).flat().length
  await until(() => receiver.received.length === all)
  for (const [name, positions] of Object.entries(expected))
    t.strictSame(
      receiver.received
        .filter(({ path }) => path === `/hook/${name}`)
        .map(({ headers }) => headers['webhook-id'])
        .sort(),
      positions.map(position => `evt_${position}`),
      name,
    )
})

t.test('ping → 202, sent and logged as an event is', async t => {
  const { call, start } = await workingApp(t)
  const receiver = await startReceiver(t)
  const webhook = await createWebhook(call, receiver.url, { event_types: ['role.withdrawn'] })
  start()
  const answer = await call(`POST ${webhook.path}/pings`)
  const { id, created_at, next_attempt_at } = answer.body as Record<string, string>
  t.strictSame(
    [answer.status, answer.headers.location, answer.body],
    [
      202,
      `${webhook.path}/deliveries/${id}`,
      {
        id,
        event_type: 'ping',
        position: null,
        status: 'pending',
        attempts: 0,
        created_at,
        next_attempt_at,
        attempt_log: [],
      },
    ],
  )
  await settled(call, webhook)
  const [message] = receiver.received
  if (!message) throw new Error('nothing came')
  t.equal(message.headers['webhook-id'], id)
  t.strictSame(verify(webhook.secret, message), {
    specversion: '1.0',
    id,
    source: `${baseUrl}/v1/webhooks`,
    type: 'ping',
    subject: webhook.path,
    time: created_at,
    datacontenttype: 'application/json',
    data: {},
  })
})

t.test('ping of a webhook that rests → sent at once; what else is pending says when it will be', async t => {
  const { call, db, receiver, webhook } = await failedOnce(t, response =>
    response.writeHead(503, { 'retry-after': '3600' }).end(),
  )
  const rest = async () => (await db.selectFrom('webhooks').select('asked_until').executeTakeFirstOrThrow()).asked_until
  // Due, were it not for the rest.
  await sql`update webhook_deliveries set next_attempt_at = now() - interval '1 minute'`.execute(db)
  const pending = (await call(`GET ${webhook.path}/deliveries/evt_1`)).body as { next_attempt_at: string }
  t.equal(pending.next_attempt_at, await rest())
  receiver.behaviour = response => void response.writeHead(204).end()
  const { id } = (await call(`POST ${webhook.path}/pings`)).body as { id: string }
  const pingOf = async () => (await deliveriesOf(call, webhook)).find(delivery => delivery.id === id)
  await until(async () => (await pingOf())?.status === 'delivered')
  t.strictSame(
    receiver.received.map(({ headers }) => headers['webhook-id']),
    ['evt_1', id],
    'and nothing else: the receiver asked for an hour',
  )
  t.match(await deliveriesOf(call, webhook), [
    { id, status: 'delivered', next_attempt_at: null },
    { id: 'evt_1', status: 'pending', attempts: 1, next_attempt_at: await rest() },
  ])
})

t.test(
  'ping of a webhook that fails → no longer rest for others where it fails, none where it is delivered',
  async t => {
    const { call, db, receiver, webhook } = await failedOnce(t, response => response.writeHead(500).end())
    // As after many rounds: it will not be asked again before this test ends.
    await sql`update webhooks set failed_rounds = 4, rest_until = now() + interval '1 hour'`.execute(db)
    const stateOf = () => db.selectFrom('webhooks').select(['failed_rounds', 'rest_until']).executeTakeFirstOrThrow()
    const before = await stateOf()
    const ping = async () => ((await call(`POST ${webhook.path}/pings`)).body as { id: string }).id
    const failed = await ping()
    await until(async () =>
      (await deliveriesOf(call, webhook)).some(({ id, attempts }) => id === failed && attempts === 1),
    )
    t.strictSame(await stateOf(), before)
    receiver.behaviour = response => void response.writeHead(204).end()
    await ping()
    await settled(call, webhook)
    t.strictSame(await stateOf(), { failed_rounds: 0, rest_until: null })
    await createPublished(call, 'next')
    await settled(call, webhook)
    t.match((await deliveriesOf(call, webhook))[0], { status: 'delivered', attempts: 1 })
  },
)

t.test('replays', async t => {
  const { call, start } = await workingApp(t)
  const receiver = await startReceiver(t)
  for (const slug of ['one', 'two', 'three']) await createPublished(call, slug)
  const webhook = await createWebhook(call, receiver.url, { roles: ['one', 'three'] })
  start()
  const ids = () => receiver.received.map(({ headers }) => headers['webhook-id'])
  const ask = (body: object) => call(`POST ${webhook.path}/replays`, { body })

  const all = await ask({ after: 0 })
  t.strictSame([all.status, all.body], [202, { deliveries: 2, last_position: 3, more: false }])
  await settled(call, webhook)
  t.strictSame(ids(), ['evt_1', 'evt_3'], 'also what was published before the webhook was made')
  const one = await ask({ delivery: 'evt_1' })
  t.strictSame([one.status, one.body], [202, { deliveries: 1, last_position: 1, more: false }])
  await until(() => receiver.received.length === 3)
  t.strictSame(ids(), ['evt_1', 'evt_3', 'evt_1'])
  await settled(call, webhook)
  const again = (await call(`GET ${webhook.path}/deliveries/evt_1`)).body as { attempts: number; status: string }
  t.strictSame([again.attempts, again.status], [2, 'delivered'])

  const none = await ask({ after: 3 })
  t.strictSame([none.status, none.body], [202, { deliveries: 0, last_position: null, more: false }])
  const { next_cursor } = (await call('GET /v1/changes?limit=1')).body as { next_cursor: string }
  t.strictSame((await ask({ after: next_cursor })).body, { deliveries: 1, last_position: 3, more: false })
  await settled(call, webhook)
  t.strictSame(ids().slice(3), ['evt_3'])
  for (const [body, pointer, code, detail] of [
    [{ after: 4 }, '/after', 'too_large', 'The feed ends at 3; 4 is beyond it.'],
    [
      { after: '1-20010101000000000000' },
      '/after',
      'cursor_gone',
      'Event 1 is another one than it was when this cursor was given.',
    ],
    [{ since: '2999-01-01T00:00:00Z' }, '/since', 'wrong_time', '2999-01-01T00:00:00Z is yet to come.'],
  ] as const)
    t.strictSame(problemOf(await ask(body)), {
      status: 422,
      code: 'invalid',
      detail,
      errors: [{ pointer, code, detail }],
    })
  for (const after of ['latest', '', '01', '-1', next_cursor.slice(0, -1)])
    t.match((await ask({ after })).body, { status: 422, errors: [{ pointer: '/after', code: 'wrong_form' }] }, after)
  const unknown = await ask({ delivery: 'evt_2' })
  t.strictSame(unknown.status, 422)
  t.match(unknown.body, { errors: [{ pointer: '/delivery', code: 'unknown_delivery' }] })
  for (const body of [{}, { after: 1, delivery: 'evt_1' }, { after: null }])
    t.match((await ask(body)).body, { status: 422, errors: [{ pointer: '', code: 'one_of' }] })
  const tried = await call(`POST ${webhook.path}/replays?dry_run=true`, { body: { after: 0 } })
  t.strictSame(tried.body, { deliveries: 2, last_position: 3, more: false })
  t.equal(receiver.received.length, 4)
  const events = await call(`GET /v1/audit-events?type=webhook_replayed`)
  t.strictSame(
    (events.body as { audit_events: { data: unknown }[] }).audit_events.map(({ data }) => data),
    [
      { after: next_cursor, deliveries: 1, last_position: 3, more: false },
      { delivery: 'evt_1', deliveries: 1, last_position: 1, more: false },
      { after: 0, deliveries: 2, last_position: 3, more: false },
    ],
  )
})

t.test('two workers → each message once', async t => {
  const { call, start } = await workingApp(t)
  const receiver = await startReceiver(t)
  const webhook = await createWebhook(call, receiver.url)
  start()
  start()
  const slugs = Array.from({ length: 20 }, (_, index) => `role-${index}`)
  const half = slugs.length / 2
  await Promise.all(
    [slugs.slice(0, half), slugs.slice(half)].map(async some => {
      for (const slug of some) await createPublished(call, slug)
    }),
  )
  await until(async () => (await settled(call, webhook)).length === slugs.length)
  t.equal(receiver.received.length, slugs.length)
  t.equal(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size, slugs.length)
})

t.test('a stop gives back what is being sent; the next worker sends it', async t => {
  const { call, start } = await workingApp(t)
  const receiver = await startReceiver(t)
  receiver.behaviour = () => {}
  const webhook = await createWebhook(call, receiver.url)
  const first = start({ limits: { connectMs: 2000, answerMs: 60_000, bodyMs: 500 } })
  await createPublished(call, 'data-engineer')
  await until(() => receiver.received.length === 1)
  const began = Date.now()
  await first.close()
  t.ok(Date.now() - began < 15_000, `stopped in ${Date.now() - began} ms`)
  t.match(await deliveriesOf(call, webhook), [{ status: 'pending', attempts: 0 }], 'it was no attempt')
  receiver.behaviour = response => void response.writeHead(204).end()
  start()
  await settled(call, webhook, 30_000)
  t.strictSame(
    receiver.received.map(({ headers }) => headers['webhook-id']),
    ['evt_1', 'evt_1'],
  )
})
