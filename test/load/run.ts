/**
 * `npm run test:load`: what the service still does when twice as much is asked of it as it can do. Measures what it can
 * do, then offers twice that, however long the answers take, while another process asks whether it lives. Fails where
 * less than 80 % of what it can do is done, or where liveness takes longer than 50 ms (99th percentile).
 *
 * LOAD_SECONDS sets how long each part takes; 8. `--smoke` judges what is answered and not how much or how fast, for a
 * machine that does other things.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { sql } from 'kysely'
import { createKey } from '../../src/api-keys/command.ts'
import { connect } from '../../src/database/connect.ts'
import { migrate } from '../../src/database/migrate.ts'
import { exampleDocument } from '../../src/document/schema.ts'
import { startTestServer, withDatabase } from '../support/database.ts'
import { freePort } from '../support/service.ts'
import { until } from '../support/until.ts'
import type { Kind, Orders, Result } from './client.ts'

const isSmoke = process.argv.includes('--smoke')
const seconds = Number(process.env.LOAD_SECONDS ?? 8)
const warmUpSeconds = seconds / 4
const goodputMin = 0.8
const liveMaxMs = 50
const pepper = 'pepper of the load test, 32 characters'

const project = join(import.meta.dirname, '..', '..')
const children: ChildProcess[] = []

async function client(orders: Orders): Promise<Result> {
  const args = ['--import=tsx', join(import.meta.dirname, 'client.ts'), JSON.stringify(orders)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  return JSON.parse(await text(child.stdout)) as Result
}

/** The service with some published roles; gives its port, and requests that ask the database and those that do not. */
async function startService(server: string): Promise<{ port: number; kinds: Kind[] }> {
  const admin = connect({ url: server })
  const name = 'load'
  await sql`create database ${sql.id(name)}`.execute(admin)
  await admin.destroy()
  const url = withDatabase(server, name)
  await migrate(url)
  const db = connect({ url })
  const { key } = await createKey(db, pepper, {
    name: 'load',
    organisation: 'home-office',
    scopes: ['admin'],
    owner: 'load',
    ownerKind: 'system',
    expiresDays: 1,
    createOrganisation: 'Home Office',
  })
  await db.destroy()
  const port = await freePort()
  const child = spawn(process.execPath, ['--import=tsx', join(project, 'src', 'server.ts')], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      ...process.env,
      PORT: String(port),
      DATABASE_URL: url,
      KEY_PEPPER: pepper,
      LOG_LEVEL: 'error',
      RATE_LIMIT_PER_MINUTE: '10000000',
      RATE_LIMIT_ANONYMOUS_PER_MINUTE: '10000000',
    },
  })
  children.push(child)
  const at = (path: string) => `http://127.0.0.1:${port}${path}`
  await until(
    () =>
      fetch(at('/health/ready')).then(
        ({ ok }) => ok,
        () => false,
      ),
    30_000,
  )
  const authorization = `Bearer ${key}`
  const post = async (path: string, body: unknown, headers = {}) => {
    const answer = await fetch(at(path), {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    })
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
  }
  for (let i = 1; i <= 30; i++) {
    await post(`/v1/roles?slug=role-${i}`, exampleDocument)
    await post(`/v1/roles/role-${i}/publications`, { change_note: 'First' }, { 'if-match': '"r1"' })
  }
  return {
    port,
    kinds: [
      { path: '/v1/roles?limit=20', share: 40 },
      { path: '/v1/roles?q=team&limit=10', share: 20 },
      { path: '/v1/roles/role-3/draft', share: 20, headers: { authorization } },
      { path: '/v1/roles/role-4/versions/1', share: 10 },
      { path: '/v1/roles/role-5', share: 10 },
    ],
  }
}

const folder = await mkdtemp(join(tmpdir(), 'rr-load-'))
// PostgreSQL runs as another user where this is root.
await chmod(folder, 0o711)
const server = await startTestServer(join(folder, 'server'))
try {
  const { port, kinds } = await startService(server.url)
  const measure = () => client({ port, kinds, seconds, warmUpSeconds, outstanding: 50, connections: 50 })
  // What runs for the first time is slower than it will be.
  await measure()
  const before = await measure()
  const rate = 2 * before.goodPerSecond
  const [probe, overloading] = [
    client({ port, kinds: [{ path: '/health/live', share: 1 }], seconds, warmUpSeconds, rate: 50, connections: 50 }),
    client({ port, kinds, seconds, warmUpSeconds, rate, connections: 1000 }),
  ]
  const overload = await overloading
  const live = await probe
  // The machine may have become slower or faster meanwhile.
  const after = await measure()
  const capacity = (before.goodPerSecond + after.goodPerSecond) / 2
  const goodput = overload.goodPerSecond / capacity

  const show = (name: string, { goodPerSecond, offeredPerSecond, p50, p99, answers }: Result) =>
    console.log(
      `${name.padEnd(12)} ${offeredPerSecond.toFixed(0).padStart(6)}/s offered ${goodPerSecond.toFixed(0).padStart(6)}/s good  p50 ${p50.toFixed(1)} ms  p99 ${p99.toFixed(1)} ms  ${JSON.stringify(answers)}`,
    )
  show('capacity', before)
  show('twice that', overload)
  show('capacity', after)
  show('liveness', live)
  const failures = [
    !isSmoke && goodput < goodputMin && `goodput is ${goodput.toFixed(2)} of capacity, less than ${goodputMin}`,
    !isSmoke && !(live.p99 < liveMaxMs) && `liveness took ${live.p99.toFixed(0)} ms (p99), more than ${liveMaxMs}`,
    Object.keys(live.answers).some(status => status !== '200') && 'liveness did not always answer 200',
    Object.keys(overload.answers).some(status => !/^(200|503|late)$/.test(status)) &&
      'an answer was neither 200 nor 503',
    overload.bare503 > 0 && 'a 503 had no Retry-After',
  ].filter(failure => failure !== false)
  for (const failure of failures) console.log(failure)
  console.log(`goodput at twice the capacity: ${goodput.toFixed(2)} of it; liveness p99 ${live.p99.toFixed(1)} ms`)
  console.log(`${failures.length === 0 ? 1 : 0} passed, ${failures.length === 0 ? 0 : 1} failed`)
  process.exitCode = failures.length === 0 ? 0 : 1
} finally {
  for (const child of children)
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
  await server.stop()
  await rm(folder, { recursive: true, force: true, maxRetries: 3 })
}
