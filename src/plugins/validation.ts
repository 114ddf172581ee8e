/** What ajv finds wrong, said so that the caller can mend it. */
import type { FastifySchemaValidationError } from 'fastify'
import type { formCodes } from '../document/finding-codes.ts'
import { didYouMean, nearest } from '../document/nearest.ts'
import { slugForm } from '../document/schema.ts'
import { counted, shorten } from '../document/wording.ts'
import type { ErrorDetail } from './problems.ts'

interface AjvError extends FastifySchemaValidationError {
  data?: unknown
  schema?: unknown
  parentSchema?: { description?: string; properties?: Record<string, unknown>; [keyword: string]: unknown }
}

/** A name as a part of a pointer (RFC 6901 §3); one that is too long to be meant is cut, so that no answer is as long as the request. */
export const escapePointer = (name: string) => shorten(name, 100).replaceAll('~', '~0').replaceAll('/', '~1')

/** A value as it is quoted back: short, and on one line. */
const quote = (value: unknown) => {
  const text = JSON.stringify(value) ?? 'nothing'
  return shorten(text, 60)
}

/** What looks like a time with its zone; where it is none all the same, its month has no such day, or its day no such hour. */
const isTime = (value: unknown) =>
  typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(value)

const meantIn = (entries: readonly string[], word: unknown) =>
  didYouMean(typeof word === 'string' ? nearest(word.replaceAll(/[\s-]+/g, '_'), entries) : undefined)

const typeOf = (value: unknown) =>
  value === null
    ? 'null'
    : Array.isArray(value)
      ? 'a list'
      : typeof value === 'object'
        ? 'an object'
        : typeof value === 'string'
          ? `the string ${quote(value)}`
          : `a ${typeof value}`

const typeNames: Record<string, string> = {
  string: 'a string',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
  array: 'a list',
  null: 'null',
}

/** What a pattern means, wherever the description of its schema says what the value is for. */
const forms: Record<string, string> = { [slugForm.pattern]: slugForm.description }

/** What fits as soon as its letters are large, or small. */
function inOtherLetters(value: unknown, pattern: string): string {
  const meant = typeof value === 'string' ? [value.toUpperCase(), value.toLowerCase()] : []
  return didYouMean(meant.find(word => new RegExp(pattern, 'u').test(word)))
}

const formats: Record<string, string> = {
  'date-time': 'a time with its zone, such as 2026-01-31T12:00:00Z',
  date: 'a date, such as 2026-01-31',
  uri: 'an address, such as https://example.org/',
}

type Say = (error: AjvError) => { code: keyof typeof formCodes; detail: string; at?: string }

const notInList: Say = ({ data, schema, params }) => {
  const values = ((params.allowedValues ?? schema) as unknown[]).filter(value => value !== null) as string[]
  const shown = values.length > 20 ? `${values.slice(0, 20).join(', ')}, …` : values.join(', ')
  const list = params.orList ? ', and no list' : ''
  return { code: 'not_in_list', detail: `${quote(data)} is not one of: ${shown}${list}.${meantIn(values, data)}` }
}

