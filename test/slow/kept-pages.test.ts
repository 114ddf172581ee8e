// Pages of the list in memory: what would be made anew, in every process, whatever is published and withdrawn meanwhile.
import { sql } from 'kysely'
import t from 'tap'
import { KeptPages } from '../../src/roles/kept-pages.ts'
import { testApp } from '../support/app.ts'
import { createPublished, createRole, documentWith, publishRole } from '../support/roles.ts'
import { unchecked } from '../support/unchecked.ts'

type Call = Awaited<ReturnType<typeof testApp>>['call']

const addresses = [
  '?limit=2',
  '?sort=title&limit=3&facets=organisation,grade',
  '?sort=-published_at&limit=1',
  '?q=clerk&sort=relevance',
  '?q=clrek',
  '?organisation=home-office&family=data',
]
const read = (call: Call, query: string, headers = {}) => call(`GET /v1/roles${query}`, { key: null, headers })

/** What makes an answer the same, but for what each request has of its own. */
const shown = ({ status, text, etag, headers }: Awaited<ReturnType<typeof read>>) => ({
  status,
  text,
  etag,
  link: headers.link,
  caching: headers['cache-control'],
})

t.test('listRoles from memory', { timeout: 300_000 }, async t => {
  const { db, url, call } = await testApp(t)
  const { call: second } = await testApp(t, { db, listenUrl: url })
  const { call: unkept } = await testApp(t, { db, listenUrl: url, cacheBytesMax: 0 })

  await t.test('200 as made anew after each publication, withdrawal and new draft, by whichever process', async t => {
    const same = async (what: string) => {
      for (const query of addresses) {
        const expected = shown(await read(unkept, query))
        for (const each of [call, second, call])
          t.strictSame(shown(await read(each, query)), expected, `${query} ${what}`)
        const unchanged = await read(call, query, { 'if-none-match': expected.etag })
        t.same([unchanged.status, unchanged.text], [304, ''])
      }
    }
    await same('of no role')
    const { etag } = await createPublished(call, 'clerk', documentWith({ title: 'Clerk', family: 'data' }))
    await same('of one role')
    await createPublished(second, 'archivist', documentWith({ title: 'Archivist' }))
    await createPublished(call, 'clerk-of-works', documentWith({ title: 'Clerk of works', family: 'data' }))
    await createPublished(call, 'zoologist', documentWith({ title: 'Zoologist' }))
    await same('of four roles')
    const patch = { title: 'Chief clerk' }
    const changed = await call('PATCH /v1/roles/clerk/draft', {
      match: etag,
      body: patch,
    })
    await same('of four roles and a draft')
    await publishRole(second, 'clerk', changed.etag)
    await same('of a role published again')
    const gone = await call('POST /v1/roles/archivist/withdrawals', { body: { reason: 'Merged' }, match: '*' })
    t.equal(gone.status, 201, gone.text)
    await same('without what was withdrawn')
  })

  await t.test('200 without a list made: what the table holds meanwhile is not looked at', async t => {
    const query = '?sort=title&limit=2'
    const { text } = await read(call, query)
    await unchecked(db, trx =>
      sql`update role_search set item = jsonb_set(item::jsonb, '{title}', '"Forged"')`.execute(trx),
    )
    t.equal((await read(call, query)).text, text, 'kept')
    t.match((await read(unkept, query)).text, /Forged/)
    t.match((await read(call, `${query}&facets=grade`)).text, /Forged/, 'another address')
    await createPublished(call, 'forger', documentWith({ title: 'Forger' }))
    t.match((await read(call, query)).text, /Forged/, 'after a publication')
  })

  await t.test('200 or 422 by the catalogue of that moment, where no role is found', async t => {
    const query = '?skill=needlework'
    t.equal((await read(call, query)).status, 422)
    const made = await call('POST /v1/skills?slug=needlework', { body: { name: 'Needlework' } })
    const found = await read(call, query)
    t.same([found.status, (found.body as { roles: unknown }).roles], [200, []])
    t.equal((await call('DELETE /v1/skills/needlework', { match: made.etag })).status, 204)
    t.equal((await read(call, query)).status, 422)
  })

  await t.test(
    '200 never from before a publication that was answered, and one answer to an address at a position',
    async t => {
      const seen = new Map<string, string>()
      let certain = 0
      let writing = true
      let reads = 0
      const position = (text: string) => Number((JSON.parse(text) as { feed_cursor: string }).feed_cursor.split('-')[0])
      const reader = async (each: Call, query: string) => {
        while (writing) {
          const floor = certain
          const { status, text } = await read(each, query)
          if (status !== 200) throw new Error(text)
          if (position(text) < floor) throw new Error(`${query} is of ${position(text)} after ${floor}`)
          const before = seen.get(`${query} ${position(text)}`)
          if (before !== undefined && before !== text) throw new Error(`${query} differs at ${position(text)}`)
          seen.set(`${query} ${position(text)}`, text)
          reads += 1
        }
      }
      const writer = async () => {
        for (let n = 0; n < 10; n += 1) {
          const slug = `written-${n}`
          const { etag } = await createRole(n % 2 ? call : second, slug, documentWith({ title: `Clerk ${n % 7}` }))
          await publishRole(n % 3 ? call : second, slug, etag)
          certain = position((await read(unkept, '?limit=1')).text)
        }
        writing = false
      }
      const queries = ['?limit=5', '?sort=title', '?sort=-published_at&limit=3', '?q=clerk&sort=relevance']
      await Promise.all([
        writer(),
        ...queries.flatMap(query => [call, call, second, unkept].map(each => reader(each, query))),
      ])
      t.ok(reads > seen.size, `${reads} reads of ${seen.size} pages`)
    },
  )
})

