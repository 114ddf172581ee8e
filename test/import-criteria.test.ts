// How much criteria matter in documents of other houses: by tables, headings, marks and ticks.
import t from 'tap'
import { importFile } from '../src/imports/import.ts'
import { wordType } from '../src/imports/source/scan.ts'
import { contextOf, imported, outlineOf, warningOf } from './support/documents.ts'
import { bold, paragraph, run, table, wordFile } from './support/word.ts'
import { workMs } from './support/work.ts'

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

t.test('a table of criteria with numbers, groups and marks: the criterion is the skill', async t => {
  type Read = Awaited<ReturnType<typeof importFile>>
  const said = ({ document }: Read) =>
    document?.skills.map(({ importance, statement }) => `${importance}: ${statement}`)
  const markdown = (...rows: string[]) =>
    imported(
      `# Nurse\n\n## Person specification\n\n${[rows[0], rows[0]?.replace(/[^|]+/g, '-'), ...rows.slice(1)].join('\n')}\n`,
    )
  const degree = 'essential: Qualifications: Degree'
  const phd = 'desirable: Qualifications: PhD'
  for (const [rows, expected] of [
    [
      ['|Ref|Criterion|Essential/Desirable|Assessed at|', '|E1|Degree|Essential|Sift|', '|D1|PhD|Desirable|Sift|'],
      ['essential: Degree (E1, Sift)', 'desirable: PhD (D1, Sift)'],
    ],
    [
      ['|Attribute|Criteria|E/D|', '|Qualifications|Degree|E|', '|Qualifications|PhD|D|', '|Skills|Care|E|'],
      [degree, 'essential: Skills: Care', phd],
    ],
    [
      ['|What|How assessed|E/D|', '|Degree|Form|E|', '|PhD|Test|D|'],
      ['essential: Degree (Form)', 'desirable: PhD (Test)'],
    ],
    [
      ['|Criterion|Essential|Desirable|', '|Degree|✓||', '|PhD||✓|'],
      ['essential: Degree', 'desirable: PhD'],
    ],
    [
      ['|Area|Criterion|Essential|Desirable|', '|Qualifications|Degree|X|-|', '|Qualifications|PhD|-|X|'],
      [degree, phd],
    ],
    [
      ['|E/D|Criterion|', '|E|Degree|', '|D|PhD|'],
      ['essential: Degree', 'desirable: PhD'],
    ],
    [
      ['|Criterion|Essential|Desirable|', '|Degree|E||', '|PhD||Desirable|'],
      ['essential: Degree', 'desirable: PhD'],
    ],
    [
      ['|Knowledge of|E|D|', '|Degree|✓||', '|PhD||✓|'],
      ['essential: Degree', 'desirable: PhD'],
    ],
    [
      ['|Criterion|Essential|Desirable|', '|Degree|1||', '|PhD|0|1|'],
      ['essential: Degree', 'desirable: PhD'],
    ],
    [
      ['|Criterion|E|D|Interview|Weight|', '|Degree|1||0|1|', '|PhD||1|1|1|'],
      ['essential: Degree (1)', 'desirable: PhD (Interview, 1)'],
    ],
    [
      ['|Criterion|Essential|Desirable|', '|Degree|High||', '|PhD||low|', '|Care|3||'],
      ['essential: Degree (High)', 'essential: Care (3)', 'desirable: PhD (low)'],
    ],
    [
      ['|Area|Essential|Desirable|', '|Qualifications|1 A level|Degree|', '|Skills|3 years|High marks|'],
      [
        'essential: Qualifications: 1 A level',
        'essential: Skills: 3 years',
        'desirable: Qualifications: Degree',
        'desirable: Skills: High marks',
      ],
    ],
  ] as const) {
    const result = markdown(...rows)
    t.same(said(result), expected, rows[0])
    t.same(outlineOf(result), ['person_specification: subheading, skills, subheading, skills'], rows[0])
    t.equal(result.report.coverage.percent, 100, rows[0])
  }
  const html = imported(
    '<h1>Nurse</h1><h2>Person specification</h2><table><tr><th colspan="2">Criteria</th><th>Essential</th><th>Desirable</th></tr><tr><td rowspan="2">Qualifications</td><td>Degree</td><td>X</td><td></td></tr><tr><td>PhD</td><td></td><td>X</td></tr><tr><td colspan="4">Prepared by: Jo, May</td></tr></table>',
    'text/html',
  )
  t.same(said(html), [degree, phd], 'cells that span several')
  t.same(outlineOf(html), ['person_specification: subheading, skills, subheading, skills, paragraph'])
  t.equal(html.report.coverage.percent, 100)
  t.match(warningOf(html, 'criterion_not_read'), { excerpt: 'Prepared by: Jo, May' })
  const cell = (text: string, properties = '') => `<w:tc><w:tcPr>${properties}</w:tcPr>${paragraph(text)}</w:tc>`
  const spans = '<w:gridSpan w:val="2"/>'
  const rows = [
    cell('Criteria', spans) + cell('Essential') + cell('Desirable'),
    cell('Qualifications', '<w:vMerge w:val="restart"/>') + cell('Degree') + cell('X') + cell(''),
    cell('', '<w:vMerge/>') + cell('PhD') + cell('') + cell('X'),
  ].map(cells => `<w:tr>${cells}</w:tr>`)
  const body = `${bold('Nurse')}${bold('Person specification')}<w:tbl>${rows.join('')}</w:tbl>${paragraph('')}`
  t.same(said(await importFile(wordFile(body), wordType, contextOf())), [degree, phd], 'of a Word file')
  const most = markdown('|Criterion|E/D|', '|Degree|E|', '|PhD|D|', '|Tact||')
  t.same(said(most), ['essential: Degree', 'desirable: PhD'], 'a row without a mark')
  t.match(warningOf(most, 'criterion_not_read'), { excerpt: 'Tact' })
  for (const rows of [
    ['|Clinic|D|E|', '|Leeds|–|D|', '|York|E||'],
    ['|Ward|Shift|', '|Leeds|E|', '|York|D|', '|Hull|N|', '|Bath|L|'],
  ])
    t.same(outlineOf(markdown(...rows)), [`person_specification: list ${rows.length}`])
  const both = markdown('|Criterion|Essential|Desirable|', '|Degree|X||', '|PhD|X|X|')
  t.same(said(both), ['essential: Degree', 'essential: PhD'], 'marks in both columns')
  t.match(warningOf(both, 'criterion_unsure'), { severity: 'repair', excerpt: 'PhD' })
  t.equal(both.report.coverage.percent, 100)
  const weighed = markdown('|Criterion|Essential|Desirable|', '|Degree|1|2|', '|PhD|3|5|')
  t.same(said(weighed), [], 'weights in both columns say nothing')
  t.match(warningOf(weighed, 'criterion_not_read'), { excerpt: 'Degree 1 2' })
  const wide = `<table>${'<tr><td colspan="100000" rowspan="100000">a</td><td>E</td></tr>'.repeat(200)}</table>`
  t.ok(imported(`<h1>A</h1><h2>Duties</h2>${wide}`, 'text/html').document, 'spans have a limit')
})

