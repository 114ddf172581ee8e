// Published roles answered before Fastify, on real sockets: nobody can tell, but for the time it takes.
import { once } from 'node:events'
import {
  Agent,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type RequestListener,
  request,
  type ServerResponse,
} from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { buffer, text } from 'node:stream/consumers'
import t from 'tap'
import { RequestDurations } from '../../src/plugins/metrics.ts'
import type { PublishedCache } from '../../src/roles/cache.ts'
import { answerFromMemory } from '../../src/roles/hot.ts'
import { testApp, token } from '../support/app.ts'
import { problemOf } from '../support/problem.ts'
import { createPublished, publishRole } from '../support/roles.ts'
import { until } from '../support/until.ts'

/** The app on a port, with a published role in memory; `hot` says of each request whether it was answered at once. */
async function listening(t: Parameters<typeof testApp>[0], options: Parameters<typeof testApp>[1] = {}) {
  const { app, call } = await testApp(t, options)
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  const hot: boolean[] = []
  const [first] = app.server.listeners('request') as RequestListener[]
  app.server.removeAllListeners('request').on('request', (message, response) => {
    first?.(message, response)
    // Only what waits for nothing has ended by now.
    hot.push(response.writableEnded)
  })
  const agent = new Agent({ keepAlive: true })
  t.after(async () => agent.destroy())
  const get = async (path: string, headers: Record<string, string> = {}, method = 'GET') => {
    const sent = request({ port, host: '127.0.0.1', path, method, headers, agent }).end()
    const [answer] = await once(sent, 'response')
    const body = await buffer(answer)
    return { status: answer.statusCode as number, headers: answer.headers as IncomingHttpHeaders, body }
  }
  const { body } = await createPublished(call, 'data-engineer')
  await until(async () => {
    await get('/v1/roles/data-engineer')
    return hot.at(-1) === true
  })
  return { app, call, port, hot, get, published: body as { version: number } }
}

/** Without what is new in each answer. */
const lasting = ({ date, 'request-id': id, ratelimit, ...headers }: IncomingHttpHeaders) => headers
/** What the route answers, as it understands more of Accept than the hot path. */
const byRoute = { accept: 'application/json, */*' }

t.test('getRole → the same answer before Fastify as from the route', async t => {
  const { call, get, hot } = await listening(t, { rateLimits: { perAddress: 1000, perKey: 1000 } })
  const plain = await get('/v1/roles/data-engineer')
  const etag = plain.headers.etag ?? ''
  const modified = plain.headers['last-modified'] ?? ''
  for (const path of ['/v1/roles/data-engineer', '/v1/roles/data-engineer/versions/1']) {
    await get(path)
    for (const [headers, status] of [
      [{}, 200],
      [{ accept: '*/*' }, 200],
      [{ accept: 'application/json' }, 200],
      [{ 'if-none-match': etag }, 304],
      [{ 'if-none-match': `"other", W/${etag}` }, 304],
      [{ 'if-none-match': '*' }, 304],
      [{ 'if-none-match': '"other"' }, 200],
      [{ 'if-modified-since': modified }, 304],
      [{ 'if-modified-since': 'Thu, 01 Jan 1970 00:00:00 GMT' }, 200],
      [{ 'if-none-match': '"other"', 'if-modified-since': modified }, 200],
    ] as [Record<string, string>, number][]) {
      const fast = await get(path, headers)
      const slow = await get(path, { ...headers, ...byRoute })
      t.strictSame(hot.slice(-2), [true, false], JSON.stringify(headers))
      t.equal(fast.status, status)
      t.strictSame([fast.status, lasting(fast.headers)], [slow.status, lasting(slow.headers)])
      t.ok(fast.body.equals(slow.body) && fast.body.length > 0 === (status === 200))
      t.match(fast.headers, { ratelimit: /^"address";r=\d+;t=\d+$/, 'request-id': /^[0-9a-f-]+-\d+$/ })
      t.ok(Math.abs(Date.parse(fast.headers.date ?? '') - Date.now()) < 5000)
    }
  }
  await publishRole(call, 'data-engineer', (await call('GET /v1/roles/data-engineer/draft')).etag)
  for (const path of ['/v1/roles/data-engineer', '/v1/roles/data-engineer/versions/2']) {
    await until(async () => (await get(path)).headers.etag !== etag && hot.at(-1) === true)
    const [fast, slow] = [await get(path), await get(path, byRoute)]
    t.strictSame(lasting(fast.headers), lasting(slow.headers))
    t.match(fast.headers.link, '</v1/roles/data-engineer/versions/1>; rel="predecessor-version"')
  }
  const named = await get('/v1/roles/data-engineer', { 'request-id': 'of-the-caller' })
  t.equal(named.headers['request-id'], 'of-the-caller')
  t.equal(hot.at(-1), true)
})

