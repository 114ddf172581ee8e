// The pages that people read: what stands in them, how they are kept, and that nothing of a document runs in them.
import { createHash } from 'node:crypto'
import { connect } from 'node:net'
import type { Element, Root, RootContent } from 'hast'
import rehypeParse from 'rehype-parse'
import t from 'tap'
import { unified } from 'unified'
import { exampleDocument } from '../../src/document/schema.ts'
import type { ImportReport } from '../../src/imports/schema.ts'
import { baseUrl, testApp, token } from '../support/app.ts'
import { createPublished, createRole, documentWith, publishRole } from '../support/roles.ts'

const everyone = { key: null }
const browser = { key: null, headers: { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' } }

const parse = (html: string) => unified().use(rehypeParse).parse(html) as Root
const isElement = (node: RootContent): node is Element => node.type === 'element'

function find(node: Root | Element, test: (element: Element) => boolean): Element[] {
  return (node.children as RootContent[])
    .filter(isElement)
    .flatMap(child => [...(test(child) ? [child] : []), ...find(child, test)])
}

const blocks = new Set(
  'p h1 h2 h3 h4 li dt dd td th caption legend label option button summary div tr ol ul table'.split(' '),
)

/** What a reader sees of an element, a line for each block. */
function linesOf(element: Root | Element): string[] {
  const text = (node: Root | RootContent): string => {
    if (node.type === 'text') return node.value.replaceAll(/\s+/g, ' ')
    if (node.type !== 'element' && node.type !== 'root') return ''
    if (node.type === 'element' && (node.tagName === 'script' || node.tagName === 'form')) return ''
    const inner = node.children.map(text).join('')
    return node.type === 'element' && (blocks.has(node.tagName) || node.tagName === 'br') ? `\n${inner}\n` : inner
  }
  return text(element)
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '')
}

const mainOf = (html: string) => {
  const [main] = find(parse(html), ({ tagName }) => tagName === 'main')
  if (!main) throw new Error(`no main element in ${html.slice(0, 500)}`)
  return main
}
const attributesOf = (html: string, tagName: string, name: string) =>
  find(parse(html), element => element.tagName === tagName).map(({ properties }) => properties[name])

const today = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'Europe/London' }).format(new Date())
const policy =
  "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

