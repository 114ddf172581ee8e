import { exportSPKI, generateKeyPair, importJWK, SignJWT } from 'jose'
import t from 'tap'
import { authenticateToken } from '../src/api-keys/oidc.ts'
import { Problem } from '../src/plugins/problems.ts'
import { audience, type Claims, type Mood, makeIssuerKey, startIssuer } from './support/issuer.ts'
import { keyedApp } from './support/keys.ts'

const [minute, hour] = [60_000, 3_600_000]

/** A clock that stands still until it is moved. */
function stoppedClock() {
  let time = Date.parse('2030-01-01T00:00:00Z')
  return {
    now: () => time,
    pass: (ms: number) => {
      time += ms
    },
  }
}

const alice = {
  id: 'token:alice',
  owner: 'alice',
  organisation: 'home-office',
  scopes: new Set(['roles:write']),
}

function checker(issuer: string, now: () => number, fetchTimeoutMs = 3000) {
  const warnings: string[] = []
  const log = { warn: (_about: object, message: string) => void warnings.push(message) }
  const authenticate = authenticateToken({ issuer, audience, log, now, fetchTimeoutMs })
  return { authenticate, warnings }
}

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

t.test('a token signed with each algorithm of the list → its caller', async t => {
  const clock = stoppedClock()
  const algorithms = ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA', 'Ed25519']
  const keys = await Promise.all(algorithms.map(alg => makeIssuerKey(`key-${alg}`, alg)))
  const issuer = await startIssuer(t, ...keys)
  const { authenticate } = checker(issuer.issuer, clock.now)
  for (const key of keys)
    t.strictSame(
      await authenticate(await issuer.sign(key, clock.now())),
      { ...alice, expiresAt: '2030-01-01T00:10:00.000Z' },
      key.alg,
    )
  t.equal(issuer.fetches(), 1)
})

t.test('the claims of a token → owner, organisation, scopes', async t => {
  const clock = stoppedClock()
  const key = await makeIssuerKey('k1')
  const issuer = await startIssuer(t, key)
  const { authenticate } = checker(issuer.issuer, clock.now)
  const callerOf = async (claims: Claims) => authenticate(await issuer.sign(key, clock.now(), claims))
  const scopesOf = async (claims: Claims) => [...((await callerOf(claims))?.scopes ?? ['nobody'])].sort()

  t.strictSame(await scopesOf({ scope: 'openid roles:write email roles:publish' }), ['roles:publish', 'roles:write'])
  t.strictSame(await scopesOf({ scope: undefined, scp: ['audit:read', 'User.Read'] }), ['audit:read'])
  t.strictSame(await scopesOf({ scope: undefined, scp: 'audit:read metrics:read' }), ['audit:read', 'metrics:read'])
  t.strictSame(await scopesOf({ scope: undefined, roles: ['admin', 7, null] }), ['admin'])
  t.strictSame(await scopesOf({ roles: ['keys:manage'] }), ['keys:manage', 'roles:write'])
  t.strictSame(await scopesOf({ scope: undefined }), [], 'a caller who may do what needs no scope')
  t.strictSame(await scopesOf({ scope: { admin: true }, roles: 'constructor __proto__' }), [])
  t.match(await callerOf({ sub: 'auth0|0815', organisation: 'dft' }), {
    id: 'token:auth0|0815',
    owner: 'auth0|0815',
    organisation: 'dft',
  })
  t.match(await callerOf({ aud: ['another', audience] }), alice)
  t.match(await callerOf({ exp: clock.now() / 1000 - 20 }), alice, 'clocks may differ by half a minute')
  t.match(await callerOf({ nbf: clock.now() / 1000 + 20 }), alice)

  const refused: Record<string, Claims> = {
    'another issuer': { iss: 'https://impostor.example' },
    'no issuer': { iss: undefined },
    'another audience': { aud: 'another' },
    'no audience': { aud: undefined },
    'past its end': { exp: clock.now() / 1000 - 31 },
    'no end': { exp: undefined },
    'an end that is no number': { exp: '2040' },
    'not begun': { nbf: clock.now() / 1000 + 31 },
    'no subject': { sub: undefined },
    'an empty subject': { sub: ' ' },
    'a subject with a line break': { sub: 'alice\nadmin' },
    'a long subject': { sub: 'a'.repeat(256) },
    'no organisation': { organisation: undefined },
    'an organisation that is no slug': { organisation: 'Home Office' },
    'two organisations': { organisation: ['home-office', 'dft'] },
  }
  for (const [what, claims] of Object.entries(refused)) t.equal(await callerOf(claims), null, what)
})

