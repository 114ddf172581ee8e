/** What every format of a document is made from. */
import { formOf } from '../document/form.ts'
import { londonDate } from '../document/london.ts'
import { type PrintedRole, tablesOf } from '../document/print.ts'

export interface Source {
  role: PrintedRole
  organisation: string
  /** undefined for a draft. */
  version?: { number: number; publishedAt: string } | undefined
}

/** The line on the document itself that a version ends with; a draft has none, since people edit it. */
const imprintOf = ({ organisation, version }: Source): string | undefined =>
  version && `${organisation}. Version ${version.number}, published on ${londonDate(version.publishedAt)}.`

/** The role without its optional items, as HTML shows a version; lists and sections of nothing else are gone. */
export function withoutOptional(role: PrintedRole): PrintedRole {
  const sections = role.sections.flatMap(section => {
    const blocks = section.blocks
      .map(block => (block.type === 'list' ? { ...block, items: block.items.filter(item => !item.optional) } : block))
      .filter(block => block.type !== 'list' || block.items.length > 0)
    return blocks.length === 0 && section.blocks.length > 0 ? [] : [{ ...section, blocks }]
  })
  return { ...role, sections }
}

interface LayoutOptions {
  /** What is printed of the role; all of it unless given. */
  role?: PrintedRole
  /** Whether the document prints the title, and a version its imprint. */
  hasTitle?: boolean
}

/**
 * What a document prints and carries: the role with tables of what none of its sections prints, its imprint where it has
 * one, and its form, which says what of this is no section of the role.
 */
export function layOut(source: Source, { role = source.role, hasTitle = true }: LayoutOptions = {}) {
  const added = tablesOf(role)
  const whole: PrintedRole = { ...role, sections: [...role.sections, ...added] }
  const imprint = hasTitle ? imprintOf(source) : undefined
  const options = { emptyRows: source.version === undefined }
  const form = formOf(whole, { ...options, title: hasTitle, imprint, added: added.length })
  return { role: whole, imprint, options, form }
}

/** What a file of the role is called, without an ending. */
export const titleOf = ({ role }: Source) => role.title ?? 'Role without a title'
