/** What an import needs of the database, and what it leaves there. */
import { type Kysely, sql, type Transaction } from 'kysely'
import { unknownOrganisations } from '../catalogues/store.ts'
import type { NewEvent } from '../database/events.ts'
import type { Database } from '../database/types.ts'
import { type Change, diffDocuments } from '../document/diff.ts'
import { assignItemIds } from '../document/ids.ts'
import type { RoleDocument, SfiaVersion } from '../document/schema.ts'
import { type Caller, organisationOf } from '../plugins/auth.ts'
import { notFound, Problem } from '../plugins/problems.ts'
import type { Match } from '../plugins/write.ts'
import type { Comparer } from '../roles/comparer.ts'
import {
  type Draft,
  digestOf,
  filledIn,
  insertDraft,
  lockRole,
  type RoleRow,
  saveDraft,
  slugFor,
} from '../roles/store.ts'
import { findSfiaIndexes } from '../sfia/store.ts'
import type { ImportContext, ImportResult } from './import.ts'
import { Notices } from './notices.ts'
import type { ImportReport } from './schema.ts'
import type { DocumentType } from './source/scan.ts'

/**
 * What a document is read against: the SFIA index, the organisation's shared sections, the draft that it replaces. Throws 422
 * where there is no such organisation.
 */
export async function findContext(
  db: Kysely<Database>,
  organisation: string,
  { sfiaVersion, previous, slug }: { sfiaVersion?: SfiaVersion; previous?: RoleDocument; slug?: string | undefined },
): Promise<ImportContext> {
  const [indexes, rows] = await Promise.all([
    findSfiaIndexes(db),
    db
      .selectFrom('organisations as o')
      .leftJoin('shared_sections as s', 's.organisation', 'o.slug')
      .select(['s.slug', 's.kind', 's.heading', 's.blocks'])
      .where('o.slug', '=', organisation)
      .orderBy('s.slug')
      .execute(),
  ])
  if (rows.length === 0) throw await unknownOrganisations(db, [{ pointer: '?organisation', slug: organisation }])
  // An organisation without shared sections has one row without one.
  const sharedSections = rows.flatMap(({ slug, kind, heading, blocks }) =>
    slug === null || kind === null || heading === null || blocks === null ? [] : [{ slug, kind, heading, blocks }],
  )
  const versions = indexes.map(({ version, complete, skills }) => ({ version, complete, skills: [...skills.values()] }))
  return {
    organisation,
    sfia: { versions },
    sharedSections,
    ...(sfiaVersion ? { sfiaVersion } : {}),
    ...(previous ? { previous } : {}),
    ...(slug === undefined ? {} : { slug }),
  }
}

/** A document as it came. */
interface Original {
  mediaType: DocumentType
  bytes: Buffer
}

/** Larger documents are refused: a role definition has a tenth of it, its pictures included. */
export const documentBytesMax = 4 * 1024 * 1024

/** Of how many imports of a role the documents are kept. */
const originalsKept = 10

interface NewImport {
  organisation: string
  role: string
  created_by: string
  report: string
  draft_digest: string
}

/** The report of an import and its document, of which an earlier one gives way. One statement: it is on the way of each import. */
async function insertImport(
  trx: Transaction<Database>,
  { organisation, role, created_by, report, draft_digest }: NewImport,
  { mediaType, bytes }: Original,
): Promise<{ id: string; created_at: string }> {
  const { rows } = await sql<{ id: string; created_at: string }>`
    with made as (
      insert into imports (organisation, role, created_by, report, draft_digest)
      values (${organisation}, ${role}, ${created_by}, ${report}, ${draft_digest}) returning id, created_at
    ), kept as (
      insert into import_originals (import, media_type, digest, bytes)
      select id, ${mediaType}, ${digestOf(bytes)}, ${bytes} from made
    ), old as (
      delete from import_originals where import in (
        select id from imports where role = ${role} order by created_at desc, id desc offset ${originalsKept - 1})
    )
    select id, created_at from made`.execute(trx)
  const [made] = rows
  if (!made) throw new Error('an import was inserted, and is not there')
  return made
}

/** Where a read document goes: a new role, or the draft of one, which was read at `revision`. */
export type Target =
  | { slug: string | undefined }
  | { role: string; revision: number; match: Match; foreseen?: Foreseen }

/** A draft as an import will leave it, and what that changes. */
interface Foreseen {
  document: string
  changes: Change[]
}

