import { once } from 'node:events'
import { type AddressInfo, connect as connectSocket } from 'node:net'
import { type Kysely, sql } from 'kysely'
import t from 'tap'
import { build } from '../../src/app.ts'
import { connect, poolStatus } from '../../src/database/connect.ts'
import type { Database } from '../../src/database/types.ts'
import { exampleDocument } from '../../src/document/schema.ts'
import { FeedSignal } from '../../src/feed/signal.ts'
import { readEvents } from '../../src/feed/store.ts'
import { openAndCloseDue } from '../../src/vacancies/clock.ts'
import { type Answer, baseUrl, testApp, webhooks } from '../support/app.ts'
import { callerOf } from '../support/call.ts'
import type { Teardown } from '../support/database.ts'
import { problemOf } from '../support/problem.ts'
import { createPublished, createRole, documentWith, publishRole } from '../support/roles.ts'
import { unchecked } from '../support/unchecked.ts'
import { until } from '../support/until.ts'
import { openVacancy, publishAdvertised } from '../support/vacancies.ts'

const everyone = { key: null }
type Body = { changes: Record<string, unknown>[]; next_cursor: string }
const bodyOf = (answer: Answer) => answer.body as Body

/** What the feed calls the place after an event: its number, and when it was. */
async function cursorAt(db: Kysely<Database>, position: number): Promise<string> {
  const query = db.selectFrom('events').select('occurred_at').where('position', '=', position)
  const { occurred_at } = await query.executeTakeFirstOrThrow()
  return `${position}-${occurred_at.replaceAll(/[-T:.Z]/g, '')}`
}
const seo = exampleDocument.grades
const heo = [{ scheme: 'civil-service', code: 'HEO', label: 'Higher Executive Officer' }]

