/** Lines of plain text that head what is below them, with no empty line between: Markdown runs them together with it. */
import { plainOfInlines } from '../../document/text.ts'
import type { Notices } from '../notices.ts'
import {
  hardBreak,
  hardLines,
  type Line,
  type SourceBlock,
  type SourceItem,
  type SourceList,
  sourceLines,
} from '../source/tree.ts'
import { importanceOf, isUpper, kindOf, knownKind, looksLikeHeading } from '../words/headings.ts'
import { isKnownLabel, labelled } from '../words/labels.ts'

type Paragraph = Extract<SourceBlock, { type: 'paragraph' }>

/** The lines of a paragraph whose line feeds its author sees; [] where there is one, or they are no more than spaces. */
function softLines(block: Paragraph): Line[] {
  const lines = block.feeds && hardLines(block).length === 1 ? sourceLines(block) : []
  return lines.length > 1 ? lines : []
}

/** The lines with those joined again that neither head nor follow one that does. */
const parted = (lines: readonly Line[], heads: ReadonlySet<Line>): Line[] =>
  lines.reduce<Line[]>((parts, line, at) => {
    const before = lines[at - 1]
    const last = parts.at(-1)
    if (last && before && !heads.has(line) && !heads.has(before))
      last.content.push({ type: 'text', value: '\n' }, ...line.content)
    else parts.push({ ...line, content: [...line.content] })
    return parts
  }, [])

/** `Grade: AO`. */
export const isKnownPair = ({ content }: Pick<Line, 'content'>) => {
  const found = labelled(content)
  return found !== undefined && isKnownLabel(found.label) && plainOfInlines(found.value) !== ''
}

const isOfCriteria = ({ content }: Pick<Line, 'content'>) =>
  ['skills_experience', 'person_specification'].includes(knownKind(plainOfInlines(content)) ?? '')

/** `(E = essential, D = desirable)` behind the heading of criteria. */
const legend = /\s*\((?:E|D) ?[=:–-][^()]{1,60}\)\s*:?\s*$/i

/**
 * `Skills (E = essential, D = desirable)` above lines of which each says by its end how much it matters, as a heading and a
 * list: Markdown has all of them as one paragraph.
 */
export function markedCriteria(block: Paragraph): SourceBlock[] {
  const [first, ...lines] = softLines(block)
  const [name, last] = [first?.content[0], first?.content.at(-1)]
  if (!first || lines.length < 2 || name?.type !== 'text' || name !== last) return [block]
  const said = legend.exec(name.value)?.[0] ?? ''
  const head = { ...first, content: [{ ...name, value: name.value.slice(0, name.value.length - said.length) }] }
  const isMarked = lines.every(({ content }) => /(?:\s[-–—]\s?[ED]|\([ED]\))$/.test(plainOfInlines(content)))
  if (!isMarked || !isOfCriteria(head)) return [block]
  const below = { ...first, content: [{ ...name, value: said.trim() }] }
  const items = lines.map(line => ({ blocks: [{ type: 'paragraph' as const, ...line }], line: line.line }))
  return [
    { ...block, ...head },
    ...(said === '' ? [] : [{ ...block, ...below }]),
    { type: 'list', ordered: false, items, line: items[0]?.line ?? first.line },
  ]
}

/** What no line ends with that is whole. */
const goesOn = /(?:[,:–—-]|\b(?:an?|the|this|our|your|their|its|and|or|of|for|to|in|on|at|by|with|from|as|is|are))$/i
/** No one who wraps lines does so before as many characters. */
const wrappedMin = 50
const closes = /[.!?:;]$/

/** Whether the next word had room on a line that was wrapped there, had it been. */
const isShort = (text: string, next: string, width: number) => text.length + (next.split(' ')[0] ?? '').length < width

/**
 * Lines of text that may have been copied from a page: whether one begins anew, where nobody wrapped text and no sentence goes
 * on, and whether it is the name of a section too. Of a name of one word the line before or behind it is a sentence.
 */
function linesOfCopy(lines: readonly Line[]) {
  const width = widthOf(lines)
  const texts = lines.map(({ content }) => plainOfInlines(content).trim())
  const begins = (at: number) => {
    const [before = '', text = ''] = [texts[at - 1], texts[at]]
    const ends = at === 0 || closes.test(before) || (!goesOn.test(before) && isShort(before, text, width))
    return ends && !/^\p{Ll}/u.test(text)
  }
  const isName = (at: number) => {
    const [before = '', text = '', after = ''] = [texts[at - 1], texts[at], texts[at + 1]]
    if (after === '' || !/^\p{Lu}/u.test(text) || !looksLikeHeading(text) || knownKind(text) === undefined) return false
    const isSure = /\s/.test(text) || closes.test(before) || closes.test(after)
    return isSure && isShort(text, after, width) && begins(at) && !/^\p{Ll}/u.test(after)
  }
  return lines.map((line, at) => ({ line, text: texts[at] ?? '', begins: begins(at), isName: isName(at) }))
}

/** Whether one of its lines shows that the document was copied so: they are lines of it, wherever they stand. */
export const isCopied = (block: SourceBlock) =>
  block.type === 'paragraph' && linesOfCopy(softLines(block)).some(({ isName }) => isName)

