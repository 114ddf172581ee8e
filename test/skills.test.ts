import { sql } from 'kysely'
import t from 'tap'
import { exampleDocument } from '../src/document/schema.ts'
import { baseUrl, testApp, token } from './support/app.ts'
import { untilWaiting } from './support/locks.ts'
import { problemOf } from './support/problem.ts'
import { reset } from './support/reset.ts'

type App = Awaited<ReturnType<typeof testApp>>

const python = {
  name: 'Python',
  description: 'Writes *Python*.',
  level_descriptions: { awareness: null, working: 'Reads it.', practitioner: 'Writes it.', expert: null },
}
const none = { awareness: null, working: null, practitioner: null, expert: null }
const other = token('other-office')

const create = ({ call }: App, slug = 'python', body: object = python) => call(`POST /v1/skills?slug=${slug}`, { body })

/** A draft whose one skill is of the catalogue. */
const useSkill = ({ call }: App, role: string, skill: string | null, key?: string) =>
  call(`POST /v1/roles?slug=${role}`, {
    body: { ...exampleDocument, skills: [{ ...exampleDocument.skills[0], skill }] },
    ...(key ? { key } : {}),
  })

const publish = ({ call }: App, role: string, match: string, key?: string) =>
  call(`POST /v1/roles/${role}/publications`, {
    body: { change_note: 'First published' },
    match,
    ...(key ? { key } : {}),
  })

