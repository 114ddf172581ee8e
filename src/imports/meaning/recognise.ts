/** Puts a document together from what the outline, the SFIA block and the labelled rows say. */
import { withoutMark } from '../../document/form.ts'
import {
  type AdvertDetails,
  type Block,
  emptyAdvertDetails,
  limits,
  type RoleDocument,
  type Section,
  type SfiaMapping,
  type SfiaVersion,
} from '../../document/schema.ts'
import { linksOf, plainOfInlines, writeText } from '../../document/text.ts'
import type { Notices } from '../notices.ts'
import { plainOfBlocks } from '../source/tree.ts'
import { frameworkRole } from '../words/framework.ts'
import { importanceBefore, importanceOf, isBesideDesirable } from '../words/headings.ts'
import { labelledMember, mayBeTitle } from '../words/labels.ts'
import { behavioursIn } from './behaviours.ts'
import { type Languages, sayAgain } from './bilingual.ts'
import { type DraftBlock, type DraftList, draftBlocks, listBlock, type Provenance, textOf } from './content.ts'
import { hasImportanceColumns } from './criteria.ts'
import { type Details, employerOf, type KnownRow, readPairs, saysBands, saysPay } from './details.ts'
import type { Importance } from './fit.ts'
import type { Outline, OutlineSection } from './outline.ts'
import { areLabelLines, type Pair, pairsOf } from './pairs.ts'
import { areOfSfia, linesOnSfia, printedVersion, readSfia, type SfiaIndex, sfiaLines, warnOfUnread } from './sfia.ts'
import { withoutTaken } from './sfia-rest.ts'
import { namesSfia, sfiaTable } from './sfia-tables.ts'
import type { BodyBlock, Rows } from './steps.ts'
import { cellText } from './tables.ts'
import { givesWay, titleOf } from './title.ts'

export interface Recognised extends Provenance {
  document: RoleDocument
  rows: KnownRow[]
  /** The line of members without an object of their own, by pointer. */
  places: Map<string, number>
  sfiaInferred: boolean
  /** Of a document that the register wrote. */
  followed?: {
    /** Which shared section each section is said to use; a section that is not there was read as of any house. */
    sharedSections: Map<Section, string | null>
    /** Whether every section was read so: the document then leaves nothing unsaid. */
    whole: boolean
    /** Whether it prints the rows of advert details and grades: what is not among them is not meant any more. */
    details: boolean
  }
}

export interface SfiaContext {
  versions: readonly SfiaIndex[]
  /** Asked for by the request, or the draft's own. */
  wanted?: SfiaVersion
}

/** Whether a section on skills says which are essential: one that only names some leaves the criteria to the person's. */
const saysImportance = ({ kind, heading, body }: OutlineSection) => {
  const says = (block: BodyBlock, at: number) => {
    if (block.type === 'rows') return hasImportanceColumns(block.rows)
    if (block.type === 'list') return false
    const text = plainOfInlines(block.content)
    return (importanceOf(text) ?? (body[at + 1]?.type === 'list' ? importanceBefore(text) : undefined)) !== undefined
  }
  return kind === 'skills_experience' && (importanceOf(heading) !== undefined || body.some(says))
}

/** Says of a section without blocks that it holds up the publication. */
export function sayEmpty(section: Section, line: number, notices: Notices) {
  const detail = 'The section is empty. A role with an empty section cannot be published'
  notices.add('advice', 'section_empty', line, section.heading, detail, section)
}

class Recogniser implements Provenance {
  readonly lines = new Map<object, number>()
  readonly parts = new Map<object, object>()
  readonly skills: RoleDocument['skills'] = []
  readonly details: Details
  mappings: SfiaMapping[] = []
  sfiaVersion: SfiaVersion | null
  /** A skills block prints all skills of its importance, so each importance has one list at most. */
  readonly #printed: Set<Importance>
  #detailsPrinted = false
  readonly #hasCriteria: boolean
  /** Whether a section on SFIA names skills of it. */
  readonly #hasSfia: boolean
  readonly #source: Outline
  readonly #sfia: SfiaContext
  readonly #notices: Notices

