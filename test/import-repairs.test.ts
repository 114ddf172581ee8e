import t from 'tap'
import type { AdvertDetails } from '../src/document/schema.ts'
import { importDocument } from '../src/imports/import.ts'
import { bytes, contextOf, imported, ourSample, outlineOf, warningOf, warningsOf } from './support/documents.ts'
import { workMs } from './support/work.ts'

const page = (...sections: string[]) => `# Tester\n\n## About the role\n\nYou will test.\n\n${sections.join('\n\n')}\n`
const appendix = (...rows: string[]) => {
  const { document, report, ...rest } = imported(page('## Appendix', rows.join('\n\n')))
  return { ...rest, report, document, details: document?.advert_details as AdvertDetails }
}

t.test('quotes, dashes, case, colons and bold decide nothing about a heading', async t => {
  const sample = ourSample().toString()
  const expected = outlineOf(imported(sample))
  const variants: Record<string, string> = {
    'straight quotes': sample.replaceAll('’', "'"),
    'no quotes': sample.replaceAll('you’ll', 'youll'),
    dashes: sample.replace('day-to-day', 'day – to – day'),
    'not bold': sample.replaceAll('<strong>', '').replaceAll('</strong>', '').replace('**Appendix**', 'Appendix'),
    'upper case': sample.replace(
      /<(t[hd])><strong>(.*?)<\/strong>/g,
      (_, tag, text) => `<${tag}><strong>${text.toUpperCase()}</strong>`,
    ),
    colons: sample.replaceAll('</strong></t', ':</strong></t'),
    'a title that is not bold': sample.replaceAll('**', ''),
  }
  for (const [name, source] of Object.entries(variants)) {
    const kinds = (lines: string[]) => lines.map(line => line.replace(/home-office\S*/, 'shared'))
    t.same(kinds(outlineOf(imported(source))), kinds(expected), name)
  }
})

t.test('headings: table rows, number signs, bold lines, h1 to h6, and lines that are known', async t => {
  const body = (heading: (text: string) => string) =>
    [
      heading('Who you are'),
      '<p>Careful.</p>',
      heading('Benefits'),
      '<p>A pension.</p>',
      heading('Our tools'),
      '<p>Pencils.</p>',
    ].join('\n')
  const expected = ['person_specification: paragraph', 'benefits: paragraph', 'other: paragraph']
  const forms: Record<string, string> = {
    h2: body(text => `<h2>${text}</h2>`),
    h6: body(text => `<h6>${text}</h6>`),
    bold: body(text => `<p><b>${text}</b></p>`),
    styled: body(text => `<p><span style="font-weight:700">${text}</span></p>`),
    rows: `<table>${body(text => `<tr><td><b>${text}</b></td></tr>`).replaceAll(/<p>.*?<\/p>/g, '<tr><td>$&</td></tr>')}</table>`,
    'rows, not bold': `<table>${body(text => `<tr><td>${text}</td></tr>`).replaceAll(/<p>.*?<\/p>/g, '<tr><td>$&</td></tr>')}</table>`,
    'two columns': `<table><tr><td>Who you are</td><td>Careful.</td></tr><tr><td>Benefits</td><td>A pension.</td></tr><tr><th>Our tools</th><td>Pencils.</td></tr></table>`,
  }
  for (const [name, source] of Object.entries(forms)) {
    t.same(outlineOf(imported(`<h1>Tester</h1>${source}`, 'text/html')), expected, name)
  }
  t.same(outlineOf(imported('# Tester\n\nWho you are:\n\nCareful.\n\nBENEFITS\n\nA pension.')), expected.slice(0, 2))
})

t.test('number signs without a space are headings, and said so', async t => {
  const result = imported('##About the role:\nYou will test.\n\n##Duties\n- Test')
  t.same(outlineOf(result), ['role_summary: paragraph', 'responsibilities: list 1'])
  t.same(warningsOf(result).slice(0, 2), ['repair heading_repaired 1', 'repair heading_repaired 4'])
})

