// The contract as callers rely on it: what would break them is caught, and what is on its way out says so.
import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { Type } from 'typebox'
import { build } from '../src/app.ts'
import { connect } from '../src/database/connect.ts'
import type { Deprecation } from '../src/plugins/deprecation.ts'
import { problemTypes } from '../src/plugins/problems.ts'
import { breakingChanges, type Contract, withNeededSchemas } from './contract/breaking.ts'
import { baseUrl, testApp, webhooks } from './support/app.ts'
import { type App, callerOf } from './support/call.ts'
import { problemOf } from './support/problem.ts'
import { createPublished } from './support/roles.ts'

const contract = JSON.parse(readFileSync(new URL('../openapi/openapi.json', import.meta.url), 'utf8')) as Contract

/** A contract of a few operations: comparing all of them takes seconds. */
const sliceOf = (chosen: readonly string[]) =>
  withNeededSchemas({
    ...contract,
    paths: Object.fromEntries(chosen.map(path => [path, contract.paths[path] ?? {}])),
    webhooks: Object.fromEntries(
      Object.entries(contract.webhooks ?? {}).filter(([type]) => type === 'ping' || type === 'role.withdrawn'),
    ),
  })

// biome-ignore lint/suspicious/noExplicitAny: edits reach into JSON of any shape.
type Edit = (contract: any) => void

const role = '/v1/roles/{role}'
const part = sliceOf(['/v1/roles', role, `${role}/occupation`, '/v1/organisations/{slug}', '/v1/skills'])
const edited = (edit: Edit) => {
  const after = structuredClone(part)
  edit(after)
  if (JSON.stringify(after) === JSON.stringify(part)) throw new Error('the edit changes nothing')
  return after
}
const parameter = (of: { parameters: { name: string }[] }, name: string) => {
  const found = of.parameters.find(entry => entry.name === name)
  if (!found) throw new Error(`no parameter ${name}`)
  return found
}

const breaking: Record<string, Edit> = {
  'an operation is gone': ({ paths }) => delete paths['/v1/skills'].post,
  'a path has another name': ({ paths }) => {
    paths['/v1/competences'] = paths['/v1/skills']
    delete paths['/v1/skills']
  },
  'a query parameter is gone': ({ paths }) => {
    const list = paths['/v1/roles'].get
    list.parameters = list.parameters.filter(({ name }: { name: string }) => name !== 'grade')
  },
  'a query parameter is required': ({ paths }) =>
    Object.assign(parameter(paths['/v1/roles'].get, 'organisation'), { required: true }),
  'a new query parameter is required': ({ paths }) =>
    paths['/v1/skills'].get.parameters.push({ in: 'query', name: 'x', required: true, schema: { type: 'string' } }),
  'a query parameter takes fewer values': ({ paths }) =>
    (parameter(paths['/v1/roles'].get, 'profession') as { schema?: { enum?: string[] } }).schema?.enum?.pop(),
  'a member of a request is required': ({ components }) => components.schemas.NewSkill.required.push('description'),
  'a member of a request is shorter': ({ components }) => {
    components.schemas.NewSkill.properties.name.maxLength = 5
  },
  'a member of a request has another type': ({ components }) => {
    components.schemas.NewSkill.properties.name = { type: 'integer' }
  },
  'a member of each form of a request is required': ({ components }) =>
    components.schemas.NewBlock.required.push('note'),
  'a required member of an answer is gone': ({ components }) => {
    const { PublishedRole } = components.schemas
    delete PublishedRole.properties.change_note
    PublishedRole.required = PublishedRole.required.filter((name: string) => name !== 'change_note')
  },
  'a required member of an answer may be absent': ({ components }) => components.schemas.PublishedRole.required.pop(),
  'an optional member of an answer is gone': ({ components }) =>
    delete components.schemas.Occupation.properties.qualifications,
  'a string of an answer may be null': ({ components }) => {
    components.schemas.PublishedRole.properties.change_note.type = ['string', 'null']
  },
  'a component of an answer may be null': ({ components }) => {
    const { properties } = components.schemas.PublishedRole
    properties.advert_details = { anyOf: [properties.advert_details, { type: 'null' }] }
  },
  'a code of an answer has another value': ({ components }) =>
    components.schemas.PublishedSection.properties.kind.enum.push('anecdotes'),
  'a block of an answer has another form': ({ components }) => {
    components.schemas.VideoBlock = { type: 'object', properties: { type: { const: 'video' } } }
    components.schemas.Block.oneOf.push({ $ref: '#/components/schemas/VideoBlock' })
  },
  'a time of an answer is any string': ({ components }) =>
    delete components.schemas.PublishedRole.properties.published_at.format,
  'an answer has another media type': ({ paths }) => {
    const { content } = paths[`${role}/occupation`].get.responses['200']
    content['application/json'] = content['application/ld+json']
    delete content['application/ld+json']
  },
  'success has another status': ({ paths }) => {
    const { responses } = paths['/v1/skills'].post
    responses['200'] = responses['201']
    delete responses['201']
  },
  'a header of an answer is gone': ({ paths }) => delete paths[role].get.responses['200'].headers.ETag,
  'a message is sent no more': ({ webhooks }) => delete webhooks.ping,
  'a header of a message is gone': ({ webhooks }) => webhooks.ping.post.parameters.pop(),
  'a member of a message is gone': ({ components }) =>
    delete components.schemas.RoleWithdrawn.properties.data.properties.reason,
  'a member of a message may be null': ({ components }) => {
    components.schemas.RoleWithdrawn.properties.role = { type: ['string', 'null'] }
  },
  'what was open needs a key': ({ paths }) => {
    paths[role].get.security = [{ api_key: [] }]
  },
}

