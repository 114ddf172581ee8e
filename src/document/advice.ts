/**
 * Advice on a document: what is worth a second look and stops nothing. Importing gives it on the document that was
 * read, validation on a draft. Pure: no catalogue is asked.
 */
import { distance } from 'fastest-levenshtein'
import { acronymsIn } from './acronyms.ts'
import { leftoversIn } from './placeholders.ts'
import type { Block, RoleDocument, Section } from './schema.ts'
import { comparable, saysOtherwise, similarity } from './similarity.ts'
import { supersededAt, supersededIn } from './superseded.ts'
import { linksOf, plainText } from './text.ts'
import { type Part, partsOf, readableText } from './walk.ts'
import { shorten } from './wording.ts'

export interface Advice {
  /** RFC 6901 pointer into the document. */
  pointer: string
  code: string
  /** The words that it is about; '' where it is about none. */
  excerpt: string
  detail: string
  /** Where the advice comes from: a publication and its clause, or `house`, which is this register itself. */
  source: string
}

const sources = {
  house: 'house',
  sentences: 'GOV.UK content design, writing for GOV.UK: short sentences',
  abbreviations: 'GOV.UK style guide, A to Z: abbreviations and acronyms',
} as const

const templateTag = /\{\{.{0,200}?\}\}|\{%.{0,200}?%\}/

function* adviseOnText(part: Part, text: string): Generator<Advice> {
  const { pointer } = part
  for (const left of leftoversIn(text)) {
    const detail = 'A placeholder stands in the text; fill it in before the role is published.'
    yield { pointer, code: 'placeholder', excerpt: left, detail, source: sources.house }
  }
  const tag = templateTag.exec(text)?.[0]
  if (tag !== undefined) {
    const detail = 'A tag of a web template stands in the text.'
    yield { pointer, code: 'template_tag', excerpt: tag, detail, source: sources.house }
  }
}

interface Read {
  part: Part
  text: string
  words: string[]
}

/** Each link to what something has replaced, and the first words that name it. */
function* adviseOnSuperseded(reads: readonly Read[]): Generator<Advice> {
  const told = new Set<string>()
  for (const { part, text } of reads) {
    const { pointer } = part
    for (const { url } of part.inline ? linksOf(part.text) : []) {
      const found = supersededAt(url)
      if (!found) continue
      told.add(found.why)
      const detail = `${found.why}. Check the link.`
      yield { pointer, code: 'link_superseded', excerpt: url, detail, source: found.source }
    }
    for (const { words, why, source } of supersededIn(text)) {
      if (told.has(why)) continue
      told.add(why)
      yield { pointer, code: 'reference_superseded', excerpt: words, detail: `${why}.`, source }
    }
  }
}

/** `DevOps`: with a capital letter inside. */
const isCoined = (word: string) => /\p{Ll}\p{Lu}/u.test(word)

const isPlural = (word: string, of: string) => word === `${of}s` || word === `${of}es`

/**
 * A word that is nearly one of the title (`DevOp` beside `DevOps`) may be a slip. Only names are looked at, that is words
 * with a capital letter within a sentence, since `operation` beside `Operations manager` is a word of its own; and only
 * coined ones, with a capital letter inside, since `Office` beside `Officer` is one too.
 */
function* adviseOnTitleWords(title: string, reads: readonly Read[]): Generator<Advice> {
  const own = wordsOf(title).filter(word => word.length >= 5)
  const isLike = (word: string) => (known: string) => {
    if (!isCoined(word) && !isCoined(known)) return false
    const [one, other] = [word.toLowerCase(), known.toLowerCase()]
    const near = one !== other && !isPlural(one, other) && Math.abs(one.length - other.length) <= 1
    return near && distance(one, other) === 1
  }
  const found = new Map<string, { pointer: string; like: string; count: number }>()
  for (const { part, words } of reads) {
    if (part.pointer === '/title') continue
    words.forEach((word, at) => {
      const isName = (at > 0 && /^\p{Lu}/u.test(word)) || isCoined(word)
      const known = found.get(word)
      if (known) known.count += 1
      const like = isName && !known ? own.find(isLike(word)) : undefined
      if (like !== undefined) found.set(word, { pointer: part.pointer, like, count: 1 })
    })
  }
  for (const [word, { pointer, like, count }] of found) {
    const times = count === 1 ? 'once' : `${count} times`
    const detail = `“${word}” stands ${times} where the title says “${like}”.`
    yield { pointer, code: 'title_word_differs', excerpt: word, detail, source: sources.house }
  }
}

