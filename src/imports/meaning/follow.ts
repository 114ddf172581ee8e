/**
 * Reads a document that the register wrote. Its form says what each line is, and the words are those of the lines. A
 * section whose lines are others than the form says was edited, and is read block by block; one of mappings or details, or
 * that the form has not, is read as that of any house.
 */
import { isDeepStrictEqual } from 'node:util'
import { behavioursNamed } from '../../document/behaviours.ts'
import { type Form, type FormSection, type FormSkill, isPrinted, looksAs } from '../../document/form.ts'
import { detailRows, foldPlain } from '../../document/print.ts'
import {
  type Block,
  emptyAdvertDetails,
  type RoleDocument,
  type RoleSkill,
  type Section,
  type SfiaMapping,
} from '../../document/schema.ts'
import { plainOfInlines, writeText } from '../../document/text.ts'
import { Notices } from '../notices.ts'
import { plainOf, type SourceTree } from '../source/tree.ts'
import { kindOf, knownKind } from '../words/headings.ts'
import { draftBlocks, textOf } from './content.ts'
import { Fitter, flat, type Importance, linesOf, Misfit, type ReadLine } from './fit.ts'
import { carriedDetails, mergeDetails } from './merge-details.ts'
import type { Outline, OutlineSection } from './outline.ts'
import { pairSkills } from './pair-skills.ts'
import { appendixOf, asBody, detailLabels, type Part, pairSections, partsOf } from './printed.ts'
import { type Recognised, recognise, type SfiaContext, sayEmpty } from './recognise.ts'
import { mayRefit, Refitter } from './refit.ts'
import { readSfia, sfiaLines } from './sfia.ts'
import type { BodyBlock } from './steps.ts'
import { withTypedItems } from './typed-items.ts'

const blockOf = ({ content, line, row }: ReadLine): BodyBlock =>
  row ? { type: 'rows', rows: [row], line } : { type: 'paragraph', content, line }

const notesOf = (blocks: readonly { type: string }[]) => blocks.filter(({ type }) => type === 'note').length

class Follower {
  readonly #form: Form
  readonly #sfia: SfiaContext
  readonly #notices: Notices
  readonly #lines = new Map<object, number>()
  readonly #parts = new Map<object, object>()
  readonly #statements = new Map<Importance, ReadLine[]>()
  #rows: ReadLine[] = []
  /** Skills of the form whose text was found again. */
  #paired = new Set<FormSkill>()
  #mappings: SfiaMapping[] | undefined

  constructor(form: Form, sfia: SfiaContext, notices: Notices) {
    this.#form = form
    this.#sfia = sfia
    this.#notices = notices
  }

  /** The blocks of a section, or undefined where its lines are not those of its form. */
  #fit(part: Part, form: FormSection): Block[] | undefined {
    const fitter = new Fitter(
      part.heading ? plainOf(part.heading) : '',
      linesOf(part.blocks),
      this.#form.skills ?? [],
      this.#notices,
      this.#lines,
    )
    try {
      fitter.blocks(form.blocks)
      const { blocks, statements, sfia, rows } = fitter.end()
      if (sfia.length > 0 && !this.#readSfia(sfia)) return undefined
      for (const [importance, lines] of statements) this.#statements.set(importance, lines)
      this.#rows = [...this.#rows, ...rows]
      return blocks
    } catch (error) {
      if (error instanceof Misfit) return undefined
      throw error
    }
  }

