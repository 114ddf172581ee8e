import type { ChildProcessByStdio } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import type { Teardown } from './database.ts'

/** What a process has written so far, kept up to date; the process is killed after the test. */
export function outputOf(t: Teardown, child: ChildProcessByStdio<Writable | null, Readable, Readable>) {
  t.after(async () => {
    child.kill('SIGKILL')
  })
  const output = { out: '', err: '' }
  child.stdout.on('data', data => {
    output.out += data
  })
  child.stderr.on('data', data => {
    output.err += data
  })
  return output
}