t.test('skills', async t => {
  const app = await testApp(t)
  t.beforeEach(() => reset(app.db))

  t.test('createSkill → 201', async t => {
    const answer = await create(app)
    t.equal(answer.status, 201)
    t.equal(answer.etag, '"r1"')
    t.equal(answer.headers.location, '/v1/skills/python')
    t.strictSame(answer.body, python)

    const named = await app.call('POST /v1/skills', { body: { name: 'Élan & vital’s' } })
    t.equal(named.status, 201)
    t.equal(named.headers.location, '/v1/skills/elan-vitals', 'without a slug it comes from the name')
    t.strictSame(named.body, { name: 'Élan & vital’s', description: null, level_descriptions: none })

    const events = await app.db
      .selectFrom('events')
      .select(['type', 'subject', 'organisation', 'owner', 'revision', 'before_digest', 'data'])
      .orderBy('id')
      .execute()
    t.strictSame(events[0], {
      type: 'skill_created',
      subject: '/v1/skills/python',
      organisation: 'home-office',
      owner: 'alice',
      revision: 1,
      before_digest: null,
      data: { changed: ['/'] },
    })
  })

  t.test('createSkill → 201 with dry_run stores nothing', async t => {
    t.match(await app.call('POST /v1/skills?dry_run=true', { body: python }), { status: 201, body: python })
    t.equal((await app.call('GET /v1/skills/python')).status, 404)
    t.strictSame(await app.db.selectFrom('events').select('id').execute(), [])
  })

  t.test('createSkill → 201 again for the same Idempotency-Key', async t => {
    const headers = { 'idempotency-key': 'once' }
    const first = await app.call('POST /v1/skills', { body: python, headers })
    const again = await app.call('POST /v1/skills', { body: python, headers })
    t.strictSame([again.status, again.text, again.etag], [first.status, first.text, first.etag])
    t.equal(again.headers['idempotent-replayed'], 'true')
    t.equal((await app.db.selectFrom('events').select('id').execute()).length, 1)
  })

  t.test('createSkill → 401, 403', async t => {
    t.equal((await app.call('POST /v1/skills', { body: python, key: null })).status, 401)
    const refused = await app.call('POST /v1/skills', { body: python, key: token('home-office', ['roles:write']) })
    t.strictSame(problemOf(refused), {
      status: 403,
      detail: 'This needs a key with the scope skills:write.',
      code: 'insufficient_scope',
      errors: [],
    })
  })

  t.test('createSkill → 409 for a taken slug, and for a taken name', async t => {
    await create(app)
    const slug = await create(app, 'python', { name: 'Snakes' })
    t.strictSame(problemOf(slug), {
      status: 409,
      detail: 'The slug "python" is taken. Choose another with ?slug=, or change the skill that has it.',
      code: 'already_exists',
      errors: [],
      existing: '/v1/skills/python',
    })
    t.equal(slug.headers.link, '</v1/skills/python>; rel="related"')
    const name = await create(app, 'snakes', { name: 'PYTHON' })
    t.strictSame(problemOf(name), {
      status: 409,
      detail: 'The skill "python" has this name already.',
      code: 'already_exists',
      errors: [],
      existing: '/v1/skills/python',
    })
  })

  t.test('createSkill → 409 for all but one of many at once', async t => {
    const answers = await Promise.all(Array.from({ length: 6 }, (_, index) => create(app, `python-${index}`)))
    t.strictSame(answers.map(({ status }) => status).sort(), [201, 409, 409, 409, 409, 409])
  })

  t.test('createSkill → 422', async t => {
    const errors = async (body: unknown, query = '') =>
      problemOf(await app.call(`POST /v1/skills${query}`, { body })).errors
    t.strictSame(await errors({ title: 'Python', level_descriptions: { working: '', master: 'x' } }), [
      { pointer: '/name', code: 'missing_member', detail: '"name" is missing.' },
      {
        pointer: '/title',
        code: 'unknown_member',
        detail: 'There is no "title" here. Known: name, description, level_descriptions.',
      },
      {
        pointer: '/level_descriptions/master',
        code: 'unknown_member',
        detail: 'There is no "master" here. Known: awareness, working, practitioner, expert.',
      },
      { pointer: '/level_descriptions/working', code: 'blank', detail: 'This must not be blank.' },
    ])
    t.strictSame(await errors({ name: '日本' }), [
      { pointer: '?slug', code: 'missing_member', detail: 'The name gives no slug. Send one, such as ?slug=skill-1.' },
    ])
    t.match(await errors({ name: 'A', description: '[link](javascript:alert)' }), [
      { pointer: '/description', code: 'wrong_text' },
    ])
    t.match(await errors({ name: 'A' }, '?slug=A_b'), [{ pointer: '?slug', code: 'wrong_form' }])
  })

  t.test('listSkills → 200', async t => {
    for (const name of ['Python', 'Java', 'JavaScript', '100%_sure'])
      await create(app, name.toLowerCase().replace('%_', '-'), { name })
    const { updated_at } = await app.db
      .selectFrom('skills')
      .select('updated_at')
      .where('slug', '=', 'java')
      .executeTakeFirstOrThrow()
    const first = await app.call('GET /v1/skills?q=AVA&limit=1', { key: null })
    t.equal(first.status, 200)
    t.equal(first.headers['cache-control'], 'public, max-age=60, stale-if-error=86400')
    const { next_cursor } = first.body as { next_cursor: string }
    t.strictSame(first.body, {
      skills: [{ slug: 'java', name: 'Java', revision: 1, etag: '"r1"', updated_at, url: `${baseUrl}/v1/skills/java` }],
      next_cursor,
    })
    t.equal(first.headers.link, `</v1/skills?q=AVA&limit=1&cursor=${next_cursor}>; rel="next"`)
    const second = await app.call(`GET /v1/skills?q=AVA&limit=1&cursor=${next_cursor}`)
    t.match(second.body, { skills: [{ slug: 'javascript' }], next_cursor: null })
    t.match((await app.call('GET /v1/skills?q=%25_')).body, { skills: [{ slug: '100-sure' }] }, 'no wild cards')
    const cached = await app.call('GET /v1/skills?q=AVA&limit=1', { headers: { 'if-none-match': first.etag } })
    t.strictSame([cached.status, cached.text], [304, ''])
    t.match(problemOf(await app.call(`GET /v1/skills?q=other&cursor=${next_cursor}`)), {
      status: 400,
      code: 'bad_cursor',
    })
    t.match(problemOf(await app.call('GET /v1/skills?limit=101')), { status: 400, code: 'invalid_query' })
  })

  t.test('getSkill → 200, 304, 404', async t => {
    await create(app)
    const answer = await app.call('GET /v1/skills/python', { key: null })
    t.strictSame([answer.status, answer.etag, answer.body], [200, '"r1"', python])
    t.match(answer.headers, { 'cache-control': 'public, max-age=60, stale-if-error=86400', 'last-modified': / GMT$/ })
    t.equal((await app.call('GET /v1/skills/python', { headers: { 'if-none-match': 'W/"r1"' } })).status, 304)
    t.strictSame(problemOf(await app.call('GET /v1/skills/cobol')), {
      status: 404,
      detail: 'There is no skill "cobol" that you may read.',
      code: 'not_found',
      errors: [],
    })
  })

  t.test('replaceSkill → 200, and the same again changes nothing', async t => {
    await create(app)
    const changed = { ...python, description: null }
    const answer = await app.call('PUT /v1/skills/python', { body: changed, match: '"r1"' })
    t.strictSame([answer.status, answer.etag, answer.body], [200, '"r2"', changed])
    const again = await app.call('PUT /v1/skills/python', { body: changed, match: '"r2"' })
    t.strictSame([again.status, again.etag, again.body], [200, '"r2"', changed])
    const events = await app.db
      .selectFrom('events')
      .select(['type', 'revision', 'before_digest', 'after_digest', 'data'])
      .orderBy('id')
      .execute()
    t.equal(events.length, 2)
    t.match(events[1], {
      type: 'skill_updated',
      revision: 2,
      before_digest: events[0]?.after_digest,
      data: { changed: ['/description'] },
    })
  })

  t.test('replaceSkill → 404, 409, 412, 422, 428', async t => {
    await create(app)
    await create(app, 'java', { name: 'Java' })
    const put = async (path: string, body: object, match?: string) =>
      problemOf(await app.call(`PUT /v1/skills/${path}`, { body, ...(match ? { match } : {}) }))
    t.match(await put('cobol', python, '"r1"'), { status: 404 })
    t.match(await put('java', python, '"r1"'), { status: 409, existing: '/v1/skills/python' })
    t.strictSame(await put('python', python, '"r7"'), {
      status: 412,
      detail: 'The skill is now at "r1".',
      code: 'precondition_failed',
      errors: [],
      current_etag: '"r1"',
    })
    t.match(await put('python', python, 'r1'), { status: 400, code: 'malformed_header' })
    t.match(await put('python', python), { status: 428, code: 'precondition_required' })
    t.strictSame((await put('python', { name: 'Python' }, '"r1"')).errors, [
      { pointer: '/description', code: 'missing_member', detail: '"description" is missing.' },
      { pointer: '/level_descriptions', code: 'missing_member', detail: '"level_descriptions" is missing.' },
    ])
    t.equal((await app.call('GET /v1/skills/python')).etag, '"r1"')
  })

  t.test('replaceSkill → 200 for one of many with one ETag, 412 for the others', async t => {
    await create(app)
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        app.call('PUT /v1/skills/python', { body: { ...python, name: `Python ${index}` }, match: '"r1"' }),
      ),
    )
    t.strictSame(answers.map(({ status }) => status).sort(), [200, ...Array(7).fill(412)])
  })

  t.test('patchSkill → 200, 422', async t => {
    await create(app)
    const patch = { description: null, level_descriptions: { expert: 'Teaches it.', working: null } }
    const answer = await app.call('PATCH /v1/skills/python', { body: patch, match: '"r1"' })
    t.strictSame(
      [answer.status, answer.etag, answer.body],
      [
        200,
        '"r2"',
        {
          name: 'Python',
          description: null,
          level_descriptions: { awareness: null, working: null, practitioner: 'Writes it.', expert: 'Teaches it.' },
        },
      ],
    )
    const bare = await app.call('PATCH /v1/skills/python', { body: { name: null }, match: '*' })
    t.strictSame(problemOf(bare), {
      status: 422,
      detail: '"name" is missing.',
      code: 'invalid',
      errors: [{ pointer: '/name', code: 'missing_member', detail: '"name" is missing.' }],
    })
  })

  t.test('deleteSkill → 204, 404, 412, 428', async t => {
    await create(app)
    t.equal((await app.call('DELETE /v1/skills/python')).status, 428)
    t.match(problemOf(await app.call('DELETE /v1/skills/python', { match: '"r2"' })), {
      status: 412,
      current_etag: '"r1"',
    })
    t.equal((await app.call('DELETE /v1/skills/python?dry_run=true', { match: '"r1"' })).status, 204)
    const answer = await app.call('DELETE /v1/skills/python', { match: '"r1"' })
    t.strictSame([answer.status, answer.text], [204, ''])
    t.equal((await app.call('GET /v1/skills/python')).status, 404)
    t.equal((await app.call('DELETE /v1/skills/python', { match: '"r1"' })).status, 404)
  })

  t.test('deleteSkill → 409 naming who uses it, as far as the caller may read', async t => {
    await create(app)
    const own = await useSkill(app, 'data-engineer', 'python')
    await useSkill(app, 'hidden-engineer', 'python', other)
    const open = await useSkill(app, 'open-engineer', 'python', other)
    await publish(app, 'open-engineer', open.etag, other)
    const uses = [
      { role: 'data-engineer', state: 'draft', url: `${baseUrl}/v1/roles/data-engineer/draft` },
      { role: 'open-engineer', state: 'published', url: `${baseUrl}/v1/roles/open-engineer/versions/1` },
    ]
    t.strictSame(problemOf(await app.call('DELETE /v1/skills/python', { match: '"r1"' })), {
      status: 409,
      detail: 'The skill "python" is in use by data-engineer, open-engineer, and by roles that you may not read.',
      code: 'in_use',
      errors: [],
      used_by: uses,
      others: true,
    })
    const dry = await app.call('DELETE /v1/skills/python?dry_run=true', { match: '"r1"' })
    t.equal(dry.status, 409)
    await app.call('DELETE /v1/roles/data-engineer/draft', { match: own.etag })
    t.match(problemOf(await app.call('DELETE /v1/skills/python', { match: '"r1"' })), {
      used_by: uses.slice(1),
      others: true,
    })
  })

  t.test('deleteSkill → 409 names at most twenty', async t => {
    await create(app)
    const roles = Array.from({ length: 25 }, (_, index) => `role-${String(index).padStart(2, '0')}`)
    for (const role of roles) await useSkill(app, role, 'python')
    const problem = problemOf(await app.call('DELETE /v1/skills/python', { match: '"r1"' }))
    t.equal((problem.used_by as unknown[]).length, 20)
    t.equal(problem.others, true)
    t.equal(problem.detail, `The skill "python" is in use by ${roles.slice(0, 20).join(', ')} and more.`)
  })

  t.test('listSkillRoles → 200 with what the caller may read', async t => {
    await create(app)
    await useSkill(app, 'hidden-engineer', 'python', other)
    const open = await useSkill(app, 'open-engineer', 'python', other)
    await publish(app, 'open-engineer', open.etag, other)
    const gone = await useSkill(app, 'past-engineer', 'python', other)
    const last = await publish(app, 'past-engineer', gone.etag, other)
    await app.call('POST /v1/roles/past-engineer/withdrawals', {
      body: { reason: 'Not needed' },
      match: last.etag,
      key: other,
    })
    const draft = (role: string) => ({ role, state: 'draft', url: `${baseUrl}/v1/roles/${role}/draft` })
    const version = (role: string, state: string) => ({ role, state, url: `${baseUrl}/v1/roles/${role}/versions/1` })

    const open1 = await app.call('GET /v1/skills/python/roles', { key: null })
    t.strictSame(open1.body, {
      roles: [version('open-engineer', 'published'), version('past-engineer', 'withdrawn')],
      others: true,
      next_cursor: null,
    })
    t.match(open1.headers, { 'cache-control': /^public/, vary: 'authorization' })
    t.strictSame((await app.call('GET /v1/skills/python/roles')).body, open1.body, 'another organisation sees no more')

    const full = await app.call('GET /v1/skills/python/roles', { key: other })
    t.equal(full.headers['cache-control'], 'private, no-store')
    const all = [
      draft('hidden-engineer'),
      draft('open-engineer'),
      version('open-engineer', 'published'),
      draft('past-engineer'),
      version('past-engineer', 'withdrawn'),
    ]
    t.strictSame(full.body, { roles: all, others: false, next_cursor: null })
    t.strictSame((await app.call('GET /v1/skills/python/roles', { key: token('x', ['admin']) })).body, full.body)

    const paged: unknown[] = []
    let cursor = ''
    do {
      const { body } = await app.call(`GET /v1/skills/python/roles?limit=2${cursor}`, { key: other })
      const { roles, next_cursor } = body as { roles: unknown[]; next_cursor: string | null }
      paged.push(...roles)
      cursor = next_cursor === null ? '' : `&cursor=${next_cursor}`
    } while (cursor !== '')
    t.strictSame(paged, all)
    t.equal((await app.call('GET /v1/skills/cobol/roles')).status, 404)
  })

  t.test('deleteSkill → 409 for two at once while a draft begins to use the skill', async t => {
    await create(app)
    await useSkill(app, 'data-engineer', null)
    const { deletions } = await app.db.transaction().execute(async trx => {
      await trx.insertInto('role_skills').values({ role: 'data-engineer', state: 'draft', skill: 'python' }).execute()
      const deletions = [1, 2].map(() => app.call('DELETE /v1/skills/python', { match: '"r1"' }))
      await untilWaiting(app.db, 2)
      return { deletions }
    })
    for (const answer of await Promise.all(deletions))
      t.match(problemOf(answer), { status: 409, code: 'in_use', used_by: [{ role: 'data-engineer', state: 'draft' }] })
  })

  t.test('patchDraft → 409 where the skill that it begins to use is being deleted', async t => {
    await create(app)
    const role = await useSkill(app, 'data-engineer', null)
    const { edit, deletion } = await app.db.transaction().execute(async trx => {
      await sql`select from skills where slug = 'python' for update`.execute(trx)
      const edit = app.call('PATCH /v1/roles/data-engineer/draft', {
        body: { skills: [{ statement: 'Can write Python', skill: 'python', importance: 'essential' }] },
        match: role.etag,
      })
      await untilWaiting(app.db, 1)
      const deletion = app.call('DELETE /v1/skills/python', { match: '"r1"' })
      await untilWaiting(app.db, 2)
      await trx.deleteFrom('skills').where('slug', '=', 'python').execute()
      return { edit, deletion }
    })
    t.match(problemOf(await edit), {
      status: 409,
      code: 'conflict',
      detail: 'A skill that the draft refers to is not, or no longer, in the catalogue.',
    })
    t.match(problemOf(await deletion), { status: 404 })
    t.equal((await app.call('GET /v1/roles/data-engineer/draft')).etag, role.etag, 'the draft is as it was')
  })
})
