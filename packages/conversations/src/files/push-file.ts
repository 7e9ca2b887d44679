import { type AbortOptions, type CID, type Clock, type Logger, type Store } from '@parley/core'
import type { Network, PeerTarget } from '@parley/network'
import { refuseFrame } from '../sync/frames.ts'
import { createStreamRunner, type StreamOutput } from '../sync/stream-runner.ts'
import { createBlockSource } from './block-source.ts'
import { bringerPatienceMs, createBringerState, stepBringer, type BringerInput, type BringerOutput, type BringerState } from './bringer-machine.ts'
import { dagOf } from './dag-shape.ts'
import { beginWalk } from './dag-walk.ts'
import { FileInterruptedError } from './errors.ts'
import { fileFrameCodec, type FileFrame } from './frames.ts'
import { FILE_PROTOCOL, MAX_CARD_BYTES, MAX_FILE_FRAME_BYTES } from './limits.ts'
import { orderedBlocks, type PlacedBlock } from './ordered-blocks.ts'

export interface PushComponents {
  network: Pick<Network, 'open'>
  store: Store
  clock: Clock
  logger: Logger
}

/** A sealed file, and the action that links to it. No key: holders get none. */
export interface OfferedFile {
  conversation: CID
  action: CID
  root: CID
  sizeBytes: number
}

export interface PushOptions extends AbortOptions {
  /** Our contact card, for a holder that does not know this device yet. */
  card?: Uint8Array | undefined
  /** Blocks that the holder has on its disk, of how many. */
  onProgress?: ((progress: { acknowledged: number, blocks: number }) => void) | undefined
}

type Output = Exclude<BringerOutput, StreamOutput<FileFrame>>

/**
 * Hands a file's blocks to a holder that keeps them for others while we are
 * away; resolves once all of them are on its disk. What it has is not sent
 * again, so the same call goes on after a break.
 *
 * @throws {NotAllowedError} when the holder does not want it, in its words
 * @throws {FileInterruptedError | FileUnavailableError} the stream broke; blocks are missing here
 * @throws {PeerUnreachableError | PeerRefusedError | ProtocolViolationError | InvalidBytesError | TimeoutError}
 */
export async function pushFile (components: PushComponents, file: OfferedFile, target: PeerTarget, { card, onProgress, signal }: PushOptions = {}): Promise<void> {
  const { network, store, clock } = components
  const logger = components.logger.child('files')
  const shape = dagOf(file.sizeBytes)
  const get = createBlockSource({ store, clock, logger }, { root: file.root, attempts: 1 })
  let reading: AsyncGenerator<PlacedBlock> | undefined
  signal?.throwIfAborted()
  const stream = await network.open(target, FILE_PROTOCOL, { signal, maxFrameBytes: MAX_FILE_FRAME_BYTES })

  const pull = async (): Promise<void> => {
    const next = await reading?.next()
    if (next?.done === false) runner.dispatch({ type: 'read', bytes: new Uint8Array(next.value.bytes) })
  }
  const perform = (output: Output): void => {
    switch (output.type) {
      case 'begin': reading = orderedBlocks({ walk: beginWalk(shape, file.root), window: 1, signal, get: async ({ cid }, options) => await get(cid, options), skip: output.have }); break
      case 'pull': pull().catch((error: unknown) => { runner.fail(error as Error) }); break
      case 'progress': onProgress?.({ acknowledged: output.acknowledged, blocks: shape.blocks }); break
    }
  }
  const runner = createStreamRunner<BringerState, BringerInput, Output, FileFrame>({ stream, clock, logger }, {
    state: createBringerState(shape.blocks),
    step: stepBringer,
    patienceMs: bringerPatienceMs,
    codec: fileFrameCodec,
    onFrame: frame => ({ type: 'frame', frame }),
    closed: { type: 'closed' },
    perform,
    refuse: refuseFrame,
    interrupted: ({ acknowledged }, cause) => new FileInterruptedError(target.peer, acknowledged, { cause })
  })
  const { conversation, action, root, sizeBytes } = file
  const fits = card !== undefined && card.byteLength <= MAX_CARD_BYTES
  runner.dispatch({ type: 'start', offer: { v: 1, type: 'offer', conversation, action, root, sizeBytes, card: fits ? new Uint8Array(card) : null } })
  try {
    await runner.run({ signal })
  } finally {
    // Not waited for: it may be in the middle of a read that its end has no use for.
    void reading?.return(undefined).catch(() => {})
  }
}
