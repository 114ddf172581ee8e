// Adverts and job descriptions as other houses set them: labels by tabs, dashes and headings, criteria in lines, two languages.
import t, { type Test } from 'tap'
import { importFile } from '../src/imports/import.ts'
import { wordType } from '../src/imports/source/scan.ts'
import { contextOf, imported, outlineOf, pay, place, warningOf } from './support/documents.ts'
import { bold, paragraph, run, wordFile } from './support/word.ts'

const body = '## Job purpose\n\nYou will test.\n\n## Main duties\n\n- Test\n'

const wordDetails = async (t: Test, ...paragraphs: string[]) => {
  const file = wordFile(`${bold('Tester')}${paragraphs.join('')}${bold('Job purpose')}${paragraph('You test.')}`)
  const { document, report } = await importFile(file, wordType, contextOf())
  t.same([report.coverage.percent, report.losses], [100, []])
  t.same(document?.sections.at(-1)?.heading, 'Job purpose')
  return { sections: document?.sections.length, ...detailsIn(document) }
}
const detailsIn = (document: ReturnType<typeof imported>['document']) => {
  const { additional = [], ...known } = document?.advert_details ?? {}
  const set = Object.entries(known).filter(
    ([, value]) => value !== null && !(Array.isArray(value) && value.length === 0),
  )
  return {
    grades: document?.grades.map(({ code }) => code),
    ...Object.fromEntries(set),
    ...(additional.length > 0 ? { additional: additional.map(({ label, value }) => `${label}: ${value}`) } : {}),
  }
}

t.test('labels and values that tabs part, with a colon or without', async t => {
  const tabbed = (...cells: string[]) => paragraph(cells.map(cell => run(cell)).join('<w:r><w:tab/></w:r>'))
  const read = await wordDetails(
    t,
    `<w:p>${run('Post:', '<w:b/>')}<w:r><w:rPr><w:b/></w:rPr><w:tab/></w:r>${run('C1 Data Steward', '<w:b/>')}<w:r><w:tab/></w:r>${run('Grade:', '<w:b/>')}<w:r><w:tab/></w:r>${run('SEO', '<w:b/>')}</w:p>`,
    tabbed('Location:', 'Abbey Wood', 'Post no:', '1234567'),
    tabbed('Reports to:', 'B2 Head of Data', 'Countersigning officer:', 'G6'),
    tabbed('Hours:', '09:00 to 17:00', 'Salary', '£40,000'),
  )
  t.same(read, {
    sections: 1,
    grades: ['SEO'],
    locations: [place('Abbey Wood')],
    reference_number: '1234567',
    reports_to: 'B2 Head of Data',
    hours: '09:00 to 17:00',
    salary: pay('£40,000', 40_000),
    additional: ['Post: C1 Data Steward', 'Countersigning officer: G6'],
  })
  const bare = await wordDetails(
    t,
    paragraph(`${run('Grade', '<w:b/>')}<w:r><w:tab/></w:r>${run('SEO')}`),
    tabbed('Location', 'Hull'),
    tabbed('Salary:', 'London: £50,000', 'National: £40,000'),
  )
  t.same(
    bare,
    {
      sections: 1,
      grades: ['SEO'],
      locations: [place('Hull')],
      salary: pay('London: £50,000 National: £40,000', null),
    },
    'what is not certainly a label is a value',
  )
})

t.test('bold labels before a dash, headings that are a label and its value, and several labels in a line below', t => {
  for (const lines of [
    '> **Grade** - SEO\n> **Salary** - £42,000\n> **Location** - London',
    '**Grade** – SEO\n\n**Salary** – £42,000\n\n**Location** – London',
    '### Grade: SEO\n\n**Salary: £42,000**\n\n**Location** — London',
    '## About\n\nWe are.\n\n**Grade:** SEO **Location:** London **Salary:** £42,000',
  ])
    t.same(
      detailsIn(imported(`# Tester\n\n${lines}\n\n${body}`).document),
      { grades: ['SEO'], salary: pay('£42,000', 42_000), locations: [place('London')] },
      lines,
    )
  const { document } = imported('# Job advert\n\n## Title: Data Scientist\n\n## Team: who we are\n\nWe are.\n')
  t.same([document?.title, document?.sections[0]?.heading], ['Data Scientist', 'Team: who we are'])
  const text = imported(`# Tester\n\n## Team\n\n- **Team** – we are six\n- **Tools** – we like them\n\n${body}`)
  t.same(detailsIn(text.document), { grades: [] })
  t.end()
})

