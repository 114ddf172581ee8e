/** The SFIA block of a document: which skills at which level, under which categories, in which version of SFIA. */
import type { SfiaMapping, SfiaVersion } from '../../document/schema.ts'
import { type Inline, plainOfInlines } from '../../document/text.ts'
import type { Notices } from '../notices.ts'
import type { SourceBlock, SourceRow } from '../source/tree.ts'
import { normaliseHeading } from '../words/headings.ts'
import { readSfiaLines } from './sfia-lines.ts'
import { contentOfRow, sfiaTable } from './sfia-tables.ts'
import type { BodyBlock, Rows } from './steps.ts'
import { cellText, filledCells } from './tables.ts'

export interface SfiaSkill {
  code: string
  name: string
  category: string
  subcategory: string
  levels: readonly number[]
}
export interface SfiaIndex {
  version: SfiaVersion
  /** False for the starter index: a code that is not in it may well exist. */
  complete: boolean
  skills: readonly SfiaSkill[]
}

/** A line of the block as it is printed. */
interface SfiaLine {
  text: string
  content: Inline[]
  line: number
  code?: string
  name?: string
  level?: number
  /** The category and subcategory lines that it stands under. */
  category?: string
  subcategory?: string
  /** The row of a table that it is, and what the row is beside a skill. */
  row?: SourceRow
  part?: 'head' | 'unread'
  /** The row says more than a mapping holds, so that it stays beside it. */
  stays?: boolean
  /** What of the line says this skill, where it says several. */
  words?: string
}

interface SfiaResult {
  version: SfiaVersion | null
  mappings: SfiaMapping[]
  /** Lines that mappings stand for, and their categories: the block prints them. */
  taken: Set<SfiaLine>
}

/** The rows of a table of SFIA as lines; other rows are the lines of their cells. */
function linesOfRows(block: Rows): SfiaLine[] {
  const table = sfiaTable(block.rows)
  return block.rows.flatMap((row): SfiaLine[] => {
    const found = table?.found.get(row)
    const line = { text: row.cells.map(cellText).join(' ').trim(), content: contentOfRow(row), line: row.line, row }
    if (found) {
      const { saysMore, ...skill } = found
      return [{ ...line, ...skill, ...(saysMore ? { stays: true } : {}) }]
    }
    if (row === table?.head) return [{ ...line, part: 'head' }]
    if (table && filledCells(row).length > 1) return [{ ...line, part: 'unread' }]
    return row.cells.flatMap(cell => cell.blocks.flatMap(linesOf))
  })
}

const linesOf = (block: BodyBlock | SourceBlock): SfiaLine[] => {
  if (block.type === 'list') return block.items.flatMap(item => item.blocks.flatMap(linesOf))
  if (block.type === 'rows') return linesOfRows(block)
  if (block.type === 'table') {
    return block.rows.flatMap(row => row.cells.flatMap(cell => cell.blocks.flatMap(linesOf)))
  }
  if (block.type === 'note') return []
  return [{ text: plainOfInlines(block.content), content: block.content, line: block.line }]
}

const codesOf = (versions: readonly SfiaIndex[]) =>
  new Set(versions.flatMap(({ skills }) => skills.map(({ code }) => code)))

/** Whether lines are of SFIA where no heading says so: `ITIL 4` has the form of a code that is loaded, and is none. */
export const areOfSfia = (lines: readonly SfiaLine[], versions: readonly SfiaIndex[]) => {
  const known = codesOf(versions)
  const found = lines.filter(({ code, name }) => code !== undefined && (known.has(code) || name !== ''))
  return found.length * 2 > lines.length
}

/** The lines of a block, with what each says; categories are told by the names that any version of SFIA has. */
export function sfiaLines(blocks: readonly BodyBlock[], versions: readonly SfiaIndex[]): SfiaLine[] {
  const names = (member: 'category' | 'subcategory') => {
    const printed = new Set(versions.flatMap(version => version.skills.map(skill => skill[member])))
    return new Set([...printed].map(normaliseHeading))
  }
  const categories = names('category')
  const subcategories = names('subcategory')
  let category: string | undefined
  let subcategory: string | undefined
  return blocks.flatMap(linesOf).flatMap(line => {
    if (line.row) {
      // A cell that spans several rows stands in the first.
      category = line.category ?? category
      subcategory = line.subcategory ?? subcategory
      return line.part ? line : { ...line, ...(category ? { category } : {}), ...(subcategory ? { subcategory } : {}) }
    }
    const found = readSfiaLines(line.text)
    if (found.length > 0) {
      const under = { ...(category ? { category } : {}), ...(subcategory ? { subcategory } : {}) }
      return found.map(({ part, ...skill }) => ({ ...line, ...skill, words: part, ...under }))
    }
    const words = normaliseHeading(line.text)
    if (categories.has(words)) {
      category = line.text
      subcategory = undefined
      return { ...line, category }
    }
    if (subcategories.has(words)) {
      subcategory = line.text
      return { ...line, subcategory }
    }
    return line
  })
}

