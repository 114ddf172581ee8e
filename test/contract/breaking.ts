/**
 * What a new contract breaks of an old one. api-smart-diff judges what callers send; it does not know which schemas they
 * only get, where more is welcome and wider is not: `string` → `string | null`, a member that is gone or may be absent,
 * another value of a list. Those are judged here.
 */
import { apiCompare } from 'api-smart-diff'

interface Schema {
  $ref?: string
  type?: string | string[]
  enum?: unknown[]
  const?: unknown
  format?: string
  properties?: Record<string, Schema>
  required?: string[]
  items?: Schema
  additionalProperties?: Schema | boolean
  anyOf?: Schema[]
  oneOf?: Schema[]
}

interface Response {
  $ref?: string
  headers?: Record<string, unknown>
  content?: Record<string, { schema?: Schema }>
}

interface Operation {
  security?: Record<string, string[]>[]
  responses: Record<string, Response>
}

/** What the register sends to a receiver. */
interface Message {
  parameters?: { name: string }[]
  requestBody?: { content: Record<string, { schema?: Schema }> }
}

export interface Contract {
  paths: Record<string, Record<string, Operation>>
  webhooks?: Record<string, Record<string, Message>>
  components: Record<string, Record<string, Schema>>
}

const follow = (contract: Contract, schema: Schema): Schema => {
  const name = schema.$ref?.split('/').at(-1)
  return name === undefined ? schema : follow(contract, contract.components.schemas?.[name] ?? {})
}

const typesOf = ({ type }: Schema) => (type === undefined ? undefined : [type].flat())
const valuesOf = (schema: Schema) => ('const' in schema ? [schema.const] : schema.enum)
const formsOf = ({ anyOf, oneOf }: Schema) => anyOf ?? oneOf

/** How many bits an integer needs is a note to generators: its range is said by its limits. */
const isFormatOfInteger = (format: unknown) => format === 'int32' || format === 'int64'

/** Compares what callers get, by schemas of two contracts; `seen` holds the pairs of components under comparison. */
function widenedBy(before: Contract, after: Contract) {
  const seen = new Set<string>()

  function compare(old: Schema, now: Schema, at: string): string[] {
    const pair = `${old.$ref} ${now.$ref}`
    if (seen.has(pair)) return []
    if (old.$ref && now.$ref) seen.add(pair)
    const found = compareForms(follow(before, old), follow(after, now), at)
    seen.delete(pair)
    return found
  }

  function compareForms(old: Schema, now: Schema, at: string): string[] {
    const [oldForms, nowForms] = [formsOf(old) ?? [old], formsOf(now) ?? [now]]
    if (!formsOf(old) && !formsOf(now)) return compareOne(old, now, at)
    return nowForms.flatMap(form => {
      const attempts = oldForms.map(oldForm => compare(oldForm, form, at))
      return attempts.some(attempt => attempt.length === 0) ? [] : [`${at}: has a form that it had not`]
    })
  }

  function compareOne(old: Schema, now: Schema, at: string): string[] {
    const found: string[] = []
    const [oldTypes, nowTypes] = [typesOf(old), typesOf(now)]
    if (oldTypes) {
      const known = oldTypes.includes('number') ? [...oldTypes, 'integer'] : oldTypes
      const further = nowTypes ? nowTypes.filter(type => !known.includes(type)) : valuesOf(now) ? [] : ['any']
      if (further.length > 0) found.push(`${at}: may be ${further.join(', ')}`)
    }
    const [oldValues, nowValues] = [valuesOf(old), valuesOf(now)]
    if (oldValues) {
      const further = nowValues ? nowValues.filter(value => !oldValues.includes(value)) : ['any value']
      if (further.length > 0) found.push(`${at}: may be ${further.map(value => JSON.stringify(value)).join(', ')}`)
    }
    if (old.format !== undefined && old.format !== now.format && !isFormatOfInteger(old.format))
      found.push(`${at}: is no ${old.format} any more`)
    for (const [name, member] of Object.entries(old.properties ?? {})) {
      const here = `${at}/${name}`
      const own = now.properties?.[name]
      if (!own) found.push(`${here}: is gone`)
      else {
        if (old.required?.includes(name) && !now.required?.includes(name)) found.push(`${here}: may be absent`)
        found.push(...compare(member, own, here))
      }
    }
    if (old.items && now.items) found.push(...compare(old.items, now.items, `${at}/*`))
    const [oldRest, nowRest] = [old.additionalProperties, now.additionalProperties]
    if (typeof oldRest === 'object' && typeof nowRest === 'object') found.push(...compare(oldRest, nowRest, `${at}/*`))
    return found
  }

  return compare
}

const isOpen = ({ security = [] }: Operation) => security.some(entry => Object.keys(entry).length === 0)

