// Lists and searches of 100,000 roles: which indices they use, and how much more they read than those of 1,000.
import { type RawBuilder, sql } from 'kysely'
import t from 'tap'
import { nearRolesStatement } from '../../src/roles/near.ts'
import {
  countStatement,
  facetStatement,
  listStatement,
  type RoleFilter,
  titlesStatement,
} from '../../src/roles/search.ts'
import { facetNames } from '../../src/roles/search-rows.ts'
import { testApp } from '../support/app.ts'
import { seedSearchRows } from '../support/many-roles.ts'
import { areAlike, combinations, pagesRead, ratiosOf, readsAll } from '../support/plans.ts'
import { unchecked } from '../support/unchecked.ts'

const common: Required<RoleFilter> = {
  q: 'everywhere',
  organisation: 'office-0',
  profession: 'commercial',
  family: 'data',
  grade: 'SEO',
  skill: 'skill-0',
  sfia: 'PROG:3-5',
  sfia_version: '9',
  updated_since: '2026-01-02T00:00:00Z',
}
const rare: Required<RoleFilter> = {
  q: 'falconer',
  organisation: 'office-29',
  profession: 'veterinary',
  family: 'user_centred_design',
  grade: 'X1',
  skill: 'skill-199',
  sfia: 'USUP',
  sfia_version: '6',
  updated_since: '2026-04-02T00:00:00Z',
}
const table = 'role_search'
const orders = ['slug', 'title', '-published_at', 'rank', 'place'] as const

