/** A vacancy as lists and events tell of it. */
import type { Selectable } from 'kysely'
import type { NewEvent } from '../database/events.ts'
import type { Database } from '../database/types.ts'
import type { PublishedRole } from '../document/schema.ts'
import type { VacancyDocument, VacancyStatus } from '../document/vacancy.ts'
import { revisionTag } from '../plugins/write.ts'

export type VacancyRow = Selectable<Database['vacancies']>

/** Where it stands; also the subject of its events. */
export const addressOf = (id: string) => `/v1/vacancies/${id}`

const distinct = (values: (string | null)[]) => [...new Set(values.filter(value => value !== null))]

/** The columns that lists filter by, and the part of the list item that changes with the document alone. */
export function columnsOf(document: VacancyDocument, role: PublishedRole) {
  const { version, opens_at, closes_at } = document
  const item = {
    role: document.role,
    version,
    title: role.title,
    organisation: role.organisation,
    profession: role.profession,
    family: role.family,
    grades: role.grades,
    reference_number: document.reference_number,
    business_area: document.business_area,
    salary: document.salary,
    locations: document.locations,
    remote: document.remote,
    number_of_posts: document.number_of_posts,
    opens_at,
    closes_at,
    time_zone: document.time_zone,
  }
  return {
    version,
    document: JSON.stringify(document),
    opens_at,
    closes_at,
    profession: role.profession,
    family: role.family,
    grades: role.grades.map(({ code }) => code),
    regions: distinct(document.locations.map(({ region }) => region)),
    item: JSON.stringify(item),
  }
}

/** A list item, but for its url, which is made when it is served. */
export const itemOf = (
  { id, item }: Pick<VacancyRow, 'id' | 'item'>,
  { status, scheduled, revision, updated_at }: ItemState,
) => ({
  id,
  ...item,
  status,
  // Nobody else sees a draft; what is public waits for no opening.
  ...(status === 'draft' ? { scheduled } : {}),
  etag: revisionTag(revision),
  updated_at,
})

interface ItemState {
  status: VacancyStatus
  /** Whether the opening was asked for, and waits for its instant. */
  scheduled: boolean
  revision: number
  updated_at: string
}

/** The status as it is written; what waits for its opening is a draft. */
export const statusOf = ({ state }: VacancyRow): VacancyStatus => (state === 'scheduled' ? 'draft' : state)

const publicTypes = ['vacancy_opened', 'vacancy_updated', 'vacancy_closed', 'vacancy_withdrawn']

/** The event of a change that is written in the row. What happens to a draft is nobody else's business. */
export function eventOf(row: VacancyRow, type: string, more: Partial<NewEvent> = {}): NewEvent {
  const isPublic = publicTypes.includes(type)
  const scheduled = row.state === 'scheduled'
  const status = statusOf(row)
  const item = itemOf(row, { status, scheduled, revision: row.revision, updated_at: row.updated_at })
  return {
    type,
    public: isPublic,
    organisation: row.organisation,
    role: row.role,
    subject: addressOf(row.id),
    revision: row.revision,
    version: row.version,
    ...more,
    data: { ...(isPublic ? { vacancy: item } : {}), ...more.data },
  }
}
