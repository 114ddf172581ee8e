// What documents of other houses say of skills: criteria, SFIA and behaviours.
import t from 'tap'
import { importFile } from '../src/imports/import.ts'
import { wordType } from '../src/imports/source/scan.ts'
import { contextOf, imported, outlineOf, warningOf } from './support/documents.ts'
import { bold, paragraph, wordFile } from './support/word.ts'

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
  for (const text of [
    '## Person\n\nCore competence – Leadership; Managing a Quality Service',
    '## Core competences\n\n- Leadership: you lead\n- Managing a quality service: well',
  ])
    t.same(under(text)?.behaviours, ['leadership', 'managing_a_quality_service'], text)
  t.same(under('## Ymddygiadau\n\n- Leadership: you lead')?.behaviours, ['leadership'], 'under a heading in Welsh')
  for (const text of [
    '## Ymddygiadau\n\n- Newid a Gwella\n- Gweithio gyda’n Gilydd: rydych yn helpu',
    "Ymddygiadau: Newid a gwella; Gweithio gyda'n gilydd",
    '## Ymddygiadau\n\nByddwn yn edrych ar Newid a Gwella, Gweithio gyda’n Gilydd.',
    '**Ymddygiadau:** Newid a Gwella; Gweithio gyda’n Gilydd\n\n**Gradd:** HEO',
  ])
    t.same(under(text)?.behaviours, ['changing_and_improving', 'working_together'], text)
  t.same(under('## Dyletswyddau\n\n- Cydweithio\n- Mae arweinyddiaeth yn bwysig')?.behaviours, [], 'words of every day')
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
    pointer: '/sections/1/blocks/0/items/1',
  })
  t.match(warningOf(partly, 'table_head_removed'), { line: 9, excerpt: 'Code, Skill, Level, Why' })
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
    [
      '## How to apply\n\nAt interview we will assess: Communicating and Influencing, Working Together and Leadership.',
      ['communicating_and_influencing', 'working_together', 'leadership'],
    ],
    ['## How to apply\n\nBehaviours: Leadership; Working Together', ['leadership', 'working_together']],
    ['## How to apply\n\nAt interview we will assess: how you use Leadership, Working Together', []],
    ['## How to apply\n\nYou are tested on your own: leadership, working together, delivering at pace', []],
    ['## How we work\n\nOur values: Leadership, Working Together', []],
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

t.test('several SFIA codes in a line: each has its own level, or the line stays', t => {
  const read = (...lines: string[]) => {
    const list = lines.map(line => `- ${line}`).join('\n')
    return imported(`# Tester\n\n## About the role\n\nYou test.\n\n## SFIA 8 skills\n\n${list}\n`)
  }
  const both = [
    { code: 'PROG', level: 4 },
    { code: 'DESN', level: 5 },
  ]
  for (const line of [
    'PROG Level 4; DESN Level 5',
    'Programming/software development (PROG) Level 4 and Systems design (DESN) Level 5.',
    'PROG 4, DESN 5',
    'SFIA level 4 – PROG; SFIA level 5 - DESN.',
    'Programming/software development PROG Level 4; Systems design DESN Level 5.',
    'SFIA: PROG L4 / DESN (Level 5)',
  ]) {
    const result = read(line)
    t.same(result.document?.sfia_mappings, both, line)
    t.same(outlineOf(result), ['role_summary: paragraph', 'skills_framework: sfia_mappings'], line)
    t.same(result.report.warnings, [], line)
    t.equal(result.report.coverage.percent, 100, line)
  }
  t.same(
    read('SFIA level 4: PROG, DESN and PBMG').document?.sfia_mappings.map(({ code, level }) => `${code} ${level}`),
    ['PROG 4', 'DESN 4', 'PBMG 4'],
  )
  for (const line of [
    'PROG, DESN and PBMG level 4',
    'PROG level 4 or level 5',
    'PROG 4-5, DESN 5',
    'Programming (PROG) and design (DESN): level 4',
  ]) {
    const result = read(line, 'SINT level 3')
    t.same(result.document?.sfia_mappings, [{ code: 'SINT', level: 3 }], line)
    t.match(result.document?.sections[1]?.blocks, [
      { type: 'sfia_mappings' },
      { type: 'list', items: [{ text: line }] },
    ])
  }
  const partly = read('PROG level 4; DESN level 2')
  t.same(partly.document?.sfia_mappings, [{ code: 'PROG', level: 4 }])
  t.match(partly.document?.sections[1]?.blocks[0], { items: [{ text: 'PROG level 4; DESN level 2' }] })
  t.match(warningOf(partly, 'sfia_level_invalid'), { pointer: '/sections/1/blocks/0/items/0' })
  for (const [line, not] of [
    ['PROG 7; PROG 7', '7'],
    ['PROG level 1, PROG level 7', '1 or 7'],
  ] as const) {
    const twice = read('SINT level 3', line).report.warnings.filter(({ code }) => code === 'sfia_level_invalid')
    t.same(
      twice.map(({ line, detail }) => [line, detail]),
      [[10, `PROG has levels 2, 3, 4, 5, 6 in SFIA 8, not ${not}. The line was kept as a list item.`]],
      line,
    )
  }
  const table = imported(
    '# Tester\n\n## SFIA\n\n|Skill|Level|\n|---|---|\n|Programming (PROG), design (DESN)|4|\n|Problem management (PBMG)|5|\n',
  )
  t.same(table.document?.sfia_mappings, [{ code: 'PBMG', level: 5 }], 'in a cell')
  t.end()
})

