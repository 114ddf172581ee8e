import fc from 'fast-check'
import { roundTrip } from './zz-shared.ts'
import { randomRole } from './support/random-roles.ts'
const [,, format = 'md', runs = '100', seed] = process.argv
const result = await fc.check(fc.asyncProperty(randomRole, ({ document, sharedSections }) => roundTrip(format, document, sharedSections)), { numRuns: Number(runs), ...(seed ? { seed: Number(seed) } : {}), interruptAfterTimeLimit: 60000 })
console.log(format, result.failed ? 'FAILED' : 'ok', result.numRuns, 'seed', result.seed, 'shrinks', result.numShrinks, result.interrupted)
if (result.failed) console.log(String((result.errorInstance as Error)?.message).slice(0, 5000))
