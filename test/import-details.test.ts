// What documents of other houses say of the advert: labels and values in whatever form.
import t, { type Test } from 'tap'
import { emptyAdvertDetails } from '../src/document/schema.ts'
import { importFile } from '../src/imports/import.ts'
import { slugIn } from '../src/imports/source/front-matter.ts'
import { wordType } from '../src/imports/source/scan.ts'
import { contextOf, imported, outlineOf, pay, place, warningOf } from './support/documents.ts'
import { editDocument } from './support/edit.ts'
import { formats, sourceOf } from './support/round-trip.ts'
import { bold, paragraph, table, wordFile } from './support/word.ts'

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

t.test(
  'a label of another house among known ones is a row, a list below a label its value, and Post may name the role',
  async t => {
    const read = (head: string) => imported(`${head}\n\n${body}`)
    const rowsOf = ({ document }: ReturnType<typeof read>) =>
      document?.advert_details.additional.map(({ label, value }) => `${label}: ${value}`)
    const placesOf = ({ document }: ReturnType<typeof read>) =>
      document?.advert_details.locations.map(({ text }) => text)

    const profile = read(
      'ROLE PROFILE\n\nRole title: Investigator\nRole code: CC/11\nReports to: The sergeant\nLocation: Leeds\nVetting level: MV\nGrade: SEO',
    )
    t.equal(profile.document?.title, 'Investigator')
    t.same(placesOf(profile), ['Leeds'])
    t.same(rowsOf(profile), ['Role code: CC/11', 'Vetting level: MV'])
    t.same([profile.report.losses, profile.report.coverage.percent], [[], 100])

    const paid = read(
      '# Tester\n\nGrade: SEO\nSalary: £40,000\nLondon: £45,000\nLocation: Leeds: city centre\nYork: the station',
    )
    t.equal(paid.document?.advert_details.salary?.text, '£40,000 London: £45,000')
    t.same([placesOf(paid), rowsOf(paid)], [['Leeds: city centre', 'York: the station'], []])

    const listed = read('# Tester\n\n**Salary:** £40,000\n\n**Location:**\n\n- Leeds\n- York')
    t.same(
      [placesOf(listed), outlineOf(listed)],
      [
        ['Leeds', 'York'],
        ['role_summary: paragraph', 'responsibilities: list 1'],
      ],
    )

    for (const line of ['Weekend allowance: 5%', 'On call payment: £30 a night', 'Pension: 20%']) {
      const found = read(`# Tester\n\nGrade: SEO\nSalary: £20,000\nLondon: £24,000\n${line}\nHours: 37`)
      t.same([found.document?.advert_details.salary?.text, rowsOf(found)], ['£20,000 London: £24,000', [line]], line)
    }

    // A label outdoes the title of the file, and what two of them say is told.
    const web = (title: string, text: string) =>
      imported(
        `<title>${title}</title>${text}<h2>Job purpose</h2><p>You test.</p><h2>Duties</h2><ul><li>Test</li></ul>`,
        'text/html',
      )
    const filed = web(
      'Microsoft Word - JD.docx',
      '<h1>JOB DESCRIPTION</h1><p><b>Job title:</b> Tester</p><p><b>Grade:</b> SEO</p>',
    )
    t.equal(filed.document?.title, 'Tester')
    t.match(warningOf(filed, 'file_title_removed'), { severity: 'loss', excerpt: 'Microsoft Word - JD.docx' })
    const twice = web('Tester', '<h1>Tester</h1><p><b>Job title:</b> Software tester</p>')
    t.equal(twice.document?.title, 'Tester')
    t.match(warningOf(twice, 'title_unsure'), { severity: 'repair', excerpt: 'Software tester' })
    const named = imported(`---\ntitle: Tester\n---\n\n## A word from our chief\n\nWelcome.\n\n${body}`)
    t.equal(named.document?.title, 'Tester')
    t.equal(named.document?.sections[0]?.heading, 'A word from our chief')

    for (const [head, title, rest] of [
      ['# JOB DESCRIPTION\n\nPost: Test engineer\nGrade: SEO\nReports to: Ann', 'Test engineer', []],
      ['# JOB DESCRIPTION\n\nPost: Full time\nGrade: SEO\nJob title: Tester', 'Tester', ['Post: Full time']],
      ['# Tester\n\nPost: Test engineer\nGrade: SEO', 'Tester', ['Post: Test engineer']],
      ['BOROUGH OF ASHFIELD\n\n# JOB DESCRIPTION\n\nJob title: Tester\nGrade: SEO', 'Tester', []],
    ] as const) {
      const found = read(head)
      t.same([found.document?.title, rowsOf(found)], [title, rest], head)
      t.equal(found.report.coverage.percent, 100, head)
    }
  },
)

