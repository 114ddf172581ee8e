/** Instants as adverts, documents and pages print them: in the time of the United Kingdom, summer time included. */

export const timeZone = 'Europe/London'

const dateFormat = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone })

/** `24 November 2026`, the day that an instant falls on. */
export const londonDate = (instant: string): string => dateFormat.format(new Date(instant))

const timeFormat = new Intl.DateTimeFormat('en-GB', {
  timeZone,
  weekday: 'long',
  day: 'numeric',
  month: 'long',
  year: 'numeric',
  hour: 'numeric',
  minute: '2-digit',
  hour12: true,
  timeZoneName: 'short',
})

const ordinal = (day: number) => {
  const ending =
    day % 10 === 1 && day !== 11
      ? 'st'
      : day % 10 === 2 && day !== 12
        ? 'nd'
        : day % 10 === 3 && day !== 13
          ? 'rd'
          : 'th'
  return `${day}${ending}`
}

/** What clocks show, the day, and which time it is, BST or GMT. */
function clockAt(ms: number) {
  const parts = Object.fromEntries(timeFormat.formatToParts(ms).map(({ type, value }) => [type, value]))
  const period = String(parts.dayPeriod).toLowerCase()
  // Some versions of ICU begin at 0 am.
  const time = `${Number(parts.hour) % 12 || 12}:${parts.minute} ${period}`
  const day = `${parts.weekday} ${ordinal(Number(parts.day))} ${parts.month} ${parts.year}`
  return { time, day, zone: String(parts.timeZoneName) }
}

const hourMs = 3_600_000

/** Whether clocks show the time of an instant twice, as they go back when summer time ends. */
export function comesTwice(instant: string): boolean {
  const ms = Date.parse(instant)
  const { time, day } = clockAt(ms)
  return [-hourMs, hourMs].some(apart => {
    const other = clockAt(ms + apart)
    return other.time === time && other.day === day
  })
}

const named: Record<string, string> = { '12:00 pm': 'midday on', '12:00 am': 'midnight at the start of' }

/**
 * `11:55 pm on Sunday 30th May 2027`. Noon is `midday` and the first minute of a day `midnight at the start of` it:
 * 12:00 pm, 12:00 am and `midnight on` leave in doubt which is meant. An hour that comes twice says which it is, as
 * `1:30 am GMT on Sunday 31st October 2027`.
 */
export function londonTime(instant: string): string {
  const { time, day, zone } = clockAt(Date.parse(instant))
  return `${named[time] ?? `${time}${comesTwice(instant) ? ` ${zone}` : ''} on`} ${day}`
}
