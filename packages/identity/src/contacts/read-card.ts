import type { AbortOptions } from '@parley/core'
import decodeQR from 'qr/decode.js'
import { decodeContactCard, parseContactUrl, type ContactCard } from '../contact-card.ts'
import { publicKeyFromDid, type Did } from '../did.ts'
import { WrongPersonError } from '../pairing/errors.ts'
import { CardNotFoundError, UnreadablePictureError } from './errors.ts'
import { MAX_PICTURE_PIXELS, decodePng, type Pixels } from './png.ts'

/** The name that a file with the bytes of a contact card ends in. */
export const CARD_FILE_EXTENSION = '.parley-card'

/** Optional work on a blurred picture ends after this. */
const READING_MS = 2000

/** Where a card is read from. */
export type CardSource =
  /** A contact URL, what a QR code says, or a DID. */
  | { text: string }
  /** The bytes of a `.parley-card` file: the card as it was signed. */
  | { file: Uint8Array }
  /** A PNG that shows a QR code. */
  | { picture: Uint8Array }
  /** What a camera, or a decoder of another picture format, gives. */
  | { pixels: Pixels }

export interface ReadCardOptions extends AbortOptions {
  /** Finds the card of a DID, as bytes. Without it a DID alone cannot be read. */
  fetchCard?: ((did: Did, options: AbortOptions) => Promise<Uint8Array | undefined>) | undefined
  /** Whose card it should be, where that is known. */
  expect?: Did | undefined
}

/**
 * Reads and verifies a contact card; nothing is stored.
 *
 * @throws {CardNotFoundError} when a DID's card is nowhere to be had
 * @throws {WrongPersonError} when the card is of somebody else than was expected, or whose DID was given
 * @throws {UnreadablePictureError | InvalidUrlError | InvalidDidError} and everything that `decodeContactCard` throws
 */
export async function readCard (source: CardSource, { fetchCard, expect, signal }: ReadCardOptions = {}): Promise<ContactCard> {
  const card = await cardOf(source, { fetchCard, signal })
  if (expect !== undefined && card.list.person !== expect) throw new WrongPersonError(expect, card.list.person)
  return card
}

/**
 * Returns the text of the QR code in a picture.
 *
 * @throws {UnreadablePictureError} when there is none, or more pixels than are looked at
 */
export function readQr ({ width, height, data }: Pixels): string {
  if (width * height > MAX_PICTURE_PIXELS || data.byteLength !== width * height * 4) throw new UnreadablePictureError('its pixels are not as many as its size says, or too many')
  try {
    return decodeQR({ width, height, data }, { format: 'RGBA', timeLimit: READING_MS })
  } catch (cause) {
    throw new UnreadablePictureError('no code was found', { cause })
  }
}

async function cardOf (source: CardSource, options: Pick<ReadCardOptions, 'fetchCard' | 'signal'>): Promise<ContactCard> {
  if ('file' in source) return await decodeContactCard(source.file)
  if ('picture' in source) return await cardOf({ pixels: await decodePng(source.picture) }, options)
  if ('pixels' in source) return await cardOf({ text: readQr(source.pixels) }, options)
  const text = source.text.trim()
  return /^did:/i.test(text) ? await fetched(text, options) : await parseContactUrl(text)
}

async function fetched (did: Did, { fetchCard, signal }: Pick<ReadCardOptions, 'fetchCard' | 'signal'>): Promise<ContactCard> {
  publicKeyFromDid(did)
  if (fetchCard === undefined) throw new CardNotFoundError(did, 'nothing here can look for it; ask for the contact URL')
  const bytes = await fetchCard(did, { signal })
  if (bytes === undefined) throw new CardNotFoundError(did, 'nobody who was asked has it')
  const card = await decodeContactCard(bytes)
  if (card.list.person !== did) throw new WrongPersonError(did, card.list.person)
  return card
}
