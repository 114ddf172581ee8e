// The examples as an integrator runs them, against a server that listens.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { testApp } from '../support/app.ts'
import { type Teardown, testFolder } from '../support/database.ts'
import { project } from '../support/project.ts'
import { createPublished, createRole, documentWith, publishRole } from '../support/roles.ts'
import { createVacancy, handClock, openVacancy, publishAdvertised } from '../support/vacancies.ts'

// Each run of an example starts a process.
t.setTimeout(200_000)

/** Runs an example to its end. */
async function run(t: Teardown, example: string, ...args: string[]) {
  const { PATH = '', NODE_V8_COVERAGE = '' } = process.env
  const child: ChildProcess = spawn(process.execPath, ['--import=tsx', `examples/${example}.ts`, ...args], {
    cwd: project,
    env: { PATH, NODE_V8_COVERAGE },
  })
  t.after(async () => void child.kill('SIGKILL'))
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', data => (output += data))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, output }
}

async function listening(t: Teardown, options: Parameters<typeof testApp>[1] = {}) {
  const { app, call } = await testApp(t, options)
  await app.listen({ port: 0, host: '127.0.0.1' })
  return { call, url: `http://127.0.0.1:${(app.server.address() as AddressInfo).port}` }
}

t.test('mirror: takes the export, follows the feed, and tells when its copy is not the register', async t => {
  const { call, url } = await listening(t)
  const folder = join(await testFolder(t), 'copy')
  const revise = async (slug: string, title: string) => {
    const draft = await call(`GET /v1/roles/${slug}/draft`)
    const { etag } = await call(`PATCH /v1/roles/${slug}/draft`, { match: draft.etag, body: { title } })
    await publishRole(call, slug, etag)
  }
  const withdraw = async (slug: string) => {
    const { etag } = await call(`GET /v1/roles/${slug}/draft`)
    await call(`POST /v1/roles/${slug}/withdrawals`, { match: etag, body: { reason: 'Over' } })
  }
  const held = async () => {
    const names = (await readdir(folder)).filter(name => name.endsWith('.json')).sort()
    return Promise.all(names.map(async name => [name, await readFile(join(folder, name), 'utf8')]))
  }
  const published = (...slugs: string[]) =>
    Promise.all(slugs.map(async slug => [`${slug}.json`, (await call(`GET /v1/roles/${slug}`, { key: null })).text]))

  await createRole(call, 'hidden')
  for (const slug of ['a', 'b', 'c']) await createPublished(call, slug, documentWith({ title: `Role “${slug}”` }))
  t.same(await run(t, 'mirror', url, folder), { code: 0, output: '3 roles, equal to the register\n' })
  t.same(await held(), await published('a', 'b', 'c'))

  await revise('a', 'Revised')
  await revise('a', 'Revised twice')
  await withdraw('b')
  await createPublished(call, 'd')
  await createPublished(call, 'e')
  await withdraw('e')
  t.same(await run(t, 'mirror', `${url}/`, folder), { code: 0, output: '3 roles, equal to the register\n' })
  t.same(await held(), await published('a', 'c', 'd'))

  await writeFile(join(folder, 'c.json'), '{}')
  const damaged = await run(t, 'mirror', url, folder)
  t.equal(damaged.code, 1)
  t.match(damaged.output, 'the mirror differs: c')

  // As after a restore from an older backup.
  await writeFile(join(folder, 'cursor'), '1000')
  t.same(await run(t, 'mirror', url, folder), { code: 0, output: '3 roles, equal to the register\n' })
  t.same(await held(), await published('a', 'c', 'd'))
  t.equal((await run(t, 'mirror', url)).code, 2)

  // The last change that names a role may be one of its vacancies.
  for (const slug of ['f', 'g']) {
    await publishAdvertised(call, slug)
    await openVacancy(call, slug)
  }
  const { etag } = await call('GET /v1/roles/g/draft')
  await call('POST /v1/roles/g/withdrawals', { match: etag, body: { reason: 'Over', open_vacancies: 'withdraw' } })
  t.same(await run(t, 'mirror', url, folder), { code: 0, output: '4 roles, equal to the register\n' })
  t.same(await held(), await published('a', 'c', 'd', 'f'))

  // What is no mirror stays as it is.
  const other = await testFolder(t)
  await writeFile(join(other, 'thesis.txt'), 'hello')
  t.match(await run(t, 'mirror', url, other), { code: 1, output: /is not empty, and is no mirror/ })
  t.equal(await readFile(join(other, 'thesis.txt'), 'utf8'), 'hello')
})

