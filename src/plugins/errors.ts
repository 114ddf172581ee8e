/** Turns every error into one RFC 9457 problem. Handlers throw; nothing else builds an error answer. */
import type {
  FastifyBaseLogger,
  FastifyContextConfig,
  FastifyError,
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
} from 'fastify'
import fp from 'fastify-plugin'
import { DatabaseUnavailable } from '../database/connection.ts'
import { preferredType } from './accept.ts'
import { consumedBy } from './body.ts'
import { pathOf, pathPattern } from './path.ts'
import { type ErrorDetail, invalid, Problem, type ProblemCode, problemTypes } from './problems.ts'
import { cacheControl } from './read.ts'
import { explain } from './validation.ts'

/** What a named constraint of the database means to a caller. A constraint that is not here is our mistake: 500. */
const constraints: Record<string, { code: ProblemCode; detail: string }> = {
  roles_pkey: { code: 'slug_taken', detail: 'A role has this slug already. Choose another slug.' },
  organisations_pkey: { code: 'already_exists', detail: 'An organisation has this slug already.' },
  skills_pkey: { code: 'already_exists', detail: 'A skill has this slug already.' },
  skills_name_key: { code: 'already_exists', detail: 'A skill of the catalogue has this name already.' },
  shared_sections_pkey: { code: 'already_exists', detail: 'A shared section has this slug already. Choose another.' },
  roles_organisation_fkey: { code: 'in_use', detail: 'Roles belong to this organisation.' },
  shared_sections_organisation_fkey: { code: 'in_use', detail: 'Shared sections belong to this organisation.' },
  api_keys_organisation_fkey: { code: 'in_use', detail: 'API keys belong to this organisation.' },
  vacancies_organisation_fkey: { code: 'in_use', detail: 'Vacancies belong to this organisation.' },
  vacancy_shared_sections_shared_section_fkey: {
    code: 'conflict',
    detail: 'A vacancy uses the shared section, or it is no longer there.',
  },
  imports_organisation_fkey: { code: 'in_use', detail: 'Imports belong to this organisation.' },
  roles_successor_fkey: {
    code: 'conflict',
    detail: 'The role is the successor of a withdrawn role, or there is none such.',
  },
  role_skills_skill_fkey: {
    code: 'conflict',
    detail: 'A skill that the draft refers to is not, or no longer, in the catalogue.',
  },
  role_shared_sections_shared_section_fkey: {
    code: 'conflict',
    detail: 'A shared section that the draft refers to does not, or no longer, exist.',
  },
  role_sfia_levels_version_code_level_fkey: {
    code: 'conflict',
    detail: 'A SFIA level that a role maps to is not, or no longer, in that version of SFIA.',
  },
}

const retryLater = (seconds: number) => ({ headers: { 'retry-after': String(seconds) } })

const busy = () =>
  new Problem('unavailable', 'The register is busy and stored nothing. Try again in a second.', retryLater(1))
const down = () =>
  new Problem('unavailable', 'The register cannot reach its database now. Try again in a few seconds.', retryLater(2))

/** The problem behind an error of the database or of the way to it; undefined where it is neither. */
function databaseProblem(
  error: Error & { code?: unknown; constraint?: unknown; severity?: unknown },
): Problem | undefined {
  if (error instanceof DatabaseUnavailable) return down()
  const code = String(error.code ?? '')
  const known = typeof error.constraint === 'string' ? constraints[error.constraint] : undefined
  if (known) return new Problem(known.code, known.detail)
  if (/^(40001|40P01|55P03|57014)$/.test(code)) return busy()
  if (/^(08|53|57P|58|25006|XX)/.test(code)) return down()
  if (/^(22007|22008|22009)$/.test(code))
    return new Problem('invalid_query', 'A time in the query is outside what can be compared.')
  if (/^(22021|22P05|22P02)$/.test(code))
    return new Problem('malformed_body', 'The text holds a character that cannot be stored.')
  if (/^(ECONN|EPIPE|ENOTFOUND|ETIMEDOUT|EHOSTUNREACH|ENOENT|EAI_AGAIN)/.test(code) && !('statusCode' in error))
    return down()
  // pg has no code for these: they are told by the text of its own client.
  if (
    /timeout exceeded when trying to connect|Connection terminated|Query read timeout|Client has encountered a connection|not queryable/i.test(
      error.message,
    )
  )
    return down()
  return undefined
}

