/**
 * Loaded before every test: properties try the same cases each time, so that a red run is about the change at hand. A
 * new seed is tried with FAST_CHECK_SEED=number, or any with FAST_CHECK_SEED=random.
 */
import fc from 'fast-check'

const { FAST_CHECK_SEED: seed = '20261124' } = process.env
if (seed !== 'random') fc.configureGlobal({ seed: Number(seed) })
