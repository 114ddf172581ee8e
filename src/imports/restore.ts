/** Exports back in: a file is checked as a whole, and then taken in line by line. */
import { createHash } from 'node:crypto'
import type { Kysely } from 'kysely'
import { transact } from '../database/connect.ts'
import { type Actor, insertEvents } from '../database/events.ts'
import type { Database } from '../database/types.ts'
import type { PublishedRole } from '../document/schema.ts'
import type { Caller } from '../plugins/auth.ts'
import { validateComponent } from '../plugins/body.ts'
import { restoreRole } from '../roles/restore.ts'
import { digestOf } from '../roles/store.ts'
import { linesOf } from './files.ts'

/** An export that is cut, changed or none; the message says which. */
export class ExportError extends Error {
  override name = 'ExportError'
}

/** No line of an export is longer: a published role has 4 MiB at most. */
const lineMax = 5 * 1024 * 1024

interface Line {
  type: string
  count?: number
  digest?: string
  etag?: string
  role?: PublishedRole
}

function parse(text: string, number: number): Line {
  try {
    if (text.length > lineMax) throw new Error('too long')
    const line = JSON.parse(text) as unknown
    if (typeof line === 'object' && line !== null && typeof (line as Line).type === 'string') return line as Line
  } catch {}
  throw new ExportError(`Line ${number} is not a line of an export.`)
}

/**
 * Checks an export against its last line, and gives how many lines come before that one.
 *
 * @throws ExportError where it is cut or was changed.
 */
export async function checkExport(path: string): Promise<number> {
  const hash = createHash('sha256')
  let count = 0
  let end: Line | undefined
  for await (const text of linesOf(path)) {
    if (end) throw new ExportError(`Line ${count + 2} stands behind the end of the export.`)
    if (text.startsWith('{"type":"end"')) {
      end = parse(text, count + 1)
      continue
    }
    hash.update(`${text}\n`)
    count += 1
  }
  if (!end) throw new ExportError('The export is cut: its last line is missing. Fetch it again.')
  if (end.count !== count) throw new ExportError(`The export says ${end.count} lines and has ${count}. Fetch it again.`)
  if (end.digest !== hash.digest('hex'))
    throw new ExportError('The export was changed: its bytes are not those of its digest. Fetch it again.')
  return count
}

/** The roles of a checked export, each with its bytes; lines of other types are passed over. */
export async function* rolesOf(path: string): AsyncGenerator<{ role: PublishedRole; body: string }> {
  let number = 0
  for await (const text of linesOf(path)) {
    number += 1
    const line = parse(text, number)
    if (line.type !== 'role' || !line.role) continue
    const body = text.slice(text.indexOf('"role":') + '"role":'.length, -1)
    if (line.etag !== `"${digestOf(body)}"`) throw new ExportError(`Line ${number}: the role is not that of its ETag.`)
    yield { role: line.role, body }
  }
}

/** Restores one role in a transaction of its own. Gives whether anything changed; throws Problem. */
export function restore(
  db: Kysely<Database>,
  caller: Caller,
  actor: Actor,
  line: { role: PublishedRole; body: string },
): Promise<boolean> {
  validateComponent('PublishedRole', line.role)
  return transact(db, async trx => {
    const { changed, events } = await restoreRole(trx, caller, line)
    await insertEvents(trx, actor, events)
    return changed
  })
}
