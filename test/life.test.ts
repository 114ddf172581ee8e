// The life of a role: submissions, returns, publications, withdrawals, their histories, and the status that follows.
import t from 'tap'
import { exampleDocument } from '../src/document/schema.ts'
import { testApp, token } from './support/app.ts'
import { untilWaiting } from './support/locks.ts'
import { problemOf } from './support/problem.ts'
import {
  countRows,
  createPublished,
  createRole,
  digestOf,
  documentWith,
  eventsOf,
  publishRole,
} from './support/roles.ts'

const alice = token('home-office')
const bob = token('home-office', 'all', 'bob')
const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/

t.test('life of a role', { timeout: 300_000 }, async t => {
  const { call, db } = await testApp(t)
  const statusOf = async (slug: string) => {
    const { drafts } = (await call(`GET /v1/drafts?q=${slug}`)).body as {
      drafts: { slug: string; status: string; submitted_by: string | null }[]
    }
    const found = drafts.find(draft => draft.slug === slug)
    return [found?.status, found?.submitted_by]
  }
  const post = (slug: string, step: string, body: unknown, match: string | undefined, key = alice) =>
    call(`POST /v1/roles/${slug}/${step}`, { body, match, key })
  const history = async (slug: string, step: string) =>
    ((await call(`GET /v1/roles/${slug}/${step}`)).body as Record<string, Record<string, unknown>[]>)[step]

  await t.test('createSubmission, createReturn → 201; the review ends with any edit', async t => {
    const { etag } = await createRole(call, 'reviewed')
    t.same(await statusOf('reviewed'), ['draft', null])
    const submitted = await post('reviewed', 'submissions', { comment: 'Please look' }, etag)
    t.same([submitted.status, submitted.etag], [201, '"r2"'])
    const { occurred_at: submittedAt, ...submission } = submitted.body as Record<string, unknown>
    t.match(submittedAt, time)
    t.same(submission, { revision: 2, by: 'alice', comment: 'Please look' })
    t.same(await statusOf('reviewed'), ['in_review', 'alice'])
    t.equal((await call('GET /v1/roles/reviewed/draft')).text, JSON.stringify(exampleDocument), 'the draft is the same')

    const returned = await post('reviewed', 'returns', { comment: 'Say more' }, '"r2"', bob)
    t.same([returned.status, returned.etag], [201, '"r3"'])
    const { occurred_at: returnedAt, ...sentBack } = returned.body as Record<string, unknown>
    t.match(returnedAt, time)
    t.same(sentBack, { revision: 3, by: 'bob', comment: 'Say more' })
    t.same(await statusOf('reviewed'), ['draft', null])

    const again = await post('reviewed', 'submissions', {}, '"r3"')
    t.equal((again.body as { comment: unknown }).comment, null)
    const unchanged = await call('PATCH /v1/roles/reviewed/draft', { body: {}, match: again.etag })
    t.equal(unchanged.etag, again.etag)
    t.same(await statusOf('reviewed'), ['in_review', 'alice'], 'what changes nothing ends nothing')
    const edited = await call('PATCH /v1/roles/reviewed/draft', { body: { family: null }, match: again.etag })
    t.same(await statusOf('reviewed'), ['draft', null])
    t.same(problemOf(await post('reviewed', 'returns', { comment: 'Late' }, edited.etag)), {
      status: 409,
      code: 'not_in_review',
      detail: 'The draft is not in review: it was not submitted, or was changed since.',
      errors: [],
    })
    t.same(
      (await history('reviewed', 'submissions'))?.map(({ revision, by, comment }) => [revision, by, comment]),
      [
        [4, 'alice', null],
        [2, 'alice', 'Please look'],
      ],
    )
    t.same(await history('reviewed', 'returns'), [returned.body])
  })

  await t.test('each edit, however small, ends the review', async t => {
    await createRole(call, 'ended')
    const draft = '/v1/roles/ended/draft'
    const [summary] = exampleDocument.sections
    for (const [line, body] of [
      [`PUT ${draft}`, documentWith({ title: 'Other' })],
      [`PATCH ${draft}`, { title: 'Another' }],
      [`POST ${draft}/sections`, { kind: 'other', heading: 'New' }],
      [`PUT ${draft}/sections/role_summary`, { ...summary, heading: 'Summary' }],
      [`PATCH ${draft}/sections/role_summary`, { heading: 'About' }],
      [`DELETE ${draft}/sections/other`, undefined],
      [
        `PUT ${draft}/section-order`,
        { sections: ['responsibilities', 'role_summary', 'skills_experience', 'skills_framework'] },
      ],
      [`POST ${draft}/skills`, { statement: 'New' }],
      [`PUT ${draft}/skills/s2`, { statement: 'Newer', skill: null, level: null, importance: null }],
      [`DELETE ${draft}/skills/s2`, undefined],
      [`POST ${draft}/sfia-mappings`, { code: 'DESN', level: 3 }],
      [`PUT ${draft}/sfia-mappings/DESN`, { code: 'DESN', level: 4 }],
      [`DELETE ${draft}/sfia-mappings/DESN`, undefined],
    ] as [string, unknown][]) {
      const submitted = await post('ended', 'submissions', {}, '*')
      t.same(await statusOf('ended'), ['in_review', 'alice'])
      const edited = await call(line, { ...(body === undefined ? {} : { body }), match: submitted.etag })
      t.ok(edited.status < 300, `${line} ${edited.text}`)
      t.same(await statusOf('ended'), ['draft', null], line)
    }
  })

  await t.test(
    'createPublication → 201 with where the version stands, its ETag, the draft’s new ETag and one event',
    async t => {
      const { etag, text } = await createRole(call, 'published')
      const submitted = await post('published', 'submissions', {}, etag)
      const answer = await post('published', 'publications', { change_note: 'First' }, submitted.etag, bob)
      t.same([answer.status, answer.etag, answer.headers.location], [201, '"r3"', '/v1/roles/published/versions/1'])
      const version = await call('GET /v1/roles/published/versions/1', { key: null })
      const { occurred_at, ...entry } = answer.body as Record<string, unknown>
      t.match(occurred_at, time)
      t.same(entry, {
        revision: 3,
        by: 'bob',
        version: 1,
        change_note: 'First',
        change_kind: 'substantive',
        etag: `"${digestOf(version.text)}"`,
      })
      t.same(await statusOf('published'), ['published', null], 'publication ends the review')
      t.equal((await call('GET /v1/roles/published/draft')).text, text)
      const { published_at } = version.body as { published_at: string }
      t.same((await eventsOf(db, 'published')).at(-1), {
        type: 'role_published',
        revision: 3,
        version: 1,
        before_digest: null,
        after_digest: digestOf(version.text),
        owner: 'bob',
        request_id: answer.headers['request-id'],
        data: {
          change_note: 'First',
          change_kind: 'substantive',
          role: {
            slug: 'published',
            title: 'Data engineer',
            organisation: { slug: 'home-office', name: 'Home Office' },
            profession: 'digital_and_data',
            family: 'data',
            grades: exampleDocument.grades,
            version: 1,
            published_at,
            etag: version.etag,
          },
          before: null,
          after: { profession: 'digital_and_data', grades: exampleDocument.grades },
        },
      })
      const second = await post(
        'published',
        'publications',
        { change_note: 'Typos', change_kind: 'editorial' },
        answer.etag,
      )
      t.equal(second.headers.location, '/v1/roles/published/versions/2')
      t.same(
        (await history('published', 'publications'))?.map(({ version, change_kind, by }) => [version, change_kind, by]),
        [
          [2, 'editorial', 'alice'],
          [1, 'substantive', 'bob'],
        ],
      )
      const first = await call('GET /v1/roles/published/publications?limit=1')
      const next = /^<([^>]+)>; rel="next"$/.exec(String(first.headers.link))?.[1]
      const rest = (await call(`GET ${next}`)).body as { publications: { version: number }[]; next_cursor: unknown }
      t.same([rest.publications.map(({ version }) => version), rest.next_cursor], [[1], null])
    },
  )

  await t.test('createPublication → 409 not_ready with each thing that stops it, and nothing stored', async t => {
    const paragraph = { type: 'paragraph', text: 'Text' }
    const section = (kind: string, heading: string, blocks: unknown[]) => ({ kind, heading, blocks })
    const ready = {
      title: 'Ready',
      grades: [{ code: 'SEO' }],
      sections: [section('role_summary', 'Summary', [paragraph]), section('responsibilities', 'Duties', [paragraph])],
    }
    const [summary, duties] = ready.sections
    const skill = { statement: 'Writes', importance: 'desirable' }
    const found = (pointer: string, code: string, detail: string) => ({ pointer, code, detail })
    const unprinted = (importance: string | null) =>
      found(
        '/skills/0',
        'unprinted_skill',
        `No section prints this skill: it needs a skills block ${importance === null ? 'without an importance (null)' : `of importance ${importance}`}.`,
      )
    const empty = (index: number, heading: string) =>
      found(`/sections/${index}`, 'empty_section', `The section "${heading}" is empty: fill or remove it.`)
    const cases: [string, object, unknown[]][] = [
      ['title', { ...ready, title: null }, [found('/title', 'no_title', 'The role needs a title.')]],
      ['grade', { ...ready, grades: [] }, [found('/grades', 'no_grade', 'The role needs a grade.')]],
      [
        'summary',
        { ...ready, sections: [duties] },
        [found('/sections', 'no_role_summary', 'The role needs a section of the kind role_summary.')],
      ],
      [
        'responsibilities',
        { ...ready, sections: [summary] },
        [found('/sections', 'no_responsibilities', 'The role needs a section of the kind responsibilities.')],
      ],
      ['empty', { ...ready, sections: [...ready.sections, section('other', 'Void', [])] }, [empty(2, 'Void')]],
      [
        'note',
        { ...ready, sections: [...ready.sections, section('other', 'Void', [{ type: 'note', text: 'Fill me' }])] },
        [empty(2, 'Void')],
      ],
      [
        'no-skills',
        { ...ready, sections: [...ready.sections, section('other', 'Void', [{ type: 'skills' }])] },
        [empty(2, 'Void')],
      ],
      [
        'no-mappings',
        { ...ready, sections: [...ready.sections, section('other', 'SFIA', [{ type: 'sfia_mappings' }])] },
        [empty(2, 'SFIA')],
      ],
      ['unprinted', { ...ready, skills: [skill] }, [unprinted('desirable')]],
      [
        'printed-otherwise',
        {
          ...ready,
          sections: [
            ...ready.sections,
            section('other', 'Skills', [{ type: 'skills', importance: 'essential' }, paragraph]),
          ],
          skills: [{ statement: 'Writes' }],
        },
        [unprinted(null)],
      ],
    ]
    for (const [name, document, errors] of cases) {
      const { etag } = await createRole(call, `unready-${name}`, document)
      const before = await countRows(db)
      const answer = await post(`unready-${name}`, 'publications', { change_note: 'Too soon' }, etag)
      t.same(
        problemOf(answer),
        {
          status: 409,
          code: 'not_ready',
          detail: `The draft is not ready: ${errors.map(error => (error as { detail: string }).detail).join(' ')}`,
          errors,
        },
        name,
      )
      t.same(await countRows(db), before)
      const validation = (await call(`GET /v1/roles/unready-${name}/draft/validation`)).body as Record<string, unknown>
      t.same([validation.ready, validation.errors], [false, errors], 'the validation says the same')
      t.equal((await call(`GET /v1/roles/unready-${name}`, { key: null })).status, 404)
    }
    await createRole(call, 'at-last', ready)
    t.equal((await post('at-last', 'publications', { change_note: 'Now' }, '"r1"')).status, 201)
  })

  await t.test(
    'createWithdrawal → 201, getRole → 410 naming the successor; versions stay; publishing again ends it',
    async t => {
      await createPublished(call, 'successor')
      const published = await createPublished(call, 'leaving')
      const latest = await call('GET /v1/roles/leaving', { key: null })
      const answer = await post('leaving', 'withdrawals', { reason: 'Merged.', successor: 'successor' }, published.etag)
      t.same([answer.status, answer.etag, answer.headers.location], [201, '"r3"', '/v1/roles/leaving/withdrawals'])
      const { occurred_at, ...entry } = answer.body as Record<string, unknown>
      t.match(occurred_at, time)
      t.same(entry, { revision: 3, by: 'alice', version: 1, reason: 'Merged.', successor: 'successor' })
      t.same(await statusOf('leaving'), ['withdrawn', null])

      const gone = await call('GET /v1/roles/leaving', { key: null })
      const { withdrawn_at, ...tombstone } = problemOf(gone)
      t.match(withdrawn_at, time)
      t.same(tombstone, {
        status: 410,
        code: 'withdrawn',
        detail: 'The role was withdrawn: Merged. Its successor is "successor".',
        errors: [],
        reason: 'Merged.',
        successor: 'successor',
      })
      t.equal(
        gone.headers.link,
        '</v1/roles/leaving/versions>; rel="version-history", </v1/roles/successor>; rel="successor-version"',
      )
      t.equal(gone.headers['cache-control'], 'public, max-age=60, stale-if-error=86400')
      t.equal(gone.headers.etag, undefined)
      const conditional = await call('GET /v1/roles/leaving', { key: null, headers: { 'if-none-match': latest.etag } })
      t.equal(conditional.status, 410, 'who has the bytes hears of it too')
      const version = await call('GET /v1/roles/leaving/versions/1', { key: null })
      t.same([version.status, version.text, version.etag], [200, latest.text, latest.etag])
      t.equal((await call('GET /v1/roles/leaving/versions', { key: null })).status, 200)
      t.equal((await call('GET /v1/roles/leaving/draft')).status, 200)
      const { roles } = (await call('GET /v1/roles', { key: null })).body as { roles: { slug: string }[] }
      t.equal(
        roles.some(({ slug }) => slug === 'leaving'),
        false,
      )

      const twice = await post('leaving', 'withdrawals', { reason: 'Again' }, answer.etag)
      t.same(problemOf(twice), {
        status: 409,
        code: 'not_published',
        detail: 'The role is withdrawn already.',
        errors: [],
      })
      const edited = await call('PATCH /v1/roles/leaving/draft', { body: { family: null }, match: answer.etag })
      t.same(await statusOf('leaving'), ['draft', null])
      const back = await call('DELETE /v1/roles/leaving/draft', { match: edited.etag })
      t.same(await statusOf('leaving'), ['withdrawn', null], 'going back does not publish')

      const again = await publishRole(call, 'leaving', back.etag, 'Back')
      t.equal(again.headers.location, '/v1/roles/leaving/versions/2')
      t.same(await statusOf('leaving'), ['published', null])
      const now = await call('GET /v1/roles/leaving', { key: null })
      t.same([now.status, (now.body as { version: number }).version], [200, 2])
      t.equal((await call('GET /v1/roles/leaving/versions/1')).text, latest.text)
      t.same(await history('leaving', 'withdrawals'), [answer.body])
      t.same(
        (await eventsOf(db, 'leaving')).map(({ type, revision, version }) => [type, revision, version]),
        [
          ['role_created', 1, null],
          ['role_published', 2, 1],
          ['role_withdrawn', 3, 1],
          ['draft_patched', 4, null],
          ['draft_deleted', 5, null],
          ['role_published', 6, 2],
        ],
      )
    },
  )

  await t.test('createWithdrawal → 409 where nothing is published, 422 for a successor that is not', async t => {
    const created = await createRole(call, 'unborn')
    t.same(problemOf(await post('unborn', 'withdrawals', { reason: 'No' }, created.etag)), {
      status: 409,
      code: 'not_published',
      detail: 'The role was never published.',
      errors: [],
    })
    const published = await createPublished(call, 'alone')
    const before = await countRows(db)
    for (const successor of ['alone', 'unborn', 'no-such-role']) {
      const detail = `"${successor}" is not another published role.`
      t.same(problemOf(await post('alone', 'withdrawals', { reason: 'No', successor }, published.etag)), {
        status: 422,
        code: 'invalid',
        detail,
        errors: [{ pointer: '/successor', code: 'unknown_role', detail }],
      })
    }
    t.same(await countRows(db), before)
  })

  await t.test('a withdrawal ends no review of the next version', async t => {
    const published = await createPublished(call, 'kept-review')
    const edited = await call('PATCH /v1/roles/kept-review/draft', { body: { family: null }, match: published.etag })
    const submitted = await post('kept-review', 'submissions', {}, edited.etag)
    await post('kept-review', 'withdrawals', { reason: 'Wrong pay' }, submitted.etag)
    t.same(await statusOf('kept-review'), ['in_review', 'alice'])
  })

  await t.test(
    'each step → 428 without If-Match, 412 with a stale one, 403 without the scope, 404 for no role',
    async t => {
      const { etag } = await createPublished(call, 'guarded')
      const before = await countRows(db)
      for (const [step, body, scope] of [
        ['submissions', {}, 'roles:write'],
        ['returns', { comment: 'No' }, 'roles:publish'],
        ['publications', { change_note: 'No' }, 'roles:publish'],
        ['withdrawals', { reason: 'No' }, 'roles:publish'],
      ] as const) {
        t.same(problemOf(await post('guarded', step, body, undefined)), {
          status: 428,
          code: 'precondition_required',
          detail: 'Send the ETag of what you read in If-Match, such as If-Match: "r1".',
          errors: [],
        })
        t.same(problemOf(await post('guarded', step, body, '"r1"')), {
          status: 412,
          code: 'precondition_failed',
          detail: 'The draft is now at "r2".',
          errors: [],
          current_etag: etag,
          changed: [],
        })
        const reader = token('home-office', scope === 'roles:write' ? ['roles:publish'] : ['roles:write'])
        const refused = await post('guarded', step, body, etag, reader)
        t.same(
          [refused.status, (refused.body as { detail: string }).detail],
          [403, `This needs a key with the scope ${scope}.`],
        )
        t.equal((await post('nobody', step, body, '*')).status, 404)
      }
      t.same(await countRows(db), before)
    },
  )

  await t.test('four eyes', async t => {
    await db.updateTable('organisations').set({ four_eyes: true }).where('slug', '=', 'home-office').execute()
    const publish = (slug: string, key: string) => post(slug, 'publications', { change_note: 'A note' }, '*', key)
    const refused = {
      status: 409,
      code: 'four_eyes',
      detail: 'home-office asks for four eyes: you changed this role or a section that it uses since its last version.',
      errors: [],
    }

    await t.test('createPublication → 409 to who created it, or changed it since the last version', async t => {
      await createRole(call, 'eyes', exampleDocument, alice)
      t.same(problemOf(await publish('eyes', alice)), refused)
      const other = token('home-office', ['roles:publish'], 'alice')
      t.same(problemOf(await publish('eyes', other)), refused, 'another key of the same owner')
      await post('eyes', 'submissions', {}, '*', bob)
      t.equal((await publish('eyes', bob)).status, 201, 'to submit is not to change')
      t.equal((await publish('eyes', alice)).status, 201, 'nothing changed since')
      const { etag } = await call('GET /v1/roles/eyes/draft')
      const edited = await call('PATCH /v1/roles/eyes/draft', { body: { family: null }, match: etag, key: bob })
      await call('PATCH /v1/roles/eyes/draft', { body: { family: 'data' }, match: edited.etag, key: alice })
      t.same(problemOf(await publish('eyes', bob)), refused, 'though somebody changed it back')
      t.same(problemOf(await publish('eyes', alice)), refused)
      t.equal((await publish('eyes', token('home-office', 'all', 'carol'))).status, 201)
    })

    await t.test('createPublication → 409 to who changed a shared section that it uses', async t => {
      await call('POST /v1/shared-sections?slug=about-us', {
        body: { kind: 'organisation_overview', heading: 'About us', blocks: [{ type: 'paragraph', text: 'We are' }] },
        key: bob,
      })
      const uses = documentWith({
        sections: [
          ...exampleDocument.sections,
          {
            id: 'organisation_overview',
            kind: 'organisation_overview',
            heading: 'About us',
            shared_section: 'about-us',
            blocks: [],
          },
        ],
      })
      await createRole(call, 'shares', uses, alice)
      await createRole(call, 'shares-not', exampleDocument, alice)
      t.same(problemOf(await publish('shares', bob)), refused)
      t.equal((await publish('shares-not', bob)).status, 201)
      t.equal((await publish('shares', token('home-office', 'all', 'carol'))).status, 201)
      t.equal((await publish('shares', bob)).status, 201, 'his change is in the last version')
    })

    await t.test('createPublication waits for a change of its shared section, and counts it', async t => {
      const uses = documentWith({
        sections: [
          ...exampleDocument.sections,
          {
            id: 'organisation_overview',
            kind: 'organisation_overview',
            heading: 'About us',
            shared_section: 'about-us',
            blocks: [],
          },
        ],
      })
      await createRole(call, 'races', uses, alice)
      const [published, changed] = await db
        .transaction()
        .execute(async trx => {
          // Holds the feed's counter, so that the publication stops at its last statement, all its reads done.
          await trx.updateTable('feed_counter').set({ position: 0 }).where('id', '=', false).execute()
          await trx.selectFrom('feed_counter').selectAll().forUpdate().execute()
          const published = publish('races', token('home-office', 'all', 'carol'))
          await untilWaiting(db, 1)
          const changed = call('PATCH /v1/shared-sections/about-us', {
            body: { heading: 'About us all' },
            match: '*',
            key: bob,
          })
          await untilWaiting(db, 2)
          return [published, changed] as const
        })
        .then(pending => Promise.all(pending))
      t.same([published.status, changed.status], [201, 200])
      t.same(problemOf(await publish('races', bob)), refused, 'his change came after the version')
    })
    await db.updateTable('organisations').set({ four_eyes: false }).execute()
  })

  await t.test('twenty publications at once → no gap and no order but that of the feed', async t => {
    const { position: start } = await db.selectFrom('feed_counter').select('position').executeTakeFirstOrThrow()
    const slugs = Array.from({ length: 20 }, (_, index) => `parallel-${index}`)
    for (const slug of slugs) await createRole(call, slug)
    const answers = await Promise.all(slugs.map(slug => post(slug, 'publications', { change_note: 'All' }, '"r1"')))
    t.same(
      answers.map(({ status }) => status),
      slugs.map(() => 201),
    )
    const events = await db
      .selectFrom('events')
      .select(['position', 'role', 'type'])
      .where('position', '>', start)
      .orderBy('position')
      .execute()
    t.same(
      events.map(({ position }) => position),
      slugs.map((_, index) => start + index + 1),
    )
    t.same(events.map(({ role }) => role).sort(), [...slugs].sort())
    const { position: end } = await db.selectFrom('feed_counter').select('position').executeTakeFirstOrThrow()
    t.equal(end, start + 20)
  })

  await t.test(
    'publication, edit and withdrawal racing with one ETag → one of them; never two versions of one number',
    async t => {
      await createPublished(call, 'contested')
      for (let round = 0; round < 8; round++) {
        const { etag } = await call('GET /v1/roles/contested/draft')
        const answers = await Promise.all([
          post('contested', 'publications', { change_note: `Round ${round}` }, etag),
          post('contested', 'withdrawals', { reason: `Round ${round}` }, etag),
          call('PATCH /v1/roles/contested/draft', { body: { title: `Round ${round}` }, match: etag }),
          call('DELETE /v1/roles/contested/draft', { match: etag }),
          post('contested', 'publications', { change_note: `Round ${round} again` }, etag),
        ])
        const won = answers.filter(({ status, etag: now }) => status < 300 && now !== etag)
        const others = answers.filter(answer => !won.includes(answer))
        t.ok(won.length <= 1, answers.map(({ status }) => status).join())
        t.ok(others.every(({ status }) => [412, 409, 200].includes(status)))
      }
      const versions = await db
        .selectFrom('role_versions')
        .select(['version', 'body', 'digest'])
        .where('role', '=', 'contested')
        .orderBy('version')
        .execute()
      t.same(
        versions.map(({ version }) => version),
        versions.map((_, index) => index + 1),
      )
      for (const { body, digest, version } of versions) {
        t.equal(digest, digestOf(body))
        t.equal((JSON.parse(body) as { version: number }).version, version)
      }
      const events = await eventsOf(db, 'contested')
      t.same(
        events.map(({ revision }) => revision),
        events.map((_, index) => index + 1),
        'one event for each revision',
      )
      t.equal((await call('GET /v1/roles/contested/draft')).etag, `"r${events.length}"`)
    },
  )
})
