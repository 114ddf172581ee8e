import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { ArgumentsError } from '../../src/arguments.ts'
import { importUsage, readImportArguments } from '../../src/imports/command.ts'
import { PathError } from '../../src/imports/files.ts'
import { ExportError } from '../../src/imports/restore.ts'
import { testApp, token, webhooks } from '../support/app.ts'
import { testDatabase, testFolder } from '../support/database.ts'
import { command, pool } from '../support/import-command.ts'
import { problemOf } from '../support/problem.ts'
import { countRows, publishRole } from '../support/roles.ts'
import { bold, paragraph, wordFile } from '../support/word.ts'

t.after(() => pool.close())

const markdown = (title: string, duty = 'Test') =>
  `# ${title}\n\n**Grade:** SEO\n\n## About the role\n\nYou will be a ${title}.\n\n## Duties\n\n- ${duty}\n`

t.test('import: the arguments say what is missing', async t => {
  const refused = (values: object, paths: string[]) => {
    try {
      readImportArguments(values as Record<string, unknown>, paths)
    } catch (error) {
      if (error instanceof ArgumentsError) return error.message.split('\n')[0]
      throw error
    }
    return undefined
  }
  t.equal(refused({}, []), 'Name the files or folders to import.')
  t.equal(refused({ organisation: 'Home Office' }, ['x']), '--organisation must be a slug, such as home-office.')
  t.equal(refused({ owner: '' }, ['x']), '--owner must be a name of 1 to 100 characters.')
  t.same(readImportArguments({ overwrite: true }, ['x']), {
    paths: ['x'],
    organisation: undefined,
    overwrite: true,
    owner: 'import',
  })
})

