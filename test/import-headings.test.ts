import t from 'tap'
import { importFile } from '../src/imports/import.ts'
import { type DocumentType, wordType } from '../src/imports/source/scan.ts'
import { contextOf, imported, outlineOf, warningOf } from './support/documents.ts'
import { bold, paragraph, run, wordFile } from './support/word.ts'

t.test('headings in every dress, and the names that houses have for them', async t => {
  const names = ['JOB PURPOSE', 'KEY ACCOUNTABILITIES', 'PERSON SPECIFICATION', 'HOW TO APPLY', 'WHAT WE OFFER']
  const kinds = ['role_summary', 'responsibilities', 'person_specification', 'selection', 'benefits']
  const forms: [string, (name: string) => string][] = [
    ['headings', name => `## ${name}\n\nWords.`],
    ['numbered headings', name => `## 3.1 ${name}\n\nWords.`],
    ['bold lines', name => `**${name}**\n\nWords.`],
    ['capitals', name => `${name}\n\nWords.`],
    ['underlined lines', name => `<p><u>${name}</u></p>\n\nWords.`],
    ['rows of a table', name => `<table><tr><th>${name}</th></tr><tr><td>Words.</td></tr></table>`],
    ['beside the text', name => `<table><tr><td>${name}</td><td>Words.</td></tr></table>`],
  ]
  for (const [form, write] of forms) {
    const { document } = imported(`# Tester\n\n${names.map(write).join('\n\n')}\n`)
    t.same(
      document?.sections.map(({ kind }) => kind),
      kinds,
      form,
    )
  }
})

/** Documents whose headings are underlined and nothing else, in each way that there is. */
const underlined: [form: string, write: (body: [heading: string, text: string][]) => Uint8Array, DocumentType][] = [
  ['u', html(name => `<p><u>${name}</u></p>`), 'text/html'],
  ['u in parts', html(name => `<p><u>${name.slice(0, 3)}</u><span><u>${name.slice(3)}</u></span> </p>`), 'text/html'],
  ['u around the paragraph', html(name => `<u><p>${name}</p></u>`), 'text/html'],
  ['a style', html(name => `<p><span style="color:red;text-decoration: underline">${name}</span></p>`), 'text/html'],
  ['a style of the paragraph', html(name => `<p style="text-decoration-line:underline">${name}</p>`), 'text/html'],
  ['a class', html(name => `<p><span class="underline">${name}</span></p>`), 'text/html'],
  ['a row', html(name => `<table><tr><td><u>${name}</u></td></tr></table>`), 'text/html'],
  [
    'Markdown',
    parts => Buffer.from(`# Tester\n\n${parts.map(([name, text]) => `<u>${name}</u>\n\n${text}\n\n`).join('')}`),
    'text/markdown',
  ],
  [
    'Word',
    parts =>
      wordFile(
        bold('Tester') +
          parts.map(([name, text]) => paragraph(run(name, '<w:u w:val="single"/>')) + paragraph(text)).join(''),
      ),
    wordType,
  ],
]

function html(heading: (name: string) => string) {
  return (parts: [string, string][]) =>
    Buffer.from(`<h1>Tester</h1>${parts.map(([name, text]) => `${heading(name)}<p>${text}</p>`).join('\n')}`)
}

t.test('headings that are underlined and nothing else', async t => {
  const parts: [string, string][] = [
    ['The work of a tester', 'You test.'],
    ['Who you will be:', 'You are patient.'],
    ['Our house', 'We build.'],
  ]
  for (const [form, write, type] of underlined) {
    const { document, report } = await importFile(write(parts), type, contextOf())
    t.equal(document?.title, 'Tester', form)
    t.same(
      document?.sections.map(({ heading, blocks }) => [heading, blocks]),
      parts.map(([name, text]) => [name, [{ type: 'paragraph', text }]]),
      form,
    )
    t.equal(report.coverage.percent, 100, form)
  }
})

