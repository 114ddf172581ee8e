import type { Answer } from './app.ts'

/** What a problem says of this case: all but what follows from its code, and the id of the request. */
export function problemOf({ body }: Pick<Answer, 'body'>): Record<string, unknown> {
  const { type: _type, title: _title, instance: _instance, request_id: _id, ...own } = body as Record<string, unknown>
  return own
}
