/** Strict bodies: JSON that can be read in one way only, and two ajv compilers, one that coerces and one that does not. */
import { isDeepStrictEqual } from 'node:util'
import AjvCompiler from '@fastify/ajv-compiler'
import {
  errorCodes,
  type FastifyInstance,
  type FastifyRequest,
  type FastifySchema,
  type FastifySchemaCompiler,
  type FastifySchemaValidationError,
} from 'fastify'
import type { FastifyRouteSchemaDef } from 'fastify/types/schema.js'
import fp from 'fastify-plugin'
import { createScanner, type ParseError, parse, type SyntaxKind } from 'jsonc-parser'
import type { FindingCode } from '../document/finding-codes.ts'
import { components } from '../document/shape.ts'
import { shorten } from '../document/wording.ts'
import { invalid, Problem } from './problems.ts'
import { escapePointer, explain } from './validation.ts'

const ajv = AjvCompiler()

/**
 * Path, query and headers arrive as text and need coercing; a JSON body is typed already and must not be: Fastify's
 * defaults would turn null into '' and delete what a schema does not know.
 */
export const buildValidator = (schemas: unknown, options?: { customOptions?: object }) => {
  const compiler = (coerceTypes: false | 'array', allErrors = true) =>
    ajv(schemas as never, {
      ...(options as object),
      customOptions: {
        ...options?.customOptions,
        removeAdditional: false,
        useDefaults: coerceTypes !== false,
        allErrors,
        verbose: true,
        discriminator: true,
        strict: false,
        coerceTypes,
      },
    }) as FastifySchemaCompiler<FastifySchema>
  const [first, all, text] = [compiler(false, false), compiler(false), compiler('array')]
  return (route: FastifyRouteSchemaDef<FastifySchema>) => {
    const by = (compile: FastifySchemaCompiler<FastifySchema>) => onFirstUse(() => compile(route) as Validator)
    // `validate` below names no part of the request: Fastify then says null.
    if (route.httpPart === 'body' || !route.httpPart) return inTwoSteps(by(first), by(all))
    if (route.httpPart === 'params') return written(by(text), () => [])
    return route.httpPart === 'querystring' ? written(by(text), sayWritten) : by(text)
  }
}

interface Validator {
  (value: unknown): boolean
  errors?: unknown
}

/** A validator that is compiled when it is first asked: to compile those of all operations is most of a start. */
function onFirstUse(compile: () => Validator): Validator {
  let made: Validator | undefined
  const validate: Validator = value => {
    made ??= compile()
    const isValid = made(value)
    validate.errors = made.errors
    return isValid
  }
  return validate
}

/** A number that was written in another way than we write it. */
interface Otherwise {
  name: string
  sent: unknown
  written: string
}

/**
 * A validator of texts among which numbers have one way to be written: `versions/01` would be a second address of version 1,
 * and `from=01` one of what is kept for a year. `say`: the errors of others; with none, nothing stands at such an address.
 */
function written(validate: Validator, say: (others: readonly Otherwise[]) => unknown[]): Validator {
  const own: Validator = value => {
    const read = value as Record<string, unknown>
    const texts = { ...read }
    own.errors = []
    if (!validate(value)) {
      own.errors = validate.errors
      return false
    }
    const others = Object.entries(texts)
      .filter(([name, sent]) => typeof read[name] === 'number' && String(read[name]) !== sent)
      .map(([name, sent]) => ({ name, sent, written: String(read[name]) }))
    own.errors = say(others)
    return others.length === 0
  }
  return own
}

const sayWritten = (others: readonly Otherwise[]) =>
  others.map(({ name, sent, written: value }) => ({
    keyword: 'written',
    instancePath: `/${name}`,
    schemaPath: `#/properties/${name}`,
    params: { value },
    data: sent,
  }))

/** ajv copies its list of errors at every `$ref`: to find all errors of a large body takes minutes, of this many values 50 ms. */
const valuesMax = 5000

/**
 * A validator that stops at the first error, and only then, where the value is not too large for it, looks for the
 * others.
 */
function inTwoSteps(first: Validator, all: Validator): Validator {
  const validate: Validator = value => {
    validate.errors = null
    if (first(value)) return true
    validate.errors = first.errors
    if (hasAtMost(valuesMax, value)) {
      all(value)
      validate.errors = all.errors ?? first.errors
    }
    return false
  }
  return validate
}

/** Whether a value of JSON is made of so many values or fewer. */
function hasAtMost(most: number, value: unknown): boolean {
  const left = [value]
  for (let count = 0; left.length > 0; ) {
    const next = left.pop()
    const members = typeof next === 'object' && next !== null ? Object.values(next) : []
    count += 1
    if (count + left.length + members.length > most) return false
    left.push(...members)
  }
  return true
}

const depthMax = 32