t.test('what is underlined and no heading stays a paragraph', async t => {
  const u = (text: string) => `<p><u>${text}</u></p>`
  const cases: [name: string, line: string, text: string][] = [
    ['a sentence', u('Please apply by Friday.'), 'Please apply by Friday.'],
    ['a part of a line', '<p><u>Please</u> apply by Friday</p>', 'Please apply by Friday'],
    ['many words', u('one two three four five six seven eight nine'), 'one two three four five six seven eight nine'],
    ['a link', u('<a href="https://a.uk">Our house</a>'), '[Our house](https://a.uk)'],
    ['a line within a link', '<p><a href="https://a.uk"><u>Our house</u></a></p>', '[Our house](https://a.uk)'],
    ['a label with its value', u('Car park: none'), 'Car park: none'],
    ['a placeholder', u('[Insert the name]'), '[Insert the name]'],
    ['no words', u('____ 12'), '\\_\\_\\_\\_ 12'],
    ['two lines', u('Our house<br>our rules'), 'Our house\nour rules'],
  ]
  for (const [name, line, text] of cases) {
    const source = `<h1>Tester</h1><h2>About the role</h2><p>You test.</p>${line}<p>You mend.</p>`
    const { document } = imported(source, 'text/html')
    t.same(
      document?.sections.map(({ blocks }) => blocks.map(block => [block.type, 'text' in block ? block.text : ''])),
      [[['paragraph', 'You test.'], ...text.split('\n').map(line => ['paragraph', line]), ['paragraph', 'You mend.']]],
      name,
    )
  }
  const last = imported(
    `<h1>Tester</h1><h2>About the role</h2><p>You test.</p>${u('The head of testing')}`,
    'text/html',
  )
  t.same(last.document?.sections[0]?.blocks.at(-1), { type: 'paragraph', text: 'The head of testing' }, 'the last line')
  const below = imported(
    `<h1>Tester</h1><h2>About the role</h2><p>You test.</p>${u('Our house')}<p>We build.</p>`,
    'text/html',
  )
  t.same(outlineOf(below), ['role_summary: paragraph, subheading, paragraph'], 'below other headings, a subheading')
})

t.test('a heading with nothing but another heading under it is one section with it', async t => {
  const result = imported(
    '# Tester\n\n## The work\n\n### Duties\n\n- Test\n\n### Skills and experience\n\n- SQL\n\n## The house\n\n## Benefits\n\nLeave.\n',
  )
  t.same(
    result.document?.sections.map(({ kind, heading }) => [kind, heading]),
    [
      ['responsibilities', 'The work'],
      ['skills_experience', 'Skills and experience'],
      ['other', 'The house'],
      ['benefits', 'Benefits'],
    ],
  )
  t.match(result.document?.sections[0]?.blocks, [{ type: 'subheading', text: 'Duties' }, { type: 'list' }])
  t.match(warningOf(result, 'headings_joined'), { line: 5, excerpt: 'Duties' })
  t.match(warningOf(result, 'section_empty'), { line: 13, excerpt: 'The house' }, 'headings side by side stay')
  const rows = imported('# Tester\n\n## The post\n\n<table><tr><th>Duties</th></tr><tr><td>Test.</td></tr></table>\n')
  t.same(outlineOf(rows), ['responsibilities: subheading, paragraph'], 'a row of a table below a heading')
})

t.test('rows of criteria, and names of sections beside a level, make no sections of a table', async t => {
  const row = (...cells: string[]) => `<tr>${cells.map(cell => `<td>${cell}</td>`).join('')}</tr>`
  const page = (rows: string) =>
    imported(
      `<p><b>Examiner</b></p><p><b>Duties here</b></p><p>You look.</p><p><b>Our ideal candidate</b></p><table>${rows}</table>`,
      'text/html',
    )
  const criteria = page(
    row('<p><b>Essential criteria</b></p>') +
      row('<p>Degree</p><p>Tact</p>') +
      row('<b>Desirable criteria</b>') +
      row('Car'),
  )
  t.same(outlineOf(criteria), [
    'responsibilities: paragraph',
    'person_specification: subheading, skills, subheading, skills',
  ])
  t.same(
    criteria.document?.skills.map(({ importance, statement }) => `${importance} ${statement}`),
    ['essential Degree', 'essential Tact', 'desirable Car'],
  )
  const rows = row('Communication', '3') + row('Equality and diversity', '2')
  for (const head of ['', row('<b>Dimension</b>', '<b>Level</b>')])
    t.same(outlineOf(page(head + rows)), ['responsibilities: paragraph', 'person_specification: list 2'], head)
})

