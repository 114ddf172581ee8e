/**
 * `npm run bench`: starts what it needs and measures, one after the other in one run, how fast the register serves the
 * same role in different ways. Only ratios count: medians of three rounds, in each of which the two that are compared
 * take turns, with one core for the server where the machine can pin it. `--smoke` measures for a moment only, to show
 * that everything runs; `--only NAME` measures one part: reads, export, publish, lag or search.
 */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { sql } from 'kysely'
import { createKey } from '../../src/api-keys/command.ts'
import { connect } from '../../src/database/connect.ts'
import { migrate } from '../../src/database/migrate.ts'
import { exampleDocument, type RoleDocument } from '../../src/document/schema.ts'
import { startTestServer, type TestServer, withDatabase } from '../support/database.ts'
import { freePort } from '../support/service.ts'
import { until } from '../support/until.ts'
import type { Load, Measured } from './client.ts'
import { benchExport, benchLag, benchPublish, type Result } from './feed.ts'
import { median } from './figures.ts'
import { benchSearch } from './search.ts'

const isSmoke = process.argv.includes('--smoke')
const only = process.argv.includes('--only') ? process.argv[process.argv.indexOf('--only') + 1] : undefined
const rounds = isSmoke ? 1 : 3
const slices = isSmoke ? 1 : 3
const sliceMs = isSmoke ? 300 : 500
const warmUpMs = 1000
const pepper = 'pepper of the bench, 32 characters'
const folder = mkdtempSync(join(tmpdir(), 'role-register-bench-'))
// PostgreSQL runs as another user where this is root.
chmodSync(folder, 0o711)
const started: Process[] = []

/** Which core a process runs on; nothing where there is only one, or no taskset. */
const canPin = cpus().length > 1 && existsSync('/usr/bin/taskset')
const pinned = (core: number, command: string[]) => (canPin ? ['taskset', '-c', String(core), ...command] : command)
if (canPin) execFileSync('taskset', ['-cp', '1', String(process.pid)])

interface Process {
  port: number
  pid: number
  stop: () => Promise<unknown>
}

async function start(command: string[], env: Record<string, string>, path: string): Promise<Process> {
  const port = await freePort()
  const [program = '', ...args] = pinned(
    0,
    command.map(part => part.replace('PORT', String(port))),
  )
  const child = spawn(program, args, {
    env: { ...process.env, ...env, PORT: String(port) },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const stop = async () => {
    child.kill('SIGTERM')
    if ((child.exitCode ?? child.signalCode) === null) await once(child, 'exit')
  }
  const running = { port, pid: child.pid ?? 0, stop }
  started.push(running)
  await until(
    () =>
      fetch(`http://127.0.0.1:${port}${path}`).then(
        ({ ok }) => ok,
        () => false,
      ),
    30_000,
  )
  return running
}

type Target = Omit<Load, 'connections' | 'durationMs'>

/** The client's thread, in which every load runs. */
function startClient() {
  const worker = new Worker(
    `import(${JSON.stringify(import.meta.resolve('tsx/esm/api'))}).then(tsx => { tsx.register(); return import(${JSON.stringify(import.meta.resolve('./client.ts'))}) })`,
    { eval: true },
  )
  const load = (target: Target, durationMs: number) =>
    new Promise<Measured>((resolve, reject) => {
      worker.once('error', reject)
      worker.once('message', measured => {
        worker.off('error', reject)
        resolve(measured)
      })
      worker.postMessage({ ...target, connections: 50, durationMs } satisfies Load)
    })
  return { load, close: () => worker.terminate() }
}

/** The example role, grown to about 12 kB. */
function bigRole(): RoleDocument {
  const items = Array.from({ length: 75 }, (_, index) => ({
    id: `i${index + 1}`,
    text: `Look after pipeline number ${index + 1}, which others rely on, and write down for them how it works and fails`,
    optional: false,
    items: [],
  }))
  const sections = exampleDocument.sections.map(section =>
    section.kind === 'responsibilities'
      ? { ...section, blocks: [{ type: 'list' as const, ordered: false, items }] }
      : section,
  )
  return { ...exampleDocument, sections }
}

/** One call with a key, which must succeed. */
async function call(
  { port }: Pick<Process, 'port'>,
  key: string,
  line: string,
  body: string,
  headers: Record<string, string> = {},
) {
  const [method = 'POST', path = '/'] = line.split(' ')
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
    body,
  })
  if (!answer.ok) throw new Error(`${line}: ${answer.status} ${await answer.text()}`)
  return answer.text()
}

/** As the image starts it. */
const startRegister = (env: Record<string, string>) =>
  start(['node', '--v8-pool-size=1', '--heap-growing-percent=30', 'dist/server.js'], env, '/health/ready')