/** Names of ways of working that were coined, and are often written with a slip; easy to extend. */
const coined = ['DevOps', 'DevSecOps', 'DataOps', 'FinOps', 'MLOps', 'GitHub', 'GitLab', 'JavaScript', 'TypeScript']

/** A slip in a coined name, wherever it stands: `DevOp` has no title to be held against where the title itself has it. */
function* adviseOnCoinedNames(title: string, reads: readonly Read[]): Generator<Advice> {
  const own = wordsOf(title)
  const told = new Set(coined)
  for (const { part, words } of reads)
    for (const word of words) {
      if (told.has(word) || !isCoined(word)) continue
      told.add(word)
      const meant = coined.find(name => distance(name.toLowerCase(), word.toLowerCase()) === 1)
      // What differs from a word of the title is told of that.
      if (meant === undefined || (part.pointer !== '/title' && own.includes(meant))) continue
      const detail = `“${word}” looks like a slip of “${meant}”.`
      yield { pointer: part.pointer, code: 'name_misspelt', excerpt: word, detail, source: sources.house }
    }
}

/** Compares each item with this many after it, so that long sections take no time. */
const neighbours = 40

interface Placed {
  pointer: string
  text: string
  /** Whether it leads to points of its own. */
  leads: boolean
}

const placed = (pointer: string, text: string, leads = false): Placed => ({ pointer, text: plainText(text), leads })

/** The lists of a section as they are read: those within others, and the skills that it prints, are lists too. */
const listsOf = ({ blocks }: Section, place: string, { skills }: RoleDocument): Placed[][] =>
  blocks.flatMap((block, index) => {
    if (block.type === 'skills')
      return [
        skills.flatMap(({ importance, statement }, at) =>
          importance === block.importance ? [placed(`/skills/${at}`, statement)] : [],
        ),
      ]
    if (block.type !== 'list') return []
    const pointer = `${place}/blocks/${index}/items`
    return [
      block.items.map(({ text, items }, at) => placed(`${pointer}/${at}`, text, items.length > 0)),
      ...block.items.map(({ items }, at) =>
        items.map(({ text }, inner) => placed(`${pointer}/${at}/items/${inner}`, text)),
      ),
    ]
  })

function* adviseOnDuplicates(items: readonly Placed[]): Generator<Advice> {
  const words = items.map(({ text }) => comparable(text))
  for (const [at, one] of items.entries())
    for (let other = at + 1; other < Math.min(items.length, at + neighbours); other += 1) {
      const [own, others] = [words[at] ?? [], words[other] ?? []]
      const twin = items[other]
      if (!twin || Math.min(own.length, others.length) < 5 || similarity(own, others) < 0.72) continue
      if (saysOtherwise(own, others)) continue
      const detail = `The item is nearly the same as another one of its section: “${shorten(one.text, 300)}”.`
      yield { pointer: twin.pointer, code: 'near_duplicate', excerpt: twin.text, detail, source: sources.house }
    }
}

const wordsMax = 25

/** A dash between spaces is no word. */
const countWords = (sentence: string) => sentence.split(/\s+/).filter(word => /[\p{L}\p{N}]/u.test(word)).length

function* adviseOnLength({ pointer, text }: Placed): Generator<Advice> {
  const longest = Math.max(...text.split(/[.!?;:]\s/).map(sentence => countWords(sentence)))
  if (longest <= wordsMax) return
  const detail = `The item has a sentence of ${longest} words; more than ${wordsMax} are hard to read. Split it.`
  yield { pointer, code: 'item_too_long', excerpt: text, detail, source: sources.sentences }
}

/** With a full stop at its end, or in a bracket that ends it; that of `etc.` is none there. */
const isStopped = (text: string) => text.endsWith('.') || /(?<!\betc)\.[)\]"'”’]{1,2}$/.test(text)

/** Of three items and more, where at least two in three end with a full stop, those that end with nothing. */
function* adviseOnFullStops(list: readonly Placed[]): Generator<Advice> {
  const stopped = list.filter(({ text }) => isStopped(text)).length
  if (list.length < 3 || stopped * 3 < list.length * 2) return
  for (const { pointer, text, leads } of list) {
    if (leads || isStopped(text) || !/[\p{L}\p{N})]$/u.test(text)) continue
    const detail = 'The item ends without a full stop; the others of its list have one.'
    yield { pointer, code: 'no_full_stop', excerpt: text, detail, source: sources.house }
  }
}

