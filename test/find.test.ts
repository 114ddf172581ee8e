// Finding published roles: filters, words, orders, counts, and walks through a list that others change meanwhile.
import fc from 'fast-check'
import { sql } from 'kysely'
import t from 'tap'
import { exampleDocument, type RoleDocument } from '../src/document/schema.ts'
import { sorts } from '../src/roles/search.ts'
import { testApp } from './support/app.ts'
import { problemOf } from './support/problem.ts'
import { reset } from './support/reset.ts'
import { createPublished, documentWith } from './support/roles.ts'
import { unchecked } from './support/unchecked.ts'
import { walk } from './support/walk.ts'

interface List {
  roles: { slug: string; title: string; published_at: string }[]
  corrected_q: string | null
  facets: unknown
  next_cursor: string | null
}

type Call = Awaited<ReturnType<typeof testApp>>['call']
const list = async (call: Call, query: string) => (await call(`GET /v1/roles${query}`, { key: null })).body as List
const slugsOf = ({ roles }: List) => roles.map(({ slug }) => slug)

/** The example with a text that says this and nothing else. */
const saying = (title: string, text: string, members: Partial<RoleDocument> = {}) =>
  documentWith({
    title,
    alternative_titles: [],
    skills: [],
    sfia_version: null,
    sfia_mappings: [],
    sections: exampleDocument.sections
      .filter(({ kind }) => kind === 'role_summary' || kind === 'responsibilities')
      .map(section => ({ ...section, blocks: [{ type: 'paragraph', text }] })),
    ...members,
  })

const skillsBlock = (statement: string, skill: string | null): Partial<RoleDocument> => ({
  sections: [
    ...saying('', 'Nothing').sections,
    {
      id: 'skills_experience',
      kind: 'skills_experience',
      heading: 'Skills',
      shared_section: null,
      blocks: [{ type: 'skills', importance: 'essential' }],
    },
  ],
  skills: [{ id: 's1', statement, skill, level: null, importance: 'essential' }],
})

