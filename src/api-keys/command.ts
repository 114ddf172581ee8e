/** What `keys:create` does: the first key of a server is made where there is nobody yet who could make one by HTTP. */
import type { Kysely, Transaction } from 'kysely'
import { Value } from 'typebox/value'
import { ArgumentsError } from '../arguments.ts'
import { transact } from '../database/connect.ts'
import { insertEvents, type NewEvent } from '../database/events.ts'
import type { Database } from '../database/types.ts'
import { nearest } from '../document/nearest.ts'
import { Slug } from '../document/schema.ts'
import { type Scope, scopeNames, scopes } from '../plugins/auth.ts'
import { createdEvent, pathOf } from './event.ts'
import { NewApiKey } from './schema.ts'
import { daysMax, expiryOf, insertKey } from './store.ts'

export const keyUsage =
  'npm run keys:create -- --name NAME --organisation SLUG --scopes a,b [--owner OWNER] [--owner-kind person|system] [--expires-days N] [--create-organisation NAME]'

interface KeyArguments {
  name: string
  organisation: string
  scopes: Scope[]
  owner: string
  ownerKind: 'person' | 'system'
  expiresDays: number
  /** The name of the organisation, should it have to be made. */
  createOrganisation: string | undefined
}

/** As node:util's parseArgs takes them. */
export const keyOptions = {
  name: { type: 'string' },
  organisation: { type: 'string' },
  scopes: { type: 'string' },
  owner: { type: 'string' },
  'owner-kind': { type: 'string' },
  'expires-days': { type: 'string' },
  'create-organisation': { type: 'string' },
} as const

/**
 * Makes sense of the options of `keys:create`. Without an owner the key belongs to a system of its own name; an owner is a
 * person unless said otherwise.
 *
 * @throws ArgumentsError for the first thing that is wrong.
 */
export function readKeyArguments(
  values: Readonly<Record<string, unknown>>,
  positionals: readonly string[] = [],
): KeyArguments {
  if (positionals.length > 0) throw new ArgumentsError(`"${positionals[0]}" belongs to no option.\nUsage: ${keyUsage}`)
  const given = values as { [option in keyof typeof keyOptions]?: string }
  const { name, organisation, 'create-organisation': createOrganisation, 'expires-days': days = '365' } = given
  requireLine('--name', name)
  const { owner = name, 'owner-kind': ownerKind = given.owner === undefined ? 'system' : 'person' } = given
  requireLine('--owner', owner)
  if (createOrganisation !== undefined) requireLine('--create-organisation', createOrganisation)
  if (organisation === undefined) throw new ArgumentsError(`--organisation is missing.\nUsage: ${keyUsage}`)
  if (!Value.Check(Slug, organisation))
    throw new ArgumentsError(`--organisation must be a slug, such as home-office.\nUsage: ${keyUsage}`)
  if (ownerKind !== 'person' && ownerKind !== 'system')
    throw new ArgumentsError(`--owner-kind must be person or system, not "${ownerKind}".`)
  if (!/^[1-9]\d{0,2}$/.test(days) || Number(days) > daysMax)
    throw new ArgumentsError(`--expires-days must be a whole number from 1 to ${daysMax}, not "${days}".`)
  const scopes = readScopes(given.scopes ?? '')
  return { name, organisation, scopes, owner, ownerKind, expiresDays: Number(days), createOrganisation }
}

function requireLine(option: string, value: string | undefined): asserts value is string {
  if (value === undefined) throw new ArgumentsError(`${option} is missing.\nUsage: ${keyUsage}`)
  if (!Value.Check(NewApiKey.properties.name, value) || /\p{C}/u.test(value))
    throw new ArgumentsError(`${option} must be one line of 1 to 200 characters.\nUsage: ${keyUsage}`)
}

function readScopes(text: string): Scope[] {
  const names = text.split(',').map(name => name.trim())
  const unknown = names.find(name => !Object.hasOwn(scopes, name))
  if (unknown === undefined) return scopeNames.filter(name => names.includes(name))
  const near = nearest(unknown, scopeNames)
  const known = scopeNames.map(name => `  ${name.padEnd(24)} ${scopes[name]}`).join('\n')
  const wrong = unknown === '' ? '--scopes is missing.' : `There is no scope "${unknown}".`
  throw new ArgumentsError(`${wrong}${near === undefined ? '' : ` Did you mean ${near}?`} The scopes are:\n${known}`)
}

/**
 * Makes a key, and the organisation where it is not there: by the name given, or, in a register that has none yet, by
 * a name made of the slug. Elsewhere an unknown organisation without a name is likelier a slip of the pen.
 *
 * Gives the key, for standard output alone, and what to say beside it.
 *
 * @throws ArgumentsError where the organisation is unknown. Nothing is made then.
 */
export function createKey(
  db: Kysely<Database>,
  pepper: string,
  args: KeyArguments,
): Promise<{ key: string; notes: string[] }> {
  return transact(db, async trx => {
    const events: NewEvent[] = []
    const { made, isOther } = await ensureOrganisation(trx, args)
    if (made !== undefined)
      events.push({
        type: 'organisation_created',
        organisation: args.organisation,
        subject: `/v1/organisations/${args.organisation}`,
        revision: 1,
        data: { name: made },
      })
    const { name, organisation, owner, ownerKind, scopes } = args
    const expires_at = expiryOf(new Date(Date.now() + args.expiresDays * 86_400_000).toISOString())
    const values = { name, organisation, owner, owner_kind: ownerKind, scopes, expires_at }
    const { row, text } = await insertKey(trx, pepper, null, values)
    await insertEvents(trx, { id: null, owner: null, requestId: null }, [...events, createdEvent(row)])
    const notes = made === undefined ? [] : [`Made the organisation "${organisation}", named ${made}.`]
    if (isOther) notes.push(`The organisation "${organisation}" is there already: it keeps its name.`)
    notes.push(
      `Made key ${row.id} of ${organisation} for ${owner} with ${scopes.join(', ')}, until ${expires_at.slice(0, 10)}.`,
      `It is shown this once, and listed at ${pathOf(row.id)}.`,
    )
    return { key: text, notes }
  })
}

/** The name of the organisation if it was made, and whether it was there with another than the one given. */
async function ensureOrganisation(
  trx: Transaction<Database>,
  args: KeyArguments,
): Promise<{ made?: string; isOther: boolean }> {
  const { organisation: slug, createOrganisation } = args
  const there = await trx.selectFrom('organisations').select(['slug', 'name']).orderBy('slug').execute()
  const found = there.find(organisation => organisation.slug === slug)
  if (found) return { isOther: createOrganisation !== undefined && createOrganisation !== found.name }
  if (createOrganisation === undefined && there.length > 0) {
    const slugs = there.map(organisation => organisation.slug)
    const near = nearest(slug, slugs)
    throw new ArgumentsError(
      `There is no organisation "${slug}".${near === undefined ? '' : ` Did you mean ${near}?`} To make it, add --create-organisation with its name.`,
    )
  }
  const name =
    createOrganisation ??
    slug.replaceAll(/(^|-)([a-z])/g, (_, gap, letter) => `${gap && ' '}${letter.toUpperCase()}`).replaceAll('-', ' ')
  await trx
    .insertInto('organisations')
    .values({ slug, name })
    .onConflict(conflict => conflict.doNothing())
    .execute()
  return { made: name, isOther: false }
}