function validationProblem(error: FastifyError): Problem {
  const found = error.validation ?? []
  if (error.validationContext === 'params') {
    const reasons = explain(found).map(({ detail }) => detail)
    return new Problem('not_found', ['Nothing that you may read stands at this address.', ...reasons].join(' '))
  }
  if (error.validationContext === 'body') return invalid(explain(found))
  const errors: ErrorDetail[] = explain(found).map(entry => ({ ...entry, pointer: `?${entry.pointer.slice(1)}` }))
  const outsideList = errors.every(({ code }) => code === 'not_in_list')
  return new Problem(
    outsideList ? 'invalid' : 'invalid_query',
    errors.length === 1
      ? `${errors[0]?.pointer.slice(1)}: ${errors[0]?.detail}`.replace(/^: /, '')
      : 'The query has several errors.',
    { errors },
  )
}

const frameworkProblems: Record<string, () => Problem> = {
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: () => new Problem('bad_request', 'Content-Length and the body differ.'),
  FST_ERR_CTP_EMPTY_JSON_BODY: () =>
    new Problem('malformed_body', 'The body is empty; this operation takes a JSON object.'),
  FST_FILES_LIMIT: () => new Problem('too_large', 'The form has more documents than it takes.'),
  FST_REQ_FILE_TOO_LARGE: () => new Problem('too_large', 'A document may have at most 4 MiB.'),
  FST_MP_PREMATURE_CLOSE: () => new Problem('bad_request', 'The form ends before it is complete.'),
  FST_ERR_NOT_FOUND: () => new Problem('not_found', 'Nothing stands at this address.'),
  FST_ERR_MAX_PARAM_LENGTH: () => new Problem('uri_too_long', 'A part of the path has more than 200 characters.'),
  FST_ERR_BAD_URL: () => new Problem('bad_request', 'The path is not a valid address.'),
  FST_ERR_ASYNC_CONSTRAINT: () => new Problem('bad_request', 'The request cannot be read.'),
}

/** What is wrong with the kind or size of a body: the detail says what this operation takes. */
function bodyProblem({ code }: FastifyError, request: FastifyRequest): Problem | undefined {
  const { bodyLimit, config } = request.routeOptions
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE')
    return new Problem('too_large', `The body may have at most ${(bodyLimit ?? 0) / 1024 / 1024} MiB.`)
  if (code !== 'FST_ERR_CTP_INVALID_MEDIA_TYPE' && code !== 'FST_ERR_CTP_EMPTY_TYPE') return undefined
  const types = consumedBy(request.method, config)
  const sent = request.headers['content-type']
  const wrong = sent === undefined ? 'Content-Type is missing.' : `"${sent.slice(0, 100)}" is not taken here.`
  const headers = request.method === 'PATCH' ? { 'accept-patch': types.join(', ') } : { accept: types.join(', ') }
  return new Problem('unsupported_media_type', `${wrong} Send the body as ${types.join(' or ')}.`, { headers })
}

/** Any error as the problem that is sent. What is not known becomes 500 and is logged whole, never sent. */
export function toProblem(error: Error, log?: FastifyBaseLogger): Problem {
  if (error instanceof Problem) return error
  if ((error as FastifyError).validation) return validationProblem(error as FastifyError)
  const framework = frameworkProblems[(error as FastifyError).code]
  if (framework) return framework()
  const database = databaseProblem(error)
  if (database) {
    log?.warn({ err: error }, 'the database refused or was not there')
    return database
  }
  // Of the plugin that serves the documentation's files, about a path that leads out of them.
  const { statusCode } = error as FastifyError
  if (statusCode === 403 || statusCode === 404) return new Problem('not_found', 'Nothing stands at this address.')
  log?.error({ err: error }, 'unexpected error')
  return new Problem('internal', 'Something went wrong here. The request_id helps the operators to find it.')
}

/** The body of a problem (RFC 9457 §3). `type` is a URI reference on this service. */
export function problemBody(problem: Problem, requestId: string, path: string): string {
  const { errors = [], members = {} } = problem.options
  return JSON.stringify({
    type: `/problems/${problem.code}`,
    title: problemTypes[problem.code].title,
    status: problem.status,
    detail: problem.message,
    instance: path,
    code: problem.code,
    request_id: requestId,
    errors,
    ...members,
  })
}

declare module 'fastify' {
  interface FastifyRequest {
    /** What a known caller was refused for want of a right; the audit log tells of it. */
    refusal: ProblemCode | null
  }
  interface FastifyContextConfig {
    /** Of a page: makes one of a problem, with the policy under which it is shown. For whom asks for HTML. */
    problemPage?: (problem: Problem, request: FastifyRequest) => { body: string; policy: string }
  }
}

