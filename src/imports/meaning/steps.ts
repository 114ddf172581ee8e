/** From the blocks of a document to the lines that may be headings, and what stands between them. */

import { placeholderIn } from '../../document/placeholders.ts'
import type { SectionKind } from '../../document/schema.ts'
import { type Inline, plainOfInlines } from '../../document/text.ts'
import {
  hardLines,
  hasLink,
  isBold,
  plainOf,
  type SourceBlock,
  type SourceParagraph,
  type SourceRow,
} from '../source/tree.ts'
import { importanceOf, isUpper, kindOf, knownKind, looksLikeHeading } from '../words/headings.ts'
import { isDetailLine, isLabel, labelled, mayHead } from '../words/labels.ts'
import { isGlossary } from './bilingual.ts'
import { criteriaTables, hasImportanceColumns } from './criteria.ts'
import { type SfiaTable, sfiaTable } from './sfia-tables.ts'
import { atSoftHeadings, isCopied } from './soft-headings.ts'
import { asPairs, cellText, filledCells, hasHead, isShort, onlyParagraph } from './tables.ts'

interface Subheading {
  type: 'subheading'
  content: Inline[]
  line: number
}
/** Rows of label and value, or of a table with columns. */
export interface Rows {
  type: 'rows'
  rows: SourceRow[]
  line: number
  /** Of a table that is details as a whole, whose captions may have parted it. */
  details?: boolean
}
/** What a document that the register wrote marks as guidance for authors. */
interface Note {
  type: 'note'
  content: Inline[]
  line: number
}
export type BodyBlock = Exclude<SourceBlock, { type: 'table' | 'heading' }> | Subheading | Note | Rows

/** A longer line is no heading, whatever it is marked as. */
const headingMax = 300

/** A line that may be a heading, or a block that is none. */
export type Step =
  | {
      type: 'mark'
      by: 'heading' | 'row' | 'bold' | 'upper' | 'underline' | 'plain'
      depth: number
      content: Inline[]
      text: string
      line: number
      /** It parts the rows of a table of details, and is no section beside the one that they stand in. */
      parts?: boolean
      /** Word's style says that it is the title. */
      title?: boolean
      /** It is underlined, whatever else it is. */
      underlined?: boolean
    }
  | BodyBlock

/** How far down a mark stands: rows of a table below headings, other lines below both. */
export const rankOf = ({ by, depth }: Mark) => (by === 'row' ? 6.5 : depth)

/** Whether a heading is in capitals as that of its section is, and those between the two are not. */
export const isLouder = (text: string, { heading, body }: { heading: string; body: readonly BodyBlock[] }) =>
  isUpper(text) &&
  isUpper(heading) &&
  body.some(block => block.type === 'subheading' && !isUpper(plainOfInlines(block.content)))

/** Whether a bold heading is underlined as that of its section is, and what stands under that is not. */
export const isHigher = (mark: Mark, head: Mark | undefined, under: Mark | undefined) =>
  [mark, head, under].every(each => each?.by === 'bold') &&
  mark.underlined === true &&
  head?.underlined === true &&
  under?.underlined === false

/** A line that a rule takes for a heading, as small as the smallest. */
export const markOf = (content: Inline[], line: number, by: 'plain' | 'bold' = 'plain'): Mark => ({
  type: 'mark',
  by,
  depth: 7,
  content,
  text: plainOfInlines(content),
  line,
})

/** The headings among steps, and what may be one. */
export const marksIn = (steps: readonly Step[]): Mark[] => steps.filter(step => step.type === 'mark')

/** Underlining is for stress and links too: a heading by it alone is a line of few words, no link and no label with its value. */
const isUnderlinedHeading = ({ underlined = false, content }: SourceParagraph, lines: number) =>
  underlined &&
  lines === 1 &&
  !hasLink(content) &&
  plainOfInlines(content).split(/\s+/).length <= underlinedMax &&
  /\p{L}{3}/u.test(plainOfInlines(content)) &&
  !placeholderIn(plainOfInlines(content)) &&
  plainOfInlines(labelled(content)?.value ?? []) === ''
const underlinedMax = 8

/** A paragraph of several lines, the author's own, is several paragraphs. */
const paragraphs = (block: SourceParagraph, copied = false): Step[] =>
  atSoftHeadings(block, copied).flatMap(part => linesOf({ ...block, ...part }))

