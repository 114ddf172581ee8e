import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { emptyAdvertDetails } from '../src/document/schema.ts'
import { findFiles } from '../src/imports/files.ts'
import { slugIn } from '../src/imports/front-matter.ts'
import { importFile } from '../src/imports/import.ts'
import { type DocumentType, wordType } from '../src/imports/scan.ts'
import { contextOf, imported, outlineOf, warningOf } from './support/documents.ts'
import { shared } from './support/project.ts'
import { bold, paragraph, run, table, wordFile } from './support/word.ts'

const corpora = fileURLToPath(new URL('samples/corpora/', shared))

t.test(
  'each document of other bodies becomes a draft, and one that describes no role is refused',
  {
    skip: existsSync(corpora) ? false : 'they are not at hand',
    timeout: 180_000,
  },
  async t => {
    const files = (await findFiles([corpora])).filter(({ type }) => type !== undefined && type !== 'export')
    t.ok(files.length >= 38)
    for (const { path, type } of files) {
      const name = path.slice(corpora.length)
      const { document, problems, report } = await importFile(await readFile(path), type as DocumentType, contextOf())
      if (name.endsWith('job-descriptions.md')) {
        t.same(
          problems.map(({ code }) => code),
          ['not_a_role'],
        )
        t.ok(report.recognised.sections.length > 0, 'the report says what was seen')
        continue
      }
      t.same(problems, [], name)
      t.ok(report.coverage.percent >= 99.5, `${name}: ${report.coverage.percent} %`)
      const kinds = new Set(document?.sections.map(({ kind }) => kind))
      t.ok(kinds.has('role_summary'), `${name}: a summary`)
      t.ok(kinds.has('responsibilities'), `${name}: responsibilities`)
      // The positions that 18F has closed say nothing of the person.
      if (!name.startsWith('18f/hist'))
        t.ok(kinds.has('person_specification') || kinds.has('skills_experience'), `${name}: a person`)
      if (!name.includes('Agile-coach.docx')) t.ok(document?.title, `${name}: ${document?.title}`)
      if (name.startsWith('moj/')) t.equal(document?.family === null, false, `${name}: its role in the framework`)
      const details = JSON.stringify(document?.advert_details)
      t.notMatch(
        details,
        /\[(?:Insert|Closing|Oleeo|MoJ|Interview|London|National)/,
        `${name}: no placeholder in the details`,
      )
    }
  },
)

const grade = { scheme: 'civil-service', code: 'SEO', label: 'Senior Executive Officer' }
const details = {
  reference_number: 'JR-12/34',
  salary: { min: 40_000, max: 45_000, currency: 'GBP', period: 'year', text: '£40,000 to £45,000 a year' },
  locations: [{ text: 'Leeds', town: null, region: null, postcode: null, country: null }],
  contract_types: ['permanent'],
  working_patterns: ['full_time', 'part_time'],
  reports_to: 'Head of testing',
  additional: [{ label: 'Car park', value: 'None' }],
}
const rows: [string, string][] = [
  ['Job ref', 'JR-12/34'],
  ['Grade', 'SEO'],
  ['Salary', '£40,000 to £45,000 a year'],
  ['Location', 'Leeds'],
  ['Type of contract', 'Permanent'],
  ['Working pattern', 'Full-time, part-time'],
  ['Responsible to', 'Head of testing'],
  ['Car park', 'None'],
  ['Closing date', '[Insert date]'],
]
const body = '## Job purpose\n\nYou will test.\n\n## Main duties\n\n- Test\n'

t.test('labels and values in whatever form feed the advert details', async t => {
  const lines = (write: (label: string, value: string) => string, between = '\n') =>
    rows.map(([label, value]) => write(label, value)).join(between)
  const forms: [string, string, ('text/html' | 'text/markdown')?][] = [
    ['bold lines', `# Tester\n\n${lines((label, value) => `**${label}:** ${value}`, '  \n')}\n\n${body}`],
    ['bold paragraphs', `# Tester\n\n${lines((label, value) => `**${label}**: ${value}`, '\n\n')}\n\n${body}`],
    ['a quotation', `# Tester\n\n${lines((label, value) => `> **${label}:** ${value}  `)}\n\n${body}`],
    [
      'a table',
      `# Tester\n\n| Key | Fact |\n| --- | --- |\n${lines((label, value) => `| **${label}** | ${value} |`)}\n\n${body}`,
    ],
    ['front matter', `---\ntitle: Tester\n${lines((label, value) => `${label}: "${value}"`)}\n---\n\n${body}`],
    [
      'a definition list',
      `<h1>Tester</h1><dl>${lines((label, value) => `<dt>${label}</dt><dd>${value}</dd>`)}</dl><h2>Job purpose</h2><p>You will test.</p><h2>Main duties</h2><ul><li>Test</li></ul>`,
      'text/html',
    ],
    [
      'a summary list of GOV.UK',
      `<h1>Tester</h1><dl class="govuk-summary-list">${lines((label, value) => `<div><dt>${label}</dt><dd>${value}</dd></div>`)}</dl><h2>Job purpose</h2><p>You will test.</p><h2>Main duties</h2><ul><li>Test</li></ul>`,
      'text/html',
    ],
  ]
  for (const [form, source, type = 'text/markdown'] of forms) {
    const result = imported(source, type)
    const { document, report } = result
    t.same(document?.grades, [grade], form)
    const additional = details.additional.concat(form === 'a table' ? [{ label: 'Key', value: 'Fact' }] : [])
    t.match(document?.advert_details, { ...details, additional: [] }, form)
    t.same(
      document?.advert_details.additional.sort((one, other) => (one.label < other.label ? -1 : 1)),
      additional,
      form,
    )
    t.match(warningOf(result, 'placeholder'), { excerpt: '[Insert date]', severity: 'advice' }, form)
    t.same(outlineOf(result), ['role_summary: paragraph', 'responsibilities: list 1'], form)
    t.equal(report.coverage.percent, 100, `${form}: ${JSON.stringify(report.losses)}`)
  }
})

t.test('values that are to come are null, with a warning each', async t => {
  const { document, report } = imported(
    `# Tester\n\nLocation: [National/London] Grade: [Grade] Closing Date: [Insert Date] Interviews: Expected w/c [Insert Week]\n\nSalary:\n\nLondon: £[Insert Amount]\n\nNational: £[Insert Amount]\n\nVacancy number: TBC\n\n${body}`,
  )
  t.same(document?.grades, [])
  t.match(document?.advert_details, { locations: [], salary: null, reference_number: null, additional: [] })
  t.same(
    report.warnings.map(({ code, excerpt, pointer }) => [code, excerpt, pointer]),
    [
      ['placeholder', '[National/London]', '/advert_details/locations'],
      ['placeholder', '[Grade]', '/grades'],
      ['placeholder', '[Insert Date]', '/advert_details/additional'],
      ['placeholder', 'Expected w/c [Insert Week]', '/advert_details/additional'],
      ['placeholder', 'London: £[Insert Amount] National: £[Insert Amount]', '/advert_details/salary'],
      ['placeholder', 'TBC', '/advert_details/reference_number'],
    ],
  )
  t.same(report.losses, [])
  t.equal(report.coverage.percent, 100)
})

t.test('values that a template has in their place are null, in Markdown and escaped in HTML', async t => {
  const open: [string, string][] = [
    ['Grade', '<Insert grade>'],
    ['Location', '<insert location>'],
    ['Salary', '£xx,xxx to £xx,xxx'],
    ['Job ref', 'XX'],
    ['Hours', 'tbc'],
    ['Reports to', 'To be confirmed'],
    ['Directorate', '{{ directorate }}'],
    ['Type of contract', '[insert contract]'],
    ['Car park', '<Name of the car park>'],
  ]
  const pointers = ['grades', 'locations', 'salary', 'reference_number', 'hours', 'reports_to', 'business_area']
    .concat('contract_types', 'additional')
    .map(member => (member === 'grades' ? '/grades' : `/advert_details/${member}`))
  const escaped = (text: string) => text.replaceAll('<', '&lt;').replaceAll('>', '&gt;')
  for (const [form, result] of [
    [
      'Markdown',
      imported(`# Tester\n\n${open.map(([label, value]) => `**${label}:** ${value}`).join('\n\n')}\n\n${body}`),
    ],
    [
      'HTML',
      imported(
        `<h1>Tester</h1>${open.map(([label, value]) => `<p><b>${label}:</b> ${escaped(value)}</p>`).join('\n')}<h2>Job purpose</h2><p>You test.</p>`,
        'text/html',
      ),
    ],
  ] as const) {
    const { document, report } = result
    t.same(document?.grades, [], form)
    t.same(document?.advert_details, emptyAdvertDetails(), form)
    t.same(
      report.warnings.flatMap(({ code, excerpt, pointer }) => (code === 'placeholder' ? [[excerpt, pointer]] : [])),
      open.map(([, value], at) => [value, pointers[at]]),
      form,
    )
    t.same([report.losses, report.coverage.percent], [[], 100], form)
  }
  const { document } = imported(`# Tester\n\n**Hours:** 37, XX days\n\n**Job ref:** XX1\n\n${body}`)
  t.match(document?.advert_details, { hours: '37, XX days', reference_number: 'XX1' }, 'a value beside it')
})

t.test('a band of others is no grade, and is kept with a warning', async t => {
  for (const [label, value] of [
    ['Band', '7'],
    ['Pay band', '7'],
    ['AfC Band', '8a'],
    ['Grade', 'AfC Band 7'],
    ['Grade', 'Agenda for Change (6)'],
    ['Grade', '7 – 8a'],
    ['Band', 'A'],
    ['Band', 'Band A'],
  ] as const) {
    const result = imported(`# Tester\n\n**${label}:** ${value}\n\n${body}`)
    t.same(result.document?.grades, [], `${label}: ${value}`)
    t.same(result.document?.advert_details.additional, [{ label, value }])
    t.match(warningOf(result, 'value_not_in_list'), { excerpt: value, pointer: '/advert_details/additional/0' })
  }
  for (const [label, value] of [
    ['Pay band', 'Grade 7'],
    ['Grade', '7'],
    ['Band', 'G7'],
  ])
    t.match(imported(`# Tester\n\n**${label}:** ${value}\n\n${body}`).document?.grades, [{ code: 'G7' }])
})

t.test('a caption over a table of details makes no sections of its rows', async t => {
  const facts: [string, string][] = [
    ['Grade', 'SEO'],
    ['Closing date', '1 May'],
    ['Security clearance', 'SC'],
    ['Contact', 'Ann'],
    ['Location', 'Leeds'],
  ]
  const cells = (write: (label: string, value: string) => string) =>
    facts.map(([label, value]) => `<tr>${write(label, value)}</tr>`).join('')
  const two = cells((label, value) => `<td>${label}</td><td>${value}</td>`)
  for (const [form, table] of [
    ['one merged cell', `<table><tr><td colspan="2">Facts of the post</td></tr>${two}</table>`],
    ['one cell', `<table><tr><th>Facts of the post</th></tr>${two}</table>`],
    ['an empty cell beside it', `<table><tr><td>Facts of the post</td><td></td></tr>${two}</table>`],
    [
      'rows of one cell',
      `<table><tr><td>Facts of the post</td></tr>${cells((label, value) => `<td>${label}: ${value}</td>`)}</table>`,
    ],
    [
      'bold rows of one cell',
      `<table><tr><td>Facts of the post</td></tr>${cells((label, value) => `<td><b>${label}: ${value}</b></td>`)}</table>`,
    ],
  ] as const) {
    const source = `<h1>Tester</h1>${table}<h2>Job purpose</h2><p>You test.</p>`
    const { document, report } = imported(source, 'text/html')
    t.same(
      document?.sections.map(({ heading, blocks }) => [heading, blocks]),
      [
        ['Facts of the post', [{ type: 'advert_details' }]],
        ['Job purpose', [{ type: 'paragraph', text: 'You test.' }]],
      ],
      form,
    )
    t.same(document?.grades, [grade], form)
    t.match(document?.advert_details, {
      locations: [{ text: 'Leeds' }],
      additional: facts.slice(1, 4).map(([label, value]) => ({ label, value })),
    })
    t.same([report.losses, report.coverage.percent], [[], 100], form)
  }
  const beside = imported(
    '<h1>Tester</h1><table><tr><td>Grade</td><td>SEO</td></tr><tr><td>Location</td><td>Leeds</td></tr><tr><td>Duties</td><td><ul><li>Test</li></ul></td></tr></table>',
    'text/html',
  )
  t.same(outlineOf(beside), ['responsibilities: list 1'], 'headings beside their texts stay sections')
  const short = imported(
    '<h1>Tester</h1><table><tr><td>Grade</td><td>SEO</td></tr><tr><td>Location</td><td>Leeds</td></tr><tr><td>Job purpose</td><td>To test.</td></tr></table>',
    'text/html',
  )
  t.same(outlineOf(short), ['role_summary: paragraph'], 'be the text short')
})

t.test('a list of places in front matter is a place each', async t => {
  for (const list of [
    '[London SW1A 2AA, "Leeds, Wellington Place"]',
    '\n  - London SW1A 2AA\n  - Leeds, Wellington Place',
  ]) {
    const { document, report } = imported(`---\ntitle: Tester\nlocation: ${list}\n---\n\n${body}`)
    t.same(
      document?.advert_details.locations.map(({ text, postcode }) => [text, postcode]),
      [
        ['London SW1A 2AA', 'SW1A 2AA'],
        ['Leeds, Wellington Place', null],
      ],
    )
    t.same([report.losses, report.coverage.percent], [[], 100])
  }
})

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

t.test('a web page: menus, head and foot of the site are left out and named, the h1 is the title', async t => {
  const role = '<h2>About the role</h2><p>You deliver.</p>'
  const menu = '<nav><ul><li><a href="https://jobs.uk/all">Jobs</a></li><li>Teams</li></ul></nav>'
  const detail = 'Menus, and the head and foot of a web page, are no part of the document and were left out'
  const left = (page: string) => {
    const { document, report } = imported(page, 'text/html')
    return [document?.title, ...report.losses.map(({ code, text }) => `${code}: ${text}`)]
  }
  const page = `<header><a href="/">GOV.UK</a></header>\n${menu}<main><h1>Delivery Manager</h1>${role}</main><footer>Crown copyright</footer>`
  const { document, report } = imported(page, 'text/html')
  t.equal(document?.title, 'Delivery Manager')
  t.same(outlineOf({ document, report } as never), ['role_summary: paragraph'])
  t.match(
    report.warnings.filter(({ severity }) => severity === 'loss'),
    [
      {
        code: 'page_furniture_removed',
        line: 1,
        excerpt: 'GOV.UK Jobs Teams Crown copyright https://jobs.uk/all',
        detail,
      },
    ],
  )
  t.equal(report.losses.length, 1, 'all that is not in the draft is named once')
  t.ok(report.coverage.percent < 100)

  t.same(
    left(`<header>GOV.UK</header><h1>Delivery Manager</h1>${role}`),
    ['Delivery Manager', 'page_furniture_removed: GOV.UK'],
    'no main, but an h1',
  )
  t.same(
    left(`<aside role="navigation">Jobs</aside><main><h1>Delivery Manager</h1>${role}</main>`),
    ['Delivery Manager', 'page_furniture_removed: Jobs'],
    'an aside that is a menu',
  )
  const kept: [string, string][] = [
    ['the head of an article', `<article><header><h1>Delivery Manager</h1></header>${role}</article>`],
    ['the only h1', `<header><h1>Delivery Manager</h1></header><main>${role}</main>`],
    [
      'a title as converters write it',
      `<header><h1>Delivery Manager</h1></header><h1>About the role</h1><p>You deliver.</p>`,
    ],
    ['neither main nor h1', `<header><p><b>Delivery Manager</b></p></header>${role}`],
  ]
  for (const [name, text] of kept) t.same(left(text), ['Delivery Manager'], name)
})

t.test('lists as people type them', async t => {
  const { document, report } = imported(
    '# Tester\n\n## About the role\n\nYou will test.\n\n## Duties\n\n- Test\n\ta. data\n\tb. reports\n- Tell\n\n## Skills\n\n- SQL\n- Desirable\n- Python\n\n## Benefits\n\n• Leave\n• Pension\n',
  )
  t.match(document?.sections.slice(1), [
    { blocks: [{ items: [{ text: 'Test', items: [{ text: 'data' }, { text: 'reports' }] }, { text: 'Tell' }] }] },
    {
      blocks: [
        { type: 'skills', importance: null },
        { type: 'paragraph', text: 'Desirable' },
        { type: 'skills', importance: 'desirable' },
      ],
    },
    { blocks: [{ type: 'list', items: [{ text: 'Leave' }, { text: 'Pension' }] }] },
  ])
  t.equal(report.coverage.percent, 100, JSON.stringify(report.losses))
})

t.test('typed lists within typed lists are nested', async t => {
  const item = (text: string, ...items: string[]) => ({ text, items: items.map(text => ({ text })) })
  const nested = [item('Test:', 'data', 'reports'), item('Tell'), item('Mend')]
  for (const [form, text, items] of [
    ['paragraphs', 'a) Test:\n\ni) data\n\nii) reports\n\nb) Tell\n\nc) Mend', nested],
    ['lines', 'a) Test:\n  i) data\n  ii) reports\nb) Tell\nc) Mend', nested],
    ['other signs', '(i) Test:\n(a) data\n(b) reports\n(ii) Tell\n(iii) Mend', nested],
    ['below a number', '1. Test:\n   a) data\n   b) reports\n2. Tell\n3. Mend', nested],
    [
      'a ninth letter',
      'a) a\nb) b\nc) c\nd) d\ne) e\nf) f\ng) g\nh) h\ni) i\nj) j',
      [...'abcdefghij'].map(text => item(text)),
    ],
    ['three deep', '- Test:\n\n  a) data\n  i. big\n  b) reports', [item('Test:', 'data', 'big', 'reports')]],
    ['a line that goes on', 'a) Test\ni) data\nii) reports\nof others', [item('Test', 'data', 'reports of others')]],
  ] as const) {
    const { document, report } = imported(`# Tester\n\n## About the role\n\nYou test.\n\n## Duties\n\n${text}\n`)
    t.match(document?.sections[1]?.blocks, [{ type: 'list', items }], form)
    t.same([report.losses, report.coverage.percent], [[], 100], form)
  }
  const twice = imported('# Tester\n\n## Duties\n\na) Test\n\na) Tell\n')
  t.same(outlineOf(twice), ['responsibilities: paragraph, paragraph'], 'what does not follow is no list')
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

t.test('an appendix without a row is one to be filled in', async t => {
  const empty = imported('# Tester\n\n## Duties\n\nTest.\n\n## Appendix\n')
  t.same(outlineOf(empty), ['responsibilities: paragraph', 'appendix: advert_details'])
  t.equal(warningOf(empty, 'section_empty'), undefined)
  const twice = imported('# Tester\n\n## Duties\n\nTest.\n\n## Appendix\n\nGrade: SEO\n\n## Annex B\n')
  t.match(warningOf(twice, 'section_empty'), { excerpt: 'Annex B' }, 'details stand in one place')
})

t.test('behaviours and the role of the framework that a document names', async t => {
  const page = (text: string) =>
    imported(`# Tester\n\n## About the role\n\nYou will test.\n\n## How to apply\n\n${text}\n`).document
  t.same(page('We assess:\n\n- Delivering at Pace\n- Leadership')?.behaviours, ['delivering_at_pace', 'leadership'])
  t.same(page('- Leadership\n- A pen')?.behaviours, [], 'a word of everyday use')
  t.same(page('We assess the behaviours Working Together and Leadership.')?.behaviours, [
    'working_together',
    'leadership',
  ])
  const under = (text: string) => imported(`# Tester\n\n**About the role**\n\nYou test.\n\n${text}\n`).document
  const all = ['communicating_and_influencing', 'leadership', 'working_together', 'delivering_at_pace']
  for (const heading of ['## Behaviours', '**Behaviours**', 'BEHAVIOURS', 'Behaviours', '## Person\n\n### Behaviours'])
    for (const text of [
      'Communicating and Influencing; Leadership, Working Together and Delivering at Pace.',
      'We assess: Communicating and influencing / Leadership / Working together / Delivering at pace (Level 3)',
      '- Communicating and influencing: you tell and value making effective decisions\n- Leadership – you lead\n- Working together\n- Delivering at pace: level 3',
    ]) {
      const document = under(`${heading}\n\n${text}`)
      t.same(document?.behaviours, all, `${heading}: ${text}`)
      t.equal(document?.sections.at(-1)?.kind, 'capabilities', heading)
    }
  t.same(under('## Behaviours\n\n- Leadership: you lead')?.behaviours, ['leadership'], 'alone under its heading')
  t.same(under('## Behaviours\n\nWe look for leadership of teams.')?.behaviours, [], 'a sentence')
  t.same(under('## Person\n\n### Behaviours\n\n### Other\n\nTools, leadership')?.behaviours, [], 'another heading')
  const link = (url: string) => {
    const document = page(`This is like [a role](${url}).`)
    return [document?.profession, document?.family]
  }
  t.same(link('https://ddat-capability-framework.service.gov.uk/role/software-developer#lead'), [
    'digital_and_data',
    'software_development',
  ])
  t.same(link('https://www.gov.uk/guidance/user-researcher'), ['digital_and_data', 'user_centred_design'])
  t.same(link('https://ddat-capability-framework.service.gov.uk/role/new-role'), ['digital_and_data', null])
  t.same(link('https://www.gov.uk/guidance/tax-your-car'), [null, null])
})

t.test('a page about roles is refused; a short role is not', async t => {
  const links = ['developer', 'tester', 'designer'].map(name => `- [${name}](https://a.uk/${name}.docx)`).join('\n')
  t.same(
    imported(`# The team\n\nOur descriptions:\n\n${links}\n- [more](/more)\n`).problems.map(({ code }) => code),
    ['not_a_role'],
  )
  t.same(imported('# Tester\n\nYou will test.\n').problems, [])
  t.same(imported(`# Tester\n\n## Duties\n\nTest.\n\n## Links\n\n${links}\n- [more](/more)\n`).problems, [])
})

t.test('a heading that names a kind of document is one of its sections but at its beginning', async t => {
  const specification = imported(
    '# Nurse\n\n## Main duties\n\n- Care\n\n## Person specification\n\n### Qualifications\n\n#### Essential\n\n- Degree\n\n#### Desirable\n\n- PhD\n',
  )
  t.same(outlineOf(specification), [
    'responsibilities: list 1',
    'skills_experience: subheading, subheading, skills, subheading, skills',
  ])
  t.equal(specification.document?.sections[1]?.heading, 'Person specification')
  t.match(warningOf(specification, 'headings_joined'), { line: 9, excerpt: 'Qualifications' })
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

t.test('a heading of its own that says how much skills matter begins a section of them', async t => {
  const skills = [
    ['essential', 'SQL'],
    ['desirable', 'Go'],
  ]
  const sections = [
    'role_summary: paragraph',
    'responsibilities: list 1',
    'skills_experience: skills',
    'skills_experience: skills',
    'benefits: paragraph',
  ]
  const lines = (essential: string, desirable: string) =>
    [
      ['About the role', 'You test.'],
      ['What you will do', 'Test'],
      [essential, 'SQL'],
      [desirable, 'Go'],
      ['Benefits', 'Tea.'],
    ] as const
  const isList = (text: string) => !text.endsWith('.')
  const said = ({ document }: Awaited<ReturnType<typeof importFile>>) =>
    document?.skills.map(({ importance, statement }) => [importance, statement])
  for (const [essential, desirable] of [
    ['Essential criteria', 'Desirable criteria'],
    ['Essential skills', 'Desirable skills'],
    ['Essential requirements', 'Desirable requirements'],
    ['Essential', 'Desirable'],
  ] as const) {
    const body = lines(essential, desirable)
    const text = body.map(([heading, line]) => `## ${heading}\n\n${isList(line) ? '- ' : ''}${line}\n`)
    const markdown = imported(`# Tester\n\n${text.join('\n')}`)
    t.same(outlineOf(markdown), sections, essential)
    t.same(said(markdown), skills, essential)
    for (const head of [bold, (words: string) => paragraph(words, '<w:pStyle w:val="Heading2"/>')]) {
      const content = body.map(([heading, line]) => head(heading) + paragraph(isList(line) ? `• ${line}` : line))
      const word = await importFile(wordFile(head('Tester') + content.join('')), wordType, contextOf())
      t.same(outlineOf(word), sections, `${essential} in Word`)
      t.same(said(word), skills, `${essential} in Word`)
    }
  }
  const under = imported('# Tester\n\n## About you\n\nYou:\n\n## Essential\n\n- SQL\n\n## Desirable\n\n- Go\n')
  t.same(outlineOf(under), ['person_specification: paragraph, subheading, skills, subheading, skills'])
  const joined = imported('# Tester\n\n## The role\n\n### Duties\n\n- Test\n\n### Essential criteria\n\n- SQL\n')
  t.same(outlineOf(joined), ['responsibilities: subheading, list 1', 'skills_experience: skills'])
  const list = imported('# Tester\n\n## Duties\n\n- Test\n\n**Essential**\n\n- Report\n')
  t.same(outlineOf(list), ['responsibilities: list 1, subheading, list 1'], 'a smaller heading stands in its section')
})

t.test('a table of criteria with captions and groups says what each is on and how much it matters', async t => {
  type Read = Awaited<ReturnType<typeof importFile>>
  const said = ({ document }: Read) => document?.skills.map(({ importance, statement }) => [importance, statement])
  const html = (rows: string[][]) =>
    imported(
      `<h1>Nurse</h1><h2>Duties</h2><p>Care.</p><table>${rows
        .map(cells =>
          cells.length === 1
            ? `<tr><td colspan="3">${cells[0]}</td></tr>`
            : `<tr>${cells.map(cell => `<td>${cell}</td>`).join('')}</tr>`,
        )
        .join('')}</table>`,
      'text/html',
    )
  const word = (rows: string[][]) =>
    importFile(
      wordFile(bold('Nurse') + bold('Duties') + paragraph('Care.') + table(rows) + paragraph('')),
      wordType,
      contextOf(),
    )
  const grouped = (head: string[], ...rows: [string[], string[]]) => [
    ['Person specification'],
    head,
    ['Qualifications'],
    rows[0],
    ['Experience'],
    rows[1],
  ]
  const skills = [
    ['essential', 'Qualifications: Degree'],
    ['essential', 'Experience: Ward'],
    ['desirable', 'Qualifications: PhD'],
    ['desirable', 'Experience: Theatre'],
  ]
  const sections = ['responsibilities: paragraph', 'person_specification: subheading, skills, subheading, skills']
  const columns = grouped(['Essential', 'Desirable'], ['Degree', 'PhD'], ['Ward', 'Theatre'])
  const areas = [
    ['Person specification'],
    ['Area', 'Essential', 'Desirable'],
    ['Qualifications', '', ''],
    ['', 'Degree', 'PhD'],
    ['Experience', 'Ward', 'Theatre'],
  ]
  const marks = [
    ...grouped(['Criterion', 'E/D'], ['Degree', 'E'], ['Ward', 'E']).slice(0, 4),
    ['PhD', 'D'],
    ['Experience'],
    ['Ward', 'E'],
    ['Theatre', 'D'],
  ]
  for (const rows of [columns, areas, marks])
    for (const result of [html(rows), await word(rows)]) {
      t.same(outlineOf(result), sections)
      t.same(said(result), skills)
      t.equal(result.report.coverage.percent, 100)
    }
  const headless = html([['Person specification'], ['SQL', 'E'], ['Go', 'E'], ['Rust', 'D']])
  t.same(said(headless), [
    ['essential', 'SQL'],
    ['essential', 'Go'],
    ['desirable', 'Rust'],
  ])
  // The head again in each group: each has its lists, and the second's say under which heading they stand.
  const head = ['Essential', 'Desirable']
  const again = html([['Qualifications'], head, ['Degree', 'PhD'], ['Experience'], head, ['Ward', 'Theatre']])
  t.same(outlineOf(again).slice(1), [
    'skills_experience: subheading, skills, subheading, skills',
    'skills_experience: subheading, list 1, subheading, list 1',
  ])
  t.same(
    again.document?.sections[2]?.blocks.map(block =>
      'text' in block ? block.text : 'items' in block && block.items[0]?.text,
    ),
    ['Essential', 'Ward', 'Desirable', 'Theatre'],
  )
})

t.test('the title of front matter counts where the first heading is that of a section', async t => {
  const page = (text: string) => imported(`---\ntitle: Head of Fish\n---\n${text}`)
  const sections = ({ document }: ReturnType<typeof imported>) =>
    document?.sections.map(({ kind, heading }) => [kind, heading])
  for (const [heading, kind] of [
    ['## Summary', 'role_summary'],
    ['# Summary', 'role_summary'],
    ['## Overview', 'role_summary'],
    ['## Duties of the post', 'responsibilities'],
  ] as const) {
    const result = page(`${heading}\nYou do fish.\n\n- a\n- b\n`)
    t.equal(result.document?.title, 'Head of Fish', heading)
    t.same(sections(result), [[kind, heading.replace(/^#+ /, '')]])
    t.same(result.report.losses, [], heading)
    t.equal(result.report.coverage.percent, 100)
  }
  const other = page('# Head of fisheries\n\n## Summary\n\nYou do fish.\n')
  t.equal(other.document?.title, 'Head of fisheries', 'a title of the text')
  t.same(sections(other), [['role_summary', 'Summary']])
})

const place = (text: string) => ({ text, town: null, region: null, postcode: null, country: null })
const pay = (text: string, min: number | null, max = min, period: 'year' | null = null) => ({
  min,
  max,
  currency: 'GBP',
  period,
  text,
})
/** The grades and advert details of a role with these lines under its title; all of its text is kept. */
const detailsOf = (t: Test, lines: string, type: 'text/html' | 'text/markdown' = 'text/markdown') => {
  const result = imported(type === 'text/html' ? lines : `# Tester\n\n${lines}\n\n${body}`, type)
  t.equal(result.report.coverage.percent, 100, lines)
  t.same(result.report.losses, [], lines)
  const { document } = result
  return { result, grades: document?.grades.map(({ code }) => code), details: document?.advert_details }
}

t.test('tables of details with several pairs in a row, or with a row of labels over one of values', async t => {
  const appendix = '## Appendix\n\n'
  const wide =
    '| | | | |\n| --- | --- | --- | --- |\n| Grade: | SEO | Location: | Sheffield |\n| Salary: | £30,000 | Closing date: | 1 May 2027 |'
  const head = '| Grade | Location | Salary |\n| --- | --- | --- |\n| SEO | Leeds | £40,000 |'
  for (const above of ['', appendix]) {
    const pairs = detailsOf(t, above + wide)
    t.same(pairs.grades, ['SEO'], above)
    t.same(pairs.details, {
      ...emptyAdvertDetails(),
      salary: pay('£30,000', 30_000),
      locations: [place('Sheffield')],
      additional: [{ label: 'Closing date', value: '1 May 2027' }],
    })
    const columns = detailsOf(t, above + head)
    t.same(columns.grades, ['SEO'], above)
    t.same(columns.details, {
      ...emptyAdvertDetails(),
      salary: pay('£40,000', 40_000),
      locations: [place('Leeds')],
    })
  }
  // Which place goes with which grade, an advert cannot say.
  const { grades, details, result } = detailsOf(t, `${appendix}${head}\n| HEO | York | £30,000 |`)
  t.same([grades, details], [[], emptyAdvertDetails()])
  t.match(warningOf(result, 'table_flattened'), { excerpt: /^Grade Location Salary SEO Leeds/ })
})

t.test('labels and values in one line, in bullets, and one above the other', async t => {
  const forms: [string, ('text/html' | 'text/markdown')?][] = [
    ['**Grade:** SEO | **Location:** Leeds | **Salary:** £40,000 - £45,000'],
    ['**Grade**: SEO  |  **Location**: Leeds  |  **Salary**: £40,000 - £45,000'],
    ['**Grade:** SEO &nbsp; &nbsp; **Location:** Leeds &nbsp; &nbsp; **Salary:** £40,000 - £45,000'],
    ['**Grade:** SEO; **Location:** Leeds; **Salary:** £40,000 - £45,000'],
    ['Grade: SEO | Location: Leeds | Salary: £40,000 - £45,000'],
    ['- **Grade:** SEO\n- **Location:** Leeds\n- **Salary:** £40,000 - £45,000'],
    ['- Grade: SEO\n- Location: Leeds\n- Salary: £40,000 - £45,000'],
    ['**Grade:**\n\nSEO\n\n**Location:**\n\nLeeds\n\n**Salary:**\n\n£40,000 - £45,000'],
    ['**Grade**\n\nSEO\n\n**Location**\n\nLeeds\n\n**Salary**\n\n£40,000 - £45,000'],
    ['| **Grade:**<br>SEO | **Location**<br>Leeds | **Salary:** £40,000 - £45,000 |\n| --- | --- | --- |'],
    [
      '<h1>Tester</h1><table><tr><td><p><b>Grade</b></p><p>SEO</p></td><td><p><b>Location:</b></p><p>Leeds</p></td></tr><tr><td><b>Salary</b><br>£40,000 - £45,000</td><td></td></tr></table><h2>Job purpose</h2><p>You test.</p>',
      'text/html',
    ],
  ]
  for (const [lines, type] of forms) {
    const { grades, details } = detailsOf(t, lines, type)
    t.same(grades, ['SEO'], lines)
    const wanted = {
      ...emptyAdvertDetails(),
      salary: pay('£40,000 - £45,000', 40_000, 45_000),
      locations: [place('Leeds')],
    }
    t.same(details, wanted, lines)
  }
  const bullets = detailsOf(t, '- Grade: SEO\n- Location: Leeds\n- Car park: None').details
  t.same(bullets?.additional, [{ label: 'Car park', value: 'None' }], 'beside labels that are known, others are')
  for (const text of [
    '- Team: you lead it\n- People: you lead them',
    '**Grade:**\n\nYou will do what a SEO does.',
    '**Salary:** London: £50,000 | National: £40,000',
  ]) {
    const { details, grades } = detailsOf(t, text)
    t.same([grades, details?.business_area, details?.locations], [[], null, []], text)
  }
})

t.test('SFIA in a table: its columns in any order, by their heads or by what they hold', async t => {
  const page = (text: string, type: 'text/markdown' | 'text/html' = 'text/markdown') =>
    imported(
      `${type === 'text/html' ? '<h1>Tester</h1>' : '# Tester\n\n## About the role\n\nYou test.'}\n\n${text}`,
      type,
    )
  const table = (...rows: string[]) => [rows[0], rows[0]?.replace(/[^|]+/g, '---'), ...rows.slice(1)].join('\n')
  const mappings = [
    { code: 'PROG', level: 4 },
    { code: 'PBMG', level: 5 },
  ]
  for (const [what, text] of [
    [
      'three columns',
      table('|Code|Skill|Level|', '|PROG|Programming/software development|4|', '|PBMG|Problem management|Level 5|'),
    ],
    [
      'another order',
      table(
        '|Level|SFIA skill|SFIA code|',
        '|4 – Enable|Programming/software development|PROG|',
        '|5|Problem management|PBMG|',
      ),
    ],
    [
      'codes in names',
      table('|Skill|Level|', '|Programming/software development (PROG)|4|', '|Problem management (PBMG)|5|'),
    ],
    ['no heads', table('|Programming/software development (PROG)|4|', '|Problem management (PBMG)|5|')],
  ] as const) {
    const result = page(`## SFIA 8\n\n${text}`)
    t.same(result.document?.sfia_mappings, mappings, what)
    t.equal(result.document?.sfia_version, '8', what)
    t.same(outlineOf(result), ['role_summary: paragraph', 'skills_framework: sfia_mappings'], what)
    t.same(result.report.warnings, [], what)
    t.equal(result.report.coverage.percent, 100, what)
  }
  const caption = '<tr><td colspan="3">SFIA 8</td></tr>'
  const head = '<tr><th>Code</th><th>Skill</th><th>Level</th></tr>'
  const category = '<tr><td colspan="3">Development and implementation</td></tr>'
  const skill = '<tr><td>PROG</td><td>Programming/software development</td><td>4</td></tr>'
  for (const heading of [
    'About the role</h2><p>You test.</p><h2>SFIA',
    'About the role</h2><p>You test.</p><h2>Skills',
  ]) {
    const result = page(
      `<h2>${heading}</h2><p>These:</p><table>${caption}${head}${category}${skill}</table>`,
      'text/html',
    )
    t.same(result.document?.sfia_mappings, [{ code: 'PROG', level: 4 }], heading)
    t.equal(result.document?.sfia_version, '8', 'of the caption')
    t.same(outlineOf(result).slice(2), ['skills_framework: sfia_mappings'], heading)
    t.equal(result.report.coverage.percent, 100, heading)
  }
  const partly = page(
    `## SFIA 8\n\n${table('|Code|Skill|Level|Why|', '|PROG|Programming/software development|4|You code|', '|PBMG|Problem management|3-5||', '|ZZZZ|Zeal|3||', '|DESN|Systems design|2||')}`,
  )
  t.same(partly.document?.sfia_mappings, [{ code: 'PROG', level: 4 }])
  t.match(partly.document?.sections[1]?.blocks, [
    {
      type: 'list',
      items: [
        { text: 'Code', items: [{ text: 'Skill' }, { text: 'Level' }, { text: 'Why' }] },
        { text: 'PROG', items: [{}, { text: '4' }, { text: 'You code' }] },
        { text: 'PBMG', items: [{}, { text: '3-5' }] },
        { text: 'ZZZZ' },
        { text: 'DESN' },
      ],
    },
    { type: 'sfia_mappings' },
  ])
  t.match(warningOf(partly, 'sfia_row_not_read'), {
    excerpt: 'PBMG Problem management 3-5',
    pointer: '/sections/1/blocks/0/items/2',
  })
  t.match(warningOf(partly, 'sfia_not_loaded'), { line: 13 })
  t.match(warningOf(partly, 'sfia_level_invalid'), { line: 14 })
  t.equal(partly.report.coverage.percent, 100)
  for (const [heading, cell] of [
    ['SFIA', 'Skill'],
    ['Skills', 'SFIA skill'],
  ]) {
    const unread = page(`## ${heading}\n\n${table(`|${cell}|Level|`, '|Programming/software development|4|')}`)
    t.same(unread.document?.sfia_mappings, [])
    t.match(warningOf(unread, 'sfia_table_not_read'), { line: 9 }, 'names without codes are told')
  }
  const other = page(`## Skills\n\n${table('|Skill|Level|', '|Agile working|Practitioner|', '|Testing|Expert|')}`)
  t.equal(warningOf(other, 'sfia_table_not_read'), undefined, 'levels of another framework')
})

t.test('behaviours with what is said of them, in a sentence, numbered in one line, and in tables', async t => {
  const page = (text: string) => imported(`# Tester\n\n## About the role\n\nYou will test.\n\n${text}\n`)
  const leading = ['changing_and_improving', 'leadership', 'delivering_at_pace']
  const row =
    '| Behaviours | Changing and Improving; Making Effective Decisions |\n|---|---|\n| Strengths | At interview |'
  const decisions = ['changing_and_improving', 'making_effective_decisions']
  for (const [text, expected] of [
    ['## Behaviours\n\n* Leadership (lead)', ['leadership']],
    [
      '## Behaviours\n\n* Changing and Improving (lead)\n* Leadership (Grade 7)',
      ['changing_and_improving', 'leadership'],
    ],
    [
      '## Behaviours\n\nWorking Together, Developing Self & Others and Leadership will be tested at interview.',
      ['working_together', 'developing_self_and_others', 'leadership'],
    ],
    [
      '## Civil Service Behaviours\n\nThe successful candidate will show Changing and Improving, Leadership and Delivering at Pace at level 4.',
      leading,
    ],
    [
      '## Behaviours\n\n1. Leadership 2. Communicating and Influencing 3. Working Together',
      ['leadership', 'communicating_and_influencing', 'working_together'],
    ],
    [
      '## Behaviours\n\n| Working Together (lead) | 3 |\n|---|---|\n| Leadership | 2 |',
      ['working_together', 'leadership'],
    ],
    [`## How to apply\n\n${row}`, decisions],
    ['## Behaviours\n\n- Leadership: you lead by working together and changing and improving', ['leadership']],
    ['## Behaviours\n\nYou lead by working together and communicating and influencing.', []],
    ['## How to apply\n\nWorking Together, Leadership and more will be seen.', []],
  ] as const) {
    const result = page(text)
    t.same(result.document?.behaviours, expected, text)
    t.equal(result.report.coverage.percent, 100, text)
  }
  t.same(imported(`# Tester\n\n${row}\n\n## Duties\n\nTest.\n`).document?.behaviours, decisions, 'under the title')
  t.match(page('## Behaviours\n\n* Leadership (lead)').document?.sections[1]?.blocks, [
    { type: 'list', items: [{ text: 'Leadership (lead)' }] },
  ])
})

t.test('captions of a table of details neither part it nor leave an empty section', async t => {
  const row = (cells: readonly string[], tag = 'td') =>
    cells.length === 1
      ? `<tr><${tag} colspan="2">${cells[0]}</${tag}></tr>`
      : `<tr>${cells.map(cell => `<td>${cell}</td>`).join('')}</tr>`
  const page = (caption: string, rows: readonly string[], before = '') =>
    imported(
      `<h1>Tester</h1>${before}<table>${caption && `<caption>${caption}</caption>`}${rows.join('')}</table><h2>Summary</h2><p>You test.</p>`,
      'text/html',
    )
  const headings = ({ document }: Awaited<ReturnType<typeof importFile>>) =>
    document?.sections.map(({ heading, blocks }) => [
      heading,
      ...blocks.map(block => ('text' in block ? block.text : block.type)),
    ])
  const summary = ['Summary', 'You test.']
  const pairs = [row(['Grade', 'SEO']), row(['Location', 'Leeds'])]
  const both = page('Post details', [`<thead>${row(['Details of the post'], 'th')}</thead>`, ...pairs])
  t.same(headings(both), [['Post details', 'Details of the post', 'advert_details'], summary])
  t.equal(warningOf(both, 'section_empty'), undefined)
  t.same(headings(page('About the vacancy', pairs)), [['About the vacancy', 'advert_details'], summary])
  t.same(headings(page('About the vacancy', pairs, '<h2>Duties</h2><p>Test.</p>')), [
    ['Duties', 'Test.', 'About the vacancy', 'advert_details'],
    summary,
  ])
  const parted = [['About the post'], ['Grade', 'SEO'], ['Car park', 'None'], ['Where and when'], ['Location', 'Leeds']]
  const word = wordFile(`${bold('Tester')}${table(parted)}${bold('Summary')}${paragraph('You test.')}`)
  for (const result of [
    page(
      '',
      parted.map(cells => row(cells)),
    ),
    page(
      '',
      parted.map(cells => row(cells, 'th')),
    ),
    await importFile(word, wordType, contextOf()),
  ]) {
    t.same(headings(result), [['About the post', 'advert_details', 'Where and when'], summary])
    t.same(result.document?.grades, [grade])
    t.same(result.document?.advert_details, {
      ...emptyAdvertDetails(),
      locations: details.locations,
      additional: [{ label: 'Car park', value: 'None' }],
    })
    t.equal(result.report.coverage.percent, 100)
  }
  t.same(headings(page('', [...pairs, ...parted.slice(3).map(cells => row(cells))])), [
    ['Where and when', 'advert_details'],
    summary,
  ])
  const contact = page('Post details', [...pairs, row(['Contact details'], 'th'), row(['Name', 'Jane'])])
  t.same(headings(contact), [['Post details', 'advert_details'], ['Contact details', 'list'], summary])
  const other = page('Table 1: teas', [row(['Green', 'Good']), row(['Black', 'Bad'])], '<h2>Duties</h2><p>Test.</p>')
  t.same(headings(other)?.[0], ['Duties', 'Test.', 'Table 1: teas', 'list'], 'a caption of another table is a text')
})

t.test('what stands where a value is to be written is null, and of boxes the ticked ones are the value', async t => {
  const open = ['Choose an item.', 'Click or tap here to enter text.', 'Click or tap to enter a date.', '………']
  for (const value of [...open, '£………', 'dd/mm/yyyy', '______']) {
    const cells = `<h1>Tester</h1><table><tr><td>Grade</td><td>SEO</td></tr><tr><td>Hours</td><td>${value}</td></tr></table><h2>Job purpose</h2><p>You test.</p>`
    const { details, result } = detailsOf(t, cells, 'text/html')
    t.same(details, emptyAdvertDetails(), value)
    t.same(
      result.report.warnings.map(({ code, excerpt }) => [code, excerpt]),
      [['placeholder', value]],
    )
  }
  for (const [boxes, ...patterns] of [
    ['☐ Full time ☒ Part time', 'part_time'],
    ['☑ Full time, ☐ Part time, ☑ Job share', 'full_time', 'job_share'],
    ['Full time ☐ Part time ☒', 'part_time'],
    ['<input type="checkbox"> Full time <input type="checkbox" checked> Part time', 'part_time'],
  ] as const)
    t.same(detailsOf(t, `**Working pattern:** ${boxes}`).details?.working_patterns, patterns, boxes)
  const brackets = detailsOf(t, '**Working pattern:** [ ] Full time [x] Part time\n\n**Team:** [x] A team [ ] Another')
  t.same(brackets.details, { ...emptyAdvertDetails(), business_area: 'A team', working_patterns: ['part_time'] })
  const none = detailsOf(t, '**Working pattern:** ☐ Full time ☐ Part time')
  t.same(none.details, emptyAdvertDetails())
  t.match(warningOf(none.result, 'placeholder'), { excerpt: '☐ Full time ☐ Part time' })
})

t.test('a profession with a comma in its name, and bare numbers where grades are bands', async t => {
  const profession = (value: string) => {
    const { result, details } = detailsOf(t, `**Profession:** ${value}`)
    t.same([details, result.report.warnings], [emptyAdvertDetails(), []], value)
    return result.document?.profession
  }
  t.equal(profession('Digital, Data and Technology'), 'digital_and_data')
  t.equal(profession('Operational Delivery'), 'operational_delivery')
  const grade = '**Grade:** 7\n\n**Location:** Leeds'
  t.same(detailsOf(t, grade).grades, ['G7'])
  for (const rows of [
    '**Salary:** Agenda for Change',
    '**Pay band:** see below',
    '**Scheme:** AfC',
    '## Appendix\n\nScheme: AfC',
  ]) {
    const { grades, details } = detailsOf(t, `${grade}\n\n${rows}`)
    t.same(grades, [], rows)
    t.same(details?.additional[0], { label: 'Grade', value: '7' }, rows)
  }
  t.same(detailsOf(t, '**Grade:** Grade 7\n\n**Scheme:** Band B').grades, ['G7'], 'a name is no bare number')
})

t.test('the slug of front matter is one for the command and for the API; a comment of YAML is no text', async t => {
  const utf16 = (text: string) => Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, 'utf16le')])
  const page = (rows: string) => `---\n${rows}\n---\n\n# Tester\n\n${body}`
  for (const [source, slug] of [
    [Buffer.from(page('slug: cm-x2 # of old')), 'cm-x2'],
    [Buffer.from(page('Slug: cap')), 'cap'],
    [Buffer.from(page('slug: [ar-x5]')), 'ar-x5'],
    [Buffer.from(page('slug: "quoted"').replaceAll('\n', '\r\n')), 'quoted'],
    [Buffer.from(page('title: Tester\nslug: Not a slug')), undefined],
    [Buffer.from(page('role: x\nteam:\n  slug: inner')), undefined],
    [utf16(page('slug: wide')), 'wide'],
  ] as const) {
    t.equal(slugIn(source), slug)
    t.equal((await importFile(source, 'text/markdown', contextOf())).slug ?? undefined, slug)
  }
  t.equal(slugIn(Buffer.from([0, 1, 2])), undefined, 'no text')
  const text = '---\nslug: cm-x2 # of old\n# Ask the team\nteam: "#1"\nhours: >\n  # as agreed\n---\n\n# Tester\n\n'
  const { report, document } = imported(text + body)
  t.same([report.coverage.percent, report.losses], [100, []])
  t.match(document?.advert_details, { business_area: '#1', hours: '# as agreed' })
  t.same(
    report.warnings.map(({ code, line, excerpt }) => [code, line, excerpt]),
    [
      ['comment_removed', 2, '# of old'],
      ['comment_removed', 3, '# Ask the team'],
    ],
  )
})

t.test('definitions of Markdown with several values, and a salary of front matter as a map', async t => {
  const { details } = detailsOf(t, 'Location\n: London\n: Leeds: city centre\n\nGrade: SEO')
  t.same(details, { ...emptyAdvertDetails(), locations: [place('London'), place('Leeds: city centre')] })
  const { document, report } = imported(`---\nsalary: {min: 50000, max: 60000}\n---\n\n# Tester\n\n${body}`)
  t.same(document?.advert_details.salary, pay('min: 50000, max: 60000', 50_000, 60_000))
  t.equal(report.coverage.percent, 100)
  const turned = imported(`---\nsalary: {min: 60000, max: 50000}\n---\n\n# Tester\n\n${body}`)
  t.same(turned.document?.advert_details.salary, pay('min: 60000, max: 50000', null))
})
