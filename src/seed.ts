/** What a register of its own begins with: an organisation, its sample role in public, and a key for whoever tries it out. */
import { access, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Kysely } from 'kysely'
import { createKey } from './api-keys/command.ts'
import { transact } from './database/connect.ts'
import { insertEvents } from './database/events.ts'
import type { Database } from './database/types.ts'
import { importDocument } from './imports/import.ts'
import { findContext, saveImport } from './imports/store.ts'
import type { Caller } from './plugins/auth.ts'
import { lockRole } from './roles/store.ts'
import { publish } from './roles/versions.ts'

export interface SeedOptions {
  db: Kysely<Database>
  dataDir: string
  pepper: string
  log: (message: string) => void
}

const organisation = 'home-office'
const sample = new URL('../examples/role-definition.md', import.meta.url)

/** The register itself, as the author of what it begins with. */
const register: Caller = { id: 'register', owner: 'role-register', organisation, scopes: new Set(['admin']) }
const actor = { id: register.id, owner: register.owner, requestId: null }

async function publishSample(db: Kysely<Database>): Promise<void> {
  const source = await readFile(sample)
  await transact(db, async trx => {
    await trx.insertInto('organisations').values({ slug: organisation, name: 'Home Office' }).execute()
    const { document, ...read } = importDocument(source, 'text/markdown', await findContext(trx, organisation, {}))
    if (!document) throw new Error(`the sample role cannot be imported: ${JSON.stringify(read.problems)}`)
    const target = { slug: undefined }
    const original = { mediaType: 'text/markdown', bytes: source } as const
    const { draft, events } = await saveImport(trx, register, organisation, target, { ...read, document }, original)
    const row = await lockRole(trx, register, draft.slug, null)
    const { event } = await publish(trx, register, row, { change_note: 'First published', change_kind: 'substantive' })
    await insertEvents(trx, actor, [...events, event])
  })
}

/** Fills a register that is empty, and sees to it that `admin-key` in the data folder holds a key. Changes nothing else. */
export async function seed({ db, dataDir, pepper, log }: SeedOptions): Promise<void> {
  const first = await db.selectFrom('organisations').select('slug').limit(1).executeTakeFirst()
  if (!first) {
    await publishSample(db)
    log('published the sample role')
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
