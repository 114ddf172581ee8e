/** The nine behaviours of Success Profiles where a document names them: in a list, as headings, or in a sentence on them. */
import { behaviours } from '../document/code-lists.ts'
import type { RoleDocument } from '../document/schema.ts'
import { plainOfInlines } from '../document/text.ts'
import { normaliseHeading } from './headings.ts'
import type { BodyBlock, OutlineSection } from './outline.ts'
import type { SourceBlock } from './tree.ts'

type Behaviour = RoleDocument['behaviours'][number]

const names = new Map(behaviours.map(({ code, label }) => [normaliseHeading(label), code as Behaviour]))
/** A word of everyday use: it counts beside others only. */
const everyday: Behaviour = 'leadership'

/** What the Competency Framework of 2012 had beside those of its competencies that are behaviours now, and its clusters. */
const competencies = new Set([
  'setting direction',
  'engaging people',
  'delivering results',
  'leading and communicating',
  'collaborating and partnering',
  'building capability for all',
  'achieving commercial outcomes',
  'delivering value for money',
])

/** `Setting Direction – Changing and Improving` names two. */
const partsOf = (text: string) => text.split(/\s+[–—:-]\s+|:$/).map(normaliseHeading)

/** Whether a line is the name of a behaviour or competency, so that it heads no section of its own. */
export const isBehaviour = (text: string) => partsOf(text).some(part => names.has(part) || competencies.has(part))

const namedBy = (text: string): Behaviour[] =>
  partsOf(text).flatMap(part => {
    const code = names.get(part.replace(/ \d$/, ''))
    return code ? [code] : []
  })

/** Behaviours that a sentence names, where it says that it is about them. */
function inSentence(text: string): Behaviour[] {
  if (!/behaviou?rs?\b/i.test(text)) return []
  const words = ` ${normaliseHeading(text)} `
  return [...names]
    .filter(([name]) => words.includes(` ${name} `))
    .sort(([one], [other]) => words.indexOf(one) - words.indexOf(other))
    .map(([, code]) => code)
}

const linesOf = (block: BodyBlock | SourceBlock): string[] => {
  if (block.type === 'list') return block.items.flatMap(item => item.blocks.flatMap(linesOf))
  if (block.type === 'rows' || block.type === 'table')
    return block.rows.flatMap(row => row.cells.flatMap(cell => cell.blocks.flatMap(linesOf)))
  return [plainOfInlines(block.content)]
}

/** The behaviours that sections name, in their order; [] where they name none. */
export function behavioursIn(sections: readonly OutlineSection[]): Behaviour[] {
  const lines = sections.flatMap(({ heading, body }) => [heading, ...body.flatMap(linesOf)])
  const found = new Set(lines.flatMap(text => (text.length <= 120 ? namedBy(text) : [])))
  if (found.size === 1 && found.has(everyday)) found.clear()
  for (const code of lines.flatMap(inSentence)) found.add(code)
  return [...found]
}
