import { compareMarks, type Mark } from './presence-board-machine.ts'
import { reachOf } from './presence-reach.ts'
import type { DevicePresence, PresenceReach } from './types.ts'

/** What was learned of one device of the watched person. */
interface Seen extends Mark {
  told: DevicePresence
  /** Boards that list it now. */
  carriers: ReadonlySet<string>
  /** The device's session time at our monotonic time 0: the least that is sure. */
  offset: number
  offsetAt: number
  /** Until then it counts as there, in our monotonic time. */
  until: number
}

/** One watched person, as the boards that are connected tell. */
export interface WatchState {
  /** Boards that answer; true for a proxy of the person. */
  readonly boards: ReadonlyMap<string, boolean>
  readonly devices: ReadonlyMap<string, Seen>
  /** What was last told of it, to know a change by. */
  readonly view: string
}

/** What happens; what was told is verified before. `at` is our monotonic time in milliseconds. */
export type WatchInput =
  | { type: 'up', board: string, proxy: boolean, at: number }
  /** The stream is over, or was silent for too long. */
  | { type: 'down', board: string, at: number }
  /** The board lists the device: `sessionMs` after its session began, it had told the statement and link that `mark` names. */
  | { type: 'told', board: string, told: DevicePresence, mark: Mark, sessionMs: number, at: number }
  | { type: 'gone', board: string, device: string, at: number }
  /** Who is a device of the person now, and which boards speak for them. */
  | { type: 'devices', current: ReadonlySet<string>, at: number }
  | { type: 'timer', at: number }

export type WatchOutput =
  | { type: 'changed', reach: PresenceReach, devices: DevicePresence[], from: string[] }
  | { type: 'timer', at: number }
  | { type: 'refused', device: string, reason: string }

export interface WatchStep { state: WatchState, outputs: WatchOutput[] }

/** Nothing is known of the person. */
export const emptyWatch: WatchState = { boards: new Map(), devices: new Map(), view: viewOf('unreachable', [], []) }

/** Two clocks that nobody sets differ in speed by no more than this: 43 s a day. */
const CLOCK_DRIFT = 0.0005
/** What was said before cannot come again for this long after a device was last there. */
export const REMEMBER_MS = 60 * 60_000

/** Decides what is known of a person. */
export function stepWatch (state: WatchState, input: WatchInput, { deadMs }: { deadMs: number }): WatchStep {
  const { at } = input
  const boards = new Map(state.boards)
  const devices = new Map(state.devices)
  const outputs: WatchOutput[] = []
  switch (input.type) {
    case 'up':
      boards.set(input.board, input.proxy)
      break
    case 'down':
      boards.delete(input.board)
      for (const device of devices.keys()) takeOff(devices, device, input.board)
      break
    case 'told': {
      const known = devices.get(input.told.device)
      if (!boards.has(input.board)) break
      if (known !== undefined && input.mark.session < known.session && at < known.until + REMEMBER_MS) {
        outputs.push({ type: 'refused', device: input.told.device, reason: 'it belongs to an older session of the device' })
        break
      }
      const seen = hear(known, input, deadMs)
      devices.set(input.told.device, seen)
      if (seen.until > at) outputs.push({ type: 'timer', at: seen.until })
      break
    }
    case 'gone':
      takeOff(devices, input.device, input.board)
      break
    case 'devices':
      for (const device of devices.keys()) if (!input.current.has(device)) devices.delete(device)
      break
    case 'timer':
      for (const [device, { until }] of devices) if (at >= until + REMEMBER_MS) devices.delete(device)
      break
  }
  return conclude(state, { boards, devices }, at, outputs)
}

/**
 * Takes what a board lists. How old it is follows from the device's own time
 * since its session began: of all that was heard in a session, what took the
 * shortest way tells how that time and ours lie to each other. A board that
 * holds words back only makes them older.
 */
function hear (known: Seen | undefined, { board, told, mark, sessionMs, at }: Extract<WatchInput, { type: 'told' }>, deadMs: number): Seen {
  const same = known !== undefined && known.session === mark.session ? known : undefined
  const carriers = new Set(known?.carriers).add(board)
  if (same !== undefined && compareMarks(mark, same) <= 0) return { ...same, carriers }
  const drifted = same === undefined ? -Infinity : same.offset - (at - same.offsetAt) * CLOCK_DRIFT
  const offset = Math.max(sessionMs - at, drifted)
  const ageMs = at + offset - sessionMs
  return { ...mark, told, carriers, offset, offsetAt: at, until: Math.max(at, same?.until ?? at, at + deadMs - ageMs) }
}

function takeOff (devices: Map<string, Seen>, device: string, board: string): void {
  const seen = devices.get(device)
  if (seen?.carriers.has(board) !== true) return
  const carriers = new Set(seen.carriers)
  carriers.delete(board)
  devices.set(device, { ...seen, carriers })
}

/** Says what changed, if anything did for those who look. */
function conclude (before: WatchState, { boards, devices }: Pick<WatchState, 'boards' | 'devices'>, at: number, outputs: WatchOutput[]): WatchStep {
  const there = [...devices.values()].filter(({ carriers, until }) => carriers.size > 0 && at < until).map(({ told }) => told).toSorted((a, b) => a.device < b.device ? -1 : 1)
  const reach = reachOf(there, { proxy: [...boards.values()].includes(true) })
  const from = [...boards.keys()].toSorted()
  const view = viewOf(reach, there, from)
  if (view !== before.view) outputs.unshift({ type: 'changed', reach, devices: there, from })
  return { state: { boards, devices, view }, outputs }
}

function viewOf (reach: PresenceReach, devices: readonly DevicePresence[], from: readonly string[]): string {
  return JSON.stringify([reach, devices, from])
}
