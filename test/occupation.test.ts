// Published roles as schema.org's Occupation: what it says, what it leaves out, and that a JSON-LD processor loses nothing.
import type { Occupation as SchemaOccupation, WithContext } from 'schema-dts'
import t from 'tap'
import { exampleDocument, type PublishedRole } from '../src/document/schema.ts'
import { occupationOf } from '../src/schema-org/occupation.ts'
import { acknowledgement } from '../src/sfia/starter.ts'
import { type Answer, baseUrl, testApp } from './support/app.ts'
import { problemOf } from './support/problem.ts'
import { createPublished, createRole, digestOf, documentWith, publishRole } from './support/roles.ts'
import { throughJsonLd } from './support/schema-org.ts'

const everyone = { key: null }
const site = 'https://sfia-online.org/en'

/** Everything that an Occupation may say, and what it must leave out. */
const whole = documentWith({
  sections: [
    {
      id: 'role_summary',
      kind: 'role_summary',
      heading: 'About the role',
      shared_section: null,
      blocks: [
        { type: 'note', text: 'Say why the team matters' },
        { type: 'subheading', text: 'Why' },
        { type: 'paragraph', text: 'You look after *pipelines*, as [we](https://example.org) say:' },
        {
          type: 'list',
          ordered: false,
          items: [{ id: 'i1', text: 'every day', optional: false, items: [] }],
        },
      ],
    },
    {
      id: 'responsibilities',
      kind: 'responsibilities',
      heading: 'What you’ll do day-to-day',
      shared_section: null,
      blocks: [
        { type: 'paragraph', text: 'You will:' },
        {
          type: 'list',
          ordered: false,
          items: [
            { id: 'i1', text: 'Build **pipelines**', optional: false, items: [{ id: 'i4', text: 'that last' }] },
            { id: 'i2', text: 'Be on call', optional: true, items: [] },
            { id: 'i3', text: 'Write `SQL` &amp; more', optional: false, items: [] },
          ],
        },
        { type: 'paragraph', text: 'And what else there is.' },
      ],
    },
    {
      id: 'person_specification',
      kind: 'person_specification',
      heading: 'You will be someone who',
      shared_section: null,
      blocks: [
        {
          type: 'list',
          ordered: false,
          items: [
            { id: 'i1', text: 'Holds a degree, or has learned as much at work', optional: false, items: [] },
            { id: 'i2', text: 'Drives a car', optional: true, items: [] },
          ],
        },
      ],
    },
    {
      id: 'skills_experience',
      kind: 'skills_experience',
      heading: 'Skills and experience',
      shared_section: null,
      blocks: [
        { type: 'paragraph', text: 'You can show:' },
        { type: 'skills', importance: 'essential' },
      ],
    },
    {
      id: 'benefits',
      kind: 'benefits',
      heading: 'Benefits',
      shared_section: null,
      blocks: [{ type: 'paragraph', text: 'Not of the occupation' }],
    },
  ],
  skills: [
    { id: 's1', statement: 'Writes *Python*', skill: 'python', level: 'expert', importance: 'essential' },
    { id: 's2', statement: 'Reads Python', skill: 'python', level: null, importance: 'essential' },
    { id: 's3', statement: 'Keeps **calm**', skill: null, level: 'working', importance: 'essential' },
  ],
  sfia_mappings: [
    { code: 'PROG', level: 3 },
    { code: 'DESN', level: 4 },
  ],
})

const sfia = (code: string, name: string, level: number) => ({
  '@type': 'DefinedTerm',
  termCode: code,
  name,
  description: `${name}, level ${level} of SFIA 9`,
  url: `${site}/skillcode/9/${code}`,
  identifier: {
    '@type': 'PropertyValue',
    propertyID: 'sfia_level',
    name: 'SFIA level of responsibility',
    value: level,
    url: `${site}/lor/9/${level}`,
  },
  inDefinedTermSet: {
    '@type': 'DefinedTermSet',
    '@id': `${site}/sfia-9`,
    name: 'SFIA 9',
    copyrightNotice: acknowledgement,
  },
})

