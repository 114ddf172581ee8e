import { randomBytes } from 'node:crypto'
import { Document, HeadingLevel, Packer, Paragraph, Table, TableCell, TableRow, TextRun } from 'docx'
import t from 'tap'
import { importDocument, importFile } from '../src/imports/import.ts'
import { createImportPool } from '../src/imports/pool.ts'
import { wordType } from '../src/imports/source/scan.ts'
import { contextOf, outlineOf, warningOf, warningsOf } from './support/documents.ts'
import { bold, paragraph, run, table, wordFile, wordParts, xmlPart, zip } from './support/word.ts'
import { workMs } from './support/work.ts'

const read = (bytes: Uint8Array) => importFile(bytes, wordType, contextOf())
const codes = async (bytes: Uint8Array) => (await read(bytes)).problems.map(({ code }) => code)
const summary = `${bold('Tester')}${bold('About the role')}${paragraph('You will test.')}`

t.test('a Word file with styles, numbering and a table: headings, lists and labels are recognised', async t => {
  const heading = (text: string, level: (typeof HeadingLevel)[keyof typeof HeadingLevel]) =>
    new Paragraph({ text, heading: level })
  const item = (text: string, level = 0) => new Paragraph({ text, numbering: { reference: 'letters', level } })
  const bullet = (text: string, level = 0) => new Paragraph({ text, bullet: { level } })
  const row = (...texts: string[]) =>
    new TableRow({ children: texts.map(text => new TableCell({ children: [new Paragraph(text)] })) })
  const document = new Document({
    numbering: {
      config: [
        {
          reference: 'letters',
          levels: [
            { level: 0, format: 'lowerLetter', text: '%1)' },
            { level: 1, format: 'lowerRoman', text: '%2)' },
          ],
        },
      ],
    },
    sections: [
      {
        children: [
          heading('Data Tester', HeadingLevel.TITLE),
          new Table({
            rows: [
              row('Grade', 'SEO'),
              row('Location', 'Leeds'),
              row('Working pattern', 'Full-time or part-time'),
              row('Closing date', '[Insert date]'),
              row('Car park', 'None'),
            ],
          }),
          heading('Job purpose', HeadingLevel.HEADING_1),
          new Paragraph({ children: [new TextRun('You will test '), new TextRun({ text: 'everything', bold: true })] }),
          heading('Main duties and responsibilities', HeadingLevel.HEADING_1),
          item('Test the data'),
          item('of others', 1),
          item('Tell what you found'),
          heading('Person specification', HeadingLevel.HEADING_1),
          new Paragraph({ children: [new TextRun({ text: 'Essential', bold: true })] }),
          bullet('SQL'),
          bullet('Patience'),
          new Paragraph({ children: [new TextRun({ text: 'Desirable', bold: true })] }),
          bullet('Python'),
          heading('Behaviours', HeadingLevel.HEADING_1),
          bullet('Working Together'),
          bullet('Leadership'),
        ],
      },
    ],
  })
  const result = await read(await Packer.toBuffer(document))
  t.same(result.problems, [])
  t.equal(result.document?.title, 'Data Tester')
  t.same(outlineOf(result), [
    'role_summary: paragraph',
    'responsibilities: list 2',
    'person_specification: subheading, skills, subheading, skills',
    'capabilities: list 2',
  ])
  const [, duties] = result.document?.sections ?? []
  t.match(duties?.blocks, [
    {
      ordered: true,
      items: [{ text: 'Test the data', items: [{ text: 'of others' }] }, { text: 'Tell what you found' }],
    },
  ])
  t.same(
    result.document?.skills.map(({ statement, importance }) => `${importance} ${statement}`),
    ['essential SQL', 'essential Patience', 'desirable Python'],
  )
  t.same(result.document?.behaviours, ['working_together', 'leadership'])
  t.match(result.document, {
    grades: [{ code: 'SEO' }],
    advert_details: {
      locations: [{ text: 'Leeds' }],
      working_patterns: ['full_time', 'part_time'],
      additional: [{ label: 'Car park', value: 'None' }],
    },
  })
  t.equal(result.report.coverage.percent, 100)
  t.match(warningOf(result, 'placeholder'), {
    excerpt: '[Insert date]',
    pointer: '/advert_details/additional',
    line: 8,
  })
})

