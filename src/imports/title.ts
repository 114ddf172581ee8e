/** The title of a role out of the title of its document: `DevOps Role Definition` is about a DevOps. */
import type { Notices } from './notices.ts'

const kinds =
  '(?:role|job|post) (?:definition|profile|description|specification|advert|outline)|person specification|terms of reference|(?:applicant|candidate|recruitment|job|role) (?:information )?pack|(?:job|role) description (?:and|&) person specification|disgrifiad (?:y )?swydd|swydd[ -]ddisgrifiad|manyleb (?:y )?person'
const suffix = new RegExp(`^(.*?\\S)[\\s:|,(–—-]+((?:${kinds})\\)?)$`, 'i')
const prefix = new RegExp(`^((?:${kinds}))\\s*[:|–—-]\\s*(\\S.*)$`, 'i')

/** Whether a line says nothing but what kind of document it is on. */
export const isDocumentKind = (text: string) =>
  new RegExp(`^(?:${kinds})(?:\\s*[/|]\\s*(?:${kinds}))?$`, 'i').test(text.trim())

/** The title without the words for the kind of document, which `notices` lists as understood. */
export function titleOf(title: { text: string; line: number }, notices: Notices): string {
  const found = suffix.exec(title.text)
  // `Disgrifiad / Job description`: half of a name is none.
  const after = found?.[1]?.endsWith('/') || isDocumentKind(found?.[1] ?? '') ? null : found
  const before = after ? null : prefix.exec(title.text)
  const kind = after?.[2] ?? before?.[1]
  if (kind === undefined) return title.text
  notices.understand(title.line, kind, '/title', 'kind of document')
  return (after?.[1] ?? before?.[2] ?? title.text).trim()
}
