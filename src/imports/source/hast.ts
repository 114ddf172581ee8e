/** What elements of HTML say by their names, classes and styles, those of Word and Google Docs too. */
import type { Element, ElementContent, Root, RootContent } from 'hast'
import { isAllowedAddress } from '../../document/text.ts'
import { signClass, signFont, signFonts, signOf } from './dingbats.ts'
import type { SourceParagraph } from './tree.ts'

export type HastNode = Root | RootContent | ElementContent

const set = (names: string) => new Set(names.split(' '))
export const blockTags = set(
  'address article aside blockquote body caption center dd details dialog dir div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main menu nav ol p pre search section summary table tbody td tfoot th thead tr ul',
)
export const skippedTags = set(
  'head script style template title meta link base svg iframe object embed audio video canvas',
)
/** Positions of nodes that a repair moved are there in part only, whatever their type says. */
export const lineOf = (node: HastNode) => (node.position as { start?: { line: number } } | undefined)?.start?.line ?? 1
export const isElement = (node: HastNode): node is Element => node.type === 'element'
export const property = (node: Element, name: string) => {
  const value = node.properties[name]
  return typeof value === 'string' ? value : ''
}
/** The classes of an element; [] where it has none. */
export const classesOf = ({ properties: { className } }: Element): string[] =>
  Array.isArray(className) ? className.map(String) : []
export const hasClass = (node: Element, name: string) => classesOf(node).includes(name)
export const hasUnderline = (node: Element) =>
  node.tagName === 'u' ||
  hasClass(node, 'underline') ||
  /text-decoration(?:-line)?\s*:[^;]*\bunderline\b/i.test(property(node, 'style'))
/** Whether every word of it is underlined. */
export const isUnderlined = (node: HastNode): boolean => {
  if (node.type === 'text') return node.value.trim() === ''
  return !isElement(node) || hasUnderline(node) || node.children.every(isUnderlined)
}
/** What Word set before the text of an item or heading: its bullet or number. */
export const isWordMark = (node: Element) =>
  /mso-list\s*:\s*ignore/i.test(property(node, 'style')) && textOf(node).trim().length <= 12
/** An item as Word saves one in HTML. Without a level it has the style of items, which other paragraphs have too. */
export function wordItem(node: Element): SourceParagraph['item'] {
  const level = /mso-list\s*:[^;]{0,40}\blevel([1-9])\b/i.exec(property(node, 'style'))?.[1]
  if (level === undefined) return classesOf(node).some(name => /^MsoList/.test(name)) ? {} : undefined
  const mark = wordMark(node)
  return { level: Number(level), ...(mark === undefined ? {} : { ordered: /[\p{L}\p{N}][.)]/u.test(mark) }) }
}
function wordMark(node: Element): string | undefined {
  if (isWordMark(node)) return textOf(node).trim()
  for (const child of node.children) {
    const found = isElement(child) ? wordMark(child) : undefined
    if (found !== undefined) return found
  }
  return undefined
}
/** Which list of Google Docs it is a part of, and how deep, from 1: it has those that are nested beside each other. */
export function googleList(node: Element): { list: string; level: number } | undefined {
  const [, list, level] = classesOf(node).flatMap(name => [...name.matchAll(/^lst-kix_(\w+)-([0-8])$/g)])[0] ?? []
  return list === undefined ? undefined : { list, level: Number(level) + 1 }
}

/** Where a link leads that Google Docs saved: its own page, which names the address in `q`, hands on to that. */
export function googleTarget(url: string): string | undefined {
  const query = /^https?:\/\/www\.google\.[a-z.]{2,6}\/url\?(.*)$/i.exec(url)?.[1]
  const target = query === undefined ? null : new URLSearchParams(query).get('q')
  return target !== null && isAllowedAddress(target) ? target : undefined
}

/** Whether it has the style for the title of a document, as Word has it or Google Docs saves it: `c3 title`. */
export const hasTitleStyle = (node: Element) =>
  hasClass(node, 'MsoTitle') || (hasClass(node, 'title') && classesOf(node).some(name => /^c\d+$/.test(name)))
export const isContents = (node: Element) => classesOf(node).some(name => /^MsoToc(?:[1-9]|Heading)$/.test(name))
/** The sign that an element is whose letter is of a font of signs: of HTML's style, or as the reader of Word marks it. */
export function dingbatOf(node: Element): string | undefined {
  const declared = /font-family\s*:([^;]{0,200})/i.exec(property(node, 'style'))?.[1] ?? faceOf(node)
  const font = declared === undefined ? signFonts.find(name => hasClass(node, signClass(name))) : signFont(declared)
  return font === undefined || wordMark(node) !== undefined ? undefined : signOf(font, textOf(node))
}

const faceOf = (node: Element) => (node.tagName === 'font' ? property(node, 'face') || undefined : undefined)

/** By its style, or else by its name: Google Docs puts what it copies into a `b` that is not bold. */
export function isStrong(node: Element) {
  const weight = /font-weight\s*:\s*(?:(bold|[6-9]00)|normal|lighter|[1-5]00)/i.exec(property(node, 'style'))
  return weight ? weight[1] !== undefined : node.tagName === 'strong' || node.tagName === 'b'
}

/** As our documents mark them; of other houses' documents it says nothing. */
export const isNote = (node: Element) => node.tagName === 'blockquote' || hasClass(node, 'note')
export const isHidden = (node: Element) =>
  node.properties.hidden !== undefined && node.properties.hidden !== false
    ? true
    : /display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all/i.test(property(node, 'style'))

export const textOf = (node: HastNode): string => {
  if (node.type === 'text') return node.value
  return 'children' in node ? node.children.map(textOf).join('') : ''
}
