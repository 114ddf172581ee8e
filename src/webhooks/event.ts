import type { NewEvent } from '../database/events.ts'
import { digestOf } from '../roles/store.ts'
import { settingsOf, type WebhookRow } from './store.ts'

export const pathOf = (id: string) => `/v1/webhooks/${id}`

const digest = (row: WebhookRow) => digestOf(JSON.stringify(settingsOf(row)))

/** What is recorded of a webhook that was changed in some way; never its secrets. */
export const webhookEvent = (
  type: string,
  before: WebhookRow | undefined,
  after: WebhookRow | undefined,
  data: Record<string, unknown> = {},
): NewEvent => {
  const row = after ?? before
  if (!row) throw new Error(`${type} is about no webhook`)
  return {
    type,
    organisation: row.organisation,
    subject: pathOf(row.id),
    revision: row.revision,
    ...(before ? { beforeDigest: digest(before) } : {}),
    ...(after ? { afterDigest: digest(after) } : {}),
    data,
  }
}
