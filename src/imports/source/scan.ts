/**
 * The second, independent reader. It goes through the characters of the source without any of the parsers that the
 * recogniser uses, and says which words a reader would see on which line. What it sees and the draft lacks is a loss.
 * It also reports what is no text at all (comments, scripts) and marks tags that are none, such as `<insert name>`.
 */

import { htmlTagNames } from 'html-tag-names'
import { decodeReference, isAllowedAddress, referenceAt } from '../../document/text-parse.ts'
import type { Notices } from '../notices.ts'

export type MediaType = 'text/markdown' | 'text/html'
export const wordType = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'
/** What a document may be sent as. */
export type DocumentType = MediaType | typeof wordType
export const documentTypes: readonly DocumentType[] = ['text/markdown', 'text/html', wordType]

export interface Words {
  words: string[]
  /** The line of each word. */
  lines: number[]
}

export interface Scan extends Words {
  /** The source, with `<` that begins no tag of HTML written as a reference. Lines stay where they are. */
  patched: string
  /** What was written so, as it stands in `patched`: in code, a parser shows it as it is. */
  references: string[]
}

/** Tags that part no words. */
export const inlineTags = new Set(
  'abbr acronym b bdi bdo big cite del dfn em font i ins mark q s small span strike strong sub sup u var wbr'.split(
    ' ',
  ),
)
/** MathML Core's, whose text is kept like any other. */
const mathTags =
  'annotation maction math merror mfrac mi mmultiscripts mn mo mover mpadded mphantom mprescripts mroot mrow ms mspace msqrt mstyle msub msubsup msup mtable mtd mtext mtr munder munderover semantics'
const knownTags = new Set([...htmlTagNames, 'xml', 'svg', ...mathTags.split(' ')])
/** What is left out with all that it holds, and why. */
const leftOut: Record<string, { code: string; detail: string }> = {
  script: { code: 'script_removed', detail: 'Scripts are not kept' },
  style: { code: 'style_removed', detail: 'Style sheets are not kept' },
  svg: { code: 'image_removed', detail: 'Drawings are not kept, nor is the text in them' },
}
const pairedTags = new Set('table ul ol div strong b em i a span h1 h2 h3 h4 h5 h6'.split(' '))
const tagName = /<(\/?)([A-Za-z][^\s/<>]*)/y
const address = /<(?:[A-Za-z][A-Za-z0-9+.-]{1,31}:(?!p>)[^\s<>]*|[^\s<>@]+@[^\s<>]+)>/y
const attribute = /\s(href|alt)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))/gi
const word = /[\p{L}\p{M}\p{N}\p{Sc}]+/gu

const matchAt = (pattern: RegExp, text: string, at: number) => {
  pattern.lastIndex = at
  return pattern.exec(text)
}

/**
 * Characters that mark emphasis and code in Markdown part no words, nor do those that nobody sees (soft hyphens, spaces
 * without a width); addresses are compared as they are read.
 */
const readable = (text: string) =>
  text.replace(/[\\*~\u00ad\u200b\u2060\ufeff]/g, '').replace(/(?:%[0-9A-Fa-f]{2})+/g, encoded => {
    try {
      return decodeURIComponent(encoded)
    } catch {
      return encoded
    }
  })

/** The words of a text: runs of letters, digits and currency signs, as they are written. */
export const wordsOf = (text: string): string[] => readable(text).match(word) ?? []

const decodeReferences = (text: string) =>
  text.replace(/&(?:#\w+|\w+);/g, found => {
    const match = referenceAt(found, 0)
    return (match && decodeReference(match)) ?? found
  })