t.test('labels and values that a page prints as two elements each are details, and what only looks so is none', t => {
  const own: [string, string][] = [
    ['Grade', 'SEO'],
    ['Salary', '£40,000'],
    ['Location', 'Leeds'],
    ['Cost centre', '1234'],
  ]
  const role = '<h2>Job summary</h2><p>You test.</p><h2>Duties</h2><ul><li>Test</li></ul>'
  const page = (front: string, section = '') => imported(`<h1>Tester</h1>${front}${role}${section}`, 'text/html')
  for (const [pattern, around = '*', isList = false] of [
    ['<div><span>L</span><span>V</span></div>'],
    ['<div>\n<span>L:</span>\n<span>V</span></div>\n'],
    ['<div><div>L</div><div>V</div></div>'],
    ['<div><strong>L</strong><p>V</p></div>'],
    ['<div>L</div><div>V</div>', '<section>*</section>'],
    ['<p><strong>L</strong><br>V</p>\n'],
    ['<p><span class="label">L</span><span>V</span></p>'],
    ['<li><b>L</b> V</li>', '<ul>*</ul>', true],
    ['<li><b>L</b><br>V</li>', '<ul>*</ul>', true],
    ['<li><p><b>L</b> V</p></li>\n', '<ul>*</ul>', true],
    ['<li><span>L</span><span>V</span></li>', '<ul>*</ul>', true],
  ] as const) {
    const rows = own.map(([label, value]) => pattern.replace('L', label).replace('V', value)).join('')
    const details = around.replace('*', rows)
    // Under a heading of a section a list says what it says.
    for (const found of isList ? [page(details)] : [page(details), page('', `<h2>Details</h2>${details}`)]) {
      const { document, report } = found
      t.same(document?.grades, [grade], details)
      t.match(document?.advert_details, { salary: { text: '£40,000' }, locations: [{ text: 'Leeds' }] }, details)
      t.same(document?.advert_details.additional, [{ label: 'Cost centre', value: '1234' }], details)
      t.same([report.losses, report.coverage.percent], [[], 100], details)
    }
  }
  const lines = imported(`# Tester\n\n**Grade**  \nSEO\n\n**Post code**  \n1234\n\n**Hours**  \n37\n\n${body}`)
  t.match(lines.document?.advert_details, { hours: '37', additional: [{ label: 'Post code', value: '1234' }] })
  const one = page(
    '<div><span>Location</span><span>Leeds</span></div><div><span>Closing date</span><span>3 May</span></div>',
  )
  t.match(one.document?.advert_details, { locations: [{ text: 'Leeds' }], additional: [{ label: 'Closing date' }] })

  for (const [front, section] of [
    // Words of Word and Google Docs.
    ['<p><span>Team</span><span> Leader</span></p><p><span>Pay</span><span> Officer</span></p>', ''],
    ['<div><span>Team</span><span>Data</span></div><div><span>Leads</span><span>Six</span></div>', ''],
    [
      '<div><a href="https://a.org">Location</a><span>Leeds</span></div><div><a href="https://b.org">Salary</a><span>Any</span></div>',
      '',
    ],
    ['<ul><li><b>Pay</b> you deserve</li><li><b>Team</b> spirit</li></ul>', ''],
    ['', '<h2>Us</h2><p><strong>Team</strong><br>We are six.</p><p><strong>Location</strong><br>We work in Leeds.</p>'],
    ['', '<h2>Us</h2><ul><li><b>Team</b> Six</li><li><b>Base</b> Camp</li></ul>'],
    ['', '<h2>Us</h2><div>Team</div><div>Data</div><div>Product</div><div>Design</div>'],
    ['', '<h2>Us</h2><div>Salary</div><div>Location</div><div>Team</div><div>Base</div>'],
    ['', '<h2>Us</h2><div><span>Python</span> <span>Expert</span></div><div><span>Team</span> <span>Lead</span></div>'],
  ] as const) {
    const found = page(front, section)
    t.same([found.document?.grades, found.document?.advert_details], [[], emptyAdvertDetails()], front + section)
    t.equal(found.report.coverage.percent, 100, front + section)
  }
  t.end()
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

t.test('an amount and a day that a template left open are null', async t => {
  for (const [label, value, pointer] of [
    ['Salary', '[£X]', '/advert_details/salary'],
    ['Salary', '[£X] a year', '/advert_details/salary'],
    ['Closing date', 'XX Month 2025', '/advert_details/additional'],
  ] as const) {
    const result = imported(`# Tester\n\n**Grade:** SEO\n\n**${label}:** ${value}\n\n${body}`)
    t.same(result.document?.advert_details, emptyAdvertDetails(), value)
    t.match(warningOf(result, 'placeholder'), { excerpt: value, pointer })
  }
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

t.test('where a job is, what type of post, and what goes with it', async t => {
  const { document } = imported(
    `# Tester\n\n**Where:** Leeds\\\n**Post type:** Part time (0.6 FTE, term time only)\n\nCAR USER STATUS: Casual\n\n${body}`,
  )
  t.match(document?.advert_details, {
    locations: [{ text: 'Leeds' }],
    contract_types: [],
    working_patterns: ['part_time'],
    additional: [
      { label: 'Post type', value: 'Part time (0.6 FTE, term time only)' },
      { label: 'CAR USER STATUS', value: 'Casual' },
    ],
  })
  const row = imported(`| | |\n|---|---|\n| Job title | Tester |\n| Where you’ll work | Leeds or York |\n\n${body}`)
  t.same(row.document?.advert_details.locations, [place('Leeds'), place('York')])
  for (const text of [
    '## Where you’ll work\n\nThe office stands by the sea.',
    '## Interview\n\nWhen: 24 March\n\nWhere: Zoom',
    '## Duties\n\nWork where: people are.',
    '## Where\n\nThe office stands by the sea.',
  ])
    t.same(imported(`# Tester\n\n## Summary\n\nTest.\n\n${text}\n`).document?.advert_details.locations, [], text)
})

t.test(
  'of two who are reported to it is who the label of the register names, and an FTA is of a fixed term',
  async t => {
    const rows = ['Accountable to: The board', 'Reports to: Ann', 'Responsible to: Bea', 'Contract: FTA 18 months']
    const { document, report } = imported(`# Tester\n\n${rows.join('\n\n')}\n\n${body}`)
    t.match(document?.advert_details, {
      reports_to: 'Ann',
      contract_types: ['fixed_term'],
      additional: [
        { label: 'Accountable to', value: 'The board' },
        { label: 'Responsible to', value: 'Bea' },
        { label: 'Contract', value: '18 months' },
      ],
    })
    t.equal(report.coverage.percent, 100)
  },
)

t.test('a line break parts a label of no member from the value above it, where others are known', async t => {
  const lines = ['Grade: SEO', 'Location: Leeds', 'Closing date: 3 May', 'Contact: Ann', 'Parking: none']
  const { document } = imported(
    `<h1>Tester</h1><p>${lines.join('<br>')}</p><h2>About the role</h2><p>You test.</p>`,
    'text/html',
  )
  t.same(
    document?.advert_details.additional.map(({ label, value }) => `${label}: ${value}`),
    lines.slice(2),
  )
})

t.test('a name of one grade with the code of another is told', async t => {
  for (const [value, codes, told] of [
    ['Higher Executive Officer (SEO)', ['HEO', 'SEO'], true],
    ['Senior Executive Officer (SEO), Grade 7 (G7)', ['SEO', 'G7'], false],
    ['SEO or HEO', ['SEO', 'HEO'], false],
    ['Senior Executive Officer (SEO) or Grade 7', ['SEO', 'G7'], false],
  ] as const) {
    const found = imported(`# Tester\n\nGrade: ${value}\n\n${body}`)
    t.same(
      [found.document?.grades.map(({ code }) => code), !!warningOf(found, 'grades_disagree')],
      [codes, told],
      value,
    )
  }
})

t.test('a label of no member within a section is a detail directly below others', async t => {
  const details = '**Grade:** SEO\n\n**Salary:** £40,000'
  const added = (text: string) =>
    imported(`# Tester\n\n## Summary\n\nTest.\n\n## The job\n\n${text}\n`).document?.advert_details.additional
  t.same(added(`${details}\n\nCAR USER STATUS: Casual`), [{ label: 'CAR USER STATUS', value: 'Casual' }])
  for (const text of [
    `${details}\n\nYou help.\n\nCar user status: Casual`,
    `${details}\n\nTravel: you will see Leeds.`,
    `${details}\n\nPets: cats`,
    'Car user status: Casual',
  ])
    t.same(added(text), [], text)
})

t.test('one label by itself below a second heading', async t => {
  const salary = (text: string) =>
    imported(`# Breathe Easy\n\n${text}\n\n## About the role\n\nTest.\n`).document?.advert_details.salary?.text
  t.equal(salary('## Outreach Worker\n\n**Salary:** £29,093'), '£29,093')
  for (const text of [
    '## Outreach Worker\n\nYou help.\n\n**Salary:** £29,093',
    'We help.\n\n## Outreach Worker\n\n**Salary:** £29,093',
    '## Duties\n\nSalary: you pay it out.',
  ])
    t.equal(salary(text), undefined, text)
})

t.test(
  'labels in bold without a colon are details where two are certain; one alone, or sentences, are text',
  async t => {
    const page = (head: string) => `# Tester\n\n${head}\n\n## Main duties\n\n- Test\n`
    const lines = [
      '**Hours** 30 per week',
      '**Salary** £27,500 p.a.',
      '**Base** Leeds',
      '**Line manager** Service Manager',
      '**DBS check** Enhanced',
      '**Contract** permanent',
    ]
    const html = lines.map(line => line.replace(/\*\*(.*)\*\*/, '<b>$1</b>'))
    const duties = '<h2>Main duties</h2><ul><li>Test</li></ul>'
    for (const [form, source, type] of [
      ['lines', page(lines.join('\n')), 'text/markdown'],
      ['lines with breaks', page(lines.join('  \n')), 'text/markdown'],
      ['a colon in one', page(lines.join('\n').replace('**Base**', '**Base:**')), 'text/markdown'],
      ['lines of HTML', `<h1>Tester</h1><p>${html.join('<br>')}</p>${duties}`, 'text/html'],
      [
        'space in the bold',
        `<h1>Tester</h1><p>${html.join('<br>').replaceAll('</b> ', ' </b>')}</p>${duties}`,
        'text/html',
      ],
      [
        'within a section',
        `# Tester\n\n## About the role\n\n${lines.join('\n')}\n\n## Main duties\n\n- Test`,
        'text/markdown',
      ],
    ] as const) {
      const result = imported(source, type)
      t.same(
        result.document?.advert_details,
        {
          ...emptyAdvertDetails(),
          hours: '30 per week',
          salary: pay('£27,500 p.a.', 27_500, 27_500, 'year'),
          locations: [place('Leeds')],
          reports_to: 'Service Manager',
          contract_types: ['permanent'],
          additional: [{ label: 'DBS check', value: 'Enhanced' }],
        },
        form,
      )
      t.same([result.report.losses, result.report.coverage.percent], [[], 100], form)
      if (form !== 'within a section') t.same(outlineOf(result), ['responsibilities: list 1'], form)
    }
    const parted = imported(page(lines.slice(0, 4).join('\n\n')))
    t.match(parted.document?.advert_details, { hours: '30 per week', reports_to: 'Service Manager' })
    t.same(outlineOf(parted), ['responsibilities: list 1'])
    for (const head of [
      '**Salary** is paid monthly',
      '**Hours** 30 per week',
      '**Salary** is paid monthly.\n\n**Hours** are flexible',
      '**Hours** 30 per week\n**Salary** £27,500\nCome and join us.',
      '**Hours** 30 per week.\n\n**Salary** £27,500 a year.',
    ]) {
      const { document } = imported(page(head))
      t.same(document?.advert_details, emptyAdvertDetails(), head)
      t.equal(document?.sections.length, 2, head)
    }
  },
)

t.test('of a value of which a part is in no list, half a sentence is kept with the rest of it', async t => {
  for (const [value, rest, detail] of [
    ['Shifts, including nights', 'Shifts, including nights', /part of this is in none/],
    ['Shifts (over seven days)', 'Shifts (over seven days)', /part of this is in none/],
    ['Shifts; Juggling', 'Juggling', /and “Juggling” is in none/],
    ['Shifts (12 months)', '12 months', /and “12 months” is in none/],
    ['Every Tuesday', 'Every Tuesday', /and this is in none/],
  ] as const) {
    const result = imported(`# Tester\n\nGrade: SEO\nWorking pattern: ${value}\n\n${body}`)
    t.same(
      result.document?.advert_details,
      {
        ...emptyAdvertDetails(),
        working_patterns: value.startsWith('Shifts') ? ['shift_working'] : [],
        additional: [{ label: 'Working pattern', value: rest }],
      },
      value,
    )
    t.match(warningOf(result, 'value_not_in_list'), { severity: 'repair', excerpt: rest, detail }, value)
  }
})

t.test('headings that say what succeeding needs, the job involves and would help, marked or not', async t => {
  const plain =
    'What the job involves\n\n- Test\n\nTo succeed you need\n\n- A degree\n\nIt would help if you had\n\n- A car\n'
  const marked = plain.replace(/^[WTI].*/gm, '## $&')
  for (const [form, text] of [
    ['no mark', plain],
    ['headings', marked],
    ['colons', plain.replace(/^[WTI].*/gm, '$&:')],
    ['another word', marked.replace('help if you had', 'be good if you had')],
  ] as const) {
    const { document, report } = imported(`# Tester\n\nGrade: SEO\nOffice base: Leeds\n\n${text}`)
    t.same(document?.advert_details, { ...emptyAdvertDetails(), locations: [place('Leeds')] }, form)
    t.same(
      document?.sections.map(({ kind }) => kind),
      ['responsibilities', 'skills_experience'],
      form,
    )
    t.same(
      document?.skills.map(({ importance, statement }) => [importance, statement]),
      [
        [null, 'A degree'],
        ['desirable', 'A car'],
      ],
      form,
    )
    t.equal(report.coverage.percent, 100, form)
  }
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

t.test('cells side by side that each hold a label and its value are a row each', async t => {
  const cells =
    '| | |\n| --- | --- |\n| Grade: SEO | Location: Leeds |\n| Line manager: Jo Bloggs | Number of staff: 0 |\n| Car park: None | Canteen: Open |'
  const { grades, details: found } = detailsOf(t, cells)
  t.same([grades, found?.locations, found?.reports_to], [['SEO'], [place('Leeds')], 'Jo Bloggs'])
  t.same(found?.additional, [
    { label: 'Number of staff', value: '0' },
    { label: 'Car park', value: 'None' },
    { label: 'Canteen', value: 'Open' },
  ])
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

t.test('a row more in a section of advert details, in each format: the others are as they were', async t => {
  const rowWith: Record<string, RegExp> = {
    md: /^\*\*Salary:.*\n\n/m,
    html: /<p><strong>Salary:.*?<\/p>\s*/s,
    fragment: /<p><strong>Salary:.*?<\/p>\s*/s,
    docx: /<w:tr>(?:(?!<w:tr>).)*>Salary:(?:(?!<w:tr>).)*<\/w:tr>/s,
  }
  for (const heading of ['Role profile', 'Further information', 'The facts'])
    for (const [format, { type, render }] of Object.entries(formats)) {
      const rows = '**Grade:** SEO\n\n**Salary:** £40,000\n\n**Location:** Leeds'
      const { document: previous } = imported(`# Tester\n\n## ${heading}\n\n${rows}\n\n${body}`)
      if (!previous) throw new Error('refused')
      const name = `${heading}, ${format}`
      const edit = (source: string) => {
        const [row] = (rowWith[format] as RegExp).exec(source) ?? []
        if (row === undefined) throw new Error(`no row in ${name}`)
        return source.replace(row, () => row + row.replace('Salary', 'Closing date').replace('£40,000', '3 May'))
      }
      const bytes = await editDocument(await render(sourceOf(previous, [])), format, [edit])
      const { document, report } = await importFile(bytes, type, contextOf({ previous }))
      const additional = [{ label: 'Closing date', value: '3 May' }]
      t.same(document, { ...previous, advert_details: { ...previous.advert_details, additional } }, name)
      t.same([report.losses, report.coverage.percent], [[], 100], name)
    }
  const further = imported(`# Tester\n\n## The facts\n\n**Grade:** SEO\n\n**Team:** A\n\n**Car park:** None\n\n${body}`)
  t.same(further.document?.advert_details.additional, [], 'behind the last label that is known a bold one is a text')
})

/** The details of a Word file whose paragraphs these are, between its title and a section; all of its text is kept. */

t.test('labels that nobody knows are details beside one that is known or with colons, and else a list', async t => {
  const rows = (cells: readonly (readonly [string, string])[], tag = 'td') =>
    `<table>${cells.map(([label, value]) => `<tr><${tag}>${label}</${tag}><td>${value}</td></tr>`).join('')}</table>`
  const read = (front: string, body = '') =>
    imported(`<h1>Tester</h1>${front}<h2>The role</h2><p>You test.</p>${body}<h2>Duties</h2><p>Test.</p>`, 'text/html')
  const own = [
    ['Cost centre', '1234'],
    ['Funding stream', 'Programme'],
  ] as const
  const known = rows([
    ['Grade', 'SEO'],
    ['Location', 'Leeds'],
  ])
  const expected = own.map(([label, value]) => ({ label, value }))
  const colons = own.map(([label, value]) => [`${label}:`, value] as const)
  for (const [front, body] of [
    [known + rows(colons), ''],
    [rows(colons) + known, ''],
    [`<p><b>Grade:</b> SEO</p><p><b>Location:</b> Leeds</p>${rows(colons)}`, ''],
    [rows(colons), ''],
    ['', known + rows(colons)],
  ] as const) {
    const { document, report } = read(front, body)
    t.same(document?.advert_details.additional, expected, front + body)
    t.same([report.warnings, report.losses, report.coverage.percent], [[], [], 100])
  }
  t.same(read(rows([...own, ['Closing date', '3 May']])).document?.advert_details.additional.length, 3, 'one is known')
  const skills = rows([
    ['<b>Python</b>', 'Working'],
    ['<b>SQL</b>', 'Expert'],
  ])
  const stages = '<table><tr><th>Step</th><th>When</th></tr><tr><td>Closing date</td><td>3 May</td></tr></table>'
  for (const [front, body] of [
    [rows(own), ''],
    [known + rows(own), ''],
    [rows(own, 'th'), ''],
    [skills, ''],
    [`<p><b>Grade:</b> SEO</p>${skills}`, ''],
    ['', `<p><b>Grade:</b> SEO</p><p><b>Location:</b> Leeds</p>${skills}`],
    [stages, ''],
    [known + stages, ''],
    // Two names of the same.
    [
      '',
      rows([
        ['Grade', 'Band'],
        ['Location', 'Base'],
        ['Supervisor', 'Line manager'],
      ]),
    ],
    [
      rows([
        ['Civil Service', 'NHS'],
        ['Grade', 'Band'],
        ['Salary', 'Pay'],
      ]),
      '',
    ],
    ['', rows(own, 'th')],
    ['', rows([...own, ['Travel', 'some']])],
    // One label that is known makes no details of an ordinary table.
    [
      '',
      rows(
        [
          ['Line manager', 'Weekly one-to-ones'],
          ['Suppliers', 'Monthly reviews'],
        ],
        'th',
      ),
    ],
    [
      '',
      rows([
        ['<b>Pension</b>', 'Yes'],
        ['<b>Hours</b>', 'Flexible'],
        ['<b>Annual leave</b>', '25 days'],
      ]),
    ],
    [rows([...own, ['Notes', 'x'.repeat(121)]], 'th'), ''],
  ] as const) {
    const found = read(front, body)
    t.same([found.document?.advert_details.additional, found.report.coverage.percent], [[], 100], front + body)
    t.ok(warningOf(found, 'table_flattened'))
  }
  t.end()
})
