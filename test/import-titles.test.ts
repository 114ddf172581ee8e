import t from 'tap'
import { imported, warningOf } from './support/documents.ts'

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
    ['Southfield Council\n\nJob Particulars\n\nPost: Town Planner\nGrade: K', 'Town Planner'],
    ['# Mersey Police\n\n**Post title:** Analyst, Level 2', 'Analyst, Level 2'],
    ['# Service Delivery\n\n**Job title:** Team Leader', 'Team Leader'],
    ['# Team Leader\n\n**Job title:** Head of Teams', 'Team Leader', 'Head of Teams'],
    ['# Service Delivery\n\n**Job title:** Outbound', 'Service Delivery', 'Outbound'],
    ['Role profile: Lead Designer\n\nGrade: G7', 'Lead Designer'],
    ['**Job description: Team Leader**\n\nPost: Team Leader', 'Team Leader'],
    // Google Docs saves the title of a document as a paragraph of its style.
    ['<p class="c1">Mercia Trust</p><p class="c3 title">Service Designer</p>', 'Service Designer'],
  ] as [string, string, string?][])
    t.same(titleOf(front), [title, unsure], front)
})
