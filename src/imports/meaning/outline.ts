/** From the neutral tree to a title and sections: which lines are headings, and what they mean. */
import { isPlaceholder } from '../../document/placeholders.ts'
import type { SectionKind } from '../../document/schema.ts'
import { type Inline, plainOfInlines } from '../../document/text.ts'
import type { Notices } from '../notices.ts'
import type { Field, SourceTree } from '../source/tree.ts'
import {
  importanceOf,
  introducedKind,
  kindOf,
  knownKind,
  looksLikeHeading,
  normaliseHeading,
} from '../words/headings.ts'
import { isLabel, labelled } from '../words/labels.ts'
import { marking, ofOrganisation } from '../words/title-words.ts'
import { listsOfLines, rowsOfHeadings } from './adverts.ts'
import { isBehaviour, namesBehaviours } from './behaviours.ts'
import { withLanguagesParted } from './bilingual.ts'
import { withoutContents, withoutWordContents } from './contents.ts'
import { opensGroups, withGroupsJoined } from './grouped-criteria.ts'
import { headIntroductions, markIntroductions } from './introductions.ts'
import { repairLists } from './lists.ts'
import { areMarked, withMarkedItems } from './marked-items.ts'
import { decimalParts, headNumbered, numberedParts } from './numbered-parts.ts'
import { headQuestions, headRunIns } from './run-ins.ts'
import { warnOfSeveralRoles } from './several-roles.ts'
import { type BodyBlock, isHigher, isLouder, type Mark, markOf, marksIn, rankOf, type Step, stepsOf } from './steps.ts'
import { repairTables } from './tables.ts'
import { countDetails, isCaption, isDocumentKind, nameBelow, saysKind } from './title.ts'

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
  isFileTitle?: boolean
  /** What the file says of itself beside its text. */
  fields: readonly Field[]
  /** Further texts beside it: the title of the file, heads of pages. */
  beside: readonly string[]
  /** What stands before the first section. */
  front: BodyBlock[]
  sections: OutlineSection[]
  /** A summary stands among sections that were read already. */
  hasSummary?: boolean
}

const textOf = (step: Step | undefined) =>
  step && step.type !== 'rows' && step.type !== 'list' ? plainOfInlines(step.content) : ''

/**
 * `Job Description`, `Applicant Information Pack`: what kind of document it is, and no part of it. Gives whether it had
 * Word's style for titles, so that the heading below it names the role.
 */
function takeKind(steps: Step[], notices: Notices): boolean {
  const [first] = steps
  const text = textOf(first)
  if (!first || !isDocumentKind(text) || (knownKind(text) && steps.length > 1 && !opensNothing(steps))) return false
  notices.understand(first.line, text, '/title', 'kind of document')
  steps.shift()
  return first.type === 'mark' && first.title === true
}

/** Whether a heading stands before another one, so that nothing is under it. */
const opensNothing = ([, next]: readonly Step[]) => next?.type === 'mark' && !importanceOf(next.text)

/** Whether headings below it that would be no sections themselves stand under the first one, beside which there are others. */
const isOverParts = ([first, next, ...others]: readonly Step[]) =>
  first?.type === 'mark' &&
  next?.type === 'mark' &&
  next.by === 'heading' &&
  next.depth > first.depth &&
  !knownKind(next.text) &&
  others.some(step => step.type === 'mark' && step.by === 'heading' && step.depth <= first.depth)

/** `[Department logo]` before the title says nothing. */
function takePlaceholders(steps: Step[], notices: Notices) {
  for (let [first] = steps; first && steps.length > 1 && isPlaceholder(textOf(first)); [first] = steps) {
    const text = textOf(first)
    const detail = 'A placeholder stands before the title; it was left out'
    notices.add('repair', 'placeholder', first.line, text, detail)
    notices.understand(first.line, text, '/title', 'placeholder')
    steps.shift()
  }
}

/**
 * The first line is the title where it is a line of its own and no heading that is known; a smaller heading is not where
 * front matter has a title (`isNamed`).
 */
function takeTitle(steps: Step[], isNamed: boolean, notices: Notices): Outline['title'] {
  takePlaceholders(steps, notices)
  const isKind = takeKind(steps, notices)
  const above = takeLetterhead(steps)
  const isBelow = (above.length > 0 && takeKind(steps, notices)) || isKind
  const next = above.length === 0 && nameBelow(steps) === 'perhaps' ? steps[1] : undefined
  const title = titleIn(steps, isNamed, isBelow, notices)
  if (title && next) {
    const below = textOf(next)
    const detail = `“${title.text}” was taken for the title; “${below}” below it may be the role, and “${title.text}” who employs it`
    notices.add('repair', 'title_unsure', next.line, below, detail, '/title')
  }
  steps.unshift(...above)
  return title
}

