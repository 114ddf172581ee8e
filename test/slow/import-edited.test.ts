// Documents that the register wrote, edited by people and imported again: all but the edit is as it was.
import t from 'tap'
import { type Block, emptyAdvertDetails, exampleDocument, type RoleDocument } from '../../src/document/schema.ts'
import { importFile } from '../../src/imports/import.ts'
import { salaryIn } from '../../src/imports/meaning/values.ts'
import type { ImportReport } from '../../src/imports/schema.ts'
import { contextOf, ourSample, realSample } from '../support/documents.ts'
import {
  addItem,
  addParagraph,
  type Edit,
  editDocument,
  nestItem,
  removeItem,
  replaceText,
  swapItems,
} from '../support/edit.ts'
import { formats, sourceOf, withoutIds } from '../support/round-trip.ts'

/** A role with its own texts only, and a salary to change. */
async function roleOf(source: Uint8Array) {
  const { document, newSharedSections } = await importFile(source, 'text/markdown', contextOf())
  if (!document) throw new Error('refused')
  const texts = new Map(newSharedSections.map(({ slug, blocks }) => [slug, blocks]))
  return {
    ...document,
    grades: [{ scheme: 'civil-service' as const, code: 'SEO' as const, label: 'Senior Executive Officer' }],
    sections: document.sections.map(section => ({
      ...section,
      shared_section: null,
      blocks: section.shared_section ? (texts.get(section.shared_section) ?? []) : section.blocks,
    })),
    advert_details: { ...document.advert_details, salary: salaryIn('£34,000 to £37,400') },
  }
}

async function read(role: RoleDocument, format: string, edits: readonly Edit[], previous?: RoleDocument) {
  const { type, render } = formats[format] as (typeof formats)[string]
  const bytes = await editDocument(await render(sourceOf(role, [])), format, edits)
  const { document, report } = await importFile(bytes, type, contextOf(previous ? { previous } : {}))
  return { document, report }
}

const again = async (...edited: Parameters<typeof read>) => {
  const { document, report } = await read(...edited)
  return { document, losses: report.losses, percent: report.coverage.percent }
}

/** What of a document was read otherwise than it stands. */
const repairsOf = ({ warnings }: ImportReport) =>
  warnings.flatMap(({ code, severity }) => (severity === 'repair' ? [code] : []))

/** The role with other items in the list of its responsibilities. */
const withItems = (role: RoleDocument, change: (items: (Block & { type: 'list' })['items']) => unknown) => {
  const next = structuredClone(role)
  const blocks = next.sections.find(({ kind }) => kind === 'responsibilities')?.blocks ?? []
  const list = blocks.find(block => block.type === 'list')
  if (!list) throw new Error('no list')
  change(list.items)
  return { next, text: list.items.at(-1)?.text.slice(0, 20) ?? '' }
}

const sources = { 'our sample': ourSample(), 'the real sample': realSample() }
for (const [name, source] of Object.entries(sources))
  for (const format of Object.keys(formats))
    t.test(`${name}, edited as ${format}`, { skip: source === undefined && 'not at hand' }, async t => {
      const role = await roleOf(source as Buffer)
      const { text } = withItems(role, () => undefined)
      const added = withItems(role, items => {
        items.splice(-1, 0, { id: '', text: `Mend${items.at(-1)?.text.slice(20)}`, optional: false, items: [] })
      }).next
      const removed = withItems(role, items => items.pop()).next
      const paid = (document: RoleDocument): RoleDocument => ({
        ...document,
        grades: [{ scheme: 'civil-service', code: 'G7', label: 'Grade 7' }],
        advert_details: { ...document.advert_details, salary: salaryIn('£44,000 to £47,400') },
      })
      const pay = [
        replaceText('£34,000 to £37,400', '£44,000 to £47,400'),
        replaceText('Senior Executive Officer (SEO)', 'Grade 7'),
      ]
      const add = addItem(text, 'Mend')
      const remove = removeItem(text)
      for (const previous of [undefined, role])
        for (const [edits, expected] of [
          [[add], added],
          [[remove], removed],
          [pay, paid(role)],
          [[add, ...pay], paid(added)],
          [[remove, ...pay], paid(removed)],
        ] as const) {
          const { document, ...report } = await again(role, format, edits, previous)
          t.equal(withoutIds(document), withoutIds(expected))
          t.same(report, { losses: [], percent: 100 })
        }
    })