t.test('a Word file of bold paragraphs, capitals, typed bullets and text boxes', async t => {
  const box = `<mc:AlternateContent><mc:Choice Requires="wps"><w:drawing><w:txbxContent>${paragraph('Boxed words')}</w:txbxContent></w:drawing></mc:Choice><mc:Fallback><w:pict><v:textbox><w:txbxContent>${paragraph('Boxed words')}</w:txbxContent></v:textbox></w:pict></mc:Fallback></mc:AlternateContent>`
  const result = await read(
    wordFile(
      `${bold('Tester')}${paragraph(run('JOB PURPOSE'))}${paragraph('You will test.')}${paragraph(`<w:r>${box}</w:r>`)}
       ${paragraph(run('MAIN DUTIES'))}${paragraph('●  \tTest things')}${paragraph('●  \tTell others')}
       ${bold('PERSON SPECIFICATION')}${bold('Setting Direction')}${bold('Changing and Improving')}${bold('Essential')}${paragraph('a) Brave')}${paragraph('b) Kind')}`,
    ),
  )
  t.same(outlineOf(result), [
    'role_summary: paragraph, paragraph',
    'responsibilities: list 2',
    'person_specification: subheading, subheading, subheading, skills',
  ])
  t.same(result.document?.behaviours, ['changing_and_improving'])
  t.same(
    result.document?.skills.map(skill => skill.statement),
    ['Brave', 'Kind'],
  )
  t.equal(result.report.coverage.percent, 100, JSON.stringify(result.report.losses))
  t.ok(JSON.stringify(result.document).includes('Boxed words'))
})

t.test('nothing of a Word file is left out in silence', async t => {
  const deleted = '<w:del><w:r><w:delText>old words</w:delText></w:r></w:del>'
  const inserted = `<w:ins>${run('new words')}</w:ins>`
  const noted = '<w:r><w:footnoteReference w:id="2"/></w:r>'
  const body = `${summary}${paragraph(`${run('See ')}${deleted}${inserted}${noted}${run('hush', '<w:vanish/>')}`)}
    ${paragraph('<m:oMath><m:r><m:t>formula</m:t></m:r></m:oMath>')}
    ${paragraph(`<w:hyperlink r:id="rId9">${run('the guide')}</w:hyperlink>`)}`
  const parts = wordParts(body, [
    ['rId7', 'footnotes', 'footnotes.xml'],
    ['rId8', 'comments', 'comments.xml'],
    ['rId9', 'hyperlink', 'https://example.org/guide', true],
    ['rId10', 'image', 'https://evil.example/track.png', true],
    ['rId11', 'attachedTemplate', 'file:///c:/template.dotm', true],
  ])
  const result = await read(
    zip([
      ...parts,
      {
        name: 'word/footnotes.xml',
        data: xmlPart('footnotes', `<w:footnote w:id="2">${paragraph('A note below')}</w:footnote>`),
      },
      {
        name: 'word/comments.xml',
        data: xmlPart('comments', `<w:comment w:id="1">${paragraph('ask Jo')}</w:comment>`),
      },
      { name: 'word/header1.xml', data: xmlPart('hdr', paragraph('Official: sensitive')) },
      { name: 'word/footer1.xml', data: xmlPart('ftr', paragraph('12')) },
      { name: 'word/embeddings/sheet.xlsx', data: 'PK' },
    ]),
  )
  t.same(result.report.losses.map(({ code, text }) => [code, text]).sort(), [
    ['comment_removed', 'ask Jo'],
    ['deletion_removed', 'old words'],
    ['embedded_file_removed', 'word/embeddings/sheet.xlsx'],
    ['external_reference', 'file:///c:/template.dotm'],
    ['external_reference', 'https://evil.example/track.png'],
    ['page_header_removed', 'Official: sensitive'],
  ])
  const text = JSON.stringify(result.document)
  for (const kept of ['new words', 'hush', 'formula', '[1] A note below', '[the guide](https://example.org/guide)'])
    t.ok(text.includes(kept), kept)
  t.notOk(text.includes('old words'))
  const detail = 'Text was inserted in 1 place while changes were tracked; it was taken as accepted.'
  t.match(warningOf(result, 'insertions_accepted'), { severity: 'repair', line: null, detail })
  t.ok(warningsOf(result).includes('repair hidden_text_shown 4'))
})

t.test('an employer that the head of the pages names alone has grades of its own', async t => {
  const parts = wordParts(`${bold('Tester')}${paragraph('Grade: Grade 7')}${bold('Duties')}${paragraph('You test.')}`)
  const head = { name: 'word/header1.xml', data: xmlPart('hdr', paragraph('Mercia County Council')) }
  t.match(warningOf(await read(zip([...parts, head])), 'grade_unsure'), { detail: /Mercia County Council/ })
  t.equal(warningOf(await read(zip(parts)), 'grade_unsure'), undefined)
})

t.test('a person specification as a table with columns, or with a mark in each row', async t => {
  const columns = await read(
    wordFile(
      `${summary}${bold('Person specification')}${table([
        ['', 'Essential', 'Desirable'],
        ['Knowledge', `${paragraph('SQL')}${paragraph('Statistics')}`, 'Python'],
        ['Qualifications', 'A degree', ''],
      ])}`,
    ),
  )
  t.same(
    columns.document?.skills.map(({ importance, statement }) => `${importance} ${statement}`),
    [
      'essential Knowledge: SQL',
      'essential Knowledge: Statistics',
      'essential Qualifications: A degree',
      'desirable Knowledge: Python',
    ],
  )
  t.equal(columns.report.coverage.percent, 100, JSON.stringify(columns.report.losses))
  const marks = await read(
    wordFile(
      `${summary}${bold('Person specification')}${table([
        ['Criterion', 'E/D', 'How assessed'],
        ['A degree', 'E', 'Form'],
        ['Patience', 'D', 'Interview'],
      ])}`,
    ),
  )
  t.same(
    marks.document?.skills.map(({ importance, statement }) => `${importance} ${statement}`),
    ['essential A degree (Form)', 'desirable Patience (Interview)'],
  )
  t.equal(marks.report.coverage.percent, 100, JSON.stringify(marks.report.losses))
})

