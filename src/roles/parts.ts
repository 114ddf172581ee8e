/** The parts of a draft that have addresses of their own: sections, role skills and SFIA mappings, by one mechanism. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import type { Kysely } from 'kysely'
import { type TSchema, Type } from 'typebox'
import type { Database } from '../database/types.ts'
import { addMapping, addSection, addSkill, replaceMapping, replaceSection, replaceSkill } from '../document/edit.ts'
import {
  NewRoleSkill,
  NewSection,
  ReplacementRoleSkill,
  ReplacementSection,
  type RoleDocument,
  RoleSkill,
  Section,
  SfiaMapping,
  Slug,
} from '../document/schema.ts'
import { complete, object, ref } from '../document/shape.ts'
import { callerOf } from '../plugins/auth.ts'
import { patched } from '../plugins/body.ts'
import { invalid, notFound, Problem } from '../plugins/problems.ts'
import { sendEntity } from '../plugins/read.ts'
import { type Match, revisionTag, type Work, type Written } from '../plugins/write.ts'
import { acknowledgement } from '../sfia/starter.ts'
import { RoleParams, RoleSkillList, SectionList, SectionPatch, SfiaMappingList } from './schema.ts'
import { type Draft, type EditOptions, editDraft, findRole, type RoleRow } from './store.ts'

interface Part<T> {
  path: string
  /** The member of the document that holds the list. */
  member: 'sections' | 'skills' | 'sfia_mappings'
  /** As operationIds, tags and events name it. */
  name: string
  tag: string
  noun: string
  schema: { entry: TSchema; create: TSchema; replace: TSchema; list: TSchema; patch?: TSchema }
  /** The name and the form of its key in an address. */
  param: string
  key: TSchema
  list(document: RoleDocument): unknown
  entries(document: RoleDocument): readonly T[]
  keyOf(entry: T): string
  /** Undefined where `before` names nothing; throws where the document has the entry already. */
  add(document: RoleDocument, entry: T, before?: string): RoleDocument | undefined
  replace(document: RoleDocument, key: string, entry: T | null): RoleDocument | undefined
}

/** An entry keeps its id; another id in its place would be ignored in silence. */
function requireOwnId(noun: string, id: string, entry: { id: string } | null): void {
  if (entry && entry.id !== '' && entry.id !== id)
    throw invalid([
      { pointer: '/id', code: 'wrong_id', detail: `The id of this ${noun} is "${id}". Add another with POST.` },
    ])
}

const sections: Part<Section> = {
  path: 'sections',
  member: 'sections',
  name: 'Section',
  tag: 'Sections',
  noun: 'section',
  schema: { entry: Section, create: NewSection, replace: ReplacementSection, list: SectionList, patch: SectionPatch },
  param: 'section',
  key: Section.properties.id,
  list: document => ({ sections: document.sections }),
  entries: document => document.sections,
  keyOf: section => section.id,
  add: addSection,
  replace(document, id, section) {
    requireOwnId('section', id, section)
    return replaceSection(document, id, section)
  },
}

const skills: Part<RoleSkill> = {
  path: 'skills',
  member: 'skills',
  name: 'RoleSkill',
  tag: 'Role skills',
  noun: 'skill',
  schema: { entry: RoleSkill, create: NewRoleSkill, replace: ReplacementRoleSkill, list: RoleSkillList },
  param: 'skill',
  key: RoleSkill.properties.id,
  list: document => ({ skills: document.skills }),
  entries: document => document.skills,
  keyOf: skill => skill.id,
  add: addSkill,
  replace(document, id, skill) {
    requireOwnId('skill', id, skill)
    return replaceSkill(document, id, skill)
  },
}

