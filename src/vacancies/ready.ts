/** What stops the opening of a vacancy, and what is worth a second look. */
import { type Advice, findAdvice } from '../document/advice.ts'
import type { Finding } from '../document/check.ts'
import type { VacancyStatus } from '../document/vacancy.ts'
import { type Advert, firstOfEach } from './advert.ts'
import { missingOfCivilServiceJobs } from './civil-service-jobs.ts'
import type { Now } from './clock.ts'
import { adviceOnJobPosting, missingOfJobPosting } from './job-posting.ts'

/** All that the public forms need and the advert lacks, one finding for each place; [] where it may be opened. */
export const findBlockers = (advert: Advert): Finding[] =>
  firstOfEach([...missingOfJobPosting(advert), ...missingOfCivilServiceJobs(advert)])

export const isPast = (instant: string | null, now: Now) => instant !== null && Date.parse(instant) <= Date.parse(now)

export const tooEarly = (member: 'opens_at' | 'closes_at', now: Now, advice = ''): Finding => ({
  pointer: `/${member}`,
  code: 'too_early',
  detail: `${member} must be later than now, ${now}.${advice}`,
})

/** That a vacancy that is closed or withdrawn will never be opened; [] of others. */
export const findEnd = (status: VacancyStatus): Finding[] =>
  status === 'closed' || status === 'withdrawn'
    ? [{ pointer: '/status', code: 'wrong_status', detail: `The vacancy is ${status}; only a draft can be opened.` }]
    : []

/** What keeps a draft from being opened whatever its forms say; [] where nothing does. */
export function findHindrances({ vacancy, isRoleWithdrawn }: Advert, now: Now): Finding[] {
  const { role, closes_at } = vacancy
  return [
    ...(isRoleWithdrawn
      ? [{ pointer: '/role', code: 'role_withdrawn' as const, detail: `The role "${role}" is withdrawn.` }]
      : []),
    ...(isPast(closes_at, now) ? [tooEarly('closes_at', now)] : []),
  ]
}

/** What is recommended, and what looks like a placeholder; it stops nothing. */
export function adviceOn(advert: Advert): Advice[] {
  const sections = advert.vacancy.sections.map(section => ({ ...section, id: section.kind }))
  const document = { ...advert.role, sections, sfia_version: null, sfia_mappings: [] }
  return [...adviceOnJobPosting(advert), ...findAdvice(document, ({ blocks }) => blocks, 'advert')]
}
