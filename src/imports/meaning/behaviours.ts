/** The nine behaviours of Success Profiles where a document names them: in a list, as headings, or in a sentence on them. */
import { everydayBehaviour } from '../../document/behaviours.ts'
import { behaviours } from '../../document/code-lists.ts'
import type { RoleDocument } from '../../document/schema.ts'
import { plainOfInlines } from '../../document/text.ts'
import { type SourceBlock, sourceLines } from '../source/tree.ts'
import { normaliseHeading } from '../words/headings.ts'
import type { OutlineSection } from './outline.ts'
import type { BodyBlock, Rows } from './steps.ts'

type Behaviour = RoleDocument['behaviours'][number]

/** What they are called in Welsh. To teach the importer a name, add it. */
export const welshBehaviours: [string, Behaviour][] = [
  ['Gweld y Darlun Mawr', 'seeing_the_big_picture'],
  ['Gweld y Darlun Cyflawn', 'seeing_the_big_picture'],
  ['Gweld y Darlun Ehangach', 'seeing_the_big_picture'],
  ['Newid a Gwella', 'changing_and_improving'],
  ['Gwneud Penderfyniadau Effeithiol', 'making_effective_decisions'],
  ['Arweinyddiaeth', 'leadership'],
  ['Cyfathrebu a Dylanwadu', 'communicating_and_influencing'],
  ['Gweithio gyda’n Gilydd', 'working_together'],
  ['Datblygu’ch Hun ac Eraill', 'developing_self_and_others'],
  ['Datblygu eich Hun ac Eraill', 'developing_self_and_others'],
  ['Datblygu’r Hunan ac Eraill', 'developing_self_and_others'],
  ['Datblygu’ch Hunan ac Eraill', 'developing_self_and_others'],
  ['Datblygu Hunan ac Eraill', 'developing_self_and_others'],
  ['Rheoli Gwasanaeth o Safon', 'managing_a_quality_service'],
  ['Rheoli Gwasanaeth o Ansawdd', 'managing_a_quality_service'],
  ['Rheoli Gwasanaeth o Ansawdd Da', 'managing_a_quality_service'],
  ['Cyflawni ar Gyflymder', 'delivering_at_pace'],
  ['Cyflawni’n Gyflym', 'delivering_at_pace'],
  ['Cyflawni’n Brydlon', 'delivering_at_pace'],
]

const names = new Map(
  [...behaviours.map(({ code, label }) => [label, code as Behaviour] as const), ...welshBehaviours].map(
    ([name, code]) => [normaliseHeading(name), code] as const,
  ),
)

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

/** `Leadership (lead)`: what stands in brackets is said of the name before it, where it is no name itself. */
const withoutAsides = (text: string) =>
  text.replace(/\([^()]*\)/g, aside => (within(normaliseHeading(aside)).length > 0 ? aside : ''))

const namedBy = (text: string): Behaviour[] =>
  partsOf(withoutAsides(text)).flatMap(part => {
    const code = names.get(part.replace(/ \d$/, ''))
    return code ? [code] : []
  })

/** The behaviours whose names are among words, in their order. */
const within = (words: string): Behaviour[] =>
  [...names]
    .filter(([name]) => ` ${words} `.includes(` ${name} `))
    .sort(([one], [other]) => words.indexOf(one) - words.indexOf(other))
    .map(([, code]) => code)

/** Behaviours that a sentence names, where it says that it is about them. */
const inSentence = (text: string): Behaviour[] =>
  /behaviou?rs?\b|\bymddygiadau\b|\bcore competenc(?:e|y|es|ies)\b/i.test(text) ? within(normaliseHeading(text)) : []

/** A heading under which the behaviours stand. */
export const isOfBehaviours = (heading: string) =>
  /\bbehaviou?rs?\b|\bsuccess profiles?\b|\bcore competenc(?:e|y|es|ies)\b|^ymddygiadau/i.test(heading)

/** `Leadership: you lead` under such a heading is about what stands before the colon. */
const about = /^([^:–—]{1,80}?)(?::|\s[–—-])\s/
const anyName = `(?:${[...names.keys()].join('|')})`
/** `Working Together and Delivering at Pace` */
const several = new RegExp(`^(?:(?:and )?${anyName}\\b ?)+$`)
const oneName = new RegExp(`\\b${anyName}\\b`, 'gi')
/** The same within a sentence, or numbered: `1. Leadership 2. Working Together`. */
const row = new RegExp(`\\b${anyName}(?:(?: at)?(?: level)?(?: \\d)?(?: and)?(?: \\d)? ${anyName}\\b)+`, 'gi')

