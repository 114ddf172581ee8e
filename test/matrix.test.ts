// Who may do what: every operation of the contract, asked with every kind of credential. What is private holds the
// word "quagga", so that its absence can be asserted whatever form an answer has. A new operation is in here by itself;
// it needs an entry below only for a path parameter that is new, or where its example does not fit this register.
import { type Kysely, sql } from 'kysely'
import t, { type Test } from 'tap'
import { keyTag } from '../src/api-keys/store.ts'
import type { Database } from '../src/database/types.ts'
import { exampleDocument } from '../src/document/schema.ts'
import { exampleVacancy } from '../src/document/vacancy.ts'
import { type Scope, scopeNames } from '../src/plugins/auth.ts'
import { type ProblemCode, problemTypes } from '../src/plugins/problems.ts'
import { type Answer, keyedApp } from './support/keys.ts'

/**
 * The value of each path parameter, by the path up to it, or for one operation by its id; private where it names what is
 * home-office's alone to change, readable where everybody may read it all the same.
 */
const parameters: Record<string, { value: string; private?: true; readable?: true }> = {
  '/v1/roles/{role}': { value: 'data-engineer', private: true },
  '/v1/roles/{role}/versions/{version}': { value: '1' },
  '/v1/roles/{role}/draft/sections/{section}': { value: 'role_summary' },
  '/v1/roles/{role}/draft/skills/{skill}': { value: 's1' },
  '/v1/roles/{role}/draft/sfia-mappings/{code}': { value: 'PROG' },
  '/v1/shared-sections/{slug}': { value: 'about-us', private: true },
  '/v1/organisations/{slug}': { value: 'empty-office' },
  '/v1/skills/{slug}': { value: 'zoology' },
  deleteSkill: { value: 'botany' },
  '/v1/sfia/{version}': { value: '9' },
  '/v1/sfia/{version}/skills/{code}': { value: 'PROG' },
  '/v1/code-lists/{name}': { value: 'section_kinds' },
  '/problems/{code}': { value: 'not_found' },
  '/roles/{role}': { value: 'data-engineer' },
  '/roles/{role}/versions/{version}': { value: '1' },
  '/sitemaps/{number}': { value: '1' },
}

/** Bodies where the example of the contract does not go with what is in this register. */
const bodies: Record<string, unknown> = {
  createApiKey: { name: 'A key', owner: 'mallory', owner_kind: 'person', scopes: ['keys:manage'] },
  addSection: { kind: 'benefits', heading: 'Benefits', blocks: [] },
  addRoleSkill: { statement: 'Can write SQL', importance: 'desirable' },
  addSfiaMapping: { code: 'DESN', level: 5 },
  replaceSfiaMapping: { code: 'PROG', level: 4 },
  createImport: '# Zoo keeper\n\n## About the role\n\nYou will keep the zoo.\n',
  orderSections: { sections: exampleDocument.sections.map(({ id }) => id).reverse() },
}

/** Members of the body where what it names is of the first organisation: the same of the other's own. */
const othersMembers: Record<string, object> = { createVacancy: { role: 'circus-guide' } }

/** Probes look at no credential: they must answer without the database. */
const unguarded = /^\/health\//

/** The key of a form is one of its fields: test/pages.test.ts sends them with every kind of key. */
const forms = new Set(['importFromForm', 'downloadOriginalFromForm'])

/** Query parameters without which an operation does nothing here. */
const queries: Record<string, string> = {
  createImport: 'slug=zoo-keeper',
  createRole: 'slug=new-role',
  createOrganisation: 'slug=new-office',
  createSkill: 'slug=new-skill',
  createSharedSection: 'slug=new-section',
  diffRole: 'from=1&to=1',
}

interface Operation {
  id: string
  method: string
  path: string
  /** Null where anybody may; '' where any credential does. */
  scope: Scope | '' | null
  parameters: { in: string; name: string; required?: boolean; schema?: { default?: unknown } }[]
  requestBody?: { content: Record<string, { example?: unknown; schema?: { $ref?: string } }> }
}

