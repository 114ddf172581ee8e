import { randomBytes } from 'node:crypto'
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * The secret kept in a file that only its owner can read, made at the first call: 43 characters, 256 random bits.
 * Processes that start at once on one folder get the same.
 *
 * @throws the system's error where the folder cannot be written to; Error where the file holds too little to be a secret.
 */
export async function findOrMakeSecret(folder: string, name: string): Promise<string> {
  const path = join(folder, name)
  const kept = await readFile(path, 'utf8').catch(absent)
  if (kept !== undefined) return longEnough(kept.trim(), path)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const made = `${path}.${randomBytes(6).toString('hex')}`
  await writeFile(made, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600, flag: 'wx', flush: true })
  // A link, other than a rename, does not replace what another process has put there meanwhile.
  await link(made, path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
  await rm(made)
  return longEnough((await readFile(path, 'utf8')).trim(), path)
}

/** As of a secret that is configured. An empty file would be a secret that everybody knows. */
function longEnough(secret: string, path: string): string {
  if (secret.length >= 32) return secret
  throw new Error(
    `${path} must hold at least 32 characters; it holds ${secret.length}. Put back what stood there; without it, what was made with it is of no use, and after removing the file a new one is made`,
  )
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}
