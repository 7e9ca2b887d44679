import { InvalidBytesError, MAX_AHEAD_MS, StoppedError, createEmitter, withTimeout, type Clock, type Emitter, type Logger, type Store } from '@parley/core'
import { LOW_STOCK, decodePreKeyBatch, didFromPublicKey, type Did, type People } from '@parley/identity'
import type { FrameStream, Network } from '@parley/network'
import { MAX_PRE_KEY_FRAME_BYTES, PRE_KEY_PROTOCOL, preKeyFrameCodec, refusalFrame, type FrameOf } from './frames.ts'
import { createHeldStore } from './held-pre-keys.ts'
import { checkAsker, checkOwnDevice, mayHoldKeys, notAllowed } from './peer-of.ts'
import { nextFrame, sendFrame } from './streams.ts'
import { createTakeLimit } from './take-limit.ts'

export interface PreKeyHolderEvents extends Record<string, unknown> {
  /** A device left keys; they are on the disk. */
  kept: { person: Did, device: Did, left: number }
  /** Somebody was given one-time keys; they are off the disk. */
  given: { person: Did, asker: Did, count: number }
}

/** What a proxy keeps of the pre-keys of the people it serves. */
export interface PreKeyHolder extends Emitter<PreKeyHolderEvents> {
  /** Returns how many one-time keys of a device are left. */
  left(person: Did, device: Did): Promise<number>
  stop(): Promise<void>
}

export interface PreKeyHolderComponents {
  store: Store
  network: Network
  people: People
  clock: Clock
  logger: Logger
}

export interface PreKeyHolderInit {
  serves: () => readonly Did[]
  /** Decides who may have keys of a person's devices: whoever may leave them something. */
  mayTake: (asker: Did, person: Did) => boolean | Promise<boolean>
  /** One-time keys of one person that somebody is given in a day; then they get last-resort keys alone. @default 60 */
  keysPerDay?: number
}

/** How long an answer to a peer that is refused may take. */
const FAREWELL_TIMEOUT_MS = 2000
/** Streams of one device at a time: one on which it hears how many are left, and some on which it asks. */
const MAX_STREAMS_PER_PEER = 4

/** Opens the pre-keys kept here and answers on `/parley/pre-keys/1`. */
export async function createPreKeyHolder (components: PreKeyHolderComponents, { serves, mayTake, keysPerDay = 60 }: PreKeyHolderInit): Promise<PreKeyHolder> {
  const { network, people, clock } = components
  const logger = components.logger.child('pre-keys')
  const events = createEmitter<PreKeyHolderEvents>(logger)
  const held = createHeldStore(components)
  const limit = createTakeLimit(components, { perDay: keysPerDay })
  const stopping = new AbortController()
  const { signal } = stopping
  /** Devices that hear how many are left. */
  const listening = new Map<string, () => Promise<void>>()

  /** Serves a device of somebody's as long as it stays. */
  const serveDevice = async (stream: FrameStream, hello: FrameOf<'hello'>): Promise<void> => {
    const person = didFromPublicKey(hello.person)
    const check = async (card: Uint8Array | null): Promise<Did> => await checkOwnDevice(people, { peer: stream.peer, person, card }, serves(), clock.now())
    const device = await check(hello.card)
    const tell = async (): Promise<void> => { await sendFrame(stream, { v: 1, type: 'left', ...heldFrame(await held.state(person, device, clock.now())) }, { signal }) }
    const name = `${person} ${device}`
    listening.set(name, tell)
    try {
      await tell()
      for (let put = await nextFrame(stream, ['put'], { signal }); put !== undefined; put = await nextFrame(stream, ['put'], { signal })) {
        const batch = await decodePreKeyBatch(put.block)
        // It may have been revoked since it said hello.
        if (await check(null) !== batch.device || batch.person !== person) throw new InvalidBytesError('batch of pre-keys', 'it is of another device')
        if (batch.issued > clock.now() + MAX_AHEAD_MS) throw new InvalidBytesError('batch of pre-keys', 'it is of the future')
        await held.keep(batch, clock.now())
        const { left } = await held.state(person, device, clock.now())
        events.emit('kept', { person, device, left })
        await tell()
      }
    } finally {
      if (listening.get(name) === tell) listening.delete(name)
    }
  }
  const give = async (stream: FrameStream, { person: personKey, asker: askerKey, card, wanted }: FrameOf<'take'>): Promise<void> => {
    const [person, asker] = [didFromPublicKey(personKey), didFromPublicKey(askerKey)]
    if (!serves().includes(person)) throw notAllowed()
    await checkAsker(people, { peer: stream.peer, person: asker, card }, clock.now())
    if (!await mayTake(asker, person)) throw notAllowed()
    const list = await people.list(person)
    const devices: FrameOf<'given'>['devices'] = []
    const low: Did[] = []
    let given = 0
    for (const { device: key, count } of wanted) {
      const device = didFromPublicKey(key)
      if (!mayHoldKeys(list, device, clock.now())) continue
      const { left } = await held.state(person, device, clock.now())
      const { keys, lastResort } = await held.hand(person, device, limit.grant(asker, person, Math.min(count, left)), clock.now())
      given += keys.length
      if (keys.length > 0 && left - keys.length < LOW_STOCK) low.push(device)
      if (keys.length > 0 || lastResort !== null) devices.push({ device: key, keys, lastResort })
    }
    await sendFrame(stream, { v: 1, type: 'given', devices }, { signal })
    if (given > 0) events.emit('given', { person, asker, count: given })
    for (const device of low) void listening.get(`${person} ${device}`)?.().catch((error: unknown) => { logger.warn('a device could not be told that its pre-keys are few', { device, error }) })
  }
  const refuse = async (stream: FrameStream, error: Error): Promise<void> => {
    if (signal.aborted || stream.signal.aborted) return
    logger.warn('a pre-key stream was refused', { peer: stream.peer, error })
    await withTimeout(stream.send(preKeyFrameCodec.encode(refusalFrame(error))), 'Refusing a stream', FAREWELL_TIMEOUT_MS, clock).catch(() => { stream.abort(error) })
  }

  const unhandle = await network.handle(PRE_KEY_PROTOCOL, async stream => {
    try {
      const first = await nextFrame(stream, ['hello', 'take'], { clock, signal })
      if (first?.type === 'hello') await serveDevice(stream, first)
      else if (first !== undefined) await give(stream, first)
    } catch (error) {
      await refuse(stream, error as Error)
    }
    await stream.close()
  }, { maxFrameBytes: MAX_PRE_KEY_FRAME_BYTES, maxStreamsPerPeer: MAX_STREAMS_PER_PEER })

  return {
    on: events.on,
    left: async (person, device) => (await held.state(person, device, clock.now())).left,
    async stop () {
      if (signal.aborted) return
      stopping.abort(new StoppedError('The pre-key holder'))
      await unhandle()
    }
  }
}

function heldFrame ({ series, number, left, lastResort }: { series: Uint8Array | null, number: number, left: number, lastResort: Uint8Array | null }): Pick<FrameOf<'left'>, 'series' | 'number' | 'left' | 'lastResort'> {
  return { series: series?.slice() ?? null, number, left, lastResort: lastResort?.slice() ?? null }
}