t.test('a row or heading that says how much skills matter holds them', async t => {
  const row = (cells: string[]) => table([cells])
  const criteria = (...lines: string[]) => lines.map(line => paragraph(line)).join('')
  const file = wordFile(
    `${bold('Officer')}${bold('Key tasks')}${paragraph('Audit')}${row(['Essential', criteria('Care', 'Reports')])}${paragraph('')}`,
  )
  const word = await importFile(file, wordType, contextOf())
  t.same(outlineOf(word), ['responsibilities: paragraph', 'skills_experience: skills'])
  t.same(
    word.document?.skills.map(({ importance, statement }) => [importance, statement]),
    [
      ['essential', 'Care'],
      ['essential', 'Reports'],
    ],
  )
  const headed = imported(
    '# Tester\n\n## Duties\n\nTest.\n\n## Skills & experience – essential\n\n- SQL\n\n## Skills & experience – desirable\n\n- Go\n',
  )
  t.same(
    headed.document?.skills.map(({ importance, statement }) => [importance, statement]),
    [
      ['essential', 'SQL'],
      ['desirable', 'Go'],
    ],
  )
})

t.test('a column of criteria beside one that says how each is assessed: its head is no skill', async t => {
  const body = '# Tester\n\n## The role\n\nTest.\n\n## Person specification\n\n'
  for (const [heads, row, skill] of [
    ['Essential criteria | How assessed', 'SQL | Sift', 'SQL (Sift)'],
    ['No. | Essential criteria | A/I/T', '1 | SQL | A/I', 'SQL (1, A/I)'],
  ] as const) {
    const rule = `|${' --- |'.repeat(heads.split('|').length)}`
    const { document, report } = imported(`${body}| ${heads} |\n${rule}\n| ${row} |\n`)
    t.same(
      document?.skills.map(({ importance, statement }) => [importance, statement]),
      [['essential', skill]],
      heads,
    )
    t.same([report.losses, report.coverage.percent], [[], 100])
  }
})