/**
 * Compares, before the transaction of an import, the draft that it will replace with the one that it will leave: no lock and
 * no connection waits for that.
 */
export async function foresee(
  db: Kysely<Database>,
  comparer: Comparer,
  read: { document: RoleDocument; report: ImportReport },
  before: RoleRow,
): Promise<Foreseen> {
  const { document } = await withoutUnknownSkills(db, read, before.document)
  const after = filledIn(document, before.id_serials).document
  const changes = await comparer.compare(before.document, after)
  return { document: JSON.stringify(after), changes: JSON.parse(changes) as Change[] }
}

/** Another import made the same shared section after the document was read: read again, it uses that one. */
export class MadeMeanwhile extends Problem {
  constructor() {
    super('conflict', 'Another import made the same shared section at this moment. Send the document again.')
  }
}

/** How often a document is read anew, since what it was read against changed at that moment. */
const retriesMax = 3

/** Does the work of an import, and all of it again where another made the same shared section meanwhile. */
export async function readAnew<T>(work: () => Promise<T>): Promise<T> {
  for (let retries = 0; ; retries += 1) {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof MadeMeanwhile) || retries === retriesMax) throw error
    }
  }
}

async function insertSharedSections(
  trx: Transaction<Database>,
  organisation: string,
  sections: ImportResult['newSharedSections'],
): Promise<NewEvent[]> {
  if (sections.length === 0) return []
  const rows = sections.map(({ slug, kind, heading, blocks }) => ({
    slug,
    organisation,
    kind,
    heading,
    blocks: JSON.stringify(assignItemIds(blocks)),
  }))
  const made = await trx
    .insertInto('shared_sections')
    .values(rows)
    .onConflict(conflict => conflict.column('slug').doNothing())
    .returning('slug')
    .execute()
  if (made.length < rows.length) throw new MadeMeanwhile()
  return rows.map(({ slug, kind, heading, blocks }) => ({
    type: 'shared_section_created',
    organisation,
    subject: `/v1/shared-sections/${slug}`,
    revision: 1,
    afterDigest: digestOf(JSON.stringify({ kind, heading, blocks: JSON.parse(blocks) })),
  }))
}

/** The importer leaves ids of new parts empty; the schema of a request knows them as left out. */
export const withoutIds = (document: RoleDocument): unknown =>
  JSON.parse(JSON.stringify(document), (name, value) => (name === 'id' && value === '' ? undefined : value))

/**
 * A document may come from another register, and name skills that this catalogue lacks: they are left out, each with a
 * warning, and their statements stay.
 */
async function withoutUnknownSkills(
  db: Kysely<Database>,
  { document, report }: { document: RoleDocument; report: ImportReport },
  previous: RoleDocument | undefined,
): Promise<{ document: RoleDocument; report: ImportReport }> {
  const unknown = new Set(document.skills.flatMap(({ skill }) => skill ?? []))
  if (unknown.size === 0) return { document, report }
  const known = await db
    .selectFrom('skills')
    .select('slug')
    .where('slug', 'in', [...unknown])
    .execute()
  for (const { slug } of known) unknown.delete(slug)
  if (unknown.size === 0) return { document, report }
  const isUnknown = ({ skill }: RoleDocument['skills'][number]) => skill !== null && unknown.has(skill)
  const next = {
    ...document,
    skills: document.skills.map(skill => (isUnknown(skill) ? { ...skill, skill: null } : skill)),
  }
  const warnings = document.skills.flatMap((skill, at): ImportReport['warnings'] =>
    isUnknown(skill)
      ? [
          {
            code: 'unknown_skill',
            severity: 'loss',
            line: null,
            pointer: `/skills/${at}/skill`,
            excerpt: skill.skill ?? '',
            detail: `The skill catalogue has no "${skill.skill}"; the statement stays without it. Add it to the catalogue, and name it in the draft`,
            source: null,
          },
        ]
      : [],
  )
  const listed = warnings.slice(0, Notices.noticesMax)
  const left = warnings.length - listed.length
  return {
    document: next,
    report: {
      ...report,
      warnings: [...report.warnings, ...listed],
      warnings_not_listed: [
        ...report.warnings_not_listed,
        ...(left > 0 ? [{ code: 'unknown_skill', count: left }] : []),
      ],
      losses: [...report.losses, ...listed.map(({ code, line, excerpt }) => ({ code, line, text: excerpt }))],
      unchanged: previous !== undefined && JSON.stringify(next) === JSON.stringify(previous),
    },
  }
}