const mappings: Part<SfiaMapping> = {
  path: 'sfia-mappings',
  member: 'sfia_mappings',
  name: 'SfiaMapping',
  tag: 'SFIA mappings',
  noun: 'SFIA mapping',
  schema: { entry: SfiaMapping, create: SfiaMapping, replace: SfiaMapping, list: SfiaMappingList },
  param: 'code',
  key: SfiaMapping.properties.code,
  list: ({ sfia_version, sfia_mappings }) => ({ sfia_version, sfia_mappings, acknowledgement }),
  entries: document => document.sfia_mappings,
  keyOf: mapping => mapping.code,
  add(document, mapping) {
    if (!document.sfia_mappings.some(({ code }) => code === mapping.code)) return addMapping(document, mapping)
    throw new Problem(
      'already_exists',
      `${mapping.code} is mapped already. Change its level with PUT at its own address.`,
    )
  },
  replace(document, code, mapping) {
    if (mapping && mapping.code !== code)
      throw invalid([
        { pointer: '/code', code: 'wrong_code', detail: `The code of this mapping is ${code}. Add another with POST.` },
      ])
    return replaceMapping(document, code, mapping)
  },
}

/** The answer of a write: the part as it is now, under the draft's new ETag. */
export const written = (draft: Draft, status: 200 | 201 | 204, body?: unknown, location?: string): Written => ({
  status,
  body,
  etag: revisionTag(draft.revision),
  ...(location === undefined ? {} : { location }),
  ...(draft.event ? { event: draft.event } : {}),
})

const reads = { scope: 'roles:read_drafts' } as const
const edits = { scope: 'roles:write', write: { match: 'required' } } as const
const adds = { scope: 'roles:write', write: { match: 'optional' } } as const

