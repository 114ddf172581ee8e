/**
 * What a printed document does not show: a role without the words that are printed. It travels with the document (front
 * matter, a data attribute, an XML part of a Word file) and tells an importer what each printed line is. The words
 * themselves are those that are read, so that what a person changes in the document counts.
 */
import { createHash } from 'node:crypto'
import { type Static, Type } from 'typebox'
import { Value } from 'typebox/value'
import { behavioursNamed } from './behaviours.ts'
import {
  foldPlain,
  type Print,
  type Printable,
  type PrintedRole,
  type PrintOptions,
  printBlock,
  printSection,
  printText,
  skillsLabel,
} from './print.ts'
import { type Block, type ListItem, limits, RoleDocument, RoleSkill, Section, Text } from './schema.ts'
import { inlined, object, oneOf } from './shape.ts'
import { type Inline, parseText, plainOfInlines, writeText } from './text.ts'

const { properties: members } = RoleDocument
const optional = Type.Optional
const Plain = Type.String({ maxLength: limits.text })
/** A text that is printed, in its own spelling where reading what is printed would give another. */
const Printed = { text: optional(Text) }

const FormItem = object({
  ...Printed,
  optional: optional(Type.Boolean()),
  items: optional(Type.Array(object(Printed), { maxItems: limits.items })),
})

const FormBlock = object({
  type: oneOf(['paragraph', 'subheading', 'note', 'list', 'skills', 'sfia_mappings', 'advert_details']),
  ...Printed,
  ordered: optional(Type.Boolean()),
  items: optional(Type.Array(FormItem, { maxItems: limits.items })),
  importance: optional(RoleSkill.properties.importance),
  /** The line that says the importance of a list of skills, where no block of the role does. */
  label: optional(Plain),
  /** How many lines a block of mappings or advert details has. */
  lines: optional(Type.Integer({ minimum: 0, maximum: 1000 })),
})
export type FormBlock = Static<typeof FormBlock>

const FormSection = object({
  kind: Section.properties.kind,
  /** As it is printed: a section is found by it. */
  heading: Section.properties.heading,
  shared_section: optional(Section.properties.shared_section),
  /** The role has no such section: the document prints under its heading what the role's own print nowhere. */
  added: optional(Type.Literal(true)),
  blocks: Type.Array(FormBlock, { maxItems: limits.blocks }),
})
export type FormSection = Static<typeof FormSection>

const FormSkill = object({
  /** Of a skill that no section prints, in its own spelling, or to find it again by its text. */
  statement: optional(Text),
  skill: optional(RoleSkill.properties.skill),
  level: optional(RoleSkill.properties.level),
  importance: optional(RoleSkill.properties.importance),
})
export type FormSkill = Static<typeof FormSkill>

const Form = object({
  format: Type.Literal(1),
  /** Where it is not printed, or in its own spelling. */
  title: optional(members.title),
  alternative_titles: optional(members.alternative_titles),
  profession: optional(members.profession),
  family: optional(members.family),
  grades: optional(members.grades),
  behaviours: optional(members.behaviours),
  /** Those that printed lines name: a line that is gone or new takes or brings its own. */
  named_behaviours: optional(members.behaviours),
  /** Beside those of the role one of mappings and one of advert details may be added. */
  sections: Type.Array(FormSection, { maxItems: limits.sections + 2 }),
  skills: optional(Type.Array(FormSkill, { maxItems: limits.skills })),
  sfia_version: optional(members.sfia_version),
  /** Those that no section prints. */
  sfia_mappings: optional(members.sfia_mappings),
  advert_details: optional(members.advert_details),
  /** `detailsMark` of details and grades: words may be replaced throughout a file, and numbers that go with them stay. */
  details_mark: optional(Plain),
  /** A line on the document itself, which is no text of the role. */
  imprint: optional(Plain),
})
export type Form = Static<typeof Form>

const checked = inlined(Form)

/** The form that a document carries; undefined where it is none. Its codes and addresses are checked when it is saved. */
export const readForm = (value: unknown): Form | undefined =>
  Value.Check(checked, value) ? (value as Form) : undefined

/** As readForm, from JSON. */
export function parseForm(json: string): Form | undefined {
  try {
    return readForm(JSON.parse(json))
  } catch {
    return undefined
  }
}

/** Addresses are compared with their percent signs read: Markdown writes more of them. */
const decoded = (url: string) =>
  foldPlain(url)
    .replace(/%25/g, '%')
    .replace(/(?:%[0-9A-Fa-f]{2})+/g, found => {
      try {
        return decodeURIComponent(found)
      } catch {
        return found
      }
    })