interface Contract {
  paths: Record<
    string,
    Record<string, Omit<Operation, 'scope'> & { operationId: string; security?: Record<string, string[]>[] }>
  >
  components: { schemas: Record<string, { properties?: Record<string, unknown> }> }
}

/** Scopes that let a caller do a part of what the operation does, by its line. */
const alternatives = new Map<string, Scope[]>()

/** What an operation asks for; throws where the contract does not say. */
function scopeOf(line: string, security: Record<string, string[]>[] | undefined): Operation['scope'] {
  if (!security?.length) throw new Error(`${line} has no security entry`)
  if (security.some(entry => Object.keys(entry).length === 0)) return null
  // Each entry is one way in: the first lets a caller do all, the others some of it.
  const [scope = '', ...more] = security.flatMap(entry => Object.values(entry).flat())
  if ([scope, ...more].some(name => name !== '' && !scopeNames.includes(name as Scope)))
    throw new Error(`${line} asks for what is no scope: ${[scope, ...more]}`)
  alternatives.set(line, more as Scope[])
  return scope as Scope | ''
}

function operationsOf({ paths }: Contract): Operation[] {
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([verb, { operationId, security, parameters = [], requestBody }]) => {
      const method = verb.toUpperCase()
      const scope = scopeOf(`${method} ${path}`, security)
      return { id: operationId, method, path, scope, parameters, ...(requestBody ? { requestBody } : {}) }
    }),
  )
}

const { app, db, call, makeKey } = await keyedApp(t)
const contract = app.swagger() as unknown as Contract
const operations = operationsOf(contract)

const marker = /quagga/i
const everything = scopeNames.filter(name => name !== 'admin')
const administrator = await makeKey(['admin'], { owner: 'root' })
const ofOthers = { organisation: 'other-office', owner: 'mallory' }
const othersAdministrator = await makeKey(['admin'], ofOthers)

