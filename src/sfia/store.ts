/** The SFIA index: which codes and levels each version has, loading a version, and checking mappings against it. */
import { createHash } from 'node:crypto'
import { type Kysely, sql, type Transaction } from 'kysely'
import { containing } from '../database/page.ts'
import type { Database, DocumentState } from '../database/types.ts'
import { nearest } from '../document/nearest.ts'
import type { SfiaMapping, SfiaVersion } from '../document/schema.ts'
import type { SfiaIndexSkill } from './load.ts'
import { findRetirement } from './successors.ts'

/** What the register knows of one version. Where it is not complete a code that is not here may exist all the same. */
export interface SfiaIndex {
  version: SfiaVersion
  complete: boolean
  skills: ReadonlyMap<string, SfiaIndexSkill>
}

/** The indexes of all versions, the oldest first: for an importer that must find out which one a document means. */
export async function findSfiaIndexes(db: Kysely<Database>): Promise<SfiaIndex[]> {
  const rows = await db
    .selectFrom('sfia_versions')
    .leftJoin('sfia_skills', 'sfia_skills.version', 'sfia_versions.version')
    .select(['sfia_versions.version', 'complete', 'code', 'name', 'category', 'subcategory', levelsOfSkill])
    .orderBy('sfia_versions.version')
    .orderBy('code')
    .execute()
  const found = new Map<SfiaVersion, { complete: boolean; skills: Map<string, SfiaIndexSkill> }>()
  for (const { version, complete, code, name, category, subcategory, levels } of rows) {
    const index = found.get(version) ?? { complete, skills: new Map<string, SfiaIndexSkill>() }
    found.set(version, index)
    if (code !== null && name !== null && category !== null && subcategory !== null)
      index.skills.set(code, { code, name, category, subcategory, levels })
  }
  return [...found].map(([version, index]) => ({ version, ...index }))
}

const levelsOfSkill = sql<number[]>`array(
  select level from sfia_levels
  where sfia_levels.version = sfia_skills.version and sfia_levels.code = sfia_skills.code
  order by level
)`.as('levels')

/** Whether a version is loaded as a whole, and when (ISO 8601). */
export const findSfiaVersion = (db: Kysely<Database>, version: SfiaVersion) =>
  db
    .selectFrom('sfia_versions')
    .select(['version', 'complete', 'loaded_at'])
    .where('version', '=', version)
    .executeTakeFirstOrThrow()

interface SfiaFilters {
  /** Part of the code or the name, in any case. */
  q?: string | undefined
  /** The whole name of a category, in any case. */
  category?: string | undefined
  /** Skills that are defined at this level. */
  level?: number | undefined
  /** The code after which the page begins. */
  after?: string | undefined
  limit: number
}

/** Skills of a version by code, at most `limit`. */
export async function listSfiaSkills(
  db: Kysely<Database>,
  version: SfiaVersion,
  { q, category, level, after, limit }: SfiaFilters,
): Promise<SfiaIndexSkill[]> {
  let query = db
    .selectFrom('sfia_skills')
    .select(['code', 'name', 'category', 'subcategory', levelsOfSkill])
    .where('version', '=', version)
  if (q !== undefined) {
    const pattern = containing(q)
    query = query.where(eb => eb.or([eb('code', 'ilike', pattern), eb('name', 'ilike', pattern)]))
  }
  if (category !== undefined) query = query.where(sql`lower(category)`, '=', category.toLowerCase())
  if (level !== undefined)
    query = query.where(eb =>
      eb.exists(
        eb
          .selectFrom('sfia_levels')
          .select('level')
          .whereRef('sfia_levels.version', '=', 'sfia_skills.version')
          .whereRef('sfia_levels.code', '=', 'sfia_skills.code')
          .where('level', '=', level),
      ),
    )
  if (after !== undefined) query = query.where('code', '>', after)
  return query.orderBy('code').limit(limit).execute()
}

/** One skill of a version; undefined where its index has no such code. */
export const findSfiaSkill = (
  db: Kysely<Database>,
  version: SfiaVersion,
  code: string,
): Promise<SfiaIndexSkill | undefined> =>
  db
    .selectFrom('sfia_skills')
    .select(['code', 'name', 'category', 'subcategory', levelsOfSkill])
    .where('version', '=', version)
    .where('code', '=', code)
    .executeTakeFirst()