t.test('the title comes from the first line, the front matter, the head, or a label', async t => {
  const rest = '\n\n## About the role\n\nYou will test.'
  const titles: [string, string | null, ('text/html' | 'text/markdown')?][] = [
    [`# Senior Tester – Job Description${rest}`, 'Senior Tester'],
    [`# Role profile: Tester${rest}`, 'Tester'],
    [`**Tester (role definition)**${rest}`, 'Tester'],
    [`Role Definition\n\n**Tester**${rest}`, 'Tester'],
    [`---\ntitle: "Tester"\nlayout: x\n---${rest}`, 'Tester'],
    [`**Job title:** Tester${rest}`, 'Tester'],
    ['<head><title>Tester role profile</title></head><h2>About the role</h2><p>x', 'Tester', 'text/html'],
    ['## About the role\n\nYou will test.', null],
  ]
  for (const [source, title, type = 'text/markdown'] of titles) {
    const result = imported(source, type)
    t.equal(result.document?.title, title, source.slice(0, 40))
    if (title === null) t.ok(warningOf(result, 'no_title'))
  }
})

t.test('front matter is kept; HTML heads are named where they are lost', async t => {
  const result = imported(
    '---\ntitle: Tester\nlayout: detailed\ngrade: HEO\nphases:\n  - alpha\n  - beta\nlinks:\n  - {name: Home, url: /home}\nempty:\n---\n\n## About the role\n\nYou will test.',
  )
  t.same(result.report.losses, [{ code: 'site_setting_removed', line: 3, text: 'layout: detailed' }])
  t.equal(result.report.coverage.percent, 100)
  t.same(
    result.document?.grades.map(grade => grade.code),
    ['HEO'],
  )
  t.same(result.document?.advert_details.additional, [
    { label: 'phases', value: 'alpha, beta' },
    { label: 'links', value: 'name: Home, url: /home' },
  ])
  const broken = imported(
    '---\ntitle: Tester\nlink: {{ site.url }}/x\n stray\n---\n\n## About the role\n\nYou will test.',
  )
  t.same(broken.document?.advert_details.additional, [{ label: 'link', value: '{{ site.url }}/x' }])
  t.same(broken.report.losses, [{ code: 'front_matter_removed', line: 4, text: 'stray' }])
  t.ok(warningOf(broken, 'front_matter_repaired'))
  t.ok(warningOf(broken, 'template_tag'))
  const head = imported('<title>Document1</title><h1>Tester</h1><h2>About the role</h2><p>x</p>', 'text/html')
  t.same(head.report.losses, [{ code: 'file_title_removed', line: 1, text: 'Document1' }])
})

t.test('what is no text is left out with a warning: comments, scripts, styles, images, hidden text', async t => {
  const result = imported(
    page(
      '<!-- ask Jo -->',
      '<script>alert("x")</script>',
      '<style>p { color: red }</style>',
      '![A chart](https://a.uk/x.png)',
      '<p style="display:none">Secret words</p>',
      '[run](javascript:alert(1)) and [here](/relative/page)',
      '[below](#below)',
    ),
  )
  t.same(
    result.report.losses.map(loss => [loss.code, loss.text]),
    [
      ['comment_removed', 'ask Jo'],
      ['script_removed', 'alert("x")'],
      ['style_removed', 'p { color: red }'],
      ['image_removed', 'A chart https://a.uk/x.png'],
      ['hidden_text_removed', 'Secret words'],
      ['link_removed', 'javascript:alert(1)'],
      ['link_removed', '/relative/page'],
      ['link_removed', '#below'],
    ],
  )
  t.ok(JSON.stringify(result.document).includes('run and here'))
  t.notOk(JSON.stringify(result.document).includes('alert'))
})

