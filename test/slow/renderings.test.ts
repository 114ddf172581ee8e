// Roles as documents: what each format shows, what it carries, and how it is served.
import mammoth from 'mammoth'
import t, { type Test } from 'tap'
import { exampleDocument, type RoleDocument } from '../../src/document/schema.ts'
import { importFile } from '../../src/imports/import.ts'
import { Notices } from '../../src/imports/notices.ts'
import { openPackage } from '../../src/imports/source/package.ts'
import { wordType } from '../../src/imports/source/scan.ts'
import { inlineHtml, sectionHtml } from '../../src/renderings/html.ts'
import { renderMarkdown } from '../../src/renderings/markdown.ts'
import { renderWord } from '../../src/renderings/word.ts'
import { testApp } from '../support/app.ts'
import { contextOf } from '../support/documents.ts'
import { sourceOf, formats as writers } from '../support/round-trip.ts'
import { zip } from '../support/word.ts'

t.setTimeout(300_000)

// Before the first test: the app would start while they run, which leave it no turn for seconds.
const { call } = await testApp(t)

/** With a note, an optional item, a placeholder, hidden members and a text that is mark-up elsewhere. */
const draft: RoleDocument = {
  ...exampleDocument,
  sections: [
    {
      id: 'role_summary',
      kind: 'role_summary',
      heading: 'About the role',
      shared_section: null,
      blocks: [
        { type: 'paragraph', text: 'You look after [Insert team] & \\<data> with **care**.' },
        { type: 'note', text: 'Optional points to include' },
        {
          type: 'list',
          ordered: false,
          items: [
            { id: 'i1', text: 'Lead', optional: true, items: [] },
            { id: 'i2', text: 'Build', optional: false, items: [{ id: 'i3', text: 'Test' }] },
          ],
        },
      ],
    },
    ...exampleDocument.sections.slice(1),
    {
      id: 'appendix',
      kind: 'appendix',
      heading: 'Appendix',
      shared_section: null,
      blocks: [{ type: 'advert_details' }],
    },
  ],
}

t.test('limited HTML is escaped', async t => {
  t.equal(
    inlineHtml('a \\<b> & "c" [d *e*](https://a.uk/?x=1&y=2) `<i>`'),
    'a &lt;b&gt; &amp; &quot;c&quot; <a href="https://a.uk/?x=1&amp;y=2">d <em>e</em></a> <code>&lt;i&gt;</code>',
  )
  const [summary] = draft.sections
  t.equal(
    sectionHtml(summary ?? { heading: '', blocks: [] }, sourceOf(draft, []).role, { optional: () => false }),
    `<p>You look after [Insert team] &amp; &lt;data&gt; with <strong>care</strong>.</p>
<p class="note">Optional points to include</p>
<ul>
<li>Build
<ul>
<li>Test</li>
</ul></li>
</ul>`,
  )
})

t.test('a draft as Markdown', async t => {
  const text = renderMarkdown(sourceOf(draft, []))
  t.equal(
    text.slice(text.indexOf('\n---\n') + 5),
    `
# Data engineer

## About the role

You look after \\[Insert team\\] &amp; &lt;data&gt; with **care**.

> Optional points to include

- Lead *(optional)*
- Build
  - Test

## What you’ll do day-to-day

- Build pipelines that others can maintain

## Skills and experience

### Essential skills

- Can write and test code in Python

## Skills Framework for the Information Age

Development and implementation

- Systems development
  - Programming/software development (PROG) – Level 3

## Appendix

**Reference number:**

**Grade:** Senior Executive Officer (SEO)

**Salary:** £42,500 to £47,250.50

**Type of role:** Digital

**Location:** Sheffield

**Business area:** Digital Services

**Contract type:** Permanent

**Working pattern:** Full-time, Job share

**Hours:** 37 hours a week

**Reports to:** Lead data engineer

**Closing date:** 31 March
`,
  )
})

