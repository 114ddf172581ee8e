import { isIP } from 'node:net'
import Type, { type Static } from 'typebox'
import { Value } from 'typebox/value'

/**
 * Options that every variable's schema carries: `description` says what it is for and `expects` what a right value is,
 * in words that fit after "must be". Both are read by the README's configuration table. The value of a `secret` is
 * never repeated in a message.
 */
type About = {
  description: string
  expects: string
  default?: string | number | boolean
  secret?: true
}

const Text = (about: About & { minLength?: number }) => Type.String(about)
const Flag = (about: Omit<About, 'expects'>) => Type.Boolean({ ...about, expects: 'true or false' })

const Whole = (about: Omit<About, 'expects'> & { minimum: number; maximum: number }) =>
  Type.Integer({ ...about, expects: `a whole number from ${about.minimum} to ${about.maximum}` })

const WebUrl = (about: Omit<About, 'expects'>) =>
  Type.Refine(Type.String({ ...about, expects: 'an http or https URL without user name, query or fragment' }), isWebUrl)

const PostgresUrl = (description: string) =>
  Type.Refine(
    Type.String({ description, expects: 'a postgres:// or postgresql:// URL', secret: true }),
    text => /^postgres(ql)?:\/\//.test(text) && URL.canParse(text.replace('@/', '@localhost/')),
  )

/** All that can be set from outside, with its defaults. Times are in milliseconds, sizes in bytes. */
export const Config = Type.Object({
  port: Whole({
    description: 'TCP port to listen on; 0 takes a free one.',
    default: 3000,
    minimum: 0,
    maximum: 65_535,
  }),
  host: Text({
    description: 'Address to listen on; 0.0.0.0 for every interface.',
    expects: 'a host name or an IP address',
    default: '127.0.0.1',
  }),
  publicUrl: Type.Optional(
    Type.Refine(
      Type.String({
        description:
          'Where others reach the service, used in absolute links; without a path, as other links begin with /.',
        expects: 'an http or https URL without user name, path, query or fragment',
      }),
      text => isWebUrl(text) && new URL(text).pathname === '/',
    ),
  ),
  databaseUrl: Type.Optional(
    PostgresUrl('PostgreSQL 15 or newer to use. Unset: a PostgreSQL of its own is started under DATA_DIR.'),
  ),
  databaseDirectUrl: Type.Optional(
    PostgresUrl(
      'The same database on the primary and past any pooler, for LISTEN and the migration lock. Unset: DATABASE_URL.',
    ),
  ),
  databaseNamedStatements: Flag({
    description: 'Prepare hot queries by name. Set to false behind PgBouncer in transaction mode.',
    default: true,
  }),
  databasePoolMax: Whole({ description: 'Most database connections at once.', default: 10, minimum: 1, maximum: 1000 }),
  databaseStatementTimeoutMs: Whole({
    description: 'Longest time that one statement may take, in milliseconds.',
    default: 4000,
    minimum: 100,
    maximum: 600_000,
  }),
  databaseLockTimeoutMs: Whole({
    description: 'Longest wait for a database lock, in milliseconds.',
    default: 2000,
    minimum: 100,
    maximum: 600_000,
  }),
  dataDir: Text({
    description: 'Folder for what the service makes itself: its own PostgreSQL, and secrets that were not given.',
    expects: 'the path of a folder',
    default: '.data',
  }),
  logLevel: Type.Enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
    description: 'The least severe level that is logged.',
    expects: 'one of fatal, error, warn, info, debug, trace, silent',
    default: 'info',
  }),
  keyPepper: Type.Optional(
    Text({
      description:
        'Secret mixed into the stored hashes of API keys, the same for every process. Unset: made in DATA_DIR/pepper.',
      expects: 'at least 32 characters',
      minLength: 32,
      secret: true,
    }),
  ),
  webhookKey: Type.Optional(
    Text({
      description:
        'Secret that the secrets of webhooks are encrypted with, the same for every process. Unset: made in DATA_DIR/webhook-key.',
      expects: 'at least 32 characters',
      minLength: 32,
      secret: true,
    }),
  ),
  webhookLoopback: Flag({
    description: 'Let webhooks go to loopback addresses and `localhost`, by http and to any port. For tests only.',
    default: false,
  }),
  worker: Flag({
    description:
      'Send webhooks, and open and close vacancies, in the service too. Set to false where `npm run worker` does it in a process of its own.',
    default: true,
  }),
  cacheBytesMax: Whole({
    description:
      'Most memory for published roles kept ready to send, in bytes, and an eighth as much for pages of their list; 0 keeps none.',
    default: 64 * 1024 * 1024,
    minimum: 0,
    maximum: 64 * 1024 ** 3,
  }),
  oidcIssuer: Type.Optional(
    WebUrl({ description: 'Issuer whose JWTs are accepted beside API keys; goes with OIDC_AUDIENCE.' }),
  ),
  oidcAudience: Type.Optional(
    Text({
      description: 'Audience that those JWTs must name; goes with OIDC_ISSUER.',
      expects: 'the identifier of this service at the issuer',
    }),
  ),
  trustProxy: Type.Optional(
    Type.Array(Type.Refine(Type.String(), isCidr), {
      description: 'Reverse proxies, by address, whose forwarding headers are believed.',
      expects: 'IP addresses or CIDR ranges with commas between them, as in 10.0.0.0/8,192.168.1.7',
      minItems: 1,
    }),
  ),
  rateLimitPerMinute: Whole({
    description: 'Requests a minute for each caller with a key.',
    default: 6000,
    minimum: 1,
    maximum: 10_000_000,
  }),
  rateLimitAnonymousPerMinute: Whole({
    description: 'Requests a minute for each address without a key.',
    default: 6000,
    minimum: 1,
    maximum: 10_000_000,
  }),
  securityContact: Type.Refine(
    Type.String({
      description: 'Whom to tell of a vulnerability, as /.well-known/security.txt says it.',
      expects: 'a mailto: or https: address',
      default: 'mailto:security@example.org',
    }),
    text => /^(mailto:[^\s@]+@[^\s@]+|https:\/\/\S+)$/.test(text),
  ),
  serviceName: Text({
    description: 'What the pages call the service.',
    expects: 'a name',
    default: 'Role Register',
  }),
  crownBranding: Flag({
    description:
      'Show the crown, the crest and the typeface of GOV.UK on pages. They are licensed to services on GOV.UK.',
    default: false,
  }),
})
export type Config = Readonly<Static<typeof Config>>

