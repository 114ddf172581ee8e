// Runs the tests: one PostgreSQL for all of them, a migrated template to clone, tap over the files, and a clear end.
// Arguments are passed on to tap: names of test files, or its options.
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startTestServer, type TestServer } from './support/database.ts'
import { searchLogs } from './support/logs.ts'
import { project } from './support/project.ts'
import { type Build, buildService, filesIn } from './support/service.ts'

const limitMs = Number(process.env.TEST_LIMIT_MS ?? 30 * 60_000)
const bin = join(project, 'node_modules', '.bin')
const tap = join(bin, 'tap')
/** In the environment of everything the tests start, so that what they left running can be told from the rest. */
const run = randomBytes(8).toString('hex')

let child: ChildProcess | undefined
let trouble: string | undefined

const interrupt = (reason: string) => {
  trouble ??= reason
  if (child?.pid) process.kill(-child.pid, 'SIGKILL')
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
  await buildTap()
  // Compiled once for all files: by the process of each it took half of its time.
  const building = filesIn('test').then(files => buildService(...files))
  ;[build, server] = await Promise.all([building, startTestServer(join(folder, 'server'))])
  const results = join(folder, 'results.tap')
  const code = await runTap(server, build, results)
  if (code !== 0) trouble ??= 'tap reports failures'
  if (!trouble) await showCoverage()
  let [, passed, failed] = await count(results)
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

/** In a fresh clone tap still has the plugin that .taprc takes out, which does not work here. */
async function buildTap(): Promise<void> {
  const built = join(project, 'node_modules', '@tapjs', 'test', 'test-built', 'dist', 'esm', 'index.js')
  if ((await readFile(built, 'utf8')).includes('@tapjs/typescript'))
    await finish(spawn(tap, ['build'], { cwd: project }))
}

async function runTap({ url, template }: TestServer, build: Build, results: string): Promise<number> {
  const temporary = await mkdtemp(join(folder, 't-'))
  await chmod(temporary, 0o711)
  const args = [
    `--output-file=${results}`,
    '--reporter=base',
    '--node-arg=--import=./test/support/seed.js',
    // Its coverage takes what tsx compiled for what is written, and finds every line covered.
    '--disable-coverage',
  ]
  const env = {
    ...process.env,
    NODE_V8_COVERAGE: coverage,
    TMPDIR: temporary,
    TEST_RUN: run,
    TEST_PROJECT: project,
    TEST_LOGS: logs,
    TEST_DATABASE_URL: url,
    TEST_TEMPLATE: template,
  }
  const files = process.argv.slice(2).map(argument => argument.replace(/\.ts$/, '.js'))
  child = spawn(tap, [...args, ...files], { cwd: build.folder, env, stdio: 'inherit', detached: true })
  return finish(child)
}

/** Of `src/` by everything that ran, the processes that tests start included. */
async function showCoverage(): Promise<void> {
  const args = [
    'report',
    `--temp-directory=${coverage}`,
    '--include=src/**',
    '--reporter=text',
    '--exclude-after-remap',
  ]
  await finish(spawn(join(bin, 'c8'), args, { cwd: project, stdio: 'inherit' }))
}

async function finish(started: ChildProcess): Promise<number> {
  const [code] = (await once(started, 'exit')) as [number | null]
  return code ?? 1
}

/** tap's last line counts assertions: `# { total: 9, pass: 8, fail: 1 }`. */
async function count(results: string): Promise<[total: number, passed: number, failed: number]> {
  const text = await readFile(results, 'utf8').catch(() => '')
  const last = text.match(/^# \{ total: .*\}$/gm)?.at(-1) ?? ''
  const number = (name: string) => Number(new RegExp(`\\b${name}: (\\d+)`).exec(last)?.[1] ?? 0)
  return [number('total'), number('pass'), number('total') - number('pass') - number('skip') - number('todo')]
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
