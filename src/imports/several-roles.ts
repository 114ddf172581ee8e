/** Files that hold more than one role, though a draft holds one. */
import type { SectionKind } from '../document/schema.ts'
import { plainOfInlines } from '../document/text.ts'
import { kindOf, normaliseHeading } from './headings.ts'
import type { Notices } from './notices.ts'
import type { OutlineSection } from './outline.ts'

/** The sections that each role has once. */
const kinds = new Set<SectionKind>(['role_summary', 'responsibilities', 'person_specification', 'skills_experience'])

/** Warns where the headings of two such kinds come again behind both: the file seems to hold several roles. */
export function warnOfSeveralRoles(sections: readonly OutlineSection[], notices: Notices) {
  const headings = sections.flatMap(({ heading, line, body: [first] }) => [
    { heading, line },
    // A heading that was joined to the one above.
    ...(first?.type === 'subheading' ? [{ heading: plainOfInlines(first.content), line: first.line }] : []),
  ])
  const named = headings.filter(({ heading }) => kinds.has(kindOf(heading)))
  const words = named.map(({ heading }) => normaliseHeading(heading))
  const before = new Set<string>()
  const start = words.findIndex(heading => {
    if (before.has(heading)) return true
    before.add(heading)
    return false
  })
  const again = start < 0 ? [] : named.filter((_, at) => at >= start && before.has(words[at] ?? ''))
  const [first] = again
  if (start < 2 || !first || new Set(again.map(({ heading }) => kindOf(heading))).size < 2) return
  const detail =
    'The headings come again from here on, so the file seems to hold more than one role; all of it became one draft. Send each role in a file of its own'
  notices.add('advice', 'several_roles', first.line, first.heading, detail)
}