t.test('getRole → what is out of the ordinary is left to the route', async t => {
  const { get, hot } = await listening(t)
  const key = `Bearer ${token('home-office')}`
  for (const [method, path, headers, status] of [
    ['GET', '/v1/roles/data-engineer?', {}, 200],
    ['GET', '/v1/roles/data-engineer?limit=1', {}, 400],
    ['GET', '/v1/roles/data-engineer/', {}, 404],
    ['GET', '/v1/roles/data-engineer/versions/2', {}, 404],
    ['GET', '/v1/roles/data-engineer/versions/01', {}, 404],
    ['GET', '/v1/roles/data-engineer/versions/1/', {}, 404],
    ['GET', '/v1/roles/data%2Dengineer', {}, 200],
    ['GET', '/v1/roles/__proto__', {}, 404],
    ['GET', '/v1/roles/Data-Engineer', {}, 404],
    ['GET', '/v1/roles/nobody', {}, 404],
    ['HEAD', '/v1/roles/data-engineer', {}, 200],
    ['DELETE', '/v1/roles/data-engineer', {}, 405],
    ['GET', '/v1/roles/data-engineer', { authorization: key }, 200],
    ['GET', '/v1/roles/data-engineer', { authorization: 'Bearer nonsense' }, 401],
    ['GET', '/v1/roles/data-engineer', { accept: 'text/html' }, 406],
    ['GET', '/v1/roles/data-engineer', { 'content-encoding': 'gzip' }, 415],
    ['GET', '/v1/roles/data-engineer', { 'content-length': '0' }, 200],
    ['GET', '/v1/roles/data-engineer', { traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01` }, 200],
  ] as [string, string, Record<string, string>, number][]) {
    const answer = await get(path, headers, method)
    t.equal(answer.status, status, `${method} ${path} ${JSON.stringify(headers)}`)
    // The route refuses at once, and waits for what it finds.
    t.equal(hot.at(-1) && answer.status < 300, false)
  }
})

t.test('getRole → answers in turn on one connection, and a close where the client asks for it', async t => {
  const { port, hot } = await listening(t)
  const socket = connect(port, '127.0.0.1')
  const line = 'GET /v1/roles/data-engineer HTTP/1.1\r\nhost: x\r\n'
  socket.write(`${line}request-id: number-1\r\n\r\n${line}request-id: number-2\r\nif-none-match: *\r\n\r\n`)
  socket.write(`${line}request-id: number-3\r\n\r\n${line}request-id: number-4\r\nconnection: close\r\n\r\n`)
  const answers = await text(socket)
  t.strictSame(hot.slice(-4), [true, true, true, false])
  t.strictSame(answers.match(/(?<=request-id: ).+(?=\r\n)/g), ['number-1', 'number-2', 'number-3', 'number-4'])
  t.strictSame(answers.match(/(?<=HTTP\/1.1 )\d+/g), ['200', '304', '200', '200'])
  t.match(answers.split('HTTP/1.1').at(-1), /\r\nconnection: close\r\n/i)
})

t.test('getRole → counted against the address, but for a 304, and 429 when that is used up', async t => {
  const { get, hot } = await listening(t, { rateLimits: { perAddress: 40, perKey: 10 } })
  const { headers } = await get('/v1/roles/data-engineer')
  const left = Number(/r=(\d+)/.exec(String(headers.ratelimit))?.[1])
  const unchanged = await get('/v1/roles/data-engineer', { 'if-none-match': headers.etag ?? '' })
  t.match([unchanged.status, unchanged.headers], [304, { ratelimit: new RegExp(`r=${left};`) }])
  for (let used = 1; used <= left; used += 1)
    t.match((await get('/v1/roles/data-engineer')).headers.ratelimit, `r=${left - used};`)
  t.equal(hot.at(-1), true)
  const refused = await get('/v1/roles/data-engineer')
  const seconds = String(refused.headers['retry-after'])
  t.match(seconds, /^\d+$/)
  t.strictSame(problemOf({ body: JSON.parse(refused.body.toString()) }), {
    status: 429,
    code: 'too_many_requests',
    detail: `40 requests a minute are allowed for each address. Wait ${seconds} seconds.`,
    errors: [],
  })
})

t.test('getRole → behind a proxy, each address that it names has its own limit', async t => {
  const { get, hot } = await listening(t, {
    rateLimits: { perAddress: 40, perKey: 10 },
    trustProxy: ['127.0.0.1'],
  })
  const of = async (address: string) =>
    /r=(\d+)/.exec(
      String((await get('/v1/roles/data-engineer', { 'x-forwarded-for': address })).headers.ratelimit),
    )?.[1]
  t.strictSame([await of('192.0.2.1'), await of('192.0.2.1'), await of('192.0.2.2')], ['39', '38', '39'])
  // Whoever is not a proxy is believed no address but his own.
  t.equal(await of('192.0.2.3, 192.0.2.1'), '37')
  t.equal(hot.at(-1), true)
})

t.test('getRole → a new version as soon as it is published', async t => {
  const { call, get, hot, published } = await listening(t)
  const draft = await call('GET /v1/roles/data-engineer/draft')
  await publishRole(call, 'data-engineer', draft.etag)
  await until(async () => {
    const { body } = await get('/v1/roles/data-engineer')
    return (JSON.parse(body.toString()) as { version: number }).version === published.version + 1 && hot.at(-1) === true
  })
})

t.test('getRole → an answer of a route that is on its way out is left to the route, which says so', async t => {
  const version = () => ({ version: 1, digest: 'd', body: Buffer.from('{}'), publishedAt: '2026-11-24T00:00:00Z' })
  const sent: string[] = []
  const deprecated = new Set<string>()
  const answer = answerFromMemory({
    cache: { peek: version, hits: 0 } as unknown as PublishedCache,
    durations: new RequestDurations(),
    isSecure: false,
    keepAliveTimeoutMs: 1000,
    deprecated,
  })
  const ask = (path: string) => {
    const message = { method: 'GET', url: `/v1/roles/${path}`, httpVersion: '1.1', headers: { host: 'x' }, socket: {} }
    const response = { shouldKeepAlive: true, end: () => sent.push(path) }
    return answer(message as unknown as IncomingMessage, response as unknown as ServerResponse)
  }
  t.same([ask('a'), ask('a/versions/1')], [true, true])
  deprecated.add('/v1/roles/:role')
  t.same([ask('a'), ask('a/versions/1')], [false, true])
  t.same(sent, ['a', 'a/versions/1', 'a/versions/1'])
})

t.test('getMetrics → counts both ways as one route', async t => {
  const { call, get } = await listening(t)
  const count = async () => {
    const { text } = await call('GET /metrics', { key: token('home-office', ['metrics:read']) })
    const series =
      /^http_request_duration_seconds_count\{method="GET",route="\/v1\/roles\/:role",status="200"\} (\d+)$/gm
    return {
      counts: [...text.matchAll(series)].map(([, n]) => Number(n)),
      hits: Number(/role_cache_hits_total (\d+)/.exec(text)?.[1]),
    }
  }
  const before = await count()
  await get('/v1/roles/data-engineer')
  await get('/v1/roles/data-engineer', byRoute)
  const after = await count()
  t.equal(after.counts.length, 1)
  t.strictSame([Number(after.counts[0]) - Number(before.counts[0]), after.hits - before.hits], [2, 2])
})
