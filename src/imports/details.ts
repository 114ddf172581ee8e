/** Labels and values, of an appendix or of the lines under a title, into advert details and grades. */

import { isOpenSalary, isPlaceholder } from '../document/placeholders.ts'
import type { AdvertDetails, Grade, RoleDocument } from '../document/schema.ts'
import { foldSpace, type Inline, linksOf, plainOfInlines, writeText } from '../document/text.ts'
import { knownKind, looksLikeHeading } from './headings.ts'
import {
  isKnownLabel,
  isLabel,
  type Labelled,
  type LabelledMember,
  labelled,
  labelledLines,
  labelledMember,
} from './labels.ts'
import type { Notices } from './notices.ts'
import type { BodyBlock } from './steps.ts'
import { cellText } from './tables.ts'
import { cutInlines, hardLines, isBold, type Line, type SourceBlock, type SourceItem, sourceLines } from './tree.ts'
import { codesIn, gradesIn, locationIn, salaryIn, saysBand, tickedIn } from './values.ts'

/** A row as it is printed. */
export interface Pair {
  label: string
  value: Inline[][]
  line: number
}

export interface KnownRow {
  label: string
  member: string
  value: string | null
  line: number
}

export interface Details {
  /** A row says that grades are bands, so a bare number is none of the Civil Service's. */
  isBanded: boolean
  details: AdvertDetails
  grades: Grade[]
  profession: RoleDocument['profession']
  behaviours: RoleDocument['behaviours']
  title: { text: string; line: number } | null
  rows: KnownRow[]
  /** The line of each member that was set, by its pointer. */
  places: Map<string, number>
}

/**
 * How sure a label must be. `appendix`: every line with a colon is a pair. `front`, under a title: the label is known or
 * stands out. `body`: it is known, and not the only one.
 */
type LabelMode = 'appendix' | 'front' | 'body'

const contentOf = (block: SourceBlock): Inline[][] => {
  if (block.type === 'paragraph' || block.type === 'heading') return [block.content]
  if (block.type === 'list') return block.items.flatMap(item => item.blocks.flatMap(contentOf))
  return block.rows.flatMap(row => row.cells.flatMap(cell => cell.blocks.flatMap(contentOf)))
}