t.test('import: documents of a folder', { timeout: 300_000 }, async t => {
  const { db, call } = await testApp(t)
  const folder = await testFolder(t)
  await mkdir(join(folder, 'deep'))
  const put = (name: string, data: string | Buffer) => writeFile(join(folder, name), data)
  await put('Data Engineer.md', markdown('Data engineer'))
  await put('deep/tester.html', '<h1>Tester</h1><h2>About the role</h2><p>You will test.</p>')
  await put(
    'deep/Designer.docx',
    wordFile(`${bold('Designer')}${bold('About the role')}${paragraph('You will design.')}`),
  )
  await put('named.md', `---\nslug: quagga-groom\n---\n${markdown('Quagga groom')}`)
  await put('broken.docx', 'no zip')
  await put('empty.md', '')
  await put('large.md', Buffer.alloc(5_000_000, 'a'))
  await put('notes.txt', 'not a document')
  await put('.hidden.md', markdown('Hidden'))
  await put('~$signer.docx', 'of Word itself')
  await symlink(folder, join(folder, 'deep', 'round'))
  await symlink('nothing', join(folder, 'deep', 'nowhere.md'))

  await t.test('imports what can be, names what cannot, and says so by its exit code', async t => {
    const { code, lines } = await command(db, [folder])
    t.equal(code, 1)
    const plain = lines.map(line => line.replaceAll(`${folder}/`, ''))
    t.ok(
      plain.includes('created Data Engineer.md → data-engineer: 2 sections, 0 warnings, 100 % of the text'),
      plain.join('\n'),
    )
    t.ok(plain.includes('created deep/Designer.docx → designer: 1 section, 0 warnings, 100 % of the text'))
    t.ok(plain.includes('created named.md → quagga-groom: 2 sections, 0 warnings, 100 % of the text'))
    t.ok(
      plain.includes(
        'passed over notes.txt: not Markdown, HTML or Word (.docx, .html or .md); if it is Markdown, let its name end in .md',
      ),
    )
    t.ok(plain.some(line => /^passed over ~\$signer\.docx: what Word keeps beside a document that is open/.test(line)))
    for (const link of ['deep/nowhere.md', 'deep/round'])
      t.ok(plain.includes(`passed over ${link}: a link, which is followed only where it is named itself`), link)
    t.same(
      plain.slice(plain.findIndex(line => line.includes('losses'))).map(line => line.trimEnd()),
      [
        '             files  sections  warnings  losses',
        'created          4         6         0       0',
        'failed           3         0         0       0',
        'passed over      4         0         0       0',
        '',
        'Failed:',
        ...plain.slice(-4, -1).map(line => line.trimEnd()),
        '',
      ],
    )
    t.match(plain.slice(-4, -1).sort(), [
      /broken\.docx: The body is not a Word document/,
      /empty\.md: The document is empty/,
      /large\.md: it has 5,000,000 bytes/,
    ])
    const drafts = (await call('GET /v1/drafts')).body as { drafts: { slug: string; updated_by: string }[] }
    t.same(
      drafts.drafts.map(({ slug, updated_by }) => `${slug} ${updated_by}`),
      ['data-engineer jo', 'designer jo', 'quagga-groom jo', 'tester jo'],
    )
    const { rows } = {
      rows: await db.selectFrom('events').select(['type', 'owner']).where('type', '=', 'role_imported').execute(),
    }
    t.same(rows, Array(4).fill({ type: 'role_imported', owner: 'jo' }))
  })

  await t.test('a file of another kind that is named itself is a failure', async t => {
    const { code, text } = await command(db, [join(folder, 'notes.txt')])
    t.equal(code, 1)
    t.match(text, /failed .*notes\.txt: not Markdown, HTML or Word/)
    t.notMatch(text, /passed over/)
  })

  await t.test('again: nothing is written', async t => {
    const before = await countRows(db)
    const { code, text } = await command(db, [join(folder, 'deep'), join(folder, 'Data Engineer.md')])
    t.equal(code, 0)
    t.match(text, /unchanged {3,}3/)
    t.same(await countRows(db), before)
  })

  await t.test(
    'a document that changed updates its draft; one that was edited since is left alone unless told',
    async t => {
      await put('Data Engineer.md', markdown('Data engineer', 'Build pipelines'))
      await put('deep/tester.html', '<h1>Tester</h1><h2>About the role</h2><p>You will test more.</p>')
      const etag = (await call('GET /v1/roles/tester/draft')).headers.etag as string
      const headers = { 'content-type': 'application/merge-patch+json', 'if-match': etag }
      t.equal((await call('PATCH /v1/roles/tester/draft', { body: { family: 'data' }, headers })).status, 200)
      const { code, text } = await command(db, [folder], {
        paths: [join(folder, 'Data Engineer.md'), join(folder, 'deep')],
      })
      t.equal(code, 3)
      t.match(text, /updated .*Data Engineer\.md → data-engineer/)
      t.match(
        text,
        /left alone .*tester\.html → tester: its draft was edited since its last import; --overwrite replaces it/,
      )
      t.match((await call('GET /v1/roles/data-engineer/draft')).text, /Build pipelines/)
      t.notMatch((await call('GET /v1/roles/tester/draft')).text, /test more/)
      const told = await command(db, [join(folder, 'deep')], { overwrite: true })
      t.equal(told.code, 0)
      const tester = (await call('GET /v1/roles/tester/draft')).body as { family: string; sections: unknown }
      t.match(JSON.stringify(tester.sections), /test more/)
      t.equal(tester.family, 'data', 'what the document cannot say stays')
    },
  )

  await t.test('a file that is named twice, in whatever way, is read once', async t => {
    await mkdir(join(folder, 'once', 'more'), { recursive: true })
    await put('once/once.md', markdown('Once'))
    await symlink('once.md', join(folder, 'once', 'link.md'))
    await symlink('once', join(folder, 'linked'))
    await put('once/notes.txt', 'not a document')
    const paths = [
      join(folder, 'once', 'once.md'),
      `${folder}/once/more/../once.md`,
      join(folder, 'linked', 'link.md'),
      join(folder, 'linked'),
      join(folder, 'once'),
      join(folder, 'once', 'notes.txt'),
    ]
    const { code, lines } = await command(db, paths)
    t.same(lines.slice(0, lines.indexOf('')).sort(), [
      `created ${paths[0]} → once: 2 sections, 0 warnings, 100 % of the text`,
      `failed ${join(folder, 'linked', 'notes.txt')}: not Markdown, HTML or Word (.docx, .html or .md); if it is Markdown, let its name end in .md`,
      `passed over ${join(folder, 'linked', 'link.md')}: a link, which is followed only where it is named itself`,
    ])
    t.equal(code, 1, 'for what is named and cannot be read')
  })

  await t.test('a pipe is no file, whatever its name', async t => {
    const pipes = ['pipe.md', 'pipe.ndjson'].map(name => join(folder, name))
    t.equal(spawnSync('mkfifo', pipes).status, 0)
    const { code, lines } = await command(db, pipes)
    t.same([code, lines.slice(0, lines.indexOf(''))], [1, pipes.map(path => `failed ${path}: no file`)])
    for (const path of pipes) rmSync(path)
  })

  await t.test('a slug of another organisation, and two files of one slug, are failures', async t => {
    await put('deep/Tester.md', markdown('Tester'))
    const other = await command(db, [join(folder, 'Data Engineer.md')], { organisation: 'other-office' })
    t.equal(other.code, 1)
    t.match(other.text, /the slug "data-engineer" belongs to a role of another organisation/)
    const twice = await command(db, [join(folder, 'deep')])
    t.equal(twice.code, 1)
    t.match(twice.text, /gives the role "tester" too; rename one/)
  })

  await t.test(
    'documents with one new text about the organisation share a section, though they are read at once',
    async t => {
      await mkdir(join(folder, 'twins'))
      const about = '## About us\n\nWe groom every quagga of the country.\n\n## Duties\n\n- Groom\n'
      for (const name of ['one', 'two', 'three', 'four'])
        await put(`twins/twin-${name}.md`, `# Twin ${name}\n\n${about}`)
      const { code, text } = await command(db, [join(folder, 'twins')])
      t.equal(code, 0, text)
      const uses = await db
        .selectFrom('role_shared_sections')
        .select(['role', 'shared_section'])
        .where('role', 'like', 'twin-%')
        .orderBy('role')
        .execute()
      const shared_section = 'home-office-about-us'
      t.same(
        uses,
        ['four', 'one', 'three', 'two'].map(name => ({ role: `twin-${name}`, shared_section })),
      )
    },
  )

  await t.test('a file that is gone before its turn fails, and the others go on', async t => {
    await mkdir(join(folder, 'going'))
    for (const name of ['a', 'b', 'c', 'd']) await put(`going/going-${name}.md`, markdown(`Going ${name}`))
    const gone = join(folder, 'going', 'going-d.md')
    const { code, text } = await command(db, [join(folder, 'going')], {}, false, () => rmSync(gone, { force: true }))
    t.equal(code, 1)
    t.match(text, /created {2,}3 /)
    t.ok(text.includes(`failed ${gone}: it cannot be read (ENOENT)`), text)
  })

  await t.test('a terminal gets a bar and the table', async t => {
    const { text } = await command(db, [join(folder, 'Data Engineer.md')], {}, true)
    t.match(text, /=+ 1\/1/)
    t.notMatch(text, /unchanged .*Data Engineer/)
    t.match(text, /unchanged {2,}1/)
  })

  await t.test('what cannot be begun is said before anything is done', async t => {
    await t.rejects(
      command(db, [join(folder, 'nowhere')]),
      new PathError(`There is no file or folder ${join(folder, 'nowhere')}.`),
    )
    await t.rejects(
      command(db, [folder], { organisation: 'nobody' }),
      new ArgumentsError('There is no organisation "nobody".'),
    )
    await t.rejects(command(db, [folder], { organisation: undefined }), ArgumentsError)
    await put('cut.ndjson', '{"type":"role"}\n')
    const cut = join(folder, 'cut.ndjson')
    await t.rejects(command(db, [cut], { organisation: undefined }), ExportError)
    await t.rejects(
      command(db, [cut]),
      new ArgumentsError(
        `An export says itself whose roles it holds: leave --organisation out.\nUsage: ${importUsage}`,
      ),
    )
  })
})