const harmless: Record<string, Edit> = {
  'a new operation': ({ paths }) => {
    paths['/v1/teams'] = structuredClone(paths['/v1/skills'])
  },
  'a new optional query parameter': ({ paths }) =>
    paths['/v1/roles'].get.parameters.push({ in: 'query', name: 'x', required: false, schema: { type: 'string' } }),
  'a query parameter takes another value': ({ paths }) =>
    (parameter(paths['/v1/roles'].get, 'profession') as { schema?: { enum?: string[] } }).schema?.enum?.push('circus'),
  'a new optional member of a request': ({ components }) => {
    components.schemas.NewSkill.properties.motto = { type: 'string', maxLength: 80 }
  },
  'a member of a request may be longer': ({ components }) => {
    components.schemas.NewSkill.properties.name.maxLength += 100
  },
  'a form of a request has a name': ({ components }) => {
    components.schemas.NewBlock.discriminator.mapping.aside = '#/components/schemas/TextBlock'
  },
  'a new member of an answer': ({ components }) => {
    components.schemas.PublishedRole.properties.motto = { type: 'string' }
    components.schemas.PublishedRole.required.push('motto')
  },
  'a string of an answer is never null any more': ({ components }) => {
    components.schemas.PublishedRole.properties.family.type = 'string'
  },
  'a new problem': ({ paths, components }) => {
    components.schemas.Problem.properties.code.enum.push('teapot')
    paths[role].get.responses['418'] = structuredClone(paths[role].get.responses['404'])
  },
  'other words': ({ paths, components }) => {
    paths[role].get.summary = 'Another summary'
    components.schemas.PublishedRole.description = 'Another description'
  },
  'a new message': ({ webhooks }) => {
    webhooks['role.renamed'] = structuredClone(webhooks.ping)
  },
  'a new member of a message': ({ components }) => {
    components.schemas.RoleWithdrawn.properties.motto = { type: 'string' }
  },
  'an operation is deprecated': ({ paths }) => {
    paths[role].get.deprecated = true
  },
}

t.test('a breaking change is told', async t => {
  t.same(breakingChanges(part, structuredClone(part)), [], 'the contract does not break itself')
  for (const [what, edit] of Object.entries(breaking)) t.not(breakingChanges(part, edited(edit)).length, 0, what)
})

