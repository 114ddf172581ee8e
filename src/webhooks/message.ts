/** What is sent: a change exactly as the feed gives it, or a ping in the same form. */
import type { Kysely } from 'kysely'
import type { Database } from '../database/types.ts'
import { toChange } from '../feed/schema.ts'
import { findEvents } from '../feed/store.ts'

interface Sent {
  webhook: string
  id: string
  position: number | null
  created_at: string
}

const ping = (baseUrl: string, { webhook, id, created_at }: Sent) => ({
  specversion: '1.0',
  id,
  source: `${baseUrl}/v1/webhooks`,
  type: 'ping',
  subject: `/v1/webhooks/${webhook}`,
  time: created_at,
  datacontenttype: 'application/json',
  data: {},
})

/** The bodies of deliveries by their ids: made anew for each attempt, of events that never change. */
export async function findMessages(
  db: Kysely<Database>,
  baseUrl: string,
  deliveries: readonly Sent[],
): Promise<Map<string, string>> {
  const events = await findEvents(
    db,
    deliveries.flatMap(({ position }) => (position === null ? [] : [position])),
  )
  const changes = new Map(events.map(event => [event.position, toChange(event, baseUrl)]))
  return new Map(
    deliveries.flatMap(delivery => {
      const message = delivery.position === null ? ping(baseUrl, delivery) : changes.get(delivery.position)
      return message === undefined ? [] : [[delivery.id, JSON.stringify(message)] as const]
    }),
  )
}
