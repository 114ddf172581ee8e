/**
 * Refuses work before it drowns the process, so that what is accepted ends in time.
 *
 * By hand: @fastify/under-pressure looks once a second, at the event loop and the memory alone, and refuses all requests
 * alike. Here the measure is the work in hand, which is there before the delay that it causes; cached reads, which cost
 * no more than their refusal, go on for longest.
 */

export interface PressureOptions {
  /** Most requests that are worked on or wait for the database at once. */
  inFlightMax: number
  /** How late the event loop may be over some tenths of a second before work is refused, in milliseconds; 150. */
  loopDelayMaxMs?: number
}

const sampleMs = 20
/** One long pause is a collection of garbage or a large document, and over before a refusal would help. */
const sampleMaxMs = 500
const weight = 0.1
/** How much later than for other work the loop must be before cached reads are refused too. */
const cheapFactor = 2
/** Where so little is in hand, or comes in between two looks, requests are not why the loop is late: refusing one helps nobody. */
const inFlightMin = 4
const arrivalsMin = 50

export class Pressure {
  readonly #inFlightMax: number
  readonly #loopDelayMaxMs: number
  readonly #timer: NodeJS.Timeout
  #due: number
  #arrivals = 0
  #lastArrivals = 0
  /** How late the event loop is, in milliseconds, as a moving average. */
  loopDelayMs = 0
  inFlight = 0
  /** Requests that were refused. */
  shed = 0

  constructor({ inFlightMax, loopDelayMaxMs = 150 }: PressureOptions) {
    this.#inFlightMax = inFlightMax
    this.#loopDelayMaxMs = loopDelayMaxMs
    this.#due = performance.now() + sampleMs
    this.#timer = setInterval(() => this.#sample(), sampleMs).unref()
  }

  #sample(): void {
    const now = performance.now()
    const late = Math.min(Math.max(now - this.#due, 0), sampleMaxMs)
    this.#due = now + sampleMs
    this.#lastArrivals = this.#arrivals
    this.#arrivals = 0
    this.loopDelayMs += (late - this.loopDelayMs) * weight
  }

  /** Whether there is room for a request that asks the database or changes something. Counts a refusal. */
  hasRoom(): boolean {
    const late = this.loopDelayMs > this.#loopDelayMaxMs && this.inFlight >= inFlightMin
    if (this.inFlight < this.#inFlightMax && !late) return true
    this.shed += 1
    return false
  }

  /** The same for a request that is answered from memory. */
  hasRoomForCheap(): boolean {
    this.#arrivals += 1
    if (this.loopDelayMs <= cheapFactor * this.#loopDelayMaxMs || this.#lastArrivals < arrivalsMin) return true
    this.shed += 1
    return false
  }

  close(): void {
    clearInterval(this.#timer)
  }
}
