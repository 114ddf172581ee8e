// Where webhooks may not go: every address that is not one of the public internet, in every way to write it, whatever
// DNS says at the moment of the connection.
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import fc from 'fast-check'
import t from 'tap'
import { connectTo, mayReach, type Resolve, wrongAddress } from '../../src/webhooks/address.ts'
import { NoAnswer, send } from '../../src/webhooks/send.ts'
import { keyedApp } from '../support/keys.ts'
import { startReceiver } from '../support/receiver.ts'
import { createPublished } from '../support/roles.ts'
import { attempted, createWebhook, limits, workingApp } from '../support/webhooks.ts'

const strictly = { allowLoopback: false }
const forTests = { allowLoopback: true }
const forbidden = 'The host has an address that is not one of the public internet.'

/** Addresses that nobody may be sent to, by why. */
const hostile: Record<string, string[]> = {
  loopback: ['127.0.0.1', '127.255.255.254', '::1'],
  private: ['10.0.0.1', '10.255.255.255', '172.16.0.1', '172.31.255.255', '192.168.0.1', '192.168.255.255'],
  'link-local': ['169.254.0.1', '169.254.169.254', 'fe80::1', 'febf::1', 'fe80::1%eth0'],
  metadata: ['169.254.169.254', 'fd00:ec2::254', '100.100.100.200', '192.0.0.192', '168.63.129.16'],
  'unique local': ['fc00::1', 'fdff:ffff::1'],
  'site-local': ['fec0::1'],
  'carrier-grade NAT': ['100.64.0.1', '100.127.255.255'],
  'IPv4-mapped': ['::ffff:127.0.0.1', '::ffff:10.0.0.1', '::ffff:8.8.8.8', '::ffff:7f00:1', '0:0:0:0:0:ffff:7f00:1'],
  'IPv4-compatible': ['::127.0.0.1', '::7f00:1', '::a00:1'],
  'IPv4-translated': ['::ffff:0:127.0.0.1'],
  NAT64: ['64:ff9b::7f00:1', '64:ff9b::10.0.0.1', '64:ff9b:1::1'],
  '6to4 and Teredo': ['2002:7f00:1::', '2002:a00:1::1', '2001:0:7f00:1::', '2001::1'],
  unspecified: ['0.0.0.0', '0.1.2.3', '::'],
  multicast: ['224.0.0.1', '239.255.255.255', 'ff02::1', 'ff0e::1'],
  broadcast: ['255.255.255.255'],
  reserved: ['240.0.0.1', '192.0.0.1', '198.18.0.1', '198.19.255.255', '192.88.99.1', '4000::1', '5f00::1', '100::1'],
  documentation: ['192.0.2.1', '198.51.100.1', '203.0.113.1', '2001:db8::1', '3fff::1'],
  'no address': ['', 'localhost', '127.1', '2130706433', '0x7f000001', '256.1.1.1', '[::1]'],
}

/** The host part of a URL for an address; zones are not allowed in one. */
const inUrl = (address: string) => (address.includes(':') ? `[${address}]` : address)

t.test('addresses → not reached, by number, by URL or by name', async t => {
  const noSignal = new AbortController().signal
  for (const [why, addresses] of Object.entries(hostile))
    for (const address of addresses) {
      t.equal(mayReach(address, strictly), false, `${why}: ${address}`)
      if (why === 'no address') continue
      t.ok(wrongAddress(`https://${inUrl(address)}/hook`, strictly), `${why}: https://${inUrl(address)}`)
      for (const found of [[address], ['93.184.215.14', address], [address, '2606:2800:21f:cb07::1']]) {
        const asked: string[] = []
        const resolve: Resolve = async host => {
          asked.push(host)
          return found
        }
        const url = new URL('https://receiver.example/hook')
        await t.rejects(connectTo(url, { ...strictly, resolve }, noSignal), { name: 'Unreachable', message: forbidden })
        t.strictSame(asked, ['receiver.example'])
      }
    }
  for (const address of [
    '93.184.215.14',
    '8.8.8.8',
    '172.15.0.1',
    '172.32.0.1',
    '100.63.0.1',
    '100.128.0.1',
    '2606:2800:21f:cb07::1',
  ])
    t.equal(mayReach(address, strictly), true, address)
  t.equal(mayReach('127.0.0.1', forTests), true)
  t.equal(mayReach('::1', forTests), true)
  for (const [why, addresses] of Object.entries(hostile))
    if (why !== 'loopback')
      for (const address of addresses) t.equal(mayReach(address, forTests), false, `with the setting too: ${address}`)
})

