// npm run test:postgres-15 -- [arguments of test/run.ts]: the tests on a server of Debian's PostgreSQL 15.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { debian15, startPostgres } from '../support/postgres.ts'

const project = join(import.meta.dirname, '..', '..')
const folder = await mkdtemp(join(tmpdir(), 'rr-15-'))
await chmod(folder, 0o711)
try {
  const server = await startPostgres(join(folder, 'server'), { fast: true }, debian15)
  try {
    const [row] = await server.query<{ server_version: string }>('show server_version')
    console.log(`PostgreSQL ${row?.server_version}`)
    const args = ['--import=tsx', join(project, 'test', 'run.ts'), ...process.argv.slice(2)]
    const child = spawn(process.execPath, args, {
      cwd: project,
      env: { ...process.env, TEST_DATABASE_URL: server.url },
      stdio: 'inherit',
    })
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
    const [code] = (await once(child, 'exit')) as [number | null]
    process.exitCode = code ?? 1
  } finally {
    await server.stop('immediate')
  }
} finally {
  await rm(folder, { recursive: true, force: true, maxRetries: 3 })
}
