/** Holds answers against the contract: the status and the headers are declared, and the body fits its schema. */
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'

interface Response {
  $ref?: string
  headers?: Record<string, unknown>
  content?: Record<string, { schema?: object }>
}
interface Operation {
  responses: Record<string, Response>
}

/** Of HTTP and of browsers' policies, which say nothing of what is answered. */
const general =
  /^(?:content-(?:type|length|security-policy)|date|connection|keep-alive|transfer-encoding|vary|strict-transport-security|referrer-policy|origin-agent-cluster|x-.*|cross-origin-.*|access-control-expose-headers)$/

const pattern = (path: string) => new RegExp(`^${path.replace(/[.]/g, '\\.').replace(/\{[^}]+\}/g, '[^/]+')}$`)

/** A body as JSON where it is some, as a list where it is one value a line, else as text. */
export function bodyOf(type: string, text: string): unknown {
  if (type.includes('ndjson'))
    return text.split('\n').flatMap(line => (line === '' ? [] : [JSON.parse(line) as unknown]))
  return type.includes('json') && text !== '' ? JSON.parse(text) : text
}

/** The schemas of a contract, to be found by `pointer`. */
function schemasOf(document: object): Ajv2020 {
  const ajv = new Ajv2020({ strict: false, allErrors: true })
  ;(addFormats as unknown as (target: Ajv2020) => void)(ajv)
  ajv.addSchema(document, 'contract')
  return ajv
}

const pointer = (...parts: string[]) =>
  `contract#/${parts
    .map(part => part.replaceAll('~', '~0').replaceAll('/', '~1'))
    .map(encodeURIComponent)
    .join('/')}`

/** A function that throws where a message to a receiver is not one that the `webhooks` of the document promise. */
export function messagesOf(document: object) {
  const ajv = schemasOf(document)
  const { webhooks } = document as { webhooks: Record<string, { post: { parameters: { name: string }[] } }> }
  return (headers: Record<string, unknown>, body: unknown): void => {
    const { type } = body as { type: string }
    const fail = (why: string): never => {
      throw new Error(`a message ${type} breaks the contract: ${why}\n${JSON.stringify(body).slice(0, 600)}`)
    }
    const message = webhooks[type]?.post ?? fail('there is no such message')
    const check = (value: unknown, what: string, ...path: string[]) => {
      const validate = ajv.getSchema(pointer('webhooks', type, 'post', ...path, 'schema'))
      if (!validate?.(value)) fail(`${what}: ${validate ? ajv.errorsText(validate.errors) : 'the schema is missing'}`)
    }
    for (const [index, { name }] of message.parameters.entries())
      check(headers[name], name, 'parameters', String(index))
    const media = String(headers['content-type']).split(';', 1)[0] ?? ''
    check(body, 'body', 'requestBody', 'content', media)
  }
}

/** A function that throws where an answer is not what the document promises. Paths outside of it must answer 4xx problems. */
export function contractOf(document: object) {
  const { paths = {}, components } = document as {
    paths?: Record<string, Record<string, Operation>>
    components: { responses: Record<string, Response> }
  }
  const ajv = schemasOf(document)
  // A path without parameters goes before one whose parameter would take it too.
  const routes = Object.entries(paths)
    .sort(([a], [b]) => a.split('{').length - b.split('{').length)
    .map(([path, item]) => ({ path, expression: pattern(path), item }))
  return (
    method: string,
    url: string,
    answer: { status: number; headers: object; body: unknown; text: string },
  ): void => {
    const path = url.split('?', 1)[0] ?? ''
    const route = routes.find(({ expression }) => expression.test(path))
    const verb = method === 'HEAD' ? 'get' : method.toLowerCase()
    const operation = route?.item[verb]
    const fail = (why: string): never => {
      throw new Error(`${method} ${url} → ${answer.status} breaks the contract: ${why}\n${answer.text.slice(0, 600)}`)
    }
    const type = String((answer.headers as Record<string, unknown>)['content-type'] ?? '').split(';', 1)[0] ?? ''
    if (!route || !operation) {
      const isDocument = /^\/(docs|openapi\.json|v1\/openapi\.json)/.test(path)
      // Browsers are led to a page from its address with a slash at the end, and told in a page that there is nothing.
      const leads = answer.status === 308 && routes.some(({ expression }) => expression.test(path.replace(/\/+$/, '')))
      const isPage = answer.status >= 400 && type === 'text/html' && !/^\/v1(?:\/|$)/.test(path)
      if (!isDocument && !leads && !isPage && type !== 'application/problem+json')
        fail('the contract has no such operation')
      return
    }
    const declared = operation.responses[String(answer.status)]
    const status = declared ? String(answer.status) : 'default'
    if (!declared && answer.status < 400) fail('the status is not declared')
    const given = operation.responses[status]
    const shared = given?.$ref?.split('/').at(-1)
    const response = shared === undefined ? given : components.responses[shared]
    if (answer.status >= 400 && type !== 'application/problem+json' && !response?.content?.[type])
      fail(`an error of the type ${type}`)
    const declaredHeaders = new Set(Object.keys(response?.headers ?? {}).map(name => name.toLowerCase()))
    for (const name of Object.keys(answer.headers))
      if (!general.test(name) && !declaredHeaders.has(name)) fail(`the header ${name} is not declared`)
    if (method === 'HEAD' || answer.text === '') {
      if (method !== 'HEAD' && response?.content) fail('the body is missing')
      return
    }
    if (!response?.content?.[type]) fail(`the media type ${type} is not declared`)
    if (!type.includes('json')) return
    const home =
      shared === undefined ? ['paths', route.path, verb, 'responses', status] : ['components', 'responses', shared]
    const validate = ajv.getSchema(pointer(...home, 'content', type, 'schema'))
    for (const value of type.includes('ndjson') ? (answer.body as unknown[]) : [answer.body])
      if (!validate?.(value))
        fail(validate ? ajv.errorsText(validate.errors, { separator: '\n' }) : 'the schema is missing')
  }
}
