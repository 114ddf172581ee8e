/** What a template leaves for its author to fill in: `[Insert date]`, `<your team>`, `ENTER SALARY`, `TBC`. */

/** Bounded, so that of many open brackets each is not followed to the end. */
const bracketed = /\[[^\][]{1,200}\]/g
/** What stands in brackets of a text that is none to fill in: a reference such as `[1]`. */
const says = /\p{L}{3}|x{2}|\.{3}|…/u
const marked = /<(?:insert|enter|add|your)\b[^>]{0,200}>|\b(?:ENTER|INSERT|TBC|TBD|XXX+)\b/u

/** The first placeholder of a text; undefined where it has none. */
export const placeholderIn = (text: string): string | undefined =>
  [...text.matchAll(bracketed)].map(([found]) => found).find(found => says.test(found)) ?? marked.exec(text)?.[0]

/** Words that say nothing without the value that is missing. */
const idle = /\b(?:expected|w\/?c|week|commencing|from|to|by|on|or|and|the|dates?|up|of|insert|enter|here)\b/gi

/** Whether a value says nothing but that it is to come. */
export function isPlaceholder(text: string): boolean {
  if (placeholderIn(text) === undefined) return false
  const rest = text
    .replaceAll(bracketed, found => (says.test(found) ? ' ' : found))
    .replaceAll(new RegExp(marked.source, 'gu'), ' ')
    .replaceAll(idle, ' ')
  // A capitalised word behind ENTER is part of it.
  return !/[\p{Ll}\p{N}]/u.test(rest)
}

/** Whether a salary names no amount, since one is to come. */
export const isOpenSalary = (text: string): boolean =>
  placeholderIn(text) !== undefined && !/[£€$]\s?\d|\d{2},?\d{3}/.test(text)
