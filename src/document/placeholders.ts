/** What a template leaves for its author to fill in: `[Insert date]`, `<Your team>`, `ENTER SALARY`, `{{salary}}`, `TBC`. */

/** Bounded, as the other: of many open brackets each would else be followed to the end. */
const bracketed = /\[[^\][]{1,200}\]/g
const placeholder = new RegExp(
  [
    /<(?:[Ii]nsert|[Ee]nter|[Aa]dd|[Yy]our)\b[^>]{0,200}>/,
    /\b(?:TBC|TBD|XXXX+)\b/,
    // The key and the statement of SQL.
    /(?<!\b(?:SQL|[Pp]ress|[Hh]it) )\b(?:ENTER|INSERT)\b(?! (?:keys?|is|statements?|commands?|INTO)\b)/,
    // The number of Rome.
    /(?<!\b(?:[Cc]hapter|[Pp]art|[Ss]chedule|[Tt]itle|[Vv]olume|[Aa]rticle) )\bXXX\b(?! (?:Corps|Army)\b)/,
    // A date of which only the year is known: `XX Month 2025`.
    /\b(?:XX|DD) (?:M[Oo][Nn][Tt][Hh]|(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6})\b(?: (?:20(?:\d\d|XX)|YYYY)\b)?/,
  ]
    .map(({ source }) => source)
    .join('|'),
  'gu',
)

/** What a template has in the place of a value, and says so only where there is nothing else. */
const wholly = new RegExp(
  `^(?:${[
    /<\p{L}[^<>@/]{1,200}>/u,
    /(?:\{\{[^{}]{1,200}\}\}\s*)+/,
    /[£€$]?\s?x{2,4}(?:[,.]x{2,3})*k?/,
    /<<[^<>]{1,200}>>/,
    /(?:[dx]{1,2}[/.-][mx]{1,3}|\d{1,2}[/.-]x{1,3})[/.-](?:y{2,4}|x{2,4}|\d{2,4})/,
    /n\/a|not applicable/,
    /tb[acd]/,
    /to be (?:advised|agreed|announced|confirmed|decided|determined)/,
    // A line to write on: `______`, `………`.
    /[£€$]?\s?(?:_{2,}|\.{3,}|…)[_.…\s]{0,200}/,
    // What Word shows in a control that nobody has filled in.
    /click (?:or tap )?(?:here )?to enter (?:text|a date)/,
    /choose an item/,
  ]
    .map(({ source }) => source)
    .join('|')})\\.?$`,
  'iu',
)

/** Of what stands in brackets. */
const isLeft = (found: string) => /\p{L}{3}|x{2,}|\.{3}|…|^\[[£€$]\s?[xX]/u.test(found)

/** All placeholders of a text, those in brackets first. */
const matchesIn = (text: string): RegExpExecArray[] => [
  ...[...text.matchAll(bracketed)].filter(([found]) => isLeft(found)),
  ...text.matchAll(placeholder),
]
const placeholdersIn = (text: string): string[] => matchesIn(text).map(([found]) => found)

/** The first placeholder of a text; undefined where it has none. */
export const placeholderIn = (text: string): string | undefined => placeholdersIn(text)[0]

/** What templates leave among other words: too little to take a value for missing, and enough to look again. */
const leftover = new RegExp(
  [
    /\b(?:TBA|DD?\/MM?\/YY(?:YY)?|xx\/xx|delete as (?:appropriate|applicable|necessary|required)|lorem ipsum)\b/,
    /\b(?:click (?:or tap )?(?:here )?to enter (?:text|a date)|choose an item)\b/,
    /[£€$]x{2,20}\b/,
    /\(insert [^()]{1,100}\)/,
    /<\p{L}[^<>@/]{1,100}>/u,
    // A line to write on, which is no part of a name.
    /(?<![^\s(£:])_{3,}/,
    /\b(?:base|dates?|grade|interviews?|locations?|place|salary|sites?|times?|venue):? (?:(?:are|is|still|yet) ){0,2}to be (?:advised|announced|confirmed|decided|determined)\b/,
  ]
    .map(({ source }) => source)
    .join('|'),
  'giu',
)
/** A number that is missing among words; a tick stands before the words that it chooses. */
const missing = /(?<=\S\s)\[X\](?!\s?\p{L})|\[X\](?=\s\p{Ll})/gu
/** What authors put in brackets of their own accord. */
const aside = /\[(?:sic|optional|(?:see )?(?:foot|end)?notes? \d{1,3}|emphasis added)\]/gi

/** A text of a link that a web page's template left: its address says that it is no placeholder. */
const linked = /\[[^\][]{1,200}\]\((?=\{\{|[#/]|https?:|mailto:)/g

/** What a template left in a text, the text of a role: each once, in its order. */
export function leftoversIn(text: string): string[] {
  const own = text.replaceAll(linked, ' ').replaceAll(aside, ' ')
  const found = [...matchesIn(own), ...[leftover, missing].flatMap(pattern => [...own.matchAll(pattern)])].sort(
    (one, other) => one.index - other.index || other[0].length - one[0].length,
  )
  let end = 0
  const apart = found.filter(({ 0: words, index }) => {
    // A part of what was found is not found again.
    if (index < end) return false
    end = index + words.length
    return true
  })
  return [...new Set(apart.map(([words]) => words))]
}

/** Words that say nothing without the value that is missing. */
const idle = /\b(?:expected|w\/?c|week|commencing|from|to|by|on|or|and|the|dates?|up|of|insert|enter|here)\b/gi

/** Whether a value says nothing but that it is to come. */
export function isPlaceholder(text: string): boolean {
  if (wholly.test(text)) return true
  const found = placeholdersIn(text)
  if (found.length === 0) return false
  const rest = found.reduce((left, one) => left.replaceAll(one, ' '), text).replaceAll(idle, ' ')
  // A capitalised word behind ENTER is part of it.
  return !/[\p{Ll}\p{N}]/u.test(rest)
}

/** Whether a salary names no amount, since one is to come. */
export const isOpenSalary = (text: string): boolean =>
  (placeholderIn(text) !== undefined || /[£€$]\s?x{2}/i.test(text)) && !/[£€$]\s?\d|\d{2},?\d{3}/.test(text)