for (const format of Object.keys(formats))
  t.test(`a row of the appendix that is rewritten without a colon in ${format} stays`, async t => {
    const role = await roleOf(ourSample())
    const withRows = (additional: RoleDocument['advert_details']['additional']): RoleDocument => ({
      ...role,
      advert_details: { ...role.advert_details, additional },
    })
    const before = withRows([
      { label: 'Car park', value: 'Behind the house' },
      { label: 'Canteen', value: 'Open' },
    ])
    const rewrite: Edit = (source, format) =>
      format === 'docx'
        ? source.replace('>Car park:<', '>Parking places<')
        : source.replace(/(?:<p><strong>|\*\*)Car park:(?:<\/strong>|\*\*)/, found =>
            found.startsWith('<') ? '<p>Park' : 'Park',
          )
    const canteen = { label: 'Canteen', value: 'Open' }
    const expected =
      format === 'docx'
        ? withRows([{ label: 'Parking places', value: 'Behind the house' }, canteen])
        : {
            ...withRows([canteen]),
            sections: role.sections.map(section =>
              section.kind === 'appendix'
                ? { ...section, blocks: [...section.blocks, { type: 'paragraph', text: 'Park Behind the house' }] }
                : section,
            ),
          }
    for (const previous of [undefined, before]) {
      const { document, ...report } = await again(before, format, [rewrite], previous)
      t.equal(withoutIds(document), withoutIds(expected as RoleDocument))
      t.same(report, { losses: [], percent: 100 })
    }
  })

for (const format of Object.keys(formats))
  t.test(
    `rows of advert details in ${format} that are taken out leave the draft, and empty ones say nothing`,
    async t => {
      const role = await roleOf(ourSample())
      const details = {
        ...role.advert_details,
        hours: '37 hours a week',
        additional: [
          { label: 'Car park', value: 'Behind the house' },
          { label: 'Canteen', value: 'Open' },
        ],
      }
      const before = { ...role, advert_details: details }
      const rowsWith = (word: string) =>
        format === 'docx'
          ? new RegExp(`<w:tr>(?:(?!</w:tr>).)*${word}.*?</w:tr>`, 's')
          : format === 'md'
            ? new RegExp(`^\\*\\*${word}.*\\n`, 'm')
            : new RegExp(`<p><strong>${word}.*?</p>`)
      const change =
        (word: string, by: (row: string) => string): Edit =>
        source => {
          const changed = source.replace(rowsWith(word), by)
          if (changed === source) throw new Error(`no row of ${word}`)
          return changed
        }
      const without = (word: string) => change(word, () => '')
      const blank = change('Car park', row => row + row.replaceAll(/>[^<>]+</g, '><'))
      const inOneCell = change('Hours', row =>
        row.replace('>Hours:<', '>Hours: 40 hours a week<').replace('>37 hours a week<', '><'),
      )
      const [, canteen] = details.additional
      for (const previous of [undefined, before])
        for (const [edit, expected] of [
          [without('Hours'), { advert_details: { ...details, hours: null } }],
          [without('Salary'), { advert_details: { ...details, salary: null } }],
          [without('Car park'), { advert_details: { ...details, additional: [canteen] } }],
          [without('Grade'), { grades: [] }],
          ...(format === 'docx'
            ? ([
                [blank, {}],
                [inOneCell, { advert_details: { ...details, hours: '40 hours a week' } }],
              ] as const)
            : []),
        ] as const) {
          const { document, ...report } = await again(before, format, [edit], previous)
          t.equal(withoutIds(document), withoutIds({ ...before, ...expected } as RoleDocument))
          t.same(report, { losses: [], percent: 100 })
        }
    },
  )

