// The one write path: preconditions, dry runs, idempotent retries, and one event for each change.
import { setImmediate } from 'node:timers/promises'
import { type Kysely, sql, type Transaction } from 'kysely'
import t from 'tap'
import type { Database } from '../src/database/types.ts'
import { exampleDocument } from '../src/document/schema.ts'
import { type Answer, testApp, token } from './support/app.ts'
import { untilWaiting } from './support/locks.ts'
import { problemOf } from './support/problem.ts'
import { countRows, createPublished, createRole, digestOf, documentWith, eventsOf } from './support/roles.ts'

/** Runs `work` while another transaction holds what `hold` locks. Gives what `work` gives, once the lock is gone. */
async function whileHeld<T>(
  db: Kysely<Database>,
  hold: (trx: Transaction<Database>) => Promise<unknown>,
  work: (trx: Transaction<Database>) => Promise<T>,
): Promise<T> {
  return db.transaction().execute(async trx => {
    await hold(trx)
    return work(trx)
  })
}

const lockOf = (slug: string) => (trx: Transaction<Database>) =>
  trx.selectFrom('roles').select('slug').where('slug', '=', slug).forUpdate().execute()

const statuses = (answers: Answer[]) => answers.map(({ status }) => status).sort()
const times = <T>(count: number, make: (index: number) => T) => Array.from({ length: count }, (_, index) => make(index))