/** Lines of a letterhead are few and short. */
const letterheadMax = { steps: 8, characters: 120 }

/** The heading that all others stand under. */
function topHeading(steps: readonly Step[]): Step | undefined {
  const headings = steps.filter(step => step.type === 'mark' && step.by === 'heading') as Mark[]
  const [top, ...others] = headings.filter(({ depth }) => depth === 1)
  return others.length === 0 && headings.length > 1 ? top : undefined
}

/** How many lines at the beginning are a marking, or the name of an organisation before another heading. */
function countNames(steps: readonly Step[]): number {
  const [leading, following] = steps
  if (!following || (leading?.type !== 'mark' && leading?.type !== 'paragraph')) return 0
  const text = textOf(leading)
  const isName =
    (following.type === 'mark' &&
      (leading.type === 'mark' || following.by === 'heading') &&
      ofOrganisation.test(text) &&
      (!knownKind(following.text) || isDocumentKind(following.text))) ||
    nameBelow(steps) === 'sure'
  return isName || marking.test(text) ? 1 + countNames(steps.slice(1)) : 0
}

/**
 * What stands above the title: before the line that has Word's style for it or the one heading above all others, or else
 * markings and the name of an organisation, or details. It stays, behind the title, as it is.
 */
function takeLetterhead(steps: Step[]): Step[] {
  const top = topHeading(steps)
  const titled = steps.findIndex(
    step =>
      step.type === 'mark' && (step.title || step === top) && (!knownKind(step.text) || isDocumentKind(step.text)),
  )
  const above = steps.slice(0, titled <= letterheadMax.steps ? Math.max(titled, 0) : 0)
  const isLetterhead = above.every((step, at) =>
    step.type === 'mark' && !isCaption(step, above[at + 1])
      ? step.by !== 'row' && !knownKind(step.text) && !importanceOf(step.text)
      : textOf(step).length <= letterheadMax.characters,
  )
  const first = steps.slice(0, letterheadMax.steps)
  return steps
    .splice(0, above.length > 0 && isLetterhead ? above.length : countNames(first) || countDetails(first))
    .map((step, at, all) =>
      step.type === 'mark' && !isCaption(step, all[at + 1])
        ? { type: 'paragraph', content: step.content, line: step.line }
        : step,
    )
}

/** Where `isBelow`, the first line stands below a title that says the kind of document. */
function titleIn(steps: Step[], isNamed: boolean, isBelow: boolean, notices: Notices): Outline['title'] {
  const [first] = steps
  if (!first) return null
  const others = steps.filter(step => step.type === 'mark' && step !== first) as Mark[]
  const isLabelled =
    first.type !== 'rows' && first.type !== 'list' && labelled(first.content) && !saysKind(textOf(first))
  const take = (text: string) => {
    steps.shift()
    if (!isOverParts(steps)) takeKind(steps, notices)
    return { text, line: first.line }
  }
  if (first.type === 'mark') {
    const headings = others.filter(mark => mark.by === 'heading')
    const isTop = first.by !== 'heading' || !headings.some(mark => mark.depth <= first.depth)
    // All headings have one depth, and the first of them says nothing that a section would.
    const isFirst =
      !headings.some(mark => mark.depth < first.depth) && kindOf(first.text) === 'other' && headings.length > 0
    const stands =
      first.by === 'heading'
        ? isTop || isFirst || isBelow || first.depth === 1
        : first.by !== 'row' && first.by !== 'plain' && !isLabelled
    if (!stands || knownKind(first.text) || importanceOf(first.text)) return null
    if (isNamed && first.depth > 1) return null
    return take(first.text)
  }
  if (first.type !== 'paragraph') return null
  const text = plainOfInlines(first.content)
  if (!looksLikeHeading(text) || isLabel(text) || isLabelled || others.length === 0) return null
  return take(text)
}

/** Whether a mark is larger than bold lines; a row that says how much criteria matter is no heading of a section. */
const isStrong = ({ by, text }: Mark) => by === 'heading' || (by === 'row' && !importanceOf(text))

