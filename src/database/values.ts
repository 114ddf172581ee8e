import pg from 'pg'

const oid = { int8: 20, date: 1082, timestamp: 1114, timestamptz: 1184, int8s: 1016, timestamptzs: 1185 } as const

const parsers: Readonly<Record<number, (text: string) => unknown>> = {
  [oid.int8]: toNumber,
  [oid.date]: text => text,
  [oid.timestamp]: text => text,
  [oid.timestamptz]: toIsoTime,
  [oid.int8s]: text => listOf(text, toNumber),
  [oid.timestamptzs]: text => listOf(text, toIsoTime),
}

/**
 * How values from the server become JavaScript's, for one client; pg's defaults stand for the rest (numeric is text,
 * json is parsed).
 */
export const types: pg.CustomTypesConfig = {
  getTypeParser: (id: number, format?: 'text' | 'binary') =>
    (format !== 'binary' && parsers[id]) || pg.types.getTypeParser(id, format),
}

/**
 * An int8 as a number. Ours are counters, which never come near the limit.
 *
 * @throws RangeError for one that a number cannot hold exactly, rather than altering it.
 */
function toNumber(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw new RangeError(`${text} is too large for a number`)
  return value
}

/**
 * A timestamptz as RFC 3339 text in UTC, always with six decimals: a Date would drop the microseconds, and of equal
 * length such texts sort as the times do. Infinity stays as it is.
 */
export function toIsoTime(text: string): string {
  const parts = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?([+-]\d\d)(?::(\d\d))?$/.exec(text)
  if (!parts) return text
  const [, day = '', time = '', decimals = '', hours = '', minutes = '00'] = parts
  const micros = decimals.padEnd(6, '0')
  if (Number(hours) === 0 && minutes === '00') return `${day}T${time}.${micros}Z`
  const inUtc = new Date(`${day}T${time}${hours}:${minutes}`).toISOString()
  return `${inUtc.slice(0, 19)}.${micros}Z`
}

/** A one-dimensional array of values that hold no comma or quote themselves. */
function listOf<T>(text: string, parse: (item: string) => T): (T | null)[] {
  if (text === '{}') return []
  const items = text.slice(1, -1).replaceAll('"', '').split(',')
  return items.map(item => (item === 'NULL' ? null : parse(item)))
}

/** The time now, in the form of `toIsoTime`. */
export const isoNow = (): string => new Date().toISOString().replace('Z', '000Z')
