/**
 * Requests for every operation of a contract. A case is symbolic: it says "the third role that there is" and "its
 * current ETag", and becomes bytes only when it is sent, so that it shrinks well and gets deep.
 */
import fc from 'fast-check'
import { type Edit, edited } from './json.ts'
import {
  type Hints,
  hostileJson,
  hostileTexts,
  isWellFormed,
  lookUp,
  oddName,
  oddText,
  type Schema,
  valuesOf,
} from './values.ts'

interface Parameter {
  in: string
  name: string
  required?: boolean
  schema: Schema
}

export interface Operation {
  method: string
  path: string
  operationId: string
  parameters: Parameter[]
  /** By media type. */
  bodies: [type: string, { schema: Schema; example?: unknown }][]
  /** What a patch is a patch of. */
  answer: Schema | undefined
}

interface Described {
  operationId?: string
  parameters?: Parameter[]
  requestBody?: { content: Record<string, { schema: Schema; example?: unknown }> }
  responses: Record<string, { content?: Record<string, { schema?: Schema }> }>
}

export function operationsOf(document: object): Operation[] {
  const { paths = {} } = document as { paths?: Record<string, Record<string, Described>> }
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, described]) => ({
      method: method.toUpperCase(),
      path,
      operationId: described.operationId ?? `${method} ${path}`,
      parameters: described.parameters ?? [],
      bodies: Object.entries(described.requestBody?.content ?? {}),
      answer: Object.values(described.responses['200']?.content ?? {})[0]?.schema,
    })),
  )
}

/** A path segment: one of the values that are there (`pick` counts round), or text as it stands on the wire. */
type Segment = { pick: number } | { raw: string }
type Header = [name: string, value: string]

export type Body = { json: unknown; edits: Edit[]; spoil: Spoil | null } | { text: string; spoil: Spoil | null } | null

/** What is done to the bytes of a body. */
type Spoil =
  | { kind: 'cut'; at: number }
  | { kind: 'insert'; at: number; bytes: number[] }
  | { kind: 'bom' | 'utf-16' | 'empty' | 'nothing-but-spaces' | 'trailing' }
  | { kind: 'nest'; depth: number }
  | { kind: 'pad'; size: number }

export type CallerKind = 'whole' | 'admin' | 'reader' | 'other' | 'none' | 'odd'

export interface Case {
  operation: string
  method: string
  path: string
  caller: CallerKind
  segments: Record<string, Segment>
  /** As they stand on the wire. */
  query: [name: string, value: string][]
  match: 'current' | 'stale' | 'star' | 'none' | { odd: string }
  type: string
  headers: Header[]
  body: Body
}

/** The part of latin-1 that may stand in a header's value. */
const headerText = fc.oneof(
  fc.constantFrom(
    '',
    '*',
    '*/*',
    '"',
    '""',
    '"r1"',
    'W/"r1"',
    '"r1", "r2"',
    '"r0"',
    '"r-1"',
    '"r99999999999999999999"',
    '"r1',
    'r1',
    ',,,',
    '"a","b',
    '"\u00ff"',
    Array.from({ length: 1000 }, (_, index) => `"r${index}"`).join(','),
    'x'.repeat(4000),
    "' or 1=1 --",
    '<script>alert(1)</script>',
    '%0d%0aSet-Cookie: a=b',
    '() { :; }; id',
  ),
  fc.string({
    unit: fc
      .integer({ min: 0x20, max: 0xff })
      .filter(code => code !== 0x7f)
      .map(code => String.fromCharCode(code)),
    maxLength: 30,
  }),
)

