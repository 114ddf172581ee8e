// Runs the tests: one PostgreSQL for all of them, a migrated template to clone, a process for each file, a clear end.
// Arguments are names of test files; without any, those of the quick suite.
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { text } from 'node:stream/consumers'
import { startTestServer, type TestServer } from './support/database.ts'
import { searchLogs } from './support/logs.ts'
import { project } from './support/project.ts'
import { type Build, buildService, filesIn } from './support/service.ts'

const limitMs = Number(process.env.TEST_LIMIT_MS ?? 30 * 60_000)
const fileLimitS = 900
/** Files at once: each waits for the database now and then. */
const jobs = 3
/** In the environment of everything the tests start, so that what they left running can be told from the rest. */
const run = randomBytes(8).toString('hex')

const running = new Set<number>()
let trouble: string | undefined

const interrupt = (reason: string) => {
  trouble ??= reason
  for (const pid of running) process.kill(-pid, 'SIGKILL')
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interrupt(`stopped by ${signal}`))
setTimeout(() => interrupt(`not finished in ${limitMs} ms`), limitMs).unref()

const folder = await mkdtemp(join(tmpdir(), 'rr-'))
const coverage = join(folder, 'coverage')
const logs = join(folder, 'logs')
let server: TestServer | undefined
let build: Build | undefined
try {
  await chmod(folder, 0o711)
  await mkdir(logs)
  // Compiled once for all files: by the process of each it took half of its time.
  const building = filesIn('test').then(files => buildService(...files))
  ;[build, server] = await Promise.all([building, startTestServer(join(folder, 'server'))])
  let [passed, failed] = await runFiles(server, build)
  if (!trouble && failed === 0) await showCoverage(build)
  if (passed + failed === 0) trouble ??= 'no test ran'
  const { lines, secrets, found } = searchLogs(logs)
  if (found.length === 0) passed += 1
  else failed += 1
  console.log(
    `${lines} lines of logs searched for ${secrets} secrets: ${found.length === 0 ? 'none found' : found.join('\n')}`,
  )
  if (trouble) console.log(trouble)
  console.log(`${passed} passed, ${failed} failed`)
  process.exitCode = trouble || failed > 0 ? 1 : 0
} finally {
  await killStrays()
  await server?.stop()
  await build?.remove()
  await rm(folder, { recursive: true, force: true, maxRetries: 3 })
}

/**
 * Runs each file by Node alone: tap's own runner has each module read once more, by hooks for mocks and for a coverage
 * that takes what was compiled for what is written. That took up to a second of each file.
 */
async function runFiles({ url, template }: TestServer, build: Build): Promise<[passed: number, failed: number]> {
  const temporary = await mkdtemp(join(folder, 't-'))
  await chmod(temporary, 0o711)
  const env = {
    ...process.env,
    NODE_V8_COVERAGE: coverage,
    TMPDIR: temporary,
    TAP_TIMEOUT: String(fileLimitS),
    TEST_RUN: run,
    TEST_PROJECT: project,
    TEST_LOGS: logs,
    TEST_DATABASE_URL: url,
    TEST_TEMPLATE: template,
  }
  const given = process.argv.slice(2)
  const quick = (await filesIn('test')).filter(file => /^test\/[^/]+\.test\.ts$/.test(file)).sort()
  const waiting = given.length > 0 ? given : quick
  const sum: [number, number] = [0, 0]
  const work = async () => {
    for (let file = waiting.shift(); file !== undefined && !trouble; file = waiting.shift()) {
      const [passed, failed] = await runFile(file, build.folder, env)
      sum[0] += passed
      sum[1] += failed
    }
  }
  await Promise.all(Array.from({ length: jobs }, work))
  return sum
}

/** Counts assertions, as tap's last line has them: `# { total: 9, pass: 8, fail: 1 }`. What failed is shown. */
async function runFile(file: string, cwd: string, env: NodeJS.ProcessEnv): Promise<[passed: number, failed: number]> {
  const began = performance.now()
  const child = spawn(process.execPath, ['--import=./test/support/seed.js', file.replace(/\.ts$/, '.js')], {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
    // Later than tap's own limit, which can say what it waited for.
    timeout: (fileLimitS + 30) * 1000,
    killSignal: 'SIGKILL',
  })
  const { pid = 0 } = child
  running.add(pid)
  const exited = finish(child).finally(() => running.delete(pid))
  const [output, code] = await Promise.all([text(child.stdout), exited])
  const last = /^# (\{ total: .*\})$/m.exec(output)?.[1]
  const number = (name: string) => Number(new RegExp(`\\b${name}: (\\d+)`).exec(last ?? '')?.[1] ?? 0)
  const passed = number('pass')
  const failed = number('total') - passed - number('skip') - number('todo')
  const isGood = code === 0 && last !== undefined && failed === 0
  console.log(`${isGood ? 'ok' : 'FAILED'} ${file}: ${passed} in ${((performance.now() - began) / 1000).toFixed(1)} s`)
  if (!isGood) console.log(output.replace(/^ *(?:ok \d.*|1\.\.\d+|)\n/gm, ''))
  return [passed, isGood ? 0 : Math.max(failed, 1)]
}

/** Of `src/` by everything that ran, the processes that tests start included. */
async function showCoverage({ folder }: Build): Promise<void> {
  const args = [
    'report',
    `--temp-directory=${coverage}`,
    '--include=src/**',
    `--include=${relative(project, folder)}/src/**`,
    '--exclude-node-modules=false',
    '--reporter=text',
  ]
  await finish(spawn(join(project, 'node_modules', '.bin', 'c8'), args, { cwd: project, stdio: 'inherit' }))
}

async function finish(started: ChildProcess): Promise<number> {
  const [code] = (await once(started, 'exit')) as [number | null]
  return code ?? 1
}

/** Node processes by the mark in their environment, database servers by the folder that they are under. */
async function killStrays(): Promise<void> {
  const pids = new Set<number>()
  for (const pid of (await readdir('/proc').catch(() => [])).filter(name => /^\d+$/.test(name))) {
    const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '')
    if (environment.split('\0').includes(`TEST_RUN=${run}`)) pids.add(Number(pid))
  }
  for (const entry of await readdir(folder, { recursive: true }).catch(() => []))
    if (entry.startsWith('t-') && entry.endsWith('postmaster.pid'))
      pids.add(Number((await readFile(join(folder, entry), 'utf8').catch(() => '')).split('\n')[0]))
  for (const pid of pids)
    if (pid > 0)
      try {
        process.kill(pid, 'SIGKILL')
        console.log(`killed stray process ${pid}`)
      } catch {
        // It ended by itself.
      }
}
