/** Tables that have a document in two languages side by side, Welsh and English. */
import type { SectionKind } from '../../document/schema.ts'
import { plainOfInlines } from '../../document/text.ts'
import type { Notices } from '../notices.ts'
import {
  hardLines,
  isBold,
  linesIn,
  type SourceBlock,
  type SourceCell,
  type SourceParagraph,
  type SourceRow,
} from '../source/tree.ts'
import { importanceOf, isWelshHeading, knownKind, looksLikeHeading } from '../words/headings.ts'
import type { LabelledMember } from '../words/label-words.ts'
import { isWelshLabel, labelled, labelledMember } from '../words/labels.ts'
import { cellText } from './tables.ts'

type Table = Extract<SourceBlock, { type: 'table' }>

const namesIn = (blocks: readonly SourceBlock[]): string[] =>
  linesIn(blocks).map(({ content }) => plainOfInlines(content))

const meaningOf = (name: string) => labelledMember(name) ?? knownKind(name) ?? importanceOf(name)
const isWelsh = (name: string) => isWelshHeading(name) || isWelshLabel(name)

/** Whether a cell is one name: no list, no sentence, no label with its value, no line below. */
function isName({ blocks }: SourceCell) {
  const [only, ...more] = blocks
  if (only?.type !== 'paragraph' || more.length > 0 || hardLines(only).length > 1) return false
  return looksLikeHeading(plainOfInlines(only.content)) && labelled(only.content) === undefined
}

/**
 * Whether a table says what words are called in the other language or by another employer (`Grade | Band`), and nothing more:
 * two of its rows have two names of one part of a role.
 */
export const isGlossary = (rows: readonly SourceRow[]) =>
  rows.every(({ cells }) => cells.length === 2 && cells.every(isName) && cellText(cells[0]) !== cellText(cells[1])) &&
  rows.filter(({ cells }) => {
    const [one = '', other = ''] = cells.map(cellText)
    return meaningOf(one) !== undefined && meaningOf(one) === meaningOf(other)
  }).length > 1

/** What the headings and labels of a column mean, and how many of them are Welsh. */
function meaningsOf(cells: readonly (SourceCell | undefined)[]) {
  const names = cells
    .flatMap(cell => namesIn(cell?.blocks ?? []))
    .map(line => line.slice(0, 150).split(':', 1)[0] ?? '')
  const known = names.flatMap(name => {
    const meaning = meaningOf(name)
    return meaning === undefined ? [] : [{ meaning, isWelsh: isWelsh(name) }]
  })
  return {
    meanings: new Set(known.map(({ meaning }) => meaning)),
    welsh: known.filter(({ isWelsh }) => isWelsh).length,
    all: known.length,
  }
}

/** Which of two columns is the Welsh one of a table that says the same in both; undefined for all other tables. */
function welshColumn({ rows }: Table): 0 | 1 | undefined {
  if (rows.some(({ cells }) => cells.length > 2) || isGlossary(rows)) return undefined
  const pairs = rows.filter(({ cells }) => cells.length === 2)
  const [left, right] = [meaningsOf(pairs.map(row => row.cells[0])), meaningsOf(pairs.map(row => row.cells[1]))]
  const same = [...left.meanings].filter(meaning => right.meanings.has(meaning))
  if (same.length < 2) return undefined
  if (left.welsh * 2 > left.all && right.welsh * 2 < right.all) return 0
  return right.welsh * 2 > right.all && left.welsh * 2 < left.all ? 1 : undefined
}

/** The language of the labels by which each member was read. */
export type Languages = Map<LabelledMember, 'Welsh' | 'English'>

/**
 * Whether details, whose labels are all of one language, say again what was read by a label in the other: a draft has each
 * once, so they stay text. What is said for the first time is put into `said`.
 */
export function sayAgain(
  pairs: readonly { label: string; line: number }[],
  said: Languages,
  notices: Notices,
): boolean {
  const found = pairs.flatMap(({ label }) => {
    const member = labelledMember(label)
    return member ? [{ member, language: isWelshLabel(label) ? ('Welsh' as const) : ('English' as const) }] : []
  })
  const isOfOne = new Set(found.map(({ language }) => language)).size === 1
  if (isOfOne && found.some(({ member, language }) => (said.get(member) ?? language) !== language)) {
    const labels = pairs.map(({ label }) => label).join(', ')
    const detail = 'These details say in another language what was read before; they stayed a text of their section'
    notices.add('advice', 'details_kept_as_text', pairs[0]?.line ?? null, labels, detail)
    return true
  }
  for (const { member, language } of found) if (!said.has(member)) said.set(member, language)
  return false
}

const heading = 'Cymraeg'
const languages = /^(?:cymraeg|welsh|saesneg|english)(?: ?[/|] ?(?:cymraeg|welsh|saesneg|english))?$/i