t.test('import: an export into an empty register, and out again', { timeout: 300_000 }, async t => {
  const folder = await testFolder(t)
  const path = join(folder, 'roles.ndjson')
  const first = await testApp(t)
  const admin = token('home-office', ['admin'])
  const publish = async (slug: string, note: string) => {
    const etag = (await first.call(`GET /v1/roles/${slug}/draft`)).headers.etag as string
    await publishRole(first.call, slug, etag, note)
  }
  await first.call('POST /v1/skills?slug=sql', { body: { name: 'SQL' }, key: admin })
  const sample = await readFile(new URL('../../examples/role-definition.md', import.meta.url))
  const sent = await first.call('POST /v1/imports?slug=data-engineer', {
    body: sample,
    headers: { 'content-type': 'text/markdown' },
  })
  t.equal(sent.status, 201)
  const draft = (await first.call('GET /v1/roles/data-engineer/draft')).body as { skills: { skill: string | null }[] }
  const skills = draft.skills.map((skill, at) => (at === 0 ? { ...skill, skill: 'sql', level: 'working' } : skill))
  const etag = (await first.call('GET /v1/roles/data-engineer/draft')).headers.etag as string
  const patched = await first.call('PATCH /v1/roles/data-engineer/draft', {
    body: { skills },
    headers: { 'content-type': 'application/merge-patch+json', 'if-match': etag },
  })
  t.equal(patched.status, 200, patched.text)
  await publish('data-engineer', 'First')
  await publish('data-engineer', 'Second')
  await first.call('POST /v1/imports?slug=tester', {
    body: markdown('Tester'),
    headers: { 'content-type': 'text/markdown' },
  })
  await publish('tester', 'First')
  const exported = await first.call('GET /v1/exports/roles.ndjson', { key: null })
  await writeFile(path, exported.text)

  const { db } = await testDatabase(t)
  const restored = await command(db, [path], { organisation: undefined })
  t.equal(restored.code, 0, restored.text)
  t.match(restored.text, /restored {3,}2/)
  const again = await command(db, [path], { organisation: undefined })
  t.match(again.text, /unchanged {2,}2/)

  const { build } = await import('../../src/app.ts')
  const authenticate = async () => ({
    id: 'key:a',
    owner: 'a',
    organisation: 'home-office',
    scopes: new Set(['admin'] as const),
  })
  const app = await build({
    db,
    authenticate,
    pepper: 'x'.repeat(32),
    baseUrl: 'https://second.example',
    cacheBytesMax: 1024,
    webhooks,
  })
  t.after(() => app.close())
  const get = (url: string) => app.inject({ url, headers: { host: 'second.example' } })
  const rolesOf = (text: string) => text.split('\n').filter(line => line.startsWith('{"type":"role"'))
  t.equal(rolesOf(exported.text).length, 2)
  t.same(rolesOf((await get('/v1/exports/roles.ndjson')).body), rolesOf(exported.text))
  t.equal((await get('/v1/roles/data-engineer/versions/2')).statusCode, 200)
  t.equal((await get('/v1/roles/data-engineer/versions/1')).statusCode, 404)
  const page = (await get('/roles/data-engineer')).body
  t.match(page, /\/roles\/data-engineer\/versions\/2"/)
  t.notMatch(page, /changes\?from=/, 'the version before the first that is there is not linked')
  t.equal((await get('/roles/data-engineer/changes')).statusCode, 200)
  const [line = ''] = rolesOf(exported.text)
  t.equal((await get('/v1/roles/data-engineer')).headers.etag, (JSON.parse(line) as { etag: string }).etag)
  const shared = await db.selectFrom('shared_sections').select(['slug', 'organisation']).orderBy('slug').execute()
  t.same(shared, [
    { slug: 'home-office-about-digital-and-data', organisation: 'home-office' },
    { slug: 'home-office-about-the-organisation', organisation: 'home-office' },
  ])
  t.same(await db.selectFrom('skills').select(['slug', 'name']).execute(), [{ slug: 'sql', name: 'SQL' }])
  t.same(await db.selectFrom('organisations').select(['slug', 'name']).execute(), [
    { slug: 'home-office', name: 'Home Office' },
  ])

  const changed = join(folder, 'changed.ndjson')
  await writeFile(changed, exported.text.replace('Tester', 'Taster'))
  await t.rejects(
    command(db, [changed], { organisation: undefined }),
    new ExportError('The export was changed: its bytes are not those of its digest. Fetch it again.'),
  )
  await publish('tester', 'Second')
  const newer = join(folder, 'newer.ndjson')
  await writeFile(newer, (await first.call('GET /v1/exports/roles.ndjson', { key: null })).text)
  const refused = await command(db, [newer], { organisation: undefined })
  t.equal(refused.code, 1)
  t.match(refused.text, /tester: The register has version 1 of "tester", which is not what the export has\./)
})

t.test('getImportOriginal → 200 with the document as it came; 404 for others; ten of a role are kept', async t => {
  const { call, db } = await testApp(t)
  const source = '# Tester\n\n<script>alert(1)</script>\n\n## About the role\n\nYou will test.\n'
  const made = await call('POST /v1/imports?slug=tester', {
    body: source,
    headers: { 'content-type': 'text/markdown' },
  })
  const { id } = made.body as { id: string }
  const original = await call(`GET /v1/imports/${id}/original`, { headers: { accept: '*/*' } })
  t.equal(original.status, 200)
  t.equal(original.text, source)
  t.match(original.headers, {
    'content-type': 'text/markdown',
    'content-disposition': 'attachment; filename="tester.md"',
    'x-content-type-options': 'nosniff',
    'content-security-policy': "sandbox; default-src 'none'",
    'cache-control': 'private, no-store',
  })
  t.match(problemOf(await call(`GET /v1/imports/${id}/original`, { key: token('other-office') })), {
    status: 404,
    code: 'not_found',
  })
  let etag = made.headers.etag as string
  for (let number = 0; number < 10; number += 1) {
    const next = await call('POST /v1/imports?role=tester', {
      body: `${source}\nLine ${number}\n`,
      headers: { 'content-type': 'text/markdown', 'if-match': etag },
    })
    t.equal(next.status, 201, next.text.slice(0, 200))
    etag = next.headers.etag as string
  }
  t.match(problemOf(await call(`GET /v1/imports/${id}/original`)), { status: 404, detail: /is not kept any more/ })
  const { count } = await db
    .selectFrom('import_originals')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  t.equal(count, 10)
})
