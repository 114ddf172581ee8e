/**
 * Reads the SFIA Foundation's spreadsheet, as CSV or XLSX, and plain tables of code, name, category, subcategory and
 * levels. Pure: bytes in, skills or a list of all that is wrong out.
 */
import { CsvError, parse as parseCsv } from 'csv-parse/sync'

/** One skill of a SFIA version; levels ascend. */
export interface SfiaIndexSkill {
  code: string
  name: string
  category: string
  subcategory: string
  levels: number[]
}

/** What is wrong with a sheet: the row as the spreadsheet numbers it, or null where it is the file as a whole. */
interface SheetProblem {
  row: number | null
  detail: string
}

interface ParsedSfia {
  /** Sorted by code; empty where there is any problem, so that half a sheet is never loaded. */
  skills: SfiaIndexSkill[]
  problems: SheetProblem[]
  /** The versions that the sheet's own links name: to notice that SFIA 8 is about to be loaded as SFIA 9. */
  statedVersions: string[]
}

/**
 * Reads a sheet by what it holds, whatever its file is called: XLSX, or CSV separated by commas, semicolons or tabs, in
 * UTF-8, UTF-16 or Windows-1252. The header row is found by the names in it. Never throws for what a file holds.
 */
export async function parseSfia(bytes: Uint8Array): Promise<ParsedSfia> {
  const tables = await readTables(bytes)
  if ('detail' in tables) return { skills: [], problems: [tables], statedVersions: [] }
  const headers = tables.map(findHeader)
  const index = headers.findIndex(header => header?.missing.length === 0)
  const [table, header] = [tables[index], headers[index]]
  if (table && header) return readRows(table, header)
  const nearest = headers.filter(one => one !== undefined).sort((a, b) => a.missing.length - b.missing.length)[0]
  const problem = nearest
    ? { row: nearest.row + 1, detail: `The header row lacks ${nearest.missing.join(', ')}.` }
    : { row: null, detail: 'No row names the columns Code, Skill, Category, Subcategory and Levels.' }
  return { skills: [], problems: [problem], statedVersions: [] }
}

/** A problem as one line of text. */
export const describeProblem = ({ row, detail }: SheetProblem) => (row === null ? detail : `Row ${row}: ${detail}`)

/** Rows of cells; the index of a row is its number in the spreadsheet less one. */
type Table = readonly (readonly string[])[]

const whole = (detail: string): SheetProblem => ({ row: null, detail })

/** Every table that the bytes may be read as: the sheets of a workbook, or a text cut at each separator. */
async function readTables(bytes: Uint8Array): Promise<Table[] | SheetProblem> {
  if (bytes.length === 0) return whole('The file is empty.')
  if (startsWith(bytes, 0x50, 0x4b)) return readWorkbook(bytes)
  if (startsWith(bytes, 0xd0, 0xcf, 0x11, 0xe0)) return whole('This is an old .xls workbook: save it as .xlsx or CSV.')
  const text = decode(bytes)
  if (text.includes('\0')) return whole('This is neither CSV nor XLSX.')
  const tables = [',', ';', '\t'].map(delimiter => cutText(text, delimiter))
  const readable = tables.filter((table): table is Table => !('detail' in table))
  // With the wrong separator quotes can seem broken, so one that reads is enough.
  return readable.length > 0 ? readable : (tables[0] as SheetProblem)
}

async function readWorkbook(bytes: Uint8Array): Promise<Table[] | SheetProblem> {
  // Only the command line reads workbooks: the service never pays for the reader.
  const { default: readXlsx } = await import('read-excel-file/node')
  try {
    const sheets = await readXlsx(Buffer.from(bytes))
    return sheets.map(({ data }) => data.map(row => row.map(cell => (cell === null ? '' : tidy(String(cell))))))
  } catch {
    return whole('This looks like XLSX and cannot be read: the file is damaged, or no spreadsheet.')
  }
}

