/** The sections of a document that the register wrote, as they are printed: parted, and paired with those of its form. */
import type { Form, FormSection } from '../../document/form.ts'
import { detailRows, foldPlain } from '../../document/print.ts'
import { emptyAdvertDetails } from '../../document/schema.ts'
import { plainOf, type SourceBlock, type SourceHeading, type SourceRow } from '../source/tree.ts'
import { normaliseHeading } from '../words/headings.ts'
import type { OutlineSection } from './outline.ts'
import type { BodyBlock } from './steps.ts'
import { cellText } from './tables.ts'

/** A section as it is printed. */
export interface Part {
  heading: SourceHeading | undefined
  blocks: SourceBlock[]
}

/** The blocks before the first heading of a section, and those under each. */
export function partsOf(blocks: readonly SourceBlock[]): Part[] {
  const parts: Part[] = [{ heading: undefined, blocks: [] }]
  for (const block of blocks) {
    if (block.type === 'heading' && block.depth === 2) parts.push({ heading: block, blocks: [] })
    else parts.at(-1)?.blocks.push(block)
  }
  return parts
}

/** The section of the form that each printed one was: by its heading; those left over in order, if they are as many. */
export function pairSections(printed: readonly Part[], form: readonly FormSection[]): Map<Part, FormSection> {
  const pairs = new Map<Part, FormSection>()
  const free = new Set(form)
  for (const part of printed) {
    const text = part.heading ? plainOf(part.heading) : ''
    const found = [...free].find(section => foldPlain(section.heading) === text)
    if (found) {
      pairs.set(part, found)
      free.delete(found)
    }
  }
  const rest = printed.filter(part => !pairs.has(part))
  if (rest.length === free.size) for (const [at, section] of [...free].entries()) pairs.set(rest[at] as Part, section)
  return pairs
}

/** The labels of the rows of advert details that a document was written with. */
export const detailLabels = ({ advert_details = emptyAdvertDetails(), grades = [] }: Form) =>
  new Set(detailRows(advert_details, grades).map(({ label }) => normaliseHeading(label)))

/**
 * The blocks of a section as those of any house. A table that has one of `labels`, those of advert
 * details, is theirs.
 */
export const asBody = (blocks: readonly SourceBlock[], labels: ReadonlySet<string> = new Set()): BodyBlock[] => {
  const body: BodyBlock[] = []
  for (const block of blocks) {
    const last = body.at(-1)
    // Each row was parted from its table to be held against the form: what it is, its neighbours say.
    if (block.type === 'table' && last?.type === 'rows') last.rows.push(...block.rows)
    else if (block.type === 'table') body.push({ type: 'rows', rows: [...block.rows], line: block.line })
    else if (block.type === 'heading') body.push({ type: 'subheading', content: block.content, line: block.line })
    else if (block.type === 'paragraph' && block.note)
      body.push({ type: 'note', content: block.content, line: block.line })
    else body.push(block)
  }
  const isLabelled = ({ cells: [first] }: SourceRow) =>
    first !== undefined && labels.has(normaliseHeading(cellText(first)))
  return body.map(block => (block.type === 'rows' && block.rows.some(isLabelled) ? { ...block, details: true } : block))
}

/** Rows of advert details as a section of them. */
export const appendixOf = (body: BodyBlock[]): OutlineSection => ({
  heading: 'Appendix',
  content: [{ type: 'text', value: 'Appendix' }],
  kind: 'appendix',
  line: body[0]?.line ?? 1,
  body,
})
