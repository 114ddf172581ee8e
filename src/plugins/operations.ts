/** What every request gets, whatever it asks for: an id, the headers that keep browsers careful, a line in the log. */
import { randomUUID } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { apiVersion } from './openapi.ts'

/** The caller's Request-Id where it is well-formed, else one of ours. */
export function requestId(request: { headers: Record<string, string | string[] | undefined> }): string {
  const sent = request.headers['request-id']
  return typeof sent === 'string' && /^[A-Za-z0-9._-]{8,128}$/.test(sent) ? sent : randomUUID()
}

const common = {
  'api-version': apiVersion,
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
}

/** The headers of every answer, also of those that no hook sees. */
export const commonHeaders = (id: string) => ({ ...common, 'request-id': id })

export const operations = fp(
  async (app: FastifyInstance) => {
    app.addHook('onRequest', (request, reply, done) => {
      reply.headers(commonHeaders(request.id))
      done()
    })

    app.addHook('onResponse', (request, reply, done) => {
      const quiet = reply.statusCode < 400 && (request.method === 'GET' || request.method === 'HEAD')
      if (!quiet)
        request.log.info(
          {
            method: request.method,
            route: request.routeOptions.url,
            status: reply.statusCode,
            ms: Math.round(reply.elapsedTime),
            caller: request.caller?.id,
          },
          'request',
        )
      done()
    })
  },
  { name: 'operations' },
)
