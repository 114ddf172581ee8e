/** What an importer says about a document while it reads it: warnings, what it understood, and why it gave up. */
import type { FindingCode } from '../document/finding-codes.ts'
import { limits } from '../document/schema.ts'
import { foldSpace } from '../document/text.ts'
import { sentence } from '../document/wording.ts'

/** `advice` is about the words, which stay; `repair` says what was read otherwise than it stands; `loss` is what is gone. */
type Severity = 'advice' | 'repair' | 'loss'

interface Notice {
  code: string
  severity: Severity
  /** In the source, from 1; null where it is about the document as a whole. */
  line: number | null
  /** The words of the source that it is about, cut short; '' where there are none. */
  excerpt: string
  detail: string
  /** Of advice: where it comes from, as `document/advice.ts` says it. */
  source?: string
  /** The part of the document that it is about; the report turns it into a JSON pointer. */
  about?: object | string
}

/** Text that a typed member of the document stands for, so that it is kept although no block prints it. */
interface Understood {
  line: number | null
  text: string
  about: object | string
  /** As what, for people: `title`, `SFIA mapping`, `label of salary`. */
  meaning: string
}

export interface Problem {
  line: number | null
  pointer: string
  code: FindingCode
  detail: string
}

const excerptLength = 160

/** White space folded, cut at 160 characters. */
function excerptOf(text: string) {
  const folded = foldSpace(text).trim()
  return folded.length > excerptLength ? `${folded.slice(0, excerptLength - 1)}…` : folded
}

/** Gathers notices. More than `noticesMax` of one code are counted, not listed: a hostile document must not fill a reply. */
export class Notices {
  readonly list: Notice[] = []
  readonly understood: Understood[] = []
  readonly problems: Problem[] = []
  /** Whole words of each loss, so that the word count does not name them again. */
  readonly lostTexts: string[] = []
  readonly #counts = new Map<string, number>()
  static readonly noticesMax = 100

  add(
    severity: Severity,
    code: string,
    line: number | null,
    excerpt: string,
    detail: string,
    about?: object | string,
    source?: string,
  ) {
    const count = (this.#counts.get(code) ?? 0) + 1
    this.#counts.set(code, count)
    if (severity === 'loss') this.lostTexts.push(excerpt)
    if (count > Notices.noticesMax) return
    this.list.push({
      code,
      severity,
      line,
      excerpt: excerptOf(excerpt),
      detail: sentence(detail),
      ...(about === undefined ? {} : { about }),
      ...(source === undefined ? {} : { source }),
    })
  }

  understand(line: number | null, text: string, about: object | string, meaning: string) {
    if (text.trim() !== '') this.understood.push({ line, text: foldSpace(text).trim(), about, meaning })
  }

  /** Takes back what was said of a code, where it turns out to be no matter of the author's. */
  withdraw(code: string) {
    this.#counts.delete(code)
    for (let at = this.list.length - 1; at >= 0; at -= 1) if (this.list[at]?.code === code) this.list.splice(at, 1)
  }

  /** The document cannot become a draft. */
  refuse(code: FindingCode, detail: string, line: number | null = null, pointer = '') {
    if (!this.problems.some(problem => problem.code === code && problem.detail === sentence(detail))) {
      this.problems.push({ line, pointer, code, detail: sentence(detail) })
    }
  }

  /** How many notices of a code are not in the list. */
  get unlisted() {
    return [...this.#counts].flatMap(([code, count]) =>
      count > Notices.noticesMax ? [{ code, count: count - Notices.noticesMax }] : [],
    )
  }
}

/** The problem of a list with more items than a list may have. */
export function refuseLongList(items: number, line: number, notices: Notices) {
  const detail = `A list has ${items.toLocaleString('en-GB')} items; ${limits.items} is the limit. Part it into shorter lists`
  notices.refuse('limit_exceeded', detail, line)
}