/**
 * What a reader sees: characters, each with its marks and the address of its link. Formats differ in how marks are nested
 * and whether white space has any, and some make a link of every address.
 */
export function lookOf(nodes: readonly Inline[]): string {
  let look = ''
  let last = ''
  const go = (children: readonly Inline[], marks: string, url: string) => {
    for (const node of children) {
      if (node.type === 'link') {
        const address = decoded(node.url)
        const label = decoded(plainOfInlines(node.children))
        const isBare = [address, address.replace(/^mailto:|^http:\/\//i, '')].includes(label)
        go(node.children, marks, isBare ? url : address)
      } else if (node.type === 'text' || node.type === 'code') {
        const own = `${node.type === 'code' ? `${marks}c` : marks} ${url}`
        for (const part of node.value.split(/(\s+)/)) {
          if (part.trim() === '') look += part === '' ? '' : ' '
          else {
            if (own !== last) look += `\u0001${own}\u0002`
            last = own
            look += foldPlain(part)
          }
        }
      } else {
        const letter = node.type === 'strong' ? 's' : 'e'
        const more = marks.includes(letter) ? marks : [...marks, letter].sort().join('')
        go(node.children, more, url)
      }
    }
  }
  go(nodes, '', ' ')
  return look.replace(/ +/g, ' ').trim()
}

/** Behind an optional item. */
export const optionalMark = '(optional)'

/** The nodes of an item without the mark of an optional one; undefined where it has none. */
export function withoutMark(nodes: readonly Inline[]): Inline[] | undefined {
  const end = nodes.findLastIndex(node => node.type !== 'text' || node.value.trim() !== '')
  const last = nodes[end]
  return last?.type === 'emphasis' && plainOfInlines(last.children) === optionalMark && end > 0
    ? nodes.slice(0, end)
    : undefined
}

const typedMark = /(?<=\S)\s+\(optional\)\s*$/i

/** As withoutMark, also of a mark that somebody typed: the register sets it in italics. */
export function withoutTypedMark(nodes: readonly Inline[]): Inline[] | undefined {
  const last = nodes.at(-1)
  const isTyped = last?.type === 'text' && typedMark.test(plainOfInlines(nodes)) && /\)\s*$/.test(last.value)
  return isTyped
    ? [...nodes.slice(0, -1), { ...last, value: last.value.replace(/\s*\(optional\)\s*$/i, '') }]
    : withoutMark(nodes)
}

const isPlainAddress = (url: string) => /^(?:[!#$&-;=?-Z_a-z~]|%[0-9A-F]{2})*$/.test(url)

/** Whether every format and reader gives the text as it is spelled. */
function isReadBack(text: string): boolean {
  const { nodes } = parseText(text)
  return (
    writeText(nodes).text === text &&
    foldPlain(text) === text &&
    withoutTypedMark(nodes) === undefined &&
    nodes.every(node => {
      if (node.type === 'text') return !/:\/\/|www\.|@/i.test(node.value)
      if (node.type === 'link' && !isPlainAddress(node.url)) return false
      return node.type === 'code' || node.children.every(child => child.type === 'text')
    })
  )
}

const spelled = (text: string) => (isReadBack(text) ? {} : { text })

/** What a reader sees of a text as it is printed. */
export const lookOfPrinted = (text: string) => lookOf(printText(text))

/** Whether a reader sees no difference between what is read and what a text was printed as. */
export const looksAs = (read: readonly Inline[], text: string) => lookOf(read) === lookOfPrinted(text)

/** What is read, in the spelling that it was printed from where a reader sees no difference. */
export const spelling = (read: readonly Inline[], printed: string | undefined): string =>
  printed !== undefined && looksAs(read, printed) ? printed : writeText(read).text

/** Whether a text takes a line; one of nothing but marks does not. */
export const isPrinted = (text: string | undefined) => text === undefined || printText(text).length > 0

const unless = <T>(value: T, empty: boolean, name: string) => (empty ? {} : { [name]: value })
const isEmpty = (value: unknown) => value === null || (Array.isArray(value) && value.length === 0)

function blockForm(section: Printable, at: number, role: PrintedRole, options: PrintOptions): FormBlock {
  const block = section.blocks[at] as Block
  switch (block.type) {
    case 'list':
      return {
        type: 'list',
        ...unless(true, !block.ordered, 'ordered'),
        items: block.items.map((item: ListItem) => ({
          ...spelled(item.text),
          ...unless(true, !item.optional, 'optional'),
          ...unless(
            item.items.map(({ text }) => spelled(text)),
            item.items.length === 0,
            'items',
          ),
        })),
      }
    case 'skills': {
      const label = skillsLabel(section, at, printBlock(block, role, options))
      return {
        type: 'skills',
        ...unless(block.importance, block.importance === null, 'importance'),
        ...unless(label, label === undefined, 'label'),
      }
    }
    case 'sfia_mappings':
    case 'advert_details': {
      const lines = printBlock(block, role, options).reduce((sum, print) => {
        if (print.type === 'rows') return sum + print.rows.length
        return print.type === 'list' ? print.items.reduce((count, { items }) => count + 1 + items.length, sum) : sum + 1
      }, 0)
      return { type: block.type, lines }
    }
    default: {
      // Stars around a subheading are those of an editor, unless the form has them.
      const isMarked = block.type === 'subheading' && parseText(block.text).nodes.some(({ type }) => type !== 'text')
      return { type: block.type, ...(isMarked ? { text: block.text } : spelled(block.text)) }
    }
  }
}

/** Tells details and grades from others. */
export const detailsMark = ({ advert_details, grades }: Pick<PrintedRole, 'advert_details' | 'grades'>) =>
  createHash('sha256')
    .update(JSON.stringify([advert_details, grades]))
    .digest('hex')
    .slice(0, 16)

/** Each line that is printed, as plain text. */
const linesOf = (prints: readonly Print[]): string[] =>
  prints.flatMap((print): string[] => {
    if (print.type === 'rows') return print.rows.map(({ label, value }) => `${label}: ${value}`)
    if (print.type !== 'list') return [plainOfInlines(print.content)]
    return print.items.flatMap(({ content, items }) => [content, ...items].map(plainOfInlines))
  })

interface FormOptions extends PrintOptions {
  /** Whether the document prints the title. */
  title: boolean
  imprint?: string | undefined
  /** How many sections at the end are none of the role, but of the document. */
  added?: number
}

/** The form of what is printed of a role. */
export function formOf(role: PrintedRole, options: FormOptions): Form {
  const blocks = role.sections.flatMap(section => section.blocks)
  const printed = new Set(blocks.flatMap(block => (block.type === 'skills' ? [block.importance] : [])))
  // What a skill carries belongs to its text, wherever that is moved to.
  const isBare = role.skills.every(({ skill, level }) => skill === null && level === null)
  const skills = role.skills.map(({ statement, skill, level, importance }) => ({
    ...(isBare && printed.has(importance) && isReadBack(statement) ? {} : { statement }),
    ...unless(skill, skill === null, 'skill'),
    ...unless(level, level === null, 'level'),
    ...unless(importance, importance === null, 'importance'),
  }))
  const { title, sfia_mappings, advert_details } = role
  const showsTitle = title !== null && options.title && foldPlain(title) === title
  const showsMappings = blocks.some(({ type }) => type === 'sfia_mappings')
  const details = Object.values(advert_details).every(isEmpty)
  const named = behavioursNamed(
    role.sections.flatMap(section => [section.heading, ...linesOf(printSection(section, role, options))]),
  )
  const member = <K extends keyof PrintedRole>(name: K) => unless(role[name], isEmpty(role[name]), name)
  return {
    format: 1,
    ...unless(title, title === null || showsTitle, 'title'),
    ...member('alternative_titles'),
    ...member('profession'),
    ...member('family'),
    ...member('grades'),
    ...member('behaviours'),
    ...unless(named, named.length === 0, 'named_behaviours'),
    ...member('sfia_version'),
    ...unless(advert_details, details, 'advert_details'),
    ...unless(detailsMark(role), details && isEmpty(role.grades), 'details_mark'),
    ...unless(
      sfia_mappings.map(({ code, level }) => ({ code, level })),
      showsMappings || sfia_mappings.length === 0,
      'sfia_mappings',
    ),
    ...unless(options.imprint, options.imprint === undefined, 'imprint'),
    ...unless(skills, skills.length === 0, 'skills'),
    sections: role.sections.map((section, at) => ({
      kind: section.kind,
      heading: section.heading,
      ...unless(section.shared_section, section.shared_section === null, 'shared_section'),
      ...unless(true, at < role.sections.length - (options.added ?? 0), 'added'),
      blocks: section.blocks.map((_, place) => blockForm(section, place, role, options)),
    })),
  }
}

/** Names the XML part of a Word file that carries the form. */
export const formNamespace = 'urn:role-register:form:1'

/** The form as JSON without a character that XML or a terminal cannot hold. */
export const formText = (form: unknown) =>
  JSON.stringify(form).replace(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
