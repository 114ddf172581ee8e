/** How the database would answer, and how much of it it reads for that. */
import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { Database } from '../../src/database/types.ts'

interface Plan {
  'Node Type': string
  'Relation Name'?: string
  'Shared Hit Blocks'?: number
  'Shared Read Blocks'?: number
  Plans?: Plan[]
}

async function explain(db: Kysely<Database>, statement: RawBuilder<unknown>, options: string): Promise<Plan> {
  const { rows } = await sql<{ 'QUERY PLAN': [{ Plan: Plan }] }>`explain (${sql.raw(options)}) ${statement}`.execute(db)
  const [found] = rows
  if (!found) throw new Error('no plan')
  return found['QUERY PLAN'][0].Plan
}

const nodes = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodes)]

/** Whether the plan of a statement goes through a table from its beginning to its end, without any index. */
export async function readsAll(db: Kysely<Database>, table: string, statement: RawBuilder<unknown>): Promise<boolean> {
  const plan = await explain(db, statement, 'format json')
  return nodes(plan).some(node => node['Node Type'].includes('Seq Scan') && node['Relation Name'] === table)
}

/** How many pages of the database a statement reads as it is run. */
export async function pagesRead(db: Kysely<Database>, statement: RawBuilder<unknown>): Promise<number> {
  const plan = await explain(db, statement, 'analyze, buffers, format json')
  return (plan['Shared Hit Blocks'] ?? 0) + (plan['Shared Read Blocks'] ?? 0)
}

/** Every combination of the members of a filter, from none to all of them. */
export function combinations<Filter extends object>(filter: Required<Filter>): Partial<Filter>[] {
  const members = Object.entries(filter)
  return Array.from(
    { length: 2 ** members.length },
    (_, bits) => Object.fromEntries(members.filter((_, index) => bits & (1 << index))) as Partial<Filter>,
  )
}

type Call = (line: string, options: { key: null }) => Promise<{ status: number }>

const median = (times: number[]) => times.sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0

/** How many times as long each request takes in a large register as in a small one, asked in turn of both. */
export async function ratiosOf(few: Call, many: Call, lines: string[]): Promise<number[]> {
  const time = async (call: Call, line: string) => {
    const began = performance.now()
    const { status } = await call(line, { key: null })
    if (status !== 200) throw new Error(`${line} → ${status}`)
    return performance.now() - began
  }
  const ratios: number[] = []
  for (const line of lines) {
    const times: [number[], number[]] = [[], []]
    for (let round = 0; round < 25; round += 1) {
      times[0].push(await time(few, line))
      times[1].push(await time(many, line))
    }
    ratios.push(median(times[1].slice(5)) / median(times[0].slice(5)))
  }
  return ratios
}

/** Whether a page takes as long in both. One may be slow for a moment on a busy machine, or sort what it found; the typical one is not. */
export const areAlike = (ratios: number[]) =>
  median([...ratios]) <= 1.5 && ratios.filter(ratio => ratio <= 1.5).length >= ratios.length / 2
