// The public forms of a vacancy: JobPosting and Civil Service Jobs, whole, against files that people have read.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { JobPosting as SchemaJobPosting, WithContext } from 'schema-dts'
import t from 'tap'
import type { RoleDocument } from '../src/document/schema.ts'
import type { Vacancy } from '../src/document/vacancy.ts'
import { seed } from '../src/seed.ts'
import type { CivilServiceJobsAdvert } from '../src/vacancies/civil-service-jobs.ts'
import { homeless, homelessParts, profile, rows, structural } from '../src/vacancies/civil-service-jobs-labels.ts'
import type { JobPosting } from '../src/vacancies/job-posting.ts'
import { testApp, token } from './support/app.ts'
import { testDatabase, testFolder } from './support/database.ts'
import { problemOf } from './support/problem.ts'
import { createPublished, digestOf } from './support/roles.ts'
import { throughJsonLd } from './support/schema-org.ts'
import { advertisedRole, createVacancy, handClock, openVacancy } from './support/vacancies.ts'

const nobody = { key: null }
const clock = handClock('2027-05-03T09:00:00Z')
const golden = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`golden/${name}.json`, import.meta.url), 'utf8'))

const written = (kind: Vacancy['sections'][number]['kind'], heading: string, text: string) => ({
  kind,
  heading,
  shared_section: null,
  blocks: [{ type: 'paragraph' as const, text }],
})

/** A vacancy that says something everywhere. */
const whole: Partial<Vacancy> = {
  opens_at: null,
  chosen_items: [{ section: 'responsibilities', item: 'i3' }],
  contract_types: ['permanent', 'fixed_term', 'contractor'],
  remote: true,
  behaviours: ['working_together', 'delivering_at_pace'],
  sections: [
    written(
      'selection',
      'How we choose',
      'We sift on your **statement**; see [Success Profiles](https://www.gov.uk/government/publications/success-profiles).',
    ),
    {
      kind: 'benefits',
      heading: 'What you get',
      shared_section: null,
      blocks: [
        { type: 'subheading', text: 'Leave & pay' },
        {
          type: 'list',
          ordered: true,
          items: [
            { id: 'i1', text: '25 days of leave', optional: false, items: [{ id: 'i2', text: '30 after five years' }] },
            { id: 'i3', text: 'A pension', optional: false, items: [] },
          ],
        },
      ],
    },
    written('terms', 'Terms', 'You may join a union.'),
    written('security', 'Security', 'We check your record.'),
    written('nationality', 'Nationality', 'The job is open to UK nationals.'),
    written('diversity', 'Diversity', 'We are for everyone.'),
    written('further_information', 'More', 'Ask us.'),
  ],
}

/** Ids, and what goes by them, are others in each run. */
const withoutId = (text: string, id: string) => JSON.parse(text.replaceAll(id, '00000000-0000-4000-8000-000000000000'))

