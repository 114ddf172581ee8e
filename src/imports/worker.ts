/** The thread that reads documents: whatever one holds, the thread that serves requests goes on. */
import { doTasks } from '../threads.ts'
import { type ImportContext, importFile } from './import.ts'
import type { DocumentType } from './source/scan.ts'

export interface ImportTask {
  source: Uint8Array
  mediaType: DocumentType
  context: ImportContext
}

doTasks(({ source, mediaType, context }: ImportTask) => importFile(source, mediaType, context))