t.test('pages of roles', { timeout: 120_000 }, async t => {
  const { call } = await testApp(t)

  await t.test('showRole → 200 with all that is published, and the Occupation', async t => {
    const [summary, responsibilities, ...rest] = exampleDocument.sections
    const document = documentWith({
      sections: [
        {
          ...(summary as (typeof exampleDocument.sections)[number]),
          blocks: [{ type: 'note', text: 'A note' }, ...(summary?.blocks ?? [])],
        },
        {
          ...(responsibilities as (typeof exampleDocument.sections)[number]),
          blocks: [
            { type: 'subheading', text: 'Every *day*' },
            {
              type: 'list',
              ordered: true,
              items: [
                {
                  id: 'i1',
                  text: 'Read [the guide](https://example.org/?a=1&b=2)',
                  optional: false,
                  items: [{ id: 'i3', text: 'twice' }],
                },
                { id: 'i2', text: 'Be on call', optional: true, items: [] },
              ],
            },
          ],
        },
        ...rest,
        {
          id: 'appendix',
          kind: 'appendix',
          heading: 'Appendix',
          shared_section: null,
          blocks: [{ type: 'advert_details' }],
        },
      ],
    })
    await createPublished(call, 'data-engineer', document)
    const page = await call('GET /roles/data-engineer', browser)
    t.equal(page.status, 200)
    t.same(linesOf(mainOf(page.text)), [
      'Home Office',
      'Data engineer',
      'Organisation',
      'Home Office',
      'Also called',
      'Data pipeline engineer',
      'Profession',
      'Digital and Data',
      'Family',
      'Data',
      'Grade',
      'Senior Executive Officer (SEO)',
      'Behaviours',
      'Working together, Delivering at pace',
      'Version',
      `1, published ${today}`,
      'About the role',
      'You will look after the data pipelines that others rely on.',
      'What you’ll do day-to-day',
      'Every day',
      'Read the guide',
      'twice',
      'Skills and experience',
      'Essential skills',
      'Skill',
      'Level',
      'Can write and test code in Python',
      'Working',
      'Skills Framework for the Information Age',
      'SFIA 9 skills',
      'Code',
      'Skill',
      'Level',
      'Category',
      'Subcategory',
      'PROG',
      'Programming/software development',
      '3',
      'Development and implementation',
      'Systems development',
      'The Skills Framework for the Information Age (SFIA) is owned by The SFIA Foundation: www.sfia-online.org. SFIA content is © The SFIA Foundation, is used here under licence, and may not be redistributed without one.',
      'Appendix',
      'Salary',
      '£42,500 to £47,250.50',
      'Type of role',
      'Digital',
      'Location',
      'Sheffield',
      'Business area',
      'Digital Services',
      'Contract type',
      'Permanent',
      'Working pattern',
      'Full-time, Job share',
      'Hours',
      '37 hours a week',
      'Reports to',
      'Lead data engineer',
      'Closing date',
      '31 March',
      'Take it with you',
      'Word document',
      'Markdown',
      'Plain web page',
      'JSON',
      'schema.org Occupation',
      'Versions',
      'Version',
      'Published',
      'What changed',
      'Compare',
      'Version 1',
      today,
      'A note',
    ])
    const json = await call('GET /v1/roles/data-engineer', everyone)
    const { headers } = page
    t.same(
      [headers['cache-control'], headers['last-modified'], headers['content-security-policy'], headers['content-type']],
      [json.headers['cache-control'], json.headers['last-modified'], policy, 'text/html; charset=utf-8'],
    )
    const again = await call('GET /roles/data-engineer', { ...browser, headers: { 'if-none-match': page.etag } })
    t.same([again.status, again.text], [304, ''])
    t.same(
      find(
        parse(page.text),
        ({ tagName, properties }) => tagName === 'link' && String(properties.rel) === 'canonical',
      ).map(({ properties }) => properties.href),
      [`${baseUrl}/roles/data-engineer`],
    )
    const occupation = await call('GET /v1/roles/data-engineer/occupation', everyone)
    const [script] = find(parse(page.text), ({ tagName }) => tagName === 'script')
    const [data] = script?.children ?? []
    t.same(JSON.parse(data?.type === 'text' ? data.value : ''), occupation.body)
    for (const href of attributesOf(page.text, 'a', 'href')
      .map(String)
      .filter(href => href.startsWith('/')))
      t.equal((await call(`GET ${href}`, { key: null, headers: { accept: '*/*' } })).status < 400, true, href)
  })

  await t.test('showRole → 200 with every text of a hostile document escaped', async t => {
    const hostile = '</script><script>alert(1)</script><img src=x onerror=alert(1)>'
    const document = documentWith({
      title: hostile,
      alternative_titles: [hostile],
      grades: [{ scheme: 'own', code: 'X', label: hostile.slice(0, 90) }],
      sections: exampleDocument.sections.map(section => ({ ...section, heading: hostile })),
      advert_details: { ...exampleDocument.advert_details, additional: [{ label: hostile, value: hostile }] },
    })
    await createPublished(call, 'hostile', document)
    const page = await call('GET /roles/hostile', browser)
    t.equal(page.status, 200)
    t.same(
      find(parse(page.text), ({ tagName }) => tagName === 'img').length +
        attributesOf(page.text, 'script', 'type').length,
      1,
      'the one script is the JSON-LD, and there is no image',
    )
    t.same(attributesOf(page.text, 'script', 'type'), ['application/ld+json'])
    t.match(linesOf(mainOf(page.text)).join('\n'), hostile)
    const list = await call('GET /roles', browser)
    t.same(
      [list.status, attributesOf(list.text, 'script', 'type'), attributesOf(list.text, 'img', 'src')],
      [200, [], []],
    )
  })

  await t.test('showVersion → 200, and says that there is a newer one', async t => {
    const first = await createPublished(call, 'twice', documentWith({ title: 'First title' }))
    const draft = await call('PATCH /v1/roles/twice/draft', { match: first.etag, body: { title: 'Second title' } })
    await publishRole(call, 'twice', draft.etag, 'Another title')
    const page = await call('GET /roles/twice/versions/1', browser)
    t.equal(page.status, 200)
    t.same(linesOf(mainOf(page.text)).slice(0, 3), [
      'This is version 1. Read the latest version.',
      'Home Office',
      'First title',
    ])
    t.same((await call('GET /roles/twice/versions/3', browser)).status, 404)
  })

  await t.test('showChanges → 200 with the words that went and came', async t => {
    const page = await call('GET /roles/twice/changes', browser)
    t.equal(page.status, 200)
    t.same(linesOf(mainOf(page.text)), [
      'Second title',
      'What changed from version 1 to version 2',
      'The title was changed.',
      'Removed: First (end of what was removed) Added: Second (end of what was added) title',
      'The same as JSON',
    ])
    t.same(
      [
        find(mainOf(page.text), ({ tagName }) => tagName === 'del').map(element => linesOf(element).join(' ')),
        find(mainOf(page.text), ({ tagName }) => tagName === 'ins').map(element => linesOf(element).join(' ')),
      ],
      [['Removed: First (end of what was removed)'], ['Added: Second (end of what was added)']],
    )
    const same = await call('GET /roles/twice/changes?from=2&to=2', browser)
    t.same(linesOf(mainOf(same.text)).at(-2), 'This is one version with itself. Choose two to compare.')
    await createPublished(call, 'once')
    const only = await call('GET /roles/once/changes', browser)
    t.same(linesOf(mainOf(only.text)).at(-2), 'This is the only version, so there is none to compare it with.')
  })

  await t.test(
    'showRole of what is not published → 404 and 410, as pages for browsers and as problems for others',
    async t => {
      await createRole(call, 'secret-draft', documentWith({ title: 'Secret quagga' }))
      for (const slug of ['secret-draft', 'never-heard-of']) {
        const page = await call(`GET /roles/${slug}`, browser)
        t.same(
          [page.status, page.headers['content-type'], page.headers['content-security-policy']],
          [404, 'text/html; charset=utf-8', policy],
        )
        t.same(linesOf(mainOf(page.text)).slice(0, 2), [
          'There is nothing here',
          `There is no published role "${slug}" that you may read.`,
        ])
        t.notMatch(page.text, /quagga/)
      }
      const problem = await call('GET /roles/never-heard-of', everyone)
      t.equal(problem.headers['content-type'], 'application/problem+json; charset=utf-8')
      const published = await createPublished(call, 'old')
      await call('POST /v1/roles/old/withdrawals', {
        match: published.etag,
        body: { reason: 'Merged', successor: 'twice' },
      })
      const gone = await call('GET /roles/old', browser)
      t.equal(gone.status, 410)
      t.same(linesOf(mainOf(gone.text)).slice(0, 3), [
        'It is withdrawn',
        'The role was withdrawn: Merged. Its successor is "twice".',
        'Go to the role that took its place',
      ])
    },
  )
})

