/** Small things that sentences of ours are made with. */

/** The beginning of a text of at most so many characters, with no half of a character at its end. */
export const shorten = (text: string, most: number) =>
  text.length > most ? `${text.slice(0, most - 1).replace(/[\ud800-\udbff]$/, '')}…` : text

/** A text of others as a sentence, with its full stop. */
export const sentence = (text: string) => (/[.!?]$/.test(text) ? text : `${text}.`)

/** `1 section`, `2 sections`: of a noun whose plural has an s. */
export const counted = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`