t.test('tags: unclosed ones lose nothing, unknown ones are text', async t => {
  const result = imported(
    '<h1>Tester</h1><h2>About the role</h2><p>One <b>two<p>three <insert name> four<ul><li>five<li>six',
    'text/html',
  )
  t.equal(result.report.coverage.percent, 100)
  t.same(result.report.losses, [])
  t.match(warningOf(result, 'tag_kept_as_text'), { excerpt: '<insert name>', severity: 'repair' })
  t.ok(warningOf(result, 'unclosed_tag'))
  t.ok(JSON.stringify(result.document).includes('\\\\<insert name>'))
})

t.test('lists: two levels are kept, deeper ones flattened, empty items left out', async t => {
  const result = imported(page('## Duties', '- a\n  - b\n    - c\n      - d\n- e'))
  const [list] = result.document?.sections[1]?.blocks ?? []
  t.match(list, {
    items: [
      { text: 'a', items: [{ text: 'b' }, { text: 'c' }, { text: 'd' }] },
      { text: 'e', items: [] },
    ],
  })
  t.same(warningsOf(result), ['repair list_flattened 11'])
  const html = imported(
    '<h1>Tester</h1><h2>Duties</h2><ul><li><p>a</p><p>b</p></li><li></li><li><ul><li>c</li></ul></li></ul>',
    'text/html',
  )
  t.match(html.document?.sections[0]?.blocks, [{ items: [{ text: 'a b' }, { text: 'c' }] }])
  t.same(warningsOf(html).slice(0, 2), ['repair paragraphs_joined 1', 'repair list_flattened 1'])
})

t.test('tables with columns become lists', async t => {
  const result = imported(page('## Our tools', '| Tool | Use |\n| --- | --- |\n| Pencil | Notes |\n| Pen | Letters |'))
  t.match(result.document?.sections[1]?.blocks, [
    {
      items: [
        { text: 'Tool', items: [{ text: 'Use' }] },
        { text: 'Pencil', items: [{ text: 'Notes' }] },
        { text: 'Pen' },
      ],
    },
  ])
  t.ok(warningOf(result, 'table_flattened'))
})

t.test('marks and links in a text are kept, what Markdown cannot say is plain', async t => {
  const { document, report } = imported(
    '<h1>Tester</h1><h2>About the role</h2><p>a*b <b>bold</b><b> more</b> <i>it</i> <code>x_1</code> H<sub>2</sub>O w<b>or</b>d <a href="mailto:a@b.uk">mail</a></p>',
    'text/html',
  )
  t.match(document?.sections[0]?.blocks, [
    { text: 'a\\*b **bold more** *it* `x_1` H2O w**or**d [mail](mailto:a@b.uk)' },
  ])
  t.match(report.warnings, [{ code: 'formatting_removed', excerpt: '2' }])
})

t.test('a link through a page of Google’s is one to where that leads', async t => {
  for (const [address, target] of [
    ['https://www.google.com/url?q=https://www.gov.uk/a%3Fb%3Dc&sa=D&ust=1', 'https://www.gov.uk/a?b=c'],
    ['https://www.google.com/url?q=javascript:a', 'https://www.google.com/url?q=javascript:a'],
  ] as const)
    for (const type of ['text/markdown', 'text/html'] as const) {
      const link =
        type === 'text/html' ? `<p><a href="${address.replaceAll('&', '&amp;')}">x</a></p>` : `[x](${address})`
      const top = type === 'text/html' ? '<h1>Tester</h1><h2>About the role</h2>' : '# Tester\n\n## About the role\n\n'
      const { document, report } = imported(top + link, type)
      t.match(document?.sections[0]?.blocks, [{ text: `[x](${target})` }])
      t.equal(report.coverage.percent, 100)
    }
})

