/** Lists that a source has as lines with a bullet or a letter before them, and lists that hold two kinds of items. */
import { type Inline, plainOfInlines } from '../document/text.ts'
import { importanceOf, knownKind } from './headings.ts'
import type { Notices } from './notices.ts'
import {
  isBold,
  type Line,
  type SourceBlock,
  type SourceItem,
  type SourceList,
  type SourceParagraph,
  sourceLines,
} from './tree.ts'

const bullet = /^\s*[●•▪◦○∙‣⁃■□➢►✓✔\uf0b7]\s*(?=\S)/
const dash = /^\s*[-–—*]\s+(?=\S)/
const ordinal = /^\s*\(?([a-z]|[ivx]{1,4}|\d{1,2})[.)]\s+(?=\S)/i

interface Marked extends Line {
  mark: 'bullet' | 'dash' | 'ordinal' | undefined
  /** What stands before the text: `a.` */
  printed: string
}

/** The plain characters that a line begins with, as long as they stand in one node. */
const firstText = (nodes: readonly Inline[]): string => {
  const first = nodes.find(node => plainOfInlines([node]) !== '')
  if (!first || first.type === 'link' || first.type === 'code') return ''
  return first.type === 'text' ? first.value : firstText(first.children)
}

function withoutStart(nodes: readonly Inline[], pattern: RegExp): Inline[] {
  const at = nodes.findIndex(node => plainOfInlines([node]) !== '')
  return nodes.map((node, index) => {
    if (index !== at || node.type === 'link' || node.type === 'code') return node
    return node.type === 'text'
      ? { ...node, value: node.value.replace(pattern, '') }
      : { ...node, children: withoutStart(node.children, pattern) }
  })
}

function markOf({ content, line }: Line): Marked {
  const text = firstText(content)
  const pattern = [bullet, dash, ordinal].find(candidate => candidate.test(text))
  const plain = { content, line, mark: undefined, printed: '' } satisfies Marked
  if (!pattern) return plain
  const rest = withoutStart(content, pattern)
  if (plainOfInlines(rest) === '') return plain
  if (pattern === ordinal && (isBold(content) || knownKind(plainOfInlines(rest)))) return plain
  const mark = pattern === bullet ? 'bullet' : pattern === dash ? 'dash' : 'ordinal'
  return { content: rest, line, mark, printed: (pattern.exec(text)?.[0] ?? '').trim() }
}

const roman = ['i', 'ii', 'iii', 'iv', 'v', 'vi', 'vii', 'viii', 'ix', 'x', 'xi', 'xii']
/** The rows that a mark may stand in, and its place there: `i.` is a letter and a Roman number. */
const places = (printed: string): { row: 'number' | 'letter' | 'roman'; place: number }[] => {
  const sign = printed.replace(/[().\s]/g, '').toLowerCase()
  if (/^\d+$/.test(sign)) return [{ row: 'number', place: Number(sign) }]
  const numeral = roman.indexOf(sign) + 1
  return [
    ...(sign.length === 1 ? [{ row: 'letter' as const, place: sign.charCodeAt(0) - 96 }] : []),
    ...(numeral > 0 ? [{ row: 'roman' as const, place: numeral }] : []),
  ]
}

/**
 * How deep each line of a row of letters and numbers stands: one that goes on with a row is in it, one that begins another
 * stands under the line before. undefined where they do not follow one another.
 */
function depthsOf(run: readonly Marked[]): number[] | undefined {
  const open: ReturnType<typeof places>[] = []
  const depths: number[] = []
  for (const { printed } of run) {
    const own = places(printed)
    const goesOn = (rows: ReturnType<typeof places>) =>
      own.filter(({ row, place }) => rows.some(known => known.row === row && known.place + 1 === place))
    const depth = open.findLastIndex(rows => goesOn(rows).length > 0)
    const first = own.filter(({ row, place }) => place === 1 && !open.flat().some(known => known.row === row))
    if (depth >= 0) {
      const rows = goesOn(open[depth] ?? [])
      open.splice(depth, open.length, rows)
    } else if (first.length > 0) open.push(first)
    else return undefined
    depths.push(open.length - 1)
  }
  return depths
}

/** How deep each line of a run stands where it is a list: bullets always, dashes from two on, letters where they follow one another. */
function listDepths(run: readonly Marked[]): number[] | undefined {
  const [first] = run
  const isFlat = first?.mark === 'bullet' || (first?.mark === 'dash' && run.length > 1)
  if (isFlat) return run.map(() => 0)
  return first?.mark === 'ordinal' && run.length > 1 ? depthsOf(run) : undefined
}

