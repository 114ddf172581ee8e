/** From the neutral tree to a title and sections: which lines are headings, and what they mean. */
import type { SectionKind } from '../document/schema.ts'
import { type Inline, plainOfInlines } from '../document/text.ts'
import { importanceOf, kindOf, knownKind, looksLikeHeading } from './headings.ts'
import { isLabel, labelled } from './labels.ts'
import type { Notices } from './notices.ts'
import { cellText, filledCells, onlyParagraph, repairTables } from './tables.ts'
import { isDocumentKind } from './title.ts'
import { hardLines, isBold, plainOf, type SourceBlock, type SourceRow, type SourceTree } from './tree.ts'

export interface Subheading {
  type: 'subheading'
  content: Inline[]
  line: number
}
/** Rows of label and value, or of a table with columns. */
export interface Rows {
  type: 'rows'
  rows: SourceRow[]
  line: number
}
export type BodyBlock = Exclude<SourceBlock, { type: 'table' | 'heading' }> | Subheading | Rows

export interface OutlineSection {
  heading: string
  /** The heading's own nodes: it may hold a link. */
  content: Inline[]
  kind: SectionKind
  line: number
  body: BodyBlock[]
}
export interface Outline {
  title: { text: string; line: number } | null
  /** What stands before the first section. */
  front: BodyBlock[]
  sections: OutlineSection[]
}

/** A longer line is no heading, whatever it is marked as. */
const headingMax = 300

/** A line that may be a heading, or a block that is none. */
type Step =
  | {
      type: 'mark'
      by: 'heading' | 'row' | 'bold' | 'plain'
      depth: number
      content: Inline[]
      text: string
      line: number
    }
  | BodyBlock

/** A paragraph of several lines, the author's own, is several paragraphs. */
const paragraphs = (block: Extract<SourceBlock, { type: 'paragraph' }>): Step[] =>
  hardLines(block).map(({ content, line }, index): Step => {
    const text = plainOfInlines(content)
    const mayBe = looksLikeHeading(text) && !isLabel(text)
    if (mayBe && isBold(content)) return { type: 'mark', by: 'bold', depth: 7, content, text, line }
    if (mayBe && knownKind(text)) return { type: 'mark', by: 'plain', depth: 7, content, text, line }
    return { type: 'paragraph', content, line, continues: index > 0 }
  })

function rowSteps(rows: readonly SourceRow[]): Step[] {
  const steps: Step[] = []
  let afterHeading = false
  const firstText = (row: SourceRow) => (row.cells[0] ? cellText(row.cells[0]) : '')
  // One known heading beside its text, and the whole table is headings beside their texts.
  const hasSideHeadings = rows.some(
    row => row.cells.length === 2 && knownKind(firstText(row)) && !isLabel(firstText(row)),
  )
  rows.forEach((row, index) => {
    const only = onlyParagraph(row)
    const text = only ? plainOf(only.paragraph) : ''
    if (only && looksLikeHeading(text)) {
      const { content, line } = only.paragraph
      // A row of one short line between rows of content is a heading whether it is bold or not.
      const alternates = !afterHeading && index + 1 < rows.length && row.cells.length === 1
      const marked = row.cells.length === 1 && (only.header || isBold(content))
      if (marked || alternates || knownKind(text)) {
        steps.push({ type: 'mark', by: 'row', depth: 0, content, text, line })
        afterHeading = true
        return
      }
    }
    afterHeading = false
    const [first, second, ...more] = row.cells
    const label = first ? cellText(first) : ''
    if (row.cells.length === 1 || filledCells(row).length === 0) {
      steps.push(...row.cells.flatMap(cell => stepsOf(cell.blocks)))
    } else if (
      first &&
      second &&
      more.length === 0 &&
      hasSideHeadings &&
      looksLikeHeading(label) &&
      !isLabel(label) &&
      second.blocks.length > 0
    ) {
      const content = first.blocks.flatMap(block => (block.type === 'paragraph' ? block.content : []))
      steps.push({ type: 'mark', by: 'row', depth: 0, content, text: label, line: row.line }, ...stepsOf(second.blocks))
    } else {
      const last = steps.at(-1)
      if (last?.type === 'rows') last.rows.push(row)
      else steps.push({ type: 'rows', rows: [row], line: row.line })
    }
  })
  return steps
}