t.test('a heading that names a kind of document is one of its sections but at its beginning', async t => {
  const specification = imported(
    '# Nurse\n\n## Main duties\n\n- Care\n\n## Person specification\n\n### Qualifications\n\n#### Essential\n\n- Degree\n\n#### Desirable\n\n- PhD\n',
  )
  t.same(outlineOf(specification), [
    'responsibilities: list 1',
    'person_specification: subheading, subheading, skills, subheading, skills',
  ])
  t.equal(specification.document?.sections[1]?.heading, 'Person specification')
  t.same(specification.report.understood, [])
  const description = imported('# Nurse\n\nYou care.\n\n## Job description\n\n### Main duties\n\n- Care\n')
  t.same(outlineOf(description), ['role_summary: paragraph', 'responsibilities: subheading, list 1'])
  t.equal(description.document?.sections[1]?.heading, 'Job description')
  // Where all headings look alike, it is that of the one below.
  const word = await importFile(
    wordFile(
      ['Nurse', 'Main duties', '', 'Person specification', 'Qualifications', '']
        .map(text => (text === '' ? paragraph('You care.') : bold(text)))
        .join(''),
    ),
    wordType,
    contextOf(),
  )
  t.same(outlineOf(word), ['responsibilities: paragraph', 'skills_experience: subheading, paragraph'])
  t.equal(word.document?.sections[1]?.heading, 'Person specification')
  const first = imported('# Nurse\n\n## Job description\n\n### Main duties\n\n- Care\n')
  t.same(outlineOf(first), ['responsibilities: list 1'])
  t.same(
    first.report.understood.map(({ text, pointer }) => [text, pointer]),
    [['Job description', '/title']],
  )
})

t.test('a heading beside that of a section is a section, wherever larger headings stand', t => {
  const { document } = imported(
    '# Engineer\n\n## Purpose\n\nA.\n\n## Duties\n\n- B\n\n### Skills of the team\n\n- C\n\n## Skills\n\n- D\n\n## Our house\n\nE.\n\n# Analyst\n\n## Purpose\n\nF.\n',
  )
  t.same(
    document?.sections.map(({ kind, heading }) => `${kind}: ${heading}`),
    ['role_summary: Purpose', 'responsibilities: Duties', 'skills_experience: Skills', 'role_summary: Analyst'],
  )
  t.same(
    document?.skills.map(({ statement }) => statement),
    ['D'],
  )
  t.end()
})

t.test('a numbered bold heading beside others of the same look heads a section, whatever its words are', t => {
  const page = (...headings: string[]) =>
    imported(
      `<h1>Tester</h1><h2>About us</h2><p>Us.</p>${headings.map(text => `<p><b>${text}</b></p><p>Text of it.</p>`).join('')}`,
      'text/html',
    ).document?.sections.map(({ heading }) => heading)
  const council = ['1. JOB PURPOSE', '2. MAIN DUTIES', '3. HEALTH AND SAFETY', '4. Safeguarding']
  t.same(page(...council), ['About us', ...council])
  const others = ['JOB PURPOSE', 'MAIN DUTIES']
  t.same(page(...others, '1. Testing'), ['About us', ...others], 'others have no number')
  const parts = (...headings: string[]) =>
    imported(
      `# Tester\n\n## Duties\n\nYou work.\n\n${headings.map(text => `**${text}**\n\n- Work\n\n`).join('')}## Benefits\n\nLeave.\n`,
    ).document?.sections.map(({ heading }) => heading)
  t.same(parts('1. Budget', '2. Staff', '3. Security', '4. Stores'), ['Duties', 'Benefits'], 'parts')
  for (const headings of [
    ['1. Security'],
    ['1. Budget', '3. Security'],
    ['Budget', 'Security'],
    ['1. Budget', '2. Person specification'],
  ])
    t.same(parts(...headings), ['Duties', headings.at(-1), 'Benefits'], headings.join())
  t.same(page('1. Budget', '2. Staff', '3. Security'), ['About us'], 'below a heading of another kind too')
  const vague = imported('# Tester\n\n## The place\n\nHull.\n\n**1. Rooms**\n\nTwo.\n\n**2. Security**\n\nYes.\n')
  t.same(
    vague.document?.sections.map(({ heading }) => heading),
    ['The place', '2. Security'],
    'a heading that says nothing has no parts',
  )
  t.end()
})