t.test('WEBHOOK_LOOPBACK → localhost and loopback addresses alone may be http, at any port', async t => {
  for (const local of ['localhost', 'LOCALHOST.', '127.0.0.1', '[::1]'])
    t.equal(wrongAddress(`http://${local}:8080/hook`, forTests), undefined, local)
  for (const [text, detail] of [
    ['http://jobs.example.org/hook', 'This must begin with https://.'],
    ['https://jobs.example.org:8080/hook', 'The port must be 443 or 8443.'],
    ['https://intranet/hook', '"intranet" is no host of the public internet.'],
    ['https://hooks.localhost/hook', '"hooks.localhost" is no host of the public internet.'],
    ['https://local.example/hook', undefined],
    ['https://localhost.example/hook:', undefined],
  ] as const)
    t.equal(wrongAddress(text, forTests), detail, text)

  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(async () => void server.close())
  const { port } = server.address() as AddressInfo
  const url = new URL(`http://localhost:${port}/`)
  const resolve: Resolve = async () => ['10.0.0.1']
  const { signal } = new AbortController()
  const socket = await connectTo(url, { ...forTests, resolve }, signal)
  t.match(socket.remoteAddress, /^(127\.0\.0\.1|::1)$/, 'whatever DNS says')
  socket.destroy()
  await t.rejects(connectTo(url, { ...strictly, resolve }, signal), { name: 'Unreachable', message: forbidden })
})

t.test('every address of a private network is refused, in every notation of its numbers', async t => {
  const octet = fc.integer({ min: 0, max: 255 })
  const inPrivate = fc.oneof(
    fc.tuple(fc.constant(127), octet, octet, octet),
    fc.tuple(fc.constant(10), octet, octet, octet),
    fc.tuple(fc.constant(172), fc.integer({ min: 16, max: 31 }), octet, octet),
    fc.tuple(fc.constant(192), fc.constant(168), octet, octet),
    fc.tuple(fc.constant(169), fc.constant(254), octet, octet),
  )
  const number = (parts: readonly number[]) => parts.reduce((sum, part) => sum * 256 + part, 0)
  const notations: ((parts: readonly [number, number, number, number]) => string)[] = [
    parts => parts.join('.'),
    parts => String(number(parts)),
    parts => `0x${number(parts).toString(16)}`,
    parts => `0${number(parts).toString(8)}`,
    parts => parts.map(part => `0${part.toString(8)}`).join('.'),
    parts => parts.map(part => `0x${part.toString(16)}`).join('.'),
    ([a, b, c, d]) => `${a}.${b}.${c * 256 + d}`,
    ([a, b, c, d]) => `${a}.${number([b, c, d])}`,
    parts => `${parts.join('.')}.`,
    parts => parts.join('。'),
    parts => parts.join('%2e'),
    parts => `[::ffff:${parts.join('.')}]`,
    parts => `[64:ff9b::${parts.join('.')}]`,
  ]
  fc.assert(
    fc.property(inPrivate, fc.constantFrom(...notations), (parts, write) => {
      const text = `https://${write(parts)}/`
      if (wrongAddress(text, strictly) === undefined) throw new Error(`${text} was let through`)
    }),
    { numRuns: 1000 },
  )
  t.pass('none was let through')
})

