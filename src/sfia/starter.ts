/** What the repository itself holds of SFIA: this sentence, and the starter index in migrations/0002. */

/** Stands wherever SFIA data is served, as its licence asks. */
export const acknowledgement =
  'The Skills Framework for the Information Age (SFIA) is owned by The SFIA Foundation: www.sfia-online.org. ' +
  'SFIA content is © The SFIA Foundation, is used here under licence, and may not be redistributed without one.'
