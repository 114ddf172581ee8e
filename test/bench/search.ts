/** What a page of a search takes in a register of 100,000 roles, held against one of 1,000. */
import { connect } from '../../src/database/connect.ts'
import { seedSearchRows } from '../support/many-roles.ts'
import type { FeedBench, Result } from './feed.ts'
import { median } from './figures.ts'

const searches = [
  'sort=title',
  'grade=G7&sort=-published_at',
  'sfia=PROG:3-5&sfia_version=9',
  'organisation=office-1&profession=policy',
  'q=engineer&sort=relevance',
  'q=engineer&grade=G6&sort=slug',
  'skill=skill-199',
  'q=falconer&sort=relevance',
  // The dearest: many have it, and none of those that come first in the order.
  'q=engineer&sort=title',
  'sfia_version=9&sort=title',
  'family=data&sort=title',
  'q=engineer&family=data&sort=relevance',
]

export interface SearchBench extends Pick<FeedBench, 'isSmoke' | 'startRegister'> {
  /** An empty database with an organisation: its URL in the environment of its register. */
  newDatabase: (name: string) => Promise<{ env: Record<string, string> }>
}

/** Milliseconds of each search, asked one at a time of both registers in turn. */
export async function benchSearch({ isSmoke, newDatabase, startRegister }: SearchBench): Promise<Result[]> {
  const sizes = isSmoke ? [100, 1000] : [1000, 100_000]
  const ports = []
  for (const size of sizes) {
    const { env } = await newDatabase(`bench_search_${size}`)
    const db = connect({ url: env.DATABASE_URL ?? '', statementTimeoutMs: 600_000 })
    await seedSearchRows(db, size)
    await db.destroy()
    ports.push((await startRegister(env)).port)
  }
  const results: Result[] = []
  for (const search of searches) {
    const times: [number[], number[]] = [[], []]
    for (let round = 0; round < (isSmoke ? 3 : 60); round += 1)
      for (const [index, port] of ports.entries()) {
        const began = performance.now()
        const answer = await fetch(`http://127.0.0.1:${port}/v1/roles?limit=20&${search}`)
        const text = await answer.text()
        if (answer.status !== 200) throw new Error(`${search}: ${answer.status} ${text}`)
        // The first ones warm up.
        if (isSmoke || round >= 10) times[index === 0 ? 0 : 1].push(performance.now() - began)
      }
    const [few, many] = times.map(median) as [number, number]
    const ratio = many / few
    const text = `?${search}: ${many.toFixed(1)} ms at ${sizes[1]} roles, ${few.toFixed(1)} at ${sizes[0]}: ${ratio.toFixed(2)}.`
    results.push({ name: `search ?${search}`, text, good: ratio <= 1.5, goal: '<= 1.50' })
  }
  return results
}
