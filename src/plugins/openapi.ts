/**
 * The contract, made from the routes themselves: their TypeBox schemas, and what `config` says of scope and writing. A
 * route need not repeat which headers, security and errors follow from those; they are added here, for all alike.
 */
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance, RouteOptions } from 'fastify'
import fp from 'fastify-plugin'
import { type TSchema, Type } from 'typebox'
import { components } from '../document/shape.ts'
import {
  headerRefs,
  headers,
  type Json,
  pageProblemResponses,
  problemAnswer,
  problemResponses,
  responseTexts,
} from './answers.ts'
import { scopes } from './auth.ts'
import { consumedBy } from './body.ts'
import type { Deprecation } from './deprecation.ts'
import { digestTag, sendEntity, typesOf } from './read.ts'

/** The version of the contract, which every response carries in `API-Version`. */
export const apiVersion = '1.0.0'

interface Operation {
  operationId?: string
  description?: string
  deprecated?: boolean
  tags?: string[]
  security?: Json[]
  parameters?: Json[]
  requestBody?: { content: Record<string, { schema: Json; example?: unknown; examples?: unknown }>; required?: boolean }
  responses: Record<
    string,
    { description?: string; headers?: Json; content?: Record<string, { schema?: Json }>; $ref?: string }
  >
  [extension: `x-${string}`]: unknown
}

interface Facts {
  scope: string | readonly string[]
  write?: { match: 'required' | 'optional' | 'none' }
  produces?: readonly string[]
  consumes?: readonly string[]
  headers?: readonly string[]
  examples?: Readonly<Record<string, unknown>>
  problems?: readonly number[]
  deprecated?: Deprecation
  isPage?: boolean
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Media types of the body, where it is not JSON. */
    consumes?: readonly string[]
    /** Headers of a good answer that do not follow from the rest, such as `Repr-Digest`; each has an entry in `answers.ts`. */
    headers?: readonly string[]
    /** An example of the body for each media type, where its schema has none. */
    examples?: Readonly<Record<string, unknown>>
    /** Statuses of problems that do not follow from scope, path and writing, such as 410. */
    problems?: readonly number[]
  }
}

/** What each group of operations is about. */
const tagDescriptions: Record<string, string> = {
  'API keys': 'The credentials of an organisation, and who the caller is.',
  Audit: 'Who changed what, and who was refused.',
  Changes: 'What became public and what ceased to be, in order and without gaps.',
  'Code lists': 'The closed lists of codes that documents use.',
  Drafts: 'The working copy of a role.',
  Exports: 'All that is public in one answer, a line for each.',
  Imports: 'Documents in, drafts and reports out.',
  'Life of a role': 'Review, publication and withdrawal.',
  Pages: 'What people read in a browser.',
  Organisations: 'The departments that own roles.',
  'Published roles': 'What the world reads: the latest version of each role, all before it, and their list.',
  'Role skills': 'The skills of a draft, one at a time.',
  SFIA: 'The index of the Skills Framework for the Information Age, by version.',
  Sections: 'The sections of a draft, one at a time.',
  Service: 'The service itself: where things stand, whether it is well, what its problems mean.',
  'SFIA mappings': 'The SFIA skills of a draft, one at a time.',
  'Shared sections': 'Texts that many roles of an organisation use.',
  Skills: 'The catalogue of skills, one for all organisations.',
  Vacancies: 'Openings made from published versions, and their public forms.',
  Webhooks: 'Where to send what becomes public, and what became of it.',
}

/** Who may, and how it may be repeated: most tools show no scopes of a bearer token. */
function usageOf({ scope, write }: Facts): string {
  const named = [scope].flat().map(one => `\`${one}\``)
  const who =
    scope === 'public'
      ? 'Open to everybody.'
      : scope === 'any'
        ? 'Needs a key.'
        : `Needs a key with the scope ${named.join(' or ')}.`
  return write ? `${who} May be tried with \`dry_run\`, and repeated with the same \`Idempotency-Key\`.` : who
}

