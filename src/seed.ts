import type { Kysely } from 'kysely'
import type { Database } from './database/types.ts'

export interface SeedOptions {
  db: Kysely<Database>
  dataDir: string
  pepper: string
  log: (message: string) => void
}

/** Fills a register that is empty, so that whoever tries the service out has something to look at. */
export async function seed(_options: SeedOptions): Promise<void> {}
