/** Imports without a server: the starter index of SFIA, and words of an import in one line each. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { type ImportContext, type ImportResult, importDocument } from '../../src/imports/import.ts'
import type { MediaType } from '../../src/imports/source/scan.ts'
import { shared } from './project.ts'

const category = 'Development and implementation'
const delivery = 'Delivery and operation'
const rows: [string, string, string, string, string, number[]][] = [
  ['6', 'DESN', 'Systems design', category, 'Systems development', [2, 3, 4, 5, 6]],
  ['6', 'PROG', 'Programming/software development', category, 'Systems development', [2, 3, 4, 5]],
  ['6', 'SINT', 'Systems integration', category, 'Installation and integration', [2, 3, 4, 5, 6]],
  ['6', 'PBMG', 'Problem management', delivery, 'Service operation', [3, 4, 5]],
  ['6', 'USUP', 'Incident management', delivery, 'Service operation', [2, 3, 4, 5]],
  ['7', 'DESN', 'Systems design', category, 'Systems development', [4, 5, 6]],
  ['7', 'PROG', 'Programming/software development', category, 'Systems development', [2, 3, 4, 5, 6]],
  ['7', 'SINT', 'Systems integration and build', category, 'Installation and integration', [2, 3, 4, 5, 6]],
  ['7', 'PBMG', 'Problem management', delivery, 'Service operation', [3, 4, 5]],
  ['7', 'USUP', 'Incident management', delivery, 'Service operation', [2, 3, 4, 5]],
  ['8', 'DESN', 'Systems design', category, 'Systems development', [3, 4, 5, 6]],
  ['8', 'PROG', 'Programming/software development', category, 'Systems development', [2, 3, 4, 5, 6]],
  ['8', 'SINT', 'Systems integration and build', category, 'Systems development', [2, 3, 4, 5, 6]],
  ['8', 'PBMG', 'Problem management', delivery, 'Service management', [3, 4, 5]],
  ['8', 'USUP', 'Incident management', delivery, 'Service management', [2, 3, 4, 5]],
  ['9', 'DESN', 'Systems design', category, 'Systems development', [2, 3, 4, 5, 6]],
  ['9', 'PROG', 'Programming/software development', category, 'Systems development', [2, 3, 4, 5, 6]],
  ['9', 'SINT', 'Systems integration and build', category, 'Systems development', [2, 3, 4, 5, 6]],
  ['9', 'PBMG', 'Problem management', delivery, 'Service management', [2, 3, 4, 5]],
  ['9', 'USUP', 'Incident management', delivery, 'Service management', [1, 2, 3, 4, 5, 6]],
]

/** The context of an organisation without shared sections; parts of it may be given. */
export const contextOf = (given: Partial<ImportContext> & { complete?: boolean } = {}): ImportContext => {
  const { complete = false, ...rest } = given
  return {
    organisation: 'home-office',
    sfia: {
      versions: (['6', '7', '8', '9'] as const).map(version => ({
        version,
        complete,
        skills: rows
          .filter(row => row[0] === version)
          .map(([, code, name, group, subcategory, levels]) => ({ code, name, category: group, subcategory, levels })),
      })),
    },
    sharedSections: [],
    ...rest,
  }
}

export const bytes = (text: string) => new TextEncoder().encode(text)

export const imported = (
  text: string,
  mediaType: MediaType = 'text/markdown',
  given: Parameters<typeof contextOf>[0] = {},
) => importDocument(bytes(text), mediaType, contextOf(given))

/** Warnings as `severity code line`. */
export const warningsOf = ({ report }: ImportResult) =>
  report.warnings.map(({ severity, code, line }) => `${severity} ${code} ${line ?? '-'}`)

export const warningOf = ({ report }: ImportResult, code: string) =>
  report.warnings.find(warning => warning.code === code)

/** Sections as `kind: blocks`. */
export const outlineOf = ({ document }: ImportResult) =>
  (document?.sections ?? []).map(section => {
    const blocks = section.blocks.map(block => (block.type === 'list' ? `list ${block.items.length}` : block.type))
    return `${section.kind}: ${section.shared_section ?? blocks.join(', ')}`
  })

export const ourSample = () => readFileSync(new URL('../../examples/role-definition.md', import.meta.url))

const samples = new URL('samples/', shared)

/** The real role definition that started this; undefined where it is not at hand. */
export const realSample = () => {
  const file = new URL('devops-role-definition.md', samples)
  return existsSync(file) ? readFileSync(file) : undefined
}

/** Markdown documents of other bodies, by name; empty where they are not at hand. */
export const corpora = () =>
  ['moj', '18f', 'gds-docx'].flatMap(folder => {
    const place = new URL(`corpora/${folder}/`, samples)
    if (!existsSync(place)) return []
    return readdirSync(place)
      .filter(name => name.endsWith('.md'))
      .map(name => ({ name: `${folder}/${name}`, source: readFileSync(new URL(name, place)) }))
  })

/** A place and a salary as an import reads them. */
export const place = (text: string) => ({ text, town: null, region: null, postcode: null, country: null })
export const pay = (text: string, min: number | null, max = min, period: 'year' | null = null) => ({
  min,
  max,
  currency: 'GBP',
  period,
  text,
})
