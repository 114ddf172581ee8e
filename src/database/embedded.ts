import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmod, chown, lstat, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { connect as connectSocket, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { getuid } from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { chooseLauncher, findBinaries, type Launcher, linkLibraries, locale, run, runOptions } from './launcher.ts'

/** A PostgreSQL under DATA_DIR that this process uses. */
interface EmbeddedPostgres {
  /** Where it listens: a Unix socket in a folder that only its owner can enter. */
  readonly url: string
  /** Whether it was running already, started by another process or left behind by a killed one. */
  readonly adopted: boolean
  /**
   * Ends this process's use of the server. The last process that uses it stops it, so that nobody loses it under
   * their hands and nothing is left running. Safe to call twice.
   */
  stop(): Promise<void>
}

/** How to start it; the defaults are right for everything but tests. */
interface EmbeddedOptions {
  /** Gives up durability for speed. */
  fast?: boolean
  /** Longest wait for the server to accept connections, recovery after a crash included. */
  startTimeoutMs?: number
  /** Told in one sentence of what happens after the start: the server was lost, and is back. */
  log?: (message: string) => void
}

/** Of a session lock in the database `postgres`, held by each process that uses the server. */
const usersLock = 7_263_140_001

/** The longest path that a Unix socket can have on both Linux (107 bytes) and macOS (103). */
const socketPathBytesMax = 103

/**
 * Starts the PostgreSQL that comes as an npm package on the files under `dataDir`, made on the first start, or adopts
 * the one that is running on them. Needs no install script, no writable node_modules and no particular user. While it
 * is in use a server that dies is started again.
 *
 * @throws Error that says what to do, where there are no binaries for this machine, the folder is not ours, or the
 *   server does not come up in time; it ends with the last lines of the server's log.
 */
export async function startEmbedded(dataDir: string, options: EmbeddedOptions = {}): Promise<EmbeddedPostgres> {
  const cluster = await prepare(resolve(dataDir), options)
  const { socketFolder, started } = await ensureRunning(cluster)
  const url = urlOf(socketFolder)
  let session = await signIn(url)
  let stopping: Promise<void> | undefined
  let reviving: Promise<void> | undefined

  const watch = () => {
    session.once('end', () => {
      if (!stopping) reviving = revive()
    })
  }
  const revive = async () => {
    options.log?.('PostgreSQL under DATA_DIR was lost; starting it again')
    for (let waitMs = 100; !stopping; waitMs = Math.min(waitMs * 2, 5000)) {
      try {
        // Files that were removed are not to come back as an empty register.
        if (!(await exists(join(cluster.data, 'PG_VERSION')))) return options.log?.('its files are gone; giving up')
        await ensureRunning({ ...cluster, socketFolder })
        session = await signIn(url)
        watch()
        return options.log?.('PostgreSQL under DATA_DIR is back')
      } catch (error) {
        options.log?.(String(error))
        await sleep(waitMs)
      }
    }
  }
  watch()

  const leaveOnce = async () => {
    await reviving
    await leave(cluster, session)
  }
  return {
    url,
    adopted: !started,
    stop() {
      stopping ??= leaveOnce()
      return stopping
    },
  }
}

/** Everything that is known before the server runs. */
interface Cluster {
  native: string
  root: string
  data: string
  log: string
  socketFolder: string
  startTimeoutMs: number
  fast: boolean
  launcher: Launcher
}

async function prepare(dataDir: string, options: EmbeddedOptions): Promise<Cluster> {
  const native = findBinaries()
  const root = join(dataDir, 'postgres')
  const data = join(root, 'data')
  const made = await mkdir(dataDir, { recursive: true }).catch((error: Error) => {
    throw new Error(`DATA_DIR cannot be used: ${error.message}`)
  })
  const isNew = made !== undefined
  // As root the server is another user, who must pass through the folder but need not list it.
  if (isNew) await chmod(dataDir, getuid?.() === 0 ? 0o711 : 0o700)
  const launcher = await chooseLauncher(native, dataDir, data)
  if (isNew && !launcher.as) await chmod(dataDir, 0o700)
  const lib = join(root, 'lib')
  await mkdir(lib, { recursive: true })
  await chmod(lib, 0o755)
  await chmod(root, 0o700)
  await own(root, launcher)
  await linkLibraries(native, lib)
  launcher.env.LD_LIBRARY_PATH = launcher.env.DYLD_LIBRARY_PATH = `${lib}:${join(native, 'lib')}`
  const socketFolder = await makeSocketFolder(root, launcher)
  const fast = options.fast ?? false
  if (!(await exists(join(data, 'PG_VERSION')))) await initialise(native, root, data, launcher, fast)
  const startTimeoutMs = options.startTimeoutMs ?? 60_000
  return { native, root, data, log: join(root, 'log'), socketFolder, startTimeoutMs, fast, launcher }
}

async function own(path: string, { as }: Launcher): Promise<void> {
  if (as) await chown(path, as.uid, as.gid)
}

/** Normally beside the data. A path too long for a socket gets a folder with a short name that is the same each time. */
async function makeSocketFolder(root: string, launcher: Launcher): Promise<string> {
  const fits = (folder: string) => Buffer.byteLength(socketPath(folder)) <= socketPathBytesMax
  if (fits(root)) return root
  const name = `role-register-${createHash('sha256').update(root).digest('hex').slice(0, 12)}`
  const folder = fits(join(tmpdir(), name)) ? join(tmpdir(), name) : join('/tmp', name)
  await mkdir(folder, { mode: 0o700 }).catch(ignore('EEXIST'))
  const found = await lstat(folder)
  // Anybody can make a folder of this name in there first.
  if (!found.isDirectory() || ![launcher.as?.uid, getuid?.()].includes(found.uid))
    throw new Error(`${folder}, needed for the server's socket, belongs to another user. Set DATA_DIR to a short path.`)
  await chmod(folder, 0o700)
  await own(folder, launcher)
  return folder
}

/** Made beside its place and moved there whole, so a killed or a parallel start never leaves half of it. */
async function initialise(
  native: string,
  root: string,
  data: string,
  launcher: Launcher,
  fast: boolean,
): Promise<void> {
  const prefix = 'data.new-'
  const made = join(root, `${prefix}${randomBytes(6).toString('hex')}`)
  for (const left of (await readdir(root)).filter(name => name.startsWith(prefix))) {
    const madeAt = await stat(join(root, left)).then(
      found => found.mtimeMs,
      () => Date.now(),
    )
    if (Date.now() - madeAt > 3_600_000) await rm(join(root, left), { recursive: true, force: true })
  }
  const args = ['-D', made, '-U', 'app', '-A', 'trust', '-E', 'UTF8', `--locale=${locale}`, '--no-instructions']
  const [command, words] = launcher.command(join(native, 'bin', 'initdb'), fast ? [...args, '-N'] : args)
  try {
    await run(command, words, { ...runOptions(launcher), timeout: 120_000 })
  } catch (error) {
    await rm(made, { recursive: true, force: true })
    throw new Error(`PostgreSQL could not make its files in ${root}: ${reasonOf(error)}`)
  }
  await rename(made, data).catch(async error => {
    await rm(made, { recursive: true, force: true })
    ignore('ENOTEMPTY', 'EEXIST')(error)
  })
}

function reasonOf(error: unknown): string {
  const { code, stderr, message } = error as { code?: unknown; stderr?: string; message?: string }
  // What the system says when the binary's loader is absent: a Linux with musl in place of glibc.
  if (code === 'ENOENT') return 'its binaries do not run on this system. Set DATABASE_URL to use another server.'
  return stderr?.trim() || message || String(error)
}

/** A server that says it is ready and accepts connections; undefined when there is none (yet). */
async function findRunning(data: string): Promise<{ pid: number; socketFolder: string } | undefined> {
  const text = await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '')
  const [pid, , , port = '', socketFolder = '', , , status] = text.split('\n')
  if (!status?.startsWith('ready')) return undefined
  const socket = connectSocket(socketPath(socketFolder, port))
  socket.setTimeout(2000, () => socket.destroy(new Error('no answer')))
  try {
    await once(socket, 'connect')
    return { pid: Number(pid), socketFolder }
  } catch {
    return undefined
  } finally {
    socket.destroy()
  }
}

