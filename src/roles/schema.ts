import { type Static, Type } from 'typebox'
import { Grade, Slug } from '../document/schema.ts'
import { component, nullable, object, oneOf, pageOf, patchOf, ref } from '../document/shape.ts'

export const RoleParams = Type.Object({ role: Slug })
export const VersionParams = Type.Object({
  role: Slug,
  version: Type.Integer({ minimum: 1, maximum: 2_000_000_000 }),
})

const Time = Type.String({ format: 'date-time' })
const Note = Type.String({ minLength: 1, maxLength: 2000, pattern: '\\S' })
const OrganisationName = object({ slug: Slug, name: Type.String() })

/** A published role in a list. `url` is absolute; `etag` is that of the role itself. */
export const RoleSummary = component(
  'RoleSummary',
  object({
    slug: Slug,
    title: Type.String(),
    organisation: OrganisationName,
    profession: nullable(Type.String()),
    family: nullable(Type.String()),
    grades: Type.Array(ref(Grade)),
    version: Type.Integer({ minimum: 1 }),
    published_at: Time,
    etag: Type.String(),
    url: Type.String({ format: 'uri' }),
  }),
)
export type RoleSummary = Static<typeof RoleSummary>

const nextCursor = nullable(Type.String({ description: 'Of the next page; null on the last.' }))

export const RoleList = component(
  'RoleList',
  object({
    roles: Type.Array(ref(RoleSummary)),
    next_cursor: nextCursor,
    feed_cursor: Type.String({ description: 'Where the change feed stood when the list was read.' }),
  }),
)

/**
 * in_review: submitted, and not changed since. published or withdrawn: the draft is what the latest version was made
 * from. draft: it holds what no version has.
 */
export const DraftStatus = oneOf(['draft', 'in_review', 'published', 'withdrawn'])

const DraftSummary = component(
  'DraftSummary',
  object({
    slug: Slug,
    title: nullable(Type.String()),
    organisation: Slug,
    status: DraftStatus,
    revision: Type.Integer({ minimum: 1 }),
    etag: Type.String(),
    updated_at: Time,
    updated_by: nullable(Type.String()),
    submitted_by: nullable(Type.String()),
    version: nullable(Type.Integer({ description: 'The latest published version.' })),
    url: Type.String({ format: 'uri' }),
  }),
)

export const DraftList = pageOf('DraftList', 'drafts', DraftSummary)

const ChangeKind = oneOf(['editorial', 'substantive'])

const VersionSummary = component(
  'VersionSummary',
  object({
    version: Type.Integer({ minimum: 1 }),
    published_at: Time,
    change_note: Type.String(),
    change_kind: ChangeKind,
    etag: Type.String(),
    url: Type.String({ format: 'uri' }),
  }),
)

export const VersionList = pageOf('VersionList', 'versions', VersionSummary)

const Finding = component(
  'Finding',
  object({
    pointer: Type.String({ description: 'RFC 6901 pointer into the draft.' }),
    code: Type.String(),
    detail: Type.String(),
  }),
)

export const Validation = component(
  'Validation',
  object({
    ready: Type.Boolean(),
    errors: Type.Array(ref(Finding), { description: 'All that stops publication.' }),
    advice: Type.Array(ref(Finding), { description: 'Worth a second look; stops nothing.' }),
  }),
)

export const SectionList = component('SectionList', object({ sections: Type.Array(Type.Unsafe({ $ref: 'Section#' })) }))
export const RoleSkillList = component(
  'RoleSkillList',
  object({ skills: Type.Array(Type.Unsafe({ $ref: 'RoleSkill#' })) }),
)
export const SfiaMappingList = component(
  'SfiaMappingList',
  object({
    sfia_version: nullable(Type.String()),
    sfia_mappings: Type.Array(Type.Unsafe({ $ref: 'SfiaMapping#' })),
    acknowledgement: Type.String(),
  }),
)

export const SectionOrder = component(
  'SectionOrder',
  Type.Object(
    {
      sections: Type.Array(Type.String({ maxLength: 40 }), {
        maxItems: 60,
        description: 'Every section’s id, once each.',
      }),
    },
    {
      additionalProperties: false,
      examples: [{ sections: ['role_summary', 'responsibilities', 'skills_experience'] }],
    },
  ),
)

const withExample = (example: unknown) => ({ examples: [example] })

export const NewSubmission = component(
  'NewSubmission',
  object(
    { comment: Type.Optional(nullable(Note)) },
    withExample({ comment: 'Ready for review: the grade is now SEO.' }),
  ),
)
export const NewReturn = component(
  'NewReturn',
  object({ comment: Note }, withExample({ comment: 'Please say who the role reports to.' })),
)
export const NewPublication = component(
  'NewPublication',
  object(
    {
      change_note: Note,
      change_kind: Type.Optional(Type.Unsafe<Static<typeof ChangeKind>>({ ...ChangeKind, default: 'substantive' })),
    },
    withExample({ change_note: 'First published', change_kind: 'substantive' }),
  ),
)
export const NewWithdrawal = component(
  'NewWithdrawal',
  object(
    { reason: Note, successor: Type.Optional(nullable(Slug)) },
    withExample({ reason: 'Merged into the platform engineer role', successor: null }),
  ),
)

const history = {
  revision: Type.Integer(),
  occurred_at: Time,
  by: nullable(Type.String({ description: 'The owner of the key.' })),
}

export const Submission = component('Submission', object({ ...history, comment: nullable(Note) }))
export const Return = component('Return', object({ ...history, comment: Note }))
export const Publication = component(
  'Publication',
  object({
    ...history,
    version: Type.Integer({ minimum: 1 }),
    change_note: Note,
    change_kind: ChangeKind,
    etag: Type.String(),
  }),
)
export const Withdrawal = component(
  'Withdrawal',
  object({ ...history, version: Type.Integer({ minimum: 1 }), reason: Note, successor: nullable(Slug) }),
)
export const SubmissionList = pageOf('SubmissionList', 'submissions', Submission)
export const ReturnList = pageOf('ReturnList', 'returns', Return)
export const PublicationList = pageOf('PublicationList', 'publications', Publication)
export const WithdrawalList = pageOf('WithdrawalList', 'withdrawals', Withdrawal)

export const DraftPatch = patchOf('DraftPatch', {
  title: 'Senior data engineer',
  family: null,
  advert_details: { hours: '37 hours a week' },
})
export const SectionPatch = patchOf('SectionPatch', { heading: 'What you will do' })