t.test(
  'every format prints the mappings and details that no section does, and says that they are no sections',
  async t => {
    const bare: RoleDocument = {
      ...exampleDocument,
      sections: exampleDocument.sections.filter(({ blocks }) => blocks.every(({ type }) => type !== 'sfia_mappings')),
    }
    for (const [format, { type, render }] of Object.entries(writers)) {
      const bytes = await render(sourceOf(bare, []))
      const text =
        type === wordType
          ? (await mammoth.extractRawText({ buffer: Buffer.from(bytes) })).value
          : Buffer.from(bytes).toString()
      for (const line of ['Programming/software development (PROG) – Level 3', '£42,500 to £47,250.50'])
        t.match(text, line, format)
      const { report, document } = await importFile(bytes, type, contextOf({ previous: bare }))
      t.equal(report.unchanged, true, format)
      t.same(
        document?.sections.map(({ heading }) => heading),
        bare.sections.map(({ heading }) => heading),
        format,
      )
    }
  },
)

const edited = async (change: (markdown: string) => string, previous?: RoleDocument) => {
  const text = change(renderMarkdown(sourceOf(draft, [])))
  const { document, report } = await importFile(
    Buffer.from(text),
    'text/markdown',
    contextOf(previous ? { previous } : {}),
  )
  if (!document) throw new Error('refused')
  return { document, report }
}

t.test('what a person changes in a document counts, and the rest of what it carries stays', async t => {
  const { document } = await edited(text =>
    text
      .replace('# Data engineer', '# Senior data engineer')
      .replace('- Build\n', '- Build well\n')
      .replace('- Lead *(optional)*', '- Lead')
      .replace('- Can write and test code in Python', '- Can write code in Rust')
      .replace('(PROG) – Level 3', '(PROG) – Level 4')
      .replace('**Grade:** Senior Executive Officer (SEO)', '**Grade:** Grade 7')
      .replace('## What you’ll do day-to-day', '## Your days'),
  )
  const [summary, responsibilities] = document.sections
  t.equal(document.title, 'Senior data engineer')
  t.same(summary?.blocks.at(-1), {
    type: 'list',
    ordered: false,
    items: [
      { id: '', text: 'Lead', optional: false, items: [] },
      { id: '', text: 'Build well', optional: false, items: [{ id: '', text: 'Test' }] },
    ],
  })
  t.match(responsibilities, { heading: 'Your days', kind: 'responsibilities' })
  t.same(document.skills, [
    { id: '', statement: 'Can write code in Rust', skill: null, level: 'working', importance: 'essential' },
  ])
  t.same(document.sfia_mappings, [{ code: 'PROG', level: 4 }])
  t.same(document.grades, [{ scheme: 'civil-service', code: 'G7', label: 'Grade 7' }])
  t.same(document.advert_details, draft.advert_details)
  t.same(document.behaviours, draft.behaviours)
})

t.test('a section with other lines than it was written with keeps its own, beside one that is new', async t => {
  const { document } = await edited(
    text =>
      text
        .replace('- Can write and test code in Python', '- Can write and test code in Python\n- Can write SQL')
        .replace('## Appendix', '## Benefits\n\nA pension.\n\n## Appendix'),
    draft,
  )
  t.same(
    document.skills.map(({ id, statement, level, importance }) => [id, statement, level, importance]),
    [
      ['s1', 'Can write and test code in Python', 'working', 'essential'],
      ['', 'Can write SQL', null, 'essential'],
    ],
  )
  t.same(
    document.sections.map(({ kind }) => kind),
    ['role_summary', 'responsibilities', 'skills_experience', 'skills_framework', 'benefits', 'appendix'],
  )
  t.same(document.sections[0], draft.sections[0], 'the others are as they were')
})

t.test(
  'what a section of a new role loses by that is named, its optional items are not lost, and what is hidden is listed',
  async t => {
    const { document, report } = await edited(text =>
      text
        .replace('- Can write and test code in Python', '- Mends bicycles\n- Draws\n\nAnd more.')
        .replace('- Build\n', '- Build\n- Mend\n'),
    )
    t.same(
      document.sections[0]?.blocks.flatMap(block => (block.type === 'list' ? block.items : [])),
      [
        { id: '', text: 'Lead', optional: true, items: [] },
        { id: '', text: 'Build', optional: false, items: [] },
        { id: '', text: 'Mend', optional: false, items: [{ id: '', text: 'Test' }] },
      ],
    )
    t.match(
      report.warnings.filter(({ code }) => code === 'section_read_anew'),
      [{ severity: 'repair', pointer: '/sections/2', detail: /levels and names of the catalogue/ }],
    )
    const unedited = await edited(text => text)
    t.same(
      unedited.report.understood.flatMap(({ line, text, pointer }) => (line === null ? [[pointer, text]] : [])),
      [
        ['/alternative_titles', 'Data pipeline engineer'],
        ['/profession', 'digital_and_data'],
        ['/family', 'data'],
        ['/behaviours', 'working_together, delivering_at_pace'],
        ['/sfia_version', '9'],
        ['/skills/0', 'working'],
      ],
    )
  },
)

