// Lists of vacancies: values that are in no list, and walks through them that others change meanwhile.
import fc from 'fast-check'
import t from 'tap'
import { openAndCloseDue } from '../../src/vacancies/clock.ts'
import { testApp, token } from '../support/app.ts'
import { problemOf } from '../support/problem.ts'
import { createPublished } from '../support/roles.ts'
import { advertisedRole, createVacancy, handClock, openVacancy, publishAdvertised } from '../support/vacancies.ts'
import { walk } from '../support/walk.ts'

interface List {
  vacancies: { id: string; status: string }[]
}
const idsOf = (list: unknown) => (list as List).vacancies.map(({ id }) => id)

t.test('listVacancies → 422 for a value that is in no list, with the near one', async t => {
  const { call, db } = await testApp(t)
  await publishAdvertised(call, 'data-engineer')
  const rows: [query: string, detail: RegExp][] = [
    ['status=opne', /^"opne" is not one of: draft, open, closed, withdrawn\. Did you mean "open"\?$/],
    ['organisation=home-ofice', /^There is no organisation "home-ofice"\. Did you mean "home-office"\?$/],
    ['role=data-enginer', /^No role "data-enginer" was ever published\. Did you mean "data-engineer"\?$/],
    ['role=zoologist', /^No role "zoologist" was ever published\.$/],
    ['profession=digital_and_dta', /Did you mean "digital_and_data"\?$/],
    ['family=softwre', /Did you mean "software_development"\?$/],
    ['grade=SE0', /^"SE0" is not a grade code\. Did you mean SEO\?/],
    ['grade=Band+4', /^"Band 4" is not a grade code\./],
  ]
  for (const [query, detail] of rows) {
    const { status, code, errors } = problemOf(await call(`GET /v1/vacancies?${query}`, { key: null })) as {
      status: number
      code: string
      errors: { pointer: string; code: string; detail: string }[]
    }
    t.strictSame(
      [status, code, errors.map(error => [error.pointer, error.code])],
      [422, 'invalid', [[`?${query.split('=')[0]}`, 'not_in_list']]],
      query,
    )
    t.match(errors[0]?.detail, detail)
  }

  // What a vacancy has is known, though no role that is published now has it any more, and nothing fits.
  const grades = [{ scheme: 'nhs', code: 'Band 4', label: '' }]
  const { etag } = await createPublished(call, 'clerk', { ...advertisedRole, grades })
  await openVacancy(call, 'clerk', { opens_at: null })
  const body = { reason: 'Over', open_vacancies: 'keep' }
  t.equal((await call('POST /v1/roles/clerk/withdrawals', { match: etag, body })).status, 201)
  t.equal(await db.selectFrom('role_search').where('role', '=', 'clerk').select('role').executeTakeFirst(), undefined)
  for (const query of ['grade=Band+4', 'role=clerk', 'role=data-engineer', 'outdated=true']) {
    const { status, body } = await call(`GET /v1/vacancies?${query}&region=Rockall`, { key: null })
    t.match([status, body], [200, { vacancies: [], next_cursor: null }], query)
  }

  // Of what only a draft has, nobody is told that it is there.
  const drafted = { ...advertisedRole, grades: [{ scheme: 'nhs', code: 'Band 5', label: '' }] }
  const porter = await createPublished(call, 'porter', drafted)
  await createVacancy(call, 'porter')
  const withdrawn = await call('POST /v1/roles/porter/withdrawals', { match: porter.etag, body: { reason: 'Over' } })
  t.equal(withdrawn.status, 201)
  t.equal((await call('GET /v1/vacancies?grade=Band+5', { key: null })).status, 422)
})

t.test(
  'a walk sees each untouched vacancy once while others are made, changed, opened, closed, withdrawn and deleted',
  { timeout: 300_000 },
  async t => {
    const clock = handClock('2027-05-03T09:00:00Z')
    const { call, db } = await testApp(t, { clock: clock.now })
    for (const role of ['engineer', 'analyst']) await publishAdvertised(call, role)
    const location = (region: string) => ({ text: region, town: null, region, postcode: null, country: 'GB' })
    const [wales, london] = [location('Wales'), location('London')]
    const hour = 3_600_000
    const later = (hours: number) => new Date(clock.now().getTime() + hours * hour).toISOString()

    const change = fc.record({
      kind: fc.constantFrom('make', 'change', 'open', 'withdraw', 'delete', 'pass', 'pass and write'),
      which: fc.nat(),
    })
    const queries = [
      '',
      '&status=open',
      '&region=Wales',
      '&status=open&organisation=home-office&grade=SEO&region=Wales',
      '&role=engineer&outdated=false&updated_since=2020-01-01T00:00:00Z',
      '&status=draft',
    ]
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('open', 'closed', 'draft'), { minLength: 1, maxLength: 7 }),
        fc.array(change, { maxLength: 6 }),
        fc.integer({ min: 1, max: 3 }),
        fc.constantFrom(...queries),
        fc.constantFrom(token('home-office'), null),
        async (untouched, changes, limit, query, key) => {
          if (query === '&status=draft' && key === null) return
          await db.deleteFrom('vacancies').execute()
          clock.set('2027-05-03T09:00:00Z')
          const kept: string[] = []
          for (const status of untouched) {
            const members = { locations: [wales], opens_at: null, closes_at: later(status === 'closed' ? 1 : 1000) }
            const make = status === 'draft' ? createVacancy : openVacancy
            kept.push((await make(call, 'engineer', members)).id)
          }
          clock.set(later(2))
          const others: string[] = []
          const make = async (role: string, isOpened: boolean) => {
            const members = { locations: [wales], opens_at: later(1), closes_at: later(2) }
            others.push((await (isOpened ? openVacancy : createVacancy)(call, role, members)).path)
          }
          for (const [role, isOpened] of [
            ['engineer', true],
            ['analyst', true],
            ['engineer', false],
          ] as const)
            await make(role, isOpened)
          const path = `/v1/vacancies?${query.slice(1)}${query && '&'}`
          const whole = idsOf((await call(`GET ${path}limit=100`, { key })).body).filter(id => kept.includes(id))
          const left = [...changes]
          const pages = await walk(
            call,
            `${path}limit=${limit}`,
            async () => {
              const now = left.shift()
              const other = others[(now?.which ?? 0) % others.length] ?? ''
              if (now?.kind === 'make') await make('engineer', now.which % 2 === 0)
              else if (now?.kind === 'change')
                await call(`PATCH ${other}`, { match: '*', body: { locations: [london] } })
              else if (now?.kind === 'open') await call(`POST ${other}/openings`, { match: '*', body: {} })
              else if (now?.kind === 'withdraw')
                await call(`POST ${other}/withdrawals`, { match: '*', body: { reason: 'Gone' } })
              else if (now?.kind === 'delete') await call(`DELETE ${other}`, { match: '*' })
              else if (now) clock.set(later(1))
              if (now?.kind === 'pass and write') await openAndCloseDue(db, clock.iso())
            },
            { key },
          )
          t.same(
            pages.flatMap(idsOf).filter(id => kept.includes(id)),
            whole,
            `${query} by ${limit}: ${changes.map(({ kind }) => kind)}`,
          )
        },
      ),
      { numRuns: 25 },
    )
  },
)