/** Which environment variable fills which member of `Config`. */
export const variables: Readonly<Record<keyof Config, string>> = {
  port: 'PORT',
  host: 'HOST',
  publicUrl: 'PUBLIC_URL',
  databaseUrl: 'DATABASE_URL',
  databaseDirectUrl: 'DATABASE_DIRECT_URL',
  databaseNamedStatements: 'DATABASE_NAMED_STATEMENTS',
  databasePoolMax: 'DATABASE_POOL_MAX',
  databaseStatementTimeoutMs: 'DATABASE_STATEMENT_TIMEOUT_MS',
  databaseLockTimeoutMs: 'DATABASE_LOCK_TIMEOUT_MS',
  dataDir: 'DATA_DIR',
  logLevel: 'LOG_LEVEL',
  keyPepper: 'KEY_PEPPER',
  webhookKey: 'WEBHOOK_KEY',
  webhookLoopback: 'WEBHOOK_LOOPBACK',
  worker: 'WORKER',
  cacheBytesMax: 'CACHE_BYTES_MAX',
  oidcIssuer: 'OIDC_ISSUER',
  oidcAudience: 'OIDC_AUDIENCE',
  trustProxy: 'TRUST_PROXY',
  rateLimitPerMinute: 'RATE_LIMIT_PER_MINUTE',
  rateLimitAnonymousPerMinute: 'RATE_LIMIT_ANONYMOUS_PER_MINUTE',
  securityContact: 'SECURITY_CONTACT',
  serviceName: 'SERVICE_NAME',
  crownBranding: 'CROWN_BRANDING',
}

/** The environment does not fit `Config`; the message has one line for each variable that is wrong. */
export class ConfigError extends Error {
  override name = 'ConfigError'
  /** One sentence for each wrong variable, beginning with its name. */
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(`The configuration is not right:\n${problems.map(problem => `  ${problem}`).join('\n')}`)
    this.problems = problems
  }
}

/**
 * Reads the configuration from environment variables. An empty variable counts as unset, because compose files pass
 * those on; a variable that is not ours is ignored. The result is frozen.
 *
 * @throws ConfigError that names every wrong variable at once, and says what would be right.
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const problems: string[] = []
  const read: Record<string, unknown> = {}
  for (const [member, schema] of Object.entries(Config.properties)) {
    const about = schema as typeof schema & About
    const variable = variables[member as keyof Config]
    const text = env[variable]?.trim()
    if (!text) {
      if (about.default !== undefined) read[member] = about.default
      continue
    }
    const value = fromText(text, schema)
    if (Value.Check(schema, value)) read[member] = value
    else problems.push(`${variable} must be ${about.expects}${about.secret ? '' : `, not ${JSON.stringify(text)}`}.`)
  }
  if (problems.length === 0) problems.push(...contradictions(read))
  if (problems.length > 0) throw new ConfigError(problems)
  if (read.databaseUrl) read.databaseDirectUrl ??= read.databaseUrl
  if (Array.isArray(read.trustProxy)) Object.freeze(read.trustProxy)
  return Object.freeze(Value.Parse(Config, read))
}

/** The base URL of absolute links, without a slash at the end: PUBLIC_URL, or one by which this machine reaches itself. */
export function baseUrlOf({ publicUrl, host }: Config, port: number): string {
  if (publicUrl) return publicUrl.replace(/\/+$/, '')
  // Not every address to listen on is one to connect to.
  if (host === '0.0.0.0' || host === '::') return `http://localhost:${port}`
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}

function contradictions(read: Readonly<Record<string, unknown>>): string[] {
  const problems: string[] = []
  if (read.oidcIssuer && !read.oidcAudience) problems.push('OIDC_AUDIENCE must be set when OIDC_ISSUER is.')
  if (read.oidcAudience && !read.oidcIssuer) problems.push('OIDC_ISSUER must be set when OIDC_AUDIENCE is.')
  if (read.databaseDirectUrl && !read.databaseUrl)
    problems.push('DATABASE_URL must be set when DATABASE_DIRECT_URL is.')
  return problems
}

/** What is not a number or a flag stays text, so that the schema refuses it and the message can show it. */
function fromText(text: string, schema: object): unknown {
  switch ('type' in schema && schema.type) {
    case 'integer':
      return /^\d{1,15}$/.test(text) ? Number(text) : text
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : text
    case 'array':
      return text.split(',').map(part => part.trim())
    default:
      return text
  }
}

function isWebUrl(text: string): boolean {
  if (!/^https?:\/\//.test(text) || !URL.canParse(text)) return false
  const url = new URL(text)
  return !url.username && !url.password && !url.search && !url.hash
}

function isCidr(text: string): boolean {
  const [address = '', prefix, more] = text.split('/')
  const version = isIP(address)
  if (version === 0 || more !== undefined) return false
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128))
}
