// What changed between two documents, by meaning; and applied to the earlier it gives the later, whatever they are.
import fc from 'fast-check'
import t from 'tap'
import { type Change, diffDocuments } from '../src/document/diff.ts'
import type { Block, ListItem, RoleDocument, Section } from '../src/document/schema.ts'
import { applyDiff } from './support/patch.ts'
import { documentWith } from './support/roles.ts'

const item = (id: string, text: string, more: Partial<ListItem> = {}): ListItem => ({
  id,
  text,
  optional: false,
  items: [],
  ...more,
})
const listOf = (items: ListItem[]): Block => ({ type: 'list', ordered: false, items })
const section = (id: string, blocks: Block[]): Section => ({
  id,
  kind: 'other',
  heading: `Heading of ${id}`,
  shared_section: null,
  blocks,
})

const before = documentWith({
  sections: [
    section('one', [
      { type: 'paragraph', text: 'You will look after the pipelines that others rely on.' },
      listOf([
        item('i1', 'Build', { items: [{ id: 'i4', text: 'Small ones' }] }),
        item('i2', 'Test', { optional: true }),
        item('i3', 'Run'),
      ]),
      listOf([item('i7', 'Look after')]),
    ]),
    section('two', [{ type: 'skills', importance: 'essential' }]),
    section('three', [{ type: 'subheading', text: 'Benefits' }]),
    section('four', [listOf([item('i8', 'Drive')])]),
  ],
})

type Edit = (document: RoleDocument) => unknown
const blockOf = (document: RoleDocument, place: number, block: number) =>
  document.sections[place]?.blocks[block] as Block
const itemsOf = (document: RoleDocument) => (blockOf(document, 0, 1) as Extract<Block, { type: 'list' }>).items
const added = { from: null, before: null, words: [] }
const removed = { from: null, value: null, words: [] }
const moved = { value: null, before: null, words: [] }
const replaced = { from: null, words: [] }

