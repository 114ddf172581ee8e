// The document type: what requests may leave out, the order of the canonical bytes, and what changed between two.
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import fc from 'fast-check'
import t from 'tap'
import { checkDocument } from '../src/document/check.ts'
import { changedParts, orderSections } from '../src/document/edit.ts'
import { assignIds } from '../src/document/ids.ts'
import { resolve } from '../src/document/resolve.ts'
import { type Block, exampleDocument, RoleDocument, type Section } from '../src/document/schema.ts'
import { complete, components } from '../src/document/shape.ts'

const ajv = new Ajv2020({ strict: false, discriminator: true, allErrors: true })
;(addFormats as unknown as (target: Ajv2020) => void)(ajv)
for (const schema of components.values()) ajv.addSchema(schema)
const isValid = (name: string, value: unknown) => ajv.validate(`${name}#`, value) as boolean

const text = fc.stringMatching(/^[A-Za-z’é😀 ]{0,12}[a-z]$/u)
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined })
/** Without the members that are undefined, as JSON has it. */
const sent = <T>(arbitrary: fc.Arbitrary<T>) => arbitrary.map(value => JSON.parse(JSON.stringify(value)) as unknown)

const item = fc.record({
  text,
  optional: optional(fc.boolean()),
  items: optional(fc.array(fc.record({ text }), { maxLength: 2 })),
})
const block = fc.oneof(
  fc.record({ type: fc.constantFrom('paragraph', 'subheading', 'note'), text }),
  fc.record({
    type: fc.constant('list'),
    ordered: optional(fc.boolean()),
    items: fc.array(item, { minLength: 1, maxLength: 3 }),
  }),
)
const section = fc.record({
  kind: fc.constantFrom('other', 'benefits', 'role_summary'),
  heading: text,
  blocks: optional(fc.array(block, { maxLength: 3 })),
})
/** Anything that POST takes. */
const newDocument = sent(
  fc.record({
    title: optional(fc.option(text)),
    alternative_titles: optional(fc.array(text, { maxLength: 2 })),
    grades: optional(
      fc.uniqueArray(fc.record({ code: fc.constantFrom('SEO', 'G7') }), { maxLength: 2, selector: ({ code }) => code }),
    ),
    sections: optional(fc.array(section, { maxLength: 4 })),
    skills: optional(
      fc.array(fc.record({ statement: text, importance: optional(fc.constantFrom(null, 'essential')) }), {
        maxLength: 3,
      }),
    ),
    advert_details: optional(
      fc.record({
        hours: optional(fc.option(text)),
        salary: optional(fc.option(fc.record({ min: optional(fc.nat(1000)) }))),
      }),
    ),
  }),
)

const shuffled = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(shuffled)
    : value !== null && typeof value === 'object'
      ? Object.fromEntries(
          Object.entries(value)
            .map(([name, member]) => [name, shuffled(member)] as const)
            .reverse(),
        )
      : value

/** The names of an object's members and of those under them, as they stand. */
const shapeOf = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(shapeOf)
    : value !== null && typeof value === 'object'
      ? Object.entries(value).map(([name, member]) => [name, shapeOf(member)])
      : undefined

t.test('complete makes of whatever POST takes one whole document, in one order', async t => {
  fc.assert(
    fc.property(newDocument, body => {
      if (!isValid('NewRoleDocument', body)) throw new Error(ajv.errorsText())
      const document = assignIds(complete(RoleDocument, body), {}).document
      if (!isValid('RoleDocument', document)) throw new Error(ajv.errorsText())
      if (!isValid('ReplacementRoleDocument', document)) throw new Error('PUT takes what GET gives')
      const bytes = JSON.stringify(document)
      if (JSON.stringify(complete(RoleDocument, document)) !== bytes) throw new Error('what is whole stays as it is')
      if (JSON.stringify(complete(RoleDocument, shuffled(document))) !== bytes) throw new Error('order is the schema’s')
      if (JSON.stringify(complete(RoleDocument, JSON.parse(bytes))) !== bytes) throw new Error('JSON keeps it')
      if (checkDocument(document).some(({ code }) => code !== 'wrong_text')) throw new Error('it is valid')
    }),
  )
  t.same(shapeOf(complete(RoleDocument, shuffled(exampleDocument))), shapeOf(exampleDocument))
})

