/** Clients that write as real ones do: with keys, with retries, and with a log of what was acknowledged to them. */
import { createHash, randomUUID } from 'node:crypto'
import { appendFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { exampleDocument } from '../../src/document/schema.ts'

/** One operation as its client knows it in the end. */
export interface Operation {
  /** The Request-Id of each attempt begins with it, and so does that of the event. */
  id: string
  kind: 'create' | 'patch' | 'publish'
  role: string
  /** Unknown where the client gave up before it was told. */
  outcome: 'acknowledged' | 'refused' | 'unknown'
  revision?: number
  version?: number
  /** Of a publication: the version's ETag without its quotes. */
  digest?: string
}

export interface Answer {
  status: number
  headers: Headers
  text: string
  ms: number
}

export interface DriverOptions {
  base: string
  key: string
  /** The log of outcomes: one JSON object a line. */
  log: string
  writers?: number
  readers?: number
  /** A role that is published, for the readers, and one that all writers change at once. */
  published?: string
  shared?: string
  /** Longest wait for one answer; longer is a hang, which the driver reports. */
  hangMs?: number
}

/** For how long a client goes on trying once it is asked to come to an end: the service should be well by then. */
const attemptsForMs = 60_000

/** What no fault excuses is kept in `violations`; all else is counted. */
export class Driver {
  readonly violations: string[] = []
  readonly counts = {
    acknowledged: 0,
    refused: 0,
    unknown: 0,
    retries: 0,
    busy: 0,
    lost: 0,
    reads: 0,
    stale: 0,
    replayed: 0,
  }
  /** What becomes of the requests that wait for an answer now. */
  readonly #waiting = new Set<Promise<string | undefined>>()
  slowestMs = 0
  /** By `performance.now()`, of the latest write that was acknowledged, and of each kind. */
  readonly acknowledgedAt: Record<Operation['kind'], number> = { create: 0, patch: 0, publish: 0 }
  readonly #options: DriverOptions
  readonly #stop = new AbortController()
  readonly #running: Promise<void>[] = []
  readonly #run = randomUUID().slice(0, 6)
  #endsAt = Number.POSITIVE_INFINITY
  #operations = 0
  #publishedVersion = 0

  constructor(options: DriverOptions) {
    this.#options = options
  }

  /** How many requests wait for an answer now. */
  get inFlight(): number {
    return this.#waiting.size
  }

  /** Takes note of the requests that wait for an answer now; the call it gives tells how many were never answered, and why. */
  watch(): () => Promise<{ total: number; lost: string[] }> {
    const watched = [...this.#waiting]
    return async () => {
      const ends = await Promise.all(watched)
      return { total: ends.length, lost: ends.filter(end => end !== undefined) }
    }
  }

  get acknowledged(): number {
    return this.counts.acknowledged
  }

  get lastAcknowledgedAt(): number {
    return Math.max(...Object.values(this.acknowledgedAt))
  }

  start(): this {
    const { writers = 8, readers = 2, published } = this.#options
    for (let n = 1; n <= writers; n++) this.#running.push(this.#guard(this.#write(n)))
    if (published) for (let n = 0; n < readers; n++) this.#running.push(this.#guard(this.#read(published)))
    return this
  }

  /** Lets each client finish what it is at, for so long; so the service should be well by now. */
  async stop(limitMs = attemptsForMs): Promise<void> {
    this.#stop.abort()
    this.#endsAt = performance.now() + limitMs
    await Promise.all(this.#running)
  }

  async #guard(work: Promise<void>): Promise<void> {
    await work.catch(error => {
      this.violations.push(`a client failed: ${error instanceof Error ? error.stack : error}`)
    })
  }

  get #stopped(): boolean {
    return this.#stop.signal.aborted
  }

  /** Creates roles, and patches and publishes each some times. */
  async #write(writer: number): Promise<void> {
    const { shared } = this.#options
    for (let n = 1; !this.#stopped; n++) {
      const role = `w${this.#run}-${writer}-${n}`
      let etag = await this.#create(role)
      for (let round = 1; round <= 6 && etag && !this.#stopped; round++) {
        etag = await this.#patch(role, etag, `${role} ${round}`)
        if (etag && round % 2 === 0) etag = await this.#publish(role, etag)
        if (shared && round % 3 === 0) await this.#changeShared(shared, writer)
      }
    }
  }

  #create(role: string): Promise<string | undefined> {
    const body = JSON.stringify({ ...exampleDocument, title: role })
    return this.#operate('create', role, 'POST', `/v1/roles?organisation=home-office&slug=${role}`, body)
  }

  #patch(role: string, etag: string, title: string, mayLose = false): Promise<string | undefined> {
    const path = `/v1/roles/${role}/draft`
    return this.#operate('patch', role, 'PATCH', path, JSON.stringify({ title }), etag, mayLose)
  }

  #publish(role: string, etag: string, mayLose = false): Promise<string | undefined> {
    const body = JSON.stringify({ change_note: 'Published by a test' })
    return this.#operate('publish', role, 'POST', `/v1/roles/${role}/publications`, body, etag, mayLose)
  }

  /** All writers change one role: who comes second is refused, and must leave no trace. */
  async #changeShared(role: string, writer: number): Promise<void> {
    const answer = await this.request('GET', `/v1/roles/${role}/draft`).catch(() => undefined)
    const etag = answer?.status === 200 ? answer.headers.get('etag') : null
    if (!etag) return
    const next = await this.#patch(role, etag, `${role} by ${writer} at ${this.#operations}`, true)
    if (next && writer % 2 === 0) await this.#publish(role, next, true)
  }

  /** One write with its retries. Gives the ETag, or undefined where it was refused or given up. */
  async #operate(
    kind: Operation['kind'],
    role: string,
    method: string,
    path: string,
    body: string,
    etag?: string,
    mayLose = false,
  ): Promise<string | undefined> {
    const id = `op-${this.#run}-${++this.#operations}`
    const headers: Record<string, string> = {
      'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json',
      'idempotency-key': id,
      ...(etag ? { 'if-match': etag } : {}),
    }
    for (let attempt = 1; ; attempt++) {
      const answer = await this.request(method, path, { ...headers, 'request-id': `${id}.${attempt}` }, body).catch(
        () => undefined,
      )
      const status = answer?.status ?? 0
      if (answer && (status === 200 || status === 201)) return this.#acknowledge({ id, kind, role }, answer)
      const inFlight = status === 409 && answer?.text.includes('idempotency_in_flight')
      if (status === 412 && mayLose) {
        this.#note({ id, kind, role, outcome: 'refused' })
        return undefined
      }
      if (answer && status !== 503 && !inFlight) {
        this.violations.push(`${kind} of ${role} (${id}, attempt ${attempt}) was answered ${status}: ${answer.text}`)
        this.#note({ id, kind, role, outcome: 'refused' })
        return undefined
      }
      if (performance.now() > this.#endsAt) {
        this.#note({ id, kind, role, outcome: 'unknown' })
        return undefined
      }
      this.counts.retries += 1
      // A real client would wait for as long as Retry-After says; this one is here to be a burden.
      await sleep(50 + Math.random() * 100)
    }
  }

  #acknowledge(operation: Pick<Operation, 'id' | 'kind' | 'role'>, answer: Answer): string {
    const etag = answer.headers.get('etag') ?? ''
    const about = JSON.parse(answer.text) as { version?: number; etag?: string }
    const isPublication = operation.kind === 'publish'
    if (answer.headers.has('idempotent-replayed')) this.counts.replayed += 1
    if (isPublication && operation.role === this.#options.published)
      this.#publishedVersion = Math.max(this.#publishedVersion, about.version ?? 0)
    this.acknowledgedAt[operation.kind] = performance.now()
    this.#note({
      ...operation,
      outcome: 'acknowledged',
      revision: Number(/^"r(\d+)"$/.exec(etag)?.[1]),
      ...(isPublication ? { version: about.version ?? 0, digest: (about.etag ?? '').slice(1, -1) } : {}),
    })
    return etag
  }

  #note(operation: Operation): void {
    this.counts[operation.outcome] += 1
    appendFileSync(this.#options.log, `${JSON.stringify(operation)}\n`)
  }

  /** Reads the latest version for ever: whole bytes always, never one older than was acknowledged unless marked stale. */
  async #read(role: string): Promise<void> {
    while (!this.#stopped) {
      const known = this.#publishedVersion
      const answer = await this.request('GET', `/v1/roles/${role}`).catch(() => undefined)
      if (answer?.status === 200) this.#checkRead(role, answer, known)
      else if (answer && answer.status !== 503)
        this.violations.push(`a read of ${role} was answered ${answer.status}: ${answer.text}`)
      await sleep(10)
    }
  }

  #checkRead(role: string, { headers, text }: Answer, known: number): void {
    this.counts.reads += 1
    const digest = createHash('sha256').update(text).digest('base64url')
    if (headers.get('etag') !== `"${digest}"`) this.violations.push(`a read of ${role} was not the bytes of its ETag`)
    const isStale = headers.get('cache-status')?.includes('stale') ?? false
    if (isStale) this.counts.stale += 1
    const { version } = JSON.parse(text) as { version: number }
    if (!isStale && version < known)
      this.violations.push(`a read of ${role} gave version ${version} after ${known} was acknowledged`)
  }

  /** One request; throws where no answer came. What holds for every answer is checked here. */
  async request(method: string, path: string, headers: Record<string, string> = {}, body?: string): Promise<Answer> {
    const answer = this.#request(method, path, headers, body)
    const end = answer.then(
      () => undefined,
      error => `${method} ${path}: ${error.cause ?? error}`,
    )
    this.#waiting.add(end)
    void end.then(() => this.#waiting.delete(end))
    return answer
  }

  async #request(method: string, path: string, headers: Record<string, string>, body?: string): Promise<Answer> {
    const { base, key, hangMs = 20_000 } = this.#options
    const began = performance.now()
    try {
      const response = await fetch(base + path, {
        method,
        headers: { authorization: `Bearer ${key}`, ...headers },
        ...(body === undefined ? {} : { body }),
        signal: AbortSignal.timeout(hangMs),
      })
      const text = await response.text()
      const ms = performance.now() - began
      this.slowestMs = Math.max(this.slowestMs, ms)
      if (response.status === 503) {
        this.counts.busy += 1
        if (!/^\d+$/.test(response.headers.get('retry-after') ?? ''))
          this.violations.push(`${method} ${path} was answered 503 without Retry-After: ${text}`)
      }
      return { status: response.status, headers: response.headers, text, ms }
    } catch (error) {
      this.counts.lost += 1
      if (error instanceof Error && error.name === 'TimeoutError')
        this.violations.push(`${method} ${path} hung for ${hangMs} ms`)
      throw error
    }
  }
}
