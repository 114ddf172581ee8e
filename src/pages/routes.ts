/** The register as pages that people read: the list with its search, a role, what changed between two versions. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Kysely } from 'kysely'
import { type Static, Type } from 'typebox'
import { organisationNames } from '../catalogues/store.ts'
import type { Database } from '../database/types.ts'
import { Slug } from '../document/schema.ts'
import { shorten } from '../document/wording.ts'
import { Problem, problemTypes } from '../plugins/problems.ts'
import { digestTag, sendEntity } from '../plugins/read.ts'
import { type RoleList, VersionParams } from '../roles/schema.ts'
import { createThreadPool, runForCaller, threadCharacters, workerFile } from '../threads.ts'
import { read, readText } from './api.ts'
import { facets, filtersOf, type Query, type Refused, searchErrors, sortOf } from './filters.ts'
import { imports } from './imports.ts'
import { type PageContent, pageOf, type Versions, versionBefore } from './page.ts'
import { sitemap } from './sitemap.ts'
import { createViews, pagePolicy } from './views.ts'
import type { PageTask } from './worker.ts'

interface Options {
  db: Kysely<Database>
  baseUrl: string
  /** What the service calls itself, and whether it may carry the crown. */
  serviceName: string
  crownBranding: boolean
}

const Word = Type.Optional(Type.String({ maxLength: 200 }))
/** As a form sends it: what was left empty is there too. What links to pages carry beside it, for who counts visits, is passed over. */
const ListQuery = Type.Object({
  q: Word,
  organisation: Word,
  profession: Word,
  family: Word,
  grade: Word,
  skill: Word,
  sfia: Word,
  sfia_version: Word,
  sort: Word,
  cursor: Type.Optional(Type.String({ maxLength: 1000 })),
})

const { version } = VersionParams.properties

/** What is asked of the list, as it came: a value that is too long is there, and of one that was sent twice the last. */
function searchOf(sent: object): Query {
  const values = sent as Record<string, string | string[] | undefined>
  const query = Object.fromEntries(
    Object.keys(ListQuery.properties).flatMap(name => {
      const value = [values[name] ?? ''].flat().at(-1) ?? ''
      return value.trim() === '' ? [] : [[name, value]]
    }),
  )
  // People write codes as they like.
  return query.sfia === undefined ? query : { ...query, sfia: query.sfia.replaceAll(/\s/g, '').toUpperCase() }
}

const without = (query: Query, names: readonly string[]): Query =>
  Object.fromEntries(Object.entries(query).filter(([name]) => !names.includes(name)))

/** The values of the search that a problem is about. */
function refusedIn({ status, code, message, options: { errors = [] } }: Problem): Refused[] {
  if (code === 'bad_cursor') return [{ name: 'cursor', code, detail: message }]
  if (status !== 400 && status !== 422) return []
  return errors.map(({ pointer, ...said }) => ({ name: pointer.slice(1), ...said }))
}

interface Found {
  list: Static<typeof RoleList>
  /** What the list refused of the search, and as what; null where it took all. */
  problem: Problem | null
  refused: Refused[]
}

/** Asks the list, and where it refuses values asks again without them, until all that are wrong are known. */
async function search(request: FastifyRequest, query: Query): Promise<Found> {
  const refused: Refused[] = []
  let problem: Problem | null = null
  for (;;) {
    const rest = without(
      query,
      refused.map(({ name }) => name),
    )
    const asked = new URLSearchParams({ ...rest, sort: sortOf(rest), facets })
    try {
      return { list: await read(request, `/v1/roles?${asked}`), problem, refused }
    } catch (error) {
      const more = error instanceof Problem ? refusedIn(error).filter(({ name }) => name in rest) : []
      if (!(error instanceof Problem) || more.length === 0) throw error
      problem ??= error
      refused.push(...new Map(more.map(each => [each.name, each])).values())
    }
  }
}

/** How much there is to write, in characters of JSON. */
function sizeOf(content: PageContent): number {
  if (content.page === 'reports') return content.outcomes.length
  return content.role.length + (content.page === 'role' ? 0 : content.diff.length)
}