const routesOf =
  <T>(part: Part<T>): FastifyPluginAsyncTypebox<{ db: Kysely<Database> }> =>
  async (app, { db }) => {
    const { name, tag, noun, schema } = part
    const event = noun.replace(' ', '_').toLowerCase()
    const params = Type.Object({ role: Slug, [part.param]: part.key })
    const one = `/:${part.param}`
    const addressOf = (request: FastifyRequest) => {
      const given = request.params as Record<string, string>
      return { role: given.role as string, key: given[part.param] as string }
    }
    const has = (key: string) => (entry: T) => part.keyOf(entry) === key
    const find = (document: RoleDocument, key: string): T => {
      const entry = part.entries(document).find(has(key))
      if (entry === undefined) throw notFound(noun, key)
      return entry
    }
    type Send = Parameters<typeof sendEntity>
    const send = async (request: Send[0], reply: Send[1], role: string, body: (row: RoleRow) => unknown) => {
      const row = await findRole(db, callerOf(request), role)
      const etag = revisionTag(row.revision)
      return sendEntity(request, reply, {
        body: JSON.stringify(body(row)),
        etag,
        lastModified: row.updated_at,
        cache: 'private',
      })
    }
    const options = (change: string, key: string): EditOptions => ({ type: `${event}_${change}`, part: [noun, key] })

    /** Edits the draft; what is wrong then is told with pointers into the entry, '' where it lies outside of it. */
    const edit = async (
      trx: Parameters<Work>[0],
      request: Send[0],
      match: Match,
      how: EditOptions,
      change: (document: RoleDocument) => RoleDocument | undefined,
      isEntry: (entry: T) => boolean,
    ): Promise<Draft> => {
      let root: string | undefined
      try {
        return await editDraft(
          trx,
          callerOf(request),
          (request.params as { role: string }).role,
          match,
          how,
          document => {
            const edited = change(document)
            if (edited) root = `/${part.member}/${part.entries(edited).findIndex(isEntry)}`
            return edited
          },
        )
      } catch (error) {
        if (root === undefined || !(error instanceof Problem) || error.code !== 'invalid') throw error
        const own = (pointer: string) => (pointer.startsWith(`${root}/`) ? pointer.slice(root?.length) : '')
        throw invalid((error.options.errors ?? []).map(entry => ({ ...entry, pointer: own(entry.pointer) })))
      }
    }

    app.get(
      '',
      {
        schema: {
          operationId: `list${name}s`,
          summary: `List the ${noun}s of the draft`,
          tags: [tag],
          params: RoleParams,
          response: { 200: ref(schema.list) },
        },
        config: reads,
      },
      (request, reply) => send(request, reply, request.params.role, row => part.list(row.document)),
    )

    app.post(
      '',
      {
        schema: {
          operationId: `add${name}`,
          summary: `Add a ${noun} to the draft`,
          tags: [tag],
          params: RoleParams,
          querystring:
            noun === 'section'
              ? object({
                  before: Type.Optional(Type.String({ maxLength: 60, description: 'The section that follows it.' })),
                })
              : object({}),
          body: ref(schema.create),
          response: { 201: ref(schema.entry) },
        },
        config: adds,
      },
      (request, reply) => {
        const { role } = request.params
        const { before } = request.query as { before?: string }
        return app.write(request, reply, async (trx, match) => {
          let known = new Set<string>()
          const added = complete(schema.entry, request.body) as T
          const draft = await edit(
            trx,
            request,
            match,
            options('added', before ?? ''),
            document => {
              known = new Set(part.entries(document).map(part.keyOf))
              const edited = part.add(document, added, before)
              if (edited) return edited
              const detail = `The draft has no section "${before}".`
              throw invalid([{ pointer: '?before', code: 'unknown_section', detail }])
            },
            entry => entry === added,
          )
          const entry = part.entries(draft.document).find(candidate => !known.has(part.keyOf(candidate))) as T
          return written(draft, 201, entry, `/v1/roles/${role}/draft/${part.path}/${part.keyOf(entry)}`)
        })
      },
    )

    app.get(
      one,
      {
        schema: {
          operationId: `get${name}`,
          summary: `Get a ${noun} of the draft`,
          tags: [tag],
          params,
          response: { 200: ref(schema.entry) },
        },
        config: reads,
      },
      (request, reply) => {
        const { role, key } = addressOf(request)
        return send(request, reply, role, ({ document }) => find(document, key))
      },
    )

    app.put(
      one,
      {
        schema: {
          operationId: `replace${name}`,
          summary: `Replace a ${noun} of the draft`,
          tags: [tag],
          params,
          body: ref(schema.replace),
          response: { 200: ref(schema.entry) },
        },
        config: edits,
      },
      (request, reply) => {
        const { key } = addressOf(request)
        return app.write(request, reply, async (trx, match) => {
          const replace = (document: RoleDocument) =>
            part.replace(document, key, complete(schema.entry, request.body) as T)
          const draft = await edit(trx, request, match, options('replaced', key), replace, has(key))
          return written(draft, 200, find(draft.document, key))
        })
      },
    )

    if (schema.patch)
      app.patch(
        one,
        {
          schema: {
            operationId: `patch${name}`,
            summary: `Change members of a ${noun}`,
            description:
              'A JSON merge patch (RFC 7396): null sets a member back to its default, a list is replaced whole.',
            tags: [tag],
            params,
            body: ref(schema.patch),
            response: { 200: ref(schema.entry) },
          },
          config: edits,
        },
        (request, reply) => {
          const { key } = addressOf(request)
          return app.write(request, reply, async (trx, match) => {
            const patch = (document: RoleDocument) => {
              const merged = patched(request, `New${name}`, find(document, key))
              return part.replace(document, key, complete(schema.entry, merged) as T)
            }
            const draft = await edit(trx, request, match, options('patched', key), patch, has(key))
            return written(draft, 200, find(draft.document, key))
          })
        },
      )

    app.delete(
      one,
      {
        schema: {
          operationId: `delete${name}`,
          summary: `Remove a ${noun} of the draft`,
          tags: [tag],
          params,
          response: { 204: Type.Null({ description: 'It is removed; the ETag is the draft’s.' }) },
        },
        config: edits,
      },
      (request, reply) => {
        const { role, key } = addressOf(request)
        return app.write(request, reply, async (trx, match) => {
          const draft = await editDraft(trx, callerOf(request), role, match, options('deleted', key), document =>
            part.replace(document, key, null),
          )
          return written(draft, 204)
        })
      },
    )
  }

export const draftParts: FastifyPluginAsyncTypebox<{ db: Kysely<Database> }> = async (app, options) => {
  for (const part of [sections, skills, mappings])
    app.register(routesOf(part as Part<unknown>), { ...options, prefix: `/roles/:role/draft/${part.path}` })
}
