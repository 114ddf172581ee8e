/** What an import answers: the report on a document that was read. */
import { type Static, Type } from 'typebox'
import { Change } from '../document/diff.ts'
import { SectionKind, SfiaVersion } from '../document/schema.ts'
import { component, nullable, object, oneOf, ref } from '../document/shape.ts'

const AdviceSource = Type.String({
  description: 'Of advice: a publication and its clause, or `house`, which is this register itself.',
})
const Line = nullable(Type.Integer({ minimum: 1, description: 'The line of the source, from 1.' }))
const Pointer = Type.String({ description: 'JSON pointer (RFC 6901) into the document; empty for the whole of it.' })

export const ImportWarning = component(
  'ImportWarning',
  object({
    code: Type.String(),
    severity: Type.Unsafe<'advice' | 'repair' | 'loss'>({
      ...oneOf(['advice', 'repair', 'loss'] as const),
      description:
        'advice: about the words, which stay as they are. repair: something was read otherwise than it stands. loss: something of the source is not in the draft.',
    }),
    line: Line,
    pointer: nullable(Pointer),
    excerpt: Type.String(),
    detail: Type.String(),
    source: nullable(AdviceSource),
  }),
)
export type ImportWarning = Static<typeof ImportWarning>

const sinceThen = 'Reports that are older than this member lack it.'

const Loss = object({ code: Type.String(), line: Line, text: Type.String() })

const RecognisedSection = object({
  kind: SectionKind,
  heading: Type.String(),
  line: Line,
  pointer: Pointer,
  items: Type.Integer({ description: 'List items at the first level, skills among them.' }),
  optional_items: Type.Integer(),
  shared_section: nullable(Type.String()),
})

export const ImportReport = component(
  'ImportReport',
  object(
    {
      recognised: object({
        title: nullable(Type.String()),
        sections: Type.Array(RecognisedSection),
        skills: Type.Integer(),
        sfia: object({
          version: nullable(SfiaVersion),
          inferred: Type.Boolean(),
          mappings: Type.Array(Type.String(), { description: 'As `DESN 3`.' }),
        }),
        advert_details: Type.Array(
          object({
            label: Type.String(),
            member: Type.String({
              description:
                'The member of advert_details that has the value, or title, grades, profession or behaviours; `additional` where the label is known and the value is none that its member takes.',
            }),
            value: nullable(Type.String()),
          }),
        ),
        additional: Type.Optional(
          Type.Array(object({ label: Type.String(), value: Type.String() }), {
            description: `All that is in advert_details.additional. ${sinceThen}`,
          }),
        ),
        behaviours: Type.Optional(
          Type.Array(Type.String(), { description: `Codes, as the draft has them. ${sinceThen}` }),
        ),
        profession: Type.Optional(nullable(Type.String({ description: `A code. ${sinceThen}` }))),
        links: Type.Array(
          object({ url: Type.String(), text: Type.String(), pointer: Pointer, superseded: Type.Boolean() }),
        ),
        shared_sections: Type.Array(object({ slug: Type.String(), created: Type.Boolean() })),
      }),
      warnings: Type.Array(ref(ImportWarning)),
      warnings_not_listed: Type.Array(object({ code: Type.String(), count: Type.Integer() }), {
        description: 'Of a warning that is given more than 100 times, how many more there are.',
      }),
      coverage: object(
        {
          characters_seen: Type.Integer(),
          characters_kept: Type.Integer(),
          percent: Type.Number({ description: 'Rounded down: 100 is all of it.' }),
        },
        {
          description:
            'Letters and digits of the words that a second reader sees in the source, and how many the draft holds.',
        },
      ),
      understood: Type.Array(object({ line: Line, text: Type.String(), pointer: Pointer, meaning: Type.String() }), {
        description: 'Text that a typed member stands for, so that no block prints it.',
      }),
      losses: Type.Array(Loss),
      unchanged: Type.Boolean({ description: 'The draft already was what this document says.' }),
      changes: Type.Array(ref(Change), { description: 'What the import changed in the draft; empty for a new role.' }),
    },
    { description: 'What was read in a document, what was repaired, and what was lost.' },
  ),
)
export type ImportReport = Static<typeof ImportReport>

export const Import = component(
  'Import',
  object({
    id: nullable(Type.String({ format: 'uuid', description: 'null in the answer to a dry run.' })),
    organisation: Type.String(),
    role: Type.String({ description: 'The slug of the role whose draft it is.' }),
    created_at: Type.String({ format: 'date-time' }),
    report: ref(ImportReport),
    text: nullable(
      Type.Array(Type.String(), {
        description: 'The document by lines, as the report numbers them; null where the request did not ask for it.',
      }),
    ),
  }),
)
