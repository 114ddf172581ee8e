/** A service that listens, with roles in every state and a neighbour whose drafts are secret; and how to send it a case. */
import { Agent, request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import pg from 'pg'
import { pino } from 'pino'
import { testApp, token } from '../support/app.ts'
import { contractOf } from '../support/contract.ts'
import type { Teardown } from '../support/database.ts'
import { bytesOf, type CallerKind, type Case, type Operation, operationsOf } from './requests.ts'
import { type Hints, lookUp, type Schema } from './values.ts'

export interface Sent {
  method: string
  url: string
  headers: Record<string, string>
  body: Buffer | null
}

export interface Answer {
  status: number
  headers: IncomingHttpHeaders
  text: string
  ms: number
}

/** Longer than any long poll. */
const answerLimitMs = 40_000

/** What nobody but `other-office` may read, in its draft's title. */
export const canary = 'Zanzibar-canary'

const keys: Record<CallerKind, string | undefined> = {
  whole: token('home-office'),
  admin: token('home-office', ['admin'], 'root'),
  reader: token('home-office', ['roles:read_drafts'], 'reader'),
  // Its organisation has no role here: what it may read is nothing.
  other: token('empty-office', 'all', 'mallory'),
  none: undefined,
  odd: 'grr_live_00000000_x',
}

/** Every pool that was made, because the service hides its own: for `idle = total`. */
function watchPools(t: Teardown): Set<pg.Pool> {
  const pools = new Set<pg.Pool>()
  const original = pg.Pool.prototype.connect
  pg.Pool.prototype.connect = function (this: pg.Pool, ...args: unknown[]) {
    pools.add(this)
    return Reflect.apply(original, this, args)
  } as typeof original
  t.after(async () => {
    pg.Pool.prototype.connect = original
  })
  return pools
}

export async function makeWorld(t: Teardown) {
  const pools = watchPools(t)
  const logged: string[] = []
  const logger = pino({ level: 'error' }, { write: (line: string) => void logged.push(line) })
  const { app, db, call } = await testApp(t, { logger })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.after(async () => agent.destroy())
  const document = app.swagger()
  const operations = operationsOf(document)

  const send = ({ method, url, headers, body }: Sent): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const began = performance.now()
      const sending = httpRequest({
        port,
        host: '127.0.0.1',
        agent,
        method,
        path: url,
        headers,
        timeout: answerLimitMs,
      })
      let answered = false
      sending.on('timeout', () =>
        sending.destroy(new Error(`no answer in ${answerLimitMs / 1000} s to ${method} ${url}`)),
      )
      // A server that refuses a large body closes while it is sent; what it said counts.
      sending.on('error', error => {
        if (!answered) reject(error)
      })
      sending.on('response', response => {
        answered = true
        const chunks: Buffer[] = []
        response.on('data', chunk => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString()
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text, ms: performance.now() - began })
        })
      })
      sending.end(body ?? undefined)
    })

  /** Values of path parameters that lead somewhere, by the path up to the parameter. */
  const reachable: Map<string, string[]> = new Map()
  const etags = new Map<string, string>()

  const example = (operationId: string) =>
    operations.find(found => found.operationId === operationId)?.bodies[0]?.[1].example as Record<string, unknown>
  let serial = 0

  /** A role of the organisation, with a draft, and with a version and more where asked. */
  const addRole = async (
    state: 'draft' | 'published' | 'submitted' | 'withdrawn',
    organisation = 'home-office',
    title?: string,
  ) => {
    const slug = `fuzz-${state}-${++serial}`
    const key = token(organisation)
    const body = { ...example('createRole'), ...(title === undefined ? {} : { title }) }
    await call(`POST /v1/roles?slug=${slug}`, { body, key })
    const step = async (path: string, input: object) => {
      const { etag } = await call(`GET /v1/roles/${slug}/draft`, { key })
      await call(`POST /v1/roles/${slug}/${path}`, { body: input, match: etag, key })
    }
    if (state === 'published' || state === 'withdrawn') {
      await step('publications', { change_note: 'First' })
      await step('publications', { change_note: 'Second' })
    }
    if (state === 'submitted') await step('submissions', {})
    if (state === 'withdrawn') await step('withdrawals', { reason: 'Gone' })
    return slug
  }

  const idsIn = (value: unknown, name: string): string[] => {
    const lists = Object.values((value ?? {}) as object).filter(Array.isArray) as unknown[][]
    return lists.flatMap(list =>
      list.flatMap(entry => {
        if (typeof entry !== 'object' || entry === null) return []
        const members = entry as Record<string, unknown>
        const found = [name, 'slug', 'id', 'code', 'version', 'name']
          .map(member => members[member])
          .find(id => typeof id === 'string' || typeof id === 'number')
        return found === undefined ? [] : [String(found)]
      }),
    )
  }

  /** Every path that ends in a parameter, the shortest first, with the parameter's schema. */
  const named = new Map<string, Schema>()
  for (const { path, parameters } of operations)
    for (const [prefix, name] of [...path.matchAll(/\{(.+?)\}/g)].map(
      found => [path.slice(0, found.index + found[0].length), found[1]] as const,
    )) {
      const own = parameters.find(parameter => parameter.in === 'path' && parameter.name === name)
      if (own && prefix !== '/v1/roles/{role}') named.set(prefix, own.schema)
    }

  /** Sees to it that there are roles in every state, and collects what can be named. */
  const refresh = async () => {
    const rows = await db
      .selectFrom('roles')
      .select(['slug', 'version', 'withdrawn_at'])
      .where('organisation', '=', 'home-office')
      .orderBy('created_at', 'desc')
      .limit(40)
      .execute()
    const published = rows.filter(row => row.version !== null && row.withdrawn_at === null)
    if (rows.length < 8) for (const state of ['draft', 'submitted', 'withdrawn'] as const) await addRole(state)
    if (published.length < 4) for (let count = published.length; count < 4; count++) await addRole('published')
    const slugs = await db.selectFrom('roles').select('slug').orderBy('created_at', 'desc').limit(15).execute()
    reachable.set('/v1/roles/{role}', [...slugs.map(({ slug }) => slug), ...neighbours])
    for (const [prefix, schema] of named) {
      const [, parent = '', name = ''] = /^(.*)\/\{(.+)\}$/.exec(prefix) ?? []
      const known =
        prefix === '/problems/{code}' ? lookUp(document, '#/components/schemas/Problem').properties?.code : schema
      const values = new Set((known?.enum ?? []).map(String))
      if (operations.some(({ path, method }) => path === parent && method === 'GET'))
        for (let pick = 0; pick < 3; pick++) {
          const answer = await send({
            method: 'GET',
            url: fill(parent, {}, pick),
            headers: { authorization: `Bearer ${keys.whole}` },
            body: null,
          })
          // A page is for people: what it lists is listed as JSON elsewhere.
          if (answer.status === 200 && String(answer.headers['content-type']).includes('json'))
            for (const id of idsIn(JSON.parse(answer.text), name)) values.add(id)
        }
      reachable.set(prefix, [...values].slice(0, 20))
    }
  }

  /** A path template with its parameters filled in. */
  const fill = (template: string, segments: Case['segments'], pick = 0, withoutNeighbours = false): string => {
    let path = ''
    let prefix = ''
    for (const part of template.split('/').slice(1)) {
      prefix += `/${part}`
      const name = /^\{(.+)\}$/.exec(part)?.[1]
      if (name === undefined) {
        path += `/${part}`
        continue
      }
      const segment = segments[name] ?? { pick }
      if ('raw' in segment) path += `/${segment.raw}`
      else {
        const pool = (reachable.get(prefix) ?? []).filter(value => !withoutNeighbours || !neighbours.includes(value))
        path += `/${encodeURIComponent(pool.length === 0 ? 'x' : (pool[segment.pick % pool.length] as string))}`
      }
    }
    return path
  }

  /** A case as it is sent. */
  const concrete = async (given: Case): Promise<Sent> => {
    // An admin might publish a neighbour's draft, and what it hides would be hidden no more.
    const path = fill(given.path.replace(/[#;].*$/, ''), given.segments, 0, given.caller === 'admin')
    const tail = /[#;].*$/.exec(given.path)?.[0] ?? ''
    const query = given.query.map(([name, value]) => `${name}=${value}`).join('&')
    // What may not stand in a request line is sent percent-encoded.
    const url = `${path}${tail}${query === '' ? '' : `?${query}`}`.replaceAll(/[^\u0021-\u007e]/g, encodeURIComponent)
    const key = keys[given.caller]
    const headers: Record<string, string> = key === undefined ? {} : { authorization: `Bearer ${key}` }
    const { match } = given
    if (match === 'current') headers['if-match'] = await currentTag(path)
    else if (match === 'stale') headers['if-match'] = '"r1"'
    else if (match === 'star') headers['if-match'] = '*'
    else if (typeof match === 'object') headers['if-match'] = match.odd
    const body = bytesOf(given.body)
    if (body) headers['content-type'] = given.type
    for (const [name, value] of given.headers) headers[name] = value
    if (body) headers['content-length'] = String(body.length)
    return { method: given.method, url, headers, body }
  }

  const currentTag = async (path: string): Promise<string> => {
    const draft = /^(\/v1\/roles\/[^/]+)\//.exec(path)
    const url = draft ? `${draft[1]}/draft` : path
    const answer = await send({
      method: 'GET',
      url: url.replaceAll(/[^\u0021-\u007e]/g, encodeURIComponent),
      headers: { authorization: `Bearer ${keys.admin}` },
      body: null,
    })
    const tag = String(answer.headers.etag ?? '"r1"')
    etags.set(url, tag)
    return tag
  }

  await db.insertInto('organisations').values({ slug: 'empty-office', name: 'Empty Office' }).execute()
  const blocks = JSON.stringify([{ type: 'paragraph', text: 'We keep the country safe.' }])
  await db
    .insertInto('skills')
    .values(
      ['python', 'sql-queries', 'cloud'].map(slug => ({
        slug,
        name: slug,
        description: null,
        level_descriptions: JSON.stringify({ awareness: null, working: null, practitioner: null, expert: null }),
      })),
    )
    .execute()
  await db
    .insertInto('shared_sections')
    .values([
      { slug: 'about-us', organisation: 'home-office', kind: 'organisation_overview', heading: 'About us', blocks },
      { slug: 'benefits', organisation: 'home-office', kind: 'benefits', heading: 'Benefits', blocks },
      { slug: 'their-secret', organisation: 'other-office', kind: 'benefits', heading: canary, blocks },
    ])
    .execute()
  const neighbours = [
    await addRole('draft', 'other-office', canary),
    await addRole('submitted', 'other-office', canary),
  ]
  await refresh()

  const oneOf = (prefix: string, ...others: string[]) =>
    fc.nat(20).map(pick => {
      const pool = [...(reachable.get(prefix) ?? []), ...others]
      return pool[pick % pool.length]
    })
  const hints: Hints = name => {
    switch (name) {
      case 'skill':
        return fc.constantFrom(null, 'python', 'sql-queries', 'nowhere')
      case 'shared_section':
        return fc.constantFrom(null, null, 'about-us', 'their-secret', 'nowhere')
      case 'scheme':
        return fc.constantFrom('civil-service', 'civil-service', 'own-scheme')
      case 'label':
        return fc.constantFrom('', 'Senior Executive Officer')
      case 'grades':
        return fc.constantFrom(
          [],
          [{ scheme: 'civil-service', code: 'SEO' }],
          [
            { scheme: 'civil-service', code: 'SEO', label: '' },
            { scheme: 'own', code: 'Band 4', label: 'x' },
          ],
        )
      case 'sfia_version':
        return fc.constantFrom('9', '7', null)
      case 'sfia_mappings':
        return fc.constantFrom(
          [],
          [{ code: 'PROG', level: 3 }],
          [{ code: 'DESN', level: 3 }],
          [{ code: 'ZZZZ', level: 1 }],
        )
      case 'successor':
        return oneOf('/v1/roles/{role}')
      case '?organisation':
        return fc.constantFrom('home-office', 'other-office', 'nowhere')
      case '?slug':
        return fc.oneof(oneOf('/v1/roles/{role}'), fc.stringMatching(/^[a-z]{1,12}$/))
      case '?role':
        return oneOf('/v1/roles/{role}', 'nowhere')
      case '?wait':
        return fc.constantFrom(0, 1)
      case '?cursor':
        return fc.constantFrom(...cursors)
      default:
        return undefined
    }
  }
  const cursors = [
    'WyJhYmNkZWZnaGlqa2wiLCJhIl0',
    Buffer.from('["x"]').toString('base64url'),
    Buffer.from('[]').toString('base64url'),
    Buffer.from('{"__proto__":1}').toString('base64url'),
    Buffer.from([0xff, 0xfe]).toString('base64url'),
    'a'.repeat(1000),
    '!',
  ]

  return {
    db,
    document,
    operations: operations as Operation[],
    hints,
    send,
    concrete,
    refresh,
    pools,
    logged,
    check: contractOf(document),
    call,
  }
}

export type World = Awaited<ReturnType<typeof makeWorld>>
