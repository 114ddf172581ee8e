/** Receivers of webhooks: real HTTP servers on a loopback address, that behave as they are told and remember what came. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders, type RequestListener, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { Webhook } from 'standardwebhooks'
import { messagesOf } from './contract.ts'
import type { Teardown } from './database.ts'

export interface Received {
  at: number
  path: string
  headers: IncomingHttpHeaders
  body: string
  /** The host that was asked for in the beginning of TLS; false where none was, undefined without TLS. */
  servername: TLSSocket['servername'] | undefined
}

export interface Receiver {
  url: string
  received: Received[]
  /** How many connections were made. */
  readonly connections: number
  /** What is done with a request once it has come whole; 204 unless told otherwise. */
  behaviour: (response: ServerResponse, received: Received) => void
}

/** `tls`: the certificate and key to answer with, in PEM. */
export async function startReceiver(t: Teardown, tls?: { cert: string; key: string }): Promise<Receiver> {
  const receiver = {
    url: '',
    received: [] as Received[],
    connections: 0,
    behaviour: (response: ServerResponse) => void response.writeHead(204).end(),
  } satisfies Receiver
  const listener: RequestListener = async (request, response) => {
    response.on('error', () => {})
    let body = ''
    for await (const chunk of request) body += chunk
    const { servername } = request.socket as TLSSocket
    const received = { at: Date.now(), path: request.url ?? '', headers: request.headers, body, servername }
    receiver.received.push(received)
    ;(receiver as Receiver).behaviour(response, received)
  }
  const server = tls ? createTlsServer(tls, listener) : createServer(listener)
  const sockets = new Set<Socket>()
  server.on('connection', socket => {
    receiver.connections += 1
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(async () => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  receiver.url = `${tls ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}/hook`
  return receiver
}

const committed = readFileSync(new URL('../../openapi/openapi.json', import.meta.url), 'utf8')
const holdAgainstContract = messagesOf(JSON.parse(committed))

/** The message as JSON, if the secret signed it, and it is one that the contract tells of; throws where it is not. */
export function verify(secret: string, { body, headers }: Received): Record<string, unknown> {
  const message = new Webhook(secret).verify(body, headers as Record<string, string>) as Record<string, unknown>
  holdAgainstContract(headers, message)
  return message
}
