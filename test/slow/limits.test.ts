// How many requests a caller and an address may send, and how many may be in hand at once.
import { sql } from 'kysely'
import t from 'tap'
import { connect, transact } from '../../src/database/connect.ts'
import type { Caller } from '../../src/plugins/auth.ts'
import { addressKey, RateLimiter } from '../../src/plugins/rate-limit.ts'
import { type Answer, testApp, token } from '../support/app.ts'
import { problemOf } from '../support/problem.ts'
import { createPublished } from '../support/roles.ts'
import { until } from '../support/until.ts'

const everyone = { key: null }

/** What is left by an answer's own words, and that the rest of the field is right. */
function left(answer: Answer, name: 'key' | 'address', quota: number): number {
  const field = /^"(key|address)";r=(\d+);t=(\d+)$/.exec(String(answer.headers.ratelimit))
  if (field?.[1] !== name || !(Number(field[3]) > 0 && Number(field[3]) <= 60))
    throw new Error(`RateLimit: ${answer.headers.ratelimit}`)
  if (answer.headers['ratelimit-policy'] !== `"${name}";q=${quota};w=60`)
    throw new Error(`RateLimit-Policy: ${answer.headers['ratelimit-policy']}`)
  return Number(field[2])
}

/** The problem that says when to come back. */
const tooMany = (answer: Answer, quota: number, name: 'key' | 'address') => {
  const seconds = String(answer.headers['retry-after'])
  return {
    status: 429,
    code: 'too_many_requests',
    detail: `${quota} requests a minute are allowed for each ${name}. Wait ${seconds} seconds.`,
    errors: [],
  }
}

