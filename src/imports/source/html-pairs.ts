/**
 * Labels and values that web pages print without a table or a list of terms: two elements in each row, one after the other, or
 * a bold label above its value.
 */
import type { Element } from 'hast'
import { foldSpace } from '../../document/text.ts'
import type { Notices } from '../notices.ts'
import { looksLikeHeading } from '../words/headings.ts'
import { isKnownLabel, labelledMember } from '../words/labels.ts'
import { classesOf, type HastNode, isElement, isHidden, isStrong, lineOf, skippedTags, textOf } from './hast.ts'
import { inlineTags } from './scan.ts'

export interface HtmlPair {
  label: HastNode
  value: HastNode[]
}
/** Rows that follow one another, and the place of the first node behind them. */
export interface HtmlPairs {
  pairs: HtmlPair[]
  end: number
}

const limits = { label: 60, value: 300 }
const rowTags = new Set(['div', 'p', 'li', 'section'])
const cellTags = new Set(['div', 'p', 'span', 'strong', 'b', 'em', 'i', 'label', 'time', 'small'])

const isBlank = (node: HastNode) => node.type === 'comment' || (node.type === 'text' && node.value.trim() === '')
const isBreak = (node: HastNode | undefined) => node !== undefined && isElement(node) && node.tagName === 'br'
const holds = (node: HastNode, ...names: string[]): boolean =>
  'children' in node &&
  node.children.some(child => isElement(child) && (names.includes(child.tagName) || holds(child, ...names)))
const solidIn = (nodes: readonly HastNode[]) => nodes.filter(node => !isBlank(node))
const plain = (nodes: readonly HastNode[]) => foldSpace(nodes.map(textOf).join('')).trim()

