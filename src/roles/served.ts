/** The latest version of a role, or why there is none to show: the same for every form that it is served in. */
import type { FastifyReply } from 'fastify'
import type { Kysely } from 'kysely'
import type { Database } from '../database/types.ts'
import { sentence } from '../document/wording.ts'
import { notFound, Problem } from '../plugins/problems.ts'
import { cacheControl } from '../plugins/read.ts'
import { isVersion, type PublishedCache } from './cache.ts'
import { nearestRole } from './near.ts'
import type { Version, Withdrawal } from './versions.ts'

/** 410 with a tombstone that names the reason and any successor. */
function withdrawn(slug: string, { withdrawn_at, reason, successor }: Withdrawal): Problem {
  const detail = `The role was withdrawn: ${sentence(reason)}${successor === null ? '' : ` Its successor is "${successor}".`}`
  const links = [`</v1/roles/${slug}/versions>; rel="version-history"`]
  if (successor !== null) links.push(`</v1/roles/${successor}>; rel="successor-version"`)
  return new Problem('withdrawn', detail, {
    headers: { link: links.join(', '), 'cache-control': cacheControl.public },
    members: { withdrawn_at, reason, successor },
  })
}

/** The latest version. Throws 404 where the role was never published, 410 where it is withdrawn. */
export async function servedLatest(
  db: Kysely<Database>,
  cache: PublishedCache,
  reply: FastifyReply,
  slug: string,
): Promise<Version> {
  const { found, stale } = await cache.get(slug)
  if (!found) throw notFound('published role', slug, await nearestRole(db, slug))
  if (!isVersion(found)) throw withdrawn(slug, found)
  // RFC 9211: tells a monitor that this answer may be old. RFC 9111 lets a cache serve it so.
  if (stale) reply.header('cache-status', 'role-register; hit; detail=stale')
  return found
}

/** A version by its number, also of a withdrawn role. Throws 404 where there is none. */
export async function servedVersion(
  db: Kysely<Database>,
  cache: PublishedCache,
  slug: string,
  version: number,
): Promise<Version> {
  const found = await cache.version(slug, version)
  if (found) return found
  throw notFound('published version', `${slug}/${version}`, await nearestRole(db, slug))
}
