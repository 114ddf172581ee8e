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
  t.equal(commands.length, 6)

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
  t.match(parts[0], /"slug":"data-engineer"/, 'the sample role is published')
  t.match(parts[1], /"role":"my-role".*"percent":100.*"losses":\[\]/s, 'the import lost nothing')
  t.match(parts[2], /etag: "r1".*etag: "r2".*"title":"My role".*"ready":true/s, 'the draft was edited')
  t.match(
    parts[3],
    /"version":1.*HTTP\/1.1 200 OK.*"format":1,"slug":"my-role".*"roles":\[.*"slug":"my-role"/s,
    'the role is published',
  )
  t.same(parts[5]?.trim(), '{"changes":[],"next_cursor":"2"}', 'the copy is up to date')
  t.match(parts[4], /Did you mean SEO\?.*"precondition_failed".*"current_etag":"\\"r3\\""/s, 'mistakes are explained')
})
