import { readFileSync } from 'node:fs'
import { Validator } from '@seriousme/openapi-schema-validator'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import t from 'tap'
import { contractText } from '../src/contract.ts'
import { testApp, token } from './support/app.ts'

interface Operation {
  operationId: string
  summary: string
  tags: string[]
  security: object[]
  parameters?: { in: string; name: string; required?: boolean; schema: { default?: unknown } }[]
  requestBody?: { content: Record<string, { schema: object; example?: unknown }> }
  responses: Record<string, { $ref?: string; description?: string; content?: object }>
}

const text = await contractText()
const contract = JSON.parse(text) as {
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, object> }
}
const operations = Object.entries(contract.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({
    line: `${method.toUpperCase()} ${path}`,
    method,
    path,
    operation,
  })),
)

t.test('the committed contract is exactly what the service does', async t => {
  const committed = readFileSync(new URL('../openapi/openapi.json', import.meta.url), 'utf8')
  t.ok(committed === text, 'npm run openapi writes it anew')
})

t.test('the contract is OpenAPI 3.1 also to a validator of others', async t => {
  const validator = new Validator()
  const { valid, errors } = await validator.validate(structuredClone(contract))
  t.strictSame([valid, errors ?? [], validator.version], [true, [], '3.1'])
  const { paths: _, ...broken } = structuredClone(contract) as Record<string, unknown>
  const told = await new Validator().validate({ ...broken, paths: { 'no-slash': {} } })
  t.equal(told.valid, false)
})

t.test('every operation is complete', async t => {
  const ids = operations.map(({ operation }) => operation.operationId)
  t.equal(new Set(ids).size, ids.length, 'operationIds are unique')
  for (const { line, method, operation } of operations) {
    t.ok(operation.operationId && operation.summary && operation.tags?.length, `${line} has id, summary and tag`)
    t.ok(operation.security?.length, `${line} says who may`)
    const name =
      operation.tags?.includes('Pages') && !line.endsWith('txt') && !line.includes('/sitemap')
        ? 'PageProblem'
        : 'Problem'
    t.same(operation.responses.default, { $ref: `#/components/responses/${name}` }, `${line} has a default problem`)
    t.ok(operation.responses['406'], `${line} has 406`)
    if (method !== 'get') t.ok(operation.responses['415'], `${line} has 415`)
    for (const parameter of operation.parameters ?? [])
      t.notOk(
        parameter.required && parameter.schema.default !== undefined,
        `${line}: ${parameter.name} has a default or is required`,
      )
  }
})

t.test('components are named', async t => {
  t.same(
    Object.keys(contract.components.schemas).filter(name => !/^[A-Z][A-Za-z]+$/.test(name)),
    [],
  )
})

t.test('what a vacancy names of its version is told as that, not as an id to be left out', async t => {
  interface Part {
    description?: string
    properties?: Record<string, Part>
    items?: Part
  }
  const schemas = contract.components.schemas as Record<string, Part>
  const skills = ['Vacancy', 'NewVacancy', 'ReplacementVacancy'].map(
    name => schemas[name]?.properties?.technical_skills?.items,
  )
  for (const part of [...Object.values(schemas.ChosenItem?.properties ?? {}), ...skills])
    t.match(part?.description, /^(A section|An optional item|A skill) of (the version|that section), by its id/)
})

t.test('every request body has a complete, valid example', async t => {
  const ajv = new Ajv2020({ strict: false })
  ;(addFormats as unknown as (target: Ajv2020) => void)(ajv)
  ajv.addSchema(contract, 'contract')
  for (const { line, operation } of operations)
    for (const [type, { schema, example }] of Object.entries(operation.requestBody?.content ?? {})) {
      // No text shows a Word file.
      if (type.includes('word')) continue
      t.ok(example, `${line}: ${type} has an example`)
      if (!type.includes('json')) continue
      const { $ref } = schema as { $ref?: string }
      const check = ajv.getSchema(`contract${$ref}`)
      t.ok(check?.(example), `${line}: ${ajv.errorsText(check?.errors)}`)
    }
})

t.test('the examples of POST are accepted by the service', async t => {
  const { call } = await testApp(t)
  for (const path of [
    '/v1/organisations?slug=new-office',
    '/v1/skills',
    '/v1/shared-sections',
    '/v1/roles',
    '/v1/api-keys',
  ]) {
    const example = contract.paths[path.split('?', 1)[0] ?? '']?.post?.requestBody?.content['application/json']?.example
    const { status, text: answer } = await call(`POST ${path}${path.includes('?') ? '&' : '?'}dry_run=true`, {
      body: example,
      key: token('home-office', ['admin']),
    })
    t.equal(status, 201, `${path}: ${answer.slice(0, 300)}`)
  }
  const exampleOf = (path: string, type = 'application/json') =>
    contract.paths[path]?.post?.requestBody?.content[type]?.example
  t.equal((await call('POST /v1/roles', { body: exampleOf('/v1/roles') })).status, 201)
  for (const part of ['sections', 'skills', 'sfia-mappings']) {
    const sent = { body: exampleOf(`/v1/roles/{role}/draft/${part}`), match: '*' }
    const { status, text } = await call(`POST /v1/roles/data-engineer/draft/${part}?dry_run=true`, sent)
    t.equal(status, 201, `${part}: ${text.slice(0, 300)}`)
  }
  for (const type of ['text/markdown', 'text/html']) {
    const sent = { body: exampleOf('/v1/imports', type), headers: { 'content-type': type } }
    const { status, body: made } = await call('POST /v1/imports?slug=from-example&dry_run=true', sent)
    t.strictSame([status, (made as { report: { warnings: unknown[] } }).report.warnings], [201, []], type)
  }
})
