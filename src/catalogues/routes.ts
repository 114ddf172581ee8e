/** The catalogues that roles refer to: organisations, skills and shared sections, by one mechanism. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Kysely, RawBuilder, Transaction } from 'kysely'
import { type TSchema, Type } from 'typebox'
import type { Database } from '../database/types.ts'
import { checkSize, type Finding } from '../document/check.ts'
import { Slug } from '../document/schema.ts'
import { complete, object, ref } from '../document/shape.ts'
import { slugFrom } from '../document/slug.ts'
import { type Caller, callerOf, organisationFor, type Scope } from '../plugins/auth.ts'
import { patched } from '../plugins/body.ts'
import { invalid, Problem } from '../plugins/problems.ts'
import { cursorKey, digestTag, page, pageQuery, sendEntity } from '../plugins/read.ts'
import { revisionTag } from '../plugins/write.ts'
import { digestOf } from '../roles/store.ts'
import { EntryParams } from './schema.ts'
import {
  addressOf,
  deleteEntry,
  type Entry,
  entryOf,
  eventType,
  findEntry,
  insertEntry,
  listEntries,
  lockEntry,
  type Row,
  requireOrganisations,
  type Shelf,
  updateEntry,
} from './store.ts'
import { hasOtherUses, type InUse, listUses, type Use, type UseTable } from './uses.ts'

/** What is a catalogue's own. `E` is an entry, which is what GET answers with and PUT takes. */
interface Catalogue<E> extends Omit<Shelf, 'members'> {
  /** As operationIds and components name an entry. */
  name: string
  tag: string
  schema: {
    entry: TSchema & { properties: Record<string, TSchema> }
    create: TSchema
    replace: TSchema
    patch: TSchema
    list: TSchema
  }
  read: 'public' | Scope
  write: Scope
  /** The members that lists show. */
  summary: readonly (keyof E & string)[]
  /** Filters of the list, and the condition of each. */
  filters: Record<string, { schema: TSchema; where(value: string): RawBuilder<boolean> }>
  /** What a slug is made from where none is sent. */
  titleOf: keyof E & string
  /** An entry with what the register fills in. */
  prepare?(entry: E): E
  /** What the schema cannot tell; [] where nothing is wrong. */
  check?(entry: E): Finding[]
  /** Throws 409 where another entry keeps this one out. */
  requireUnique?(trx: Transaction<Database>, slug: string, entry: E): Promise<void>
  /** The roles that use an entry: they have an address, and keep it from being deleted. */
  roles?: UseTable & { list: TSchema }
  /** Other things that do; undefined where there is none. */
  findUses?(trx: Transaction<Database>, slug: string, baseUrl: string): Promise<InUse | undefined>
  /** The member that those go by: it stays as it is while there are any. */
  fixed?: keyof E & string
}

interface Options {
  db: Kysely<Database>
  baseUrl: string
}

const usedByMax = 20

const presentUse = (baseUrl: string, row: Row, { column }: UseTable, { role, state, version, revision }: Use) => ({
  role,
  state,
  ...(column === 'shared_section'
    ? { revision: revision ?? row.revision, current: revision === null || revision === row.revision }
    : {}),
  url: `${baseUrl}/v1/roles/${role}/${version === null ? 'draft' : `versions/${version}`}`,
})

/** Says who uses an entry: `The skill "python" is in use by devops, and by roles that you may not read.` */
function inUse(shelf: Shelf, slug: string, uses: readonly Use[], more: boolean, hidden: boolean): string {
  const roles = [...new Set(uses.map(({ role }) => role))]
  const parts = [
    ...(roles.length > 0 ? [`by ${roles.join(', ')}${more ? ' and more' : ''}`] : []),
    ...(hidden ? ['by roles that you may not read'] : []),
  ]
  return `The ${shelf.noun} "${slug}" is in use ${parts.join(', and ')}.`
}

