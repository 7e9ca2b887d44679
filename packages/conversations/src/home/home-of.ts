import type { CID } from '@parley/core'
import { publicKeyFromDid, type DeviceList } from '@parley/identity'
import { encodeBasics, homeBasics, type Basics } from '../format/basics.ts'

/**
 * Returns the id and the basics of a person's home log. They follow from the
 * person's key and from when their device list was begun, so every device
 * finds the same log, and so does whoever has only the phrase and a proxy.
 */
export function homeOf ({ person, created }: Pick<DeviceList, 'person' | 'created'>): { id: CID, basics: Basics } {
  const basics = homeBasics(publicKeyFromDid(person), created)
  return { id: encodeBasics(basics).cid, basics }
}