t.test('tables that no section of the role prints are read, and make no sections', async t => {
  const role = await roleOf(ourSample())
  const bare = (document: RoleDocument): RoleDocument => ({
    ...document,
    sections: document.sections.filter(({ kind }) => kind !== 'appendix' && kind !== 'skills_framework'),
    advert_details: { ...document.advert_details, additional: [{ label: 'Car park', value: 'Open' }] },
  })
  const without = bare(role)
  const tableTexts = async (document: RoleDocument) => {
    const { type, render } = formats.docx as (typeof formats)[string]
    const { text } = await importFile(await render(sourceOf(document, [])), type, contextOf())
    return text.slice(text.indexOf('Skills Framework for the Information Age')).filter(Boolean)
  }
  t.match(await tableTexts(without), [
    'Skills Framework for the Information Age',
    'Development and implementation',
    'Systems development',
    'Systems design (DESN) – Level 3',
  ])
  const texts = await tableTexts(without)
  t.match(texts.slice(texts.indexOf('Appendix')).join(' '), /^Appendix .*Grade: Senior Executive Officer \(SEO\)/)
  const empty = { ...without, grades: [], advert_details: emptyAdvertDetails(), sfia_mappings: [] }
  t.notOk((await tableTexts(empty)).includes('Appendix'), 'nothing in them, and they are not there')
  const paid = {
    ...without,
    grades: [{ scheme: 'civil-service' as const, code: 'G7' as const, label: 'Grade 7' }],
    sfia_mappings: without.sfia_mappings.map(mapping => (mapping.code === 'DESN' ? { ...mapping, level: 4 } : mapping)),
  }
  const rewritten = {
    ...without,
    advert_details: { ...without.advert_details, additional: [{ label: 'Parking', value: 'Open' }] },
  }
  for (const [format, previous] of Object.keys(formats).flatMap(name => [
    [name, undefined] as const,
    [name, without] as const,
  ]))
    for (const [edits, expected] of [
      [[], without],
      [
        [replaceText('Senior Executive Officer (SEO)', 'Grade 7'), replaceText('(DESN) – Level 3', '(DESN) – Level 4')],
        paid,
      ],
      [[replaceText('Car park:', format === 'docx' ? 'Parking' : 'Parking:')], rewritten],
    ] as const) {
      const { document, ...report } = await again(without, format, edits, previous)
      t.equal(withoutIds(document), withoutIds(expected), format)
      t.same(report, { losses: [], percent: 100 })
    }
  const { document, losses } = await again(without, 'docx', [replaceText('Car park:', '')])
  t.match(document?.sections.at(-1), {
    heading: 'Appendix',
    blocks: [{ type: 'advert_details' }, { type: 'list', items: [{ text: 'Open' }] }],
  })
  t.same([document?.sections.length, losses], [without.sections.length + 1, []], 'what is no row makes a section')
})

const skill = (statement: string, own: Partial<RoleDocument['skills'][number]> = {}) => ({
  id: '',
  statement,
  skill: null,
  level: null,
  importance: 'essential' as const,
  ...own,
})
const [python, sql, airflow, spark] = [
  skill('Can write and test code in Python', { skill: 'python', level: 'expert' }),
  skill('Knows SQL and one database well', { skill: 'sql', level: 'working' }),
  skill('Keeps pipelines running'),
  skill('Has used Spark on large data', { level: 'awareness', importance: 'desirable' }),
] as const
const section = (kind: RoleDocument['sections'][number]['kind'], heading: string, ...blocks: Block[]) => ({
  id: '',
  kind,
  heading,
  shared_section: null,
  blocks,
})
const importanceOf = (importance: 'essential' | 'desirable'): Block => ({ type: 'skills', importance })
const listOf = (...texts: string[]): Block => ({
  type: 'list',
  ordered: false,
  items: texts.map(text => ({ id: '', text, optional: false, items: [] })),
})

const skilled: RoleDocument = {
  ...exampleDocument,
  sections: [
    section(
      'skills_experience',
      'Skills and experience',
      { type: 'note', text: 'Ask the profession lead' },
      importanceOf('essential'),
      { type: 'subheading', text: 'Desirable' },
      importanceOf('desirable'),
    ),
  ],
  skills: [python, sql, airflow, spark],
}

