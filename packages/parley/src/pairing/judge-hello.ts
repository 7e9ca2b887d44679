import { sha256 } from '@parley/core'
import { didFromPublicKey, pairingProof, peerIdFromDid, type PairingCode } from '@parley/identity'
import { equals } from 'uint8arrays'
import { helloBodyCodec, type Hello, type PairingFrame, type Refusal } from './frames.ts'

/** What a device that shows a code knows when somebody dials. */
export interface OpenCode {
  code: PairingCode
  /** The hello that was taken, as it travelled. A code takes one only. */
  taken?: Uint8Array
  /** Whether what came of it has ended. */
  isOver: boolean
}

export type Verdict =
  | { type: 'take', hello: Hello }
  /** The stream broke and the same device comes again. */
  | { type: 'again' }
  | { type: 'refuse', reason: Refusal }

/**
 * Decides who is served. The first that proves it read the code, and nobody
 * after it: were a second hello taken when the first gave up, somebody who
 * stands between could try until the words agree.
 */
export function judgeHello ({ code, taken, isOver }: OpenCode, { frame, bytes, peer, now }: { frame: PairingFrame, bytes: Uint8Array, peer: string, now: number }): Verdict {
  if (frame.type !== 'hello' || peerIdFromDid(didFromPublicKey(frame.device)) !== peer) return refuse('unproven')
  if (isOver || !equals(frame.code, sha256(code.bytes))) return refuse('spent')
  if (!isProven(code, frame)) return refuse('unproven')
  if (frame.side === code.side) return refuse('mismatch')
  if (taken !== undefined) return equals(taken, bytes) ? { type: 'again' } : refuse('busy')
  return now < code.expires ? { type: 'take', hello: frame } : refuse('expired')
}

function isProven (code: PairingCode, { proof, ...body }: Hello): boolean {
  return equals(proof, pairingProof({ token: code.token, code: code.bytes, hello: helloBodyCodec.encode(body) }))
}

function refuse (reason: Refusal): Verdict {
  return { type: 'refuse', reason }
}
