/**
 * What TypeBox schemas are put together from: named components, closed code lists, members that may be null, the
 * variants of a schema that requests take, and `complete`, which gives a value every member in the schema's order.
 */
import { type Static, type TSchema, Type } from 'typebox'

interface JsonSchema {
  $id?: string
  $ref?: string
  type?: string | string[]
  properties?: Record<string, JsonSchema>
  required?: string[]
  items?: JsonSchema
  anyOf?: JsonSchema[]
  oneOf?: JsonSchema[]
  enum?: unknown[]
  const?: unknown
  default?: unknown
  [keyword: string]: unknown
}

const json = (schema: TSchema) => schema as unknown as JsonSchema

/** Every named component by its name: the app registers them all, the contract shows them under these names. */
export const components = new Map<string, TSchema>()

/** Names a schema. The name is its `$id`, its component in the contract and what `ref` points to. */
export function component<T extends TSchema>(name: string, schema: T): T {
  if (components.has(name)) throw new Error(`Two schemas are named ${name}`)
  const named = { ...schema, $id: name }
  components.set(name, named)
  return named
}

/** A `$ref` to a named component that keeps its static type. */
export const ref = <T extends TSchema>(schema: T) => Type.Unsafe<Static<T>>({ $ref: `${json(schema).$id}#` })

/** Where the contract has a named component. */
export const placeOf = (schema: TSchema) => `#/components/schemas/${json(schema).$id}`

/** A string out of a closed list. (`Type.Enum` leaves `type` out, `Type.Union` gives an error for each member.) */
export const oneOf = <const V extends string>(values: readonly V[], options: { description?: string } = {}) =>
  Type.Unsafe<V>({ type: 'string', enum: [...values], ...options })

/** As the schema, or null; null where a request leaves the member out. */
export function nullable<T extends TSchema>(schema: T) {
  const { type, enum: values, $ref, ...rest } = json(schema)
  return Type.Unsafe<Static<T> | null>(
    $ref !== undefined
      ? { anyOf: [{ $ref }, { type: 'null' }], default: null }
      : { type: [type as string, 'null'], ...(values ? { enum: [...values, null] } : {}), ...rest, default: null },
  )
}

/** A list; empty where a request leaves the member out. */
export const list = <T extends TSchema>(items: T, maxItems: number) => Type.Array(items, { maxItems, default: [] })

/** An object that takes no other members than these. */
export const object = <P extends Parameters<typeof Type.Object>[0]>(
  properties: P,
  options: { description?: string; examples?: unknown[] } = {},
) => Type.Object(properties, { ...options, additionalProperties: false })

/** A page of a list: the entries under their own name, and the cursor of the next page. */
export const pageOf = (name: string, member: string, entry: TSchema) =>
  component(
    name,
    object({
      [member]: Type.Array(ref(entry)),
      next_cursor: nullable(Type.String({ description: 'Of the next page; null on the last.' })),
    }),
  )

/** The body of a PATCH. Its members are not checked by themselves: what counts is what the merge makes. */
export const patchOf = (name: string, example: unknown) =>
  component(
    name,
    Type.Unsafe<Record<string, unknown>>({
      type: 'object',
      description: 'A JSON merge patch. What it makes is checked as a whole: see the schema that GET answers with.',
      examples: [example],
    }),
  )

/** What a PUT takes: every member but ids. */
type Replacement<T> = T extends readonly (infer U)[]
  ? Replacement<U>[]
  : T extends object
    ? { [K in keyof T as K extends 'id' ? never : K]: Replacement<T[K]> } & ('id' extends keyof T
        ? { id?: string }
        : unknown)
    : T

/** What a POST takes: members that have a default, and ids, may be left out. */
export type New<T> = T extends readonly (infer U)[] ? New<U>[] : T extends object ? { [K in keyof T]?: New<T[K]> } : T

const named = (reference: string) => {
  const schema = components.get(reference.replace('#', ''))
  if (!schema) throw new Error(`No schema is named ${reference}`)
  return json(schema)
}

