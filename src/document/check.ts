/** What a document must keep beyond its schema, and what still stops its publication. Pure: no catalogue is asked. */
import { gradeScheme, grades, sectionKinds } from './code-lists.ts'
import type { FindingCode } from './finding-codes.ts'
import { wrongCountry, wrongCurrency } from './iso.ts'
import { nearest } from './nearest.ts'
import {
  type Block,
  type Grade,
  type Location,
  limits,
  type RoleDocument,
  type RoleSkill,
  type Salary,
  type Section,
} from './schema.ts'
import { checkText } from './text.ts'
import { itemsOf } from './walk.ts'
import { shorten } from './wording.ts'

/** One thing found: where (RFC 6901 pointer into the document), a code, and what would be right. */
export interface Finding {
  pointer: string
  code: FindingCode
  detail: string
}

const plain = (text: string) => text.toLowerCase().replaceAll(/[^a-z0-9]/g, '')

/** The Civil Service grade that a printed name, alias or code means; undefined where it means none. */
const findGrade = (printed: string) =>
  grades.find(({ code, label, aliases }) => [code, label, ...aliases].some(name => plain(name) === plain(printed)))

/** A grade with the label of its code filled in. */
export const labelled = (grade: Grade): Grade =>
  grade.label !== ''
    ? grade
    : {
        ...grade,
        label: (grade.scheme === gradeScheme && grades.find(({ code }) => code === grade.code)?.label) || grade.code,
      }

/** Why a code is no Civil Service grade, and which is meant. */
export function gradeProblem(code: string): string {
  const codes = grades.map(grade => grade.code)
  const meant = findGrade(code)?.code ?? nearest(code, codes)
  const hint = meant === undefined ? '' : ` Did you mean ${meant}?`
  return `"${shorten(code, 60)}" is not a grade code.${hint} The codes are ${codes.join(', ')}.`
}

function checkGrade({ scheme, code, label }: Grade, pointer: string): Finding[] {
  if (scheme !== gradeScheme) return []
  const known = grades.find(grade => grade.code === code)
  if (!known) return [{ pointer: `${pointer}/code`, code: 'not_in_list', detail: gradeProblem(code) }]
  return label === '' || label === known.label
    ? []
    : [
        {
          pointer: `${pointer}/label`,
          code: 'wrong_label',
          detail: `The label of ${code} is "${known.label}"; leave it out to have it filled in.`,
        },
      ]
}

/** The entries that stand a second time, with their index. */
export function repeats<T>(entries: readonly T[], key: (entry: T) => string): { index: number; key: string }[] {
  const seen = new Set<string>()
  return entries.flatMap((entry, index) => {
    const own = key(entry)
    if (own === '' || !seen.has(own)) {
      seen.add(own)
      return []
    }
    return [{ index, key: own }]
  })
}

const duplicates = (pointer: string, entries: readonly { id: string }[], scope: string): Finding[] =>
  repeats(entries, ({ id }) => id).map(({ index, key }) => ({
    pointer: `${pointer}/${index}/id`,
    code: 'duplicate_id',
    detail: `The id "${key}" stands twice in ${scope}; leave it out for a new entry.`,
  }))

/** Every text of a list of blocks with its pointer. */
function textsOf(blocks: readonly Block[], pointer: string): { pointer: string; text: string }[] {
  return blocks.flatMap((block, index) => {
    const at = `${pointer}/${index}`
    if (block.type === 'list')
      return block.items.flatMap((item, number) => [
        { pointer: `${at}/items/${number}/text`, text: item.text },
        ...item.items.map((sub, position) => ({
          pointer: `${at}/items/${number}/items/${position}/text`,
          text: sub.text,
        })),
      ])
    return 'text' in block ? [{ pointer: `${at}/text`, text: block.text }] : []
  })
}

/** Whether JSON that GET would answer with is more than PUT takes: it may have grown by parts, or by defaults filled in. */
export const checkSize = (text: string, noun: string): Finding[] =>
  Buffer.byteLength(text) <= limits.bytes
    ? []
    : [
        {
          pointer: '',
          code: 'too_large',
          detail: `A ${noun} may have at most 1 MiB as JSON; this would have ${(Buffer.byteLength(text) / 1024 / 1024).toFixed(2)} MiB.`,
        },
      ]

