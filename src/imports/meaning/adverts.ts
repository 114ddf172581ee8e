/** As adverts on web sites have it: labels as headings over their values, and criteria as lines of one paragraph. */
import { plainOfInlines } from '../../document/text.ts'
import type { Notices } from '../notices.ts'
import { isBold, type Line, type SourceCell } from '../source/tree.ts'
import { importanceOf, knownKind, looksLikeHeading } from '../words/headings.ts'
import { isKnownLabel, isLabel, labelled, labelledMember, mayHead, saysLabel } from '../words/labels.ts'
import { type Mark, markOf, type Rows, type Step } from './steps.ts'

type Paragraph = Extract<Step, { type: 'paragraph' }>

/** Places of an advert may be many. */
const valueMax = 300

const isParagraph = (step: Step | undefined): step is Paragraph => step?.type === 'paragraph'

const isValue = (step: Step | undefined): step is Paragraph => {
  if (!isParagraph(step)) return false
  const text = plainOfInlines(step.content)
  return (
    text.length <= valueMax && !/[.!?:;]$/.test(text) && !isBold(step.content) && !saysLabel(labelled(step.content))
  )
}

/** A heading, its value, and the paragraphs behind that up to the next heading. */
interface Unit {
  mark: Mark
  value: Paragraph
  more: Paragraph[]
  end: number
}

/** A heading that is no section's; of other lines, be they bold or not, a label that is known. */
function headOf(step: Step | undefined): Mark | undefined {
  if (step?.type === 'mark')
    return (step.by === 'heading' || isLabelAlone(step)) && !knownKind(step.text) ? step : undefined
  if (!isParagraph(step) || step.continues || !isLabelAlone(step)) return undefined
  return markOf(step.content, step.line, isBold(step.content) ? 'bold' : 'plain')
}
const isLabelAlone = ({ content }: Mark | Paragraph) => {
  const text = plainOfInlines(content)
  return isKnownLabel(text) && !mayHead(text) && /^\p{Lu}[^:]*:?$/u.test(text)
}

function unitAt(steps: readonly Step[], at: number): Unit | undefined {
  const [mark, value] = [headOf(steps[at]), steps[at + 1]]
  if (!mark || !isValue(value) || (mark.by === 'plain' && headOf(value))) return undefined
  let end = at + 2
  while (isParagraph(steps[end]) && !headOf(steps[end])) end += 1
  const next = steps[end]
  if (next !== undefined && next.type !== 'mark' && !headOf(next)) return undefined
  const more = steps.slice(at + 2, end) as Paragraph[]
  // Beside labels that are known others are, where nothing but a short value stands below them.
  const isOther = more.length === 0 && looksLikeHeading(plainOfInlines(value.content))
  return isLabel(mark.text) || isOther ? { mark, value, more, end } : undefined
}

const cell = (lines: readonly Line[]): SourceCell => ({
  header: false,
  blocks: lines.map(({ content, line }) => ({ type: 'paragraph', content, line })),
})

/** Whether a label that stands among sections is one: nothing but a short value stands below it, and its name heads no text. */
const isLone = ({ mark, value, more }: Unit) =>
  more.length === 0 &&
  looksLikeHeading(plainOfInlines(value.content)) &&
  !mayHead(mark.text) &&
  labelledMember(mark.text) !== 'title'

/** Headings that are labels over their values as rows of details, where two of them follow one another or one is sure. */
export function rowsOfHeadings(steps: readonly Step[]): Step[] {
  const read: Step[] = []
  // As text that was copied from a page has them: plain lines, of which one alone may be anything.
  const arePlain = steps.filter((step, at) => isParagraph(step) && unitAt(steps, at)?.mark.by === 'plain').length > 1
  for (let at = 0; at < steps.length; ) {
    const units: Unit[] = []
    let end = at
    for (let unit = unitAt(steps, end); unit; unit = unitAt(steps, end)) {
      units.push(unit)
      end = unit.end
    }
    const isSure = units.filter(({ mark }) => isLabel(mark.text)).length > 1
    const known = units.flatMap((unit, index) =>
      isKnownLabel(unit.mark.text) && (unit.mark.by === 'plain' ? arePlain : isSure || isLone(unit)) ? [index] : [],
    )
    const [first = 0, last = -1] = [known[0], known.at(-1)]
    if (known.length === 0) {
      const until = Math.max(end, at + 1)
      read.push(...steps.slice(at, until))
      at = until
      continue
    }
    const below: Step[] = []
    // What stands before the first and behind the last that is known may be a section.
    for (const [index, { mark, value, more }] of units.entries()) {
      if (index > last) read.push(...below.splice(0))
      // An address has a line for each of its parts.
      const count = labelledMember(mark.text) === 'locations' ? more.findIndex(({ continues }) => !continues) : 0
      const lines = [value, ...more.slice(0, count < 0 ? more.length : count)]
      const rest = more.slice(lines.length - 1)
      const row = { cells: [cell([mark]), cell(lines)], line: mark.line }
      const rows: Rows = { type: 'rows', rows: [row], line: mark.line, details: true }
      if (index < first || index > last) read.push(mark, value, ...more)
      else {
        read.push(rows)
        // Further text below a label stands under it still: it is none of the section above.
        if (rest.length > 0) below.push(mark, ...rest)
      }
    }
    read.push(...below)
    at = end
  }
  return read
}

/** The lines of one paragraph behind `at`; [] where another paragraph or a long line is among them. */
function linesBehind(steps: readonly Step[], at: number): Paragraph[] {
  const lines: Paragraph[] = []
  for (let step = steps[at + 1]; isParagraph(step); step = steps[at + 1 + lines.length]) {
    const text = plainOfInlines(step.content)
    if (importanceOf(text)) break
    const isItem = looksLikeHeading(text.replace(/[.;,]$/, '')) && !text.endsWith(':')
    if (!isItem || (lines.length > 0 && !step.continues)) return []
    lines.push(step)
  }
  return lines
}

/** Lines below `Essential` or `Desirable` are its list; a single one is where the other has several. */
export function listsOfLines(steps: readonly Step[], notices: Notices): Step[] {
  const found = steps.map((step, at) => {
    const isHead = step.type === 'mark' || step.type === 'paragraph'
    return isHead && importanceOf(plainOfInlines(step.content)) ? linesBehind(steps, at) : []
  })
  if (!found.some(lines => lines.length > 1)) return [...steps]
  const taken = new Set<Step>(found.flat())
  return steps.flatMap((step, at): Step[] => {
    if (taken.has(step)) return []
    const lines = found[at] ?? []
    const [first] = lines
    if (!first) return [step]
    const detail = 'The lines below say each one criterion; they were read as a list'
    notices.add('repair', 'list_recognised', first.line, plainOfInlines(first.content), detail)
    const items = lines.map(({ content, line }) => ({ blocks: [{ type: 'paragraph' as const, content, line }], line }))
    return [step, { type: 'list', ordered: false, items, line: first.line }]
  })
}
