/**
 * Documents dropped into a form, answered with their reports. The form asks the API, as any client would, with the key
 * that was typed into it: there is no cookie, so nothing that another site could use.
 */
import { finished } from 'node:stream/promises'
import multipart, { type Multipart } from '@fastify/multipart'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyContextConfig, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { typeByName, whyTaken, whyUnread } from '../imports/files.ts'
import type { ImportReport } from '../imports/schema.ts'
import { type DocumentType, documentTypes } from '../imports/source/scan.ts'
import { unauthenticated } from '../plugins/auth.ts'
import { type ErrorDetail, Problem, type ProblemCode } from '../plugins/problems.ts'
import { cacheControl, digestTag, sendEntity } from '../plugins/read.ts'
import { type ApiAnswer, ask, type ProblemAnswer, problemOf } from './api.ts'
import type { PageContent } from './page.ts'
import { leftAlone, type Outcome } from './report.ts'
import { pagePolicy, type Views } from './views.ts'

const filesMax = 20
const documentBytesMax = 4 * 1024 * 1024

const formTypes = ['multipart/form-data'] as const
const exampleOf = (fields: object) => ({ [formTypes[0]]: { key: 'an API key', ...fields } })

/** Lets pass what nobody reads of a form, since a browser takes no answer before it has sent all; until the request's time is up. */
async function passBy({ raw }: FastifyRequest): Promise<void> {
  raw.unpipe()
  raw.resume()
  // Whoever has gone needs no answer.
  if (!raw.readableEnded && !raw.destroyed) await finished(raw, { writable: false }).catch(() => undefined)
}

/** The parts of a form, in their order. Throws 400 where it cannot be read as one, which its parser says in words of its own. */
async function* partsOf(request: FastifyRequest): AsyncGenerator<Multipart> {
  if (!request.isMultipart()) throw new Problem('unsupported_media_type', 'Send the form as multipart/form-data.')
  try {
    yield* request.parts()
  } catch (error) {
    if (error instanceof Error && 'statusCode' in error) throw error
    throw new Problem('bad_request', 'The form cannot be read: it is not complete, or not multipart/form-data.')
  } finally {
    await passBy(request)
  }
}

/** What is said of a document that was not given to the API. */
const refused = (file: string, code: ProblemCode, title: string, detail: string): Outcome => ({
  file,
  outcome: 'Refused',
  problem: { title, code, detail, errors: [] },
  id: null,
  role: null,
  report: null,
  draft: null,
  text: [],
})

/** What the API says of a document without a slug is about its query, which a form has none of. */
function forForms({ errors, ...problem }: ProblemAnswer): ProblemAnswer {
  if (!errors?.some(({ pointer, code }) => pointer === '?slug' && code === 'missing_member'))
    return { ...problem, errors }
  const detail =
    'The role needs a title with letters of a to z or digits, from which its address is made. Write the title above everything else, as a heading (in Word with the style Title), and send the document again. A Markdown document may name the address in its front matter instead, such as slug: data-engineer.'
  return { ...problem, title: 'The document has no title', detail, errors: [] }
}

/** Throws where it is the key that the API refuses, in words for who typed it. */
function checkKey(answer: ApiAnswer) {
  if (answer.status === 401)
    throw new Problem(
      'unauthenticated',
      'This key is not known, or not valid now. Check the key and send the form again.',
      unauthenticated().options,
    )
  const { errors = [] } = (answer.body ?? {}) as Partial<ProblemAnswer>
  if (answer.status === 403 || errors.some(isUnknownOrganisation)) throw problemOf(answer)
}

/** What a key may be given by an issuer that knows more organisations than the register. */
const isUnknownOrganisation = ({ code }: { code: string }) => code === 'unknown_organisation'

interface FieldError {
  field: 'key' | 'documents'
  text: string
}

/** What a problem says of fields of the form; [] where it is about none. */
function fieldErrorsOf({ status, message, options: { errors = [] } }: Problem): FieldError[] {
  const fields = ['key', 'documents'] as const
  const named = fields.flatMap(field =>
    errors.filter(({ pointer }) => pointer === `/${field}`).map(({ detail }) => ({ field, text: detail })),
  )
  if (named.length > 0) return named
  const organisation = errors.find(isUnknownOrganisation)
  if (organisation) return [{ field: 'key', text: organisation.detail }]
  if (status === 401 || status === 403) return [{ field: 'key', text: message }]
  return [400, 413, 415].includes(status) ? [{ field: 'documents', text: message }] : []
}

