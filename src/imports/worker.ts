/** The thread that reads documents: whatever one holds, the thread that serves requests goes on. */
import { parentPort } from 'node:worker_threads'
import { type ImportContext, type ImportResult, importFile } from './import.ts'
import type { DocumentType } from './scan.ts'

export interface ImportTask {
  source: Uint8Array
  mediaType: DocumentType
  context: ImportContext
}
export type ImportReply = { ready: true } | { result: ImportResult } | { error: string }

const port = parentPort
if (port === null) throw new Error('imports/worker runs as a worker thread')

port.on('message', async ({ source, mediaType, context }: ImportTask) => {
  let reply: ImportReply
  try {
    reply = { result: await importFile(source, mediaType, context) }
  } catch (error) {
    reply = { error: error instanceof Error ? (error.stack ?? error.message) : String(error) }
  }
  port.postMessage(reply)
})
port.postMessage({ ready: true } satisfies ImportReply)