t.test('the heads of a table are no items of the list that it becomes', async t => {
  const read = (heading: string, ...rows: string[]) => {
    const text = [rows[0], rows[0]?.replace(/[^|]+/g, '-'), ...rows.slice(1)].join('\n')
    return imported(`# Tester\n\n## About the role\n\nYou test.\n\n## ${heading}\n\n${text}\n`)
  }
  const items = ({ document }: ReturnType<typeof read>) =>
    document?.sections[1]?.blocks.map(block =>
      block.type === 'list' ? block.items.map(item => [item.text, ...item.items.map(sub => sub.text)]) : block.type,
    )
  const levels = read('Duties', '|Skill|Level|', '|Testing|Expert|', '|SQL|Working|')
  t.same(items(levels), [
    [
      ['Testing', 'Expert'],
      ['SQL', 'Working'],
    ],
  ])
  t.match(warningOf(levels, 'table_head_removed'), { line: 9, excerpt: 'Skill, Level' })
  t.equal(levels.report.coverage.percent, 100)
  const tasks = read('Duties', '|No.|Task|% of time|', '|1|Plan|40%|', '|2|Run|60%|')
  t.match(tasks.document?.sections[1]?.blocks, [{ type: 'list', ordered: true }])
  t.same(items(tasks), [
    [
      ['Plan', '40%'],
      ['Run', '60%'],
    ],
  ])
  t.equal(tasks.report.coverage.percent, 100)
  const tested = read('Behaviours', '|**Behaviour**|**Lead?**|**When tested**|', '|Delivering at Pace|No|Interview|')
  t.same(items(tested), [[['Delivering at Pace', 'No', 'Interview']]], 'of behaviours')
  const marked = read('Duties', '|**Area**|**Measure for the team**|', '|Policy|Two a year|')
  t.same(items(marked), [[['Policy', 'Two a year']]], 'marked, and one of its words is known')
  for (const rows of [
    ['|Policy|Two a year|', '|Data|Monthly|'],
    ['|Grade|Salary (National)|Salary (London)|', '|SEO|£41,000|£45,000|'],
  ]) {
    const kept = read('Pay', ...rows)
    t.equal(
      kept.report.warnings.find(({ code }) => code === 'table_head_removed'),
      undefined,
      'no heads, or not certain',
    )
    t.same(items(kept)?.flat()[0]?.[0], rows[0]?.split('|')[1])
  }
  const details = imported(
    '# Tester\n\n|Field|Detail|\n|-|-|\n|Grade|SEO|\n|Salary|£40,000|\n|Budget|£0|\n\n## Duties\n\nTest.\n',
  )
  t.same(details.document?.advert_details.additional, [{ label: 'Budget', value: '£0' }])
  t.equal(details.report.coverage.percent, 100)
})

