// What every request gets: an id, a trace, careful headers, a line in the log; and what operators ask of the service.
import { Writable } from 'node:stream'
import { sql } from 'kysely'
import t from 'tap'
import { connect, poolStatus } from '../src/database/connect.ts'
import { createLogger } from '../src/logger.ts'
import { baseUrl, testApp, token } from './support/app.ts'
import { problemOf } from './support/problem.ts'
import { startProxy } from './support/proxy.ts'
import { createPublished } from './support/roles.ts'
import { until } from './support/until.ts'

const everyone = { key: null }

/** A logger whose lines are kept. */
function keptLogger(level: 'info' | 'debug') {
  const lines: Record<string, unknown>[] = []
  const stream = new Writable({
    write(chunk, _encoding, done) {
      // What else is logged has tests of its own.
      for (const line of String(chunk).trim().split('\n'))
        if (line.includes('"msg":"request"')) lines.push(JSON.parse(line))
      done()
    },
  })
  return { logger: createLogger(level, stream), lines }
}

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

t.test('every request', { timeout: 300_000 }, async t => {
  const { logger, lines } = keptLogger('info')
  const { call, app } = await testApp(t, { logger })
  await createPublished(call, 'devops')
  // From memory from now on: its answers are made in another way.
  await until(async () => {
    await call('GET /v1/roles/devops', everyone)
    return /^role_cache_hits_total [1-9]/m.test((await call('GET /metrics')).text)
  })
  const requests = [
    ['GET /v1/roles/devops', 200],
    ['HEAD /v1/roles/devops', 200],
    ['GET /v1/roles/devops/versions/1', 200],
    ['GET /v1/roles/devops/draft', 401],
    ['GET /v1/nothing', 404],
    ['PUT /v1/roles', 405],
    ['GET /v1/roles?nothing=1', 400],
    ['GET /v1/%', 400],
    ['GET /health/live', 200],
    ['GET /docs/', 200],
  ] as const

  await t.test('Request-Id is echoed where it is well-formed, else made', async t => {
    for (const [line, status] of requests) {
      const sent = await call(line, { ...everyone, headers: { 'request-id': 'an-id-of.the_caller' } })
      t.equal(sent.status, status, line)
      t.equal(sent.headers['request-id'], 'an-id-of.the_caller')
      t.equal(sent.headers['api-version'], '1.0.0')
    }
    const made = new Set<unknown>()
    for (const wrong of ['short', 'a b c d e f g h', 'x'.repeat(129), 'semi;colon;semi;colon', 'é'.repeat(9)])
      for (const [line] of requests) {
        const { headers } = await call(line, { ...everyone, headers: { 'request-id': wrong } })
        t.match(headers['request-id'], /^[a-z0-9-]{20,}$/)
        made.add(headers['request-id'])
      }
    t.equal(made.size, 5 * requests.length)
  })

  await t.test('a valid traceparent goes on in a span of ours, and in the log', async t => {
    lines.length = 0
    for (const line of ['GET /v1/roles/devops', 'GET /v1/roles', 'GET /v1/roles/devops/draft']) {
      const { headers } = await call(line, { ...everyone, headers: { traceparent } })
      const [version, trace, span, flags] = String(headers.traceparent).split('-')
      t.strictSame([version, trace, flags], ['00', '0af7651916cd43dd8448eb211c80319c', '01'])
      t.match(span, /^[0-9a-f]{16}$/)
      t.not(span, 'b7ad6b7169203331')
    }
    t.strictSame(
      lines.map(({ status, trace_id }) => [status, trace_id]),
      [[401, '0af7651916cd43dd8448eb211c80319c']],
    )
    const later = `cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-02-what-comes-later`
    const { headers } = await call('GET /v1/roles', { ...everyone, headers: { traceparent: later } })
    t.match(headers.traceparent, /^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-00$/)
  })

  await t.test('a traceparent that is not valid is as none', async t => {
    for (const wrong of [
      'nonsense',
      `${traceparent}-more`,
      traceparent.toUpperCase(),
      traceparent.replace(/^00/, 'ff'),
      traceparent.replace('0af7651916cd43dd8448eb211c80319c', '0'.repeat(32)),
      traceparent.replace('b7ad6b7169203331', '0'.repeat(16)),
      `01${traceparent.slice(2)}-${'x'.repeat(600)}`,
    ])
      for (const line of ['GET /v1/roles/devops', 'GET /v1/roles']) {
        const answer = await call(line, { ...everyone, headers: { traceparent: wrong } })
        t.equal(answer.status, 200)
        t.equal(answer.headers.traceparent, undefined, wrong)
      }
  })

  /** All headers but those that belong to the content. */
  const careful = async (line: string, options = everyone as Parameters<typeof call>[1]) => {
    const { headers } = await call(line, options)
    const { 'request-id': _id, 'api-version': _version, date: _date, connection: _connection, ...rest } = headers
    const ofContent =
      /^(content-(type|length|location)|location|etag|last-modified|link|repr-digest|cache-control|allow|accept-ranges|www-authenticate|vary)$/
    return Object.fromEntries(Object.entries(rest).filter(([name]) => !ofContent.test(name)))
  }
  const closed = {
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'strict-transport-security': 'max-age=31536000; includeSubDomains',
    'x-content-type-options': 'nosniff',
  }
  const open = {
    ...closed,
    'access-control-allow-origin': '*',
    'access-control-expose-headers': '*',
    'cross-origin-resource-policy': 'cross-origin',
  }

  await t.test('what is public may be read by scripts of any origin, its problems too', async t => {
    for (const line of [
      'GET /v1/roles/devops',
      'HEAD /v1/roles/devops',
      'GET /v1/roles',
      'GET /v1/roles/devops/versions/1',
      'GET /v1/roles/nothing',
      'GET /v1/roles?nothing=1',
    ])
      t.strictSame(await careful(line), open, line)
  })

  await t.test('what is behind a key, and what is nothing, may not', async t => {
    for (const line of ['GET /v1/drafts', 'GET /v1/nothing', 'PUT /v1/roles', 'POST /v1/roles', 'OPTIONS /v1/drafts'])
      t.strictSame(await careful(line), closed, line)
    t.strictSame(await careful('GET /v1/roles/devops/draft', {}), closed)
    t.strictSame(await careful('POST /v1/roles?slug=other', { body: {} }), closed)
  })

  await t.test('a page may load what is its own, and stands in no frame', async t => {
    const page = {
      'cross-origin-opener-policy': 'same-origin',
      'origin-agent-cluster': '?1',
      'x-dns-prefetch-control': 'off',
      'x-frame-options': 'DENY',
      'x-permitted-cross-domain-policies': 'none',
    }
    const docs = await careful('GET /docs/')
    t.match(docs, { ...closed, ...page, 'content-security-policy': /^default-src 'none'; .*script-src 'self'/ })
    const problem = await careful('GET /problems/not_found', { ...everyone, headers: { accept: 'text/html' } })
    t.match(problem, { ...open, ...page, 'content-security-policy': /^default-src 'none'; style-src 'sha256-/ })
  })

  await t.test('preflight of a public read → 204, of what is behind a key → no CORS', async t => {
    const preflight = (url: string) =>
      app.inject({
        method: 'OPTIONS',
        url,
        headers: { origin: 'https://jobs.example', 'access-control-request-method': 'GET' },
      })
    for (const url of ['/v1/roles', '/v1/roles/devops', '/v1/roles/devops/versions/1?x=1', '/openapi.json']) {
      const answer = await preflight(url)
      t.equal(answer.statusCode, 204, url)
      t.equal(answer.payload, '')
      t.match(answer.headers, {
        allow: 'GET, HEAD, OPTIONS',
        'access-control-allow-origin': '*',
        'access-control-allow-methods': 'GET, HEAD, OPTIONS',
        'access-control-allow-headers': 'Accept, If-Modified-Since, If-None-Match, Request-Id, Traceparent, Tracestate',
        'access-control-max-age': '86400',
      })
    }
    for (const url of ['/v1/drafts', '/v1/roles/devops/draft', '/metrics', '/v1/nothing']) {
      const answer = await preflight(url)
      t.ok(answer.statusCode === 404 || answer.statusCode === 405, url)
      t.strictSame(
        Object.keys(answer.headers).filter(name => name.startsWith('access-control')),
        [],
      )
    }
  })

  await t.test('writes and errors have one line in the log, reads none, refusals of a bad path one', async t => {
    lines.length = 0
    const [key, id] = [token('home-office'), 'an-id-of.the_caller']
    const headers = { 'request-id': id, 'idempotency-key': 'a-secret-of-the-caller' }
    await call('GET /v1/roles', everyone)
    await call('GET /v1/roles/devops', everyone)
    await call('POST /v1/roles?slug=logged', { body: {}, headers })
    await call('GET /v1/roles/nothing?cursor=a-secret-too', { ...everyone, headers })
    await call('GET /v1/unknown/grr_live_secret', { ...everyone, headers })
    const common = { level: 'info', reqId: id, msg: 'request' }
    t.strictSame(
      lines.map(({ time: _time, ms, ...line }) => ({ ...line, ms: typeof ms })),
      [
        { ...common, method: 'POST', route: '/v1/roles', status: 201, ms: 'number', caller: 'key:home-office-alice' },
        { ...common, method: 'GET', route: '/v1/roles/:role', status: 400, ms: 'number' },
        { ...common, method: 'GET', route: 'unmatched', status: 404, ms: 'number' },
      ],
    )
    for (const secret of [key, 'secret']) t.notOk(JSON.stringify(lines).includes(secret))
  })
})

t.test('over plain http nothing is promised about https; reads are logged at debug', async t => {
  const { logger, lines } = keptLogger('debug')
  const { call } = await testApp(t, { baseUrl: 'http://127.0.0.1:3000', logger })
  lines.length = 0
  const answer = await call('GET /v1/roles', { ...everyone, headers: { 'request-id': 'a-read-in-the-log' } })
  t.equal(answer.headers['strict-transport-security'], undefined)
  const [{ time: _time, ms: _ms, ...line } = {}] = lines
  const read = {
    level: 'debug',
    reqId: 'a-read-in-the-log',
    method: 'GET',
    route: '/v1/roles',
    status: 200,
    msg: 'request',
  }
  t.strictSame(line, read)
})

t.test('health', { timeout: 300_000 }, async t => {
  const first = await testApp(t)
  const proxy = await startProxy(t, first.url)
  const db = connect({ url: proxy.url })
  t.after(() => db.destroy())
  const { call } = await testApp(t, { db })

  await t.test('GET /health/live → 200', async t => {
    const answer = await call('GET /health/live', everyone)
    t.equal(answer.status, 200)
    t.strictSame(answer.body, { status: 'ok' })
    t.equal(answer.headers['cache-control'], 'no-store')
  })

  await t.test('GET /health/ready → 200, and many ask the database once', async t => {
    // Each connection that was made asked for something.
    const before = poolStatus(db).total
    const answers = await Promise.all(Array.from({ length: 20 }, () => call('GET /health/ready', everyone)))
    for (const answer of answers) {
      t.equal(answer.status, 200)
      t.strictSame(answer.body, { status: 'ok' })
      t.equal(answer.headers['cache-control'], 'no-store')
    }
    // A look at the end of the feed may run beside.
    t.ok(poolStatus(db).total <= before + 2)
  })

  const notReady = async (detail: string) => {
    const answer = await until(async () => {
      const answer = await call('GET /health/ready', everyone)
      return answer.status === 503 && answer.text.includes(detail) ? answer : undefined
    })
    t.equal(answer.headers['retry-after'], '2')
    t.strictSame(problemOf(answer), { status: 503, code: 'unavailable', detail, errors: [] })
  }

  await t.test('GET /health/ready → 503 where a migration is missing', async () => {
    await sql`update migrations set name = 'x' || name where name like '0001-%'`.execute(first.db)
    await notReady('The database lacks a migration of this release.')
    await sql`update migrations set name = substr(name, 2) where name like 'x%'`.execute(first.db)
  })

  await t.test('GET /health/ready → 503 without an answer of the database, GET /health/live → 200', async t => {
    proxy.swallow()
    await notReady('The database does not answer.')
    const began = performance.now()
    t.equal((await call('GET /health/live', everyone)).status, 200)
    t.ok(performance.now() - began < 1000)
    proxy.heal()
    await until(async () => (await call('GET /health/ready', everyone)).status === 200)
  })
})

t.test('metrics and security.txt', { timeout: 300_000 }, async t => {
  const securityContact = 'https://register.example/security'
  const { call } = await testApp(t, { securityContact, rateLimits: { perKey: 1000, perAddress: 3 } })

  await t.test('GET /metrics → 401, 403 and 200', async t => {
    t.equal((await call('GET /metrics', { ...everyone, remoteAddress: '192.0.2.1' })).status, 401)
    t.equal((await call('GET /metrics', { key: token('home-office', ['roles:write']) })).status, 403)
    await call('GET /v1/roles/some-role/versions/7', { ...everyone, remoteAddress: '192.0.2.1' })
    await call('GET /some/path', { ...everyone, remoteAddress: '192.0.2.1' })
    await call('GET /v1/roles', { ...everyone, remoteAddress: '192.0.2.1' })
    const { status, headers, text } = await call('GET /metrics', { key: token('home-office', ['metrics:read']) })
    t.equal(status, 200)
    t.equal(headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8')
    t.equal(headers['cache-control'], 'private, no-store')
    for (const line of [
      '# TYPE http_request_duration_seconds histogram',
      'http_request_duration_seconds_bucket{method="GET",route="/v1/roles/:role/versions/:version",status="404",le="10"} 1',
      'http_request_duration_seconds_bucket{method="GET",route="/v1/roles/:role/versions/:version",status="404",le="+Inf"} 1',
      'http_request_duration_seconds_count{method="GET",route="/v1/roles/:role/versions/:version",status="404"} 1',
      'http_request_duration_seconds_count{method="any",route="unmatched",status="404"} 1',
      'http_request_duration_seconds_count{method="GET",route="/v1/roles",status="429"} 1',
      'database_pool_connections{state="max"} 10',
      'database_pool_connections{state="waiting"} 0',
      'requests_in_flight 1',
      'requests_shed_total 0',
      'requests_rate_limited_total 1',
      'role_cache_hits_total 0',
      'role_cache_bytes 0',
    ])
      t.ok(text.split('\n').includes(line), line)
    for (const name of [
      'event_loop_delay_seconds',
      'role_cache_listening',
      'nodejs_eventloop_lag_seconds',
      'process_resident_memory_bytes',
    ])
      t.match(text, new RegExp(`^${name} [0-9.e-]+$`, 'm'))
    for (const path of ['some-role', 'some/path']) t.notOk(text.includes(path))
  })

  await t.test('GET /.well-known/security.txt → 200', async t => {
    const { status, headers, text } = await call('GET /.well-known/security.txt', everyone)
    t.equal(status, 200)
    t.equal(headers['content-type'], 'text/plain; charset=utf-8')
    const [contact, expires = '', ...rest] = text.split('\n')
    t.equal(contact, `Contact: ${securityContact}`)
    const days = (Date.parse(expires.replace('Expires: ', '')) - Date.now()) / 86_400_000
    t.ok(days > 100 && days < 365)
    t.match(expires, /T00:00:00Z$/, 'the same all day')
    t.strictSame(rest, ['Preferred-Languages: en', `Canonical: ${baseUrl}/.well-known/security.txt`, ''])
  })
})