t.test('labels as headings over their values, as adverts on web sites have them', t => {
  const field = (tag: string, label: string, value: string) => `<div><${tag}>${label}</${tag}><div>${value}</div></div>`
  const fields = (tag: string) =>
    [
      ['Reference number', '345678'],
      ['Salary', '£41,600 - £45,100</div><div>A pension besides.'],
      ['Job grade', 'Senior Executive Officer'],
      ['Number of jobs', '4'],
      ['Working pattern', 'Flexible working, Full-time'],
    ].map(([label = '', value = '']) => field(tag, label, value))
  const places = '<h2>Location</h2><div>Leeds, Yorkshire and the Humber : York</div>'
  const known = {
    grades: ['SEO'],
    reference_number: '345678',
    salary: pay('£41,600 - £45,100', 41_600, 45_100),
    working_patterns: ['full_time', 'flexible_working'],
    additional: ['Number of jobs: 4'],
  }
  const end = '<h2>Job summary</h2><p>You test.</p>'
  for (const [form, page, headings, more] of [
    ['a section', `<h2>Details</h2>${fields('h3').join('')}${places}`, ['Details', 'Job summary'], true],
    ['no section', `${fields('h3').join('')}${places}`, ['Introduction', 'Job summary'], true],
    ['one depth', fields('h2').join(''), ['Salary', 'Job summary'], false],
  ] as const) {
    const { document, report } = imported(`<h1>Tester</h1>${page}${end}`, 'text/html')
    const { working_patterns, ...read } = detailsIn(document) as Record<string, unknown>
    const { working_patterns: wanted, ...others } = known
    t.same([...(working_patterns as string[])].sort(), [...wanted].sort(), form)
    t.same(read, { ...others, ...(more ? { locations: [place('Leeds, Yorkshire and the Humber : York')] } : {}) }, form)
    t.same(
      document?.sections.map(({ heading }) => heading),
      headings,
      form,
    )
    t.same([report.coverage.percent, report.losses], [100, []])
    const besides = form === 'one depth' ? [] : [{ type: 'subheading', text: 'Salary' }]
    t.match(
      document?.sections[0]?.blocks.slice(form === 'a section' ? 1 : 0),
      [...besides, { type: 'paragraph', text: 'A pension besides.' }],
      `${form}: what else is said of the salary stands under it`,
    )
  }
  const above = imported(
    `<h1>Tester</h1><p><strong>Salary </strong><br>£35,000 a year</p><p><strong>Location</strong><br>Belfast : BT1 3LP</p>${end}`,
    'text/html',
  )
  t.same(detailsIn(above.document), {
    grades: [],
    salary: pay('£35,000 a year', 35_000, 35_000, 'year'),
    locations: [{ ...place('Belfast : BT1 3LP'), postcode: 'BT1 3LP' }],
  })
  // Labels of no member before the first that is, and an address of several lines.
  const trust = [
    ['Date posted', '6 February 2026'],
    ['Pay scheme', 'Agenda for change'],
    ['Salary', '£38,682 to £46,580 a year'],
    ['Job locations', 'Tewkesbury Hospital<br>Barton Road<br>Tewkesbury<br>GL20 5GJ'],
  ].map(([label = '', value = '']) => `<h3>${label}</h3><p>${value}</p>`)
  const read = imported(`<h1>Tester</h1><h2>Details</h2>${trust.join('')}<p>Leave it.</p>${end}`, 'text/html')
  t.same(detailsIn(read.document), {
    grades: [],
    salary: pay('£38,682 to £46,580 a year', 38_682, 46_580, 'year'),
    locations: [{ ...place('Tewkesbury Hospital, Barton Road, Tewkesbury, GL20 5GJ'), postcode: 'GL20 5GJ' }],
    additional: ['Date posted: 6 February 2026', 'Pay scheme: Agenda for change'],
  })
  t.same(outlineOf(read)[0], 'other: advert_details, subheading, paragraph')
  const text = '<h2>Team</h2><p>We are six people.</p><h2>Location</h2><p>Leeds</p>'
  const kept = imported(`<h1>Tester</h1>${text}${end}`, 'text/html').document
  t.same([detailsIn(kept), kept?.sections.length], [{ grades: [], locations: [place('Leeds')] }, 2], 'one by itself')
  for (const [label, value, isDetail] of [
    ['<h2>Location</h2>', 'Hull', true],
    ['<p><b>Location</b></p>', 'Hull', true],
    ['<p><b>Location:</b></p>', 'Hull', true],
    ['<h2>Location</h2>', 'Hull. You work from home on Fridays.', false],
    ['<h2>Location</h2>', 'Hull</p><p>Trains go there.', false],
    ['<h2>Where</h2>', 'Hull', false],
    ['<p><b>Our place</b></p>', 'Hull', false],
  ] as const) {
    const { document, report } = imported(
      `<h1>Tester</h1><p><b>Duties</b></p><ul><li>Test</li></ul>${label}<p>${value}</p>${end}`,
      'text/html',
    )
    t.equal(document?.advert_details.locations.length, isDetail ? 1 : 0, `${label} ${value}`)
    t.equal(report.coverage.percent, 100)
  }
  // Copied as text, as long as there are two.
  const copied = (...lines: string[]) =>
    imported(['Tester', ...lines, 'JOB PURPOSE', 'You test.'].join('\n\n')).document
  t.same(
    detailsIn(copied('Salary', '£30,000', 'And a pension.', 'Job grade', 'SEO', 'Location', 'Leeds, York, Hull')),
    {
      grades: ['SEO'],
      salary: pay('£30,000', 30_000, 30_000),
      locations: [place('Leeds'), place('York'), place('Hull')],
    },
  )
  t.same(detailsIn(copied('Location', 'Leeds')), { grades: [] })
  t.same(detailsIn(copied('Team', 'Location', 'Salary')), { grades: [] })
  t.end()
})

