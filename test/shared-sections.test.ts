import t from 'tap'
import { exampleDocument } from '../src/document/schema.ts'
import { baseUrl, testApp, token } from './support/app.ts'
import { untilWaiting } from './support/locks.ts'
import { problemOf } from './support/problem.ts'
import { reset } from './support/reset.ts'

type App = Awaited<ReturnType<typeof testApp>>

const paragraph = (text: string) => ({ type: 'paragraph', text })
const about = {
  kind: 'organisation_overview',
  heading: 'About the organisation',
  blocks: [
    paragraph('We keep *everyone* safe.'),
    {
      type: 'list',
      ordered: false,
      items: [
        { id: 'i1', text: 'Borders', optional: false, items: [] },
        { id: 'i2', text: 'Passports', optional: true, items: [{ id: 'i3', text: 'Renewals' }] },
      ],
    },
  ],
}
const path = '/v1/shared-sections/about'
const other = token('other-office')
const admin = token('other-office', ['admin'])

const create = ({ call }: App, slug = 'about', body: object = about, key?: string) =>
  call(`POST /v1/shared-sections?slug=${slug}`, { body, ...(key ? { key } : {}) })

/** A draft whose first section is the shared one. */
const useSection = ({ call }: App, role: string, slug: string) =>
  call(`POST /v1/roles?slug=${role}`, {
    body: {
      ...exampleDocument,
      sections: [
        { kind: 'organisation_overview', heading: 'About us', shared_section: slug },
        ...exampleDocument.sections,
      ],
    },
  })

const publish = ({ call }: App, role: string, match: string) =>
  call(`POST /v1/roles/${role}/publications`, { body: { change_note: 'Published' }, match })