t.test('hostile and broken files are refused with a reason', async t => {
  const good = wordParts(summary)
  const withPart = (name: string, data: string | Buffer, more: object = {}) => zip([...good, { name, data, ...more }])
  const spaces = ' '.repeat(7_000_000)
  const whole = wordFile(summary)
  const doctype = good.map(part =>
    part.name === 'word/document.xml'
      ? {
          ...part,
          data: part.data.replace('<w:document', '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><w:document'),
        }
      : part,
  )
  const cases: [string, Uint8Array, string][] = [
    ['0 bytes', Buffer.alloc(0), 'empty_document'],
    ['text', Buffer.from('# Tester'), 'not_word'],
    ['an old Word file', Buffer.from([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1]), 'not_word'],
    ['a PDF', Buffer.from('%PDF-1.7'), 'not_word'],
    ['cut in half', whole.subarray(0, whole.length / 2), 'damaged'],
    ['without its last byte', whole.subarray(0, -1), 'damaged'],
    ['bits changed', Buffer.concat([whole.subarray(0, 60), Buffer.from('????????'), whole.subarray(68)]), 'damaged'],
    ['a ZIP of something else', zip([{ name: 'a.xml', data: '<a/>' }]), 'not_word'],
    ['macros', withPart('word/vbaProject.bin', 'x'), 'macros'],
    ['a name that leads out', withPart('../../etc/passwd', 'x'), 'unsafe_name'],
    ['an absolute name', withPart('/etc/passwd', 'x'), 'unsafe_name'],
    ['a part twice', withPart('word/document.xml', '<a/>'), 'not_word'],
    ['encrypted', withPart('word/x.xml', 'x', { flags: 1 }), 'encrypted'],
    ['another method', withPart('word/x.xml', 'x', { method: 99 }), 'not_word'],
    ['a bomb', withPart('word/x.xml', spaces), 'zip_bomb'],
    ['a bomb that says it is small', withPart('word/x.xml', spaces, { size: 100 }), 'zip_bomb'],
    ['a bomb that says it is smaller', withPart('word/x.xml', spaces, { size: 90_000 }), 'damaged'],
    ['a bomb for an image', withPart('word/media/image1.png', ' '.repeat(17_000_000)), 'zip_bomb'],
    ['a bomb for an image that says it is small', withPart('word/media/image1.png', spaces, { size: 100 }), 'zip_bomb'],
    [
      'images of 71 MB together, each small enough',
      zip([
        ...good,
        ...Array.from({ length: 75 }, (_, at) => ({ name: `word/media/${at}.bmp`, data: Buffer.alloc(950_000) })),
      ]),
      'too_large',
    ],
    ['a part that is large', withPart('word/x.xml', Buffer.alloc(9_000_000), { method: 0 }), 'too_large'],
    [
      'many parts',
      zip([...good, ...Array.from({ length: 1000 }, (_, at) => ({ name: `p${at}.xml`, data: 'x' }))]),
      'too_large',
    ],
    ['a document type', zip(doctype), 'not_word'],
    [
      'XML that is none',
      zip(good.map(part => (part.name === 'word/document.xml' ? { ...part, data: '<w:document><w:p>' } : part))),
      'damaged',
    ],
    ['only a title', wordFile(bold('Tester')), 'no_content'],
  ]
  for (const [what, bytes, code] of cases) {
    const before = workMs()
    t.same(await codes(bytes), [code], what)
    t.ok(workMs() - before < 5000, `${what} took ${Math.round(workMs() - before)} ms`)
  }
})

t.test('pictures of any honest size are no bombs, be they packed or not', async t => {
  const noise = randomBytes(2_000_000)
  // A screen of one colour, as Word keeps it: a thousandth when it is packed.
  const blank = Buffer.alloc(1920 * 1080 * 3)
  for (const method of [0, 8]) {
    const images = [noise, blank].map((data, at) => ({ name: `word/media/image${at}.png`, data, method }))
    t.same(await codes(zip([...wordParts(summary), ...images])), [], `method ${method}`)
  }
})

t.test('a Word file nested without end is given up in bounded time, and the next one is read', async t => {
  const pool = createImportPool()
  t.after(() => pool.close())
  const nested = `${'<w:tbl><w:tr><w:tc>'.repeat(20_000)}${paragraph('deep')}${'</w:tc></w:tr></w:tbl>'.repeat(20_000)}`
  // The compressor makes little of it, so it is stored.
  const deep = zip(wordParts(nested).map(part => ({ ...part, method: 0 })))
  const refused = await pool.run(deep, wordType, contextOf())
  t.equal(refused.document, null)
  t.match(refused.problems, [{ code: /^(?:nesting_too_deep|too_complex|damaged)$/ }])
  const next = await pool.run(wordFile(summary), wordType, contextOf())
  t.equal(next.document?.title, 'Tester')
})

