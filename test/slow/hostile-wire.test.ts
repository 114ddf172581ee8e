/** Bytes on a real socket that no HTTP library would send: paths, request smuggling, and headers that are too much. */
import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import t, { type Test } from 'tap'
import { testApp, token } from '../support/app.ts'
import { contentsOf, isClean } from '../support/hostile.ts'
import { createPublished } from '../support/roles.ts'

interface Response {
  status: number
  headers: Record<string, string>
  body: string
}

/** All responses in what a connection answered; a body is as long as its Content-Length says. */
function responsesIn(bytes: Buffer): Response[] {
  const responses: Response[] = []
  let rest = bytes
  while (rest.length > 0) {
    const end = rest.indexOf('\r\n\r\n')
    if (end === -1) throw new Error(`no response: ${rest.toString('latin1').slice(0, 200)}`)
    const [first = '', ...lines] = rest.subarray(0, end).toString('latin1').split('\r\n')
    const headers = Object.fromEntries(
      lines.map(line => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
    )
    const status = Number(first.split(' ')[1])
    const length = Number(headers['content-length'] ?? 0)
    const body = rest.subarray(end + 4, end + 4 + length).toString()
    // What went before the answer itself (100 Continue) has no body.
    if (status >= 200) responses.push({ status, headers, body })
    rest = rest.subarray(end + 4 + (status >= 200 ? length : 0))
  }
  return responses
}

async function listening(t: Test) {
  const app = await testApp(t)
  await createPublished(app.call, 'victim')
  await app.app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.app.server.address() as AddressInfo
  /** Sends bytes, and gives all that comes until the server closes or is silent for half a second. */
  const send = async (...parts: (string | Buffer)[]): Promise<Response[]> => {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    await once(socket, 'connect')
    const chunks: Buffer[] = []
    const done = new Promise<void>(resolve => {
      socket.setTimeout(500, resolve)
      socket.on('close', () => resolve())
    })
    socket.on('data', chunk => chunks.push(chunk))
    for (const part of parts) socket.write(typeof part === 'string' ? Buffer.from(part, 'latin1') : part)
    await done
    socket.destroy()
    return responsesIn(Buffer.concat(chunks))
  }
  return { ...app, send }
}

const host = 'Host: register.example\r\n'
const authorization = `Authorization: Bearer ${token('home-office')}\r\n`
const get = (target: string, headers = '') => `GET ${target} HTTP/1.1\r\n${host}Connection: close\r\n${headers}\r\n`

/** Every answer is a problem with its id, and says nothing of what the service is made of. */
function holdProblem(t: Test, { status, headers, body }: Response, wanted: number, code: string, name: string) {
  const problem = (body === '' ? {} : JSON.parse(body)) as Record<string, unknown>
  t.same(
    [status, headers['content-type']?.split(';', 1)[0], problem.code, problem.request_id === headers['request-id']],
    [wanted, 'application/problem+json', code, true],
    name,
    { body },
  )
  t.equal(headers['x-content-type-options'], 'nosniff', `${name}: nosniff`)
  t.notMatch(
    `${JSON.stringify(headers)}${body}`,
    /fastify|HPE_|node_modules|llhttp|\bat \w+ \(/i,
    `${name}: nothing of the inside`,
  )
}

t.test('paths are what they say: nothing is decoded twice, joined, or taken for another', async t => {
  const { send, db } = await listening(t)
  const before = await contentsOf(db)
  const cases: [target: string, status: number, code: string][] = [
    ['/v1/roles/%00', 404, 'not_found'],
    ['/v1/roles/victim%00', 404, 'not_found'],
    ['/v1/roles/victim%00.json', 404, 'not_found'],
    ['/v1/roles/..%2f..%2fetc%2fpasswd', 404, 'not_found'],
    ['/v1/roles/..%2fvictim', 404, 'not_found'],
    ['/v1/roles/..%5cvictim', 404, 'not_found'],
    ['/v1/roles/%2e%2e/victim', 404, 'not_found'],
    ['/v1/roles/../../etc/passwd', 404, 'not_found'],
    ['/v1/roles/./victim', 404, 'not_found'],
    ['/v1/roles/x/../victim', 404, 'not_found'],
    ['/docs/static/..%2f..%2f..%2fpackage.json', 404, 'not_found'],
    ['/docs/static/%2e%2e/%2e%2e/package.json', 404, 'not_found'],
    ['/docs/static/....//....//package.json', 404, 'not_found'],
    ['//v1/roles/victim', 404, 'not_found'],
    ['/v1//roles/victim', 404, 'not_found'],
    ['/v1/roles/victim/', 404, 'not_found'],
    ['/v1/roles/vict%2fim', 404, 'not_found'],
    ['/v1/roles/victim%2fdraft', 404, 'not_found'],
    ['/v1/roles/victim%252fdraft', 404, 'not_found'],
    ['/v1/roles/victim%3Fx', 404, 'not_found'],
    ['/v1/roles/victim;jsessionid=1', 404, 'not_found'],
    ['/v1/roles/victim.json', 404, 'not_found'],
    ['/v1/roles/VICTIM', 404, 'not_found'],
    ['/V1/roles/victim', 404, 'not_found'],
    ['/v1/roles/victim%20', 404, 'not_found'],
    ['/v1/roles/%D0%B2ictim', 404, 'not_found'],
    ['/v1/roles/victim%0d%0aSet-Cookie:a=b', 404, 'not_found'],
    ['/v1/roles/%c0%ae%c0%ae', 400, 'bad_request'],
    ['/v1/roles/%ff', 400, 'bad_request'],
    ['/v1/roles/%', 400, 'bad_request'],
    ['/v1/roles/%zz', 400, 'bad_request'],
    ['/v1/roles/%u0041', 400, 'bad_request'],
    [`/v1/roles/${'a'.repeat(81)}`, 404, 'not_found'],
    [`/v1/roles/${'a'.repeat(201)}`, 414, 'uri_too_long'],
    ['/v1/roles/victim/versions/1e0x', 404, 'not_found'],
    ['/v1/roles/victim/versions/-1', 404, 'not_found'],
    ['/v1/roles/victim/versions/99999999999999999999', 404, 'not_found'],
    ['/v1/code-lists/__proto__', 404, 'not_found'],
    ['/v1/sfia/9/skills/PROG%20', 404, 'not_found'],
    ['*', 404, 'not_found'],
    ['http://evil.example/nowhere', 404, 'not_found'],
    ['/v1/roles/victim\u00e9', 400, 'bad_request'],
    ['/v1/roles/vic\ttim', 400, 'bad_request'],
  ]
  for (const [target, status, code] of cases) {
    const [answer] = await send(get(target))
    if (answer) holdProblem(t, answer, status, code, encodeURI(target).slice(0, 80))
    else t.fail(`no answer to ${encodeURI(target)}`)
  }
  for (const key of [authorization, '']) {
    const [slug] = await send(get('/v1/roles/victim%2Fdraft', key))
    t.equal(slug?.status, 404, 'an encoded slash leads to no draft')
  }
  t.same(await contentsOf(db), before)
})

t.test('a target with a host, or with a fragment, is its path; the host comes back nowhere', async t => {
  const { send } = await listening(t)
  for (const target of [
    'http://evil.example/v1/roles/victim',
    'HTTPS://evil.example:666/v1/roles/victim',
    'http://evil.example@register.example/v1/roles/victim',
    '/v1/roles/victim#<script>',
  ]) {
    const [answer] = await send(get(target))
    t.equal(answer?.status, 200, target)
    t.notMatch(JSON.stringify(answer), /evil|script/)
  }
  const [list] = await send(get('http://evil.example/v1/roles/victim/nowhere#a'))
  t.match(list?.body, /"instance":"\/v1\/roles\/victim\/nowhere"/)
})

t.test('headers that come back are those that cannot end a line', async t => {
  const { send } = await listening(t)
  const reflected = (id: string) => send(get('/v1/roles/victim', `Request-Id: ${id}\r\n`))
  for (const id of [
    'short',
    'a'.repeat(129),
    'a b c d e f',
    'aaaaaaaa%0d%0aSet-Cookie: a=b',
    '<script>alert(1)</script>',
    'é'.repeat(10),
    '../../etc/passwd',
    '"aaaaaaaaaa"',
  ]) {
    const [answer] = await reflected(id)
    t.match(answer, { status: 200, headers: { 'request-id': /^[A-Za-z0-9._-]{8,128}$/ } })
    t.not(answer?.headers['request-id'], id)
  }
  const [kept] = await reflected('fine.id_1-2')
  t.equal(kept?.headers['request-id'], 'fine.id_1-2')
  const [injected] = await reflected('aaaaaaaa\r\nSet-Cookie: a=b')
  t.equal(injected?.headers['set-cookie'], undefined)
  const [two] = await send(get('/v1/roles/victim', 'Request-Id: aaaaaaaa1\r\nRequest-Id: aaaaaaaa2\r\n'))
  t.match(two?.headers['request-id'], /^[A-Za-z0-9._-]{8,128}$/)
  const [link] = await send(get('/v1/roles?limit=1&q=%0d%0aSet-Cookie:%20a%3Db%3E;rel=evil'))
  t.equal(link?.headers['set-cookie'], undefined)
})

t.test('a request that two servers would cut differently is not answered twice', async t => {
  const { send, db } = await listening(t)
  const before = await contentsOf(db)
  const smuggled = `GET /v1/me HTTP/1.1\r\n${host}\r\n`
  const post = (headers: string, body: string, line = 'POST /v1/roles?slug=attack HTTP/1.1') =>
    `${line}\r\n${host}${authorization}Content-Type: application/json\r\n${headers}\r\n${body}`
  const cases: [name: string, bytes: string, status: number][] = [
    ['both lengths', post(`Content-Length: 4\r\nTransfer-Encoding: chunked\r\n`, `0\r\n\r\n${smuggled}`), 400],
    [
      'both, the other way round',
      post(`Transfer-Encoding: chunked\r\nContent-Length: 4\r\n`, `0\r\n\r\n${smuggled}`),
      400,
    ],
    ['two lengths', post('Content-Length: 2\r\nContent-Length: 60\r\n', `{}${smuggled}`), 400],
    ['a list of lengths', post('Content-Length: 2, 60\r\n', `{}${smuggled}`), 400],
    ['a signed length', post('Content-Length: +2\r\n', `{}${smuggled}`), 400],
    ['a negative length', post('Content-Length: -1\r\n', `{}${smuggled}`), 400],
    ['a hexadecimal length', post('Content-Length: 0x2\r\n', `{}${smuggled}`), 400],
    ['a length beyond 2^64', post('Content-Length: 18446744073709551618\r\n', `{}${smuggled}`), 400],
    ['chunked and another coding', post('Transfer-Encoding: chunked, identity\r\n', `0\r\n\r\n${smuggled}`), 400],
    [
      'chunked twice',
      post('Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n', `0\r\n\r\n${smuggled}`),
      400,
    ],
    ['nearly chunked', post('Transfer-Encoding: xchunked\r\n', `0\r\n\r\n${smuggled}`), 400],
    ['chunked with a tab before', post('Transfer-Encoding:\tchunk\r\n', `0\r\n\r\n${smuggled}`), 400],
    ['a space before the colon', post('Transfer-Encoding : chunked\r\n', `0\r\n\r\n${smuggled}`), 400],
    ['a folded header', post('Transfer-Encoding:\r\n chunked\r\n', `0\r\n\r\n${smuggled}`), 400],
    ['a folded header of no weight', post('X-A: b\r\n c\r\n', ''), 400],
    ['a chunk of no size', post('Transfer-Encoding: chunked\r\n', `zz\r\n{}\r\n0\r\n\r\n`), 400],
    ['a chunk of a negative size', post('Transfer-Encoding: chunked\r\n', `-2\r\n{}\r\n0\r\n\r\n`), 400],
    ['a chunk longer than it says', post('Transfer-Encoding: chunked\r\n', `1\r\n{}\r\n0\r\n\r\n`), 400],
    [
      'a chunk of a size beyond all',
      post('Transfer-Encoding: chunked\r\n', `${'f'.repeat(20)}\r\n{}\r\n0\r\n\r\n`),
      400,
    ],
    ['a bare CR', `GET /v1/roles/victim HTTP/1.1\r\n${host}X-A: b\rX-B: c\r\n\r\n`, 400],
    ['NUL in a header', `GET /v1/roles/victim HTTP/1.1\r\n${host}X-A: b\0c\r\n\r\n`, 400],
    ['NUL in a name', `GET /v1/roles/victim HTTP/1.1\r\n${host}X\0A: b\r\n\r\n`, 400],
    ['no name', `GET /v1/roles/victim HTTP/1.1\r\n${host}: b\r\n\r\n`, 400],
    ['no host', 'GET /v1/roles/victim HTTP/1.1\r\n\r\n', 400],
    ['HTTP/0.9', 'GET /v1/roles/victim\r\n\r\n', 400],
    ['HTTP/2 without asking', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
    ['HTTP/9.9', `GET /v1/roles/victim HTTP/9.9\r\n${host}\r\n`, 400],
    ['no protocol', `GET /v1/roles/victim XTTP/1.1\r\n${host}\r\n`, 400],
    ['a method that is none', `G@T /v1/roles/victim HTTP/1.1\r\n${host}\r\n`, 400],
    ['a method that nobody knows', `EVIL /v1/roles/victim HTTP/1.1\r\n${host}\r\n`, 400],
    ['a method in lower case', `get /v1/roles/victim HTTP/1.1\r\n${host}\r\n`, 400],
    ['two targets', `GET /v1/roles/victim /v1/me HTTP/1.1\r\n${host}\r\n`, 400],
    ['TLS', Buffer.from('16030100f4010000f00303', 'hex').toString('latin1'), 400],
    ['noise', '\x00\xff\xfe\x01'.repeat(200), 400],
  ]
  for (const [name, bytes, status] of cases) {
    const answers = await send(bytes)
    t.equal(answers.length, 1, `${name}: one answer`, { answers })
    if (answers[0]) holdProblem(t, answers[0], status, 'bad_request', name)
  }
  t.same(await contentsOf(db), before, 'nothing was stored')
  t.ok(isClean())
})

t.test('methods that the address has not are 405, whatever their kind', async t => {
  const { send } = await listening(t)
  for (const method of ['TRACE', 'PROPFIND', 'QUERY', 'PURGE', 'LINK', 'PUT', 'PATCH', 'DELETE', 'POST']) {
    const [answer] = await send(`${method} /v1/roles/victim HTTP/1.1\r\n${host}Connection: close\r\n\r\n`)
    if (!answer) t.fail(`no answer to ${method}`)
    else holdProblem(t, answer, 405, 'method_not_allowed', method)
    t.equal(answer?.headers.allow, 'GET, HEAD, OPTIONS', `${method}: Allow`)
  }
  t.same(await send(`CONNECT register.example:443 HTTP/1.1\r\n${host}\r\n`), [], 'no tunnel is opened')
  const [upgrade] = await send(
    get('/v1/roles/victim', 'Upgrade: websocket\r\nSec-WebSocket-Key: AAAA\r\n').replace(
      'Connection: close',
      'Connection: Upgrade',
    ),
  )
  t.equal(upgrade?.status, 200, 'no other protocol is spoken')
  const [h2c] = await send(get('/v1/roles/victim', 'Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n'))
  t.equal(h2c?.status, 200)
})

t.test('an expectation that nobody knows is no reason to fail, and one that all know is met', async t => {
  const { send } = await listening(t)
  const [odd] = await send(get('/v1/roles/victim', 'Expect: the-spanish-inquisition\r\n'))
  t.equal(odd?.status, 200)
  const body = JSON.stringify({ title: 'Expected' })
  const [created] = await send(
    `POST /v1/roles?slug=expected HTTP/1.1\r\n${host}${authorization}Connection: close\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: ${body.length}\r\n\r\n`,
    body,
  )
  t.equal(created?.status, 201)
})

t.test('headers and addresses that are too much are 431', async t => {
  const { send } = await listening(t)
  const cases: [name: string, bytes: string][] = [
    ['a header of 20 kB', get('/v1/roles/victim', `X-A: ${'x'.repeat(20_000)}\r\n`)],
    [
      'a thousand headers',
      get(
        '/v1/roles/victim',
        Array.from({ length: 1000 }, (_, index) => `X-A${index}: ${'x'.repeat(20)}\r\n`).join(''),
      ),
    ],
    ['a name of 20 kB', get('/v1/roles/victim', `${'X'.repeat(20_000)}: a\r\n`)],
    ['an address of 20 kB', get(`/v1/roles?q=${'x'.repeat(20_000)}`)],
    ['a path of 20 kB', get(`/${'x'.repeat(20_000)}`)],
    [
      '10,000 tags',
      get(
        '/v1/roles/victim',
        `If-None-Match: ${Array.from({ length: 10_000 }, (_, index) => `"${index}"`).join()}\r\n`,
      ),
    ],
  ]
  for (const [name, bytes] of cases) {
    const [answer] = await send(bytes)
    if (answer) holdProblem(t, answer, 431, 'headers_too_large', name)
    else t.fail(`no answer to ${name}`)
  }
  const [fine] = await send(get(`/v1/roles?q=${'x'.repeat(10_000)}`))
  t.match(fine, { status: 400, body: /invalid_query/ }, 'what fits is read')
  const trailers = `POST /v1/roles?slug=attack HTTP/1.1\r\n${host}${authorization}Connection: close\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n${`X-A: ${'x'.repeat(1000)}\r\n`.repeat(30)}\r\n`
  const [trailed] = await send(trailers)
  t.ok(trailed === undefined || trailed.status < 500)
})

t.test('a body that is larger than it may be is refused before it is all there', async t => {
  const { send, db } = await listening(t)
  const before = await contentsOf(db)
  const head = `POST /v1/roles?slug=attack HTTP/1.1\r\n${host}${authorization}Content-Type: application/json\r\n`
  const [said] = await send(`${head}Content-Length: 1073741824\r\n\r\n{`)
  t.equal(said?.status, 413, 'by what it says')
  const [sent] = await send(`${head}Transfer-Encoding: chunked\r\n\r\n200000\r\n${' '.repeat(0x200000)}\r\n`)
  t.equal(sent?.status, 413, 'by what comes')
  const [typed] = await send(`${head.replace('application/json', 'text/plain')}Content-Length: 1073741824\r\n\r\n{`)
  t.equal(typed?.status, 415)
  const [read] = await send(`GET /v1/roles/victim HTTP/1.1\r\n${host}Content-Length: 1073741824\r\n\r\n{`)
  t.equal(read?.status, 200, 'a read waits for no body')
  t.same(await contentsOf(db), before)
})