/** Notes that are worded as anything but guidance, in each kind of section. */
const notes = [
  'Ask the profession lead',
  'Grade: SEO',
  'Salary: £1',
  'Essential',
  'Responsibilities',
  'Systems design (DESN) – Level 5',
  'and *so* on',
  'Optional points',
]
const noted: RoleDocument = {
  ...draft,
  sections: draft.sections.map(section => ({
    ...section,
    blocks: [
      ...section.blocks,
      {
        type: 'list',
        ordered: false,
        items: [{ id: '', text: 'Build', optional: false, items: [] }],
      },
      ...notes.map(text => ({ type: 'note' as const, text })),
      { type: 'paragraph', text: 'The end.' },
    ],
  })),
}
/** An item more in every list that has the item `Build`, as people add one. */
const addItem: Record<string, (bytes: Uint8Array) => Promise<Uint8Array>> = {
  md: async bytes =>
    Buffer.from(
      Buffer.from(bytes)
        .toString()
        .replace(/^([-*] )Build$/gm, '$1Mend\n$1Build'),
    ),
  html: async bytes =>
    Buffer.from(
      Buffer.from(bytes)
        .toString()
        .replace(/<li>Build\b(?=<|\n)/g, '<li>Mend</li><li>Build'),
    ),
  docx: async bytes => {
    const { parts } = (await openPackage(Buffer.from(bytes), new Notices())) ?? { parts: new Map<string, string>() }
    return zip(
      [...parts].map(([name, xml]) => ({
        name,
        data: xml.replace(
          /<w:p>(?:(?!<w:p>).)*>Build<.*?<\/w:p>/gs,
          found => `${found}${found.replace('Build', 'Mend')}`,
        ),
      })),
    )
  },
}
addItem.fragment = addItem.html as (typeof addItem)[string]

for (const [format, { type, render }] of Object.entries(writers))
  t.test(`notes of edited sections come back out of ${format} as notes`, async t => {
    const bytes = await (addItem[format] as (typeof addItem)[string])(await render(sourceOf(noted, [])))
    const { document, report } = await importFile(bytes, type, contextOf())
    const notesOf = (read: RoleDocument | null) =>
      read?.sections.map(({ kind, blocks }) => [
        kind,
        blocks.flatMap(block => (block.type === 'note' ? [block.text] : [])),
      ])
    t.same(notesOf(document), notesOf(noted))
    const items = JSON.stringify(document).split('Mend').length - 1
    t.equal(items, noted.sections.length + 1, 'every section was edited')
    t.notMatch(report.warnings, [{ detail: /notes/ }])
    t.same(document?.grades, noted.grades)
    t.same(document?.advert_details, noted.advert_details)
    t.same(document?.sfia_mappings, noted.sfia_mappings)
  })

t.test('a paragraph that was made a note in the document is one; a note that lost its mark stays one', async t => {
  const { document } = await edited(text =>
    text.replace(/^You look after/m, '> You look after').replace('> Optional points', 'Optional points'),
  )
  t.same(
    document.sections[0]?.blocks.map(({ type }) => type),
    ['note', 'note', 'list'],
  )
})

t.test('quotations of other houses are no notes', async t => {
  const source = '# Tester\n\n## About the role\n\n> You will test.\n\n<p class="note">And mend.</p>\n'
  const { document } = await importFile(Buffer.from(source), 'text/markdown', contextOf())
  t.same(document?.sections[0]?.blocks, [
    { type: 'paragraph', text: 'You will test.' },
    { type: 'paragraph', text: 'And mend.' },
  ])
})

t.test('a form that is none is named, and the text read all the same', async t => {
  const { document, report } = await edited(text => text.replace('format: 1', 'format: 9'))
  t.match(report.losses, [{ code: 'form_not_read', line: 2 }])
  t.equal(document.title, 'Data engineer')
  t.equal(document.sections.length, 5)
})

