/** What a register is used for beside roles, each through its API, and what must come of it. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Driver } from '../faults/driver.ts'
import { shared, type Trial } from '../faults/trial.ts'
import { type Receiver, startReceiver, verify } from '../support/receiver.ts'
import { until } from '../support/until.ts'
import { vacancyWith } from '../support/vacancies.ts'

const json = { 'content-type': 'application/json' }

/** Of a service that sends webhooks to receivers on this machine. */
export const webhookEnv = {
  WEBHOOK_KEY: 'the key of the webhooks of this suite, long enough',
  WEBHOOK_LOOPBACK: 'true',
}

interface Change {
  id: string
  type: string
  subject: string
}

/** A webhook of a register, and what receives its messages. */
export interface Hook {
  secret: string
  receiver: Receiver
}

async function post(driver: Driver, path: string, body: unknown, headers: Record<string, string> = {}) {
  const answer = await driver.request('POST', path, { ...json, ...headers }, JSON.stringify(body))
  assert.equal(answer.status, 201, answer.text)
  return answer
}

/** Makes a webhook for vacancies that open, to a receiver that lives as long as the trial. */
export async function makeHook(trial: Trial, driver: Driver): Promise<Hook> {
  const receiver = await startReceiver({ after: work => trial.after(work) })
  const { text } = await post(driver, '/v1/webhooks', { url: receiver.url, event_types: ['vacancy.opened'] })
  return { secret: (JSON.parse(text) as { secret: string }).secret, receiver }
}

/** The cursor at the feed's end. */
async function endOfFeed(driver: Driver): Promise<string> {
  const { text } = await driver.request('GET', '/v1/changes?after=latest')
  return (JSON.parse(text) as { next_cursor: string }).next_cursor
}

/** Opens a vacancy while somebody waits for the feed; gives its path once poll and webhook have told of it. */
export async function openVacancy(driver: Driver, { secret, receiver }: Hook): Promise<string> {
  const cursor = await endOfFeed(driver)
  const poll = driver.request('GET', `/v1/changes?after=${cursor}&wait=15`)
  const closes_at = new Date(Date.now() + 30 * 86_400_000).toISOString()
  const { version: _, status: __, ...body } = vacancyWith({ role: shared, opens_at: null, closes_at })
  const made = await post(driver, '/v1/vacancies', body)
  const path = made.headers.get('location') ?? ''
  await post(driver, `${path}/openings`, {}, { 'if-match': made.headers.get('etag') ?? '' })
  const { changes } = JSON.parse((await poll).text) as { changes: Change[] }
  assert.deepEqual(
    changes.map(({ type, subject }) => [type, subject]),
    [['vacancy.opened', path]],
  )
  const received = await until(() => receiver.received.find(({ body }) => body.includes(path)), 30_000)
  assert.equal(verify(secret, received).type, 'vacancy.opened')
  return path
}

/** Imports a document; gives the import's path, and the bytes that it must go on to give back. */
export async function importDocument(driver: Driver): Promise<{ path: string; bytes: string }> {
  const bytes = await readFile(join(import.meta.dirname, '..', '..', 'examples', 'role-definition.md'), 'utf8')
  const markdown = { 'content-type': 'text/markdown' }
  const answer = await driver.request('POST', '/v1/imports?slug=imported', markdown, bytes)
  assert.equal(answer.status, 201, answer.text)
  return { path: answer.headers.get('location') ?? '', bytes }
}

/** Asserts that an export comes whole; gives its lines but the last. */
export async function readExport(driver: Driver, kind: 'roles' | 'vacancies'): Promise<string[]> {
  const { status, text } = await driver.request('GET', `/v1/exports/${kind}.ndjson`)
  assert.equal(status, 200, text)
  const lines = text.trimEnd().split('\n')
  const end = lines.pop() ?? ''
  assert.deepEqual(JSON.parse(end), {
    type: 'end',
    count: lines.length,
    digest: createHash('sha256')
      .update(text.slice(0, -end.length - 1))
      .digest('hex'),
    feed_cursor: await endOfFeed(driver),
  })
  return lines
}
