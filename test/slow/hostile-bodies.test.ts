/** Bodies that nobody honest sends: each is refused for a reason that it names, at once, and nothing is stored. */
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { exampleDocument } from '../../src/document/schema.ts'
import { testApp, token } from '../support/app.ts'
import { type Attack, refuseAll } from '../support/hostile.ts'
import { createPublished, createRole, documentWith } from '../support/roles.ts'

const valid = JSON.stringify(exampleDocument)
const withMember = (name: string, value: unknown) => JSON.stringify({ ...exampleDocument, [name]: value })
const raw = (title: string) => valid.replace('"Data engineer"', title)
const mergePatch = { 'content-type': 'application/merge-patch+json' }

t.test('members that a caller may not set are unknown, whatever the operation', async t => {
  const app = await testApp(t)
  const { etag } = await createPublished(app.call, 'victim')
  const attacks: Attack[] = [
    'slug',
    'organisation',
    'revision',
    'version',
    'published_at',
    'updated_by',
    'status',
    'format',
  ].flatMap(name =>
    [
      { name: `POST ${name}`, line: 'POST /v1/roles?slug=attack', body: withMember(name, 'other-office') },
      { name: `PUT ${name}`, line: 'PUT /v1/roles/victim/draft', match: etag, body: withMember(name, 'other-office') },
      { name: `PATCH ${name}`, line: 'PATCH /v1/roles/victim/draft', match: etag, body: { [name]: 'other-office' } },
    ].map(attack => ({ ...attack, status: 422, code: 'invalid', pointer: `/${name}`, errorCode: 'unknown_member' })),
  )
  const publication = { change_note: 'x', version: 99 }
  const key = { name: 'x', owner: 'x', owner_kind: 'person', scopes: ['roles:write'] }
  attacks.push(
    {
      name: 'a version of one’s own',
      line: 'POST /v1/roles/victim/publications',
      match: etag,
      body: publication,
      status: 422,
      code: 'invalid',
      pointer: '/version',
      errorCode: 'unknown_member',
    },
    {
      name: 'a time of one’s own',
      line: 'POST /v1/roles/victim/publications',
      match: etag,
      body: { change_note: 'x', published_at: '2020-01-01T00:00:00Z' },
      status: 422,
      code: 'invalid',
      pointer: '/published_at',
    },
    {
      name: 'somebody else’s withdrawal',
      line: 'POST /v1/roles/victim/withdrawals',
      match: etag,
      body: { reason: 'x', by: 'bob' },
      status: 422,
      code: 'invalid',
      pointer: '/by',
    },
    {
      name: 'another organisation',
      line: 'POST /v1/roles?slug=attack&organisation=other-office',
      body: valid,
      status: 403,
      code: 'insufficient_scope',
    },
    {
      name: 'a revision in the query',
      line: 'POST /v1/roles?slug=attack&revision=7',
      body: valid,
      status: 400,
      code: 'invalid_query',
      pointer: '?revision',
    },
    {
      name: 'a section’s slug',
      line: 'POST /v1/roles/victim/draft/sections',
      body: { kind: 'other', heading: 'x', role: 'other' },
      status: 422,
      code: 'invalid',
      pointer: '/role',
    },
    {
      name: 'a key with a hash',
      line: 'POST /v1/api-keys',
      body: { ...key, hash: 'x' },
      status: 422,
      code: 'invalid',
      pointer: '/hash',
    },
    {
      name: 'a key with an id',
      line: 'POST /v1/api-keys',
      body: { ...key, id: 'aaaaaaaa' },
      status: 422,
      code: 'invalid',
      pointer: '/id',
    },
    {
      name: 'a key with more than its maker may do',
      line: 'POST /v1/api-keys',
      body: { ...key, scopes: ['admin'] },
      status: 403,
      code: 'insufficient_scope',
    },
    {
      name: 'a key for nobody',
      line: 'POST /v1/api-keys',
      body: { ...key, organisation: 'other-office' },
      status: 403,
      code: 'insufficient_scope',
    },
  )
  await refuseAll(t, app, attacks)
})

