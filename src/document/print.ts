/** What documents and pages print of a role's members: rows of labels and values, lines of SFIA mappings. */
import { contractTypes, importances, labelOf, labelsOf, roleTypes, workingPatterns } from './code-lists.ts'
import type { AdvertDetails, Block, Grade, ListItem, PublishedRole, RoleDocument, Salary, Section } from './schema.ts'
import { foldInlines, foldSpace, type Inline, parseText } from './text.ts'

/** A role as documents print it: shared sections filled in, names beside codes. A draft's has its notes. */
export type PrintedRole = Pick<PublishedRole, keyof RoleDocument>

export interface Row {
  label: string
  value: string
}

/** Characters as every format can hold them: U+FFFD stands for control characters but white space, and for no characters. */
export const holdable = (text: string) => text.replace(/[^\P{Cc}\s]|[\ufffe\uffff]/gu, '\ufffd')

/** `holdable`, with its white space folded. */
export const foldPlain = (text: string) => foldSpace(holdable(text)).trim()

interface DetailRow extends Row {
  /** What the row prints. */
  member: keyof AdvertDetails | 'grades'
}

/** `Senior Executive Officer (SEO)`; the label alone where it says the code. */
export const gradeName = ({ code, label }: Grade) =>
  label === '' || label === code ? code : /\d/.test(label) ? label : `${label} (${code})`

const symbols: Record<string, string> = { GBP: '£', EUR: '€', USD: '$' }

function amount(value: number, currency: string) {
  const digits = Number.isInteger(value) ? 0 : 2
  const number = value.toLocaleString('en-GB', { minimumFractionDigits: digits, maximumFractionDigits: digits })
  return symbols[currency] === undefined ? `${currency} ${number}` : `${symbols[currency]}${number}`
}

/** The salary as its document has it, or in words of ours. */
export function salaryName({ min, max, currency, period, text }: Salary): string {
  if (text !== null) return text
  const amounts = [min, max].map(value => (value === null ? null : amount(value, currency)))
  const [from, to] = amounts
  const range = from && to ? (from === to ? from : `${from} to ${to}`) : from ? `From ${from}` : to ? `Up to ${to}` : ''
  return range === '' || period === null ? range : `${range} ${period === 'hour' ? 'an' : 'a'} ${period}`
}

/** The rows of an appendix, in the order of the Home Office’s form; `value` is '' for what is not known. */
export function detailRows(details: AdvertDetails, grades: readonly Grade[]): DetailRow[] {
  const rows: DetailRow[] = [
    { member: 'reference_number', label: 'Reference number', value: details.reference_number ?? '' },
    { member: 'grades', label: 'Grade', value: grades.map(gradeName).join(', ') },
    { member: 'salary', label: 'Salary', value: details.salary === null ? '' : salaryName(details.salary) },
    { member: 'role_types', label: 'Type of role', value: labelsOf(roleTypes, details.role_types) },
    { member: 'locations', label: 'Location', value: details.locations.map(({ text }) => text).join('; ') },
    { member: 'business_area', label: 'Business area', value: details.business_area ?? '' },
    { member: 'contract_types', label: 'Contract type', value: labelsOf(contractTypes, details.contract_types) },
    {
      member: 'working_patterns',
      label: 'Working pattern',
      value: labelsOf(workingPatterns, details.working_patterns),
    },
    { member: 'hours', label: 'Hours', value: details.hours ?? '' },
    { member: 'reports_to', label: 'Reports to', value: details.reports_to ?? '' },
    ...details.additional.map(row => ({ member: 'additional' as const, ...row })),
  ]
  return rows.map(({ member, label, value }) => ({ member, label: foldPlain(label), value: foldPlain(value) }))
}

type NamedMapping = PrintedRole['sfia_mappings'][number]

/** `Systems design (DESN) – Level 3` */
const sfiaLine = ({ code, level, name }: NamedMapping) => `${name} (${code}) – Level ${level}`

/** What a block prints, in the order in which it is read. What prints nothing is not there. */
export type Print =
  | { type: 'paragraph' | 'subheading' | 'note'; content: Inline[] }
  | { type: 'list'; ordered: boolean; items: PrintItem[] }
  | { type: 'rows'; rows: Row[] }
interface PrintItem {
  /** [] where the item prints nothing but those under it. */
  content: Inline[]
  optional: boolean
  items: Inline[][]
}

/** The nodes of a text as they are printed: white space folded, marks without content left out. */
export const printText = (text: string): Inline[] => foldInlines(parseText(text).nodes)

const plain = (text: string): Inline[] => [{ type: 'text', value: text }]
const listOf = (items: readonly Inline[][]): Print => ({
  type: 'list',
  ordered: false,
  items: items.map(content => ({ content, optional: false, items: [] })),
})

