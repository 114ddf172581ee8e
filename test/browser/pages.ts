/** The pages that people read: at the widths of a phone and a desk, with a keyboard alone, without scripts, and by axe. */
import { Document, HeadingLevel, Packer, Paragraph } from 'docx'
import { check, openPage, type Site, shoot, violationsOf } from './browser.ts'

const sizes = { phone: { width: 320, height: 640 }, desktop: { width: 1280, height: 900 } }

const longWord = 'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft'
const address = `https://example.org/${'long-'.repeat(30)}`

/** A role with a word that is wider than a phone wherever a page shows one. */
const wide = {
  title: `Head of ${longWord}`,
  alternative_titles: [longWord],
  grades: [{ code: 'G7' }],
  advert_details: { additional: [{ label: longWord, value: address }] },
  skills: [{ statement: longWord, importance: 'essential', level: 'expert' }],
  sections: [
    {
      kind: 'role_summary',
      heading: longWord,
      blocks: [{ type: 'paragraph', text: `[${address}](${address}) \`${longWord}\`` }],
    },
    {
      kind: 'responsibilities',
      heading: 'Duties',
      blocks: [
        { type: 'subheading', text: longWord },
        { type: 'list', ordered: true, items: [{ text: longWord, items: [{ text: longWord }] }] },
      ],
    },
    { kind: 'skills_experience', heading: 'Skills', blocks: [{ type: 'skills', importance: 'essential' }] },
  ],
}

/** Whether something is wider than the window. */
const overflows = 'document.documentElement.scrollWidth > document.documentElement.clientWidth'

export async function testPages(site: Site): Promise<void> {
  const role = 'platform-engineer'
  const edit = { authorization: `Bearer ${site.adminKey}`, 'content-type': 'application/merge-patch+json' }
  const draft = await fetch(`${site.base}/v1/roles/${role}/draft`, { headers: edit })
  const changed = await fetch(`${site.base}/v1/roles/${role}/draft`, {
    method: 'PATCH',
    headers: { ...edit, 'if-match': String(draft.headers.get('etag')) },
    body: JSON.stringify({ title: 'Senior platform engineer' }),
  })
  await fetch(`${site.base}/v1/roles/${role}/publications`, {
    method: 'POST',
    headers: { ...edit, 'content-type': 'application/json', 'if-match': String(changed.headers.get('etag')) },
    body: JSON.stringify({ change_note: 'Another title' }),
  })

  const made = await fetch(`${site.base}/v1/roles?organisation=home-office&slug=wide`, {
    method: 'POST',
    headers: { ...edit, 'content-type': 'application/json' },
    body: JSON.stringify(wide),
  })
  const published = await fetch(`${site.base}/v1/roles/wide/publications`, {
    method: 'POST',
    headers: { ...edit, 'content-type': 'application/json', 'if-match': String(made.headers.get('etag')) },
    body: JSON.stringify({ change_note: longWord }),
  })
  check('a role of long words is published', [made.status, published.status], [201, 201])

  const addresses = {
    list: '/roles',
    'list-searched': '/roles?q=enginer&grade=SEO',
    'list-refused': '/roles?grade=SEOO',
    role: '/roles/data-engineer',
    'role-of-a-version': `/roles/${role}/versions/1`,
    'role-of-long-words': '/roles/wide',
    'changes-of-long-words': '/roles/wide/changes',
    changes: `/roles/${role}/changes`,
    'not-found': '/roles/nowhere',
    'no-page': '/nowhere',
    root: '/',
    'import-form': '/imports/new',
    'document-of-long-words': '/v1/roles/wide/document?format=html',
    'problem-explained': '/problems/not_found',
  }
  for (const [name, size] of Object.entries(sizes)) {
    const { page, complaints, close } = await openPage(site, size)
    for (const [what, address] of Object.entries(addresses)) {
      await page.goto(site.base + address)
      check(`${address} on a ${name}: axe finds nothing`, await violationsOf(page), [])
      check(`${address} on a ${name}: nothing is wider than the window`, await page.evaluate(overflows), false)
      await shoot(page, `${what}-${name}`)
    }
    check(`nothing broke the policy of the pages on a ${name}`, complaints, [])
    await close()
  }
}

/** From the list to the difference of two versions, with nothing but the keyboard. */
export async function testKeyboard(site: Site): Promise<void> {
  const { page, close } = await openPage(site)
  const focused = () => page.evaluate<string>("document.activeElement?.textContent?.trim() ?? ''")
  /** Presses Tab until the element with this text has the focus. */
  const tabTo = async (text: string) => {
    for (let presses = 0; presses < 80; presses += 1) {
      await page.keyboard.press('Tab')
      if ((await focused()) === text) return true
    }
    return false
  }
  await page.goto(`${site.base}/roles`)
  await page.keyboard.press('Tab')
  check('the first stop leads past the navigation', await focused(), 'Skip to main content')
  await page.keyboard.press('Enter')
  await page.keyboard.press('Tab')
  check('behind it comes the search', await page.evaluate('document.activeElement?.id'), 'q')
  await page.keyboard.type('platform')
  await page.keyboard.press('Enter')
  await page.waitForURL(/q=platform/)
  check('the search finds the role', await tabTo('Senior platform engineer'), true)
  await page.keyboard.press('Enter')
  await page.waitForURL(/\/roles\/platform-engineer$/)
  check('the role leads to what changed', await tabTo('with version 1'), true)
  await page.keyboard.press('Enter')
  await page.waitForURL(/changes/)
  check(
    'what changed is marked',
    [await page.locator('del').textContent(), await page.locator('ins').textContent()],
    ['Removed: Platform (end of what was removed)', 'Added: Senior platform (end of what was added)'],
  )
  await close()
}