t.test('a harmless change is not, and each can be judged', async t => {
  // So api-smart-diff tells of what it cannot judge, and lets it pass.
  const complaints = t.capture(console, 'error')
  for (const [what, edit] of Object.entries(harmless)) t.same(breakingChanges(part, edited(edit)), [], what)
  const skillNamed = (name: object) =>
    edited(({ components }) => {
      components.schemas.NewSkill.properties.name = name
    })
  const [number, either] = [
    { type: ['integer', 'null'] },
    { type: ['integer', 'null', 'string'], maxLength: 9, pattern: '^x' },
  ]
  t.same(breakingChanges(skillNamed(number), skillNamed(either)), [], 'what took no string takes some')
  t.not(breakingChanges(skillNamed({ type: 'string' }), skillNamed({ type: 'string', maxLength: 9 })).length, 0)
  t.same(complaints(), [])
})

/** The service with one more operation, `GET /v1/old/{number}`, that is on its way out. It asks no database. */
async function withOldOperation(deprecated: Deprecation): Promise<App> {
  const db = connect({ url: 'postgres://nowhere' })
  const app = await build({ db, authenticate: async () => null, pepper: '', webhooks, baseUrl, cacheBytesMax: 0 })
  app.addHook('onClose', () => db.destroy())
  const schema = {
    operationId: 'getOld',
    summary: 'An old thing',
    tags: ['Service'],
    params: Type.Object({ number: Type.Integer({ minimum: 1, maximum: 9 }) }),
    response: { 200: Type.Object({}) },
  }
  app.get('/v1/old/:number', { schema, config: { scope: 'public', deprecated } }, (_request, reply) =>
    reply.header('link', '</v1/old/2>; rel="next"').send({}),
  )
  return app
}

t.test('an operation that is on its way out says so in the contract and in every answer', async t => {
  const app = await withOldOperation({
    since: '2026-11-24T00:00:00Z',
    sunset: '2027-05-24T12:00:00+01:00',
    link: 'https://register.example/docs/old',
  })
  t.after(() => app.close())
  await app.ready()
  const call = callerOf(app)
  const link = '<https://register.example/docs/old>; rel="deprecation"'
  const headers = { deprecation: '@1795478400', sunset: 'Mon, 24 May 2027 11:00:00 GMT' }
  const found = await call('GET /v1/old/1')
  t.match(found.headers, { ...headers, link: `</v1/old/2>; rel="next", ${link}` })
  t.match((await call('GET /v1/old/ten')).headers, { ...headers, link }, 'a problem too')
  t.equal((await call('GET /')).headers.deprecation, undefined, 'no other operation')

  const { paths } = app.swagger() as unknown as {
    paths: Record<string, { get: { deprecated?: boolean; description: string; responses: Contract['paths'] } }>
  }
  const { deprecated, description, responses } = paths['/v1/old/{number}']?.get ?? {}
  t.equal(deprecated, true)
  t.equal(
    description,
    'Open to everybody. Deprecated since 2026-11-24T00:00:00Z, and answers until 2027-05-24T12:00:00+01:00: see https://register.example/docs/old.',
  )
  t.match(responses?.['200'], {
    headers: {
      Deprecation: { $ref: '#/components/headers/Deprecation' },
      Sunset: { $ref: '#/components/headers/Sunset' },
    },
  })
})

t.test('an operation may be deprecated without an end; an end before the beginning is refused', async t => {
  const app = await withOldOperation({ since: '2026-11-24T00:00:00Z', link: '/docs' })
  t.after(() => app.close())
  const { headers } = await app.inject('/v1/old/1')
  t.same([headers.deprecation, headers.sunset], ['@1795478400', undefined])
  for (const deprecated of [
    { since: '2026-11-24T00:00:00Z', sunset: '2026-11-23T00:00:00Z', link: '/docs' },
    { since: 'soon', link: '/docs' },
  ])
    await t.rejects(withOldOperation(deprecated), /no times in this order/)
})

