/** One request to an app under test, and its answer held against the contract. */
import type { InjectOptions, LightMyRequestResponse } from 'fastify'
import type { build } from '../../src/app.ts'
import { bodyOf, contractOf } from './contract.ts'

export type App = Awaited<ReturnType<typeof build>>

export type Call = Omit<InjectOptions, 'url' | 'method' | 'payload' | 'body'> & {
  /** Sent as JSON, or as it is where it is text or bytes. */
  body?: unknown
  /** The text of a credential; null for none. */
  key?: string | null | undefined
  match?: string | undefined
}

export interface Answer {
  status: number
  headers: LightMyRequestResponse['headers']
  /** The body as JSON where it is some, as a list where it is one value a line, else as text. */
  body: unknown
  text: string
  etag: string
}

/** A function that sends `METHOD /path`, with `defaultKey` unless a call names another. */
export function callerOf(app: App, defaultKey: string | null = null) {
  const check = contractOf(app.swagger())
  return async (line: string, { body, key = defaultKey, match, headers, ...rest }: Call = {}): Promise<Answer> => {
    const [method = 'GET', path = '/'] = line.split(' ')
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'
    const payload = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body)
    const response = await app.inject({
      ...rest,
      method: method as 'GET',
      url: path,
      headers: {
        ...(key === null ? {} : { authorization: `Bearer ${key}` }),
        ...(match === undefined ? {} : { 'if-match': match }),
        ...(body === undefined ? {} : { 'content-type': type }),
        ...headers,
      },
      ...(payload === undefined ? {} : { payload }),
    })
    const answer = {
      status: response.statusCode,
      headers: response.headers,
      body: bodyOf(String(response.headers['content-type'] ?? ''), response.payload),
      text: response.payload,
      etag: String(response.headers.etag ?? ''),
    }
    check(method, path, answer)
    return answer
  }
}
