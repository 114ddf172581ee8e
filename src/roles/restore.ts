/**
 * Takes a line of an export back in: the version with its number, time and bytes, and a draft that is what it prints. What
 * the line names and the register lacks is made; earlier versions are not in an export.
 */
import type { Transaction } from 'kysely'
import { Value } from 'typebox/value'
import { eventType, insertEntry, type Shelf } from '../catalogues/store.ts'
import type { NewEvent } from '../database/events.ts'
import type { Database } from '../database/types.ts'
import type { PublishedRole, RoleDocument } from '../document/schema.ts'
import { Slug } from '../document/schema.ts'
import type { Caller } from '../plugins/auth.ts'
import { Problem } from '../plugins/problems.ts'
import { findReferences } from './references.ts'
import { digestOf, insertDraft, lockRole } from './store.ts'
import { saveVersion } from './versions.ts'

/** The document that a published role was made from, but for notes, which no version has. */
export function documentOf(role: PublishedRole): RoleDocument {
  const { title, alternative_titles, profession, family, grades, behaviours, sfia_version, advert_details } = role
  return {
    title,
    alternative_titles,
    profession,
    family,
    grades,
    behaviours,
    sections: role.sections.map(section => (section.shared_section === null ? section : { ...section, blocks: [] })),
    skills: role.skills.map(({ skill_name: _, ...skill }) => skill),
    sfia_version,
    sfia_mappings: role.sfia_mappings.map(({ code, level }) => ({ code, level })),
    advert_details,
  }
}

type Made = Pick<Shelf, 'table' | 'noun' | 'owned'>
const organisations: Made = { table: 'organisations', noun: 'organisation', owned: false }
const skills: Made = { table: 'skills', noun: 'skill', owned: false }
const sharedSections: Made = { table: 'shared_sections', noun: 'shared section', owned: true }

/** Makes the entries that are not there, each by its slug. */
async function makeMissing(
  trx: Transaction<Database>,
  caller: Caller,
  shelf: Made,
  entries: ReadonlyMap<string, { entry: Record<string, unknown>; organisation?: string }>,
): Promise<NewEvent[]> {
  const slugs = [...entries.keys()]
  if (slugs.length === 0) return []
  const rows = await trx.selectFrom(shelf.table).select('slug').where('slug', 'in', slugs).execute()
  const there = new Set(rows.map(({ slug }) => slug))
  const events: NewEvent[] = []
  for (const [slug, { entry, organisation }] of entries) {
    if (there.has(slug)) continue
    const whole = { ...shelf, members: Object.keys(entry) }
    const revision = await insertEntry(trx, whole, caller, slug, organisation, entry)
    events.push({
      type: eventType(whole, 'created'),
      organisation: shelf.table === 'organisations' ? slug : (organisation ?? null),
      subject: `/v1/${shelf.table.replace('_', '-')}/${slug}`,
      revision,
      afterDigest: digestOf(JSON.stringify(entry)),
    })
  }
  return events
}

const noDescriptions = { awareness: null, working: null, practitioner: null, expert: null }

async function makeNamed(trx: Transaction<Database>, caller: Caller, role: PublishedRole): Promise<NewEvent[]> {
  const { organisation } = role
  const named = {
    organisations: new Map([
      [organisation.slug, { entry: { name: organisation.name, homepage_url: null, four_eyes: false } }],
    ]),
    skills: new Map(
      role.skills.flatMap(({ skill, skill_name: name }) =>
        skill === null
          ? []
          : [
              [
                skill,
                { entry: { name: name ?? skill, description: null, level_descriptions: noDescriptions } },
              ] as const,
            ],
      ),
    ),
    sections: new Map(
      role.sections.flatMap(({ shared_section: slug, kind, heading, blocks }) =>
        slug === null ? [] : [[slug, { entry: { kind, heading, blocks }, organisation: organisation.slug }] as const],
      ),
    ),
  }
  return [
    ...(await makeMissing(trx, caller, organisations, named.organisations)),
    ...(await makeMissing(trx, caller, skills, named.skills)),
    ...(await makeMissing(trx, caller, sharedSections, named.sections)),
  ]
}

interface Restored {
  /** False where the register has this version already. */
  changed: boolean
  events: NewEvent[]
}

/**
 * Restores a role from the bytes of its latest version; `caller` must be an admin. Throws 409 `slug_taken` where the
 * register has another role, or another version of it; 422 where it lacks the SFIA skills of the role.
 */
export async function restoreRole(
  trx: Transaction<Database>,
  caller: Caller,
  { role, body }: { role: PublishedRole; body: string },
): Promise<Restored> {
  const { slug, version, organisation, change_note } = role
  if (!Value.Check(Slug, slug)) throw new Problem('malformed_body', 'The line names no slug.')
  const there = await trx
    .selectFrom('roles')
    .leftJoin('role_versions as v', join =>
      join.onRef('v.role', '=', 'roles.slug').onRef('v.version', '=', 'roles.version'),
    )
    .select(['roles.slug', 'v.version', 'v.digest'])
    .where('roles.slug', '=', slug)
    .executeTakeFirst()
  if (there) {
    if (there.version === version && there.digest === digestOf(body)) return { changed: false, events: [] }
    const has = there.version === null ? 'a draft' : `version ${there.version}`
    throw new Problem('slug_taken', `The register has ${has} of "${slug}", which is not what the export has.`)
  }
  const events = await makeNamed(trx, caller, role)
  const draft = await insertDraft(trx, caller, {
    slug,
    organisation: organisation.slug,
    document: documentOf(role),
    type: 'role_restored',
    data: { version },
    idsKnown: true,
  })
  const row = await lockRole(trx, caller, slug, null)
  const references = await findReferences(trx, row.document)
  const made = { role, body, change_note, change_kind: 'substantive' } as const
  const { event } = await saveVersion(trx, caller, row, made, references, null)
  return { changed: true, events: [...events, ...(draft.event ? [draft.event] : []), event] }
}