t.test('POST /v1/webhooks with an address that is none → 422', async t => {
  const { call, makeKey } = await keyedApp(t)
  const { text: key } = await makeKey(['webhooks:manage'])
  const detailOf = async (url: string) => {
    const answer = await call('POST /v1/webhooks', { key, body: { url } })
    t.equal(answer.status, 422, url)
    return (answer.body as { errors: { pointer: string; detail: string }[] }).errors
  }
  for (const [url, detail] of [
    ['jobs.example.org', 'This is not an address. Write it like https://jobs.example.org/hooks/roles.'],
    ['http://jobs.example.org/', 'This must begin with https://.'],
    ['ftp://jobs.example.org/', 'This must begin with https://.'],
    ['file:///etc/passwd', 'This must begin with https://.'],
    [
      'https://user:secret@jobs.example.org/',
      'This must hold no user name or password: the signature shows who calls.',
    ],
    ['https://jobs.example.org/#top', 'This must hold no fragment.'],
    ['https://jobs.example.org:22/', 'The port must be 443 or 8443.'],
    ['https://jobs.example.org:5432/', 'The port must be 443 or 8443.'],
    ['https://localhost/', '"localhost" is no host of the public internet.'],
    ['http://localhost:8080/', 'This must begin with https://.'],
    ['https://hooks.localhost/', '"hooks.localhost" is no host of the public internet.'],
    ['https://Printer.LOCAL./', '"printer.local" is no host of the public internet.'],
    ['https://metadata.google.internal/', '"metadata.google.internal" is no host of the public internet.'],
    ['https://postgres/', '"postgres" is no host of the public internet.'],
    ['https://2130706433/', '"127.0.0.1" is no host of the public internet.'],
    ['https://0x7f.1/', '"127.0.0.1" is no host of the public internet.'],
    ['https://0177.0.0.1/', '"127.0.0.1" is no host of the public internet.'],
    ['https://[::ffff:169.254.169.254]/', '"::ffff:a9fe:a9fe" is no host of the public internet.'],
    ['https://169.254.169.254/latest/meta-data/', '"169.254.169.254" is no host of the public internet.'],
  ] as const)
    t.strictSame(await detailOf(url), [{ pointer: '/url', code: 'wrong_address', detail }], url)
  for (const url of ['https://jobs.example.org/hook?for=us', 'https://jobs.example.org:8443/', 'https://8.8.8.8/'])
    t.equal((await call('POST /v1/webhooks', { key, body: { url } })).status, 201, url)
})

t.test('DNS that changes its answer', async t => {
  const receiver = await startReceiver(t)
  const { port } = new URL(receiver.url)
  const options = { limits, signal: new AbortController().signal }
  const url = new URL(`http://receiver.example:${port}/hook`)

  await t.test('what was checked is what is connected to: one question for each connection', async t => {
    const answers = [['127.0.0.1'], ['10.0.0.1']]
    const resolve: Resolve = async () => answers.shift() ?? []
    const answer = await send(url, {}, 'x', { ...options, ...forTests, resolve })
    t.equal(answer.status, 204)
    t.equal(answers.length, 1, 'it was asked once')
    await t.rejects(send(url, {}, 'x', { ...options, ...forTests, resolve }), { name: 'NoAnswer', message: forbidden })
    await t.rejects(send(url, {}, 'x', { ...options, ...forTests, resolve }), {
      message: 'The name of the host has no address.',
    })
    t.equal(receiver.connections, 1)
  })

  await t.test('a name that was public when it was written down, and is loopback now, is not connected to', async t => {
    const before = receiver.connections
    t.equal(wrongAddress('https://receiver.example/', strictly), undefined)
    for (const address of ['127.0.0.1', '::1', '::ffff:127.0.0.1']) {
      const resolve: Resolve = async () => [address]
      const error = await send(url, {}, 'x', { ...options, ...strictly, resolve }).catch(thrown => thrown)
      t.type(error, NoAnswer)
      t.equal(error.message, forbidden)
    }
    t.equal(receiver.connections, before)
  })

  await t.test('a name server that never answers ends with the time for the connection', async t => {
    const began = Date.now()
    await t.rejects(send(url, {}, 'x', { ...options, ...forTests, resolve: () => new Promise(() => {}) }), {
      message: 'The receiver did not take the connection within 2 s.',
    })
    t.ok(Date.now() - began >= limits.connectMs - 50)
  })
})

t.test('a receiver that takes the connection and says nothing of TLS → ends with the time for it', async t => {
  const server = createServer(() => {}).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(async () => void server.close())
  const { port } = server.address() as { port: number }
  const { call, start } = await workingApp(t)
  const webhook = await createWebhook(call, `https://127.0.0.1:${port}/`)
  const worker = start()
  await createPublished(call, 'data-engineer')
  const { last_attempt } = await attempted(call, webhook, 1)
  t.equal(last_attempt.error, 'The receiver did not take the connection within 2 s.')
  await worker.close()
})

t.test('without the setting, a webhook that is stored with such an address is not sent to', async t => {
  const { call, start } = await workingApp(t)
  const receiver = await startReceiver(t)
  const webhook = await createWebhook(call, receiver.url)
  start({ allowLoopback: false })
  await createPublished(call, 'data-engineer')
  const { last_attempt, status } = await attempted(call, webhook, 1)
  t.strictSame([status, last_attempt.error, last_attempt.status], ['pending', forbidden, null])
  t.equal(receiver.connections, 0)
})
