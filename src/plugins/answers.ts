/** The answers that the contract knows: their headers, and a problem for each status. */
import { Type } from 'typebox'
import { component, ref } from '../document/shape.ts'
import { type ProblemCode, problemTypes } from './problems.ts'

export type Json = Record<string, unknown>

const ErrorDetail = component(
  'ErrorDetail',
  Type.Object(
    {
      pointer: Type.String({ description: 'RFC 6901 pointer into the body, or `?name` of a query parameter.' }),
      code: Type.String({ description: 'What kind of thing is wrong; `/problems/invalid` explains each.' }),
      detail: Type.String({ description: 'What is wrong and what would be right.' }),
    },
    { additionalProperties: false },
  ),
)

/** RFC 9457. Some codes have further members: `current_etag`, `used_by`, `successor`, `report`. */
component(
  'Problem',
  Type.Object({
    type: Type.String({ format: 'uri-reference', description: 'A page of this service that explains the problem.' }),
    title: Type.String(),
    status: Type.Integer({ minimum: 400, maximum: 599 }),
    detail: Type.String({ description: 'What is wrong here and what would be right.' }),
    instance: Type.String({ description: 'The path of the request.' }),
    code: Type.Unsafe<ProblemCode>({ type: 'string', enum: Object.keys(problemTypes).sort() }),
    request_id: Type.String(),
    errors: Type.Array(ref(ErrorDetail), { description: 'Everything that is wrong, at once.' }),
  }),
)

const statusTexts: Record<string, string> = {
  400: 'The request cannot be read',
  401: 'No valid credential',
  403: 'The credential lacks the scope',
  404: 'Nothing that the caller may read',
  406: 'Accept excludes every form',
  409: 'It does not go with what is there',
  410: 'It was there and is not any more',
  412: 'The ETag is not the current one',
  413: 'The body is too large',
  415: 'The body has another media type',
  422: 'The content is not valid',
  428: 'If-Match is missing',
  429: 'Too many requests',
  500: 'The register made a mistake',
  503: 'Cannot be answered now',
}

export const responseTexts: Record<string, string> = {
  200: 'As asked',
  201: 'Created',
  204: 'Done; there is no body',
  304: 'Not modified',
}

/** Headers of answers, once for the whole contract. */
export const headers: Record<string, { description: string; schema: Json }> = {
  'Request-Id': { description: 'Echoed where it was sent well-formed.', schema: { type: 'string' } },
  'API-Version': { description: 'The version of the contract.', schema: { type: 'string' } },
  ETag: { description: 'The entity tag of what stands here now.', schema: { type: 'string' } },
  Location: { description: 'Where the new thing stands.', schema: { type: 'string', format: 'uri-reference' } },
  'Idempotent-Replayed': { description: '`true` where this is the first reply again.', schema: { type: 'string' } },
  Link: {
    description: 'Where the rest is: the next page, other versions (RFC 5829), what to use instead.',
    schema: { type: 'string' },
  },
  'Last-Modified': { description: 'When this changed last, where that is known.', schema: { type: 'string' } },
  'Content-Location': {
    description: 'The address that stands for what was sent, whatever is published later.',
    schema: { type: 'string', format: 'uri-reference' },
  },
  'Content-Disposition': { description: 'Under which name to keep it, as a file.', schema: { type: 'string' } },
  'Repr-Digest': { description: 'The SHA-256 of what was sent (RFC 9530).', schema: { type: 'string' } },
  Allow: { description: 'The methods that there are.', schema: { type: 'string' } },
  Accept: { description: 'The media types that are taken.', schema: { type: 'string' } },
  'Accept-Patch': { description: 'The media types that a PATCH may have (RFC 5789).', schema: { type: 'string' } },
  'Accept-Encoding': { description: 'The encodings that are taken.', schema: { type: 'string' } },
  traceparent: {
    description: 'The trace of a request that named one, in a span of ours (Trace Context).',
    schema: { type: 'string' },
  },
  'Cache-Control': { description: 'Who may keep the answer, and for how long.', schema: { type: 'string' } },
  'Retry-After': { description: 'After how many seconds to try again.', schema: { type: 'string' } },
  'Access-Control-Allow-Origin': {
    description: 'Scripts of every origin may read what anybody may.',
    schema: { type: 'string', const: '*' },
  },
  Deprecation: { description: 'Since when the operation is deprecated (RFC 9745).', schema: { type: 'string' } },
  Sunset: { description: 'When the operation will stop to answer (RFC 8594).', schema: { type: 'string' } },
  'WWW-Authenticate': { description: 'How to authenticate.', schema: { type: 'string' } },
  RateLimit: { description: 'What is left of the policy’s quota.', schema: { type: 'string' } },
  'RateLimit-Policy': {
    description: 'How many requests a caller has in how many seconds.',
    schema: { type: 'string' },
  },
}

const ofAll = ['Request-Id', 'API-Version', 'traceparent', 'Cache-Control', 'RateLimit', 'RateLimit-Policy']

/** The headers of an answer by reference: those named, and those of all answers. */
export const headerRefs = (...names: string[]) =>
  Object.fromEntries([...ofAll, ...names].map(name => [name, { $ref: `#/components/headers/${name}` }]))

const problemHeaders: Record<string, string[]> = {
  401: ['WWW-Authenticate'],
  403: ['WWW-Authenticate'],
  409: ['Link', 'Retry-After'],
  410: ['Link'],
  415: ['Accept', 'Accept-Patch', 'Accept-Encoding'],
  429: ['Retry-After'],
  503: ['Retry-After'],
  default: ['Allow', 'Link', 'WWW-Authenticate', 'Accept', 'Accept-Encoding'],
}

/** The answer to each kind of error, once for the whole contract. */
export const problemResponses = Object.fromEntries(
  [...Object.entries(statusTexts), ['default', 'Any other problem'] as const].map(([status, description]) => [
    problemName(status),
    {
      description,
      headers: headerRefs('Access-Control-Allow-Origin', ...(problemHeaders[status] ?? [])),
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
    },
  ]),
)

function problemName(status: string): string {
  return status === 'default' ? 'Problem' : `Problem${status}`
}

/** The same where the operation is a page: whoever asks for HTML gets the problem as a page too. */
export const pageProblemResponses = Object.fromEntries(
  Object.entries(problemResponses).map(([name, response]) => [
    `Page${name}`,
    { ...response, content: { ...response.content, 'text/html': { schema: { type: 'string' } } } },
  ]),
)

/** The answer to one kind of error, by reference, or written out where it has further headers. */
export function problemAnswer(status: string, isPage = false, further: readonly string[] = []): Json {
  const name = `${isPage ? 'Page' : ''}${problemName(status)}`
  if (further.length === 0) return { $ref: `#/components/responses/${name}` }
  const response = { ...problemResponses, ...pageProblemResponses }[name]
  return { ...response, headers: { ...response?.headers, ...headerRefs(...further) } }
}
