import encodeQR from 'qr'
import { OversizedBytesError } from '@parley/core'

// ISO/IEC 18004 wants four light modules on every side.
const QUIET_ZONE = 4
/** Upper case letters, digits and ` $%*+-./:` of the largest code with the least error correction. */
const MAX_CHARACTERS = 4296

/**
 * Draws a QR code for a terminal, two modules in one character. Light modules
 * are drawn and dark ones left empty, as terminals are usually dark.
 *
 * @throws {OversizedBytesError} when the text has no room in a QR code
 */
export function qrTerminal (text: string): string {
  const modules = draw(text, () => encodeQR(compact(text), 'raw', { ecc: 'low', border: QUIET_ZONE }))
  const lines: string[] = []
  for (let row = 0; row < modules.length; row += 2) {
    const upper = modules[row] ?? []
    const lower = modules[row + 1]
    lines.push(upper.map((dark, column) => halves(!dark, lower !== undefined && lower[column] === false)).join(''))
  }
  return `${lines.join('\n')}\n`
}

/**
 * Draws a QR code as an SVG document.
 *
 * @throws {OversizedBytesError} when the text has no room in a QR code
 */
export function qrSvg (text: string): string {
  return draw(text, () => encodeQR(compact(text), 'svg', { ecc: 'low', border: QUIET_ZONE }))
}

function halves (upper: boolean, lower: boolean): string {
  if (upper) return lower ? '█' : '▀'
  return lower ? '▄' : ' '
}

/** Parley URLs mean the same in upper case, which takes a third less room. */
function compact (text: string): string {
  return /^parley:[a-z]+\/\d+\/[a-z2-7]*$/i.test(text) ? text.toUpperCase() : text
}

function draw<T> (text: string, encode: () => T): T {
  if (text.length > MAX_CHARACTERS) throw new OversizedBytesError('text of a QR code', text.length, MAX_CHARACTERS)
  try {
    return encode()
  } catch {
    // Other characters than the densest take more room, so the limit is met earlier.
    throw new OversizedBytesError('text of a QR code', text.length, MAX_CHARACTERS)
  }
}
