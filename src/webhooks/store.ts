/** Webhooks and what was sent to them: read and changed by their owners, filled and worked off by the worker. */
import { type Kysely, type Selectable, sql, type Transaction } from 'kysely'
import type { Database } from '../database/types.ts'
import { didYouMean } from '../document/nearest.ts'
import { type Caller, organisationOf } from '../plugins/auth.ts'
import { invalid, notFound, Problem } from '../plugins/problems.ts'
import { type Match, revisionsOf, revisionTag } from '../plugins/write.ts'
import { nearestRole } from '../roles/near.ts'
import { schedule } from './deliveries.ts'
import type { Webhook, WebhookSettings } from './schema.ts'

const columns = [
  'id',
  'organisation',
  'url',
  'description',
  'event_types',
  'organisations',
  'roles',
  'revision',
  'created_at',
  'created_by',
  'updated_at',
  'disabled_at',
  'disabled_reason',
  'failing_since',
  'old_secret_until',
] as const

/** A webhook without its secrets: nothing that is read for people holds them. */
export type WebhookRow = Pick<Selectable<Database['webhooks']>, (typeof columns)[number]>

/** What the caller set, in the order of the schema. */
export const settingsOf = (row: WebhookRow): WebhookSettings => ({
  url: row.url,
  description: row.description,
  event_types: row.event_types as WebhookSettings['event_types'],
  organisations: row.organisations,
  roles: row.roles,
  enabled: row.disabled_at === null,
})

/** A row as it is told. */
export function presentWebhook(row: WebhookRow): Webhook {
  const { id, organisation, disabled_at, disabled_reason, failing_since, created_at, created_by, updated_at } = row
  return {
    id,
    organisation,
    ...settingsOf(row),
    disabled_at,
    disabled_reason,
    failing_since,
    // Also once it is past: only what raises the revision changes the body.
    old_secret_until: row.old_secret_until,
    created_at,
    created_by,
    updated_at,
  }
}

/** Webhooks of one organisation, or of all, by id, `limit` of them after an id; [] where there is none. */
export function listWebhooks(
  db: Kysely<Database>,
  organisation: string | null,
  limit: number,
  after: string | undefined,
): Promise<WebhookRow[]> {
  let query = db.selectFrom('webhooks').select(columns)
  if (organisation !== null) query = query.where('organisation', '=', organisation)
  if (after !== undefined) query = query.where(sql<string>`id::text`, '>', after)
  return query.orderBy(sql`id::text`).limit(limit).execute()
}

const webhooksOf = (db: Kysely<Database>, caller: Caller, id: string) => {
  const organisation = organisationOf(caller)
  const query = db.selectFrom('webhooks').select(columns).where('id', '=', id)
  return organisation === null ? query : query.where('organisation', '=', organisation)
}

/** The webhook. Throws 404 where there is none that the caller may see. */
export async function findWebhook(db: Kysely<Database>, caller: Caller, id: string): Promise<WebhookRow> {
  const row = await webhooksOf(db, caller, id).executeTakeFirst()
  if (!row) throw notFound('webhook', id)
  return row
}

/** Locks a webhook for a change. Throws 404, or 412 where it is not as the caller knows it. */
export async function lockWebhook(
  trx: Transaction<Database>,
  caller: Caller,
  id: string,
  match: Match,
): Promise<WebhookRow> {
  const row = await webhooksOf(trx, caller, id).forUpdate().executeTakeFirst()
  if (!row) throw notFound('webhook', id)
  const revisions = revisionsOf(match)
  if (revisions === null || revisions.includes(row.revision)) return row
  const etag = revisionTag(row.revision)
  throw new Problem('precondition_failed', `The webhook changed; its ETag is now ${etag}.`, {
    members: { current_etag: etag },
  })
}

