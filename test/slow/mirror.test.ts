// Whoever takes an export and follows the feed from its cursor has the register, exactly, whatever was written meanwhile.
import { createHash } from 'node:crypto'
import t from 'tap'
import { type Answer, testApp } from '../support/app.ts'
import { createRole, digestOf } from '../support/roles.ts'
import { until } from '../support/until.ts'

type Call = Awaited<ReturnType<typeof testApp>>['call']
type Event = {
  position: number
  type: string
  subject: string
  role: string
  roleversion: number
  data: { role: { etag: string } }
}
const everyone = { key: null }
const writers = 4
const stepsOfEach = 25
const rolesOfEach = 5

/** A request, again where the register is busy, as it says. */
const patiently = (call: Call, ...request: Parameters<Call>): Promise<Answer> =>
  until(async () => {
    const answer = await call(...request)
    return answer.status !== 503 && answer
  }, 60_000)

async function read(call: Call, path: string): Promise<Answer> {
  const answer = await patiently(call, `GET ${path}`, everyone)
  if (answer.status !== 200) throw new Error(`${path} → ${answer.status}: ${answer.text}`)
  return answer
}

/** The latest version of each role as an outsider holds it, by slug. */
class Mirror {
  readonly roles = new Map<string, string>()
  /** What the export held, by slug, and where the feed stood then. */
  exported: Record<string, string> = {}
  exportedAt = 0
  cursor = ''
  readonly #call: Call

  constructor(call: Call) {
    this.#call = call
  }

  async takeExport(): Promise<void> {
    const { text } = await read(this.#call, '/v1/exports/roles.ndjson')
    const lines = text.split('\n').slice(0, -1)
    const end = JSON.parse(lines.pop() ?? '')
    const digest = createHash('sha256')
      .update(lines.map(line => `${line}\n`).join(''))
      .digest('hex')
    if (end.type !== 'end' || end.count !== lines.length || end.digest !== digest) throw new Error('a broken export')
    for (const line of lines) {
      const { type, etag, role } = JSON.parse(line)
      if (type !== 'role' || etag !== `"${digestOf(JSON.stringify(role))}"`) throw new Error(`not its digest: ${line}`)
      this.roles.set(role.slug, JSON.stringify(role))
    }
    this.exported = this.etags()
    this.exportedAt = Number.parseInt(end.feed_cursor, 10)
    this.cursor = end.feed_cursor
  }

  /** Reads the feed to its end, waiting for it to go on. */
  async follow(wait: number): Promise<void> {
    for (;;) {
      const { body } = await read(this.#call, `/v1/changes?after=${this.cursor}&wait=${wait}&limit=7`)
      const { changes, next_cursor } = body as { changes: Event[]; next_cursor: string }
      if (changes.length === 0) return
      for (const { type, subject, role, roleversion, data } of changes)
        if (type === 'role.withdrawn') this.roles.delete(role)
        else {
          const version = await read(this.#call, `${subject}/versions/${roleversion}`)
          if (version.etag !== data.role.etag) throw new Error(`another version than ${data.role.etag}`)
          this.roles.set(role, version.text)
        }
      this.cursor = next_cursor
    }
  }

  etags(): Record<string, string> {
    const entries = [...this.roles].map(([slug, text]) => [slug, `"${digestOf(text)}"`] as const)
    return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)))
  }
}