t.test('signs that begin no tag are looked at once, in a control of Word and in a drawing of HTML', async t => {
  const signs = '<'.repeat(100_000)
  const control = `<w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr>${signs}`
  const began = workMs()
  // The compressor makes little of it, so it is stored.
  t.same(await codes(zip(wordParts(`${summary}${control}`).map(part => ({ ...part, method: 0 })))), ['damaged'])
  const { document } = await importFile(
    Buffer.from(`<h1>Tester</h1><h2>About the role</h2><p>You will test.</p><svg>${signs}</svg>`),
    'text/html',
    contextOf(),
  )
  t.equal(document?.title, 'Tester')
  // Looked at once for each of them, either takes several seconds.
  t.ok(workMs() - began < 3000, `${Math.round(workMs() - began)} ms`)
})

t.test('labels in one line of Word, parted by tabs', async t => {
  const label = (text: string) => run(`${text}:`, '<w:b/>')
  const tab = '<w:r><w:tab/></w:r>'
  const line = [label('Grade'), run(' SEO'), tab, label('Location'), tab, run('Leeds'), tab, label('Hours'), run(' 37')]
  const { document, report } = await read(
    wordFile(`${bold('Tester')}${paragraph(line.join(''))}${bold('About the role')}${paragraph('You will test.')}`),
  )
  t.same(
    document?.grades.map(({ code }) => code),
    ['SEO'],
  )
  t.same(
    document?.advert_details.locations.map(({ text }) => text),
    ['Leeds'],
  )
  t.equal(document?.advert_details.hours, '37')
  t.same([report.coverage.percent, report.losses], [100, []])
})

t.test('controls of Word: what nobody has filled in is null, and of boxes the ticked one is the value', async t => {
  const control = (text: string, properties: string) =>
    `<w:sdt><w:sdtPr>${properties}</w:sdtPr><w:sdtContent>${run(text)}</w:sdtContent></w:sdt>`
  const unfilled = (text: string) => paragraph(control(text, '<w:showingPlcHdr/>'))
  const tick = (checked: 0 | 1) =>
    control(
      checked ? '☒' : '☐',
      `<wordml:checkbox><wordml:checked wordml:val="${checked}"/></wordml:checkbox>`,
    ).replace('<w:sdtPr>', '<w:sdtPr xmlns:wordml="http://schemas.microsoft.com/office/word/2010/wordml">')
  const rows = table([
    ['Grade', unfilled('Choose an item.')],
    ['Location', unfilled('The town')],
    ['Hours', unfilled('Click or tap here to enter text.')],
    ['Team', paragraph(control('Testing', '<w:showingPlcHdr w:val="0"/>'))],
    ['Closing date', unfilled('Click or tap to enter a date.')],
    ['Working pattern', paragraph(`${tick(0)}${run(' Full time ')}${tick(1)}${run(' Part time')}`)],
  ])
  const { document, report } = await read(
    wordFile(`${bold('Tester')}${rows}${bold('About the role')}${paragraph('You will test.')}`),
  )
  t.same(document?.grades, [])
  t.match(document?.advert_details, {
    locations: [],
    hours: null,
    business_area: 'Testing',
    working_patterns: ['part_time'],
    additional: [],
  })
  t.same(
    report.warnings.map(({ code, excerpt, pointer }) => [code, excerpt, pointer]),
    [
      ['placeholder', '[Choose an item.]', '/grades'],
      ['placeholder', '[The town]', '/advert_details/locations'],
      ['placeholder', '[Click or tap here to enter text.]', '/advert_details/hours'],
      ['placeholder', '[Click or tap to enter a date.]', '/advert_details/additional'],
    ],
  )
  t.same([report.coverage.percent, report.losses], [100, []])
})

