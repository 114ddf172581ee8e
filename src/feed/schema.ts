/** Public events as CloudEvents 1.0, in the form of its JSON format (structured mode). */
import { type Static, type TSchema, Type } from 'typebox'
import { Grade, Slug } from '../document/schema.ts'
import { component, nullable, object, ref } from '../document/shape.ts'
import { RoleSummary } from '../roles/schema.ts'
import { VacancySummary } from '../vacancies/schema.ts'
import type { PublicEvent } from './store.ts'

/** The types of public events, as `events` has them and as they are sent. Names need no domain: `source` has one. */
const eventTypes = {
  role_published: 'role.published',
  role_withdrawn: 'role.withdrawn',
  vacancy_opened: 'vacancy.opened',
  vacancy_updated: 'vacancy.updated',
  vacancy_closed: 'vacancy.closed',
  vacancy_withdrawn: 'vacancy.withdrawn',
} as const

export const changeTypes = Object.values(eventTypes)
export type ChangeType = (typeof changeTypes)[number]

/** What `events` calls a type that is sent. */
export const eventTypeOf = (type: ChangeType) => type.replace('.', '_')

const Place = component('RolePlace', object({ profession: nullable(Type.String()), grades: Type.Array(ref(Grade)) }))
const place = (when: string) =>
  Type.Unsafe<Static<typeof Place> | null>({
    anyOf: [ref(Place), { type: 'null' }],
    description: `Profession and grades ${when}; null where the role was not public then.`,
  })

const change = (name: string, type: TSchema, data: TSchema) =>
  component(
    name,
    object({
      specversion: Type.Literal('1.0'),
      id: Type.String({ description: 'Unique with `source`, the same however often and wherever it is sent.' }),
      source: Type.String({ format: 'uri', description: 'The feed of this register.' }),
      type,
      subject: Type.String({ description: 'The path of what changed.' }),
      time: Type.String({ format: 'date-time' }),
      datacontenttype: Type.Literal('application/json'),
      position: Type.Integer({ minimum: 1, description: 'The number in the feed: 1, 2, 3, without gaps.' }),
      organisation: Slug,
      role: Slug,
      roleversion: nullable(Type.Integer({ minimum: 1, description: 'The version of the role that it is about.' })),
      data,
    }),
  )

const RolePublished = change(
  'RolePublished',
  Type.Literal('role.published'),
  object({
    role: ref(RoleSummary),
    before: place('in the version that was public before'),
    after: place('in this version'),
    change_note: Type.String(),
    change_kind: Type.Unsafe<string>({ type: 'string', enum: ['editorial', 'substantive'] }),
    cause: nullable(
      object(
        { shared_section: Slug, revision: Type.Integer({ minimum: 1 }) },
        { description: 'The shared section whose publication made this version; null where it was the role’s own.' },
      ),
    ),
  }),
)

const RoleWithdrawn = change(
  'RoleWithdrawn',
  Type.Literal('role.withdrawn'),
  object({
    role: Type.Unsafe<Static<typeof RoleSummary> | null>({
      anyOf: [ref(RoleSummary), { type: 'null' }],
      description: 'As it was; null in events that are older than this member.',
    }),
    before: place('until now'),
    after: Type.Null(),
    reason: Type.String(),
    successor: nullable(Slug),
  }),
)

const VacancyChanged = change(
  'VacancyChanged',
  Type.Unsafe<ChangeType>({ type: 'string', enum: changeTypes.filter(type => type.startsWith('vacancy.')) }),
  object(
    {
      vacancy: ref(VacancySummary),
      changed: Type.Optional(
        Type.Array(Type.String(), { description: 'Of `vacancy.updated`: pointers to the members that changed.' }),
      ),
      before: Type.Optional(ref(Place)),
      after: Type.Optional(ref(Place)),
      reason: Type.Optional(Type.String({ description: 'Of `vacancy.withdrawn`.' })),
    },
    {
      description:
        '`before` and `after` are in `vacancy.updated` where its version changed: profession and grades in the one and in the other.',
    },
  ),
)

/** What is sent of each type. */
export const changeSchemas = {
  'role.published': RolePublished,
  'role.withdrawn': RoleWithdrawn,
  'vacancy.opened': VacancyChanged,
  'vacancy.updated': VacancyChanged,
  'vacancy.closed': VacancyChanged,
  'vacancy.withdrawn': VacancyChanged,
} satisfies Record<ChangeType, TSchema>

export const ChangeList = component(
  'ChangeList',
  object({
    changes: Type.Array(Type.Unsafe<Change>({ anyOf: [ref(RolePublished), ref(RoleWithdrawn), ref(VacancyChanged)] })),
    next_cursor: Type.String({ description: 'What `after` takes to go on from here; always there.' }),
  }),
)

/** One public event as it is sent, by the feed and by webhooks alike. */
export interface Change {
  specversion: '1.0'
  id: string
  source: string
  type: ChangeType
  subject: string
  time: string
  datacontenttype: 'application/json'
  position: number
  organisation: string
  role: string
  roleversion: number | null
  data: Record<string, unknown>
}

/** A public event with the addresses of a base URL. Its bytes are the same whenever it is sent. */
export function toChange(event: PublicEvent, baseUrl: string): Change {
  const { position, data } = event
  const type = event.type.replace('_', '.') as ChangeType
  const role = event.role ?? ''
  const subject = event.subject ?? `/v1/roles/${role}`
  const item = (value: unknown) =>
    typeof value === 'object' && value !== null ? { ...value, url: `${baseUrl}${subject}` } : null
  const { before = null, after = null } = data
  const dataOf: Partial<Record<ChangeType, () => Record<string, unknown>>> = {
    'role.published': () => {
      const { change_note, change_kind, cause = null } = data
      return { role: item(data.role), before, after, change_note, change_kind, cause }
    },
    'role.withdrawn': () => ({ role: item(data.role), before, after, reason: data.reason, successor: data.successor }),
  }
  return {
    specversion: '1.0',
    id: String(position),
    source: `${baseUrl}/v1/changes`,
    type,
    subject,
    time: event.occurred_at,
    datacontenttype: 'application/json',
    position,
    organisation: event.organisation ?? '',
    role,
    roleversion: event.version,
    data: dataOf[type]?.() ?? { ...data, vacancy: item(data.vacancy) },
  }
}
