import { type Kysely, sql } from 'kysely'
import t from 'tap'
import { connect, queryNamed, transact } from '../../src/database/connect.ts'
import { DatabaseUnavailable } from '../../src/database/connection.ts'
import { listen } from '../../src/database/listen.ts'
import type { Database } from '../../src/database/types.ts'
import { toIsoTime } from '../../src/database/values.ts'
import { type Teardown, testDatabase } from '../support/database.ts'
import { startProxy } from '../support/proxy.ts'
import { until } from '../support/until.ts'

async function one<T>(db: Kysely<Database>, text: string): Promise<T> {
  const { rows } = await sql<{ value: T }>`select ${sql.raw(text)} as value`.execute(db)
  return rows[0]?.value as T
}

function pool(t: Teardown, ...[options]: Parameters<typeof connect>): Kysely<Database> {
  const db = connect(options)
  t.after(() => db.destroy())
  return db
}

const kill = (db: Kysely<Database>, pid: number) => one<boolean>(db, `pg_terminate_backend(${pid}, 5000)`)

t.test('values keep what they are: int8 a number, times to the microsecond, json parsed', async t => {
  const { db } = await testDatabase(t)
  const { rows } = await sql`select
    1234567890123::int8 as large, null::int8 as none, array[1, null]::int8[] as larges, 1.10::numeric as decimal,
    '2026-03-29 01:59:59.123456+00'::timestamptz as time, '2026-03-29'::date as day,
    array['2026-03-29 00:00:00+00', null]::timestamptz[] as times, array[]::timestamptz[] as no_times,
    '2026-03-29 01:00:00'::timestamp as local, '{"a": [1]}'::jsonb as value, true as flag`.execute(db)
  t.strictSame(rows, [
    {
      large: 1234567890123,
      none: null,
      larges: [1, null],
      decimal: '1.10',
      time: '2026-03-29T01:59:59.123456Z',
      day: '2026-03-29',
      times: ['2026-03-29T00:00:00.000000Z', null],
      no_times: [],
      local: '2026-03-29 01:00:00',
      value: { a: [1] },
      flag: true,
    },
  ])
  await t.rejects(one(db, '9007199254740993::int8'), RangeError)
  t.equal(await one(db, '1'), 1)
})

t.test('times are given in UTC whatever zone the server speaks', async t => {
  t.equal(toIsoTime('2026-03-29 03:00:00.5+02'), '2026-03-29T01:00:00.500000Z')
  t.equal(toIsoTime('2025-12-31 19:15:00.000001-05:45'), '2026-01-01T01:00:00.000001Z')
  t.equal(toIsoTime('infinity'), 'infinity')
})

t.test('queryNamed prepares once per connection, and never behind a pooler', async t => {
  const { db, url } = await testDatabase(t, { max: 1 })
  const prepared = (db: Kysely<Database>) =>
    one<number>(db, `(select count(*) from pg_prepared_statements where name = 'twice')`)
  const plain = pool(t, { url, max: 1, namedStatements: false })
  for (const [on, count] of [
    [db, 1],
    [plain, 0],
  ] as const) {
    t.strictSame(await queryNamed(on, 'twice', 'select $1::int * 2 as value', [4]), [{ value: 8 }])
    t.strictSame(await queryNamed(on, 'twice', 'select $1::int * 2 as value', [5]), [{ value: 10 }])
    t.equal(await prepared(on), count)
  }
})

t.test('queryNamed survives a migration that changes the columns', async t => {
  const { db } = await testDatabase(t, { max: 1 })
  await sql`create table changing (a int)`.execute(db)
  await sql`insert into changing values (1)`.execute(db)
  const read = () => queryNamed(db, 'read_changing', 'select * from changing')
  t.strictSame(await read(), [{ a: 1 }])
  await sql`alter table changing add column b int default 2`.execute(db)
  t.strictSame(await read(), [{ a: 1, b: 2 }])
  t.strictSame(await read(), [{ a: 1, b: 2 }])
})

