/** An admin's work in Swagger UI: a role from nothing to its published version. */
import type { Page } from 'playwright-core'
import { check, openPage, type Site, shoot } from './browser.ts'

/** Opens an operation of the page and has it send its request; gives the status and the text of the answer. */
async function execute(
  page: Page,
  id: string,
  fields: Record<string, string>,
): Promise<{ status: string; text: string; etag: string }> {
  const operation = page.locator(`[id$="-${id}"]`)
  if ((await operation.locator('.execute').count()) === 0) await operation.locator('.opblock-summary-control').click()
  for (const [name, value] of Object.entries(fields)) {
    const field =
      name === 'body'
        ? operation.locator('.body-param__text')
        : operation.locator(`tr[data-param-name="${name}"] input`)
    await field.fill(value)
  }
  // An answer of before must not be taken for that of now.
  const clear = operation.locator('.btn-clear')
  if ((await clear.count()) > 0) await clear.click()
  await operation.locator('.execute').click()
  const answer = operation.locator('.live-responses-table .response')
  await answer.locator('.response-col_status').waitFor()
  const text = await answer.innerText()
  return {
    status: (await answer.locator('.response-col_status').innerText()).trim().slice(0, 3),
    text,
    etag: /etag: ("r\d+")/i.exec(text)?.[1] ?? '',
  }
}

export async function testSwagger(site: Site): Promise<void> {
  const { page, complaints, close } = await openPage(site)
  await page.goto(`${site.base}/docs`)
  await page.locator('.opblock').first().waitFor()
  const role = 'platform-engineer'

  check('getDraft without a key → 401', (await execute(page, 'getDraft', { role: 'data-engineer' })).status, '401')

  await page.locator('.auth-wrapper .authorize').click()
  await page.locator('.auth-container input').fill(site.adminKey)
  await page.locator('.auth-btn-wrapper .authorize').click()
  await page.locator('.btn-done').click()

  const summary = {
    kind: 'role_summary',
    heading: 'About the role',
    blocks: [{ type: 'paragraph', text: 'You keep the platform up.' }],
  }
  const document = {
    title: 'Platform engineer',
    grades: [{ code: 'SEO' }],
    sfia_version: '9',
    sections: [summary, { kind: 'skills_framework', heading: 'SFIA', blocks: [{ type: 'sfia_mappings' }] }],
  }
  const created = await execute(page, 'createRole', { slug: role, body: JSON.stringify(document) })
  check('createRole → 201', [created.status, created.etag], ['201', '"r1"'])

  const duties = {
    kind: 'responsibilities',
    heading: 'What you will do',
    blocks: [
      { type: 'list', items: [{ text: 'Mend what breaks' }] },
      { type: 'skills', importance: 'essential' },
    ],
  }
  const section = await execute(page, 'addSection', { role, body: JSON.stringify(duties) })
  check('addSection → 201', section.status, '201')
  const skill = { statement: 'Can read a stack trace', importance: 'essential' }
  check(
    'addRoleSkill → 201',
    (await execute(page, 'addRoleSkill', { role, body: JSON.stringify(skill) })).status,
    '201',
  )
  const mapping = await execute(page, 'addSfiaMapping', { role, body: JSON.stringify({ code: 'PROG', level: 3 }) })
  check('addSfiaMapping → 201', mapping.status, '201')

  const stale = await execute(page, 'patchDraft', {
    role,
    'If-Match': created.etag,
    body: JSON.stringify({ title: 'Too late' }),
  })
  check('patchDraft with the old ETag → 412', stale.status, '412')
  check(
    'the 412 says what to do, and what is there now',
    [
      /current_etag/.test(stale.text),
      stale.text.includes(mapping.etag.replaceAll('"', '')),
      /The draft is now at/.test(stale.text),
    ],
    [true, true, true],
  )
  await shoot(page, 'swagger-412')

  const published = await execute(page, 'createPublication', {
    role,
    'If-Match': mapping.etag,
    body: JSON.stringify({ change_note: 'First published' }),
  })
  check('createPublication → 201', published.status, '201')
  const read = await execute(page, 'getRole', { role })
  check('getRole → 200 with what was made', [read.status, read.text.includes('Can read a stack trace')], ['200', true])
  check('nothing broke the policy of the page', complaints, [])
  await close()
}
