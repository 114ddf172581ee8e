/**
 * Where webhooks may go: public addresses of the internet and nothing else. An address is checked when it is written
 * down and, as names mean something else each time they are asked for, the one that is connected to at each connection.
 */

import { Resolver } from 'node:dns/promises'
import { once } from 'node:events'
import { connect, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import ipaddr from 'ipaddr.js'

export interface Reach {
  /** Lets loopback addresses and `localhost` be used, by http and at any port: for tests, and never in production. */
  allowLoopback: boolean
}

/** Longer than any real one; also what one column of a log can show. */
export const urlMax = 2000

const portsAllowed = new Set(['', '443', '8443'])

/** Azure gives its virtual machines their metadata and keys at a public address; all other clouds use a reserved one. */
const metadata = '168.63.129.16'

/** All unicast addresses that were ever handed out (RFC 4291 §2.5.4); ipaddr.js calls unicast whatever it does not know. */
const globalUnicast = ipaddr.parseCIDR('2000::/3')

/**
 * Whether a connection may be made to an IP address: not to what is private, loopback, link-local, shared, multicast,
 * reserved, for documentation, or an IPv4 address in an IPv6 one's clothes. False for what is no IP address.
 */
export function mayReach(address: string, { allowLoopback }: Reach): boolean {
  if (isIP(address) === 0) return false
  const ip = ipaddr.parse(address)
  const range = ip.range()
  if (range === 'loopback') return allowLoopback
  if (range !== 'unicast') return false
  return ip.kind() === 'ipv4' ? address !== metadata : ip.match(globalUnicast)
}

/** The host of a URL as connections take it: IPv6 without brackets, names without a final dot. */
const hostOf = ({ hostname }: URL) => hostname.replace(/^\[|\]$|\.$/g, '')

/** A name for loopback alone, which DNS is not asked about (RFC 6761 §6.3). */
const isLocalhost = (host: string) => host.toLowerCase() === 'localhost'

/** Names that only mean something within a machine or a network (RFC 6761, RFC 6762, and ICANN's `.internal`). */
const isLocalName = (host: string) => /\.(localhost|local|internal)$/i.test(host)

/**
 * Why a text cannot be the address of a webhook, in words that say what would be right; undefined where it can. URL has
 * made dotted IPv4 addresses of their decimal, hexadecimal and octal forms. What a name stands for is not asked.
 */
export function wrongAddress(text: string, reach: Reach): string | undefined {
  if (!URL.canParse(text)) return 'This is not an address. Write it like https://jobs.example.org/hooks/roles.'
  const url = new URL(text)
  const host = hostOf(url)
  // A public host is held to the same with the setting as without.
  const isLoopback = isLocalhost(host) || (isIP(host) !== 0 && ipaddr.parse(host).range() === 'loopback')
  const isFree = reach.allowLoopback && isLoopback
  if (url.protocol !== 'https:' && !(isFree && url.protocol === 'http:')) return 'This must begin with https://.'
  if (url.username || url.password) return 'This must hold no user name or password: the signature shows who calls.'
  if (url.hash) return 'This must hold no fragment.'
  if (!portsAllowed.has(url.port) && !isFree) return 'The port must be 443 or 8443.'
  if (isIP(host) ? !mayReach(host, reach) : !((host.includes('.') && !isLocalName(host)) || isFree))
    return `"${host}" is no host of the public internet.`
  return undefined
}

/** Finds the addresses of a host; [] where it has none. */
export type Resolve = (host: string) => Promise<string[]>

/**
 * Asks DNS itself. The system's own look-up would hold one of four threads for as long as a name server takes, and with
 * it everybody else's.
 */
export const resolveHost: Resolve = async host => {
  const resolver = new Resolver({ timeout: 1500, tries: 2 })
  const answers = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)])
  return answers.flatMap(answer => (answer.status === 'fulfilled' ? answer.value : []))
}

/** There is no address at which the host may be reached. The message is for the owner of the webhook. */
export class Unreachable extends Error {
  override name = 'Unreachable'
}

const beforeEnd = <T>(work: Promise<T>, signal: AbortSignal): Promise<T> =>
  new Promise((resolve, reject) => {
    const end = () => reject(signal.reason)
    if (signal.aborted) return end()
    signal.addEventListener('abort', end, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', end))
  })

/**
 * Connects to the host of a URL, with TLS where it says https. One answer of DNS is asked for, checked and connected to,
 * so that another answer a moment later changes nothing; where it holds one address that is not allowed, none is used.
 *
 * @throws Unreachable, the system's error, or the reason of the signal. Nothing has been sent then.
 */
export async function connectTo(
  url: URL,
  { resolve, ca, ...reach }: Reach & { resolve: Resolve; ca?: string },
  signal: AbortSignal,
): Promise<Socket> {
  const host = hostOf(url)
  const isAddress = isIP(host) !== 0
  const isOwn = reach.allowLoopback && isLocalhost(host)
  const known = isAddress ? [host] : isOwn ? ['127.0.0.1', '::1'] : undefined
  const addresses = known ?? (await beforeEnd(resolve(host), signal))
  if (addresses.length === 0) throw new Unreachable('The name of the host has no address.')
  if (!addresses.every(address => mayReach(address, reach)))
    throw new Unreachable('The host has an address that is not one of the public internet.')
  const isSecure = url.protocol === 'https:'
  const socket = connect({
    host,
    port: Number(url.port || (isSecure ? 443 : 80)),
    autoSelectFamily: true,
    // Never asked for the address of an address, which is what was checked.
    lookup: (_host, _options, done) =>
      (done as (error: null, found: { address: string; family: number }[]) => void)(
        null,
        addresses.map(address => ({ address, family: isIP(address) })),
      ),
  })
  let ready = socket
  try {
    await once(socket, 'connect', { signal })
    if (!mayReach(socket.remoteAddress ?? '', reach)) throw new Unreachable('The connection went astray.')
    if (isSecure) {
      ready = connectTls({
        socket,
        host,
        ...(isAddress ? {} : { servername: host }),
        ...(ca ? { ca } : {}),
        // Said, so that no environment variable of Node says otherwise.
        rejectUnauthorized: true,
      })
      await once(ready, 'secureConnect', { signal })
    }
    return ready
  } catch (error) {
    ready.on('error', () => {}).destroy()
    socket.on('error', () => {}).destroy()
    throw error
  }
}