/** What callers of the old contract get, or may do, no more. Problems are not looked at: new codes may come at any time. */
function widened(before: Contract, after: Contract): string[] {
  const compare = widenedBy(before, after)
  const answers = Object.entries(before.paths).flatMap(([path, item]) =>
    Object.entries(item).flatMap(([method, old]) => {
      const line = `${method.toUpperCase()} ${path}`
      const now = after.paths[path]?.[method]
      if (!now) return [`${line}: is gone`]
      const found = isOpen(old) && !isOpen(now) ? [`${line}: needs a key`] : []
      for (const [status, response] of Object.entries(old.responses).filter(([status]) => /^[23]/.test(status))) {
        const own = now.responses[status]
        if (!own) {
          found.push(`${line} → ${status}: is gone`)
          continue
        }
        for (const name of Object.keys(response.headers ?? {}))
          if (!own.headers?.[name]) found.push(`${line} → ${status} ${name}: is gone`)
        for (const [type, { schema = {} }] of Object.entries(response.content ?? {})) {
          const at = `${line} → ${status} ${type}`
          const content = own.content?.[type]
          found.push(...(content ? compare(schema, content.schema ?? {}, at) : [`${at}: is gone`]))
        }
      }
      return found
    }),
  )
  // A receiver gets these as a caller gets an answer.
  const messages = Object.entries(before.webhooks ?? {}).flatMap(([type, item]) =>
    Object.entries(item).flatMap(([method, { parameters = [], requestBody }]) => {
      const now = after.webhooks?.[type]?.[method]
      if (!now) return [`${type}: is sent no more`]
      const names = now.parameters?.map(({ name }) => name)
      const gone = parameters.filter(({ name }) => !names?.includes(name)).map(({ name }) => `${type} ${name}: is gone`)
      const bodies = Object.entries(requestBody?.content ?? {}).flatMap(([media, { schema = {} }]) => {
        const content = now.requestBody?.content[media]
        return content ? compare(schema, content.schema ?? {}, `${type} ${media}`) : [`${type} ${media}: is gone`]
      })
      return [...gone, ...bodies]
    }),
  )
  return [...answers, ...messages]
}

/** Names of the schemas that something refers to, with those under them. */
function schemasUnder({ components }: Contract, value: unknown, names = new Set<string>()): Set<string> {
  for (const [, name = ''] of JSON.stringify(value).matchAll(/"#\/components\/schemas\/([A-Za-z]+)"/g))
    if (!names.has(name)) schemasUnder({ paths: {}, components }, components.schemas?.[name], names.add(name))
  return names
}

/** A part of a contract with the schemas that it needs and no others. */
export function withNeededSchemas(contract: Contract): Contract {
  const needed = schemasUnder(contract, [contract.paths, contract.webhooks ?? {}, contract.components.responses ?? {}])
  const schemas = Object.fromEntries([...needed].map(name => [name, contract.components.schemas?.[name] ?? {}]))
  return structuredClone({ ...contract, components: { ...contract.components, schemas } })
}

/**
 * A schema without what each of its forms says as well: that it is an object, and which members it has. api-smart-diff
 * merges it into each form, and cannot judge a required member that has no schema beside it.
 */
function withoutRepetition(contract: Contract, schema: Schema): Schema {
  const forms = schema.oneOf?.map(form => follow(contract, form))
  if (!forms || schema.properties) return schema
  const { type, required = [], ...rest } = schema
  const isRepeated = forms.every(form => form.type === type && required.every(name => form.required?.includes(name)))
  return isRepeated ? rest : schema
}

/**
 * A contract without the schemas of its answers, its messages and its problems. Nor has a member of a body its default here:
 * api-smart-diff would let it become required, which the register refuses where it is absent all the same.
 */
function sentPart(contract: Contract): Contract {
  const { paths, components } = structuredClone(contract)
  for (const { responses } of Object.values(paths).flatMap(item => Object.values(item)))
    for (const [status, response] of Object.entries(responses)) {
      if (response.$ref) delete responses[status]
      for (const content of Object.values(response.content ?? {})) delete content.schema
    }
  const { responses: _, ...rest } = components
  const part = withNeededSchemas({ ...contract, paths, webhooks: {}, components: rest })
  part.components = JSON.parse(JSON.stringify(part.components), (name, value) =>
    name === 'default' ? undefined : value?.oneOf ? withoutRepetition(part, value) : value,
  )
  return part
}

/**
 * Patterns of what callers send that stand in the place of narrower ones, by these: all that the old one takes the new one
 * takes too, which is for people to see.
 */
const widerPatterns: Record<string, string> = {
  // What is no SFIA code, or no level, is 422 with the near one.
  '^[A-Z]{4}(:[1-7](-[1-7])?)?$': '^[A-Za-z]{1,20}(:[0-9]{1,2}(-[0-9]{1,2})?)?$',
}

/** Whether this is a limit of strings where the old contract took no string at all, so that it limits nobody. */
function limitsNewType(before: Contract, path: readonly (string | number)[]): boolean {
  if (!['minLength', 'maxLength', 'pattern', 'format'].includes(String(path.at(-1)))) return false
  const schema = path
    .slice(0, -1)
    .reduce<Record<string, unknown>>(
      (node, name) => follow(before, (node[name] ?? {}) as Schema) as Record<string, unknown>,
      before as unknown as Record<string, unknown>,
    ) as Schema
  return typesOf(schema)?.includes('string') === false
}

/** One line for each thing that a caller of the old contract would miss in the new one; [] where there is none. */
export function breakingChanges(before: Contract, after: Contract): string[] {
  const { diffs } = apiCompare(sentPart(before), sentPart(after))
  const isHarmless = ({ path, before: old, after: now }: (typeof diffs)[number]) =>
    (path.at(-1) === 'format' && isFormatOfInteger(now)) ||
    (path.at(-1) === 'pattern' && widerPatterns[old] === now) ||
    limitsNewType(before, path)
  const judged = diffs
    .filter(diff => diff.type === 'breaking' && !isHarmless(diff))
    .map(({ action, path, description }) => `${path.join('/')}: ${description ?? action}`)
  return [...new Set([...judged, ...widened(before, after)])]
}