t.test('writes', { timeout: 300_000 }, async t => {
  // Copies of a request are many and the machine may be slow: what holds them up must not run out first.
  const { call, db } = await testApp(t, {}, { lockTimeoutMs: 30_000, statementTimeoutMs: 30_000 })
  const patch = (slug: string, body: unknown, match?: string, headers: Record<string, string> = {}) =>
    call(`PATCH /v1/roles/${slug}/draft`, { body, match, headers })

  await t.test('If-Match → 200 for the current ETag, alone, in a list, or *', async t => {
    let { etag } = await createRole(call, 'matched')
    for (const [index, match] of [
      () => etag,
      () => `"r99", ${etag}`,
      () => `${etag},"x"`,
      () => ` ${etag} , W/"y,z"`,
      () => `"a,b" ,${etag}`,
      () => '*',
      () => ' * ',
    ].entries()) {
      const answer = await patch('matched', { title: `Title ${index}` }, match())
      t.same([answer.status, answer.etag], [200, `"r${index + 2}"`], match())
      etag = answer.etag
    }
  })

  await t.test('If-Match → 412 for any other tag, with the current one and what changed since', async t => {
    await createRole(call, 'stale')
    await patch('stale', { title: 'One', family: null }, '"r1"')
    await call('POST /v1/roles/stale/submissions', { body: {}, match: '"r2"' })
    await call('POST /v1/roles/stale/draft/skills', { body: { statement: 'New' } })
    await call('DELETE /v1/roles/stale/draft/sections/skills_framework', { match: '"r4"' })
    const before = await countRows(db)
    const all = ['/family', '/section-order', '/sections/skills_framework', '/skills/s2', '/title']
    for (const [match, changed] of [
      ['"r1"', all],
      ['"r2"', all.slice(1, 4)],
      ['"r3"', all.slice(1, 4)],
      ['"r4"', all.slice(1, 3)],
      ['"r1", "r4"', all.slice(1, 3)],
      ['"r6"', []],
      ['W/"r5"', []],
      ['"R5"', []],
      ['"r05"', []],
      ['"5"', []],
      ['""', []],
      ['"r5 "', undefined],
      ['"r99999999999"', []],
    ] as [string, string[] | undefined][]) {
      const answer = await patch('stale', { title: 'Two' }, match)
      if (changed === undefined) {
        t.equal(answer.status, 400, match)
        continue
      }
      const told = changed.length === 0 ? '' : ` Changed since: ${changed.join(', ')}.`
      t.same(
        problemOf(answer),
        {
          status: 412,
          code: 'precondition_failed',
          detail: `The draft is now at "r5".${told}${match.startsWith('W/') ? ' A weak tag never matches: leave W/ out.' : ''}`,
          errors: [],
          current_etag: '"r5"',
          changed,
        },
        match,
      )
      t.equal(answer.headers.etag, undefined)
    }
    t.same(await countRows(db), before)
  })

  await t.test('If-Match → 400 that shows how it is written', async t => {
    await createRole(call, 'bare')
    for (const [match, right] of [
      ['r1', '"r1"'],
      ['W/r1', '"r1"'],
      ['"r1', '"r1"'],
      ["'r1'", '"\'r1\'"'],
      ['"r1", r2', '"r2"'],
      ['r1, r2', '"r1"'],
      ['*, "r1"', '"r1"'],
      ['"r1" "r2"', '"r1"'],
      ['', '"r1"'],
    ] as const) {
      const answer = await patch('bare', { title: 'New' }, match)
      t.same(
        problemOf(answer),
        {
          status: 400,
          code: 'malformed_header',
          detail: `If-Match is not an entity tag. Write it with double quotes: ${right}`,
          errors: [],
        },
        match,
      )
    }
    t.equal((await eventsOf(db, 'bare')).length, 1)
  })

  await t.test('If-Match → 428 where it is missing; of a POST of a part it is checked where it is sent', async t => {
    await createRole(call, 'missing')
    for (const [line, body] of [
      ['PUT /v1/roles/missing/draft', exampleDocument],
      ['PATCH /v1/roles/missing/draft', {}],
      ['PATCH /v1/roles/missing/draft', { titel: 'Is told of this first' }],
      ['DELETE /v1/roles/missing/draft', undefined],
      ['PUT /v1/roles/missing/draft/section-order', { sections: [] }],
      ['DELETE /v1/roles/missing/draft/skills/s1', undefined],
    ] as [string, unknown][])
      t.same(problemOf(await call(line, body === undefined ? {} : { body })), {
        status: 428,
        code: 'precondition_required',
        detail: 'Send the ETag of what you read in If-Match, such as If-Match: "r1".',
        errors: [],
      })
    const add = (match?: string) => call('POST /v1/roles/missing/draft/skills', { body: { statement: 'New' }, match })
    t.same([(await add()).etag, (await add('"r1"')).status, (await add('"r2"')).etag], ['"r2"', 412, '"r3"'])
  })

  await t.test('twenty edits at once with one ETag → one 200 and one event, nineteen 412', async t => {
    const { etag } = await createRole(call, 'contested')
    const answers = await Promise.all(times(20, index => patch('contested', { title: `Edit ${index}` }, etag)))
    t.same(statuses(answers), [200, ...times(19, () => 412)])
    const won = answers.find(({ status }) => status === 200)
    const draft = await call('GET /v1/roles/contested/draft')
    t.same([draft.text, draft.etag], [won?.text, '"r2"'])
    const events = await eventsOf(db, 'contested')
    t.same(
      events.map(({ type, revision, after_digest }) => [type, revision, after_digest]),
      [
        ['role_created', 1, digestOf(JSON.stringify(exampleDocument))],
        ['draft_patched', 2, digestOf(draft.text)],
      ],
    )
    for (const answer of answers.filter(answer => answer !== won))
      t.equal((answer.body as { current_etag: string }).current_etag, '"r2"')
  })

  await t.test('twenty changes at once, each read, sent and tried again → none is lost', async t => {
    await createRole(call, 'tried', { title: 'Tried' })
    await Promise.all(
      times(20, async index => {
        for (;;) {
          const { body, etag } = await call('GET /v1/roles/tried/draft')
          const { alternative_titles } = body as { alternative_titles: string[] }
          const own = index < 10 ? `Name ${index}` : undefined
          const answer =
            own === undefined
              ? await call('POST /v1/roles/tried/draft/skills', { body: { statement: `Skill ${index}` } })
              : await patch('tried', { alternative_titles: [...alternative_titles, own] }, etag)
          if (answer.status < 300) return
          if (answer.status !== 412) throw new Error(answer.text)
          await setImmediate()
        }
      }),
    )
    const { body, etag } = await call('GET /v1/roles/tried/draft')
    const { alternative_titles, skills } = body as { alternative_titles: string[]; skills: { id: string }[] }
    t.same([...alternative_titles].sort(), times(10, index => `Name ${index}`).sort())
    t.same(
      skills.map(({ id }) => id),
      times(10, index => `s${index + 1}`),
    )
    const events = await eventsOf(db, 'tried')
    t.same([events.length, etag], [21, '"r21"'])
    for (const [index, event] of events.slice(1).entries())
      t.equal(event.before_digest, events[index]?.after_digest, 'a chain without a gap')
  })

  await t.test('dry_run → what would happen, and nothing stored', async t => {
    await createPublished(call, 'dry')
    await createRole(call, 'dry-unpublished')
    await call('POST /v1/roles/dry-unpublished/submissions', { body: {}, match: '"r1"' })
    const before = await countRows(db)
    const state = () => db.selectFrom('roles').selectAll().where('slug', 'like', 'dry%').orderBy('slug').execute()
    const stored = JSON.stringify(await state())
    const document = JSON.stringify(documentWith({ title: 'Dry' }))
    for (const [line, body, match, expected] of [
      ['POST /v1/roles?slug=dry-new', { title: 'New' }, undefined, [201, '"r1"', '/v1/roles/dry-new/draft']],
      ['POST /v1/roles?slug=dry', {}, undefined, [409, '', undefined]],
      ['PUT /v1/roles/dry/draft', document, '"r2"', [200, '"r3"', undefined]],
      ['PUT /v1/roles/dry/draft', exampleDocument, '"r2"', [200, '"r2"', undefined]],
      ['PATCH /v1/roles/dry/draft', { title: 'Dry' }, '"r1"', [412, '', undefined]],
      [
        'PATCH /v1/roles/dry/draft',
        { sfia_version: '7', sfia_mappings: [{ code: 'DESN', level: 3 }] },
        '*',
        [422, '', undefined],
      ],
      ['DELETE /v1/roles/dry-unpublished/draft', undefined, '"r2"', [204, '', undefined]],
      [
        'POST /v1/roles/dry/draft/sections',
        { kind: 'other', heading: 'New' },
        undefined,
        [201, '"r3"', '/v1/roles/dry/draft/sections/other'],
      ],
      ['POST /v1/roles/dry/draft/skills', { statement: 'New' }, '"r2"', [201, '"r3"', '/v1/roles/dry/draft/skills/s2']],
      ['PUT /v1/roles/dry/draft/sfia-mappings/PROG', { code: 'PROG', level: 4 }, '"r2"', [200, '"r3"', undefined]],
      ['POST /v1/roles/dry/submissions', {}, '"r2"', [201, '"r3"', '/v1/roles/dry/submissions']],
      [
        'POST /v1/roles/dry-unpublished/returns',
        { comment: 'No' },
        '"r2"',
        [201, '"r3"', '/v1/roles/dry-unpublished/returns'],
      ],
      ['POST /v1/roles/dry/publications', { change_note: 'New' }, '"r2"', [201, '"r3"', '/v1/roles/dry/versions/2']],
      ['POST /v1/roles/dry/withdrawals', { reason: 'Gone' }, '"r2"', [201, '"r3"', '/v1/roles/dry/withdrawals']],
    ] as [string, unknown, string | undefined, unknown][]) {
      const [method, path] = line.split(' ') as [string, string]
      const dry = `${method} ${path}${path.includes('?') ? '&' : '?'}dry_run=true`
      const answer = await call(dry, {
        ...(body === undefined ? {} : { body }),
        match,
        headers: { 'idempotency-key': 'dry' },
      })
      t.same([answer.status, answer.etag, answer.headers.location], expected, dry)
      t.same(await countRows(db), before, dry)
      t.equal(JSON.stringify(await state()), stored, dry)
    }
    const latest = await call('GET /v1/roles/dry', { key: null })
    t.equal((latest.body as { version: number }).version, 1)
    for (const value of ['false', 'true'])
      t.equal((await call(`PATCH /v1/roles/dry/draft?dry_run=${value}`, { body: {}, match: '"r2"' })).status, 200)
    t.equal((await call('PATCH /v1/roles/dry/draft?dry_run=yes', { body: {}, match: '"r2"' })).status, 400)
  })

  await t.test('dry_run → 409 where the level goes before the end, as the write itself', async t => {
    const document = documentWith({ sfia_version: '8', sfia_mappings: [{ code: 'PROG', level: 6 }] })
    const levels = (trx: Transaction<Database> | Kysely<Database>) =>
      trx
        .deleteFrom('sfia_levels')
        .where('version', '=', '8')
        .where('code', '=', 'PROG')
        .where('level', '=', 6)
        .execute()
    const before = await countRows(db)
    for (const query of ['?slug=deferred&dry_run=true', '?slug=deferred']) {
      const pending = await whileHeld(db, levels, async () => {
        const answer = call(`POST /v1/roles${query}`, { body: document })
        await untilWaiting(db, 1)
        return [answer]
      })
      t.same(
        problemOf(await (pending[0] as Promise<Answer>)),
        {
          status: 409,
          code: 'conflict',
          detail: 'A SFIA level that a role maps to is not, or no longer, in that version of SFIA.',
          errors: [],
        },
        query,
      )
      await db.insertInto('sfia_levels').values({ version: '8', code: 'PROG', level: 6 }).execute()
    }
    t.same(await countRows(db), before)
  })

  await t.test('Idempotency-Key → the first reply again, and the change once', async t => {
    await createRole(call, 'retried')
    const send = (line: string, body: unknown, match?: string) => (key: string) =>
      call(line, {
        ...(body === undefined ? {} : { body }),
        match,
        headers: { 'idempotency-key': key },
      })
    const requests = [
      send('POST /v1/roles?slug=retried-new', { title: 'New' }),
      send('PATCH /v1/roles/retried/draft', { title: 'Patched' }, '"r1"'),
      send('PUT /v1/roles/retried/draft', documentWith({ title: 'Put' }), '"r2"'),
      send('POST /v1/roles/retried/draft/sections', { kind: 'other', heading: 'New' }),
      send('DELETE /v1/roles/retried/draft/sections/other', undefined, '"r4"'),
      send('POST /v1/roles/retried/submissions', { comment: 'Look' }, '"r5"'),
      send('POST /v1/roles/retried/publications', { change_note: 'First' }, '"r6"'),
      send('POST /v1/roles/retried/withdrawals', { reason: 'Gone' }, '"r7"'),
      send('DELETE /v1/roles/retried-new/draft', undefined, '"r1"'),
    ]
    for (const [index, request] of requests.entries()) {
      const key = index % 2 ? `key-${index}` : `"key-${index}"`
      const first = await request(key)
      t.ok(first.status < 300, first.text)
      t.equal(first.headers['idempotent-replayed'], undefined)
      const rows = await countRows(db)
      for (const again of [key, key.replaceAll('"', '')]) {
        const replay = await request(again)
        const shown = ({ status, text, headers }: Answer) => [
          status,
          text,
          headers.etag,
          headers.location,
          headers['cache-control'],
          headers['content-type'],
        ]
        t.same(shown(replay), shown(first), `request ${index}`)
        t.equal(replay.headers['idempotent-replayed'], 'true')
        t.not(replay.headers['request-id'], first.headers['request-id'])
      }
      t.same(await countRows(db), rows)
    }
    t.same(
      (await eventsOf(db, 'retried')).map(({ revision }) => revision),
      times(8, index => index + 1),
    )
    t.equal((await requests[1]?.('"another-key"'))?.status, 412, 'with another key it is another request')
  })

  await t.test(
    'Idempotency-Key → 422 for another request; a refusal is not kept, and keys are the caller’s own',
    async t => {
      await createRole(call, 'reused')
      const headers = { 'idempotency-key': 'reused' }
      t.equal((await patch('reused', { title: 'First' }, '"r1"', headers)).status, 200)
      for (const [line, body, match] of [
        ['PATCH /v1/roles/reused/draft', { title: 'Second' }, '"r1"'],
        ['PATCH /v1/roles/reused/draft', { title: 'First' }, '"r2"'],
        ['PATCH /v1/roles/reused/draft', '{"title": "First"}', '"r1"'],
        ['PATCH /v1/roles/contested/draft', { title: 'First' }, '"r1"'],
        ['POST /v1/roles/reused/submissions', {}, '"r2"'],
      ] as [string, unknown, string][])
        t.same(problemOf(await call(line, { body, match, headers })), {
          status: 422,
          code: 'idempotency_key_reused',
          detail: 'This Idempotency-Key was used for another request within 24 hours. Make a new key.',
          errors: [],
        })
      const bob = token('home-office', 'all', 'bob')
      const other = await call('PATCH /v1/roles/reused/draft', {
        body: { title: 'Bob’s' },
        match: '"r2"',
        headers,
        key: bob,
      })
      t.same([other.status, other.etag], [200, '"r3"'])

      const refused = { 'idempotency-key': 'refused' }
      t.equal((await patch('reused', { title: 'Third' }, '"r1"', refused)).status, 412)
      t.equal(
        (await patch('reused', { title: 'Third' }, '"r3"', refused)).status,
        200,
        'nothing was kept of the refusal',
      )

      for (const key of ['', ' ', 'with space', 'ключ', 'x'.repeat(256)]) {
        const answer = await patch('reused', { title: 'Fourth' }, '*', { 'idempotency-key': key })
        t.same(
          problemOf(answer),
          {
            status: 400,
            code: 'malformed_header',
            detail: 'Idempotency-Key must be 1 to 255 visible ASCII characters, such as a UUID.',
            errors: [],
          },
          key,
        )
      }
      t.equal((await patch('reused', { title: 'Fifth' }, '*', { 'idempotency-key': 'x'.repeat(255) })).status, 200)
    },
  )

  await t.test('Idempotency-Key → a day later it is free again', async t => {
    await createRole(call, 'expired')
    const headers = { 'idempotency-key': 'expired' }
    const first = await patch('expired', { title: 'First' }, '"r1"', headers)
    await sql`update idempotency_keys set created_at = created_at - interval '25 hours' where key = 'expired'`.execute(
      db,
    )
    const second = await patch('expired', { title: 'Second' }, first.etag, headers)
    t.same([second.status, second.headers['idempotent-replayed']], [200, undefined])
    const replay = await patch('expired', { title: 'Second' }, first.etag, headers)
    t.same([replay.text, replay.headers['idempotent-replayed']], [second.text, 'true'])
  })

  await t.test('Idempotency-Key → 409 with Retry-After while the first is under way, and no copy waits', async t => {
    await createRole(call, 'under-way')
    const send = () => patch('under-way', { title: 'Once' }, '"r1"', { 'idempotency-key': 'under-way' })
    const [first] = await whileHeld(db, lockOf('under-way'), async () => {
      const first = send()
      await untilWaiting(db, 1)
      for (const copy of await Promise.all(times(49, send))) {
        t.same(problemOf(copy), {
          status: 409,
          code: 'idempotency_in_flight',
          detail: 'A request with this Idempotency-Key is under way.',
          errors: [],
        })
        t.equal(copy.headers['retry-after'], '1')
      }
      await untilWaiting(db, 1)
      return [first] as const
    })
    const { status, etag, text } = await first
    t.same([status, etag], [200, '"r2"'])
    const replay = await send()
    t.same([replay.status, replay.text, replay.headers['idempotent-replayed']], [200, text, 'true'])
  })

  await t.test('Idempotency-Key → fifty copies at once make one role', async t => {
    const send = async () => {
      for (;;) {
        const answer = await call('POST /v1/roles?slug=copied', {
          body: { title: 'Copied' },
          headers: { 'idempotency-key': 'copied' },
        })
        if (answer.status !== 409) return answer
        t.equal((answer.body as { code: string }).code, 'idempotency_in_flight')
        await setImmediate()
      }
    }
    const answers = await Promise.all(times(50, send))
    t.same(new Set(answers.map(({ status, text, etag }) => `${status} ${etag} ${text}`)).size, 1)
    t.equal(answers[0]?.status, 201)
    t.equal(answers.filter(({ headers }) => headers['idempotent-replayed'] === undefined).length, 1)
    t.equal((await eventsOf(db, 'copied')).length, 1)
  })

  await t.test('Idempotency-Key → a change that failed at its very end leaves no reply behind', async t => {
    const document = documentWith({ sfia_version: '8', sfia_mappings: [{ code: 'PROG', level: 6 }] })
    const send = () => call('POST /v1/roles?slug=undone', { body: document, headers: { 'idempotency-key': 'undone' } })
    const [pending] = await whileHeld(
      db,
      trx =>
        trx
          .deleteFrom('sfia_levels')
          .where('version', '=', '8')
          .where('level', '=', 6)
          .where('code', '=', 'PROG')
          .execute(),
      async () => {
        const answer = send()
        await untilWaiting(db, 1)
        return [answer] as const
      },
    )
    t.equal((await pending).status, 409)
    await db.insertInto('sfia_levels').values({ version: '8', code: 'PROG', level: 6 }).execute()
    const again = await send()
    t.same([again.status, again.headers['idempotent-replayed']], [201, undefined])
  })
})
