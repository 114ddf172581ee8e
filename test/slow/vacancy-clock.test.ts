// Vacancies open and close by the clock: in every answer at once, in the database by a job, each change once.
import { sql } from 'kysely'
import t from 'tap'
import { transact } from '../../src/database/connect.ts'
import { londonTime } from '../../src/document/london.ts'
import type { Vacancy } from '../../src/document/vacancy.ts'
import { startWorker } from '../../src/jobs/worker.ts'
import { openAndCloseDue } from '../../src/vacancies/clock.ts'
import { testApp } from '../support/app.ts'
import { untilWaiting } from '../support/locks.ts'
import { problemOf } from '../support/problem.ts'
import { until } from '../support/until.ts'
import { createVacancy, handClock, openVacancy, publishAdvertised, vacancyWith } from '../support/vacancies.ts'

const nobody = { key: null }
const clock = handClock('2027-05-03T09:00:00Z')

t.test('londonTime follows summer time', async t => {
  for (const [instant, printed] of [
    ['2027-05-30T22:55:00Z', '11:55 pm on Sunday 30th May 2027'],
    // Clocks go forward on Sunday 28 March 2027 at 01:00 UTC.
    ['2027-03-27T23:55:00Z', '11:55 pm on Saturday 27th March 2027'],
    ['2027-03-28T00:59:00Z', '12:59 am on Sunday 28th March 2027'],
    ['2027-03-28T01:00:00Z', '2:00 am on Sunday 28th March 2027'],
    ['2027-03-28T22:55:00Z', '11:55 pm on Sunday 28th March 2027'],
    ['2027-03-28T23:00:00Z', 'midnight at the start of Monday 29th March 2027'],
    // And back on Sunday 31 October 2027 at 01:00 UTC: the hour from one comes twice, and the line says which.
    ['2027-10-30T22:55:00Z', '11:55 pm on Saturday 30th October 2027'],
    ['2027-10-30T23:59:00Z', '12:59 am on Sunday 31st October 2027'],
    ['2027-10-31T00:30:00Z', '1:30 am BST on Sunday 31st October 2027'],
    ['2027-10-31T01:30:00Z', '1:30 am GMT on Sunday 31st October 2027'],
    ['2027-10-31T02:00:00Z', '2:00 am on Sunday 31st October 2027'],
    ['2027-10-31T23:55:00Z', '11:55 pm on Sunday 31st October 2027'],
    ['2027-06-01T11:00:00Z', 'midday on Tuesday 1st June 2027'],
    ['2027-06-02T11:01:00Z', '12:01 pm on Wednesday 2nd June 2027'],
    ['2027-06-03T12:00:00Z', '1:00 pm on Thursday 3rd June 2027'],
    ['2027-11-11T12:00:00Z', 'midday on Thursday 11th November 2027'],
    ['2027-11-12T09:05:00Z', '9:05 am on Friday 12th November 2027'],
    ['2027-11-13T00:00:00Z', 'midnight at the start of Saturday 13th November 2027'],
    ['2027-11-21T00:00:00Z', 'midnight at the start of Sunday 21st November 2027'],
    ['2027-11-22T00:00:00Z', 'midnight at the start of Monday 22nd November 2027'],
    ['2027-11-23T00:00:00Z', 'midnight at the start of Tuesday 23rd November 2027'],
  ] as const)
    t.equal(londonTime(instant), printed, instant)
})