t.test('listRoles finds', { timeout: 300_000 }, async t => {
  const { call } = await testApp(t)
  t.equal((await call('POST /v1/skills?slug=python', { body: { name: 'Python' } })).status, 201)
  t.equal((await call('POST /v1/skills?slug=unused', { body: { name: 'Unused' } })).status, 201)
  const grade = (code: string, scheme = 'civil-service') => ({ scheme, code, label: '' })
  const made: [string, RoleDocument][] = [
    ['in-text', saying('Accountant', 'You will run pipelines for the team', { grades: [grade('G7')], family: null })],
    ['in-skills', saying('Baker', 'x', skillsBlock('Builds pipelines', 'python'))],
    ['in-title', saying('Pipeline engineer', 'Nothing to see', { grades: [grade('SEO'), grade('Band 4', 'nhs')] })],
    [
      'mapped',
      saying('Zookeeper', 'Animals with COVID-19', {
        profession: 'veterinary',
        sfia_version: '8',
        sfia_mappings: [
          { code: 'PROG', level: 3 },
          { code: 'DESN', level: 5 },
        ],
      }),
    ],
    ['nested', saying('Data clerk', 'x', {})],
  ]
  const nested = made.at(-1)?.[1].sections[0]
  if (nested)
    nested.blocks = [
      {
        type: 'list',
        ordered: false,
        items: [{ id: 'i1', text: 'Post', optional: false, items: [{ id: 'i2', text: 'Stamps' }] }],
      },
    ]
  for (const [slug, document] of made) await createPublished(call, slug, document)

  await t.test('by each filter, and by all together', async t => {
    const all = ['in-skills', 'in-text', 'in-title', 'mapped', 'nested']
    const rows: [string, string[]][] = [
      ['', all],
      ['?q=pipeline', ['in-skills', 'in-text', 'in-title']],
      ['?q=PIPELINES', ['in-skills', 'in-text', 'in-title']],
      ['?q=run+pipelines', ['in-text']],
      ['?q=%22run+pipelines%22', ['in-text']],
      ['?q=%22pipelines+run%22', []],
      ['?q=pipelines+-engineer', ['in-skills', 'in-text']],
      ['?q=Pipeline-engineer', ['in-title']],
      ['?q=pipeline/engineer', ['in-title']],
      ['?q=%22a+pipeline-engineer%22', ['in-title']],
      ['?q=engineer-pipeline', []],
      ['?q=pipelines+-pipeline-engineer', ['in-skills', 'in-text']],
      ['?q=covid-19', ['mapped']],
      ['?q=zookeeper+or+baker', ['in-skills', 'mapped']],
      ['?q=python', ['in-skills']],
      ['?q=stamp', ['nested']],
      ['?q=programming', ['mapped']],
      ['?organisation=home-office', all],
      ['?organisation=other-office', []],
      ['?profession=veterinary', ['mapped']],
      ['?family=data', ['in-skills', 'in-title', 'mapped', 'nested']],
      ['?grade=G7', ['in-text']],
      ['?grade=Band%204', ['in-title']],
      ['?grade=SCS4', []],
      ['?skill=python', ['in-skills']],
      ['?skill=unused', []],
      ['?sfia=PROG', ['mapped']],
      ['?sfia=PROG:3', ['mapped']],
      ['?sfia=PROG:4', []],
      ['?sfia=PROG:2-4', ['mapped']],
      ['?sfia=PROG:4-6', []],
      ['?sfia=DESN:5-5', ['mapped']],
      ['?sfia=USUP', []],
      ['?sfia_version=8', ['mapped']],
      ['?sfia_version=7', []],
      ['?sfia=PROG:3&sfia_version=8', ['mapped']],
      ['?sfia=PROG:3&sfia_version=9', []],
      ['?updated_since=2020-01-01T00:00:00Z', all],
      ['?updated_since=2100-01-01T00:00:00Z', []],
      [
        '?q=animals&organisation=home-office&profession=veterinary&family=data&grade=SEO&sfia=DESN:4-6&sfia_version=8&updated_since=2020-01-01T00:00:00Z',
        ['mapped'],
      ],
    ]
    for (const sort of ['slug', 'title', '-published_at', 'relevance'])
      for (const [query, slugs] of rows) {
        if (sort === 'relevance' && !query.includes('q=')) continue
        const found = await list(call, `${query || '?limit=20'}&sort=${sort}`)
        t.same(slugsOf(found).sort(), slugs, `${query} by ${sort}`)
        t.equal(found.corrected_q, null)
      }
  })

  await t.test('in each order', async t => {
    const rows: [string, string[]][] = [
      ['', ['in-skills', 'in-text', 'in-title', 'mapped', 'nested']],
      ['?sort=slug', ['in-skills', 'in-text', 'in-title', 'mapped', 'nested']],
      ['?sort=title', ['in-text', 'in-skills', 'nested', 'in-title', 'mapped']],
      ['?sort=-published_at', ['nested', 'mapped', 'in-title', 'in-skills', 'in-text']],
      ['?sort=relevance&q=pipelines', ['in-title', 'in-skills', 'in-text']],
    ]
    for (const [query, slugs] of rows) t.same(slugsOf(await list(call, query)), slugs, query)
  })

  await t.test('what was misspelt, where nothing matches as written', async t => {
    const rows: [string, string | null, string[]][] = [
      ['pipline enginer', 'pipeline engineer', ['in-title']],
      ['Zookeepre', 'zookeeper', ['mapped']],
      ['dta-clerk', 'data-clerk', ['nested']],
      ['acountant', 'accountant', ['in-text']],
      ['%22pipelin enginere%22', '"pipeline engineer"', ['in-title']],
      // As written it is in a text: it is no mistake.
      ['animals', null, ['mapped']],
      ['xylophonist', null, []],
      ['-bakr', null, ['in-skills', 'in-text', 'in-title', 'mapped', 'nested']],
    ]
    for (const [q, corrected, slugs] of rows) {
      const found = await list(call, `?q=${q.replaceAll(' ', '+')}`)
      t.same([found.corrected_q, slugsOf(found)], [corrected, slugs], q)
    }
    const first = await list(call, '?q=zookeepre+or+bakre&limit=1')
    t.same([first.corrected_q, slugsOf(first)], ['zookeeper or baker', ['in-skills']])
    const second = await list(call, `?q=zookeepre+or+bakre&limit=1&cursor=${first.next_cursor}`)
    t.same([second.corrected_q, slugsOf(second), second.next_cursor], ['zookeeper or baker', ['mapped'], null])
  })

  await t.test('and counts all that match, by what is asked', async t => {
    const none = {
      organisation: null,
      profession: null,
      family: null,
      grade: null,
      skill: null,
      sfia: null,
      sfia_version: null,
    }
    const count = (value: string, count: number) => ({ value, count })
    const rows: [string, unknown][] = [
      ['?limit=1', null],
      [
        '?limit=1&facets=grade,profession',
        {
          total: 5,
          complete: true,
          counts: {
            ...none,
            profession: [count('digital_and_data', 4), count('veterinary', 1)],
            grade: [count('SEO', 4), count('Band 4', 1), count('G7', 1)],
          },
        },
      ],
      [
        '?q=pipeline&facets=organisation&facets=skill&facets=family',
        {
          total: 3,
          complete: true,
          counts: {
            ...none,
            organisation: [count('home-office', 3)],
            family: [count('data', 2)],
            skill: [count('python', 1)],
          },
        },
      ],
      [
        '?sfia_version=8&facets=sfia,sfia_version,skill',
        {
          total: 1,
          complete: true,
          counts: {
            ...none,
            skill: [],
            sfia: [count('DESN', 1), count('DESN:5', 1), count('PROG', 1), count('PROG:3', 1)],
            sfia_version: [count('8', 1)],
          },
        },
      ],
      [
        '?q=zookeepre&facets=profession',
        { total: 1, complete: true, counts: { ...none, profession: [count('veterinary', 1)] } },
      ],
      ['?sfia_version=7&facets=grade', { total: 0, complete: true, counts: { ...none, grade: [] } }],
    ]
    for (const [query, facets] of rows) t.same((await list(call, query)).facets, facets, query)
  })

  await t.test('nothing where a value is in no list: 422 that names the near one', async t => {
    const few = 'is not among the few skills of SFIA 9 that are loaded. Load its spreadsheet with sfia:load.'
    const grades = 'The codes are AA, AO, EO, HEO, SEO, G7, G6, SCS1, SCS2, SCS3, SCS4.'
    const rows: [string, string, string][] = [
      ['grade=SE0', 'grade', `"SE0" is not a grade code. Did you mean SEO? ${grades}`],
      ['grade=SO', 'grade', `"SO" is not a grade code. Did you mean SEO? ${grades}`],
      [
        'grade=Senior+Executive+Officer',
        'grade',
        `"Senior Executive Officer" is not a grade code. Did you mean SEO? ${grades}`,
      ],
      ['organisation=home-ofice', 'organisation', 'There is no organisation "home-ofice". Did you mean "home-office"?'],
      ['skill=pyhton', 'skill', 'The skill catalogue has no "pyhton". Did you mean "python"?'],
      ['skill=cobol-and-fortran', 'skill', 'The skill catalogue has no "cobol-and-fortran".'],
      ['sfia=PROG:7', 'sfia', 'PROG has levels 2, 3, 4, 5, 6.'],
      ['sfia=DESN:2&sfia_version=7', 'sfia', 'DESN has levels 4, 5, 6 in SFIA 7.'],
      ['sfia=PROG:5-3', 'sfia', 'Of the levels of "PROG:5-3" the lower comes first, as in PROG:3-5.'],
      ['sfia=PROG:9', 'sfia', 'PROG has levels 2, 3, 4, 5, 6.'],
      ['sfia=PROG:0', 'sfia', 'PROG has levels 2, 3, 4, 5, 6.'],
      // One that there is does not hide one that there is not.
      ['sfia=PROG:3-9', 'sfia', 'PROG has levels 2, 3, 4, 5, 6.'],
      ['sfia=PROGG', 'sfia', `PROGG ${few} Did you mean PROG?`],
      ['sfia=prog', 'sfia', `prog ${few} Did you mean PROG?`],
      ['sfia=prog:3-5&sfia_version=7', 'sfia', `prog ${few.replace('SFIA 9', 'SFIA 7')} Did you mean PROG?`],
      [
        'facets=grades',
        'facets',
        '"grades" is not one of: organisation, profession, family, grade, skill, sfia, sfia_version. Did you mean "grade"?',
      ],
      ['sort=relevance', 'sort', 'To sort by relevance needs q.'],
      ['sfia_version=5', 'sfia_version', '"5" is not one of: 6, 7, 8, 9. Did you mean "6"?'],
    ]
    for (const [query, name, detail] of rows) {
      const { status, code, errors } = problemOf(await call(`GET /v1/roles?${query}`, { key: null })) as {
        status: number
        code: string
        errors: { pointer: string; detail: string }[]
      }
      t.same(
        [status, code, errors.map(error => [error.pointer, error.detail])],
        [422, 'invalid', [[`?${name}`, detail]]],
        query,
      )
    }
    t.match((await call('GET /v1/roles?family=dta')).body, { status: 422, detail: /Did you mean "data"\?/ })
    t.match((await call('GET /v1/roles?family=softwre')).body, { detail: /Did you mean "software_development"\?/ })
    t.match((await call('GET /v1/roles?profession=digitl')).body, { detail: /Did you mean "digital_and_data"\?/ })
    t.notMatch((await call('GET /v1/roles?profession=zebra')).text, /Did you mean/)
    t.match((await call('GET /v1/roles?sfia=PROK')).body, { status: 422, detail: /Did you mean PROG\?/ })
    for (const broken of ['PROG:', 'PROG:3-', 'PROG:-3', 'PROG:three', 'PR OG', 'PROG3', ':3'])
      t.match(
        problemOf(await call(`GET /v1/roles?sfia=${encodeURIComponent(broken)}`)),
        { status: 400, code: 'invalid_query', errors: [{ pointer: '?sfia', code: 'wrong_form' }] },
        broken,
      )
    t.match((await call('GET /v1/roles?sort=tilte')).body, { status: 422, detail: /Did you mean "title"\?/ })
  })

  await t.test('a cursor is good for its order alone, with facets and without', async t => {
    const { next_cursor } = await list(call, '?limit=1&sort=title&facets=grade')
    const [counted, plain] = await Promise.all(
      ['&facets=grade', ''].map(facets => list(call, `?limit=1&sort=title${facets}&cursor=${next_cursor}`)),
    )
    t.same(plain, { ...counted, facets: null })
    for (const sort of ['slug', '-published_at', 'relevance&q=pipeline'])
      t.match(
        (await call(`GET /v1/roles?limit=1&sort=${sort}&cursor=${next_cursor}`)).body,
        { status: 400, code: 'bad_cursor' },
        sort,
      )
  })
})

