/** JSON-LD of schema.org held against a context of ours, which knows every type and property that schema-dts does. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import jsonld from 'jsonld'

const vocabulary = readFileSync(
  fileURLToPath(new URL('schema.d.ts', import.meta.resolve('schema-dts/dist/schema.js'))),
  'utf8',
)
const names = [...vocabulary.matchAll(/^ {4}"@type": "(\w+)";|^ {4}"(\w+)"\?: SchemaValue</gm)].map(
  ([, type, property]) => type ?? property ?? '',
)

/** As schema.org's own context, but without its `@vocab`, so that a word it does not have is dropped, and without aliases. */
const context = {
  ...Object.fromEntries(names.map(name => [name, { '@id': `https://schema.org/${name}` }])),
  ...Object.fromEntries(['url', 'sameAs'].map(name => [name, { '@id': `https://schema.org/${name}`, '@type': '@id' }])),
}

/** Serves the one context, and fetches nothing. */
const documentLoader = async (url: string) => {
  if (url !== 'https://schema.org') throw new Error(`${url} must not be fetched`)
  return { documentUrl: url, document: { '@context': context } }
}

const alone = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.length === 1 ? alone(value[0]) : value.map(alone)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, alone(member)]))
}

/**
 * A document as a JSON-LD processor gives it back after expanding and compacting it, and as it was, both with lists of
 * one as that one: equal where nothing was lost. Throws on what it would drop, such as an unknown word.
 */
export async function throughJsonLd(document: object): Promise<[given: unknown, back: unknown]> {
  const options = { documentLoader, safe: true }
  const expanded = await jsonld.expand(document as jsonld.JsonLdDocument, options)
  const back = await jsonld.compact(expanded, 'https://schema.org' as never, options)
  return [alone(document), alone(back)]
}
