/** Labels and their values into advert details and grades. */

import { isOpenSalary, isPlaceholder } from '../../document/placeholders.ts'
import type { AdvertDetails, Grade, RoleDocument } from '../../document/schema.ts'
import { foldSpace, type Inline, linksOf, plainOfInlines, writeText } from '../../document/text.ts'
import { shorten } from '../../document/wording.ts'
import type { Notices } from '../notices.ts'
import { sourceLines } from '../source/tree.ts'
import { type OtherEmployer, otherEmployer } from '../words/employers.ts'
import { looksLikeHeading, normaliseHeading } from '../words/headings.ts'
import type { LabelledMember } from '../words/label-words.ts'
import { isOwnLabel, isWelshLabel, labelledMember, mayBeTitle } from '../words/labels.ts'
import { type Places, placesIn } from '../words/places.ts'
import type { Outline } from './outline.ts'
import type { Pair } from './pairs.ts'
import type { BodyBlock } from './steps.ts'
import { leaveFileTitle } from './title.ts'
import {
  areBareGrades,
  areNumbered,
  codesIn,
  disagreeing,
  gradesIn,
  locationIn,
  paidIn,
  salaryIn,
  saysBand,
  tickedIn,
} from './values.ts'

export interface KnownRow {
  label: string
  member: string
  value: string | null
  line: number
}

export interface Details {
  /** A row says that grades are bands, so a bare number is none of the Civil Service's. */
  isBanded: boolean
  /** A row has the label of a salary, so what stands beside a grade is none. */
  isPaid: boolean
  /** Whose grades they may be, where that is no department. */
  employer?: OtherEmployer | undefined
  details: AdvertDetails
  grades: Grade[]
  profession: RoleDocument['profession']
  behaviours: RoleDocument['behaviours']
  title: { text: string; line: number } | null
  /** It is that of the file (`<title>`), which a label in the text outdoes. */
  isFileTitle: boolean
  rows: KnownRow[]
  /** Which members a label of which language has said: there may be thousands of rows. */
  languages: Set<string>
  /** The line of each member that was set, by its pointer. */
  places: Map<string, number>
}

/** Whether a row says that the grades are bands, as the NHS has them. */
export const saysBands = (pairs: readonly Pair[]) =>
  pairs.some(({ label, value }) => saysBand(`${label} ${plainOfInlines(value.flat())}`))

/** Whether a row is the salary. */
export const saysPay = (pairs: readonly Pair[]) => pairs.some(({ label }) => labelledMember(label) === 'salary')

/** What the lines before the first section, its heading and the details say of the employer. */
export function employerOf(source: Outline, front: readonly BodyBlock[], pairs: readonly Pair[]) {
  const lines = front.flatMap(block =>
    'content' in block ? sourceLines(block).map(({ content }) => plainOfInlines(content)) : [],
  )
  return otherEmployer({
    title: source.title?.text ?? '',
    lines: [...lines, ...source.sections.slice(0, 1).map(({ heading }) => heading)],
    beside: source.beside,
    details: pairs.map(({ label, value }) => ({ label, value: plainOfInlines(value.flat()) })),
  })
}

const headMembers = new Set<LabelledMember>(['grades', 'title', 'profession', 'behaviours'])
const lineMax = 300
const valueMax = 2000
const additionalMax = 50

/** What tables of details have over their columns: `Field | Detail`. */
const headWords = {
  label: ['field', 'item', 'label', 'heading', 'category', 'attribute', 'property', 'detail'],
  value: ['detail', 'details', 'value', 'values', 'content', 'description', 'information', 'response', 'entry'],
}
type Term = 'contract_types' | 'working_patterns'
const otherTerm = (member: Term): Term => (member === 'contract_types' ? 'working_patterns' : 'contract_types')
/** What a value stands for under the label of a member: `Contract: Part time` is a working pattern. */
const saidMember = (member: LabelledMember, value: string) =>
  (member === 'contract_types' || member === 'working_patterns') &&
  codesIn(member, value).known.length === 0 &&
  codesIn(otherTerm(member), value).unknown.length === 0
    ? otherTerm(member)
    : member