t.test('shared sections', async t => {
  const app = await testApp(t)
  t.beforeEach(() => reset(app.db))

  t.test('createSharedSection → 201', async t => {
    const answer = await app.call('POST /v1/shared-sections', {
      body: {
        kind: 'organisation_overview',
        heading: 'About the organisation',
        blocks: [
          paragraph('We keep *everyone* safe.'),
          {
            type: 'list',
            items: [{ text: 'Borders' }, { text: 'Passports', optional: true, items: [{ text: 'Renewals' }] }],
          },
        ],
      },
    })
    t.equal(answer.status, 201)
    t.equal(answer.headers.location, '/v1/shared-sections/about-the-organisation')
    t.strictSame([answer.etag, answer.body], ['"r1"', about])
    const events = await app.db.selectFrom('events').select(['type', 'subject', 'organisation', 'revision']).execute()
    t.strictSame(events, [
      {
        type: 'shared_section_created',
        subject: '/v1/shared-sections/about-the-organisation',
        organisation: 'home-office',
        revision: 1,
      },
    ])

    const empty = await app.call('POST /v1/shared-sections', { body: { kind: 'terms', heading: 'Terms' } })
    t.strictSame(empty.body, { kind: 'terms', heading: 'Terms', blocks: [] })
  })

  t.test('createSharedSection → 201 for another organisation by an admin, 403 by others, 422 for none', async t => {
    const post = (organisation: string, key: string) =>
      app.call(`POST /v1/shared-sections?organisation=${organisation}&slug=about`, { body: about, key })
    t.match(problemOf(await post('home-office', other)), { status: 403, code: 'insufficient_scope' })
    t.strictSame(problemOf(await post('no-office', admin)), {
      status: 422,
      detail: 'There is no organisation "no-office". Did you mean "home-office"?',
      code: 'invalid',
      errors: [
        {
          pointer: '?organisation',
          code: 'unknown_organisation',
          detail: 'There is no organisation "no-office". Did you mean "home-office"?',
        },
      ],
    })
    t.equal((await post('home-office', admin)).status, 201)
    t.equal((await app.call(`GET ${path}`)).status, 200)
    t.equal((await app.call(`GET ${path}`, { key: other })).status, 404)
  })

  t.test('createSharedSection → 409 that links nothing unreadable', async t => {
    await create(app)
    const own = await create(app)
    t.strictSame(problemOf(own), {
      status: 409,
      detail: 'The slug "about" is taken. Choose another with ?slug=, or change the shared section that has it.',
      code: 'already_exists',
      errors: [],
      existing: path,
    })
    t.equal(own.headers.link, `<${path}>; rel="related"`)
    const hidden = await create(app, 'about', about, other)
    t.strictSame(problemOf(hidden), {
      status: 409,
      detail: 'The slug "about" is taken. Choose another with ?slug=.',
      code: 'already_exists',
      errors: [],
    })
    t.notOk(hidden.headers.link)
  })

  t.test('createSharedSection → 422', async t => {
    const errors = async (body: object) => problemOf(await create(app, 'about', body)).errors
    const blocks = [
      { type: 'skills', importance: null },
      { type: 'sfia_mappings' },
      { type: 'advert_details' },
      {
        type: 'list',
        items: [
          { id: 'i1', text: 'One' },
          { id: 'i1', text: 'Two' },
        ],
      },
      paragraph('See [this](javascript:x)'),
    ]
    const ofRole = (index: number, type: string) => ({
      pointer: `/blocks/${index}/type`,
      code: 'block_of_role',
      detail: `A block of the type ${type} belongs to a role. A shared section holds paragraph, subheading, note and list.`,
    })
    t.match(await errors({ ...about, blocks }), [
      ofRole(0, 'skills'),
      ofRole(1, 'sfia_mappings'),
      ofRole(2, 'advert_details'),
      {
        pointer: '/blocks',
        code: 'duplicate_id',
        detail: 'The item id "i1" stands twice in this section; leave it out for a new item.',
      },
      { pointer: '/blocks/4/text', code: 'wrong_text' },
    ])
    t.match(await errors({ ...about, kind: 'organization_overview' }), [
      { pointer: '/kind', code: 'not_in_list', detail: /Did you mean "organisation_overview"\?$/ },
    ])
    t.match(await errors({ ...about, blocks: [{ type: 'table' }] }), [
      { pointer: '/blocks/0/type', code: 'not_in_list' },
    ])
    t.match(await errors({ ...about, blocks: Array(101).fill(paragraph('x')) }), [
      { pointer: '/blocks', code: 'too_many', detail: 'This list may have at most 100 items; it has 101.' },
    ])
    t.strictSame(await app.db.selectFrom('shared_sections').select('slug').execute(), [])
  })

  t.test('listSharedSections → 200 with those of the organisation', async t => {
    await create(app)
    await create(app, 'benefits', { kind: 'benefits', heading: 'What you get' })
    await create(app, 'theirs', about, other)
    const [updated] = await app.db
      .selectFrom('shared_sections')
      .select('updated_at')
      .where('slug', '=', 'benefits')
      .execute()
    const answer = await app.call('GET /v1/shared-sections?kind=benefits')
    t.equal(answer.headers['cache-control'], 'private, no-store')
    t.strictSame(answer.body, {
      shared_sections: [
        {
          slug: 'benefits',
          organisation: 'home-office',
          kind: 'benefits',
          heading: 'What you get',
          revision: 1,
          etag: '"r1"',
          updated_at: updated?.updated_at,
          url: `${baseUrl}/v1/shared-sections/benefits`,
        },
      ],
      next_cursor: null,
    })
    const slugs = async (key?: string) => {
      const { body } = await app.call('GET /v1/shared-sections', key ? { key } : {})
      return (body as { shared_sections: { slug: string }[] }).shared_sections.map(({ slug }) => slug)
    }
    t.strictSame(await slugs(), ['about', 'benefits'])
    t.strictSame(await slugs(other), ['theirs'])
    t.strictSame(await slugs(admin), ['about', 'benefits', 'theirs'])
    t.match(problemOf(await app.call('GET /v1/shared-sections?kind=benefit')), {
      status: 422,
      detail: /^kind: "benefit" is not one of: .* Did you mean "benefits"\?$/,
    })
  })

  t.test(
    'every read and write → 401 without a key, 403 without the scope, 404 with another organisation’s',
    async t => {
      await create(app)
      const lines = [`GET ${path}`, `GET ${path}/roles`, `PUT ${path}`, `PATCH ${path}`, `DELETE ${path}`]
      for (const line of lines) {
        const options = { match: '"r1"', ...(/^P/.test(line) ? { body: about } : {}) }
        t.equal((await app.call(line, { ...options, key: null })).status, 401, line)
        t.equal((await app.call(line, { ...options, key: token('home-office', ['audit:read']) })).status, 403, line)
        t.strictSame(
          problemOf(await app.call(line, { ...options, key: other })),
          {
            status: 404,
            detail: 'There is no shared section "about" that you may read.',
            code: 'not_found',
            errors: [],
          },
          line,
        )
      }
      t.equal((await app.call('GET /v1/shared-sections', { key: null })).status, 401)
    },
  )

  t.test('replaceSharedSection → 200, and the same again changes nothing', async t => {
    await create(app)
    const changed = { ...about, heading: 'About us' }
    const answer = await app.call(`PUT ${path}`, { body: changed, match: '"r1"' })
    t.strictSame([answer.status, answer.etag, answer.body], [200, '"r2"', changed])
    const again = await app.call(`PUT ${path}`, { body: changed, match: '"r2"' })
    t.strictSame([again.status, again.etag, again.body], [200, '"r2"', changed])
    const read = await app.call(`GET ${path}`)
    t.strictSame([read.etag, read.body], ['"r2"', changed])
    t.match(read.headers, { 'cache-control': 'private, no-store', 'last-modified': / GMT$/ })
    const events = await app.db.selectFrom('events').selectAll().orderBy('id').execute()
    t.equal(events.length, 2)
    t.match(events[1], {
      type: 'shared_section_updated',
      subject: path,
      organisation: 'home-office',
      owner: 'alice',
      revision: 2,
      before_digest: events[0]?.after_digest,
      data: { changed: ['/heading'] },
    })
    t.not(events[1]?.after_digest, events[1]?.before_digest)
  })

  t.test('replaceSharedSection, patchSharedSection, deleteSharedSection → 412, 428', async t => {
    await create(app)
    for (const method of ['PUT', 'PATCH', 'DELETE']) {
      const body = method === 'DELETE' ? {} : { body: about }
      t.strictSame(problemOf(await app.call(`${method} ${path}`, { ...body, match: '"r2"' })), {
        status: 412,
        detail: 'The shared section is now at "r1".',
        code: 'precondition_failed',
        errors: [],
        current_etag: '"r1"',
      })
      t.equal((await app.call(`${method} ${path}`, body)).status, 428)
    }
  })

  t.test('patchSharedSection → 200, 422', async t => {
    await create(app)
    const answer = await app.call(`PATCH ${path}`, { body: { blocks: [paragraph('Short.')] }, match: '"r1"' })
    t.strictSame([answer.status, answer.etag, answer.body], [200, '"r2"', { ...about, blocks: [paragraph('Short.')] }])
    const wrong = await app.call(`PATCH ${path}`, { body: { blocks: [{ type: 'sfia_mappings' }] }, match: '"r2"' })
    t.match(problemOf(wrong), { status: 422, errors: [{ pointer: '/blocks/0/type', code: 'block_of_role' }] })
    const dry = await app.call(`PATCH ${path}?dry_run=true`, { body: { blocks: null }, match: '"r2"' })
    t.strictSame([dry.status, dry.etag, dry.body], [200, '"r3"', { ...about, blocks: [] }])
    t.equal((await app.call(`GET ${path}`)).etag, '"r2"')
  })

  t.test('listSharedSectionRoles → 200 with the revision that each uses', async t => {
    await create(app)
    const first = await useSection(app, 'data-engineer', 'about')
    await publish(app, 'data-engineer', first.etag)
    const published = await app.call('GET /v1/roles/data-engineer', { key: null })
    await app.call(`PATCH ${path}`, { body: { blocks: [paragraph('New words.')] }, match: '"r1"' })
    const second = await useSection(app, 'test-engineer', 'about')
    await publish(app, 'test-engineer', second.etag)
    const use = (role: string, state: string, revision: number, place: string) => ({
      role,
      state,
      revision,
      current: revision === 2,
      url: `${baseUrl}/v1/roles/${role}/${place}`,
    })
    t.strictSame((await app.call(`GET ${path}/roles`)).body, {
      roles: [
        use('data-engineer', 'draft', 2, 'draft'),
        use('data-engineer', 'published', 1, 'versions/1'),
        use('test-engineer', 'draft', 2, 'draft'),
        use('test-engineer', 'published', 2, 'versions/1'),
      ],
      others: false,
      next_cursor: null,
    })
    const after = await app.call('GET /v1/roles/data-engineer', { key: null })
    t.strictSame([after.etag, after.text], [published.etag, published.text], 'published bytes are as they were')
    t.match(problemOf(await app.call(`GET ${path}/roles?limit=0`)), { status: 400 })
  })

  t.test('createRole with a shared section or skill that there is not → 422 with the near one of its own', async t => {
    await create(app)
    await create(app, 'theirs', about, other)
    await app.call('POST /v1/skills', { body: { name: 'Python' } })
    const detailOf = async (slug: string) => problemOf(await useSection(app, 'tester', slug)).detail
    t.equal(await detailOf('abuot'), 'home-office has no shared section "abuot". Did you mean "about"?')
    t.equal(await detailOf('their'), 'home-office has no shared section "their".', 'none of others')
    const body = { ...exampleDocument, skills: [{ statement: 'Writes code', skill: 'pyhton' }] }
    t.equal(
      problemOf(await app.call('POST /v1/roles?slug=tester', { body })).detail,
      'The skill catalogue has no "pyhton". Did you mean "python"?',
    )
  })

  t.test('deleteSharedSection → 204, 409', async t => {
    await create(app)
    const draft = await useSection(app, 'data-engineer', 'about')
    t.strictSame(problemOf(await app.call(`DELETE ${path}`, { match: '"r1"' })), {
      status: 409,
      detail: 'The shared section "about" is in use by data-engineer.',
      code: 'in_use',
      errors: [],
      used_by: [
        {
          role: 'data-engineer',
          state: 'draft',
          revision: 1,
          current: true,
          url: `${baseUrl}/v1/roles/data-engineer/draft`,
        },
      ],
      others: false,
    })
    await app.call('DELETE /v1/roles/data-engineer/draft', { match: draft.etag })
    t.equal((await app.call(`DELETE ${path}`, { match: '"r1"' })).status, 204)
    const [, , , gone] = await app.db.selectFrom('events').selectAll().orderBy('id').execute()
    t.match(gone, { type: 'shared_section_deleted', subject: path, revision: 1, after_digest: null })
    t.ok(gone?.before_digest)
  })

  t.test('deleteSharedSection → 409 for two at once while a draft begins to use it', async t => {
    await create(app)
    await app.call('POST /v1/roles?slug=data-engineer', { body: exampleDocument })
    const { deletions } = await app.db.transaction().execute(async trx => {
      const use = { role: 'data-engineer', state: 'draft' as const, shared_section: 'about', revision: null }
      await trx.insertInto('role_shared_sections').values(use).execute()
      const deletions = [1, 2].map(() => app.call(`DELETE ${path}`, { match: '"r1"' }))
      await untilWaiting(app.db, 2)
      return { deletions }
    })
    for (const answer of await Promise.all(deletions)) t.match(problemOf(answer), { status: 409, code: 'in_use' })
  })

  t.test('four eyes → 409 for whoever changed a shared section that the role uses', async t => {
    await app.db.updateTable('organisations').set({ four_eyes: true }).where('slug', '=', 'home-office').execute()
    await create(app)
    const bob = token('home-office', 'all', 'bob')
    const draft = await app.call('POST /v1/roles?slug=data-engineer', {
      body: {
        ...exampleDocument,
        sections: [{ kind: 'benefits', heading: 'Us', shared_section: 'about' }, ...exampleDocument.sections],
      },
      key: bob,
    })
    const refused = await publish(app, 'data-engineer', draft.etag)
    t.match(problemOf(refused), { status: 409, code: 'four_eyes' })
    const allowed = await app.call('POST /v1/roles/data-engineer/publications', {
      body: { change_note: 'Published' },
      match: draft.etag,
      key: token('home-office', 'all', 'carol'),
    })
    t.equal(allowed.status, 201)
  })
})

