// Changes as a profession lead reads them: every kind of change is a sentence, and no mark of CommonMark is left in it.
import fc from 'fast-check'
import t from 'tap'
import { diffDocuments } from '../src/document/diff.ts'
import type { Block, ListItem, RoleDocument, Section } from '../src/document/schema.ts'
import { readableChanges } from '../src/pages/changes.ts'
import { randomRole } from './support/random-roles.ts'
import { documentWith } from './support/roles.ts'

const item = (id: string, text: string, more: Partial<ListItem> = {}): ListItem => ({
  id,
  text,
  optional: false,
  items: [],
  ...more,
})
const section = (id: string, heading: string, blocks: Block[]): Section => ({
  id,
  kind: 'other',
  heading,
  shared_section: null,
  blocks,
})
const paragraph = (text: string): Block => ({ type: 'paragraph', text })
const before = documentWith({
  sections: [
    section('other', 'About', [
      paragraph('You will run **all** [pipelines](https://a.uk/).'),
      {
        type: 'list',
        ordered: false,
        items: [
          item('i1', 'Build *well*', { items: [{ id: 'i4', text: 'Small ones' }] }),
          item('i2', 'Test', { optional: true }),
          item('i3', 'Run'),
        ],
      },
    ]),
    section('other-2', 'Skills', [{ type: 'skills', importance: 'essential' }, { type: 'sfia_mappings' }]),
    section('other-3', 'More', [{ type: 'subheading', text: 'Benefits' }, { type: 'advert_details' }]),
  ],
})

/** What a reader sees: `[-went-]` and `{+came+}`; what is shown by its marks stands in `<>`. */
const seen = (to: object, from: object = before) =>
  readableChanges(from, diffDocuments(from, to), 100).map(({ title, lines }) => [
    title,
    ...lines.map(
      ({ point, parts }) =>
        (point ? '• ' : '') +
        parts
          .map(({ mark, text, inline }) => {
            const told = inline ? `<${text}>` : text
            return mark === 'added' ? `{+${told}+}` : mark === 'removed' ? `[-${told}-]` : told
          })
          .join(''),
    ),
  ])

type Edit = (document: RoleDocument) => unknown
const blocksOf = (document: RoleDocument, place = 0) => document.sections[place]?.blocks ?? []
const set = (target: object | undefined, members: object) => Object.assign(target ?? {}, members)
const itemsOf = (document: RoleDocument) => (blocksOf(document)[1] as Extract<Block, { type: 'list' }>).items