t.test('a table of criteria: ticks beside say the heads of their columns, and a break in a cell parts criteria', t => {
  const read = (...rows: string[]) =>
    imported(`# Assistant\n\n## Duties\n\n- Care\n\n## Person specification\n\n${rows.join('\n')}\n`)
  for (const [rows, expected] of [
    [
      [
        '| Criteria | Essential | Desirable | Application | Interview |',
        '| --- | --- | --- | --- | --- |',
        '| GCSE | ✓ | | ✓ | – |',
        '| Award | | ✓ | ✓ | ✓ |',
        '| Care | ✓ | | | ✓ |',
      ],
      ['essential GCSE (Application)', 'essential Care (Interview)', 'desirable Award (Application, Interview)'],
    ],
    [
      [
        '| Criteria | Essential | Desirable | How assessed |',
        '| --- | --- | --- | --- |',
        '| Qualifications | BSc<br>2 A-levels | Course<br>or the like | A/C |',
        '| Skills | “Agile” work<br>Lean | | I |',
      ],
      [
        'essential Qualifications: BSc (A/C)',
        'essential Qualifications: 2 A-levels (A/C)',
        'essential Skills: “Agile” work (I)',
        'essential Skills: Lean (I)',
        'desirable Qualifications: Course or the like (A/C)',
      ],
    ],
    [
      [
        '| Application | Criteria | Essential | Desirable | Interview |',
        '| --- | --- | --- | --- | --- |',
        '| ✓ | GCSE | ✓ | | ✓ |',
        '| | Award | | ✓ | ✓ |',
        '| ✓ | Care | ✓ | | |',
      ],
      ['essential GCSE (Application, Interview)', 'essential Care (Application)', 'desirable Award (Interview)'],
    ],
  ] as const) {
    const { document, report } = read(...rows)
    t.same(
      document?.skills.map(({ importance, statement }) => `${importance} ${statement}`),
      expected,
    )
    t.same([report.losses, report.coverage.percent], [[], 100])
  }
  t.end()
})

t.test(
  'lines of a cell of criteria: each is one where it begins or ends as one, and what goes on is a part of it',
  t => {
    for (const [cell, expected, isUnsure] of [
      ['degree;<br>registration;<br>licence.', ['degree;', 'registration;', 'licence.']],
      ['Drives a car.<br>first aid', ['Drives a car.', 'first aid']],
      ['Knowledge of care<br>values<br>MBA', undefined, true],
      [
        'Knowledge of the<br>NHS and<br>its values<br>for patients<br>MBA',
        ['Knowledge of the NHS and its values for patients', 'MBA'],
      ],
      ['BSc<br>or the like<br>MBA', ['BSc or the like', 'MBA']],
      ['Numeracy and<br>Literacy', ['Numeracy and Literacy']],
      ['degree in nursing<br>registration', undefined, true],
      ['Able to lead a team<br>six strong', undefined, true],
      ['Word,<br>Excel', ['Word,', 'Excel']],
      ['degree', ['degree']],
    ] as const) {
      const found = imported(
        `# Nurse\n\n## Duties\n\n- Care\n\n## Person specification\n\n|Area|Essential|Desirable|\n|-|-|-|\n|Q|${cell}|SQL|\n`,
      )
      const own = found.document?.skills.filter(({ importance }) => importance === 'essential')
      const whole = [cell.replaceAll('<br>', ' ')]
      t.same(
        own?.map(({ statement }) => statement.replace('Q: ', '')),
        expected ?? whole,
        cell,
      )
      t.equal(warningOf(found, 'criterion_unsure')?.excerpt, isUnsure ? whole[0] : undefined, cell)
      t.equal(found.report.coverage.percent, 100, cell)
    }
    t.end()
  },
)

