import { Type } from 'typebox'
import { SfiaCode, SfiaLevel, SfiaVersion } from '../document/schema.ts'
import { component, nullable, object, ref } from '../document/shape.ts'

const Acknowledgement = Type.String({ description: 'Whose SFIA is. Show it wherever you show the data.' })

export const SfiaSkill = component(
  'SfiaSkill',
  object({
    version: SfiaVersion,
    code: SfiaCode,
    name: Type.String(),
    category: Type.String(),
    subcategory: Type.String(),
    levels: Type.Array(SfiaLevel, { description: 'The levels that the skill has in this version, ascending.' }),
    retired_in: nullable(
      Type.String({ ...SfiaVersion, description: 'The version that dropped the code; null where none did.' }),
    ),
    successors: Type.Array(SfiaCode, { description: 'What that version has in its place; [] where no one skill is.' }),
  }),
)

export const SfiaSkillDetail = component(
  'SfiaSkillDetail',
  object({ ...SfiaSkill.properties, acknowledgement: Acknowledgement }),
)

export const SfiaSkillList = component(
  'SfiaSkillList',
  object({
    version: SfiaVersion,
    complete: Type.Boolean({
      description: 'False while only a starter index is loaded: codes that are not listed may exist all the same.',
    }),
    acknowledgement: Acknowledgement,
    skills: Type.Array(ref(SfiaSkill)),
    next_cursor: nullable(Type.String({ description: 'Of the next page; null on the last.' })),
  }),
)
