/** The service as processes of its own, compiled once: tsx would take seconds at each of many starts. */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { appendFileSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { dirname, join } from 'node:path'
import ts from 'typescript'
import { until } from './until.ts'

const project = join(import.meta.dirname, '..', '..')

export interface Build {
  /** Compiled files by their path in the project, less its extension. */
  path(source: string): string
  remove(): Promise<void>
}

/**
 * Compiles `src/` and further files, without checking types, into a folder from where node_modules, migrations,
 * examples and the views of pages are found as from the project's own.
 */
export async function buildService(...further: string[]): Promise<Build> {
  const folder = join(project, 'node_modules', '.cache', `service-${randomBytes(6).toString('hex')}`)
  const sources = (await readdir(join(project, 'src'), { recursive: true })).map(name => join('src', name))
  const { config } = ts.readConfigFile(join(project, 'tsconfig.json'), ts.sys.readFile) as {
    config: { compilerOptions: unknown }
  }
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, project)
  const path = (source: string) => join(folder, source.replace(/\.ts$/, '.js'))
  for (const source of [...sources, ...further].filter(name => name.endsWith('.ts'))) {
    const text = await readFile(join(project, source), 'utf8')
    const { outputText } = ts.transpileModule(text, {
      compilerOptions: { ...options, module: ts.ModuleKind.ESNext, noEmit: false, incremental: false },
    })
    await mkdir(dirname(path(source)), { recursive: true })
    await writeFile(path(source), outputText)
  }
  await writeFile(join(folder, 'package.json'), '{"type":"module"}')
  // What is read as it is: nothing is made of it.
  const views = join('src', 'pages', 'views')
  for (const name of ['migrations', 'examples', views]) await symlink(join(project, name), join(folder, name))
  return { path: name => path(`${name}.ts`), remove: () => rm(folder, { recursive: true, force: true }) }
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
