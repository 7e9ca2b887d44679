import { CARD_FILE_EXTENSION, readCard, type CardSource, type ContactCard, type Did } from '@parley/identity'
import type { Parley } from 'parley'
import { findCard } from 'parley/node'
import { createLogger } from './log.ts'
import type { CommandContext } from './command.ts'
import { UsageError } from './errors.ts'
import { readInput, isFile } from './read-input.ts'

const PNG = [0x89, 0x50, 0x4e, 0x47]
const JPEG = [0xff, 0xd8]

/**
 * Reads a contact card as a command line names it: the URL, a DID, a file with
 * the card, a picture of its QR code, or `-` for any of them on standard input.
 *
 * @throws {UsageError | FileError} and what `readCard` throws
 */
export async function cardOf (context: CommandContext, parley: Parley, text: string, { from, expect }: { from: string | undefined, expect: Did | undefined }): Promise<ContactCard> {
  const { io, options } = context
  return await readCard(await sourceOf(context, text), {
    expect,
    signal: io.signal,
    async fetchCard (did, { signal }) {
      if (from !== undefined) return (await findCard({ clock: io.clock, logger: createLogger(io, { verbose: options.verbose === true }) }, did, from, { signal })).bytes
      const known = await parley.people.card(did)
      if (known === undefined) throw new UsageError('A DID alone does not say where its person can be found. Give the address of a proxy that serves them with --from, or ask them for their card: parley id card')
      return known
    }
  })
}

/** Reads what a picture, a file or a command line says of something that is shown as a URL or QR code. */
export async function sourceOf (context: CommandContext, text: string): Promise<CardSource> {
  if (/^\s*(parley|did):/i.test(text)) return { text }
  const isNamedFile = text === '-' || text.toLowerCase().endsWith(CARD_FILE_EXTENSION) || /\.(png|jpe?g|webp|gif)$/i.test(text)
  if (!isNamedFile && !await isFile(context.io, text)) return { text }
  const bytes = await readInput(context.io, text)
  if (begins(bytes, PNG) || begins(bytes, JPEG)) return { picture: bytes }
  const start = new TextDecoder().decode(bytes.subarray(0, 16))
  return /^\s*(parley|did):/i.test(start) ? { text: new TextDecoder().decode(bytes) } : { file: bytes }
}

function begins (bytes: Uint8Array, magic: number[]): boolean {
  return magic.every((byte, index) => bytes[index] === byte)
}
