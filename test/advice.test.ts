// Advice on a draft and on a document that is imported: one mechanism, and each piece has a near case that is none.
import t from 'tap'
import { findAdvice } from '../src/document/advice.ts'
import type { Block, RoleDocument } from '../src/document/schema.ts'
import { documentWith } from './support/roles.ts'

const list = (...texts: string[]): Block => ({
  type: 'list',
  ordered: false,
  items: texts.map((text, index) => ({ id: `i${index + 1}`, text, optional: false, items: [] })),
})
const paragraph = (text: string): Block => ({ type: 'paragraph', text })
const role = (blocks: Block[], members: Partial<RoleDocument> = {}) =>
  documentWith({
    title: 'DevOps engineer',
    sections: [{ id: 'role_summary', kind: 'role_summary', heading: 'About', shared_section: null, blocks }],
    skills: [],
    sfia_version: null,
    sfia_mappings: [],
    ...members,
  })

const first = '/sections/0/blocks/0'
const sentences = 'GOV.UK content design, writing for GOV.UK: short sentences'
const abbreviations = 'GOV.UK style guide, A to Z: abbreviations and acronyms'
const successProfiles = 'Success Profiles (Cabinet Office), which replaced the Civil Service Competency Framework'
const filled = 'A placeholder stands in the text; fill it in before the role is published.'
const long = Array.from({ length: 26 }, () => 'word').join(' ')
const longOther = long.replaceAll('word', 'other')
const framework = 'https://www.gov.uk/government/publications/civil-service-competency-framework'

type Row = [name: string, blocks: Block[], advice: Record<string, unknown>[], members?: Partial<RoleDocument>]
const advice = (pointer: string, code: string, excerpt: string, detail: string, source = 'house') => ({
  pointer,
  code,
  excerpt,
  detail,
  source,
})

