/** A document in, a draft and a report out: pure, and run in a worker since documents come from anywhere. */

import { keepIds } from '../document/match.ts'
import type { RoleDocument, SfiaVersion } from '../document/schema.ts'
import { advise } from './advice.ts'
import { type Coverage, measure } from './coverage.ts'
import { decode } from './decode.ts'
import { Notices, type Problem } from './notices.ts'
import { type Outline, outline } from './outline.ts'
import { readSource } from './read-source.ts'
import { type Recognised, recognise } from './recognise.ts'
import { keepUnsaid, type Shared, type SharedText, shareSections } from './reconcile.ts'
import { reportOf } from './report.ts'
import { type MediaType, type Scan, scan, wordsOf } from './scan.ts'
import type { ImportReport } from './schema.ts'
import type { SfiaIndex } from './sfia.ts'
import { partsOf, readableText } from './walk.ts'

export interface ImportContext {
  /** Slug of the organisation: the slugs of new shared sections begin with it. */
  organisation: string
  sfia: { versions: SfiaIndex[] }
  /** The version that the request asks for. */
  sfiaVersion?: SfiaVersion
  /** The organisation's own, of the kinds organisation_overview and profession_overview. */
  sharedSections: SharedText[]
  /** The draft that the document replaces. */
  previous?: RoleDocument
}

export interface ImportResult {
  /** null where the document cannot become a draft: `problems` says why. New parts have the id ''. */
  document: RoleDocument | null
  /** Shared sections that the document needs and the organisation lacks; their items have the id ''. */
  newSharedSections: SharedText[]
  /** Its `changes` are known when the draft is saved. */
  report: ImportReport
  problems: Problem[]
}

const nothing: Outline = { title: null, front: [], sections: [] }
const noScan: Scan = { words: [], lines: [], patched: '', references: [] }

/** The draft's version, where every level that the document prints is valid in it, since a document seldom names one. */
function wantedVersion(context: ImportContext, source: Outline): SfiaVersion | undefined {
  if (context.sfiaVersion) return context.sfiaVersion
  const before = context.previous?.sfia_version
  if (!before || !context.sfia.versions.some(version => version.version === before)) return undefined
  const trial = recognise(source, { versions: context.sfia.versions, wanted: before }, new Notices())
  const free = recognise(source, { versions: context.sfia.versions }, new Notices())
  return trial.document.sfia_mappings.length >= free.document.sfia_mappings.length ? before : undefined
}

function read(source: Uint8Array, mediaType: MediaType, context: ImportContext, notices: Notices) {
  const text = decode(source, notices)
  if (text === undefined) return undefined
  const seen = scan(text, mediaType, notices)
  const tree = readSource(seen, mediaType, notices)
  const found = outline(tree, notices)
  if (tree.title && found.title && tree.title !== found.title) {
    if (wordsOf(tree.title.text).join() === wordsOf(found.title.text).join()) {
      notices.understand(tree.title.line, tree.title.text, '/title', 'title')
    } else {
      notices.add(
        'loss',
        'file_title_removed',
        tree.title.line,
        tree.title.text,
        'The text has another title, which was taken',
      )
    }
  }
  const wanted = wantedVersion(context, found)
  const sfia = { versions: context.sfia.versions, ...(wanted ? { wanted } : {}) }
  return { seen, recognised: recognise(found, sfia, notices) }
}

function checkContent(document: RoleDocument, notices: Notices) {
  if (document.sections.length > 0) return
  const detail =
    document.title === null
      ? 'The document has no text. Send the text of a role definition'
      : 'The document has a title and nothing else. Send it with its sections, each under a heading'
  notices.refuse('no_content', detail)
}

/**
 * Reads a document. Never throws for what is in it; what cannot become a draft is in `problems`, with a report on what
 * was seen of it.
 */
export function importDocument(source: Uint8Array, mediaType: MediaType, context: ImportContext): ImportResult {
  const notices = new Notices()
  let recognised: Recognised | undefined
  let seen = noScan
  try {
    const result = read(source, mediaType, context, notices)
    recognised = result?.recognised
    seen = result?.seen ?? noScan
  } catch (error) {
    // Elements nested some thousand deep exhaust the stack of the parsers.
    if (!(error instanceof RangeError)) throw error
    notices.refuse(
      'nesting_too_deep',
      'Elements are nested too deeply to be read. Save the document anew with simpler mark-up',
    )
  }
  const base = recognised ?? emptyResult()
  if (recognised && notices.problems.length === 0) checkContent(base.document, notices)
  if (notices.problems.length === 0) advise(base, notices)
  const coverage: Coverage = measure(seen, keptWords(base.document, notices), notices)
  const shared: Shared = shareSections(
    base.document.sections,
    context.sharedSections,
    context.organisation,
    context.previous,
    notices,
  )
  const parts = { ...base, sections: shared.sections }
  if (!recognised || notices.problems.length > 0) {
    return {
      document: null,
      newSharedSections: [],
      report: reportOf(parts, shared, coverage, notices, false),
      problems: notices.problems,
    }
  }
  const next = { ...base.document, sections: shared.sections }
  const { previous } = context
  const document = previous ? keepIds(keepUnsaid(next, previous), previous) : next
  const unchanged = previous !== undefined && JSON.stringify(document) === JSON.stringify(previous)
  const report = reportOf(parts, shared, coverage, notices, unchanged)
  return { document, newSharedSections: shared.created, report, problems: [] }
}

/** The words of the draft, and those that a typed member stands for. */
const keptWords = (document: RoleDocument, notices: Notices) => [
  ...[...partsOf(document)].flatMap(part => wordsOf(readableText(part))),
  ...notices.understood.flatMap(entry => wordsOf(entry.text)),
]

const emptyResult = (): Recognised => recognise(nothing, { versions: [] }, new Notices())
