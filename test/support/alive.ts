import { readFile } from 'node:fs/promises'

/** Whether a process runs. A killed one that its parent has not noticed yet is dead all the same. */
export async function isAlive(pid: number): Promise<boolean> {
  const state = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
  if (state) return !state.includes(') Z ')
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