function cutText(text: string, delimiter: string): Table | SheetProblem {
  try {
    const rows = parseCsv(text, { delimiter, relax_column_count: true }) as string[][]
    return rows.map(row => row.map(tidy))
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    const line = Number((error as { lines?: unknown }).lines)
    return whole(`The CSV cannot be read: a quotation mark is out of place${line ? ` near line ${line}` : ''}.`)
  }
}

const startsWith = (bytes: Uint8Array, ...start: number[]) => start.every((byte, index) => bytes[index] === byte)

/** What Windows-1252 has at 0x80 to 0x9f. Node 20's own decoder takes the encoding for Latin-1 and loses these. */
const windows1252 = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ'

function decode(bytes: Uint8Array): string {
  if (startsWith(bytes, 0xff, 0xfe)) return new TextDecoder('utf-16le').decode(bytes)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return Buffer.from(bytes)
      .toString('latin1')
      .replaceAll(/[\u0080-\u009f]/g, character => windows1252.charAt(character.charCodeAt(0) - 0x80))
  }
}

/** Without the line breaks and doubled or hard spaces that spreadsheets collect. */
const tidy = (cell: string) => cell.replaceAll(/\s+/g, ' ').trim()

/** Where each column stands; `row` is the index of the header row. */
interface Header {
  row: number
  code: number
  name: number
  category: number
  subcategory: number
  url: number
  /** Seven columns for levels 1 to 7, or one that lists them. */
  levels: number[]
  /** Names of the columns that were not found. */
  missing: string[]
}

const names = {
  code: ['code', 'skillcode', 'sfiacode'],
  name: ['skill', 'name', 'skillname'],
  category: ['category'],
  subcategory: ['subcategory'],
  url: ['url', 'link'],
  levels: ['levels', 'level', 'definedlevels'],
}

/** The first row that names every column, else the row that comes nearest; undefined where none has a code column. */
function findHeader(table: Table): Header | undefined {
  let nearest: Header | undefined
  for (const [row, cells] of table.entries()) {
    const plain = cells.map(cell => cell.toLowerCase().replaceAll(/[^a-z0-9]/g, ''))
    const find = (of: keyof typeof names) => plain.findIndex(cell => names[of].includes(cell))
    const code = find('code')
    if (code === -1) continue
    const header = {
      row,
      code,
      name: find('name'),
      category: find('category'),
      subcategory: find('subcategory'),
      url: find('url'),
      levels: findLevels(table, row, plain, find('levels')),
    }
    const missing = [
      ...(header.name === -1 ? ['Skill'] : []),
      ...(header.category === -1 ? ['Category'] : []),
      ...(header.subcategory === -1 ? ['Subcategory'] : []),
      ...(header.levels.length === 0 ? ['Levels'] : []),
    ]
    if (missing.length === 0) return { ...header, missing }
    if (!nearest || missing.length < nearest.missing.length) nearest = { ...header, missing }
  }
  return nearest
}

const seven = (first: number) => Array.from({ length: 7 }, (_, index) => first + index)

/**
 * `Levels` heads seven columns, of which the first bears the name and the others none; or it is one column, with empty
 * ones after it perhaps. In some sheets the seven are named 1 to 7, with or without `Levels` in the row above.
 */
function findLevels(table: Table, row: number, plain: readonly string[], levels: number): number[] {
  const numbered = plain.findIndex((_, first) =>
    seven(first).every((column, index) => [`${index + 1}`, `level${index + 1}`].includes(plain[column] ?? '')),
  )
  if (numbered !== -1) return seven(numbered)
  if (levels === -1) return []
  const others = seven(levels).slice(1)
  const spans = others.every(column => plain[column] === '')
  const filled = table.slice(row + 1).some(cells => others.some(column => (cells[column] ?? '') !== ''))
  return spans && filled ? seven(levels) : [levels]
}

