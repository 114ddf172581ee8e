import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown, mkdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import t from 'tap'
import { startEmbedded } from '../../src/database/embedded.ts'
import { isAlive } from '../support/alive.ts'
import { type Teardown, testFolder } from '../support/database.ts'
import { outputOf } from '../support/output.ts'
import { until } from '../support/until.ts'

const fast = { fast: true }

// Some of these start several servers, on a machine that is busy with other files.
t.setTimeout(300_000)

async function value(url: string, text: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 })
  client.on('error', () => {})
  await client.connect()
  try {
    return (await client.query({ text, rowMode: 'array' })).rows[0]?.[0]
  } finally {
    await client.end()
  }
}

const pidOf = async (folder: string) =>
  Number((await readFile(join(folder, 'postgres', 'data', 'postmaster.pid'), 'utf8')).split('\n')[0])

/** A process of its own that starts the server, says so in one line of JSON, and stops its use at the end of stdin. */
function user(t: Teardown, folder: string, as: { uid?: number; gid?: number } = {}) {
  const program = `
    import { startEmbedded } from ${JSON.stringify(new URL('../../src/database/embedded.ts', import.meta.url).href)}
    const { url, adopted, stop } = await startEmbedded(${JSON.stringify(folder)}, { fast: true })
    console.log(JSON.stringify({ url, adopted }))
    process.stdin.resume().once('end', stop)`
  const child = spawn(process.execPath, ['--import=tsx', '--input-type=module', '-e', program], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, TSX_DISABLE_CACHE: '1', NODE_V8_COVERAGE: as.uid ? '' : process.env.NODE_V8_COVERAGE },
    ...as,
  })
  const output = outputOf(t, child)
  const ready = until(() => {
    if (child.exitCode !== null) throw new Error(output.err)
    return output.out.includes('\n') && (JSON.parse(output.out) as { url: string; adopted: boolean })
  }, 60_000)
  return { child, ready }
}

async function stopped(child: ChildProcess): Promise<number | null> {
  child.stdin?.end()
  if (child.exitCode === null) await once(child, 'exit')
  return child.exitCode
}

/** Ends what a test may have left running. */
function guard(t: Teardown, folder: string): void {
  t.after(async () => {
    const pid = await pidOf(folder).catch(() => 0)
    if (pid === 0) return
    if (await isAlive(pid)) process.kill(pid, 'SIGQUIT')
    await until(async () => !(await isAlive(pid)))
  })
}

t.test('starts on a new folder, keeps its data, and leaves no process', async t => {
  const folder = join(await testFolder(t), 'data')
  guard(t, folder)
  const first = await startEmbedded(folder, fast)
  t.equal(first.adopted, false)
  await value(first.url, 'create table kept as select 42 as answer')
  const pid = await pidOf(folder)
  await Promise.all([first.stop(), first.stop()])
  t.notOk(await isAlive(pid))
  t.equal((await stat(folder)).mode & 0o066, 0, 'nobody else reads or lists the folder')
  t.equal((await stat(join(folder, 'postgres'))).mode & 0o777, 0o700)

  const second = await startEmbedded(folder, fast)
  t.equal(await value(second.url, 'select answer from kept'), 42)
  await second.stop()
})

t.test('a server whose starter was killed is adopted with its data, and stopped by its last user', async t => {
  const folder = await testFolder(t)
  guard(t, folder)
  const starter = user(t, folder)
  const { url, adopted } = await starter.ready
  t.equal(adopted, false)
  await value(url, 'create table kept as select 42 as answer')
  const pid = await pidOf(folder)
  starter.child.kill('SIGKILL')
  await once(starter.child, 'exit')
  t.ok(await isAlive(pid))

  const adopter = await startEmbedded(folder, fast)
  t.equal(adopter.adopted, true)
  t.equal(await pidOf(folder), pid)
  t.equal(await value(adopter.url, 'select answer from kept'), 42)
  await adopter.stop()
  t.notOk(await isAlive(pid))
})

t.test('processes that start at once share one server, and none takes it from another', async t => {
  const folder = await testFolder(t)
  guard(t, folder)
  const users = [user(t, folder), user(t, folder), user(t, folder)]
  const started = await Promise.all(users.map(({ ready }) => ready))
  t.equal(started.filter(({ adopted }) => !adopted).length, 1)
  t.equal(new Set(started.map(({ url }) => url)).size, 1)
  const pid = await pidOf(folder)
  const byStarting = users.toSorted((a, b) =>
    started[users.indexOf(a)]?.adopted ? 1 : started[users.indexOf(b)]?.adopted ? -1 : 0,
  )
  for (const [index, { child }] of byStarting.entries()) {
    t.equal(await value(started[0]?.url ?? '', 'select 1'), 1)
    t.equal(await stopped(child), 0)
    t.equal(await isAlive(pid), index < 2, 'runs as long as somebody uses it')
  }
})

t.test('a server that is killed while in use comes back', async t => {
  const folder = await testFolder(t)
  guard(t, folder)
  const log: string[] = []
  const { url, stop } = await startEmbedded(folder, { log: message => log.push(message) })
  await value(url, 'create table kept as select 42 as answer')
  const pid = await pidOf(folder)
  process.kill(pid, 'SIGKILL')
  t.equal(await until(() => value(url, 'select answer from kept'), 60_000), 42)
  t.not(await pidOf(folder), pid)
  await until(() => log.length === 2)
  t.match(log, [/was lost/, /is back/])
  await stop()
  await t.rejects(pidOf(folder), { code: 'ENOENT' })
})

t.test('a long path and one with odd characters are as good as any', async t => {
  const folder = await testFolder(t)
  for (const name of ['l'.repeat(120), `it's "odd", a b`]) {
    const { url, stop } = await startEmbedded(join(folder, name), fast)
    t.equal(await value(url, 'select 1'), 1)
    await stop()
    const sockets = new URL(url).searchParams.get('host') ?? ''
    if (!sockets.startsWith(folder)) await rm(sockets, { recursive: true })
  }
})

t.test('a folder that cannot be used is refused in plain words', async t => {
  const folder = await testFolder(t)
  await mkdir(join(folder, 'postgres', 'data', 'what'), { recursive: true })
  await t.rejects(startEmbedded(folder, fast), {
    message: /^PostgreSQL did not start on .*No such file or directory/s,
  })
})

const isRoot = process.getuid?.() === 0

t.test(
  'as root: files that nobody else may reach; as a user without a name; as root again',
  { skip: !isRoot && 'needs root' },
  async t => {
    const closed = await testFolder(t)
    guard(t, closed)
    await chmod(closed, 0o700)
    for (let round = 0; round < 2; round++) {
      const { url, stop } = await startEmbedded(closed, fast)
      t.equal(await value(url, 'select 1'), 1)
      await stop()
    }

    const ids = { uid: 12_345, gid: 12_345 }
    const folder = await testFolder(t)
    guard(t, folder)
    await chown(folder, ids.uid, ids.gid)
    const ordinary = user(t, folder, ids)
    const { url, adopted } = await ordinary.ready
    t.equal(adopted, false)
    t.equal(await value(url, 'select 1'), 1)
    t.equal((await stat(join(folder, 'postgres', 'data'))).uid, ids.uid)
    t.equal(await stopped(ordinary.child), 0)

    const again = await startEmbedded(folder, fast)
    t.equal(await value(again.url, 'select 1'), 1, "root runs an ordinary user's server as that user")
    await again.stop()
  },
)
