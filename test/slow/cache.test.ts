// Published roles in memory: never older than what the process was told, with two processes, lost sessions and races.
import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import { sql } from 'kysely'
import t from 'tap'
import { build } from '../../src/app.ts'
import { connect } from '../../src/database/connect.ts'
import { PublishedCache, type Served } from '../../src/roles/cache.ts'
import type { Version, Withdrawal } from '../../src/roles/versions.ts'
import { baseUrl, testApp, webhooks } from '../support/app.ts'
import { startProxy } from '../support/proxy.ts'
import { createPublished, publishRole } from '../support/roles.ts'
import { until } from '../support/until.ts'

type Teardown = Parameters<typeof testApp>[0]

const pepper = 'pepper of the tests, 32 characters'

/** Another process on the database, which reaches it and listens by the addresses given. */
async function anotherApp(t: Teardown, url: string, listenUrl: string) {
  const db = connect({ url })
  const app = await build({
    db,
    listenUrl,
    authenticate: async () => null,
    pepper,
    webhooks,
    baseUrl,
    cacheBytesMax: 1024 * 1024,
  })
  await app.ready()
  t.after(async () => {
    await app.close()
    await db.destroy()
  })
  return async (slug: string) => {
    const { statusCode, headers, payload } = await app.inject(`/v1/roles/${slug}`)
    const body = JSON.parse(payload) as { version?: number; title: string; change_note?: string }
    return { status: statusCode, headers, ...body }
  }
}

/** Changes what the database holds behind the back of everybody, so that it can be told where an answer comes from. */
async function forge(db: Awaited<ReturnType<typeof testApp>>['db'], slug: string, title: string) {
  await sql`alter table role_versions disable trigger role_versions_refuse_change`.execute(db)
  await sql`update role_versions set body = jsonb_set(body::jsonb, '{title}', ${JSON.stringify(title)})::text
    where role = ${slug}`.execute(db)
}

/** Whether two reads get the same though the database holds another title for each. */
async function isCached(db: Parameters<typeof forge>[0], slug: string, read: Awaited<ReturnType<typeof anotherApp>>) {
  const titles: string[] = []
  for (const title of ['One', 'Two']) {
    await forge(db, slug, title)
    titles.push((await read(slug)).title)
  }
  return titles[0] === titles[1]
}

t.test(
  'getRole on two processes → the new version as soon as it was announced, and never the old one again',
  { timeout: 300_000 },
  async t => {
    const { call, db, url } = await testApp(t)
    const read = await anotherApp(t, url, url)
    let { etag } = await createPublished(call, 'shared')

    await until(() => isCached(db, 'shared', read))

    const versions: (number | undefined)[] = []
    let publishing = true
    const reading = (async () => {
      while (publishing) {
        versions.push((await read('shared')).version)
        // A read from memory waits for nothing: the rest of the process must have its turn.
        await setImmediate()
      }
    })()
    for (let version = 2; version <= 15; version++) {
      ;({ etag } = await publishRole(call, 'shared', etag))
      const own = await call('GET /v1/roles/shared', { key: null })
      t.equal((own.body as { version: number }).version, version, 'the process that published it has it at once')
    }
    await until(async () => (await read('shared')).version === 15)
    publishing = false
    await reading
    t.same(
      versions,
      versions.toSorted((a, b) => Number(a) - Number(b)),
      'never back to an older one',
    )

    const withdrawn = await call('POST /v1/roles/shared/withdrawals', { body: { reason: 'Gone' }, match: etag })
    t.equal((await call('GET /v1/roles/shared', { key: null })).status, 410)
    await until(async () => (await read('shared')).status === 410)
    await publishRole(call, 'shared', withdrawn.etag, 'Back')
    t.equal((await call('GET /v1/roles/shared', { key: null })).status, 200)
    await until(async () => (await read('shared')).version === 16)
  },
)

t.test(
  'getRole with a listener that drops → the database is asked, and what was held is not trusted again',
  { timeout: 300_000 },
  async t => {
    const { call, db, url } = await testApp(t)
    const listening = await startProxy(t, url)
    const read = await anotherApp(t, url, listening.url)
    await createPublished(call, 'unheard')
    await until(() => isCached(db, 'unheard', read))

    listening.refuse()
    await until(async () => !(await isCached(db, 'unheard', read)))
    t.equal(await isCached(db, 'unheard', read), false, 'while nothing is heard, each read asks the database')
    await forge(db, 'unheard', 'Three')
    listening.heal()
    t.equal((await read('unheard')).title, 'Three')
    await until(() => isCached(db, 'unheard', read))

    await forge(db, 'unheard', 'Four')
    await sql`select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and application_name = 'role-register listener'`.execute(db)
    await until(async () => (await read('unheard')).title === 'Four')
    await until(() => isCached(db, 'unheard', read))
  },
)

