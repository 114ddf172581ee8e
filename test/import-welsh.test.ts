// What documents of other houses say in Welsh, by itself, beside English or behind it.
import t from 'tap'
import { imported, outlineOf, warningOf } from './support/documents.ts'

t.test('two languages parted by a bar', async t => {
  const { document, report } = imported(
    '# Swydd-ddisgrifiad | Job Description\n\n**Teitl y Swydd | Job Title:** Peiriannydd\n\n**Gradd | Grade:** SEO\n\n## Diben y rôl | Role purpose\n\nYsgrifennu.\n\n## Hanfodol | Essential\n\n- Git\n',
  )
  t.match(document, { title: 'Peiriannydd', grades: [{ code: 'SEO' }], skills: [{ importance: 'essential' }] })
  t.same(report.losses, [])
  t.match(
    report.understood.map(({ text }) => text),
    ['Swydd-ddisgrifiad | Job Description'],
  )
})

t.test('a role in Welsh has the sections, skills and details that one in English has', t => {
  const found = imported(`# Swyddog Polisi

**Gradd:** HEO
**Band cyflog:** SEO
**Lleoliad:** Caerdydd
**Dyddiad dechrau:** 1 Mai 2026

## Cefndir

Tîm bach ydym ni.

## Crynodeb o’r rôl

Byddwch yn cynghori gweinidogion.

## Beth fyddwch chi’n ei wneud

- Drafftio papurau

## Gwybodaeth, sgiliau a phrofiad

### Hanfodol

- Profiad o ddrafftio

### Dymunol

- Gwybodaeth o’r Gymraeg

## Amdanoch chi

Trefnus.

## Buddion

Gwyliau hael.

## Sut i ymgeisio

Anfonwch CV.

## Cyfle cyfartal

Croeso i bawb.

## Telerau ac amodau

Parhaol.

## Y tîm

Pump o bobl.

## Gwybodaeth ychwanegol

Dim.
`)
  t.same(
    found.document?.sections.map(({ kind }) => kind),
    [
      'role_summary',
      'role_summary',
      'responsibilities',
      'skills_experience',
      'person_specification',
      'benefits',
      'selection',
      'diversity',
      'terms',
      'working_with',
      'further_information',
    ],
  )
  t.same(
    found.document?.skills.map(({ importance, statement }) => [importance, statement]),
    [
      ['essential', 'Profiad o ddrafftio'],
      ['desirable', 'Gwybodaeth o’r Gymraeg'],
    ],
  )
  t.same(
    found.document?.grades.map(({ code }) => code),
    ['HEO', 'SEO'],
  )
  t.same(found.document?.advert_details.additional, [{ label: 'Dyddiad dechrau', value: '1 Mai 2026' }])
  t.same([found.report.losses, found.report.coverage.percent], [[], 100])
  t.end()
})

t.test('columns in Welsh and English are the English role and the Welsh text behind it', async t => {
  const rows = [
    ['<b>Cymraeg</b>', '<b>English</b>'],
    ['<b>Teitl y swydd</b>', '<b>Job title</b>'],
    ['Swyddog Polisi', 'Policy Officer'],
    ['<b>Pwrpas y swydd</b>', '<b>Purpose</b>'],
    ['Byddwch yn cynghori.', 'You advise.'],
    ['<b>Prif dasgau</b>', '<b>Main tasks</b>'],
    ['<ul><li>Drafftio</li></ul>', '<ul><li>Draft</li></ul>'],
  ] as const
  const read = (cells: readonly (readonly string[])[]) =>
    imported(
      `<table>${cells.map(row => `<tr>${row.map(cell => `<td>${cell}</td>`).join('')}</tr>`).join('')}</table>`,
      'text/html',
    )
  for (const [name, cells] of [
    ['row by row', rows],
    ['English first', rows.map(([welsh, english]) => [english, welsh])],
    ['in one row', [[0, 1].map(at => rows.map(row => `<p>${row[at]}</p>`).join(''))]],
  ] as const) {
    const found = read(cells)
    t.equal(found.document?.title, 'Policy Officer', name)
    t.same(
      found.document?.sections.map(({ kind, heading }) => `${kind}: ${heading}`),
      [
        'role_summary: Purpose',
        'responsibilities: Main tasks',
        'other: Cymraeg',
        'role_summary: Pwrpas y swydd',
        'responsibilities: Prif dasgau',
      ],
      name,
    )
    t.match(outlineOf(found)[1], 'responsibilities: list 1')
    t.match(warningOf(found, 'languages_parted'), { severity: 'repair', line: 1 })
    t.same([found.report.losses, found.report.coverage.percent], [[], 100], name)
  }
  const sections = read(rows.slice(3))
  t.same(outlineOf(sections), [
    'role_summary: paragraph',
    'responsibilities: list 1',
    'role_summary: paragraph',
    'responsibilities: list 1',
  ])
  // A table of Welsh headings beside their Welsh texts is none in two languages.
  t.equal(warningOf(read(rows.slice(3).map(([welsh]) => [welsh, welsh])), 'languages_parted'), undefined)
})

