/** The problems that the register answers with (RFC 9457), and the codes of their parts. */
import type { FindingCode } from '../document/finding-codes.ts'
import { didYouMean } from '../document/nearest.ts'

/**
 * The kinds of problem that the register answers with (RFC 9457). One table: the errors thrown, the pages at
 * `/problems/{code}` and the contract's list of codes all come from it.
 */
export const problemTypes = {
  malformed_body: {
    status: 400,
    title: 'The body cannot be read',
    help: 'The body must be JSON in UTF-8: no duplicate members, no NUL or lone surrogates, at most 32 levels deep.',
  },
  malformed_header: {
    status: 400,
    title: 'A header cannot be read',
    help: 'The detail names the header and shows how it is written. An entity tag stands in double quotes.',
  },
  invalid_query: {
    status: 400,
    title: 'The query cannot be read',
    help: 'A query parameter is unknown or malformed. The errors name each and say what would be right; `/problems/invalid` explains their codes.',
  },
  bad_cursor: {
    status: 400,
    title: 'The cursor is not valid here',
    help: 'A cursor belongs to the list and the filters it came with. Start again without one.',
  },
  bad_request: { status: 400, title: 'The request cannot be read', help: 'The request is not valid HTTP.' },
  unauthenticated: {
    status: 401,
    title: 'The caller is not known',
    help: 'Send `Authorization: Bearer` with an API key, or a token of the configured issuer, that is valid now.',
  },
  insufficient_scope: {
    status: 403,
    title: 'The key does not allow this',
    help: 'The detail names the scope that is needed. Ask whoever manages keys in your organisation.',
  },
  not_found: { status: 404, title: 'There is nothing here', help: 'Nothing that you may read stands at this address.' },
  method_not_allowed: {
    status: 405,
    title: 'The method is not allowed here',
    help: 'The Allow header names the methods of this address.',
  },
  not_acceptable: {
    status: 406,
    title: 'No acceptable form',
    help: 'The Accept header excludes every form that this address has.',
  },
  request_timeout: { status: 408, title: 'The request came too slowly', help: 'Send the whole request without pause.' },
  already_exists: { status: 409, title: 'It exists already', help: 'Another entry has this key. The detail names it.' },
  slug_taken: {
    status: 409,
    title: 'The slug is taken',
    help: 'Slugs are unique in the whole register. Choose another, or change the role that has it.',
  },
  in_use: { status: 409, title: 'It is in use', help: 'The members `used_by` and `others` say who uses it.' },
  not_ready: {
    status: 409,
    title: 'It is not ready',
    help: 'The errors list all that stops the publication of a role or a shared section, or the opening of a vacancy. Of a draft and of a vacancy `GET …/validation` gives the same list at any time. `/problems/invalid` explains the codes.',
  },
  not_published: { status: 409, title: 'The role is not published', help: 'Only a published role can be withdrawn.' },
  not_in_review: { status: 409, title: 'The draft is not in review', help: 'Only a submitted draft can be returned.' },
  four_eyes: {
    status: 409,
    title: 'Somebody else must publish',
    help: 'The organisation asks for four eyes: who changed the role since its last version may not publish it.',
  },
  open_vacancies: {
    status: 409,
    title: 'The role has open vacancies',
    help: 'The member `vacancies` names them. Say in the body whether to keep or to withdraw them: `open_vacancies`.',
  },
  wrong_status: {
    status: 409,
    title: 'The vacancy is in another status',
    help: 'A draft can be opened or deleted, an open vacancy withdrawn, and a closed one is not changed any more.',
  },
  idempotency_in_flight: {
    status: 409,
    title: 'The same request is under way',
    help: 'A request with this Idempotency-Key has not ended. Try again after the time in Retry-After.',
  },
  conflict: { status: 409, title: 'It does not go with what is there', help: 'The detail says with what.' },
  cursor_gone: {
    status: 410,
    title: 'The feed does not go on from the cursor',
    help: 'The register was restored from a backup and has forgotten what came after. Take an export and go on from its feed_cursor.',
  },
  withdrawn: { status: 410, title: 'It is withdrawn', help: 'The members name the reason and any successor.' },
  closed: {
    status: 410,
    title: 'The vacancy is closed',
    help: 'Nobody can apply any more, so its public forms are gone. The vacancy itself can still be read.',
  },
  precondition_failed: {
    status: 412,
    title: 'It changed in the meantime',
    help: 'Read it again, apply the change to what is there now, and send the new ETag in If-Match.',
  },
  too_large: { status: 413, title: 'The body is too large', help: 'JSON may have 1 MiB, a document 4 MiB.' },
  uri_too_long: { status: 414, title: 'The address is too long', help: 'Shorten the path or the query.' },
  unsupported_media_type: {
    status: 415,
    title: 'The body has another type',
    help: 'The detail names the media types that this operation takes, without a content encoding.',
  },
  invalid: {
    status: 422,
    title: 'The content is not valid',
    help: 'The errors name each place, by a code, and what would be right.',
  },
  unreadable_document: {
    status: 422,
    title: 'The document cannot become a draft',
    help: 'The errors say what is missing or too much; the member `report` says what was recognised. `/problems/invalid` explains the codes.',
  },
  idempotency_key_reused: {
    status: 422,
    title: 'The Idempotency-Key belongs to another request',
    help: 'A key stands for one request for 24 hours. Make a new key for a new request.',
  },
  precondition_required: {
    status: 428,
    title: 'If-Match is required',
    help: 'Read the resource, and send its ETag in If-Match, so that no one’s change is lost.',
  },
  too_many_requests: { status: 429, title: 'Too many requests', help: 'Wait for the time in Retry-After.' },
  headers_too_large: { status: 431, title: 'The headers are too large', help: 'Send fewer or shorter headers.' },
  internal: { status: 500, title: 'The register made a mistake', help: 'Report the request_id to its operators.' },
  unavailable: {
    status: 503,
    title: 'The register cannot answer now',
    help: 'Nothing was stored, or the reply says so. Try again after the time in Retry-After, with the same key.',
  },
} as const satisfies Record<string, { status: number; title: string; help: string }>

export type ProblemCode = keyof typeof problemTypes

/** One thing that is wrong: where (RFC 6901 pointer into the body, or `?name` of a query parameter) and how to mend it. */
export interface ErrorDetail {
  pointer: string
  code: FindingCode
  detail: string
}

interface ProblemOptions {
  errors?: ErrorDetail[]
  headers?: Record<string, string>
  /** Further members of the answer, such as `current_etag`. */
  members?: Record<string, unknown>
}

/** Thrown anywhere; the errors plugin turns it into the answer. The detail is sent: it names nothing internal. */
export class Problem extends Error {
  readonly code: ProblemCode
  readonly status: number
  readonly options: ProblemOptions

  constructor(code: ProblemCode, detail: string, options: ProblemOptions = {}) {
    super(detail)
    this.code = code
    this.status = problemTypes[code].status
    this.options = options
  }
}

/** 404, naming what was looked for, and what was meant by it where that is known: `notFound('role', 'devops')`. */
export const notFound = (noun: string, key: string | number, near?: string) =>
  new Problem('not_found', `There is no ${noun} "${key}" that you may read.${didYouMean(near)}`)

/** 422 with everything that is wrong at once. */
export const invalid = (errors: ErrorDetail[]) =>
  new Problem(
    'invalid',
    errors.length === 1 && errors[0] ? errors[0].detail : `${errors.length} things are not valid; errors lists them.`,
    { errors },
  )
