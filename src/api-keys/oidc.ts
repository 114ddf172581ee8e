/** Bearer tokens of an OpenID Connect issuer: JWTs that are checked against the keys which the issuer publishes. */
import { createLocalJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify, type LocalJWKSet } from 'jose'
import { Value } from 'typebox/value'
import { Slug } from '../document/schema.ts'
import { type Authenticate, type Caller, type Scope, scopeNames } from '../plugins/auth.ts'
import { Problem } from '../plugins/problems.ts'

export interface Issuer {
  /** Exactly as its tokens name it in `iss`. */
  issuer: string
  /** What its tokens for this service name in `aud`. */
  audience: string
}

/** The part of a logger that is used where a failure is only told of. */
export interface Log {
  warn(about: object, message: string): void
}

interface Options extends Issuer {
  log: Log
  /** The time in milliseconds; the system's unless given. */
  now?: () => number
  /** For discovery and keys together. */
  fetchTimeoutMs?: number
}

/** Asymmetric signatures only: with HMAC anybody who knows the public key could sign (RFC 8725 §3.1). */
const algorithms = ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA', 'Ed25519']
const clockToleranceSeconds = 30
/** Keys older than this are fetched again before they are used. */
const freshMs = 10 * 60_000
/** While the issuer is down its last keys are good for this long. */
const staleMs = 24 * 60 * 60_000
/** An issuer is asked at most once in this time, whatever the reason. */
const pauseMs = 60_000
/** While there are no keys at all nobody can be told apart, so the wait is shorter. */
const pauseWithoutKeysMs = 5_000

/**
 * Tells callers by JWTs (RFC 7519; RFC 8725 for how they are checked): signed by a key of the issuer with RS256, PS256,
 * ES256, ES384 or EdDSA, with the right `iss` and `aud`, and within `exp` and `nbf`, 30 s of difference allowed.
 * Anything else gives null. The claims:
 *
 * - `sub` (required) is the owner, and makes the id: `token:{sub}`.
 * - `organisation` (required): the slug of the organisation that the caller acts for.
 * - Scopes are all words of `scope` or `scp` (text with spaces, or a list) and of `roles` (a list) that are scopes here;
 *   others are ignored. `admin` is one of ours, so an issuer must not use it in these claims for anything else.
 * - `exp` (required).
 *
 * The issuer's keys are found by OpenID Connect Discovery 1.0 §4, fetched again after ten minutes or for an unknown
 * `kid`, at most once a minute, and used for 24 hours while the issuer does not answer.
 *
 * @throws Problem `unavailable` while there are no keys to check with. It does not name the issuer.
 */
export function authenticateToken(options: Options): Authenticate {
  const { issuer, audience, now = Date.now } = options
  const issuerKeys = new IssuerKeys(options)
  const getKey: JWTVerifyGetKey = async (header, token) => {
    const keys = await issuerKeys.current()
    try {
      return await keys(header, token)
    } catch (error) {
      const newer = error instanceof errors.JWKSNoMatchingKey ? await issuerKeys.newerThan(keys) : undefined
      if (!newer) throw error
      return newer(header, token)
    }
  }
  return async token => {
    if (!/^[\w-]+\.[\w-]+\.[\w-]+$/.test(token)) return null
    try {
      const { payload } = await jwtVerify(token, getKey, {
        issuer,
        audience,
        algorithms,
        requiredClaims: ['exp', 'sub'],
        clockTolerance: clockToleranceSeconds,
        currentDate: new Date(now()),
      })
      return callerFrom(payload)
    } catch (error) {
      if (error instanceof Problem) throw error
      // Whatever is wrong with a token, or with the one key that it names, it is not valid.
      return null
    }
  }
}

