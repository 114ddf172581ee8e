// npm run test:migrations: applies the migrations to an empty database, and again, and compares what is there.
import assert from 'node:assert/strict'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrate, migrationNames } from '../../src/database/migrate.ts'
import { catalogueOf } from '../support/catalogue.ts'
import { withDatabase } from '../support/database.ts'
import { debian15, type PostgresServer, startPostgres } from '../support/postgres.ts'
import { report } from './report.ts'

/** The schema and what migrations put into the tables, less when they did and what differs from dump to dump. */
async function dump(server: PostgresServer, database: string): Promise<string> {
  const text = await server.program('pg_dump', ['-h', server.socketFolder, '-U', 'app', '--column-inserts', database])
  return text.replaceAll(/^\\(un)?restrict .*$/gm, '')
}

async function applyTwice(server: PostgresServer, look: (database: string) => Promise<unknown>): Promise<void> {
  await server.query('create database twice')
  const url = withDatabase(server.url, 'twice')
  assert.deepEqual(await migrate(url), await migrationNames())
  const first = await look('twice')
  assert.deepEqual(await migrate(url), [])
  assert.deepEqual(await look('twice'), first)
}

const folder = await mkdtemp(join(tmpdir(), 'rr-migrations-'))
await chmod(folder, 0o711)
try {
  await report({
    'on PostgreSQL 15, dumped by its own pg_dump': async () => {
      const server = await startPostgres(join(folder, '15'), { fast: true }, debian15)
      try {
        await applyTwice(server, async database => {
          const text = await dump(server, database)
          assert.match(text, /CREATE TABLE public\.role_versions/)
          return text
        })
      } finally {
        await server.stop('immediate')
      }
    },
    'on the embedded PostgreSQL, compared by its catalogue': async () => {
      const server = await startPostgres(join(folder, 'embedded'), { fast: true })
      try {
        await applyTwice(server, async database => {
          const lines = await catalogueOf(withDatabase(server.url, database))
          assert.ok(lines.some(line => line.startsWith('column role_versions.')))
          return lines
        })
      } finally {
        await server.stop('immediate')
      }
    },
  })
} finally {
  await rm(folder, { recursive: true, force: true, maxRetries: 3 })
}
