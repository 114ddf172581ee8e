/** Public events as an Atom feed (RFC 4287), its pages as RFC 5005 §3 links them. Pure: events in, XML out. */
import { escapeHtml } from '../renderings/html.ts'
import { type ChangeType, toChange } from './schema.ts'
import type { PublicEvent } from './store.ts'

export const atomType = 'application/atom+xml; charset=utf-8'

/** An element; its content is text, or elements that are made already. */
function element(name: string, content: string | string[], attributes: Record<string, string> = {}): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${escapeHtml(value)}"`)
  const inner = typeof content === 'string' ? escapeHtml(content) : content.join('')
  return inner === '' ? `<${name}${written.join('')}/>` : `<${name}${written.join('')}>${inner}</${name}>`
}

const link = (rel: string, href: string, type: string) => element('link', '', { rel, href, type })

const verbs: Record<ChangeType, string> = {
  'role.published': 'published',
  'role.withdrawn': 'withdrawn',
  'vacancy.opened': 'vacancy opened',
  'vacancy.updated': 'vacancy updated',
  'vacancy.closed': 'vacancy closed',
  'vacancy.withdrawn': 'vacancy withdrawn',
}

interface Item {
  title?: string
  organisation?: { name?: string } | string
}

function entry(event: PublicEvent, baseUrl: string): string {
  const { type, position, organisation, role, roleversion, subject, time, data } = toChange(event, baseUrl)
  const item = (data.role ?? data.vacancy ?? {}) as Item
  const name = typeof item.organisation === 'object' ? item.organisation.name : undefined
  const version = type === 'role.published' ? ` (version ${roleversion})` : ''
  const summary = [data.change_note, data.reason].find(text => typeof text === 'string') as string | undefined
  const address = type === 'role.published' ? `${subject}/versions/${roleversion}` : subject
  return element('entry', [
    // The address of this one change, for ever.
    element('id', `${baseUrl}/v1/changes?after=${position - 1}&limit=1`),
    element('title', `${item.title ?? role}: ${verbs[type]}${version}`),
    element('updated', time),
    element('author', [element('name', name ?? organisation)]),
    element('category', '', { term: type }),
    link('alternate', `${baseUrl}${address}`, 'application/json'),
    ...(summary === undefined ? [] : [element('summary', summary)]),
  ])
}

interface AtomPage {
  /** The newest first. */
  events: PublicEvent[]
  /** The path of this page, and of the next older one; undefined on the last. */
  path: string
  older?: string | undefined
}

/** The document of a page. `updated` of a feed without events is the beginning of time, as it must have one. */
export function atomFeed({ events, path, older }: AtomPage, baseUrl: string): string {
  const first = `${baseUrl}/v1/feed.atom`
  const type = 'application/atom+xml'
  const feed = [
    element('id', first),
    element('title', 'Role Register: changes'),
    element('updated', events[0]?.occurred_at ?? '1970-01-01T00:00:00Z'),
    element('author', [element('name', 'Role Register')]),
    link('self', `${baseUrl}${path}`, type),
    link('first', first, type),
    ...(older === undefined ? [] : [link('next', `${baseUrl}${older}`, type)]),
    ...events.map(event => entry(event, baseUrl)),
  ]
  const root = element('feed', feed, { xmlns: 'http://www.w3.org/2005/Atom' })
  return `<?xml version="1.0" encoding="utf-8"?>\n${root}\n`
}
