/**
 * Texts and blocks of a role as limited HTML: p, h3 or h4, ul, ol, li, strong, em, code and a, and nothing else. Every text
 * is escaped. Pure.
 */
import {
  holdable,
  type MarkedRole,
  type Print,
  type Printable,
  type PrintOptions,
  printSection,
  printText,
} from '../document/print.ts'
import type { Inline } from '../document/text.ts'

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

/** Characters as they stand in an element or a quoted attribute of HTML or XML. What no document can hold is U+FFFD. */
export const escapeHtml = (text: string) => holdable(text).replace(/[&<>"']/g, found => entities[found] ?? found)

const nodesHtml = (nodes: readonly Inline[], link = '<a'): string =>
  nodes
    .map(node => {
      if (node.type === 'text') return escapeHtml(node.value)
      if (node.type === 'code') return `<code>${escapeHtml(node.value)}</code>`
      if (node.type === 'link') return `${link} href="${escapeHtml(node.url)}">${nodesHtml(node.children, link)}</a>`
      const tag = node.type === 'strong' ? 'strong' : 'em'
      return `<${tag}>${nodesHtml(node.children, link)}</${tag}>`
    })
    .join('')

/**
 * An inline text of a role as HTML, its links of a class where one is given. They go to https, http and mailto addresses
 * only, as `checkText` holds.
 */
export const inlineHtml = (text: string, linkClass?: string) =>
  nodesHtml(printText(text), linkClass === undefined ? '<a' : `<a class="${linkClass}"`)

interface SectionHtmlOptions extends PrintOptions {
  /** Of subheadings; h3 unless given. */
  subheading?: 'h3' | 'h4'
  /** HTML put behind an optional item. */
  optionalMark?: string
}

const list = (items: readonly string[], tag: 'ul' | 'ol' = 'ul') =>
  `<${tag}>\n${items.map(item => `<li>${item}</li>`).join('\n')}\n</${tag}>`

function printHtml(print: Print, { subheading = 'h3', optionalMark = '' }: SectionHtmlOptions): string {
  switch (print.type) {
    case 'list': {
      const items = print.items.map(({ content, optional, items: inner }) => {
        const mark = optional && content.length > 0 ? optionalMark : ''
        return `${nodesHtml(content)}${mark}${inner.length > 0 ? `\n${list(inner.map(nodes => nodesHtml(nodes)))}` : ''}`
      })
      return list(items, print.ordered ? 'ol' : 'ul')
    }
    case 'rows':
      return print.rows
        .map(({ label, value }) => `<p><strong>${escapeHtml(label)}:</strong> ${escapeHtml(value)}</p>`)
        .join('\n')
    case 'subheading':
      return `<${subheading}>${nodesHtml(print.content)}</${subheading}>`
    case 'note':
      return `<p class="note">${nodesHtml(print.content)}</p>`
    default:
      return `<p>${nodesHtml(print.content)}</p>`
  }
}

/**
 * What a section holds as HTML, one element a line; '' where it prints nothing. Marker blocks print the skills, SFIA
 * mappings and advert details of `role`. Notes are paragraphs of the class `note`: published roles have none.
 */
export const sectionHtml = (section: Printable, role: MarkedRole, options: SectionHtmlOptions = {}): string =>
  printSection(section, role, options)
    .map(print => printHtml(print, options))
    .join('\n')
