/** What tests of roles begin with: a role in any stage of its life, and what the database holds of it. */
import { createHash } from 'node:crypto'
import type { Kysely } from 'kysely'
import type { Database } from '../../src/database/types.ts'
import { exampleDocument, type RoleDocument } from '../../src/document/schema.ts'
import type { Answer, testApp } from './app.ts'

type Call = Awaited<ReturnType<typeof testApp>>['call']

export const digestOf = (text: string) => createHash('sha256').update(text).digest('base64url')

/** A document that can be published, with some members its own. */
export const documentWith = (members: Partial<RoleDocument> = {}): RoleDocument => ({
  ...structuredClone(exampleDocument),
  ...members,
})

/** A document of which nothing is known. */
export const emptyDocument = {
  title: null,
  alternative_titles: [],
  profession: null,
  family: null,
  grades: [],
  behaviours: [],
  sections: [],
  skills: [],
  sfia_version: null,
  sfia_mappings: [],
  advert_details: {
    reference_number: null,
    salary: null,
    role_types: [],
    locations: [],
    business_area: null,
    contract_types: [],
    working_patterns: [],
    hours: null,
    reports_to: null,
    additional: [],
  },
}

function requireStatus(answer: Answer, status: number): Answer {
  if (answer.status !== status) throw new Error(`${answer.status} instead of ${status}: ${answer.text}`)
  return answer
}

/** Creates a role with its draft; the answer holds its ETag. Throws where that fails. */
export const createRole = async (call: Call, slug: string, body: unknown = exampleDocument, key?: string) =>
  requireStatus(await call(`POST /v1/roles?slug=${slug}`, { body, ...(key ? { key } : {}) }), 201)

/** Publishes the draft that has the ETag. Throws where that fails. */
export const publishRole = async (call: Call, slug: string, match: string, change_note = 'A note', key?: string) =>
  requireStatus(
    await call(`POST /v1/roles/${slug}/publications`, { match, body: { change_note }, ...(key ? { key } : {}) }),
    201,
  )

export const createPublished = async (call: Call, slug: string, body: unknown = exampleDocument) =>
  publishRole(call, slug, (await createRole(call, slug, body)).etag)

/**
 * How many rows each table holds that a write can touch: equal before and after one that was refused. The note of a
 * refusal, which comes a moment later, does not count.
 */
export async function countRows(db: Kysely<Database>): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const table of [
    'roles',
    'role_versions',
    'role_skills',
    'role_sfia_levels',
    'role_shared_sections',
    'role_search',
    'events',
    'idempotency_keys',
    'skills',
    'shared_sections',
    'organisations',
  ] as const) {
    const { count } = await db
      .selectFrom(table)
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow()
    counts[table] = count
  }
  const { refused } = await db
    .selectFrom('events')
    .where('type', '=', 'refused')
    .select(({ fn }) => fn.countAll<number>().as('refused'))
    .executeTakeFirstOrThrow()
  counts.events = (counts.events ?? 0) - refused
  return counts
}

/** The events of a role in the order they came, without what differs from run to run. */
export const eventsOf = (db: Kysely<Database>, role: string) =>
  db
    .selectFrom('events')
    .select(['type', 'revision', 'version', 'before_digest', 'after_digest', 'owner', 'request_id', 'data'])
    .where('role', '=', role)
    .orderBy('id')
    .execute()
