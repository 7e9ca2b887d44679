import { publicKeyFromDid, type Did } from '@parley/identity'
import type { ConversationState } from '../../src/index.ts'
import { short, type FinalLog } from './final-log.ts'
import { faultOf, readAccess } from './reference/access.ts'
import { hexOf, type PlainAction } from './reference/blocks.ts'
import { readContents, type PlainContent } from './reference/contents.ts'
import { pastsOf } from './reference/order.ts'
import { reducePlainly, type PlainState } from './reference/state.ts'
import type { World } from './world.ts'

const hexOfDid = (did: Did): string => hexOf(publicKeyFromDid(did))
const PERMISSIONS = ['read', 'comment', 'write', 'full']

/** Compares access and state with what the slow, plain rules make of the same blocks. */
export async function checkReference (world: World, { basics, ordered, access: told, hub }: FinalLog): Promise<void> {
  const pasts = pastsOf(ordered)
  const access = readAccess(basics, ordered, pasts)
  for (const action of ordered) {
    const fault = faultOf(basics, access, action)
    if (fault !== undefined) world.broken(`${short(action.name)} was accepted, but ${fault}`)
  }
  const members = access.after(ordered.map(({ name }) => name))
  const expected = [...members.keys()].sort().join()
  if (told.map(hexOfDid).sort().join() !== expected) world.broken(`in are ${told.length} people, by the plain rules ${members.size}`)
  const conversation = await hub.process?.conversations.open(world.conversation)
  const state = await conversation?.state()
  if (state === undefined) return
  for (const { did, permission } of state.participants) {
    const rank = members.get(hexOfDid(did))?.rank ?? -1
    if (PERMISSIONS[rank] !== permission) world.broken(`${did} may ${permission}, by the plain rules ${PERMISSIONS[rank] ?? 'nothing'}`)
  }
  const secrets = new Map([[hexOf(hub.device.keys.signer.publicKey), hub.device.keys.sealing]])
  const { contents } = await readContents(world.conversation, ordered, secrets)
  try {
    compareStates(world, state, reducePlainly(ordered, contents, access))
  } catch (error) {
    for (const action of ordered) world.trace.push(lineOf(world, action, contents.get(action.name)))
    throw error
  }
}

function compareStates (world: World, state: ConversationState, plain: PlainState): void {
  if (state.subject !== plain.subject || state.subjectVersion?.toString() !== plain.subjectVersion) world.broken(`the subject is ${state.subject ?? ''} by ${short(state.subjectVersion?.toString() ?? '')}, by the plain rules ${plain.subject ?? ''} by ${short(plain.subjectVersion ?? '')}`)
  if ([...state.labels].sort().join() !== [...plain.labels].sort().join()) world.broken(`the labels are ${state.labels.join()}, by the plain rules ${plain.labels.join()}`)
  const ids = state.messages.map(({ id }) => id).sort()
  if (ids.join() !== [...plain.messages.keys()].sort().join()) world.broken(`there are ${ids.length} messages, by the plain rules ${plain.messages.size}`)
  for (const { id, author, body, version } of state.messages) {
    const message = plain.messages.get(id)
    if (message === undefined || message.author !== hexOfDid(author)) world.broken(`the message ${id} has another author than by the plain rules`)
    if (message.wasDeleted) continue
    if (message.body !== body || message.version !== version.toString()) world.broken(`the message ${id} says ${body ?? ''} by ${short(version.toString())}, by the plain rules ${message.body ?? ''} by ${short(message.version)}`)
  }
}

/** Returns one line of the log, for people who look for what went wrong. */
function lineOf (world: World, { name, wallMs, counter, personName }: PlainAction, content: PlainContent | undefined): string {
  const { verb, thing, ...fields } = content ?? { verb: 'cannot', thing: 'be read' }
  const said = Object.entries(fields).filter(([key]) => key !== 'v').map(([key, value]) => `${key} ${value instanceof Uint8Array ? hexOf(value).slice(0, 6) : short(String(value))}`)
  return `${short(name)} ${wallMs}.${counter} ${world.people.find(({ did }) => hexOfDid(did) === personName)?.name ?? ''}: ${verb} ${thing} ${said.join(', ')}`
}
