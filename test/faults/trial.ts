/** What one case gets: a database of its own, services on it, clients, and a verdict at the end. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { insertKey } from '../../src/api-keys/store.ts'
import { connect, transact } from '../../src/database/connect.ts'
import { migrate } from '../../src/database/migrate.ts'
import { exampleDocument } from '../../src/document/schema.ts'
import { withDatabase } from '../support/database.ts'
import type { PostgresServer } from '../support/postgres.ts'
import { type Build, freePort, Service } from '../support/service.ts'
import { until } from '../support/until.ts'
import { checkRegister } from './checker.ts'
import { Driver, type DriverOptions } from './driver.ts'

const pepper = 'the pepper of the suite of faults, long enough'

/** The roles that every case begins with: one for readers, one that all writers change. */
export const shared = 'shared-role'

/** A register that was made for a case. */
export interface Register {
  url: string
  key: string
}

/** Makes an empty database on a server, and gives its URL. */
export async function emptyRegister(server: PostgresServer): Promise<string> {
  const name = `fault_${randomBytes(6).toString('hex')}`
  await server.query(`create database ${name}`)
  return withDatabase(server.url, name)
}

/** Makes a migrated database with an organisation and a key that may do everything. */
export async function makeRegister(server: PostgresServer): Promise<Register> {
  const url = await emptyRegister(server)
  await migrate(url)
  const db = connect({ url })
  try {
    await db.insertInto('organisations').values({ slug: 'home-office', name: 'Home Office' }).execute()
    const { text } = await transact(db, trx =>
      insertKey(trx, pepper, null, {
        name: 'suite',
        organisation: 'home-office',
        owner: 'suite',
        owner_kind: 'system',
        scopes: ['admin'],
        expires_at: new Date(Date.now() + 86_400_000).toISOString(),
      }),
    )
    return { url, key: text }
  } finally {
    await db.destroy()
  }
}

export const poolMax = 10

export class Trial {
  readonly server: PostgresServer
  readonly build: Build
  readonly folder: string
  /** What is printed after the case's name. */
  readonly figures: string[] = []
  fired = 0
  acknowledged = 0
  found = 0
  readonly #endings: (() => Promise<unknown> | undefined)[] = []
  readonly #services: Service[] = []
  #port: number | undefined

  constructor(server: PostgresServer, build: Build, folder: string) {
    this.server = server
    this.build = build
    this.folder = folder
  }

  after(work: () => Promise<unknown> | undefined): void {
    this.#endings.push(work)
  }