const oddHeaders: fc.Arbitrary<Header> = fc.oneof(
  fc.tuple(
    fc.constant('accept'),
    fc.oneof(
      fc.constantFrom(
        'text/plain',
        'application/json;q=0',
        '*/*;q=0',
        'application/problem+json',
        'application/json;q=abc',
        ';,;,',
        'a/b,'.repeat(500),
        'application/*',
        'text/html',
        'application/json; version=2',
      ),
      headerText,
    ),
  ),
  fc.tuple(
    fc.constant('content-type'),
    fc.oneof(
      fc.constantFrom(
        'text/plain',
        'application/json; charset=utf-7',
        'application/json; charset=utf-8',
        'APPLICATION/JSON',
        'multipart/form-data',
        'multipart/form-data; boundary=x',
        'application/x-www-form-urlencoded',
        'application/jsonx',
        'application/json, text/plain',
        'application/json;',
        'application/merge-patch+json',
        'application/problem+json',
        'application/xml',
        '*/*',
        'json',
        'text/html; charset=windows-1252',
        'text/markdown',
      ),
      headerText,
    ),
  ),
  fc.tuple(fc.constant('content-encoding'), fc.constantFrom('gzip', 'identity', 'br', 'gzip, gzip', 'x')),
  fc.tuple(
    fc.constant('idempotency-key'),
    fc.oneof(
      fc
        .constantFrom('"a"', 'a', '', 'x'.repeat(256), 'ключ', '"a', 'a b', 'fuzz-1', 'fuzz-2')
        .filter(text => /^[\x20-\xff]*$/.test(text)),
      headerText,
    ),
  ),
  fc.tuple(fc.constantFrom('if-none-match', 'if-match', 'if-range'), headerText),
  fc.tuple(
    fc.constantFrom('if-modified-since', 'if-unmodified-since'),
    fc.oneof(
      fc.constantFrom(
        'Thu, 01 Jan 1970 00:00:00 GMT',
        'Fri, 31 Dec 9999 23:59:59 GMT',
        'yesterday',
        '-1',
        '99999999999999999999',
      ),
      headerText,
    ),
  ),
  fc.tuple(
    fc.constant('request-id'),
    fc.oneof(fc.constantFrom('fuzz-request-1', 'short', 'a'.repeat(129)), headerText),
  ),
  fc.tuple(
    fc.constantFrom(
      'authorization',
      'cookie',
      'traceparent',
      'tracestate',
      'prefer',
      'range',
      'origin',
      'user-agent',
      'accept-language',
      'accept-encoding',
      'want-repr-digest',
      'via',
      'te',
    ),
    headerText,
  ),
  fc.tuple(fc.constantFrom('x-http-method-override', 'x-method-override'), fc.constantFrom('DELETE', 'PUT', 'GET')),
  fc.tuple(
    fc.constantFrom(
      'x-forwarded-host',
      'x-forwarded-for',
      'x-forwarded-proto',
      'forwarded',
      'x-original-url',
      'x-rewrite-url',
    ),
    fc.constantFrom('evil-host.example', '10.66.66.66', 'host=evil-host.example', '/v1/api-keys'),
  ),
  fc.tuple(fc.constant('host'), fc.constantFrom('evil-host.example', 'evil-host.example:99999', '[::', 'a b')),
)

const oddSegment = fc.oneof(
  fc.constantFrom(
    '%00',
    '..%2f..%2fetc%2fpasswd',
    '%2e%2e',
    '%',
    '%zz',
    '%ff',
    '%c0%ae',
    'a%2fb',
    'a;b',
    "'",
    '%27%20or%201=1--',
    '-1',
    '0',
    '1e3',
    '9999999999999',
    '%F0%9F%98%80',
    '__proto__',
    'constructor',
    'null',
    'undefined',
    'a'.repeat(201),
    'a'.repeat(81),
    'A',
    '.',
    '..',
    '*',
    '%20',
    '%0d%0aa:b',
    '"',
    '<b>',
    '{}',
    '~',
    '%25',
    '%D0%B0',
  ),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }).filter(isWellFormed).map(encodeURIComponent),
)

