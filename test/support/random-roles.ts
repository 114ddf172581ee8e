/** Random roles with all that a draft may hold, and texts that are hard to write down. */
import fc from 'fast-check'
import { checkDocument } from '../../src/document/check.ts'
import {
  behaviours,
  contractTypes,
  families,
  grades,
  professions,
  roleTypes,
  salaryPeriods,
  sectionKinds,
  skillLevels,
  workingPatterns,
} from '../../src/document/code-lists.ts'
import { assignIds, assignItemIds } from '../../src/document/ids.ts'
import type { AdvertDetails, Block, Grade, RoleDocument, Section } from '../../src/document/schema.ts'
import { checkText } from '../../src/document/text.ts'
import type { SharedText } from '../../src/imports/reconcile.ts'
import { contextOf } from './documents.ts'

const oddWords = [
  'lorem',
  'Ipsum',
  'dolor’s',
  'a*b',
  'x_y',
  '\\<sit>',
  '[amet]',
  '&c',
  'R&amp;D',
  '&lt;',
  '1.',
  '12)',
  '–',
  '-',
  '+',
  '=',
  '---',
  '“q”',
  '#',
  'C++',
  '\\',
  '\\*',
  '|',
  'a|b',
  '~~gone~~',
  '`co`',
  '``a`b``',
  '` `` `',
  '*soft*',
  '_soft_',
  '**bold**',
  '***both***',
  '*a **b** c*',
  '**a *b***',
  'a**b**c',
  '*ü*!',
  '**“q”**',
  '*😀*',
  '**😀**x',
  '[here](https://a.uk/x?y=1&z=2)',
  '[*in* it](mailto:a@b.uk)',
  '[](https://a.uk)',
  '<https://a.uk/é>',
  '[p](https://a.uk/(a)%20b|c[d])',
  'https://plain.uk/a_b*c',
  'www.plain.uk',
  'me@plain.uk',
  'http://[',
  'Grade:',
  'Salary: £1',
  'Essential',
  'Appendix',
  'About the role',
  '(optional)',
  '*(optional)*',
  '[Insert name]',
  '{{ x }}',
  'Systems design (DESN) – Level 3',
  '&nbsp;',
  '&#1;',
  '\u00a0',
  '\u200b',
  '\u202eRTL\u202c',
  'שלום',
  'مرحبا',
  '😀',
  '👩‍👩‍👧',
  '\u0001',
  '\u0085',
  '\ufffe',
  '\ufeff',
  '\u2028',
  '\t',
  '\n',
  '  ',
  '\r\n',
  'x'.repeat(300),
  '[^1]',
  '[a]: b',
  '[ ]',
  '[x]',
  '$x$',
  '<!-- -->'.replace('<', '\\<'),
  '```',
  '~~~',
  '>',
  ':',
  '!',
  '![',
  '***',
  '___',
  '...',
  '|---|',
]
const joined = (words: fc.Arbitrary<string>) =>
  fc
    .array(fc.tuple(words, fc.constantFrom(' ', ' ', ' ', '')), { minLength: 1, maxLength: 8 })
    .map(parts => parts.flat().join(''))
const isStorable = (text: string) => !text.includes('\0') && !/\p{Surrogate}/u.test(text) && /\S/.test(text)
const anyString = (maxLength: number) =>
  fc.oneof(
    { weight: 3, arbitrary: joined(fc.constantFrom(...oddWords)).map(text => text.slice(0, maxLength)) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: Math.min(maxLength, 40) }) },
    { weight: 1, arbitrary: fc.string({ unit: 'grapheme', minLength: 1, maxLength: Math.min(maxLength, 40) }) },
    {
      weight: 1,
      arbitrary: fc.string({ unit: fc.constantFrom(...'*_`[]()<>!\\ &;#|~-+.:/ab1 '), minLength: 1, maxLength: 20 }),
    },
  )
const line = (maxLength = 300) => anyString(maxLength).filter(isStorable)
const anyText = anyString(2000).filter(text => isStorable(text) && checkText(text) === null)

const codes = <C extends { code: string }>(list: readonly C[]) =>
  fc.constantFrom(...list.map(({ code }) => code as C['code']))
const some = <T>(arbitrary: fc.Arbitrary<T>, maxLength = 3) => fc.uniqueArray(arbitrary, { maxLength })

const item = fc.record({
  id: fc.constant(''),
  text: anyText,
  optional: fc.boolean(),
  items: fc.array(fc.record({ id: fc.constant(''), text: anyText }), { maxLength: 2 }),
})
const block: fc.Arbitrary<Block> = fc.oneof(
  fc.record({ type: fc.constantFrom('paragraph', 'subheading', 'note'), text: anyText }),
  fc.record({
    type: fc.constant('list' as const),
    ordered: fc.boolean(),
    items: fc.array(item, { minLength: 1, maxLength: 4 }),
  }),
)
const marker: fc.Arbitrary<Block> = fc.oneof(
  fc.record({ type: fc.constant('skills' as const), importance: fc.constantFrom('essential', 'desirable', null) }),
  fc.record({ type: fc.constantFrom('sfia_mappings' as const, 'advert_details' as const) }),
)
const heading = fc.oneof(
  line(),
  fc.constantFrom('About the role', 'Skills', 'Essential', 'Appendix', 'Grade: SEO', 'SFIA'),
)
const blocks = fc.array(fc.oneof({ weight: 3, arbitrary: block }, { weight: 1, arbitrary: marker }), { maxLength: 5 })

