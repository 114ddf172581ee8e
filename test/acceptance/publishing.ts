/** What a role and a vacancy go through in public, as a job board reads them. What is made is withdrawn again: it cannot be removed. */
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import type { Ask, Deployment } from './deployment.ts'
import type { Checks } from './reading.ts'

const paragraph = (text: string) => [{ type: 'paragraph', text }]
const document = {
  title: 'Acceptance test',
  profession: 'digital_and_data',
  grades: [{ code: 'SEO' }],
  sections: [
    {
      kind: 'role_summary',
      heading: 'About the role',
      blocks: paragraph('A test of this register. Please ignore it.'),
    },
    { kind: 'responsibilities', heading: 'What you will do', blocks: paragraph('Nothing: it is withdrawn at once.') },
    { kind: 'person_specification', heading: 'You will be', blocks: paragraph('Patient.') },
  ],
}

const vacancy = {
  salary: { min: 30000, max: 40000, currency: 'GBP', period: 'year', text: null },
  role_types: ['information_technology'],
  locations: [
    { text: 'Sheffield', town: 'Sheffield', region: 'Yorkshire and the Humber', postcode: null, country: 'GB' },
  ],
  business_area: 'Acceptance tests',
  contract_types: ['permanent'],
  working_patterns: ['full_time'],
  contact: { name: 'Nobody', email: 'nobody@example.org', telephone: null },
}

/** As a board asks: without a key, and past what lies in a cache on the way. */
const asBoard: Ask = { key: null, headers: { 'cache-control': 'no-cache' } }