function describe(operation: Operation, method: string, path: string, facts: Facts): void {
  const { scope, write, deprecated } = facts
  const isPublic = scope === 'public'
  operation.description = [operation.description, usageOf(facts)].filter(text => text !== undefined).join(' ')
  if (deprecated) {
    operation.deprecated = true
    const until = deprecated.sunset === undefined ? '' : `, and answers until ${deprecated.sunset}`
    operation.description += ` Deprecated since ${deprecated.since}${until}: see ${deprecated.link}.`
  }
  const needed = scope === 'any' ? [[]] : [scope].flat().map(one => [one])
  operation.security = isPublic ? [{}, { api_key: [] }] : needed.map(api_key => ({ api_key }))
  const statuses = new Set(['400', '401', '406', '429', '500', '503', ...(facts.problems ?? []).map(String)])
  if (!isPublic && scope !== 'any') statuses.add('403')
  if (path.includes('{')) statuses.add('404')
  if (operation.requestBody) {
    operation.requestBody.required = true
    const [content] = Object.values(operation.requestBody.content)
    const types = consumedBy(method.toUpperCase(), facts)
    const entryOf = ({ schema }: { schema: Json }, type: string, example = facts.examples?.[type]) =>
      [type, example === undefined ? { schema } : { schema, example }] as const
    if (content) operation.requestBody.content = Object.fromEntries(types.map(type => entryOf(content, type)))
  }
  // A form's fields are read by its own parser, and no schema of its body is checked.
  if (facts.consumes && !write) for (const status of ['413', '415', '422']) statuses.add(status)
  const parameters = operation.parameters ?? []
  // The service fills in a default, so that nobody must send it.
  for (const parameter of parameters)
    if ((parameter.schema as Json | undefined)?.default !== undefined) parameter.required = false
  operation.parameters = parameters
  if (write) {
    for (const status of ['409', '412', '415', '422', ...(operation.requestBody ? ['413'] : [])]) statuses.add(status)
    parameters.push({
      in: 'header',
      name: 'Idempotency-Key',
      required: false,
      description: 'A retry with the same key within 24 hours gets the first reply again.',
      schema: { type: 'string', maxLength: 255 },
    })
    if (write.match !== 'none') {
      parameters.push({
        in: 'header',
        name: 'If-Match',
        required: write.match === 'required',
        description: 'The ETag of what was read, in double quotes.',
        schema: { type: 'string' },
        // Swagger UI fills an example in: where the header may be left out, that would be a precondition nobody asked for.
        ...(write.match === 'required' ? { example: '"r1"' } : {}),
      })
      if (write.match === 'required') statuses.add('428')
    }
  } else if (method === 'get') {
    parameters.push({
      in: 'header',
      name: 'If-None-Match',
      required: false,
      description: 'An ETag; 304 where it is the current one.',
      schema: { type: 'string' },
    })
    if (operation.responses['200']?.headers === undefined)
      operation.responses['304'] = { description: responseTexts['304'] ?? '' }
  }
  const sunset = deprecated?.sunset === undefined ? [] : ['Sunset']
  const ofDeprecated = deprecated ? ['Deprecation', 'Link', ...sunset] : []
  const own = [...(facts.headers ?? []), ...(parameters.some(({ name }) => name === 'cursor') ? ['Link'] : [])]
  for (const [status, response] of Object.entries(operation.responses)) {
    response.headers = headerRefs(
      ...(status === '304' ? own.filter(name => name.startsWith('Content-')) : own),
      ...(method === 'get' && response.content ? ['Last-Modified'] : []),
      ...(status === '304' || write || response.content ? ['ETag'] : []),
      ...(write ? ['Idempotent-Replayed'] : []),
      ...(['201', '202', '302'].includes(status) ? ['Location'] : []),
      ...(isPublic && !write ? ['Access-Control-Allow-Origin'] : []),
      ...ofDeprecated,
    )
    if (!response.description || response.description === 'Default Response')
      response.description = responseTexts[status] ?? ''
    const [content] = Object.values(response.content ?? {})
    if (content && facts.produces)
      response.content = Object.fromEntries(
        facts.produces.map(type => [type, type.includes('json') ? content : { schema: { type: 'string' } }]),
      )
    if (status === '204' || status === '304') delete response.content
  }
  for (const status of statuses) operation.responses[status] ??= problemAnswer(status, facts.isPage, ofDeprecated)
  operation.responses.default = problemAnswer('default', facts.isPage, ofDeprecated)
}

