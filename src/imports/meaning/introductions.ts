/** Sentences that open a list where other documents have a heading. */
import type { SectionKind } from '../../document/schema.ts'
import { foldSpace, type Inline, plainOfInlines } from '../../document/text.ts'
import type { Notices } from '../notices.ts'
import { importanceOf, introducedKind, kindOf, knownKind, looksLikeHeading } from '../words/headings.ts'
import { markOf, type Step } from './steps.ts'

/** Where nothing is marked as a heading, a line that introduces a list and says what the list is may be one. */
export function markIntroductions(steps: readonly Step[]): Step[] {
  if (steps.some(step => step.type === 'mark')) return [...steps]
  return steps.map((step, index) => {
    if (step.type !== 'paragraph' || steps[index + 1]?.type !== 'list') return step
    const text = plainOfInlines(step.content)
    if (!text.endsWith(':') || !looksLikeHeading(text) || kindOf(text) === 'other') return step
    return markOf(step.content, step.line)
  })
}

/** The last sentence of a paragraph as a heading of its own, and what stands before it. */
function partedIntroduction(
  step: Extract<Step, { type: 'paragraph' }>,
): { before: Inline[]; heading: Inline[]; text: string } | undefined {
  const text = plainOfInlines(step.content)
  if (!text.endsWith(':')) return undefined
  const last = step.content.at(-1)
  const sentence = /(?:^|[.!?]\s+)([^.!?]{1,100}:)\s*$/.exec(last?.type === 'text' ? last.value : '')?.[1]
  if (last?.type !== 'text' || sentence === undefined) return { before: [], heading: step.content, text }
  const value = last.value.trimEnd().slice(0, -sentence.length)
  const before = [...step.content.slice(0, -1), { type: 'text' as const, value }]
  if (plainOfInlines(before) === '') return { before: [], heading: step.content, text }
  return { before, heading: [{ type: 'text', value: sentence }], text: foldSpace(sentence) }
}

/**
 * `**You will:**` over a list below the first heading, where that says of no section what it is on: the name of a school
 * under a title is over all that follows.
 */
function smallIntroductions(steps: readonly Step[]): ReadonlySet<Step> {
  const headings = steps.flatMap((step, at) => (step.type === 'mark' && step.by === 'heading' ? [at] : []))
  const [first = 0, end = steps.length] = headings
  const mark = steps[first]
  if (headings.length === 0 || mark?.type !== 'mark' || kindOf(mark.text) !== 'other') return new Set()
  return new Set(
    steps.filter(
      (step, at) =>
        at > first &&
        at < end &&
        step.type === 'mark' &&
        step.by === 'bold' &&
        step.text.endsWith(':') &&
        steps[at + 1]?.type === 'list' &&
        introducedKind(step.text) === 'responsibilities',
    ),
  )
}

/**
 * A sentence that opens a list of duties or skills is its heading where the document has none for them: `You will:` at
 * the end of the summary, `Some specialist skills you will have:` within the person specification.
 */
export function headIntroductions(steps: readonly Step[], notices: Notices): Step[] {
  const isSmall = smallIntroductions(steps)
  const marked = new Set(
    steps.flatMap(step =>
      step.type === 'mark' && !isSmall.has(step)
        ? [step.by === 'plain' ? knownKind(step.text) : kindOf(step.text)]
        : [],
    ),
  )
  let current: SectionKind | undefined
  return steps.flatMap((step, index): Step[] => {
    if (step.type === 'mark' && !importanceOf(step.text))
      current = knownKind(step.text) ?? (step.by === 'heading' ? kindOf(step.text) : current)
    if (isSmall.has(step) && step.type === 'mark' && !marked.has('responsibilities')) {
      marked.add('responsibilities')
      current = 'responsibilities'
      return [{ ...step, by: 'plain' }]
    }
    const next = steps[index + 1]
    const opens = next?.type === 'list' || (next?.type === 'mark' && importanceOf(next.text) !== undefined)
    const found = step.type === 'paragraph' && opens ? partedIntroduction(step) : undefined
    const kind = found && looksLikeHeading(found.text) ? introducedKind(found.text) : undefined
    const isBefore = current === undefined || current === 'role_summary'
    const fits =
      kind === 'responsibilities'
        ? isBefore
        : kind === 'person_specification'
          ? (isBefore || current === 'responsibilities') && !marked.has('skills_experience')
          : current === 'person_specification'
    if (step.type !== 'paragraph' || !found || kind === undefined || !fits || marked.has(kind)) return [step]
    marked.add(kind)
    current = kind
    const detail = 'A sentence opens the list where other documents have a heading; it was read as one'
    notices.add('repair', 'heading_recognised', step.line, found.text, detail)
    const mark = markOf(found.heading, step.line)
    return found.before.length > 0 ? [{ ...step, content: found.before }, mark] : [mark]
  })
}