t.test(
  'what forms of trusts, councils and Civil Service Jobs call their parts, and a line that may head one',
  async t => {
    const form = imported(
      '# Job description\n\n**Job title:** Nurse\n**Hours:** 30\n\n## Job summary\n\nNurse.\n\n## Main duties\n\n- Nurse\n\n## Person specification\n\n- Kind\n\n## Parking\n\nNone.\n',
    )
    t.equal(form.document?.title, 'Nurse')
    t.same(
      form.document?.sections.map(({ heading }) => heading),
      ['Job description', 'Job summary', 'Main duties', 'Person specification', 'Parking'],
    )

    // Where headings are in capitals and those below them are not, the next in capitals is beside the first.
    const loud = imported(
      '# Nurse\n\n**MAIN DUTIES**\n\n**Clinical**\n\n- Care\n\n**Governance**\n\n- Audit\n\n**DIMENSIONS**\n\nTen beds.\n',
    )
    t.same(
      loud.document?.sections.map(({ heading, blocks }) => `${heading} ${blocks.length}`),
      ['MAIN DUTIES 4', 'DIMENSIONS 1'],
    )

    const advert = imported(
      '# Adviser\n\n## Job description\n\nYou advise.\n\n**Key responsibilities include:**\n\n- Advise\n\n## Person specification\n\n- Kind\n',
    )
    t.same(
      advert.document?.sections.map(({ kind, heading }) => `${kind} ${heading}`),
      [
        'role_summary Job description',
        'responsibilities Key responsibilities include:',
        'person_specification Person specification',
      ],
    )

    const plain = (head: string) =>
      imported(`# Officer\n\nWhat you will do\n- Keep the register up to date.\n${head}\n- Law\n- Calm\n`)
    t.same(outlineOf(plain('What we need from you')), ['responsibilities: list 1', 'skills_experience: skills'])
    const told = plain('Our hope for you')
    t.same(outlineOf(told), ['responsibilities: list 3'])
    t.match(warningOf(told, 'heading_in_item'), { severity: 'advice', excerpt: 'Our hope for you' })
    const wrapped = plain('And the index of names')
    t.equal(warningOf(wrapped, 'heading_in_item')?.excerpt, 'And the index of names')
    for (const line of ['and the index', 'Ltd.', 'SQL'])
      t.equal(warningOf(plain(line), 'heading_in_item'), undefined, line)
  },
)

t.test('Dimensions below the purpose is a section, and beside values a label', t => {
  const headings = (text: string) => imported(text).document?.sections.map(({ kind, heading }) => [kind, heading])
  for (const dimensions of ['**DIMENSIONS**', 'DIMENSIONS', '**Dimensions:**'])
    t.match(
      headings(`# Ranger\n\n## Purpose\n\nLooks after it.\n\n${dimensions}\n\nThree staff.\n\n## Duties\n\n- Mow\n`),
      [
        ['role_summary', 'Purpose'],
        ['other', /^dimensions/i],
        ['responsibilities', 'Duties'],
      ],
    )
  const table = '| Salary | £30,000 |\n|---|---|\n| Location | Leeds |\n| Dimensions | Three staff |'
  const { document } = imported(`# Ranger\n\n${table}\n\n## Duties\n\n- Mow\n`)
  t.same(document?.advert_details.additional, [{ label: 'Dimensions', value: 'Three staff' }])
  t.match(headings('# Ranger\n\n## Purpose\n\nLooks after it. Dimensions of the post vary.\n\n## Duties\n\n- Mow\n'), [
    ['role_summary'],
    ['responsibilities'],
  ])
  t.end()
})

