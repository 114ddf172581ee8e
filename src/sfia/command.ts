/** What `sfia:load` does. */
import { readFile } from 'node:fs/promises'
import type { Kysely } from 'kysely'
import { ArgumentsError } from '../arguments.ts'
import { transact } from '../database/connect.ts'
import { insertEvents } from '../database/events.ts'
import type { Database } from '../database/types.ts'
import { sfiaVersions } from '../document/code-lists.ts'
import type { SfiaVersion } from '../document/schema.ts'
import { describeProblem, parseSfia } from './load.ts'
import { loadSfia } from './store.ts'

export const sheetUsage = 'npm run sfia:load -- --version 9 file.csv|file.xlsx'

/** A sheet that is not loaded; the message has a line for each thing that is wrong. */
export class SheetError extends Error {
  override name = 'SheetError'
}

/**
 * Reads what stands after `sfia:load`: the version, and the one file.
 *
 * @throws ArgumentsError where either is missing or wrong, SheetError where the file cannot be read.
 */
export async function readSheet(
  version: unknown,
  files: readonly string[],
): Promise<{ version: SfiaVersion; bytes: Uint8Array }> {
  const known = sfiaVersions.find(one => one === version)
  if (!known)
    throw new ArgumentsError(`--version must be the version of SFIA: ${sfiaVersions.join(', ')}.\nUsage: ${sheetUsage}`)
  const [file] = files
  if (file === undefined || files.length > 1) throw new ArgumentsError(`Name one spreadsheet.\nUsage: ${sheetUsage}`)
  try {
    return { version: known, bytes: await readFile(file) }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new SheetError(code === 'ENOENT' ? `There is no file ${file}.` : `${file} cannot be read (${code}).`)
  }
}

const problemsShown = 50

/**
 * Loads a spreadsheet as the whole index of a version, in one transaction, and gives a sentence that says what was
 * done. The same sheet again changes nothing, and the sentence says so.
 *
 * @throws SheetError where anything in the sheet is wrong, or it says itself that it is of another version;
 *   SfiaInUseError where roles use what it lacks. Nothing is loaded then.
 */
export async function loadSheet(db: Kysely<Database>, version: SfiaVersion, bytes: Uint8Array): Promise<string> {
  const { skills, problems, statedVersions } = await parseSfia(bytes)
  if (problems.length > 0) {
    const lines = problems.slice(0, problemsShown).map(problem => `  ${describeProblem(problem)}`)
    if (problems.length > problemsShown) lines.push(`  and ${problems.length - problemsShown} more`)
    throw new SheetError(`Nothing was loaded, because the sheet is not right:\n${lines.join('\n')}`)
  }
  if (statedVersions.length > 0 && !statedVersions.includes(version))
    throw new SheetError(
      `Nothing was loaded: the links in the sheet are of SFIA ${statedVersions.join(', ')}, not ${version}.`,
    )
  const load = await transact(db, async trx => {
    const done = await loadSfia(trx, version, skills)
    const { before, after } = done.digests
    const event = {
      type: 'sfia_loaded',
      subject: `/v1/sfia/${version}/skills`,
      ...(before === null ? {} : { beforeDigest: before }),
      afterDigest: after,
      data: { skills: done.skills },
    }
    if (done.changed) await insertEvents(trx, { id: null, owner: null, requestId: null }, [event])
    return done
  })
  const count = `${load.skills} skill${load.skills === 1 ? '' : 's'}`
  return load.changed
    ? `Loaded ${count} of SFIA ${version}; its index is complete now.`
    : `SFIA ${version} holds exactly these ${count} already; nothing changed.`
}
