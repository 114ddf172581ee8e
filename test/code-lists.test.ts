import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { codeLists, grades, sectionKinds } from '../src/document/code-lists.ts'
import { findingCodes } from '../src/document/finding-codes.ts'
import { apiVersion } from '../src/plugins/openapi.ts'
import { problemTypes } from '../src/plugins/problems.ts'
import { baseUrl, testApp } from './support/app.ts'
import { problemOf } from './support/problem.ts'

t.test('code lists, home and problem pages', async t => {
  const { call, app } = await testApp(t)
  const open = (line: string, headers: Record<string, string> = {}) => call(line, { key: null, headers })

  t.test('listCodeLists → 200, 304', async t => {
    const answer = await open('GET /v1/code-lists')
    t.equal(answer.status, 200)
    t.strictSame(answer.body, {
      code_lists: Object.keys(codeLists).map(name => ({ name, url: `${baseUrl}/v1/code-lists/${name}` })),
    })
    t.equal(answer.headers['cache-control'], 'public, max-age=3600, stale-if-error=86400')
    const again = await open('GET /v1/code-lists', { 'if-none-match': answer.etag })
    t.strictSame([again.status, again.text], [304, ''])
  })

  t.test('getCodeList → 200, 404', async t => {
    const answer = await open('GET /v1/code-lists/grades')
    t.strictSame(answer.body, { name: 'grades', entries: grades })
    t.match(answer.etag, /^"[\w-]{43}"$/)
    for (const [name, entries] of Object.entries(codeLists))
      t.strictSame((await open(`GET /v1/code-lists/${name}`)).body, { name, entries })
    const names = Object.keys(codeLists).join(', ')
    t.strictSame(problemOf(await open('GET /v1/code-lists/role-type')), {
      status: 404,
      detail: `There is no code list "role-type". Did you mean "role_types"? There are ${names}.`,
      code: 'not_found',
      errors: [],
    })
    t.equal((await open('GET /v1/code-lists/__proto__')).status, 404)
  })

  t.test('getHome → 200 at / and /v1', async t => {
    const answer = await open('GET /')
    t.strictSame(answer.body, {
      name: 'Role Register',
      description: 'Role definitions in, dependable JSON out.',
      version: apiVersion,
      status: 'beta',
      links: {
        documentation: `${baseUrl}/docs`,
        openapi: `${baseUrl}/openapi.json`,
        health: `${baseUrl}/health/ready`,
        pages: `${baseUrl}/roles`,
        roles: `${baseUrl}/v1/roles`,
        vacancies: `${baseUrl}/v1/vacancies`,
        changes: `${baseUrl}/v1/changes`,
        atom: `${baseUrl}/v1/feed.atom`,
        roles_export: `${baseUrl}/v1/exports/roles.ndjson`,
        vacancies_export: `${baseUrl}/v1/exports/vacancies.ndjson`,
        drafts: `${baseUrl}/v1/drafts`,
        import_form: `${baseUrl}/imports/new`,
        shared_sections: `${baseUrl}/v1/shared-sections`,
        organisations: `${baseUrl}/v1/organisations`,
        skills: `${baseUrl}/v1/skills`,
        sfia: `${baseUrl}/v1/sfia/9/skills`,
        code_lists: `${baseUrl}/v1/code-lists`,
        webhooks: `${baseUrl}/v1/webhooks`,
        api_keys: `${baseUrl}/v1/api-keys`,
        audit_events: `${baseUrl}/v1/audit-events`,
        me: `${baseUrl}/v1/me`,
      },
    })
    // Each is there: open to all, or for a key.
    for (const link of Object.values((answer.body as { links: Record<string, string> }).links)) {
      const { status } = await open(`GET ${link.slice(baseUrl.length)}`)
      t.ok([200, 302, 401].includes(status), `${link} → ${status}`)
    }
    const v1 = await open('GET /v1')
    t.strictSame([v1.text, v1.etag], [answer.text, answer.etag])
    t.equal((await open('GET /v1', { 'if-none-match': v1.etag })).status, 304)
    t.match(problemOf(await open('GET /v1?x=1')), { status: 400, code: 'invalid_query' })
  })

  t.test('getProblemType → 200 as a page and as JSON, 404, 406', async t => {
    const page = await open('GET /problems/in_use', { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' })
    t.equal(page.status, 200)
    t.match(page.headers, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy':
        /^default-src 'none'; style-src 'sha256-[\w+/]{43}='; base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/,
      vary: 'accept',
    })
    t.match(page.text, '<h1>It is in use</h1>\n<p>The members <code>used_by</code> and <code>others</code> say who')
    t.equal((await open('GET /problems/in_use')).text, page.text, 'HTML where nothing is asked for')

    const json = await open('GET /problems/in_use', { accept: 'application/json' })
    t.strictSame(json.body, { code: 'in_use', ...problemTypes.in_use, error_codes: [] })
    t.not(json.etag, page.etag)

    for (const code of Object.keys(problemTypes)) {
      const { text } = await open(`GET /problems/${code}`)
      t.notMatch(
        text.replaceAll(/<\/?(code|p|ul|li|h1|main|html|title|style|meta|!doctype)[^<>]*>/g, ''),
        /[<>]|&(?!\w+;|#)/,
        code,
      )
    }
    t.match((await open('GET /problems/not_ready')).text, /<h1>It is not ready<\/h1>/, 'of roles, texts and vacancies')
    for (const code of ['nothing', 'constructor', '%3Cscript%3E'])
      t.match(problemOf(await open(`GET /problems/${code}`)), { status: 404, code: 'not_found' })
    t.match(problemOf(await open('GET /problems/in_use', { accept: 'image/png' })), { status: 406 })
  })

  t.test('getProblemType → 200 with what each code of errors means, by the list that they are of', async t => {
    const codes = Object.entries(findingCodes)
    const page = await open('GET /problems/invalid')
    for (const [code, meaning] of codes) t.ok(page.text.includes(`<li><code>${code}</code>: ${meaning}</li>`), code)
    const { body } = await open('GET /problems/invalid', { accept: 'application/json' })
    t.strictSame(body, {
      code: 'invalid',
      ...problemTypes.invalid,
      error_codes: codes.map(([code, meaning]) => ({ code, meaning })),
    })
    // The compiler lets a finding have no other code; that each of the list is still found, the sources say.
    const source = new URL('../src/', import.meta.url)
    const texts = readdirSync(source, { recursive: true, encoding: 'utf8' })
      .filter(name => name.endsWith('.ts') && !name.endsWith('finding-codes.ts') && !name.startsWith('client/'))
      .map(name => readFileSync(new URL(name, source), 'utf8'))
    // Of two the code is put together, of the kind of section that a role lacks.
    const madeUp = sectionKinds.map(({ code }) => `no_${code}`)
    for (const [code] of codes)
      t.ok(madeUp.includes(code) || texts.some(text => text.includes(`'${code}'`)), `${code} is given`)
  })

  t.test('the type of every problem is one of these pages', async t => {
    const { body } = await open('GET /v1/code-lists/none')
    const { statusCode } = await app.inject((body as { type: string }).type)
    t.equal(statusCode, 200)
  })
})
