import type { Store } from '@parley/core'
import type { Network, PeerTarget } from '@parley/network'

/** Adds a node to the world of a test. */
export type Join = (init?: { /** @default true */ listen?: boolean, /** @default false */ hub?: boolean, store?: Store }) => Promise<Network>

export const text = (value: string): Uint8Array => new TextEncoder().encode(value)

export const targetOf = (network: Network): PeerTarget => ({ peer: network.peerId, addresses: network.addresses() })

/** Waits for a condition by turns of the event loop, not by time. */
export async function until (condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!await condition()) await turns(1)
}

/** Lets the event loop turn. */
export async function turns (count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise(resolve => { setImmediate(resolve) })
}

/** Returns the error that a call fails with. */
export async function failureOf (call: Promise<unknown>): Promise<Error> {
  try {
    await call
  } catch (error) {
    return error as Error
  }
  return new RangeError('the call did not fail')
}