/** Lines of no skill that name one all the same: whole sentences, a level of two. What is certain in them is only the code. */
export function warnOfUnread(lines: readonly SfiaLine[], versions: readonly SfiaIndex[], notices: Notices) {
  const unread = lines.filter(({ code, part, row }) => code === undefined && !part && !row)
  // It is asked of every section, and most hold none.
  const known = unread.length > 0 ? codesOf(versions) : new Set<string>()
  for (const { text, line, content } of unread) {
    const codes = [...new Set(text.match(/\b[A-Z]{4}\b/g))].filter(word => known.has(word))
    if (codes.length === 0 && !/\bSFIA\b[^.]*\blevel\b/i.test(text.slice(0, sentenceMax))) continue
    const names = codes.length > 0 ? codes.join(', ') : 'a level'
    const detail = `The text names ${names} of SFIA in a way that is not certain to read: a skill is its code and one level. It was kept as text`
    notices.add('advice', 'sfia_text_not_read', line, text, detail, content)
  }
}
const sentenceMax = 1000
/** The lines of a section that is not on SFIA which name it. */
export const linesOnSfia = (blocks: readonly BodyBlock[]) =>
  blocks.flatMap(linesOf).filter(({ text }) => /\bSFIA\b/.test(text))

const same = (one: string, other: string) => normaliseHeading(one) === normaliseHeading(other)

interface Fit {
  index: SfiaIndex
  levels: number
  words: number
}

const fitOf = (index: SfiaIndex, lines: readonly SfiaLine[]): Fit => {
  const skills = new Map(index.skills.map(skill => [skill.code, skill]))
  const fit = { index, levels: 0, words: 0 }
  for (const line of lines) {
    const skill = skills.get(line.code ?? '')
    if (!skill || line.level === undefined) continue
    if (skill.levels.includes(line.level)) fit.levels += 1
    if (line.name && same(line.name, skill.name)) fit.words += 1
    if (line.category && same(line.category, skill.category)) fit.words += 1
    if (line.subcategory && same(line.subcategory, skill.subcategory)) fit.words += 1
  }
  return fit
}

/** The version that a text names itself: `SFIA 8`, `SFIA version 7`. */
export const printedVersion = (text: string): SfiaVersion | undefined =>
  /\bSFIA[\s-]*(?:version\s*|v\.?\s*)?([6-9])\b/i.exec(text)?.[1] as SfiaVersion | undefined

/** The version in which most codes, levels and names of the lines fit; the newest of those that fit alike. */
function inferVersion(
  lines: readonly SfiaLine[],
  versions: readonly SfiaIndex[],
  notices: Notices,
): SfiaIndex | undefined {
  const fits = versions
    .map(index => fitOf(index, lines))
    .sort((a, b) => b.levels - a.levels || b.words - a.words || Number(b.index.version) - Number(a.index.version))
  const [best] = fits
  if (!best || best.levels === 0) return undefined
  const others = fits
    .slice(1)
    .sort((a, b) => Number(a.index.version) - Number(b.index.version))
    .map(fit => `SFIA ${fit.index.version}: ${fit.levels} and ${fit.words}`)
  const alike = fits.filter(fit => fit.levels === best.levels && fit.words === best.words)
  const counts = `${best.levels} of ${lines.length} codes have the printed level in it, and ${best.words} printed names and categories agree${others.length > 0 ? ` (${others.join('; ')})` : ''}`
  const detail =
    alike.length > 1
      ? `The document names no version of SFIA, and ${alike.length} of those that are loaded fit it alike. SFIA ${best.index.version}, the newest of them, was taken: ${counts}. Set the version that is meant`
      : `The document names no version of SFIA. SFIA ${best.index.version} was inferred: ${counts}. Check it`
  const code = alike.length > 1 ? 'sfia_version_tied' : 'sfia_version_inferred'
  notices.add('advice', code, lines[0]?.line ?? null, lines[0]?.text ?? '', detail, '/sfia_version')
  return best.index
}

