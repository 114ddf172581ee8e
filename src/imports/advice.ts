/** Advice on the words of a document that was read: they stay as they are. */
import { adviseOnWords } from '../document/advice.ts'
import { partsOf } from '../document/walk.ts'
import type { Recognised } from './meaning/recognise.ts'
import type { Notices } from './notices.ts'

/** Adds advice to the notices, each with the line of the source that it is about. */
export function advise({ document, lines, places }: Recognised, notices: Notices) {
  const owners = new Map([...partsOf(document)].map(({ pointer, owner }) => [pointer, owner]))
  const placeOf = (pointer: string) => places.get(pointer) ?? places.get(pointer.replace(/\/[^/]*$/, '')) ?? null
  if (document.title === null) {
    const detail = 'The document has no title. Set the title of the role before it is published'
    notices.add('advice', 'no_title', null, '', detail, '/title')
  }
  for (const { pointer, code, excerpt, detail, source } of adviseOnWords(document)) {
    const owner = owners.get(pointer)
    const line = owner ? (lines.get(owner) ?? null) : placeOf(pointer)
    notices.add('advice', code, line, excerpt, detail, owner ?? pointer, source)
  }
}