t.test('listChanges', async t => {
  const { call, db } = await testApp(t)
  const changes = async (query = '') => call(`GET /v1/changes${query}`, everyone)

  await t.test('→ 200 and a cursor where nothing happened yet, or nothing public', async t => {
    await createRole(call, 'a-draft')
    for (const query of ['', '?after=0', '?after=latest', '?type=role.published']) {
      const answer = await changes(query)
      t.strictSame([answer.status, answer.body], [200, { changes: [], next_cursor: '0' }], query)
      t.match(answer.headers, { 'cache-control': 'public, no-cache', link: undefined })
    }
  })

  await t.test('→ 200 with each change as a CloudEvent, in the order of the commits', async t => {
    const draft = await createRole(call, 'engineer', documentWith({ family: 'data' }))
    const first = await publishRole(call, 'engineer', draft.etag, 'First')
    const edited = await call('PATCH /v1/roles/engineer/draft', {
      match: first.etag,
      body: { title: 'Engineer', grades: heo, family: null },
    })
    const { status } = await call('POST /v1/roles/engineer/publications', {
      match: edited.etag,
      body: { change_note: 'One grade down', change_kind: 'editorial' },
    })
    t.equal(status, 201)
    await createPublished(call, 'architect')
    const reason = 'Merged'
    await call('POST /v1/roles/engineer/withdrawals', { match: '*', body: { reason, successor: 'architect' } })
    await call('POST /v1/roles/engineer/publications', { match: '*', body: { change_note: 'Back' } })
    const answer = await changes()
    t.match(answer.headers, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'public, no-cache' })

    const version = async (slug: string, number: number) => {
      const { body, etag } = await call(`GET /v1/roles/${slug}/versions/${number}`, everyone)
      const { title, organisation, profession, family, grades, published_at } = body as Record<string, unknown>
      const url = `${baseUrl}/v1/roles/${slug}`
      return { slug, title, organisation, profession, family, grades, version: number, published_at, etag, url }
    }
    const times = await db
      .selectFrom('events')
      .select('occurred_at')
      .where('position', 'is not', null)
      .orderBy('position')
      .execute()
    const change = (position: number, type: string, role: string, roleversion: number, data: unknown) => ({
      specversion: '1.0',
      id: String(position),
      source: `${baseUrl}/v1/changes`,
      type,
      subject: `/v1/roles/${role}`,
      time: times[position - 1]?.occurred_at,
      datacontenttype: 'application/json',
      position,
      organisation: 'home-office',
      role,
      roleversion,
      data,
    })
    const published = (role: unknown, before: unknown, after: unknown, note: string, kind = 'substantive') => ({
      role,
      before,
      after,
      change_note: note,
      change_kind: kind,
      cause: null,
    })
    const high = { profession: 'digital_and_data', grades: seo }
    const low = { profession: 'digital_and_data', grades: heo }
    const [one, two, three] = [await version('engineer', 1), await version('engineer', 2), await version('engineer', 3)]
    t.strictSame(answer.body, {
      changes: [
        change(1, 'role.published', 'engineer', 1, published(one, null, high, 'First')),
        change(2, 'role.published', 'engineer', 2, published(two, high, low, 'One grade down', 'editorial')),
        change(3, 'role.published', 'architect', 1, published(await version('architect', 1), null, high, 'A note')),
        change(4, 'role.withdrawn', 'engineer', 2, {
          role: two,
          before: low,
          after: null,
          reason,
          successor: 'architect',
        }),
        change(5, 'role.published', 'engineer', 3, published(three, null, low, 'Back')),
      ],
      next_cursor: await cursorAt(db, 5),
    })
    t.strictSame([one.title, two.title, two.family], ['Data engineer', 'Engineer', null])
  })

  await t.test('→ 200 in pages that link the next; what is behind may be kept', async t => {
    const seen: unknown[] = []
    let line: string | undefined = 'GET /v1/changes?limit=2&wait=0'
    for (let pages = 0; line; pages += 1) {
      const answer: Answer = await call(line, everyone)
      seen.push(...bodyOf(answer).changes.map(({ position }) => position))
      const next: string | undefined = /^<([^>]+)>; rel="next"$/.exec(String(answer.headers.link ?? ''))?.[1]
      const place = pages < 2 ? await cursorAt(db, 2 * (pages + 1)) : undefined
      t.equal(next, place && `/v1/changes?limit=2&wait=0&after=${place}`)
      const cached = pages < 2 ? 'public, max-age=60, stale-if-error=86400' : 'public, no-cache'
      t.equal(answer.headers['cache-control'], cached)
      line = next && `GET ${next}`
    }
    t.strictSame(seen, [1, 2, 3, 4, 5])
    const end = await cursorAt(db, 5)
    for (const after of ['5', end, 'latest'])
      t.strictSame((await changes(`?after=${after}`)).body, { changes: [], next_cursor: end }, after)
    const whole = await changes('?after=3')
    const again = await call('GET /v1/changes?after=3', { ...everyone, headers: { 'if-none-match': whole.etag } })
    t.strictSame([again.status, again.text, again.etag], [304, '', whole.etag])
  })

  await t.test('→ 200 with what fits the filters, and a cursor beyond what does not', async t => {
    for (const [query, positions] of [
      ['?type=role.withdrawn', [4]],
      ['?role=architect', [3]],
      ['?role=engineer&type=role.published&after=1', [2, 5]],
      ['?organisation=home-office', [1, 2, 3, 4, 5]],
      ['?organisation=other-office', []],
      ['?type=vacancy.opened', []],
    ] as const) {
      const { changes: found, next_cursor } = bodyOf(await changes(query))
      t.strictSame([found.map(({ position }) => position), next_cursor], [positions, await cursorAt(db, 5)], query)
    }
    const first = await changes('?role=engineer&limit=1')
    const place = await cursorAt(db, 1)
    t.equal(bodyOf(first).next_cursor, place)
    t.equal(first.headers.link, `</v1/changes?role=engineer&limit=1&after=${place}>; rel="next"`)
  })

  await t.test('→ 400 for what is no cursor or out of range, 422 for a type that is none', async t => {
    const wrong = [
      '-1',
      '01',
      '1e3',
      'x',
      '1.5',
      '%20',
      '9999999999999999',
      'LATEST',
      '5-',
      '5-1',
      '5-x',
      '5-2026112410000012345Z',
    ]
    for (const after of wrong) {
      const answer = await changes(`?after=${after}`)
      t.strictSame(problemOf(answer), {
        status: 400,
        code: 'bad_cursor',
        detail: 'This is no cursor of the change feed. Send `after=latest`, or a cursor as it was given.',
        errors: [],
      })
    }
    for (const query of ['?wait=31', '?wait=-1', '?limit=0', '?limit=1001', '?after=', '?cursor=1'])
      t.equal((await changes(query)).status, 400, query)
    t.equal((await changes('?type=role.created')).status, 422)
    for (const query of ['?after=latest', '?wait=30'])
      for (const [name, value, detail] of [
        ['organisation', 'home-ofice', 'There is no organisation "home-ofice". Did you mean "home-office"?'],
        ['role', 'enginer', 'No role "enginer" was ever published. Did you mean "engineer"?'],
      ] as const)
        t.match(problemOf(await changes(`${query}&${name}=${value}`)), {
          status: 422,
          errors: [{ pointer: `?${name}`, detail }],
        })
  })

  await t.test('→ 410 beyond the end: the register was restored from a backup', async t => {
    for (const query of ['after=6', 'after=999999999999999', 'after=6&role=engineer', 'after=6&wait=30']) {
      const answer = await changes(`?${query}`)
      t.strictSame(problemOf(answer), {
        status: 410,
        code: 'cursor_gone',
        detail: 'The feed ends at 5: the register was restored since this cursor.',
        errors: [],
      })
    }
  })

  await t.test('→ 410 where the register was restored and has grown past the cursor since', async t => {
    const { call, db } = await testApp(t)
    for (const slug of ['one', 'two', 'three']) await createPublished(call, slug)
    const [kept, lost] = [await cursorAt(db, 1), await cursorAt(db, 3)]
    const read = (after: string, more = '') => call(`GET /v1/changes?after=${after}${more}`, everyone)
    t.strictSame(bodyOf(await read(lost)), { changes: [], next_cursor: lost })
    // Back to a backup that was made after the first of them.
    await unchecked(db, async trx => {
      await sql`delete from events where position > 1`.execute(trx)
      await sql`update feed_counter set position = 1`.execute(trx)
    })
    t.match(problemOf(await read(lost)), { status: 410, code: 'cursor_gone' })
    for (const slug of ['four', 'five', 'six', 'seven']) await createPublished(call, slug)
    for (const more of ['', '&wait=30', '&role=seven', '&type=role.withdrawn'])
      t.strictSame(problemOf(await read(lost, more)), {
        status: 410,
        code: 'cursor_gone',
        detail: 'Event 3 is another one than it was: the register was restored since this cursor.',
        errors: [],
      })
    const { changes, next_cursor } = bodyOf(await read(kept))
    t.strictSame(
      [changes.map(({ role }) => role), next_cursor],
      [['four', 'five', 'six', 'seven'], await cursorAt(db, 5)],
    )
    t.equal(bodyOf(await read('3')).changes.length, 2, 'a number alone says nothing of when it was')
    for (const [line, cursor] of [
      ['GET /v1/roles', (body: unknown) => (body as { feed_cursor: string }).feed_cursor],
      ['GET /v1/vacancies', (body: unknown) => (body as { feed_cursor: string }).feed_cursor],
      ['GET /v1/exports/roles.ndjson', (body: unknown) => (body as { feed_cursor: string }[]).at(-1)?.feed_cursor],
    ] as const)
      t.equal(cursor((await call(line, everyone)).body), next_cursor, `${line} gives a cursor that knows`)
  })

  await t.test('a filter looks through so much of the feed at once, and goes on from there', async t => {
    await sql`with counter as (update feed_counter set position = 25000 returning position)
      insert into events (position, type, organisation, role, data)
      select n, 'role_published', 'home-office', 'architect', '{}' from counter, generate_series(6, 25000) n`.execute(
      db,
    )
    const page = await readEvents(db, 5, 10, { role: 'engineer' })
    t.match(page, { events: [], reached: 10005, end: 25000 })
    const answer = await changes('?after=5&role=engineer&wait=30')
    t.strictSame(answer.body, { changes: [], next_cursor: await cursorAt(db, 10005) }, 'without waiting')
    t.equal(answer.headers.link, `</v1/changes?after=${await cursorAt(db, 10005)}&role=engineer&wait=30>; rel="next"`)
    t.strictSame((await readEvents(db, 20_005, 10, { role: 'engineer' })).reached, 25_000)
  })
})

