/** Boilerplate that many roles of an organisation use. A version keeps what it printed, whatever changes here later. */
import { sql } from 'kysely'
import { checkBlocks, type Finding } from '../document/check.ts'
import { assignItemIds } from '../document/ids.ts'
import { type Block, SectionKind } from '../document/schema.ts'
import { catalogueRoutes } from './routes.ts'
import {
  NewSharedSection,
  ReplacementSharedSection,
  SharedSection,
  SharedSectionList,
  SharedSectionPatch,
  SharedSectionRoles,
} from './schema.ts'

const isMarker = ({ type }: Block) => type === 'skills' || type === 'sfia_mappings' || type === 'advert_details'

/** Blocks that mark where a role's own skills or details are printed have no meaning without a role. */
const findMarkers = (blocks: readonly Block[]): Finding[] =>
  blocks.flatMap((block, index) =>
    isMarker(block)
      ? [
          {
            pointer: `/blocks/${index}/type`,
            code: 'block_of_role',
            detail: `A block of the type ${block.type} belongs to a role. A shared section holds paragraph, subheading, note and list.`,
          },
        ]
      : [],
  )

export const sharedSections = catalogueRoutes<SharedSection>({
  table: 'shared_sections',
  noun: 'shared section',
  name: 'SharedSection',
  tag: 'Shared sections',
  schema: {
    entry: SharedSection,
    create: NewSharedSection,
    replace: ReplacementSharedSection,
    patch: SharedSectionPatch,
    list: SharedSectionList,
  },
  owned: true,
  read: 'roles:read_drafts',
  write: 'shared_sections:write',
  summary: ['kind', 'heading'],
  filters: { kind: { schema: SectionKind, where: kind => sql`kind = ${kind}` } },
  titleOf: 'heading',
  prepare: section => ({ ...section, blocks: assignItemIds(section.blocks) }),
  check: ({ blocks }) => [...findMarkers(blocks), ...checkBlocks(blocks, '/blocks')],
  roles: { table: 'role_shared_sections', column: 'shared_section', list: SharedSectionRoles },
})