/** A heading of ours as the document's own look. */
function headingAt(line: number, blocks: readonly SourceBlock[]): SourceBlock {
  const depths = blocks.flatMap(block => (block.type === 'heading' ? [block.depth] : []))
  const content = [{ type: 'text' as const, value: heading }]
  if (depths.length === 0) return { type: 'paragraph', content: [{ type: 'strong', children: content }], line }
  return { type: 'heading', depth: Math.min(...depths.filter((depth, at) => at > 0 || depth > 1), 6), content, line }
}

const kindsOfLists = new Set<SectionKind | undefined>(['responsibilities', 'skills_experience', 'person_specification'])

/** Short lines under a heading of duties or criteria as its list: a cell of such a table has one line below the other. */
function withItems(blocks: readonly SourceBlock[], notices: Notices): SourceBlock[] {
  const lines = blocks.flatMap((block): SourceBlock[] =>
    block.type === 'paragraph'
      ? hardLines(block).map((line, at) => ({ ...block, ...line, ...(at > 0 ? { continues: true } : {}) }))
      : [block],
  )
  const read: SourceBlock[] = []
  for (let at = 0; at < lines.length; ) {
    const block = lines[at] as SourceBlock
    read.push(isHeadOf(block, importanceOf) ? inBold(block) : block)
    at += 1
    if (!isHeadOf(block, name => importanceOf(name) !== undefined || kindsOfLists.has(knownKind(name)))) continue
    const items: SourceParagraph[] = []
    for (
      let line = lines[at];
      line?.type === 'paragraph' && !isHeadOf(line, meaningOf);
      line = lines[at + items.length]
    )
      items.push(line)
    const [first, second] = items
    const isItem = ({ content }: SourceParagraph) =>
      !isBold(content) && !/:$/.test(plainOfInlines(content)) && looksLikeHeading(plainOfInlines(content))
    // One criterion is a list; one duty may be all that is said.
    if (!first || !(second || isHeadOf(block, importanceOf)) || !items.every(isItem)) continue
    const detail = 'The lines below say each one duty or criterion; they were read as a list'
    notices.add('repair', 'list_recognised', first.line, plainOfInlines(first.content), detail)
    read.push({
      type: 'list',
      ordered: false,
      items: items.map(({ content, line }) => ({ blocks: [{ type: 'paragraph', content, line }], line })),
      line: first.line,
    })
    at += items.length
  }
  return read
}
/** In a row of its own a heading needs no mark; without the table it does. */
const inBold = (block: SourceBlock): SourceBlock =>
  block.type !== 'paragraph' || isBold(block.content)
    ? block
    : { ...block, content: [{ type: 'strong', children: block.content }] }
const isHeadOf = (block: SourceBlock, says: (name: string) => unknown) =>
  (block.type === 'paragraph' || block.type === 'heading') && Boolean(says(plainOfInlines(block.content)))

/**
 * The blocks with the English column where the table stands, as the text that it is, and the Welsh ones behind all others,
 * under a heading of ours where they begin with none.
 */
export function withLanguagesParted(blocks: readonly SourceBlock[], notices: Notices): readonly SourceBlock[] {
  const welsh: SourceBlock[] = []
  /** The name of the language at the head of a column is no text of the role. */
  const withoutLanguage = ({ blocks: [first, ...others] }: SourceCell, line: number): SourceBlock[] => {
    const names = first ? namesIn([first]) : []
    const isName = names.length === 1 && languages.test(names[0] ?? '')
    if (isName) notices.understand(line, names.join(' '), '', 'head of a table')
    return first && !isName ? [first, ...others] : others
  }
  const kept = blocks.flatMap((block): SourceBlock[] => {
    const column = block.type === 'table' ? welshColumn(block) : undefined
    if (block.type !== 'table' || column === undefined) return [block]
    const text = (block.rows[0]?.cells ?? []).flatMap(cell => namesIn(cell.blocks)).join(' ')
    const detail = `Welsh and English stand side by side; the Welsh text was put behind the English; what has no heading of its own there is under “${heading}”`
    notices.add('repair', 'languages_parted', block.line, text, detail)
    const rows = block.rows.map(({ cells, line }, at) =>
      cells.map(cell => (at === 0 ? withoutLanguage(cell, line) : cell.blocks)),
    )
    const side = (of: (texts: SourceBlock[][]) => SourceBlock[] | undefined) =>
      withItems(
        rows.flatMap(texts => of(texts) ?? []),
        notices,
      )
    welsh.push(...side(texts => (texts.length === 2 ? texts[column] : undefined)))
    return side(texts => (texts.length === 2 ? texts[1 - column] : texts[0]))
  })
  const [first] = welsh
  if (!first) return blocks
  // Where a section begins with it, it needs no heading of ours.
  const isHead = first.type === 'heading' || (first.type === 'paragraph' && knownKind(plainOfInlines(first.content)))
  return [...kept, ...(isHead ? [] : [headingAt(first.line, kept)]), ...welsh]
}
