/** One message to one receiver: a POST on a connection of its own, with a limit on every wait and on what is read. */
import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { connectTo, type Reach, type Resolve, Unreachable } from './address.ts'

/** The longest waits in milliseconds: for name and connection with TLS, then for the answer, then for some of its body. */
export const sendLimits = { connectMs: 5000, answerMs: 15_000, bodyMs: 2000 }

export interface SendOptions extends Reach {
  resolve: Resolve
  /** Whose certificates are believed, in PEM; those of the system unless given. */
  ca?: string
  limits: typeof sendLimits
  /** Ends the attempt at once; what it ended with is then thrown, and says nothing about the receiver. */
  signal: AbortSignal
}

export interface Answer {
  status: number
  /** The Retry-After header as it came. */
  retryAfter: string | undefined
  /** The beginning of the body of what is no success, made printable; null where there is none. */
  excerpt: string | null
}

/** No answer came. The message says so to the owner of the webhook, and names nothing of ours. */
export class NoAnswer extends Error {
  override name = 'NoAnswer'
}

export const isSuccess = (status: number) => status >= 200 && status < 300

const excerptMax = 500

const explanations: Record<string, string> = {
  ECONNREFUSED: 'The receiver refused the connection.',
  ECONNRESET: 'The receiver closed the connection before it answered.',
  EPIPE: 'The receiver closed the connection before it answered.',
  EHOSTUNREACH: 'The host of the receiver cannot be reached.',
  ENETUNREACH: 'The network of the receiver cannot be reached.',
  ETIMEDOUT: 'The receiver did not take the connection in time.',
  HPE_HEADER_OVERFLOW: 'The headers of the answer are larger than 16 KiB.',
}

function explain(error: unknown): string {
  if (error instanceof Unreachable) return error.message
  const { code = '' } = error as { code?: string }
  const known = explanations[code]
  if (known) return known
  if (code.startsWith('HPE_')) return 'What the receiver answered is not HTTP.'
  if (/CERT|SELF_SIGNED|VERIFY|ALTNAME/.test(code)) return `The TLS certificate of the receiver is not valid (${code}).`
  if (/SSL|TLS/.test(code)) return `TLS could not be agreed with the receiver (${code}).`
  return 'The connection to the receiver failed.'
}

/** As much of a body as is wanted, if it comes in time. */
async function readExcerpt(response: IncomingMessage, signal: AbortSignal): Promise<string | null> {
  const chunks: Buffer[] = []
  let bytes = 0
  const read = async () => {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      chunks.push(chunk.subarray(0, excerptMax * 4))
      bytes += chunk.length
      if (bytes >= excerptMax * 4) break
    }
  }
  // The signal ends the request, and with it the reading.
  await read().catch(() => signal.aborted)
  const text = Buffer.concat(chunks)
    .toString('utf8')
    // What no column can hold, and what would play tricks on whoever prints it.
    .replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}]+/gu, ' ')
    .trim()
  return text === '' ? null : text.slice(0, excerptMax)
}

/**
 * Sends a message. Redirects are not followed: they are answers as any other.
 *
 * @throws NoAnswer where there was none; the reason of `options.signal` where that ended it.
 */
export async function send(
  url: URL,
  headers: Record<string, string>,
  body: string,
  options: SendOptions,
): Promise<Answer> {
  const { limits, signal: outer } = options
  outer.throwIfAborted()
  const controller = new AbortController()
  const { signal } = controller
  const end = () => controller.abort()
  outer.addEventListener('abort', end)
  let timer: NodeJS.Timeout | undefined
  const limit = (ms: number) => {
    clearTimeout(timer)
    timer = setTimeout(end, ms)
  }
  const fail = (error: unknown, late: string): never => {
    outer.throwIfAborted()
    throw new NoAnswer(signal.aborted ? late : explain(error))
  }
  let socket: Socket | undefined
  try {
    limit(limits.connectMs)
    const connected = await connectTo(url, options, signal).catch(error =>
      fail(error, `The receiver did not take the connection within ${limits.connectMs / 1000} s.`),
    )
    socket = connected
    limit(limits.answerMs)
    const request = httpRequest({
      method: 'POST',
      path: url.pathname + url.search,
      headers: { host: url.host, ...headers, 'content-length': Buffer.byteLength(body), connection: 'close' },
      createConnection: () => connected,
      maxHeaderSize: 16 * 1024,
      signal,
    })
    const answered = once(request, 'response') as Promise<[IncomingMessage]>
    request.end(body)
    const [response] = await answered.catch(error =>
      fail(error, `The receiver did not answer within ${limits.answerMs / 1000} s.`),
    )
    // Once there is an answer, nothing that happens to its connection changes it.
    request.on('error', () => {})
    response.on('error', () => {})
    limit(limits.bodyMs)
    const { statusCode: status = 0 } = response
    const excerpt = isSuccess(status) ? null : await readExcerpt(response, signal)
    return { status, retryAfter: response.headers['retry-after'], excerpt }
  } finally {
    clearTimeout(timer)
    outer.removeEventListener('abort', end)
    socket?.on('error', () => {}).destroy()
  }
}
