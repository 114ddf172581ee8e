/**
 * The templates of the pages that people read, and the files that a browser loads with them. GOV.UK's own look comes
 * from govuk-frontend; its crown, crest and typeface are licensed to services on GOV.UK alone, so they are off unless
 * the operator says otherwise.
 */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import nunjucks from 'nunjucks'
import { londonDate } from '../document/london.ts'
import { inlineHtml } from '../renderings/html.ts'

const own = fileURLToPath(new URL('views/', import.meta.url))
const govuk = join(dirname(createRequire(import.meta.url).resolve('govuk-frontend/package.json')), 'dist')

/** A file that pages load: its bytes never change under its name. */
interface Asset {
  body: Buffer
  type: string
}

export interface Views {
  /** A template filled in. Every value is escaped but what `inline` and `json` made. */
  render(view: string, context: object): string
  /** By path. */
  assets: ReadonlyMap<string, Asset>
}

const assetTypes: Record<string, string> = {
  '.css': 'text/css; charset=utf-8',
  '.ico': 'image/x-icon',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.woff': 'font/woff',
  '.woff2': 'font/woff2',
}

const filesIn = (folder: string): [string, Asset][] =>
  readdirSync(join(govuk, 'govuk/assets', folder)).map(name => [
    `/assets/${folder}/${name}`,
    { body: readFileSync(join(govuk, 'govuk/assets', folder, name)), type: assetTypes[extname(name)] ?? '' },
  ])

/** JSON that can stand in a script element: no text of it ends the element. */
const scriptJson = (value: unknown) => JSON.stringify(value).replaceAll('<', '\\u003c')

export function createViews({ name, crownBranding }: { name: string; crownBranding: boolean }): Views {
  const components = readFileSync(join(govuk, 'govuk/govuk-frontend.min.css'), 'utf8')
  const styles = crownBranding
    ? components
    : components.replaceAll(/@font-face\{[^}]*\}/g, '').replaceAll('GDS Transport,arial', 'arial')
  const body = Buffer.from(
    styles.replace(/\/\*# sourceMappingURL=.*?\*\//, '') + readFileSync(join(own, 'pages.css'), 'utf8'),
  )
  const styleSheet = `/assets/${createHash('sha256').update(body).digest('base64url').slice(0, 12)}/pages.css`
  const assets = new Map<string, Asset>([
    [styleSheet, { body, type: assetTypes['.css'] ?? '' }],
    ...(crownBranding ? [...filesIn('fonts'), ...filesIn('images')] : []),
  ])

  const environment = new nunjucks.Environment(new nunjucks.FileSystemLoader([own, govuk]), { autoescape: true })
  const { SafeString } = nunjucks.runtime
  environment.addGlobal('service', { name, crownBranding, styleSheet })
  environment.addFilter('date', londonDate)
  environment.addFilter('inline', (text: string) => new SafeString(inlineHtml(text, 'govuk-link')))
  environment.addFilter('json', (value: unknown) => new SafeString(scriptJson(value)))
  return { assets, render: (view, context) => environment.render(`${view}.njk`, context) }
}

/** A page loads the styles and images of this service, sends its forms here, and runs nothing. */
export const pagePolicy =
  "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
