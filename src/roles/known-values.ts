/** Whether the values that a list is narrowed to are in the lists of their kinds, and which was meant. */
import { type Kysely, sql } from 'kysely'
import { explainUnknownOrganisation, nearestSlug } from '../catalogues/store.ts'
import type { Database } from '../database/types.ts'
import { gradeProblem } from '../document/check.ts'
import { grades as civilServiceGrades } from '../document/code-lists.ts'
import { didYouMean } from '../document/nearest.ts'
import { type ErrorDetail, invalid } from '../plugins/problems.ts'
import { explainUnknownCode } from '../sfia/store.ts'
import { nearestRole } from './near.ts'
import { countOf, parseSfia, type RoleFilter } from './search.ts'

/** Other lists know roles by their slug. */
type Known = RoleFilter & { role?: string }
type Sent = { [name in keyof Known]: Known[name] | undefined }

/**
 * What of a filter is in no list of its kind, for a caller who was found nothing; [] where all is known. An organisation,
 * skill or SFIA code that no published role has is known all the same; a grade of a department's own scheme is known
 * by the roles and vacancies in public that have it.
 */
async function findUnknownValues(db: Kysely<Database>, filter: Sent): Promise<ErrorDetail[]> {
  const { organisation, role, skill, grade, sfia, sfia_version } = filter
  const { code, levels, falls } = parseSfia(sfia ?? '')
  const isCivilService = civilServiceGrades.some(each => each.code === grade)
  const { rows } = await sql<Record<'organisation' | 'role' | 'skill' | 'grade', boolean> & { levels: number[] }>`
    select exists (select from organisations where slug = ${organisation ?? null}) as organisation,
      exists (select from role_versions where role = ${role ?? null}) as role,
      exists (select from skills where slug = ${skill ?? null}) as skill,
      ${countOf({ grade: isCivilService ? '' : (grade ?? '') })} > 0 or exists (
        select from vacancies where grades @> array[${grade ?? ''}] and state in ('open', 'closed')) as grade,
      array(select distinct level from sfia_levels
        where code = ${code} and (${sfia_version ?? null}::text is null or version = ${sfia_version ?? null})
        order by level) as levels`.execute(db)
  const known = rows[0]
  const errors: ErrorDetail[] = []
  const refuse = (name: keyof Sent, detail: string) => errors.push({ pointer: `?${name}`, code: 'not_in_list', detail })
  if (organisation !== undefined && !known?.organisation)
    refuse('organisation', await explainUnknownOrganisation(db, organisation))
  if (role !== undefined && !known?.role)
    refuse('role', `No role "${role}" was ever published.${didYouMean(await nearestRole(db, role))}`)
  if (skill !== undefined && !known?.skill)
    refuse('skill', `The skill catalogue has no "${skill}".${didYouMean(await nearestSlug(db, 'skills', skill))}`)
  if (grade !== undefined && !known?.grade && !isCivilService) refuse('grade', gradeProblem(grade))
  if (sfia !== undefined) {
    const defined = known?.levels ?? []
    const version = sfia_version === undefined ? '' : ` in SFIA ${sfia_version}`
    if (defined.length === 0) refuse('sfia', await explainUnknownCode(db, sfia_version ?? '9', code))
    else if (falls) refuse('sfia', `Of the levels of "${sfia}" the lower comes first, as in ${code}:3-5.`)
    else if (!levels.some(level => defined.includes(level)))
      refuse('sfia', `${code} has level${defined.length === 1 ? '' : 's'} ${defined.join(', ')}${version}.`)
  }
  return errors
}

/** Throws 422 for what of a filter is in no list of its kind: nobody shall wait for what a slip of the pen never finds. */
export async function requireKnownValues(db: Kysely<Database>, filter: Sent): Promise<void> {
  const unknown = await findUnknownValues(db, filter)
  if (unknown.length > 0) throw invalid(unknown)
}
