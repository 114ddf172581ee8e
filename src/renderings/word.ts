/**
 * A role as a Word file in the Home Office's form: a table for each section, its heading in the header row. The same role
 * gives the same bytes. Pure.
 */
import {
  AlignmentType,
  ConcreteHyperlink,
  Document,
  HeadingLevel,
  type ILevelsOptions,
  LevelFormat,
  Packer,
  Paragraph,
  type ParagraphChild,
  Table,
  TableCell,
  TableRow,
  TextRun,
  WidthType,
} from 'docx'
import { formNamespace, formText, optionalMark } from '../document/form.ts'
import { foldPlain, holdable, type Print, printSection } from '../document/print.ts'
import type { Inline } from '../document/text.ts'
import { escapeHtml } from './html.ts'
import { layOut, type Source, titleOf } from './rendering.ts'

const relationships = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'
/** Width of a page of A4 between margins of an inch, in twentieths of a point. */
const pageWidth = 9026
const labelWidth = 2800

const level = (number: number, format: ILevelsOptions['format'], text: string): ILevelsOptions => ({
  level: number,
  ...(format ? { format } : {}),
  text,
  alignment: AlignmentType.LEFT,
  style: { paragraph: { indent: { left: 360 * (number + 1), hanging: 360 } } },
})

/** Word has nine levels: an item that someone sets in further than the register does is an item still. */
const innerLevels = [1, 2, 3, 4, 5, 6, 7, 8].map(number => level(number, LevelFormat.BULLET, '◦'))

const numbering = {
  config: [
    { reference: 'bullets', levels: [level(0, LevelFormat.BULLET, '•'), ...innerLevels] },
    { reference: 'numbers', levels: [level(0, LevelFormat.DECIMAL, '%1.'), ...innerLevels] },
  ],
}

const heading = (size: number) => ({ run: { font: 'Arial', bold: true, size, color: '000000' } })

const styles = {
  default: {
    document: {
      run: { font: 'Arial', size: 24, language: { value: 'en-GB' } },
      paragraph: { spacing: { after: 120 } },
    },
    heading1: heading(36),
    heading2: heading(28),
    heading3: heading(24),
  },
  paragraphStyles: [
    {
      id: 'Note',
      name: 'Note',
      basedOn: 'Normal',
      quickFormat: true,
      run: { color: '505A5F' },
      paragraph: { indent: { left: 360 } },
    },
  ],
  characterStyles: [{ id: 'Code', name: 'Code', quickFormat: true, run: { font: 'Courier New' } }],
}

interface Marks {
  bold?: boolean
  italics?: boolean
}

/** Makes the paragraphs of one file, and gathers the addresses of its links. */
class Writer {
  readonly links: string[] = []
  #lists = 0

  runs(nodes: readonly Inline[], marks: Marks = {}, style?: string): ParagraphChild[] {
    return nodes.flatMap((node): ParagraphChild[] => {
      if (node.type === 'text')
        return [new TextRun({ text: holdable(node.value), ...marks, ...(style ? { style } : {}) })]
      if (node.type === 'code') return [new TextRun({ text: holdable(node.value), ...marks, style: 'Code' })]
      if (node.type === 'link') {
        this.links.push(holdable(node.url))
        return [new ConcreteHyperlink(this.runs(node.children, marks, 'Hyperlink'), `Link${this.links.length}`)]
      }
      const more = node.type === 'strong' ? { bold: true } : { italics: true }
      return this.runs(node.children, { ...marks, ...more }, style)
    })
  }

  /** What leads to a list stays on its page. */
  blocks(print: Exclude<Print, { type: 'rows' }>, next: Print | undefined): Paragraph[] {
    if (print.type === 'list') return this.#list(print)
    const children = this.runs(print.content)
    const leads = print.type === 'subheading' || next?.type === 'list'
    const style = print.type === 'note' ? { style: 'Note' } : {}
    const heading = print.type === 'subheading' ? { heading: HeadingLevel.HEADING_3 } : {}
    return [new Paragraph({ ...style, ...heading, ...(leads ? { keepNext: true } : {}), children })]
  }

