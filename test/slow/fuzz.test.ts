/** A short run of the fuzzer with a fixed seed; `npm run test:fuzz` is the long one. */
import t from 'tap'
import { describe, fuzz } from '../fuzz/fuzz.ts'
import { makeWorld } from '../fuzz/world.ts'

t.test('every operation answers valid and mutated requests as the contract says', async t => {
  const world = await makeWorld(t)
  const report = await fuzz(world, { runs: 600, seed: 20_260_301, batch: 10 })
  t.equal(report.failures.length, 0, describe(report).join('\n'))
  t.ok(report.counts.size > 30, 'operations were tried')
})
