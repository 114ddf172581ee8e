/** What leaves by export, what publication costs, and how soon the feed tells of it. */
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { to as copyTo } from 'pg-copy-streams'
import { connect } from '../../src/database/connect.ts'
import type { PublishedRole } from '../../src/document/schema.ts'
import { tagsOf } from '../../src/roles/search-rows.ts'
import { median, quantile } from './figures.ts'

export interface Register {
  port: number
  stop: () => Promise<unknown>
}

export interface FeedBench {
  isSmoke: boolean
  /** A database with so many published roles; by their names, its URL in the environment. */
  prepare: (name: string, roles: number) => Promise<{ env: Record<string, string>; key: string }>
  startRegister: (env: Record<string, string>) => Promise<Register>
  call: (
    register: Register,
    key: string,
    line: string,
    body: string,
    headers?: Record<string, string>,
  ) => Promise<string>
  /** The draft of the roles that are published. */
  document: string
}

export interface Result {
  name: string
  text: string
  good: boolean
  goal: string
}

const urlOf = (env: Record<string, string>) => env.DATABASE_URL ?? ''

/** Bytes of a stream that nobody keeps. */
async function drain(stream: NodeJS.ReadableStream): Promise<number> {
  let bytes = 0
  stream.on('data', (piece: Buffer) => {
    bytes += piece.length
  })
  await once(stream, 'end')
  return bytes
}

/** Rows a second by export, and by COPY of the same documents, in turn. */
export async function benchExport({ isSmoke, prepare, startRegister }: FeedBench): Promise<Result[]> {
  const roles = isSmoke ? 200 : 10_000
  const { env } = await prepare('bench_export', roles)
  const register = await startRegister(env)
  const client = new pg.Client({ connectionString: urlOf(env) })
  // Where a measurement fails, the server stops before its clients do.
  client.on('error', () => {})
  await client.connect()
  const ways = {
    export: async () => {
      const [answer] = (await once(get({ port: register.port, path: '/v1/exports/roles.ndjson' }), 'response')) as [
        IncomingMessage,
      ]
      return drain(answer)
    },
    copy: () =>
      drain(
        client.query(
          copyTo(`copy (select v.body from roles r join role_versions v on v.role = r.slug and v.version = r.version
            where r.withdrawn_at is null order by r.slug) to stdout`),
        ),
      ),
  }
  const rates = { export: [] as number[], copy: [] as number[] }
  for (let round = 0; round < (isSmoke ? 1 : 6); round += 1)
    for (const way of ['export', 'copy'] as const) {
      const began = performance.now()
      if ((await ways[way]()) < roles * 1000) throw new Error(`${way} was cut`)
      // The first of each warms up.
      if (isSmoke || round > 0) rates[way].push(roles / ((performance.now() - began) / 1000))
    }
  await client.end()
  await register.stop()
  const ratio = median(rates.export.map((rate, round) => rate / (rates.copy[round] ?? 1)))
  const text = `Export of ${roles} roles: ${Math.round(median(rates.export))} rows/s, COPY of the same documents ${Math.round(median(rates.copy))}: ${ratio.toFixed(2)}.`
  return [{ name: 'export to COPY', text, good: ratio >= 0.5, goal: '>= 0.50' }]
}

/** What a publication of a role commits, statement by statement, and nothing else. */
async function publishBare(client: pg.Client, slug: string, version: number, row: BareRow): Promise<void> {
  const { role, body, document, words, item } = row
  await client.query('begin')
  await client.query(
    `insert into role_versions (role, version, published_at, change_note, change_kind, body, digest, document)
     values ($1, $2, now(), 'A note', 'substantive', $3, $4, $5)`,
    [slug, version, body, 'x'.repeat(43), document],
  )
  await client.query(
    `update roles set version = $2, revision = revision + 1, published_revision = revision + 1, published_at = now(),
       updated_at = now(), updated_by = 'bench', submitted_revision = null, withdrawn_at = null, withdrawal_reason = null,
       successor = null where slug = $1`,
    [slug, version],
  )
  await client.query(`delete from role_sfia_levels where role = $1 and state = 'published'`, [slug])
  if (role.sfia_mappings.length > 0)
    await client.query(
      `insert into role_sfia_levels (role, state, version, code, level)
       select $1, 'published', $2, * from unnest($3::text[], $4::smallint[])`,
      [
        slug,
        role.sfia_version,
        role.sfia_mappings.map(({ code }) => code),
        role.sfia_mappings.map(({ level }) => level),
      ],
    )
  await client.query(
    `insert into role_search (role, title, tags, published_at, item, words)
     values ($1, $2, $3, now(), $4, setweight(to_tsvector('english', $5), 'A')
       || setweight(to_tsvector('english', $6), 'B') || setweight(to_tsvector('english', $7), 'C'))
     on conflict (role) do update set title = excluded.title, tags = excluded.tags,
       published_at = excluded.published_at, item = excluded.item, words = excluded.words`,
    [slug, role.title, tagsOf(role), item, ...words],
  )
  await client.query(
    `with counter as (update feed_counter set position = position + 1 returning position)
     insert into events (position, type, actor, owner, organisation, role, revision, version, after_digest, request_id, data)
     select position, 'role_published', 'key:bench', 'bench', $2, $1, $3, $3, $4, 'request', $5 from counter`,
    [slug, role.organisation.slug, version, 'x'.repeat(43), item],
  )
  await client.query('commit')
}

