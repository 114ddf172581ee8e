/** Queries, cursors and headers that nobody honest sends; and names that look like another's. */
import t from 'tap'
import { baseUrl, testApp, token } from '../support/app.ts'
import { type Attack, linksIn, refuseAll } from '../support/hostile.ts'
import { createPublished, createRole, documentWith } from '../support/roles.ts'

const sqlTexts = [
  "' or '1'='1",
  "'; drop table roles; --",
  '"; drop table roles; --',
  "1' union select hash --",
  "\\'; select 1; --",
  '1) or (1=1',
  '$1',
  '%',
  '_',
  '{a,b}',
  '!&|():*',
  'a:*',
  "a' || 'b",
]

t.test('SQL in a parameter is text, or no value of that parameter', async t => {
  const app = await testApp(t)
  await createPublished(app.call, 'victim')
  const ask = async (path: string, status: number, code?: string) => {
    for (const text of sqlTexts) {
      const answer = await app.call(`GET ${path.replace('?', encodeURIComponent(text))}`.replaceAll('@', '?'))
      t.same([answer.status, (answer.body as { code?: string }).code], [status, code], `${path} with ${text}`)
    }
  }
  for (const name of [
    'organisation',
    'profession',
    'family',
    'skill',
    'sfia',
    'sfia_version',
    'updated_since',
    'sort',
    'facets',
    'grade',
    'limit',
    'cursor',
  ]) {
    const code = ['profession', 'family', 'sfia_version', 'sort', 'facets', 'grade'].includes(name)
      ? 'invalid'
      : name === 'cursor'
        ? 'bad_cursor'
        : 'invalid_query'
    await ask(`/v1/roles@${name}=?`, code === 'invalid' ? 422 : 400, code)
  }
  for (const path of [
    '/v1/roles/?',
    '/v1/roles/?/draft',
    '/v1/roles/?/versions',
    '/v1/roles/victim/draft/sections/?',
    '/v1/roles/victim/draft/skills/?',
    '/v1/roles/victim/draft/sfia-mappings/?',
    '/v1/skills/?',
    '/v1/organisations/?',
    '/v1/sfia/9/skills/?',
    '/v1/code-lists/?',
    '/v1/api-keys/?',
    '/problems/?',
  ])
    await ask(path, 404, 'not_found')
  // What is free text finds what holds it, which is nothing, and never everything.
  for (const path of ['/v1/drafts@q=?', '/v1/skills@q=?', '/v1/sfia/9/skills@q=?', '/v1/sfia/9/skills@category=?'])
    for (const text of sqlTexts) {
      const answer = await app.call(`GET ${path.replace('?', encodeURIComponent(text)).replace('@', '?')}`)
      t.equal(answer.status, 200, `${path} with ${text}`)
      t.same(Object.values(answer.body as object).find(Array.isArray), [], `${path} with ${text} finds nothing`)
    }
  for (const text of sqlTexts)
    t.equal((await app.call(`GET /v1/roles?q=${encodeURIComponent(text)}`)).status, 200, `search for ${text}`)
  t.equal((await app.call('GET /v1/roles/victim')).status, 200, 'the role is there still')
})