for (const format of Object.keys(formats))
  t.test(`skills that are moved, added, deleted or reworded in ${format} keep what is theirs`, async t => {
    const reworded = replaceText('Knows SQL and one database well', 'Knows SQL and two databases well')
    const other = replaceText(sql.statement, 'Draws charts')
    const added = skill('Can also code in Python')
    for (const [what, edits, skills] of [
      ['nothing', [], [python, sql, airflow, spark]],
      ['swapped', [swapItems(python.statement, sql.statement)], [sql, python, airflow, spark]],
      ['swapped with a bare one', [swapItems(python.statement, airflow.statement)], [airflow, sql, python, spark]],
      [
        'swapped and reworded',
        [swapItems(python.statement, sql.statement), reworded],
        [{ ...sql, statement: 'Knows SQL and two databases well' }, python, airflow, spark],
      ],
      ['another text in its place', [other], [python, { ...sql, statement: 'Draws charts' }, airflow, spark]],
      [
        'moved to the other list',
        [swapItems(python.statement, spark.statement)],
        [{ ...spark, importance: 'essential' }, sql, airflow, { ...python, importance: 'desirable' }],
      ],
      ['added', [addItem(python.statement, added.statement)], [added, python, sql, airflow, spark]],
      ['deleted', [removeItem(python.statement)], [sql, airflow, spark]],
      [
        'deleted here and added there',
        [removeItem(python.statement), addItem(airflow.statement, 'Draws charts')],
        [sql, skill('Draws charts'), airflow, spark],
      ],
    ] as const)
      for (const previous of [undefined, skilled]) {
        const { document, ...report } = await again(skilled, format, edits, previous)
        t.equal(withoutIds(document), withoutIds({ ...skilled, skills: [...skills] }), what)
        t.same(report, { losses: [], percent: 100 }, what)
      }
  })

/** Two lists of skills side by side, behaviours that a section names and one that none does, and places with addresses. */
const listed: RoleDocument = {
  ...skilled,
  sections: [
    section('skills_experience', 'Skills and experience', importanceOf('essential'), importanceOf('desirable')),
    section('capabilities', 'Behaviours', listOf('Leadership', 'Delivering at pace')),
  ],
  behaviours: ['leadership', 'delivering_at_pace', 'working_together'],
  advert_details: {
    ...exampleDocument.advert_details,
    salary: { min: 34000, max: 37400, currency: 'GBP', period: 'year', text: '£34,000 to £37,400' },
    locations: [
      { text: 'Croydon', town: 'Croydon', region: 'London', postcode: 'CR9 3RR', country: 'GB' },
      { text: 'Sheffield', town: 'Sheffield', region: 'Yorkshire and the Humber', postcode: null, country: 'GB' },
    ],
  },
}

for (const format of Object.keys(formats))
  t.test(
    `lists of skills side by side, behaviours and details in ${format} take what is changed and keep the rest`,
    async t => {
      const [croydon, sheffield] = listed.advert_details.locations
      const [rust, kafka] = [skill('Rust'), skill('Kafka', { importance: 'desirable' })]
      const withBehaviours = (items: string[], behaviours: RoleDocument['behaviours']): Partial<RoleDocument> => ({
        behaviours,
        sections: listed.sections.map(own =>
          own.kind === 'capabilities' ? { ...own, blocks: [listOf(...items)] } : own,
        ),
      })
      const leeds = { text: 'Leeds', town: null, region: null, postcode: null, country: null }
      const paid = { min: 40000, max: 45500, text: '£40,000 to £45,500' }
      for (const [edits, expected] of [
        [[], {}],
        [[addItem(sql.statement, rust.statement)], { skills: [python, rust, sql, airflow, spark] }],
        [[addItem(spark.statement, kafka.statement)], { skills: [python, sql, airflow, kafka, spark] }],
        [[removeItem(sql.statement), addItem(spark.statement, 'Kafka')], { skills: [python, airflow, kafka, spark] }],
        [
          [replaceText('Leadership', 'Seeing the big picture')],
          withBehaviours(
            ['Seeing the big picture', 'Delivering at pace'],
            ['delivering_at_pace', 'working_together', 'seeing_the_big_picture'],
          ),
        ],
        [[removeItem('Delivering at pace')], withBehaviours(['Leadership'], ['leadership', 'working_together'])],
        [
          [replaceText('Croydon; Sheffield', 'Croydon; Leeds; Sheffield')],
          { advert_details: { ...listed.advert_details, locations: [croydon, leeds, sheffield] } },
        ],
        [
          [replaceText('£34,000 to £37,400', paid.text)],
          { advert_details: { ...listed.advert_details, salary: { ...listed.advert_details.salary, ...paid } } },
        ],
      ] as [Edit[], Partial<RoleDocument>][])
        for (const previous of [undefined, listed]) {
          const { document, ...report } = await again(listed, format, edits, previous)
          t.equal(withoutIds(document), withoutIds({ ...listed, ...expected }))
          t.same(report, { losses: [], percent: 100 })
        }
    },
  )

