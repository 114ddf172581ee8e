/** A real OpenID Connect issuer on this machine: discovery, keys, and tokens signed with them. */
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, type JWK, type JWTHeaderParameters, SignJWT } from 'jose'
import type { Teardown } from './database.ts'
import { secret } from './logs.ts'

type SigningKey = Awaited<ReturnType<typeof generateKeyPair>>['privateKey']

export interface IssuerKey {
  kid: string
  alg: string
  privateKey: SigningKey
  jwk: JWK
}

/** Claims of a token, right or wrong; undefined leaves one out. */
export type Claims = Record<string, unknown>

/** How it answers: as it should, not at all, too late, or in ways that an issuer should not. */
export type Mood = 'well' | 'down' | 'silent' | 'failing' | 'rubbish' | 'redirecting' | 'impostor' | 'no keys'

export async function makeIssuerKey(kid: string, alg = 'ES256'): Promise<IssuerKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  return { kid, alg, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } }
}

export const audience = 'role-register'

export async function startIssuer(t: Teardown, ...initialKeys: IssuerKey[]) {
  let [keys, mood, keyFetches]: [IssuerKey[], Mood, number] = [initialKeys, 'well', 0]
  const answer = (response: ServerResponse, value: unknown) => {
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(value))
  }
  const server = createServer((request, response) => {
    if (request.url === '/tenant/keys') keyFetches++
    if (mood === 'down') return void request.socket.destroy()
    if (mood === 'silent') return
    if (mood === 'failing') return void response.writeHead(500).end('{}')
    if (mood === 'rubbish') return void response.end('<html>')
    if (mood === 'redirecting') return void response.writeHead(302, { location: '/elsewhere' }).end()
    if (request.url === '/tenant/.well-known/openid-configuration')
      return answer(response, {
        issuer: mood === 'impostor' ? 'https://impostor.example' : issuer,
        jwks_uri: `${issuer}/keys`,
      })
    if (request.url === '/tenant/keys')
      return answer(response, mood === 'no keys' ? {} : { keys: keys.map(key => key.jwk) })
    response.writeHead(404).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(async () => {
    server.close()
    server.closeAllConnections()
  })
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}/tenant`
  return {
    issuer,
    /** Which keys it publishes from now on. */
    publish: (...published: IssuerKey[]) => {
      keys = published
    },
    feel: (now: Mood) => {
      mood = now
    },
    /** How often its keys were asked for. */
    fetches: () => keyFetches,
    /** A token of alice at home-office that is valid for ten minutes, but for the claims given. */
    async sign(key: IssuerKey, now: number, claims: Claims = {}, header: Partial<JWTHeaderParameters> = {}) {
      const seconds = Math.floor(now / 1000)
      const all = {
        iss: issuer,
        aud: audience,
        sub: 'alice',
        organisation: 'home-office',
        scope: 'roles:write',
        iat: seconds,
        exp: seconds + 600,
        ...claims,
      }
      const kept = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
      const signed = new SignJWT(kept).setProtectedHeader({ alg: key.alg, kid: key.kid, ...header })
      return secret(await signed.sign(key.privateKey))
    },
  }
}
