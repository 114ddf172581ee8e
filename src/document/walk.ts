/** The texts of a document, in the order in which it is read, with where they stand. */
import type { Block, ListItem, RoleDocument, SubItem } from './schema.ts'
import { type Inline, joinAlike, parseText } from './text.ts'

export interface Part {
  pointer: string
  text: string
  /** Whether the text has marks and links. */
  inline: boolean
  /** The object that the text belongs to; undefined for members of the document itself. */
  owner: object | undefined
}

/** Every text of a document. Skills stand where their block prints them, advert details where theirs does. */
export function* partsOf(document: RoleDocument): Generator<Part> {
  const part = (pointer: string, text: string, inline: boolean, owner?: object): Part => ({
    pointer,
    text,
    inline,
    owner,
  })
  if (document.title !== null) yield part('/title', document.title, false)
  for (const [at, section] of document.sections.entries()) {
    const pointer = `/sections/${at}`
    yield part(`${pointer}/heading`, section.heading, false, section)
    for (const [index, block] of section.blocks.entries()) {
      const place = `${pointer}/blocks/${index}`
      if (block.type === 'list') {
        for (const [number, item] of block.items.entries()) {
          yield part(`${place}/items/${number}`, item.text, true, item)
          for (const [inner, sub] of item.items.entries()) {
            yield part(`${place}/items/${number}/items/${inner}`, sub.text, true, sub)
          }
        }
      } else if (block.type === 'skills') {
        for (const [number, skill] of document.skills.entries()) {
          if (skill.importance === block.importance) yield part(`/skills/${number}`, skill.statement, true, skill)
        }
      } else if ('text' in block) yield part(place, block.text, true, block)
    }
  }
  const details = document.advert_details
  for (const member of ['reference_number', 'business_area', 'hours', 'reports_to'] as const) {
    const value = details[member]
    if (value !== null) yield part(`/advert_details/${member}`, value, false)
  }
  if (details.salary?.text) yield part('/advert_details/salary/text', details.salary.text, false)
  for (const [at, place] of details.locations.entries())
    yield part(`/advert_details/locations/${at}`, place.text, false)
  for (const [at, { label, value }] of details.additional.entries()) {
    yield part(`/advert_details/additional/${at}`, value === '' ? label : `${label}: ${value}`, false)
  }
}

/** All items in blocks, nested ones too, each before those in it: their ids are unique in a section. */
export const itemsOf = (blocks: readonly Block[]): (ListItem | SubItem)[] =>
  blocks.flatMap(block => (block.type === 'list' ? block.items.flatMap(item => [item, ...item.items]) : []))

const readableInlines = (nodes: readonly Inline[]): string =>
  nodes
    .map(node => {
      if (node.type === 'link') {
        const label = readableInlines(node.children)
        // A link around nothing is seen by nobody.
        return label.trim() === '' ? label : ` ${label} ${node.url} `
      }
      if (node.type === 'code') return ` ${node.value} `
      return 'children' in node ? readableInlines(node.children) : node.value
    })
    .join('')

/** A text as it is read, with the address of each link behind it. */
export const readableText = ({ text, inline }: Part) =>
  inline ? readableInlines(joinAlike(parseText(text).nodes)) : text

/** The pointer of every object that stands in a document. */
export function pointersOf(document: RoleDocument): Map<object, string> {
  const pointers = new Map<object, string>()
  document.sections.forEach((section, at) => {
    pointers.set(section, `/sections/${at}`)
    section.blocks.forEach((block, index) => {
      pointers.set(block, `/sections/${at}/blocks/${index}`)
    })
  })
  document.sfia_mappings.forEach((mapping, at) => {
    pointers.set(mapping, `/sfia_mappings/${at}`)
  })
  for (const { owner, pointer } of partsOf(document)) {
    if (owner && !pointers.has(owner)) pointers.set(owner, pointer)
  }
  return pointers
}
