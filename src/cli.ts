/** What is done to a register from the command line: `node src/cli.ts <command> [options]`. */
import { type ParseArgsConfig, parseArgs } from 'node:util'
import { createKey, keyOptions, keyUsage, readKeyArguments } from './api-keys/command.ts'
import { ArgumentsError } from './arguments.ts'
import { baseUrlOf, type Config, readConfig } from './config.ts'
import { contractText } from './contract.ts'
import { connect } from './database/connect.ts'
import { type OpenDatabase, openDatabase } from './database/open.ts'
import { commandPool, importFiles, importOptions, importUsage, readImportArguments } from './imports/command.ts'
import { startWorker } from './jobs/worker.ts'
import { createLogger } from './logger.ts'
import { findOrMakeSecret } from './secret-file.ts'
import { loadSheet, readSheet, sheetUsage } from './sfia/command.ts'
import { onStopSignal } from './signals.ts'

interface Input {
  config: Config
  /** The options that the command declares. */
  values: Readonly<Record<string, unknown>>
  positionals: readonly string[]
  /** Tells the caller how it goes, on stderr: stdout is for results. */
  log: (message: string) => void
}

interface Command {
  summary: string
  /** How it is called, where that takes more than its summary. */
  usage?: string
  options?: NonNullable<ParseArgsConfig['options']>
  /** Gives an exit code other than 0 where it has one to give. */
  run(input: Input): Promise<unknown>
}

/** A command's work on the migrated database, which is closed behind it. */
async function withDatabase<T>(
  config: Config,
  log: Input['log'],
  work: (db: ReturnType<typeof connect>, database: OpenDatabase) => Promise<T>,
): Promise<T> {
  const database = await openDatabase(config, log)
  const db = connect({ url: database.url, namedStatements: config.databaseNamedStatements })
  try {
    return await work(db, database)
  } finally {
    await db.destroy()
    await database.close()
  }
}

const commands: Readonly<Record<string, Command>> = {
  migrate: {
    summary: 'bring the database at DATABASE_DIRECT_URL (or DATABASE_URL, or under DATA_DIR) up to date',
    async run({ config, log }) {
      const database = await openDatabase(config, log)
      await database.close()
      log('the database is up to date')
    },
  },
  worker: {
    summary: 'send webhooks, open and close vacancies until SIGTERM, beside services that have WORKER=false',
    async run({ config, log }) {
      await withDatabase(config, log, async (db, { directUrl }) => {
        const worker = startWorker({
          db,
          directUrl,
          baseUrl: baseUrlOf(config, config.port),
          webhooks: {
            key: config.webhookKey ?? (await findOrMakeSecret(config.dataDir, 'webhook-key')),
            allowLoopback: config.webhookLoopback,
          },
          log: createLogger(config.logLevel),
        })
        log('the worker is at work')
        await new Promise<void>(resolve => onStopSignal(() => resolve()))
        await worker.close()
      })
    },
  },
  openapi: {
    summary: 'print the contract, which openapi/openapi.json holds',
    async run() {
      process.stdout.write(await contractText())
    },
  },
  'keys:create': {
    summary: 'make an API key and print it: keys:create --name NAME --organisation SLUG --scopes a,b',
    usage: keyUsage,
    options: keyOptions,
    async run({ config, values, positionals, log }) {
      const args = readKeyArguments(values, positionals)
      await withDatabase(config, log, async db => {
        const pepper = config.keyPepper ?? (await findOrMakeSecret(config.dataDir, 'pepper'))
        const { key, notes } = await createKey(db, pepper, args)
        for (const note of notes) log(note)
        process.stdout.write(`${key}\n`)
      })
    },
  },
  import: {
    summary: 'import documents as drafts, or restore an export: import PATH… --organisation SLUG [--overwrite]',
    usage: importUsage,
    options: importOptions,
    async run({ config, values, positionals, log }) {
      const args = readImportArguments(values, positionals)
      const outlet = { isTerminal: process.stdout.isTTY === true, stream: process.stdout }
      const pool = commandPool()
      try {
        return await withDatabase(config, log, db => importFiles(db, pool, args, outlet))
      } finally {
        await pool.close()
      }
    },
  },
  'sfia:load': {
    summary: 'load the SFIA spreadsheet that you are licensed for: sfia:load --version 9 file.csv|file.xlsx',
    usage: sheetUsage,
    options: { version: { type: 'string' } },
    async run({ config, values, positionals, log }) {
      const { version, bytes } = await readSheet(values.version, positionals)
      await withDatabase(config, log, async db => log(await loadSheet(db, version, bytes)))
    },
  },
}

const usage = () => {
  const width = Math.max(...Object.keys(commands).map(name => name.length))
  const lines = Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`)
  return `Usage: role-register <command> [options]\n\nCommands:\n${lines.join('\n')}\n`
}

/** Gives the exit code: 0 done, 1 failed, 2 not understood; or that of the command. */
async function main([name = '', ...args]: readonly string[]): Promise<number> {
  if (name === '--help' || name === 'help') {
    process.stdout.write(usage())
    return 0
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (!command) {
    process.stderr.write(`${name ? `There is no command ${JSON.stringify(name)}.` : 'Which command?'}\n\n${usage()}`)
    return 2
  }
  let parsed: Pick<Input, 'values' | 'positionals'>
  try {
    const options = { ...command.options, help: { type: 'boolean' } } as const
    parsed = parseArgs({ args, options, allowPositionals: true })
  } catch (error) {
    // Node's own goes on with advice on arguments that begin with a dash.
    const [what] = messageOf(error).split('. To specify')
    process.stderr.write(`${what?.replace(/\.?$/, '.')}\nUsage: ${command.usage ?? `npm run ${name}`}\n`)
    return 2
  }
  if (parsed.values.help) {
    process.stdout.write(`${name}: ${command.summary}\n${command.usage ? `Usage: ${command.usage}\n` : ''}`)
    return 0
  }
  try {
    const log = (message: string) => process.stderr.write(`${message}\n`)
    const code = await command.run({ ...parsed, config: readConfig(process.env), log })
    return typeof code === 'number' ? code : 0
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n`)
    return error instanceof ArgumentsError ? 2 : 1
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

process.exitCode = await main(process.argv.slice(2))
