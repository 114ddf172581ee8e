/** What a Markdown file says of itself in YAML between lines of dashes, as labels and values. */
import { Value } from 'typebox/value'
import { isCollection, isMap, isScalar, isSeq, Lexer, LineCounter, type Node, parse, parseDocument } from 'yaml'
import { type Form, readForm } from '../../document/form.ts'
import { Slug } from '../../document/schema.ts'
import { foldSpace } from '../../document/text.ts'
import { Notices } from '../notices.ts'
import { labelledMember } from '../words/labels.ts'
import { decode } from './decode.ts'
import type { Field, SourceTree } from './tree.ts'

/** A scalar, a list or a map as one line: `Home, /service-manual`. Aliases are named, never followed. */
function lineOf(node: unknown, source: string): string {
  if (isScalar(node)) return typeof node.value === 'string' ? node.value : (node.source ?? '')
  if (isMap(node))
    return node.items
      .map(({ key, value }) => {
        const text = lineOf(value, source)
        return text === '' ? lineOf(key, source) : `${lineOf(key, source)}: ${text}`
      })
      .join(', ')
  if (isCollection(node)) return node.items.map(item => lineOf(item, source)).join(', ')
  const [from, to] = (node as Node | null)?.range ?? [0, 0]
  return source.slice(from, to)
}

/** The value of a row; of places a list has one in each, as a comma may stand within one. */
const fieldValue = (label: string, value: unknown, source: string): string =>
  isSeq(value) && labelledMember(label.replaceAll(/[_-]/g, ' ')) === 'locations'
    ? value.items.map(item => lineOf(item, source)).join('; ')
    : lineOf(value, source)

