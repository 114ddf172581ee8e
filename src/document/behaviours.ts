/** The nine behaviours of Success Profiles (2018) as lines of a document name them. Pure. */
import { behaviours } from './code-lists.ts'
import type { RoleDocument } from './schema.ts'

type Behaviour = RoleDocument['behaviours'][number]

const normal = (text: string) => text.toLowerCase().replace(/&/g, 'and').replace(/\s+/g, ' ').trim()
const codeOf = new Map(behaviours.map(({ code, label }) => [normal(label), code as Behaviour]))
/** `Leadership – you lead others`, `Working together (level 3)`: what is said of a behaviour stands behind its name. */
const aside = /\s*[:(–—].*$|\s-\s.*$|\.$/

/** `Delivering at Pace` within a sentence; without capitals it is what people do. */
const named = behaviours.map(({ code, label }) => {
  const words = label
    .split(' ')
    .map(word => (/^(?:a|and|at|the)$/.test(word) ? word : `${word[0]?.toUpperCase()}${word.slice(1)}`))
  return [code as Behaviour, new RegExp(`\\b${words.join(' ')}\\b`)] as const
})
/** The name of one is a word of everyday use, which begins many sentences: it counts beside others only. */
export const everydayBehaviour: Behaviour = 'leadership'

function inLine(line: string): Behaviour[] {
  const parts = line.split(/[,;]/).flatMap(part => codeOf.get(normal(part.replace(aside, ''))) ?? [])
  const within = named.flatMap(([code, pattern]) => (pattern.test(line) ? [code] : []))
  return [...parts, ...(within.length > 1 || within[0] !== everydayBehaviour ? within : [])]
}

/** Those that are a line or a part of it, or stand in it with capitals, in the order of the lines; [] for none. */
export const behavioursNamed = (lines: readonly string[]): Behaviour[] => [...new Set(lines.flatMap(inLine))]
