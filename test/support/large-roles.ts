/** Roles of nearly 1 MiB, made to be slow to print. */
import { type Block, exampleDocument, limits, type RoleDocument, type Section } from '../../src/document/schema.ts'

/** The example with sections of such blocks, as many as a draft may have. */
function filledWith(perSection: number, blockOf: (number: number) => Block): RoleDocument {
  const sections: Section[] = [...exampleDocument.sections]
  let room = limits.bytes - JSON.stringify(exampleDocument).length - 1000
  let number = 0
  while (sections.length < limits.sections) {
    const blocks: Block[] = []
    while (blocks.length < perSection) {
      const block = blockOf(number)
      room -= JSON.stringify(block).length + 1
      if (room < 0) break
      blocks.push(block)
      number += 1
    }
    if (blocks.length > 0)
      sections.push({
        id: `responsibilities-${sections.length}`,
        // An Occupation has all of it.
        kind: 'responsibilities',
        heading: `Section ${number}`,
        shared_section: null,
        blocks,
      })
    if (room < 200) break
    room -= 200
  }
  return { ...exampleDocument, sections }
}

/** By what they are made of; `word` makes two of a kind differ in every text. */
export const largeRoles: Record<string, (word: string) => RoleDocument> = {
  'texts full of marks': word =>
    filledWith(5, () => ({ type: 'paragraph', text: `*a* **${word}** \`c\` [x](https://a.uk/) `.repeat(290).trim() })),
  'short paragraphs': word =>
    filledWith(100, number => ({ type: 'paragraph', text: `${number} ${`lorem ${word} `.repeat(10)}` })),
  'nested items': word =>
    filledWith(5, number => ({
      type: 'list',
      ordered: false,
      items: [
        {
          id: `i${number * 201 + 201}`,
          text: 'x',
          optional: false,
          items: Array.from({ length: 200 }, (_, at) => ({ id: `i${number * 201 + at + 1}`, text: `*${word}*` })),
        },
      ],
    })),
}
