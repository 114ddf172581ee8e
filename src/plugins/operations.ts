/**
 * What every request gets, whatever it asks for: an id, its part of a trace, headers that keep browsers careful, a place
 * in the limits, a measured duration and a line in the log.
 *
 * What is known of a route is worked out when it is registered, nothing waits, and one object is made for each request.
 */
import { randomUUID } from 'node:crypto'
import type { FastifyBaseLogger, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { RequestDurations } from './metrics.ts'
import { apiVersion } from './openapi.ts'
import type { Pressure } from './pressure.ts'
import { Problem } from './problems.ts'
import { type Bucket, type RateLimiter, rateLimitField, retryAfter } from './rate-limit.ts'
import { closedToScripts, openToScripts, secure, securePage, transportSecurity } from './security.ts'
import { continueTrace, type Trace } from './trace.ts'

/** What is known of a route when it is registered. */
interface RouteFacts {
  /** The template of the path. */
  route: string
  method: string
  probe: boolean
  cheap: boolean
  /** Whether nobody reads about it in the log when all goes well. */
  isRead: boolean
  /** The headers that are the same in every answer; a handler may have set its own. */
  headers: Readonly<Record<string, string>>
  observe: (status: number, ms: number) => void
}

/** One request on its way through. */
class Passage {
  readonly facts: RouteFacts
  /** By `performance.now()`. */
  readonly began: number
  bucket: Bucket | null = null
  trace: Trace | undefined = undefined
  /** Since when it counts as work in hand. */
  enteredAt: number | undefined = undefined
  settled = false

  constructor(facts: RouteFacts, began: number) {
    this.facts = facts
    this.began = began
  }
}

declare module 'fastify' {
  interface FastifyInstance {
    /** Counts a request as work in hand until it is answered. Throws 503 where there is too much already. */
    enter(request: FastifyRequest): void
    /** Ends that, for a request that only waits from now on and holds nothing but its connection. */
    leave(request: FastifyRequest): void
  }
  interface FastifyRequest {
    passage: Passage | null
  }
  interface FastifyContextConfig {
    /** A probe: never limited, never refused, and nobody's credential is looked at. */
    probe?: boolean
    /** Mostly answered from memory: never refused. Its handler calls `enter` where it must ask the database after all. */
    cheap?: boolean
    facts?: RouteFacts
  }
}

/** Ids of ours are this and a number: telling two requests apart takes no randomness for each. */
const ours = randomUUID().slice(0, 18)
let made = 0

/** The caller's Request-Id where it is well-formed, else one of ours. */
export function requestId(request: { headers: Record<string, string | string[] | undefined> }): string {
  const sent = request.headers['request-id']
  return typeof sent === 'string' && /^[A-Za-z0-9._-]{8,128}$/.test(sent) ? sent : `${ours}-${++made}`
}

/** The headers of every answer, also of those that no hook sees. */
export const commonHeaders = (id: string): Record<string, string> => ({
  ...secure,
  ...closedToScripts,
  'api-version': apiVersion,
  'request-id': id,
})

/** The headers of every answer of a route, but for the caller's own: the id, the limits, the trace. `isOpen` to scripts. */
export const routeHeaders = ({ isOpen, isSecure }: { isOpen: boolean; isSecure: boolean }): Record<string, string> => ({
  'api-version': apiVersion,
  ...secure,
  ...(isSecure ? transportSecurity : {}),
  ...(isOpen ? openToScripts : closedToScripts),
})

/** What a 304 leaves out, since its caller has it with the 200 (RFC 9110 §15.4.5). CORS stays: it is about this answer. */
const leftOutOf304 = ['last-modified', 'repr-digest', 'link', 'cross-origin-resource-policy', ...Object.keys(secure)]

/** The headers of a 304 out of those of the 200. */
export const headersOf304 = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !leftOutOf304.includes(name)))

type Log = (...args: unknown[]) => void

/**
 * A request's logger, made when it first logs. Most requests never do, and pino takes longer to make one than the cache
 * to answer.
 */
class LazyLogger {
  readonly #parent: FastifyBaseLogger
  readonly #bindings: object
  #made: FastifyBaseLogger | undefined

