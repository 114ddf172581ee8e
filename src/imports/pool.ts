/** Worker threads that read documents, with a limit on time and memory for each and a limit on how many wait. */
import { Worker } from 'node:worker_threads'
import type { ImportContext, ImportResult } from './import.ts'
import { emptyReport } from './report.ts'
import type { DocumentType } from './scan.ts'
import type { ImportReply, ImportTask } from './worker.ts'

/** More documents wait than the pool takes: the caller should answer 503 and ask to try again. */
export class ImportBusyError extends Error {
  constructor() {
    super('Too many documents are being imported. Try again in a few seconds')
  }
}

export interface ImportPoolOptions {
  size?: number
  /** For reading one document; waiting for a thread does not count. */
  timeLimitMs?: number
  memoryMib?: number
  /** How many may wait for a thread. */
  queueMax?: number
}

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

interface Waiting {
  task: ImportTask
  resolve(result: ImportResult): void
  reject(error: Error): void
}

const fromSources = import.meta.url.endsWith('.ts')
const workerUrl = new URL(fromSources ? './worker.ts' : './worker.js', import.meta.url)
/** tsx, given by `--import`, registers itself in the main thread only; a thread that runs sources registers it again. */
const sourceLoader = () => {
  const register = `import { register } from ${JSON.stringify(import.meta.resolve('tsx/esm/api'))}; register()`
  return ['--import', `data:text/javascript,${encodeURIComponent(register)}`]
}
/** A thread loads its parsers in a second or so; a machine that needs longer than this has other troubles. */
const startLimitMs = 60_000

const refused = (code: string, detail: string): ImportResult => ({
  document: null,
  newSharedSections: [],
  report: emptyReport(),
  problems: [{ line: null, pointer: '', code, detail }],
})

const tooSlow = () =>
  refused(
    'too_complex',
    'Reading the document took too long, so it was given up. Send it with simpler mark-up, or in parts',
  )
const tooBig = () =>
  refused(
    'too_complex',
    'Reading the document took too much memory, so it was given up. Send it with simpler mark-up, or in parts',
  )

/** One thread. It is made anew after it was ended for a document that went beyond a limit. */
class Thread {
  busy = false
  #worker: Worker | undefined
  /** Whether it has loaded the parsers: its time limit is for reading alone. */
  #ready = false
  readonly #timeLimitMs: number
  readonly #memoryMib: number

  constructor(timeLimitMs: number, memoryMib: number) {
    this.#timeLimitMs = timeLimitMs
    this.#memoryMib = memoryMib
  }

  #start() {
    this.#ready = false
    this.#worker = new Worker(workerUrl, {
      resourceLimits: { maxOldGenerationSizeMb: this.#memoryMib, maxYoungGenerationSizeMb: 16, stackSizeMb: 4 },
      ...(fromSources ? { execArgv: sourceLoader() } : {}),
    })
    return this.#worker
  }

  read(task: ImportTask): Promise<ImportResult> {
    const worker = this.#worker ?? this.#start()
    worker.ref()
    return new Promise((resolve, reject) => {
      let timer: NodeJS.Timeout
      const finish = (settle: () => void) => {
        clearTimeout(timer)
        worker.off('message', onMessage).off('error', onError).off('exit', onExit)
        // An idle thread keeps no process alive.
        worker.unref()
        settle()
      }
      const giveUp = (settle: () => void) => {
        this.#worker = undefined
        finish(settle)
        worker.on('error', () => {})
        void worker.terminate()
      }
      const begin = () => {
        this.#ready = true
        clearTimeout(timer)
        timer = setTimeout(() => giveUp(() => resolve(tooSlow())), this.#timeLimitMs)
        worker.postMessage(task)
      }
      const onMessage = (reply: ImportReply) => {
        if ('ready' in reply) begin()
        else finish(() => ('result' in reply ? resolve(reply.result) : reject(new Error(reply.error))))
      }
      const onError = (error: NodeJS.ErrnoException) => {
        giveUp(() => (error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? resolve(tooBig()) : reject(error)))
      }
      const onExit = () => giveUp(() => reject(new Error('The import thread ended')))
      timer = setTimeout(() => giveUp(() => reject(new Error('The import thread did not start'))), startLimitMs)
      worker.on('message', onMessage).on('error', onError).on('exit', onExit)
      if (this.#ready) begin()
    })
  }

  async close() {
    const worker = this.#worker
    this.#worker = undefined
    await worker?.terminate()
  }
}

/** A pool that starts its threads when they are first needed. */
export function createImportPool(options: ImportPoolOptions = {}): ImportPool {
  const { size = 1, timeLimitMs = 5000, memoryMib = 256, queueMax = 8 } = options
  const threads = Array.from({ length: size }, () => new Thread(timeLimitMs, memoryMib))
  const queue: Waiting[] = []
  let closed = false

  const next = () => {
    const thread = threads.find(candidate => !candidate.busy)
    const waiting = thread ? queue.shift() : undefined
    if (!thread || !waiting) return
    thread.busy = true
    void thread
      .read(waiting.task)
      .then(waiting.resolve, waiting.reject)
      .finally(() => {
        thread.busy = false
        next()
      })
  }

  const run: ImportPool['run'] = (source, mediaType, context) =>
    new Promise((resolve, reject) => {
      if (queue.length >= queueMax && threads.every(thread => thread.busy)) {
        reject(new ImportBusyError())
        return
      }
      queue.push({ task: { source, mediaType, context }, resolve, reject })
      next()
    })

  return {
    run,
    async warm() {
      const source = new TextEncoder().encode('# Title\n\n## About the role\n\n- Warm\n')
      const context = { organisation: 'none', sfia: { versions: [] }, sharedSections: [] }
      try {
        await Promise.all(threads.map(() => run(source, 'text/markdown', context)))
      } catch (error) {
        // Whoever is asked to stop while he starts has not failed.
        if (!closed) throw error
      }
    },
    async close() {
      closed = true
      for (const waiting of queue.splice(0)) waiting.reject(new ImportBusyError())
      await Promise.all(threads.map(thread => thread.close()))
    },
  }
}