  #list({ ordered, items }: Extract<Print, { type: 'list' }>): Paragraph[] {
    this.#lists += 1
    const instance = this.#lists
    const item = (content: readonly Inline[], at: number, isOptional: boolean) =>
      new Paragraph({
        numbering: { reference: ordered ? 'numbers' : 'bullets', level: at, instance },
        children: [
          ...this.runs(content),
          ...(isOptional ? [new TextRun(' '), new TextRun({ text: optionalMark, italics: true })] : []),
        ],
      })
    return items.flatMap(({ content, optional, items: inner }) => [
      ...(content.length > 0 ? [item(content, 0, optional)] : []),
      ...inner.map(nodes => item(nodes, 1, false)),
    ])
  }

  /** A table of the heading and what stands under it; rows of labels and values have two cells. */
  section(title: string, prints: readonly Print[]): Table {
    const hasRows = prints.some(({ type }) => type === 'rows')
    const span = hasRows ? { columnSpan: 2 } : {}
    const rows: TableRow[] = []
    let run: Paragraph[] = []
    const flush = () => {
      if (run.length > 0) rows.push(new TableRow({ children: [new TableCell({ ...span, children: run })] }))
      run = []
    }
    for (const [at, print] of prints.entries()) {
      if (print.type !== 'rows') {
        run.push(...this.blocks(print, prints[at + 1]))
        continue
      }
      flush()
      for (const { label, value } of print.rows) {
        const name = new TextRun({ text: `${label}:`, bold: true })
        rows.push(
          new TableRow({
            cantSplit: true,
            children: [
              new TableCell({ children: [new Paragraph({ children: [name] })] }),
              new TableCell({ children: [new Paragraph(value)] }),
            ],
          }),
        )
      }
    }
    flush()
    if (rows.length === 0)
      rows.push(new TableRow({ children: [new TableCell({ ...span, children: [new Paragraph('')] })] }))
    const head = new TableRow({
      tableHeader: true,
      cantSplit: true,
      children: [
        new TableCell({
          ...span,
          shading: { fill: 'E7E6E6' },
          children: [new Paragraph({ heading: HeadingLevel.HEADING_2, keepNext: true, text: foldPlain(title) })],
        }),
      ],
    })
    return new Table({
      width: { size: pageWidth, type: WidthType.DXA },
      columnWidths: hasRows ? [labelWidth, pageWidth - labelWidth] : [pageWidth],
      margins: { top: 80, bottom: 80, left: 115, right: 115 },
      rows: [head, ...rows],
    })
  }
}

const xml = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'

const coreProperties = (title: string, organisation: string, time: string) =>
  `${xml}<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><dc:title>${escapeHtml(title)}</dc:title><dc:creator>${escapeHtml(organisation)}</dc:creator><dc:language>en-GB</dc:language><dcterms:created xsi:type="dcterms:W3CDTF">${time}</dcterms:created><dcterms:modified xsi:type="dcterms:W3CDTF">${time}</dcterms:modified></cp:coreProperties>`

/** Names the part of the form, as Word does for each of its own; LibreOffice keeps no part that lacks it. */
const formProperties = `${xml}<ds:datastoreItem xmlns:ds="http://schemas.openxmlformats.org/officeDocument/2006/customXml" ds:itemID="{6F1D9A52-3C84-4E0B-9B7A-5A2E8C40D713}"><ds:schemaRefs><ds:schemaRef ds:uri="${formNamespace}"/></ds:schemaRefs></ds:datastoreItem>`
const formRelationships = `${xml}<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="${relationships}/customXmlProps" Target="itemProps1.xml"/></Relationships>`

/** Sets the time of every entry of a ZIP to the first that there is, 1 January 1980 (APPNOTE 4.4.6). */
function withoutTimes(zip: Buffer): Buffer {
  const end = zip.lastIndexOf('PK\u0005\u0006', undefined, 'latin1')
  let entry = zip.readUInt32LE(end + 16)
  for (let left = zip.readUInt16LE(end + 10); left > 0; left -= 1) {
    const local = zip.readUInt32LE(entry + 42)
    zip.writeUInt32LE(0x00210000, entry + 12)
    zip.writeUInt32LE(0x00210000, local + 10)
    entry += 46 + zip.readUInt16LE(entry + 28) + zip.readUInt16LE(entry + 30) + zip.readUInt16LE(entry + 32)
  }
  return zip
}

/** The role as a Word file (.docx), with what it does not show in an XML part of its own. `time` is when it was written. */
export async function renderWord(source: Source, time: string): Promise<Buffer> {
  const { role, imprint, options, form } = layOut(source)
  const title = foldPlain(titleOf(source))
  const writer = new Writer()
  const children = [
    ...(role.title === null ? [] : [new Paragraph({ heading: HeadingLevel.HEADING_1, keepNext: true, text: title })]),
    ...role.sections.flatMap(section => {
      const prints = printSection(section, role, options)
      // Tables side by side would be one.
      return [writer.section(section.heading, prints), new Paragraph('')]
    }),
    ...(imprint === undefined ? [] : [new Paragraph(holdable(imprint))]),
  ]
  const document = new Document({ title, styles, numbering, sections: [{ children }] })
  const { Relationships: own } = document.Document
  writer.links.forEach((url, at) => {
    own.addRelationship(`Link${at + 1}`, `${relationships}/hyperlink`, url, 'External')
  })
  own.addRelationship('Form', `${relationships}/customXml`, '../customXml/item1.xml')
  document.ContentTypes.addOverride(
    'application/vnd.openxmlformats-officedocument.customXmlProperties+xml',
    '/customXml/itemProps1.xml',
  )
  const part = `${xml}<form xmlns="${formNamespace}">${escapeHtml(formText(form))}</form>`
  return withoutTimes(
    await Packer.toBuffer(document, false, [
      { path: 'docProps/core.xml', data: coreProperties(title, source.organisation, time) },
      { path: 'customXml/item1.xml', data: part },
      { path: 'customXml/itemProps1.xml', data: formProperties },
      { path: 'customXml/_rels/item1.xml.rels', data: formRelationships },
    ]),
  )
}
