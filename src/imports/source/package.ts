/**
 * A Word file is a ZIP of XML parts (ECMA-376 Part 2). It is opened here, and nowhere else: what leaves this file is text
 * of a size that is known, so that no parser behind it ever sees an archive.
 */
import { crc32 } from 'node:zlib'
import { type Entry, fromBufferPromise, type ZipFile } from 'yauzl'
import type { FindingCode } from '../../document/finding-codes.ts'
import type { Notices } from '../notices.ts'

/** More than any honest document has, and little enough to inflate within the limits of a thread. */
const packageLimits = {
  entries: 1000,
  partBytes: 8 * 1024 * 1024,
  allBytes: 24 * 1024 * 1024,
  /** Of images and embedded files, which are never inflated here but by whoever opens the original. */
  otherBytes: 64 * 1024 * 1024,
  /** DEFLATE can do 1,032; the XML of Word reaches 50 on long, even tables. */
  ratio: 200,
} as const

export interface WordPackage {
  /** The XML parts, by name. */
  parts: Map<string, string>
  /** Names of what else is in it: images, embedded files. */
  others: string[]
}

/** What is wrong with a package: a code, and a sentence that says what to do. */
class Refusal extends Error {
  readonly code: FindingCode
  constructor(code: FindingCode, detail: string) {
    super(detail)
    this.code = code
  }
}

const isXml = (name: string) => /\.(?:xml|rels)$/i.test(name)
const count = (value: number) => value.toLocaleString('en-GB')

function checkEntry({ fileName, ...entry }: Entry) {
  if (/vbaProject\.bin$|vbaData\.xml$/i.test(fileName))
    throw new Refusal('macros', 'The Word file holds macros. Save it as a Word document without macros (.docx)')
  if (entry.generalPurposeBitFlag & 1)
    throw new Refusal('encrypted', 'The Word file is encrypted. Save it without a password')
  if (entry.compressionMethod !== 0 && entry.compressionMethod !== 8)
    throw new Refusal(
      'not_word',
      `${fileName} is packed in a way that Word does not use. Save the document anew in Word`,
    )
  // DEFLATE adds five bytes to each block of what it cannot make smaller.
  if (entry.compressedSize > entry.uncompressedSize * 1.01 + 64)
    throw new Refusal('zip_bomb', `${fileName} is larger than it says, as in no document. Save it anew in Word`)
  if (isXml(fileName) && entry.uncompressedSize > packageLimits.partBytes)
    throw new Refusal(
      'too_large',
      `${fileName} has ${count(entry.uncompressedSize)} bytes unpacked; ${count(packageLimits.partBytes)} is the limit`,
    )
  // A plain picture that Word keeps as a bitmap packs as well as a bomb does.
  const smallMax = isXml(fileName) ? 100_000 : 16_000_000
  if (entry.uncompressedSize > smallMax && entry.uncompressedSize > entry.compressedSize * packageLimits.ratio)
    throw new Refusal(
      'zip_bomb',
      `${fileName} unpacks to more than ${packageLimits.ratio} times its size, as no document does. Save it anew in Word`,
    )
}

/** The bytes of an entry: as many as it says, or Refusal. */
async function inflate(archive: ZipFile, entry: Entry): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  // yauzl ends a stream that gives more or less than the entry says.
  for await (const chunk of await archive.openReadStreamPromise(entry)) {
    size += (chunk as Buffer).length
    if (size > packageLimits.partBytes) throw new Refusal('too_large', `${entry.fileName} is larger than it says`)
    chunks.push(chunk as Buffer)
  }
  const bytes = Buffer.concat(chunks)
  if (crc32(bytes) !== entry.crc32) throw new Refusal('damaged', `${entry.fileName} is damaged. Send the file again`)
  return bytes
}

function textOf(bytes: Buffer, name: string): string {
  const utf16 =
    bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : ''
  const text = new TextDecoder(utf16 || 'utf-8').decode(bytes)
  // A document type can hold entities that grow without end; ECMA-376 Part 1 forbids it.
  if (/<!DOCTYPE/i.test(text.slice(0, 4096)) || text.includes('<!ENTITY'))
    throw new Refusal('not_word', `${name} declares a document type, which a Word file must not. Save it anew in Word`)
  return text
}

async function readEntries(archive: ZipFile): Promise<WordPackage> {
  if (archive.entryCount > packageLimits.entries)
    throw new Refusal(
      'too_large',
      `The Word file has ${count(archive.entryCount)} parts; ${count(packageLimits.entries)} is the limit`,
    )
  const entries: Entry[] = []
  const names = new Set<string>()
  let packed = 0
  let unpacked = 0
  let unread = 0
  for await (const entry of archive.eachEntry()) {
    checkEntry(entry)
    if (names.has(entry.fileName))
      throw new Refusal('not_word', `${entry.fileName} is in the file twice. Save it anew in Word`)
    names.add(entry.fileName)
    packed += entry.compressedSize
    if (isXml(entry.fileName)) unpacked += entry.uncompressedSize
    else unread += entry.uncompressedSize
    if (packed > archive.fileSize)
      throw new Refusal(
        'zip_bomb',
        'The parts of the file lie over one another, as in no document. Save it anew in Word',
      )
    if (unpacked > packageLimits.allBytes || unread > packageLimits.otherBytes)
      throw new Refusal(
        'too_large',
        `The Word file unpacks to more than ${count(packageLimits.allBytes)} bytes of text or ${count(packageLimits.otherBytes)} of images, which is the limit`,
      )
    entries.push(entry)
  }
  const parts = new Map<string, string>()
  const others: string[] = []
  for (const entry of entries) {
    if (!isXml(entry.fileName)) others.push(entry.fileName)
    else parts.set(entry.fileName, textOf(await inflate(archive, entry), entry.fileName))
  }
  if (/macroEnabled/i.test(parts.get('[Content_Types].xml') ?? ''))
    throw new Refusal('macros', 'The Word file is of the kind with macros. Save it as a Word document (.docx)')
  return { parts, others }
}

const startsWith = (bytes: Uint8Array, ...signature: number[]) => signature.every((byte, at) => bytes[at] === byte)

/** Opens a Word file. Gives undefined with a problem in `notices` where it is none, or one that is not to be opened. */
export async function openPackage(bytes: Uint8Array, notices: Notices): Promise<WordPackage | undefined> {
  const refuse = (code: FindingCode, detail: string) => {
    notices.refuse(code, detail)
    return undefined
  }
  if (bytes.length === 0) return refuse('empty_document', 'The document is empty. Send the text of a role definition')
  if (startsWith(bytes, 0xd0, 0xcf, 0x11, 0xe0))
    return refuse(
      'not_word',
      'This is an old Word document (.doc), or one with a password. Save it as .docx without one',
    )
  if (!startsWith(bytes, 0x50, 0x4b))
    return refuse(
      'not_word',
      'The body is not a Word document (.docx). Send Markdown as text/markdown, HTML as text/html',
    )
  try {
    const archive = await fromBufferPromise(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), {
      lazyEntries: true,
    })
    return await readEntries(archive)
  } catch (error) {
    if (error instanceof Refusal) return refuse(error.code, error.message)
    const said = error instanceof Error ? error.message : ''
    // Names that lead out of the archive (APPNOTE 4.4.17) are found by yauzl.
    if (/relative path|absolute path|invalid characters/.test(said))
      return refuse('unsafe_name', 'A part of the file has a name that leads out of it. Save the document anew in Word')
    return refuse('damaged', 'The Word file is damaged or cut short. Send the whole file again')
  }
}