t.test('the public forms of a vacancy', { timeout: 300_000 }, async t => {
  const { call, db } = await testApp(t, { clock: clock.now })
  await db
    .updateTable('organisations')
    .set({ homepage_url: 'https://www.gov.uk/home-office' })
    .where('slug', '=', 'home-office')
    .execute()
  await createPublished(call, 'engineer', {
    ...advertisedRole,
    grades: [...advertisedRole.grades, { scheme: 'home-office', code: 'TECH3', label: 'Technologist 3' }],
  })
  const made = await openVacancy(call, 'engineer', whole)
  const form = (path: string, name: string, key: string | null = null) => call(`GET ${path}/${name}`, { key })

  await t.test('getJobPosting → 200 with everything that Google requires and recommends', async t => {
    const answer = await form(made.path, 'job-posting')
    t.same(
      [answer.status, answer.headers['content-type'], answer.headers['cache-control'], answer.etag],
      [200, 'application/ld+json; charset=utf-8', 'public, max-age=60', `"${digestOf(answer.text)}"`],
    )
    const posting = withoutId(answer.text, made.id) as JobPosting
    t.strictSame(posting, golden('job-posting'))
    const again = { ...nobody, headers: { 'if-none-match': answer.etag } }
    t.equal((await call(`GET ${made.path}/job-posting`, again)).status, 304)
    for (const required of ['datePosted', 'description', 'hiringOrganization', 'jobLocation', 'title'] as const)
      t.ok(posting[required], `${required} is required`)
    for (const recommended of [
      'applicantLocationRequirements',
      'baseSalary',
      'directApply',
      'educationRequirements',
      'employmentType',
      'experienceRequirements',
      'identifier',
      'jobLocationType',
      'validThrough',
    ] as const)
      t.ok(posting[recommended], `${recommended} is recommended`)
    // Held by the compiler: every member and type is schema.org's.
    const typed: WithContext<SchemaJobPosting> = posting
    const [given, back] = await throughJsonLd(typed as object)
    t.strictSame(back, given, 'a JSON-LD processor loses nothing')
    t.match(problemOf(await call(`GET ${made.path}/job-posting`, { ...nobody, headers: { accept: 'text/html' } })), {
      status: 406,
    })
  })

  await t.test('both → 200 with what the vacancy says where a section prints the details of the role', async t => {
    const appendix: RoleDocument['sections'][number] = {
      id: 'appendix',
      kind: 'appendix',
      heading: 'Appendix',
      shared_section: null,
      blocks: [{ type: 'advert_details' }],
    }
    const additional = [{ label: 'Travel', value: 'Now and then' }]
    await createPublished(call, 'detailed', {
      ...advertisedRole,
      sections: [...advertisedRole.sections, appendix],
      advert_details: {
        ...advertisedRole.advert_details,
        reference_number: 'OLD-1',
        business_area: 'Old area',
        contract_types: ['fixed_term'],
        hours: '42 hours a week',
        additional,
      },
    })
    const { path } = await openVacancy(call, 'detailed', { ...whole, reference_number: '412345' })
    const { description } = (await form(path, 'job-posting')).body as JobPosting
    const printed = description.slice(description.indexOf('<h3>Appendix'), description.indexOf('<h3>How we choose'))
    t.equal(
      printed,
      `<h3>Appendix</h3>
<p><strong>Reference number:</strong> 412345</p>
<p><strong>Grade:</strong> Senior Executive Officer (SEO)</p>
<p><strong>Salary:</strong> £42,500 to £47,250.50</p>
<p><strong>Type of role:</strong> Digital</p>
<p><strong>Location:</strong> Croydon; Sheffield</p>
<p><strong>Business area:</strong> Digital Services</p>
<p><strong>Contract type:</strong> Permanent, Fixed term, Contractor</p>
<p><strong>Working pattern:</strong> Full-time, Job share</p>
<p><strong>Hours:</strong> 37 hours a week</p>
<p><strong>Reports to:</strong> Lead data engineer</p>
<p><strong>Travel:</strong> Now and then</p>
`,
    )
    const advert = (await form(path, 'civil-service-jobs')).text
    t.notMatch(advert, /OLD-1|Old area|42 hours/)
    t.match(advert, /Now and then/)
    await call(`POST ${path}/withdrawals`, { match: '*', body: { reason: 'Seen' } })
  })

  await t.test('getCivilServiceJobsAdvert → 200: working at home is told by its working pattern alone', async t => {
    const { path } = await createVacancy(call, 'engineer', { remote: true, working_patterns: ['homeworking'] })
    const read = async () =>
      (await form(path, 'civil-service-jobs', token('home-office'))).body as CivilServiceJobsAdvert
    const told = async () => (await read()).not_mapped.filter(({ source }) => source === '/remote')
    t.strictSame(await told(), [])
    await call(`PATCH ${path}`, { body: { working_patterns: ['full_time'] }, match: '*' })
    const reason = 'No label takes it, and no working pattern is Homeworking, which would say so.'
    t.strictSame(await told(), [{ source: '/remote', value: true, reason }])
    await call(`PATCH ${path}`, { body: { remote: false }, match: '*' })
    t.strictSame(await told(), [])
  })

  await t.test('getJobPosting → 200 with no word where nothing is known', async t => {
    const { path, id } = await createVacancy(call, 'engineer', {
      salary: { min: 40_000, max: 40_000, currency: 'GBP', period: 'year', text: null },
      locations: [],
      remote: true,
      business_area: null,
      contract_types: [],
      working_patterns: ['flexible_working'],
      hours: null,
      opens_at: null,
      closes_at: null,
      education: 'none',
      experience_months: null,
      security_clearance: null,
      contact: null,
      apply_url: null,
      sections: [],
    })
    const { description, skills, occupationalCategory, ...posting } = withoutId(
      (await form(path, 'job-posting', token('home-office'))).text,
      id,
    )
    const { description: _, skills: __, occupationalCategory: ___, ...whole } = golden('job-posting') as JobPosting
    t.strictSame(posting, {
      '@context': whole['@context'],
      '@type': 'JobPosting',
      '@id': whole['@id'],
      title: 'Data engineer',
      hiringOrganization: whole.hiringOrganization,
      identifier: whole.identifier,
      jobLocationType: 'TELECOMMUTE',
      applicantLocationRequirements: [{ '@type': 'Country', name: 'United Kingdom' }],
      baseSalary: {
        '@type': 'MonetaryAmount',
        currency: 'GBP',
        value: { '@type': 'QuantitativeValue', value: 40_000, unitText: 'YEAR' },
      },
      totalJobOpenings: 2,
      url: whole['@id'],
      directApply: false,
      educationRequirements: 'no requirements',
      relevantOccupation: whole.relevantOccupation,
    })
    t.ok(description && skills && occupationalCategory)
  })

  await t.test(
    'getJobPosting → 200 with the benefits that the advert prints, and no item that nobody chose',
    async t => {
      const item = (id: string, text: string, optional = false) => ({ id, text, optional, items: [] })
      const benefits: RoleDocument['sections'][number] = {
        id: 'benefits',
        kind: 'benefits',
        heading: 'Benefits',
        shared_section: null,
        blocks: [
          { type: 'subheading', text: 'Leave and more' },
          { type: 'paragraph', text: 'You will have:' },
          {
            type: 'list',
            ordered: false,
            items: [
              { ...item('i1', 'leave'), items: [{ id: 'i4', text: '25 days, then 30' }] },
              item('i2', 'a car', true),
              item('i3', 'a season ticket loan', true),
            ],
          },
        ],
      }
      await createPublished(call, 'driver', { ...advertisedRole, sections: [...advertisedRole.sections, benefits] })
      const { path } = await openVacancy(call, 'driver', {
        chosen_items: [{ section: 'benefits', item: 'i3' }],
        sections: [],
      })
      const { jobBenefits } = (await form(path, 'job-posting')).body as JobPosting
      t.equal(jobBenefits, 'Leave and more\nYou will have:\nleave\n– 25 days, then 30\na season ticket loan')
      await call(`POST ${path}/withdrawals`, { match: '*', body: { reason: 'A test' } })
    },
  )

  await t.test('getCivilServiceJobsAdvert → 200 with every label, and what has none', async t => {
    const answer = await form(made.path, 'civil-service-jobs')
    t.same(
      [answer.status, answer.headers['content-type'], answer.headers['cache-control'], answer.etag],
      [200, 'application/json; charset=utf-8', 'public, max-age=60', `"${digestOf(answer.text)}"`],
    )
    const advert = withoutId(answer.text, made.id) as CivilServiceJobsAdvert
    t.strictSame(advert, golden('civil-service-jobs'))
    const fieldOf = (label: string) => advert.fields.find(field => field.label === label)?.value
    t.equal(fieldOf('Location'), 'Croydon, London : Sheffield, Yorkshire and the Humber')
    t.equal(fieldOf('Closing date'), 'Apply before 11:55 pm on Sunday 30th May 2027')
    t.equal(fieldOf('Reference number'), null)
    await call(`PATCH ${made.path}`, { body: { closes_at: '2027-10-31T23:55:00Z' }, match: made.etag })
    const later = (await form(made.path, 'civil-service-jobs')).body as CivilServiceJobsAdvert
    t.equal(
      later.fields.find(({ label }) => label === 'Closing date')?.value,
      'Apply before 11:55 pm on Sunday 31st October 2027',
    )
  })

  await t.test('the profile: every label with its source, and every member with a label or a reason', async t => {
    const { body, headers } = await call('GET /v1/profiles/civil-service-jobs', nobody)
    t.equal(headers['cache-control'], 'public, max-age=60, stale-if-error=86400')
    t.strictSame(body, {
      ...profile,
      labels: rows.map(({ value: _, ...row }) => row),
      not_mapped: [...homeless, ...homelessParts].map(({ source, reason }) => ({ source, reason })),
    })
    const named = (source: string) => source.split('/').slice(0, 2).join('/')
    const known = new Set([
      ...rows.flatMap(({ source }) => source),
      ...homeless.map(({ source }) => source),
      ...structural,
    ])
    const vacancy = (await call(`GET ${made.path}`, nobody)).body as object
    const role = (await call('GET /v1/roles/engineer', nobody)).body as object
    const members = [
      ...Object.keys(vacancy)
        .filter(name => name !== 'status')
        .map(name => `/${name}`),
      ...Object.keys(role).map(name => `role:/${name}`),
    ]
    t.same(
      members.filter(member => !known.has(member)),
      [],
      'a new member needs a label, or a reason why it has none',
    )
    t.same(
      [...known].filter(source => !members.includes(named(source))),
      [],
    )
    for (const { label, basis, assumed, max_length, allowed_values } of rows) {
      t.match(basis, /\S/, label)
      const unconfirmed = [
        ...(max_length === null ? [] : ['max_length']),
        ...(allowed_values && label !== 'Behaviours' ? ['allowed_values'] : []),
      ]
      t.ok(
        unconfirmed.every(part => assumed.includes(part as never)),
        `${label}: what nobody has confirmed is marked`,
      )
    }
  })

  await t.test('exportVacancies → 200 with all open vacancies, in the form that is asked for', async t => {
    clock.set('2027-05-03T09:00:00Z')
    const others = [
      await openVacancy(call, 'engineer'),
      await openVacancy(call, 'engineer', { opens_at: '2027-06-01T00:00:00Z', closes_at: '2027-07-01T00:00:00Z' }),
    ]
    const short = await openVacancy(call, 'engineer', { opens_at: null, closes_at: '2027-05-04T00:00:00Z' })
    await createVacancy(call, 'engineer')
    clock.set('2027-05-05T09:00:00Z')
    const linesOf = async (query: string) => {
      const answer = await call(`GET /v1/exports/vacancies.ndjson${query}`, nobody)
      t.same([answer.status, answer.headers['content-type']], [200, 'application/x-ndjson'], answer.text.slice(0, 300))
      const lines = answer.text.trimEnd().split('\n')
      const end = JSON.parse(lines.pop() ?? '') as { type: string; count: number; digest: string }
      const before = lines.map(line => `${line}\n`).join('')
      t.match(end, { type: 'end', count: lines.length, digest: createHash('sha256').update(before).digest('hex') })
      return lines.map(line => JSON.parse(line) as { type: string; id: string; etag: string; vacancy: unknown })
    }
    const listed = (await call('GET /v1/vacancies?status=open&limit=100', nobody)).body as {
      vacancies: { id: string; etag: string }[]
    }
    const open = listed.vacancies.map(({ id, etag }) => ({ type: 'vacancy', id, etag }))
    t.equal(open.length, 2)
    t.notOk(
      open.some(({ id }) => id === short.id || id === others[1]?.id),
      'neither one that closed by the clock nor one to come',
    )
    for (const [query, path] of [
      ['', ''],
      ['?status=open&profile=civil-service-jobs', '/civil-service-jobs'],
      ['?profile=job-posting', '/job-posting'],
    ] as const) {
      const lines = await linesOf(query)
      t.strictSame(
        lines.map(({ vacancy: _, ...line }) => line),
        open,
        query,
      )
      for (const { id, vacancy } of lines)
        t.strictSame(vacancy, (await call(`GET /v1/vacancies/${id}${path}`, nobody)).body, `${query}: as by itself`)
    }
    // The same until something changes, by a write or by the clock.
    const path = 'GET /v1/exports/vacancies.ndjson?status=open'
    const tagOf = async () => (await call(path, nobody)).etag
    const etag = await tagOf()
    const unchanged = await call(path, { ...nobody, headers: { 'if-none-match': etag } })
    t.same([unchanged.status, unchanged.text, unchanged.etag], [304, '', etag])
    clock.set('2027-06-02T09:00:00Z')
    const later = await tagOf()
    t.not(later, etag, 'another one has opened by the clock')
    await openVacancy(call, 'engineer', { opens_at: null, closes_at: '2027-08-01T00:00:00Z' })
    t.not(await tagOf(), later)
    t.match(problemOf(await call('GET /v1/exports/vacancies.ndjson?profile=civil-service-job', nobody)), {
      status: 422,
      errors: [{ pointer: '?profile', detail: /Did you mean/ }],
    })
    t.equal((await call('GET /v1/exports/vacancies.ndjson?status=draft')).status, 422)
  })
})

