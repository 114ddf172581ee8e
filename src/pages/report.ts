/** An import's report as a page shows it: the document line by line, with what is said of each line beneath it. */
import { behaviours, labelOf, labelsOf, professions } from '../document/code-lists.ts'
import type { ImportReport, ImportWarning } from '../imports/schema.ts'
import type { ProblemAnswer } from './api.ts'
import { readableChanges } from './changes.ts'

/** A document that was sent, and what the API made of it. */
export interface Outcome {
  file: string
  /** Created, replaced, unchanged or refused, in a word or two. */
  outcome: string
  problem: ProblemAnswer | null
  id: string | null
  role: string | null
  report: ImportReport | null
  /** The draft that was there; null where there was none. */
  draft: object | null
  /** The document's text by lines, as the report numbers them. */
  text: readonly string[]
}

/** More lines than this of one document are not shown. */
const linesMax = 3000
/** Nor more changes. */
const changesMax = 200
const row = (text: string, value: string) => ({ key: { text }, value: { text: value } })

function linesOf(text: readonly string[], warnings: readonly ImportWarning[]) {
  const said = new Map<number, ImportWarning[]>()
  for (const warning of warnings)
    if (warning.line !== null) said.set(warning.line, [...(said.get(warning.line) ?? []), warning])
  return text.slice(0, linesMax).flatMap((line, at) => {
    const own = said.get(at + 1) ?? []
    return line.trim() === '' && own.length === 0
      ? []
      : [
          {
            number: at + 1,
            text: line,
            warnings: own,
            isWarned: own.length > 0,
            lost: own.some(({ severity }) => severity === 'loss'),
          },
        ]
  })
}

/** Of a document whose role has a draft, which nobody asked to replace. */
export const leftAlone = 'Draft left alone'

/** What the template `reports` takes for one document. */
export function reportView(outcome: Outcome) {
  const { report, draft, text } = outcome
  if (report === null) return outcome
  const { recognised, coverage, warnings } = report
  const { sfia } = recognised
  const count = (severity: ImportWarning['severity'], one: string, many: string) => {
    const found = warnings.filter(warning => warning.severity === severity).length
    return `${found} ${found === 1 ? one : many}`
  }
  const unlisted = report.warnings_not_listed.reduce((sum, { count: more }) => sum + more, 0)
  return {
    ...outcome,
    leftAlone: outcome.outcome === leftAlone,
    facts: [
      row('Title', recognised.title ?? 'None found'),
      ...(outcome.role === null ? [] : [row('Role', outcome.role)]),
      row(
        'Text kept',
        `${coverage.percent} % (${coverage.characters_kept} of ${coverage.characters_seen} letters and digits)`,
      ),
      row(
        'Warnings',
        [
          count('loss', 'loss', 'losses'),
          count('repair', 'repair', 'repairs'),
          count('advice', 'piece of advice', 'pieces of advice'),
          ...(unlisted === 0 ? [] : [`and ${unlisted} more like them, which are not listed`]),
        ].join(', '),
      ),
      row('Skills', String(recognised.skills)),
      ...(sfia.mappings.length === 0
        ? []
        : [
            row(
              'SFIA skills',
              `${sfia.mappings.join(', ')} (SFIA ${sfia.version ?? '?'}${sfia.inferred ? ', which the document does not name' : ''})`,
            ),
          ]),
      ...(recognised.profession ? [row('Profession', labelOf(professions, recognised.profession))] : []),
      ...(recognised.behaviours?.length ? [row('Behaviours', labelsOf(behaviours, recognised.behaviours))] : []),
    ],
    sections: recognised.sections.map(({ heading, kind, items }) =>
      [heading, kind.replaceAll('_', ' '), String(items)].map(value => ({ text: value })),
    ),
    details: recognised.advert_details
      // Reports of before have no list of what is additional.
      .filter(({ member }) => member !== 'additional' || recognised.additional === undefined)
      .map(({ label, value }) => row(label, value ?? 'Empty')),
    additional: (recognised.additional ?? []).map(({ label, value }) => row(label, value)),
    changes: readableChanges(draft ?? {}, report.changes, changesMax),
    changesLeft: Math.max(0, report.changes.length - changesMax),
    general: warnings.filter(({ line }) => line === null),
    lines: linesOf(text, warnings),
    linesLeft: Math.max(0, text.length - linesMax),
  }
}
