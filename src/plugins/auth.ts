/** Who calls, and whether they may. Every route names its scope; a route that names none stops the start. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { DatabaseUnavailable } from '../database/connection.ts'
import { notFound, Problem } from './problems.ts'

/** What a key can be allowed, and what that is. */
export const scopes = {
  'roles:read_drafts': 'Read the drafts of the organisation',
  'roles:write': 'Create and change drafts, ask for review',
  'roles:publish': 'Publish, return and withdraw',
  'skills:write': 'Change the skill catalogue',
  'shared_sections:write': 'Change shared sections',
  'import:write': 'Import documents',
  'vacancies:read_drafts': 'Read vacancies that are not open',
  'vacancies:write': 'Create and change vacancies',
  'vacancies:reference': 'Set the reference number of a vacancy',
  'webhooks:manage': 'Manage webhooks',
  'keys:manage': 'Manage the API keys of the organisation',
  'audit:read': 'Read the audit log of the organisation',
  'metrics:read': 'Read metrics',
  admin: 'Everything, in all organisations',
} as const satisfies Record<string, string>

export type Scope = keyof typeof scopes
export const scopeNames = Object.keys(scopes) as Scope[]

export interface Caller {
  /** The credential: `key:{id}`, or `token:{subject}`. */
  id: string
  /** The person or system that the credential belongs to; four-eyes compares owners. */
  owner: string
  organisation: string
  scopes: ReadonlySet<Scope>
  /** When the credential ends, RFC 3339; absent where it does not, or that is not known. */
  expiresAt?: string
}

/** A credential as a caller, or null where it is not valid now. Throws only where that cannot be found out. */
export type Authenticate = (token: string) => Promise<Caller | null>

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller | null
  }
  interface FastifyContextConfig {
    /** `public` asks for no credential, `any` for one with whatever scope, a list for one with any of these. */
    scope?: Scope | 'public' | 'any' | readonly [Scope, ...Scope[]]
  }
}

/** Whether the caller has the scope; `admin` has all of them. */
export const mayUse = (caller: Caller, scope: Scope) => caller.scopes.has('admin') || caller.scopes.has(scope)

/** Whether the caller may see what is private to the organisation. */
export const isOf = (caller: Caller | null, organisation: string) =>
  caller !== null && (caller.organisation === organisation || caller.scopes.has('admin'))

/** The organisations whose private rows a caller may see: one, or null for all. */
export const organisationOf = (caller: Caller) => (caller.scopes.has('admin') ? null : caller.organisation)

/** The caller of a route that is not public. */
export function callerOf(request: FastifyRequest): Caller {
  if (!request.caller) throw unauthenticated()
  return request.caller
}

/**
 * The caller of an address of which a part alone needs a key. Throws 401 without one, 403 where it lacks the scope, and
 * 503 where the database could not tell whose it is.
 */
export function requireScope(request: FastifyRequest, scope: Scope): Caller {
  if (!request.caller && request.headers.authorization !== undefined)
    throw new Problem('unavailable', 'It cannot be told now whose key this is. Try again.', {
      headers: { 'retry-after': '1' },
    })
  const caller = callerOf(request)
  if (!mayUse(caller, scope)) throw lacking(scope)
  return caller
}

/** The organisation that a new thing goes to: the one named, or the caller's. Throws 403 for another's, if not admin. */
export function organisationFor(caller: Caller, named: string | undefined): string {
  if (named === undefined || named === caller.organisation) return caller.organisation
  if (caller.scopes.has('admin')) return named
  throw foreign(caller)
}

/** 403 for a change of what another organisation has in public: that it is there is no secret. */
export const foreign = ({ organisation }: Caller) =>
  new Problem('insufficient_scope', `This key belongs to "${organisation}"; the scope admin is needed for another.`)

/** Hides what belongs to another organisation: to its callers it does not exist. */
export function requireOf<T extends { organisation: string }>(
  caller: Caller,
  found: T | undefined,
  noun: string,
  key: string,
): T {
  if (!found || !isOf(caller, found.organisation)) throw notFound(noun, key)
  return found
}

/**
 * One answer for every failure, so that it tells nothing about why: no `error` in the challenge, which RFC 6750 §3.1
 * would have only where a credential was sent.
 */
export const unauthenticated = () =>
  new Problem('unauthenticated', 'This needs a valid key: send Authorization: Bearer with an API key.', {
    headers: { 'www-authenticate': 'Bearer realm="role-register"' },
  })

/** 403 that names the scope, in the challenge too (RFC 6750 §3.1). */
export const lacking = (scope: Scope) =>
  new Problem('insufficient_scope', `This needs a key with the scope ${scope}.`, {
    headers: { 'www-authenticate': `Bearer realm="role-register", error="insufficient_scope", scope="${scope}"` },
  })

/** How long what anyone may read waits for the database to say who asks. */
const identifyMs = 2000

/**
 * The caller of something public; undefined where the database cannot tell, or not soon. What is in memory for anyone
 * is then not kept from those who happen to send a key.
 */
async function identify(known: Promise<Caller | null>): Promise<Caller | null | undefined> {
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<undefined>(resolve => {
    timer = setTimeout(resolve, identifyMs, undefined)
  })
  try {
    return await Promise.race([known, tooLate])
  } catch (error) {
    if (error instanceof DatabaseUnavailable) return undefined
    throw error
  } finally {
    clearTimeout(timer)
  }
}

/** Finds out who calls, and keeps from each route whoever lacks its scope: 401, 403. */
export const auth = fp(
  async (app: FastifyInstance, { authenticate }: { authenticate: Authenticate }) => {
    app.decorateRequest('caller', null)

    app.addHook('onRequest', (request, _reply, done) => {
      const header = request.headers.authorization
      if (header === undefined || request.routeOptions.config.probe) return done()
      const token = /^bearer +([\x21-\x7e]{1,8192})$/i.exec(header)?.[1]
      if (token === undefined) return done(unauthenticated())
      const settle = (caller: Caller | null) => {
        request.caller = caller
        done(caller ? undefined : unauthenticated())
      }
      if (request.routeOptions.config.scope !== 'public') return void authenticate(token).then(settle, done)
      identify(authenticate(token)).then(caller => (caller === undefined ? done() : settle(caller)), done)
    })

    app.addHook('onRoute', route => {
      const scope = route.config?.scope
      if (scope === undefined) throw new Error(`${route.method} ${route.url} names no scope`)
      if (scope === 'public') return
      const [first, ...others] = scope === 'any' ? [] : [scope].flat()
      const guard = (request: FastifyRequest, _reply: unknown, done: (error?: Error) => void) => {
        if (!request.caller) return done(unauthenticated())
        const { caller } = request
        const fits = first === undefined || [first, ...others].some(scope => mayUse(caller, scope))
        if (!fits) return done(lacking(first))
        done()
      }
      route.onRequest = [guard, ...[route.onRequest ?? []].flat()]
    })
  },
  { name: 'auth' },
)