t.test(
  'labels of adverts of hospitals, universities and councils, and terms that stand under the label of others',
  t => {
    for (const [lines, expected] of [
      [
        ['Site: Royal Infirmary', 'Post ref: C9123-26', 'Rate of pay: £12.60 per hour', 'Number of jobs available: 2'],
        {
          locations: [place('Royal Infirmary')],
          reference_number: 'C9123-26',
          salary: { ...pay('£12.60 per hour', 12.6), period: 'hour' },
          additional: ['Number of jobs available: 2'],
        },
      ],
      [['Site: https://www.example.org'], { additional: ['Site: https://www.example.org'] }],
      [['Location: main site: Leeds'], { locations: [place('main site: Leeds')] }],
      [
        ['Faculty: Science', 'Contract basis: Open-ended', 'Immediate manager: Ann', 'Closing: 3 May'],
        {
          business_area: 'Science',
          contract_types: ['permanent'],
          reports_to: 'Ann',
          additional: ['Closing: 3 May'],
        },
      ],
      [['Contract: Part time'], { working_patterns: ['part_time'] }],
      [['Contract: Permanent, full time'], { contract_types: ['permanent'], working_patterns: ['full_time'] }],
      [['Working pattern: Full-time, fixed term'], { contract_types: ['fixed_term'], working_patterns: ['full_time'] }],
      [['Contract: Fixed term: 23 months'], { contract_types: ['fixed_term'], additional: ['Contract: 23 months'] }],
      [['Contract: 12 months fixed-term'], { contract_types: ['fixed_term'], additional: ['Contract: 12 months'] }],
      [
        ['Contract: Fixed-term until May'],
        { contract_types: ['fixed_term'], additional: ['Contract: Fixed-term until May'] },
      ],
      [['Grade: Level 7'], { additional: ['Grade: Level 7'] }],
      [['**Apply before 11:55 pm on:** 3 May'], { additional: ['Apply before 11:55 pm on: 3 May'] }],
    ] as const) {
      const forms = [`# Tester\n\n${lines.join('\n')}\n\n${body}`]
      if (lines.length > 1) {
        const rows = lines.map(line => line.replace(/^([^:]+): (.+)$/, '<dt>$1</dt><dd>$2</dd>'))
        forms.push(
          `<h1>Tester</h1><dl>${rows.join('')}</dl><h2>Job purpose</h2><p>You test.</p><h2>Duties</h2><p>Test.</p>`,
        )
      }
      for (const [at, source] of forms.entries()) {
        const { document, report } = imported(source, at > 0 ? 'text/html' : 'text/markdown')
        t.same(detailsIn(document), { grades: [], ...expected }, source)
        t.same([report.coverage.percent, document?.sections.length], [100, 2], source)
      }
    }
    const read = imported(`# Tester\n\nContract: Part time\nGrade: SEO\n\n${body}`).report.recognised
    t.match(read.advert_details[0], { label: 'Contract', member: 'working_patterns', value: 'Part time' })
    const site = imported(`# Tester\n\n${body}\n**Site**\n\nIt has two gates.\n`).document?.sections.at(-1)
    t.match(site?.blocks.slice(-2), [{ type: 'subheading', text: 'Site' }, { type: 'paragraph' }])
    t.end()
  },
)

