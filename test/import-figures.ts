/** The table of the README on other bodies' documents: `npm run import:figures -- FOLDER…`, a row for each folder. */
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { parseArgs } from 'node:util'
import { findFiles } from '../src/imports/files.ts'
import { importFile } from '../src/imports/import.ts'
import type { DocumentType } from '../src/imports/source/scan.ts'
import { contextOf } from './support/documents.ts'

interface Figures {
  name: string
  documents: number
  /** Those that became a draft. */
  drafts: number
  /** The lowest and the mean share of the text that is in the drafts, in percent. */
  lowest: number
  mean: number
  /** Drafts with a summary, with responsibilities, with a person specification or skills. */
  summary: number
  responsibilities: number
  person: number
  skills: number
  behaviours: number
  details: number
  losses: number
}

/** What the importer makes of the documents of a folder. */
async function figuresOf(folder: string): Promise<Figures> {
  const files = (await findFiles([folder])).filter(({ type }) => type !== undefined && type !== 'export')
  const results = []
  for (const { path, type } of files)
    results.push(await importFile(readFileSync(path), type as DocumentType, contextOf()))
  const drafts = results.flatMap(({ document, report }) => (document ? [{ document, report }] : []))
  const count = (holds: (draft: (typeof drafts)[number]) => boolean) => drafts.filter(holds).length
  const has = (...kinds: string[]) =>
    count(({ document }) => document.sections.some(({ kind }) => kinds.includes(kind)))
  const shares = drafts.map(({ report }) => report.coverage.percent)
  const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0)
  return {
    name: basename(folder),
    documents: results.length,
    drafts: drafts.length,
    lowest: Math.min(100, ...shares),
    mean: Math.floor((sum(shares) / Math.max(1, shares.length)) * 10) / 10,
    summary: has('role_summary'),
    responsibilities: has('responsibilities'),
    person: has('person_specification', 'skills_experience'),
    skills: sum(drafts.map(({ document }) => document.skills.length)),
    behaviours: count(({ document }) => document.behaviours.length > 0),
    details: sum(drafts.map(({ report }) => report.recognised.advert_details.length)),
    losses: sum(drafts.map(({ report }) => report.losses.length)),
  }
}

if (process.argv[1]?.endsWith('import-figures.ts')) {
  const { positionals } = parseArgs({ allowPositionals: true })
  const rows: Figures[] = []
  for (const folder of positionals) rows.push(await figuresOf(folder))
  const head = [
    'folder',
    'documents',
    'drafts',
    'text kept, lowest',
    'mean',
    'with summary',
    'responsibilities',
    'person or skills',
    'skills',
    'with behaviours',
    'details',
    'losses named',
  ]
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`
  const cellsOf = ({ lowest, mean, ...row }: Figures) => {
    const { name, documents, drafts, ...rest } = row
    return [name, documents, drafts, `${lowest} %`, `${mean} %`, ...Object.values(rest)]
  }
  process.stdout.write(
    `${[line(head), line(head.map(() => '---')), ...rows.map(row => line(cellsOf(row)))].join('\n')}\n`,
  )
}
