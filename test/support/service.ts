/** The service as processes of its own, compiled once: tsx would take seconds at each of many starts. */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { appendFileSync } from 'node:fs'
import { mkdir, readdir, rm, symlink } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { dirname, join, relative } from 'node:path'
import { build as esbuild, type PluginBuild } from 'esbuild'
import { project } from './project.ts'
import { until } from './until.ts'

export interface Build {
  folder: string
  /** Compiled files by their path in the project, less its extension. */
  path(source: string): string
  remove(): Promise<void>
}

/** The files under a folder of the project, by their paths in it. */
export async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(join(project, folder), { recursive: true, withFileTypes: true })
  return entries
    .filter(entry => !entry.isDirectory())
    .map(entry => relative(project, join(entry.parentPath, entry.name)))
}

/** Where this file lies: in the project, or in a build of it that its tests run from. */
const here = join(import.meta.dirname, '..', '..')

/** What a build does not have from the project: what it makes itself, and what is made of it. */
const notLinked = new Set(['src', 'test', 'dist', 'node_modules', '.git'])

/** Files stay apart, each importing what the other is compiled to. */
const importAsCompiled = ({ onResolve }: PluginBuild) =>
  onResolve({ filter: /./ }, ({ kind, path }) =>
    kind === 'entry-point' ? undefined : { path: path.replace(/^(\..*)\.ts$/, '$1.js'), external: true },
  )

/**
 * Compiles `src/` and further files, without checking types, into a folder that is otherwise like the project: what is
 * not compiled is linked, and packages are found as from the project's own. Within a build, that one.
 */
export async function buildService(...further: string[]): Promise<Build> {
  const buildAt = (folder: string, remove: () => Promise<void>): Build => ({
    folder,
    path: name => join(folder, `${name}.js`),
    remove,
  })
  if (here !== project) return buildAt(here, async () => {})
  const folder = join(project, 'node_modules', '.cache', `build-${randomBytes(6).toString('hex')}`)
  const sources = [...(await filesIn('src')), ...further]
  await esbuild({
    absWorkingDir: project,
    entryPoints: sources.filter(source => source.endsWith('.ts')),
    outdir: folder,
    outbase: '.',
    format: 'esm',
    platform: 'node',
    // Beside the code: within, it would count against the limits of memory that threads have.
    sourcemap: 'linked',
    sourcesContent: false,
    bundle: true,
    treeShaking: false,
    plugins: [{ name: 'apart', setup: importAsCompiled }],
    logLevel: 'warning',
  })
  for (const source of sources) {
    const to = join(folder, source)
    await mkdir(dirname(to), { recursive: true })
    // The sources too: some tests run them.
    await symlink(join(project, source), to)
  }
  for (const name of await readdir(project))
    if (!notLinked.has(name)) await symlink(join(project, name), join(folder, name))
  return buildAt(folder, () => rm(folder, { recursive: true, force: true }))
}

export interface ServiceOptions {
  env: Record<string, string>
  args?: string[]
  /** Modules to load first. */
  imports?: string[]
  /** Where its output is kept too. */
  logFile?: string
}

/** Ended with this process, which may be cut short. */
const living = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of living) child.kill('SIGKILL')
})

/** One process of `src/server.ts` or `src/cli.ts`, with no environment but what it is given. */
export class Service {
  readonly child: ChildProcess
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
  out = ''
  err = ''

  constructor(build: Build, file: 'server' | 'cli', { env, args = [], imports = [], logFile }: ServiceOptions) {
    const words = [...imports.map(path => `--import=${path}`), build.path(`src/${file}`), ...args]
    const { PATH = '' } = process.env
    const child = spawn(process.execPath, words, { env: { PATH, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
    this.child = child
    child.stdout.on('data', data => {
      this.out += data
      if (logFile) appendFileSync(logFile, data)
    })
    child.stderr.on('data', data => {
      this.err += data
      if (logFile) appendFileSync(logFile, data)
    })
    this.exited = once(child, 'close').then(([code, signal]) => ({ code, signal }))
    living.add(child)
    void this.exited.then(() => living.delete(child))
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null
  }

  /** Resolves to the base URL; throws what the process wrote where it ended instead. */
  async listening(limitMs = 180_000): Promise<string> {
    const announced = () => /listening at \S+ for (http:\S+?)"/.exec(this.out)?.[1]
    await until(() => !this.running || announced(), limitMs)
    const url = announced()
    if (!url) throw new Error(`the service ended: ${this.out}${this.err}`)
    return url
  }

  /** Lines of its log at a level or worse; pino's own numbers or names. */
  troubles(): string[] {
    return `${this.out}${this.err}`
      .split('\n')
      .filter(line => /"level":"(error|fatal)"/.test(line) || (line !== '' && !line.startsWith('{')))
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL')
    await this.exited
  }
}

/** A port that was free a moment ago: the same for every process of a case, so that clients find the next one. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}
