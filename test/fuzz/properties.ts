/** What must hold of every answer, and of the service after many. Each function throws an Error that says what does not. */
import { createHash } from 'node:crypto'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { sql } from 'kysely'
import { checkDocument } from '../../src/document/check.ts'
import { RoleDocument } from '../../src/document/schema.ts'
import { complete } from '../../src/document/shape.ts'
import { baseUrl } from '../support/app.ts'
import { bodyOf } from '../support/contract.ts'
import { until } from '../support/until.ts'
import type { CallerKind } from './requests.ts'
import { type Answer, canary, type Sent, type World } from './world.ts'

/** What only the inside of the service knows. No request holds these, so an echo cannot be the reason. */
const watchList: [what: string, pattern: RegExp][] = [
  ['a stack', /\bat (?:async )?[\w.<>]+ \(|\n\s+at |\.[cm]?[jt]s:\d+/],
  ['a path of a file', /\/(?:work|home|usr|tmp|src|dist)\/[a-z]|node_modules|file:\/\//],
  [
    'SQL',
    /\b(?:insert into|delete from|update \w+ set|select \w+ from|returning|jsonb?_\w+|relation "|column "|operator does not|violates|syntax error|SQLSTATE|invalid input syntax|out of range|prepared statement)\b/i,
  ],
  [
    'the name of a constraint',
    /\b[a-z_]+_(?:pkey|fkey|check|key_idx|idx)\b|\bskills_name_key\b|\bevents_position_key\b/,
  ],
  [
    'the name of a table or column',
    /\b(?:role_versions|role_search|role_skills|role_sfia_levels|role_shared_sections|feed_counter|idempotency_keys|id_serials|submitted_revision|published_revision|withdrawal_reason|level_descriptions_json|pg_(?!sleep)\w+)\b/,
  ],
  [
    'the name of a library',
    /\b(?:fastify|kysely|postgres(?:ql)?|ajv|typebox|jsonc-parser|pino|node-postgres|libpq|find-my-way|llhttp|HPE_\w+|FST_ERR_\w+|ERR_\w+|ECONN\w+|EPIPE)\b/i,
  ],
  ['a private address', /\b(?:127\.0\.0\.1|localhost|10\.66\.66\.66|192\.168\.|::1)\b/],
  ['a host that only the caller named', /evil-host/],
  ['a value that was not meant to be printed', /\[object \w+\]|\bundefined\b|\bNaN\b/],
]

const fail = (why: string): never => {
  throw new Error(why)
}

/** How long an answer may take, in milliseconds; a long poll as much longer as it was asked to wait. */
export function timeLimitMs(url: string): number {
  const wait = Number(/[?&]wait=(\d{1,2})(?:[&#]|$)/.exec(url)?.[1] ?? 0)
  return 2000 + 1000 * Math.min(30, wait)
}

/** All that must hold of one answer to one request. */
export function checkAnswer(world: World, sent: Sent, caller: CallerKind, answer: Answer): void {
  const { status, headers, text, ms } = answer
  const path = sent.url.replace(/[?#].*$/, '')
  if (status >= 500) fail(`it answers ${status}: ${world.logged.splice(0).join('').slice(0, 3000)}`)
  if (world.logged.length > 0) fail(`it logs an error: ${world.logged.splice(0).join('').slice(0, 3000)}`)
  if (ms > timeLimitMs(sent.url)) fail(`it takes ${Math.round(ms)} ms`)

  const type = String(headers['content-type'] ?? '')
  let body: unknown = text
  if (type.includes('json') && text !== '')
    try {
      body = bodyOf(type, text)
    } catch {
      fail('the body is not the JSON that it says it is')
    }
  if (type.includes('json') && /(?<!\\)(?:\\\\)*\\u[dD][89a-fA-F]/.test(JSON.stringify(body) ?? ''))
    fail('the body holds a lone surrogate')
  const isDocument = /^\/(?:docs|openapi\.json|v1\/openapi\.json)/.test(path)
  // A preflight is the browser's business, and in no contract.
  if (sent.method !== 'OPTIONS' || status !== 204)
    world.check(sent.method, sent.url.replace(/#.*$/, ''), { status, headers, body, text })
  if (!isDocument) watch(sent, caller, answer)
  checkHeaders(answer)
  // The contract says where a problem may be a page.
  if (status >= 400 && sent.method !== 'HEAD' && !type.startsWith('text/html'))
    checkProblem(path, answer, body as Record<string, unknown>)
  if (Object.keys(Object.prototype).length > 0 || 'polluted' in {}) fail('Object.prototype has a new member')
}

function watch(sent: Sent, caller: CallerKind, { headers, text }: Answer): void {
  const shown = `${JSON.stringify({ ...headers, date: undefined })}\n${text}`
  // What this request says itself may be quoted back to it.
  const said = `${sent.url}\n${decodeLoosely(sent.url)}\n${JSON.stringify({ ...sent.headers, host: undefined })}\n${sent.body ?? ''}`
  for (const [what, pattern] of watchList) {
    const found = pattern.exec(shown)?.[0]
    if (found !== undefined && !(said.includes(found) && !found.includes('evil'))) fail(`it shows ${what}: ${found}`)
  }
  if (caller !== 'admin' && shown.includes(canary)) fail('it shows what another organisation keeps to itself')
}

function decodeLoosely(url: string): string {
  return url.replaceAll(/(?:%[0-9a-f]{2})+/gi, bytes => Buffer.from(bytes.replaceAll('%', ''), 'hex').toString())
}

/** Of this service, by path or by its own base URL, each with its relation and some with a type (RFC 8288). */
const link = `<(?:${baseUrl})?/[^<>"\\s]*>; rel="[a-z-]+"(?:; type="[a-z0-9.+/-]+")?`
const links = new RegExp(`^${link}(?:, ${link})*$`)

function checkHeaders({ status, headers }: Answer): void {
  if (!/^[A-Za-z0-9._-]{8,128}$/.test(String(headers['request-id']))) fail(`Request-Id is ${headers['request-id']}`)
  if (headers['api-version'] === undefined) fail('API-Version is missing')
  // A 304 leaves out what its caller has with the 200 (RFC 9110 §15.4.5).
  if (headers['x-content-type-options'] !== (status === 304 ? undefined : 'nosniff'))
    fail(`X-Content-Type-Options is ${headers['x-content-type-options']} with ${status}`)
  if (headers['set-cookie'] !== undefined) fail('it sets a cookie')
  if (headers['x-powered-by'] !== undefined || headers.server !== undefined) fail('it says what it is made of')
  const { location, link, etag } = headers
  const places = status < 300 ? /^\/v1\/[a-z0-9/._~:-]+$/i : /^\/(?:roles|imports\/new)(?:[/?]|$)/
  if (location !== undefined && !places.test(location)) fail(`Location is ${location}`)
  if (link !== undefined && !links.test(String(link))) fail(`Link is ${link}`)
  if (etag !== undefined && !/^"[A-Za-z0-9_-]+"$/.test(etag)) fail(`ETag is ${etag}`)
  if (status === 405 && headers.allow === undefined) fail('405 without Allow')
  if (status === 401 && headers['www-authenticate'] === undefined) fail('401 without WWW-Authenticate')
  if ([429, 503].includes(status) && headers['retry-after'] === undefined) fail(`${status} without Retry-After`)
}

function checkProblem(path: string, { status, headers }: Answer, problem: Record<string, unknown>): void {
  if (problem.status !== status) fail('the status of the problem is another')
  if (problem.request_id !== headers['request-id']) fail('request_id is not Request-Id')
  if (problem.instance !== path) fail(`instance is ${problem.instance}`)
  if (problem.type !== `/problems/${problem.code}`) fail(`type is ${problem.type}`)
  for (const member of ['title', 'detail']) if (String(problem[member] ?? '').trim() === '') fail(`${member} is empty`)
  const errors = problem.errors as { pointer: string; code: string; detail: string }[]
  if (['invalid', 'invalid_query'].includes(String(problem.code)) && errors.length === 0) fail('errors is empty')
  if (JSON.stringify(problem).length > 100_000) fail('the problem is longer than 100,000 characters')
  for (const { pointer, code, detail } of errors) {
    if (!/^(?:$|\/|\?(?!\/))/.test(pointer) || /~(?![01])/.test(pointer)) fail(`no pointer: ${pointer.slice(0, 100)}`)
    if (code === '' || detail.trim() === '') fail('an error without code or detail')
    if (code === 'invalid') fail(`an error that nobody put into words: ${detail}`)
  }
}

/** After a round: the service answers, its pool is whole, and all that it stores is what it may store. */
export async function checkService(world: World): Promise<void> {
  const alive = await world.send({ method: 'GET', url: '/v1/roles', headers: {}, body: null })
  if (alive.status !== 200) fail(`afterwards /v1/roles answers ${alive.status}`)
  await until(
    () => [...world.pools].every(pool => pool.waitingCount === 0 && pool.idleCount === pool.totalCount),
    3000,
  ).catch(() =>
    fail(
      `the pool leaks: ${[...world.pools].map(pool => `${pool.waitingCount} wait, ${pool.idleCount} of ${pool.totalCount} idle`).join('; ')}`,
    ),
  )
  const { rows: open } =
    await sql`select query from pg_stat_activity where datname = current_database() and state like 'idle in%'`.execute(
      world.db,
    )
  if (open.length > 0) fail('a transaction is left open')
  await checkStored(world)
}

async function checkStored({ db, document }: World): Promise<void> {
  const ajv = new Ajv2020({ strict: false })
  ;(addFormats as unknown as (target: Ajv2020) => void)(ajv)
  ajv.addSchema(document, 'contract')
  const validatorOf = (name: string) =>
    ajv.getSchema(`contract#/components/schemas/${name}`) ?? fail(`the contract has no ${name}`)
  const isDraft = validatorOf('RoleDocument')
  const { rows: drafts } = await sql<{
    slug: string
    text: string
  }>`select slug, document::text as text from roles`.execute(db)
  for (const { slug, text } of drafts) {
    const draft = JSON.parse(text) as RoleDocument
    if (!isDraft(draft)) fail(`the draft of ${slug} breaks the schema: ${ajv.errorsText(isDraft.errors)}`)
    if (JSON.stringify(complete(RoleDocument, draft)) !== text) fail(`the draft of ${slug} is not canonical`)
    const [finding] = checkDocument(draft)
    if (finding) fail(`the draft of ${slug} is not valid: ${finding.pointer} ${finding.detail}`)
    if (Buffer.byteLength(text) > 1024 * 1024) fail(`the draft of ${slug} has grown beyond what PUT takes`)
  }
  const isPublished = validatorOf('PublishedRole')
  const { rows: versions } = await sql<{
    role: string
    body: string
    digest: string
  }>`select role, body, digest from role_versions`.execute(db)
  for (const { role, body, digest } of versions) {
    if (!isPublished(JSON.parse(body)))
      fail(`a version of ${role} breaks the schema: ${ajv.errorsText(isPublished.errors)}`)
    if (createHash('sha256').update(body).digest('base64url') !== digest)
      fail(`the digest of a version of ${role} is another`)
  }
}
