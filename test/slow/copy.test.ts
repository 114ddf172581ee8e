// Values by COPY: right however they are cut in pieces, and what goes wrong in the middle harms one connection only.
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { type Kysely, sql } from 'kysely'
import t from 'tap'
import { connect, copyText, openSnapshot, poolStatus } from '../../src/database/connect.ts'
import { valuesOf } from '../../src/database/copy.ts'
import type { Database } from '../../src/database/types.ts'
import { testDatabase } from '../support/database.ts'
import { startProxy } from '../support/proxy.ts'
import { until } from '../support/until.ts'

/** What PostgreSQL sends for rows of one column. */
function copyOf(values: Uint8Array[]): Buffer {
  const rows = values.flatMap(value => {
    const frame = Buffer.alloc(6)
    frame.writeInt16BE(1)
    frame.writeInt32BE(value.length, 2)
    return [frame, value]
  })
  return Buffer.concat([
    Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1'),
    ...rows,
    Buffer.from([0xff, 0xff]),
  ])
}

async function* cut(bytes: Buffer, cuts: number[]): AsyncGenerator<Buffer> {
  const places = [0, ...cuts.map(place => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  // Copies: what is read may be written in.
  for (const [index, place] of places.slice(1).entries()) yield Buffer.from(bytes.subarray(places[index], place))
}

async function readAll(pieces: AsyncIterable<Buffer>): Promise<Buffer> {
  const read: Buffer[] = []
  for await (const piece of pieces) read.push(piece)
  return Buffer.concat(read)
}

t.test('the values of a COPY are the same wherever it is cut in pieces, and none where its end is missing', async t => {
  const values = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 })
  const cuts = fc.array(fc.nat(400), { maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(values, cuts, fc.nat(400), async (values, cuts, end) => {
      const whole = copyOf(values)
      t.ok((await readAll(valuesOf(cut(whole, cuts)))).equals(Buffer.concat(values)))
      await t.rejects(readAll(valuesOf(cut(whole.subarray(0, end % whole.length), cuts))), {
        message: 'A COPY was cut',
      })
    }),
  )
})

const series = (count: number, value: string) =>
  sql`select ${sql.raw(value)} from generate_series(1, ${sql.lit(count)}) n`

async function read(db: Kysely<Database>, query: ReturnType<typeof series>, onPiece = async () => {}): Promise<string> {
  const snapshot = await openSnapshot(db)
  const pieces: Buffer[] = []
  try {
    for await (const piece of copyText(snapshot, query)) {
      pieces.push(piece)
      await onPiece()
    }
  } finally {
    await snapshot.rollback().execute()
  }
  return Buffer.concat(pieces).toString()
}

const sessionOf = async (db: Kysely<Database>) => {
  const { rows } = await sql<{ pid: number; limit: string }>`
    select pg_backend_pid() as pid, current_setting('statement_timeout') as limit`.execute(db)
  return rows[0]
}
const long = `repeat('x', 100000)`

t.test('copyText', async t => {
  const { db, url } = await testDatabase(t, { max: 1, statementTimeoutMs: 1000, snapshotTimeoutMs: 4000 })

  await t.test('gives all values, of any length, and leaves the session as it was', async t => {
    const session = await sessionOf(db)
    t.equal(session?.limit, '1s')
    t.equal(await read(db, series(0, `'x'`)), '')
    t.equal(await read(db, series(3, `n || e'é\\n'`)), '1é\n2é\n3é\n')
    t.equal(await read(db, series(3, `nullif(n || '', '2')`)), '13')
    const large = await read(db, series(5, `repeat('€', 1000000) || n`))
    t.equal(large, [1, 2, 3, 4, 5].map(n => '€'.repeat(1_000_000) + n).join(''))
    t.strictSame(await sessionOf(db), session)
  })

  await t.test(
    'may take longer than a statement and its answer where it goes on, and no longer than a snapshot',
    async t => {
      // A session sends what it has when that is 8 kB.
      const slowly = (count: number, seconds = 0.1) =>
        series(count, `repeat('x', 10000) || case when pg_sleep(${seconds}) is null then '' else '' end`)
      t.equal((await read(db, slowly(20))).length, 200_000)
      // Of the statement's limit and the transaction's, which are the same here, either may come first.
      await t.rejects(read(db, slowly(60)), { message: /^(The database is not available|canceling statement)/ })
      t.strictSame((await sessionOf(db))?.limit, '1s', 'the next one has a connection of its own')
      await t.rejects(
        read(db, series(1000, long), () => sleep(100)),
        { name: 'DatabaseUnavailable' },
        'nor may its reader',
      )
      const began = performance.now()
      await t.rejects(read(db, slowly(2, 30)), { name: 'DatabaseUnavailable' })
      t.ok(performance.now() - began < 15_000, 'nothing is waited for as long as that')
    },
  )

  await t.test('fails with what the server says, and ends that session alone', async t => {
    for (const zero of [1, 5]) {
      const session = await sessionOf(db)
      await t.rejects(read(db, series(9, `${long} || 1 / (n - ${zero})`)), { code: '22012' })
      t.not((await sessionOf(db))?.pid, session?.pid)
    }
  })

  await t.test('stopped early ends its session, and no other one', async t => {
    const others = connect({ url, max: 2 })
    t.after(() => others.destroy())
    const [one, two] = await Promise.all([openSnapshot(others), openSnapshot(others)])
    const pid = (await sessionOf(two))?.pid
    await two.rollback().execute()
    for await (const _ of copyText(one, series(1000, long))) break
    await one.rollback().execute()
    t.equal((await sessionOf(others))?.pid, pid)
    const isGone = async () => {
      const { rows } = await sql`select from pg_stat_activity
        where datname = current_database() and query like 'copy %'`.execute(others)
      return rows.length === 0
    }
    await until(isGone)
    t.equal(poolStatus(others).total, 1)
  })

  await t.test('fails where the network is cut in the middle, with a word or without', async t => {
    const proxy = await startProxy(t, url)
    const far = connect({ url: proxy.url, max: 1, statementTimeoutMs: 500 })
    t.after(() => far.destroy())
    for (const breakIt of [proxy.refuse, proxy.swallow]) {
      t.equal(await read(far, series(1, `'x'`)), 'x')
      let pieces = 0
      const onPiece = async () => {
        pieces += 1
        if (pieces === 3) breakIt()
      }
      await t.rejects(read(far, series(1000, long), onPiece), { name: 'DatabaseUnavailable' })
      t.ok(pieces >= 3)
      proxy.heal()
    }
    t.equal(await read(far, series(1, `'x'`)), 'x')
  })
})
