/** What is answered before Fastify, whose objects and hooks would take longer than the answer itself. */
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import { problemBody } from './errors.ts'
import { busy, commonHeaders, requestId } from './operations.ts'
import type { Pressure } from './pressure.ts'

/** Answers a request at once, or gives false and leaves it as it is to the next, in the end to Fastify. */
export type Doorkeeper = (request: IncomingMessage, response: ServerResponse) => boolean

/** Puts doorkeepers before what answers the requests of a server until now; gives a function that sends them away. */
export function keepDoor(server: Server, keepers: readonly Doorkeeper[]): () => void {
  const others = server.listeners('request') as RequestListener[]
  const first: RequestListener = (request, response) => {
    for (const keeper of keepers) if (keeper(request, response)) return
    for (const listener of others) listener(request, response)
  }
  server.removeAllListeners('request').on('request', first)
  return () => {
    server.off('request', first)
    for (const listener of others) server.on('request', listener)
  }
}

/**
 * Refuses what the hooks would refuse for want of room, at a fifth of the price: at twice the capacity, refusing is half
 * of the work. What is `cheap` or a probe passes, and is known by its path.
 */
export function refuseWhenBusy(pressure: Pressure): Doorkeeper {
  // One for all: to make an error takes as long as to send the answer.
  const problem = busy()
  const lasting = Object.entries({
    ...commonHeaders(''),
    ...problem.options.headers,
    'cache-control': 'no-store',
    'content-type': 'application/problem+json',
  })
    .filter(([name]) => name !== 'request-id')
    .flat()
  return (request, response) => {
    const path = request.url?.split('?', 1)[0] ?? '/'
    if (/^\/health\/|^\/v1\/roles\/[^/]+$/.test(path) || pressure.hasRoom()) return false
    const id = requestId(request)
    const text = problemBody(problem, id, path)
    const own = ['request-id', id, 'content-length', String(Buffer.byteLength(text))]
    response.writeHead(problem.status, [...own, ...lasting]).end(text)
    return true
  }
}
