/** The faults, one after the other. Each is seen to have happened, and each ends with the same verdict (`settle`). */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { chmod, mkdir, readFile, rm, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import pg from 'pg'
import { migrationNames } from '../../src/database/migrate.ts'
import { catalogueOf } from '../support/catalogue.ts'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'
import { startProxy } from '../support/proxy.ts'
import { Service } from '../support/service.ts'
import { until } from '../support/until.ts'
import { emptyRegister, makeRegister, now, poolMax, shared, type Trial } from './trial.ts'

const run = promisify(execFile)

/** The machine cannot do what the case needs. */
export class Skipped extends Error {}

export interface Case {
  name: string
  run(t: Trial): Promise<void>
}

export const cases: readonly Case[] = [
  {
    name: 'kill -9 of the service under write load, 20 rounds',
    async run(t) {
      const register = await makeRegister(t.server)
      let service = await t.service(register.url)
      const driver = (await t.driver(register)).start()
      for (let round = 1; round <= 20; round++) {
        await t.progress(driver, 10 + round)
        await until(() => driver.inFlight > 2)
        await service.kill()
        t.fire()
        service = await t.service(register.url)
      }
      await t.progress(driver, 20)
      await t.settle(register, driver)
      t.note(`${driver.counts.replayed} replayed`)
      await t.terminate(service)
    },
  },
  {
    name: 'kill -9 before commit, after commit and in between',
    async run(t) {
      const register = await makeRegister(t.server)
      const first = await t.service(register.url)
      const driver = (await t.driver(register)).start()
      await t.progress(driver, 10)
      await first.kill()
      for (const point of ['before-commit', 'after-commit', 'before-event', 'after-publication'])
        for (const count of [1, 7, 23]) {
          const { struck } = await t.armed(register.url, `${point}:${count}`)
          await struck()
        }
      // What was committed and not told is told to the retry.
      const last = await t.service(register.url)
      await t.progress(driver, 20)
      await t.settle(register, driver)
      assert.ok(driver.counts.replayed > 0, 'no retry was answered from the stored replies')
      t.note(`${driver.counts.replayed} replayed`)
      await t.terminate(last)
    },
  },
  {
    name: 'PostgreSQL restarted in immediate mode under load',
    async run(t) {
      const register = await makeRegister(t.server)
      const service = await t.service(register.url)
      const driver = (await t.driver(register)).start()
      for (let round = 1; round <= 3; round++) {
        await t.progress(driver, 30)
        await t.server.stop('immediate')
        t.fire()
        await servesWithoutDatabase(driver)
        await t.server.start()
        await t.recovered(driver, now())
      }
      await t.settle(register, driver)
      assert.ok(driver.counts.stale > 0, 'no read was marked stale while the database was down')
      t.note(`${driver.counts.stale} stale reads`)
      await t.terminate(service)
    },
  },
  {
    name: 'all backends terminated each second for 30 s',
    async run(t) {
      const register = await makeRegister(t.server)
      const service = await t.service(register.url)
      const driver = (await t.driver(register)).start()
      await t.progress(driver, 20)
      let ended = 0
      const from = driver.acknowledged
      for (let second = 0; second < 30; second++) {
        const [row] = await t.server.query<{ ended: number }>(
          `select count(*) filter (where pg_terminate_backend(pid))::int as ended from pg_stat_activity
           where datname = $1`,
          [new URL(register.url).pathname.slice(1)],
        )
        ended += row?.ended ?? 0
        await sleep(1000)
      }
      assert.ok(ended >= 30, `only ${ended} backends were there to terminate`)
      t.fire(ended)
      t.note(`${driver.acknowledged - from} writes meanwhile`)
      const since = now()
      await t.recovered(driver, since)
      await t.settle(register, driver)
      await t.terminate(service)
    },
  },
  {
    name: 'network to the database cut without a word, and healed',
    async run(t) {
      const register = await makeRegister(t.server)
      const proxy = await startProxy({ after: work => t.after(work) }, register.url)
      const service = await t.service(proxy.url)
      const driver = (await t.driver(register)).start()
      // Cut for long, so that everything is noticed; and so briefly that nothing is, as where a router lost its state.
      for (const cutMs of [12_000, 2000]) {
        await t.progress(driver, 30)
        const before = proxy.counts.swallowed
        driver.slowestMs = 0
        proxy.swallow()
        const began = now()
        if (cutMs > 5000) await servesWithoutDatabase(driver)
        await until(() => now() - began > cutMs)
        assert.ok(proxy.counts.swallowed > before, 'the cut was not felt')
        t.fire()
        proxy.heal()
        const since = now()
        await t.recovered(driver, since)
        await until(() => driver.acknowledgedAt.publish > since)
        t.note(`publication after ${Math.round(driver.acknowledgedAt.publish - since)} ms`)
        assert.ok(driver.slowestMs < 10_000, `an answer took ${driver.slowestMs} ms`)
      }
      t.note(`${driver.counts.stale} stale reads`)
      await t.settle(register, driver)
      await t.terminate(service)
    },
  },
  {
    name: 'database slow by 2 s',
    async run(t) {
      const register = await makeRegister(t.server)
      const proxy = await startProxy({ after: work => t.after(work) }, register.url)
      const service = await t.service(proxy.url)
      const driver = (await t.driver(register, { hangMs: 60_000, writers: 16 })).start()
      await t.progress(driver, 30)
      proxy.delay(2000)
      const began = now()
      const busy = driver.counts.busy
      while (now() - began < 30_000) {
        // From memory, whatever the database does.
        const read = await driver.request('GET', `/v1/roles/${shared}`)
        assert.equal(read.status, 200, read.text)
        const alive = await driver.request('GET', '/health/live')
        assert.equal(alive.status, 200)
        await sleep(500)
      }
      assert.ok(proxy.counts.delayed > 0, 'nothing was delayed')
      t.fire()
      t.note(
        `${proxy.counts.delayed} answers late, ${driver.counts.busy - busy} times 503, slowest answer ${Math.round(driver.slowestMs)} ms`,
      )
      assert.ok(driver.counts.busy > busy, 'nobody was told to come later')
      // Who calls, a connection, `begin`, what a transaction may take, and a look at its key: each waits for 2 s in turn.
      assert.ok(driver.slowestMs < 20_000, `an answer took ${driver.slowestMs} ms`)
      proxy.delay(0)
      await t.recovered(driver, now())
      await t.settle(register, driver)
      await t.terminate(service)
    },
  },
  {
    name: 'a hot row locked',
    async run(t) {
      const register = await makeRegister(t.server)
      const service = await t.service(register.url)
      const driver = (await t.driver(register, { shared: '' })).start()
      await t.progress(driver, 20)
      const client = new pg.Client({ connectionString: register.url })
      client.on('error', () => {})
      await client.connect()
      t.after(() => client.end())
      await client.query('begin')
      await client.query('select from roles where slug = $1 for update', [shared])
      // More than the pool has slots, and again as soon as they were refused.
      const began = now()
      const hot = { refused: 0, slowestMs: 0 }
      const from = driver.acknowledged
      const patient = Array.from({ length: 3 * poolMax }, async () => {
        while (now() - began < 8000) {
          const answer = await driver.request(
            'PATCH',
            `/v1/roles/${shared}/draft`,
            { 'content-type': 'application/merge-patch+json', 'if-match': '*' },
            '{"title":"Hot"}',
          )
          assert.equal(answer.status, 503, answer.text)
          hot.refused += 1
          hot.slowestMs = Math.max(hot.slowestMs, answer.ms)
        }
      })
      await Promise.all(patient)
      await client.query('rollback')
      t.fire()
      const others = driver.acknowledged - from
      t.note(`${hot.refused} times 503, slowest ${Math.round(hot.slowestMs)} ms, ${others} other writes meanwhile`)
      assert.ok(hot.slowestMs < 8000, `a refusal took ${hot.slowestMs} ms`)
      assert.ok(others >= 20, `only ${others} other writes got through`)
      await t.recovered(driver, now())
      await t.settle(register, driver)
      await t.terminate(service)
    },
  },
  {
    name: 'a pool of 5 with 200 clients',
    async run(t) {
      const register = await makeRegister(t.server)
      const service = await t.service(register.url, { DATABASE_POOL_MAX: '5' })
      const driver = (await t.driver(register, { writers: 100, readers: 100 })).start()
      await t.progress(driver, 300, 120_000)
      const [row] = await t.server.query<{ sessions: number }>(
        `select count(*)::int as sessions from pg_stat_activity where datname = $1 and application_name = 'role-register'`,
        [new URL(register.url).pathname.slice(1)],
      )
      assert.ok((row?.sessions ?? 0) <= 5, `${row?.sessions} sessions`)
      assert.ok(driver.counts.busy > 0, 'nobody was told to come later')
      t.fire()
      t.note(`${driver.counts.busy} times 503, slowest answer ${Math.round(driver.slowestMs)} ms`)
      await t.settle(register, driver, { slots: 5 })
      assert.ok(driver.slowestMs < 15_000, `an answer took ${driver.slowestMs} ms`)
      await t.terminate(service)
    },
  },
  {
    name: 'disk full under PGDATA',
    async run(t) {
      const { server, free } = await smallDisk(t)
      const register = await makeRegister(server)
      const service = await t.service(register.url)
      const driver = (await t.driver(register)).start()
      await t.progress(driver, 20)
      const isFull = async () => /No space left on device/.test(await readFile(server.logFile, 'utf8'))
      const ballast = join(server.folder, 'ballast')
      const { bavail, bsize } = await statfs(server.folder)
      await writeFile(ballast, Buffer.alloc(Math.max(0, bavail * bsize - 512 * 1024))).catch(error => {
        // The register's own files were quicker: then it is full all the same.
        if (error.code !== 'ENOSPC') throw error
      })
      await until(isFull, 60_000)
      t.fire()
      const busy = driver.counts.busy
      await until(() => driver.counts.busy > busy, 30_000)
      const read = await driver.request('GET', `/v1/roles/${shared}`)
      assert.equal(read.status, 200, read.text)
      t.note(server.running ? 'the server stood' : 'the server fell')
      await rm(ballast)
      if (!server.running) await server.start()
      await t.recovered(driver, now())
      await t.settle(register, driver)
      await t.terminate(service)
      await free()
    },
  },
  {
    name: 'ten migrators and a starting service at once',
    async run(t) {
      const url = await emptyRegister(t.server)
      const migrators = Array.from({ length: 10 }, () => migrator(t, url))
      const service = await t.service(url)
      const exits = await Promise.all(migrators.map(({ exited }) => exited))
      assert.deepEqual(exits, Array(10).fill({ code: 0, signal: null }))
      const applied = [...migrators.map(({ err }) => err), service.out].flatMap(text => [
        ...text.matchAll(/applied migration ([\w.-]+)/g),
      ])
      assert.deepEqual(applied.map(([, name]) => name).sort(), await migrationNames())
      assert.equal((await fetch(`${await t.base()}/health/ready`)).status, 200)
      const register = await makeRegister(t.server)
      assert.deepEqual(await catalogueOf(url), await catalogueOf(register.url))
      t.fire()
      await t.terminate(service)
    },
  },
  {
    name: 'a migrator killed half-way',
    async run(t) {
      const names = await migrationNames()
      const wanted = await catalogueOf((await makeRegister(t.server)).url)
      const points = ['in-migration', 'after-migration', 'before-commit', 'after-commit']
      for (const [index, fault] of [...points.map(point => `${point}:1`), `before-commit:${names.length}`].entries()) {
        const url = await emptyRegister(t.server)
        const log = join(t.folder, `migrator-${index}`)
        await mkdir(t.folder, { recursive: true })
        const env = { FAULT: fault, FAULT_LOG: log }
        await t.struck(migrator(t, url, env, [t.build.path('test/faults/arm')]), fault, log)
        // Whole files or nothing: as many as were committed.
        const done = fault === 'after-commit:1' ? 1 : fault.startsWith('before-commit') ? Number(fault.at(-1)) - 1 : 0
        await until(async () => (await sessions(t.server, url)) === 0)
        const rows = await t.server.query<{ name: string }>('select name from migrations order by name', [], url)
        assert.deepEqual(
          rows.map(({ name }) => name),
          names.slice(0, done),
        )
        const next = migrator(t, url)
        assert.deepEqual(await next.exited, { code: 0, signal: null })
        assert.deepEqual(await catalogueOf(url), wanted)
      }
    },
  },
  {
    name: 'SIGTERM under load',
    async run(t) {
      const register = await makeRegister(t.server)
      const driver = await (async () => {
        const first = await t.service(register.url)
        const driver = (await t.driver(register, { readers: 4 })).start()
        await t.progress(driver, 20)
        await first.kill()
        return driver
      })()
      let inFlight = 0
      for (let round = 1; round <= 5; round++) {
        const service = await t.service(register.url)
        await t.progress(driver, 20)
        const asked = await until(() => driver.inFlight > 4 && driver.watch())
        service.child.kill('SIGTERM')
        assert.deepEqual(await service.exited, { code: 0, signal: null })
        const { total, lost } = await asked()
        assert.deepEqual(lost, [], 'requests in flight were lost')
        inFlight += total
        t.fire()
      }
      t.note(`${inFlight} requests in flight, all answered`)
      const last = await t.service(register.url)
      await t.progress(driver, 10)
      await t.settle(register, driver)
      await t.terminate(last)
    },
  },
]

/** With the database gone a published role is still read, and what needs the database is told to come later, soon. */
async function servesWithoutDatabase(driver: Awaited<ReturnType<Trial['driver']>>): Promise<void> {
  await until(async () => {
    const { status, headers } = await driver.request('GET', `/v1/roles/${shared}`)
    assert.equal(status, 200)
    return headers.get('cache-status')?.includes('stale')
  })
  const draft = await driver.request('GET', `/v1/roles/${shared}/draft`)
  assert.equal(draft.status, 503, draft.text)
  assert.ok(draft.ms < 8000, `a refusal took ${draft.ms} ms`)
  assert.equal((await driver.request('GET', '/health/live')).status, 200)
  assert.equal((await driver.request('GET', '/health/ready')).status, 503)
}

function migrator(t: Trial, url: string, env: Record<string, string> = {}, imports: string[] = []): Service {
  const service = new Service(t.build, 'cli', { env: { DATABASE_URL: url, ...env }, args: ['migrate'], imports })
  t.after(() => service.kill())
  return service
}

async function sessions(server: PostgresServer, url: string): Promise<number> {
  const [row] = await server.query<{ count: number }>(
    'select count(*)::int as count from pg_stat_activity where datname = $1',
    [new URL(url).pathname.slice(1)],
  )
  return row?.count ?? 0
}

/** A server whose files are on a disk of their own, which is soon full. */
async function smallDisk(t: Trial): Promise<{ server: PostgresServer; free: () => Promise<void> }> {
  const disk = join(t.folder, 'disk')
  await mkdir(disk, { recursive: true })
  await chmod(t.folder, 0o711)
  await run('mount', ['-t', 'tmpfs', '-o', 'size=160m,mode=711', 'tmpfs', disk]).catch(error => {
    throw new Skipped(`a tmpfs cannot be mounted here: ${String(error.stderr ?? error).trim()}`)
  })
  let server: PostgresServer | undefined
  let mounted = true
  const free = async () => {
    await server?.stop('immediate')
    if (mounted) await run('umount', [disk])
    mounted = false
  }
  t.after(free)
  const settings = { max_wal_size: '8MB', min_wal_size: '2MB', wal_recycle: 'off' }
  server = await startPostgres(disk, { settings, initdb: ['--wal-segsize=1'] })
  return { server, free }
}
