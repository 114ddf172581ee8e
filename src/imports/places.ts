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
const isTown = (text: string) => towns.has(townOf(text))
/** Places with an `and` between the names of two towns. */
const joined = new Set(['Bath and Wells'].map(normaliseHeading))

const postcode = /\b[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}\b/
const street =
  /^\d{1,4}[a-z]?,? \p{Lu}|\b(?:street|road|lane|avenue|square|house|building|court|floor|wharf|drive|crescent)\b/iu

/** Whether lines are those of one address: one of them says the street or house, and one at most a postcode. */
function isAddress(lines: readonly string[]): boolean {
  const streets = lines.flatMap((line, at) => (street.test(line) ? [at] : []))
  const coded = lines.flatMap((line, at) => (postcode.test(line) ? [at] : []))
  const isCodeAlone = postcode.exec(lines.at(-1) ?? '')?.[0] === lines.at(-1)
  if (lines.length < 2 || coded.length > 1 || (coded.length === 1 && coded[0] !== lines.length - 1)) return false
  if (streets.length === 0) return isCodeAlone
  return streets.length === 1 && streets[0] !== lines.length - 1 && !isTown(lines[0] ?? '')
}

const between = / ?[/|] ?| ?, ?(?:(?:and|or|a|neu) |& ?)?| (?:and|or|&|neu) /
/** A list is no longer. */
const lineMax = 1000

/** The places of one line; the line alone where it is not certain that it names several. */
function inLine(line: string): string[] {
  if (line.length > lineMax || /[\d:()]/.test(line) || joined.has(normaliseHeading(line))) return [line]
  const parts = line.replace(/\.$/, '').split(between)
  // `Caerdydd / Cardiff` is one place in two languages.
  if (new Set(parts.map(townOf)).size < parts.length) return [line]
  // `Croydon, London` is one, and so is what has a part that is no town: a council's name, or `London or Remote`.
  const isOne = parts.length === 2 && line.includes(',') && !/\s(?:and|or|a|neu)\s|&/.test(line)
  return parts.length > 1 && parts.every(isTown) && !isOne ? parts : [line]
}

/** The places of a value, each as it is printed, and the words that stand between them. */
export function placesIn(value: string): { places: string[]; between: string } {
  const lines = value
    .split(/[;\n\u2028]/)
    // A star leads to a note below.
    .map(text => text.replace(/^\s*[•·*-]\s+|\*+$/g, '').trim())
    .filter(Boolean)
  if (isAddress(lines)) return { places: [lines.map(line => line.replace(/,$/, '')).join(', ')], between: '' }
  const parted = lines.map(inLine)
  const words = lines.flatMap((line, at) =>
    parted[at]?.length === 1 ? [] : (line.match(/\s(?:and|or|a|neu)(?=\s)/g) ?? []),
  )
  return { places: parted.flat(), between: words.join('') }
}
