/** What tests of attacks share: what the database holds, as one value, and the table that a test of attacks is. */
import { type Kysely, sql } from 'kysely'
import type { Test } from 'tap'
import type { Database } from '../../src/database/types.ts'
import type { Answer, testApp } from './app.ts'

type App = Awaited<ReturnType<typeof testApp>>

const tables = [
  'organisations',
  'roles',
  'role_versions',
  'role_search',
  'role_skills',
  'role_sfia_levels',
  'role_shared_sections',
  'skills',
  'shared_sections',
  'api_keys',
  'imports',
  'idempotency_keys',
]

/** A digest of all rows of each table: equal before and after what must store nothing. */
export async function contentsOf(db: Kysely<Database>): Promise<Record<string, string>> {
  const contents: Record<string, string> = {}
  for (const table of tables) {
    const { rows } = await sql<{ digest: string }>`
      select coalesce(md5(string_agg(row::text, '|' order by row::text)), '') as digest from ${sql.table(table)} row`.execute(
      db,
    )
    contents[table] = rows[0]?.digest ?? ''
  }
  // Some refusals are noted among the events: that is what an audit log is for.
  const { rows } = await sql<{ count: string }>`
    select count(*)::text as count from events where type <> 'refused'`.execute(db)
  contents.events = rows[0]?.count ?? ''
  return contents
}

/** One attack: what is sent, and the refusal that it must meet. */
export interface Attack {
  name: string
  line: string
  body?: unknown
  match?: string
  headers?: Record<string, string>
  key?: string | null
  status: number
  code: string
  /** Of the first error, where the refusal lists some. */
  pointer?: string
  errorCode?: string
}

type Asserts = Pick<Test, 'same' | 'ok'>

const slowMs = 2000

/** Makes the attacks in turn. Each gets its status, code and first error; none stores a thing or changes a prototype. */
export async function refuseAll(t: Asserts, { call, db }: App, attacks: readonly Attack[]): Promise<void> {
  const before = await contentsOf(db)
  for (const attack of attacks) {
    // What runs the tests reads their names as lines of text.
    const name = attack.name.replaceAll(/[\p{C}\p{Z}]+/gu, ' ')
    const { line, status, code, pointer, errorCode, body, match, headers, key } = attack
    const began = performance.now()
    const answer = await call(line, {
      ...(body === undefined ? {} : { body }),
      ...(match === undefined ? {} : { match }),
      ...(headers ? { headers } : {}),
      ...(key === undefined ? {} : { key }),
    })
    const ms = performance.now() - began
    const problem = answer.body as { code?: string; errors?: { pointer: string; code: string }[] }
    const [first] = problem.errors ?? []
    t.same(
      { status: answer.status, code: problem.code, pointer: first?.pointer, errorCode: first?.code },
      {
        status,
        code,
        pointer: pointer ?? first?.pointer,
        errorCode: errorCode ?? first?.code,
      },
      name,
      { answer: answer.text.slice(0, 300) },
    )
    t.ok(ms < slowMs, `${name}: refused in ${Math.round(ms)} ms`)
    t.ok(isClean(), `${name}: no prototype has a new member`)
  }
  t.same(await contentsOf(db), before, 'nothing was stored')
}

const own = [Object.prototype, Array.prototype, String.prototype, Function.prototype].map(
  prototype => [prototype, Reflect.ownKeys(prototype).length] as const,
)

/** Whether the prototypes that everything has are as they were when this file was loaded. */
export const isClean = () => own.every(([prototype, count]) => Reflect.ownKeys(prototype).length === count)

/** All strings of an answer's body that begin with a scheme. */
export const linksIn = ({ text }: Answer): string[] => text.match(/https?:\/\/[^"\\\s]+/g) ?? []