/** Which marks are headings of sections; what else is marked is a subheading. */
function sectionTest(steps: readonly Step[]): (mark: Mark, next: Step | undefined) => boolean {
  const marks = marksIn(steps)
  const strong = marks.filter(isStrong)
  const [top, ...others] = strong.filter(mark => mark.by === 'heading')
  // A `Job description` over all others says what the document is: those below it are its sections.
  const isOver =
    top !== undefined &&
    isDocumentKind(top.text) &&
    knownKind(top.text) === 'role_summary' &&
    others.length > 1 &&
    others.every(mark => mark.depth > top.depth)
  const sectionDepth = Math.min(...(top && !isOver ? [top, ...others] : others).map(mark => mark.depth))
  const hasBold = marks.some(mark => mark.by === 'bold' && !importanceOf(mark.text))
  // `4. Health and safety` beside `1. Purpose` and `2. Duties` of the same look.
  const isNumbered = ({ text }: Mark) => /^\d{1,2}[.)]?\s+\p{L}/u.test(text)
  const once = new Set<Mark['by']>()
  const rows = new Set<Mark['by']>()
  for (const { by } of marks.filter(mark => isNumbered(mark) && knownKind(mark.text)))
    (once.has(by) ? rows : once).add(by)
  const isInRow = (mark: Mark) => isNumbered(mark) && rows.has(mark.by)
  const parts = numberedParts(marks, isInRow)
  return mark => {
    if (importanceOf(mark.text) || parts.has(mark)) return false
    if (mark.by === 'row' || mark.by === 'plain' || knownKind(mark.text)) return true
    if (mark.by === 'heading') return mark.depth <= sectionDepth
    if (isInRow(mark)) return true
    return strong.length === 0 && (mark.by !== 'underline' || !hasBold)
  }
}

/** An underlined line with nothing under it is no heading, but one whose words are known. */
const withoutStress = (steps: readonly Step[]): Step[] =>
  steps.map((step, index) => {
    if (step.type !== 'mark' || step.by !== 'underline' || knownKind(step.text) || importanceOf(step.text)) return step
    const next = steps[index + 1]
    const opens = next && (next.type !== 'mark' || importanceOf(next.text) !== undefined)
    return opens ? step : { type: 'paragraph', content: step.content, line: step.line }
  })

/** No duties are called `Essential skills`, however small the line above the list looks. */
const endsDuties = (text: string, next: Step | undefined, last: OutlineSection | undefined) =>
  last?.kind === 'responsibilities' &&
  last.body.length > 0 &&
  next?.type === 'list' &&
  /\s/.test(text) &&
  importanceOf(text) !== undefined

/** A line of plain text that ends the duties is a heading. */
function headOfSkills(step: Step, next: Step | undefined, last: OutlineSection | undefined): Step {
  if (step.type !== 'paragraph' || !endsDuties(plainOfInlines(step.content), next, last)) return step
  return markOf(step.content, step.line)
}

/** `Essential criteria` beside the heading of a section that is on no skills begins one that is. */
function isOfSkills(mark: Mark, next: Step | undefined, last: OutlineSection | undefined, level: number) {
  if (!importanceOf(mark.text)) return false
  if (!last) return mark.by === 'heading'
  if (endsDuties(mark.text, next, last)) return true
  const isOnSkills = last.kind === 'person_specification' || last.kind === 'skills_experience'
  return rankOf(mark) <= level && last.body.length > 0 && (!isOnSkills || importanceOf(last.heading) !== undefined)
}

/**
 * `Skills` below `Duties` of the same depth is no part of it, wherever else the document has larger headings; but both
 * are parts of the `Person specification` that has no text of its own.
 */
const isBeside = (mark: Mark, level: number) =>
  mark.by === 'heading' && mark.depth <= level && kindOf(mark.text) !== 'other' && !importanceOf(mark.text)

/**
 * `**Knowledge**` below `Person specification`, over criteria that say by themselves how much they matter, or over or below a line
 * that does, is one of its groups.
 */
function isGroup(mark: Mark, next: Step | undefined, { heading, body }: OutlineSection, rank: number) {
  const isBelow = mark.by === 'heading' ? rankOf(mark) > rank : rankOf(mark) >= rank
  if (!isBelow || knownKind(heading) !== 'person_specification' || importanceOf(mark.text)) return false
  const kind = kindOf(mark.text)
  if (next?.type === 'list' && kind === 'skills_experience' && areMarked(next)) return true
  const opens = next?.type === 'list' ? opensGroups(body) : importanceOf(textOf(next)) !== undefined
  return opens && kindsOfGroups.has(kind) && !isDocumentKind(mark.text)
}
const kindsOfGroups = new Set<SectionKind>(['skills_experience', 'person_specification', 'other'])

/** `Skills and behaviours` over items of which none is a behaviour. */
const isOnSkills = (section: OutlineSection) =>
  section.kind === 'capabilities' &&
  /\bskills\b/.test(normaliseHeading(section.heading)) &&
  section.body.some(({ type }) => type === 'list') &&
  !namesBehaviours(section)

