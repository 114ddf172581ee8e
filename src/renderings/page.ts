/** A role as an HTML page of its own, and as a fragment for job boards. Pure; no script, nothing loaded from elsewhere. */
import { createHash } from 'node:crypto'
import { formText, optionalMark } from '../document/form.ts'
import { foldPlain } from '../document/print.ts'
import { escapeHtml, sectionHtml } from './html.ts'
import { layOut, type Source, titleOf, withoutOptional } from './rendering.ts'

const css = `
:root { color-scheme: light dark; }
body { font: 1.125rem/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 42rem; overflow-wrap: anywhere; padding: 1.5rem; }
h1 { line-height: 1.2; }
h2 { margin-top: 2rem; }
.note { border-left: 0.3rem solid; padding-left: 0.75rem; }
footer { border-top: 1px solid; margin-top: 2rem; }
@media print {
  body { font-size: 11pt; max-width: none; padding: 0; }
  h2, h3 { break-after: avoid; }
  li { break-inside: avoid; }
}
`

/** What a page may do: show its own style. */
export const pagePolicy = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(css).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`

function article(source: Source, hasTitle: boolean): string {
  const shown = source.version ? withoutOptional(source.role) : source.role
  const { role, imprint, options, form } = layOut(source, { role: shown, hasTitle })
  const sections = role.sections.map(section => {
    const { id, kind, heading } = section
    const content = sectionHtml(section, role, { ...options, optionalMark: ` <em>${optionalMark}</em>` })
    const name = `section-${escapeHtml(id)}`
    return `<section id="${name}" aria-labelledby="${name}-heading" data-kind="${kind}">
<h2 id="${name}-heading">${escapeHtml(foldPlain(heading))}</h2>
${content === '' ? '' : `${content}\n`}</section>`
  })
  const title = hasTitle && role.title !== null ? [`<h1>${escapeHtml(foldPlain(role.title))}</h1>`] : []
  const end = imprint === undefined ? [] : [`<footer>\n<p>${escapeHtml(imprint)}</p>\n</footer>`]
  return [
    `<article lang="en-GB" data-role-register="${escapeHtml(formText(form))}">`,
    ...title,
    ...sections,
    ...end,
    '</article>',
  ].join('\n')
}

/** The sections alone, each a `section`: a job board puts them under a title of its own. */
export const renderFragment = (source: Source): string => `${article(source, false)}\n`

/** `canonical` is the absolute address that search engines are to know the page by; a draft has none. */
export function renderPage(source: Source, canonical: string | undefined): string {
  const link =
    canonical === undefined
      ? '<meta name="robots" content="noindex">'
      : `<link rel="canonical" href="${escapeHtml(canonical)}">`
  return `<!doctype html>
<html lang="en-GB">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(foldPlain(titleOf(source)))}</title>
${link}
<style>${css}</style>
</head>
<body>
<main>
${article(source, true)}
</main>
</body>
</html>
`
}
