import type { CID } from '@parley/core'
import type { Message } from '@parley/conversations'
import { publicKeyFromDid } from '@parley/identity'
import { oggOpusPages, type OpusPacket } from '@parley/media'
import { VoiceUnavailableError, decodeManifest, openManifest, openSegment, verifySegment } from '@parley/voice'

/**
 * Yields a finished spoken message as an Ogg Opus file, from the blocks that
 * are here. A segment that is not becomes silence of its length; undefined
 * where nothing was kept or the message has not ended.
 *
 * @throws {VoiceUnavailableError} while reading, when its description or all of it is missing
 */
export function voiceFile (message: Message, block: (cid: CID) => Promise<Uint8Array | undefined>): AsyncIterable<Uint8Array> | undefined {
  const { voice, device } = message
  if (voice?.manifest === undefined || voice.manifest === null) return undefined
  return oggOpusPages(packetsOf({ manifest: voice.manifest, key: voice.key, speaker: publicKeyFromDid(device) }, block))
}

async function * packetsOf ({ manifest: cid, key, speaker }: { manifest: CID, key: Uint8Array, speaker: Uint8Array }, block: (cid: CID) => Promise<Uint8Array | undefined>): AsyncGenerator<OpusPacket> {
  const bytes = await block(cid)
  if (bytes === undefined) throw new VoiceUnavailableError(0, 'its description is not on this device')
  const manifest = decodeManifest(bytes)
  const { samples } = openManifest(key, manifest)
  let heard = 0
  for (const [index, segment] of manifest.segments.entries()) {
    const sealed = await block(segment)
    if (sealed === undefined) {
      yield { data: new Uint8Array(0), samples: samples[index] ?? 0 }
      continue
    }
    heard++
    yield * openSegment(key, await verifySegment(speaker, sealed)).packets
  }
  if (heard === 0 && manifest.segments.length > 0) throw new VoiceUnavailableError(0, 'nothing of it is on this device')
}