/** Another process on the database, which hears of nothing. */
async function deafApp(t: Teardown, url: string) {
  const db = connect({ url })
  const app = await build({
    db,
    listenUrl: 'postgresql://nobody@127.0.0.1:1/nothing',
    feedLimits: { pollMs: 20 },
    authenticate: async () => null,
    pepper: 'pepper of the tests, 32 characters',
    webhooks,
    baseUrl,
    cacheBytesMax: 0,
  })
  await app.ready()
  t.after(async () => {
    await app.close()
    await db.destroy()
  })
  return callerOf(app)
}

t.test('listChanges that waits', { timeout: 300_000 }, async t => {
  // One connection and little room: whoever held either while waiting would stop the publication.
  const { app, call, db, url } = await testApp(t, { inFlightMax: 2, feedLimits: { waitersMax: 12 } }, { max: 1 })
  const { etag } = await createPublished(call, 'engineer')
  await createPublished(call, 'architect')
  const deaf = await deafApp(t, url)
  const waiting = (query: string, by = call) => by(`GET /v1/changes?${query}`, everyone)
  /** As `waiting`, again where there was no room just then. */
  const patient = (query: string, by = call) =>
    until(async () => {
      const answer = await waiting(query, by)
      return answer.status !== 503 && answer
    }, 60_000)
  const waiters = (count: number) =>
    until(async () => new RegExp(`^feed_waiters ${count}$`, 'm').test((await call('GET /metrics')).text))

  await t.test('→ 200 as soon as there is a change, for all who wait, by whatever process it came', async t => {
    const began = performance.now()
    const polls = []
    for (let index = 0; index < 10; index += 1) polls.push(patient('after=2&wait=30'))
    polls.push(patient('after=2&wait=30&role=engineer'), waiting('after=2&wait=30&type=role.published', deaf))
    await waiters(11)
    t.match(poolStatus(db), { max: 1, waiting: 0 })
    t.equal((await call('GET /v1/roles', everyone)).status, 200, 'they keep nobody out')
    // Nothing public, and then nothing that fits the filter.
    await call('PATCH /v1/roles/engineer/draft', { match: etag, body: { title: 'Senior engineer' } })
    await publishRole(call, 'engineer', '*')
    for (const [index, poll] of polls.entries()) {
      const answer = await poll
      t.strictSame([answer.status, bodyOf(answer).next_cursor], [200, await cursorAt(db, 3)], String(index))
      t.match(bodyOf(answer).changes, [{ position: 3, roleversion: 2, data: { role: { title: 'Senior engineer' } } }])
    }
    t.ok(performance.now() - began < 25_000, 'before their time')
  })

  await t.test('→ 200 goes on waiting where the change does not fit the filter', async t => {
    const poll = waiting('after=3&wait=30&role=architect')
    await waiters(1)
    await publishRole(call, 'engineer', '*')
    await publishRole(call, 'architect', '*')
    const { changes, next_cursor } = bodyOf(await poll)
    t.strictSame([changes.map(({ position }) => position), next_cursor], [[5], await cursorAt(db, 5)])
  })

  await t.test('→ 200 and empty when the time is over', async t => {
    const began = performance.now()
    const answer = await waiting('after=5&wait=1')
    t.strictSame(answer.body, { changes: [], next_cursor: await cursorAt(db, 5) })
    t.ok(performance.now() - began >= 950)
    const filtered = waiting('after=5&wait=5&role=architect')
    await waiters(1)
    await publishRole(call, 'engineer', '*')
    const moved = { changes: [], next_cursor: await cursorAt(db, 6) }
    t.strictSame((await filtered).body, moved, 'with a cursor that has moved')
  })

  await t.test('→ 503 where as many wait as can; who hangs up makes room', async t => {
    await app.listen({ port: 0, host: '127.0.0.1' })
    const { port } = app.server.address() as AddressInfo
    const polls = []
    for (let index = 0; index < 11; index += 1) polls.push(patient('after=6&wait=30'))
    const socket = connectSocket({ port, host: '127.0.0.1' })
    await once(socket, 'connect')
    await waiters(11)
    const ask = () => socket.write('GET /v1/changes?after=6&wait=30 HTTP/1.1\r\nHost: register.example\r\n\r\n')
    ask()
    await waiters(12)
    const refused = await waiting('after=6&wait=1')
    t.equal(refused.headers['retry-after'], '10')
    t.strictSame(problemOf(refused), {
      status: 503,
      code: 'unavailable',
      detail: 'As many wait for changes as can. Ask again without `wait`, or later.',
      errors: [],
    })
    t.equal((await waiting('after=latest')).status, 200, 'who does not wait is answered')
    socket.destroy()
    await waiters(11)
    await publishRole(call, 'engineer', '*')
    for (const poll of polls) t.strictSame(bodyOf(await poll).next_cursor, await cursorAt(db, 7))
  })

  await t.test('→ 200 and empty at once when the service stops', async t => {
    const poll = waiting('after=latest&wait=30')
    await waiters(1)
    const began = performance.now()
    await app.close()
    const answer = await poll
    t.strictSame([answer.status, answer.body], [200, { changes: [], next_cursor: await cursorAt(db, 7) }])
    t.ok(performance.now() - began < 10_000)
  })
})

