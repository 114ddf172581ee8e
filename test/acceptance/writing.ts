/** What the holder of a key may expect of a deployment. What is made is removed again, and nothing is published. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { type Answer, type Ask, type Deployment, NoDeployment } from './deployment.ts'
import type { Checks } from './reading.ts'

const document = {
  title: 'Acceptance test',
  grades: [{ code: 'SEO' }],
  sections: [
    { kind: 'role_summary', heading: 'About the role', blocks: [{ type: 'paragraph', text: 'To be removed.' }] },
  ],
}

const codeOf = ({ body }: Answer) => (body as { code: string }).code

/** The checks that the key's scopes allow, and what removes all that they made. */
export async function writingChecks(deployment: Deployment, key: string) {
  const ask = (line: string, more: Ask = {}) => deployment.ask(line, { key, ...more })
  const known = await ask('GET /v1/me')
  if (known.status === 401) throw new NoDeployment('The register does not know this key, or it has expired.')
  const me = known.body as { organisation: string; scopes: string[] }
  const may = (scope: string) => me.scopes.includes(scope) || me.scopes.includes('admin')
  const slug = `acceptance-${randomBytes(6).toString('hex')}`
  const draft = `/v1/roles/${slug}/draft`
  const skill = `/v1/skills/${slug}`

  const checks: Checks = {
    'the key is known': async () => {
      assert.ok(Array.isArray(me.scopes), 'GET /v1/me names its scopes')
    },
  }
  if (may('roles:write') && may('roles:read_drafts'))
    Object.assign(checks, {
      'a dry run stores nothing': async () => {
        const { status } = await ask(`POST /v1/roles?slug=${slug}&dry_run=true`, { body: document })
        assert.equal(status, 201)
        assert.equal((await ask(`GET ${draft}`)).status, 404)
      },
      'a draft is made once, however often the request is repeated': async () => {
        const request = { body: document, headers: { 'idempotency-key': slug } }
        const first = await ask(`POST /v1/roles?slug=${slug}`, request)
        assert.equal(first.status, 201)
        const again = await ask(`POST /v1/roles?slug=${slug}`, request)
        assert.deepEqual([again.status, again.text], [201, first.text])
        assert.equal(again.headers['idempotent-replayed'], 'true')
        const other = await ask(`POST /v1/roles?slug=${slug}`, { body: document })
        assert.deepEqual([other.status, codeOf(other)], [409, 'slug_taken'])
      },
      'nobody sees a draft without a key': async () => {
        for (const path of [`/v1/roles/${slug}`, `/v1/roles/${slug}/versions`, `/v1/roles/${slug}/occupation`])
          assert.equal((await ask(`GET ${path}`, { key: null })).status, 404, path)
        assert.equal((await ask(`GET ${draft}`, { key: null })).status, 401)
      },
      'an edit names what it was made on': async () => {
        const { headers, body } = await ask(`GET ${draft}`)
        const etag = headers.etag ?? ''
        const patch = { body: { title: 'Acceptance test, edited' } }
        const blind = await ask(`PATCH ${draft}`, patch)
        assert.deepEqual([blind.status, codeOf(blind)], [428, 'precondition_required'])
        const edited = await ask(`PATCH ${draft}`, { ...patch, headers: { 'if-match': etag } })
        assert.equal(edited.status, 200)
        assert.deepEqual(edited.body, { ...(body as object), title: 'Acceptance test, edited' })
        const late = await ask(`PATCH ${draft}`, { ...patch, headers: { 'if-match': etag } })
        assert.deepEqual([late.status, codeOf(late)], [412, 'precondition_failed'])
        assert.equal((late.body as { current_etag: string }).current_etag, edited.headers.etag)
        const put = await ask(`PUT ${draft}`, { body: edited.body, headers: { 'if-match': edited.headers.etag ?? '' } })
        assert.equal(put.headers.etag, edited.headers.etag, 'a PUT of what is there changes nothing')
      },
      'a mistake is answered with where it is': async () => {
        const { headers } = await ask(`GET ${draft}`)
        const match = { 'if-match': headers.etag ?? '' }
        const wrong = await ask(`PATCH ${draft}`, { body: { grades: [{ code: 'SE0' }] }, headers: match })
        assert.deepEqual([wrong.status, codeOf(wrong)], [422, 'invalid'])
        assert.equal((wrong.body as { errors: [{ pointer: string }] }).errors[0].pointer, '/grades/0/code')
        const broken = await ask(`PATCH ${draft}`, { body: '{"title": ', headers: match })
        assert.deepEqual([broken.status, codeOf(broken)], [400, 'malformed_body'])
      },
      'a draft that is not ready says what is missing': async () => {
        const { body } = await ask(`GET ${draft}/validation`)
        const { ready, errors } = body as { ready: boolean; errors: unknown[] }
        assert.deepEqual([ready, errors.length > 0], [false, true])
      },
      'a draft that was never published is removed': async () => {
        const { headers } = await ask(`GET ${draft}`)
        const { status } = await ask(`DELETE ${draft}`, { headers: { 'if-match': headers.etag ?? '' } })
        assert.ok(status === 204 || status === 200)
        assert.equal((await ask(`GET ${draft}`)).status, 404)
      },
    } satisfies Checks)
  if (may('import:write'))
    Object.assign(checks, {
      'a document becomes a draft with a report': async () => {
        const text = '# Acceptance test\n\n## About the role\n\nTo be removed.\n'
        const headers = { 'content-type': 'text/markdown' }
        const { status, body } = await ask(`POST /v1/imports?slug=${slug}-import&dry_run=true`, { body: text, headers })
        assert.equal(status, 201)
        assert.ok((body as { report?: object }).report)
      },
    } satisfies Checks)
  if (may('skills:write'))
    Object.assign(checks, {
      'a skill is made, found and removed': async () => {
        const made = await ask(`POST /v1/skills?slug=${slug}`, { body: { name: `Acceptance test ${slug}` } })
        assert.equal(made.status, 201)
        assert.equal((await ask(`GET ${skill}`, { key: null })).status, 200)
        const gone = await ask(`DELETE ${skill}`, { headers: { 'if-match': made.headers.etag ?? '' } })
        assert.ok(gone.status === 204 || gone.status === 200)
        assert.equal((await ask(`GET ${skill}`, { key: null })).status, 404)
      },
    } satisfies Checks)

  /** Removes what a failed check has left. */
  const cleanUp = async () => {
    for (const path of [draft, skill]) {
      const { status, headers } = await ask(`GET ${path}`)
      if (status === 200) await ask(`DELETE ${path}`, { headers: { 'if-match': headers.etag ?? '' } })
    }
  }
  return { checks, cleanUp, may, organisation: me.organisation }
}
