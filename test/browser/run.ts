/**
 * `npm run test:browser`: an admin's work in Swagger UI, in a real Chromium (CHROMIUM, or /usr/bin/chromium), against
 * the service as `npm start` runs it. Nothing may break the page's own policy.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium, type Page } from 'playwright-core'
import { until } from '../support/until.ts'

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium'
if (!existsSync(executablePath)) {
  console.log(`There is no ${executablePath}: install Debian's chromium, or set CHROMIUM.`)
  process.exit(1)
}

const folder = mkdtempSync(join(tmpdir(), 'role-register-browser-'))
chmodSync(folder, 0o711)
const probe = createServer().listen(0, '127.0.0.1')
await once(probe, 'listening')
const { port } = probe.address() as AddressInfo
probe.close()
const base = `http://127.0.0.1:${port}`
const service = spawn(process.execPath, ['--import=tsx', 'src/server.ts'], {
  env: { ...process.env, DATABASE_URL: '', DATA_DIR: folder, PORT: String(port), LOG_LEVEL: 'warn' },
  stdio: ['ignore', 'ignore', 'inherit'],
})

/** Opens an operation of the page and has it send its request; gives the status and the text of the answer. */
async function execute(
  page: Page,
  id: string,
  fields: Record<string, string>,
): Promise<{ status: string; text: string }> {
  const operation = page.locator(`[id$="-${id}"]`)
  if ((await operation.locator('.execute').count()) === 0) await operation.locator('.opblock-summary-control').click()
  for (const [name, value] of Object.entries(fields)) {
    const field =
      name === 'body'
        ? operation.locator('.body-param__text')
        : operation.locator(`tr[data-param-name="${name}"] input`)
    await field.fill(value)
  }
  await operation.locator('.execute').click()
  const answer = operation.locator('.live-responses-table .response')
  await answer.locator('.response-col_status').waitFor()
  return {
    status: (await answer.locator('.response-col_status').innerText()).trim().slice(0, 3),
    text: await answer.innerText(),
  }
}

let passed = 0
const check = (what: string, actual: unknown, expected: unknown) => {
  assert.deepEqual(actual, expected, what)
  passed += 1
  console.log(`ok - ${what}`)
}

let failed = 0
try {
  await until(() => fetch(`${base}/health/ready`).then(({ ok }) => ok), 120_000)
  const browser = await chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
  try {
    const page = await browser.newPage()
    page.setDefaultTimeout(30_000)
    const complaints: string[] = []
    page.on(
      'console',
      message =>
        message.type() === 'error' &&
        !message.text().includes('the server responded with a status') &&
        complaints.push(message.text()),
    )
    page.on('pageerror', error => complaints.push(error.message))
    await page.goto(`${base}/docs`)
    await page.locator('.opblock').first().waitFor()

    const refused = await execute(page, 'getDraft', { role: 'data-engineer' })
    check('getDraft without a key → 401', refused.status, '401')

    await page.locator('.auth-wrapper .authorize').click()
    await page.locator('.auth-container input').fill(readFileSync(join(folder, 'admin-key'), 'utf8').trim())
    await page.locator('.auth-btn-wrapper .authorize').click()
    await page.locator('.btn-done').click()

    const draft = await execute(page, 'getDraft', { role: 'data-engineer' })
    check('getDraft with the key → 200', draft.status, '200')
    const etag = /etag: ("r\d+")/i.exec(draft.text)?.[1] ?? ''
    check('the answer shows the ETag', etag, '"r2"')

    const body = JSON.stringify({ title: 'Senior data engineer' })
    const patched = await execute(page, 'patchDraft', { role: 'data-engineer', 'If-Match': etag, body })
    check('patchDraft with If-Match → 200', patched.status, '200')
    const stale = await execute(page, 'patchDraft', {
      role: 'data-engineer',
      'If-Match': etag,
      body: JSON.stringify({ title: 'Too late' }),
    })
    check('patchDraft with the old ETag → 412', stale.status, '412')
    check('nothing broke the policy of the page', complaints, [])
  } finally {
    await browser.close()
  }
} catch (error) {
  failed += 1
  console.log('not ok -', error)
} finally {
  service.kill('SIGTERM')
  if (service.exitCode === null) await once(service, 'exit')
  rmSync(folder, { recursive: true, force: true })
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed
