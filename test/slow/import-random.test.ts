// Random documents: what is rendered comes back, and nothing that is sent throws, hides a loss or makes words up.
import fc from 'fast-check'
import t from 'tap'
import { sectionKinds } from '../../src/document/code-lists.ts'
import { type Block, limits, RoleDocument, type Section } from '../../src/document/schema.ts'
import { checkText, type Inline, parseText, plainText, writeText } from '../../src/document/text.ts'
import { partsOf, readableText } from '../../src/document/walk.ts'
import { importDocument } from '../../src/imports/import.ts'
import { wordsOf } from '../../src/imports/source/scan.ts'
import { bytes, contextOf, imported } from '../support/documents.ts'

// Hundreds of documents take more than the usual half minute on a busy machine.
t.setTimeout(300_000)

/** Words that mean nothing to the importer, so that what comes back is what was put in. */
const word = fc.constantFrom(
  'lorem',
  'Ipsum',
  'dolor’s',
  'a*b',
  'x_y',
  '<sit>',
  '[amet]',
  '&c',
  'R&amp;D',
  '1.',
  '–',
  '“q”',
  '#',
  'C++',
  '\\',
)
const sentence = fc.array(word, { minLength: 2, maxLength: 8 }).map(words => `Zed ${words.join(' ')}.`)
const inline: fc.Arbitrary<string> = fc
  .tuple(sentence, fc.option(fc.constantFrom('**bold part**', '*soft*', '`code`', '[here](https://a.uk/x?y=1&z=2)')))
  .map(([plain, marked]) => {
    const { text } = writeText([{ type: 'text', value: plain }])
    return marked === null ? text : `${text} ${marked}`
  })

const item = fc.record({
  id: fc.constant(''),
  text: inline,
  optional: fc.constant(false),
  items: fc.array(fc.record({ id: fc.constant(''), text: inline }), { maxLength: 2 }),
})
const paragraph: fc.Arbitrary<Block> = inline.map(text => ({ type: 'paragraph', text }))
const list: fc.Arbitrary<Block> = fc.record({
  type: fc.constant('list' as const),
  ordered: fc.boolean(),
  items: fc.array(item, { minLength: 1, maxLength: 4 }),
})
// A paragraph first, and one between lists: side by side, Markdown could not tell two lists from one.
const blocks = fc
  .array(fc.tuple(paragraph, fc.option(list)), { minLength: 1, maxLength: 3 })
  .map(pairs => pairs.flatMap(([text, items]) => (items ? [text, items] : [text])))
const kinds = [
  'role_summary',
  'responsibilities',
  'person_specification',
  'working_with',
  'benefits',
  'terms',
  'other',
] as const
const headings = new Map<string, string>([
  ...sectionKinds.map(({ code, label }) => [code, label] as const),
  ['other', 'Odds and ends'],
])
const sections = fc.uniqueArray(fc.constantFrom(...kinds), { minLength: 2, maxLength: 5 }).chain(chosen =>
  fc.tuple(
    ...chosen.map(kind =>
      blocks.map(
        (content): Section => ({
          id: '',
          kind,
          heading: headings.get(kind) ?? kind,
          shared_section: null,
          blocks: content,
        }),
      ),
    ),
  ),
)

const html = (nodes: readonly Inline[]): string =>
  nodes
    .map(node => {
      const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
      if (node.type === 'text') return escaped(node.value)
      if (node.type === 'code') return `<code>${escaped(node.value)}</code>`
      if (node.type === 'link') return `<a href="${escaped(node.url)}">${html(node.children)}</a>`
      const tag = node.type === 'strong' ? 'strong' : 'em'
      return `<${tag}>${html(node.children)}</${tag}>`
    })
    .join('')
const htmlOf = (text: string) => html(parseText(text).nodes)

/** As Word exports it: a table of headings and contents. */
function asTable(given: readonly Section[]) {
  const block = (part: Block): string => {
    if (part.type !== 'list') return 'text' in part ? `<p>${htmlOf(part.text)}</p>` : ''
    const tag = part.ordered ? 'ol' : 'ul'
    const entries = part.items.map(entry => {
      const inner = entry.items.map(sub => `<li>${htmlOf(sub.text)}</li>`).join('')
      return `<li><p>${htmlOf(entry.text)}</p>${inner ? `<ul>${inner}</ul>` : ''}</li>`
    })
    return `<${tag}>${entries.join('\n')}</${tag}>`
  }
  const rows = given.map(
    ({ heading, blocks: content }) =>
      `<tr><td><strong>${heading}</strong></td></tr>\n<tr><td>${content.map(block).join('\n')}</td></tr>`,
  )
  return `<p><strong>Zed Role Definition</strong></p>\n<table>\n${rows.join('\n')}\n</table>`
}

