/** Pages of lists that many filters narrow: found in their order, or by an index of values, whichever is the shorter way. */
import { type RawBuilder, sql } from 'kysely'

/** What a page is cut from. */
export interface Ordered {
  /** The table, and what of each of its rows is wanted. */
  table: RawBuilder<unknown>
  columns: RawBuilder<unknown>
  /** The order; an index has it, with `beyond`. */
  by: RawBuilder<unknown>
  /** What lies after the page before, and whatever else the index of the order answers. */
  beyond: RawBuilder<unknown>[]
}

/** How a page is found by the indices of values alone, and sorted then, never in its order. */
export interface Apart {
  /** The conditions as they are, with values that the planner knows. */
  known: RawBuilder<unknown>[]
  /** The first column of the order, and the value of it that the page begins with or after; without it all are sorted. */
  first?: { column: RawBuilder<unknown>; from: RawBuilder<unknown>; isDescending?: boolean }
}

/** A pattern of `like` for what holds the text somewhere: wildcards in it stand for themselves. */
export const containing = (text: string): string => `%${text.replaceAll(/[\\%_]/g, '\\$&')}%`

/** True where every condition is; without conditions it is true. */
export const allOf = (conditions: RawBuilder<unknown>[]) =>
  conditions.length === 0 ? sql`true` : sql.join(conditions, sql` and `)

/**
 * A value that is hidden from the planner, which then does not know how many rows have it and takes it to be of few: it
 * asks the index of values instead of going through the rows in their order.
 */
export const hidden = (value: RawBuilder<unknown>) => sql`(select ${value})`

/** Found by going through the rows in order, or by whatever else the planner thinks of. */
export const orderedPage = <Row>(
  { table, columns, by, beyond }: Ordered,
  conditions: RawBuilder<unknown>[],
  limit: number,
) => sql<Row>`select ${columns} from ${table} where ${allOf([...beyond, ...conditions])} order by ${by} limit ${limit}`

/** So many rows are looked at one by one before the indices of values are asked. */
const lookedAt = 300

/**
 * Of a value that many have, an index lists all before the first is read. In a large table it takes less to look at some
 * more rows, where the first ones that were looked at tell that these are likely to be enough.
 */
const lookedAtMore = 2000

/**
 * So many that fit are taken as the index of values gives them. Where there are more, enough of these to fill a page say
 * how far in the order it goes at most, and what fits up to there is found by two indices at once: the database puts the
 * bits of that of the order and that of values together, and reads those rows alone that are in both.
 */
const takenMax = 1500

/** Whether a table has so many rows that their number tells: as far as the planner knows it. */
export const isLarge = (table: RawBuilder<unknown>) =>
  sql`(select reltuples >= 30000 from pg_class where oid = '${table}'::regclass)`

interface FilteredPageOptions {
  /** Conditions that say the same once more for the sake of an index, and are not worth their time for rows looked at one by one. */
  found?: RawBuilder<unknown>[]
  apart?: Apart | undefined
}

/**
 * A page of what fits conditions on hidden values. What many rows have is soon found by looking at them in order; of what
 * few have, or those that come late, the indices of values give all, to be sorted. How values go together, and with the
 * order, no statistics know, and a wrong guess would read every row.
 */
export function filteredPage<Row>(
  from: Ordered,
  conditions: RawBuilder<unknown>[],
  limit: number,
  { found = [], apart }: FilteredPageOptions = {},
) {
  const { table, columns, by, beyond } = from
  const rest = (first: RawBuilder<unknown>[], most: number, skipped = 0) =>
    sql`from ${table} where ${allOf([...first, ...beyond])} order by ${by} limit ${most} offset ${skipped}`
  const look = (rows: RawBuilder<unknown>, most: RawBuilder<unknown>) => sql`
    select ${columns} from (select * ${rows}) ${table} where ${allOf(conditions)} order by ${by} limit ${most}`
  const nearby = sql`(select count(*) from near)`
  const goesOn = sql`${isLarge(table)} and ${nearby} between ${Math.ceil(limit / 6)} and ${limit - 1}`
  // Where no more are left than were looked at, what was found among them is all.
  const isDone = sql`
    ${nearby} + (select count(*) from far) = ${limit}
      or (select count(*) from (select ${rest([], lookedAt + 1)}) left_over) <= ${lookedAt}`
  const rows = [sql`not (select is_done from looked)`, ...found, ...conditions]
  const steps = sql`
    with near as materialized (${look(rest([], lookedAt), sql`${limit}`)}),
    far as materialized (${look(rest([goesOn], lookedAtMore, lookedAt), sql`${limit} - ${nearby}`)}),
    looked as materialized (select ${isDone} as is_done)`
  const seen = sql`
    select * from near where (select is_done from looked)
    union all select * from far where (select is_done from looked)`
  if (apart === undefined) return sql<Row>`${steps} ${seen} union all (${orderedPage(from, rows, limit)})`
  const { known, first } = apart
  const sorted = (conditions: RawBuilder<unknown>[], name: RawBuilder<unknown>) => sql`
    select ${columns} from (select * from ${name} where ${allOf(conditions)} offset 0) ${table} order by ${by} limit ${limit}`
  if (first === undefined) return sql<Row>`${steps} ${seen} union all (${sorted([...beyond, ...rows], table)})`
  const areAll = sql`(select count(*) from taken) < ${takenMax}`
  // Both ends are hidden, so that the planner takes what is between them to be little.
  const [begin, end] = [hidden(first.from), sql`(select * from bound)`]
  const between = first.isDescending
    ? sql`${first.column} <= ${begin} and ${first.column} >= ${end}`
    : sql`${first.column} >= ${begin} and ${first.column} <= ${end}`
  return sql<Row>`${steps},
    taken as materialized (select * from ${table} where ${allOf([...beyond, ...rows])} limit ${takenMax}),
    bound as materialized (
      select ${first.column} from taken where not ${areAll} order by ${first.column} ${first.isDescending ? sql`desc` : sql`asc`}
      limit 1 offset ${limit - 1})
    ${seen}
    union all (${sorted([areAll], sql`taken`)})
    union all (${sorted([sql`not ${areAll}`, ...beyond, between, ...known], table)})`
}
