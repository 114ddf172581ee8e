/**
 * Loaded before the service (`--import`), it ends the process at a named point of its talk with the database: the
 * product has no code for tests. FAULT names the point and how often it is passed before, `after-commit:12`; FAULT_LOG
 * is the file that is told before the process dies.
 */
import { writeFileSync } from 'node:fs'
import pg from 'pg'

/** The statement that a point is at, and whether the process dies before it is sent or once the server has done it. */
const points: Readonly<Record<string, { at: RegExp; when: 'before' | 'after' }>> = {
  'before-commit': { at: /^commit$/i, when: 'before' },
  'after-commit': { at: /^commit$/i, when: 'after' },
  'before-event': { at: /^insert into "events"/i, when: 'before' },
  'after-publication': { at: /^insert into "role_versions"/i, when: 'after' },
  'in-migration': { at: /^insert into migrations/i, when: 'before' },
  'after-migration': { at: /^insert into migrations/i, when: 'after' },
}

const { FAULT = '', FAULT_LOG = '' } = process.env
const [name = '', count = '1'] = FAULT.split(':')
const point = points[name]
if (!point) throw new Error(`FAULT names no point: ${FAULT}`)
let left = Number(count)

function die(): never {
  writeFileSync(FAULT_LOG, FAULT)
  process.kill(process.pid, 'SIGKILL')
  // The signal is on its way; nothing more may leave this process.
  for (;;);
}

type Query = (this: pg.Client, ...args: unknown[]) => unknown
const prototype = pg.Client.prototype as unknown as { query: Query }
const query = prototype.query
prototype.query = function armed(...args) {
  const [first] = args
  const text = typeof first === 'string' ? first : (first as { text?: string } | undefined)?.text
  if (text === undefined || !point.at.test(text.trim()) || --left !== 0) return query.apply(this, args)
  if (point.when === 'before') die()
  const answer = query.apply(this, args)
  return answer instanceof Promise ? answer.then(die) : answer
}
