/** What stops the opening of a vacancy, and what is worth a second look. */
import { type Advice, findAdvice } from '../document/advice.ts'
import type { Finding } from '../document/check.ts'
import { type Advert, firstOfEach } from './advert.ts'
import { missingOfCivilServiceJobs } from './civil-service-jobs.ts'
import { adviceOnJobPosting, missingOfJobPosting } from './job-posting.ts'

/** All that the public forms need and the advert lacks, one finding for each place; [] where it may be opened. */
export const findBlockers = (advert: Advert): Finding[] =>
  firstOfEach([...missingOfJobPosting(advert), ...missingOfCivilServiceJobs(advert)])

/** What is recommended, and what looks like a placeholder; it stops nothing. */
export function adviceOn(advert: Advert): Advice[] {
  const sections = advert.vacancy.sections.map(section => ({ ...section, id: section.kind }))
  const document = { ...advert.role, sections, sfia_version: null, sfia_mappings: [] }
  return [...adviceOnJobPosting(advert), ...findAdvice(document, ({ blocks }) => blocks)]
}
