/** Values out of JSON schemas, and the odd values that no schema asks for. */
import fc from 'fast-check'

export interface Schema {
  $ref?: string
  type?: string | string[]
  properties?: Record<string, Schema>
  required?: string[]
  items?: Schema
  anyOf?: Schema[]
  oneOf?: Schema[]
  enum?: unknown[]
  const?: unknown
  pattern?: string
  format?: string
  minLength?: number
  maxLength?: number
  minimum?: number
  maximum?: number
  minItems?: number
  maxItems?: number
  default?: unknown
  examples?: unknown[]
}

/** What a member of a given name would be in earnest, so that requests get past the checks that no schema can tell. */
export type Hints = (name: string) => fc.Arbitrary<unknown> | undefined

/**
 * Texts that break what is careless. None holds a word of the watch list (`properties.ts`): that must come from the
 * service alone.
 */
export const hostileTexts = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "javascript:alert('x')",
  '[link](javascript:alert(1))',
  '[link](https://example.test/")',
  "'; drop table roles; --",
  "' or '1'='1",
  '1; select pg_sleep(9); --',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is an attack.
  '$(id) `id` {{7*7}} ${7*7} #{7*7} <%= 7*7 %>',
  '../../../../etc/passwd',
  '%00%0a%0d',
  'a\r\nSet-Cookie: a=b',
  '\u202eevil\u202c',
  '\ufeffmark',
  'ｓｃｒｉｐｔ',
  'İıſK',
  'e\u0301'.repeat(40),
  '👩‍👩‍👧‍👦🏴󠁧󠁢󠁥󠁮󠁧󠁿',
  '\ud83d\ude00'.repeat(60),
  '__proto__',
  'constructor',
  'hasOwnProperty',
  'null',
  'true',
  '-1',
  '1e3',
  '*'.repeat(3000),
  '['.repeat(3000),
  '[insert'.repeat(1000),
  '`'.repeat(2999),
  '_*_*'.repeat(700),
  '![](('.repeat(500),
  '<a href="'.repeat(300),
  'a-'.repeat(60),
  ' ',
  '\t\n',
  '',
  'x'.repeat(301),
  'x'.repeat(10_001),
  '\\S',
  '%',
  '_',
  "\\'",
  '"r1"',
]

/** JSON that is no value of JavaScript's, or one that few expect. */
export const hostileJson = [
  'null',
  'true',
  'false',
  '0',
  '-0',
  '-1',
  '1.5',
  '1e2',
  '1e-400',
  '1e400',
  '-1e400',
  '2147483648',
  '9007199254740993',
  '100000000000000000000000000000000000000',
  '0.1234567890123456789',
  '""',
  '"\\u0000"',
  '"\\ud800"',
  '"\\udc00\\ud800"',
  '"\\u001b[31m"',
  '[]',
  '{}',
  '[[]]',
  '[null]',
  '[{}]',
  '{"__proto__":{"polluted":true}}',
  '{"constructor":{"prototype":{"polluted":true}}}',
  '{"a":1,"a":2}',
  '{"toString":1,"length":-1}',
  '{"$ref":"#"}',
  '{"type":"list"}',
  '{"type":"__proto__"}',
  '["a","a","a"]',
  `${'['.repeat(40)}${']'.repeat(40)}`,
  `${'['.repeat(10_000)}${']'.repeat(10_000)}`,
  `[${'{},'.repeat(500)}{}]`,
  `[${'"a",'.repeat(500)}"a"]`,
  JSON.stringify('y'.repeat(60_000)),
  // What is not JSON at all.
  'undefined',
  'NaN',
  "'a'",
  '01',
  '/*c*/1',
  '"\t"',
  '"\\x41"',
  '',
]

const memberNames = [
  'slug',
  'organisation',
  'revision',
  'version',
  'published_at',
  'updated_by',
  'status',
  'scopes',
  'id',
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  '',
  'a/b~c',
  '\u0000',
  'x'.repeat(500),
  '🔑',
]

/** Whether no half of a surrogate pair stands alone. */
export const isWellFormed = (text: string) => !/\p{Surrogate}/u.test(text)

export const oddText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...hostileTexts),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.string({ unit: 'binary', maxLength: 20 }).filter(isWellFormed),
)
export const oddName = fc.oneof(fc.constantFrom(...memberNames), fc.string({ maxLength: 20 }))

