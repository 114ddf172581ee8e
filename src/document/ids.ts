/**
 * Ids are short and stable: a section's is its kind (`responsibilities`, `other-2`), items `i1 …`, skills `s1 …`. An id
 * that is sent is kept; otherwise it is the next number never yet used in that role.
 */
import type { Finding } from './check.ts'
import type { Block, RoleDocument, Section } from './schema.ts'
import { itemsOf } from './walk.ts'

/** The highest number ever given in a role: of items, of skills, and of sections by the stem of their id. */
export type IdSerials = Record<string, number>

const numberOf = (id: string) => Number(/[0-9]+$/.exec(id)?.[0] ?? 1)
const stemOf = (sectionId: string) => sectionId.replace(/-[0-9]+$/, '')

function fillBlocks(blocks: Block[], next: () => string): Block[] {
  const filled = <T extends { id: string }>(item: T): T => (item.id ? item : { ...item, id: next() })
  return blocks.map(block =>
    block.type === 'list'
      ? { ...block, items: block.items.map(item => ({ ...filled(item), items: item.items.map(filled) })) }
      : block,
  )
}

const itemIds = (blocks: Block[]) => itemsOf(blocks).map(({ id }) => id)

const highest = (ids: string[], from = 0) => ids.reduce((most, id) => (id ? Math.max(most, numberOf(id)) : most), from)

/** The highest number that an id may have; the schema's patterns hold to it. */
const numberMax = 99_999_999
/** The highest that a request may bring along, which leaves the register numbers that no role uses up. */
const sentNumberMax = 9_999_999

/** Blocks with an id for every item, above the highest in them. For shared sections, whose items belong to no role. */
export function assignItemIds(blocks: Block[]): Block[] {
  const taken = new Set(itemIds(blocks))
  let last = highest([...taken])
  return fillBlocks(blocks, () => {
    do last = last >= numberMax ? 1 : last + 1
    while (taken.has(`i${last}`))
    return `i${last}`
  })
}

/** The ids of a document that are neither small enough to be taken from anybody, nor of those that the role gave. */
export function findFarIds({ sections, skills }: RoleDocument, known: IdSerials): Finding[] {
  const far = (name: string, id: string, pointer: string): Finding[] =>
    id === '' || numberOf(id) <= Math.max(sentNumberMax, known[name] ?? 0)
      ? []
      : [
          {
            pointer: `${pointer}/id`,
            code: 'wrong_id',
            detail: `The register never gave the id "${id}"; leave it out.`,
          },
        ]
  return [
    ...sections.flatMap(({ id, blocks }, index) => [
      ...far(stemOf(id), id, `/sections/${index}`),
      ...blocks.flatMap((block, number) =>
        block.type !== 'list'
          ? []
          : block.items.flatMap((item, position) => {
              const at = `/sections/${index}/blocks/${number}/items/${position}`
              return [
                ...far('item', item.id, at),
                ...item.items.flatMap((sub, place) => far('item', sub.id, `${at}/items/${place}`)),
              ]
            }),
      ),
    ]),
    ...skills.flatMap(({ id }, index) => far('skill', id, `/skills/${index}`)),
  ]
}

/** The document with every id filled in, and the serials to keep with it. */
export function assignIds(document: RoleDocument, known: IdSerials): { document: RoleDocument; serials: IdSerials } {
  const serials = { ...known }
  const next = (name: string) => {
    serials[name] = (serials[name] ?? 0) + 1
    return serials[name]
  }
  for (const { id } of document.sections) if (id) serials[stemOf(id)] = Math.max(serials[stemOf(id)] ?? 0, numberOf(id))
  serials.item = highest(
    document.sections.flatMap(({ blocks }) => itemIds(blocks)),
    serials.item,
  )
  serials.skill = highest(
    document.skills.map(({ id }) => id),
    serials.skill,
  )
  const sections = document.sections.map((section): Section => {
    const number = section.id ? 0 : next(section.kind)
    const id = section.id || (number === 1 ? section.kind : `${section.kind}-${number}`)
    return { ...section, id, blocks: fillBlocks(section.blocks, () => `i${next('item')}`) }
  })
  const skills = document.skills.map(skill => (skill.id ? skill : { ...skill, id: `s${next('skill')}` }))
  return { document: { ...document, sections, skills }, serials }
}
