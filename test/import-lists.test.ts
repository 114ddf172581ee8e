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