t.test('headings that plain text numbers are headings, and what is numbered below them is theirs', t => {
  const read = (text: string) => {
    const { document, report } = imported(text)
    t.equal(report.coverage.percent, 100, text)
    return document?.sections.map(({ kind, heading, blocks }) => [kind, heading, blocks.length])
  }
  const text =
    '1. Purpose\n\nPlans.\n\n2. Main duties\n\n2.1 Decides.\n\n2.2 Visits.\n\n2.3 Writes.\n\n3. Person specification\n\n- Law\n'
  t.same(read(`# Planner\n\n${text}`), [
    ['role_summary', 'Purpose', 1],
    ['responsibilities', 'Main duties', 1],
    ['person_specification', 'Person specification', 1],
  ])
  const alike =
    '## 2. Main duties\n\n## 2.1 Decide applications\n\nA.\n\n## 2.2 Site visits\n\nB.\n\n## 3. Skills\n\n- Law\n'
  t.same(read(`# Planner\n\n## 1. Purpose\n\nPlans.\n\n${alike}`), [
    ['role_summary', '1. Purpose', 1],
    ['responsibilities', '2. Main duties', 4],
    ['skills_experience', '3. Skills', 1],
  ])
  for (const [other, headings] of [
    ['## Duties\n\n1. Plans\n\nAnd:\n\n1. Visits\n', ['Duties']],
    ['## Duties\n\nLooks after:\n\n1. Qualifications\n\nand more.\n', ['Duties']],
    ['## 2. Job\n\n## 2.1 Purpose\n\nA.\n\n## 2.2 Duties\n\nB.\n', ['2. Job', '2.1 Purpose', '2.2 Duties']],
    ['## 2. About the job\n\nA.\n\n## 2.1 Our place\n\nB.\n', ['2. About the job', '2.1 Our place']],
  ] as const)
    t.same(
      imported(`# Planner\n\n${other}`).document?.sections.map(({ heading }) => heading),
      headings,
      other,
    )
  t.end()
})

t.test(
  'a community is the profession where it is that of one, and a profession where it is the Civil Service’s',
  async t => {
    for (const [heading, kind] of [
      ['Our professional community', 'profession_overview'],
      ['The DDaT community', 'profession_overview'],
      ['Policy community', 'profession_overview'],
      ['Communities of practice', 'profession_overview'],
      ['The profession', 'profession_overview'],
      ['About the Government Digital and Data Profession', 'profession_overview'],
      ['Community engagement', 'other'],
      ['The local community', 'other'],
      ['Community Nursing Team', 'other'],
      ['Data community events', 'other'],
      ['Registration with your profession', 'other'],
      ['The nursing profession', 'other'],
    ] as const) {
      const { document } = imported(`# Tester\n\n## Job purpose\n\nYou test.\n\n## ${heading}\n\nWords.\n`)
      t.same(
        document?.sections.map(section => section.kind),
        ['role_summary', kind],
        heading,
      )
    }
  },
)

t.test('Job responsibilities below Job description, as NHS Jobs has them', async t => {
  const end = '- Move patients.\n- Move beds.\n\n## About you\n\nStrong.\n'
  for (const above of ['## Job summary\n\nHelp.\n\n', ''])
    t.match(
      imported(`# Porter\n\n${above}## Job description\n\n### Job responsibilities\n\n${end}`).document?.sections,
      [
        ...(above ? [{ kind: 'role_summary' }] : []),
        { kind: 'responsibilities', blocks: [...(above ? [{ type: 'subheading' }] : []), { type: 'list' }] },
        { kind: 'person_specification' },
      ],
    )
})

t.test('Job description below the title is a section where only parts of it stand below', async t => {
  const result = imported('# Porter\n\n## Job description\n\n### The ward\n\nIt is big.\n\n## About you\n\nStrong.\n')
  t.match(result.document?.sections, [
    { heading: 'Job description', blocks: [{ type: 'subheading', text: 'The ward' }, { type: 'paragraph' }] },
    { heading: 'About you' },
  ])
  t.equal(warningOf(result, 'heading_added'), undefined)
  for (const parts of ['### Purpose\n\nHelp.', '## The ward\n\nIt is big.'])
    t.match(
      imported(`# Porter\n\n## Job description\n\n${parts}\n\n## About you\n\nStrong.\n`).document?.sections,
      [{ heading: /Purpose|The ward/ }, { heading: 'About you' }],
      'it says the kind of document',
    )
})

t.test('bold around all of a subheading says nothing, and bold or italics of a part of it stay', t => {
  const source = (heading: string) => `# Tester\n\n## How to apply\n\nSend a letter.\n\n### ${heading}\n\nThen wait.\n`
  for (const [heading, text] of [
    ['**Apply before 3 May**', 'Apply before 3 May'],
    ['[**Apply**](https://example.org) **now**', '[Apply](https://example.org) now'],
    ['Apply **now**', 'Apply **now**'],
  ] as const)
    t.match(imported(source(heading)).document?.sections[0]?.blocks[1], { type: 'subheading', text })
  t.end()
})
