/** The pages that the `type` of a problem points to (RFC 9457 §3.1.1): for people first, as JSON for whom asks for it. */
import { createHash } from 'node:crypto'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { findingCodes } from './document/finding-codes.ts'
import { component, object, ref } from './document/shape.ts'
import { preferredType } from './plugins/accept.ts'
import { notFound, type ProblemCode, problemTypes } from './plugins/problems.ts'
import { digestTag, sendEntity } from './plugins/read.ts'
import { escapeHtml } from './renderings/html.ts'

const ProblemType = component(
  'ProblemType',
  object({
    code: Type.String(),
    status: Type.Integer({ minimum: 400, maximum: 599 }),
    title: Type.String(),
    help: Type.String({ description: 'What to do about it.' }),
    error_codes: Type.Array(object({ code: Type.String(), meaning: Type.String() }), {
      description: 'Of `invalid`, each code that `errors` may have, of any problem, and what it means; else empty.',
    }),
  }),
)

const style =
  'body{font:1.1rem/1.5 system-ui,sans-serif;max-width:40rem;margin:3rem auto;padding:0 1rem}code{background:#eee;padding:0 .2em}'
/** Nothing but the one style sheet that stands in the page. */
const policy = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`

const typeOf = (code: ProblemCode) => ({
  code,
  ...problemTypes[code],
  error_codes: code === 'invalid' ? Object.entries(findingCodes).map(([code, meaning]) => ({ code, meaning })) : [],
})

const pageOf = (code: ProblemCode, service: string) => {
  const { status, title, help, error_codes } = typeOf(code)
  const text = escapeHtml(help).replaceAll(/`([^`]+)`/g, '<code>$1</code>')
  const errors = error_codes.map(({ code, meaning }) => `<li><code>${code}</code>: ${escapeHtml(meaning)}</li>`)
  const list = errors.length === 0 ? '' : `<p>The codes of errors:</p>\n<ul>\n${errors.join('\n')}\n</ul>\n`
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)} – ${escapeHtml(service)}</title>
<style>${style}</style>
<main>
<h1>${escapeHtml(title)}</h1>
<p>${text}</p>
<p>Code <code>${code}</code>, HTTP status ${status}.</p>
${list}</main>
</html>
`
}

const isCode = (code: string): code is ProblemCode => Object.hasOwn(problemTypes, code)

/** `serviceName` is what the pages call the service. */
export const problemPages: FastifyPluginAsyncTypebox<{ serviceName: string }> = async (app, { serviceName }) => {
  app.get(
    '/problems/:code',
    {
      schema: {
        operationId: 'getProblemType',
        summary: 'What a problem means and what to do about it',
        tags: ['Service'],
        params: Type.Object({ code: Type.String({ maxLength: 60 }) }),
        response: { 200: ref(ProblemType) },
      },
      config: { scope: 'public', produces: ['text/html', 'application/json'] },
    },
    (request, reply) => {
      const { code } = request.params
      if (!isCode(code)) throw notFound('problem', code)
      const asHtml = preferredType(request, ['text/html', 'application/json']) === 'text/html'
      const body = asHtml ? pageOf(code, serviceName) : JSON.stringify(typeOf(code))
      reply.header('vary', 'accept')
      if (asHtml) reply.header('content-security-policy', policy)
      return sendEntity(request, reply, {
        body,
        etag: digestTag(body),
        cache: 'public',
        type: `${asHtml ? 'text/html' : 'application/json'}; charset=utf-8`,
      })
    },
  )
}
