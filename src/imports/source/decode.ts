/** Bytes to text: UTF-8, UTF-16 with a byte order mark, and Windows-1252 as Word still writes it. */
import type { Notices } from '../notices.ts'

const startsWith = (bytes: Uint8Array, ...signature: number[]) => signature.every((byte, at) => bytes[at] === byte)

const ascii = (text: string) => [...text].map(character => character.charCodeAt(0))

const documents: { signature: number[]; detail: string }[] = [
  {
    signature: [0x50, 0x4b, 0x03, 0x04],
    detail:
      'This looks like a Word document (.docx) or another ZIP file, sent under another name. Give a Word document a name that ends with .docx, or send it with the content type application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  },
  {
    signature: [0xd0, 0xcf, 0x11, 0xe0],
    detail: 'This looks like an old Word document (.doc). Open it in Word, save it as .docx and send that',
  },
  {
    signature: ascii('%PDF'),
    detail: 'This looks like a PDF. Send the document that it was made from, as Word (.docx), HTML or Markdown',
  },
  { signature: ascii('{\\rtf'), detail: 'This looks like rich text (RTF). Save it as a web page (HTML) and send that' },
]

/** What Windows-1252 has at 0x80 to 0x9F. Node's own decoder takes it for Latin-1 (nodejs/node#56542). */
const upper = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ'

const windows1252 = (bytes: Uint8Array) =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    .toString('latin1')
    .replace(/[\u0080-\u009f]/g, character => upper.charAt(character.charCodeAt(0) - 0x80))

/**
 * The text of a document, or undefined with a problem in `notices` when it is not text at all. An encoding other than
 * UTF-8 is repaired with a warning; line ends become line feeds.
 */
export function decode(bytes: Uint8Array, notices: Notices): string | undefined {
  const refuse = (detail: string) => {
    notices.refuse('not_text', detail)
    return undefined
  }
  const known = documents.find(({ signature }) => startsWith(bytes, ...signature))
  if (known) return refuse(known.detail)
  const utf16 = startsWith(bytes, 0xff, 0xfe) ? 'utf-16le' : startsWith(bytes, 0xfe, 0xff) ? 'utf-16be' : undefined
  let text: string
  if (utf16) {
    text = new TextDecoder(utf16).decode(bytes)
    notices.add(
      'repair',
      'encoding_repaired',
      null,
      '',
      'The document is UTF-16 and was read as such; UTF-8 is expected',
    )
  } else {
    try {
      text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    } catch {
      text = windows1252(bytes)
      notices.add(
        'repair',
        'encoding_repaired',
        null,
        '',
        'The document is not valid UTF-8 and was read as Windows-1252',
      )
    }
  }
  // A text has no control characters but tab, line feed, form feed and carriage return.
  const controls = text.match(/[^\P{Cc}\t\n\f\r]/gu)?.length ?? 0
  if (text.includes('\0') || controls > text.length / 100) {
    return refuse('The body is not text. Send the document as Markdown or HTML, in UTF-8')
  }
  const lines = text.replace(/\r\n?/g, '\n')
  if (lines.trim() === '') {
    notices.refuse('empty_document', 'The document is empty. Send the text of a role definition')
    return undefined
  }
  return lines
}