t.test('advice: placeholders, tags of templates, words near those of the title', async t => {
  const result = imported(
    '# DataOps Engineer\n\n## About the role\n\nApply by [Insert Date]. See {{ site.url }}.\n\nThe DataOp works with Engineers and an engine.\n\n## Duties\n\n- ENTER TEXT',
  )
  t.same(
    result.report.warnings.map(({ code, excerpt, line }) => [code, excerpt, line]),
    [
      ['placeholder', '[Insert Date]', 5],
      ['template_tag', '{{ site.url }}', 5],
      ['placeholder', 'ENTER', 11],
      ['title_word_differs', 'DataOp', 7],
    ],
  )
})

t.test('skills: essential and desirable apart, further lists stay lists', async t => {
  const { document, report } = imported(
    page(
      '## Skills and experience',
      '**Essential**',
      '- SQL',
      '### Desirable criteria',
      '- Python',
      '- R',
      'And more:',
      '- Patience',
    ),
  )
  t.same(
    document?.skills.map(skill => [skill.statement, skill.importance]),
    [
      ['SQL', 'essential'],
      ['Python', 'desirable'],
      ['R', 'desirable'],
    ],
  )
  t.match(document?.sections[1]?.blocks, [
    { type: 'subheading' },
    { type: 'skills', importance: 'essential' },
    { type: 'subheading' },
    { type: 'skills', importance: 'desirable' },
    { type: 'paragraph' },
    { type: 'list', items: [{ text: 'Patience' }] },
  ])
  t.ok(report.warnings.some(warning => warning.code === 'skills_kept_as_list'))
})

t.test('a list of skills with lists under its items stays a list, and is told', t => {
  const read = imported('# Tester\n\n## Skills\n\n- Figma\n- HTML\n  - CSS\n')
  t.same(outlineOf(read), ['skills_experience: list 2'])
  t.match(warningOf(read, 'skills_kept_as_list'), { severity: 'advice', line: 6, excerpt: 'HTML' })
  t.end()
})

t.test('SFIA: a code or level that is not valid keeps its line', async t => {
  const block = page(
    '## SFIA 7',
    '- Systems design (DESN) – Level 3',
    '- Programming/software development (PROG) – Level 4',
    '- Data management (DATM) – Level 4',
  )
  const partial = imported(block)
  t.equal(partial.document?.sfia_version, '7')
  t.same(partial.document?.sfia_mappings, [{ code: 'PROG', level: 4 }])
  t.match(partial.document?.sections[1]?.blocks, [
    { type: 'sfia_mappings' },
    {
      type: 'list',
      items: [{ text: 'Systems design (DESN) – Level 3' }, { text: 'Data management (DATM) – Level 4' }],
    },
  ])
  t.match(warningOf(partial, 'sfia_level_invalid'), {
    detail: 'DESN has levels 4, 5, 6 in SFIA 7, not 3. The line was kept as a list item',
    pointer: '/sections/1/blocks/1/items/0',
  })
  t.match(warningOf(partial, 'sfia_not_loaded')?.detail, /DATM is not in the part of SFIA 7 that is loaded/)
  const complete = imported(block, 'text/markdown', { complete: true })
  t.match(warningOf(complete, 'sfia_code_unknown')?.detail, /SFIA 7 has no DATM/)
  t.equal(complete.report.coverage.percent, 100)
  const asked = imported(block, 'text/markdown', { sfiaVersion: '9' })
  t.equal(asked.document?.sfia_version, '9')
  t.same(asked.document?.sfia_mappings, [
    { code: 'DESN', level: 3 },
    { code: 'PROG', level: 4 },
  ])
  t.notOk(warningOf(asked, 'sfia_version_inferred'))
})

t.test('SFIA: a line that stays takes the place of its category', async t => {
  const lines = [
    '- Systems development',
    '  - Systems design (DESN) – Level 4',
    '  - Programming (PROG) – Level twelve',
  ]
  const found = imported(page('## SFIA 9', '- Development and implementation', ...lines.map(line => `  ${line}`)))
  t.match(found.document?.sections[1]?.blocks, [
    { type: 'sfia_mappings' },
    { type: 'list', items: [{ text: 'Programming (PROG) – Level twelve', items: [] }] },
  ])
  t.equal(warningOf(found, 'list_flattened'), undefined)
})

