/**
 * The text of an API key: `grr_live_<8-character id>_<43 base62><6-character CRC32>`. The prefix lets secret scanners
 * find a key that leaked, the checksum lets us refuse a mistyped one without asking the database, and the id is what
 * is looked up and may be logged.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { crc32 } from 'node:zlib'

const prefix = 'grr_live_'
const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const keyForm = /^grr_live_([0-9A-Za-z]{8})_([0-9A-Za-z]{43})([0-9A-Za-z]{6})$/

/** The two parts of a key that mean something. `secret` is 43 base62 characters, 256 bits. */
interface ApiKeyParts {
  id: string
  secret: string
}

/** A new key: its parts, and the text that its owner is shown once. */
export function generateKey(): ApiKeyParts & { text: string } {
  const [id, secret] = [randomBase62(8), randomBase62(43)]
  return { id, secret, text: formatKey(id, secret) }
}

/** The text of a key with its checksum. */
export function formatKey(id: string, secret: string): string {
  const body = `${prefix}${id}_${secret}`
  return body + checksum(body)
}

/** The parts of a key, or null where the text is not one: another form, or a checksum that does not fit. */
export function parseKey(text: string): ApiKeyParts | null {
  const [, id, secret, sum] = keyForm.exec(text) ?? []
  if (id === undefined || secret === undefined) return null
  return checksum(text.slice(0, -6)) === sum ? { id, secret } : null
}

/** HMAC-SHA-256 of the secret part with the pepper, base64url: what is stored, and no use without the pepper. */
export const hashSecret = (secret: string, pepper: string) =>
  createHmac('sha256', pepper).update(secret).digest('base64url')

/** Compares two hashes in a time that does not tell where they differ. */
export function sameHash(a: string, b: string): boolean {
  const [first, second] = [Buffer.from(a), Buffer.from(b)]
  return first.length === second.length && timingSafeEqual(first, second)
}

/** CRC-32 (as in zlib) of the text, as six base62 digits. */
function checksum(text: string): string {
  let [rest, sum] = [crc32(text), '']
  for (let place = 0; place < 6; place++) {
    sum = digits.charAt(rest % 62) + sum
    rest = Math.floor(rest / 62)
  }
  return sum
}

/** Every character equally likely: bytes from 248 on would favour the first digits, so they are drawn again. */
function randomBase62(length: number): string {
  let text = ''
  while (text.length < length) for (const byte of randomBytes(length)) if (byte < 248) text += digits.charAt(byte % 62)
  return text.slice(0, length)
}