function derive(
  schema: JsonSchema,
  prefix: string,
  mayLack: (name: string, member: JsonSchema) => boolean,
): JsonSchema {
  const go = (part: JsonSchema) => derive(part, prefix, mayLack)
  if (schema.$ref) {
    const original = named(schema.$ref)
    const name = `${prefix}${original.$id}`
    if (!components.has(name)) {
      const derived = go(original)
      if (JSON.stringify(derived) === JSON.stringify(original)) return schema
      const { examples: _, ...rest } = derived
      components.set(name, { ...rest, $id: name } as unknown as TSchema)
    }
    return { ...schema, $ref: `${name}#` }
  }
  const result = { ...schema }
  if (schema.items) result.items = go(schema.items)
  if (schema.anyOf) result.anyOf = schema.anyOf.map(go)
  if (schema.oneOf) result.oneOf = schema.oneOf.map(go)
  if (schema.properties) {
    const entries = Object.entries(schema.properties).map(([name, member]) => [name, go(member)] as const)
    result.properties = Object.fromEntries(entries)
    result.required = (schema.required ?? []).filter(name => !mayLack(name, schema.properties?.[name] ?? {}))
  }
  return result
}

function variant(
  schema: TSchema,
  prefix: string,
  example: unknown,
  mayLack: (name: string, member: JsonSchema) => boolean,
) {
  const name = `${prefix}${json(schema).$id}`
  const derived = derive(json(schema), prefix, mayLack)
  const { examples: _, ...rest } = derived
  const result = { ...rest, $id: name, examples: [example] } as unknown as TSchema
  components.set(name, result)
  return result
}

/** The variant of a named schema that PUT takes, with the components under it: all members but ids are required. */
export const replacementOf = <T extends TSchema>(schema: T, example: Replacement<Static<T>>) =>
  variant(schema, 'Replacement', example, name => name === 'id') as unknown as ReturnType<
    typeof Type.Unsafe<Replacement<Static<T>>>
  >

/**
 * The variant of a named schema that POST takes: ids and all members that have a default may be left out, and those that
 * are `filled` in from what is known.
 */
export const newOf = <T extends TSchema>(schema: T, example: New<Static<T>>, filled: readonly string[] = []) =>
  variant(
    schema,
    'New',
    example,
    (name, member) => name === 'id' || 'default' in member || filled.includes(name),
  ) as unknown as ReturnType<typeof Type.Unsafe<New<Static<T>>>>

const tagOf = (branch: JsonSchema): unknown[] => {
  const tag = branch.properties?.type
  return tag?.enum ?? [tag?.const]
}

function fill(schema: JsonSchema, value: unknown): unknown {
  if (value === undefined) return structuredClone(schema.default)
  if (value === null || typeof value !== 'object') return value
  if (schema.$ref) return fill(named(schema.$ref), value)
  if (schema.anyOf) return fill(schema.anyOf.find(branch => branch.type !== 'null') ?? {}, value)
  if (schema.oneOf) {
    const branches = schema.oneOf.map(branch => (branch.$ref ? named(branch.$ref) : branch))
    return fill(branches.find(branch => tagOf(branch).includes((value as { type?: unknown }).type)) ?? {}, value)
  }
  if (Array.isArray(value)) return schema.items ? value.map(item => fill(schema.items as JsonSchema, item)) : value
  if (!schema.properties) return value
  const source = value as Record<string, unknown>
  return Object.fromEntries(
    Object.entries(schema.properties).map(([name, member]) => {
      const own = Object.hasOwn(source, name) ? source[name] : undefined
      return [name, name === 'id' && own === undefined ? '' : fill(member, own)]
    }),
  )
}

/**
 * A valid value of a variant as a value of the schema itself: every member present, in the schema's order, those left
 * out with their default, ids left out as ''. So `JSON.stringify` of the result is canonical. The value is not checked.
 */
export const complete = <T extends TSchema>(schema: T, value: unknown): Static<T> =>
  fill(json(schema), value) as Static<T>

/** The schema with every `$ref` replaced by what it names, for those who check values without the components. */
export const inlined = <T extends TSchema>(schema: T): T => {
  const go = (part: unknown): unknown => {
    if (Array.isArray(part)) return part.map(go)
    if (part === null || typeof part !== 'object') return part
    const { $id: _, $ref, ...rest } = part as JsonSchema
    if ($ref !== undefined) return go(named($ref))
    return Object.fromEntries(Object.entries(rest).map(([keyword, value]) => [keyword, go(value)]))
  }
  return go(schema) as T
}
