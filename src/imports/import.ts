/** A document in, a draft and a report out: pure, and run in a worker since documents come from anywhere. */
import { keepIds } from '../document/match.ts'
import type { RoleDocument, SectionKind, SfiaVersion } from '../document/schema.ts'
import { linksOf } from '../document/text.ts'
import { partsOf, readableText } from '../document/walk.ts'
import { advise } from './advice.ts'
import { type Coverage, measure } from './coverage.ts'
import { follow } from './meaning/follow.ts'
import { type Outline, outline } from './meaning/outline.ts'
import { type Recognised, recognise } from './meaning/recognise.ts'
import type { SfiaIndex } from './meaning/sfia.ts'
import { leaveFileTitle } from './meaning/title.ts'
import { Notices, type Problem } from './notices.ts'
import { keepUnsaid, type Shared, type SharedText, shareSections } from './reconcile.ts'
import { reportOf, withoutDraft } from './report.ts'
import type { ImportReport } from './schema.ts'
import { decode } from './source/decode.ts'
import { takeForm } from './source/front-matter.ts'
import { openPackage } from './source/package.ts'
import { readSource } from './source/read-source.ts'
import { type DocumentType, type MediaType, scan, type Words, wordsOf } from './source/scan.ts'
import type { SourceTree } from './source/tree.ts'
import { readWord } from './source/word.ts'
import { readWordWords } from './source/word-words.ts'

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
  /** The slug that the request names, of a new role or of one that exists. */
  slug?: string
}

export interface ImportResult {
  /** null where the document cannot become a draft: `problems` says why. New parts have the id ''. */
  document: RoleDocument | null
  /** Shared sections that the document needs and the organisation lacks; their items have the id ''. */
  newSharedSections: SharedText[]
  /** Its `changes` are known when the draft is saved. */
  report: ImportReport
  problems: Problem[]
  /** The slug that the document's front matter names. */
  slug: string | null
  /** The document by lines, as the report numbers them; of a Word file its paragraphs. [] where it cannot be opened. */
  text: string[]
}

const nothing: Outline = { title: null, fields: [], beside: [], front: [], sections: [] }

/** What the two readers of a document give: its tree, and the words that are to be found again in the draft. */
interface Source {
  tree: SourceTree
  seen: Words
  text: string[]
}

/** The draft's version, where every level that the document prints is valid in it, since a document seldom names one. */
function wantedVersion(context: ImportContext, source: Outline): SfiaVersion | undefined {
  if (context.sfiaVersion) return context.sfiaVersion
  const before = context.previous?.sfia_version
  if (!before || !context.sfia.versions.some(version => version.version === before)) return undefined
  const trial = recognise(source, { versions: context.sfia.versions, wanted: before }, new Notices())
  const free = recognise(source, { versions: context.sfia.versions }, new Notices())
  return trial.document.sfia_mappings.length >= free.document.sfia_mappings.length ? before : undefined
}

/** Of an HTML text that parts it into lines. */
const blockTag =
  /<(?:!doctype|\/?(?:html|body|main|section|article|div|p|h[1-6]|ul|ol|li|d[ldt]|t(?:able|[rhd])|pre|blockquote|br|hr)\b)/i
const heading = /^ {0,3}#{1,6} +\S/m
const bullets = /^ {0,3}[-*+] +\S.*\n(?:.*\n){0,3}? {0,3}[-*+] +\S/m

function readText(source: Uint8Array, mediaType: MediaType, notices: Notices): Source | undefined {
  const text = decode(source, notices)
  if (text === undefined) return undefined
  if (mediaType === 'text/html' && !blockTag.test(text) && (heading.test(text) || bullets.test(text))) {
    // As HTML all of it would be one paragraph.
    const detail =
      'The document has no tag of HTML and looks like Markdown. Send it with the content type text/markdown, a file as .md'
    notices.refuse('looks_like_markdown', detail)
    return undefined
  }
  const own = mediaType === 'text/markdown' ? takeForm(text, notices) : { text }
  const seen = scan(own.text, mediaType, notices)
  const tree = {
    ...readSource(seen, mediaType, own.form !== undefined, notices),
    ...(own.form ? { form: own.form } : {}),
  }
  return { seen, tree, text: text.split('\n') }
}

async function readWordFile(source: Uint8Array, notices: Notices): Promise<Source | undefined> {
  const file = await openPackage(source, notices)
  if (file === undefined) return undefined
  const seen = readWordWords(file, notices)
  return { seen, ...(await readWord(file, notices)) }
}

function understand({ tree }: Source, context: ImportContext, notices: Notices): Recognised {
  const { versions } = context.sfia
  if (tree.form) {
    const wanted = context.sfiaVersion ?? tree.form.sfia_version
    return follow(tree, tree.form, { versions, ...(wanted ? { wanted } : {}) }, notices)
  }
  const found = outline(tree, notices)
  if (tree.title && found.title && tree.title !== found.title) leaveFileTitle(tree.title, found.title.text, notices)
  const wanted = wantedVersion(context, found)
  const sfia = { versions, ...(wanted ? { wanted } : {}) }
  return recognise(found, sfia, notices)
}

/** Sections without which a text is on something else than a role. */
const kindsOfRoles = new Set<SectionKind>([
  'role_summary',
  'responsibilities',
  'person_specification',
  'skills_experience',
  'capabilities',
  'skills_framework',
])