/** jsonc-parser's token numbers: an ambient const enum there, which no single-file compiler can inline. */
const token = {
  openBrace: 1 as SyntaxKind.OpenBraceToken,
  closeBrace: 2 as SyntaxKind.CloseBraceToken,
  openBracket: 3 as SyntaxKind.OpenBracketToken,
  closeBracket: 4 as SyntaxKind.CloseBracketToken,
  comma: 5 as SyntaxKind.CommaToken,
  string: 10 as SyntaxKind.StringLiteral,
  number: 11 as SyntaxKind.NumericLiteral,
  end: 17 as SyntaxKind.EOF,
}

const refuse = (code: FindingCode, pointer: string, detail: string) =>
  new Problem('malformed_body', detail, { errors: [{ pointer, code, detail }] })

interface Level {
  names: Set<string> | null
  at: string | number
}

const pointerOf = (levels: Level[]) => levels.map(({ at }) => `/${escapePointer(String(at))}`).join('')

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that no text may hold.
const unstorable = /[\u0000-\u0008\u000b\u000c\u000e-\u001f]|\p{Surrogate}/u

/**
 * Finds what JSON.parse lets pass: a member named twice, `__proto__`, NUL and other control characters, lone
 * surrogates, whole numbers beyond 2^53 and more than 32 levels. The text is known to be JSON.
 */
function scan(text: string): void {
  const scanner = createScanner(text, true)
  const levels: Level[] = []
  let expectsName = false
  for (let kind = scanner.scan(); kind !== token.end; kind = scanner.scan()) {
    const level = levels.at(-1)
    switch (kind) {
      case token.openBrace:
      case token.openBracket: {
        const isObject = kind === token.openBrace
        if (levels.length === depthMax)
          throw refuse('too_deep', pointerOf(levels), `The body is more than ${depthMax} levels deep.`)
        levels.push({ names: isObject ? new Set() : null, at: isObject ? '' : 0 })
        expectsName = isObject
        break
      }
      case token.closeBrace:
      case token.closeBracket:
        levels.pop()
        expectsName = false
        break
      case token.comma:
        if (level?.names) expectsName = true
        else if (level) level.at = (level.at as number) + 1
        break
      case token.string: {
        const value = scanner.getTokenValue()
        if (unstorable.test(value))
          throw refuse(
            'unstorable_character',
            pointerOf(levels),
            'Text may hold no NUL, no other control character and no lone surrogate.',
          )
        if (!expectsName || !level?.names) break
        level.at = value
        if (value === '__proto__')
          throw refuse('unknown_member', pointerOf(levels), 'No member may be named "__proto__".')
        if (level.names.has(value))
          throw refuse('duplicate_member', pointerOf(levels), `"${shorten(value, 60)}" stands twice in one object.`)
        level.names.add(value)
        expectsName = false
        break
      }
      case token.number: {
        const value = Number(scanner.getTokenValue())
        if (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value)))
          throw refuse('too_large', pointerOf(levels), 'Numbers beyond 2^53 cannot be kept exactly.')
      }
    }
  }
}

/** Where JSON ends to be JSON. The messages of JSON.parse tell it for some mistakes only, and differ between versions. */
function errorOffset(text: string): number {
  const errors: ParseError[] = []
  try {
    parse(text, errors, { disallowComments: true })
  } catch {
    // Nested deeper than the stack: JSON.parse got further than that, to the end at most.
  }
  return errors[0]?.offset ?? text.length
}

const decoder = new TextDecoder('utf-8', { fatal: true })

/** Bytes of a strict JSON body as a value. Throws Problem `malformed_body` with the place and what is wrong. */
function parseJson(bytes: Uint8Array): unknown {
  let text: string
  try {
    text = decoder.decode(bytes)
  } catch {
    throw new Problem('malformed_body', 'The body must be JSON in UTF-8.')
  }
  if (text.trim() === '') throw new Problem('malformed_body', 'The body is empty; this operation takes JSON.')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    const before = text.slice(0, errorOffset(text))
    const [line, column] = [before.split('\n').length, before.length - before.lastIndexOf('\n')]
    throw new Problem('malformed_body', `The body is not JSON: it cannot be read at line ${line}, column ${column}.`)
  }
  scan(text)
  return value
}

/**
 * RFC 7396: a member that is null is removed, an object is merged, everything else replaces. `keepsNull`: what is to be
 * removed and is not there is kept, so that its name can be looked at.
 */
function mergePatch(target: unknown, patch: unknown, keepsNull = false): unknown {
  if (patch === null || typeof patch !== 'object' || Array.isArray(patch)) return patch
  const isObject = target !== null && typeof target === 'object' && !Array.isArray(target)
  const merged = new Map<string, unknown>(isObject ? Object.entries(target) : [])
  for (const [name, value] of Object.entries(patch)) {
    if (value === null && !(keepsNull && !merged.has(name))) merged.delete(name)
    else merged.set(name, mergePatch(merged.get(name), value, keepsNull))
  }
  return Object.fromEntries(merged)
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The body as it came, for the fingerprint of an idempotent request; null where there was none. */
    rawBody: Buffer | null
  }
}