  /** The blocks of a section that was edited, each as the form has it. */
  #refit(form: FormSection, heading: string, body: readonly BodyBlock[]): Block[] {
    const drafts = draftBlocks(body, this.#notices, { isOwn: true })
    const place = { heading, form, skills: this.#form.skills ?? [], printed: new Set(this.#statements.keys()) }
    const refitter = new Refitter(place, this.#notices, { lines: this.#lines, parts: this.#parts })
    refitter.read(drafts)
    for (const [importance, lines] of refitter.statements) this.#statements.set(importance, lines)
    return refitter.blocks
  }

  /** Whether every line is a mapping that is valid, or the name of a category. */
  #readSfia(lines: readonly ReadLine[]): boolean {
    const read = sfiaLines(lines.map(blockOf), this.#sfia.versions)
    if (read.some(line => line.code === undefined && line.category === undefined && line.subcategory === undefined))
      return false
    const result = (notices: Notices) => readSfia(read, this.#sfia.versions, this.#sfia.wanted, undefined, notices)
    // What is wrong with a line is said where the section is read as that of any house.
    if (result(new Notices()).taken.size !== read.length) return false
    this.#mappings = result(this.#notices).mappings
    return true
  }

  #skill({ statement = '', skill = null, level = null, importance = null }: FormSkill): RoleSkill {
    return { id: '', statement, skill, level, importance }
  }

  /** The rows as they were printed; undefined where any of them was changed. */
  #unchangedRows(): ReturnType<typeof detailRows> | undefined {
    const { advert_details, grades, isTouched } = carriedDetails(this.#form)
    if (isTouched) return undefined
    const expected = detailRows(advert_details, grades)
    const said = [expected, expected.filter(({ value }) => value !== '')].find(
      rows => rows.length === this.#rows.length,
    )
    const texts = this.#rows.map(({ content }) => plainOfInlines(content))
    return said?.every(({ label, value }, at) => foldPlain(`${label}: ${value}`) === texts[at]) ? said : undefined
  }

  /** Whether text that no form explains has advert details of its own. */
  #saysDetails(outline: Outline): boolean {
    const { document } = recognise(outline, this.#sfia, new Notices())
    return document.grades.length > 0 || !isDeepStrictEqual(document.advert_details, emptyAdvertDetails())
  }

  /** Advert details and grades: as they were where `unchanged` has their rows, or as they were read. */
  #details(
    unchanged: ReturnType<typeof detailRows> | undefined,
    read: Recognised | undefined,
  ): Pick<RoleDocument, 'advert_details' | 'grades'> & Pick<Recognised, 'rows' | 'places'> {
    const carried = carriedDetails(this.#form)
    if (unchanged || !read) {
      const rows = (unchanged ?? []).flatMap(({ member, label, value }, at) => {
        const { line } = this.#rows[at] as ReadLine
        this.#notices.understand(line, `${label} ${value}`, '/advert_details', 'advert details')
        return member === 'additional' ? [] : [{ label, member, value: value === '' ? null : value, line }]
      })
      return { advert_details: carried.advert_details, grades: carried.grades, rows, places: new Map() }
    }
    const isShown = this.#form.sections.some(({ blocks }) => blocks.some(({ type }) => type === 'advert_details'))
    const merged = mergeDetails(read.document, carried, isShown)
    return { ...merged, rows: read.rows, places: read.places }
  }

  /** As the document carries them, but for those whose line is gone, and with those that a new line names. */
  #behaviours(parts: readonly Part[]): RoleDocument['behaviours'] {
    const { behaviours = [], named_behaviours: before = [] } = this.#form
    const now = behavioursNamed(
      parts.flatMap(({ heading, blocks }) => [
        ...(heading ? [plainOf(heading)] : []),
        ...linesOf(blocks).map(({ content }) => plainOfInlines(content)),
      ]),
    )
    const kept = behaviours.filter(code => now.includes(code) || !before.includes(code))
    return [...new Set([...kept, ...now.filter(code => !before.includes(code))])]
  }

  read(tree: SourceTree): Recognised {
    const form = this.#form
    // The style sheet of our own pages.
    this.#notices.withdraw('style_removed')
    const blocks = flat(tree.blocks).filter(block => {
      const isImprint =
        form.imprint !== undefined && block.type === 'paragraph' && plainOf(block) === foldPlain(form.imprint)
      if (isImprint) this.#notices.understand(block.line, plainOf(block), '', 'line on the document')
      return !isImprint
    })
    const [front, ...printed] = partsOf(blocks, form.sections) as [Part, ...Part[]]
    const [first] = front.blocks
    const heading = first?.type === 'heading' && first.depth === 1 ? first : undefined
    if (tree.title) this.#notices.understand(tree.title.line, tree.title.text, '/title', 'title')
    const title =
      heading === undefined
        ? (form.title ?? null)
        : form.title && foldPlain(form.title) === plainOf(heading)
          ? form.title
          : plainOf(heading)

    const labels = detailLabels(form)
    const pairs = pairSections(printed, form.sections)
    const sharedSections = new Map<Section, string | null>()
    const edited: { part: Part; own: FormSection; heading: string; body: BodyBlock[]; line: number }[] = []
    const open: { part: Part; outline: OutlineSection }[] = []
    const made = new Map<Part, Section>()
    const make = (part: Part, own: FormSection, heading: string, line: number, blocks: Block[]) => {
      const section: Section = { id: '', kind: own.kind, heading, shared_section: null, blocks }
      this.#lines.set(section, line)
      made.set(part, section)
      sharedSections.set(section, own.shared_section ?? null)
      return section
    }
    for (const part of printed) {
      const own = pairs.get(part)
      const text = part.heading ? plainOf(part.heading) : ''
      const line = part.heading?.line ?? 1
      const content = part.heading?.content ?? []
      const kept = own && foldPlain(own.heading) === text ? own.heading : text
      const fitted = own && this.#fit(part, own)
      if (!own || !fitted) {
        const hasRows = own?.blocks.some(({ type }) => type === 'advert_details')
        const body = asBody(withTypedItems(part.blocks, this.#notices), hasRows ? labels : undefined)
        if (own && kept !== own.heading && knownKind(kept) === undefined) this.#sayRenamed(own, kept, line)
        if (own && mayRefit(own, body)) edited.push({ part, own, heading: kept, body, line })
        else open.push({ part, outline: { heading: kept, content, kind: own?.kind ?? kindOf(text), line, body } })
        continue
      }
      // Its rows or mappings were read, and it is no section of the role: unless someone gave it a heading of his own.
      if (own.added && kept === own.heading) {
        this.#notices.understand(line, text, '', 'heading of a table')
        continue
      }
      make(part, own, kept, line, fitted)
    }
    // Behind those that are as they were: what these print, no other does.
    for (const { part, own, heading, body, line } of edited) {
      const section = make(part, own, heading, line, this.#refit(own, heading, body))
      if (section.blocks.length === 0) sayEmpty(section, line, this.#notices)
    }

    const body = asBody(heading ? front.blocks.slice(1) : front.blocks)
    const isWhole = open.length === 0 && body.length === 0
    const unread: Outline = {
      title: null,
      fields: [],
      beside: [],
      front: body,
      sections: open.map(({ outline }) => outline),
      hasSummary: [...made.values()].some(({ kind }) => kind === 'role_summary'),
    }
    const asPrinted = this.#unchangedRows()
    const unchanged = asPrinted && (isWhole || !this.#saysDetails(unread)) ? asPrinted : undefined
    // Rows that were changed are read together with the sections that were, so that no value takes another's place.
    const appendix = unchanged || this.#rows.length === 0 ? [] : [appendixOf(this.#rows.map(blockOf))]
    const found =
      isWhole && unchanged
        ? undefined
        : recognise(
            { ...unread, sections: [...appendix, ...unread.sections] },
            this.#sfia,
            this.#notices,
            this.#statements.keys(),
          )
    const extra = (found?.document.sections.length ?? 0) - open.length
    const read = appendix.length > 0 ? found?.document.sections[extra - 1] : undefined
    const left = this.#keepLeft(read, [...made.values()])
    const skills = this.#skills(found)
    open.forEach(({ part }, at) => {
      const section = found?.document.sections[at + extra]
      if (section) made.set(part, section)
    })
    for (const { part } of [...edited, ...open]) this.#sayLeftOut(pairs.get(part), made.get(part))
    const sections = [
      ...(found?.document.sections.slice(0, extra - appendix.length) ?? []),
      ...printed.flatMap(part => made.get(part) ?? []),
      ...left,
    ]
    const { rows, places, ...details } = this.#details(unchanged, found)
    const document: RoleDocument = {
      title,
      alternative_titles: form.alternative_titles ?? [],
      profession: form.profession ?? null,
      family: form.family ?? null,
      grades: details.grades,
      behaviours: this.#behaviours(printed),
      sections,
      skills,
      sfia_version: this.#sfia.wanted ?? found?.document.sfia_version ?? null,
      sfia_mappings:
        this.#mappings ?? (found?.document.sfia_mappings.length ? found.document.sfia_mappings : this.#hidden()),
      advert_details: details.advert_details,
    }
    const lines = new Map([...this.#lines, ...(found?.lines ?? [])])
    this.#sayHidden(document)
    return {
      document,
      rows,
      places,
      lines,
      parts: new Map([...this.#parts, ...(found?.parts ?? [])]),
      sfiaInferred: found?.sfiaInferred ?? false,
      followed: {
        sharedSections,
        whole: isWhole,
        details: [...pairs.values()].some(({ blocks }) => blocks.some(({ type }) => type === 'advert_details')),
      },
    }
  }

  /** Lines among rows of advert details that are rows no longer stay: behind the rows, or in a section that is returned. */
  #keepLeft(read: Section | undefined, sections: readonly Section[]): Section[] {
    const isRows = ({ type }: Block) => type === 'advert_details'
    const left = (read?.blocks ?? []).filter(block => !isRows(block))
    if (!read || left.length === 0) return []
    const section = sections.find(({ blocks }) => blocks.some(isRows))
    section?.blocks.splice(section.blocks.findIndex(isRows) + 1, 0, ...left)
    return section ? [] : [read]
  }

  /** A section whose heading and lines are others may be another one. */
  #sayRenamed({ heading, kind }: FormSection, now: string, line: number) {
    const detail = `It stands where “${heading}” stood, and its heading is none that is known, so it was taken for that section under another name, of the kind ${kind}. Change the kind where it is a new one`
    this.#notices.add('repair', 'section_renamed', line, now, detail)
  }

  /** Names what the form says of a section and nobody can see in its lines, where these are others than it says. */
  #sayLeftOut(own: FormSection | undefined, section: Section | undefined) {
    if (!section) return
    const types = new Set(own?.blocks.map(({ type }) => type))
    const printed = new Set(own?.blocks.map(({ type, importance = null }) => (type === 'skills' ? importance : type)))
    const skills = (this.#form.skills ?? []).filter(
      known =>
        (known.skill || known.level) &&
        types.has('skills') &&
        printed.has(known.importance ?? null) &&
        !this.#paired.has(known),
    )
    const left = [
      ...(skills.length > 0
        ? ['the levels and names of the catalogue that skills carried whose text is gone are left out of a new role']
        : []),
      ...(notesOf(section.blocks) < notesOf(own?.blocks ?? [])
        ? ['its notes may have become paragraphs, which are published']
        : []),
    ]
    if (left.length === 0) return
    const detail = `The section has lines more or less than it was written with: ${left.join('; ')}. Look it through`
    this.#notices.add('repair', 'section_read_anew', null, section.heading, detail, section)
  }

  /** What the document carries and does not show, so that the report does not hide it either. */
  #sayHidden(document: RoleDocument) {
    const say = (text: string, about: string | object) =>
      this.#notices.understand(null, text, about, 'carried beside the text')
    for (const member of ['alternative_titles', 'profession', 'family', 'behaviours', 'sfia_version'] as const)
      if (document[member]?.length) say([document[member]].flat().join(', '), `/${member}`)
    for (const skill of document.skills)
      if (skill.skill !== null || skill.level !== null)
        say([skill.skill, skill.level].filter(part => part !== null).join(', '), skill)
    if (this.#form.sections.some(({ blocks }) => blocks.some(({ type }) => type === 'advert_details'))) return
    for (const { member, label, value } of detailRows(document.advert_details, document.grades))
      if (value !== '') say(`${label}: ${value}`, member === 'grades' ? '/grades' : `/advert_details/${member}`)
  }

  /** Those that are printed, those that no section printed, and those that are new. */
  #skills(found: Recognised | undefined): RoleSkill[] {
    const form = this.#form.skills ?? []
    const printed = new Set(
      this.#form.sections.flatMap(({ blocks }) =>
        blocks.flatMap(block => (block.type === 'skills' ? [block.importance ?? null] : [])),
      ),
    )
    const isShown = (skill: FormSkill) => printed.has(skill.importance ?? null) && isPrinted(skill.statement)
    const anew = found?.document.skills ?? []
    const lines = [...this.#statements].flatMap(([importance, own]) => {
      const places = form.filter(skill => isShown(skill) && (skill.importance ?? null) === importance)
      return own.map((line, at) => {
        const text = writeText(line.content).text
        return {
          line,
          text,
          importance,
          place: places[at],
          last: places.at(-1),
          isAsLong: places.length === own.length,
        }
      })
    })
    const read = anew.map(skill => ({ skill, text: skill.statement }))
    const pairs = pairSkills(lines, read, form.filter(isShown))
    for (const entry of read) {
      const { skill = null, level = null } = pairs.get(entry) ?? {}
      Object.assign(entry.skill, { skill, level })
    }
    /** In the order that the form has them; those that are more, behind the last of their list. */
    const placed = new Map<FormSkill | undefined, RoleSkill[]>()
    for (const entry of lines) {
      const { line, importance } = entry
      const own = pairs.get(entry)
      const { statement: spelled } = own ?? {}
      const isSame = spelled !== undefined && looksAs(line.content, spelled)
      const statement = isSame ? spelled : textOf(line.content, line.line, this.#notices)
      const skill = { ...this.#skill(own ?? {}), statement, importance }
      this.#lines.set(skill, line.line)
      const place = entry.place ?? entry.last
      placed.set(place, [...(placed.get(place) ?? []), skill])
    }
    this.#paired = new Set(pairs.values())
    const known = form.flatMap(skill => placed.get(skill) ?? (isShown(skill) ? [] : [this.#skill(skill)]))
    return [...known, ...(placed.get(undefined) ?? []), ...anew]
  }

  /** Mappings that no section prints, where they are valid here. */
  #hidden(): SfiaMapping[] {
    const mappings = this.#form.sfia_mappings ?? []
    const lines = mappings.map(({ code, level }) => ({ text: `${code} ${level}`, content: [], line: 1, code, level }))
    return lines.length === 0
      ? []
      : readSfia(lines, this.#sfia.versions, this.#sfia.wanted, undefined, this.#notices).mappings
  }
}

/** The document that the lines of a tree say, read by their form. */
export const follow = (tree: SourceTree, form: Form, sfia: SfiaContext, notices: Notices): Recognised =>
  new Follower(form, sfia, notices).read(tree)
