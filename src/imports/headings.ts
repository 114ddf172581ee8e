/** What a heading means. Quotes, dashes, case, colons and bold marks have no part in it. */
import type { SectionKind } from '../document/schema.ts'

/** Lower case, no quotes, dashes and other marks as spaces, no number before it: `What you’ll do:` → `what youll do`. */
export const normaliseHeading = (text: string) =>
  text
    .toLowerCase()
    .replace(/['’‘‛ʼ`´"“”„«»]/g, '')
    .replace(/&/g, ' and ')
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
    .replace(/^(?:section )?\d{1,2}(?: \d{1,2})* (?=\p{L})/u, '')

/** Headings that are known word for word, so that they need no mark of a heading to be one. */
const phrases: Partial<Record<SectionKind, string[]>> = {
  organisation_overview: [
    'about the organisation',
    'about the organization',
    'about our organisation',
    'about the department',
    'about the home office',
    'about us',
    'who we are',
  ],
  profession_overview: [
    'about digital data and technology',
    'about digital and data',
    'about the digital and data profession',
    'about ddat',
    'about the profession',
    'about our profession',
  ],
  role_summary: [
    'about the role',
    'about this role',
    'the role',
    'role summary',
    'job summary',
    'summary of the role',
    'role overview',
    'purpose of the role',
    'job purpose',
    'job description',
  ],
  responsibilities: [
    'what youll do day to day',
    'what you will do day to day',
    'what youll do',
    'what you will do',
    'your day to day',
    'key responsibilities',
    'main responsibilities',
    'responsibilities',
    'roles and responsibilities',
    'main duties',
    'duties',
    'key duties',
    'key objectives',
    'key accountabilities',
  ],
  person_specification: [
    'you will be someone who',
    'youll be someone who',
    'person specification',
    'personal specification',
    'about you',
    'who you are',
    'who we are looking for',
    'what we are looking for',
  ],
  skills_experience: [
    'you will have the following skills and experience',
    'youll have the following skills and experience',
    'you will have the following skills or experience',
    'skills and experience',
    'skills experience',
    'essential skills and experience',
    'skills and qualifications',
    'your skills and experience',
    'skills knowledge and experience',
    'knowledge skills and experience',
  ],
  working_with: [
    'who youll work with',
    'who you will work with',
    'who youll be working with',
    'working with others',
    'key relationships',
    'key stakeholders',
  ],
  capabilities: [
    'capabilities and competencies',
    'capabilities and competences',
    'competencies',
    'capabilities',
    'behaviours',
    'competencies and behaviours',
  ],
  skills_framework: [
    'skills framework for the information age',
    'sfia',
    'sfia skills',
    'skills framework for the information age sfia',
    'sfia skills and levels',
  ],
  selection: [
    'how to apply',
    'selection process',
    'the selection process',
    'application process',
    'recruitment process',
    'how we will assess you',
  ],
  benefits: ['benefits', 'what we offer', 'what youll get', 'our benefits'],
  terms: ['terms and conditions', 'terms and conditions of employment'],
  security: ['security', 'security clearance', 'security vetting', 'national security vetting'],
  nationality: ['nationality', 'nationality requirements', 'nationality rules'],
  diversity: [
    'diversity and inclusion',
    'equality diversity and inclusion',
    'equality and diversity',
    'inclusion and diversity',
  ],
  further_information: [
    'further information',
    'more information',
    'additional information',
    'contact',
    'contacts',
    'contact details',
  ],
  appendix: [
    'appendix',
    'appendix a',
    'appendix 1',
    'annex',
    'annex a',
    'advert details',
    'job details',
    'vacancy details',
    'role details',
  ],
}

const exact = new Map(
  Object.entries(phrases).flatMap(([kind, headings]) =>
    headings.map(heading => [heading, kind as SectionKind] as const),
  ),
)

/** What else a heading that is marked as one may say, the more telling words first. */
const patterns: [RegExp, SectionKind][] = [
  [/^(?:appendix|annex)\b|^(?:basic|key|job|post|vacancy|advert) (?:information|facts|details|data)$/, 'appendix'],
  [/\bsfia\b|skills framework/, 'skills_framework'],
  [
    /person(?:al)? spec|\bsomeone who\b|^(?:about|who) you\b|looking for|ideal candidate|who you are/,
    'person_specification',
  ],
  [/nationality|citizen|right to work/, 'nationality'],
  [/diversity|inclusion|equal|\beeo\b|reasonable a|disability|veterans/, 'diversity'],
  [/clearance|vetting|security check/, 'security'],
  [/^terms\b|conditions/, 'terms'],
  [/benefits|what we offer|reward|whats in it for you/, 'benefits'],
  [/\bapply|application|selection|interview|assess|recruitment process|expect next/, 'selection'],
  [/capabilit|competenc|behaviour/, 'capabilities'],
  [/work(?:ing)? with|stakeholders|relationships|collaborat/, 'working_with'],
  [
    /day to day|responsib|\bdut(?:y|ies)\b|objectives|accountab|^you will$|^youll$|what (?:youll|you will)\b.* do\b|tasks/,
    'responsibilities',
  ],
  [/skills|experience|qualification|requirement|criteria|^you(?: wi)?ll have/, 'skills_experience'],
  [/\bprofession\b|about (?:digital|data|ddat)|community/, 'profession_overview'],
  [
    /about (?:us|our|the (?:organi|department|agency|ministry|team|company))|who we are|\borganisation\b/,
    'organisation_overview',
  ],
  [/\brole\b|\bjob\b|\bpost\b|summary|purpose|overview/, 'role_summary'],
  [/contact|information|find out|read more/, 'further_information'],
]

const wordsMax = 12

/** The kind of a heading that is known word for word; undefined where it is not. */
export const knownKind = (text: string): SectionKind | undefined => exact.get(normaliseHeading(text))

/** The kind of something that is a heading; `other` where its words do not tell. */
export function kindOf(text: string): SectionKind {
  const heading = normaliseHeading(text)
  const known = exact.get(heading)
  if (known) return known
  if (heading.split(' ').length > wordsMax) return 'other'
  return patterns.find(([pattern]) => pattern.test(heading))?.[1] ?? 'other'
}

/** Short, and not a sentence: what a line must be before it is taken for a heading. */
export const looksLikeHeading = (text: string) =>
  text.length <= 120 && text.split(/\s+/).length <= wordsMax && !/[.!?;,]$/.test(text.trim())

/** `Essential`, `Desirable criteria:` and the like; undefined for anything else. */
export function importanceOf(text: string): 'essential' | 'desirable' | undefined {
  const match = /^(essential|desirable)(?: (?:criteria|skills|experience|requirements|skills and experience))?$/.exec(
    normaliseHeading(text),
  )
  return match?.[1] as 'essential' | 'desirable' | undefined
}
