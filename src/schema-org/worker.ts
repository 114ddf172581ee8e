/** The thread that makes Occupations of large roles. */
import type { PublishedRole } from '../document/schema.ts'
import { doTasks } from '../threads.ts'
import { occupationOf } from './occupation.ts'

export interface OccupationTask {
  /** As JSON, as the Occupation is. */
  role: string
  baseUrl: string
}

doTasks(({ role, baseUrl }: OccupationTask) => JSON.stringify(occupationOf(JSON.parse(role) as PublishedRole, baseUrl)))
