import { readFile } from 'node:fs/promises'
import t from 'tap'
import { parse } from 'yaml'
import { Config, ConfigError, readConfig, variables } from '../src/config.ts'

const problemsOf = (env: Record<string, string>): readonly string[] => {
  try {
    readConfig(env)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

t.test('an empty environment gives the defaults, frozen', async t => {
  const config = readConfig({})
  t.strictSame(config, {
    port: 3000,
    host: '127.0.0.1',
    databaseNamedStatements: true,
    databasePoolMax: 10,
    databaseStatementTimeoutMs: 4000,
    databaseLockTimeoutMs: 2000,
    dataDir: '.data',
    logLevel: 'info',
    webhookLoopback: false,
    worker: true,
    cacheBytesMax: 67_108_864,
    rateLimitPerMinute: 6000,
    rateLimitAnonymousPerMinute: 6000,
    securityContact: 'mailto:security@example.org',
    serviceName: 'Role Register',
    crownBranding: false,
  })
  t.ok(Object.isFrozen(config))
})

t.test('every variable is read, and those that are not ours are left alone', async t => {
  const [pepper, webhookKey] = ['p'.repeat(32), 'w'.repeat(32)]
  const env = {
    PORT: '0',
    HOST: '0.0.0.0',
    PUBLIC_URL: 'https://roles.example/',
    DATABASE_URL: 'postgres://app:secret@pooler:6432/roles',
    DATABASE_DIRECT_URL: 'postgresql://app:secret@primary/roles?sslmode=require',
    DATABASE_NAMED_STATEMENTS: 'false',
    DATABASE_POOL_MAX: '25',
    DATABASE_STATEMENT_TIMEOUT_MS: '1000',
    DATABASE_LOCK_TIMEOUT_MS: '500',
    DATA_DIR: '/var/lib/roles',
    LOG_LEVEL: 'debug',
    KEY_PEPPER: pepper,
    WEBHOOK_KEY: webhookKey,
    WEBHOOK_LOOPBACK: 'true',
    WORKER: 'false',
    CACHE_BYTES_MAX: '0',
    OIDC_ISSUER: 'https://issuer.example',
    OIDC_AUDIENCE: 'role-register',
    TRUST_PROXY: '10.0.0.0/8, 192.168.1.7,fd00::/8',
    RATE_LIMIT_PER_MINUTE: '60',
    RATE_LIMIT_ANONYMOUS_PER_MINUTE: '30',
    SECURITY_CONTACT: 'https://register.example/security',
    SERVICE_NAME: 'Register of roles',
    CROWN_BRANDING: 'true',
  }
  t.strictSame(Object.values(variables).sort(), Object.keys(env).sort())
  t.strictSame(readConfig({ ...env, NODE_OPTIONS: '--inspect', PORTS: 'x' }), {
    port: 0,
    host: '0.0.0.0',
    publicUrl: 'https://roles.example/',
    databaseUrl: 'postgres://app:secret@pooler:6432/roles',
    databaseDirectUrl: 'postgresql://app:secret@primary/roles?sslmode=require',
    databaseNamedStatements: false,
    databasePoolMax: 25,
    databaseStatementTimeoutMs: 1000,
    databaseLockTimeoutMs: 500,
    dataDir: '/var/lib/roles',
    logLevel: 'debug',
    keyPepper: pepper,
    webhookKey,
    webhookLoopback: true,
    worker: false,
    cacheBytesMax: 0,
    oidcIssuer: 'https://issuer.example',
    oidcAudience: 'role-register',
    trustProxy: ['10.0.0.0/8', '192.168.1.7', 'fd00::/8'],
    rateLimitPerMinute: 60,
    rateLimitAnonymousPerMinute: 30,
    securityContact: 'https://register.example/security',
    serviceName: 'Register of roles',
    crownBranding: true,
  })
})

t.test('an empty variable counts as unset', async t => {
  t.strictSame(readConfig({ PORT: '', DATABASE_URL: ' ', KEY_PEPPER: '' }), readConfig({}))
})

t.test('the direct URL is the other one unless given', async t => {
  t.equal(readConfig({ DATABASE_URL: 'postgres://db/roles' }).databaseDirectUrl, 'postgres://db/roles')
})

t.test('all wrong variables are named at once, with what would be right and without secrets', async t => {
  const problems = problemsOf({
    PORT: '65536',
    PUBLIC_URL: 'ftp://roles.example',
    DATABASE_URL: 'mysql://app:hunter2@db/roles',
    DATABASE_NAMED_STATEMENTS: 'yes',
    LOG_LEVEL: 'loud',
    KEY_PEPPER: 'hunter2',
    TRUST_PROXY: 'true',
  })
  t.strictSame(problems, [
    'PORT must be a whole number from 0 to 65535, not "65536".',
    'PUBLIC_URL must be an http or https URL without user name, path, query or fragment, not "ftp://roles.example".',
    'DATABASE_URL must be a postgres:// or postgresql:// URL.',
    'DATABASE_NAMED_STATEMENTS must be true or false, not "yes".',
    'LOG_LEVEL must be one of fatal, error, warn, info, debug, trace, silent, not "loud".',
    'KEY_PEPPER must be at least 32 characters.',
    'TRUST_PROXY must be IP addresses or CIDR ranges with commas between them, as in 10.0.0.0/8,192.168.1.7, not "true".',
  ])
})

t.test('a wrong value is refused', async t => {
  const wrong: Record<string, string[]> = {
    PORT: ['-1', '3000.5', '0x10', '1e3', 'http'],
    PUBLIC_URL: [
      'roles.example',
      'https://',
      'https://a:b@roles.example',
      'https://roles.example/?x=1',
      // Addresses that begin with / would lead past it.
      'https://roles.example/register',
    ],
    DATABASE_URL: ['db/roles', 'postgres://[', 'http://db'],
    DATABASE_POOL_MAX: ['0', 'ten'],
    DATABASE_STATEMENT_TIMEOUT_MS: ['0', '99'],
    TRUST_PROXY: ['1', 'loopback', '10.0.0.0/33', '10.0.0.0/8/8', 'fd00::/129', '10.0.0.0/8,'],
    CACHE_BYTES_MAX: ['-1', '64MiB'],
  }
  for (const [variable, values] of Object.entries(wrong))
    for (const value of values) {
      const problems = problemsOf({ [variable]: value })
      t.equal(problems.length, 1, `${variable}=${value}`)
      t.match(problems[0], new RegExp(`^${variable} must be `))
    }
})

t.test('variables that go together are asked for together', async t => {
  t.strictSame(problemsOf({ OIDC_ISSUER: 'https://issuer.example' }), [
    'OIDC_AUDIENCE must be set when OIDC_ISSUER is.',
  ])
  t.strictSame(problemsOf({ OIDC_AUDIENCE: 'us' }), ['OIDC_ISSUER must be set when OIDC_AUDIENCE is.'])
  t.strictSame(problemsOf({ DATABASE_DIRECT_URL: 'postgres://db/roles' }), [
    'DATABASE_URL must be set when DATABASE_DIRECT_URL is.',
  ])
})

t.test('every member says what it is for and what is right', async t => {
  for (const [member, schema] of Object.entries(Config.properties))
    t.match(schema, { description: /\.$/, expects: /^[^.]/ }, member)
})

t.test('compose.yaml: every variable is passed on, with the service’s own default', async t => {
  const text = await readFile(new URL('../docker/compose.yaml', import.meta.url), 'utf8')
  const { services } = parse(text, { merge: true }) as {
    services: Record<'register' | 'migrate', { environment: Record<string, string> }>
  }
  // The container's own: the image says where it listens, and secrets are given, so that nothing is kept in it.
  const own = ['PORT', 'HOST', 'DATA_DIR']
  const needed = ['DATABASE_URL', 'KEY_PEPPER', 'WEBHOOK_KEY', 'PUBLIC_URL']
  const names = Object.values(variables).filter(name => !own.includes(name))
  const { environment } = services.register
  t.strictSame(Object.keys(environment).sort(), [...names].sort())
  t.strictSame(services.migrate.environment, environment)
  for (const name of names.filter(name => !needed.includes(name))) t.equal(environment[name], `\${${name}:-}`)
  const empty = Object.fromEntries(names.map(name => [name, '']))
  t.strictSame(readConfig(empty), readConfig({}))
})
