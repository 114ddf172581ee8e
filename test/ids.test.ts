// Ids are short and stable: kept when sent, else the next number that the role never used.
import fc from 'fast-check'
import t from 'tap'
import { assignIds, assignItemIds, findFarIds, type IdSerials } from '../src/document/ids.ts'
import { type Block, exampleDocument, type RoleDocument, type Section } from '../src/document/schema.ts'

const section = (id: string, kind: Section['kind'], items: string[] = []): Section => ({
  id,
  kind,
  heading: 'A heading',
  shared_section: null,
  blocks: items.length === 0 ? [] : [listOf(items)],
})
const listOf = (ids: string[]): Block => ({
  type: 'list',
  ordered: false,
  items: ids.map(id => ({ id, text: 'An item', optional: false, items: [] })),
})
const documentOf = (sections: Section[], skillIds: string[] = []): RoleDocument => ({
  ...exampleDocument,
  sections,
  skills: skillIds.map(id => ({ id, statement: 'A skill', skill: null, level: null, importance: null })),
})

const itemIds = ({ sections }: RoleDocument) =>
  sections.flatMap(({ blocks }) =>
    blocks.flatMap(block => (block.type === 'list' ? block.items.map(({ id }) => id) : [])),
  )
const idsOf = (document: RoleDocument) => [
  ...document.sections.map(({ id }) => `section ${id}`),
  ...itemIds(document).map(id => `item ${id}`),
  ...document.skills.map(({ id }) => `skill ${id}`),
]

t.test('assignIds numbers what has none, above all that the role ever had', async t => {
  const { document, serials } = assignIds(
    documentOf([section('', 'other', ['i7', '']), section('other-4', 'benefits'), section('', 'other')], ['', 's3']),
    { benefits: 2, item: 9 },
  )
  t.same(idsOf(document), [
    'section other-5',
    'section other-4',
    'section other-6',
    'item i7',
    'item i10',
    'skill s4',
    'skill s3',
  ])
  t.same(serials, { benefits: 2, item: 10, other: 6, skill: 4 })
})

t.test('assignIds never gives an id twice, whatever comes and goes', async () => {
  const sections = fc.array(
    fc.record({ kind: fc.constantFrom('other' as const, 'benefits' as const), items: fc.nat(3), keep: fc.boolean() }),
    { maxLength: 4 },
  )
  fc.assert(
    fc.property(fc.array(sections, { minLength: 2, maxLength: 8 }), rounds => {
      let current = documentOf([])
      let serials: IdSerials = {}
      const given = new Set<string>()
      for (const round of rounds) {
        const kept = current.sections.filter((_, index) => round[index]?.keep)
        const added = round.map(({ kind, items }) => section('', kind, Array(items).fill('')))
        const before = new Set(idsOf(documentOf(kept)))
        const skills = current.skills.slice(1).map(({ id }) => id)
        for (const id of skills) before.add(`skill ${id}`)
        ;({ document: current, serials } = assignIds(documentOf([...kept, ...added], [...skills, '']), serials))
        const after = idsOf(current)
        if (new Set(after).size !== after.length) throw new Error(`twice in ${after}`)
        for (const id of after.filter(id => !before.has(id))) {
          if (given.has(id)) throw new Error(`${id} was given before`)
          given.add(id)
        }
        for (const id of before) if (!after.includes(id)) throw new Error(`${id} was not kept`)
        const again = assignIds(current, serials)
        if (JSON.stringify([again.document, again.serials]) !== JSON.stringify([current, serials]))
          throw new Error('what has all its ids changes nothing')
        if (findFarIds(current, serials).length > 0) throw new Error('what was given is not taken back')
      }
    }),
  )
})

t.test('findFarIds refuses numbers that would use up those of the role, and takes back what was given', async t => {
  const far = documentOf([section('other-10000000', 'other', ['i9999999', 'i10000000'])], ['s99999999'])
  t.same(
    findFarIds(far, {}).map(({ pointer }) => pointer),
    ['/sections/0/id', '/sections/0/blocks/0/items/1/id', '/skills/0/id'],
  )
  t.same(findFarIds(far, { other: 10_000_000, item: 10_000_000, skill: 99_999_999 }), [])
})

t.test('assignItemIds fills gaps where the highest number is taken', async t => {
  const ids = (blocks: Block[]) =>
    blocks.flatMap(block => (block.type === 'list' ? block.items.map(({ id }) => id) : []))
  t.same(ids(assignItemIds([listOf(['', 'i4', ''])])), ['i5', 'i4', 'i6'])
  t.same(ids(assignItemIds([listOf(['', 'i99999999', 'i1', ''])])), ['i2', 'i99999999', 'i1', 'i3'])
})
