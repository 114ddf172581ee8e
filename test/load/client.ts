/** What loads and probes the service, as a process of its own: `client.ts` and its orders as JSON; answers with JSON. */
import { connect, type Socket } from 'node:net'

/** One kind of request, and how many of a hundred are of it. */
export interface Kind {
  path: string
  share: number
  headers?: Record<string, string>
}

export interface Orders {
  port: number
  kinds: Kind[]
  seconds: number
  /** Of the beginning, which is not counted. */
  warmUpSeconds: number
  /** Requests a second, sent however many answers are outstanding; or else how many are kept outstanding. */
  rate?: number
  outstanding?: number
  /** Opened and used once before anything is counted: Node accepts one connection in each turn of its loop. */
  connections: number
}

export interface Result {
  /** Answers a second that were of use: 2xx within two seconds. */
  goodPerSecond: number
  offeredPerSecond: number
  /** How often each status came; `late` and `failed` (no answer) beside them. */
  answers: Record<string, number>
  /** Of good answers, in milliseconds. */
  p50: number
  p99: number
  /** Refusals without Retry-After. */
  bare503: number
}

const lateMs = 2000
const orders = JSON.parse(process.argv[2] ?? '{}') as Orders

const answers: Record<string, number> = {}
const times: number[] = []
let [offered, bare503, outstanding, turn] = [0, 0, 0, 0]

/** The kinds in proportion, well mixed. */
const plan = orders.kinds.flatMap(kind => Array<Kind>(kind.share).fill(kind))
const nextKind = () => {
  turn = (turn + 37) % plan.length
  return plan[turn] as Kind
}

const headEnd = Buffer.from('\r\n\r\n')

/** One keep-alive connection with one request at a time. node:http takes longer for a request than the service does to refuse it. */
class Connection {
  readonly #socket: Socket
  #rest: Buffer = Buffer.alloc(0)
  #done: ((status: number, head: string) => void) | undefined

  constructor() {
    this.#socket = connect(orders.port, '127.0.0.1').setNoDelay(true)
    this.#socket.on('data', bytes => {
      this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes])
      const at = this.#rest.indexOf(headEnd)
      if (at === -1) return
      const head = this.#rest.toString('latin1', 0, at).toLowerCase()
      const length = Number(/\ncontent-length: (\d+)/.exec(head)?.[1] ?? 0)
      if (this.#rest.length < at + headEnd.length + length) return
      this.#rest = Buffer.alloc(0)
      idle.push(this)
      this.#end(Number(head.slice(9, 12)), head)
    })
    for (const event of ['error', 'close'] as const)
      this.#socket.on(event, () => {
        const index = idle.indexOf(this)
        if (index !== -1) idle.splice(index, 1)
        else connections -= 1
        this.#end(0, '')
      })
  }

  #end(status: number, head: string): void {
    const done = this.#done
    this.#done = undefined
    done?.(status, head)
  }

  send(request: string, done: (status: number, head: string) => void): void {
    this.#done = done
    this.#socket.write(request)
  }
}

const idle: Connection[] = []
let connections = 0

function takeConnection(): Connection | undefined {
  const free = idle.pop()
  if (free || connections >= orders.connections) return free
  connections += 1
  return new Connection()
}

const textOf = ({ path, headers = {} }: Kind) => {
  const lines = Object.entries({ host: `127.0.0.1:${orders.port}`, ...headers })
  return `GET ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`
}
const texts = new Map(orders.kinds.map(kind => [kind, textOf(kind)]))

await Promise.all(
  Array.from({ length: orders.connections }, () => {
    connections += 1
    const live = textOf({ path: '/health/live', share: 0 })
    return new Promise<void>(resolve => new Connection().send(live, () => resolve()))
  }),
)
const began = performance.now()
const countsFrom = began + orders.warmUpSeconds * 1000
const ends = began + orders.seconds * 1000

function send(done?: () => void): void {
  const sentAt = performance.now()
  const counts = sentAt >= countsFrom
  if (counts) offered += 1
  const connection = takeConnection()
  if (!connection) {
    if (counts) answers.unsent = (answers.unsent ?? 0) + 1
    return
  }
  outstanding += 1
  connection.send(texts.get(nextKind()) ?? '', (status, head) => {
    const ms = performance.now() - sentAt
    outstanding -= 1
    if (status === 503 && !head.includes('\nretry-after: ')) bare503 += 1
    const isGood = status >= 200 && status < 300
    if (counts) {
      const outcome = status === 0 ? 'failed' : isGood && ms > lateMs ? 'late' : String(status)
      answers[outcome] = (answers[outcome] ?? 0) + 1
      if (outcome !== 'late' && isGood) times.push(ms)
    }
    done?.()
  })
}

if (orders.rate === undefined) {
  const again = () => {
    if (performance.now() < ends) send(again)
    else finish()
  }
  for (let i = 0; i < (orders.outstanding ?? 1); i++) again()
} else {
  const { rate } = orders
  let sent = 0
  const timer = setInterval(() => {
    const now = Math.min(performance.now(), ends)
    for (const due = ((now - began) / 1000) * rate; sent < due; sent++) send()
    if (now < ends) return
    clearInterval(timer)
    finish()
  }, 2)
}

/** What is outstanding at the end gets the time that an answer may take, and no more. */
function finish(): void {
  if (outstanding > 0 && performance.now() < ends + lateMs) return void setTimeout(finish, 20)
  times.sort((a, b) => a - b)
  const at = (part: number) => times[Math.min(times.length - 1, Math.floor(times.length * part))] ?? Number.NaN
  const seconds = orders.seconds - orders.warmUpSeconds
  const result: Result = {
    goodPerSecond: times.length / seconds,
    offeredPerSecond: offered / seconds,
    answers: outstanding > 0 ? { ...answers, unanswered: outstanding } : answers,
    p50: at(0.5),
    p99: at(0.99),
    bare503,
  }
  process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0))
}