t.test('SFIA: lines in the ways that people write them', async t => {
  for (const line of [
    'Systems Design (DESN) – Level 3',
    'Systems design (DESN): 3',
    'DESN Systems design level 3',
    'DESN - Systems design - Level 3',
    'Systems design - DESN - Level 3',
    'Level 3: Systems design (DESN)',
    'Systems design [DESN] (Level 3)',
    'DESN 3',
  ]) {
    t.same(imported(page('## SFIA', `- ${line}`)).document?.sfia_mappings, [{ code: 'DESN', level: 3 }], line)
  }
})

t.test('an appendix: labels by their synonyms, values by the code lists', async t => {
  const { details, document, report } = appendix(
    'Job reference: 123',
    'Grade: HEO / Senior Executive Officer',
    'Salary: £42,500 to £47,250.50 a year',
    'Role type: Digital; Juggling',
    'Location: Sheffield S1 2HE; London',
    'Contract: Fixed term',
    'Working patterns: Full time, part-time or job sharing',
    'Line manager: Lead tester',
    'Travel: Some',
    'Pension:',
  )
  t.same(
    document?.grades.map(grade => grade.code),
    ['HEO', 'SEO'],
  )
  t.equal(details.reference_number, '123')
  t.same(details.salary, {
    min: 42_500,
    max: 47_250.5,
    currency: 'GBP',
    period: 'year',
    text: '£42,500 to £47,250.50 a year',
  })
  t.same(details.role_types, ['digital'])
  t.same(
    details.locations.map(place => [place.text, place.postcode]),
    [
      ['Sheffield S1 2HE', 'S1 2HE'],
      ['London', null],
    ],
  )
  t.same(details.contract_types, ['fixed_term'])
  t.same(details.working_patterns, ['full_time', 'part_time', 'job_share'])
  t.equal(details.reports_to, 'Lead tester')
  t.same(details.additional, [
    { label: 'Role type', value: 'Juggling' },
    { label: 'Travel', value: 'Some' },
    { label: 'Pension', value: '' },
  ])
  t.match(report.warnings, [
    { code: 'value_not_in_list', excerpt: 'Juggling', pointer: '/advert_details/additional/0', line: 15 },
  ])
  t.equal(report.coverage.percent, 100)
})

t.test('labelled lines under the title are advert details too', async t => {
  const { document, report } = imported(
    '# Tester\n**Location:** Leeds  \n**Closing Date:** [Insert Date]\n\n**Grade:** G7\n(or higher)\n\n## About the role\n\nYou will test.',
  )
  t.same(
    document?.advert_details.locations.map(place => place.text),
    ['Leeds'],
  )
  t.same(
    document?.grades.map(grade => grade.code),
    ['G7'],
  )
  t.same(document?.advert_details.additional, [{ label: 'Grade', value: '(or higher)' }])
  t.match(report.warnings, [{ code: 'placeholder', line: 3 }, { code: 'value_not_in_list' }])
  t.same(outlineOf({ document } as never), ['role_summary: paragraph'])
})

t.test('encodings: Windows-1252 and UTF-16 are read with a warning, byte order marks without', async t => {
  const source = '# Tester\n\n## About the role\n\nYou’ll test – “well”.'
  const cp1252 = Buffer.from(
    source.replace('’', '\u0092').replace('–', '\u0096').replace('“', '\u0093').replace('”', '\u0094'),
    'latin1',
  )
  const utf16 = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(source, 'utf16le')])
  const marked = Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(source)])
  for (const [encoded, warned] of [
    [cp1252, true],
    [utf16, true],
    [marked, false],
  ] as const) {
    const result = importDocument(encoded, 'text/markdown', contextOf())
    t.match(result.document?.sections[0]?.blocks, [{ text: 'You’ll test – “well”.' }])
    t.equal(warningOf(result, 'encoding_repaired') !== undefined, warned)
  }
  t.same(importDocument(bytes(source), 'text/markdown', contextOf()).report.warnings, [])
})

