/** Word's own list styles, and the styles that a house bases on them. */
import { attributeOf, piecesOf } from './word-words.ts'

interface Style {
  name: string
  basedOn: string | undefined
  /** The list that its paragraphs are of: `0` takes away what it is based on. */
  numId?: string | undefined
  level?: number
  /** Its paragraphs stand in the outline of the document: they are headings. */
  outlined?: boolean
}

function stylesOf(xml: string): Map<string, Style> {
  const styles = new Map<string, Style>()
  let style: Style | undefined
  for (const { name, tag, closing } of piecesOf(xml)) {
    if (name === 'w:style') {
      style = closing ? undefined : { name: '', basedOn: undefined }
      if (style && attributeOf(tag, 'w:type') === 'paragraph') styles.set(attributeOf(tag, 'w:styleId') ?? '', style)
    } else if (style === undefined) continue
    else if (name === 'w:name') style.name = attributeOf(tag, 'w:val') ?? ''
    else if (name === 'w:basedOn') style.basedOn = attributeOf(tag, 'w:val')
    else if (name === 'w:numId') style.numId = attributeOf(tag, 'w:val')
    else if (name === 'w:ilvl') style.level = Number(attributeOf(tag, 'w:val'))
    else if (name === 'w:outlineLvl') style.outlined = true
  }
  return styles
}

/** The formats of a file's lists, by number and level. */
function formatsOf(xml: string): Map<string, Map<number, string>> {
  const abstract = new Map<string, Map<number, string>>()
  const lists = new Map<string, Map<number, string>>()
  let levels: Map<number, string> | undefined
  let level = 0
  let list = ''
  for (const { name, tag, closing } of piecesOf(xml)) {
    const value = attributeOf(tag, 'w:val') ?? ''
    if (closing) continue
    if (name === 'w:abstractNum') {
      levels = new Map()
      abstract.set(attributeOf(tag, 'w:abstractNumId') ?? '', levels)
    } else if (name === 'w:lvl') level = Number(attributeOf(tag, 'w:ilvl'))
    else if (name === 'w:numFmt') levels?.set(level, value)
    else if (name === 'w:num') {
      list = attributeOf(tag, 'w:numId') ?? ''
      levels = undefined
    } else if (name === 'w:abstractNumId') lists.set(list, abstract.get(value) ?? new Map())
  }
  return lists
}

/** A style is hardly ever based on more others, but may be on itself. */
const basesMax = 10

/** The list that a style, or one that it is based on, has by its name (`List Bullet 2`) or by a numbering of its own. */
function listStyle(styles: ReadonlyMap<string, Style>, id: string, formats: ReturnType<typeof formatsOf>) {
  let level: number | undefined
  let style = styles.get(id)
  for (let count = 0; style && style.numId !== '0' && count < basesMax; count += 1) {
    const { name, numId, outlined } = style
    const found = /^list (bullet|number)(?: ([2-5]))?$/i.exec(name)
    if (found)
      return { format: found[1]?.toLowerCase() === 'bullet' ? 'bullet' : 'decimal', level: Number(found[2] ?? 1) - 1 }
    if (outlined || /heading|title/i.test(name)) return undefined
    level ??= style.level
    const format = numId === undefined ? undefined : formats.get(numId)?.get(level ?? 0)
    if (format !== undefined && format !== 'none')
      return { format: format === 'bullet' ? 'bullet' : 'decimal', level: level ?? 0 }
    style = styles.get(style.basedOn ?? '')
  }
  return undefined
}

const escaped = (id: string) => id.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;')

/**
 * The numbering of a file with what list styles say. mammoth takes a paragraph's list from its own style only, where the list
 * names the style and not the style the list, nor from one that it is based on, and `List Bullet 2` for the first level where it has a numbering of its own.
 */
export function withListStyles(numbering: string, styles: string): string {
  const known = stylesOf(styles)
  const formats = formatsOf(numbering)
  const levels = [...known.keys()].flatMap(id => {
    const list = listStyle(known, id, formats)
    return list
      ? [
          `<w:abstractNum w:abstractNumId="by-name-${escaped(id)}"><w:lvl w:ilvl="${list.level}"><w:numFmt w:val="${list.format}"/><w:pStyle w:val="${escaped(id)}"/></w:lvl></w:abstractNum>`,
        ]
      : []
  })
  const end = numbering.lastIndexOf('</w:numbering>')
  return end < 0 ? numbering : numbering.slice(0, end) + levels.join('') + numbering.slice(end)
}

/** The numbering of a file that has none. */
export const noNumbering =
  '<w:numbering xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"></w:numbering>'
