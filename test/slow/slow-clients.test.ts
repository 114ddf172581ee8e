// Clients that take their time, on real sockets: they are cut off, and nobody else waits for them.
import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { testApp, token } from '../support/app.ts'
import { problemOf } from '../support/problem.ts'
import { until } from '../support/until.ts'

t.test('slow clients', { timeout: 300_000 }, async t => {
  const { app } = await testApp(t, {
    connections: {
      headersTimeoutMs: 200,
      requestTimeoutMs: 400,
      checkIntervalMs: 50,
      drainTimeoutMs: 1500,
      drainBytesPerSecondMin: 1024 * 1024 * 1024,
    },
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo

  const open = async () => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    socket.on('error', () => {})
    await once(socket, 'connect')
    return socket
  }
  const connections = () =>
    new Promise<number>((resolve, reject) =>
      app.server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
    )
  /** Sends a byte now and then until the connection is closed. */
  const drip = async (head: string) => {
    const socket = await open()
    socket.write(head)
    const dripping = setInterval(() => socket.write('x'), 20)
    socket.once('close', () => clearInterval(dripping))
    const answer = await text(socket)
    // The server must not wait for us to close our half.
    await until(async () => (await connections()) === 0)
    clearInterval(dripping)
    socket.destroy()
    const [headers = '', body = ''] = answer.split('\r\n\r\n')
    return { headers: headers.split('\r\n'), body: body === '' ? {} : (JSON.parse(body) as Record<string, unknown>) }
  }
  const checkTimeout = (
    t: {
      equal: (a: unknown, b: unknown) => unknown
      ok: (a: unknown) => unknown
      strictSame: (a: unknown, b: unknown) => unknown
    },
    { headers, body }: Awaited<ReturnType<typeof drip>>,
  ) => {
    t.equal(headers[0], 'HTTP/1.1 408 Refused')
    t.ok(headers.includes('content-type: application/problem+json'))
    t.ok(headers.includes('connection: close'))
    t.ok(headers.includes(`request-id: ${body.request_id}`))
    t.strictSame(problemOf({ body }), {
      status: 408,
      code: 'request_timeout',
      detail: 'The request did not arrive in time.',
      errors: [],
    })
  }

  await t.test('slow headers → 408, while others are served', async t => {
    const slow = drip('GET /health/live HTTP/1.1\r\nHost: register.example\r\nX-Slow: ')
    const quick = await fetch(`http://127.0.0.1:${port}/health/live`, { headers: { connection: 'close' } })
    t.strictSame(await quick.json(), { status: 'ok' })
    checkTimeout(t, await slow)
  })

  await t.test('a slow body → 408, while others are served', async t => {
    const slow = drip(
      `POST /v1/roles?slug=slow HTTP/1.1\r\nHost: register.example\r\nAuthorization: Bearer ${token('home-office')}\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n{"title":"`,
    )
    const quick = await fetch(`http://127.0.0.1:${port}/health/live`, { headers: { connection: 'close' } })
    t.strictSame(await quick.json(), { status: 'ok' })
    checkTimeout(t, await slow)
    const list = await app.inject({ url: '/v1/drafts', headers: { authorization: `Bearer ${token('home-office')}` } })
    t.strictSame(list.json().drafts, [])
  })

  await t.test('who opens a connection and says nothing is cut off', async t => {
    const socket = await open()
    await until(async () => (await connections()) === 0)
    socket.destroy()
    t.pass()
  })

  await t.test('who does not take his answers is cut off; who does gets them all', async t => {
    const count = 60
    const requests = 'GET /v1/openapi.json HTTP/1.1\r\nHost: register.example\r\n\r\n'.repeat(count)
    const slow = await open()
    slow.pause()
    slow.write(requests)
    await until(() => connections().then(open => open === 1))
    const quick = await fetch(`http://127.0.0.1:${port}/v1/openapi.json`, { headers: { connection: 'close' } })
    const length = (await quick.arrayBuffer()).byteLength
    await until(async () => (await connections()) === 0)
    slow.destroy()

    const reader = await open()
    reader.write(requests)
    let taken = 0
    reader.on('data', data => {
      taken += data.length
    })
    await until(() => taken > count * length)
    reader.destroy()
    t.ok(taken > count * length)
  })
})
