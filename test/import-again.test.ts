import t from 'tap'
import { diffDocuments } from '../src/document/diff.ts'
import { keepIds } from '../src/document/match.ts'
import type { RoleDocument } from '../src/document/schema.ts'
import { type ImportResult, importDocument } from '../src/imports/import.ts'
import type { SharedText } from '../src/imports/reconcile.ts'
import { contextOf, imported, ourSample, warningOf } from './support/documents.ts'

/** Gives the parts of a document that have no id one, as the register does. */
function withIds(document: RoleDocument): RoleDocument {
  const copy = structuredClone(document)
  copy.sections.forEach((section, at) => {
    let item = 0
    if (section.id === '') section.id = at === 0 ? section.kind : `${section.kind}-${at + 1}`
    for (const block of section.blocks) {
      if (block.type !== 'list') continue
      for (const entry of block.items) {
        entry.id ||= `i${++item}`
        for (const sub of entry.items) sub.id ||= `i${++item}`
      }
    }
  })
  copy.skills.forEach((skill, at) => {
    skill.id ||= `s${at + 1}`
  })
  return copy
}

const documentOf = ({ document }: ImportResult) => {
  if (!document) throw new Error('the document was refused')
  return document
}

const sample = ourSample().toString()
const first = imported(sample)
const stored = first.newSharedSections
const draft = withIds(documentOf(first))
const again = (source: string, previous = draft, sharedSections: SharedText[] = stored) =>
  imported(source, 'text/markdown', { previous, sharedSections })

t.test('the same document again is unchanged', async t => {
  const result = again(sample)
  t.same(result.document, draft)
  t.equal(result.report.unchanged, true)
  t.same(result.newSharedSections, [])
})

t.test('what a document cannot say keeps the value of the draft', async t => {
  const edited = structuredClone(draft)
  edited.profession = 'digital_and_data'
  edited.family = 'data'
  edited.behaviours = ['working_together']
  edited.alternative_titles = ['Pipeline engineer']
  edited.sfia_version = '9'
  edited.skills.forEach((skill, at) => {
    skill.importance = at < 2 ? 'essential' : 'desirable'
    skill.level = 'working'
    skill.skill = 'sql'
  })
  const skillsSection = edited.sections.find(section => section.kind === 'skills_experience')
  if (skillsSection) {
    skillsSection.kind = 'other'
    skillsSection.blocks = [
      { type: 'skills', importance: 'essential' },
      { type: 'skills', importance: 'desirable' },
    ]
  }
  edited.advert_details.reference_number = '123'
  edited.advert_details.additional = [{ label: 'Travel', value: 'Some' }]
  edited.advert_details.locations = [{ text: 'Leeds', town: 'Leeds', region: null, postcode: null, country: 'GB' }]
  const result = again(sample, edited)
  t.same(result.document, edited)
  t.equal(result.report.unchanged, true)
})

t.test('a changed document: what was added, changed and removed, with ids kept', async t => {
  const source = sample
    .replace(
      'Review the code of others and have yours reviewed.',
      'Review the code of others and have your own reviewed.',
    )
    .replace('<li><p>Learns from colleagues and gives back.</p></li>\n', '')
    .replace('<li><p>Awareness of the law on personal data.</p></li>', '$&\n<li><p>Patience.</p></li>')
    .replace('(PBMG) – Level 3', '(PBMG) – Level 4')
    .replace('| HEO |', '| SEO |')
  const { document, report } = again(source)
  t.equal(report.unchanged, false)
  t.match(diffDocuments(draft, document as RoleDocument), [
    {
      op: 'remove',
      what: 'item of “You will be someone who”',
      before: { text: 'Learns from colleagues and gives back.' },
    },
    { op: 'remove', what: 'grades', before: { label: 'Higher Executive Officer' } },
    { op: 'add', what: 'grades', value: { label: 'Senior Executive Officer' } },
    {
      op: 'replace',
      what: 'item of “What you’ll do day-to-day”',
      before: 'Review the code of others and have yours reviewed.',
      value: 'Review the code of others and have your own reviewed.',
    },
    { op: 'add', what: 'skill “Patience.”', value: { statement: 'Patience.' } },
    { op: 'replace', what: 'level of SFIA skill PBMG', before: 3, value: 4 },
  ])
  t.same(
    document?.sections.map(section => section.id),
    draft.sections.map(section => section.id),
  )
  t.same(
    document?.skills.map(skill => skill.id),
    [...draft.skills.map(skill => skill.id), ''],
  )
})

t.test('moved items keep their ids', async t => {
  const one = '<li><p>Design, build and test pipelines for batches and streams.</p></li>\n'
  const source = sample.replace(one, '').replace('<li><p>Move old jobs', `${one}<li><p>Move old jobs`)
  const { document } = again(source)
  const [list] = document?.sections[3]?.blocks ?? []
  t.same(list?.type === 'list' && list.items.map(item => item.id), ['i2', 'i3', 'i4', 'i5', 'i1', 'i6'])
  t.match(diffDocuments(draft, document as RoleDocument), [
    { op: 'move', from: '/sections/3/blocks/0/items/0', path: '/sections/3/blocks/0/items/4' },
  ])
})

t.test('shared sections: the same text is reused, nearly the same is a variant, other text is new', async t => {
  const same = importDocument(ourSample(), 'text/markdown', contextOf({ sharedSections: stored }))
  t.same(same.newSharedSections, [])
  t.same(
    same.report.recognised.shared_sections.map(section => section.created),
    [false, false],
  )
  t.equal(same.document?.sections[0]?.shared_section, 'home-office-about-the-organisation')

  const near = imported(sample.replace('Almost every decision', 'Nearly every decision'), 'text/markdown', {
    sharedSections: stored,
  })
  t.equal(near.document?.sections[0]?.shared_section, null)
  t.equal(near.document?.sections[0]?.blocks.length, 2)
  t.same(near.newSharedSections, [])
  t.match(warningOf(near, 'shared_section_variant'), {
    pointer: '/sections/0',
    line: 6,
    detail: /nearly that of the shared section home-office-about-the-organisation/,
  })
  const kept = withIds(documentOf(near))
  t.same(again(sample.replace('Almost every decision', 'Nearly every decision'), kept).document, kept)

  const other = imported('# Tester\n\n## About us\n\nWe are another team.\n\n## About the role\n\nx', 'text/markdown', {
    sharedSections: [...stored, { slug: 'home-office-about-us', kind: 'other', heading: 'About us', blocks: [] }],
  })
  t.same(
    other.newSharedSections.map(section => section.slug),
    ['home-office-about-us-2'],
  )
})

t.test('a draft without its own text stays the draft: an own section is not made a shared one', async t => {
  const own = structuredClone(draft)
  for (const [at, text] of stored.entries()) {
    const section = own.sections[at]
    if (section) Object.assign(section, { shared_section: null, blocks: text.blocks })
  }
  const before = withIds(own)
  t.same(again(sample, before).document, before)
})

t.test('ids that are sent are left alone, and no id is given twice', async t => {
  const next = structuredClone(draft)
  const [section] = next.sections
  if (section) section.id = 'other-99'
  for (const skill of next.skills) skill.id = ''
  next.skills.push({ ...(next.skills[0] as (typeof next.skills)[0]) })
  const kept = keepIds(next, draft)
  t.equal(kept.sections[0]?.id, 'other-99')
  t.same(
    kept.skills.map(skill => skill.id),
    [...draft.skills.map(skill => skill.id), ''],
  )
})
