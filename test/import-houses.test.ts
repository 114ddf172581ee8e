// Documents of other houses: headings, sections and lists in every dress.
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { findFiles } from '../src/imports/files.ts'
import { importFile } from '../src/imports/import.ts'
import { Notices } from '../src/imports/notices.ts'
import { withoutDialect } from '../src/imports/source/dialects.ts'
import { type DocumentType, wordType } from '../src/imports/source/scan.ts'
import { contextOf, imported, outlineOf, warningOf } from './support/documents.ts'
import { shared } from './support/project.ts'
import { bold, paragraph, run, wordFile } from './support/word.ts'
import { workMs } from './support/work.ts'

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
  for (const way of [
    '<div class="breadcrumb"><a href="/">Home</a> &gt; <a href="/jobs">Jobs</a> &gt; Manager</div>',
    '<ol class="govuk-breadcrumbs"><li><a href="/">Home</a></li><li>&gt; Jobs &gt; Manager</li></ol>',
    '<p><a href="/">Home</a> &gt; <a href="/jobs">Jobs</a> &gt; Manager</p>',
  ])
    t.same(
      left(`${way}<h1>Delivery Manager</h1>${role}`),
      ['Delivery Manager', 'page_furniture_removed: Home > Jobs > Manager'],
      way,
    )
  t.same(
    left(
      `<main><a href="/">Go back</a><h1>Delivery Manager</h1>${role}<aside><h2>Similar jobs</h2>Tester</aside></main>`,
    ),
    ['Delivery Manager', 'page_furniture_removed: Go back Similar jobs Tester'],
    'the way back, and other jobs',
  )
  const kept: [string, string][] = [
    [
      'a text that begins with a link',
      `<h1>Delivery Manager</h1>${role}<p><a href="https://a.uk">Home</a> working</p>`,
    ],
    ['a way of which people speak', `<h1>Delivery Manager</h1>${role}<p>Home &gt; Jobs &gt; Manager</p>`],
    ['a class of words like it', `<h1>Delivery Manager</h1>${role}<p class="breadcrumb-free">Home</p>`],
    ['the head of an article', `<article><header><h1>Delivery Manager</h1></header>${role}</article>`],
    ['the only h1', `<header><h1>Delivery Manager</h1></header><main>${role}</main>`],
    [
      'a title as converters write it',
      `<header><h1>Delivery Manager</h1></header><h1>About the role</h1><p>You deliver.</p>`,
    ],
    ['an aside of the text', `<main><h1>Delivery Manager</h1>${role}<aside><h2>More</h2>Jobs</aside></main>`],
    [
      'a link in a sentence',
      `<main><h1>Delivery Manager</h1>${role}<p>Do <a href="https://a.uk">Go back</a> on.</p></main>`,
    ],
    ['a page on roles', `<main><h1>Delivery Manager</h1>${role}<h2>Related roles</h2><p>Tester</p></main>`],
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

/** The sections and skills of a role whose duties stand in such a text. */
const readOf = (duties: string, mediaType: 'text/markdown' | 'text/html' = 'text/markdown') => {
  const { document, report } = imported(duties, mediaType)
  const sections = document?.sections.map(({ kind, heading, blocks }) => [
    kind,
    heading,
    ...blocks.map(block =>
      block.type === 'list'
        ? block.items.map(({ text, items }) => [text, ...items.map(i => i.text)].join(' > '))
        : 'text' in block
          ? block.text
          : block.type,
    ),
  ])
  return {
    document,
    sections,
    skills: document?.skills.map(({ importance, statement }) => `${importance}: ${statement}`),
    report,
  }
}

t.test('plain text: a line below an item that names a section, or says how much matters, heads what follows', t => {
  const text = `Admin Officer
Grade: AO
Location: Hull
PURPOSE OF THE JOB
You help.
MAIN DUTIES
- Answer the phone
  - by day
  - by night
- Open the post
PERSON SPECIFICATION
Essential:
- Can type
Desirable
- Speaks Welsh
STAKEHOLDERS OF THE POST
- Members
Terms and conditions
1. Full time
2. In Hull
BENEFITS
Leave.
`
  const expected = [
    ['role_summary', 'PURPOSE OF THE JOB', 'You help.'],
    ['responsibilities', 'MAIN DUTIES', ['Answer the phone > by day > by night', 'Open the post']],
    ['person_specification', 'PERSON SPECIFICATION', 'Essential:', 'skills', 'Desirable', 'skills'],
    ['working_with', 'STAKEHOLDERS OF THE POST', ['Members']],
    ['terms', 'Terms and conditions', ['Full time', 'In Hull']],
    ['benefits', 'BENEFITS', 'Leave.'],
  ]
  for (const [name, source] of [
    ['Markdown', text],
    ['bullets', text.replace(/^- /gm, '• ').replace(/^ {2}- .*\n/gm, '')],
  ] as const) {
    const { document, sections, skills } = readOf(source)
    t.equal(document?.title, 'Admin Officer', name)
    t.match(document?.grades, [{ code: 'AO' }], name)
    t.same(
      document?.advert_details.locations.map(place => place.text),
      ['Hull'],
      name,
    )
    const flat = JSON.stringify(expected).replace(' > by day > by night', '')
    t.same(sections, name === 'Markdown' ? expected : JSON.parse(flat), name)
    t.same(skills, ['essential: Can type', 'desirable: Speaks Welsh'], name)
  }
  t.end()
})

t.test('a line of an item that only looks like the name of a section stays in it, and is told', t => {
  for (const [item, told] of [
    ['Uses the\nDUTIES\nlist', true],
    ['Reports to the\nSenior Responsible Owner', false],
    ['Works on the programme of risk and on the way that teams write a\nRole Profile', true],
    ['Knows how teams work who have the licence of the department, which is\nEssential', true],
    ['Keeps up\nNHS STANDARDS', true],
    ['You know about\nSecurity', false],
    ['Can write in\nessential words', false],
  ] as const) {
    const { sections, report } = readOf(`# Tester\n\n## Duties\n\n- ${item}\n- Tests\n`)
    t.same(sections, [['responsibilities', 'Duties', [item.replaceAll('\n', ' '), 'Tests']]], item)
    t.equal(
      report.warnings.some(warning => warning.code === 'heading_in_item'),
      told,
      item,
    )
  }
  const html =
    '<h1>Guard</h1><h2>Purpose</h2><p>You read the sign\nSECURITY\nat the gate.</p><h2>Duties</h2><ul><li>Walk\nDUTIES\n</li><li>Talk</li></ul>'
  t.same(readOf(html, 'text/html').sections, [
    ['role_summary', 'Purpose', 'You read the sign SECURITY at the gate.'],
    ['responsibilities', 'Duties', ['Walk DUTIES', 'Talk']],
  ])
  t.end()
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

t.test('lists as Word saves and pastes them in HTML are lists, as deep as it says or their signs do', async t => {
  const page = (body: string) => imported(`<h1>Tester</h1>\n<h2>Duties</h2>\n${body}`, 'text/html')
  const listsOf = ({ document }: ReturnType<typeof page>) =>
    document?.sections[0]?.blocks.map(block =>
      block.type === 'list'
        ? [block.ordered, block.items.map(({ text, items }) => [text, ...items.map(item => item.text)])]
        : 'text' in block
          ? block.text
          : block.type,
    )
  const spaces = '<span style=\'font:7.0pt "Times New Roman"\'>&nbsp;&nbsp; </span>'
  const ignored = (mark: string) =>
    `<![if !supportLists]><span style='mso-list:Ignore'>${mark}${spaces}</span><![endif]>`
  const item = (level: number, mark: string, text: string) =>
    `<p class=MsoListParagraphCxSpMiddle style='text-indent:-18.0pt;mso-list:l0 level${level} lfo1'>${mark}${text}</p>\n`

  const levels = page(
    item(1, `<span style='font-family:Symbol'>${ignored('·')}</span>`, 'Test what\nothers - wrote') +
      item(2, `<span style='font-family:"Courier New"'>${ignored('o')}</span>`, 'by hand') +
      item(3, `<span style='font-family:Wingdings'>${ignored('Ø')}</span>`, 'on paper') +
      item(1, ignored('·'), '<b>Tell:</b> what you found') +
      item(1, ignored('(a)'), 'First') +
      item(2, ignored('i.'), 'within') +
      item(1, ignored('(b)'), 'Second'),
  )
  t.same(listsOf(levels), [
    [false, [['Test what others - wrote', 'by hand', 'on paper'], ['**Tell:** what you found']]],
    [true, [['First', 'within'], ['Second']]],
  ])
  t.equal(levels.report.coverage.percent, 100)
  t.match(warningOf(levels, 'list_flattened'), { excerpt: 'on paper' })

  // A list that begins further down is none under another; without a mark the level tells.
  t.same(listsOf(page(item(2, ignored('o'), 'One') + item(2, '', 'Two') + item(1, '1. ', 'Three'))), [
    [false, [['One'], ['Two']]],
    [true, [['Three']]],
  ])

  // As pages of a filtered kind have them: signs alone, in elements of their own.
  const filtered = (mark: string, text: string, font = 'Symbol') =>
    `<p class=MsoListParagraph><span style='font-family:${font}'>${mark}${spaces}</span>${text}</p>\n`
  const signs = page(
    `${filtered('·', 'Test')}${filtered('o', 'by hand', '"Courier New"')}<p>Then:</p>\n${filtered('ü', 'Tell', 'Wingdings')}<p>And</p>\n${filtered('1.', 'Rest')}<p class=MsoListParagraph>A paragraph.</p>`,
  )
  t.same(listsOf(signs), [
    [false, [['Test', 'by hand']]],
    'Then:',
    [false, [['Tell']]],
    'And',
    [true, [['Rest']]],
    'A paragraph.',
  ])
  t.equal(signs.report.coverage.percent, 100)

  // A long text is no mark, whatever its style says.
  const long = page(item(1, ignored('All of this is text'), ' and this'))
  t.same(listsOf(long), [[false, [['All of this is text and this']]]])
  t.equal(long.report.coverage.percent, 100)
  t.same(listsOf(page('<p><span>o<span>&nbsp; </span></span>Alone</p>')), ['o Alone'])
})

t.test('an element is bold by its style, or else by its name, around words and around paragraphs', t => {
  const textOf = (body: string) => {
    const { document } = imported(`<h1>Tester</h1>\n<h2>About the role</h2>\n${body}`, 'text/html')
    return document?.sections[0]?.blocks.map(block => ('text' in block ? block.text : block.type))
  }
  const text = 'You measure, again and again, how well each of the services does for those who use it.'
  t.same(textOf(`<b style="font-weight:normal" id="docs-internal-guid-1"><p>${text}</p></b>`), [text])
  t.same(textOf(`<b style="font-weight: 400"><p>${text} <span style="font-weight:700">Much</span></p></b>`), [
    `${text} **Much**`,
  ])
  t.same(textOf(`<p>${text} <strong style="color:red">Much</strong></p>`), [`${text} **Much**`])
  t.same(textOf(`<b><p>${text}</p></b>`), [`**${text}**`])
  t.end()
})

t.test('marks of Pandoc, GitHub and Notion are no text of a Markdown document', async t => {
  const result = imported(`---
created: 2025-03-01
last_edited_by: Jo Bloggs
---
Delivery manager {#manager .role}
================

:::: {.details}
Grade
:   Grade 7
::::

## Purpose {.purpose data-x="1"} ##

You deliver.[^1]

[^1]: Each week.

## Duties

- [x] Plan
- [ ] Tell

> [!NOTE]
> Duties change.

## Skills

  Criterion        Type
  ---------------- -----------
  Scrum            Desirable
  Pipes | pumps    Essential

## Values

    ::: code
`)
  t.same(result.problems, [])
  t.equal(result.document?.title, 'Delivery manager')
  t.same(
    result.document?.sections.map(({ heading }) => heading),
    ['Purpose', 'Duties', 'Skills', 'Values'],
  )
  t.match(result.document, {
    grades: [{ code: 'G7' }],
    advert_details: { additional: [] },
  })
  const texts = JSON.stringify(result.document?.sections)
  for (const kept of ['You deliver.[1]', '[1] Each week.', '☒ Plan', 'Duties change.', '`::: code`'])
    t.ok(texts.includes(kept), kept)
  t.notMatch(texts, /NOTE|purpose\}|data-x/)
  t.same(
    result.document?.skills.map(({ statement, importance }) => [importance, statement]),
    [
      ['essential', 'Pipes | pumps'],
      ['desirable', 'Scrum'],
    ],
  )
  t.equal(result.report.coverage.percent, 100)
  t.same(
    result.report.losses.map(({ code, text }) => [code, text]),
    [
      ['site_setting_removed', 'created: 2025-03-01'],
      ['site_setting_removed', 'last_edited_by: Jo Bloggs'],
    ],
  )
  // Lines stay where they are.
  t.match(warningOf(imported('# A\n\n::: x\nText\n:::\n\n## Duties\n\nAsk [Insert name]'), 'placeholder'), { line: 9 })
  const fenced = '```\n\nname  level\n----- -----\nPROG  3\n\n```'
  t.equal(withoutDialect(`# A\n\n${fenced}\n`, new Notices()), `# A\n\n${fenced}\n`, 'code stays as it is')
  // What crosses the columns is none of a table; braces in a text are text.
  const text = imported('# A\n\n## Duties\n\nOne two\n--- ---\nacross it\n\nUse {#id}\n')
  t.match(JSON.stringify(text.document), /across it/)
  t.match(JSON.stringify(text.document), /Use \{#id\}/)
  t.equal(text.report.coverage.percent, 100)

  const started = workMs()
  for (const part of [':', '- ', '{#a', ' {.a.b.c', '-- ', '> [!', '    ', '\n\na\n-- --\n', '\n::: a'])
    withoutDialect(`# A\n\nb ${part.repeat(100_000)} x y`, new Notices())
  t.ok(workMs() - started < 10_000, 'hostile text takes no longer')
})

t.test('behaviours are named by lines of a paragraph that stand one below the other, not by wrapped ones', async t => {
  const named = (text: string) => imported(`# Tester\n\n## Competencies\n\n${text}\n`).document?.behaviours
  t.same(
    named('Delivering at Pace - Level 2\nCollaborating and Partnering - Level 2\nMaking Effective Decisions - Level 2'),
    ['delivering_at_pace', 'making_effective_decisions'],
  )
  t.same(named('We are good at doing all of it by\nworking together'), [])
})

t.test('a marking, a letterhead, a path or details above the one top heading leave it the title', async t => {
  const rest = '## The role\n\nRuns it.\n\n## Duties\n\n- Publish\n'
  for (const above of [
    'OFFICIAL',
    '**OFFICIAL-SENSITIVE**',
    'Home > Jobs',
    '**Grade:** SEO',
    'Back to the search results',
  ]) {
    const { document, report } = imported(`${above}\n\n# Web Manager\n\n${rest}`)
    t.equal(document?.title, 'Web Manager', above)
    t.equal(report.coverage.percent, 100)
    t.same(
      document?.sections.map(({ kind }) => kind).filter(kind => kind !== 'other'),
      ['role_summary', 'responsibilities'],
    )
  }
  // A label has it where no heading does, and lines of a letterhead are no title either.
  t.equal(imported(`OFFICIAL\n\n**Job title:** Web Manager\n\n${rest}`).document?.title, 'Web Manager')
  const bold = '**OFFICIAL**\n\n**HM COURTS SERVICE**\n\n**ROLE PROFILE**\n\n**Court Usher**\n\n'
  t.equal(
    imported(`${bold}${rest.replaceAll('## ', '**').replaceAll(/^(\*\*.*)$/gm, '$1**')}`).document?.title,
    'Court Usher',
  )
})

t.test('a file with two roles becomes one draft with a warning that says so', t => {
  const role = (title: string, depth: string) =>
    `${depth} ${title}\n\n${depth}# Purpose\n\nYou test.\n\n${depth}# Responsibilities\n\n- Test\n\n${depth}# Person specification\n\n- SQL\n\n`
  const two = imported(role('Tester', '#') + role('Senior Tester', '#'))
  t.match(warningOf(two, 'several_roles'), { severity: 'advice', line: 15, excerpt: 'Senior Tester' })
  t.equal(two.report.coverage.percent, 100)
  t.ok(warningOf(imported(`# Testers\n\n${role('Tester', '##')}${role('Senior Tester', '##')}`), 'several_roles'))
  t.ok(
    warningOf(
      imported(
        '# Engineer\n\n## Purpose\n\nA.\n\n## Duties\n\n- B\n\n# Analyst\n\n## What the job is\n\nC.\n\n## Responsibilities\n\n- D\n',
      ),
      'several_roles',
    ),
    'other words for the same sections',
  )
  const bold = (title: string) => `**${title}**\n\n**Purpose**\n\nYou test.\n\n**Responsibilities**\n\n- Test\n\n`
  t.ok(warningOf(imported(bold('Tester') + bold('Analyst')), 'several_roles'), 'headings of one look')
  for (const [name, source] of [
    [
      'Role 2: Senior Developer – Grade 7',
      `# Data team\n\n${role('Role 1: Developer – Grade SEO', '##')}${role('Role 2: Senior Developer – Grade 7', '##')}`,
    ],
    [
      'Appendix B – Job description: Tester',
      `${role('Job description: Analyst', '#')}${role('Appendix B – Job description: Tester', '#')}`,
    ],
    ['Analyst', `${role('Engineer', '#')}# Analyst\n\n## Purpose\n\nYou chart.\n`],
  ] as const)
    t.equal(warningOf(imported(source), 'several_roles')?.excerpt, name)
  const levels = `${role('Junior tester', '##')}${role('Senior tester', '##')}`
  for (const one of [
    role('Tester', '#'),
    `# Tester\n\n## Summary of the role\n\nIt has two levels.\n\n${role('Learner', '##')}${role('Lead', '##')}`,
    `# Tester\n\n${levels}`,
    `# Tester\n\n${role('Executive Officer', '##')}${role('HEO', '##')}`,
    `${role('Tester', '#')}${role('Annex A: advert', '#')}`,
    `${role('Tester', '#')}## Purpose\n\nAgain.\n\n## Person specification\n\n- Again\n`,
    `${role('Tester', '#')}## Purpose\n\nAgain.\n`,
    `${role('Tester', '#')}# How we work\n\n## Our purpose\n\nTo test.\n`,
    `# Tester: pack\n\n## About the role\n\nA.\n\n## Duties\n\n- B\n\n${role('Appendix A – Job description: Tester: pack', '##')}`,
    '# Tester\n\n## Role 1 of the team\n\nA.\n\n## Duties\n\n- B\n\n## Dimensions\n\nSmall.\n\n## Skills\n\n- C\n',
    '# Tester\n\n## Technical skills\n\n- SQL\n\n## Personal skills\n\n- Tact\n\n## Technical skills\n\n- Go\n\n## Personal skills\n\n- Wit\n',
  ])
    t.equal(warningOf(imported(one), 'several_roles'), undefined)
  t.end()
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

t.test('the role below the name of its employer is the title, or is told where that is not certain', async t => {
  const titleOf = (front: string) => {
    const result = imported(`${front}\n\n## Purpose of the post\n\nYou help.\n\n## Main tasks\n\n- Help\n`)
    t.equal(result.report.coverage.percent, 100)
    return [result.document?.title, warningOf(result, 'title_unsure')?.excerpt]
  }
  for (const [front, title, unsure] of [
    ['# Harbour Women’s Aid\n\n## Outreach Worker\n\nSalary: £29,093', 'Outreach Worker'],
    ['**Harbour Women’s Aid**\n\n**Advisor (IDVA)**\n\nSalary: £29,093\n\nHours: 37', 'Advisor (IDVA)'],
    ['# Mercia Hospice\n\n## Nurse\n\n| | |\n|-|-|\n|Salary|£29,093|\n|Location|Hull|', 'Nurse'],
    ['# Breathe Easy\n\n## Community Fundraiser\n\n**Salary:** £29,093', 'Breathe Easy', 'Community Fundraiser'],
    ['# Data Science\n\n## Senior Data Scientist\n\n**Grade:** SEO', 'Data Science', 'Senior Data Scientist'],
    ['# DevOps\n\n## Payments\n\n**Grade:** SEO', 'DevOps'],
    ['# Product Manager\n\n## Line manager\n\n**Grade:** SEO', 'Product Manager'],
    ['# Head of Legal Aid\n\n## Programme Manager\n\n**Grade:** SEO', 'Head of Legal Aid'],
    ['# Frontend\n\n## Lead developer\n\nYou lead.', 'Frontend'],
  ] as [string, string, string?][])
    t.same(titleOf(front), [title, unsure], front)
})
