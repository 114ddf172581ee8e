// Messages to receivers, each held against what the contract says of it.
import { readFileSync } from 'node:fs'
import t from 'tap'
import { changeTypes } from '../../src/feed/schema.ts'
import { openAndCloseDue } from '../../src/vacancies/clock.ts'
import { messagesOf } from '../support/contract.ts'
import { startReceiver, verify } from '../support/receiver.ts'
import { until } from '../support/until.ts'
import { openVacancy, publishAdvertised } from '../support/vacancies.ts'
import { createWebhook, workingApp } from '../support/webhooks.ts'

const contract = JSON.parse(readFileSync(new URL('../../openapi/openapi.json', import.meta.url), 'utf8')) as {
  webhooks: Record<string, { post: { operationId: string; responses: Record<string, { headers?: object }> } }>
}
const types = [...changeTypes, 'ping'].sort()

t.test('the contract tells of every message, and of what may be answered', async t => {
  t.strictSame(Object.keys(contract.webhooks), types)
  for (const [type, { post }] of Object.entries(contract.webhooks)) {
    t.strictSame(Object.keys(post.responses).sort(), ['2XX', '410', '429', '503', 'default'], type)
    for (const status of ['429', '503'])
      t.strictSame(Object.keys(post.responses[status]?.headers ?? {}), ['Retry-After'], type)
  }
  const ids = Object.values(contract.webhooks).map(({ post }) => post.operationId)
  t.equal(new Set(ids).size, types.length, 'operationIds are unique')
})

t.test('every message that is sent is as the contract says', async t => {
  const { call, db, start } = await workingApp(t)
  const receiver = await startReceiver(t)
  const webhook = await createWebhook(call, receiver.url)
  start()
  const later = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString()
  const published = await publishAdvertised(call, 'engineer')
  const closing = await openVacancy(call, 'engineer', { opens_at: null, closes_at: later(1) })
  const gone = await openVacancy(call, 'engineer', { opens_at: null, closes_at: later(100) })
  const updated = await call(`PATCH ${gone.path}`, { match: gone.etag, body: { hours: '30 hours' } })
  t.equal(updated.status, 200, updated.text)
  const withdrawn = await call(`POST ${gone.path}/withdrawals`, { match: updated.etag, body: { reason: 'Filled' } })
  t.equal(withdrawn.status, 201, withdrawn.text)
  t.equal(await openAndCloseDue(db, later(2)), 1, `${closing.path} closes`)
  const over = await call('POST /v1/roles/engineer/withdrawals', { match: published.etag, body: { reason: 'Over' } })
  t.equal(over.status, 201, over.text)
  t.equal((await call(`POST ${webhook.path}/pings`)).status, 202)

  await until(() => receiver.received.length === 8)
  const sent = receiver.received.map(received => verify(webhook.secret, received))
  t.strictSame(sent.map(({ type }) => type).sort(), [...types, 'vacancy.opened'].sort(), 'each type was sent')

  const hold = messagesOf(contract)
  for (const [index, message] of sent.entries()) {
    const { headers } = receiver.received[index] ?? { headers: {} }
    const broken: [what: string, headers: Record<string, unknown>, body: object][] = [
      ['a member too many', headers, { ...message, more: 1 }],
      ['a member too few', headers, { ...message, subject: undefined }],
      ['another type', headers, { ...message, type: message.type === 'ping' ? 'role.withdrawn' : 'ping' }],
      ['no signature', { ...headers, 'webhook-signature': undefined }, message],
      ['another id', { ...headers, 'webhook-id': 'x' }, message],
    ]
    for (const [what, ...parts] of broken)
      t.throws(() => hold(...parts), /breaks the contract/, `${message.type}: ${what} would be seen`)
  }
})