const sayings: Record<string, Say> = {
  additionalProperties: ({ params, parentSchema }) => {
    const name = String(params.additionalProperty)
    const known = Object.keys(parentSchema?.properties ?? {})
    return {
      code: 'unknown_member',
      detail: `There is no ${quote(name)} here.${meantIn(known, name)} ${known.length > 0 ? `Known: ${known.join(', ')}` : 'Nothing can be sent'}.`,
      at: name,
    }
  },
  required: ({ params }) => ({
    code: 'missing_member',
    detail: `"${params.missingProperty}" is missing.`,
    at: String(params.missingProperty),
  }),
  type: ({ params, data }) => {
    const types = [params.type].flat() as string[]
    const wanted = types.map(type => typeNames[type] ?? type).join(' or ')
    return { code: 'wrong_type', detail: `This must be ${wanted}; it is ${typeOf(data)}.` }
  },
  enum: notInList,
  const: ({ data, params }) => ({
    code: 'not_in_list',
    detail: `${quote(data)} is not ${quote(params.allowedValue)}.`,
  }),
  discriminator: error => {
    const tag = (error.params.tagValue ?? undefined) as unknown
    return {
      code: tag === undefined ? 'missing_member' : 'not_in_list',
      detail:
        tag === undefined
          ? '"type" is missing.'
          : `${quote(tag)} is not a type of block: paragraph, subheading, note, list, skills, sfia_mappings or advert_details.`,
      at: 'type',
    }
  },
  pattern: ({ data, schema, parentSchema }) =>
    schema === '\\S'
      ? { code: 'blank', detail: 'This must not be blank.' }
      : {
          code: 'wrong_form',
          detail: `${quote(data)} does not fit: ${forms[String(schema)] ?? parentSchema?.description ?? `it must match ${schema}`}${inOtherLetters(data, String(schema))}`,
        },
  // Of numbers in a query, which JSON Schema knows as values only.
  written: ({ data, params }) => ({ code: 'wrong_form', detail: `${quote(data)} is to be written ${params.value}.` }),
  format: ({ data, schema }) => ({
    code: 'wrong_form',
    detail:
      schema === 'date-time' && isTime(data)
        ? `${quote(data)} is no instant: there is no such time.`
        : `${quote(data)} is not ${formats[String(schema)] ?? `a ${schema}`}.`,
  }),
  minLength: ({ params }) => ({
    code: 'too_short',
    detail: `This must have at least ${counted(Number(params.limit), 'character')}.`,
  }),
  maxLength: ({ params }) => ({
    code: 'too_long',
    detail: `This may have at most ${counted(Number(params.limit), 'character')}.`,
  }),
  minItems: ({ params }) => ({
    code: 'too_few',
    detail: `This list must have at least ${counted(Number(params.limit), 'item')}.`,
  }),
  maxItems: ({ params, data }) => ({
    code: 'too_many',
    detail: `This list may have at most ${counted(Number(params.limit), 'item')}; it has ${(data as unknown[] | undefined)?.length ?? 'more'}.`,
  }),
  minimum: ({ params, data }) => ({
    code: 'too_small',
    detail: `This must be ${params.limit} or more; it is ${quote(data)}.`,
  }),
  maximum: ({ params, data }) => ({
    code: 'too_large',
    detail: `This must be ${params.limit} or less; it is ${quote(data)}.`,
  }),
  uniqueItems: () => ({ code: 'duplicate', detail: 'No entry of this list may stand twice.' }),
}

/** Where a value may be null ajv also says that it is not null, and that no branch fits: neither helps. */
const isNoise = (error: AjvError) =>
  error.keyword === 'anyOf' ||
  // An empty text is told to be blank.
  (error.keyword === 'minLength' && error.data === '' && error.parentSchema?.pattern === '\\S') ||
  // What is not in a list need not be told that it is no text either.
  (error.keyword === 'type' && error.parentSchema?.enum !== undefined) ||
  // Nor that a list is no word, where there may be either: it is meant as a list.
  (error.keyword === 'enum' && Array.isArray(error.data) && error.schemaPath.includes('anyOf')) ||
  (error.keyword === 'type' && error.params.type === 'null' && error.schemaPath.includes('anyOf'))

/** That a value is no list, where it may be a list or a word. */
const isNoList = ({ keyword, params, schemaPath }: AjvError) =>
  keyword === 'type' && params.type === 'array' && schemaPath.includes('/anyOf/')

/** What is no list and none of the words either is told so once, for both. */
function withoutLists(errors: readonly AjvError[]): AjvError[] {
  const lists = new Set(errors.filter(isNoList).map(({ instancePath }) => instancePath))
  const words = errors.filter(({ keyword, instancePath }) => keyword === 'enum' && lists.has(instancePath))
  const both = new Set(words.map(({ instancePath }) => instancePath))
  return errors
    .filter(error => !(isNoList(error) && both.has(error.instancePath)))
    .map(error => (words.includes(error) ? { ...error, params: { ...error.params, orList: true } } : error))
}

const errorsMax = 50

/** ajv's findings as error details, `prefix` before each pointer; at most 50. */
export function explain(found: readonly FastifySchemaValidationError[], prefix = ''): ErrorDetail[] {
  const details = new Map<string, ErrorDetail>()
  const telling = withoutLists((found as AjvError[]).filter(error => !isNoise(error)))
  // Of a large body only the first error is known, which may be one that says less than its neighbour would.
  for (const error of telling.length > 0 ? telling : (found as AjvError[])) {
    if (details.size === errorsMax) break
    const say: Say =
      sayings[error.keyword] ?? (() => ({ code: 'invalid', detail: `This is not valid: ${error.keyword}.` }))
    const { code, detail, at } = say(error)
    const pointer = prefix + error.instancePath + (at === undefined ? '' : `/${escapePointer(at)}`)
    // What a branch of a union and the union itself find is found twice.
    details.set(`${pointer} ${code}`, { pointer, code, detail })
  }
  return [...details.values()]
}
