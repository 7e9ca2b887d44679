import { sha256, type RandomBytes } from '@parley/core'
import { concat, equals, fromString } from 'uint8arrays'

/** Bytes of a link: nobody finds one before it is told. */
export const LINK_BYTES = 16
/** Beats that one statement is good for; then the device signs a new one. */
export const CHAIN_LENGTH = 60

const PREFIX = fromString('parley/1/presence-link\0')

/**
 * The beats of one statement, made backwards from a secret: each link is the
 * hash of the one that is told after it (Lamport 1981; Micali, NOVOMODO). The
 * statement signs link 0, so a link proves that the device itself was there
 * for that beat, at 16 bytes instead of a signature.
 */
export interface BeatChain {
  /** Link 0. */
  readonly anchor: Uint8Array<ArrayBuffer>
  /** Returns link `n`, 0 to `CHAIN_LENGTH`. */
  link(n: number): Uint8Array<ArrayBuffer>
}

/** Makes a chain that nobody can foretell. */
export function createBeatChain (components: { random: RandomBytes }): BeatChain {
  const links = [new Uint8Array(components.random(LINK_BYTES))]
  for (let n = 0; n < CHAIN_LENGTH; n++) links.unshift(previousLink(links[0] ?? new Uint8Array(LINK_BYTES)))
  return {
    anchor: links[0] ?? new Uint8Array(LINK_BYTES),
    link: n => links[n] ?? new Uint8Array(LINK_BYTES)
  }
}

/** Returns the link that was told before `link`. */
export function previousLink (link: Uint8Array): Uint8Array<ArrayBuffer> {
  return sha256(concat([PREFIX, link])).slice(0, LINK_BYTES)
}

/** Tells whether `link` is link `n` of the chain whose link `known.n` is known; `n` must not be smaller. */
export function followsLink (link: Uint8Array, n: number, known: { n: number, link: Uint8Array }): boolean {
  if (n < known.n || n > CHAIN_LENGTH) return false
  let at = link
  for (let step = n; step > known.n; step--) at = previousLink(at)
  return equals(at, known.link)
}