/** The requests that make what the matrix is asked about; each must go well. */
async function prepare(): Promise<void> {
  await db.insertInto('organisations').values({ slug: 'empty-office', name: 'Empty Office' }).execute()
  const levels = JSON.stringify({ awareness: null, working: null, practitioner: null, expert: null })
  await db
    .insertInto('skills')
    .values([
      { slug: 'zoology', name: 'Zoology', level_descriptions: levels },
      { slug: 'botany', name: 'Botany', level_descriptions: levels },
    ])
    .execute()
  const blocks = JSON.stringify([{ type: 'paragraph', text: 'We keep a quagga.' }])
  await db
    .insertInto('shared_sections')
    .values([
      {
        slug: 'about-us',
        organisation: 'home-office',
        kind: 'organisation_overview',
        heading: 'About the quagga',
        blocks,
      },
      { slug: 'quagga-care', organisation: 'home-office', kind: 'benefits', heading: 'Quagga care', blocks },
    ])
    .execute()
  const succeed = async (line: string, options: Parameters<typeof call>[1]) => {
    const answer = await call(line, { key: administrator.text, match: '*', ...options })
    if (answer.status >= 300) throw new Error(`${line} → ${answer.status}: ${answer.text}`)
    return answer
  }
  const overview = { kind: 'organisation_overview', heading: 'About', shared_section: 'quagga-care', blocks: [] }
  const secret = {
    ...exampleDocument,
    title: 'Keeper of the quagga',
    sections: [...exampleDocument.sections, overview],
    skills: exampleDocument.skills.map(skill => ({ ...skill, skill: 'zoology' })),
  }
  await succeed('POST /v1/roles?slug=quagga-keeper&organisation=home-office', { body: secret })
  await succeed('POST /v1/roles?slug=data-engineer&organisation=home-office', { body: exampleDocument })
  await succeed('POST /v1/roles/data-engineer/publications', { body: { change_note: 'First published' } })
  const text = 'You will look after the quagga.'
  const summary = {
    id: 'role_summary',
    kind: 'role_summary',
    heading: 'About the role',
    blocks: [{ type: 'paragraph', text }],
  }
  await succeed('PATCH /v1/roles/data-engineer/draft', {
    body: {
      title: 'Quagga engineer',
      sections: [summary, ...exampleDocument.sections.slice(1)],
      skills: [{ id: 's1', statement: 'Can groom a quagga', importance: 'essential' }],
    },
    headers: { 'content-type': 'application/merge-patch+json' },
  })
  await succeed('POST /v1/roles/data-engineer/submissions', { body: { comment: 'The quagga is in.' } })
  await succeed('POST /v1/roles?slug=circus-guide&organisation=other-office', { body: exampleDocument })
  await succeed('POST /v1/roles/circus-guide/publications', { body: { change_note: 'First published' } })
  const open = await succeed('POST /v1/vacancies', { body: { ...exampleVacancy, opens_at: null } })
  const [openAt, draftAt] = [
    open,
    await succeed('POST /v1/vacancies', { body: { ...exampleVacancy, business_area: 'Quagga unit' } }),
  ].map(({ headers }) => String(headers.location))
  await succeed(`POST ${openAt}/openings`, { body: {} })
  const idOf = (path = '') => path.split('/').at(-1) ?? ''
  parameters['/v1/vacancies/{vacancy}'] = { value: idOf(openAt) }
  parameters.createVacancyWithdrawal = { value: idOf(openAt), private: true, readable: true }
  for (const id of ['replaceVacancy', 'patchVacancy', 'deleteVacancy', 'validateVacancy', 'createOpening'])
    parameters[id] = { value: idOf(draftAt), private: true }
  const name = 'Quagga feed'
  const key = { name, owner: 'quagga-team', owner_kind: 'person', scopes: ['keys:manage'], organisation: 'home-office' }
  const made = await succeed('POST /v1/api-keys', { body: key })
  const hook = await succeed('POST /v1/webhooks?organisation=home-office', {
    body: { url: 'https://jobs.example.org/hooks', description: 'Tells of the quagga' },
  })
  const webhook = (hook.body as { id: string }).id
  parameters['/v1/webhooks/{id}'] = { value: webhook, private: true }
  const ping = await succeed(`POST /v1/webhooks/${webhook}/pings`, {})
  parameters['/v1/webhooks/{id}/deliveries/{delivery}'] = { value: (ping.body as { id: string }).id, private: true }
  parameters['/v1/api-keys/{id}'] = { value: (made.body as { id: string }).id, private: true }
  const imported = await succeed('POST /v1/imports?organisation=home-office&slug=quagga-import', {
    body: '# Quagga groom\n\n## About the role\n\nYou will groom the quagga.\n',
    headers: { 'content-type': 'text/markdown' },
  })
  const id = String(imported.headers.location).split('/').at(-1) ?? ''
  parameters['/v1/imports/{id}'] = { value: id, private: true }
}

/** Parameters up to each brace, in order: `/v1/roles/{role}`, `/v1/roles/{role}/draft/skills/{skill}`. */
const prefixesOf = (path: string) =>
  [...path.matchAll(/\{[^}]+\}/g)].map(({ index, 0: { length } }) => path.slice(0, index + length))

function parameterOf(id: string, prefix: string) {
  const parameter = parameters[id] ?? parameters[prefix]
  if (!parameter) throw new Error(`The matrix needs a value for the last parameter of ${prefix}`)
  return parameter
}

/** The address of an operation with its parameters filled in. */
function urlOf({ id, path, parameters }: Operation, ...more: string[]): string {
  const filled = prefixesOf(path).reduce((url, prefix) => url.replace(/\{[^}]+\}/, parameterOf(id, prefix).value), path)
  const query = [queries[id], ...more].filter(Boolean).join('&')
  const missing = parameters.find(
    ({ in: place, name, required, schema }) =>
      place === 'query' && required && schema?.default === undefined && !`&${query}`.includes(`&${name}=`),
  )
  if (missing) throw new Error(`The matrix needs ?${missing.name}= for ${id}`)
  return query === '' ? filled : `${filled}?${query}`
}

