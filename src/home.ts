/** What stands at the root: where the rest is. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { component, object, oneOf, ref } from './document/shape.ts'
import { apiVersion } from './plugins/openapi.ts'
import { digestTag, sendEntity } from './plugins/read.ts'

const Link = Type.String({ format: 'uri' })

const Home = component(
  'Home',
  object({
    name: Type.String(),
    description: Type.String(),
    version: Type.String({ description: 'Of the contract, which every response carries in API-Version.' }),
    status: oneOf(['alpha', 'beta', 'live', 'deprecated'], {
      description: 'How far this version of the API has come.',
    }),
    links: object({
      documentation: Link,
      openapi: Link,
      health: Link,
      roles: Link,
      organisations: Link,
      skills: Link,
      code_lists: Link,
    }),
  }),
)

export const home: FastifyPluginAsyncTypebox<{ baseUrl: string }> = async (app, { baseUrl }) => {
  const body = JSON.stringify({
    name: 'Role Register',
    description: 'Role definitions in, dependable JSON out.',
    version: apiVersion,
    status: 'beta',
    links: {
      documentation: `${baseUrl}/docs`,
      openapi: `${baseUrl}/openapi.json`,
      health: `${baseUrl}/health/ready`,
      roles: `${baseUrl}/v1/roles`,
      organisations: `${baseUrl}/v1/organisations`,
      skills: `${baseUrl}/v1/skills`,
      code_lists: `${baseUrl}/v1/code-lists`,
    },
  })
  const etag = digestTag(body)
  for (const [path, operationId] of [
    ['/', 'getHome'],
    ['/v1', 'getHomeOfV1'],
  ] as const)
    app.get(
      path,
      {
        schema: {
          operationId,
          summary: 'What this is, and where the rest stands',
          tags: ['Service'],
          response: { 200: ref(Home) },
        },
        config: { scope: 'public' },
      },
      (request, reply) => sendEntity(request, reply, { body, etag, cache: 'public' }),
    )
}
