/** An export of a random register, taken into an empty one. */
import { strict as assert } from 'node:assert'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from '../../src/app.ts'
import type { RoleDocument } from '../../src/document/schema.ts'
import { baseUrl, testApp, token, webhooks } from './app.ts'
import { callerOf } from './call.ts'
import { testDatabase, testFolder } from './database.ts'
import { command } from './import-command.ts'
import { fillRegister, type RegisterRole } from './registers.ts'
import { countRows } from './roles.ts'

const admin = token('home-office', ['admin'])
const everyone = { key: null }

export const exportPath = '/v1/exports/roles.ndjson'

/** The lines of an export but for its last, and what that one says. */
export function linesOf(text: string): { roles: string[]; end: { count: number; digest: string } } {
  const lines = text.split('\n').slice(0, -1)
  return { roles: lines.slice(0, -1), end: JSON.parse(lines.at(-1) ?? '') }
}

/** What the restored draft is: no version has notes. */
const withoutNotes = (document: RoleDocument) => ({
  ...document,
  sections: document.sections.map(section => ({
    ...section,
    blocks: section.blocks.filter(({ type }) => type !== 'note'),
  })),
})

/** A service on an empty database, which not even an organisation is in. */
async function emptyRegister(t: Parameters<typeof testDatabase>[0]) {
  const { db } = await testDatabase(t)
  const authenticate = async () => ({
    id: 'key:admin',
    owner: 'admin',
    organisation: 'home-office',
    scopes: new Set(['admin'] as const),
  })
  const options = { authenticate, pepper: 'x'.repeat(32), baseUrl, cacheBytesMax: 1024 * 1024, webhooks }
  const app = await build({ db, ...options })
  await app.ready()
  t.after(() => app.close())
  return { db, call: callerOf(app, admin) }
}

/** Throws with what differs where a register does not come back out of its export. */
export async function restoreRegister(roles: RegisterRole[]): Promise<void> {
  const cleanings: (() => Promise<void>)[] = []
  const t = { after: (work: () => Promise<void>) => cleanings.unshift(work) }
  try {
    const first = await testApp(t)
    const isPublic = await fillRegister(first.call, roles)
    const exported = await first.call(`GET ${exportPath}`, everyone)
    const path = join(await testFolder(t), 'roles.ndjson')
    await writeFile(path, exported.text)

    const second = await emptyRegister(t)
    const { code, text } = await command(second.db, [path], { organisation: undefined })
    assert.equal(code, 0, text)
    const restored = await second.call(`GET ${exportPath}`, everyone)
    const [before, after] = [linesOf(exported.text), linesOf(restored.text)]
    assert.deepEqual(after.roles, before.roles)
    assert.deepEqual([after.end.count, after.end.digest], [isPublic.size, before.end.digest])

    const pages = [first, second].map(({ call }) => call('GET /v1/roles?limit=100', everyone))
    const [listed, listedAgain] = (await Promise.all(pages)).map(({ body }) => (body as { roles: unknown[] }).roles)
    assert.deepEqual(listedAgain, listed)
    for (const [at] of roles.entries()) {
      const slug = `role-${at}`
      const document = isPublic.get(slug)
      const answers = [first, second].map(({ call }) => call(`GET /v1/roles/${slug}`, everyone))
      const [own, again] = await Promise.all(answers)
      if (!document) {
        assert.equal(again?.status, 404)
        assert.equal((await second.call(`GET /v1/roles/${slug}/draft`)).status, 404)
        continue
      }
      assert.deepEqual([again?.text, again?.etag], [own?.text, own?.etag])
      const { version, published_at } = JSON.parse(own?.text ?? '') as { version: number; published_at: string }
      const history = (await second.call(`GET /v1/roles/${slug}/versions`, everyone)).body as {
        versions: { version: number; published_at: string }[]
      }
      assert.deepEqual(
        history.versions.map(entry => [entry.version, entry.published_at]),
        [[version, published_at]],
      )
      for (let number = 1; number <= version; number += 1) {
        const answer = await second.call(`GET /v1/roles/${slug}/versions/${number}`, everyone)
        assert.deepEqual(
          [answer.status, number === version ? answer.text : ''],
          [number === version ? 200 : 404, number === version ? own?.text : ''],
        )
      }
      const draft = await second.call(`GET /v1/roles/${slug}/draft`)
      assert.deepEqual(draft.body, withoutNotes(document))
    }

    const rows = await countRows(second.db)
    const again = await command(second.db, [path], { organisation: undefined })
    assert.equal(again.code, 0, again.text)
    assert.deepEqual(await countRows(second.db), rows)
    assert.deepEqual((await second.call(`GET ${exportPath}`, everyone)).text, restored.text)
  } finally {
    for (const clean of cleanings) await clean()
  }
}
