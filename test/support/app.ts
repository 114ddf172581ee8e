/** The whole service on a database of its own, with callers of every kind; each answer is held against the contract. */
import { type AppOptions, build } from '../../src/app.ts'
import type { ConnectOptions } from '../../src/database/driver.ts'
import type { Caller, Scope } from '../../src/plugins/auth.ts'
import { scopeNames } from '../../src/plugins/auth.ts'
import { callerOf } from './call.ts'
import { type Teardown, testDatabase } from './database.ts'

export const baseUrl = 'https://register.example'

/** How the app is made here: receivers of tests are on loopback addresses. */
export const webhooks = { key: 'a key for the secrets of webhooks, long', allowLoopback: true }

/** Tokens of tests are `organisation/owner/scope,scope`; the real formats have tests of their own. */
export const token = (organisation: string, scopes: readonly Scope[] | 'all' = 'all', owner = 'alice') =>
  `${organisation}/${owner}/${scopes === 'all' ? scopeNames.filter(name => name !== 'admin').join(',') : scopes.join(',')}`

const authenticate = async (given: string): Promise<Caller | null> => {
  const [organisation, owner, scopes] = given.split('/')
  if (organisation === undefined || owner === undefined || scopes === undefined) return null
  return { id: `key:${organisation}-${owner}`, owner, organisation, scopes: new Set(scopes.split(',') as Scope[]) }
}

export type { Answer } from './call.ts'

/** A cloned database with the organisations home-office and other-office; `connection` goes to the pool. */
export async function organisedDatabase(t: Teardown, connection: Partial<ConnectOptions> = {}) {
  const database = await testDatabase(t, connection)
  await database.db
    .insertInto('organisations')
    .values([
      { slug: 'home-office', name: 'Home Office' },
      { slug: 'other-office', name: 'Other Office' },
    ])
    .execute()
  return database
}

/** The app on a cloned database with the organisations home-office and other-office; `options` go to `build`, `connection` to the pool. */
export async function testApp(
  t: Teardown,
  options: Partial<AppOptions> = {},
  connection: Partial<ConnectOptions> = {},
) {
  const { db, url } = await organisedDatabase(t, connection)
  const app = await build({
    db,
    listenUrl: url,
    authenticate,
    pepper: 'pepper of the tests, 32 characters',
    webhooks,
    baseUrl,
    cacheBytesMax: 1024 * 1024,
    ...options,
  })
  await app.ready()
  t.after(() => app.close())
  /** By home-office with all scopes but admin, unless `key` says otherwise (null: no key). */
  const call = callerOf(app, token('home-office'))
  return { app, db, url, call }
}
