import type { AbortOptions, Clock, Logger, Store } from '@parley/core'
import type { Did, People } from '@parley/identity'
import type { Network, PeerTarget } from '@parley/network'
import { refuseFrame } from '../sync/frames.ts'
import { createStreamRunner, type StreamOutput } from '../sync/stream-runner.ts'
import { createDeviceState, devicePatienceMs, stepDevice, type DeviceInput, type DeviceOutput, type DeviceState } from './device-machine.ts'
import { MailboxInterruptedError } from './errors.ts'
import { mailboxFrameCodec, type MailboxFrame, type MailboxItem } from './frames.ts'
import { MAILBOX_PROTOCOL, MAX_CARD_BYTES, MAX_MAILBOX_FRAME_BYTES } from './limits.ts'
import { followingCodec, followingKey } from './records.ts'

export interface FollowComponents {
  network: Network
  store: Store
  clock: Clock
  logger: Logger
  /** Whose device this is, and where their card is: a holder may not know yet that this device is theirs. */
  people?: People | undefined
  person?: Did | undefined
}

export interface FollowOptions extends AbortOptions {
  /**
   * Begin after this number instead of where this device stood.
   *
   * @default what is kept in the store, or 0
   */
  after?: number | undefined
  /** Stay for new items until the signal aborts; the call then resolves. @default true */
  live?: boolean | undefined
  /**
   * Takes one item; the next comes once it resolved. Resolve only when what
   * the item announces is safe here: the holder may then drop it. `refused`
   * tells the holder that it is not wanted. When it throws, following ends
   * with that error and the item comes again next time, as it also may after
   * a crash.
   */
  onItem: (item: MailboxItem, options: { signal: AbortSignal }) => Promise<'refused' | undefined> | Promise<void>
  /** Called once, when all that waited is handled. */
  onCurrent?: (() => void) | undefined
}

/** Where a device stands in a mailbox. */
export interface Followed {
  /** The number of the last item that was handled. */
  after: number
  received: number
}

type Output = Exclude<DeviceOutput, StreamOutput<MailboxFrame>>

/**
 * Fetches what a holder keeps for this device's person, in order, over one
 * connection; remembers in the store how far it came.
 *
 * @throws {NotAllowedError} when the holder does not keep a mailbox for this device
 * @throws {MailboxInterruptedError} when the link broke; follow again to go on
 * @throws {PeerUnreachableError} when the holder cannot be dialled
 * @throws {ProtocolViolationError | InvalidBytesError | TimeoutError | PeerRefusedError} when the holder does not keep to the protocol
 */
export async function followMailbox (components: FollowComponents, target: PeerTarget, options: FollowOptions): Promise<Followed> {
  const { network, store, clock } = components
  const { signal, live = true } = options
  const logger = components.logger.child('mailbox')
  signal?.throwIfAborted()
  const cursor = await readCursor(store, target.peer, logger)
  const card = components.person === undefined ? undefined : await components.people?.card(components.person)
  const stream = await network.open(target, MAILBOX_PROTOCOL, { signal, maxFrameBytes: MAX_MAILBOX_FRAME_BYTES })
  const over = new AbortController()
  const waiting: MailboxItem[] = []
  const followed: Followed = { after: cursor?.after ?? 0, received: 0 }
  let box: Uint8Array<ArrayBuffer> | undefined
  let isHandling = false
  let handling: Promise<void> = Promise.resolve()
  let thrown: { error: unknown } | undefined

  const handleAll = async (): Promise<void> => {
    isHandling = true
    for (let item = waiting.shift(); item !== undefined && !over.signal.aborted; item = waiting.shift()) {
      const verdict = await options.onItem(item, { signal: over.signal })
      if (box !== undefined) await store.commit([{ type: 'put', key: followingKey(target.peer), value: followingCodec.encode({ v: 1, box, after: item.seq }) }], { durable: true })
      followed.after = item.seq
      followed.received++
      runner.dispatch({ type: 'handled', seq: item.seq, reason: verdict === 'refused' ? 'refused' : 'have' })
    }
    isHandling = false
  }
  const perform = (output: Output): void => {
    switch (output.type) {
      case 'welcomed':
        box = output.box
        followed.after = output.after
        break
      case 'handle':
        waiting.push(...output.items)
        if (isHandling) break
        handling = handleAll().catch((error: unknown) => {
          thrown = { error }
          stop()
        })
        break
      case 'current': options.onCurrent?.(); break
    }
  }
  const runner = createStreamRunner<DeviceState, DeviceInput, Output, MailboxFrame>({ stream, clock, logger }, {
    state: createDeviceState(),
    step: stepDevice,
    patienceMs: devicePatienceMs,
    codec: mailboxFrameCodec,
    onFrame: frame => ({ type: 'frame', frame }),
    closed: { type: 'closed' },
    perform,
    refuse: refuseFrame,
    interrupted: (_state, cause) => new MailboxInterruptedError(target.peer, { cause })
  })
  const stop = (): void => { runner.dispatch({ type: 'stop' }) }
  if (live) signal?.addEventListener('abort', stop, { once: true })
  try {
    const fits = card !== undefined && card.byteLength <= MAX_CARD_BYTES
    // A caller that names a place means it in whatever mailbox is there now.
    const after = options.after ?? followed.after
    runner.dispatch({ type: 'start', hello: { v: 1, type: 'hello', box: cursor?.box ?? null, after, live, card: fits ? new Uint8Array(card) : null } })
    await runner.run({ signal })
  } finally {
    signal?.removeEventListener('abort', stop)
    over.abort()
    // The item at hand is finished, so that the cursor says what was done.
    await handling
  }
  if (thrown !== undefined) throw thrown.error
  return followed
}

async function readCursor (store: Store, peer: string, logger: Logger): Promise<{ box: Uint8Array<ArrayBuffer>, after: number } | undefined> {
  const value = await store.get(followingKey(peer))
  if (value === undefined) return undefined
  try {
    return followingCodec.decode(value)
  } catch (error) {
    // Items that come twice do no harm; one that never comes would.
    logger.warn('the cursor of a mailbox is damaged; beginning anew', { peer, error })
    return undefined
  }
}
