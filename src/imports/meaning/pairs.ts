/** Labels and values among the blocks of a section, or under a title: which lines and rows are such, and what is none. */

import { type Inline, plainOfInlines } from '../../document/text.ts'
import {
  cutInlines,
  hardLines,
  isBold,
  type Line,
  linesIn,
  type SourceBlock,
  type SourceCell,
  type SourceItem,
  type SourceRow,
  sourceLines,
  textsIn,
} from '../source/tree.ts'
import { importanceOf, knownKind, looksLikeHeading } from '../words/headings.ts'
import {
  boldLabelled,
  isKnownLabel,
  isLabel,
  isSureLabel,
  type Labelled,
  labelled,
  labelledLines,
  labelledMember,
  saysLabel,
} from '../words/labels.ts'
import { isTown } from '../words/places.ts'
import { isGlossary } from './bilingual.ts'
import { hasImportanceColumns } from './criteria.ts'
import { sfiaTable } from './sfia-tables.ts'
import type { BodyBlock, Rows } from './steps.ts'
import { cellText, filledCells, hasHead, isShort, standsOut } from './tables.ts'
import { isOfSalary } from './values.ts'

/** A row as it is printed. */
export interface Pair {
  label: string
  value: Inline[][]
  line: number
  /** The value is a list, so that each line of it stands for itself. */
  listed?: boolean
}

/** Whether nothing stands beside its label. Looks no further than the first line that says something: there may be many. */
const isEmpty = ({ value }: Pair) => value.every(line => plainOfInlines(line) === '')

/**
 * How sure a label must be. `appendix`: every line with a colon is a pair. `front`, under a title: the label is known or
 * stands out. `body`: it is known, and not the only one.
 */
type LabelMode = 'appendix' | 'front' | 'body'

/** What stands in a cell, a line each. */
const valuesIn = ({ blocks }: SourceCell): Inline[][] => linesIn(blocks).map(({ content }) => content)

const labelMax = 60

/** Whether the first row alone stands out in all its cells and begins with no label: it says what is in the columns. */
const headsColumns = ([head, ...others]: readonly SourceRow[]) =>
  head?.cells.every(standsOut) &&
  !isKnownLabel(cellText(head.cells[0])) &&
  others.some(row => !row.cells.every(standsOut))

/** Whether a table has the form of labels and their short values, be they known or not. */
const areLabels = (rows: readonly SourceRow[]) =>
  rows.length > 1 &&
  !hasHead(rows) &&
  !headsColumns(rows) &&
  !hasImportanceColumns(rows) &&
  !sfiaTable(rows) &&
  rows.every(({ cells: [label, value, ...more] }) => {
    const text = cellText(label)
    const isLabel = text !== '' && text.length <= labelMax && looksLikeHeading(text) && !importanceOf(text)
    return label && value && more.length === 0 && isLabel && isShort(label) && isShort(value)
  })

/** Whether one of its labels is known, or all have a colon: skills and their levels, or days and what is on, look the same else. */
const saysLabels = (rows: readonly SourceRow[]) =>
  rows.some(({ cells: [label] }) => isKnownLabel(cellText(label))) ||
  rows.every(({ cells: [label] }) => cellText(label).endsWith(':'))

/** For each block the first of its paragraph: a line break parts what is one of the author. */
function wholesOf(blocks: readonly BodyBlock[]): number[] {
  const wholes: number[] = []
  for (const [at, block] of blocks.entries())
    wholes.push(block.type === 'paragraph' && block.continues ? (wholes[at - 1] ?? at) : at)
  return wholes
}

/**
 * Where several lines begin with a known label in bold and no colon, `**Hours** 30 per week`, these have one: one alone may be
 * text. In a paragraph with such a line, each line is a label and its value, known or not; else all of it is text.
 */