const isWrite = ({ method }: Operation) => method !== 'GET'
const takesOrganisation = ({ parameters }: Operation) => parameters.some(({ name }) => name === 'organisation')

function bodyOf({ id, requestBody }: Operation): { body?: unknown; type?: string } {
  const [entry] = Object.entries(requestBody?.content ?? {})
  if (!entry) return {}
  const body = bodies[id] ?? entry[1].example
  if (body === undefined) throw new Error(`${id} has no example of its body`)
  return { body, type: entry[0] }
}

const namesOrganisationInBody = ({ requestBody }: Operation) => {
  const [content] = Object.values(requestBody?.content ?? {})
  const name = content?.schema?.$ref?.split('/').at(-1) ?? ''
  return contract.components.schemas[name]?.properties?.organisation !== undefined
}

function ask(
  operation: Operation,
  key: string | undefined,
  query: string[] = [],
  members: object = {},
): Promise<Answer> {
  const { body, type } = bodyOf(operation)
  const takesMatch = operation.parameters.some(({ name }) => name === 'If-Match')
  return call(`${operation.method} ${urlOf(operation, ...query)}`, {
    ...(key === undefined ? {} : { key }),
    ...(takesMatch ? { match: '*' } : {}),
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : { ...body, ...members } }),
    headers: type === undefined ? {} : { 'content-type': type },
  })
}

/** As it would be done, with nothing stored: so the cases of the matrix do not depend on each other. */
const tryOut = (operation: Operation, key: string | undefined, members: object = {}) =>
  ask(operation, key, isWrite(operation) ? ['dry_run=true'] : [], members)

/** A digest of each table but of `events`, where refusals may be noted. */
async function digestTables(db: Kysely<Database>): Promise<Record<string, string>> {
  const tables = await sql<{ name: string }>`
    select tablename as name from pg_tables where schemaname = 'public' and tablename <> 'events' order by 1`.execute(
    db,
  )
  const digests: Record<string, string> = {}
  for (const { name } of tables.rows) {
    const { rows } = await sql<{ digest: string }>`
      select coalesce(md5(string_agg(r::text, '' order by r::text)), '') as digest from ${sql.table(name)} r`.execute(
      db,
    )
    digests[name] = rows[0]?.digest ?? ''
  }
  return digests
}

/** A refusal has these members and no other, so it holds nothing of what was asked for. */
function isRefusal(t: Test, answer: Answer, code: ProblemCode, detail: string | RegExp, what: string): void {
  const { status, title } = problemTypes[code]
  const sent = answer.body as { detail: string; instance: string }
  const problem = {
    type: `/problems/${code}`,
    title,
    status,
    detail: typeof detail === 'string' ? detail : sent.detail,
    instance: sent.instance,
    code,
    request_id: answer.headers['request-id'],
    errors: [],
  }
  t.strictSame([answer.status, answer.body], [status, problem], `${what} → ${status} ${code}`)
  if (typeof detail !== 'string') t.match(sent.detail, detail, `${what}: the detail`)
  const telling = ['etag', 'last-modified', 'location', 'link', 'content-location'].filter(name => answer.headers[name])
  t.strictSame(telling, [], `${what}: no header of what is there`)
  t.notMatch(answer.text, marker, `${what}: no data`)
}

const unauthenticated = 'This needs a valid key: send Authorization: Bearer with an API key.'
const hidden = /^There is no [A-Za-z ]+ "[^"]+" that you may read\.$/
const foreign = 'This key belongs to "other-office"; the scope admin is needed for another.'

const isDone = (t: Test, answer: Answer, what: string) =>
  t.ok(
    answer.status >= 200 && answer.status < 300,
    `${what} → ${answer.status}${answer.status < 300 ? '' : answer.text}`,
  )

/** Only known once everything is made. */
const revealing = new Set<string>()

await prepare()
const before = await digestTables(db)

