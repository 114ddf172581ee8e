import t from 'tap'
import { exampleDocument } from '../src/document/schema.ts'
import { baseUrl, testApp, token } from './support/app.ts'
import { untilWaiting } from './support/locks.ts'
import { problemOf } from './support/problem.ts'
import { reset } from './support/reset.ts'

type App = Awaited<ReturnType<typeof testApp>>

const admin = token('home-office', ['admin'])
const hmrc = { name: 'HM Revenue & Customs', homepage_url: 'https://www.gov.uk/hmrc', four_eyes: true }

const create = ({ call }: App, body: object = hmrc, query = '?slug=hmrc') =>
  call(`POST /v1/organisations${query}`, { body, key: admin })

t.test('organisations', async t => {
  const app = await testApp(t)
  t.beforeEach(() => reset(app.db))

  t.test('createOrganisation → 201', async t => {
    const answer = await create(app)
    t.equal(answer.status, 201)
    t.equal(answer.headers.location, '/v1/organisations/hmrc')
    t.strictSame([answer.etag, answer.body], ['"r1"', hmrc])
    const bare = await create(app, { name: 'Cabinet Office' }, '')
    t.equal(bare.headers.location, '/v1/organisations/cabinet-office')
    t.strictSame(bare.body, { name: 'Cabinet Office', homepage_url: null, four_eyes: false })
    const [event] = await app.db
      .selectFrom('events')
      .select(['type', 'subject', 'organisation', 'actor', 'revision'])
      .orderBy('id')
      .execute()
    t.strictSame(event, {
      type: 'organisation_created',
      subject: '/v1/organisations/hmrc',
      organisation: 'hmrc',
      actor: 'key:home-office-alice',
      revision: 1,
    })
  })

  t.test('createOrganisation → 403, 409, 422', async t => {
    t.strictSame(problemOf(await app.call('POST /v1/organisations', { body: hmrc })), {
      status: 403,
      detail: 'This needs a key with the scope admin.',
      code: 'insufficient_scope',
      errors: [],
    })
    t.strictSame(problemOf(await create(app, { name: 'Home Office' }, '')), {
      status: 409,
      detail: 'The slug "home-office" is taken. Choose another with ?slug=, or change the organisation that has it.',
      code: 'already_exists',
      errors: [],
      existing: '/v1/organisations/home-office',
    })
    const errors = async (body: object) => problemOf(await create(app, body)).errors
    t.strictSame(await errors({ name: 'A', homepage_url: 'javascript:alert(1)', four_eyes: 'yes' }), [
      {
        pointer: '/homepage_url',
        code: 'wrong_form',
        detail: '"javascript:alert(1)" does not fit: An http or https address.',
      },
      { pointer: '/four_eyes', code: 'wrong_type', detail: 'This must be true or false; it is the string "yes".' },
    ])
    t.match(await errors({ name: 'A', homepage_url: 'https://[' }), [{ pointer: '/homepage_url', code: 'wrong_form' }])
  })

  t.test('listOrganisations → 200', async t => {
    const rows = await app.db.selectFrom('organisations').select(['slug', 'updated_at']).orderBy('slug').execute()
    const entry = (slug: string, name: string) => ({
      slug,
      name,
      homepage_url: null,
      four_eyes: false,
      revision: 1,
      etag: '"r1"',
      updated_at: rows.find(row => row.slug === slug)?.updated_at,
      url: `${baseUrl}/v1/organisations/${slug}`,
    })
    const answer = await app.call('GET /v1/organisations', { key: null })
    t.strictSame(answer.body, {
      organisations: [entry('home-office', 'Home Office'), entry('other-office', 'Other Office')],
      next_cursor: null,
    })
    t.equal(answer.headers['cache-control'], 'public, max-age=60, stale-if-error=86400')
    const { next_cursor } = (await app.call('GET /v1/organisations?limit=1')).body as { next_cursor: string }
    const next = await app.call(`GET /v1/organisations?limit=1&cursor=${next_cursor}`, { key: null })
    t.strictSame(next.body, { organisations: [entry('other-office', 'Other Office')], next_cursor: null })
  })

  t.test('getOrganisation → 200, 304, 404', async t => {
    await create(app)
    const answer = await app.call('GET /v1/organisations/hmrc', { key: null })
    t.strictSame([answer.status, answer.etag, answer.body], [200, '"r1"', hmrc])
    const since = String(answer.headers['last-modified'])
    t.equal((await app.call('GET /v1/organisations/hmrc', { headers: { 'if-modified-since': since } })).status, 304)
    t.equal((await app.call('GET /v1/organisations/defra')).status, 404)
    t.equal((await app.call('GET /v1/organisations/No%20Slug')).status, 404)
  })

  t.test('replaceOrganisation, patchOrganisation → 200, and published bytes keep the old name', async t => {
    const draft = await app.call('POST /v1/roles?slug=data-engineer', { body: exampleDocument })
    await app.call('POST /v1/roles/data-engineer/publications', { body: { change_note: 'First' }, match: draft.etag })
    const before = await app.call('GET /v1/roles/data-engineer', { key: null })

    const renamed = { name: 'Home Department', homepage_url: null, four_eyes: false }
    const put = await app.call('PUT /v1/organisations/home-office', { body: renamed, match: '"r1"', key: admin })
    t.strictSame([put.status, put.etag, put.body], [200, '"r2"', renamed])
    const patch = await app.call('PATCH /v1/organisations/home-office', {
      body: { four_eyes: true },
      match: '"r2"',
      key: admin,
    })
    t.strictSame([patch.status, patch.etag, patch.body], [200, '"r3"', { ...renamed, four_eyes: true }])
    const again = await app.call('PATCH /v1/organisations/home-office', { body: {}, match: '"r3"', key: admin })
    t.strictSame([again.status, again.etag], [200, '"r3"'])
    const events = await app.db
      .selectFrom('events')
      .select(['type', 'organisation', 'data'])
      .where('subject', '=', '/v1/organisations/home-office')
      .orderBy('id')
      .execute()
    t.strictSame(events, [
      { type: 'organisation_updated', organisation: 'home-office', data: { changed: ['/name'] } },
      { type: 'organisation_updated', organisation: 'home-office', data: { changed: ['/four_eyes'] } },
    ])

    const after = await app.call('GET /v1/roles/data-engineer', { key: null })
    t.strictSame([after.etag, after.text], [before.etag, before.text])
  })

  t.test('replaceOrganisation, patchOrganisation, deleteOrganisation → 403, 404, 412, 428', async t => {
    await create(app)
    for (const method of ['PUT', 'PATCH', 'DELETE']) {
      const line = `${method} /v1/organisations/hmrc`
      const options = { key: admin, ...(method === 'DELETE' ? {} : { body: hmrc }) }
      t.equal((await app.call(line, { ...options, match: '"r1"', key: token('hmrc') })).status, 403, line)
      t.equal((await app.call(line.replace('hmrc', 'defra'), { ...options, match: '"r1"' })).status, 404, line)
      t.strictSame(
        problemOf(await app.call(line, { ...options, match: '"r9", "r8"' })),
        {
          status: 412,
          detail: 'The organisation is now at "r1".',
          code: 'precondition_failed',
          errors: [],
          current_etag: '"r1"',
        },
        line,
      )
      t.equal((await app.call(line, options)).status, 428, line)
    }
  })

  t.test('deleteOrganisation → 204', async t => {
    await create(app)
    const answer = await app.call('DELETE /v1/organisations/hmrc', { match: '*', key: admin })
    t.strictSame([answer.status, answer.text], [204, ''])
    t.equal((await app.call('GET /v1/organisations/hmrc')).status, 404)
    t.match(await create(app), { status: 201, etag: '"r2"' }, 'the slug is free again, and no old ETag fits')
    t.equal((await app.call('DELETE /v1/organisations/hmrc', { match: '"r1"', key: admin })).status, 412)
  })

  t.test('deleteOrganisation → 409 naming what belongs to it', async t => {
    for (const slug of ['data-engineer', 'architect'])
      await app.call(`POST /v1/roles?slug=${slug}`, { body: exampleDocument })
    await app.call('POST /v1/shared-sections?slug=about', { body: { kind: 'benefits', heading: 'Benefits' } })
    await app.db
      .insertInto('api_keys')
      .values({
        id: 'abcdefgh',
        hash: 'x',
        name: 'Test',
        organisation: 'home-office',
        owner: 'alice',
        owner_kind: 'person',
        scopes: [],
      })
      .execute()
    const refused = await app.call('DELETE /v1/organisations/home-office', { match: '"r1"', key: admin })
    t.strictSame(problemOf(refused), {
      status: 409,
      detail:
        'The organisation "home-office" is in use. What belongs to it: roles: 2, shared sections: 1, api keys: 1.',
      code: 'in_use',
      errors: [],
      used_by: [
        { kind: 'roles', count: 2, first: ['architect', 'data-engineer'] },
        { kind: 'shared_sections', count: 1, first: ['about'] },
        { kind: 'api_keys', count: 1, first: ['abcdefgh'] },
      ],
      others: false,
    })
  })

  t.test('deleteOrganisation → 409 for two at once while it gets its first role', async t => {
    await create(app)
    const { deletions } = await app.db.transaction().execute(async trx => {
      const role = {
        slug: 'auditor',
        organisation: 'hmrc',
        document: JSON.stringify(exampleDocument),
        id_serials: '{}',
      }
      await trx.insertInto('roles').values(role).execute()
      const deletions = [1, 2].map(() => app.call('DELETE /v1/organisations/hmrc', { match: '"r1"', key: admin }))
      await untilWaiting(app.db, 2)
      return { deletions }
    })
    for (const answer of await Promise.all(deletions))
      t.match(problemOf(answer), { status: 409, used_by: [{ kind: 'roles', count: 1, first: ['auditor'] }] })
  })
})