t.test('rate limits', { timeout: 300_000 }, async t => {
  let asked = 0
  const authenticate = async (given: string): Promise<Caller | null> => {
    asked += 1
    const scopes = new Set(['roles:read_drafts', 'roles:write', 'roles:publish'] as const)
    return given.startsWith('wrong') ? null : { id: `key:${given}`, owner: given, organisation: 'home-office', scopes }
  }
  const [perAddress, perKey] = [3, 2]
  const { call, app } = await testApp(t, { authenticate, rateLimits: { perKey, perAddress } })
  const from = (remoteAddress: string, key: string | null = null) => ({ key, remoteAddress })
  const statusOf = async (line: string, options: Parameters<typeof call>[1]) => (await call(line, options)).status

  await t.test('every answer says what is left, and what is too much is 429', async t => {
    const here = from('192.0.2.1')
    t.equal(left(await call('GET /v1/roles', here), 'address', perAddress), 2)
    t.equal(left(await call('GET /v1/code-lists', here), 'address', perAddress), 1)
    t.equal(left(await call('HEAD /v1/code-lists', here), 'address', perAddress), 0)
    const refused = await call('GET /v1/roles?limit=5', here)
    t.equal(refused.status, 429)
    t.match(refused.headers['retry-after'], /^([1-9]|[1-5]\d|60)$/)
    t.strictSame(problemOf(refused), tooMany(refused, perAddress, 'address'))
    t.equal(left(refused, 'address', perAddress), 0)
  })

  await t.test('404, 405, 401 and a path that is none are counted', async t => {
    const here = from('192.0.2.2')
    t.equal(await statusOf('GET /v1/nothing', here), 404)
    t.equal(await statusOf('PUT /v1/roles', here), 405)
    t.equal(await statusOf('GET /v1/drafts', here), 401)
    t.equal(await statusOf('GET /v1/nothing', here), 429)
    t.equal(await statusOf('PUT /v1/roles', here), 429)
    t.equal(await statusOf('GET /v1/drafts', here), 429)
    const path = async (method: 'GET' | 'OPTIONS', url: string) =>
      (await app.inject({ method, url, remoteAddress: '192.0.2.3' })).statusCode
    t.equal(await path('GET', '/v1/%'), 400)
    t.equal(await path('GET', `/v1/roles/${'x'.repeat(300)}`), 414)
    t.equal(await path('OPTIONS', '/v1/roles'), 204)
    t.equal(await path('GET', '/v1/%'), 429)
    t.equal(await path('GET', `/v1/roles/${'x'.repeat(300)}`), 429)
    t.equal(await path('OPTIONS', '/v1/roles'), 429)
  })

  await t.test('a body that cannot be read and a missing scope count against the key', async t => {
    const alice = { ...from('192.0.2.4', 'alice'), body: '{"title":' }
    const first = await call('POST /v1/roles?slug=broken', alice)
    t.equal(first.status, 400)
    t.equal(left(first, 'key', perKey), 1)
    const lacking = await call('POST /v1/skills?slug=python', { ...alice, body: { name: 'Python' } })
    t.equal(lacking.status, 403)
    t.equal(left(lacking, 'key', perKey), 0)
    const refused = await call('POST /v1/roles?slug=broken', alice)
    t.equal(refused.status, 429)
    t.strictSame(problemOf(refused), tooMany(refused, perKey, 'key'))
    t.equal(left(refused, 'key', perKey), 0)
  })

  await t.test('each key has a count of its own, wherever it comes from', async t => {
    t.equal(left(await call('GET /v1/roles', from('192.0.2.5', 'bob')), 'key', perKey), 1)
    t.equal(left(await call('GET /v1/drafts', from('192.0.2.6', 'bob')), 'key', perKey), 0)
    t.equal(await statusOf('GET /v1/drafts', from('192.0.2.7', 'bob')), 429)
    t.equal(left(await call('GET /v1/drafts', from('192.0.2.5', 'carol')), 'key', perKey), 1)
    t.equal(left(await call('GET /v1/roles', from('192.0.2.5')), 'address', perAddress), 2)
  })

  await t.test('public reads of an address do not lock out its keys', async t => {
    for (const status of [200, 200, 200, 429]) t.equal(await statusOf('GET /v1/roles', from('192.0.2.8')), status)
    t.equal(await statusOf('GET /v1/roles', from('192.0.2.8', 'dave')), 200)
  })

  await t.test('wrong credentials count against the address, and are not looked up without end', async t => {
    asked = 0
    const first = await call('GET /v1/roles', from('192.0.2.9', 'wrong-1'))
    t.equal(first.status, 401)
    t.equal(left(first, 'address', perAddress), 2)
    t.equal(await statusOf('GET /v1/roles', from('192.0.2.9', 'wrong-2')), 401)
    t.equal(await statusOf('GET /v1/roles', from('192.0.2.9', 'wrong-3')), 401)
    t.equal(await statusOf('GET /v1/roles', from('192.0.2.9', 'wrong-4')), 429)
    t.equal(await statusOf('GET /v1/roles', from('192.0.2.9')), 429)
    t.equal(asked, 3)
    t.equal(await statusOf('GET /v1/roles', from('192.0.2.10', 'wrong-5')), 401)
  })

  await t.test('addresses of one IPv6 network are one', async t => {
    t.equal(await statusOf('GET /v1/roles', from('2001:db8:0:1::1')), 200)
    t.equal(await statusOf('GET /v1/roles', from('2001:db8:0:1::2')), 200)
    t.equal(await statusOf('GET /v1/roles', from('2001:db8:0:1:ffff::3')), 200)
    t.equal(await statusOf('GET /v1/roles', from('2001:db8:0:1::4')), 429)
    t.equal(await statusOf('GET /v1/roles', from('2001:db8:0:2::1')), 200)
  })

  await t.test('a 304 is free', async t => {
    for (const path of ['/v1/roles', '/v1/code-lists']) {
      const here = from(`198.51.100.${path.length}`)
      const { etag } = await call(`GET ${path}`, here)
      for (let i = 0; i < 4; i++) {
        const answer = await call(`GET ${path}`, { ...here, headers: { 'if-none-match': etag } })
        t.equal(answer.status, 304)
        t.equal(left(answer, 'address', perAddress), 2)
      }
    }
  })

  await t.test('probes are not limited, and nobody’s credential is looked at', async t => {
    asked = 0
    for (let i = 0; i < 5; i++) {
      const answer = await call('GET /health/live', from('192.0.2.11', 'wrong'))
      t.equal(answer.status, 200)
      t.equal(answer.headers.ratelimit, undefined)
      t.equal(await statusOf('GET /health/ready', from('192.0.2.11', 'wrong')), 200)
    }
    t.equal(asked, 0)
  })

  await t.test('X-Forwarded-For counts only from a proxy that is trusted', async t => {
    const forwarded = (address: string, remoteAddress: string) => ({
      ...from(remoteAddress),
      headers: { 'x-forwarded-for': address },
    })
    for (const [index, status] of [200, 200, 200, 429].entries())
      t.equal(await statusOf('GET /v1/roles', forwarded(`203.0.113.${index}`, '10.0.0.1')), status)
    const rateLimits = { perKey: 1, perAddress: 1 }
    const behind = await testApp(t, { authenticate, rateLimits, trustProxy: ['10.0.0.0/8'] })
    const status = async (address: string, remoteAddress: string) =>
      (await behind.call('GET /v1/roles', forwarded(address, remoteAddress))).status
    t.equal(await status('198.51.100.1', '10.0.0.1'), 200)
    t.equal(await status('198.51.100.2', '10.0.0.1'), 200)
    // What stands before the proxy's own entry is the caller's invention.
    t.equal(await status('203.0.113.9, 198.51.100.1', '10.0.0.2'), 429)
    t.equal(await status('198.51.100.3', '192.0.2.1'), 200)
    t.equal(await status('198.51.100.4', '192.0.2.1'), 429)
  })

  await t.test('addressKey: what counts as one address', async t => {
    const same: [string, string][] = [
      ['192.0.2.1', '192.0.2.1'],
      ['::ffff:192.0.2.1', '192.0.2.1'],
      ['2001:db8::1', '2001:db8:0:0::/64'],
      ['2001:0db8:0000:0001:2:3:4:5', '2001:db8:0:1::/64'],
      ['::1', '0:0:0:0::/64'],
      ['fe80::1%eth0', 'fe80:0:0:0::/64'],
      ['64:ff9b::192.0.2.1', '64:ff9b:0:0::/64'],
      ['1:2:3:4:5:6:192.0.2.1', '1:2:3:4::/64'],
      ['::', '0:0:0:0::/64'],
    ]
    for (const [address, key] of same) t.equal(addressKey(address), key, address)
  })

  await t.test('a window ends, and a flood of addresses takes bounded memory', async t => {
    const limiter = new RateLimiter({ perKey: 1, perAddress: 1 })
    const bucket = limiter.ofAddress('192.0.2.1', 0)
    t.equal(limiter.take(bucket), true)
    t.equal(limiter.take(limiter.ofAddress('192.0.2.1', 59_999)), false)
    t.equal(limiter.take(limiter.ofAddress('192.0.2.1', 60_000)), true)
    for (let i = 0; i < 200_000; i++) limiter.ofAddress(`2001:db8:${(i >> 16).toString(16)}:${i & 0xffff}::1`, 60_000)
    t.equal(limiter.size, 50_000)
  })
})

