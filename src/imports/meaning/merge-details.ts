/** The details of an edited document: what was read, and what the document carries of that which was not changed. */
import { detailsMark, type Form } from '../../document/form.ts'
import { detailRows, foldPlain, salaryName } from '../../document/print.ts'
import { type AdvertDetails, emptyAdvertDetails, type RoleDocument } from '../../document/schema.ts'
import { salaryIn } from './values.ts'

type Details = Pick<RoleDocument, 'advert_details' | 'grades'>

/** Each place that is printed as one that is known, with its town, region, postcode and country. */
export const placesOf = (read: AdvertDetails['locations'], known: AdvertDetails['locations']) =>
  read.map(place => known.find(({ text }) => foldPlain(text) === foldPlain(place.text)) ?? place)

/** Other amounts are of the period of those before, where their text said none either. */
function salaryOf(read: AdvertDetails['salary'], carried: AdvertDetails['salary']): AdvertDetails['salary'] {
  const said = carried && salaryIn(salaryName(carried)).period
  return read && carried && read.period === null && said === null ? { ...read, period: carried.period } : read
}

/** What a document carries; `isTouched`: somebody changed that too, as who replaces an amount throughout a file does. */
export function carriedDetails(form: Form): Details & { isTouched: boolean } {
  const { advert_details = emptyAdvertDetails(), grades = [], details_mark: mark } = form
  return { advert_details, grades, isTouched: mark !== undefined && mark !== detailsMark({ advert_details, grades }) }
}

/**
 * Each member as it is carried where it would be printed as it is read, unless it is touched; `isShown`: a section of the
 * document prints them.
 */
export function mergeDetails(read: Details, carried: ReturnType<typeof carriedDetails>, isShown: boolean): Details {
  const printed = ({ advert_details, grades }: Details, member: string) =>
    JSON.stringify(detailRows(advert_details, grades).filter(row => row.member === member))
  const none: Details = { advert_details: emptyAdvertDetails(), grades: [] }
  const keeps = (member: keyof AdvertDetails | 'grades') => {
    const now = printed(read, member)
    return (now === printed(carried, member) && !carried.isTouched) || (now === printed(none, member) && !isShown)
  }
  const now: AdvertDetails = {
    ...read.advert_details,
    salary: salaryOf(read.advert_details.salary, carried.advert_details.salary),
    locations: placesOf(read.advert_details.locations, carried.advert_details.locations),
  }
  const advert_details = Object.fromEntries(
    Object.entries(now).map(([member, value]) => {
      const name = member as keyof AdvertDetails
      return [member, keeps(name) ? carried.advert_details[name] : value]
    }),
  ) as AdvertDetails
  return { advert_details, grades: keeps('grades') ? carried.grades : read.grades }
}
