import { distance } from 'fastest-levenshtein'

const letters = (word: string) => [...word].sort().join('')

/** The entry that a wrong word was meant to be, or undefined where none is near. Swapped letters are one mistake. */
export function nearest(word: string, entries: readonly string[]): string | undefined {
  const plain = word.toLowerCase().slice(0, 100)
  const ranked = entries.map(entry => {
    const own = entry.toLowerCase()
    const steps = distance(plain, own)
    return { entry, steps: steps === 2 && letters(plain) === letters(own) ? 1 : steps }
  })
  const best = ranked.sort((a, b) => a.steps - b.steps)[0]
  return best && best.steps <= Math.max(1, Math.floor(best.entry.length / 3)) ? best.entry : undefined
}
