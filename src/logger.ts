import { type DestinationStream, type Logger, pino } from 'pino'
import type { Config } from './config.ts'

const secretHeaders = ['authorization', 'cookie', 'set-cookie', 'idempotency-key']
const secretMembers = ['password', 'keyPepper', 'pepper', 'databaseUrl', 'databaseDirectUrl', 'secret', 'token']

const redacted = [
  ...secretHeaders.flatMap(name => [`headers["${name}"]`, `*.headers["${name}"]`]),
  ...secretMembers.flatMap(name => [name, `*.${name}`]),
]

/**
 * Logs as one JSON object a line, with secrets taken out: headers that carry credentials, members that hold secrets,
 * passwords in URLs and API keys in the texts of errors, and the values that PostgreSQL puts into its details.
 */
export function createLogger(level: Config['logLevel'], destination?: DestinationStream): Logger {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: redacted, censor: '[redacted]' },
    serializers: { err: describeError, error: describeError },
  }
  return destination ? pino(options, destination) : pino(options)
}

/** What helps to find a fault. Of a database error that is its code and constraint, never the row it was about. */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const { code, constraint } = error as { code?: unknown; constraint?: unknown }
  return {
    type: error.name,
    message: withoutSecrets(error.message),
    stack: withoutSecrets(error.stack ?? ''),
    ...(typeof code === 'string' ? { code } : {}),
    ...(typeof constraint === 'string' ? { constraint } : {}),
    ...(error.cause instanceof Error ? { cause: describeError(error.cause) } : {}),
  }
}

function withoutSecrets(text: string): string {
  return text
    .replace(/(\/\/[^\s/:@]*:)[^\s@]+@/g, '$1[redacted]@')
    .replace(/\b(grr_[a-z]+_\w{8})_\w+/g, '$1_[redacted]')
}