/** Each line by itself but for labels with values, and those below `Essential:`, of which each is a criterion. */
function copiedLines(lines: readonly Line[]): Line[] {
  const parts: Line[] = []
  const isPair = (line: Line | undefined) => plainOfInlines(labelled(line?.content ?? [])?.value ?? []) !== ''
  let criteria: 'named' | 'begun' | undefined
  for (const [at, { line, text, begins, isName }] of linesOfCopy(lines).entries()) {
    const last = parts.at(-1)
    const isImportance = importanceOf(text) !== undefined
    if (isName) criteria = undefined
    const isSame = !begins || (isPair(line) && isPair(lines[at - 1]))
    const between = isSame ? '\n' : criteria === 'begun' && !isImportance ? `${hardBreak}\n` : undefined
    if (last && between !== undefined) last.content.push({ type: 'text', value: between }, ...line.content)
    else parts.push({ ...line, content: [...line.content] })
    if (isImportance) criteria = 'named'
    else if (criteria === 'named') criteria = 'begun'
  }
  return parts
}

/**
 * A line in capitals that is the name of a section, or `Essential:`, parts a paragraph, and a first line above nothing but
 * labels and their values (`Admin Officer`, `Grade: AO`) is none of them. `copied`: the document has its lines as a page had them.
 */
export function atSoftHeadings(block: Paragraph, copied: boolean): Line[] {
  const lines = softLines(block)
  if (copied && lines.length > 0) return copiedLines(lines)
  const heads = lines.filter(({ content }) => {
    const text = plainOfInlines(content)
    return (isUpper(text) && knownKind(text)) || (text.endsWith(':') && importanceOf(text))
  })
  const [first, second] = lines
  // `Selection criteria` above `Essential criteria`, and nothing else.
  if (first && second && lines.length === 2 && isOfCriteria(first) && importanceOf(plainOfInlines(second.content)))
    heads.push(first, second)
  const labels = lines.slice(1, heads[0] && lines.indexOf(heads[0]))
  if (first && heads[0] !== first && labels.length > 0 && labels.every(isKnownPair) && !labelled(first.content))
    heads.push(first)
  return heads.length > 0 ? parted(lines, new Set(heads)) : [block]
}

/** At which width lines were wrapped, if they were. */
export const widthOf = (lines: readonly Line[]) =>
  lines.reduce((width, { content }) => Math.max(width, plainOfInlines(content).length), wrappedMin)

/** What a line below an item is: the head of what follows, perhaps one, or a part of the item. Lines are wrapped at a width. */
export function headAt(lines: readonly Line[], at: number, width: number): 'head' | 'perhaps' | undefined {
  const [before = '', text = '', after = ''] = [at - 1, at, at + 1].map(index =>
    plainOfInlines(lines[index]?.content ?? []).trim(),
  )
  if (at === 0 || !/^\p{Lu}/u.test(text) || !looksLikeHeading(text)) return undefined
  const isNamed = knownKind(text) !== undefined
  const isImportance = importanceOf(text) !== undefined
  const isLoud = isUpper(text) && /\p{Ll}/u.test(before)
  const isPlain = isNamed && (text.endsWith(':') || /\s/.test(text))
  const [word = ''] = text.split(' ')
  // No one breaks a line of an item so early, and another item follows.
  const isOdd = after === '' && !goesOn.test(before) && before.length + word.length < width && /\s/.test(text)
  if (!isImportance && !isPlain && !(isLoud && (isNamed || kindOf(text) !== 'other')))
    return isOdd ? 'perhaps' : undefined
  const isWrapped = before.length + word.length >= width && !isLoud && !text.endsWith(':')
  return goesOn.test(before) || /^\p{Ll}/u.test(after) || isWrapped ? 'perhaps' : 'head'
}

/** Says of a line that may head what follows that it was left where it stood. */
export function warnOfHead({ content, line }: Line, notices: Notices) {
  const text = plainOfInlines(content)
  const detail = `The line “${text}” below an item of a list may head what follows; it was kept in the item. Put an empty line before it if it does`
  notices.add('advice', 'heading_in_item', line, text, detail)
}

/** An item without what stands below a line of it that heads what follows, and that. */
function partedItem(item: SourceItem, width: number, notices: Notices): { item: SourceItem; below: SourceBlock[] } {
  const blocks: SourceBlock[] = []
  const below: SourceBlock[] = []
  for (const block of item.blocks) {
    if (below.length > 0) below.push(block)
    else if (block.type === 'list') {
      const [list, ...others] = partedList(block, notices)
      if (list) blocks.push(list)
      below.push(...others)
    } else if (block.type !== 'paragraph') blocks.push(block)
    else {
      const lines = softLines(block)
      const found = lines.map((_, at) => headAt(lines, at, width))
      for (const [at, line] of lines.entries()) if (found[at] === 'perhaps') warnOfHead(line, notices)
      const heads = new Set(lines.filter((_, at) => found[at] === 'head'))
      if (heads.size === 0) blocks.push(block)
      else {
        const parts = parted(lines, heads).map(part => ({ ...block, ...part }))
        const [head] = heads
        const first = parts.findIndex(({ line }) => line === head?.line)
        blocks.push(...parts.slice(0, first))
        below.push(...parts.slice(first))
      }
    }
  }
  return { item: { ...item, blocks }, below }
}

/** A list in which a line heads what follows (`SKILLS REQUIRED`, `Desirable:`), or an item is such a line, is several. */
export function partedList(list: SourceList, notices: Notices): SourceBlock[] {
  const blocks: SourceBlock[] = []
  const texts = list.items.flatMap(({ blocks: [first] }) => (first?.type === 'paragraph' ? softLines(first) : []))
  const width = widthOf(texts)
  for (const whole of list.items) {
    const { item, below } = partedItem(whole, width, notices)
    const [only, ...others] = item.blocks
    const last = blocks.at(-1)
    if (only?.type === 'paragraph' && others.length === 0 && importanceOf(plainOfInlines(only.content)))
      blocks.push(only)
    else if (last?.type === 'list') last.items.push(item)
    else blocks.push({ ...list, items: [item], line: item.line })
    for (const block of below) blocks.push(block)
  }
  return blocks
}
