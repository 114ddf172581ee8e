// What the page of a role shows of its sections: nothing without a text, and what no section prints all the same.
import t from 'tap'
import type { Block, RoleDocument } from '../../src/document/schema.ts'
import { testApp } from '../support/app.ts'
import { browser, linesOf, mainOf } from '../support/html.ts'
import { createPublished, documentWith, emptyDocument } from '../support/roles.ts'

type Section = RoleDocument['sections'][number]

const section = (kind: Section['kind'], heading: string, ...blocks: Block[]): Section => ({
  id: kind,
  kind,
  heading,
  shared_section: null,
  blocks,
})
const optional: Block = {
  type: 'list',
  ordered: false,
  items: [{ id: 'i1', text: 'Be on call', optional: true, items: [] }],
}
const skill = { id: 's1', statement: 'Can listen', importance: null, level: null, skill: null }

t.test('what a page shows of sections', { timeout: 300_000 }, async t => {
  const { call } = await testApp(t)
  const linesOfPage = async (slug: string, members: Partial<RoleDocument>) => {
    await createPublished(call, slug, documentWith(members))
    const { text } = await call(`GET /roles/${slug}`, browser)
    const lines = linesOf(mainOf(text))
    return lines.slice(lines.indexOf('About'), lines.indexOf('Take it with you'))
  }
  const about = section('role_summary', 'About', { type: 'paragraph', text: 'You look after it.' })
  const duties = section('responsibilities', 'Duties', { type: 'paragraph', text: 'Look after it.' })

  await t.test('showRoles of an empty register → 200, and says so', async t => {
    const told = async (path: string) => linesOf(mainOf((await call(`GET ${path}`, browser)).text)).at(-1)
    t.equal(await told('/roles?sort=title'), 'No role has been published yet.')
    t.equal(await told('/roles?q=clerk'), 'Try fewer words, or clear a filter.')
  })

  await t.test('showRole → 200 with the tables of what no section prints', async t => {
    const lines = await linesOfPage('bare', { sections: [about, duties], skills: [] })
    t.same(lines.slice(0, 6), [
      'About',
      'You look after it.',
      'Duties',
      'Look after it.',
      'Skills Framework for the Information Age',
      'SFIA 9 skills',
    ])
    t.same(lines.slice(lines.indexOf('Appendix'), lines.indexOf('Appendix') + 3), [
      'Appendix',
      'Salary',
      '£42,500 to £47,250.50',
    ])
  })

  await t.test(
    'showRole → 200 without sections that show nothing, and without levels where no skill has one',
    async t => {
      const members = {
        sections: [
          about,
          duties,
          section('working_with', 'Perhaps', optional),
          section('skills_experience', 'Skills', optional, { type: 'skills', importance: null }),
          section('appendix', 'Details', { type: 'advert_details' }),
        ],
        skills: [skill],
        sfia_version: null,
        sfia_mappings: [],
        advert_details: emptyDocument.advert_details,
      }
      t.same(await linesOfPage('sparse', members), [
        'About',
        'You look after it.',
        'Duties',
        'Look after it.',
        'Skills',
        'Skills',
        'Skill',
        'Can listen',
      ])
      const page = await call('GET /v1/roles/sparse/document?format=fragment', { key: null })
      t.same(
        page.text.match(/<h2[^>]*>[^<]*/g)?.map(heading => heading.replace(/.*>/, '')),
        ['About', 'Duties', 'Skills', 'Details'],
      )
    },
  )

  await t.test('showChanges refused for one reason → 400 that says it once', async t => {
    const { status, text } = await call('GET /roles/nothing/changes?from=0', browser)
    t.same([status, text.split('This must be 1 or more').length - 1], [400, 1])
  })
})
