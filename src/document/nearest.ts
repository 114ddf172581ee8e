import { distance } from 'fastest-levenshtein'

const letters = (word: string) => [...word].sort().join('')

/** Mistakes from one word to another; swapped letters are one. */
function mistakes(word: string, other: string): number {
  const steps = distance(word, other)
  return steps === 2 && letters(word) === letters(other) ? 1 : steps
}

/** A part of the letters may be wrong, and at least one. */
const allowed = (length: number, part: number) => Math.max(1, Math.floor(length / part))

/** Whether a word is the entry with letters left out, which is likelier than another letter: `SO` is `SEO`, not `AO`. */
function isWithin(word: string, entry: string): boolean {
  let found = 0
  for (const letter of entry) if (letter === word[found]) found += 1
  return found === word.length
}

/**
 * The entry that a wrong word was meant to be, or undefined where none is near. A word of four letters or more may also be
 * the beginning of a longer entry: `digitl` is `digital_and_data`.
 */
export function nearest(word: string, entries: readonly string[]): string | undefined {
  const plain = word.toLowerCase().slice(0, 100)
  const near = entries.flatMap(entry => {
    const own = entry.toLowerCase()
    const whole = mistakes(plain, own)
    if (whole <= allowed(entry.length, 3)) return [{ entry, steps: whole, other: Number(!isWithin(plain, own)) }]
    // With a letter left out, one more of the entry stands for it.
    const begun = Math.min(...[0, 1].map(more => mistakes(plain, own.slice(0, plain.length + more))))
    return plain.length >= 4 && begun <= allowed(plain.length, 4) ? [{ entry, steps: begun, other: 1 }] : []
  })
  return near.sort((a, b) => a.steps - b.steps || a.other - b.other)[0]?.entry
}

/** The question that follows what is in no list, with a space before it; '' where nothing is near. */
export const didYouMean = (near: string | undefined) => (near === undefined ? '' : ` Did you mean "${near}"?`)
