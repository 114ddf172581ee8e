/** What the services of the tests log, and the secrets they were given: the runner searches the one for the other. */
import { appendFileSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { createLogger } from '../../src/logger.ts'

const folder = process.env.TEST_LOGS

const append = (ending: string, text: string) => {
  if (folder) appendFileSync(join(folder, `${process.pid}.${ending}`), text)
}

/** A logger that tells everything; to the runner, or to nobody where there is none. */
export const testLogger = () =>
  createLogger(
    'debug',
    new Writable({
      write(line: Buffer, _encoding, done) {
        append('log', String(line))
        done()
      },
    }),
  )

/** Notes that no log may ever hold this text, and gives it back. */
export function secret(text: string): string {
  append('secrets', `${text}\n`)
  return text
}

/** How much was logged, how many secrets there were, and where one of them stands in a log. */
export function searchLogs(logs: string): { lines: number; secrets: number; found: string[] } {
  const read = (ending: string) =>
    readdirSync(logs)
      .filter(name => name.endsWith(ending))
      .map(name => readFileSync(join(logs, name), 'utf8'))
      .join('')
  const secrets = [...new Set(read('.secrets').split('\n').filter(Boolean))]
  const lines = read('.log').split('\n').filter(Boolean)
  const found = lines.filter(line => secrets.some(text => line.includes(text)))
  return { lines: lines.length, secrets: secrets.length, found }
}
