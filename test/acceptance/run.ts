// Holds any deployment against what the register promises, from the outside: npm run acceptance -- URL
// With ROLE_REGISTER_KEY in the environment it also writes what that key may, and removes it again.
import { Deployment } from './deployment.ts'
import { type Checks, readingChecks } from './reading.ts'
import { writingChecks } from './writing.ts'

const [url] = process.argv.slice(2)
const { ROLE_REGISTER_KEY: key } = process.env

let passed = 0
let failed = 0

const messageOf = (error: unknown) => (error instanceof Error ? `${error.message} ${error.cause ?? ''}`.trim() : error)

async function check(what: string, work: () => Promise<void>): Promise<void> {
  try {
    await work()
    passed += 1
    console.log(`ok      ${what}`)
  } catch (error) {
    failed += 1
    console.log(`FAILED  ${what}: ${messageOf(error)}`)
  }
}

async function checkAll(checks: Checks): Promise<void> {
  for (const [what, work] of Object.entries(checks)) await check(what, work)
}

async function run(deployment: Deployment): Promise<void> {
  await checkAll(readingChecks(deployment))
  if (!key) return console.log('No ROLE_REGISTER_KEY: nothing was written.')
  const writing = await writingChecks(deployment, key)
  try {
    await checkAll(writing.checks)
  } finally {
    await check('nothing is left behind', writing.cleanUp)
  }
}

if (url === undefined) {
  console.error('Usage: npm run acceptance -- URL')
  process.exitCode = 2
} else {
  await Deployment.at(url)
    .then(run)
    .catch(error => {
      failed += 1
      console.log(`FAILED  ${messageOf(error)}`)
    })
  console.log(`${passed} passed, ${failed} failed`)
  process.exitCode = failed === 0 ? 0 : 1
}