t.test('prototypes are nobody’s to change', async t => {
  const app = await testApp(t)
  const { etag } = await createRole(app.call, 'victim')
  const polluted = '{"polluted":true}'
  const post = 'POST /v1/roles?slug=attack'
  const patch = { line: 'PATCH /v1/roles/victim/draft', match: etag, headers: mergePatch }
  const proto = { status: 400, code: 'malformed_body', errorCode: 'unknown_member' }
  const unknown = { status: 422, code: 'invalid', errorCode: 'unknown_member' }
  await refuseAll(t, app, [
    { name: '__proto__', line: post, body: `{"__proto__":${polluted}}`, pointer: '/__proto__', ...proto },
    {
      name: '__proto__, escaped',
      line: post,
      body: `{"\\u005f_proto__":${polluted}}`,
      pointer: '/__proto__',
      ...proto,
    },
    {
      name: '__proto__, deep',
      line: post,
      body: `{"advert_details":{"salary":{"__proto__":${polluted}}}}`,
      pointer: '/advert_details/salary/__proto__',
      ...proto,
    },
    {
      name: '__proto__ in a list',
      line: post,
      body: `{"sections":[{"__proto__":${polluted}}]}`,
      pointer: '/sections/0/__proto__',
      ...proto,
    },
    {
      name: 'constructor',
      line: post,
      body: `{"constructor":{"prototype":${polluted}}}`,
      pointer: '/constructor',
      ...unknown,
    },
    { name: 'prototype', line: post, body: `{"prototype":${polluted}}`, pointer: '/prototype', ...unknown },
    { name: 'toString', line: post, body: '{"toString":null}', pointer: '/toString', ...unknown },
    { name: 'patch __proto__', body: `{"__proto__":${polluted}}`, pointer: '/__proto__', ...patch, ...proto },
    { name: 'patch __proto__ with null', body: '{"__proto__":null}', pointer: '/__proto__', ...patch, ...proto },
    {
      name: 'patch constructor',
      body: `{"constructor":{"prototype":${polluted}}}`,
      pointer: '/constructor',
      ...patch,
      ...unknown,
    },
    {
      name: 'patch a member that every object has',
      body: '{"advert_details":{"hasOwnProperty":1}}',
      pointer: '/advert_details/hasOwnProperty',
      ...patch,
      ...unknown,
    },
    {
      name: 'patch with null what nothing has',
      body: '{"title":7,"constructor":null}',
      pointer: '/title',
      ...patch,
      status: 422,
      code: 'invalid',
    },
    { name: 'query', line: 'GET /v1/roles?__proto__=x', status: 400, code: 'invalid_query', pointer: '?__proto__' },
    { name: 'query, nested', line: 'GET /v1/roles?__proto__[polluted]=x', status: 400, code: 'invalid_query' },
    {
      name: 'query, constructor',
      line: 'GET /v1/roles?constructor=x',
      status: 400,
      code: 'invalid_query',
      pointer: '?constructor',
    },
    {
      name: 'a block of the type __proto__',
      line: post,
      body: '{"sections":[{"kind":"other","heading":"x","blocks":[{"type":"__proto__"}]}]}',
      status: 422,
      code: 'invalid',
      errorCode: 'not_in_list',
    },
    {
      name: 'a code list that every object has',
      line: 'GET /v1/code-lists/constructor',
      status: 404,
      code: 'not_found',
    },
    { name: 'a problem that every object has', line: 'GET /problems/constructor', status: 404, code: 'not_found' },
  ])
})