const rows: Row[] = [
  [
    'a placeholder in brackets',
    [paragraph('From [Insert Date] on')],
    [advice(first, 'placeholder', '[Insert Date]', filled)],
  ],
  ...[
    'TBA',
    'DD/MM/YYYY',
    'delete as appropriate',
    'Click or tap here to enter text',
    '____',
    '£xx',
    'xx/xx',
    '(insert link)',
  ].map(
    (left): Row => [
      `what a template left: ${left}`,
      [paragraph(`We say: ${left} when we know`)],
      [advice(first, 'placeholder', left, filled)],
    ],
  ),
  ...[
    '[£X]',
    '[X]',
    'XX Month 2025',
    'DD Month YYYY',
    'XX May',
    'Location to be confirmed',
    'dates are still to be confirmed',
  ].map(
    (left): Row => [
      `a value that a template left: ${left}`,
      [paragraph(`We say: ${left.replaceAll('[', '\\[')} at most`)],
      [advice(first, 'placeholder', left, filled)],
    ],
  ),
  [
    'two placeholders in one text, each once and with none of its parts',
    [paragraph('Until TBC ask \\[Insert team name, TBC\\], then \\[X\\] others, TBC, of \\[Insert team name, TBC\\]')],
    ['TBC', '[Insert team name, TBC]', '[X]'].map(left => advice(first, 'placeholder', left, filled)),
  ],
  ...[
    'They was \\[sic\\] here \\[1\\], see the guide \\[note 1\\] and \\[see footnote 12\\]',
    '\\[optional\\] You may look after an apprentice',
    '\\[X\\] Full-time \\[ \\] Part-time',
    'Your identity is to be confirmed by a colleague, and XX is 20',
  ].map((text): Row => [`near: no placeholder, what authors put in brackets: ${text}`, [paragraph(text)], []]),
  [
    'a name in angle brackets',
    [paragraph('Ask \\<name of manager>'), paragraph('Of p \\< 0.05 and \\<b@a.uk>; (add to it)')],
    [advice(first, 'placeholder', '<name of manager>', filled)],
  ],
  [
    'near: a link of a template, whose tag is told, and names of values',
    [paragraph('\\[Read more about it]({{ site.url }}/more), a file_name or snake___case')],
    [advice(first, 'template_tag', '{{ site.url }}', 'A tag of a web template stands in the text.')],
  ],
  ['a placeholder in capitals', [paragraph('ENTER THE TEAM here')], [advice(first, 'placeholder', 'ENTER', filled)]],
  [
    'near: a year in brackets, a link, to enter',
    [paragraph('See \\[2021\\], [the site](https://a.uk); enter here')],
    [],
  ],
  ...['The XXX Corps and chapter XXX', 'The SQL INSERT, an INSERT statement, the ENTER key, press ENTER'].map(
    (text): Row => [`near: no placeholder: ${text}`, [paragraph(text)], []],
  ),
  ['a placeholder of three letters', [paragraph('Ask XXX of it')], [advice(first, 'placeholder', 'XXX', filled)]],
  [
    'near: a placeholder in a note',
    [paragraph('x'), { type: 'note', text: '[Insert Date]' }],
    [advice('/sections/0', 'notes_left_out', 'About', 'Notes of "About" are left out of the published role.')],
  ],
  [
    'a tag of a template',
    [paragraph('At {{ site.name }}')],
    [advice(first, 'template_tag', '{{ site.name }}', 'A tag of a web template stands in the text.')],
  ],
  ['near: a brace alone', [paragraph('At { site.name }')], []],
  [
    'a superseded link',
    [paragraph(`[Civil Service Competency Framework](${framework})`)],
    [
      advice(
        first,
        'link_superseded',
        framework,
        'Success Profiles replaced the Civil Service Competency Framework in 2019. Check the link.',
        successProfiles,
      ),
    ],
  ],
  [
    'the name of what was superseded, once',
    [
      paragraph('See the Civil Service Competency Framework and the Data Protection Act 1998'),
      paragraph('Again: the Data Protection Act 1998'),
    ],
    [
      advice(
        first,
        'reference_superseded',
        'Civil Service Competency Framework',
        'Success Profiles replaced the Civil Service Competency Framework in 2019.',
        successProfiles,
      ),
      advice(
        first,
        'reference_superseded',
        'Data Protection Act 1998',
        'The UK GDPR and the Data Protection Act 2018 replaced the Data Protection Act 1998.',
        'Data Protection Act 2018',
      ),
    ],
  ],
  ...[
    'DDaT Profession Capability Framework',
    'DDaT capability framework',
    'DDaT Skills Framework',
    'Digital, Data and Technology Professional Capability Framework',
    'Digital, Data and Technology (DDaT) Profession Capability Framework',
  ].map(
    (name): Row => [
      `a near name of what was superseded: ${name}`,
      [paragraph(`You use the ${name}`)],
      [
        advice(
          first,
          'reference_superseded',
          name,
          'The framework is called the Government Digital and Data Profession Capability Framework since 2023.',
          'Government Digital and Data Profession Capability Framework',
        ),
      ],
    ],
  ),
  [
    'near: its name of today, and other frameworks',
    [paragraph('The Government Digital and Data Profession Capability Framework, a DDaT team and a skills framework')],
    [],
  ],
  ['near: Acts that are in force', [paragraph('The Data Protection Act 2018 and the Official Secrets Act 1989')], []],
  ...[
    'The Disability Discrimination Act 1995, which is law in Northern Ireland',
    'The Data Protection Act 1998 and the Data Protection Act 2018',
    'The Digital by Default Service Standard, which the Service Standard replaced',
  ].map((text): Row => [`near: one that is meant: ${text}`, [paragraph(text)], []]),
  [
    'an Act by itself',
    [paragraph('You know the Disability Discrimination Act')],
    [
      advice(
        first,
        'reference_superseded',
        'Disability Discrimination Act',
        'The Equality Act 2010 replaced the Disability Discrimination Act in Great Britain.',
        'Equality Act 2010',
      ),
    ],
  ],
  [
    'near: what replaced it',
    [paragraph('[Profiles](https://www.gov.uk/government/publications/success-profiles)')],
    [],
  ],
  [
    'a word nearly of the title',
    [paragraph('Our DevOp work, and DevOp again')],
    [advice(first, 'title_word_differs', 'DevOp', '“DevOp” stands 2 times where the title says “DevOps”.')],
  ],
  [
    'near: two words of the language',
    [paragraph('Our Office, an Office of Engineer and a Manage of Managers')],
    [],
    { title: 'Office Officer and Manager' },
  ],
  [
    'a coined name with a slip',
    [paragraph('You know JavaScrip, GitHub and a DevOp')],
    [
      advice(first, 'name_misspelt', 'JavaScrip', '“JavaScrip” looks like a slip of “JavaScript”.'),
      advice(first, 'name_misspelt', 'DevOp', '“DevOp” looks like a slip of “DevOps”.'),
    ],
    { title: 'Platform engineer' },
  ],
  [
    'a coined name with a slip in the title',
    [paragraph('Our DevOps team')],
    [advice('/title', 'name_misspelt', 'DevOp', '“DevOp” looks like a slip of “DevOps”.')],
    { title: 'DevOp' },
  ],
  ['near: the word itself, and a plural', [paragraph('Our DevOps work with Engineers')], []],
  [
    'items nearly the same',
    [list('Look after the data pipelines of the team', 'Look after the data pipelines of a team')],
    [
      advice(
        `${first}/items/1`,
        'near_duplicate',
        'Look after the data pipelines of a team',
        'The item is nearly the same as another one of its section: “Look after the data pipelines of the team”.',
      ),
    ],
  ],
  ...[
    ['You can explain risk to teams.', 'You can explain risk to people.'],
    ['You lead incident response for cloud services', 'You lead incident response for on-premises services'],
    ['Design the data pipelines of the team', 'Test the data pipelines of the team'],
    ['You write 2 reports to the board a year', 'You write 12 reports to the board a year'],
  ].map((texts): Row => [`near: another word says another thing: ${texts[1]}`, [list(...texts)], []]),
  ...[
    ['You explain the risks of services to teams', 'You explain the risk of services to the teams'],
    ['You explain the risks of services to teams', 'You explain the risks of services to teams of people'],
    [
      'Be part of an inclusive culture across the community, growing awareness, balance, learning and trust',
      'Contribute to an inclusive culture across the community, growing awareness, balance, learning and trust',
    ],
  ].map(
    ([one = '', other = '']): Row => [
      `items nearly the same, by words that weigh nothing, are more, or are one of many: ${other}`,
      [list(one, other)],
      [
        advice(
          `${first}/items/1`,
          'near_duplicate',
          other,
          `The item is nearly the same as another one of its section: “${one}”.`,
        ),
      ],
    ],
  ),
  ['near: short items that share a word', [list('Write code', 'Write tests')], []],
  [
    'a long sentence',
    [list(long)],
    [
      advice(
        `${first}/items/0`,
        'item_too_long',
        long,
        'The item has a sentence of 26 words; more than 25 are hard to read. Split it.',
        sentences,
      ),
    ],
  ],
  [
    'points under others and skills are items too',
    [
      {
        type: 'list',
        ordered: false,
        items: [{ id: 'i1', text: 'Lead', optional: false, items: [{ id: 'i2', text: longOther }] }],
      },
      { type: 'skills', importance: 'essential' },
    ],
    [
      advice(
        '/skills/2',
        'near_duplicate',
        'Very good at speaking with senior people',
        'The item is nearly the same as another one of its section: “Good at speaking with senior people.”.',
      ),
      ...[`${first}/items/0/items/0`, '/skills/0'].map(pointer =>
        advice(
          pointer,
          'item_too_long',
          pointer === '/skills/0' ? `${long}.` : longOther,
          'The item has a sentence of 26 words; more than 25 are hard to read. Split it.',
          sentences,
        ),
      ),
      advice(
        '/skills/2',
        'no_full_stop',
        'Very good at speaking with senior people',
        'The item ends without a full stop; the others of its list have one.',
      ),
    ],
    {
      skills: [`${long}.`, 'Good at speaking with senior people.', 'Very good at speaking with senior people'].map(
        (statement, at) => ({ id: `s${at}`, statement, importance: 'essential', level: null, skill: null }),
      ),
    },
  ],
  ['near: as many words in two sentences', [list(`${long.slice(0, 60)}. ${long.slice(0, 60)}`)], []],
  ['near: a sentence of 25 words, and a dash', [list(`${long.slice(5)} –`)], []],
  [
    'an item without a full stop',
    [list('One thing.', 'Another', 'A third.')],
    [
      advice(
        `${first}/items/1`,
        'no_full_stop',
        'Another',
        'The item ends without a full stop; the others of its list have one.',
      ),
    ],
  ],
  [
    'near: no item has one, or as many as not',
    [list('One', 'Two', 'Three'), list('Red.', 'Blue', 'Green.', 'Grey')],
    [],
  ],
  [
    'near: another mark ends it, or a full stop in a bracket',
    [list('One thing.', 'Why?', 'A third. (See the fourth.)', 'A fifth.')],
    [],
  ],
  [
    'an item whose last full stop is that of etc.',
    [list('One thing.', 'Tell all (by letter, blog, etc.)', 'A third.')],
    [
      advice(
        `${first}/items/1`,
        'no_full_stop',
        'Tell all (by letter, blog, etc.)',
        'The item ends without a full stop; the others of its list have one.',
      ),
    ],
  ],
  [
    'an acronym',
    [paragraph('Report to the PMO'), paragraph('The PMO again')],
    [
      advice(
        first,
        'acronym_unexplained',
        'PMO',
        '“PMO” is explained nowhere: write it in full where it first stands, with the letters in brackets.',
        abbreviations,
      ),
    ],
  ],
  [
    'near: explained before or after, well known, a grade',
    [paragraph('The project management office (PMO), the CCS (Crown Commercial Service), the UK, an SEO')],
    [],
  ],
  ...[
    'Continuous integration and delivery (CI/CD), and CI again',
    'Work of every day (known as “BAU”) and BAU again',
    'Free membership of BCS, the Chartered Institute for IT',
    'Answer by STAR: situation, task, action, result',
    'BAU – that is business as usual',
    'You must NOT apply, and ALL must be there',
    'Write to HR@EXAMPLE.COM or PMO@JOBS.EXAMPLE.ORG, see WWW.JOBS.COM/CCS and https://a.uk/BAU',
    'HM Treasury, HM Revenue & Customs and the UN',
    'You work from the OFFICE, and from the DEPOT, which is a depot of trams',
    'Part II, with PHP and JSON',
    'Parts XIV to XLVIII of [2026] 1 AC 12, and [2026] UKSC 3',
    'NATO and UNESCO asked HMRC, the MOD and a GP of COVID, A&E, R&D and Q&A; a VIP with a CAT C licence uses MS Teams',
  ].map((text): Row => [`near: no acronym, or one that is explained: ${text}`, [paragraph(text)], []]),
  [
    'near: a text all in capitals, a hyphen',
    [paragraph('READ THIS NOW'), paragraph('X-RAY machines and R&D-like work')],
    [],
  ],
  [
    'mappings that no section prints, of an older version',
    [paragraph('x')],
    [
      advice('/sfia_mappings', 'unprinted_mappings', '', 'No section prints the SFIA mappings.'),
      advice(
        '/sfia_version',
        'older_sfia',
        '7',
        'The mappings are of SFIA 7; SFIA 9 is the newest.',
        'SFIA 9 (SFIA Foundation, 2024)',
      ),
    ],
    { sfia_version: '7', sfia_mappings: [{ code: 'PROG', level: 3 }] },
  ],
  [
    'near: a newest version, printed',
    [{ type: 'sfia_mappings' }],
    [],
    { sfia_version: '9', sfia_mappings: [{ code: 'PROG', level: 3 }] },
  ],
]

for (const [name, blocks, expected, members] of rows)
  t.test(`findAdvice: ${name}`, async t => {
    t.same(
      findAdvice(role(blocks, members), section => section.blocks),
      expected,
    )
  })

t.test('findAdvice: words of a shared section point to the section that uses it', async t => {
  const document = role([])
  const [section] = document.sections
  if (section) section.shared_section = 'about-us'
  t.same(
    findAdvice(document, () => [paragraph('From [Insert Date] on')]),
    [advice('/sections/0', 'placeholder', '[Insert Date]', filled)],
  )
})
