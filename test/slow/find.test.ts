// Lists and searches of 100,000 roles: which indices they use, and how much more they read than those of 1,000.
import { type RawBuilder, sql } from 'kysely'
import t from 'tap'
import {
  countStatement,
  facetNames,
  facetStatement,
  listStatement,
  type RoleFilter,
  titlesStatement,
} from '../../src/roles/search.ts'
import { testApp } from '../support/app.ts'
import { seedSearchRows } from '../support/many-roles.ts'

interface Plan {
  'Node Type': string
  'Relation Name'?: string
  'Shared Hit Blocks'?: number
  'Shared Read Blocks'?: number
  Plans?: Plan[]
}
type Db = Awaited<ReturnType<typeof testApp>>['db']

async function explain(db: Db, statement: RawBuilder<unknown>, options = 'format json'): Promise<Plan> {
  const { rows } = await sql<{ 'QUERY PLAN': [{ Plan: Plan }] }>`explain (${sql.raw(options)}) ${statement}`.execute(db)
  const [found] = rows
  if (!found) throw new Error('no plan')
  return found['QUERY PLAN'][0].Plan
}

const nodes = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodes)]
const readsAll = (plan: Plan) =>
  nodes(plan).some(node => node['Node Type'].includes('Seq Scan') && node['Relation Name'] === 'role_search')

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
const names = Object.keys(common) as (keyof RoleFilter)[]
const orders = ['slug', 'title', '-published_at', 'rank', 'place'] as const

/** Every subset of the filters: bit n says whether the nth is there. */
const subsets = (values: Required<RoleFilter>): RoleFilter[] =>
  Array.from({ length: 2 ** names.length }, (_, bits) =>
    Object.fromEntries(names.filter((_, index) => bits & (1 << index)).map(name => [name, values[name]])),
  )

t.test('listRoles on 100,000 roles', { timeout: 900_000 }, async t => {
  const slow = { statementTimeoutMs: 300_000 }
  const [few, many] = [await testApp(t, {}, slow), await testApp(t, {}, slow)]
  await seedSearchRows(few.db, 1000)
  await seedSearchRows(many.db, 100_000)

  await t.test('uses indices for every combination of filters, in every order, and for counts', async t => {
    const reading: string[] = []
    let plans = 0
    for (const values of [common, rare])
      for (const filter of subsets(values)) {
        const statements: [string, RawBuilder<unknown>][] = [['facets', facetStatement(filter, facetNames)]]
        for (const order of orders)
          if (filter.q !== undefined || (order !== 'rank' && order !== 'place'))
            statements.push([order, listStatement(filter, order, 21)])
        if (filter.q !== undefined) statements.push(['count', countStatement(filter)])
        for (const [name, statement] of statements) {
          plans += 1
          if (readsAll(await explain(many.db, statement))) reading.push(`${name} of ${JSON.stringify(filter)}`)
        }
      }
    t.ok(plans > 5000, `${plans} plans were read`)
    t.same(reading, [])
    t.notOk(readsAll(await explain(many.db, titlesStatement('falcner'))), 'titles like a misspelt one')
    t.ok(readsAll(await explain(many.db, sql`select item from role_search`)), 'a plan that reads all is seen to')
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
    ['q=engineer&sort=title', 20_000],
    ['organisation=office-0&profession=tax&sort=title', 2000],
    ['q=everywhere&organisation=office-0&profession=tax', 2000],
  ]

  await t.test('reads a bounded part of the table, whatever is asked', async t => {
    for (const [query, buffersMax] of queries) {
      const { sort = 'slug', ...filter } = Object.fromEntries(new URLSearchParams(query)) as RoleFilter & {
        sort?: 'slug'
      }
      const plan = await explain(many.db, listStatement(filter, sort, 21), 'analyze, buffers, format json')
      const buffers = (plan['Shared Hit Blocks'] ?? 0) + (plan['Shared Read Blocks'] ?? 0)
      t.ok(buffers <= buffersMax, `${query}: ${buffers} pages of the database`)
    }
  })

  await t.test('takes as long as on 1,000', async t => {
    const median = (times: number[]) => times.sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0
    const time = async ({ call }: typeof few, query: string) => {
      const began = performance.now()
      const { status } = await call(`GET /v1/roles?${query}`, { key: null })
      t.equal(status, 200)
      return performance.now() - began
    }
    const ratios: number[] = []
    for (const [query] of queries) {
      const times: [number[], number[]] = [[], []]
      for (let round = 0; round < 25; round += 1) {
        times[0].push(await time(few, query))
        times[1].push(await time(many, query))
      }
      const ratio = median(times[1].slice(5)) / median(times[0].slice(5))
      ratios.push(ratio)
      t.comment(`${ratio.toFixed(2)} ${median(times[1]).toFixed(1)} ms ${query}`)
    }
    // One query may be slow for a moment on a busy machine, or sort what it found; the typical one is not.
    t.ok(median(ratios) <= 1.5, `the median of the ratios is ${median(ratios).toFixed(2)}`)
    t.ok(ratios.filter(ratio => ratio <= 1.5).length >= ratios.length / 2)
  })
})
