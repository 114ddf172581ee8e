import t from 'tap'
import { imported } from './support/documents.ts'

type Source = 'text/markdown' | 'text/html'

/** The sections of a role, each list as its items, nested ones behind `>`, and its skills. */
const read = (text: string, mediaType: Source = 'text/markdown') => {
  const { document, report } = imported(text, mediaType)
  const sections = document?.sections.map(({ kind, blocks }) => [
    kind,
    ...blocks.map(block =>
      block.type === 'list'
        ? block.items.map(({ text, items }) => [text, ...items.map(item => item.text)].join(' > '))
        : 'text' in block
          ? block.text
          : block.type,
    ),
  ])
  const skills = document?.skills.map(({ importance, statement }) => `${importance}: ${statement}`)
  return { sections, skills, coverage: report.coverage.percent }
}
const role = (text: string) => `# Finance Officer\n\n## Duties\n\n${text}\n`
const page = (html: string) => `<h1>Finance Officer</h1>${html}`

t.test('a line behind an empty one, or bold by itself, is no part of the typed item before', async t => {
  const duties = ['responsibilities', ['Close the books', 'Find a bank']]
  const apart = [duties, ['skills_experience', 'skills']]
  const skills = ['essential: ACA', 'essential: Excel']
  const lines = ['Close the books', 'Find a bank', '', 'Essential skills', 'ACA', 'Excel']
  const typed = (mark: string, head = lines[3]) =>
    lines.map(line => (line === lines[3] ? head : line === '' ? line : mark + line))
  for (const [name, text, mediaType = 'text/markdown', sections = apart] of [
    ['bold', role(typed('• ', '**Essential skills**').join('\n'))],
    ['plain', role(typed('• ').join('\n'))],
    ['capitals', role(typed('• ', 'ESSENTIAL SKILLS').join('\n'))],
    ['numbers', role('2.1 Close the books\n2.2 Find a bank\n\n**Essential skills**\n3.1 ACA\n3.2 Excel')],
    ['numbers that go on', role('2.1 Close the books\n2.2 Find a bank\n\n**Essential skills**\n2.3 ACA\n2.4 Excel')],
    [
      'paragraphs of HTML',
      page(
        '<p><b>Duties</b><br>- Close the books<br>- Find a bank</p><p><b>Essential skills</b><br>- ACA<br>- Excel</p>',
      ),
      'text/html',
    ],
    ['empty lines of HTML', page(`<h2>Duties</h2><p>${typed('• ').join('<br>')}</p>`), 'text/html'],
    [
      'bold lines of HTML',
      page('<h2>Duties</h2><p>• Close the books<br>• Find a bank<br><b>Essential skills</b><br>• ACA<br>• Excel</p>'),
      'text/html',
    ],
    [
      'a heading that is not known',
      role(typed('• ', 'The kit').join('\n')),
      'text/markdown',
      [[...duties, 'The kit', ['ACA', 'Excel']]],
    ],
  ] as [string, string, Source?, unknown[]?][]) {
    const found = read(text, mediaType)
    t.same(found.sections, sections, name)
    t.same(found.skills, sections === apart ? skills : [], name)
    t.equal(found.coverage, 100, name)
  }
})

t.test('a line that goes on with a typed item stays in it', async t => {
  for (const [text, items, mediaType = 'text/markdown'] of [
    [role('• Close the\nbooks\n• Find a bank'), ['Close the books', 'Find a bank']],
    [role('**• Close the**\n**books**\n• Find a bank'), ['**Close the** **books**', 'Find a bank']],
    [
      page('<h2>Duties</h2><p>• Close the<br>books<br>• Find a bank</p>'),
      ['Close the books', 'Find a bank'],
      'text/html',
    ],
    [
      role('2.1 Close the\nbooks\n2.2 Find a bank\nthat pays\n2.3 Write'),
      ['Close the books', 'Find a bank that pays', 'Write'],
    ],
    [role('2.1 Close the\nbooks\n\n2.2 Find a bank\n\n2.3 Write'), ['Close the books', 'Find a bank', 'Write']],
    [
      role('• **Close** the books\n• [Find](https://a.uk/b) a bank'),
      ['**Close** the books', '[Find](https://a.uk/b) a bank'],
    ],
    [role('a) Close the\nbooks\nb) Find a bank'), ['Close the books', 'Find a bank']],
    [
      role('2.1 Close\n2.2 Find:\n    a) a bank\n    b) a clerk who\n    can write\n2.3 Write'),
      ['Close', 'Find: > a bank > a clerk who can write', 'Write'],
    ],
    [role('2.1 Close\n2.2 Find:\n• a bank\n• a clerk\n2.3 Write'), ['Close', 'Find: > a bank > a clerk', 'Write']],
  ] as [string, string[], Source?][]) {
    const found = read(text, mediaType)
    t.same(found.sections, [['responsibilities', items]], text)
    t.equal(found.coverage, 100, text)
  }
})

t.test('numbers that follow no list, or not one another, are words', async t => {
  for (const text of [
    'We use version\n2.4 Pro of the ledger.',
    '2.1 Close the books\n\nThen rest.\n\n2.2 Find a bank',
    '1.5 days at home, and\n1.8 in Hull.',
  ])
    t.notOk(read(role(text)).sections?.flat().some(Array.isArray), text)
})

