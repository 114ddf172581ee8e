// npm run test:fuzz -- --runs 10000 [--seed 1] [--batch 25]
import { parseArgs } from 'node:util'
import { describe, fuzz } from './fuzz.ts'
import { makeWorld } from './world.ts'

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '5000' },
    seed: { type: 'string' },
    batch: { type: 'string', default: '25' },
  },
})
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31))
console.log(`seed ${seed}`)

const endings: (() => Promise<void>)[] = []
try {
  const world = await makeWorld({ after: work => endings.push(work) })
  const report = await fuzz(world, { runs: Number(values.runs), seed, batch: Number(values.batch) })
  if (report.failures.length > 0) process.exitCode = 1
  console.log(describe(report).join('\n'))
} finally {
  for (const end of endings.reverse()) await end()
}
