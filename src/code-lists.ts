/** The closed lists of codes, which change with a release of the service and at no other time. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { codeLists } from './document/code-lists.ts'
import { didYouMean, nearest } from './document/nearest.ts'
import { component, nullable, object, ref } from './document/shape.ts'
import { Problem } from './plugins/problems.ts'
import { digestTag, sendEntity } from './plugins/read.ts'

const names = Object.keys(codeLists)
const Name = Type.String({ minLength: 1, maxLength: 60, description: `One of ${names.join(', ')}.` })

const CodeListIndex = component(
  'CodeListIndex',
  object({ code_lists: Type.Array(object({ name: Name, url: Type.String({ format: 'uri' }) })) }),
)

const Code = component(
  'Code',
  object({
    code: Type.String(),
    label: Type.String(),
    aliases: Type.Optional(Type.Array(Type.String(), { description: 'Of grades: other names that documents print.' })),
    behaviour_level: Type.Optional(
      nullable(Type.Integer({ minimum: 1, maximum: 6, description: 'Of grades: the level of Success Profiles.' })),
    ),
  }),
)
const CodeList = component('CodeList', object({ name: Name, entries: Type.Array(ref(Code)) }))

interface Fixed {
  body: string
  etag: string
}

const fixed = (value: unknown): Fixed => {
  const body = JSON.stringify(value)
  return { body, etag: digestTag(body) }
}

const send = (request: FastifyRequest, reply: FastifyReply, list: Fixed) =>
  sendEntity(request, reply, { ...list, cache: 'release' })

function unknownList(name: string): Problem {
  const meant = nearest(name.replaceAll('-', '_'), names)
  return new Problem('not_found', `There is no code list "${name}".${didYouMean(meant)} There are ${names.join(', ')}.`)
}

export const codeListRoutes: FastifyPluginAsyncTypebox<{ baseUrl: string }> = async (app, { baseUrl }) => {
  const index = fixed({ code_lists: names.map(name => ({ name, url: `${baseUrl}/v1/code-lists/${name}` })) })
  const lists = new Map(Object.entries(codeLists).map(([name, entries]) => [name, fixed({ name, entries })]))

  app.get(
    '/code-lists',
    {
      schema: {
        operationId: 'listCodeLists',
        summary: 'List the code lists',
        tags: ['Code lists'],
        response: { 200: ref(CodeListIndex) },
      },
      config: { scope: 'public' },
    },
    (request, reply) => send(request, reply, index),
  )

  app.get(
    '/code-lists/:name',
    {
      schema: {
        operationId: 'getCodeList',
        summary: 'Get a code list',
        description: 'Closed: a document may use these codes and no others, except for grades of another scheme.',
        tags: ['Code lists'],
        params: Type.Object({ name: Name }),
        response: { 200: ref(CodeList) },
      },
      config: { scope: 'public' },
    },
    (request, reply) => {
      const { name } = request.params
      const list = lists.get(name)
      if (!list) throw unknownList(name)
      return send(request, reply, list)
    },
  )
}
