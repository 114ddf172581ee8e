/** Vacancies: drafts for the organisation, open and closed ones for everybody. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { isoNow } from '../database/values.ts'
import { complete, ref } from '../document/shape.ts'
import { defaultsOf, NewVacancy, ReplacementVacancy, Vacancy, VacancyPatch } from '../document/vacancy.ts'
import { type Caller, callerOf, isOf, lacking, mayUse } from '../plugins/auth.ts'
import { patched, validate } from '../plugins/body.ts'
import { cacheControl } from '../plugins/read.ts'
import { revisionTag, type Written } from '../plugins/write.ts'
import { Validation } from '../roles/schema.ts'
import { firstOfEach } from './advert.ts'
import {
  type Changed,
  createVacancy,
  deleteVacancy,
  editVacancy,
  findVersionOf,
  openVacancy,
  referVacancy,
  withdrawVacancy,
} from './changes.ts'
import { addressOf } from './item.ts'
import type { VacancyOptions } from './public.ts'
import { adviceOn, findBlockers, findEnd, findHindrances } from './ready.ts'
import { NewOpening, NewVacancyWithdrawal, Opening, VacancyParams, VacancyWithdrawal } from './schema.ts'
import { advertOf, findVacancy, type lockVacancy, presented, refusalOf } from './store.ts'

const writes = (match: 'required' | 'none') => ({ scope: 'vacancies:write', write: { match } }) as const
const tags = ['Vacancies']

/** Whether a caller of its organisation is shown a draft: also who may write all of it. */
const mayRead = (caller: Caller) => mayUse(caller, 'vacancies:read_drafts') || mayUse(caller, 'vacancies:write')

const statusOf = ({ row }: Changed) => (row.state === 'scheduled' ? 'draft' : row.state)

const written = (changed: Changed, status: 200 | 201 | 204, body?: unknown, location?: string): Written => ({
  status,
  body,
  etag: revisionTag(changed.row.revision),
  ...(location === undefined ? {} : { location }),
  event: changed.events,
})