t.test('numbers of three parts below a numbered Essential are its skills, one alone too', async t => {
  const text =
    '# Clerk\n\n## 7.0 Skills and experience\n\n7.1 Essential\n\n7.1.1 Two years\n7.1.2 Excel\n\n7.2 Desirable\n\n7.2.1 Welsh\n'
  t.same(read(text).skills, ['essential: Two years', 'essential: Excel', 'desirable: Welsh'])
})

t.test('a typed list that is set in by four spaces is no code, what is no list is', async t => {
  for (const [text, expected] of [
    ['    • Close\n    • Find', ['Close', 'Find']],
    ['You:\n\n    - Close\n        - books\n    - Find', ['Close > books', 'Find']],
    ['You:\n\n\ta) Close\n\n\tb) Find', ['Close', 'Find']],
    ['```\n- Close\n- Find\n```', '`- Close`'],
    ['You run:\n\n    ledger --close\n    - all', '`ledger --close`'],
  ] as const)
    t.same(read(role(text)).sections?.[0]?.[text.startsWith('You') ? 2 : 1], expected, text)
})

t.test(
  'numbered names of sections are headings, whatever stands in one list to Markdown; elsewhere they are items',
  async t => {
    for (const [text, sections] of [
      [
        '2. Duties\n2.1 Close\n2.2 Find\n\n3. Essential skills\n3.1 ACA\n3.2 Excel',
        [
          ['responsibilities', ['Close', 'Find']],
          ['skills_experience', 'skills'],
        ],
      ],
      [
        '1. Grade: SEO\n\n2. Purpose\n\nBooks.\n\n3. Person specification\n\nCareful.',
        [
          ['role_summary', 'Books.'],
          ['person_specification', 'Careful.'],
        ],
      ],
      [
        '1. DUTIES\n\n- Write\n\n2. PERSON SPECIFICATION\n\nCareful.\n\n- Kind\n\n3. SPECIAL CONDITIONS\n\nShifts.',
        [
          ['responsibilities', ['Write']],
          ['person_specification', 'Careful.', ['Kind']],
          ['terms', 'Shifts.'],
        ],
      ],
      ['## Duties\n\n1. Purpose\n2. Duties\n3. Skills', [['responsibilities', ['Purpose', 'Duties', 'Skills']]]],
      [
        '## Duties\n\n1. Benefits\n   of staff\n2. Ledgers\n   of all',
        [['responsibilities', ['Benefits of staff', 'Ledgers of all']]],
      ],
    ] as const)
      t.same(read(`# Finance Officer\n\n${text}\n`).sections, sections, text)
  },
)

t.test('criteria below their heading with no empty line between are skills', async t => {
  for (const [text, skills] of [
    [
      'Knowledge, skills and experience (E = essential, D = desirable)\nKnows the law - E\nSpeaks Welsh - D',
      ['essential: Knows the law', 'desirable: Speaks Welsh'],
    ],
    [
      'Person specification\nKnows the law (E)\nSpeaks Welsh (D)',
      ['essential: Knows the law', 'desirable: Speaks Welsh'],
    ],
    [
      'Selection criteria\nEssential criteria\n1) Kind\n2) Strong\nDesirable criteria\n1) NVQ\n2) A car',
      ['essential: Kind', 'essential: Strong', 'desirable: NVQ', 'desirable: A car'],
    ],
    ['Knowledge, skills and experience\nKnows the law - E\nSpeaks Welsh', []],
    ['Plan A\nTeam - D\nTeam - E', []],
    ['Skills\nand criteria', []],
  ] as const) {
    const found = read(`# Clerk\n\nMain duties\n1) Write.\n2) Read.\n\n${text}\n`)
    t.same(found.skills, skills, text)
    t.equal(found.coverage, 100, text)
  }
})

t.test('8.0 behind headings numbered 6.0 and 7.0 is one, and behind others a line', async t => {
  const numbered = (last: string) =>
    `# Clerk\n\n6.0 Key Responsibilities\n\n6.1 Write.\n\n6.2 Read.\n\n7.0 Skills and Experience\n\n- Excel\n\n${last}\n\nWeekends.\n`
  const kinds = (last: string) => read(numbered(last)).sections?.map(([kind]) => kind)
  t.same(kinds('8.0 Other'), ['responsibilities', 'skills_experience', 'other'])
  for (const last of ['9.0 Other', '8.5 Other', '8.0 of ten is the mark that we ask for.', 'Other'])
    t.same(kinds(last), ['responsibilities', 'skills_experience'], last)
})

t.test('a bold question alone in its paragraph is a heading among bold ones, elsewhere it is text', async t => {
  const headings = (text: string) => imported(page(text), 'text/html').document?.sections.map(({ heading }) => heading)
  const others = '<p><b>The role</b></p><p>Books.</p><p><b>What you will do</b></p><ul><li>Write</li></ul>'
  const known = ['The role', 'What you will do']
  t.same(headings(`${others}<p><b>Why Kestrel?</b></p><p>Leave.</p>`), [...known, 'Why Kestrel?'])
  for (const text of [
    '<p><b>Why Kestrel?</b> Leave.</p>',
    '<p>Why Kestrel?</p><p>Leave.</p>',
    '<p><b>Are you the one?</b></p><p>Write.</p>',
    '<p><b>Why would anyone not wish to work here?</b></p><p>Leave.</p>',
    '<p><b>Why not?</b></p>',
  ])
    t.same(headings(`${others}${text}`), known, text)
  t.same(headings(`<h2>The role</h2><p>Books.</p><p><b>Why Kestrel?</b></p><p>Leave.</p>`), ['The role'])
})
