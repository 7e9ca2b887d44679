import { InvalidBytesError, type Clock } from '@parley/core'
import type { Did } from '@parley/identity'
import type { FrameStream } from '@parley/network'
import { createAllowance } from './allowance.ts'
import { followsLink } from './beat-chain.ts'
import { PresenceFloodError, UntrustedPresenceError } from './errors.ts'
import type { BoardFrame } from './presence-frames.ts'
import type { Statement } from './statement.ts'

/** Statements and links that a board may send at once, and in the long run each second: thousands of contacts, not a flood. */
const ENTRIES = { burst: 16_384, perSecond: 200 }
/** What of it may be wrong: refusing a signature costs ten times what taking one does. */
const REFUSALS = { burst: 64, perSecond: 1 }
/** Devices that a board may list. */
const MAX_SLOTS = 16_384

/** A statement that a board told, and how far its beats have come. */
export interface Heard { statement: Statement, person: Did, device: Did, n: number }

/** Who judges what a board says, and who is told. */
export interface ReaderContext {
  clock: Clock
  /** Reads and verifies a statement that the board lists. @throws when it does not count */
  check(board: Did, block: Uint8Array): Promise<Omit<Heard, 'n'>>
  onHeard(board: Did, heard: Heard): void
  onGone(board: Did, heard: Heard): void
  onSkew(device: Did, offsetMs: number): void
  onRefused(error: Error, peer: string): void
}

/** Reads the frames of one stream from a board. */
export interface BoardReader {
  /** @throws {InvalidBytesError} */
  greet(frame: BoardFrame): void
  /** @throws {InvalidBytesError | PresenceFloodError} */
  read(frame: BoardFrame): Promise<void>
}

/** Keeps what the numbers of a stream stand for. */
export function createBoardReader (context: ReaderContext, board: Did, { peer, signal }: FrameStream): BoardReader {
  const slots = new Map<number, Heard & { link: Uint8Array }>()
  const slotOf = new Map<string, number>()
  const allowance = createAllowance(context, ENTRIES)
  const refusals = createAllowance(context, REFUSALS)
  // One bad entry says nothing of the others, which are of other people; many say that the board is bad.
  const refuse = (error: Error): void => {
    context.onRefused(error, peer)
    if (!refusals.take()) throw new PresenceFloodError(peer, 'statements that do not count')
  }

  const end = (slot: number): void => {
    const heard = slots.get(slot)
    if (heard === undefined) return
    slots.delete(slot)
    const key = `${heard.person} ${heard.device}`
    // The device may have come back under another number before.
    if (slotOf.get(key) !== slot) return
    slotOf.delete(key)
    context.onGone(board, heard)
  }

  const set = async ([slot, block, n, link]: [number, Uint8Array, number, Uint8Array]): Promise<void> => {
    if (slots.size >= MAX_SLOTS) throw new PresenceFloodError(peer, 'devices')
    let checked: Omit<Heard, 'n'>
    try {
      checked = await context.check(board, block)
      if (!followsLink(link, n, { n: 0, link: checked.statement.chain })) throw new UntrustedPresenceError(checked.device, 'its beat does not belong to the statement')
    } catch (error) {
      refuse(error as Error)
      return
    }
    if (signal.aborted) return
    const heard = { ...checked, n, link }
    slots.set(slot, heard)
    slotOf.set(`${heard.person} ${heard.device}`, slot)
    context.onHeard(board, heard)
  }

  const beat = ([slot, n, link]: [number, number, Uint8Array]): void => {
    const heard = slots.get(slot)
    // It is of a statement that we did not take.
    if (heard === undefined || n <= heard.n) return
    if (!followsLink(link, n, heard)) { refuse(new UntrustedPresenceError(heard.device, 'its beat does not follow the one before')); return }
    const next = { ...heard, n, link }
    slots.set(slot, next)
    context.onHeard(board, next)
  }

  return {
    greet (frame) {
      if (frame[1] !== 0) throw new InvalidBytesError('presence frame of a board', 'there is no hello before it')
      context.onSkew(board, frame[2].sentAt - context.clock.now())
    },
    async read (frame) {
      switch (frame[1]) {
        case 0:
          throw new InvalidBytesError('presence frame of a board', 'its hello came twice')
        case 4:
          if (!allowance.take(frame[2].length + frame[3].length + 1)) throw new PresenceFloodError(peer, 'statements')
          for (const slot of frame[3]) end(slot)
          for (const entry of frame[2]) await set(entry)
          return
        case 5:
          if (!allowance.take(frame[2].length + 1)) throw new PresenceFloodError(peer, 'beats')
          for (const entry of frame[2]) beat(entry)
      }
    }
  }
}
