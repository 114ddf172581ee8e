/** Edits a document of the register as people do, whatever its format. */
import { Notices } from '../../src/imports/notices.ts'
import { openPackage } from '../../src/imports/source/package.ts'
import { zip } from './word.ts'

/** The element or line of a text that stands in a list, in each format. */
const itemWith: Record<string, (text: string) => RegExp> = {
  md: text => new RegExp(`^ *[-*] ${text}.*\\n`, 'm'),
  html: text => new RegExp(`<li>${text}(?:(?!<li>).)*?</li>\\s*`, 's'),
  fragment: text => new RegExp(`<li>${text}(?:(?!<li>).)*?</li>\\s*`, 's'),
  docx: text => new RegExp(`<w:p>(?:(?!<w:p>).)*>${text}(?:(?!<w:p>).)*</w:p>`, 's'),
}

export type Edit = (source: string, format: string) => string

const found = (source: string, format: string, text: string): string => {
  const escaped = text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const [item] = (itemWith[format] as (text: string) => RegExp)(escaped).exec(source) ?? []
  if (item === undefined) throw new Error(`no item “${text}” in ${format}`)
  return item
}

/** A copy of the item that begins with a text, with other words in front of it. */
export const addItem =
  (text: string, added: string): Edit =>
  (source, format) => {
    const item = found(source, format, text)
    return source.replace(item, () => item.replace(text, () => added) + item)
  }

/** A paragraph behind the item that begins with a text, and so behind its list, or within it. */
export const addParagraph =
  (text: string, added: string): Edit =>
  (source, format) => {
    const item = found(source, format, text)
    if (format === 'docx') return source.replace(item, () => `${item}<w:p><w:r><w:t>${added}</w:t></w:r></w:p>`)
    if (format === 'md') return source.replace(item, () => `${item}\n${added}\n\n`)
    const [end = ''] = /^<\/ul>/.exec(source.slice(source.indexOf(item) + item.length)) ?? []
    const [before, after] = end ? ['', ''] : ['</ul>', '<ul>']
    return source.replace(item + end, () => `${item}${end || before}<p>${added}</p>${after}`)
  }

/** An item below the one that is a text. */
export const nestItem =
  (text: string, added: string): Edit =>
  (source, format) => {
    const item = found(source, format, text)
    const inner = item.replace(text, () => added)
    if (format === 'md') return source.replace(item, () => `${item}  ${inner}`)
    if (format === 'docx')
      return source.replace(item, () => item + inner.replace(/(?<=<w:ilvl w:val=")\d/, level => `${Number(level) + 1}`))
    return source.replace(item, () => item.replace('</li>', () => `<ul>${inner}</ul></li>`))
  }

export const removeItem =
  (text: string): Edit =>
  (source, format) =>
    source.replace(found(source, format, text), '')

export const swapItems =
  (one: string, other: string): Edit =>
  (source, format) => {
    const [first, second] = [found(source, format, one), found(source, format, other)]
    return source
      .replace(first, '\u0001')
      .replace(second, () => first)
      .replace('\u0001', () => second)
  }

/** Other words everywhere in what is shown. */
export const replaceText =
  (text: string, by: string): Edit =>
  source => {
    if (!source.includes(text)) throw new Error(`no “${text}”`)
    return source.replaceAll(text, () => by)
  }

/** What the document carries beside its text, which no edit reaches. */
const carried = /^---\n.*?\n---\n|data-role-register="[^"]*"/s

/** The document after edits of its text, one after the other. */
export async function editDocument(bytes: Uint8Array, format: string, edits: readonly Edit[]): Promise<Uint8Array> {
  const apply = (source: string) => edits.reduce((text, edit) => edit(text, format), source)
  if (format !== 'docx') {
    const text = Buffer.from(bytes).toString()
    const [form = ''] = carried.exec(text) ?? []
    return Buffer.from(apply(text.replace(form, '\u0002')).replace('\u0002', () => form))
  }
  const file = await openPackage(Buffer.from(bytes), new Notices())
  return zip(
    [...(file?.parts ?? [])].map(([name, xml]) => ({ name, data: name === 'word/document.xml' ? apply(xml) : xml })),
  )
}