for (const operation of operations.filter(({ id }) => !forms.has(id))) {
  const { id, method, path, scope } = operation
  t.test(`${method} ${path}`, async t => {
    const needed: Scope[] = scope === null || scope === '' ? ['roles:read_drafts'] : [scope]
    const [expired, revoked] = await Promise.all([makeKey(needed, { days: -1 }), makeKey(needed)])
    await call(`DELETE /v1/api-keys/${revoked.row.id}`, { key: administrator.text, match: keyTag(revoked.row) })
    const [right, others] = await Promise.all([makeKey(needed), makeKey(needed, ofOthers)])
    const named = prefixesOf(path).map(prefix => parameterOf(id, prefix))
    const isHidden = named.some(parameter => parameter.private)
    const isReadable = named.some(parameter => parameter.readable)

    if (unguarded.test(path)) {
      for (const key of [undefined, expired.text, right.text]) isDone(t, await ask(operation, key), 'any key or none')
      return
    }
    isRefusal(t, await ask(operation, expired.text), 'unauthenticated', unauthenticated, 'expired key')
    isRefusal(t, await ask(operation, revoked.text), 'unauthenticated', unauthenticated, 'revoked key')

    if (scope === null) {
      const open = await tryOut(operation, undefined)
      isDone(t, open, 'no key')
      t.notMatch(open.text, marker, 'no key: nothing private')
      const known = await tryOut(operation, others.text)
      t.strictSame([known.status, known.text], [open.status, open.text], 'another organisation → the same')
      return
    }

    isRefusal(t, await ask(operation, undefined), 'unauthenticated', unauthenticated, 'no key')
    if (!isWrite(operation)) {
      const head = await call(`HEAD ${urlOf(operation)}`)
      t.strictSame([head.status, head.text], [401, ''], 'no key, HEAD → 401')
    }
    if (scope !== '') {
      const fitting = [scope, ...(alternatives.get(`${method} ${path}`) ?? [])]
      const wrong = await makeKey(everything.filter(name => !fitting.includes(name)))
      const needs = `This needs a key with the scope ${scope}.`
      isRefusal(t, await ask(operation, wrong.text), 'insufficient_scope', needs, 'wrong scope')
    }

    if (isReadable)
      isRefusal(t, await ask(operation, others.text), 'insufficient_scope', foreign, 'for what all may read')
    else if (isHidden && scope !== 'admin')
      isRefusal(t, await ask(operation, others.text), 'not_found', hidden, 'right scope of another organisation')
    else {
      const own = await tryOut(operation, others.text, othersMembers[id])
      isDone(t, own, 'right scope of another organisation, for what is theirs')
      if (scope !== 'admin') t.notMatch(own.text, marker, 'right scope of another organisation: nothing of the first')
    }
    if (scope !== 'admin' && !isHidden) {
      if (takesOrganisation(operation)) {
        const named = await ask(operation, others.text, ['organisation=home-office'])
        isRefusal(t, named, 'insufficient_scope', foreign, 'another organisation that names the first')
      }
      if (namesOrganisationInBody(operation)) {
        const named = await ask(operation, others.text, [], { organisation: 'home-office', scopes: needed })
        isRefusal(t, named, 'insufficient_scope', foreign, 'another organisation that names the first in the body')
      }
    }

    const done = await tryOut(operation, right.text)
    isDone(t, done, 'right')
    if (marker.test(done.text)) revealing.add(operation.id)
    isDone(t, await tryOut(operation, othersAdministrator.text), 'admin of another organisation')
  })
}

t.test('refusals and dry runs → nothing stored', async t => {
  const after = await digestTables(db)
  // The keys that the matrix itself made are no part of what it asked for.
  t.strictSame({ ...after, api_keys: '' }, { ...before, api_keys: '' })
})

t.test('there was something to hide', async t => {
  const private_ = operations.filter(({ scope, method }) => method === 'GET' && scope !== null && scope !== '')
  t.ok(revealing.size > private_.length / 2, [...revealing].join(', '))
})

// Open connections would keep the root test from ending by itself, and with it what closes them.
t.end()