t.test('a cursor is good for its list and its filters alone', async t => {
  const app = await testApp(t)
  for (const slug of ['a', 'b', 'c']) await createPublished(app.call, slug)
  const first = await app.call('GET /v1/roles?limit=1&grade=SEO')
  const cursor = (first.body as { next_cursor: string }).next_cursor
  t.equal(
    (await app.call(`GET /v1/roles?limit=2&grade=SEO&cursor=${cursor}`)).status,
    200,
    'another limit is no other list',
  )
  const bad = (name: string, line: string): Attack => ({ name, line, status: 400, code: 'bad_cursor' })
  const [digest = ''] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as string[]
  const made = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const after = (value: unknown) => `GET /v1/roles?grade=SEO&cursor=${made(value)}`
  const bytes = Buffer.from(cursor, 'base64url')
  await refuseAll(t, app, [
    bad('of another list', `GET /v1/drafts?cursor=${cursor}`),
    bad('of another role’s list', `GET /v1/roles/b/versions?cursor=${cursor}`),
    bad('of other filters', `GET /v1/roles?grade=G7&cursor=${cursor}`),
    bad('of no filters', `GET /v1/roles?cursor=${cursor}`),
    bad('of more filters', `GET /v1/roles?grade=SEO&organisation=home-office&cursor=${cursor}`),
    bad('a number for a text', after([digest, 7])),
    bad('nothing', after([digest, null])),
    bad('a list for a text', after([digest, ['a']])),
    bad('NUL inside', after([digest, 'a\0b'])),
    bad('a surrogate inside', after([digest, '\ud800'])),
    bad('a line end inside', after([digest, 'a\r\nb'])),
    bad('a long key', after([digest, 'a'.repeat(701)])),
    bad('a key of no order', after([digest, JSON.stringify(['rank', 'a', '-1'])])),
    bad('a key of another form', after([digest, JSON.stringify(['slug', 'a', 'b'])])),
    bad('three parts', after([digest, 'a', 'b'])),
    bad('an object', after({ 0: digest, 1: 'a', length: 2 })),
    bad('__proto__', `GET /v1/roles?grade=SEO&cursor=${Buffer.from('{"__proto__":["x","y"]}').toString('base64url')}`),
    bad('another’s digest', after(['AAAAAAAAAAAA', 'a'])),
    bad('no UTF-8', `GET /v1/roles?grade=SEO&cursor=${Buffer.from([0xff, 0xfe, 0xc0]).toString('base64url')}`),
    bad('no base64', 'GET /v1/roles?grade=SEO&cursor=%21%21%21'),
    bad('cut short', `GET /v1/roles?grade=SEO&cursor=${cursor.slice(0, -4)}`),
    {
      name: 'a giant',
      line: `GET /v1/roles?cursor=${'a'.repeat(2001)}`,
      status: 400,
      code: 'invalid_query',
      pointer: '?cursor',
      errorCode: 'too_long',
    },
    { name: 'none at all', line: 'GET /v1/roles?cursor=', status: 400, code: 'invalid_query', pointer: '?cursor' },
    {
      name: 'two of them',
      line: `GET /v1/roles?grade=SEO&cursor=${cursor}&cursor=${cursor}`,
      status: 400,
      code: 'invalid_query',
      pointer: '?cursor',
    },
    ...Array.from(bytes.subarray(0, 12), (byte, index) => {
      const flipped = Buffer.from(bytes)
      flipped[index] = byte ^ 0x04
      return bad(`bit flipped in byte ${index}`, `GET /v1/roles?grade=SEO&cursor=${flipped.toString('base64url')}`)
    }),
  ])
  const sql = await app.call(after([digest, JSON.stringify(['slug', "' or 1=1 --", ''])]))
  t.same((sql.body as { roles: unknown[] }).roles.length, 3, 'a key that was made up is compared, not run')
})

t.test('a cursor whose number was made up is refused where numbers are compared', async t => {
  const { call } = await testApp(t)
  const { etag } = await createRole(call, 'a')
  const published = await call('POST /v1/roles/a/publications', { match: etag, body: { change_note: 'x' } })
  await call('POST /v1/roles/a/publications', { match: published.etag, body: { change_note: 'y' } })
  for (const path of ['/v1/roles/a/versions', '/v1/roles/a/publications']) {
    const { next_cursor } = (await call(`GET ${path}?limit=1`)).body as { next_cursor: string }
    const [digest] = JSON.parse(Buffer.from(next_cursor, 'base64url').toString()) as string[]
    for (const number of ['0', '-1', '1e3', '99999999999999999999', '1; drop table roles', ' 1', '', '0x10', '٣']) {
      const cursor = Buffer.from(JSON.stringify([digest, number])).toString('base64url')
      const answer = await call(`GET ${path}?limit=1&cursor=${cursor}`)
      t.match(answer, { status: 400, body: { code: 'bad_cursor' } }, `${path} after ${JSON.stringify(number)}`)
    }
    const far = Buffer.from(JSON.stringify([digest, '999999999999999'])).toString('base64url')
    t.equal((await call(`GET ${path}?limit=1&cursor=${far}`)).status, 200)
  }
})