function withBoldLabels(blocks: readonly BodyBlock[]): readonly BodyBlock[] {
  const read = blocks.map(block =>
    block.type === 'paragraph'
      ? sourceLines(block).map(({ content }) => ({ content, bold: boldLabelled(content) }))
      : [],
  )
  const isSure = ({ bold }: { bold: Labelled | undefined }) => bold !== undefined && isSureLabel(bold)
  if (read.flat().filter(isSure).length < 2) return blocks
  const wholes = wholesOf(blocks)
  const linesOf = (whole: number | undefined) => read.filter((_, at) => wholes[at] === whole).flat()
  return blocks.map((block, at) => {
    const lines = linesOf(wholes[at])
    const areLabels = lines.some(isSure) && lines.every(({ content, bold }) => bold ?? saysLabel(labelled(content)))
    if (block.type !== 'paragraph' || !areLabels) return block
    const content = (read[at] ?? []).flatMap(({ content, bold }, index): Inline[] => {
      const between: Inline[] = index > 0 ? [{ type: 'text', value: '\n' }] : []
      if (!bold) return [...between, ...content]
      const label: Inline = { type: 'strong', children: [{ type: 'text', value: `${bold.label}:` }] }
      return [...between, label, ...bold.value]
    })
    return { ...block, content }
  })
}

/** Whether blocks are nothing but labels of members with their values, a line each. */
export const areLabelLines = (blocks: readonly BodyBlock[]) =>
  blocks.length > 0 &&
  blocks.every(
    block =>
      block.type === 'paragraph' &&
      sourceLines(block).every(({ content }) => {
        const found = labelled(content)
        return found && labelledMember(found.label) !== undefined && plainOfInlines(found.value) !== ''
      }),
  )