/** What is wrong with one mapping; `index` is its place in the list that was checked. */
interface MappingError {
  index: number
  code: 'sfia_level_not_valid' | 'sfia_unknown_code' | 'sfia_not_loaded'
  detail: string
}

/**
 * What is wrong with mappings in a version of SFIA; [] where nothing is. The one check for all that a mapping comes
 * through: a draft as a whole or in part, a change of its `sfia_version`, validation and import. One query.
 *
 * `sfia_not_loaded` stands in place of `sfia_unknown_code` where the version is not complete, and so may know the code
 * all the same.
 */
export async function checkMappings(
  db: Kysely<Database>,
  version: SfiaVersion,
  mappings: readonly SfiaMapping[],
): Promise<MappingError[]> {
  if (mappings.length === 0) return []
  const codes = mappings.map(({ code }) => code)
  const rows = await db
    .selectFrom('sfia_levels')
    .select(['code', sql<number[]>`array_agg(level order by level)`.as('levels')])
    .where('version', '=', version)
    .where('code', 'in', codes)
    .groupBy('code')
    .execute()
  const levels = new Map(rows.map(row => [row.code, row.levels]))
  // The whole index is read only to say what was meant.
  const known = codes.every(code => levels.has(code)) ? nothingKnown : await findKnown(db, version, codes)
  return mappings.flatMap(({ code, level }, index): MappingError[] => {
    const own = levels.get(code)
    if (!own) return [{ index, ...explainUnknown(version, code, known) }]
    if (own.includes(level)) return []
    const detail = `${code} has level${own.length === 1 ? '' : 's'} ${own.join(', ')} in SFIA ${version}.`
    return [{ index, code: 'sfia_level_not_valid', detail }]
  })
}

/** Why a version's index has no such code, as `checkMappings` says it. */
export async function explainUnknownCode(db: Kysely<Database>, version: SfiaVersion, code: string): Promise<string> {
  return explainUnknown(version, code, await findKnown(db, version, [code])).detail
}

interface Known {
  complete: boolean
  /** Of every skill of the version. */
  codes: string[]
  /** The versions that have a code which was asked for, by code. */
  versions: Record<string, SfiaVersion[]>
}

const nothingKnown: Known = { complete: false, codes: [], versions: {} }

async function findKnown(db: Kysely<Database>, version: SfiaVersion, codes: readonly string[]): Promise<Known> {
  const { rows } = await sql<Known>`
    select
      complete,
      array(select code from sfia_skills where sfia_skills.version = sfia_versions.version order by code) as codes,
      coalesce((
        select json_object_agg(code, versions)
        from (
          select code, json_agg(version order by version) as versions from sfia_skills
          where code = any(${codes}) group by code
        ) as of_codes
      ), '{}') as versions
    from sfia_versions where version = ${version}
  `.execute(db)
  return rows[0] ?? nothingKnown
}

function explainUnknown(
  version: SfiaVersion,
  code: string,
  { complete, codes, versions }: Known,
): Omit<MappingError, 'index'> {
  const retirement = findRetirement(version, code)
  if (retirement) {
    const { retiredIn, successors } = retirement
    const use = successors.length > 0 ? `; use ${successors.join(' or ')}` : ' and has no one successor'
    return { code: 'sfia_unknown_code', detail: `${code} was retired in SFIA ${retiredIn}${use}.` }
  }
  const letters = (word: string) => [...word].sort().join('')
  const meant = nearest(code, codes) ?? codes.find(known => letters(known) === letters(code))
  const elsewhere = versions[code]?.join(', ')
  const hint = elsewhere ? ` It is in SFIA ${elsewhere}.` : meant ? ` Did you mean ${meant}?` : ''
  return complete
    ? { code: 'sfia_unknown_code', detail: `SFIA ${version} has no skill ${code}.${hint}` }
    : {
        code: 'sfia_not_loaded',
        detail: `${code} is not among the few skills of SFIA ${version} that are loaded. Load its spreadsheet with sfia:load.${hint}`,
      }
}

/** Who still maps to a level that a sheet lacks. */
interface SfiaUse {
  role: string
  state: DocumentState
  code: string
  level: number
}