  async end(): Promise<void> {
    for (const ending of this.#endings.reverse()) await ending()
    await rm(this.folder, { recursive: true, force: true })
  }

  note(figure: string): void {
    this.figures.push(figure)
  }

  /** Counts a fault that was seen to happen. */
  fire(count = 1): void {
    this.fired += count
  }

  /** The address that every service of this case listens on, one after the other. */
  async base(): Promise<string> {
    this.#port ??= await freePort()
    return `http://127.0.0.1:${this.#port}`
  }

  /** Starts a process of the service and waits until it listens. */
  async service(url: string, env: Record<string, string> = {}, imports: string[] = []): Promise<Service> {
    await mkdir(this.folder, { recursive: true })
    const service = new Service(this.build, 'server', {
      env: {
        DATABASE_URL: url,
        DATA_DIR: join(this.folder, 'data'),
        PORT: new URL(await this.base()).port,
        KEY_PEPPER: pepper,
        DATABASE_POOL_MAX: String(poolMax),
        RATE_LIMIT_PER_MINUTE: '10000000',
        RATE_LIMIT_ANONYMOUS_PER_MINUTE: '10000000',
        ...env,
      },
      imports,
      logFile: join(this.folder, 'service.log'),
    })
    this.after(() => service.kill())
    await service.listening()
    this.#services.push(service)
    return service
  }

  /** A service that dies at a named point of arm.ts; `struck` tells whether it did, and there. */
  async armed(url: string, fault: string): Promise<{ service: Service; struck: () => Promise<void> }> {
    const log = join(this.folder, `fault-${randomBytes(4).toString('hex')}`)
    const imports = [this.build.path('test/faults/arm')]
    // The worker has commits of its own, before the service listens even.
    const service = await this.service(url, { FAULT: fault, FAULT_LOG: log, WORKER: 'false' }, imports)
    return { service, struck: () => this.struck(service, fault, log) }
  }

  /** Waits until an armed process is dead, and asserts that its fault was what killed it. */
  async struck(service: Service, fault: string, log: string, limitMs = 60_000): Promise<void> {
    await until(() => !service.running, limitMs)
    assert.equal(await readFile(log, 'utf8').catch(() => 'nothing'), fault, 'the armed fault did not fire')
    assert.equal((await service.exited).signal, 'SIGKILL')
    this.fire()
  }

  /** Clients for a register, with the shared role made and published first. */
  async driver(register: Register, options: Partial<DriverOptions> = {}): Promise<Driver> {
    const log = join(this.folder, 'operations.ndjson')
    const all = { base: await this.base(), key: register.key, log, published: shared, shared, ...options }
    const driver = new Driver(all)
    // Where a case failed its clients are at work still, and would hold the process up.
    this.after(() => driver.stop(0))
    const found = await driver.request('GET', `/v1/roles/${shared}`)
    if (found.status === 404) {
      const path = `/v1/roles?organisation=home-office&slug=${shared}`
      const json = { 'content-type': 'application/json' }
      const made = await driver.request('POST', path, json, JSON.stringify(exampleDocument))
      assert.equal(made.status, 201, made.text)
      const published = await driver.request(
        'POST',
        `/v1/roles/${shared}/publications`,
        { ...json, 'if-match': made.headers.get('etag') ?? '' },
        '{"change_note":"First published"}',
      )
      assert.equal(published.status, 201, published.text)
    }
    return driver
  }

  /** Waits until the clients were told of so many more writes. */
  async progress(driver: Driver, writes: number, limitMs = 60_000): Promise<void> {
    const from = driver.acknowledged
    await until(() => driver.acknowledged >= from + writes, limitMs)
  }

  /**
   * Asserts that the service serves again within 5 s of a moment (by `performance.now()`), and then that each slot of
   * its pool answers.
   */
  async recovered(driver: Driver, since: number, limitMs = 5000): Promise<void> {
    const ms = await until(() => driver.lastAcknowledgedAt > since && driver.lastAcknowledgedAt - since, 30_000)
    this.note(`first write after ${Math.round(ms)} ms`)
    assert.ok(ms <= limitMs, `the first write after the fault took ${ms} ms`)
  }

  /** Lets the clients finish, then holds what they were told against the database, over HTTP too. */
  async settle(register: Register, driver: Driver, { slots = poolMax }: { slots?: number } = {}): Promise<void> {
    await driver.stop()
    if (slots > 0) await this.checkSlots(register, driver, slots)
    await this.checkLatest(register, driver)
    const { violations, acknowledged, found } = await checkRegister(
      register.url,
      join(this.folder, 'operations.ndjson'),
    )
    assert.deepEqual([...driver.violations, ...violations].slice(0, 20), [])
    assert.equal(driver.counts.unknown, 0, 'writes without an outcome, though the service was well in the end')
    assert.ok(acknowledged > 0, 'nothing was written')
    this.acknowledged += acknowledged
    this.found += found
    for (const service of this.#services) assert.deepEqual(service.troubles().slice(0, 5), [])
  }

  /**
   * Fills the pool with requests that wait for a lock, all at once: each slot must be there, and answer. Some of them
   * have to connect first, within the time that a lock is waited for, so a slow machine gets several tries.
   */
  async checkSlots({ url }: Register, driver: Driver, slots: number): Promise<void> {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000, query_timeout: 30_000 })
    client.on('error', () => {})
    await client.connect()
    const waiting = async () => {
      // Within a transaction the sessions are seen as they were at the first look.
      await client.query('select pg_stat_clear_snapshot()')
      const { rows } = await client.query(
        `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
           and application_name = 'role-register'`,
      )
      return rows.length
    }
    try {
      for (let tries = 1; ; tries++) {
        await client.query('begin; lock table roles in access exclusive mode')
        const answers = Promise.all(
          Array.from({ length: slots }, () => driver.request('GET', `/v1/roles/${shared}/draft`)),
        )
        let most = 0
        let answered = false
        const ended = () => {
          answered = true
        }
        answers.then(ended, ended)
        await until(async () => {
          most = Math.max(most, await waiting())
          return most >= slots || answered
        })
        await client.query('rollback')
        const statuses = (await answers).map(({ status }) => status)
        if (most >= slots && statuses.every(status => status === 200)) return
        const seen = `${most} of ${slots} slots of the pool were used, with ${[...new Set(statuses)]}`
        if (tries === 6) assert.fail(seen)
      }
    } finally {
      await client.end()
    }
  }

  /** What is read over HTTP is in the end what the database holds, and fresh. */
  async checkLatest({ url }: Register, driver: Driver): Promise<void> {
    const [wanted] = await this.server.query<{ digest: string }>(
      'select digest from role_versions where role = $1 order by version desc limit 1',
      [shared],
      url,
    )
    await until(async () => {
      const { status, headers } = await driver.request('GET', `/v1/roles/${shared}`)
      return status === 200 && !headers.has('cache-status') && headers.get('etag') === `"${wanted?.digest}"`
    }, 15_000)
  }

  /** Asks a running service to end, and asserts that it does so in order. */
  async terminate(service: Service): Promise<void> {
    service.child.kill('SIGTERM')
    const late = new AbortController()
    const timer = sleep(40_000, 'late', { signal: late.signal }).catch(() => 'done')
    const exit = await Promise.race([service.exited, timer])
    late.abort()
    assert.deepEqual(exit, { code: 0, signal: null })
  }
}

export const now = () => performance.now()
