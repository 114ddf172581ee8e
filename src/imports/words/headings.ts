/** What a heading means. Quotes, dashes, case, colons and bold marks have no part in it. */

import { LRUCache } from 'lru-cache'
import { placeholderIn } from '../../document/placeholders.ts'
import type { SectionKind } from '../../document/schema.ts'
import { kindWords } from './section-kinds.ts'
import { welshWords } from './section-kinds-welsh.ts'

/** No phrase comes near to it: whole paragraphs are asked for too, and to normalise each takes time. */
const phraseMax = 150

/** One line is asked about by many: what it may be, and what those beside it are. */
const normalised = new LRUCache<string, string>({ max: 1000 })

/** Lower case, no quotes, dashes and other marks as spaces, no number before it: `What you’ll do:` → `what youll do`. */
export function normaliseHeading(text: string): string {
  if (text.length > phraseMax) return normalise(text)
  const known = normalised.get(text)
  if (known !== undefined) return known
  const words = normalise(text)
  normalised.set(text, words)
  return words
}

const normalise = (text: string) =>
  text
    .toLowerCase()
    .replace(/['’‘‛ʼ`´"“”„«»]/g, '')
    .replace(/&/g, ' and ')
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
    .replace(/^(?:section )?\d{1,2}(?: \d{1,2})* (?=\p{L})/u, '')

const exact = new Map(
  kindWords.flatMap(({ kind, phrases }) =>
    [...phrases, ...(welshWords[kind] ?? [])].map(phrase => [phrase, kind] as const),
  ),
)

const welshHeadings = new Set(Object.values(welshWords).flat())
/** Whether a heading is one that Welsh documents have. */
export const isWelshHeading = (text: string) =>
  /^(?:hanfodol|dymunol)$/i.test(text) || welshHeadings.has(normaliseHeading(text))

const wordsMax = 12

/** What both sides of a slash or a bar mean, as documents in two languages have it; undefined where they do not say the same. */
export function inBoth<T>(text: string, read: (side: string) => T | undefined): T | undefined {
  const [one = '', other, ...more] = text.length > phraseMax ? [] : text.split(/[/|]/)
  const meaning = other === undefined || more.length > 0 ? undefined : read(one)
  return meaning !== undefined && read(other as string) === meaning ? meaning : undefined
}

const exactKind = (text: string) => exact.get(normaliseHeading(text))

/** The kind of a heading that is known word for word; undefined where it is not. */
export const knownKind = (text: string): SectionKind | undefined =>
  text.length > phraseMax ? undefined : (exactKind(text) ?? inBoth(text, exactKind))

/** The kind of something that is a heading; `other` where its words do not tell. */
export function kindOf(text: string): SectionKind {
  const heading = normaliseHeading(text)
  const known = exact.get(heading) ?? inBoth(text, exactKind)
  if (known) return known
  if (heading.split(' ').length > wordsMax) return 'other'
  return kindWords.find(({ like }) => like?.test(heading))?.kind ?? 'other'
}

/** The kind of section that a sentence before a list opens; undefined where it is a sentence as others. */
export function introducedKind(text: string): SectionKind | undefined {
  const sentence = normaliseHeading(text)
  return kindWords.find(({ introduces }) => introduces?.test(sentence))?.kind
}

const kindsOfRole = new Set<SectionKind>([
  'role_summary',
  'responsibilities',
  'person_specification',
  'skills_experience',
])

/** Whether a section is one that each role has, and once. */
export const isOfRole = (kind: SectionKind | undefined) => kind !== undefined && kindsOfRole.has(kind)

/** A line in capital letters only, of more than an acronym. */
export const isUpper = (text: string) =>
  !/\p{Ll}/u.test(text) && /\p{Lu}{4}/u.test(text) && (text.match(/\p{Lu}/gu)?.length ?? 0) > 5 && !placeholderIn(text)

/** Short, and not a sentence: what a line must be before it is taken for a heading. */
export const looksLikeHeading = (text: string) =>
  text.length <= 120 && text.split(/\s+/).length <= wordsMax && !/[.!?;,]$/.test(text.trim())

/** Lines that say how much a list of skills matters. */
const importanceWords = {
  essential: [
    'essential',
    'must have',
    'must haves',
    'required',
    'minimum',
    'hanfodol',
    'meini prawf hanfodol',
    'sgiliau hanfodol',
  ],
  desirable: [
    'desirable',
    'nice to have',
    'nice to haves',
    'preferred',
    'advantageous',
    '(?:even )?better if you (?:also )?(?:had|have)',
    'it would (?:help|be (?:good|great|helpful|nice|useful)) if you (?:also )?(?:had|have)',
    'dymunol',
    'meini prawf dymunol',
    'sgiliau dymunol',
  ],
} as const

const what =
  '(?:criteria|skills|experience|requirements|qualifications|knowledge|attributes|skills and experience|knowledge and experience)'
const importances = Object.entries(importanceWords).map(
  ([importance, words]) =>
    [
      importance as keyof typeof importanceWords,
      // `Skills required` says what the skills are for, `Skills – essential` how much they matter.
      new RegExp(
        `^(?:(?:it is |its )?(?:${words.join('|')}) (?:that |for )?you(?: to)? (?:have|can|are|be)|(?:(?:also|additional|further|other) )?(?:${words.join('|')})(?: (?:${what}|and (?:criteria|experience)))?|${what} ${importance})$`,
      ),
    ] as const,
)

/** `Essential`, `Desirable criteria:` and the like; undefined for anything else. */
export function importanceOf(text: string): 'essential' | 'desirable' | undefined {
  if (text.length > phraseMax) return undefined
  const read = (side: string) => {
    const words = normaliseHeading(side)
    return importances.find(([, pattern]) => pattern.test(words))?.[0]
  }
  return read(text) ?? inBoth(text, read)
}

/** Sentences before a list that say how much what is in it matters, by how they begin. */
const leadIns = {
  essential: [
    'you(?: wi)?ll (?:also )?need to (?:show|demonstrate|have|be)',
    'you(?: wi)?ll (?:also )?be able to (?:show|demonstrate)',
    'you must (?:also )?(?:have|be|show|demonstrate)',
    'it is essential that you',
    'to (?:do (?:this|the) (?:job|role|work)(?: well)?|(?:succeed|thrive|do well|be successful)(?: in (?:this|the) (?:job|role|post))?) you(?: wi)?ll need(?: to(?: have| be)?)?$',
  ],
  desirable: [
    'it would (?:also )?be (?:a bonus|a plus|an advantage|advantageous|beneficial|desirable|good|great|helpful|ideal|nice|useful)(?: but (?:it )?(?:is |its )?not essential)? (?:if you(?: also| already)?$|(?:if you (?:also |already )?|to )(?:had|have|held|hold|knew|know|bring|brought|are|were))',
    'it would (?:also )?help if you (?:also )?(?:had|have|held|hold|knew|know|are|were)',
    'you (?:may|might) also have',
    'ideally (?:you(?: wi)?ll|you) (?:also )?(?:have|be|are)',
    'you do not need but we would welcome',
  ],
}
const leadInPatterns = Object.entries(leadIns).map(
  ([importance, phrases]) => [importance as keyof typeof leadIns, new RegExp(`^(?:${phrases.join('|')})\\b`)] as const,
)

/** Whether a heading is over what people must have where what stands beside it is desirable: `You should have`. */
export const isBesideDesirable = (text: string) =>
  /^(?:what )?you (?:should (?:also )?have|must have|need|will need|will have)$|^(?:what )?youll (?:need|have)$/.test(
    normaliseHeading(text),
  )

/** What the last sentence of a paragraph that a list follows says of it: `It would be a bonus if you also have:`. */
export function importanceBefore(text: string): 'essential' | 'desirable' | undefined {
  const end = text.trimEnd().slice(-phraseMax)
  if (!end.endsWith(':')) return undefined
  const start = end.search(/[^.!?]*$/)
  // A longer sentence is none of them.
  if (start === 0 && text.length > phraseMax) return undefined
  const sentence = end.slice(start).trim()
  const words = normaliseHeading(sentence)
  return importanceOf(sentence) ?? leadInPatterns.find(([, pattern]) => pattern.test(words))?.[0]
}