function asMarkdown(given: readonly Section[]) {
  // At the start of a line some characters begin a block.
  const safe = (text: string) => text.replace(/^([#+>-])/, '\\$1').replace(/^(\d+)([.)])/, '$1\\$2')
  const block = (part: Block): string => {
    if (part.type !== 'list') return 'text' in part ? safe(part.text) : ''
    return part.items
      .map((entry, at) => {
        const mark = part.ordered ? `${at + 1}. ` : '- '
        const inner = entry.items.map(sub => `\n${' '.repeat(mark.length)}- ${safe(sub.text)}`).join('')
        return `${mark}${safe(entry.text)}${inner}`
      })
      .join('\n')
  }
  return `# Zed\n\n${given.map(({ heading, blocks: content }) => `## ${heading}\n\n${content.map(block).join('\n\n')}`).join('\n\n')}\n`
}

t.test('a document that is rendered comes back equal', async t => {
  const forms = {
    markdown: [asMarkdown, 'text/markdown'],
    table: [asTable, 'text/html'],
    'table in Markdown': [asTable, 'text/markdown'],
  } as const
  for (const [name, [render, type]] of Object.entries(forms)) {
    fc.assert(
      fc.property(sections, given => {
        const { document, report, problems } = imported(render(given), type)
        if (problems.length > 0 || document?.title !== 'Zed') return false
        const same = JSON.stringify(document.sections) === JSON.stringify(given)
        return same && report.coverage.percent === 100 && report.losses.length === 0
      }),
      { numRuns: 25 },
    )
    t.pass(name)
  }
})

t.test('random bytes never throw', async t => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 400 }),
      fc.constantFrom('text/markdown' as const, 'text/html' as const),
      (source, type) => {
        const { document, problems } = importDocument(source, type, contextOf())
        return (document === null) === problems.length > 0
      },
    ),
    { numRuns: 200 },
  )
  t.pass()
})

const soup = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '# ',
        '## ',
        '- ',
        '1. ',
        '  - ',
        '> ',
        '\n',
        '\n\n',
        '**',
        '*',
        '`',
        '| ',
        '|---|',
        '\n| a | b |\n',
        '<p>',
        '</p>',
        '<ul>',
        '<li>',
        '</ul>',
        '<li></',
        '<table><tr><td>',
        '<strong>',
        '</strong>',
        '<b>',
        '<br>',
        '</',
        '<',
        '&amp;',
        '&',
        ' <!-- note --> ',
        '<insert name>',
        ' <script>bad</script> ',
        ' [link](https://a.uk) ',
        '[',
        '](',
        '![pic](x.png)',
        '---\n',
        'About the role',
        'Benefits:',
        'Appendix',
        'Grade: SEO',
        '\n**Salary:** £1 ',
        'SFIA',
        'Systems design (DESN) – Level 3',
        'Essential',
        'Optional points to include',
        'and so on',
        '```\ncode\n```',
      ),
      fc.constantFrom('one ', 'two. ', 'Three ', 'vier-fünf ', '£6 ', 'it’s '),
    ),
    { maxLength: 40 },
  )
  .map(parts => parts.join(''))

/** Words that the importer itself may put into a draft. */
const ours = new Set(wordsOf('About the role Introduction https http www mailto'))

t.test('anything goes in: texts are valid, losses are named, words are not made up', async t => {
  fc.assert(
    fc.property(soup, fc.constantFrom('text/markdown' as const, 'text/html' as const), (source, type) => {
      const { document, report, problems } = importDocument(bytes(source), type, contextOf())
      if (document === null) return problems.length > 0
      const parts = [...partsOf(document)]
      const printed = new Set(wordsOf(source.replace(/<(?!insert)[^<>]*>/g, '')))
      for (const found of wordsOf(source.replace(/<[^<>]*>/g, ' '))) printed.add(found)
      // A tag ends with `>`, whatever stands in it.
      for (const found of wordsOf(source.replace(/<\/?[a-z][^>]*>/gi, ''))) printed.add(found)
      for (const found of wordsOf(source)) printed.add(found)
      return (
        parts.every(part => !part.inline || checkText(part.text) === null) &&
        parts.every(
          part => part.text.length <= limits.text && (part.inline ? plainText(part.text) : part.text).trim() !== '',
        ) &&
        (report.coverage.percent === 100 || report.losses.length > 0) &&
        parts.flatMap(part => wordsOf(readableText(part))).every(found => printed.has(found) || ours.has(found)) &&
        Object.keys(document).join() === Object.keys(RoleDocument.properties).join()
      )
    }),
    { numRuns: 500 },
  )
  t.pass()
})
