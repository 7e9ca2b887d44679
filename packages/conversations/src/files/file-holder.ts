import { StoppedError, createEmitter, type Change, type CID, type Clock, type Emitter, type Logger, type Store } from '@parley/core'
import { didFromPeerId, rolesOf, type Did, type People } from '@parley/identity'
import type { FrameStream, Network } from '@parley/network'
import { NotAllowedError } from '../sync/errors.ts'
import { refuseFrame } from '../sync/frames.ts'
import { createStreamRunner, type StreamOutput } from '../sync/stream-runner.ts'
import { announcesFile } from './announced-file.ts'
import { dagOf, sealedSize } from './dag-shape.ts'
import { beginWalk, nextRef, skipLeaf, takeBlock, type DagWalk } from './dag-walk.ts'
import { DamagedFileError, FileBusyError, FileInterruptedError, FileTooLargeError } from './errors.ts'
import { heldCodec, heldKey, readHeld, type HeldRecord } from './file-records.ts'
import type { Files } from './files.ts'
import { fileFrameCodec, type FileFrame, type OfferFrame } from './frames.ts'
import { FILE_PROTOCOL, MAX_FILE_BYTES, MAX_FILE_FRAME_BYTES, MAX_STREAMS_PER_PEER, PARTIAL_RETENTION_MS } from './limits.ts'
import { createTakerState, stepTaker, takerPatienceMs, type TakerInput, type TakerOutput, type TakerState } from './taker-machine.ts'

/** What a holder's owner is asked before a file is taken. */
export interface FileQuestion {
  conversation: CID
  /** An action that is here, of this conversation, and links to the root. */
  action: CID
  root: CID
  sizeBytes: number
  /** Who brings it: an endpoint of this person. */
  device: Did
  person: Did
  /** Sealed bytes that are kept on this person's behalf, and in all, this file not counted. */
  personBytes: number
  heldBytes: number
}

export type FileAnswer = { ok: true } | { ok: false, reason: string }

export interface FileHolderEvents extends Record<string, unknown> {
  /** All of a file is on the disk. */
  held: { root: CID, person: Did, sizeBytes: number }
  /** A stream ended before that, with the error that ended it. */
  refused: { peer: string, error: Error }
}

/** Keeps files for people who are away; anybody who knows a block's hash gets it over the exchange of blocks. */
export interface FileHolder extends Emitter<FileHolderEvents> {
  /** Drops files of which nothing more came for the time of retention; returns how many. */
  sweep(): Promise<number>
  /** Ends all streams and waits for what is being written. */
  stop(): Promise<void>
}

export interface FileHolderComponents {
  network: Pick<Network, 'handle'>
  store: Store
  files: Files
  people: People
  clock: Clock
  logger: Logger
}

export interface FileHolderInit {
  /** Decides who may have what kept here: who is in the conversation and served, and how much room they have. */
  admits: (question: FileQuestion) => Promise<FileAnswer>
  /** @default 1 MiB less than 16 GiB, the most a file may have */
  maxFileBytes?: number | undefined
  /** How long what was not brought to its end is kept. @default 7 days */
  partialRetentionMs?: number | undefined
}

type Output = Exclude<TakerOutput, StreamOutput<FileFrame>>

