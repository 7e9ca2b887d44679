import { publicKeyFromDid, type Did, type People } from '@parley/identity'
import type { Content } from '../actions/index.ts'
import { UnknownPersonError } from '../errors.ts'

/** Returns what lets somebody in, by the name of their device list. @throws {UnknownPersonError} */
export async function additionOf (people: People, did: Did): Promise<Content> {
  const name = await nameOf(people, did)
  return { verb: 'add', thing: 'participant', person: publicKeyFromDid(did), permission: 'write', history: 'all', ...(name === '' ? {} : { name }) }
}

/** Returns what somebody is called on their device list. @throws {UnknownPersonError} */
export async function nameOf (people: People, did: Did): Promise<string> {
  const list = await people.list(did)
  if (list === undefined) throw new UnknownPersonError(did)
  return list.name
}