t.test('a Word file has headings, a language, a title and header rows, and the same bytes each time', async t => {
  const bytes = await renderWord(sourceOf(draft, []), '2026-11-24T00:00:00Z')
  t.ok(bytes.equals(await renderWord(sourceOf(draft, []), '2026-11-24T00:00:00Z')))
  const file = await openPackage(bytes, new Notices())
  const part = (name: string) => file?.parts.get(name) ?? ''
  t.match(part('word/styles.xml'), /<w:lang w:val="en-GB"/)
  t.match(part('docProps/core.xml'), /<dc:title>Data engineer<\/dc:title>.*<dc:language>en-GB<\/dc:language>/)
  t.match(part('word/_rels/document.xml.rels'), /customXml\/item1\.xml/)
  t.match(part('customXml/_rels/item1.xml.rels'), /itemProps1\.xml/, 'without properties LibreOffice drops the form')
  t.match(part('[Content_Types].xml'), /customXmlProperties\+xml" PartName="\/customXml\/itemProps1\.xml/)
  t.equal(part('word/document.xml').match(/<w:tblHeader\/>/g)?.length, draft.sections.length)
  const leading = part('word/document.xml')
    .split('<w:p>')
    .filter(paragraph => paragraph.includes('<w:keepNext/>'))
    .map(paragraph => paragraph.replaceAll(/<[^>]*>/g, ''))
  t.same(
    leading,
    [
      'Data engineer',
      'About the role',
      'Optional points to include',
      ...draft.sections.slice(1, 3).map(({ heading }) => heading),
      'Essential skills',
      'Skills Framework for the Information Age',
      'Development and implementation',
      'Appendix',
    ],
    'no heading, and nothing that leads to a list, ends a page',
  )
  const { value } = await mammoth.convertToHtml({ buffer: bytes })
  t.match(
    value,
    /^<h1>Data engineer<\/h1><table><thead><tr><th><h2>About the role<\/h2><\/th><\/tr><\/thead><tbody><tr><td><p>You look after \[Insert team\] &amp; &lt;data&gt; with <strong>care<\/strong>\.<\/p>/,
  )
  t.match(
    value,
    /<tr><td><p><strong>Grade:<\/strong><\/p><\/td><td><p>Senior Executive Officer \(SEO\)<\/p><\/td><\/tr>/,
  )
})

const formats = {
  md: 'text/markdown; charset=utf-8',
  html: 'text/html; charset=utf-8',
  fragment: 'text/html; charset=utf-8',
  docx: wordType,
}

async function publish(t: Test, slug: string, document: RoleDocument) {
  t.equal((await call(`POST /v1/roles?slug=${slug}`, { body: document })).status, 201)
  const answer = await call(`POST /v1/roles/${slug}/publications`, { body: { change_note: 'First' }, match: '"r1"' })
  t.equal(answer.status, 201, answer.text)
}

