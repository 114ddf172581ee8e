import fc from 'fast-check'
import t from 'tap'
import { formatKey, generateKey, hashSecret, parseKey, sameHash } from '../src/api-keys/key.ts'

const base62 = [...'0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz']
const characters = (length: number) =>
  fc.array(fc.constantFrom(...base62), { minLength: length, maxLength: length }).map(list => list.join(''))
const keys = fc.record({ id: characters(8), secret: characters(43) })

t.test('generateKey → the form of the design, another one each time', async t => {
  const made = Array.from({ length: 200 }, generateKey)
  t.ok(made.every(({ text }) => /^grr_live_[0-9A-Za-z]{8}_[0-9A-Za-z]{49}$/.test(text)))
  t.strictSame(
    made.map(({ text }) => parseKey(text)),
    made.map(({ id, secret }) => ({ id, secret })),
  )
  t.equal(new Set(made.map(({ id }) => id)).size, made.length)
  t.equal(new Set(made.map(({ secret }) => secret)).size, made.length)
  const drawn = new Set(made.flatMap(({ secret }) => [...secret]))
  t.strictSame([...drawn].sort(), [...base62].sort(), 'every character occurs')
})

t.test('formatKey → a checksum that others can compute: zlib’s CRC-32 in base62', async t => {
  const text = formatKey('AAAAAAAA', 'B'.repeat(43))
  t.equal(text, `grr_live_AAAAAAAA_${'B'.repeat(43)}4db8eH`)
})

t.test('parseKey → what formatKey was given', async () => {
  fc.assert(
    fc.property(keys, ({ id, secret }) => {
      const parsed = parseKey(formatKey(id, secret))
      return parsed?.id === id && parsed.secret === secret
    }),
  )
})

t.test('parseKey → null where one character is another', async () => {
  fc.assert(
    fc.property(keys, fc.nat(66), fc.constantFrom(...base62), ({ id, secret }, place, character) => {
      const text = formatKey(id, secret)
      const changed = text.slice(0, place) + character + text.slice(place + 1)
      fc.pre(changed !== text)
      return parseKey(changed) === null
    }),
  )
})

t.test('parseKey → null where two neighbours changed places, or a part is missing or too much', async () => {
  fc.assert(
    fc.property(keys, fc.nat(65), ({ id, secret }, place) => {
      const text = formatKey(id, secret)
      const swapped = text.slice(0, place) + text.charAt(place + 1) + text.charAt(place) + text.slice(place + 2)
      fc.pre(swapped !== text)
      return parseKey(swapped) === null && parseKey(text.slice(0, place)) === null && parseKey(text + id) === null
    }),
  )
})

t.test('parseKey → null for any other text', async () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), text => parseKey(text) === null))
  fc.assert(fc.property(characters(67), text => parseKey(text) === null))
})

t.test('hashSecret → another hash for another secret or pepper', async () => {
  fc.assert(
    fc.property(characters(43), characters(43), fc.string(), (secret, other, pepper) => {
      fc.pre(secret !== other)
      const hash = hashSecret(secret, pepper)
      return (
        /^[\w-]{43}$/.test(hash) &&
        sameHash(hash, hashSecret(secret, pepper)) &&
        !sameHash(hash, hashSecret(other, pepper)) &&
        !sameHash(hash, hashSecret(secret, `${pepper}.`)) &&
        !sameHash(hash, '')
      )
    }),
  )
})