t.test('short lines under duties and criteria of columns in Welsh and English are lists', t => {
  const read = (...rows: (readonly [string, string])[]) =>
    imported(
      `<h1>Tester</h1><table>${rows.map(row => `<tr>${row.map(cell => `<td>${cell}</td>`).join('')}</tr>`).join('')}</table>`,
      'text/html',
    )
  const purpose = [
    ['Pwrpas y swydd', 'Purpose'],
    ['Byddwch yn profi', 'You test'],
    ['bob dydd', 'every day'],
  ] as const
  const duties = ([welsh, english]: readonly [string, string]) =>
    [`Prif dasgau<br>${welsh}`, `Main tasks<br>${english}`] as const
  const criteria = [
    ['Meini prawf hanfodol', 'Essential criteria'],
    ['Cymraeg', 'Welsh'],
    ['Gradd gyntaf', 'A degree'],
  ] as const
  const found = read(...purpose, duties(['Drafftio<br>Darllen', 'Draft<br>Read']), ...criteria)
  t.same(outlineOf(found), [
    'role_summary: paragraph, paragraph',
    'responsibilities: list 2',
    'skills_experience: skills',
    'role_summary: paragraph, paragraph',
    'responsibilities: list 2',
    'skills_experience: list 2',
  ])
  t.same(
    found.document?.skills.map(({ statement, importance }) => [statement, importance]),
    [
      ['Welsh', 'essential'],
      ['A degree', 'essential'],
    ],
  )
  t.match(warningOf(found, 'list_recognised'), { severity: 'repair', excerpt: 'Drafftio' })
  const one = read(...purpose, duties(['Drafftio<br>Darllen', 'Draft<br>Read']), [
    'Dymunol<br>Gradd',
    'Desirable<br>A degree',
  ])
  t.match(one.document?.skills, [{ statement: 'A degree', importance: 'desirable' }])
  t.same([found.report.losses, found.report.coverage.percent], [[], 100])
  for (const others of [
    ['Byddwch yn drafftio.<br>Darllen', 'You draft.<br>Read'],
    ['Drafftio', 'Draft'],
    ['Drafftio a<br>darllen:<ul><li>Un</li></ul>', 'Draft and<br>read:<ul><li>One</li></ul>'],
  ] as const)
    t.equal(warningOf(read(...purpose, duties(others)), 'list_recognised'), undefined, others[1])
  t.end()
})

t.test('details in Welsh behind those in English stay text, and a name of the same place is no second place', t => {
  const english = '**Grade:** HEO\n\n**Salary:** £30,000\n\n**Location:** Cardiff'
  const welsh = '**Gradd:** HEO\n\n**Cyflog:** £30,000\n\n**Lleoliad:** Caerdydd'
  const read = (front: string, later: string) =>
    imported(`# Archivist / Archifydd\n\n${front}\n\n## Purpose\n\nYou keep.\n\n${later}`)
  const heading = '## Archifydd\n\n'
  for (const [first, second, location] of [
    [english, welsh, 'Cardiff'],
    [welsh, english, 'Caerdydd'],
  ] as const) {
    const found = read(first, heading + second)
    const { document, report } = found
    const { locations, salary, additional } = document?.advert_details ?? {}
    t.same([locations?.map(({ text }) => text), salary?.text, additional], [[location], '£30,000', []])
    t.same(
      document?.sections[1]?.blocks.map(block => 'text' in block && block.text),
      second.split('\n\n'),
    )
    t.match(warningOf(found, 'details_kept_as_text'), { severity: 'advice', line: 15, excerpt: /, / })
    t.same([report.losses, report.coverage.percent], [[], 100])
    const { locations: places, additional: others } = read(`${first}\n\n${second}`, '').document?.advert_details ?? {}
    t.same(
      [places?.map(({ text }) => text), others?.map(({ value }) => value)],
      [[location], [location === 'Cardiff' ? 'Caerdydd' : 'Cardiff']],
    )
  }
  // What was not said in the other language is read.
  for (const [front, later, detail] of [
    [english, '**Contract:** Permanent\n\n**Hours:** 37', { contract_types: ['permanent'], hours: '37' }],
    [english, '**Oriau:** 37\n\n**Patrwm gweithio:** Full-time', { hours: '37', working_patterns: ['full_time'] }],
    ['**Contract:** Permanent', '**Contract type:** Permanent\n\n**Hours:** 37', { hours: '37' }],
    ['**Grade / Gradd:** HEO', '**Pay band:** HEO\n\n**Hours / Oriau:** 37', { hours: '37' }],
  ] as const)
    t.match(read(front, heading + later).document?.advert_details, detail, later)
  t.end()
})

t.test('a list of words in Welsh and English is neither details nor sections', t => {
  const read = (...rows: (readonly [string, string])[]) =>
    imported(
      `<h1>Translator</h1><p><b>Grade:</b> HEO</p><h2>Purpose</h2><p>You translate.</p><h2>Words</h2><table>${rows.map(([one, other]) => `<tr><td>${one}</td><td>${other}</td></tr>`).join('')}</table>`,
      'text/html',
    )
  const words = [
    ['Diben y swydd', 'Job purpose'],
    ['Gradd', 'Grade'],
    ['Lleoliad', 'Location'],
    ['Ffôn', 'Phone'],
  ] as const
  for (const rows of [words, words.map(([welsh, english]) => [english, welsh] as const)]) {
    const found = read(...rows)
    t.same(outlineOf(found), ['role_summary: paragraph', 'other: list 4'])
    t.same([found.document?.advert_details.locations, found.report.coverage.percent], [[], 100])
    t.ok(warningOf(found, 'table_flattened'))
  }
  t.ok(
    warningOf(read(...words, ['Byddwch yn helpu.', 'You help.']), 'languages_parted'),
    'with a text they are columns',
  )
  t.ok(warningOf(read(...words, ['HEO', 'HEO']), 'languages_parted'), 'and with a value')
  t.end()
})
