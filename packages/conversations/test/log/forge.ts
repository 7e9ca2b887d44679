import { cidOf, type CID } from '@parley/core'
import { encryptContent, publicKeyFromDid } from '@parley/identity'
import { compare } from 'uint8arrays'
import { encodeAction, type ActionFields } from '../../src/format/encode-action.ts'
import type { Somebody } from './world.ts'

/** Signs an action with any fields, as an author with bad intentions could; its seal opens with no key. */
export async function forge (by: Somebody, conversation: CID, fields: Partial<ActionFields> & { after?: CID[], follows?: CID }): Promise<{ bytes: Uint8Array, cid: CID }> {
  const { after = [], follows, ...rest } = fields
  const { block, body } = encodeAction({
    conversation: conversation.multihash.digest,
    author: by.device.signer.publicKey,
    person: publicKeyFromDid(by.did),
    seq: 0,
    prev: follows?.multihash.digest,
    heads: after.map(cid => cid.multihash.digest).sort(compare),
    time: { wallMs: 1_700_000_050_000, counter: 0, offsetMinutes: 0 },
    epoch: 0,
    sealed: encryptContent(new Uint8Array(32), Uint8Array.of(0xa0), new Uint8Array(), length => new Uint8Array(length)),
    ...rest
  })
  block.set(await by.device.signer.sign('action', body), block.length - 64)
  return { bytes: block, cid: cidOf(block) }
}