t.test('diffDocuments: what changed, by meaning', async t => {
  const cases: [string, Edit, Partial<Change>[]][] = [
    ['nothing', () => {}, []],
    [
      'a SFIA level',
      d => Object.assign(d.sfia_mappings[0] as object, { level: 4 }),
      [
        {
          op: 'replace',
          path: '/sfia_mappings/0/level',
          what: 'level of SFIA skill PROG',
          before: 3,
          value: 4,
          ...replaced,
        },
      ],
    ],
    [
      'an optional point removed',
      d => itemsOf(d).splice(1, 1),
      [
        {
          op: 'remove',
          path: '/sections/0/blocks/1/items/1',
          what: 'optional item of “Heading of one”',
          before: item('i2', 'Test', { optional: true }),
          ...removed,
        },
      ],
    ],
    [
      'a point made obligatory',
      d => Object.assign(itemsOf(d)[1] as object, { optional: false }),
      [
        {
          op: 'replace',
          path: '/sections/0/blocks/1/items/1/optional',
          what: 'whether optional, of an item of “Heading of one”',
          before: true,
          value: false,
          ...replaced,
        },
      ],
    ],
    [
      'a paragraph reworded',
      d => Object.assign(blockOf(d, 0, 0), { text: 'You will look after the data pipelines that we rely on.' }),
      [
        {
          op: 'replace',
          path: '/sections/0/blocks/0/text',
          from: null,
          what: 'paragraph of “Heading of one”',
          before: 'You will look after the pipelines that others rely on.',
          value: 'You will look after the data pipelines that we rely on.',
          words: [
            { mark: 'same', text: 'You will look after the' },
            { mark: 'added', text: ' data' },
            { mark: 'same', text: ' pipelines that' },
            { mark: 'removed', text: ' others' },
            { mark: 'added', text: ' we' },
            { mark: 'same', text: ' rely on.' },
          ],
        },
      ],
    ],
    [
      'a word put before the first',
      d => {
        d.title = 'Senior Data engineer'
      },
      [
        {
          op: 'replace',
          path: '/title',
          from: null,
          what: 'title',
          before: 'Data engineer',
          value: 'Senior Data engineer',
          words: [
            { mark: 'added', text: 'Senior ' },
            { mark: 'same', text: 'Data engineer' },
          ],
        },
      ],
    ],
    [
      'a section moved',
      d => d.sections.unshift(...d.sections.splice(2, 1)),
      [{ op: 'move', from: '/sections/2', path: '/sections/0', what: 'section “Heading of three”', ...moved }],
    ],
    [
      'the first section moved to the end: one move, not two',
      d => d.sections.push(...d.sections.splice(0, 1)),
      [{ op: 'move', from: '/sections/0', path: '/sections/3', what: 'section “Heading of one”', ...moved }],
    ],
    [
      'items moved to another list of their section, one reworded: moved by their ids, in the order that they have there',
      d => {
        const [build, , run] = itemsOf(d).splice(0, 3, item('i6', 'Mend'), ...itemsOf(d).slice(1, 2))
        const other = blockOf(d, 0, 2) as Extract<Block, { type: 'list' }>
        other.items.unshift({ ...(run as ListItem), text: 'Run them' })
        other.items.push(build as ListItem)
      },
      [
        {
          op: 'move',
          from: '/sections/0/blocks/1/items/2',
          path: '/sections/0/blocks/2/items/0',
          what: 'item of “Heading of one”',
          ...moved,
        },
        {
          op: 'move',
          from: '/sections/0/blocks/1/items/0',
          path: '/sections/0/blocks/2/items/2',
          what: 'item of “Heading of one”',
          ...moved,
        },
        { op: 'add', path: '/sections/0/blocks/1/items/0', ...added },
        { op: 'replace', path: '/sections/0/blocks/2/items/0/text', before: 'Run', value: 'Run them', from: null },
      ],
    ],
    [
      'an item moved to a section that has moved: by its id and text',
      d => {
        d.sections.unshift(...d.sections.splice(3, 1))
        const [test] = (blockOf(d, 1, 1) as Extract<Block, { type: 'list' }>).items.splice(1, 1)
        ;(blockOf(d, 0, 0) as Extract<Block, { type: 'list' }>).items.push(test as ListItem)
      },
      [
        { op: 'move', from: '/sections/3', path: '/sections/0', what: 'section “Heading of four”', ...moved },
        {
          op: 'move',
          from: '/sections/1/blocks/1/items/1',
          path: '/sections/0/blocks/0/items/1',
          what: 'optional item of “Heading of four”',
          ...moved,
        },
      ],
    ],
    [
      'an item of another text in another section is another',
      d => {
        itemsOf(d).pop()
        ;(blockOf(d, 3, 0) as Extract<Block, { type: 'list' }>).items.push(item('i3', 'Rest'))
      },
      [
        { op: 'remove', path: '/sections/0/blocks/1/items/2', ...removed },
        { op: 'add', path: '/sections/3/blocks/0/items/1', ...added },
      ],
    ],
    [
      'a nested item',
      d => itemsOf(d)[0]?.items.push({ id: 'i5', text: 'Large ones' }),
      [
        {
          op: 'add',
          path: '/sections/0/blocks/1/items/0/items/1',
          what: 'nested item of “Heading of one”',
          value: { id: 'i5', text: 'Large ones' },
          ...added,
        },
      ],
    ],
    [
      'a paragraph made a note',
      d => Object.assign(blockOf(d, 0, 0), { type: 'note' }),
      [
        {
          op: 'replace',
          path: '/sections/0/blocks/0/type',
          what: 'type of a note of “Heading of one”',
          before: 'paragraph',
          value: 'note',
          ...replaced,
        },
      ],
    ],
    [
      'skills printed elsewhere',
      d => Object.assign(blockOf(d, 1, 0), { importance: null }),
      [
        {
          op: 'replace',
          path: '/sections/1/blocks/0/importance',
          what: 'importance of a skills block of “Heading of two”',
          before: 'essential',
          value: null,
          ...replaced,
        },
      ],
    ],
    [
      'title, grades and details',
      d => {
        d.title = 'Data architect'
        d.grades = [{ scheme: 'civil-service', code: 'G7', label: 'Grade 7' }]
        d.alternative_titles = []
        Object.assign(d.skills[0] as object, { level: 'expert' })
        Object.assign(d.advert_details.salary as object, { max: 50_000 })
        d.advert_details.working_patterns.reverse()
      },
      [
        {
          op: 'remove',
          path: '/grades/0',
          what: 'grades',
          before: { scheme: 'civil-service', code: 'SEO', label: 'Senior Executive Officer' },
          ...removed,
        },
        {
          op: 'remove',
          path: '/alternative_titles/0',
          what: 'alternative titles',
          before: 'Data pipeline engineer',
          ...removed,
        },
        {
          op: 'move',
          from: '/advert_details/working_patterns/1',
          path: '/advert_details/working_patterns/0',
          what: 'working patterns',
          ...moved,
        },
        {
          op: 'replace',
          path: '/title',
          from: null,
          what: 'title',
          before: 'Data engineer',
          value: 'Data architect',
          words: [
            { mark: 'same', text: 'Data' },
            { mark: 'removed', text: ' engineer' },
            { mark: 'added', text: ' architect' },
          ],
        },
        {
          op: 'add',
          path: '/grades/0',
          what: 'grades',
          value: { scheme: 'civil-service', code: 'G7', label: 'Grade 7' },
          ...added,
        },
        {
          op: 'replace',
          path: '/skills/0/level',
          what: 'level of the skill “Can write and test code in Python”',
          before: 'working',
          value: 'expert',
          ...replaced,
        },
        {
          op: 'replace',
          path: '/advert_details/salary/max',
          what: 'max of salary',
          before: 47_250.5,
          value: 50_000,
          ...replaced,
        },
      ],
    ],
    [
      'parts removed in several places: each pointer is into the earlier document',
      d => {
        itemsOf(d).splice(0, 2)
        d.sections.splice(1, 1)
      },
      [
        { op: 'remove', path: '/sections/1' },
        { op: 'remove', path: '/sections/0/blocks/1/items/1' },
        { op: 'remove', path: '/sections/0/blocks/1/items/0' },
      ],
    ],
  ]
  for (const [name, edit, changes] of cases) {
    const after = structuredClone(before)
    edit(after)
    const found = diffDocuments(before, after)
    t.match(found, changes, name)
    t.equal(found.length, changes.length, name)
    for (const change of changes) if (!('before' in change)) delete (change as { words?: unknown }).words
    t.equal(JSON.stringify(applyDiff(before, found)), JSON.stringify(after), name)
  }
})