/** The pairs of blocks, and the blocks that are none, with their order. */
export function pairsOf(
  blocks: readonly BodyBlock[],
  mode: LabelMode,
): { pairs: Pair[]; rest: (BodyBlock | 'pairs')[] } {
  const pairs: Pair[] = []
  const rest: (BodyBlock | 'pairs')[] = []
  const add = (pair: Pair) => {
    if (rest.at(-1) !== 'pairs') rest.push('pairs')
    pairs.push(pair)
  }
  const loose = mode === 'appendix'
  /** Pairs whose value stands in the lines below the label. */
  const opened = new Set<Pair>()
  const isKnown = (block: BodyBlock) =>
    block.type === 'paragraph' && labelledMember(labelled(block.content)?.label ?? '') !== undefined
  const isKnownPair = ({ label }: Labelled) =>
    mode === 'body' ? labelledMember(label) !== undefined : isKnownLabel(label)
  const readsLines = mode !== 'body' || blocks.filter(isKnown).length > 1
  const accepts = (found: Labelled) => {
    if (isKnownPair(found)) return true
    const { label, value, marked } = found
    const isHeading = knownKind(label) !== undefined && plainOfInlines(value) === ''
    return mode !== 'body' && (loose || marked) && !isHeading
  }

  const readLine = (content: Inline[], line: number) => {
    const found = labelled(content)
    if (!found || !accepts(found)) return false
    add({ label: found.label, value: [found.value], line })
    return true
  }

  /** A bold label that stands alone: the short line below it is its value. */
  let alone: Pair | undefined
  // Where others have their values on their own lines, one without is empty, and what follows it a text.
  const hasValueOnLine = (block: BodyBlock) =>
    block.type === 'paragraph' &&
    hardLines(block).some(({ content }) => plainOfInlines(labelled(content)?.value ?? []) !== '')
  const isBelow = !blocks.some(hasValueOnLine)
  const isValue = (block: BodyBlock | undefined) =>
    isBelow &&
    block?.type === 'paragraph' &&
    hardLines(block).length === 1 &&
    looksLikeHeading(plainOfInlines(block.content)) &&
    !isBold(block.content) &&
    !labelled(block.content)
  const standsAlone = ({ content }: Line) => {
    const found = labelled(content)
    const label = found ?? { label: plainOfInlines(content), marked: isBold(content), value: [] }
    return label.marked && plainOfInlines(label.value) === '' && (found ? isKnownLabel : isLabel)(label.label)
  }
  const isDetailList = (items: readonly SourceItem[]) => {
    const found = items.flatMap(item => pairOfItem(item.blocks) ?? [])
    if (mode === 'body' || found.length < items.length) return false
    const known = found.filter(({ label }) => labelledMember(label) !== undefined).length
    return loose || known > 1 || (known > 0 && found.every(accepts))
  }

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
      const isPairs =
        loose ||
        block.details ||
        block.rows.filter(row => row.cells[0] && labelledMember(cellText(row.cells[0]))).length > 1
      const widest = Math.max(...block.rows.map(row => row.cells.length))
      // Beside a label is its value; where another label is, it is not certain which value belongs to which.
      const hasLabelsBeside =
        widest > 2 && block.rows.some(row => row.cells.slice(1).some(cell => isKnownLabel(cellText(cell))))
      if (!isPairs || (widest > 2 && !loose) || hasLabelsBeside) {
        rest.push(block)
        continue
      }
      for (const row of block.rows) {
        const [first, ...others] = row.cells
        const label = first ? cellText(first).replace(/:$/, '').trim() : ''
        if (label === '' || label.length > 300) rest.push({ ...block, rows: [row], line: row.line })
        else add({ label, value: others.flatMap(cell => cell.blocks.flatMap(contentOf)), line: row.line })
      }
    } else if (readsLines && (block.type === 'paragraph' || block.type === 'subheading')) {
      const lines = withDefinitions(sourceLines(block)).flatMap(({ content, ...line }) =>
        labelledLines(content).map(part => ({ content: part, ...line })),
      )
      const last = pairs.at(-1)
      // `Salary:` and below it `London: £50,000`: the lines under a label without a value are its value.
      const isOpen =
        mode === 'front' &&
        last !== undefined &&
        rest.at(-1) === 'pairs' &&
        (plainOfInlines(last.value.flat()) === '' || opened.has(last))
      const continues =
        rest.at(-1) === 'pairs' &&
        block.type === 'paragraph' &&
        (block.continues === true || (isOpen && lines.every(({ content }) => labelled(content) !== undefined)))
      const [first] = lines
      const found = first && labelled(first.content)
      const begins = found !== undefined && accepts(found)
      if (!begins && !continues) {
        rest.push(block)
        continue
      }
      if (!begins && isOpen && last) opened.add(last)
      for (const { content, line, isValue: isFurther } of lines) {
        if (isFurther || !readLine(content, line)) pairs.at(-1)?.value.push(content)
      }
    } else if (block.type === 'list' && isDetailList(block.items)) {
      for (const { blocks: inner, line } of block.items) {
        for (const content of inner.flatMap(contentOf).flatMap(labelledLines)) {
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

const pairOfItem = (blocks: readonly SourceBlock[]): Labelled | undefined => {
  const [only, ...others] = blocks
  return only?.type === 'paragraph' && others.length === 0 ? labelled(only.content) : undefined
}

/** Whether a row says that the grades are bands, as the NHS has them. */
export const saysBands = (pairs: readonly Pair[]) =>
  pairs.some(({ label, value }) => saysBand(`${label} ${plainOfInlines(value.flat())}`))

const headMembers = new Set<LabelledMember>(['grades', 'title', 'profession', 'behaviours'])
const lineMax = 300
const valueMax = 2000
const additionalMax = 50

/** Puts pairs into the members that they stand for; what is known by no name or code goes to `additional`. */
export function readPairs(pairs: readonly Pair[], into: Details, notices: Notices) {
  const { details } = into

  const addAdditional = (label: string, value: string, line: number) => {
    if (details.additional.length >= additionalMax) {
      notices.refuse(
        'limit_exceeded',
        `There are more than ${additionalMax} rows of advert details that are not known by name`,
        line,
      )
    } else if (value.length > valueMax) {
      notices.refuse(
        'limit_exceeded',
        `The value of “${label}” is longer than ${valueMax} characters; ${valueMax} is the limit`,
        line,
      )
    } else {
      into.places.set(`/advert_details/additional/${details.additional.length}`, line)
      details.additional.push({ label, value })
    }
  }

  const plain = (value: Inline[][], line: number) =>
    value
      .map(content => {
        const text = plainOfInlines(content)
        const addresses = linksOf(writeText(content).text).filter(link => link.text !== link.url)
        if (addresses.length === 0) return text
        const detail =
          'A value of advert details holds plain text; the address of the link was put behind it in brackets'
        notices.add('repair', 'link_written_out', line, text, detail)
        return `${text} (${addresses.map(link => link.url).join(', ')})`
      })
      .filter(text => text !== '')
      .join('\n')

  const setCodes = <T>(
    pair: Pair,
    value: string,
    member: string,
    list: T[],
    found: { known: { value: T; text: string }[]; unknown: string[] },
  ) => {
    for (const { value: code, text } of found.known) {
      if (!list.some(known => JSON.stringify(known) === JSON.stringify(code))) list.push(code)
      notices.understand(pair.line, text, member, 'code')
    }
    if (found.unknown.length === 0) return
    const rest = found.known.length > 0 ? found.unknown.join(', ') : value.replaceAll('\n', ' ')
    const pointer = `/advert_details/additional/${details.additional.length}`
    addAdditional(pair.label, rest, pair.line)
    const detail = `“${pair.label}” takes codes of a list, and this is in none; it was kept in additional`
    notices.add('repair', 'value_not_in_list', pair.line, rest, detail, pointer)
  }

  const setText = (
    pair: Pair,
    value: string,
    member: 'reference_number' | 'business_area' | 'hours' | 'reports_to',
  ) => {
    if (details[member] === null && value.length <= lineMax) details[member] = value
    else addAdditional(pair.label, value, pair.line)
  }

  const set = (pair: Pair, member: LabelledMember, value: string) => {
    const folded = foldSpace(value)
    switch (member) {
      case 'grades':
        return setCodes(pair, value, '/grades', into.grades, gradesIn(value, pair.label, into.isBanded))
      case 'behaviours':
        return setCodes(pair, value, '/behaviours', into.behaviours, codesIn(member, value))
      case 'profession': {
        const codes = into.profession === null ? [] : [into.profession]
        setCodes(pair, value, '/profession', codes, codesIn(member, value))
        into.profession = codes[0] ?? null
        return
      }
      case 'contract_types':
        return setCodes(pair, value, `/advert_details/${member}`, details[member], codesIn(member, value))
      case 'working_patterns':
        return setCodes(pair, value, `/advert_details/${member}`, details[member], codesIn(member, value))
      case 'role_types':
        return setCodes(pair, value, `/advert_details/${member}`, details[member], codesIn(member, value))
      case 'salary':
        if (details.salary === null && folded.length <= 1000) details.salary = salaryIn(folded)
        else addAdditional(pair.label, folded, pair.line)
        return
      case 'locations':
        for (const place of value
          .split(/[;\n]/)
          // A star leads to a note below.
          .map(text => text.replace(/\*+$/, '').trim())
          .filter(Boolean)) {
          if (place.length <= lineMax && details.locations.length < 100) details.locations.push(locationIn(place))
          else addAdditional(pair.label, place, pair.line)
        }
        return
      case 'title':
        if (into.title?.text === folded) notices.understand(pair.line, folded, '/title', 'title')
        else if (into.title === null && folded.length <= 200) into.title = { text: folded, line: pair.line }
        else addAdditional(pair.label, folded, pair.line)
        return
      default:
        return setText(pair, folded, member)
    }
  }

  const held = (member: LabelledMember): unknown => ({ ...details, ...into })[member]

  /** What is yet to be filled in is not known: null, or no row. */
  const isOpen = (
    pair: Pair,
    value: string,
    member: LabelledMember | undefined,
    pointer: string,
    isUnticked: boolean,
  ) => {
    if (!isUnticked && !isPlaceholder(value) && !(member === 'salary' && isOpenSalary(value))) return false
    const known = member ? 'null' : 'no row of additional'
    const detail = `A placeholder stands for the value of “${pair.label}”; it was read as not known (${known})`
    notices.add('advice', 'placeholder', pair.line, value, detail, pointer)
    notices.understand(pair.line, member ? value : `${pair.label} ${value}`, pointer, 'placeholder')
    return true
  }

  /** Of boxes to tick the ticked ones; none is as if nothing were filled in. */
  const filled = (pair: Pair, value: string, pointer: string): string | undefined => {
    const boxes = tickedIn(value)
    if (!boxes) return value
    if (boxes.ticked.length === 0) return undefined
    notices.understand(pair.line, boxes.rest.join(' '), pointer, 'box that is not ticked')
    return boxes.ticked.join('\n')
  }

  for (const pair of pairs) {
    const member = labelledMember(pair.label)
    const pointer = !member
      ? '/advert_details/additional'
      : headMembers.has(member)
        ? `/${member}`
        : `/advert_details/${member}`
    const printed = plain(pair.value, pair.line).replace(/^\*+\s*/, '')
    const chosen = filled(pair, printed, pointer)
    const value = chosen ?? printed
    const open = isOpen(pair, value, member, pointer, chosen === undefined)
    if (!member) {
      if (open) continue
      addAdditional(pair.label, foldSpace(value), pair.line)
      continue
    }
    notices.understand(pair.line, pair.label, pointer, 'label')
    const known = { label: pair.label, line: pair.line }
    into.places.set(pointer, pair.line)
    if (value === '' || open) into.rows.push({ ...known, member, value: null })
    else {
      const before = details.additional.length
      const had = JSON.stringify(held(member))
      set(pair, member, value)
      // What the member could not take is told as what it became.
      const isOther = details.additional.length > before && JSON.stringify(held(member)) === had
      into.rows.push({ ...known, member: isOther ? 'additional' : member, value: foldSpace(value) })
    }
  }
}