/** Where a tag that begins at `start` ends, after its `>`; undefined where it has no end. */
function tagEnd(source: string, start: number) {
  for (let at = start; at < source.length; at += 1) {
    const character = source.charAt(at)
    if (character === '>') return at + 1
    if (character === '=') {
      const quoted = matchAt(/\s*(["'])/y, source, at + 1)
      if (!quoted) continue
      const close = source.indexOf(quoted[1] as string, at + 1 + quoted[0].length)
      if (close < 0) return undefined
      at = close
    }
  }
  return undefined
}

const blank = (text: string) => ' '.repeat(text.length)

/**
 * An address that leads nowhere without its site (`/about`, `#top`) is no text. Readers name each that they drop.
 */
const withoutInnerAddresses = (source: string) =>
  source.replace(/(?<=[^\\\]]\]\()(<?)([^()\s<>]{1,2000})(?=>?\)|\s+")/g, (found, open: string, url: string) =>
    isAllowedAddress(url) ? found : open + blank(url),
  )

/** In Markdown, what marks up a line and is no word of it becomes spaces: list numbers, fences' info, labels of definitions. */
function withoutLineMarks(source: string) {
  const labels = new Set([...source.matchAll(/^ {0,3}\[([^\]\n]{1,200})\]:/gm)].map(match => match[1]?.toLowerCase()))
  return withoutInnerAddresses(source)
    .replace(
      /^([\s>]*(?:[-+*]\s+)*)(\d{1,9})(?=[.)]\s)/gm,
      (_, before: string, number: string) => before + blank(number),
    )
    .replace(/^([ \t]*(?:```|~~~))([^`\n]*)$/gm, (_, fence: string, info: string) => fence + blank(info))
    .replace(/^ {0,3}\[[^\]\n^][^\]\n]{0,200}\]:/gm, blank)
    .replace(/\]\[([^\]\n]{1,200})\]/g, (found, label: string) =>
      labels.has(label.toLowerCase()) ? blank(found) : found,
    )
}

