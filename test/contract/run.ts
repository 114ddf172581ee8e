// Compares the contract of this code with the last one that was released, openapi/released.json.
import { readFileSync } from 'node:fs'
import { contractText } from '../../src/contract.ts'
import { breakingChanges, type Contract } from './breaking.ts'

const released = readFileSync(new URL('../../openapi/released.json', import.meta.url), 'utf8')
const found = breakingChanges(JSON.parse(released) as Contract, JSON.parse(await contractText()) as Contract)
for (const line of found) console.log(line)
console.log(found.length === 0 ? '1 passed, 0 failed' : `0 passed, 1 failed: ${found.length} breaking changes`)
process.exitCode = found.length === 0 ? 0 : 1
