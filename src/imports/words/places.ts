/** The places that a value names: several in one cell, and the one whose name or address looks like several. */
import { normaliseHeading } from './headings.ts'

/**
 * Cities, and towns where departments have offices: several places must all be of them, as `Leeds, West Yorkshire` and many
 * councils are one place. To teach the importer a town, add it.
 */
const towns = new Set(
  `Aberdeen,Armagh,Bangor,Barnsley,Barrow-in-Furness,Basildon,Bath,Belfast,Birkenhead,Birmingham,Blackburn,Blackpool,Bolton,Bootle,
  Bournemouth,Bradford,Brighton,Bristol,Bromley,Burnley,Caerphilly,Cambridge,Canterbury,Cardiff,Carlisle,Chatham,Chelmsford,
  Cheltenham,Chester,Chesterfield,Chichester,Clydebank,Colchester,Corsham,Coventry,Crewe,Croydon,Cumbernauld,Cwmbran,
  Darlington,Derby,Derry,Doncaster,Dover,Dudley,Dundee,Dunfermline,Durham,East Kilbride,Eastbourne,Ebbw Vale,Edinburgh,
  Ely,Exeter,Falkirk,Fareham,Gateshead,Glasgow,Gloucester,Greenock,Grimsby,Halifax,Hartlepool,Hastings,Hereford,
  Huddersfield,Hull,Inverness,Ipswich,Kings Lynn,Kingston upon Hull,Lancaster,Leeds,Leicester,Lichfield,Lincoln,Lisburn,
  Liverpool,Livingston,Llandudno,London,Londonderry,Loughborough,Luton,Maidstone,Manchester,Merthyr Tydfil,Middlesbrough,
  Milton Keynes,Motherwell,Nantgarw,Newcastle,Newcastle-under-Lyme,Newcastle upon Tyne,Newport,Newry,Northampton,Norwich,
  Nottingham,Oldham,Oxford,Paisley,Perth,Peterborough,Plymouth,Pontypridd,Poole,Portsmouth,Preston,Reading,Redhill,
  Rochdale,Rotherham,Salford,Salisbury,Scarborough,Sheffield,Shipley,Shrewsbury,Slough,Solihull,Southampton,Southend,
  Southend-on-Sea,Southport,St Albans,St Austell,St Helens,Stirling,Stockport,Stockton-on-Tees,Stoke-on-Trent,Sunderland,
  Swansea,Swindon,Taunton,Telford,Truro,Wakefield,Walsall,Warrington,Watford,Wells,Westminster,Weymouth,Wigan,
  Winchester,Wolverhampton,Worcester,Workington,Worthing,Wrexham,Yeovil,York,
  Dublin,Brussels`
    .split(',')
    .map(normaliseHeading),
)
/** What they are called in Welsh. */
const welsh: Record<string, string> = {
  abertawe: 'swansea',
  caerdydd: 'cardiff',
  casnewydd: 'newport',
  llundain: 'london',
  wrecsam: 'wrexham',
}
const townOf = (text: string) => welsh[normaliseHeading(text)] ?? normaliseHeading(text)
export const isTown = (text: string) => towns.has(townOf(text))
/** Places with an `and` between the names of two towns. */
const joined = new Set(['Bath and Wells'].map(normaliseHeading))

/** Cities, and the towns that are named with them, as they lie within or beside them: `Croydon, London` is one place. */
const within = new Map([
  ['london', ['croydon', 'bromley', 'westminster']],
  ['manchester', ['bolton', 'oldham', 'rochdale', 'salford', 'stockport', 'wigan']],
  ['liverpool', ['birkenhead', 'bootle', 'southport']],
  ['birmingham', ['dudley', 'solihull', 'walsall', 'wolverhampton']],
  ['glasgow', ['clydebank', 'paisley']],
  ['newcastle', ['gateshead']],
  ['bradford', ['shipley']],
])

const postcode = /\b[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}\b/
const street =
  /^\d{1,4}[a-z]?,? \p{Lu}|\b(?:street|road|lane|avenue|square|house|building|court|floor|wharf|drive|crescent)\b/iu

const between = / ?[/|] ?| ?, ?(?:(?:and|or|a|neu) |& ?)?| (?:and|or|&|neu) /
/** A list is no longer. */
const lineMax = 1000

/** The places of one line; the line alone where it is not certain that it names several. */
function inLine(line: string): string[] {
  if (line.length > lineMax || /[\d:()]/.test(line) || joined.has(normaliseHeading(line))) return [line]
  const parts = line.replace(/\.$/, '').split(between)
  // `Caerdydd / Cardiff` is one place in two languages.
  if (new Set(parts.map(townOf)).size < parts.length) return [line]
  // What has a part that is no town is one: a council's name, or `London or Remote`.
  const [town = '', city = ''] = parts.map(townOf)
  const isOne =
    parts.length === 2 && line.includes(',') && !/\s(?:and|or|a|neu)\s|&/.test(line) && within.get(city)?.includes(town)
  return parts.length > 1 && parts.every(isTown) && !isOne ? parts : [line]
}

