/** What stops the opening of a vacancy, and what is worth a second look. */
import { type Advice, findAdvice } from '../document/advice.ts'
import type { Finding } from '../document/check.ts'
import { comesTwice, londonTime } from '../document/london.ts'
import { plainText } from '../document/text.ts'
import type { VacancyStatus } from '../document/vacancy.ts'
import { shorten } from '../document/wording.ts'
import { type Advert, firstOfEach } from './advert.ts'
import { missingOfCivilServiceJobs } from './civil-service-jobs.ts'
import type { Now } from './clock.ts'
import { adviceOnJobPosting, missingOfJobPosting } from './job-posting.ts'

/** Sections of the vacancy's own that print nothing, which would be left out without a word. */
const findEmptySections = ({ vacancy }: Advert): Finding[] =>
  vacancy.sections.flatMap(({ heading, blocks }, index) =>
    blocks.some(({ type }) => type !== 'note')
      ? []
      : [
          {
            pointer: `/sections/${index}`,
            code: 'empty_section',
            detail: `The section "${heading}" is empty: fill or remove it.`,
          },
        ],
  )

/** All that the public forms need and the advert lacks, one finding for each place; [] where it may be opened. */
export const findBlockers = (advert: Advert): Finding[] =>
  firstOfEach([...missingOfJobPosting(advert), ...missingOfCivilServiceJobs(advert), ...findEmptySections(advert)])

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

/** Of each of the vacancy's own sections the first item that is optional: there is nothing that could choose it. */
const adviceOnOptional = ({ vacancy }: Advert): Advice[] =>
  vacancy.sections.flatMap(({ shared_section, blocks }, index) => {
    const pointer = `/sections/${index}`
    const [first] = blocks.flatMap((block, at) =>
      block.type === 'list'
        ? block.items.flatMap(({ text, optional }, item) =>
            optional ? [{ text, pointer: `${pointer}/blocks/${at}/items/${item}/optional` }] : [],
          )
        : [],
    )
    if (!first) return []
    return {
      pointer: shared_section === null ? first.pointer : pointer,
      code: 'optional_printed',
      excerpt: shorten(plainText(first.text), 160),
      detail:
        'Optional items of this section are printed all the same: a vacancy chooses among the items of its role only.',
      source: 'house',
    }
  })

function adviceOnClosing({ vacancy: { closes_at } }: Advert): Advice[] {
  if (closes_at === null || !comesTwice(closes_at)) return []
  const excerpt = londonTime(closes_at)
  const detail =
    'Clocks go back that night, and show this hour twice: adverts say which is meant, and may be read as the other. Choose another hour.'
  return [{ pointer: '/closes_at', code: 'time_twice', excerpt, detail, source: 'house' }]
}

/** What is recommended, and what looks like a placeholder; it stops nothing. */
export function adviceOn(advert: Advert): Advice[] {
  const sections = advert.vacancy.sections.map(section => ({ ...section, id: section.kind }))
  const document = { ...advert.role, sections, sfia_version: null, sfia_mappings: [] }
  return [
    ...adviceOnJobPosting(advert),
    ...adviceOnClosing(advert),
    ...adviceOnOptional(advert),
    ...findAdvice(document, ({ blocks }) => blocks, 'advert'),
  ]
}