t.test('time limits hold as start-up parameters, and behind a pooler in each transaction', async t => {
  const { db, url } = await testDatabase(t, { statementTimeoutMs: 300, lockTimeoutMs: 100 })
  const setting = (db: Kysely<Database>, name: string) => one<string>(db, `current_setting('${name}')`)
  t.equal(await setting(db, 'statement_timeout'), '300ms')
  t.equal(await setting(db, 'lock_timeout'), '100ms')
  t.equal(await setting(db, 'idle_in_transaction_session_timeout'), '300ms')
  await t.rejects(one(db, 'pg_sleep(5)'), { code: '57014' })

  const pooled = pool(t, { url, statementTimeoutMs: 300, lockTimeoutMs: 100, namedStatements: false })
  t.equal(await setting(pooled, 'statement_timeout'), '0')
  await transact(pooled, async trx => {
    t.equal(await setting(trx, 'statement_timeout'), '300ms')
    t.equal(await setting(trx, 'lock_timeout'), '100ms')
    t.equal(await setting(trx, 'transaction_isolation'), 'read committed')
  })
  await t.rejects(
    transact(pooled, trx => one(trx, 'pg_sleep(5)')),
    { code: '57014' },
  )
  t.equal(await setting(pooled, 'statement_timeout'), '0')
})

t.test('a transaction of many statements, each within its limit, has a limit as a whole', async t => {
  const { url } = await testDatabase(t)
  const db = pool(t, { url, max: 2, statementTimeoutMs: 300 })
  const pids = () =>
    Promise.all([1, 2].map(() => one<number>(db, `pg_backend_pid() + 0 * length(pg_sleep(0.1)::text)`)))
  const before = await pids()
  let statements = 0
  const began = performance.now()
  const endless = transact(db, async trx => {
    for (; statements < 100; statements += 1) await sql`select pg_sleep(0.1)`.execute(trx)
  })
  await t.rejects(endless, DatabaseUnavailable)
  const ms = performance.now() - began
  t.ok(ms >= 550 && ms < 3000 && statements < 10, `${statements} statements in ${ms} ms`)
  // The same transaction is done where it ends in time, and longer work between transactions is nobody's business.
  const short = await transact(db, async trx => (await sql`select pg_sleep(0.1)`.execute(trx)).rows.length)
  t.equal(short, 1)
  for (let index = 0; index < 3; index += 1) t.equal(await one(db, `pg_sleep(0.25)::text`), '')
  const after = await pids()
  t.equal(before.filter(pid => after.includes(pid)).length, 1, 'the other connection is as good as before')
})

t.test('a backend that is killed in mid-transaction fails that work alone', async t => {
  const { db, url } = await testDatabase(t, { max: 1 })
  const other = pool(t, { url })
  let runs = 0
  const killed = transact(db, async trx => {
    runs++
    await sql`create table never ()`.execute(trx)
    await kill(other, await one<number>(trx, 'pg_backend_pid()'))
    await one(trx, '1')
  })
  await t.rejects(killed, DatabaseUnavailable)
  t.equal(runs, 1)
  t.equal(await one(db, `to_regclass('never') is null`), true)
})

t.test('a connection that died in the pool is replaced before the work begins', async t => {
  const { db, url } = await testDatabase(t, { max: 1 })
  const other = pool(t, { url })
  for (let round = 0; round < 5; round++) {
    await kill(other, await one<number>(db, 'pg_backend_pid()'))
    t.equal(await transact(db, trx => one(trx, '1')), 1)
  }
})

t.test('transact tries again after a deadlock, at most three times', async t => {
  const { db } = await testDatabase(t)
  const fail = (state: string) => sql.raw(`do $$ begin raise exception 'no' using errcode = '${state}'; end $$`)
  let runs = 0
  const result = await transact(db, async trx => {
    if (++runs < 4) await sql`${fail(runs === 1 ? '40001' : '40P01')}`.execute(trx)
    return 'done'
  })
  t.strictSame([result, runs], ['done', 4])

  runs = 0
  const refused = transact(db, async trx => {
    runs++
    await sql`${fail('40P01')}`.execute(trx)
  })
  await t.rejects(refused, { code: '40P01' })
  t.equal(runs, 4)

  runs = 0
  const wrong = transact(db, async () => {
    runs++
    throw new Error('mine')
  })
  await t.rejects(wrong, { message: 'mine' })
  t.equal(runs, 1)
})

t.test('a commit whose answer is lost is never run again', async t => {
  const { db, url } = await testDatabase(t)
  const proxy = await startProxy(t, url)
  const through = pool(t, { url: proxy.url, max: 1, statementTimeoutMs: 200 })
  let runs = 0
  const lost = transact(through, async trx => {
    runs++
    await sql`select 1`.execute(trx)
    proxy.swallow()
  })
  await t.rejects(lost, DatabaseUnavailable)
  t.equal(runs, 1)
  t.equal(await one(db, '1'), 1)
})