/** A Word file dropped into the form, corrected, and dropped in again. */
export async function testImportForm(site: Site): Promise<void> {
  const word = (duty: string) =>
    Packer.toBuffer(
      new Document({
        sections: [
          {
            children: [
              new Paragraph({ text: 'Night watch', heading: HeadingLevel.HEADING_1 }),
              new Paragraph({ text: 'About the role', heading: HeadingLevel.HEADING_2 }),
              new Paragraph({ text: 'You keep the town safe at night.' }),
              new Paragraph({ text: 'What you will do', heading: HeadingLevel.HEADING_2 }),
              new Paragraph({ text: duty, bullet: { level: 0 } }),
            ],
          },
        ],
      }),
    )
  const { page, complaints, close } = await openPage(site)
  // More than the kernel takes in at once: the answer comes while the browser still sends.
  const large = { name: 'large.md', mimeType: 'text/markdown', buffer: Buffer.alloc(3_900_000, '- Mend it\n') }
  await page.goto(`${site.base}/imports/new`)
  await page.locator('#key').fill('wrong')
  await page.locator('input[name=replace]').check()
  await page.locator('#documents').setInputFiles([1, 2, 3].map(at => ({ ...large, name: `${at}.md` })))
  await page.getByRole('button', { name: 'Import' }).click()
  await page.locator('.govuk-error-summary').waitFor()
  check(
    'a wrong key → the form again, with what was ticked and without the key',
    [
      await page.locator('.govuk-error-summary a').getAttribute('href'),
      await page.locator('input[name=replace]').isChecked(),
      await page.locator('#key').inputValue(),
    ],
    ['#key', true, ''],
  )
  check('the form with errors: axe finds nothing', await violationsOf(page), [])
  await shoot(page, 'import-form-wrong-desktop')
  await page.locator('.govuk-error-summary a').click()
  check('the summary leads to the field', await page.evaluate('document.activeElement?.id'), 'key')
  await page.setViewportSize(sizes.phone)
  check('the form with errors: nothing is wider than a phone', await page.evaluate(overflows), false)
  await shoot(page, 'import-form-wrong-phone')
  await page.setViewportSize(sizes.desktop)
  const send = async (buffer: Buffer, replace: boolean) => {
    await page.goto(`${site.base}/imports/new`)
    await page.locator('#key').fill(site.adminKey)
    if (replace) await page.locator('input[name=replace]').check()
    await page.locator('#documents').setInputFiles([
      { name: 'night-watch.docx', mimeType: 'application/octet-stream', buffer },
      { name: 'nothing.docx', mimeType: 'application/octet-stream', buffer: Buffer.from('no Word file') },
    ])
    await page.getByRole('button', { name: 'Import' }).click()
    await page.getByRole('heading', { name: 'What was understood', level: 1 }).waitFor()
    return page.locator('main .govuk-tag').allInnerTexts()
  }
  const first = await send(await word('Walk the wals'), false)
  check('the form makes a draft, and refuses what is no Word file', first.slice(0, 2), ['Draft made', 'Refused'])
  check('the report: axe finds nothing', await violationsOf(page), [])
  await shoot(page, 'import-report')
  await page.setViewportSize(sizes.phone)
  check('the report: nothing is wider than a phone', await page.evaluate(overflows), false)
  await shoot(page, 'import-report-phone')
  await page.setViewportSize(sizes.desktop)
  check('the document stands beside what was understood', await page.locator('.register-source li').allInnerTexts(), [
    'Night watch',
    'About the role',
    'You keep the town safe at night.',
    'What you will do',
    'Walk the wals',
  ])
  const second = await send(await word('Walk the walls'), true)
  check('the corrected document replaces the draft', second[0], 'Draft replaced')
  check('the report of what changed: axe finds nothing', await violationsOf(page), [])
  await shoot(page, 'import-report-changed')
  const draft = await fetch(`${site.base}/v1/roles/night-watch/draft`, {
    headers: { authorization: `Bearer ${site.adminKey}` },
  })
  check('the draft holds the correction', (await draft.text()).includes('Walk the walls'), true)

  await page.locator('summary').first().click()
  await page.locator('[id^=key-]').first().fill(site.adminKey)
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Download' }).first().click(),
  ])
  check('the original can be had again', download.suggestedFilename(), 'night-watch.docx')
  check('nothing broke the policy of the form', complaints, [])
  await close()
}
