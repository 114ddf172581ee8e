import type { Config } from '../config.ts'
import { startEmbedded } from './embedded.ts'
import { migrate } from './migrate.ts'

/** A database that is there and has the tables of this code. */
export interface OpenDatabase {
  /** For the pool: DATABASE_URL, or the embedded server's. */
  readonly url: string
  /** For LISTEN and locks: DATABASE_DIRECT_URL, or the embedded server's. */
  readonly directUrl: string
  /** Whether it is PostgreSQL of our own under DATA_DIR, which is how one tries the service out. */
  readonly isEmbedded: boolean
  /** Ends the use of an embedded server; of another one there is nothing to end. */
  close(): Promise<void>
}

/**
 * The database of the configuration, migrated: the server at DATABASE_URL, or else one of our own under DATA_DIR.
 *
 * @param log is told in sentences what is waited for and what was done.
 * @param signal ends the wait for a server that is not there.
 * @throws Error whose message says what to do, where there is none or its migrations do not fit.
 */
export async function openDatabase(
  { databaseUrl, databaseDirectUrl, dataDir }: Config,
  log: (message: string) => void,
  signal?: AbortSignal,
): Promise<OpenDatabase> {
  const embedded = databaseUrl ? undefined : await startEmbedded(dataDir, { log })
  const url = databaseUrl ?? embedded?.url ?? ''
  const directUrl = databaseDirectUrl ?? url
  const close = async () => embedded?.stop()
  try {
    await migrate(directUrl, { log, signal })
  } catch (error) {
    await close()
    throw error
  }
  return { url, directUrl, isEmbedded: embedded !== undefined, close }
}