t.test(
  'getRole with no database → the last known bytes, marked stale; 503 for what is not known',
  { timeout: 300_000 },
  async t => {
    const { call, url } = await testApp(t)
    const proxy = await startProxy(t, url)
    const read = await anotherApp(t, proxy.url, proxy.url)
    const { etag } = await createPublished(call, 'cut-off')
    await createPublished(call, 'never-read')
    t.equal((await read('cut-off')).version, 1)

    proxy.refuse()
    const stale = await until(async () => {
      const answer = await read('cut-off')
      return answer.headers['cache-status'] !== undefined && answer
    })
    t.same([stale.status, stale.version], [200, 1])
    t.equal(stale.headers['cache-status'], 'role-register; hit; detail=stale')
    await publishRole(call, 'cut-off', etag)
    t.equal((await read('cut-off')).version, 1)
    const unknown = await read('never-read')
    t.equal(unknown.status, 503)
    t.match(unknown.headers['retry-after'], /^[1-9]/)

    proxy.heal()
    const fresh = await until(async () => {
      const answer = await read('cut-off')
      return answer.version === 2 && answer
    })
    t.equal(fresh.headers['cache-status'], undefined)
  },
)

/** A database of one role whose answers come when the test says so, with what stood there when it says so. */
class SlowDatabase {
  /** Counts publications and withdrawals. A version has the number of the change that made it. */
  changes = 1
  #withdrawn = false
  readonly loads: { seen?: Version | Withdrawal; answer: (found: Version | Withdrawal) => void; fail: () => void }[] =
    []

  change(withdraws: boolean): number {
    this.#withdrawn = withdraws
    return ++this.changes
  }

  now(): Version | Withdrawal {
    const number = this.changes
    return this.#withdrawn
      ? { withdrawn_at: '', reason: String(number), successor: null }
      : { version: number, body: Buffer.from('x'), digest: '', publishedAt: '' }
  }

  load(): Promise<Version | Withdrawal> {
    return new Promise((resolve, reject) =>
      this.loads.push({ answer: resolve, fail: () => reject(new Error('no database')) }),
    )
  }
}

const changeOf = (found: Version | Withdrawal | undefined) =>
  found === undefined ? 0 : 'body' in found ? found.version : Number(found.reason)

type Step =
  | ['read']
  | ['look' | 'answer' | 'fail', number]
  | ['change', 'here' | 'elsewhere', 'publish' | 'withdraw']
  | ['hear']
  | ['down']
  | ['up']

const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.constant<Step>(['read']) },
  { weight: 8, arbitrary: fc.tuple(fc.constantFrom('look' as const, 'answer' as const), fc.nat(5)) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('fail' as const), fc.nat(5)) },
  {
    weight: 3,
    arbitrary: fc.tuple(
      fc.constant('change' as const),
      fc.constantFrom('here' as const, 'elsewhere' as const),
      fc.constantFrom('publish' as const, 'publish' as const, 'withdraw' as const),
    ),
  },
  { weight: 3, arbitrary: fc.constant<Step>(['hear']) },
  { weight: 1, arbitrary: fc.constantFrom<Step>(['down'], ['up']) },
)