t.test('the list of roles', { timeout: 120_000 }, async t => {
  const { call } = await testApp(t)
  const other = token('other-office')
  for (const number of [1, 2, 3, 4, 5])
    await createPublished(call, `engineer-${number}`, documentWith({ title: `Engineer ${number}` }))
  for (let number = 10; number < 30; number += 1)
    await createPublished(
      call,
      `analyst-${number}`,
      documentWith({
        title: `Analyst ${number}`,
        family: null,
        grades: [{ scheme: 'civil-service', code: 'G7', label: 'Grade 7' }],
      }),
    )
  const foreign = await createRole(call, 'tester', documentWith({ title: 'Tester' }), other)
  await publishRole(call, 'tester', foreign.etag, 'A note', other)

  await t.test('showRoles → 200 with filters that say how many, and pages', async t => {
    const page = await call('GET /roles', browser)
    t.equal(page.status, 200)
    const lines = linesOf(mainOf(page.text))
    t.same(lines.slice(0, 6), [
      'Roles',
      'Go to 26 roles',
      '26 roles',
      'Analyst 10',
      'Home Office · Grade 7',
      `Published ${today}`,
    ])
    t.same(lines.filter(line => /^(Analyst|Engineer|Tester)/.test(line)).length, 20)
    const options = find(parse(page.text), ({ tagName }) => tagName === 'option').map(element =>
      linesOf(element).join(),
    )
    t.same(options, [
      'All organisations',
      'Home Office (25)',
      'Other Office (1)',
      'All professions',
      'Digital and Data (26)',
      'All families',
      'Data (6)',
      'All grades',
      'Grade 7 (20)',
      'Senior Executive Officer (6)',
      'Title',
      'Newest first',
    ])
    const next = attributesOf(page.text, 'a', 'href')
      .map(String)
      .find(href => href.includes('cursor='))
    const second = await call(`GET ${next}`, browser)
    t.same(
      linesOf(mainOf(second.text)).filter(line => /^(Analyst|Engineer|Tester)/.test(line)),
      ['Engineer 1', 'Engineer 2', 'Engineer 3', 'Engineer 4', 'Engineer 5', 'Tester'],
    )
  })

  await t.test('showRoles with what a form sends → 200, empty fields as if they were not there', async t => {
    const query = 'q=anaylst&organisation=&profession=&family=&grade=G7&sfia=PROG%3A3&sort=relevance'
    const page = await call(`GET /roles?${query}`, browser)
    t.equal(page.status, 200)
    const found = '20 roles for “analyst”, as nothing matches “anaylst”'
    t.same(linesOf(mainOf(page.text)).slice(0, 3), ['Roles', `Go to ${found}`, found])
    const none = await call('GET /roles?q=zebra', browser)
    t.same(linesOf(mainOf(none.text)), ['Roles', 'Go to 0 roles', '0 roles', 'Try fewer words, or clear a filter.'])
  })

  await t.test('showRoles with what is in no list → 422 as a page that says what is', async t => {
    const page = await call('GET /roles?grade=SEOO', browser)
    t.same([page.status, page.headers['content-type']], [422, 'text/html; charset=utf-8'])
    t.match(linesOf(mainOf(page.text)).join('\n'), /SEO/)
    const order = await call('GET /roles?sort=titel', browser)
    t.equal(order.status, 422)
    t.match(linesOf(mainOf(order.text)).join('\n'), /Did you mean "title"/)
    t.equal((await call('GET /roles?colour=red', browser)).status, 400)
  })

  await t.test('getSitemap and getRobots → 200 with the pages that are published', async t => {
    const map = await call('GET /sitemap.xml', everyone)
    t.equal(map.status, 200)
    t.same([...map.text.matchAll(/<loc>(.*?)<\/loc>/g)].map(([, address]) => address).slice(0, 2), [
      `${baseUrl}/roles/analyst-10`,
      `${baseUrl}/roles/analyst-11`,
    ])
    t.equal(map.text.match(/<url>/g)?.length, 26)
    t.equal((await call('GET /sitemaps/2', everyone)).status, 404)
    t.same((await call('GET /robots.txt', everyone)).text.split('\n').at(-2), `Sitemap: ${baseUrl}/sitemap.xml`)
  })
})