/** A database with an organisation and nothing more: the environment of its register, and a key. */
async function newDatabase(server: string, name: string) {
  const admin = connect({ url: server })
  await sql`create database ${sql.id(name)}`.execute(admin)
  await admin.destroy()
  const url = withDatabase(server, name)
  await migrate(url)
  const db = connect({ url, statementTimeoutMs: 120_000 })
  const { key } = await createKey(db, pepper, {
    name: 'bench',
    organisation: 'home-office',
    scopes: ['admin'],
    owner: 'bench',
    ownerKind: 'system',
    expiresDays: 1,
    createOrganisation: 'Home Office',
  })
  const env = {
    DATABASE_URL: url,
    KEY_PEPPER: pepper,
    LOG_LEVEL: 'warn',
    RATE_LIMIT_PER_MINUTE: '10000000',
    RATE_LIMIT_ANONYMOUS_PER_MINUTE: '10000000',
  }
  await db.destroy()
  return { env, key }
}

/** The same with so many published roles. */
async function prepare(server: string, name: string, roles: number) {
  const { env, key } = await newDatabase(server, name)
  const db = connect({ url: env.DATABASE_URL, statementTimeoutMs: 120_000 })
  const register = await startRegister(env)
  await call(register, key, 'POST /v1/roles?slug=data-engineer', JSON.stringify(bigRole()))
  const note = JSON.stringify({ change_note: 'First' })
  await call(register, key, 'POST /v1/roles/data-engineer/publications', note, { 'if-match': '"r1"' })
  await register.stop()
  // The copies by SQL: what is measured is reading them.
  await sql`with number as (select generate_series(2, ${roles}) as n), role as (
      insert into roles (slug, organisation, document, revision, version, published_at, published_revision)
      select 'role-' || n, organisation, document, revision, version, published_at, published_revision from roles, number where slug = 'data-engineer' returning slug),
    version as (insert into role_versions select slug, version, v.published_at, change_note, change_kind, body, digest, document
      from role_versions v, role where v.role = 'data-engineer')
    insert into role_search (role, title, tags, published_at, item, words)
    select role.slug, title, tags, published_at, item, words from role_search, role where role_search.role = 'data-engineer'`.execute(
    db,
  )
  await sql`analyze`.execute(db)
  await db.destroy()
  return { env, key }
}

const peakMib = (pid: number) =>
  Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024

interface Case {
  name: string
  target: Target
  /** What it is compared with; the bare server where it says nothing. */
  against?: Target
  atLeast?: number
}

const own = '/v1/roles/data-engineer'

function casesOf(ports: Record<'few' | 'many' | 'uncached', number>, etag: string, key: string): Case[] {
  const get = (port: number, path: string, headers: Record<string, string> = {}, status = 200): Target => ({
    port,
    path,
    headers,
    status,
  })
  const { few, many, uncached } = ports
  const page = '/v1/roles?limit=10'
  return [
    { name: 'published role, cached', atLeast: 0.9, target: get(few, own) },
    { name: 'published role, 304', atLeast: 1, target: get(few, own, { 'if-none-match': etag }, 304) },
    { name: 'published role, cache off', atLeast: 0.22, target: get(uncached, own) },
    { name: 'version 1', target: get(few, `${own}/versions/1`) },
    { name: 'version 1, cache off', target: get(uncached, `${own}/versions/1`) },
    { name: 'draft, with a key', target: get(few, `${own}/draft`, { authorization: `Bearer ${key}` }) },
    { name: 'first page of a list', target: get(few, page) },
    { name: 'of 10 roles, cache off', target: get(uncached, page) },
    { name: 'of 10,000 roles, cache off', target: get(many, page) },
    { name: 'page of 10,000 to page of 10', atLeast: 0.9, target: get(many, page), against: get(uncached, page) },
  ]
}

type Loads = ReturnType<typeof startClient>['load']

/** Requests a second of two, measured in turn, so that whatever else the machine does falls on both alike. */
async function compare(load: Loads, targets: [Target, Target]) {
  const answers = [0, 0]
  const ms = [0, 0]
  for (let slice = 0; slice < slices; slice += 1)
    for (const [index, target] of targets.entries()) {
      const measured = await load(target, sliceMs)
      answers[index] = (answers[index] ?? 0) + measured.answers
      ms[index] = (ms[index] ?? 0) + measured.ms
    }
  const [rate = 0, otherRate = 1] = answers.map((count, index) => (count / (ms[index] ?? 1)) * 1000)
  return { rate, otherRate, ratio: rate / otherRate }
}

/** Milliseconds for the import of the sample by a register that has read some before. */
async function timeImports(register: Process, key: string): Promise<number> {
  const sample = readFileSync(new URL('../../examples/role-definition.md', import.meta.url), 'utf8')
  const times: number[] = []
  for (let index = 0; index < (isSmoke ? 5 : 100); index += 1) {
    const began = performance.now()
    const line = `POST /v1/imports?slug=sample-${index}&dry_run=true`
    await call(register, key, line, sample, { 'content-type': 'text/markdown' })
    times.push(performance.now() - began)
  }
  return median(times.slice(-40))
}