const nameOf = (label: HastNode) => plain([label]).replace(/ ?:$/, '')
function isLabel(node: HastNode) {
  const text = nameOf(node)
  const isShort = text.length <= limits.label && looksLikeHeading(text)
  return isShort && /^\p{Lu}/u.test(text) && !holds(node, 'a', 'br')
}
/** One that goes on in the label's words, or with a sign behind it, is a text that stands in two elements: `Pay` `, as agreed`. */
function isValue(nodes: readonly HastNode[]) {
  const text = plain(nodes)
  return (
    text.length <= limits.value &&
    /^(?:[^\p{Ll}\p{P}]|[[(“‘])/u.test(text) &&
    !/[.!?:]$/.test(text) &&
    !isKnownLabel(text)
  )
}

const isMember = ({ label }: HtmlPair) => labelledMember(nameOf(label)) !== undefined
const isKnown = ({ label }: HtmlPair) => isKnownLabel(nameOf(label))

/** As of a table: two labels that are known, or one before the first section begins. */
const areDetails = (pairs: readonly HtmlPair[], isFront: boolean) =>
  pairs.filter(isMember).length > 1 || (isFront && pairs.some(isMember) && pairs.filter(isKnown).length > 1)

/**
 * The runs of pairs among the children of an element, by the place where each begins. `hasBlock`: whether a block stands in an
 * element, as in no label or value. `isFront`: no section has begun.
 */
export function pairsAmong(
  nodes: readonly HastNode[],
  hasBlock: (node: Element) => boolean,
  isFront: boolean,
): Map<number, HtmlPairs> {
  const isCell = (node: HastNode | undefined): node is Element =>
    node !== undefined &&
    isElement(node) &&
    cellTags.has(node.tagName) &&
    !hasBlock(node) &&
    !isHidden(node) &&
    !holds(node, ...skippedTags)

  /** `<div><span>Grade</span><span>SEO</span></div>`, or `<p><b>Grade</b><br>SEO</p>`. */
  function rowOf(node: HastNode | undefined): HtmlPair | undefined {
    if (!node || !isElement(node) || !rowTags.has(node.tagName) || isHidden(node)) return undefined
    const [only, ...others] = solidIn(node.children)
    // An item of a list with space between its items holds a paragraph.
    const isLoose = node.tagName === 'li' && others.length === 0 && only !== undefined && isElement(only)
    const parts = isLoose && only.tagName === 'p' ? solidIn(only.children) : solidIn(node.children)
    const [label, next, ...more] = parts
    if (!isCell(label) || !next || !isLabel(label) || more.length > 20) return undefined
    const isItem = node.tagName === 'li' && isStrong(label) && !/:\s*$/.test(textOf(label)) && next.type === 'text'
    if (isItem && ![next, ...more].some(part => isBreak(part) || (isElement(part) && hasBlock(part))))
      return /^\s/.test(textOf(next)) && isValue([next, ...more]) ? { label, value: [next, ...more] } : undefined
    if (isBreak(next) && isStrong(label) && !hasBlock(node)) return isValue(more) ? { label, value: more } : undefined
    // Word and Google Docs have elements for words that belong together.
    const isMarked = node.tagName !== 'p' || isStrong(label) || classesOf(label).length > 0
    return isMarked && more.length === 0 && isCell(next) && isValue([next]) ? { label, value: [next] } : undefined
  }

  const solid = nodes.flatMap((node, at) => (isBlank(node) ? [] : [at]))
  const at = (index: number) => nodes[solid[index] ?? -1]

  /** The rows from a place on. */
  function rowsFrom(index: number): HtmlPair[] {
    const rows: HtmlPair[] = []
    for (let row = rowOf(at(index)); row; row = rowOf(at(index + rows.length))) rows.push(row)
    return rows
  }

  /**
   * Label, value, label, value; where nothing else follows, those behind the last that is known are pairs too. `count`: how many
   * were looked at.
   */
  function alternatingFrom(index: number): { pairs: HtmlPair[]; count: number } {
    const all: HtmlPair[] = []
    for (;;) {
      const [label, value] = [at(index + all.length * 2), at(index + all.length * 2 + 1)]
      const areCells = isCell(label) && isCell(value) && [label, value].every(({ tagName }) => tagName === 'div')
      if (!areCells || !isLabel(label) || !isValue([value])) break
      all.push({ label, value: [value] })
    }
    const isWhole = index + all.length * 2 === solid.length
    const pairs = isWhole ? all : all.slice(0, all.findLastIndex(isKnown) + 1)
    return { pairs: all.filter(isMember).length > 1 ? pairs : [], count: all.length }
  }

  const found = new Map<number, HtmlPairs>()
  for (let index = 0; index < solid.length; ) {
    const put = (pairs: HtmlPair[], count: number) =>
      found.set(solid[index] ?? 0, { pairs, end: (solid[index + count - 1] ?? 0) + 1 })
    const rows = rowsFrom(index)
    const first = at(index)
    if (rows.length > 0) {
      if (areDetails(rows, isFront)) put(rows, rows.length)
      index += rows.length
    } else if (isCell(first) && isLabel(first) && isKnownLabel(nameOf(first))) {
      const { pairs, count } = alternatingFrom(index)
      if (pairs.length > 0) put(pairs, pairs.length * 2)
      index += Math.max(1, count * 2)
    } else index += 1
  }
  return found
}

/** Tells the word that a label and its value are to who counts the words, where neither white space nor a block parts them. */
export function understandJoined({ label, value }: HtmlPair, notices: Notices) {
  const [first] = value
  if (!first || !isElement(label) || !inlineTags.has(label.tagName)) return
  if (isElement(first) && !inlineTags.has(first.tagName)) return
  const [end] = /[\p{L}\p{N}]+$/u.exec(textOf(label)) ?? []
  const [start] = /^[\p{L}\p{N}£]\S*/u.exec(textOf(first)) ?? []
  if (end && start) notices.understand(lineOf(label), `${end}${start}`, '', 'label and its value')
}