t.test('criteria of an advert: sentences over its lists, and lines of a paragraph', t => {
  const technical = '<h2>Technical skills</h2><p>We assess these:</p><ul><li>Programming</li></ul>'
  for (const [essential, desirable] of [
    ['<p>It is essential that you have:</p>', '<p>It is desirable that you have:</p>'],
    ['<p><b>Essential</b></p>', '<p><b>Desirable criteria</b></p>'],
  ])
    for (const [form, list, only] of [
      ['lists', '<ul><li>Python</li><li>SQL</li></ul>', '<ul><li>Spark</li></ul>'],
      ['lines', '<p>Python<br>SQL</p>', '<p>Spark</p>'],
    ]) {
      const { document, report } = imported(
        `<h1>Tester</h1><h2>Job description</h2><p>You'll be responsible for:</p><ul><li>Tests</li></ul><h2>Person specification</h2>${essential}${list}${desirable}${only}${technical}`,
        'text/html',
      )
      t.same(
        document?.skills.map(({ statement, importance }) => [statement, importance]),
        [
          ['Python', 'essential'],
          ['SQL', 'essential'],
          ['Spark', 'desirable'],
          ['Programming', null],
        ],
        `${essential} ${form}`,
      )
      t.equal(document?.sections[0]?.kind, 'responsibilities')
      t.same([report.coverage.percent, report.losses], [100, []])
    }
  const sentence =
    '<p><b>Essential</b></p><p>You will have tested many things, and told many people what you found.</p>'
  const { document } = imported(`<h1>Tester</h1><h2>Person specification</h2>${sentence}`, 'text/html')
  t.same(document?.skills, [], 'a sentence is no list')
  t.end()
})

t.test('text that was copied from a page without empty lines has its lines', t => {
  const lines = [
    'Policy officer',
    'Grade: HEO',
    'Location: Leeds',
    'Contact: Ann',
    '',
    'Job reference',
    '12345',
    'Working pattern',
    'Full-time',
    'About the role',
    'You will work with a team of many people in the north of England who write policy for',
    'ministers.',
    'What you will do',
    'You will write.',
    'Person specification',
    'Essential criteria:',
    'Clear writing',
    'Clear speech',
    'Benefits',
    'A pension.',
  ]
  const found = imported(`${lines.join('\n')}\n`)
  t.equal(found.document?.title, 'Policy officer')
  t.same(detailsIn(found.document), {
    grades: ['HEO'],
    locations: [place('Leeds')],
    reference_number: '12345',
    working_patterns: ['full_time'],
    additional: ['Contact: Ann'],
  })
  t.same(outlineOf(found), [
    'role_summary: paragraph',
    'responsibilities: paragraph',
    'person_specification: paragraph, skills',
    'benefits: paragraph',
  ])
  t.equal(found.document?.skills.length, 2)
  // Words of a text that was wrapped are none, nor is one word among others.
  for (const text of [
    'You work with a team of many people in the north of England who ask for\nSkills\nand love of the work.',
    'We ask for a love of the work that is done here, and with it for all of your\nRequired skills\nIn May.',
    'Tools\nSkills\nKnowledge\nExperience',
  ])
    t.equal(imported(`# Tester\n\n## Job purpose\n\n${text}\n`).document?.sections.length, 1, text)
  t.end()
})

t.test('bold words that name a section before its text are its heading, and no advert details', t => {
  const details = '**Grade:** G6\n\n**Qualifications:** A degree\n\n**Location:** Leeds\n\n'
  for (const [form, between] of [
    ['paragraphs', '\n\n'],
    ['lines', '\n'],
  ] as const)
    for (const above of ['', details]) {
      const lines = ['**Purpose:** Leads forty.', '**Responsibilities:** Sets strategy; owns budget.'].join(between)
      const result = imported(`# Tester\n\n${above}${lines}\n\n**Requirements**\n\n- SQL\n- Git\n`)
      t.same(
        result.document?.sections.map(({ kind, heading }) => [kind, heading]),
        [
          ['role_summary', 'Purpose'],
          ['responsibilities', 'Responsibilities'],
          ['skills_experience', 'Requirements'],
        ],
        form,
      )
      const read = { grades: ['G6'], locations: [place('Leeds')], additional: ['Qualifications: A degree'] }
      t.same(detailsIn(result.document), above === '' ? { grades: [] } : read, form)
      t.equal(result.report.coverage.percent, 100)
    }
  const within = imported(`# Tester\n\n## About the role\n\n**Background:** we are new.\n\n${body}`).document
  t.equal(within?.sections[0]?.heading, 'About the role', 'below a heading they are a text of its section')
  t.end()
})

