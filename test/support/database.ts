import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Kysely } from 'kysely'
import pg from 'pg'
import { connect } from '../../src/database/connect.ts'
import type { ConnectOptions } from '../../src/database/driver.ts'
import { startEmbedded } from '../../src/database/embedded.ts'
import { migrate } from '../../src/database/migrate.ts'
import type { Database } from '../../src/database/types.ts'

/** A server to make test databases on, and the name of a migrated database there to clone. */
export interface TestServer {
  url: string
  template: string
  stop(): Promise<void>
}

/** What a test gives us: tap's and node:test's contexts both have it. */
export interface Teardown {
  after(work: () => Promise<void>): unknown
}

/** Longer than any machine is busy with other work: what an answer says must not hang on it. Tests of limits set their own. */
const patience = { connectTimeoutMs: 30_000, statementTimeoutMs: 30_000, lockTimeoutMs: 20_000 }

/**
 * A migrated database for one test (file) alone, gone when the test ends. A clone takes about a tenth of a second.
 * Uses the server of the runner, or starts one where a file is run by itself.
 */
export async function testDatabase(
  t: Teardown,
  options: Partial<ConnectOptions> = {},
): Promise<{ url: string; db: Kysely<Database> }> {
  const server = await useServer()
  const name = `test_${randomBytes(6).toString('hex')}`
  const url = withDatabase(server.url, name)
  const db = connect({ url, ...patience, ...options })
  t.after(async () => {
    await db.destroy()
    await administer(server.url, `drop database if exists ${name} with (force)`)
  })
  await administer(server.url, `create database ${name} template ${server.template} strategy wal_log`)
  return { url, db }
}

/** An empty database, for tests of what comes before the tables. */
export async function emptyDatabase(t: Teardown): Promise<string> {
  const server = await useServer()
  const name = `test_${randomBytes(6).toString('hex')}`
  t.after(async () => {
    await administer(server.url, `drop database if exists ${name} with (force)`)
  })
  await administer(server.url, `create database ${name}`)
  return withDatabase(server.url, name)
}

/** A folder of one's own, gone when the test ends; other users may pass through it, as PostgreSQL's must under root. */
export async function testFolder(t: Teardown): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'rr-'))
  await chmod(folder, 0o711)
  t.after(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }))
  return folder
}

/**
 * Starts a server under `folder`, or takes the one at TEST_DATABASE_URL (a superuser's URL), and migrates the template
 * there. Its `stop` leaves nothing behind.
 */
export async function startTestServer(folder: string): Promise<TestServer> {
  const given = process.env.TEST_DATABASE_URL
  if (!given) cleanUpAfterUs(folder)
  const embedded = given ? undefined : await startEmbedded(folder, { fast: true })
  const url = given ?? embedded?.url ?? ''
  const template = `template_${randomBytes(6).toString('hex')}`
  const stop = async () => {
    if (embedded) await embedded.stop()
    else await administer(url, `drop database if exists ${template} with (force)`)
  }
  try {
    await administer(url, `create database ${template}`)
    await migrate(withDatabase(url, template))
  } catch (error) {
    await stop()
    throw error
  }
  return { url, template, stop }
}

let ownServer: Promise<TestServer> | undefined

/** The runner's server; without a runner one that lives until this process has nothing more to do. */
async function useServer(): Promise<Omit<TestServer, 'stop'>> {
  const { TEST_DATABASE_URL: url, TEST_TEMPLATE: template } = process.env
  if (url && template) return { url, template }
  ownServer ??= startOwnServer()
  return ownServer
}

async function startOwnServer(): Promise<TestServer> {
  const folder = await mkdtemp(join(tmpdir(), 'rr-'))
  await chmod(folder, 0o711)
  return startTestServer(folder)
}

/**
 * Ends the server under `folder` and removes the folder when this process is gone, however it went: the end of a pipe
 * is the one thing that a killed process still tells.
 */
export function cleanUpAfterUs(folder: string): void {
  const script = `cat
    pid=$(head -n 1 "$1/postgres/data/postmaster.pid") && kill -QUIT "$pid"
    for _ in $(seq 50); do kill -0 "$pid" || break; sleep 0.1; done
    rm -rf "$1"`
  const child = spawn('sh', ['-c', script, 'sh', folder], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] })
  child.unref()
  ;(child.stdin as Socket).unref()
}

async function administer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000, query_timeout: 60_000 })
  client.on('error', () => {})
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}

/** The same server, another database. */
export function withDatabase(url: string, name: string): string {
  return url.replace(/^(\w+:\/\/[^/]*\/)[^?]*/, `$1${name}`)
}