t.test('addresses beside those of pages', { timeout: 60_000 }, async t => {
  const { app, call } = await testApp(t)
  const send = async (url: string, accept: string, method: 'GET' | 'HEAD' | 'POST' = 'GET') => {
    const { statusCode, headers, payload } = await app.inject({
      method,
      url,
      headers: { accept, host: 'register.example' },
    })
    const { location, vary } = headers
    return { status: statusCode, location, vary, type: String(headers['content-type']).split(';')[0], text: payload }
  }
  const html = String(browser.headers.accept)

  await t.test('getHome → 302 to the roles for browsers, 200 with JSON for others, both with Vary', async t => {
    const page = await call('GET /', browser)
    t.same([page.status, page.headers.location, page.headers.vary], [302, '/roles', 'Accept'])
    t.match(await send('/', 'text/html'), { status: 302, location: '/roles', vary: 'Accept' })
    for (const accept of ['*/*', 'application/json', 'application/json, text/html;q=0.5']) {
      const json = await call('GET /', { key: null, headers: { accept } })
      t.same([json.status, json.headers.vary, (json.body as { name: string }).name], [200, 'Accept', 'Role Register'])
    }
    t.match(await send('/', 'image/png'), { status: 406, type: 'application/problem+json' })
    t.equal((await call('GET /v1', browser)).status, 200)
  })

  await t.test('an address of nothing but slashes → 404 as soon as one of letters', async t => {
    const fastest = async (path: string) => {
      const times: number[] = []
      for (let round = 0; round < 5; round += 1) {
        const began = performance.now()
        t.equal((await send(path, '*/*')).status, 404)
        times.push(performance.now() - began)
      }
      return Math.min(...times)
    }
    const [letters, slashes] = [await fastest(`/x${'y'.repeat(12_000)}z`), await fastest(`/x${'/'.repeat(12_000)}z`)]
    t.ok(slashes < 10 * letters + 20, `${slashes} ms for slashes, ${letters} for letters`)
  })

  await t.test('pages with a slash at the end → 308 to those without it, with their query', async t => {
    const cases = [
      ['/roles/', '/roles'],
      ['/roles/?q=a/', '/roles?q=a/'],
      ['/roles/x/', '/roles/x'],
      ['/roles/x/versions/1/', '/roles/x/versions/1'],
      ['/roles/x/changes/?from=1&to=2', '/roles/x/changes?from=1&to=2'],
      ['/imports/new//', '/imports/new'],
    ] as const
    for (const [from, to] of cases)
      for (const accept of [html, '*/*'])
        t.match(await send(from, accept), { status: 308, location: to }, `${from} for ${accept}`)
    t.match(await send('/roles/', html, 'HEAD'), { status: 308, location: '/roles' })
    for (const path of ['//example.org/roles/', '/v1/roles/', '/nowhere/', '/assets/'])
      t.match(await send(path, '*/*'), { status: 404, location: undefined }, path)
    t.match(await send('/imports/new/', html, 'POST'), { status: 404, location: undefined })
  })

  await t.test(
    'addresses where nothing stands → 404 as a page for browsers, as a problem for the API’s callers',
    async t => {
      const page = await send('/nowhere', html)
      t.match(page, { status: 404, type: 'text/html', vary: 'Accept' })
      t.same(linesOf(mainOf(page.text)).slice(0, 3), [
        'There is nothing here',
        'Nothing stands at this address.',
        'All published roles',
      ])
      t.match(await send('/roles', html, 'POST'), { status: 405, type: 'text/html' })
      for (const [path, accept] of [
        ['/nowhere', '*/*'],
        ['/nowhere', 'application/json'],
        ['/v1/nowhere', html],
      ] as const)
        t.match(await send(path, accept), { status: 404, type: 'application/problem+json' }, `${path} for ${accept}`)
    },
  )
})

