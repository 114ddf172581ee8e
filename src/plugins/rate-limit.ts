/**
 * Counts requests in windows of a minute, and says what is left in the header fields of
 * draft-ietf-httpapi-ratelimit-headers-10.
 *
 * By hand: @fastify/rate-limit answers asynchronously on every request, sends the fields of an older draft and can give
 * nothing back for a 304; rate-limiter-flexible keeps a timer for each address, and as many addresses as are sent.
 */
import { isIPv6 } from 'node:net'
import { LRUCache } from 'lru-cache'

const windowMs = 60_000
/** What a flood of addresses can make us remember: about 10 MB. Who has not been seen for longest is forgotten first. */
const bucketsMax = 50_000

/** One caller's or address's requests in its window, which begins with its first request. */
export interface Bucket {
  readonly quota: number
  /** `RateLimit-Policy`: what may be had. */
  readonly policy: string
  readonly name: string
  used: number
  /** Credentials that were sent from here and were not valid. */
  failed: number
  endsAt: number
}

/**
 * An address as it is counted: a network of IPv6 by its first 64 bits, which is what one subscriber gets, and IPv4 in an
 * IPv6 form as IPv4.
 */
export function addressKey(address: string): string {
  if (!address.includes(':')) return address
  const [bare = ''] = address.split('%')
  if (!isIPv6(bare)) return bare
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare)?.[1]
  if (mapped !== undefined) return mapped
  const [head = '', tail] = bare.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  // An IPv4 address at the end stands for two groups.
  const groups = left.length + right.length + (bare.includes('.') ? 1 : 0)
  const all = [...left, ...Array<string>(tail === undefined ? 0 : 8 - groups).fill('0'), ...right]
  return `${all
    .slice(0, 4)
    .map(group => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`
}

/** Limits of callers with a key and of addresses, each in requests a minute. Times are those of `performance.now()`. */
export class RateLimiter {
  readonly #buckets = new LRUCache<string, Bucket>({ max: bucketsMax })
  readonly #quotas: { key: number; address: number }
  /** Requests that were refused. */
  refused = 0

  constructor(quotas: { perKey: number; perAddress: number }) {
    this.#quotas = { key: quotas.perKey, address: quotas.perAddress }
  }

  ofAddress(address: string, now: number): Bucket {
    return this.#find(address.includes(':') ? addressKey(address) : address, 'address', now)
  }

  ofCaller(id: string, now: number): Bucket {
    return this.#find(` ${id}`, 'key', now)
  }

  /** How many callers and addresses are remembered. */
  get size(): number {
    return this.#buckets.size
  }

  #find(key: string, name: 'key' | 'address', now: number): Bucket {
    const known = this.#buckets.get(key)
    if (known !== undefined) {
      if (now >= known.endsAt) {
        known.used = 0
        known.failed = 0
        known.endsAt = now + windowMs
      }
      return known
    }
    const quota = this.#quotas[name]
    const policy = `"${name}";q=${quota};w=${windowMs / 1000}`
    const bucket = { quota, policy, name, used: 0, failed: 0, endsAt: now + windowMs }
    this.#buckets.set(key, bucket)
    return bucket
  }

  /** Counts one request; false where there is none left. */
  take(bucket: Bucket): boolean {
    if (bucket.used >= bucket.quota) {
      this.refused += 1
      return false
    }
    bucket.used += 1
    return true
  }

  /** What a 304 costs is nothing: its caller does what we ask for. */
  giveBack(bucket: Bucket): void {
    if (bucket.used > 0) bucket.used -= 1
  }

  /** A credential was not valid. It counts against the address, since there is no caller. */
  fail(bucket: Bucket): void {
    bucket.failed += 1
    if (bucket.used < bucket.quota) bucket.used += 1
  }

  /**
   * Whether so many credentials from here were wrong that no more are looked up. Other requests of the address do not
   * count, or its public reads could lock out those behind it who have a key.
   */
  refusesCredentials(bucket: Bucket): boolean {
    if (bucket.failed < bucket.quota) return false
    this.refused += 1
    return true
  }
}

/** In whole milliseconds first: the sum of two times is not exact. */
const secondsLeft = ({ endsAt }: Bucket, now: number) => Math.max(1, Math.ceil(Math.round(endsAt - now) / 1000))

/** `RateLimit`: what is left of the policy, and the seconds until all of it is there again. */
export const rateLimitField = (bucket: Bucket, now: number): string =>
  `"${bucket.name}";r=${bucket.quota - bucket.used};t=${secondsLeft(bucket, now)}`

/** `Retry-After`: the seconds until all of the quota is there again. */
export const retryAfter = (bucket: Bucket, now: number): string => String(secondsLeft(bucket, now))
