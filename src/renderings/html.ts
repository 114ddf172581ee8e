/**
 * Texts and blocks of a role as limited HTML: p, h3 or h4, ul, ol, li, strong, em, code and a, and nothing else. Every text
 * is escaped. Pure.
 */
import { detailRows, type PrintedRole, sfiaGroups, sfiaLine } from '../document/print.ts'
import type { Block, ListItem } from '../document/schema.ts'
import { foldInlines, type Inline, parseText } from '../document/text.ts'

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

/** Characters as they stand in an element or a quoted attribute. What no document can hold is U+FFFD. */
export const escapeHtml = (text: string) =>
  text.replace(/[&<>"']/g, found => entities[found] ?? found).replace(/[^\P{Cc}\t\n]|[\ufffe\uffff]/gu, '\ufffd')

function html(nodes: readonly Inline[]): string {
  return nodes
    .map(node => {
      if (node.type === 'text') return escapeHtml(node.value)
      if (node.type === 'code') return `<code>${escapeHtml(node.value)}</code>`
      if (node.type === 'link') return `<a href="${escapeHtml(node.url)}">${html(node.children)}</a>`
      const tag = node.type === 'strong' ? 'strong' : 'em'
      return `<${tag}>${html(node.children)}</${tag}>`
    })
    .join('')
}

/** An inline text of a role as HTML. Links go to https, http and mailto addresses only, as `checkText` holds. */
export const inlineHtml = (text: string) => html(foldInlines(parseText(text).nodes))

export interface BlocksHtmlOptions {
  /** Of subheadings; h3 unless given. */
  subheading?: 'h3' | 'h4'
  /** Which optional items are printed, and with what behind them; all of them, as the others, unless given. */
  optional?: (item: ListItem) => boolean
  /** HTML put behind an optional item. */
  optionalMark?: string
  /** Whether rows of advert details without a value are printed too, as in a form to be filled in. */
  emptyRows?: boolean
}

/** What marker blocks print. */
export type BlocksRole = Pick<PrintedRole, 'skills' | 'sfia_mappings' | 'advert_details' | 'grades'>

const list = (items: readonly string[], tag: 'ul' | 'ol' = 'ul') =>
  items.length === 0 ? '' : `<${tag}>\n${items.map(item => `<li>${item}</li>`).join('\n')}\n</${tag}>`

/**
 * Blocks of a section as HTML, one element a line; '' where they print nothing. Marker blocks print the skills, SFIA
 * mappings and advert details of `role`. Notes are paragraphs of the class `note`: published roles have none.
 */
export function blocksHtml(blocks: readonly Block[], role: BlocksRole, options: BlocksHtmlOptions = {}): string {
  const { subheading = 'h3', optional = () => true, optionalMark = '', emptyRows = false } = options
  const itemHtml = (item: ListItem) => {
    const inner = list(item.items.map(({ text }) => inlineHtml(text)))
    return `${inlineHtml(item.text)}${item.optional ? optionalMark : ''}${inner === '' ? '' : `\n${inner}`}`
  }
  const blockHtml = (block: Block): string => {
    switch (block.type) {
      case 'paragraph':
        return `<p>${inlineHtml(block.text)}</p>`
      case 'subheading':
        return `<${subheading}>${inlineHtml(block.text)}</${subheading}>`
      case 'note':
        return `<p class="note">${inlineHtml(block.text)}</p>`
      case 'list':
        return list(
          block.items.filter(item => !item.optional || optional(item)).map(itemHtml),
          block.ordered ? 'ol' : 'ul',
        )
      case 'skills':
        return list(
          role.skills
            .filter(({ importance }) => importance === block.importance)
            .map(({ statement }) => inlineHtml(statement)),
        )
      case 'sfia_mappings':
        return sfiaGroups(role.sfia_mappings)
          .map(({ category, subcategories }) => {
            const items = subcategories.map(
              ({ name, mappings }) =>
                `${escapeHtml(name)}\n${list(mappings.map(mapping => escapeHtml(sfiaLine(mapping))))}`,
            )
            return `<p>${escapeHtml(category)}</p>\n${list(items)}`
          })
          .join('\n')
      case 'advert_details':
        return detailRows(role.advert_details, role.grades)
          .filter(({ value }) => emptyRows || value !== '')
          .map(({ label, value }) => `<p><strong>${escapeHtml(label)}:</strong> ${escapeHtml(value)}</p>`)
          .join('\n')
    }
  }
  return blocks
    .map(blockHtml)
    .filter(part => part !== '')
    .join('\n')
}
