import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { text as textOf } from 'node:stream/consumers'
import { sql } from 'kysely'
import t from 'tap'
import { openSnapshot, poolStatus } from '../../src/database/connect.ts'
import { testApp } from '../support/app.ts'
import { copyRole } from '../support/copies.ts'
import { testDatabase } from '../support/database.ts'
import { problemOf } from '../support/problem.ts'
import { createPublished, createRole, digestOf, publishRole } from '../support/roles.ts'
import { until } from '../support/until.ts'

const path = '/v1/exports/roles.ndjson'
const everyone = { key: null }

t.test('exportRoles', async t => {
  const { call, db } = await testApp(t)

  await t.test('→ 200 with the end alone where nothing is published', async t => {
    await createRole(call, 'a-draft')
    const answer = await call(`GET ${path}`, everyone)
    t.equal(answer.status, 200)
    t.strictSame(answer.body, [
      { type: 'end', count: 0, digest: createHash('sha256').update('').digest('hex'), feed_cursor: '0' },
    ])
  })

  await t.test(
    '→ 200 with each role that is published now as its own address has it, and an end that proves it',
    async t => {
      for (const slug of ['beta', 'alpha', 'gone', 'gamma']) await createPublished(call, slug)
      const draft = await call('GET /v1/roles/beta/draft')
      await publishRole(call, 'beta', draft.etag, 'Again')
      await call('PATCH /v1/roles/gamma/draft', { match: '*', body: { title: 'Secret title' } })
      await call('POST /v1/roles/gone/withdrawals', { match: '*', body: { reason: 'No more' } })
      const answer = await call(`GET ${path}`, everyone)
      t.match(answer.headers, { 'content-type': 'application/x-ndjson', 'cache-control': 'public, no-cache' })
      const lines = answer.text.split('\n')
      t.equal(lines.pop(), '', 'the last line is ended too')
      const end = lines.pop() ?? ''
      const roles = []
      for (const slug of ['alpha', 'beta', 'gamma']) {
        const role = await call(`GET /v1/roles/${slug}`, everyone)
        roles.push(`{"type":"role","etag":${JSON.stringify(role.etag)},"role":${role.text}}`)
        t.equal(role.etag, `"${digestOf(role.text)}"`)
      }
      t.strictSame(lines, roles)
      const before = lines.map(line => `${line}\n`).join('')
      const { feed_cursor } = (await call('GET /v1/roles', everyone)).body as { feed_cursor: string }
      const digest = createHash('sha256').update(before).digest('hex')
      t.strictSame(JSON.parse(end), { type: 'end', count: 3, digest, feed_cursor })
    },
  )

  await t.test('→ 304 until anything public happens, 200 for HEAD without a body', async t => {
    const first = await call(`GET ${path}`, everyone)
    const headers = { 'if-none-match': first.etag }
    await call('PATCH /v1/roles/alpha/draft', { match: '*', body: { title: 'Only a draft' } })
    const unchanged = await call(`GET ${path}`, { ...everyone, headers })
    t.strictSame([unchanged.status, unchanged.text, unchanged.etag], [304, '', first.etag])
    const head = await call(`HEAD ${path}`, everyone)
    t.strictSame([head.status, head.text, head.etag], [200, '', first.etag])
    t.notOk('content-length' in head.headers, 'there is none of GET either')
    const { etag } = await call('GET /v1/roles/alpha/draft')
    await publishRole(call, 'alpha', etag)
    const changed = await call(`GET ${path}`, { ...everyone, headers })
    t.equal(changed.status, 200)
    t.not(changed.etag, first.etag)
    await until(() => poolStatus(db).idle === poolStatus(db).total)
  })

  await t.test('→ 400 for a query, 406 where Accept excludes lines', async t => {
    t.equal((await call(`GET ${path}?slug=alpha`, everyone)).status, 400)
    t.equal((await call(`GET ${path}`, { ...everyone, headers: { accept: 'application/json' } })).status, 406)
  })
})

