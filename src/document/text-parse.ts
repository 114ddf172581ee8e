/**
 * Reads the inline text of documents: CommonMark emphasis, strong, code, links and autolinks, and nothing else.
 *
 * Written out rather than taken from a Markdown library because it runs on every text of every write, and general
 * parsers need quadratic time on input such as 5,000 opening brackets. This one is linear: every character is looked at a
 * bounded number of times. Delimiter runs follow CommonMark 0.31 §6.2, links §6.3.
 */
import { decodeNamedCharacterReference } from 'decode-named-character-reference'

export type Inline =
  | { type: 'text'; value: string }
  | { type: 'code'; value: string }
  | { type: 'emphasis' | 'strong'; children: Inline[] }
  | { type: 'link'; url: string; children: Inline[] }

/** The text as a tree, and the first thing in it that the subset does not allow, or null. */
export interface ParsedText {
  nodes: Inline[]
  problem: string | null
}

interface Run {
  type: 'run'
  character: string
  /** What is left of it, and what it was: the rule of three looks at the latter. */
  length: number
  original: number
  opens: boolean
  closes: boolean
}
interface Bracket {
  type: 'bracket'
  image: boolean
}
type Piece = Inline | Run | Bracket

const depthMax = 10
const reference = /&(?:#[xX]([0-9a-fA-F]{1,6})|#([0-9]{1,7})|([A-Za-z][A-Za-z0-9]{1,31}));/y
const autolink = /<([A-Za-z][A-Za-z0-9+.-]{1,31}:[^\s<>]*)>/y
const mailAutolink = /<([A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,253})>/y
const escapable = /[!-/:-@[-`{-~]/
const allowedAddress = /^(?:https?:\/\/[^\s/]|mailto:[^\s])/i

const matchAt = (pattern: RegExp, text: string, at: number) => {
  pattern.lastIndex = at
  return pattern.exec(text)
}

const excerpt = (text: string) => (text.length > 40 ? `${text.slice(0, 39)}…` : text)

/** The character that a reference such as `&amp;` or `&#39;` stands for; undefined where it stands for none. */
export function decodeReference(match: RegExpExecArray): string | undefined {
  const [, hex, decimal, name] = match
  if (name !== undefined) return decodeNamedCharacterReference(name) || undefined
  const point = Number.parseInt(hex ?? decimal ?? '', hex === undefined ? 10 : 16)
  const isCharacter = point > 0 && point <= 0x10ffff && !(point >= 0xd800 && point <= 0xdfff)
  return isCharacter ? String.fromCodePoint(point) : '\ufffd'
}

/** The reference that begins at a place in a text, if one does. */
export const referenceAt = (text: string, at: number) => matchAt(reference, text, at)

/** Whether a link may point there. */
export const isAllowedAddress = (url: string) => allowedAddress.test(url) && URL.canParse(url)

const isPunctuation = (character: string) => /[\p{P}\p{S}]/u.test(character)
const isSpace = (character: string) => character === '' || /\s/.test(character)

function runAt(text: string, start: number): Run {
  const character = text.charAt(start)
  let end = start + 1
  while (text[end] === character) end += 1
  const before = start > 0 ? String.fromCodePoint(text.codePointAt(start - 1) ?? 0) : ''
  const after = end < text.length ? String.fromCodePoint(text.codePointAt(end) ?? 0) : ''
  const left = !isSpace(after) && (!isPunctuation(after) || isSpace(before) || isPunctuation(before))
  const right = !isSpace(before) && (!isPunctuation(before) || isSpace(after) || isPunctuation(after))
  const within = character === '_'
  return {
    type: 'run',
    character,
    length: end - start,
    original: end - start,
    opens: left && (!within || !right || isPunctuation(before)),
    closes: right && (!within || !left || isPunctuation(after)),
  }
}

const literal = (piece: Piece): Inline => {
  if (piece.type === 'run') return { type: 'text', value: piece.character.repeat(piece.length) }
  if (piece.type === 'bracket') return { type: 'text', value: piece.image ? '![' : '[' }
  return piece
}

/** Puts text that stands side by side into one node. */
export function joinTexts(nodes: readonly Inline[]): Inline[] {
  const joined: Inline[] = []
  for (const node of nodes) {
    const last = joined.at(-1)
    if (node.type === 'text' && last?.type === 'text')
      joined[joined.length - 1] = { ...last, value: last.value + node.value }
    else if (node.type !== 'text' || node.value !== '') joined.push(node)
  }
  return joined
}

const depthOf = (nodes: readonly Inline[]): number =>
  nodes.reduce((depth, node) => Math.max(depth, 'children' in node ? 1 + depthOf(node.children) : 0), 0)

/** CommonMark's "process emphasis" on a stack: what lies between two runs leaves it for good, so the work is linear. */
function pairRuns(pieces: readonly Piece[], note: (problem: string) => void): Inline[] {
  const output: Piece[] = []
  const openers: { run: Run; at: number }[] = []
  const bottoms = new Map<string, number>()
  for (const piece of pieces) {
    if (piece.type !== 'run') {
      output.push(piece)
      continue
    }
    while (piece.closes && piece.length > 0) {
      const key = `${piece.character}${piece.opens}${piece.original % 3}`
      const bottom = bottoms.get(key) ?? 0
      let index = openers.length - 1
      const matches = ({ run }: { run: Run }) =>
        run.character === piece.character &&
        !((run.closes || piece.opens) && piece.original % 3 !== 0 && (run.original + piece.original) % 3 === 0)
      for (let found = openers[index]; index >= bottom && found && !matches(found); found = openers[index]) index -= 1
      const opener = openers[index]
      if (index < bottom || !opener) {
        bottoms.set(key, openers.length)
        break
      }
      const width = opener.run.length >= 2 && piece.length >= 2 ? 2 : 1
      const children = joinTexts(output.splice(opener.at + 1).map(literal))
      opener.run.length -= width
      piece.length -= width
      openers.length = opener.run.length > 0 ? index + 1 : index
      for (const [known, height] of bottoms) bottoms.set(known, Math.min(height, openers.length))
      if (opener.run.length === 0) output.pop()
      if (depthOf(children) < depthMax) output.push({ type: width === 2 ? 'strong' : 'emphasis', children })
      else {
        note(`emphasis is nested more than ${depthMax} deep`)
        output.push(...children)
      }
    }
    if (piece.length > 0) {
      if (piece.opens) openers.push({ run: piece, at: output.length })
      output.push(piece)
    }
  }
  return joinTexts(output.map(literal))
}

const withoutEscapes = (text: string) =>
  text.replace(/\\([!-/:-@[-`{-~])/g, '$1').replace(new RegExp(reference.source, 'g'), found => {
    const match = referenceAt(found, 0)
    return (match && decodeReference(match)) ?? found
  })

/** The address after `](` and where the link ends; a title is read so that it can be refused. */
function destinationAt(text: string, start: number): { url: string; end: number; title: boolean } | undefined {
  let at = start
  const skip = () => {
    while (/[ \t\n]/.test(text.charAt(at))) at += 1
  }
  skip()
  let from = at
  let to: number
  if (text[at] === '<') {
    from = at + 1
    while (at + 1 < text.length && !'<>\n'.includes(text.charAt(at + 1))) at += text[at + 1] === '\\' ? 2 : 1
    if (text[at + 1] !== '>') return undefined
    to = at + 1
    at += 2
  } else {
    let depth = 0
    for (; at < text.length; at += 1) {
      const character = text.charAt(at)
      if (character === '\\' && escapable.test(text.charAt(at + 1))) at += 1
      else if (character === '(' && ++depth > 32) return undefined
      else if (character === ')' && --depth < 0) break
      else if (character <= ' ' || character === '\u007f') break
    }
    if (depth > 0) return undefined
    to = Math.min(at, text.length)
  }
  const url = withoutEscapes(text.slice(from, to))
  const afterUrl = at
  skip()
  if (text[at] === ')') return { url, end: at + 1, title: false }
  const quote = text.charAt(at)
  if (at === afterUrl || !'"\'('.includes(quote) || quote === '') return undefined
  const closing = text.indexOf(quote === '(' ? ')' : quote, at + 1)
  if (closing < 0 || closing - at > 300) return undefined
  at = closing + 1
  skip()
  return text[at] === ')' ? { url, end: at + 1, title: true } : undefined
}

/** Where runs of backticks of each length begin, last first, so that a closing run is found without scanning. */
function backtickRuns(text: string) {
  const runs = new Map<number, number[]>()
  for (const match of [...text.matchAll(/`+/g)].reverse()) {
    const starts = runs.get(match[0].length)
    if (starts) starts.push(match.index)
    else runs.set(match[0].length, [match.index])
  }
  return runs
}

const codeValue = (raw: string) => {
  const value = raw.replace(/\n/g, ' ')
  return /^ .*[^ ].* $/s.test(value) || /^ [^ ] $/.test(value) ? value.slice(1, -1) : value
}

/** Reads a text. Never throws; text that is no valid markup is literal, as in CommonMark. */
export function parseText(text: string): ParsedText {
  let problem: string | null = null
  const note = (found: string) => {
    problem ??= found
  }
  // Most texts hold no markup at all.
  if (!/[\\`*_[\]<&\n]/.test(text)) return { nodes: text === '' ? [] : [{ type: 'text', value: text }], problem }
  if (/\n[ \t]*\n/.test(text)) note('a text is one paragraph and holds no blank line')
  const pieces: Piece[] = []
  let brackets: number[] = []
  let backticks: Map<number, number[]> | undefined
  let at = 0
  let plainFrom = 0
  const flush = () => {
    if (plainFrom < at) pieces.push({ type: 'text', value: text.slice(plainFrom, at) })
  }
  const take = (end: number, ...found: Piece[]) => {
    flush()
    pieces.push(...found)
    at = plainFrom = end
  }
  const link = (url: string, label: string) => {
    if (!isAllowedAddress(url)) note(`links go to https, http or mailto addresses, not to "${excerpt(url)}"`)
    return { type: 'link', url, children: [{ type: 'text', value: label }] } satisfies Inline
  }

  const readers: Record<string, () => boolean> = {
    '\\': () => {
      const next = text.charAt(at + 1)
      if (next === '\n') take(at + 2, { type: 'text', value: '\n' })
      else if (next !== '' && escapable.test(next)) take(at + 2, { type: 'text', value: next })
      else return false
      return true
    },
    '`': () => {
      let end = at
      while (text[end] === '`') end += 1
      backticks ??= backtickRuns(text)
      const starts = backticks.get(end - at) ?? []
      let close = starts.at(-1)
      for (; close !== undefined && close < end; close = starts.at(-1)) starts.pop()
      if (close === undefined) take(end, { type: 'text', value: text.slice(at, end) })
      else take(close + (end - at), { type: 'code', value: codeValue(text.slice(end, close)) })
      return true
    },
    '*': () => {
      const run = runAt(text, at)
      take(at + run.length, run)
      return true
    },
    '!': () => {
      if (text[at + 1] !== '[') return false
      take(at + 2, { type: 'bracket', image: true })
      brackets.push(pieces.length - 1)
      return true
    },
    '[': () => {
      take(at + 1, { type: 'bracket', image: false })
      brackets.push(pieces.length - 1)
      return true
    },
    ']': () => {
      const opener = brackets.pop()
      if (opener === undefined || text[at + 1] !== '(') return false
      const target = destinationAt(text, at + 2)
      if (!target) return false
      flush()
      const bracket = pieces[opener] as Bracket
      const children = pairRuns(pieces.splice(opener).slice(1), note)
      if (bracket.image) note('images are not kept in a text')
      if (target.title) note('a link has an address and no title')
      pieces.push({ ...link(target.url, ''), children })
      if (!bracket.image) brackets = []
      at = plainFrom = target.end
      return true
    },
    '<': () => {
      const address = matchAt(autolink, text, at)
      const mail = address ? null : matchAt(mailAutolink, text, at)
      if (address?.[1] !== undefined) take(at + address[0].length, link(address[1], address[1]))
      else if (mail?.[1] !== undefined) take(at + mail[0].length, link(`mailto:${mail[1]}`, mail[1]))
      else {
        if (/[A-Za-z/!?]/.test(text.charAt(at + 1))) {
          note('HTML is not kept in a text; write \\< for the character itself')
        }
        return false
      }
      return true
    },
    '&': () => {
      const match = referenceAt(text, at)
      const character = match ? decodeReference(match) : undefined
      if (!match || character === undefined) return false
      take(at + match[0].length, { type: 'text', value: character })
      return true
    },
  }
  readers._ = readers['*'] as () => boolean

  while (at < text.length) {
    const read = readers[text.charAt(at)]
    if (!read?.()) at += 1
  }
  flush()
  return { nodes: pairRuns(pieces, note), problem }
}
