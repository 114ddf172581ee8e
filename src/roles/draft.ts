/** The working copy of a role and its parts. Every write is one pure edit of the document under the role's lock. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Kysely } from 'kysely'
import { Type } from 'typebox'
import type { Database } from '../database/types.ts'
import { findAdvice } from '../document/advice.ts'
import { findBlockers } from '../document/check.ts'
import { orderSections } from '../document/edit.ts'
import { blocksIn } from '../document/resolve.ts'
import { NewRoleDocument, ReplacementRoleDocument, RoleDocument, Slug } from '../document/schema.ts'
import { complete, object, ref } from '../document/shape.ts'
import { callerOf, organisationFor } from '../plugins/auth.ts'
import { patched } from '../plugins/body.ts'
import { invalid } from '../plugins/problems.ts'
import { cacheControl, cursorKey, page, pageQuery, Since, sendEntity } from '../plugins/read.ts'
import { revisionTag } from '../plugins/write.ts'
import { written } from './parts.ts'
import { findReferences } from './references.ts'
import { DraftList, DraftPatch, DraftStatus, NewRestoration, RoleParams, SectionOrder, Validation } from './schema.ts'
import {
  type Draft,
  digestOf,
  type Edit,
  editDraft,
  findDraftText,
  findRole,
  insertDraft,
  listDrafts,
  lockRole,
  slugFor,
} from './store.ts'
import { goBack } from './versions.ts'

interface Options {
  db: Kysely<Database>
  baseUrl: string
}

const read = { scope: 'roles:read_drafts' } as const
const edits = { scope: 'roles:write', write: { match: 'required' } } as const

export const drafts: FastifyPluginAsyncTypebox<Options> = async (app, { db, baseUrl }) => {
  const edit = (
    request: FastifyRequest,
    reply: FastifyReply,
    type: string,
    change: Edit,
    bodyOf: (draft: Draft) => unknown,
  ) =>
    app.write(request, reply, async (trx, match) => {
      const { role } = request.params as { role: string }
      const draft = await editDraft(trx, callerOf(request), role, match, { type }, change)
      return written(draft, 200, bodyOf(draft))
    })

  app.get(
    '/drafts',
    {
      schema: {
        operationId: 'listDrafts',
        summary: 'List the drafts of your organisation',
        tags: ['Drafts'],
        querystring: object({
          status: Type.Optional(DraftStatus),
          q: Type.Optional(Type.String({ minLength: 1, maxLength: 100, description: 'Part of the title or slug.' })),
          updated_since: Type.Optional(Since),
          ...pageQuery,
        }),
        response: { 200: ref(DraftList) },
      },
      config: read,
    },
    async (request, reply) => {
      const rows = await listDrafts(db, callerOf(request), request.query, request.query.limit + 1, cursorKey(request))
      const { entries, next_cursor } = page(request, reply, rows, ({ slug }) => slug)
      reply.header('cache-control', cacheControl.private)
      return {
        drafts: entries.map(({ updated_by, submitted_by, version, ...row }) => ({
          slug: row.slug,
          title: row.title,
          organisation: row.organisation,
          status: row.status,
          revision: row.revision,
          etag: revisionTag(row.revision),
          updated_at: row.updated_at,
          updated_by,
          submitted_by,
          version,
          url: `${baseUrl}/v1/roles/${row.slug}/draft`,
        })),
        next_cursor,
      }
    },
  )

  app.post(
    '/roles',
    {
      schema: {
        operationId: 'createRole',
        summary: 'Create a role with its draft',
        description: 'Members that are left out take their default; without `slug` it comes from the title.',
        tags: ['Drafts'],
        querystring: object({
          organisation: Type.Optional(
            Type.String({ ...Slug, description: 'The organisation of your key where it is left out.' }),
          ),
          slug: Type.Optional(Slug),
        }),
        body: ref(NewRoleDocument),
        response: { 201: ref(RoleDocument) },
      },
      config: { scope: 'roles:write', write: { match: 'none' } },
    },
    (request, reply) =>
      app.write(request, reply, async trx => {
        const caller = callerOf(request)
        const organisation = organisationFor(caller, request.query.organisation)
        const document = complete(RoleDocument, request.body)
        const slug = slugFor(request.query.slug, document.title)
        const draft = await insertDraft(trx, caller, { slug, organisation, document, type: 'role_created' })
        return written(draft, 201, draft.document, `/v1/roles/${slug}/draft`)
      }),
  )

  app.get(
    '/roles/:role/draft',
    {
      schema: {
        operationId: 'getDraft',
        summary: 'Get the draft of a role',
        tags: ['Drafts'],
        params: RoleParams,
        response: { 200: ref(RoleDocument) },
      },
      config: read,
    },
    async (request, reply) => {
      const { body, revision, updated_at } = await findDraftText(db, callerOf(request), request.params.role)
      return sendEntity(request, reply, {
        body,
        etag: revisionTag(revision),
        lastModified: updated_at,
        cache: 'private',
      })
    },
  )

  app.put(
    '/roles/:role/draft',
    {
      schema: {
        operationId: 'replaceDraft',
        summary: 'Replace the draft of a role',
        description: 'Takes what GET gives. Every member but ids is required; ids that are sent are kept.',
        tags: ['Drafts'],
        params: RoleParams,
        body: ref(ReplacementRoleDocument),
        response: { 200: ref(RoleDocument) },
      },
      config: edits,
    },
    (request, reply) =>
      edit(
        request,
        reply,
        'draft_replaced',
        () => complete(RoleDocument, request.body),
        ({ document }) => document,
      ),
  )

  app.patch(
    '/roles/:role/draft',
    {
      schema: {
        operationId: 'patchDraft',
        summary: 'Change members of the draft',
        description: 'A JSON merge patch (RFC 7396): null sets a member back to its default, a list is replaced whole.',
        tags: ['Drafts'],
        params: RoleParams,
        body: ref(DraftPatch),
        response: { 200: ref(RoleDocument) },
      },
      config: edits,
    },
    (request, reply) => {
      const change: Edit = document => complete(RoleDocument, patched(request, 'NewRoleDocument', document))
      return edit(request, reply, 'draft_patched', change, ({ document }) => document)
    },
  )

  app.delete(
    '/roles/:role/draft',
    {
      schema: {
        operationId: 'deleteDraft',
        summary: 'Go back to the latest version, or remove a role never published',
        tags: ['Drafts'],
        params: RoleParams,
        response: {
          200: ref(RoleDocument),
          204: Type.Null({ description: 'The role was never published and is removed.' }),
        },
      },
      config: edits,
    },
    (request, reply) =>
      app.write(request, reply, async (trx, match) => {
        const caller = callerOf(request)
        const row = await lockRole(trx, caller, request.params.role, match)
        const latest = row.version && (await goBack(trx, caller, row, row.version, { type: 'draft_deleted' }))
        if (latest) return written(latest, 200, latest.document)
        await trx.deleteFrom('roles').where('slug', '=', row.slug).execute()
        const { organisation, slug, revision } = row
        const beforeDigest = digestOf(JSON.stringify(row.document))
        return { status: 204, event: { type: 'role_deleted', organisation, role: slug, revision, beforeDigest } }
      }),
  )

  app.post(
    '/roles/:role/draft/restorations',
    {
      schema: {
        operationId: 'restoreDraft',
        summary: 'Start the draft again from a version',
        description:
          'The draft becomes what that version was made from, with its ids. 422 where the version refers to what is no longer there.',
        tags: ['Drafts'],
        params: RoleParams,
        body: ref(NewRestoration),
        response: { 200: ref(RoleDocument) },
      },
      config: edits,
    },
    (request, reply) =>
      app.write(request, reply, async (trx, match) => {
        const caller = callerOf(request)
        const { version } = request.body
        const row = await lockRole(trx, caller, request.params.role, match)
        const draft = await goBack(trx, caller, row, version, { type: 'draft_restored', data: { version } })
        if (draft) return written(draft, 200, draft.document)
        const detail =
          row.version === null ? 'The role has no version yet.' : `The role has the versions 1 to ${row.version}.`
        throw invalid([{ pointer: '/version', code: 'unknown_version', detail }])
      }),
  )

  app.get(
    '/roles/:role/draft/validation',
    {
      schema: {
        operationId: 'validateDraft',
        summary: 'What still stops publication, and advice',
        tags: ['Drafts'],
        params: RoleParams,
        response: { 200: ref(Validation) },
      },
      config: read,
    },
    async (request, reply) => {
      const row = await findRole(db, callerOf(request), request.params.role)
      const blocksOf = blocksIn(await findReferences(db, row.document))
      const errors = findBlockers(row.document, blocksOf)
      reply.headers({ etag: revisionTag(row.revision), 'cache-control': cacheControl.private })
      return { ready: errors.length === 0, errors, advice: findAdvice(row.document, blocksOf) }
    },
  )

  app.put(
    '/roles/:role/draft/section-order',
    {
      schema: {
        operationId: 'orderSections',
        summary: 'Put the sections in another order',
        tags: ['Sections'],
        params: RoleParams,
        body: ref(SectionOrder),
        response: { 200: ref(SectionOrder) },
      },
      config: edits,
    },
    (request, reply) => {
      const change: Edit = document => {
        const ids = document.sections.map(({ id }) => id)
        const ordered = orderSections(document, request.body.sections)
        if (ordered) return ordered
        const detail = `Name each of the ${ids.length} sections exactly once: ${ids.join(', ') || 'there are none'}.`
        throw invalid([{ pointer: '/sections', code: 'wrong_order', detail }])
      }
      return edit(request, reply, 'sections_ordered', change, ({ document }) => ({
        sections: document.sections.map(({ id }) => id),
      }))
    },
  )

  app.get(
    '/roles/:role/draft/section-order',
    {
      schema: {
        operationId: 'getSectionOrder',
        summary: 'Get the order of the sections',
        tags: ['Sections'],
        params: RoleParams,
        response: { 200: ref(SectionOrder) },
      },
      config: read,
    },
    async (request, reply) => {
      const { document, revision, updated_at } = await findRole(db, callerOf(request), request.params.role)
      const body = JSON.stringify({ sections: document.sections.map(({ id }) => id) })
      return sendEntity(request, reply, {
        body,
        etag: revisionTag(revision),
        lastModified: updated_at,
        cache: 'private',
      })
    },
  )
}