t.test('lists of Google Docs, which has nested ones beside each other, are nested', t => {
  const list = (level: number, items: readonly string[], tag = 'ul') =>
    `<${tag} class="c4 lst-kix_ab1-${level} start">${items.map(item => `<li class="c0"><span>${item}</span></li>`).join('')}</${tag}>`
  const read = (html: string) => imported(`<h1>Tester</h1><h2>Duties</h2>${html}`, 'text/html')
  const nested = read(list(0, ['Test']) + list(1, ['pages', 'letters']) + list(0, ['Write', 'Run']))
  t.match(nested.document?.sections[0]?.blocks, [
    {
      type: 'list',
      ordered: false,
      items: [
        { text: 'Test', items: [{ text: 'pages' }, { text: 'letters' }] },
        { text: 'Write', items: [] },
        { text: 'Run', items: [] },
      ],
    },
  ])
  t.same([nested.report.warnings, nested.report.losses, nested.report.coverage.percent], [[], [], 100])
  const numbered = read(list(0, ['Test'], 'ol') + list(1, ['pages']) + list(0, ['Write'], 'ol'))
  t.match(numbered.document?.sections[0]?.blocks, [
    { type: 'list', ordered: true, items: [{ text: 'Test', items: [{ text: 'pages' }] }, { text: 'Write' }] },
  ])
  const other = (html: string) => html.replaceAll('kix_ab1', 'kix_cd2')
  const ordered = (items: string[]) => list(0, items, 'ol')
  t.same(
    [
      list(0, ['Test']) + other(list(0, ['Write', 'Run'])),
      ordered(['Test']) + other(list(1, ['pages'])) + ordered(['Write']) + other(ordered(['Run'])),
    ].map(html => outlineOf(read(html))),
    [['responsibilities: list 1, list 2'], ['responsibilities: list 2, list 1']],
    'lists of other names are other lists, but where they are nested',
  )
  t.same(outlineOf(read(`${list(0, ['Test'])}<p>And then:</p>${list(0, ['Write', 'Run'])}`)), [
    'responsibilities: list 1, paragraph, list 2',
  ])
  t.end()
})

t.test(
  'plain text without empty lines: capitals that name a section, and Essential, part what Markdown runs together',
  t => {
    const found = imported(`# Tester

PURPOSE OF THE ROLE
You test
all day.
KEY ACCOUNTABILITIES
- Test
- Report

SKILLS AND EXPERIENCE
Essential:
- SQL
- Python
Desirable:
- Go
`)
    t.same(outlineOf(found), [
      'role_summary: paragraph',
      'responsibilities: list 2',
      'skills_experience: paragraph, skills, paragraph, skills',
    ])
    t.match(found.document?.sections[0]?.blocks, [{ text: 'You test all day.' }])
    t.same(
      found.document?.skills.map(({ importance, statement }) => [importance, statement]),
      [
        ['essential', 'SQL'],
        ['essential', 'Python'],
        ['desirable', 'Go'],
      ],
    )
    t.same([found.report.losses, found.report.coverage.percent], [[], 100])
    const wrapped = imported('# Tester\n\n## Duties\n\nYou know your\nresponsibilities\nand the\nDuties:\nall.\n')
    t.same(outlineOf(wrapped), ['responsibilities: paragraph'], 'wrapped text is no heading')
    const start = workMs()
    imported(`# Tester\n\n${'DUTIES\nTest\n'.repeat(10_000)}`)
    t.ok(workMs() - start < 5000, 'in bounded time')
    t.end()
  },
)