/** One who publishes, republishes and withdraws roles of its own and, against the others, some of all. */
async function write(call: Call, own: readonly string[], shared: readonly string[], random: () => number) {
  const done = { published: 0, withdrawn: 0 }
  for (let step = 0; step < stepsOfEach; step += 1) {
    const slugs = random() < 0.3 ? shared : own
    const slug = slugs[Math.floor(random() * slugs.length)] ?? ''
    const isWithdrawal = random() < 0.3
    if (!isWithdrawal && random() < 0.7)
      await patiently(call, `PATCH /v1/roles/${slug}/draft`, { match: '*', body: { title: `${slug} ${step}` } })
    const { status, text } = isWithdrawal
      ? await patiently(call, `POST /v1/roles/${slug}/withdrawals`, { match: '*', body: { reason: `At step ${step}` } })
      : await patiently(call, `POST /v1/roles/${slug}/publications`, {
          match: '*',
          body: { change_note: `At step ${step}` },
        })
    // What is not published cannot be withdrawn: also an answer, and no event.
    if (status !== 201 && !(isWithdrawal && status === 409)) throw new Error(`${status}: ${text}`)
    if (status === 201) done[isWithdrawal ? 'withdrawn' : 'published'] += 1
  }
  return done
}

/** The same numbers in each run (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

t.test('exports and feed, while others write', { timeout: 240_000 }, async t => {
  const { call } = await testApp(t, { exportLimits: { atOnce: 20 } })
  const shared = ['shared-1', 'shared-2', 'shared-3']
  const owned = Array.from({ length: writers }, (_, writer) =>
    Array.from({ length: rolesOfEach }, (_, index) => `role-${writer}-${index}`),
  )
  for (const slug of [...shared, ...owned.flat()]) await createRole(call, slug)
  let isWriting = true
  const writing = Promise.all(owned.map((own, writer) => write(call, own, shared, randomOf(writer + 1)))).finally(
    () => {
      isWriting = false
    },
  )

  const mirrors: Mirror[] = []
  const following: Promise<unknown>[] = []
  while (isWriting && mirrors.length < 6) {
    const mirror = new Mirror(call)
    await mirror.takeExport()
    mirrors.push(mirror)
    following.push(mirror.follow(2).catch(error => error))
    await until(() => !isWriting || Number.parseInt(mirror.cursor, 10) >= mirror.exportedAt + 10, 60_000)
  }
  const done = await writing
  t.strictSame((await Promise.all(following)).filter(Boolean), [])
  for (const mirror of mirrors) await mirror.follow(0)

  const published = done.reduce((sum, { published }) => sum + published, 0)
  const withdrawn = done.reduce((sum, { withdrawn }) => sum + withdrawn, 0)
  const all = (await read(call, '/v1/changes?limit=1000')).body as { changes: Event[]; next_cursor: string }
  t.strictSame(
    all.changes.map(({ position }) => position),
    Array.from({ length: published + withdrawn }, (_, index) => index + 1),
    'every change has its number, and no number is missing',
  )
  t.strictSame(
    ['role.published', 'role.withdrawn'].map(wanted => all.changes.filter(({ type }) => type === wanted).length),
    [published, withdrawn],
  )
  t.ok(published > 25 && withdrawn > 6, `${published} published, ${withdrawn} withdrawn`)

  const { roles } = (await read(call, '/v1/roles?limit=100')).body as { roles: { slug: string; etag: string }[] }
  const register = Object.fromEntries(roles.map(({ slug, etag }) => [slug, etag]))
  t.ok(roles.length > 5)
  /** What the feed alone says was public at a position. */
  const replay = (to: number) => {
    const state = new Map<string, string>()
    for (const { position, type, role, data } of all.changes)
      if (position > to) break
      else if (type === 'role.withdrawn') state.delete(role)
      else state.set(role, data.role.etag)
    return Object.fromEntries([...state].sort(([a], [b]) => (a < b ? -1 : 1)))
  }
  t.ok(mirrors.filter(({ exportedAt }) => exportedAt > 0 && exportedAt < all.changes.length).length >= 2)
  for (const { exported, exportedAt, cursor } of mirrors) {
    t.strictSame(exported, replay(exportedAt), `the export at ${exportedAt} is what the feed says was public then`)
    t.equal(cursor, all.next_cursor)
  }
  for (const mirror of mirrors) t.strictSame(mirror.etags(), register, `export at ${mirror.exportedAt}, and the feed`)
})
