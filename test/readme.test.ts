import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { promisify } from 'node:util'
import t from 'tap'
import { Config, variables } from '../src/config.ts'
import { testFolder } from './support/database.ts'
import { until } from './support/until.ts'

const top = new URL('..', import.meta.url)
const readme = readFileSync(new URL('README.md', top), 'utf8')

/** The table of the README as the schema of the configuration gives it. */
function configurationTable(): string {
  const rows = Object.entries(Config.properties).map(([member, schema]) => {
    const { description, default: value } = schema as { description?: string; default?: unknown }
    return `| \`${variables[member as keyof typeof variables]}\` | ${value === undefined ? '' : `\`${value}\``} | ${description} |`
  })
  return ['| variable | default | what |', '|---|---|---|', ...rows].join('\n')
}

t.test('README: the configuration table is what the schema says', async t => {
  const table = /<!-- configuration[^>]*-->\n([\s\S]*?)\n<!-- \/configuration -->/.exec(readme)?.[1]
  t.equal(table, configurationTable())
})

t.test('README: the tour and the copy run as they are written', async t => {
  const tour = readme.slice(readme.indexOf('## A tour'), readme.indexOf('## Configuration'))
  const commands = [...tour.matchAll(/```sh\n([\s\S]*?)```/g)].map(match => match[1])

  const folder = await testFolder(t)
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  const service = spawn(process.execPath, ['--import=tsx', 'src/server.ts'], {
    cwd: top,
    env: { ...process.env, DATABASE_URL: '', DATA_DIR: folder, PORT: String(port), LOG_LEVEL: 'warn' },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  t.after(async () => {
    service.kill('SIGTERM')
    if (service.exitCode === null) await once(service, 'exit')
  })
  await until(() => fetch(`http://127.0.0.1:${port}/health/ready`).then(({ ok }) => ok), 60_000)

  const script = commands
    .join('\necho; echo ----\n')
    .replaceAll('localhost:3000', `127.0.0.1:${port}`)
    .replaceAll('.data/', `${folder}/`)
    .replaceAll('copy.ndjson', `${folder}/copy.ndjson`)
  const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', script], {
    cwd: top,
    timeout: 60_000,
  })
  const parts = stdout.split('\n----\n')
  t.equal(parts.length, commands.length)
  /** What the block with these words in it printed. */
  const printed = (words: string) => parts[commands.findIndex(command => command?.includes(words))]
  t.match(printed('curl -sS "$API/roles"\n'), /"slug":"data-engineer"/, 'the sample role is published')
  t.match(printed('$API/imports?'), /"role":"my-role".*"percent":100.*"losses":\[\]/s, 'the import lost nothing')
  t.match(printed('draft/validation'), /etag: "r1".*etag: "r2".*"title":"My role".*"ready":true/s, 'it was edited')
  t.match(
    printed('/publications'),
    /"version":1.*HTTP\/1.1 200 OK.*"format":1,"slug":"my-role".*"roles":\[.*"slug":"my-role"/s,
    'the role is published',
  )
  t.match(
    printed('facets='),
    /"slug":"data-engineer".*"corrected_q":"data engineer","facets":\{"total":2/s,
    'roles are found and counted',
  )
  t.match(printed('/vacancies?'), /"status":"open".*"type":"end","count":1/s, 'a vacancy is open, and exported')
  t.match(
    printed('Too late'),
    /Did you mean SEO\?.*"precondition_failed".*"current_etag":"\\"r3\\""/s,
    'mistakes are explained',
  )
  t.match(printed('/changes?'), /^\{"changes":\[\],"next_cursor":"\d+-\d{20}"\}$/, 'the copy is up to date')
})
