/** SFIA skills in the rows of a table: which column says what, told by its head or by what stands in it. */
import { plainOfInlines } from '../../document/text.ts'
import type { SourceRow } from '../source/tree.ts'
import { normaliseHeading } from '../words/headings.ts'
import { saysAnother } from './sfia-lines.ts'
import { cellText, filledCells, isNoTick, isTick } from './tables.ts'

type Column = 'code' | 'name' | 'level' | 'category' | 'subcategory'

/** Heads of columns, without `SFIA 8` in them. */
const heads: [Column, RegExp][] = [
  ['code', /^(?:skill )?code$/],
  ['name', /^(?:(?:skill )?name|(?:technical |professional )?skills?|skills? and code|skill title)$/],
  ['level', /^(?:(?:skill|required|minimum|target|expected|responsibility) )?level(?: required| of responsibility)?$/],
  ['category', /^(?:skill )?category$/],
  ['subcategory', /^sub ?category$/],
]
const columnOf = (text: string): Column | undefined => {
  const words = normaliseHeading(text)
    .replace(/\bsfia\b(?: (?:version |v)?\d\b)?/, '')
    .replace(/\s+/g, ' ')
    .trim()
  return heads.find(([, pattern]) => pattern.test(words))?.[0]
}

const levelNames = 'follow|assist|apply|enable|ensure(?: and|,|/) ?advise|initiate(?: and|,|/) ?influence|set strategy'
const levelText = new RegExp(`^(?:level|lvl|l)?\\s*[-–—:]?\\s*([1-9])(?:\\s*[-–—:(]\\s*(?:${levelNames})\\)?)?$`, 'i')
const codeTexts = [
  /^(?<code>[A-Z]{4})$/,
  /^(?<name>.+?)\s*[([](?<code>[A-Z]{4})[)\]]$/,
  /^(?<code>[A-Z]{4})\s*[-–—:]\s*(?<name>.+)$/,
  /^(?<name>.+?)\s*[-–—:,]\s*(?<code>[A-Z]{4})$/,
]
const codeIn = (text: string): { code?: string; name?: string } =>
  codeTexts
    .map(pattern => pattern.exec(text)?.groups)
    .find(groups => groups !== undefined && !saysAnother(groups.name ?? '')) ?? {}
const levelIn = (text: string) => {
  const found = levelText.exec(text)?.[1]
  return found === undefined ? undefined : Number(found)
}

export interface SfiaRow {
  code: string
  name: string
  level: number
  category?: string
  subcategory?: string
  /** Cells say more than the mapping does. */
  saysMore: boolean
}

/** The level of each column of a table that has one for each level; undefined for any other table. */
function levelColumns(head: SourceRow): Map<number, number> | undefined {
  const levels = new Map(
    head.cells.flatMap((cell, at) => {
      const level = levelIn(cellText(cell))
      return level === undefined ? [] : [[at, level] as const]
    }),
  )
  return levels.size > 1 && new Set(levels.values()).size === levels.size ? levels : undefined
}

/** The row with the level that is ticked as a cell; undefined where that is not one of them. */
function rowByTick(row: SourceRow, columns: readonly (Column | undefined)[], levels: ReadonlyMap<number, number>) {
  if (row.cells.length !== columns.length) return undefined
  const marked = [...levels].filter(([at]) => !isNoTick(cellText(row.cells[at])))
  const [[at, level] = [0, 0]] = marked
  if (marked.length !== 1 || !isTick(cellText(row.cells[at]))) return undefined
  const content = [{ type: 'text' as const, value: String(level) }]
  const cell = { header: false, blocks: [{ type: 'paragraph' as const, content, line: row.line }] }
  const others = (_: unknown, index: number) => !levels.has(index)
  return rowByColumns({ ...row, cells: [...row.cells.filter(others), cell] }, [...columns.filter(others), 'level'])
}