const linesOf = (block: SourceParagraph): Step[] =>
  hardLines(block).map(({ content, line }, index, lines): Step => {
    const text = plainOfInlines(content)
    // `Behaviours` is a label and a heading: alone in its paragraph it is the latter.
    const mayBe =
      looksLikeHeading(text) &&
      (!isLabel(text) || (lines.length === 1 && (knownKind(text) !== undefined || mayHead(text)))) &&
      !isDetailLine(content)
    if (mayBe && isBold(content))
      return { type: 'mark', by: 'bold', depth: 7, content, text, line, underlined: block.underlined === true }
    if (mayBe && knownKind(text)) return { type: 'mark', by: 'plain', depth: 7, content, text, line }
    if (mayBe && isUpper(text)) return { type: 'mark', by: 'upper', depth: 7, content, text, line }
    if (mayBe && isUnderlinedHeading(block, lines.length))
      return { type: 'mark', by: 'underline', depth: 7, content, text, line }
    return { type: 'paragraph', content, line, continues: index > 0 }
  })

const firstText = ({ cells: [first] }: SourceRow) => (first ? cellText(first) : '')
/** A row of one cell with a label and its value (`Grade: SEO`) as a row of two; undefined where it is none. */
function partedRow(row: SourceRow): SourceRow | undefined {
  const only = row.cells.length === 1 ? onlyParagraph(row)?.paragraph : undefined
  const found = only && hardLines(only).length === 1 ? labelled(only.content) : undefined
  if (!found || plainOfInlines(found.value) === '') return undefined
  const cells = [[{ type: 'text' as const, value: found.label }], found.value].map(content => ({
    header: false,
    blocks: [{ type: 'paragraph' as const, content, line: row.line }],
  }))
  return { ...row, cells }
}

/** Headings of these kinds are labels where they stand beside a short value: `Security clearance`, `Contact`. */
const kindsOfDetails = new Set<SectionKind | undefined>([
  undefined,
  'nationality',
  'diversity',
  'security',
  'terms',
  'benefits',
  'selection',
  'further_information',
  'other',
])

/** Whether rows are labels that are known beside short values, and no headings beside their texts. */
const areDetails = (rows: readonly SourceRow[]) =>
  rows.filter(row => row.cells.length === 2 && isLabel(firstText(row))).length > 1 &&
  rows.every(row => {
    const [, second] = row.cells
    const isCaption = !second || second.blocks.length === 0
    return isCaption || (isShort(second) && (isLabel(firstText(row)) || kindsOfDetails.has(knownKind(firstText(row)))))
  })

/** A table of SFIA is one, whatever its rows of categories look like; a caption that names SFIA heads it. */
const sfiaSteps = (rows: readonly SourceRow[], { captions }: SfiaTable): Step[] => {
  const steps = captions.flatMap((row): Step[] => {
    const { content, line } = onlyParagraph(row)?.paragraph ?? { content: [], line: row.line }
    const text = plainOfInlines(content)
    if (text === '') return filledCells(row).flatMap(cell => stepsOf(cell.blocks))
    const heads = looksLikeHeading(text) && kindOf(text) === 'skills_framework'
    return [heads ? { type: 'mark', by: 'row', depth: 0, content, text, line } : { type: 'paragraph', content, line }]
  })
  const body = rows.slice(captions.length)
  return [...steps, { type: 'rows', rows: body, line: body[0]?.line ?? 0 }]
}

const partedRows = (rows: readonly SourceRow[]) => rows.map(row => partedRow(row) ?? row)

