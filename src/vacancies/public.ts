/** What everybody reads of vacancies, and their organisation of its drafts: lists, single ones, their public forms. */
import { randomUUID } from 'node:crypto'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Kysely } from 'kysely'
import { type TSchema, Type } from 'typebox'
import { cursorOf } from '../database/events.ts'
import type { Database } from '../database/types.ts'
import { families, professions } from '../document/code-lists.ts'
import { code, Line, Slug } from '../document/schema.ts'
import { object, oneOf, ref } from '../document/shape.ts'
import { Vacancy, VacancyStatus } from '../document/vacancy.ts'
import { callerOf, lacking, mayUse } from '../plugins/auth.ts'
import { ExportEnd, ndjsonType } from '../plugins/exports.ts'
import { notFound, Problem } from '../plugins/problems.ts'
import { cursorKey, digestTag, jsonType, page, pageQuery, Since, sendEntity } from '../plugins/read.ts'
import { revisionTag } from '../plugins/write.ts'
import { requireKnownValues } from '../roles/known-values.ts'
import type { Advert } from './advert.ts'
import {
  CivilServiceJobsAdvert,
  CivilServiceJobsProfile,
  civilServiceJobsOf,
  profileTable,
} from './civil-service-jobs.ts'
import { addressOf } from './item.ts'
import { JobPosting, jobPostingOf } from './job-posting.ts'
import { listVacancies } from './list.ts'
import { ExportedVacancy, VacancyList, VacancyParams } from './schema.ts'
import { advertOf, countDue, type Found, findVacancy, presented, streamOpen, withdrawn } from './store.ts'

/** Tells the exports of one process from those of another. */
const madeBy = randomUUID()

export interface VacancyOptions {
  db: Kysely<Database>
  /** Absolute links begin with it. */
  baseUrl: string
  /** Tells the time by which vacancies open and close. */
  clock: () => Date
}

const open = { scope: 'public' } as const
const tags = ['Vacancies']
const jsonLd = 'application/ld+json'

/** Longest time that anyone may keep what can change at any time, in seconds. */
const keptMax = 60

/** For how long an answer may be kept: never past the instant when the clock changes it. */
function cacheOf({ status, row: { closes_at } }: Found, now: Date): 'private' | { seconds: number } {
  if (status === 'draft') return 'private'
  if (status === 'closed' || closes_at === null) return { seconds: keptMax }
  return { seconds: Math.min(keptMax, Math.floor((Date.parse(closes_at) - now.getTime()) / 1000)) }
}

/** A public form of a vacancy: gone once nobody can apply any more. */
interface Form {
  path: string
  operationId: string
  summary: string
  schema: TSchema
  type: string
  of(advert: Advert, baseUrl: string): unknown
}

const forms: Form[] = [
  {
    path: 'job-posting',
    operationId: 'getJobPosting',
    summary: 'Get an open vacancy as a schema.org JobPosting',
    schema: JobPosting,
    type: jsonLd,
    of: jobPostingOf,
  },
  {
    path: 'civil-service-jobs',
    operationId: 'getCivilServiceJobsAdvert',
    summary: 'Get an open vacancy in the terms of Civil Service Jobs',
    schema: CivilServiceJobsAdvert,
    type: jsonType,
    of: (advert, baseUrl) => civilServiceJobsOf(advert, baseUrl + addressOf(advert.id)),
  },
]

