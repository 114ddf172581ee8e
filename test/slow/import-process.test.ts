// The import command as a process: cut off in the middle, the same command goes on where it was.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { testDatabase, testFolder } from '../support/database.ts'
import { buildService, Service } from '../support/service.ts'
import { until } from '../support/until.ts'

t.setTimeout(300_000)

t.test('import: killed half-way and run again, every document is one role with one import', async t => {
  const count = 120
  const { db, url } = await testDatabase(t)
  await db.insertInto('organisations').values({ slug: 'home-office', name: 'Home Office' }).execute()
  const folder = await testFolder(t)
  for (let number = 0; number < count; number += 1)
    await writeFile(
      join(folder, `tester-${number}.md`),
      `# Tester ${number}\n\n## About us\n\nWe test.\n\n## About the role\n\nYou test.\n\n## Duties\n\n- Test ${number}\n`,
    )
  const build = await buildService()
  t.after(() => build.remove())
  const start = () => {
    const args = ['import', folder, '--organisation', 'home-office']
    return new Service(build, 'cli', { env: { DATABASE_URL: url, LOG_LEVEL: 'warn' }, args })
  }
  const told = (service: Service, what: string) => service.out.split(`${what} /`).length - 1

  const killed = start()
  await until(() => told(killed, 'created') >= count / 3, 120_000)
  await killed.kill()
  const before = await db.selectFrom('roles').select('slug').execute()
  t.ok(before.length >= count / 3 && before.length < count, `${before.length} were done`)

  const again = start()
  t.equal((await again.exited).code, 0, again.err)
  // Sessions of the killed one may have ended with a commit that it was not told of.
  const made = told(again, 'created')
  t.equal(made + told(again, 'unchanged'), count)
  t.ok(made > 0 && made <= count - before.length, `${made} were left`)
  const roles = await db.selectFrom('roles').select(['slug', 'revision']).execute()
  t.equal(roles.length, count)
  t.ok(roles.every(({ revision }) => revision === 1))
  const imports = await db.selectFrom('events').select('role').where('type', '=', 'role_imported').execute()
  t.equal(imports.length, count)
})

t.test('import: --help → 0 with the usage; without --organisation → 2', async t => {
  const { url } = await testDatabase(t)
  const folder = await testFolder(t)
  await writeFile(join(folder, 'tester.md'), '# Tester\n')
  const build = await buildService()
  t.after(() => build.remove())
  const run = async (...args: string[]) => {
    const service = new Service(build, 'cli', { env: { DATABASE_URL: url }, args: ['import', ...args] })
    const { code } = await service.exited
    return { code, out: service.out, err: service.err }
  }
  const help = await run('--help')
  t.match(help, { code: 0, out: /^Usage: npm run import -- PATH… --organisation SLUG/m, err: '' })
  const missing = await run(folder)
  t.match(missing, { code: 2, out: '', err: /^--organisation says whose roles these are\.\nUsage: npm run import/m })
})
