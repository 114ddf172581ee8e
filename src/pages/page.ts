/** The pages that grow with a role: itself, and what changed in it. Answers of the API come as their JSON. Pure. */
import type { Static } from 'typebox'
import type { Change } from '../document/diff.ts'
import type { PublishedRole } from '../document/schema.ts'
import type { VersionSummary } from '../roles/schema.ts'
import { acknowledgement } from '../sfia/starter.ts'
import { readableChanges } from './changes.ts'
import { type Outcome, reportView } from './report.ts'
import { advertRowsOf, factsOf, sectionsOf, sfiaRowsOf, skillsOf } from './role.ts'
import type { Views } from './views.ts'

export interface Versions {
  versions: Static<typeof VersionSummary>[]
  next_cursor: string | null
}

/** The version before one; null where there is none. A register that took in an export begins with a later one than 1. */
export function versionBefore({ versions, next_cursor }: Versions, version: number): number | null {
  const before = versions.find(entry => entry.version < version)?.version
  // Of those that are not listed, each follows the one before it.
  return before ?? (next_cursor === null || version === 1 ? null : version - 1)
}

interface RoleContent {
  page: 'role'
  role: string
  occupation: string
  history: Versions
  /** The address of what is shown, without its host. */
  own: string
  baseUrl: string
}

interface ChangesContent {
  page: 'changes'
  /** The earlier version, and the later. */
  before: string
  role: string
  diff: string
  versions: Versions['versions']
  from: number
  to: number
}

interface ReportsContent {
  page: 'reports'
  /** Outcomes as JSON. */
  outcomes: string
}

export type PageContent = RoleContent | ChangesContent | ReportsContent

export function pageOf(views: Views, content: PageContent): string {
  if (content.page === 'role') return rolePage(views, content)
  if (content.page === 'changes') return changesPage(views, content)
  const results = (JSON.parse(content.outcomes) as Outcome[]).map(reportView)
  return views.render('reports', { title: 'What was understood', here: 'imports', results })
}

function rolePage(views: Views, { role: json, occupation, history, own, baseUrl }: RoleContent): string {
  const role = JSON.parse(json) as PublishedRole
  const { versions, next_cursor } = history
  const latest = versions[0]?.version ?? role.version
  const documents = [
    {
      href: `${own}/document?format=docx`,
      type: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
      text: 'Word document',
    },
    { href: `${own}/document?format=md`, type: 'text/markdown', text: 'Markdown' },
    { href: `${own}/document?format=html`, type: 'text/html', text: 'Plain web page' },
    { href: own, type: 'application/json', text: 'JSON' },
    { href: `${own}/occupation`, type: 'application/ld+json', text: 'schema.org Occupation' },
  ]
  return views.render('role', {
    title: role.title ?? role.slug,
    description: `Role definition of ${role.organisation.name}.`,
    canonical: `${baseUrl}/roles/${role.slug}`,
    links: [{ rel: 'alternate', type: 'application/json', href: own }],
    crumbs: [{ text: 'Roles', href: '/roles' }, { text: role.title ?? role.slug }],
    role,
    sections: sectionsOf(role),
    isOld: role.version !== latest,
    occupation: JSON.parse(occupation),
    facts: factsOf(role),
    details: advertRowsOf(role.advert_details),
    sfiaRows: sfiaRowsOf(role),
    skillsOf,
    acknowledgement,
    documents,
    versions: versions.map(entry => ({ ...entry, before: versionBefore(history, entry.version) })),
    moreVersions: next_cursor !== null,
  })
}

/** Nobody reads more of them; a version that is another document altogether has tens of thousands. */
const changesMax = 500

function nothingChanged(versions: number, from: number, to: number): string {
  if (versions === 1) return 'This is the only version, so there is none to compare it with.'
  return from === to ? 'This is one version with itself. Choose two to compare.' : 'Nothing changed.'
}

function changesPage(views: Views, { before, role: json, diff, versions, from, to }: ChangesContent): string {
  const role = JSON.parse(json) as PublishedRole
  const { changes } = JSON.parse(diff) as { changes: Change[] }
  const itemsOf = (chosen: number) =>
    versions.map(({ version }) => ({ value: version, text: `Version ${version}`, selected: version === chosen }))
  return views.render('changes', {
    title: `What changed: ${role.title ?? role.slug}`,
    crumbs: [
      { text: 'Roles', href: '/roles' },
      // The last, as a phone shows no others but the first.
      { text: role.title ?? role.slug, href: `/roles/${role.slug}` },
    ],
    role,
    from,
    to,
    fromItems: itemsOf(from),
    toItems: itemsOf(to),
    changes: readableChanges(JSON.parse(before) as object, changes, changesMax),
    nothing: nothingChanged(versions.length, from, to),
    total: changes.length > changesMax ? changes.length.toLocaleString('en-GB') : null,
  })
}
