/** Lines such as `Grade: SEO`: where the label ends, and which member of the document it stands for. */
import { charactersOf, type Inline, plainOfInlines } from '../../document/text.ts'
import { cutInlines, isBold } from '../source/tree.ts'
import { inBoth, normaliseHeading } from './headings.ts'
import { type LabelledMember, labelWords, otherWords, welshLabelWords } from './label-words.ts'

/** What names the role where nothing else does: `Post: Research Engineer`. */
const titleLabels = ['post', 'position', 'role', 'job', 'vacancy']
export const mayBeTitle = (label: string) => titleLabels.includes(normaliseHeading(label))
/** Of these, what heads no text. Within a line they are no labels: `for this post: £30,000`. */
const postLabels = ['post', 'position']

const members = new Map(
  [...Object.entries(labelWords), ...Object.entries(welshLabelWords)].flatMap(([member, names]) =>
    names.map(name => [name, member as LabelledMember] as const),
  ),
)
const otherLabels = new Set(otherWords)
const englishLabels = new Set(Object.values(labelWords).flat())
const welshLabels = new Set(
  Object.values(welshLabelWords)
    .flat()
    .filter(name => !englishLabels.has(name)),
)
/** Whether a label is one that Welsh documents alone have. */
export const isWelshLabel = (label: string) => welshLabels.has(normaliseHeading(label))

/** A label without what stands in brackets behind it: `Salary (for more, see below)`. */
const bare = (label: string) => label.replace(/\s*\([^()]*\)\s*$/, '')

/** The member that a label stands for; undefined for labels of other houses. */
export const labelledMember = (label: string) =>
  members.get(normaliseHeading(label)) ??
  members.get(normaliseHeading(bare(label))) ??
  inBoth(label, one => members.get(normaliseHeading(one)))

/** Whether it is the name of a member that the register itself prints, the first of its words. */
export const isOwnLabel = (label: string, member: LabelledMember) => normaliseHeading(label) === labelWords[member][0]

/** Whether a label is known, be it of no member. */
export const isKnownLabel = (label: string) =>
  labelledMember(label) !== undefined ||
  otherLabels.has(normaliseHeading(label)) ||
  postLabels.includes(normaliseHeading(label)) ||
  inBoth(label, one => otherLabels.has(normaliseHeading(one)) || undefined) === true

/** Whether a line is nothing but a label that is known. `Grade` alone is one, so it is no heading. */
export const isLabel = (text: string) => labelledMember(text) !== undefined

/** Within a line these are a part of what is named there, `Location: main site: Leeds`, and alone in bold they may head a text. */
const nouns = new Set(['site', 'campus', 'town', 'faculty', 'employer', 'where'])
export const mayHead = (label: string) => nouns.has(normaliseHeading(label))
const names = [...members.keys(), ...otherWords]
  .filter(name => !nouns.has(name))
  .sort((one, other) => other.length - one.length)
  .map(name => name.replaceAll(' ', '[ -]'))
/** What stands before a further label on a line: white space, a bar, a semicolon. */
const labelAhead = new RegExp(`[\\s|;,•·]{1,40}(?=\\**(?:${names.join('|')})\\**\\s?:)`, 'gi')

/** The nodes with the characters of another text, of the same length, in their texts. */
function withText(nodes: readonly Inline[], text: string): Inline[] {
  let at = 0
  return nodes.map(node => {
    const { length } = charactersOf([node])
    const own = text.slice(at, at + length)
    at += length
    if ('children' in node) return { ...node, children: withText(node.children, own) }
    return node.type === 'text' ? { ...node, value: own } : node
  })
}

/** A short text with a colon at its end. */
const isOpenLabel = (text: string) => text.endsWith(':') && labelled([{ type: 'text', value: text }]) !== undefined

/**
 * A line that tabs part into labels, known or with a colon, and their values; undefined where there is only one, where none
 * is known, or where it is not certain what is a label: `Salary:⇥London: £50,000⇥National: £40,000`.
 */
function tabbedLines(content: readonly Inline[]): Inline[][] | undefined {
  if (!charactersOf(content).includes('\t')) return undefined
  const groups: { label: string; cells: Inline[][]; isOpen: boolean; hasColon: boolean }[] = []
  for (const cell of cutInlines(content, /\t/)) {
    const text = plainOfInlines(cell)
    if (text === '') continue
    const last = groups.at(-1)
    const found = labelled(cell)
    const value = found && plainOfInlines(found.value)
    const isLabel = isKnownLabel(text) || isOpenLabel(text)
    const begins = isLabel || (value && (!last || (!last.isOpen && !last.hasColon)))
    if (!begins && !last) return undefined
    if (begins && last?.isOpen && !isKnownLabel(found?.label ?? text)) return undefined
    if (begins) {
      const colon: Inline[] = isLabel && !text.endsWith(':') ? [{ type: 'text', value: ':' }] : []
      groups.push({ label: found?.label ?? text, cells: [[...cell, ...colon]], isOpen: isLabel, hasColon: false })
    } else if (last) {
      last.cells.push([{ type: 'text', value: ' ' }, ...cell])
      last.isOpen = false
      last.hasColon ||= found !== undefined
    }
  }
  return groups.length > 1 && groups.some(({ label }) => labelledMember(label))
    ? groups.map(({ cells }) => cells.flat())
    : undefined
}

