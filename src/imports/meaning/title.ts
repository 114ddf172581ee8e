/** The title of a role out of the title of its document: `DevOps Role Definition` is about a DevOps. */
import { plainOfInlines } from '../../document/text.ts'
import type { Notices } from '../notices.ts'
import { wordsOf } from '../source/scan.ts'
import { sourceLines } from '../source/tree.ts'
import { importanceOf, kindOf } from '../words/headings.ts'
import type { LabelledMember } from '../words/label-words.ts'
import { labelled, labelledMember } from '../words/labels.ts'
import { jobNouns, ofCharity, ofOrganisation } from '../words/title-words.ts'
import type { Step } from './steps.ts'
import { cellText } from './tables.ts'

const kinds =
  '(?:role|job|post) (?:definition|profile|description|specification|advert|outline|particulars)|further particulars|person specification|terms of reference|(?:applicant|candidate|recruitment|job|role) (?:information )?pack|(?:job|role) description (?:and|&) person specification|disgrifiad (?:y )?swydd|swydd[ -]ddisgrifiad|manyleb (?:y )?person'
const suffix = new RegExp(`^(.*?\\S)[\\s:|,(–—-]+((?:${kinds})\\)?)$`, 'i')
const prefix = new RegExp(`^((?:${kinds}))\\s*[:|–—-]\\s*(\\S.*)$`, 'i')

/** Whether a line says nothing but what kind of document it is on. */
export const isDocumentKind = (text: string) =>
  new RegExp(`^(?:${kinds})(?:\\s*[/|]\\s*(?:${kinds}))?$`, 'i').test(text.trim())

/** The title without the words for the kind of document, which `notices` lists as understood. */
export function titleOf(title: { text: string; line: number }, notices: Notices): string {
  const found = suffix.exec(title.text)
  // `Disgrifiad / Job description`: half of a name is none.
  const after = found?.[1]?.endsWith('/') || isDocumentKind(found?.[1] ?? '') ? null : found
  const before = after ? null : prefix.exec(title.text)
  const kind = after?.[2] ?? before?.[1]
  if (kind === undefined) return title.text
  notices.understand(title.line, kind, '/title', 'kind of document')
  return (after?.[1] ?? before?.[2] ?? title.text).trim()
}

/** Whether a line says the kind of document and behind a colon what it is on: `Role profile: Lead Designer`. */
export const saysKind = (text: string) => prefix.test(text)

/**
 * Whether the first line gives way to what a label says of the title: it names no job, and is an employer (`Northshire
 * Police`), or what the label says is a job.
 */
export const givesWay = (first: string, labelled: string) =>
  !jobNouns.test(first) && (ofOrganisation.test(first) || ofCharity.test(first) || jobNouns.test(labelled))

/** Says that the title of the file, `<title>` or that of front matter, gave way to another; nothing where both say the same. */
export function leaveFileTitle(left: { text: string; line: number }, taken: string, notices: Notices): void {
  if (wordsOf(left.text).join() === wordsOf(taken).join()) notices.understand(left.line, left.text, '/title', 'title')
  else notices.add('loss', 'file_title_removed', left.line, left.text, 'The text has another title, which was taken')
}

/** A heading directly above details, below the first one, names the role where that one names an employer, and perhaps where it names no job. */
export function nameBelow([first, next, details, ...others]: readonly Step[]): 'sure' | 'perhaps' | undefined {
  if (first?.type !== 'mark' || next?.type !== 'mark' || first.by === 'row' || next.by === 'row') return undefined
  const isAlike = first.by === next.by ? first.depth <= next.depth : first.by === 'heading'
  const isOnDetails = details && (membersOf(details, others[0]) ?? []).length > 0
  const isOther = kindOf(next.text) === 'other' && !importanceOf(next.text) && !jobNouns.test(first.text)
  if (!isAlike || !isOnDetails || !isOther || !jobNouns.test(next.text)) return undefined
  return ofCharity.test(first.text) ? 'sure' : 'perhaps'
}

/** Whether a step is the caption of a table of details. */
export function isCaption(step: Step, next: Step | undefined): boolean {
  return step.type === 'mark' && step.by === 'row' && next?.type === 'rows' && next.details === true
}

/** What the labels of a step stand for, where it is nothing but details: a table, or lines with a label that is known each. */
function membersOf(step: Step, next: Step | undefined): (LabelledMember | undefined)[] | undefined {
  if (isCaption(step, next)) return []
  if (step.type === 'rows')
    return step.details ? step.rows.map(({ cells }) => labelledMember(cellText(cells[0]))) : undefined
  if (step.type !== 'paragraph') return undefined
  const members = sourceLines(step).map(({ content }) => labelledMember(labelled(content)?.label ?? ''))
  return members.includes(undefined) ? undefined : members
}

/**
 * How many of the first steps are details above the title. They name none, and the line behind them is no part of a document
 * and has no text of its own: it would head an empty section.
 */
export function countDetails(steps: readonly Step[]): number {
  const members = steps.map((step, at) => membersOf(step, steps[at + 1]))
  const count = members.indexOf(undefined)
  const [title, next] = steps.slice(Math.max(count, 0))
  if (count < 1 || members.slice(0, count).flat().includes('title')) return 0
  const text = title?.type === 'mark' || title?.type === 'paragraph' ? plainOfInlines(title.content) : ''
  const isTitle = text !== '' && kindOf(text) === 'other' && !importanceOf(text) && !/^(?:part|section)\b/i.test(text)
  return isTitle && next?.type === 'mark' && !importanceOf(next.text) ? count : 0
}
