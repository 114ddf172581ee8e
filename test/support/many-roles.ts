/** A register with very many published roles, as lists and searches see it. */
import { type Kysely, sql } from 'kysely'
import type { Database } from '../../src/database/types.ts'
import { families, grades, professions } from '../../src/document/code-lists.ts'
import { unchecked } from './unchecked.ts'

/** The codes of a list, in SQL. */
export const codes = (list: readonly { code: string }[]) => sql`${list.map(({ code }) => code)}::text[]`

/** Thirty organisations, office-0 to office-29. */
export const insertOffices = (trx: Kysely<Database>) =>
  sql`insert into organisations (slug, name) select 'office-' || n, 'Office ' || n from generate_series(0, 29) n`.execute(
    trx,
  )

/**
 * Fills `role_search` alone, by SQL. Values are as uneven as real ones: `common` below says what a large part of the
 * roles has, `rare` what a few in 10,000 have. Slugs lie in no order on the disk. The same each time.
 */
export async function seedSearchRows(db: Kysely<Database>, count: number): Promise<void> {
  await unchecked(db, async trx => {
    await insertOffices(trx)
    await sql`insert into skills (slug, name, level_descriptions)
      select 'skill-' || n, 'Skill ' || n, '{}' from generate_series(0, 199) n`.execute(trx)
    // 500 texts of about 160 different words each: the nth word of 4,000 is the rarer the higher n is.
    await sql`create temporary table texts on commit drop as
      select text, setweight(to_tsvector('english', 'everywhere ' || string_agg('word' || floor(4000 * power(
        hashtextextended(text || ' ' || word, 1)::float8 / 18446744073709551616 + 0.5, 3)), ' ')), 'C') as words
      from generate_series(0, 499) text, generate_series(1, 180) word group by text`.execute(trx)
    await sql`
      with numbered as (
        select n, abs(hashint4(n)) as h, abs(hashint4(n + 1000000)) as g, md5(n::text) as md5 from generate_series(1, ${count}::int) n
      ), drawn as (
        select *,
          (array['Data', 'Software', 'Service', 'Security', 'Policy', 'Network', 'Content', 'Delivery'])[1 + h % 8]
            || ' ' || (array['engineer', 'designer', 'manager', 'analyst', 'architect', 'researcher'])[1 + g % 6] as name,
          power((h % 1000) / 1000.0, 3) as skewed
        from numbered
      ), made as (
        select 'role-' || md5 as role,
          case when n % 5000 = 1 then 'Falconer' else name end || ' ' || n as title,
          case when n % 5000 = 1 then 'office-29' else 'office-' || floor(20 * skewed) end as organisation,
          (${codes(professions)})[1 + floor(30 * skewed)::int] as profession,
          case when h % 3 > 0 then (${codes(families)})[1 + g % 8] end as family,
          array[(${codes(grades)})[1 + (g / 7) % 10]] || case when n % 5000 = 1 then array['X1'] else array[]::text[] end as grades,
          array['skill-' || floor(150 * skewed), 'skill-' || h % 50, 'skill-' || 50 + g % 100]
            || case when n % 5000 = 1 then array['skill-199'] else array[]::text[] end as skills,
          array['PROG:' || 2 + h % 5, 'DESN:' || 2 + g % 5, 'SINT:' || 2 + (h / 5) % 5]
            || case when n % 5000 = 1 then array['USUP:6'] else array[]::text[] end as sfia,
          case when n % 5000 = 1 then '6' when g % 3 = 0 then '8' else '9' end as sfia_version,
          timestamptz '2026-01-01' + make_interval(secs => g % 8000000) as published_at, h
        from drawn
      )
      insert into role_search (role, title, tags, published_at, item, words)
      select role, title, array['organisation ' || organisation, 'profession ' || profession, 'sfia_version ' || sfia_version]
          || case when family is not null then array['family ' || family] else array[]::text[] end
          || array(select 'grade ' || grade from unnest(grades) grade)
          || array(select distinct 'skill ' || skill from unnest(skills) skill)
          || array(select 'sfia ' || mapping from unnest(sfia) mapping)
          || array(select 'sfia ' || split_part(mapping, ':', 1) from unnest(sfia) mapping),
        published_at,
        json_build_object('slug', role, 'title', title, 'organisation', json_build_object('slug', organisation, 'name', organisation),
          'profession', profession, 'family', family, 'grades', json_build_array(json_build_object('scheme', 'civil-service', 'code', grades[1], 'label', grades[1])),
          'version', 1, 'published_at', published_at, 'etag', '"' || md5(role) || '"'),
        setweight(to_tsvector('english', title), 'A') || texts.words
      from made join texts on texts.text = h % 500`.execute(trx)
  })
  await sql`vacuum analyze role_search`.execute(db)
}
