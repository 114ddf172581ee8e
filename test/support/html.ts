/** Pages as their readers see them. */
import type { Element, Root, RootContent } from 'hast'
import rehypeParse from 'rehype-parse'
import { unified } from 'unified'

/** What a browser sends. */
export const browser = { key: null, headers: { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' } }

/** The policy of every page. */
export const policy =
  "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

export const parse = (html: string) => unified().use(rehypeParse).parse(html) as Root
const isElement = (node: RootContent): node is Element => node.type === 'element'

export function find(node: Root | Element, test: (element: Element) => boolean): Element[] {
  return (node.children as RootContent[])
    .filter(isElement)
    .flatMap(child => [...(test(child) ? [child] : []), ...find(child, test)])
}

const blocks = new Set(
  'p h1 h2 h3 h4 li dt dd td th caption legend label option button summary div tr ol ul table'.split(' '),
)

/** What a reader sees of an element, a line for each block. */
export function linesOf(element: Root | Element): string[] {
  const text = (node: Root | RootContent): string => {
    if (node.type === 'text') return node.value.replaceAll(/\s+/g, ' ')
    if (node.type !== 'element' && node.type !== 'root') return ''
    if (node.type === 'element' && (node.tagName === 'script' || node.tagName === 'form')) return ''
    const inner = node.children.map(text).join('')
    return node.type === 'element' && (blocks.has(node.tagName) || node.tagName === 'br') ? `\n${inner}\n` : inner
  }
  return text(element)
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '')
}

export const mainOf = (html: string) => {
  const [main] = find(parse(html), ({ tagName }) => tagName === 'main')
  if (!main) throw new Error(`no main element in ${html.slice(0, 500)}`)
  return main
}
export const attributesOf = (html: string, tagName: string, name: string) =>
  find(parse(html), element => element.tagName === tagName).map(({ properties }) => properties[name])