const listed = (levels: readonly number[]) => levels.join(', ')

/**
 * Mappings of the lines. `wanted` is a version that the request or the draft has, and wins over what the document says.
 * Lines whose code or level is not valid are not taken: they stay in the document.
 */
export function readSfia(
  all: readonly SfiaLine[],
  versions: readonly SfiaIndex[],
  wanted: SfiaVersion | undefined,
  printed: SfiaVersion | undefined,
  notices: Notices,
): SfiaResult {
  const lines = all.filter(line => line.code !== undefined)
  for (const { part, line, text, content } of all) {
    if (part !== 'unread') continue
    const detail =
      'This row of a table of SFIA has no code with one level that could be read. It was kept as a list item'
    notices.add('repair', 'sfia_row_not_read', line, text, detail, content)
  }
  const named = wanted ?? printed
  const index = named ? versions.find(candidate => candidate.version === named) : inferVersion(lines, versions, notices)
  const result: SfiaResult = { version: named ?? index?.version ?? null, mappings: [], taken: new Set() }
  if (lines.length === 0) return { ...result, version: wanted ?? printed ?? null }
  const skills = new Map(index?.skills.map(skill => [skill.code, skill]))
  const kept = 'The line was kept as a list item'
  /** What was said of each line, which may name a skill more than once. */
  const told = new Map<object, Set<string>>()
  for (const line of lines) {
    const { code, level: printedLevel, name, category, subcategory } = line
    if (code === undefined || printedLevel === undefined) continue
    const skill = skills.get(code)
    const warn = (severity: 'advice' | 'repair', warning: string, detail: string) => {
      const ofLine = told.get(line.content) ?? new Set()
      if (!ofLine.has(detail)) notices.add(severity, warning, line.line, line.text, detail, line.content)
      told.set(line.content, ofLine.add(detail))
    }
    if (!index || !skill) {
      if (!index) warn('repair', 'sfia_not_loaded', `No version of SFIA that is loaded has ${code}. ${kept}`)
      else if (index.complete) warn('repair', 'sfia_code_unknown', `SFIA ${index.version} has no ${code}. ${kept}`)
      else {
        const detail = `${code} is not in the part of SFIA ${index.version} that is loaded; load the official spreadsheet. ${kept}`
        warn('repair', 'sfia_not_loaded', detail)
      }
      continue
    }
    if (!skill.levels.includes(printedLevel)) {
      const ofLine = lines.filter(other => other.content === line.content && other.code === code)
      const wrong = new Set(ofLine.flatMap(({ level = 0 }) => (skill.levels.includes(level) ? [] : [level])))
      const detail = `${code} has levels ${listed(skill.levels)} in SFIA ${index.version}, not ${[...wrong].join(' or ')}. ${kept}`
      warn('repair', 'sfia_level_invalid', detail)
      continue
    }
    const before = result.mappings.find(mapping => mapping.code === code)
    if (before && before.level !== printedLevel) {
      warn(
        'repair',
        'sfia_code_repeated',
        `${code} stands twice, at levels ${before.level} and ${printedLevel}. ${kept}`,
      )
      continue
    }
    const mapping = before ?? { code, level: printedLevel }
    if (!before) result.mappings.push(mapping)
    if (!line.stays) result.taken.add(line)
    notices.understand(line.line, line.words ?? line.text, mapping, 'SFIA mapping')
    const differs = (what: string, printedWord: string | undefined, framework: string) => {
      if (!printedWord || same(printedWord, framework)) return
      const detail = `${code}: the document prints the ${what} “${printedWord.replace(/:$/, '')}”, SFIA ${index.version} has “${framework}”, which is what the register shows`
      notices.add('repair', `sfia_${what}_differs`, line.line, line.text, detail, mapping)
    }
    differs('name', name, skill.name)
    differs('category', category, skill.category)
    differs('subcategory', subcategory, skill.subcategory)
  }
  // A line of several skills goes as a whole or stays as a whole.
  const left = new Set(lines.filter(line => !result.taken.has(line)).map(line => line.content))
  for (const line of result.taken) if (left.has(line.content)) result.taken.delete(line)
  if (result.mappings.length > 0) {
    for (const line of all.filter(other => other.code === undefined && (other.category ?? other.subcategory))) {
      result.taken.add(line)
      notices.understand(line.line, line.text, '/sfia_mappings', line.category ? 'SFIA category' : 'SFIA subcategory')
    }
  }
  return result
}