t.test('exports on real sockets', { timeout: 300_000 }, async t => {
  const { app, db, call } = await testApp(t, { exportLimits: { atOnce: 1, stallMs: 2000 } })
  await createPublished(call, 'many')
  // More than the buffers of two sockets hold.
  await copyRole(db, 'many', 4000)
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  const open = async () => {
    const socket = connect({ port, host: '127.0.0.1' })
    socket.on('error', () => {})
    await once(socket, 'connect')
    socket.write(`GET ${path} HTTP/1.1\r\nHost: register.example\r\nConnection: close\r\n\r\n`)
    return socket
  }
  const isFree = () => poolStatus(db).idle === poolStatus(db).total

  await t.test('who reads gets all of it', async t => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`)
    const lines = (await answer.text()).trimEnd().split('\n')
    t.equal(lines.length, 4002)
    t.match(JSON.parse(lines.at(-1) ?? ''), { type: 'end', count: 4001 })
    await until(isFree)
  })

  await t.test('one more at once → 503, and none after it is over', async t => {
    const slow = await open()
    slow.pause()
    await until(() => !isFree())
    const refused = await call(`GET ${path}`, everyone)
    t.equal(refused.headers['retry-after'], '30')
    t.strictSame(problemOf(refused), {
      status: 503,
      code: 'unavailable',
      detail: '1 exports are being sent, and no more at once. Try again later.',
      errors: [],
    })
    slow.destroy()
    await until(isFree)
    t.equal((await call(`HEAD ${path}`, everyone)).status, 200)
  })

  await t.test('who takes nothing is cut off, holds no snapshot, and sees no end', async t => {
    const slow = await open()
    slow.pause()
    await until(() => !isFree())
    await until(isFree)
    const got = await textOf(slow)
    t.ok(got.includes('{"type":"role"'))
    t.notOk(got.includes('{"type":"end"'))
    t.notOk(got.endsWith('0\r\n\r\n'), 'nor the last chunk')
  })

  await t.test('what the database cannot finish is cut, and sees no end', async t => {
    const copying = sql<{ pid: number }>`select pid from pg_stat_activity
      where datname = current_database() and query like 'copy %'`
    await until(async () => (await copying.execute(db)).rows.length === 0)
    const slow = await open()
    slow.pause()
    await until(async () => (await copying.execute(db)).rows.length === 1)
    await sql`select pg_terminate_backend(pid, 5000) from (${copying}) export`.execute(db)
    const got = await textOf(slow)
    t.notOk(got.includes('{"type":"end"'))
    await until(isFree)
    t.equal((await call(`HEAD ${path}`, everyone)).status, 200)
  })
})

t.test('a snapshot has limits of its own', async t => {
  const { db } = await testDatabase(t, {
    statementTimeoutMs: 600,
    snapshotIdleTimeoutMs: 1500,
    snapshotTimeoutMs: 4500,
  })
  const rows = (count: number, seconds: number) =>
    sql<{ n: number }>`(select n, pg_sleep(${seconds}) from generate_series(1, ${count}::int) n)`
  const read = async (count: number, seconds: number, pauseMs: number) => {
    const snapshot = await openSnapshot(db)
    let seen = 0
    try {
      const query = snapshot.selectFrom(rows(count, seconds).as('rows')).select('n')
      for await (const { n } of query.stream(2)) {
        seen += Number(n > 0)
        await new Promise(resolve => setTimeout(resolve, pauseMs))
      }
    } finally {
      await snapshot.rollback().execute()
    }
    return seen
  }
  t.equal(await read(10, 0.15, 0), 10, 'longer than a statement may take')
  t.equal(await read(4, 0, 450), 4, 'a pause longer than a transaction may idle')
  await t.rejects(read(2, 0.9, 0), { code: '57014' }, 'each statement has the limit of all')
  await t.rejects(read(8, 0, 1800), { name: 'DatabaseUnavailable' }, 'who pauses for too long loses it')
  await t.rejects(read(100, 0.06, 60), { name: 'DatabaseUnavailable' }, 'it ends')
  const early = await openSnapshot(db)
  for await (const _ of early.selectFrom(rows(10, 0).as('rows')).select('n').stream(2)) break
  await early.rollback().execute()
  t.equal(poolStatus(db).idle, poolStatus(db).total)
})
