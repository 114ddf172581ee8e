/** What is sent: an event exactly as the change feed gives it, or a ping in the same form. */
import type { Kysely } from 'kysely'
import type { Database } from '../database/types.ts'

/** The body of a message, as it is signed. */
export type Message = string

interface Sent {
  id: string
  position: number | null
  created_at: string
}

/** The bodies of deliveries by their ids; made anew for each attempt, of events that never change. */
export async function findMessages(
  db: Kysely<Database>,
  baseUrl: string,
  deliveries: readonly Sent[],
): Promise<Map<string, Message>> {
  const positions = deliveries.flatMap(({ position }) => (position === null ? [] : [position]))
  const events =
    positions.length === 0
      ? []
      : await db
          .selectFrom('events')
          .select(['position', 'type', 'occurred_at', 'data'])
          .where('position', 'in', positions)
          .execute()
  const presented = new Map(events.map(event => [event.position, present(event)]))
  return new Map(
    deliveries.flatMap(({ id, position, created_at }) => {
      const message = position === null ? ping(baseUrl, id, created_at) : presented.get(position)
      return message === undefined ? [] : [[id, JSON.stringify(message)] as const]
    }),
  )
}

const present = ({
  position,
  type,
  occurred_at,
  data,
}: {
  position: number | null
  type: string
  occurred_at: string
  data: unknown
}) => ({
  specversion: '1.0',
  id: String(position),
  type,
  time: occurred_at,
  data,
})

const ping = (baseUrl: string, id: string, time: string) => ({
  specversion: '1.0',
  id,
  source: `${baseUrl}/v1/webhooks`,
  type: 'ping',
  time,
  data: {},
})
