/** Work that is done again and again, by one at a time. */
interface Repeated {
  /** Does it now, or once more if it is under way. */
  wake(): void
  /** Does it no more. Resolves when what is under way has ended. */
  stop(): Promise<void>
}

/** Does `work` now and after each pause; what it throws is told, and ends nothing. */
export function repeat(
  pauseMs: number,
  work: (isStopping: () => boolean) => Promise<unknown>,
  onError: (error: unknown) => void,
): Repeated {
  let [stopping, again] = [false, false]
  let cut = () => {}
  const pause = () =>
    new Promise<void>(resolve => {
      const timer = setTimeout(resolve, pauseMs * (0.9 + Math.random() / 5))
      cut = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  const running = (async () => {
    while (!stopping) {
      again = false
      try {
        await work(() => stopping)
      } catch (error) {
        if (!stopping) onError(error)
      }
      if (!again && !stopping) await pause()
    }
  })()
  return {
    wake() {
      again = true
      cut()
    },
    stop() {
      stopping = true
      cut()
      return running
    },
  }
}
