import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { Teardown } from './database.ts'

/** A TCP port before a database, with a network that can be cut without a word. */
export interface Proxy {
  /** The database's URL through the proxy. */
  readonly url: string
  /** Swallows everything in both directions, on old and new connections; nobody is told. */
  swallow(): void
  /** Lets new connections through again; the old ones stay dead, as after a router lost its state. */
  heal(): void
  /** Closes all connections, and refuses new ones until `heal`. */
  refuse(): void
  /** Whoever takes leave hears first that the server ends the session, as from a server that is stopped just then. */
  stopAtLeave(): void
  /** From now on each piece of an answer comes so much later, on old and new connections; 0 ends that. */
  delay(ms: number): void
  /** How many pieces were swallowed, and how many came late, how many sessions ended so: whether a fault was felt at all. */
  readonly counts: Readonly<{ swallowed: number; delayed: number; stopped: number }>
}

/** A client's last message, and a server's to a session that it ends (protocol 3.0, message formats). */
const terminate = Buffer.from('X\0\0\0\x04', 'latin1')
const fields = Buffer.from('SFATAL\0C57P01\0Mterminating connection due to administrator command\0\0', 'latin1')
const terminated = Buffer.concat([Buffer.from([69, 0, 0, 0, fields.length + 4]), fields])

/** Puts a proxy before the server that `url` names by its Unix socket or its port. */
export async function startProxy(t: Teardown, url: string): Promise<Proxy> {
  const target = new URL(url)
  const folder = target.searchParams.get('host')
  const port = Number(target.port || 5432)
  const open = () => (folder ? connect(`${folder}/.s.PGSQL.${port}`) : connect(port, target.hostname))

  let mode: 'pass' | 'swallow' | 'refuse' = 'pass'
  let delayMs = 0
  let stopsAtLeave = false
  const counts = { swallowed: 0, delayed: 0, stopped: 0 }
  const alive = new Set<{ dead: boolean; sockets: Socket[] }>()
  const server = createServer(client => {
    if (mode === 'refuse') return client.destroy()
    const upstream = open()
    const pair = { dead: mode === 'swallow', sockets: [client, upstream] }
    alive.add(pair)
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      from.on('data', data => {
        const isLeave = stopsAtLeave && from === client && data.subarray(-terminate.length).equals(terminate)
        if (pair.dead) counts.swallowed += 1
        else if (isLeave) {
          counts.stopped += 1
          client.write(terminated)
        } else if (delayMs === 0 || from === client) to.write(data)
        else {
          // Timers of one length end in the order they began, so the pieces keep theirs.
          counts.delayed += 1
          setTimeout(() => to.write(data), delayMs)
        }
      })
      from.on('error', () => {})
      from.on('close', () => {
        alive.delete(pair)
        if (!pair.dead) to.destroy()
      })
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(async () => {
    for (const pair of alive) for (const socket of pair.sockets) socket.destroy()
    server.close()
  })

  const { port: proxyPort } = server.address() as AddressInfo
  const user = target.password ? `${target.username}:${target.password}` : target.username
  return {
    url: `postgresql://${user}@127.0.0.1:${proxyPort}${target.pathname}`,
    swallow() {
      mode = 'swallow'
      for (const pair of alive) pair.dead = true
    },
    heal() {
      mode = 'pass'
    },
    delay(ms) {
      delayMs = ms
    },
    counts,
    stopAtLeave() {
      stopsAtLeave = true
    },
    refuse() {
      mode = 'refuse'
      for (const { sockets } of alive) for (const socket of sockets) socket.destroy()
    },
  }
}