t.test('a table of skills and their levels: each statement is a skill at its level', t => {
  const read = (heading: string, ...rows: string[][]) => {
    const [head, ...body] = rows.map(row => `<tr>${row.map(cell => `<td>${cell}</td>`).join('')}</tr>`)
    const table = `<table>${head?.replaceAll('td>', 'th>')}${body.join('')}</table>`
    const page = `<h1>Tester</h1><h2>About the role</h2><p>You test.</p><h2>${heading}</h2>${table}`
    const result = imported(page, 'text/html')
    t.equal(result.report.coverage.percent, 100)
    return result
  }
  const skillsOf = ({ document }: ReturnType<typeof read>) =>
    document?.skills.map(({ statement, level, importance }) => [statement, level, importance])
  const heads = ['Skill', 'Level', 'What this means']
  const testing = ['Testing', 'Working', '<ul><li>You can plan.</li><li>You can run.</li></ul>']
  const whole = read('Skills', heads, testing, ['SQL', 'Expert level', 'You can join.'])
  t.same(skillsOf(whole), [
    ['Testing: You can plan.', 'working', null],
    ['Testing: You can run.', 'working', null],
    ['SQL: You can join.', 'expert', null],
  ])
  t.same(outlineOf(whole)[1], 'skills_experience: skills')
  t.same(skillsOf(read('Essential skills', ['Skill', 'Required level'], ['SQL', 'Awareness'])), [
    ['SQL', 'awareness', 'essential'],
  ])
  const second = imported('# Tester\n\n## Skills\n\n- Git\n\n|Skill|Level|\n|-|-|\n|SQL|Working|\n').document
    ?.sections[0]?.blocks
  t.match(second, [{ type: 'skills' }, { items: [{ text: 'SQL (Working)' }] }], 'a second list says the level in words')
  for (const [heading, ...rows] of [
    ['Skills', heads, ['SQL', 'Good', 'You can join.'], testing],
    ['Skills', ['Skill', 'Years', 'What this means'], testing],
    ['Skills', ['Task', 'Level'], ['Planning', 'Working']],
    ['Duties', heads, testing],
  ] as [string, ...string[][]][]) {
    const kept = read(heading, ...rows)
    t.equal(
      kept.document?.skills.some(({ level }) => level !== null),
      false,
      heading,
    )
    t.match(warningOf(kept, 'table_flattened')?.severity, 'repair')
  }
  t.end()
})

t.test('a tick in a table that becomes a list says what the head of its column says', t => {
  const read = (...rows: string[][]) => {
    const [head, ...body] = rows.map(row => `<tr>${row.map(cell => `<td>${cell}</td>`).join('')}</tr>`)
    return imported(
      `<h1>Tester</h1><h2>Working pattern</h2><p>As agreed.</p><table>${head}${body.join('')}</table>`,
      'text/html',
    )
  }
  const itemsOf = ({ document }: ReturnType<typeof read>) =>
    document?.sections[0]?.blocks.flatMap(block =>
      block.type === 'list'
        ? block.items.map(({ text, items }) => [text, ...items.map(item => item.text)].join(' > '))
        : [],
    )
  const found = read(
    ['Pattern', 'Weekdays', 'Nights', 'Note'],
    ['Full time', '✓', '', 'Leeds'],
    ['Part time', '✓', '✓', ''],
    ['Casual', '–', '✗', ''],
  )
  t.same(itemsOf(found), ['Full time > Weekdays > Leeds', 'Part time > Weekdays > Nights', 'Casual'])
  t.same([found.report.losses, found.report.coverage.percent], [[], 100])
  t.match(warningOf(found, 'table_head_removed'), { excerpt: 'Pattern, Weekdays, Nights, Note' })
  for (const rows of [
    [
      ['Pattern', 'Possible'],
      ['Full time', 'Yes'],
      ['Part time', 'No'],
    ],
    [
      ['Room', 'X'],
      ['Hall', 'Y'],
    ],
    [
      ['Vitamin', 'Dose'],
      ['C', '3'],
      ['D', 'X'],
    ],
  ])
    t.same(
      itemsOf(read(...rows)),
      rows.map(row => row.join(' > ')),
    )
  t.end()
})