interface Sent {
  key: string
  replace: boolean
}

const isKey = (key: string) => /^[\x21-\x7e]{1,8192}$/.test(key)
const noKey = 'Type your key into the form.'
const noDocument = 'Choose at least one document.'

/** What a form without documents lacks. */
const missing = ({ key }: Sent): ErrorDetail[] => [
  ...(isKey(key) ? [] : [{ pointer: '/key', code: 'missing' as const, detail: noKey }]),
  { pointer: '/documents', code: 'missing', detail: noDocument },
]

/**
 * Imports one document: as a new role, or where its slug is taken and it may, as the draft of that role. Where it may not,
 * the report says what it would do. `taken`: the roles that documents of the same form gave, with their files.
 */
async function importFile(
  request: FastifyRequest,
  { key, replace }: Sent,
  file: string,
  type: DocumentType,
  bytes: Buffer,
  taken: Map<string, string>,
): Promise<Outcome> {
  const headers = { authorization: `Bearer ${key}`, 'content-type': type }
  const post = (query: string, more: Record<string, string> = {}) =>
    ask(request, `/v1/imports?text=true${query}`, { method: 'POST', headers: { ...headers, ...more }, payload: bytes })

  let answer = await post('')
  checkKey(answer)
  const { code, existing = '' } = answer.body as { code?: string; existing?: string }
  const role = /^\/v1\/roles\/([^/]+)\/draft$/.exec(existing)?.[1]
  let done = 'Draft made'
  let before: object | null = null
  if (code === 'slug_taken' && role !== undefined) {
    const why = whyTaken(taken, role, file, 'give one of them another title, and send it again')
    if (why !== undefined) return refused(file, code, 'Two documents give one role', `${why}.`)
    const draft = await ask(request, existing, { headers: { authorization: headers.authorization } })
    const match = { 'if-match': String(draft.headers.etag) }
    if (draft.status === 200) {
      before = draft.body as object
      answer = await post(`&role=${role}${replace ? '' : '&dry_run=true'}`, match)
    }
    done = replace ? 'Draft replaced' : leftAlone
  }
  const body = answer.body as Partial<ProblemAnswer & Record<'id' | 'role', string>> & {
    report?: ImportReport
    text?: string[]
  }
  const common = { file, report: body.report ?? null, draft: before, text: body.text ?? [] }
  if (answer.status >= 400)
    return { ...common, outcome: 'Refused', problem: forForms(body as ProblemAnswer), id: null, role: null }
  if (body.role !== undefined) taken.set(body.role, file)
  const outcome = body.report?.unchanged ? 'Unchanged' : done
  return { ...common, outcome, problem: null, id: body.id ?? null, role: body.role ?? null }
}

interface Options {
  views: Views
  /** Writes a page, in a thread where it is large. */
  bodyOf(content: PageContent): string | Promise<string>
  /** Of every page: scope, type, and how problems are shown. */
  config: Required<Pick<FastifyContextConfig, 'scope' | 'produces' | 'problemPage'>>
}

