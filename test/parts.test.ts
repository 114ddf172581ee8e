// The parts of a draft that have addresses of their own: sections, their order, role skills, SFIA mappings.
import fc from 'fast-check'
import t from 'tap'
import { exampleDocument, type RoleDocument, type RoleSkill, type Section } from '../src/document/schema.ts'
import { acknowledgement } from '../src/sfia/starter.ts'
import { testApp } from './support/app.ts'
import { problemOf } from './support/problem.ts'
import { countRows, createRole, digestOf, documentWith, eventsOf } from './support/roles.ts'

const invalid = (pointer: string, code: string, detail: string) => ({
  status: 422,
  code: 'invalid',
  detail,
  errors: [{ pointer, code, detail }],
})
const missing = (detail: string) => ({ status: 404, code: 'not_found', detail, errors: [] })

const item = (id: string, text: string) => ({ id, text, optional: false, items: [] })
const list = (...items: unknown[]) => ({ type: 'list', ordered: false, items })

t.test('parts of a draft', { timeout: 300_000 }, async t => {
  const { call, db } = await testApp(t)
  const read = async (slug: string) => {
    const answer = await call(`GET /v1/roles/${slug}/draft`)
    return { document: answer.body as RoleDocument, etag: answer.etag, text: answer.text }
  }

  await t.test('sections: listed, added, read, replaced, patched, removed, each under the draft’s ETag', async t => {
    const created = await createRole(call, 'sections')
    const base = '/v1/roles/sections/draft/sections'

    const listed = await call(`GET ${base}`)
    t.same([listed.status, listed.etag, listed.headers['cache-control']], [200, '"r1"', 'private, no-store'])
    t.same(listed.body, { sections: exampleDocument.sections })

    const added = await call(`POST ${base}`, {
      body: { kind: 'benefits', heading: 'Benefits', blocks: [{ type: 'list', items: [{ text: 'A pension' }] }] },
    })
    const benefits = {
      id: 'benefits',
      kind: 'benefits',
      heading: 'Benefits',
      shared_section: null,
      blocks: [list(item('i2', 'A pension'))],
    }
    t.same([added.status, added.etag, added.headers.location], [201, '"r2"', `${base}/benefits`])
    t.equal(added.text, JSON.stringify(benefits))
    t.same((await read('sections')).document.sections, [...exampleDocument.sections, benefits])

    const got = await call(`GET ${base}/benefits`)
    t.same([got.status, got.etag, got.text], [200, '"r2"', added.text])
    t.equal((await call(`GET ${base}/benefits`, { headers: { 'if-none-match': '"r2"' } })).status, 304)

    const same = await call(`PUT ${base}/benefits`, { body: got.text, match: '"r2"' })
    t.same([same.status, same.etag, same.text], [200, '"r2"', got.text], 'what GET gives changes nothing')

    const replaced = await call(`PUT ${base}/benefits`, {
      body: { ...benefits, heading: 'What we offer', blocks: [list({ ...item('', 'Leave'), id: undefined })] },
      match: '"r2"',
    })
    const offer = { ...benefits, heading: 'What we offer', blocks: [list(item('i3', 'Leave'))] }
    t.same([replaced.status, replaced.etag, replaced.text], [200, '"r3"', JSON.stringify(offer)])

    const patched = await call(`PATCH ${base}/benefits`, { body: { heading: 'Perks', blocks: null }, match: '"r3"' })
    t.same([patched.status, patched.etag], [200, '"r4"'])
    t.same(patched.body, { ...offer, heading: 'Perks', blocks: [] })

    const removed = await call(`DELETE ${base}/benefits`, { match: '"r4"' })
    t.same([removed.status, removed.text, removed.etag], [204, '', '"r5"'])
    t.equal((await read('sections')).text, created.text)

    const again = await call(`POST ${base}`, {
      body: { kind: 'benefits', heading: 'Benefits', blocks: [{ type: 'list', items: [{ text: 'A pension' }] }] },
    })
    t.same(
      again.body,
      { ...benefits, id: 'benefits-2', blocks: [list(item('i4', 'A pension'))] },
      'no id is used again',
    )

    const events = await eventsOf(db, 'sections')
    t.same(
      events.map(({ type, revision, data }) => [type, revision, data]),
      [
        ['role_created', 1, { changed: ['/'] }],
        ['section_added', 2, { changed: ['/section-order', '/sections/benefits'] }],
        ['section_replaced', 3, { changed: ['/sections/benefits'] }],
        ['section_patched', 4, { changed: ['/sections/benefits'] }],
        ['section_deleted', 5, { changed: ['/sections/benefits', '/section-order'] }],
        ['section_added', 6, { changed: ['/section-order', '/sections/benefits-2'] }],
      ],
    )
    t.same(
      events.slice(1).map(({ before_digest }) => before_digest),
      events.slice(0, -1).map(({ after_digest }) => after_digest),
      'each event begins where the one before it ended',
    )
    t.equal(events[4]?.after_digest, digestOf(created.text))
  })

  await t.test('addSection → 201 at the end, or before another', async t => {
    await createRole(call, 'before')
    const add = (query: string) =>
      call(`POST /v1/roles/before/draft/sections${query}`, { body: { kind: 'other', heading: 'New' } })
    t.equal((await add('?before=role_summary')).headers.location, '/v1/roles/before/draft/sections/other')
    t.equal((await add('?before=skills_framework')).headers.location, '/v1/roles/before/draft/sections/other-2')
    t.equal((await add('')).headers.location, '/v1/roles/before/draft/sections/other-3')
    t.same((await call('GET /v1/roles/before/draft/section-order')).body, {
      sections: [
        'other',
        'role_summary',
        'responsibilities',
        'skills_experience',
        'other-2',
        'skills_framework',
        'other-3',
      ],
    })
    const { etag } = await read('before')
    const detail = 'The draft has no section "benefits".'
    t.same(problemOf(await add('?before=benefits')), {
      status: 422,
      code: 'invalid',
      detail,
      errors: [{ pointer: '?before', code: 'unknown_section', detail }],
    })
    t.same((await add('?after=role_summary')).status, 400)
    t.equal((await read('before')).etag, etag)
  })

  await t.test('orderSections → 200 with the new order; 422 unless each section is named once', async t => {
    const { etag } = await createRole(call, 'ordered')
    const put = (sections: unknown[], match: string) =>
      call('PUT /v1/roles/ordered/draft/section-order', { body: { sections }, match })
    const order = ['skills_framework', 'role_summary', 'skills_experience', 'responsibilities']
    const current = await call('GET /v1/roles/ordered/draft/section-order')
    const same = await call('PUT /v1/roles/ordered/draft/section-order', { body: current.text, match: etag })
    t.same([same.status, same.etag], [200, etag])
    const answer = await put(order, etag)
    t.same([answer.status, answer.etag, answer.body], [200, '"r2"', { sections: order }])
    t.same(
      (await read('ordered')).document.sections.map(({ id }) => id),
      order,
    )
    t.same((await eventsOf(db, 'ordered')).at(-1)?.data, { changed: ['/section-order'] })
    const detail =
      'Name each of the 4 sections exactly once: skills_framework, role_summary, skills_experience, responsibilities.'
    for (const wrong of [[], order.slice(1), [...order, 'benefits'], [...order.slice(1), 'role_summary']])
      t.same(problemOf(await put(wrong, '"r2"')), invalid('/sections', 'wrong_order', detail))
  })

  await t.test('role skills: listed, added, read, replaced, removed', async t => {
    await createRole(call, 'skilled')
    const base = '/v1/roles/skilled/draft/skills'
    t.same((await call(`GET ${base}`)).body, { skills: exampleDocument.skills })
    const added = await call(`POST ${base}`, { body: { statement: 'Can lead', importance: 'essential' } })
    const skill = { id: 's2', statement: 'Can lead', skill: null, level: null, importance: 'essential' }
    t.same([added.status, added.etag, added.headers.location], [201, '"r2"', `${base}/s2`])
    t.equal(added.text, JSON.stringify(skill))
    t.equal((await call(`GET ${base}/s2`)).text, added.text)
    t.equal((await call(`PUT ${base}/s2`, { body: added.text, match: '"r2"' })).etag, '"r2"')
    const { id: _, ...rest } = skill
    const replaced = await call(`PUT ${base}/s2`, { body: { ...rest, level: 'expert' }, match: '"r2"' })
    t.same([replaced.status, replaced.etag, replaced.body], [200, '"r3"', { ...skill, level: 'expert' }])
    const removed = await call(`DELETE ${base}/s2`, { match: '"r3"' })
    t.same([removed.status, removed.etag], [204, '"r4"'])
    t.same((await call(`POST ${base}`, { body: { statement: 'Another' } })).headers.location, `${base}/s3`)
    t.same(
      (await eventsOf(db, 'skilled')).map(({ type }) => type),
      ['role_created', 'skill_added', 'skill_replaced', 'skill_deleted', 'skill_added'],
    )
  })

  await t.test('SFIA mappings: listed, added, read, replaced, removed', async t => {
    await createRole(call, 'mapped')
    const base = '/v1/roles/mapped/draft/sfia-mappings'
    t.same((await call(`GET ${base}`)).body, {
      sfia_version: '9',
      sfia_mappings: [{ code: 'PROG', level: 3 }],
      acknowledgement,
    })
    const added = await call(`POST ${base}`, { body: { code: 'DESN', level: 3 } })
    t.same([added.status, added.etag, added.headers.location], [201, '"r2"', `${base}/DESN`])
    t.same(added.body, { code: 'DESN', level: 3 })
    t.same((await call(`GET ${base}/DESN`)).body, { code: 'DESN', level: 3 })
    t.equal((await call(`PUT ${base}/DESN`, { body: added.text, match: '"r2"' })).etag, '"r2"')
    const replaced = await call(`PUT ${base}/DESN`, { body: { code: 'DESN', level: 4 }, match: '"r2"' })
    t.same([replaced.status, replaced.etag, replaced.body], [200, '"r3"', { code: 'DESN', level: 4 }])
    t.same(await db.selectFrom('role_sfia_levels').selectAll().where('role', '=', 'mapped').orderBy('code').execute(), [
      { role: 'mapped', state: 'draft', version: '9', code: 'DESN', level: 4 },
      { role: 'mapped', state: 'draft', version: '9', code: 'PROG', level: 3 },
    ])
    const removed = await call(`DELETE ${base}/DESN`, { match: '"r3"' })
    t.same([removed.status, removed.etag], [204, '"r4"'])
    t.same((await read('mapped')).document.sfia_mappings, [{ code: 'PROG', level: 3 }])
    t.same(
      (await eventsOf(db, 'mapped')).map(({ type, data }) => [type, data.changed]),
      [
        ['role_created', ['/']],
        ['sfia_mapping_added', ['/sfia_mappings/DESN']],
        ['sfia_mapping_replaced', ['/sfia_mappings/DESN']],
        ['sfia_mapping_deleted', ['/sfia_mappings/DESN']],
      ],
    )
  })

  await t.test('patchDraft → 422 names every mapping that another SFIA version would break', async t => {
    const mappings = [
      { code: 'DESN', level: 3 },
      { code: 'PROG', level: 3 },
      { code: 'USUP', level: 6 },
    ]
    const { etag } = await createRole(call, 'versions', documentWith({ sfia_mappings: mappings }))
    const answer = await call('PATCH /v1/roles/versions/draft', { body: { sfia_version: '7' }, match: etag })
    t.same(problemOf(answer), {
      status: 422,
      code: 'invalid',
      detail: '2 things are not valid; errors lists them.',
      errors: [
        {
          pointer: '/sfia_mappings/0/level',
          code: 'sfia_level_not_valid',
          detail: 'DESN has levels 4, 5, 6 in SFIA 7.',
        },
        {
          pointer: '/sfia_mappings/2/level',
          code: 'sfia_level_not_valid',
          detail: 'USUP has levels 2, 3, 4, 5 in SFIA 7.',
        },
      ],
    })
    t.same(
      problemOf(await call('PATCH /v1/roles/versions/draft', { body: { sfia_version: null }, match: etag })),
      invalid('/sfia_version', 'missing_member', 'SFIA mappings need a sfia_version in the draft: 6, 7, 8 or 9.'),
    )
  })

  await t.test('parts → 404, 409, 422: what is wrong is told of the part, and nothing is stored', async t => {
    await createRole(call, 'wrong')
    const elsewhere = await createRole(call, 'elsewhere')
    await call('POST /v1/roles/elsewhere/draft/sections', { body: { kind: 'benefits', heading: 'Benefits' } })
    t.equal(elsewhere.status, 201)
    const [summary] = exampleDocument.sections as [Section]
    const [skill] = exampleDocument.skills as [RoleSkill]
    const before = await countRows(db)
    const draft = '/v1/roles/wrong/draft'
    const noSection = missing('There is no section "benefits" that you may read.')
    const noSkill = missing('There is no skill "s9" that you may read.')
    const noMapping = missing('There is no SFIA mapping "DESN" that you may read.')
    const rows: [string, unknown, unknown][] = [
      // A section that another role has.
      [`GET ${draft}/sections/benefits`, undefined, noSection],
      [`PUT ${draft}/sections/benefits`, { ...summary, id: 'benefits' }, noSection],
      [`PATCH ${draft}/sections/benefits`, { heading: 'Mine' }, noSection],
      [`DELETE ${draft}/sections/benefits`, undefined, noSection],
      [`GET ${draft}/skills/s9`, undefined, noSkill],
      [`PUT ${draft}/skills/s9`, { ...skill, id: 's9' }, noSkill],
      [`DELETE ${draft}/skills/s9`, undefined, noSkill],
      [`GET ${draft}/sfia-mappings/DESN`, undefined, noMapping],
      [`PUT ${draft}/sfia-mappings/DESN`, { code: 'DESN', level: 3 }, noMapping],
      [`DELETE ${draft}/sfia-mappings/DESN`, undefined, noMapping],
      [
        `POST ${draft}/sfia-mappings`,
        { code: 'PROG', level: 4 },
        {
          status: 409,
          code: 'already_exists',
          detail: 'PROG is mapped already. Change its level with PUT at its own address.',
          errors: [],
        },
      ],
      [
        `PUT ${draft}/sfia-mappings/PROG`,
        { code: 'DESN', level: 3 },
        invalid('/code', 'wrong_code', 'The code of this mapping is PROG. Add another with POST.'),
      ],
      [
        `POST ${draft}/sfia-mappings`,
        { code: 'DESN', level: 1 },
        invalid('/level', 'sfia_level_not_valid', 'DESN has levels 2, 3, 4, 5, 6 in SFIA 9.'),
      ],
      [
        `PUT ${draft}/sfia-mappings/PROG`,
        { code: 'PROG', level: 7 },
        invalid('/level', 'sfia_level_not_valid', 'PROG has levels 2, 3, 4, 5, 6 in SFIA 9.'),
      ],
      [
        `PUT ${draft}/sections/role_summary`,
        { ...summary, id: 'responsibilities' },
        invalid('/id', 'wrong_id', 'The id of this section is "role_summary". Add another with POST.'),
      ],
      [
        `PATCH ${draft}/sections/role_summary`,
        { id: 'other' },
        invalid('/id', 'wrong_id', 'The id of this section is "role_summary". Add another with POST.'),
      ],
      [
        `PUT ${draft}/skills/s1`,
        { ...skill, id: 's2' },
        invalid('/id', 'wrong_id', 'The id of this skill is "s1". Add another with POST.'),
      ],
      [
        `POST ${draft}/sections`,
        { ...summary, blocks: [] },
        invalid(
          '/id',
          'duplicate_id',
          'The id "role_summary" stands twice in the sections; leave it out for a new entry.',
        ),
      ],
      [
        `POST ${draft}/sections?before=role_summary`,
        { id: 'responsibilities', kind: 'responsibilities', heading: 'Again' },
        invalid(
          '',
          'duplicate_id',
          'The id "responsibilities" stands twice in the sections; leave it out for a new entry.',
        ),
      ],
      [
        `POST ${draft}/sections`,
        { id: 'other-99999999', kind: 'other', heading: 'Far' },
        invalid('/id', 'wrong_id', 'The register never gave the id "other-99999999"; leave it out.'),
      ],
      [
        `POST ${draft}/sections`,
        { id: 'elsewhere-2', kind: 'other', heading: 'Elsewhere' },
        invalid('/id', 'wrong_id', 'The register gives ids; leave it out for a new section.'),
      ],
      [
        `POST ${draft}/skills`,
        { id: 's99999999', statement: 'Far' },
        invalid('/id', 'wrong_id', 'The register never gave the id "s99999999"; leave it out.'),
      ],
      [
        `PATCH ${draft}/sections/role_summary`,
        { blocks: [list(item('i1', 'a'), item('i1', 'b'))] },
        invalid(
          '/blocks',
          'duplicate_id',
          'The item id "i1" stands twice in this section; leave it out for a new item.',
        ),
      ],
      [
        `PATCH ${draft}/sections/role_summary`,
        { blocks: [{ type: 'list', items: [{ id: 'i12345678', text: 'Far' }] }] },
        invalid('/blocks/0/items/0/id', 'wrong_id', 'The register never gave the id "i12345678"; leave it out.'),
      ],
      [
        `PATCH ${draft}/sections/role_summary`,
        { blocks: [{ type: 'paragraph', text: 'See [this](javascript:alert(1))' }] },
        invalid(
          '/blocks/0/text',
          'wrong_text',
          'Links go to https, http or mailto addresses, not to "javascript:alert(1)". A text holds CommonMark emphasis, strong, code, and links to https, http or mailto addresses',
        ),
      ],
      [
        `PATCH ${draft}/sections/role_summary`,
        { blocks: [{ type: 'skills', importance: 'essential' }] },
        invalid(
          '',
          'printed_twice',
          'There is a skills block of importance essential already: a document prints each thing once.',
        ),
      ],
      [
        `PATCH ${draft}/sections/role_summary`,
        { kind: 'rolesummary' },
        invalid(
          '/kind',
          'not_in_list',
          '"rolesummary" is not one of: organisation_overview, profession_overview, role_summary, responsibilities, person_specification, skills_experience, working_with, capabilities, skills_framework, selection, benefits, terms, security, nationality, diversity, further_information, appendix, other. Did you mean "role_summary"?',
        ),
      ],
      [
        `PATCH ${draft}/sections/role_summary`,
        { shared_section: 'about-us' },
        {
          status: 422,
          code: 'invalid',
          detail: '2 things are not valid; errors lists them.',
          errors: [
            {
              pointer: '/blocks',
              code: 'blocks_of_shared_section',
              detail: 'A section that uses a shared section has no blocks of its own: they must be [].',
            },
            {
              pointer: '/shared_section',
              code: 'unknown_shared_section',
              detail: 'home-office has no shared section "about-us".',
            },
          ],
        },
      ],
      [
        `PATCH ${draft}/sections/role_summary`,
        { shared_section: 'about-us', blocks: null },
        invalid('/shared_section', 'unknown_shared_section', 'home-office has no shared section "about-us".'),
      ],
      [
        `POST ${draft}/skills`,
        { statement: 'Knows Python', skill: 'python' },
        invalid(
          '/skill',
          'unknown_skill',
          'The skill catalogue has no "python". Add it there first, or leave the member null.',
        ),
      ],
      [
        `POST ${draft}/skills`,
        { statement: 'Leads', level: 'Expert' },
        invalid(
          '/level',
          'not_in_list',
          '"Expert" is not one of: awareness, working, practitioner, expert. Did you mean "expert"?',
        ),
      ],
    ]
    for (const [line, body, expected] of rows) {
      const answer = await call(line, {
        ...(body === undefined ? {} : { body }),
        ...(line.startsWith('GET') ? {} : { match: '"r1"' }),
      })
      t.same(problemOf(answer), expected, `${line} ${JSON.stringify(body)}`)
    }
    t.same(await countRows(db), before)
    t.equal((await read('wrong')).etag, '"r1"')
  })

  await t.test('parts: the limits of a role hold also one by one', async t => {
    const sections = Array.from({ length: 60 }, (_, index) => ({ kind: 'other', heading: `Section ${index}` }))
    const skills = Array.from({ length: 200 }, (_, index) => ({ statement: `Skill ${index}` }))
    await createRole(call, 'full', { sections, skills })
    const section = await call('POST /v1/roles/full/draft/sections', { body: { kind: 'other', heading: 'One more' } })
    t.same(problemOf(section), invalid('', 'too_many', 'A role may have at most 60 sections; this would make 61.'))
    const skill = await call('POST /v1/roles/full/draft/skills', { body: { statement: 'One more' } })
    t.same(problemOf(skill), invalid('', 'too_many', 'A role may have at most 200 skills; this would make 201.'))
  })

  await t.test('parts: any run of edits gives what the same edits of a plain document give', async t => {
    type Edit =
      | ['add', number | null, string]
      | ['replace', number, string]
      | ['remove', number]
      | ['move', number, number]
    const edits: fc.Arbitrary<Edit> = fc.oneof(
      fc.tuple(fc.constant('add' as const), fc.option(fc.nat(5)), fc.constantFrom('other', 'benefits')),
      fc.tuple(fc.constant('replace' as const), fc.nat(5), fc.constantFrom('a', 'b')),
      fc.tuple(fc.constant('remove' as const), fc.nat(5)),
      fc.tuple(fc.constant('move' as const), fc.nat(5), fc.nat(5)),
    )
    let number = 0
    await fc.assert(
      fc.asyncProperty(fc.array(edits, { minLength: 3, maxLength: 12 }), async script => {
        const slug = `run-${++number}`
        let { etag } = await createRole(call, slug, {})
        const base = `/v1/roles/${slug}/draft`
        const plain: { id: string; heading: string }[] = []
        const given = new Set<string>()
        for (const [kind, at, what] of script) {
          const target = plain.length > 0 && at !== null ? plain[at % plain.length] : undefined
          if (kind === 'add') {
            const body = { kind: what, heading: 'New' }
            const answer = await call(`POST ${base}/sections${target ? `?before=${target.id}` : ''}`, {
              body,
              match: etag,
            })
            const { id } = answer.body as { id: string }
            if (given.has(id)) throw new Error(`${id} was given before`)
            given.add(id)
            plain.splice(target ? plain.indexOf(target) : plain.length, 0, { id, heading: 'New' })
            etag = answer.etag
          } else if (target) {
            const path = `${base}/sections/${target.id}`
            const others = plain.filter(entry => entry !== target)
            if (kind === 'remove') {
              etag = (await call(`DELETE ${path}`, { match: etag })).etag
              plain.splice(0, plain.length, ...others)
            } else if (kind === 'replace') {
              target.heading = String(what)
              etag = (await call(`PATCH ${path}`, { body: { heading: what }, match: etag })).etag
            } else {
              others.splice(Number(what) % plain.length, 0, target)
              plain.splice(0, plain.length, ...others)
              const body = { sections: plain.map(({ id }) => id) }
              etag = (await call(`PUT ${base}/section-order`, { body, match: etag })).etag
            }
          }
          const now = await read(slug)
          const seen = now.document.sections.map(({ id, heading }) => ({ id, heading }))
          if (now.etag !== etag || JSON.stringify(seen) !== JSON.stringify(plain))
            throw new Error(`${now.etag} ${JSON.stringify(seen)} instead of ${etag} ${JSON.stringify(plain)}`)
        }
      }),
      { numRuns: 12 },
    )
    t.ok(number >= 12)
  })
})
