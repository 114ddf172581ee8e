/** What the page of one role shows, in the words that people read. */
import { behaviours, families, labelOf, labelsOf, professions, skillLevels } from '../document/code-lists.ts'
import { londonDate } from '../document/london.ts'
import { detailRows, gradeName, printBlock, tablesOf } from '../document/print.ts'
import type { AdvertDetails, PublishedRole } from '../document/schema.ts'

/** A row of a summary list, as govuk-frontend takes it. */
export interface Row {
  key: { text: string }
  value: { text: string }
}

/** Rows of what is known; what is empty has none. */
const rowsOf = (facts: [label: string, value: string | null][]): Row[] =>
  facts.flatMap(([text, value]) => (value ? [{ key: { text }, value: { text: value } }] : []))

/** The facts at the head of the page. */
export const factsOf = (role: PublishedRole): Row[] =>
  rowsOf([
    ['Organisation', role.organisation.name],
    ['Also called', role.alternative_titles.join(', ')],
    ['Profession', role.profession && labelOf(professions, role.profession)],
    ['Family', role.family && labelOf(families, role.family)],
    ['Grade', role.grades.map(gradeName).join(', ')],
    ['Behaviours', labelsOf(behaviours, role.behaviours)],
    ['Version', `${role.version}, published ${londonDate(role.published_at)}`],
  ])

/** As documents print them, but for the grade, which is among the facts. */
export const advertRowsOf = (details: AdvertDetails): Row[] =>
  rowsOf(detailRows(details, []).map(({ label, value }) => [label, value]))

export const sfiaRowsOf = ({ sfia_mappings }: PublishedRole) =>
  sfia_mappings.map(({ code, name, level, category, subcategory }) =>
    [code, String(level), name, category, subcategory].map(text => ({ text })),
  )

/** The skills that a block of this importance prints. */
export const skillsOf = ({ skills }: PublishedRole, importance: string | null) =>
  skills
    .filter(skill => skill.importance === importance)
    .map(({ statement, level }) => ({ statement, level: level === null ? '' : labelOf(skillLevels, level) }))

/**
 * The sections that have something to show, and tables of SFIA and of details for what none of them prints: optional
 * items are not shown, and the grade is among the facts.
 */
export function sectionsOf(role: PublishedRole): PublishedRole['sections'] {
  const shown = { ...role, grades: [] }
  const optional = () => false
  return [...role.sections, ...tablesOf(shown)].filter(({ blocks }) =>
    blocks.some(block => printBlock(block, shown, { optional }).length > 0),
  )
}
