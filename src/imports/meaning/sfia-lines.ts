/** SFIA skills in a line of text: the ways in which people write code, name and level, of one skill or several. */

const dash = '[-–—:,|]'
const level = `(?:level|lvl|l)?\\s*${dash}?\\s*([1-9])`
const shapes: { pattern: RegExp; order: ('name' | 'code' | 'level')[] }[] = [
  {
    pattern: new RegExp(`^(.*?)\\s*[([]([A-Z]{4})[)\\]]\\s*${dash}*\\s*\\(?${level}\\)?\\.?$`, 'i'),
    order: ['name', 'code', 'level'],
  },
  {
    pattern: new RegExp(
      `^([A-Z]{4})\\b\\s*${dash}*\\s*(.*?)\\s*${dash}*\\s*\\(?(?:level|lvl)\\s*${dash}?\\s*([1-9])\\)?\\.?$`,
      'i',
    ),
    order: ['code', 'name', 'level'],
  },
  {
    pattern: new RegExp(`^level\\s*([1-9])\\s*${dash}*\\s*(.*?)\\s*\\(([A-Z]{4})\\)\\.?$`, 'i'),
    order: ['level', 'name', 'code'],
  },
  {
    pattern: new RegExp(`^(.*?)\\s*${dash}\\s*([A-Z]{4})\\s*${dash}?\\s*${level}\\.?$`, 'i'),
    order: ['name', 'code', 'level'],
  },
  {
    pattern: new RegExp(
      `^(.*?)\\s+([A-Z]{4})\\b\\s*${dash}*\\s*\\(?(?:level|lvl)\\s*${dash}?\\s*([1-9])\\)?\\.?$`,
      'i',
    ),
    order: ['name', 'code', 'level'],
  },
  {
    pattern: new RegExp(`^([A-Z]{4})\\s*${dash}?\\s*\\(?(?:level|lvl|l)?\\s*([1-9])\\)?\\.?$`, 'i'),
    order: ['code', 'level'],
  },
]

export interface SfiaWords {
  code: string
  name: string
  level: number
}

/** Whether what would be a name holds the code or the level of another skill, so that neither is certain. */
export function saysAnother(text: string): boolean {
  const name = text.replace(/^\(?\d+[.)]\s+/, '')
  if (/\b(?:levels?|lvl)\s*[1-9]|\b[1-9]\b/i.test(name) || /[([][A-Z]{4}[)\]]/.test(name)) return true
  const words = name.match(/\p{L}+/gu) ?? []
  // In a name that is all capitals a word of four is a word.
  const isShouted = words.length > 1 && name === name.toUpperCase() && words.some(word => word.length > 4)
  return !isShouted && words.some(word => /^[A-Z]{4}$/.test(word) && word !== 'SFIA')
}

/** What a line says before its skill: `SFIA 8: `. */
const ofSfia = /^SFIA(?: skills?)?(?:\s*(?:version\s*|v)?[6-9])?(?:\s*[-–—:]\s*|\s+)(?!level)/i

/** `Systems Design (DESN) – Level 3` in the ways that people write it; undefined for any other line. */
export function readSfiaLine(text: string): SfiaWords | undefined {
  if (text.length > 200) return undefined
  const line = text.replace(ofSfia, '')
  for (const { pattern, order } of shapes) {
    const match = pattern.exec(line)
    if (!match) continue
    const part = (name: 'name' | 'code' | 'level') =>
      order.includes(name) ? (match[order.indexOf(name) + 1] ?? '') : ''
    const code = part('code')
    const name = part('name').trim()
    // `SFIA 8` has the form of a code and its level.
    if (code === code.toUpperCase() && code !== 'SFIA' && !saysAnother(name))
      return { code, name, level: Number(part('level')) }
  }
  return undefined
}

const levelFirst = new RegExp(`^(?:SFIA\\s+)?level\\s*([1-9])\\s*${dash}\\s*(?=\\S)`, 'i')
const codeAlone = /^(?:(?<name>.*?)\s*\((?<inside>[A-Z]{4})\)|(?<code>[A-Z]{4}))$/

/** `SFIA level 4: PROG, DESN and BUSA`; undefined where any part of it is no code. */
function readLevelFirst(text: string): SfiaWords[] | undefined {
  const start = levelFirst.exec(text)
  if (!start || text.length > 200) return undefined
  const found = text
    .slice(start[0].length)
    .replace(/\.$/, '')
    .split(/,\s*and\s|[,&]|\sand\s/)
    .map(part => codeAlone.exec(part.trim())?.groups)
  const skills = found.flatMap(groups => {
    const code = groups?.inside ?? groups?.code
    const name = groups?.name ?? ''
    return code && !saysAnother(name) ? [{ code, name, level: Number(start[1]) }] : []
  })
  return skills.length === found.length ? skills : undefined
}

/** Longer lines are texts. */
const lineMax = 1000
/** What parts skills in one line: a semicolon, the end of a sentence, and further signs behind a level. */
const between = /;\s*|\.\s+(?=\S)|(?<=[1-9]\)?)\s*(?:,\s*(?:and\b)?|\band\b|[&+/|])\s*/g

/**
 * The skills of a line, each with the part of the line that says it; the parts make up the line. [] where any part of it
 * cannot be read: a level must not go to another's code.
 */
export function readSfiaLines(text: string): (SfiaWords & { part: string })[] {
  const one = readSfiaLine(text)
  if (one) return [{ ...one, part: text }]
  if (text.length > lineMax) return []
  const ends = [...text.matchAll(between)].map(({ 0: sign, index }) => ({ end: index, next: index + sign.length }))
  const starts = [0, ...ends.map(({ next }) => next)]
  const found = starts.flatMap((start, at) => {
    const words = text.slice(start, ends[at]?.end).trim()
    if (words === '') return []
    const single = readSfiaLine(words)
    const part = text.slice(start, starts[at + 1])
    return [(single ? [single] : readLevelFirst(words))?.map((skill, n) => ({ ...skill, part: n === 0 ? part : '' }))]
  })
  return found.every(skills => skills !== undefined) ? found.flat() : []
}