const editOf: fc.Arbitrary<Edit> = fc.oneof(
  fc.record({
    at: fc.nat(400),
    kind: fc.constant('replace' as const),
    with: fc.oneof(
      fc.constantFrom(...hostileJson),
      oddText.map(text => JSON.stringify(text)),
    ),
  }),
  fc.record({ at: fc.nat(400), kind: fc.constant('remove' as const) }),
  fc.record({
    at: fc.nat(400),
    kind: fc.constant('add' as const),
    name: oddName,
    value: fc.constantFrom(...hostileJson),
  }),
  fc.record({ at: fc.nat(400), kind: fc.constant('twice' as const) }),
  fc.record({ at: fc.nat(400), kind: fc.constant('repeat' as const), times: fc.constantFrom(1, 2, 60, 250) }),
  fc.record({ at: fc.nat(400), kind: fc.constant('rename' as const), name: oddName }),
)

const spoil: fc.Arbitrary<Spoil> = fc.oneof(
  fc.record({ kind: fc.constant('cut' as const), at: fc.nat(100_000) }),
  fc.record({
    kind: fc.constant('insert' as const),
    at: fc.nat(100_000),
    bytes: fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 1, maxLength: 4 }),
  }),
  fc.record({
    kind: fc.constantFrom(
      'bom' as const,
      'utf-16' as const,
      'empty' as const,
      'nothing-but-spaces' as const,
      'trailing' as const,
    ),
  }),
  fc.record({ kind: fc.constant('nest' as const), depth: fc.constantFrom(10, 31, 32, 33, 1000, 20_000) }),
  fc.record({ kind: fc.constant('pad' as const), size: fc.constantFrom(1000, 1_048_000, 1_100_000, 4_300_000) }),
)

/** `often` of the first, else of the second. */
const mostly = <A, B>(often: number, first: fc.Arbitrary<A>, second: fc.Arbitrary<B>): fc.Arbitrary<A | B> =>
  fc.oneof({ weight: often, arbitrary: first }, { weight: 1, arbitrary: second }) as fc.Arbitrary<A | B>

const fragments = [
  '# Data engineer',
  '## About the role',
  '**What you will do day-to-day**',
  '- Build pipelines\n- Run them\n  - at night\n    - and day',
  '| About the role |\n| --- |\n| You will build. |',
  '<table><tr><th><strong>Skills and experience</strong></th></tr><tr><td><ul><li>Python</ul></td></tr></table>',
  '<h1>Data engineer</h1><h2>Responsibilities</h2><p>You will <b>build',
  'Programming/software development (PROG) – Level 3',
  '|a|\n|-|-|\n|b|c|',
  '<!-- <script>alert(1)</script> -->',
  '<svg/onload=alert(1)>',
  '[a]: javascript:alert(1)\n[a]',
  '---\ntitle: x\n---',
  '<![CDATA[ x ]]><!doctype a [<!ENTITY a "b">]>',
  '&#0;&#xd800;&#x110000;&amp;',
  '> '.repeat(200),
  '<div>'.repeat(300),
  '* '.repeat(300),
  '\u0000\u0001\u001b',
  ...hostileTexts,
]
const documentText = fc.oneof(
  fc.array(fc.constantFrom(...fragments), { maxLength: 12 }).map(parts => parts.join('\n\n')),
  fc.string({ unit: 'grapheme', maxLength: 200 }),
)

/** A patch of what a schema describes: any of its members, or null. */
function patchOf(schema: Schema | undefined, document: object): Schema | undefined {
  const whole = schema?.$ref === undefined ? schema : lookUp(document, schema.$ref)
  if (!whole?.properties) return undefined
  const properties = Object.entries(whole.properties).map(([name, member]) => [
    name,
    { anyOf: [member, { type: 'null' }] },
  ])
  return { type: 'object', properties: Object.fromEntries(properties), required: [] }
}