t.test('SFIA that is not certain to read is told, and what only looks like it is none', async t => {
  const read = (heading: string, text: string) =>
    imported(`# Tester\n\n## About the role\n\nYou test.\n\n## ${heading}\n\n${text}\n`)
  const sentence = 'You need programming (PROG) at level 4, which we will test at interview.'
  for (const [heading, text] of [
    ['SFIA 8', sentence],
    ['SFIA 8', '- PROG level 4 or level 5'],
    ['Package', 'The postholder works at SFIA level 6.'],
    ['Package', '- Tea\n- SFIA: PROG L5'],
  ] as const) {
    const result = read(heading, text)
    t.same(result.document?.sfia_mappings, [], text)
    const [line = ''] = text.replaceAll('- ', '').split('\n').slice(-1)
    t.match(warningOf(result, 'sfia_text_not_read'), { severity: 'advice', excerpt: line }, text)
    t.equal(result.report.coverage.percent, 100, text)
  }
  const others = read('Desirable skills', '- ITIL 4')
  t.same(
    others.document?.skills.map(({ statement }) => statement),
    ['ITIL 4'],
  )
  t.notOk(others.report.warnings.some(({ code }) => code.startsWith('sfia')))
  const file = wordFile(
    bold('Tester') + bold('Duties') + paragraph('Test.') + bold('Desirable:') + paragraph('- ITIL 4'),
  )
  const word = await importFile(file, wordType, contextOf())
  t.match(word.document?.skills, [{ statement: 'ITIL 4', importance: 'desirable' }])
  t.match(read('Skills', '- PROG 4').document?.sfia_mappings, [{ code: 'PROG', level: 4 }], 'a code that is loaded')
})

t.test('of versions of SFIA that fit alike the newest is taken, and the tie told', t => {
  const read = (line: string) => imported(`# Tester\n\n## Duties\n\nTest.\n\n## SFIA\n\n- ${line}\n`)
  const tie = read('Programming/software development (PROG) level 4')
  t.equal(tie.document?.sfia_version, '9')
  t.match(warningOf(tie, 'sfia_version_tied')?.detail, /4 of those that are loaded fit it alike. SFIA 9, the newest/)
  const old = read('Systems integration (SINT) level 3')
  t.equal(old.document?.sfia_version, '6', 'a name that one version has')
  t.match(warningOf(old, 'sfia_version_inferred')?.detail, /SFIA 6 was inferred/)
  t.equal(read('Problem management (PBMG) level 2').document?.sfia_version, '9', 'a level that one version has')
  t.end()
})

t.test('SFIA in a table with a column for each level: the one that is ticked', t => {
  const read = (...rows: string[]) =>
    imported(
      `# Tester\n\n## Duties\n\nTest.\n\n## SFIA 8\n\n|SFIA skill|L3|Level 4|5|\n|-|-|-|-|\n${rows.join('\n')}\n`,
    )
  const found = read('|Systems design (DESN)||✔||', '|Problem management (PBMG)|||X|')
  t.same(found.document?.sfia_mappings, [
    { code: 'DESN', level: 4 },
    { code: 'PBMG', level: 5 },
  ])
  t.same(found.report.warnings, [])
  t.equal(found.report.coverage.percent, 100)
  const partly = read(
    '|Systems design (DESN)||✔|✔|',
    '|Problem management (PBMG)||maybe||',
    '|Systems integration and build (SINT)|x|||',
  )
  t.same(partly.document?.sfia_mappings, [{ code: 'SINT', level: 3 }])
  t.equal(partly.report.warnings.filter(({ code }) => code === 'sfia_row_not_read').length, 2)
  t.equal(partly.report.coverage.percent, 100)
  t.end()
})

t.test('a bold line over the duties below the name of a school', t => {
  const kinds = (text: string) =>
    imported(`# Technician\n\n${text}\n`).document?.sections.map(({ kind, heading }) => `${kind}: ${heading}`)
  const school = '## School of Art\n\n|Salary|£28,879|\n|-|-|\n|Location|Leeds|\n\nYou help.'
  const will = '**You will:**\n\n- fire kilns'
  t.same(kinds(`${school}\n\n${will}`), ['other: School of Art', 'responsibilities: You will:'])
  for (const text of [
    `${school}\n\n## Duties\n\n- Fire kilns\n\n## Growth\n\n${will}`,
    `## Summary\n\nYou help.\n\n## Growth\n\n${will}`,
    `${school}\n\n**You will:** fire kilns\n\n- well`,
  ])
    t.notOk(kinds(text)?.includes('responsibilities: You will:'), text)
  t.end()
})

