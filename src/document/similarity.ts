/** How alike two texts are, by their words: 1 for the same words, 0 for none in common (Sørensen–Dice on bags). */
export function similarity(one: readonly string[], other: readonly string[]): number {
  if (one.length + other.length === 0) return 1
  const counts = new Map<string, number>()
  for (const word of one) counts.set(word, (counts.get(word) ?? 0) + 1)
  let common = 0
  for (const word of other) {
    const count = counts.get(word) ?? 0
    if (count === 0) continue
    counts.set(word, count - 1)
    common += 1
  }
  return (2 * common) / (one.length + other.length)
}

/** The words of a text in lower case, for comparing. */
export const comparable = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{M}\p{N}]+/gu) ?? []

const small = new Set(
  'a an and any are as at be by can for from has have how in into is it its of on or our that the their them these they this those to us we what which who will with you your'.split(
    ' ',
  ),
)
/** `manages`, `managed` and `managing` are one word. */
const stem = (word: string) => word.replace(/(?:ing|ed|es|e|s)$/, '')

/**
 * Whether one or two words of weight stand in the place of others and nothing else differs, as `cloud` for `on-premises`:
 * then two texts that are alike say different things. In a long text one word makes no difference.
 */
export function saysOtherwise(one: readonly string[], other: readonly string[]): boolean {
  const weighty = (words: readonly string[]) => new Set(words.filter(word => !small.has(word)).map(stem))
  const [own, others] = [weighty(one), weighty(other)]
  const gone = [...own].filter(word => !others.has(word)).length
  const come = [...others].filter(word => !own.has(word)).length
  const most = Math.max(gone, come)
  return Math.min(gone, come) > 0 && most <= 2 && most * 10 > Math.min(own.size, others.size)
}
