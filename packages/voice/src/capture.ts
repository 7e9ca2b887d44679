import type { CancelTimer, Change, Clock, Logger, StorageUnavailableError, Store } from '@parley/core'
import type { CaptureRecord } from './capture-record.ts'
import { changesOf } from './keeper-store.ts'
import { type KeeperInput, type KeeperLimits, type KeeperOutput, type KeeperReply, type KeeperState, type KeeperWrite, type Trouble, nextIndex, stepKeeper } from './keeper-machine.ts'
import type { Refusal } from './errors.ts'
import type { Outbox } from './outbox.ts'

/** What a capture needs from its keeper. */
export interface CaptureComponents {
  store: Store
  clock: Clock
  logger: Logger
  /** Changes to commit together with a record. */
  extraChanges(record: CaptureRecord, previous: CaptureRecord | undefined): Promise<Change[]>
  changed(record: CaptureRecord, previous: CaptureRecord | undefined): void
  paused(record: CaptureRecord, trouble: Trouble): void
  refused(record: CaptureRecord, reason: Refusal, detail: string): void
}

/** What a speaker is told. The error's own words name folders, which are the owner's business: they go to the log. */
const TROUBLE_WORDS = {
  full: 'The disk is full',
  missing: 'The data folder is missing',
  failed: 'The keeper cannot write at the moment'
} as const

/** The machine of one voice message with its hands: the disk, the streams and the clock. */
export class Capture {
  readonly #components: CaptureComponents
  #limits: KeeperLimits & { graceMs: number, retryMs: number, maxPending: number }
  readonly #outboxes = new Map<number, Outbox>()
  readonly #watchers = new Set<() => void>()
  #state: KeeperState
  #stopGrace: CancelTimer | undefined
  #stopRetry: CancelTimer | undefined
  #write: Promise<void> | undefined
  #changes: { write: KeeperWrite, changes: Change[] } | undefined
  #stopped = false

  constructor (components: CaptureComponents, state: KeeperState, limits: KeeperLimits & { graceMs: number, retryMs: number, maxPending: number }) {
    this.#components = components
    this.#state = state
    this.#limits = limits
  }

  /** As it is on the disk. */
  get record (): CaptureRecord {
    return this.#state.record
  }

  get isSettled (): boolean {
    return this.#state.record.state !== 'recording' && this.#state.writing === undefined
  }

  get trouble (): Trouble | undefined {
    return this.#state.trouble
  }

  /** The index of the segment that is expected next. */
  get next (): number {
    return nextIndex(this.#state)
  }

  /** Bounds the message from now on; what is there stays. */
  limitTo (limits: Partial<KeeperLimits>): void {
    this.#limits = { ...this.#limits, ...limits }
  }

  attach (session: number, outbox: Outbox): void {
    this.#outboxes.set(session, outbox)
    this.apply({ type: 'open', session })
  }

  detach (session: number): void {
    this.#outboxes.delete(session)
    this.apply({ type: 'broken', session })
  }

  apply (input: KeeperInput): void {
    if (this.#stopped) return
    const { state, outputs } = stepKeeper(this.#state, input, this.#limits)
    this.#state = state
    for (const output of outputs) this.#perform(output)
  }

  /** Calls `listener` whenever the record changes, or there is room for another segment. */
  watch (listener: () => void): () => void {
    this.#watchers.add(listener)
    return () => { this.#watchers.delete(listener) }
  }

  /** Tells whether another segment may be taken from the stream. */
  get hasRoom (): boolean {
    return this.#state.pending.length < this.#limits.maxPending
  }

  /** Lets the write under way end and forgets the timers; nothing changes any more. */
  async stop (): Promise<void> {
    this.#stopGrace?.()
    this.#stopRetry?.()
    // What was taken while the last write was under way is written too.
    for (let write = this.#write; write !== undefined; write = this.#write === write ? undefined : this.#write) await write
    this.#stopped = true
    this.#stopGrace?.()
    this.#stopRetry?.()
  }

  #perform (output: KeeperOutput): void {
    switch (output.type) {
      case 'reply':
        this.#reply(output.session, output.reply)
        return
      case 'drop':
        this.#outboxes.get(output.session)?.end()
        this.#outboxes.delete(output.session)
        return
      case 'write':
        this.#write = this.#commit(output.write)
        return
      case 'retry-later':
        this.#stopRetry = this.#components.clock.setTimer(() => { this.apply({ type: 'retry' }) }, this.#limits.retryMs)
        return
      case 'start-grace':
        this.#stopGrace?.()
        this.#stopGrace = this.#components.clock.setTimer(() => { this.apply({ type: 'grace-over', at: this.#now() }) }, this.#limits.graceMs)
        return
      case 'stop-grace':
        this.#stopGrace?.()
        return
      case 'changed':
        this.#components.changed(output.record, output.previous)
        this.#wake()
    }
  }

  #reply (session: number, reply: KeeperReply): void {
    this.#outboxes.get(session)?.send(reply)
    if (reply.type === 'paused') this.#components.paused(this.record, { reason: reply.reason, detail: reply.detail })
    if (reply.type === 'refused') this.#components.refused(this.record, reply.reason, reply.detail)
  }

  async #commit (write: KeeperWrite): Promise<void> {
    let input: KeeperInput
    try {
      await this.#components.store.commit(await this.#changesOf(write), { durable: true })
      this.#changes = undefined
      input = { type: 'written' }
    } catch (error) {
      input = { type: 'failed', trouble: this.#troubleOf(error) }
    }
    this.apply(input)
    this.#wake()
  }

  /** What the caller adds is asked for once a write, not once an attempt: it may have taken a number for it. */
  async #changesOf (write: KeeperWrite): Promise<Change[]> {
    if (this.#changes?.write !== write) {
      const extra = await this.#components.extraChanges(write.record, write.previous)
      this.#changes = { write, changes: [...changesOf(write), ...extra] }
    }
    return this.#changes.changes
  }

  #troubleOf (error: unknown): Trouble {
    if (error instanceof Error && error.name === 'StorageUnavailableError') {
      this.#components.logger.warn('a voice message cannot be written', { error: error.message })
      const { reason } = error as StorageUnavailableError
      return { reason, detail: TROUBLE_WORDS[reason] }
    }
    this.#components.logger.error('a voice message cannot be written', { error })
    return { reason: 'failed', detail: TROUBLE_WORDS.failed }
  }

  #wake (): void {
    for (const listener of [...this.#watchers]) listener()
  }

  #now (): number {
    return Math.floor(this.#components.clock.now())
  }
}
