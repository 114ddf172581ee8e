/** Which skill of its form each line of an edited document is. */
import type { FormSkill } from '../../document/form.ts'
import { matchTexts } from '../../document/match.ts'
import { plainText } from '../../document/text.ts'

interface SkillLine {
  text: string
  /** The skill that the form has in its place. */
  place: FormSkill | undefined
  /** Whether its list is as long as it was. */
  isAsLong: boolean
}

/** The skill of the form that each line is: by its text, the likeliest after those that are the same; then by its place. */
export function pairSkills<A extends SkillLine, B extends { text: string }>(
  lines: readonly A[],
  anew: readonly B[],
  form: readonly FormSkill[],
): Map<A | B, FormSkill> {
  const pairs = new Map<A | B, FormSkill>()
  const taken = new Set<FormSkill>()
  const pair = (line: A | B, skill: FormSkill) => {
    pairs.set(line, skill)
    taken.add(skill)
  }
  for (const line of lines) {
    const { statement } = line.place ?? {}
    if (line.place && statement !== undefined && plainText(statement) === plainText(line.text)) pair(line, line.place)
  }
  const wanted = [...lines, ...anew].filter(line => !pairs.has(line))
  const free = form.flatMap(skill =>
    skill.statement === undefined || taken.has(skill) ? [] : [{ text: skill.statement, skill }],
  )
  for (const [line, { skill }] of matchTexts<A | B, (typeof free)[number]>(wanted, free)) pair(line, skill)
  for (const line of lines)
    if (line.isAsLong && line.place && !pairs.has(line) && !taken.has(line.place)) pair(line, line.place)
  return pairs
}