/** A row by the columns of its table. */
function rowByColumns(row: SourceRow, columns: readonly (Column | undefined)[]): SfiaRow | undefined {
  // A cell that spans several rows is missing in the others.
  if (row.cells.length < columns.length) return rowByItself(row)
  if (row.cells.length > columns.length) return undefined
  const texts = row.cells.map(cellText)
  const cell = (column: Column) => texts[columns.indexOf(column)] ?? ''
  const inCode = codeIn(cell('code'))
  const inName = codeIn(cell('name'))
  const { code } = inCode.code === undefined && cell('code') === '' ? inName : inCode
  const level = levelIn(cell('level'))
  if (code === undefined || level === undefined) return undefined
  const name = inCode.name ?? (inName.code === code ? inName.name : undefined) ?? cell('name')
  const category = cell('category')
  const subcategory = cell('subcategory')
  return {
    code,
    name: name === code ? '' : name,
    level,
    ...(category === '' ? {} : { category }),
    ...(subcategory === '' ? {} : { subcategory }),
    saysMore: texts.some((text, at) => text !== '' && columns[at] === undefined),
  }
}

/** A row whose cells say by themselves which is the code and which the level. */
function rowByItself(row: SourceRow): SfiaRow | undefined {
  const texts = filledCells(row).map(cellText)
  const levels = texts.filter(text => levelIn(text) !== undefined)
  const codes = texts.filter(text => codeIn(text).code !== undefined)
  const others = texts.filter(text => !levels.includes(text) && !codes.includes(text))
  const [level = ''] = levels
  const { code, name = others[0] ?? '' } = codeIn(codes[0] ?? '')
  if (levels.length !== 1 || codes.length !== 1 || others.length > 1 || code === undefined) return undefined
  return { code, name, level: levelIn(level) ?? 0, saysMore: name !== '' && others.length > 0 && name !== others[0] }
}

export interface SfiaTable {
  /** What stands above the heads of the columns. */
  captions: SourceRow[]
  head?: SourceRow
  found: Map<SourceRow, SfiaRow>
}

/** More rows above the heads are no caption. */
const captionsMax = 2

/**
 * The rows of a table of SFIA; undefined where it is none. One without heads is one only where each of its rows is a
 * skill: any list of four letters and a number would be one.
 */
export function sfiaTable(rows: readonly SourceRow[]): SfiaTable | undefined {
  const at = rows.slice(0, captionsMax + 1).findIndex(row => {
    const columns = row.cells.map(cell => columnOf(cellText(cell)))
    const once = (column: Column) => columns.filter(other => other === column).length
    const hasLevels = columns.includes('level') ? once('level') === 1 : levelColumns(row) !== undefined
    return hasLevels && once('code') < 2 && once('name') < 2 && once('code') + once('name') > 0
  })
  const head = rows[at]
  const captions = rows.slice(0, Math.max(at, 0))
  if (captions.some(row => filledCells(row).length > 1)) return undefined
  const columns = head?.cells.map(cell => columnOf(cellText(cell)))
  const levels = columns?.includes('level') ? undefined : head && levelColumns(head)
  const body = rows.slice(at + 1)
  const found = new Map(
    body.flatMap(row => {
      const read = !columns ? rowByItself(row) : levels ? rowByTick(row, columns, levels) : rowByColumns(row, columns)
      return read ? [[row, read] as const] : []
    }),
  )
  const isWhole = body.every(row => found.has(row) || filledCells(row).length < 2)
  return found.size === 0 || (!head && !isWhole) ? undefined : { captions, ...(head ? { head } : {}), found }
}

/** Whether a table says at its beginning that it is one of SFIA. */
export const namesSfia = (rows: readonly SourceRow[]) =>
  rows
    .slice(0, captionsMax + 1)
    .some(row => row.cells.some(cell => /\bSFIA\b|skills framework for/i.test(cellText(cell))))

/** The content of the first paragraph of a row, which is the item that the row becomes where it stays. */
export function contentOfRow(row: SourceRow) {
  for (const { blocks } of row.cells) {
    for (const block of blocks) {
      if (block.type === 'paragraph' && plainOfInlines(block.content) !== '') return block.content
    }
  }
  return []
}