const text = fc.constantFrom(
  'Build',
  'Build it',
  'Build it well',
  'Build it *very* well',
  'x',
  'Löschen  und\nneu',
  'a a a b',
)
const id = (letter: string) => fc.integer({ min: 1, max: 9 }).map(number => `${letter}${number}`)
const block: fc.Arbitrary<Block> = fc.oneof(
  fc.record({ type: fc.constantFrom('paragraph', 'subheading', 'note'), text }),
  fc.record({
    type: fc.constant('list' as const),
    ordered: fc.boolean(),
    items: fc.array(
      fc.record({
        id: id('i'),
        text,
        optional: fc.boolean(),
        items: fc.uniqueArray(fc.record({ id: id('i'), text }), { maxLength: 4, selector: entry => entry.id }),
      }),
      { minLength: 1, maxLength: 5 },
    ),
  }),
  fc.record({ type: fc.constant('skills' as const), importance: fc.constantFrom('essential', 'desirable', null) }),
  fc.record({ type: fc.constantFrom('sfia_mappings' as const, 'advert_details' as const) }),
)
const label = fc.constantFrom('Closing date', 'Pay', '', 'a/b~c')
const nullOr = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null })
/** Any document of the shape, with few ids and texts, so that two have much in common and lists hold things twice. */
const document: fc.Arbitrary<RoleDocument> = fc.record({
  title: nullOr(text),
  alternative_titles: fc.array(text, { maxLength: 5 }),
  profession: fc.constantFrom(null, 'digital_and_data' as const),
  family: fc.constantFrom(null, 'data' as const),
  grades: fc.array(
    fc.record({ scheme: fc.constantFrom('civil-service', 'own'), code: fc.constantFrom('SEO', 'G7'), label }),
    { maxLength: 4 },
  ),
  behaviours: fc.subarray(['leadership', 'working_together', 'delivering_at_pace'] as const).map(found => [...found]),
  sections: fc.array(
    fc.record({
      id: id('other-'),
      kind: fc.constantFrom('other' as const, 'benefits' as const),
      heading: text,
      shared_section: nullOr(fc.constantFrom('about', 'us')),
      blocks: fc.array(block, { maxLength: 6 }),
    }),
    { maxLength: 6 },
  ),
  skills: fc.array(
    fc.record({
      id: id('s'),
      statement: text,
      skill: nullOr(fc.constant('python')),
      level: fc.constantFrom(null, 'working' as const, 'expert' as const),
      importance: fc.constantFrom('essential' as const, 'desirable' as const, null),
    }),
    { maxLength: 6 },
  ),
  sfia_version: fc.constantFrom(null, '8' as const, '9' as const),
  sfia_mappings: fc.array(
    fc.record({ code: fc.constantFrom('PROG', 'DESN', 'SINT', 'USUP'), level: fc.integer({ min: 1, max: 7 }) }),
    { maxLength: 4 },
  ),
  advert_details: fc.record({
    reference_number: nullOr(text),
    salary: nullOr(
      fc.record({
        min: nullOr(fc.nat(9)),
        max: nullOr(fc.nat(9)),
        currency: fc.constant('GBP'),
        period: fc.constant('year' as const),
        text: nullOr(text),
      }),
    ),
    role_types: fc.constantFrom([], ['digital' as const]),
    locations: fc.array(
      fc.record({ text, town: nullOr(text), region: nullOr(text), postcode: nullOr(text), country: nullOr(text) }),
      { maxLength: 3 },
    ),
    business_area: nullOr(text),
    contract_types: fc.constantFrom([], ['permanent' as const]),
    working_patterns: fc.constantFrom([], ['full_time' as const, 'job_share' as const], ['job_share' as const]),
    hours: nullOr(text),
    reports_to: nullOr(text),
    additional: fc.array(fc.record({ label, value: text }), { maxLength: 3 }),
  }),
})

