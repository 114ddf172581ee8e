import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import t from 'tap'
import { createLogger } from '../../src/logger.ts'
import { findOrMakeSecret } from '../../src/secret-file.ts'
import { isAlive } from '../support/alive.ts'
import { emptyDatabase, type Teardown, testFolder } from '../support/database.ts'
import { outputOf } from '../support/output.ts'
import { until } from '../support/until.ts'

// Each of these starts processes, on a machine that is busy with other files.
t.setTimeout(300_000)

/** One of the two processes, with no environment but what it is given. */
function run(t: Teardown, file: 'server' | 'cli', env: Record<string, string>, args: string[] = []) {
  const path = fileURLToPath(new URL(`../../src/${file}.ts`, import.meta.url))
  const { PATH = '', NODE_V8_COVERAGE = '', TMPDIR = '/tmp' } = process.env
  const child = spawn(process.execPath, ['--import=tsx', path, ...args], {
    env: { PATH, NODE_V8_COVERAGE, TMPDIR, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const seen = outputOf(t, child)
  const exited = once(child, 'close').then(([code]) => code as number | null)
  /** The base URL that it announces. */
  const listening = async () => {
    const announced = () => /listening at \S+ for (http:\S+?)"/.exec(seen.out)?.[1]
    await until(() => child.exitCode !== null || announced(), 60_000)
    const url = announced()
    if (!url) throw new Error(`it ended: ${seen.out}${seen.err}`)
    return url
  }
  return { child, seen, exited, listening }
}

/** A request that waits in the database, until `release`. */
async function hold(t: Teardown & { equal(found: unknown, wanted: unknown): boolean }, base: string, url: string) {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  t.after(() => client.end())
  // With a connection in the pool the request goes straight to the lock.
  t.equal((await fetch(`${base}/v1/roles`)).status, 200)
  await client.query('begin; lock table roles, role_versions, role_search in access exclusive mode')
  const answer = fetch(`${base}/v1/roles`).then(
    ({ status }) => status,
    () => 'cut',
  )
  await until(async () => (await others(client, `wait_event_type = 'Lock'`)).length > 0)
  return { answer, client, release: () => client.query('rollback') }
}

/** The other sessions on the client's database. */
async function others(client: pg.Client, condition: string): Promise<unknown[]> {
  const { rows } = await client.query(
    `select application_name from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid() and ${condition}`,
  )
  return rows
}

/** Long enough for a busy machine; the waits themselves are short. */
const patient = { DATABASE_LOCK_TIMEOUT_MS: '60000', DATABASE_STATEMENT_TIMEOUT_MS: '60000' }

t.test('on a server of others: migrates, serves, and on SIGTERM ends after the requests in flight', async t => {
  const url = await emptyDatabase(t)
  const folder = join(await testFolder(t), 'data')
  const server = run(t, 'server', { ...patient, DATABASE_URL: url, PORT: '0', DATA_DIR: folder })
  const base = await server.listening()
  t.equal((await fetch(`${base}/v1/roles`)).status, 200)
  t.equal((await stat(join(folder, 'pepper'))).mode & 0o777, 0o600)
  await t.rejects(stat(join(folder, 'postgres')), { code: 'ENOENT' })

  const { answer, client, release } = await hold(t, base, url)
  server.child.kill('SIGTERM')
  await until(() => server.seen.out.includes('SIGTERM: stopping'))
  await until(() =>
    fetch(`${base}/health/live`).then(
      () => false,
      () => true,
    ),
  )
  await release()
  t.equal(await answer, 200)
  t.equal(await server.exited, 0)
  t.equal(server.seen.err, '')
  t.match(server.seen.out, /"msg":"stopped"\}\n$/)
  t.strictSame(await others(client, 'true'), [])
})

t.test('requests on open connections are answered until an answer says that the connection closes', async t => {
  const url = await emptyDatabase(t)
  const server = run(t, 'server', { DATABASE_URL: url, PORT: '0', KEY_PEPPER: 'p'.repeat(32) })
  const { port } = new URL(await server.listening())
  let answered = 0
  let killedAt = Number.POSITIVE_INFINITY
  const talk = async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    for (;;) {
      // What this process, on a busy machine, comes to send only as the second ends may be too late.
      const isLate = performance.now() > killedAt + 700
      const asked = once(request({ port, agent, path: '/health/live' }).end(), 'response')
      const [answer] = await (isLate ? asked.catch(() => []) : asked)
      if (!answer) return 'late'
      await text(answer)
      t.equal(answer.statusCode, 200)
      answered += 1
      if (answer.headers.connection === 'close') return 'told'
    }
  }
  const talks = Promise.all(Array.from({ length: 20 }, talk))
  await until(() => answered > 200)
  server.child.kill('SIGTERM')
  killedAt = performance.now()
  t.ok((await talks).includes('told'))
  t.equal(await server.exited, 0)
})

t.test('a signal a second after the first ends it at once', async t => {
  const url = await emptyDatabase(t)
  const server = run(t, 'server', { ...patient, DATABASE_URL: url, PORT: '0', KEY_PEPPER: 'p'.repeat(32) })
  const base = await server.listening()
  const { answer } = await hold(t, base, url)
  server.child.kill('SIGINT')
  await until(() => server.seen.out.includes('SIGINT: stopping'))
  // The same signal comes twice where npm passes on what a terminal sends to both: it is one.
  const began = performance.now()
  await until(() => !server.child.kill('SIGINT') || server.child.exitCode !== null)
  t.ok(performance.now() - began > 500)
  t.equal(await server.exited, 1)
  t.equal(await answer, 'cut')
})

t.test('with nothing set it brings its own PostgreSQL, prints where it is, and takes it down again', async t => {
  const folder = join(await testFolder(t), 'data')
  const server = run(t, 'server', { PORT: '0', DATA_DIR: folder })
  const base = await server.listening()
  await until(() => server.seen.out.includes(`${base}/docs`))
  t.equal((await fetch(`${base}/v1/roles`)).status, 200)
  const pid = Number((await readFile(join(folder, 'postgres/data/postmaster.pid'), 'utf8')).split('\n')[0])
  server.child.kill('SIGTERM')
  t.equal(await server.exited, 0)
  t.notOk(await isAlive(pid))
})

t.test('npm start: SIGTERM to npm alone ends the register and its PostgreSQL, with 0', async t => {
  const folder = join(await testFolder(t), 'data')
  const { PATH = '', TMPDIR = '/tmp' } = process.env
  const child = spawn('npm', ['start'], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    env: { PATH, TMPDIR, HOME: folder, PORT: '0', DATA_DIR: folder, npm_config_update_notifier: 'false' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const seen = outputOf(t, child)
  const exited = once(child, 'close').then(([code]) => code as number | null)
  await until(() => child.exitCode !== null || seen.out.includes('listening at'), 60_000)
  const pid = Number((await readFile(join(folder, 'postgres/data/postmaster.pid'), 'utf8')).split('\n')[0])
  child.kill('SIGTERM')
  t.equal(await exited, 0)
  t.match(seen.out, /"msg":"stopped"\}\n$/)
  t.notOk(await isAlive(pid))
})

t.test('a start that cannot succeed says why and ends with 1', async t => {
  const wrong = run(t, 'server', { PORT: 'http', KEY_PEPPER: 'hunter2' })
  t.equal(await wrong.exited, 1)
  t.equal(
    wrong.seen.err,
    'The configuration is not right:\n  PORT must be a whole number from 0 to 65535, not "http".\n' +
      '  KEY_PEPPER must be at least 32 characters.\n',
  )

  const url = await emptyDatabase(t)
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  t.after(async () => {
    taken.close()
  })
  const { port } = taken.address() as { port: number }
  const second = run(t, 'server', { DATABASE_URL: url, PORT: String(port), KEY_PEPPER: 'p'.repeat(32) })
  t.equal(await second.exited, 1)
  t.match(
    second.seen.out,
    `could not start: Port ${port} of 127.0.0.1 is in use. Set PORT to another one, or to 0 for any.`,
  )

  const file = join(await testFolder(t), 'file')
  await writeFile(file, '')
  const third = run(t, 'server', { PORT: '0', DATA_DIR: file })
  t.equal(await third.exited, 1)
  t.match(third.seen.out, 'could not start: DATA_DIR cannot be used: EEXIST: file already exists')
})

t.test('a signal ends the wait for a database that is not there', async t => {
  const nobody = createServer().listen(0, '127.0.0.1')
  await once(nobody, 'listening')
  const { port } = nobody.address() as { port: number }
  nobody.close()
  const url = `postgresql://app@127.0.0.1:${port}/app`
  const server = run(t, 'server', { DATABASE_URL: url, PORT: '0', KEY_PEPPER: 'p'.repeat(32) })
  await until(() => server.seen.out.includes('waiting for the database'), 60_000)
  const began = Date.now()
  server.child.kill('SIGTERM')
  t.equal(await server.exited, 0)
  t.ok(Date.now() - began < 20_000, 'long before the wait for it would have ended')
})

t.test('cli: an unknown command lists the commands, a wrong option is refused, migrate migrates', async t => {
  const unknown = run(t, 'cli', {}, ['frobnicate'])
  const none = run(t, 'cli', {})
  const help = run(t, 'cli', {}, ['--help'])
  const wrong = run(t, 'cli', {}, ['migrate', '--force'])
  t.equal(await unknown.exited, 2)
  t.match(unknown.seen.err, /^There is no command "frobnicate"\.\n\nUsage: .*\n\nCommands:\n {2}migrate +\w/s)
  t.equal(unknown.seen.out, '')
  t.equal(await none.exited, 2)
  t.equal(await help.exited, 0)
  t.match(help.seen.out, /^Usage: /)
  t.equal(await wrong.exited, 2)
  t.match(wrong.seen.err, /--force/)

  const url = await emptyDatabase(t)
  const first = run(t, 'cli', { DATABASE_URL: url }, ['migrate'])
  t.equal(await first.exited, 0)
  t.match(first.seen.err, /^applied migration 0001-\S+\.sql\n(.*\n)*the database is up to date\n$/)
  const second = run(t, 'cli', { DATABASE_URL: url }, ['migrate'])
  t.equal(await second.exited, 0)
  t.equal(second.seen.err, 'the database is up to date\n')
})

t.test('logs are JSON lines without secrets', async t => {
  const lines: string[] = []
  const logger = createLogger('info', { write: line => lines.push(line) })
  const key = `grr_live_abcdefgh_${'k'.repeat(49)}`
  const cause = Object.assign(new Error('Key (email)=(a@example.com) exists'), { detail: 'a@example.com' })
  logger.info({ headers: { authorization: `Bearer ${key}`, accept: 'x' }, password: 'hunter2' }, 'one')
  logger.info({ req: { headers: { cookie: 'session=hunter2' } }, config: { keyPepper: 'hunter2' } }, 'two')
  logger.error({ err: new Error(`no postgres://app:hunter2@db/roles for ${key}`) }, 'three')
  logger.error({
    err: Object.assign(new Error('x', { cause }), { code: '23505', constraint: 'a_key', detail: 'hunter2' }),
  })
  logger.debug('not at this level')
  t.equal(lines.length, 4)
  t.notMatch(lines.join(''), /hunter2|kkkk/)
  const [first, , third, fourth] = lines.map(line => JSON.parse(line))
  t.strictSame(first.headers, { authorization: '[redacted]', accept: 'x' })
  t.match(first, { level: 'info', msg: 'one', time: /^\d{4}-.*Z$/ })
  t.equal(third.err.message, 'no postgres://app:[redacted]@db/roles for grr_live_abcdefgh_[redacted]')
  t.match(fourth.err, { type: 'Error', message: 'x', code: '23505', constraint: 'a_key' })
  t.notOk('detail' in fourth.err || 'detail' in fourth.err.cause)
})

t.test('a secret is made once, also by many at once, and only its owner reads it', async t => {
  const folder = join(await testFolder(t), 'new')
  const secrets = await Promise.all(Array.from({ length: 10 }, () => findOrMakeSecret(folder, 'pepper')))
  t.equal(new Set(secrets).size, 1)
  t.match(secrets[0], /^[\w-]{43}$/)
  t.equal(await findOrMakeSecret(folder, 'pepper'), secrets[0])
  for (const text of ['', 'short\n']) {
    await writeFile(join(folder, 'other'), text)
    const message = `${join(folder, 'other')} must hold at least 32 characters; it holds ${text.trim().length}. `
    await t.rejects(findOrMakeSecret(folder, 'other'), { message: new RegExp(`^${message}`) })
  }
  t.equal((await stat(join(folder, 'pepper'))).mode & 0o777, 0o600)
})