/** What the sections and skills of an edited document are now. */
const told = (document: RoleDocument | null) => ({
  sections: document?.sections.map(({ kind, heading }) => `${kind}: ${heading}`),
  skills: document?.skills.map(({ statement, importance }) => `${importance}: ${statement}`),
  behaviours: document?.behaviours,
})
for (const format of Object.keys(formats))
  t.test(`words that say how much skills matter count in ${format} when they are changed`, async t => {
    const [essential, desirable] = [importanceOf('essential'), importanceOf('desirable')]
    const under = (first: string, second: string): RoleDocument => ({
      ...skilled,
      sections: [
        section(
          'skills_experience',
          'Skills',
          { type: 'subheading', text: first },
          essential,
          { type: 'subheading', text: second },
          desirable,
        ),
      ],
    })
    const inSections: RoleDocument = {
      ...skilled,
      sections: [
        section('skills_experience', 'Essential criteria', essential),
        section('skills_experience', 'Desirable criteria', desirable),
      ],
    }
    const all = [python, sql, airflow].map(({ statement }) => statement)
    const swap = [
      replaceText('Essential skills', '\u0003'),
      replaceText('Desirable skills', 'Essential skills'),
      replaceText('\u0003', 'Desirable skills'),
    ]
    const swapped = [...all.map(text => `desirable: ${text}`), `essential: ${spark.statement}`]
    for (const [role, edits, skills] of [
      [under('Essential skills', 'Desirable skills'), swap, swapped],
      [
        inSections,
        [replaceText('Essential criteria', 'Desirable criteria')],
        // One document prints them once: those of the section that was not changed are the skills.
        [`desirable: ${spark.statement}`],
      ],
    ] as const)
      for (const previous of [undefined, role]) {
        const { document, ...report } = await again(role, format, edits, previous)
        t.same(told(document).skills?.toSorted(), skills.toSorted())
        t.same(report, { losses: [], percent: 100 })
      }
  })

t.test('a section in place of another is what its heading says, and behaviours go with theirs', async t => {
  const behaviours = section('capabilities', 'Behaviours', {
    type: 'paragraph',
    text: 'We assess Delivering at Pace and Leadership.',
  })
  const role: RoleDocument = {
    ...skilled,
    behaviours: ['delivering_at_pace', 'leadership'],
    sections: [section('responsibilities', 'Duties', { type: 'paragraph', text: 'Build.' }), behaviours],
  }
  const printed = '## Behaviours\n\nWe assess Delivering at Pace and Leadership.'
  for (const previous of [undefined, role])
    for (const [edit, sections, left] of [
      [replaceText(printed, '## Benefits\n\n- Leave'), ['responsibilities: Duties', 'benefits: Benefits'], []],
      [
        replaceText('and Leadership', 'and Working Together'),
        ['responsibilities: Duties', 'capabilities: Behaviours'],
        ['delivering_at_pace', 'working_together'],
      ],
      [
        replaceText('## Behaviours', '## What counts here'),
        ['responsibilities: Duties', 'capabilities: What counts here'],
        role.behaviours,
      ],
    ] as const) {
      const { document, ...report } = await again(role, 'md', [edit], previous)
      t.same(
        { sections: told(document).sections, behaviours: told(document).behaviours },
        { sections, behaviours: left },
      )
      t.same(report, { losses: [], percent: 100 })
    }
})

for (const format of Object.keys(formats))
  t.test(`a further list of the same importance in ${format} stays a list`, async t => {
    const role: RoleDocument = {
      ...skilled,
      sections: [
        section('skills_experience', 'Essential skills', importanceOf('essential')),
        section('other', 'Qualifications', listOf('A degree')),
      ],
      skills: [python],
    }
    const edits = [replaceText('Qualifications', 'Essential qualifications'), addItem('A degree', 'A licence')]
    const { document } = await again(role, format, edits)
    t.match(document?.sections, [
      { blocks: [importanceOf('essential')] },
      {
        heading: 'Essential qualifications',
        blocks: [{ type: 'list', items: [{ text: 'A licence' }, { text: 'A degree' }] }],
      },
    ])
    t.same(told(document).skills, [`essential: ${python.statement}`])
  })