t.test('lists that were typed: signs of three levels, tabs behind them, and numbers with points', async t => {
  const line = (text: string) =>
    paragraph(
      text
        .split('\t')
        .map(part => run(part))
        .join('<w:r><w:tab/></w:r>'),
    )
  const code = 'list_recognised'
  for (const [lines, ordered, expected] of [
    [
      ['•\tOne', '•\tTwo', '   o\tinner', '•\tThree'],
      false,
      [
        { text: 'One', items: [] },
        { text: 'Two', items: [{ text: 'inner' }] },
        { text: 'Three', items: [] },
      ],
    ],
    [
      ['·\tOne', 'o   inner', '§\tdeepest', '·   Two'],
      false,
      [{ text: 'One', items: [{ text: 'inner' }, { text: 'deepest' }] }, { text: 'Two' }],
    ],
    [['o\tOne', 'o\tTwo'], false, [{ text: 'One' }, { text: 'Two' }]],
    [['§ One', '§ Two'], false, [{ text: 'One' }, { text: 'Two' }]],
    [['*\tOne', '* Two'], false, [{ text: 'One' }, { text: 'Two' }]],
    [
      ['1.1 One', '1.2\tTwo', '1.2.1 inner', '1.3 Three'],
      true,
      [{ text: 'One' }, { text: 'Two', items: [{ text: 'inner' }] }, { text: 'Three' }],
    ],
  ] as const) {
    for (const result of [
      await read(wordFile(`${summary}${bold('Duties')}${lines.map(line).join('')}`)),
      importDocument(
        new TextEncoder().encode(
          `# Tester\n\n## About the role\n\nYou test.\n\n## Duties\n\n${ordered ? lines.join('\n') : lines.map(text => text.trim().replace('*', '\\*')).join('\n\n')}\n`,
        ),
        'text/markdown',
        contextOf(),
      ),
    ]) {
      t.match(result.document?.sections[1]?.blocks, [{ type: 'list', ordered, items: expected }], lines.join())
      t.equal(result.document?.sections[1]?.blocks.length, 1, lines.join())
      t.ok(warningOf(result, code), lines.join())
      t.equal(result.report.coverage.percent, 100, lines.join())
    }
  }
  for (const lines of [
    ['§ 12 of the Act', 'Text'],
    ['o dear', 'Text'],
    ['1.1 One', '1.3 Three'],
    ['2.5 million', '3.6 million'],
  ]) {
    const result = await read(wordFile(`${summary}${bold('Duties')}${lines.map(line).join('')}`))
    t.match(
      result.document?.sections[1]?.blocks,
      lines.map(text => ({ type: 'paragraph', text })),
      lines.join(),
    )
    t.equal(warningOf(result, code), undefined, lines.join())
  }
  const within = importDocument(
    new TextEncoder().encode('# Tester\n\n## Duties\n\n• One\no inner\ngoes on\no more\n• Two\nb. alone\n'),
    'text/markdown',
    contextOf(),
  )
  t.match(within.document?.sections[0]?.blocks, [
    {
      type: 'list',
      items: [{ text: 'One', items: [{ text: 'inner goes on' }, { text: 'more' }] }, { text: 'Two b. alone' }],
    },
  ])
  t.equal(within.report.coverage.percent, 100, 'the mark of a line that is no item stays')
})

/** A Word file with styles of these names. */
const styled = (body: string, styles: Record<string, string>, basedOn: Record<string, string> = {}) =>
  zip([
    ...wordParts(body, [['rId1', 'styles', 'styles.xml']]),
    {
      name: 'word/styles.xml',
      data: xmlPart(
        'styles',
        Object.entries(styles)
          .map(
            ([id, name]) =>
              `<w:style w:type="paragraph" w:styleId="${id}"><w:name w:val="${name}"/>${basedOn[id] ? `<w:basedOn w:val="${basedOn[id]}"/>` : ''}</w:style>`,
          )
          .join(''),
      ),
    },
  ])
const inStyle = (id: string, text: string) => paragraph(text, `<w:pStyle w:val="${id}"/>`)

t.test('Word’s Title style is the title, and a letterhead above it stays as text', async t => {
  const styles = { Title: 'Title', Sub: 'Subtitle', H1: 'heading 1', H2: 'heading 2' }
  const rest = `${inStyle('H1', 'About the role')}${paragraph('You will test.')}${inStyle('H2', 'Duties')}${paragraph('You test.')}`
  const found = async (above: string) => {
    const { document, report } = await read(styled(above + rest, styles))
    t.equal(report.coverage.percent, 100)
    const [first] = document?.sections ?? []
    const [block] = first?.blocks ?? []
    return [document?.title, first?.heading, block && 'text' in block ? block.text : block?.type]
  }
  const letterhead = paragraph('Department of Tests')
  const title = inStyle('Title', 'Test Analyst')
  const kept = ['Test Analyst', 'Introduction', 'Department of Tests']
  t.same(await found(letterhead + title), kept)
  t.same(await found(paragraph(run('DEPARTMENT OF TESTS')) + paragraph('1 Test Street') + title), [
    'Test Analyst',
    'Introduction',
    'DEPARTMENT OF TESTS',
  ])
  t.same(
    await found(
      inStyle('H1', 'Department of Tests') + inStyle('Title', 'Role Profile') + inStyle('Sub', 'Test Analyst'),
    ),
    kept,
  )
  t.same(await found(letterhead + inStyle('H1', 'Test Analyst')), kept, 'a heading')
  t.same(await found(title + inStyle('Sub', 'Grade: SEO')), ['Test Analyst', 'About the role', 'You will test.'])
  // Where a section begins before it, it is no title.
  t.same(
    await found(
      `${bold('Tester')}${inStyle('H1', 'Purpose of the role')}${paragraph('Test.')}${inStyle('Title', 'Annex')}`,
    ),
    ['Tester', 'Purpose of the role', 'Test.'],
  )
})