const plainText = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.constantFrom('You will look after *pipelines*', 'Uses `git`', 'A [link](https://example.test/a)'),
  },
  { weight: 2, arbitrary: fc.constantFrom(...hostileTexts) },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }) },
)

const time = fc.oneof(
  fc
    .date({ min: new Date('2020-01-01'), max: new Date('2030-01-01'), noInvalidDate: true })
    .map(date => date.toISOString()),
  fc.constantFrom(
    '0000-01-01T00:00:00Z',
    '9999-12-31T23:59:59.999999999+23:59',
    '2016-12-31T23:59:60Z',
    '2024-02-29t12:00:00z',
    '0001-01-01T00:00:00-15:59',
  ),
)

/** Values that a schema allows; `document` holds the components that it refers to. */
export function valuesOf(schema: Schema, document: object, hints: Hints): fc.Arbitrary<unknown> {
  const known = new Map<string, fc.Arbitrary<unknown>>()
  const named = (reference: string): fc.Arbitrary<unknown> => {
    const found = known.get(reference)
    if (found) return found
    const made = of(lookUp(document, reference))
    known.set(reference, made)
    return made
  }
  const of = (part: Schema): fc.Arbitrary<unknown> => {
    if (part.$ref !== undefined) return named(part.$ref)
    if (part.enum) return fc.constantFrom(...part.enum)
    if ('const' in part) return fc.constant(part.const)
    const branches = part.oneOf ?? part.anyOf
    if (branches) return fc.oneof(...branches.map(of))
    if (Array.isArray(part.type)) return fc.oneof(...part.type.map(type => of({ ...part, type })))
    switch (part.type) {
      case 'null':
        return fc.constant(null)
      case 'boolean':
        return fc.boolean()
      case 'integer':
        return fc.integer({ min: part.minimum ?? -5, max: part.maximum ?? 2_000_000_000 })
      case 'number':
        return fc.oneof(
          fc.integer({ min: part.minimum ?? -5, max: part.maximum ?? 1_000_000 }),
          fc.double({ min: part.minimum ?? -5, max: part.maximum ?? 1_000_000, noNaN: true }),
        )
      case 'array':
        return fc.array(of(part.items ?? {}), {
          minLength: part.minItems ?? 0,
          maxLength: Math.min(part.maxItems ?? 3, (part.minItems ?? 0) + 3),
        })
      case 'object':
        return objects(part)
      case 'string':
        return texts(part)
      default:
        return fc.jsonValue({ maxDepth: 2 })
    }
  }
  const objects = ({ properties, required = [] }: Schema) => {
    if (!properties)
      return fc.dictionary(
        oddName.filter(name => name !== '__proto__'),
        fc.jsonValue({ maxDepth: 1 }),
        { maxKeys: 3 },
      )
    const members = Object.entries(properties).map(([name, member]) => {
      const hint = hints(name)
      return [
        name,
        hint ? fc.oneof({ weight: 4, arbitrary: hint }, { weight: 1, arbitrary: of(member) }) : of(member),
      ] as const
    })
    return fc.record(Object.fromEntries(members), { requiredKeys: required }) as fc.Arbitrary<unknown>
  }
  const texts = ({ pattern, format, minLength = 0, maxLength = 200 }: Schema): fc.Arbitrary<string> => {
    const fits = (text: string) => [...text].length >= minLength && [...text].length <= maxLength
    if (format === 'date-time') return time
    if (format === 'date') return time.map(text => text.slice(0, 10))
    if (format === 'uuid') return fc.uuid()
    if (format === 'uri') return fc.webUrl()
    if (pattern === undefined) return plainText.filter(fits)
    if (pattern === '\\S') return plainText.filter(text => fits(text) && /\S/.test(text))
    return fc.stringMatching(new RegExp(pattern), { maxLength: Math.min(maxLength, 40) }).filter(fits)
  }
  return of(schema)
}

/** The schema that a local `$ref` points to. */
export function lookUp(document: object, reference: string): Schema {
  let found: unknown = document
  for (const part of reference.replace(/^#\//, '').split('/'))
    found = (found as Record<string, unknown>)[part.replaceAll('~1', '/')]
  if (found === undefined) throw new Error(`The contract has no ${reference}`)
  return found as Schema
}