t.test('the register of its own begins with a role and a vacancy in which every field is filled', async t => {
  const { db } = await testDatabase(t)
  await seed({ db, dataDir: await testFolder(t), pepper: 'a pepper of more than thirty-two characters', log: () => {} })
  const role = await db.selectFrom('role_versions').select('body').executeTakeFirstOrThrow()
  const vacancy = await db.selectFrom('vacancies').selectAll().executeTakeFirstOrThrow()
  t.equal(vacancy.state, 'open')
  t.ok(vacancy.updated_at >= String(vacancy.opens_at), 'whoever asks what changed since its opening is told of it')
  t.notOk(vacancy.document.remote && vacancy.document.locations.length > 0, 'it is at home or in an office')
  /** Pointers of members that say nothing. */
  const empty = (value: unknown, pointer: string): string[] => {
    if (value === null || value === '' || (Array.isArray(value) && value.length === 0)) return [pointer]
    if (typeof value !== 'object') return []
    return Object.entries(value).flatMap(([name, member]) => empty(member, `${pointer}/${name}`))
  }
  const mayBeEmpty = /\/(shared_section|blocks|items|skill|skill_name)$/
  for (const document of [JSON.parse(role.body), vacancy.document])
    t.same(
      empty(document, '').filter(pointer => !mayBeEmpty.test(pointer)),
      [],
    )
  t.ok(JSON.parse(role.body).skills.some((skill: { skill: unknown }) => skill.skill !== null))
  t.ok(vacancy.document.sections.some(({ shared_section }) => shared_section !== null))
})
