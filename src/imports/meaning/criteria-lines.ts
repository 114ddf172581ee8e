/** Lines of a cell of criteria: which of them are one criterion each. */
import { plainOfInlines } from '../../document/text.ts'
import type { Notices } from '../notices.ts'
import { hardLines, type Line } from '../source/tree.ts'

/** Words that nothing ends with or, as the second, that nothing begins with. */
const goesOn = /\b(?:a|an|and|at|by|for|from|in|into|its|of|on|or|our|the|their|to|with|your)$/i
const continues =
  /^(?:a|an|and|as|at|but|by|for|from|in|including|into|of|on|or|such|than|that|the|through|to|using|which|who|with|within)\b|^\(/

/**
 * The criteria of a text: what a break in it parts is one each where it begins as one does, or all before it end as
 * sentences or parts of a list do. A line that goes on in the words of the one above is a part of it. All of it is one, and
 * told, where that is not certain.
 */
export function linesOfCriteria(text: Line, notices: Notices): Line[] {
  const lines = hardLines(text)
  const texts = lines.map(({ content }) => plainOfInlines(content))
  const areClosed = texts.length > 1 && texts.slice(0, -1).every(line => /[.;]$/.test(line))
  const found: Line[] = []
  for (const [at, line] of lines.entries()) {
    const [own = '', above = ''] = [texts[at], texts[at - 1]]
    const last = found.at(-1)
    const isNew = /^[“‘"'(]?[\p{Lu}\p{N}]/u.test(own)
    const isFurther = last !== undefined && !areClosed && (goesOn.test(above) || continues.test(own))
    if (last && isFurther) last.content = [...last.content, { type: 'text', value: ' ' }, ...line.content]
    else if (isNew || areClosed || at === 0) found.push({ ...line })
    else {
      const detail =
        'It is not certain whether the lines of this cell are one criterion each; they were read as one. A list, or a capital letter at the beginning of each, would part them'
      notices.add('advice', 'criterion_unsure', text.line, texts.join(' '), detail)
      return [text]
    }
  }
  return found
}
