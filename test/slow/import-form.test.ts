// Documents dropped into the form: what is answered, what is kept, and what is refused.
import { connect } from 'node:net'
import t from 'tap'
import type { ImportReport } from '../../src/imports/schema.ts'
import { testApp, token } from '../support/app.ts'
import { attributesOf, browser, find, linesOf, mainOf, parse, policy } from '../support/html.ts'

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

t.test('the import form', { timeout: 300_000 }, async t => {
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
    const [warned] = find(mainOf(page.text), ({ properties }) => properties.id === 'document-1-line-9')
    t.match(warned && linesOf(warned).join(' '), /^- Walk the \[wals\]\(\/walls\) loss /)
    t.same(
      attributesOf(page.text, 'a', 'href').filter(href => String(href).includes('-line-')),
      ['#document-1-line-9'],
      'a link leads to each line of which something is said',
    )
    const draft = await call('GET /v1/roles/night-watch/draft')
    t.equal((draft.body as { title: string }).title, 'Night watch')
    t.notMatch(page.text, key, 'the key is not repeated')
    const reasons = linesOf(mainOf(page.text)).filter(line => line.includes('The document is empty'))
    t.equal(reasons.length, 1, 'one reason is told once')
  })

  await t.test('importFromForm → 200 with how many warnings are not listed', async t => {
    const duty = Array.from({ length: 120 }, (_, at) => `Walk [wall ${at}](/${at})`).join('\n- ')
    const bytes = watch(duty).replace('Night watch', 'Watch of many walls')
    const page = await call('POST /imports/new', formOf({ key }, [{ name: 'walls.md', bytes }]))
    const lines = linesOf(mainOf(page.text))
    t.equal(
      lines[lines.indexOf('Warnings') + 1],
      '100 losses, 0 repairs, 0 pieces of advice, and 20 more like them, which are not listed',
    )
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
    'importFromForm with two documents of one role → 200: the first counts, and the second is told so',
    async t => {
      const titled = (title: string, duty: string) => watch(duty).replace('Night watch', title)
      const why =
        'Two documents give one role. one.md gives the role "dawn-watch" too; give one of them another title, and send it again.'
      const send = (duty: string, fields: Record<string, string>) =>
        call(
          'POST /imports/new',
          formOf({ key, ...fields }, [
            { name: 'one.md', bytes: titled('Dawn watch', `${duty} first`) },
            { name: 'two.md', bytes: titled('Dawn watch', `${duty} second`) },
          ]),
        )
      const inDraft = async () =>
        /(?:Ring|Sound) (?:first|second)/.exec((await call('GET /v1/roles/dawn-watch/draft')).text)
      for (const [duty, fields, outcome] of [
        ['Ring', { replace: 'true' }, 'Draft made'],
        ['Sound', { replace: 'true' }, 'Draft replaced'],
        ['Ring', {}, 'Draft left alone'],
      ] as const) {
        const page = await send(duty, fields)
        t.same(tags(page.text).slice(0, 2), [outcome, 'Refused'])
        t.ok(linesOf(mainOf(page.text)).includes(why))
        t.equal((await inDraft())?.[0], outcome === 'Draft left alone' ? 'Sound first' : `${duty} first`)
      }
    },
  )

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

t.test('the import form and what is no document', { timeout: 300_000 }, async t => {
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