/** A page on roles, such as a list of links to their descriptions, describes none. */
function isAboutRoles(document: RoleDocument, notices: Notices): boolean {
  // The heading that text before the first one gets is ours.
  const own = notices.list.some(notice => notice.code === 'heading_added')
    ? document.sections.slice(1)
    : document.sections
  if (own.some(section => kindsOfRoles.has(section.kind)) || document.skills.length > 0 || document.grades.length > 0)
    return false
  if (/\b(?:descriptions|profiles|definitions|specifications|templates)$/i.test(document.title ?? '')) return true
  const items = document.sections.flatMap(section =>
    section.blocks.flatMap(block => (block.type === 'list' ? block.items : [])),
  )
  const links = items.filter(item => linksOf(item.text).length > 0).length
  const removed = notices.list.filter(notice => notice.code === 'link_removed').length
  return items.length > 2 && links + removed >= items.length
}

function checkContent({ document, followed }: Recognised, notices: Notices) {
  // What the register wrote is a role, if an empty one.
  if (followed) return
  if (document.sections.length > 0) {
    if (!isAboutRoles(document, notices)) return
    const detail =
      'The document is about roles and describes none: it has no summary, responsibilities or person specification. Send the description of one role'
    notices.refuse('not_a_role', detail)
    return
  }
  const detail =
    document.title === null
      ? 'The document has no text. Send the text of a role definition'
      : 'The document has a title and nothing else. Send it with its sections, each under a heading'
  notices.refuse('no_content', detail)
}

/** Elements nested some thousand deep exhaust the stack of the parsers. */
function refuseDepth(error: unknown, notices: Notices) {
  if (!(error instanceof RangeError)) throw error
  notices.refuse(
    'nesting_too_deep',
    'Elements are nested too deeply to be read. Save the document anew with simpler mark-up',
  )
}

/**
 * Reads a text. Never throws for what is in it; what cannot become a draft is in `problems`, with a report on what was
 * seen of it.
 */
export function importDocument(source: Uint8Array, mediaType: MediaType, context: ImportContext): ImportResult {
  const notices = new Notices()
  let read: Source | undefined
  let recognised: Recognised | undefined
  try {
    read = readText(source, mediaType, notices)
    recognised = read && understand(read, context, notices)
  } catch (error) {
    refuseDepth(error, notices)
  }
  return draftOf(recognised, read, context, notices)
}

/** As importDocument, for Word files too. */
export async function importFile(
  source: Uint8Array,
  mediaType: DocumentType,
  context: ImportContext,
): Promise<ImportResult> {
  if (mediaType === 'text/markdown' || mediaType === 'text/html') return importDocument(source, mediaType, context)
  const notices = new Notices()
  let read: Source | undefined
  let recognised: Recognised | undefined
  try {
    read = await readWordFile(source, notices)
    recognised = read && understand(read, context, notices)
  } catch (error) {
    refuseDepth(error, notices)
  }
  return draftOf(recognised, read, context, notices)
}

function draftOf(
  recognised: Recognised | undefined,
  read: Source | undefined,
  context: ImportContext,
  notices: Notices,
): ImportResult {
  const base = recognised ?? emptyResult()
  if (recognised && notices.problems.length === 0) checkContent(base, notices)
  if (notices.problems.length === 0) advise(base, notices)
  const named = read?.tree.slug
  if (named && context.slug !== undefined && named.text !== context.slug) {
    const detail = `The front matter names another slug than the request, “${context.slug}”, which counts`
    notices.add('advice', 'slug_not_used', named.line, named.text, detail)
  }
  const coverage: Coverage = measure(read?.seen ?? { words: [], lines: [] }, keptWords(base.document, notices), notices)
  const shared: Shared = shareSections(
    base.document.sections,
    context.sharedSections,
    context.organisation,
    context.previous,
    base.followed?.sharedSections ?? new Map(),
    notices,
  )
  const parts = { ...base, sections: shared.sections }
  if (!recognised || notices.problems.length > 0) {
    return {
      document: null,
      newSharedSections: [],
      report: withoutDraft(reportOf(parts, shared, coverage, notices, false)),
      problems: notices.problems,
      slug: named?.text ?? null,
      text: read?.text ?? [],
    }
  }
  const next = { ...base.document, sections: shared.sections }
  const { previous } = context
  const document = previous
    ? keepIds(base.followed?.whole ? next : keepUnsaid(next, previous, base.followed), previous)
    : next
  const unchanged = previous !== undefined && JSON.stringify(document) === JSON.stringify(previous)
  const report = reportOf(parts, shared, coverage, notices, unchanged)
  const slug = named?.text ?? null
  return { document, newSharedSections: shared.created, report, problems: [], slug, text: read?.text ?? [] }
}

/** The words of the draft, and those that a typed member stands for; what stands on no line was not seen in the text. */
const keptWords = (document: RoleDocument, notices: Notices) => [
  ...[...partsOf(document)].flatMap(part => wordsOf(readableText(part))),
  ...notices.understood.flatMap(entry => (entry.line === null ? [] : wordsOf(entry.text))),
]

const emptyResult = (): Recognised => recognise(nothing, { versions: [] }, new Notices())
