/** Published roles as JSON-LD, for search engines and job boards. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Kysely } from 'kysely'
import type { Database } from '../database/types.ts'
import type { PublishedRole } from '../document/schema.ts'
import { ref } from '../document/shape.ts'
import { digestTag, sendEntity } from '../plugins/read.ts'
import type { PublishedCache } from '../roles/cache.ts'
import { RoleParams, VersionParams } from '../roles/schema.ts'
import { servedLatest, servedVersion } from '../roles/served.ts'
import type { Version } from '../roles/versions.ts'
import { createThreadPool, runForCaller, threadCharacters, workerFile } from '../threads.ts'
import { occupationOf } from './occupation.ts'
import { Occupation } from './schema.ts'
import type { OccupationTask } from './worker.ts'

export const jsonLd = 'application/ld+json'

interface Options {
  db: Kysely<Database>
  cache: PublishedCache
  /** Absolute links begin with it. */
  baseUrl: string
}

export const occupations: FastifyPluginAsyncTypebox<Options> = async (app, { db, cache, baseUrl }) => {
  const config = { scope: 'public', produces: [jsonLd] } as const

  const pool = createThreadPool<OccupationTask, string>(workerFile('./worker', import.meta.url))
  app.addHook('onClose', () => pool.close())

  /** 503 where those of large roles wait for too many others, or take too long. */
  const bodyOf = (role: string): string | Promise<string> => {
    if (role.length < threadCharacters) return JSON.stringify(occupationOf(JSON.parse(role) as PublishedRole, baseUrl))
    return runForCaller(
      pool,
      { role, baseUrl },
      'The Occupation could not be made in time. Try again in a few seconds.',
    )
  }

  /** It has no Last-Modified, and is never immutable: what is made of a version differs with the base URL and our code. */
  const send = async (request: FastifyRequest, reply: FastifyReply, { body: published }: Version): Promise<never> => {
    const body = await bodyOf(published.toString())
    return sendEntity(request, reply, { body, etag: digestTag(body), cache: 'public', type: jsonLd })
  }

  app.get(
    '/roles/:role/occupation',
    {
      schema: {
        operationId: 'getOccupation',
        summary: 'Get the latest version of a role as a schema.org Occupation',
        description: 'JSON-LD. Optional items are left out. 410 once the role is withdrawn.',
        tags: ['Published roles'],
        params: RoleParams,
        response: { 200: ref(Occupation) },
      },
      config: { ...config, headers: ['Content-Location'], problems: [410] },
    },
    async (request, reply) => {
      const { role } = request.params
      const latest = await servedLatest(db, cache, reply, role)
      reply.header('content-location', `/v1/roles/${role}/versions/${latest.version}/occupation`)
      return send(request, reply, latest)
    },
  )

  app.get(
    '/roles/:role/versions/:version/occupation',
    {
      schema: {
        operationId: 'getVersionOccupation',
        summary: 'Get one version of a role as a schema.org Occupation',
        description: 'JSON-LD. Stays readable after the role is withdrawn.',
        tags: ['Published roles'],
        params: VersionParams,
        response: { 200: ref(Occupation) },
      },
      config,
    },
    async (request, reply) => {
      const { role, version } = request.params
      return send(request, reply, await servedVersion(db, cache, role, version))
    },
  )
}
