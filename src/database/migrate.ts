import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'

/** The migrations of this project, seen from `src/` and from the built `dist/` alike. */
const projectFolder = fileURLToPath(new URL('../../migrations/', import.meta.url))

interface MigrateOptions {
  /** Where the `NNNN-name.sql` files are; the project's own unless given. */
  folder?: string
  /** Longest wait for the database to come up, and then for another migrator to finish; 60 s. */
  waitMs?: number
  /** Told in a sentence what is waited for and what was applied. */
  log?: (message: string) => void
  /** Ends the wait for a database that is not there; what is being applied is not stopped. */
  signal?: AbortSignal | undefined
}

/** The migrations and the database do not fit; the message says which file is concerned, and why. */
export class MigrationError extends Error {
  override name = 'MigrationError'
}

interface Migration {
  name: string
  text: string
  digest: string
}

/** Of a session lock, so that only one process at a time migrates a database. */
const migratorsLock = 7_263_140_002

const serverVersionMin = 150_000

/**
 * Brings a database to the state of the code: applies what is missing, in order, each file in a transaction of its own
 * together with the row that remembers it. Any number of processes may do so at once; each file is applied once, and
 * one killed on the way leaves nothing half done.
 *
 * @param url a session on the primary (DATABASE_DIRECT_URL): the lock does not work through a transaction pooler.
 * @returns the names of the files that this call applied.
 * @throws MigrationError if a file that was applied has changed or is gone, a number is missing, the database is newer
 *   than the code, too old or read-only, or a wait took too long; the server's error, with the file's name, if it
 *   refused one.
 */
export async function migrate(url: string, options: MigrateOptions = {}): Promise<string[]> {
  const { folder = projectFolder, waitMs = 60_000 } = options
  const migrations = await readMigrations(folder)
  const deadline = Date.now() + waitMs
  const client = await connectBefore(deadline, url, options)
  try {
    await checkServer(client)
    await lock(client, Math.max(deadline - Date.now(), 1000))
    await client.query(
      `create table if not exists migrations (
        name text not null,
        digest text not null,
        applied_at timestamptz not null default now(),
        constraint migrations_pkey primary key (name)
      )`,
    )
    const { rows } = await client.query<Migration>('select name, digest from migrations order by name')
    const pending = findPending(migrations, rows)
    for (const migration of pending) {
      await apply(client, migration)
      options.log?.(`applied migration ${migration.name}`)
    }
    await migrateQueue(url)
    return pending.map(({ name }) => name)
  } finally {
    await client.end().catch(() => {})
  }
}

/** The tables of the queue are its package's own, and brought up to date by it: a worker then finds nothing to do. */
async function migrateQueue(url: string): Promise<void> {
  // Only here: it takes longer to load than a test of something else takes to run.
  const { Logger, runMigrations } = await import('graphile-worker')
  const pgPool = new pg.Pool({ connectionString: url, application_name: 'role-register migrate', max: 1 })
  // The pool says that it has ended before its session has; what the server says to that session then concerns nobody.
  pgPool.on('error', () => {})
  pgPool.on('connect', client => void client.on('error', () => {}))
  try {
    await runMigrations({ pgPool, logger: new Logger(() => () => {}) })
  } finally {
    await pgPool.end()
  }
}

/** The names of all migrations of this code, the oldest first. */
export const migrationNames = async (folder = projectFolder): Promise<string[]> =>
  (await readMigrations(folder)).map(({ name }) => name)

async function readMigrations(folder: string): Promise<Migration[]> {
  const names = (await readdir(folder)).filter(name => name.endsWith('.sql')).sort()
  return Promise.all(
    names.map(async (name, index) => {
      const number = String(index + 1).padStart(4, '0')
      if (!/^\d{4}-[a-z0-9-]+\.sql$/.test(name))
        throw new MigrationError(`${name} is no name for a migration; write it like ${number}-add-table.sql.`)
      if (!name.startsWith(number))
        throw new MigrationError(`Migration ${number} is missing or there twice: found ${name} in its place.`)
      const text = await readFile(join(folder, name), 'utf8')
      return { name, text, digest: createHash('sha256').update(text).digest('hex') }
    }),
  )
}

