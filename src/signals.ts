/** The signals that ask a process to stop. */

/** A signal that comes again so soon is the same one: npm passes on what the terminal has sent to both. */
const sameMs = 1000

/** Calls `stop` at the first SIGTERM or SIGINT. Whoever asks again does not want to wait: the process ends with 1. */
export function onStopSignal(stop: (signal: 'SIGTERM' | 'SIGINT') => void): void {
  let askedAt: number | undefined
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.on(signal, () => {
      if (askedAt !== undefined) {
        if (performance.now() - askedAt > sameMs) process.exit(1)
        return
      }
      askedAt = performance.now()
      stop(signal)
    })
}
