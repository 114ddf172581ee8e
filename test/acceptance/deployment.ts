/** A deployment as its callers see it: requests over the network, each answer held against the contract that it serves. */
import { setTimeout as sleep } from 'node:timers/promises'
import { bodyOf, contractOf } from '../support/contract.ts'

export interface Operation {
  id: string
  method: string
  path: string
  /** Whether it asks for no key. */
  isOpen: boolean
  required: string[]
}

interface ContractDocument {
  openapi: string
  info: { version: string }
  paths: Record<
    string,
    Record<
      string,
      {
        operationId: string
        security: Record<string, string[]>[]
        parameters?: { in: string; name: string; required?: boolean }[]
      }
    >
  >
  components: { schemas: Record<string, { properties?: Record<string, { enum?: string[] }> }> }
}

export interface Answer {
  status: number
  headers: Record<string, string>
  text: string
  /** As `bodyOf` reads it. */
  body: unknown
}

export interface Ask {
  key?: string | null
  body?: unknown
  headers?: Record<string, string>
}

/** Longer than any operation may take, a long poll among them. */
const limitMs = 40_000
const attempts = 5

/** There is nothing to test. The message says why to who called. */
export class NoDeployment extends Error {}

export class Deployment {
  readonly url: string
  readonly contract: ContractDocument
  readonly #check: ReturnType<typeof contractOf>

  private constructor(url: string, contract: ContractDocument) {
    this.url = url
    this.contract = contract
    this.#check = contractOf(contract)
  }

  /** @throws NoDeployment where no contract of a register stands at the address. */
  static async at(address: string): Promise<Deployment> {
    const url = address.replace(/\/+$/, '')
    if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
      throw new NoDeployment(`"${address}" is no address. Write it like https://roles.example.org.`)
    const at = `${url}/openapi.json`
    const response = await fetch(at, { signal: AbortSignal.timeout(limitMs) }).catch(error => {
      throw new NoDeployment(`${at} does not answer: ${error.cause?.code ?? error.cause?.message ?? error.message}.`)
    })
    if (!response.ok) throw new NoDeployment(`${url} is no register: ${at} answers ${response.status}.`)
    const contract = (await response.json().catch(() => null)) as ContractDocument | null
    if (!contract?.paths?.['/v1/roles']) throw new NoDeployment(`${url} is no register: ${at} is no contract of one.`)
    return new Deployment(url, contract)
  }

  get operations(): Operation[] {
    return Object.entries(this.contract.paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, { operationId, security, parameters = [] }]) => ({
        id: operationId,
        method: method.toUpperCase(),
        path,
        isOpen: security.some(entry => Object.keys(entry).length === 0),
        required: parameters.filter(({ required }) => required).map(({ name }) => name),
      })),
    )
  }

  /** Sends `METHOD /path`. Waits where it is told to (429, 503). Throws where the answer breaks the contract. */
  async ask(line: string, { key = null, body, headers }: Ask = {}): Promise<Answer> {
    const [method = 'GET', path = '/'] = line.split(' ')
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'
    for (let attempt = 1; ; attempt += 1) {
      const response = await fetch(`${this.url}${path}`, {
        method,
        redirect: 'manual',
        signal: AbortSignal.timeout(limitMs),
        headers: {
          ...(key === null ? {} : { authorization: `Bearer ${key}` }),
          ...(body === undefined ? {} : { 'content-type': type }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      })
      const text = await response.text()
      const { status } = response
      if ((status === 429 || status === 503) && attempt < attempts) {
        await sleep(1000 * Math.min(10, Number(response.headers.get('retry-after') ?? 1)))
        continue
      }
      const given = Object.fromEntries(response.headers)
      const answer = { status, headers: given, text, body: bodyOf(given['content-type'] ?? '', text) }
      this.#check(method, path, answer)
      return answer
    }
  }
}