/** Creates a holder of files and begins to answer on `/parley/file/1`. */
export async function createFileHolder (components: FileHolderComponents, { admits, maxFileBytes = MAX_FILE_BYTES, partialRetentionMs = PARTIAL_RETENTION_MS }: FileHolderInit): Promise<FileHolder> {
  const { network, store, files, people, clock } = components
  const logger = components.logger.child('file-holder')
  const emitter = createEmitter<FileHolderEvents>(logger)
  const stopping = new AbortController()
  const underWay = new Set<Promise<void>>()
  const brought = new Set<string>()

  const personOf = async (device: Did, card: Uint8Array | null): Promise<Did> => {
    if (card !== null && (await people.personsOf(device)).length === 0) {
      await people.learnCard(card).catch((error: unknown) => { logger.warn('a contact card cannot be used', { device, error }) })
    }
    for (const person of await people.personsOf(device)) {
      const list = await people.list(person)
      if (list !== undefined && rolesOf(list, device, clock.now()).includes('endpoint')) return person
    }
    throw new NotAllowedError(`${device} is no endpoint of anybody known here`)
  }
  const usedBytes = async (root: CID, person: Did): Promise<{ personBytes: number, heldBytes: number }> => {
    const used = { personBytes: 0, heldBytes: 0 }
    for await (const held of files.allHeld()) {
      if (held.root.equals(root)) continue
      const size = sealedSize(held.sizeBytes)
      used.heldBytes += size
      if (held.by === person) used.personBytes += size
    }
    return used
  }
  /** @throws {NotAllowedError | FileTooLargeError} */
  const judge = async (device: Did, { conversation, action, root, sizeBytes, card }: OfferFrame): Promise<Did> => {
    if (sizeBytes > maxFileBytes) throw new FileTooLargeError(maxFileBytes)
    const person = await personOf(device, card)
    if (!await announcesFile({ store, clock }, { conversation, action, root }, { signal: stopping.signal })) throw new NotAllowedError('the conversation kept here does not announce this file')
    const answer = await admits({ conversation, action, root, sizeBytes, device, person, ...await usedBytes(root, person) })
    if (!answer.ok) throw new NotAllowedError(answer.reason)
    return person
  }
  const take = async (stream: FrameStream): Promise<void> => {
    const device = didFromPeerId(stream.peer)
    let record: HeldRecord | undefined
    let release = (): void => {}
    let writing: Promise<void> = Promise.resolve()

    const admit = async (offer: OfferFrame): Promise<void> => {
      const person = await judge(device, offer)
      const { sizeBytes } = offer
      const root = offer.root
      const name = root.toString()
      if (brought.has(name)) throw new FileBusyError(`The file ${name}`)
      brought.add(name)
      const end = files.use(root)
      release = () => { brought.delete(name); end() }
      const known = await readHeld(store, root)
      if (known?.state === 'whole' && known.sizeBytes !== sizeBytes) throw new DamagedFileError('misshapen', 'it is here, with another size')
      record = known?.sizeBytes === sizeBytes ? known : { v: 1, root, sizeBytes, state: 'partial', at: 0, blocks: 0, by: person }
      const { walk, have } = await placeOf(store, record, sizeBytes)
      record = { ...record, at: Math.floor(clock.now()), blocks: have }
      runner.dispatch({ type: 'admitted', walk, have })
    }
    const write = async ({ blocks, whole }: Extract<Output, { type: 'write' }>): Promise<void> => {
      if (record === undefined) return
      const next: HeldRecord = { ...record, blocks: record.blocks + blocks.length, state: whole ? 'whole' : 'partial', at: Math.floor(clock.now()) }
      const changes = blocks.map(({ cid, bytes }): Change => ({ type: 'block', cid, bytes }))
      await store.commit([...changes, { type: 'put', key: heldKey(next.root), value: heldCodec.encode(next) }], { durable: true })
      record = next
      runner.dispatch({ type: 'written' })
    }
    const failed = (error: unknown): void => { runner.fail(error as Error) }
    const perform = (output: Output): void => {
      if (output.type === 'offered') {
        writing = admit(output.offer)
      } else {
        writing = write(output)
      }
      writing.catch(failed)
    }
    const runner = createStreamRunner<TakerState, TakerInput, Output, FileFrame>({ stream, clock, logger }, {
      state: createTakerState(),
      step: stepTaker,
      patienceMs: takerPatienceMs,
      codec: fileFrameCodec,
      onFrame: frame => ({ type: 'frame', frame }),
      closed: { type: 'closed' },
      perform,
      refuse: refuseFrame,
      interrupted: ({ have }, cause) => new FileInterruptedError(stream.peer, have, { cause })
    })
    let error: unknown
    try {
      await runner.run({ signal: stopping.signal })
    } catch (cause) {
      error = cause
    }
    await writing.catch(() => {})
    release()
    await ended(stream.peer, record, error)
  }
  const ended = async (peer: string, record: HeldRecord | undefined, error: unknown): Promise<void> => {
    // A file whose blocks are right and whose shape is wrong never becomes whole.
    if (error instanceof DamagedFileError && error.reason === 'misshapen' && record?.state === 'partial') await files.remove(record.root)
    if (error !== undefined && !stopping.signal.aborted) {
      logger.warn('a file was not taken to its end', { peer, error })
      emitter.emit('refused', { peer, error: error as Error })
    }
    if (record?.state !== 'whole' || error !== undefined) return
    logger.info('a file is kept', { root: record.root.toString(), sizeBytes: record.sizeBytes })
    emitter.emit('held', { root: record.root, person: record.by ?? '', sizeBytes: record.sizeBytes })
  }
  const unhandle = await network.handle(FILE_PROTOCOL, async stream => {
    if (stopping.signal.aborted) throw new StoppedError('The holder of files')
    const work = take(stream)
    underWay.add(work)
    await work.finally(() => underWay.delete(work))
  }, { maxFrameBytes: MAX_FILE_FRAME_BYTES, maxStreamsPerPeer: MAX_STREAMS_PER_PEER })
  return {
    on: emitter.on.bind(emitter),
    async sweep () {
      let dropped = 0
      for await (const { root, state, at, by } of files.allHeld()) {
        if (state === 'whole' || by === null || clock.now() - at < partialRetentionMs || brought.has(root.toString())) continue
        await files.remove(root)
        dropped++
      }
      return dropped
    },
    async stop () {
      if (stopping.signal.aborted) return
      stopping.abort(new StoppedError('The holder of files'))
      await unhandle()
      await Promise.allSettled(underWay)
    }
  }
}

/** Returns where in a file the next block belongs, by what is on the disk. */
async function placeOf (store: Store, { root, state, blocks }: HeldRecord, sizeBytes: number): Promise<{ walk: DagWalk, have: number }> {
  const shape = dagOf(sizeBytes)
  const known = state === 'whole' ? shape.blocks : blocks
  let walk = beginWalk(shape, root)
  for (let have = 0; have < known; have++) {
    const ref = nextRef(walk)
    if (ref === undefined) return { walk, have }
    const bytes = ref.level === 0 ? undefined : await store.getBlock(ref.cid)
    if (ref.level > 0 && bytes === undefined) return { walk, have }
    walk = bytes === undefined ? skipLeaf(walk) : takeBlock(walk, bytes)
  }
  return { walk, have: known }
}
