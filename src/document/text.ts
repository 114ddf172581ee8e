/**
 * The text of paragraphs, list items and skills: one paragraph of CommonMark with emphasis, strong, code, and links to
 * https, http and mailto addresses. No HTML, no images. Everything here takes linear time.
 */
import { type Inline, joinTexts, parseText, referenceAt } from './text-parse.ts'

export { type Inline, isAllowedAddress, type ParsedText, parseText } from './text-parse.ts'

/**
 * What is wrong with a text as inline CommonMark of the allowed subset, as a sentence that says what is allowed; null
 * where nothing is. Length and emptiness are the schema's business.
 */
export function checkText(text: string): string | null {
  const { problem } = parseText(text)
  return problem === null
    ? null
    : `${problem.charAt(0).toUpperCase()}${problem.slice(1)}. A text holds CommonMark emphasis, strong, code, and links to https, http or mailto addresses`
}

/** Each run of white space as one space. Most texts hold none to fold, and are asked first, as that is quicker by far. */
export const foldSpace = (text: string) => (/[^\S ]| {2}/.test(text) ? text.replace(/\s+/g, ' ') : text)

/** The characters of inline nodes, with white space as it stands. */
export const charactersOf = (nodes: readonly Inline[]): string =>
  nodes.map(node => ('children' in node ? charactersOf(node.children) : node.value)).join('')

/** The text as it is read, without marks; white space is folded. */
export const plainText = (text: string) => foldSpace(charactersOf(parseText(text).nodes)).trim()

/** As plainText, for inline nodes. */
export const plainOfInlines = (nodes: readonly Inline[]) => foldSpace(charactersOf(nodes)).trim()

export interface Link {
  text: string
  url: string
}

/** The links of inline nodes, in order. */
export const linksOfInlines = (nodes: readonly Inline[]): Link[] =>
  nodes.flatMap(node => {
    if (node.type === 'link') return [{ text: plainOfInlines(node.children), url: node.url }]
    return 'children' in node ? linksOfInlines(node.children) : []
  })

/** The links of a text, in order. */
export const linksOf = (text: string) => linksOfInlines(parseText(text).nodes)

