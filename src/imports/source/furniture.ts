/** What stands around a text on a web page: menus, and the head and foot of the site. It is no part of a document. */
import type { Element, Nodes, Root } from 'hast'
import { isAllowedAddress } from '../../document/text.ts'
import type { Notices } from '../notices.ts'
import { classesOf, property } from './hast.ts'
import { inlineTags } from './scan.ts'

const silent = new Set(['script', 'style', 'template', 'head'])

const contains = (node: Nodes, test: (element: Element) => boolean): boolean =>
  'children' in node && node.children.some(child => (child.type === 'element' && test(child)) || contains(child, test))

const isTag =
  (...names: string[]) =>
  ({ tagName }: Element) =>
    names.includes(tagName)
const isHeading = isTag('h1')
const isBody = isTag('main', 'article')

const textOf = (node: Nodes): string => {
  if (node.type === 'text') return node.value
  if (!('children' in node) || (node.type === 'element' && silent.has(node.tagName))) return ''
  const text = node.children.map(textOf).join('')
  return node.type === 'element' && !inlineTags.has(node.tagName) ? ` ${text} ` : text
}

/** What the count of words sees beside the text. */
const addressesOf = (node: Nodes): string[] => {
  if (!('children' in node)) return []
  const { href, alt } = node.type === 'element' ? node.properties : {}
  const isLink = typeof href === 'string' && node.type === 'element' && node.tagName === 'a'
  return [
    ...(isLink && isAllowedAddress(href.trim()) ? [href] : []),
    ...(typeof alt === 'string' ? [alt] : []),
    ...node.children.flatMap(addressesOf),
  ]
}

const isLink = (node: Nodes) => node.type === 'element' && node.tagName === 'a'
/** The way to a page: by its class or name, or as links from the first page of a site with signs between, `Home > Jobs > Tester`. */
function isBreadcrumb(node: Element): boolean {
  const names = [...classesOf(node), property(node, 'ariaLabel')]
  if (names.some(name => /^(?:[a-z]+-{1,2})?breadcrumbs?$/i.test(name))) return true
  if (!isTag('div', 'p')(node)) return false
  const [first, sign] = node.children.filter(child => child.type !== 'text' || child.value.trim() !== '')
  return (
    first !== undefined &&
    isLink(first) &&
    /^\s*home\s*$/i.test(textOf(first)) &&
    sign !== undefined &&
    /^\s*[>›»/]/.test(textOf(sign))
  )
}

const backWords =
  /^(?:(?:go )?back(?: to (?:the )?(?:all |search |job )*(?:jobs|results|search|vacancies))?|skip to (?:main )?content)$/i
const isSpace = (node: Nodes | undefined) => node?.type === 'text' && node.value.trim() === ''
const isText = (node: Nodes | undefined) =>
  node?.type === 'text' || (node?.type === 'element' && inlineTags.has(node.tagName))
/** A link back, or to the text, that stands for itself and in no sentence. */
function isWayBack(node: Element, at: number, beside: readonly Nodes[]): boolean {
  if (node.tagName !== 'a' || !backWords.test(textOf(node).trim())) return false
  return [-1, 1].every(step => !isText(beside[at + (isSpace(beside[at + step]) ? 2 * step : step)]))
}

const otherJobs =
  /^(?:(?:similar|related|other|more|recommended) (?:jobs|roles|vacancies)|you (?:may|might) also like)\W*$/i
/** What a page sets beside the text under a heading that names other jobs. */
const isBeside = ({ tagName, children }: Element) =>
  tagName === 'aside' &&
  children.some(
    child => child.type === 'element' && /^h[1-6]$/.test(child.tagName) && otherJobs.test(textOf(child).trim()),
  )

/** Menus anywhere; of head and foot those of the page, as an article has its own. */
function furnitureOf(node: Nodes, inBody = false): Element[] {
  if (!('children' in node)) return []
  return node.children.flatMap((child, at, all) => {
    if (child.type !== 'element') return []
    if (isWayBack(child, at, all) || isBeside(child) || isBreadcrumb(child)) return [child]
    if (child.tagName === 'nav' || child.properties.role === 'navigation') return [child]
    if (!inBody && isTag('header', 'footer')(child) && !contains(child, isBody)) return [child]
    return furnitureOf(child, inBody || isBody(child))
  })
}

/**
 * The page without its furniture, which one notice names. All stays where nothing says which part is the document: it has
 * neither a `main` nor an `h1` elsewhere. A head with an `h1` stays unless the text has one of its own: converters put the
 * title there.
 */
export function withoutFurniture(tree: Root, notices: Notices): Root {
  const found = new Set(furnitureOf(tree))
  if (found.size === 0) return tree
  const without = <T extends Nodes>(node: T, left: ReadonlySet<Nodes>): T =>
    'children' in node
      ? { ...node, children: node.children.filter(child => !left.has(child)).map(child => without(child, left)) }
      : node
  const bare = without(tree, found)
  if (!contains(bare, isTag('main', 'h1'))) return tree
  const hasOwnHeading = contains(bare, element => isBody(element) && contains(element, isHeading))
  const left = new Set([...found].filter(element => hasOwnHeading || !contains(element, isHeading)))
  const texts = [...left].map(textOf)
  const addresses = [...left].flatMap(addressesOf)
  if (texts.every(text => text.trim() === '') && addresses.length === 0) return without(tree, left)
  const [first] = left
  notices.add(
    'loss',
    'page_furniture_removed',
    first?.position?.start.line ?? null,
    [...texts, ...addresses].join(' '),
    'Menus, and the head and foot of a web page, are no part of the document and were left out',
  )
  return without(tree, left)
}
