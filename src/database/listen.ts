import pg from 'pg'

/** What a listening session reports; nothing that a handler throws reaches the process. */
interface ListenHandlers {
  /** What to do with a notification, by channel; they come in the order of the commits, a payload is '' where there was none. */
  onNotification: Readonly<Record<string, (payload: string) => void>>
  /** Notifications arrive from now on. Whatever was sent before is missed. */
  onUp?: () => void
  /** Notifications may be missed from now on, until the next `onUp`. Called once per loss. */
  onDown?: (cause: Error) => void
}

interface ListenOptions {
  /** DATABASE_DIRECT_URL: a session on the primary, past any pooler. */
  url: string
  /** How often the session is asked for a sign of life, and how long it may take to answer: 3 s and 2 s. */
  keepaliveMs?: number
  answerMs?: number
  /** Longest pause between two attempts to connect again; 5 s. */
  retryMs?: number
  /** Told of each failed attempt and of errors in handlers. */
  onError?: (error: Error) => void
}

/** One session that listens. */
interface Listener {
  /** Whether notifications arrive now. */
  readonly up: boolean
  /** Ends the session, with no more calls of handlers. Never waits for a dead network, safe to call twice. */
  close(): Promise<void>
}

/**
 * Listens on the channels that have a handler, in one session of its own, and connects again for ever, with growing pauses. A network that was
 * cut without a word is noticed by a query that is sent every few seconds. Never throws, also not at first: a database
 * that cannot be reached is simply not up yet.
 */
export function listen(options: ListenOptions, handlers: ListenHandlers): Listener {
  const { url, keepaliveMs = 3000, answerMs = 2000, retryMs = 5000, onError } = options
  let client: pg.Client | undefined
  let timer: NodeJS.Timeout | undefined
  let up = false
  let closed = false
  let failures = 0

  const shielded = (call: () => void) => {
    try {
      call()
    } catch (error) {
      onError?.(asError(error))
    }
  }

  const open = async () => {
    const session = new pg.Client({
      connectionString: url,
      application_name: 'role-register listener',
      connectionTimeoutMillis: answerMs,
      query_timeout: answerMs,
      keepAlive: true,
    })
    client = session
    const fail = (cause: unknown) => lose(session, asError(cause))
    session.on('error', fail)
    session.on('end', () => fail(new Error('The connection was closed')))
    session.on('notification', ({ channel, payload = '' }) => {
      if (client === session) shielded(() => handlers.onNotification[channel]?.(payload))
    })
    try {
      await session.connect()
      const channels = Object.keys(handlers.onNotification)
      await session.query(channels.map(channel => `listen ${session.escapeIdentifier(channel)}`).join('; '))
    } catch (error) {
      return fail(error)
    }
    if (client !== session) return
    failures = 0
    up = true
    shielded(() => handlers.onUp?.())
    const ask = () => {
      session.query('select').then(() => {
        if (client === session) timer = setTimeout(ask, keepaliveMs)
      }, fail)
    }
    timer = setTimeout(ask, keepaliveMs)
  }

  // One session can fail in several ways at once; only the first counts.
  const lose = (session: pg.Client, cause: Error) => {
    if (client !== session) return
    client = undefined
    clearTimeout(timer)
    session.connection.stream.destroy()
    onError?.(cause)
    if (up) {
      up = false
      shielded(() => handlers.onDown?.(cause))
    }
    const pauseMs = Math.min(50 * 2 ** failures++, retryMs) * (0.75 + Math.random() / 2)
    if (!closed) timer = setTimeout(() => void open(), pauseMs)
  }

  void open()

  return {
    get up() {
      return up
    },
    async close() {
      closed = true
      up = false
      clearTimeout(timer)
      const session = client
      client = undefined
      session?.connection.stream.destroy()
    },
  }
}

function asError(cause: unknown): Error {
  return cause instanceof Error ? cause : new Error(String(cause))
}
