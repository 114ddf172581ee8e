/** Worker threads for what would hold up all requests, with a limit on time and memory for each task and on how many wait. */
import { parentPort, Worker } from 'node:worker_threads'
import { Problem } from './plugins/problems.ts'

/** More tasks wait than the pool takes: the caller should answer 503 and ask to try again. */
export class ThreadsBusyError extends Error {}

/** A task took more time or memory than it may; its thread was ended. */
export class ThreadLimitError extends Error {
  readonly limit: 'time' | 'memory'
  constructor(limit: 'time' | 'memory') {
    super(`A task took too much ${limit}`)
    this.limit = limit
  }
}

export interface ThreadPoolOptions {
  size?: number
  /** For one task; waiting for a thread does not count. */
  timeLimitMs?: number
  memoryMib?: number
  /** How many may wait for a thread. */
  queueMax?: number
}

export interface ThreadPool<Task, Result> {
  size: number
  /** Throws ThreadsBusyError, ThreadLimitError, and Error where the work itself fails. */
  run(task: Task): Promise<Result>
  close(): Promise<void>
}

type Reply<Result> = { ready: true } | { result: Result } | { error: string }

/** What a worker file calls: it does each task that it is sent. */
export function doTasks<Task, Result>(work: (task: Task) => Result | Promise<Result>): void {
  const port = parentPort
  if (port === null) throw new Error('A worker file runs as a worker thread')
  port.on('message', async (task: Task) => {
    let reply: Reply<Result>
    try {
      reply = { result: await work(task) }
    } catch (error) {
      reply = { error: error instanceof Error ? (error.stack ?? error.message) : String(error) }
    }
    port.postMessage(reply)
  })
  port.postMessage({ ready: true } satisfies Reply<Result>)
}

const fromSources = import.meta.url.endsWith('.ts')
/** The file `name` beside the one that asks, in sources and built alike. */
export const workerFile = (name: string, beside: string) => new URL(`${name}${fromSources ? '.ts' : '.js'}`, beside)

/** tsx, given by `--import`, registers itself in the main thread only; a thread that runs sources registers it again. */
const sourceLoader = () => {
  const register = `import { register } from ${JSON.stringify(import.meta.resolve('tsx/esm/api'))}; register()`
  return ['--import', `data:text/javascript,${encodeURIComponent(register)}`]
}
/** A thread loads its files in a second or so; a machine that needs longer than this has other troubles. */
const startLimitMs = 60_000

/** One thread. It is made anew after it was ended for a task that went beyond a limit. */
class Thread<Task, Result> {
  busy = false
  #worker: Worker | undefined
  /** Whether it has loaded what it needs: its time limit is for the task alone. */
  #ready = false
  readonly #url: URL
  readonly #timeLimitMs: number
  readonly #memoryMib: number

  constructor(url: URL, timeLimitMs: number, memoryMib: number) {
    this.#url = url
    this.#timeLimitMs = timeLimitMs
    this.#memoryMib = memoryMib
  }

  #start() {
    this.#ready = false
    const worker = new Worker(this.#url, {
      resourceLimits: { maxOldGenerationSizeMb: this.#memoryMib, maxYoungGenerationSizeMb: 16, stackSizeMb: 4 },
      ...(fromSources ? { execArgv: sourceLoader() } : {}),
    })
    // It may end between two tasks too, at its limit of memory: nobody waits for it then, and the next task needs another.
    worker
      .on('error', () => {})
      .on('exit', () => {
        if (this.#worker === worker) this.#worker = undefined
      })
    this.#worker = worker
    return worker
  }

  run(task: Task): Promise<Result> {
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
        void worker.terminate()
      }
      const begin = () => {
        this.#ready = true
        clearTimeout(timer)
        timer = setTimeout(() => giveUp(() => reject(new ThreadLimitError('time'))), this.#timeLimitMs)
        worker.postMessage(task)
      }
      const onMessage = (reply: Reply<Result>) => {
        if ('ready' in reply) begin()
        else finish(() => ('result' in reply ? resolve(reply.result) : reject(new Error(reply.error))))
      }
      const onError = (error: NodeJS.ErrnoException) => {
        giveUp(() => reject(error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? new ThreadLimitError('memory') : error))
      }
      const onExit = () => giveUp(() => reject(new Error('The thread ended')))
      timer = setTimeout(() => giveUp(() => reject(new Error('The thread did not start'))), startLimitMs)
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

interface Waiting<Task, Result> {
  task: Task
  resolve(result: Result): void
  reject(error: Error): void
}

/** A pool that starts its threads, which run the file at `url`, when they are first needed. */
export function createThreadPool<Task, Result>(url: URL, options: ThreadPoolOptions = {}): ThreadPool<Task, Result> {
  const { size = 1, timeLimitMs = 5000, memoryMib = 256, queueMax = 8 } = options
  const threads = Array.from({ length: size }, () => new Thread<Task, Result>(url, timeLimitMs, memoryMib))
  const queue: Waiting<Task, Result>[] = []

  const next = () => {
    const thread = threads.find(candidate => !candidate.busy)
    const waiting = thread ? queue.shift() : undefined
    if (!thread || !waiting) return
    thread.busy = true
    void thread
      .run(waiting.task)
      .then(waiting.resolve, waiting.reject)
      .finally(() => {
        thread.busy = false
        next()
      })
  }

  return {
    size,
    run: task =>
      new Promise((resolve, reject) => {
        if (queue.length >= queueMax && threads.every(thread => thread.busy)) {
          reject(new ThreadsBusyError('Too much work waits'))
          return
        }
        queue.push({ task, resolve, reject })
        next()
      }),
    async close() {
      for (const waiting of queue.splice(0)) waiting.reject(new ThreadsBusyError('The pool is closed'))
      await Promise.all(threads.map(thread => thread.close()))
    },
  }
}

/**
 * From so many characters of JSON on, work on a role is for a thread: texts of nothing but marks take two seconds for
 * 1 MiB, which holds up all requests for a twentieth of a second here. Smaller ones would wait longer for a thread.
 */
export const threadCharacters = 24 * 1024

/** What a pool makes of a task; 503 with `detail` where too many wait, or it takes too much time or memory. */
export function runForCaller<Task, Result>(
  pool: ThreadPool<Task, Result>,
  task: Task,
  detail: string,
): Promise<Result> {
  return pool.run(task).catch(error => {
    if (!(error instanceof ThreadsBusyError || error instanceof ThreadLimitError)) throw error
    throw new Problem('unavailable', detail, { headers: { 'retry-after': '5' } })
  })
}