t.test('GET …/document → 200 in each format, 304, 406, 404, 410', async t => {
  await publish(t, 'data-engineer', draft)
  for (const [format, type] of Object.entries(formats)) {
    const path = `/v1/roles/data-engineer/document?format=${format}`
    const answer = await call(`GET ${path}`, { key: null, headers: { accept: 'application/json' } })
    t.match([answer.status, answer.headers['content-type']], [200, type], format)
    t.equal(answer.headers['cache-control'], 'public, max-age=60, stale-if-error=86400')
    const other = format === 'md' ? 'html' : 'md'
    t.match(answer.headers.link, `</v1/roles/data-engineer/document?format=${other}>; rel="alternate"`)
    t.match(answer.headers.link, '<https://register.example/roles/data-engineer>; rel="canonical"')
    const again = await call(`GET ${path}`, { key: null, headers: { 'if-none-match': answer.etag } })
    t.equal(again.status, 304, `${format} again`)
    const version = await call(`GET /v1/roles/data-engineer/versions/1/document?format=${format}`, { key: null })
    t.equal(version.etag, answer.etag, 'the version is the same')
    if (format !== 'docx') t.notMatch(answer.text, 'Optional points to include', 'no note')
    if (format === 'html' || format === 'fragment') t.notMatch(answer.text, 'Lead<', 'no optional item')
    if (format === 'md') t.match(answer.text, '- Lead *(optional)*')
  }
  const word = await call('GET /v1/roles/data-engineer/document?format=docx', { key: null })
  t.equal(
    word.headers['content-disposition'],
    `attachment; filename="data-engineer.docx"; filename*=UTF-8''Data%20engineer.docx`,
  )
  const page = await call('GET /v1/roles/data-engineer/document', {
    key: null,
    headers: { accept: 'text/html,*/*;q=0.1' },
  })
  t.match(page.headers, {
    'content-type': 'text/html; charset=utf-8',
    vary: 'Accept',
    'content-location': '/v1/roles/data-engineer/document?format=html',
    'content-security-policy': /^default-src 'none'; style-src 'sha256-/,
  })
  t.match(page.text, /Home Office\. Version 1, published on /)
  const accepted = await call('GET /v1/roles/data-engineer/document', {
    key: null,
    headers: { accept: 'text/markdown' },
  })
  t.equal(accepted.headers['content-type'], formats.md)
  const neither = await call('GET /v1/roles/data-engineer/document', { key: null, headers: { accept: 'image/png' } })
  t.match([neither.status, neither.body], [406, { code: 'not_acceptable' }])
  t.equal((await call('GET /v1/roles/nobody/document', { key: null })).status, 404)
  const versionWord = await call('GET /v1/roles/data-engineer/versions/2/document?format=docx', { key: null })
  t.equal(versionWord.status, 404)
  await call('POST /v1/roles/data-engineer/withdrawals', { body: { reason: 'No longer needed' }, match: '*' })
  t.equal((await call('GET /v1/roles/data-engineer/document', { key: null })).status, 410)
  t.equal((await call('GET /v1/roles/data-engineer/versions/1/document', { key: null })).status, 200)
})

t.test('GET …/draft/document → 200, and POST /v1/imports?role= of it is unchanged', async t => {
  const title = 'Ingénieur / “data”; \\ 50%'
  t.equal((await call('POST /v1/roles?slug=ingenieur', { body: { ...draft, title } })).status, 201)
  for (const [format, type] of Object.entries(formats)) {
    const answer = await call(`GET /v1/roles/ingenieur/draft/document?format=${format}`)
    t.match([answer.status, answer.headers['cache-control']], [200, 'private, no-store'])
    if (format === 'docx')
      t.equal(
        answer.headers['content-disposition'],
        `attachment; filename="ingenieur-draft.docx"; filename*=UTF-8''Ing%C3%A9nieur%20%E2%80%9Cdata%E2%80%9D%3B%2050%25.docx`,
      )
    const again = await call('POST /v1/imports?role=ingenieur', {
      body: answer.raw,
      match: '*',
      headers: { 'content-type': type },
    })
    t.match([again.status, (again.body as { report: { unchanged: boolean } }).report?.unchanged], [201, true], format)
  }
  t.equal(
    (await call('GET /v1/roles/ingenieur/draft/document', { key: 'other-office/bob/roles:read_drafts' })).status,
    404,
  )
  t.equal((await call('GET /v1/roles/ingenieur/draft/document', { key: null })).status, 401)
})

t.test(
  'POST /v1/imports of a form with a skill that the register lacks → 201, the skill unlinked and told',
  async t => {
    t.equal((await call('POST /v1/skills?slug=python', { body: { name: 'Python' } })).status, 201)
    const [skill] = exampleDocument.skills
    const linked = { ...exampleDocument, skills: [{ ...skill, skill: 'python' }] }
    t.equal((await call('POST /v1/roles?slug=linked', { body: linked })).status, 201)
    const document = await call('GET /v1/roles/linked/draft/document?format=md')
    const answer = await call('POST /v1/imports?slug=unlinked', {
      body: document.text.replaceAll('python"', 'cobol"'),
      headers: { 'content-type': formats.md },
    })
    t.equal(answer.status, 201)
    const { warnings } = (
      answer.body as { report: { warnings: { code: string; severity: string; excerpt: string }[] } }
    ).report
    t.match(
      warnings.filter(({ code }) => code === 'unknown_skill'),
      [{ severity: 'loss', excerpt: 'cobol' }],
    )
    const { skills } = (await call('GET /v1/roles/unlinked/draft')).body as RoleDocument
    t.match(skills, [{ statement: skill?.statement, skill: null, level: skill?.level, importance: skill?.importance }])
  },
)

// Open connections would keep the root test from ending by itself, and with it what closes them.
t.end()
