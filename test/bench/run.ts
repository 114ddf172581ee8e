/**
 * `npm run bench`: starts what it needs and measures, one after the other in one run, how fast the register serves the
 * same role in different ways. Only ratios count: they are of medians of three rounds, on one core for the server where
 * the machine can pin it. `--smoke` measures for a moment only, to show that everything runs.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { sql } from 'kysely'
import { createKey } from '../../src/api-keys/command.ts'
import { connect } from '../../src/database/connect.ts'
import { migrate } from '../../src/database/migrate.ts'
import { exampleDocument, type RoleDocument } from '../../src/document/schema.ts'
import { startTestServer, withDatabase } from '../support/database.ts'
import { until } from '../support/until.ts'
import type { Load, Measured } from './client.ts'

const isSmoke = process.argv.includes('--smoke')
const rounds = isSmoke ? 1 : 3
const durationMs = isSmoke ? 500 : 3000
const pepper = 'pepper of the bench, 32 characters'
const folder = mkdtempSync(join(tmpdir(), 'role-register-bench-'))
// PostgreSQL runs as another user where this is root.
chmodSync(folder, 0o711)
const children: ChildProcess[] = []
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL')
})

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}

/** Which core a process runs on; nothing where there is only one, or no taskset. */
const canPin = cpus().length > 1 && existsSync('/usr/bin/taskset')
const pinned = (core: number, command: string[]) => (canPin ? ['taskset', '-c', String(core), ...command] : command)
if (canPin) execFileSync('taskset', ['-cp', '1', String(process.pid)])