t.test('KeptPages asks where the feed ends once for all who wait, by a look that begins after them', async t => {
  let looks = 0
  let feedCursor = '1'
  let answer = () => {}
  const look = () => {
    looks += 1
    const seen = feedCursor
    return new Promise<string>(resolve => {
      answer = () => resolve(seen)
    })
  }
  const pages = new KeptPages(look, 1_000_000)
  let made = 0
  const get = () =>
    pages.get('/a', async () => {
      made += 1
      return { feedCursor, body: Buffer.from(String(made)), etag: '', nextCursor: null, isKept: true }
    })
  const turn = () => new Promise(setImmediate)
  const initial = get()
  await turn()
  answer()
  await initial
  t.same([made, looks], [1, 1])
  const first = get()
  await turn()
  const others = [get(), get()]
  await turn()
  t.equal(looks, 2, 'those that come while one is on its way wait for the next')
  feedCursor = '2'
  answer()
  t.equal(String((await first).body), '1', 'who asked before may get what was there')
  await turn()
  t.equal(looks, 3)
  answer()
  for (const other of await Promise.all(others)) t.not(String(other.body), '1', 'who asked later gets what is there')
})

t.test('KeptPages keeps no page that was begun before a change and ended behind it', async t => {
  let feedCursor = '1'
  let made = 0
  const pages = new KeptPages(async () => feedCursor, 1_000_000)
  const get = (changes: boolean) =>
    pages.get('/a', async () => {
      made += 1
      if (changes) feedCursor = '2'
      return { feedCursor, body: Buffer.from(String(made)), etag: '', nextCursor: null, isKept: true }
    })
  t.equal(String((await get(true)).body), '1')
  t.equal(String((await get(false)).body), '2', 'of several statements the first were of another snapshot')
  t.equal(String((await get(false)).body), '2')
})

t.test('KeptPages goes on after a look that failed', async t => {
  let fails = false
  const look = async () => {
    if (fails) throw new Error('no database')
    return '1'
  }
  const pages = new KeptPages(look, 1_000_000)
  const get = () =>
    pages.get('/a', async () => ({ feedCursor: '1', body: Buffer.from('a'), etag: '', nextCursor: null, isKept: true }))
  const page = await get()
  fails = true
  await t.rejects(get(), { message: 'no database' })
  await t.rejects(Promise.all([get(), get()]), { message: 'no database' })
  fails = false
  t.equal(await get(), page)
})
