/** A PostgreSQL server that a suite starts, stops and breaks as it likes: the embedded one, or that of Debian. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown, mkdir, open } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { chooseLauncher, findBinaries, type Launcher, linkLibraries } from '../../src/database/launcher.ts'
import { cleanUpAfterUs } from './database.ts'
import { until } from './until.ts'

export const debian15 = '/usr/lib/postgresql/15'

const run = promisify(execFile)
const startLimitMs = 60_000

export interface PostgresOptions {
  /** Gives up durability for speed; where nothing is killed nobody misses it. */
  fast?: boolean
  /** As `-c` of postgres. */
  settings?: Record<string, string | number>
  /** More arguments for initdb. */
  initdb?: readonly string[]
}

export class PostgresServer {
  /** Of a superuser, through a Unix socket. */
  readonly url: string
  readonly socketFolder: string
  readonly folder: string
  readonly #launcher: Launcher
  readonly #native: string
  readonly #options: PostgresOptions
  #child: ChildProcess | undefined

  constructor(native: string, folder: string, socketFolder: string, launcher: Launcher, options: PostgresOptions) {
    this.#native = native
    this.#launcher = launcher
    this.#options = options
    this.folder = folder
    this.socketFolder = socketFolder
    this.url = `postgresql://app@localhost:5432/postgres?host=${encodeURIComponent(socketFolder)}`
  }

  get data(): string {
    return join(this.folder, 'postgres', 'data')
  }

  get logFile(): string {
    return join(this.folder, 'log')
  }

  get running(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** Resolves when the server accepts connections, recovery after a crash included. */
  async start(): Promise<void> {
    const { fast = false, settings = {} } = this.#options
    const all: Record<string, string | number> = {
      listen_addresses: '',
      unix_socket_directories: this.socketFolder,
      max_connections: 200,
      ...(fast ? { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' } : {}),
      ...settings,
    }
    const args = ['-D', this.data, ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])]
    const [command, words] = this.#launcher.command(join(this.#native, 'bin', 'postgres'), args)
    const log = await open(this.logFile, 'a')
    const child = spawn(command, words, { ...this.#spawnOptions, detached: true, stdio: ['ignore', log.fd, log.fd] })
    this.#child = child
    await log.close()
    await until(async () => {
      if (child.exitCode !== null) throw new Error(`PostgreSQL ended with ${child.exitCode}; see ${this.logFile}`)
      await this.query('select')
      return true
    }, startLimitMs)
  }

  /** `fast` ends it in order, `immediate` as a crash does. */
  async stop(mode: 'fast' | 'immediate' = 'fast'): Promise<void> {
    const child = this.#child
    if (!child || !this.running) return
    const ended = once(child, 'exit', { signal: AbortSignal.timeout(startLimitMs) })
    child.kill(mode === 'fast' ? 'SIGINT' : 'SIGQUIT')
    await ended
  }

  /** A statement of the superuser, in a session of its own. */
  async query<Row extends pg.QueryResultRow>(text: string, values: unknown[] = [], url = this.url): Promise<Row[]> {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000, query_timeout: 60_000 })
    client.on('error', () => {})
    await client.connect()
    try {
      return (await client.query<Row>(text, values)).rows
    } finally {
      await client.end()
    }
  }

  /** One of the programs that come with the server, such as pg_dump, with its output. Throws where it fails. */
  async program(name: string, args: readonly string[]): Promise<string> {
    const [command, words] = this.#launcher.command(join(this.#native, 'bin', name), args)
    const options = { ...this.#spawnOptions, maxBuffer: 100_000_000, timeout: 120_000 }
    return (await run(command, words, options)).stdout
  }

  get #spawnOptions() {
    return { env: this.#launcher.env, cwd: '/', ...this.#launcher.as }
  }
}

/**
 * Makes and starts a server under `folder`, which others may pass through. It ends when this process does, however that
 * ends, and its folder is removed then.
 *
 * @param native the folder over `bin`; the embedded binaries unless given.
 */
export async function startPostgres(
  folder: string,
  options: PostgresOptions = {},
  native?: string,
): Promise<PostgresServer> {
  const binaries = native ?? findBinaries()
  const root = join(folder, 'postgres')
  const data = join(root, 'data')
  await mkdir(folder, { recursive: true, mode: 0o711 })
  const launcher = await chooseLauncher(binaries, folder, data)
  await mkdir(data, { recursive: true, mode: 0o700 })
  await chmod(root, 0o755)
  if (launcher.as) for (const path of [root, data]) await chown(path, launcher.as.uid, launcher.as.gid)
  if (!native) {
    const lib = join(folder, 'lib')
    await mkdir(lib)
    await linkLibraries(binaries, lib)
    launcher.env.LD_LIBRARY_PATH = `${lib}:${join(binaries, 'lib')}`
  }
  const server = new PostgresServer(binaries, folder, root, launcher, options)
  const args = ['-D', data, '-U', 'app', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '--no-instructions', '-N']
  await server.program('initdb', [...args, ...(options.initdb ?? [])])
  cleanUpAfterUs(folder)
  await server.start()
  return server
}