export const vacancies: FastifyPluginAsyncTypebox<VacancyOptions> = async (app, { db, clock }) => {
  const now = () => clock().toISOString()

  app.post(
    '/vacancies',
    {
      schema: {
        operationId: 'createVacancy',
        summary: 'Create the draft of a vacancy from a published version',
        description:
          'Without `version` it is the latest. What the version’s advert details and behaviours say is filled in where it is left out.',
        tags,
        body: ref(NewVacancy),
        response: { 201: ref(Vacancy) },
      },
      config: writes('none'),
    },
    (request, reply) =>
      app.write(request, reply, async trx => {
        const caller = callerOf(request)
        const { role, version } = request.body as { role: string; version?: number }
        const found = await findVersionOf(trx, caller, role, version)
        const body = { ...defaultsOf(found.role), ...request.body, version: found.role.version }
        const changed = await createVacancy(trx, caller, complete(Vacancy, body), found)
        return written(changed, 201, presented(changed.row, 'draft'), addressOf(changed.row.id))
      }),
  )

  type Work = (...known: Parameters<typeof lockVacancy>) => Promise<Changed>
  const edit = (request: FastifyRequest, reply: FastifyReply, work: Work) =>
    app.write(request, reply, async (trx, match) => {
      const { vacancy } = request.params as { vacancy: string }
      const caller = callerOf(request)
      const changed = await work(trx, caller, vacancy, match, now())
      const status = statusOf(changed)
      return status === 'draft' && !mayRead(caller)
        ? written(changed, 204)
        : written(changed, 200, presented(changed.row, status))
    })

  app.put(
    '/vacancies/:vacancy',
    {
      schema: {
        operationId: 'replaceVacancy',
        summary: 'Replace a vacancy',
        description: 'Takes what GET gives. Once it is open, each change must leave it ready.',
        tags,
        params: VacancyParams,
        body: ref(ReplacementVacancy),
        response: { 200: ref(Vacancy) },
      },
      config: writes('required'),
    },
    (request, reply) =>
      edit(request, reply, (...known) => editVacancy(...known, () => complete(Vacancy, request.body))),
  )

  app.patch(
    '/vacancies/:vacancy',
    {
      schema: {
        operationId: 'patchVacancy',
        summary: 'Change members of a vacancy',
        description:
          'A JSON merge patch (RFC 7396): null sets a member back to its default, `version` to the latest. `reference_number` takes the scope vacancies:reference, everything else vacancies:write. 204 where it is a draft, which a key with vacancies:reference alone may not read.',
        tags,
        params: VacancyParams,
        body: ref(VacancyPatch),
        response: { 200: ref(Vacancy), 204: Type.Null({ description: 'Done; the draft may not be read.' }) },
      },
      config: { scope: ['vacancies:write', 'vacancies:reference'], write: { match: 'required' } },
    },
    (request, reply) => {
      const isReference = Object.keys(request.body).join() === 'reference_number'
      // Whether another member would change is for those to know who may change it.
      if (!isReference && !mayUse(callerOf(request), 'vacancies:write')) throw lacking('vacancies:write')
      return edit(request, reply, (...known) => {
        if (!isReference)
          return editVacancy(...known, vacancy => complete(Vacancy, patched(request, 'NewVacancy', vacancy)))
        const { reference_number } = request.body
        validate(request, 'NewVacancy', { role: 'any', reference_number })
        return referVacancy(...known, reference_number as string | null)
      })
    },
  )

  app.delete(
    '/vacancies/:vacancy',
    {
      schema: {
        operationId: 'deleteVacancy',
        summary: 'Delete the draft of a vacancy',
        tags,
        params: VacancyParams,
        response: { 204: Type.Null({ description: 'It is gone.' }) },
      },
      config: writes('required'),
    },
    (request, reply) =>
      app.write(request, reply, async (trx, match) => {
        const { events } = await deleteVacancy(trx, callerOf(request), request.params.vacancy, match, now())
        return { status: 204, event: events }
      }),
  )

  app.get(
    '/vacancies/:vacancy/validation',
    {
      schema: {
        operationId: 'validateVacancy',
        summary: 'What still stops the opening, and advice',
        tags,
        params: VacancyParams,
        response: { 200: ref(Validation) },
      },
      config: { scope: 'vacancies:read_drafts' },
    },
    async (request, reply) => {
      const { vacancy } = request.params
      const caller = callerOf(request)
      const when = now()
      const found = await findVacancy(db, caller, vacancy, when)
      if (!found || !isOf(caller, found.row.organisation)) throw await refusalOf(db, caller, vacancy, when)
      const advert = await advertOf(db, found)
      const hindrances = found.status === 'draft' ? findHindrances(advert, when) : findEnd(found.status)
      const errors = firstOfEach([...hindrances, ...findBlockers(advert)])
      reply.headers({ etag: revisionTag(found.revision), 'cache-control': cacheControl.private })
      return { ready: errors.length === 0, errors, advice: adviceOn(advert) }
    },
  )

  app.post(
    '/vacancies/:vacancy/openings',
    {
      schema: {
        operationId: 'createOpening',
        summary: 'Open a vacancy at its opens_at, or now',
        description:
          'Takes the draft’s ETag in If-Match and answers with its new one. 409 `not_ready` names each thing that the public forms need.',
        tags,
        params: VacancyParams,
        body: ref(NewOpening),
        response: { 201: ref(Opening) },
      },
      config: writes('required'),
    },
    (request, reply) =>
      app.write(request, reply, async (trx, match) => {
        const caller = callerOf(request)
        const opened = await openVacancy(trx, caller, request.params.vacancy, match, now())
        const { id, revision, document } = opened.row
        const body = {
          revision,
          occurred_at: isoNow(),
          by: caller.owner,
          status: statusOf(opened),
          opens_at: document.opens_at,
          closes_at: document.closes_at,
          advice: opened.advice,
        }
        return written(opened, 201, body, addressOf(id))
      }),
  )

  app.post(
    '/vacancies/:vacancy/withdrawals',
    {
      schema: {
        operationId: 'createVacancyWithdrawal',
        summary: 'Withdraw an open vacancy',
        description: 'From then on it is 410 with the reason.',
        tags,
        params: VacancyParams,
        body: ref(NewVacancyWithdrawal),
        response: { 201: ref(VacancyWithdrawal) },
      },
      config: writes('required'),
    },
    (request, reply) =>
      app.write(request, reply, async (trx, match) => {
        const caller = callerOf(request)
        const { reason } = request.body
        const gone = await withdrawVacancy(trx, caller, request.params.vacancy, match, now(), reason)
        const { id, revision } = gone.row
        const body = { revision, occurred_at: isoNow(), by: caller.owner, status: 'withdrawn', reason }
        return written(gone, 201, body, addressOf(id))
      }),
  )
}