t.test('details of a Word file above its title leave it the title', async t => {
  const styles = { Title: 'Title', H1: 'heading 1', H2: 'heading 2' }
  const details = [
    ['Grade', 'SEO'],
    ['Location', 'Leeds'],
  ]
  const name = 'Delivery Manager'
  const rest = (style: string) =>
    `${inStyle(style, 'Purpose')}${paragraph('You lead.')}${inStyle(style, 'Duties')}${paragraph('You plan.')}`
  const found = async (body: string) => {
    const result = await read(styled(body, styles))
    t.same([result.report.losses, result.report.coverage.percent], [[], 100])
    const { title, grades, sections } = result.document ?? {}
    return [title, grades?.map(({ code }) => code).join(), ...(sections ?? []).map(({ heading }) => heading)]
  }
  const own = [name, 'SEO', 'Purpose', 'Duties']
  const captioned = table([[bold('Post details')], ...details])
  for (const [body, expected] of [
    [table(details) + inStyle('Title', name) + rest('H1'), own],
    [table(details) + inStyle('H1', name) + rest('H2'), own],
    [table(details) + inStyle('H1', name) + rest('H1'), own],
    [table(details) + bold(name) + rest('H1'), own],
    [table(details) + paragraph(name) + rest('H1'), own],
    [details.map(row => paragraph(row.join(': '))).join('') + inStyle('H1', name) + rest('H1'), own],
    [captioned + inStyle('Title', name) + rest('H1'), [name, 'SEO', 'Post details', 'Purpose', 'Duties']],
    [captioned + inStyle('H1', name) + rest('H1'), [name, 'SEO', 'Post details', 'Purpose', 'Duties']],
    // They name it, or what stands below is not one.
    [
      table([['Job title', name], ...details]) + inStyle('H1', 'Our office') + rest('H1'),
      [name, 'SEO', 'Our office', 'Purpose', 'Duties'],
    ],
    [
      table(details) + inStyle('H1', 'Part A: the job') + rest('H1'),
      [null, 'SEO', 'Part A: the job', 'Purpose', 'Duties'],
    ],
    [
      table(details) + inStyle('H1', 'Our office') + paragraph('Warm.') + rest('H1'),
      [null, 'SEO', 'Our office', 'Purpose', 'Duties'],
    ],
    [table(details) + rest('H1'), [null, 'SEO', 'Purpose', 'Duties']],
  ] as const)
    t.same(await found(body), expected)
})

t.test('simple fields, text of a direction, ruby and formulas of a Word file are kept as text', async t => {
  const math = (content: string) => `<m:oMath>${content}</m:oMath>`
  const part = (name: string, text: string) => `<m:${name}><m:r><m:t>${text}</m:t></m:r></m:${name}>`
  const field = (instruction: string, text: string) =>
    `<w:fldSimple w:instr="${instruction}">${run(text)}</w:fldSimple>`
  const textOf = async (content: string) => {
    const result = await read(wordFile(`${bold('Tester')}${bold('About the role')}${paragraph(content)}`))
    t.same(result.problems, [])
    t.equal(result.report.coverage.percent, 100, content)
    const [block] = result.document?.sections[0]?.blocks ?? []
    return [
      block && 'text' in block ? block.text : '',
      ...warningsOf(result).filter(warning => !/acronym|section_empty/.test(warning)),
    ]
  }
  const around = (content: string) => `${run('For ')}${content}${run(' too')}`
  t.same(await textOf(around(field(' DOCPROPERTY Dept ', 'the Office'))), ['For the Office too'])
  t.same(await textOf(around(field(' HYPERLINK &quot;https://example.org/a&quot; ', 'this'))), [
    'For [this](https://example.org/a) too',
  ])
  t.same(await textOf(around('<w:fldSimple w:instr="PAGE"/>')), ['For too'])
  t.same(await textOf(around(`<w:dir w:val="rtl">${run('one')}</w:dir><w:bdo w:val="ltr">${run(' two')}</w:bdo>`)), [
    'For one two too',
  ])
  t.same(
    await textOf(
      around(
        `<w:r><w:ruby><w:rubyPr/><w:rt>${run('reading')}</w:rt><w:rubyBase>${run('text')}</w:rubyBase></w:ruby></w:r>`,
      ),
    ),
    ['For reading text too'],
  )
  const warning = 'repair formatting_removed 3'
  t.same(await textOf(around(math(`<m:sSup>${part('e', 'mc')}${part('sup', '2')}</m:sSup>`))), [
    'For mc^2 too',
    warning,
  ])
  t.same(
    await textOf(around(`<m:oMathPara>${math(`<m:f>${part('num', '1')}${part('den', '2')}</m:f>`)}</m:oMathPara>`)),
    ['For 1/2 too', warning],
  )
  t.same(await textOf(around('<w:r><w:t>hyphe</w:t><w:softHyphen/><w:t>nated</w:t></w:r>')), [
    'For hyphe\u00adnated too',
  ])
  // A reference to a note that is not there is no damage.
  t.same(await textOf(around('<w:r><w:endnoteReference w:id="3"/></w:r>')), ['For too', 'repair note_missing 3'])

  const started = workMs()
  for (const tag of ['<w:fldSimple w:instr="', '<m:', '<w:dir', '<m:f>'])
    await read(wordFile(`${summary}${tag.repeat(100_000)}`))
  t.ok(workMs() - started < 20_000, 'hostile text takes no longer')
})

