/** Compares a draft, rendered back to plain text, word by word with what the second reader saw in the source. */
import type { Notices } from './notices.ts'
import { type Words, wordsOf } from './source/scan.ts'

export interface Coverage {
  characters_seen: number
  characters_kept: number
  /** Rounded down, so that 100 means all of it. */
  percent: number
}

/** How often each word occurs. */
class Bag {
  readonly #counts = new Map<string, number>()
  add(word: string) {
    this.#counts.set(word, (this.#counts.get(word) ?? 0) + 1)
  }
  take(word: string): boolean {
    const count = this.#counts.get(word) ?? 0
    if (count > 0) this.#counts.set(word, count - 1)
    return count > 0
  }
}

const windowSize = 400

/**
 * For each word of the source whether the draft has it. Words are first matched in order, so that of a word that stands
 * often the right one is found missing, then in any order, since a draft holds some text elsewhere than the source.
 */
function keptWords(seen: readonly string[], kept: readonly string[]): boolean[] {
  const found = seen.map(() => false)
  const places = new Map<string, number[]>()
  kept.forEach((word, at) => {
    const known = places.get(word)
    if (known) known.push(at)
    else places.set(word, [at])
  })
  const next = new Map<string, number>()
  const used = kept.map(() => false)
  let at = 0
  seen.forEach((word, index) => {
    const known = places.get(word) ?? []
    let cursor = next.get(word) ?? 0
    for (let place = known[cursor]; place !== undefined && place < at; place = known[cursor]) cursor += 1
    next.set(word, cursor)
    const place = known[cursor]
    if (place === undefined || place - at > windowSize) return
    if (place === at || seen[index + 1] === undefined || seen[index + 1] === kept[place + 1]) {
      found[index] = true
      used[place] = true
      at = place + 1
    }
  })
  const rest = new Bag()
  kept.forEach((word, place) => {
    if (!used[place]) rest.add(word)
  })
  return found.map((known, index) => known || rest.take(seen[index] as string))
}

const sum = (words: readonly string[]) => words.reduce((total, word) => total + word.length, 0)

/** Measures, and adds a `text_lost` notice for each run of words that is missing and that no notice has named. */
export function measure(seen: Words, kept: readonly string[], notices: Notices): Coverage {
  const found = keptWords(seen.words, kept)
  const named = new Bag()
  for (const text of notices.lostTexts) for (const word of wordsOf(text)) named.add(word)
  const lost: { words: string[]; line: number; at: number }[] = []
  let characters = 0
  found.forEach((known, at) => {
    const word = seen.words[at] as string
    const line = seen.lines[at] as number
    if (known) {
      characters += word.length
      return
    }
    if (named.take(word)) return
    const last = lost.at(-1)
    if (last && last.line === line && last.at + last.words.length === at) last.words.push(word)
    else lost.push({ words: [word], line, at })
  })
  for (const { words, line } of lost) {
    notices.add('loss', 'text_lost', line, words.join(' '), 'These words of the source are not in the draft')
  }
  const all = sum(seen.words)
  return {
    characters_seen: all,
    characters_kept: characters,
    percent: all === 0 ? 100 : Math.floor((characters / all) * 1000) / 10,
  }
}