/** Reads a source. Linear for all but hostile input, for which the worker's time limit stands. */
export function scan(source: string, mediaType: MediaType, notices: Notices): Scan {
  const markdown = mediaType === 'text/markdown'
  const text = markdown ? withoutLineMarks(source) : source
  const out: string[] = []
  const extra: { text: string; line: number }[] = []
  const open = new Map<string, number[]>()
  const edits: { at: number; length: number; insert: string }[] = []
  let line = 1
  let at = 0
  let codeUntil = -1
  let lowered: string | undefined

  const lineFeeds = (part: string) => part.match(/\n/g)?.length ?? 0
  const skipTo = (end: number, separator: string) => {
    const feeds = lineFeeds(text.slice(at, end))
    out.push(feeds > 0 ? '\n'.repeat(feeds) : separator)
    line += feeds
    at = end
  }
  const copyTo = (end: number) => {
    const part = text.slice(at, end)
    out.push(decodeReferences(part))
    line += lineFeeds(part)
    at = end
  }
  const endOr = (end: number, length: number) => (end < 0 ? text.length : end + length)

  const readDeclaration = () => {
    if (text.startsWith('<!--', at)) {
      const close = text.indexOf('-->', at + 4)
      if (close < 0) return copyTo(at + 4)
      const comment = text.slice(at + 4, close)
      const isWordMarkup = /^\s*\[(?:if|endif)|^StartFragment|^EndFragment/.test(comment)
      if (/[\p{L}\p{N}]/u.test(comment) && !isWordMarkup) {
        notices.add(
          'loss',
          'comment_removed',
          line,
          comment,
          'An HTML comment is not part of the text and was left out',
        )
      }
      return skipTo(close + 3, '')
    }
    return skipTo(endOr(text.indexOf('>', at), 1), ' ')
  }

  const readTag = (closing: boolean, name: string, from: number) => {
    const end = tagEnd(text, from)
    if (end === undefined) return copyTo(at + 1)
    const tag = text.slice(at, end)
    const isText = edits.length < 1000 && !knownTags.has(name) && !name.includes(':') && !name.includes('-')
    if (isText || (name.includes(':') && name.includes('/'))) {
      edits.push({ at, length: 1, insert: '&lt;' })
      notices.add('repair', 'tag_kept_as_text', line, tag, 'No HTML element has this name, so it was kept as text')
      return copyTo(at + 1)
    }
    if (!closing) {
      for (const [, key, ...values] of tag.matchAll(attribute)) {
        const value = values.find(candidate => candidate !== undefined) ?? ''
        const counts =
          key?.toLowerCase() === 'alt' ||
          (key?.toLowerCase() === 'href' && name === 'a' && isAllowedAddress(value.trim()))
        if (counts) extra.push({ text: decodeReferences(value), line })
      }
    }
    const removed = leftOut[name]
    if (!closing && removed && !tag.endsWith('/>')) {
      lowered ??= text.toLowerCase()
      const close = lowered.indexOf(`</${name}`, end)
      if (close >= 0) {
        const content = text.slice(end, close)
        const words = name === 'svg' ? content.replace(/<[^<>]*>/g, ' ') : content
        notices.add('loss', removed.code, line, words, removed.detail)
        return skipTo(close, ' ')
      }
    }
    if (pairedTags.has(name) && !tag.endsWith('/>')) {
      const lines = open.get(name) ?? []
      if (closing) lines.pop()
      else lines.push(line)
      open.set(name, lines)
    }
    // Elements that HTML does not define stand in the line.
    return skipTo(end, inlineTags.has(name) || /[:-]/.test(name) ? '' : ' ')
  }

  const readLess = () => {
    const next = text.charAt(at + 1)
    if (next === '!' || next === '?') return readDeclaration()
    const found = matchAt(address, text, at)
    if (found) {
      if (!markdown) edits.push({ at, length: 1, insert: '&lt;' })
      return copyTo(at + found[0].length)
    }
    const tag = matchAt(tagName, text, at)
    if (tag) return readTag(tag[1] === '/', (tag[2] ?? '').toLowerCase(), at + tag[0].length)
    if (next === '/' && /\s*</y.test(text.slice(at + 2, at + 200))) {
      // A parser would take all up to the next `>` for a comment.
      edits.push({ at, length: 2, insert: '' })
      const detail = '“</” closes nothing here; the broken tag was left out and the text around it kept'
      notices.add('repair', 'broken_tag', line, text.slice(text.lastIndexOf('\n', at) + 1, at + 40), detail)
      return skipTo(at + 2, '')
    }
    if (next === '/' && !markdown) edits.push({ at, length: 1, insert: '&lt;' })
    return copyTo(at + 1)
  }

  while (at < text.length) {
    if (markdown && text.charAt(at) === '`' && at >= codeUntil) {
      const run = (matchAt(/`+/y, text, at) as RegExpExecArray)[0]
      const fence = run.length > 2 && /(?:^|\n)[ \t>]*$/.test(text.slice(Math.max(0, at - 40), at))
      const limit = fence ? text.length : Math.min(text.length, at + 2000)
      const runs = [...text.slice(at + run.length, limit).matchAll(/`+/g)]
      const close = runs.find(([other]) => other.length === run.length)?.index ?? -1
      codeUntil = close < 0 ? at + run.length : at + run.length + close + run.length
      copyTo(codeUntil)
      continue
    }
    if (text.charAt(at) === '<' && (!markdown || text.charAt(at - 1) !== '\\')) {
      readLess()
      continue
    }
    let end = at + 1
    while (end < text.length && text.charAt(end) !== '<' && !(markdown && text.charAt(end) === '`')) end += 1
    copyTo(end)
  }
  for (const [name, lines] of open) {
    for (const opened of lines.slice(0, 5)) {
      notices.add('repair', 'unclosed_tag', opened, `<${name}>`, `<${name}> is not closed; the text in it was kept`)
    }
  }
  const words = readWords(out.join(''), extra)
  return { ...words, ...applyEdits(source, edits) }
}

function applyEdits(source: string, edits: readonly { at: number; length: number; insert: string }[]) {
  const parts: string[] = []
  const references = new Set<string>()
  let from = 0
  for (const { at, length, insert } of edits) {
    parts.push(source.slice(from, at), insert)
    from = at + length
    if (insert !== '') references.add(insert + source.slice(from, from + 8))
  }
  parts.push(source.slice(from))
  return { patched: parts.join(''), references: [...references] }
}

function readWords(visible: string, extra: { text: string; line: number }[]): Words {
  const words: string[] = []
  const lines: number[] = []
  visible.split('\n').forEach((content, index) => {
    for (const found of wordsOf(content)) {
      words.push(found)
      lines.push(index + 1)
    }
  })
  for (const { text, line } of extra) {
    for (const found of wordsOf(text)) {
      words.push(found)
      lines.push(line)
    }
  }
  return { words, lines }
}