/** The first use of each acronym that the document explains nowhere. */
function* adviseOnAcronyms(document: RoleDocument, reads: readonly Read[]): Generator<Advice> {
  const codes = [...document.sfia_mappings.map(({ code }) => code), ...document.grades.map(({ code }) => code)]
  const texts = reads.filter(({ part }) => !part.pointer.startsWith('/advert_details'))
  const explaining = reads.map(({ text }) => text)
  for (const { found, at } of acronymsIn(
    texts.map(({ text }) => text),
    explaining,
    codes,
  )) {
    const detail = `“${found}” is explained nowhere: write it in full where it first stands, with the letters in brackets.`
    const pointer = texts[at]?.part.pointer ?? ''
    yield { pointer, code: 'acronym_unexplained', excerpt: found, detail, source: sources.abbreviations }
  }
}

const wordsOf = (text: string): string[] => text.match(/[\p{L}\p{M}\p{N}]+/gu) ?? []

/** All advice on the words of a document, whose sections hold their blocks. Notes may say what they like. */
export function adviseOnWords(document: RoleDocument): Advice[] {
  const notes = new Set<object>(document.sections.flatMap(({ blocks }) => blocks.filter(({ type }) => type === 'note')))
  const reads = [...partsOf(document)]
    .filter(({ owner }) => owner === undefined || !notes.has(owner))
    .map(part => {
      const text = readableText(part)
      return { part, text, words: wordsOf(text) }
    })
  const lists = document.sections.map((section, at) => listsOf(section, `/sections/${at}`, document))
  return [
    ...reads.flatMap(({ part, text }) => [...adviseOnText(part, text)]),
    ...adviseOnSuperseded(reads),
    ...(document.title === null ? [] : adviseOnTitleWords(document.title, reads)),
    ...adviseOnCoinedNames(document.title ?? '', reads),
    ...lists.flatMap(ofSection => [...adviseOnDuplicates(ofSection.flat())]),
    ...lists.flat(2).flatMap(item => [...adviseOnLength(item)]),
    ...lists.flat().flatMap(list => [...adviseOnFullStops(list)]),
    ...adviseOnAcronyms(document, reads),
  ]
}

/** No draft needs more to be looked at again. */
const adviceMax = 200

/**
 * All advice on a draft; at most 200. `blocksOf` fills in shared sections; what is said of their words points to the
 * section that uses them. `printed` is what will be read of the document.
 */
export function findAdvice(
  document: RoleDocument,
  blocksOf: (section: Section) => readonly Block[],
  printed = 'published role',
): Advice[] {
  const sections = document.sections.map(section => ({ ...section, blocks: [...blocksOf(section)] }))
  const ofDraft: Advice[] = sections.flatMap(({ heading, blocks }, index) => {
    if (!blocks.some(({ type }) => type === 'note')) return []
    const detail = `Notes of "${heading}" are left out of the ${printed}.`
    return [{ pointer: `/sections/${index}`, code: 'notes_left_out', excerpt: heading, detail, source: sources.house }]
  })
  if (document.sfia_mappings.length > 0) {
    if (!document.sections.some(({ blocks }) => blocks.some(({ type }) => type === 'sfia_mappings')))
      ofDraft.push({
        pointer: '/sfia_mappings',
        code: 'unprinted_mappings',
        excerpt: '',
        detail: 'No section prints the SFIA mappings.',
        source: sources.house,
      })
    if (document.sfia_version !== null && document.sfia_version !== '9')
      ofDraft.push({
        pointer: '/sfia_version',
        code: 'older_sfia',
        excerpt: document.sfia_version,
        detail: `The mappings are of SFIA ${document.sfia_version}; SFIA 9 is the newest.`,
        source: 'SFIA 9 (SFIA Foundation, 2024)',
      })
  }
  const shared = (pointer: string) => {
    const [, , at] = pointer.split('/')
    const isShared = pointer.startsWith('/sections/') && document.sections[Number(at)]?.shared_section !== null
    return isShared ? `/sections/${at}` : pointer
  }
  return [...ofDraft, ...adviseOnWords({ ...document, sections })]
    .slice(0, adviceMax)
    .map(advice => ({ ...advice, pointer: shared(advice.pointer), excerpt: shorten(advice.excerpt, 160) }))
}