async function ensureRunning(cluster: Cluster): Promise<{ socketFolder: string; started: boolean }> {
  const deadline = Date.now() + cluster.startTimeoutMs
  for (;;) {
    const running = await findRunning(cluster.data)
    if (running) return { socketFolder: running.socketFolder, started: false }
    const outcome = await launch(cluster, deadline)
    if (outcome.pid) return { socketFolder: cluster.socketFolder, started: true }
    // Another process is starting or stopping it, or what a killed one left behind is still ending.
    const passes = /lock file ".*" (already exists|is empty)|shared memory block/
    if (!passes.test(outcome.output) || Date.now() > deadline)
      throw new Error(`PostgreSQL did not start on ${cluster.data}: ${outcome.output.slice(-1000).trim()}`)
    await sleep(100)
  }
}

/** Starts a server; gives its pid once it accepts connections, else what it wrote before it ended. */
async function launch(cluster: Cluster, deadline: number): Promise<{ pid?: number; output: string }> {
  const { launcher, data, socketFolder, native, fast } = cluster
  const quoted = `"${socketFolder.replaceAll('"', '""')}"`
  const settings = ['listen_addresses=', `unix_socket_directories=${quoted}`, 'port=5432']
  if (fast) settings.push('fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'max_connections=200')
  const args = ['-D', data, ...settings.flatMap(setting => ['-c', setting])]
  const [command, words] = launcher.command(join(native, 'bin', 'postgres'), args)
  const log = await open(cluster.log, (await sizeOf(cluster.log)) > 10_000_000 ? 'w' : 'a', 0o600)
  const from = (await log.stat()).size
  try {
    // In a process group of its own: Ctrl-C is for us alone, who still need the server to finish with.
    const child = spawn(command, words, { ...runOptions(launcher), detached: true, stdio: ['ignore', log.fd, log.fd] })
    child.unref()
    let ended: string | undefined
    child.once('exit', () => {
      ended ??= ''
    })
    child.once('error', error => {
      ended = reasonOf(error)
    })
    while (ended === undefined && Date.now() < deadline) {
      const running = await findRunning(data)
      if (running && running.pid === child.pid) return { pid: running.pid, output: '' }
      await sleep(10)
    }
    if (ended === undefined) {
      child.kill('SIGQUIT')
      ended = `it was not ready in ${cluster.startTimeoutMs} ms. `
    }
    return { output: ended + (await readFile(cluster.log)).subarray(from).toString() }
  } finally {
    await log.close()
  }
}

/** Announces this process as a user of the server, for as long as the session lasts. */
async function signIn(url: string): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'role-register keeper',
    connectionTimeoutMillis: 5000,
    query_timeout: 30_000,
  })
  client.on('error', () => {})
  await client.connect()
  await client.query('select pg_advisory_lock_shared($1)', [usersLock])
  socketOf(client).unref()
  return client
}