export const imports: FastifyPluginAsyncTypebox<Options> = async (app, { views, config, bodyOf }) => {
  app.removeAllContentTypeParsers()
  await app.register(multipart, {
    // Of several documents the others are imported.
    throwFileSizeLimit: false,
    limits: { files: filesMax, fileSize: documentBytesMax, fields: 4, fieldSize: 8192, headerPairs: 20 },
  })
  const html = Type.String({ description: 'A page for people.' })
  const formWith = (errors: readonly FieldError[], replace = false) =>
    views.render('import', {
      title: `${errors.length > 0 ? 'Error: ' : ''}Import documents`,
      here: 'imports',
      filesMax,
      errors: errors.map(({ field, text }) => ({ href: `#${field}`, text })),
      wrong: Object.fromEntries(errors.map(({ field, text }) => [field, text])),
      replace,
    })
  const form = formWith([])
  /** What a form said, but for its key, for the form that is shown again. */
  const kept = new WeakMap<FastifyRequest, Pick<Sent, 'replace'>>()
  /** What is wrong with a field is told beside it, in the form. */
  const problemPage = (problem: Problem, request: FastifyRequest) => {
    const errors = fieldErrorsOf(problem)
    if (errors.length === 0) return config.problemPage(problem, request)
    return { body: formWith(errors, kept.get(request)?.replace), policy: pagePolicy }
  }

  app.get(
    '/imports/new',
    {
      schema: {
        operationId: 'showImportForm',
        summary: 'A form that takes documents',
        tags: ['Pages'],
        response: { 200: html },
      },
      config,
    },
    (request, reply) => {
      reply.header('content-security-policy', pagePolicy)
      return sendEntity(request, reply, {
        body: form,
        etag: digestTag(form),
        cache: 'public',
        type: 'text/html; charset=utf-8',
      })
    },
  )

  app.post(
    '/imports/new',
    {
      bodyLimit: filesMax * (documentBytesMax + 4096),
      schema: {
        operationId: 'importFromForm',
        summary: 'Import the documents of the form, and show their reports',
        description: 'As `createImport`, with the key in the field `key` and the documents in the fields `documents`.',
        tags: ['Pages'],
        body: Type.Unsafe<undefined>({ description: 'The fields `key` and `replace`, then `documents`.' }),
        response: { 200: html },
      },
      config: { ...config, consumes: formTypes, problemPage, examples: exampleOf({ documents: ['role.docx'] }) },
    },
    async (request, reply) => {
      const sent: Sent = { key: '', replace: false }
      kept.set(request, sent)
      const outcomes: Outcome[] = []
      const taken = new Map<string, string>()
      // The fields stand before the documents, so that one document at a time is in memory.
      try {
        for await (const part of partsOf(request)) {
          if (part.type === 'field') {
            if (part.fieldname === 'key') sent.key = String(part.value).trim()
            if (part.fieldname === 'replace') sent.replace = part.value === 'true'
            continue
          }
          const bytes = await part.toBuffer()
          if (part.filename === '' && bytes.length === 0) continue
          if (!isKey(sent.key)) throw new Problem('unauthenticated', noKey, unauthenticated().options)
          const type = typeByName(part.filename)
          const unread = whyUnread(part.filename)
          if (type === undefined || unread !== undefined) {
            const detail = `${part.filename} was not read: it is ${unread}.`
            outcomes.push(refused(part.filename, 'unsupported_media_type', 'The file is no document', detail))
            continue
          }
          outcomes.push(
            part.file.truncated
              ? refused(
                  part.filename,
                  'too_large',
                  'The document is too large',
                  `${part.filename} has more than the ${documentBytesMax / 1024 / 1024} MiB that a document may have.`,
                )
              : await importFile(request, sent, part.filename, type, bytes, taken),
          )
        }
      } catch (error) {
        // What was imported has its reports all the same.
        if ((error as { code?: unknown }).code !== 'FST_FILES_LIMIT' || outcomes.length === 0) throw error
        const detail = `A form takes ${filesMax} documents. Those after the first ${filesMax} were not read: send them in another form.`
        outcomes.push(refused('Further documents', 'too_large', 'The form has too many documents', detail))
      }
      if (outcomes.length === 0) throw new Problem('bad_request', noDocument, { errors: missing(sent) })
      const body = await bodyOf({ page: 'reports', outcomes: JSON.stringify(outcomes) })
      reply.headers({ 'content-security-policy': pagePolicy, 'cache-control': cacheControl.private })
      return reply.type('text/html; charset=utf-8').send(body) as never
    },
  )

  app.post(
    '/imports/:id/original',
    {
      schema: {
        operationId: 'downloadOriginalFromForm',
        summary: 'Get the document of an import, with the key of a form',
        tags: ['Pages'],
        params: Type.Object({ id: Type.String({ format: 'uuid' }) }),
        body: Type.Unsafe<undefined>({ description: 'The field `key`.' }),
        response: { 200: Type.String({ description: 'The document as it was sent.' }) },
      },
      config: {
        ...config,
        consumes: formTypes,
        produces: documentTypes,
        headers: ['Content-Disposition'],
        examples: exampleOf({}),
      },
    },
    async (request, reply) => {
      let key = ''
      for await (const part of partsOf(request))
        if (part.type === 'field' && part.fieldname === 'key') key = String(part.value).trim()
      const headers = { authorization: `Bearer ${key}`, accept: '*/*' }
      const answer = await ask(request, `/v1/imports/${request.params.id}/original`, { headers })
      checkKey(answer)
      if (answer.status >= 400) throw problemOf(answer)
      for (const name of ['content-type', 'content-disposition', 'content-security-policy', 'cache-control'] as const) {
        const value = answer.headers[name]
        if (value !== undefined) reply.header(name, value)
      }
      return reply.send(answer.bytes as never) as never
    },
  )
}