t.test('readableChanges: each kind of change as a sentence', async t => {
  const cases: [string, Edit, string[][]][] = [
    ['nothing', () => {}, []],
    [
      'title',
      d => set(d, { title: 'Lead data engineer' }),
      [['The title was changed.', '[-Data-] {+Lead data+} engineer']],
    ],
    ['no title', d => set(d, { title: null }), [['The title was removed.', '[-Data engineer-]']]],
    [
      'alternative titles',
      d => set(d, { alternative_titles: ['Plumber *of data*'] }),
      [
        ['An alternative title was removed.', '[-Data pipeline engineer-]'],
        ['An alternative title was added.', '{+Plumber *of data*+}'],
      ],
    ],
    [
      'profession and family',
      d => set(d, { profession: 'policy', family: null }),
      [
        ['The profession was changed.', '[-Digital and Data-] {+Policy+}'],
        ['The family was removed.', '[-Data-]'],
      ],
    ],
    [
      'grade',
      d => set(d, { grades: [{ scheme: 'civil-service', code: 'G7', label: 'Grade 7' }] }),
      [
        ['A grade was removed.', '[-Senior Executive Officer (SEO)-]'],
        ['A grade was added.', '{+Grade 7+}'],
      ],
    ],
    [
      'behaviours',
      d => set(d, { behaviours: ['delivering_at_pace', 'working_together', 'leadership'] }),
      [
        ['A behaviour was moved up.', 'Delivering at pace'],
        ['A behaviour was added.', '{+Leadership+}'],
      ],
    ],
    [
      'a section added, with all that stands in it',
      d =>
        d.sections.push(
          section('other-4', 'New', [
            paragraph('See [it](https://a.uk/)'),
            {
              type: 'list',
              ordered: false,
              items: [item('i1', 'One', { optional: true, items: [{ id: 'i2', text: 'Two' }] })],
            },
          ]),
        ),
      [['The section “New” was added.', '{+<See [it](https://a.uk/)>+}', '• {+<One>+} {+(optional)+}', '• {+<Two>+}']],
    ],
    ['a section removed', d => d.sections.pop(), [['The section “More” was removed.', '[-<Benefits>-]']]],
    ['a section moved', d => d.sections.unshift(...d.sections.splice(2)), [['The section “More” was moved up.']]],
    [
      'heading, kind and shared section',
      d => set(d.sections[2], { heading: 'Much more', kind: 'benefits', shared_section: 'benefits' }),
      [
        ['The kind of the section “More” was changed.', '[-Other-] {+Benefits+}'],
        ['The heading of a section was changed.', '[-More-] {+Much more+}'],
        ['The section “Much more” is a shared section now.', '{+benefits+}'],
      ],
    ],
    [
      'a paragraph reworded',
      d => set(blocksOf(d)[0], { text: 'You will run **most** [pipelines](https://a.uk/).' }),
      [['A paragraph in “About” was reworded.', 'You will run [-all-] {+most+} pipelines.']],
    ],
    [
      'a link that leads to another address',
      d => set(blocksOf(d)[0], { text: 'You will run **all** [pipelines](https://b.uk/).' }),
      [
        [
          'A link in a paragraph in “About” was changed.',
          '<You will run **all** [pipelines](https://b.uk/).>',
          'Link “pipelines”: [-https://a.uk/-] {+https://b.uk/+}',
        ],
      ],
    ],
    [
      'emphasis',
      d => set(blocksOf(d)[0], { text: 'You will run all [pipelines](https://a.uk/).' }),
      [
        [
          'The emphasis or spacing in a paragraph in “About” was changed.',
          '[-<You will run **all** [pipelines](https://a.uk/).>-]',
          '{+<You will run all [pipelines](https://a.uk/).>+}',
        ],
      ],
    ],
    [
      'a paragraph made a note',
      d => set(blocksOf(d)[0], { type: 'note' }),
      [['A paragraph in “About” was made a note.', '<You will run **all** [pipelines](https://a.uk/).>']],
    ],
    [
      'a note added',
      d => blocksOf(d).push({ type: 'note', text: 'Ask *HR*' }),
      [['A note in “About” was added.', '{+<Ask *HR*>+}']],
    ],
    ['a subheading removed', d => blocksOf(d, 2).shift(), [['A subheading in “More” was removed.', '[-<Benefits>-]']]],
    [
      'a paragraph moved',
      d => blocksOf(d).reverse(),
      [['A list in “About” was moved up.', '• <Build *well*>', '• <Small ones>', '• <Test> (optional)', '• <Run>']],
    ],
    [
      'a list numbered',
      d => set(blocksOf(d)[1], { ordered: true }),
      [['A list in “About” is numbered now.', '• <Build *well*>', '• <Small ones>', '• <Test> (optional)', '• <Run>']],
    ],
    [
      'an optional point removed',
      d => itemsOf(d).splice(1, 1),
      [['An optional point in “About” was removed.', '• [-<Test>-] [-(optional)-]']],
    ],
    [
      'a point moved',
      d => itemsOf(d).unshift(...itemsOf(d).splice(2)),
      [['A point in “About” was moved up.', '• <Run>']],
    ],
    [
      'a point reworded',
      d => set(itemsOf(d)[0], { text: 'Build *quickly*' }),
      [['A point in “About” was reworded.', 'Build [-well-] {+quickly+}']],
    ],
    [
      'a point made obligatory',
      d => set(itemsOf(d)[1], { optional: false }),
      [['A point in “About” is no longer optional.', '• <Test>']],
    ],
    [
      'a point made optional',
      d => set(itemsOf(d)[2], { optional: true }),
      [['A point in “About” is optional now.', '• <Run>']],
    ],
    [
      'a nested point',
      d => itemsOf(d)[0]?.items.push({ id: 'i5', text: 'Large `ones`' }),
      [['A point under another in “About” was added.', '<Build *well*>', '• {+<Large `ones`>+}']],
    ],
    [
      'a nested point reworded',
      d => set(itemsOf(d)[0]?.items[0], { text: 'Large ones' }),
      [['A point under another in “About” was reworded.', '[-Small-] {+Large+} ones']],
    ],
    [
      'a skill added',
      d =>
        d.skills.push({ id: 's2', statement: 'Knows **SQL**', skill: null, level: 'expert', importance: 'desirable' }),
      [['A desirable skill was added.', '{+<Knows **SQL**>+} {+(level: Expert)+}']],
    ],
    [
      'level, importance and link of a skill',
      d => set(d.skills[0], { level: null, importance: 'desirable', skill: 'python' }),
      [
        [
          'The entry in the catalogue that an essential skill names was changed.',
          '<Can write and test code in Python>',
          '[-None-] {+python+}',
        ],
        [
          'The level of an essential skill was changed.',
          '<Can write and test code in Python>',
          '[-Working-] {+Not said+}',
        ],
        [
          'The importance of a desirable skill was changed.',
          '<Can write and test code in Python>',
          '[-Essential-] {+Desirable+}',
        ],
      ],
    ],
    [
      'which skills are listed',
      d => set(blocksOf(d, 1)[0], { importance: null }),
      [['Other skills are listed in “Skills” now.', '[-Essential-] {+All+}']],
    ],
    ['a table removed', d => blocksOf(d, 1).pop(), [['The table of SFIA skills in “Skills” was removed.']]],
    [
      'SFIA',
      d =>
        set(d, {
          sfia_version: '8',
          sfia_mappings: [
            { code: 'PROG', level: 4 },
            { code: 'DESN', level: 5 },
          ],
        }),
      [
        ['The version of SFIA was changed.', '[-9-] {+8+}'],
        ['The level of the SFIA skill PROG was changed.', '[-Level 3-] {+Level 4+}'],
        ['The SFIA skill DESN was added.', '{+Level 5+}'],
      ],
    ],
    [
      'details of the appendix',
      d =>
        set(d.advert_details, {
          reference_number: '12',
          salary: { ...d.advert_details.salary, max: 50_000, period: 'month', text: '£42,500 to £50,000' },
          locations: [],
          contract_types: ['loan'],
          hours: null,
          additional: [
            { label: 'Closing date', value: '30 April' },
            { label: 'Team', value: 'Data' },
          ],
        }),
      [
        ['A location was removed.', '[-Sheffield-]'],
        ['A contract type was removed.', '[-Permanent-]'],
        ['The reference number was added.', '{+12+}'],
        ['The highest salary was changed.', '[-Up to £47,250.50-] {+Up to £50,000+}'],
        ['The period of the salary was changed.', '[-A year-] {+A month+}'],
        ['The salary as it is printed was changed.', '£42,500 to £[-47,250.50-] {+50,000+}'],
        ['A contract type was added.', '{+Loan+}'],
        ['The number of hours was removed.', '[-37 hours a week-]'],
        ['The detail “Closing date” was changed.', '[-31 March-] {+30 April+}'],
        ['A detail was added.', '{+Team: Data+}'],
      ],
    ],
    [
      'no salary',
      d => set(d.advert_details, { salary: null }),
      [['The salary was removed.', '[-£42,500 to £47,250.50-]']],
    ],
  ]
  for (const [name, edit, expected] of cases) {
    const to = structuredClone(before)
    edit(to)
    t.same(seen(to), expected, name)
  }
})