t.test('a list below a new heading among skills is told to be no list of skills', async t => {
  const added = replaceText(`- ${spark.statement}`, `- ${spark.statement}\n\n### Languages\n\n- German`)
  const { document, report } = await read(skilled, 'md', [added])
  t.match(document?.sections[0]?.blocks.at(-1), { type: 'list', items: [{ text: 'German' }] })
  t.match(report.warnings, [{ code: 'skills_kept_as_list', excerpt: 'German' }])
})

t.test('skills of a section that is read anew keep what goes with their text', async t => {
  const paragraph = replaceText(`- ${airflow.statement}`, `- ${airflow.statement}\n\nAnd more.\n`)
  const { document } = await again(skilled, 'md', [paragraph])
  t.same(
    document?.skills.map(({ statement, skill, level }) => [statement, skill, level]),
    skilled.skills.map(({ statement, skill, level }) => [statement, skill, level]),
  )
})

for (const format of Object.keys(formats))
  t.test(`an item in ${format} without its mark is optional no longer`, async t => {
    const withMark = (optional: boolean) =>
      ({
        ...exampleDocument,
        sections: [
          {
            ...exampleDocument.sections[0],
            blocks: [{ type: 'list', ordered: false, items: [{ id: '', text: 'Lead', optional, items: [] }] }],
          },
        ],
      }) as RoleDocument
    const { document } = await again(withMark(true), format, [
      replaceText(format === 'md' ? ' *(optional)*' : '(optional)', ''),
    ])
    t.equal(withoutIds(document), withoutIds(withMark(false)))
  })

/** Blocks that a section of any house would not have: lists beside skills, and texts that elsewhere are details or notes. */
const paragraph = (text: string): Block => ({ type: 'paragraph', text })
const [go, perl] = [skill('Go', { skill: 'python', level: 'expert' }), skill('Perl', { importance: 'desirable' })]
const mixed: RoleDocument = {
  ...exampleDocument,
  behaviours: [],
  sections: [
    section(
      'skills_experience',
      'Skills',
      paragraph('You have:'),
      importanceOf('essential'),
      paragraph('It is good to have:'),
      importanceOf('desirable'),
      paragraph('And you are:'),
      listOf('kind', 'patient'),
    ),
    section(
      'person_specification',
      'The person',
      { type: 'subheading', text: 'Essential' },
      listOf('A degree', 'A licence'),
      paragraph('and what else there is'),
      paragraph('Hours: flexible'),
      paragraph('Optional items for all'),
      {
        type: 'list',
        ordered: false,
        items: [
          { id: '', text: 'See *[here](https://example.org)*', optional: false, items: [{ id: '', text: 'Tea' }] },
          { id: '', text: 'Buns', optional: true, items: [] },
        ],
      },
    ),
  ],
  skills: [python, go, perl],
}
for (const format of Object.keys(formats))
  t.test(
    `blocks of a section that is edited in ${format} stay what they were, and what is new is what it looks like`,
    async t => {
      /** The role with other blocks of a section, or other skills. */
      const withBlocks = (at: number, change: (blocks: Block[]) => unknown): Partial<RoleDocument> => {
        const { sections } = structuredClone(mixed)
        change(sections[at]?.blocks ?? [])
        return { sections }
      }
      const rust = skill('Rust')
      for (const [what, edit, expected, said = []] of [
        [
          'an item of a list',
          addItem('A degree', 'A boat'),
          withBlocks(1, blocks => blocks.splice(1, 1, listOf('A boat', 'A degree', 'A licence'))),
        ],
        [
          'a paragraph behind skills',
          addParagraph(perl.statement, 'in a large house'),
          withBlocks(0, blocks => blocks.splice(4, 0, paragraph('in a large house'))),
        ],
        [
          'a paragraph between skills',
          addParagraph(python.statement, 'You also need this.'),
          withBlocks(0, blocks => blocks.splice(2, 0, paragraph('You also need this.'))),
          ['skills_joined'],
        ],
        [
          'a typed item behind a list',
          addParagraph('patient', '• calm'),
          withBlocks(0, blocks => blocks.splice(5, 1, listOf('kind', 'patient', 'calm'))),
          ['list_recognised'],
        ],
        [
          'a typed skill',
          addParagraph(go.statement, '• Rust'),
          { skills: [python, go, rust, perl] },
          ['list_recognised'],
        ],
        [
          'a skill under another',
          nestItem(go.statement, 'Rust'),
          { skills: [python, go, rust, perl] },
          ['list_flattened'],
        ],
      ] as [string, Edit, Partial<RoleDocument>, string[]?][])
        for (const previous of [undefined, mixed]) {
          const { document, report } = await read(mixed, format, [edit], previous)
          t.equal(withoutIds(document), withoutIds({ ...mixed, ...expected }), what)
          t.same([repairsOf(report), report.losses, report.coverage.percent], [said, [], 100], what)
        }
    },
  )

