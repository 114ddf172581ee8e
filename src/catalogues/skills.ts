/** The skill catalogue: one for all organisations, so that the same skill has the same name in every role. */
import { sql, type Transaction } from 'kysely'
import { Type } from 'typebox'
import { containing } from '../database/page.ts'
import type { Database } from '../database/types.ts'
import type { Finding } from '../document/check.ts'
import { checkText } from '../document/text.ts'
import { Problem } from '../plugins/problems.ts'
import { catalogueRoutes } from './routes.ts'
import { NewSkill, ReplacementSkill, Skill, SkillList, SkillPatch, SkillRoles } from './schema.ts'

function checkSkill({ description, level_descriptions }: Skill): Finding[] {
  const texts: [pointer: string, text: string | null][] = [
    ['/description', description],
    ...Object.entries(level_descriptions).map(([level, text]): [string, string | null] => [
      `/level_descriptions/${level}`,
      text,
    ]),
  ]
  return texts.flatMap(([pointer, text]) => {
    const found = text === null ? null : checkText(text)
    return found === null ? [] : [{ pointer, code: 'wrong_text', detail: found }]
  })
}

/** Names differ in more than case. The index keeps it so; asked first, the answer can name the other. */
async function requireFreeName(trx: Transaction<Database>, slug: string, { name }: Skill): Promise<void> {
  const { rows } = await sql<{ slug: string }>`
    select slug from skills where lower(name) = lower(${name}) and slug <> ${slug}`.execute(trx)
  const [taken] = rows
  if (!taken) return
  const url = `/v1/skills/${taken.slug}`
  throw new Problem('already_exists', `The skill "${taken.slug}" has this name already.`, {
    headers: { link: `<${url}>; rel="related"` },
    members: { existing: url },
  })
}

export const skills = catalogueRoutes<Skill>({
  table: 'skills',
  noun: 'skill',
  name: 'Skill',
  tag: 'Skills',
  schema: { entry: Skill, create: NewSkill, replace: ReplacementSkill, patch: SkillPatch, list: SkillList },
  owned: false,
  read: 'public',
  write: 'skills:write',
  summary: ['name'],
  filters: {
    q: {
      schema: Type.String({ minLength: 1, maxLength: 100, description: 'Part of the name.' }),
      where: q => sql`name ilike ${containing(q)}`,
    },
  },
  titleOf: 'name',
  check: checkSkill,
  requireUnique: requireFreeName,
  roles: { table: 'role_skills', column: 'skill', list: SkillRoles },
})
