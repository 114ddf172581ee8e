/** What every part of the browser tests uses: checks that are counted, a page that tells what it complains of, axe. */
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'

export interface Site {
  browser: Browser
  /** Where the service is, without a slash at the end. */
  base: string
  adminKey: string
}

/** Kept after the run for whoever wants to look; not part of the repository. */
export const screenshots = join(import.meta.dirname, 'screenshots')
mkdirSync(screenshots, { recursive: true })

export const counts = { passed: 0, failed: 0 }

export function check(what: string, actual: unknown, expected: unknown): void {
  try {
    assert.deepEqual(actual, expected, what)
    counts.passed += 1
    console.log(`ok - ${what}`)
  } catch (error) {
    counts.failed += 1
    console.log(`not ok - ${what}\n${error instanceof Error ? error.message : error}`)
  }
}

/** A page of its own context, and all that it complains of: broken policies, errors of scripts. */
export async function openPage({ browser }: Site, size = { width: 1280, height: 900 }) {
  const context = await browser.newContext({ viewport: size })
  const page = await context.newPage()
  page.setDefaultTimeout(30_000)
  const complaints: string[] = []
  page.on('console', message => {
    if (message.type() === 'error' && !message.text().includes('the server responded with a status'))
      complaints.push(message.text())
  })
  page.on('pageerror', error => complaints.push(error.message))
  return { page, complaints, close: () => context.close() }
}

export const shoot = (page: Page, name: string) =>
  page.screenshot({ path: join(screenshots, `${name}.png`), fullPage: true })

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** What axe-core finds wrong with the page, by all its rules but those it calls experimental; [] where it finds nothing. */
export async function violationsOf(page: Page): Promise<string[]> {
  await page.evaluate(axe)
  return page.evaluate(async () => {
    const { axe: tool } = globalThis as unknown as {
      axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> }
    }
    const { violations } = await tool.run()
    return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`))
  })
}