const slugs = ['shared-one', 'shared-two', 'shared-three']
const shared: fc.Arbitrary<SharedText> = fc.record({
  slug: fc.constant(''),
  kind: codes(sectionKinds),
  heading: line(),
  blocks: blocks.map(assignItemIds),
})
const section: fc.Arbitrary<Section> = fc.record({
  id: fc.constant(''),
  kind: codes(sectionKinds),
  heading,
  shared_section: fc.constant(null),
  blocks,
})

const grade: fc.Arbitrary<Grade> = fc.oneof(
  fc.constantFrom(...grades).map(({ code, label }) => ({ scheme: 'civil-service', code, label })),
  fc.record({ scheme: fc.constant('moj'), code: line(30), label: line(100) }),
)
const amount = fc.option(fc.integer({ min: 0, max: 9_999_999 }).map(pence => pence / 100))
const details: fc.Arbitrary<AdvertDetails> = fc.record({
  reference_number: fc.option(line()),
  salary: fc.option(
    fc.record({
      min: amount,
      max: fc.constant(null),
      currency: fc.constantFrom('GBP', 'EUR', 'CHF'),
      period: fc.option(codes(salaryPeriods)),
      text: fc.option(line(1000)),
    }),
  ),
  role_types: some(codes(roleTypes)),
  locations: fc.array(
    fc.record({
      text: line(),
      town: fc.option(line()),
      region: fc.option(line()),
      postcode: fc.option(line(20)),
      country: fc.option(fc.constantFrom('GB', 'IE')),
    }),
    { maxLength: 2 },
  ),
  business_area: fc.option(line()),
  contract_types: some(codes(contractTypes)),
  working_patterns: some(codes(workingPatterns)),
  hours: fc.option(line()),
  reports_to: fc.option(line()),
  additional: fc.array(
    fc.record({
      label: fc.oneof(line(), fc.constantFrom('Grade', 'Salary:', 'a: b')),
      value: fc.oneof(line(2000), fc.constant('')),
    }),
    { maxLength: 3 },
  ),
})

const { versions } = contextOf().sfia
const sfia: fc.Arbitrary<Pick<RoleDocument, 'sfia_version' | 'sfia_mappings'>> = fc
  .constantFrom(...versions)
  .chain(({ version, skills }) =>
    fc.record({
      sfia_version: fc.constant(version),
      sfia_mappings: fc
        .shuffledSubarray([...skills])
        .chain(chosen =>
          fc.tuple(...chosen.map(({ code, levels }) => fc.constantFrom(...levels).map(level => ({ code, level })))),
        ),
    }),
  )

/** Markers print each thing once, in all sections together; the rest of them are left out. */
function onceEach(sections: readonly Section[], texts: readonly SharedText[]) {
  const seen = new Set<string>()
  const once = (list: readonly Block[]) =>
    list.filter(part => {
      if (part.type !== 'skills' && part.type !== 'sfia_mappings' && part.type !== 'advert_details') return true
      const key = JSON.stringify(part)
      return !seen.has(key) && seen.add(key)
    })
  const sharedTexts = texts.map(text => ({ ...text, blocks: once(text.blocks) }))
  return { sharedTexts, sections: sections.map(part => ({ ...part, blocks: once(part.blocks) })) }
}

const unmapped: Pick<RoleDocument, 'sfia_version' | 'sfia_mappings'> = { sfia_version: null, sfia_mappings: [] }

export interface RandomRole {
  document: RoleDocument
  sharedSections: SharedText[]
}

export const randomRole: fc.Arbitrary<RandomRole> = fc
  .record({
    head: fc.record({
      title: fc.option(line(200), { freq: 9 }),
      alternative_titles: fc.array(line(), { maxLength: 2 }),
      profession: fc.option(codes(professions)),
      family: fc.option(codes(families)),
      grades: fc.uniqueArray(grade, { maxLength: 2, selector: ({ scheme, code }) => `${scheme} ${code}` }),
      behaviours: some(codes(behaviours)),
    }),
    sections: fc.array(fc.tuple(section, fc.boolean()), { maxLength: 5 }),
    texts: fc.array(shared, { maxLength: 2 }),
    skills: fc.array(
      fc.record({
        id: fc.constant(''),
        statement: anyText,
        skill: fc.option(fc.constantFrom('python', 'sql')),
        level: fc.option(codes(skillLevels)),
        importance: fc.constantFrom('essential' as const, 'desirable' as const, null),
      }),
      { maxLength: 6 },
    ),
    sfia: fc.option(sfia),
    advert_details: details,
  })
  .map(({ head, sections, texts, skills, sfia: mapped, advert_details }) => {
    const once = onceEach(
      sections.map(([own]) => own),
      texts.map((text, at) => ({ ...text, slug: slugs[at] as string })),
    )
    const free = [...once.sharedTexts]
    const all = once.sections.map((own, at): Section => {
      const text = sections[at]?.[1] ? free.shift() : undefined
      return text ? { ...own, kind: text.kind, shared_section: text.slug, blocks: [] } : own
    })
    const document = assignIds({ ...head, sections: all, skills, ...(mapped ?? unmapped), advert_details }, {}).document
    return { document, sharedSections: once.sharedTexts }
  })
  .filter(({ document }) => checkDocument(document).length === 0)
