/** Publications and schemes that another one has replaced, by their names and addresses: a new one is a line here. */

interface Superseded {
  /** How texts name it. */
  name: RegExp
  /** What says in the same text that it is meant. */
  unless?: RegExp
  /** The path of its address, where it had one. */
  address?: RegExp
  /** What has replaced it. */
  why: string
  source: string
}

const equality = 'Equality Act 2010'

const superseded: readonly Superseded[] = [
  {
    // https://www.gov.uk/government/publications/success-profiles, 2018 to 2019
    name: /\bCivil Service Competency Framework\b/i,
    address: /gov\.uk\/government\/publications\/civil-service-competency-framework/i,
    why: 'Success Profiles replaced the Civil Service Competency Framework in 2019',
    source: 'Success Profiles (Cabinet Office), which replaced the Civil Service Competency Framework',
  },
  {
    name: /\bDigital (?:by Default )?Service Standard\b/i,
    address: /gov\.uk\/service-manual\/digital-by-default\b/i,
    why: 'The Service Standard replaced the Digital Service Standard in 2019',
    source: 'Service Standard (Government Digital Service, 2019)',
  },
  {
    name: /\b(?:Digital,? Data,? (?:and|&) Technology(?: \(DDaT\))?|DDaT) (?:Profession(?:al|s|'s|’s)? |Career |Job Family )?(?:Capability|Competency|Skills)(?: Framework\b| and Success Profiles Frameworks\b)/i,
    why: 'The framework is called the Government Digital and Data Profession Capability Framework since 2023',
    source: 'Government Digital and Data Profession Capability Framework',
  },
  {
    name: /\bData Protection Act,? 1998\b/i,
    unless: /\bData Protection Act,? 2018\b/i,
    why: 'The UK GDPR and the Data Protection Act 2018 replaced the Data Protection Act 1998',
    source: 'Data Protection Act 2018',
  },
  {
    name: /\bDisability Discrimination Acts?\b/i,
    // Where it is law.
    unless: /\bNorthern Ireland\b/i,
    why: 'The Equality Act 2010 replaced the Disability Discrimination Act in Great Britain',
    source: equality,
  },
  {
    name: /\b(?:Race Relations|Sex Discrimination) Acts?\b/i,
    why: 'The Equality Act 2010 replaced the Race Relations Act and the Sex Discrimination Act in Great Britain',
    source: equality,
  },
  {
    name: /\bOfficial Secrets Acts?,? 19(?:11|20|39)\b/i,
    why: 'The National Security Act 2023 replaced the Official Secrets Acts of 1911, 1920 and 1939; that of 1989 stays',
    source: 'National Security Act 2023',
  },
  {
    name: /\bTwo[ -]Ticks\b/i,
    why: 'Disability Confident replaced the Two Ticks scheme in 2016',
    source: 'Disability Confident (Department for Work and Pensions)',
  },
]

/** What has replaced the publication at an address; undefined where nothing has, as far as we know. */
export const supersededAt = (url: string) => superseded.find(({ address }) => address?.test(url))

/** A text that says so itself needs no advice. */
const knows = /\b(?:replaced|replacement|superseded|repealed|formerly)\b/i

/** What a text names that something has replaced, with the words that name it. */
export const supersededIn = (text: string) =>
  superseded.flatMap(entry => {
    const words = entry.name.exec(text)?.[0]
    return words === undefined || entry.unless?.test(text) || knows.test(text) ? [] : [{ words, ...entry }]
  })