function bodiesOf(operation: Operation, document: object, hints: Hints): fc.Arbitrary<Body> {
  const [first] = operation.bodies
  if (!first)
    return mostly(
      12,
      fc.constant(null),
      fc.record({
        json: fc.constantFrom<unknown>({}, [], null, { a: 1 }),
        edits: fc.constant([]),
        spoil: fc.option(spoil),
      }),
    )
  const [type, { schema, example }] = first
  const spoiled = fc.option(spoil, { freq: 12 }).map(found => found)
  const rarely = mostly(9, fc.constant(null), spoiled)
  if (!type.includes('json')) return fc.record({ text: documentText, spoil: rarely })
  const target = schema.$ref === undefined ? schema : lookUp(document, schema.$ref)
  const described =
    operation.method === 'PATCH' && !target.properties ? (patchOf(operation.answer, document) ?? schema) : schema
  const valid = valuesOf(described, document, hints)
  const values =
    example === undefined
      ? valid
      : fc.oneof(
          { weight: 2, arbitrary: valid },
          { weight: 2, arbitrary: fc.constant(example) },
          { weight: 3, arbitrary: mixed(example, valid) },
        )
  const edits = fc.oneof(
    { weight: 2, arbitrary: fc.constant<Edit[]>([]) },
    { weight: 3, arbitrary: fc.array(editOf, { minLength: 1, maxLength: 3 }) },
  )
  return fc.record({ json: values, edits, spoil: rarely })
}

/** The example with some of its members out of another value. */
const mixed = (example: unknown, valid: fc.Arbitrary<unknown>) =>
  fc.tuple(valid, fc.array(fc.nat(30), { maxLength: 3 })).map(([other, picks]) => {
    if (typeof example !== 'object' || example === null || Array.isArray(example)) return example
    if (typeof other !== 'object' || other === null) return example
    const entries = Object.entries(other)
    const taken = picks.flatMap(pick =>
      entries.length > 0 ? [entries[pick % entries.length] as [string, unknown]] : [],
    )
    return { ...example, ...Object.fromEntries(taken) }
  })

const encode = (value: unknown) => encodeURIComponent(String(value).replaceAll(/\p{Surrogate}/gu, '\ufffd'))

function queryOf(operation: Operation, document: object, hints: Hints): fc.Arbitrary<[string, string][]> {
  const own = operation.parameters.filter(parameter => parameter.in === 'query')
  const valid = own.map(({ name, required, schema }) => {
    const hint = hints(`?${name}`) ?? hints(name)
    const value = (hint ? mostly(2, hint, valuesOf(schema, document, hints)) : valuesOf(schema, document, hints)).map(
      (found): [string, string][] => [[encode(name), encode(found)]],
    )
    return required ? value : mostly(2, fc.constant<[string, string][]>([]), value)
  })
  const oddValue = fc.oneof(
    oddText.map(encode),
    fc.constantFrom(
      '',
      '%',
      '%ff',
      '%00',
      'a%00b',
      '1e9',
      '-1',
      '0x10',
      '%31',
      '1%20',
      'true',
      'null',
      '[]',
      '+',
      '%2B',
      'é',
    ),
  )
  const names = [
    ...own.map(({ name }) => name),
    'limit',
    'cursor',
    'dry_run',
    '__proto__',
    'constructor',
    'limit[]',
    'q[a]',
    'unknown',
    '',
  ]
  const odd = fc.tuple(fc.constantFrom(...names), oddValue)
  const many = fc.constantFrom(...names).map(name => Array.from({ length: 300 }, (): [string, string] => [name, '1']))
  return fc
    .tuple(
      fc.tuple(...valid),
      mostly(
        4,
        fc.constant<[string, string][]>([]),
        fc.oneof(
          { weight: 6, arbitrary: fc.array(odd, { minLength: 1, maxLength: 3 }) },
          { weight: 1, arbitrary: many },
        ),
      ),
    )
    .map(([found, others]) => [...found.flat(), ...others])
}