t.test('styles and branding', { timeout: 60_000 }, async t => {
  await t.test('without the crown: no typeface, crest or crown of GOV.UK is served or asked for', async t => {
    const { app, call } = await testApp(t)
    const page = await call('GET /roles', browser)
    const [sheet] = find(parse(page.text), ({ properties }) => String(properties.rel) === 'stylesheet')
    const path = String(sheet?.properties.href)
    const css = await app.inject(path)
    t.same(
      [css.statusCode, css.headers['content-type'], css.headers['cache-control']],
      [200, 'text/css; charset=utf-8', 'public, max-age=31536000, immutable'],
    )
    t.equal(path, `/assets/${createHash('sha256').update(css.rawPayload).digest('base64url').slice(0, 12)}/pages.css`)
    t.notMatch(css.payload, /GDS Transport/)
    t.notMatch(page.text, /crown|GOV\.UK/i)
    t.equal((await app.inject('/assets/images/govuk-crest.svg')).statusCode, 404)
  })

  await t.test(
    'with the crown: all that the style sheet asks for is served, and the service has its own name',
    async t => {
      const { app, call } = await testApp(t, { branding: { serviceName: 'Roles & <more>', crownBranding: true } })
      const page = await call('GET /roles', browser)
      t.match(page.text, /Roles &amp; &lt;more&gt;/)
      const [sheet] = find(parse(page.text), ({ properties }) => String(properties.rel) === 'stylesheet')
      const css = (await app.inject(String(sheet?.properties.href))).payload
      const files = [...css.matchAll(/url\((\/[^)]+)\)/g)].map(([, path = '']) => path)
      t.ok(files.length >= 5)
      for (const path of new Set(files)) t.equal((await app.inject(path)).statusCode, 200, path)
    },
  )
})

/** A form as a browser sends it. */
function formOf(fields: Record<string, string>, files: { name: string; bytes: Buffer | string }[] = []) {
  const boundary = 'x-boundary-of-a-test'
  const parts = [
    ...Object.entries(fields).map(
      ([name, value]) => [`Content-Disposition: form-data; name="${name}"`, value] as const,
    ),
    ...files.map(
      ({ name, bytes }) =>
        [
          `Content-Disposition: form-data; name="documents"; filename="${name}"\r\nContent-Type: application/octet-stream`,
          bytes,
        ] as const,
    ),
  ]
  const chunks = parts.flatMap(([head, value]) => [
    Buffer.from(`--${boundary}\r\n${head}\r\n\r\n`),
    Buffer.from(value),
    Buffer.from('\r\n'),
  ])
  return {
    key: null,
    body: Buffer.concat([...chunks, Buffer.from(`--${boundary}--\r\n`)]),
    headers: { accept: 'text/html', 'content-type': `multipart/form-data; boundary=${boundary}` },
  }
}

const watch = (duty: string) =>
  `# Night watch\n\n## About the role\n\nYou keep the town safe.\n\n## What you will do\n\n- ${duty}\n`

