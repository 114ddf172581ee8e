/**
 * Reads a document that the register wrote. Its form says what each line is, and the words are those of the lines. A
 * section whose lines are others than the form says was edited, and is read as that of any house.
 */
import {
  type Form,
  type FormBlock,
  type FormSection,
  type FormSkill,
  isPrinted,
  spelling,
  withoutMark,
} from '../document/form.ts'
import { detailRows, foldPlain } from '../document/print.ts'
import {
  type AdvertDetails,
  type Block,
  emptyAdvertDetails,
  type Grade,
  type ListItem,
  type RoleDocument,
  type RoleSkill,
  type Section,
  type SfiaMapping,
} from '../document/schema.ts'
import { type Inline, plainOfInlines } from '../document/text.ts'
import { textOf } from './content.ts'
import { kindOf } from './headings.ts'
import type { Notices } from './notices.ts'
import type { BodyBlock, Outline, OutlineSection } from './outline.ts'
import { type Recognised, recognise, type SfiaContext } from './recognise.ts'
import { readSfia, sfiaLines } from './sfia.ts'
import { hardLines, plainOf, type SourceBlock, type SourceHeading, type SourceTree } from './tree.ts'

/** A line as it is read. `other` is what no document of the register has. */
interface ReadLine {
  type: 'text' | 'heading' | 'item' | 'row' | 'other'
  depth: number
  ordered: boolean
  content: Inline[]
  line: number
  /** Whether it is marked as a note. */
  note?: boolean
}

const lineOf = (type: ReadLine['type'], content: Inline[], line: number, depth = 0, ordered = false): ReadLine => ({
  type,
  depth,
  ordered,
  content,
  line,
})

/** Tables of one column show where a section begins, and are no part of it. */
const flat = (blocks: readonly SourceBlock[]): SourceBlock[] =>
  blocks.flatMap((block): SourceBlock[] => {
    if (block.type !== 'table') return [block]
    return block.rows.flatMap((row): SourceBlock[] =>
      row.cells.length === 1 ? flat(row.cells[0]?.blocks ?? []) : [{ type: 'table', rows: [row], line: row.line }],
    )
  })

function linesOf(blocks: readonly SourceBlock[], depth = 0, ordered = false): ReadLine[] {
  return blocks.flatMap((block): ReadLine[] => {
    if (block.type === 'heading') return [lineOf('heading', block.content, block.line, block.depth)]
    if (block.type === 'paragraph') {
      const type = hardLines(block).length > 1 ? 'other' : depth > 0 ? 'item' : 'text'
      return [{ ...lineOf(type, block.content, block.line, depth, ordered), note: block.note ?? false }]
    }
    if (block.type === 'table') {
      return block.rows.map(row => {
        const parts = row.cells.flatMap(cell => cell.blocks)
        const isRow = row.cells.length === 2 && parts.every(part => part.type === 'paragraph')
        const content = parts.flatMap((part): Inline[] =>
          part.type === 'paragraph' ? [...part.content, { type: 'text', value: ' ' }] : [],
        )
        return lineOf(isRow ? 'row' : 'other', content, row.line)
      })
    }
    return block.items.flatMap(item => {
      const [first, second, ...more] = item.blocks
      const nested = first?.type === 'list' ? first : second
      const isPlain =
        more.length === 0 && (second === undefined || (second.type === 'list' && first?.type === 'paragraph'))
      if (!isPlain || (nested !== undefined && depth > 0)) return [lineOf('other', [], item.line)]
      return linesOf(item.blocks, depth + 1, block.ordered)
    })
  })
}

interface Part {
  heading: SourceHeading | undefined
  blocks: SourceBlock[]
}

/** The blocks before the first heading of a section, and those under each. */
function partsOf(blocks: readonly SourceBlock[]): Part[] {
  const parts: Part[] = [{ heading: undefined, blocks: [] }]
  for (const block of blocks) {
    if (block.type === 'heading' && block.depth === 2) parts.push({ heading: block, blocks: [] })
    else parts.at(-1)?.blocks.push(block)
  }
  return parts
}

