// Webhooks over TLS: the connection goes to the address that was checked, and the certificate is that of the host's name.

import { once } from 'node:events'
import { createServer } from 'node:net'
import t from 'tap'
import type { Resolve } from '../../src/webhooks/address.ts'
import { startReceiver, verify } from '../support/receiver.ts'
import { createPublished } from '../support/roles.ts'
import { pem } from '../support/tls.ts'
import { attempted, createWebhook, workingApp } from '../support/webhooks.ts'

const key = pem('receiver', 'key')
const chain = { cert: pem('receiver') + pem('middle'), key }
const ca = pem('root')

/** A webhook at a public name and the port of a receiver here, which no caller could name. */
async function createNamed(
  { call, db }: Awaited<ReturnType<typeof workingApp>>,
  host: string,
  port: string | number,
  path = '/',
) {
  const made = await createWebhook(call, `https://${host}${path}`)
  await db
    .updateTable('webhooks')
    .set({ url: `https://${host}:${port}${path}` })
    .where('id', '=', made.id)
    .execute()
  return made
}

t.test('a receiver with a certificate of its name → delivered, by one answer of DNS, with SNI', async t => {
  const app = await workingApp(t)
  const { call, start } = app
  const receiver = await startReceiver(t, chain)
  const webhook = await createNamed(app, 'receiver.example', new URL(receiver.url).port, '/hook')
  const asked: string[] = []
  const resolve: Resolve = async host => {
    asked.push(host)
    return ['127.0.0.1']
  }
  start({ ca, resolve })
  await createPublished(call, 'one')
  const { status, last_attempt } = await attempted(call, webhook, 1)
  t.strictSame([status, last_attempt.status, last_attempt.error], ['delivered', 204, null])
  const [message] = receiver.received
  if (!message) throw new Error('nothing came')
  t.match(verify(webhook.secret, message), { type: 'role.published', role: 'one' })
  t.strictSame(
    [message.servername, message.headers.host],
    ['receiver.example', `receiver.example:${new URL(receiver.url).port}`],
  )
  t.strictSame(asked, ['receiver.example'])
  t.equal(receiver.connections, 1)
})

t.test('a receiver by its address → delivered, where the certificate is for the address', async t => {
  const { call, start } = await workingApp(t)
  const receiver = await startReceiver(t, chain)
  const webhook = await createWebhook(call, receiver.url)
  start({ ca })
  await createPublished(call, 'one')
  t.equal((await attempted(call, webhook, 1)).status, 'delivered')
  t.strictSame(
    receiver.received.map(({ servername }) => servername),
    [false],
  )
})

t.test('a certificate that is not the receiver’s → nothing is sent, and the log says why', async t => {
  const app = await workingApp(t)
  const { call, start } = app
  const invalid = (code: string) => `The TLS certificate of the receiver is not valid (${code}).`
  const rows: [what: string, host: string, tls: { cert: string; key: string }, error: string][] = [
    ['another name', 'other.example', chain, invalid('ERR_TLS_CERT_ALTNAME_INVALID')],
    ['a name that begins alike', 'receiver.example.org', chain, invalid('ERR_TLS_CERT_ALTNAME_INVALID')],
    ['expired', 'receiver.example', { cert: pem('expired') + pem('middle'), key }, invalid('CERT_HAS_EXPIRED')],
    ['no chain', 'receiver.example', { cert: pem('receiver'), key }, invalid('UNABLE_TO_VERIFY_LEAF_SIGNATURE')],
  ]
  const made = await Promise.all(
    rows.map(async ([what, host, tls, error]) => {
      const receiver = await startReceiver(t, tls)
      const webhook = await createNamed(app, host, new URL(receiver.url).port)
      return { what, receiver, webhook, error }
    }),
  )
  start({ ca, resolve: async () => ['127.0.0.1'] })
  await createPublished(call, 'one')
  for (const { what, receiver, webhook, error } of made) {
    const { status, last_attempt } = await attempted(call, webhook, 1)
    t.strictSame([status, last_attempt.status, last_attempt.error], ['pending', null, error], what)
    t.strictSame([receiver.connections, receiver.received], [1, []], `${what}: a connection, and nothing on it`)
  }
})

t.test('a root that nobody knows → nothing is sent, whatever NODE_TLS_REJECT_UNAUTHORIZED says', async t => {
  const { NODE_TLS_REJECT_UNAUTHORIZED: before } = process.env
  t.after(() => {
    if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED
    else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before
  })
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
  const { call, start } = await workingApp(t)
  const receiver = await startReceiver(t, chain)
  const webhook = await createWebhook(call, receiver.url)
  start()
  await createPublished(call, 'one')
  const { status, last_attempt } = await attempted(call, webhook, 1)
  const error = 'The TLS certificate of the receiver is not valid (UNABLE_TO_GET_ISSUER_CERT_LOCALLY).'
  t.strictSame([status, last_attempt.status, last_attempt.error], ['pending', null, error])
  t.strictSame(receiver.received, [])
})

t.test('a receiver that speaks no TLS → nothing is sent in the clear', async t => {
  const app = await workingApp(t)
  const { call, start } = app
  let bytes = ''
  const server = createServer(socket => {
    socket.on('error', () => {})
    socket.on('data', data => {
      bytes += data.toString('latin1')
      socket.end('HTTP/1.1 204 No Content\r\n\r\n')
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(async () => void server.close())
  const { port } = server.address() as { port: number }
  const webhook = await createNamed(app, 'receiver.example', port)
  start({ ca, resolve: async () => ['127.0.0.1'] })
  await createPublished(call, 'one')
  const { status, last_attempt } = await attempted(call, webhook, 1)
  t.equal(status, 'pending')
  t.match(last_attempt.error, /^TLS could not be agreed with the receiver \(ERR_SSL_[A-Z_]+\)\.$/)
  t.notMatch(bytes, /POST|webhook/)
})
