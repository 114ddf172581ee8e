/** The table of contents: plugins first, then the features with their prefixes, in this order. */
import type { Socket } from 'node:net'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { type FastifyBaseLogger, fastify, LogController } from 'fastify'
import type { Kysely } from 'kysely'
import { apiKeys } from './api-keys/routes.ts'
import { organisations } from './catalogues/organisations.ts'
import { sharedSections } from './catalogues/shared-sections.ts'
import { skills } from './catalogues/skills.ts'
import { codeListRoutes } from './code-lists.ts'
import { listen } from './database/listen.ts'
import type { Database } from './database/types.ts'
import { home } from './home.ts'
import { createImportPool } from './imports/pool.ts'
import { imports } from './imports/routes.ts'
import { type Authenticate, auth } from './plugins/auth.ts'
import { body, buildValidator } from './plugins/body.ts'
import { errors, problemBody, sendProblem, toProblem } from './plugins/errors.ts'
import { openapi } from './plugins/openapi.ts'
import { commonHeaders, operations, requestId } from './plugins/operations.ts'
import { Problem, type ProblemCode } from './plugins/problems.ts'
import { read } from './plugins/read.ts'
import { write } from './plugins/write.ts'
import { problemPages } from './problem-pages.ts'
import { PublishedCache } from './roles/cache.ts'
import { drafts } from './roles/draft.ts'
import { lifeOfRoles } from './roles/life.ts'
import { draftParts } from './roles/parts.ts'
import { publishedRoles } from './roles/published.ts'
import { findLatest, publishedChannel } from './roles/versions.ts'
import { sfia } from './sfia/routes.ts'

export interface AppOptions {
  db: Kysely<Database>
  /** Where this process listens for publications; without it no published role is kept in memory. */
  listenUrl?: string
  authenticate: Authenticate
  /** Mixed into the hashes of the keys that are made here. */
  pepper: string
  /** Without a slash at the end. Absolute links begin with it; the Host header is never believed. */
  baseUrl: string
  cacheBytesMax: number
  trustProxy?: string[]
  logger?: FastifyBaseLogger
}

/** Answers what never became a request: the socket is all there is. */
function refuseConnection(error: Error & { code?: string }, socket: Socket): void {
  const codes: Record<string, ProblemCode> = {
    ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
    HPE_HEADER_OVERFLOW: 'headers_too_large',
  }
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy()
  const code = codes[error.code ?? ''] ?? 'bad_request'
  const problem = new Problem(
    code,
    code === 'request_timeout' ? 'The request did not arrive in time.' : 'This is not a request that can be read.',
  )
  const id = requestId({ headers: {} })
  const text = problemBody(problem, id, '/')
  const headers = {
    ...commonHeaders(id),
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
    'content-length': Buffer.byteLength(text),
    connection: 'close',
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.end(`HTTP/1.1 ${problem.status} Refused\r\n${lines.join('')}\r\n${text}`)
}

/**
 * The target of a request as path and query: a client may send the whole address (RFC 9112 §3.2.2), whose host is no
 * more believed than the Host header, and no request has a fragment.
 */
function originForm(target = '/'): string {
  if (target.startsWith('/') && !target.includes('#')) return target
  const path = target.replace(/^https?:\/\/[^/?#]*/i, '').replace(/#.*/s, '')
  return path.startsWith('/') ? path : `/${path}`
}

/** The whole service on a database, not yet listening: tests inject, server.ts listens. */
export async function build(options: AppOptions) {
  const { db, listenUrl, authenticate, pepper, baseUrl, cacheBytesMax, trustProxy, logger } = options
  const app = fastify({
    ...(logger ? { loggerInstance: logger } : { logger: false }),
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: requestId,
    requestIdHeader: false,
    bodyLimit: 1024 * 1024,
    requestTimeout: 30_000,
    connectionTimeout: 60_000,
    keepAliveTimeout: 72_000,
    http: { connectionsCheckingInterval: 1000, headersTimeout: 10_000 },
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 200 },
    trustProxy: trustProxy ?? false,
    schemaController: { compilersFactory: { buildValidator: buildValidator as never } },
    clientErrorHandler: refuseConnection,
    frameworkErrors: (error, request, reply) =>
      sendProblem(request, reply.headers(commonHeaders(request.id)) as never, toProblem(error)),
    rewriteUrl: request => originForm(request.url),
  }).withTypeProvider<TypeBoxTypeProvider>()
  // JSON.stringify for every answer: it drops no member and makes nothing of null.
  app.setSerializerCompiler(() => data => JSON.stringify(data))

  const cache = new PublishedCache(slug => findLatest(db, slug), cacheBytesMax)
  if (listenUrl !== undefined) {
    const listener = listen(
      { url: listenUrl, onError: error => app.log.warn({ err: error }, 'not listening') },
      publishedChannel,
      {
        onNotification: payload => {
          const [slug = '', version = '0'] = payload.split(' ')
          cache.drop(slug, Number(version))
        },
        onUp: () => cache.up(),
        onDown: () => cache.down(),
      },
    )
    app.addHook('onClose', () => listener.close())
  }

  const pool = createImportPool()
  app.addHook('onReady', () => pool.warm())
  app.addHook('onClose', () => pool.close())

  await app.register(errors)
  await app.register(operations)
  await app.register(openapi)
  await app.register(auth, { authenticate })
  await app.register(read)
  await app.register(body)
  await app.register(write, { db })

  await app.register(publishedRoles, { prefix: '/v1', db, cache, baseUrl })
  await app.register(drafts, { prefix: '/v1', db, baseUrl })
  await app.register(draftParts, { prefix: '/v1', db })
  await app.register(lifeOfRoles, { prefix: '/v1', db, cache })
  await app.register(imports, { prefix: '/v1', db, pool })
  await app.register(sharedSections, { prefix: '/v1', db, baseUrl })
  await app.register(skills, { prefix: '/v1', db, baseUrl })
  await app.register(organisations, { prefix: '/v1', db, baseUrl })
  await app.register(sfia, { prefix: '/v1', db })
  await app.register(codeListRoutes, { prefix: '/v1', baseUrl })
  await app.register(apiKeys, { prefix: '/v1', db, baseUrl, pepper })
  await app.register(home, { baseUrl })
  await app.register(problemPages)
  return app
}
