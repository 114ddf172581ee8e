/**
 * Keeps a copy of every published role in a folder, and proves that it is right:
 *
 *     node --import=tsx examples/mirror.ts https://register.example ./copy
 *
 * The first run takes the export, each later one follows the change feed from where the last one stopped. What is kept
 * are the bytes as they were published, so that their SHA-256 is the ETag that the register lists.
 */
import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { connect, dataOf, linesOf, pagesOf, type Register, RegisterError } from 'role-register/client'

const digestOf = (bytes: string) => createHash('sha256').update(bytes).digest('base64url')

/** Whole or not at all: a run may be cut short at any time. */
async function save(path: string, content: string): Promise<void> {
  await writeFile(`${path}.new`, content)
  await rename(`${path}.new`, path)
}

/** The files of a mirror: a role each, by its slug, and the place in the feed that they stand at. */
class Folder {
  readonly #path: string
  constructor(path: string) {
    this.#path = path
  }

  /** A slug comes from outside: it must be none that leads elsewhere. */
  #file(slug: string): string {
    if (!/^[a-z0-9-]+$/.test(slug)) throw new Error(`${slug} is no slug`)
    return join(this.#path, `${slug}.json`)
  }

  /** Takes in another copy, once that is whole, in the place of its own. Throws where the folder holds what is no copy. */
  async replace(fill: (copy: Folder) => Promise<void>): Promise<void> {
    const there = await readdir(this.#path).catch((): string[] => [])
    if (there.length > 0 && !there.includes('cursor')) throw new Error(`${this.#path} is not empty, and is no mirror`)
    const path = `${this.#path}.new`
    await rm(path, { recursive: true, force: true })
    await mkdir(path, { recursive: true })
    await fill(new Folder(path))
    await rm(this.#path, { recursive: true, force: true })
    await rename(path, this.#path)
  }

  cursor(): Promise<string | undefined> {
    return readFile(join(this.#path, 'cursor'), 'utf8').catch(() => undefined)
  }

  moveTo = (cursor: string) => save(join(this.#path, 'cursor'), cursor)
  put = (slug: string, bytes: string) => save(this.#file(slug), bytes)
  drop = (slug: string) => rm(this.#file(slug), { force: true })

  /** The digest of each role by its slug. */
  async digests(): Promise<Map<string, string>> {
    const names = (await readdir(this.#path)).filter(name => name.endsWith('.json'))
    const digests = new Map<string, string>()
    for (const name of names) digests.set(name.slice(0, -5), digestOf(await readFile(join(this.#path, name), 'utf8')))
    return digests
  }
}

/** All roles as one snapshot has them. The last line says how many there are, and what all lines together hash to. */
async function takeExport(register: Register, folder: Folder): Promise<void> {
  const stream = dataOf(await register.GET('/v1/exports/roles.ndjson', { parseAs: 'stream' }))
  if (stream === null) throw new Error('the export has no body')
  const hash = createHash('sha256')
  let count = 0
  for await (const line of linesOf(stream)) {
    const entry = JSON.parse(line)
    if (entry.type === 'end') {
      if (entry.count !== count || entry.digest !== hash.digest('hex')) throw new Error('the export is not whole')
      return folder.moveTo(entry.feed_cursor)
    }
    hash.update(`${line}\n`)
    count += 1
    if (entry.type !== 'role') continue
    const bytes = line.slice(line.indexOf('"role":') + '"role":'.length, -1)
    if (entry.etag !== `"${digestOf(bytes)}"`) throw new Error(`${entry.role.slug} came damaged`)
    await folder.put(entry.role.slug, bytes)
  }
  throw new Error('the export was cut')
}

/** Does what changed since the last run, and gives the new place in the feed. */
async function follow(register: Register, folder: Folder, from: string): Promise<string> {
  let after = from
  for (;;) {
    const { changes, next_cursor } = dataOf(
      await register.GET('/v1/changes', { params: { query: { after, wait: 0, limit: 1000 } } }),
    )
    // Of a role only the last change counts; vacancies of roles are in the feed too.
    const ofRoles = changes.filter(({ type }) => type.startsWith('role.'))
    for (const [slug, change] of new Map(ofRoles.map(change => [change.role, change]))) {
      if (change.type === 'role.withdrawn') await folder.drop(slug)
      else if (change.type === 'role.published' && change.roleversion !== null) {
        const path = { role: slug, version: change.roleversion }
        const bytes = dataOf(
          await register.GET('/v1/roles/{role}/versions/{version}', { params: { path }, parseAs: 'text' }),
        )
        await folder.put(slug, bytes)
      }
    }
    await folder.moveTo(next_cursor)
    if (next_cursor === after) return after
    after = next_cursor
  }
}

/** How the mirror differs from the list of the register; undefined where that is of another time. */
async function differences(register: Register, folder: Folder, cursor: string): Promise<string[] | undefined> {
  const held = await folder.digests()
  const found: string[] = []
  const lists = pagesOf(cursor =>
    register.GET('/v1/roles', { params: { query: { limit: 100, ...(cursor ? { cursor } : {}) } } }),
  )
  for await (const { roles, feed_cursor } of lists) {
    if (feed_cursor !== cursor) return undefined
    for (const { slug, etag } of roles) {
      if (`"${held.get(slug)}"` !== etag) found.push(slug)
      held.delete(slug)
    }
  }
  return [...found, ...held.keys()]
}

/** Brings a mirror up to date, and gives how many roles it holds. Throws where it is not equal to the register. */
async function mirror(url: string, path: string): Promise<number> {
  const register = connect(url)
  const folder = new Folder(path)
  const takeAnew = () => folder.replace(copy => takeExport(register, copy))
  if ((await folder.cursor()) === undefined) await takeAnew()
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const from = await folder.cursor()
    if (from === undefined) break
    try {
      const cursor = await follow(register, folder, from)
      const different = await differences(register, folder, cursor)
      if (different?.length)
        throw new Error(`the mirror differs: ${different.join(', ')}. Remove ${path} to begin anew.`)
      if (different) return (await folder.digests()).size
      // Written to, or kept by a cache on the way: that gives lists of up to a minute ago.
      await pause(1000)
    } catch (error) {
      // The register was restored from a backup that is older than our place in its feed.
      if (!(error instanceof RegisterError) || error.problem?.code !== 'cursor_gone') throw error
      await takeAnew()
    }
  }
  throw new Error('the register changes faster than it can be read')
}

const [url, path] = process.argv.slice(2)
if (url === undefined || path === undefined) {
  console.error('Usage: mirror URL FOLDER')
  process.exitCode = 2
} else
  try {
    console.log(`${await mirror(url, path)} roles, equal to the register`)
  } catch (error) {
    // What the network said stands in the cause.
    console.error(
      ...[error, error instanceof Error ? error.cause : undefined].flatMap(each =>
        each instanceof Error ? each.message : [],
      ),
    )
    process.exitCode = 1
  }
