import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import t from 'tap'
import { migrate } from '../../src/database/migrate.ts'
import { emptyDatabase, type Teardown, testFolder } from '../support/database.ts'
import { startProxy } from '../support/proxy.ts'
import { until } from '../support/until.ts'

async function fixture(t: Teardown, files: Record<string, string>): Promise<string> {
  const folder = join(await testFolder(t), 'migrations')
  await mkdir(folder)
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  return folder
}

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  try {
    return (await client.query({ text, rowMode: 'array' })).rows.flat()
  } finally {
    await client.end()
  }
}

const two = {
  '0001-first.sql': 'create table first (id int); insert into first values (1);',
  '0002-second.sql': 'create table second (id int); insert into first values (2);',
}

t.test('migrates an empty database in order, and again does nothing', async t => {
  const [url, folder] = [await emptyDatabase(t), await fixture(t, two)]
  const log: string[] = []
  t.strictSame(await migrate(url, { folder, log: message => log.push(message) }), Object.keys(two))
  t.strictSame(await migrate(url, { folder }), [])
  t.strictSame(log, ['applied migration 0001-first.sql', 'applied migration 0002-second.sql'])
  t.strictSame(await query(url, 'select id from first'), [1, 2])
  await writeFile(join(folder, '0003-third.sql'), 'create table third ()')
  t.strictSame(await migrate(url, { folder }), ['0003-third.sql'])
})

t.test('ten processes at once apply each migration exactly once', async t => {
  const url = await emptyDatabase(t)
  const folder = await fixture(t, {
    ...two,
    '0003-slow.sql': 'select pg_sleep(0.3); insert into first values (3)',
  })
  const program = `
    import { migrate } from ${JSON.stringify(new URL('../../src/database/migrate.ts', import.meta.url).href)}
    const names = await migrate(${JSON.stringify(url)}, { folder: ${JSON.stringify(folder)} })
    console.log(JSON.stringify(names))`
  const applied = await Promise.all(
    Array.from({ length: 10 }, async () => {
      const child = spawn(process.execPath, ['--import=tsx', '--input-type=module', '-e', program], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const output: string[] = []
      child.stdout.on('data', data => output.push(String(data)))
      const [code] = await once(child, 'close')
      t.equal(code, 0)
      return JSON.parse(output.join('')) as string[]
    }),
  )
  t.strictSame(applied.flat().sort(), [...Object.keys(two), '0003-slow.sql'])
  t.strictSame(await query(url, 'select id from first'), [1, 2, 3])
  t.strictSame(await query(url, 'select name from migrations order by name'), [...Object.keys(two), '0003-slow.sql'])
})

t.test('a migrator that is killed half-way leaves nothing, and the next one goes on', async t => {
  const url = await emptyDatabase(t)
  const folder = await fixture(t, {
    ...two,
    '0003-long.sql': 'create table third (); insert into first values (3); select pg_sleep(60)',
  })
  const killed = migrate(url, { folder })
  // It may fail before anybody waits for it.
  killed.catch(() => {})
  const sleeper = `select pid from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'`
  const [pid] = await until(async () => {
    const pids = await query(url, sleeper)
    return pids.length > 0 && pids
  })
  await query(url, `select pg_terminate_backend(${Number(pid)})`)
  await t.rejects(killed, { message: /0003-long\.sql/ })
  t.strictSame(await query(url, 'select name from migrations order by name'), Object.keys(two))
  t.strictSame(await query(url, `select to_regclass('third') is null`), [true])
  await writeFile(join(folder, '0003-long.sql'), 'create table third (); insert into first values (3)')
  t.strictSame(await migrate(url, { folder }), ['0003-long.sql'])
  t.strictSame(await query(url, 'select id from first'), [1, 2, 3])
})

t.test('a refused statement names the file and line, and leaves nothing of the file', async t => {
  const url = await emptyDatabase(t)
  const folder = await fixture(t, { '0001-wrong.sql': 'create table first ();\ncreate tabel second ();' })
  await t.rejects(migrate(url, { folder }), { message: /^migration 0001-wrong\.sql, line 2: syntax error/ })
  t.strictSame(await query(url, 'select name from migrations'), [])
  t.strictSame(await query(url, `select to_regclass('first') is null`), [true])
})

t.test('a file that ends its transaction is refused', async t => {
  const url = await emptyDatabase(t)
  const folder = await fixture(t, { '0001-commit.sql': 'create table first (); commit' })
  await t.rejects(migrate(url, { folder }), { message: /0001-commit\.sql.*must not end the transaction/ })
})

t.test('files and database that do not fit are refused, by name', async t => {
  const [url, folder] = [await emptyDatabase(t), await fixture(t, two)]
  await migrate(url, { folder })
  const refused = async (files: Record<string, string>, message: RegExp) =>
    t.rejects(migrate(url, { folder: await fixture(t, files) }), { name: 'MigrationError', message })
  const { '0001-first.sql': first, '0002-second.sql': second } = two
  await refused({ '0001-first.sql': first }, /newer than this code: 0002-second\.sql/)
  await refused({ ...two, '0001-first.sql': `${first} ` }, /0001-first\.sql was changed after it was applied/)
  await refused({ '0001-first.sql': first, '0002-third.sql': second }, /0002-second\.sql was applied.*gone/)
  await refused({ '0001-first.sql': first, '0003-third.sql': second }, /0002 is missing/)
  await refused({ ...two, '0002-other.sql': '' }, /0003 is missing or there twice: found 0002-second\.sql/)
  await refused({ ...two, 'third.sql': '' }, /third\.sql is no name for a migration; write it like 0003-/)
  await query(url, `delete from migrations where name = '0001-first.sql'`)
  await refused(two, /0001-first\.sql was never applied, and the later 0002-second\.sql was/)
})

t.test('waits for another migrator no longer than it was told', async t => {
  const [url, folder] = [await emptyDatabase(t), await fixture(t, two)]
  const holder = new pg.Client({ connectionString: url })
  holder.on('error', () => {})
  await holder.connect()
  t.after(() => holder.end())
  await holder.query('select pg_advisory_lock(7263140002)')
  await t.rejects(migrate(url, { folder, waitMs: 1 }), { name: 'MigrationError', message: /longer than 1000 ms/ })
  t.strictSame(await query(url, `select to_regclass('first') is null`), [true])
})

t.test('waits for a database that is not up no longer than it was told', async t => {
  const log: string[] = []
  const nowhere = 'postgresql://app@127.0.0.1:1/roles'
  const folder = await fixture(t, two)
  await t.rejects(migrate(nowhere, { folder, waitMs: 300, log: message => log.push(message) }), {
    code: 'ECONNREFUSED',
  })
  t.match(log, [/^waiting for the database: /])
})

t.test("the project's own migrations apply from a copy as well", async t => {
  const [url, folder] = [await emptyDatabase(t), await testFolder(t)]
  await rm(folder, { recursive: true })
  await cp(new URL('../../migrations', import.meta.url), folder, { recursive: true })
  const names = await migrate(url, { folder })
  t.ok(names.length > 0)
  t.strictSame(await migrate(url), [])
})

t.test('a server that is stopped while the migrator takes its leave ends no process', async t => {
  const [url, folder] = [await emptyDatabase(t), await fixture(t, two)]
  const proxy = await startProxy(t, url)
  proxy.stopAtLeave()
  t.strictSame(await migrate(proxy.url, { folder }), Object.keys(two))
  await until(() => proxy.counts.stopped === 2)
})
