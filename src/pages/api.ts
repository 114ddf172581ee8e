/** The pages are a client of the API like any other: what it refuses they refuse, and they know nothing else. */
import type { FastifyInstance, FastifyRequest, InjectOptions } from 'fastify'
import { type ErrorDetail, Problem, type ProblemCode } from '../plugins/problems.ts'

export interface ApiAnswer {
  status: number
  headers: Readonly<Record<string, number | string | string[] | undefined>>
  bytes: Buffer
  /** As JSON, read when it is asked for; undefined where it is none. */
  readonly body: unknown
}

type Ask = Pick<InjectOptions, 'method' | 'headers' | 'payload'>

/** What the API answers to a request of the same caller's address. */
export async function ask(request: FastifyRequest, url: string, options: Ask = {}): Promise<ApiAnswer> {
  const app: FastifyInstance = request.server
  const { statusCode, headers, rawPayload } = await app.inject({
    method: options.method ?? 'GET',
    url,
    remoteAddress: request.ip,
    headers: { ...options.headers, 'request-id': request.id },
    ...(options.payload === undefined ? {} : { payload: options.payload }),
  })
  const isJson = String(headers['content-type'] ?? '').includes('json')
  return {
    status: statusCode,
    headers,
    bytes: rawPayload,
    get body() {
      return isJson ? JSON.parse(rawPayload.toString()) : undefined
    },
  }
}

/** What the API says of an error, beside the members of RFC 9457 that every problem has. */
export interface ProblemAnswer {
  title: string
  code: ProblemCode
  detail: string
  errors: ErrorDetail[]
  [member: string]: unknown
}

/** The problem of an answer, to be thrown on. */
export function problemOf({ body, headers }: ApiAnswer): Problem {
  const { code, detail, errors, ...rest } = body as ProblemAnswer
  const common = new Set(['type', 'title', 'status', 'instance', 'request_id'])
  const kept = ['cache-control', 'retry-after', 'link'].filter(name => headers[name] !== undefined)
  return new Problem(code, detail, {
    errors,
    members: Object.fromEntries(Object.entries(rest).filter(([name]) => !common.has(name))),
    headers: Object.fromEntries(kept.map(name => [name, String(headers[name])])),
  })
}

/** The text of a good answer. Throws the problem where the answer is one. */
export async function readText(request: FastifyRequest, url: string): Promise<string> {
  const answer = await ask(request, url)
  if (answer.status >= 400) throw problemOf(answer)
  return answer.bytes.toString()
}

/** As `readText`, of JSON. */
export const read = async <T>(request: FastifyRequest, url: string): Promise<T> =>
  JSON.parse(await readText(request, url)) as T
