// What documents of other houses say of grades and pay.
import t from 'tap'
import { salaryIn } from '../src/imports/meaning/values.ts'
import { imported, warningOf } from './support/documents.ts'

const body = '## Job purpose\n\nYou will test.\n\n## Main duties\n\n- Test\n'

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
    ['Grade / SCP', 'Grade 7, SCP 12–16'],
    ['Grade/Scale', 'Grade 7 (SCP 12)'],
    ['Grade', 'Green Book Grade 7'],
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

t.test('what is paid stands beside the grade, where no other row says it', async t => {
  const read = (...lines: string[]) => {
    const { document, report } = imported(`# Tester\n\n${lines.join('\\\n')}\n\n${body}`)
    t.equal(report.coverage.percent, 100)
    const { salary, additional } = document?.advert_details ?? {}
    return [document?.grades.map(({ code }) => code), salary?.text ?? null, additional?.map(({ value }) => value)]
  }
  for (const [value, grades, paid, rest] of [
    ['Grade H (SCP 26–29), £37,280 – £40,777', [], '£37,280 – £40,777', ['Grade H (SCP 26–29)']],
    ['SEO (£41,000 to £45,000)', ['SEO'], '£41,000 to £45,000', []],
    ['HEO: £35,000', ['HEO'], '£35,000', []],
    ['SEO, £2,000 allowance', ['SEO'], null, ['£2,000 allowance']],
    ['SEO plus £12,000', [], null, ['SEO plus £12,000']],
    ['SEO, £250', ['SEO'], null, ['£250']],
  ] as const)
    t.same(read(`**Grade:** ${value}`), [grades, paid, rest], value)
  t.same(
    read('**Grade:** SEO, £40,000', '**Salary:** £41,000'),
    [['SEO'], '£41,000', ['£40,000']],
    'a row of its own says it',
  )
})

t.test('a grade that is a number alone is read as one of the Civil Service, with a warning', async t => {
  for (const [label, value, codes, isUnsure] of [
    ['Grade', '7', ['G7'], true],
    ['Pay grade', '6', ['G6'], true],
    ['Grade', '6/7', ['G6', 'G7'], true],
    ['Grade', '6 or 7', ['G6', 'G7'], true],
    ['Grade', '7 (£39,105 to £46,485)', ['G7'], true],
    ['Series and grade level', 'GS-13', ['GS-13'], false],
    ['Grade', 'Grade 7', ['G7'], false],
    ['Grade', 'G7', ['G7'], false],
    ['Grade', '7, SEO', ['G7', 'SEO'], false],
    ['Grade', '7/SEO', ['G7', 'SEO'], false],
    ['Grade', 'SEO or 7', ['SEO', 'G7'], false],
    ['Civil Service grade', '7', ['G7'], false],
    ['Pay band', '7', [], false],
    ['Grade', '8', [], false],
  ] as const) {
    const result = imported(`# Tester\n\n**${label}:** ${value}\n\n${body}`)
    t.same(
      result.document?.grades.map(({ code }) => code),
      codes,
      `${label}: ${value}`,
    )
    const warning = warningOf(result, 'grade_unsure')
    if (!isUnsure) t.equal(warning, undefined, `${label}: ${value}`)
    else
      t.match(warning, {
        severity: 'repair',
        line: 3,
        excerpt: value,
        pointer: '/grades',
        detail: /of the Civil Service/,
      })
  }
})

t.test('amounts of a salary are those of one range, or none', async t => {
  for (const [text, min, max] of [
    ['£35,000 – 38,000', 35_000, 38_000],
    ['£35k to 40k', 35_000, 40_000],
    ['Min £30,000 Max £35,000', 30_000, 35_000],
    ['up to £40,000', null, 40_000],
    ['35,000 – 38,000', null, null],
    ['£42,000\nLondon: £46,000', null, null],
    ['National £42,000 London £46,000', null, null],
    ['£35,000 to 1 March 2027', null, null],
    ['£45,718 to £48,710, plus £2,000 market supplement', 45_718, 48_710],
    ['£30,000 + up to £1,000 to £2,000 London weighting', 30_000, 30_000],
    ['£45,000 plus £5,000 on promotion to £50,000', null, null],
    ['£30,000 to £32,000 plus £1,000 allowance, or £35,000', null, null],
  ] as const)
    t.match(salaryIn(text), { min, max }, text)
})

t.test('Grade 7 of a university, council or hospital is none of the Civil Service, and of a department it is', t => {
  const additional = (label: string, value: string) => ({ label, value })
  for (const [front, kept, isUnsure] of [
    // Whose it is stands in a line, in the letterhead, in the details.
    ['# Lecturer\n\nUniversity of Mercia\n\n**Grade:** Grade 7', [additional('Grade', 'Grade 7')], true],
    ['# Lecturer\n\n**Faculty of Arts | School of Law**\n\n**Grade:** 7', [additional('Grade', '7')], true],
    ['# Mercia County Council\n\n## Planner\n\n**Grade:** Grade 6/7', [additional('Grade', 'Grade 6/7')], true],
    [
      '# Nurse\n\n**Employer:** Mercia NHS Trust\n\n**Grade:** G7',
      [additional('Employer', 'Mercia NHS Trust'), additional('Grade', 'G7')],
      true,
    ],
    // Not certain.
    ['# Lecturer, Mercia College\n\n**Grade:** Grade 7', [], true],
    ['# Analyst\n\n**Faculty:** Science\n\n**Grade:** Grade 7', [], true],
    ['# Analyst\n\nUniversity of Mercia\n\nDepartment for Transport\n\n**Grade:** Grade 7', [], true],
    // A department.
    ['# School Improvement Adviser\n\nDepartment for Education\n\n**Grade:** Grade 7', [], false],
    ['# University Policy Lead\n\n**Team:** Universities and Colleges\n\n**Grade:** Grade 7', [], false],
    ['# Analyst\n\n**Location:** University of Mercia\n\n**Grade:** Grade 7', [], false],
    ['# Analyst\n\nYou will work with Mercia County Council.\n\n**Grade:** Grade 7', [], false],
    ['# Analyst\n\nUniversity of Mercia\n\n**Civil Service grade:** Grade 7', [], false],
  ] as const) {
    const result = imported(`${front}\n\n${body}`)
    const isTheirs = kept.length > 0
    t.equal(
      result.document?.grades.some(({ code }) => code === 'G7'),
      !isTheirs,
      front,
    )
    t.same(result.document?.advert_details.additional, kept, front)
    t.equal(warningOf(result, 'grade_unsure')?.severity, isUnsure ? 'repair' : undefined, front)
    t.equal(result.report.coverage.percent, 100)
  }
  // In the title of the file alone.
  for (const [title, grades] of [
    ['Jobs | University of Mercia', 0],
    ['Analyst - Ministry of Justice', 1],
    ['School improvement', 1],
  ] as const) {
    const page = `<title>${title}</title><h1>Analyst</h1><p>Grade: Grade 7</p><h2>Duties</h2><p>You test.</p>`
    t.equal(imported(page, 'text/html').document?.grades.length, grades, title)
  }
  t.end()
})