/** Reads titles and headings. The blocks of the sections are as the source has them. */
export function outline(tree: SourceTree, notices: Notices): Outline {
  const blocks = withLanguagesParted(repairTables(withoutWordContents(tree.blocks, notices), notices), notices)
  let steps = headQuestions(headNumbered(stepsOf(repairLists(blocks, notices))))
  const marks = marksIn(steps)
  const title = takeTitle(steps, tree.title !== null && tree.fields !== undefined, notices) ?? tree.title
  steps = listsOfLines(rowsOfHeadings(headRunIns(steps)), notices)
  steps = headIntroductions(markIntroductions(withoutStress(withoutContents(steps))), notices)
  const isSection = sectionTest(steps)
  const decimals = decimalParts(marksIn(steps))
  const hasStrong = marksIn(steps).some(isStrong)
  const front: BodyBlock[] = []
  const sections: OutlineSection[] = []
  /** Of the last section's heading. */
  let rank = 0
  /** Of the last heading of a section, be it joined to the one above. */
  let level = 0
  /** Where only bold lines are headings: those that stand under the last one rather than beside it. */
  let within = false
  /** The mark of the last section's heading, and the first of those that stand under it. */
  let head: Mark | undefined
  let under: Mark | undefined
  steps.forEach((source, index) => {
    const last = sections.at(-1)
    const step = headOfSkills(source, steps[index + 1], last)
    const body = last?.body ?? front
    if (step.type !== 'mark') {
      body.push(step)
      return
    }
    const known = knownKind(step.text)
    if (!hasStrong && last && !known && !within && last.body.length === 0 && !isDocumentKind(last.heading)) {
      within = true
      under = step
    }
    const higher = within && isHigher(step, head, under)
    const isUnder =
      last !== undefined &&
      (isGroup(step, steps[index + 1], last, rank) ||
        (!known &&
          (decimals.has(step) ||
            (!hasStrong && within && !isLouder(step.text, last) && !higher) ||
            (step.by !== 'heading' && isBehaviour(step.text)))))
    // The sentence below a heading that says the same is no heading of its own.
    const isOpen = last?.body.every(({ type }) => type === 'subheading')
    const repeats = step.by === 'plain' && isOpen && known === last?.kind
    if (repeats) body.push({ type: 'paragraph', content: step.content, line: step.line })
    else if (
      !isUnder &&
      !(step.parts && last) &&
      (isSection(step, steps[index + 1]) ||
        isBeside(step, last && kindOf(last.heading) !== 'other' ? rank : level) ||
        isOfSkills(step, steps[index + 1], last, level))
    ) {
      // What is not underlined stands under it too.
      within = higher
      level = rankOf(step)
      const said = step.by === 'plain' ? (known ?? introducedKind(step.text)) : undefined
      const kind = importanceOf(step.text) ? 'skills_experience' : (said ?? kindOf(step.text))
      // `Person specification` is the heading of what follows it even where it looks no larger.
      const isOver =
        rankOf(step) > rank || (rankOf(step) === rank && last?.body.length === 0 && isDocumentKind(last.heading))
      if (last && isOpen && isOver) {
        const detail = 'The heading above has no text of its own, so this one stands under it in one section'
        notices.add('repair', 'headings_joined', step.line, step.text, detail)
        last.body.push({ type: 'subheading', content: step.content, line: step.line })
        if (kind !== 'other') last.kind = kind
        return
      }
      rank = rankOf(step)
      head = step
      sections.push({ heading: step.text, content: step.content, kind, line: step.line, body: [] })
    } else body.push({ type: 'subheading', content: step.content, line: step.line })
  })
  for (const section of sections) {
    if (isOnSkills(section)) section.kind = 'skills_experience'
    if (!isOnCriteria(section)) continue
    section.body = [...withMarkedItems(withGroupsJoined(section.body, notices), notices)]
  }
  const titleMark = marks.find(({ line, text }) => line === title?.line && text === title.text)
  const beside = [...(tree.title ? [tree.title.text] : []), ...(tree.heads ?? [])]
  warnOfSeveralRoles(title?.text ?? '', titleMark, steps, notices)
  return {
    title,
    isFileTitle: title === tree.title && !tree.fields,
    fields: tree.fields ?? [],
    beside,
    front,
    sections,
  }
}

/** Elsewhere `(D)` is no mark. Under a heading that says how much all of it matters there is none to look for. */
const isOnCriteria = ({ kind, heading }: OutlineSection) =>
  (kind === 'person_specification' || kind === 'skills_experience') && importanceOf(heading) === undefined
