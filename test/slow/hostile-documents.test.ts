// Documents that attack their reader: each is read or given up in its time, and others are served meanwhile.
import t from 'tap'
import { importDocument } from '../../src/imports/import.ts'
import { testApp } from '../support/app.ts'
import { contextOf, imported } from '../support/documents.ts'
import { growth } from '../support/work.ts'

t.test(
  'documents that are hard to read are read, or given up, while others are served',
  { timeout: 600_000 },
  async t => {
    const { call } = await testApp(t, { importLimits: { timeLimitMs: 500 } })
    const of = (piece: string, size = 50_000) => piece.repeat(Math.floor(size / piece.length))
    const markdown = [
      '*',
      '_a*',
      '[',
      '![',
      '[a](',
      '> ',
      '- ',
      '1. ',
      '`',
      '|',
      '|a',
      '<',
      '<!--',
      '<a href="',
      '&#',
      '\\',
      '* a\n',
      '  - a\n',
      '[a]: b\n',
      '\n|a|\n|-|\n',
      '<div>',
      '***',
      '~~~\n',
      '#',
      '\t',
      '\u0000',
    ]
    const html = [
      '<div>',
      '<b>',
      '<table>',
      '<a href="',
      '<!--',
      '<![CDATA[',
      '</',
      '<ul><li>',
      '&amp',
      '<p',
      '<svg><',
      '<template>',
      '<select><option>',
      '<math><mi>',
      '<style>',
      '<script>',
      '<title>',
      '<font><p>',
    ]
    for (const [type, piece] of [
      ...markdown.map(piece => ['text/markdown', piece]),
      ...html.map(piece => ['text/html', piece]),
    ] as [string, string][]) {
      const source = `# A role\n\n## About the role\n\n${of(piece)}`
      const began = performance.now()
      const sent = call('POST /v1/imports?slug=hard&dry_run=true', { body: source, headers: { 'content-type': type } })
      const lively = await call('GET /v1/roles')
      t.equal(lively.status, 200)
      const { status, text } = await sent
      t.ok(
        [201, 422].includes(status),
        `${type} of ${JSON.stringify(piece)}: ${status} in ${Math.round(performance.now() - began)} ms`,
        { text: text.slice(0, 300) },
      )
    }
  },
)

t.test('four times as many rows of one detail take about four times as long', { timeout: 300_000 }, t => {
  const { isLinear, times } = growth(count => {
    imported(`# Tester\n\n${'Location: Leeds\n'.repeat(count)}\n## Duties\n\n- Test\n`)
  }, 2000)
  t.ok(isLinear, times)
  t.end()
})

t.test('a document of four times as many headings or lines takes about four times as long', { timeout: 600_000 }, t => {
  const pieces = [
    '## Duties\n\n- a\n\n',
    'Duties\n---\n\n',
    'DUTIES\n\n> text\n\nYou will:\n\n1. a\n\n',
    '## Developer\n\n## Duties\n\ntext\n\n',
    '**Skills**\n\n**Essential**\n\n- a\n\n',
    // Lines below a label alone are its value.
    ['**Grade**\\\n', 'line\\\n'],
  ].map(piece => (Array.isArray(piece) ? piece : ['', piece]))
  for (const [head, piece = ''] of pieces) {
    const read = (count: number) => {
      const source = new TextEncoder().encode(`# A role\n\n${head}${piece.repeat(count)}`)
      t.equal(importDocument(source, 'text/markdown', contextOf()).document, null)
    }
    const { isLinear, times } = growth(read, 4000)
    t.ok(isLinear, `${JSON.stringify(piece)}: ${times}`)
  }
  t.end()
})
