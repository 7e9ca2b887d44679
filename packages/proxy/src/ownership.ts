import { bytesSchema, countSchema, createCodec, type Clock, type EmitterSource, type Logger, type RandomBytes, type Store } from '@parley/core'
import { claimUrl, createClaim, decodeContactCard, didFromPublicKey, publicKeyFromDid, rolesOf, type DeviceKeys, type DeviceList, type Did, type People } from '@parley/identity'
import type { FrameStream, Network } from '@parley/network'
import { DELEGATION_PROTOCOL, delegationAnswerCodec, delegationRequestCodec, type DelegationAnswer } from 'parley'
import * as z from 'zod/mini'
import { equals, toString } from 'uint8arrays'
import type { ProxyEvents } from './types.ts'

interface Components {
  store: Store
  network: Network
  people: People
  keys: DeviceKeys
  clock: Clock
  random: RandomBytes
  logger: Logger
  events: EmitterSource<ProxyEvents>
}

/** Whom a proxy serves, and how it came to that. */
export interface Ownership {
  served(): Did[]
  /** Resolves once the device lists that were learned are reckoned with. */
  settled(): Promise<void>
  /** Makes a claim code; it is good once, and until it expires or the proxy stops. */
  claim(): Promise<string>
  stop(): Promise<void>
}

const PREFIX = '/proxy/served/'
/** A claim code is typed or scanned at once; one that lies about must not open the proxy a week later. */
const CLAIM_LIFETIME_MS = 60 * 60 * 1000

const servedCodec = createCodec('served person', z.strictObject({ v: z.literal(1), person: bytesSchema({ exactBytes: 32 }), since: countSchema() }), { maxBytes: 128 })

/** Opens the list of people served and answers devices that come with a claim code. */
export async function createOwnership (components: Components, { name, platform }: { name: string, platform: string }): Promise<Ownership> {
  const { store, network, keys, clock, random, logger } = components
  const served = new Set<Did>()
  const leaving = new Set<Promise<void>>()
  const isLeft = (list: DeviceList): boolean => list.devices.some(({ device, revoked }) => device === keys.did && revoked !== undefined)
  // What came for somebody who has left would be acknowledged, and never fetched.
  const leave = (list: DeviceList): void => {
    const { person, name } = list
    if (!isLeft(list) || !served.delete(person)) return
    logger.info('serves somebody no longer', { person })
    components.events.emit('left', { did: person, name })
    const work = store.commit([{ type: 'delete', key: PREFIX + person }], { durable: true }).catch((error: unknown) => {
      logger.warn('it could not be kept that somebody left; their device list says so at the next start too', { person, error })
    }).finally(() => leaving.delete(work))
    leaving.add(work)
  }
  for await (const { value } of store.entries(PREFIX)) {
    const person = didFromPublicKey(servedCodec.decode(value).person)
    served.add(person)
    const list = await components.people.list(person)
    if (list !== undefined) leave(list)
  }
  /** Begins to serve those who follow somebody served: the old key said who, the new one agreed, and its list names this proxy. */
  const adopt = async (): Promise<void> => {
    for (const former of served) {
      const successor = (await components.people.list(former))?.successor
      const list = successor === undefined || served.has(successor) ? undefined : await components.people.list(successor)
      const record = list?.devices.find(({ device }) => device === keys.did)
      if (list === undefined || record === undefined || !equals(record.sealing, keys.sealing.publicKey) || !rolesOf(list, keys.did, clock.now()).includes('proxy')) continue
      await store.commit([{ type: 'put', key: PREFIX + list.person, value: servedCodec.encode({ v: 1, person: publicKeyFromDid(list.person).slice(), since: clock.now() }) }], { durable: true })
      served.add(list.person)
      logger.info('serves somebody under their new key too', { person: list.person, former })
      components.events.emit('served', { did: list.person, name: list.name })
    }
  }
  let adopting: Promise<void> = Promise.resolve()
  const adoptNext = (): void => {
    adopting = adopting.then(adopt).catch((error: unknown) => { logger.warn('it could not be kept that somebody has a new key; their device list says so at the next start too', { error }) })
  }
  const off = components.people.on('changed', ({ list }) => {
    leave(list)
    adoptNext()
  })
  adoptNext()
  await adopting
  let open: { token: Uint8Array, expires: number, url: string } | undefined

  const take = async (frame: Uint8Array): Promise<DelegationAnswer> => {
    const { token, card } = delegationRequestCodec.decode(frame)
    if (open === undefined || open.expires <= clock.now() || !equals(token, open.token)) return refused('this code was used, has expired or is not mine')
    const { list } = await decodeContactCard(card)
    const record = list.devices.find(({ device }) => device === keys.did)
    if (record === undefined || !rolesOf(list, keys.did, clock.now()).includes('proxy')) return refused('your device list does not name me as a proxy')
    if (!equals(record.sealing, keys.sealing.publicKey)) return refused('your device list names another sealing key for me')
    await components.people.learnCard(card)
    await store.commit([{ type: 'put', key: `${PREFIX}${list.person}`, value: servedCodec.encode({ v: 1, person: new Uint8Array(publicKeyFromDid(list.person)), since: clock.now() }) }], { durable: true })
    open = undefined
    served.add(list.person)
    logger.info('serves somebody new', { person: list.person })
    components.events.emit('served', { did: list.person, name: list.name })
    return { v: 1, ok: true, addresses: network.addresses() }
  }

  const unhandle = await network.handle(DELEGATION_PROTOCOL, async (stream: FrameStream) => {
    const frame = await stream.receive()
    if (frame === undefined) return
    const answer = await take(frame).catch((error: unknown) => {
      logger.warn('a delegation was refused', { peer: stream.peer, error })
      return refused(error instanceof Error ? error.message : 'it cannot be read')
    })
    await stream.send(delegationAnswerCodec.encode(answer))
    await stream.close()
  }, { maxFrameBytes: delegationRequestCodec.maxBytes, maxStreamsPerPeer: 2 })

  return {
    served: () => [...served],
    settled: async () => { await adopting },
    async claim () {
      const now = clock.now()
      if (open !== undefined && open.expires > now + CLAIM_LIFETIME_MS / 2) return open.url
      const token = random(16)
      const expires = now + CLAIM_LIFETIME_MS
      const claim = await createClaim(keys, { name, platform, addresses: network.addresses(), token, issued: now, expires })
      open = { token, expires, url: claimUrl(claim) }
      logger.debug('made a claim code', { prefix: toString(token.subarray(0, 2), 'hex') })
      return open.url
    },
    async stop () {
      off()
      await unhandle()
      await adopting
      await Promise.all(leaving)
    }
  }
}

function refused (reason: string): DelegationAnswer {
  return { v: 1, ok: false, reason }
}
