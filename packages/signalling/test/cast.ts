import { createSeededRandom, silentLogger, systemRandom, type Clock, type Logger, type Store, type VirtualClock } from '@parley/core'
import { createContactCard, createDeviceKeys, createDeviceList, createPeople, createSigner, peerIdFromDid, type DeviceKeys, type DeviceList, type Did, type People, type Role } from '@parley/identity'
import { createMemoryStore } from '@parley/network'
import { createSignalling, type CallEnd, type IncomingOffer, type OutgoingCall, type Signalling, type SignallingInit } from '../src/index.ts'
import type { SimulatedNetworks } from './simulated-network.ts'

/** A device of somebody in a test. */
export interface CastDevice { keys: DeviceKeys, roles: Role[] }
/** Somebody in a test: their list and card, and the devices by name. */
export interface CastPerson { did: Did, list: DeviceList, card: Uint8Array, devices: Record<string, CastDevice> }

/** Creates a person whose devices have these roles; the same seed gives the same keys. */
export async function createPerson (seed: number, roles: Record<string, Role[]>, now: number): Promise<CastPerson> {
  const random = createSeededRandom(seed)
  const person = await createSigner(random(32))
  const devices: Record<string, CastDevice> = {}
  for (const [name, ofDevice] of Object.entries(roles)) devices[name] = { keys: await createDeviceKeys({ seed: random(32), sealingSecret: random(32) }), roles: ofDevice }
  const list = await createDeviceList(person, {
    name: `Person ${seed}`,
    issued: now,
    devices: Object.entries(devices).map(([name, { keys, roles }]) => ({
      device: keys.did, sealing: keys.sealing.publicKey, name, platform: 'node', roles, capabilities: [], added: 0
    }))
  })
  const [first] = Object.values(devices)
  if (first === undefined) throw new RangeError('a person needs a device')
  const routes = Object.values(devices).map(({ keys }) => ({ device: keys.did, addresses: [`/ip4/127.0.0.1/tcp/4001/p2p/${peerIdFromDid(keys.did)}`] }))
  const { bytes: card } = await createContactCard(first.keys.signer, { list, routes, issued: now, expires: now + 86_400_000 })
  return { did: person.did, list, card, devices }
}

export interface Running { signalling: Signalling, people: People, store: Store, device: DeviceKeys }

/** Starts signalling on a device that knows the cards of `knows`. */
export async function start (
  { networks, clock, logger = silentLogger }: { networks: SimulatedNetworks, clock: Clock, logger?: Logger },
  { person, device, knows, store = createMemoryStore(), init = {}, serves }: { person: CastPerson, device: string, knows: CastPerson[], store?: Store, init?: SignallingInit, serves?: () => Did[] }
): Promise<Running> {
  const keys = person.devices[device]?.keys
  if (keys === undefined) throw new RangeError(`no device ${device}`)
  const people = createPeople({ store, logger })
  for (const { card } of [person, ...knows]) await people.learnCard(card)
  const signalling = await createSignalling({
    network: networks.join(peerIdFromDid(keys.did)), people, device: keys, person: serves ?? person.did, clock, random: systemRandom, logger, store
  }, { role: person.devices[device]?.roles.includes('proxy') === true ? 'proxy' : 'endpoint', ...init })
  return { signalling, people, store, device: keys }
}

/** Moves time on in small steps until something is true; cryptography takes real time in between. */
export async function until (clock: VirtualClock, isTrue: () => boolean, { stepMs = 5, limitMs = 600_000 }: { stepMs?: number, limitMs?: number } = {}): Promise<void> {
  for (let waitedMs = 0; !isTrue(); waitedMs += stepMs) {
    if (waitedMs > limitMs) throw new RangeError(`did not happen within ${limitMs} ms: ${isTrue.toString()}`)
    await clock.advance(stepMs)
    // A timer turn lets the thread pool, where the platform's cryptography runs, answer.
    await new Promise(resolve => { setTimeout(resolve, 0) })
  }
}

/** Writes down what a call tells, in order; persons are named by `names`. */
export function followCall (call: OutgoingCall, names: Record<string, Did>): { told: string[], ends: CallEnd[] } {
  const told: string[] = []
  const ends: CallEnd[] = []
  const nameOf = (did: Did): string => Object.keys(names).find(name => names[name] === did) ?? did
  call.on('reach', reach => { told.push(reach) })
  call.on('accepted', ({ mode, onBehalfOf }) => { told.push(onBehalfOf === undefined ? mode : `${mode} for ${nameOf(onBehalfOf)}`) })
  call.on('rejected', ({ reason }) => { told.push(`rejected ${reason}`) })
  call.on('ended', end => { told.push(end.status); ends.push(end) })
  return { told, ends }
}

/** Gathers the offers that come to a device, and how each ends. */
export function offers ({ signalling }: Running): Array<{ offer: IncomingOffer, ends: CallEnd[] }> {
  const all: Array<{ offer: IncomingOffer, ends: CallEnd[] }> = []
  signalling.on('offer', offer => {
    const ends: CallEnd[] = []
    all.push({ offer, ends })
    offer.on('ended', end => { ends.push(end) })
  })
  return all
}
