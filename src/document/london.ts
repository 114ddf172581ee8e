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

/**
 * `11:55 pm on Sunday 30th May 2027`. Noon is `midday` and the first minute of a day `midnight at the start of` it:
 * 12:00 pm, 12:00 am and `midnight on` leave in doubt which is meant.
 */
export function londonTime(instant: string): string {
  const parts = Object.fromEntries(timeFormat.formatToParts(new Date(instant)).map(({ type, value }) => [type, value]))
  const period = String(parts.dayPeriod).toLowerCase()
  // Some versions of ICU begin at 0 am.
  const hour = Number(parts.hour) % 12 || 12
  const twelve = period === 'pm' ? 'midday on' : 'midnight at the start of'
  const time = hour === 12 && parts.minute === '00' ? twelve : `${hour}:${parts.minute} ${period} on`
  return `${time} ${parts.weekday} ${ordinal(Number(parts.day))} ${parts.month} ${parts.year}`
}

const hourMs = 3_600_000

/** Whether clocks show the time of an instant twice, as they go back when summer time ends. */
export const comesTwice = (instant: string): boolean =>
  [-hourMs, hourMs].some(
    apart => londonTime(new Date(Date.parse(instant) + apart).toISOString()) === londonTime(instant),
  )
