/** The SFIA index, read by anybody. It changes when `sfia:load` loads a version, and never through here. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Kysely } from 'kysely'
import { Type } from 'typebox'
import type { Database } from '../database/types.ts'
import { SfiaCode, SfiaLevel, SfiaVersion } from '../document/schema.ts'
import { object, ref } from '../document/shape.ts'
import { Problem } from '../plugins/problems.ts'
import { cursorKey, digestTag, page, pageQuery, sendEntity } from '../plugins/read.ts'
import type { SfiaIndexSkill } from './load.ts'
import { SfiaSkillDetail, SfiaSkillList } from './schema.ts'
import { acknowledgement } from './starter.ts'
import { explainUnknownCode, findSfiaSkill, findSfiaVersion, listSfiaSkills } from './store.ts'
import { retirements } from './successors.ts'

const publicRead = { scope: 'public' } as const

const present = (version: SfiaVersion, { code, name, category, subcategory, levels }: SfiaIndexSkill) => ({
  version,
  code,
  name,
  category,
  subcategory,
  levels,
  retired_in: retirements[code]?.retiredIn ?? null,
  successors: retirements[code]?.successors ?? [],
})

export const sfia: FastifyPluginAsyncTypebox<{ db: Kysely<Database> }> = async (app, { db }) => {
  app.get(
    '/sfia/:version/skills',
    {
      schema: {
        operationId: 'listSfiaSkills',
        summary: 'List the SFIA skills of a version',
        tags: ['SFIA'],
        params: Type.Object({ version: SfiaVersion }),
        querystring: object({
          q: Type.Optional(Type.String({ minLength: 1, maxLength: 100, description: 'Part of the code or the name.' })),
          category: Type.Optional(
            Type.String({ minLength: 1, maxLength: 300, description: 'The whole name of a category.' }),
          ),
          level: Type.Optional(Type.Integer({ ...SfiaLevel, description: 'Only skills that have this level.' })),
          ...pageQuery,
        }),
        response: { 200: ref(SfiaSkillList) },
      },
      config: publicRead,
    },
    async (request, reply) => {
      const { version } = request.params
      const { q, category, level, limit } = request.query
      const [{ complete, loaded_at }, rows] = await Promise.all([
        findSfiaVersion(db, version),
        listSfiaSkills(db, version, { q, category, level, after: cursorKey(request), limit: limit + 1 }),
      ])
      const { entries, next_cursor } = page(request, reply, rows, ({ code }) => code)
      const skills = entries.map(skill => present(version, skill))
      const body = JSON.stringify({ version, complete, acknowledgement, skills, next_cursor })
      return sendEntity(request, reply, { body, etag: digestTag(body), lastModified: loaded_at, cache: 'public' })
    },
  )

  app.get(
    '/sfia/:version/skills/:code',
    {
      schema: {
        operationId: 'getSfiaSkill',
        summary: 'Get a SFIA skill of a version',
        tags: ['SFIA'],
        params: Type.Object({ version: SfiaVersion, code: SfiaCode }),
        response: { 200: ref(SfiaSkillDetail) },
      },
      config: publicRead,
    },
    async (request, reply) => {
      const { version, code } = request.params
      const [{ loaded_at }, skill] = await Promise.all([findSfiaVersion(db, version), findSfiaSkill(db, version, code)])
      if (!skill) throw new Problem('not_found', await explainUnknownCode(db, version, code))
      const body = JSON.stringify({ ...present(version, skill), acknowledgement })
      return sendEntity(request, reply, { body, etag: digestTag(body), lastModified: loaded_at, cache: 'public' })
    },
  )
}
