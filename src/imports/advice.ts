/** Advice on the words of a document: they stay as they are. */
import { distance } from 'fastest-levenshtein'
import type { Section } from '../document/schema.ts'
import { similarity } from '../document/similarity.ts'
import { linksOf, plainText } from '../document/text.ts'
import type { Notices } from './notices.ts'
import { placeholderIn } from './placeholders.ts'
import type { Recognised } from './recognise.ts'
import { wordsOf } from './scan.ts'
import { type Part, partsOf, readableText } from './walk.ts'

/** Publications that another one has replaced, by the path of their address. */
const superseded: [RegExp, string][] = [
  // Success Profiles replaced the framework in 2018-2019: https://www.gov.uk/government/publications/success-profiles
  [
    /gov\.uk\/government\/publications\/civil-service-competency-framework/i,
    'Success Profiles replaced the Civil Service Competency Framework in 2019',
  ],
]

export const supersededBy = (url: string) => superseded.find(([pattern]) => pattern.test(url))?.[1]

const templateTag = /\{\{.*?\}\}|\{%.*?%\}/

type LineOf = (part: Part) => number | null

function adviseOnTexts(parts: readonly Part[], lineOf: LineOf, notices: Notices) {
  for (const part of parts) {
    const text = readableText(part)
    const about = part.owner ?? part.pointer
    const left = placeholderIn(text)
    if (left) {
      const detail = 'A placeholder stands in the text; fill it in before the role is published'
      notices.add('advice', 'placeholder', lineOf(part), left, detail, about)
    }
    const tag = templateTag.exec(text)?.[0]
    if (tag)
      notices.add('advice', 'template_tag', lineOf(part), tag, 'A tag of a web template stands in the text', about)
    if (!part.inline) continue
    for (const { url } of linksOf(part.text)) {
      const why = supersededBy(url)
      if (why) notices.add('advice', 'link_superseded', lineOf(part), url, `${why}. Check the link`, about)
    }
  }
}

const isPlural = (word: string, of: string) => word === `${of}s` || word === `${of}es`

/**
 * A word that is nearly one of the title (`DevOp` beside `DevOps`) may be a slip. Only names are looked at, that is words
 * with a capital letter within a sentence, since `operation` beside `Operations manager` is a word of its own.
 */
function adviseOnTitleWords(title: string, parts: readonly Part[], lineOf: LineOf, notices: Notices) {
  const own = wordsOf(title).filter(word => word.length >= 5)
  const found = new Map<string, { part: Part; like: string; count: number }>()
  for (const part of parts) {
    if (part.pointer === '/title') continue
    const words = wordsOf(readableText(part))
    words.forEach((word, at) => {
      const named = at > 0 && /^\p{Lu}/u.test(word)
      const like = own.find(known => {
        const [one, other] = [word.toLowerCase(), known.toLowerCase()]
        return (
          one !== other &&
          !isPlural(one, other) &&
          Math.abs(one.length - other.length) <= 1 &&
          distance(one, other) === 1
        )
      })
      if (!like || !(named || /\p{Ll}\p{Lu}/u.test(word))) return
      const known = found.get(word)
      if (known) known.count += 1
      else found.set(word, { part, like, count: 1 })
    })
  }
  for (const [word, { part, like, count }] of found) {
    const times = count === 1 ? 'once' : `${count} times`
    const detail = `“${word}” stands ${times} where the title says “${like}”`
    notices.add('advice', 'title_word_differs', lineOf(part), word, detail, part.owner ?? part.pointer)
  }
}

/** Compares each item with this many after it, so that long sections take no time. */
const neighbours = 40

function adviseOnDuplicates(sections: readonly Section[], lines: Map<object, number>, notices: Notices) {
  for (const section of sections) {
    const items = section.blocks.flatMap(block => (block.type === 'list' ? block.items : []))
    const words = items.map(item => wordsOf(plainText(item.text).toLowerCase()))
    items.forEach((item, at) => {
      for (let other = at + 1; other < Math.min(items.length, at + neighbours); other += 1) {
        const [one, two] = [words[at] ?? [], words[other] ?? []]
        if (Math.min(one.length, two.length) < 5 || similarity(one, two) < 0.72) continue
        const text = plainText(items[other]?.text ?? '')
        const detail = `The item is nearly the same as another one of its section: “${plainText(item.text)}”`
        notices.add('advice', 'near_duplicate', lines.get(items[other] ?? {}) ?? null, text, detail, items[other])
      }
    })
  }
}

/** Adds advice to the notices. */
export function advise({ document, lines, places }: Recognised, notices: Notices) {
  const parts = [...partsOf(document)]
  const placeOf = (pointer: string) => places.get(pointer) ?? places.get(pointer.replace(/\/[^/]*$/, '')) ?? null
  const lineOf: LineOf = part => (part.owner ? (lines.get(part.owner) ?? null) : placeOf(part.pointer))
  adviseOnTexts(parts, lineOf, notices)
  if (document.title === null) {
    notices.add(
      'advice',
      'no_title',
      null,
      '',
      'The document has no title. Set the title of the role before it is published',
      '/title',
    )
  } else adviseOnTitleWords(document.title, parts, lineOf, notices)
  adviseOnDuplicates(document.sections, lines, notices)
}