export interface Imported {
  draft: Draft
  id: string
  created_at: string
  report: ImportReport
  events: NewEvent[]
}

/**
 * Saves a document that was read: its shared sections, the draft, the report and the document itself. Throws 409 `slug_taken` naming `role=`,
 * 412 where the draft changed since the document was read against it.
 */
export async function saveImport(
  trx: Transaction<Database>,
  caller: Caller,
  organisation: string,
  target: Target,
  { newSharedSections, ...result }: ImportResult & { document: RoleDocument },
  original: Original,
): Promise<Imported> {
  let row: RoleRow | undefined
  if ('role' in target) {
    row = await lockRole(trx, caller, target.role, target.match)
    if (row.revision !== target.revision)
      throw new Problem(
        'precondition_failed',
        'The draft changed while the document was read. Read it, and import again.',
      )
  }
  const { document, report: read } = await withoutUnknownSkills(trx, result, row?.document)
  const events = await insertSharedSections(trx, organisation, newSharedSections)
  const type = 'role_imported'
  const slug = 'role' in target ? target.role : slugFor(target.slug, document.title)
  const draft = row
    ? await saveDraft(trx, caller, row, document, { type })
    : await insertDraft(
        trx,
        caller,
        { slug, organisation, document, type },
        `To replace its draft with this document, send role=${slug} and its ETag in If-Match; for another role choose a slug with slug=.`,
      )
  const text = JSON.stringify(draft.document)
  const foreseen = 'role' in target ? target.foreseen : undefined
  const changesOf = (before: RoleDocument) =>
    // It is another where the catalogue of skills changed meanwhile.
    foreseen?.document === text ? foreseen.changes : diffDocuments(before, draft.document)
  const report = { ...read, changes: row ? changesOf(row.document) : [] }
  const draft_digest = digestOf(text)
  const { id, created_at } = await insertImport(
    trx,
    { organisation, role: slug, created_by: caller.owner, report: JSON.stringify(report), draft_digest },
    original,
  )
  if (draft.event) events.push({ ...draft.event, data: { ...draft.event.data, import: id } })
  return { draft, id, created_at, report, events }
}

/** An import with its report; throws 404 where there is none that the caller may see. */
export async function findImport(db: Kysely<Database>, caller: Caller, id: string) {
  const organisation = organisationOf(caller)
  let query = db.selectFrom('imports').selectAll().where('id', '=', id)
  if (organisation !== null) query = query.where('organisation', '=', organisation)
  const found = await query.executeTakeFirst()
  if (!found) throw notFound('import', id)
  return found
}

/** The document of an import, as it came; throws 404 where it is not kept any more, or the caller may not see it. */
export async function findOriginal(db: Kysely<Database>, caller: Caller, id: string) {
  const { role, created_at } = await findImport(db, caller, id)
  const found = await db.selectFrom('import_originals').selectAll().where('import', '=', id).executeTakeFirst()
  if (!found) throw new Problem('not_found', `The document of the import "${id}" is not kept any more.`)
  return { ...found, role, created_at }
}

/** What the register knows of the role that a file would make or change. */
export interface Known {
  organisation: string
  revision: number
  document: RoleDocument
  /** The digest of the document that was imported last; null where none was, or it is not kept. */
  source: string | null
  /** Whether the draft is another than that import left. */
  edited: boolean
}

/** The role with the slug and its last import; undefined where the slug is free. */
export async function findKnown(db: Kysely<Database>, slug: string): Promise<Known | undefined> {
  const row = await db
    .selectFrom('roles')
    .leftJoinLateral(
      query =>
        query
          .selectFrom('imports')
          .leftJoin('import_originals', 'import_originals.import', 'imports.id')
          .select(['draft_digest', 'digest'])
          .whereRef('imports.role', '=', 'roles.slug')
          .orderBy('created_at', 'desc')
          .limit(1)
          .as('last'),
      join => join.onTrue(),
    )
    .select(['organisation', 'revision', 'document', 'last.digest', 'last.draft_digest'])
    .where('slug', '=', slug)
    .executeTakeFirst()
  if (!row) return undefined
  const { organisation, revision, document, digest, draft_digest } = row
  return {
    organisation,
    revision,
    document,
    source: digest,
    edited: digestOf(JSON.stringify(document)) !== draft_digest,
  }
}
