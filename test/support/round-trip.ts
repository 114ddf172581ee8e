/** Writes a draft as a document and reads it again. */
import { diffDocuments } from '../../src/document/diff.ts'
import { fillIn } from '../../src/document/resolve.ts'
import type { RoleDocument } from '../../src/document/schema.ts'
import { importFile } from '../../src/imports/import.ts'
import type { SharedText } from '../../src/imports/reconcile.ts'
import { type DocumentType, wordType } from '../../src/imports/source/scan.ts'
import { renderMarkdown } from '../../src/renderings/markdown.ts'
import { renderFragment, renderPage } from '../../src/renderings/page.ts'
import type { Source } from '../../src/renderings/rendering.ts'
import { renderWord } from '../../src/renderings/word.ts'
import { contextOf } from './documents.ts'

const context = contextOf()

/** What a draft is rendered from; skills are `python` and `sql`. */
export function sourceOf(document: RoleDocument, sharedSections: readonly SharedText[]): Source {
  const index = context.sfia.versions.find(({ version }) => version === document.sfia_version)
  const references = {
    sharedSections: new Map(sharedSections.map(({ slug, blocks }) => [slug, { blocks, revision: 1 }])),
    skillNames: new Map([
      ['python', 'Python'],
      ['sql', 'SQL'],
    ]),
    sfiaSkills: new Map(index?.skills.map(skill => [skill.code, skill])),
  }
  return { role: fillIn(document, references), organisation: 'Home Office' }
}

export const formats: Record<string, { type: DocumentType; render: (source: Source) => Promise<Uint8Array> }> = {
  md: { type: 'text/markdown', render: async source => Buffer.from(renderMarkdown(source)) },
  html: { type: 'text/html', render: async source => Buffer.from(renderPage(source, undefined)) },
  fragment: { type: 'text/html', render: async source => Buffer.from(renderFragment(source)) },
  docx: { type: wordType, render: source => renderWord(source, '2026-11-24T00:00:00Z') },
}

export const withoutIds = (document: RoleDocument | null) =>
  JSON.stringify(document, (name, value) => (name === 'id' ? undefined : value), 1)

/** Throws with what differs where a document does not come back. */
export async function roundTrip(format: string, document: RoleDocument, sharedSections: SharedText[]) {
  const { type, render } = formats[format] as (typeof formats)[string]
  const bytes = await render(sourceOf(document, sharedSections))
  const shown = () => (type === wordType ? '' : Buffer.from(bytes).toString())
  const again = await importFile(bytes, type, contextOf({ previous: document, sharedSections }))
  if (again.problems.length > 0) throw new Error(`${JSON.stringify(again.problems)}\n${shown()}`)
  const { report } = again
  if (!report.unchanged)
    throw new Error(`${JSON.stringify(again.document && diffDocuments(document, again.document))}\n${shown()}`)
  if (report.losses.length > 0 || report.coverage.percent !== 100)
    throw new Error(`${JSON.stringify([report.losses, report.coverage])}\n${shown()}`)
  const anew = await importFile(bytes, type, contextOf({ sharedSections }))
  if (withoutIds(anew.document) !== withoutIds(document))
    throw new Error(`as a new role: ${withoutIds(document)}\n${withoutIds(anew.document)}\n${shown()}`)
}