function callerFrom({ sub, exp, ...claims }: JWTPayload): Caller | null {
  if (typeof sub !== 'string' || !/^\P{C}{1,255}$/u.test(sub) || sub.trim() === '') return null
  if (!Value.Check(Slug, claims.organisation)) return null
  const words = new Set([claims.scope, claims.scp, claims.roles].flatMap(wordsOf))
  return {
    id: `token:${sub}`,
    owner: sub,
    organisation: claims.organisation,
    scopes: new Set<Scope>(scopeNames.filter(name => words.has(name))),
    ...(typeof exp === 'number' && exp < 1e11 ? { expiresAt: new Date(exp * 1000).toISOString() } : {}),
  }
}

const wordsOf = (claim: unknown): unknown[] =>
  typeof claim === 'string' ? claim.split(' ') : Array.isArray(claim) ? claim : []

/** The issuer's public keys, as fresh as can be had. */
class IssuerKeys {
  readonly #options: Options
  readonly #now: () => number
  #keys: LocalJWKSet | undefined
  #fetchedAt = Number.NEGATIVE_INFINITY
  #triedAt = Number.NEGATIVE_INFINITY
  #fetching: Promise<void> | undefined

  constructor(options: Options) {
    this.#options = options
    this.#now = options.now ?? Date.now
  }

  get #ageMs(): number {
    return this.#now() - this.#fetchedAt
  }

  get #usable(): LocalJWKSet | undefined {
    return this.#ageMs <= staleMs ? this.#keys : undefined
  }

  async current(): Promise<LocalJWKSet> {
    if (this.#ageMs > freshMs) await this.#refresh()
    const keys = this.#usable
    if (keys) return keys
    throw new Problem('unavailable', 'The register cannot check tokens now. Try again in a few seconds.', {
      headers: { 'retry-after': '5' },
    })
  }

  /** Keys that came after the given ones, fetched if it is time to; undefined where there are none. */
  async newerThan(keys: LocalJWKSet): Promise<LocalJWKSet | undefined> {
    if (this.#keys === keys) await this.#refresh()
    return this.#keys === keys ? undefined : this.#keys
  }

  /** One fetch for all who wait for it. Never rejects: what was there before stays. */
  #refresh(): Promise<void> {
    if (this.#fetching) return this.#fetching
    const pause = this.#usable ? pauseMs : pauseWithoutKeysMs
    if (this.#now() - this.#triedAt < pause) return Promise.resolve()
    this.#triedAt = this.#now()
    this.#fetching = this.#fetch()
      .then(
        keys => {
          this.#keys = keys
          this.#fetchedAt = this.#now()
        },
        (error: unknown) => this.#options.log.warn({ err: error }, 'the keys of the token issuer could not be fetched'),
      )
      .finally(() => {
        this.#fetching = undefined
      })
    return this.#fetching
  }

  async #fetch(): Promise<LocalJWKSet> {
    const { issuer, fetchTimeoutMs = 3000 } = this.#options
    const signal = AbortSignal.timeout(fetchTimeoutMs)
    const base = issuer.replace(/\/$/, '')
    const about = (await fetchJson(`${base}/.well-known/openid-configuration`, signal)) as Record<string, unknown>
    // Discovery §4.3: who answers for another issuer is not believed.
    if (about.issuer !== issuer) throw new Error(`Discovery names another issuer: ${about.issuer}`)
    const jwksUri = new URL(String(about.jwks_uri))
    if (jwksUri.protocol !== 'https:' && jwksUri.protocol !== new URL(issuer).protocol)
      throw new Error(`The keys are not offered over https: ${jwksUri}`)
    return createLocalJWKSet((await fetchJson(jwksUri.href, signal)) as Parameters<typeof createLocalJWKSet>[0])
  }
}

async function fetchJson(url: string, signal: AbortSignal): Promise<unknown> {
  const response = await fetch(url, { signal, redirect: 'error', headers: { accept: 'application/json' } })
  if (!response.ok) throw new Error(`${url} answered ${response.status}`)
  const value: unknown = await response.json()
  if (value === null || typeof value !== 'object') throw new Error(`${url} is no JSON object`)
  return value
}
