// npm run test:faults -- [--only NAME] : breaks a running register in every way we know, and counts what is lost.
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startPostgres } from '../support/postgres.ts'
import { buildService } from '../support/service.ts'
import { cases, Skipped } from './cases.ts'
import { Trial } from './trial.ts'

const { values } = parseArgs({ options: { only: { type: 'string' }, keep: { type: 'boolean', default: false } } })
const chosen = cases.filter(({ name }) => !values.only || name.includes(values.only))
if (chosen.length === 0) {
  console.log(`No case is called ${values.only}. There are:\n  ${cases.map(({ name }) => name).join('\n  ')}`)
  process.exit(2)
}

const limitMs = 20 * 60_000
setTimeout(() => {
  console.log(`not finished in ${limitMs} ms\n0 passed, 1 failed`)
  process.exit(1)
}, limitMs).unref()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1))

const folder = await mkdtemp(join(tmpdir(), 'rr-faults-'))
await chmod(folder, 0o711)
const build = await buildService('test/faults/arm.ts')
// A crash may cost what was not yet on disk, so here it must be: fsync is on.
const server = await startPostgres(join(folder, 'server'))
let passed = 0
let failed = 0
let skipped = 0
const sums = { acknowledged: 0, found: 0, fired: 0 }
try {
  for (const { name, run } of chosen) {
    const trial = new Trial(server, build, join(folder, name.replaceAll(/\W+/g, '-')))
    const began = Date.now()
    const seconds = () => `${((Date.now() - began) / 1000).toFixed(1)} s`
    try {
      await run(trial)
      passed += 1
      const writes = trial.acknowledged > 0 ? [`${trial.acknowledged} writes acknowledged, ${trial.found} found`] : []
      const faults = [`${trial.fired} faults fired`]
      console.log(`ok ${name} (${seconds()}): ${[...writes, ...faults, ...trial.figures].join(', ')}`)
    } catch (error) {
      if (error instanceof Skipped) {
        skipped += 1
        console.log(`SKIPPED ${name}: ${error.message}`)
      } else {
        failed += 1
        console.log(`NOT OK ${name} (${seconds()}): ${error instanceof Error ? error.stack : error}`)
        if (trial.figures.length > 0) console.log(`  ${trial.figures.join(', ')}`)
      }
    }
    sums.acknowledged += trial.acknowledged
    sums.found += trial.found
    sums.fired += trial.fired
    if (!values.keep) await trial.end()
    if (!server.running) await server.start()
  }
} finally {
  await server.stop('immediate')
  await build.remove()
  if (values.keep) console.log(`kept ${folder}`)
  else await rm(folder, { recursive: true, force: true, maxRetries: 3 })
}
console.log(`${sums.acknowledged} writes acknowledged, ${sums.found} found, ${sums.fired} faults fired`)
if (skipped > 0) console.log(`${skipped} SKIPPED`)
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed > 0 ? 1 : 0)
