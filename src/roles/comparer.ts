/** Compares documents, those that are large in a thread. */
import { diffDocuments } from '../document/diff.ts'
import { createThreadPool, runForCaller, threadCharacters, workerFile } from '../threads.ts'
import type { DiffTask } from './diff-worker.ts'

export interface Comparer {
  /** The changes as JSON. 503 where large documents wait for too many others, or take too long. */
  compare(from: object, to: object): string | Promise<string>
  close(): Promise<void>
}

/** Its thread starts with the first large documents. */
export function createComparer(): Comparer {
  const pool = createThreadPool<DiffTask, string>(workerFile('./diff-worker', import.meta.url))
  return {
    compare(from, to) {
      const task = { from: JSON.stringify(from), to: JSON.stringify(to) }
      if (task.from.length + task.to.length < threadCharacters) return JSON.stringify(diffDocuments(from, to))
      return runForCaller(pool, task, 'The documents could not be compared in time. Try again in a few seconds.')
    },
    close: () => pool.close(),
  }
}