/** `$ref`s to the request's example, put where tools look for it. */
function addExamples(operation: Operation, schemas: Record<string, Json>): void {
  for (const content of Object.values(operation.requestBody?.content ?? {})) {
    const name =
      String(content.schema.$ref ?? '')
        .split('/')
        .at(-1) ?? ''
    const examples = schemas[name]?.examples as unknown[] | undefined
    if (examples?.[0] !== undefined) content.example = examples[0]
  }
}

/**
 * Says which value of a discriminator means which schema: where nothing says so, the schemas' names are the values. Here and
 * not where the schemas are made, as ajv takes none.
 */
function mapDiscriminators(schemas: Record<string, Json>): void {
  type Discriminated = { discriminator?: { propertyName: string; mapping?: Record<string, string> }; oneOf?: unknown }
  for (const { discriminator, oneOf } of Object.values(schemas) as Discriminated[]) {
    if (discriminator === undefined) continue
    const valuesOf = ($ref: string) => {
      const { properties } = schemas[$ref.split('/').at(-1) ?? ''] as { properties: Record<string, Json> }
      const { const: only, enum: values } = properties[discriminator.propertyName] as {
        const?: string
        enum?: string[]
      }
      return only === undefined ? (values ?? []) : [only]
    }
    discriminator.mapping = Object.fromEntries(
      (oneOf as { $ref: string }[]).flatMap(({ $ref }) => valuesOf($ref).map(value => [value, $ref])),
    )
  }
}

/** Says of every integer how many bits it needs, which generated clients want to know. */
function addIntegerFormats(part: unknown): void {
  if (part === null || typeof part !== 'object') return
  const schema = part as Json
  if ([schema.type].flat().includes('integer') && schema.format === undefined) {
    const { minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY } = schema as Record<string, number>
    schema.format = minimum >= -(2 ** 31) && maximum < 2 ** 31 ? 'int32' : 'int64'
  }
  for (const [name, member] of Object.entries(part))
    if (!['default', 'enum', 'example', 'examples'].includes(name)) addIntegerFormats(member)
}

/** Leaves out of the components what nothing refers to: no operation or message, and no component that one refers to. */
function dropUnused(roots: unknown, components: Record<string, Record<string, Json>>): void {
  const used = new Set<string>()
  const follow = (part: unknown) => {
    for (const [, kind = '', name = ''] of JSON.stringify(part).matchAll(/"#\/components\/(\w+)\/([\w-]+)/g)) {
      if (used.has(`${kind}/${name}`)) continue
      used.add(`${kind}/${name}`)
      follow(components[kind]?.[name] ?? null)
    }
  }
  follow(roots)
  for (const kind of ['schemas', 'responses', 'headers'])
    components[kind] = Object.fromEntries(
      Object.entries(components[kind] ?? {}).filter(([name]) => used.has(`${kind}/${name}`)),
    )
}

/** Object members in one order, so that the committed file changes only where the contract does. */
const sorted = (record: Json) => Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)))

interface Options {
  /** The messages that the register sends, as OpenAPI says it. */
  webhooks: Json
}