t.test('JSON that two readers would read differently is not read', async t => {
  const app = await testApp(t)
  const line = 'POST /v1/roles?slug=attack'
  const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`
  const refused = { line, status: 400, code: 'malformed_body' }
  const bytes = (...parts: (string | number[])[]) => Buffer.concat(parts.map(part => Buffer.from(part as string)))
  const [before = '', after = ''] = valid.split('Data engineer')
  await refuseAll(t, app, [
    {
      name: 'a member twice',
      body: '{"title":"a","title":"b"}',
      ...refused,
      pointer: '/title',
      errorCode: 'duplicate_member',
    },
    {
      name: 'a member twice, once escaped',
      body: '{"title":"a","\\u0074itle":"b"}',
      ...refused,
      pointer: '/title',
      errorCode: 'duplicate_member',
    },
    {
      name: 'a deep member twice',
      body: '{"grades":[{"code":"SEO","code":"G7"}]}',
      ...refused,
      pointer: '/grades/0/code',
      errorCode: 'duplicate_member',
    },
    { name: '33 levels', body: nested(33), ...refused, errorCode: 'too_deep' },
    { name: '10,000 levels', body: nested(10_000), ...refused, errorCode: 'too_deep' },
    { name: 'a mebibyte of levels', body: nested(500_000), ...refused, errorCode: 'too_deep' },
    {
      name: '10,000 levels of objects',
      body: `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`,
      ...refused,
      errorCode: 'too_deep',
    },
    { name: 'levels that nobody closes', body: '['.repeat(500_000), ...refused },
    {
      name: '32 levels',
      body: `{"title":${nested(31)}}`,
      line,
      status: 422,
      code: 'invalid',
      pointer: '/title',
      errorCode: 'wrong_type',
    },
    { name: '2^53 + 1', body: raw('9007199254740993'), ...refused, pointer: '/title', errorCode: 'too_large' },
    { name: '-2^53 - 1', body: raw('-9007199254740993'), ...refused, errorCode: 'too_large' },
    { name: '1e400', body: raw('1e400'), ...refused, errorCode: 'too_large' },
    { name: '-1e400', body: raw('-1e400'), ...refused, errorCode: 'too_large' },
    { name: 'a hundred digits', body: raw('9'.repeat(100)), ...refused, errorCode: 'too_large' },
    { name: 'NaN', body: raw('NaN'), ...refused },
    { name: 'Infinity', body: raw('Infinity'), ...refused },
    { name: 'a leading zero', body: raw('01'), ...refused },
    { name: 'hexadecimal', body: raw('0x1f'), ...refused },
    { name: 'a comment', body: `/* */${valid}`, ...refused },
    { name: 'a trailing comma', body: '{"title":"a",}', ...refused },
    { name: 'single quotes', body: "{'title':'a'}", ...refused },
    { name: 'something after the end', body: `${valid}{}`, ...refused },
    { name: 'a body cut short', body: valid.slice(0, -40), ...refused },
    { name: 'a list', body: '[]', line, status: 422, code: 'invalid', errorCode: 'wrong_type' },
    { name: 'null', body: 'null', line, status: 422, code: 'invalid', errorCode: 'wrong_type' },
    { name: 'a text', body: '"x"', line, status: 422, code: 'invalid', errorCode: 'wrong_type' },
    { name: 'nothing', body: ' ', ...refused },
    { name: 'NUL', body: raw('"a\\u0000b"'), ...refused, pointer: '/title', errorCode: 'unstorable_character' },
    { name: 'NUL in a name', body: '{"a\\u0000":1}', ...refused, errorCode: 'unstorable_character' },
    { name: 'a NUL byte', body: bytes(before, [0], after), ...refused },
    {
      name: 'a high surrogate',
      body: raw('"a\\ud83d"'),
      ...refused,
      pointer: '/title',
      errorCode: 'unstorable_character',
    },
    { name: 'a low surrogate', body: raw('"\\ude00a"'), ...refused, errorCode: 'unstorable_character' },
    {
      name: 'surrogates the wrong way round',
      body: raw('"\\ude00\\ud83d"'),
      ...refused,
      errorCode: 'unstorable_character',
    },
    { name: 'an escape sequence', body: raw('"\\u001b[31m"'), ...refused, errorCode: 'unstorable_character' },
    { name: 'UTF-16, little end first', body: Buffer.from(`\ufeff${valid}`, 'utf16le'), ...refused },
    { name: 'UTF-16, big end first', body: Buffer.from(`\ufeff${valid}`, 'utf16le').swap16(), ...refused },
    { name: 'UTF-16 without a mark', body: Buffer.from(valid, 'utf16le'), ...refused },
    { name: 'a byte that begins nothing', body: bytes(before, [0xff], after), ...refused },
    { name: 'an overlong slash', body: bytes(before, [0xc0, 0xaf], after), ...refused },
    { name: 'a surrogate in UTF-8', body: bytes(before, [0xed, 0xa0, 0x80], after), ...refused },
    { name: 'beyond Unicode', body: bytes(before, [0xf4, 0x90, 0x80, 0x80], after), ...refused },
    { name: 'Latin-1', body: Buffer.from(raw('"é"'), 'latin1'), ...refused },
  ])
  // RFC 8259 §8.1 lets a reader pass over the mark; it is no part of any text.
  const marked = await app.call(line, { body: Buffer.from(`\ufeff${valid}`) })
  t.equal(marked.status, 201)
  t.notMatch(marked.text, /\ufeff/)
})

t.test('only bodies of the types that the operation names are read, and only uncoded', async t => {
  const app = await testApp(t)
  const line = 'POST /v1/roles?slug=attack'
  const typed = (name: string, type: string): Attack => ({
    name,
    line,
    body: valid,
    headers: { 'content-type': type },
    status: 415,
    code: 'unsupported_media_type',
  })
  const coded = (name: string, encoding: string, body: unknown): Attack => ({
    name,
    line,
    body,
    headers: { 'content-encoding': encoding },
    status: 415,
    code: 'unsupported_media_type',
  })
  await refuseAll(t, app, [
    typed('text', 'text/plain'),
    typed('a form', 'application/x-www-form-urlencoded'),
    typed('a multipart form', 'multipart/form-data; boundary=x'),
    typed('XML', 'application/xml'),
    typed('another type that begins like JSON', 'application/jsonx'),
    typed('JSON sequences', 'application/json-seq'),
    typed('a merge patch where none is taken', 'application/merge-patch+json'),
    typed('a JSON patch', 'application/json-patch+json'),
    typed('two types', 'application/json, text/plain'),
    typed('UTF-7', 'application/json; charset=utf-7'),
    typed('UTF-16', 'application/json; charset="utf-16"'),
    typed('UTF-7 after UTF-8', 'application/json; charset=utf-8; charset=utf-7'),
    typed('no type', ''),
    typed('anything', '*/*'),
    coded('gzip', 'gzip', gzipSync(valid)),
    coded('a bomb', 'gzip', gzipSync(Buffer.alloc(100 * 1024 * 1024, 0x20))),
    coded('gzip twice', 'gzip, gzip', gzipSync(gzipSync(valid))),
    coded('deflate', 'deflate', valid),
    coded('one that nobody knows', 'x-evil', valid),
    { name: 'more than a mebibyte', line, body: valid + ' '.repeat(1024 * 1024), status: 413, code: 'too_large' },
  ])
  const said = await app.call(line, { body: valid, headers: { 'content-type': 'Application/JSON; Charset="UTF-8"' } })
  t.equal(said.status, 201)
  t.equal(
    (await app.call('POST /v1/roles?slug=b', { body: valid, headers: { 'content-encoding': 'identity' } })).status,
    201,
  )
})

t.test('a body of a mebibyte that is wrong everywhere is refused at once and briefly', async t => {
  const app = await testApp(t)
  const line = 'POST /v1/roles?slug=attack'
  const times = (count: number, text: string) => `[${Array(count).fill(text).join()}]`
  const section = (blocks: string) => `{"sections":[{"kind":"other","heading":"x","blocks":${blocks}}]}`
  const items = (text: string) => section(`[{"type":"list","items":${text}}]`)
  const invalid = { line, status: 422, code: 'invalid' }
  const attacks: Attack[] = [
    {
      name: 'empty sections',
      body: `{"sections":${times(340_000, '{}')}}`,
      ...invalid,
      pointer: '/sections',
      errorCode: 'too_many',
    },
    { name: 'empty blocks', body: section(times(340_000, '{}')), ...invalid, errorCode: 'too_many' },
    { name: 'empty items', body: items(times(340_000, '{}')), ...invalid, errorCode: 'too_many' },
    { name: 'blocks of no type', body: section(times(60_000, '{"type":"lis"}')), ...invalid },
    { name: 'nulls', body: `{"skills":${times(200_000, 'null')}}`, ...invalid },
    { name: 'numbers', body: `{"sfia_mappings":${times(500_000, '1')}}`, ...invalid },
    {
      name: 'unknown members',
      body: `{${Array.from({ length: 80_000 }, (_, index) => `"k${index}":1`).join()}}`,
      ...invalid,
      errorCode: 'unknown_member',
    },
    { name: 'a long name', body: `{"${'t'.repeat(1_000_000)}":1}`, ...invalid, errorCode: 'unknown_member' },
    {
      name: 'a long name twice',
      body: `{"${'t'.repeat(500_000)}":1,"${'t'.repeat(500_000)}":2}`,
      line,
      status: 400,
      code: 'malformed_body',
    },
    {
      name: 'a long code',
      body: `{"profession":"${'digital_'.repeat(120_000)}"}`,
      ...invalid,
      errorCode: 'not_in_list',
    },
    { name: 'a list of nothing but repeats', body: `{"behaviours":${times(70_000, '"leadership"')}}`, ...invalid },
    {
      name: 'scopes',
      line: 'POST /v1/api-keys',
      body: `{"name":"x","owner":"x","owner_kind":"person","scopes":${times(300_000, '{}')}}`,
      status: 422,
      code: 'invalid',
    },
  ]
  await refuseAll(t, app, attacks)
  for (const { line, body } of attacks) t.ok((await app.call(line, { body })).text.length < 20_000)
})

t.test('what may not be more is counted, and the refusal names the limit', async t => {
  const app = await testApp(t)
  const { etag } = await createRole(app.call, 'victim')
  const many = <T>(count: number, make: (index: number) => T) =>
    Array.from({ length: count }, (_, index) => make(index))
  const section = (blocks: unknown[]) => ({ kind: 'other', heading: 'x', blocks })
  const post = { line: 'POST /v1/roles?slug=attack', status: 422, code: 'invalid' }
  const paragraph = { type: 'paragraph', text: 'x' }
  const item = (text: string) => ({ text })
  await refuseAll(t, app, [
    {
      name: '61 sections',
      body: { sections: many(61, () => section([paragraph])) },
      ...post,
      pointer: '/sections',
      errorCode: 'too_many',
    },
    {
      name: '101 blocks',
      body: { sections: [section(many(101, () => paragraph))] },
      ...post,
      pointer: '/sections/0/blocks',
      errorCode: 'too_many',
    },
    {
      name: '201 items',
      body: { sections: [section([{ type: 'list', items: many(201, () => item('x')) }])] },
      ...post,
      errorCode: 'too_many',
    },
    {
      name: '201 skills',
      body: { skills: many(201, () => ({ statement: 'x' })) },
      ...post,
      pointer: '/skills',
      errorCode: 'too_many',
    },
    {
      name: '51 mappings',
      body: { sfia_version: '9', sfia_mappings: many(51, () => ({ code: 'PROG', level: 3 })) },
      ...post,
      pointer: '/sfia_mappings',
      errorCode: 'too_many',
    },
    {
      name: '10,001 characters',
      body: { sections: [section([{ type: 'paragraph', text: 'x'.repeat(10_001) }])] },
      ...post,
      errorCode: 'too_long',
    },
    {
      name: 'a list in an item of an item',
      body: { sections: [section([{ type: 'list', items: [{ text: 'x', items: [{ text: 'x', items: [] }] }] }])] },
      ...post,
      errorCode: 'unknown_member',
    },
    {
      name: 'a note that is too long',
      line: 'POST /v1/roles/victim/submissions',
      match: etag,
      body: { comment: 'x'.repeat(2001) },
      status: 422,
      code: 'invalid',
      pointer: '/comment',
      errorCode: 'too_long',
    },
    {
      name: 'what grows beyond a mebibyte when its defaults are filled in',
      body: { sections: many(60, () => section(many(3, () => ({ type: 'list', items: many(200, () => item('x')) })))) },
      ...post,
      pointer: '',
      errorCode: 'too_large',
    },
  ])
})

t.test('a draft does not grow by its parts beyond what PUT takes', async t => {
  const { call } = await testApp(t)
  await createRole(call, 'grown')
  const text = 'x'.repeat(9990)
  const section = {
    kind: 'other',
    heading: 'x',
    blocks: Array.from({ length: 50 }, () => ({ type: 'paragraph', text })),
  }
  t.equal((await call('POST /v1/roles/grown/draft/sections', { body: section })).status, 201)
  t.equal((await call('POST /v1/roles/grown/draft/sections', { body: section })).status, 201)
  const third = await call('POST /v1/roles/grown/draft/sections', { body: section })
  t.equal(third.status, 422)
  t.match(third.body, { errors: [{ pointer: '', code: 'too_large', detail: /at most 1 MiB/ }] })
  const draft = await call('GET /v1/roles/grown/draft')
  t.equal((await call('PUT /v1/roles/grown/draft', { body: draft.text, match: draft.etag })).status, 200)
})

t.test('a role of nothing but different words can be published and found', async t => {
  const { call } = await testApp(t)
  let number = 0
  const words = (length: number) => {
    let text = ''
    while (text.length < length) text += `${(number++).toString(36)}-x.uk/a `
    return text.slice(0, 9990)
  }
  const body = documentWith({
    title: 'Wordsmith',
    skills: Array.from({ length: 40 }, (_, index) => ({
      id: `s${index + 1}`,
      statement: words(9980),
      skill: null,
      level: null,
      importance: 'essential' as const,
    })),
    sections: exampleDocument.sections.map((section, index) =>
      index === 0
        ? { ...section, blocks: Array.from({ length: 60 }, () => ({ type: 'paragraph' as const, text: words(9980) })) }
        : section,
    ),
  })
  await createPublished(call, 'wordsmith', body)
  const found = await call('GET /v1/roles?q=wordsmith')
  t.match(found.body, { roles: [{ slug: 'wordsmith' }] })
})

t.test('a retry key is what it says or refused', async t => {
  const app = await testApp(t)
  const line = 'POST /v1/roles?slug=attack'
  const bad = (name: string, key: string): Attack => ({
    name,
    line,
    body: valid,
    headers: { 'idempotency-key': key },
    status: 400,
    code: 'malformed_header',
  })
  await refuseAll(t, app, [
    bad('empty', ''),
    bad('256 characters', 'x'.repeat(256)),
    bad('a space within', 'a b'),
    bad('two of them', 'a, b'),
    bad('a tab', 'a\tb'),
    bad('beyond ASCII', 'clé'),
    bad('quotes alone', '""'),
  ])
  const headers = { 'idempotency-key': `' or 1=1; --`.replaceAll(' ', '_') }
  t.equal((await app.call(line, { body: valid, headers })).status, 201)
  const again = await app.call(line, { body: valid, headers })
  t.same([again.status, again.headers['idempotent-replayed']], [201, 'true'])
  const other = await app.call(line, { body: valid, headers, key: token('home-office', 'all', 'bob') })
  t.equal(other.status, 409, 'another caller’s key is another key')
})