/** Mappings in their order, those side by side of one category and subcategory under its name. */
function printMappings(mappings: readonly NamedMapping[]): Print[] {
  const prints: Print[] = []
  let category: string | undefined
  let subcategory: PrintItem | undefined
  for (const mapping of mappings) {
    let list = prints.at(-1)
    if (list?.type !== 'list' || category !== mapping.category) {
      list = { type: 'list', ordered: false, items: [] }
      prints.push({ type: 'paragraph', content: plain(mapping.category) }, list)
      category = mapping.category
      subcategory = undefined
    }
    if (!subcategory || JSON.stringify(subcategory.content) !== JSON.stringify(plain(mapping.subcategory))) {
      subcategory = { content: plain(mapping.subcategory), optional: false, items: [] }
      list.items.push(subcategory)
    }
    subcategory.items.push(plain(sfiaLine(mapping)))
  }
  return prints
}

export interface PrintOptions {
  /** Which optional items are printed; all of them unless given. */
  optional?: ((item: ListItem) => boolean) | undefined
  /** Whether rows of advert details without a value are printed too, as in a form to be filled in. */
  emptyRows?: boolean | undefined
}

/** What marker blocks print. */
export type MarkedRole = Pick<PrintedRole, 'skills' | 'sfia_mappings' | 'advert_details' | 'grades'>

/** What a block prints: marker blocks the skills, SFIA mappings and advert details of `role`. */
export function printBlock(block: Block, role: MarkedRole, options: PrintOptions = {}): Print[] {
  const { optional = () => true, emptyRows = false } = options
  const holds = (print: Print) => {
    if (print.type === 'rows') return print.rows.length > 0
    if (print.type === 'list') return print.items.length > 0
    return print.content.length > 0
  }
  const prints = (): Print[] => {
    switch (block.type) {
      case 'list':
        return [
          {
            type: 'list',
            ordered: block.ordered,
            items: block.items
              .filter(item => !item.optional || optional(item))
              .map(item => ({
                content: printText(item.text),
                optional: item.optional,
                items: item.items.map(({ text }) => printText(text)).filter(content => content.length > 0),
              }))
              .filter(({ content, items }) => content.length > 0 || items.length > 0),
          },
        ]
      case 'skills': {
        const skills = role.skills.filter(({ importance }) => importance === block.importance)
        return [listOf(skills.map(({ statement }) => printText(statement)).filter(content => content.length > 0))]
      }
      case 'sfia_mappings':
        return printMappings(role.sfia_mappings)
      case 'advert_details': {
        const rows = detailRows(role.advert_details, role.grades)
        return [{ type: 'rows', rows: rows.filter(({ value }) => emptyRows || value !== '') }]
      }
      default:
        return [{ type: block.type, content: printText(block.text) }]
    }
  }
  return prints().filter(holds)
}

/** What is printed of a section is told by its heading and its blocks. */
export type Printable = Pick<Section, 'heading' | 'blocks'>

/**
 * What stands over a list of skills that prints something and whose importance neither the text before it nor, of the first,
 * the heading says.
 */
export function skillsLabel({ heading, blocks }: Printable, at: number, prints: readonly Print[]): string | undefined {
  const block = blocks[at]
  if (block?.type !== 'skills' || !block.importance || prints.length === 0) return undefined
  const before = blocks[at - 1]
  const isSaid =
    before === undefined
      ? heading.toLowerCase().includes(block.importance)
      : before.type === 'paragraph' || before.type === 'subheading'
  return isSaid ? undefined : `${labelOf(importances, block.importance)} skills`
}

/** What the blocks of a section print, lists of skills under what they are. */
export const printSection = (section: Printable, role: MarkedRole, options: PrintOptions = {}): Print[] =>
  section.blocks.flatMap((block, at) => {
    const prints = printBlock(block, role, options)
    const label = skillsLabel(section, at, prints)
    return label === undefined ? prints : [{ type: 'subheading' as const, content: plain(label) }, ...prints]
  })

/** Sections with the tables that the Home Office's form has, for what no section of the role prints. */
export function tablesOf(role: PrintedRole): PrintedRole['sections'] {
  const blocks = role.sections.flatMap(section => section.blocks)
  const prints = (type: 'sfia_mappings' | 'advert_details') => blocks.some(block => block.type === type)
  const table = (kind: 'skills_framework' | 'appendix', heading: string, type: 'sfia_mappings' | 'advert_details') => ({
    // No section of a role can have it.
    id: `form-${kind}`,
    kind,
    heading,
    shared_section: null,
    blocks: [{ type }],
  })
  const hasDetails = detailRows(role.advert_details, role.grades).some(({ value }) => value !== '')
  return [
    ...(role.sfia_mappings.length > 0 && !prints('sfia_mappings')
      ? [table('skills_framework', 'Skills Framework for the Information Age', 'sfia_mappings')]
      : []),
    ...(hasDetails && !prints('advert_details') ? [table('appendix', 'Appendix', 'advert_details')] : []),
  ]
}
