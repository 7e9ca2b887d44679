import { createSystemClock, silentLogger, type Store } from '@parley/core'
import { createPeople, publicKeyFromDid } from '@parley/identity'
import { createNetwork, type PeerTarget } from '@parley/network'
import { openLevelStore } from '@parley/network/node'
import { createVoiceKeeper, decodeCaptureRecord, verifySegment, voiceName, type CaptureRecord, type VoiceKeeper } from '@parley/voice'
import { somebody } from '../harness/cast.ts'
import { machineMs, playRole } from '../harness/role.ts'

/** The number of the keeper's person: none of the speakers has it. */
const KEEPER = 1_000_000

/** What is found of a message after its keeper was killed. */
export interface Kept { name: string, state: string, segments: number }

let keeper: VoiceKeeper | undefined

export const role = {
  /** Starts an always-on node that keeps voice messages in a level store. */
  async begins (folder: string, capturesPerPeer: number): Promise<PeerTarget> {
    const { device } = await somebody(KEEPER, { role: 'proxy' })
    const store = await openLevelStore(folder)
    const people = createPeople({ store, logger: silentLogger })
    const network = await createNetwork({ store, logger: silentLogger }, { seed: device.seed, listen: ['/ip4/127.0.0.1/tcp/0'], hub: true })
    keeper = await createVoiceKeeper({ store, network, people, clock: createSystemClock(), logger: silentLogger }, { authorise: async () => ({ ok: true }), maxCapturesPerPeer: capturesPerPeer })
    return { peer: network.peerId, addresses: network.addresses() }
  },
  /** Processor time of all threads so far, the machine's time, and how many messages are being spoken. */
  usage (): { cpuMs: number, atMs: number, active: number, rssBytes: number } {
    const { user, system } = process.cpuUsage()
    return { cpuMs: (user + system) / 1000, atMs: machineMs(), active: keeper?.active().length ?? 0, rssBytes: process.memoryUsage.rss() }
  },
  /** Opens a folder that another process kept, and counts the segments of each message that are there and genuine. */
  async counts (folder: string): Promise<Kept[]> {
    const store = await openLevelStore(folder)
    const kept: Kept[] = []
    for await (const { value } of store.entries('/voice/capture/')) {
      const record = decodeCaptureRecord(value)
      kept.push({ name: voiceName(record.voice), state: record.state, segments: await countChain(store, record) })
    }
    await store.close()
    return kept
  }
}

/** Follows a message back from its last segment and verifies each. */
async function countChain (store: Store, { last, speaker }: CaptureRecord): Promise<number> {
  const publicKey = publicKeyFromDid(speaker)
  let count = 0
  for (let cid = last; cid !== null; count++) {
    const bytes = await store.getBlock(cid)
    if (bytes === undefined) throw new RangeError(`segment ${cid.toString()} is missing`)
    cid = (await verifySegment(publicKey, bytes)).prev
  }
  return count
}

if (process.send !== undefined) playRole(role)