/** A line that holds several labels, each with its value, as a line for each; else the line alone. */
export function labelledLines(content: readonly Inline[]): Inline[][] {
  const tabbed = tabbedLines(content)
  if (tabbed) return tabbed
  const first = labelled(content)
  if (!first || !isKnownLabel(first.label)) return [[...content]]
  // A label may be bold and what parts it from the value before is not, so the whole line is looked at.
  const parted = charactersOf(content).replace(labelAhead, found => '\0'.repeat(found.length))
  const lines = cutInlines(withText(content, parted), /\0+/).filter(line => plainOfInlines(line) !== '')
  return lines.length > 1 && lines.every(line => isKnownLabel(labelled(line)?.label ?? '')) ? lines : [[...content]]
}

/** Labels whose line is one of details wherever it is marked as a heading: others (`Team: who we are`) may head a text. */
const sureMembers = new Set<LabelledMember | undefined>(['title', 'grades', 'salary', 'reference_number'])

/** Whether a line that looks like a heading is labels and their values. */
export function isDetailLine(content: readonly Inline[]): boolean {
  if (labelledLines(content).length > 1) return true
  const found = labelled(content)
  return found !== undefined && sureMembers.has(labelledMember(found.label)) && plainOfInlines(found.value) !== ''
}

/** Not that of a time: `Apply before 11:55 pm on Monday`. */
const colon = /:(?!(?<=\d:)\d\d\b)/

function splitAt(nodes: readonly Inline[], sign: ':' | '\t'): [Inline[], Inline[]] | undefined {
  for (const [index, node] of nodes.entries()) {
    const before = nodes.slice(0, index)
    const after = nodes.slice(index + 1)
    if (node.type === 'text') {
      const at = sign === ':' ? node.value.search(colon) : node.value.indexOf(sign)
      if (at < 0) continue
      return [
        [...before, { type: 'text', value: node.value.slice(0, at) }],
        [{ type: 'text', value: node.value.slice(at + 1) }, ...after],
      ]
    }
    if (node.type === 'link' || node.type === 'code') return undefined
    const inner = splitAt(node.children, sign)
    if (inner)
      return [
        [...before, { ...node, children: inner[0] }],
        [{ ...node, children: inner[1] }, ...after],
      ]
  }
  return undefined
}

export interface Labelled {
  label: string
  value: Inline[]
  /** The label is bold or italic: the author means it as one. */
  marked: boolean
}

/** Whether a line that is cut at a colon is a label and its value: `Belfast : BT1 3LP` is a place. */
export const saysLabel = (found: Labelled | undefined) =>
  found !== undefined && (found.marked || isKnownLabel(found.label))

/** A known label without a colon: before a tab, or in bold before a dash. */
function withoutColon(content: readonly Inline[]): Labelled | undefined {
  const at = content.findIndex(node => plainOfInlines([node]) !== '')
  const [first, next, ...others] = content.slice(Math.max(0, at))
  const marked = first?.type === 'strong' || first?.type === 'emphasis'
  if (marked && next?.type === 'text' && /^\s{0,5}[-–—]\s/.test(next.value) && isKnownLabel(plainOfInlines([first]))) {
    const value = next.value.replace(/^\s*[-–—]/, '')
    return { label: plainOfInlines([first]), value: [{ type: 'text', value }, ...others], marked }
  }
  const [before, after] = splitAt(content, '\t') ?? []
  if (!before || !after) return undefined
  const label = plainOfInlines(before)
  return !label.endsWith(':') && isKnownLabel(label) ? { label, value: after, marked } : undefined
}

/** A bold text at the beginning of a line and the short value behind it, without a sign between: `**Hours** 30 per week`. */
export function boldLabelled(line: readonly Inline[]): Labelled | undefined {
  const [first, ...value] = line.filter((node, at) => at > 0 || plainOfInlines([node]) !== '')
  if (first?.type !== 'strong') return undefined
  const [label, text] = [plainOfInlines([first]), plainOfInlines(value)]
  const isParted = /\s$/.test(charactersOf([first])) || /^\s/.test(charactersOf(value))
  const isLabel = /^\p{Lu}[\p{L}\p{N} /&()’'-]{1,60}$/u.test(label) && label.split(' ').length <= 5
  // A sentence is none; `£30,000 p.a.` is.
  const isValue = text !== '' && text.length <= 150 && !/^[-–—:]|(?<!\b[a-z])[.!?;,]$/i.test(text)
  return isLabel && isParted && isValue && !isBold(value) ? { label, value, marked: true } : undefined
}

/** Whether it is a label for certain: known, and its value does not go on in its words, `**Salary** is paid monthly`. */
export const isSureLabel = ({ label, value }: Labelled) =>
  labelledMember(label) !== undefined && !/^\p{Ll}/u.test(plainOfInlines(value))

const numbered = /^(?:section|part|adran|rhan) [a-z\d]{1,3}$/i

/** A line cut at its first colon; undefined where what stands before it is no label (`Section B: Purpose`), or an address. */
export function labelled(content: readonly Inline[]): Labelled | undefined {
  const found = withoutColon(content)
  if (found) return found
  const [before, after] = splitAt(content, ':') ?? []
  if (!before || !after) return undefined
  const label = plainOfInlines(before).replace(/^\*+/, '')
  const short = bare(label)
  if (
    short === '' ||
    numbered.test(short) ||
    short.length > 80 ||
    label.length > 200 ||
    short.split(' ').length > 8 ||
    plainOfInlines(after).startsWith('//')
  )
    return undefined
  const [first] = before.filter(node => node.type !== 'text' || node.value.replace(/[\s*]/g, '') !== '')
  return { label, value: after, marked: first?.type === 'strong' || first?.type === 'emphasis' }
}