t.test('criteria in groups of which each has its own are one list of each importance, behind their headings', t => {
  const group = (name: string, essential: string, desirable?: string) =>
    `### ${name}\n\n#### Essential\n\n- ${essential}\n\n${desirable ? `#### Desirable\n\n- ${desirable}\n\n` : ''}`
  const read = (groups: string) => imported(`# Coder\n\n## The role\n\nCode.\n\n## Person specification\n\n${groups}`)
  const found = read(
    group('Qualifications', 'Coder’s certificate', 'Auditor') +
      group('Experience:', 'Five years\n- **Staff**', 'Audit') +
      group('Skills', 'Excel'),
  )
  t.same(
    found.document?.skills.map(({ importance, statement }) => `${importance} ${statement}`),
    [
      'essential Qualifications: Coder’s certificate',
      'essential Experience: Five years',
      'essential Experience: **Staff**',
      'essential Skills: Excel',
      'desirable Qualifications: Auditor',
      'desirable Experience: Audit',
    ],
  )
  t.equal(outlineOf(found)[1], 'person_specification: subheading, skills, subheading, skills')
  t.match(warningOf(found, 'criteria_parted'), { severity: 'repair', excerpt: 'Qualifications' })
  t.same([found.report.losses, found.report.coverage.percent], [[], 100])

  // One group alone, groups with nested items, behaviours, and a heading that is a link keep their form.
  for (const [groups, count] of [
    [group('Experience', 'Five years', 'Audit'), 1],
    [group('Qualifications', 'Certificate\n  - of 2020') + group('Experience', 'Five years'), 1],
    [group('Delivering at Pace', 'Work fast') + group('Working Together', 'Share'), 1],
    [group('[Qualifications](https://example.org)', 'Certificate') + group('Experience', 'Five years'), 1],
  ] as const) {
    const kept = read(groups)
    t.equal(warningOf(kept, 'criteria_parted'), undefined, groups)
    t.equal(kept.document?.skills.filter(({ importance }) => importance === 'essential').length, count, groups)
    t.same([kept.report.losses, kept.report.coverage.percent], [[], 100], groups)
  }
  t.end()
})

t.test(
  'groups of a person specification: each with what is essential and desirable, or below it, in every dress',
  t => {
    const line = (text: string) => `${text}\n\n`
    const dresses: [string, (text: string) => string, (text: string) => string][] = [
      ['headings', text => line(`### ${text}`), text => line(`#### ${text}`)],
      ['bold lines', text => line(`**${text}**`), text => line(`${text}:`)],
      ['plain lines', line, line],
    ]
    const items = (text: string) => line(`- ${text}`)
    for (const [name, outer, inner] of dresses)
      for (const criteria of [
        `${outer('Qualifications')}${inner('Essential')}${items('Degree')}${inner('Desirable')}${items('MSc')}${outer('Other')}${inner('Essential')}${items('Car')}`,
        ...(name === 'plain lines'
          ? []
          : [
              `${outer('Essential')}${inner('Qualifications')}${items('Degree')}${inner('Other')}${items('Car')}${outer('Desirable')}${inner('Qualifications')}${items('MSc')}`,
            ]),
      ]) {
        const head = name === 'headings' ? '## Person specification' : '**Person specification**'
        const { document, report } = imported(`# Planner\n\nYou plan.\n\n${head}\n\n${criteria}`)
        t.same(
          document?.skills.map(({ importance, statement }) => `${importance} ${statement}`),
          ['essential Qualifications: Degree', 'essential Other: Car', 'desirable Qualifications: MSc'],
          `${name}: ${criteria}`,
        )
        t.same([report.losses, report.coverage.percent], [[], 100])
      }
    t.end()
  },
)

