/** What the public forms of a vacancy are made of. Pure. */
import type { Finding } from '../document/check.ts'
import type { PublishedRole, SectionKind } from '../document/schema.ts'
import type { VacancyDocument } from '../document/vacancy.ts'
import { escapeHtml, sectionHtml } from '../renderings/html.ts'

export interface Advert {
  id: string
  /** With the texts of shared sections filled in. */
  vacancy: VacancyDocument
  /** The version that it is made from. */
  role: PublishedRole
  /** Whether the role was withdrawn since: its versions can still be read. */
  isRoleWithdrawn: boolean
  /** Of the organisation, where it has one. */
  homepageUrl: string | null
}

export interface AdvertSection {
  kind: SectionKind
  heading: string
  /** Limited HTML: p, h4, ul, ol, li, strong, em, code, a. */
  html: string
  /** Where it stands: `/sections/0` of the vacancy, or `role:/sections/0` of the version. */
  source: string
}

/** The version with what the vacancy says in place of its own details: a section that prints them contradicts nothing. */
function asAdvertised({ vacancy, role }: Advert): PublishedRole {
  const { reference_number, salary, role_types, locations, business_area } = vacancy
  const { contract_types, working_patterns, hours, reports_to } = vacancy
  const own = { reference_number, salary, role_types, locations, business_area }
  const terms = { contract_types, working_patterns, hours, reports_to }
  return { ...role, advert_details: { ...role.advert_details, ...own, ...terms } }
}

/** Whether the vacancy chose an optional item of the role. */
export function choiceOf({ chosen_items }: VacancyDocument) {
  const chosen = new Set(chosen_items.map(({ section, item }) => `${section} ${item}`))
  return (section: string, item: string) => chosen.has(`${section} ${item}`)
}

/** The sections that the advert prints, the role's first: with the optional items that were chosen, without empty ones. */
export function sectionsOf(advert: Advert): AdvertSection[] {
  const { vacancy } = advert
  const role = asAdvertised(advert)
  const isChosen = choiceOf(vacancy)
  const ofRole = role.sections.map((section, index) => ({
    kind: section.kind,
    heading: section.heading,
    html: sectionHtml(section, role, { subheading: 'h4', optional: item => isChosen(section.id, item.id) }),
    source: `role:/sections/${index}`,
  }))
  const own = vacancy.sections.map(({ kind, heading, blocks }, index) => ({
    kind,
    heading,
    // What an item of the vacancy's own says is chosen by being there.
    html: sectionHtml({ heading, blocks: blocks.filter(({ type }) => type !== 'note') }, role, { subheading: 'h4' }),
    source: `/sections/${index}`,
  }))
  return [...ofRole, ...own].filter(({ html }) => html !== '')
}

/** Sections one below the other, each under its heading; '' where there is none. */
export const htmlOf = (sections: readonly AdvertSection[]) =>
  sections.map(({ heading, html }) => `<h3>${escapeHtml(heading)}</h3>\n${html}`).join('\n')

/** Findings without those about a place that an earlier one is about already. */
export const firstOfEach = (findings: readonly Finding[]) =>
  findings.filter(({ pointer }, index) => findings.findIndex(finding => finding.pointer === pointer) === index)
