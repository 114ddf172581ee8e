/** What every format of a document is made from. */
import { londonDate } from '../document/london.ts'
import type { PrintedRole } from '../document/print.ts'

export interface Source {
  role: PrintedRole
  organisation: string
  /** undefined for a draft. */
  version?: { number: number; publishedAt: string } | undefined
}

/** The line on the document itself that a version ends with; a draft has none, since people edit it. */
export const imprintOf = ({ organisation, version }: Source): string | undefined =>
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

/** What a file of the role is called, without an ending. */
export const titleOf = ({ role }: Source) => role.title ?? 'Role without a title'
