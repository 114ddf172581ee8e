/** What anybody may expect of a deployment, without a key. Nothing is changed. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { Answer, Deployment } from './deployment.ts'

export type Checks = Record<string, () => Promise<void>>

const problemOf = ({ status, body, headers }: Answer) => {
  assert.match(headers['content-type'] ?? '', /^application\/problem\+json/)
  const problem = body as { code: string; status: number; type: string; request_id: string; detail: string }
  assert.equal(problem.status, status)
  assert.equal(problem.request_id, headers['request-id'])
  assert.ok(problem.detail.length > 0)
  return problem.code
}

/** The ETag that bytes must have: their SHA-256. */
const tagOf = (text: string) => `"${createHash('sha256').update(text).digest('base64url')}"`

interface RoleItem {
  slug: string
  etag: string
  version: number
}

interface VacancyItem {
  id: string
}

export function readingChecks(deployment: Deployment): Checks {
  const { operations, contract } = deployment
  const ask = deployment.ask.bind(deployment)
  const has = (id: string) => operations.some(operation => operation.id === id)
  const roles = async () => ((await ask('GET /v1/roles?limit=100')).body as { roles: RoleItem[] }).roles
  const openReads = operations.filter(
    ({ method, isOpen, path, required }) => method === 'GET' && isOpen && required.length === 0 && !path.includes('{'),
  )

  return {
    'the root says what this is': async () => {
      const { status, body, headers } = await ask('GET /')
      assert.equal(status, 200)
      assert.equal((body as { version: string }).version, contract.info.version)
      assert.equal(headers['api-version'], contract.info.version)
    },
    'the contract is OpenAPI 3.1, the same at both addresses': async () => {
      assert.match(contract.openapi, /^3\.1\./)
      const { body } = await ask('GET /v1/openapi.json')
      assert.deepEqual(body, contract)
    },
    'it lives and is ready': async () => {
      for (const path of ['/health/live', '/health/ready']) assert.equal((await ask(`GET ${path}`)).status, 200)
    },
    'every open read answers as the contract says, to scripts of any origin': async () => {
      for (const { path } of openReads) {
        const { status, headers } = await ask(`GET ${path}`)
        assert.equal(status, 200, path)
        assert.equal(headers['access-control-allow-origin'], '*', path)
        assert.ok(headers['request-id'], path)
      }
    },
    'what has an ETag answers 304 to who has it': async () => {
      for (const { path } of openReads) {
        const { headers } = await ask(`GET ${path}`)
        if (headers.etag === undefined) continue
        const again = await ask(`GET ${path}`, { headers: { 'if-none-match': `"other", W/${headers.etag}` } })
        // What changes while we look has another ETag by now.
        if (again.status === 304) assert.equal(again.headers.etag, headers.etag, path)
        else assert.notEqual(again.headers.etag, headers.etag, path)
      }
    },
    'HEAD is GET without a body': async () => {
      for (const { path } of openReads) {
        const [get, head] = [await ask(`GET ${path}`), await ask(`HEAD ${path}`)]
        assert.deepEqual([head.status, head.text], [200, ''], path)
        for (const name of ['content-type', 'cache-control'])
          assert.equal(head.headers[name], get.headers[name], `${name} of ${path}`)
        // What changes while we look has another ETag, and maybe another length.
        if (get.headers.etag === undefined || head.headers.etag !== get.headers.etag) continue
        const length = String(Buffer.byteLength(get.text))
        assert.ok([undefined, length].includes(head.headers['content-length']), `content-length of ${path}`)
      }
    },
    'what needs a key asks for it': async () => {
      for (const { method, path } of operations.filter(({ isOpen }) => !isOpen)) {
        const answer = await ask(`${method} ${path.replaceAll(/\{[^}]+\}/g, '1')}`)
        assert.equal(answer.status, 401, `${method} ${path}`)
        assert.equal(problemOf(answer), 'unauthenticated')
        assert.match(answer.headers['www-authenticate'] ?? '', /^Bearer/)
      }
      const answer = await ask('GET /v1/me', { key: 'none' })
      assert.equal(problemOf(answer), 'unauthenticated')
    },
    'what is wrong is a problem': async () => {
      for (const [line, status, code, headers] of [
        ['GET /v1/nothing', 404, 'not_found', {}],
        ['GET /v1/roles/no-role-has-this-slug', 404, 'not_found', {}],
        ['DELETE /v1/roles', 405, 'method_not_allowed', {}],
        ['GET /v1/roles?nothing=1', 400, 'invalid_query', {}],
        ['GET /v1/roles?limit=0', 400, 'invalid_query', {}],
        ['GET /v1/roles?cursor=none', 400, 'bad_cursor', {}],
        ['GET /v1/roles', 406, 'not_acceptable', { accept: 'image/png' }],
      ] as const) {
        const answer = await ask(line, { headers })
        assert.deepEqual([answer.status, problemOf(answer)], [status, code], line)
      }
    },
    'each problem has a page that explains it': async () => {
      const codes = contract.components.schemas.Problem?.properties?.code?.enum ?? []
      assert.ok(codes.length > 20)
      for (const code of codes) {
        const { status, body } = await ask(`GET /problems/${code}`, { headers: { accept: 'application/json' } })
        assert.equal(status, 200, code)
        assert.equal((body as { code: string }).code, code)
      }
    },
    'a list is read in pages': async () => {
      const first = (await ask('GET /v1/roles?limit=1')).body as { roles: RoleItem[]; next_cursor: string | null }
      if (first.next_cursor === null) return
      const next = await ask(`GET /v1/roles?limit=1&cursor=${encodeURIComponent(first.next_cursor)}`)
      const [before, after] = [first.roles[0]?.slug ?? '', (next.body as { roles: RoleItem[] }).roles[0]?.slug ?? '']
      assert.ok(after === '' || before !== after, 'the second page begins with another role')
    },
    'a published role is its bytes: latest, version, digest': async () => {
      for (const { slug } of (await roles()).slice(0, 10)) {
        const latest = await ask(`GET /v1/roles/${slug}`)
        if (latest.status === 410) continue
        assert.equal(latest.headers.etag, tagOf(latest.text), slug)
        const version = await ask(`GET ${latest.headers['content-location']}`)
        assert.equal(version.text, latest.text)
        assert.equal(version.headers.etag, latest.headers.etag)
        assert.match(version.headers['cache-control'] ?? '', /immutable/)
        const digest = createHash('sha256').update(latest.text).digest('base64')
        assert.equal(version.headers['repr-digest'], `sha-256=:${digest}:`)
        const versions = (await ask(`GET /v1/roles/${slug}/versions?limit=100`)).body as { versions: unknown[] }
        assert.ok(versions.versions.length > 0)
      }
    },
    'a published role is an Occupation too': async () => {
      for (const { slug } of (await roles()).slice(0, 10)) {
        const { status, body, headers } = await ask(`GET /v1/roles/${slug}/occupation`)
        if (status === 410) continue
        assert.match(headers['content-type'] ?? '', /^application\/ld\+json/)
        const occupation = body as Record<string, string>
        assert.equal(occupation['@context'], 'https://schema.org')
        assert.match(occupation['@id'] ?? '', new RegExp(`/v1/roles/${slug}/occupation$`))
      }
    },
    ...(has('exportRoles')
      ? {
          'the export is whole, and every role in it has its digest': async () => {
            const { text } = await ask('GET /v1/exports/roles.ndjson')
            const lines = text.split('\n').slice(0, -1)
            const end = JSON.parse(lines.pop() ?? '{}') as { type: string; count: number; digest: string }
            const bytes = lines.map(line => `${line}\n`).join('')
            assert.deepEqual(
              [end.type, end.count, end.digest],
              ['end', lines.length, createHash('sha256').update(bytes).digest('hex')],
            )
            for (const line of lines) {
              const { type, etag } = JSON.parse(line) as { type: string; etag: string }
              if (type === 'role') assert.equal(etag, tagOf(line.slice(line.indexOf('"role":') + 7, -1)))
            }
          },
        }
      : {}),
    ...(has('listChanges')
      ? {
          'the change feed has no gap': async () => {
            type Changes = { changes: { position: number }[]; next_cursor: string }
            const { changes } = (await ask('GET /v1/changes?limit=1000')).body as Changes
            const positions = changes.map(({ position }) => position)
            assert.deepEqual(
              positions,
              positions.map((_, index) => index + 1),
            )
            const { next_cursor } = (await ask('GET /v1/changes?after=latest')).body as Changes
            const { status } = await ask(`GET /v1/changes?after=${encodeURIComponent(next_cursor)}`)
            assert.equal(status, 200, 'its own cursor is good for it')
          },
        }
      : {}),
    ...(has('listVacancies') && has('getJobPosting')
      ? {
          'an open vacancy is a JobPosting': async () => {
            const { body } = await ask('GET /v1/vacancies?status=open')
            for (const { id } of (body as { vacancies: VacancyItem[] }).vacancies.slice(0, 10)) {
              const posting = await ask(`GET /v1/vacancies/${id}/job-posting`)
              if (posting.status === 410) continue
              const found = posting.body as Record<string, unknown>
              assert.equal(found['@type'], 'JobPosting')
              for (const name of ['title', 'description', 'datePosted', 'hiringOrganization'])
                assert.ok(found[name], name)
            }
          },
        }
      : {}),
  }
}