interface BareRow {
  role: PublishedRole
  body: string
  document: string
  item: string
  words: [string, string, string]
}

const workers = 10

/** Publications a second over HTTP, and by a loop that commits the same rows, in turn, with as many at once. */
export async function benchPublish({ isSmoke, prepare, startRegister, call, document }: FeedBench): Promise<Result[]> {
  const ms = isSmoke ? 300 : 4000
  const { env, key } = await prepare('bench_publish', 1)
  const register = await startRegister(env)
  const slugs = Array.from({ length: workers }, (_, worker) => `by-${worker}`)
  for (const kind of ['http', 'bare'])
    for (const slug of slugs) await call(register, key, `POST /v1/roles?slug=${kind}-${slug}`, document)
  const note = JSON.stringify({ change_note: 'A note' })
  const body = await (await fetch(`http://127.0.0.1:${register.port}/v1/roles/data-engineer`)).text()
  const role = JSON.parse(body) as PublishedRole
  const db = connect({ url: urlOf(env) })
  const { data } = await db.selectFrom('events').select('data').where('position', '=', 1).executeTakeFirstOrThrow()
  await db.destroy()
  const texts = JSON.stringify(role.sections).slice(0, 100_000)
  const words: BareRow['words'] = [role.title ?? '', role.skills.map(({ statement }) => statement).join(' '), texts]
  const row: BareRow = { role, body, document, item: JSON.stringify(data), words }
  const clients = await Promise.all(
    slugs.map(async () => {
      const client = new pg.Client({ connectionString: urlOf(env) })
      // Where a measurement fails, the server stops before its clients do.
      client.on('error', () => {})
      await client.connect()
      return client
    }),
  )
  const versions = new Map<string, number>()
  const ways = {
    http: (slug: string) =>
      call(register, key, `POST /v1/roles/http-${slug}/publications`, note, { 'if-match': '*' }).then(() => {}),
    bare: (slug: string, worker: number) => {
      const version = (versions.get(slug) ?? 0) + 1
      versions.set(slug, version)
      return publishBare(clients[worker] as pg.Client, `bare-${slug}`, version, row)
    },
  }
  const rate = async (way: 'http' | 'bare') => {
    let count = 0
    const began = performance.now()
    await Promise.all(
      slugs.map(async (slug, worker) => {
        while (performance.now() - began < ms) {
          await ways[way](slug, worker)
          count += 1
        }
      }),
    )
    return count / ((performance.now() - began) / 1000)
  }
  const rates = { http: [] as number[], bare: [] as number[] }
  for (let round = 0; round < (isSmoke ? 1 : 4); round += 1)
    for (const way of ['http', 'bare'] as const) {
      const found = await rate(way)
      if (isSmoke || round > 0) rates[way].push(found)
    }
  await Promise.all(clients.map(client => client.end()))
  await register.stop()
  const ratio = median(rates.http.map((found, round) => found / (rates.bare[round] ?? 1)))
  const text = `Publications, ${workers} at once: ${Math.round(median(rates.http))} a second over HTTP, ${Math.round(median(rates.bare))} by a loop that commits the same rows: ${ratio.toFixed(2)}.`
  return [{ name: 'publications to a bare loop', text, good: ratio >= 0.25, goal: '>= 0.25' }]
}

const perSecond = 50

/**
 * Milliseconds until a long poller has a change, with so many publications a second. From the time in the event, which
 * is taken before the commit: so it is more than the lag.
 */
export async function benchLag({ isSmoke, prepare, startRegister, call, document }: FeedBench): Promise<Result[]> {
  const count = isSmoke ? 20 : 20 * perSecond
  const { env, key } = await prepare('bench_lag', 1)
  const register = await startRegister(env)
  const slugs = Array.from({ length: 50 }, (_, index) => `role-${index}`)
  for (const slug of slugs) await call(register, key, `POST /v1/roles?slug=${slug}`, document)
  const lags: number[] = []
  let polls = 0
  const follow = async () => {
    for (let cursor = '1'; lags.length < count; polls += 1) {
      const answer = await fetch(`http://127.0.0.1:${register.port}/v1/changes?after=${cursor}&wait=10&limit=1000`)
      const now = Date.now()
      const page = (await answer.json()) as { changes: { time: string }[]; next_cursor: string }
      if (!answer.ok || page.changes.length === 0) throw new Error(`no change came: ${JSON.stringify(page)}`)
      for (const { time } of page.changes) lags.push(now - Date.parse(time))
      cursor = page.next_cursor
    }
  }
  const following = follow()
  const note = JSON.stringify({ change_note: 'A note' })
  const began = performance.now()
  const publishing: Promise<unknown>[] = []
  for (let index = 0; index < count; index += 1) {
    await sleep(Math.max(0, began + (index * 1000) / perSecond - performance.now()))
    const line = `POST /v1/roles/${slugs[index % slugs.length]}/publications`
    publishing.push(call(register, key, line, note, { 'if-match': '*' }))
  }
  await Promise.all([following, ...publishing])
  const seconds = (performance.now() - began) / 1000
  await register.stop()
  const [p50, p99] = [quantile(lags, 0.5), quantile(lags, 0.99)]
  const text = `Feed lag with ${Math.round(count / seconds)} publications a second: ${p50} ms (median), ${p99} ms (99th percentile), ${polls} polls for ${count} changes.`
  return [{ name: 'feed lag', text, good: p99 < 1000, goal: 'p99 < 1000 ms' }]
}