/** What is to be applied, after what was applied is found to be the beginning of what there is. */
function findPending(migrations: readonly Migration[], applied: readonly Omit<Migration, 'text'>[]): Migration[] {
  for (const [index, { name, digest }] of applied.entries()) {
    const known = migrations.find(migration => migration.name === name)
    if (!known && name > (migrations.at(-1)?.name ?? ''))
      throw new MigrationError(
        `The database is newer than this code: ${name} was applied to it. Start a newer release.`,
      )
    if (!known) throw new MigrationError(`Migration ${name} was applied to this database, and its file is gone.`)
    if (known.digest !== digest)
      throw new MigrationError(
        `Migration ${name} was changed after it was applied. Restore the file and put the change into a new one.`,
      )
    if (migrations[index] !== known)
      throw new MigrationError(`Migration ${migrations[index]?.name} was never applied, and the later ${name} was.`)
  }
  return migrations.slice(applied.length)
}

async function connectBefore(deadline: number, url: string, { log, signal }: MigrateOptions): Promise<pg.Client> {
  for (let attempt = 0; ; attempt++) {
    const client = new pg.Client({
      connectionString: url,
      application_name: 'role-register migrate',
      connectionTimeoutMillis: 5000,
      keepAlive: true,
    })
    client.on('error', () => {})
    try {
      await client.connect()
      return client
    } catch (error) {
      if (!comesUp(error) || Date.now() > deadline) throw error
      if (attempt === 0) log?.(`waiting for the database: ${error instanceof Error ? error.message : error}`)
      await sleep(250, undefined, { signal })
    }
  }
}

/** Whether the error is one of a server that may be starting; a wrong password, say, is not. */
function comesUp(error: unknown): boolean {
  return error instanceof pg.DatabaseError ? /^(57P03|53300)/.test(error.code ?? '') : true
}

async function checkServer(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ version: number; standby: boolean }>(
    `select current_setting('server_version_num')::int as version, pg_is_in_recovery() as standby`,
  )
  const [server] = rows
  if (!server || server.version < serverVersionMin)
    throw new MigrationError(`PostgreSQL 15 or newer is needed; this server says ${server?.version}.`)
  if (server.standby)
    throw new MigrationError(
      'This server is a standby, which cannot be written to. Give DATABASE_DIRECT_URL its primary.',
    )
}

async function lock(client: pg.Client, waitMs: number): Promise<void> {
  // The role's own limits are meant for requests; a migration may take its time, but holds up nobody by waiting.
  await client.query(
    `set statement_timeout = 0; set idle_in_transaction_session_timeout = 0; set client_min_messages = warning;
     set lock_timeout = ${Math.ceil(waitMs)}`,
  )
  try {
    await client.query('select pg_advisory_lock($1)', [migratorsLock])
  } catch (error) {
    if (!(error instanceof pg.DatabaseError && error.code === '55P03')) throw error
    throw new MigrationError(`Another process has been migrating this database for longer than ${waitMs} ms.`)
  }
  await client.query(`set lock_timeout = '10s'`)
}

async function apply(client: pg.Client, { name, text, digest }: Migration): Promise<void> {
  try {
    await client.query('begin')
    await client.query(text)
    if (client.getTransactionStatus() !== 'T') throw new MigrationError('it must not end the transaction it runs in')
    await client.query('insert into migrations (name, digest) values ($1, $2)', [name, digest])
    await client.query('commit')
  } catch (error) {
    await client.query('rollback').catch(() => {})
    const line =
      error instanceof pg.DatabaseError && error.position ? `, line ${lineAt(text, Number(error.position))}` : ''
    if (error instanceof Error) error.message = `migration ${name}${line}: ${error.message}`
    throw error
  }
}

function lineAt(text: string, position: number): number {
  return text.slice(0, position).split('\n').length
}
