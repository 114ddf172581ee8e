/**
 * Headers that keep browsers careful, and CORS.
 *
 * By hand: @fastify/helmet and @fastify/cors work out on each request what is known when a route is registered, and
 * would cost a cached read a tenth of its speed. The values are helmet's, made stricter where an API can be.
 */
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { pathOf, pathPattern } from './path.ts'

type Headers = Readonly<Record<string, string>>

/** Of every answer. What is not a page may load nothing, run nothing and stand in no frame. */
export const secure: Headers = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}

/** Helmet's for pages alone: they isolate what runs in one. */
export const securePage: Headers = {
  'cross-origin-opener-policy': 'same-origin',
  'origin-agent-cluster': '?1',
  'x-dns-prefetch-control': 'off',
  'x-frame-options': 'DENY',
  'x-permitted-cross-domain-policies': 'none',
}

/** Only over https: a browser that saw it on plain http must ignore it, and a sender must not send it (RFC 6797 §7.2). */
export const transportSecurity: Headers = { 'strict-transport-security': 'max-age=31536000; includeSubDomains' }

/**
 * Scripts of any origin may read what anybody may read, with all its headers (ETag, Link, Location, Request-Id, RateLimit
 * and the rest). No `Vary: Origin`: the answer is the same to all.
 */
export const openToScripts: Headers = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': '*',
  'cross-origin-resource-policy': 'cross-origin',
}

export const closedToScripts: Headers = { 'cross-origin-resource-policy': 'same-origin' }

/** No Authorization: a browser that asked would be told that a page elsewhere may not send a key. */
const preflight: Headers = {
  ...openToScripts,
  'access-control-allow-methods': 'GET, HEAD, OPTIONS',
  'access-control-allow-headers': 'Accept, If-Modified-Since, If-None-Match, Request-Id, Traceparent, Tracestate',
  'access-control-max-age': '86400',
}

/**
 * OPTIONS of a public read: 204, with what CORS asks beforehand (Fetch §3.2.2). Anything behind a key has no OPTIONS and
 * no CORS.
 */
export const preflights = fp(
  async (app: FastifyInstance) => {
    const open = new Map<string, RegExp>()
    app.addHook('onRoute', ({ url, method, config }) => {
      if (config?.scope === 'public' && [method].flat().includes('GET')) open.set(url, pathPattern(url))
    })
    app.addHook('onRequest', (request, reply, done) => {
      if (request.method !== 'OPTIONS' || !request.is404) return done()
      const path = pathOf(request.url)
      if (![...open.values()].some(pattern => pattern.test(path))) return done()
      reply
        .code(204)
        .headers({ ...preflight, allow: 'GET, HEAD, OPTIONS', 'cache-control': 'public, max-age=86400' })
        .send()
    })
  },
  { name: 'preflights' },
)
