/** Files that hold more than one role, though a draft holds one. */
import type { Notices } from '../notices.ts'
import { isOfRole, kindOf, knownKind, normaliseHeading } from '../words/headings.ts'
import { type Mark, marksIn, rankOf, type Step } from './steps.ts'
import { gradesIn } from './values.ts'

/** `Role 2: Senior Developer`, which says that there are several. */
const numbered = /^(?:role|post|job|vacancy|position) (?:[a-h]|\d{1,2}|one|two|three|four) ?[:–—-] ?\S/i
/** `Appendix B – Job description: Business Analyst` */
const described =
  /^(?:(?:appendix|annex|part) [a-z\d]{1,2} ?[:.–—-]? ?)?(?:job|role|post) (?:description|profile) ?[:–—-] ?\S/i

/** Whether a heading may name a role: its words say so, or nothing else. */
const mayName = ({ text }: Mark) =>
  numbered.test(text) || described.test(text) || (kindOf(text) === 'other' && knownKind(text) === undefined)

const kindsOf = (marks: readonly Mark[]) => new Set(marks.map(({ text }) => kindOf(text)).filter(isOfRole)).size

/** Word's style for titles is above all headings. */
const heightOf = (mark: Mark) => (mark.title ? 0 : rankOf(mark))

/** Headings that may name a role, as their words say nothing else and what follows is under them, each with that. */
function headsIn(steps: readonly Step[]): { head: Mark; under: Mark[]; at: number }[] {
  const marks = marksIn(steps)
  const places = new Map(steps.map((step, at) => [step, at]))
  return marks.flatMap((head, at) => {
    const next = marks[at + 1]
    if (!next || !mayName(head) || !isOfRole(kindOf(next.text))) return []
    const height = heightOf(head)
    // Where all headings look alike, a name is one with nothing under it.
    const isFlat = heightOf(next) === height && steps[(places.get(head) ?? 0) + 1] === next
    if (!isFlat && heightOf(next) <= height) return []
    let end = at + 1
    for (let mark = marks[end]; mark; end += 1, mark = marks[end])
      if (heightOf(mark) <= height && !(isFlat && !mayName(mark))) break
    return [{ head, under: marks.slice(at + 1, end), at }]
  })
}

/**
 * Warns where several headings that may name a role have each the sections of one. Those under the title are levels of
 * one role where the title's own text says anything of it, or where they are its name or grades.
 */
export function warnOfSeveralRoles(
  title: string,
  titleMark: Mark | undefined,
  steps: readonly Step[],
  notices: Notices,
) {
  const marks = marksIn(steps)
  const isBesideTitle = (mark: Mark) => titleMark !== undefined && heightOf(titleMark) >= heightOf(mark)
  /** Beside the title the name of one section is enough where it stands under the title too. */
  const repeats = ({ head, under: [first], at }: ReturnType<typeof headsIn>[number]) => {
    const kind = first && knownKind(first.text)
    const stands = kind !== undefined && marks.slice(0, at).some(mark => knownKind(mark.text) === kind)
    return stands && isBesideTitle(head) && heightOf(head) < heightOf(first as Mark)
  }
  const heads = headsIn(steps).filter(head => kindsOf(head.under) > 1 || repeats(head))
  const [first, second] = heads
  if (!first) return
  const own = kindsOf(marks.slice(0, first.at))
  const isBeside = isBesideTitle(first.head)
  const areNumbered = heads.filter(({ head }) => numbered.test(head.text)).length > 1
  const name = normaliseHeading(title)
  const areLevels = heads.every(
    ({ head }) => (name !== '' && normaliseHeading(head.text).includes(name)) || gradesIn(head.text).known.length > 0,
  )
  if (!isBeside && !areNumbered && (own > 0 || areLevels)) return
  const found = own > 1 || repeats(first) ? first : second
  if (!found) return
  const detail =
    'Another role seems to begin here, with sections that stand above too; all of it became one draft. Send each role in a file of its own'
  notices.add('advice', 'several_roles', found.head.line, found.head.text, detail)
}
