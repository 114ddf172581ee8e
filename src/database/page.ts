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
 * A page of what fits conditions on hidden values. What many rows have is soon found by looking at them in order; of what
 * few have, or those that come late, the indices of values give all, to be sorted. How values go together, and with the
 * order, no statistics know, and a wrong guess would read every row. `found` are conditions that say the same once more for
 * the sake of an index, and are not worth their time for rows that are looked at one by one.
 */
export function filteredPage<Row>(
  from: Ordered,
  conditions: RawBuilder<unknown>[],
  limit: number,
  found: RawBuilder<unknown>[] = [],
) {
  const { table, columns, by, beyond } = from
  const rest = (most: number) => sql`from ${table} where ${allOf(beyond)} order by ${by} limit ${most}`
  // Where no more are left than were looked at, what was found among them is all.
  const isDone = sql`
    (select count(*) from near) = ${limit} or (select count(*) from (select ${rest(lookedAt + 1)}) left_over) <= ${lookedAt}`
  return sql<Row>`
    with near as materialized (
      select ${columns} from (select * ${rest(lookedAt)}) ${table}
      where ${allOf(conditions)} order by ${by} limit ${limit}),
    looked as materialized (select ${isDone} as is_done)
    select * from near where (select is_done from looked)
    union all (${orderedPage(from, [sql`not (select is_done from looked)`, ...found, ...conditions], limit)})`
}