  constructor(parent: FastifyBaseLogger, bindings: object) {
    this.#parent = parent
    this.#bindings = bindings
  }

  get #log() {
    this.#made ??= this.#parent.child(this.#bindings)
    return this.#made as unknown as Record<string, Log> & { child: FastifyBaseLogger['child'] }
  }

  get level(): string {
    return this.#parent.level
  }
  fatal(...args: unknown[]): void {
    this.#log.fatal?.(...args)
  }
  error(...args: unknown[]): void {
    this.#log.error?.(...args)
  }
  warn(...args: unknown[]): void {
    this.#log.warn?.(...args)
  }
  info(...args: unknown[]): void {
    this.#log.info?.(...args)
  }
  debug(...args: unknown[]): void {
    this.#log.debug?.(...args)
  }
  trace(...args: unknown[]): void {
    this.#log.trace?.(...args)
  }
  silent(): void {}
  child(...args: Parameters<FastifyBaseLogger['child']>): FastifyBaseLogger {
    return this.#log.child(...args)
  }
}

/** A logger that is made when it first logs. */
export const lazyLogger = (parent: FastifyBaseLogger, bindings: object): FastifyBaseLogger =>
  new LazyLogger(parent, bindings) as unknown as FastifyBaseLogger

/** 503: there is no room for the request, of which nothing was done. */
export const busy = () =>
  new Problem('unavailable', 'The register is busy and did nothing. Try again in a second.', {
    headers: { 'retry-after': '1' },
  })

function tooMany(bucket: Bucket, now: number): Problem {
  const seconds = retryAfter(bucket, now)
  return new Problem(
    'too_many_requests',
    `${bucket.quota} requests a minute are allowed for each ${bucket.name}. Wait ${seconds} seconds.`,
    { headers: { 'retry-after': seconds } },
  )
}

/** For requests that no hook sees, because their path is none: 429 where their address has sent too many. */
export function chargeAddress(limiter: RateLimiter | undefined, address: string): Problem | undefined {
  const now = performance.now()
  const bucket = limiter?.ofAddress(address, now)
  return limiter === undefined || bucket === undefined || limiter.take(bucket) ? undefined : tooMany(bucket, now)
}

/** A refusal costs its caller little: not a line in the log for each. */
const isRefusal = (status: number) => status === 429 || status === 503

interface OperationsOptions {
  durations: RequestDurations
  pressure: Pressure
  /** Absent where nothing is limited. */
  limiter?: RateLimiter | undefined
  /** Whether callers come over https. */
  isSecure: boolean
}