function readRows(table: Table, header: Header): ParsedSfia {
  const problems: SheetProblem[] = []
  const skills = new Map<string, SfiaIndexSkill>()
  const rowOf = new Map<string, number>()
  const stated = new Set<string>()
  let [category, subcategory] = ['', '']

  for (const [index, cells] of table.entries()) {
    if (index <= header.row) continue
    const row = index + 1
    const cell = (column: number) => cells[column] ?? ''
    // A group's name may stand on its first row alone; a new category begins new subcategories.
    const [ownCategory, ownSubcategory] = [cell(header.category), cell(header.subcategory)]
    if (ownCategory !== '' && ownCategory !== category) [category, subcategory] = [ownCategory, '']
    if (ownSubcategory !== '') subcategory = ownSubcategory

    const [code, name, levels] = [cell(header.code), cell(header.name), header.levels.map(cell)]
    const isNumbering = index === header.row + 1 && levels.join() === '1,2,3,4,5,6,7'
    if (code === '' && name === '' && (isNumbering || levels.every(level => level === ''))) continue
    if (isNote(cells, header)) continue

    const found = readLevels(levels)
    const wrong = [
      ...checkCode(code, rowOf.get(code)),
      ...checkName('a skill name', name),
      ...checkName('a category', category),
      ...checkName('a subcategory', subcategory),
      ...found.wrong,
    ]
    problems.push(...wrong.map(detail => ({ row, detail: `${code || name || 'a row without a code'}: ${detail}.` })))
    if (!rowOf.has(code)) rowOf.set(code, row)
    skills.set(code, { code, name, category, subcategory, levels: found.levels })
    const version = /\/(?:sfia-|shortcode\/)(\d+)\//.exec(cell(header.url))?.[1]
    if (version !== undefined) stated.add(version)
  }

  if (skills.size === 0) problems.push({ row: header.row + 1, detail: 'No skill stands below the header row.' })
  const sorted = [...skills.values()].sort((a, b) => (a.code < b.code ? -1 : 1))
  return { skills: problems.length === 0 ? sorted : [], problems, statedVersions: [...stated].sort() }
}

/** A line of prose below the table, such as a copyright notice: one cell, of several words. */
const isNote = (cells: readonly string[], header: Header) => {
  const filled = cells.filter(cell => cell !== '')
  return filled.length === 1 && filled[0] === cells[header.code] && filled[0]?.includes(' ') === true
}

function checkCode(code: string, earlier: number | undefined): string[] {
  if (code === '') return ['the row has no code']
  if (!/^[A-Z]{4}$/.test(code)) return ['a code is four capital letters']
  return earlier === undefined ? [] : [`the code stands in row ${earlier} already`]
}

const nameCharactersMax = 300

function checkName(what: string, name: string): string[] {
  if (name === '') return [`the row has no ${what.replace(/^an? /, '')}`]
  if (/\p{C}/u.test(name)) return [`${what} holds a character that is no text`]
  return name.length > nameCharactersMax ? [`${what} is longer than ${nameCharactersMax} characters`] : []
}

const marks = new Set(['x', 'y', 'yes', 'true', '✓', '✔', '•', '●', '■'])

/** Levels out of seven columns, each empty, marked or with its own number; or out of one list such as `2 3 4`. */
function readLevels(cells: readonly string[]): { levels: number[]; wrong: string[] } {
  const wrong: string[] = []
  const levels = new Set<number>()
  const isList = cells.length === 1
  const entries = isList ? (cells[0] ?? '').split(/[\s,;/]+/) : cells
  for (const [index, entry] of entries.entries()) {
    if (entry === '') continue
    const level = Number(!isList && marks.has(entry.toLowerCase()) ? index + 1 : entry)
    if (!/^-?\d+$/.test(String(level))) wrong.push(`"${entry.slice(0, 30)}" is no level`)
    else if (level < 1 || level > 7) wrong.push(`level ${level} is impossible: SFIA has levels 1 to 7`)
    else if (!isList && level !== index + 1) wrong.push(`level ${level} stands in the column of level ${index + 1}`)
    else if (levels.has(level)) wrong.push(`level ${level} stands twice`)
    levels.add(level)
  }
  if (levels.size === 0) wrong.push('the row has no level')
  return { levels: [...levels].sort((a, b) => a - b), wrong }
}