/** To use the server is no reason for a process to stay; to leave it in order is. */
function socketOf(client: pg.Client): Socket {
  return client.connection.stream as Socket
}

async function leave({ launcher, native, data }: Cluster, session: pg.Client): Promise<void> {
  socketOf(session).ref()
  const isLast = await session
    .query<{ last: boolean }>('select pg_try_advisory_lock($1) as last', [usersLock])
    .then(({ rows }) => rows[0]?.last ?? false)
    // Without a session the server is most likely gone too; if it is not, who else uses it is unknown.
    .catch(() => false)
  if (isLast) {
    const stop = async (mode: 'fast' | 'immediate') => {
      const args = ['stop', '-D', data, '-m', mode, '-t', '10']
      const [command, words] = launcher.command(join(native, 'bin', 'pg_ctl'), args)
      await run(command, words, { ...runOptions(launcher), timeout: 15_000 })
    }
    await stop('fast').catch(async () => {
      if (await findRunning(data)) await stop('immediate')
    })
  }
  await session.end().catch(() => {})
}

function urlOf(socketFolder: string): string {
  return `postgresql://app@localhost:5432/postgres?host=${encodeURIComponent(socketFolder)}`
}

function socketPath(folder: string, port = '5432'): string {
  return join(folder, `.s.PGSQL.${port}`)
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0
}

/** A handler that swallows the named system errors and throws every other one. */
function ignore(...codes: string[]) {
  return (error: NodeJS.ErrnoException): void => {
    if (!codes.includes(error.code ?? '')) throw error
  }
}
