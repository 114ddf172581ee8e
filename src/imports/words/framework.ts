/** Links to roles of the Government Digital and Data Profession Capability Framework, and the family of each role there. */
import type { families } from '../../document/code-lists.ts'

type Family = (typeof families)[number]['code']

/** Roles by their name in the framework's addresses, as it stood in 2025. */
const roles: Record<Family, string> = {
  architecture:
    'business-architect data-architect enterprise-architect network-architect security-architect solution-architect technical-architect',
  chief_digital_and_data:
    'chief-data-officer chief-digital-and-information-officer chief-digital-information-officer chief-information-security-officer chief-product-officer chief-technology-officer',
  data: 'analytics-engineer data-analyst data-engineer data-ethicist data-governance-manager data-scientist machine-learning-engineer performance-analyst',
  it_operations:
    'application-operations-engineer business-relationship-manager change-and-release-manager command-and-control-centre-manager end-user-computing-engineer incident-manager infrastructure-engineer infrastructure-operations-engineer it-service-manager problem-manager service-desk-manager service-transition-manager',
  product_and_delivery:
    'business-analyst delivery-manager digital-portfolio-manager product-manager programme-delivery-manager service-owner',
  quality_assurance_testing:
    'quality-assurance-test-analyst quality-assurance-testing-analyst qat-analyst test-engineer test-manager',
  software_development:
    'development-operations-devops-engineer development-operations-engineer frontend-developer front-end-developer software-developer',
  user_centred_design:
    'accessibility-specialist content-designer content-strategist graphic-designer interaction-designer service-designer technical-writer user-researcher',
}

const familyOf = new Map(
  Object.entries(roles).flatMap(([family, names]) => names.split(' ').map(name => [name, family as Family] as const)),
)

interface FrameworkRole {
  /** As the framework's address has it, such as `software-developer`. */
  role: string
  /** null for a role that is not in the list above. */
  family: Family | null
}

/** The role that an address leads to; undefined for every other address. */
export function frameworkRole(url: string): FrameworkRole | undefined {
  const own = /^https?:\/\/ddat-capability-framework\.service\.gov\.uk\/role\/([a-z0-9-]+)/i.exec(url)?.[1]
  const guide = /^https?:\/\/(?:www\.)?gov\.uk\/guidance\/([a-z0-9-]+)/i.exec(url)?.[1]
  const role = (own ?? guide)?.toLowerCase()
  if (role === undefined) return undefined
  const family = familyOf.get(role) ?? null
  // The guides of GOV.UK are on everything; only those on a role of the framework count.
  return own === undefined && family === null ? undefined : { role, family }
}