t.test('Word’s list styles, and those of a house that are based on them, are lists of their depth', async t => {
  const styles = { B: 'List Bullet', B2: 'List Bullet 2', N: 'List Number', House: 'House text', Deep: 'House deep' }
  const basedOn = { House: 'B', Deep: 'House', B: 'B' }
  const of = (style: string, text: string, more = '') => paragraph(run(text), `<w:pStyle w:val="${style}"/>${more}`)
  const listOf = async (content: string, based: Record<string, string> = basedOn) => {
    const body = `${bold('Tester')}${bold('Main duties')}${content}`
    const { document, report } = await read(styled(body, styles, based))
    t.equal(report.coverage.percent, 100)
    return document?.sections[0]?.blocks.map(block =>
      block.type === 'list'
        ? [block.ordered, ...block.items.map(({ text, items }) => [text, ...items.map(item => item.text)])]
        : 'text' in block && block.text,
    )
  }
  t.same(await listOf(of('House', 'Write tests') + of('Deep', 'Run tests')), [[false, ['Write tests'], ['Run tests']]])
  t.same(await listOf(of('B', 'Write tests') + of('B2', 'in Java') + of('B', 'Run tests')), [
    [false, ['Write tests', 'in Java'], ['Run tests']],
  ])
  t.same(await listOf(of('N', 'Write') + of('N', 'Run')), [[true, ['Write'], ['Run']]])
  // Who took the mark away meant a paragraph.
  const none = '<w:numPr><w:ilvl w:val="0"/><w:numId w:val="0"/></w:numPr>'
  t.same(await listOf(of('B', 'Write tests') + of('B', 'Much of it', none)), [[false, ['Write tests']], 'Much of it'])
  // Styles that are based on each other, in a ring.
  t.same(await listOf(of('House', 'Write tests.'), { House: 'Deep', Deep: 'House' }), ['Write tests.'])
})

t.test(
  'Word’s paragraphs are a list where their style has a numbering of its own, and lone numbered headings are none',
  async t => {
    const format = (level: number, name: string, style = '') =>
      `<w:lvl w:ilvl="${level}"><w:numFmt w:val="${name}"/>${style && `<w:pStyle w:val="${style}"/>`}</w:lvl>`
    const lists = [
      format(0, 'bullet') + format(1, 'bullet'),
      format(0, 'decimal'),
      format(0, 'none'),
      format(0, 'decimal', 'Linked'),
    ]
    const numbering = [
      ...lists.map((levels, at) => `<w:abstractNum w:abstractNumId="a${at}">${levels}</w:abstractNum>`),
      ...lists.map((_, at) => `<w:num w:numId="${at + 1}"><w:abstractNumId w:val="a${at}"/></w:num>`),
    ].join('')
    const style = (id: string, name: string, properties: string, base = '') =>
      `<w:style w:type="paragraph" w:styleId="${id}"><w:name w:val="${name}"/>${base && `<w:basedOn w:val="${base}"/>`}<w:pPr>${properties}</w:pPr></w:style>`
    const of = (list: number, level = '') => `<w:numPr>${level}<w:numId w:val="${list}"/></w:numPr>`
    const styles = [
      style('Bullet', 'House bullet', of(1)),
      style('Under', 'House under', '<w:numPr><w:ilvl w:val="1"/></w:numPr>', 'Bullet'),
      style('Plain', 'House plain', of(0), 'Bullet'),
      style('Number', 'House number', of(2)),
      style('None', 'House none', of(3)),
      style('Outline', 'House outline', `${of(2)}<w:outlineLvl w:val="0"/>`),
      style('Linked', 'House linked', of(4)),
      style('Lost', 'House lost', of(9)),
    ].join('')
    const blocksOf = async (content: string) => {
      const { document, report } = await read(
        zip([
          ...wordParts(`${bold('Tester')}${bold('Main duties')}${content}`, [
            ['rId1', 'styles', 'styles.xml'],
            ['rId2', 'numbering', 'numbering.xml'],
          ]),
          { name: 'word/styles.xml', data: xmlPart('styles', styles) },
          { name: 'word/numbering.xml', data: xmlPart('numbering', numbering) },
        ]),
      )
      t.equal(report.coverage.percent, 100)
      return document?.sections.map(({ heading, blocks }) => [
        heading,
        ...blocks.map(block =>
          block.type === 'list'
            ? [block.ordered, ...block.items.map(({ text, items }) => [text, ...items.map(item => item.text)])]
            : 'text' in block && block.text,
        ),
      ])
    }
    const two = (id: string) => inStyle(id, 'Write tests') + inStyle(id, 'Run tests')
    const asText = [['Main duties', 'Write tests', 'Run tests']]
    t.same(await blocksOf(two('Bullet')), [['Main duties', [false, ['Write tests'], ['Run tests']]]])
    t.same(await blocksOf(two('Number')), [['Main duties', [true, ['Write tests'], ['Run tests']]]])
    t.same(await blocksOf(inStyle('Bullet', 'Write tests') + inStyle('Under', 'in Java')), [
      ['Main duties', [false, ['Write tests', 'in Java']]],
    ])
    for (const id of ['Plain', 'None', 'Outline', 'Lost']) t.same(await blocksOf(two(id)), asText, id)
    const heading = (id: string, text: string) => paragraph(run(text, '<w:b/>'), `<w:pStyle w:val="${id}"/>`)
    for (const id of ['Number', 'Linked']) {
      const found = await blocksOf(
        `${two('Bullet')}${heading(id, 'Safety')}${paragraph('Be safe.')}${inStyle(id, 'Person specification')}${two('Bullet')}`,
      )
      t.same(
        found?.map(([name]) => name),
        ['Main duties', 'Safety', 'Person specification'],
        id,
      )
    }
    t.same(
      await blocksOf(heading('Number', 'Write') + inStyle('Number', 'Skills')),
      [['Main duties', [true, ['**Write**'], ['Skills']]]],
      'beside others of the list',
    )
    t.same(
      await blocksOf(`${paragraph('You do:')}${inStyle('Number', 'Write tests')}${paragraph('And more.')}`),
      [['Main duties', 'You do:', [true, ['Write tests']], 'And more.']],
      'no name of a section',
    )
  },
)