for (const format of Object.keys(formats))
  t.test(`what is bold in a subheading in ${format} is what the role has so`, async t => {
    const withText = (...texts: string[]): RoleDocument => ({
      ...skilled,
      sections: [
        section(
          'responsibilities',
          'Duties',
          ...texts.flatMap((text): Block[] => [{ type: 'subheading', text }, listOf('plan')]),
        ),
      ],
      skills: [],
    })
    const embolden = replaceText(...boldIn(format, 'Writing'))
    for (const [edits, expected] of [
      [[embolden], withText('**Reading**', 'Writing')],
      [[embolden, removeItem('plan'), addItem('plan', 'eat')], undefined],
    ] as const) {
      const { document } = await again(withText('**Reading**', 'Writing'), format, edits)
      const blocks = document?.sections[0]?.blocks.flatMap(block => ('text' in block ? block.text : []))
      t.same(blocks, ['**Reading**', 'Writing'])
      if (expected) t.equal(withoutIds(document), withoutIds(expected))
    }
  })

/** Items as an editor pastes them behind one: of a list of their own. */
const pasteBehind =
  (text: string, added: string): Edit =>
  (source, format) => {
    const item = new RegExp(
      format === 'docx'
        ? `<w:p>(?:(?!<w:p>).)*>${text}<.*?</w:p>`
        : format === 'md'
          ? `- ${text}\\n`
          : `<li>${text}</li>`,
    )
    return source.replace(item, found => {
      if (format === 'md') return `${found}* ${added}\n`
      if (format !== 'docx') return `${found}</ul><ul><li>${added}</li></ul><ul>`
      return found + found.replace(text, added).replace(/(?<=w:numId w:val=")\d+/, '1')
    })
  }
for (const format of Object.keys(formats))
  t.test(`lists side by side in ${format} stay two, and a list stays one`, async t => {
    const withLists = (...lists: Block[]): RoleDocument => ({
      ...skilled,
      sections: [section('responsibilities', 'Duties', paragraph('You'), ...lists, paragraph('and'), listOf('dig'))],
      skills: [],
    })
    const two = withLists(listOf('plan', 'lead'), listOf('write', 'sing'))
    const one = withLists(listOf('plan', 'lead'))
    const joined = format === 'docx' ? [] : ['lists_joined', 'lists_joined']
    for (const [role, edits, expected, said = []] of [
      [two, [addItem('lead', 'read')], withLists(listOf('plan', 'read', 'lead'), listOf('write', 'sing'))],
      [two, [removeItem('lead'), addItem('write', 'lead')], withLists(listOf('plan'), listOf('lead', 'write', 'sing'))],
      [one, [pasteBehind('plan', 'eat')], withLists(listOf('plan', 'eat', 'lead')), joined],
      [one, [pasteBehind('lead', 'eat')], withLists(listOf('plan', 'lead', 'eat')), ['lists_joined']],
    ] as [RoleDocument, Edit[], RoleDocument, string[]?][]) {
      const { document, report } = await read(role, format, edits)
      t.equal(withoutIds(document), withoutIds(expected))
      t.same([repairsOf(report), report.coverage.percent], [said, 100])
    }
  })

/** A line of a document in each format, as a heading of a depth, bold, or plain. */
const lineIn = (format: string, text: string, look: number | 'bold' | 'plain') => {
  if (format === 'docx') {
    const style = typeof look === 'number' ? `<w:pPr><w:pStyle w:val="Heading${look}"/></w:pPr>` : ''
    return `<w:p>${style}<w:r>${look === 'bold' ? '<w:rPr><w:b/></w:rPr>' : ''}<w:t>${text}</w:t></w:r></w:p>`
  }
  if (format === 'md') {
    const line = typeof look === 'number' ? `${'#'.repeat(look)} ${text}` : look === 'bold' ? `**${text}**` : text
    return `${line}\n\n`
  }
  if (typeof look === 'number') return `<h${look}>${text}</h${look}>`
  return look === 'bold' ? `<p><b>${text}</b></p>` : `<p>${text}</p>`
}
const boldIn = (format: string, text: string): [string, string] =>
  format === 'docx'
    ? [`<w:r><w:t xml:space="preserve">${text}`, `<w:r><w:rPr><w:b/></w:rPr><w:t xml:space="preserve">${text}`]
    : [text, format === 'md' ? `**${text}**` : `<b>${text}</b>`]
const headingOf: Record<string, RegExp> = {
  md: /#+ What you get\n/,
  html: /<h2[^>]*>What you get<\/h2>/,
  docx: /<w:p>(?:(?!<w:p>).)*>What you get<\/w:t><\/w:r><\/w:p>/s,
}
const beginning: Record<string, RegExp> = { md: /# Data engineer/, html: /<h1/, docx: /<w:p>/ }
for (const format of Object.keys(headingOf))
  t.test(
    `headings in ${format} that look otherwise are those of their sections, and what stands above has one`,
    async t => {
      const gets = section('benefits', 'What you get', paragraph('Leave.'))
      const role = { ...skilled, sections: [section('role_summary', 'The role', paragraph('You build.')), gets] }
      const withLine =
        (look: number | 'bold'): Edit =>
        source =>
          source.replace(headingOf[format] as RegExp, () => lineIn(format, gets.heading, look))
      const above: Edit = source =>
        source.replace(beginning[format] as RegExp, found => lineIn(format, 'Draft of May', 'plain') + found)
      const larger: Edit = source =>
        source.replace(
          headingOf[format] as RegExp,
          found => lineIn(format, 'Kit', 1) + lineIn(format, 'A laptop.', 'plain') + found,
        )
      for (const [edit, sections] of [
        [withLine('bold'), role.sections],
        [withLine(3), role.sections],
        [above, [section('other', 'Introduction', paragraph('Draft of May')), ...role.sections]],
        ...(format === 'docx'
          ? []
          : [[larger, role.sections.toSpliced(1, 0, section('other', 'Kit', paragraph('A laptop.')))] as const]),
      ] as const) {
        const { document } = await again(role, format, [edit])
        t.equal(withoutIds(document), withoutIds({ ...role, sections: [...sections] }))
      }
    },
  )

t.test('a mark that is typed makes an item optional, and a section that may be another is told', async t => {
  for (const format of Object.keys(formats)) {
    const role = { ...skilled, sections: [section('benefits', 'What you get', listOf('Leave', 'Tea (Optional)'))] }
    const marked = structuredClone(role)
    const [block] = marked.sections[0]?.blocks ?? []
    if (block?.type === 'list' && block.items[0]) block.items[0].optional = true
    const { document } = await again(role, format, [replaceText('Leave', 'Leave (optional)')])
    t.equal(withoutIds(document), withoutIds(marked), format)
    const { report } = await read(role, format, [replaceText('What you get', 'Training'), removeItem('Leave')])
    t.same(repairsOf(report), ['section_renamed'], format)
  }
})

t.test('an amount that is replaced in the front matter too is read where it is printed', async t => {
  const { type, render } = formats.md as (typeof formats)[string]
  const source = Buffer.from(await render(sourceOf(listed, [])))
    .toString()
    .replaceAll('£34,000', '£35,000')
  const salary = { ...listed.advert_details.salary, min: 35000, text: '£35,000 to £37,400' }
  for (const previous of [undefined, listed]) {
    const { document } = await importFile(Buffer.from(source), type, contextOf(previous ? { previous } : {}))
    t.equal(
      withoutIds(document),
      withoutIds({ ...listed, advert_details: { ...listed.advert_details, salary } } as RoleDocument),
    )
  }
})
