/** The departments that own roles. Published versions keep the name that they were published under. */
import { sql, type Transaction } from 'kysely'
import type { Database } from '../database/types.ts'
import { catalogueRoutes } from './routes.ts'
import {
  NewOrganisation,
  Organisation,
  OrganisationList,
  OrganisationPatch,
  ReplacementOrganisation,
} from './schema.ts'
import type { InUse } from './uses.ts'

/** Everything that belongs to an organisation, with the first few of each: a table that refers to it needs a line here. */
async function findBelongings(trx: Transaction<Database>, slug: string): Promise<InUse | undefined> {
  const { rows } = await sql<{ kind: string; count: number; first: string[] }>`
    select kind, count, first from (
      select 'roles' as kind, (select count(*) from roles where organisation = ${slug}) as count,
        array(select slug from roles where organisation = ${slug} order by slug limit 20) as first
      union all
      select 'shared_sections', (select count(*) from shared_sections where organisation = ${slug}),
        array(select slug from shared_sections where organisation = ${slug} order by slug limit 20)
      union all
      select 'vacancies', (select count(*) from vacancies where organisation = ${slug}),
        array(select id from vacancies where organisation = ${slug} order by id limit 20)
      union all
      select 'api_keys', (select count(*) from api_keys where organisation = ${slug}),
        array(select id from api_keys where organisation = ${slug} order by id limit 20)
      union all
      select 'webhooks', (select count(*) from webhooks where organisation = ${slug}),
        array(select id::text from webhooks where organisation = ${slug} order by id limit 20)
    ) as belongings where count > 0`.execute(trx)
  if (rows.length === 0) return undefined
  const counts = rows.map(({ kind, count }) => `${kind.replace('_', ' ')}: ${count}`)
  return {
    usedBy: rows,
    others: rows.some(({ count, first }) => count > first.length),
    detail: `The organisation "${slug}" is in use. What belongs to it: ${counts.join(', ')}.`,
  }
}

export const organisations = catalogueRoutes<Organisation>({
  table: 'organisations',
  noun: 'organisation',
  name: 'Organisation',
  tag: 'Organisations',
  schema: {
    entry: Organisation,
    create: NewOrganisation,
    replace: ReplacementOrganisation,
    patch: OrganisationPatch,
    list: OrganisationList,
  },
  owned: false,
  read: 'public',
  write: 'admin',
  summary: ['name', 'homepage_url', 'four_eyes'],
  filters: {},
  titleOf: 'name',
  check: ({ homepage_url }) =>
    homepage_url === null || URL.canParse(homepage_url)
      ? []
      : [
          {
            pointer: '/homepage_url',
            code: 'wrong_form',
            detail: 'This is not an address. Write it like https://www.gov.uk/government/organisations/home-office.',
          },
        ],
  findUses: findBelongings,
})
