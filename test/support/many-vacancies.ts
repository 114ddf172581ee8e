/** A register with very many vacancies, as lists see them. */
import { type Kysely, sql } from 'kysely'
import type { Database } from '../../src/database/types.ts'
import { families, grades, professions } from '../../src/document/code-lists.ts'
import { codes, insertOffices } from './many-roles.ts'
import { unchecked } from './unchecked.ts'

/**
 * Fills `vacancies` by SQL, with the rows of `roles` that lists look at. Nearly all are closed, as after some years; 4 in 100
 * are open, 1 waits, 2 are drafts, 1 is withdrawn. Every tenth role has a version that came later. Rare are the values of
 * few in 10,000: office-29, X1, Rockall and role-0. The same each time.
 */
export async function seedVacancies(db: Kysely<Database>, count: number): Promise<void> {
  await unchecked(db, async trx => {
    await insertOffices(trx)
    await sql`insert into roles (slug, organisation, document, version)
      select 'role-' || n, 'office-0', '{}', case when n % 10 = 0 then 2 else 1 end
      from generate_series(0, ${Math.ceil(count / 20)}::int) n`.execute(trx)
    await sql`
      with drawn as (
        select n, abs(hashint4(n)) as h, abs(hashint4(n + 1000000)) as g, n % 5000 = 1 as rare,
          power((abs(hashint4(n)) % 1000) / 1000.0, 3) as skewed
        from generate_series(1, ${count}::int) n
      ), made as (
        select *, overlay(overlay(overlay(overlay(md5(n::text) placing '-' from 9 for 0) placing '-' from 14 for 0)
            placing '-' from 19 for 0) placing '-' from 24 for 0) as id,
          case when rare then 'office-29' else 'office-' || floor(20 * skewed) end as organisation,
          'role-' || case when rare then 0 else 1 + g % ${Math.ceil(count / 20)}::int end as role,
          (${codes(professions)})[1 + floor(30 * skewed)::int] as profession,
          case when h % 3 > 0 then (${codes(families)})[1 + g % 8] end as family,
          array[(${codes(grades)})[1 + (g / 7) % 10]] || case when rare then array['X1'] else array[]::text[] end as grades,
          array[(array['London', 'Wales', 'Scotland', 'North West'])[1 + g % 4]]
            || case when rare then array['Rockall'] else array[]::text[] end as regions,
          case when rare or h % 100 < 4 then 'open' when h % 100 < 5 then 'scheduled' when h % 100 < 7 then 'draft'
            when h % 100 < 8 then 'withdrawn' else 'closed' end as state,
          timestamptz '2026-01-01' + make_interval(secs => g % 8000000) as updated_at
        from drawn
      )
      insert into vacancies (id, organisation, role, version, document, printed, state, opens_at, closes_at, updated_at,
        profession, family, grades, regions, item)
      select id, organisation, role, 1, json_build_object('text', repeat('A text as long as that of an advert. ', 40)), '{}', state,
        case state when 'scheduled' then timestamptz '2099-01-01' else timestamptz '2026-01-01' end,
        case when state in ('scheduled', 'open') then timestamptz '2099-02-01' else timestamptz '2026-02-01' end,
        updated_at, profession, family, grades, regions,
        json_build_object('role', role, 'version', 1, 'title', 'Vacancy ' || n, 'organisation',
          json_build_object('slug', organisation, 'name', organisation), 'profession', profession, 'family', family,
          'grades', json_build_array(json_build_object('scheme', 'civil-service', 'code', grades[1], 'label', grades[1])),
          'reference_number', null, 'business_area', 'Digital', 'salary', null, 'locations', json_build_array(), 'remote', false,
          'number_of_posts', 1, 'opens_at', '2026-01-01T00:00:00Z', 'closes_at', '2026-02-01T00:00:00Z',
          'time_zone', 'Europe/London')
      from made`.execute(trx)
  })
  await sql`vacuum analyze vacancies, roles`.execute(db)
}
