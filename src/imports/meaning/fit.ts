/** The lines of a section that the register wrote, held against what its form says of each. */
import { type FormBlock, type FormSkill, isPrinted, looksAs, spelling, withoutTypedMark } from '../../document/form.ts'
import type { Block, ListItem, RoleSkill } from '../../document/schema.ts'
import { type Inline, plainOfInlines } from '../../document/text.ts'
import type { Notices } from '../notices.ts'
import { hardLines, headingNodes, type SourceBlock, type SourceRow } from '../source/tree.ts'
import { importanceOf } from '../words/headings.ts'
import { textOf } from './content.ts'

/** A line as it is read. `other` is what no document of the register has. */
export interface ReadLine {
  type: 'text' | 'heading' | 'item' | 'row' | 'other'
  depth: number
  ordered: boolean
  content: Inline[]
  line: number
  /** Whether it is marked as a note. */
  note?: boolean
  /** Of an item of the first level, which list it stands in. */
  list?: object
  /** Of a line of a table its cells, which part a label from its value. */
  row?: SourceRow
}

const lineOf = (type: ReadLine['type'], content: Inline[], line: number, depth = 0, ordered = false): ReadLine => ({
  type,
  depth,
  ordered,
  content,
  line,
})

/** Tables of one column show where a section begins, and are no part of it. */
export const flat = (blocks: readonly SourceBlock[]): SourceBlock[] =>
  blocks.flatMap((block): SourceBlock[] => {
    if (block.type !== 'table') return [block]
    return block.rows.flatMap((row): SourceBlock[] =>
      row.cells.length === 1 ? flat(row.cells[0]?.blocks ?? []) : [{ type: 'table', rows: [row], line: row.line }],
    )
  })

/** The lines of blocks, one after the other. */
export function linesOf(blocks: readonly SourceBlock[], depth = 0, ordered = false): ReadLine[] {
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
        return { ...lineOf(isRow ? 'row' : 'other', content, row.line), row }
      })
    }
    return block.items.flatMap(item => {
      const [first, second, ...more] = item.blocks
      const nested = first?.type === 'list' ? first : second
      const isPlain =
        more.length === 0 && (second === undefined || (second.type === 'list' && first?.type === 'paragraph'))
      if (!isPlain || (nested !== undefined && depth > 0)) return [lineOf('other', [], item.line)]
      return linesOf(item.blocks, depth + 1, block.ordered).map(line => (depth === 0 ? { ...line, list: block } : line))
    })
  })
}

export type Importance = RoleSkill['importance']

/** A section whose lines are what its form says. */
interface Fitted {
  blocks: Block[]
  /** The lines of its statements, by the importance that their block prints. */
  statements: Map<Importance, ReadLine[]>
  sfia: ReadLine[]
  rows: ReadLine[]
}

/** Thrown where lines are others than the form says. */
export class Misfit extends Error {}

/** Reads the lines of one section as its form says. `blocks` and `end` throw Misfit where they are others. */
export class Fitter {
  readonly #lines: readonly ReadLine[]
  readonly #skills: readonly FormSkill[]
  readonly #notices: Notices
  readonly #provenance: Map<object, number>
  #at = 0
  /** The last line that is no item. */
  #above: string
  /** Of the list that is taken, which one of the source its items stand in. */
  #list: object | undefined
  readonly fitted: Fitted = { blocks: [], statements: new Map(), sfia: [], rows: [] }

  constructor(
    heading: string,
    lines: readonly ReadLine[],
    skills: readonly FormSkill[],
    notices: Notices,
    provenance: Map<object, number>,
  ) {
    this.#above = heading
    this.#lines = lines
    this.#skills = skills
    this.#notices = notices
    this.#provenance = provenance
  }

  #take(fits: (line: ReadLine) => boolean): ReadLine {
    const line = this.#lines[this.#at]
    if (!line || !fits(line)) throw new Misfit()
    this.#at += 1
    if (line.type === 'text' || line.type === 'heading') this.#above = plainOfInlines(line.content)
    return line
  }

  /** An item of a list, of which all stand in one of the source: what came from the list beside it was moved there. */
  #takeItem(): ReadLine {
    const line = this.#take(({ type, depth, list }) => type === 'item' && depth === 1 && list === (this.#list ?? list))
    this.#list = line.list
    return line
  }

  #text(line: ReadLine, printed: string | undefined): string {
    return printed === undefined ? textOf(line.content, line.line, this.#notices) : spelling(line.content, printed)
  }

  #item(form: NonNullable<FormBlock['items']>[number], onLine: (line: ReadLine) => void): ListItem {
    const item: ListItem = { id: '', text: form.text ?? '', optional: form.optional ?? false, items: [] }
    if (isPrinted(form.text)) {
      const line = this.#takeItem()
      onLine(line)
      const ownText = form.text !== undefined && spelling(line.content, form.text) === form.text
      const unmarked = ownText && !form.optional ? undefined : withoutTypedMark(line.content)
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

  /** A line that the document adds, as it added it. */
  #label(text: string) {
    const { line } = this.#take(({ type, content }) => type === 'heading' && plainOfInlines(content) === text)
    this.#notices.understand(line, text, '/skills', 'importance of skills')
  }

  #isNextItem() {
    const line = this.#lines[this.#at]
    return line?.type === 'item' && line.depth === 1
  }

  /** Takes all lines of a section. */
  blocks(forms: readonly FormBlock[]) {
    const isText = (form: FormBlock | undefined) =>
      form === undefined || (['paragraph', 'subheading', 'note'].includes(form.type) && isPrinted(form.text))
    forms.forEach((form, at) => {
      const [before, next] = [forms[at - 1], forms[at + 1]]
      const begins = form.label !== undefined || isText(before)
      this.#block(form, begins && (next?.label !== undefined || isText(next)))
    })
  }

  /** `isAlone`: text stands before and behind it, so that all items there are its own, were they more or less. */
  #block(form: FormBlock, isAlone: boolean) {
    const { blocks, statements, sfia, rows } = this.fitted
    this.#list = undefined
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
        if (form.label !== undefined) this.#label(form.label)
        if (importance !== null && (importanceOf(this.#above) ?? importance) !== importance) throw new Misfit()
        const wanted = this.#skills.filter(
          skill => (skill.importance ?? null) === importance && isPrinted(skill.statement),
        ).length
        const lines: ReadLine[] = []
        while (isAlone ? this.#isNextItem() : lines.length < wanted) lines.push(this.#takeItem())
        if (lines.length === 0 && wanted > 0) throw new Misfit()
        statements.set(importance, lines)
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
        const isSpelled = type !== 'subheading' || (form.text !== undefined && looksAs(line.content, form.text))
        const content = isSpelled ? line.content : [...headingNodes(line.content)]
        const block: Block = { type, text: this.#text({ ...line, content }, form.text) }
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
