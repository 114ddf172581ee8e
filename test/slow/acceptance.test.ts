// The acceptance suite against a service that was started as an operator starts it.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { exampleDocument } from '../../src/document/schema.ts'
import { testDatabase, testFolder } from '../support/database.ts'
import { project } from '../support/project.ts'
import { countRows } from '../support/roles.ts'
import { buildService, Service } from '../support/service.ts'

t.setTimeout(600_000)

async function accept(url: string, key?: string, ...args: string[]) {
  const { PATH = '' } = process.env
  const child = spawn(process.execPath, ['--import=tsx', 'test/acceptance/run.ts', url, ...args], {
    cwd: project,
    env: { PATH, ...(key === undefined ? {} : { ROLE_REGISTER_KEY: key }) },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [output, errors] = [text(child.stdout), text(child.stderr)]
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, output: await output, errors: await errors, last: (await output).trim().split('\n').at(-1) ?? '' }
}

t.test('acceptance: a deployment passes, and is left as it was found', async t => {
  const build = await buildService()
  t.after(() => build.remove())
  const { db, url: database } = await testDatabase(t)
  const env = {
    DATABASE_URL: database,
    PORT: '0',
    DATA_DIR: join(await testFolder(t), 'data'),
    KEY_PEPPER: 'p'.repeat(32),
  }
  const args = ['keys:create', '--name', 'k', '--organisation', 'home-office', '--create-organisation', 'Home Office']
  const made = new Service(build, 'cli', { env, args: [...args, '--scopes', 'admin'] })
  t.equal((await made.exited).code, 0)
  const key = made.out.trim()
  const server = new Service(build, 'server', { env })
  t.after(() => server.kill())
  const url = await server.listening()

  /** What the reading checks look at: a role with two versions, and one that is withdrawn. */
  const send = async (method: string, path: string, body: unknown, match?: string) => {
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'
    const headers = { authorization: `Bearer ${key}`, 'content-type': type, ...(match ? { 'if-match': match } : {}) }
    const answer = await fetch(`${url}/v1/roles${path}`, { method, headers, body: JSON.stringify(body) })
    if (!answer.ok) throw new Error(await answer.text())
    return answer.headers.get('etag') ?? ''
  }
  for (const slug of ['a', 'b']) {
    const first = await send('POST', `?slug=${slug}`, exampleDocument)
    await send('POST', `/${slug}/publications`, { change_note: 'First' }, first)
    if (slug === 'b') await send('POST', '/b/withdrawals', { reason: 'Over' }, '*')
    else await send('PATCH', '/a/draft', { title: 'Again' }, '*')
  }
  await send('POST', '/a/publications', { change_note: 'Second' }, '*')

  const { events: _, idempotency_keys: __, ...before } = await countRows(db)
  const open = await accept(url)
  t.match(open, { code: 0, last: /^[1-9]\d passed, 0 failed$/ }, open.output)
  const keyed = await accept(url, key)
  t.match(keyed, { code: 0, last: /^[2-9]\d passed, 0 failed$/ }, keyed.output)
  const { events: ___, idempotency_keys: ____, ...after } = await countRows(db)
  t.same(after, before)

  t.match(keyed.output, /No --publish: nothing was published/)

  await t.test('--publish: a role and a vacancy are seen in public, and are withdrawn', async t => {
    const published = await accept(url, undefined, '--key', key, '--publish')
    t.match(published, { code: 0, last: /^[3-9]\d passed, 0 failed$/ }, published.output)
    const left = [...published.output.matchAll(/^left {4}(\S+), withdrawn$/gm)].map(([, path]) => path)
    t.match(left, [/^\/v1\/roles\/acceptance-[0-9a-f]{12}$/, /^\/v1\/vacancies\/[0-9a-f-]{36}$/])
    for (const path of left) t.equal((await fetch(`${url}${path}`)).status, 410)
    const { roles, role_versions, role_search, ...others } = (await countRows(db)) as Record<string, number>
    const { roles: rolesBefore = 0, role_versions: versionsBefore = 0, role_search: found, ...othersBefore } = before
    t.strictSame([roles, role_versions, role_search], [rolesBefore + 1, versionsBefore + 1, found])
    const { events: _, idempotency_keys: __, ...rest } = others
    t.strictSame(rest, othersBefore)

    // A key that may not publish is told so, and nothing is made.
    const reader = new Service(build, 'cli', {
      env,
      args: ['keys:create', '--name', 'r', '--organisation', 'home-office', '--scopes', 'audit:read'],
    })
    t.equal((await reader.exited).code, 0, reader.err)
    const refused = await accept(url, reader.out.trim(), '--publish')
    t.equal(refused.code, 1)
    t.match(refused.output, /FAILED {2}--publish: the key has not the scopes to publish/)
    await db.updateTable('organisations').set({ four_eyes: true }).execute()
    const alone = await accept(url, key, '--publish')
    t.match(alone, { code: 1, last: /^\d+ passed, 1 failed$/ })
    t.match(alone.output, /FAILED {2}--publish: home-office asks for four eyes/)
    await db.updateTable('organisations').set({ four_eyes: false }).execute()
  })

  // A deployment that is not right: a proxy in front of it forgets headers and answers of its own.
  const { hostname, port } = new URL(url)
  const proxy = createServer((incoming, outgoing) => {
    incoming.pipe(
      request({ hostname, port, path: incoming.url, method: incoming.method, headers: incoming.headers }, answer => {
        const { etag: _, 'access-control-allow-origin': __, ...headers } = answer.headers
        outgoing.writeHead(answer.statusCode === 405 ? 404 : (answer.statusCode ?? 502), headers)
        answer.pipe(outgoing)
      }),
    )
  }).listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  t.after(async () => void proxy.close())
  const broken = await accept(`http://127.0.0.1:${(proxy.address() as AddressInfo).port}`)
  t.equal(broken.code, 1)
  t.match(broken.output, /FAILED {2}every open read answers[\s\S]*FAILED {2}what is wrong is a problem/)
  t.match(broken.last, /^\d+ passed, [1-9] failed$/)

  await t.test('nothing to test → 2 with a sentence that says why, and no stack', async t => {
    const usage = 'Usage: npm run acceptance -- URL [--key KEY] [--publish]\n'
    const stranger = createServer((incoming, outgoing) => {
      const isThere = incoming.url === '/page/openapi.json'
      outgoing.writeHead(isThere ? 200 : 404, { 'content-type': 'text/html' }).end('<p>Hello</p>')
    }).listen(0, '127.0.0.1')
    await once(stranger, 'listening')
    const other = `http://127.0.0.1:${(stranger.address() as AddressInfo).port}`
    t.after(async () => void stranger.close())
    const closed = createServer().listen(0, '127.0.0.1')
    await once(closed, 'listening')
    const silent = `http://127.0.0.1:${(closed.address() as AddressInfo).port}`
    closed.close()
    await once(closed, 'close')
    for (const [args, errors] of [
      [[url, '--bogus'], `Unknown option '--bogus'.\n${usage}`],
      [[url, 'more'], usage],
      [['nonsense'], '"nonsense" is no address. Write it like https://roles.example.org.\n'],
      [[silent], `${silent}/openapi.json does not answer: ECONNREFUSED.\n`],
      [[other], `${other} is no register: ${other}/openapi.json answers 404.\n`],
      [[`${other}/page`], `${other}/page is no register: ${other}/page/openapi.json is no contract of one.\n`],
      [[url, '--key', `${key}x`], 'The register does not know this key, or it has expired.\n'],
    ] as const) {
      const [address, ...more] = args
      const told = await accept(address, undefined, ...more)
      t.strictSame([told.code, told.errors], [2, errors], args.join(' '))
    }
  })
})
