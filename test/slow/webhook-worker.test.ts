// The worker as a process: killed between sending and writing it down, and asked to stop.
import { sql } from 'kysely'
import t from 'tap'
import { testApp, webhooks } from '../support/app.ts'
import { testFolder } from '../support/database.ts'
import { startReceiver, verify } from '../support/receiver.ts'
import { createPublished } from '../support/roles.ts'
import { buildService, Service } from '../support/service.ts'
import { pem, pemFile } from '../support/tls.ts'
import { until } from '../support/until.ts'
import { attempted, createWebhook, deliveriesOf, settled } from '../support/webhooks.ts'

const build = await buildService()
t.after(() => build.remove())

t.test('kill -9 between sending and writing it down → a duplicate with the same id, never a loss', async t => {
  const { call, db, url } = await testApp(t)
  const DATA_DIR = await testFolder(t)
  const start = (env: Record<string, string> = {}) => {
    const { key } = webhooks
    const worker = new Service(build, 'cli', {
      args: ['worker'],
      env: { DATABASE_URL: url, DATA_DIR, WEBHOOK_KEY: key, WEBHOOK_LOOPBACK: 'true', LOG_LEVEL: 'warn', ...env },
    })
    t.after(() => worker.kill())
    return worker
  }
  const receiver = await startReceiver(t)
  const webhook = await createWebhook(call, receiver.url)
  // It took the message, and its answer never arrives: what a receiver sees of a sender that dies.
  receiver.behaviour = () => {}
  const slugs = ['one', 'two', 'three']
  for (const slug of slugs) await createPublished(call, slug)
  const ids = ['evt_1', 'evt_2', 'evt_3']
  const received = () => receiver.received.map(({ headers }) => String(headers['webhook-id'])).sort()

  const first = start()
  await until(() => receiver.received.length === slugs.length, 60_000)
  await first.kill()
  t.strictSame(received(), ids)
  t.match(
    await deliveriesOf(call, webhook),
    ids.map(() => ({ status: 'pending', attempts: 0 })),
    'nothing was written down',
  )
  const { rows } = await sql<{ held: boolean }>`
    select locked_at is not null as held from graphile_worker.jobs`.execute(db)
  t.strictSame(rows, [{ held: true }], 'the dead worker holds the job')
  // The minute after which nobody who lives can hold a job.
  await sql`update graphile_worker._private_jobs set locked_at = locked_at - interval '1 minute'`.execute(db)

  receiver.behaviour = response => void response.writeHead(204).end()
  const second = start()
  await settled(call, webhook, 60_000)
  t.strictSame(received(), [...ids, ...ids].sort(), 'each came again, with the id that it had')
  for (const message of receiver.received) verify(webhook.secret, message)
  for (const delivery of await deliveriesOf(call, webhook)) t.match(delivery, { status: 'delivered', attempts: 1 })

  second.child.kill('SIGTERM')
  t.strictSame(await second.exited, { code: 0, signal: null })
  t.match(second.err, /the worker is at work/)
  t.strictSame(second.troubles(), second.err.trim().split('\n'), 'nothing else was said')
})

t.test('SIGTERM while a receiver hangs → given back in seconds, exit code 0', async t => {
  const { call, url } = await testApp(t)
  const DATA_DIR = await testFolder(t)
  const receiver = await startReceiver(t)
  receiver.behaviour = () => {}
  const webhook = await createWebhook(call, receiver.url)
  const { key } = webhooks
  const env = { DATABASE_URL: url, DATA_DIR, WEBHOOK_KEY: key, WEBHOOK_LOOPBACK: 'true', LOG_LEVEL: 'silent' }
  const worker = new Service(build, 'cli', { args: ['worker'], env })
  t.after(() => worker.kill())
  await createPublished(call, 'one')
  await until(() => receiver.received.length === 1, 60_000)
  const began = Date.now()
  worker.child.kill('SIGTERM')
  t.strictSame(await worker.exited, { code: 0, signal: null })
  t.ok(Date.now() - began < 12_000, `stopped in ${Date.now() - began} ms`)
  t.match(await deliveriesOf(call, webhook), [{ status: 'pending', attempts: 0 }])
})

t.test(
  'a certificate → believed where the operator names its root, and nowhere else, whatever Node is told',
  async t => {
    const { call, url } = await testApp(t)
    const receiver = await startReceiver(t, { cert: pem('receiver') + pem('middle'), key: pem('receiver', 'key') })
    const webhook = await createWebhook(call, receiver.url)
    const { key } = webhooks
    const DATA_DIR = await testFolder(t)
    const start = (more: Record<string, string>) => {
      const env = {
        DATABASE_URL: url,
        DATA_DIR,
        WEBHOOK_KEY: key,
        WEBHOOK_LOOPBACK: 'true',
        LOG_LEVEL: 'silent',
        ...more,
      }
      const worker = new Service(build, 'cli', { args: ['worker'], env })
      t.after(() => worker.kill())
      return worker
    }
    await createPublished(call, 'one')
    const unverified = start({ NODE_TLS_REJECT_UNAUTHORIZED: '0' })
    const { status, last_attempt } = await attempted(call, webhook, 1)
    t.strictSame(
      [status, last_attempt.status, last_attempt.error],
      ['pending', null, 'The TLS certificate of the receiver is not valid (UNABLE_TO_GET_ISSUER_CERT_LOCALLY).'],
    )
    t.strictSame(receiver.received, [], 'nothing was sent')
    unverified.child.kill('SIGTERM')
    await unverified.exited
    await createPublished(call, 'two')
    start({ NODE_EXTRA_CA_CERTS: pemFile('root') })
    await until(() => receiver.received.length > 0, 60_000)
    for (const message of receiver.received) t.match(verify(webhook.secret, message), { type: 'role.published' })
  },
)
