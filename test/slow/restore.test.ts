// What an export holds, a register that takes it in holds too, to the byte.
import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { ExportError } from '../../src/imports/restore.ts'
import { testApp } from '../support/app.ts'
import { testDatabase, testFolder } from '../support/database.ts'
import { command, pool } from '../support/import-command.ts'
import { randomRegister } from '../support/registers.ts'
import { exportPath, linesOf, restoreRegister } from '../support/restored.ts'
import { countRows, createPublished, documentWith } from '../support/roles.ts'

t.setTimeout(600_000)
t.after(() => pool.close())

t.test('import: the export of a register into an empty one gives the same lines; again, nothing changes', async t => {
  await fc.assert(fc.asyncProperty(randomRegister, restoreRegister), { numRuns: 40, endOnFailure: true })
  t.pass()
})

t.test('import: an export that is cut or was changed is refused before anything is done', async t => {
  const { call } = await testApp(t)
  await createPublished(call, 'one')
  // A separator of lines to Unicode, and to node:readline: no line of NDJSON ends there.
  await createPublished(call, 'two', documentWith({ title: 'Two\u2028lines' }))
  const { text } = await call(`GET ${exportPath}`, { key: null })
  const { roles, end } = linesOf(text)
  const [one = '', two = ''] = roles
  const last = JSON.stringify(end)
  /** Lines with an end that says what they are. */
  const ended = (lines: string[]) => {
    const digest = createHash('sha256')
      .update(lines.map(line => `${line}\n`).join(''))
      .digest('hex')
    return `${[...lines, JSON.stringify({ ...end, count: lines.length, digest })].join('\n')}\n`
  }
  const { db } = await testDatabase(t)
  const path = join(await testFolder(t), 'roles.ndjson')
  const rows = await countRows(db)
  const cases: [name: string, text: string, message: string][] = [
    ['nothing', '', 'The export is cut: its last line is missing. Fetch it again.'],
    ['no end line', `${one}\n${two}\n`, 'The export is cut: its last line is missing. Fetch it again.'],
    ['cut in a line', text.slice(0, one.length + 500), 'The export is cut: its last line is missing. Fetch it again.'],
    ['cut in the end line', text.slice(0, -20), 'Line 3 is not a line of an export.'],
    ['a line less', `${one}\n${last}\n`, 'The export says 2 lines and has 1. Fetch it again.'],
    ['a line twice', `${one}\n${two}\n${two}\n${last}\n`, 'The export says 2 lines and has 3. Fetch it again.'],
    [
      'other bytes',
      text.replace('"slug":"two"', '"slug":"owt"'),
      'The export was changed: its bytes are not those of its digest. Fetch it again.',
    ],
    [
      'another order',
      `${two}\n${one}\n${last}\n`,
      'The export was changed: its bytes are not those of its digest. Fetch it again.',
    ],
    ['two exports', text + text, 'Line 4 stands behind the end of the export.'],
    [
      'another role than its ETag',
      ended([one.replace('"slug":"one"', '"slug":"eno"')]),
      'Line 1: the role is not that of its ETag.',
    ],
  ]
  for (const [name, changed, message] of cases) {
    await writeFile(path, changed)
    await t.rejects(command(db, [path], { organisation: undefined }), new ExportError(message), name)
    t.strictSame(await countRows(db), rows, name)
  }
  await writeFile(path, ended([two]))
  const { code, text: told } = await command(db, [path], { organisation: undefined })
  t.equal(code, 0, told)
})