/** What is wrong in the blocks of a section, shared or not. */
export function checkBlocks(blocks: readonly Block[], pointer: string): Finding[] {
  const twice = repeats(itemsOf(blocks), ({ id }) => id).map(
    ({ key }): Finding => ({
      pointer,
      code: 'duplicate_id',
      detail: `The item id "${key}" stands twice in this section; leave it out for a new item.`,
    }),
  )
  const texts = textsOf(blocks, pointer).flatMap(({ pointer: at, text }): Finding[] => {
    const found = checkText(text)
    return found === null ? [] : [{ pointer: at, code: 'wrong_text', detail: found }]
  })
  return [...twice, ...texts]
}

const isMarker = (type: Block['type']) => type === 'skills' || type === 'sfia_mappings' || type === 'advert_details'

/** Blocks that mark where a role's own skills or details are printed have no meaning outside of a role: `noun` says where. */
export const findMarkers = (blocks: readonly Block[], pointer: string, noun: string): Finding[] =>
  blocks.flatMap(({ type }, index) =>
    isMarker(type)
      ? [
          {
            pointer: `${pointer}/${index}/type`,
            code: 'block_of_role',
            detail: `A block of the type ${type} belongs to a role. ${noun} holds paragraph, subheading, note and list.`,
          },
        ]
      : [],
  )

function checkSection(section: Section, pointer: string): Finding[] {
  const found = checkBlocks(section.blocks, `${pointer}/blocks`)
  if (section.id && !sectionKinds.some(({ code }) => code === section.id.replace(/-[0-9]+$/, '')))
    found.push({
      pointer: `${pointer}/id`,
      code: 'wrong_id',
      detail: 'The register gives ids; leave it out for a new section.',
    })
  if (section.shared_section !== null && section.blocks.length > 0)
    found.push({
      pointer: `${pointer}/blocks`,
      code: 'blocks_of_shared_section',
      detail: 'A section that uses a shared section has no blocks of its own: they must be [].',
    })
  return found
}

const tooMany = (pointer: string, count: number, most: number, noun: string): Finding[] =>
  count <= most
    ? []
    : [{ pointer, code: 'too_many', detail: `A role may have at most ${most} ${noun}; this would make ${count}.` }]

const skillsBlock = (importance: RoleSkill['importance']) =>
  importance === null ? 'skills block without an importance (null)' : `skills block of importance ${importance}`

/** Marker blocks of which a document may hold only one: two would print the same thing twice. */
function checkMarkers(document: RoleDocument): Finding[] {
  const markers = document.sections.flatMap((section, number) =>
    section.blocks.flatMap((block, index) =>
      isMarker(block.type)
        ? [
            {
              key: block.type === 'skills' ? skillsBlock(block.importance) : `${block.type} block`,
              pointer: `/sections/${number}/blocks/${index}`,
            },
          ]
        : [],
    ),
  )
  return repeats(markers, ({ key }) => key).map(({ index, key }) => ({
    pointer: markers[index]?.pointer ?? '/sections',
    code: 'printed_twice',
    detail: `There is a ${key} already: a document prints each thing once.`,
  }))
}

/** What is wrong with amounts and a currency that have the right shape. */
export function checkSalary(salary: Salary | null, pointer: string): Finding[] {
  if (!salary) return []
  const pence = (['min', 'max'] as const).filter(name => {
    const amount = salary[name]
    return amount !== null && Math.abs(Math.round(amount * 100) - amount * 100) > 1e-6
  })
  const found: Finding[] = pence.map(name => ({
    pointer: `${pointer}/${name}`,
    code: 'wrong_form',
    detail: 'An amount has at most two decimals.',
  }))
  if (salary.min !== null && salary.max !== null && salary.min > salary.max)
    found.push({
      pointer: `${pointer}/min`,
      code: 'too_large',
      detail: `min must not be more than max, ${salary.max}.`,
    })
  const wrong = wrongCurrency(salary.currency)
  if (wrong !== undefined) found.push({ pointer: `${pointer}/currency`, code: 'not_in_list', detail: wrong })
  return found
}

/** What is wrong with places that have the right shape. */
export const checkLocations = (locations: readonly Location[], pointer: string): Finding[] =>
  locations.flatMap(({ country }, index) => {
    const wrong = country === null ? undefined : wrongCountry(country)
    return wrong === undefined ? [] : [{ pointer: `${pointer}/${index}/country`, code: 'not_in_list', detail: wrong }]
  })