export const pages: FastifyPluginAsyncTypebox<Options> = async (app, { db, baseUrl, serviceName, crownBranding }) => {
  const service = { name: serviceName, crownBranding }
  const views = createViews(service)
  const pool = createThreadPool<PageTask, string>(workerFile('./worker', import.meta.url))
  app.addHook('onClose', () => pool.close())

  /** 503 where pages of large roles wait for too many others, or take too long. */
  const bodyOf = (content: PageContent): string | Promise<string> => {
    if (sizeOf(content) < threadCharacters) return pageOf(views, content)
    const detail = 'The page could not be written in time. Try again in a few seconds.'
    return runForCaller(pool, { ...content, service }, detail)
  }

  /** What went wrong, as a page, for whom asks for one. */
  const problemPage = (problem: Problem, request: FastifyRequest) => {
    const { title } = problemTypes[problem.code]
    return { body: views.render('problem', { title, problem, requestId: request.id }), policy: pagePolicy }
  }
  const config = { scope: 'public', produces: ['text/html'], problemPage } as const
  const html = Type.String({ description: 'A page for people.' })

  const send = (request: FastifyRequest, reply: FastifyReply, body: string, lastModified?: string) => {
    reply.header('content-security-policy', pagePolicy)
    return sendEntity(request, reply, {
      body,
      etag: digestTag(body),
      ...(lastModified === undefined ? {} : { lastModified }),
      cache: 'public',
      type: 'text/html; charset=utf-8',
    })
  }

  for (const [path, { body, type }] of views.assets)
    app.get(
      path,
      { schema: { hide: true }, config: { scope: 'public', produces: [type.split(';', 1)[0] ?? type] } },
      (request, reply) => sendEntity(request, reply, { body, etag: digestTag(body), cache: 'immutable', type }),
    )

  /** The search that cannot be done as it was asked, shown again with what is wrong with it. */
  const refusals = new WeakMap<FastifyRequest, string>()
  const searchAgain = (problem: Problem, request: FastifyRequest) => {
    const body = refusals.get(request)
    return body === undefined ? problemPage(problem, request) : { body, policy: pagePolicy }
  }

  app.get(
    '/roles',
    {
      // What is wrong with a value the API says.
      attachValidation: true,
      schema: {
        operationId: 'showRoles',
        summary: 'Published roles as a page, with a search',
        tags: ['Pages'],
        querystring: ListQuery,
        response: { 200: html },
      },
      config: { ...config, problemPage: searchAgain },
    },
    async (request, reply) => {
      const query = searchOf(request.query)
      const { list, problem, refused } = await search(request, query)
      const shown = list.facets?.counts.organisation?.map(({ value }) => value) ?? []
      const chosen = query.organisation ?? []
      const isUnknown = refused.some(({ name }) => name === 'organisation')
      const names = await organisationNames(db, shown.concat(chosen), isUnknown ? query.organisation : undefined)
      const { cursor, ...rest } = query
      const at = (more: Query) => `/roles?${new URLSearchParams({ ...rest, ...more })}`
      const errors = searchErrors(query, refused, names, name => `/roles?${new URLSearchParams(without(rest, [name]))}`)
      const { total = 0, complete = true } = list.facets ?? {}
      const found = `${complete ? total : `More than ${total}`} ${total === 1 ? 'role' : 'roles'}`
      const summary =
        list.corrected_q === null ? found : `${found} for “${list.corrected_q}”, as nothing matches “${query.q ?? ''}”`
      const body = views.render('roles', {
        title: `${problem ? 'Error: ' : ''}${query.q === undefined ? 'Roles' : `Roles: ${shorten(query.q, 200)}`}`,
        description: 'Published role definitions.',
        here: 'roles',
        ...(Object.keys(query).length === 0 ? { canonical: `${baseUrl}/roles` } : {}),
        query,
        errors,
        wrong: Object.fromEntries(errors.map(({ name, text }) => [name, text])),
        isSearch: Object.keys(rest).some(name => name !== 'sort'),
        filters: filtersOf(query, list.facets, names),
        summary,
        roles: list.roles,
        first: cursor === undefined ? null : at({}),
        next: list.next_cursor === null ? null : at({ cursor: list.next_cursor }),
      })
      if (problem === null) return send(request, reply, body)
      refusals.set(request, body)
      throw problem
    },
  )

  async function showRole(request: FastifyRequest, reply: FastifyReply, slug: string, version?: number) {
    const address = `/v1/roles/${slug}`
    const own = version === undefined ? address : `${address}/versions/${version}`
    const [role, occupation, history] = await Promise.all([
      readText(request, own),
      readText(request, `${own}/occupation`),
      read<Versions>(request, `${address}/versions?limit=20`),
    ])
    const body = await bodyOf({ page: 'role', role, occupation, history, own, baseUrl })
    return send(request, reply, body, history.versions[0]?.published_at)
  }

  app.get(
    '/roles/:role',
    {
      schema: {
        operationId: 'showRole',
        summary: 'The latest version of a role as a page',
        tags: ['Pages'],
        params: Type.Object({ role: Slug }),
        response: { 200: html },
      },
      config,
    },
    (request, reply) => showRole(request, reply, request.params.role),
  )

  app.get(
    '/roles/:role/versions/:version',
    {
      schema: {
        operationId: 'showVersion',
        summary: 'One version of a role as a page',
        tags: ['Pages'],
        params: VersionParams,
        response: { 200: html },
      },
      config,
    },
    (request, reply) => showRole(request, reply, request.params.role, request.params.version),
  )

  app.get(
    '/roles/:role/changes',
    {
      schema: {
        operationId: 'showChanges',
        summary: 'What changed between two versions of a role, as a page',
        description: 'Of the latest version from the one before it where the query does not say.',
        tags: ['Pages'],
        params: Type.Object({ role: Slug }),
        querystring: Type.Object({ from: Type.Optional(version), to: Type.Optional(version) }),
        response: { 200: html },
      },
      config,
    },
    async (request, reply) => {
      const { role: slug } = request.params
      const history = await read<Versions>(request, `/v1/roles/${slug}/versions?limit=100`)
      const { versions } = history
      const latest = versions[0]?.version ?? 1
      const { to = latest, from = versionBefore(history, to) ?? to } = request.query
      const [before, role, diff] = await Promise.all([
        readText(request, `/v1/roles/${slug}/versions/${from}`),
        readText(request, `/v1/roles/${slug}/versions/${to}`),
        readText(request, `/v1/roles/${slug}/diff?from=${from}&to=${to}`),
      ])
      const body = await bodyOf({ page: 'changes', before, role, diff, versions, from, to })
      return send(request, reply, body)
    },
  )

  await app.register(sitemap, { db, baseUrl })
  await app.register(imports, { views, config, bodyOf })
}
