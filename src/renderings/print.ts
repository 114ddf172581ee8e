/** A document in whichever format. Pure. */
import { renderMarkdown } from './markdown.ts'
import { renderFragment, renderPage } from './page.ts'
import type { Source } from './rendering.ts'
import { renderWord } from './word.ts'

export interface Printing {
  format: 'html' | 'md' | 'docx' | 'fragment'
  /** The absolute address that search engines are to know the page by. */
  canonical: string | undefined
  /** When it was written. */
  time: string
}

export function print(source: Source, { format, canonical, time }: Printing): string | Promise<Uint8Array> {
  switch (format) {
    case 'md':
      return renderMarkdown(source)
    case 'html':
      return renderPage(source, canonical)
    case 'fragment':
      return renderFragment(source)
    case 'docx':
      return renderWord(source, time)
  }
}