/** One object for each component: Fastify keeps what it compiled by the schema's identity. */
const references = new Map<string, { $ref: string }>()

/** What is wrong with a value as a named component; [] where nothing is. */
function findErrors(request: FastifyRequest, componentName: string, value: unknown): FastifySchemaValidationError[] {
  const schema = references.get(componentName) ?? { $ref: `${componentName}#` }
  references.set(componentName, schema)
  const check = request.getValidationFunction(schema) ?? request.compileValidationSchema(schema)
  return check(value) ? [] : ((check.errors ?? []) as never)
}

/** Holds a value against a named component as if it were the body. Throws 422 with everything that is wrong. */
export function validate(request: FastifyRequest, componentName: string, value: unknown): void {
  const errors = findErrors(request, componentName, value)
  if (errors.length > 0) throw invalid(explain(errors))
}

/**
 * What a merge patch makes of `target`, held against a named component. Throws 422 with everything that is wrong; also
 * where a member that there is not is to be removed, since its name is likely to be misspelt.
 */
export function patched(request: FastifyRequest, componentName: string, target: unknown): unknown {
  const merged = mergePatch(target, request.body)
  validate(request, componentName, merged)
  const named = mergePatch(target, request.body, true)
  if (isDeepStrictEqual(named, merged)) return merged
  const unknown = findErrors(request, componentName, named).filter(({ keyword }) => keyword === 'additionalProperties')
  if (unknown.length > 0) throw invalid(explain(unknown))
  return merged
}

/** Compiled for commands, which have no request to hold a schema for them. */
const validators = new Map<string, Validator>()

/** As `validate`, where there is no request. */
export function validateComponent(componentName: string, value: unknown): void {
  const build = () =>
    buildValidator(Object.fromEntries(components))({ schema: { $ref: `${componentName}#` } } as never) as Validator
  const check = validators.get(componentName) ?? build()
  validators.set(componentName, check)
  if (!check(value)) throw invalid(explain((check.errors ?? []) as never))
}

/** What a request says that its body is, without parameters; '' where it says nothing. */
export const mediaTypeOf = ({ headers }: FastifyRequest) =>
  headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase() ?? ''

const jsonTypes = ['application/json', 'application/merge-patch+json']

/** The media types of the body that a route takes: a merge patch is one only where it patches. */
export const consumedBy = (method: string, { consumes }: { consumes?: readonly string[] }): readonly string[] =>
  consumes ?? (method === 'PATCH' ? [...jsonTypes].reverse() : ['application/json'])

/** Reads bodies as strict JSON. What an operation cannot take is refused before it is read: 400, 415. */
export const body = fp(
  async (app: FastifyInstance) => {
    app.decorateRequest('rawBody', null)
    app.removeAllContentTypeParsers()
    app.addContentTypeParser(jsonTypes, { parseAs: 'buffer' }, (request, bytes, done) => {
      request.rawBody = bytes as Buffer
      const type = mediaTypeOf(request)
      if (!consumedBy(request.method, request.routeOptions.config).includes(type))
        return done(new errorCodes.FST_ERR_CTP_INVALID_MEDIA_TYPE(type))
      try {
        done(null, parseJson(bytes as Buffer))
      } catch (error) {
        done(error as Error)
      }
    })

    app.addHook('onRequest', (request, _reply, done) => {
      const { config, schema } = request.routeOptions
      if (config.write && !schema?.body) {
        const { 'content-length': length = '0', 'transfer-encoding': transfer } = request.headers
        const detail = 'This operation takes no body. Send the request without one.'
        if (length !== '0' || transfer !== undefined) return done(new Problem('malformed_body', detail))
        // Many clients send it with every request.
        delete request.headers['content-type']
      }
      const { 'content-encoding': encoding, 'content-type': type } = request.headers
      if (encoding !== undefined && encoding.toLowerCase() !== 'identity')
        return done(
          new Problem(
            'unsupported_media_type',
            `Send the body without Content-Encoding; "${encoding}" is not understood.`,
            {
              headers: { 'accept-encoding': 'identity' },
            },
          ),
        )
      const isJson = jsonTypes.some(json => type?.toLowerCase().startsWith(json))
      // Of two that differ, another reader might take the other.
      const charsets = isJson ? [...(type ?? '').matchAll(/;\s*charset\s*=\s*"?([^";\s]*)/gi)] : []
      const wrong = charsets.map(([, charset = '']) => charset).find(charset => !/^utf-?8$/i.test(charset))
      if (wrong !== undefined)
        return done(new Problem('unsupported_media_type', `The body must be in UTF-8, not "${wrong}".`))
      done()
    })
  },
  { name: 'body' },
)