function checkMappings({ sfia_version, sfia_mappings }: RoleDocument): Finding[] {
  const found: Finding[] = repeats(sfia_mappings, ({ code }) => code).map(({ index, key }) => ({
    pointer: `/sfia_mappings/${index}/code`,
    code: 'duplicate',
    detail: `${key} is mapped already: a role has one level of each SFIA skill.`,
  }))
  if (sfia_version === null && sfia_mappings.length > 0)
    found.push({
      pointer: '/sfia_version',
      code: 'missing_member',
      detail: 'SFIA mappings need a sfia_version in the draft: 6, 7, 8 or 9.',
    })
  return found
}

function checkGrades({ grades }: RoleDocument): Finding[] {
  const twice = repeats(grades, ({ scheme, code }) => `${scheme} ${code}`).map(
    ({ index }): Finding => ({
      pointer: `/grades/${index}`,
      code: 'duplicate',
      detail: `The grade ${grades[index]?.code} stands in the list already.`,
    }),
  )
  return [...grades.flatMap((grade, index) => checkGrade(grade, `/grades/${index}`)), ...twice]
}

/** All that makes a document invalid though it has the right shape; [] where nothing does. */
export function checkDocument(document: RoleDocument): Finding[] {
  return [
    ...tooMany('/sections', document.sections.length, limits.sections, 'sections'),
    ...tooMany('/skills', document.skills.length, limits.skills, 'skills'),
    ...tooMany('/sfia_mappings', document.sfia_mappings.length, limits.mappings, 'SFIA mappings'),
    ...checkGrades(document),
    ...duplicates('/sections', document.sections, 'the sections'),
    ...document.sections.flatMap((section, index) => checkSection(section, `/sections/${index}`)),
    ...checkMarkers(document),
    ...duplicates('/skills', document.skills, 'the skills'),
    ...document.skills.flatMap(({ statement }, index): Finding[] => {
      const found = checkText(statement)
      return found === null ? [] : [{ pointer: `/skills/${index}/statement`, code: 'wrong_text', detail: found }]
    }),
    ...checkMappings(document),
    ...checkSalary(document.advert_details.salary, '/advert_details/salary'),
    ...checkLocations(document.advert_details.locations, '/advert_details/locations'),
  ]
}

/** The blocks of a section as they print: of the shared section where it uses one, without notes. */
type BlocksOf = (section: Section) => readonly Block[]

function isEmpty(document: RoleDocument, section: Section, blocksOf: BlocksOf): boolean {
  return blocksOf(section).every(block => {
    if (block.type === 'skills') return !document.skills.some(({ importance }) => importance === block.importance)
    if (block.type === 'sfia_mappings') return document.sfia_mappings.length === 0
    return block.type === 'note'
  })
}

/** All that stops publication; [] where the draft is ready. `blocksOf` fills in shared sections. */
export function findBlockers(document: RoleDocument, blocksOf: BlocksOf): Finding[] {
  const found: Finding[] = []
  if (document.title === null) found.push({ pointer: '/title', code: 'no_title', detail: 'The role needs a title.' })
  if (document.grades.length === 0)
    found.push({ pointer: '/grades', code: 'no_grade', detail: 'The role needs a grade.' })
  for (const kind of ['role_summary', 'responsibilities'] as const)
    if (!document.sections.some(section => section.kind === kind))
      found.push({ pointer: '/sections', code: `no_${kind}`, detail: `The role needs a section of the kind ${kind}.` })
  document.sections.forEach((section, index) => {
    if (isEmpty(document, section, blocksOf))
      found.push({
        pointer: `/sections/${index}`,
        code: 'empty_section',
        detail: `The section "${section.heading}" is empty: fill or remove it.`,
      })
  })
  const printed = new Set(
    document.sections.flatMap(section =>
      blocksOf(section).flatMap(block => (block.type === 'skills' ? [block.importance] : [])),
    ),
  )
  document.skills.forEach((skill, index) => {
    if (!printed.has(skill.importance))
      found.push({
        pointer: `/skills/${index}`,
        code: 'unprinted_skill',
        detail: `No section prints this skill: it needs a ${skillsBlock(skill.importance)}.`,
      })
  })
  return found
}
