// `role-register/client` as others get it: packed, installed beside its dependency, used from TypeScript and JavaScript.
import { execFile } from 'node:child_process'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { testApp, token } from '../support/app.ts'
import { testFolder } from '../support/database.ts'
import { project } from '../support/project.ts'
import { createPublished, createRole } from '../support/roles.ts'

t.setTimeout(400_000)

const bin = (name: string) => join(project, 'node_modules', '.bin', name)
const run = promisify(execFile)

const use = `
import { connect, dataOf, pagesOf, RegisterError, type Schemas } from 'role-register/client'

const [url = '', key = ''] = process.argv.slice(2)
const register = connect(url)
const role: Schemas['PublishedRole'] = dataOf(await register.GET('/v1/roles/{role}', { params: { path: { role: 'a' } } }))
const title: string = role.title
const blocks = role.sections.flatMap(section => section.blocks)
const texts: string[] = blocks.flatMap(block => (block.type === 'paragraph' ? [block.text] : []))
const titles: string[] = dataOf(await register.GET('/v1/vacancies')).vacancies.map(vacancy => vacancy.title)
const slugs: string[] = []
const lists = pagesOf(cursor => register.GET('/v1/roles', { params: { query: { limit: 1, ...(cursor ? { cursor } : {}) } } }))
for await (const { roles } of lists) slugs.push(...roles.map(({ slug }) => slug))
const hidden = { params: { path: { role: 'hidden' } } }
const draft = dataOf(await connect(url + '/', { key }).GET('/v1/roles/{role}/draft', hidden))
const refusal = await register.GET('/v1/roles/{role}/draft', hidden).then(dataOf).catch((error: unknown) => error)
if (!(refusal instanceof RegisterError)) throw refusal
const { status, problem } = refusal
const dry = { query: { dry_run: true } }
const made = dataOf(await connect(url, { key }).POST('/v1/vacancies', { params: dry, body: { role: 'a', hours: '37' } }))
const header = { 'If-Match': '*' }
const patched = dataOf(
  await connect(url, { key }).PATCH('/v1/roles/{role}/draft', { params: { ...hidden.params, header }, body: { title: 'New' } }),
)
const section = { kind: 'benefits' as const, heading: 'Benefits', blocks: [{ type: 'paragraph' as const, text: 'A pension.' }] }
const written = dataOf(
  await connect(url, { key }).POST('/v1/roles', { params: { query: { dry_run: true, slug: 'd' } }, body: { title: 'B', sections: [section] } }),
)
const again = dataOf(
  await connect(url, { key }).PUT('/v1/roles/{role}/draft', { params: { ...hidden.params, ...dry, header }, body: draft }),
)
console.log(JSON.stringify({ texts: texts.length > 0, written: written.sections[0]?.blocks[0]?.type, again: again.title, title, titles, slugs, draft: draft.title, patched: patched.title, hours: made.hours, status, code: problem?.code }))
`

/** Each must be refused by the compiler. */
const wrong = [
  `await register.GET('/v1/rolls')`,
  `await register.GET('/v1/roles/{role}', { params: { path: { roll: 'a' } } })`,
  `await register.POST('/v1/skills', { params: { query: {} }, body: { nam: 'Python' } })`,
  `await register.POST('/v1/vacancies', { body: { role: 'a', hours: 37 } })`,
  `await register.POST('/v1/roles', { body: { sections: [{ kind: 'benefits', heading: 'B', blocks: [{ type: 'TextBlock', text: 'x' }] }] } })`,
  `dataOf(await register.GET('/v1/roles/{role}', { params: { path: { role: 'a' } } })).tilte`,
]

t.test('role-register/client: installed from its package it type-checks and works', async t => {
  const folder = await testFolder(t)
  const modules = join(folder, 'node_modules')
  await mkdir(join(modules, 'role-register'), { recursive: true })
  // Into a folder of this test: `npm pack` would build where others may be reading.
  for (const config of ['tsconfig.build.json', 'src/client'])
    await run(process.execPath, [bin('tsc'), '-p', config, '--outDir', join(modules, 'role-register', 'dist')], {
      cwd: project,
    })
  for (const name of ['openapi-fetch', 'openapi-typescript-helpers'])
    await symlink(join(project, 'node_modules', name), join(modules, name))
  await symlink(join(project, 'package.json'), join(modules, 'role-register', 'package.json'))
  const { stdout: packed } = await run('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: project })
  const [{ files }] = JSON.parse(packed) as [{ files: { path: string }[] }]
  t.ok(
    files.some(({ path }) => path === 'openapi/openapi.json') && !files.some(({ path }) => path.startsWith('test/')),
    'what is packed is what others need',
  )

  await writeFile(join(folder, 'package.json'), '{"type":"module"}')
  await writeFile(join(folder, 'use.ts'), use)
  const check = (...sources: string[]) =>
    run(
      process.execPath,
      [
        bin('tsc'),
        '--strict',
        '--module',
        'nodenext',
        '--target',
        'es2023',
        '--exactOptionalPropertyTypes',
        '--types',
        'node',
      ].concat(['--typeRoots', join(project, 'node_modules', '@types'), '--outDir', join(folder, 'built'), ...sources]),
      { cwd: folder },
    ).then(
      () => '',
      ({ stdout }: { stdout: string }) => stdout,
    )
  t.equal(await check('use.ts'), '')
  const head = `import { connect, dataOf } from 'role-register/client'\nconst register = connect('')\n`
  await writeFile(join(folder, 'wrong.ts'), `${head}${wrong.join('\n')}\nvoid dataOf\n`)
  const errors = await check('wrong.ts')
  for (const [index, line] of wrong.entries()) t.match(errors, new RegExp(`wrong\\.ts\\(${index + 3},`), line)

  const { app, call } = await testApp(t)
  for (const slug of ['a', 'b', 'c']) await createPublished(call, slug)
  await createRole(call, 'hidden')
  await app.listen({ port: 0, host: '127.0.0.1' })
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`
  const { stdout } = await run(process.execPath, [join(folder, 'built', 'use.js'), url, token('home-office')], {
    cwd: folder,
  })
  t.same(JSON.parse(stdout), {
    texts: true,
    written: 'paragraph',
    again: 'Data engineer',
    title: 'Data engineer',
    titles: [],
    slugs: ['a', 'b', 'c'],
    draft: 'Data engineer',
    patched: 'New',
    hours: '37',
    status: 401,
    code: 'unauthenticated',
  })
})
