import type { Clock } from '@parley/core'
import type { Conversations, Mailbox } from '@parley/conversations'
import { didFromPeerId, type DeviceKeys, type People } from '@parley/identity'
import type { Network } from '@parley/network'
import { MAILBOX_KINDS } from 'parley'
import type { CaptureRecord, VoiceKeeper } from '@parley/voice'
import { toString } from 'uint8arrays'
import { nameOf } from './call-desk.ts'
import type { Ownership } from './ownership.ts'
import type { CaptureStatus, ProxyStatus } from './types.ts'

export interface StatusComponents {
  network: Network
  people: People
  conversations: Conversations
  keeper: VoiceKeeper
  mailbox: Mailbox
  clock: Clock
}

/** A keeper that has not been able to write for so long is worth a warning on its own. */
const TROUBLE_SHOWN_MS = 5000

/** Creates what tells how a proxy is doing. */
export function createStatus ({ network, people, conversations, keeper, mailbox, clock }: StatusComponents, { keys, name, ownership }: { keys: DeviceKeys, name: string, ownership: Ownership }): () => Promise<ProxyStatus> {
  let trouble: { words: string, atMs: number } | undefined
  keeper.on('paused', ({ trouble: told }) => { trouble = { words: told.detail, atMs: clock.monotonicNow() } })
  let total = 0
  void (async () => { for await (const record of keeper.records()) if (record.state !== 'recording') total++ })()
  keeper.on('ended', () => { total++ })

  const captureOf = async (record: CaptureRecord): Promise<CaptureStatus> => ({
    call: toString(record.context, 'hex'),
    from: record.person,
    fromName: await nameOf(people, record.person),
    startedAt: record.startedAt,
    segments: record.segments,
    durationMs: Math.max(0, Math.floor(clock.now()) - record.startedAt),
    state: trouble === undefined || clock.monotonicNow() - trouble.atMs > TROUBLE_SHOWN_MS ? 'recording' : 'paused'
  })

  return async () => {
    const served = ownership.served()
    let held = 0
    for (const person of served) held += (await mailbox.held(person)).kinds[MAILBOX_KINDS.message] ?? 0
    let count = 0
    for await (const _id of conversations.ids()) count++
    const warnings = trouble === undefined || clock.monotonicNow() - trouble.atMs > TROUBLE_SHOWN_MS ? [] : [trouble.words]
    return {
      device: keys.did,
      name,
      serves: await Promise.all(served.map(async did => ({ did, name: await nameOf(people, did) ?? did }))),
      addresses: network.addresses(),
      ...(served.length === 0 ? { claimUrl: await ownership.claim() } : {}),
      peers: await Promise.all(network.peers().map(async connection => {
        const person = await people.personOf(didFromPeerId(connection.peer))
        return { ...connection, name: person === undefined ? undefined : await nameOf(people, person) }
      })),
      captures: await Promise.all(keeper.active().map(captureOf)),
      messages: { held, total },
      conversations: count,
      warnings
    }
  }
}
