/** Compares what clients were told with what the database holds: nothing missing, nothing doubled, no gap. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import pg from 'pg'
import type { Operation } from './driver.ts'

const digestOf = (text: string) => createHash('sha256').update(text).digest('base64url')

interface Event {
  id: number
  position: number | null
  type: string
  role: string
  /** Of an event about something of the role that is no part of its draft, such as a vacancy. */
  subject: string | null
  revision: number
  version: number | null
  before_digest: string | null
  after_digest: string | null
  request_id: string | null
}

interface Role {
  slug: string
  document: string
  revision: number
  version: number | null
  listed: string | null
}

interface Version {
  role: string
  version: number
  body: string
  digest: string
  document: string
}

export interface Verdict {
  /** Writes that were acknowledged to clients, and those of them that are there. */
  acknowledged: number
  found: number
  events: number
  versions: number
  /** What must not be, in sentences. */
  violations: string[]
}

const eventTypes = { create: 'role_created', patch: 'draft_patched', publish: 'role_published' } as const

/** Reads the clients' log and the whole database, which nobody may be changing now. */
export async function checkRegister(url: string, log: string): Promise<Verdict> {
  const operations = (await readFile(log, 'utf8').catch(() => ''))
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as Operation)
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000, query_timeout: 60_000 })
  client.on('error', () => {})
  await client.connect()
  try {
    await client.query('begin isolation level repeatable read')
    const read = async <Row extends pg.QueryResultRow>(text: string) => (await client.query<Row>(text)).rows
    const events = await read<Event>(
      `select id::int, position::int, type, role, subject, revision, version, before_digest, after_digest, request_id
       from events order by id`,
    )
    const roles = await read<Role>(
      `select slug, document::text, revision, r.version, s.item ->> 'etag' as listed
       from roles r left join role_search s on s.role = r.slug`,
    )
    const versions = await read<Version>(
      'select role, version, body, digest, document::text from role_versions order by role, version',
    )
    const keys = await read<{ key: string }>('select key from idempotency_keys')
    const [counter] = await read<{ position: number }>('select position::int from feed_counter')
    const violations: string[] = []
    const found = checkOperations(operations, events, versions, new Set(keys.map(({ key }) => key)), violations)
    checkFeed(events, counter?.position ?? -1, violations)
    for (const role of roles)
      checkRole(
        role,
        events.filter(event => event.role === role.slug && event.subject === null),
        versions.filter(version => version.role === role.slug),
        violations,
      )
    const known = new Set(roles.map(({ slug }) => slug))
    for (const { role, id } of events)
      if (role !== null && !known.has(role)) violations.push(`event ${id} is about ${role}, which is not there`)
    const acknowledged = operations.filter(({ outcome }) => outcome === 'acknowledged').length
    return { acknowledged, found, events: events.length, versions: versions.length, violations }
  } finally {
    await client.end()
  }
}

/** Each acknowledged write has one event with what was told, each refused one none, each unknown one at most one. */
function checkOperations(
  operations: readonly Operation[],
  events: readonly Event[],
  versions: readonly Version[],
  keys: ReadonlySet<string>,
  violations: string[],
): number {
  const byOperation = groupBy(events, ({ request_id }) => request_id?.split('.')[0] ?? '')
  const digests = new Map(versions.map(({ role, version, digest }) => [`${role} ${version}`, digest]))
  let found = 0
  for (const operation of operations) {
    const { id, kind, role, outcome, revision, version, digest } = operation
    const own = byOperation.get(id) ?? []
    const what = `${kind} of ${role} (${id}), ${outcome},`
    if (outcome === 'refused' && own.length > 0) violations.push(`${what} left ${own.length} events`)
    if (own.length > 1) violations.push(`${what} happened ${own.length} times`)
    if (keys.has(id) !== own.length > 0) violations.push(`${what} has a stored reply without an event, or the reverse`)
    if (outcome !== 'acknowledged') continue
    const [event] = own
    if (!event) {
      violations.push(`${what} is missing`)
      continue
    }
    found += 1
    if (event.type !== eventTypes[kind] || event.role !== role || event.revision !== revision)
      violations.push(`${what} r${revision}, has the event ${JSON.stringify(event)}`)
    if (kind === 'publish' && (event.version !== version || event.after_digest !== digest))
      violations.push(`${what} as version ${version}, has the event ${JSON.stringify(event)}`)
    if (kind === 'publish' && digests.get(`${role} ${version}`) !== digest)
      violations.push(`${what} as version ${version}, is not among the versions with its digest`)
  }
  return found
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item])
  return groups
}

/** Positions are 1, 2, 3 … in the order of commits, and the counter is the last. */
function checkFeed(events: readonly Event[], counter: number, violations: string[]): void {
  const positions = events.flatMap(({ position }) => (position === null ? [] : [position])).sort((a, b) => a - b)
  const gap = positions.findIndex((position, index) => position !== index + 1)
  if (gap >= 0) violations.push(`the feed goes from ${positions[gap - 1] ?? 0} to ${positions[gap]}`)
  if (counter !== positions.length) violations.push(`the feed's counter is ${counter} after ${positions.length} events`)
}

/** The events of a role tell its whole story: each revision once, each digest where the last one left off. */
function checkRole(role: Role, events: readonly Event[], versions: readonly Version[], violations: string[]): void {
  const complain = (text: string) => violations.push(`${role.slug}: ${text}`)
  let revision = 0
  let version = 0
  let position = 0
  let draft: string | null = null
  for (const event of events) {
    revision += 1
    if (event.revision !== revision) complain(`event ${event.id} is of revision ${event.revision}, not ${revision}`)
    revision = event.revision
    if (event.type === 'role_published') {
      version += 1
      const made = versions.find(entry => entry.version === event.version)
      if (event.version !== version) complain(`version ${event.version} follows ${version - 1}`)
      if (!made) complain(`version ${event.version} has an event and is not there`)
      else {
        if (digestOf(made.body) !== made.digest) complain(`version ${version} is not the bytes of its digest`)
        if (made.digest !== event.after_digest) complain(`version ${version} and its event differ`)
        if (digestOf(made.document) !== draft) complain(`version ${version} was not made from the draft of its time`)
      }
      if ((event.position ?? 0) <= position) complain(`version ${version} is not after the one before it in the feed`)
      position = event.position ?? 0
    } else {
      if (event.before_digest !== draft) complain(`event ${event.id} does not begin where the one before it ended`)
      draft = event.after_digest
    }
  }
  if (role.revision !== revision) complain(`the draft is at revision ${role.revision}, its events at ${revision}`)
  if (digestOf(role.document) !== draft) complain('the draft is not what its last event left')
  if ((role.version ?? 0) !== version || versions.length !== version)
    complain(`${version} publications, ${versions.length} versions, the latest ${role.version}`)
  const latest = versions.at(-1)
  if (role.listed !== (latest ? `"${latest.digest}"` : null)) complain('the list shows another version than the latest')
}
