// The text of a shared section brought into the published roles that print it, all or none, and nothing else with it.
import { type Kysely, sql } from 'kysely'
import t from 'tap'
import type { Database } from '../src/database/types.ts'
import { exampleDocument, type PublishedRole } from '../src/document/schema.ts'
import { baseUrl, testApp, token } from './support/app.ts'
import { untilWaiting } from './support/locks.ts'
import { problemOf } from './support/problem.ts'
import { reset } from './support/reset.ts'
import { countRows, createRole, digestOf, documentWith, publishRole } from './support/roles.ts'

type App = Awaited<ReturnType<typeof testApp>>

const bob = token('home-office', 'all', 'bob')
const path = '/v1/shared-sections/about'
const paragraph = (text: string) => ({ type: 'paragraph' as const, text })
const section = (slug: string) => ({
  id: `other-${slug === 'about' ? 2 : 3}`,
  kind: 'other' as const,
  heading: `As printed: ${slug}`,
  shared_section: slug,
  blocks: [],
})
const documentUsing = (...slugs: string[]) =>
  documentWith({ sections: [...slugs.map(section), ...exampleDocument.sections] })

const createSection = ({ call }: App, slug = 'about', key?: string) =>
  call(`POST /v1/shared-sections?slug=${slug}`, {
    body: { kind: 'other', heading: 'About us', blocks: [paragraph('The old office.')] },
    ...(key ? { key } : {}),
  })
const moveOffice = ({ call }: App, text = 'The new zeppelin.', key?: string) =>
  call(`PATCH ${path}`, {
    body: { blocks: [paragraph(text), { type: 'note', text: 'Mind the gap.' }] },
    match: '*',
    ...(key ? { key } : {}),
  })
const createUsing = async ({ call }: App, slug: string, ...slugs: string[]) =>
  publishRole(call, slug, (await createRole(call, slug, documentUsing(...(slugs.length > 0 ? slugs : ['about'])))).etag)
const publishSection = (
  { call }: App,
  roles: unknown = 'all',
  more: { key?: string; match?: string } = {},
  query = '',
) =>
  call(`POST ${path}/publications${query}`, {
    body: { roles, change_note: 'The office moved', change_kind: 'editorial' },
    ...more,
  })
const publicEvents = (db: Kysely<Database>) =>
  db
    .selectFrom('events')
    .select(['position', 'type', 'role', 'revision', 'version', 'after_digest', 'owner', 'data'])
    .where('position', 'is not', null)
    .orderBy('position')
    .execute()
const latestOf = async ({ call }: App, slug: string) =>
  (await call(`GET /v1/roles/${slug}`, { key: null })).body as PublishedRole
const statusOf = async ({ call }: App, slug: string) => {
  const { drafts } = (await call(`GET /v1/drafts?q=${slug}`)).body as { drafts: { slug: string; status: string }[] }
  return drafts.find(draft => draft.slug === slug)?.status
}
const textOf = ({ sections }: PublishedRole) => sections.find(entry => entry.shared_section === 'about')?.blocks

/** Holds a role as a writer does, until what it gives is called. */
async function hold(db: Kysely<Database>, slug: string): Promise<() => Promise<unknown>> {
  const trx = await db.startTransaction().execute()
  await trx.selectFrom('roles').select('slug').where('slug', '=', slug).forNoKeyUpdate().execute()
  return () => trx.commit().execute()
}