/** What reading costs, against a bare server; prints its table. */
async function benchReads(server: TestServer): Promise<Result[]> {
  const { load, close } = startClient()
  try {
    const fewRoles = await prepare(server.url, 'bench_few', 10)
    const manyRoles = await prepare(server.url, 'bench_many', 10_000)
    const { key } = fewRoles
    const found: (Case & Awaited<ReturnType<typeof compare>>)[][] = []
    const imports: number[] = []
    const peaks: number[] = []
    let body = Buffer.alloc(0)
    for (let round = 0; round < rounds; round += 1) {
      // Anew in each round: how fast a process is depends on where its memory came to lie, and what was compiled when.
      const few = await startRegister(fewRoles.env)
      const [uncached, many] = [
        await startRegister({ ...fewRoles.env, CACHE_BYTES_MAX: '0' }),
        await startRegister({ ...manyRoles.env, CACHE_BYTES_MAX: '0' }),
      ]
      const role = await fetch(`http://127.0.0.1:${few.port}${own}`)
      body = Buffer.from(await role.arrayBuffer())
      writeFileSync(join(folder, 'body'), body)
      const bare = await start(['node', 'test/bench/bare.mjs', join(folder, 'body'), 'PORT'], {}, '/')
      const bareTarget = { port: bare.port, path: '/', headers: {}, status: 200 }
      const ports = { few: few.port, many: many.port, uncached: uncached.port }
      const cases = casesOf(ports, role.headers.get('etag') ?? '', key)
      if (!isSmoke) for (const { target } of [{ target: bareTarget }, ...cases]) await load(target, warmUpMs)
      const results = []
      for (const each of cases)
        results.push({ ...each, ...(await compare(load, [each.target, each.against ?? bareTarget])) })
      found.push(results)
      imports.push(await timeImports(few, key))
      peaks.push(peakMib(few.pid))
      await Promise.all([few, many, uncached, bare].map(({ stop }) => stop()))
    }
    const results = (found[0] ?? []).map(({ name, against, atLeast }, index) => {
      const of = (value: 'rate' | 'ratio' | 'otherRate') =>
        median(found.map(round => Number(round[index]?.[value] ?? 0)))
      return {
        name,
        atLeast,
        isOfBare: against === undefined,
        rate: of('rate'),
        ratio: of('ratio'),
        otherRate: of('otherRate'),
      }
    })
    const importMs = median(imports)
    const rss = Math.max(...peaks)

    console.log(
      `\n${cpus()[0]?.model.trim()}, ${cpus().length} cores, Node ${process.version}; ${body.length} bytes, 50 connections${canPin ? ', server and client on a core each' : ''}\n`,
    )
    console.log('| | requests/s | of bare |\n|---|---:|---:|')
    console.log(`| bare node:http, a buffer | ${Math.round(results[0]?.otherRate ?? 0)} | 1.00 |`)
    for (const { name, rate, ratio, isOfBare } of results)
      if (isOfBare) console.log(`| ${name} | ${Math.round(rate)} | ${ratio.toFixed(2)} |`)
    const pages = results.find(({ isOfBare }) => !isOfBare)?.ratio ?? 0
    console.log(
      `\nPage of 10,000 roles to page of 10: ${pages.toFixed(2)}. Import of the sample: ${importMs.toFixed(1)} ms. Peak RSS: ${Math.round(rss)} MB.\n`,
    )

    return [
      ...results.flatMap(({ name, atLeast, ratio }) =>
        atLeast === undefined ? [] : [{ name, text: '', good: ratio >= atLeast, goal: `>= ${atLeast.toFixed(2)}` }],
      ),
      { name: 'import of the sample', text: '', good: importMs <= 30, goal: '<= 30 ms' },
      { name: 'peak RSS', text: '', good: rss < 250, goal: '< 250 MB' },
    ]
  } finally {
    await close()
  }
}

async function main() {
  execFileSync('npm', ['run', '-s', 'build'], { stdio: 'inherit' })
  const server = await startTestServer(folder)
  const feed = {
    isSmoke,
    prepare: (name: string, roles: number) => prepare(server.url, name, roles),
    startRegister,
    call,
    document: JSON.stringify(bigRole()),
  }
  const parts: Record<string, () => Promise<Result[]>> = {
    reads: () => benchReads(server),
    export: () => benchExport(feed),
    publish: () => benchPublish(feed),
    lag: () => benchLag(feed),
    search: () => benchSearch({ isSmoke, startRegister, newDatabase: (name: string) => newDatabase(server.url, name) }),
  }
  if (only !== undefined && !(only in parts)) throw new Error(`--only takes one of ${Object.keys(parts).join(', ')}`)
  try {
    const checks: Result[] = []
    for (const [name, measure] of Object.entries(parts)) {
      if (only !== undefined && only !== name) continue
      const results = await measure()
      for (const { text } of results) if (text !== '') console.log(text)
      checks.push(...results)
    }
    // A moment says whether everything runs, not how fast.
    const missed = isSmoke ? [] : checks.filter(({ good }) => !good)
    for (const { name, goal } of missed) console.log(`not reached: ${name} ${goal}`)
    console.log(`${checks.length - missed.length} passed, ${missed.length} failed`)
    process.exitCode = missed.length === 0 ? 0 : 1
  } finally {
    await Promise.all(started.map(({ stop }) => stop()))
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

await main()
