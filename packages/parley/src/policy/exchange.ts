import { withTimeout, type AbortOptions, type Clock } from '@parley/core'
import { NotAllowedError, ProtocolViolationError } from '@parley/conversations'
import { comparePolicies, decodeContactCard, didFromPeerId, didFromPublicKey, publicKeyFromDid, rolesOf, type Did, type People, type Policy } from '@parley/identity'
import type { FrameStream } from '@parley/network'
import { PolicyRefusedError } from './errors.ts'
import { POLICY_PROTOCOL, heldOf, policyFrameCodec, type HeldVersion, type PolicyFrame } from './frames.ts'
import type { Policies } from './policy-store.ts'

/** What a side does once both have told what they have. */
export type Turn = 'give' | 'take' | 'none'

/** Decides who gives: whoever has the newer policy. Both sides come to the opposite of each other. */
export function turnOf (own: HeldVersion, theirs: HeldVersion): Turn {
  if (own === null) return theirs === null ? 'none' : 'take'
  if (theirs === null) return 'give'
  const order = comparePolicies({ version: own, cid: own.cid }, { version: theirs, cid: theirs.cid })
  return order === 0 ? 'none' : order > 0 ? 'give' : 'take'
}

/** How long the next frame is waited for; a slow disk commits within it. */
const FRAME_TIMEOUT_MS = 10_000

interface Side { stream: FrameStream, policies: Policies, people: People, clock: Clock }

/** What came of an exchange: the policy that is new here, if one came. */
export interface Exchanged {
  taken?: Policy
}

/**
 * Plays the device's part: opens with what it has of its person's policy.
 *
 * @throws {PolicyRefusedError} when the proxy does not want the device, or its policy
 * @throws {ProtocolViolationError | InvalidBytesError | OversizedBytesError | InvalidSignatureError | TimeoutError | StorageUnavailableError}
 */
export async function offerPolicy (side: Side, person: Did, { signal }: AbortOptions = {}): Promise<Exchanged> {
  const { policies, people } = side
  const own = policies.get(person)?.policy
  const card = await people.card(person)
  await send(side, { v: 1, type: 'hello', person: new Uint8Array(publicKeyFromDid(person)), card: card === undefined ? null : new Uint8Array(card), held: heldOf(own) }, signal)
  const { held } = await expect(side, 'held', signal)
  return await exchange(side, { person, own, turn: turnOf(heldOf(own), held) }, signal)
}

/**
 * Plays the proxy's part, for an endpoint device of somebody it serves.
 *
 * @throws as `offerPolicy`
 * @throws {NotAllowedError} when the peer is no such device
 */
export async function answerPolicy (side: Side, serves: () => readonly Did[], { signal }: AbortOptions = {}): Promise<Exchanged> {
  const hello = await expect(side, 'hello', signal)
  const person = didFromPublicKey(hello.person)
  await checkDevice(side, person, serves(), hello.card)
  const own = side.policies.get(person)?.policy
  await send(side, { v: 1, type: 'held', held: heldOf(own) }, signal)
  return await exchange(side, { person, own, turn: turnOf(heldOf(own), hello.held) }, signal)
}

async function exchange (side: Side, { person, own, turn }: { person: Did, own: Policy | undefined, turn: Turn }, signal: AbortSignal | undefined): Promise<Exchanged> {
  if (turn === 'give' && own !== undefined) {
    await send(side, { v: 1, type: 'policy', block: new Uint8Array(own.bytes) }, signal)
    const { cid } = await expect(side, 'kept', signal)
    if (!cid.equals(own.cid)) throw new ProtocolViolationError(POLICY_PROTOCOL, 'it kept another policy than the one it was given')
    return {}
  }
  if (turn !== 'take') return {}
  const { block } = await expect(side, 'policy', signal)
  const { policy, isNew } = await side.policies.learn(person, block)
  // Said only now that it is on the disk.
  await send(side, { v: 1, type: 'kept', cid: policy.cid }, signal)
  return isNew ? { taken: policy } : {}
}

async function checkDevice ({ stream, people, clock }: Side, person: Did, served: readonly Did[], card: Uint8Array | null): Promise<void> {
  const device = didFromPeerId(stream.peer)
  if (card !== null && served.includes(person)) {
    const { list } = await decodeContactCard(card)
    // A device that was added since we last heard of the person brings the list that names it.
    if (list.person === person) await people.learnCard(card)
  }
  const list = served.includes(person) ? await people.list(person) : undefined
  if (list === undefined || !rolesOf(list, device, clock.now()).includes('endpoint')) throw new NotAllowedError(`${device} is no endpoint device of anybody served here`)
}

async function send ({ stream }: Side, frame: PolicyFrame, signal: AbortSignal | undefined): Promise<void> {
  await stream.send(policyFrameCodec.encode(frame), { signal })
}

async function expect<T extends PolicyFrame['type']> ({ stream, clock }: Side, type: T, signal: AbortSignal | undefined): Promise<Extract<PolicyFrame, { type: T }>> {
  const bytes = await withTimeout(stream.receive({ signal }), `The ${type} frame of ${stream.peer}`, FRAME_TIMEOUT_MS, clock, { signal })
  if (bytes === undefined) throw new ProtocolViolationError(POLICY_PROTOCOL, `it closed the stream where a ${type} frame was due`)
  const frame = policyFrameCodec.decode(bytes)
  if (frame.type === 'refuse') throw new PolicyRefusedError(frame.error, frame.message)
  if (frame.type !== type) throw new ProtocolViolationError(POLICY_PROTOCOL, `a ${frame.type} frame came where a ${type} frame was due`)
  return frame as Extract<PolicyFrame, { type: T }>
}
