import { existsSync, readFileSync } from 'node:fs'
import t from 'tap'
import type { Change } from '../src/document/diff.ts'
import { exampleDocument, type RoleDocument } from '../src/document/schema.ts'
import { testApp, token } from './support/app.ts'
import { applyDiff } from './support/patch.ts'
import { problemOf } from './support/problem.ts'
import { shared } from './support/project.ts'
import { countRows } from './support/roles.ts'

const sample = readFileSync(new URL('../examples/role-definition.md', import.meta.url), 'utf8')
const real = new URL('samples/devops-role-definition.md', shared)

interface Report {
  coverage: { percent: number }
  losses: unknown[]
  unchanged: boolean
  changes: Change[]
  warnings: { code: string; line: number | null; excerpt: string; severity: string }[]
  recognised: { shared_sections: { slug: string; created: boolean }[] }
}
interface Import {
  id: string | null
  role: string
  report: Report
}

const markdown = { 'content-type': 'text/markdown' }
// One test around all: what the root test's own teardown closes would keep the process from coming to its end.
t.test('imports', { timeout: 300_000 }, async t => {
  const { call, db } = await testApp(t)
  const send = (query: string, body: string | Buffer, more: object = {}) =>
    call(`POST /v1/imports${query}`, { body, headers: markdown, ...more })

  await t.test('createImport → 422, 413, 415 for what cannot become a draft, and nothing is stored', async t => {
    const title = '# Data engineer\n\n## What you’ll do\n\n'
    const before = await countRows(db)
    const rows: [string, string | Buffer, number, string, string][] = [
      [
        'an empty document',
        '',
        422,
        'unreadable_document',
        'The document is empty. Send the text of a role definition.',
      ],
      [
        'white space',
        ' \n\n',
        422,
        'unreadable_document',
        'The document is empty. Send the text of a role definition.',
      ],
      [
        'only a title',
        '# Data engineer\n',
        422,
        'unreadable_document',
        'The document has a title and nothing else. Send it with its sections, each under a heading.',
      ],
      [
        'a Word file',
        Buffer.from('504b0304140006000800000021', 'hex'),
        422,
        'unreadable_document',
        'This looks like a Word document (.docx) or another ZIP file, sent under another name. Give a Word document a name that ends with .docx, or send it with the content type application/vnd.openxmlformats-officedocument.wordprocessingml.document.',
      ],
      [
        'binary',
        Buffer.from([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1, 0, 0]),
        422,
        'unreadable_document',
        'This looks like an old Word document (.doc). Open it in Word, save it as .docx and send that.',
      ],
      [
        '10,000 bullets',
        title + '- Do it\n'.repeat(10_000),
        422,
        'unreadable_document',
        'A list has 10,000 items; 200 is the limit. Part it into shorter lists.',
      ],
      [
        'lists 100 deep',
        title + Array.from({ length: 100 }, (_, i) => `${'  '.repeat(i)}- Do it`).join('\n'),
        422,
        'unreadable_document',
        'Lists are nested more than 32 deep. Nest them two deep.',
      ],
      ['5 MB', 'a'.repeat(5_000_000), 413, 'too_large', 'The body may have at most 4 MiB.'],
    ]
    for (const [what, body, status, code, detail] of rows) {
      const answer = await send('?slug=never', body)
      t.equal(answer.status, status, `${what}: ${answer.text.slice(0, 400)}`)
      const problem = answer.body as { code: string; detail: string; report?: object }
      t.equal(problem.code, code, what)
      t.equal(problem.detail, detail, what)
      if (code === 'unreadable_document') t.ok(problem.report, `${what}: with the report`)
    }
    for (const query of ['?organisation=no-office', '?organisation=no-office&dry_run=true'])
      t.strictSame(problemOf(await send(query, sample, { key: token('home-office', ['admin']) })), {
        status: 422,
        code: 'invalid',
        detail: 'There is no organisation "no-office". Did you mean "home-office"?',
        errors: [
          {
            pointer: '?organisation',
            code: 'unknown_organisation',
            detail: 'There is no organisation "no-office". Did you mean "home-office"?',
          },
        ],
      })
    const nameless = await send('', '# 職務\n\n## What you’ll do\n\n- Do it\n')
    const { report, ...problem } = problemOf(nameless) as Record<string, unknown>
    const detail =
      'With a title that has no letter of a to z and no digit the role needs ?slug=, such as ?slug=data-engineer.'
    t.strictSame(problem, {
      status: 422,
      code: 'invalid',
      detail,
      errors: [{ pointer: '?slug', code: 'missing_member', detail }],
      text: null,
    })
    t.match(report, { recognised: { title: '職務' } })
    const ticks = await send('?slug=never&dry_run=true', `${title}${'`'.repeat(200_000)}`)
    t.equal(ticks.status, 201, 'a run of backticks opens a block of code')
    const asJson = await call('POST /v1/imports', { body: '{}' })
    t.equal(asJson.status, 415)
    t.same(await countRows(db), before)
  })

  await t.test('createImport → 201: a script is named as a loss, and not kept', async t => {
    const { status, body, text } = await send('?slug=script&dry_run=true', `${sample}\n\n<script>alert(1)</script>\n`)
    t.equal(status, 201, text.slice(0, 300))
    t.match((body as Import).report.losses, [{ code: 'script_removed' }])
  })

  await t.test('createImport → 201, once more 409 naming role=, 428, 412, unchanged, changed', async t => {
    const created = await send('', sample)
    t.equal(created.status, 201)
    const { id, role, report } = created.body as Import
    t.equal(role, 'data-engineer')
    t.equal(report.coverage.percent, 100)
    t.same(report.losses, [])
    t.equal(created.headers.location, `/v1/imports/${id}`)
    t.same((await call(`GET /v1/imports/${id}`)).body, created.body)
    t.equal((await call(`GET /v1/imports/${id}`, { key: token('other-office') })).status, 404)

    const taken = await send('', sample)
    t.equal(taken.status, 409)
    t.match((taken.body as { detail: string }).detail, /role=data-engineer/)
    t.equal((await send('?role=data-engineer', sample)).status, 428)
    t.equal((await send('?role=data-engineer', sample, { match: '"r7"' })).status, 412)
    t.equal((await send('?role=nobody', sample, { match: '"r1"' })).status, 404)
    const detail = 'slug= names a new role and role= one that exists: send one of them.'
    t.strictSame(problemOf(await send('?role=data-engineer&slug=other', sample, { match: '"r1"' })), {
      status: 400,
      code: 'invalid_query',
      detail,
      errors: [{ pointer: '?slug', code: 'not_with_role', detail }],
    })

    const before = await countRows(db)
    const again = await send('?role=data-engineer', sample, { match: created.etag })
    t.equal(again.status, 201)
    t.equal((again.body as Import).report.unchanged, true)
    t.equal(again.etag, created.etag, 'no revision')
    t.equal((await countRows(db)).events, before.events, 'no event')

    const draft = (await call('GET /v1/roles/data-engineer/draft')).body as RoleDocument
    const changed = await send('?role=data-engineer', `${sample}\n\n## Benefits\n\nA good pension.\n`, {
      match: created.etag,
    })
    t.equal(changed.status, 201)
    t.equal(changed.etag, '"r2"')
    const made = changed.body as Import
    const { changes } = made.report
    t.match(changes, [{ op: 'add', what: 'section “Benefits”' }])
    t.same(applyDiff(draft, changes), (await call('GET /v1/roles/data-engineer/draft')).body, 'ids and all')
    t.same(((await call(`GET /v1/imports/${made.id}`)).body as Import).report, made.report, 'kept so')
  })

  await t.test(
    'createImport → 201: another document with the same about-texts uses the same shared sections',
    async t => {
      const first = await send('?slug=one', sample)
      const second = await send('?slug=two', sample)
      t.equal(second.status, 201)
      t.ok(
        first.status === 201 &&
          (second.body as Import).report.recognised.shared_sections.every(({ created }) => !created),
      )
    },
  )

  await t.test(
    'createImport → 201 with the slug of front matter, which a slug= or role= of the request outdoes',
    async t => {
      const named = (slug: string) =>
        `---\ntitle: Data engineer\nslug: ${slug}\n---\n\n## About the role\n\nYou build.\n`
      const slugWarnings = ({ report }: Import) =>
        report.warnings
          .filter(({ code }) => code.startsWith('slug_'))
          .map(({ code, line, excerpt, severity }) => ({ code, line, excerpt, severity }))
      const made = await send('', named('engine-room'))
      t.equal(made.status, 201)
      t.same([(made.body as Import).role, slugWarnings(made.body as Import)], ['engine-room', []])
      const taken = await send('', named('engine-room'))
      t.match([taken.status, taken.body], [409, { code: 'slug_taken', existing: '/v1/roles/engine-room/draft' }])
      const other = (slug: string) => ({ code: 'slug_not_used', line: 3, excerpt: slug, severity: 'advice' })
      const asked = await send('?slug=bridge&dry_run=true', named('engine-room'))
      t.same([(asked.body as Import).role, slugWarnings(asked.body as Import)], ['bridge', [other('engine-room')]])
      const again = await send('?role=engine-room', named('bridge'), { match: made.etag })
      t.same(
        [again.status, (again.body as Import).role, slugWarnings(again.body as Import)],
        [201, 'engine-room', [other('bridge')]],
      )
      t.ok((again.body as Import).report.unchanged)
      const bad = await send('?dry_run=true', named('Engine Room').replace('Data engineer', 'Stoker'))
      t.same(
        [(bad.body as Import).role, slugWarnings(bad.body as Import)],
        ['stoker', [{ code: 'slug_invalid', line: 3, excerpt: 'Engine Room', severity: 'advice' }]],
      )
      t.match((bad.body as Import).report, { losses: [], coverage: { percent: 100 } })
    },
  )

  await t.test('createImport → dry run stores nothing', async t => {
    const before = await countRows(db)
    const { status, body, headers } = await send('?slug=dry&dry_run=true', sample)
    t.equal(status, 201)
    t.equal((body as Import).id, null)
    t.equal(headers.location, undefined)
    t.same(await countRows(db), before)
  })

  await t.test('createImport → 201: the real role definition, published', { skip: !existsSync(real) }, async t => {
    const { status, body, etag } = await send('?slug=devops', readFileSync(real))
    t.equal(status, 201)
    t.equal((body as Import).report.coverage.percent, 100)
    t.same((body as Import).report.losses, [])
    const published = await call('POST /v1/roles/devops/publications', { match: etag, body: { change_note: 'First' } })
    t.equal(published.status, 201, published.text)
    t.equal((await call('GET /v1/roles/devops', { key: null })).status, 200)
  })

  await t.test(
    'createImport → 201 for each of several at once that bring the same text of the organisation',
    async t => {
      const text = (title: string) =>
        `# ${title}\n\n## About the Home Office\n\nIt keeps streets, borders and counters safe in a way told only here.\n\n## About the role\n\nYou will look after one of them.\n`
      const made = await Promise.all(
        ['Street keeper', 'Border keeper', 'Counter keeper', 'Key keeper'].map(title => send('', text(title))),
      )
      t.same(
        made.map(({ status, text }) => (status === 201 ? 201 : text)),
        [201, 201, 201, 201],
      )
      const shared = made.map(({ body }) => (body as Import).report.recognised.shared_sections)
      t.equal(new Set(shared.map(([section]) => section?.slug)).size, 1)
      t.equal(shared.filter(([section]) => section?.created).length, 1)
    },
  )

  await t.test('createRole → 409 with role= in no advice', async t => {
    await call('POST /v1/roles?slug=taken', { body: exampleDocument })
    const { status, body } = await call('POST /v1/roles?slug=taken', { body: exampleDocument })
    t.equal(status, 409)
    t.notMatch((body as { detail: string }).detail, /role=/)
  })
})
