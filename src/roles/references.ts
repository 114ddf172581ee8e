/** What a document refers to, looked up in the catalogues; and the tables that record it. */
import { type Kysely, sql, type Transaction } from 'kysely'
import { nearestSlugs, unknownSharedSections } from '../catalogues/store.ts'
import type { Database, DocumentState } from '../database/types.ts'
import type { Finding } from '../document/check.ts'
import { didYouMean } from '../document/nearest.ts'
import type { References } from '../document/resolve.ts'
import type { RoleDocument } from '../document/schema.ts'
import { checkMappings } from '../sfia/store.ts'

const distinct = (slugs: (string | null)[]) => [...new Set(slugs.filter(slug => slug !== null))]
const skillsOf = (document: RoleDocument) => distinct(document.skills.map(({ skill }) => skill))
const sharedSectionsOf = (document: RoleDocument) =>
  distinct(document.sections.map(({ shared_section }) => shared_section))

/** Every reference of a document that leads nowhere, or to what the organisation may not use; [] where none does. */
export async function checkReferences(
  db: Kysely<Database>,
  organisation: string,
  document: RoleDocument,
): Promise<Finding[]> {
  const [skills, sharedSections] = [skillsOf(document), sharedSectionsOf(document)]
  const found: Finding[] = []
  if (skills.length > 0) {
    const rows = await db.selectFrom('skills').select('slug').where('slug', 'in', skills).execute()
    const known = new Set(rows.map(({ slug }) => slug))
    const unknown = skills.filter(skill => !known.has(skill))
    const near = unknown.length > 0 ? await nearestSlugs(db, 'skills', unknown) : []
    document.skills.forEach(({ skill }, index) => {
      if (skill === null || known.has(skill)) return
      const help = didYouMean(near[unknown.indexOf(skill)]) || ' Add it there first, or leave the member null.'
      const detail = `The skill catalogue has no "${skill}".${help}`
      found.push({ pointer: `/skills/${index}/skill`, code: 'unknown_skill', detail })
    })
  }
  if (sharedSections.length > 0) {
    const rows = await db
      .selectFrom('shared_sections')
      .select('slug')
      .where('slug', 'in', sharedSections)
      .where('organisation', '=', organisation)
      .execute()
    const known = new Set(rows.map(({ slug }) => slug))
    const unknown = document.sections.flatMap(({ shared_section: slug }, index) =>
      slug === null || known.has(slug) ? [] : [{ pointer: `/sections/${index}/shared_section`, slug }],
    )
    found.push(...(await unknownSharedSections(db, organisation, unknown)))
  }
  if (document.sfia_version !== null && document.sfia_mappings.length > 0)
    for (const { index, code, detail } of await checkMappings(db, document.sfia_version, document.sfia_mappings))
      found.push({
        pointer: `/sfia_mappings/${index}/${code === 'sfia_level_not_valid' ? 'level' : 'code'}`,
        code,
        detail,
      })
  return found
}

/** All that a document refers to, for printing it. What is not there any more is simply absent. */
export async function findReferences(db: Kysely<Database>, document: RoleDocument): Promise<References> {
  const [skills, sharedSections] = [skillsOf(document), sharedSectionsOf(document)]
  const codes = document.sfia_mappings.map(({ code }) => code)
  const sectionRows =
    sharedSections.length === 0
      ? []
      : await db
          .selectFrom('shared_sections')
          .select(['slug', 'blocks', 'revision'])
          .where('slug', 'in', sharedSections)
          .execute()
  const skillRows =
    skills.length === 0
      ? []
      : await db.selectFrom('skills').select(['slug', 'name']).where('slug', 'in', skills).execute()
  const sfiaRows =
    document.sfia_version === null || codes.length === 0
      ? []
      : await db
          .selectFrom('sfia_skills')
          .select(['code', 'name', 'category', 'subcategory'])
          .where('version', '=', document.sfia_version)
          .where('code', 'in', codes)
          .execute()
  return {
    sharedSections: new Map(sectionRows.map(row => [row.slug, row])),
    skillNames: new Map(skillRows.map(row => [row.slug, row.name])),
    sfiaSkills: new Map(sfiaRows.map(row => [row.code, row])),
  }
}

/**
 * Waits for changes of the document's shared sections that are under way, and keeps others off until the end of the
 * transaction: a version then prints what its event says, and no change slips between it and the events before it.
 */
export async function lockSharedSections(trx: Transaction<Database>, document: RoleDocument): Promise<void> {
  const slugs = sharedSectionsOf(document)
  if (slugs.length > 0)
    await trx
      .selectFrom('shared_sections')
      .select('slug')
      .where('slug', 'in', slugs)
      .orderBy('slug')
      .forShare()
      .execute()
}

/**
 * Rewrites the rows that record what the draft or the published document of a role refers to. `revisions` says which
 * revision of each shared section a version printed.
 */
export async function saveReferences(
  trx: Transaction<Database>,
  role: string,
  state: DocumentState,
  document: RoleDocument,
  revisions: References['sharedSections'] = new Map(),
): Promise<void> {
  const [skills, sharedSections] = [skillsOf(document), sharedSectionsOf(document)]
  const { sfia_version: version, sfia_mappings: mappings } = document
  await sql`
    with gone_skills as (delete from role_skills where role = ${role} and state = ${state} and skill <> all (${skills})),
      gone_sections as (delete from role_shared_sections where role = ${role} and state = ${state})
    delete from role_sfia_levels where role = ${role} and state = ${state}`.execute(trx)
  const levels = version === null ? [] : mappings
  if (skills.length + sharedSections.length + levels.length === 0) return
  await sql`
    with skills as (
      insert into role_skills (role, state, skill) select ${role}, ${state}, unnest(${skills}::text[])
      on conflict do nothing
    ), sections as (
      insert into role_shared_sections (role, state, shared_section, revision)
      select ${role}, ${state}, * from unnest(
        ${sharedSections}::text[], ${sharedSections.map(slug => revisions.get(slug)?.revision ?? null)}::integer[])
    )
    insert into role_sfia_levels (role, state, version, code, level)
    select ${role}, ${state}, ${version}, * from unnest(
      ${levels.map(({ code }) => code)}::text[], ${levels.map(({ level }) => level)}::smallint[])`.execute(trx)
}

/** Whether two documents refer to the same things, so that nothing needs rewriting. */
export const sameReferences = (a: RoleDocument, b: RoleDocument) =>
  JSON.stringify([skillsOf(a), sharedSectionsOf(a), a.sfia_version, a.sfia_mappings]) ===
  JSON.stringify([skillsOf(b), sharedSectionsOf(b), b.sfia_version, b.sfia_mappings])
