/** What a connection may do before, after and beside its requests: no client holds a place or memory for as long as it likes. */
import { maxHeaderSize, type Server } from 'node:http'
import type { Socket } from 'node:net'
import { problemBody } from './errors.ts'
import { commonHeaders, requestId } from './operations.ts'
import { Problem, type ProblemCode } from './problems.ts'

/** Times in milliseconds. */
export interface ConnectionLimits {
  /** Within which the head of a request must have come, and the whole of it. 408 else. */
  headersTimeoutMs: number
  requestTimeoutMs: number
  /** For how long an answer may wait to be taken, beside the time that its bytes may take. */
  drainTimeoutMs: number
  drainBytesPerSecondMin: number
  /** How often to look for who is too slow. */
  checkIntervalMs: number
  /** Further connections are closed as they come: with no bound, they take all memory. */
  connectionsMax: number
}

/** What holds where nothing else is asked for. */
export const connectionLimits: Readonly<ConnectionLimits> = {
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  drainTimeoutMs: 30_000,
  drainBytesPerSecondMin: 16 * 1024,
  checkIntervalMs: 1000,
  connectionsMax: 10_000,
}

const codes: Readonly<Record<string, ProblemCode>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
  HPE_HEADER_OVERFLOW: 'headers_too_large',
}

/** How long a refused client has to read why. */
const lingerMs = 1000

const texts: Partial<Record<ProblemCode, string>> = {
  request_timeout: 'The request did not arrive in time.',
  headers_too_large: `The address and the headers may have at most ${maxHeaderSize / 1024} KiB together.`,
}

/** For Fastify's `clientErrorHandler`: answers what never became a request. The socket is all there is. */
export function refuseConnection(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy()
  const code = codes[error.code ?? ''] ?? 'bad_request'
  const problem = new Problem(code, texts[code] ?? 'This is not a request that can be read.')
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
  // Whoever goes on sending would otherwise keep his half of the connection open.
  const cut = setTimeout(() => socket.destroy(), lingerMs).unref()
  socket.once('close', () => clearTimeout(cut))
}

/** Since when something waits to be sent on a connection, and how much had been handed to it before. */
interface Waiting {
  since: number
  before: number
}

/**
 * Bounds the connections of a server, and cuts off who takes an answer too slowly: what waits to be sent is memory, and
 * a reader of a byte a minute would hold it for hours. A look every second costs requests nothing, where a timer for
 * each answer would.
 */
export function limitConnections(server: Server, limits: ConnectionLimits): void {
  const { drainTimeoutMs, drainBytesPerSecondMin, checkIntervalMs, connectionsMax } = limits
  server.maxConnections = connectionsMax
  const sockets = new Map<Socket, Waiting | undefined>()
  server.on('connection', (socket: Socket) => {
    sockets.set(socket, undefined)
    socket.once('close', () => sockets.delete(socket))
  })
  const look = () => {
    const now = performance.now()
    for (const [socket, waiting] of sockets) {
      if (socket.writableLength === 0) {
        if (waiting) sockets.set(socket, undefined)
      } else if (!waiting) sockets.set(socket, { since: now, before: socket.bytesWritten - socket.writableLength })
      else {
        const allowedMs = drainTimeoutMs + ((socket.bytesWritten - waiting.before) / drainBytesPerSecondMin) * 1000
        // There is no way to say so: an answer is on its way already.
        if (now - waiting.since > allowedMs) socket.destroy()
      }
    }
  }
  const timer = setInterval(look, checkIntervalMs).unref()
  server.once('close', () => clearInterval(timer))
}