/** The section of the form that each printed one was: by its heading; those left over in order, if they are as many. */
function pairSections(printed: readonly Part[], form: readonly FormSection[]): Map<Part, FormSection> {
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

const asBody = (blocks: readonly SourceBlock[]): BodyBlock[] =>
  blocks.map((block): BodyBlock => {
    if (block.type === 'heading') return { type: 'subheading', content: block.content, line: block.line }
    if (block.type === 'paragraph' && block.note) return { type: 'note', content: block.content, line: block.line }
    return block.type === 'table' ? { type: 'rows', rows: block.rows, line: block.line } : block
  })

/** A section whose lines are what its form says. */
interface Fitted {
  blocks: Block[]
  /** The statements that it prints. */
  statements: Map<FormSkill, ReadLine>
  sfia: ReadLine[]
  rows: ReadLine[]
}

/** Thrown where lines are others than the form says. */
class Misfit extends Error {}

class Fitter {
  readonly #lines: readonly ReadLine[]
  readonly #skills: readonly FormSkill[]
  readonly #notices: Notices
  readonly #provenance: Map<object, number>
  #at = 0
  readonly fitted: Fitted = { blocks: [], statements: new Map(), sfia: [], rows: [] }

  constructor(
    lines: readonly ReadLine[],
    skills: readonly FormSkill[],
    notices: Notices,
    provenance: Map<object, number>,
  ) {
    this.#lines = lines
    this.#skills = skills
    this.#notices = notices
    this.#provenance = provenance
  }

  #take(fits: (line: ReadLine) => boolean): ReadLine {
    const line = this.#lines[this.#at]
    if (!line || !fits(line)) throw new Misfit()
    this.#at += 1
    return line
  }

  #text(line: ReadLine, printed: string | undefined): string {
    return printed === undefined ? textOf(line.content, line.line, this.#notices) : spelling(line.content, printed)
  }

  #item(form: NonNullable<FormBlock['items']>[number], onLine: (line: ReadLine) => void): ListItem {
    const item: ListItem = { id: '', text: form.text ?? '', optional: form.optional ?? false, items: [] }
    if (isPrinted(form.text)) {
      const line = this.#take(({ type, depth }) => type === 'item' && depth === 1)
      onLine(line)
      const ownText = form.text !== undefined && spelling(line.content, form.text) === form.text
      const unmarked = ownText && !form.optional ? undefined : withoutMark(line.content)
      item.optional = unmarked !== undefined
      item.text = this.#text({ ...line, content: unmarked ?? line.content }, form.text)
      if (unmarked) this.#notices.understand(line.line, 'optional', item, 'mark of an optional item')
      this.#provenance.set(item, line.line)
    }
    item.items = (form.items ?? []).map(({ text }) => {
      if (!isPrinted(text)) return { id: '', text: text ?? '' }
      const line = this.#take(({ type, depth }) => type === 'item' && depth === 2)
      const sub = { id: '', text: this.#text(line, text) }
      this.#provenance.set(sub, line.line)
      return sub
    })
    return item
  }

  block(form: FormBlock) {
    const { blocks, statements, sfia, rows } = this.fitted
    switch (form.type) {
      case 'list': {
        let ordered = form.ordered ?? false
        const items = (form.items ?? []).map((item, at) =>
          this.#item(item, line => {
            if (at === 0) ordered = line.ordered
          }),
        )
        if (items.length === 0) throw new Misfit()
        blocks.push({ type: 'list', ordered, items })
        return
      }
      case 'skills': {
        const importance = form.importance ?? null
        for (const skill of this.#skills) {
          if ((skill.importance ?? null) !== importance || !isPrinted(skill.statement)) continue
          statements.set(
            skill,
            this.#take(({ type, depth }) => type === 'item' && depth === 1),
          )
        }
        blocks.push({ type: 'skills', importance })
        return
      }
      case 'sfia_mappings':
      case 'advert_details': {
        const isRows = form.type === 'advert_details'
        for (let left = form.lines ?? 0; left > 0; left -= 1) {
          const line = this.#take(({ type }) => type === 'text' || type === (isRows ? 'row' : 'item'))
          ;(isRows ? rows : sfia).push(line)
        }
        blocks.push({ type: form.type })
        return
      }
      default: {
        if (!isPrinted(form.text)) {
          blocks.push({ type: form.type, text: form.text ?? '' })
          return
        }
        const line = this.#take(({ type }) => type === (form.type === 'subheading' ? 'heading' : 'text'))
        // What became a note in the document is one; what was one stays, lest guidance be published for a lost mark.
        const type = line.note ? 'note' : form.type
        const block: Block = { type, text: this.#text(line, form.text) }
        this.#provenance.set(block, line.line)
        blocks.push(block)
      }
    }
  }

  end() {
    if (this.#at < this.#lines.length) throw new Misfit()
    return this.fitted
  }
}

