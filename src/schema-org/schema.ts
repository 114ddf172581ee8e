/** The forms of schema.org that the register gives, as far as it fills them. What is not known is left out, never null. */
import { type Static, Type } from 'typebox'
import { component, object, ref } from '../document/shape.ts'

const Address = Type.String({ format: 'uri' })
const { Optional, Literal } = Type

const PropertyValue = component(
  'PropertyValue',
  object({
    '@type': Literal('PropertyValue'),
    propertyID: Type.String({ description: '`sfia_level` or `skill_level`.' }),
    name: Type.String(),
    value: Type.Unsafe<string | number>({ type: ['string', 'number'] }),
    url: Optional(Address),
  }),
)

const DefinedTermSet = component(
  'DefinedTermSet',
  object({
    '@type': Literal('DefinedTermSet'),
    '@id': Address,
    name: Type.String(),
    copyrightNotice: Optional(Type.String()),
  }),
)

/** A skill of a term set as one role asks for it. It has no `@id`: what is said of it here is not true of the term everywhere. */
export const DefinedTerm = component(
  'DefinedTerm',
  object({
    '@type': Literal('DefinedTerm'),
    termCode: Type.String(),
    name: Type.String(),
    description: Type.String({ description: 'As the role definition prints it.' }),
    url: Address,
    identifier: Optional(ref(PropertyValue)),
    inDefinedTermSet: ref(DefinedTermSet),
  }),
)
export type DefinedTerm = Static<typeof DefinedTerm>

export const CategoryCode = component(
  'CategoryCode',
  object({
    '@type': Literal('CategoryCode'),
    codeValue: Type.String(),
    name: Type.String(),
    inCodeSet: object({ '@type': Literal('CategoryCodeSet'), '@id': Address, name: Type.String() }),
  }),
)
export type CategoryCode = Static<typeof CategoryCode>

const Texts = Type.Array(Type.String(), { minItems: 1 })

export const Occupation = component(
  'Occupation',
  object({
    '@context': Literal('https://schema.org'),
    '@type': Literal('Occupation'),
    '@id': Type.String({ format: 'uri', description: 'The same for every version of the role.' }),
    name: Type.String(),
    alternateName: Optional(Texts),
    description: Optional(Type.String()),
    url: Address,
    occupationalCategory: Optional(Type.Array(ref(CategoryCode), { minItems: 1 })),
    responsibilities: Optional(Texts),
    qualifications: Optional(Texts),
    skills: Optional(
      Type.Unsafe<(string | DefinedTerm)[]>({
        type: 'array',
        minItems: 1,
        items: { anyOf: [ref(DefinedTerm), { type: 'string' }] },
        description: 'SFIA skills, then those of the catalogue as terms and all others as text.',
      }),
    ),
    subjectOf: object(
      {
        '@type': Literal('CreativeWork'),
        '@id': Address,
        name: Type.String(),
        version: Type.Integer({ minimum: 1 }),
        datePublished: Type.String({ format: 'date-time' }),
        publisher: object({ '@type': Literal('Organization'), '@id': Address, name: Type.String() }),
      },
      { description: 'The version of the role definition that this was made from.' },
    ),
  }),
)
export type Occupation = Static<typeof Occupation>
