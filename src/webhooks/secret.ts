/** The secrets of webhooks: made, kept encrypted, and signed with by the Standard Webhooks specification. */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import { Webhook } from 'standardwebhooks'

/** A new secret: `whsec_` and 32 random bytes in base64; the specification has 24 to 64. */
export const makeSecret = () => `whsec_${randomBytes(32).toString('base64')}`

const algorithm = 'aes-256-gcm'
const [ivBytes, tagBytes] = [12, 16]

/** The configured text has its 256 bits of chance already; this only gives them the length of a key. */
const keyOf = (text: string) => createHash('sha256').update(`role-register webhook secrets\n${text}`).digest()

/** Encrypts a secret for one webhook: moved to another's row it cannot be opened. base64url. */
export function seal(key: string, webhook: string, secret: string): string {
  const iv = randomBytes(ivBytes)
  const cipher = createCipheriv(algorithm, keyOf(key), iv).setAAD(Buffer.from(webhook))
  const text = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()])
  return Buffer.concat([iv, cipher.getAuthTag(), text]).toString('base64url')
}

/** Throws where the key is not the one that it was sealed with, or it was altered. */
export function unseal(key: string, webhook: string, sealed: string): string {
  const bytes = Buffer.from(sealed, 'base64url')
  const decipher = createDecipheriv(algorithm, keyOf(key), bytes.subarray(0, ivBytes), { authTagLength: tagBytes })
    .setAAD(Buffer.from(webhook))
    .setAuthTag(bytes.subarray(ivBytes, ivBytes + tagBytes))
  try {
    return decipher.update(bytes.subarray(ivBytes + tagBytes), undefined, 'utf8') + decipher.final('utf8')
  } catch (cause) {
    throw new Error('the secret of a webhook cannot be opened: WEBHOOK_KEY is not the one it was made with', { cause })
  }
}

/** The three headers of a message. While a secret is being replaced there are two, and a signature by each. */
export function signatureHeaders(secrets: readonly string[], id: string, at: Date, body: string) {
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': secrets.map(secret => new Webhook(secret).sign(id, at, body)).join(' '),
  }
}