t.test('shared sections of great length', { timeout: 300_000 }, async t => {
  const app = await testApp(t)
  const { call } = app
  const lengthy = (blocks: number) => ({
    kind: 'other',
    heading: 'Lengthy',
    blocks: Array.from({ length: blocks }, () => paragraph('long '.repeat(1999).trim())),
  })
  const slugs = ['a', 'b', 'c', 'd', 'e']

  await t.test('createSharedSection → 413: more than 1 MiB of JSON', async t => {
    const refused = await create(app, 'too-long', { ...lengthy(99), heading: 'x'.repeat(1024 * 1024) })
    t.strictSame(problemOf(refused), {
      status: 413,
      code: 'too_large',
      detail: 'The body may have at most 1 MiB.',
      errors: [],
    })
    t.equal((await call('GET /v1/shared-sections/too-long')).status, 404)
  })

  await t.test('createPublication → 409 not_ready: more than 4 MiB with what its shared sections say', async t => {
    for (const slug of slugs) t.equal((await create(app, slug, lengthy(95))).status, 201)
    const sections = (used: string[]) => [
      ...exampleDocument.sections,
      ...used.map(slug => ({ kind: 'other', heading: 'Lengthy', shared_section: slug })),
    ]
    const body = { ...exampleDocument, sections: sections(slugs) }
    const draft = await call('POST /v1/roles?slug=lengthy', { body })
    t.equal(draft.status, 201)
    const publish = (match: string) =>
      call('POST /v1/roles/lengthy/publications', { body: { change_note: 'Long' }, match })
    const detail = 'With its shared sections the role would have more than 4 MiB as JSON.'
    t.strictSame(problemOf(await publish(draft.etag)), {
      status: 409,
      code: 'not_ready',
      detail,
      errors: [{ pointer: '/sections', code: 'too_large', detail }],
    })
    t.equal((await call('GET /v1/roles/lengthy', { key: null })).status, 404)
    const shorter = await call('PATCH /v1/roles/lengthy/draft', {
      body: { sections: sections(slugs.slice(1)) },
      match: draft.etag,
    })
    t.equal((await publish(shorter.etag)).status, 201)
    const { text } = await call('GET /v1/roles/lengthy', { key: null })
    t.ok(text.length > 3 * 1024 * 1024 && text.length < 4 * 1024 * 1024, `${text.length} bytes`)
  })
})
