import t from 'tap'
import { importDocument } from '../src/imports/import.ts'
import { bytes, contextOf, imported } from './support/documents.ts'

const refusal = (source: string | Uint8Array, type: 'text/markdown' | 'text/html' = 'text/markdown') => {
  const result = importDocument(typeof source === 'string' ? bytes(source) : source, type, contextOf())
  t.equal(result.document, null)
  return result.problems.map(({ code, detail, line }) => `${code} ${line ?? '-'}: ${detail}`)
}
const binary = (...signature: number[]) =>
  Uint8Array.from([...signature, ...Array.from({ length: 2000 }, (_, at) => (at * 7) % 256)])

t.test('what is no document says what to do instead', async t => {
  t.same(refusal(''), ['empty_document -: The document is empty. Send the text of a role definition.'])
  t.same(refusal(' \n\t\n'), ['empty_document -: The document is empty. Send the text of a role definition.'])
  const titleOnly =
    'no_content -: The document has a title and nothing else. Send it with its sections, each under a heading.'
  t.same(refusal('# Data engineer'), [titleOnly])
  t.same(refusal('<h1>Data engineer</h1>', 'text/html'), [titleOnly])
  t.same(
    imported('# Data engineer').report.coverage,
    { characters_seen: 12, characters_kept: 0, percent: 0 },
    'there is no draft that could hold it',
  )
  t.same(refusal('<!-- x -->'), ['no_content -: The document has no text. Send the text of a role definition.'])
  t.same(refusal(binary(0x50, 0x4b, 0x03, 0x04)), [
    'not_text -: This looks like a Word document (.docx) or another ZIP file, sent under another name. Give a Word document a name that ends with .docx, or send it with the content type application/vnd.openxmlformats-officedocument.wordprocessingml.document.',
  ])
  t.same(refusal(binary(0xd0, 0xcf, 0x11, 0xe0)), [
    'not_text -: This looks like an old Word document (.doc). Open it in Word, save it as .docx and send that.',
  ])
  t.match(refusal(bytes('%PDF-1.7')), [/^not_text -: This looks like a PDF/])
  t.match(refusal(bytes('{\\rtf1 x}')), [/^not_text -: This looks like rich text/])
  const notText = 'not_text -: The body is not text. Send the document as Markdown or HTML, in UTF-8.'
  t.same(refusal(binary(0x89, 0x50, 0x4e, 0x47)), [notText])
  t.same(refusal('# Title\n\n\0\n'), [notText])
})

t.test('Markdown that is sent as HTML is refused, and HTML is not', async t => {
  const detail =
    'looks_like_markdown -: The document has no tag of HTML and looks like Markdown. Send it with the content type text/markdown, a file as .md.'
  for (const source of [
    '# Tester\n\n## Duties\n\n- Test\n',
    'Tester\n\n- Test\n- Tell <https://a.uk>\n',
    '---\ntitle: Tester\n---\n\n## Duties\n\nTest.\n',
  ])
    t.same(refusal(source, 'text/html'), [detail])
  for (const source of ['<p>Tester</p>\n# Duties\n', 'You test, and tell.\n', 'Call #3\n- now\n', '<tr><td>- a\n- b'])
    t.same(imported(source, 'text/html').problems, [], source)
})

t.test('limits are named', async t => {
  const list = (count: number) => `# T\n\n## Duties\n\n${'- x\n'.repeat(count)}`
  t.same(refusal(list(10_000)), [
    'limit_exceeded 5: A list has 10,000 items; 200 is the limit. Part it into shorter lists.',
  ])
  t.same(refusal(`<h1>T</h1><h2>Duties</h2><ul>${'<li>x</li>'.repeat(201)}</ul>`, 'text/html'), [
    'limit_exceeded 1: A list has 201 items; 200 is the limit. Part it into shorter lists.',
  ])
  t.equal(imported(list(200)).problems.length, 0)
  t.same(refusal(`# T\n\n${'## Duties\n\nx\n\n'.repeat(61)}`), [
    'limit_exceeded -: There are 61 sections; 60 is the limit.',
  ])
  t.same(refusal(`# T\n\n## Duties\n\n${'x\n\n'.repeat(101)}`), [
    'limit_exceeded -: There are 101 blocks in the section “Duties”; 100 is the limit.',
  ])
  t.same(refusal(`# T\n\n## Duties\n\n${'word '.repeat(2001)}`), [
    'limit_exceeded 5: A text has 10,004 characters; 10,000 is the limit. Part it into paragraphs.',
  ])
  t.same(refusal(`# T\n\n## Appendix\n\n${Array.from({ length: 51 }, (_, at) => `Row ${at}: x\n\n`).join('')}`), [
    'limit_exceeded 105: There are more than 50 rows of advert details that are not known by name.',
  ])
})

t.test('lists: nested 32 deep they are flattened, deeper they are refused', async t => {
  const nested = (depth: number) => `<h1>T</h1><h2>Duties</h2>${'<ul><li>x'.repeat(depth)}`
  t.equal(imported(nested(32), 'text/html').problems.length, 0)
  const tooDeep = 'Lists are nested more than 32 deep. Nest them two deep.'
  t.same(refusal(nested(33), 'text/html'), [`nesting_too_deep 1: ${tooDeep}`])
  const markdown = Array.from({ length: 100 }, (_, at) => `${'  '.repeat(at)}- x`).join('\n')
  t.same(refusal(`# T\n\n## Duties\n\n${markdown}`), [`nesting_too_deep 37: ${tooDeep}`])
  t.match(refusal(`<h1>T</h1><h2>Duties</h2>${'<table><tr><td>'.repeat(5000)}x`, 'text/html'), [/^nesting_too_deep/])
})

t.test('a document that is refused still has a report on what was seen', async t => {
  const { report } = imported(`# Tester\n\n## Duties\n\n<script>x</script>\n\n${'word '.repeat(2001)}`)
  t.equal(report.recognised.title, 'Tester')
  t.ok(report.warnings.some(warning => warning.code === 'script_removed'))
})

t.test('more than 100 warnings of a kind are counted, not listed', async t => {
  const { report } = imported(
    `# Tester\n\n## Duties\n\n${'<!-- x --> y\n\n'.repeat(99)}\n\n${'<!-- x -->\n\n'.repeat(51)}`,
  )
  t.equal(report.warnings.filter(warning => warning.code === 'comment_removed').length, 100)
  t.same(report.warnings_not_listed, [{ code: 'comment_removed', count: 50 }])
})
