/** The table of contents: plugins first, then the features with their prefixes, in this order. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { type FastifyBaseLogger, fastify, LogController } from 'fastify'
import type { Kysely } from 'kysely'
import { apiKeys } from './api-keys/routes.ts'
import { auditEvents, refusals } from './audit.ts'
import { organisations } from './catalogues/organisations.ts'
import { sharedSections } from './catalogues/shared-sections.ts'
import { skills } from './catalogues/skills.ts'
import { codeListRoutes } from './code-lists.ts'
import { poolStatus } from './database/connect.ts'
import { cursorOf, feedChannel, findFeedEnd } from './database/events.ts'
import { listen } from './database/listen.ts'
import type { Database } from './database/types.ts'
import { feed } from './feed/routes.ts'
import { FeedSignal } from './feed/signal.ts'
import { home } from './home.ts'
import { createImportPool, type ImportPoolOptions } from './imports/pool.ts'
import { imports } from './imports/routes.ts'
import { pages } from './pages/routes.ts'
import { type Authenticate, auth } from './plugins/auth.ts'
import { body, buildValidator } from './plugins/body.ts'
import { type ConnectionLimits, connectionLimits, limitConnections, refuseConnection } from './plugins/connections.ts'
import { deprecation } from './plugins/deprecation.ts'
import { keepDoor, refuseWhenBusy } from './plugins/door.ts'
import { errors, sendProblem, toProblem } from './plugins/errors.ts'
import { type ExportLimits, exports } from './plugins/exports.ts'
import { health } from './plugins/health.ts'
import { metrics, RequestDurations } from './plugins/metrics.ts'
import { openapi } from './plugins/openapi.ts'
import { callerLimits, chargeAddress, commonHeaders, lazyLogger, operations, requestId } from './plugins/operations.ts'
import { Pressure } from './plugins/pressure.ts'
import { RateLimiter } from './plugins/rate-limit.ts'
import { read } from './plugins/read.ts'
import { preflights } from './plugins/security.ts'
import { write } from './plugins/write.ts'
import { problemPages } from './problem-pages.ts'
import { documents } from './renderings/routes.ts'
import { PublishedCache } from './roles/cache.ts'
import { createComparer } from './roles/comparer.ts'
import { diffs } from './roles/diff.ts'
import { drafts } from './roles/draft.ts'
import { exportOfRoles } from './roles/export.ts'
import { answerFromMemory } from './roles/hot.ts'
import { KeptPages } from './roles/kept-pages.ts'
import { lifeOfRoles } from './roles/life.ts'
import { draftParts } from './roles/parts.ts'
import { publishedRoles } from './roles/published.ts'
import { sharedSectionPublications } from './roles/shared-publications.ts'
import { findLatest, findVersion, publishedChannel } from './roles/versions.ts'
import { occupations } from './schema-org/routes.ts'
import { sfia } from './sfia/routes.ts'
import { publicVacancies } from './vacancies/public.ts'
import { vacancies } from './vacancies/routes.ts'
import { receiverContract } from './webhooks/contract.ts'
import { type WebhookOptions, webhooks } from './webhooks/routes.ts'

export interface AppOptions {
  db: Kysely<Database>
  /** Where this process listens for what is published; without it no role is kept in memory, and the feed is polled. */
  listenUrl?: string
  authenticate: Authenticate
  /** Mixed into the hashes of the keys that are made here. */
  pepper: string
  /** What the secrets of webhooks are encrypted with, and whether webhooks may go to loopback addresses. */
  webhooks: WebhookOptions
  /** Without a slash at the end. Absolute links begin with it; the Host header is never believed. */
  baseUrl: string
  cacheBytesMax: number
  /** How long a document may take to read, and how much memory; the pool's own limits unless given. */
  importLimits?: ImportPoolOptions
  trustProxy?: string[]
  /** Requests a minute for each caller with a key, and for each address without; not limited unless given. */
  rateLimits?: { perKey: number; perAddress: number }
  /** How slow a client may be; what is not given is as `connectionLimits` says. */
  connections?: Partial<ConnectionLimits>
  /** How many exports at once, and how slow their readers may be; what is not given is as plugins/exports.ts says. */
  exportLimits?: Partial<ExportLimits>
  /** How many may wait for a change at once, and how often to look for one where none is heard of; as feed/signal.ts says. */
  feedLimits?: { waitersMax?: number; waitersPerCallerMax?: number; pollMs?: number }
  /** Most requests in hand at once before others are refused; six for each connection of the pool unless given. */
  inFlightMax?: number
  /** Tells the time by which vacancies open and close; the machine's unless given. */
  clock?: () => Date
  /** Whom to tell of a vulnerability: a `mailto:`, `tel:` or https address. */
  securityContact?: string
  /** What the pages call the service, and whether they carry the crown: "Role Register" without it unless given. */
  branding?: { serviceName: string; crownBranding: boolean }
  logger?: FastifyBaseLogger
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
  const { db, listenUrl, authenticate, pepper, baseUrl, cacheBytesMax, trustProxy, rateLimits, logger } = options
  const { clock = () => new Date() } = options
  const limits = { ...connectionLimits, ...options.connections }
  const limiter = rateLimits && new RateLimiter(rateLimits)
  const pressure = new Pressure({ poolMax: poolStatus(db).max, inFlightMax: options.inFlightMax })
  const durations = new RequestDurations()
  const isSecure = baseUrl.startsWith('https:')
  const app = fastify({
    // Given the logger, Fastify would listen for the end of every answer, to log it or not.
    logger: false,
    ...(logger ? { childLoggerFactory: (_none: unknown, bindings: object) => lazyLogger(logger, bindings) } : {}),
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: requestId,
    requestIdHeader: false,
    bodyLimit: 1024 * 1024,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: 72_000,
    // `read` requires Host: Node would answer 400 without a problem.
    http: {
      requireHostHeader: false,
      connectionsCheckingInterval: limits.checkIntervalMs,
      headersTimeout: limits.headersTimeoutMs,
    },
    forceCloseConnections: 'idle',
    // Fastify's 503 is no problem; what comes on an open connection while we stop is answered, and the connection closed.
    return503OnClosing: false,
    routerOptions: { maxParamLength: 200 },
    trustProxy: trustProxy ?? false,
    schemaController: { compilersFactory: { buildValidator: buildValidator as never } },
    clientErrorHandler: refuseConnection,
    frameworkErrors: (error, request, reply) =>
      sendProblem(
        request,
        reply.headers(commonHeaders(request.id)) as never,
        chargeAddress(limiter, request.ip) ?? toProblem(error),
      ),
    rewriteUrl: request => originForm(request.url),
  }).withTypeProvider<TypeBoxTypeProvider>()
  if (logger) app.log = logger
  // JSON.stringify for every answer: it drops no member and makes nothing of null.
  app.setSerializerCompiler(() => data => JSON.stringify(data))

  limitConnections(app.server, limits)
  // RFC 9110 §10.1.1: what is expected beyond 100-continue may be ignored; Node would answer 417 without a problem.
  app.server.on('checkExpectation', (request, response) => app.server.emit('request', request, response))

  const cache = new PublishedCache(
    { latest: slug => findLatest(db, slug), version: (slug, version) => findVersion(db, slug, version) },
    cacheBytesMax,
  )
  const keptPages = new KeptPages(async () => cursorOf(await findFeedEnd(db)), Math.floor(cacheBytesMax / 8))
  const signal = new FeedSignal({ look: async () => (await findFeedEnd(db)).position, ...options.feedLimits })
  // Who waits for a change is answered before the connections end.
  app.addHook('preClose', async () => signal.close())
  if (listenUrl !== undefined) {
    const listener = listen(
      { url: listenUrl, onError: error => app.log.warn({ err: error }, 'not listening') },
      {
        onNotification: {
          [publishedChannel]: payload => {
            const [slug = '', version = '0'] = payload.split(' ')
            cache.drop(slug, Number(version))
          },
          [feedChannel]: position => signal.announce(Number(position)),
        },
        onUp: () => {
          cache.up()
          signal.up()
        },
        onDown: () => {
          cache.down()
          signal.down()
        },
      },
    )
    app.addHook('onClose', () => listener.close())
  }

  const { keepAliveTimeout: keepAliveTimeoutMs } = app.server
  const deprecated = new Set<string>()
  const fromMemory = answerFromMemory({
    cache,
    durations,
    limiter,
    trustProxy,
    isSecure,
    keepAliveTimeoutMs,
    deprecated,
  })
  // Reads that are to be logged are left to the route.
  const logsReads = logger?.level === 'debug' || logger?.level === 'trace'
  const leaveDoor = keepDoor(app.server, [...(logsReads ? [] : [fromMemory]), refuseWhenBusy(app, pressure)])
  // Fastify then tells the client that the connection will be closed.
  app.addHook('preClose', async () => leaveDoor())

  const pool = createImportPool(options.importLimits)
  app.addHook('onListen', () => pool.warm())
  app.addHook('onClose', () => pool.close())
  const comparer = createComparer()
  app.addHook('onClose', () => comparer.close())

  await app.register(errors)
  await app.register(operations, { durations, pressure, limiter, isSecure })
  await app.register(preflights)
  await app.register(deprecation, { routes: deprecated })
  await app.register(openapi, { webhooks: receiverContract })
  await app.register(auth, { authenticate })
  await app.register(callerLimits, { limiter })
  await app.register(read)
  await app.register(body)
  await app.register(write, { db })
  await app.register(exports, { db, limits: options.exportLimits })
  await app.register(refusals, { db })

  await app.register(publishedRoles, { prefix: '/v1', db, cache, keptPages, baseUrl })
  await app.register(occupations, { prefix: '/v1', db, cache, baseUrl })
  await app.register(exportOfRoles, { prefix: '/v1' })
  await app.register(feed, { prefix: '/v1', db, signal, baseUrl })
  await app.register(documents, { prefix: '/v1', db, cache, baseUrl })
  await app.register(diffs, { prefix: '/v1', db, cache, comparer })
  await app.register(drafts, { prefix: '/v1', db, baseUrl })
  await app.register(draftParts, { prefix: '/v1', db })
  await app.register(lifeOfRoles, { prefix: '/v1', db, cache, clock, baseUrl })
  await app.register(sharedSectionPublications, { prefix: '/v1', cache, baseUrl })
  await app.register(publicVacancies, { prefix: '/v1', db, baseUrl, clock })
  await app.register(vacancies, { prefix: '/v1', db, baseUrl, clock })
  await app.register(imports, { prefix: '/v1', db, pool, comparer })
  await app.register(sharedSections, { prefix: '/v1', db, baseUrl })
  await app.register(skills, { prefix: '/v1', db, baseUrl })
  await app.register(organisations, { prefix: '/v1', db, baseUrl })
  await app.register(sfia, { prefix: '/v1', db })
  await app.register(codeListRoutes, { prefix: '/v1', baseUrl })
  await app.register(apiKeys, { prefix: '/v1', db, baseUrl, pepper })
  await app.register(webhooks, { prefix: '/v1', db, ...options.webhooks })
  await app.register(auditEvents, { prefix: '/v1', db })
  await app.register(home, { baseUrl })
  const branding = { serviceName: 'Role Register', crownBranding: false, ...options.branding }
  await app.register(pages, { db, baseUrl, ...branding })
  await app.register(problemPages, branding)
  await app.register(health, { db, baseUrl, securityContact: options.securityContact ?? 'mailto:security@example.org' })
  await app.register(metrics, { db, durations, cache, pressure, signal, limiter })
  return app
}
