/** Changes as people read them. */
import type { Change } from '../document/diff.ts'

const verbs = { add: 'Added', remove: 'Removed', move: 'Moved', replace: 'Changed' } as const

interface Part {
  mark: 'same' | 'added' | 'removed'
  text: string
}

/** What a member says to a reader: the texts of a part of a document, without ids and codes of types. */
function textOf(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (Array.isArray(value)) return value.map(textOf).filter(Boolean).join('; ')
  if (typeof value !== 'object') return String(value)
  const {
    id: _,
    type: __,
    kind: ___,
    shared_section: ____,
    optional,
    ordered: _____,
    scheme: ______,
    ...rest
  } = value as Record<string, unknown>
  return [...Object.values(rest).map(textOf), optional === true ? '(optional)' : ''].filter(Boolean).join(' – ')
}

/** What went and what came in its place, with room between them. */
const apart = (parts: readonly Part[]) =>
  parts.flatMap((part, at): Part[] =>
    part.mark === 'added' && parts[at - 1]?.mark === 'removed' ? [{ mark: 'same', text: ' ' }, part] : [part],
  )

/** A change as a title and the texts that went and came. */
export function readable({ op, what, words, before, value }: Change): { title: string; parts: Part[] } {
  const whole: Part[] = [
    { mark: 'removed', text: textOf(before) },
    { mark: 'added', text: textOf(value) },
  ]
  const parts = op === 'move' ? [] : words.length > 0 ? words : whole.filter(({ text }) => text !== '')
  return { title: `${verbs[op]}: ${what}`, parts: apart(parts) }
}