t.test(
  'PublishedCache serves nothing older than the last change it heard of before the read began',
  { timeout: 300_000 },
  async t => {
    let hits = 0
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { maxLength: 60, size: 'max' }), async script => {
        const database = new SlowDatabase()
        const cache = new PublishedCache({ latest: () => database.load(), version: async () => undefined }, 1_000_000)
        cache.up()
        let listening = true
        let failures = 0
        /** Announced by others, not heard yet. */
        let announced: { change: number; version: number }[] = []
        let heard = 1
        let withdrawn = 0
        /** What is known for certain at some moment: with every announcement heard, what the database holds. */
        let certain = 1
        const reads: Promise<void>[] = []

        const check = (served: Served, floor: number, gone: number, failed: number) => {
          const change = changeOf(served.found)
          // Marked stale it may be older, where the database cannot be asked; but never what was withdrawn.
          if (change < (served.stale ? gone : floor))
            throw new Error(`change ${change} was served after ${floor} was heard of`)
          if (served.stale && failures === failed && failed === 0) throw new Error('stale though nothing failed')
        }
        for (const step of script) {
          if (step[0] === 'read') {
            const [floor, gone, failed] = [heard, withdrawn, failures]
            const held = cache.peek('a')
            if (held && !listening) throw new Error('held without hearing of changes')
            const known = listening && announced.length === 0 ? certain : 0
            if (held) {
              hits += 1
              if (held.version < Math.max(floor, known))
                throw new Error(`${held.version} was held after ${Math.max(floor, known)} was announced`)
            }
            reads.push(
              cache.get('a').then(
                served => check(served, Math.max(floor, known), gone, failed),
                error => {
                  if ((error as Error).message !== 'no database') throw error
                },
              ),
            )
          } else if (step[0] === 'look' || step[0] === 'answer' || step[0] === 'fail') {
            const load = database.loads[step[1] % database.loads.length]
            if (load && step[0] === 'look') load.seen ??= database.now()
            else if (load) {
              database.loads.splice(database.loads.indexOf(load), 1)
              if (step[0] === 'fail') {
                failures += 1
                load.fail()
              } else load.answer(load.seen ?? database.now())
            }
          } else if (step[0] === 'change') {
            const withdraws = step[2] === 'withdraw'
            const change = database.change(withdraws)
            const version = withdraws ? 0 : change
            if (listening) announced.push({ change, version })
            if (step[1] === 'here') {
              cache.drop('a', version)
              heard = change
              if (withdraws) withdrawn = change
            }
          } else if (step[0] === 'hear') {
            const next = announced.shift()
            if (next) {
              cache.drop('a', next.version)
              heard = Math.max(heard, next.change)
              if (next.version === 0) withdrawn = Math.max(withdrawn, next.change)
              if (announced.length === 0) certain = next.change
            }
          } else if (step[0] === 'down') {
            if (listening) cache.down()
            listening = false
            announced = []
          } else if (!listening) {
            cache.up()
            listening = true
            certain = database.changes
          }
          await setImmediate()
        }
        while (database.loads.length > 0) {
          for (const load of database.loads.splice(0)) load.answer(load.seen ?? database.now())
          await setImmediate()
        }
        await Promise.all(reads)
      }),
      { numRuns: 1000 },
    )
    t.ok(hits > 100, `${hits} reads from memory`)
  },
)

t.test('PublishedCache keeps what it read while it began to listen, for when the database is gone', async t => {
  const database = new SlowDatabase()
  const cache = new PublishedCache({ latest: () => database.load(), version: async () => undefined }, 1_000_000)
  const first = cache.get('a')
  cache.up()
  database.loads[0]?.answer(database.now())
  t.equal((await first).stale, false)
  t.equal(cache.peek('a'), undefined, 'it may be older than what was announced before anybody listened')
  const second = cache.get('a')
  database.loads[1]?.fail()
  t.match(await second, { stale: true, found: { version: 1 } })
})

t.test('PublishedCache keeps the version that it is told of, where it holds it already', async t => {
  const database = new SlowDatabase()
  const cache = new PublishedCache({ latest: () => database.load(), version: async () => undefined }, 1_000_000)
  cache.up()
  cache.drop('a', database.change(false))
  const read = cache.get('a')
  database.loads[0]?.answer(database.now())
  await read
  cache.drop('a', 2)
  t.match(cache.peek('a'), { version: 2 }, 'the process that published it hears of it as well')
  cache.drop('a', 3)
  t.equal(cache.peek('a'), undefined)
})

t.test('PublishedCache keeps to its size', async t => {
  const version = async (slug: string): Promise<Version> => ({
    version: 1,
    body: Buffer.alloc(1000),
    digest: slug,
    publishedAt: '',
  })
  const cache = new PublishedCache({ latest: version, version }, 10 * 2024)
  cache.up()
  for (let index = 0; index < 100; index++) await cache.get(`role-${index}`)
  t.ok(cache.bytes <= 10 * 2024 && cache.bytes > 5 * 2024, `${cache.bytes} bytes`)
  t.ok(cache.peek('role-99'))
  t.equal(cache.peek('role-0'), undefined)
  const none = new PublishedCache({ latest: version, version }, 0)
  none.up()
  t.equal((await none.get('a')).stale, false)
  t.equal(none.peek('a'), undefined)
})

t.test(
  'PublishedCache asks once for a version by its number, whatever it hears, and again for one that is not there',
  async t => {
    const asked: string[] = []
    const load = async (slug: string, version: number): Promise<Version | undefined> => {
      asked.push(`${slug} ${version}`)
      return version === 3 ? undefined : { version, body: `body of ${slug} ${version}`, digest: slug, publishedAt: '' }
    }
    const cache = new PublishedCache({ latest: slug => load(slug, 2), version: load }, 100_000)
    const read = async (version: number) => (await cache.version('a', version))?.body.toString()
    t.strictSame([await read(1), await read(2), await read(3)], ['body of a 1', 'body of a 2', undefined])
    cache.up()
    cache.drop('a', 4)
    cache.drop('a', 0)
    cache.down()
    t.strictSame([await read(1), await read(2), await read(3)], ['body of a 1', 'body of a 2', undefined])
    t.strictSame(asked, ['a 1', 'a 2', 'a 3', 'a 3'])
    t.equal(cache.peek('a/versions/1')?.version, 1)
    t.equal(cache.peek('a'), undefined)
  },
)