/** Throws 422 that names the roles of which there is nothing to tell: neither published ever nor of the organisation. */
export async function requireRoles(
  trx: Transaction<Database>,
  organisation: string,
  slugs: readonly string[],
): Promise<void> {
  if (slugs.length === 0) return
  const there = await trx
    .selectFrom('roles')
    .select('slug')
    .where('slug', 'in', slugs)
    .where(role => role.or([role('version', 'is not', null), role('organisation', '=', organisation)]))
    .execute()
  const unknown = slugs.flatMap((slug, index) => (there.some(known => known.slug === slug) ? [] : [{ slug, index }]))
  const [first] = unknown
  if (!first) return
  // The search for a near one is for one at a time: the first shows what went wrong.
  const near = didYouMean(await nearestRole(trx, first.slug))
  throw invalid(
    unknown.map(({ slug, index }) => ({
      pointer: `/roles/${index}`,
      code: 'unknown_role',
      detail: `"${slug}" is no role of ${organisation}, and no other of this name was ever published.${index === first.index ? near : ''}`,
    })),
  )
}

const stateOf = (enabled: boolean) =>
  enabled
    ? { disabled_at: null, disabled_reason: null }
    : { disabled_at: sql<string>`now()`, disabled_reason: 'by_request' as const }

/** What is stored of settings; of another address or a fresh start, nothing bad is known. */
const healthy = { failing_since: null, failed_rounds: 0, rest_until: null, asked_until: null }

/** How many webhooks an organisation may have: each is asked about every event. */
export const webhooksMax = 100

/** Throws 409 where the organisation has as many as it may. */
export async function insertWebhook(
  trx: Transaction<Database>,
  values: { id: string; organisation: string; secret: string; created_by: string | null },
  { enabled, ...settings }: WebhookSettings,
): Promise<WebhookRow> {
  const { count } = await trx
    .selectFrom('webhooks')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('organisation', '=', values.organisation)
    .executeTakeFirstOrThrow()
  if (count >= webhooksMax)
    throw new Problem(
      'conflict',
      `"${values.organisation}" has ${webhooksMax} webhooks, which is the most there may be.`,
    )
  return trx
    .insertInto('webhooks')
    .values({
      ...values,
      ...settings,
      ...stateOf(enabled),
      created_position: sql<number>`(select position from feed_counter)`,
    })
    .returning(columns)
    .executeTakeFirstOrThrow()
}

/** Changes a webhook that is locked. Where it is enabled, what was kept is sent from now on. */
export async function updateWebhook(
  trx: Transaction<Database>,
  before: WebhookRow,
  { enabled, ...settings }: WebhookSettings,
): Promise<WebhookRow> {
  const wasEnabled = before.disabled_at === null
  const startsAgain = (enabled && !wasEnabled) || settings.url !== before.url
  const row = await trx
    .updateTable('webhooks')
    .set({ ...settings, ...(enabled === wasEnabled ? {} : stateOf(enabled)), ...(startsAgain ? healthy : {}) })
    .set({ revision: before.revision + 1, updated_at: sql<string>`now()` })
    .where('id', '=', before.id)
    .returning(columns)
    .executeTakeFirstOrThrow()
  if (startsAgain) {
    await trx
      .updateTable('webhook_deliveries')
      .set({ next_attempt_at: sql<string>`now()` })
      .where('webhook', '=', before.id)
      .where('status', '=', 'pending')
      .execute()
    await schedule(trx, [before.id])
  }
  return row
}

export const deleteWebhook = (trx: Transaction<Database>, id: string) =>
  trx.deleteFrom('webhooks').where('id', '=', id).execute()

/** Puts another secret in the place of that of a locked webhook, which signs too for so long; of older ones none does. */
export const replaceSecret = (
  trx: Transaction<Database>,
  before: WebhookRow,
  secret: string,
  overlapSeconds: number,
): Promise<WebhookRow> =>
  trx
    .updateTable('webhooks')
    .set({
      secret,
      old_secret: overlapSeconds === 0 ? null : sql<string>`secret`,
      old_secret_until: overlapSeconds === 0 ? null : sql<string>`now() + make_interval(secs => ${overlapSeconds})`,
      revision: before.revision + 1,
      updated_at: sql<string>`now()`,
    })
    .where('id', '=', before.id)
    .returning(columns)
    .executeTakeFirstOrThrow()
