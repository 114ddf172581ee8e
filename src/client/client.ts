/**
 * A typed client of the register: every operation of the contract, its parameters, bodies and answers. It stands alone,
 * in Node and in browsers, and needs no more than `fetch`.
 *
 *     const register = connect('https://register.example', { key })
 *     const role = dataOf(await register.GET('/v1/roles/{role}', { params: { path: { role: 'devops-engineer' } } }))
 */
import createClient, { type Client } from 'openapi-fetch'
import type { components, paths } from './contract.ts'

export type { components, operations, paths } from './contract.ts'

/** The schemas of the contract by their names: `Schemas['PublishedRole']`. */
export type Schemas = components['schemas']

export type Register = Client<paths>

export interface ConnectOptions {
  /** An API key. What is published needs none. */
  key?: string
  /** In place of the global one: to count, to wait, to go through a proxy. */
  fetch?: (request: Request) => Promise<Response>
}

/** The register at a base URL. Nothing is sent yet. */
export const connect = (url: string, { key, fetch }: ConnectOptions = {}): Register =>
  createClient<paths>({
    baseUrl: url.replace(/\/+$/, ''),
    ...(key === undefined ? {} : { headers: { authorization: `Bearer ${key}` } }),
    ...(fetch === undefined ? {} : { fetch }),
  })

/** What the register refused, and why (RFC 9457). `problem` is null where the answer was none of the register's own. */
export class RegisterError extends Error {
  override name = 'RegisterError'
  readonly status: number
  readonly problem: Schemas['Problem'] | null

  constructor(status: number, problem: Schemas['Problem'] | null) {
    super(problem === null ? `the answer has the status ${status}` : `${problem.code}: ${problem.detail}`)
    this.status = status
    this.problem = problem
  }
}

interface Result<T> {
  data?: T
  error?: unknown
  response: Response
}

const isProblem = (error: unknown): error is Schemas['Problem'] =>
  typeof error === 'object' && error !== null && 'code' in error && 'detail' in error

/** What was asked for. Throws RegisterError where it was refused, or is not modified (304). */
export function dataOf<T>({ data, error, response }: Result<T>): T {
  if (!response.ok || data === undefined) throw new RegisterError(response.status, isProblem(error) ? error : null)
  return data
}

/**
 * The pages of a list, one after the other:
 *
 *     const lists = pagesOf(cursor => register.GET('/v1/roles', { params: { query: cursor ? { cursor } : {} } }))
 *     for await (const { roles } of lists) …
 */
export async function* pagesOf<Page extends { next_cursor: string | null }>(
  get: (cursor?: string) => Promise<Result<Page>>,
): AsyncGenerator<Page, void> {
  let cursor: string | null | undefined
  do {
    const page = dataOf(await get(cursor ?? undefined))
    yield page
    cursor = page.next_cursor
  } while (cursor !== null)
}

/** The lines of an export (`parseAs: 'stream'`), without their line feeds. */
export async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string, void> {
  const reader = stream.getReader()
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let rest = ''
  try {
    for (;;) {
      const { done, value } = await reader.read()
      rest += done ? decoder.decode() : decoder.decode(value, { stream: true })
      const lines = rest.split('\n')
      rest = lines.pop() ?? ''
      yield* lines
      if (done) break
    }
    if (rest !== '') yield rest
  } finally {
    await reader.cancel().catch(() => {})
  }
}
