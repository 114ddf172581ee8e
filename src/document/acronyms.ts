/** Acronyms that a document uses and explains nowhere. Pure. */
import { leftoversIn } from './placeholders.ts'

const words = (...lines: string[]) => lines.flatMap(line => line.split(' '))

/** Known to everybody who reads adverts; the style guide names the first six. Easy to extend. */
const wellKnown = words(
  'UK EU US VAT MP DVLA GOV IT HR PDF BBC NHS GDPR CV ID OK TV USA PC AM PM AI FAQ GCSE PIN STEM NB',
  'SFIA DDAT AA AO EO HEO SEO SCS',
  'COVID HM NATO UN UNESCO UNICEF VIP GP MOD HMRC DWP RAF DBS BST GMT A&E R&D Q&A MBA NVQ BTEC HGV LGV CAT',
)
/** Names of technologies that nobody writes in full. */
const names = words(
  'API SQL HTML CSS HTTP HTTPS URL WWW PHP JSON XML YAML COBOL REST SOAP AJAX SCRUM UNIX LINUX ISO AWS MS',
)
/** Words of the language that are put in capitals for their weight. */
const stressed = words(
  'A ALL ALWAYS AN AND ANY ARE AS AT BE BOTH BUT BY CAN DO EACH FOR FROM HAVE IF IN IS MAY MUST NEVER NEW NO NOT NOTE',
  'OF ON ONE ONLY OR OUR PLEASE THE THIS TO TWO WE WILL WITH YES YOU YOUR',
  'AFTER ALSO APPLY BASED BEFORE CLOSED DAYS DESK FIRST FIXED FULL FULLY HOME HOURS LAST MAKE MORE MOST NEED NIGHT OFFICE',
  'OPEN OTHER PART READ REMOTE ROLE SHIFT SITE TEAM TERM THEN THERE TIME UNTIL WEEK WHEN WORK YEAR',
)
/** The address of a mailbox or a site, in which letters stand for no words. */
const address = /[^\s@]{1,64}@\S{1,200}|\b(?:https?:\/\/|www\.)\S{1,200}|\b[\w-]{1,63}(?:\.[\w-]{2,63}){1,8}/gi

const acronym = /(?<![\p{L}\p{N}&/-])[A-Z][A-Z&]{1,5}(?=s?(?![\p{L}\p{N}&-]))/gu
const shouted = /\b[A-Z]{2,50}(?:\s[A-Z]{2,50}){1,50}\b/g
/** `XX` and `DD/MM`, as templates have them, and numbers of Rome. */
const isSign = (found: string) => /^(?:X+|(?:XL|L?X{0,3})(?:IX|IV|V?I{0,3})|DD|MM|YY(?:YY)?)$/.test(found)
/** `[2026] 1 AC 12`: where a judgment is reported. */
const citation = /\[\d{4}\] (?:\d{1,2} )?[A-Z]{2,6}\b/g

/** In brackets: `(PMO)`, `(CI/CD)`, `(known as the “PMO”)`. */
const inBrackets =
  /\((?:(?:the|or|also|known|called|as|abbreviated to)\s){0,4}[“‘"']?([A-Z][A-Z&]{1,5}s?(?:\s?[/,+]\s?[A-Z][A-Z&]{1,5}s?){0,5})[”’"']?\)/g
/** Before what explains it: `PMO (project management office)`, `BCS, the Chartered Institute for IT`. */
const beforeWords = /\b([A-Z][A-Z&]{1,5})s?(?: \(\p{L}+[ -]\p{L}|, (?:the|an?) \p{Lu}\p{Ll})/gu

/** The first letters of the words of a text, with and without its small words. */
function initialsOf(text: string): string[] {
  const all = text.match(/\p{L}[\p{L}\p{M}\p{N}’']*/gu) ?? []
  const first = (list: readonly string[]) => list.map(word => word.charAt(0).toUpperCase()).join('')
  // An acronym must not explain itself.
  const plain = all.filter(word => !/^\p{Lu}{2}/u.test(word))
  return [first(plain), first(plain.filter(word => !/^(?:a|and|as|at|by|for|in|of|on|the|to|with)$/i.test(word)))]
}

/** Whether words of the text have these letters: `STAR: situation, task, action, result`. Of two letters it may be chance. */
const isSpelt = (found: string, initials: readonly string[]) => {
  const letters = found.replaceAll('&', '')
  return letters.length > 2 && initials.some(run => run.includes(letters))
}

/** The first use of each acronym in `texts` that none of `explaining` explains; `known` are the codes of the document. */
export function* acronymsIn(
  texts: readonly string[],
  explaining: readonly string[],
  codes: readonly string[],
): Generator<{ found: string; at: number }> {
  const known = new Set([...wellKnown, ...names, ...stressed, ...codes.map(code => code.toUpperCase())])
  for (const text of explaining) {
    for (const [, inside = ''] of text.matchAll(inBrackets))
      for (const [found] of inside.matchAll(/[A-Z][A-Z&]{1,5}/g)) known.add(found)
    for (const [, before = ''] of text.matchAll(beforeWords)) known.add(before)
  }
  // What the document has in small letters too is a word. Of a few letters it may be another.
  const written = new Set(explaining.flatMap(text => text.replaceAll(address, ' ').match(/\b[a-z]{4,6}\b/g) ?? []))
  for (const [at, text] of texts.entries()) {
    // In what is all capitals no word stands out.
    if (!/\p{Ll}/u.test(text)) continue
    let initials: string[] | undefined
    for (const [found] of text
      .replaceAll(address, ' ')
      .replaceAll(citation, ' ')
      .replaceAll(shouted, ' ')
      .matchAll(acronym)) {
      if (known.has(found)) continue
      known.add(found)
      if (isSign(found) || written.has(found.toLowerCase()) || leftoversIn(found).length > 0) continue
      initials ??= initialsOf(text)
      if (!isSpelt(found, initials)) yield { found, at }
    }
  }
}
