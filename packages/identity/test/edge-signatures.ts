// Writes vectors/v1/ed25519-edge.json. The cases are those that the paper
// "Taming the many EdDSAs" (Chalkias, Garillot, Nikolaenko 2020) describes, and
// the small-order table of the ZIP 215 specification; they are constructed here
// from the curve, deterministically. Run once: the file is frozen.
import { Point, hash, hashes } from '@noble/ed25519'
import { sha512 } from '@noble/hashes/sha2.js'
import { existsSync, writeFileSync } from 'node:fs'
import { concat, fromString, toString } from 'uint8arrays'

hashes.sha512 = sha512

const P = 2n ** 255n - 19n
const L = 2n ** 252n + 27742317777372353535851937790883648493n

/** One crafted signature and the verdict of the ZIP 215 rule, derived by construction and not by verifying it. */
interface EdgeCase { name: string, publicKey: string, message: string, signature: string, valid: boolean }

const cases: EdgeCase[] = []

function add (name: string, publicKey: Uint8Array, message: Uint8Array, r: Uint8Array, s: bigint, valid: boolean): void {
  cases.push({ name, publicKey: toString(publicKey, 'hex'), message: toString(message, 'hex'), signature: toString(concat([r, littleEndian(s)]), 'hex'), valid })
}

function littleEndian (value: bigint): Uint8Array {
  return fromString(value.toString(16).padStart(64, '0'), 'hex').reverse()
}

function number (bytes: Uint8Array): bigint {
  return BigInt(`0x${toString(Uint8Array.from(bytes).reverse(), 'hex')}`)
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value)
const scalar = (label: string): bigint => number(hash(text(label))) % L
const challenge = (r: Uint8Array, publicKey: Uint8Array, message: Uint8Array): bigint => number(hash(concat([r, publicKey, message]))) % L

// A point of order 8: any point times L that still has the full cofactor.
function torsion (): Point {
  for (let y = 2n; ; y++) {
    let point: Point
    try {
      point = Point.fromBytes(littleEndian(y), true)
    } catch { continue }
    const candidate = point.multiplyUnsafe(L - 1n).add(point)
    if (!candidate.double().double().is0()) return candidate
  }
}

const T8 = torsion()
const smallOrder = Array.from({ length: 8 }, (_value, index) => T8.multiplyUnsafe(BigInt(index)))

/** Every 32-byte string that ZIP 215 decodes to `point`: y or, where it fits, y + p; and either sign when x is 0. */
function encodings (point: Point): Uint8Array[] {
  const { x, y } = point.toAffine()
  const ys = y + P < 2n ** 255n ? [y, y + P] : [y]
  const signs = x === 0n ? [0n, 1n] : [x & 1n]
  return ys.flatMap(value => signs.map(sign => littleEndian(value | (sign << 255n))))
}

/** Finds a message for which `wanted` holds of the challenge. */
function messageWhere (r: Uint8Array, publicKey: Uint8Array, wanted: (k: bigint) => boolean): Uint8Array {
  for (let count = 0; ; count++) {
    const message = text(`parley edge ${count}`)
    if (wanted(challenge(r, publicKey, message))) return message
  }
}

const a = scalar('edge key')
const r = scalar('edge nonce')
const A = Point.BASE.multiply(a)
const R = Point.BASE.multiply(r)
const mixedA = A.add(T8)
const mixedR = R.add(T8)
const honest = text('parley edge honest')

// Ordinary.
{
  const k = challenge(R.toBytes(), A.toBytes(), honest)
  const s = (r + k * a) % L
  add('honest', A.toBytes(), honest, R.toBytes(), s, true)
  add('honest, S off by one', A.toBytes(), honest, R.toBytes(), s + 1n, false)
  add('honest, another message', A.toBytes(), text('parley edge other'), R.toBytes(), s, false)
  add('S + L: the same signature a second time', A.toBytes(), honest, R.toBytes(), s + L, false)
  add('S + 8 L, its top bits set', A.toBytes(), honest, R.toBytes(), s + 8n * L, false)
  add('S all ones', A.toBytes(), honest, R.toBytes(), 2n ** 256n - 1n, false)
  add('S = L', A.toBytes(), honest, R.toBytes(), L, false)
}

