// What receivers get, and what becomes of a receiver that does not take it. They are real HTTP servers.
import { sql } from 'kysely'
import t from 'tap'
import { pauses, retryAfterMs } from '../src/webhooks/deliver.ts'
import { baseUrl } from './support/app.ts'
import { startReceiver, verify } from './support/receiver.ts'
import { createPublished, createRole, publishRole } from './support/roles.ts'
import { until } from './support/until.ts'
import { createWebhook, deliveriesOf, limits, passTime, settled, workingApp } from './support/webhooks.ts'

const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/

t.test('a publication → one signed message, logged', async t => {
  const { call, start } = await workingApp(t)
  const receiver = await startReceiver(t)
  await createPublished(call, 'before-it')
  const webhook = await createWebhook(call, receiver.url)
  start()
  await createPublished(call, 'data-engineer')
  const [delivery] = await settled(call, webhook)
  t.equal(receiver.received.length, 1, 'what was published before it came is not sent')
  const [message] = receiver.received
  if (!message || !delivery) throw new Error('nothing came')
  const sent = verify(webhook.secret, message)
  t.match(sent, { type: 'role_published', data: { role: { slug: 'data-engineer', version: 1 } } })
  t.strictSame(
    { ...message.headers, 'webhook-signature': undefined, 'webhook-timestamp': undefined },
    {
      host: new URL(receiver.url).host,
      'content-type': 'application/json; charset=utf-8',
      'user-agent': 'role-register',
      'webhook-id': delivery.id,
      'webhook-timestamp': undefined,
      'webhook-signature': undefined,
      'content-length': String(Buffer.byteLength(message.body)),
      connection: 'close',
    },
  )
  t.match(message.headers['webhook-signature'], /^v1,[A-Za-z0-9+/]{43}=$/)
  const attempt = delivery.last_attempt as Record<string, unknown>
  t.strictSame(delivery, {
    id: 'evt_2',
    event_type: 'role_published',
    position: 2,
    status: 'delivered',
    attempts: 1,
    created_at: delivery.created_at,
    next_attempt_at: null,
    last_attempt: {
      number: 1,
      started_at: attempt.started_at,
      duration_ms: attempt.duration_ms,
      status: 204,
      error: null,
      response: null,
    },
  })
  t.match(attempt.started_at, instant)
  t.throws(() => verify(`whsec_${Buffer.alloc(32).toString('base64')}`, message), /No matching signature/)
  t.throws(() => verify(webhook.secret, { ...message, body: `${message.body} ` }), /No matching signature/)
})
