// A mistyped address of a role is told with the slug that was meant, and nobody learns of a slug what they may not read.
import t from 'tap'
import { exampleDocument } from '../../src/document/schema.ts'
import { testApp, token } from '../support/app.ts'
import { problemOf } from '../support/problem.ts'
import { createPublished, createRole } from '../support/roles.ts'

t.test('the near slug of a role', { timeout: 300_000 }, async t => {
  const { call } = await testApp(t)

  await t.test('getRole and all that is made of a role → 404 with the near slug of a published role', async t => {
    await createPublished(call, 'digital-forensic-engineer')
    await createPublished(call, 'gone-forever')
    const { etag } = await call('GET /v1/roles/gone-forever/draft')
    await call('POST /v1/roles/gone-forever/withdrawals', { match: etag, body: { reason: 'Merged' } })
    await createRole(call, 'secret-engineer')
    const detailOf = async (path: string, key: string | null = null) => {
      const answer = await call(`GET /v1/roles/${path}`, { key })
      t.equal(answer.status, 404, path)
      return (answer.body as { detail: string }).detail
    }
    const noRole = (slug: string, near?: string) =>
      `There is no published role "${slug}" that you may read.${near === undefined ? '' : ` Did you mean "${near}"?`}`
    for (const slug of [
      'digital-forensic-enginer',
      'digital-forensic-engineeer',
      'digital-forensic-engimeer',
      'digital-forensic-enigneer',
      'igital-forensic-engineer',
      'idgital-forensic-engineer',
      'd-gital-forensic-engineer',
      'digital-forensics-enginer',
      'digital-forensic',
    ])
      t.equal(await detailOf(slug), noRole(slug, 'digital-forensic-engineer'), slug)
    t.equal(
      await detailOf('Digital-Forensic-Engineer'),
      'Nothing that you may read stands at this address. "Digital-Forensic-Engineer" does not fit: Lower-case letters and digits, in groups joined by single hyphens. Did you mean "digital-forensic-engineer"?',
    )
    // The first letters of the longest slug there may be, whose neighbours in the alphabet are others.
    const long = `principal-${'forensic-'.repeat(7)}officer`
    await createPublished(call, long)
    t.equal(await detailOf(long.slice(1)), noRole(long.slice(1), long))
    const slug = 'digital-forensic-enginer'
    for (const part of ['/versions', '/occupation', '/document?format=md', '/document?format=docx'])
      t.equal(await detailOf(`${slug}${part}`), noRole(slug, 'digital-forensic-engineer'), part)
    for (const part of ['/versions/1', '/versions/1/occupation', '/versions/1/document', '/diff?from=1&to=2'])
      t.match(await detailOf(`${slug}${part}`), /^There is no published version .* Did you mean "digital-forensic-eng/)
    // Of a role that is or was there, the version is what there is not.
    for (const path of ['digital-forensic-engineer/versions/2', 'gone-forever/versions/2'])
      t.equal(
        await detailOf(path),
        `There is no published version "${path.replace('versions/', '')}" that you may read.`,
      )
    // What is withdrawn, a draft, or another organisation's draft is not named, nor does it change what is.
    for (const key of [null, token('home-office'), token('other-office')])
      for (const slug of ['gone-foreve', 'secret-enginer', 'secret-engineer', 'gone-forever-2'])
        t.equal(await detailOf(slug, key), noRole(slug), slug)
  })

  await t.test('createWithdrawal → 422 with the near slug of the successor', async t => {
    await createPublished(call, 'network-architect')
    const { etag } = await createPublished(call, 'network-analyst')
    const detailOf = async (successor: string) =>
      problemOf(
        await call('POST /v1/roles/network-analyst/withdrawals', {
          match: etag,
          body: { reason: 'Merged', successor },
        }),
      )
    for (const [successor, near] of [
      ['network-architct', ' Did you mean "network-architect"?'],
      ['network-anlyst', ''],
      ['network-analyst', ''],
    ] as const) {
      const detail = `"${successor}" is not another published role.${near}`
      t.same(await detailOf(successor), {
        status: 422,
        code: 'invalid',
        errors: [{ pointer: '/successor', code: 'unknown_role', detail }],
        detail,
      })
    }
  })

  await t.test('getDraft and all that belongs to a draft → 404 with the near slug of the caller’s own', async t => {
    await createRole(call, 'payroll-officer')
    const problemFor = async (line: string, key: string | undefined, body?: unknown) =>
      problemOf(
        await call(line, {
          ...(key === undefined ? {} : { key }),
          ...(body === undefined ? {} : { body, match: '*' }),
        }),
      )
    const none = (slug: string, near = '') => ({
      status: 404,
      code: 'not_found',
      detail: `There is no role "${slug}" that you may read.${near}`,
      errors: [],
    })
    const hint = ' Did you mean "payroll-officer"?'
    for (const [line, body] of [
      ['GET /v1/roles/payrol-officer/draft'],
      ['GET /v1/roles/payrol-officer/draft/validation'],
      ['GET /v1/roles/payrol-officer/draft/document?format=docx'],
      ['GET /v1/roles/payrol-officer/draft/sections/other'],
      ['PATCH /v1/roles/payrol-officer/draft', {}],
      ['POST /v1/roles/payrol-officer/publications', { change_note: 'Ours' }],
    ] as [string, unknown?][]) {
      t.same(await problemFor(line, undefined, body), none('payrol-officer', hint), line)
      t.same(await problemFor(line, token('home-office'), body), none('payrol-officer', hint), line)
      // To another organisation there is no difference between what is there and what is not.
      t.same(await problemFor(line, token('other-office'), body), none('payrol-officer'), line)
      const right = line.replace('payrol-', 'payroll-')
      t.same(await problemFor(right, token('other-office'), body), none('payroll-officer'), right)
    }
    const others = token('other-office')
    await createRole(call, 'payroll-office', exampleDocument, others)
    for (const slug of ['payroll-officer', 'payroll-offic'])
      t.same(
        await problemFor(`GET /v1/roles/${slug}/draft`, others),
        none(slug, ' Did you mean "payroll-office"?'),
        slug,
      )
  })
})
