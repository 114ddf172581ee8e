/** Lists side by side in a Word file, each of which has a number of its own: mammoth makes one list of them. */

/** The style of the empty paragraph that parts two lists. */
export const listEnd = 'role-register-list-end'
const between = `<w:p><w:pPr><w:pStyle w:val="${listEnd}"/></w:pPr></w:p>`

/** The list of a paragraph, of which this is what stands before its last tag; undefined where it is none. */
function listOf(paragraph: string): { list: string; level: string } | undefined {
  const [own = ''] = paragraph.split('<w:pPrChange', 1)
  const [properties = ''] = own.split('</w:numPr>', 1)
  const list = /<w:numId w:val="(\d+)"/.exec(properties)?.[1]
  return list === undefined || list === '0'
    ? undefined
    : { list, level: /<w:ilvl w:val="(\d+)"/.exec(properties)?.[1] ?? '0' }
}

/**
 * The text part with an empty paragraph between two lists of the first level that stand side by side. Items that were
 * copied into the middle of a list stay in it.
 */
export function withListsParted(xml: string): string {
  const parts = xml.split('</w:p>')
  const begins = parts.map(part => Math.max(part.lastIndexOf('<w:p>'), part.lastIndexOf('<w:p ')))
  const ends = new Set<number>()
  let run: { at: number; list: string }[] = []
  const close = () => {
    const lasts = new Map(run.map(({ list }, place) => [list, place]))
    let last = -1
    for (const [place, { at, list }] of run.entries()) {
      if (place > 0 && place > last) ends.add(at)
      last = Math.max(last, lasts.get(list) ?? place)
    }
    run = []
  }
  for (const [at, part] of parts.entries()) {
    const begin = begins[at] ?? -1
    const above = part.slice(0, Math.max(begin, 0)).replace(/<[^<>]*\/>/g, '')
    const found = begin < 0 ? undefined : listOf(part.slice(begin))
    if (begin < 0 || above.trim() !== '' || (!found && /<w:(?:t|drawing|pict|object)[\s>]/.test(part.slice(begin))))
      close()
    if (found?.level === '0') run.push({ at, list: found.list })
  }
  close()
  return parts
    .map((part, at) => (ends.has(at) ? `${part.slice(0, begins[at])}${between}${part.slice(begins[at])}` : part))
    .join('</w:p>')
}