t.test('a token that is not signed as it must be → null', async t => {
  const clock = stoppedClock()
  const [rsa, key, stranger] = await Promise.all([
    makeIssuerKey('rsa', 'RS256'),
    makeIssuerKey('k1'),
    makeIssuerKey('k1'),
  ])
  const issuer = await startIssuer(t, rsa, key)
  const { authenticate, warnings } = checker(issuer.issuer, clock.now)
  const good = await issuer.sign(key, clock.now())
  const [header = '', payload = '', signature = ''] = good.split('.')
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString())
  const publicKey = await exportSPKI((await importJWK(rsa.jwk, 'RS256', { extractable: true })) as never)
  const { privateKey } = await generateKeyPair('RS512')
  const withHeader = (more: object) => `${encode({ alg: 'ES256', kid: 'k1', ...more })}.${payload}.${signature}`
  const tokens = {
    'no signature': `${encode({ alg: 'none' })}.${payload}.`,
    'alg none with a signature': `${encode({ alg: 'none', kid: 'k1' })}.${payload}.${signature}`,
    'HMAC with the public key': await new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256', kid: 'rsa' })
      .sign(new TextEncoder().encode(publicKey)),
    'an algorithm that is not in the list': await new SignJWT(claims)
      .setProtectedHeader({ alg: 'RS512', kid: 'rsa' })
      .sign(privateKey),
    'another key of the same name': await issuer.sign(stranger, clock.now()),
    'changed claims': `${header}.${encode({ ...claims, scope: 'admin' })}.${signature}`,
    'a changed signature': `${header}.${payload}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`,
    'an extension that is critical': withHeader({ crit: ['exp'], exp: 1 }),
    'a key of its own': withHeader({ jwk: stranger.jwk }),
    'no kid, and several keys of the kind': `${encode({ alg: 'PS256' })}.${payload}.${signature}`,
    'claims that are no JSON': `${header}.${Buffer.from('rubbish').toString('base64url')}.${signature}`,
    'a header that is no JSON': `${Buffer.from('rubbish').toString('base64url')}.${payload}.${signature}`,
    'three words': 'a.b.c',
    'five parts': `${good}.${payload}.${signature}`,
    'not a token': 'rubbish',
  }
  for (const [what, token] of Object.entries(tokens)) t.equal(await authenticate(token), null, what)
  t.ok(await authenticate(good))
  t.strictSame(warnings, [])
})

t.test('the issuer changes its keys → a new kid is looked for at most once a minute', async t => {
  const clock = stoppedClock()
  const [first, second] = await Promise.all([makeIssuerKey('k1'), makeIssuerKey('k2')])
  const issuer = await startIssuer(t, first)
  const { authenticate } = checker(issuer.issuer, clock.now)
  const signed = async (key = first) => authenticate(await issuer.sign(key, clock.now()))
  t.ok(await signed())

  issuer.publish(second)
  clock.pass(minute - 1)
  t.equal(await signed(second), null, 'too early')
  t.equal(issuer.fetches(), 1)
  clock.pass(1)
  t.ok(await signed(second))
  t.equal(issuer.fetches(), 2)
  t.equal(await signed(first), null, 'what the issuer took back')
  t.equal(issuer.fetches(), 2)
})

t.test('keys that were taken back → refused after ten minutes at the latest', async t => {
  const clock = stoppedClock()
  const key = await makeIssuerKey('k1')
  const issuer = await startIssuer(t, key)
  const { authenticate } = checker(issuer.issuer, clock.now)
  t.ok(await authenticate(await issuer.sign(key, clock.now())))
  issuer.publish()
  clock.pass(10 * minute)
  t.ok(await authenticate(await issuer.sign(key, clock.now())))
  clock.pass(1)
  t.equal(await authenticate(await issuer.sign(key, clock.now())), null)
  t.equal(issuer.fetches(), 2)
})

t.test('a flood of unknown kids → one fetch a minute', async t => {
  const clock = stoppedClock()
  const key = await makeIssuerKey('k1')
  const issuer = await startIssuer(t, key)
  const { authenticate } = checker(issuer.issuer, clock.now)
  const flood = async () => {
    const tokens = await Promise.all(
      Array.from({ length: 50 }, (_, n) => issuer.sign(key, clock.now(), {}, { kid: `unknown-${n}` })),
    )
    return new Set(await Promise.all(tokens.map(authenticate)))
  }
  t.strictSame(await flood(), new Set([null]))
  t.equal(issuer.fetches(), 1)
  t.strictSame(await flood(), new Set([null]))
  t.equal(issuer.fetches(), 1)
  clock.pass(minute)
  t.strictSame(await flood(), new Set([null]))
  t.equal(issuer.fetches(), 2)
  t.ok(await authenticate(await issuer.sign(key, clock.now())), 'meanwhile those who are known get in')
})