t.test('publications of a shared section', { timeout: 300_000 }, async t => {
  const app = await testApp(t)
  const { call, db } = app
  t.beforeEach(() => reset(db))

  t.test(
    'publishSharedSection → 201: the latest versions with that text alone replaced, and no draft touched',
    async t => {
      await createSection(app)
      await createSection(app, 'terms')
      await createUsing(app, 'beta', 'about', 'terms')
      await createUsing(app, 'alpha')
      const edited = await call('PATCH /v1/roles/alpha/draft', { body: { title: 'Not yet' }, match: '*' })
      await call('PATCH /v1/shared-sections/terms', { body: { blocks: [paragraph('Other terms.')] }, match: '*' })
      await moveOffice(app)
      const before = await Promise.all(['alpha', 'beta'].map(slug => call(`GET /v1/roles/${slug}`, { key: null })))
      const drafts = await Promise.all(['alpha', 'beta'].map(slug => call(`GET /v1/roles/${slug}/draft`)))
      const events = await publicEvents(db)

      const answer = await publishSection(app, 'all', { key: bob })
      t.equal(answer.status, 201)
      const { occurred_at, publications, ...told } = answer.body as {
        occurred_at: string
        publications: Record<string, unknown>[]
      }
      t.same(told, {
        shared_section: 'about',
        revision: 2,
        by: 'bob',
        change_note: 'The office moved',
        change_kind: 'editorial',
        current: [],
      })
      for (const [index, slug] of ['alpha', 'beta'].entries()) {
        const next = await call(`GET /v1/roles/${slug}/versions/2`, { key: null })
        const old = JSON.parse(before[index]?.text ?? '') as PublishedRole
        const sections = old.sections.map(entry =>
          entry.shared_section === 'about' ? { ...entry, blocks: [paragraph('The new zeppelin.')] } : entry,
        )
        const wanted = { ...old, version: 2, published_at: occurred_at, change_note: 'The office moved', sections }
        t.equal(next.text, JSON.stringify(wanted), 'nothing else, to the letter')
        t.equal((await call(`GET /v1/roles/${slug}`, { key: null })).text, next.text, 'no memory is left of the old')
        const etag = `"${digestOf(next.text)}"`
        t.equal(next.etag, etag)
        t.same(publications[index], { role: slug, version: 2, etag, url: `${baseUrl}/v1/roles/${slug}/versions/2` })
        const draft = await call(`GET /v1/roles/${slug}/draft`)
        t.same(
          [draft.text, draft.etag, draft.headers['last-modified']],
          [drafts[index]?.text, drafts[index]?.etag, drafts[index]?.headers['last-modified']],
        )
      }
      t.same([await statusOf(app, 'alpha'), await statusOf(app, 'beta')], ['draft', 'published'])
      const { roles } = (await call(`GET ${path}/roles`)).body as { roles: Record<string, unknown>[] }
      t.same(
        roles.map(({ role, state, revision, current }) => [role, state, revision, current]),
        [
          ['alpha', 'draft', 2, true],
          ['alpha', 'published', 2, true],
          ['beta', 'draft', 2, true],
          ['beta', 'published', 2, true],
        ],
      )
      const found = (await call('GET /v1/roles?q=zeppelin', { key: null })).body as { roles: Record<string, unknown>[] }
      t.same(
        found.roles.map(({ slug, version, etag }) => [slug, version, etag]),
        publications.map(({ role, version, etag }) => [role, version, etag]),
      )

      const made = (await publicEvents(db)).slice(events.length)
      const last = events.at(-1)?.position ?? 0
      t.same(
        made,
        await Promise.all(
          publications.map(async ({ role, version, etag }, index) => {
            const { slug, title, organisation, profession, family, grades, published_at } = await latestOf(
              app,
              String(role),
            )
            return {
              position: last + 1 + index,
              type: 'role_published',
              role,
              revision: role === 'alpha' ? 3 : 2,
              version,
              after_digest: String(etag).slice(1, -1),
              owner: 'bob',
              data: {
                change_note: 'The office moved',
                change_kind: 'editorial',
                cause: { shared_section: 'about', revision: 2 },
                role: { slug, title, organisation, profession, family, grades, version, published_at, etag },
                before: { profession, grades },
                after: { profession, grades },
              },
            }
          }),
        ),
      )

      const again = await publishSection(app, ['beta', 'alpha'])
      t.match(again, { status: 200, body: { publications: [], current: ['alpha', 'beta'] } })
      t.equal((await publicEvents(db)).length, events.length + 2)
      const back = await call('DELETE /v1/roles/alpha/draft', { match: edited.etag })
      t.same([back.status, await statusOf(app, 'alpha')], [200, 'published'])
      const draft = await publishRole(call, 'alpha', back.etag)
      t.match(draft.body, { version: 3 })
    },
  )

  t.test('publishSharedSection → 200 and no version where the text that is printed did not change', async t => {
    await createSection(app)
    for (const slug of ['alpha', 'beta']) await createUsing(app, slug)
    await db.updateTable('organisations').set({ four_eyes: true }).where('slug', '=', 'home-office').execute()
    await call(`PATCH ${path}`, { body: { heading: 'About DDaT' }, match: '*' })
    await call(`PATCH ${path}`, {
      body: { blocks: [paragraph('The old office.'), { type: 'note', text: 'To be moved' }] },
      match: '*',
    })
    const counts = await countRows(db)
    const revisions = async () =>
      ((await call(`GET ${path}/roles`)).body as { roles: { state: string; revision: number }[] }).roles
        .filter(({ state }) => state === 'published')
        .map(({ revision }) => revision)
    for (const query of ['?dry_run=true', '']) {
      t.same(await revisions(), [1, 1])
      const { occurred_at, ...told } = (await publishSection(app, 'all', {}, query)).body as { occurred_at: string }
      t.same(told, {
        shared_section: 'about',
        revision: 3,
        by: 'alice',
        change_note: 'The office moved',
        change_kind: 'editorial',
        publications: [],
        current: ['alpha', 'beta'],
      })
    }
    t.same(await countRows(db), counts)
    t.same(await revisions(), [3, 3], 'the versions print what it says now')
    t.same([(await latestOf(app, 'alpha')).version, (await latestOf(app, 'beta')).version], [1, 1])
    t.match(await publishSection(app, ['alpha']), { status: 200, body: { current: ['alpha'] } })

    // Of two roles one that was published with the new text: the other alone gets a version.
    await moveOffice(app, 'A new office.', bob)
    const { etag } = await call('GET /v1/roles/beta/draft')
    const carol = token('home-office', 'all', 'carol')
    await publishRole(call, 'beta', etag, 'A note', carol)
    await call(`PATCH ${path}`, { body: { heading: 'About' }, match: '*' })
    t.match(await publishSection(app, 'all', { key: bob }), { status: 409, body: { code: 'four_eyes' } })
    t.match(await publishSection(app, 'all', { key: carol }), {
      status: 201,
      body: { revision: 5, publications: [{ role: 'alpha', version: 2 }], current: ['beta'] },
    })
  })

  t.test('publishSharedSection → 422 for what names no roles', async t => {
    await createSection(app)
    const list = 'This list must have at least 1 item.'
    t.strictSame(problemOf(await publishSection(app, [])), {
      status: 422,
      code: 'invalid',
      errors: [{ pointer: '/roles', code: 'too_few', detail: list }],
      detail: list,
    })
    const neither = '"al" is not one of: all, and no list. Did you mean "all"?'
    t.strictSame(problemOf(await publishSection(app, 'al')), {
      status: 422,
      code: 'invalid',
      errors: [{ pointer: '/roles', code: 'not_in_list', detail: neither }],
      detail: neither,
    })
  })

  t.test('publishSharedSection → a review goes on, and a dry run lists all and does nothing', async t => {
    await createSection(app)
    const { etag } = await createUsing(app, 'alpha')
    const submitted = await call('POST /v1/roles/alpha/submissions', { body: {}, match: etag })
    await moveOffice(app)
    const counts = await countRows(db)
    const dry = await publishSection(app, 'all', {}, '?dry_run=true')
    t.match(dry, { status: 201, body: { publications: [{ role: 'alpha', version: 2 }] } })
    t.same(await countRows(db), counts)
    t.equal((await latestOf(app, 'alpha')).version, 1)
    t.equal((await publishSection(app)).status, 201)
    t.equal(await statusOf(app, 'alpha'), 'in_review')
    t.equal((await call('GET /v1/roles/alpha/draft')).etag, submitted.etag)
  })

  t.test(
    'publishSharedSection → `all` are the published roles of the organisation; naming any other is 422',
    async t => {
      await createSection(app)
      await createSection(app, 'terms')
      await createUsing(app, 'alpha')
      const leaving = await createUsing(app, 'withdrawn')
      await call('POST /v1/roles/withdrawn/withdrawals', { body: { reason: 'Gone' }, match: leaving.etag })
      await createRole(call, 'unpublished', documentUsing('about'))
      await createUsing(app, 'with-terms', 'terms')
      await createRole(call, 'others', exampleDocument, token('other-office'))
      await publishRole(call, 'others', '*', 'A note', token('other-office'))
      await moveOffice(app)
      const counts = await countRows(db)
      const named = ['alpha', 'withdrawn', 'unpublished', 'with-terms', 'others', 'nobody']
      t.same(problemOf(await publishSection(app, named)), {
        status: 422,
        code: 'invalid',
        detail: '5 things are not valid; errors lists them.',
        errors: named.slice(1).map((role, index) => ({
          pointer: `/roles/${index + 1}`,
          code: 'unknown_role',
          detail: `"${role}" is no published role of home-office that prints the section "about".`,
        })),
      })
      const near = async (role: string) =>
        (problemOf(await publishSection(app, [role])) as { detail: string }).detail.split('. ')[1]
      t.same(
        [await near('alpah'), await near('with-term'), await near('other')],
        ['Did you mean "alpha"?', undefined, undefined],
        'the near one, where it prints the section',
      )
      for (const [roles, pointer] of [
        [[], '/roles'],
        ['some', '/roles'],
        [['alpha', 'alpha'], '/roles'],
        [['Alpha'], '/roles/0'],
        [null, '/roles'],
        [Array.from({ length: 501 }, (_, n) => `r${n}`), '/roles'],
      ] as [unknown, string][]) {
        const answer = await publishSection(app, roles)
        t.equal(answer.status, 422, answer.text)
        t.ok(
          (answer.body as { errors: { pointer: string }[] }).errors.some(error => error.pointer === pointer),
          answer.text,
        )
      }
      t.match(await publishSection(app, 'all', { key: token('other-office') }), { status: 404 })
      t.match(await publishSection(app, 'all', { key: token('home-office', ['shared_sections:write']) }), {
        status: 403,
      })
      t.match(await publishSection(app, 'all', { match: '"r1"' }), { status: 412, body: { current_etag: '"r2"' } })
      t.same(await countRows(db), counts, 'all or none')
      t.match(await publishSection(app, 'all', { match: '"r2"' }), {
        status: 201,
        body: { publications: [{ role: 'alpha' }] },
      })
    },
  )

  t.test('publishSharedSection → 409 `not_ready` where the section is empty but for notes', async t => {
    await createSection(app)
    await createUsing(app, 'alpha')
    await call(`PATCH ${path}`, { body: { blocks: [{ type: 'note', text: 'To do' }] }, match: '*' })
    const detail = 'The section "about" is empty: fill it first, or take it out of the roles.'
    t.match((await publishSection(app)).body, { title: 'It is not ready' })
    t.same(problemOf(await publishSection(app)), {
      status: 409,
      code: 'not_ready',
      detail,
      errors: [{ pointer: '/blocks', code: 'empty_section', detail }],
    })
  })

  t.test('publishSharedSection → four eyes look at the section alone, and bring no draft past them', async t => {
    await createSection(app)
    await createUsing(app, 'alpha')
    await db.updateTable('organisations').set({ four_eyes: true }).where('slug', '=', 'home-office').execute()
    await moveOffice(app)
    const refused = {
      status: 409,
      code: 'four_eyes',
      detail: 'home-office asks for four eyes: you changed the section "about" since its last version.',
      errors: [],
    }
    t.same(problemOf(await publishSection(app)), refused)
    const edited = await call('PATCH /v1/roles/alpha/draft', { body: { title: 'Bob’s' }, match: '*', key: bob })
    t.equal((await publishSection(app, 'all', { key: bob })).status, 201, 'who changed the draft publishes none of it')
    const own = await call('POST /v1/roles/alpha/publications', {
      body: { change_note: 'Mine' },
      match: edited.etag,
      key: bob,
    })
    t.match(own, { status: 409, body: { code: 'four_eyes' } }, 'nor is it published since')
    const next = await publishRole(call, 'alpha', edited.etag)
    t.match(next.body, { version: 3 }, 'what Alice changed in the section was published by Bob')
    await moveOffice(app, 'A newer one.')
    t.same(problemOf(await publishSection(app)), refused)
  })

  t.test('publishSharedSection twice at once → each role gets one version', async t => {
    await createSection(app)
    for (const slug of ['alpha', 'beta', 'gamma']) await createUsing(app, slug)
    await moveOffice(app)
    const letGo = await hold(db, 'beta')
    const jobs = [publishSection(app), publishSection(app, ['gamma', 'beta', 'alpha'], { key: bob })]
    await untilWaiting(db, 2)
    await letGo()
    const answers = await Promise.all(jobs)
    t.same(answers.map(({ status }) => status).sort(), [200, 201])
    const made = answers.flatMap(({ body }) => (body as { publications: { role: string }[] }).publications)
    t.same(
      made.map(({ role }) => role),
      ['alpha', 'beta', 'gamma'],
    )
    for (const slug of ['alpha', 'beta', 'gamma']) t.equal((await latestOf(app, slug)).version, 2)
    const positions = (await publicEvents(db)).map(({ position }) => position)
    t.same(
      positions,
      positions.map((_, index) => (positions[0] ?? 0) + index),
    )
  })

  t.test('publishSharedSection while a role is published → both, one after the other', async t => {
    await createSection(app)
    for (const slug of ['alpha', 'beta']) await createUsing(app, slug)
    const edited = await call('PATCH /v1/roles/beta/draft', { body: { title: 'Edited' }, match: '*' })
    await moveOffice(app)
    const letGo = await hold(db, 'beta')
    const job = publishSection(app)
    await untilWaiting(db, 1)
    const publication = publishRole(call, 'beta', edited.etag)
    await untilWaiting(db, 2)
    await letGo()
    const [bulk] = await Promise.all([job, publication])
    t.equal(bulk.status, 201)
    const beta = await latestOf(app, 'beta')
    t.same([beta.title, textOf(beta)], ['Edited', [paragraph('The new zeppelin.')]])
    // Whoever came first: a version with the text alone and then one of the draft, or one with both.
    const own = (bulk.body as { publications: { role: string }[] }).publications.some(({ role }) => role === 'beta')
    t.equal(beta.version, own ? 3 : 2)
    t.equal((await latestOf(app, 'alpha')).version, 2)
    t.equal(await statusOf(app, 'beta'), 'published')
  })

  t.test('publishSharedSection while the section is changed → the versions print what the events say', async t => {
    await createSection(app)
    for (const slug of ['alpha', 'beta']) await createUsing(app, slug)
    await moveOffice(app)
    const letGo = await hold(db, 'beta')
    const job = publishSection(app)
    await untilWaiting(db, 1)
    const change = moveOffice(app, 'A newer one.')
    await untilWaiting(db, 2)
    await letGo()
    t.match(
      [await job, await change],
      [
        { status: 201, body: { revision: 2 } },
        { status: 200, etag: '"r3"' },
      ],
    )
    for (const slug of ['alpha', 'beta'])
      t.same(textOf(await latestOf(app, slug)), [paragraph('The new zeppelin.')], 'not the newer text, nor half of it')
    t.match(await publishSection(app), {
      status: 201,
      body: { revision: 3, publications: [{ version: 3 }, { version: 3 }] },
    })
  })

  t.test(
    'publishSharedSection, edits and publications at random → nothing is lost and no deadlock is left',
    async t => {
      await createSection(app)
      const slugs = ['alpha', 'beta', 'gamma', 'delta']
      for (const slug of slugs) await createUsing(app, slug)
      const answers = await Promise.all(
        Array.from({ length: 24 }, async (_, n) => {
          const slug = slugs[n % 4] ?? ''
          if (n % 6 === 0) return moveOffice(app, `Text ${n}.`)
          if (n % 6 === 1) return publishSection(app)
          if (n % 6 === 2) return publishSection(app, [...slugs].reverse())
          if (n % 6 === 3) return call(`PATCH /v1/roles/${slug}/draft`, { body: { title: `Title ${n}` }, match: '*' })
          return call(`POST /v1/roles/${slug}/publications`, { body: { change_note: `Note ${n}` }, match: '*' })
        }),
      )
      t.same(
        answers.filter(({ status }) => status >= 300).map(({ text }) => text),
        [],
      )
      await publishSection(app)
      const events = await publicEvents(db)
      const blocks = ((await call(`GET ${path}`)).body as { blocks: unknown[] }).blocks
      for (const slug of slugs) {
        const latest = await latestOf(app, slug)
        t.same(textOf(latest), blocks.slice(0, 1))
        const told = events.filter(({ role }) => role === slug).map(({ version }) => version)
        t.same(
          told,
          Array.from({ length: latest.version }, (_, n) => n + 1),
          'each version once, in order',
        )
      }
    },
  )

  t.test('publishSharedSection → 500 roles in one transaction; of more than 500 some must be named', async t => {
    await createSection(app)
    await createUsing(app, 'big-0')
    await sql`
      with made as (
          insert into roles (slug, organisation, document, revision, version, published_at, published_revision)
          select 'big-' || n, organisation, document, revision, version, published_at, published_revision
          from roles, generate_series(1, 500) n where slug = 'big-0'
        ),
        versions as (
          insert into role_versions (role, version, published_at, change_note, change_kind, body, digest, document)
          select 'big-' || n, version, published_at, change_note, change_kind,
            replace(body, '"slug":"big-0"', '"slug":"big-' || n || '"'), digest, document
          from role_versions, generate_series(1, 500) n where role = 'big-0'
        )
      insert into role_shared_sections (role, state, shared_section, revision)
      select 'big-' || n, state, shared_section, revision
      from role_shared_sections, generate_series(1, 500) n where role = 'big-0'`.execute(db)
    await moveOffice(app)
    t.same(problemOf(await publishSection(app)), {
      status: 422,
      code: 'invalid',
      detail: 'More than 500 roles print an older revision. Name up to 500 of them at a time.',
      errors: [
        {
          pointer: '/roles',
          code: 'too_many',
          detail: 'More than 500 roles print an older revision. Name up to 500 of them at a time.',
        },
      ],
    })
    const named = Array.from({ length: 500 }, (_, n) => `big-${500 - n}`)
    const first = (await publicEvents(db)).length
    const began = performance.now()
    const answer = await publishSection(app, named)
    t.comment(`500 roles in ${Math.round(performance.now() - began)} ms`)
    t.equal(answer.status, 201)
    const { publications } = answer.body as { publications: { role: string }[] }
    t.same(
      publications.map(({ role }) => role),
      [...named].sort(),
    )
    const events = (await publicEvents(db)).slice(first)
    t.same(
      events.map(({ role, position }) => [role, position]),
      publications.map(({ role }, index) => [role, (events[0]?.position ?? 0) + index]),
    )
    t.match(await publishSection(app), { status: 201, body: { publications: [{ role: 'big-0', version: 2 }] } })
  })
})