t.test('items that say by themselves whether they are essential or desirable are skills of that importance', t => {
  const read = (...lines: string[]) =>
    imported(`# Tester\n\n## The role\n\nTest.\n\n## Person specification\n\n${lines.join('\n')}\n`)
  const skillsOf = ({ document }: ReturnType<typeof read>) =>
    document?.skills.map(({ importance, statement }) => `${importance}: ${statement}`)
  for (const [sql, go] of [
    ['SQL (E)', 'Go (D)'],
    ['[E] SQL', '[D] Go'],
    ['SQL **(Essential)**', 'Go *(desirable)*'],
    ['SQL – Essential', 'Go – Desirable'],
    ['E: SQL', 'D: Go'],
    ['SQL (hanfodol)', 'Go (dymunol)'],
    ['SQL: essential', 'Go: desirable'],
    ['SQL – E', 'Go – D'],
    ['**SQL (E)**', '[Go](https://go.dev) [D].'],
  ] as const) {
    const found = read(`- ${sql}`, `- ${go}`)
    t.same(
      skillsOf(found)?.map(skill => skill.replace(/\*\*|\[|\]\(.*/g, '')),
      ['essential: SQL', 'desirable: Go'],
      sql,
    )
    t.same(outlineOf(found)[1], 'person_specification: subheading, skills, subheading, skills')
    t.same([found.report.losses, found.report.coverage.percent], [[], 100])
    t.equal(warningOf(found, 'criteria_parted')?.severity, 'repair')
  }
  const further = read('**Essential**', '', '- SQL', '', '**Other desirable criteria**', '', '- Go')
  t.same(skillsOf(further), ['essential: SQL', 'desirable: Go'])
  // So are lines without a bullet, of which one alone may be anything.
  t.same(skillsOf(read('E - SQL', 'E - Go', '', 'D - Excel')), ['essential: SQL', 'essential: Go', 'desirable: Excel'])
  t.same(skillsOf(read('E - SQL', '', 'We ask for these.')), [])
  // Groups go before each criterion, as those of a table do; what says how each is assessed stays.
  t.same(skillsOf(read('### Knowledge', '- SQL (E, A/I)', '- Go (D)', '### Skills', '- Excel (E)', '- Word (D)')), [
    'essential: Knowledge: SQL (A/I)',
    'essential: Skills: Excel',
    'desirable: Knowledge: Go',
    'desirable: Skills: Word',
  ])
  t.same(skillsOf(read('- SQL (E) (A/I)', '- Go - Desirable (A)', '- Tact [Essential – A, I]')), [
    'essential: SQL (A/I)',
    'essential: Tact (A, I)',
    'desirable: Go (A)',
  ])
  // Bold lines, be they names of sections, are groups of the person specification where their items say it in words.
  t.same(
    skillsOf(
      read('**Experience**', '', '- SQL (essential)', '', '**Knowledge**', '', '- Go (desirable)', '', 'Women only.'),
    ),
    ['essential: Experience: SQL', 'desirable: Knowledge: Go'],
  )
  const bare = imported(
    '# Tester\n\n**Job purpose**\n\nTest.\n\n**Person specification**\n\n**Experience**\n\n- SQL (essential)\n\n**Knowledge**\n\n- Go (desirable)\n\n**Benefits**\n\n- Tea\n',
  )
  t.same(skillsOf(bare), ['essential: Experience: SQL', 'desirable: Knowledge: Go'], 'all of them in bold')
  t.equal(outlineOf(bare).length, 3)
  for (const lines of [
    ['**Experience**', '', '- SQL (essential)', '', '**Knowledge**', '', '- Go'],
    ['**Experience**', '', '- SQL', '', '## Knowledge', '', '- Go (desirable)'],
    ['**Experience**', '', '- SQL (essential)', '', '**Benefits**', '', '- Tea (desirable)'],
  ])
    t.equal(outlineOf(read(...lines)).length, 3, lines.join(' '))
  const most = read('- SQL (E)', '- Go (D)', '- Tact')
  t.same(skillsOf(most), ['essential: SQL', 'desirable: Go'])
  t.same(outlineOf(most)[1], 'person_specification: list 1, subheading, skills, subheading, skills')
  t.match(warningOf(most, 'criterion_not_read'), { excerpt: 'Tact', line: 11 })
  t.same(skillsOf(read('- SQL (E)', '- Go (E)', '- Tests (D)', '- D - Day planning', '- Tact')), [
    'essential: SQL',
    'essential: Go',
    'desirable: Tests',
  ])
  t.equal(warningOf(read('- (c) SQL', '- (d) Go'), 'criterion_mark_not_read'), undefined, 'numbers of items')
  t.match(warningOf(read('- Vitamin (D)', '- SQL'), 'criterion_mark_not_read'), { excerpt: 'Vitamin (D)', line: 9 })
  // A word counts for its item alone, a letter where most items have one.
  const partly = read('- SQL', '- Go (desirable)')
  t.same(skillsOf(partly), ['desirable: Go'])
  t.same(outlineOf(partly)[1], 'person_specification: list 1, subheading, skills')
  for (const lines of [
    ['- Vitamin (D)', '- SQL'],
    ['- SQL (E)'],
    ['- Essential: SQL. Desirable: Go'],
    ['- Being kind is essential', '- Tact is desirable'],
  ])
    t.same([skillsOf(read(...lines)), outlineOf(read(...lines))[1]], [[], `person_specification: list ${lines.length}`])
  const duties = imported('# Tester\n\n## Duties\n\n- Test (D)\n- Run (E)\n')
  t.same(outlineOf(duties), ['responsibilities: list 2'], 'elsewhere a letter is no mark')
  const start = workMs()
  read(`- ${'(E) '.repeat(25_000)}`, `- ${'– '.repeat(50_000)}E`)
  t.ok(workMs() - start < 5000, 'in bounded time')
  t.end()
})

t.test('criteria that are numbered below the line that says how much they matter', t => {
  const read = (text: string) => imported(`# Tester\n\n## Summary\n\nTest.\n\n## Person specification\n\n${text}\n`)
  const skills = ['essential: A PhD in law.', 'essential: Tact', 'desirable: A licence.']
  const skillsOf = ({ document }: ReturnType<typeof read>) =>
    document?.skills.map(({ importance, statement }) => `${importance}: ${statement}`)
  for (const text of [
    '### Essential criteria\n\nE1. A PhD in law.\n\nE2. Tact\n\n### Desirable criteria\n\nD1. A licence.',
    '**Essential criteria**\n\nE1) A PhD in law.\n\nE2) Tact\n\n**Desirable criteria**\n\nD1) A licence.',
    'Essential\n\nE1: A PhD in law.\nE2: Tact\n\nDesirable\n\nD1: A licence.',
  ]) {
    const found = read(text)
    t.same(skillsOf(found), skills, text)
    t.same([found.report.coverage.percent, found.report.losses], [100, []])
    t.equal(warningOf(found, 'list_recognised')?.severity, 'repair')
  }
  for (const text of [
    '### Essential criteria\n\nE1 is the lowest grade.\n\nE2 is next.',
    '### Essential criteria\n\nD1. A PhD in law.\n\nD2. Tact',
    '### Grades\n\nE1. A clerk.\n\nE2. A manager.',
    '### Essential criteria\n\nE3. A PhD in law.\n\nE9. Tact',
  ])
    t.same([skillsOf(read(text)), outlineOf(read(text))[1]?.includes('list')], [[], false], text)
  const gap = read('### Essential criteria\n\nE1. A PhD in law.\n\nE3. Tact')
  t.same(skillsOf(gap), ['essential: A PhD in law.'])
  t.match(warningOf(gap, 'criterion_mark_not_read'), { severity: 'advice', excerpt: 'E3. Tact', line: 13 })
  t.end()
})

t.test('ticks of all fonts and kinds in columns of criteria', async t => {
  const heads = ['Criteria', 'Essential', 'Desirable']
  const skillsOf = (result: ReturnType<typeof imported>) =>
    result.document?.skills.map(({ importance, statement }) => `${importance}: ${statement}`)
  const expected = ['essential: HTML', 'essential: CSS', 'desirable: Go']
  const page = (tick: string, blank: string, columns = heads) => {
    const rows = [columns, ['HTML', tick, blank], ['CSS', tick, blank], ['Go', blank, tick]]
    const cells = rows.map(row => `<tr>${row.map(cell => `<td>${cell}</td>`).join('')}</tr>`)
    return imported(
      `<h1>Tester</h1><h2>Duties</h2><p>Test.</p><h2>Person specification</h2><table>${cells.join('')}</table>`,
      'text/html',
    )
  }
  const wingdings = (letter: string, font = 'Wingdings') => `<span style="font-family: '${font}'">${letter}</span>`
  for (const [tick, blank] of [
    [wingdings('ü'), ''],
    [wingdings('&#xF0FC;'), wingdings('û')],
    [wingdings('þ'), wingdings('o')],
    [wingdings('P', 'Wingdings 2'), wingdings('£', 'Wingdings 2')],
    [wingdings('a', 'Webdings'), ''],
    ['✔️', '✗'],
    ['√', '-'],
    ['✅', '❌'],
    ['✗', ''],
    ['☒', '□'],
    ['\uf0fc', '\uf0a8'],
    ['<font face="Wingdings">ü</font>', ''],
    ['<p style="font-family:Wingdings">ü</p>', ''],
    [wingdings('Ö', 'Symbol'), ''],
  ] as const) {
    const found = page(tick, blank)
    t.same(skillsOf(found), expected, tick)
    t.same([found.report.losses, found.report.coverage.percent], [[], 100], tick)
  }
  t.same(skillsOf(page('✓', 'N/A')), expected, 'what does not apply is no criterion')
  t.same(skillsOf(page('✓', '', ['Criteria', 'E', 'D'])), expected, 'letters as heads')
  const assessed = ['essential: HTML (A/I)', 'essential: CSS (A/I)', 'desirable: Go (A/I)']
  for (const tick of ['✓ (A/I)', 'X A/I', 'A/I']) t.same(skillsOf(page(tick, '')), assessed, tick)
  const cell = imported(
    '<h1>Tester</h1><h2>Person specification</h2><table><tr><th>Criteria</th><th>Essential</th><th>Desirable</th></tr><tr><td>HTML</td><td style="font-family:Wingdings">ü</td><td></td></tr></table>',
    'text/html',
  )
  t.same(skillsOf(cell), ['essential: HTML'], 'a font of signs on the cell')
  t.same([cell.report.losses, cell.report.coverage.percent], [[], 100])
  t.same(skillsOf(page('✓', '', ['Criteria', 'Essential (E)', 'Desirable (D)'])), expected)
  const symbol = (char: string) => paragraph(`<w:r><w:sym w:font="Wingdings" w:char="${char}"/></w:r>`)
  const letter = (text: string) => paragraph(run(text, '<w:rFonts w:ascii="Wingdings" w:hAnsi="Wingdings"/>'))
  for (const [tick, blank] of [
    [symbol('F0FC'), paragraph('')],
    [symbol('F0FE'), symbol('F0A8')],
    [letter('ü'), letter('\uf0fb')],
  ] as const) {
    const cells = [heads, ['HTML', tick, blank], ['CSS', tick, blank], ['Go', blank, tick]]
    const body = `${bold('Tester')}${bold('Duties')}${paragraph('Test.')}${bold('Person specification')}${table(cells)}`
    const found = await importFile(wordFile(body), wordType, contextOf())
    t.same(skillsOf(found), expected, tick)
    t.same([found.report.losses, found.report.coverage.percent], [[], 100], tick)
  }
  const greek = imported(
    '<h1>Tester</h1><h2>Duties</h2><p>An <span style="font-family:Symbol">a</span> test</p>',
    'text/html',
  )
  t.match(greek.document?.sections[0]?.blocks, [{ text: 'An a test' }], 'letters of Symbol are letters')
  const typed = [...'ab'].map(text =>
    paragraph(`${run('ü', '<w:rFonts w:ascii="Wingdings"/>')}${run(` ${text} test`)}`),
  )
  const lists = await importFile(wordFile(`${bold('Tester')}${bold('Duties')}${typed.join('')}`), wordType, contextOf())
  t.same(outlineOf(lists), ['responsibilities: list 2'], 'before a text they make a list')
})

t.test('a sentence before a list says how much its skills matter', t => {
  const read = (text: string) => {
    const { document, report } = imported(`# Adviser\n\n## Summary\n\nYou advise.\n\n${text}\n`)
    t.equal(report.coverage.percent, 100, text)
    return document?.skills.map(({ importance, statement }) => `${importance}: ${statement}`)
  }
  const person = '## Person specification\n\n'
  for (const [text, expected] of [
    [
      `${person}You like change. Must haves:\n\n- SQL\n\nSome have more. Nice to haves:\n\n- Go`,
      ['essential: SQL', 'desirable: Go'],
    ],
    [
      '## Skills\n\nYou will be able to show:\n\n- SQL\n\nIt would be a bonus if you also have:\n\n- Go',
      ['essential: SQL', 'desirable: Go'],
    ],
    [
      `${person}**You must have:**\n\n- SQL\n\nIdeally, you’ll also have experience of:\n\n- Go`,
      ['essential: SQL', 'desirable: Go'],
    ],
    ['We would love to hear from you if you:\n\n- like people\n\nYou may also have:\n\n- Go', ['desirable: Go']],
    // It says it of the list below alone.
    [`${person}It would be a bonus if you also have:\n\n- Go\n\nWe offer:\n\n- tea`, ['desirable: Go']],
    [
      `${person}We are kind. To do this job well, you will need to:\n\n- write\n\nIt would be great, but is not essential, if you also:\n\n- sing`,
      ['essential: write', 'desirable: sing'],
    ],
    [
      '**You should have:**\n\n- SQL\n\n**It is desirable that you have:**\n\n- Go',
      ['essential: SQL', 'desirable: Go'],
    ],
    ['## You should have\n\n- SQL\n\n## It is desirable that you have\n\n- Go', ['essential: SQL', 'desirable: Go']],
    ['## You should have\n\n- SQL', ['null: SQL']],
    ['## What you’ll need\n\n- SQL\n\n## Even better if you have\n\n- Go', ['essential: SQL', 'desirable: Go']],
    [
      '## Skills\n\n### You’ll need\n\n- SQL\n\n### It would be nice if you had\n\n- Go',
      ['essential: SQL', 'desirable: Go'],
    ],
    [
      '**You must have**\n\n- SQL **(desirable)**\n\n**It would help if you had**\n\n- Go',
      ['null: SQL **(desirable)**', 'desirable: Go'],
    ],
    ['## Skills\n\n- SQL\n\n**Desirable**\n\n- Go', ['null: SQL', 'desirable: Go']],
    [`${person}To apply, you will need to:\n\n- write`, []],
    ['## Duties\n\nTo do this job well, you will need to:\n\n- write', []],
    [`${person}It would be great if you read this:\n\n- our plan`, []],
    [`${person}You must have these with you. Send:\n\n- a form`, []],
    ['## How to apply\n\nYou must also have:\n\n- a form', []],
    ['## Duties\n\nYou will need to have:\n\n- a meeting', []],
  ] as const)
    t.same(read(text), expected, text)
  t.end()
})

t.test(
  'a sentence on the person within the summary or the duties heads the list below it, where nothing else does',
  t => {
    const kinds = (text: string) =>
      imported(`# Adviser\n\n## Summary\n\n${text}\n`).document?.sections.map(({ kind, heading }) => [kind, heading])
    const sentence = 'We are looking for someone who:'
    const summary = ['role_summary', 'Summary']
    const found = ['person_specification', sentence]
    for (const [text, expected] of [
      [`You advise. ${sentence}\n\n- likes people`, [summary, found]],
      [
        `You advise.\n\n## Duties\n\n- Advise\n\n${sentence}\n\n- likes people`,
        [summary, ['responsibilities', 'Duties'], found],
      ],
      [`${sentence}\n\n- likes people\n\n## Skills\n\n- SQL`, [summary, ['skills_experience', 'Skills']]],
      [`${sentence}\n\n- likes people\n\n## About you\n\nKind.`, [summary, ['person_specification', 'About you']]],
      [`You advise.\n\n## Benefits\n\n${sentence}\n\n- likes tea`, [summary, ['benefits', 'Benefits']]],
      [`${sentence} people like.`, [summary]],
    ] as const)
      t.same(kinds(text), expected, text)
    t.end()
  },
)
