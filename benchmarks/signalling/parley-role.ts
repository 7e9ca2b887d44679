import { createSystemClock, silentLogger, systemRandom } from '@parley/core'
import { peerIdFromDid } from '@parley/identity'
import { createMemoryStore, createNetwork, type Network } from '@parley/network'
import { createSignalling, type Signalling } from '@parley/signalling'
import { setTimeout as pause } from 'node:timers/promises'
import { cast, introduced, somebody } from '../harness/cast.ts'
import { playRole } from '../harness/role.ts'

let node: { network: Network, signalling: Signalling, rang: number } | undefined

function started (): NonNullable<typeof node> {
  if (node === undefined) throw new RangeError('the node was not started')
  return node
}

export const role = {
  /** Starts the node of person `number` of two; returns its addresses. It knows those of the other when they are given. */
  async begins (number: number, otherAddresses: string[]): Promise<string[]> {
    const everybody = await cast(2)
    const [who, other] = [everybody[number], await somebody(1 - number, { addresses: otherAddresses })]
    if (who === undefined) throw new RangeError(`there is no person ${number}`)
    const store = createMemoryStore()
    const people = await introduced(store, [who, other])
    const network = await createNetwork({ store, logger: silentLogger }, { seed: who.device.seed, listen: ['/ip4/127.0.0.1/tcp/0'] })
    const signalling = await createSignalling({ network, people, device: who.device, person: who.did, clock: createSystemClock(), random: systemRandom, logger: silentLogger, store })
    const own = node = { network, signalling, rang: 0 }
    signalling.on('offer', () => { own.rang++ })
    return network.addresses()
  },
  /** Opens the direct stream to the other one. */
  async warms (): Promise<void> {
    const { network, signalling } = started()
    const other = (await cast(2))[1]
    if (other === undefined || await signalling.warm(other.did) !== 1) throw new RangeError('no direct stream was opened')
    // The topic is part of it too, should the stream not answer at once: it must have its subscriber.
    const peer = peerIdFromDid(other.device.did)
    if (!network.peers().some(connection => connection.peer === peer)) throw new RangeError('the peers are not connected')
  },
  /** Calls so many times, one after the other; returns how long each took until the callee had acknowledged the offer, and until it had said that it rings. */
  async calls (count: number, pauseMs: number): Promise<{ acknowledgedMs: number[], ringingMs: number[] }> {
    const { signalling } = started()
    const [alice, bob] = await cast(2)
    if (alice === undefined || bob === undefined) throw new RangeError('somebody is missing')
    const acknowledgedMs: number[] = []
    const ringingMs: number[] = []
    for (let index = 0; index < count; index++) {
      const startedMs = performance.now()
      const call = signalling.offer({ to: bob.did, card: alice.card })
      const acknowledged = new Promise<void>(resolve => { call.on('acknowledged', () => { acknowledgedMs.push(performance.now() - startedMs); resolve() }) })
      const reach = await new Promise<string>(resolve => { call.on('reach', resolve) })
      ringingMs.push(performance.now() - startedMs)
      if (reach !== 'ringing') throw new RangeError(`the callee was ${reach}`)
      await acknowledged
      call.leave()
      await call.ended
      await pause(pauseMs)
    }
    return { acknowledgedMs, ringingMs }
  },
  /** Returns how many calls rang here, and what was refused. */
  rang: (): { rang: number, refused: Record<string, number> } => ({ rang: started().rang, refused: started().signalling.refusals() }),
  async stops (): Promise<void> {
    await started().signalling.stop()
    await started().network.stop()
  }
}

if (process.send !== undefined) playRole(role)