/** To be registered before every route and every other hook. */
export const operations = fp(
  async (app: FastifyInstance, { durations, pressure, limiter, isSecure }: OperationsOptions) => {
    const logsReads = app.log.level === 'debug' || app.log.level === 'trace'
    app.decorateRequest('passage', null)

    const factsOf = (method: string, route: string, config: { scope?: unknown; probe?: boolean; cheap?: boolean }) => {
      const isRead = method === 'GET' || method === 'HEAD' || method === 'OPTIONS'
      return {
        route,
        method,
        probe: config.probe ?? false,
        cheap: config.cheap ?? false,
        isRead,
        headers: routeHeaders({ isOpen: isRead && config.scope === 'public', isSecure }),
        observe: durations.ofRoute(method, route),
      }
    }
    const unmatched = factsOf('any', 'unmatched', {})

    app.addHook('onRoute', route => {
      const facts = factsOf([route.method].flat().join(), route.url, route.config ?? {})
      route.config = { ...route.config, facts }
      if (facts.probe || facts.cheap) return
      // After the body has come, so that slow senders take nobody's place.
      route.preHandler = [
        (request: FastifyRequest, _reply: FastifyReply, done: () => void) => {
          app.enter(request)
          done()
        },
        ...[route.preHandler ?? []].flat(),
      ]
    })

    app.addHook('onRequest', (request, reply, done) => {
      const facts = request.routeOptions.config.facts ?? unmatched
      const now = performance.now()
      const passage = new Passage(facts, now)
      request.passage = passage
      const { traceparent, authorization } = request.headers
      if (traceparent !== undefined) {
        const trace = continueTrace(traceparent)
        passage.trace = trace
        if (trace) request.log = reply.log = request.log.child({ trace_id: trace.traceId })
      }
      if (facts.probe) return done()
      if (limiter !== undefined) {
        const bucket = limiter.ofAddress(request.ip, now)
        if (authorization === undefined) {
          passage.bucket = bucket
          if (!limiter.take(bucket)) return done(tooMany(bucket, now))
        } else if (limiter.refusesCredentials(bucket)) {
          passage.bucket = bucket
          return done(tooMany(bucket, now))
        }
      }
      if (!facts.cheap && !pressure.hasRoom()) return done(busy())
      done()
    })

    app.decorate('enter', request => {
      const { passage } = request
      if (!passage || passage.enteredAt !== undefined) return
      if (!pressure.hasRoom()) throw busy()
      passage.enteredAt = performance.now()
      pressure.enter()
    })

    app.decorate('leave', ({ passage }) => {
      if (passage?.enteredAt === undefined) return
      pressure.leave(performance.now() - passage.enteredAt)
      passage.enteredAt = undefined
    })

    const logAnswer = (request: FastifyRequest, { facts }: Passage, status: number, ms: number) => {
      const quiet = isRefusal(status) || (facts.isRead && status < 400)
      if (quiet && !logsReads) return
      const { method, route } = facts
      const line = { method: method === 'any' ? request.method : method, route, status, ms: Math.round(ms) }
      request.log[quiet ? 'debug' : 'info']({ ...line, caller: request.caller?.id }, 'request')
    }

    /** Once for each request, when its answer is certain. */
    const settle = (request: FastifyRequest, passage: Passage, status: number) => {
      if (passage.settled) return
      passage.settled = true
      const { bucket, began, facts } = passage
      if (limiter !== undefined) {
        if (bucket === null) {
          if (status === 401 && !facts.probe) {
            passage.bucket = limiter.ofAddress(request.ip, began)
            limiter.fail(passage.bucket)
          }
        } else if (status === 304) limiter.giveBack(bucket)
      }
      const now = performance.now()
      const ms = now - began
      app.leave(request)
      facts.observe(status, ms)
      if (logsReads || !facts.isRead || status >= 400) logAnswer(request, passage, status, ms)
    }

    app.addHook('onSend', (request, reply, payload, done) => {
      const { passage } = request
      if (passage === null) return done(null, payload)
      settle(request, passage, reply.statusCode)
      const { facts, bucket, trace, began } = passage
      for (const name in facts.headers) if (!reply.hasHeader(name)) reply.header(name, facts.headers[name])
      if (String(reply.getHeader('content-type') ?? '').startsWith('text/html')) reply.headers(securePage)
      reply.header('request-id', request.id)
      if (bucket !== null)
        reply.header('ratelimit-policy', bucket.policy).header('ratelimit', rateLimitField(bucket, began))
      if (trace) reply.header('traceparent', trace.traceparent)
      if (reply.statusCode === 304) for (const name of leftOutOf304) reply.removeHeader(name)
      done(null, payload)
    })

    // Refusals have no lines of their own: they come when there is no time to write any.
    let told = 0
    const timer = setInterval(() => {
      const refused = pressure.shed + (limiter?.refused ?? 0)
      if (refused > told)
        app.log.warn({ refused: refused - told, loopDelayMs: pressure.loopDelayMs }, 'refused requests')
      told = refused
    }, 1000).unref()
    app.addHook('onClose', (_app, done) => {
      clearInterval(timer)
      pressure.close()
      done()
    })
  },
  { name: 'operations' },
)

/** Counts requests against their callers. To be registered after the plugin that finds out who calls. */
export const callerLimits = fp(
  async (app: FastifyInstance, { limiter }: { limiter?: RateLimiter | undefined }) => {
    if (limiter === undefined) return
    app.addHook('onRequest', (request, _reply, done) => {
      const { caller, passage } = request
      if (caller === null || passage === null || passage.bucket !== null) return done()
      const bucket = limiter.ofCaller(caller.id, passage.began)
      passage.bucket = bucket
      done(limiter.take(bucket) ? undefined : tooMany(bucket, passage.began))
    })
  },
  { name: 'caller-limits' },
)