/** A catalogue as a plugin: list, create, get, replace, patch, delete, and who uses an entry. */
export const catalogueRoutes =
  <E extends object>(catalogue: Catalogue<E>): FastifyPluginAsyncTypebox<Options> =>
  async (app, { db, baseUrl }) => {
    const { table, noun, name, tag, schema, owned, summary, filters, roles } = catalogue
    const shelf: Shelf = { table, noun, owned, members: Object.keys(schema.entry.properties) }
    const path = `/${table.replace('_', '-')}`
    const one = `${/^[aeiou]/.test(noun) ? 'an' : 'a'} ${noun}`
    const tags = [tag]
    const cache = catalogue.read === 'public' ? 'public' : 'private'
    const reads = { scope: catalogue.read } as const
    const edits = { scope: catalogue.write, write: { match: 'required' } } as const

    /** What is sent as an entry that may be stored. Throws 422 with all that is wrong. */
    const prepare = (sent: unknown): E => {
      const entry = complete(schema.entry, sent) as E
      const findings = [...checkSize(JSON.stringify(entry), noun), ...(catalogue.check?.(entry) ?? [])]
      if (findings.length > 0) throw invalid(findings)
      return catalogue.prepare?.(entry) ?? entry
    }

    const eventOf = (
      change: 'created' | 'updated' | 'deleted',
      caller: Caller,
      slug: string,
      organisation: string | undefined,
    ) => ({
      type: eventType(shelf, change),
      // What is everybody's is noted with the organisation whose key changed it, for its auditors.
      organisation: table === 'organisations' ? slug : (organisation ?? caller.organisation),
      subject: addressOf(shelf, slug),
    })

    /** Throws 409 `in_use` where other things than roles use an entry. */
    const requireNoOthers = async (trx: Transaction<Database>, slug: string, why = ''): Promise<void> => {
      const found = await catalogue.findUses?.(trx, slug, baseUrl)
      if (!found) return
      const members = { used_by: found.usedBy, others: found.others }
      throw new Problem('in_use', `${found.detail}${why}`, { members })
    }

    /** Changes an entry under its lock. Where no byte changes, nothing is written and the revision stays. */
    const change = (request: FastifyRequest, reply: FastifyReply, edit: (entry: Entry) => unknown) =>
      app.write(request, reply, async (trx, match) => {
        const { slug } = request.params as { slug: string }
        const caller = callerOf(request)
        const row = await lockEntry(trx, shelf, caller, slug, match, 'change')
        const before = entryOf(shelf, row)
        const entry = prepare(edit(before))
        const [old, body] = [JSON.stringify(before), JSON.stringify(entry)]
        if (old === body) return { status: 200, body, etag: revisionTag(row.revision) }
        const differs = (member: string) => JSON.stringify(before[member]) !== JSON.stringify((entry as Entry)[member])
        if (catalogue.fixed !== undefined && differs(catalogue.fixed))
          await requireNoOthers(trx, slug, ` Its ${catalogue.fixed} stays as it is until they do not.`)
        await catalogue.requireUnique?.(trx, slug, entry)
        await updateEntry(trx, shelf, slug, entry as Entry)
        const revision = row.revision + 1
        const event = {
          ...eventOf('updated', caller, slug, row.organisation),
          revision,
          beforeDigest: digestOf(old),
          afterDigest: digestOf(body),
          data: { changed: shelf.members.filter(differs).map(member => `/${member}`) },
        }
        return { status: 200, body, etag: revisionTag(revision), event }
      })

    /** Throws 409 `in_use` where something uses an entry, which must be locked for deletion. */
    const requireUnused = async (trx: Transaction<Database>, caller: Caller, row: Row): Promise<void> => {
      const { slug } = row
      await requireNoOthers(trx, slug)
      if (!roles) return
      const uses = await listUses(trx, roles, caller, slug, usedByMax + 1)
      const hidden = await hasOtherUses(trx, roles, caller, slug)
      if (uses.length === 0 && !hidden) return
      const [shown, more] = [uses.slice(0, usedByMax), uses.length > usedByMax]
      throw new Problem('in_use', inUse(shelf, slug, shown, more, hidden), {
        members: { used_by: shown.map(use => presentUse(baseUrl, row, roles, use)), others: hidden || more },
      })
    }

    app.get(
      path,
      {
        schema: {
          operationId: `list${name}s`,
          summary: owned ? `List the ${noun}s of your organisation` : `List the ${noun}s`,
          tags,
          querystring: object({
            ...Object.fromEntries(
              Object.entries(filters).map(([filter, entry]) => [filter, Type.Optional(entry.schema)]),
            ),
            ...pageQuery,
          }),
          response: { 200: ref(schema.list) },
        },
        config: reads,
      },
      async (request, reply) => {
        const query = request.query as unknown as { limit: number } & Record<string, string>
        const rows = await listEntries(db, shelf, request.caller, {
          columns: ['slug', ...(owned ? ['organisation'] : []), ...summary, 'revision', 'updated_at'],
          filters: Object.entries(filters).flatMap(([filter, { where }]) => {
            const value = query[filter]
            return value === undefined ? [] : [where(value)]
          }),
          limit: query.limit + 1,
          after: cursorKey(request),
        })
        const { entries, next_cursor } = page(request, reply, rows, ({ slug }) => slug)
        const listed = entries.map(({ revision, updated_at, ...row }) => ({
          ...row,
          revision,
          etag: revisionTag(revision),
          updated_at,
          url: baseUrl + addressOf(shelf, row.slug),
        }))
        const body = JSON.stringify({ [table]: listed, next_cursor })
        return sendEntity(request, reply, { body, etag: digestTag(body), cache })
      },
    )

    app.post(
      path,
      {
        schema: {
          operationId: `create${name}`,
          summary: `Create ${one}`,
          description: `Without \`slug\` it comes from the ${catalogue.titleOf}.`,
          tags,
          querystring: object({
            ...(owned
              ? {
                  organisation: Type.Optional(
                    Type.String({ ...Slug, description: 'The organisation of your key where it is left out.' }),
                  ),
                }
              : {}),
            slug: Type.Optional(Slug),
          }),
          body: ref(schema.create),
          response: { 201: ref(schema.entry) },
        },
        config: { scope: catalogue.write, write: { match: 'none' } },
      },
      (request, reply) =>
        app.write(request, reply, async trx => {
          const caller = callerOf(request)
          const query = request.query as { slug?: string; organisation?: string }
          const organisation = owned ? organisationFor(caller, query.organisation) : undefined
          const entry = prepare(request.body)
          const slug = query.slug ?? slugFrom(String(entry[catalogue.titleOf]))
          if (slug === '')
            throw invalid([
              {
                pointer: '?slug',
                code: 'missing_member',
                detail: `The ${catalogue.titleOf} gives no slug. Send one, such as ?slug=${noun.replace(' ', '-')}-1.`,
              },
            ])
          if (organisation !== undefined)
            await requireOrganisations(trx, [{ pointer: '?organisation', slug: organisation }])
          await catalogue.requireUnique?.(trx, slug, entry)
          const revision = await insertEntry(trx, shelf, caller, slug, organisation, entry as Entry)
          const body = JSON.stringify(entry)
          const event = {
            ...eventOf('created', caller, slug, organisation),
            revision,
            afterDigest: digestOf(body),
            data: { changed: ['/'] },
          }
          return { status: 201, body, etag: revisionTag(revision), location: addressOf(shelf, slug), event }
        }),
    )

    app.get(
      `${path}/:slug`,
      {
        schema: {
          operationId: `get${name}`,
          summary: `Get ${one}`,
          tags,
          params: EntryParams,
          response: { 200: ref(schema.entry) },
        },
        config: reads,
      },
      async (request, reply) => {
        const row = await findEntry(db, shelf, request.caller, request.params.slug)
        return sendEntity(request, reply, {
          body: JSON.stringify(entryOf(shelf, row)),
          etag: revisionTag(row.revision),
          lastModified: row.updated_at,
          cache,
        })
      },
    )

    app.put(
      `${path}/:slug`,
      {
        schema: {
          operationId: `replace${name}`,
          summary: `Replace ${one}`,
          description: 'Takes what GET gives. Every member is required.',
          tags,
          params: EntryParams,
          body: ref(schema.replace),
          response: { 200: ref(schema.entry) },
        },
        config: edits,
      },
      (request, reply) => change(request, reply, () => request.body),
    )

    app.patch(
      `${path}/:slug`,
      {
        schema: {
          operationId: `patch${name}`,
          summary: `Change members of ${one}`,
          description:
            'A JSON merge patch (RFC 7396): null sets a member back to its default, a list is replaced whole.',
          tags,
          params: EntryParams,
          body: ref(schema.patch),
          response: { 200: ref(schema.entry) },
        },
        config: edits,
      },
      (request, reply) => change(request, reply, entry => patched(request, `New${name}`, entry)),
    )

    app.delete(
      `${path}/:slug`,
      {
        schema: {
          operationId: `delete${name}`,
          summary: `Delete ${one} that nothing uses`,
          description: '409 `in_use` where something does; `used_by` and `others` say what.',
          tags,
          params: EntryParams,
          response: { 204: Type.Null({ description: 'It is gone.' }) },
        },
        config: edits,
      },
      (request, reply) =>
        app.write(request, reply, async (trx, match) => {
          const { slug } = request.params
          const caller = callerOf(request)
          const row = await lockEntry(trx, shelf, caller, slug, match, 'deletion')
          await requireUnused(trx, caller, row)
          await deleteEntry(trx, shelf, slug)
          const event = {
            ...eventOf('deleted', caller, slug, row.organisation),
            revision: row.revision,
            beforeDigest: digestOf(JSON.stringify(entryOf(shelf, row))),
          }
          return { status: 204, event }
        }),
    )

    if (roles)
      app.get(
        `${path}/:slug/roles`,
        {
          schema: {
            operationId: `list${name}Roles`,
            summary: `List the roles that use ${one}`,
            tags,
            params: EntryParams,
            querystring: object(pageQuery),
            response: { 200: ref(roles.list) },
          },
          config: reads,
        },
        async (request, reply) => {
          const { slug } = request.params
          const { caller } = request
          const row = await findEntry(db, shelf, caller, slug)
          const found = await listUses(db, roles, caller, slug, request.query.limit + 1, cursorKey(request))
          const others = await hasOtherUses(db, roles, caller, slug)
          const { entries, next_cursor } = page(request, reply, found, ({ key }) => key)
          const uses = entries.map(use => presentUse(baseUrl, row, roles, use))
          const body = JSON.stringify({ roles: uses, others, next_cursor })
          // A key shows more than none does: no cache may take one answer for the other.
          reply.header('vary', 'authorization')
          return sendEntity(request, reply, { body, etag: digestTag(body), cache: caller ? 'private' : cache })
        },
      )
  }
