/**
 * The hot path (design §7): a published version that is in memory is answered before Fastify makes its objects and runs
 * its hooks, which take as long as node:http does for all of it. A request with anything unusual about it goes on to the
 * route in published.ts, whose answer is the same but for the order of the header fields.
 */
import { type IncomingMessage, type ServerResponse, validateHeaderName, validateHeaderValue } from 'node:http'
import proxyAddr from '@fastify/proxy-addr'
import type { Doorkeeper } from '../plugins/door.ts'
import type { RequestDurations } from '../plugins/metrics.ts'
import { headersOf304, requestId, routeHeaders } from '../plugins/operations.ts'
import { type Bucket, type RateLimiter, rateLimitField } from '../plugins/rate-limit.ts'
import { isFresh, jsonType } from '../plugins/read.ts'
import type { KeptVersion, PublishedCache } from './cache.ts'
import { headersOf } from './published.ts'

interface Options {
  cache: PublishedCache
  durations: RequestDurations
  limiter?: RateLimiter | undefined
  /** The proxies that are believed, as Fastify's `trustProxy`. */
  trustProxy?: string[] | undefined
  isSecure: boolean
  keepAliveTimeoutMs: number
  /** Paths of routes that are on their way out: they are left to the route, which says so. */
  deprecated: ReadonlySet<string>
}

/** The same in every answer with one version at one address: the first lines of its head, with and without a body. */
interface Head {
  headers: ReturnType<typeof headersOf>
  ok: string
  notModified: string
  observe: (status: number, ms: number) => void
  route: string
}

/** Header lines as they are sent. Throws where Node would: on a name or value that is none. */
function linesOf(headers: Record<string, string>): string {
  return Object.entries(headers)
    .map(([name, value]) => {
      validateHeaderName(name)
      validateHeaderValue(name, value)
      return `${name}: ${value}\r\n`
    })
    .join('')
}

/** Gives the lines that Node would add to a head, the date among them (RFC 9110 §6.6.1), made once a second. */
function lastLinesOf(keepAliveTimeoutMs: number): () => string {
  const connection = `connection: keep-alive\r\nkeep-alive: timeout=${Math.floor(keepAliveTimeoutMs / 1000)}\r\n\r\n`
  let second = 0
  let lines = ''
  return () => {
    const now = Math.floor(Date.now() / 1000)
    if (now !== second) {
      second = now
      lines = `date: ${new Date(now * 1000).toUTCString()}\r\n${connection}`
    }
    return lines
  }
}

/**
 * Sends a head that is complete. Node has no documented way to: it makes and checks each line of each answer anew, which
 * is a tenth of the time of a cached read. `_header` is what `writeHead` leaves, in every version since 0.1.
 */
function send(response: ServerResponse, status: number, head: string, body?: Buffer): void {
  response.statusCode = status
  ;(response as unknown as { _header: string })._header = head
  response.end(body)
}

const prefix = '/v1/roles/'

/** Whether nothing in the head asks for more than the bytes: no credential, trace or body, and JSON is welcome. */
function isPlain({ method, httpVersion, headers }: IncomingMessage): boolean {
  const { host, accept, authorization, traceparent } = headers
  return (
    method === 'GET' &&
    httpVersion === '1.1' &&
    host !== undefined &&
    authorization === undefined &&
    traceparent === undefined &&
    (accept === undefined || accept === '*/*' || accept === 'application/json') &&
    headers['content-length'] === undefined &&
    headers['transfer-encoding'] === undefined &&
    headers['content-encoding'] === undefined &&
    headers['content-type'] === undefined
  )
}

/** Answers what is in memory; what it leaves to the route is not counted yet. */
export function answerFromMemory(options: Options): Doorkeeper {
  const { cache, durations, limiter, trustProxy, isSecure, keepAliveTimeoutMs, deprecated } = options
  const routes = { role: `${prefix}:role`, version: `${prefix}:role/versions/:version` }
  const observe = { role: durations.ofRoute('GET', routes.role), version: durations.ofRoute('GET', routes.version) }
  const trusted = trustProxy && proxyAddr.compile(trustProxy)
  const common = routeHeaders({ isOpen: true, isSecure })
  const lastLines = lastLinesOf(keepAliveTimeoutMs)
  const heads = new WeakMap<KeptVersion, Head>()

  const headOf = (key: string, version: KeptVersion): Head => {
    const known = heads.get(version)
    if (known) return known
    const [slug = '', ...rest] = key.split('/')
    const address = rest.length > 0 ? 'version' : 'role'
    const headers = headersOf(slug, version, address)
    const content = { 'content-type': jsonType, 'content-length': String(version.body.length) }
    const head = {
      headers,
      observe: observe[address],
      route: routes[address],
      ok: `HTTP/1.1 200 OK\r\n${linesOf({ ...content, ...headers, ...common })}`,
      notModified: `HTTP/1.1 304 Not Modified\r\n${linesOf(headersOf304({ ...headers, ...common }))}`,
    }
    heads.set(version, head)
    return head
  }

  return (request, response) => {
    const { url = '', headers } = request
    if (!url.startsWith(prefix) || !response.shouldKeepAlive || !isPlain(request)) return false
    // With a query or a further part of a path behind it, it is no key of the cache.
    const key = url.slice(prefix.length)
    const version = cache.peek(key)
    if (!version) return false
    const { headers: own, ok, notModified, observe, route } = headOf(key, version)
    if (deprecated.has(route)) return false
    const began = performance.now()
    let bucket: Bucket | undefined
    if (limiter !== undefined) {
      const { remoteAddress = '' } = request.socket
      bucket = limiter.ofAddress(trusted ? proxyAddr(request, trusted) : remoteAddress, began)
      if (bucket.used >= bucket.quota) return false
    }
    const fresh = isFresh(headers, own.etag, own['last-modified'])
    let lines = `request-id: ${requestId(request)}\r\n`
    if (limiter !== undefined && bucket !== undefined) {
      // A 304 costs its caller nothing.
      if (!fresh) limiter.take(bucket)
      lines += `ratelimit-policy: ${bucket.policy}\r\nratelimit: ${rateLimitField(bucket, began)}\r\n`
    }
    cache.hits += 1
    if (fresh) send(response, 304, notModified + lines + lastLines())
    else send(response, 200, ok + lines + lastLines(), version.body)
    observe(fresh ? 304 : 200, performance.now() - began)
    return true
  }
}
