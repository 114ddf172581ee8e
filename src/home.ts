/** What stands at the root: where the rest is. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { component, object, oneOf, ref } from './document/shape.ts'
import { preferredType } from './plugins/accept.ts'
import { apiVersion } from './plugins/openapi.ts'
import { cacheControl, digestTag, sendEntity } from './plugins/read.ts'

const Link = Type.String({ format: 'uri' })

/** Where everything begins that this service has. */
const places = {
  documentation: '/docs',
  openapi: '/openapi.json',
  health: '/health/ready',
  pages: '/roles',
  roles: '/v1/roles',
  vacancies: '/v1/vacancies',
  changes: '/v1/changes',
  atom: '/v1/feed.atom',
  roles_export: '/v1/exports/roles.ndjson',
  vacancies_export: '/v1/exports/vacancies.ndjson',
  drafts: '/v1/drafts',
  import_form: '/imports/new',
  shared_sections: '/v1/shared-sections',
  organisations: '/v1/organisations',
  skills: '/v1/skills',
  sfia: '/v1/sfia/9/skills',
  code_lists: '/v1/code-lists',
  webhooks: '/v1/webhooks',
  api_keys: '/v1/api-keys',
  audit_events: '/v1/audit-events',
  me: '/v1/me',
}

const Home = component(
  'Home',
  object({
    name: Type.String(),
    description: Type.String(),
    version: Type.String({ description: 'Of the contract, which every response carries in API-Version.' }),
    status: oneOf(['alpha', 'beta', 'live', 'deprecated'], {
      description: 'How far this version of the API has come.',
    }),
    links: object(
      Object.fromEntries(Object.keys(places).map(name => [name, Link])) as Record<keyof typeof places, typeof Link>,
    ),
  }),
)

/** Of an API catalog: its media type with the profile that says it is one (RFC 9727 §5.2). */
const linkset = 'application/linkset+json'
const linksetType = `${linkset}; profile="https://www.rfc-editor.org/info/rfc9727"`
const catalogLink = '</.well-known/api-catalog>; rel="api-catalog"'

const LinkTarget = object({ href: Link, type: Type.String() })

const ApiCatalog = component(
  'ApiCatalog',
  object({
    linkset: Type.Array(
      object({
        anchor: Link,
        'service-desc': Type.Array(LinkTarget),
        'service-doc': Type.Array(LinkTarget),
        status: Type.Array(LinkTarget),
      }),
    ),
  }),
)

export const home: FastifyPluginAsyncTypebox<{ baseUrl: string }> = async (app, { baseUrl }) => {
  const body = JSON.stringify({
    name: 'Role Register',
    description: 'Role definitions in, dependable JSON out.',
    version: apiVersion,
    status: 'beta',
    links: Object.fromEntries(Object.entries(places).map(([name, path]) => [name, baseUrl + path])),
  })
  const etag = digestTag(body)
  const config = { scope: 'public', headers: ['Link'] } as const
  const summary = 'What this is, and where the rest stands'
  const send = (request: FastifyRequest, reply: FastifyReply) => {
    reply.header('link', catalogLink)
    return sendEntity(request, reply, { body, etag, cache: 'public' })
  }

  app.get(
    '/',
    {
      schema: {
        operationId: 'getHome',
        summary,
        description: 'Who asks for HTML is led to the pages.',
        tags: ['Service'],
        // Links for people carry what they like.
        querystring: Type.Object({}),
        response: { 200: ref(Home), 302: Type.Null({ description: 'To the page of roles, for whom asks for HTML.' }) },
      },
      config: { ...config, redirects: ['text/html'] },
    },
    (request, reply) => {
      reply.header('vary', 'Accept')
      if (preferredType(request, ['application/json', 'text/html']) !== 'text/html') return send(request, reply)
      reply.header('cache-control', cacheControl.public)
      return reply.redirect('/roles', 302) as never
    },
  )

  app.get(
    '/v1',
    { schema: { operationId: 'getHomeOfV1', summary, tags: ['Service'], response: { 200: ref(Home) } }, config },
    send,
  )

  const catalog = JSON.stringify({
    linkset: [
      {
        anchor: `${baseUrl}/v1`,
        'service-desc': [{ href: `${baseUrl}/openapi.json`, type: 'application/json' }],
        'service-doc': [{ href: `${baseUrl}/docs`, type: 'text/html' }],
        status: [{ href: `${baseUrl}/health/ready`, type: 'application/json' }],
      },
    ],
  })
  const catalogTag = digestTag(catalog)
  app.get(
    '/.well-known/api-catalog',
    {
      schema: {
        operationId: 'getApiCatalog',
        summary: 'The APIs that stand here, as a set of links (RFC 9727)',
        tags: ['Service'],
        response: { 200: ref(ApiCatalog) },
      },
      config: { ...config, produces: [linkset] },
    },
    (request, reply) => {
      reply.header('link', catalogLink)
      return sendEntity(request, reply, { body: catalog, etag: catalogTag, cache: 'public', type: linksetType })
    },
  )
}