t.test('the import form', { timeout: 120_000 }, async t => {
  const { app, call, db } = await testApp(t)
  const key = token('home-office')
  const tags = (html: string) =>
    find(mainOf(html), ({ properties }) => String(properties.className).includes('govuk-tag')).map(element =>
      linesOf(element).join(' '),
    )

  /** What the summary of errors says, each with the field that it leads to and that says it too. */
  const errorsOf = (html: string) => {
    const [summary] = find(mainOf(html), ({ properties }) =>
      String(properties.className).includes('govuk-error-summary__list'),
    )
    return find(summary ?? { type: 'root', children: [] }, ({ tagName }) => tagName === 'a').map(link => {
      const [href, text] = [String(link.properties.href), linesOf(link).join(' ')]
      const id = href.slice(1)
      const [field] = find(mainOf(html), ({ properties }) => properties.id === id)
      const [message] = find(mainOf(html), ({ properties }) => properties.id === `${id}-error`)
      t.ok(String(field?.properties.ariaDescribedBy).includes(`${id}-error`), `${id} is described by its error`)
      t.equal(message && linesOf(message).join(' '), `Error: ${text}`)
      return [href, text]
    })
  }

  await t.test('showImportForm → 200 with no script, and a key field that browsers do not keep', async t => {
    const page = await call('GET /imports/new', browser)
    t.equal(page.status, 200)
    const [field] = find(parse(page.text), ({ properties }) => properties.id === 'key')
    t.match(field?.properties, { type: 'password', autoComplete: ['off'], name: 'key' })
    t.same(attributesOf(page.text, 'script', 'src'), [])
  })

  await t.test('importFromForm → 200 with a report for each document, the text beside it', async t => {
    const page = await call(
      'POST /imports/new',
      formOf({ key }, [
        { name: 'watch.md', bytes: watch('Walk the [wals](/walls)') },
        { name: 'empty.html', bytes: '' },
      ]),
    )
    t.same(
      [page.status, page.headers['cache-control'], page.headers['content-security-policy']],
      [200, 'private, no-store', policy],
    )
    t.same(tags(page.text).slice(0, 2), ['Draft made', 'Refused'])
    const source = find(mainOf(page.text), ({ properties }) => String(properties.className).includes('register-source'))
    t.match(source.flatMap(linesOf).join('\n'), /^# Night watch\n## About the role\nYou keep the town safe\.\n/)
    const draft = await call('GET /v1/roles/night-watch/draft')
    t.equal((draft.body as { title: string }).title, 'Night watch')
    t.notMatch(page.text, key, 'the key is not repeated')
    const reasons = linesOf(mainOf(page.text)).filter(line => line.includes('The document is empty'))
    t.equal(reasons.length, 1, 'one reason is told once')
  })

  await t.test('importFromForm → 200 with the slug of front matter', async t => {
    const bytes = `---\nslug: gate-watch\n---\n\n${watch('Walk the walls').replace('Night watch', 'Watch of the gate')}`
    const page = await call('POST /imports/new', formOf({ key }, [{ name: 'watch.md', bytes }]))
    t.same(tags(page.text)[0], 'Draft made')
    t.match((await call('GET /v1/roles/gate-watch/draft')).body, { title: 'Watch of the gate' })
  })

  await t.test('importFromForm again → 200: a draft is replaced only where the form says so', async t => {
    const changed = [{ name: 'watch.md', bytes: watch('Walk the walls') }]
    const refused = await call('POST /imports/new', formOf({ key }, changed))
    t.same(tags(refused.text)[0], 'Draft left alone')
    t.match(
      linesOf(mainOf(refused.text)).join('\n'),
      /which was left as it is\..*Changed in the draft\nA point in “What you will do” was reworded\.\nWalk the Removed: wals \(end of what was removed\) Added: walls$/s,
    )
    t.notMatch((await call('GET /v1/roles/night-watch/draft')).text, /Walk the walls/)
    const replaced = await call('POST /imports/new', formOf({ key, replace: 'true' }, changed))
    t.same(tags(replaced.text)[0], 'Draft replaced')
    t.match((await call('GET /v1/roles/night-watch/draft')).text, /Walk the walls/)
    const same = await call('POST /imports/new', formOf({ key, replace: 'true' }, changed))
    t.same(tags(same.text)[0], 'Unchanged')
  })

  await t.test(
    'downloadOriginalFromForm → 200 with the bytes for who may read the draft, 401 and 404 for others',
    async t => {
      const { id } = await db
        .selectFrom('imports')
        .select('id')
        .orderBy('created_at')
        .limit(1)
        .executeTakeFirstOrThrow()
      const own = await call(`POST /imports/${id}/original`, formOf({ key }))
      t.same(
        [own.status, own.text, own.headers['content-disposition']],
        [200, watch('Walk the [wals](/walls)'), 'attachment; filename="night-watch.md"'],
      )
      t.equal((await call(`POST /imports/${id}/original`, formOf({ key: 'wrong' }))).status, 401)
      t.equal((await call(`POST /imports/${id}/original`, formOf({}))).status, 401)
      const other = await call(`POST /imports/${id}/original`, formOf({ key: token('other-office') }))
      t.equal(other.status, 404)
      t.notMatch(other.text, /Walk/)
    },
  )

  await t.test('importFromForm → 200 with a document that is too large among others, which are imported', async t => {
    const titled = (title: string) => watch('Walk the walls').replace('Night watch', title)
    const page = await call(
      'POST /imports/new',
      formOf({ key }, [
        { name: 'first.md', bytes: titled('First watch') },
        { name: 'large.md', bytes: Buffer.alloc(4 * 1024 * 1024 + 1, 97) },
        { name: 'last.md', bytes: titled('Last watch') },
      ]),
    )
    t.same([page.status, tags(page.text).slice(0, 3)], [200, ['Draft made', 'Refused', 'Draft made']])
    t.match(linesOf(mainOf(page.text)).join('\n'), /large\.md has more than the 4 MiB that a document may have\./)
    for (const slug of ['first-watch', 'last-watch'])
      t.equal((await call(`GET /v1/roles/${slug}/draft`)).status, 200, slug)
  })

  await t.test(
    'importFromForm with 21 documents → 200 with reports of 20, and that the others were not read',
    async t => {
      const page = await call(
        'POST /imports/new',
        formOf(
          { key },
          Array.from({ length: 22 }, (_, at) => ({ name: `${at + 1}.md`, bytes: '' })),
        ),
      )
      t.same([page.status, tags(page.text)], [200, Array(21).fill('Refused')])
      const text = linesOf(mainOf(page.text)).join('\n')
      t.match(text, /A form takes 20 documents\. Those after the first 20 were not read/)
      t.match(text, /20\.md/)
      t.notMatch(text, /21\.md/)
    },
  )

  await t.test(
    'importFromForm with a key that is not known → 401, without the scope → 403, in words for a form',
    async t => {
      const files = [{ name: 'watch.md', bytes: watch('Sleep') }]
      const wrong = await call('POST /imports/new', formOf({ key: 'wrong' }, files))
      t.same(
        [wrong.status, wrong.headers['www-authenticate'], errorsOf(wrong.text)],
        [
          401,
          'Bearer realm="role-register"',
          [['#key', 'This key is not known, or not valid now. Check the key and send the form again.']],
        ],
      )
      const lacking = await call(
        'POST /imports/new',
        formOf({ key: token('home-office', ['roles:read_drafts']) }, files),
      )
      t.same(
        [lacking.status, errorsOf(lacking.text)],
        [403, [['#key', 'This needs a key with the scope import:write.']]],
      )
    },
  )

  await t.test('importFromForm with a wrong key and much behind it → 401, once all of it is sent', async t => {
    const bytes = Buffer.alloc(3_900_000, '- Mend it\n')
    const { body, headers } = formOf(
      { key: 'wrong' },
      ['1.md', '2.md', '3.md', '4.md'].map(name => ({ name, bytes })),
    )
    const { port } = new URL(await app.listen({ port: 0, host: '127.0.0.1' }))
    const socket = connect(Number(port), '127.0.0.1')
    t.after(() => socket.destroy())
    const head = `POST /imports/new HTTP/1.1\r\nHost: register.example\r\nAccept: text/html\r\nContent-Type: ${headers['content-type']}\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`
    // As a browser: it reads nothing before it has sent its form.
    await new Promise(sent => socket.write(Buffer.concat([Buffer.from(head), body]), sent))
    const answer = Buffer.concat(await socket.toArray()).toString()
    t.match(answer, /^HTTP\/1\.1 401 /)
    t.match(answer, /This key is not known, or not valid now\./)
  })

  await t.test('importFromForm with what is no form, or not enough → problems, and nothing stored', async t => {
    const { count } = await db
      .selectFrom('imports')
      .select(db.fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow()
    const files = [{ name: 'watch.md', bytes: watch('Sleep') }]
    const noKey = 'Type your key into the form.'
    const noDocument = 'Choose at least one document.'
    const unreadable = 'The form cannot be read: it is not complete, or not multipart/form-data.'
    const cases: [string, number, Parameters<typeof call>[1], string[][]?][] = [
      ['no key', 401, formOf({ replace: 'true' }, files), [['#key', noKey]]],
      [
        'a key that is none',
        401,
        formOf({ key: 'wrong' }, files),
        [['#key', 'This key is not known, or not valid now. Check the key and send the form again.']],
      ],
      [
        'a key of an organisation that is not there',
        422,
        formOf({ key: token('nowhere') }, files),
        [['#key', 'There is no organisation "nowhere".']],
      ],
      ['no document', 400, formOf({ key, replace: 'true' }), [['#documents', noDocument]]],
      [
        'nothing',
        400,
        formOf({ key: '' }, [{ name: '', bytes: '' }]),
        [
          ['#key', noKey],
          ['#documents', noDocument],
        ],
      ],
      ['a document of 5 MiB', 200, formOf({ key }, [{ name: 'x.md', bytes: Buffer.alloc(5 * 1024 * 1024, 97) }])],
      [
        'JSON',
        415,
        { key: null, body: '{}', headers: { accept: 'text/html', 'content-type': 'application/json' } },
        [['#documents', '"application/json" is not taken here. Send the body as multipart/form-data.']],
      ],
      [
        'a form cut short',
        400,
        { ...formOf({ key }, files), body: formOf({ key }, files).body.subarray(0, 300) },
        [['#documents', unreadable]],
      ],
      [
        'no boundary',
        400,
        { ...formOf({ key }), headers: { accept: 'text/html', 'content-type': 'multipart/form-data' } },
        [['#documents', unreadable]],
      ],
    ]
    for (const [what, status, request, errors] of cases) {
      const answer = await call('POST /imports/new', request)
      t.equal(answer.status, status, `${what} → ${answer.text.slice(0, 300)}`)
      if (errors === undefined) t.same(tags(answer.text), ['Refused'], what)
      else {
        t.same(errorsOf(answer.text), errors, what)
        t.match(answer.text, /<title>Error: Import documents/)
        const sent = String((request?.body as Buffer | string) ?? '')
        const [replace] = find(mainOf(answer.text), ({ properties }) => properties.name === 'replace')
        t.equal(replace?.properties.checked === true, sent.includes('name="replace"'), `${what}: what was ticked is`)
        const [keyField] = find(mainOf(answer.text), ({ properties }) => properties.id === 'key')
        t.equal(keyField?.properties.value, undefined, `${what}: the key is not sent back`)
      }
    }
    const after = await db.selectFrom('imports').select(db.fn.countAll<number>().as('count')).executeTakeFirstOrThrow()
    t.equal(after.count, count)
    t.equal((await app.inject('/health/live')).statusCode, 200)
  })
})

t.test('showRole → 200, with the links of texts as GOV.UK has them, and no tag of a text', async t => {
  const { call } = await testApp(t)
  const text = 'See [*here*](https://a.uk/?x=1&y=2), not \\<a href="https://b.uk">'
  const [first, ...others] = documentWith().sections
  if (!first) throw new Error('the example has no section')
  const sections = [{ ...first, blocks: [{ type: 'paragraph' as const, text }] }, ...others]
  await createPublished(call, 'linked', documentWith({ sections }))
  const { text: page } = await call('GET /roles/linked', browser)
  t.ok(
    page.includes(
      'See <a class="govuk-link" href="https://a.uk/?x=1&amp;y=2"><em>here</em></a>, not &lt;a href=&quot;https://b.uk&quot;&gt;',
    ),
  )
})

t.test('showChanges → 200 with the first 500 of very many changes', { timeout: 120_000 }, async t => {
  const { call } = await testApp(t)
  const list = (word: string, at: number) => ({
    type: 'list' as const,
    ordered: false,
    items: Array.from({ length: 200 }, (_, n) => ({
      id: `i${at * 200 + n + 1}`,
      text: `${word} ${n}`,
      optional: false,
      items: [],
    })),
  })
  const sectionsOf = (word: string) => [
    ...documentWith().sections,
    {
      id: 'terms',
      kind: 'terms' as const,
      heading: 'Terms',
      shared_section: null,
      blocks: [0, 1, 2].map(at => list(word, at)),
    },
  ]
  await createPublished(call, 'long', documentWith({ sections: sectionsOf('one') }))
  const { etag } = await call('PATCH /v1/roles/long/draft', { match: '*', body: { sections: sectionsOf('two') } })
  await publishRole(call, 'long', etag)
  const { text } = await call('GET /roles/long/changes', browser)
  const lines = linesOf(mainOf(text))
  t.ok(lines.includes('The first 500 of 600 changes.'))
  t.ok(lines.includes('All changes, as JSON'))
  t.equal(lines.filter(line => line === 'A point in “Terms” was reworded.').length, 500)
})

t.test('the import form and what is no document', { timeout: 120_000 }, async t => {
  const { call, db } = await testApp(t)
  const key = token('home-office')
  const sent = async (files: { name: string; bytes: string }[]) => {
    const page = await call('POST /imports/new', formOf({ key }, files))
    t.equal(page.status, 200)
    return linesOf(mainOf(page.text))
  }
  const drafts = async () => (await db.selectFrom('roles').select('slug').execute()).map(({ slug }) => slug)

  await t.test('importFromForm with other files → 200, each refused by its name with what to do', async t => {
    const titled = '# Hooks\n\n## About the role\n\nYou hook.\n'
    const files = ['hooks.py', 'hooks.txt', 'hooks.DOC', 'hooks.pdf', 'hooks', 'hooks.md.exe', '~$hooks.docx']
    const text = (await sent(files.map(name => ({ name, bytes: titled })))).join('\n')
    const kinds = 'not Markdown, HTML or Word (.docx, .html or .md)'
    for (const [name, why] of [
      ['hooks.py', `${kinds}.`],
      ['hooks.txt', `${kinds}; if it is Markdown, let its name end in .md.`],
      ['hooks.DOC', `${kinds}; open it in Word and save it as .docx.`],
      ['hooks.pdf', `${kinds}; send the document that it was made from.`],
      ['hooks', `${kinds}; let its name end in .docx, .html or .md.`],
      ['hooks.md.exe', `${kinds}.`],
      ['~$hooks.docx', 'what Word keeps beside a document that is open; close it, or pass over this file.'],
    ])
      t.ok(text.includes(`The file is no document. ${name} was not read: it is ${why}`), `${name}: ${text}`)
    t.same(await drafts(), [])
    t.match((await sent([{ name: 'HOOKS.Markdown', bytes: titled }])).join('\n'), /Draft made/)
    t.same(await drafts(), ['hooks'])
  })

  await t.test('importFromForm without a title → 200 with what a user of a form can do', async t => {
    for (const bytes of ['## About the role\n\nYou hook.\n', '# 役割\n\n## About the role\n\nYou hook.\n']) {
      const text = (await sent([{ name: 'none.md', bytes }])).join('\n')
      t.match(text, /The document has no title\. The role needs a title with letters .* send the document again\./)
      t.notMatch(text, /\?slug/)
    }
    t.same(await drafts(), ['hooks'])
  })

  await t.test('importFromForm → 200 with all details, behaviours and the profession that were read', async t => {
    const bytes = `# Bell ringer

**Grade:** SEO
**Job title:** Ringer of bells
**Contract:** Perm
**Closing date:** 3 May

## About the role

You ring.

## Behaviours

- Leadership
- Working Together
`
    const answer = await call('POST /v1/imports?dry_run=true', {
      body: bytes,
      headers: { 'content-type': 'text/markdown' },
    })
    const { recognised } = (answer.body as { report: ImportReport }).report
    t.same(
      [recognised.advert_details, recognised.additional, recognised.behaviours, recognised.profession],
      [
        [
          { label: 'Grade', member: 'grades', value: 'SEO' },
          { label: 'Job title', member: 'additional', value: 'Ringer of bells' },
          { label: 'Contract', member: 'additional', value: 'Perm' },
        ],
        [
          { label: 'Job title', value: 'Ringer of bells' },
          { label: 'Contract', value: 'Perm' },
          { label: 'Closing date', value: '3 May' },
        ],
        ['leadership', 'working_together'],
        null,
      ],
    )
    const text = (await sent([{ name: 'ringer.md', bytes }])).join('\n')
    t.match(text, /Behaviours\nLeadership, Working together\n/)
    t.match(
      text,
      /Grade\nSEO\nFurther details, as they are printed\nJob title\nRinger of bells\nContract\nPerm\nClosing date\n3 May/,
    )
  })
})
