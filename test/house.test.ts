import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'

const source = fileURLToPath(new URL('../src/', import.meta.url))
const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.ts'))

/** The room that a file stands in: `plugins`, `roles`, or '' for what lies at the top. */
const roomOf = (file: string) => (file.includes(sep) ? (file.split(sep)[0] as string) : '')
const processes = ['server.ts', 'cli.ts']
const entrances = [...processes, 'app.ts', 'seed.ts', 'contract.ts']

const imports = files.flatMap(from => {
  const text = readFileSync(join(source, from), 'utf8')
  return [...text.matchAll(/^(?:import|export)\s[^'"]*?from '(?<target>[^']+)'|^import '(?<bare>[^']+)'/gm)].map(
    match => {
      const target = match.groups?.target ?? match.groups?.bare ?? ''
      const to = target.startsWith('.') ? relative(source, join(source, dirname(from), target)) : target
      return { from, to, isLocal: target.startsWith('.') }
    },
  )
})

const rules: { rule: string; broken: (edge: { from: string; to: string; isLocal: boolean }) => boolean }[] = [
  {
    rule: 'document/ imports nothing of the house but itself',
    broken: ({ from, to, isLocal }) => isLocal && roomOf(from) === 'document' && roomOf(to) !== 'document',
  },
  {
    rule: 'database/ imports document/ and itself only',
    broken: ({ from, to, isLocal }) =>
      isLocal && roomOf(from) === 'database' && !['database', 'document'].includes(roomOf(to)) && to !== 'config.ts',
  },
  {
    rule: 'plugins/ import no feature',
    broken: ({ from, to, isLocal }) =>
      isLocal && roomOf(from) === 'plugins' && !['plugins', 'database', 'document'].includes(roomOf(to)),
  },
  { rule: 'a store knows nothing of Fastify', broken: ({ from, to }) => /store\.ts$/.test(from) && to === 'fastify' },
  {
    rule: 'nothing imports the routes of a feature but app.ts',
    broken: ({ from, to }) => /routes\.ts$/.test(to) && roomOf(to) !== roomOf(from) && from !== 'app.ts',
  },
  {
    rule: 'client/ stands alone, and nothing of the service imports it',
    broken: ({ from, to, isLocal }) => isLocal && (roomOf(from) === 'client') !== (roomOf(to) === 'client'),
  },
  {
    rule: 'nothing but a process starts jobs',
    broken: ({ from, to }) => roomOf(to) === 'jobs' && roomOf(from) !== 'jobs' && !processes.includes(from),
  },
  {
    rule: 'what reads bytes of a document, and what houses call things, know nothing of what it means',
    broken: ({ from, to }) => /^imports\/(source|words)\//.test(from) && /^imports\/meaning\//.test(to),
  },
  { rule: 'nothing imports a process', broken: ({ to }) => processes.includes(to) },
  { rule: 'only entrances import app.ts', broken: ({ from, to }) => to === 'app.ts' && !entrances.includes(from) },
  {
    rule: 'no circle between database/ and plugins/',
    broken: ({ from, to, isLocal }) => isLocal && roomOf(from) === 'database' && roomOf(to) === 'plugins',
  },
]

t.test('imports point one way', async t => {
  t.ok(imports.length > 200, 'the imports were found')
  for (const { rule, broken } of rules)
    t.same(
      imports.filter(broken).map(({ from, to }) => `${from} → ${to}`),
      [],
      rule,
    )
})

t.test('only processes touch process', async t => {
  const touching = files.filter(
    file =>
      ![...processes, 'signals.ts'].includes(file) &&
      /(?<![\w.])process\.(env|argv|exit|on|stdout|stderr)\b/.test(readFileSync(join(source, file), 'utf8')),
  )
  t.same(touching, [])
})