const blockOf = (line: ReadLine): BodyBlock => ({ type: 'paragraph', content: line.content, line: line.line })

const notesOf = (blocks: readonly { type: string }[]) => blocks.filter(({ type }) => type === 'note').length

const appendixOf = (body: BodyBlock[]): OutlineSection => ({
  heading: 'Appendix',
  content: [{ type: 'text', value: 'Appendix' }],
  kind: 'appendix',
  line: body[0]?.line ?? 1,
  body,
})

class Follower {
  readonly #form: Form
  readonly #sfia: SfiaContext
  readonly #notices: Notices
  readonly #lines = new Map<object, number>()
  readonly #statements = new Map<FormSkill, RoleSkill>()
  #rows: ReadLine[] = []
  #mappings: SfiaMapping[] | undefined

  constructor(form: Form, sfia: SfiaContext, notices: Notices) {
    this.#form = form
    this.#sfia = sfia
    this.#notices = notices
  }

  /** The blocks of a section, or undefined where its lines are not those of its form. */
  #fit(part: Part, form: FormSection): Block[] | undefined {
    const fitter = new Fitter(linesOf(part.blocks), this.#form.skills ?? [], this.#notices, this.#lines)
    try {
      for (const block of form.blocks) fitter.block(block)
      const { blocks, statements, sfia, rows } = fitter.end()
      if (sfia.length > 0 && !this.#readSfia(sfia)) return undefined
      for (const [skill, line] of statements) {
        const text =
          skill.statement === undefined
            ? textOf(line.content, line.line, this.#notices)
            : spelling(line.content, skill.statement)
        const read = { ...this.#skill(skill), statement: text }
        this.#lines.set(read, line.line)
        this.#statements.set(skill, read)
      }
      this.#rows = [...this.#rows, ...rows]
      return blocks
    } catch (error) {
      if (error instanceof Misfit) return undefined
      throw error
    }
  }

  /** Whether every line is a mapping that is valid, or the name of a category. */
  #readSfia(lines: readonly ReadLine[]): boolean {
    const read = sfiaLines(lines.map(blockOf), this.#sfia.versions)
    if (read.some(line => line.code === undefined && line.category === undefined && line.subcategory === undefined))
      return false
    const result = readSfia(read, this.#sfia.versions, this.#sfia.wanted, undefined, this.#notices)
    if (result.taken.size !== read.length) return false
    this.#mappings = result.mappings
    return true
  }

  #skill({ statement = '', skill = null, level = null, importance = null }: FormSkill): RoleSkill {
    return { id: '', statement, skill, level, importance }
  }

  /** Advert details and grades: as they were where their rows are as they were printed. */
  #details(
    found: Recognised | undefined,
  ): Pick<RoleDocument, 'advert_details' | 'grades'> & Pick<Recognised, 'rows' | 'places'> {
    const { advert_details: carried = emptyAdvertDetails(), grades = [] } = this.#form
    const expected = detailRows(carried, grades)
    const said = [expected, expected.filter(({ value }) => value !== '')].find(
      rows => rows.length === this.#rows.length,
    )
    const isShown = this.#form.sections.some(({ blocks }) => blocks.some(({ type }) => type === 'advert_details'))
    const texts = this.#rows.map(({ content }) => plainOfInlines(content))
    if (!found && said?.every(({ label, value }, at) => foldPlain(`${label}: ${value}`) === texts[at])) {
      const rows = said.flatMap(({ member, label, value }, at) => {
        const { line } = this.#rows[at] as ReadLine
        this.#notices.understand(line, `${label} ${value}`, '/advert_details', 'advert details')
        return member === 'additional' ? [] : [{ label, member, value: value === '' ? null : value, line }]
      })
      return { advert_details: carried, grades, rows, places: new Map() }
    }
    const read = found ?? this.#recognise([appendixOf(this.#rows.map(blockOf))], [])
    return { ...this.#merge(read.document, carried, grades, isShown), rows: read.rows, places: read.places }
  }

  /** Each member as it was where it would be printed as it is read. */
  #merge(read: RoleDocument, carried: AdvertDetails, grades: Grade[], isShown: boolean) {
    const printed = (details: AdvertDetails, own: Grade[], member: string) =>
      JSON.stringify(detailRows(details, own).filter(row => row.member === member))
    const keeps = (member: keyof AdvertDetails | 'grades') => {
      const now = printed(read.advert_details, read.grades, member)
      const isEmpty = now === printed(emptyAdvertDetails(), [], member)
      return now === printed(carried, grades, member) || (isEmpty && !isShown)
    }
    const advert_details = Object.fromEntries(
      Object.entries(read.advert_details).map(([member, value]) => {
        const name = member as keyof AdvertDetails
        return [member, keeps(name) ? carried[name] : value]
      }),
    ) as AdvertDetails
    return { advert_details, grades: keeps('grades') ? grades : read.grades }
  }

  #recognise(sections: OutlineSection[], front: BodyBlock[]): Recognised {
    const outline: Outline = { title: null, fields: [], front, sections }
    return recognise(outline, this.#sfia, this.#notices)
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
    const [front, ...printed] = partsOf(blocks) as [Part, ...Part[]]
    const [first] = front.blocks
    const heading = first?.type === 'heading' && first.depth === 1 ? first : undefined
    if (tree.title) this.#notices.understand(tree.title.line, tree.title.text, '/title', 'title')
    const title =
      heading === undefined
        ? (form.title ?? null)
        : form.title && foldPlain(form.title) === plainOf(heading)
          ? form.title
          : plainOf(heading)

    const pairs = pairSections(printed, form.sections)
    const sharedSections = new Map<Section, string | null>()
    const open: { part: Part; outline: OutlineSection }[] = []
    const made = new Map<Part, Section>()
    for (const part of printed) {
      const own = pairs.get(part)
      const text = part.heading ? plainOf(part.heading) : ''
      const line = part.heading?.line ?? 1
      const content = part.heading?.content ?? []
      const kept = own && foldPlain(own.heading) === text ? own.heading : text
      const fitted = own && this.#fit(part, own)
      if (!own || !fitted) {
        const body = asBody(part.blocks)
        open.push({ part, outline: { heading: kept, content, kind: own?.kind ?? kindOf(text), line, body } })
        continue
      }
      const section: Section = { id: '', kind: own.kind, heading: kept, shared_section: null, blocks: fitted }
      this.#lines.set(section, line)
      made.set(part, section)
      sharedSections.set(section, own.shared_section ?? null)
    }

    const body = asBody(heading ? front.blocks.slice(1) : front.blocks)
    const isWhole = open.length === 0 && body.length === 0
    const found = isWhole
      ? undefined
      : this.#recognise(
          open.map(({ outline }) => outline),
          body,
        )
    const extra = (found?.document.sections.length ?? 0) - open.length
    open.forEach(({ part, outline }, at) => {
      const section = found?.document.sections[at + extra]
      if (!section) return
      made.set(part, section)
      this.#sayLeftOut(pairs.get(part), section, outline.line)
    })
    const sections = [
      ...(found?.document.sections.slice(0, extra) ?? []),
      ...printed.flatMap(part => made.get(part) ?? []),
    ]
    const { rows, places, ...details } = this.#details(found)
    const document: RoleDocument = {
      title,
      alternative_titles: form.alternative_titles ?? [],
      profession: form.profession ?? null,
      family: form.family ?? null,
      grades: details.grades,
      behaviours: form.behaviours ?? [],
      sections,
      skills: this.#skills(found),
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
      parts: found?.parts ?? new Map(),
      sfiaInferred: found?.sfiaInferred ?? false,
      followed: { sharedSections, whole: isWhole },
    }
  }

  /** Names what the form says of a section and nobody can see in its lines, where these are others than it says. */
  #sayLeftOut(own: FormSection | undefined, section: Section, line: number) {
    const types = new Set(own?.blocks.map(({ type }) => type))
    const printed = new Set(own?.blocks.map(({ type, importance = null }) => (type === 'skills' ? importance : type)))
    const skills = (this.#form.skills ?? []).filter(
      ({ skill, level, importance = null }) => (skill || level) && types.has('skills') && printed.has(importance),
    )
    const left = [
      ...(skills.length > 0
        ? ['the levels and names of the catalogue that its skills carried are left out of a new role']
        : []),
      ...(notesOf(section.blocks) < notesOf(own?.blocks ?? [])
        ? ['its notes may have become paragraphs, which are published']
        : []),
    ]
    if (left.length === 0) return
    const detail = `The section has lines more or less than it was written with, so it was read as that of any house: ${left.join('; ')}. Look it through`
    this.#notices.add('repair', 'section_read_anew', line, section.heading, detail, section)
  }

