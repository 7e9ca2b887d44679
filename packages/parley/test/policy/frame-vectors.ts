import { cidOf } from '@parley/core'
import type { PolicyFrame } from '../../src/policy/frames.ts'

/** One of each frame, from fixed bytes. */
export function buildFrames (): Record<string, PolicyFrame> {
  const cid = cidOf(new TextEncoder().encode('policy'))
  const held = { wallMs: 1_700_000_000_000, counter: 2, cid }
  return {
    hello: { v: 1, type: 'hello', person: new Uint8Array(32).fill(1), card: new Uint8Array([1, 2, 3]), held },
    'hello without': { v: 1, type: 'hello', person: new Uint8Array(32).fill(1), card: null, held: null },
    held: { v: 1, type: 'held', held },
    policy: { v: 1, type: 'policy', block: new Uint8Array([4, 5, 6]) },
    kept: { v: 1, type: 'kept', cid },
    refuse: { v: 1, type: 'refuse', error: 'StalePolicyError', message: 'A newer policy is kept already' }
  }
}