t.test(
  'a walk sees each untouched role once while others are published, changed and withdrawn',
  { timeout: 300_000 },
  async t => {
    const { call, db } = await testApp(t)
    const titles = ['Data engineer', 'data engineer', 'Analyst', 'Zoologist', 'Écrivain of data']
    const words = ['data', 'data data data', 'nothing']
    const document = fc.record({ title: fc.constantFrom(...titles), text: fc.constantFrom(...words) })
    const change = fc.oneof(
      fc.record({ kind: fc.constant('publish' as const), document }),
      fc.record({ kind: fc.constant('change' as const), document, which: fc.nat() }),
      fc.record({ kind: fc.constant('withdraw' as const), which: fc.nat() }),
    )
    const insert = (slug: string, { title, text }: { title: string; text: string }) =>
      createPublished(call, slug, saying(title, text))
    const change_note = 'Another'
    /** More roles than `relevance` weighs, which differ by their slug alone; without their documents, as no list reads these. */
    const insertMany = async (from: string, slug: string) =>
      unchecked(db, async trx => {
        await sql`insert into role_search (role, title, tags, published_at, item, words)
          select ${slug}::text || '-' || n, title, tags, published_at,
            jsonb_set(item::jsonb, '{slug}', to_jsonb(${slug}::text || '-' || n))::json, words
          from role_search, generate_series(1, 160) n where role = ${from}`.execute(trx)
      })
    const isKept = (slug: string) => /^keep-\d(-many-\d+)?$/.test(slug)
    /** The kept roles of all pages of a list, with something done after each. */
    const keptIn = async (query: string, between = async () => {}) => {
      const pages = (await walk(call, `/v1/roles?${query}`, between)) as List[]
      return pages.flatMap(({ roles }) => roles).filter(({ slug }) => isKept(slug))
    }
    await fc.assert(
      fc.asyncProperty(
        fc.array(document, { minLength: 1, maxLength: 7 }),
        fc.array(change, { maxLength: 5 }),
        fc.integer({ min: 1, max: 3 }),
        fc.oneof(
          fc.record({ sort: fc.constantFrom(...sorts), areMany: fc.constant(false) }),
          fc.record({ sort: fc.constant('relevance' as const), areMany: fc.constant(true) }),
        ),
        fc.boolean(),
        async (untouched, changes, limit, { sort, areMany }, byWords) => {
          await reset(db)
          for (const [index, each] of untouched.entries()) await insert(`keep-${(index * 5) % 7}`, each)
          const others = ['other-a', 'keep-3-b', 'zz']
          for (const slug of others) await insert(slug, { title: 'Data engineer', text: 'data' })
          if (areMany) {
            await insert('text', { title: 'Analyst', text: 'data' })
            await insertMany('text', 'keep-2-many')
            await insertMany('other-a', 'keep-4-many')
          }
          const query = sort === 'relevance' || byWords ? '&q=data' : ''
          const whole = await keptIn(`limit=100&sort=${sort}${query}`)
          if (areMany) {
            // What matches in its title first.
            const place = ({ title, slug }: List['roles'][number]) =>
              `${title.toLowerCase().includes('data') ? 0 : 1} ${slug}`
            t.same(whole.map(place), whole.map(place).sort())
            t.ok(whole.length > 300)
          }
          const left = [...changes]
          let fresh = 0
          const seen = await keptIn(`limit=${areMany ? 30 * limit : limit}&sort=${sort}${query}`, async () => {
            const now = left.shift()
            if (now?.kind === 'publish') {
              fresh += 1
              await insert(`keep-${fresh}-new`, now.document)
            } else if (now) {
              const slug = others[now.which % others.length] ?? ''
              if (now.kind === 'withdraw')
                await call(`POST /v1/roles/${slug}/withdrawals`, { match: '*', body: { reason: 'Gone' } })
              else {
                const body = saying(now.document.title, now.document.text)
                await call(`PATCH /v1/roles/${slug}/draft`, {
                  match: '*',
                  body: { title: body.title, sections: body.sections },
                })
                await call(`POST /v1/roles/${slug}/publications`, { match: '*', body: { change_note } })
              }
            }
          })
          t.same(
            seen.map(({ slug }) => slug),
            whole.map(({ slug }) => slug),
            `${sort}${query}`,
          )
        },
      ),
      { numRuns: 16 },
    )
  },
)
