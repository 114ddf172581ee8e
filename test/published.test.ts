// What the world reads: the latest version of a role, its versions, their bytes and the headers that go with them.
import { createHash } from 'node:crypto'
import t from 'tap'
import { cursorOf, findFeedEnd } from '../src/database/events.ts'
import { exampleDocument } from '../src/document/schema.ts'
import { type Answer, baseUrl, testApp, token } from './support/app.ts'
import { problemOf } from './support/problem.ts'
import { createPublished, createRole, digestOf, documentWith, publishRole } from './support/roles.ts'

const everyone = { key: null }

t.test('published roles', { timeout: 300_000 }, async t => {
  const { call, db } = await testApp(t)
  const post = (path: string, body: unknown) => call(`POST /v1/${path}`, { body })

  await t.test('getRole → 200 with the draft resolved: names, shared sections, no notes', async t => {
    t.equal((await post('skills?slug=python', { name: 'Python' })).status, 201)
    const about = {
      kind: 'organisation_overview',
      heading: 'About us',
      blocks: [
        { type: 'note', text: 'Ask the press office first' },
        { type: 'list', items: [{ text: 'We *serve*', items: [{ text: 'everybody' }] }] },
      ],
    }
    t.equal((await post('shared-sections?slug=about-us', about)).status, 201)
    const [summary, ...rest] = exampleDocument.sections
    const document = documentWith({
      sections: [
        { id: 'other', kind: 'other', heading: 'Us', shared_section: 'about-us', blocks: [] },
        ...(summary ? [{ ...summary, blocks: [{ type: 'note' as const, text: 'Write me' }, ...summary.blocks] }] : []),
        ...rest,
      ],
      skills: [{ id: 's1', statement: 'Writes Python', skill: 'python', level: 'expert', importance: 'essential' }],
    })
    const published = await createPublished(call, 'resolved', document)
    const answer = await call('GET /v1/roles/resolved', everyone)
    const { published_at } = answer.body as { published_at: string }
    t.match(published_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/)
    const expected = {
      format: 1,
      slug: 'resolved',
      organisation: { slug: 'home-office', name: 'Home Office' },
      version: 1,
      published_at,
      change_note: 'A note',
      title: document.title,
      alternative_titles: document.alternative_titles,
      profession: document.profession,
      family: document.family,
      grades: document.grades,
      behaviours: document.behaviours,
      sections: [
        {
          id: 'other',
          kind: 'other',
          heading: 'Us',
          shared_section: 'about-us',
          blocks: [
            {
              type: 'list',
              ordered: false,
              items: [{ id: 'i1', text: 'We *serve*', optional: false, items: [{ id: 'i2', text: 'everybody' }] }],
            },
          ],
        },
        ...exampleDocument.sections,
      ],
      skills: [
        {
          id: 's1',
          statement: 'Writes Python',
          skill: 'python',
          level: 'expert',
          importance: 'essential',
          skill_name: 'Python',
        },
      ],
      sfia_version: '9',
      sfia_mappings: [
        {
          code: 'PROG',
          level: 3,
          name: 'Programming/software development',
          category: 'Development and implementation',
          subcategory: 'Systems development',
        },
      ],
      advert_details: document.advert_details,
    }
    t.equal(answer.text, JSON.stringify(expected))
    t.equal((published.body as { etag: string }).etag, answer.etag)
  })

  await t.test(
    'getRole and getVersion → 200: headers made from the very bytes, the same at both addresses',
    async t => {
      await createPublished(call, 'headers')
      const latest = await call('GET /v1/roles/headers', everyone)
      const version = await call('GET /v1/roles/headers/versions/1', everyone)
      t.equal(version.text, latest.text)
      const digest = digestOf(latest.text)
      const modified = new Date((latest.body as { published_at: string }).published_at).toUTCString()
      const shown = ({ headers }: Answer) =>
        Object.fromEntries(
          [
            'etag',
            'repr-digest',
            'last-modified',
            'cache-control',
            'content-location',
            'link',
            'content-type',
            'cache-status',
          ].map(name => [name, headers[name]]),
        )
      const common = {
        etag: `"${digest}"`,
        'repr-digest': `sha-256=:${createHash('sha256').update(latest.text).digest('base64')}:`,
        'last-modified': modified,
        'content-type': 'application/json; charset=utf-8',
        'cache-status': undefined,
      }
      t.same(shown(latest), {
        ...common,
        'cache-control': 'public, max-age=60, stale-if-error=86400',
        'content-location': '/v1/roles/headers/versions/1',
        link: '</v1/roles/headers/versions>; rel="version-history", </v1/roles/headers/versions/1>; rel="latest-version"',
      })
      t.same(shown(version), {
        ...common,
        'cache-control': 'public, max-age=31536000, immutable',
        'content-location': undefined,
        link: '</v1/roles/headers/versions>; rel="version-history", </v1/roles/headers>; rel="latest-version"',
      })
      const again = await call('GET /v1/roles/headers', everyone)
      t.same([shown(again), again.text], [shown(latest), latest.text], 'out of memory the same')
      const head = await call('HEAD /v1/roles/headers', everyone)
      t.same([head.status, head.text, shown(head)], [200, '', shown(latest)])
      t.equal(Number(head.headers['content-length']), Buffer.byteLength(latest.text))

      for (const [path, own] of [
        ['/v1/roles/headers', latest],
        ['/v1/roles/headers/versions/1', version],
      ] as const) {
        for (const headers of [
          { 'if-none-match': latest.etag },
          { 'if-none-match': `W/${latest.etag}` },
          { 'if-none-match': `"other",W/"third" , ${latest.etag}` },
          { 'if-none-match': '*' },
          { 'if-modified-since': modified },
          { 'if-modified-since': 'Fri, 01 Jan 2100 00:00:00 GMT' },
          { 'if-none-match': latest.etag, 'if-modified-since': 'Mon, 01 Jan 2001 00:00:00 GMT' },
        ]) {
          const unchanged = await call(`GET ${path}`, { ...everyone, headers })
          t.same([unchanged.status, unchanged.text], [304, ''], `${path} ${JSON.stringify(headers)}`)
          t.same(
            [unchanged.etag, unchanged.headers['cache-control'], unchanged.headers['content-location']],
            [latest.etag, own.headers['cache-control'], own.headers['content-location']],
          )
          t.notMatch(
            Object.keys(unchanged.headers).join(),
            /last-modified|repr-digest|link|content-security|referrer|x-content|content-type/,
            'what the caller has is not said again',
          )
        }
        for (const headers of [
          { 'if-none-match': latest.etag.slice(1, -1) },
          { 'if-none-match': '"other"' },
          { 'if-none-match': '"other"', 'if-modified-since': modified },
          { 'if-none-match': '"a,*,b"' },
          { 'if-none-match': `"a, ${latest.etag.slice(1)}` },
          { 'if-modified-since': 'Mon, 01 Jan 2001 00:00:00 GMT' },
          { 'if-modified-since': 'never' },
        ]) {
          const answer = await call(`GET ${path}`, { ...everyone, headers })
          t.same([answer.status, answer.text], [200, latest.text], `${path} ${JSON.stringify(headers)}`)
        }
      }
    },
  )

  await t.test(
    'a version never changes, whatever becomes of what it was made from; the next one prints the new',
    async t => {
      t.equal((await post('skills?slug=golang', { name: 'Go' })).status, 201)
      t.equal(
        (
          await post('shared-sections?slug=our-duty', {
            kind: 'diversity',
            heading: 'Our duty',
            blocks: [{ type: 'paragraph', text: 'Old words' }],
          })
        ).status,
        201,
      )
      const document = documentWith({
        sections: [
          ...exampleDocument.sections,
          { id: 'diversity', kind: 'diversity', heading: 'Our duty', shared_section: 'our-duty', blocks: [] },
        ],
        skills: [{ id: 's1', statement: 'Writes Go', skill: 'golang', level: null, importance: 'essential' }],
      })
      await createPublished(call, 'frozen', document)
      const first = await call('GET /v1/roles/frozen', everyone)
      const admin = token('home-office', ['admin'])
      for (const [path, body] of [
        ['skills/golang', { name: 'Golang' }],
        ['shared-sections/our-duty', { blocks: [{ type: 'paragraph', text: 'New words' }] }],
        ['organisations/home-office', { name: 'Department of the Interior' }],
      ] as [string, unknown][])
        t.equal((await call(`PATCH /v1/${path}`, { body, match: '*', key: admin })).status, 200, path)
      const edited = await call('PATCH /v1/roles/frozen/draft', { body: { title: 'Gopher' }, match: '*' })
      for (const path of ['/v1/roles/frozen', '/v1/roles/frozen/versions/1']) {
        const answer = await call(`GET ${path}`, everyone)
        t.same([answer.text, answer.etag], [first.text, first.etag], path)
      }
      await publishRole(call, 'frozen', edited.etag, 'Renamed')
      const second = (await call('GET /v1/roles/frozen', everyone)).body as Record<string, never>
      t.match(second, {
        version: 2,
        change_note: 'Renamed',
        title: 'Gopher',
        organisation: { slug: 'home-office', name: 'Department of the Interior' },
        skills: [{ skill_name: 'Golang' }],
      })
      t.ok(JSON.stringify(second).includes('New words'))
      const version = await call('GET /v1/roles/frozen/versions/1', everyone)
      t.same([version.text, version.etag], [first.text, first.etag])
      await db.updateTable('organisations').set({ name: 'Home Office' }).where('slug', '=', 'home-office').execute()
      const back = await call('DELETE /v1/roles/frozen/draft', { match: '*' })
      t.equal((back.body as { title: string }).title, 'Gopher', 'the draft goes back to the latest version')
    },
  )

  await t.test('published bytes hold no address of the service and no person', async t => {
    await createPublished(call, 'nameless')
    const { text } = await call('GET /v1/roles/nameless/versions/1', everyone)
    for (const word of ['alice', 'http', '/v1/', baseUrl]) t.notOk(text.includes(word), word)
  })

  await t.test('listVersions → 200, the newest first, page by page', async t => {
    const first = await createPublished(call, 'many')
    const second = await publishRole(call, 'many', first.etag, 'Second')
    await publishRole(call, 'many', second.etag, 'Third')
    const whole = await call('GET /v1/roles/many/versions', everyone)
    type List = { versions: { version: number; etag: string }[]; next_cursor: string | null }
    const { versions, next_cursor } = whole.body as List
    t.equal(next_cursor, null)
    for (const [index, { version, etag, ...entry }] of versions.entries()) {
      const found = await call(`GET /v1/roles/many/versions/${version}`, everyone)
      const { published_at, change_note } = found.body as { published_at: string; change_note: string }
      t.same([version, etag], [3 - index, found.etag])
      t.same(entry, {
        published_at,
        change_note,
        change_kind: 'substantive',
        url: `${baseUrl}/v1/roles/many/versions/${version}`,
      })
    }
    const seen: number[] = []
    for (let line: string | undefined = 'GET /v1/roles/many/versions?limit=2'; line; ) {
      const answer: Answer = await call(line, everyone)
      seen.push(...(answer.body as List).versions.map(({ version }) => version))
      const next: string | undefined = /^<([^>]+)>; rel="next"$/.exec(String(answer.headers.link ?? ''))?.[1]
      line = next && `GET ${next}`
    }
    t.same(seen, [3, 2, 1])
    const conditional = await call('GET /v1/roles/many/versions', {
      ...everyone,
      headers: { 'if-none-match': whole.etag },
    })
    t.equal(conditional.status, 304)
  })

  await t.test('lists by number → 400 for a cursor that is no number of theirs', async t => {
    for (const path of ['/v1/roles/many/versions', '/v1/roles/many/publications']) {
      const digest = createHash('sha256')
        .update(JSON.stringify([path, []]))
        .digest('base64url')
        .slice(0, 12)
      const cursor = (key: string) => Buffer.from(JSON.stringify([digest, key])).toString('base64url')
      for (const key of ['99999999999999999999', '1e5', '-1', '0', '01', 'x', ''])
        t.equal((await call(`GET ${path}?cursor=${cursor(key)}`)).status, 400, `${path} ${key}`)
      for (const key of ['1', '2147483648', '999999999999999'])
        t.equal((await call(`GET ${path}?cursor=${cursor(key)}`)).status, 200, `${path} ${key}`)
    }
  })

  await t.test(
    'getRole, getVersion, listVersions → 404 where nothing was ever published, to everybody alike',
    async t => {
      await createRole(call, 'unpublished')
      for (const key of [null, token('home-office'), token('other-office')])
        for (const slug of ['unpublished', 'no-such-role']) {
          const none = (noun: string, name: string) => ({
            status: 404,
            code: 'not_found',
            detail: `There is no ${noun} "${name}" that you may read.`,
            errors: [],
          })
          t.same(problemOf(await call(`GET /v1/roles/${slug}`, { key })), none('published role', slug))
          t.same(problemOf(await call(`GET /v1/roles/${slug}/versions`, { key })), none('published role', slug))
          t.same(
            problemOf(await call(`GET /v1/roles/${slug}/versions/1`, { key })),
            none('published version', `${slug}/1`),
          )
        }
      for (const version of ['0', '01', '+1', '1.0', '1e0', '%201', '-1', '1.5', 'latest', '2147483648', '99999999999'])
        t.equal((await call(`GET /v1/roles/many/versions/${version}`, everyone)).status, 404, version)
      t.equal((await call('GET /v1/roles/many/versions/4', everyone)).status, 404)
    },
  )

  await t.test('listRoles → 200 with the roles published now, each as its own address has it', async t => {
    const answer = await call('GET /v1/roles?limit=100', everyone)
    const { roles, feed_cursor } = answer.body as {
      roles: { slug: string; etag: string; url: string; version: number }[]
      feed_cursor: string
    }
    t.same(
      roles.map(({ slug }) => slug),
      ['frozen', 'headers', 'many', 'nameless', 'resolved'],
    )
    for (const { slug, etag, url, version, ...members } of roles) {
      const role = await call(`GET /v1/roles/${slug}`, everyone)
      const { title, organisation, profession, family, grades, published_at } = role.body as Record<string, unknown>
      t.same([etag, url], [role.etag, `${baseUrl}/v1/roles/${slug}`])
      t.equal(version, (role.body as { version: number }).version)
      t.same(members, { title, organisation, profession, family, grades, published_at })
    }
    t.equal(feed_cursor, cursorOf(await findFeedEnd(db)))
    t.match(feed_cursor, /^[1-9][0-9]*-[0-9]{20}$/)
    for (const [query, slugs] of [
      ['?q=gopher', ['frozen']],
      ['?skill=python', ['resolved']],
      ['?sfia=PROG:4-5', []],
      ['?q=%22data+pipelines%22&limit=1', ['frozen']],
      ['?grade=SEO&organisation=home-office&profession=digital_and_data&family=data&skill=golang', ['frozen']],
      ['?organisation=other-office', []],
      ['?updated_since=2100-01-01T00:00:00Z', []],
    ] as const) {
      const found = (await call(`GET /v1/roles${query}`, everyone)).body as { roles: { slug: string }[] }
      t.same(
        found.roles.map(({ slug }) => slug),
        slugs,
        query,
      )
    }
  })
})
