// npm run test:pgbouncer: everything that the register does, through Debian's PgBouncer in transaction mode.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Driver } from '../faults/driver.ts'
import { makeRegister, shared, Trial } from '../faults/trial.ts'
import { withDatabase } from '../support/database.ts'
import { debian15, type PostgresServer, startPostgres } from '../support/postgres.ts'
import { buildService, freePort, Service } from '../support/service.ts'
import { until } from '../support/until.ts'
import { report } from './report.ts'
import { importDocument, makeHook, openVacancy, readExport, webhookEnv } from './rounds.ts'

const folder = await mkdtemp(join(tmpdir(), 'rr-pgbouncer-'))
await chmod(folder, 0o711)
const build = await buildService()
const server = await startPostgres(join(folder, 'server'), { fast: true }, debian15)
const trial = new Trial(server, build, join(folder, 'trial'))

/** Few server sessions for many clients, so that transactions of one client do change sessions. */
async function startPgBouncer(server: PostgresServer): Promise<{ url: string; stop: () => Promise<void> }> {
  const home = join(folder, 'pgbouncer')
  await mkdir(home)
  // It refuses root, as PostgreSQL does: it runs as the owner of the server's files.
  const { uid, gid } = await stat(server.data)
  await chown(home, uid, gid)
  const port = await freePort()
  await writeFile(join(home, 'users'), '"app" ""\n')
  await writeFile(
    join(home, 'ini'),
    `[databases]
* = host=${server.socketFolder} port=5432
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = trust
auth_file = ${join(home, 'users')}
pool_mode = transaction
default_pool_size = 4
max_client_conn = 200
server_reset_query =
`,
  )
  const child = spawn('/usr/sbin/pgbouncer', [join(home, 'ini')], { uid, gid, stdio: ['ignore', 'pipe', 'pipe'] })
  const end = () => child.kill('SIGKILL')
  process.once('exit', end)
  let log = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', data => {
      log += data
    })
  const url = `postgresql://app@127.0.0.1:${port}/postgres`
  await until(async () => {
    if (child.exitCode !== null) throw new Error(`pgbouncer ended: ${log}`)
    await server.query('select', [], url)
    return true
  })
  return {
    url,
    async stop() {
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}

/** A second process of the service, on a port of its own. */
async function another(env: Record<string, string>): Promise<{ service: Service; base: string }> {
  const service = new Service(build, 'server', { env: { ...env, PORT: '0' } })
  trial.after(() => service.kill())
  return { service, base: await service.listening() }
}

try {
  const bouncer = await startPgBouncer(server)
  trial.after(() => bouncer.stop())
  await report({
    'drafts, publications, stored replies and the cache of two processes': async () => {
      const register = await makeRegister(server)
      const name = new URL(register.url).pathname.slice(1)
      const env = {
        DATABASE_URL: withDatabase(bouncer.url, name),
        DATABASE_DIRECT_URL: register.url,
        DATABASE_NAMED_STATEMENTS: 'false',
        ...webhookEnv,
      }
      const service = await trial.service(env.DATABASE_URL, env)
      const driver = (await trial.driver(register)).start()
      await trial.progress(driver, 100, 120_000)
      const [sessions] = await server.query<{ pooled: number; listening: number }>(
        `select count(*) filter (where application_name = 'role-register')::int as pooled,
           count(*) filter (where application_name = 'role-register listener')::int as listening
         from pg_stat_activity where datname = $1`,
        [name],
      )
      assert.ok((sessions?.pooled ?? 99) <= 4, `${sessions?.pooled} sessions for a pool of 4`)
      // The service's own, and that of its worker.
      assert.equal(sessions?.listening, 2)

      // What one process publishes the other, which holds the role in memory, shows at once.
      const pepper = { KEY_PEPPER: 'the pepper of the suite of faults, long enough' }
      const second = await another({ ...env, ...pepper })
      const log = join(trial.folder, 'operations.ndjson')
      const reader = new Driver({ base: second.base, key: register.key, log, writers: 0 })
      await trial.settle(register, driver, { slots: 4 })
      const held = await until(async () => {
        const answer = await reader.request('GET', `/v1/roles/${shared}`)
        return answer.status === 200 && answer
      })
      const draft = await driver.request('GET', `/v1/roles/${shared}/draft`)
      const publication = (key: string) =>
        driver.request(
          'POST',
          `/v1/roles/${shared}/publications`,
          {
            'content-type': 'application/json',
            'if-match': draft.headers.get('etag') ?? '',
            'idempotency-key': key,
          },
          '{"change_note":"Through the pooler"}',
        )
      const published = await publication('pooled')
      assert.equal(published.status, 201, published.text)
      await until(async () => {
        const answer = await reader.request('GET', `/v1/roles/${shared}`)
        return answer.headers.get('etag') !== held.headers.get('etag') && !answer.headers.has('cache-status')
      })
      const again = await publication('pooled')
      assert.equal(again.headers.get('idempotent-replayed'), 'true')
      assert.equal(again.text, published.text)
      const copies = await Promise.all(Array.from({ length: 20 }, () => publication('stale')))
      assert.deepEqual(
        [...new Set(copies.map(({ status }) => status))].filter(status => status !== 409),
        [412],
      )

      await importDocument(driver)
      const path = await openVacancy(driver, await makeHook(trial, driver))
      const [vacancy] = await readExport(driver, 'vacancies')
      assert.ok(vacancy?.includes(path.split('/').at(-1) ?? path), vacancy)
      const [count] = await server.query<{ roles: number }>(
        'select count(*)::int as roles from role_search',
        [],
        register.url,
      )
      assert.equal((await readExport(driver, 'roles')).length, count?.roles)

      await trial.terminate(service)
      await trial.terminate(second.service)
      assert.doesNotMatch(await readFile(server.logFile, 'utf8'), /prepared statement|unrecognized configuration/)
      return `${trial.acknowledged} writes acknowledged, ${trial.found} found, ${sessions?.pooled} sessions`
    },
  })
} finally {
  await trial.end()
  await server.stop('immediate')
  await build.remove()
  await rm(folder, { recursive: true, force: true, maxRetries: 3 })
}
