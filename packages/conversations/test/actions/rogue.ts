import { createSeededRandom, type CID } from '@parley/core'
import { encryptContent, sealTo } from '@parley/identity'
import { compare } from 'uint8arrays'
import { encodeContent } from '../../src/actions/registry.ts'
import type { AccessChange } from '../../src/format/access-change.ts'
import { sealingContext } from '../../src/format/sealing-context.ts'
import type { Content } from '../../src/index.ts'
import { encodeKeys } from '../../src/read/keyring.ts'
import { forge } from '../log/forge.ts'
import type { Somebody } from '../log/world.ts'

/** What somebody writes who keeps no rule but those that a replica checks before it stores: an action that begins an epoch, readable to `readers`. */
export async function rogue (by: Somebody, id: CID, content: Content | Uint8Array, { seq, after, epoch, wallMs, readers, access }: {
  seq: number
  /** The heads that it follows, without its author's own. */
  after: CID[]
  epoch: number
  wallMs: number
  readers: Somebody[]
  access?: AccessChange
}): Promise<{ bytes: Uint8Array, cid: CID }> {
  const random = createSeededRandom(seq + epoch * 97 + 1)
  const key = random(32)
  const context = sealingContext(id.multihash.digest, by.device.signer.publicKey, seq)
  const copies = await sealTo(readers.map(({ device }) => ({ device: device.did, sealing: device.sealing.publicKey })), 'conversation-key', encodeKeys([{ epoch, key }]), context)
  return await forge(by, id, {
    seq,
    after,
    epoch,
    time: { wallMs, counter: 0, offsetMinutes: 0 },
    ...(access === undefined ? {} : { access }),
    keys: copies.sort((a, b) => compare(a.device, b.device)),
    sealed: encryptContent(key, content instanceof Uint8Array ? content : encodeContent(content), context, random)
  })
}