/** The steps of a table; `captioned` where a caption that was read as a heading stands above it. */
function rowSteps(table: readonly SourceRow[], captioned = false): Step[] {
  if (isGlossary(table)) return [{ type: 'rows', rows: [...table], line: table[0]?.line ?? 1 }]
  const source = asPairs(table)
  const parted = partedRows(source)
  const rows = areDetails(parted) ? parted : source
  const isDetails = rows === parted
  const criteria = criteriaTables(rows)
  if (criteria.tables.some(table => hasImportanceColumns(table.rows)))
    return [
      ...rowSteps(criteria.before),
      ...criteria.tables.flatMap(table => [
        ...table.captions.map(({ content, line }): Step => {
          return { type: 'mark', by: 'row', depth: 0, content, text: plainOfInlines(content), line }
        }),
        { type: 'rows' as const, rows: table.rows, line: table.rows[0]?.line ?? 1 },
      ]),
    ]
  const sfia = sfiaTable(rows)
  if (sfia?.head) return sfiaSteps(rows, sfia)
  const steps: Step[] = []
  let afterHeading = false
  /** Of the rows below the last heading: one that is known for a text (`Contact`) is over no details. */
  let isOnDetails = isDetails
  // One known heading beside its text, and the whole table is headings beside their texts; beside a level or a mark it is a row.
  const isSideHeading = (row: SourceRow) =>
    row.cells.length === 2 &&
    knownKind(firstText(row)) !== undefined &&
    !isLabel(firstText(row)) &&
    /\p{L}{3}/u.test(cellText(row.cells[1]))
  const hasSideHeadings = !isDetails && !hasHead(rows) && rows.some(isSideHeading)
  rows.forEach((row, index) => {
    const only = onlyParagraph(row)
    const text = only ? plainOf(only.paragraph) : ''
    if (only && looksLikeHeading(text)) {
      const { content, line } = only.paragraph
      // A row of one short line between rows of content is a heading whether it is bold or not.
      const alternates = !afterHeading && index + 1 < rows.length && row.cells.length === 1
      const isCaption =
        isDetails && index === 0 && rows.length > 1 && !isLabel(text) && row.cells[0] === filledCells(row)[0]
      const marked =
        isCaption ||
        (row.cells.length === 1 && (only.header || isBold(content) || isUnderlinedHeading(only.paragraph, 1)))
      if (marked || alternates || (knownKind(text) && !(isDetails && row.cells.length > 1))) {
        isOnDetails = isDetails && [undefined, 'appendix'].includes(knownKind(text))
        const parts =
          (index > 0 || captioned) &&
          (row.cells.length === 1 || isCaption) &&
          (rows[index + 1]?.cells.length ?? 0) > 1 &&
          isOnDetails &&
          steps.every(({ type }) => type === 'mark' || type === 'rows')
        steps.push({ type: 'mark', by: 'row', depth: 0, content, text, line, parts })
        afterHeading = true
        return
      }
    }
    afterHeading = false
    const [first, second, ...more] = row.cells
    const label = first ? cellText(first) : ''
    if (first && second && more.length === 0 && importanceOf(label) && second.blocks.length > 0) {
      const content = first.blocks.flatMap(block => (block.type === 'paragraph' ? block.content : []))
      const mark = { type: 'mark' as const, by: 'row' as const, depth: 0, content, text: label, line: row.line }
      steps.push(mark, ...criteriaOf(second.blocks))
    } else if (row.cells.length === 1 || filledCells(row).length === 0) {
      const above = steps.at(-1)
      const isCriteria = above?.type === 'mark' && importanceOf(above.text) !== undefined
      steps.push(...row.cells.flatMap(({ blocks }) => (isCriteria ? criteriaOf(blocks) : stepsOf(blocks))))
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
      else steps.push({ type: 'rows', rows: [row], line: row.line, details: isOnDetails })
    }
  })
  return steps
}

/** The criteria beside or below `Essential`: each line is one, in a list or not. */
function criteriaOf(blocks: readonly SourceBlock[]): Step[] {
  const lines = blocks.flatMap(block => (block.type === 'paragraph' ? hardLines(block) : []))
  const isList = blocks.every(({ type }) => type === 'paragraph') && lines.every(isCriterion)
  const [first] = lines
  if (!isList || !first) return stepsOf(blocks)
  const items = lines.map(line => ({ blocks: [{ type: 'paragraph' as const, ...line }], line: line.line }))
  return [{ type: 'list', ordered: false, items, line: first.line }]
}
/** A line that is no sentence. */
const isCriterion = ({ content }: { content: Inline[] }) => !/[.:]$/.test(plainOfInlines(content))

/** Whether a block is the caption of a table of details: it is the heading of what it stands above. */
const isCaptionOf = (block: SourceBlock | undefined, table: SourceBlock | undefined) =>
  block?.type === 'paragraph' &&
  block.caption === true &&
  table?.type === 'table' &&
  looksLikeHeading(plainOf(block)) &&
  areDetails(partedRows(asPairs(table.rows)))

export const stepsOf = (blocks: readonly SourceBlock[]): Step[] => {
  const copied = blocks.some(isCopied)
  return blocks.flatMap((block, index): Step[] => {
    if (block.type === 'table') return rowSteps(block.rows, isCaptionOf(blocks[index - 1], block))
    if (block.type === 'list') return [block]
    if (isCaptionOf(block, blocks[index + 1])) {
      const text = plainOf(block)
      const parts = knownKind(text) === undefined
      return [{ type: 'mark', by: 'row', depth: 0, content: block.content, text, line: block.line, parts }]
    }
    if (block.type === 'paragraph') return paragraphs(block, copied)
    const text = plainOf(block)
    if (text.length > headingMax || isDetailLine(block.content)) return paragraphs({ ...block, type: 'paragraph' })
    return text === ''
      ? []
      : [
          {
            type: 'mark',
            by: 'heading',
            depth: block.depth,
            content: block.content,
            text,
            line: block.line,
            ...(block.title ? { title: true } : {}),
          },
        ]
  })
}

export type Mark = Extract<Step, { type: 'mark' }>