/** The items so deep under the last one; a list is begun there where it has none. */
function itemsAt(items: SourceItem[], depth: number, line: number): SourceItem[] {
  const last = items.at(-1)
  if (depth === 0 || !last) return items
  let nested = last.blocks.at(-1)
  if (nested?.type !== 'list') {
    nested = { type: 'list', ordered: true, items: [], line }
    last.blocks.push(nested)
  }
  return itemsAt(nested.items, depth - 1, line)
}

/** The lines of paragraphs as paragraphs and lists; undefined where there is no list in them. */
function listsIn(paragraphs: readonly Extract<SourceBlock, { type: 'paragraph' }>[], notices: Notices) {
  const lines = paragraphs.map(paragraph => sourceLines(paragraph).map(markOf))
  const flat = lines.flat()
  if (!flat.some(line => line.mark)) return undefined
  const runs: Marked[][] = []
  for (const line of flat) {
    const last = runs.at(-1)
    if (last && line.mark === last[0]?.mark) last.push(line)
    else runs.push([line])
  }
  const lists = new Map(
    runs.flatMap(run => (listDepths(run) ?? []).map((depth, at) => [run[at] as Marked, depth] as const)),
  )
  if (lists.size === 0) return undefined
  const blocks: SourceBlock[] = []
  let items: SourceItem[] | undefined
  let last: SourceParagraph | undefined
  paragraphs.forEach((paragraph, index) => {
    const own = lines[index] ?? []
    if (!own.some(line => lists.has(line))) {
      items = undefined
      blocks.push(paragraph)
      return
    }
    let plain: Line[] = []
    const flush = () => {
      const [first] = plain
      if (first) {
        const content = plain.flatMap((line, at) =>
          at > 0 ? [{ type: 'text' as const, value: '\n' }, ...line.content] : line.content,
        )
        blocks.push({ type: 'paragraph', content, line: first.line })
      }
      plain = []
    }
    for (const line of own) {
      if (lists.has(line)) {
        flush()
        const ordered = line.mark === 'ordinal'
        const open = blocks.at(-1)
        if (!items || open?.type !== 'list' || open.ordered !== ordered) {
          items = []
          blocks.push({ type: 'list', ordered, items, line: line.line })
          const detail = 'Lines with a bullet, a dash or a letter before each were read as a list'
          notices.add('repair', 'list_recognised', line.line, plainOfInlines(line.content), detail)
        }
        if (ordered) notices.understand(line.line, line.printed, '', 'mark of a list')
        last = { type: 'paragraph', content: line.content, line: line.line }
        itemsAt(items, lists.get(line) ?? 0, line.line).push({ blocks: [last], line: line.line })
      } else if (
        plain.length === 0 &&
        items !== undefined &&
        last !== undefined &&
        own.some(other => other !== line && lists.has(other))
      ) {
        last.content = [...last.content, { type: 'text', value: '\n' }, ...line.content]
      } else {
        items = undefined
        plain.push(line)
      }
    }
    flush()
  })
  return blocks
}

/** A list in which an item says `Desirable` is two lists. */
function partedByImportance(list: SourceList): SourceBlock[] {
  const blocks: SourceBlock[] = []
  for (const item of list.items) {
    const [only, ...others] = item.blocks
    const last = blocks.at(-1)
    if (only?.type === 'paragraph' && others.length === 0 && importanceOf(plainOfInlines(only.content)))
      blocks.push(only)
    else if (last?.type === 'list') last.items.push(item)
    else blocks.push({ ...list, items: [item], line: item.line })
  }
  return blocks
}

/** The blocks with the lists that their author meant. */
export function repairLists(blocks: readonly SourceBlock[], notices: Notices): SourceBlock[] {
  const repaired: SourceBlock[] = []
  let run: Extract<SourceBlock, { type: 'paragraph' }>[] = []
  const flush = () => {
    repaired.push(...(listsIn(run, notices) ?? run))
    run = []
  }
  for (const block of blocks) {
    if (block.type === 'paragraph') {
      run.push(block)
      continue
    }
    flush()
    if (block.type === 'list') {
      const items = block.items.map(item => ({ ...item, blocks: repairLists(item.blocks, notices) }))
      repaired.push(...partedByImportance({ ...block, items }))
    } else if (block.type === 'table') {
      const rows = block.rows.map(row => ({
        ...row,
        cells: row.cells.map(cell => ({ ...cell, blocks: repairLists(cell.blocks, notices) })),
      }))
      repaired.push({ ...block, rows })
    } else repaired.push(block)
  }
  flush()
  return repaired
}
