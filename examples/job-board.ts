/**
 * Writes a page for each open vacancy, with the JSON-LD that search engines look for, and an index of them:
 *
 *     node --import=tsx examples/job-board.ts https://register.example ./site
 *
 * Run it again at any time: what did not change is not fetched, and the pages of vacancies that are closed are removed.
 */
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connect, dataOf, pagesOf, type Schemas } from 'role-register/client'

type JobPosting = Schemas['JobPosting']

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
const escapeHtml = (text: string) => text.replaceAll(/[&<>"]/g, character => entities[character] ?? '')

/** JSON that no script tag can end. */
const embedded = (value: unknown) => JSON.stringify(value).replaceAll('<', '\\u003c')

const document = (title: string, head: string, body: string) => `<!doctype html>
<html lang="en-GB">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title>
${head}
<h1>${escapeHtml(title)}</h1>
${body}
</html>
`

/** The description is HTML of a few harmless tags, which the register has made: it goes into the page as it is. */
function pageOf(posting: JobPosting): string {
  const { title, description, hiringOrganization, url, validThrough } = posting
  const until = validThrough === undefined ? '' : `<p>Apply before <time>${escapeHtml(validThrough)}</time></p>\n`
  return document(
    title,
    `<script type="application/ld+json">${embedded(posting)}</script>`,
    `<p>${escapeHtml(hiringOrganization.name)}</p>\n${description}\n${until}<p><a href="${escapeHtml(url)}">Apply</a></p>`,
  )
}

async function save(path: string, content: string): Promise<void> {
  await writeFile(`${path}.new`, content)
  await rename(`${path}.new`, path)
}

interface Known {
  title: string
  /** Of the job posting, when its page was written. */
  etag: string
}

/** Brings the pages of a folder up to date, and gives how many there are and how many of them were written anew. */
async function build(url: string, folder: string): Promise<{ open: number; written: number }> {
  const register = connect(url)
  await mkdir(folder, { recursive: true })
  const state = join(folder, 'state.json')
  const known: Record<string, Known> = JSON.parse(await readFile(state, 'utf8').catch(() => '{}'))
  const open: Record<string, Known> = {}
  let written = 0
  const lists = pagesOf(cursor =>
    register.GET('/v1/vacancies', { params: { query: { status: 'open', limit: 100, ...(cursor ? { cursor } : {}) } } }),
  )
  for await (const { vacancies } of lists)
    for (const { id } of vacancies) {
      // It comes from outside, and names a file.
      if (!/^[0-9a-f-]{36}$/.test(id)) throw new Error(`${id} is no id of a vacancy`)
      const before = known[id]
      const answer = await register.GET('/v1/vacancies/{vacancy}/job-posting', {
        params: { path: { vacancy: id }, header: before ? { 'If-None-Match': before.etag } : {} },
      })
      if (before && answer.response.status === 304) {
        open[id] = before
        continue
      }
      // Closed since the list was read.
      if (answer.response.status === 410) continue
      const posting = dataOf(answer)
      await save(join(folder, `${id}.html`), pageOf(posting))
      open[id] = { title: posting.title, etag: answer.response.headers.get('etag') ?? '' }
      written += 1
    }
  for (const name of await readdir(folder))
    if (/^[0-9a-f-]{36}\.html$/.test(name) && !open[name.slice(0, -5)]) await rm(join(folder, name))
  const items = Object.entries(open).map(([id, { title }]) => `<li><a href="${id}.html">${escapeHtml(title)}</a></li>`)
  await save(join(folder, 'index.html'), document('Open vacancies', '', `<ul>\n${items.join('\n')}\n</ul>`))
  await save(state, JSON.stringify(open))
  return { open: items.length, written }
}

const [url, folder] = process.argv.slice(2)
if (url === undefined || folder === undefined) {
  console.error('Usage: job-board URL FOLDER')
  process.exitCode = 2
} else
  try {
    const { open, written } = await build(url, folder)
    console.log(`${open} open vacancies, ${written} pages written`)
  } catch (error) {
    // What the network said stands in the cause.
    console.error(
      ...[error, error instanceof Error ? error.cause : undefined].flatMap(each =>
        each instanceof Error ? each.message : [],
      ),
    )
    process.exitCode = 1
  }
