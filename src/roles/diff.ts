/** What changed between two versions of a role, or between one and the draft. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Kysely } from 'kysely'
import { type Static, Type } from 'typebox'
import type { Database } from '../database/types.ts'
import { resolve } from '../document/resolve.ts'
import type { PublishedRole } from '../document/schema.ts'
import { object, ref } from '../document/shape.ts'
import { type Caller, requireScope } from '../plugins/auth.ts'
import { digestTag, sendEntity } from '../plugins/read.ts'
import { revisionTag } from '../plugins/write.ts'
import type { PublishedCache } from './cache.ts'
import type { Comparer } from './comparer.ts'
import { findReferences } from './references.ts'
import { RoleDiff, RoleParams } from './schema.ts'
import { servedVersion } from './served.ts'
import { findRole } from './store.ts'

interface Options {
  db: Kysely<Database>
  cache: PublishedCache
  comparer: Comparer
}

interface Side {
  told: Static<typeof RoleDiff>['from']
  content: object
}

/** What is compared: what a version says, not which it is. */
function sideOf({ version, published_at, change_note, ...content }: PublishedRole, etag: string): Side {
  return { told: { version, published_at, change_note, etag }, content }
}

/** Throws 404 where there is no such version. */
async function versionSide(db: Kysely<Database>, cache: PublishedCache, slug: string, version: number): Promise<Side> {
  const found = await servedVersion(db, cache, slug, version)
  return sideOf(JSON.parse(found.body.toString()) as PublishedRole, `"${found.digest}"`)
}

/** The draft as it would be published now. Throws 404 where the caller may read none. */
async function draftSide(db: Kysely<Database>, caller: Caller, slug: string): Promise<Side> {
  const { document, organisation: owner, revision } = await findRole(db, caller, slug)
  const [references, organisation] = await Promise.all([
    findReferences(db, document),
    db.selectFrom('organisations').select(['slug', 'name']).where('slug', '=', owner).executeTakeFirstOrThrow(),
  ])
  const role = resolve(document, { slug, organisation, version: 0, published_at: '', change_note: '' }, references)
  const { told, content } = sideOf(role, revisionTag(revision))
  return { told: { ...told, version: null, published_at: null, change_note: null }, content }
}

export const diffs: FastifyPluginAsyncTypebox<Options> = async (app, { db, cache, comparer }) => {
  app.get(
    '/roles/:role/diff',
    {
      schema: {
        operationId: 'diffRole',
        summary: 'What changed between two versions of a role',
        description:
          'By meaning, and as a JSON Patch. `to=draft` compares with the draft as it would be published now, and needs a key with the scope roles:read_drafts.',
        tags: ['Published roles'],
        params: RoleParams,
        querystring: object({
          from: Type.Integer({ minimum: 1, maximum: 2_000_000_000, description: 'A version.' }),
          to: Type.String({ pattern: '^(draft|[1-9][0-9]{0,8})$', description: 'A version, or `draft`.' }),
        }),
        response: { 200: ref(RoleDiff) },
      },
      config: { scope: 'public' },
    },
    async (request, reply) => {
      const { role } = request.params
      const { from, to } = request.query
      const isDraft = to === 'draft'
      // Whether there is a draft is told to nobody who may not read it.
      const later = isDraft
        ? await draftSide(db, requireScope(request, 'roles:read_drafts'), role)
        : await versionSide(db, cache, role, Number(to))
      const earlier = await versionSide(db, cache, role, from)
      const changes = await comparer.compare(earlier.content, later.content)
      const body = `${JSON.stringify({ role, from: earlier.told, to: later.told }).slice(0, -1)},"changes":${changes}}`
      return sendEntity(request, reply, { body, etag: digestTag(body), cache: isDraft ? 'private' : 'immutable' })
    },
  )
}
