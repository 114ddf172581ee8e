import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Waits until `look` gives something true, and gives that. Looks often and for a limited time, so that a test neither
 * sleeps longer than it must nor for ever.
 *
 * @throws the last error of `look`, or one that says what was not seen.
 */
export async function until<T>(look: () => T | Promise<T>, limitMs = 60_000): Promise<Exclude<T, false | undefined>> {
  const deadline = Date.now() + limitMs
  let trouble: unknown = new Error(`not seen in ${limitMs} ms: ${look}`)
  while (Date.now() < deadline) {
    try {
      const seen = await look()
      if (seen) return seen as Exclude<T, false | undefined>
    } catch (error) {
      trouble = error
    }
    await sleep(10)
  }
  throw trouble
}
