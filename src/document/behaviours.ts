/** The nine behaviours of Success Profiles (2018) as lines of a document name them. Pure. */
import { behaviours } from './code-lists.ts'
import type { RoleDocument } from './schema.ts'

type Behaviour = RoleDocument['behaviours'][number]

const normal = (text: string) => text.toLowerCase().replace(/&/g, 'and').replace(/\s+/g, ' ').trim()
const codeOf = new Map(behaviours.map(({ code, label }) => [normal(label), code as Behaviour]))
/** `Leadership – you lead others`, `Working together (level 3)`: what is said of a behaviour stands behind its name. */
const aside = /\s*[:(–—].*$|\s-\s.*$|\.$/

/** Those that are a line, stand before what it says of them, or are parts of it, in the order of the lines; [] for none. */
export const behavioursNamed = (lines: readonly string[]): Behaviour[] => [
  ...new Set(
    lines.flatMap(line => line.split(/[,;]/).flatMap(part => codeOf.get(normal(part.replace(aside, ''))) ?? [])),
  ),
]
