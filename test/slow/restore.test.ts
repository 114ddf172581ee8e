// The property of test/restore.test.ts, of many more registers.
import fc from 'fast-check'
import t from 'tap'
import { pool } from '../support/import-command.ts'
import { randomRegister } from '../support/registers.ts'
import { restoreRegister } from '../support/restored.ts'

t.after(() => pool.close())

t.test('import: exports of forty registers into empty ones give the same lines', { timeout: 600_000 }, async t => {
  await fc.assert(fc.asyncProperty(randomRegister, restoreRegister), { numRuns: 40, endOnFailure: true })
  t.pass()
})
