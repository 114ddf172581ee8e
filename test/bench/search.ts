/** What a page of a search takes in a register of 100,000 roles, held against one of 1,000. */
import { connect } from '../../src/database/connect.ts'
import { seedSearchRows } from '../support/many-roles.ts'
import type { FeedBench, Result } from './feed.ts'
import { median } from './figures.ts'

const searches = [
  'sort=title',
  'grade=G7&sort=-published_at',
  'sfia=PROG:3-5&sfia_version=9',
  'organisation=office-0&family=data',
  // Finds none: the catalogues are asked each time.
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

/** Milliseconds of each search, asked one at a time of registers of both sizes in turn, made each time and from memory. */
export async function benchSearch({ isSmoke, newDatabase, startRegister }: SearchBench): Promise<Result[]> {
  const [small, large] = isSmoke ? [100, 1000] : [1000, 100_000]
  const start = async (size: number) => {
    const { env } = await newDatabase(`bench_search_${size}`)
    const db = connect({ url: env.DATABASE_URL ?? '', statementTimeoutMs: 600_000 })
    await seedSearchRows(db, size)
    await db.destroy()
    return { made: (await startRegister({ ...env, CACHE_BYTES_MAX: '0' })).port, kept: (await startRegister(env)).port }
  }
  const [few, many] = [await start(small), await start(large)]
  const time = async (port: number, search: string) => {
    const began = performance.now()
    const answer = await fetch(`http://127.0.0.1:${port}/v1/roles?limit=20&${search}`)
    const text = await answer.text()
    if (answer.status !== 200) throw new Error(`${search}: ${answer.status} ${text}`)
    return performance.now() - began
  }
  const results: Result[] = []
  for (const search of searches)
    for (const way of ['made', 'kept'] as const) {
      const times: [few: number[], many: number[]] = [[], []]
      for (let round = 0; round < (isSmoke ? 3 : 60); round += 1)
        for (const [index, ports] of [few, many].entries()) {
          const ms = await time(ports[way], search)
          // The first ones warm up.
          if (isSmoke || round >= 10) times[index === 0 ? 0 : 1].push(ms)
        }
      const [ofFew, ofMany] = times.map(median) as [number, number]
      const ratio = ofMany / ofFew
      const name = `?${search}${way === 'made' ? '' : ' from memory'}`
      const text = `${name}: ${ofMany.toFixed(1)} ms at ${large} roles, ${ofFew.toFixed(1)} at ${small}: ${ratio.toFixed(2)}.`
      results.push({ name: `search ${name}`, text, good: ratio <= 1.5, goal: '<= 1.50' })
    }
  return results
}
