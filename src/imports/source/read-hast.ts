/** From the syntax tree of HTML to the neutral tree. Markdown comes this way too, since HTML stands in it. */
import type { Element, ElementContent, Root } from 'hast'
import { type Inline, isAllowedAddress, plainOfInlines } from '../../document/text.ts'
import type { Notices } from '../notices.ts'
import { withTicks } from './dingbats.ts'
import {
  blockTags,
  dingbatOf,
  googleList,
  googleTarget,
  type HastNode,
  hasTitleStyle,
  hasUnderline,
  isContents,
  isElement,
  isHidden,
  isNote,
  isStrong,
  isUnderlined,
  isWordMark,
  lineOf,
  property,
  skippedTags,
  textOf,
  wordItem,
} from './hast.ts'
import { type HtmlPair, pairsAmong, understandJoined } from './html-pairs.ts'
import {
  hardBreak,
  type SourceBlock,
  type SourceCell,
  type SourceItem,
  type SourceParagraph,
  type SourceRow,
} from './tree.ts'

const depthMax = 32
const codeTags = new Set(['code', 'kbd', 'samp', 'tt'])
/** What a text cannot show. */
const lostMarks: Record<string, string> = {
  del: 'struck through',
  s: 'struck through',
  strike: 'struck through',
  sup: 'superscript',
  sub: 'subscript',
}

/**
 * Reads a tree of HTML. `references` are texts with a `&lt;` that the parser was to take for `<`, and in code has not.
 * Says in `notices` what a document cannot hold; refuses lists nested more than 32 deep. `feeds`: its line feeds are seen
 * by who wrote it, as in Markdown. `isOwn`: the register wrote it, and every line of it stands for what its form says.
 */
