/** Rounds over all operations, until so many cases were tried. */
import fc from 'fast-check'
import { checkAnswer, checkService, timeLimitMs } from './properties.ts'
import { type Case, casesOf, type Operation } from './requests.ts'
import type { Sent, World } from './world.ts'

export interface Failure {
  operation: string
  /** Of the round in which it was found. */
  seed: number
  why: string
  /** The smallest request that still fails, as it was sent. */
  request: string
}

export interface Report {
  passed: number
  failures: Failure[]
  /** Cases by operation, then by status. */
  counts: Map<string, Map<number, number>>
  seconds: number
}

/** A request for people, and short: what is long is cut. */
function show({ method, url, headers, body }: Sent): string {
  const cut = (text: string, most: number) => (text.length > most ? `${text.slice(0, most)}… (${text.length})` : text)
  const lines = Object.entries(headers).map(
    ([name, value]) => `${name}: ${cut(JSON.stringify(value).slice(1, -1), name === 'authorization' ? 40 : 300)}`,
  )
  return [`${method} ${cut(url, 600)}`, ...lines, '', body === null ? '' : cut(body.toString(), 3000)].join('\n')
}

/**
 * Tries `runs` cases, `batch` of each operation in turn. The same seed gives the same cases in the same order on a new
 * database. An operation that failed is left out of further rounds.
 */
export async function fuzz(
  world: World,
  { runs, seed, batch = 25 }: { runs: number; seed: number; batch?: number },
): Promise<Report> {
  const began = performance.now()
  const counts: Report['counts'] = new Map()
  const failures: Failure[] = []
  const failed = new Set<string>()
  const cases = new Map(world.operations.map(operation => [operation, casesOf(operation, world.document, world.hints)]))
  let tried = 0
  let passed = 0

  const attempt = async (operation: Operation, given: Case): Promise<Sent> => {
    const sent = await world.concrete(given)
    let answer = await world.send(sent)
    // A slow machine is no slow service: what was slow gets a second chance.
    if (answer.ms > timeLimitMs(sent.url) && answer.status < 500) answer = await world.send(sent)
    const byStatus = counts.get(operation.operationId) ?? new Map<number, number>()
    byStatus.set(answer.status, (byStatus.get(answer.status) ?? 0) + 1)
    counts.set(operation.operationId, byStatus)
    try {
      checkAnswer(world, sent, given.caller, answer)
    } catch (error) {
      throw new Error(
        `${(error as Error).message}\n--- sent\n${show(sent)}\n--- answered\n${answer.status} ${answer.text.slice(0, 1500)}`,
      )
    }
    return sent
  }

  for (let round = 0; tried < runs && failed.size < world.operations.length; round++) {
    for (const [index, [operation, arbitrary]] of [...cases].entries()) {
      if (tried >= runs) break
      if (failed.has(operation.operationId)) continue
      const numRuns = Math.min(batch, runs - tried)
      const roundSeed = (seed + round * 7919 + index * 104_729) | 0
      const property = fc.asyncProperty(arbitrary, async given => {
        await attempt(operation, given)
      })
      const result = await fc.check(property, {
        numRuns,
        seed: roundSeed,
        interruptAfterTimeLimit: 60_000,
        maxSkipsPerRun: 1000,
      })
      tried += result.numRuns
      passed += result.failed ? result.numRuns - 1 : result.numRuns
      if (!result.failed) continue
      failed.add(operation.operationId)
      const [why = '', request = ''] = String((result.errorInstance as Error | null)?.message ?? 'interrupted').split(
        '\n--- sent\n',
      )
      failures.push({ operation: operation.operationId, seed: roundSeed, why, request })
      world.logged.length = 0
    }
    try {
      await checkService(world)
      passed += 1
    } catch (error) {
      failures.push({ operation: `after round ${round + 1}`, seed, why: (error as Error).message, request: '' })
      break
    }
    await world.refresh()
  }
  return { passed, failures, counts, seconds: (performance.now() - began) / 1000 }
}

/** The report as lines: what was tried, what was answered, and what fails. */
export function describe({ counts, failures, passed, seconds }: Report): string[] {
  const lines: string[] = []
  let total = 0
  const statuses = new Map<number, number>()
  for (const [operation, byStatus] of [...counts].sort(([a], [b]) => a.localeCompare(b))) {
    const sorted = [...byStatus].sort(([a], [b]) => a - b)
    lines.push(`${operation.padEnd(28)} ${sorted.map(([status, count]) => `${status}×${count}`).join(' ')}`)
    for (const [status, count] of sorted) {
      statuses.set(status, (statuses.get(status) ?? 0) + count)
      total += count
    }
  }
  lines.push(
    `${'all'.padEnd(28)} ${[...statuses]
      .sort(([a], [b]) => a - b)
      .map(([status, count]) => `${status}×${count}`)
      .join(' ')}`,
  )
  lines.push(
    `${total} requests to ${counts.size} operations in ${seconds.toFixed(1)} s, ${Math.round(total / seconds)} a second`,
  )
  for (const { operation, seed, why, request } of failures)
    lines.push('', `FAILED ${operation} (seed of the round ${seed}): ${why}`, request)
  lines.push('', `${passed} passed, ${failures.length} failed`)
  return lines
}
