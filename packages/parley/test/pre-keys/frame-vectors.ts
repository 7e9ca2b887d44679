import type { PreKeyFrame } from '../../src/pre-keys/frames.ts'

const repeated = (byte: number, length = 32): Uint8Array<ArrayBuffer> => new Uint8Array(length).fill(byte)
const preKey = (byte: number) => ({ id: repeated(byte, 8), key: repeated(byte + 1), expires: 1_700_000_000_000 + byte, sig: repeated(byte + 2, 64) })

/** One of each frame, from fixed bytes. */
export function buildFrames (): Record<string, PreKeyFrame> {
  return {
    hello: { v: 1, type: 'hello', person: repeated(1), card: repeated(2, 3) },
    'hello without': { v: 1, type: 'hello', person: repeated(1), card: null },
    left: { v: 1, type: 'left', series: repeated(3, 8), number: 4, left: 29, lastResort: repeated(5, 8) },
    'left nothing': { v: 1, type: 'left', series: null, number: 0, left: 0, lastResort: null },
    put: { v: 1, type: 'put', block: repeated(6, 3) },
    take: { v: 1, type: 'take', person: repeated(1), asker: repeated(7), card: null, wanted: [{ device: repeated(8), count: 3 }, { device: repeated(9), count: 5 }] },
    given: { v: 1, type: 'given', devices: [{ device: repeated(8), keys: [preKey(10), preKey(20)], lastResort: preKey(30) }, { device: repeated(9), keys: [], lastResort: null }] },
    'given nothing': { v: 1, type: 'given', devices: [] },
    refuse: { v: 1, type: 'refuse', error: 'NotAllowedError', message: 'nothing is held here for this device' }
  }
}
