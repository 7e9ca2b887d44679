import { cidOf } from '@parley/core'
import type { ProfileFrame } from '../../src/profiles/frames.ts'

/** One of each frame, from fixed bytes. */
export function buildFrames (): Record<string, ProfileFrame> {
  const cid = cidOf(new TextEncoder().encode('profile'))
  const person = new Uint8Array(32).fill(1)
  const version = { wallMs: 1_700_000_000_000, counter: 2 }
  return {
    ask: { v: 1, type: 'ask', person, have: [{ tier: 'public', version }, { tier: 'contacts', version }] },
    'answer to a contact': {
      v: 1, type: 'answer', card: new Uint8Array([1, 2, 3]), public: null, copy: { tier: 'contacts', enc: new Uint8Array(32).fill(2), ct: new Uint8Array(80).fill(3) },
      sealed: [{ tier: 'correspondents', version, content: new Uint8Array([4, 5]) }, { tier: 'contacts', version, content: null }]
    },
    'answer to a stranger': { v: 1, type: 'answer', card: null, public: new Uint8Array([6, 7]), copy: null, sealed: [] },
    put: { v: 1, type: 'put', person, card: null, bundle: new Uint8Array([8, 9]) },
    'put of nothing': { v: 1, type: 'put', person, card: new Uint8Array([1]), bundle: null },
    kept: { v: 1, type: 'kept', cid },
    'kept nothing': { v: 1, type: 'kept', cid: null },
    newer: { v: 1, type: 'newer', bundle: new Uint8Array([8, 9]) },
    refuse: { v: 1, type: 'refuse', error: 'UnknownProfileError', message: 'There is no profile here' }
  }
}
