import pg from 'pg'

/**
 * Everything that migrations make in a database, as lines that are equal where the schemas are: the way to compare two
 * states on a server for which there is no pg_dump. What the data tables hold from the migrations is in it too.
 */
export async function catalogueOf(url: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000, query_timeout: 60_000 })
  client.on('error', () => {})
  await client.connect()
  try {
    const { rows } = await client.query<{ line: string }>(`
      with own as (
        select c.* from pg_class c where relnamespace = 'public'::regnamespace
          and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
      )
      select * from (
      select format('relation %s %s %s', relname, relkind, reloptions) as line from own
      union all
      select format('column %s.%s %s %s null:%s identity:%s generated:%s default:%s', relname,
          -- Columns that are gone leave gaps, which a restored database has not.
          row_number() over (partition by own.oid order by attnum), attname,
          format_type(atttypid, atttypmod), not attnotnull, attidentity, attgenerated, pg_get_expr(adbin, adrelid))
        from own join pg_attribute a on attrelid = own.oid
          left join pg_attrdef on adrelid = attrelid and adnum = attnum
        where attnum > 0 and not attisdropped
      union all
      select format('constraint %s %s %s', conrelid::regclass, conname, pg_get_constraintdef(c.oid))
        from pg_constraint c join own on own.oid = conrelid
      union all
      select 'index ' || pg_get_indexdef(indexrelid) from pg_index join own on own.oid = indexrelid
      union all
      select format('trigger %s enabled:%s', pg_get_triggerdef(t.oid), tgenabled)
        from pg_trigger t join own on own.oid = tgrelid where not tgisinternal
      union all
      select 'function ' || pg_get_functiondef(p.oid) from pg_proc p where pronamespace = 'public'::regnamespace
        and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
      union all
      select format('extension %s', extname) from pg_extension
      union all
      select format('migration %s %s', name, digest) from migrations
      union all
      select format('sfia %s %s %s', version, code, level) from sfia_levels
      union all
      select format('counter %s', position) from feed_counter
      ) lines order by line collate "C"`)
    return rows.map(({ line }) => line)
  } finally {
    await client.end()
  }
}
