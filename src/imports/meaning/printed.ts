/** The sections of a document that the register wrote, as they are printed: parted, and paired with those of its form. */
import type { Form, FormSection } from '../../document/form.ts'
import { detailRows, foldPlain } from '../../document/print.ts'
import { emptyAdvertDetails } from '../../document/schema.ts'
import { isBold, plainOf, type SourceBlock, type SourceHeading, type SourceRow } from '../source/tree.ts'
import { knownKind, normaliseHeading } from '../words/headings.ts'
import type { OutlineSection } from './outline.ts'
import type { BodyBlock } from './steps.ts'
import { cellText } from './tables.ts'

/** A section as it is printed. */
export interface Part {
  heading: SourceHeading | undefined
  blocks: SourceBlock[]
}

/**
 * The title and the blocks before the first heading of a section, and those under each. A heading of the form that lost its mark, or has
 * that of another depth, is one still; so is any that is as large as the title.
 */
export function partsOf(blocks: readonly SourceBlock[], form: readonly FormSection[]): Part[] {
  const isMarked = (block: SourceBlock): block is SourceHeading => block.type === 'heading' && block.depth <= 2
  const first = blocks.find(isMarked)
  const title = first?.depth === 1 ? [first] : []
  const own = blocks.filter(block => !title.includes(block as SourceHeading))
  const lost = new Set(form.map(({ heading }) => foldPlain(heading)))
  for (const block of own) if (isMarked(block)) lost.delete(plainOf(block))
  const parts: Part[] = [{ heading: undefined, blocks: title }]
  for (const block of own) {
    const stands = block.type === 'heading' || (block.type === 'paragraph' && isBold(block.content))
    if (isMarked(block)) parts.push({ heading: block, blocks: [] })
    else if (stands && lost.delete(plainOf(block)))
      parts.push({ heading: { type: 'heading', depth: 2, content: block.content, line: block.line }, blocks: [] })
    else parts.at(-1)?.blocks.push(block)
  }
  return parts
}

/** Whether a section that had another heading may have been renamed: not to what is known to be something else. */
function mayBe(part: Part, section: FormSection) {
  const kind = part.heading && knownKind(plainOf(part.heading))
  return kind === undefined || kind === section.kind || kind === knownKind(section.heading)
}

/**
 * The section of the form that each printed one was: by its heading, of several alike the one in the same place; and of
 * those left over between the same neighbours, in their order, if they are as many.
 */
export function pairSections(printed: readonly Part[], form: readonly FormSection[]): Map<Part, FormSection> {
  const headings = printed.map(({ heading }) => (heading ? plainOf(heading) : ''))
  const isNamed = (section: FormSection | undefined, at: number) =>
    section !== undefined && foldPlain(section.heading) === headings[at]
  const placeOf = new Map<number, number>()
  const free = new Set(form.keys())
  const pair = (at: number, place: number) => {
    placeOf.set(at, place)
    free.delete(place)
  }
  if (printed.length === form.length) for (const at of printed.keys()) if (isNamed(form[at], at)) pair(at, at)
  for (const at of printed.keys()) {
    const place = placeOf.has(at) ? undefined : [...free].find(each => isNamed(form[each], at))
    if (place !== undefined) pair(at, place)
  }
  for (let at = 0; at < printed.length; at += 1) {
    if (placeOf.has(at)) continue
    let end = at
    while (end < printed.length && !placeOf.has(end)) end += 1
    const first = (placeOf.get(at - 1) ?? -1) + 1
    const last = placeOf.get(end) ?? form.length
    const between = [...free].filter(place => place >= first && place < last)
    if (between.length === end - at && last - first === between.length)
      for (const [step, place] of between.entries())
        if (mayBe(printed[at + step] as Part, form[place] as FormSection)) pair(at + step, place)
    at = end - 1
  }
  return new Map([...placeOf].map(([at, place]) => [printed[at] as Part, form[place] as FormSection]))
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