/** Changes any list of a value, at any depth, as people do: takes out, puts in again elsewhere, doubles, reverses. */
function shuffle(value: unknown, steps: number[]): void {
  if (typeof value !== 'object' || value === null) return
  if (Array.isArray(value) && value.length > 0) {
    const step = steps.shift() ?? 0
    const place = step % value.length
    if (step % 5 === 1) value.splice(place, 1)
    if (step % 5 === 2) value.unshift(...value.splice(place, 1))
    if (step % 5 === 3) value.push(structuredClone(value[place]))
    if (step % 5 === 4) value.reverse()
  }
  for (const entry of Object.values(value)) shuffle(entry, steps)
}

/** Moves items from lists to other lists, at any place there. */
function carry(document: RoleDocument, steps: number[]): void {
  const lists = document.sections.flatMap(({ blocks }) =>
    blocks.flatMap(entry => (entry.type === 'list' ? [entry] : [])),
  )
  for (const step of steps) {
    const [from, to] = [lists[step % lists.length], lists[(step * 7 + 3) % lists.length]]
    const [carried] = from?.items.splice(step % 3, 1) ?? []
    if (carried) to?.items.splice(step % 4, 0, step % 5 === 0 ? { ...carried, text: 'Another' } : carried)
  }
}

const textOf = (change: Change, without: 'added' | 'removed') =>
  change.words.flatMap(({ mark, text }) => (mark === without ? [] : [text])).join('')

