/**
 * Loaded before every test: errors name lines of the sources, and properties try the same cases each time, so that a red
 * run is about the change at hand. A new seed is tried with FAST_CHECK_SEED=number, or any with FAST_CHECK_SEED=random.
 */
import { isMainThread } from 'node:worker_threads'

// Threads of the service load it too, and have limits of memory.
if (isMainThread) {
  process.setSourceMapsEnabled(true)
  const { FAST_CHECK_SEED: seed = '20261124' } = process.env
  const { default: fc } = await import('fast-check')
  if (seed !== 'random') fc.configureGlobal({ seed: Number(seed) })
}
