/** The thread that compares versions which are large. */
import { diffDocuments } from '../document/diff.ts'
import { doTasks } from '../threads.ts'

export interface DiffTask {
  /** Documents as JSON, as the changes are. */
  from: string
  to: string
}

doTasks(({ from, to }: DiffTask) => JSON.stringify(diffDocuments(JSON.parse(from), JSON.parse(to))))