function requireExact(from: RoleDocument, to: RoleDocument): void {
  const untouched = JSON.stringify(from)
  const changes = diffDocuments(from, to)
  const result = applyDiff(from, JSON.parse(JSON.stringify(changes)))
  if (JSON.stringify(result) !== JSON.stringify(to))
    throw new Error(`not what it should be: ${JSON.stringify(changes)}`)
  if (JSON.stringify(from) !== untouched) throw new Error('the earlier document was changed')
  if ((changes.length === 0) !== (untouched === JSON.stringify(to)))
    throw new Error('empty, or not, where it should not')
  for (const change of changes)
    if (
      change.words.length > 0 &&
      (textOf(change, 'added') !== change.before || textOf(change, 'removed') !== change.value)
    )
      throw new Error(`the words are of other texts: ${JSON.stringify(change)}`)
  if (JSON.stringify(diffDocuments(from, to)) !== JSON.stringify(changes)) throw new Error('not the same again')
}

t.test('applyDiff: the changes from one document to another, applied to the first, give the second', async t => {
  fc.assert(
    fc.property(document, document, (from, to) => requireExact(from, to)),
    { numRuns: 400 },
  )
  fc.assert(
    fc.property(document, fc.array(fc.nat(1000), { maxLength: 40 }), (from, steps) => {
      const to = structuredClone(from)
      shuffle(to, steps)
      requireExact(from, to)
      requireExact(to, from)
    }),
    { numRuns: 600 },
  )
  let moves = 0
  fc.assert(
    fc.property(document, fc.array(fc.nat(1000), { maxLength: 20 }), fc.boolean(), (from, steps, shuffled) => {
      const to = structuredClone(from)
      carry(to, steps)
      if (shuffled) shuffle(to, steps)
      requireExact(from, to)
      requireExact(to, from)
      const listAt = (pointer: string) => pointer.replace(/\d+$/, '')
      moves += diffDocuments(from, to).filter(({ from, path }) => from !== null && listAt(from) !== listAt(path)).length
    }),
    { numRuns: 600 },
  )
  t.ok(moves > 100, `${moves} items were told to be in another list`)
  t.pass('each was exact')
})

t.test('diffDocuments: documents made to be slow are compared within seconds of the processor’s time', async t => {
  const texts = {
    'no word in common': [() => 'a '.repeat(4900), () => 'b '.repeat(4900)],
    'every other word': [(n: number) => `a${n} b `.repeat(1200), (n: number) => `b a${n + 1} `.repeat(1200)],
    'many short ones': [(n: number) => `w${n} x y`, (n: number) => `v${n} y x`],
  } as const
  for (const [name, [one, other]] of Object.entries(texts)) {
    /** As large as a published role may be: 4 MiB. */
    const make = (text: (n: number) => string, order: 1 | -1) => {
      const isLong = text(0).length > 1000
      const blocks = () => {
        const texts = Array.from({ length: isLong ? 30 : 99 }, (_, n): Block => {
          return { type: 'paragraph', text: text(n * order + 200) }
        })
        // The same points with other words, in the other order where they are many.
        const items = Array.from({ length: isLong ? 30 : 200 }, (_, n) =>
          item(`i${isLong || order === 1 ? n : 199 - n}`, text(n)),
        )
        return [...texts, listOf(items)]
      }
      return documentWith({
        sections: Array.from({ length: isLong ? 7 : 60 }, (_, n) => section(`other-${n}`, blocks())),
      })
    }
    const [from, to] = [make(one, 1), make(other, -1)]
    const began = process.cpuUsage()
    const changes = diffDocuments(from, to)
    const ms = process.cpuUsage(began).user / 1000
    t.comment(`${name}: ${Math.round(ms)} ms for ${changes.length} changes`)
    t.ok(ms < 4000, `${name} took ${Math.round(ms)} ms`)
    t.equal(JSON.stringify(applyDiff(from, changes)), JSON.stringify(to))
  }
})
