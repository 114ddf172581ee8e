/** Random registers, filled as callers fill them. */
import fc from 'fast-check'
import { type Block, exampleDocument, type RoleDocument } from '../../src/document/schema.ts'
import type { SharedText } from '../../src/imports/reconcile.ts'
import { type testApp, token } from './app.ts'
import type { Answer } from './call.ts'
import { type RandomRole, randomRole } from './random-roles.ts'

type Call = Awaited<ReturnType<typeof testApp>>['call']

const organisations = ['home-office', 'other-office'] as const

/** What becomes of a role: `edited` is a draft that goes on after its publication, `back` one that was withdrawn once. */
const fates = ['published', 'republished', 'edited', 'withdrawn', 'back', 'draft'] as const

export interface RegisterRole extends RandomRole {
  organisation: (typeof organisations)[number]
  fate: (typeof fates)[number]
  /** Whether its items have numbers above those that a caller may send. */
  isFar: boolean
}

/** Shared sections hold no markers, and one has a text at least, so that what prints it can be published. */
const filled = (blocks: readonly Block[]): Block[] => [...blocks, { type: 'paragraph', text: 'More' }]
const isMarker = ({ type }: Block) => type === 'skills' || type === 'sfia_mappings' || type === 'advert_details'

/** The role with what it needs to be published. */
function publishable({ document, sharedSections }: RandomRole, isFar: boolean): RandomRole {
  const own = document.sections.map(section =>
    section.shared_section === null ? { ...section, blocks: filled(section.blocks) } : section,
  )
  const printed = own.flatMap(({ blocks }) =>
    blocks.flatMap(block => (block.type === 'skills' ? [block.importance] : [])),
  )
  const unprinted = ([null, 'essential', 'desirable'] as const).filter(importance => !printed.includes(importance))
  const [first, second] = [
    { id: isFar ? 'i9999999' : '', text: 'One' },
    { id: '', text: 'Two' },
  ]
  const list: Block = {
    type: 'list',
    ordered: false,
    items: [first, second].map(item => ({ ...item, optional: false, items: [] })),
  }
  const section = (kind: 'role_summary' | 'responsibilities', blocks: Block[]) => ({
    id: '',
    kind,
    heading: kind,
    shared_section: null,
    blocks,
  })
  return {
    document: {
      ...document,
      title: document.title ?? 'A title',
      grades: document.grades.length > 0 ? document.grades : exampleDocument.grades,
      sections: [
        ...own,
        section('role_summary', filled(unprinted.map(importance => ({ type: 'skills', importance })))),
        section('responsibilities', [list]),
      ],
    },
    sharedSections: sharedSections.map(text => ({
      ...text,
      blocks: filled(text.blocks.filter(block => !isMarker(block))),
    })),
  }
}

export const randomRegister: fc.Arbitrary<RegisterRole[]> = fc.array(
  fc
    .record({
      role: randomRole,
      organisation: fc.constantFrom(...organisations),
      fate: fc.constantFrom(...fates),
      isFar: fc.boolean(),
    })
    .map(({ role, organisation, fate, isFar }) => ({ ...publishable(role, isFar), organisation, fate, isFar })),
  { minLength: 1, maxLength: 8 },
)

/** Without the ids that the register gives, and with another character for those that it takes in no request. */
const asSent = (body: unknown): unknown =>
  JSON.parse(
    JSON.stringify(body, (name, value) => {
      if (typeof value !== 'string') return value
      return name === 'id' && value === '' ? undefined : value.replace(/[^\P{Cc}\t\n\r\u007f-\u009f]/gu, '\ufffd')
    }),
  )

const done = (answer: Answer): Answer => {
  if (answer.status >= 300) throw new Error(`${answer.status}: ${answer.text}`)
  return answer
}

/** Makes the shared section, or gives it the text: what was published before prints another one then. */
async function shareText(call: Call, key: string, slug: string, { kind, heading, blocks }: SharedText) {
  const body = asSent({ kind, heading, blocks })
  const there = await call(`GET /v1/shared-sections/${slug}`, { key })
  done(
    there.status === 404
      ? await call(`POST /v1/shared-sections?slug=${slug}`, { key, body })
      : await call(`PUT /v1/shared-sections/${slug}`, { key, body, match: there.etag }),
  )
}

/**
 * Fills a register that has its organisations and nothing else. Gives, by slug, the documents of the roles that are
 * public in the end, as their latest versions were made from them.
 */
export async function fillRegister(call: Call, roles: readonly RegisterRole[]): Promise<Map<string, RoleDocument>> {
  const isPublic = new Map<string, RoleDocument>()
  for (const [slug, name] of [
    ['python', 'Python'],
    ['sql', 'SQL'],
  ])
    done(await call(`POST /v1/skills?slug=${slug}`, { body: { name }, key: token('home-office', ['admin']) }))
  for (const [at, { document, sharedSections, organisation, fate }] of roles.entries()) {
    const slug = `role-${at}`
    const key = token(organisation)
    const shared = (name: string) => `${organisation}-${name}`
    for (const text of sharedSections) await shareText(call, key, shared(text.slug), text)
    const sections = document.sections.map(section =>
      section.shared_section === null ? section : { ...section, shared_section: shared(section.shared_section) },
    )
    const body = asSent({ ...document, sections })
    let { etag } = done(await call(`POST /v1/roles?slug=${slug}`, { key, body }))
    const step = async (line: string, sent: object) => {
      done(await call(line, { key, match: etag, body: sent }))
      const draft = done(await call(`GET /v1/roles/${slug}/draft`, { key }))
      etag = draft.etag
      return draft.body as RoleDocument
    }
    const publish = async (note: string) =>
      isPublic.set(slug, await step(`POST /v1/roles/${slug}/publications`, { change_note: note }))
    if (fate === 'draft') continue
    await publish('First')
    if (fate === 'republished') {
      await step(`PATCH /v1/roles/${slug}/draft`, { title: 'Another title' })
      await publish('Second')
      await publish('Third\n*with* “marks” \u2028')
    }
    if (fate === 'edited') await step(`PATCH /v1/roles/${slug}/draft`, { title: 'A title of the draft alone' })
    if (fate === 'withdrawn' || fate === 'back') {
      await step(`POST /v1/roles/${slug}/withdrawals`, { reason: 'Gone' })
      isPublic.delete(slug)
    }
    if (fate === 'back') await publish('Back again')
  }
  return isPublic
}
