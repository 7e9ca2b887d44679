import type { AbortOptions, RandomBytes } from '@parley/core'
import type { FrameStream, Network } from '@parley/network'

/** How bad a link is. */
export interface LinkInit {
  latencyMs: number
  bytesPerSecond: number
  /** After how many frames it breaks, of both directions together: at random up to twice as many. */
  framesBetweenCuts: number
  random: RandomBytes
}

/** A link with a clock of its own: it advances when there is something to carry, and nobody sleeps. */
export interface BadLink {
  /** Milliseconds that went by on the link. */
  readonly nowMs: number
  readonly cuts: number
  /** Bytes that were carried, one way and the other. */
  readonly carriedBytes: number
  /** Returns a network whose streams, and whose blocks, go over the link. */
  over(network: Network, watch?: (frame: Uint8Array, way: 'out' | 'in') => void): Network
  /** Breaks nothing any more. */
  mend(): void
}

interface Parcel { at: number, arrive(): void }

export function createBadLink ({ latencyMs, bytesPerSecond, framesBetweenCuts, random }: LinkInit): BadLink {
  const parcels: Parcel[] = []
  let nowMs = 0
  let cuts = 0
  let carriedBytes = 0
  let isPumping = false
  let isMended = false
  const freeAt = { out: 0, in: 0 }
  const drawn = (): number => 1 + ((random(1)[0] ?? 0) * 256 + (random(1)[0] ?? 0)) % (2 * framesBetweenCuts)
  let left = drawn()

  const pump = async (): Promise<void> => {
    if (isPumping) return
    isPumping = true
    while (parcels.length > 0) {
      // Lets whoever got the last one answer before time goes on.
      for (let turn = 0; turn < 3; turn++) await new Promise(resolve => { setImmediate(resolve) })
      const next = parcels.reduce((first, parcel) => parcel.at < first.at ? parcel : first)
      parcels.splice(parcels.indexOf(next), 1)
      nowMs = Math.max(nowMs, next.at)
      next.arrive()
    }
    isPumping = false
  }
  const at = (ms: number, arrive: () => void): void => {
    parcels.push({ at: ms, arrive })
    void pump()
  }
  /** Puts bytes on the line: `sent` when there is room for the next, `arrived` at the other end. */
  const carry = (bytes: number, way: 'out' | 'in'): { sent: Promise<void>, arrived: Promise<void> } => {
    carriedBytes += bytes
    freeAt[way] = Math.max(nowMs, freeAt[way]) + bytes * 1000 / bytesPerSecond
    const [sent, arrived] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    at(freeAt[way], sent.resolve)
    at(freeAt[way] + latencyMs, arrived.resolve)
    return { sent: sent.promise, arrived: arrived.promise }
  }
  const isCutNow = (): boolean => {
    if (isMended || --left > 0) return false
    left = drawn()
    cuts++
    return true
  }
  const wrap = (stream: FrameStream, watch: (frame: Uint8Array, way: 'out' | 'in') => void): FrameStream => {
    let inbound: Promise<unknown> = Promise.resolve()
    let outbound: Promise<unknown> = Promise.resolve()
    const broken = (): Error => {
      const error = new Error('the link broke')
      stream.abort(error)
      return error
    }
    const receive = async (options?: AbortOptions): Promise<Uint8Array | undefined> => {
      const frame = await stream.receive(options)
      if (frame === undefined) return undefined
      if (isCutNow()) throw broken()
      const { arrived } = carry(frame.byteLength, 'in')
      await arrived
      watch(frame, 'in')
      return frame
    }
    return {
      peer: stream.peer,
      protocol: stream.protocol,
      signal: stream.signal,
      async send (frame, options) {
        if (isCutNow()) throw broken()
        const { sent, arrived } = carry(frame.byteLength, 'out')
        watch(frame, 'out')
        outbound = Promise.all([outbound, arrived]).then(async () => { await stream.send(frame) })
        outbound.catch(() => {})
        await sent
        options?.signal?.throwIfAborted()
      },
      async receive (options) {
        const mine = inbound.then(async () => await receive(options))
        inbound = mine.catch(() => {})
        return await mine
      },
      async * [Symbol.asyncIterator] () {
        for (let frame = await this.receive(); frame !== undefined; frame = await this.receive()) yield frame
      },
      async close () {
        await outbound
        await stream.close()
      },
      abort (error) { stream.abort(error) }
    }
  }
  return {
    get nowMs () { return nowMs },
    get cuts () { return cuts },
    get carriedBytes () { return carriedBytes },
    mend () { isMended = true },
    over: (network, watch = () => {}) => Object.assign(Object.create(network) as Network, {
      peerId: network.peerId,
      handle: async () => async () => {},
      open: async (...args: Parameters<Network['open']>) => wrap(await network.open(...args), watch),
      blocks: {
        async get (...args: Parameters<Network['blocks']['get']>) {
          if (isCutNow()) throw new Error('the link broke')
          const bytes = await network.blocks.get(...args)
          await carry(bytes.byteLength, 'in').arrived
          return bytes
        }
      }
    })
  }
}
