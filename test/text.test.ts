import fc from 'fast-check'
import { fromMarkdown } from 'mdast-util-from-markdown'
import t from 'tap'
import { checkText, foldInlines, type Inline, linksOf, parseText, plainText, writeText } from '../src/document/text.ts'
import { workMs } from './support/work.ts'

t.test('plain text: markup is read, everything else is literal', async t => {
  const cases: [string, string][] = [
    ['Write *clean* code', 'Write clean code'],
    ['**Bold** and `co*de*`', 'Bold and co*de*'],
    ['5 * 3 and snake_case_name', '5 * 3 and snake_case_name'],
    ['R&amp;D, AT&T &#39;x&#39; &nope;', "R&D, AT&T 'x' &nope;"],
    ['[Insert Date] and [a](https://a.uk/x_(y)) z', '[Insert Date] and a z'],
    ['a\\*b \\q', 'a*b \\q'],
    ['***both*** **a *b* c**', 'both a b c'],
    ['a ``b ` c`` d', 'a b ` c d'],
    ['<https://a.uk> <a@b.uk>', 'https://a.uk a@b.uk'],
    ['"quoted" – “curly” ’', '"quoted" – “curly” ’'],
  ]
  for (const [text, plain] of cases) t.equal(plainText(text), plain, text)
})

t.test('what a text may not hold is said', async t => {
  t.equal(checkText('plain, *em*, [x](https://a.uk) and <mailto:a@b.uk>'), null)
  t.match(checkText('<b>x</b>'), /^HTML is not kept in a text; write \\< for the character itself\. A text holds/)
  t.match(checkText('![x](https://a.uk)'), /Images are not kept/)
  t.match(checkText('[x](javascript:alert)'), /Links go to https, http or mailto addresses, not to "javascript:alert"/)
  t.match(checkText('[x](/relative)'), /Links go to/)
  t.match(checkText('[x](https://a.uk "t")'), /no title/)
  t.match(checkText('a\n\nb'), /no blank line/)
  t.equal(checkText('a < b, 3 <4'), null)
})

t.test('links are listed with their text', async t => {
  t.same(linksOf('See [the *framework*](https://a.uk/x?a=1&b=2) and <mailto:a@b.uk>'), [
    { text: 'the framework', url: 'https://a.uk/x?a=1&b=2' },
    { text: 'mailto:a@b.uk', url: 'mailto:a@b.uk' },
  ])
})

t.test('escaped characters read as themselves', async t => {
  const characters = fc.string({ unit: fc.constantFrom(...'ab *_`[]()<>&;!\\#:/"\'1'), maxLength: 30 })
  fc.assert(
    fc.property(fc.oneof(characters, fc.string()), plain => {
      const { text } = writeText([{ type: 'text', value: plain }])
      return checkText(text) === null && plainText(text) === plain.replace(/\s+/g, ' ').trim()
    }),
    { numRuns: 1000 },
  )
  t.pass('1000 random strings')
})

const { node } = fc.letrec<{ node: Inline; nodes: Inline[] }>(tie => ({
  node: fc.oneof(
    { maxDepth: 3 },
    fc.record({
      type: fc.constant('text' as const),
      value: fc.string({ unit: fc.constantFrom(...'ab c.*_`[]()<&!\\'), minLength: 1 }),
    }),
    fc.record({
      type: fc.constant('code' as const),
      value: fc.string({ unit: fc.constantFrom(...'a `*'), minLength: 1 }),
    }),
    fc.record({ type: fc.constantFrom('emphasis' as const, 'strong' as const), children: tie('nodes') }),
    fc.record({
      type: fc.constant('link' as const),
      url: fc.constantFrom('https://a.uk/x(y', 'mailto:a@b.uk', 'http://a.uk/?a=1&amp=2'),
      children: fc.constant<Inline[]>([{ type: 'text', value: 'la]bel' }]),
    }),
  ),
  nodes: fc.array(tie('node'), { minLength: 1, maxLength: 4 }),
}))

t.test('nodes that are written read the same', async t => {
  fc.assert(
    fc.property(fc.array(node, { maxLength: 5 }), (nodes: Inline[]) => {
      const folded = foldInlines(nodes)
      const { text, exact } = writeText(nodes)
      const { nodes: read, problem } = parseText(text)
      if (problem !== null) return false
      const plain = (parts: readonly Inline[]): string =>
        parts
          .map(part => ('children' in part ? plain(part.children) : part.value))
          .join('')
          .replace(/ +/g, ' ')
      return exact ? JSON.stringify(read) === JSON.stringify(folded) : plain(read) === plain(folded)
    }),
    { numRuns: 1000 },
  )
  t.pass('1000 random trees')
})

t.test('the subset agrees with CommonMark', async t => {
  interface Node {
    type: string
    value?: string
    url?: string
    children?: Node[]
  }
  const shape = (nodes: Node[]): unknown[] => {
    const out: unknown[] = []
    for (const node of nodes) {
      if (node.type === 'text' && typeof out.at(-1) === 'string') out[out.length - 1] += node.value ?? ''
      else if (node.type === 'text') out.push(node.value)
      else if (node.type === 'inlineCode' || node.type === 'code') out.push({ code: node.value })
      else out.push({ [node.type]: shape(node.children ?? []), url: node.url })
    }
    return out
  }
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'abc *_`[]()."\\'), maxLength: 40 }), random => {
      const text = `x${random}y`
      // micromark applies the rule of three to what is left of a run, the specification to what it was.
      if (/\*{2}|_{2}/.test(text)) return true
      const [paragraph] = fromMarkdown(text).children as Node[]
      return JSON.stringify(shape(paragraph?.children ?? [])) === JSON.stringify(shape(parseText(text).nodes as Node[]))
    }),
    { numRuns: 3000 },
  )
  t.pass('3000 random texts')
})

t.test('no text takes long', async t => {
  const hostile = ['[', '*a', '*a_', '[a](b', '[a](<b', '`', '``a`', '!['].map(part =>
    part.repeat(10_000 / part.length),
  )
  hostile.push(
    `${'*'.repeat(5000)}a${'*'.repeat(5000)}`,
    '[a](b "'.repeat(1400),
    `${'**a '.repeat(1000)}${'b** '.repeat(1000)}`,
  )
  hostile.push(Array.from({ length: 140 }, (_, index) => 'a'.padEnd(index + 1, '`')).join(' '))
  for (const text of hostile) {
    const started = workMs()
    parseText(text)
    t.ok(workMs() - started < 300, `${text.slice(0, 12)}: ${workMs() - started} ms`)
  }
})