t.test('complete shares nothing between two documents', async t => {
  const first = complete(RoleDocument, {})
  first.grades.push({ scheme: 'civil-service', code: 'SEO', label: '' })
  first.advert_details.role_types.push('digital')
  t.same(complete(RoleDocument, {}).grades, [])
  t.same(complete(RoleDocument, {}).advert_details.role_types, [])
})

t.test('changedParts names what differs, and nothing where nothing does', async t => {
  const changes: [Partial<RoleDocument>, string[]][] = [
    [{}, []],
    [{ title: 'Other' }, ['/title']],
    [{ advert_details: { ...exampleDocument.advert_details, hours: null } }, ['/advert_details']],
    [{ sections: exampleDocument.sections.toReversed() }, ['/section-order']],
    [{ sections: exampleDocument.sections.slice(1) }, ['/sections/role_summary', '/section-order']],
    [{ skills: [] }, ['/skills/s1']],
    [{ sfia_mappings: [{ code: 'PROG', level: 4 }] }, ['/sfia_mappings/PROG']],
    [{ sfia_version: '8', sfia_mappings: [] }, ['/sfia_version', '/sfia_mappings/PROG']],
  ]
  for (const [members, parts] of changes) {
    const changed = { ...exampleDocument, ...members }
    t.same(new Set(changedParts(exampleDocument, changed)), new Set(parts), JSON.stringify(parts))
    t.same(new Set(changedParts(changed, exampleDocument)), new Set(parts))
  }
  const skills = [
    { id: 's1', statement: 'a', skill: null, level: null, importance: null },
    { id: 's2', statement: 'b', skill: null, level: null, importance: null },
  ]
  const [forth, back] = [skills, skills.toReversed()].map(list => ({ ...exampleDocument, skills: list }))
  if (!forth || !back) throw new Error('there are two')
  t.same(changedParts(forth, back), ['/skills'], 'a new order is a change')
})

t.test('orderSections takes any permutation and nothing else', async () => {
  const ids = exampleDocument.sections.map(({ id }) => id)
  fc.assert(
    fc.property(fc.shuffledSubarray(ids, { minLength: ids.length }), fc.nat(3), (order, at) => {
      const ordered = orderSections(exampleDocument, order)
      if (ordered?.sections.map(({ id }) => id).join() !== order.join()) throw new Error('as named')
      if (orderSections(exampleDocument, order.toSpliced(at, 1))) throw new Error('one is missing')
      if (orderSections(exampleDocument, order.with(at, 'other'))) throw new Error('one is unknown')
      const twice = order[(at + 1) % order.length] ?? ''
      if (orderSections(exampleDocument, order.with(at, twice))) throw new Error('one stands twice')
    }),
  )
})

t.test('resolve prints shared sections and names, drops notes, and keeps the order of the canonical bytes', async t => {
  const note: Block = { type: 'note', text: 'For authors' }
  const paragraph: Block = { type: 'paragraph', text: 'We serve' }
  const shared: Section = { id: 'other', kind: 'other', heading: 'Us', shared_section: 'about-us', blocks: [] }
  const own: Section = { id: 'terms', kind: 'terms', heading: 'Terms', shared_section: null, blocks: [note, paragraph] }
  const publication = {
    slug: 'role',
    organisation: { slug: 'home-office', name: 'Home Office' },
    version: 1,
    published_at: '2026-01-01T00:00:00.000000Z',
    change_note: 'First',
  }
  const references = {
    sharedSections: new Map([['about-us', { blocks: [paragraph, note], revision: 3 }]]),
    skillNames: new Map(),
    sfiaSkills: new Map([['PROG', { name: 'Programming', category: 'Development', subcategory: 'Systems' }]]),
  }
  const role = resolve({ ...exampleDocument, sections: [shared, own] }, publication, references)
  t.same(
    role.sections.map(({ blocks }) => blocks),
    [[paragraph], [paragraph]],
  )
  t.ok(isValid('PublishedRole', role), ajv.errorsText())
  t.same(Object.keys(role), Object.keys((components.get('PublishedRole') as { properties?: object }).properties ?? {}))
  t.throws(
    () => resolve(exampleDocument, publication, { ...references, sfiaSkills: new Map() }),
    /unresolved reference/,
  )
})