t.test('a network that swallows everything costs one limit, and then the pool is healthy at once', async t => {
  const { url } = await testDatabase(t)
  const proxy = await startProxy(t, url)
  const db = pool(t, { url: proxy.url, max: 4, statementTimeoutMs: 1500 })
  const all = () => Promise.all(Array.from({ length: 4 }, () => one(db, 'pg_sleep(0.02)')))
  await all()
  proxy.swallow()
  await t.rejects(one(db, '1'), DatabaseUnavailable)
  proxy.heal()
  const began = Date.now()
  t.equal(await one(db, '1'), 1)
  await all()
  t.ok(Date.now() - began < 1800, 'no other connection from before the cut was tried')
})

t.test('a server that refuses connections is unavailable, and back when it is', async t => {
  const { url } = await testDatabase(t)
  const proxy = await startProxy(t, url)
  const db = pool(t, { url: proxy.url, max: 2 })
  t.equal(await one(db, '1'), 1)
  proxy.refuse()
  await t.rejects(one(db, '1'), DatabaseUnavailable)
  await t.rejects(
    transact(db, trx => one(trx, '1')),
    DatabaseUnavailable,
  )
  proxy.heal()
  t.equal(await one(db, '1'), 1)
})

t.test('a full pool is unavailable in limited time', async t => {
  const { db } = await testDatabase(t, { max: 1, connectTimeoutMs: 300 })
  await transact(db, async () => {
    await t.rejects(one(db, '1'), DatabaseUnavailable)
  })
  t.equal(await one(db, '1'), 1)
})

t.test('a closed pool is unavailable', async t => {
  const { url } = await testDatabase(t)
  const db = connect({ url })
  await one(db, '1')
  await db.destroy()
  await t.rejects(one(db, '1'))
})

t.test('listen: notifications arrive, a killed session comes back, a throwing handler harms nothing', async t => {
  const { db, url } = await testDatabase(t)
  const seen: string[] = []
  const errors: Error[] = []
  const others: string[] = []
  const listener = listen(
    { url, onError: error => errors.push(error) },
    {
      onNotification: {
        'Some "channel"': payload => {
          seen.push(payload)
          if (payload === 'throw') throw new Error('in a handler')
        },
        another: payload => others.push(payload),
      },
      onUp: () => seen.push('up'),
      onDown: () => seen.push('down'),
    },
  )
  t.after(() => listener.close())
  await until(() => listener.up)
  const notify = (payload: string) => sql`select pg_notify('Some "channel"', ${payload})`.execute(db)
  await sql`select pg_notify('another', 'other'), pg_notify('a third', 'nobody')`.execute(db)
  await until(() => others.length === 1)
  await notify('throw')
  await notify('')
  await until(() => seen.length === 3)
  const session = `(select pid from pg_stat_activity where datname = current_database()
    and application_name = 'role-register listener')`
  await kill(db, await one<number>(db, session))
  await until(() => listener.up && seen.length === 5)
  await notify('again')
  await until(() => seen.length === 6)
  t.strictSame([seen, others], [['up', 'throw', '', 'down', 'up', 'again'], ['other']])
  t.ok(errors.some(error => error.message === 'in a handler'))
  await listener.close()
  await listener.close()
  t.equal(listener.up, false)
  await until(async () => (await one(db, session)) === null)
  t.equal(seen.length, 6)
})

t.test('listen: a network that swallows everything is noticed, and left behind', async t => {
  const { db, url } = await testDatabase(t)
  const proxy = await startProxy(t, url)
  const seen: string[] = []
  const options = { url: proxy.url, keepaliveMs: 50, answerMs: 2000, retryMs: 100 }
  const listener = listen(options, {
    onNotification: { changes: payload => seen.push(payload) },
    onUp: () => seen.push('up'),
    onDown: () => seen.push('down'),
  })
  t.after(() => listener.close())
  await until(() => listener.up)
  proxy.swallow()
  await until(() => !listener.up)
  proxy.heal()
  await until(() => listener.up)
  await sql`select pg_notify('changes', 'after')`.execute(db)
  await until(() => seen.includes('after'))
  t.strictSame(seen, ['up', 'down', 'up', 'after'])
})

t.test('listen: a database that is not there yet is waited for', async t => {
  const { url } = await testDatabase(t)
  const proxy = await startProxy(t, url)
  proxy.refuse()
  const errors: Error[] = []
  const listener = listen(
    { url: proxy.url, retryMs: 20, onError: error => errors.push(error) },
    {
      onNotification: { changes: () => {} },
    },
  )
  t.after(() => listener.close())
  await until(() => errors.length >= 3)
  t.equal(listener.up, false)
  proxy.heal()
  await until(() => listener.up)
})
