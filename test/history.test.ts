// The history of a role: links from version to version, what changed between two, and a draft begun again from one.
import { readFileSync } from 'node:fs'
import { sql } from 'kysely'
import t from 'tap'
import { DatabaseUnavailable } from '../src/database/connection.ts'
import type { Change } from '../src/document/diff.ts'
import { exampleDocument, type PublishedRole, type RoleDocument } from '../src/document/schema.ts'
import { testApp, token } from './support/app.ts'
import { applyDiff } from './support/patch.ts'
import { problemOf } from './support/problem.ts'
import { createPublished, createRole, digestOf, eventsOf, publishRole } from './support/roles.ts'

interface Side {
  version: number | null
  published_at: string | null
  change_note: string | null
  etag: string
}
interface Diff {
  role: string
  from: Side
  to: Side
  changes: Change[]
}

t.test('history', { timeout: 300_000 }, async t => {
  const { call, db } = await testApp(t)
  const everyone = { key: null }
  const patch = async (slug: string, body: object) =>
    (await call(`PATCH /v1/roles/${slug}/draft`, { body, match: '*' })).etag
  const diff = (slug: string, query: string, key: string | null = null, headers = {}) =>
    call(`GET /v1/roles/${slug}/diff?${query}`, { key, headers })
  const contentOf = ({ version, published_at, change_note, ...content }: PublishedRole) => content
  const versionOf = async (slug: string, version: number) =>
    (await call(`GET /v1/roles/${slug}/versions/${version}`, everyone)).body as PublishedRole

  await t.test(
    'getVersion → links to the one before, never to one after; getRole → to the one before the latest',
    async t => {
      await createPublished(call, 'linked')
      const first = await call('GET /v1/roles/linked/versions/1', everyone)
      for (const title of ['Second', 'Third']) await publishRole(call, 'linked', await patch('linked', { title }))
      const linkOf = async (path: string) => (await call(`GET /v1/roles/linked${path}`, everyone)).headers.link
      const history = '</v1/roles/linked/versions>; rel="version-history"'
      const latest = '</v1/roles/linked>; rel="latest-version"'
      t.equal(await linkOf('/versions/1'), `${history}, ${latest}`)
      t.equal(first.headers.link, await linkOf('/versions/1'), 'what is kept for a year is still right')
      t.equal(
        await linkOf('/versions/2'),
        `${history}, ${latest}, </v1/roles/linked/versions/1>; rel="predecessor-version"`,
      )
      t.equal(
        await linkOf(''),
        `${history}, </v1/roles/linked/versions/3>; rel="latest-version", </v1/roles/linked/versions/2>; rel="predecessor-version"`,
      )
    },
  )

  await t.test('diffRole → 200 with what changed, for good; applied to the one version it gives the other', async t => {
    await createPublished(call, 'compared')
    const etag = await patch('compared', { sfia_mappings: [{ code: 'PROG', level: 4 }], title: 'Lead data engineer' })
    await publishRole(call, 'compared', etag, 'Level 4')
    const answer = await diff('compared', 'from=1&to=2')
    const [one, two] = [await versionOf('compared', 1), await versionOf('compared', 2)]
    const sideOf = (role: PublishedRole) => ({
      version: role.version,
      published_at: role.published_at,
      change_note: role.change_note,
      etag: `"${digestOf(JSON.stringify(role))}"`,
    })
    const replaced = { op: 'replace', from: null }
    t.same(answer.body, {
      role: 'compared',
      from: sideOf(one),
      to: sideOf(two),
      changes: [
        {
          ...replaced,
          path: '/title',
          value: 'Lead data engineer',
          before: 'Data engineer',
          what: 'title',
          words: [
            { mark: 'removed', text: 'Data' },
            { mark: 'added', text: 'Lead data' },
            { mark: 'same', text: ' engineer' },
          ],
        },
        {
          ...replaced,
          path: '/sfia_mappings/0/level',
          value: 4,
          before: 3,
          what: 'level of SFIA skill PROG',
          words: [],
        },
      ],
    })
    t.match(answer, {
      status: 200,
      etag: `"${digestOf(answer.text)}"`,
      headers: { 'cache-control': 'public, max-age=31536000, immutable' },
    })
    t.equal((await diff('compared', 'from=1&to=2', null, { 'if-none-match': answer.etag })).status, 304)
    for (const [from, to] of [
      [1, 2],
      [2, 1],
      [1, 1],
    ] as const) {
      const { changes } = (await diff('compared', `from=${from}&to=${to}`)).body as Diff
      const result = applyDiff(contentOf(await versionOf('compared', from)), changes)
      t.same(JSON.stringify(result), JSON.stringify(contentOf(await versionOf('compared', to))))
      t.equal(changes.length === 0, from === to)
    }
  })

  await t.test('diffRole → 200: empty for versions that say the same, and what a shared section printed', async t => {
    const section = { kind: 'other', heading: 'About us', blocks: [{ type: 'paragraph', text: 'We are few.' }] }
    await call('POST /v1/shared-sections?slug=us', { body: section })
    const using = { id: 'other', kind: 'other', heading: 'About us', shared_section: 'us', blocks: [] }
    const document = { ...exampleDocument, sections: [using, ...exampleDocument.sections] }
    const { etag } = await createPublished(call, 'shared', document)
    const same = await publishRole(call, 'shared', etag)
    t.same(((await diff('shared', 'from=1&to=2')).body as Diff).changes, [])
    await call('PATCH /v1/shared-sections/us', {
      body: { blocks: [{ type: 'paragraph', text: 'We are many.' }] },
      match: '*',
    })
    const what = { op: 'replace', path: '/sections/0/blocks/0/text', before: 'We are few.', value: 'We are many.' }
    t.match(await diff('shared', 'from=2&to=draft', token('home-office')), { body: { changes: [what] } })
    await publishRole(call, 'shared', same.etag)
    t.match(await diff('shared', 'from=2&to=3'), { body: { changes: [what] } })
  })

  await t.test('diffRole → `to=draft` for those who may read it, and for nobody else', async t => {
    const { etag } = await createPublished(call, 'private')
    const draft = await patch('private', { title: 'Quagga keeper' })
    const answer = await diff('private', 'from=1&to=draft', token('home-office', ['roles:read_drafts']))
    t.match(answer, {
      status: 200,
      headers: { 'cache-control': 'private, no-store' },
      body: {
        to: { version: null, published_at: null, change_note: null, etag: draft },
        changes: [{ path: '/title', value: 'Quagga keeper' }],
      },
    })
    const { changes } = answer.body as Diff
    const published = await publishRole(call, 'private', draft)
    t.not(published.etag, etag)
    const result = applyDiff(contentOf(await versionOf('private', 1)), changes)
    t.same(result, contentOf(await versionOf('private', 2)), 'the draft as it is then published')

    await createRole(call, 'unpublished')
    for (const slug of ['private', 'unpublished', 'nobody'])
      for (const [key, status] of [
        [null, 401],
        [token('other-office', ['roles:write']), 403],
        [token('other-office'), 404],
      ] as const) {
        const refused = await diff(slug, 'from=1&to=draft', key)
        t.equal(refused.status, status, `${slug} ${key}`)
        t.notMatch(refused.text, /quagga/i)
        if (status === 404)
          t.same(problemOf(refused), {
            status: 404,
            code: 'not_found',
            detail: `There is no role "${slug}" that you may read.`,
            errors: [],
          })
      }
    t.match(await diff('unpublished', 'from=1&to=draft', token('home-office')), { status: 404 })
  })

  await t.test('diffRole → 503 for `to=draft` where it cannot be told whose the key is', async t => {
    const authenticate = () => Promise.reject(new DatabaseUnavailable('gone'))
    const blind = await testApp(t, { authenticate })
    const answer = await blind.call('GET /v1/roles/nobody/diff?from=1&to=draft')
    t.match(answer, { status: 503, headers: { 'retry-after': '1' }, body: { code: 'unavailable' } })
    t.match(await blind.call('GET /v1/roles/nobody/diff?from=1&to=2'), { status: 404 })
  })

  await t.test('diffRole → 404 for a version that is not there, 400 for a query that is none', async t => {
    await createPublished(call, 'short')
    for (const query of ['from=1&to=2', 'from=2&to=1', 'from=1&to=999999999'])
      t.match(await diff('short', query), { status: 404, body: { code: 'not_found' } }, query)
    for (const query of ['', 'from=1', 'to=1', 'from=0&to=1', 'from=draft&to=1', 'from=1&to=latest', 'from=1&to=1&x=1'])
      t.match(await diff('short', query), { status: 400, body: { code: 'invalid_query' } }, query)
    for (const number of ['01', '1e0', '1.0', '%2B1', '+1', '1+'])
      for (const query of [`from=${number}&to=1`, `from=1&to=${number}`])
        t.match(await diff('short', query), { status: 400, body: { code: 'invalid_query' } }, query)
    t.same(problemOf(await diff('short', 'from=01&to=1')), {
      status: 400,
      code: 'invalid_query',
      errors: [{ pointer: '?from', code: 'wrong_form', detail: '"01" is to be written 1.' }],
      detail: 'from: "01" is to be written 1.',
    })
    const { etag } = await call('GET /v1/roles/short/draft')
    await call('POST /v1/roles/short/withdrawals', { body: { reason: 'Gone' }, match: etag })
    t.match(await diff('short', 'from=1&to=1'), { status: 200, body: { changes: [] } }, 'versions stay')
  })

  await t.test('replaceDraft → a document put back as it was keeps its ids, and is no change', async t => {
    const created = await createRole(call, 'kept')
    const read = await call('GET /v1/roles/kept/draft')
    const put = await call('PUT /v1/roles/kept/draft', { body: read.body, match: created.etag })
    t.same([put.status, put.etag, put.text], [200, created.etag, read.text])
    t.equal((await eventsOf(db, 'kept')).length, 1)
  })

  await t.test(
    'restoreDraft → 200 with the draft that a version was made from; ids go on from where they were',
    async t => {
      const created = await createRole(call, 'again')
      const first = await publishRole(call, 'again', created.etag)
      const longer = await call('POST /v1/roles/again/draft/skills', {
        body: { statement: 'Patience', importance: 'essential' },
        match: first.etag,
      })
      const etag = await patch('again', { title: 'Other' })
      t.equal(longer.status, 201)
      const second = await publishRole(call, 'again', etag)
      const statusOf = async () => {
        const { drafts } = (await call('GET /v1/drafts?q=again')).body as { drafts: { status: string }[] }
        return drafts[0]?.status
      }
      const restore = (version: number, match: string | undefined, more = '') =>
        call(`POST /v1/roles/again/draft/restorations${more}`, { body: { version }, match })

      const dry = await restore(1, second.etag, '?dry_run=true')
      t.equal((await call('GET /v1/roles/again/draft')).etag, second.etag)
      const answer = await restore(1, second.etag)
      t.same([answer.status, answer.text], [200, created.text])
      t.same([dry.status, dry.text, dry.etag], [200, answer.text, answer.etag])
      const draft = await call('GET /v1/roles/again/draft')
      t.same([draft.text, draft.etag], [created.text, answer.etag])
      t.equal(await statusOf(), 'draft', 'it is not what the latest version says')
      t.equal(((await call('GET /v1/roles/again', everyone)).body as PublishedRole).title, 'Other')
      t.match((await eventsOf(db, 'again')).at(-1), {
        type: 'draft_restored',
        after_digest: digestOf(created.text),
        data: { version: 1, changed: ['/title', '/skills/s2'] },
      })
      const more = await call('POST /v1/roles/again/draft/skills', {
        body: { statement: 'Wit', importance: 'essential' },
        match: answer.etag,
      })
      t.match(more.body, { id: 's3' }, 'not the id that another skill had')

      const latest = await restore(2, more.etag)
      t.same([latest.status, await statusOf()], [200, 'published'])
      const same = await restore(2, latest.etag)
      t.same([same.status, same.etag], [200, latest.etag], 'nothing changed')

      t.match(await restore(1, undefined), { status: 428 })
      t.match(await restore(1, '"r1"'), { status: 412, body: { current_etag: latest.etag } })
      const detail = 'The role has the versions 1 to 2.'
      t.same(problemOf(await restore(3, latest.etag)), {
        status: 422,
        code: 'invalid',
        detail,
        errors: [{ pointer: '/version', code: 'unknown_version', detail }],
      })
      const never = await createRole(call, 'never')
      t.match(await call('POST /v1/roles/never/draft/restorations', { body: { version: 1 }, match: never.etag }), {
        status: 422,
        body: { detail: 'The role has no version yet.' },
      })
      const other = { body: { version: 1 }, match: '*', key: token('other-office') }
      t.match(await call('POST /v1/roles/again/draft/restorations', other), { status: 404 })
    },
  )

  await t.test('restoreDraft → 422 naming what the version refers to and is gone since', async t => {
    await call('POST /v1/skills?slug=juggling', { body: { name: 'Juggling' } })
    const [skill] = exampleDocument.skills
    const first = await createPublished(call, 'juggler', {
      ...exampleDocument,
      skills: [{ ...skill, skill: 'juggling' }],
    })
    t.equal(first.status, 201)
    const second = await publishRole(call, 'juggler', await patch('juggler', { skills: exampleDocument.skills }))
    t.equal((await call('DELETE /v1/skills/juggling', { match: '*' })).status, 204)
    const answer = await call('POST /v1/roles/juggler/draft/restorations', { body: { version: 1 }, match: second.etag })
    const detail = 'The skill catalogue has no "juggling". Add it there first, or leave the member null.'
    t.same(problemOf(answer), {
      status: 422,
      code: 'invalid',
      detail,
      errors: [{ pointer: '/skills/0/skill', code: 'unknown_skill', detail }],
    })
    t.equal((await call('GET /v1/roles/juggler/draft')).etag, second.etag)
  })

  await t.test(
    'restoreDraft → a version that a shared section brought about says what the draft before it said',
    async t => {
      const section = { kind: 'other', heading: 'Pay', blocks: [{ type: 'paragraph', text: 'Little pay for all.' }] }
      await call('POST /v1/shared-sections?slug=pay', { body: section })
      const using = { id: 'other', kind: 'other', heading: 'Pay', shared_section: 'pay', blocks: [] }
      await createPublished(call, 'paid', { ...exampleDocument, sections: [using, ...exampleDocument.sections] })
      const { etag } = await call('PATCH /v1/shared-sections/pay', {
        body: { blocks: [{ type: 'paragraph', text: 'Much pay for all.' }] },
        match: '*',
      })
      const body = { roles: ['paid'], change_note: 'More' }
      t.equal((await call('POST /v1/shared-sections/pay/publications', { body, match: etag })).status, 201)
      const edited = await patch('paid', { title: 'Edited' })
      const restored = await call('POST /v1/roles/paid/draft/restorations', { body: { version: 1 }, match: edited })
      t.equal((restored.body as RoleDocument).title, exampleDocument.title)
      const { drafts } = (await call('GET /v1/drafts?q=paid')).body as { drafts: { status: string; version: number }[] }
      t.match(drafts, [{ status: 'published', version: 2 }])
      t.match((await diff('paid', 'from=1&to=2')).body, {
        changes: [{ before: 'Little pay for all.', value: 'Much pay for all.' }],
      })
    },
  )

  await t.test('migration 0004 → reports of earlier imports fit the contract', async t => {
    await createRole(call, 'imported')
    const old = [
      { change: 'added', pointer: '/skills/1', what: 'skill', from: null, to: 'Patience.' },
      { change: 'removed', pointer: '/grades/0', what: 'grades', from: 'HEO', to: null },
      { change: 'changed', pointer: '/title', what: 'title', from: 'One', to: 'Two' },
    ]
    const made = await call('POST /v1/imports?slug=reported', {
      body: '# Keeper\n\n## About the role\n\nYou will keep it.\n',
      headers: { 'content-type': 'text/markdown' },
    })
    const { id, report } = made.body as { id: string; report: object }
    const changes = JSON.stringify({ ...report, changes: old })
    await sql`update imports set report = ${changes}::json where id = ${id}`.execute(db)
    const migration = readFileSync(new URL('../migrations/0004-history.sql', import.meta.url), 'utf8')
    await sql.raw(migration).execute(db)
    t.same(((await call(`GET /v1/imports/${id}`)).body as { report: unknown }).report, {
      ...report,
      changes: [
        { op: 'add', path: '/skills/1', from: null, value: 'Patience.', before: null, what: 'skill', words: [] },
        { op: 'remove', path: '/grades/0', from: null, value: null, before: 'HEO', what: 'grades', words: [] },
        { op: 'replace', path: '/title', from: null, value: 'Two', before: 'One', what: 'title', words: [] },
      ],
    })
  })
})
