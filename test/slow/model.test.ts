// The whole life of roles against a small model of it, by runs of random commands with right, stale and missing ETags.
import fc from 'fast-check'
import t from 'tap'
import { type Answer, testApp } from '../support/app.ts'
import { documentWith, eventsOf } from '../support/roles.ts'

/** What a role should be like. A document is told by its title: null cannot be published. */
interface RoleModel {
  revision: number
  title: string | null
  submitted: number
  published: number
  versions: (string | null)[]
  isWithdrawn: boolean
}
interface Model {
  roles: Map<string, RoleModel>
  /** The last revision of roles that are gone. */
  gone: Map<string, number>
  /** How many events there should be. */
  events: Map<string, number>
}
type Call = Awaited<ReturnType<typeof testApp>>['call']
interface Real {
  call: Call
  /** Goes before each slug, so that each run has roles of its own. */
  prefix: string
}
type Tag = 'right' | 'stale' | 'missing' | 'any'

const statusOf = ({ submitted, published, revision, isWithdrawn }: RoleModel) =>
  submitted === revision ? 'in_review' : published === revision ? (isWithdrawn ? 'withdrawn' : 'published') : 'draft'

const matchOf = (tag: Tag, role: RoleModel | undefined) =>
  ({ right: `"r${role?.revision ?? 1}"`, stale: `"r${(role?.revision ?? 1) + 7}"`, missing: undefined, any: '*' })[tag]

function expect(answer: Answer, what: string, seen: unknown, wanted: unknown): void {
  if (JSON.stringify(seen) !== JSON.stringify(wanted))
    throw new Error(
      `${what}: ${JSON.stringify(seen)} instead of ${JSON.stringify(wanted)} (${answer.status} ${answer.text.slice(0, 300)})`,
    )
}

/** Reads all that there is to see of a role and compares. */
async function compare(model: Model, { call, prefix }: Real, name: string): Promise<void> {
  const slug = prefix + name
  const role = model.roles.get(name)
  const draft = await call(`GET /v1/roles/${slug}/draft`)
  expect(draft, 'draft', [draft.status, draft.etag], role ? [200, `"r${role.revision}"`] : [404, ''])
  if (role) expect(draft, 'document', draft.text, JSON.stringify(documentWith({ title: role.title })))
  const listed = await call(`GET /v1/drafts?q=${slug}`)
  const { drafts } = listed.body as { drafts: { slug: string; status: string; version: number | null }[] }
  const shown = drafts.map(({ slug, status, version }) => [slug, status, version])
  expect(listed, 'status', shown, role ? [[slug, statusOf(role), role.versions.length || null]] : [])
  const latest = await call(`GET /v1/roles/${slug}`, { key: null })
  const versions = role?.versions ?? []
  const status = versions.length === 0 ? 404 : role?.isWithdrawn ? 410 : 200
  expect(latest, 'latest', latest.status, status)
  if (status === 200) {
    const { title, version } = latest.body as { title: string; version: number }
    expect(latest, 'latest', [title, version], [versions.at(-1), versions.length])
  }
  if (versions.length > 0) {
    const answer = await call(`GET /v1/roles/${slug}/versions/${versions.length}`, { key: null })
    expect(answer, 'version', (answer.body as { title: string }).title, versions.at(-1))
  }
}

/** One write: what is sent, and what becomes of the role where nothing stands against it. */
class Write implements fc.AsyncCommand<Model, Real> {
  readonly name: string
  readonly kind: 'edit' | 'publish' | 'withdraw' | 'back' | 'submit' | 'return'
  readonly tag: Tag
  readonly title: string | null

  constructor(name: string, kind: Write['kind'], tag: Tag, title: string | null) {
    this.name = name
    this.kind = kind
    this.tag = tag
    this.title = title
  }

  check = () => true

  toString = () => `${this.kind}(${this.name}, ${this.tag}${this.kind === 'edit' ? `, ${this.title}` : ''})`

