/** Boilerplate that many roles of an organisation use. A version keeps what it printed, whatever changes here later. */
import { sql } from 'kysely'
import { checkBlocks, findMarkers } from '../document/check.ts'
import { assignItemIds } from '../document/ids.ts'
import { SectionKind } from '../document/schema.ts'
import { findVacancyUses } from '../vacancies/store.ts'
import { catalogueRoutes } from './routes.ts'
import {
  NewSharedSection,
  ReplacementSharedSection,
  SharedSection,
  SharedSectionList,
  SharedSectionPatch,
  SharedSectionRoles,
} from './schema.ts'

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
  check: ({ blocks }) => [...findMarkers(blocks, '/blocks', 'A shared section'), ...checkBlocks(blocks, '/blocks')],
  findUses: findVacancyUses,
  fixed: 'kind',
  roles: { table: 'role_shared_sections', column: 'shared_section', list: SharedSectionRoles },
})