  constructor(source: Outline, sfia: SfiaContext, notices: Notices, printed: Iterable<Importance>) {
    this.#source = source
    this.#printed = new Set(printed)
    this.#hasCriteria = source.sections.some(saysImportance)
    this.#hasSfia = source.sections.some(
      ({ kind, body }) =>
        kind === 'skills_framework' && sfiaLines(body, sfia.versions).some(({ code }) => code !== undefined),
    )
    this.#sfia = sfia
    this.#notices = notices
    this.sfiaVersion = sfia.wanted ?? null
    this.details = {
      isBanded: false,
      isPaid: false,
      details: emptyAdvertDetails(),
      grades: [],
      profession: null,
      behaviours: [],
      title: source.title && { ...source.title, text: titleOf(source.title, notices) },
      isFileTitle: source.isFileTitle === true,
      rows: [],
      languages: new Set(),
      places: new Map(),
    }
  }

  sections(): Section[] {
    const fields = this.#source.fields.map(
      ({ label, value, line }): Pair => ({ label, value: [[{ type: 'text', value }]], line }),
    )
    const { pairs, rest } = pairsOf(this.#source.front, 'front')
    const said: Languages = new Map()
    sayAgain([...fields, ...pairs], said, this.#notices)
    for (const section of this.#source.sections)
      if (sayAgain(this.#pairsOf(section).pairs, said, this.#notices))
        this.#pairs.set(section.body, { pairs: [], rest: section.body })
    const later = this.#source.sections.flatMap(section => this.#pairsOf(section).pairs)
    const all = [...fields, ...pairs, ...later]
    const front = [...this.#employerAbove(all), ...rest.filter(block => block !== 'pairs')]
    const employer = employerOf(this.#source, front, all)
    Object.assign(this.details, { isBanded: saysBands(all), isPaid: saysPay(all), employer })
    readPairs([...fields, ...pairs], this.details, this.#notices)
    const intro = this.#introduction(front.toSorted((one, other) => one.line - other.line))
    return [...intro, ...this.#source.sections].map(section => this.#section(section))
  }

  /** The first line as the text that it is where it gives way to what a label says of the title. */
  #employerAbove(pairs: readonly Pair[]): BodyBlock[] {
    const { title, isFileTitle } = this.details
    const said = pairs.find(({ label }) => labelledMember(label) === 'title') ?? pairs.find(p => mayBeTitle(p.label))
    if (!title || isFileTitle || !said || !givesWay(title.text, plainOfInlines(said.value.flat()))) return []
    this.details.title = null
    return [{ type: 'paragraph', content: [{ type: 'text', value: title.text }], line: title.line }]
  }

  /** Text before the first heading needs a section to stand in. */
  #introduction(body: BodyBlock[]): OutlineSection[] {
    const [first] = body
    if (!first) return []
    const { sections, hasSummary = false } = this.#source
    const isSummarised = hasSummary || sections.some(section => section.kind === 'role_summary')
    const heading = isSummarised ? 'Introduction' : 'About the role'
    const text = first.type === 'paragraph' || first.type === 'subheading' ? plainOfInlines(first.content) : ''
    const detail = `The text before the first heading was put under one of ours, “${heading}”`
    this.#notices.add('repair', 'heading_added', first.line, text, detail)
    const content = [{ type: 'text' as const, value: heading }]
    return [{ heading, content, kind: isSummarised ? 'other' : 'role_summary', line: first.line, body }]
  }

  #section(source: OutlineSection): Section {
    const section: Section = { id: '', kind: source.kind, heading: source.heading, shared_section: null, blocks: [] }
    this.lines.set(section, source.line)
    for (const link of linksOf(writeText(source.content).text)) {
      section.blocks.push({
        type: 'paragraph',
        text: writeText([{ type: 'link', url: link.url, children: [{ type: 'text', value: link.url }] }]).text,
      })
      const detail = 'A heading holds no link; its address became a paragraph'
      this.#notices.add('repair', 'heading_link_moved', source.line, link.url, detail, section)
    }
    if (this.#isSfia(source)) this.#sfiaBlocks(source, section)
    else {
      this.#detailBlocks(source, section)
      warnOfUnread(linesOnSfia(source.body), this.#sfia.versions, this.#notices)
    }
    if (section.blocks.length === 0 && source.kind === 'appendix' && !this.#detailsPrinted) {
      // An appendix without a row is one that is still to be filled in.
      section.blocks.push({ type: 'advert_details' })
      this.#detailsPrinted = true
    }
    if (section.blocks.length === 0) sayEmpty(section, source.line, this.#notices)
    return section
  }

  /** Whether a section holds the SFIA skills: by its heading, by a table with heads, or as most of its lines are such. */
  #isSfia({ kind, body }: OutlineSection) {
    if (this.mappings.length > 0) return false
    if (kind === 'skills_framework') return true
    if (this.#hasSfia) return false
    if (body.some(block => block.type === 'rows' && sfiaTable(block.rows)?.head)) return true
    if (kind !== 'capabilities' && kind !== 'skills_experience' && kind !== 'other') return false
    return areOfSfia(sfiaLines(body, this.#sfia.versions), this.#sfia.versions)
  }

  #sfiaBlocks(source: OutlineSection, section: Section) {
    const lines = sfiaLines(source.body, this.#sfia.versions)
    const said = this.details.details.additional.map(({ label, value }) => `${label} ${value}`)
    const printed = printedVersion([source.heading, ...lines.map(line => line.text), ...said].join(' '))
    const known = printed ?? this.sfiaVersion ?? undefined
    const result = readSfia(lines, this.#sfia.versions, this.#sfia.wanted, known, this.#notices)
    this.mappings = result.mappings
    this.sfiaVersion = result.version
    warnOfUnread(lines, this.#sfia.versions, this.#notices)
    const taken = new Set<object>([...result.taken].map(line => line.row ?? line.content))
    const heads = new Map(lines.flatMap(line => (line.part === 'head' && line.row ? [[line.row, line] as const] : [])))
    const before: BodyBlock[] = []
    const after: BodyBlock[] = []
    let found = false
    for (const block of source.body) {
      const left = withoutTaken(block, taken)
      found ||= left !== block
      const [only, ...others] = left?.type === 'rows' && left !== block ? left.rows : []
      const head = only && others.length === 0 ? heads.get(only) : undefined
      // The heads of columns stay with the rows that stay.
      if (head) this.#notices.understand(head.line, head.text, '/sfia_mappings', 'head of a table')
      else if (left) (found ? after : before).push(left)
      const isRead = block.type !== 'rows' || block.rows.some(row => lines.some(line => line.row === row))
      if (block.type === 'rows' && !isRead && left === block) this.#warnOfTable(block)
    }
    const write = (body: BodyBlock[]) =>
      source.kind === 'skills_framework'
        ? this.#write(draftBlocks(body, this.#notices), section, source)
        : this.#detailBlocks({ ...source, body }, section)
    write(before)
    if (result.mappings.length > 0) section.blocks.push({ type: 'sfia_mappings' })
    write(after)
  }

  #warnOfTable({ rows, line }: Rows) {
    const text = rows.map(row => row.cells.map(cellText).join(' ')).join(' ')
    const detail =
      'The table looks like one of SFIA skills and was not read as such: a row has a code and one level, all of them in one section. It was kept as a list'
    this.#notices.add('advice', 'sfia_table_not_read', line, text, detail)
  }

  /** They are asked for all sections at first, for what one says of another, and then section by section. */
  readonly #pairs = new Map<readonly BodyBlock[], ReturnType<typeof pairsOf>>()
  #pairsOf({ body, kind }: OutlineSection) {
    // Below a second heading, a name of the house or of the job, stands what others have below the title.
    const [first] = this.#source.sections
    const isFront = this.#source.front.length === 0 && first?.body === body && kind === 'other' && areLabelLines(body)
    const found = this.#pairs.get(body) ?? pairsOf(body, kind === 'appendix' ? 'appendix' : isFront ? 'front' : 'body')
    this.#pairs.set(body, found)
    return found
  }

  #detailBlocks(source: OutlineSection, section: Section) {
    const { pairs, rest } = this.#pairsOf(source)
    readPairs(pairs, this.details, this.#notices)
    let run: BodyBlock[] = []
    const flush = () => {
      this.#write(draftBlocks(run, this.#notices, { ofSkills: source.kind === 'skills_experience' }), section, source)
      run = []
    }
    for (const block of rest) {
      if (block !== 'pairs') {
        run.push(block)
        if (block.type === 'rows' && (sfiaTable(block.rows)?.head || namesSfia(block.rows))) this.#warnOfTable(block)
      } else if (!this.#detailsPrinted) {
        flush()
        section.blocks.push({ type: 'advert_details' })
        this.#detailsPrinted = true
      }
    }
    flush()
  }

  #write(blocks: readonly DraftBlock[], section: Section, source: OutlineSection) {
    let importance: Importance = this.#importanceBelow(source.heading, source) ?? null
    for (const [at, block] of blocks.entries()) {
      if (block.type === 'list') {
        const before = blocks[at - 1]
        const own = before && 'content' in before ? importanceBefore(plainOfInlines(before.content)) : undefined
        section.blocks.push(this.#skillsBlock(block, source, own ?? importance) ?? this.#list(block))
        continue
      }
      if (block.type !== 'note') importance = this.#importanceBelow(plainOfInlines(block.content), source) ?? importance
      const text = textOf(block.content, block.line, this.#notices)
      const written: Block = { type: block.type, text }
      this.lines.set(written, block.line)
      section.blocks.push(written)
    }
  }

  /** How much what stands below a heading matters: it says so, or it is told apart from what is desirable, and from nothing else. */
  #importanceBelow(heading: string, { body }: OutlineSection) {
    if (importanceOf(heading) || !isBesideDesirable(heading)) return importanceOf(heading)
    const { sections } = this.#source
    const next = sections.find((_, at) => sections[at - 1]?.body === body)
    const said = [
      ...body.flatMap(block => (block.type === 'list' || block.type === 'rows' ? [] : [plainOfInlines(block.content)])),
      next?.heading ?? '',
    ].map(text => importanceOf(text) ?? importanceBefore(text))
    // Items may say it by themselves.
    const isMarked = body.some(
      block => block.type === 'list' && /\b(?:essential|desirable)\b/i.test(plainOfBlocks([block])),
    )
    return said.includes('desirable') && !said.includes('essential') && !isMarked ? 'essential' : undefined
  }

  #list(list: DraftList): Block {
    const block = listBlock(list, this.#notices, this)
    this.lines.set(block, list.line)
    return block
  }

  /** The list's items as the role's skills, where it is a list of skills. */
  #skillsBlock(list: DraftList, { kind }: OutlineSection, importance: Importance): Block | undefined {
    const ofSkills =
      kind === 'skills_experience' || (kind === 'person_specification' && importance !== null && !this.#hasCriteria)
    const isPlain = list.items.every(item => item.items.length === 0 && withoutMark(item.content) === undefined)
    if (!ofSkills || list.optional) return undefined
    const nested = list.items.find(item => item.items.length > 0)
    if (nested && !this.#printed.has(importance)) {
      const detail =
        'A skill has nothing under it, and items of this list have; it stayed a list of its section. Write each skill as an item of its own to have it found as one'
      this.#notices.add('advice', 'skills_kept_as_list', nested.line, plainOfInlines(nested.content), detail)
    }
    if (!isPlain) return undefined
    if (this.#printed.has(importance)) {
      const text = plainOfInlines(list.items[0]?.content ?? [])
      const detail = 'The role’s skills come from the first such list; this one stayed a list of its section'
      this.#notices.add('advice', 'skills_kept_as_list', list.line, text, detail)
      return undefined
    }
    this.#printed.add(importance)
    for (const item of list.items) {
      const statement = textOf(item.content, item.line, this.#notices)
      const skill = { id: '', statement, skill: null, level: item.level?.code ?? null, importance }
      if (item.level) this.#notices.understand(item.line, item.level.printed, skill, 'level of a skill')
      this.lines.set(skill, item.line)
      this.parts.set(item, skill)
      this.skills.push(skill)
    }
    return { type: 'skills', importance }
  }
}

const textsIn = (part: Block | RoleDocument['skills'][number]): string[] => {
  if (!('type' in part)) return [part.statement]
  if (part.type === 'list') return part.items.flatMap(item => [item.text, ...item.items.map(sub => sub.text)])
  return 'text' in part ? [part.text] : []
}

/** Says which limit of the schema a document is beyond. */
function checkLimits(document: RoleDocument, notices: Notices) {
  const check = (count: number, limit: number, what: string, pointer: string) => {
    if (count > limit)
      notices.refuse('limit_exceeded', `There are ${count} ${what}; ${limit} is the limit`, null, pointer)
  }
  check(document.sections.length, limits.sections, 'sections', '/sections')
  check(document.skills.length, limits.skills, 'skills', '/skills')
  check(document.sfia_mappings.length, limits.mappings, 'SFIA mappings', '/sfia_mappings')
  check(document.grades.length, 20, 'grades', '/grades')
  document.sections.forEach((section, index) => {
    check(
      section.blocks.length,
      limits.blocks,
      `blocks in the section “${section.heading}”`,
      `/sections/${index}/blocks`,
    )
  })
  if ((document.title?.length ?? 0) > 200) {
    notices.refuse('limit_exceeded', 'The title has more than 200 characters; 200 is the limit', null, '/title')
  }
}

/** The document that an outline says, without ids. Problems are in `notices` when it is beyond a limit. */
export function recognise(
  source: Outline,
  sfia: SfiaContext,
  notices: Notices,
  printed: Iterable<Importance> = [],
): Recognised {
  const recogniser = new Recogniser(source, sfia, notices, printed)
  const sections = recogniser.sections()
  const { details, skills, mappings, sfiaVersion, lines, parts } = recogniser
  const front: OutlineSection = { heading: '', content: [], kind: 'other', line: 1, body: source.front }
  const named = behavioursIn([front, ...source.sections])
  const role = [...sections.flatMap(section => section.blocks), ...skills]
    .flatMap(textsIn)
    .flatMap(linksOf)
    .map(link => frameworkRole(link.url))
    .find(found => found !== undefined)
  const document: RoleDocument = {
    title: details.title ? titleOf(details.title, notices) : null,
    alternative_titles: [],
    profession: details.profession ?? (role ? 'digital_and_data' : null),
    family: role?.family ?? null,
    grades: details.grades,
    behaviours: [...new Set([...details.behaviours, ...named])],
    sections,
    skills,
    sfia_version: sfiaVersion,
    sfia_mappings: mappings,
    advert_details: details.details satisfies AdvertDetails,
  }
  checkLimits(document, notices)
  const sfiaInferred = notices.list.some(({ code }) => /^sfia_version_(?:inferred|tied)$/.test(code))
  return { document, rows: details.rows, places: details.places, lines, parts, sfiaInferred }
}