/** The checks that the key's scopes allow, what ends all that they made, and what stays of it. */
export function publishingChecks(deployment: Deployment, key: string, may: (scope: string) => boolean) {
  const ask = (line: string, more: Ask = {}) => deployment.ask(line, { key, ...more })
  const slug = `acceptance-${randomBytes(6).toString('hex')}`
  const role = `/v1/roles/${slug}`
  let revision = ''
  let cursor = ''
  let advert: { path: string; etag: string } | undefined
  const left: string[] = []

  /** The next change of the role in public; waits for it as a board does. */
  const nextChange = async () => {
    const { body } = await ask(`GET /v1/changes?after=${cursor}&role=${slug}&wait=20`, asBoard)
    const { changes, next_cursor } = body as { changes: { type: string; subject: string }[]; next_cursor: string }
    cursor = next_cursor
    return changes.map(({ type, subject }) => [type, subject])
  }

  const checks: Checks = {}
  if (['roles:write', 'roles:read_drafts', 'roles:publish'].every(may))
    Object.assign(checks, {
      'a draft that is ready is published': async () => {
        const latest = await ask('GET /v1/changes?after=latest', asBoard)
        cursor = (latest.body as { next_cursor: string }).next_cursor
        const made = await ask(`POST /v1/roles?slug=${slug}`, { body: document })
        assert.equal(made.status, 201, made.text)
        const { ready, errors } = (await ask(`GET ${role}/draft/validation`)).body as {
          ready: boolean
          errors: object[]
        }
        assert.deepEqual([ready, errors], [true, []])
        const request = {
          body: { change_note: 'Acceptance test' },
          headers: { 'if-match': made.headers.etag ?? '', 'idempotency-key': slug },
        }
        const published = await ask(`POST ${role}/publications`, request)
        assert.equal(published.status, 201, published.text)
        left.push(`${role}, withdrawn`)
        revision = published.headers.etag ?? ''
        const again = await ask(`POST ${role}/publications`, request)
        assert.deepEqual([again.status, again.text], [201, published.text], 'repeated, it is no second version')
      },
      'a board hears of it and reads it': async () => {
        assert.deepEqual(await nextChange(), [['role.published', role]])
        const latest = await ask(`GET ${role}`, asBoard)
        assert.equal(latest.status, 200)
        assert.equal(latest.headers.etag, `"${createHash('sha256').update(latest.text).digest('base64url')}"`)
        assert.equal(latest.headers['content-location'], `${role}/versions/1`)
        const kept = { ...asBoard, headers: { ...asBoard.headers, 'if-none-match': latest.headers.etag ?? '' } }
        assert.equal((await ask(`GET ${role}`, kept)).status, 304)
        assert.equal((await ask(`GET ${role}/versions/1`, asBoard)).text, latest.text)
        const { body } = await ask(`GET /v1/roles?q=%22Acceptance+test%22&sort=-published_at&limit=100`, asBoard)
        const found = (body as { roles: { slug: string; etag: string }[] }).roles.find(entry => entry.slug === slug)
        assert.equal(found?.etag, latest.headers.etag, 'it is found')
        const occupation = await ask(`GET ${role}/occupation`, asBoard)
        assert.equal((occupation.body as { '@type': string })['@type'], 'Occupation')
      },
      ...(may('vacancies:write') && may('vacancies:read_drafts')
        ? {
            'a vacancy of it is opened, and is a JobPosting': async () => {
              const closes_at = new Date(Date.now() + 86_400_000).toISOString()
              const made = await ask('POST /v1/vacancies', { body: { ...vacancy, role: slug, closes_at } })
              assert.equal(made.status, 201, made.text)
              advert = { path: made.headers.location ?? '', etag: made.headers.etag ?? '' }
              assert.equal((await ask(`GET ${advert.path}`, asBoard)).status, 404, 'nobody sees a draft without a key')
              const opened = await ask(`POST ${advert.path}/openings`, {
                body: {},
                headers: { 'if-match': advert.etag },
              })
              assert.equal(opened.status, 201, opened.text)
              left.push(`${advert.path}, withdrawn`)
              advert.etag = opened.headers.etag ?? ''
              assert.deepEqual(await nextChange(), [['vacancy.opened', advert.path]])
              const posting = await ask(`GET ${advert.path}/job-posting`, asBoard)
              assert.equal((posting.body as { '@type': string })['@type'], 'JobPosting')
              const listed = await ask(`GET /v1/vacancies?status=open&role=${slug}`, asBoard)
              assert.deepEqual(
                (listed.body as { vacancies: { etag: string }[] }).vacancies.map(({ etag }) => etag),
                [advert.etag],
              )
              const held = await ask(`POST ${role}/withdrawals`, {
                body: { reason: 'Test' },
                headers: { 'if-match': revision },
              })
              assert.equal(held.status, 409, 'a role with an open vacancy is not withdrawn unasked')
            },
            'a vacancy that is withdrawn is gone': async () => {
              assert.ok(advert, 'it was opened')
              const { path, etag } = advert
              const body = { reason: 'The acceptance test is over' }
              const gone = await ask(`POST ${path}/withdrawals`, { body, headers: { 'if-match': etag } })
              assert.equal(gone.status, 201, gone.text)
              assert.deepEqual(await nextChange(), [['vacancy.withdrawn', path]])
              for (const form of ['', '/job-posting', '/civil-service-jobs'])
                assert.equal((await ask(`GET ${path}${form}`, asBoard)).status, 410, form)
            },
          }
        : {}),
      'a role that is withdrawn is gone, and its versions stay': async () => {
        const body = { reason: 'The acceptance test is over' }
        const gone = await ask(`POST ${role}/withdrawals`, { body, headers: { 'if-match': revision } })
        assert.equal(gone.status, 201, gone.text)
        assert.deepEqual(await nextChange(), [['role.withdrawn', role]])
        const latest = await ask(`GET ${role}`, asBoard)
        assert.equal(latest.status, 410)
        assert.equal((latest.body as { reason: string }).reason, body.reason)
        assert.equal((await ask(`GET ${role}/versions/1`, asBoard)).status, 200)
      },
    } satisfies Checks)

  /** Ends what a failed check has left: withdraws what is public, removes what never was. */
  const cleanUp = async () => {
    const reason = 'The acceptance test is over'
    const any = { 'if-match': '*' }
    if (advert && (await ask(`GET ${advert.path}`, asBoard)).status === 200)
      await ask(`POST ${advert.path}/withdrawals`, { body: { reason }, headers: any })
    else if (advert && (await ask(`GET ${advert.path}`)).status === 200)
      await ask(`DELETE ${advert.path}`, { headers: any })
    const { status } = await ask(`GET ${role}`, asBoard)
    if (status === 200) await ask(`POST ${role}/withdrawals`, { body: { reason }, headers: any })
    if (status === 404) await ask(`DELETE ${role}/draft`, { headers: any })
    assert.notEqual((await ask(`GET ${role}`, asBoard)).status, 200, `${role} is not public any more`)
  }
  return { checks, cleanUp, left }
}
