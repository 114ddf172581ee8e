/** Names of employers other than departments, whose grades are none of the Civil Service's, be their numbers the same. */

/** What nothing but the name of one is. */
const names =
  /^(?:the )?(?:university|university college|faculty) of \S|\buniversity(?: college)?$|^(?:the )?(?:(?:royal|london|metropolitan) )*borough of \S|\b(?:borough|city|county|district|parish|town) council$|\bnhs (?:foundation )?trust$|\bhospitals? trust$|\bhealth board$|\bmulti[- ]academy trust$|\b(?:grammar|high|infant|junior|primary|secondary) school$|\bsixth form college$/i
/** What may be in the name of one, and in that of a department's team or place. */
const words = /\b(?:academy|borough|college|council|faculty|nhs|school|university)\b|\btrust$/i
/** What says that it is of the Civil Service. */
const departments =
  /\bcivil service\b|\b(?:uk|scottish|welsh) government\b|\bministry of\b|\bdepartment for\b|\bdepartment of (?:agriculture|education|finance|health|infrastructure|justice|the economy)\b|\b(?:cabinet|foreign|home|scotland|wales|northern ireland) office\b|\bhm \S|\b(?:defra|dfe|dhsc|dsit|dwp|hmcts|hmpps|hmrc|mhclg|mod|moj|ofsted)\b|\bexecutive agency\b/i
/** Labels whose value is the employer, and those that departments do not have. */
const labels = /^(?:name of )?(?:employer|employing organi[sz]ation|institution|organi[sz]ation)(?: name)?:?$/i
const ownLabels = /^(?:academy|college|council|faculty|school|trust|university)(?: name)?:?$/i

/** A longer line is text, and no name. */
const lineMax = 120

/** What a document says in its first lines and its details. */
interface Said {
  title: string
  lines: readonly string[]
  /** What stands beside its text: the title of the file, heads of pages. */
  beside: readonly string[]
  details: readonly { label: string; value: string }[]
}

/** An employer of another kind that a document names; not `certain` where it may be something else. */
export interface OtherEmployer {
  name: string
  certain: boolean
}

/** The employer that a document is of, where that is no department. */
export function otherEmployer({ title, lines, beside, details }: Said): OtherEmployer | undefined {
  const said = lines.filter(line => line.length <= lineMax && !/[.!?]$/.test(line))
  const employers = details
    .filter(({ label, value }) => labels.test(label.trim()) && value.length <= lineMax)
    .map(({ value }) => value)
  const partsOf = (line: string) => line.split(/\s*[|,/]\s*|\s+[–—-]\s+/)
  const parts = [...said, ...employers].flatMap(partsOf)
  const named = [...parts, ...beside.flatMap(partsOf)].find(part => names.test(part.trim()))
  const isOfDepartment = [title, ...said, ...beside, ...details.map(({ value }) => value)].some(text =>
    departments.test(text),
  )
  if (named) return { name: named.trim(), certain: !isOfDepartment }
  if (isOfDepartment) return undefined
  // `School Improvement Adviser` is of a department, `Lecturer, Mercia College` is not.
  const [, ...behind] = title.split(/\s*[|,(]\s*|\s+(?:[–—-]|at)\s+/)
  const own = details.find(({ label }) => ownLabels.test(label.trim()))
  const perhaps = [...parts, ...behind].find(part => words.test(part.trim())) ?? (own && `${own.label}: ${own.value}`)
  return perhaps === undefined ? undefined : { name: perhaps.trim(), certain: false }
}
