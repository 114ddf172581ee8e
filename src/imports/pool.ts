/** Worker threads that read documents, with a limit on time and memory for each and a limit on how many wait. */
import { createThreadPool, ThreadLimitError, type ThreadPoolOptions, ThreadsBusyError, workerFile } from '../threads.ts'
import type { ImportContext, ImportResult } from './import.ts'
import { emptyReport } from './report.ts'
import type { DocumentType } from './source/scan.ts'
import type { ImportTask } from './worker.ts'

/** More documents wait than the pool takes: the caller should answer 503 and ask to try again. */
export class ImportBusyError extends Error {
  constructor() {
    super('Too many documents are being imported. Try again in a few seconds')
  }
}

export type ImportPoolOptions = ThreadPoolOptions

export interface ImportPool {
  /**
   * Reads a document as `importFile` does. What takes too long or too much memory is a problem in the result.
   * Throws ImportBusyError when too many wait, and Error when the importer itself fails.
   */
  run(source: Uint8Array, mediaType: DocumentType, context: ImportContext): Promise<ImportResult>
  /** Starts the threads ahead of the first document and resolves when they are ready to read. */
  warm(): Promise<void>
  close(): Promise<void>
}

const tooComplex = (what: string): ImportResult => ({
  document: null,
  newSharedSections: [],
  report: emptyReport(),
  slug: null,
  text: [],
  problems: [
    {
      line: null,
      pointer: '',
      code: 'too_complex',
      detail: `Reading the document took too ${what}, so it was given up. Send it with simpler mark-up, or in parts`,
    },
  ],
})

/** A pool that starts its threads when they are first needed. */
export function createImportPool(options: ImportPoolOptions = {}): ImportPool {
  const threads = createThreadPool<ImportTask, ImportResult>(workerFile('./worker', import.meta.url), options)
  let closed = false

  const run: ImportPool['run'] = (source, mediaType, context) =>
    threads.run({ source, mediaType, context }).catch(error => {
      if (error instanceof ThreadLimitError) return tooComplex(error.limit === 'time' ? 'long' : 'much memory')
      throw error instanceof ThreadsBusyError ? new ImportBusyError() : error
    })

  return {
    run,
    async warm() {
      const source = new TextEncoder().encode('# Title\n\n## About the role\n\n- Warm\n')
      const context = { organisation: 'none', sfia: { versions: [] }, sharedSections: [] }
      try {
        await Promise.all(Array.from({ length: threads.size }, () => run(source, 'text/markdown', context)))
      } catch (error) {
        // Whoever is asked to stop while he starts has not failed.
        if (!closed) throw error
      }
    },
    async close() {
      closed = true
      await threads.close()
    },
  }
}