t.test('the clock of vacancies', { timeout: 300_000 }, async t => {
  const { call, db, url } = await testApp(t, { clock: clock.now })
  const job = () => openAndCloseDue(db, clock.iso())
  await publishAdvertised(call, 'engineer')
  const eventsAt = async (path: string) => {
    const rows = await db
      .selectFrom('events')
      .select(['type', 'position', 'revision', 'owner', 'data'])
      .where('subject', '=', path)
      .orderBy('id')
      .execute()
    return rows.map(({ type, position, revision, owner }) => [type, position !== null, revision, owner])
  }
  /** Whole answers, of which nothing may change when the job writes what the clock has changed already. */
  const answers = async (path: string, key: string | null | undefined) => {
    const told = ['', '/job-posting', '/civil-service-jobs'].map(form => call(`GET ${path}${form}`, { key }))
    const list = call('GET /v1/vacancies?role=engineer', { key })
    return (await Promise.all([...told, list])).map(({ status, etag, headers, body }) => {
      const { request_id: _, feed_cursor: __, ...rest } = body as Record<string, unknown>
      const { 'cache-control': cache } = headers
      // A list holds the position of the feed, which the job moves.
      return { status, etag: 'vacancies' in rest ? '' : etag, cache, rest }
    })
  }

  await t.test(
    'a draft that waits, by the clock and by the job: the same answers before the job and after',
    async t => {
      const { path, opened } = await openVacancy(call, 'engineer', { opens_at: '2027-05-10T09:00:00+01:00' })
      t.match(opened.body, { status: 'draft', opens_at: '2027-05-10T08:00:00Z' })
      t.equal(opened.etag, '"r2"')
      t.same(await eventsAt(path), [
        ['vacancy_created', false, 1, 'alice'],
        ['vacancy_scheduled', false, 2, 'alice'],
      ])
      const look = async () => {
        const { status, etag, headers, body } = await call(`GET ${path}`, nobody)
        return [status, etag, headers['cache-control'], (body as Vacancy).status]
      }
      clock.set('2027-05-10T07:59:59.999Z')
      t.equal((await look())[0], 404)
      t.equal(((await call(`GET ${path}`)).body as Vacancy).status, 'draft')
      t.equal(await job(), 0)

      clock.set('2027-05-10T08:00:00Z')
      t.same(await look(), [200, '"r3"', 'public, max-age=60', 'open'], 'open by the clock')
      const before = [await answers(path, null), await answers(path, undefined)]
      t.equal(await job(), 1)
      t.strictSame([await answers(path, null), await answers(path, undefined)], before)
      t.same((await eventsAt(path)).at(-1), ['vacancy_opened', true, 3, null])

      clock.set('2027-05-30T22:54:20Z')
      t.same(await look(), [200, '"r3"', 'public, max-age=40', 'open'], 'kept until it closes and no longer')
      t.equal((await call(`GET ${path}/job-posting`, nobody)).headers['cache-control'], 'public, max-age=40')
      clock.set('2027-05-30T22:54:59.500Z')
      t.same(await look(), [200, '"r3"', 'public, max-age=0', 'open'])

      clock.set('2027-05-30T22:55:00Z')
      t.same(await look(), [200, '"r4"', 'public, max-age=60', 'closed'], 'closed by the clock')
      const since = { 'if-modified-since': clock.now().toUTCString() }
      t.equal(
        (await call(`GET ${path}`, { ...nobody, headers: since })).status,
        200,
        'it may have changed in that second',
      )
      t.match(problemOf(await call(`GET ${path}/job-posting`, nobody)), {
        status: 410,
        code: 'closed',
        detail: 'The vacancy is closed since 2027-05-30T22:55:00Z.',
        closed_at: '2027-05-30T22:55:00Z',
      })
      t.equal((await call(`GET ${path}/civil-service-jobs`)).status, 410, 'with a key too')
      const closing = [await answers(path, null), await answers(path, undefined)]
      t.equal(await job(), 1)
      t.strictSame([await answers(path, null), await answers(path, undefined)], closing)
      t.same((await eventsAt(path)).at(-1), ['vacancy_closed', true, 4, null])

      t.match((await call(`GET ${path}/validation`)).body, {
        ready: false,
        errors: [
          { pointer: '/status', code: 'wrong_status', detail: 'The vacancy is closed; only a draft can be opened.' },
        ],
      })
      t.match(problemOf(await call(`PATCH ${path}`, { body: { hours: '30' }, match: '"r4"' })), {
        status: 409,
        code: 'wrong_status',
      })
      const late = await call(`PATCH ${path}`, { body: { reference_number: '412345' }, match: '"r4"' })
      t.same([late.status, late.etag, (late.body as Vacancy).reference_number], [200, '"r5"', '412345'])
      t.match((await call(`GET ${path}`, nobody)).body, { status: 'closed', reference_number: '412345' })
      t.match(problemOf(await call(`POST ${path}/withdrawals`, { body: { reason: 'No' }, match: '"r5"' })), {
        status: 409,
        detail: 'The vacancy is closed; only an open one can be withdrawn.',
      })
    },
  )

  await t.test('a write between instant and job writes the opening first, under the ETag that readers see', async t => {
    clock.set('2027-05-03T09:00:00Z')
    const { path } = await openVacancy(call, 'engineer', { opens_at: '2027-05-10T08:00:00Z' })
    clock.set('2027-05-10T08:00:01Z')
    const { etag } = await call(`GET ${path}`, nobody)
    t.equal((await call(`PATCH ${path}`, { body: { hours: '30' }, match: '"r2"' })).status, 412)
    const patched = await call(`PATCH ${path}`, { body: { hours: '30' }, match: etag })
    t.same([patched.status, patched.etag, (patched.body as Vacancy).status], [200, '"r4"', 'open'])
    t.same((await eventsAt(path)).slice(2), [
      ['vacancy_opened', true, 3, 'alice'],
      ['vacancy_updated', true, 4, 'alice'],
    ])
    t.equal(await job(), 0)
    t.match(problemOf(await call(`DELETE ${path}`, { match: '*' })), { code: 'wrong_status' }, 'no draft any more')
  })

  await t.test('one that was due to open and to close while no job ran does both, in order', async t => {
    clock.set('2027-05-03T09:00:00Z')
    const { path } = await openVacancy(call, 'engineer', {
      opens_at: '2027-05-10T08:00:00Z',
      closes_at: '2027-05-10T09:00:00Z',
    })
    clock.set('2027-05-11T00:00:00Z')
    const { etag, body } = await call(`GET ${path}`, nobody)
    t.same([etag, (body as Vacancy).status], ['"r4"', 'closed'])
    t.equal(await job(), 2)
    t.same((await eventsAt(path)).slice(2), [
      ['vacancy_opened', true, 3, null],
      ['vacancy_closed', true, 4, null],
    ])
    t.equal((await call(`GET ${path}`, nobody)).etag, etag)
  })

  await t.test('a draft that waits stays ready, may wait longer, and can be deleted', async t => {
    clock.set('2027-05-03T09:00:00Z')
    const { path, etag } = await openVacancy(call, 'engineer', { opens_at: '2027-05-10T08:00:00Z' })
    t.match(problemOf(await call(`PATCH ${path}`, { body: { salary: null }, match: etag })), { code: 'not_ready' })
    const later = await call(`PATCH ${path}`, { body: { opens_at: '2027-05-20T08:00:00Z' }, match: etag })
    t.equal((later.body as Vacancy).opens_at, '2027-05-20T08:00:00Z')
    clock.set('2027-05-10T08:00:00Z')
    t.equal((await call(`GET ${path}`, nobody)).status, 404)
    t.equal(await job(), 0)
    t.equal((await call(`DELETE ${path}`, { match: later.etag })).status, 204)
  })

  await t.test('a draft that waits is called off by taking its instant away, and opened by no other', async t => {
    clock.set('2027-05-03T09:00:00Z')
    const { path, etag } = await openVacancy(call, 'engineer', { opens_at: '2027-05-10T08:00:00Z' })
    const id = path.split('/').at(-1)
    const scheduled = async () => {
      const { body } = await call('GET /v1/vacancies?status=draft&limit=100')
      const { vacancies } = body as { vacancies: { id: string; scheduled?: boolean }[] }
      return vacancies.find(each => each.id === id)?.scheduled
    }
    t.equal(await scheduled(), true)
    const callOff =
      'A PATCH that sets opens_at to null calls the opening off; then POST …/openings opens the vacancy at once.'
    const past = await call(`PATCH ${path}`, { body: { opens_at: '2020-01-01T00:00:00Z' }, match: etag })
    t.match(problemOf(past), {
      status: 422,
      errors: [
        {
          pointer: '/opens_at',
          code: 'too_early',
          detail: `opens_at must be later than now, 2027-05-03T09:00:00.000Z. ${callOff}`,
        },
      ],
    })
    t.match(problemOf(await call(`POST ${path}/openings`, { body: {}, match: etag })), {
      status: 409,
      detail: `The vacancy waits for its opening at 2027-05-10T08:00:00Z. ${callOff}`,
    })
    const off = await call(`PATCH ${path}`, { body: { opens_at: null, salary: null }, match: etag })
    t.match([off.status, off.body], [200, { status: 'draft', opens_at: null, salary: null }])
    t.equal(await scheduled(), false)
    t.same((await eventsAt(path)).at(-1), ['vacancy_unscheduled', false, 3, 'alice'])
    clock.set('2027-05-10T08:00:00Z')
    t.equal(await job(), 0)
    t.equal((await call(`GET ${path}`, nobody)).status, 404)
    const again = await call(`PATCH ${path}`, { body: { salary: vacancyWith().salary }, match: off.etag })
    const opened = await call(`POST ${path}/openings`, { body: {}, match: again.etag })
    t.match([opened.status, opened.body], [201, { status: 'open' }])
  })

  await t.test('validation tells of a draft what would keep its opening from being', async t => {
    clock.set('2027-05-03T09:00:00Z')
    const { path } = await createVacancy(call, 'engineer', { closes_at: '2027-05-04T09:00:00Z' })
    t.match((await call(`GET ${path}/validation`)).body, { ready: true, errors: [] })
    clock.set('2027-05-05T09:00:00Z')
    t.match((await call(`GET ${path}/validation`)).body, {
      ready: false,
      errors: [
        {
          pointer: '/closes_at',
          code: 'too_early',
          detail: 'closes_at must be later than now, 2027-05-05T09:00:00.000Z.',
        },
      ],
    })
  })

  await t.test('many jobs at once: each change once, with events in one order and no gap', async t => {
    clock.set('2027-05-03T09:00:00Z')
    const made = await Promise.all(
      Array.from({ length: 30 }, () => openVacancy(call, 'engineer', { opens_at: '2027-05-10T08:00:00Z' })),
    )
    clock.set('2027-05-10T08:00:00Z')
    const counts = await Promise.all(Array.from({ length: 6 }, job))
    t.equal(
      counts.reduce((sum, count) => sum + count, 0),
      30,
      String(counts),
    )
    for (const { path } of made) t.same((await eventsAt(path)).slice(2), [['vacancy_opened', true, 3, null]])
    const { rows } = await sql<{ gaps: number }>`
      select count(*) filter (where position <> previous + 1) as gaps
      from (select position, lag(position) over (order by id) as previous from events where position is not null) e`.execute(
      db,
    )
    t.equal(rows[0]?.gaps, 0)
  })

  await t.test('a job passes over what a writer holds, and a writer waits for a job', async t => {
    clock.set('2027-05-03T09:00:00Z')
    const { path, id } = await openVacancy(call, 'engineer', { opens_at: '2027-05-10T08:00:00Z' })
    clock.set('2027-05-10T08:00:00Z')
    let patch: ReturnType<typeof call> | undefined
    await transact(db, async trx => {
      await trx.selectFrom('vacancies').select('id').where('id', '=', id).forUpdate().execute()
      t.equal(await job(), 0)
      patch = call(`PATCH ${path}`, { body: { hours: '30' }, match: '"r3"' })
      await untilWaiting(db, 1)
    })
    t.equal((await patch)?.status, 200)
    t.same(
      (await eventsAt(path)).slice(2).map(([type]) => type),
      ['vacancy_opened', 'vacancy_updated'],
    )
  })

  await t.test('the worker writes what the machine’s clock has changed, within ten seconds', async t => {
    const soon = new Date(Date.now() + 1500).toISOString()
    clock.set(new Date().toISOString())
    const { path } = await openVacancy(call, 'engineer', { opens_at: soon, closes_at: '2099-01-01T00:00:00Z' })
    const warnings: string[] = []
    const log = { debug: () => {}, warn: (_about: object, message: string) => void warnings.push(message) }
    const webhooks = { key: 'k'.repeat(43), allowLoopback: false }
    const running = startWorker({ db, directUrl: url, baseUrl: 'https://register.example', webhooks, log })
    await until(async () => (await eventsAt(path)).length === 3, 11_500)
    await running.close()
    t.same((await eventsAt(path)).at(-1), ['vacancy_opened', true, 3, null])
    t.same(warnings, [])
  })

  await t.test('lists: by status at the clock, by filter, in pages; drafts by a key alone', async t => {
    clock.set('2027-05-03T09:00:00Z')
    await publishAdvertised(call, 'listed')
    const bristol = { text: 'Bristol', town: 'Bristol', region: 'South West', postcode: null, country: 'GB' }
    const draft = await createVacancy(call, 'listed')
    const waiting = await openVacancy(call, 'listed', { opens_at: '2027-05-10T08:00:00Z' })
    const open = await openVacancy(call, 'listed', { locations: [bristol] })
    const short = await openVacancy(call, 'listed', { opens_at: null, closes_at: '2027-05-04T09:00:00Z' })
    const ids = async (query: string, key: string | null = null) => {
      const answer = await call(`GET /v1/vacancies?role=listed${query}`, { key })
      return (answer.body as { vacancies: { id: string }[] }).vacancies.map(({ id }) => id)
    }
    const sorted = (...made: { id: string }[]) => made.map(({ id }) => id).sort()
    const own = 'home-office/alice/vacancies:read_drafts'
    t.same(await ids(''), sorted(open, short))
    t.same(await ids('', own), sorted(draft, waiting, open, short))
    t.same(await ids('', 'other-office/mallory/vacancies:read_drafts'), sorted(open, short))
    t.same(await ids('', 'home-office/alice/vacancies:write'), sorted(open, short))
    t.same(await ids('&status=draft', own), sorted(draft, waiting))
    t.same(await ids('&status=draft', 'other-office/mallory/vacancies:read_drafts'), [])
    t.equal((await call('GET /v1/vacancies?status=draft', nobody)).status, 401)
    t.equal((await call('GET /v1/vacancies?status=draft', { key: 'home-office/alice/vacancies:write' })).status, 403)
    t.same(await ids('&region=South%20West'), sorted(open))
    t.same(
      await ids('&grade=SEO&profession=digital_and_data&family=data&organisation=home-office'),
      sorted(open, short),
    )
    for (const query of [
      '&grade=G7',
      '&profession=legal',
      '&organisation=other-office',
      '&outdated=true',
      '&region=South',
    ])
      t.same(await ids(query), [], query)
    t.same(await ids('&outdated=false'), sorted(open, short))
    clock.set('2027-05-04T09:00:00Z')
    t.same([await ids('&status=open'), await ids('&status=closed')], [sorted(open), sorted(short)])
    t.same(await ids('&updated_since=2027-05-04T09:00:00Z'), sorted(short), 'closed by the clock alone')
    clock.set('2027-05-10T08:00:00Z')
    t.same(await ids('&status=open'), sorted(open, waiting))
    const anonymous = await call('GET /v1/vacancies?role=listed', nobody)
    t.same([anonymous.headers['cache-control'], anonymous.headers.vary], ['public, max-age=0', 'authorization'])
    t.equal((await call('GET /v1/vacancies', { ...nobody, headers: { 'if-none-match': '"x"' } })).status, 200)
    const again = { ...nobody, headers: { 'if-none-match': anonymous.etag } }
    t.equal((await call('GET /v1/vacancies?role=listed', again)).status, 304)

    const seen: string[] = []
    for (let url: string | undefined = '/v1/vacancies?role=listed&limit=1'; url; ) {
      const answer = await call(`GET ${url}`, nobody)
      seen.push(...(answer.body as { vacancies: { id: string }[] }).vacancies.map(({ id }) => id))
      url = /^<([^>]+)>; rel="next"$/.exec(String(answer.headers.link ?? ''))?.[1]
    }
    t.same(seen, sorted(waiting, open, short))
    for (const [query, detail] of Object.entries({
      'status=opn': /Did you mean "open"/,
      'organisation=home-ofice': /Did you mean "home-office"/,
      'grade=G77': /Did you mean G7\?/,
    }))
      t.match(problemOf(await call(`GET /v1/vacancies?${query}`, nobody)), {
        status: 422,
        errors: [{ pointer: `?${query.split('=')[0]}`, detail }],
      })
  })
})
