import { type Static, Type } from 'typebox'
import { timeZone } from '../document/london.ts'
import { Grade, Instant, Location, Salary, Slug } from '../document/schema.ts'
import { component, nullable, object, ref } from '../document/shape.ts'
import { Vacancy, VacancyStatus } from '../document/vacancy.ts'
import { CivilServiceJobsAdvert } from './civil-service-jobs.ts'
import { JobPosting } from './job-posting.ts'

export const VacancyParams = Type.Object({
  vacancy: Type.String({
    pattern: '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$',
    description: 'Given by the register.',
  }),
})

const Time = Type.String({ format: 'date-time' })

/** A vacancy in a list. `url` is absolute; `etag` is that of the vacancy itself. */
export const VacancySummary = component(
  'VacancySummary',
  object({
    id: Type.String(),
    role: Slug,
    version: Type.Integer({ minimum: 1 }),
    title: Type.String(),
    organisation: object({ slug: Slug, name: Type.String() }),
    profession: nullable(Type.String()),
    family: nullable(Type.String()),
    grades: Type.Array(ref(Grade)),
    reference_number: nullable(Type.String()),
    business_area: nullable(Type.String()),
    salary: nullable(ref(Salary)),
    locations: Type.Array(ref(Location)),
    remote: Type.Boolean(),
    number_of_posts: Type.Integer(),
    opens_at: nullable(Instant),
    closes_at: nullable(Instant),
    time_zone: Type.Literal(timeZone),
    status: VacancyStatus,
    scheduled: Type.Optional(
      Type.Boolean({ description: 'Of a draft: whether its opening was asked for, and waits for `opens_at`.' }),
    ),
    etag: Type.String(),
    updated_at: Time,
    url: Type.String({ format: 'uri' }),
  }),
)
export type VacancySummary = Static<typeof VacancySummary>

export const VacancyList = component(
  'VacancyList',
  object({
    vacancies: Type.Array(ref(VacancySummary)),
    next_cursor: nullable(Type.String({ description: 'Of the next page; null on the last.' })),
    feed_cursor: Type.String({ description: 'Where the change feed stood when the list was read.' }),
  }),
)

const step = { revision: Type.Integer(), occurred_at: Time, by: nullable(Type.String()), status: VacancyStatus }
const Note = Type.String({ minLength: 1, maxLength: 2000, pattern: '\\S' })

export const NewOpening = component('NewOpening', object({}, { examples: [{}] }))
export const Opening = component(
  'Opening',
  object({
    ...step,
    opens_at: Instant,
    closes_at: Instant,
    advice: Type.Array(Type.Unsafe<unknown>({ $ref: 'Advice#' }), {
      description: 'Worth a second look; stopped nothing.',
    }),
  }),
)

export const NewVacancyWithdrawal = component(
  'NewVacancyWithdrawal',
  object({ reason: Note }, { examples: [{ reason: 'The post is filled by a transfer' }] }),
)
export const VacancyWithdrawal = component('VacancyWithdrawal', object({ ...step, reason: Note }))

export const ExportedVacancy = component(
  'ExportedVacancy',
  object({
    type: Type.Literal('vacancy'),
    id: Type.String(),
    etag: Type.String({ description: 'That of the vacancy itself, in whatever form it stands here.' }),
    vacancy: Type.Unsafe<unknown>({
      anyOf: [ref(Vacancy), ref(JobPosting), ref(CivilServiceJobsAdvert)],
      description: 'In the form that `profile` asks for.',
    }),
  }),
)
