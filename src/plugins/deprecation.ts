/** What is said of an operation that is on its way out: Deprecation (RFC 9745) and Sunset (RFC 8594), in every answer. */
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'

export interface Deprecation {
  /** ISO 8601 with an offset: since when nobody should begin to use it. It may lie ahead. */
  since: string
  /** ISO 8601 with an offset, not before `since`: when it will stop to answer; left out where that is not decided. */
  sunset?: string
  /** A page that says what to use in its place. */
  link: string
}

declare module 'fastify' {
  interface FastifyContextConfig {
    deprecated?: Deprecation
  }
}

/** Throws where a time is none, or the end comes before the beginning (RFC 9745 §5). */
function headersOf({ since, sunset }: Deprecation): Record<string, string> {
  const [from, to] = [Date.parse(since), sunset === undefined ? Number.POSITIVE_INFINITY : Date.parse(sunset)]
  if (!(from <= to)) throw new Error(`deprecated since ${since} until ${sunset}: these are no times in this order`)
  return {
    deprecation: `@${Math.floor(from / 1000)}`,
    ...(sunset === undefined ? {} : { sunset: new Date(to).toUTCString() }),
  }
}

export const deprecation = fp(
  /** `routes` takes the path of each route that is on its way out, for what answers before the routes do. */
  async (app: FastifyInstance, { routes }: { routes: Set<string> }) => {
    app.addHook('onRoute', route => {
      const { deprecated } = route.config ?? {}
      if (!deprecated) return
      routes.add(route.url)
      const headers = headersOf(deprecated)
      const link = `<${deprecated.link}>; rel="deprecation"`
      route.onSend = [
        ...[route.onSend ?? []].flat(),
        (_request, reply, payload, done) => {
          const links = [reply.getHeader('link') ?? [], link].flat()
          reply.headers({ ...headers, link: links.join(', ') })
          done(null, payload)
        },
      ]
    })
  },
  { name: 'deprecation' },
)