t.test('labels and headings in Welsh, alone and on either side of the English ones', t => {
  const page = (
    lines: [welsh: string, english: string, value: string][],
    both: (welsh: string, english: string) => string,
  ) =>
    `${lines.map(([welsh, english, value]) => `**${both(welsh, english)}:** ${value}`).join('\n\n')}\n\n## ${both('Pwrpas y swydd', 'Purpose of the role')}\n\nYou test.\n\n## ${both('Prif gyfrifoldebau', 'Main responsibilities')}\n\n- Test\n\n## ${both('Manyleb y person', 'Person specification')}\n\n### ${both('Hanfodol', 'Essential')}\n\n- SQL\n\n### ${both('Dymunol', 'Desirable')}\n\n- R\n`
  const lines: [string, string, string][] = [
    ['Teitl y swydd', 'Job title', 'Profwr / Tester'],
    ['Gradd', 'Grade', 'HEO'],
    ['Cyflog', 'Salary', '£32,460'],
    ['Lleoliad', 'Location', 'Caernarfon'],
    ['Patrwm gweithio', 'Working pattern', 'Llawn amser / Full-time'],
    ['Gofynion', 'Needs', 'Cymraeg'],
  ]
  for (const [form, both] of [
    ['Welsh first', (welsh: string, english: string) => `${welsh} / ${english}`],
    ['English first', (welsh: string, english: string) => `${english}/${welsh}`],
    ['Welsh', (welsh: string) => welsh],
  ] as const) {
    const heading = form === 'Welsh' ? 'DISGRIFIAD SWYDD' : 'Disgrifiad swydd / Job description'
    const { document, report } = imported(`# ${heading}\n\n${page(lines, both)}`)
    t.equal(document?.title, 'Profwr / Tester', form)
    t.same(
      detailsIn(document),
      {
        grades: ['HEO'],
        salary: pay('£32,460', 32_460),
        locations: [place('Caernarfon')],
        working_patterns: ['full_time'],
        additional: [`${both('Gofynion', 'Needs')}: Cymraeg`],
      },
      form,
    )
    t.same(
      document?.sections.map(({ kind }) => kind),
      ['role_summary', 'responsibilities', 'person_specification'],
      form,
    )
    t.same(
      document?.skills.map(({ importance }) => importance),
      ['essential', 'desirable'],
      form,
    )
    t.equal(report.coverage.percent, 100)
  }
  const titles = [
    ['Swydd Ddisgrifiad: Profwr', 'Profwr'],
    ['Amlinelliad / Job description', 'Amlinelliad / Job description'],
  ]
  for (const [heading, title] of titles) t.equal(imported(`# ${heading}\n\n${body}`).document?.title, title)
  const differ = imported(`# Tester\n\n**Team / Location:** Leeds\n\n${body}`).document
  t.same(detailsIn(differ), { grades: [], additional: ['Team / Location: Leeds'] }, 'two labels are not one')
  t.end()
})

t.test(
  'a value in double angles, a date of signs or a value that does not apply is null; heads of a table are no row',
  t => {
    for (const value of ['&lt;&lt;REF&gt;&gt;', 'xx/xx/2026', 'dd/mm/2026', '01/xx/2026', 'N/A', 'Not applicable']) {
      const result = imported(
        `<h1>Tester</h1><p><b>Job ref:</b> ${value}</p><h2>Job purpose</h2><p>You test.</p>`,
        'text/html',
      )
      t.same(detailsIn(result.document), { grades: [] }, value)
      t.match(warningOf(result, 'placeholder'), { pointer: '/advert_details/reference_number' }, value)
      t.equal(result.report.coverage.percent, 100, value)
    }
    const angles = imported(`# Tester\n\n**Job ref:** <<REF>>\n\n${body}`)
    t.same(detailsIn(angles.document), { grades: [] }, 'in Markdown too')
    t.same(detailsIn(imported(`# Tester\n\n**Job ref:** 01/02/2026\n\n${body}`).document), {
      grades: [],
      reference_number: '01/02/2026',
    })
    const head = imported(
      `# Tester\n\n| Field | Detail |\n| --- | --- |\n| Grade | SEO |\n| Location | Leeds |\n\n${body}`,
    )
    t.same(detailsIn(head.document), { grades: ['SEO'], locations: [place('Leeds')] })
    t.equal(head.report.coverage.percent, 100)
    t.end()
  },
)
