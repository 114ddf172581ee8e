/** What a register of its own begins with: an organisation, its sample role and vacancy in public, and a key for whoever tries it out. */
import { access, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Kysely, Transaction } from 'kysely'
import { createKey } from './api-keys/command.ts'
import type { SharedSection } from './catalogues/schema.ts'
import { transact } from './database/connect.ts'
import { insertEvents, type NewEvent } from './database/events.ts'
import type { Database } from './database/types.ts'
import type { Block, RoleDocument, RoleSkill } from './document/schema.ts'
import { complete } from './document/shape.ts'
import { defaultsOf, Vacancy } from './document/vacancy.ts'
import { findContext, saveImport } from './imports/store.ts'
import type { Caller } from './plugins/auth.ts'
import { lockRole } from './roles/store.ts'
import { publish } from './roles/versions.ts'
import { createVacancy, findVersionOf, openVacancy } from './vacancies/changes.ts'

interface SeedOptions {
  db: Kysely<Database>
  dataDir: string
  pepper: string
  log: (message: string) => void
}

const organisation = 'home-office'
const homepage_url = 'https://www.gov.uk/government/organisations/home-office'
const sample = new URL('../examples/role-definition.md', import.meta.url)
const details = new URL('../examples/demo.json', import.meta.url)

/** The register itself, as the author of what it begins with. */
const register: Caller = { id: 'register', owner: 'role-register', organisation, scopes: new Set(['admin']) }
const actor = { id: register.id, owner: register.owner, requestId: null }

/** What the sample role and its vacancy say beyond the document, so that every field of both is filled. */
interface Demo {
  skills: { slug: string; name: string; description: string; level_descriptions: object }[]
  shared_section: Omit<SharedSection, 'blocks'> & { slug: string; blocks: Block[] }
  role: Partial<RoleDocument> & { skills: Pick<RoleSkill, 'skill' | 'level' | 'importance'>[] }
  vacancy: object
}

/** The document with all that it leaves open. Its skills are printed by importance. */
function fill(document: RoleDocument, { skills, ...members }: Demo['role']): RoleDocument {
  const printed = (['essential', 'desirable'] as const).map(importance => ({ type: 'skills' as const, importance }))
  return {
    ...document,
    ...members,
    skills: document.skills.map((skill, index) => ({ ...skill, id: `s${index + 1}`, ...skills[index] })),
    sections: document.sections.map(section =>
      section.kind === 'skills_experience' ? { ...section, blocks: printed } : section,
    ),
  }
}

/** How long the sample vacancy stays open, in days. */
const openDays = 60

async function openSampleVacancy(
  trx: Transaction<Database>,
  slug: string,
  vacancy: object,
  now: Date,
): Promise<NewEvent[]> {
  const found = await findVersionOf(trx, register, slug, undefined)
  const optional = found.role.sections.flatMap(({ id: section, blocks }) =>
    blocks.flatMap(block =>
      block.type === 'list' ? block.items.flatMap(({ id, optional }) => (optional ? [{ section, item: id }] : [])) : [],
    ),
  )
  const closes_at = new Date(now.getTime() + openDays * 86_400_000).toISOString().replace(/T.*/, 'T22:55:00Z')
  const own = { role: slug, version: found.role.version, chosen_items: optional.slice(0, 1), closes_at }
  const sent = complete(Vacancy, { ...defaultsOf(found.role), ...vacancy, ...own })
  const made = await createVacancy(trx, register, sent, found)
  const opened = await openVacancy(trx, register, made.row.id, null, now.toISOString())
  return [...made.events, ...opened.events]
}

async function publishSample(db: Kysely<Database>): Promise<void> {
  // Only now: what reads documents is large, and all but the first start do without it.
  const { importDocument } = await import('./imports/import.ts')
  const source = await readFile(sample)
  const demo = JSON.parse(await readFile(details, 'utf8')) as Demo
  const slug = await transact(db, async trx => {
    await trx.insertInto('organisations').values({ slug: organisation, name: 'Home Office', homepage_url }).execute()
    await trx
      .insertInto('skills')
      .values(demo.skills.map(skill => ({ ...skill, level_descriptions: JSON.stringify(skill.level_descriptions) })))
      .execute()
    const { blocks, ...section } = demo.shared_section
    await trx
      .insertInto('shared_sections')
      .values({ ...section, organisation, blocks: JSON.stringify(blocks) })
      .execute()
    const { document, ...read } = importDocument(source, 'text/markdown', await findContext(trx, organisation, {}))
    if (!document) throw new Error(`the sample role cannot be imported: ${JSON.stringify(read.problems)}`)
    const target = { slug: undefined }
    const original = { mediaType: 'text/markdown', bytes: source } as const
    const { draft, events } = await saveImport(
      trx,
      register,
      organisation,
      target,
      { ...read, document: fill(document, demo.role) },
      original,
    )
    const row = await lockRole(trx, register, draft.slug, null)
    const { event } = await publish(trx, register, row, { change_note: 'First published', change_kind: 'substantive' })
    await insertEvents(trx, actor, [...events, event])
    return draft.slug
  })
  // A transaction has one time: in that of the role the vacancy would have changed before it was opened.
  const now = new Date()
  await transact(db, async trx => insertEvents(trx, actor, await openSampleVacancy(trx, slug, demo.vacancy, now)))
}

/** Fills a register that is empty, and sees to it that `admin-key` in the data folder holds a key. Changes nothing else. */
export async function seed({ db, dataDir, pepper, log }: SeedOptions): Promise<void> {
  const first = await db.selectFrom('organisations').select('slug').limit(1).executeTakeFirst()
  if (!first) {
    await publishSample(db)
    log('published the sample role and vacancy')
  }
  const path = join(dataDir, 'admin-key')
  const isThere = await access(path).then(
    () => true,
    () => false,
  )
  if (isThere) return
  const { key } = await createKey(db, pepper, {
    name: 'admin of this machine',
    organisation: first?.slug ?? organisation,
    scopes: ['admin'],
    owner: 'admin',
    ownerKind: 'person',
    expiresDays: 365,
    createOrganisation: undefined,
  })
  // Whole or not at all: a file cut short would look like a key.
  await writeFile(`${path}.new`, `${key}\n`, { mode: 0o600 })
  await rename(`${path}.new`, path)
  log(`wrote an admin key to ${path}`)
}
