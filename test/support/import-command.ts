/** The import command, with what it prints. */
import { Writable } from 'node:stream'
import { commandPool, type ImportArguments, importFiles } from '../../src/imports/command.ts'

/** Threads that files of one test read their documents with; close them after it. */
export const pool = commandPool()

/** Runs the command and gives its exit code with what it printed. */
export async function command(
  db: Parameters<typeof importFiles>[0],
  paths: string[],
  more: Partial<ImportArguments> = {},
  isTerminal = false,
  onText: (text: string) => void = () => {},
) {
  let text = ''
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += chunk
      onText(text)
      done()
    },
  })
  const args = { paths, organisation: 'home-office', overwrite: false, owner: 'jo', ...more }
  const code = await importFiles(db, pool, args, {
    isTerminal,
    stream: Object.assign(stream, { isTTY: isTerminal, columns: 100 }),
  })
  return { code, text, lines: text.split('\n') }
}
