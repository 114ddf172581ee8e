/** Which roles use an entry of a catalogue, as far as the caller may read them. */
import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { Database, DocumentState } from '../database/types.ts'
import { type Caller, organisationOf } from '../plugins/auth.ts'

/** The table that records which role uses which entry, and the column that names the entry. */
export type UseTable =
  | { table: 'role_skills'; column: 'skill' }
  | { table: 'role_shared_sections'; column: 'shared_section' }

/** What keeps an entry from being deleted, for the caller to read: `used_by` and `others` of 409 `in_use`. */
export interface InUse {
  usedBy: readonly unknown[]
  others: boolean
  detail: string
}

export interface Use {
  role: string
  state: DocumentState | 'withdrawn'
  /** The role's latest version; null of a draft. */
  version: number | null
  /** Of the shared section as the version printed it; null of a draft, and of what versions print by name alone. */
  revision: number | null
  /** Its place in the list. */
  key: string
}

/** Whether the caller may read the draft of the role `r`. */
function ownDraft(caller: Caller | null): RawBuilder<boolean> {
  if (caller === null) return sql`false`
  const organisation = organisationOf(caller)
  return organisation === null ? sql`true` : sql`r.organisation = ${organisation}`
}

/** Uses that the caller may read, by role and state, `limit` of them after a key; [] where there is none. */
export async function listUses(
  db: Kysely<Database>,
  { table, column }: UseTable,
  caller: Caller | null,
  slug: string,
  limit: number,
  after?: string,
): Promise<Use[]> {
  const [role = '', state = ''] = (after ?? '').split(' ')
  // The place is given for both tables: a merge of the two would else read the roles from the first on.
  const { rows } = await sql<Use>`
    select u.role,
      case when u.state = 'published' and r.withdrawn_at is not null then 'withdrawn' else u.state end as state,
      case when u.state = 'published' then r.version end as version,
      ${table === 'role_shared_sections' ? sql`u.revision` : sql`null::integer`} as revision,
      u.role || ' ' || u.state as key
    from ${sql.table(table)} u join roles r on r.slug = u.role
    where u.${sql.ref(column)} = ${slug} and (u.state = 'published' or ${ownDraft(caller)})
      and (u.role, u.state) > (${role}, ${state}) and r.slug >= ${role}
    order by u.role, u.state limit ${limit}`.execute(db)
  return rows
}

/** Whether a role uses the entry of which the caller may read nothing that does. */
export async function hasOtherUses(
  db: Kysely<Database>,
  { table, column }: UseTable,
  caller: Caller | null,
  slug: string,
): Promise<boolean> {
  if (caller !== null && organisationOf(caller) === null) return false
  const { rows } = await sql<{ others: boolean }>`
    select exists (
      select from ${sql.table(table)} u join roles r on r.slug = u.role
      where u.${sql.ref(column)} = ${slug} and u.state = 'draft' and not ${ownDraft(caller)}
        and not exists (
          select from ${sql.table(table)} p
          where p.role = u.role and p.state = 'published' and p.${sql.ref(column)} = ${slug})
    ) as others`.execute(db)
  return rows[0]?.others ?? false
}