t.test('more names of sections, and a team is no text of the whole organisation', t => {
  const kinds = (...headings: string[]) =>
    imported(`# Tester\n\n${headings.map(heading => `## ${heading}\n\nText.`).join('\n\n')}\n`).document?.sections.map(
      ({ kind, shared_section }) => (shared_section === null ? kind : 'shared'),
    )
  for (const [kind, headings] of [
    ['working_with', ['The team', 'About the team', 'Our team', 'Meet the team', 'Organisation chart']],
    ['shared', ['About the organisation', 'About us', 'Our organisation', 'About our department']],
    ['responsibilities', ['Main activities', 'As a performance analyst you will:', 'In this role you will']],
    ['person_specification', ['We’re interested in people who', 'Personal qualities', 'Attributes']],
    ['skills_experience', ['You should have', 'Knowledge', 'Qualifications and training']],
    ['role_summary', ['Overall objective', 'Core purpose', 'What a data analyst does']],
    ['terms', ['Special conditions', 'Special requirements']],
    ['benefits', ['What you get']],
    ['other', ['Knowledge sharing', 'Knowledge base', 'What you will not do']],
    ['capabilities', ['Strengths', 'Success Profile elements', 'Key behaviours']],
  ] as const)
    for (const heading of headings) t.same(kinds('Purpose', heading)?.[1], kind, heading)
  const list = (heading: string, ...items: string[]) =>
    outlineOf(imported(`# Tester\n\n## Purpose\n\nTest.\n\n## ${heading}\n\n- ${items.join('\n- ')}\n`))[1]
  t.equal(list('Skills and behaviours', 'Writes plainly', 'Keeps calm'), 'skills_experience: skills')
  t.equal(list('Skills and behaviours', 'Writes plainly', 'Working Together'), 'capabilities: list 2')
  t.equal(list('Skills and behaviours', 'Delivering value for money', 'Keeps calm'), 'capabilities: list 2')
  t.equal(list('Behaviours', 'Writes plainly', 'Keeps calm'), 'capabilities: list 2')
  const advert = imported(
    '# Tester\n\n## Duties\n\nTest.\n\n## Person specification\n\nIt is essential that you have:\n\n- SQL\n\nIt is desirable that you have:\n\n- Go\n',
  )
  t.same(outlineOf(advert)[1], 'person_specification: paragraph, skills, paragraph, skills')
  t.same(
    advert.document?.skills.map(({ importance, statement }) => [importance, statement]),
    [
      ['essential', 'SQL'],
      ['desirable', 'Go'],
    ],
  )
  t.end()
})

t.test(
  'a form that is one table: sections by full-width rows, numbered duties, and text across behind the criteria',
  t => {
    const across = (text: string) => `<tr><td colspan="4">${text}</td></tr>`
    const row = (...cells: string[]) => `<tr>${cells.map(cell => `<td colspan="2">${cell}</td>`).join('')}</tr>`
    const found = imported(
      `<h1>Clerk</h1><table>${[
        across('<b>Section A: Purpose</b>'),
        across('You keep the files.'),
        across('<b>Section B: Key responsibilities</b>'),
        row('1', 'File letters.'),
        row('2', 'Find letters.'),
        across('<b>Section C: Person specification</b>'),
        row('<b>Essential</b>', '<b>Desirable</b>'),
        row('Driving licence', 'French'),
        across('<b>Part 4: Parking</b>'),
        across('There is none for staff, who come by bus or on foot.'),
      ].join('')}</table>`,
      'text/html',
    )
    t.same(
      found.document?.sections.map(({ kind, heading }) => `${kind} ${heading}`),
      [
        'role_summary Section A: Purpose',
        'responsibilities Section B: Key responsibilities',
        'person_specification Section C: Person specification',
      ],
    )
    t.same(
      found.document?.skills.map(({ importance, statement }) => `${importance} ${statement}`),
      ['essential Driving licence', 'desirable French'],
    )
    t.same(found.document?.advert_details.additional, [])
    t.match(warningOf(found, 'criterion_not_read'), { severity: 'repair', excerpt: /Part 4: Parking.*by bus/ })
    t.same([found.report.losses, found.report.coverage.percent], [[], 100])
    t.end()
  },
)

t.test('a detail that names the version of SFIA counts, and a code right before a colon is one', t => {
  const read = (detail: string) =>
    imported(`# Engineer\n\n${detail}\n\n## Purpose\n\nRun it.\n\n## SFIA\n\n- Problem management PBMG: level 4\n`)
      .document
  t.match(read('**SFIA version:** 7'), { sfia_version: '7', sfia_mappings: [{ code: 'PBMG', level: 4 }] })
  t.match(read('**Grade:** SEO'), { sfia_version: '9', sfia_mappings: [{ code: 'PBMG', level: 4 }] })
  t.end()
})
