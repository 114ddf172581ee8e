/**
 * A published role in the terms of schema.org. All text is plain. Optional items are left out: whoever makes an advert
 * chooses among them.
 */
import { families, professions, skillLevels } from '../document/code-lists.ts'
import type { ListItem, PublishedRole } from '../document/schema.ts'
import { plainText } from '../document/text.ts'
import { acknowledgement } from '../sfia/starter.ts'
import type { CategoryCode, DefinedTerm, Occupation } from './schema.ts'

type Section = PublishedRole['sections'][number]

/** Stands for the role whatever its version: the `@id` of its Occupation. */
export const occupationId = (baseUrl: string, role: string) => `${baseUrl}/v1/roles/${role}/occupation`

/** Where the Occupation of one version stands, which is there also once the role is withdrawn. */
export const versionOccupationId = (baseUrl: string, { slug, version }: PublishedRole) =>
  `${baseUrl}/v1/roles/${slug}/versions/${version}/occupation`

/** The `@id` of an organisation of the register. */
export const organisationId = (baseUrl: string, slug: string) => `${baseUrl}/v1/organisations/${slug}`

/** An item with those below it, a line each. */
const itemText = ({ text, items }: ListItem) =>
  [plainText(text), ...items.map(below => `– ${plainText(below.text)}`)].join('\n')

interface TextsOptions {
  /** Which items of lists are shown; those that are not optional unless it says otherwise. */
  isShown?: (item: ListItem) => boolean
  /** Whether sentences such as "You will:" stay, which only lead to what stands below them. */
  keepLeads?: boolean
  /** Whether subheadings stay. */
  keepSubheadings?: boolean
}

/** The paragraphs and list items of a section as plain texts; without what markers stand for. */
export function textsOf({ blocks }: Pick<Section, 'blocks'>, options: TextsOptions = {}): string[] {
  const { isShown = ({ optional }) => !optional, keepLeads = false, keepSubheadings = false } = options
  return blocks.flatMap((block, index) => {
    if (block.type === 'list') return block.items.filter(isShown).map(itemText)
    if (block.type === 'subheading' && keepSubheadings) return [plainText(block.text)]
    if (block.type !== 'paragraph') return []
    const text = plainText(block.text)
    return !keepLeads && text.endsWith(':') && index + 1 < blocks.length ? [] : [text]
  })
}

/** A SFIA skill at the level that a role asks for. SFIA's own addresses name skill, version and level. */
function sfiaTerm(
  version: string,
  { code, level, name }: Pick<PublishedRole['sfia_mappings'][number], 'code' | 'level' | 'name'>,
): DefinedTerm {
  const site = 'https://sfia-online.org/en'
  return {
    '@type': 'DefinedTerm',
    termCode: code,
    name,
    description: `${name}, level ${level} of SFIA ${version}`,
    url: `${site}/skillcode/${version}/${code}`,
    identifier: {
      '@type': 'PropertyValue',
      propertyID: 'sfia_level',
      name: 'SFIA level of responsibility',
      value: level,
      url: `${site}/lor/${version}/${level}`,
    },
    inDefinedTermSet: {
      '@type': 'DefinedTermSet',
      '@id': `${site}/sfia-${version}`,
      name: `SFIA ${version}`,
      copyrightNotice: acknowledgement,
    },
  }
}

/** A role skill: a term where it is in the catalogue, else its statement. */
function skillTerm(
  baseUrl: string,
  { statement, skill, skill_name, level }: PublishedRole['skills'][number],
): DefinedTerm | string {
  const text = plainText(statement)
  if (skill === null || skill_name === null) return text
  return {
    '@type': 'DefinedTerm',
    termCode: skill,
    name: skill_name,
    description: text,
    url: `${baseUrl}/v1/skills/${skill}`,
    ...(level === null
      ? {}
      : {
          identifier: {
            '@type': 'PropertyValue',
            propertyID: 'skill_level',
            name: skillLevels.find(({ code }) => code === level)?.label ?? level,
            value: level,
          },
        }),
    inDefinedTermSet: { '@type': 'DefinedTermSet', '@id': `${baseUrl}/v1/skills`, name: 'Role Register skills' },
  }
}

/** SFIA skills with their levels, then the role's own; [] where it has none. */
export const skillsOf = (baseUrl: string, { sfia_version, sfia_mappings, skills }: PublishedRole) => [
  ...(sfia_version === null ? [] : sfia_mappings.map(mapping => sfiaTerm(sfia_version, mapping))),
  ...skills.map(skill => skillTerm(baseUrl, skill)),
]

/** Profession and family, as codes of the register's lists; [] where it has neither. */
export function categoriesOf(baseUrl: string, { profession, family }: PublishedRole): CategoryCode[] {
  const category = (list: 'professions' | 'families', name: string, code: string | null): CategoryCode[] => {
    const known = (list === 'professions' ? professions : families).find(entry => entry.code === code)
    if (known === undefined) return []
    const inCodeSet = { '@type': 'CategoryCodeSet' as const, '@id': `${baseUrl}/v1/code-lists/${list}`, name }
    return [{ '@type': 'CategoryCode', codeValue: known.code, name: known.label, inCodeSet }]
  }
  return [
    ...category('professions', 'Civil Service professions', profession),
    ...category('families', 'Role families of the Government Digital and Data framework', family),
  ]
}

/** A member where there is something to say. */
const some = <K extends string, T>(name: K, values: T[]) =>
  (values.length === 0 ? {} : { [name]: values }) as { [key in K]?: T[] }

/** The Occupation that a version of a role describes. */
export function occupationOf(role: PublishedRole, baseUrl: string): Occupation {
  const address = `${baseUrl}/v1/roles/${role.slug}`
  const name = role.title ?? role.slug
  const ofKind = (...kinds: Section['kind'][]) => role.sections.filter(({ kind }) => kinds.includes(kind))
  const description = ofKind('role_summary').flatMap(section => textsOf(section, { keepLeads: true }))
  return {
    '@context': 'https://schema.org',
    '@type': 'Occupation',
    '@id': occupationId(baseUrl, role.slug),
    name,
    ...some('alternateName', role.alternative_titles),
    ...(description.length === 0 ? {} : { description: description.join('\n\n') }),
    url: address,
    ...some('occupationalCategory', categoriesOf(baseUrl, role)),
    ...some(
      'responsibilities',
      ofKind('responsibilities').flatMap(section => textsOf(section)),
    ),
    ...some(
      'qualifications',
      ofKind('person_specification', 'skills_experience').flatMap(section => textsOf(section)),
    ),
    ...some('skills', skillsOf(baseUrl, role)),
    subjectOf: {
      '@type': 'CreativeWork',
      '@id': `${address}/versions/${role.version}`,
      name,
      version: role.version,
      datePublished: role.published_at,
      publisher: {
        '@type': 'Organization',
        '@id': organisationId(baseUrl, role.organisation.slug),
        name: role.organisation.name,
      },
    },
  }
}