t.test('query parameters stand once, are known and are what they should be', async t => {
  const app = await testApp(t)
  await createPublished(app.call, 'victim')
  const bad = (query: string, pointer?: string, line = 'GET /v1/roles?'): Attack => ({
    name: query.slice(0, 60),
    line: `${line}${query}`,
    status: 400,
    code: 'invalid_query',
    ...(pointer === undefined ? {} : { pointer }),
  })
  await refuseAll(t, app, [
    bad('limit=1&limit=2', '?limit'),
    bad('q=a&q=b', '?q'),
    bad('limit[]=1', '?limit[]'),
    bad('limit%00=1', '?limit\0'),
    bad('q=a%00b', '?q'),
    bad('limit=0', '?limit'),
    bad('limit=101', '?limit'),
    bad('limit=-1', '?limit'),
    bad('limit=1.5', '?limit'),
    bad('limit=1e999', '?limit'),
    bad('limit=NaN', '?limit'),
    bad('limit=', '?limit'),
    bad('limit=true', '?limit'),
    bad('limit=null', '?limit'),
    bad('limit=9007199254740993', '?limit'),
    bad('sfia=PROG:', '?sfia'),
    bad(`q=${'x'.repeat(201)}`, '?q'),
    bad(Array.from({ length: 1000 }, (_, index) => `p${index}=1`).join('&')),
    bad(Array.from({ length: 1000 }, () => 'limit=1').join('&'), '?limit'),
    bad('updated_since=yesterday', '?updated_since'),
    bad('updated_since=0000-01-01T00:00:00Z', '?updated_since'),
    bad('updated_since=2020-01-01T00:00:00%2B20:00', '?updated_since'),
    bad('updated_since=infinity', '?updated_since'),
    bad('updated_since=now', '?updated_since'),
    { ...bad('dry_run=maybe', '?dry_run', 'DELETE /v1/roles/victim/draft?'), match: '"r1"' },
    bad('pretty=1', '?pretty', 'GET /v1/roles/victim?'),
    { ...bad('profession=x', '?profession'), status: 422, code: 'invalid' },
  ])
  t.equal((await app.call('GET /v1/roles?updated_since=9999-12-31T23:59:59-15:59')).status, 200)
  t.equal((await app.call('GET /v1/roles?q=%ff%fe')).status, 200, 'what is no UTF-8 is text all the same')
})

t.test('slugs that look like another’s are no slugs', async t => {
  const app = await testApp(t)
  await createRole(app.call, 'admin')
  const bad = (slug: string): Attack => ({
    name: encodeURIComponent(slug),
    line: `POST /v1/roles?slug=${encodeURIComponent(slug)}`,
    body: documentWith(),
    status: 400,
    code: 'invalid_query',
    pointer: '?slug',
  })
  await refuseAll(t, app, [
    ...[
      'аdmin',
      'ａdmin',
      'admin\u200b',
      'admin\u00ad',
      'ad\u0301min',
      'admın',
      'Admin',
      'admin ',
      ' admin',
      'admin.',
      'admin/',
      'admin\n',
      'admin\u2028',
      '-admin',
      'admin-',
      'ad--min',
      'admin%',
      '.',
      '..',
      'ad\u202emin',
      'a'.repeat(81),
      '',
    ].map(bad),
    { name: 'the same', line: 'POST /v1/roles?slug=admin', body: documentWith(), status: 409, code: 'slug_taken' },
    {
      name: 'the same, out of the title',
      line: 'POST /v1/roles',
      body: documentWith({ title: 'Ａｄｍｉｎ' }),
      status: 409,
      code: 'slug_taken',
    },
    {
      name: 'a title without a letter',
      line: 'POST /v1/roles',
      body: documentWith({ title: '管理者' }),
      status: 422,
      code: 'invalid',
      pointer: '?slug',
    },
  ])
})

t.test('preconditions in any number and form are read or refused at once', async t => {
  const app = await testApp(t)
  const { etag } = await createRole(app.call, 'victim')
  const flood = Array.from({ length: 10_000 }, (_, index) => `"r${index + 2}"`).join(', ')
  const write = { line: 'PUT /v1/roles/victim/draft', body: documentWith() }
  const bad = (name: string, match: string): Attack => ({
    name,
    ...write,
    match,
    status: 400,
    code: 'malformed_header',
  })
  await refuseAll(t, app, [
    { name: '10,000 tags', ...write, match: flood, status: 412, code: 'precondition_failed' },
    { name: 'a weak tag', ...write, match: `W/${etag}`, status: 412, code: 'precondition_failed' },
    { name: 'a great revision', ...write, match: '"r99999999999999999999"', status: 412, code: 'precondition_failed' },
    { name: 'a revision of none', ...write, match: '"r0"', status: 412, code: 'precondition_failed' },
    { name: 'SQL', ...write, match: `"r1'or'1"`, status: 412, code: 'precondition_failed' },
    { name: 'none', ...write, status: 428, code: 'precondition_required' },
    bad('no quotes', 'r1'),
    bad('one quote', '"r1'),
    bad('empty', ''),
    bad('a star among others', '*, "r1"'),
    bad('10,000 quotes', '"'.repeat(9999)),
    bad('10,000 backslashes', '\\'.repeat(10_000)),
  ])
  const read = await app.call('GET /v1/roles/victim/draft', { headers: { 'if-none-match': `${flood}, ${etag}` } })
  t.equal(read.status, 304)
  for (const odd of ['"'.repeat(9999), ','.repeat(10_000), 'W/'.repeat(5000), '*, *', ' '.repeat(10_000)])
    t.equal((await app.call('GET /v1/roles/victim/draft', { headers: { 'if-none-match': odd } })).status, 200)
  for (const odd of ['yesterday', '-1', '99999999999999999999', 'Fri, 99 Foo 2020'])
    t.equal((await app.call('GET /v1/roles/victim/draft', { headers: { 'if-modified-since': odd } })).status, 200, odd)
})

