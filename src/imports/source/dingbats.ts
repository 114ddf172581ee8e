/** What fonts of signs show in the place of letters, as far as it says something: ticks, crosses and boxes. */

/** By the font; Wingdings 3 has arrows. */
const signs: Record<string, Record<string, string>> = {
  wingdings: { ü: '✓', û: '✗', þ: '☑', ý: '☒', x: '☒', '¨': '□', o: '□', q: '□' },
  'wingdings 2': { P: '✓', O: '✗', R: '☑', T: '☒', Q: '☒', S: '☒', '£': '□' },
  'wingdings 3': {},
  webdings: { a: '✓', r: '✗', c: '□' },
  // Its letters are Greek.
  symbol: { Ö: '√' },
}
/** Of a list, as all other letters of such a font are. */
const bullet = '➢ '

/** The font of signs that a font, or a list of fonts, begins with. */
export const signFont = (font: string): string | undefined =>
  /^["'\s]*(wingdings(?: [23])?|webdings|symbol)\b/i.exec(font)?.[1]?.toLowerCase()

/** The sign that a single character is in such a font, letters of Word's private use among them; undefined for other text. */
export function signOf(font: string, text: string): string | undefined {
  const character = text.trim()
  const code = character.charCodeAt(0)
  if (character.length !== 1) return undefined
  const letter = code >= 0xf020 && code <= 0xf0ff ? String.fromCharCode(code - 0xf000) : character
  return signs[font]?.[letter] ?? (font !== 'symbol' && /\p{L}/u.test(letter) ? bullet : undefined)
}

/** Letters of Wingdings in Word's private use that stand where no font says so. */
export const withTicks = (text: string) =>
  text.replace(/[\uf0fc\uf0fb\uf0fe\uf0fd\uf0a8]/g, letter => signOf('wingdings', letter) ?? letter)

/** All that are known. */
export const signFonts = Object.keys(signs)
/** The class by which the reader of Word marks a text of a font of signs. */
export const signClass = (font: string) => `signs-${font.replace(' ', '-')}`
