/** Word's own list styles, and the styles that a house bases on them. */
import { attributeOf, piecesOf } from './word-words.ts'

interface Style {
  name: string
  basedOn: string | undefined
  /** Whether it takes away the marks of what it is based on. */
  unmarked: boolean
}

function stylesOf(xml: string): Map<string, Style> {
  const styles = new Map<string, Style>()
  let style: Style | undefined
  for (const { name, tag, closing } of piecesOf(xml)) {
    if (name === 'w:style') {
      style = closing ? undefined : { name: '', basedOn: undefined, unmarked: false }
      if (style && attributeOf(tag, 'w:type') === 'paragraph') styles.set(attributeOf(tag, 'w:styleId') ?? '', style)
    } else if (style === undefined) continue
    else if (name === 'w:name') style.name = attributeOf(tag, 'w:val') ?? ''
    else if (name === 'w:basedOn') style.basedOn = attributeOf(tag, 'w:val')
    else if (name === 'w:numId') style.unmarked = attributeOf(tag, 'w:val') === '0'
  }
  return styles
}

/** A style is hardly ever based on more others, but may be on itself. */
const basesMax = 10

/** The list style that a style is, or is based on: `List Bullet 2`. */
function listStyle(styles: ReadonlyMap<string, Style>, id: string) {
  let style = styles.get(id)
  for (let count = 0; style && !style.unmarked && count < basesMax; count += 1) {
    const found = /^list (bullet|number)(?: ([2-5]))?$/i.exec(style.name)
    if (found)
      return { format: found[1]?.toLowerCase() === 'bullet' ? 'bullet' : 'decimal', level: Number(found[2] ?? 1) - 1 }
    style = styles.get(style.basedOn ?? '')
  }
  return undefined
}

const escaped = (id: string) => id.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;')

/**
 * The numbering of a file with what the names of list styles say. mammoth takes a paragraph's list from its own style only,
 * not from one that it is based on, and `List Bullet 2` for the first level where it has a numbering of its own.
 */
export function withListStyles(numbering: string, styles: string): string {
  const known = stylesOf(styles)
  const levels = [...known.keys()].flatMap(id => {
    const list = listStyle(known, id)
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
