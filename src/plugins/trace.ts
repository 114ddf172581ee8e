/** W3C Trace Context, level 1: a trace that a caller began goes on in our log, and ends in a span of ours. */
import { randomBytes } from 'node:crypto'

export interface Trace {
  traceId: string
  /** The `traceparent` that names our part of the trace. */
  traceparent: string
}

const version00 = /^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/

/** The caller's trace with a new span in it; undefined where the header is not valid, which is then as if it were not sent (§3.2.2). */
export function continueTrace(header: string | string[] | undefined): Trace | undefined {
  const found = typeof header === 'string' && header.length <= 512 ? version00.exec(header) : null
  const [, traceId = '', parentId = '', flags = '', more] = found ?? []
  // Version 00 has nothing behind the flags; a later one may, and is read as far as we know it (§4.3).
  if (!found || /^0+$/.test(traceId) || /^0+$/.test(parentId) || (more !== undefined && header?.slice(0, 2) === '00'))
    return undefined
  const sampled = (Number.parseInt(flags, 16) & 1).toString().padStart(2, '0')
  return { traceId, traceparent: `00-${traceId}-${randomBytes(8).toString('hex')}-${sampled}` }
}
