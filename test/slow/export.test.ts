// 100,000 roles leave the service in one answer, and never lie in its memory together.
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import t from 'tap'
import { testApp } from '../support/app.ts'
import { copyRole } from '../support/copies.ts'
import { createPublished, digestOf } from '../support/roles.ts'
import { buildService, Service } from '../support/service.ts'

const copies = 99_999
/** What is promised. On Node 20 it is about 100, on 24 about 110, for 200,000 roles as for 100,000. */
const growthMaxMib = 150

/** What a process holds in memory now, in MiB. */
const memoryOf = (pid: number | undefined) =>
  Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024

/** Reads an export without keeping it: its last line, how many came before, their digest, and some of them. */
async function readExport(url: string, onLine: (line: string, number: number) => void) {
  const { body } = await fetch(url)
  if (!body) throw new Error('no body')
  const hash = createHash('sha256')
  const decoder = new TextDecoder()
  let rest = ''
  let count = 0
  let bytes = 0
  let last: string | undefined
  for await (const piece of body) {
    bytes += piece.byteLength
    const lines = (rest + decoder.decode(piece, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      // The last line is no part of what it is the digest of.
      if (last !== undefined) {
        hash.update(`${last}\n`)
        count += 1
        onLine(last, count)
      }
      last = line
    }
  }
  return { end: JSON.parse(last ?? '') as unknown, count, digest: hash.digest('hex'), bytes }
}

t.test(
  'exportRoles of 100,000 roles',
  { timeout: 600_000, skip: !existsSync('/proc/self/status') && 'no /proc' },
  async t => {
    const { call, db, url } = await testApp(t, {}, { statementTimeoutMs: 300_000 })
    await createPublished(call, 'engineer')
    await copyRole(db, 'engineer', copies)
    const build = await buildService()
    t.after(() => build.remove())
    const env = {
      DATABASE_URL: url,
      KEY_PEPPER: 'the pepper of this test, 32 characters',
      PORT: '0',
      LOG_LEVEL: 'info',
    }
    const service = new Service(build, 'server', { env })
    t.after(() => service.kill())
    const base = await service.listening()
    t.equal((await fetch(`${base}/v1/roles`)).status, 200)
    const before = memoryOf(service.child.pid)

    const seen: string[] = []
    let most = 0
    const read = await readExport(`${base}/v1/exports/roles.ndjson`, (line, number) => {
      if (number % 25_000 === 1) seen.push(line)
      if (number % 200 === 0) most = Math.max(most, memoryOf(service.child.pid))
    })
    const { feed_cursor, ...end } = read.end as { feed_cursor: string }
    t.strictSame(end, { type: 'end', count: copies + 1, digest: read.digest })
    t.match(feed_cursor, /^1-[0-9]{20}$/)
    t.equal(read.count, copies + 1)
    for (const line of seen) {
      const { etag, role } = JSON.parse(line)
      t.equal(etag, `"${digestOf(JSON.stringify(role))}"`)
    }
    const growth = most - before
    t.comment(
      `${Math.round(read.bytes / 1e6)} MB sent; ${Math.round(before)} MiB before, ${Math.round(growth)} more at most`,
    )
    t.ok(growth < growthMaxMib, `${Math.round(growth)} MiB`)

    t.strictSame(service.troubles(), [])
  },
)