t.test('readableChanges: a point moved to another list, of its section or of another', async t => {
  const listOf = (...items: ListItem[]): Block => ({ type: 'list', ordered: false, items })
  const [build, test, run] = [item('i1', 'Build *well*'), item('i2', 'Test', { optional: true }), item('i3', 'Run')]
  const [drive, rest] = [item('i4', 'Drive'), item('i5', 'Rest')]
  const documentOf = (first: ListItem[], second: ListItem[], third: ListItem[]) =>
    documentWith({
      sections: [
        section('other', 'About', [listOf(...first), listOf(...second)]),
        section('other-2', 'More', [listOf(...third)]),
      ],
    })
  const from = documentOf([build, test, run], [drive], [rest])
  t.strictSame(seen(documentOf([run], [build, drive], [rest, test]), from), [
    ['A point in “About” was moved to another list.', '• <Build *well*>'],
    ['An optional point was moved from “About” to “More”.', '• <Test> (optional)'],
  ])
  t.strictSame(seen(documentOf([build, test], [drive, { ...run, text: 'Run it' }], [rest]), from), [
    ['A point in “About” was moved to another list.', '• <Run>'],
    ['A point in “About” was reworded.', 'Run {+it+}'],
  ])
})

t.test('readableChanges: of any two documents, sentences without what only programs know', async t => {
  fc.assert(
    fc.property(randomRole, randomRole, ({ document: from }, { document: to }) => {
      const changes = diffDocuments(from, to)
      const read = readableChanges(from, changes, 10_000)
      if (read.length !== changes.length) throw new Error('a change is not told')
      for (const { title } of read)
        if (!/^[A-Z].*\.$/s.test(title) || /undefined|\[object|advert_details/.test(title)) throw new Error(title)
    }),
    { numRuns: 100 },
  )
  t.pass('all are told')
})
