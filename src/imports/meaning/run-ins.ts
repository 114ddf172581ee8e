/** Headings that stand in one line with their text: `**Purpose:** Leads forty engineers.` */
import type { SectionKind } from '../../document/schema.ts'
import { type Inline, plainOfInlines } from '../../document/text.ts'
import { isBold, sourceLines } from '../source/tree.ts'
import { knownKind, normaliseHeading } from '../words/headings.ts'
import { isKnownLabel, labelled } from '../words/labels.ts'
import { markOf, type Step } from './steps.ts'

/** A bold label that is the name of a section of the role itself, and the text that stands behind it. */
function runIn(content: Inline[], line: number): Step[] | undefined {
  const found = labelled(content)
  if (!found?.marked || isKnownLabel(found.label) || plainOfInlines(found.value) === '') return undefined
  const kind = knownKind(found.label)
  if (!kind || !kindsOfRunIns.has(kind)) return undefined
  const heading: Inline[] = [{ type: 'text', value: found.label }]
  return [markOf(heading, line, 'bold'), { type: 'paragraph', content: found.value, line }]
}
const kindsOfRunIns = new Set<SectionKind>([
  'role_summary',
  'responsibilities',
  'person_specification',
  'skills_experience',
  'working_with',
  'organisation_overview',
])

/**
 * `Purpose: Leads forty engineers.` with its first word in bold is a heading and its text, no detail of the advert, where no
 * heading stands above it nor, before the first section, a label of details below.
 */
export function headRunIns(steps: readonly Step[]): Step[] {
  const isStrong = (step: Step) => step.type === 'mark' && (step.by === 'heading' || step.by === 'row')
  const strong = steps.findIndex(isStrong)
  const end = strong < 0 ? steps.length : strong
  const says = (content: Inline[]) => isKnownLabel(labelled(content)?.label ?? '')
  const isDetail = (step: Step) =>
    step.type === 'rows' || (step.type === 'paragraph' && sourceLines(step).some(({ content }) => says(content)))
  const first = steps.findIndex(({ type }) => type === 'mark')
  const last = steps.slice(0, first < 0 ? end : first).findLastIndex(isDetail)
  return steps.flatMap((step, at): Step[] => {
    if (step.type !== 'paragraph' || at <= last || at >= end) return [step]
    const lines = sourceLines(step)
    const parted = lines.map(({ content, line }) => runIn(content, line))
    return parted.every(found => found !== undefined) ? parted.flat() : (runIn(step.content, step.line) ?? [step])
  })
}

const question = /^(?:how|what|whats|when|where|who|why)\b/
const questionMax = 6

/** `**Why Kestrel?**` alone in its paragraph, where other bold lines head what is below them: a question of few words that the author answers. */
export function headQuestions(steps: readonly Step[]): Step[] {
  const [first] = steps.flatMap((step, at) => (step.type === 'mark' && step.by === 'bold' ? [at] : []))
  const count = steps.filter(step => step.type === 'mark' && step.by === 'bold').length
  if (first === undefined || count < 2) return [...steps]
  return steps.map((step, at) => {
    const next = steps[at + 1]
    if (at < first || step.type !== 'paragraph' || step.continues || !isBold(step.content)) return step
    const text = plainOfInlines(step.content)
    const isQuestion =
      text.endsWith('?') && text.split(/\s+/).length <= questionMax && question.test(normaliseHeading(text))
    if (!isQuestion || !next || next.type === 'mark' || (next.type === 'paragraph' && next.continues)) return step
    return markOf(step.content, step.line, 'bold')
  })
}
