/** What a caller would rather have (RFC 9110 §12.5.1). */
import type { IncomingHttpHeaders } from 'node:http'
import Negotiator from 'negotiator'

/**
 * Of some media types the one that Accept likes best, the first where it says nothing; undefined where it excludes all.
 * All that is sent is UTF-8, so who asks for that asks for no less.
 */
export function preferredType(
  { headers: { accept } }: { headers: IncomingHttpHeaders },
  types: readonly string[],
): string | undefined {
  if (accept === undefined) return types[0]
  const plain = accept.replace(/;[ \t]*charset="?utf-8"?[ \t]*(?=[;,]|$)/gi, '')
  return new Negotiator({ headers: { accept: plain } }).mediaType([...types])
}
