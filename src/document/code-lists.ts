/** The closed lists of codes that documents use. Closed per version of the API, and served at `/v1/code-lists`. */

export interface Code {
  code: string
  label: string
}

/** The label of a code; the code itself where the list has none such. */
export const labelOf = (codes: readonly Code[], code: string) => codes.find(entry => entry.code === code)?.label ?? code

/** The labels of codes with commas between them. */
export const labelsOf = (codes: readonly Code[], chosen: readonly string[]) =>
  chosen.map(code => labelOf(codes, code)).join(', ')

const codes = <const T extends Record<string, string>>(labels: T) =>
  Object.entries(labels).map(([code, label]) => ({ code: code as keyof T & string, label }))

/** Civil Service grades, junior first, with other names that documents print and the Success Profiles level. */
export const grades = [
  { code: 'AA', label: 'Administrative Assistant', aliases: ['Admin Assistant'], behaviour_level: 1 },
  { code: 'AO', label: 'Administrative Officer', aliases: ['Admin Officer'], behaviour_level: 1 },
  { code: 'EO', label: 'Executive Officer', aliases: [], behaviour_level: 2 },
  { code: 'HEO', label: 'Higher Executive Officer', aliases: ['HEO(D)'], behaviour_level: 3 },
  { code: 'SEO', label: 'Senior Executive Officer', aliases: [], behaviour_level: 3 },
  { code: 'G7', label: 'Grade 7', aliases: [], behaviour_level: 4 },
  { code: 'G6', label: 'Grade 6', aliases: [], behaviour_level: 4 },
  { code: 'SCS1', label: 'SCS Pay Band 1', aliases: ['SCS PB1', 'Deputy Director'], behaviour_level: 5 },
  { code: 'SCS2', label: 'SCS Pay Band 2', aliases: ['SCS PB2', 'Director'], behaviour_level: 6 },
  { code: 'SCS3', label: 'SCS Pay Band 3', aliases: ['SCS PB3', 'Director General'], behaviour_level: 6 },
  { code: 'SCS4', label: 'Permanent Secretary', aliases: ['SCS PB4'], behaviour_level: null },
] as const

/** The scheme of `grades`: its codes and labels are closed; a department's own scheme is free. */
export const gradeScheme = 'civil-service'

/** The nine behaviours of Success Profiles (2018). */
export const behaviours = codes({
  seeing_the_big_picture: 'Seeing the big picture',
  changing_and_improving: 'Changing and improving',
  making_effective_decisions: 'Making effective decisions',
  leadership: 'Leadership',
  communicating_and_influencing: 'Communicating and influencing',
  working_together: 'Working together',
  developing_self_and_others: 'Developing self and others',
  managing_a_quality_service: 'Managing a quality service',
  delivering_at_pace: 'Delivering at pace',
})

/** Civil Service professions. */
export const professions = codes({
  commercial: 'Commercial',
  communications: 'Communications',
  corporate_finance: 'Corporate finance',
  counter_fraud: 'Counter fraud',
  debt: 'Debt',
  digital_and_data: 'Digital and Data',
  economics: 'Economics',
  finance: 'Finance',
  geography: 'Geography',
  grants: 'Grants management',
  human_resources: 'Human resources',
  intelligence_analysis: 'Intelligence analysis',
  internal_audit: 'Internal audit',
  international_trade: 'International trade',
  knowledge_and_information_management: 'Knowledge and information management',
  legal: 'Legal',
  medical: 'Medical',
  occupational_psychology: 'Occupational psychology',
  operational_delivery: 'Operational delivery',
  operational_research: 'Operational research',
  planning: 'Planning',
  policy: 'Policy',
  project_delivery: 'Project delivery',
  property: 'Property',
  science_and_engineering: 'Science and engineering',
  security: 'Security',
  social_research: 'Social research',
  statistics: 'Statistics',
  tax: 'Tax',
  veterinary: 'Veterinary',
})