export const openapi = fp(
  async (app: FastifyInstance, { webhooks }: Options) => {
    for (const schema of components.values()) app.addSchema(schema)

    app.addHook('onRoute', (route: RouteOptions) => {
      if (!route.config?.write || !route.schema) return
      const { properties = {} } = (route.schema.querystring ?? {}) as { properties?: Record<string, TSchema> }
      const dry_run = Type.Optional(
        Type.Boolean({
          description:
            'Validate everything and store nothing. Ids and times in the answer, and ETags of what holds them, are of this try alone.',
        }),
      )
      route.schema.querystring = Type.Object({ ...properties, dry_run }, { additionalProperties: false })
    })
    // A query parameter that a route does not know is an error, also where it knows none. Links to pages carry what they like.
    app.addHook('onRoute', (route: RouteOptions) => {
      if (route.schema?.operationId && !route.schema.querystring && !route.config?.problemPage)
        route.schema.querystring = Type.Object({}, { additionalProperties: false })
    })

    await app.register(swagger, {
      openapi: {
        openapi: '3.1.0',
        info: {
          title: 'Role Register',
          version: apiVersion,
          description:
            'Role definitions in, dependable JSON out. Reads of published roles need no key. Every error is a problem (RFC 9457).',
          contact: { name: 'The operators of this register' },
          license: { name: 'MIT', identifier: 'MIT' },
        },
        servers: [
          {
            url: '/',
            description: 'Where the contract stands: production, staging or local.',
            'x-internal': false,
          } as { url: string },
        ],
        components: {
          securitySchemes: {
            api_key: {
              type: 'http',
              scheme: 'bearer',
              description: `An API key, or a token of the configured issuer. Scopes: ${Object.entries(scopes)
                .map(([name, text]) => `\`${name}\` (${text})`)
                .join(', ')}.`,
            },
          },
        },
      },
      refResolver: {
        buildLocalReference: (schema, _base, _fragment, index) =>
          typeof schema.$id === 'string' ? schema.$id : `def-${index}`,
      },
      transform: ({ schema, url, route }) => {
        const config = route.config ?? {}
        if (!schema?.operationId) return { schema: { ...schema, hide: true }, url }
        const facts: Facts = {
          scope: config.scope ?? 'public',
          ...(config.write ? { write: config.write } : {}),
          ...(config.produces ? { produces: typesOf(config.produces) } : {}),
          ...(config.consumes ? { consumes: config.consumes } : {}),
          ...(config.headers ? { headers: config.headers } : {}),
          ...(config.examples ? { examples: config.examples } : {}),
          ...(config.problems ? { problems: config.problems } : {}),
          ...(config.deprecated ? { deprecated: config.deprecated } : {}),
          ...(config.problemPage ? { isPage: true } : {}),
        }
        return { schema: { ...schema, 'x-facts': facts }, url }
      },
      transformObject: source => {
        const document = structuredClone('openapiObject' in source ? source.openapiObject : {}) as Json
        const parts = document.components as Record<string, Record<string, Json>>
        const schemas = (parts.schemas ?? {}) as Record<string, Json>
        const tags = new Set<string>()
        for (const [path, item] of Object.entries(document.paths as Record<string, Record<string, Operation>>))
          for (const [method, operation] of Object.entries(item)) {
            describe(operation, method, path, operation['x-facts'] as Facts)
            addExamples(operation, schemas)
            delete operation['x-facts']
            for (const tag of operation.tags ?? []) tags.add(tag)
          }
        for (const schema of Object.values(schemas)) {
          delete schema.$id
          delete schema.title
        }
        mapDiscriminators(schemas)
        parts.schemas = sorted(schemas) as Record<string, Json>
        parts.headers = headers
        parts.responses = { ...problemResponses, ...pageProblemResponses }
        document.webhooks = sorted(structuredClone(webhooks))
        dropUnused([document.paths, document.webhooks], parts)
        document.paths = sorted(document.paths as Json)
        document.tags = [...tags].sort().map(name => ({ name, description: tagDescriptions[name] }))
        addIntegerFormats(document)
        return document as never
      },
    })

    // Before the auth plugin: the routes of a library cannot name their scope.
    await app.register(swaggerUi, {
      routePrefix: '/docs',
      staticCSP: true,
      // The plugin's own policy lets styles and fonts come from any https host, and upgrades http on an intranet.
      transformStaticCSP: () =>
        "default-src 'none'; base-uri 'none'; connect-src 'self'; font-src 'self'; form-action 'self'; frame-ancestors 'none'; img-src 'self' data:; script-src 'self'; style-src 'self' 'unsafe-hashes' 'sha256-RL3ie0nH+Lzz2YNqQN83mnU0J1ot4QL7b99vMdIX99w='",
      uiConfig: { persistAuthorization: true, tryItOutEnabled: true },
    })

    let contract: { body: string; etag: string } | undefined
    const written = () => {
      const body = JSON.stringify(app.swagger())
      return { body, etag: digestTag(body) }
    }
    for (const path of ['/openapi.json', '/v1/openapi.json'])
      app.get(path, { schema: { hide: true }, config: { scope: 'public' } }, (request, reply) => {
        reply.header('access-control-allow-origin', '*')
        contract ??= written()
        return sendEntity(request, reply, { ...contract, cache: { seconds: 300 } })
      })
  },
  { name: 'openapi' },
)