// Small-order keys: whatever is signed, the key vouches for nothing, and ZIP 215 accepts it all the same.
{
  const small = T8.toBytes()
  add('small-order A and R, S = 0', small, messageWhere(small, small, k => k % 8n === 7n), small, 0n, true)
  add('small-order A and R, S = 0, only with the cofactor', small, messageWhere(small, small, k => k % 8n === 3n), small, 0n, true)
  const s = scalar('edge s')
  const sB = Point.BASE.multiply(s)
  const mixed = sB.add(T8.negate())
  add('small-order A, mixed-order R', small, messageWhere(mixed.toBytes(), small, k => k % 8n === 1n), mixed.toBytes(), s, true)
  add('small-order A, mixed-order R, only with the cofactor', small, messageWhere(mixed.toBytes(), small, k => k % 8n === 5n), mixed.toBytes(), s, true)
}

// Mixed-order keys.
{
  const keyBytes = mixedA.toBytes()
  const sign = (name: string, rBytes: Uint8Array, nonce: bigint, wanted: (k: bigint) => boolean): void => {
    const message = messageWhere(rBytes, keyBytes, wanted)
    add(name, keyBytes, message, rBytes, (nonce + challenge(rBytes, keyBytes, message) * a) % L, true)
  }
  sign('mixed-order A, small-order R', T8.toBytes(), 0n, k => k % 8n === 7n)
  sign('mixed-order A and R, without the cofactor too', mixedR.toBytes(), r, k => k % 8n === 7n)
  sign('mixed-order A and R, only with the cofactor', mixedR.toBytes(), r, k => k % 8n === 2n)
  sign('mixed-order A, R in the main subgroup, only with the cofactor', R.toBytes(), r, k => k % 8n === 4n)
  // A verifier that computes 8 (k A) with 8 k reduced modulo L refuses these.
  sign('mixed-order A, 8 k beyond L', R.toBytes(), r, k => 8n * k > L && k % 8n === 1n && (8n * k % L) % 8n !== 0n)
  sign('prime-order R, k a multiple of 8', R.toBytes(), r, k => k % 8n === 0n)
}

// Encodings that are not canonical: hashed as they came, never as they would be written again.
{
  const minusZero = encodings(Point.ZERO)
  const zero = Point.ZERO.toBytes()
  for (const [index, encoding] of minusZero.entries()) {
    const k = challenge(encoding, A.toBytes(), honest)
    add(`R = 0 in encoding ${index}, hashed as it is`, A.toBytes(), honest, encoding, (k * a) % L, true)
    if (index > 0) add(`R = 0 in encoding ${index}, hashed as if canonical`, A.toBytes(), honest, encoding, (challenge(zero, A.toBytes(), honest) * a) % L, false)
    const key = challenge(R.toBytes(), encoding, honest)
    add(`A = 0 in encoding ${index}, S = r`, encoding, honest, R.toBytes(), r, true)
    add(`A = 0 in encoding ${index}, S = r + k`, encoding, honest, R.toBytes(), (r + key) % L, false)
  }
}

// No points at all.
{
  const off: Uint8Array[] = []
  for (let y = 2n; off.length < 2; y++) {
    try { Point.fromBytes(littleEndian(y), true) } catch { off.push(littleEndian(y)) }
  }
  for (let y = P; off.length < 4 && y < 2n ** 255n; y++) {
    try { Point.fromBytes(littleEndian(y), true) } catch { off.push(littleEndian(y)) }
  }
  for (const [index, bytes] of off.entries()) {
    add(`A not on the curve (${index})`, bytes, honest, R.toBytes(), r, false)
    add(`R not on the curve (${index})`, A.toBytes(), honest, bytes, r, false)
  }
}

// ZIP 215: all pairs of small-order encodings with S = 0 are valid for any message.
{
  const all = smallOrder.flatMap(encodings).sort((x, y) => number(x) < number(y) ? -1 : 1)
  for (const publicKey of all) {
    for (const rBytes of all) {
      add(`small-order pair ${toString(publicKey, 'hex').slice(0, 8)}…${toString(publicKey.subarray(31), 'hex')} ${toString(rBytes, 'hex').slice(0, 8)}…${toString(rBytes.subarray(31), 'hex')}`, publicKey, text('Zcash'), rBytes, 0n, true)
    }
  }
}

const target = new URL('vectors/v1/ed25519-edge.json', import.meta.url)
const document = { rule: 'ZIP 215', source: 'test/edge-signatures.ts', cases }
if (existsSync(target)) console.log(`frozen already; ${cases.length} cases would be written`)
else writeFileSync(target, `${JSON.stringify(document, null, 1)}\n`)
