/** The files that a command is given: what they hold by their names, and those that lie in folders. */
import { createReadStream } from 'node:fs'
import { readdir, realpath, stat } from 'node:fs/promises'
import { basename, extname, join } from 'node:path'
import { type DocumentType, wordType } from './source/scan.ts'

const types: Record<string, DocumentType | 'export'> = {
  '.md': 'text/markdown',
  '.markdown': 'text/markdown',
  '.html': 'text/html',
  '.htm': 'text/html',
  '.docx': wordType,
  '.ndjson': 'export',
}

/** The type of a document by the end of its name, which people and browsers know better than types; undefined for others. */
export function typeByName(name: string): DocumentType | undefined {
  const type = types[extname(name).toLowerCase()]
  return type === 'export' ? undefined : type
}

const inWord = 'open it in Word and save it as .docx'
/** What to do with a file of another kind, by the end of its name. */
const ways: Record<string, string> = {
  ...Object.fromEntries(['.doc', '.docm', '.dot', '.dotx', '.odt', '.pages', '.rtf'].map(end => [end, inWord])),
  '.pdf': 'send the document that it was made from',
  '.txt': 'if it is Markdown, let its name end in .md',
  '': 'let its name end in .docx, .html or .md',
}

/** Why a file is not read, by its name; undefined where it may be. */
export function whyUnread(name: string): string | undefined {
  if (isLock(name)) return 'what Word keeps beside a document that is open; close it, or pass over this file'
  if (typeByName(name) !== undefined) return undefined
  const way = ways[extname(name).toLowerCase()]
  return `not Markdown, HTML or Word (.docx, .html or .md)${way ? `; ${way}` : ''}`
}
const noFile = 'no file'
const isLock = (name: string) => basename(name).startsWith('~$')

export interface File {
  path: string
  /** undefined for a file of a kind that is not read. */
  type: DocumentType | 'export' | undefined
  bytes: number
  /** Whether it was named itself, not found in a folder. */
  named: boolean
  /** Why it is not read, where that is for another reason than its name. */
  unread?: string
}

/** What a path leads to that does not; the message names it. */
export class PathError extends Error {
  override name = 'PathError'
}

/** Names without what comes and goes with a version: `01_Data engineer (final).docx` is `01_Data engineer (final)`. */
export const nameOf = (path: string) => basename(path, extname(path))

/**
 * Why a file may not give a role, where another one that came with it gives that too: the later would overwrite the
 * earlier. Else the role is taken, and the answer undefined. `mend`: what to do about it.
 */
export function whyTaken(taken: Map<string, string>, role: string, file: string, mend: string): string | undefined {
  const other = taken.get(role)
  if (other !== undefined) return `${other} gives the role "${role}" too; ${mend}`
  taken.set(role, file)
  return undefined
}

/**
 * Files by name, those of folders at any depth, each once; hidden ones are left out. Links within folders are not
 * followed, so that none leads round or out of them, and said to be so.
 *
 * @throws PathError where there is no such file.
 */
export async function findFiles(paths: readonly string[]): Promise<File[]> {
  const files = new Map<string, File>()
  const take = (real: string, file: File) => {
    const known = files.get(real)
    // What is named beside its folder is named.
    if (known) known.named ||= file.named
    else files.set(real, file)
  }
  const add = async (path: string, named: boolean) => {
    const found = await stat(path).catch(() => undefined)
    if (!found) throw new PathError(`There is no file or folder ${path}.`)
    // That of a pipe leads nowhere.
    const real = await realpath(path).catch(() => path)
    if (!found.isDirectory()) {
      const type = isLock(path) ? undefined : types[extname(path).toLowerCase()]
      const read = { path, type, bytes: found.size, named }
      take(real, found.isFile() ? read : { ...read, type: undefined, unread: noFile })
      return
    }
    const entries = await readdir(path, { withFileTypes: true })
    for (const entry of entries.sort((one, other) => (one.name < other.name ? -1 : 1))) {
      if (entry.name.startsWith('.')) continue
      const inner = join(path, entry.name)
      const unread = entry.isSymbolicLink() ? 'a link, which is followed only where it is named itself' : noFile
      if (entry.isDirectory() || entry.isFile()) await add(inner, false)
      else take(join(real, entry.name), { path: inner, type: undefined, bytes: 0, named: false, unread })
    }
  }
  for (const path of paths) await add(path, true)
  return [...files.values()]
}

/**
 * The lines of a file, one at a time. Only line feeds end them: texts in JSON may hold the other separators of lines that
 * Unicode has, at which node:readline cuts on Node 24.
 */
export async function* linesOf(path: string): AsyncGenerator<string> {
  let rest: string[] = []
  for await (const piece of createReadStream(path, 'utf8') as AsyncIterable<string>) {
    const [first = '', ...others] = piece.split('\n')
    rest.push(first)
    for (const next of others) {
      yield rest.join('')
      rest = [next]
    }
  }
  const last = rest.join('')
  if (last !== '') yield last
}