function escapeValue(value: string, inLink: boolean, beforeLink: boolean) {
  let escaped = ''
  for (let at = 0; at < value.length; at += 1) {
    const character = value.charAt(at)
    const next = value.charAt(at + 1)
    const special =
      character === '\\'
        ? next === '' || /[!-/:-@[-`{-~]/.test(next)
        : character === '_'
          ? !(/[\p{L}\p{N}]/u.test(value.charAt(at - 1)) && /[\p{L}\p{N}]/u.test(next))
          : character === '['
            ? inLink
            : character === ']'
              ? inLink || next === '('
              : character === '<'
                ? /[A-Za-z/!?]/.test(next)
                : character === '&'
                  ? referenceAt(value, at) !== null
                  : character === '!'
                    ? next === '[' || (next === '' && beforeLink)
                    : character === '*' || character === '`'
    escaped += special ? `\\${character}` : character
  }
  return escaped
}

function encodeAddress(url: string) {
  const encoded = url.replace(/[\s<>\\]/g, encodeURIComponent)
  let depth = 0
  let balanced = true
  for (const character of encoded) {
    if (character === '(') depth += 1
    else if (character === ')') depth -= 1
    balanced &&= depth >= 0 && depth < 16
  }
  return balanced && depth === 0 ? encoded : encoded.replace(/[()]/g, found => (found === '(' ? '%28' : '%29'))
}

const address = (url: string) => url.replace(/&/g, (found, at: number) => (referenceAt(url, at) ? '&amp;' : found))

function writeCode(value: string) {
  const longest = Math.max(0, ...[...value.matchAll(/`+/g)].map(match => match[0].length))
  const fence = '`'.repeat(longest + 1)
  const padding = /^`|`$|^ .* $/s.test(value) ? ' ' : ''
  return `${fence}${padding}${value}${padding}${fence}`
}

function write(nodes: readonly Inline[], inLink: boolean): string {
  const joined = joinTexts(nodes)
  return joined
    .map((node, index) => {
      if (node.type === 'text') return escapeValue(node.value, inLink, joined[index + 1]?.type === 'link')
      if (node.type === 'code') return writeCode(node.value)
      if (node.type === 'link') return `[${write(node.children, true)}](${address(node.url)})`
      const mark = node.type === 'strong' ? '**' : '*'
      return `${mark}${write(node.children, inLink)}${mark}`
    })
    .join('')
}

/** Word cuts one bold run into several; side by side they are one, and CommonMark could not tell them apart. */
export function joinAlike(nodes: readonly Inline[]): Inline[] {
  const joined: Inline[] = []
  for (const node of joinTexts(nodes)) {
    const last = joined.at(-1)
    if (last?.type === 'code' && node.type === 'code') last.value += node.value
    else if (
      last &&
      'children' in last &&
      'children' in node &&
      last.type === node.type &&
      urlOf(last) === urlOf(node)
    ) {
      last.children = joinAlike([...last.children, ...node.children])
    } else joined.push({ ...node })
  }
  return joined
}

const urlOf = (node: Inline) => (node.type === 'link' ? node.url : '')

const foldAll = (nodes: readonly Inline[]): Inline[] =>
  joinTexts(
    joinAlike(nodes).flatMap((node): Inline[] => {
      if (node.type === 'text') return [{ ...node, value: foldSpace(node.value) }]
      if (node.type === 'code') {
        const value = foldSpace(node.value)
        if (value.trim() === '') return [{ type: 'text', value }]
        const edge = (space: boolean): Inline => ({ type: 'text', value: space ? ' ' : '' })
        return [edge(value.startsWith(' ')), { ...node, value: value.trim() }, edge(value.endsWith(' '))]
      }
      const children = foldAll(node.children)
      if (charactersOf(children).trim() === '') return node.type === 'link' ? [] : children
      if (node.type === 'link') return [{ ...node, url: encodeAddress(node.url), children }]
      // A mark beside white space is no mark in CommonMark, so white space at its edges goes outside.
      const [only] = children
      if (children.length === 1 && only && 'children' in only && only.type === node.type) return [only]
      const first = children[0]
      const last = children.at(-1)
      const before = first?.type === 'text' && first.value.startsWith(' ') ? ' ' : ''
      const after = last?.type === 'text' && last.value.endsWith(' ') ? ' ' : ''
      const trimmed = joinTexts(trimEnds(children))
      return [
        { type: 'text', value: before },
        { ...node, children: trimmed },
        { type: 'text', value: after },
      ]
    }),
  ).map(node => (node.type === 'text' ? { ...node, value: node.value.replace(/ +/g, ' ') } : node))

function trimEnds(nodes: readonly Inline[]): Inline[] {
  const trimmed = [...nodes]
  const first = trimmed[0]
  if (first?.type === 'text') trimmed[0] = { ...first, value: first.value.trimStart() }
  const last = trimmed.at(-1)
  if (last?.type === 'text') trimmed[trimmed.length - 1] = { ...last, value: last.value.trimEnd() }
  return joinTexts(trimmed)
}

const withoutMarks = (nodes: readonly Inline[]): Inline[] =>
  nodes.flatMap(node => {
    if (!('children' in node)) return [node]
    return node.type === 'link' ? [{ ...node, children: withoutMarks(node.children) }] : withoutMarks(node.children)
  })

/** Nodes with white space folded and addresses encoded, as writeText puts them down. */
export const foldInlines = (nodes: readonly Inline[]) => trimEnds(foldAll(nodes))

/**
 * Nodes as a text that parses to the same nodes. `exact` is false where CommonMark cannot say it (a bold part that ends
 * within a word, say): the text then has the same characters and links, without emphasis. Links must go to allowed
 * addresses and have a label.
 */
export function writeText(nodes: readonly Inline[]): { text: string; exact: boolean } {
  const folded = foldInlines(nodes)
  const text = write(folded, false)
  const read = parseText(text)
  const exact = read.problem === null && JSON.stringify(read.nodes) === JSON.stringify(folded)
  return { text: exact ? text : write(foldInlines(withoutMarks(nodes)), false), exact }
}
