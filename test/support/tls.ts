/** Certificates for receivers of webhooks, as `tls/make.sh` made them. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

type Name = 'root' | 'middle' | 'receiver' | 'expired'

export const pemFile = (name: Name, kind: 'pem' | 'key' = 'pem') => join(import.meta.dirname, 'tls', `${name}.${kind}`)

/** The text of a certificate, or of the key of `receiver` and `expired`. */
export const pem = (name: Name, kind: 'pem' | 'key' = 'pem') => readFileSync(pemFile(name, kind), 'utf8')