t.test('too much to do', { timeout: 300_000 }, async t => {
  await t.test('what is beyond the limit is 503 at once; probes and cached reads go on', async t => {
    const { call, app, db } = await testApp(t, { inFlightMax: 2 })
    await createPublished(call, 'devops')
    const address = await app.listen({ port: 0, host: '127.0.0.1' })
    const metrics = async () => (await call('GET /metrics', { key: token('home-office', ['metrics:read']) })).text
    await until(async () => {
      await call('GET /v1/roles/devops', everyone)
      return /^role_cache_hits_total [1-9]/m.test(await metrics())
    })
    // Nobody reads the list while the table is locked.
    await transact(db, async trx => {
      await sql`lock table organisations in access exclusive mode`.execute(trx)
      const waiting = [call('GET /v1/organisations', everyone), call('GET /v1/organisations', everyone)]
      await until(async () => (await app.inject('/v1/code-lists')).statusCode === 503)
      const refused = await call('GET /v1/code-lists', everyone)
      t.strictSame(problemOf(refused), {
        status: 503,
        code: 'unavailable',
        detail: 'The register is busy and did nothing. Try again in a second.',
        errors: [],
      })
      t.equal(refused.headers['retry-after'], '1')
      t.equal((await call('GET /health/live')).status, 200)
      t.equal((await call('GET /v1/roles/devops', everyone)).status, 200)
      // Before Fastify, where all requests come from, with the same answer.
      const atDoor = await fetch(`${address}/v1/code-lists?limit=1`)
      const { request_id: id, ...problem } = (await atDoor.json()) as Record<string, unknown>
      const { request_id: _, ...asked } = refused.body as Record<string, unknown>
      t.strictSame([atDoor.status, problem], [503, asked])
      t.match(Object.fromEntries(atDoor.headers), {
        'content-type': 'application/problem+json',
        'cache-control': 'no-store',
        'retry-after': '1',
        'request-id': id,
      })
      for (const path of ['/health/live', '/health/ready', '/v1/roles/devops'])
        t.equal((await fetch(`${address}${path}`)).status, 200, path)
      await sql`commit; begin`.execute(trx)
      t.strictSame(
        (await Promise.all(waiting)).map(({ status }) => status),
        [200, 200],
      )
    })
    t.equal((await call('GET /v1/code-lists', everyone)).status, 200)
    t.match(await metrics(), /^requests_shed_total [1-9]/m)
  })

  await t.test('200 clients on a pool of 5 that waits: each is answered, with 503 and Retry-After', async t => {
    const first = await testApp(t)
    const db = connect({ url: first.url, max: 5, lockTimeoutMs: 600 })
    t.after(() => db.destroy())
    const { call } = await testApp(t, { db, cacheBytesMax: 0 })
    await transact(first.db, async trx => {
      await sql`lock table organisations in access exclusive mode`.execute(trx)
      const answers = await Promise.all(Array.from({ length: 200 }, () => call('GET /v1/organisations', everyone)))
      t.strictSame([...new Set(answers.map(({ status }) => status))], [503])
      t.ok(answers.every(({ headers }) => /^[12]$/.test(String(headers['retry-after']))))
    })
    t.equal((await call('GET /v1/organisations', everyone)).status, 200)
  })

  await t.test('who goes away takes no place', async t => {
    const { app, db, call } = await testApp(t, { inFlightMax: 1 })
    const address = await app.listen({ port: 0, host: '127.0.0.1' })
    await transact(db, async trx => {
      await sql`lock table organisations in access exclusive mode`.execute(trx)
      const going = new AbortController()
      const gone = fetch(`${address}/v1/organisations`, { signal: going.signal }).catch(() => 'gone')
      await until(async () => (await app.inject('/v1/code-lists')).statusCode === 503)
      going.abort()
      t.equal(await gone, 'gone')
    })
    await until(async () => (await call('GET /v1/code-lists', everyone)).status === 200)
  })
})
