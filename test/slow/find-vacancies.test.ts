// Lists of 100,000 vacancies: which indices they use, and how much more they read than those of 1,000.
import { sql } from 'kysely'
import t from 'tap'
import type { Caller, Scope } from '../../src/plugins/auth.ts'
import { listStatement, type VacancyFilter } from '../../src/vacancies/list.ts'
import { testApp } from '../support/app.ts'
import { seedVacancies } from '../support/many-vacancies.ts'
import { areAlike, combinations, pagesRead, ratiosOf, readsAll } from '../support/plans.ts'

const now = '2026-06-01T00:00:00Z'
const caller = (organisation: string, ...scopes: Scope[]): Caller => ({
  id: 'key:test',
  owner: 'alice',
  organisation,
  scopes: new Set(scopes),
})
const callers = [
  null,
  caller('office-0', 'vacancies:read_drafts'),
  caller('office-29', 'vacancies:read_drafts', 'admin'),
]

const common: Required<VacancyFilter> = {
  status: 'closed',
  organisation: 'office-0',
  role: 'role-7',
  profession: 'commercial',
  family: 'data',
  grade: 'SEO',
  region: 'Wales',
  outdated: false,
  updated_since: '2026-01-02T00:00:00Z',
}
const rare: Required<VacancyFilter> = {
  status: 'open',
  organisation: 'office-29',
  role: 'role-0',
  profession: 'veterinary',
  family: 'user_centred_design',
  grade: 'X1',
  region: 'Rockall',
  outdated: true,
  updated_since: '2026-04-02T00:00:00Z',
}
const after = '80000000-0000-4000-8000-000000000000'

t.test('listVacancies on 100,000 vacancies', { timeout: 900_000 }, async t => {
  const slow = { statementTimeoutMs: 300_000 }
  const [few, many] = [await testApp(t, {}, slow), await testApp(t, {}, slow)]
  await seedVacancies(few.db, 1000)
  await seedVacancies(many.db, 100_000)

  await t.test('uses indices for every combination of filters, whoever asks, on any page', async t => {
    const reading: string[] = []
    let plans = 0
    for (const filter of [...combinations(common), ...combinations(rare)])
      for (const who of callers)
        for (const place of [undefined, after]) {
          plans += 1
          if (await readsAll(many.db, 'vacancies', listStatement(who, filter, now, 21, place)))
            reading.push(`${JSON.stringify(filter)} by ${who?.organisation} after ${place}`)
        }
    t.ok(plans > 5000, `${plans} plans were read`)
    t.same(reading, [])
    t.ok(await readsAll(many.db, 'vacancies', sql`select item from vacancies`), 'a plan that reads all is seen to')
  })

  // Broad and rare, alone and together. Of 130,000 pages and more that the table and its indices have, one page of a list reads
  // a few; what an index of values finds is read whole, to be sorted.
  const queries: [query: string, pagesMax: number][] = [
    ['', 100],
    ['status=open', 100],
    ['status=closed', 100],
    ['organisation=office-29', 1500],
    ['organisation=office-0', 200],
    ['organisation=office-15', 5000],
    ['grade=X1', 1500],
    ['grade=SEO&region=Wales', 6000],
    ['role=role-7', 1500],
    ['outdated=true', 2000],
    ['outdated=false', 200],
    ['outdated=true&region=Rockall', 1500],
    ['updated_since=2026-03-01T00:00:00Z', 200],
    ['updated_since=2026-04-03T05:00:00Z', 3000],
    ['status=open&organisation=office-15', 2000],
    ['status=open&grade=X1&region=Rockall', 1500],
    ['status=open&outdated=true', 2000],
    ['status=open&updated_since=2026-04-02T00:00:00Z', 3000],
  ]

  await t.test('reads a bounded part of the table, whatever is asked, to the end of a walk', async t => {
    for (const [query, pagesMax] of queries) {
      const { outdated, ...members } = Object.fromEntries(new URLSearchParams(query))
      const filter: VacancyFilter = { ...members, ...(outdated ? { outdated: outdated === 'true' } : {}) }
      for (const place of [undefined, after, 'fd000000-0000-4000-8000-000000000000']) {
        const pages = await pagesRead(many.db, listStatement(null, filter, now, 21, place))
        t.ok(pages <= pagesMax, `${query} after ${place}: ${pages} pages of the database`)
      }
    }
    // Where hardly one is left behind, they are found from their roles: to look at each would be 400,000 pages.
    await sql`update roles set version = 1 where slug <> 'role-0'`.execute(many.db)
    await sql`vacuum analyze roles`.execute(many.db)
    const pages = await pagesRead(many.db, listStatement(null, { outdated: true }, now, 21))
    t.ok(pages <= 4000, `outdated=true of few: ${pages} pages of the database`)
  })

  await t.test('finds what fits, and all of it, by every combination', async t => {
    const rows = await few.db.selectFrom('vacancies').selectAll().orderBy('id').execute()
    const latest = new Map(
      (await few.db.selectFrom('roles').select(['slug', 'version']).execute()).map(r => [r.slug, r.version]),
    )
    /** What each filter says of a row; nothing is due by the clock here. */
    const fits: { [name in keyof VacancyFilter]-?: (row: (typeof rows)[number]) => unknown } = {
      status: row => (row.state === 'scheduled' ? 'draft' : row.state),
      organisation: row => row.organisation,
      role: row => row.role,
      profession: row => row.profession,
      family: row => row.family,
      grade: row => row.grades,
      region: row => row.regions,
      outdated: row => (latest.get(row.role) ?? 0) > row.version,
      updated_since: row => row.updated_at,
    }
    const names = Object.keys(fits) as (keyof VacancyFilter)[]
    const doesFit = (row: (typeof rows)[number], filter: VacancyFilter) =>
      names.every(name => {
        const [wanted, has] = [filter[name], fits[name](row)]
        if (wanted === undefined) return true
        if (name === 'updated_since') return Date.parse(String(has)) >= Date.parse(String(wanted))
        return Array.isArray(has) ? has.includes(wanted) : has === wanted
      })
    const isSeen = (row: (typeof rows)[number], who: Caller | null) =>
      ['open', 'closed'].includes(String(fits.status(row))) ||
      (who !== null && (who.scopes.has('admin') || who.organisation === row.organisation))
    let found = 0
    for (const filter of [...combinations<VacancyFilter>(common), ...combinations<VacancyFilter>(rare)])
      for (const who of callers)
        for (const place of [undefined, after]) {
          const all = rows.filter(row => doesFit(row, filter) && isSeen(row, who) && row.id > (place ?? ''))
          const { rows: page } = await listStatement(who, filter, now, 21, place).execute(few.db)
          const ids = page.flatMap(({ id }) => id ?? [])
          found += ids.length
          const expected = all.slice(0, 21).map(({ id }) => id)
          if (JSON.stringify(ids) !== JSON.stringify(expected))
            t.same(ids, expected, `${JSON.stringify(filter)} by ${who?.organisation} after ${place}`)
        }
    t.ok(found > 5000, `${found} were found`)
  })

  await t.test('takes as long as on 1,000', async t => {
    const lines = queries.map(([query]) => `GET /v1/vacancies?${query}`)
    const ratios = await ratiosOf(few.call, many.call, lines)
    t.ok(areAlike(ratios), `each: ${ratios.map(ratio => ratio.toFixed(2)).join(', ')}`)
  })
})
