import { InvalidBytesError, MAX_AHEAD_MS } from '@parley/core'
import { ProtocolViolationError } from '@parley/conversations'
import { TIERS, checkProfileAuthor, compareProfiles, decodeProfileBlock, openSealedTiers, type DeviceKeys, type DeviceList, type Did, type ProfileBlock, type Tier } from '@parley/identity'
import { StaleProfileError } from './errors.ts'
import type { ProfileAnswer } from './exchange.ts'
import { PROFILE_PROTOCOL } from './frames.ts'

/** What of a profile is known here, tier by tier. */
export type KnownTiers = Partial<Record<Tier, ProfileBlock>>

export interface TakeInit {
  person: Did
  known: KnownTiers
  /** The newest device list of the person. */
  list: DeviceList | undefined
  now: number
}

/**
 * Verifies what somebody answered and returns what is known from then on. A
 * tier of which nothing came is one that we may not read any more. A server can
 * withhold; it cannot invent, alter, mix up or go back.
 *
 * @throws {StaleProfileError} when a tier is older than the known one
 * @throws {InvalidSignatureError} when it was not signed by an endpoint device of the person
 * @throws {InvalidBytesError} when it is of somebody else, of the future, or none
 * @throws {UndecryptableError} when what should be for us does not open
 * @throws {ProtocolViolationError} when it says that we have what we have not
 */
export async function takeAnswer (keys: Pick<DeviceKeys, 'did' | 'sealing'>, answer: ProfileAnswer, { person, known, list, now }: TakeInit): Promise<KnownTiers> {
  const came: KnownTiers = { ...(await openSealedTiers(keys, person, answer)).blocks }
  if (answer.public !== null) came.public = await decodeProfileBlock(answer.public)
  const isKept = (tier: Tier): boolean => tier === 'public' ? answer.public === null : answer.sealed.some(entry => entry.tier === tier && entry.content === null && isSame(entry.version, known[tier]))
  const result: KnownTiers = {}
  for (const tier of TIERS) {
    const [block, kept] = [came[tier], known[tier]]
    if (block !== undefined) {
      checkBlock(block, { person, tier, list, now })
      if (kept !== undefined && compareProfiles(block, kept) < 0) throw new StaleProfileError(person)
      result[tier] = block
    } else if (isKept(tier) && kept !== undefined) {
      result[tier] = kept
    }
  }
  if (result.public === undefined) throw new ProtocolViolationError(PROFILE_PROTOCOL, 'it says that we have what we have not')
  return result
}

function checkBlock (block: ProfileBlock, { person, tier, list, now }: Pick<TakeInit, 'person' | 'list' | 'now'> & { tier: Tier }): void {
  if (block.person !== person || block.tier !== tier) throw new InvalidBytesError('profile', 'it is of somebody else, or of another tier')
  checkProfileAuthor(block, list, now)
  // A version far ahead could never be replaced.
  if (block.version.wallMs > now + MAX_AHEAD_MS) throw new InvalidBytesError('profile', 'its version lies in the future')
}

function isSame (version: ProfileBlock['version'], block: ProfileBlock | undefined): boolean {
  return block !== undefined && block.version.wallMs === version.wallMs && block.version.counter === version.counter
}
