/**
 * Refuses work before it drowns the process, so that what is accepted ends in time.
 *
 * By hand: @fastify/under-pressure looks once a second, at the event loop and the memory alone, and refuses all requests
 * alike. Here the measure is the work in hand, which is there before the delay that it causes, and how long it takes;
 * cached reads, which cost less than their refusal, are never refused.
 */

interface PressureOptions {
  /** Connections of the pool: five times as many requests are always let in. */
  poolMax: number
  /**
   * Most requests that are worked on or wait for the database at once; six for each connection of the pool. With twenty
   * they grow old in the queue, and the garbage collector takes a tenth of what could be done.
   */
  inFlightMax?: number | undefined
}

const sampleMs = 20
/** How late the event loop may be over some tenths of a second before work is refused. */
const loopDelayMaxMs = 150
/** One long pause is a collection of garbage or a large document, and over before a refusal would help. */
const lateMaxMs = 500
const loopDelayWeight = 0.1
/** Where so little is in hand, requests are not why the loop is late: refusing one helps nobody. */
const inFlightMin = 4

/** How long requests may take on average before fewer are let in at once. A queue that does not shorten is of no use. */
const targetMs = 500
const adjustMs = 200
const fewer = 0.7
const more = 1.1

/** How much work is in hand, and whether there is room for more. */
export class Pressure {
  readonly #inFlightMin: number
  readonly #inFlightMax: number
  #limit: number
  readonly #timers: NodeJS.Timeout[]
  #due = performance.now() + sampleMs
  #finished = 0
  #finishedMs = 0
  /** How late the event loop is, in milliseconds, as a moving average. */
  loopDelayMs = 0
  inFlight = 0
  /** Requests that were refused. */
  shed = 0

  constructor({ poolMax, inFlightMax = 6 * poolMax }: PressureOptions) {
    this.#inFlightMin = Math.min(5 * poolMax, inFlightMax)
    this.#inFlightMax = inFlightMax
    this.#limit = inFlightMax
    this.#timers = [setInterval(() => this.#sample(), sampleMs), setInterval(() => this.#adjust(), adjustMs)]
    for (const timer of this.#timers) timer.unref()
  }

  /** How many requests may be in hand at once, now. */
  get limit(): number {
    return Math.floor(this.#limit)
  }

  #sample(): void {
    const now = performance.now()
    const late = Math.min(Math.max(now - this.#due, 0), lateMaxMs)
    this.#due = now + sampleMs
    this.loopDelayMs += (late - this.loopDelayMs) * loopDelayWeight
  }

  /** Lets in fewer at once where they take too long, and more again where they do not: so the wait stays bounded. */
  #adjust(): void {
    const slow = this.#finished > 0 && this.#finishedMs / this.#finished > targetMs
    const limit = slow ? Math.min(this.#limit, Math.max(this.inFlight, 1)) * fewer : this.#limit * more + 1
    this.#limit = Math.min(Math.max(limit, this.#inFlightMin), this.#inFlightMax)
    this.#finished = 0
    this.#finishedMs = 0
  }

  /** Whether there is room for a request that asks the database or changes something. Counts a refusal. */
  hasRoom(): boolean {
    const late = this.loopDelayMs > loopDelayMaxMs && this.inFlight >= inFlightMin
    if (this.inFlight < this.#limit && !late) return true
    this.shed += 1
    return false
  }

  enter(): void {
    this.inFlight += 1
  }

  /** A request that entered is answered, after so many milliseconds. */
  leave(ms: number): void {
    this.inFlight -= 1
    this.#finished += 1
    this.#finishedMs += ms
  }

  close(): void {
    for (const timer of this.#timers) clearInterval(timer)
  }
}