t.test(
  'a table of contents of Word is left out and named where it lists what there is, and is text where not',
  async t => {
    const styles = { H1: 'heading 1', H2: 'heading 2', TOC1: 'toc 1', TOCHeading: 'TOC Heading' }
    const rest = `${inStyle('H2', '1. About the role')}${paragraph('You will test.')}${inStyle('H2', 'Duties')}${paragraph('You test.')}`
    const entry = (text: string) =>
      paragraph(
        `<w:hyperlink w:anchor="_Toc1">${run(text)}<w:r><w:tab/></w:r>${run('1')}</w:hyperlink>`,
        '<w:pStyle w:val="TOC1"/>',
      )
    const head = inStyle('TOCHeading', 'Contents')
    const title = inStyle('H1', 'Tester')
    const made = await read(styled(`${title}${head}${entry('1. About the role')}${entry('Duties')}${rest}`, styles))
    t.same(outlineOf(made), ['role_summary: paragraph', 'responsibilities: paragraph'])
    t.equal(made.report.coverage.percent, 100)
    t.same(warningsOf(made), ['repair contents_removed 2'])
    t.same(
      made.report.understood.map(({ line, text }) => [line, text]),
      [
        [2, 'Contents'],
        [3, '1. About the role 1'],
        [4, 'Duties 1'],
      ],
    )
    const bare = await read(
      styled(`${title}${bold('Contents')}${entry('Duties')}${rest}`, { H1: 'heading 1', H2: 'heading 2' }),
    )
    t.same(outlineOf(bare), ['role_summary: paragraph', 'responsibilities: paragraph'])
    const other = await read(styled(`${title}${head}${entry('Duties')}${entry('What we offer')}${rest}`, styles))
    t.match(JSON.stringify(other.document), /What we offer 1/)
    t.equal(warningOf(other, 'contents_removed'), undefined)
  },
)

t.test('bold headings that are underlined stand above those that are not, which stand under them', async t => {
  const underlined = (text: string) => paragraph(run(text, '<w:b/><w:u w:val="single"/>'))
  const sections = async (...body: string[]) =>
    (await read(wordFile(bold('Secretary') + body.join('')))).document?.sections.map(({ heading, blocks }) => [
      heading,
      ...blocks.map(block => ('text' in block ? block.text : block.type)),
    ])
  const [duties, calls, text] = [underlined('Main duties'), paragraph('Take calls.'), paragraph('Be kind.')]
  t.same(
    await sections(
      duties,
      bold('Telephone'),
      calls,
      bold('Letters'),
      calls,
      underlined('General'),
      text,
      bold('Health'),
      text,
    ),
    [
      ['Main duties', 'Telephone', 'Take calls.', 'Letters', 'Take calls.'],
      ['General', 'Be kind.', 'Health', 'Be kind.'],
    ],
  )
  const under = ['Main duties', 'Telephone', 'Take calls.', 'General', 'Be kind.']
  for (const body of [
    [duties, underlined('Telephone'), calls, underlined('General'), text],
    [duties, bold('Telephone'), calls, bold('General'), text],
    [bold('Main duties'), bold('Telephone'), calls, underlined('General'), text],
  ])
    t.same(await sections(...body), [under])
})