/** What is said of a place rather than being one: `Hybrid working, two days a week`, `Travel to other sites`. */
const manner =
  /\b(?:hybrid|remote(?:ly)?|home ?working|home[- ]based|travel|working|work|days?|weeks?|visits?|flexib\w+|required|attend\w*|expected|contractual|optional)\b/i
const isManner = (line: string) => manner.test(line)
const sites = / (?:city centre|(?:regional )?(?:office|centre|hub|site|campus))$/i
/** Whether a line names a town: alone, several, or as a part of it: `Leeds: city centre`, `Lunar House, Croydon`, `York office`. */
const namesTown = (line: string) =>
  !isManner(line) &&
  (inLine(line).length > 1 ||
    line.split(/[,:(–—]/).some(part => isTown(part.replace(postcode, '').trim().replace(sites, ''))))

/**
 * Whether lines are those of one address: one of them says the street or house, and one at most a postcode, at the end; with
 * a postcode several may, as `Lunar House` and `40 Wellesley Road` do.
 */
function isAddress(lines: readonly string[]): boolean {
  const streets = lines.flatMap((line, at) => (street.test(line) ? [at] : []))
  const coded = lines.flatMap((line, at) => (postcode.test(line) ? [at] : []))
  const [first = '', last = ''] = [lines[0], lines.at(-1)]
  if (lines.length < 2 || coded.length > 1 || (coded.length === 1 && coded[0] !== lines.length - 1)) return false
  if (streets.length === 0) return isCodeAlone(last)
  const isWhole = (line: string) => line.includes(',') && namesTown(line)
  if (coded.length === 1) return !isTown(first) && !lines.slice(0, -1).some(isWhole)
  return streets.length === 1 && streets[0] !== lines.length - 1 && !namesTown(first) && !lines.some(isManner)
}
const isCodeAlone = (line: string) => postcode.exec(line)?.[0] === line

const asOne = (lines: readonly string[]) => lines.map(line => line.replace(/,$/, '')).join(', ')

/** Lines as the addresses that they are, one below the other, with `or` between them or a postcode at the end of each; else undefined. */
function addressesIn(lines: readonly string[]): string[][] | undefined {
  const groups: string[][] = [[]]
  for (const line of lines) {
    const last = groups.at(-1) as string[]
    if (isBetween(line)) groups.push([])
    else if (postcode.test(last.at(-1) ?? '')) groups.push([line])
    else last.push(line)
  }
  return groups.length > 1 && groups.every(isAddress) ? groups : undefined
}
const isBetween = (line: string) => /^(?:and|or|a|neu)[:,]?$/i.test(line)

export interface Places {
  /** Each as it is printed. */
  places: string[]
  /** The words that stand between them. */
  between: string
  /** Why it is not certain that these are the places. */
  unsure?: string
  /** Lines on how people work there. */
  rest?: string[]
}

const bullet = /^\s*[•·*-]\s+/
/** The places of a value. Lines are one each in a list, or where two of them name towns. */
export function placesIn(value: string, isListed = false): Places {
  const all = value
    .split(/[\n\u2028]/)
    .map(line => line.split(';'))
    // A star leads to a note below.
    .map(parts => parts.map(text => text.replace(bullet, '').replace(/\*+$/, '').trim()).filter(Boolean))
    .filter(parts => parts.length > 0)
  const lines = all.flat()
  if (isAddress(lines)) return { places: [asOne(lines)], between: '' }
  const addresses = addressesIn(lines)
  if (addresses) return { places: addresses.map(asOne), between: lines.filter(isBetween).join(' ') }
  const isList = isListed || all.length < 2 || value.split(/[\n\u2028]/).every(line => bullet.test(line))
  // A postcode by itself is a part of an address, though it is not certain of which.
  if (!isList && (lines.filter(namesTown).length < 2 || lines.some(isCodeAlone))) {
    const unsure = 'It is not certain which of these lines is a place; they were read as one location'
    return { places: [asOne(lines)], between: '', unsure }
  }
  const rest = isList ? [] : lines.filter(isManner)
  const own = lines.filter(line => !isBetween(line) && (isList || !isManner(line)))
  const parted = own.map(inLine)
  const words = own.flatMap((line, at) =>
    parted[at]?.length === 1 ? [] : (line.match(/\s(?:and|or|a|neu)(?=\s)/g) ?? []),
  )
  const found = { places: parted.flat(), between: [...words, ...lines.filter(isBetween)].join(' ') }
  const unsure = 'What these lines say of the places was kept in additional'
  return rest.length > 0 ? { ...found, rest, unsure } : found
}