/** Behaviours that stand in a row within a sentence, each with a capital: without, `working together` is what people do. */
function inRows(text: string): Behaviour[] {
  const plain = text
    .replace(/['’]/g, '')
    .replace(/&/g, ' and ')
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
  return [...plain.matchAll(row)].flatMap(([part]) => {
    const each = [...part.matchAll(oneName)]
    return each.every(([name]) => /^\p{Lu}/u.test(name)) ? within(part.toLowerCase()) : []
  })
}

/** `At interview we will assess: Working Together, Leadership`: names and nothing else behind the colon. */
function inAssessment(text: string): Behaviour[] {
  const at = text.length <= 600 ? text.indexOf(': ') : -1
  const isOn = at > 0 && /\b(?:assess|test|evaluat)(?:ed|e|ing|ment)?\b/i.test(text.slice(0, at))
  const named = text.slice(at + 1)
  return isOn && several.test(normaliseHeading(named)) ? inRows(named) : []
}

/** Behaviours that a line under a heading of behaviours names: alone, before what is said of it, or several in a row. */
function inList(line: string): Behaviour[] {
  const text = withoutAsides(line)
  const read = (part: string) => {
    const words = normaliseHeading(part).replace(/ (?:level )?\d$/, '')
    return several.test(words) ? within(words) : []
  }
  const one = read(about.exec(text)?.[1] ?? '')
  return one.length > 0 ? one : [...inRows(text), ...text.split(/[,;:/\u2028\n]|\s[–—-]\s/).flatMap(read)]
}

const linesOf = (block: BodyBlock | SourceBlock): string[] => {
  if (block.type === 'list') return block.items.flatMap(item => item.blocks.flatMap(linesOf))
  if (block.type === 'rows' || block.type === 'table')
    return block.rows.flatMap(row => row.cells.flatMap(cell => cell.blocks.flatMap(linesOf)))
  const lines = sourceLines(block).map(({ content }) => plainOfInlines(content))
  // Short lines that each begin with a capital were set one below the other; others are wrapped.
  const isSet = lines.length > 1 && lines.every(line => line.length <= 80 && /^\p{Lu}/u.test(line))
  return isSet ? lines : [plainOfInlines(block.content)]
}

/** Behind a cell that is called `Behaviours` stand behaviours. */
function* linesOfRows({ rows }: Rows, listed: boolean): Generator<{ text: string; listed: boolean }> {
  for (const { cells } of rows) {
    const [first, ...others] = cells.map(cell => cell.blocks.flatMap(linesOf))
    for (const text of first ?? []) yield { text, listed }
    const isLabelled = first?.length === 1 && first.every(text => text.length <= 80 && isOfBehaviours(text))
    for (const text of others.flat()) yield { text, listed: listed || isLabelled }
  }
}

/** Each line of a section, and whether it stands under a heading of behaviours. */
function* linesUnder({ heading, body }: OutlineSection): Generator<{ text: string; listed: boolean }> {
  let listed = isOfBehaviours(heading)
  yield { text: heading, listed: false }
  for (const block of body) {
    const lines = linesOf(block)
    // The name of a behaviour as a subheading is one of those that are told.
    if (block.type === 'subheading' && !lines.some(isBehaviour)) listed = lines.some(isOfBehaviours)
    if (block.type === 'rows') yield* linesOfRows(block, listed)
    else for (const text of lines) yield { text, listed }
  }
}

/** The behaviours that sections name, in their order; [] where they name none. */
export function behavioursIn(sections: readonly OutlineSection[]): Behaviour[] {
  const found = new Set<Behaviour>()
  const sure = new Set<Behaviour>()
  for (const { text, listed } of sections.flatMap(section => [...linesUnder(section)])) {
    for (const code of text.length <= 120 ? namedBy(text) : []) found.add(code)
    for (const code of [...(listed ? inList(text) : []), ...inSentence(text), ...inAssessment(text)]) {
      found.add(code)
      sure.add(code)
    }
  }
  if (found.size === 1 && !sure.has(everydayBehaviour)) found.delete(everydayBehaviour)
  return [...found]
}

/** Whether a section names a behaviour, or a competency of those before them. */
export const namesBehaviours = (section: OutlineSection) =>
  behavioursIn([section]).length > 0 || [...linesUnder(section)].some(({ text }) => isBehaviour(text))
