// The pages that people read: what stands in them, how they are kept, and that nothing of a document runs in them.
import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import t from 'tap'
import { exampleDocument } from '../../src/document/schema.ts'
import { baseUrl, testApp, token } from '../support/app.ts'
import { attributesOf, browser, find, linesOf, mainOf, parse, policy } from '../support/html.ts'
import { createPublished, createRole, documentWith, publishRole } from '../support/roles.ts'

const everyone = { key: null }

const today = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'Europe/London' }).format(new Date())
t.test('pages of roles', { timeout: 300_000 }, async t => {
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
      'Level',
      'Skill',
      'Category',
      'Subcategory',
      'PROG',
      '3',
      'Programming/software development',
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

t.test('the list of roles', { timeout: 300_000 }, async t => {
  const { db, call } = await testApp(t)
  // With more organisations than a page of theirs has, those that the list names come late in the alphabet.
  await sql`insert into organisations (slug, name) select 'a-' || n, 'A ' || n from generate_series(1, 100) n`.execute(
    db,
  )
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
    const hidden = async (address: string) =>
      find(
        parse((await call(address, browser)).text),
        ({ tagName, properties }) => tagName === 'input' && properties.type === 'hidden',
      ).map(({ properties }) => [properties.name, properties.value])
    t.same(await hidden('GET /roles?q=analyst'), [])
    t.same(await hidden('GET /roles?q=analyst&sfia_version=9'), [['sfia_version', '9']], 'a new search keeps it')
  })

  /** A search that cannot be done: what is said above it, at its fields, and what they hold. */
  const refusedSearch = async (query: string) => {
    const page = await call(`GET /roles?${query}`, browser)
    const root = parse(page.text)
    const withClass = (name: string) =>
      find(root, ({ properties }) => [properties.className].flat().includes(name)).map(element =>
        linesOf(element).join(' '),
      )
    const inputs = find(root, ({ tagName, properties }) => tagName === 'input' && properties.value !== undefined)
    const chosen = find(root, ({ tagName, properties }) => tagName === 'option' && properties.selected === true)
    return {
      status: page.status,
      kept: [page.headers['cache-control'], page.headers['content-security-policy'] === policy],
      title: find(root, ({ tagName }) => tagName === 'title').map(element => linesOf(element).join(' ')),
      lines: linesOf(mainOf(page.text)),
      links: attributesOf(page.text.replace(/.*<main/s, '<main').replace(/<form.*/s, ''), 'a', 'href'),
      atFields: withClass('govuk-error-message'),
      values: Object.fromEntries(inputs.map(({ properties }) => [properties.name, properties.value])),
      chosen: chosen.map(({ properties }) => properties.value).filter(value => value !== ''),
    }
  }
  const asked = { kept: ['no-store', true], title: ['Error: Roles – Role Register'] }

  await t.test(
    'showRoles with what is in no list → 422 with the search as it was, and what is wrong at its field',
    async t => {
      const noGrade = 'There is no grade “SEOO”. Did you mean Senior Executive Officer? Choose one from the list.'
      t.same(await refusedSearch('q=engineer&grade=SEOO&family=data&sfia=prog'), {
        ...asked,
        status: 422,
        title: ['Error: Roles: engineer – Role Register'],
        lines: ['There is a problem', noGrade, 'Roles'],
        links: ['#grade'],
        atFields: [`Error: ${noGrade}`],
        values: { q: 'engineer', sfia: 'PROG' },
        chosen: ['data', 'SEOO', 'relevance'],
      })
      const few = 'is not among the few skills of SFIA 9 that are loaded. Load its spreadsheet with sfia:load.'
      const noCode = (said: string) => `${said} Enter the code of a skill, alone or with levels that it has.`
      const notLoaded = noCode(`XXXX ${few}`)
      const noProfession = 'There is no profession “digitl”. Did you mean Digital and Data? Choose one from the list.'
      const noOrder = 'The roles cannot be sorted so. Choose an order from the list.'
      t.same(await refusedSearch('sfia=XXXX&profession=digitl&sort=titel'), {
        ...asked,
        status: 422,
        lines: ['There is a problem', noProfession, noOrder, notLoaded, 'Roles'],
        links: ['#profession', '#sort', '#sfia'],
        atFields: [noProfession, notLoaded, noOrder].map(text => `Error: ${text}`),
        values: { sfia: 'XXXX' },
        chosen: ['digitl'],
      })
      const noSkill = 'The skill catalogue has no "nothing". Search without it.'
      t.same(await refusedSearch('q=engineer&skill=nothing'), {
        ...asked,
        status: 422,
        title: ['Error: Roles: engineer – Role Register'],
        lines: ['There is a problem', noSkill, 'Roles'],
        links: ['/roles?q=engineer'],
        atFields: [],
        values: { q: 'engineer' },
        chosen: ['relevance'],
      })
      for (const [search, said] of [
        ['sfia=PROG:9', noCode('PROG has levels 2, 3, 4, 5, 6.')],
        ['sfia=PROG:5-3', noCode('Of the levels of "PROG:5-3" the lower comes first, as in PROG:3-5.')],
        ['sfia=PRGO:3', noCode(`PRGO ${few} Did you mean PROG?`)],
        [
          'organisation=home-ofice',
          'There is no organisation “home-ofice”. Did you mean Home Office? Choose one from the list.',
        ],
      ])
        t.match(await refusedSearch(`${search}`), { status: 422, atFields: [`Error: ${said}`] })
    },
  )

  await t.test('showRoles with an organisation that there is not → one query among however many there are', async t => {
    await sql`insert into organisations (slug, name) select 'office-' || n, 'Office ' || n from generate_series(1, 250) n`.execute(
      db,
    )
    for (const typed of ['home-ofice', 'Home%20Ofice'])
      t.match(await refusedSearch(`organisation=${typed}`), { atFields: [/Did you mean Home Office\?/] }, typed)
    const { text } = await call('GET /metrics')
    t.notMatch(text, 'route="/v1/organisations"', 'the list is not read page by page')
  })

  await t.test('showRoles with what cannot be read → 400 in the same way', async t => {
    const long = 'engineer '.repeat(30).trim()
    const tooLong = 'The words to search for must be 200 characters or fewer.'
    const { title: _, ...page } = await refusedSearch(`q=${encodeURIComponent(long)}&grade=SEO`)
    t.same(page, {
      kept: asked.kept,
      status: 400,
      lines: ['There is a problem', tooLong, 'Roles'],
      links: ['#q'],
      atFields: [`Error: ${tooLong}`],
      values: { q: long },
      chosen: ['SEO', 'relevance'],
    })
    const noPage = 'This page of the search is no longer there. Go to its first page.'
    t.same(await refusedSearch('grade=SEO&cursor=nothing'), {
      ...asked,
      status: 400,
      lines: ['There is a problem', noPage, 'Roles'],
      links: ['/roles?grade=SEO'],
      atFields: [],
      values: {},
      chosen: ['SEO', 'title'],
    })
    t.match(await refusedSearch('sfia=%21&grade=SEO'), { status: 400, links: ['#sfia'], values: { sfia: '!' } })
  })

  await t.test('showRoles with what is in no list, for whom asks for no page → 422 as the API says it', async t => {
    const json = { key: null, headers: { accept: '*/*' } }
    const [page, api] = [await call('GET /roles?grade=SEOO', json), await call('GET /v1/roles?grade=SEOO', everyone)]
    const { instance, request_id, ...said } = page.body as Record<string, unknown>
    t.same(instance, '/roles')
    const { instance: _, request_id: __, ...own } = api.body as Record<string, unknown>
    t.same([page.status, said], [422, own])
  })

  await t.test('showRoles with a SFIA code in small letters, or a filter that was sent twice → 200', async t => {
    const small = await call('GET /roles?sfia=+prog%3A3', browser)
    t.same([small.status, small.text], [200, (await call('GET /roles?sfia=PROG%3A3', browser)).text])
    t.match(linesOf(mainOf(small.text))[2], '26 roles')
    const twice = await call('GET /roles?grade=SEO&grade=G7', browser)
    t.same([twice.status, twice.text], [200, (await call('GET /roles?grade=G7', browser)).text])
  })

  await t.test('pages with query parameters of a newsletter → 200, as without them', async t => {
    const more = 'utm_source=newsletter&fbclid=1&utm_source=twice&__proto__=1'
    for (const path of [
      '/roles',
      '/roles/tester',
      '/roles/tester/versions/1',
      '/roles/tester/changes',
      '/imports/new',
    ]) {
      const [plain, counted] = [await call(`GET ${path}`, browser), await call(`GET ${path}?${more}`, browser)]
      t.same([counted.status, counted.text], [200, plain.text], path)
    }
    const [plain, counted] = [await call('GET /roles?q=a', browser), await call(`GET /roles?${more}&q=a`, browser)]
    t.same([counted.status, counted.text], [200, plain.text], 'with words that are known')
    const root = await call(`GET /?${more}`, browser)
    t.same([root.status, root.headers.location], [302, '/roles'])
    t.equal((await call('GET /v1/roles?utm_source=newsletter', browser)).status, 400, 'the API is strict')
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

t.test('addresses beside those of pages', { timeout: 300_000 }, async t => {
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

t.test('styles and branding', { timeout: 300_000 }, async t => {
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
      t.match((await call('GET /problems/not_found', browser)).text, /– Roles &amp; &lt;more&gt;<\/title>/)
      const [sheet] = find(parse(page.text), ({ properties }) => String(properties.rel) === 'stylesheet')
      const css = (await app.inject(String(sheet?.properties.href))).payload
      const files = [...css.matchAll(/url\((\/[^)]+)\)/g)].map(([, path = '']) => path)
      t.ok(files.length >= 5)
      for (const path of new Set(files)) t.equal((await app.inject(path)).statusCode, 200, path)
    },
  )
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

t.test('showChanges → 200 with the first 500 of very many changes', { timeout: 300_000 }, async t => {
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