/** A sheet lacks levels that roles map to; nothing was loaded. The message names all of them. */
export class SfiaInUseError extends Error {
  override name = 'SfiaInUseError'
  readonly uses: readonly SfiaUse[]

  constructor(version: SfiaVersion, uses: readonly SfiaUse[]) {
    const lines = uses.map(({ role, state, code, level }) => `  ${code} ${level}: the ${state} role ${role}`)
    super(`Roles use levels of SFIA ${version} that this sheet lacks:\n${lines.join('\n')}`)
    this.uses = uses
  }
}

/** What a load did. */
interface SfiaLoad {
  /** False where the version held exactly this already. */
  changed: boolean
  skills: number
  /** Of what the version held before (null for a starter index) and of what it holds now. */
  digests: { before: string | null; after: string }
}

/**
 * Makes a version hold exactly these skills, and marks it complete. Loading the same again changes nothing.
 *
 * @throws SfiaInUseError where a draft or a published role uses a level that the new skills lack; roll back then.
 */
export async function loadSfia(
  trx: Transaction<Database>,
  version: SfiaVersion,
  skills: readonly SfiaIndexSkill[],
): Promise<SfiaLoad> {
  const after = digestOf(skills)
  // Locks the version, so that of two loads at once the second sees what the first did.
  const held = await trx
    .selectFrom('sfia_versions')
    .select(['complete', 'digest'])
    .where('version', '=', version)
    .forUpdate()
    .executeTakeFirstOrThrow()
  const done = { skills: skills.length, digests: { before: held.digest, after } }
  if (held.complete && held.digest === after) return { changed: false, ...done }

  const sheet = sql`json_to_recordset(${JSON.stringify(skills)}::json)
    as sheet (code text, name text, category text, subcategory text, levels json)`
  const sheetLevels = sql`select code, value::smallint as level
    from ${sheet} cross join json_array_elements_text(levels)`
  await sql`
    delete from sfia_levels where version = ${version} and (code, level) not in (${sheetLevels})
  `.execute(trx)
  await sql`
    delete from sfia_skills where version = ${version} and code not in (select code from ${sheet})
  `.execute(trx)
  await sql`
    insert into sfia_skills (version, code, name, category, subcategory)
    select ${version}, code, name, category, subcategory from ${sheet}
    on conflict (version, code) do update
    set name = excluded.name, category = excluded.category, subcategory = excluded.subcategory
  `.execute(trx)
  await sql`
    insert into sfia_levels (version, code, level)
    select ${version}, code, level from (${sheetLevels}) as sheet_levels
    on conflict (version, code, level) do nothing
  `.execute(trx)
  const uses = await listUsesOfMissing(trx, version)
  if (uses.length > 0) throw new SfiaInUseError(version, uses)
  await trx
    .updateTable('sfia_versions')
    .set({ complete: true, digest: after, loaded_at: sql`now()` })
    .where('version', '=', version)
    .execute()
  return { changed: true, ...done }
}

/** Asked after the levels are gone, and their rows locked: no draft can begin to use one of them unseen. */
const listUsesOfMissing = (trx: Transaction<Database>, version: SfiaVersion): Promise<SfiaUse[]> =>
  trx
    .selectFrom('role_sfia_levels as used')
    .leftJoin('sfia_levels as kept', join =>
      join
        .onRef('kept.version', '=', 'used.version')
        .onRef('kept.code', '=', 'used.code')
        .onRef('kept.level', '=', 'used.level'),
    )
    .select(['used.role', 'used.state', 'used.code', 'used.level'])
    .where('used.version', '=', version)
    .where('kept.level', 'is', null)
    .orderBy('used.code')
    .orderBy('used.role')
    .orderBy('used.state')
    .execute()

/** Of what a version holds, in one order of codes and levels whatever the order of the sheet. */
function digestOf(skills: readonly SfiaIndexSkill[]): string {
  const rows = [...skills]
    .sort((a, b) => (a.code < b.code ? -1 : 1))
    .map(({ code, name, category, subcategory, levels }) => [code, name, category, subcategory, [...levels].sort()])
  return createHash('sha256').update(JSON.stringify(rows)).digest('base64url')
}
