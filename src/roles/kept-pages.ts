/** Pages of the list of published roles in memory. Correct with any number of processes on one database, whatever they hear. */
import { LRUCache } from 'lru-cache'

/** A page as it is sent. */
export interface Page {
  /** Where the feed ended in the snapshot that the page was read from. */
  feedCursor: string
  body: Buffer
  etag: string
  /** As the body has it: the header field Link is made of it. */
  nextCursor: string | null
  /** False where something else than the feed decides what is answered: it is made anew each time. */
  isKept: boolean
}

/**
 * Holds what was answered to an address. All that the list shows changes with the feed, in the same transaction: as long
 * as the feed ends where it did, the page is what would be made again. So each answer is preceded by a look at that end,
 * the same small one for all who ask while another is on its way; nothing relies on what this process is told.
 */
export class KeptPages {
  readonly #look: () => Promise<string>
  readonly #pages: LRUCache<string, Page> | undefined
  #next: Promise<string> | undefined
  #running: Promise<unknown> = Promise.resolve()

  /** `bytesMax` 0 holds nothing: every page is made. */
  constructor(look: () => Promise<string>, bytesMax: number) {
    this.#look = look
    this.#pages =
      bytesMax > 0
        ? new LRUCache({ maxSize: bytesMax, sizeCalculation: ({ body }, key) => body.length + key.length + 512 })
        : undefined
  }

  /** The page at an address, as it is or was made by `make`. Throws what `make` throws, or the database. */
  async get(address: string, make: () => Promise<Page>): Promise<Page> {
    if (this.#pages === undefined) return make()
    const feedEnd = await this.#feedEnd()
    const kept = this.#pages.get(address)
    if (kept?.feedCursor === feedEnd) return kept
    const made = await make()
    // What is made by several statements is of one end of the feed only where it ended there before the first.
    if (made.isKept && made.feedCursor === feedEnd) this.#pages.set(address, made)
    return made
  }

  /** Where the feed ends, as a look tells that begins after the call: one that is on its way may have missed a commit. */
  #feedEnd(): Promise<string> {
    if (this.#next) return this.#next
    const next = this.#running.then(() => {
      this.#next = undefined
      const look = this.#look()
      this.#running = look.catch(() => undefined)
      return look
    })
    this.#next = next
    return next
  }
}