/** A cache before a server: of the list of roles it gives what it has until some time after that is asked for again. */
async function cache(t: Teardown, url: string, forMs: number) {
  let kept: Promise<string> | undefined
  let asked = 0
  const proxy = createServer(async ({ url: path = '' }, response) => {
    const read = () => fetch(url + path).then(answer => answer.text())
    if (!path.startsWith('/v1/roles?')) return void response.end(await read())
    asked += 1
    kept ??= read()
    if (asked === 2) setTimeout(() => (kept = undefined), forMs).unref()
    response.end(await kept)
  })
  await once(proxy.listen(0, '127.0.0.1'), 'listening')
  t.after(async () => void proxy.close())
  return { url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, asked: () => asked }
}

t.test('mirror: a list that a cache on the way has kept is waited for', async t => {
  const { call, url } = await listening(t)
  const [folder, between] = [join(await testFolder(t), 'copy'), await cache(t, url, 2000)]
  await createPublished(call, 'a')
  t.same(await run(t, 'mirror', between.url, folder), { code: 0, output: '1 roles, equal to the register\n' })
  await createPublished(call, 'b')
  t.same(await run(t, 'mirror', between.url, folder), { code: 0, output: '2 roles, equal to the register\n' })
  t.ok(between.asked() < 8, `asked ${between.asked()} times`)
})

t.test('job-board: a page for each open vacancy, with its JSON-LD; what closes goes', async t => {
  const clock = handClock('2027-05-03T09:00:00Z')
  const { call, url } = await listening(t, { clock: clock.now })
  const folder = join(await testFolder(t), 'site')
  await publishAdvertised(call, 'engineer')
  const { id: first } = await openVacancy(call, 'engineer', { closes_at: '2027-05-30T23:55:00+01:00' })
  const { id: second } = await openVacancy(call, 'engineer', { closes_at: '2027-06-30T23:55:00+01:00' })
  const { id: draft } = await createVacancy(call, 'engineer')
  const posting = async (id: string) => (await call(`GET /v1/vacancies/${id}/job-posting`, { key: null })).body
  const pages = async () => (await readdir(folder)).filter(name => name.endsWith('.html')).sort()
  const read = (name: string) => readFile(join(folder, name), 'utf8')

  t.same(await run(t, 'job-board', url, folder), { code: 0, output: '2 open vacancies, 2 pages written\n' })
  t.same(await pages(), [`${first}.html`, `${second}.html`, 'index.html'].sort())
  for (const id of [first, second]) {
    const page = await read(`${id}.html`)
    const json = /<script type="application\/ld\+json">(.*?)<\/script>/s.exec(page)?.[1] ?? ''
    t.same(JSON.parse(json), await posting(id))
    t.match(page, ((await posting(id)) as { description: string }).description)
  }
  const index = await read('index.html')
  t.ok(index.includes(`href="${first}.html"`) && index.includes(`href="${second}.html"`) && !index.includes(draft))
  t.same(await run(t, 'job-board', url, folder), { code: 0, output: '2 open vacancies, 0 pages written\n' })

  clock.set('2027-06-01T00:00:00Z')
  t.same(await run(t, 'job-board', url, folder), { code: 0, output: '1 open vacancies, 0 pages written\n' })
  t.same(await pages(), [`${second}.html`, 'index.html'])

  for (const name of ['mirror', 'job-board'])
    t.same(
      await run(t, name, 'http://127.0.0.1:1', join(folder, 'none')),
      { code: 1, output: 'fetch failed bad port\n' },
      `${name} says what the network said`,
    )
})