t.test('Accept in any form is understood, or refused, at once', async t => {
  const { call } = await testApp(t)
  await createPublished(call, 'victim')
  const began = performance.now()
  const cases: [string, number][] = [
    [Array.from({ length: 2000 }, (_, index) => `a${index}/b;q=0.5`).join(), 406],
    [`${Array.from({ length: 2000 }, (_, index) => `a${index}/b`).join()},application/json`, 200],
    ['application/json;q=0', 406],
    ['*/*;q=0', 406],
    [',,,;;;', 406],
    ['a'.repeat(10_000), 406],
    [';'.repeat(10_000), 406],
    ['application/json;q=abc', 406],
    ['text/html, */*;q=0.1', 200],
  ]
  for (const [accept, status] of cases) {
    const answer = await call('GET /v1/roles/victim', { headers: { accept } })
    t.equal(answer.status, status, accept.slice(0, 60))
  }
  t.ok(performance.now() - began < 2000)
})

t.test('links are made of the configured address, whatever the request says of its own', async t => {
  const { call } = await testApp(t)
  await createPublished(call, 'a')
  await createPublished(call, 'b')
  const headers = {
    host: 'evil.example',
    'x-forwarded-host': 'evil.example',
    'x-forwarded-proto': 'gopher',
    'x-forwarded-port': '666',
    'x-forwarded-for': '10.66.66.66',
    'x-forwarded-prefix': '/evil',
    forwarded: 'for=10.66.66.66;host=evil.example;proto=gopher',
    'x-original-url': '/v1/api-keys',
    'x-rewrite-url': '/v1/api-keys',
    'x-http-method-override': 'DELETE',
    'x-method-override': 'DELETE',
    'x-http-method': 'DELETE',
  }
  for (const line of [
    'GET /',
    'GET /v1/roles?limit=1',
    'GET /v1/drafts?limit=1',
    'GET /v1/roles/a',
    'GET /v1/roles/a/versions',
    'GET /v1/organisations',
    'GET /nowhere',
    'GET /v1/roles/nowhere',
    'DELETE /v1/roles',
    'GET /v1/openapi.json',
    'GET /problems/not_found',
  ]) {
    const answer = await call(line, { headers })
    t.notMatch(`${JSON.stringify(answer.headers)}${answer.text}`, /evil|gopher|:666|10\.66/, line)
    if (/^GET \/(v1\/roles|v1\/drafts)?(\?|$)/.test(line))
      for (const link of linksIn(answer).filter(found => !found.startsWith('https://schema.org')))
        t.ok(link.startsWith(`${baseUrl}/`), `${line}: ${link}`)
  }
  const created = await call(`POST /v1/roles?slug=c`, { headers, body: documentWith() })
  t.equal(created.headers.location, '/v1/roles/c/draft')
  t.equal((await call('GET /v1/roles/a', { headers })).status, 200, 'a method is not overridden')
})

t.test('credentials of any form are known or not, and never quoted', async t => {
  const app = await testApp(t)
  const bad = (authorization: string): Attack => ({
    name: authorization.slice(0, 40),
    line: 'GET /v1/drafts',
    key: null,
    headers: { authorization },
    status: 401,
    code: 'unauthenticated',
  })
  const secret = 'grr_live_AAAAAAAA_s3cr3ts3cr3ts3cr3t'
  await refuseAll(t, app, [
    bad(''),
    bad('Bearer'),
    bad('Bearer '),
    bad(`Basic ${Buffer.from('a:b').toString('base64')}`),
    bad(`Bearer ${secret}`),
    bad(`Bearer ${secret}, Bearer ${token('home-office')}`),
    bad(`Bearer ${'a'.repeat(9000)}`),
    bad(`Bearer  ${'a'.repeat(4000)} ${'b'.repeat(4000)}`),
    bad("Bearer ' or 1=1 --"),
    bad(token('home-office')),
    bad('Bearer é'),
  ])
  const answer = await app.call('GET /v1/drafts', { key: secret })
  t.notMatch(`${JSON.stringify(answer.headers)}${answer.text}`, /s3cr3t/)
})
