/** The service with real credentials: keys out of the database, tokens of an issuer where one is given. */
import { authenticator } from '../../src/api-keys/authenticator.ts'
import type { Issuer } from '../../src/api-keys/oidc.ts'
import { insertKey, type KeyRow } from '../../src/api-keys/store.ts'
import { build } from '../../src/app.ts'
import { transact } from '../../src/database/connect.ts'
import type { Scope } from '../../src/plugins/auth.ts'
import { baseUrl, organisedDatabase } from './app.ts'
import { callerOf } from './call.ts'
import type { Teardown } from './database.ts'
import { secret, testLogger } from './logs.ts'

export const pepper = 'a pepper of more than thirty-two characters'

export interface MadeKey {
  row: KeyRow
  text: string
}

export type { Answer } from './call.ts'

/** The app on a cloned database with the organisations home-office and other-office, and a way to make keys. */
export async function keyedApp(t: Teardown, oidc?: Issuer) {
  const { db, url } = await organisedDatabase(t)
  const warnings: string[] = []
  const log = { warn: (_about: object, message: string) => void warnings.push(message) }
  const { authenticate, close } = authenticator({ db, pepper, oidc, log, flushIntervalMs: 3_600_000 })
  const webhooks = { key: secret('a key for the secrets of webhooks, long'), allowLoopback: false }
  const app = await build({
    db,
    authenticate,
    baseUrl,
    cacheBytesMax: 0,
    pepper: secret(pepper),
    webhooks,
    logger: testLogger(),
  })
  await app.ready()
  t.after(async () => {
    await app.close()
    await close()
  })

  const makeKey = async (
    scopes: readonly Scope[],
    {
      organisation = 'home-office',
      owner = 'alice',
      days = 1,
    }: { organisation?: string; owner?: string; days?: number } = {},
  ): Promise<MadeKey> => {
    const expires_at = new Date(Date.now() + days * 86_400_000).toISOString()
    const values = { name: 'A key for a test', organisation, owner, owner_kind: 'person', scopes, expires_at } as const
    const made = await transact(db, trx => insertKey(trx, pepper, null, values))
    secret(made.text)
    return made
  }

  const call = callerOf(app)
  return { app, db, url, call, makeKey, close, warnings }
}
