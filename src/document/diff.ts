/**
 * What is different between two documents, by meaning: which section, item, skill or member, not which characters. The
 * changes are a JSON Patch (RFC 6902) with words for people beside each operation: applied to the earlier document they
 * give the later one, exactly. The same two documents give the same changes, on whatever machine.
 */
import { diffArrays } from 'diff'
import { type Static, Type } from 'typebox'
import { matchTexts, type WordBudget } from './match.ts'
import type { Block } from './schema.ts'
import { component, nullable, object, oneOf, ref } from './shape.ts'
import { shorten } from './wording.ts'

type Json = null | boolean | number | string | Json[] | { [member: string]: Json }

const WordMark = component('WordMark', object({ mark: oneOf(['same', 'added', 'removed']), text: Type.String() }))
type WordMark = Static<typeof WordMark>

const pointer = 'JSON pointer (RFC 6901).'

export const Change = component(
  'Change',
  object(
    {
      op: oneOf(['remove', 'move', 'add', 'replace']),
      path: Type.String({
        description: `${pointer} Of what is removed, into the earlier document; of what is added or replaced, into the later one.`,
      }),
      from: nullable(Type.String({ description: `${pointer} Where it was, of what is moved; else null.` })),
      value: Type.Unsafe<Json>({ description: 'What is there now; null where it is removed or moved.' }),
      before: Type.Unsafe<Json>({ description: 'What was there; null where it is added or moved.' }),
      what: Type.String({ description: 'In words: `optional item of “About the role”`.' }),
      words: Type.Array(ref(WordMark), {
        description:
          'Of a text that was reworded, else empty: without the added parts it is the earlier text, without the removed ones the later.',
      }),
    },
    {
      description:
        'An operation of JSON Patch (RFC 6902), with what it means. They are applied in their order: what is removed comes first, from the last to the first, then what is moved, then the rest.',
    },
  ),
)
export type Change = Static<typeof Change>

type Path = readonly (string | number)[]

const escapePart = (part: string | number) => String(part).replaceAll('~', '~0').replaceAll('/', '~1')
const pointerOf = (path: Path) => path.map(part => `/${escapePart(part)}`).join('')

