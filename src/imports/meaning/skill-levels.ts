/** Tables of skills with the level at which each is needed, as the framework of digital and data has them. */
import { skillLevels } from '../../document/code-lists.ts'
import type { RoleSkill } from '../../document/schema.ts'
import type { Inline } from '../../document/text.ts'
import { type Line, type SourceRow, textsIn } from '../source/tree.ts'
import { normaliseHeading } from '../words/headings.ts'
import { cellText, filledCells } from './tables.ts'

export interface LevelledSkill extends Line {
  level: { code: Exclude<RoleSkill['level'], null>; printed: string }
}

const heads = {
  skill: /^(?:skills?|skill name|name of skill)$/,
  level: /^(?:skill |required |expected |target )?(?:skill )?levels?(?: required| needed)?$/,
}
const codes = skillLevels.map(({ code }) => code)
/** `Working`, `Level: working`, `Practitioner level`. */
const levelIn = (text: string) => {
  const word = normaliseHeading(text).replace(/^level | level$/g, '')
  const code = codes.find(known => known === word)
  return code ? { code, printed: text } : undefined
}

/**
 * The skills of a table `Skill | Level | What this means`, each of its statements behind the skill that it is on; undefined
 * where a row says no level by its name, or has no skill.
 */
export function levelledSkills([head, ...rows]: readonly SourceRow[]): LevelledSkill[] | undefined {
  const texts = head?.cells.map(cell => normaliseHeading(cellText(cell))) ?? []
  const [skillAt, levelAt] = [heads.skill, heads.level].map(pattern => texts.findIndex(text => pattern.test(text)))
  if (skillAt !== 0 || levelAt === undefined || levelAt < 0 || texts.length > 3 || rows.length === 0) return undefined
  const found = rows.map((row): LevelledSkill[] | undefined => {
    const level = levelIn(cellText(row.cells[levelAt]))
    const [name, ...more] = textsIn(row.cells[0]?.blocks ?? [])
    if (!level || !name || more.length > 0 || row.cells.length > texts.length) return undefined
    const said = row.cells.filter((_, at) => at > 0 && at !== levelAt).flatMap(cell => textsIn(cell.blocks))
    const before: Inline[] = [...name.content, { type: 'text', value: ': ' }]
    const statements = said.map(({ content, line }) => ({ content: [...before, ...content], line, level }))
    return statements.length > 0 ? statements : [{ ...name, level }]
  })
  const isWhole = found.every(skills => skills !== undefined) && rows.every(row => filledCells(row).length > 1)
  return isWhole ? found.flatMap(skills => skills ?? []) : undefined
}
