/** Where a device's statement and beats stand: later ones are greater. */
export interface Mark { session: number, seq: number, n: number }

/** A device of the person that is on the board; `stream` is the number of the one it tells by, later streams have greater ones. */
export interface Listed extends Mark { stream: number, heardAt: number }

/** What a board knows of one person. */
export interface BoardState {
  readonly devices: ReadonlyMap<string, Listed>
}

/** What happens; statements and links are verified before. Times are monotonic milliseconds. */
export type BoardInput =
  | { type: 'published', device: string, stream: number, mark: Mark, at: number }
  | { type: 'beat', device: string, stream: number, n: number, at: number }
  /** The device takes itself off, or its stream is over. */
  | { type: 'withdrawn', device: string, stream: number }
  /** Who may be on the board now; everybody else was revoked. */
  | { type: 'devices', current: ReadonlySet<string> }
  | { type: 'timer', at: number }

export type BoardOutput =
  /** Watchers are told the newest statement. */
  | { type: 'set', device: string }
  /** The newest link goes out with the next beat. */
  | { type: 'beat', device: string }
  | { type: 'gone', device: string }
  | { type: 'refused', device: string, reason: string }
  | { type: 'timer', at: number }

export interface BoardStep { state: BoardState, outputs: BoardOutput[] }

/** A board without devices. */
export const emptyBoard: BoardState = { devices: new Map() }

/** Orders what a device said: negative when `a` was said before `b`. */
export function compareMarks (a: Mark, b: Mark): number {
  return a.session - b.session || a.seq - b.seq || a.n - b.n
}

/** Decides what happens to the board of one person. */
export function stepBoard (state: BoardState, input: BoardInput, { deadMs }: { deadMs: number }): BoardStep {
  switch (input.type) {
    case 'published': {
      const { device, stream, mark, at } = input
      const known = state.devices.get(device)
      if (known !== undefined && stream < known.stream) return refuse(state, device, 'a newer stream of the device speaks for it')
      // A new stream comes from the device itself and begins anew, whatever its clock was set to in between.
      if (known?.stream === stream && compareMarks(mark, known) <= 0) return refuse(state, device, 'it is not newer than what was said before')
      const step = put(state, device, { ...mark, stream, heardAt: at }, 'set')
      return known === undefined ? withTimer(step, at + deadMs) : step
    }
    case 'beat': {
      const { device, stream, n, at } = input
      const known = state.devices.get(device)
      if (known?.stream !== stream) return refuse(state, device, 'it has no statement on this board')
      if (n <= known.n) return refuse(state, device, 'it is not newer than what was said before')
      return put(state, device, { ...known, n, heardAt: at }, 'beat')
    }
    case 'withdrawn':
      return state.devices.get(input.device)?.stream === input.stream ? drop(state, [input.device]) : { state, outputs: [] }
    case 'devices':
      return drop(state, [...state.devices.keys()].filter(device => !input.current.has(device)))
    case 'timer': {
      const step = drop(state, [...state.devices].flatMap(([device, { heardAt }]) => input.at - heardAt >= deadMs ? [device] : []))
      const next = Math.min(...[...step.state.devices.values()].map(({ heardAt }) => heardAt + deadMs))
      return next === Infinity ? step : withTimer(step, next)
    }
  }
}

function put (state: BoardState, device: string, listed: Listed, type: 'set' | 'beat'): BoardStep {
  return { state: { devices: new Map(state.devices).set(device, listed) }, outputs: [{ type, device }] }
}

function drop (state: BoardState, gone: readonly string[]): BoardStep {
  if (gone.length === 0) return { state, outputs: [] }
  const devices = new Map(state.devices)
  for (const device of gone) devices.delete(device)
  return { state: { devices }, outputs: gone.map(device => ({ type: 'gone', device })) }
}

function refuse (state: BoardState, device: string, reason: string): BoardStep {
  return { state, outputs: [{ type: 'refused', device, reason }] }
}

function withTimer (step: BoardStep, at: number): BoardStep {
  return { ...step, outputs: [...step.outputs, { type: 'timer', at }] }
}
