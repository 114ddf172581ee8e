import { distance } from 'fastest-levenshtein'

/** The entry that a wrong word was meant to be, or undefined where none is near. */
export function nearest(word: string, entries: readonly string[]): string | undefined {
  const plain = word.toLowerCase().slice(0, 100)
  const ranked = entries.map(entry => ({ entry, steps: distance(plain, entry.toLowerCase()) }))
  const best = ranked.sort((a, b) => a.steps - b.steps)[0]
  return best && best.steps <= Math.max(1, Math.floor(best.entry.length / 3)) ? best.entry : undefined
}