/** Cases for one operation. */
export function casesOf(operation: Operation, document: object, hints: Hints): fc.Arbitrary<Case> {
  const { operationId, method, path } = operation
  const segments = operation.parameters
    .filter(parameter => parameter.in === 'path')
    .map(({ name, schema }) => {
      const valid = valuesOf(schema, document, hints).map((value): Segment => ({ raw: encode(value) }))
      const segment = fc.oneof(
        { weight: 14, arbitrary: fc.nat(20).map((pick): Segment => ({ pick })) },
        { weight: 1, arbitrary: valid },
        { weight: 1, arbitrary: oddSegment.map((raw): Segment => ({ raw })) },
      )
      return [name, segment] as const
    })
  const needsMatch = operation.parameters.some(({ in: place, name }) => place === 'header' && name === 'If-Match')
  const match = needsMatch
    ? fc.oneof(
        { weight: 12, arbitrary: fc.constantFrom<Case['match']>('current') },
        { weight: 2, arbitrary: fc.constantFrom<Case['match']>('stale', 'star', 'none') },
        { weight: 1, arbitrary: headerText.map((odd): Case['match'] => ({ odd })) },
      )
    : fc.constant<Case['match']>('none')
  const caller = fc.oneof(
    { weight: 14, arbitrary: fc.constant<CallerKind>('whole') },
    { weight: 4, arbitrary: fc.constant<CallerKind>('admin') },
    { weight: 2, arbitrary: fc.constantFrom<CallerKind>('reader', 'other', 'none', 'odd') },
  )
  const [own = 'application/json'] = operation.bodies.map(([type]) => type)
  return fc.record({
    operation: fc.constant(operationId),
    method: mostly(
      60,
      fc.constant(method),
      fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'QUERY'),
    ),
    path: mostly(
      60,
      fc.constant(path),
      fc.constantFrom(
        `${path}/`,
        `/${path}`,
        `${path}/x`,
        path.toUpperCase(),
        `${path}%20`,
        `${path}#a`,
        `${path};a=b`,
      ),
    ),
    caller,
    segments: fc.record(Object.fromEntries(segments)) as fc.Arbitrary<Record<string, Segment>>,
    query: queryOf(operation, document, hints),
    match,
    type: operation.bodies.length > 1 ? fc.constantFrom(...operation.bodies.map(([type]) => type)) : fc.constant(own),
    headers: mostly(2, fc.constant<Header[]>([]), fc.array(oddHeaders, { minLength: 1, maxLength: 3 })),
    body: bodiesOf(operation, document, hints),
  })
}

function spoiled(bytes: Buffer, how: Spoil | null): Buffer {
  switch (how?.kind) {
    case undefined:
      return bytes
    case 'cut':
      return bytes.subarray(0, how.at % (bytes.length + 1))
    case 'insert': {
      const at = how.at % (bytes.length + 1)
      return Buffer.concat([bytes.subarray(0, at), Buffer.from(how.bytes), bytes.subarray(at)])
    }
    case 'bom':
      return Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), bytes])
    case 'utf-16':
      return Buffer.from(`\ufeff${bytes.toString()}`, 'utf16le')
    case 'empty':
      return Buffer.alloc(0)
    case 'nothing-but-spaces':
      return Buffer.from(' \n\t')
    case 'trailing':
      return Buffer.concat([bytes, Buffer.from(',{}')])
    case 'nest':
      return Buffer.concat([Buffer.from('['.repeat(how.depth)), bytes, Buffer.from(']'.repeat(how.depth))])
    case 'pad':
      return Buffer.concat([bytes, Buffer.alloc(how.size, 0x20)])
  }
}

/** The bytes of a body; null where none is sent. */
export function bytesOf(body: Body): Buffer | null {
  if (body === null) return null
  const bytes = Buffer.from('text' in body ? body.text : edited(body.json, body.edits))
  return spoiled(bytes, body.spoil)
}
