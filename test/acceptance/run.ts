// Holds any deployment against what the register promises, from the outside: npm run acceptance -- URL
// With a key, in ROLE_REGISTER_KEY or after --key, it also writes what that key may, and removes it again. With --publish it
// publishes a role and opens a vacancy too, and withdraws both: what was public once cannot be removed.
import { parseArgs } from 'node:util'
import { Deployment, NoDeployment } from './deployment.ts'
import { publishingChecks } from './publishing.ts'
import { type Checks, readingChecks } from './reading.ts'
import { writingChecks } from './writing.ts'

const usage = 'Usage: npm run acceptance -- URL [--key KEY] [--publish]'

/** Says why nothing was tested, and ends. */
function give(reason: string): never {
  console.error(reason)
  process.exit(2)
}

function argumentsGiven() {
  try {
    const { positionals, values } = parseArgs({
      allowPositionals: true,
      options: { key: { type: 'string' }, publish: { type: 'boolean' } },
    })
    const [url, ...more] = positionals
    return url === undefined || more.length > 0 ? give(usage) : { url, ...values }
  } catch (error) {
    return give(`${(error as Error).message.replace(/\. .*$/s, '.')}\n${usage}`)
  }
}

const { url, key = process.env.ROLE_REGISTER_KEY, publish = false } = argumentsGiven()

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
  if (!key) return console.log('No --key and no ROLE_REGISTER_KEY: nothing was written.')
  const writing = await writingChecks(deployment, key)
  try {
    await checkAll(writing.checks)
  } finally {
    await check('nothing is left behind', writing.cleanUp)
  }
  if (!publish)
    return console.log('No --publish: nothing was published, since what was public once can only be withdrawn.')
  const publishing = publishingChecks(deployment, key, writing.may)
  if (Object.keys(publishing.checks).length === 0) throw new Error('--publish: the key has not the scopes to publish')
  const { body } = await deployment.ask(`GET /v1/organisations/${writing.organisation}`)
  if ((body as { four_eyes: boolean }).four_eyes)
    throw new Error(`--publish: ${writing.organisation} asks for four eyes, and one key has two. Use a key of another.`)
  try {
    await checkAll(publishing.checks)
  } finally {
    await check('nothing is left that is public', publishing.cleanUp)
    for (const what of publishing.left) console.log(`left    ${what}`)
  }
}

await Deployment.at(url)
  .then(run)
  .catch(error => {
    if (error instanceof NoDeployment) give(error.message)
    failed += 1
    console.log(`FAILED  ${messageOf(error)}`)
  })
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