/** The pairs of blocks, and the blocks that are none, with their order. */
export function pairsOf(
  source: readonly BodyBlock[],
  mode: LabelMode,
): { pairs: Pair[]; rest: (BodyBlock | 'pairs')[] } {
  const blocks = withBoldLabels(source)
  const pairs: Pair[] = []
  const rest: (BodyBlock | 'pairs')[] = []
  const add = (pair: Pair) => {
    if (rest.at(-1) !== 'pairs') rest.push('pairs')
    pairs.push(pair)
  }
  const loose = mode === 'appendix'
  /** Pairs whose value stands in the lines below the label. */
  const opened = new Set<Pair>()
  /** How many labels that are known it has. */
  const knownIn = (block: BodyBlock) =>
    block.type === 'paragraph'
      ? sourceLines(block)
          .flatMap(({ content }) => labelledLines(content))
          .filter(content => labelledMember(labelled(content)?.label ?? '') !== undefined).length
      : 0
  /** Within a section a label of no member is one directly below others that are known. */
  const isKnownPair = ({ label, value }: Labelled) =>
    labelledMember(label) !== undefined ||
    (isKnownLabel(label) &&
      (mode !== 'body' || (rest.at(-1) === 'pairs' && !/[.!?]$/.test(plainOfInlines(value).trimEnd()))))
  const known = blocks.map(knownIn)
  const wholes = wholesOf(blocks)
  /** The same of all lines of its paragraph. */
  const knownBeside = new Map<number | undefined, number>()
  for (const [at, whole] of wholes.entries()) knownBeside.set(whole, (knownBeside.get(whole) ?? 0) + (known[at] ?? 0))
  const readsLines = mode !== 'body' || known.reduce((sum, count) => sum + count, 0) > 1
  const accepts = (found: Labelled, isBetween = false) => {
    if (isKnownPair(found)) return true
    const { label, value, marked } = found
    const isHeading = knownKind(label) !== undefined && plainOfInlines(value) === ''
    return (mode !== 'body' || isBetween) && (loose || marked) && !isHeading
  }

  /** Bold labels of which a known one stands below, and nothing else between: with one above, they are rows too. */
  const leading = new Set<BodyBlock>()
  for (let at = blocks.length - 1, leads = false; at >= 0; at -= 1) {
    const block = blocks[at] as BodyBlock
    leads = known[at] !== 0 || (leads && block.type === 'paragraph' && labelled(block.content)?.marked === true)
    if (leads) leading.add(block)
  }

  const readLine = (content: Inline[], line: number, isSure: boolean, isBetween: boolean) => {
    const found = labelled(content)
    if (!found || !(isSure || accepts(found, isBetween))) return false
    add({ label: found.label, value: [found.value], line })
    return true
  }

  /**
   * Among lines of which several have labels that are known, one with another label is a row too: `Vetting level: MV`; but
   * not `London: £40,000` below a salary, a town below a place, or a line below a label alone.
   */
  const rowIn = (content: Inline[], above: Pair | undefined): Labelled | undefined => {
    const found = labelled(content)
    const [label, value] = [found?.label ?? '', plainOfInlines(found?.value ?? [])]
    const member = labelledMember(above?.label ?? '')
    const isPart =
      above !== undefined &&
      (isEmpty(above) ||
        (member === 'salary' && (isTown(label) || isOfSalary(label, value))) ||
        (member === 'locations' && [label, value].some(text => isTown(text))))
    return value !== '' && !isPart && /^\p{Lu}[\p{L} /&’'-]{1,39}$/u.test(label) && label.split(' ').length < 5
      ? found
      : undefined
  }

  /** A bold label that stands alone: the short line below it is its value. */
  let alone: Pair | undefined
  // Where others have their values on their own lines, one without is empty, and what follows it a text.
  const hasValueOnLine = (block: BodyBlock) =>
    block.type === 'paragraph' &&
    hardLines(block).some(({ content }) => {
      const found = labelled(content)
      return found && saysLabel(found) && plainOfInlines(found.value) !== ''
    })
  const isBelow = !blocks.some(hasValueOnLine)
  const isValue = (block: BodyBlock | undefined) =>
    isBelow &&
    block?.type === 'paragraph' &&
    hardLines(block).length === 1 &&
    looksLikeHeading(plainOfInlines(block.content)) &&
    !isBold(block.content) &&
    !saysLabel(labelled(block.content))
  const standsAlone = ({ content }: Line) => {
    const found = labelled(content)
    const label = found ?? { label: plainOfInlines(content), marked: isBold(content), value: [] }
    return label.marked && plainOfInlines(label.value) === '' && (found ? isKnownLabel : isLabel)(label.label)
  }
  /** Whether a list says what a label above it does not: `Location:` and below it a town in each item. */
  const isValueBelow = (items: readonly SourceItem[]) => {
    const last = pairs.at(-1)
    const isOpen = mode === 'front' && rest.at(-1) === 'pairs' && last && isEmpty(last)
    const texts = items.flatMap(textOfItem)
    return (
      isOpen &&
      labelledMember(last.label) !== undefined &&
      texts.length === items.length &&
      texts.every(text => looksLikeHeading(plainOfInlines(text)) && !saysLabel(labelled(text)))
    )
  }
  const isDetailList = (items: readonly SourceItem[]) => {
    const found = items.flatMap(item => pairOfItem(item.blocks) ?? [])
    if (mode === 'body' || found.length < items.length) return false
    const count = found.filter(({ label }) => labelledMember(label) !== undefined).length
    return loose || count > 1 || (count > 0 && found.every(item => accepts(item)))
  }

  const areDetails = (block: Rows) =>
    loose ||
    block.details === true ||
    block.rows.filter(row => row.cells[0] && labelledMember(cellText(row.cells[0]))).length > 1
  /** Whether the block before or behind is details. */
  const isBeside = (index: number) =>
    [index - 1, index + 1].some(at => {
      const block = blocks[at]
      return block?.type === 'rows' ? areDetails(block) : readsLines && (known[at] ?? 0) > 0
    })

  for (const [index, block] of blocks.entries()) {
    const open = alone
    alone = undefined
    if (open && block.type === 'paragraph' && isValue(block)) {
      open.value = sourceLines(block).map(({ content }) => content)
    } else if (
      // In an appendix a label without a value is a row that is still to be filled in.
      mode === 'front' &&
      (block.type === 'paragraph' || block.type === 'subheading') &&
      standsAlone(block) &&
      isValue(blocks[index + 1])
    ) {
      alone = { label: plainOfInlines(block.content).replace(/\s*:$/, ''), value: [], line: block.line }
      add(alone)
    } else if (block.type === 'rows') {
      // `1 | Visit premises` is an item.
      const areNumbers = block.rows.every(row => /^\(?\d{1,3}[.)]?$/.test(cellText(row.cells[0])))
      const isPairs =
        (areDetails(block) && !areNumbers) ||
        (areLabels(block.rows) && saysLabels(block.rows) && (mode === 'front' || isBeside(index)))
      const widest = Math.max(...block.rows.map(row => row.cells.length))
      // Beside a label is its value; where another label is, it is not certain which value belongs to which.
      const hasLabelsBeside =
        widest > 2 && block.rows.some(row => row.cells.slice(1).some(cell => isKnownLabel(cellText(cell))))
      if (!isPairs || isGlossary(block.rows) || (widest > 2 && !loose) || hasLabelsBeside) {
        rest.push(block)
        continue
      }
      for (const row of block.rows) {
        // Cells that each hold a label and its value are so many rows; beside one there may be nothing.
        const each = filledCells(row).map(cell => pairOfItem(cell.blocks))
        const isWide = row.cells.length > 1 && each.length > 0
        if (isWide && each.every(found => found && plainOfInlines(found.value) !== '')) {
          for (const found of each) if (found) add({ label: found.label, value: [found.value], line: row.line })
          continue
        }
        const [first, ...others] = row.cells
        const label = first ? cellText(first).replace(/:$/, '').trim() : ''
        if (label === '' || label.length > 300) rest.push({ ...block, rows: [row], line: row.line })
        else {
          const inner = others.flatMap(({ blocks }) => blocks)
          const listed = inner.length > 0 && inner.every(({ type }) => type === 'list')
          add({ label, value: others.flatMap(valuesIn), line: row.line, ...(listed ? { listed } : {}) })
        }
      }
    } else if (readsLines && (block.type === 'paragraph' || block.type === 'subheading')) {
      const lines = withDefinitions(sourceLines(block)).flatMap(({ content, ...line }) =>
        labelledLines(content).map((part, _, { length }) => ({ content: part, isParted: length > 1, ...line })),
      )
      const last = pairs.at(-1)
      // `Salary:` and below it `London: £50,000`: the lines under a label without a value are its value.
      const isOpen =
        mode === 'front' && last !== undefined && rest.at(-1) === 'pairs' && (isEmpty(last) || opened.has(last))
      const continues =
        rest.at(-1) === 'pairs' &&
        block.type === 'paragraph' &&
        (block.continues === true || (isOpen && lines.every(({ content }) => labelled(content) !== undefined)))
      const [first] = lines
      const found = first && labelled(first.content)
      const isBetween = rest.at(-1) === 'pairs' && leading.has(block)
      const count = known[index] ?? 0
      const areRows = count > 1 && lines.every(({ content }) => rowIn(content, undefined) !== undefined)
      const begins = found !== undefined && (first?.isParted === true || areRows || accepts(found, isBetween))
      if (!begins && !continues) {
        rest.push(block)
        continue
      }
      if (!begins && isOpen && last) opened.add(last)
      for (const [at, { content, line, isParted, isValue: isFurther }] of lines.entries()) {
        const isBehind = at > 0 || (block.type === 'paragraph' && block.continues === true)
        const beside = knownBeside.get(wholes[index]) ?? 0
        const isRow = !isFurther && (areRows || (isBehind && beside > (mode === 'body' ? 2 : 1)))
        const own = isRow ? rowIn(content, isBehind ? pairs.at(-1) : undefined) : undefined
        if (own) add({ label: own.label, value: [own.value], line })
        else if (isFurther || !readLine(content, line, isParted, isBetween)) pairs.at(-1)?.value.push(content)
      }
    } else if (block.type === 'list' && isValueBelow(block.items)) {
      const last = pairs.at(-1)
      if (last) Object.assign(last, { value: block.items.flatMap(textOfItem), listed: true })
    } else if (block.type === 'list' && isDetailList(block.items)) {
      for (const { blocks: inner, line } of block.items) {
        for (const content of textsIn(inner).flatMap(text => labelledLines(text.content))) {
          const found = labelled(content)
          if (found) add({ label: found.label, value: [found.value], line })
        }
      }
    } else rest.push(block)
  }
  return { pairs, rest }
}

/** `: HEO` on a line of its own is the value of the label above it, and so is each further such line. */
const withDefinitions = (lines: Line[]): (Line & { isValue?: boolean })[] =>
  lines.reduce<(Line & { isValue?: boolean })[]>((joined, line) => {
    const last = joined.at(-1)
    const isDefinition = /^:\s/.test(plainOfInlines(line.content))
    if (last && isDefinition && !last.isValue && !labelled(last.content))
      last.content = [...last.content, ...line.content]
    else if (last && isDefinition)
      joined.push({ content: cutInlines(line.content, /^\s*:\s+/).flat(), line: line.line, isValue: true })
    else joined.push({ ...line })
    return joined
  }, [])

/** What an item says, where it is one short text; else []. */
const textOfItem = ({ blocks: [only, ...others] }: SourceItem): Inline[][] =>
  only?.type === 'paragraph' && others.length === 0 ? [only.content] : []

const pairOfItem = (blocks: readonly SourceBlock[]): Labelled | undefined => {
  const [only, ...others] = blocks
  return only?.type === 'paragraph' && others.length === 0 ? labelled(only.content) : undefined
}