export function readHast(
  root: Root,
  references: readonly string[],
  notices: Notices,
  { feeds = false, isOwn = false } = {},
): SourceBlock[] {
  let headings = 0
  const holdsBlocks = new Map<Element, boolean>()
  const hasBlock = (node: Element): boolean => {
    const known = holdsBlocks.get(node)
    if (known !== undefined) return known
    const found = node.children.some(
      child => isElement(child) && !skippedTags.has(child.tagName) && (blockTags.has(child.tagName) || hasBlock(child)),
    )
    holdsBlocks.set(node, found)
    return found
  }

  const restored = (value: string) =>
    value.includes('&lt;')
      ? references.reduce((text, reference) => text.replaceAll(reference, reference.replace('&lt;', '<')), value)
      : value

  const isSkipped = (node: Element) => {
    if (skippedTags.has(node.tagName)) return true
    if (!isHidden(node)) return false
    const text = textOf(node)
    if (text.trim() !== '') {
      notices.add('loss', 'hidden_text_removed', lineOf(node), text, 'The text is hidden from readers and was left out')
    }
    return true
  }

  /** What stands in several elements without a mark of their own is one text. */
  const inlinesOf = (nodes: readonly HastNode[]): Inline[] => {
    const joined: Inline[] = []
    for (const inline of nodes.flatMap(inlineOf)) {
      const last = joined.at(-1)
      if (last?.type === 'text' && inline.type === 'text')
        joined[joined.length - 1] = { type: 'text', value: last.value + inline.value }
      else joined.push(inline)
    }
    return joined
  }

  const linkOf = (node: Element, children: Inline[]): Inline[] => {
    const address = property(node, 'href').trim()
    if (address === '') return children
    const url = (isOwn ? undefined : googleTarget(address)) ?? address
    if (url !== address) notices.understand(lineOf(node), address, '', 'address of a page that leads on')
    if (!isAllowedAddress(url)) {
      const detail = url.startsWith('#')
        ? 'The link leads to another place in the document, where sections have addresses of their own; its text was kept, its address was not'
        : 'Links go to https, http or mailto addresses; the text of this one was kept, its address was not'
      notices.add('loss', 'link_removed', lineOf(node), url, detail)
      return children
    }
    if (property(node, 'title') !== '') {
      notices.add(
        'loss',
        'link_title_removed',
        lineOf(node),
        property(node, 'title'),
        'The title of a link is not kept',
      )
    }
    const label: Inline[] = plainOfInlines(children) === '' ? [{ type: 'text', value: url }] : children
    return [{ type: 'link', url, children: label }]
  }

  /** The sign that an element is, be it '' for what Word set itself; undefined for what is text. */
  const signIn = (node: Element): string | undefined => {
    const sign = isWordMark(node) ? '' : dingbatOf(node)
    const printed = sign === undefined ? '' : textOf(node).trim()
    if (/[\p{L}\p{N}£]/u.test(printed)) notices.understand(lineOf(node), printed, '', 'mark of a list')
    return sign
  }

  function inlineOf(node: HastNode): Inline[] {
    if (node.type === 'text') return [{ type: 'text', value: withTicks(restored(node.value)) }]
    if (!isElement(node)) return []
    // What was left out parts words.
    if (isSkipped(node)) return [{ type: 'text', value: ' ' }]
    const { tagName } = node
    const sign = signIn(node)
    if (sign !== undefined) return sign === '' ? [] : [{ type: 'text', value: sign }]
    if (tagName === 'br') return [{ type: 'text', value: hardBreak }]
    // Word's controls to tick come as these too.
    if (tagName === 'input' && node.properties.type === 'checkbox')
      return [{ type: 'text', value: node.properties.checked ? '☒' : '☐' }]
    if (tagName === 'img') {
      const address = property(node, 'src')
      const excerpt = `${property(node, 'alt')} ${address.length < 300 ? address : ''}`
      const detail = 'Images are not kept, nor is the text that stands for them'
      notices.add('loss', 'image_removed', lineOf(node), excerpt, detail)
      return [{ type: 'text', value: ' ' }]
    }
    const children = inlinesOf(node.children)
    if (tagName === 'a') return linkOf(node, children)
    if (codeTags.has(tagName)) return [{ type: 'code', value: plainOfInlines(children) }]
    if (tagName === 'em' || tagName === 'i') return [{ type: 'emphasis', children }]
    if (isStrong(node)) return [{ type: 'strong', children }]
    const mark = lostMarks[tagName]
    if (mark) {
      const text = plainOfInlines(children)
      notices.add('repair', 'formatting_removed', lineOf(node), text, `The text is ${mark} in the source and plain now`)
    }
    return children
  }

  const mark = (node: Element, block: SourceBlock): SourceBlock => {
    if (block.type !== 'paragraph' && block.type !== 'heading') return block
    if (block.type === 'paragraph' && isNote(node)) return { ...block, note: true }
    if (block.type === 'paragraph') {
      const item = wordItem(node)
      if (item) return { ...block, item }
      if (hasUnderline(node)) return { ...block, underlined: true }
    }
    if (node.tagName === 'a') return { ...block, content: linkOf(node, block.content) }
    if ((node.tagName === 'strong' || node.tagName === 'b') && isStrong(node)) {
      return { ...block, content: [{ type: 'strong', children: block.content }] }
    }
    return block
  }

  const rowsOf = (node: Element, listDepth: number): SourceRow[] =>
    node.children.filter(isElement).flatMap(child => {
      if (['thead', 'tbody', 'tfoot'].includes(child.tagName)) return rowsOf(child, listDepth)
      if (child.tagName !== 'tr' || isSkipped(child)) return []
      const cells = child.children
        .filter(isElement)
        .filter(cell => !isSkipped(cell))
        .map(cell => ({
          header: cell.tagName === 'th',
          blocks: signBlocks(cell) ?? blocksOf(cell.children, listDepth),
          ...spansOf(cell),
        }))
      return [{ cells, line: lineOf(child) }]
    })

  /** A cell or paragraph that is no more than a sign. */
  const signBlocks = (node: Element): SourceBlock[] | undefined => {
    const value = dingbatOf(node) === undefined ? undefined : signIn(node)
    return value ? [{ type: 'paragraph', content: [{ type: 'text', value }], line: lineOf(node) }] : undefined
  }

  const itemsOf = (node: Element, listDepth: number): SourceItem[] => {
    const items: SourceItem[] = []
    for (const child of node.children) {
      if (isElement(child) && isSkipped(child)) continue
      const blocks = blocksOf(isElement(child) && child.tagName === 'li' ? child.children : [child], listDepth)
      const last = items.at(-1)
      // A list straight inside a list, as broken exports have it, belongs to the item before it.
      if (last && blocks[0]?.type === 'list' && !(isElement(child) && child.tagName === 'li'))
        last.blocks.push(...blocks)
      else if (blocks.length > 0) items.push({ blocks, line: lineOf(child) })
    }
    return items
  }

  /** Terms and what is said of each, as rows of two cells; GOV.UK's summary lists have a `div` around each. */
  const definitionsOf = (node: Element, listDepth: number): SourceRow[] => {
    const rows: SourceRow[] = []
    let open = false
    const read = (parent: Element) => {
      for (const child of parent.children) {
        if (!isElement(child)) {
          if (textOf(child).trim() !== '') rows.push(rowOf(blocksOf([child], listDepth), lineOf(child)))
        } else if (isSkipped(child)) continue
        else if (child.tagName === 'dt') {
          const last = rows.at(-1)
          const blocks = blocksOf(child.children, listDepth)
          if (last && open) last.cells[0]?.blocks.push(...blocks)
          else rows.push(rowOf(blocks, lineOf(child)))
          open = true
        } else if (child.tagName === 'dd') {
          open = false
          const blocks = blocksOf(child.children, listDepth)
          const last = rows.at(-1)
          if (!last) rows.push(rowOf(blocks, lineOf(child)))
          else if (last.cells[1]) last.cells[1].blocks.push(...blocks)
          else last.cells.push({ header: false, blocks })
        } else read(child)
      }
    }
    read(node)
    return rows
  }

  const pairRow = (pair: HtmlPair, listDepth: number): SourceRow => {
    understandJoined(pair, notices)
    const row = rowOf(blocksOf([pair.label], listDepth), lineOf(pair.label))
    return { ...row, cells: [...row.cells, { header: false, blocks: blocksOf(pair.value, listDepth) }] }
  }

  const rowOf = (blocks: SourceBlock[], line: number): SourceRow => ({ cells: [{ header: true, blocks }], line })

  const elementBlocks = (node: Element, listDepth: number): SourceBlock[] => {
    const { tagName } = node
    const line = lineOf(node)
    const depth = /^h([1-6])$/.exec(tagName)?.[1]
    const isTitle = hasTitleStyle(node)
    if (depth || (isTitle && !hasBlock(node))) {
      const content = inlinesOf(node.children)
      headings += 1
      return [{ type: 'heading', depth: Number(depth ?? 1), content, line, ...(isTitle ? { title: true } : {}) }]
    }
    // Its links lead to places in the document.
    if (tagName === 'p' && isContents(node) && textOf(node).trim() !== '')
      return [{ type: 'paragraph', content: [{ type: 'text', value: restored(textOf(node)) }], line, contents: true }]
    if (tagName === 'ul' || tagName === 'ol' || tagName === 'menu' || tagName === 'dir') {
      if (listDepth >= depthMax) {
        notices.refuse('nesting_too_deep', `Lists are nested more than ${depthMax} deep. Nest them two deep`, line)
        return []
      }
      const run = isOwn || headings > 1 ? undefined : [...pairsAmong(node.children, hasBlock, true).values()][0]
      if (run?.pairs.length === node.children.filter(isElement).length)
        return [{ type: 'table', rows: run.pairs.map(pair => pairRow(pair, listDepth)), line }]
      const google = googleList(node)
      const items = itemsOf(node, listDepth + 1)
      if (google && items.every(({ blocks: [only, ...more] }) => only?.type === 'paragraph' && more.length === 0))
        return items.flatMap(item =>
          item.blocks.map(block => ({ ...block, item: { ...google, ordered: tagName === 'ol' } }) as SourceParagraph),
        )
      return items.length > 0 ? [{ type: 'list', ordered: tagName === 'ol', items, line }] : []
    }
    if (tagName === 'table') {
      const captions = node.children.filter(isElement).filter(child => child.tagName === 'caption')
      const rows = rowsOf(node, listDepth)
      const above = captions
        .flatMap(caption => blocksOf(caption.children, listDepth))
        .map(block => (block.type === 'paragraph' ? { ...block, caption: true } : block))
      return [...above, { type: 'table', rows, line }]
    }
    if (tagName === 'dl') return [{ type: 'table', rows: definitionsOf(node, listDepth), line }]
    if (tagName === 'dt')
      return [{ type: 'paragraph', content: [{ type: 'strong', children: inlinesOf(node.children) }], line }]
    if (tagName === 'pre') {
      return restored(textOf(node))
        .split('\n')
        .flatMap((text, index): SourceBlock[] =>
          text.trim() === ''
            ? []
            : [{ type: 'paragraph', content: [{ type: 'code', value: text.trim() }], line: line + index }],
        )
    }
    return (signBlocks(node) ?? blocksOf(node.children, listDepth)).map(block => mark(node, block))
  }

  function blocksOf(nodes: readonly HastNode[], listDepth: number): SourceBlock[] {
    const blocks: SourceBlock[] = []
    let run: HastNode[] = []
    const flush = () => {
      const content = inlinesOf(run)
      const first = run.find(node => node.type !== 'text' || node.value.trim() !== '')
      if (plainOfInlines(content) !== '')
        blocks.push({
          type: 'paragraph',
          content,
          line: first ? lineOf(first) : 1,
          ...(feeds ? { feeds } : {}),
          ...(run.every(isUnderlined) ? { underlined: true } : {}),
        })
      run = []
    }
    const runs = isOwn ? undefined : pairsAmong(nodes, hasBlock, headings < 2)
    for (let index = 0; index < nodes.length; index += 1) {
      const node = nodes[index] as HastNode
      const found = runs?.get(index)
      if (found) {
        flush()
        blocks.push({ type: 'table', rows: found.pairs.map(pair => pairRow(pair, listDepth)), line: lineOf(node) })
        index = found.end - 1
      } else if (!isElement(node)) {
        run.push(node)
      } else if (node.tagName === 'li') {
        flush()
        let end = index + 1
        while (end < nodes.length && isStray(nodes[end] as HastNode)) end += 1
        const list: Element = {
          type: 'element',
          tagName: 'ul',
          properties: {},
          children: nodes.slice(index, end) as ElementContent[],
        }
        if (node.position) list.position = node.position
        blocks.push(...elementBlocks(list, listDepth))
        index = end - 1
      } else if (blockTags.has(node.tagName) || (!skippedTags.has(node.tagName) && hasBlock(node))) {
        flush()
        if (!isSkipped(node)) blocks.push(...elementBlocks(node, listDepth))
      } else run.push(node)
    }
    flush()
    return blocks
  }

  return blocksOf(root.children, 0)
}

/** No table of people is wider or longer. */
const spanMax = 100
function spansOf({ properties }: Element): Partial<Pick<SourceCell, 'spans'>> {
  const read = (value: unknown) => Math.min(spanMax, Math.max(1, Math.trunc(Number(value)) || 1))
  const [columns, rows] = [read(properties.colSpan), read(properties.rowSpan)]
  return columns > 1 || rows > 1 ? { spans: { columns, rows } } : {}
}

const isStray = (node: HastNode) =>
  isElement(node) ? node.tagName === 'li' : node.type !== 'text' || node.value.trim() === ''