const python = {
  '@type': 'DefinedTerm',
  termCode: 'python',
  name: 'Python',
  url: `${baseUrl}/v1/skills/python`,
  inDefinedTermSet: { '@type': 'DefinedTermSet', '@id': `${baseUrl}/v1/skills`, name: 'Role Register skills' },
}

const category = (list: string, set: string, codeValue: string, name: string) => ({
  '@type': 'CategoryCode',
  codeValue,
  name,
  inCodeSet: { '@type': 'CategoryCodeSet', '@id': `${baseUrl}/v1/code-lists/${list}`, name: set },
})

const source = (slug: string, version: number, name: string, datePublished: string) => ({
  '@type': 'CreativeWork',
  '@id': `${baseUrl}/v1/roles/${slug}/versions/${version}`,
  name,
  version,
  datePublished,
  publisher: {
    '@type': 'Organization',
    '@id': `${baseUrl}/v1/organisations/home-office`,
    name: 'Home Office',
  },
})

const publishedAt = (answer: Answer) => (answer.body as { published_at: string }).published_at

t.test('occupations', { timeout: 300_000 }, async t => {
  const { call } = await testApp(t)
  await call('POST /v1/skills?slug=python', { body: { name: 'Python' } })

  await t.test('getOccupation → 200: all that a role says of the occupation, without optional items', async t => {
    await createPublished(call, 'whole', whole)
    const role = await call('GET /v1/roles/whole', everyone)
    const answer = await call('GET /v1/roles/whole/occupation', { ...everyone, headers: { host: 'evil.example' } })
    t.equal(answer.status, 200)
    t.same(answer.body, {
      '@context': 'https://schema.org',
      '@type': 'Occupation',
      '@id': `${baseUrl}/v1/roles/whole/occupation`,
      name: 'Data engineer',
      alternateName: ['Data pipeline engineer'],
      description: 'You look after pipelines, as we say:\n\nevery day',
      url: `${baseUrl}/v1/roles/whole`,
      occupationalCategory: [
        category('professions', 'Civil Service professions', 'digital_and_data', 'Digital and Data'),
        category('families', 'Role families of the Government Digital and Data framework', 'data', 'Data'),
      ],
      responsibilities: ['Build pipelines\n– that last', 'Write SQL & more', 'And what else there is.'],
      qualifications: ['Holds a degree, or has learned as much at work'],
      skills: [
        sfia('PROG', 'Programming/software development', 3),
        sfia('DESN', 'Systems design', 4),
        {
          ...python,
          description: 'Writes Python',
          identifier: { '@type': 'PropertyValue', propertyID: 'skill_level', name: 'Expert', value: 'expert' },
        },
        { ...python, description: 'Reads Python' },
        'Keeps calm',
      ],
      subjectOf: source('whole', 1, 'Data engineer', publishedAt(role)),
    })
  })

  await t.test('getOccupation → 200: what a role does not say is absent', async t => {
    const item = { id: 'i1', text: 'Be on call', optional: true, items: [] }
    await createPublished(call, 'bare', {
      title: 'Bare',
      grades: exampleDocument.grades,
      sections: [
        { kind: 'role_summary', heading: 'Summary', blocks: [{ type: 'subheading', text: 'To be written' }] },
        { kind: 'responsibilities', heading: 'Duties', blocks: [{ type: 'list', items: [item] }] },
      ],
    })
    const role = await call('GET /v1/roles/bare', everyone)
    const answer = await call('GET /v1/roles/bare/occupation', everyone)
    t.same(answer.body, {
      '@context': 'https://schema.org',
      '@type': 'Occupation',
      '@id': `${baseUrl}/v1/roles/bare/occupation`,
      name: 'Bare',
      url: `${baseUrl}/v1/roles/bare`,
      subjectOf: source('bare', 1, 'Bare', publishedAt(role)),
    })
  })

  await t.test('an Occupation is one to schema-dts, and a JSON-LD processor loses none of it', async t => {
    for (const slug of ['whole', 'bare']) {
      const role = (await call(`GET /v1/roles/${slug}`, everyone)).body as PublishedRole
      // That this is typed so is the test: see `npm run typecheck`.
      const typed: WithContext<SchemaOccupation> = occupationOf(role, baseUrl)
      const [given, back] = await throughJsonLd(typed)
      t.same(back, given, slug)
      t.same(typed, (await call(`GET /v1/roles/${slug}/occupation`, everyone)).body)
      await t.rejects(throughJsonLd({ ...typed, responsiblities: ['misspelt'] }), { name: 'jsonld.ValidationError' })
    }
  })

  await t.test('getOccupation and getVersionOccupation → headers, 304, and a new ETag with new bytes', async t => {
    await createPublished(call, 'headers')
    const first = await call('GET /v1/roles/headers/occupation', everyone)
    const version = await call('GET /v1/roles/headers/versions/1/occupation', everyone)
    t.equal(first.text, version.text)
    const shown = ({ status, headers }: Answer) => ({
      status,
      ...Object.fromEntries(
        [
          'content-type',
          'etag',
          'cache-control',
          'content-location',
          'access-control-allow-origin',
          'last-modified',
        ].map(name => [name, headers[name]]),
      ),
    })
    const common = {
      status: 200,
      'content-type': 'application/ld+json; charset=utf-8',
      etag: `"${digestOf(first.text)}"`,
      'cache-control': 'public, max-age=60, stale-if-error=86400',
      'access-control-allow-origin': '*',
      'last-modified': undefined,
    }
    t.same(shown(first), { ...common, 'content-location': '/v1/roles/headers/versions/1/occupation' })
    t.same(shown(version), { ...common, 'content-location': undefined })
    const unchanged = await call('GET /v1/roles/headers/occupation', {
      ...everyone,
      headers: { 'if-none-match': `W/${first.etag}`, accept: 'application/ld+json' },
    })
    t.same([unchanged.status, unchanged.text, unchanged.etag], [304, '', first.etag])

    const draft = await call('GET /v1/roles/headers/draft')
    const edited = await call('PATCH /v1/roles/headers/draft', { match: draft.etag, body: { title: 'Another' } })
    await publishRole(call, 'headers', edited.etag)
    const second = await call('GET /v1/roles/headers/occupation', {
      ...everyone,
      headers: { 'if-none-match': first.etag },
    })
    t.equal(second.status, 200)
    t.equal(second.etag, `"${digestOf(second.text)}"`)
    t.not(second.etag, first.etag)
    t.equal((second.body as { name: string }).name, 'Another')
    t.equal((await call('GET /v1/roles/headers/versions/1/occupation', everyone)).text, first.text)
  })

  await t.test('getOccupation → 404 for what was never published, 406, 410 with the tombstone of the role', async t => {
    await createRole(call, 'hidden')
    for (const path of ['/v1/roles/hidden/occupation', '/v1/roles/hidden/versions/1/occupation'])
      for (const key of [null, undefined]) {
        const answer = await call(`GET ${path}`, { key })
        t.match(problemOf(answer), { status: 404, code: 'not_found' }, path)
      }
    const refused = await call('GET /v1/roles/whole/occupation', { ...everyone, headers: { accept: 'text/html' } })
    t.match(problemOf(refused), { status: 406, code: 'not_acceptable' })

    const draft = await call('GET /v1/roles/bare/draft')
    const body = { reason: 'Merged', successor: 'whole' }
    t.equal((await call('POST /v1/roles/bare/withdrawals', { match: draft.etag, body })).status, 201)
    const role = await call('GET /v1/roles/bare', everyone)
    const gone = await call('GET /v1/roles/bare/occupation', everyone)
    t.equal(gone.status, 410)
    const ofRole = { ...(role.body as object), instance: '/v1/roles/bare/occupation', request_id: '' }
    t.same({ ...(gone.body as object), request_id: '' }, ofRole)
    t.same([gone.headers.link, gone.headers['cache-control']], [role.headers.link, role.headers['cache-control']])
    t.equal((await call('GET /v1/roles/bare/versions/1/occupation', everyone)).status, 200)
  })
})