const isObject = (value: Json | undefined): value is { [member: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** What tells the entries of a list apart: entries that agree in it are one thing. Of other lists, all that they are. */
const namedBy: Readonly<Record<string, readonly string[]>> = {
  sections: ['id'],
  items: ['id'],
  skills: ['id'],
  sfia_mappings: ['code'],
  grades: ['scheme', 'code'],
  locations: ['text'],
  additional: ['label'],
}

/** Which entry of `from` each entry of `to` is, by their places. */
type Pairs = Map<number, number>

function pairByKey<T>(from: readonly T[], to: readonly T[], keyOf: (entry: T) => string): Pairs {
  const places = new Map<string, number[]>()
  from.forEach((entry, place) => {
    const known = places.get(keyOf(entry))
    if (known) known.push(place)
    else places.set(keyOf(entry), [place])
  })
  const pairs: Pairs = new Map()
  to.forEach((entry, place) => {
    const found = places.get(keyOf(entry))?.shift()
    if (found !== undefined) pairs.set(place, found)
  })
  return pairs
}

/** Pairs each later list with the earlier one that has most of its items; with none where none has any. */
function pairLists<L extends ListBlock>(from: readonly L[], to: readonly L[]): Map<L, L> {
  const holder = new Map(from.flatMap(list => list.items.map(({ id }) => [id, list] as const)))
  const free = new Set(from)
  const pairs = new Map<L, L>()
  for (const list of to) {
    const shared = new Map<L, number>()
    for (const { id } of list.items) {
      const found = holder.get(id)
      if (found && free.has(found)) shared.set(found, (shared.get(found) ?? 0) + 1)
    }
    const [most] = [...shared].sort(([, a], [, b]) => b - a)[0] ?? []
    if (!most) continue
    pairs.set(list, most)
    free.delete(most)
  }
  return pairs
}

type ListBlock = Extract<Block, { type: 'list' }>

/** Blocks have no ids: the same is the same, a list is known by its items, a text by its words, a marker by its type. */
function pairBlocks(from: readonly Block[], to: readonly Block[], budget: WordBudget): Pairs {
  const pairs = pairByKey(from, to, block => JSON.stringify(block))
  const taken = new Set(pairs.values())
  const left = {
    from: from.flatMap((block, place) => (taken.has(place) ? [] : [{ ...block, place }])),
    to: to.flatMap((block, place) => (pairs.has(place) ? [] : [{ ...block, place }])),
  }
  const isList = (block: Block & { place: number }) => block.type === 'list'
  for (const [list, other] of pairLists(left.from.filter(isList), left.to.filter(isList)))
    pairs.set(list.place, other.place)
  const isText = (block: Block & { place: number }) => 'text' in block
  for (const [text, other] of matchTexts(left.to.filter(isText), left.from.filter(isText), budget))
    pairs.set(text.place, other.place)
  const markers = {
    from: left.from.filter(b => !isList(b) && !isText(b)),
    to: left.to.filter(b => !isList(b) && !isText(b)),
  }
  for (const [place, other] of pairByKey(markers.from, markers.to, ({ type }) => type))
    pairs.set((markers.to[place] as { place: number }).place, (markers.from[other] as { place: number }).place)
  return pairs
}

function pairUp(
  name: string | number | undefined,
  from: readonly Json[],
  to: readonly Json[],
  budget: WordBudget,
): Pairs {
  if (name === 'blocks') return pairBlocks(from as unknown as Block[], to as unknown as Block[], budget)
  const names = namedBy[name ?? '']
  return pairByKey(from, to, entry =>
    JSON.stringify(names && isObject(entry) ? names.map(member => entry[member]) : entry),
  )
}

/** The places of a longest run that stands in order already. */
function longestRun(order: readonly number[]): Set<number> {
  const lengths: number[] = []
  const previous: number[] = []
  let last = -1
  order.forEach((entry, place) => {
    let best = -1
    for (let other = 0; other < place; other += 1)
      if ((order[other] as number) < entry && (best === -1 || (lengths[other] as number) > (lengths[best] as number)))
        best = other
    lengths.push(best === -1 ? 1 : (lengths[best] as number) + 1)
    previous.push(best)
    if (last === -1 || (lengths[place] as number) > (lengths[last] as number)) last = place
  })
  const run = new Set<number>()
  for (let place = last; place !== -1; place = previous[place] as number) run.add(order[place] as number)
  return run
}

/** The fewest moves that put entries in order, each told by the place where it should stand. */
function movesOf(order: readonly number[]): { entry: number; from: number; to: number }[] {
  if (order.every((entry, place) => entry === place)) return []
  const staying = longestRun(order)
  const current = [...order]
  const moves: { entry: number; from: number; to: number }[] = []
  for (let entry = 0; entry < order.length; entry += 1) {
    if (staying.has(entry)) continue
    const from = current.indexOf(entry)
    current.splice(from, 1)
    const to = entry === 0 ? 0 : current.indexOf(entry - 1) + 1
    current.splice(to, 0, entry)
    moves.push({ entry, from, to })
  }
  return moves
}

/** A text is followed up to so many words changed; beyond it is another text. */
const wordsChangedMax = 300
/** For all texts of a document: about a tenth of a second of work. */
const wordWorkMax = 1_000_000

/** Words, each with the white space before it, and marks of punctuation; `47,250.50` is one. */
const wordsIn = (text: string) =>
  text.match(/\s*(?:[\p{L}\p{M}\p{N}]+(?:(?<=\p{N})[.,](?=\p{N})[\p{L}\p{M}\p{N}]+)*|\S)|\s+/gu) ?? []

/** Of one document: marks words until its work is done; what comes after is told as a whole, as is what has no word in common. */
export class WordMarker {
  #work = 0

  mark(before: string, after: string): WordMark[] {
    const most = Math.min(wordsChangedMax, Math.floor(Math.sqrt(wordWorkMax - this.#work)))
    // A space before each, so that the first word is told as others are.
    const [earlier, later] = [wordsIn(` ${before}`), wordsIn(` ${after}`)]
    const parts = most > 0 ? diffArrays(earlier, later, { maxEditLength: most }) : undefined
    const edits = parts?.reduce((sum, part) => sum + (part.added || part.removed ? part.count : 0), 0) ?? most
    this.#work = Math.min(wordWorkMax, this.#work + edits ** 2)
    if (!parts?.some(part => !part.added && !part.removed))
      return [
        { mark: 'removed', text: before },
        { mark: 'added', text: after },
      ]
    return withoutSpaceBefore(
      parts.map(({ added, removed, value }) => ({
        mark: added ? 'added' : removed ? 'removed' : 'same',
        text: value.join(''),
      })),
    )
  }
}

/** Marks of two texts that each began with one space more. What was put before the first word, or taken away, ends with it. */
function withoutSpaceBefore(marks: readonly WordMark[]): WordMark[] {
  const begun = new Set<WordMark['mark']>()
  return marks.map(({ mark, text }, place) => {
    const begins = !begun.has('same') && !begun.has(mark) && !(mark === 'same' && begun.size === 2)
    begun.add(mark)
    const isBefore = place === 0 && mark !== 'same' && marks[1]?.mark === 'same'
    return { mark, text: `${begins ? text.slice(1) : text}${isBefore ? ' ' : ''}` }
  })
}

const follow = (root: Json, path: Path): Json | undefined =>
  path.reduce<Json | undefined>((value, part) => {
    if (Array.isArray(value)) return value[Number(part)]
    return isObject(value) ? value[part] : undefined
  }, root)

const spaced = (member: string | number | undefined) => String(member ?? '').replaceAll('_', ' ')
const quoted = (text: Json | undefined) => `“${shorten(String(text ?? ''), 80)}”`

function blockName(root: Json, path: Path): string {
  const [, , , , list, , inner, , member] = path
  const kind = (depth: number) => {
    const found = follow(root, path.slice(0, depth))
    return isObject(found) ? found : {}
  }
  if (list !== 'items') {
    const own = `${spaced(String(kind(4).type))}${kind(4).type === 'skills' ? ' block' : ''}`
    return list === undefined || list === 'text' ? own : `${spaced(list)} of a ${own}`
  }
  if (inner === 'items') return member === undefined || member === 'text' ? 'nested item' : `${member} of a nested item`
  const own = `${kind(6).optional === true ? 'optional ' : ''}item`
  if (inner === 'optional') return 'whether optional, of an item'
  return inner === undefined || inner === 'text' ? own : `${spaced(inner)} of an item`
}

/** In words what stands at a place of a document: `nested item of “About the role”`. */
function nameOf(root: Json, path: Path): string {
  const [list, , member] = path
  const entry = follow(root, path.slice(0, 2))
  if (path.length > 1 && isObject(entry) && list === 'sections') {
    const own = quoted(entry.heading)
    if (member === 'blocks' && path.length > 3) return `${blockName(root, path)} of ${own}`
    return member === undefined ? `section ${own}` : `${spaced(member)} of section ${own}`
  }
  if (path.length > 1 && isObject(entry) && list === 'skills') {
    const own = `skill ${quoted(entry.statement)}`
    return member === undefined || member === 'statement' ? own : `${spaced(member)} of the ${own}`
  }
  if (path.length > 1 && isObject(entry) && list === 'sfia_mappings') {
    const own = `SFIA skill ${String(entry.code)}`
    return member === undefined ? own : `${spaced(member)} of ${own}`
  }
  if (list === 'sfia_version') return 'SFIA version'
  const members = path.filter(part => typeof part === 'string' && part !== 'advert_details')
  return members.reverse().map(spaced).join(' of ')
}

/** Where something stands: in the earlier document, among what is in both, and in the later document. */
interface Places {
  from: Path
  between: Path
  to: Path
}

const under = ({ from, between, to }: Places, a: string | number, b = a, c = a): Places => ({
  from: [...from, a],
  between: [...between, b],
  to: [...to, c],
})

/** An entry of a list of the earlier document, and where it stands there. */
interface Origin {
  entry: Json
  at: Path
}

/** A list of both documents. */
interface List {
  at: Places
  /** Its entries in the earlier document. */
  was: readonly Origin[]
  to: readonly Json[]
  /** What each later entry was, by its place. */
  origins: Map<number, Origin>
  /** What of the earlier document is in it when entries are put in order: all that is not removed. */
  standing: Origin[]
}

/** An item that is not, or not yet, in the list. */
interface Leaving {
  list: List
  origin: Origin
  entry: Json
}
interface Arriving {
  list: List
  place: number
  entry: Json
}

/** Whether a path is that of a list of items, not of those under an item: between these an item may be moved. */
const isItemList = ({ to }: Places) => to[0] === 'sections' && to[4] === 'items' && to.length === 5

/**
 * Which items that one list lacks and another has more are the same: in one section by their id; in another, where a
 * shared section may have given the same id to another item, by id and text.
 */
function pairTravellers(lists: readonly List[]): { from: Leaving; to: Arriving }[] {
  const kept = new Set(lists.flatMap(({ origins }) => [...origins.values()]))
  let leaving = lists.flatMap(list =>
    list.was.filter(origin => !kept.has(origin)).map((origin): Leaving => ({ list, origin, entry: origin.entry })),
  )
  let arriving = lists.flatMap(list =>
    list.to.map((entry, place): Arriving => ({ list, place, entry })).filter(({ place }) => !list.origins.has(place)),
  )
  const ways: ((item: Leaving | Arriving) => unknown[])[] = [
    ({ list, entry }) => [list.at.from[1], follow(entry, ['id'])],
    ({ entry }) => [follow(entry, ['id']), follow(entry, ['text'])],
  ]
  return ways.flatMap(way => {
    const pairs = pairByKey<Leaving | Arriving>(leaving, arriving, item => JSON.stringify(way(item)))
    const found = [...pairs].map(([place, before]) => ({
      from: leaving[before] as Leaving,
      to: arriving[place] as Arriving,
    }))
    const gone = new Set(pairs.values())
    leaving = leaving.filter((_, place) => !gone.has(place))
    arriving = arriving.filter((_, place) => !pairs.has(place))
    return found
  })
}

/** The later place first: then what is removed moves nothing that is still to be removed. */
function byPlaceFromTheEnd(one: Path, other: Path): number {
  for (let depth = 0; depth < one.length && depth < other.length; depth += 1) {
    const [a, b] = [one[depth] as string | number, other[depth] as string | number]
    if (a !== b) return typeof a === 'number' && typeof b === 'number' ? b - a : a < b ? 1 : -1
  }
  return other.length - one.length
}

class Comparison {
  readonly #from: Json
  readonly #to: Json
  readonly #marker = new WordMarker()
  readonly #budget: WordBudget = { words: 1_000_000 }
  readonly #removed: { path: Path; change: Change }[] = []
  readonly #moved: Change[] = []
  /** In parts, of which those of lists of items are filled when all of these lists are known. */
  readonly #rest: Change[][] = []
  #part: Change[] = []
  /** Items that are in another list later. */
  readonly #travelled = new Set<Origin>()
  readonly #itemLists: (List & { part: Change[] })[] = []

  constructor(from: Json, to: Json) {
    this.#from = from
    this.#to = to
    this.#beginPart()
    this.#values(from, to, { from: [], between: [], to: [] })
    this.#travel()
    for (const { part, ...list } of this.#itemLists) {
      this.#part = part
      this.#entries(list)
    }
  }

  get changes(): Change[] {
    const removed = this.#removed.sort((a, b) => byPlaceFromTheEnd(a.path, b.path))
    return [...removed.map(({ change }) => change), ...this.#moved, ...this.#rest.flat()]
  }

  #beginPart(): Change[] {
    this.#part = []
    this.#rest.push(this.#part)
    return this.#part
  }

  #values(from: Json, to: Json, at: Places): void {
    if (from === to) return
    if (Array.isArray(from) && Array.isArray(to)) this.#lists(from, to, at)
    else if (isObject(from) && isObject(to)) this.#objects(from, to, at)
    else {
      const isText = typeof from === 'string' && typeof to === 'string' && /\s/.test(from + to)
      this.#part.push({
        op: 'replace',
        path: pointerOf(at.to),
        from: null,
        value: to,
        before: from,
        what: nameOf(this.#to, at.to),
        words: isText ? this.#marker.mark(from, to) : [],
      })
    }
  }

  #objects(from: { [member: string]: Json }, to: { [member: string]: Json }, at: Places): void {
    for (const [member, value] of Object.entries(from))
      if (!Object.hasOwn(to, member)) this.#remove(value, [...at.from, member])
    for (const [member, value] of Object.entries(to)) {
      const before = Object.hasOwn(from, member) ? from[member] : undefined
      if (before === undefined) this.#add(value, [...at.to, member])
      else this.#values(before, value, under(at, member))
    }
  }

  #lists(from: readonly Json[], to: readonly Json[], at: Places): void {
    const pairs = pairUp(at.to.at(-1), from, to, this.#budget)
    const was = from.map((entry, place): Origin => ({ entry, at: [...at.from, place] }))
    const origins = new Map([...pairs].map(([place, before]) => [place, was[before] as Origin]))
    const kept = new Set(origins.values())
    const list: List = { at, was, to, origins, standing: was.filter(origin => kept.has(origin)) }
    if (isItemList(at)) {
      this.#itemLists.push({ ...list, part: this.#beginPart() })
      this.#beginPart()
    } else this.#entries(list)
  }

  /** Moves items from one list to another, each to behind the one that it comes after. */
  #travel(): void {
    const travellers = pairTravellers(this.#itemLists)
    for (const { from } of travellers) this.#travelled.add(from.origin)
    for (const list of this.#itemLists) {
      const kept = new Set(list.origins.values())
      list.standing = list.was.filter(origin => kept.has(origin) || this.#travelled.has(origin))
    }
    for (const { from, to } of travellers.sort((a, b) => a.to.place - b.to.place)) {
      const { list, place } = to
      let before = place - 1
      while (before >= 0 && !list.origins.has(before)) before -= 1
      const leaves = from.list.standing.indexOf(from.origin)
      from.list.standing.splice(leaves, 1)
      const lands = before < 0 ? 0 : list.standing.indexOf(list.origins.get(before) as Origin) + 1
      list.standing.splice(lands, 0, from.origin)
      list.origins.set(place, from.origin)
      this.#move([...from.list.at.between, leaves], [...list.at.between, lands], [...list.at.to, place])
    }
  }

  #entries({ at, was, to, origins, standing }: List): void {
    const isHere = new Set(origins.values())
    for (const origin of was)
      if (!isHere.has(origin) && !this.#travelled.has(origin)) this.#remove(origin.entry, origin.at)
    const inOrder = [...origins.keys()].sort((a, b) => a - b)
    const rankOf = new Map(inOrder.map((place, rank) => [origins.get(place) as Origin, rank]))
    for (const move of movesOf(standing.map(origin => rankOf.get(origin) as number)))
      this.#move([...at.between, move.from], [...at.between, move.to], [...at.to, inOrder[move.entry] as number])
    to.forEach((entry, place) => {
      const origin = origins.get(place)
      if (origin === undefined) this.#add(entry, [...at.to, place])
      else
        this.#values(origin.entry, entry, {
          from: origin.at,
          between: [...at.between, rankOf.get(origin) as number],
          to: [...at.to, place],
        })
    })
  }

  #move(from: Path, path: Path, later: Path): void {
    const what = nameOf(this.#to, later)
    this.#moved.push({
      op: 'move',
      path: pointerOf(path),
      from: pointerOf(from),
      value: null,
      before: null,
      what,
      words: [],
    })
  }

  #add(value: Json, path: Path): void {
    const what = nameOf(this.#to, path)
    this.#part.push({ op: 'add', path: pointerOf(path), from: null, value, before: null, what, words: [] })
  }

  #remove(before: Json, path: Path): void {
    const what = nameOf(this.#from, path)
    const change: Change = { op: 'remove', path: pointerOf(path), from: null, value: null, before, what, words: [] }
    this.#removed.push({ path, change })
  }
}

/**
 * The changes from one document to another, RoleDocuments or what both versions of a role hold. Sections, items and
 * skills are told by their ids: what has an id of its own is another thing, however alike. Empty exactly where the
 * documents are the same.
 */
export const diffDocuments = (from: object, to: object): Change[] =>
  new Comparison(from as unknown as Json, to as unknown as Json).changes
