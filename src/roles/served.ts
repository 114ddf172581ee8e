/** The latest version of a role, or why there is none to show: the same for every form that it is served in. */
import type { FastifyReply } from 'fastify'
import { sentence } from '../document/wording.ts'
import { notFound, Problem } from '../plugins/problems.ts'
import { cacheControl } from '../plugins/read.ts'
import { isVersion, type PublishedCache } from './cache.ts'
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
export function servedLatest(cache: PublishedCache, reply: FastifyReply, slug: string): Promise<Version> {
  return cache.get(slug).then(({ found, stale }) => {
    if (!found) throw notFound('published role', slug)
    if (!isVersion(found)) throw withdrawn(slug, found)
    // RFC 9211: tells a monitor that this answer may be old. RFC 9111 lets a cache serve it so.
    if (stale) reply.header('cache-status', 'role-register; hit; detail=stale')
    return found
  })
}

/** A version by its number, also of a withdrawn role. Throws 404 where there is none. */
export async function servedVersion(cache: PublishedCache, slug: string, version: number): Promise<Version> {
  const found = await cache.version(slug, version)
  if (!found) throw notFound('published version', `${slug}/${version}`)
  return found
}