t.test('listChanges that waits → 429 where one caller or address waits as often as one may', async t => {
  const { call, db } = await testApp(t, { feedLimits: { waitersPerCallerMax: 1 } })
  const { etag } = await createPublished(call, 'engineer')
  const metrics = (count: number) =>
    until(async () => new RegExp(`^feed_waiters ${count}$`, 'm').test((await call('GET /metrics')).text))
  const line = 'GET /v1/changes?after=1&wait=30'
  const keys = [null, 'home-office/alice/webhooks:manage', 'home-office/bob/webhooks:manage']
  const polls = []
  for (const [index, key] of keys.entries()) {
    polls.push(call(line, { key }))
    await metrics(index + 1)
  }
  for (const key of keys) {
    const refused = await call(line, { key })
    t.equal(refused.headers['retry-after'], '10')
    t.strictSame(problemOf(refused), {
      status: 429,
      code: 'too_many_requests',
      detail: 'As many of your requests wait for changes as may. One is enough.',
      errors: [],
    })
  }
  await publishRole(call, 'engineer', etag)
  for (const poll of polls) t.match(await poll, { status: 200, body: { next_cursor: await cursorAt(db, 2) } })
  const again = call('GET /v1/changes?after=2&wait=30', everyone)
  await metrics(1)
  await publishRole(call, 'engineer', '*')
  t.equal((await again).status, 200, 'who has an answer may wait again')
})

