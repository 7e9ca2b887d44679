import type { EmitterSource, Logger } from '@parley/core'
import type { Did, People } from '@parley/identity'
import type { Network } from '@parley/network'
import { peerIdFromDid } from '@parley/identity'
import { callBytes, type IncomingOffer, type Signalling } from '@parley/signalling'
import { devicesWith, toRecord, type Admission, type CallJournal } from 'parley'
import { toString } from 'uint8arrays'
import type { ProxyEvents } from './types.ts'
import type { Clock } from '@parley/core'

export interface CallDeskComponents {
  signalling: Signalling
  people: People
  network: Network
  journal: CallJournal
  admission: Admission
  clock: Clock
  logger: Logger
  events: EmitterSource<ProxyEvents>
}

/**
 * Answers calls for the people the proxy serves: tells the caller how things
 * stand and takes the call at once, so that nobody waits to begin to speak.
 */
export function openCallDesk (components: CallDeskComponents): { stop(): void } {
  const { signalling, logger } = components
  const off = signalling.on('offer', offer => {
    answer(components, offer).catch((error: unknown) => {
      logger.error('a call could not be taken', { call: offer.call, error })
      offer.reject('unavailable', { detail: error instanceof Error ? error.message : 'this proxy cannot keep anything just now' })
    })
  })
  return { stop: off }
}

/** How long a connected device may take to say that it rings. */
const DEVICE_ANSWER_MS = 1000

async function answer ({ people, network, journal, admission, clock, events, logger }: CallDeskComponents, offer: IncomingOffer): Promise<void> {
  const answer = await admission.offer(offer.to, offer.from)
  if (answer.type === 'ignore') return
  if (answer.type === 'refuse') {
    logger.info('turned a stranger away', { call: offer.call, for: offer.to })
    offer.reject('unavailable', { detail: answer.reason })
    return
  }
  const call = toString(callBytes(offer.call), 'hex')
  const connected = new Set(network.peers().map(({ peer }) => peer))
  const devices = await devicesWith(people, offer.to, 'endpoint', clock.now())
  // Only a device can say that it rings; one that is connected gets a moment to say so.
  const isMaybeThere = devices.some(({ device }) => connected.has(peerIdFromDid(device)))
  const cancelReach = clock.setTimer(() => { offer.reach('proxy-only') }, isMaybeThere ? DEVICE_ANSWER_MS : 0)
  await journal.begin({ call, from: offer.from, to: offer.to, conversation: offer.conversation })
  offer.accept({ mode: 'capture' })
  logger.info('took a call', { call: offer.call, for: offer.to })
  const tell = async (): Promise<void> => {
    const record = await journal.read(call)
    if (record !== undefined) events.emit('call', toRecord(record, await nameOf(people, record.from)))
  }
  await tell()
  const { by } = await offer.ended
  cancelReach()
  const outputs = await journal.step(call, { type: 'offer-ended', by: by === 'time' ? 'expiry' : 'caller' })
  if (outputs.length > 0) await tell()
}

export async function nameOf (people: People, did: Did): Promise<string | undefined> {
  const name = (await people.list(did))?.name
  return name === '' ? undefined : name
}
