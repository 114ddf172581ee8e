/** The report of an import out of what the readers noticed. */

import type { Section } from '../document/schema.ts'
import { supersededAt } from '../document/superseded.ts'
import { linksOf } from '../document/text.ts'
import { partsOf, pointersOf } from '../document/walk.ts'
import type { Coverage } from './coverage.ts'
import type { Recognised } from './meaning/recognise.ts'
import type { Notices } from './notices.ts'
import type { Shared } from './reconcile.ts'
import type { ImportReport } from './schema.ts'

function sectionsOf(
  { document, lines }: Recognised,
  shared: readonly Section[],
): ImportReport['recognised']['sections'] {
  return document.sections.map((section, at) => {
    const items = section.blocks.flatMap(block => (block.type === 'list' ? block.items : []))
    const skills = section.blocks.flatMap(block =>
      block.type === 'skills' ? document.skills.filter(skill => skill.importance === block.importance) : [],
    )
    return {
      kind: section.kind,
      heading: section.heading,
      line: lines.get(section) ?? null,
      pointer: `/sections/${at}`,
      items: items.length + skills.length,
      optional_items: items.filter(item => item.optional).length,
      shared_section: shared[at]?.shared_section ?? null,
    }
  })
}

/** Pointers are into the document as it was read: parts keep their places when ids and shared sections come to it. */
export function reportOf(
  recognised: Recognised,
  shared: Shared,
  coverage: Coverage,
  notices: Notices,
  unchanged: boolean,
): ImportReport {
  const { document, parts, rows, sfiaInferred, lines } = recognised
  const pointers = pointersOf(document)
  shared.sections.forEach((section, at) => {
    pointers.set(section, `/sections/${at}`)
  })
  const pointerOf = (about: object | string | undefined): string | null => {
    if (about === undefined || typeof about === 'string') return about ?? null
    return pointers.get(parts.get(about) ?? about) ?? null
  }
  const lineOf = (line: number | null, about: object | string | undefined) =>
    line ?? (typeof about === 'object' ? (lines.get(about) ?? null) : null)
  const warnings = notices.list.map(({ code, severity, line, about, excerpt, detail, source = null }) => ({
    code,
    severity,
    line: lineOf(line, about),
    pointer: pointerOf(about),
    excerpt,
    detail,
    source,
  }))
  return {
    recognised: {
      title: document.title,
      sections: sectionsOf(recognised, shared.sections),
      skills: document.skills.length,
      sfia: {
        version: document.sfia_version,
        inferred: sfiaInferred,
        mappings: document.sfia_mappings.map(({ code, level }) => `${code} ${level}`),
      },
      advert_details: rows.map(({ label, member, value }) => ({ label, member, value })),
      additional: document.advert_details.additional.map(({ label, value }) => ({ label, value })),
      behaviours: [...document.behaviours],
      profession: document.profession,
      links: [...partsOf(document)].flatMap(part =>
        (part.inline ? linksOf(part.text) : []).map(link => ({
          ...link,
          pointer: part.pointer,
          superseded: supersededAt(link.url) !== undefined,
        })),
      ),
      shared_sections: [
        ...shared.created.map(({ slug }) => ({ slug, created: true })),
        ...shared.reused.map(({ slug }) => ({ slug, created: false })),
      ],
    },
    warnings,
    warnings_not_listed: notices.unlisted,
    coverage,
    understood: notices.understood.map(({ line, text, about, meaning }) => ({
      line,
      text,
      pointer: pointerOf(about) ?? '',
      meaning,
    })),
    losses: warnings.flatMap(({ code, severity, line, excerpt }) =>
      severity === 'loss' ? [{ code, line, text: excerpt }] : [],
    ),
    unchanged,
    changes: [],
  }
}

/** The report on a document that became no draft: there is nothing that could hold its text. */
export const withoutDraft = (report: ImportReport): ImportReport => ({
  ...report,
  coverage: { ...report.coverage, characters_kept: 0, percent: 0 },
})

/** The report on a document that was not read. */
export const emptyReport = (): ImportReport => ({
  recognised: {
    title: null,
    sections: [],
    skills: 0,
    sfia: { version: null, inferred: false, mappings: [] },
    advert_details: [],
    additional: [],
    behaviours: [],
    profession: null,
    links: [],
    shared_sections: [],
  },
  warnings: [],
  warnings_not_listed: [],
  coverage: { characters_seen: 0, characters_kept: 0, percent: 0 },
  understood: [],
  losses: [],
  unchanged: false,
  changes: [],
})
