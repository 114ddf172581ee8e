import { type Static, type TSchema, Type } from 'typebox'
import { Change } from '../document/diff.ts'
import { Grade, Slug } from '../document/schema.ts'
import { component, nullable, object, oneOf, pageOf, patchOf, ref } from '../document/shape.ts'
import { countedMax } from './search.ts'
import type { FacetName } from './search-rows.ts'

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

const Facet = component('Facet', object({ value: Type.String(), count: Type.Integer({ minimum: 1 }) }))

const counts = nullable(Type.Array(ref(Facet)))

const FacetCounts = component(
  'FacetCounts',
  object({
    total: Type.Integer({
      minimum: 0,
      maximum: countedMax,
      description: `How many roles match, on whatever page; no more than ${countedMax} are counted.`,
    }),
    complete: Type.Boolean({
      description: `False where more than ${countedMax} roles match: then each count is of those that were counted, and the least that there are.`,
    }),
    counts: object(
      {
        organisation: counts,
        profession: counts,
        family: counts,
        grade: counts,
        skill: counts,
        sfia: counts,
        sfia_version: counts,
      } satisfies Record<FacetName, TSchema>,
      { description: 'How many have each value, the most frequent 100 first; null where it was not asked for.' },
    ),
  }),
)

export const RoleList = component(
  'RoleList',
  object({
    roles: Type.Array(ref(RoleSummary)),
    corrected_q: nullable(
      Type.String({ description: 'How `q` was read where nothing matched it as written; else null.' }),
    ),
    facets: nullable(ref(FacetCounts)),
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

export const VersionSummary = component(
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

/** A version, or the draft, as one side of a comparison. */
const DiffSide = component(
  'DiffSide',
  object({
    version: nullable(Type.Integer({ minimum: 1, description: 'null of the draft.' })),
    published_at: nullable(Time),
    change_note: nullable(Type.String()),
    etag: Type.String({ description: 'Of the version, or of the draft.' }),
  }),
)

export const RoleDiff = component(
  'RoleDiff',
  object({
    role: Slug,
    from: ref(DiffSide),
    to: ref(DiffSide),
    changes: Type.Array(ref(Change), {
      description:
        'A JSON Patch (RFC 6902) from the one as it is served to the other, but for version, published_at and change_note, which are above. Empty where they say the same.',
    }),
  }),
)

const Finding = component(
  'Finding',
  object({
    pointer: Type.String({ description: 'RFC 6901 pointer into the draft.' }),
    code: Type.String({ description: 'What kind of thing is wrong; `/problems/invalid` explains each.' }),
    detail: Type.String(),
  }),
)

const Advice = component(
  'Advice',
  object({
    pointer: Type.String({ description: 'RFC 6901 pointer into the draft.' }),
    code: Type.String(),
    excerpt: Type.String({ description: 'The words that it is about.' }),
    detail: Type.String(),
    source: Type.String({ description: 'A publication and its clause, or `house`, which is this register itself.' }),
  }),
)

export const Validation = component(
  'Validation',
  object({
    ready: Type.Boolean(),
    errors: Type.Array(ref(Finding), { description: 'All that stops publication.' }),
    advice: Type.Array(ref(Advice), { description: 'Worth a second look; stops nothing.' }),
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

/** Most roles of which one publication of a shared section makes versions. */
export const rolesMax = 500

export const NewSharedSectionPublication = component(
  'NewSharedSectionPublication',
  object(
    {
      roles: Type.Unsafe<'all' | string[]>({
        anyOf: [oneOf(['all']), Type.Array(Slug, { minItems: 1, maxItems: rolesMax, uniqueItems: true })],
        description: '`all` that print it, or some of them by their slugs.',
      }),
      ...NewPublication.properties,
    },
    withExample({ roles: 'all', change_note: 'The address of the office', change_kind: 'editorial' }),
  ),
)

export type NewSharedSectionPublication = Required<Static<typeof NewSharedSectionPublication>>

export const NewWithdrawal = component(
  'NewWithdrawal',
  object(
    {
      reason: Note,
      successor: Type.Optional(nullable(Slug)),
      open_vacancies: Type.Optional(
        nullable(
          oneOf(['keep', 'withdraw'], {
            description: 'What becomes of its vacancies that are open or about to open; needed where there are any.',
          }),
        ),
      ),
    },
    withExample({ reason: 'Merged into the platform engineer role', successor: null, open_vacancies: 'keep' }),
  ),
)

export const NewRestoration = component(
  'NewRestoration',
  object({ version: Type.Integer({ minimum: 1, maximum: 2_000_000_000 }) }, withExample({ version: 1 })),
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
const SharedSectionVersion = component(
  'SharedSectionVersion',
  object({
    role: Slug,
    version: Type.Integer({ minimum: 1 }),
    etag: Type.String(),
    url: Type.String({ format: 'uri' }),
  }),
)
export const SharedSectionPublication = component(
  'SharedSectionPublication',
  object({
    shared_section: Slug,
    revision: Type.Integer({ minimum: 1, description: 'Of the shared section, which the versions print.' }),
    occurred_at: Time,
    by: history.by,
    change_note: Note,
    change_kind: ChangeKind,
    publications: Type.Array(ref(SharedSectionVersion), { description: 'The new versions, by role.' }),
    current: Type.Array(Slug, {
      description:
        'Of the roles that were named, those that print this text already; of `all` those that only print an older revision of it.',
    }),
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