const isHead = (label: string, value: string) =>
  headWords.label.includes(normaliseHeading(label)) && headWords.value.includes(normaliseHeading(value))

/** Puts pairs into the members that they stand for; what is known by no name or code goes to `additional`. */
export function readPairs(pairs: readonly Pair[], into: Details, notices: Notices) {
  const { details } = into

  const addAdditional = (label: string, value: string, line: number) => {
    if (details.additional.length >= additionalMax) {
      notices.refuse(
        'limit_exceeded',
        `There are more than ${additionalMax} rows of advert details that are not known by name`,
        line,
      )
    } else if (value.length > valueMax) {
      notices.refuse(
        'limit_exceeded',
        `The value of “${label}” is longer than ${valueMax} characters; ${valueMax} is the limit`,
        line,
      )
    } else {
      into.places.set(`/advert_details/additional/${details.additional.length}`, line)
      details.additional.push({ label, value })
    }
  }

  const plain = (value: Inline[][], line: number) =>
    value
      .map(content => {
        const text = plainOfInlines(content)
        const addresses = linksOf(writeText(content).text).filter(link => link.text !== link.url)
        if (addresses.length === 0) return text
        const detail =
          'A value of advert details holds plain text; the address of the link was put behind it in brackets'
        notices.add('repair', 'link_written_out', line, text, detail)
        return `${text} (${addresses.map(link => link.url).join(', ')})`
      })
      .filter(text => text !== '')
      .join('\n')

  const setCodes = <T>(
    pair: Pair,
    value: string,
    member: string,
    list: T[],
    found: { known: { value: T; text: string }[]; unknown: string[] },
  ) => {
    for (const { value: code, text } of found.known) {
      if (!list.some(known => JSON.stringify(known) === JSON.stringify(code))) list.push(code)
      notices.understand(pair.line, text, member, 'code')
    }
    if (found.unknown.length === 0) return
    // Of `Shifts, including nights` the part that is in none is half a sentence, so all of it is kept.
    const isPart = found.known.length > 0 && !found.unknown.some(text => /^\p{Ll}/u.test(text))
    const rest = isPart ? found.unknown.join(', ') : value.replaceAll('\n', ' ')
    const pointer = `/advert_details/additional/${details.additional.length}`
    addAdditional(pair.label, rest, pair.line)
    const which = isPart ? `“${shorten(rest, 100)}”` : found.known.length > 0 ? 'part of this' : 'this'
    const detail = `“${pair.label}” takes codes of a list, and ${which} is in none; it was kept in additional`
    notices.add('repair', 'value_not_in_list', pair.line, rest, detail, pointer)
  }

  /** Many houses say both under the label of one, `Contract: Permanent, part time`. */
  const setTerms = (pair: Pair, value: string, member: Term) => {
    const found = codesIn(member, value)
    const other = otherTerm(member)
    const further = found.unknown.map(text => ({ text, ...codesIn(other, text) }))
    const ofOther = further.filter(({ known, unknown }) => known.length > 0 && unknown.length === 0)
    for (const { known } of ofOther)
      setCodes<string>(pair, value, `/advert_details/${other}`, details[other], { known, unknown: [] })
    // `Part time (0.6 FTE)`
    const inOther = found.known.length === 0 && ofOther.length === 0 ? codesIn(other, value) : found
    if (inOther !== found && inOther.known.length > 0)
      return setCodes<string>(pair, value, `/advert_details/${other}`, details[other], inOther)
    const unknown = further.flatMap(each => (ofOther.includes(each) ? [] : each.text))
    setCodes<string>(pair, value, `/advert_details/${member}`, details[member], { known: found.known, unknown })
  }

  /** Whether a label in the other language said it before. */
  const isTranslated = ({ label }: Pair, member: LabelledMember) =>
    into.languages.has(`${member} ${!isWelshLabel(label)}`)

  /** The name that the register itself prints outdoes others: `Accountable to` gives way to `Reports to`. */
  const setText = (
    pair: Pair,
    value: string,
    member: 'reference_number' | 'business_area' | 'hours' | 'reports_to',
  ) => {
    const before = into.rows.find(row => row.member === member && row.value !== null)
    const isFirst = details[member] === null
    const outdoes = before && isOwnLabel(pair.label, member) && !isOwnLabel(before.label, member)
    if ((!isFirst && (!outdoes || isTranslated(pair, member))) || value.length > lineMax)
      return addAdditional(pair.label, value, pair.line)
    if (!isFirst && before) {
      addAdditional(before.label, before.value ?? '', before.line)
      before.member = 'additional'
    }
    details[member] = value
  }

  const addRow = (row: KnownRow) => {
    into.rows.push(row)
    into.languages.add(`${row.member} ${isWelshLabel(row.label)}`)
  }

  const set = (pair: Pair, member: LabelledMember, value: string) => {
    const folded = foldSpace(value)
    const said = member === 'salary' ? details.salary?.text : held(member)
    if (said === folded && isTranslated(pair, member))
      return notices.understand(pair.line, folded, `/advert_details/${member}`, 'what another label said before')
    switch (member) {
      case 'grades': {
        const { grade, paid } = into.isPaid || details.salary ? { grade: value, paid: '' } : paidIn(value)
        if (paid !== '') {
          details.salary = salaryIn(paid)
          into.places.set('/advert_details/salary', pair.line)
          addRow({ label: pair.label, line: pair.line, member: 'salary', value: paid })
        }
        const found = gradesIn(grade, pair.label, into.isBanded)
        const disagrees = disagreeing(grade)
        if (disagrees) {
          const detail = `“${disagrees}” has the name of one grade and the code of another; both were taken. Remove the one that is wrong`
          notices.add('repair', 'grades_disagree', pair.line, value, detail, '/grades')
        }
        const { employer } = into
        if (employer && areNumbered(found, pair.label)) {
          const [kept, pointer] = employer.certain
            ? ['it was kept in additional', `/advert_details/additional/${details.additional.length}`]
            : ['it was read as of the Civil Service; remove it where it is one of theirs', '/grades']
          const detail = `The document names “${employer.name}”, and other employers number their grades too: ${kept}`
          notices.add('repair', 'grade_unsure', pair.line, value, detail, pointer)
          if (employer.certain) return addAdditional(pair.label, foldSpace(grade), pair.line)
        } else if (areBareGrades(found, pair.label)) {
          const read = found.known.map(({ value: { label } }) => label).join(' and ')
          const detail = `“${pair.label}: ${folded}” was read as ${read} of the Civil Service. Other employers number their grades too; remove it where it is one of theirs`
          notices.add('repair', 'grade_unsure', pair.line, value, detail, '/grades')
        }
        return setCodes(pair, grade, '/grades', into.grades, found)
      }
      case 'behaviours':
        return setCodes(pair, value, '/behaviours', into.behaviours, codesIn(member, value))
      case 'profession': {
        const codes = into.profession === null ? [] : [into.profession]
        setCodes(pair, value, '/profession', codes, codesIn(member, value))
        into.profession = codes[0] ?? null
        return
      }
      case 'contract_types':
      case 'working_patterns':
        return setTerms(pair, value, member)
      case 'role_types':
        return setCodes(pair, value, `/advert_details/${member}`, details[member], codesIn(member, value))
      case 'salary':
        if (details.salary === null && folded.length <= 1000) details.salary = salaryIn(folded)
        else addAdditional(pair.label, folded, pair.line)
        return
      case 'locations': {
        // `Site` may be one of the web.
        if (/^(?:https?:|www\.)/i.test(folded)) return addAdditional(pair.label, folded, pair.line)
        // A second name of a place is no second place.
        const isAgain = isTranslated(pair, member) && details.locations.length > 0
        const found: Places = isAgain ? { places: [folded], between: '' } : placesIn(value, pair.listed)
        const { places, between, unsure, rest = [] } = found
        if (unsure)
          notices.add('repair', 'places_unsure', pair.line, (rest.length > 0 ? rest : places).join(', '), unsure)
        if (rest.length > 0) addAdditional(pair.label, rest.join('; '), pair.line)
        notices.understand(pair.line, between, '/advert_details/locations', 'words between places')
        for (const place of places) {
          if (details.locations.some(({ text }) => text === place))
            notices.understand(pair.line, place, '/advert_details/locations', 'place that was named before')
          else if (!isAgain && place.length <= lineMax && details.locations.length < 100)
            details.locations.push(locationIn(place))
          else addAdditional(pair.label, place, pair.line)
        }
        return
      }
      case 'title':
        // `Swyddog Polisi / Policy Officer` says both.
        if (into.title?.text.split(/ ?[/|] ?/).includes(folded) || into.title?.text === folded)
          notices.understand(pair.line, folded, '/title', 'title')
        else if ((into.title === null || into.isFileTitle) && folded.length <= 200) {
          if (into.title) leaveFileTitle(into.title, folded, notices)
          Object.assign(into, { title: { text: folded, line: pair.line }, isFileTitle: false })
        } else {
          const detail = `The title is “${into.title?.text}”, and “${pair.label}” says another; it was kept in additional`
          notices.add('repair', 'title_unsure', pair.line, folded, detail, '/title')
          addAdditional(pair.label, folded, pair.line)
        }
        return
      default:
        return setText(pair, folded, member)
    }
  }

  const held = (member: LabelledMember): unknown => ({ ...details, ...into })[member]

  /** What is yet to be filled in is not known: null, or no row. */
  const isOpen = (
    pair: Pair,
    value: string,
    member: LabelledMember | undefined,
    pointer: string,
    isUnticked: boolean,
  ) => {
    if (!isUnticked && !isPlaceholder(value) && !(member === 'salary' && isOpenSalary(value))) return false
    const known = member ? 'null' : 'no row of additional'
    const detail = `A placeholder stands for the value of “${pair.label}”; it was read as not known (${known})`
    notices.add('advice', 'placeholder', pair.line, value, detail, pointer)
    notices.understand(pair.line, member ? value : `${pair.label} ${value}`, pointer, 'placeholder')
    return true
  }

  /** Of boxes to tick the ticked ones; none is as if nothing were filled in. */
  const filled = (pair: Pair, value: string, pointer: string): string | undefined => {
    const boxes = tickedIn(value)
    if (!boxes) return value
    if (boxes.ticked.length === 0) return undefined
    notices.understand(pair.line, boxes.rest.join(' '), pointer, 'box that is not ticked')
    return boxes.ticked.join('\n')
  }

  const isTitled = pairs.some(({ label }) => labelledMember(label) === 'title')
  /** Whether it names the role, where nothing else does: `Post: full time` does not. */
  const isTitle = ({ label, value }: Pair) => {
    const [line = [], ...more] = value
    const text = plainOfInlines(line)
    if (isTitled || !mayBeTitle(label) || more.length > 0) return false
    if (into.title !== null) return into.title.text === text
    const isCoded = (['contract_types', 'working_patterns'] as const).some(
      member => codesIn(member, text).unknown.length === 0,
    )
    return looksLikeHeading(text) && !isPlaceholder(text) && !isCoded
  }

  for (const pair of pairs) {
    const member = labelledMember(pair.label) ?? (isTitle(pair) ? 'title' : undefined)
    const pointer = !member
      ? '/advert_details/additional'
      : headMembers.has(member)
        ? `/${member}`
        : `/advert_details/${member}`
    const printed = plain(pair.value, pair.line).replace(/^\*+\s*/, '')
    const chosen = filled(pair, printed, pointer)
    const value = chosen ?? printed
    const open = isOpen(pair, value, member, pointer, chosen === undefined)
    if (!member) {
      if (open) continue
      if (isHead(pair.label, value)) {
        notices.understand(pair.line, `${pair.label} ${value}`, pointer, 'head of a table')
        continue
      }
      addAdditional(pair.label, foldSpace(value), pair.line)
      continue
    }
    notices.understand(pair.line, pair.label, pointer, 'label')
    const known = { label: pair.label, line: pair.line }
    into.places.set(pointer, pair.line)
    if (value === '' || open) addRow({ ...known, member, value: null })
    else {
      const before = details.additional.length
      const had = JSON.stringify(held(member))
      set(pair, member, value)
      // What the member could not take is told as what it became.
      const isOther = details.additional.length > before && JSON.stringify(held(member)) === had
      addRow({ ...known, member: isOther ? 'additional' : saidMember(member, value), value: foldSpace(value) })
    }
  }
}
