// Documents of other houses: headings, sections and lists in every dress.
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { findFiles } from '../src/imports/files.ts'
import { importFile } from '../src/imports/import.ts'
import { Notices } from '../src/imports/notices.ts'
import { withoutDialect } from '../src/imports/source/dialects.ts'
import type { DocumentType } from '../src/imports/source/scan.ts'
import { contextOf, imported, outlineOf, warningOf } from './support/documents.ts'
import { shared } from './support/project.ts'
import { workMs } from './support/work.ts'

const corpora = fileURLToPath(new URL('samples/corpora/', shared))

t.test(
  'each document of other bodies becomes a draft, and one that describes no role is refused',
  {
    skip: existsSync(corpora) ? false : 'they are not at hand',
    timeout: 300_000,
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