export const publicVacancies: FastifyPluginAsyncTypebox<VacancyOptions> = async (app, { db, baseUrl, clock }) => {
  /** Throws 404, or 410 where it is withdrawn. */
  const find = async (request: FastifyRequest, now: Date): Promise<Found> => {
    const { vacancy } = request.params as { vacancy: string }
    const found = await findVacancy(db, request.caller, vacancy, now.toISOString())
    if (!found) throw notFound('vacancy', vacancy)
    if (found.status === 'withdrawn') throw withdrawn(found.row)
    return found
  }

  app.get(
    '/vacancies',
    {
      schema: {
        operationId: 'listVacancies',
        summary: 'List vacancies',
        description:
          'Open and closed ones, by id; with a key that has vacancies:read_drafts also the drafts and the withdrawn ones of your organisation. All filters must hold.',
        tags,
        querystring: object({
          status: Type.Optional(VacancyStatus),
          organisation: Type.Optional(Slug),
          role: Type.Optional(Slug),
          profession: Type.Optional(code(professions)),
          family: Type.Optional(code(families)),
          grade: Type.Optional(Type.String({ minLength: 1, maxLength: 30 })),
          region: Type.Optional(Type.String({ ...Line, description: 'The region of a location, as it is written.' })),
          outdated: Type.Optional(
            Type.Boolean({ description: 'Whether a later version of the role than theirs is published.' }),
          ),
          updated_since: Type.Optional(Since),
          ...pageQuery,
        }),
        response: { 200: ref(VacancyList) },
      },
      config: open,
    },
    async (request, reply) => {
      const { limit, cursor: _, ...filter } = request.query
      if (filter.status === 'draft' || filter.status === 'withdrawn') {
        if (!mayUse(callerOf(request), 'vacancies:read_drafts')) throw lacking('vacancies:read_drafts')
      }
      const now = clock().toISOString()
      const found = await listVacancies(db, request.caller, filter, now, limit + 1, cursorKey(request))
      const { organisation, role, grade } = filter
      if (found.vacancies.length === 0) await requireKnownValues(db, { organisation, role, grade })
      const { entries, next_cursor } = page(request, reply, found.vacancies, ({ id }) => id)
      const vacancies = entries.map(item => ({ ...item, url: baseUrl + addressOf(item.id) }))
      const body = JSON.stringify({ vacancies, next_cursor, feed_cursor: cursorOf(found.feedEnd) })
      // A key shows more than none does, and when the next one opens is nobody's business before.
      reply.header('vary', 'authorization')
      return sendEntity(request, reply, {
        body,
        etag: digestTag(body),
        cache: request.caller ? 'private' : { seconds: 0 },
      })
    },
  )

  app.get(
    '/vacancies/:vacancy',
    {
      schema: {
        operationId: 'getVacancy',
        summary: 'Get a vacancy',
        description: 'A draft takes a key of its organisation with vacancies:read_drafts. 410 once it is withdrawn.',
        tags,
        params: VacancyParams,
        response: { 200: ref(Vacancy) },
      },
      config: { ...open, problems: [410] },
    },
    async (request, reply) => {
      const now = clock()
      const found = await find(request, now)
      return sendEntity(request, reply, {
        body: JSON.stringify(presented(found.row, found.status)),
        etag: revisionTag(found.revision),
        // No Last-Modified: who asks by it would never hear of the second of two changes in one second, as of a closing.
        cache: cacheOf(found, now),
      })
    },
  )

  for (const { path, operationId, summary, schema, type, of } of forms)
    app.get(
      `/vacancies/:vacancy/${path}`,
      {
        schema: {
          operationId,
          summary,
          description:
            'With a key also a draft, as it would be printed now. 410 once the vacancy is closed or withdrawn.',
          tags,
          params: VacancyParams,
          response: { 200: ref(schema) },
        },
        config: { ...open, produces: [type.split(';')[0] as string], problems: [410] },
      },
      async (request: FastifyRequest, reply: FastifyReply) => {
        const now = clock()
        const found = await find(request, now)
        if (found.status === 'closed')
          throw new Problem('closed', `The vacancy is closed since ${found.row.document.closes_at}.`, {
            members: { closed_at: found.row.document.closes_at },
          })
        const body = JSON.stringify(of(await advertOf(db, found), baseUrl))
        return sendEntity(request, reply, { body, etag: digestTag(body), cache: cacheOf(found, now), type })
      },
    )

  app.get(
    '/exports/vacancies.ndjson',
    {
      schema: {
        operationId: 'exportVacancies',
        summary: 'Export all open vacancies',
        description:
          'One snapshot, one JSON value a line: the vacancies by id, then a line of the type `end`. An answer without that line was cut: ask again. With `profile` each vacancy stands in that form.',
        tags,
        querystring: object({
          status: Type.Unsafe<'open'>({
            ...oneOf(['open'], { description: 'Others are no adverts.' }),
            default: 'open',
          }),
          profile: Type.Optional(oneOf(forms.map(({ path }) => path))),
        }),
        response: { 200: Type.Union([ref(ExportedVacancy), ref(ExportEnd)]) },
      },
      config: { ...open, produces: [ndjsonType] },
    },
    (request, reply) => {
      const form = forms.find(({ path }) => path === request.query.profile)
      const now = clock().toISOString()
      const lines = async function* (snapshot: Kysely<Database>) {
        for await (const found of streamOpen(snapshot, now)) {
          const vacancy = form ? form.of(await advertOf(snapshot, found), baseUrl) : presented(found.row, found.status)
          const etag = revisionTag(found.revision)
          yield Buffer.from(`${JSON.stringify({ type: 'vacancy', id: found.row.id, etag, vacancy })}\n`)
        }
      }
      // Forms follow our code, so another process may give other bytes; what the clock changed may not be in the feed yet.
      const dependsOn = async (snapshot: Kysely<Database>) => `${madeBy} ${await countDue(snapshot, now)}`
      return app.sendExport(request, reply, { lines, dependsOn })
    },
  )

  const table = JSON.stringify(profileTable)
  const etag = digestTag(table)
  app.get(
    '/profiles/civil-service-jobs',
    {
      schema: {
        operationId: 'getCivilServiceJobsProfile',
        summary: 'Where each label of a Civil Service Jobs advert comes from, and what of that is assumed',
        tags,
        response: { 200: ref(CivilServiceJobsProfile) },
      },
      config: open,
    },
    (request, reply) => sendEntity(request, reply, { body: table, etag, cache: 'public' }),
  )
}
