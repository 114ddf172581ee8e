/**
 * A load client that costs less than what it measures: autocannon needs more time for a request than a bare server
 * does, and so would find every server equally fast. Keep-alive connections, one request at a time on each.
 *
 * It never sleeps: a server that had to wake it would pay for that, and the more the faster it is.
 */
import { connect, type Socket } from 'node:net'
import { parentPort } from 'node:worker_threads'

export interface Load {
  port: number
  path: string
  headers: Record<string, string>
  /** The status that every answer must have. */
  status: number
  connections: number
  durationMs: number
}

/** Answers with the status that was asked for, and how long it took. */
export interface Measured {
  answers: number
  ms: number
}

const end = Buffer.from('\r\n\r\n')

/** The length of the whole answer that begins here; undefined while its head is not complete. */
function lengthOf(bytes: Buffer, status: number): number | undefined {
  const head = bytes.indexOf(end)
  if (head === -1) return undefined
  const text = bytes.toString('latin1', 0, head)
  if (!text.startsWith(`HTTP/1.1 ${status}`)) throw new Error(`not ${status}: ${bytes.toString().slice(0, 1000)}`)
  const length = status === 304 ? '0' : /\ncontent-length: (\d+)/i.exec(text)?.[1]
  if (length === undefined) throw new Error('an answer without content-length')
  return head + end.length + Number(length)
}

function run({ port, path, headers, status, connections, durationMs }: Load): Promise<Measured> {
  const lines = Object.entries({ host: `127.0.0.1:${port}`, ...headers }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  )
  const request = Buffer.from(`GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`)
  return new Promise((resolve, reject) => {
    const sockets: Socket[] = []
    let answers = 0
    let done = false
    const began = performance.now()
    const spin = () => {
      if (!done) setImmediate(spin)
    }
    spin()
    const stop = () => {
      done = true
      for (const socket of sockets) socket.destroy()
    }
    setTimeout(() => {
      stop()
      resolve({ answers, ms: performance.now() - began })
    }, durationMs)
    for (let index = 0; index < connections; index += 1) {
      const socket = connect(port, '127.0.0.1', () => socket.write(request)).setNoDelay(true)
      let rest: Buffer = Buffer.alloc(0)
      socket.on('data', bytes => {
        rest = rest.length === 0 ? bytes : Buffer.concat([rest, bytes])
        try {
          const length = lengthOf(rest, status)
          if (length === undefined || rest.length < length) return
          rest = Buffer.alloc(0)
          answers += 1
          socket.write(request)
        } catch (error) {
          stop()
          reject(error)
        }
      })
      socket.on('error', reject)
      sockets.push(socket)
    }
  })
}

parentPort?.on('message', async (load: Load) => {
  parentPort?.postMessage(await run(load))
})