/** Line by line, where it is no YAML: template tags (`{{ site.name }}`) break it. */
const readLines = (source: string): Field[] =>
  source.split('\n').flatMap((text, index) => {
    const [, label, value] = /^([A-Za-z][\w -]{0,80}):(?:\s+(.*))?$/.exec(text) ?? []
    if (label !== undefined)
      return [{ label, value: (value ?? '').replace(/^(["'])(.*)\1\s*$/, '$2').trim(), line: index + 2 }]
    return /[\p{L}\p{N}]/u.test(text) ? [{ label: '', value: text.trim(), line: index + 2 }] : []
  })

/** The comments of YAML, each with its line in the file. */
function commentsIn(source: string): { text: string; line: number }[] {
  const comments: { text: string; line: number }[] = []
  let line = 2
  let before = ''
  for (const lexeme of new Lexer().lex(source)) {
    // A mark stands before each scalar, which may begin with the same sign.
    if (lexeme.startsWith('#') && before !== '\u001f') comments.push({ text: lexeme, line })
    line += lexeme.split('\n').length - 1
    before = lexeme
  }
  return comments
}

function readFields(source: string, notices: Notices): Field[] {
  const lines = new LineCounter()
  const document = parseDocument(source, { lineCounter: lines, logLevel: 'silent' })
  const { contents } = document
  if (document.errors.length === 0 && isMap(contents) && !/\{\{|\{%/.test(source)) {
    for (const { text, line } of commentsIn(source)) {
      if (!/[\p{L}\p{N}]/u.test(text)) continue
      notices.understand(line, text, '', 'comment')
      notices.add('repair', 'comment_removed', line, text, 'A comment of YAML is not part of the text and was left out')
    }
    return contents.items.map(({ key, value }) => {
      const label = lineOf(key, source)
      return {
        label,
        value: foldSpace(fieldValue(label, value, source)).trim(),
        line: lines.linePos((key as Node).range?.[0] ?? 0).line + 1,
      }
    })
  }
  const detail = 'The front matter is not valid YAML, or holds tags of a web template; it was read line by line'
  notices.add('repair', 'front_matter_repaired', 2, source, detail)
  return readLines(source)
}

/** What generators of web sites and editors keep of a file: how it is shown and who wrote it, and nothing of the role. To teach the importer one, add it. */
const siteKeys = new Set([
  'layout',
  'template',
  'permalink',
  'url',
  'aliases',
  'redirect from',
  'redirect to',
  'nav order',
  'nav exclude',
  'parent',
  'grand parent',
  'has children',
  'has toc',
  'toc',
  'sidenav',
  'sidebar',
  'breadcrumbs',
  'weight',
  'categories',
  'category',
  'tags',
  'image',
  'css',
  'js',
  'active',
  'draft',
  'published',
  'sitemap',
  'search exclude',
  'exclude from search',
  'created',
  'created by',
  'created time',
  'last edited by',
  'last edited time',
  'last modified',
  'last modified by',
])

interface Taken extends Required<Pick<SourceTree, 'title' | 'slug'>> {
  /** The source without its front matter; lines stay where they are. */
  body: string
  fields: Field[]
}

/** Takes the front matter off a source, if it has some: its title, and every other row as a field. */
export function takeFrontMatter(source: string, notices: Notices): Taken {
  const match = /^\s*---[ \t]*\n([\s\S]{0,20000}?)\n(?:---|\.\.\.)[ \t]*(?:\n|$)/.exec(source)
  const text = match?.[1] ?? ''
  if (!match || !/^[A-Za-z_][\w -]*:/m.test(text)) return { body: source, title: null, slug: null, fields: [] }
  let title: SourceTree['title'] = null
  let slug: Taken['slug'] = null
  const fields: Field[] = []
  for (const { label, value, line } of readFields(text, notices)) {
    if (title === null && label.toLowerCase() === 'title' && value !== '') {
      title = { text: value, line }
      notices.understand(line, label, '/title', 'front matter')
    } else if (label.toLowerCase() === 'slug' && value !== '') {
      notices.understand(line, `${label} ${value}`, '', 'slug of the role')
      if (Value.Check(Slug, value)) slug = { text: value, line }
      else {
        const detail =
          'The front matter’s slug is none, so it was not used: a slug has lower-case letters and digits, in groups joined by single hyphens, 80 characters at most'
        notices.add('advice', 'slug_invalid', line, value, detail)
      }
    } else if (label === '')
      notices.add('loss', 'front_matter_removed', line, value, 'The line of front matter has no label')
    else if (value === '') notices.understand(line, label, '', 'label without a value')
    else {
      const name = label.replaceAll(/[_-]/g, ' ')
      if (siteKeys.has(name.toLowerCase())) {
        notices.understand(line, `${label} ${value}`, '', 'setting of a web site')
        const detail = `“${label}” is for a web site or an editor, and says nothing of the role; it was left out`
        notices.add('loss', 'site_setting_removed', line, `${label}: ${value}`, detail)
      } else fields.push({ label: name, value, line })
    }
  }
  return { body: match[0].replace(/[^\n]/g, '') + source.slice(match[0].length), title, slug, fields }
}

/** The form of a document that the register wrote, and the text without it; lines stay where they are. */
export function takeForm(source: string, notices: Notices): { text: string; form?: Form } {
  const end = source.search(/\n---[ \t]*(?:\n|$)/)
  if (!/^---[ \t]*\n/.test(source) || end < 0) return { text: source }
  const lines = source.slice(0, end).split('\n')
  const from = lines.findIndex(line => /^role_register:\s*$/.test(line))
  if (from < 0) return { text: source }
  const length = lines.slice(from + 1).findIndex(line => /^\S/.test(line))
  const to = length < 0 ? lines.length : from + 1 + length
  const block = lines.slice(from, to)
  const rest = lines.map((line, at) => (at >= from && at < to ? '' : line))
  const isAll = rest.slice(1).every(line => line.trim() === '')
  const text = isAll
    ? `${'\n'.repeat(lines.length)}${source.slice(end + 1).replace(/^---[ \t]*/, '')}`
    : `${rest.join('\n')}${source.slice(end)}`
  try {
    const value = (parse(block.join('\n'), { maxAliasCount: 0 }) as { role_register?: unknown }).role_register
    const form = readForm(value)
    if (form) return { text, form }
  } catch {
    // Named below.
  }
  const detail = 'The front matter of the register is not as it wrote it; the text was read as that of any house'
  notices.add('loss', 'form_not_read', from + 1, '', detail)
  return { text }
}

/** The slug that the front matter of a Markdown file names, as its import reads it; undefined where it names none. */
export function slugIn(source: Uint8Array): string | undefined {
  const notices = new Notices()
  const text = decode(source, notices)
  return text === undefined ? undefined : takeFrontMatter(takeForm(text, notices).text, notices).slug?.text
}