t.test('the issuer is down → its last keys are good for 24 hours, then nobody can be told', async t => {
  const clock = stoppedClock()
  const key = await makeIssuerKey('k1')
  const issuer = await startIssuer(t, key)
  const { authenticate, warnings } = checker(issuer.issuer, clock.now)
  const signed = async () => authenticate(await issuer.sign(key, clock.now()))
  t.ok(await signed())
  issuer.feel('down')
  clock.pass(hour)
  t.ok(await signed())
  t.ok(await signed())
  t.equal(warnings.length, 1, 'asked once, for both')
  t.strictSame(new Set(warnings), new Set(['the keys of the token issuer could not be fetched']))
  clock.pass(23 * hour)
  t.ok(await signed())
  clock.pass(1)
  await t.rejects(signed(), unavailable)
  issuer.feel('well')
  clock.pass(5000)
  t.ok(await signed(), 'it is back')
})

const unavailable = new Problem('unavailable', 'The register cannot check tokens now. Try again in a few seconds.')

for (const mood of ['down', 'silent', 'failing', 'rubbish', 'redirecting', 'impostor', 'no keys'] satisfies Mood[])
  t.test(`the issuer is ${mood} from the start → no verdict, and it is asked again after five seconds`, async t => {
    const clock = stoppedClock()
    const key = await makeIssuerKey('k1')
    const issuer = await startIssuer(t, key)
    issuer.feel(mood)
    const { authenticate, warnings } = checker(issuer.issuer, clock.now, 200)
    const signed = async () => authenticate(await issuer.sign(key, clock.now()))
    await Promise.all([t.rejects(signed(), unavailable), t.rejects(signed(), unavailable)])
    issuer.feel('well')
    await t.rejects(signed(), unavailable)
    t.equal(warnings.length, 1)
    clock.pass(5000)
    t.ok(await signed())
  })

t.test('GET /v1/me', async t => {
  const key = await makeIssuerKey('k1')
  const issuer = await startIssuer(t, key)
  issuer.feel('down')
  const { db, call, makeKey } = await keyedApp(t, { issuer: issuer.issuer, audience })
  const token = await issuer.sign(key, Date.now(), { scope: 'openid keys:manage', organisation: 'other-office' })

  t.test('with a token while the issuer cannot be reached → 503 that does not say where it is', async t => {
    const answer = await call('GET /v1/me', { key: token })
    t.equal(answer.status, 503)
    t.equal(answer.headers['retry-after'], '5')
    t.strictSame(answer.body, {
      type: '/problems/unavailable',
      title: 'The register cannot answer now',
      status: 503,
      detail: 'The register cannot check tokens now. Try again in a few seconds.',
      instance: '/v1/me',
      code: 'unavailable',
      request_id: answer.headers['request-id'],
      errors: [],
    })
    t.notMatch(JSON.stringify(answer), /127\.0\.0\.1|tenant/)
  })

  t.test('with a token → 200', async t => {
    issuer.feel('well')
    // The checker asked a moment ago and would wait; another process would not.
    const { call } = await keyedApp(t, { issuer: issuer.issuer, audience })
    const answer = await call('GET /v1/me', { key: token })
    t.equal(answer.status, 200)
    const { expires_at } = answer.body as { expires_at: string }
    t.strictSame(answer.body, {
      id: 'token:alice',
      owner: 'alice',
      organisation: 'other-office',
      scopes: ['keys:manage'],
      expires_at,
    })
    const made = await call('POST /v1/api-keys', {
      key: token,
      body: { name: 'By token', owner: 'alice', owner_kind: 'person', scopes: ['keys:manage'] },
    })
    t.equal(made.status, 201)
    t.match(made.body, { organisation: 'other-office', created_by: 'alice' })
    const wrong = await call('GET /v1/me', { key: await issuer.sign(key, Date.now(), { aud: 'another' }) })
    const none = await call('GET /v1/me')
    t.equal(wrong.status, 401)
    t.strictSame({ ...(wrong.body as object), request_id: '' }, { ...(none.body as object), request_id: '' })
    t.equal(wrong.headers['www-authenticate'], none.headers['www-authenticate'])
  })

  t.test('with an API key beside an issuer → 200', async t => {
    const { text, row } = await makeKey(['roles:write'])
    const answer = await call('GET /v1/me', { key: text })
    t.equal(answer.status, 200)
    t.match(answer.body, { id: `key:${row.id}` })
    t.equal((await db.selectFrom('api_keys').select('id').execute()).length, 1)
  })
})