  /** What the document carries and does not show, so that the report does not hide it either. */
  #sayHidden(document: RoleDocument) {
    const say = (text: string, about: string | object) =>
      this.#notices.understand(null, text, about, 'carried beside the text')
    for (const member of ['alternative_titles', 'profession', 'family', 'behaviours', 'sfia_version'] as const)
      if (this.#form[member]) say([document[member]].flat().join(', '), `/${member}`)
    for (const skill of document.skills)
      if (skill.skill !== null || skill.level !== null)
        say([skill.skill, skill.level].filter(part => part !== null).join(', '), skill)
    if (this.#form.sections.some(({ blocks }) => blocks.some(({ type }) => type === 'advert_details'))) return
    for (const { member, label, value } of detailRows(document.advert_details, document.grades))
      if (value !== '') say(`${label}: ${value}`, member === 'grades' ? '/grades' : `/advert_details/${member}`)
  }

  /** Those that are printed, those that no section printed, and those that are new. */
  #skills(found: Recognised | undefined): RoleSkill[] {
    const printed = new Set(
      this.#form.sections.flatMap(({ blocks }) =>
        blocks.flatMap(block => (block.type === 'skills' ? [block.importance ?? null] : [])),
      ),
    )
    const known = (this.#form.skills ?? []).flatMap(skill => {
      const isHidden = !printed.has(skill.importance ?? null) || !isPrinted(skill.statement)
      const read = this.#statements.get(skill) ?? (isHidden ? this.#skill(skill) : undefined)
      return read ? [read] : []
    })
    return [...known, ...(found?.document.skills ?? [])]
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
