// Vacancies as drafts and in public: made, changed, opened, withdrawn; who may read and write what.
import t from 'tap'
import { exampleVacancy, type Vacancy } from '../src/document/vacancy.ts'
import { baseUrl, testApp, token } from './support/app.ts'
import { problemOf } from './support/problem.ts'
import { createPublished, createRole, documentWith, eventsOf, publishRole } from './support/roles.ts'
import {
  advertisedRole,
  createVacancy,
  handClock,
  openVacancy,
  publishAdvertised,
  vacancyWith,
} from './support/vacancies.ts'

const others = token('other-office', 'all', 'mallory')
const nobody = { key: null }
const clock = handClock('2027-05-03T09:00:00Z')

t.test('vacancies', { timeout: 300_000 }, async t => {
  const { call, db } = await testApp(t, { clock: clock.now })
  await publishAdvertised(call, 'engineer')
  const eventsAt = async (path: string) => {
    const rows = await db.selectFrom('events').selectAll().where('subject', '=', path).orderBy('id').execute()
    return rows.filter(({ type }) => type !== 'refused')
  }
  const eventTypes = async (path: string) =>
    (await eventsAt(path)).map(({ type, position, revision }) => [type, position !== null, revision])

  await t.test('createVacancy → 201 with every member; getVacancy gives what replaceVacancy takes', async t => {
    const body = vacancyWith({ role: 'engineer', closes_at: '2027-05-30T23:55:00+01:00' })
    const answer = await call('POST /v1/vacancies', { body })
    t.equal(answer.status, 201, answer.text)
    t.match(answer.headers.location, /^\/v1\/vacancies\/[0-9a-f-]{36}$/)
    t.same([answer.etag, answer.headers['cache-control']], ['"r1"', 'private, no-store'])
    t.strictSame(answer.body, { ...exampleVacancy, role: 'engineer' })
    const path = String(answer.headers.location)
    const read = await call(`GET ${path}`)
    t.same([read.status, read.etag, read.headers['cache-control']], [200, '"r1"', 'private, no-store'])
    t.equal(read.text, answer.text)
    const same = await call(`PUT ${path}`, { body: read.text, match: '"r1"' })
    t.same([same.status, same.etag, same.text], [200, '"r1"', read.text], 'nothing changes')
    const edited = await call(`PUT ${path}`, { body: { ...(read.body as object), hours: '30 hours' }, match: '"r1"' })
    t.same([edited.status, edited.etag], [200, '"r2"'])
    t.strictSame(edited.body, { ...(read.body as object), hours: '30 hours' })
    t.strictSame(await eventTypes(path), [
      ['vacancy_created', false, 1],
      ['vacancy_edited', false, 2],
    ])
  })

  await t.test('createVacancy → 201 with what the version knows where nothing is sent', async t => {
    const answer = await call('POST /v1/vacancies', { body: { role: 'engineer' } })
    t.strictSame(answer.body, {
      ...exampleVacancy,
      role: 'engineer',
      number_of_posts: 1,
      locations: [{ text: 'Sheffield', town: 'Sheffield', region: 'Yorkshire', postcode: 'S1 2HE', country: 'GB' }],
      contract_types: ['permanent'],
      contract_length: null,
      opens_at: null,
      closes_at: null,
      behaviours: ['working_together', 'delivering_at_pace'],
      technical_skills: [],
      education: null,
      experience_months: null,
      security_clearance: null,
      contact: null,
      apply_url: null,
      sections: [],
    })
  })

  await t.test('createVacancy, patchVacancy → 422 for what the schema cannot tell, all at once', async t => {
    const paragraph = { type: 'paragraph' as const, text: 'Text' }
    const section = (blocks: unknown[], shared_section: string | null = null) =>
      ({ kind: 'benefits', heading: 'Benefits', shared_section, blocks }) as Vacancy['sections'][number]
    const cases: [Partial<Vacancy> & Record<string, unknown>, string[]][] = [
      [{ role: 'nothing' }, ['/role unknown_role']],
      [{ version: 7 }, ['/version unknown_version']],
      [{ status: 'open' }, ['/status read_only']],
      [{ opens_at: '2027-05-03T08:00:00' }, ['/opens_at wrong_form', '/opens_at wrong_form']],
      [{ closes_at: '2027-04-31T08:00:00Z' }, ['/closes_at wrong_form']],
      [{ closes_at: '0001-01-01T00:00:00+14:00' }, ['/closes_at wrong_form']],
      [{ opens_at: '2027-06-01T00:00:00Z' }, ['/closes_at too_early']],
      [{ time_zone: 'Europe/Paris' as never }, ['/time_zone not_in_list']],
      [
        {
          chosen_items: [
            { section: 'responsibilities', item: 'i1' },
            { section: 'responsibilities', item: 'i9' },
            { section: 'responsibilities', item: 'i2' },
            { section: 'responsibilities', item: 'i2' },
          ],
        },
        ['/chosen_items/0 not_optional', '/chosen_items/1 unknown_item', '/chosen_items/3 duplicate'],
      ],
      [{ technical_skills: ['s1', 's2'] }, ['/technical_skills/1 unknown_skill']],
      [{ behaviours: ['leadership', 'leadership'] }, ['/behaviours duplicate']],
      [
        { salary: { min: 2, max: 1, currency: 'GBP', period: 'year', text: null }, apply_url: 'https://' },
        ['/apply_url wrong_form'],
      ],
      [{ salary: { min: 2, max: 1, currency: 'GBP', period: 'year', text: null } }, ['/salary/min too_large']],
      [{ apply_url: 'https://[' }, ['/apply_url wrong_form']],
      [{ apply_url: 'https://user:secret@jobs.example.org/' }, ['/apply_url wrong_form']],
      [{ apply_url: 'https://user@jobs.example.org/' }, ['/apply_url wrong_form']],
      [{ number_of_posts: 0 }, ['/number_of_posts too_small']],
      [{ sections: [section([{ type: 'skills', importance: null }])] }, ['/sections/0/blocks/0/type block_of_role']],
      [{ sections: [section([{ type: 'paragraph', text: '<b>Bold' }])] }, ['/sections/0/blocks/0/text wrong_text']],
      [
        { sections: [section([paragraph], 'ours')] },
        ['/sections/0/blocks blocks_of_shared_section', '/sections/0/shared_section unknown_shared_section'],
      ],
      [{ sections: [section([], 'not-ours')] }, ['/sections/0/shared_section unknown_shared_section']],
      [{ sections: [{ ...section([]), kind: 'responsibilities' as never }] }, ['/sections/0/kind not_in_list']],
      [{ salary: { min: 2, max: 3, currency: 'XYZ', period: 'year', text: null } }, ['/salary/currency not_in_list']],
      [
        { locations: [{ text: 'Kyiv', town: null, region: null, postcode: null, country: 'ZZ' }] },
        ['/locations/0/country not_in_list'],
      ],
      [{ colour: 'red' }, ['/colour unknown_member']],
    ]
    const found = ({ body }: { body: unknown }) =>
      (body as { errors: { pointer: string; code: string }[] }).errors.map(({ pointer, code }) => `${pointer} ${code}`)
    const made = await createVacancy(call, 'engineer')
    for (const [members, errors] of cases) {
      const what = JSON.stringify(members)
      const created = await call('POST /v1/vacancies', { body: vacancyWith({ role: 'engineer', ...members }) })
      t.equal(created.status, 422, what)
      t.ok(
        found(created).every(error => errors.includes(error)) && errors.every(error => found(created).includes(error)),
        `${what} → ${found(created)}`,
      )
      const patched = await call(`PATCH ${made.path}`, { body: members, match: made.etag })
      t.equal(patched.status, 422, `${what} as a patch: ${patched.text}`)
    }
    t.same((await call(`GET ${made.path}`)).etag, made.etag, 'nothing changed')
    const misspelt = { chosen_items: [{ section: 'responsibilites', item: 'i2' }] }
    t.match((await call(`PATCH ${made.path}`, { body: misspelt, match: made.etag })).body, {
      detail:
        'Version 1 has no item i2 in a section "responsibilites". Its optional items are: i2 of "responsibilities", i3 of "responsibilities".',
    })
  })

  await t.test('a draft → 404 without a key of its organisation that has the scope, by every route', async t => {
    const { path, id, etag } = await createVacancy(call, 'engineer')
    const hidden = {
      status: 404,
      code: 'not_found',
      errors: [],
      detail: `There is no vacancy "${id}" that you may read.`,
    }
    const writer = token('home-office', ['vacancies:write'])
    for (const form of ['', '/job-posting', '/civil-service-jobs'])
      for (const key of [null, others, writer]) {
        const answer = await call(`GET ${path}${form}`, { key })
        t.strictSame(problemOf(answer), hidden, `${form} ${key}`)
        t.equal(answer.headers['cache-control'], 'no-store')
      }
    for (const [line, body] of [
      [`PUT ${path}`, vacancyWith({ role: 'engineer' })],
      [`PATCH ${path}`, { hours: null }],
      [`DELETE ${path}`, undefined],
      [`POST ${path}/openings`, {}],
      [`POST ${path}/withdrawals`, { reason: 'No' }],
      [`GET ${path}/validation`, undefined],
    ] as [string, unknown][]) {
      const answer = await call(line, { key: others, ...(body ? { body } : {}), match: '*' })
      t.strictSame(problemOf(answer), hidden, line)
    }
    t.equal((await call(`GET ${path}`)).etag, etag)
    for (const form of ['job-posting', 'civil-service-jobs'])
      t.equal((await call(`GET ${path}/${form}`)).headers['cache-control'], 'private, no-store', 'a preview with a key')
  })

  await t.test('createOpening → 201: open for everybody, with one public event', async t => {
    const { path, id, body, opened } = await openVacancy(call, 'engineer', { opens_at: null })
    const { occurred_at, ...entry } = opened.body as Record<string, unknown>
    t.match(occurred_at, /^\d{4}-.*Z$/)
    t.strictSame(entry, {
      revision: 2,
      by: 'alice',
      status: 'open',
      opens_at: '2027-05-03T09:00:00Z',
      closes_at: '2027-05-30T22:55:00Z',
      advice: [],
    })
    t.same([opened.etag, opened.headers.location], ['"r2"', path])
    const read = await call(`GET ${path}`, nobody)
    t.same([read.status, read.etag, read.headers['cache-control']], [200, '"r2"', 'public, max-age=60'])
    t.strictSame(read.body, { ...body, status: 'open', opens_at: '2027-05-03T09:00:00Z' })
    t.equal((await call(`GET ${path}`)).text, read.text, 'the same with a key')
    t.equal((await call(`GET ${path}`, { ...nobody, headers: { 'if-none-match': read.etag } })).status, 304)
    const [, event] = await eventsAt(path)
    const item = event?.data.vacancy as Record<string, unknown>
    const listed = (await call('GET /v1/vacancies?role=engineer&status=open', nobody)).body as {
      vacancies: Record<string, unknown>[]
    }
    const summary = listed.vacancies.find(entry => entry.id === id)
    t.strictSame(summary, { ...item, url: `${baseUrl}${path}` }, 'the event tells what lists tell')
    t.strictSame(summary, {
      id,
      role: 'engineer',
      version: 1,
      title: 'Data engineer',
      organisation: { slug: 'home-office', name: 'Home Office' },
      profession: 'digital_and_data',
      family: 'data',
      grades: advertisedRole.grades,
      reference_number: null,
      business_area: 'Digital Services',
      salary: exampleVacancy.salary,
      locations: exampleVacancy.locations,
      remote: false,
      number_of_posts: 2,
      opens_at: '2027-05-03T09:00:00Z',
      closes_at: '2027-05-30T22:55:00Z',
      time_zone: 'Europe/London',
      status: 'open',
      etag: '"r2"',
      updated_at: summary?.updated_at,
      url: `${baseUrl}${path}`,
    })
    t.match(event, {
      type: 'vacancy_opened',
      organisation: 'home-office',
      role: 'engineer',
      subject: path,
      revision: 2,
      version: 1,
      owner: 'alice',
    })
    t.strictSame(problemOf(await call(`POST ${path}/openings`, { body: {}, match: '"r2"' })), {
      status: 409,
      code: 'wrong_status',
      errors: [],
      detail: 'The vacancy is open; only a draft can be opened.',
    })
    t.match(problemOf(await call(`DELETE ${path}`, { match: '"r2"' })), { status: 409, code: 'wrong_status' })
  })

  await t.test(
    'createOpening → 409 not_ready with each thing that is missing, and validateVacancy says the same',
    async t => {
      const made = await call('POST /v1/vacancies', {
        body: {
          role: 'engineer',
          salary: null,
          locations: [],
          business_area: null,
          contract_types: ['fixed_term'],
          role_types: [],
          working_patterns: [],
        },
      })
      const path = String(made.headers.location)
      const refused = await call(`POST ${path}/openings`, { body: {}, match: '"r1"' })
      const csj = (label: string, place: string) => ({
        pointer: place,
        code: 'required',
        detail: `Civil Service Jobs needs "${label}", which comes from ${place}.`,
      })
      const { errors, ...problem } = problemOf(refused) as { errors: unknown[] }
      t.match(problem, { status: 409, code: 'not_ready' })
      t.strictSame(errors, [
        {
          pointer: '/closes_at',
          code: 'required',
          detail: 'A JobPosting needs validThrough: the instant when it closes.',
        },
        {
          pointer: '/locations',
          code: 'required',
          detail: 'A JobPosting needs jobLocation, unless all of the work may be done from home.',
        },
        csj('Salary', '/salary'),
        csj('Business area', '/business_area'),
        csj('Type of role', '/role_types'),
        csj('Working pattern', '/working_patterns'),
        csj('Contact point for applicants', '/contact'),
        {
          pointer: '/contract_length',
          code: 'required',
          detail: 'Civil Service Jobs needs "Length of employment" of a contract that ends.',
        },
      ])
      const validation = await call(`GET ${path}/validation`)
      t.strictSame((validation.body as { ready: boolean; errors: unknown }).errors, errors)
      t.same(
        (validation.body as { advice: { pointer: string; code: string }[] }).advice.map(({ pointer, code }) => [
          pointer,
          code,
        ]),
        [
          ['/salary', 'recommended'],
          ['/apply_url', 'recommended'],
          ['/education', 'recommended'],
          ['/experience_months', 'recommended'],
        ],
      )
      const ready = await createVacancy(call, 'engineer')
      t.strictSame((await call(`GET ${ready.path}/validation`)).body, { ready: true, errors: [], advice: [] })
      const note: Vacancy['sections'][number] = {
        kind: 'benefits',
        heading: 'Our house',
        shared_section: null,
        blocks: [
          { type: 'paragraph', text: 'We build.' },
          { type: 'note', text: 'Say more.' },
        ],
      }
      const noted = await createVacancy(call, 'engineer', { sections: [note] })
      t.strictSame((await call(`GET ${noted.path}/validation`)).body, {
        ready: true,
        errors: [],
        advice: [
          {
            pointer: '/sections/0',
            code: 'notes_left_out',
            excerpt: 'Our house',
            detail: 'Notes of "Our house" are left out of the advert.',
            source: 'house',
          },
        ],
      })
    },
  )

  await t.test('createOpening → 409 not_ready: a section of its own that prints nothing', async t => {
    const empty = { kind: 'benefits' as const, heading: 'Benefits', shared_section: null }
    const note = { type: 'note' as const, text: 'To do' }
    await call('POST /v1/shared-sections?slug=to-do', { body: { kind: 'terms', heading: 'To do', blocks: [note] } })
    const sections = [
      { ...empty, blocks: [] },
      { ...empty, heading: 'Perks', blocks: [note] },
      { kind: 'terms' as const, heading: 'Terms', shared_section: 'to-do', blocks: [] },
    ]
    const { path, etag } = await createVacancy(call, 'engineer', { sections })
    const errors = ['Benefits', 'Perks', 'Terms'].map((heading, index) => ({
      pointer: `/sections/${index}`,
      code: 'empty_section',
      detail: `The section "${heading}" is empty: fill or remove it.`,
    }))
    t.match((await call(`GET ${path}/validation`)).body, { ready: false, errors })
    t.strictSame(problemOf(await call(`POST ${path}/openings`, { body: {}, match: etag })), {
      status: 409,
      code: 'not_ready',
      errors,
      detail: `The vacancy is not ready: ${errors.map(({ detail }) => detail).join(' ')}`,
    })
  })

  await t.test('validateVacancy → advice on optional items of its own, and on an hour that comes twice', async t => {
    const items = [
      { id: 'i1', text: '25 days of *leave*', optional: true, items: [] },
      { id: 'i2', text: 'A pension', optional: false, items: [] },
    ]
    const list = { type: 'list' as const, ordered: false, items }
    await call('POST /v1/shared-sections?slug=our-terms', { body: { kind: 'terms', heading: 'Terms', blocks: [list] } })
    const { path } = await createVacancy(call, 'engineer', {
      sections: [
        { kind: 'benefits', heading: 'Benefits', shared_section: null, blocks: [list] },
        { kind: 'terms', heading: 'Terms', shared_section: 'our-terms', blocks: [] },
      ],
    })
    const adviceOn = async (closes_at: string) => {
      await call(`PATCH ${path}`, { body: { closes_at }, match: '*' })
      const { advice, ready } = (await call(`GET ${path}/validation`)).body as { advice: object[]; ready: boolean }
      t.equal(ready, true)
      return advice
    }
    const optional = (pointer: string) => ({
      pointer,
      code: 'optional_printed',
      excerpt: '25 days of leave',
      detail:
        'Optional items of this section are printed all the same: a vacancy chooses among the items of its role only.',
      source: 'house',
    })
    const onItems = [optional('/sections/0/blocks/0/items/0/optional'), optional('/sections/1')]
    const twice = (zone: string) => ({
      pointer: '/closes_at',
      code: 'time_twice',
      excerpt: `1:30 am ${zone} on Sunday 31st October 2027`,
      detail:
        'Clocks go back that night, and show this hour twice: adverts say which is meant, and may be read as the other. Choose another hour.',
      source: 'house',
    })
    t.strictSame(await adviceOn('2027-10-31T00:30:00Z'), [twice('BST'), ...onItems])
    t.strictSame(await adviceOn('2027-10-31T01:30:00Z'), [twice('GMT'), ...onItems])
    for (const instant of ['2027-10-30T23:59:00Z', '2027-10-31T02:00:00Z', '2028-03-26T01:30:00Z'])
      t.strictSame(await adviceOn(instant), onItems, instant)
  })

  await t.test('createOpening → 409 not_ready: a contract type that Civil Service Jobs has no word for', async t => {
    const { path, etag } = await createVacancy(call, 'engineer', { contract_types: ['contractor'] })
    const types = 'Permanent, Fixed term, Temporary, Loan, Secondment, Apprenticeship'
    const detail = `Nothing in /contract_types is a "Contract type" of Civil Service Jobs: ${types}.`
    t.strictSame(problemOf(await call(`POST ${path}/openings`, { body: {}, match: etag })), {
      status: 409,
      code: 'not_ready',
      errors: [{ pointer: '/contract_types', code: 'not_in_list', detail }],
      detail: `The vacancy is not ready: ${detail}`,
    })
  })

  await t.test(
    'createOpening → 409 not_ready: too late, no country, too long for Civil Service Jobs; never cut',
    async t => {
      const long = Array.from({ length: 6 }, (_, index) => ({
        type: 'paragraph' as const,
        text: `${index}${'x'.repeat(9_000)}`,
      }))
      const { path, etag } = await createVacancy(call, 'engineer', {
        opens_at: null,
        closes_at: '2027-05-03T09:00:00Z',
        locations: [{ text: 'Sheffield', town: null, region: null, postcode: null, country: null }],
        sections: [{ kind: 'benefits', heading: 'Benefits', shared_section: null, blocks: long }],
      })
      const { errors } = problemOf(await call(`POST ${path}/openings`, { body: {}, match: etag })) as {
        errors: { pointer: string; code: string; detail: string }[]
      }
      t.strictSame(errors, [
        {
          pointer: '/closes_at',
          code: 'too_early',
          detail: 'closes_at must be later than now, 2027-05-03T09:00:00.000Z.',
        },
        {
          pointer: '/locations/0/country',
          code: 'required',
          detail: 'A JobPosting needs the country of each location, such as GB.',
        },
        {
          pointer: '/sections',
          code: 'too_long',
          detail: '"Benefits" of Civil Service Jobs may have 50000 characters; from /sections it would have 54071.',
        },
      ])
      const { fields } = (await call(`GET ${path}/civil-service-jobs`)).body as {
        fields: { label: string; value: string }[]
      }
      t.equal(fields.find(({ label }) => label === 'Benefits')?.value.length, 54_071, 'whole')
    },
  )

  await t.test('an open vacancy: each change leaves it ready, and is a public event', async t => {
    const { path, etag } = await openVacancy(call, 'engineer')
    t.match(problemOf(await call(`PATCH ${path}`, { body: { contact: null }, match: etag })), {
      status: 409,
      code: 'not_ready',
      errors: [{ pointer: '/contact', code: 'required' }],
    })
    for (const [body, error] of [
      [{ opens_at: '2027-05-03T10:00:00Z' }, '/opens_at read_only'],
      [{ closes_at: '2027-05-03T08:30:00Z' }, '/closes_at too_early'],
      [{ role: 'other' }, '/role read_only'],
      [{ status: 'closed' }, '/status read_only'],
    ] as const) {
      const { errors } = problemOf(await call(`PATCH ${path}`, { body, match: etag })) as {
        errors: { pointer: string; code: string }[]
      }
      t.same(
        errors.map(({ pointer, code }) => `${pointer} ${code}`),
        [error],
      )
    }
    const patched = await call(`PATCH ${path}`, { body: { closes_at: '2027-06-06T23:55:00+01:00' }, match: etag })
    t.same([patched.status, patched.etag], [200, '"r3"'])
    t.equal((patched.body as Vacancy).closes_at, '2027-06-06T22:55:00Z')
    t.same(await eventTypes(path), [
      ['vacancy_created', false, 1],
      ['vacancy_opened', true, 2],
      ['vacancy_updated', true, 3],
    ])
    t.same((await eventsAt(path)).at(-1)?.data.changed, ['/closes_at'])
    for (const line of [`PATCH ${path}`, `POST ${path}/withdrawals`, `GET ${path}/validation`])
      t.strictSame(
        problemOf(
          await call(line, { body: line.startsWith('GET') ? undefined : { reason: 'No' }, match: '*', key: others }),
        ),
        {
          status: 403,
          code: 'insufficient_scope',
          errors: [],
          detail: 'This key belongs to "other-office"; the scope admin is needed for another.',
        },
        `${line}: another organisation may read it, and not change it`,
      )
    t.match(problemOf(await call(`PATCH ${path}`, { body: { hours: null }, match: etag })), {
      status: 412,
      code: 'precondition_failed',
      current_etag: '"r3"',
    })
    t.match(problemOf(await call(`PATCH ${path}`, { body: { hours: null } })), { status: 428 })
  })

  await t.test('createVacancyWithdrawal → 201, then 410 for everybody with the reason', async t => {
    const { path, id, etag } = await openVacancy(call, 'engineer')
    const answer = await call(`POST ${path}/withdrawals`, { body: { reason: 'Filled by a transfer' }, match: etag })
    t.same([answer.status, answer.etag], [201, '"r3"'], answer.text)
    const { occurred_at: _, ...entry } = answer.body as Record<string, unknown>
    t.strictSame(entry, { revision: 3, by: 'alice', status: 'withdrawn', reason: 'Filled by a transfer' })
    for (const form of ['', '/job-posting', '/civil-service-jobs'])
      for (const key of [null, token('home-office')])
        t.match(problemOf(await call(`GET ${path}${form}`, { key })), {
          status: 410,
          code: 'withdrawn',
          detail: 'The vacancy was withdrawn: Filled by a transfer.',
          reason: 'Filled by a transfer',
        })
    for (const key of [others, token('home-office')])
      t.match(problemOf(await call(`PATCH ${path}`, { body: { hours: null }, match: '*', key })), { status: 410 })
    t.same((await eventTypes(path)).at(-1), ['vacancy_withdrawn', true, 3])
    const listed = (await call('GET /v1/vacancies?status=withdrawn')).body as {
      vacancies: { id: string; etag: string }[]
    }
    t.same(
      listed.vacancies.map(entry => [entry.id, entry.etag]),
      [[id, '"r3"']],
    )
    const draft = await createVacancy(call, 'engineer')
    t.strictSame(
      problemOf(await call(`POST ${draft.path}/withdrawals`, { body: { reason: 'No' }, match: draft.etag })),
      {
        status: 409,
        code: 'wrong_status',
        errors: [],
        detail: 'The vacancy is draft; only an open one can be withdrawn.',
      },
    )
    t.equal((await call(`DELETE ${draft.path}`, { match: draft.etag })).status, 204)
    t.equal((await call(`GET ${draft.path}`)).status, 404)
  })

  await t.test(
    'reference_number: null until a key with vacancies:reference writes it, which writes nothing else',
    async t => {
      const { path, etag } = await openVacancy(call, 'engineer')
      const [theirs, writer] = [
        token('home-office', ['vacancies:reference']),
        token('home-office', ['vacancies:write']),
      ]
      const patch = (key: string, body: unknown, match = etag) => call(`PATCH ${path}`, { body, match, key })
      const refused = async (key: string, body: unknown, scope: string) =>
        t.strictSame(problemOf(await patch(key, body)), {
          status: 403,
          code: 'insufficient_scope',
          errors: [],
          detail: `This needs a key with the scope ${scope}.`,
        })
      await refused(theirs, { hours: '30' }, 'vacancies:write')
      await refused(theirs, { reference_number: '412345', hours: '30' }, 'vacancies:write')
      await refused(writer, { reference_number: '412345' }, 'vacancies:reference')
      await refused(token('home-office', ['vacancies:read_drafts']), { hours: '30' }, 'vacancies:write')
      const body = vacancyWith({ role: 'engineer', reference_number: '1' })
      t.match(problemOf(await call('POST /v1/vacancies', { body, key: writer })), { status: 403 })
      const open = (await call(`GET ${path}`)).body as Vacancy
      t.match(
        problemOf(await call(`PUT ${path}`, { body: { ...open, reference_number: '1' }, match: etag, key: writer })),
        {
          status: 403,
        },
      )
      const written = await patch(theirs, { reference_number: '412345' })
      t.same([written.status, written.etag], [200, '"r3"'], written.text)
      t.strictSame(written.body, { ...open, reference_number: '412345' })
      t.same((await eventTypes(path)).at(-1), ['vacancy_updated', true, 3])
      t.match((await call(`GET ${path}/job-posting`, nobody)).body, {
        identifier: { '@type': 'PropertyValue', name: 'Civil Service Jobs', value: '412345' },
      })
      t.equal((await patch(writer, { number_of_posts: 4 }, '"r3"')).status, 200, 'the number is kept')
    },
  )

  await t.test(
    'reference_number of a draft → 204: its key, which may not read the draft, is told nothing of it',
    async t => {
      const { path, id, etag, body } = await createVacancy(call, 'engineer', { business_area: 'Quagga unit' })
      const theirs = token('home-office', ['vacancies:reference'])
      const patch = (sent: unknown, match = etag, more = '') =>
        call(`PATCH ${path}${more}`, { body: sent, match, key: theirs })
      const answers = [
        [await patch({ reference_number: '4' }, etag, '?dry_run=true'), 204],
        [await patch({ reference_number: '412345' }), 204],
        [await patch({ reference_number: '412345' }, '"r2"'), 204],
      ] as const
      t.strictSame(
        answers.map(([{ status, etag, text }]) => [status, etag, text]),
        [
          [204, '"r2"', ''],
          [204, '"r2"', ''],
          [204, '"r2"', ''],
        ],
        'also where it changes nothing',
      )
      t.strictSame(
        [(await call(`GET ${path}`)).body, (await eventTypes(path)).at(-1), (await eventsAt(path)).at(-1)?.data],
        [{ ...body, reference_number: '412345' }, ['vacancy_edited', false, 2], { changed: ['/reference_number'] }],
      )
      t.strictSame(problemOf(await patch({ reference_number: '5' })), {
        status: 412,
        code: 'precondition_failed',
        errors: [],
        detail: 'The vacancy is now at "r2".',
        current_etag: '"r2"',
      })
      const blank = 'This must not be blank.'
      t.strictSame(problemOf(await patch({ reference_number: ' ' }, '*')), {
        status: 422,
        code: 'invalid',
        errors: [{ pointer: '/reference_number', code: 'blank', detail: blank }],
        detail: blank,
      })
      // Neither what is there, nor what is not, nor what would be wrong is told from another by the answer.
      for (const sent of [
        {},
        { business_area: 'Quagga unit' },
        { business_area: 'Zebra unit' },
        { status: 'open' },
        { version: 7 },
        { reference_number: '412345', business_area: 'Quagga unit' },
      ])
        t.strictSame(
          problemOf(await patch(sent, '*')),
          {
            status: 403,
            code: 'insufficient_scope',
            errors: [],
            detail: 'This needs a key with the scope vacancies:write.',
          },
          JSON.stringify(sent),
        )
      const elsewhere = await call(`PATCH ${path}`, {
        body: { reference_number: '5' },
        match: '*',
        key: token('other-office', ['vacancies:reference']),
      })
      t.strictSame(problemOf(elsewhere), {
        status: 404,
        code: 'not_found',
        errors: [],
        detail: `There is no vacancy "${id}" that you may read.`,
      })
      const reader = token('home-office', ['vacancies:reference', 'vacancies:read_drafts'])
      const read = await call(`PATCH ${path}`, { body: { reference_number: null }, match: '*', key: reader })
      t.strictSame([read.status, read.etag, read.body], [200, '"r3"', body], 'who may read the draft is shown it')

      const opens_at = '2027-05-10T08:00:00Z'
      const waiting = await openVacancy(call, 'engineer', { opens_at })
      const long = 'R'.repeat(51)
      const writes = (reference_number: string) =>
        call(`PATCH ${waiting.path}`, { body: { reference_number }, match: waiting.etag, key: theirs })
      const tooLong =
        '"Reference number" of Civil Service Jobs may have 50 characters; from /reference_number it would have 51.'
      t.strictSame(problemOf(await writes(long)), {
        status: 409,
        code: 'not_ready',
        errors: [{ pointer: '/reference_number', code: 'too_long', detail: tooLong }],
        detail: `The vacancy is not ready: ${tooLong}`,
      })
      t.strictSame([(await writes('412346')).status, (await writes('412346')).status], [204, 412])
      const shown = (await call(`GET ${waiting.path}`)).body as Vacancy
      t.equal(shown.reference_number, '412346', 'what waits for its opening is a draft too')
    },
  )

  await t.test('shared sections: a draft follows them, an open vacancy prints what it was opened with', async t => {
    const text = (words: string) => ({
      kind: 'benefits',
      heading: 'Benefits',
      blocks: [
        { type: 'note', text: 'For authors' },
        { type: 'paragraph', text: words },
      ],
    })
    await call('POST /v1/shared-sections?slug=our-benefits', { body: text('A pension.') })
    const sections = [{ kind: 'benefits' as const, heading: 'Benefits', shared_section: 'our-benefits', blocks: [] }]
    const { path, etag } = await createVacancy(call, 'engineer', { sections })
    t.same(((await call(`GET ${path}`)).body as Vacancy).sections, sections)
    const opened = await call(`POST ${path}/openings`, { body: {}, match: etag })
    t.equal(opened.status, 201, opened.text)
    const printed = [{ ...sections[0], blocks: [{ type: 'paragraph', text: 'A pension.' }] }]
    const read = await call(`GET ${path}`, nobody)
    t.strictSame((read.body as Vacancy).sections, printed)
    await call('PUT /v1/shared-sections/our-benefits', { body: text('No pension.'), match: '*' })
    t.equal((await call(`GET ${path}`, nobody)).text, read.text, 'not changed by the boilerplate')
    const same = await call(`PUT ${path}`, { body: read.text, match: '"r2"' })
    t.same([same.status, same.etag], [200, '"r2"'], 'what GET gave changes nothing')
    const updated = await call(`PATCH ${path}`, { body: { hours: '30 hours' }, match: '"r2"' })
    t.same(
      (updated.body as Vacancy).sections[0]?.blocks,
      [{ type: 'paragraph', text: 'No pension.' }],
      'a change prints anew',
    )
    const told = async () => (await eventsAt(path)).at(-1)?.data.changed
    t.same(await told(), ['/hours', '/sections'], 'and its event names what is printed anew')
    await call('PUT /v1/shared-sections/our-benefits', { body: text('A pension again.'), match: '*' })
    const referred = await call(`PATCH ${path}`, { body: { reference_number: '412' }, match: updated.etag })
    t.strictSame(
      referred.body,
      { ...(updated.body as Vacancy), reference_number: '412' },
      'a number prints nothing anew',
    )
    t.same(await told(), ['/reference_number'])
    const other = [{ ...sections[0], kind: 'terms' }]
    const detail = 'The shared section "our-benefits" is of the kind benefits, not terms.'
    const refusal = {
      status: 422,
      code: 'invalid',
      errors: [{ pointer: '/sections/0/kind', code: 'other_kind', detail }],
      detail,
    }
    t.strictSame(problemOf(await call(`PATCH ${path}`, { body: { sections: other }, match: '*' })), refusal)
    const made = await call('POST /v1/vacancies', { body: { ...vacancyWith({ role: 'engineer' }), sections: other } })
    t.strictSame(problemOf(made), refusal)
    const renamed = await call('PATCH /v1/shared-sections/our-benefits', { body: { kind: 'terms' }, match: '*' })
    t.match(problemOf(renamed), {
      status: 409,
      code: 'in_use',
      detail: `The shared section "our-benefits" is in use by the vacancies ${path.split('/').at(-1)}. Its kind stays as it is until they do not.`,
    })
    t.match(problemOf(await call('DELETE /v1/shared-sections/our-benefits', { match: '*' })), {
      status: 409,
      code: 'in_use',
      used_by: [{ vacancy: path.split('/').at(-1), url: `${baseUrl}${path}` }],
      others: false,
    })
    await call(`POST ${path}/withdrawals`, { body: { reason: 'Gone' }, match: referred.etag })
    t.equal((await call('DELETE /v1/shared-sections/our-benefits', { match: '*' })).status, 204, 'nothing uses it now')
  })

  await t.test(
    'it stays on its version when the role is republished; PATCH moves it, ?outdated=true finds it',
    async t => {
      const { etag: draft } = await createRole(call, 'moving', advertisedRole)
      const first = await publishRole(call, 'moving', draft)
      const { path, id, etag } = await openVacancy(call, 'moving', {
        chosen_items: [{ section: 'responsibilities', item: 'i2' }],
      })
      const outdated = async () =>
        (
          (await call('GET /v1/vacancies?role=moving&outdated=true', nobody)).body as { vacancies: { id: string }[] }
        ).vacancies.map(entry => entry.id)
      t.same(await outdated(), [])
      const edited = await call('PATCH /v1/roles/moving/draft', {
        body: { title: 'Data mover', grades: [{ scheme: 'civil-service', code: 'G7' }], profession: 'policy' },
        match: first.etag,
      })
      await publishRole(call, 'moving', edited.etag)
      t.same(await outdated(), [id])
      const posting = async () => (await call(`GET ${path}/job-posting`, nobody)).body as { title: string }
      t.equal((await posting()).title, 'Data engineer')
      t.equal((await call(`GET ${path}`, nobody)).etag, etag, 'the publication changes no vacancy')
      const moved = await call(`PATCH ${path}`, { body: { version: 2 }, match: etag })
      t.same([moved.status, (moved.body as Vacancy).version], [200, 2], moved.text)
      const told = async () => (await eventsAt(path)).at(-1)?.data ?? {}
      const { changed, before, after } = await told()
      const { profession, grades } = advertisedRole
      t.same(
        { changed, before, after },
        {
          changed: ['/version'],
          before: { profession, grades },
          after: {
            profession: 'policy',
            grades: [{ scheme: 'civil-service', code: 'G7', label: 'Grade 7' }],
          },
        },
      )
      const { changes } = (await call('GET /v1/changes?limit=1000', nobody)).body as { changes: { data: object }[] }
      t.match(changes.at(-1)?.data, { before, after })
      t.equal((await posting()).title, 'Data mover')
      t.same(await outdated(), [])
      const renumbered = await call(`PATCH ${path}`, { body: { number_of_posts: 3 }, match: moved.etag })
      t.notOk('before' in (await told()), 'of the same version nothing is before and after')
      const { sections } = advertisedRole
      const without = await call('PATCH /v1/roles/moving/draft', {
        body: {
          sections: sections.map(section =>
            section.id === 'responsibilities' ? { ...section, blocks: [{ type: 'paragraph', text: 'All.' }] } : section,
          ),
        },
        match: '*',
      })
      await publishRole(call, 'moving', without.etag)
      t.match(problemOf(await call(`PATCH ${path}`, { body: { version: null }, match: renumbered.etag })), {
        status: 422,
        errors: [
          {
            pointer: '/chosen_items/0',
            code: 'unknown_item',
            detail: 'Version 3 has no item i2 in a section "responsibilities". Its optional items are: none.',
          },
        ],
      })
      const latest = await call(`PATCH ${path}`, { body: { version: null, chosen_items: [] }, match: renumbered.etag })
      t.equal((latest.body as Vacancy).version, 3, 'null is the latest')
    },
  )

  await t.test(
    'createWithdrawal of a role with open vacancies → 409 naming them, unless the body says what to do',
    async t => {
      const prepare = async (slug: string) => {
        const { etag } = await publishAdvertised(call, slug)
        const open = await openVacancy(call, slug)
        const waiting = await openVacancy(call, slug, { opens_at: '2027-05-10T08:00:00Z' })
        const draft = await createVacancy(call, slug)
        return { etag, open, waiting, draft }
      }
      const withdraw = (slug: string, match: string, open_vacancies?: string) =>
        call(`POST /v1/roles/${slug}/withdrawals`, {
          body: { reason: 'Merged.', ...(open_vacancies ? { open_vacancies } : {}) },
          match,
        })
      const kept = await prepare('kept')
      const { detail, vacancies, ...problem } = problemOf(await withdraw('kept', kept.etag)) as {
        detail: string
        vacancies: { id: string }[]
      }
      t.same(problem, { status: 409, code: 'open_vacancies', errors: [], others: false })
      const named = [kept.open.id, kept.waiting.id].sort()
      t.equal(
        detail,
        `The role has 2 vacancies that are open or about to open: ${named.join(', ')}. Send "open_vacancies": "keep" or "withdraw".`,
      )
      t.same(
        vacancies.find(({ id }) => id === kept.open.id),
        {
          id: kept.open.id,
          status: 'open',
          closes_at: '2027-05-30T22:55:00Z',
          url: `${baseUrl}${kept.open.path}`,
        },
      )
      t.equal((await call('GET /v1/roles/kept', nobody)).status, 200)
      const occupation = async () =>
        ((await call(`GET ${kept.open.path}/job-posting`, nobody)).body as { relevantOccupation: { '@id': string } })
          .relevantOccupation
      t.strictSame(await occupation(), {
        '@type': 'Occupation',
        '@id': `${baseUrl}/v1/roles/kept/occupation`,
        name: 'Data engineer',
      })
      t.equal((await withdraw('kept', kept.etag, 'keep')).status, 201)
      const later = await occupation()
      t.strictSame(later, {
        '@type': 'Occupation',
        '@id': `${baseUrl}/v1/roles/kept/versions/1/occupation`,
        name: 'Data engineer',
      })
      t.equal((await call(`GET ${later['@id'].slice(baseUrl.length)}`, nobody)).status, 200, 'it is there')
      t.equal((await call('GET /v1/roles/kept', nobody)).status, 410)
      t.equal((await call(`GET ${kept.open.path}`, nobody)).status, 200)
      t.match(problemOf(await call(`POST ${kept.draft.path}/openings`, { body: {}, match: kept.draft.etag })), {
        status: 409,
        code: 'not_ready',
        errors: [{ pointer: '/role', code: 'role_withdrawn', detail: 'The role "kept" is withdrawn.' }],
      })

      const refused = async (members: object = {}) =>
        problemOf(await call('POST /v1/vacancies', { body: { role: 'kept', ...members } }))
      const refusal = (detail: string) => ({
        status: 422,
        code: 'invalid',
        errors: [{ pointer: '/role', code: 'role_withdrawn', detail }],
        detail,
      })
      t.strictSame(await refused(), refusal('The role "kept" is withdrawn.'))
      const again = await publishRole(call, 'kept', (await call('GET /v1/roles/kept/draft')).etag)
      await call('POST /v1/roles/kept/withdrawals', {
        body: { reason: 'Merged.', successor: 'engineer', open_vacancies: 'keep' },
        match: again.etag,
      })
      t.strictSame(await refused({ version: 1 }), refusal('The role "kept" is withdrawn. Its successor is "engineer".'))
      t.equal((await call(`PATCH ${kept.draft.path}`, { body: { number_of_posts: 3 }, match: '*' })).status, 200)

      const gone = await prepare('gone')
      t.match(problemOf(await withdraw('gone', gone.etag, 'drop')), {
        status: 422,
        errors: [{ pointer: '/open_vacancies' }],
      })
      t.equal((await withdraw('gone', gone.etag, 'withdraw')).status, 201)
      t.match(problemOf(await call(`GET ${gone.open.path}`, nobody)), { status: 410, reason: 'Merged.' })
      t.same((await eventTypes(gone.open.path)).at(-1), ['vacancy_withdrawn', true, 3])
      t.equal((await call(`GET ${gone.waiting.path}`, nobody)).status, 404, 'nobody had seen it')
      t.same(
        [
          ((await call(`GET ${gone.waiting.path}`)).body as Vacancy).status,
          (await eventTypes(gone.waiting.path)).at(-1),
        ],
        ['draft', ['vacancy_unscheduled', false, 3]],
      )
    },
  )

  await t.test('four eyes: who changed a vacancy may publish its role', async t => {
    await db.updateTable('organisations').set({ four_eyes: true }).where('slug', '=', 'home-office').execute()
    const bob = token('home-office', 'all', 'bob')
    const made = await createRole(call, 'watched', advertisedRole, bob)
    await publishRole(call, 'watched', made.etag, 'First')
    const edited = await call('PATCH /v1/roles/watched/draft', { body: { title: 'Watched' }, match: '*', key: bob })
    await createVacancy(call, 'watched')
    t.ok((await eventsOf(db, 'watched')).some(({ type, owner }) => type === 'vacancy_created' && owner === 'alice'))
    const stale = await call('PATCH /v1/roles/watched/draft', { body: { title: 'No' }, match: '"r2"' })
    t.same((stale.body as { changed: string[] }).changed, ['/title'], 'nor is a vacancy a part of the draft')
    await publishRole(call, 'watched', edited.etag, 'Second')
    await db.updateTable('organisations').set({ four_eyes: false }).where('slug', '=', 'home-office').execute()
  })

  await t.test('deleteOrganisation → 409 in_use names its vacancies', async t => {
    const answer = problemOf(
      await call('DELETE /v1/organisations/home-office', { match: '*', key: token('home-office', ['admin']) }),
    )
    t.match(answer, { status: 409, code: 'in_use' })
    t.ok((answer.used_by as { kind: string }[]).some(({ kind }) => kind === 'vacancies'))
  })

  await t.test('a dry run of each step stores nothing', async t => {
    const { path, etag } = await createVacancy(call, 'engineer')
    const before = await eventTypes(path)
    for (const [line, body] of [
      [`PATCH ${path}?dry_run=true`, { hours: 'Other' }],
      [`POST ${path}/openings?dry_run=true`, {}],
      [`DELETE ${path}?dry_run=true`, undefined],
    ] as [string, unknown][])
      t.ok((await call(line, { ...(body ? { body } : {}), match: etag })).status < 300, line)
    t.same([await eventTypes(path), (await call(`GET ${path}`)).etag], [before, etag])
  })

  await t.test('createPublished: roles of others cannot be advertised', async t => {
    await createPublished(call, 'ours-alone', documentWith())
    for (const [role, hint, key] of [
      ['ours-alone', '', others],
      ['ours-alon', ' Did you mean "ours-alone"?', undefined],
    ] as const) {
      const detail = `"${role}" is no published role of your organisation.${hint}`
      t.strictSame(
        problemOf(await call('POST /v1/vacancies', { body: vacancyWith({ role }), ...(key ? { key } : {}) })),
        { status: 422, code: 'invalid', detail, errors: [{ pointer: '/role', code: 'unknown_role', detail }] },
      )
    }
  })
})
