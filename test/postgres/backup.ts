// npm run test:backup: a register is dumped and restored with the programs of Debian's PostgreSQL 15, and goes on.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeRegister, shared, Trial } from '../faults/trial.ts'
import { catalogueOf } from '../support/catalogue.ts'
import { withDatabase } from '../support/database.ts'
import { debian15, startPostgres } from '../support/postgres.ts'
import { buildService } from '../support/service.ts'
import { report } from './report.ts'
import { importDocument, makeHook, openVacancy, readExport, webhookEnv } from './rounds.ts'

const folder = await mkdtemp(join(tmpdir(), 'rr-backup-'))
await chmod(folder, 0o711)
const build = await buildService()
const server = await startPostgres(join(folder, 'server'), { fast: true }, debian15)
const trial = new Trial(server, build, join(folder, 'trial'))

/** What else must be there: rows of tables that the clients' log does not tell of, those of the queue among them. */
const others = (url: string) =>
  server.query(
    `select 'vacancy' as what, id::text, document::text as value from vacancies
     union all select 'webhook', id::text, url from webhooks
     union all select 'delivery', id::text, status from webhook_deliveries
     union all select 'original', import::text, digest || ' ' || length(bytes) from import_originals
     union all select 'queue', id::text, breaking::text from graphile_worker.migrations
     order by 1, 2`,
    [],
    url,
  )

/** What a reader can cite: every version with its digest, and the feed. */
const cited = (url: string) =>
  server.query(
    `select role, version, digest, encode(sha256(convert_to(body, 'UTF8')), 'hex') as sha256 from role_versions
     union all select type, position, after_digest, request_id from events where position is not null
     order by 1, 2`,
    [],
    url,
  )

try {
  await report({
    'dumped, restored into a new database, and used as before': async () => {
      const register = await makeRegister(server)
      const before = await trial.service(register.url, webhookEnv)
      const driver = (await trial.driver(register)).start()
      await trial.progress(driver, 60)
      await trial.settle(register, driver)
      const document = await importDocument(driver)
      const hook = await makeHook(trial, driver)
      const vacancy = await openVacancy(driver, hook)
      const exported = [await readExport(driver, 'roles'), await readExport(driver, 'vacancies')]
      await trial.terminate(before)

      const connection = ['-h', server.socketFolder, '-U', 'app']
      const file = join(server.folder, 'postgres', 'register.dump')
      const name = new URL(register.url).pathname.slice(1)
      await server.program('pg_dump', [...connection, '-Fc', '-f', file, name])
      await server.query('create database restored')
      await server.program('pg_restore', [...connection, '--exit-on-error', '-d', 'restored', file])
      const restored = { ...register, url: withDatabase(server.url, 'restored') }
      const versions = await cited(register.url)
      assert.deepEqual(await cited(restored.url), versions)
      assert.deepEqual(await others(restored.url), await others(register.url))
      assert.deepEqual(await catalogueOf(restored.url), await catalogueOf(register.url))

      // The tables that only ever grow still do.
      for (const statement of [
        `update events set type = 'x'`,
        'delete from events',
        'truncate events',
        `update role_versions set body = ''`,
        'delete from role_versions',
        'truncate role_versions',
      ])
        await assert.rejects(server.query(statement, [], restored.url), /are never changed/, statement)

      // The same clients' log goes on: the checker holds both halves together against the restored database.
      const after = await trial.service(restored.url, webhookEnv)
      assert.deepEqual([await readExport(driver, 'roles'), await readExport(driver, 'vacancies')], exported)
      assert.equal((await driver.request('GET', `${document.path}/original`)).text, document.bytes)
      assert.equal((await driver.request('GET', vacancy)).status, 200)
      // The same webhook, by the same secret; positions of the feed follow those before the dump.
      await openVacancy(driver, hook)
      const latest = await driver.request('GET', `/v1/roles/${shared}`)
      assert.equal(latest.status, 200)
      const digest = createHash('sha256').update(latest.text).digest('base64url')
      assert.equal(latest.headers.get('etag'), `"${digest}"`)
      const next = (await trial.driver(restored)).start()
      await trial.progress(next, 60)
      await trial.settle(restored, next)
      assert.ok(next.acknowledgedAt.publish > 0, 'nothing was published after the restore')
      await trial.terminate(after)
      return `${versions.length} digests and events agree, ${trial.acknowledged} writes acknowledged, ${trial.found} found`
    },
  })
} finally {
  await trial.end()
  await server.stop('immediate')
  await build.remove()
  await rm(folder, { recursive: true, force: true, maxRetries: 3 })
}
