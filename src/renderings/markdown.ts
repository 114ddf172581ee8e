/** A role as Markdown, which any CommonMark or GFM reader shows alike. Pure. */
import { type Form, formText, optionalMark } from '../document/form.ts'
import { foldPlain, type Print, printSection } from '../document/print.ts'
import type { Inline } from '../document/text.ts'
import { layOut, type Source } from './rendering.ts'

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '`': '&#96;' }

/** Characters that read as themselves wherever they stand: no mark, no tag, no address that a reader makes a link of. */
const escaped = (text: string) =>
  foldEdges(text)
    .replace(/[&<>`\\*_[\]~#|!]/g, found => entities[found] ?? `\\${found}`)
    .replace(/(?<=https?:|www)(?=\/\/|\.)|(?<=@)/gi, '<!-- -->')

/** As `foldPlain`, but with the white space at the ends, which may part it from its neighbours. */
const foldEdges = (text: string) => `${/^\s/.test(text) ? ' ' : ''}${foldPlain(text)}${/\s$/.test(text) ? ' ' : ''}`

/** What begins a block at the start of a line. */
const safeStart = (line: string) => line.replace(/^([-+=:])/, '\\$1').replace(/^(\d{1,9})([.)])/, '$1\\$2')

const address = (url: string) => foldPlain(url).replace(/[&<>`]/g, found => entities[found] ?? found)

function code(value: string) {
  const longest = Math.max(0, ...[...value.matchAll(/`+/g)].map(match => match[0].length))
  const fence = '`'.repeat(longest + 1)
  const padding = /^`|`$/.test(value) ? ' ' : ''
  return `${fence}${padding}${foldPlain(value)}${padding}${fence}`
}

const isWord = (character: string) => /^[\p{L}\p{N}]$/u.test(character)

/** Stars where no reader can take them otherwise: around plain text that begins and ends with a letter, between spaces. */
function mark(node: Extract<Inline, { type: 'strong' | 'emphasis' }>, before: string, after: string) {
  const inner = markdownOf(node.children)
  const [only, ...others] = node.children
  const value = only?.type === 'text' && others.length === 0 ? only.value : ''
  const isPlain = isWord(value.charAt(0)) && isWord(value.charAt(value.length - 1))
  const stars = isPlain && /^(?:|\s)$/.test(before) && /^(?:|[\s.,;:!?])$/.test(after)
  const isStrong = node.type === 'strong'
  if (stars) return isStrong ? `**${inner}**` : `*${inner}*`
  const tag = isStrong ? 'strong' : 'em'
  return `<${tag}>${inner}</${tag}>`
}

function markdownOf(nodes: readonly Inline[]): string {
  const edge = (node: Inline | undefined, at: 'start' | 'end') => {
    if (node === undefined) return ''
    if (node.type !== 'text') return '*'
    return at === 'start' ? node.value.charAt(0) : node.value.charAt(node.value.length - 1)
  }
  return nodes
    .map((node, index) => {
      if (node.type === 'text') return escaped(node.value)
      if (node.type === 'code') return code(node.value)
      if (node.type === 'link') return `[${markdownOf(node.children)}](${address(node.url)})`
      return mark(node, edge(nodes[index - 1], 'end'), edge(nodes[index + 1], 'start'))
    })
    .join('')
}

const line = (nodes: readonly Inline[]) => safeStart(markdownOf(nodes))
const heading = (depth: number, text: string) => `${'#'.repeat(depth)} ${text}`

/** Lists of one kind side by side have marks of their own, or they would be one. */
function list({ ordered, items }: Extract<Print, { type: 'list' }>, second: boolean) {
  return items
    .map(({ content, optional, items: inner }, at) => {
      const bullet = ordered ? `${at + 1}${second ? ')' : '.'} ` : second ? '* ' : '- '
      const own = content.length > 0 ? [`${line(content)}${optional ? ` *${optionalMark}*` : ''}`] : []
      const lines = [...own, ...inner.map(nodes => `- ${line(nodes)}`)]
      return `${bullet}${lines.join(`\n${' '.repeat(bullet.length)}`)}`
    })
    .join('\n')
}

function printsMarkdown(prints: readonly Print[]): string[] {
  let second = false
  return prints.flatMap((print, at): string[] => {
    const before = prints[at - 1]
    second = print.type === 'list' && before?.type === 'list' && before.ordered === print.ordered ? !second : false
    switch (print.type) {
      case 'list':
        return [list(print, second)]
      case 'rows':
        return print.rows.map(({ label, value }) => `**${escaped(label)}:** ${escaped(value)}`.trim())
      case 'subheading':
        return [heading(3, markdownOf(print.content))]
      case 'note':
        return [`> ${line(print.content)}`]
      default:
        return [line(print.content)]
    }
  })
}

/** The form as YAML, a line for each part; the lines are JSON, which YAML includes. */
function frontMatter(form: Form) {
  const lines = Object.entries(form).flatMap(([name, value]) =>
    (name === 'sections' || name === 'skills') && Array.isArray(value) && value.length > 0
      ? [`  ${name}:`, ...value.map(entry => `    - ${formText(entry)}`)]
      : [`  ${name}: ${formText(value)}`],
  )
  return `---\nrole_register:\n${lines.join('\n')}\n---`
}

/** The role as Markdown in UTF-8, with what it does not show as front matter. */
export function renderMarkdown(source: Source): string {
  const { role, imprint, options, form } = layOut(source)
  const sections = role.sections.flatMap(section => [
    heading(2, escaped(foldPlain(section.heading))),
    ...printsMarkdown(printSection(section, role, options)),
  ])
  const title = role.title === null ? [] : [heading(1, escaped(foldPlain(role.title)))]
  const end = imprint === undefined ? [] : [escaped(imprint)]
  return `${[frontMatter(form), ...title, ...sections, ...end].join('\n\n')}\n`
}
