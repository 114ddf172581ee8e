/** For search engines: where the pages of published roles are (sitemaps.org, protocol 0.9), and that they may be read. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { type Kysely, sql } from 'kysely'
import { Type } from 'typebox'
import type { Database } from '../database/types.ts'
import { notFound } from '../plugins/problems.ts'
import { digestTag, sendEntity } from '../plugins/read.ts'

/** The protocol's limit for one file. */
const entriesMax = 50_000

const xml = (root: string, entries: string[]) =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n${entries.join('\n')}\n</${root}>\n`

const open = { scope: 'public', produces: ['application/xml'] } as const
const type = 'application/xml; charset=utf-8'

export const sitemap: FastifyPluginAsyncTypebox<{ db: Kysely<Database>; baseUrl: string }> = async (
  app,
  { db, baseUrl },
) => {
  /** The n-th file of role pages, from 1; undefined where there are not so many. */
  async function fileOf(number: number): Promise<string | undefined> {
    const rows = await db
      .selectFrom('role_search')
      .select(['role', 'published_at'])
      .orderBy('role')
      .offset((number - 1) * entriesMax)
      .limit(entriesMax)
      .execute()
    if (rows.length === 0 && number > 1) return undefined
    return xml(
      'urlset',
      rows.map(
        ({ role, published_at }) => `<url><loc>${baseUrl}/roles/${role}</loc><lastmod>${published_at}</lastmod></url>`,
      ),
    )
  }

  app.get(
    '/sitemap.xml',
    {
      schema: {
        operationId: 'getSitemap',
        summary: 'The pages of published roles; more than 50,000 are in files that this one names',
        tags: ['Pages'],
        response: { 200: Type.String() },
      },
      config: open,
    },
    async (request, reply) => {
      const { count } = await db
        .selectFrom('role_search')
        .select(sql<number>`count(*)::int`.as('count'))
        .executeTakeFirstOrThrow()
      const files = Math.ceil(count / entriesMax)
      const body =
        files > 1
          ? xml(
              'sitemapindex',
              Array.from({ length: files }, (_, at) => `<sitemap><loc>${baseUrl}/sitemaps/${at + 1}</loc></sitemap>`),
            )
          : ((await fileOf(1)) ?? '')
      return sendEntity(request, reply, { body, etag: digestTag(body), cache: 'public', type })
    },
  )

  app.get(
    '/sitemaps/:number',
    {
      schema: {
        operationId: 'getSitemapFile',
        summary: 'One file of 50,000 pages',
        tags: ['Pages'],
        params: Type.Object({ number: Type.Integer({ minimum: 1, maximum: 1000 }) }),
        response: { 200: Type.String() },
      },
      config: open,
    },
    async (request, reply) => {
      const { number } = request.params
      const body = await fileOf(number)
      if (body === undefined) throw notFound('sitemap', number)
      return sendEntity(request, reply, { body, etag: digestTag(body), cache: 'public', type })
    },
  )

  app.get(
    '/robots.txt',
    {
      schema: {
        operationId: 'getRobots',
        summary: 'What crawlers may read',
        tags: ['Pages'],
        response: { 200: Type.String() },
      },
      config: { scope: 'public', produces: ['text/plain'] },
    },
    (request, reply) => {
      const body = `User-agent: *\nAllow: /roles\nDisallow: /imports/\nSitemap: ${baseUrl}/sitemap.xml\n`
      return sendEntity(request, reply, {
        body,
        etag: digestTag(body),
        cache: 'public',
        type: 'text/plain; charset=utf-8',
      })
    },
  )
}
