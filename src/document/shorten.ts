/** The beginning of a text of at most so many characters, with no half of a character at its end. */
export const shorten = (text: string, most: number) =>
  text.length > most ? `${text.slice(0, most - 1).replace(/[\ud800-\udbff]$/, '')}…` : text
