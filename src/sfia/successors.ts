/**
 * Codes that a version of SFIA dropped, and what it has in their place: facts about codes, none of the licensed text.
 * Where the SFIA Foundation names no one successor there is none here, because a guess would be taken for advice.
 */
import type { SfiaVersion } from '../document/schema.ts'

interface Retirement {
  /** The first version that no longer has the code. */
  retiredIn: SfiaVersion
  /** Codes of that version and of those after it, the closest first; may be empty. */
  successors: readonly string[]
  /** Where that is stated, on sfia-online.org. */
  source: string
}

const inSfia7 = 'SFIA 7, "Skill changes in detail", retired skills'

/** By code. SFIA 9 dropped none of SFIA 8's codes. */
export const retirements: Readonly<Record<string, Retirement>> = {
  QUST: { retiredIn: '7', successors: ['QUMG'], source: inSfia7 },
  SUAS: { retiredIn: '7', successors: ['SUST'], source: inSfia7 },
  // Spread over eight other skills.
  SUEN: { retiredIn: '7', successors: [], source: inSfia7 },
  SUMI: { retiredIn: '7', successors: ['ITMG'], source: inSfia7 },
  BUAN: {
    retiredIn: '8',
    successors: ['BUSA', 'FEAS'],
    source: 'SFIA 8, "SFIA 8 skill changes in detail", new skills of business analysis',
  },
  CORE: { retiredIn: '8', successors: ['QUAS', 'AUDT'], source: 'SFIA 7, "Conformance review CORE", moving to SFIA 8' },
  INAN: { retiredIn: '8', successors: ['DATS'], source: 'SFIA 8, change request 1392, "Data science"' },
  NTPL: { retiredIn: '8', successors: ['NTDS'], source: 'SFIA 8, change request 1436, "Network planning"' },
}

/** What became of a code, if it was gone by this version; undefined where the version has it or never knew it. */
export function findRetirement(version: SfiaVersion, code: string): Retirement | undefined {
  const found = Object.hasOwn(retirements, code) ? retirements[code] : undefined
  return found && found.retiredIn <= version ? found : undefined
}
