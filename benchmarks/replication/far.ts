import { join } from 'node:path'
import type { PeerTarget } from '@parley/network'
import { startRole, type Started } from '../harness/role.ts'
import type { role as bitswapRole } from './bitswap-role.ts'
import { startDelayProxy } from './delay-proxy.ts'
import type { LogInit, role as parleyRole } from './parley-role.ts'

/** How long a copy takes when every byte is under way for half of `roundTripMs`. */
export interface Far {
  roundTripMs: number
  parleyMs: number
  /** Of the whole log, at the pace of the `walked` blocks that were fetched; undefined where nobody walked. */
  walkMs: number | undefined
  walked: number
}

const ROUND_TRIP_MS = 40

/** Copies a log over a slow link by sync, and walks the newest part of it by bitswap from the same node over the same link. */
export async function walkFar ({ writer, replica, id, target, init, folder, walk, blocks }: {
  writer: Started<typeof parleyRole>
  replica: Started<typeof parleyRole>
  id: string
  target: PeerTarget
  init: LogInit
  folder: string
  walk: boolean
  blocks: number
}): Promise<Far> {
  const port = Number(/\/tcp\/(\d+)/.exec(target.addresses[0] ?? '')?.[1])
  const link = await startDelayProxy(port, ROUND_TRIP_MS)
  const address = `/ip4/127.0.0.1/tcp/${link.port}/p2p/${target.peer}`
  try {
    await replica.ask('begins', join(folder, 'replica'), init)
    const { wallMs, received } = await replica.ask('replicates', id, { peer: target.peer, addresses: [address] })
    if (received < init.actions) throw new RangeError(`${received} of ${init.actions} actions came over the slow link`)
    await replica.ask('stops')
    if (!walk) return { roundTripMs: ROUND_TRIP_MS, parleyMs: wallMs, walkMs: undefined, walked: 0 }
    const walker = await startRole<typeof bitswapRole>(new URL('bitswap-role.ts', import.meta.url))
    const walked = await walker.ask('walks', address, await writer.ask('heads', id), blocks)
    await walker.end()
    return { roundTripMs: ROUND_TRIP_MS, parleyMs: wallMs, walkMs: walked.wallMs / walked.blocks * init.actions, walked: walked.blocks }
  } finally {
    await link.stop()
  }
}
