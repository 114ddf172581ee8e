/** The bytes of published roles in memory. Correct with any number of processes on one database: see `up` and `drop`. */
import { LRUCache } from 'lru-cache'
import type { Version, Withdrawal } from './versions.ts'

/** A version in memory. */
export interface KeptVersion extends Version {
  body: Buffer
}

export interface Served {
  found: Version | Withdrawal | undefined
  /** The database could not be asked, and a newer version may exist. */
  stale: boolean
}

interface Loads {
  latest: (slug: string) => Promise<Version | Withdrawal | undefined>
  version: (slug: string, version: number) => Promise<Version | undefined>
}

/** The period of an entry that is served only where the database is gone. */
const notTrusted = -1
/** The period of an entry that never changes. */
const always = -2

interface Entry {
  version: KeptVersion
  /** The period of listening in which it was filled. */
  period: number
}

interface Fill {
  promise: Promise<Version | Withdrawal | undefined>
  /** The period of listening in which it began. Whoever asks in a later one needs a fill of that one. */
  period: number
}

/** For so long after a failed read the last known bytes are served at once, so that readers do not queue for a dead database. */
const retryAfterMs = 1000

export const isVersion = (found: Version | Withdrawal | undefined): found is Version =>
  found !== undefined && 'body' in found

const keep = (version: Version): KeptVersion => ({ ...version, body: Buffer.from(version.body) })

/** What an entry is found by: the path of what it answers, below `/v1/roles/`. The latest version has the slug alone. */
const keyOf = (slug: string, version: number) => `${slug}/versions/${version}`

/**
 * Holds versions of roles. One asked for by its number never changes. The latest of a role is served without a look at
 * the database only while the process hears of every publication: in one unbroken period of listening. A fill that began
 * before the last drop of its role is not stored, nor one older than the version that was announced, which a lagging
 * standby may give.
 */
export class PublishedCache {
  readonly #load: Loads
  readonly #entries: LRUCache<string, Entry> | undefined
  readonly #announced = new LRUCache<string, number>({ max: 10_000 })
  readonly #fills = new Map<string, Fill>()
  #period = 0
  #listening = false
  #failedAt = Number.NEGATIVE_INFINITY
  hits = 0
  misses = 0

  /** `bytesMax` 0 holds nothing: every read asks the database. */
  constructor(load: Loads, bytesMax: number) {
    this.#load = load
    this.#entries =
      bytesMax > 0
        ? new LRUCache({ maxSize: bytesMax, sizeCalculation: ({ version }) => version.body.length + 1024 })
        : undefined
  }

  /** The process listens from now on. What it holds from before may be old: it serves only where the database is gone. */
  up(): void {
    this.#period += 1
    this.#listening = true
    this.#failedAt = Number.NEGATIVE_INFINITY
  }

  /** The process no longer hears of publications. */
  down(): void {
    this.#listening = false
  }

  get listening(): boolean {
    return this.#listening
  }

  get bytes(): number {
    return this.#entries?.calculatedSize ?? 0
  }

  /** A role was published as `version`, or withdrawn (0). Also called by the process that did it, once it is certain. */
  drop(slug: string, version: number): void {
    // Whoever tells of a publication has just had an answer from the database.
    this.#failedAt = Number.NEGATIVE_INFINITY
    if (version > 0) this.#announced.set(slug, Math.max(version, this.#announced.get(slug) ?? 0))
    const entry = this.#entries?.peek(slug)
    // The process that published it hears of it a second time, when it may hold it already.
    if (entry && this.#isTrusted(entry) && entry.version.version === version) return
    // Until the next read they are still the last known bytes, should the database be gone by then.
    if (entry && version > 0) this.#entries?.set(slug, { version: entry.version, period: notTrusted })
    else this.#entries?.delete(slug)
    this.#fills.delete(slug)
  }

  /** Whether something is known of a role, that is served where the database cannot be asked. */
  holds(slug: string): boolean {
    return this.#entries?.has(slug) ?? false
  }

  /** An entry that may be served as it is; undefined where the database must be asked. No promise: this is the hot path. */
  peek(key: string): KeptVersion | undefined {
    const entry = this.#entries?.get(key)
    if (entry === undefined) return undefined
    return this.#isTrusted(entry) || entry.period === always ? entry.version : undefined
  }

  /** Whether every publication was heard of since it was filled. */
  #isTrusted({ period }: Entry): boolean {
    return period === this.#period && this.#listening
  }

  /** A version by its number, from memory or from the database; undefined where there is none. */
  async version(slug: string, number: number): Promise<Version | undefined> {
    const key = keyOf(slug, number)
    const held = this.peek(key)
    if (held) {
      this.hits += 1
      return held
    }
    this.misses += 1
    const found = await this.#load.version(slug, number)
    if (found) this.#entries?.set(key, { version: keep(found), period: always })
    return found
  }

  /** The latest version from memory or from the database. Throws what the load throws, where nothing is known. */
  async get(slug: string): Promise<Served> {
    const entry = this.peek(slug)
    if (entry) {
      this.hits += 1
      return { found: entry, stale: false }
    }
    this.misses += 1
    const known = this.#entries?.get(slug)?.version
    if (known && performance.now() - this.#failedAt < retryAfterMs) return { found: known, stale: true }
    try {
      return { found: await this.#fill(slug), stale: false }
    } catch (error) {
      this.#failedAt = performance.now()
      const last = this.#entries?.get(slug)?.version ?? known
      if (last === undefined) throw error
      return { found: last, stale: true }
    }
  }

  /** One load for all who ask for a role at once; those who ask after a drop get a load of their own. */
  #fill(slug: string): Promise<Version | Withdrawal | undefined> {
    const running = this.#fills.get(slug)
    const period = this.#period
    if (running?.period === period) return running.promise
    const fill: Fill = { promise: Promise.resolve(undefined), period }
    fill.promise = this.#load
      .latest(slug)
      .then(loaded => {
        // Many may wait for it: its bytes are made once.
        const found = isVersion(loaded) ? keep(loaded) : loaded
        if (this.#fills.get(slug) !== fill) return found
        if (!isVersion(found)) this.#entries?.delete(slug)
        else if (found.version >= (this.#announced.get(slug) ?? 0))
          this.#entries?.set(slug, { version: found, period: this.#listening ? period : notTrusted })
        return found
      })
      .finally(() => {
        if (this.#fills.get(slug) === fill) this.#fills.delete(slug)
      })
    this.#fills.set(slug, fill)
    return fill.promise
  }
}