t.test('getApiCatalog → 200: a set of links that says where the API and its contract stand', async t => {
  const { call } = await testApp(t)
  const answer = await call('GET /.well-known/api-catalog', { key: null })
  t.same(answer.body, {
    linkset: [
      {
        anchor: `${baseUrl}/v1`,
        'service-desc': [{ href: `${baseUrl}/openapi.json`, type: 'application/json' }],
        'service-doc': [{ href: `${baseUrl}/docs`, type: 'text/html' }],
        status: [{ href: `${baseUrl}/health/ready`, type: 'application/json' }],
      },
    ],
  })
  const type = 'application/linkset+json; profile="https://www.rfc-editor.org/info/rfc9727"; charset=utf-8'
  const link = '</.well-known/api-catalog>; rel="api-catalog"'
  const head = await call('HEAD /.well-known/api-catalog', { key: null })
  for (const { status, headers } of [answer, head])
    t.same([status, headers['content-type'], headers.link], [200, type, link])
  t.equal((await call('GET /', { key: null })).headers.link, link, 'the root leads to it')
  for (const path of ['/openapi.json', '/v1/openapi.json']) {
    const { text, etag } = await call(`GET ${path}`, { key: null })
    t.same(Object.keys(JSON.parse(text).paths), Object.keys(contract.paths))
    t.equal((await call(`GET ${path}`, { headers: { 'if-none-match': etag } })).status, 304, path)
  }
  const unchanged = await call('GET /.well-known/api-catalog', { headers: { 'if-none-match': answer.etag } })
  t.equal(unchanged.status, 304)
  // What it says is there, is there.
  for (const [{ href } = { href: '' }] of Object.values(
    (answer.body as { linkset: [Record<string, [{ href: string }]>] }).linkset[0],
  ).filter(Array.isArray))
    t.equal((await call(`GET ${href.slice(baseUrl.length)}`, { headers: { accept: '*/*' } })).status < 400, true, href)
})

t.test('getOccupation, getApiCatalog → 200 as JSON to those who ask for that, 406 as neither', async t => {
  const { call } = await testApp(t)
  await createPublished(call, 'engineer')
  for (const [path, kind] of [
    ['/v1/roles/engineer/occupation', 'application/ld+json'],
    ['/.well-known/api-catalog', 'application/linkset+json'],
  ] as const) {
    const get = (accept: string, headers = {}) => call(`GET ${path}`, { key: null, headers: { accept, ...headers } })
    const usual = await get('*/*')
    for (const [accept, type] of [
      ['*/*', kind],
      ['application/*', kind],
      [kind, kind],
      [`application/json;q=0.5, ${kind}`, kind],
      ['application/json', 'application/json'],
      // What axios sends.
      ['application/json, text/plain, */*', 'application/json'],
      // As Content-Type says it.
      ['application/json; charset=utf-8', 'application/json'],
      [`application/json;q=0.5, ${kind};charset="UTF-8";q=0.9`, kind],
    ] as const) {
      const { status, headers, text, etag } = await get(accept)
      const shown = [status, headers['content-type']?.toString().split(';')[0], headers.vary, text, etag]
      t.same(shown, [200, type, 'Accept', usual.text, usual.etag], accept)
    }
    t.equal((await get('application/json', { 'if-none-match': usual.etag })).status, 304)
    t.strictSame(problemOf(await get('text/html')), {
      status: 406,
      code: 'not_acceptable',
      detail: `This address answers with ${kind} or application/json; Accept excludes that.`,
      errors: [],
    })
  }
  for (const [accept, status] of [
    ['application/json; charset=utf-8', 200],
    ['text/html, application/json;charset=UTF-8;q=0.1', 200],
    ['application/json; charset=utf-16', 406],
    ['application/json; version=1', 406],
  ] as const)
    t.equal((await call('GET /v1/roles', { key: null, headers: { accept } })).status, status, accept)
})

t.test('every problem of the list is thrown somewhere, and nothing else is', async t => {
  const source = new URL('../src/', import.meta.url)
  const texts = readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.ts'))
    .map(name =>
      readFileSync(new URL(name, source), 'utf8').replace(/export const problemTypes[\s\S]*?\n} as const/, ''),
    )
  // The compiler lets a Problem have no other code than those of the list.
  for (const code of Object.keys(problemTypes))
    t.ok(
      texts.some(text => text.includes('Problem') && text.includes(`'${code}'`)),
      `${code} is thrown`,
    )
})
