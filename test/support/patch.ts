import { applyPatch, type Operation } from 'rfc6902'
import type { Change } from '../../src/document/diff.ts'

/**
 * The document after the changes, as any client applies a JSON Patch (RFC 6902); the one given stays as it is. Throws
 * where they are not of this document.
 */
export function applyDiff<T extends object>(
  document: T,
  changes: readonly Pick<Change, 'op' | 'path' | 'from' | 'value'>[],
): T {
  const result = structuredClone(document)
  for (const error of applyPatch(result, structuredClone(changes) as unknown as Operation[])) if (error) throw error
  return result
}