  #send(call: Call, slug: string, match: string | undefined): Promise<Answer> {
    const path = `/v1/roles/${slug}`
    switch (this.kind) {
      case 'edit':
        return call(`PATCH ${path}/draft`, { body: { title: this.title }, match })
      case 'back':
        return call(`DELETE ${path}/draft`, { match })
      case 'publish':
        return call(`POST ${path}/publications`, { body: { change_note: 'A note' }, match })
      case 'withdraw':
        return call(`POST ${path}/withdrawals`, { body: { reason: 'A reason' }, match })
      case 'submit':
        return call(`POST ${path}/submissions`, { body: {}, match })
      case 'return':
        return call(`POST ${path}/returns`, { body: { comment: 'A comment' }, match })
    }
  }

  /** The status that the model gives, having done what it means to the role. */
  #apply(model: Model, role: RoleModel): number {
    const raise = () => {
      const { revision } = role
      role.revision += 1
      model.events.set(this.name, (model.events.get(this.name) ?? 0) + 1)
      return revision
    }
    const keep = (member: 'submitted' | 'published', revision: number) => {
      if (role[member] === revision) role[member] = role.revision
    }
    switch (this.kind) {
      case 'edit':
        if (role.title === this.title) return 200
        raise()
        role.title = this.title
        return 200
      case 'back':
        if (role.versions.length === 0) {
          model.roles.delete(this.name)
          model.gone.set(this.name, role.revision)
          model.events.set(this.name, (model.events.get(this.name) ?? 0) + 1)
          return 204
        }
        if (role.title !== role.versions.at(-1)) raise()
        role.title = role.versions.at(-1) ?? null
        role.published = role.revision
        return 200
      case 'publish':
        if (role.title === null) return 409
        raise()
        role.versions.push(role.title)
        role.published = role.revision
        role.submitted = 0
        role.isWithdrawn = false
        return 201
      case 'withdraw': {
        if (role.versions.length === 0 || role.isWithdrawn) return 409
        const revision = raise()
        keep('published', revision)
        keep('submitted', revision)
        role.isWithdrawn = true
        return 201
      }
      case 'submit': {
        keep('published', raise())
        role.submitted = role.revision
        return 201
      }
      case 'return': {
        if (role.submitted !== role.revision) return 409
        keep('published', raise())
        role.submitted = 0
        return 201
      }
    }
  }

  async run(model: Model, real: Real): Promise<void> {
    const role = model.roles.get(this.name)
    const match = matchOf(this.tag, role)
    const answer = await this.#send(real.call, real.prefix + this.name, match)
    const wanted =
      this.tag === 'missing' ? 428 : role === undefined ? 404 : this.tag === 'stale' ? 412 : this.#apply(model, role)
    expect(answer, this.toString(), answer.status, wanted)
    const now = model.roles.get(this.name)
    if (wanted < 300 && now) expect(answer, this.toString(), answer.etag, `"r${now.revision}"`)
    if (wanted === 412)
      expect(answer, this.toString(), (answer.body as { current_etag: string }).current_etag, `"r${role?.revision}"`)
    await compare(model, real, this.name)
  }
}

class Create implements fc.AsyncCommand<Model, Real> {
  readonly name: string
  readonly title: string | null

  constructor(name: string, title: string | null) {
    this.name = name
    this.title = title
  }

  check = () => true

  toString = () => `create(${this.name}, ${this.title})`

  async run(model: Model, real: Real): Promise<void> {
    const body = documentWith({ title: this.title })
    const answer = await real.call(`POST /v1/roles?slug=${real.prefix}${this.name}`, { body })
    expect(answer, this.toString(), answer.status, model.roles.has(this.name) ? 409 : 201)
    if (!model.roles.has(this.name)) {
      const revision = (model.gone.get(this.name) ?? 0) + 1
      const role = { revision, title: this.title, submitted: 0, published: 0, versions: [], isWithdrawn: false }
      model.roles.set(this.name, role)
      model.events.set(this.name, (model.events.get(this.name) ?? 0) + 1)
      expect(answer, this.toString(), answer.etag, `"r${revision}"`)
    }
    await compare(model, real, this.name)
  }
}

const name = fc.constantFrom('a', 'a', 'b')
const title = fc.constantFrom('One', 'Two', null)
const tag = fc.constantFrom<Tag>('right', 'right', 'right', 'right', 'any', 'stale', 'missing')
const kind = fc.constantFrom<Write['kind']>(
  'edit',
  'edit',
  'publish',
  'publish',
  'withdraw',
  'back',
  'submit',
  'return',
)
const write = fc.tuple(name, kind, tag, title).map(([name, kind, tag, title]) => new Write(name, kind, tag, title))
const create = fc.tuple(name, title).map(([name, title]) => new Create(name, title))

t.test('any life of a role is the one that the model has', { timeout: 300_000 }, async t => {
  const { call, db } = await testApp(t)
  let runs = 0
  let commands = 0
  await fc.assert(
    fc.asyncProperty(
      fc.commands([create, write, write, write, write], { maxCommands: 50, size: 'max' }),
      async script => {
        const real = { call, prefix: `run-${++runs}-` }
        const model: Model = { roles: new Map(), gone: new Map(), events: new Map() }
        await fc.asyncModelRun(() => ({ model, real }), script)
        for (const [name, count] of model.events) {
          const events = await eventsOf(db, real.prefix + name)
          if (events.length !== count) throw new Error(`${events.length} events instead of ${count}`)
          const numbers = events.filter(({ type }) => type !== 'role_deleted').map(({ revision }) => revision)
          if (numbers.some((revision, index) => revision !== index + 1)) throw new Error(`revisions ${numbers}`)
          commands += count
        }
      },
    ),
    { numRuns: 12 },
  )
  t.ok(commands > 60, `${commands} changes in ${runs} runs`)
})
