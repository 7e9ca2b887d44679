import { publicKeyFromDid } from '@parley/identity'
import { short, type FinalLog } from './final-log.ts'
import { hexOf, readPlain } from './reference/blocks.ts'
import { pastsOf } from './reference/order.ts'
import type { World } from './world.ts'

/**
 * Somebody who is out holds nothing whose author knew that they were: who gave
 * it to them would have known too. Nobody keeps a bad writer from giving it to
 * them by hand. What was written at once with their removal
 * may have reached them before.
 */
export async function checkFormer (world: World, { ordered, access, byName }: FinalLog): Promise<void> {
  const pasts = pastsOf(ordered)
  for (const replica of world.replicas) {
    const { owner } = replica.device
    if (replica.process === undefined || replica === world.bad || access.includes(owner.did) || world.leakedTo.has(owner.did)) continue
    const person = hexOf(publicKeyFromDid(owner.did))
    const removals = ordered.filter(action => action.access?.remove.includes(person) === true)
    const additions = ordered.filter(action => action.access?.add.some(added => added.person === person) === true)
    const [, ...blocks] = await replica.blocks(world.conversation)
    for (const { name } of blocks.map(readPlain)) {
      const past = pasts.get(name)
      const removal = removals.find(candidate => past?.has(candidate.name) === true)
      if (removal === undefined || !byName.has(name)) continue
      // Somebody who came back, and went again, may have it from the time between.
      if (additions.some(addition => pasts.get(addition.name)?.has(removal.name) === true || isConcurrent(pasts, addition.name, removal.name))) continue
      world.broken(`${replica.device.name} holds ${short(name)}, whose author knew that they were removed by ${short(removal.name)}`)
    }
  }
}

function isConcurrent (pasts: Map<string, Set<string>>, a: string, b: string): boolean {
  return pasts.get(a)?.has(b) !== true && pasts.get(b)?.has(a) !== true
}
