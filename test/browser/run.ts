/**
 * `npm run test:browser`: Swagger UI, the pages and the import form in a real Chromium (CHROMIUM, or /usr/bin/chromium),
 * against the service as `npm start` runs it. Nothing may break a page's own policy.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import { until } from '../support/until.ts'
import { counts, screenshots } from './browser.ts'
import { testImportForm, testKeyboard, testPages } from './pages.ts'
import { testSwagger } from './swagger.ts'

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
    const adminKey = readFileSync(join(folder, 'admin-key'), 'utf8').trim()
    const site = { browser, base, adminKey }
    await testSwagger(site)
    await testPages(site)
    await testKeyboard(site)
    await testImportForm(site)
  } finally {
    await browser.close()
  }
} catch (error) {
  counts.failed += 1
  console.log('not ok -', error)
} finally {
  service.kill('SIGTERM')
  if (service.exitCode === null) await once(service, 'exit')
  rmSync(folder, { recursive: true, force: true })
}
console.log(`The screenshots are in ${screenshots}.`)
console.log(`${counts.passed} passed, ${counts.failed} failed`)
process.exitCode = counts.failed