t.test('FeedSignal', async t => {
  let end = 5
  let looks = 0
  const signal = new FeedSignal({
    look: async () => {
      looks += 1
      if (end < 0) throw new Error('no database')
      return end
    },
    pollMs: 5,
    waitersMax: 3,
  })
  t.after(async () => signal.close())
  t.equal(await signal.wait(4, 60_000), true, 'found by looking, as nobody announces')
  t.equal(await signal.wait(5, 20), false)
  const [first, second] = [signal.wait(5, 60_000), signal.wait(6, 60_000)]
  signal.up()
  await until(() => looks > 0)
  signal.announce(6)
  t.equal(await first, true)
  signal.announce(7)
  t.equal(await second, true)
  const seen = looks
  t.equal(await signal.wait(7, 50), false)
  t.equal(looks, seen, 'while it is up nobody looks')
  signal.down()
  end = -1
  const third = signal.wait(7, 60_000)
  await until(() => looks > seen + 1)
  end = 8
  t.equal(await third, true, 'a database that was gone is looked at again')
  const gone = new AbortController()
  const waits = [signal.wait(8, 60_000, { signal: gone.signal }), signal.wait(8, 60_000), signal.wait(8, 60_000)]
  t.strictSame([signal.waiting, signal.isFull], [3, true])
  gone.abort()
  t.equal(await waits[0], false)
  t.strictSame([signal.waiting, signal.isFull], [2, false])
  t.equal(await signal.wait(8, 60_000, { signal: gone.signal }), false)
  end = 3
  signal.up()
  await until(async () => (await signal.wait(7, 1)) === false)
  signal.close()
  t.strictSame(await Promise.all(waits.slice(1)), [false, false])
  t.equal(await signal.wait(8, 60_000), false)
})

t.test('getAtomFeed', async t => {
  const { call, db } = await testApp(t)
  const atom = (query = '', headers = {}) => call(`GET /v1/feed.atom${query}`, { ...everyone, headers })

  await t.test('→ 200 without entries', async t => {
    const answer = await atom()
    t.match(answer.headers, {
      'content-type': 'application/atom+xml; charset=utf-8',
      'cache-control': 'public, max-age=60, stale-if-error=86400',
      'last-modified': undefined,
    })
    t.equal(
      answer.text,
      `<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom"><id>${baseUrl}/v1/feed.atom</id><title>Role Register: changes</title><updated>1970-01-01T00:00:00Z</updated><author><name>Role Register</name></author><link rel="self" href="${baseUrl}/v1/feed.atom" type="application/atom+xml"/><link rel="first" href="${baseUrl}/v1/feed.atom" type="application/atom+xml"/></feed>
`,
    )
  })

  await t.test('→ 200 with the newest first, its text escaped; 304 where the caller has it', async t => {
    const { etag } = await createRole(call, 'engineer', documentWith({ title: 'R&D <lead>' }))
    await publishRole(call, 'engineer', etag, 'For "all" \ufffe]]>')
    await call('POST /v1/roles/engineer/withdrawals', { match: '*', body: { reason: 'Done & over', successor: null } })
    const rows = await db
      .selectFrom('events')
      .select('occurred_at')
      .where('position', 'is not', null)
      .orderBy('position')
      .execute()
    const [first = '', second = ''] = rows.map(({ occurred_at }) => occurred_at)
    const answer = await atom()
    t.equal(
      answer.text,
      `<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom"><id>${baseUrl}/v1/feed.atom</id><title>Role Register: changes</title><updated>${second}</updated><author><name>Role Register</name></author><link rel="self" href="${baseUrl}/v1/feed.atom" type="application/atom+xml"/><link rel="first" href="${baseUrl}/v1/feed.atom" type="application/atom+xml"/><entry><id>${baseUrl}/v1/changes?after=1&amp;limit=1</id><title>R&amp;D &lt;lead&gt;: withdrawn</title><updated>${second}</updated><author><name>Home Office</name></author><category term="role.withdrawn"/><link rel="alternate" href="${baseUrl}/v1/roles/engineer" type="application/json"/><summary>Done &amp; over</summary></entry><entry><id>${baseUrl}/v1/changes?after=0&amp;limit=1</id><title>R&amp;D &lt;lead&gt;: published (version 1)</title><updated>${first}</updated><author><name>Home Office</name></author><category term="role.published"/><link rel="alternate" href="${baseUrl}/v1/roles/engineer/versions/1" type="application/json"/><summary>For &quot;all&quot; \ufffd]]&gt;</summary></entry></feed>
`,
    )
    const unchanged = await atom('', { 'if-none-match': answer.etag })
    t.strictSame([unchanged.status, unchanged.text, unchanged.etag], [304, '', answer.etag])
    t.equal(answer.headers['last-modified'], undefined, 'a second may have several changes')
    t.equal((await atom('', { 'if-modified-since': new Date(second).toUTCString() })).status, 200)
    const entry = await call('GET /v1/changes?after=1&limit=1', everyone)
    t.match(bodyOf(entry).changes, [{ type: 'role.withdrawn' }], 'an id is the address of its change')
  })

  await t.test('→ 200 in pages of fifty', async t => {
    await sql`with counter as (update feed_counter set position = 120 returning position)
      insert into events (position, type, organisation, role, version, data)
      select n, 'role_published', 'home-office', 'engineer', n, '{}' from counter, generate_series(3, 120) n`.execute(
      db,
    )
    const seen: number[] = []
    let line: string | undefined = '/v1/feed.atom'
    while (line) {
      const { text } = await call(`GET ${line}`, everyone)
      t.ok(text.includes(`<link rel="self" href="${baseUrl}${line}"`))
      seen.push(...[...text.matchAll(/changes\?after=(\d+)&amp;/g)].map(([, after]) => Number(after) + 1))
      line = /<link rel="next" href="https:\/\/[^/]+([^"]+)"/.exec(text)?.[1]
    }
    t.strictSame(
      seen,
      Array.from({ length: 120 }, (_, index) => 120 - index),
    )
    t.equal((await atom('?before=0')).status, 400)
    t.equal((await atom('', { accept: 'application/json' })).status, 406)
  })

  await t.test('→ 200 with vacancies as they open, change, close and go', async t => {
    await publishAdvertised(call, 'analyst')
    const gone = await openVacancy(call, 'analyst', { opens_at: null, closes_at: '2027-06-01T00:00:00Z' })
    await call(`PATCH ${gone.path}`, { match: gone.etag, body: { number_of_posts: 3 } })
    await call(`POST ${gone.path}/withdrawals`, { match: '*', body: { reason: 'Filled <inside>' } })
    const closed = await openVacancy(call, 'analyst', { opens_at: null, closes_at: '2027-06-01T00:00:00Z' })
    await openAndCloseDue(db, '2027-06-01T00:00:00Z')
    const events = await db
      .selectFrom('events')
      .select(['position', 'occurred_at'])
      .where('type', 'like', 'vacancy%')
      .where('position', 'is not', null)
      .orderBy('position', 'desc')
      .execute()
    const entry = (index: number, verb: string, type: string, { path }: { path: string }, summary = '') => {
      const { position, occurred_at } = events[index] ?? {}
      return `<entry><id>${baseUrl}/v1/changes?after=${Number(position) - 1}&amp;limit=1</id><title>Data engineer: vacancy ${verb}</title><updated>${occurred_at}</updated><author><name>Home Office</name></author><category term="vacancy.${type}"/><link rel="alternate" href="${baseUrl}${path}" type="application/json"/>${summary}</entry>`
    }
    const { text } = await atom()
    t.strictSame(text.match(/<entry>.*?<\/entry>/g)?.slice(0, 5), [
      entry(0, 'closed', 'closed', closed),
      entry(1, 'opened', 'opened', closed),
      entry(2, 'withdrawn', 'withdrawn', gone, '<summary>Filled &lt;inside&gt;</summary>'),
      entry(3, 'updated', 'updated', gone),
      entry(4, 'opened', 'opened', gone),
    ])
    const { body } = await call('GET /v1/changes?type=vacancy.withdrawn', everyone)
    const [{ data }] = (body as { changes: [{ data: Record<string, unknown> }] }).changes
    t.match(data, { reason: 'Filled <inside>', vacancy: { id: gone.id, status: 'withdrawn', number_of_posts: 3 } })
  })
})