/** Role families of the Government Digital and Data framework. */
export const families = codes({
  architecture: 'Architecture',
  chief_digital_and_data: 'Chief digital and data',
  data: 'Data',
  it_operations: 'IT operations',
  product_and_delivery: 'Product and delivery',
  quality_assurance_testing: 'Quality assurance testing (QAT)',
  software_development: 'Software development',
  user_centred_design: 'User-centred design',
})

export const contractTypes = codes({
  permanent: 'Permanent',
  fixed_term: 'Fixed term',
  temporary: 'Temporary',
  loan: 'Loan',
  secondment: 'Secondment',
  apprenticeship: 'Apprenticeship',
  contractor: 'Contractor',
})

export const workingPatterns = codes({
  full_time: 'Full-time',
  part_time: 'Part-time',
  job_share: 'Job share',
  flexible_working: 'Flexible working',
  compressed_hours: 'Compressed hours',
  annualised_hours: 'Annualised hours',
  shift_working: 'Shift working',
  term_time: 'Term-time',
  homeworking: 'Homeworking',
  hybrid_working: 'Hybrid working',
})

/** "Type of role" as Civil Service Jobs uses it. */
export const roleTypes = codes({
  administration: 'Administration and corporate support',
  analytical: 'Analytical',
  architecture_and_data: 'Architecture and data',
  commercial: 'Commercial',
  communications: 'Communications and marketing',
  digital: 'Digital',
  engineering: 'Engineering',
  finance: 'Finance',
  human_resources: 'Human resources',
  information_technology: 'Information technology',
  legal: 'Legal services',
  operational_delivery: 'Operational delivery',
  policy: 'Policy',
  project_delivery: 'Project delivery',
  science: 'Science',
  security: 'Security',
  senior_leadership: 'Senior leadership',
  other: 'Other',
})

/** What a section means, whatever its heading says. */
export const sectionKinds = codes({
  organisation_overview: 'About the organisation',
  profession_overview: 'About the profession',
  role_summary: 'About the role',
  responsibilities: 'What you’ll do day-to-day',
  person_specification: 'You will be someone who',
  skills_experience: 'Skills and experience',
  working_with: 'Who you’ll work with',
  capabilities: 'Capabilities and competencies',
  skills_framework: 'Skills framework',
  selection: 'Selection process',
  benefits: 'Benefits',
  terms: 'Terms and conditions',
  security: 'Security',
  nationality: 'Nationality',
  diversity: 'Diversity and inclusion',
  further_information: 'Further information',
  appendix: 'Appendix',
  other: 'Other',
})

/** How well a role needs a skill, as the Government Digital and Data framework has it. */
export const skillLevels = codes({
  awareness: 'Awareness',
  working: 'Working',
  practitioner: 'Practitioner',
  expert: 'Expert',
})

export const importances = codes({ essential: 'Essential', desirable: 'Desirable' })

export const salaryPeriods = codes({ year: 'A year', month: 'A month', week: 'A week', day: 'A day', hour: 'An hour' })

/** National security vetting, the least first, and the check that everybody passes. */
export const securityClearances = codes({
  bpss: 'Baseline Personnel Security Standard',
  ac: 'Accreditation Check',
  ctc: 'Counter-Terrorist Check',
  sc: 'Security Check',
  esc: 'Enhanced Security Check',
  dv: 'Developed Vetting',
  edv: 'Enhanced Developed Vetting',
})

/** What a vacancy asks for, as Google's `credentialCategory` has it. */
export const educationLevels = codes({
  none: 'No requirement',
  high_school: 'A levels or the like',
  associate_degree: 'Foundation degree, higher national diploma or the like',
  bachelor_degree: 'Bachelor’s degree or the like',
  postgraduate_degree: 'Postgraduate degree',
  professional_certificate: 'Professional certificate',
})

export const sfiaVersions = ['6', '7', '8', '9'] as const

/** All of them by the name they are served under. */
export const codeLists: Record<string, readonly Code[]> = {
  behaviours,
  contract_types: contractTypes,
  education_levels: educationLevels,
  families,
  grades,
  importances,
  professions,
  role_types: roleTypes,
  salary_periods: salaryPeriods,
  section_kinds: sectionKinds,
  security_clearances: securityClearances,
  skill_levels: skillLevels,
  working_patterns: workingPatterns,
}
