/** What `import` does: documents as drafts, and exports as what they were, one by one, as the routes would. */
import { readFile } from 'node:fs/promises'
import { SingleBar } from 'cli-progress'
import type { Kysely } from 'kysely'
import { Value } from 'typebox/value'
import { ArgumentsError } from '../arguments.ts'
import { explainUnknownOrganisation } from '../catalogues/store.ts'
import { transact } from '../database/connect.ts'
import { type Actor, insertEvents } from '../database/events.ts'
import type { Database } from '../database/types.ts'
import { Slug } from '../document/schema.ts'
import { slugFrom } from '../document/slug.ts'
import { counted } from '../document/wording.ts'
import type { Caller } from '../plugins/auth.ts'
import { validateComponent } from '../plugins/body.ts'
import { Problem } from '../plugins/problems.ts'
import { digestOf } from '../roles/store.ts'
import { type File, findFiles, nameOf, PathError, whyTaken, whyUnread } from './files.ts'
import { createImportPool, type ImportPool } from './pool.ts'
import { withoutDraft } from './report.ts'
import { checkExport, restore, rolesOf } from './restore.ts'
import type { ImportReport } from './schema.ts'
import { slugIn } from './source/front-matter.ts'
import type { DocumentType } from './source/scan.ts'
import {
  documentBytesMax,
  findContext,
  findKnown,
  type Imported,
  MadeMeanwhile,
  readAnew,
  saveImport,
  type Target,
  withoutIds,
} from './store.ts'

/** How it is called. */
export const importUsage =
  'npm run import -- PATH… --organisation SLUG [--overwrite] [--owner NAME]\n       npm run import -- roles.ndjson'

/** As node:util's parseArgs takes them. */
export const importOptions = {
  organisation: { type: 'string' },
  overwrite: { type: 'boolean' },
  owner: { type: 'string' },
} as const

export interface ImportArguments {
  paths: readonly string[]
  /** Whose roles the documents become; not needed for exports. */
  organisation: string | undefined
  /** Whether drafts that were edited since their last import are replaced. */
  overwrite: boolean
  /** Who is said to have done it. */
  owner: string
}

/**
 * Makes sense of the options of `import`.
 *
 * @throws ArgumentsError for the first thing that is wrong.
 */
export function readImportArguments(
  values: Readonly<Record<string, unknown>>,
  paths: readonly string[],
): ImportArguments {
  const {
    organisation,
    overwrite = false,
    owner = 'import',
  } = values as {
    organisation?: string
    overwrite?: boolean
    owner?: string
  }
  if (paths.length === 0) throw new ArgumentsError(`Name the files or folders to import.\nUsage: ${importUsage}`)
  if (organisation !== undefined && !Value.Check(Slug, organisation))
    throw new ArgumentsError(`--organisation must be a slug, such as home-office.\nUsage: ${importUsage}`)
  if (!/^[^\p{C}]{1,100}$/u.test(owner)) throw new ArgumentsError('--owner must be a name of 1 to 100 characters.')
  return { paths, organisation, overwrite, owner }
}

/** Where the command tells how it goes. */
interface Outlet {
  /** Whether people look on: they get a bar, a log file gets lines. */
  isTerminal: boolean
  stream: NodeJS.WritableStream
}

type Result = 'created' | 'updated' | 'unchanged' | 'restored' | 'left alone' | 'failed' | 'passed over'
const results: Result[] = ['created', 'updated', 'unchanged', 'restored', 'left alone', 'failed', 'passed over']

interface Done {
  result: Result
  name: string
  role?: string
  report?: ImportReport
  /** Why, where it did not go as meant. */
  detail?: string
}

/** Sums of what was done, and what to say of it at the end: of each thing only so much as can be read. */
class Summary {
  readonly #sums = new Map<Result, { files: number; sections: number; warnings: number; losses: number }>()
  readonly #failures: string[] = []

  add({ result, name, report, detail }: Done) {
    const sum = this.#sums.get(result) ?? { files: 0, sections: 0, warnings: 0, losses: 0 }
    sum.files += 1
    sum.sections += report?.recognised.sections.length ?? 0
    sum.warnings += report?.warnings.length ?? 0
    sum.losses += report?.losses.length ?? 0
    this.#sums.set(result, sum)
    if (result === 'failed') this.#failures.push(`${name}: ${detail ?? ''}`)
  }

  count = (result: Result) => this.#sums.get(result)?.files ?? 0

