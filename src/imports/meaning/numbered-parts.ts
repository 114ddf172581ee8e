/** Numbered lines that look like headings of sections and are parts of one. */
import type { SectionKind } from '../../document/schema.ts'
import { plainOfInlines } from '../../document/text.ts'
import { isOfRole, knownKind, looksLikeHeading } from '../words/headings.ts'
import { type Mark, markOf, type Step } from './steps.ts'

/** `4. Security` below `3. Budget` of the same look, under a heading that is known: a part of the section, as the others are. */
export function numberedParts(marks: readonly Mark[], isInRow: (mark: Mark) => boolean): Set<Mark> {
  const parts = new Set<Mark>()
  const numberOf = ({ text }: Mark) => Number(/^(\d{1,2})[.)]?\s+\p{L}/u.exec(text)?.[1])
  let isUnder = false
  let before: Mark | undefined
  for (const mark of marks) {
    const isStrong = mark.by === 'heading' || mark.by === 'row'
    const kind = knownKind(mark.text)
    const goesOn = before?.by === mark.by && numberOf(mark) === numberOf(before) + 1
    const isOther = before && (parts.has(before) || !knownKind(before.text))
    if (isStrong) isUnder = kind !== undefined
    else if (isUnder && goesOn && isOther && !isOfRole(kind) && !isInRow(mark)) parts.add(mark)
    before = isStrong ? undefined : numberOf(mark) ? mark : before
  }
  return parts
}

const kindsOfLists = new Set<SectionKind | undefined>(['responsibilities', 'person_specification', 'skills_experience'])

/** `2.1 Site visits` below `2. Main duties` of the same look: one of the duties, and no section beside them. */
export function decimalParts(marks: readonly Mark[]): Set<Mark> {
  const parts = new Set<Mark>()
  let above: { mark: Mark; number: string } | undefined
  for (const mark of marks) {
    const [, number, part] = /^(\d{1,2})(?:\.(\d{1,2}))?[.)]?\s+\p{L}/u.exec(mark.text) ?? []
    const kind = knownKind(mark.text)
    const isAlike = above && number === above.number && mark.by === above.mark.by && mark.depth === above.mark.depth
    if (part === undefined) above = number && kindsOfLists.has(kind) ? { mark, number } : undefined
    else if (isAlike && kind === undefined) parts.add(mark)
  }
  return parts
}

/** `8.0 Other` behind `6.0 Duties` and `7.0 Skills`, which are known: a heading as those are. */
export function headNumbered(steps: readonly Step[]): Step[] {
  const numberOf = (text: string) => Number(/^(\d{1,2})\.0\s+\p{L}/u.exec(text)?.[1] ?? 0)
  const row: number[] = []
  return steps.map(step => {
    if (step.type !== 'mark' && step.type !== 'paragraph') return step
    const text = plainOfInlines(step.content)
    const number = numberOf(text)
    if (number === 0) return step
    const goesOn = row.length > 1 && row.at(-2) === number - 2 && row.at(-1) === number - 1
    if (step.type === 'mark') row.push(number)
    else if (goesOn && looksLikeHeading(text)) {
      row.push(number)
      return markOf(step.content, step.line)
    }
    return step
  })
}
