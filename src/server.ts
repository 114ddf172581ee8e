/** The service as a process: from the environment to a listening server, and to a clean end. */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Logger } from 'pino'
import { authenticator } from './api-keys/authenticator.ts'
import { build } from './app.ts'
import { baseUrlOf, type Config, ConfigError, readConfig } from './config.ts'
import { connect } from './database/connect.ts'
import { openDatabase } from './database/open.ts'
import { startWorker, type Worker } from './jobs/worker.ts'
import { createLogger } from './logger.ts'
import { findOrMakeSecret } from './secret-file.ts'
import { seed } from './seed.ts'
import { onStopSignal } from './signals.ts'

/** How long requests that are on their way to a server that stops are waited for, where a connection is open. */
const lingerMs = 1000
/** How long requests in flight may take to end after a signal, and how long the rest of the stop may take. */
const drainMs = 10_000
const closeMs = 15_000

/** What has been started, each with what ends it, in the order of starting. */
type Closers = (() => Promise<unknown>)[]

/** Starts everything in order; `stopping` is looked at between the steps, and ends the wait for a database. */
async function start(config: Config, logger: Logger, closers: Closers, stopping: AbortSignal): Promise<void> {
  const log = (message: string) => logger.info(message)
  const database = await openDatabase(config, log, stopping)
  closers.push(() => database.close())
  if (stopping.aborted) return

  const db = connect({
    url: database.url,
    max: config.databasePoolMax,
    statementTimeoutMs: config.databaseStatementTimeoutMs,
    lockTimeoutMs: config.databaseLockTimeoutMs,
    namedStatements: config.databaseNamedStatements,
    onError: error => logger.warn({ err: error }, 'an idle database connection was lost'),
  })
  closers.push(() => db.destroy())

  const pepper = config.keyPepper ?? (await findOrMakeSecret(config.dataDir, 'pepper'))
  if (database.isEmbedded) await seed({ db, dataDir: config.dataDir, pepper, log })
  if (stopping.aborted) return

  const { oidcIssuer: issuer, oidcAudience: audience } = config
  const oidc = issuer && audience ? { issuer, audience } : undefined
  const { authenticate, close } = authenticator({ db, pepper, oidc, log: logger })
  closers.push(close)

  // Links need the port before anything listens on it.
  const port = config.port || (await findFreePort(config.host))
  const baseUrl = baseUrlOf(config, port)
  const webhooks = {
    key: config.webhookKey ?? (await findOrMakeSecret(config.dataDir, 'webhook-key')),
    allowLoopback: config.webhookLoopback,
  }
  let worker: Worker | undefined
  // It ends after the app has: what is written until then it may still send.
  closers.push(async () => worker?.close())
  const app = await build({
    db,
    logger,
    authenticate,
    pepper,
    webhooks,
    baseUrl,
    listenUrl: database.directUrl,
    cacheBytesMax: config.cacheBytesMax,
    rateLimits: { perKey: config.rateLimitPerMinute, perAddress: config.rateLimitAnonymousPerMinute },
    securityContact: config.securityContact,
    branding: { serviceName: config.serviceName, crownBranding: config.crownBranding },
    ...(config.trustProxy ? { trustProxy: config.trustProxy } : {}),
  })
  // Whoever sent a request as the signal came found his connection closed: each is answered first, and told that it closes.
  app.addHook('preClose', () => linger(app.server))
  closers.push(() => drain(app))
  const listening = app.listen({
    port,
    host: config.host,
    // With Node's own 511, a rush of clients has its first packets dropped, and each waits a second to send another.
    backlog: 4096,
    listenTextResolver: address => `listening at ${address} for ${baseUrl}`,
  })
  await listening.catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE') throw error
    throw new Error(`Port ${port} of ${config.host} is in use. Set PORT to another one, or to 0 for any.`)
  })
  // Not before: while the app is made, nothing else has a turn, and connections would be given up.
  if (config.worker) {
    const workerDb = connect({
      url: database.url,
      name: 'role-register worker',
      max: 4,
      namedStatements: config.databaseNamedStatements,
      onError: error => logger.warn({ err: error }, 'an idle database connection of the worker was lost'),
    })
    const started = startWorker({ db: workerDb, directUrl: database.directUrl, baseUrl, webhooks, log: logger })
    worker = { close: () => started.close().finally(() => workerDb.destroy()) }
  }
  // Who has a server of our own started is a person at a terminal rather than a log collector.
  if (database.isEmbedded)
    process.stdout.write(
      `\nRole Register\n  pages ${baseUrl}/roles\n  API   ${baseUrl}/v1\n  docs  ${baseUrl}/docs\n\n`,
    )
}

/** Waits until nobody has a connection open, each answer now closing its own, or `lingerMs`. */
async function linger(server: Server): Promise<void> {
  const connections = promisify(server.getConnections.bind(server))
  const end = performance.now() + lingerMs
  while (performance.now() < end && (await connections()) > 0) await sleep(20)
  // What came while this process had no turn is read before anything is closed.
  await nextTurn()
}

/** Stops accepting, lets requests in flight end, and cuts those that take too long. */
async function drain(app: Awaited<ReturnType<typeof build>>): Promise<void> {
  const cut = setTimeout(() => app.server.closeAllConnections(), drainMs)
  try {
    await app.close()
  } finally {
    clearTimeout(cut)
  }
}

/** In the opposite order of starting; what does not end in time, or fails to, holds up nothing else. */
async function closeAll(closers: Closers, logger: Logger): Promise<void> {
  for (const close of closers.reverse()) {
    const limit = new AbortController()
    const tooLate = sleep(drainMs + closeMs, 'late', { signal: limit.signal }).catch(() => 'done')
    try {
      if ((await Promise.race([close(), tooLate])) === 'late') logger.error('a part of the service did not end in time')
    } catch (error) {
      logger.error({ err: error }, 'a part of the service did not end cleanly')
    } finally {
      limit.abort()
    }
  }
}

async function findFreePort(host: string): Promise<number> {
  const probe = createServer().listen(0, host)
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}

async function main(): Promise<void> {
  let config: Config
  try {
    config = readConfig(process.env)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exit(1)
  }
  const logger = createLogger(config.logLevel)
  const closers: Closers = []
  const stopping = new AbortController()
  let exitCode = 0

  const starting = start(config, logger, closers, stopping.signal).catch(error => {
    // Ctrl-C reaches also what was being started, whose end is no failure then.
    if (stopping.signal.aborted) return
    logger.fatal({ err: error }, `could not start: ${error instanceof Error ? error.message : error}`)
    exitCode = 1
    void stop()
  })
  const stop = async () => {
    if (stopping.signal.aborted) return
    stopping.abort()
    // Whatever it waits for: a migration that is cut off leaves nothing half done.
    await Promise.race([starting, sleep(drainMs)])
    await closeAll(closers, logger)
    logger.info('stopped')
    process.exit(exitCode)
  }
  onStopSignal(signal => {
    logger.info(`${signal}: stopping`)
    void stop()
  })
  const crash = (error: unknown) => {
    logger.fatal({ err: error }, 'an error that nothing handled')
    process.exit(1)
  }
  process.on('uncaughtException', crash)
  process.on('unhandledRejection', crash)
}

await main()
