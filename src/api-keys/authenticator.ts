/** All ways to tell who calls, put together, and the note of when each key was last used. */
import type { Kysely } from 'kysely'
import type { Database } from '../database/types.ts'
import type { Authenticate } from '../plugins/auth.ts'
import { authenticateToken, type Issuer, type Log } from './oidc.ts'
import { authenticateKey, updateLastUsed } from './store.ts'

interface Options {
  db: Kysely<Database>
  pepper: string
  /** Whose JWTs are accepted beside API keys. */
  oidc?: Issuer | undefined
  log: Log
  /** How often the last uses of keys are written, in milliseconds; 5 s unless given. */
  flushIntervalMs?: number
}

interface Authenticator {
  authenticate: Authenticate
  /** Writes the last uses that are not written yet. Call it before the database is closed. */
  close(): Promise<void>
}

/**
 * Tells callers by API keys and, with an issuer, by its JWTs. A credential that is neither, or is not valid now, gives
 * null.
 */
export function authenticator({ db, pepper, oidc, log, flushIntervalMs = 5000 }: Options): Authenticator {
  const uses = lastUses(db, log, flushIntervalMs)
  const byKey = authenticateKey(db, pepper, uses.add)
  const byToken: Authenticate = oidc ? authenticateToken({ ...oidc, log }) : async () => null
  return {
    authenticate: token => (token.startsWith('grr_') ? byKey(token) : byToken(token)),
    close: uses.close,
  }
}

/**
 * Keeps the latest use of each key in memory and writes them together, so that no request waits for it. A use that
 * cannot be written is tried again with the next ones; it is only a note, so it fails nothing.
 */
function lastUses(db: Kysely<Database>, log: Log, intervalMs: number) {
  let waiting = new Map<string, string>()
  let writing = Promise.resolve()
  const write = async () => {
    if (waiting.size === 0) return
    const uses = waiting
    waiting = new Map()
    try {
      await updateLastUsed(db, uses)
    } catch (error) {
      log.warn({ err: error }, 'when keys were last used could not be written')
      waiting = new Map([...uses, ...waiting])
    }
  }
  const flush = () => {
    writing = writing.then(write)
    return writing
  }
  const timer = setInterval(flush, intervalMs).unref()
  return {
    add: (id: string) => {
      waiting.set(id, new Date().toISOString())
    },
    async close() {
      clearInterval(timer)
      await flush()
    },
  }
}
