import type { AbortOptions, Clock } from '@parley/core'
import { parseClaimUrl, peerIdFromDid, rolesOf, type People } from '@parley/identity'
import type { FrameStream, Network } from '@parley/network'
import { DELEGATION_PROTOCOL, delegationAnswerCodec, delegationRequestCodec } from './delegation.ts'
import { ProxyRefusedError } from './errors.ts'
import type { OwnList } from './own-list.ts'
import type { OwnProxy } from './types.ts'

interface Components {
  network: Network
  people: People
  ownList: OwnList
  clock: Clock
  /** Makes our card from what `people` knows now. */
  card(): Promise<{ bytes: Uint8Array }>
}

/**
 * Puts a proxy on our device list and hands it the list.
 *
 * The list is signed and kept before the proxy hears of it: a proxy that then
 * refuses, or a process that dies between, leaves a listed proxy that serves
 * nobody, and the same code can be tried again.
 */
export async function addProxy ({ network, people, ownList, clock, card }: Components, claimUrl: string, { signal }: AbortOptions = {}): Promise<OwnProxy> {
  const claim = await parseClaimUrl(claimUrl)
  const now = Math.floor(clock.now())
  if (claim.expires <= now) throw new ProxyRefusedError('This code has expired; restart the proxy, it shows a new one')
  const target = { peer: peerIdFromDid(claim.device), addresses: claim.addresses }
  await network.connect(target, { signal })
  const list = await ownList.current()
  if (!rolesOf(list, claim.device, now).includes('proxy')) {
    await ownList.change({
      add: [{ device: claim.device, sealing: claim.sealing, name: claim.name, platform: claim.platform, roles: ['proxy'], capabilities: ['voice'], added: now }]
    })
  }
  const { person } = list
  await people.learnRoutes(person, [{ device: claim.device, addresses: claim.addresses }], now)
  const stream = await network.open(target, DELEGATION_PROTOCOL, { signal })
  try {
    const addresses = await handOver(stream, claim.token, (await card()).bytes, signal)
    await people.learnRoutes(person, [{ device: claim.device, addresses }], now)
    await people.learnCard((await card()).bytes)
    return { device: claim.device, name: claim.name, state: 'connected', addresses }
  } finally {
    await stream.close()
  }
}

async function handOver (stream: FrameStream, token: Uint8Array, card: Uint8Array, signal: AbortSignal | undefined): Promise<string[]> {
  await stream.send(delegationRequestCodec.encode({ v: 1, token: new Uint8Array(token), card: new Uint8Array(card) }), { signal })
  const frame = await stream.receive({ signal })
  if (frame === undefined) throw new ProxyRefusedError('The proxy ended the conversation without an answer')
  const answer = delegationAnswerCodec.decode(frame)
  if (!answer.ok) throw new ProxyRefusedError(`The proxy does not take this: ${answer.reason}`)
  return answer.addresses
}