t.test('listRoles on 100,000 roles', { timeout: 900_000 }, async t => {
  const slow = { statementTimeoutMs: 300_000 }
  const [few, many] = [await testApp(t, {}, slow), await testApp(t, {}, slow)]
  await seedSearchRows(few.db, 1000)
  await seedSearchRows(many.db, 100_000)

  await t.test('uses indices for every combination of filters, in every order, and for counts', async t => {
    const reading: string[] = []
    let plans = 0
    for (const values of [common, rare])
      for (const filter of combinations<RoleFilter>(values)) {
        const statements: [string, RawBuilder<unknown>][] = [['facets', facetStatement(filter, facetNames)]]
        for (const order of orders)
          if (filter.q !== undefined || (order !== 'rank' && order !== 'place'))
            statements.push([order, listStatement(filter, order, 21)])
        if (filter.q !== undefined) statements.push(['count', countStatement(filter)])
        for (const [name, statement] of statements) {
          plans += 1
          if (await readsAll(many.db, table, statement)) reading.push(`${name} of ${JSON.stringify(filter)}`)
        }
      }
    t.ok(plans > 5000, `${plans} plans were read`)
    t.same(reading, [])
    t.notOk(await readsAll(many.db, table, titlesStatement('falcner')), 'titles like a misspelt one')
    const near = nearRolesStatement(['role-d41d8cd98f00b204e9800998ecf8427'])
    t.notOk(await readsAll(many.db, table, near), 'slugs like a misspelt one')
    t.ok(await readsAll(many.db, table, sql`select item from role_search`), 'a plan that reads all is seen to')
  })

  // What users ask: broad and rare, alone and together, and what no statistics foresee. `rows`: of a page that is cut out of
  // all that match, more is read than of a page that is found at once; they are bounded by it.
  const queries: [query: string, buffersMax: number][] = [
    ['', 100],
    ['sort=title', 100],
    ['sort=-published_at', 100],
    ['q=everywhere', 1000],
    ['q=everywhere&sort=-published_at', 1000],
    ['q=falconer', 2000],
    ['q=falconer&sort=title', 2000],
    ['organisation=office-29&sort=-published_at', 2000],
    ['organisation=office-0', 2000],
    ['grade=SEO&sort=title', 2000],
    ['profession=commercial&family=data&grade=SEO', 3000],
    ['skill=skill-199', 2000],
    ['sfia=PROG:3-5&sfia_version=9', 1000],
    ['q=engineer&sort=title', 4000],
    ['family=data&sort=title', 4000],
    ['sfia_version=9&sort=title', 4000],
    ['sfia=PROG:3-5&sfia_version=9&sort=title', 4000],
    ['q=engineer&grade=G6', 3000],
    ['organisation=office-0&profession=tax&sort=title', 2000],
    ['q=everywhere&organisation=office-0&profession=tax', 2000],
  ]

  await t.test('reads a bounded part of the table, whatever is asked', async t => {
    for (const [query, buffersMax] of queries) {
      const { sort = 'slug', ...filter } = Object.fromEntries(new URLSearchParams(query)) as RoleFilter & {
        sort?: 'slug'
      }
      for (const limit of [21, 2]) {
        const buffers = await pagesRead(many.db, listStatement(filter, sort, limit))
        t.ok(buffers <= buffersMax, `${query}: ${buffers} pages of the database for ${limit} roles`)
      }
    }
  })

  await t.test('finds what fits, and all of it, by every combination', async t => {
    const rows = await few.db.selectFrom('role_search').selectAll().orderBy('role').execute()
    const tagged = ['organisation', 'profession', 'family', 'grade', 'skill', 'sfia_version'] as const
    const doesFit = ({ title, tags, published_at }: (typeof rows)[number], filter: RoleFilter) =>
      tagged.every(name => filter[name] === undefined || tags.includes(`${name} ${filter[name]}`)) &&
      (filter.q !== 'falconer' || title.startsWith('Falconer')) &&
      (filter.sfia !== 'USUP' || tags.includes('sfia USUP')) &&
      (filter.sfia !== 'PROG:3-5' || [3, 4, 5].some(level => tags.includes(`sfia PROG:${level}`))) &&
      Date.parse(String(published_at)) >= Date.parse(filter.updated_since ?? '2000-01-01')
    const after = { order: 'slug', key: '', role: 'role-8', correctedQ: null } as const
    let found = 0
    for (const filter of [...combinations<RoleFilter>(common), ...combinations<RoleFilter>(rare)])
      for (const place of [undefined, after]) {
        const { rows: page } = await listStatement(filter, 'slug', 21, place).execute(few.db)
        const roles = page.flatMap(({ role }) => role ?? [])
        found += roles.length
        const all = rows.filter(row => doesFit(row, filter) && row.role > (place?.role ?? ''))
        const expected = all.slice(0, 21).map(({ role }) => role)
        if (JSON.stringify(roles) !== JSON.stringify(expected))
          t.same(roles, expected, `${JSON.stringify(filter)} after ${place?.role}`)
      }
    t.ok(found > 1000, `${found} were found`)
  })

  await t.test('gives each role once and in order, in whichever way a page is found', async t => {
    const slugs = (rows: { slug: string }[]) => rows.map(({ slug }) => slug).filter(slug => !slug.endsWith('-other'))
    const other = (rows: RawBuilder<unknown>) =>
      unchecked(many.db, async trx => {
        await rows.execute(trx)
      })
    for (const [query, by] of [
      ['q=engineer&grade=G6', sql`role`],
      ['q=engineer&grade=G6&sort=title', sql`title_key, role`],
      ['q=engineer&grade=G6&sort=-published_at', sql`published_at desc, role desc`],
      ['q=engineer&grade=G6&sort=relevance', sql`role`],
      // The first have none, and there are many: where the page ends is told by some of them.
      ['q=engineer&sort=title', sql`title_key, role`],
      ['q=data+engineer&limit=100', sql`role`],
      ['q=data+engineer&limit=100&sort=title', sql`title_key, role`],
      ['q=data+engineer&limit=100&sort=-published_at', sql`published_at desc, role desc`],
      [
        'q=falconer+or+word300&sort=relevance',
        sql`title_words @@ websearch_to_tsquery('english', 'falconer') desc, role`,
      ],
    ] as const) {
      const asked: Record<string, string> = { limit: '20', ...Object.fromEntries(new URLSearchParams(query)) }
      const { q, grade = null } = asked
      const { rows } = await sql<{ slug: string }>`select role as slug from role_search
        where words @@ websearch_to_tsquery('english', ${q}) and (${grade}::text is null or tags @> array['grade ' || ${grade}])
        order by ${by}`.execute(many.db)
      t.ok(rows.length > 600, query)
      const seen: string[] = []
      for (let next: string | undefined = `/v1/roles?${new URLSearchParams(asked)}`; next && seen.length < 600; ) {
        const answer = await many.call(`GET ${next}`, { key: null })
        const { roles } = answer.body as { roles: { slug: string }[] }
        seen.push(...slugs(roles))
        next = /^<([^>]+)>; rel="next"$/.exec(String(answer.headers.link ?? ''))?.[1]
        // Another one comes right behind the page, and the one before it goes.
        const last = roles.at(-1)?.slug ?? ''
        await other(sql`delete from role_search where role like '%-other'`)
        await other(sql`insert into role_search (role, title, tags, published_at, item, words)
          select role || '-other', title, tags, published_at, jsonb_set(item::jsonb, '{slug}', to_jsonb(role || '-other'))::json, words
          from role_search where role = ${last}`)
      }
      await other(sql`delete from role_search where role like '%-other'`)
      t.same(seen, slugs(rows).slice(0, seen.length), query)
      t.ok(seen.length >= 600)
    }
  })

  await t.test('counts 10,000 roles, and says that there are more', async t => {
    const { facets } = (await many.call('GET /v1/roles?facets=sfia_version', { key: null })).body as {
      facets: { total: number; complete: boolean; counts: { sfia_version: { value: string; count: number }[] } }
    }
    t.match(facets, { total: 10_000, complete: false })
    const first = facets.counts.sfia_version[0]
    t.equal(first?.value, '9')
    t.ok((first?.count ?? 0) < 10_000)
    const { text } = await many.call('GET /roles', { key: null, headers: { accept: 'text/html' } })
    t.match(text, 'More than 10000 roles')
    t.match(text, / \(\d+ or more\)<\/option>/)
    const few = await many.call('GET /v1/roles?facets=sfia_version&skill=skill-199', { key: null })
    t.match(few.body, { facets: { total: 20, complete: true } })
  })

  await t.test('uses indices to find nothing, also while much waits to be merged into them', async t => {
    await sql`select gin_clean_pending_list('role_search_filters_idx')`.execute(many.db)
    await unchecked(many.db, async trx => {
      await sql`insert into role_search (role, title, tags, published_at, item, words)
        select role || '-waiting', title, tags, published_at, item, words from role_search limit 25`.execute(trx)
    })
    const any = sql`select from role_search where words @@ (select websearch_to_tsquery('english', 'falcner')) limit 1`
    t.ok(await readsAll(many.db, table, any), 'to ask whether there is one reads all')
    t.notOk(await readsAll(many.db, table, countStatement({ q: 'falcner' })))
    await sql`select gin_clean_pending_list('role_search_filters_idx')`.execute(many.db)
  })

  await t.test('takes as long as on 1,000', async t => {
    const lines = queries.map(([query]) => `GET /v1/roles?${query}`)
    const ratios = await ratiosOf(few.call, many.call, lines)
    t.ok(areAlike(ratios), `each: ${ratios.map(ratio => ratio.toFixed(2)).join(', ')}`)
  })
})
