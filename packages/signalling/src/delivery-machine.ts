/** How retries are spaced. */
export interface RetryPolicy {
  /** How long the first acknowledgement is waited for, in milliseconds. */
  ackTimeoutMs: number
  /** The longest pause between two attempts. */
  maxBackoffMs: number
}

/** One signal on its way to one or several devices. Times are monotonic milliseconds. */
export type DeliveryState =
  | { phase: 'sending', pending: readonly string[], attempt: number, nextAt: number, expiresAt: number }
  | { phase: 'settled', outcome: DeliveryOutcome, missing: readonly string[] }

export type DeliveryOutcome = 'acknowledged' | 'expired' | 'cancelled'

export type DeliveryInput =
  | { type: 'timer', at: number, jitter: number }
  | { type: 'acknowledged', device: string }
  /** A direct stream to the device has opened. */
  | { type: 'path', device: string }
  /** These devices need not have it any more; all of them when left out. */
  | { type: 'cancel', devices?: readonly string[] }

export type DeliveryOutput =
  | { type: 'send', devices: readonly string[], paths: 'all' | 'direct', attempt: number }
  | { type: 'timer', at: number }
  | { type: 'delivered', device: string }
  | { type: 'settled', outcome: DeliveryOutcome, missing: readonly string[] }

export interface DeliveryStep { state: DeliveryState, outputs: DeliveryOutput[] }

/** Begins a delivery: the first attempt is made at once. `jitter` is a random number from 0 to 1. */
export function startDelivery ({ devices, at, expiresAt, jitter }: { devices: readonly string[], at: number, expiresAt: number, jitter: number }, policy: RetryPolicy): DeliveryStep {
  if (devices.length === 0) return settle('acknowledged', [])
  return attempt({ pending: devices, attempt: 0, at, expiresAt, jitter }, policy)
}

/** Advances a delivery. What comes after it was settled changes nothing. */
export function stepDelivery (state: DeliveryState, input: DeliveryInput, policy: RetryPolicy): DeliveryStep {
  if (state.phase === 'settled') return { state, outputs: [] }
  switch (input.type) {
    case 'timer':
      if (input.at >= state.expiresAt) return settle('expired', state.pending)
      if (input.at < state.nextAt) return { state, outputs: [{ type: 'timer', at: state.nextAt }] }
      return attempt({ ...state, at: input.at, jitter: input.jitter }, policy)
    case 'acknowledged': {
      if (!state.pending.includes(input.device)) return { state, outputs: [] }
      const rest = without(state, [input.device], 'acknowledged')
      return { state: rest.state, outputs: [{ type: 'delivered', device: input.device }, ...rest.outputs] }
    }
    case 'path':
      return { state, outputs: state.pending.includes(input.device) ? [{ type: 'send', devices: [input.device], paths: 'direct', attempt: state.attempt }] : [] }
    case 'cancel':
      return without(state, input.devices ?? state.pending, 'cancelled')
  }
}

function without (state: Extract<DeliveryState, { phase: 'sending' }>, devices: readonly string[], outcome: DeliveryOutcome): DeliveryStep {
  const pending = state.pending.filter(device => !devices.includes(device))
  if (pending.length === 0) return settle(outcome, outcome === 'cancelled' ? state.pending : [])
  return { state: { ...state, pending }, outputs: [] }
}

function attempt ({ pending, attempt, at, expiresAt, jitter }: { pending: readonly string[], attempt: number, at: number, expiresAt: number, jitter: number }, policy: RetryPolicy): DeliveryStep {
  const backoffMs = Math.min(policy.ackTimeoutMs * 2 ** attempt, policy.maxBackoffMs)
  // A quarter either way, so that many who lost the same message do not come back together.
  const nextAt = Math.min(at + backoffMs * (0.75 + jitter / 2), expiresAt)
  return {
    state: { phase: 'sending', pending, attempt: attempt + 1, nextAt, expiresAt },
    outputs: [{ type: 'send', devices: pending, paths: 'all', attempt: attempt + 1 }, { type: 'timer', at: nextAt }]
  }
}

function settle (outcome: DeliveryOutcome, missing: readonly string[]): DeliveryStep {
  return { state: { phase: 'settled', outcome, missing }, outputs: [{ type: 'settled', outcome, missing }] }
}