type ProblemPage = NonNullable<FastifyContextConfig['problemPage']>

/** `problemPage`: of addresses that are no route's. */
export function sendProblem(
  request: FastifyRequest,
  reply: FastifyReply,
  problem: Problem,
  problemPage: ProblemPage | undefined = request.routeOptions.config.problemPage,
): never {
  const path = pathOf(request.url)
  for (const name of ['etag', 'last-modified', 'content-location', 'link', 'location', 'repr-digest'])
    reply.removeHeader(name)
  if (problem.status === 403 || problem.code === 'four_eyes') request.refusal = problem.code
  reply.code(problem.status).headers({ 'cache-control': 'no-store', ...problem.options.headers })
  if (problemPage) reply.header('vary', 'Accept')
  if (problemPage && preferredType(request, ['application/problem+json', 'text/html']) === 'text/html') {
    const { body, policy } = problemPage(problem, request)
    return reply.header('content-security-policy', policy).type('text/html; charset=utf-8').send(body) as never
  }
  return reply.type('application/problem+json').send(problemBody(problem, request.id, path)) as never
}

/** Answers every error with a problem; also 404, 405 with Allow, and 308 where a page’s address has a slash too many. */
export const errors = fp(
  async (app: FastifyInstance) => {
    const methods = new Map<string, { pattern: RegExp; methods: Set<string> }>()
    const pages = new Set<string>()
    let anyPage: ProblemPage | undefined
    app.addHook('onRoute', route => {
      if (route.config?.problemPage) pages.add(route.url)
      anyPage ??= route.config?.problemPage
      const known = methods.get(route.url) ?? { pattern: pathPattern(route.url), methods: new Set() }
      for (const method of [route.method].flat()) known.methods.add(method)
      // Answered by `preflights`.
      if (route.config?.scope === 'public' && known.methods.has('GET')) known.methods.add('OPTIONS')
      methods.set(route.url, known)
    })

    /** 405 where the address is there for other methods, else 404. */
    const noRoute = (request: FastifyRequest): Problem => {
      const path = pathOf(request.url)
      const allowed = [...methods.values()]
        .filter(({ pattern }) => pattern.test(path))
        .flatMap(entry => [...entry.methods])
      // It has the method, and its handler found nothing.
      if (allowed.length === 0 || allowed.includes(request.method))
        return new Problem('not_found', 'Nothing stands at this address.')
      const allow = [...new Set(allowed)].sort().join(', ')
      const detail = `${request.method} is not a method of this address; it has ${allow}.`
      return new Problem('method_not_allowed', detail, { headers: { allow } })
    }

    /** The page that an address is of but for a slash at its end, with its query. */
    const pageWithoutSlash = ({ url, method }: FastifyRequest): string | undefined => {
      if (method !== 'GET' && method !== 'HEAD') return undefined
      const path = pathOf(url)
      // By hand: an expression looks at a long row of slashes once for each of them.
      let end = path.length
      while (path[end - 1] === '/') end -= 1
      const bare = path.slice(0, end)
      const isPage = end < path.length && [...pages].some(page => methods.get(page)?.pattern.test(bare))
      return isPage ? bare + url.slice(path.length) : undefined
    }

    const leadTo = (reply: FastifyReply, page: string) =>
      reply.header('cache-control', cacheControl.public).redirect(page, 308)

    /** Browsers get pages, but where the API stands. */
    const sendNoRoute = (request: FastifyRequest, reply: FastifyReply) => {
      const page = pageWithoutSlash(request)
      if (page !== undefined) return leadTo(reply, page)
      return sendProblem(request, reply, noRoute(request), /^\/v1(?:\/|$)/.test(request.url) ? undefined : anyPage)
    }

    app.setErrorHandler((error: FastifyError, request, reply) => {
      // What is wrong with a body matters nothing where nobody takes it.
      const isOfBody = /^FST_ERR_(CTP|ROUTE_MISSING_CONTENT_TYPE)/.test(error.code ?? '')
      if (request.is404 && isOfBody) return sendNoRoute(request, reply)
      // `/roles/` is that of a role without a name.
      const page = error.validationContext === 'params' ? pageWithoutSlash(request) : undefined
      if (page !== undefined) return leadTo(reply, page)
      const problem = bodyProblem(error, request)
      return sendProblem(request, reply, problem ?? toProblem(error, request.log))
    })

    app.decorateRequest('refusal', null)

    app.setNotFoundHandler(sendNoRoute)
  },
  { name: 'errors' },
)