  /** A table, and below it the first failures. */
  text(): string {
    const head = ['', 'files', 'sections', 'warnings', 'losses']
    const rows = results.flatMap(result => {
      const sum = this.#sums.get(result)
      return sum ? [[result, ...[sum.files, sum.sections, sum.warnings, sum.losses].map(String)]] : []
    })
    const widths = head.map((_, at) => Math.max(...[head, ...rows].map(row => row[at]?.length ?? 0)))
    const lines = [head, ...rows].map(row =>
      row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join('  '),
    )
    const shown = this.#failures.slice(0, 20).map(failure => `  ${failure}`)
    if (this.#failures.length > 20) shown.push(`  and ${this.#failures.length - 20} more`)
    return [...lines, ...(shown.length > 0 ? ['', 'Failed:', ...shown] : [])].join('\n')
  }
}

/** One file. Every outcome is a Done but a database that fails. */
async function importOne(
  db: Kysely<Database>,
  pool: ImportPool,
  { path, type, bytes, named, unread = whyUnread(path) }: File,
  { organisation, overwrite, owner }: ImportArguments & { organisation: string },
  taken: Map<string, string>,
): Promise<Done> {
  const name = path
  if (type === undefined || type === 'export')
    return { result: named ? 'failed' : 'passed over', name, ...(unread ? { detail: unread } : {}) }
  if (bytes > documentBytesMax)
    return {
      result: 'failed',
      name,
      detail: `it has ${bytes.toLocaleString('en-GB')} bytes; ${documentBytesMax.toLocaleString('en-GB')} is the limit`,
    }
  let source: Buffer
  try {
    source = await readFile(path)
  } catch (error) {
    // It is gone since it was found, or may not be read: the others go on.
    return { result: 'failed', name, detail: `it cannot be read (${(error as NodeJS.ErrnoException).code})` }
  }
  const slug = (type === 'text/markdown' && slugIn(source)) || slugFrom(nameOf(path))
  if (slug === '') return { result: 'failed', name, detail: 'its name has no letters for a slug; rename it' }
  const why = whyTaken(taken, slug, path, 'rename one')
  if (why !== undefined) return { result: 'failed', name, detail: why }
  const file = { name, slug, type, source }
  return readAnew(() => importSource(db, pool, file, { organisation, overwrite, owner })).catch(error => ({
    result: 'failed',
    name,
    role: slug,
    detail: problemText(error),
  }))
}

interface Source {
  name: string
  slug: string
  type: DocumentType
  source: Buffer
}

async function importSource(
  db: Kysely<Database>,
  pool: ImportPool,
  file: Source,
  { organisation, overwrite, owner }: { organisation: string; overwrite: boolean; owner: string },
): Promise<Done> {
  const { name, slug, type, source } = file
  const known = await findKnown(db, slug)
  if (known && known.organisation !== organisation)
    return {
      result: 'failed',
      name,
      detail: `the slug "${slug}" belongs to a role of another organisation; rename the file`,
    }
  if (known && known.source === digestOf(source) && !known.edited) return { result: 'unchanged', name, role: slug }
  if (known?.edited && !overwrite)
    return {
      result: 'left alone',
      name,
      role: slug,
      detail: 'its draft was edited since its last import; --overwrite replaces it',
    }
  const context = await findContext(db, organisation, known ? { previous: known.document } : {})
  const result = await pool.run(source, type, context)
  const { document, report, problems } = result
  if (!document)
    return { result: 'failed', name, role: slug, report, detail: problems.map(({ detail }) => detail).join(' ') }
  const caller: Caller = { id: 'import', owner, organisation, scopes: new Set(['import:write']) }
  const target: Target = known ? { role: slug, revision: known.revision, match: null } : { slug }
  let saved: Imported
  try {
    validateComponent('NewRoleDocument', withoutIds(document))
    saved = await transact(db, async trx => {
      const imported = await saveImport(
        trx,
        caller,
        organisation,
        target,
        { ...result, document },
        { mediaType: type, bytes: source },
      )
      await insertEvents(trx, actorOf(owner), imported.events)
      return imported
    })
  } catch (error) {
    // Of two documents with one new text about the organisation, one makes the shared section and the other uses it.
    if (error instanceof MadeMeanwhile) throw error
    return { result: 'failed', name, role: slug, report: withoutDraft(report), detail: problemText(error) }
  }
  const made = saved.report.unchanged ? 'unchanged' : known ? 'updated' : 'created'
  return { result: made, name, role: slug, report: saved.report }
}

const actorOf = (owner: string): Actor => ({ id: null, owner, requestId: null })

/** What a caller would be told; throws what is no refusal. */
function problemText(error: unknown): string {
  if (!(error instanceof Problem)) throw error
  const errors = error.options.errors?.map(({ pointer, detail }) => `${pointer}: ${detail}`) ?? []
  return errors.length > 0 ? errors.slice(0, 5).join(' ') : error.message
}

async function* restoreAll(db: Kysely<Database>, path: string, owner: string): AsyncGenerator<Done> {
  const caller: Caller = { id: 'import', owner, organisation: '', scopes: new Set(['admin']) }
  for await (const line of rolesOf(path)) {
    const role = String(line.role.slug)
    const name = `${path}: ${role}`
    try {
      const changed = await restore(db, caller, actorOf(owner), line)
      yield { result: changed ? 'restored' : 'unchanged', name, role }
    } catch (error) {
      yield { result: 'failed', name, role, detail: problemText(error) }
    }
  }
}

const lineOf = ({ result, name, role, report, detail }: Done): string => {
  const parts = [
    ...(report
      ? [
          `${counted(report.recognised.sections.length, 'section')}, ${counted(report.warnings.length, 'warning')}, ${report.coverage.percent} % of the text`,
        ]
      : []),
    ...(detail ? [detail] : []),
  ]
  return `${result} ${name}${role && role !== name ? ` → ${role}` : ''}${parts.length > 0 ? `: ${parts.join('; ')}` : ''}`
}

/** How many documents are in hand at once, so that memory does not grow with their number. */
const atOnce = 2

/** The threads that the command reads with; nobody waits for its answers, so a document may take longer. */
export const commandPool = () => createImportPool({ size: atOnce, timeLimitMs: 20_000 })

/** Each by itself. */
async function* importAll(
  db: Kysely<Database>,
  pool: ImportPool,
  files: readonly File[],
  args: ImportArguments & { organisation: string },
): AsyncGenerator<Done> {
  const taken = new Map<string, string>()
  const running: Running = new Set()
  try {
    for (const file of files) {
      if (running.size === atOnce) yield await first(running)
      start(running, importOne(db, pool, file, args, taken))
    }
    while (running.size > 0) yield await first(running)
  } finally {
    await Promise.allSettled(running)
  }
}

type Running = Set<Promise<{ done: Done; self: () => void }>>

function start(running: Running, work: Promise<Done>) {
  const entry: Promise<{ done: Done; self: () => void }> = work.then(done => ({
    done,
    self: () => running.delete(entry),
  }))
  running.add(entry)
}

async function first(running: Running): Promise<Done> {
  const { done, self } = await Promise.race(running)
  self()
  return done
}

/**
 * Imports files and the files of folders. Each is a transaction of its own: what was done stays done, and the same command
 * again goes on where it was cut off. Gives the exit code: 0 all is in the register; 1 something failed; 3 nothing failed,
 * but drafts that people edited were left alone.
 *
 * @throws ArgumentsError, PathError, ExportError where nothing could be begun.
 */
export async function importFiles(
  db: Kysely<Database>,
  pool: ImportPool,
  args: ImportArguments,
  outlet: Outlet,
): Promise<number> {
  const files = await findFiles(args.paths)
  const exports = files.filter(({ type }) => type === 'export')
  const documents = files.filter(({ type }) => type !== 'export')
  const { organisation } = args
  if (documents.length > 0) {
    if (organisation === undefined)
      throw new ArgumentsError(`--organisation says whose roles these are.\nUsage: ${importUsage}`)
    const known = await db
      .selectFrom('organisations')
      .select('slug')
      .where('slug', '=', organisation)
      .executeTakeFirst()
    if (!known) throw new ArgumentsError(await explainUnknownOrganisation(db, organisation))
  } else if (exports.length > 0 && organisation !== undefined)
    throw new ArgumentsError(
      `An export says itself whose roles it holds: leave --organisation out.\nUsage: ${importUsage}`,
    )
  let total = documents.length
  for (const { path } of exports) total += await checkExport(path)
  if (total === 0 && exports.length === 0) throw new PathError('There is no file to import in what you named.')

  const summary = new Summary()
  const bar = outlet.isTerminal
    ? new SingleBar({
        stream: outlet.stream as never,
        format: '{bar} {value}/{total} {name}',
        hideCursor: true,
        forceRedraw: true,
      })
    : undefined
  const tell = (done: Done) => {
    summary.add(done)
    if (bar) bar.increment(1, { name: done.name.slice(-50) })
    else outlet.stream.write(`${lineOf(done)}\n`)
  }
  bar?.start(total, 0, { name: '' })
  try {
    for (const { path } of exports) for await (const done of restoreAll(db, path, args.owner)) tell(done)
    if (organisation !== undefined)
      for await (const done of importAll(db, pool, documents, { ...args, organisation })) tell(done)
  } finally {
    bar?.stop()
  }
  outlet.stream.write(`\n${summary.text()}\n`)
  if (summary.count('failed') > 0) return 1
  return summary.count('left alone') > 0 ? 3 : 0
}
