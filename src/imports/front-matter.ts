/** What a Markdown file says of itself in YAML between lines of dashes, as labels and values. */
import { isCollection, isMap, isScalar, LineCounter, type Node, parseDocument } from 'yaml'
import type { Notices } from './notices.ts'
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

/** Line by line, where it is no YAML: template tags (`{{ site.name }}`) break it. */
const readLines = (source: string): Field[] =>
  source.split('\n').flatMap((text, index) => {
    const [, label, value] = /^([A-Za-z][\w -]{0,80}):(?:\s+(.*))?$/.exec(text) ?? []
    if (label !== undefined)
      return [{ label, value: (value ?? '').replace(/^(["'])(.*)\1\s*$/, '$2').trim(), line: index + 2 }]
    return /[\p{L}\p{N}]/u.test(text) ? [{ label: '', value: text.trim(), line: index + 2 }] : []
  })

function readFields(source: string, notices: Notices): Field[] {
  const lines = new LineCounter()
  const document = parseDocument(source, { lineCounter: lines, logLevel: 'silent' })
  const { contents } = document
  if (document.errors.length === 0 && isMap(contents) && !/\{\{|\{%/.test(source)) {
    return contents.items.map(({ key, value }) => ({
      label: lineOf(key, source),
      value: lineOf(value, source).replace(/\s+/g, ' ').trim(),
      line: lines.linePos((key as Node).range?.[0] ?? 0).line + 1,
    }))
  }
  const detail = 'The front matter is not valid YAML, or holds tags of a web template; it was read line by line'
  notices.add('repair', 'front_matter_repaired', 2, source, detail)
  return readLines(source)
}

interface Taken extends Pick<SourceTree, 'title'> {
  /** The source without its front matter; lines stay where they are. */
  body: string
  fields: Field[]
}

/** The slug that front matter names; undefined where it names none that could be one. */
export const slugIn = (source: string): string | undefined =>
  /^\s*---[ \t]*\r?\n(?:(?!---|\.\.\.).*\n){0,200}?slug:[ \t]*["']?([a-z0-9]+(?:-[a-z0-9]+)*)["']?[ \t]*\r?\n/.exec(
    source,
  )?.[1]

/** Takes the front matter off a source, if it has some: its title, and every other row as a field. */
export function takeFrontMatter(source: string, notices: Notices): Taken {
  const match = /^\s*---[ \t]*\n([\s\S]{0,20000}?)\n(?:---|\.\.\.)[ \t]*(?:\n|$)/.exec(source)
  const text = match?.[1] ?? ''
  if (!match || !/^[A-Za-z_][\w -]*:/m.test(text)) return { body: source, title: null, fields: [] }
  let title: SourceTree['title'] = null
  const fields: Field[] = []
  for (const { label, value, line } of readFields(text, notices)) {
    if (title === null && label.toLowerCase() === 'title' && value !== '') {
      title = { text: value, line }
      notices.understand(line, label, '/title', 'front matter')
    } else if (label.toLowerCase() === 'slug' && value === slugIn(source)) {
      notices.understand(line, `${label} ${value}`, '', 'slug of the role')
    } else if (label === '')
      notices.add('loss', 'front_matter_removed', line, value, 'The line of front matter has no label')
    else if (value === '') notices.understand(line, label, '', 'label without a value')
    else fields.push({ label: label.replaceAll(/[_-]/g, ' '), value, line })
  }
  return { body: match[0].replace(/[^\n]/g, '') + source.slice(match[0].length), title, fields }
}
