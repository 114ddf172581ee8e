// The working copy of a role: created, read, replaced, patched, removed, listed.
import fc from 'fast-check'
import t from 'tap'
import { exampleDocument, type RoleDocument } from '../src/document/schema.ts'
import { type Answer, baseUrl, testApp, token } from './support/app.ts'
import {
  countRows,
  createPublished,
  createRole,
  digestOf,
  documentWith,
  emptyDocument,
  eventsOf,
} from './support/roles.ts'

const other = token('other-office', 'all', 'bob')
const admin = token('other-office', ['admin'], 'carol')

t.test('drafts', { timeout: 300_000 }, async t => {
  const { call, db } = await testApp(t)

  const problem = (answer: Answer) => {
    const { status, code, detail, errors } = answer.body as Record<string, unknown>
    return { status, code, detail, errors }
  }
  const one = (pointer: string, code: string, detail: string) => ({
    status: 422,
    code: 'invalid',
    detail,
    errors: [{ pointer, code, detail }],
  })

  await t.test('createRole → 201 with the whole draft, where it stands, its ETag and one event', async t => {
    const answer = await call('POST /v1/roles?slug=created', {
      body: exampleDocument,
      headers: { 'request-id': 'request-created' },
    })
    t.equal(answer.status, 201)
    t.equal(answer.headers.location, '/v1/roles/created/draft')
    t.equal(answer.etag, '"r1"')
    t.equal(answer.headers['cache-control'], 'private, no-store')
    t.same(answer.body, exampleDocument)
    t.equal(answer.text, JSON.stringify(exampleDocument), 'in the order of the schema, without white space')
    t.same(await eventsOf(db, 'created'), [
      {
        type: 'role_created',
        revision: 1,
        version: null,
        before_digest: null,
        after_digest: digestOf(answer.text),
        owner: 'alice',
        request_id: 'request-created',
        data: { changed: ['/'] },
      },
    ])
  })

  await t.test('createRole → 201: every member that is left out takes its default', async t => {
    const answer = await call('POST /v1/roles?slug=bare', { body: {} })
    t.equal(answer.status, 201)
    t.equal(answer.text, JSON.stringify(emptyDocument))
  })

  await t.test('createRole → 201: defaults and ids are filled in at every depth', async t => {
    const answer = await call('POST /v1/roles?slug=sparse', {
      body: {
        grades: [{ code: 'SEO' }, { scheme: 'our-own', code: 'Band 3' }],
        sections: [
          { kind: 'benefits', heading: 'Benefits', blocks: [{ type: 'list', items: [{ text: 'a' }, { text: 'b' }] }] },
          { kind: 'other', heading: 'One', blocks: [{ type: 'list', items: [{ text: 'c', items: [{ text: 'd' }] }] }] },
          { kind: 'other', heading: 'Two', blocks: [{ type: 'skills' }] },
        ],
        skills: [{ statement: 'Speaks' }, { statement: 'Listens', importance: 'essential' }],
        advert_details: { salary: { min: 40000 }, locations: [{ text: 'Leeds' }] },
      },
    })
    const list = (...items: unknown[]) => ({ type: 'list', ordered: false, items })
    const item = (id: string, text: string, items: unknown[] = []) => ({ id, text, optional: false, items })
    const section = (id: string, kind: string, heading: string, blocks: unknown[]) => ({
      id,
      kind,
      heading,
      shared_section: null,
      blocks,
    })
    t.equal(
      answer.text,
      JSON.stringify({
        ...emptyDocument,
        grades: [
          { scheme: 'civil-service', code: 'SEO', label: 'Senior Executive Officer' },
          { scheme: 'our-own', code: 'Band 3', label: 'Band 3' },
        ],
        sections: [
          section('benefits', 'benefits', 'Benefits', [list(item('i1', 'a'), item('i2', 'b'))]),
          section('other', 'other', 'One', [list(item('i3', 'c', [{ id: 'i4', text: 'd' }]))]),
          section('other-2', 'other', 'Two', [{ type: 'skills', importance: null }]),
        ],
        skills: [
          { id: 's1', statement: 'Speaks', skill: null, level: null, importance: null },
          { id: 's2', statement: 'Listens', skill: null, level: null, importance: 'essential' },
        ],
        advert_details: {
          ...emptyDocument.advert_details,
          salary: { min: 40000, max: null, currency: 'GBP', period: null, text: null },
          locations: [{ text: 'Leeds', town: null, region: null, postcode: null, country: null }],
        },
      }),
    )
  })

  await t.test('createRole → 201: the slug comes from the title', async t => {
    for (const [title, slug] of [
      ['Señor  Developer (C++)', 'senor-developer-c'],
      ['Head of “People’s” Data — North', 'head-of-peoples-data-north'],
      [`${'long '.repeat(30)}title`, `${'long-'.repeat(15)}long`],
    ]) {
      const answer = await call('POST /v1/roles', { body: { title } })
      t.same([answer.status, answer.headers.location], [201, `/v1/roles/${slug}/draft`])
    }
  })

  await t.test('createRole → 422 where neither slug nor title gives an address', async t => {
    const detail = (why: string) => `${why} the role needs ?slug=, such as ?slug=data-engineer.`
    for (const [body, why] of [
      [{}, 'Without a title'],
      [{ title: '職務' }, 'With a title that has no letter of a to z and no digit'],
    ] as const)
      t.same(problem(await call('POST /v1/roles', { body })), one('?slug', 'missing_member', detail(why)))
  })

  await t.test('createRole → 409 slug_taken, with a link where the caller may read the role', async t => {
    await createRole(call, 'taken', {})
    await createPublished(call, 'taken-published')
    const refuse = async (slug: string, key: string) => {
      const answer = await call(`POST /v1/roles?slug=${slug}`, { body: {}, key })
      const { existing, detail } = answer.body as Record<string, unknown>
      return [answer.status, (answer.body as { code: string }).code, detail, existing, answer.headers.link]
    }
    const own = (slug: string) =>
      `The slug "${slug}" is taken. Choose another with ?slug=, or change the role that has it.`
    const foreign = (slug: string) => `The slug "${slug}" is taken. Choose another with ?slug=.`
    const link = (path: string) => [path, `<${path}>; rel="related"`]
    const before = await countRows(db)
    t.same(await refuse('taken', token('home-office')), [
      409,
      'slug_taken',
      own('taken'),
      ...link('/v1/roles/taken/draft'),
    ])
    t.same(await refuse('taken', admin), [409, 'slug_taken', own('taken'), ...link('/v1/roles/taken/draft')])
    t.same(await refuse('taken', other), [409, 'slug_taken', foreign('taken'), undefined, undefined])
    t.same(await refuse('taken-published', other), [
      409,
      'slug_taken',
      foreign('taken-published'),
      ...link('/v1/roles/taken-published'),
    ])
    t.same(await countRows(db), before)
  })

  await t.test('createRole → one 201 of twenty at once for one slug, the rest 409', async t => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => call('POST /v1/roles?slug=raced', { body: {} })))
    t.same(answers.map(({ status }) => status).sort(), [201, ...Array.from({ length: 19 }, () => 409)])
    t.equal((await eventsOf(db, 'raced')).length, 1)
  })

  await t.test('createRole → 403 for another organisation, 422 for one that is not there', async t => {
    const answer = await call('POST /v1/roles?slug=foreign&organisation=other-office', { body: {} })
    t.same(problem(answer), {
      status: 403,
      code: 'insufficient_scope',
      detail: 'This key belongs to "home-office"; the scope admin is needed for another.',
      errors: [],
    })
    t.same(
      problem(await call('POST /v1/roles?slug=foreign&organisation=no-office', { body: {}, key: admin })),
      one('?organisation', 'unknown_organisation', 'There is no organisation "no-office". Did you mean "home-office"?'),
    )
    const made = await call('POST /v1/roles?slug=by-admin&organisation=home-office', { body: {}, key: admin })
    t.equal(made.status, 201)
    t.equal((await call('GET /v1/roles/by-admin/draft')).status, 200, 'it belongs to the organisation that was named')
  })

  await t.test('getDraft → 200 with the bytes that the write answered with; 304 to who has them', async t => {
    const created = await createRole(call, 'read')
    const answer = await call('GET /v1/roles/read/draft')
    t.equal(answer.text, created.text)
    t.equal(answer.etag, created.etag)
    t.equal(answer.headers['cache-control'], 'private, no-store')
    t.match(answer.headers['last-modified'], / GMT$/)
    const modified = String(answer.headers['last-modified'])
    for (const headers of [
      { 'if-none-match': '"r1"' },
      { 'if-none-match': 'W/"r1"' },
      { 'if-none-match': '"r7", "a,b" , "r1"' },
      { 'if-none-match': '*' },
      { 'if-modified-since': modified },
    ]) {
      const unchanged = await call('GET /v1/roles/read/draft', { headers })
      t.same([unchanged.status, unchanged.text, unchanged.etag], [304, '', '"r1"'], JSON.stringify(headers))
    }
    for (const headers of [
      { 'if-none-match': '"r2"' },
      { 'if-none-match': 'r1' },
      { 'if-none-match': '"a,*,b", "x, "r1' },
      { 'if-none-match': '"r2"', 'if-modified-since': modified },
      { 'if-modified-since': 'Mon, 01 Jan 2001 00:00:00 GMT' },
      { 'if-modified-since': 'yesterday' },
    ])
      t.equal((await call('GET /v1/roles/read/draft', { headers })).status, 200, JSON.stringify(headers))
    const head = await call('HEAD /v1/roles/read/draft')
    t.same([head.status, head.text, head.etag], [200, '', '"r1"'])
  })

  await t.test('drafts → 404 to another organisation, whatever the operation', async t => {
    await createRole(call, 'hidden')
    const before = await countRows(db)
    const draft = '/v1/roles/hidden/draft'
    const [section] = exampleDocument.sections
    const [skill] = exampleDocument.skills
    for (const [line, body] of [
      [`GET ${draft}`],
      [`PUT ${draft}`, exampleDocument],
      [`PATCH ${draft}`, { title: 'Mine now' }],
      [`DELETE ${draft}`],
      [`GET ${draft}/validation`],
      [`GET ${draft}/section-order`],
      [`PUT ${draft}/section-order`, { sections: [] }],
      [`GET ${draft}/sections`],
      [`POST ${draft}/sections`, { kind: 'other', heading: 'Mine' }],
      [`GET ${draft}/sections/role_summary`],
      [`PUT ${draft}/sections/role_summary`, section],
      [`PATCH ${draft}/sections/role_summary`, { heading: 'Mine' }],
      [`DELETE ${draft}/sections/role_summary`],
      [`GET ${draft}/skills`],
      [`POST ${draft}/skills`, { statement: 'Mine' }],
      [`GET ${draft}/skills/s1`],
      [`PUT ${draft}/skills/s1`, skill],
      [`DELETE ${draft}/skills/s1`],
      [`GET ${draft}/sfia-mappings`],
      [`POST ${draft}/sfia-mappings`, { code: 'DESN', level: 3 }],
      [`GET ${draft}/sfia-mappings/PROG`],
      [`PUT ${draft}/sfia-mappings/PROG`, { code: 'PROG', level: 4 }],
      [`DELETE ${draft}/sfia-mappings/PROG`],
      ['GET /v1/roles/hidden/submissions'],
      ['POST /v1/roles/hidden/submissions', {}],
      ['GET /v1/roles/hidden/returns'],
      ['POST /v1/roles/hidden/returns', { comment: 'No' }],
      ['GET /v1/roles/hidden/publications'],
      ['POST /v1/roles/hidden/publications', { change_note: 'Mine' }],
      ['GET /v1/roles/hidden/withdrawals'],
      ['POST /v1/roles/hidden/withdrawals', { reason: 'Mine' }],
    ] as [string, unknown][]) {
      const writes = !line.startsWith('GET')
      const matches = writes ? ['"r1"', '"r9"', '*'] : [undefined]
      for (const match of matches) {
        const answer = await call(line, {
          key: other,
          ...(body === undefined ? {} : { body }),
          ...(match === undefined ? {} : { match }),
        })
        t.same(
          problem(answer),
          { status: 404, code: 'not_found', detail: 'There is no role "hidden" that you may read.', errors: [] },
          line,
        )
        t.equal(answer.headers.etag, undefined)
      }
    }
    t.same(await countRows(db), before)
  })

  await t.test('replaceDraft → 200: what GET gives changes nothing, whatever the spelling', async t => {
    const created = await createRole(call, 'round-trip')
    const { text } = await call('GET /v1/roles/round-trip/draft')
    const reversed = (value: unknown): unknown =>
      value !== null && typeof value === 'object' && !Array.isArray(value)
        ? Object.fromEntries(
            Object.entries(value)
              .reverse()
              .map(([name, member]) => [name, reversed(member)]),
          )
        : Array.isArray(value)
          ? value.map(reversed)
          : value
    for (const body of [text, JSON.stringify(JSON.parse(text), null, 2), JSON.stringify(reversed(JSON.parse(text)))]) {
      const answer = await call('PUT /v1/roles/round-trip/draft', { body, match: created.etag })
      t.same([answer.status, answer.etag, answer.text], [200, '"r1"', text])
    }
    t.equal((await eventsOf(db, 'round-trip')).length, 1, 'no event but the first')
  })

  await t.test('replaceDraft → 200 with the new document, ETag and one event', async t => {
    const created = await createRole(call, 'replaced')
    const document = documentWith({ title: 'Another title', alternative_titles: [], grades: [] })
    const answer = await call('PUT /v1/roles/replaced/draft', {
      body: document,
      match: created.etag,
      headers: { 'request-id': 'request-replaced' },
    })
    t.same([answer.status, answer.etag, answer.text], [200, '"r2"', JSON.stringify(document)])
    t.same((await eventsOf(db, 'replaced')).slice(1), [
      {
        type: 'draft_replaced',
        revision: 2,
        version: null,
        before_digest: digestOf(created.text),
        after_digest: digestOf(answer.text),
        owner: 'alice',
        request_id: 'request-replaced',
        data: { changed: ['/title', '/alternative_titles', '/grades'] },
      },
    ])
  })

  /** Every path to a member of an object in the value. */
  function membersOf(value: unknown, path: (string | number)[] = []): (string | number)[][] {
    if (value === null || typeof value !== 'object') return []
    return Object.entries(value).flatMap(([name, member]) => {
      const own = [...path, Array.isArray(value) ? Number(name) : name]
      return [...(Array.isArray(value) ? [] : [own]), ...membersOf(member, own)]
    })
  }

  function without(document: RoleDocument, path: (string | number)[]): unknown {
    const copy = structuredClone(document) as unknown
    let holder = copy as Record<string, unknown>
    for (const name of path.slice(0, -1)) holder = holder[name] as Record<string, unknown>
    delete holder[path.at(-1) as string]
    return copy
  }

  await t.test('replaceDraft → 422 for each member that is missing, but for ids', async t => {
    const created = await createRole(call, 'whole')
    const before = await countRows(db)
    const paths = membersOf(exampleDocument)
    t.ok(paths.length > 70, `${paths.length} members`)
    for (const path of paths.filter(path => path.at(-1) !== 'id')) {
      const answer = await call('PUT /v1/roles/whole/draft', {
        body: without(exampleDocument, path),
        match: created.etag,
      })
      t.same(
        problem(answer),
        one(`/${path.join('/')}`, 'missing_member', `"${path.at(-1)}" is missing.`),
        path.join('/'),
      )
    }
    t.same(await countRows(db), before)
    t.equal((await call('GET /v1/roles/whole/draft')).etag, created.etag)
  })

  /** RFC 7396 as its own pseudo-code has it, written a second time. */
  function merge(target: unknown, patch: unknown): unknown {
    if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch
    const result: Record<string, unknown> =
      typeof target === 'object' && target !== null && !Array.isArray(target) ? { ...target } : {}
    for (const [name, value] of Object.entries(patch))
      if (value === null) delete result[name]
      else result[name] = merge(result[name], value)
    return result
  }

  const line = fc.stringMatching(/^[A-Za-z£’ 0-9]{0,20}[A-Za-z]$/)
  const patches = fc.record(
    {
      title: fc.option(line),
      alternative_titles: fc.option(fc.array(line, { maxLength: 3 })),
      profession: fc.constantFrom(null, 'policy', 'tax'),
      grades: fc.option(fc.constantFrom([], [{ scheme: 'civil-service', code: 'G7', label: 'Grade 7' }])),
      sections: fc.option(
        fc.constantFrom(
          [],
          [{ id: 'benefits', kind: 'benefits', heading: 'Benefits', shared_section: null, blocks: [] }],
        ),
      ),
      sfia_mappings: fc.option(fc.constantFrom([], [{ code: 'PROG', level: 4 }])),
      advert_details: fc.option(
        fc.record(
          {
            hours: fc.option(line),
            role_types: fc.option(fc.constantFrom([], ['digital'])),
            salary: fc.option(
              fc.record(
                {
                  min: fc.option(fc.integer({ min: 0, max: 1000 })),
                  max: fc.option(fc.integer({ min: 50_000, max: 60_000 })),
                  currency: fc.constantFrom(null, 'EUR'),
                  text: fc.option(line),
                },
                { requiredKeys: [] },
              ),
            ),
          },
          { requiredKeys: [] },
        ),
      ),
    },
    { requiredKeys: [] },
  )

  /** Members that a merge took away, back at their default. */
  function completed(merged: Record<string, unknown>): unknown {
    const details = { ...emptyDocument.advert_details, ...(merged.advert_details as object | undefined) }
    const salary = details.salary && {
      ...{ min: null, max: null, currency: 'GBP', period: null, text: null },
      ...(details.salary as object),
    }
    return { ...emptyDocument, ...merged, advert_details: { ...details, salary } }
  }

  await t.test('patchDraft → 200: what it gives, and what is read then, is the merge of RFC 7396', async t => {
    let { etag, body } = await createRole(call, 'patched')
    let changes = 0
    await fc.assert(
      fc.asyncProperty(patches, async patch => {
        const answer = await call('PATCH /v1/roles/patched/draft', { body: patch, match: etag })
        const expected = completed(merge(body, patch) as Record<string, unknown>)
        if (answer.status !== 200) throw new Error(answer.text)
        t.same(answer.body, expected, JSON.stringify(patch))
        t.equal((await call('GET /v1/roles/patched/draft')).text, answer.text)
        const changed = JSON.stringify(expected) !== JSON.stringify(body)
        if (changed) changes += 1
        t.equal(answer.etag !== etag, changed, 'a new ETag where it changed something, and only there')
        ;({ etag, body } = answer)
      }),
      { numRuns: 60 },
    )
    t.equal((await eventsOf(db, 'patched')).length, 1 + changes, 'an event for each change')
  })

  await t.test('patchDraft → 422 with pointers into what the patch would make', async t => {
    const created = await createRole(call, 'patched-wrong')
    const answer = await call('PATCH /v1/roles/patched-wrong/draft', {
      body: { grades: [{ code: 'SEO', label: 'Boss' }], advert_details: { salary: { min: 50000 } } },
      match: created.etag,
    })
    t.same(problem(answer), {
      status: 422,
      code: 'invalid',
      detail: '2 things are not valid; errors lists them.',
      errors: [
        {
          pointer: '/grades/0/label',
          code: 'wrong_label',
          detail: 'The label of SEO is "Senior Executive Officer"; leave it out to have it filled in.',
        },
        { pointer: '/advert_details/salary/min', code: 'too_large', detail: 'min must not be more than max, 47250.5.' },
      ],
    })
    t.equal((await call('GET /v1/roles/patched-wrong/draft')).text, created.text)
  })

  await t.test(
    'deleteDraft → 204 removes a role that was never published; a new one is never taken for it',
    async t => {
      const created = await createRole(call, 'removed')
      await call('POST /v1/roles/removed/submissions', { body: { comment: 'A secret' }, match: created.etag })
      const answer = await call('DELETE /v1/roles/removed/draft', { match: '"r2"' })
      t.same([answer.status, answer.text, answer.headers.etag], [204, '', undefined])
      t.equal((await call('GET /v1/roles/removed/draft')).status, 404)
      t.same(
        (await eventsOf(db, 'removed')).map(({ type, revision, before_digest }) => [type, revision, before_digest]),
        [
          ['role_created', 1, null],
          ['role_submitted', 2, null],
          ['role_deleted', 2, digestOf(created.text)],
        ],
      )
      const again = await createRole(call, 'removed', { title: 'Somebody else’s' }, other)
      t.equal(again.etag, '"r3"', 'an ETag of the role that is gone does not fit the new one')
      t.equal(
        (await call('GET /v1/roles/removed/submissions', { key: other })).text,
        '{"submissions":[],"next_cursor":null}',
      )
      const stale = await call('PUT /v1/roles/removed/draft', { body: exampleDocument, match: '"r1"', key: other })
      t.equal(stale.status, 412)
      t.same((stale.body as { changed: unknown }).changed, ['/'], 'what was done to the role before is not told')
    },
  )

  await t.test('deleteDraft → 200 goes back to the latest version', async t => {
    const { etag } = await createPublished(call, 'back')
    const edited = await call('PATCH /v1/roles/back/draft', { body: { title: 'Edited', skills: [] }, match: etag })
    const back = await call('DELETE /v1/roles/back/draft', { match: edited.etag })
    t.same([back.status, back.text], [200, JSON.stringify(exampleDocument)])
    t.equal(back.etag, '"r4"')
    t.same((await eventsOf(db, 'back')).at(-1), {
      type: 'draft_deleted',
      revision: 4,
      version: null,
      before_digest: digestOf(edited.text),
      after_digest: digestOf(back.text),
      owner: 'alice',
      request_id: back.headers['request-id'],
      data: { changed: ['/title', '/skills/s1'] },
    })
    const { drafts } = (await call('GET /v1/drafts?q=back')).body as { drafts: { slug: string; status: string }[] }
    t.equal(drafts.find(({ slug }) => slug === 'back')?.status, 'published')
    const again = await call('DELETE /v1/roles/back/draft', { match: back.etag })
    t.same([again.status, again.etag, again.text], [200, back.etag, back.text], 'once more changes nothing')
    t.equal((await eventsOf(db, 'back')).length, 4)
  })

  await t.test('validateDraft → 200 with all that stops publication, and advice', async t => {
    await createRole(call, 'unready', {
      sections: [
        { kind: 'other', heading: 'Empty' },
        { kind: 'terms', heading: 'Terms', blocks: [{ type: 'note', text: 'Ask HR' }] },
        { kind: 'benefits', heading: 'Pay', blocks: [{ type: 'paragraph', text: 'From [insert date]' }] },
        { kind: 'skills_experience', heading: 'Skills', blocks: [{ type: 'skills', importance: 'desirable' }] },
      ],
      skills: [{ statement: 'Unprinted', importance: 'essential' }],
      sfia_version: '6',
      sfia_mappings: [{ code: 'DESN', level: 3 }],
    })
    const answer = await call('GET /v1/roles/unready/draft/validation')
    t.same([answer.status, answer.etag], [200, '"r1"'])
    const empty = (index: number, heading: string) => ({
      pointer: `/sections/${index}`,
      code: 'empty_section',
      detail: `The section "${heading}" is empty: fill or remove it.`,
    })
    t.same(answer.body, {
      ready: false,
      errors: [
        { pointer: '/title', code: 'no_title', detail: 'The role needs a title.' },
        { pointer: '/grades', code: 'no_grade', detail: 'The role needs a grade.' },
        {
          pointer: '/sections',
          code: 'no_role_summary',
          detail: 'The role needs a section of the kind role_summary.',
        },
        {
          pointer: '/sections',
          code: 'no_responsibilities',
          detail: 'The role needs a section of the kind responsibilities.',
        },
        empty(0, 'Empty'),
        empty(1, 'Terms'),
        empty(3, 'Skills'),
        {
          pointer: '/skills/0',
          code: 'unprinted_skill',
          detail: 'No section prints this skill: it needs a skills block of importance essential.',
        },
      ],
      advice: [
        {
          pointer: '/sections/1',
          code: 'notes_left_out',
          excerpt: 'Terms',
          detail: 'Notes of "Terms" are left out of the published role.',
          source: 'house',
        },
        {
          pointer: '/sfia_mappings',
          code: 'unprinted_mappings',
          excerpt: '',
          detail: 'No section prints the SFIA mappings.',
          source: 'house',
        },
        {
          pointer: '/sfia_version',
          code: 'older_sfia',
          excerpt: '6',
          detail: 'The mappings are of SFIA 6; SFIA 9 is the newest.',
          source: 'SFIA 9 (SFIA Foundation, 2024)',
        },
        {
          pointer: '/sections/2/blocks/0',
          code: 'placeholder',
          excerpt: '[insert date]',
          detail: 'A placeholder stands in the text; fill it in before the role is published.',
          source: 'house',
        },
      ],
    })
    await createRole(call, 'ready')
    t.same((await call('GET /v1/roles/ready/draft/validation')).body, { ready: true, errors: [], advice: [] })
  })

  await t.test('listDrafts', async t => {
    const { call } = await testApp(t)
    await createRole(call, 'a-draft', { title: 'An analyst (100% remote)' })
    const submitted = await createRole(call, 'b-review', { title: null })
    await call('POST /v1/roles/b-review/submissions', { body: {}, match: submitted.etag })
    const published = await createPublished(call, 'c-published')
    const withdrawable = await createPublished(call, 'd-withdrawn')
    await call('POST /v1/roles/d-withdrawn/withdrawals', { body: { reason: 'Gone' }, match: withdrawable.etag })
    const edited = await createPublished(call, 'e-edited')
    await call('PATCH /v1/roles/e-edited/draft', { body: { title: 'Edited_' }, match: edited.etag })
    await createRole(call, 'z-foreign', { title: 'An analyst of theirs' }, other)

    type List = { drafts: Record<string, unknown>[]; next_cursor: string | null }
    const list = async (query = '', key = token('home-office')) =>
      (await call(`GET /v1/drafts${query}`, { key })).body as List
    const slugs = async (query: string, key?: string) => (await list(query, key)).drafts.map(({ slug }) => slug)

    await t.test('→ 200 with the organisation’s own, by slug', async t => {
      const { drafts, next_cursor } = await list()
      t.equal(next_cursor, null)
      t.same(
        drafts.map(({ slug, title, status, etag, revision, version, submitted_by }) => [
          slug,
          title,
          status,
          etag,
          revision,
          version,
          submitted_by,
        ]),
        [
          ['a-draft', 'An analyst (100% remote)', 'draft', '"r1"', 1, null, null],
          ['b-review', null, 'in_review', '"r2"', 2, null, 'alice'],
          ['c-published', 'Data engineer', 'published', published.etag, 2, 1, null],
          ['d-withdrawn', 'Data engineer', 'withdrawn', '"r3"', 3, 1, null],
          ['e-edited', 'Edited_', 'draft', '"r3"', 3, 1, null],
        ],
      )
      for (const { slug, organisation, updated_by, url } of drafts)
        t.same([organisation, updated_by, url], ['home-office', 'alice', `${baseUrl}/v1/roles/${slug}/draft`])
    })

    await t.test('→ 200 with what fits the filters', async t => {
      for (const [query, expected] of [
        ['?status=draft', ['a-draft', 'e-edited']],
        ['?status=in_review', ['b-review']],
        ['?status=published', ['c-published']],
        ['?status=withdrawn', ['d-withdrawn']],
        ['?q=ANALYST', ['a-draft']],
        ['?q=review', ['b-review']],
        ['?q=100%25', ['a-draft']],
        ['?q=%25', ['a-draft']],
        ['?q=_', ['e-edited']],
        ['?q=%5C', []],
        ['?q=data&status=withdrawn', ['d-withdrawn']],
        ['?q=theirs', []],
        ['?updated_since=2001-01-01T00:00:00Z', ['a-draft', 'b-review', 'c-published', 'd-withdrawn', 'e-edited']],
        ['?updated_since=2100-01-01T00:00:00%2B01:00', []],
      ] as const)
        t.same(await slugs(query), expected, query)
      t.same(await slugs('?q=analyst', other), ['z-foreign'])
      t.same(await slugs('?q=analyst', admin), ['a-draft', 'z-foreign'], 'admin sees all organisations')
    })

    await t.test('→ 200: a submission counts as a change for updated_since', async t => {
      const last = (await list()).drafts
        .map(({ updated_at }) => String(updated_at))
        .sort()
        .at(-1)
      const before = await call('GET /v1/roles/a-draft/draft')
      await call('POST /v1/roles/a-draft/submissions', { body: {}, match: before.etag })
      t.same((await slugs(`?updated_since=${last}`)).includes('a-draft'), true)
      const returned = await call('POST /v1/roles/a-draft/returns', { body: { comment: 'No' }, match: '*' })
      t.equal(returned.status, 201)
    })

    await t.test('→ 200 page by page, whatever the page size', async t => {
      for (const limit of [1, 2, 3, 100]) {
        const seen: unknown[] = []
        let line = `GET /v1/drafts?limit=${limit}`
        for (;;) {
          const answer = await call(line)
          const { drafts, next_cursor } = answer.body as List
          seen.push(...drafts.map(({ slug }) => slug))
          const next = /^<([^>]+)>; rel="next"$/.exec(String(answer.headers.link ?? ''))?.[1]
          t.equal(next === undefined, next_cursor === null)
          if (next === undefined) break
          line = `GET ${next}`
        }
        t.same(seen, ['a-draft', 'b-review', 'c-published', 'd-withdrawn', 'e-edited'], `limit ${limit}`)
      }
    })

    await t.test('→ 400 for a cursor of another list, of other filters, or of nobody', async t => {
      const { next_cursor } = await list('?limit=1&q=e')
      const forged = (key: unknown, digest = 'AAAAAAAAAAAA') =>
        Buffer.from(JSON.stringify([digest, key])).toString('base64url')
      for (const query of [
        `?cursor=${next_cursor}`,
        `?q=f&cursor=${next_cursor}`,
        `?status=draft&q=e&cursor=${next_cursor}`,
        '?cursor=x',
        `?cursor=${forged('a')}`,
        `?cursor=${forged({})}`,
      ])
        t.same(
          problem(await call(`GET /v1/drafts${query}`)),
          {
            status: 400,
            code: 'bad_cursor',
            detail: 'This cursor does not belong to this list with these filters. Start without one.',
            errors: [],
          },
          query,
        )
      t.equal((await call(`GET /v1/drafts?limit=2&q=e&cursor=${next_cursor}`)).status, 200, 'limit may change')
      t.equal((await call(`GET /v1/drafts?limit=1&q=a?b`)).status, 200)
    })

    await t.test('→ 400 or 422 for a query that is wrong', async t => {
      for (const [query, status, detail] of [
        ['?limit=0', 400, 'limit: This must be 1 or more; it is 0.'],
        ['?limit=101', 400, 'limit: This must be 100 or less; it is 101.'],
        ['?limit=ten', 400, 'limit: This must be a whole number; it is the string "ten".'],
        ['?status=done', 422, 'status: "done" is not one of: draft, in_review, published, withdrawn.'],
        [
          '?status=publishd',
          422,
          'status: "publishd" is not one of: draft, in_review, published, withdrawn. Did you mean "published"?',
        ],
        [
          '?updated_since=yesterday',
          400,
          'updated_since: "yesterday" is not a time with its zone, such as 2026-01-31T12:00:00Z.',
        ],
        [
          '?stauts=draft',
          400,
          'stauts: There is no "stauts" here. Did you mean "status"? Known: status, q, updated_since, limit, cursor.',
        ],
        ['?q=', 400, 'q: This must have at least 1 character.'],
        ['?q=a&q=b', 400, 'q: This must be a string; it is a list.'],
        ['?q=%00', 400, 'No query parameter may hold a NUL character.'],
        [
          '?updated_since=0000-01-01T00:00:00Z',
          400,
          'updated_since: "0000-01-01T00:00:00Z" does not fit: A time with its zone, such as 2026-01-31T12:00:00Z.',
        ],
        [
          '?updated_since=2026-01-01T00:00:00%2B23:59',
          400,
          'updated_since: "2026-01-01T00:00:00+23:59" does not fit: A time with its zone, such as 2026-01-31T12:00:00Z.',
        ],
      ] as const) {
        const answer = await call(`GET /v1/drafts${query}`)
        t.same([answer.status, (answer.body as { detail: string }).detail], [status, detail], query)
      }
    })
  })
})
