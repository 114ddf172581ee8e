/** Texts that attack who reads them: markup is stored as text and served as data, and no text takes long to look at. */
import t from 'tap'
import { findAdvice } from '../../src/document/advice.ts'
import { exampleDocument } from '../../src/document/schema.ts'
import { checkText, plainText } from '../../src/document/text.ts'
import { testApp } from '../support/app.ts'
import { isClean } from '../support/hostile.ts'
import { createRole, documentWith, publishRole } from '../support/roles.ts'

const markup = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "'-alert(1)-'",
  '</title><script>alert(1)</script>',
  '<svg/onload=alert(1)>',
  '{{constructor.constructor("alert(1)")()}}',
  '&lt;script&gt;alert(1)&lt;/script&gt;',
  '\u202e<b>',
]

t.test('markup in every text is stored and served as JSON of which no browser makes a page', async t => {
  const { call } = await testApp(t)
  for (const [index, text] of markup.entries()) {
    // Where a text is CommonMark, a tag is refused and its bracket must be escaped.
    const marked = text.replaceAll('<', '\\<')
    const slug = `xss-${index}`
    const body = documentWith({
      title: text,
      alternative_titles: [text],
      grades: [{ scheme: 'own', code: text.slice(0, 30), label: text }],
      sections: exampleDocument.sections.map((section, number) =>
        number === 0
          ? {
              ...section,
              heading: text,
              blocks: [
                { type: 'paragraph', text: marked },
                { type: 'subheading', text: marked },
                { type: 'note', text: marked },
                {
                  type: 'list',
                  ordered: false,
                  items: [{ id: 'i1', text: marked, optional: true, items: [{ id: 'i2', text: marked }] }],
                },
              ],
            }
          : section,
      ),
      skills: [{ id: 's1', statement: marked, skill: null, level: null, importance: 'essential' }],
      advert_details: {
        ...exampleDocument.advert_details,
        reference_number: text,
        locations: [{ text, town: text, region: text, postcode: text.slice(0, 20), country: null }],
        business_area: text,
        hours: text,
        reports_to: text,
        additional: [{ label: text, value: text }],
      },
    })
    const created = await createRole(call, slug, body)
    t.same(created.body, body, 'stored as it was sent')
    const published = await publishRole(call, slug, created.etag, text)
    await call(`POST /v1/roles/${slug}/submissions`, { match: published.etag, body: { comment: text } })
    for (const path of [
      `/v1/roles/${slug}`,
      `/v1/roles/${slug}/versions`,
      `/v1/roles/${slug}/draft`,
      `/v1/roles/${slug}/submissions`,
      '/v1/roles',
      '/v1/drafts',
    ]) {
      const answer = await call(`GET ${path}`, { headers: { accept: 'text/html, application/json;q=0.9, */*;q=0.1' } })
      t.match(answer, {
        status: 200,
        headers: {
          'content-type': /^application\/json/,
          'x-content-type-options': 'nosniff',
          'content-security-policy': /default-src 'none'/,
        },
      })
    }
  }
  const html = { headers: { accept: 'text/html' } }
  for (const text of markup) {
    const answer = await call(`GET /problems/${encodeURIComponent(text)}`, html)
    t.match(answer, { status: 404, headers: { 'content-type': /^application\/problem\+json/ } })
    const echo = await call(`GET /v1/roles?${encodeURIComponent(text)}=1`, html)
    t.match(echo.headers, { 'content-type': /^application\/problem\+json/, 'x-content-type-options': 'nosniff' })
  }
  const page = await call('GET /problems/not_found', html)
  t.match(page.headers, { 'content-type': /^text\/html/, 'content-security-policy': /default-src 'none'/ })
  t.notMatch(page.text, /<script/)
  t.notMatch((await call('GET /docs', html)).text, /alert\(1\)/)
  t.ok(isClean())
})

/** Read as the very characters that it is, but for white space, which a reader folds. */
const isRefusedOrNoLink = (text: string) => checkText(text) !== null || plainText(text) === text.replace(/\s+/g, ' ')

t.test('addresses that a text may not link to', t => {
  for (const address of [
    'javascript:alert(1)',
    'JaVaScRiPt:alert(1)',
    'java\tscript:alert(1)',
    '\u0001javascript:alert(1)',
    'javascript&colon;alert(1)',
    '&#106;avascript:alert(1)',
    'data:text/html,<script>alert(1)</script>',
    'vbscript:msgbox(1)',
    'file:///etc/passwd',
    'ftp://a.example',
    '//evil.example',
    '/v1/me',
    'https:evil',
    '\\\\evil.example',
  ])
    t.ok(isRefusedOrNoLink(`[a](${address})`), JSON.stringify(address))
  t.equal(checkText('[a](https://example.org/)'), null)
  t.end()
})

/** Pieces that, said over and over, make careless readers go back and forth. */
const pieces = [
  '*',
  '_',
  '**',
  '*a_',
  '_a*',
  '`',
  '``a',
  '[',
  ']',
  '![',
  '[a](',
  '[a](<',
  '](',
  '[[a](b)',
  '[a](https://a.b/(',
  '<',
  '<a',
  '<https://a.',
  '&',
  '&a',
  '&#',
  '\\',
  '\\*',
  '(',
  ' *',
  '- ',
  'a-',
  'a@',
  'http://',
  'ENTER A',
  '[insert',
  '[name ',
  '[TBC',
  '\u0301',
  '\ud83d\ude00',
  'a b ',
  '-a.b/',
]

/** The milliseconds of the fastest of three tries. */
function quickest(work: () => unknown): number {
  return Math.min(
    ...[1, 2, 3].map(() => {
      // The processor's time: a busy machine takes as much of it.
      const began = process.cpuUsage()
      work()
      const { user, system } = process.cpuUsage(began)
      return (user + system) / 1000
    }),
  )
}

t.test('a text of the greatest length is read in milliseconds, whatever it repeats', t => {
  for (const piece of pieces) {
    const text = piece.repeat(Math.floor(10_000 / piece.length))
    const document = documentWith({
      sections: exampleDocument.sections.map(section => ({ ...section, blocks: [{ type: 'paragraph', text }] })),
    })
    const ms = quickest(() => {
      checkText(text)
      plainText(text)
      findAdvice(document, ({ blocks }) => blocks)
    })
    t.ok(ms < 250, `${JSON.stringify(piece)} in ${ms.toFixed(1)} ms`)
  }
  t.end()
})

t.test('every pattern of the contract tells in milliseconds that a text does not fit', async t => {
  const { app } = await testApp(t)
  const patterns = new Set<string>()
  const collect = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    for (const [name, member] of Object.entries(value)) {
      if (name === 'pattern' && typeof member === 'string') patterns.add(member)
      else collect(member)
    }
  }
  collect(app.swagger())
  t.ok(patterns.size > 5)
  for (const pattern of patterns) {
    const expression = new RegExp(pattern, 'u')
    for (const piece of [
      'a',
      'a-',
      '-',
      'A',
      'aA',
      '1',
      'i1',
      's1',
      'a_',
      'a_-1',
      ' ',
      '2020-01-01T00:00:00',
      '+00',
      '0',
      '\u00e9',
      'https://a.',
      '/',
      '%41',
      '@',
    ])
      for (const end of ['', '!', '\n', '-', '\u0000']) {
        const text = `${piece.repeat(Math.floor(100_000 / piece.length))}${end}`
        const ms = quickest(() => expression.test(text))
        t.ok(ms < 100, `${pattern} on ${JSON.stringify(piece)} in ${ms.toFixed(1)} ms`)
      }
  }
})
