/** Wakes who waits for the feed to go on, in this process, without a look at the database for each of them. */

interface Waiter {
  after: number
  end: (news: boolean) => void
}

interface SignalOptions {
  /** Reads where the feed ends: used where announcements may have been missed. */
  look: () => Promise<number>
  /** How often to look while nothing is announced and somebody waits; every second. */
  pollMs?: number
  /** Most who wait at once; 1000. */
  waitersMax?: number
  /** Most of them who are one caller, or come from one address; 50. */
  waitersPerCallerMax?: number
}

/**
 * What is known here of the end of the feed. To be told by a session that listens on `feedChannel`: `announce`, `up`
 * and `down`. Until that session is up, and while it is down, the end is looked up now and then, once for all who wait.
 */
export class FeedSignal {
  readonly #look: () => Promise<number>
  readonly #waitersMax: number
  readonly #waitersPerCallerMax: number
  readonly #waiters = new Set<Waiter>()
  /** How many of them are whose. */
  readonly #waitersOf = new Map<string, number>()
  readonly #poll: NodeJS.Timeout
  #position = 0
  #announced = 0
  #isUp = false
  #isLooking = false
  #isClosed = false

  constructor({ look, pollMs = 1000, waitersMax = 1000, waitersPerCallerMax = 50 }: SignalOptions) {
    this.#look = look
    this.#waitersMax = waitersMax
    this.#waitersPerCallerMax = waitersPerCallerMax
    this.#poll = setInterval(() => {
      if (!this.#isUp && this.#waiters.size > 0) void this.#lookUp()
    }, pollMs).unref()
  }

  /** The feed goes as far as this number now. */
  announce(position: number): void {
    this.#announced += 1
    this.#setPosition(position)
  }

  /** Announcements arrive from now on; what came before may have been missed. */
  up(): void {
    this.#isUp = true
    void this.#lookUp()
  }

  down(): void {
    this.#isUp = false
  }

  /** How many wait now. */
  get waiting(): number {
    return this.#waiters.size
  }

  /** Whether no more may wait. */
  get isFull(): boolean {
    return this.#waiters.size >= this.#waitersMax
  }

  /** Whether this caller, or address, waits as often as one may. */
  isFullFor(who: string): boolean {
    return (this.#waitersOf.get(who) ?? 0) >= this.#waitersPerCallerMax
  }

  /**
   * Resolves to true as soon as the feed goes beyond a number, to false after `ms` milliseconds, when `signal` is
   * aborted, and at once when this is closed. Never rejects.
   */
  wait(
    after: number,
    ms: number,
    { who = '', signal }: { who?: string; signal?: AbortSignal | undefined } = {},
  ): Promise<boolean> {
    if (this.#position > after) return Promise.resolve(true)
    if (this.#isClosed || signal?.aborted || ms <= 0) return Promise.resolve(false)
    return new Promise(resolve => {
      const end = (news: boolean) => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', giveUp)
        if (this.#waiters.delete(waiter)) this.#count(who, -1)
        resolve(news)
      }
      const giveUp = () => end(false)
      const waiter = { after, end }
      const timer = setTimeout(giveUp, ms)
      signal?.addEventListener('abort', giveUp)
      this.#waiters.add(waiter)
      this.#count(who, 1)
    })
  }

  #count(who: string, more: 1 | -1): void {
    const count = (this.#waitersOf.get(who) ?? 0) + more
    if (count === 0) this.#waitersOf.delete(who)
    else this.#waitersOf.set(who, count)
  }

  /** Ends every wait, also those that are still to come. */
  close(): void {
    this.#isClosed = true
    clearInterval(this.#poll)
    for (const waiter of [...this.#waiters]) waiter.end(false)
  }

  #setPosition(position: number): void {
    this.#position = position
    for (const waiter of [...this.#waiters]) if (position > waiter.after) waiter.end(true)
  }

  async #lookUp(): Promise<void> {
    if (this.#isLooking) return
    this.#isLooking = true
    const announced = this.#announced
    try {
      const position = await this.#look()
      // Also a lower one: a register that was restored has forgotten some.
      if (announced === this.#announced) this.#setPosition(position)
    } catch {
      // The database is not there. Whoever waits has a limit, and the next look is soon.
    } finally {
      this.#isLooking = false
    }
  }
}