async function start(
  command: string[],
  env: Record<string, string>,
  path: string,
): Promise<{ port: number; pid: number }> {
  const port = await freePort()
  const [program = '', ...args] = pinned(
    0,
    command.map(part => part.replace('PORT', String(port))),
  )
  const child = spawn(program, args, {
    env: { ...process.env, ...env, PORT: String(port) },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  children.push(child)
  await until(
    () =>
      fetch(`http://127.0.0.1:${port}${path}`).then(
        ({ ok }) => ok,
        () => false,
      ),
    30_000,
  )
  return { port, pid: child.pid ?? 0 }
}

const load = (options: Omit<Load, 'connections' | 'durationMs'>) =>
  new Promise<Measured>((resolve, reject) => {
    const workerData: Load = { ...options, connections: 50, durationMs }
    const worker = new Worker(
      `import(${JSON.stringify(import.meta.resolve('tsx/esm/api'))}).then(tsx => { tsx.register(); return import(${JSON.stringify(import.meta.resolve('./client.ts'))}) })`,
      { eval: true, workerData },
    )
    worker.once('message', resolve)
    worker.once('error', reject)
  })

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

async function register(server: string, name: string, roles: number) {
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
  const { port: own, pid } = await start(['node', 'dist/server.js'], env, '/health/live')
  const call = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const answer = await fetch(`http://127.0.0.1:${own}${path}`, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
    return answer
  }
  await call('POST', '/v1/roles?slug=data-engineer', bigRole())
  await call('POST', '/v1/roles/data-engineer/publications', { change_note: 'First' }, { 'if-match': '"r1"' })
  // The copies by SQL: what is measured is reading them.
  await sql`with number as (select generate_series(2, ${roles}) as n), role as (
      insert into roles (slug, organisation, document, revision, version, published_at, published_revision)
      select 'role-' || n, organisation, document, revision, version, published_at, published_revision from roles, number where slug = 'data-engineer' returning slug),
    version as (insert into role_versions select slug, version, v.published_at, change_note, change_kind, body, digest, document
      from role_versions v, role where v.role = 'data-engineer')
    insert into role_search select role.slug, organisation, profession, family, grades, published_at, item, words from role_search, role where role_search.role = 'data-engineer'`.execute(
    db,
  )
  await sql`analyze`.execute(db)
  await db.destroy()
  return { port: own, pid, key, call, env }
}

const median = (values: number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
const peakMib = (pid: number) =>
  Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024

async function main() {
  execFileSync('npm', ['run', '-s', 'build'], { stdio: 'inherit' })
  const server = await startTestServer(folder)
  try {
    const few = await register(server.url, 'bench_few', 10)
    const many = await register(server.url, 'bench_many', 10_000)
    const uncached = await start(['node', 'dist/server.js'], { ...few.env, CACHE_BYTES_MAX: '0' }, '/health/live')
    const role = await fetch(`http://127.0.0.1:${few.port}/v1/roles/data-engineer`)
    const etag = role.headers.get('etag') ?? ''
    const body = Buffer.from(await role.arrayBuffer())
    writeFileSync(join(folder, 'body'), body)
    const bare = await start(['node', 'test/bench/bare.mjs', join(folder, 'body'), 'PORT'], {}, '/')

    const cases: { name: string; atLeast?: number; load: Omit<Load, 'connections' | 'durationMs'> }[] = [
      { name: 'bare node:http, a buffer', load: { port: bare.port, path: '/', headers: {}, status: 200 } },
      {
        name: 'published role, cached',
        atLeast: 0.9,
        load: { port: few.port, path: '/v1/roles/data-engineer', headers: {}, status: 200 },
      },
      {
        name: 'published role, 304',
        atLeast: 1,
        load: { port: few.port, path: '/v1/roles/data-engineer', headers: { 'if-none-match': etag }, status: 304 },
      },
      {
        name: 'published role, cache off',
        atLeast: 0.22,
        load: { port: uncached.port, path: '/v1/roles/data-engineer', headers: {}, status: 200 },
      },
      {
        name: 'version 1',
        load: { port: few.port, path: '/v1/roles/data-engineer/versions/1', headers: {}, status: 200 },
      },
      {
        name: 'draft, with a key',
        load: {
          port: few.port,
          path: '/v1/roles/data-engineer/draft',
          headers: { authorization: `Bearer ${few.key}` },
          status: 200,
        },
      },
      {
        name: 'first page of 10 roles',
        load: { port: few.port, path: '/v1/roles?limit=10', headers: {}, status: 200 },
      },
      {
        name: 'first page of 10,000 roles',
        load: { port: many.port, path: '/v1/roles?limit=10', headers: {}, status: 200 },
      },
    ]
    const rates = cases.map(() => [] as number[])
    if (!isSmoke) for (const each of cases) await load(each.load)
    for (let round = 0; round < rounds; round += 1)
      for (const [index, each] of cases.entries()) {
        const { answers, ms } = await load(each.load)
        rates[index]?.push((answers / ms) * 1000)
      }
    const medians = rates.map(median)
    const ratios = medians.map(rate => rate / (medians[0] ?? 1))
    const page = (medians[7] ?? 0) / (medians[6] ?? 1)

    const sample = readFileSync(new URL('../../examples/role-definition.md', import.meta.url), 'utf8')
    const times: number[] = []
    for (let index = 0; index < (isSmoke ? 5 : 40); index += 1) {
      const began = performance.now()
      await few.call('POST', `/v1/imports?slug=sample-${index}&dry_run=true`, sample, {
        'content-type': 'text/markdown',
      })
      times.push(performance.now() - began)
    }
    const rss = peakMib(few.pid)

    console.log(
      `\n${cpus()[0]?.model.trim()}, ${cpus().length} cores, Node ${process.version}; ${body.length} bytes, 50 connections${canPin ? ', server and client on a core each' : ''}\n`,
    )
    console.log('| | requests/s | of bare |\n|---|---:|---:|')
    for (const [index, { name }] of cases.entries())
      console.log(`| ${name} | ${Math.round(medians[index] ?? 0)} | ${(ratios[index] ?? 0).toFixed(2)} |`)
    console.log(
      `\nPage of 10,000 roles to page of 10: ${page.toFixed(2)}. Import of the sample: ${median(times).toFixed(1)} ms. Peak RSS: ${Math.round(rss)} MB.\n`,
    )

    const checks = [
      ...cases.flatMap(({ name, atLeast }, index) =>
        atLeast === undefined
          ? []
          : [{ name, good: (ratios[index] ?? 0) >= atLeast, goal: `>= ${atLeast.toFixed(2)}` }],
      ),
      { name: 'page of 10,000 to page of 10', good: page >= 0.9, goal: '>= 0.90' },
      { name: 'import of the sample', good: median(times) <= 30, goal: '<= 30 ms' },
      { name: 'peak RSS', good: rss < 250, goal: '< 250 MB' },
    ]
    // A moment says whether everything runs, not how fast.
    const missed = isSmoke ? [] : checks.filter(({ good }) => !good)
    for (const { name, goal } of missed) console.log(`not reached: ${name} ${goal}`)
    console.log(`${checks.length - missed.length} passed, ${missed.length} failed`)
    process.exitCode = missed.length === 0 ? 0 : 1
  } finally {
    for (const child of children) child.kill('SIGTERM')
    await Promise.all(
      children.map(
        child => (child.exitCode ?? child.signalCode) !== null || new Promise(resolve => child.once('exit', resolve)),
      ),
    )
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

await main()