const stepsOf = (blocks: readonly SourceBlock[]): Step[] =>
  blocks.flatMap((block): Step[] => {
    if (block.type === 'table') return rowSteps(block.rows)
    if (block.type === 'list') return [block]
    if (block.type === 'paragraph') return paragraphs(block)
    const text = plainOf(block)
    if (text.length > headingMax) return paragraphs({ ...block, type: 'paragraph' })
    return text === ''
      ? []
      : [{ type: 'mark', by: 'heading', depth: block.depth, content: block.content, text, line: block.line }]
  })

type Mark = Extract<Step, { type: 'mark' }>

/** The first line is the title where it is a line of its own and not a heading that is known. */
function takeTitle(steps: Step[], notices: Notices): Outline['title'] {
  const isKind = (step: Step | undefined) =>
    step?.type === 'mark' || step?.type === 'paragraph' ? isDocumentKind(plainOfInlines(step.content)) : false
  const [leading] = steps
  if (
    leading &&
    isKind(leading) &&
    leading.type !== 'rows' &&
    leading.type !== 'list' &&
    !knownKind(plainOfInlines(leading.content))
  ) {
    notices.understand(leading.line, plainOfInlines(leading.content), '/title', 'kind of document')
    steps.shift()
  }
  const [first] = steps
  if (!first) return null
  const others = steps.filter(step => step.type === 'mark' && step !== first) as Mark[]
  if (first.type === 'mark') {
    const isTop = first.by !== 'heading' || !others.some(mark => mark.by === 'heading' && mark.depth <= first.depth)
    const stands = first.by === 'heading' ? isTop || first.depth === 1 : first.by === 'bold' && !labelled(first.content)
    if (!stands || knownKind(first.text) || importanceOf(first.text)) return null
    steps.shift()
    return { text: first.text, line: first.line }
  }
  if (first.type !== 'paragraph') return null
  const text = plainOfInlines(first.content)
  if (!looksLikeHeading(text) || isLabel(text) || labelled(first.content) || others.length === 0) return null
  steps.shift()
  return { text, line: first.line }
}

/** Which marks are headings of sections; what else is marked is a subheading. */
function sectionTest(steps: readonly Step[]): (mark: Mark, next: Step | undefined) => boolean {
  const marks = steps.filter((step): step is Mark => step.type === 'mark')
  const strong = marks.filter(mark => mark.by === 'heading' || mark.by === 'row')
  const depths = strong.filter(mark => mark.by === 'heading').map(mark => mark.depth)
  const sectionDepth = Math.min(...depths)
  return mark => {
    if (importanceOf(mark.text)) return false
    if (mark.by === 'row' || knownKind(mark.text)) return true
    if (mark.by === 'heading') return mark.depth <= sectionDepth
    return strong.length === 0
  }
}

/** Where nothing is marked as a heading, a line that introduces a list and says what the list is may be one. */
function markIntroductions(steps: readonly Step[]): Step[] {
  if (steps.some(step => step.type === 'mark')) return [...steps]
  return steps.map((step, index) => {
    if (step.type !== 'paragraph' || steps[index + 1]?.type !== 'list') return step
    const text = plainOfInlines(step.content)
    if (!text.endsWith(':') || !looksLikeHeading(text) || kindOf(text) === 'other') return step
    return { type: 'mark', by: 'plain', depth: 7, content: step.content, text, line: step.line }
  })
}

/** Reads titles and headings. The blocks of the sections are as the source has them. */
export function outline(tree: SourceTree, notices: Notices): Outline {
  let steps = stepsOf(repairTables(tree.blocks, notices))
  const title = takeTitle(steps, notices) ?? tree.title
  steps = markIntroductions(steps)
  const isSection = sectionTest(steps)
  const front: BodyBlock[] = []
  const sections: OutlineSection[] = []
  steps.forEach((step, index) => {
    const body = sections.at(-1)?.body ?? front
    if (step.type !== 'mark') body.push(step)
    else if (isSection(step, steps[index + 1])) {
      const kind = step.by === 'plain' ? (knownKind(step.text) ?? kindOf(step.text)) : kindOf(step.text)
      sections.push({ heading: step.text, content: step.content, kind, line: step.line, body: [] })
    } else body.push({ type: 'subheading', content: step.content, line: step.line })
  })
  return { title, front, sections }
}
